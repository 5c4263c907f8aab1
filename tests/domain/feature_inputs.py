"""Small inputs for features, written out by hand, with everything known on a Friday."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import polars as pl

from terminal.domain.features import Inputs
from terminal.domain.schemas import BARS, DIVIDENDS, EARNINGS, FACTS, INSTRUMENTS, QUOTES, SPLITS, Schema

AS_OF = date(2026, 11, 20)
QUARTER_ENDS = (date(2026, 9, 30), date(2026, 6, 30), date(2026, 3, 31), date(2025, 12, 31))


def table(schema: Schema, rows: list[dict[str, Any]], fetch: int) -> pl.DataFrame:
    """Rows of a dataset with the columns of the store."""
    frame = pl.DataFrame(rows, schema=dict(schema.columns.items()))
    return frame.with_columns(pl.lit(fetch, dtype=pl.Int64).alias("fetch_id"))


def weekdays(count: int, end: date = AS_OF) -> list[date]:
    """The last `count` weekdays up to `end`."""
    found: list[date] = []
    while len(found) < count:
        if end.weekday() < 5:
            found.append(end)
        end -= timedelta(days=1)
    return found[::-1]


def bars(symbol: str, closes: list[float], end: date = AS_OF, fetch: int = 1) -> pl.DataFrame:
    """Daily bars with a range of one per cent on either side and a volume of 1,000."""
    rows = [
        {
            "symbol": symbol,
            "date": day,
            "open": close,
            "high": close * 1.01,
            "low": close * 0.99,
            "close": close,
            "volume": 1000.0,
        }
        for day, close in zip(weekdays(len(closes), end), closes, strict=True)
    ]
    return table(BARS, rows, fetch)


def facts(
    symbol: str,
    values: dict[str, float | list[float | None]],
    ends: tuple[date, ...] = QUARTER_ENDS,
    period: str = "Q",
    unit: str = "USD",
    filed: bool = True,
    fetch: int = 3,
) -> pl.DataFrame:
    """One row for each item and period end, newest first; a single number holds for every end. Filed 30 days after."""
    rows = []
    for item, given in values.items():
        each = given if isinstance(given, list) else [given] * len(ends)
        rows += [
            {
                "symbol": symbol,
                "item": item,
                "period": period,
                "period_end": end,
                "value": value,
                "unit": unit,
                "filed_at": datetime.combine(end + timedelta(days=30), time(20), UTC) if filed else None,
            }
            for end, value in zip(ends, each, strict=False)
            if value is not None
        ]
    return table(FACTS, rows, fetch)


def points(symbol: str, values: dict[str, float], day: date = AS_OF, fetch: int = 9) -> pl.DataFrame:
    """Values a provider states on a day."""
    return facts(symbol, dict(values), (day,), "P", filed=False, fetch=fetch)


def quote(symbol: str, price: float, at: datetime, fetch: int = 5, **more: Any) -> pl.DataFrame:
    """One quote in dollars."""
    return table(QUOTES, [{"symbol": symbol, "at": at, "price": price, "currency": "USD", **more}], fetch)


def instrument(symbol: str, **more: Any) -> pl.DataFrame:
    """A stock in dollars."""
    return table(
        INSTRUMENTS, [{"symbol": symbol, "kind": "stock", "currency": "USD", "sector": "Energy", "name": symbol, **more}], 2
    )


def inputs(*symbols: str, **parts: pl.DataFrame) -> Inputs:
    """Inputs for the symbols, with the datasets given and the rest empty."""
    fetch = pl.lit(None, dtype=pl.Int64).alias("fetch_id")
    empty = Inputs(
        pl.concat([instrument(symbol) for symbol in symbols]),
        *(schema.empty().with_columns(fetch) for schema in (BARS, QUOTES, FACTS, DIVIDENDS, SPLITS, EARNINGS)),
    )
    return replace(empty, **parts)
