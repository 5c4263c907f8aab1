"""Markets whose state is plain, and what happens when something is missing."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from terminal.domain.regime import regime


def bars(symbol: str, closes: np.ndarray) -> pl.DataFrame:
    days = [date(2025, 1, 1) + timedelta(at) for at in range(len(closes))]
    return pl.DataFrame({"symbol": [symbol] * len(closes), "date": days, "close": closes, "adjusted_close": closes})


def market(drift: float, *, wild_end: bool = False, bond: float = 0.0, shares: int = 30, sessions: int = 320) -> pl.DataFrame:
    steps = np.arange(sessions)
    wave = 0.002 * np.sin(steps * 1.3)
    wave[-21:] *= 12 if wild_end else 0.2
    path = 100 * np.exp(drift * steps + wave)
    frames = [bars("SPY", path), *(bars(f"S{at}", path * (1 + at / 100)) for at in range(shares))]
    return pl.concat([*frames, bars("IEF", 100 * np.exp(bond * steps))])


def test_a_calm_rise_with_falling_rates_is_risk_on() -> None:
    found = regime(market(0.001, bond=0.0005))
    assert (found.name, found.trend, found.breadth, found.volatility, found.rates) == (
        "risk-on", "up", "broad", "calm", "falling")
    assert found.unknown == ()
    # an exponential rise of 0.1 % a session: price / mean of 200 = 200 (1 - r) / (1 - r^200), r = e^-0.001
    assert found.inputs["breadth"] == 1.0
    assert found.inputs["rates"] == pytest.approx(np.exp(63 * 0.0005) - 1)


def test_a_wild_fall_with_rising_rates_is_risk_off() -> None:
    found = regime(market(-0.001, wild_end=True, bond=-0.0005))
    assert (found.name, found.trend, found.breadth, found.volatility, found.rates) == (
        "risk-off", "down", "narrow", "nervous", "rising")


def test_a_split_picture_is_neutral() -> None:
    assert regime(market(0.001, wild_end=True, bond=-0.0005)).name == "neutral"


def test_without_the_index_the_regime_is_unknown_and_says_why() -> None:
    found = regime(market(0.001).filter(pl.col("symbol") != "SPY"))
    assert (found.name, found.trend, found.volatility) == ("unknown", "unknown", "unknown")
    assert any("221 sessions of SPY" in each for each in found.unknown)


def test_missing_parts_do_not_vote() -> None:
    found = regime(market(0.001, shares=3).filter(pl.col("symbol") != "IEF"))
    assert (found.name, found.breadth, found.rates) == ("risk-on", "unknown", "unknown")
    assert len(found.unknown) == 2


def test_empty_market() -> None:
    assert regime(market(0.001).head(0)).name == "unknown"


def test_only_the_named_stocks_count_for_breadth() -> None:
    rising = market(0.001)
    falling = pl.concat([bars(f"F{at}", 100 * np.exp(-0.001 * np.arange(320))) for at in range(30)])
    both = pl.concat([rising, falling])
    assert regime(both).inputs["breadth"] == pytest.approx(0.5)
    assert regime(both, stocks=[f"F{at}" for at in range(30)]).breadth == "narrow"
