"""A file of the user's becomes market data: mapped, checked, stored with its name as the source, and made a universe.

Values are taken as they stand. Cells that cannot be read and rows that cannot be right are listed and left out; what
the file does not say (a currency, a date) stays unknown unless the user says it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from terminal.domain import columns as reading
from terminal.domain import schemas
from terminal.domain.fetch import Fetch
from terminal.domain.instruments import KINDS, SECTORS, clean_sector, clean_symbol
from terminal.domain.repair import repair_history
from terminal.domain.sourced import Column, Source, Table
from terminal.errors import UserError
from terminal.paths import data_file
from terminal.providers.files import FileTable, read_file

if TYPE_CHECKING:
    from terminal.api import Context
    from terminal.store import Store

NEW_YORK = ZoneInfo("America/New_York")
_SHARES = frozenset({"shares_outstanding_now", "float_shares", "average_volume"})
_COUNTS = frozenset({"analyst_count", "employees", "holdings_count", "duration", "years_to_maturity", "credit_score"})
_MONEY = frozenset({"market_cap", "enterprise_value", "eps_ttm", "eps_forward", "book_value_per_share", "dividend_rate", "high_52w",
                    "low_52w", "revenue_ttm", "ebitda_ttm", "net_income_ttm", "free_cash_flow_ttm", "operating_cash_flow_ttm",
                    "total_cash", "total_debt_now", "target_mean", "target_median", "target_low", "target_high", "aum", "nav"})
_CLASS = re.compile(r"^([A-Z]{1,5})[./]([AB])$")
_SHOWN = 40


@dataclass(frozen=True)
class Choices:
    """What the user may say about a file. `mapping` is column to field; an empty field leaves a column out."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    universe: str = ""
    symbol: str = ""
    currency: str = ""
    as_of: date | None = None
    dates: str = ""


@dataclass
class _Reading:
    """The file being read: which column is what, and what could not be read."""

    file: FileTable
    kind: str
    fields: dict[str, str]
    problems: list[str]
    notes: list[str]
    bad_lines: set[int] = field(default_factory=set)
    stats: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


def import_file(store: Store, path: Path, kind: str, ctx: Context, choices: Choices) -> Table:
    """Read, check and store; the table says how each column was understood. Raises UserError, then nothing is stored."""
    if kind not in reading.KINDS:
        raise UserError(f"'{kind}' cannot be imported.", f"Choose one of: {', '.join(reading.KINDS)}.")
    file = read_file(path)
    read = _Reading(file, kind, _mapping(file, kind, choices.mapping), list(file.refused), list(file.notes))
    as_of = _as_of(path, choices, ctx, read)
    rows = _rows(read, choices)
    if rows.is_empty():
        raise UserError(f"Nothing in {path.name} could be read as {kind}.", read.problems[0] if read.problems else "")
    parts = _PARTS[kind](read, rows, as_of, choices)
    symbols = tuple(rows["symbol"].unique(maintain_order=True))
    name = choices.universe or _list_name(path)
    counts = _store(store, parts, read, ctx, as_of) if not choices.dry_run else {each.name: frame.height for each, frame, _ in parts}
    if not choices.dry_run:
        store.book.save_universe(name, symbols, title=f"File {path.name}", as_of=as_of, source=path.name)
        read.notes.append(f"{len(symbols)} symbols became the universe 'file:{name}'")
    else:
        read.notes.append("dry run: nothing was stored")
    read.notes.append(", ".join(f"{count:,} {dataset}" for dataset, count in counts.items() if count))
    return _answer(read, as_of, ctx)


# -- understanding -------------------------------------------------------------------------------------------------


