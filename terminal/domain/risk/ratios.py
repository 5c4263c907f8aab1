"""How much a series of daily returns swings, and what it gave for that. Named and defined as quantstats does.

Returns are fractions, one a day; a ratio that cannot be had (nothing varies, no loss) is None, never infinite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.returns import YEAR
from terminal.domain.risk.drawdowns import growth, underwater

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ratios:
    """Over `days` returns. Yearly: cagr, volatility, downside; the ratios are annualised with the square root of 252."""

    days: int
    cagr: float | None = None
    volatility: float | None = None
    downside: float | None = None
    sharpe: float | None = None
    sortino: float | None = None
    calmar: float | None = None
    omega: float | None = None
    ulcer_index: float | None = None
    tail_ratio: float | None = None
    gain_to_pain: float | None = None
    skew: float | None = None
    kurtosis: float | None = None
    max_drawdown: float | None = None
    best: float | None = None
    worst: float | None = None
    win_rate: float | None = None


def ratios(daily: Floats, riskless: float = 0.0) -> Ratios:
    """All of them; `riskless` is a yearly rate that Sharpe, Sortino and Omega take off each day.

    downside: root of (sum of squared negative returns / all days). sortino: mean over that. calmar: cagr over the deepest
    drawdown. omega: gains over losses. ulcer_index: root mean square drawdown (n - 1). tail_ratio: 95th percentile over the
    5th, without sign. skew and kurtosis (excess) are corrected for the sample's size.
    """
    count = daily.size
    if count < 2:
        return Ratios(count)
    level = growth(daily)
    under = underwater(level)
    deepest = float(under.min())
    year = math.sqrt(YEAR)
    excess = daily - ((1.0 + riskless) ** (1.0 / YEAR) - 1.0)
    deviation, mean = float(daily.std(ddof=1)), float(excess.mean())
    below = math.sqrt(float(np.sum(np.square(excess[excess < 0.0]))) / count)
    cagr = float(level[-1]) ** (YEAR / count) - 1.0 if level[-1] > 0.0 else None
    low, high = (float(each) for each in np.quantile(daily, (0.05, 0.95)))
    lost, traded = float(-excess[excess < 0.0].sum()), daily[daily != 0.0]
    pain = float(-daily[daily < 0.0].sum())
    skew, kurtosis = _corrected(daily)
    return Ratios(
        days=count,
        cagr=cagr,
        volatility=deviation * year,
        downside=below * year,
        sharpe=_over(mean, deviation, year),
        sortino=_over(mean, below, year),
        calmar=None if cagr is None else _over(cagr, -deepest),
        omega=_over(float(excess[excess > 0.0].sum()), lost),
        ulcer_index=math.sqrt(float(np.sum(under[1:] ** 2)) / (count - 1)),
        tail_ratio=None if low == 0.0 else abs(high / low),
        gain_to_pain=_over(float(daily.sum()), pain),
        skew=skew,
        kurtosis=kurtosis,
        max_drawdown=deepest,
        best=float(daily.max()),
        worst=float(daily.min()),
        win_rate=float(np.mean(traded > 0.0)) if traded.size else None,
    )


@dataclass(frozen=True, slots=True)
class Market:
    """How a series goes with the market: beta, the yearly alpha, the share of variance it explains, their correlation."""

    beta: float | None
    alpha: float | None
    explained: float | None
    correlation: float | None
    error: float | None
    days: int


def against(daily: Floats, market: Floats) -> Market:
    """Least squares of daily returns on the market's of the same days; `error` is the standard error of beta."""
    count = daily.size
    if count < 3 or float(market.var()) <= 0.0:
        return Market(None, None, None, None, None, count)
    covariance = np.cov(daily, market)
    beta = float(covariance[0, 1] / covariance[1, 1])
    alpha = float((daily.mean() - beta * market.mean()) * YEAR)
    if covariance[0, 0] <= 0.0:
        return Market(beta, alpha, None, None, None, count)
    together = float(covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1]))
    left = float(covariance[0, 0]) * (1.0 - together**2) * (count - 1) / (count - 2)
    error = math.sqrt(max(left, 0.0) / (float(covariance[1, 1]) * (count - 1)))
    return Market(beta, alpha, together**2, together, error, count)


def _over(gain: float, risk: float, factor: float = 1.0) -> float | None:
    return gain / risk * factor if risk > 1e-15 else None


def _corrected(daily: Floats) -> tuple[float | None, float | None]:
    """Fisher's sample skewness G1 and excess kurtosis G2."""
    count = daily.size
    centred = daily - daily.mean()
    square = float(np.mean(centred**2))
    if count < 4 or square <= 1e-30:
        return None, None
    skew = float(np.mean(centred**3)) / square**1.5
    kurtosis = float(np.mean(centred**4)) / square**2 - 3.0
    corrected = (count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * kurtosis + 6.0)
    return skew * math.sqrt(count * (count - 1)) / (count - 2), corrected
