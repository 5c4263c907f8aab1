"""Bands and trailing stops over the prices."""

from __future__ import annotations

import numpy as np
import polars as pl

from terminal.domain.indicators.model import Array, Indicator, Output, bars, factor, length
from terminal.domain.indicators.talib import exponential, highest, later, lowest, mean, middle, ratio, ta, unknown

_HLC = ("high", "low", "close")
_BANDS = "Bands and channels"
_STOPS = "Trends and stops"


def bollinger(close: Array, count: int, width: float) -> tuple[Array, Array, Array]:
    """Upper and lower band and mean: `width` population standard deviations of the last `count` closes."""
    series = pl.Series(close)
    centre = series.rolling_mean(count).to_numpy().astype(np.float64)
    spread = series.rolling_std(count, ddof=0).to_numpy().astype(np.float64)
    return centre + width * spread, centre - width * spread, centre


def bollinger_width(close: Array, count: int, width: float) -> Array:
    """Distance of the bands as a fraction of their middle."""
    upper, lower, centre = bollinger(close, count, width)
    return ratio(upper - lower, centre)


def bollinger_place(close: Array, count: int, width: float) -> Array:
    """Place of the close between the bands: 0 at the lower, 1 at the upper; unknown where they meet."""
    upper, lower, _ = bollinger(close, count, width)
    return ratio(close - lower, upper - lower)


def keltner(high: Array, low: Array, close: Array, count: int, width: float, span: int) -> tuple[Array, Array, Array]:
    """Upper and lower band and exponential mean: `width` average true ranges over `span` bars."""
    centre, spread = exponential(close, count), ta("ATR", high, low, close, span)
    return centre + width * spread, centre - width * spread, centre


def donchian(high: Array, low: Array, count: int) -> tuple[Array, Array, Array]:
    """Highest high, lowest low and their middle."""
    upper, lower = highest(high, count), lowest(low, count)
    return upper, lower, (upper + lower) / 2


def envelope(close: Array, count: int, percent: float) -> tuple[Array, Array, Array]:
    """Mean plus and minus a percentage of itself."""
    centre = mean(close, count)
    return centre * (1 + percent / 100), centre * (1 - percent / 100), centre


def regression_channel(close: Array, count: int, width: float) -> tuple[Array, Array, Array]:
    """End of the regression line plus and minus `width` standard deviations of the closes around that line."""
    centre, slope = ta("LINEARREG", close, count), ta("LINEARREG_SLOPE", close, count)
    variance = pl.Series(close).rolling_var(count, ddof=0).to_numpy() - slope**2 * (count**2 - 1) / 12
    spread = np.sqrt(np.maximum(variance, 0))
    return centre + width * spread, centre - width * spread, centre


def ichimoku(
    high: Array, low: Array, conversion: int, base: int, leading: int, displacement: int
) -> tuple[Array, Array, Array, Array]:
    """Leading spans A and B, conversion and base line.

    A span's value on a row was known `displacement - 1` rows before (the bar itself is counted, as Hosoda did), so the
    cloud needs no look-ahead. The lagging span is the close drawn back in time: nothing to compute here, since on a row of
    its own it would have to know the future.
    """
    turning, standard = middle(high, low, conversion), middle(high, low, base)
    ahead = displacement - 1
    return later((turning + standard) / 2, ahead), later(middle(high, low, leading), ahead), turning, standard


def supertrend(high: Array, low: Array, close: Array, count: int, width: float) -> tuple[Array, Array]:
    """The trailing stop below a rising and above a falling price; each is unknown while the other one holds.

    Bands `width` average true ranges around the middle of the bar only move towards the price; a close beyond one turns
    the trend.
    """
    reach = width * ta("ATR", high, low, close, count)
    centre = (high + low) / 2
    below, above = (centre - reach).tolist(), (centre + reach).tolist()
    prices = close.tolist()
    rising, falling = unknown(close), unknown(close)
    up, floor, ceiling = True, 0.0, 0.0
    for row in range(count, len(prices)):
        price, before = prices[row], prices[row - 1]
        if row == count:
            floor, ceiling = below[row], above[row]
            up = price >= centre[row]
        else:
            floor = max(floor, below[row]) if before >= floor else below[row]
            ceiling = min(ceiling, above[row]) if before <= ceiling else above[row]
            up = price >= floor if up else price > ceiling
        if up:
            rising[row] = floor
        else:
            falling[row] = ceiling
    return rising, falling


def chandelier(high: Array, low: Array, close: Array, count: int, width: float) -> tuple[Array, Array]:
    """Stops of a long and a short position: `width` average true ranges from the extreme of `count` bars."""
    reach = width * ta("ATR", high, low, close, count)
    return highest(high, count) - reach, lowest(low, count) + reach


def _bands(rule: str) -> tuple[Output, Output, Output]:
    """Upper band, lower band and middle line."""
    return (
        Output("upper", "Upper band", "band", "accent", f"{rule}_upper"),
        Output("lower", "Lower band", "band", "accent", f"{rule}_lower"),
        Output("middle", "Middle line", "line", "average_1", f"{rule}_middle" if rule == "donchian" else ""),
    )


