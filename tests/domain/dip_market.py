"""Small made-up markets for the tests of dips, their causes and base rates."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIRST = date(2021, 1, 4)


def sessions(count: int, first: date = FIRST) -> list[date]:
    """So many weekdays."""
    days = (first + timedelta(days=n) for n in range(count * 2))
    return [day for day in days if day.weekday() < 5][:count]


def bars(closes: Mapping[str, Sequence[float | None]], total: Mapping[str, Sequence[float | None]] | None = None) -> pl.DataFrame:
    """BARS of these closes, all from the same first day; None: no bar. `total`: adjusted closes where they differ."""
    frames = []
    for symbol, values in sorted(closes.items()):
        frame = pl.DataFrame({
            "symbol": symbol, "date": sessions(len(values)), "close": pl.Series(values, dtype=pl.Float64),
            "adjusted_close": pl.Series((total or {}).get(symbol, values), dtype=pl.Float64)})
        frames.append(frame.filter(pl.col("close").is_not_null()))
    return pl.concat(frames)


def walk(count: int, seed: int, size: float = 0.01) -> np.ndarray:
    """Daily log returns."""
    return np.random.default_rng(seed).standard_normal(count) * size


def prices(log_returns: np.ndarray, start: float = 100.0) -> list[float]:
    """The closes after these returns."""
    return list(start * np.exp(np.cumsum(log_returns)))


def market(count: int = 520, stocks: int = 12, seed: int = 3) -> pl.DataFrame:
    """An index and stocks with betas, by chance."""
    index = walk(count, seed, 0.008)
    closes = {"SPY": prices(index)}
    for number in range(stocks):
        closes[f"S{number:02d}"] = prices(index * (0.6 + 0.1 * number) + walk(count, seed + number + 1, 0.015))
    return bars(closes)
