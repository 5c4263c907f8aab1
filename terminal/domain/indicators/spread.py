"""How much prices move."""

from __future__ import annotations

import numpy as np
import polars as pl

from terminal.domain.indicators.channels import bollinger_place, bollinger_width
from terminal.domain.indicators.model import Array, Indicator, Output, Parameter, factor, length
from terminal.domain.indicators.talib import ta, unknown

_HLC = ("high", "low", "close")
_GROUP = "Volatility"


def average_true_range(high: Array, low: Array, close: Array, count: int) -> Array:
    """Wilder's average true range, in price units."""
    return np.asarray(ta("ATR", high, low, close, count))


def deviation(values: Array, count: int) -> Array:
    """Sample standard deviation of the last `count` values."""
    return pl.Series(values).rolling_std(count).to_numpy().astype(np.float64)


def historical_volatility(close: Array, count: int, year: int) -> Array:
    """Sample standard deviation of `count` logarithmic returns, times the root of the bars a year."""
    if (close <= 0).any():
        return unknown(close)
    returns = pl.Series(np.diff(np.log(close), prepend=np.nan)).fill_nan(None)
    return np.asarray(returns.rolling_std(count).to_numpy() * np.sqrt(year), dtype=np.float64)


SPREAD = (
    Indicator(
        "atr", "Average true range", _GROUP, "own", _HLC, (length(14, 1),), (Output("atr", "ATR", role="average_1", rule="atr"),),
        average_true_range, lambda n: n,
        "How far the price moves on a usual day, in money.",
        "Wilder-smoothed true range: the bar's range, gap to the close before included.",
        "J. W. Wilder, New Concepts in Technical Trading Systems, 1978 (TA-Lib ATR)",
    ),
    Indicator(
        "natr", "Average true range in percent", _GROUP, "own", _HLC, (length(14),),
        (Output("natr", "ATR %", role="average_1", rule="natr"),), lambda h, lo, c, n: ta("NATR", h, lo, c, n) / 100, lambda n: n,
        "How far the price moves on a usual day, in percent of itself.", "ATR / close, a fraction.",
        "ATR / close (TA-Lib NATR)", unit="fraction",
    ),
    Indicator(
        "stdev", "Standard deviation", _GROUP, "own", ("close",), (length(20),),
        (Output("stdev", "Deviation", role="average_1", rule="stdev"),), deviation, lambda n: n - 1,
        "How much the value scatters around its average.", "Sample standard deviation of n closes (divisor n - 1).",
        "sqrt(sum of squared distances from the mean / (n - 1))", free_input=True,
    ),
    Indicator(
        "hv", "Historical volatility", _GROUP, "own", ("close",), (length(20), Parameter("year", "Bars a year", 252, 1, 200_000)),
        (Output("hv", "Volatility", role="average_1", rule="hv"),), historical_volatility, lambda n, y: n,
        "How much the price scattered lately, in percent a year: 20 % is calm, 60 % wild.",
        "Sample deviation of n log returns x sqrt(bars a year), a fraction. Unknown where a price is not above zero.",
        "Deviation of ln(close / close before) x sqrt(252)", unit="fraction", free_input=True,
    ),
    Indicator(
        "bandwidth", "Bollinger band width", _GROUP, "own", ("close",), (length(20), factor("width", "Deviations", 2.0)),
        (Output("bandwidth", "Band width", role="average_1", rule="bandwidth"),), bollinger_width, lambda n, w: n - 1,
        "How wide the Bollinger Bands are. A low value means calm.", "(Upper - lower) / middle, a fraction.",
        "J. Bollinger: (upper - lower) / middle", unit="fraction", free_input=True,
    ),
    Indicator(
        "percent_b", "Bollinger %b", _GROUP, "own", ("close",), (length(20), factor("width", "Deviations", 2.0)),
        (Output("percent_b", "%b", role="average_1", rule="percent_b"),), bollinger_place, lambda n, w: n - 1,
        "Where the price stands between the bands: 0 at the lower one, 1 at the upper one.",
        "(Close - lower) / (upper - lower); unknown where the bands meet.",
        "J. Bollinger: (close - lower) / (upper - lower)", (0, 0.5, 1), "", True,
    ),
)  # fmt: skip