CHANNELS = (
    Indicator(
        "bollinger", "Bollinger Bands", _BANDS, "price", ("close",), (length(20), factor("width", "Deviations", 2.0)),
        _bands("bollinger"), bollinger, lambda n, w: n - 1,
        "The usual range of the price. Narrow bands mean calm, and calm is often followed by a large move.",
        "Simple mean of n closes plus and minus k population standard deviations.",
        "J. Bollinger, Bollinger on Bollinger Bands", free_input=True,
    ),
    Indicator(
        "keltner", "Keltner Channel", _BANDS, "price", _HLC,
        (length(20), factor("width", "Ranges", 2.0), bars("span", "Length of the range", 10)), _bands("keltner"), keltner,
        lambda n, w, m: (m if m > n - 1 else max(n - 1, m), max(n - 1, m), n - 1),
        "A band as wide as the price usually moves in two days. A close outside it is an unusually strong day.",
        "EMA of n closes plus and minus k average true ranges (Wilder).",
        "C. Keltner, in the form of L. Raschke: EMA and ATR",
    ),
    Indicator(
        "donchian", "Donchian Channel", _BANDS, "price", ("high", "low"), (length(20),), _bands("donchian"), donchian,
        lambda n: n - 1,
        "The highest and the lowest price of the last days. Touching the upper line is a new high.",
        "Highest high and lowest low of n bars, the present one included.",
        "R. Donchian: extremes of n bars (TA-Lib MAX, MIN)",
    ),
    Indicator(
        "envelope", "Moving average envelope", _BANDS, "price", ("close",),
        (length(20, 1), factor("percent", "Percent", 2.5, maximum=90)), _bands("envelope")[:3], envelope, lambda n, p: n - 1,
        "An average with a line the same distance above and below it.",
        "Simple mean of n closes times 1 plus and minus p percent.", "SMA x (1 +- p / 100)", free_input=True,
    ),
    Indicator(
        "linreg_channel", "Regression channel", _BANDS, "price", ("close",), (length(50, 3), factor("width", "Deviations", 2.0)),
        _bands("linreg_channel"), regression_channel, lambda n, w: n - 1,
        "A straight line through the last days and the range in which prices scattered around it.",
        "End of the least-squares line plus and minus k standard deviations of the residuals.",
        "Least squares over n closes; deviation = sqrt(residual sum of squares / n)", free_input=True,
    ),
    Indicator(
        "ichimoku", "Ichimoku Cloud", _STOPS, "price", ("high", "low"),
        (bars("conversion", "Conversion line", 9, 1), bars("base", "Base line", 26, 1), bars("leading", "Leading span B", 52, 1),
         bars("displacement", "Displacement", 26, 1)),
        (Output("span_a", "Leading span A", "band", "up", "ichimoku_a"),
         Output("span_b", "Leading span B", "band", "down", "ichimoku_b"),
         Output("conversion", "Conversion line", "line", "accent", "ichimoku_conversion"),
         Output("base", "Base line", "line", "average_1", "ichimoku_base")),
        ichimoku, lambda c, b, s, d: (max(c, b) + d - 2, s + d - 2, c - 1, b - 1),
        "Price above the cloud: the trend is up; below: down; inside: undecided.",
        "Middles of 9, 26 and 52 bar ranges; the spans shown on a bar were known 25 bars before it. The lagging span is the "
        "close drawn 25 bars back; it is no value of a bar and not listed.",
        "G. Hosoda: (highest high + lowest low) / 2",
    ),
    Indicator(
        "supertrend", "SuperTrend", _STOPS, "price", _HLC, (length(10), factor("width", "Ranges", 3.0)),
        (Output("rising", "Rising", "line", "up"), Output("falling", "Falling", "line", "down")), supertrend, lambda n, w: n,
        "A line under a rising price and over a falling one. When the close crosses it, the trend is said to turn.",
        "Trailing bands k Wilder ATRs from the bar's middle that only tighten; a close beyond flips the side.",
        "O. Seban: (high + low) / 2 +- k x ATR",
    ),
    Indicator(
        "sar", "Parabolic SAR", _STOPS, "price", ("high", "low"),
        (factor("step", "Acceleration", 0.02, 0.001, 1), factor("maximum", "Highest acceleration", 0.2, 0.001, 1)),
        (Output("sar", "SAR", "dots", "average_2", "sar"),), lambda h, lo, a, m: ta("SAR", h, lo, a, m), lambda a, m: 1,
        "Dots below a rising price and above a falling one, closer every day. Touching one means: the trend has turned.",
        "Stop and reverse; acceleration grows by the step with each new extreme.",
        "J. W. Wilder, New Concepts in Technical Trading Systems, 1978 (TA-Lib SAR)",
    ),
    Indicator(
        "chandelier", "Chandelier exit", _STOPS, "price", _HLC, (length(22), factor("width", "Ranges", 3.0)),
        (Output("long", "Stop of a long position", "line", "up", "chandelier_long"),
         Output("short", "Stop of a short position", "line", "down", "chandelier_short")),
        chandelier, lambda n, w: n,
        "How far the price may fall from its high before many would sell.",
        "Highest high minus k ATR, and lowest low plus k ATR, over n bars.", "C. Le Beau: extreme -+ k x ATR",
    ),
)  # fmt: skip
