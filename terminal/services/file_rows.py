"""A file's columns as typed rows under our field names; what cannot be read is listed by line and left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain import columns as reading
from terminal.domain.instruments import clean_symbol
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.providers.files import FileTable

_CLASS = re.compile(r"^([A-Z]{1,5})[./]([AB])$")


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
class Reading:
    """The file being read: which column is what, and what could not be read."""

    file: FileTable
    kind: str
    fields: dict[str, str]
    problems: list[str]
    notes: list[str]
    bad_lines: set[int] = field(default_factory=set)
    stats: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)


def mapping_of(file: FileTable, kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """Column to field: guessed, then as the user says. Raises UserError for what does not exist or is missing."""
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
        raise UserError(
            f"{file.path.name} has no column for {missing[0]}.",
            f"Say which one it is with `--map 'COLUMN={missing[0]}'`. It has: {', '.join(file.columns)}.",
        )
    return fields


def typed_rows(read: Reading, choices: Choices) -> pl.DataFrame:
    """The mapped columns under their field names, typed; `symbol` always there; rows without one are refused."""
    columns = {wanted: _column(read, name, wanted, choices) for name, wanted in read.fields.items()}
    height = read.file.frame.height
    if "symbol" not in columns:
        columns["symbol"] = [_only_symbol(read, choices)] * height
    frame = pl.DataFrame(columns, schema_overrides={name: _type(name) for name in columns}, strict=False)
    lines = pl.Series("_line", read.file.lines, dtype=pl.Int64)
    keep = [
        symbol is not None and line not in read.bad_lines for symbol, line in zip(columns["symbol"], read.file.lines, strict=True)
    ]
    return frame.with_columns(lines).filter(pl.Series(keep))


def _type(name: str) -> Any:
    return pl.String if name in reading.TEXTS else pl.Date if name in reading.DATES else pl.Float64


def _only_symbol(read: Reading, choices: Choices) -> str:
    text = choices.symbol or read.file.path.stem
    try:
        symbol = clean_symbol(text)
    except ValueError:
        raise UserError(f"{read.file.path.name} does not say which symbol its rows belong to.", "Say it with --symbol.") from None
    read.notes.append(
        f"every row is taken for {symbol}" + ("" if choices.symbol else ", as the file is named; say another with --symbol")
    )
    return symbol


def _column(read: Reading, name: str, wanted: str, choices: Choices) -> list[Any]:
    series = read.file.frame[name]
    values: list[Any]
    if wanted in reading.DATES:
        values = _dates(read, name, series, choices)
    elif wanted in reading.TEXTS:
        values = [
            _text(read, wanted, each, line) for each, line in zip(series.cast(pl.String).to_list(), read.file.lines, strict=True)
        ]
    else:
        values = _numbers(read, name, wanted, series)
    empty = sum(value is None for value in values)
    read.stats[name] = (len(values) - empty, empty, 0)
    return values


def _text(read: Reading, wanted: str, value: str | None, line: int) -> str | None:
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


def _numbers(read: Reading, name: str, wanted: str, series: pl.Series) -> list[float | None]:
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
        values = [
            None if value is None else value / 100 if percent or whole else value
            for value, percent in zip(values, percents, strict=True)
        ]
        read.units[name] = "per cent, stored as fractions" if whole or any(percents) else "fractions"
    return values


def _dates(read: Reading, name: str, series: pl.Series, choices: Choices) -> list[date | None]:
    if series.dtype.is_temporal():
        return [each.date() if isinstance(each, datetime) else each for each in series.to_list()]
    texts = series.cast(pl.String).to_list()
    first = {"dmy": True, "mdy": False}.get(choices.dates, reading.day_first(texts))
    if first is None:
        example = next(text for text in texts if text)
        raise UserError(
            f"Dates like {example} can be read two ways.", "Say which: --dates dmy (day first) or --dates mdy (month first)."
        )
    days: list[date | None] = []
    for text, line in zip(texts, read.file.lines, strict=True):
        try:
            days.append(reading.day(text or "", first))
        except ValueError:
            read.problems.append(f"line {line}: '{text}' in '{name}' is not a date")
            read.bad_lines.add(line)
            days.append(None)
    return days
