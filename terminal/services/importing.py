"""A file of the user's becomes market data: mapped, checked, stored with its name as the source, and made a universe.

Values are taken as they stand. Cells that cannot be read and rows that cannot be right are listed and left out; what
the file does not say (a currency, a date) stays unknown unless the user says it.
"""

from __future__ import annotations

import csv
import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from terminal.domain import columns as reading
from terminal.domain import schemas
from terminal.domain.fetch import Fetch
from terminal.domain.instruments import KINDS, SECTORS, clean_sector
from terminal.domain.repair import repair_history
from terminal.domain.sourced import Column, Source, Table
from terminal.errors import UserError
from terminal.paths import data_file
from terminal.providers.files import read_file
from terminal.services.file_rows import Choices, Reading, mapping_of, typed_rows

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.api import Context
    from terminal.store import Store

NEW_YORK = ZoneInfo("America/New_York")
_SHARES = frozenset({"shares_outstanding_now", "float_shares", "average_volume"})
_COUNTS = frozenset({"analyst_count", "employees", "holdings_count", "duration", "years_to_maturity", "credit_score"})
_MONEY = frozenset(
    {
        "market_cap",
        "enterprise_value",
        "eps_ttm",
        "eps_forward",
        "book_value_per_share",
        "dividend_rate",
        "high_52w",
        "low_52w",
        "revenue_ttm",
        "ebitda_ttm",
        "net_income_ttm",
        "free_cash_flow_ttm",
        "operating_cash_flow_ttm",
        "total_cash",
        "total_debt_now",
        "target_mean",
        "target_median",
        "target_low",
        "target_high",
        "aum",
        "nav",
    }
)
_SHOWN = 40


def import_file(store: Store, path: Path, kind: str, ctx: Context, choices: Choices) -> Table:
    """Read, check and store; the table says how each column was understood. Raises UserError, then nothing is stored."""
    if kind not in reading.KINDS:
        raise UserError(f"'{kind}' cannot be imported.", f"Choose one of: {', '.join(reading.KINDS)}.")
    file = read_file(path)
    read = Reading(file, kind, mapping_of(file, kind, choices.mapping), list(file.refused), list(file.notes))
    as_of = _as_of(path, choices, ctx, read)
    rows = typed_rows(read, choices)
    if rows.is_empty():
        raise UserError(f"Nothing in {path.name} could be read as {kind}.", read.problems[0] if read.problems else "")
    parts = _PARTS[kind](read, rows, as_of, choices)
    if all(schema is not schemas.INSTRUMENTS for schema, _, _ in parts):
        parts.insert(0, (schemas.INSTRUMENTS, _bare_instruments(rows, choices), {}))
    symbols = tuple(rows["symbol"].unique(maintain_order=True))
    name = choices.universe or _list_name(path)
    counts = (
        _store(store, parts, read, ctx, as_of) if not choices.dry_run else {each.name: frame.height for each, frame, _ in parts}
    )
    if not choices.dry_run:
        store.book.save_universe(name, symbols, title=f"File {path.name}", as_of=as_of, source=path.name)
        read.notes.append(f"{len(symbols)} symbols became the universe 'file:{name}'")
    else:
        read.notes.append("dry run: nothing was stored")
    read.notes.append(", ".join(f"{count:,} {dataset}" for dataset, count in counts.items() if count))
    return _answer(read, as_of, ctx)


def _as_of(path: Path, choices: Choices, ctx: Context, read: Reading) -> date:
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


# -- making frames -------------------------------------------------------------------------------------------------

Part = tuple[schemas.Schema, pl.DataFrame, dict[str, pl.DataFrame]]


