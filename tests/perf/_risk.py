"""Correlation and value at risk of 500 holdings over five years of closes, from the long frame that the store gives.

Ours: aligned returns, shrunk correlations with their clusters, value at risk and shortfall in five ways, contributions of every
position, ratios and drawdowns, and the grades of four methods over the last four years. The peer does less of it: pandas for
returns and the sample correlation, quantstats for value at risk, shortfall, the ratios and the deepest drawdown; what both have
must be equal. A second line holds ours against the 250 ms that are promised.
"""

from __future__ import annotations

import gc
import statistics
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.risk import grading, tails
from terminal.domain.risk.contributions import contributions
from terminal.domain.risk.correlation import correlations, tree
from terminal.domain.risk.drawdowns import drawdowns, growth
from terminal.domain.risk.history import history
from terminal.domain.risk.ratios import ratios

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HOLDINGS, _SESSIONS, _TURNS, _BUDGET_MS, _SURE = 500, 1_261, 9, 250.0, 0.95


def closes() -> tuple[pl.DataFrame, list[date]]:
    """Made-up closes of stocks that follow a common factor: symbol, date, close, sorted as the store sorts them."""
    random = np.random.default_rng(12)
    factor = random.standard_t(5, (_SESSIONS, 1)) * 0.008
    moves = factor * random.uniform(0.4, 1.6, _HOLDINGS) + random.standard_normal((_SESSIONS, _HOLDINGS)) * 0.012
    level = 50.0 * np.exp(np.cumsum(moves, axis=0))
    days = [day for day in (date(2021, 1, 4) + timedelta(days=place) for place in range(2 * _SESSIONS)) if day.weekday() < 5]
    days = days[:_SESSIONS]
    symbols = [f"T{place:03d}" for place in range(_HOLDINGS)]
    frame = pl.DataFrame({
        "symbol": np.repeat(symbols, _SESSIONS), "date": pl.concat([pl.Series(days, dtype=pl.Date)] * _HOLDINGS),
        "close": level.T.ravel(),
    })  # fmt: skip
    return frame, days


def ours(frame: pl.DataFrame, days: list[date], worth: np.ndarray) -> dict[str, Any]:
    """Everything, in one go."""
    found = history(frame, [f"T{place:03d}" for place in range(_HOLDINGS)], days, _SESSIONS - 1)
    outcomes = found.returns @ worth
    daily = outcomes / worth.sum()
    matrix = correlations(found.returns)
    grown = tree(matrix.matrix)
    level = growth(daily)
    return {
        "var": tails.parametric(daily, _SURE).var,
        "cvar": tails.parametric(daily, _SURE).cvar,
        "others": [way(outcomes, _SURE) for way in (tails.historical, tails.cornish_fisher, tails.filtered)],
        "monte_carlo": tails.monte_carlo(outcomes[:, None], lambda moves: moves[:, 0], _SURE),
        "parts": contributions(worth, found.returns, _SURE),
        "ratios": ratios(daily),
        "falls": drawdowns([days[0], *found.days], level),
        "sample": matrix.sample,
        "clusters": (grown.order(), grown.clusters(0.5)),
        "grades": [grading.grade(daily, grading.forecasts(daily, 250, _SURE, each), _SURE, each) for each in grading.METHODS],
    }


def risk() -> Iterator[dict[str, Any]]:
    """The lines `risk of 500 holdings` (peer, then budget). AssertionError when what both have differs."""
    import pandas
    import quantstats.stats as stats

    frame, days = closes()
    worth = np.random.default_rng(3).uniform(1_000, 50_000, _HOLDINGS)
    long = pandas.DataFrame({"symbol": frame["symbol"].to_numpy(), "date": pandas.to_datetime(frame["date"].to_numpy()),
                             "close": frame["close"].to_numpy()})  # fmt: skip

    def theirs() -> dict[str, Any]:
        returns = long.pivot(index="date", columns="symbol", values="close").pct_change().iloc[1:]
        daily = returns @ (worth / worth.sum())
        return {
            "var": -stats.value_at_risk(daily, confidence=_SURE), "cvar": -stats.expected_shortfall(daily, confidence=_SURE),
            "sharpe": stats.sharpe(daily, periods=252), "sortino": stats.sortino(daily, periods=252),
            "volatility": stats.volatility(daily, periods=252), "omega": stats.omega(daily, periods=252),
            "max_drawdown": stats.max_drawdown(daily), "sample": returns.corr().to_numpy(),
        }  # fmt: skip

    one, other = ours(frame, days, worth), theirs()
    for name in ("var", "cvar", "sharpe", "sortino", "volatility", "omega", "max_drawdown"):
        mine = one[name] if name in one else getattr(one["ratios"], name)
        assert abs(mine - other[name]) <= 1e-9 * abs(mine), f"{name} differs: {mine} and {other[name]}"
    assert np.allclose(one["sample"], other["sample"], atol=1e-9), "the correlations differ"
    taken = _medians({"ours": lambda: ours(frame, days, worth), "theirs": theirs})
    for peer, name in ((taken["theirs"], "pandas and quantstats, a part of it"), (_BUDGET_MS, "budget")):
        yield {"bench": "risk of 500 holdings", "ours": round(taken["ours"], 1), "peer": round(peer, 1), "peer_name": name,
               "ratio": round(taken["ours"] / peer, 3), "unit": "ms"}  # fmt: skip


def _medians(cases: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median milliseconds of each case, run turn by turn so that both meet the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(_TURNS):
        for name, case in cases.items():
            gc.collect()
            started = time.perf_counter()
            case()
            taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(each[1:]) for name, each in taken.items()}
