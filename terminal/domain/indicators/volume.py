"""What volume says."""

from __future__ import annotations

import numpy as np

from terminal.domain.indicators.model import Array, Indicator, Output, bars, length
from terminal.domain.indicators.talib import exponential, later, mean, ratio, ta, total

_HLCV = ("high", "low", "close", "volume")
_GROUP = "Volume"


def money_flow(high: Array, low: Array, close: Array, volume: Array, count: int) -> Array:
    """Chaikin's money flow: volume weighted by the close's place in its bar, over volume; -1 to 1."""
    reach = high - low
    place = np.where(reach > 0, (2 * close - high - low) / np.where(reach > 0, reach, 1), 0.0)
    return ratio(total(place * volume, count), total(volume, count))


def relative_volume(volume: Array, count: int) -> Array:
    """Volume over the mean of the `count` bars before it."""
    return ratio(volume, later(mean(volume, count), 1))


def force(close: Array, volume: Array, count: int) -> Array:
    """Exponential mean of change times volume."""
    return exponential(np.diff(close, prepend=np.nan) * volume, count)


VOLUME = (
    Indicator(
        "volume_average", "Average volume", _GROUP, "own", ("volume",), (length(20, 1),),
        (Output("volume_average", "Average volume", role="average_1"),), mean, lambda n: n - 1,
        "How many shares change hands on a usual day.", "Simple mean of n volumes.", "Sum of n volumes / n (TA-Lib SMA)",
        unit="shares",
    ),
    Indicator(
        "relative_volume", "Relative volume", _GROUP, "own", ("volume",), (length(20, 1),),
        (Output("relative_volume", "Relative volume", "histogram", "accent"),), relative_volume, lambda n: n,
        "Today's trading against a usual day: 2 means twice as much.", "Volume / mean volume of the n bars before.",
        "volume / SMA(volume, n) of the bar before", (1,), "",
    ),
    Indicator(
        "obv", "On-balance volume", _GROUP, "own", ("close", "volume"), (), (Output("obv", "OBV", role="accent", rule="obv"),),
        lambda c, v: ta("OBV", c, v), lambda: 0,
        "Adds volume on up days, takes it off on down days.", "Running signed volume; only its course counts, not its level.",
        "J. Granville, 1963 (TA-Lib OBV)", unit="shares",
    ),
    Indicator(
        "ad", "Accumulation / distribution", _GROUP, "own", _HLCV, (), (Output("ad", "A/D", role="accent", rule="ad"),),
        lambda h, lo, c, v: ta("AD", h, lo, c, v), lambda: 0,
        "Rises when shares are bought near the day's high, falls when they are sold near its low.",
        "Running sum of volume x place of the close in its bar.", "M. Chaikin (TA-Lib AD)", unit="shares",
    ),
    Indicator(
        "chaikin", "Chaikin oscillator", _GROUP, "own", _HLCV, (bars("fast", "Fast length", 3), bars("slow", "Slow length", 10)),
        (Output("chaikin", "Chaikin", role="accent", rule="chaikin"),), lambda h, lo, c, v, f, s: ta("ADOSC", h, lo, c, v, f, s),
        lambda f, s: max(f, s) - 1,
        "Whether buying is gathering pace.", "EMA 3 - EMA 10 of accumulation / distribution, both seeded with its first value.",
        "M. Chaikin (TA-Lib ADOSC)", (0,), "shares",
    ),
    Indicator(
        "cmf", "Chaikin money flow", _GROUP, "own", _HLCV, (length(20, 1),), (Output("cmf", "CMF", role="accent", rule="cmf"),),
        money_flow, lambda n: n - 1,
        "-1 to 1: above 0 the closes were near the highs, on volume.",
        "Sum of money flow volume over sum of volume; unknown where nothing was traded.", "M. Chaikin", (0,), "",
    ),
    Indicator(
        "mfi", "Money flow index", _GROUP, "own", _HLCV, (length(14),), (Output("mfi", "MFI", role="average_2", rule="mfi"),),
        lambda h, lo, c, v, n: ta("MFI", h, lo, c, v, n), lambda n: n,
        "Like RSI, but days with more volume count more.", "RSI of typical price x volume, 0 to 100.",
        "G. Quong, A. Soudack (TA-Lib MFI)", (20, 80), "",
    ),
    Indicator(
        "force", "Force index", _GROUP, "own", ("close", "volume"), (length(13),),
        (Output("force", "Force", role="accent", rule="force"),), force, lambda n: n,
        "Change of the price times volume: how hard it was pushed.", "EMA of (close - close before) x volume.",
        "A. Elder, Trading for a Living, 1993", (0,), "",
    ),
)  # fmt: skip
