"""Values as the services write them: numbers as text, days, moments, symbols. What cannot be read is unknown, never zero.

A field that must be there is read with `[...]`, so that its absence is a payload of the wrong shape; a value that may be
absent goes through these functions.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl

from terminal.errors import BadPayload

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from terminal.domain.schemas import Schema

NEW_YORK = ZoneInfo("America/New_York")
# A daily bar counts as finished a quarter of an hour after the close, when late reports are in.
DAY_IS_OVER = time(16, 15)

_US_SYMBOL = re.compile(r"^[A-Z]{1,5}(-[A-Z]{1,2})?$")


def number(value: Any) -> float | None:
    """A finite number, also from text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if found - found == 0 else None


def text(value: Any) -> str | None:
    """Text without blanks around it; None for nothing."""
    return value.strip() or None if isinstance(value, str) else None


def day(value: Any) -> date | None:
    """The calendar day that `2026-11-20` or `2026-11-20T00:00:00.000Z` names: no time zone is applied."""
    return None if not isinstance(value, str) or not value.strip() else date.fromisoformat(value.strip()[:10])


def moment(value: Any) -> datetime | None:
    """UTC of an ISO text with an offset. Raises ValueError for a text that does not say where its clock hangs."""
    if not isinstance(value, str) or not value.strip():
        return None
    at = datetime.fromisoformat(value.strip())
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at.astimezone(UTC)


def millis(value: Any) -> datetime | None:
    """UTC of milliseconds since 1970."""
    found = number(value)
    return None if found is None else datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=found)


def exchange_day(at: datetime) -> date:
    """The day it is in New York."""
    return at.astimezone(NEW_YORK).date()


def last_finished_day(now: datetime) -> date:
    """The newest day of which a daily bar cannot change any more (it may be a holiday)."""
    there = now.astimezone(NEW_YORK)
    return there.date() if there.time() >= DAY_IS_OVER else there.date() - timedelta(days=1)


def day_begins(on: date) -> str:
    """The first instant of a day in New York, as services take it: `2026-11-20T05:00:00Z`."""
    return datetime.combine(on, time(), NEW_YORK).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day_ends(on: date) -> str:
    """The last second of a day in New York."""
    after = datetime.combine(on + timedelta(days=1), time(), NEW_YORK).astimezone(UTC)
    return (after - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def dotted(symbol: str) -> str | None:
    """A US symbol with its share class as most services spell it (BRK-B: BRK.B); None for an index, a future or a foreign one."""
    return symbol.replace("-", ".") if _US_SYMBOL.match(symbol) else None


def names(told: Any, symbol: str) -> bool:
    """Whether a symbol in an answer is ours, however its share class is spelt (BRK.B, BRK-B)."""
    return isinstance(told, str) and told.strip().upper().replace(".", "-") == symbol.replace(".", "-")


def must_name(told: Any, symbol: str) -> None:
    """Raises ValueError for an answer about another symbol."""
    if not names(told, symbol):
        raise ValueError("the answer is about another symbol")


def mapping(value: Any, title: str, what: str) -> Mapping[str, Any]:
    """The value, which must be a JSON object. Raises BadPayload."""
    if not isinstance(value, dict):
        raise BadPayload(f"{title} sent no {what}.", "What is stored stays usable; try again later.")
    return value


def rows_of(value: Any, title: str, what: str) -> list[Mapping[str, Any]]:
    """The value, which must be a list of JSON objects. Raises BadPayload."""
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise BadPayload(f"{title} sent no list of {what}.", "What is stored stays usable; try again later.")
    return value


def frame(rows: Iterable[Mapping[str, Any]], schema: Schema) -> pl.DataFrame:
    """Rows as a frame of the schema; a column that a row does not name is null."""
    return pl.DataFrame([{name: row.get(name) for name in schema.columns} for row in rows], schema=dict(schema.columns))


def unique(rows: Iterable[Mapping[str, Any]], schema: Schema) -> pl.DataFrame:
    """The same, with the first row of each key alone."""
    return frame(rows, schema).unique(list(schema.key), keep="first", maintain_order=True)


def split_factor(splits: Iterable[tuple[date, float]], on: date, today: date) -> float:
    """How many of today's shares one share of the day `on` has become: the product of the ratios since then.

    Prices and dividends per share of that day are divided by it, volumes multiplied. A split to come changes nothing yet.
    """
    factor = 1.0
    for ex_date, ratio in splits:
        if on < ex_date <= today:
            factor *= ratio
    return factor
