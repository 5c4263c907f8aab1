"""How much prices moved: five estimators of a year's volatility from daily bars, each using nothing later than its day. Pure.

With o, h, l, c the logarithms of a day's prices and c' of the close before, over n days, a year has 252 of them:

close_close      standard deviation of c - c' (n - 1 below), the textbook's; sees nothing inside the day
parkinson        mean of (h - l)^2 / (4 ln 2) (Parkinson, "The Extreme Value Method for Estimating the Variance of the Rate of
                 Return", 1980); a price without drift and without gaps
garman_klass     mean of (h - l)^2 / 2 - (2 ln 2 - 1) (c - o)^2 (Garman and Klass, "On the Estimation of Security Price
                 Volatilities from Historical Data", 1980); neither drift nor gaps
rogers_satchell  mean of (h - c) (h - o) + (l - c) (l - o) (Rogers and Satchell, "Estimating Variance from High, Low and Closing
                 Prices", 1991); right with a drift; no gaps
yang_zhang       variance of o - c' + k x variance of c - o + (1 - k) x Rogers-Satchell, k = 0.34 / (1.34 + (n + 1) / (n - 1))
                 (Yang and Zhang, "Drift-Independent Volatility Estimation Based on High, Low, Open, and Close Prices", 2000);
                 right with drift and gaps
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

Estimator = Literal["close_close", "parkinson", "garman_klass", "rogers_satchell", "yang_zhang"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
TITLES: Mapping[Estimator, str] = {
    "close_close": "Close to close", "parkinson": "Parkinson", "garman_klass": "Garman-Klass",
    "rogers_satchell": "Rogers-Satchell", "yang_zhang": "Yang-Zhang",
}  # fmt: skip
WINDOWS = (10, 20, 30, 60, 90, 252)
YEAR = 252
"""Sessions a year: what a day's variance is multiplied by."""
_LOG2 = float(np.log(2.0))


def realised(bars: Mapping[str, Floats], window: int, estimator: Estimator = "close_close") -> Floats:
    """A year's volatility over each `window` days up to and including a day, as long as `bars`; NaN where it is unknown.

    bars: arrays `open`, `high`, `low`, `close` of one length, days in order (`close_close` needs `close` only). A day whose bar
    is unknown, not positive or contradicts itself makes every window over it unknown. ValueError for a window below two.
    """
    if window < 2:
        raise ValueError(f"a volatility needs at least 2 days, not {window}")
    close = _log(bars["close"])
    if len(close) == 0:
        return np.empty(0)
    before = np.concatenate([[np.nan], close[:-1]])
    if estimator == "close_close":
        variance = _variance(close - before, window)
    else:
        variance = _ranged(bars, close, before, window, estimator)
    return np.asarray(np.sqrt(YEAR * np.maximum(variance, 0.0)))


def _ranged(bars: Mapping[str, Floats], close: Floats, before: Floats, window: int, estimator: Estimator) -> Floats:
    open_, high, low = (_log(bars[name]) for name in ("open", "high", "low"))
    with np.errstate(invalid="ignore"):
        right = (high >= np.maximum(open_, close) - 1e-9) & (low <= np.minimum(open_, close) + 1e-9)
    high = np.where(right, high, np.nan)
    if estimator == "parkinson":
        return _mean((high - low) ** 2 / (4 * _LOG2), window)
    if estimator == "garman_klass":
        return _mean((high - low) ** 2 / 2 - (2 * _LOG2 - 1) * (close - open_) ** 2, window)
    satchell = _mean((high - close) * (high - open_) + (low - close) * (low - open_), window)
    if estimator == "rogers_satchell":
        return satchell
    k = 0.34 / (1.34 + (window + 1) / (window - 1))
    return np.asarray(_variance(open_ - before, window) + k * _variance(close - open_, window) + (1 - k) * satchell)


def _log(values: Floats) -> Floats:
    values = np.asarray(values, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(values > 0, np.log(np.where(values > 0, values, 1.0)), np.nan)


def _mean(values: Floats, window: int) -> Floats:
    found = np.full(len(values), np.nan)
    if len(values) >= window:
        found[window - 1 :] = np.lib.stride_tricks.sliding_window_view(values, window).mean(axis=1)
    return found


def _variance(values: Floats, window: int) -> Floats:
    """The sample variance of each window, n - 1 below."""
    found = np.full(len(values), np.nan)
    if len(values) >= window:
        found[window - 1 :] = np.lib.stride_tricks.sliding_window_view(values, window).var(axis=1, ddof=1)
    return found
