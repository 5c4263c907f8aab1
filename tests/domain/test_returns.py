"""Returns and risk against quantstats and hand-computed values."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import polars as pl
import pytest

from terminal.domain import returns


def _prices(seed: int = 3, length: int = 400) -> np.ndarray:
    return 50 * np.exp(np.cumsum(np.random.default_rng(seed).standard_normal(length) * 0.012))


def _one(expression: pl.Expr, **columns: object) -> float | None:
    return pl.DataFrame(columns).select(expression.alias("x"))["x"][0]


def test_hand_computed() -> None:
    frame = pl.DataFrame({"close": [100.0, 110.0, 99.0, 120.0]})
    made = frame.select(r=returns.simple_returns(pl.col("close")), d=returns.drawdown(pl.col("close")))
    assert made["r"].to_list() == [None, pytest.approx(0.1), pytest.approx(-0.1), pytest.approx(120 / 99 - 1)]
    assert made["d"].to_list() == [0.0, 0.0, pytest.approx(-0.1), 0.0]
    assert _one(returns.max_drawdown(pl.col("close")), close=[100.0, 110.0, 99.0, 120.0]) == pytest.approx(-0.1)
    assert _one(returns.annualised(pl.col("g"), 504), g=[1.21]) == pytest.approx(0.1)
    assert _one(returns.annualised(pl.col("g"), 504), g=[-1.0]) is None


@pytest.mark.slow  # importing quantstats takes longer than all other tests here
def test_against_quantstats() -> None:
    stats = pytest.importorskip("quantstats.stats")
    pandas = pytest.importorskip("pandas")
    close, index = _prices(), _prices(9)
    days = pandas.bdate_range(date(2024, 1, 1), periods=len(close))
    series = pandas.Series(close, index=days).pct_change().dropna()
    market = pandas.Series(index, index=days).pct_change().dropna()
    frame = (
        pl.DataFrame({"close": close, "index": index})
        .with_columns(daily=returns.simple_returns(pl.col("close")), market=returns.simple_returns(pl.col("index")))
        .drop_nulls()
    )
    assert frame.select(returns.sharpe(pl.col("daily"))).item() == pytest.approx(stats.sharpe(series, periods=252))
    assert frame.select(returns.volatility(pl.col("daily"))).item() == pytest.approx(stats.volatility(series, periods=252))
    assert frame.select(returns.max_drawdown(pl.col("close"))).item() == pytest.approx(
        stats.max_drawdown(pandas.Series(close[1:], days[1:])), rel=1e-9
    )
    assert frame.select(returns.beta(pl.col("daily"), pl.col("market"))).item() == pytest.approx(
        stats.greeks(series, market, periods=252)["beta"]
    )


def test_what_never_moves_has_no_sharpe_and_no_beta() -> None:
    assert _one(returns.sharpe(pl.col("d")), d=[0.01, 0.01, 0.01]) is None
    assert _one(returns.beta(pl.col("d"), pl.col("m")), d=[0.01, 0.02], m=[0.01, 0.01]) is None
    assert _one(returns.beta(pl.col("d"), pl.col("m")), d=[0.01, None, 0.03], m=[0.01, 0.5, 0.02]) == pytest.approx(2.0)


def test_log_returns_add_up() -> None:
    close = _prices()
    total = _one(returns.log_returns(pl.col("close")).sum(), close=close)
    assert total == pytest.approx(math.log(close[-1] / close[0]))
