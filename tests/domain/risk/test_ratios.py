"""Ratios and drawdowns by hand, and in one run with quantstats on written and on real series."""

from __future__ import annotations

import csv
import gzip
import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.domain.risk.drawdowns import drawdowns, growth, underwater
from terminal.domain.risk.ratios import against, ratios

if TYPE_CHECKING:
    from pathlib import Path


def _days(count: int) -> list[date]:
    return [date(2024, 1, 1) + timedelta(days=place) for place in range(count)]


def test_drawdowns_by_hand() -> None:
    level = np.array([100.0, 110.0, 99.0, 104.5, 110.0, 121.0, 108.9, 96.8])
    assert underwater(level) == pytest.approx([0, 0, -0.1, -0.05, 0, 0, -0.1, -0.2])
    days = _days(8)
    deepest, other = drawdowns(days, level)
    assert (deepest.peak, deepest.trough, deepest.recovered) == (days[5], days[7], None)
    assert (deepest.depth, deepest.length, deepest.falling) == (pytest.approx(-0.2), 2, 2)
    assert (other.peak, other.trough, other.recovered) == (days[1], days[2], days[4])
    assert (other.depth, other.length, other.falling) == (pytest.approx(-0.1), 3, 1)
    assert drawdowns(days, np.linspace(1, 2, 8)) == []
    assert growth(np.array([0.1, -1.5, 0.5])) == pytest.approx([1, 1.1, 0, 0]), "what is lost wholly stays lost"


def test_ratios_by_hand() -> None:
    daily = np.array([0.02, -0.01, 0.03, -0.02])
    found = ratios(daily)
    end = 1.02 * 0.99 * 1.03 * 0.98
    assert found.cagr == pytest.approx(end ** (252 / 4) - 1)
    assert found.omega == pytest.approx(0.05 / 0.03) and found.gain_to_pain == pytest.approx(0.02 / 0.03)
    assert found.downside == pytest.approx(math.sqrt((0.01**2 + 0.02**2) / 4 * 252))
    assert found.sortino == pytest.approx(0.005 / math.sqrt(0.0005 / 4) * math.sqrt(252))
    assert found.max_drawdown == pytest.approx(-0.02) and found.win_rate == 0.5
    assert (found.best, found.worst, found.days) == (0.03, -0.02, 4)


def test_what_cannot_be_had_is_none() -> None:
    rising = ratios(np.full(100, 0.001))
    assert rising.sharpe is None and rising.sortino is None and rising.omega is None and rising.calmar is None
    assert rising.skew is None and rising.volatility == pytest.approx(0.0)
    assert ratios(np.array([0.01])).volatility is None
    assert ratios(np.array([-1.0, 0.5, 0.1])).cagr is None


def test_beta_by_hand() -> None:
    market = np.array([0.01, -0.02, 0.03, 0.0])
    found = against(0.001 + 1.5 * market, market)
    assert found.beta == pytest.approx(1.5) and found.explained == pytest.approx(1.0)
    assert found.error == pytest.approx(0, abs=1e-7)
    assert found.alpha == pytest.approx(0.252)
    assert against(market, np.zeros(4)).beta is None


def _written() -> dict[str, np.ndarray]:
    random = np.random.default_rng(11)
    return {
        "rough": random.standard_t(3, 900) * 0.012,
        "rising": random.standard_normal(400) * 0.008 + 0.001,
        "falling": random.standard_normal(300) * 0.015 - 0.002,
    }


