"""Chains whose volatilities, forwards and rates are known, because they are priced by the model itself."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.options import contracts, price
from terminal.domain.schemas import CHAINS
from terminal.domain.sessions import Calendar
from terminal.paths import data_file

if TYPE_CHECKING:
    from collections.abc import Sequence

AT = datetime(2026, 11, 18, 18, 0, tzinfo=UTC)  # a Wednesday, an hour after noon in New York
DAYS = (date(2026, 11, 25), date(2026, 12, 18), date(2027, 3, 19), date(2027, 12, 17))
RATE, CARRY, SPOT = 0.04, 0.015, 400.0


def calendar() -> Calendar:
    return Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))


def smile(strike: Any, years: float, spot: float = SPOT) -> Any:
    """Skew and smile that flatten with time."""
    x = np.log(np.asarray(strike, dtype=float) / spot) / math.sqrt(years)
    return np.clip(0.22 - 0.08 * x + 0.06 * x * x, 0.08, 1.0)


def chain(
    root: str = "SPY", symbol: str = "SPY", days: Sequence[date] = DAYS, *, spot: float = SPOT, rate: float = RATE,
    carry: float = CARRY, wide: float = 0.02, at: datetime = AT, strikes: Sequence[float] = (), american: bool | None = None,
) -> pl.DataFrame:  # fmt: skip
    """Quotes half of `wide` around the model's price; American where the root is."""
    early = (not contracts.european(root) and rate >= 0) if american is None else american
    rows = []
    levels = np.array(strikes) if len(strikes) else np.round(np.arange(0.7, 1.31, 0.025) * spot, 2)
    for day in days:
        years = contracts.years(at, contracts.expires_at(root, day))
        for right in "CP":
            level = smile(levels, years, spot)
            worth = price(spot=spot, strike=levels, years=years, volatility=level, rate=rate, dividend=carry, call=right == "C",
                          american=early)  # fmt: skip
            rows += [_row(symbol, root, day, right, float(k), float(v), float(s), wide, spot, at)
                     for k, v, s in zip(levels, worth, level, strict=True)]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(CHAINS.columns), orient="row")


def _row(symbol: str, root: str, day: date, right: Any, strike: float, worth: float, level: float, wide: float, spot: float,
         at: datetime) -> dict[str, Any]:  # fmt: skip
    name = contracts.build(contracts.Contract(root, day, right, strike))
    bid = max(worth - wide / 2, 0.0)
    return {
        "symbol": symbol, "at": at, "expiry": day, "strike": strike, "right": right, "contract": name, "bid": bid,
        "ask": worth + wide / 2, "last": worth, "volume": 10.0, "open_interest": 100.0, "iv": level, "delta": None,
        "underlying_price": spot, "bid_size": None, "ask_size": None, "last_at": at,
    }  # fmt: skip


def changed(frame: pl.DataFrame, contract: str, **values: Any) -> pl.DataFrame:
    """The chain with other values in one contract."""
    here = pl.col("contract") == contract
    return frame.with_columns(
        pl.when(here).then(pl.lit(value, dtype=frame.schema[name])).otherwise(name).alias(name) for name, value in values.items()
    )


def finite(frame: pl.DataFrame) -> bool:
    """Whether no number in it is NaN or infinite."""
    floats = [name for name, kind in frame.schema.items() if kind == pl.Float64]
    return bool(frame.select(pl.all_horizontal(pl.col(name).drop_nulls().is_finite().all() for name in floats)).item())
