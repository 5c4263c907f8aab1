"""Small option books for tests of exposure: closed-form Greeks, no rates, so that everything can be worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from terminal.domain.options.pricing import Priced

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
SCHEMA = {
    "contract": pl.String, "expiry": pl.Date, "root": pl.String, "strike": pl.Float64, "call": pl.Boolean, "years": pl.Float64,
    "spot": pl.Float64, "carry": pl.Float64, "rate": pl.Float64, "forward": pl.Float64, "iv": pl.Float64, "usable": pl.Boolean,
    "reasons": pl.String, "open_interest": pl.Float64, "volume": pl.Float64, "mid": pl.Float64, "last": pl.Float64,
    "delta": pl.Float64, "gamma": pl.Float64, "vanna": pl.Float64, "charm": pl.Float64,
}  # fmt: skip


def gamma(spot: float, strike: float, years: float, iv: float) -> float:
    """Black-Scholes without rates."""
    deviation = iv * np.sqrt(abs(years))
    d1 = np.log(spot / strike) / deviation + deviation / 2
    return float(np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi) / (spot * deviation))


def row(strike: float, call: bool, open_interest: float | None, *, days: int = 28, spot: float = 100.0, iv: float = 0.2,
        root: str = "ABC", reasons: str = "", **given: Any) -> dict[str, Any]:  # fmt: skip
    """One contract; Greeks are `given` or gamma is the model's."""
    years = days / 365
    found = {"delta": 0.5 if call else -0.5, "gamma": gamma(spot, strike, years, iv), "vanna": 0.1, "charm": -0.3} | given
    expiry = date(2026, 11, 20) + timedelta(days=days)
    usable = not reasons
    base = {"contract": f"{root}{expiry:%y%m%d}{'C' if call else 'P'}{round(strike * 1000):08d}", "expiry": expiry, "root": root,
            "strike": strike, "call": call, "years": years, "spot": spot, "carry": 0.0, "rate": 0.0, "forward": spot, "iv": iv,
            "usable": usable, "reasons": reasons, "open_interest": open_interest, "volume": 0.0, "mid": 1.0,
            "last": None}  # fmt: skip
    if not usable:
        found = dict.fromkeys(("delta", "gamma", "vanna", "charm"), None)
        base["iv"] = None
    return base | found | {name: value for name, value in given.items() if name in base}


def book(*rows: dict[str, Any], spot: float = 100.0) -> Priced:
    """What `price_chain` would give of these contracts, as far as exposure reads it."""
    frame = pl.DataFrame(list(rows), schema=SCHEMA)
    return Priced("ABC", AT, spot, frame, pl.DataFrame())
