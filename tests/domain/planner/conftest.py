"""A board whose every number is known: a share at 100, a skewed smile, three expiries, quotes four cents wide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board
    from terminal.domain.planner.structures import Rules

AT = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
SPOT, RATE, CARRY, WIDTH = 100.0, 0.04, 0.01, 0.04
DAYS = (28, 56, 119)


def smile(strike: Any, years: float) -> Any:
    """25 % at the money, more below."""
    return 0.25 - 0.10 * np.log(np.asarray(strike) / SPOT) / np.sqrt(max(years, 0.05) / 0.08)


def priced(*, american: bool = True, unusable: tuple[tuple[float, str], ...] = ()) -> Any:
    """As `price_chain` gives it."""
    from terminal.domain.options import greeks
    from terminal.domain.options.pricing import Priced

    rows: list[dict[str, Any]] = []
    terms = []
    strikes = np.arange(70.0, 132.5, 2.5)
    for days in DAYS:
        expires, years = AT + timedelta(days=days), days / 365
        terms.append({"expiry": expires.date(), "expires": expires, "root": "XYZ", "days": float(days), "years": years,
                      "forward": SPOT * float(np.exp((RATE - CARRY) * years)), "rate": RATE, "carry": CARRY,
                      "atm_iv": 0.25, "usable": 2 * len(strikes), "contracts": 2 * len(strikes)})  # fmt: skip
        for right in ("C", "P"):
            iv = smile(strikes, years)
            known = greeks(spot=SPOT, strike=strikes, years=years, volatility=iv, rate=RATE, dividend=CARRY, call=right == "C",
                           american=american)  # fmt: skip
            for place, strike in enumerate(strikes):
                mid = max(float(known.price[place]), 0.03)
                bad = (float(strike), right) in unusable
                rows.append({
                    "symbol": "XYZ", "contract": f"XYZ{expires:%y%m%d}{right}{round(strike * 1000):08d}", "root": "XYZ",
                    "expiry": expires.date(), "strike": float(strike), "right": right, "call": right == "C", "american": american,
                    "years": years, "rate": RATE, "carry": CARRY, "iv": None if bad else float(iv[place]), "mid": mid,
                    "bid": mid - WIDTH / 2, "ask": mid + WIDTH / 2, "volume": 100.0, "open_interest": 500.0,
                    "usable": not bad, "reasons": "bid and ask are zero" if bad else "",
                    **{name: float(getattr(known, name)[place]) for name in ("delta", "gamma", "vega", "theta", "rho")},
                })  # fmt: skip
    return Priced("XYZ", AT, SPOT, pl.DataFrame(rows), pl.DataFrame(terms))


@pytest.fixture(scope="session")
def board() -> Board:
    from terminal.domain.planner.board import board as made

    return made(priced(american=False))


@pytest.fixture(scope="session")
def american() -> Board:
    from terminal.domain.planner.board import board as made

    return made(priced(unusable=((90.0, "P"),)))


@pytest.fixture(scope="session")
def rules() -> Rules:
    from terminal.domain.planner.structures import load
    from terminal.paths import data_file

    return load(data_file("planner.toml").read_text(encoding="utf-8"))