def _compare(name: str, daily: np.ndarray, days: list[date]) -> None:
    stats, pandas = pytest.importorskip("quantstats.stats"), pytest.importorskip("pandas")
    series = pandas.Series(daily, index=pandas.DatetimeIndex(days))
    ours = ratios(daily)
    theirs: dict[str, Any] = {
        "cagr": stats.cagr(series, periods=252), "volatility": stats.volatility(series, periods=252),
        "sharpe": stats.sharpe(series, periods=252), "sortino": stats.sortino(series, periods=252),
        "calmar": stats.calmar(series, periods=252), "omega": stats.omega(series, periods=252),
        "tail_ratio": stats.tail_ratio(series), "gain_to_pain": stats.gain_to_pain_ratio(series),
        "skew": stats.skew(series), "kurtosis": stats.kurtosis(series), "max_drawdown": stats.max_drawdown(series),
        "best": stats.best(series), "worst": stats.worst(series), "win_rate": stats.win_rate(series),
        "ulcer_index": stats.ulcer_index(series),
    }  # fmt: skip
    for field, value in theirs.items():
        assert getattr(ours, field) == pytest.approx(value, rel=1e-9), (name, field)
    paid = ratios(daily, 0.03)
    assert paid.sharpe == pytest.approx(stats.sharpe(series, rf=0.03, periods=252)), name
    assert paid.sortino == pytest.approx(stats.sortino(series, rf=0.03, periods=252)), name
    _compare_drawdowns(stats, series, days, daily)


def _compare_drawdowns(stats: Any, series: Any, days: list[date], daily: np.ndarray) -> None:
    """The same stretches. Theirs start the day after our high and end the day before our recovery, or on the last day."""
    listed = stats.drawdown_details(stats.to_drawdown_series(series)).to_dict("records")
    ours = drawdowns([days[0] - timedelta(days=1), *days], growth(daily))
    assert len(ours) == len(listed)
    assert sorted(each.depth for each in ours) == pytest.approx(sorted(row["max drawdown"] / 100 for row in listed), rel=1e-9)
    troughs = {row["valley"] for row in listed}
    assert {each.trough.isoformat() for each in ours} == troughs


@pytest.mark.slow  # importing quantstats takes longer than all other tests here
def test_written_series_against_quantstats() -> None:
    for name, daily in _written().items():
        _compare(name, daily, _days(len(daily)))


@pytest.mark.slow
def test_beta_and_tails_against_quantstats() -> None:
    """Value at risk and normal shortfall agree. Its historical shortfall is the mean of whole days, ours counts one in part:
    the same where the worst days are a whole number of them, and within that day's part elsewhere."""
    from terminal.domain.risk.tails import historical, parametric

    stats, pandas = pytest.importorskip("quantstats.stats"), pytest.importorskip("pandas")
    daily, market = _written()["rough"], np.random.default_rng(5).standard_normal(900) * 0.01
    index = pandas.DatetimeIndex(_days(900))
    series, other = pandas.Series(daily, index=index), pandas.Series(market, index=index)
    greeks, ours = stats.greeks(series, other, periods=252), against(daily, market)
    assert (ours.beta, ours.alpha) == (pytest.approx(greeks["beta"]), pytest.approx(greeks["alpha"]))
    assert ours.explained == pytest.approx(stats.r_squared(series, other))
    for confidence in (0.9, 0.95, 0.99):
        found, seen = parametric(daily, confidence), historical(daily, confidence)
        assert found.var == pytest.approx(-stats.value_at_risk(series, confidence=confidence))
        assert found.cvar == pytest.approx(-stats.expected_shortfall(series, confidence=confidence))
        assert seen.cvar == pytest.approx(-stats.expected_shortfall(series, confidence=confidence, method="historical"))
    part = -stats.expected_shortfall(series[:890], confidence=0.95, method="historical")  # 44.5 days
    mine = historical(daily[:890], 0.95).cvar or 0.0
    lowest = np.sort(daily[:890])
    assert -lowest[:45].mean() == pytest.approx(part) and part < mine < -lowest[:44].mean()


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.parametrize(("name", "close"), [
    ("daily_SPY.csv", "Close"), ("daily_AAPL.csv", "Close"), ("daily_QQQ.csv", "Close"),
    ("skfolio_factor_etfs.csv.gz", "MTUM"), ("skfolio_factor_etfs.csv.gz", "USMV"),
])  # fmt: skip
def test_real_series_against_quantstats(shared: Path, name: str, close: str) -> None:
    path = shared / "payloads" / "market" / name
    with gzip.open(path, "rt") if name.endswith(".gz") else path.open() as file:
        rows = [(date.fromisoformat(row["Date"][:10]), float(row[close])) for row in csv.DictReader(file) if row[close]]
    rows.sort()
    level = np.array([value for _, value in rows])
    _compare(f"{name} {close}", level[1:] / level[:-1] - 1, [each for each, _ in rows[1:]])