def _mapping(file: FileTable, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    fields = reading.guess(file.columns, kind)
    lower = {name.lower(): name for name in file.columns}
    for column, wanted in given.items():
        name = lower.get(column.strip().lower())
        if name is None:
            raise UserError(f"The file has no column '{column}'.", f"It has: {', '.join(file.columns)}.")
        if wanted and wanted not in reading.FIELDS[kind]:
            raise UserError(f"'{wanted}' is no field of {kind}.", f"Fields: {', '.join(reading.FIELDS[kind])}.")
        fields = {each: meaning for each, meaning in fields.items() if each != name and meaning != wanted}
        if wanted:
            fields[name] = wanted
    missing = [wanted for wanted in reading.REQUIRED[kind] if wanted not in fields.values()]
    if missing:
        raise UserError(f"{file.path.name} has no column for {missing[0]}.",
                        f"Say which one it is with `--map 'COLUMN={missing[0]}'`. It has: {', '.join(file.columns)}.")
    return fields


def _as_of(path: Path, choices: Choices, ctx: Context, read: _Reading) -> date:
    today = ctx.now().astimezone(NEW_YORK).date()
    if choices.as_of is not None:
        if choices.as_of > today:
            raise UserError(f"{choices.as_of} has not come yet.", "Give the day the file speaks about.")
        return choices.as_of
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).astimezone(NEW_YORK).date()
    day = min(changed, today)
    if read.kind == "fundamentals":
        read.notes.append(f"values are taken as of {day}, the day the file was last changed; say another with --as-of-date")
    return day


def _rows(read: _Reading, choices: Choices) -> pl.DataFrame:
    """The mapped columns under their field names, typed; `symbol` always there; rows without one are refused."""
    columns = {wanted: _column(read, name, wanted, choices) for name, wanted in read.fields.items()}
    height = read.file.frame.height
    if "symbol" not in columns:
        columns["symbol"] = [_only_symbol(read, choices)] * height
    frame = pl.DataFrame(columns, schema_overrides={name: _type(name) for name in columns}, strict=False)
    lines = pl.Series("_line", read.file.lines, dtype=pl.Int64)
    keep = [symbol is not None and line not in read.bad_lines for symbol, line in zip(columns["symbol"], read.file.lines, strict=True)]
    return frame.with_columns(lines).filter(pl.Series(keep))


def _type(name: str) -> Any:
    return pl.String if name in reading.TEXTS else pl.Date if name in reading.DATES else pl.Float64


def _only_symbol(read: _Reading, choices: Choices) -> str:
    text = choices.symbol or read.file.path.stem
    try:
        symbol = clean_symbol(text)
    except ValueError:
        raise UserError(f"{read.file.path.name} does not say which symbol its rows belong to.", "Say it with --symbol.") from None
    read.notes.append(f"every row is taken for {symbol}" + ("" if choices.symbol else ", as the file is named; say another with --symbol"))
    return symbol


def _column(read: _Reading, name: str, wanted: str, choices: Choices) -> list[Any]:
    series = read.file.frame[name]
    if wanted in reading.DATES:
        values = _dates(read, name, series, choices)
    elif wanted in reading.TEXTS:
        values = [_text(read, wanted, each, line) for each, line in zip(series.cast(pl.String).to_list(), read.file.lines, strict=True)]
    else:
        values = _numbers(read, name, wanted, series)
    empty = sum(value is None for value in values)
    read.stats[name] = (len(values) - empty, empty, 0)
    return values


def _text(read: _Reading, wanted: str, value: str | None, line: int) -> str | None:
    bare = (value or "").strip()
    if not bare:
        return None
    if wanted != "symbol":
        return bare
    dashed = _CLASS.sub(r"\1-\2", bare.upper())
    try:
        return clean_symbol(dashed)
    except ValueError as error:
        read.problems.append(f"line {line}: {error}")
        return None


