"""Which rows a table shows and in which order: filter, sort, group. Row numbers of the frame, never the frame itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from terminal.domain import format as fmt
from terminal.domain.table_filter import EXCHANGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from terminal.domain.sourced import Column

VERDICTS = ("Strong Buy", "Buy", "Hold", "Avoid", "Unknown")
MOST_GROUPS = 60


@dataclass(frozen=True, slots=True)
class Group:
    """Rows with the same value in the column grouped by; `title` is the value as it is shown."""

    value: Any
    title: str
    ids: list[int]


def arrange(frame: pl.DataFrame, keys: Sequence[tuple[str, bool]] = (), *, subset: Sequence[int] | None = None,
            keep: Sequence[pl.Expr] = ()) -> list[int]:
    """Row numbers of those of `subset` (None: all) that pass every expression of `keep`, sorted by (column, descending).

    Unknown comes last either way, and equal rows stay in the frame's own order.
    """
    wanted = [(name, down) for name, down in keys if name in frame.columns]
    ids: Sequence[int] | None = subset
    if keep:
        passes = frame.select(pl.all_horizontal(*keep)).to_series()
        passing = passes.arg_true() if subset is None else pl.Series(subset, dtype=pl.UInt32).filter(
            passes.gather(pl.Series(subset, dtype=pl.UInt32)))
        ids = passing.to_list()
    if not wanted:
        return list(range(frame.height)) if ids is None else list(ids)
    by = frame.select(sort_key(name, frame.schema[name]).alias(f"key{at}") for at, (name, _) in enumerate(wanted))
    if ids is not None:
        by = by[list(ids)]
    order = by.select(pl.arg_sort_by(by.columns, descending=[down for _, down in wanted], nulls_last=True,
                                     maintain_order=True)).to_series().to_list()
    return order if ids is None else [ids[place] for place in order]


def sort_key(name: str, dtype: pl.DataType) -> pl.Expr:
    """What a column is sorted by: verdicts by merit, text without regard to case, a trend by its last value."""
    column = pl.col(name)
    if name == "verdict" and dtype == pl.String:
        ranks = {verdict: len(VERDICTS) - place for place, verdict in enumerate(VERDICTS[:-1])}
        return column.replace_strict(ranks, default=None, return_dtype=pl.Int8)
    if isinstance(dtype, pl.List):
        return column.list.last() if dtype.inner.is_numeric() else column.list.len()
    return column.str.to_lowercase() if dtype == pl.String else column


def exchange_day(now: datetime) -> date:
    """The day it is at the exchange, which `today` in a filter means."""
    return now.astimezone(ZoneInfo(EXCHANGE)).date()


def groupable(column: Column, values: pl.Series) -> bool:
    """Whether rows can be put together by this column: words, yes or no, days or whole numbers, few different ones."""
    fits = values.dtype in (pl.String, pl.Boolean, pl.Date) or values.dtype.is_integer()
    return fits and column.name != "symbol" and 0 < values.n_unique() <= MOST_GROUPS


def groups(frame: pl.DataFrame, ids: Sequence[int], column: Column, *, descending: bool = False) -> list[Group]:
    """Put `ids` into groups by `column`, each in the order they come in; unknown is the last group."""
    if not ids:
        return []
    name = column.name
    rows = frame.select(pl.col(name), sort_key(name, frame.schema[name]).alias("_key"))[list(ids)]
    rows = rows.with_columns(pl.Series("_id", ids, dtype=pl.Int64))
    gathered = rows.group_by(name, maintain_order=True).agg(pl.col("_id"), pl.col("_key").first())
    down = descending if name != "verdict" else not descending  # the best verdict first
    gathered = gathered.sort("_key", descending=down, nulls_last=True, maintain_order=True)
    return [Group(value, _title(value, column), members)
            for value, members in zip(gathered[name].to_list(), gathered["_id"].to_list(), strict=True)]


def _title(value: Any, column: Column) -> str:
    if value is None:
        return f"{column.title} unknown"
    if isinstance(value, bool):
        return f"{column.title}: {fmt.value(value)}"
    return fmt.value(value, column.type, column.unit, column.decimals)


def summary(frame: pl.DataFrame, ids: Sequence[int], columns: Sequence[Column],
            ways: Mapping[str, str] | None = None) -> dict[str, tuple[str, Any]]:
    """What can honestly be said of several rows: (way, value) by column, way being `median`, `sum` or `share`.

    Ratios, multiples, scores, days and counts by their median, yes-or-no by the share of yes; money of one currency by its
    median when it is a company's amount, nothing when it is an amount per share, which cannot be compared. Nothing is added
    up unless `ways` says "sum". Values that are unknown do not count; a column of which nothing is known is left out.
    """
    ways = ways or {}
    rows = frame[list(ids)] if ids else frame.head(0)
    currencies = rows["currency"].n_unique() if "currency" in rows.columns else 1
    told: dict[str, tuple[str, Any]] = {}
    for column in columns:
        if column.name not in rows.columns:
            continue
        values, way = rows[column.name], ways.get(column.name, "")
        money = column.unit == "currency" or (len(column.unit) == 3 and column.unit.isupper())
        if not way:
            if values.dtype == pl.Boolean:
                way = "share"
            elif values.dtype.is_numeric() and not (money and (column.decimals is None or column.decimals > 0)):
                way = "median"
        if not way or way == "none" or (money and currencies > 1):
            continue
        known = values.drop_nulls()
        if known.is_empty():
            continue
        told[column.name] = (way, known.sum() if way == "sum" else known.mean() if way == "share" else known.median())
    return told
