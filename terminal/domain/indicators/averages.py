"""Averages and other single lines over the prices."""

from __future__ import annotations

import math

import numpy as np

from terminal.domain.indicators.model import Array, Indicator, Kernel, Output, length
from terminal.domain.indicators.talib import exponential, highest, lowest, mean, ratio, ta, total

_GROUP = "Averages"


def hull(values: Array, count: int) -> Array:
    """Hull's average: WMA of 2 x WMA(half) - WMA(whole) over the square root of the length."""
    raw = 2 * ta("WMA", values, count // 2) - ta("WMA", values, count)
    root = math.isqrt(count)
    return np.asarray(ta("WMA", raw, root)) if not np.isnan(raw).all() else raw


def volume_weighted(close: Array, volume: Array, count: int) -> Array:
    """Mean of the closes, each weighted by its volume; unknown where nothing was traded."""
    return ratio(total(close * volume, count), total(volume, count))


def _single(
    name: str, title: str, kernel: Kernel, default: int, lag: int, newbie: str, pro: str, source: str,
    minimum: int = 2, role: str = "average_1",
) -> Indicator:
    """A line over the prices of one input and one length; `lag` times (length - 1) rows pass before its first value."""
    return Indicator(
        name, title, _GROUP, "price", ("close",), (length(default, minimum),), (Output(name, title, role=role, rule=name),),
        kernel, lambda n: lag * (n - 1), newbie, pro, source, free_input=True,
    )  # fmt: skip


AVERAGES = (
    _single(
        "sma", "Simple moving average", mean, 20, 1,
        "Average of the last closing prices: it smooths the noise so that you see the direction.",
        "Arithmetic mean of the last n closes. Lags by (n - 1) / 2 bars.",
        "Sum of n closes / n (TA-Lib SMA)", minimum=1,
    ),
    _single(
        "ema", "Exponential moving average", exponential, 20, 1,
        "An average that gives the latest days more weight, so it turns sooner than a simple one.",
        "Weight 2 / (n + 1), seeded with the simple mean of the first n closes.",
        "EMA = a x close + (1 - a) x EMA before, a = 2 / (n + 1) (TA-Lib EMA)", minimum=1, role="average_2",
    ),
    _single(
        "wma", "Weighted moving average", lambda x, n: ta("WMA", x, n), 20, 1,
        "An average in which each day counts a little more than the day before.",
        "Linear weights 1 to n, the newest close weighs n.",
        "Sum of i x close(i) / (n (n + 1) / 2) (TA-Lib WMA)", role="average_3",
    ),
    _single(
        "dema", "Double exponential average", lambda x, n: ta("DEMA", x, n), 20, 2,
        "A quicker average: it follows the price with less delay than the exponential one.",
        "2 EMA - EMA(EMA); removes the first-order lag.",
        "P. Mulloy, Stocks & Commodities, 1994 (TA-Lib DEMA)", role="average_2",
    ),
    _single(
        "tema", "Triple exponential average", lambda x, n: ta("TEMA", x, n), 20, 3,
        "An even quicker average. It turns early and therefore errs more often.",
        "3 EMA - 3 EMA(EMA) + EMA(EMA(EMA)).",
        "P. Mulloy, Stocks & Commodities, 1994 (TA-Lib TEMA)", role="average_3",
    ),
    _single(
        "trima", "Triangular moving average", lambda x, n: ta("TRIMA", x, n), 20, 1,
        "A very smooth average in which the middle days count most.",
        "Mean of a simple mean; weights rise to the middle of the window and fall again.",
        "Simple mean taken twice over about n / 2 bars (TA-Lib TRIMA)", role="average_3",
    ),
    Indicator(
        "kama", "Kaufman's adaptive average", _GROUP, "price", ("close",), (length(10),),
        (Output("kama", "KAMA", role="average_2", rule="kama"),), lambda x, n: ta("KAMA", x, n), lambda n: n,
        "An average that is quick when the price has a direction and slow when it only wobbles.",
        "Smoothing constant from the efficiency ratio over n bars, between EMA 2 and EMA 30.",
        "P. Kaufman, Trading Systems and Methods (TA-Lib KAMA)", free_input=True,
    ),
    Indicator(
        "hma", "Hull moving average", _GROUP, "price", ("close",), (length(20, 4),),
        (Output("hma", "HMA", role="average_3", rule="hma"),), hull, lambda n: n + math.isqrt(n) - 2,
        "A smooth average with very little delay.",
        "WMA(2 WMA(n / 2) - WMA(n), sqrt n); halves and roots are rounded down. It overshoots at sharp turns.",
        "A. Hull, 2005", free_input=True,
    ),
    Indicator(
        "vwma", "Volume-weighted moving average", _GROUP, "price", ("close", "volume"), (length(20, 1),),
        (Output("vwma", "VWMA", role="average_2", rule="vwma"),), volume_weighted, lambda n: n - 1,
        "An average in which days with much trading count more.",
        "Rolling sum of close x volume over rolling volume.",
        "Sum of close x volume / sum of volume over n bars",
    ),
    _single(
        "linreg", "Linear regression", lambda x, n: ta("LINEARREG", x, n), 20, 1,
        "Where a straight line through the last days ends today.",
        "End point of the least-squares line over n closes.",
        "Least squares over n closes, value at the newest (TA-Lib LINEARREG)", role="average_3",
    ),
    Indicator(
        "highest", "Highest value", _GROUP, "price", ("high",), (length(252, 1),),
        (Output("highest", "Highest", role="up", rule="highest"),), highest, lambda n: n - 1,
        "The highest price of the last days: a break above it is a new high.",
        "Rolling maximum of the highs.", "Maximum of n highs (TA-Lib MAX)", free_input=True,
    ),
    Indicator(
        "lowest", "Lowest value", _GROUP, "price", ("low",), (length(252, 1),),
        (Output("lowest", "Lowest", role="down", rule="lowest"),), lowest, lambda n: n - 1,
        "The lowest price of the last days: a break below it is a new low.",
        "Rolling minimum of the lows.", "Minimum of n lows (TA-Lib MIN)", free_input=True,
    ),
)  # fmt: skip