def _numbers(read: _Reading, name: str, wanted: str, series: pl.Series) -> list[float | None]:
    if series.dtype.is_numeric():
        values: list[float | None] = [None if each is None or each - each != 0 else float(each) for each in series.to_list()]
        percents = [False] * len(values)
    else:
        texts = series.cast(pl.String).to_list()
        comma = reading.decimal_comma(texts, read.file.delimiter == ";")
        values, percents = [], []
        for text, line in zip(texts, read.file.lines, strict=True):
            try:
                value, percent = reading.number(text or "", comma)
            except ValueError:
                read.problems.append(f"line {line}: '{text}' in '{name}' is not a number")
                value, percent = None, False
                if wanted in ("open", "high", "low", "close", "amount", "ratio"):
                    read.bad_lines.add(line)
            values.append(value)
            percents.append(percent)
        if comma:
            read.notes.append(f"'{name}' writes its decimals with a comma")
    if wanted in reading.FRACTIONS or any(percents):
        unsigned = [value for value, percent in zip(values, percents, strict=True) if value is not None and not percent]
        whole = wanted in reading.FRACTIONS and reading.is_percent(unsigned, wanted)
        values = [None if value is None else value / 100 if percent or whole else value for value, percent in zip(values, percents, strict=True)]
        read.units[name] = "per cent, stored as fractions" if whole or any(percents) else "fractions"
    return values


def _dates(read: _Reading, name: str, series: pl.Series, choices: Choices) -> list[date | None]:
    if series.dtype.is_temporal():
        return [each.date() if isinstance(each, datetime) else each for each in series.to_list()]
    texts = series.cast(pl.String).to_list()
    first = {"dmy": True, "mdy": False}.get(choices.dates, reading.day_first(texts))
    if first is None:
        example = next(text for text in texts if text)
        raise UserError(f"Dates like {example} can be read two ways.", "Say which: --dates dmy (day first) or --dates mdy (month first).")
    days: list[date | None] = []
    for text, line in zip(texts, read.file.lines, strict=True):
        try:
            days.append(reading.day(text or "", first))
        except ValueError:
            read.problems.append(f"line {line}: '{text}' in '{name}' is not a date")
            read.bad_lines.add(line)
            days.append(None)
    return days


# -- making frames -------------------------------------------------------------------------------------------------

Part = tuple[schemas.Schema, pl.DataFrame, dict[str, pl.DataFrame]]