def _fundamentals(read: Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
    rows = _once(read, rows)
    rows = _plausible(read, rows)
    instruments = _instrument_rows(read, rows, choices)
    currency = dict(zip(instruments["symbol"], instruments["currency"], strict=True))
    items = [item for item in rows.columns if item in schemas.POINT_ITEMS]
    facts = (
        rows.unpivot(items, index="symbol", variable_name="item", value_name="value").drop_nulls("value")
        if items
        else pl.DataFrame(schema={"symbol": pl.String, "item": pl.String, "value": pl.Float64})
    )
    facts = facts.with_columns(
        pl.lit("P").alias("period"),
        pl.lit(as_of).alias("period_end"),
        pl.when(pl.col("item").is_in(_MONEY))
        .then(pl.col("symbol").replace_strict(currency, default=None, return_dtype=pl.String))
        .when(pl.col("item").is_in(_SHARES))
        .then(pl.lit("shares"))
        .when(pl.col("item").is_in(_COUNTS))
        .then(pl.lit("count"))
        .otherwise(pl.lit("ratio"))
        .alias("unit"),
    )
    parts: list[Part] = [(schemas.INSTRUMENTS, instruments, {}), (schemas.FACTS, facts, {})]
    if "price" in rows.columns:
        close = datetime.combine(as_of, time(16), NEW_YORK).astimezone(UTC)
        quotes = (
            rows.select("symbol", "price")
            .drop_nulls()
            .with_columns(
                pl.lit(close, dtype=schemas.UTC).alias("at"),
                pl.col("symbol").replace_strict(currency, default=None, return_dtype=pl.String).alias("currency"),
            )
        )
        parts.append((schemas.QUOTES, quotes, {}))
    if not any(currency.values()):
        read.notes.append("the file states no currency, so amounts have none; say it with --currency USD")
    return parts


def _plausible(read: Reading, rows: pl.DataFrame) -> pl.DataFrame:
    """Values that contradict others of the same line are left out and listed; which of two is wrong is not guessed."""
    have = set(rows.columns)
    checks: list[tuple[str, tuple[str, ...], pl.Expr]] = []
    if {"price", "pe_ttm", "eps_ttm"} <= have:
        implied = pl.col("price") / pl.col("eps_ttm")
        checks.append(
            (
                "price, EPS and P/E do not fit together",
                ("pe_ttm", "eps_ttm"),
                (pl.col("eps_ttm") != 0) & ((pl.col("pe_ttm") / implied - 1).abs() > 0.1),
            )
        )
    if {"high_52w", "low_52w"} <= have:
        checks.append(("the 52-week low is above the high", ("low_52w", "high_52w"), pl.col("low_52w") > pl.col("high_52w")))
    if {"price", "high_52w", "low_52w"} <= have:
        outside = (pl.col("price") > pl.col("high_52w") * 1.25) | (pl.col("price") < pl.col("low_52w") * 0.75)
        checks.append(("the price lies far outside the 52-week range", ("high_52w", "low_52w"), outside))
    for reason, names, bad in checks:
        marked = rows.filter(bad.fill_null(False))
        read.problems += [
            f"line {row['_line']} ({row['symbol']}): {reason}; {' and '.join(names)} left out" for row in marked.to_dicts()
        ]
        rows = rows.with_columns(pl.when(bad.fill_null(False)).then(None).otherwise(pl.col(name)).alias(name) for name in names)
    return rows


def _instrument_rows(read: Reading, rows: pl.DataFrame, choices: Choices) -> pl.DataFrame:
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
        result.append(
            {
                "symbol": row["symbol"],
                "name": row.get("name"),
                "kind": kind if kind in KINDS else "other",
                "exchange": row.get("exchange"),
                "currency": row.get("currency") or choices.currency.upper() or None,
                "sector": sector,
                "industry": industry,
                "country": row.get("country"),
                "website": row.get("website"),
                "summary": row.get("summary"),
            }
        )
    if strange:
        read.notes.append(f"no sector is known for: {', '.join(sorted(strange)[:5])}")
    return pl.DataFrame(result, schema=dict(schemas.INSTRUMENTS.columns))


def _bare_instruments(rows: pl.DataFrame, choices: Choices) -> pl.DataFrame:
    """So that the symbols of a file of prices can be found and screened; what they are, the file does not say."""
    symbols = rows.select(pl.col("symbol").unique(maintain_order=True))
    currency = pl.lit(choices.currency.upper() or None, dtype=pl.String)
    return symbols.with_columns(pl.lit("other").alias("kind"), currency.alias("currency"))


def _instruments(read: Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
    return [(schemas.INSTRUMENTS, _instrument_rows(read, _once(read, rows), choices), {})]


def _bars(read: Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
    dividends = _events(rows, "dividend", "amount").with_columns(
        pl.lit(choices.currency.upper() or None, dtype=pl.String).alias("currency")
    )
    splits = _events(rows, "split", "ratio")
    bars = rows.select([name for name in schemas.BARS.columns if name in rows.columns])
    if not {"open", "high", "low"} <= set(bars.columns):
        read.notes.append("without open, high and low these stay unknown; charts then show a line")
    history = repair_history(bars, splits, dividends)
    extra = {"repairs": history.bars.repairs, "refused": history.bars.refused}
    more = {"repairs": history.dividends.repairs, "refused": history.dividends.refused}
    for part in (history.bars, history.dividends):
        read.notes += [
            f"repaired: {rule} ({count} values)" for rule, count in part.repairs.group_by("rule").len().sort("rule").iter_rows()
        ]
        read.problems += [
            f"{row['symbol']} {row.get('date') or row.get('ex_date')}: {row['reason']}" for row in part.refused.to_dicts()
        ]
    return [
        (schemas.SPLITS, splits, {}),
        (schemas.DIVIDENDS, history.dividends.frame, more),
        (schemas.BARS, history.bars.frame, extra),
    ]


def _events(rows: pl.DataFrame, column: str, name: str) -> pl.DataFrame:
    if column not in rows.columns:
        return pl.DataFrame(schema={"symbol": pl.String, "ex_date": pl.Date, name: pl.Float64})
    return rows.filter(pl.col(column) != 0).select("symbol", pl.col("date").alias("ex_date"), pl.col(column).alias(name))


def _plain(schema: schemas.Schema) -> Any:
    def make(read: Reading, rows: pl.DataFrame, as_of: date, choices: Choices) -> list[Part]:
        frame = rows.select([name for name in schema.columns if name in rows.columns])
        if "currency" in schema.columns and "currency" not in frame.columns:
            frame = frame.with_columns(pl.lit(choices.currency.upper() or None, dtype=pl.String).alias("currency"))
        return [(schema, frame, {})]

    return make


_PARTS: dict[str, Any] = {
    "fundamentals": _fundamentals,
    "instruments": _instruments,
    "bars": _bars,
    "dividends": _plain(schemas.DIVIDENDS),
    "splits": _plain(schemas.SPLITS),
    "earnings": _plain(schemas.EARNINGS),
}


def _once(read: Reading, rows: pl.DataFrame) -> pl.DataFrame:
    """One row a symbol: the first counts, the others are listed."""
    again = rows.filter(~pl.col("symbol").is_first_distinct())
    read.problems += [
        f"line {row['_line']}: {row['symbol']} stands in the file twice; the first line counts" for row in again.to_dicts()
    ]
    return rows.filter(pl.col("symbol").is_first_distinct())


def _sub_industries() -> dict[str, str]:
    with data_file("gics.csv").open(encoding="utf-8", newline="") as file:
        return {row["sub_industry"].lower(): row["sector"] for row in csv.DictReader(file)}


# -- storing and answering -----------------------------------------------------------------------------------------


def _store(store: Store, parts: list[Part], read: Reading, ctx: Context, as_of: date) -> dict[str, int]:
    now = ctx.now()
    counts: dict[str, int] = {}
    for at, (schema, frame, extra) in enumerate(parts):
        ctx.progress(at / len(parts), schema.name)
        if schema is schemas.INSTRUMENTS and read.kind != "instruments":
            stored = store.market.read("instruments", columns=["symbol"])["symbol"]
            rows = frame.filter(~pl.col("symbol").is_in(stored.implode()))
        else:
            rows = frame
        if rows.is_empty() and not extra:
            continue
        fetch = Fetch(
            "files",
            read.file.path.name,
            schema.name,
            "",
            now,
            now,
            "ok",
            None,
            read.file.size,
            read.file.sha256,
            as_of=datetime.combine(as_of, time(16), NEW_YORK).astimezone(UTC),
        )
        saved = store.market.save(schema.name, rows, fetch, complete=False, tell=True, **extra)
        counts[schema.name] = saved.rows
        if saved.refused:
            refused = store.market.quarantine().filter(pl.col("fetch_id") == saved.fetch_id)
            read.problems += [
                f"{row['key']}: {row['reason']}"
                for row in refused.to_dicts()
                if f"{row['key']}: {row['reason']}" not in read.problems
            ]
    ctx.progress(1.0, "done")
    return counts


def _answer(read: Reading, as_of: date, ctx: Context) -> Table:
    rows = []
    for name in read.file.columns:
        values, empty, _ = read.stats.get(name, (0, 0, 0))
        example = next((str(each) for each in read.file.frame[name].to_list() if each not in (None, "")), None)
        rows.append(
            {
                "column": name,
                "field": read.fields.get(name),
                "values": values if name in read.fields else None,
                "empty": empty if name in read.fields else None,
                "example": example,
                "reading": read.units.get(name),
            }
        )
    columns = (
        Column("column", "Column in the file"),
        Column("field", "Read as"),
        Column("values", "Values", "integer", "count"),
        Column("empty", "Empty", "integer", "count"),
        Column("example", "Example"),
        Column("reading", "Numbers are"),
    )
    kinds = {"values": pl.Int64, "empty": pl.Int64}
    frame = pl.DataFrame(rows, schema={column.name: kinds.get(column.name, pl.String) for column in columns})
    source = Source("files", read.file.path.name, datetime.combine(as_of, time(16), NEW_YORK).astimezone(UTC), ctx.now())
    left = len(read.problems) - _SHOWN
    problems = (*read.problems[:_SHOWN], *((f"and {left} more",) if left > 0 else ()))
    return Table(
        f"{read.file.path.name} as {read.kind}",
        columns,
        frame,
        (source,),
        unknown=problems,
        notes=tuple(note for note in read.notes if note),
    )


def _list_name(path: Path) -> str:
    return re.sub(r"[,:\s]+", "-", path.stem)[:60].strip("-") or "file"