def _fundamentals(read: _Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
    rows = _once(read, rows)
    rows = _plausible(read, rows)
    instruments = _instrument_rows(read, rows, choices)
    currency = dict(zip(instruments["symbol"], instruments["currency"], strict=True))
    items = [item for item in rows.columns if item in schemas.POINT_ITEMS]
    facts = (rows.unpivot(items, index="symbol", variable_name="item", value_name="value").drop_nulls("value")
             if items else pl.DataFrame(schema={"symbol": pl.String, "item": pl.String, "value": pl.Float64}))
    facts = facts.with_columns(
        pl.lit("P").alias("period"), pl.lit(as_of).alias("period_end"),
        pl.when(pl.col("item").is_in(_MONEY)).then(pl.col("symbol").replace_strict(currency, default=None, return_dtype=pl.String))
        .when(pl.col("item").is_in(_SHARES)).then(pl.lit("shares")).when(pl.col("item").is_in(_COUNTS)).then(pl.lit("count"))
        .otherwise(pl.lit("ratio")).alias("unit"))
    parts: list[Part] = [(schemas.INSTRUMENTS, instruments, {}), (schemas.FACTS, facts, {})]
    if "price" in rows.columns:
        close = datetime.combine(as_of, time(16), NEW_YORK).astimezone(UTC)
        quotes = rows.select("symbol", "price").drop_nulls().with_columns(
            pl.lit(close, dtype=schemas.UTC).alias("at"),
            pl.col("symbol").replace_strict(currency, default=None, return_dtype=pl.String).alias("currency"))
        parts.append((schemas.QUOTES, quotes, {}))
    if not any(currency.values()):
        read.notes.append("the file states no currency, so amounts have none; say it with --currency USD")
    return parts


def _plausible(read: _Reading, rows: pl.DataFrame) -> pl.DataFrame:
    """Values that contradict others of the same line are left out and listed; which of two is wrong is not guessed."""
    have = set(rows.columns)
    checks: list[tuple[str, tuple[str, ...], pl.Expr]] = []
    if {"price", "pe_ttm", "eps_ttm"} <= have:
        implied = pl.col("price") / pl.col("eps_ttm")
        checks.append(("price, EPS and P/E do not fit together", ("pe_ttm", "eps_ttm"),
                       (pl.col("eps_ttm") != 0) & ((pl.col("pe_ttm") / implied - 1).abs() > 0.1)))
    if {"high_52w", "low_52w"} <= have:
        checks.append(("the 52-week low is above the high", ("low_52w", "high_52w"), pl.col("low_52w") > pl.col("high_52w")))
    if {"price", "high_52w", "low_52w"} <= have:
        outside = (pl.col("price") > pl.col("high_52w") * 1.25) | (pl.col("price") < pl.col("low_52w") * 0.75)
        checks.append(("the price lies far outside the 52-week range", ("high_52w", "low_52w"), outside))
    for reason, names, bad in checks:
        marked = rows.filter(bad.fill_null(False))
        read.problems += [f"line {row['_line']} ({row['symbol']}): {reason}; {' and '.join(names)} left out" for row in marked.to_dicts()]
        rows = rows.with_columns(pl.when(bad.fill_null(False)).then(None).otherwise(pl.col(name)).alias(name) for name in names)
    return rows


def _instrument_rows(read: _Reading, rows: pl.DataFrame, choices: Choices) -> pl.DataFrame:
    table = _sub_industries()
    result, strange = [], set()
    for row in rows.to_dicts():
        sector, industry = None, row.get("industry")
        if row.get("sector"):
            sector, finer = reading.sector_of(row["sector"], table, SECTORS, clean_sector)
            industry = industry or finer
            if sector is None:
                strange.add(row["sector"])
        if sector is None and industry:
            sector = table.get(str(industry).strip().lower())
        kind = str(row.get("kind") or "stock").lower().replace(" ", "_")
        result.append({"symbol": row["symbol"], "name": row.get("name"), "kind": kind if kind in KINDS else "other",
                       "exchange": row.get("exchange"), "currency": row.get("currency") or choices.currency.upper() or None,
                       "sector": sector, "industry": industry, "country": row.get("country"), "website": row.get("website"),
                       "summary": row.get("summary")})
    if strange:
        read.notes.append(f"no sector is known for: {', '.join(sorted(strange)[:5])}")
    return pl.DataFrame(result, schema=dict(schemas.INSTRUMENTS.columns))


def _instruments(read: _Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
    return [(schemas.INSTRUMENTS, _instrument_rows(read, _once(read, rows), choices), {})]


def _bars(read: _Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
    dividends = _events(rows, "dividend", "amount").with_columns(pl.lit(choices.currency.upper() or None, dtype=pl.String).alias("currency"))
    splits = _events(rows, "split", "ratio")
    bars = rows.select([name for name in schemas.BARS.columns if name in rows.columns])
    if not {"open", "high", "low"} <= set(bars.columns):
        read.notes.append("without open, high and low these stay unknown; charts then show a line")
    history = repair_history(bars, splits, dividends)
    extra = {"repairs": history.bars.repairs, "refused": history.bars.refused}
    more = {"repairs": history.dividends.repairs, "refused": history.dividends.refused}
    for part in (history.bars, history.dividends):
        read.notes += [f"repaired: {rule} ({count} values)" for rule, count in part.repairs.group_by("rule").len().sort("rule").iter_rows()]
        read.problems += [f"{row['symbol']} {row.get('date') or row.get('ex_date')}: {row['reason']}" for row in part.refused.to_dicts()]
    return [(schemas.SPLITS, splits, {}), (schemas.DIVIDENDS, history.dividends.frame, more), (schemas.BARS, history.bars.frame, extra)]


def _events(rows: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    if column not in rows.columns:
        return pl.DataFrame(schema={"symbol": pl.String, "ex_date": pl.Date, name: pl.Float64})
    return rows.filter(pl.col(column) != 0).select("symbol", pl.col("date").alias("ex_date"), pl.col(column).alias(name))


def _plain(schema: schemas.Schema) -> Any:
    def make(read: _Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
        frame = rows.select([name for name in schema.columns if name in rows.columns])
        if "currency" in schema.columns and "currency" not in frame.columns:
            frame = frame.with_columns(pl.lit(choices.currency.upper() or None, dtype=pl.String).alias("currency"))
        return [(schema, frame, {})]

    return make


_PARTS: dict[str, Any] = {"fundamentals": _fundamentals, "instruments": _instruments, "bars": _bars,
                          "dividends": _plain(schemas.DIVIDENDS), "splits": _plain(schemas.SPLITS), "earnings": _plain(schemas.EARNINGS)}


def _once(read: _Reading, rows: pl.DataFrame) -> pl.DataFrame:
    """One row a symbol: the first counts, the others are listed."""
    again = rows.filter(~pl.col("symbol").is_first_distinct())
    read.problems += [f"line {row['_line']}: {row['symbol']} stands in the file twice; the first line counts" for row in again.to_dicts()]
    return rows.filter(pl.col("symbol").is_first_distinct())


def _sub_industries() -> dict[str, str]:
    with data_file("gics.csv").open(encoding="utf-8", newline="") as file:
        return {row["sub_industry"].lower(): row["sector"] for row in csv.DictReader(file)}


# -- storing and answering -----------------------------------------------------------------------------------------


def _store(store: Store, parts: list[Part], read: _Reading, ctx: Context, as_of: date) -> dict[str, int]:
    now = ctx.now()
    counts: dict[str, int] = {}
    for at, (schema, frame, extra) in enumerate(parts):
        ctx.progress(at / len(parts), schema.name)
        if schema is schemas.INSTRUMENTS and read.kind != "instruments":
            stored = store.market.read("instruments", columns=["symbol"])["symbol"]
            frame = frame.filter(~pl.col("symbol").is_in(stored.implode()))
        if frame.is_empty() and not extra:
            continue
        fetch = Fetch("files", read.file.path.name, schema.name, "", now, now, "ok", None, read.file.size, read.file.sha256,
                      as_of=datetime.combine(as_of, time(16), NEW_YORK).astimezone(UTC))
        saved = store.market.save(schema.name, frame, fetch, **extra)
        counts[schema.name] = saved.rows
        if saved.refused:
            refused = store.market.quarantine().filter(pl.col("fetch_id") == saved.fetch_id)
            read.problems += [f"{row['key']}: {row['reason']}" for row in refused.to_dicts() if f"{row['key']}: {row['reason']}" not in read.problems]
    ctx.progress(1.0, "done")
    return counts


def _answer(read: _Reading, as_of: date, ctx: Context) -> Table:
    rows = []
    for name in read.file.columns:
        values, empty, _ = read.stats.get(name, (0, 0, 0))
        example = next((str(each) for each in read.file.frame[name].to_list() if each not in (None, "")), None)
        rows.append({"column": name, "field": read.fields.get(name), "values": values if name in read.fields else None,
                     "empty": empty if name in read.fields else None, "example": example, "reading": read.units.get(name)})
    columns = (Column("column", "Column in the file"), Column("field", "Read as"), Column("values", "Values", "integer", "count"),
               Column("empty", "Empty", "integer", "count"), Column("example", "Example"), Column("reading", "Numbers are"))
    kinds = {"values": pl.Int64, "empty": pl.Int64}
    frame = pl.DataFrame(rows, schema={column.name: kinds.get(column.name, pl.String) for column in columns})
    source = Source("files", read.file.path.name, datetime.combine(as_of, time(16), NEW_YORK).astimezone(UTC), ctx.now())
    left = len(read.problems) - _SHOWN
    problems = (*read.problems[:_SHOWN], *((f"and {left} more",) if left > 0 else ()))
    return Table(f"{read.file.path.name} as {read.kind}", columns, frame, (source,), unknown=problems,
                 notes=tuple(note for note in read.notes if note))


def _list_name(path: Path) -> str:
    return re.sub(r"[,:\s]+", "-", path.stem)[:60].strip("-") or "file"
