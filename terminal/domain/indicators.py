"""Technical indicators over daily bars, for one series or for many symbols at once.

Classic indicators come from TA-Lib. A kernel takes float64 arrays of one symbol, oldest first, and gives an array of
the same length with NaN where the window is not full; it never looks past the value's own row (tests cut the data
short to prove it). `compute` runs a kernel over a frame of many symbols and turns NaN into null, which is *unknown*.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from types import ModuleType

Array = NDArray[np.float64]
Kernel = Callable[..., Any]


@functools.cache
def _talib() -> ModuleType:
    """TA-Lib, loaded without pandas: it would import pandas (0.2 s, 40 MB) merely to accept its Series."""
    absent = "pandas" not in sys.modules
    if absent:
        sys.modules["pandas"] = None  # type: ignore[assignment]
    try:
        return importlib.import_module("talib")
    finally:
        if absent:
            del sys.modules["pandas"]


@dataclass(frozen=True)
class Indicator:
    """One indicator. `inputs` are bar columns, `parameters` the names and defaults of its numbers.

    With `free_input` the single input may be any series, not only the bar column it defaults to.
    `warmup` gives the number of rows without a value at the start, for the given parameters.
    """

    name: str
    title: str
    inputs: tuple[str, ...]
    parameters: tuple[tuple[str, float], ...]
    kernel: Kernel
    warmup: Callable[..., int]
    free_input: bool = False

    def settings(self, given: tuple[float, ...] = ()) -> tuple[float, ...]:
        """The given parameters, filled up with the defaults. Raises ValueError for too many or impossible ones."""
        if len(given) > len(self.parameters):
            raise ValueError(f"{self.name} takes at most {len(self.parameters)} numbers")
        full = (*given, *(default for _, default in self.parameters[len(given) :]))
        for (name, default), value in zip(self.parameters, full, strict=True):
            if isinstance(default, int) and (value != int(value) or not 1 <= value <= 2000):
                raise ValueError(f"{name} of {self.name} must be a whole number from 1 to 2000")
            if isinstance(default, float) and not 0 < value <= 100:
                raise ValueError(f"{name} of {self.name} must be above 0 and at most 100")
        return tuple(
            int(value) if isinstance(default, int) else float(value)
            for (_, default), value in zip(self.parameters, full, strict=True)
        )


def simple_moving_average(values: Array, length: int) -> Array:
    """Mean of the last `length` values; unknown while one of them is unknown."""
    if length > 1 and not np.isnan(values).any():  # many times faster, but one gap would spoil all that follows
        return _lead(_talib().SMA, values, length)
    return pl.Series(values).fill_nan(None).rolling_mean(length).to_numpy().astype(np.float64)


def exponential_moving_average(values: Array, length: int) -> Array:
    """Exponential mean with weight 2 / (length + 1), seeded with the mean of the first `length` values."""
    return _lead(_talib().EMA, values, length)


def relative_strength_index(close: Array, length: int) -> Array:
    """Wilder's RSI, 0 to 100 (New Concepts in Technical Trading Systems, 1978); unknown where nothing ever moved."""
    if length < 2:
        return np.full(len(close), np.nan)
    result = _lead(_talib().RSI, close, length)
    moved = np.maximum.accumulate(np.abs(np.diff(close, prepend=close[:1])) > 0) if len(close) else np.zeros(0, bool)
    return np.where(moved, result, np.nan)


def average_true_range(high: Array, low: Array, close: Array, length: int) -> Array:
    """Wilder's average true range, in price units."""
    return _lead(_talib().ATR, high, low, close, length)


def average_directional_index(high: Array, low: Array, close: Array, length: int) -> Array:
    """Wilder's ADX, 0 to 100: how strong a trend is, whatever its direction."""
    return _lead(_talib().ADX, high, low, close, length) if length > 1 else np.full(len(close), np.nan)


def macd_line(close: Array, fast: int, slow: int, signal: int) -> Array:
    """Fast minus slow exponential mean (Appel)."""
    return _macd(close, fast, slow, signal)[0]


def macd_signal(close: Array, fast: int, slow: int, signal: int) -> Array:
    """Exponential mean of the MACD line."""
    return _macd(close, fast, slow, signal)[1]


def macd_histogram(close: Array, fast: int, slow: int, signal: int) -> Array:
    """MACD line minus its signal line."""
    return _macd(close, fast, slow, signal)[2]


def bollinger_upper(close: Array, length: int, width: float) -> Array:
    """Mean plus `width` population standard deviations of the last `length` closes."""
    return _bands(close, length, width)[0]


def bollinger_lower(close: Array, length: int, width: float) -> Array:
    """Mean minus `width` population standard deviations of the last `length` closes."""
    return _bands(close, length, width)[1]


def stochastic_k(high: Array, low: Array, close: Array, length: int, smooth: int) -> Array:
    """Slow %K: place of the close within the range of `length` sessions, smoothed; 0 to 100."""
    return _clean(
        lambda: _talib().STOCH(high, low, close, fastk_period=length, slowk_period=smooth, slowd_period=1)[0], (high, low, close)
    )


def on_balance_volume(close: Array, volume: Array) -> Array:
    """Running sum of volume, signed by the direction of the close (Granville)."""
    return _lead(_talib().OBV, close, volume)


def rate_of_change(close: Array, length: int) -> Array:
    """Close / close `length` sessions ago - 1, a fraction."""
    return _lead(_talib().ROCP, close, length)


def money_flow_index(high: Array, low: Array, close: Array, volume: Array, length: int) -> Array:
    """RSI of typical price weighted by volume, 0 to 100."""
    return _lead(_talib().MFI, high, low, close, volume, length) if length > 1 else np.full(len(close), np.nan)


def commodity_channel_index(high: Array, low: Array, close: Array, length: int) -> Array:
    """Distance of typical price from its mean in mean deviations, over 0.015 (Lambert)."""
    return _lead(_talib().CCI, high, low, close, length) if length > 1 else np.full(len(close), np.nan)


def williams_r(high: Array, low: Array, close: Array, length: int) -> Array:
    """Williams' %R, -100 to 0."""
    return _lead(_talib().WILLR, high, low, close, length) if length > 1 else np.full(len(close), np.nan)


def rolling_extreme(values: Array, length: int, highest: bool) -> Array:
    """Highest or lowest of the last `length` values; unknown while one of them is unknown."""
    if length > 1 and not np.isnan(values).any():
        return _lead(_talib().MAX if highest else _talib().MIN, values, length)
    series = pl.Series(values).fill_nan(None)
    return (series.rolling_max(length) if highest else series.rolling_min(length)).to_numpy().astype(np.float64)


def rolling_deviation(values: Array, length: int) -> Array:
    """Sample standard deviation of the last `length` values."""
    return pl.Series(values).fill_nan(None).rolling_std(length).to_numpy().astype(np.float64)


def _macd(close: Array, fast: int, slow: int, signal: int) -> tuple[Array, Array, Array]:
    empty = np.full(len(close), np.nan)
    if fast < 2 or slow < 2 or fast >= slow:
        return empty, empty, empty
    values = np.ascontiguousarray(close, dtype=np.float64)
    if not len(values) or np.isnan(values).all():
        return empty, empty, empty
    line, mean, histogram = _talib().MACD(values, fast, slow, signal)
    return line, mean, histogram


def _bands(close: Array, length: int, width: float) -> tuple[Array, Array]:
    series = pl.Series(close).fill_nan(None)
    mean = series.rolling_mean(length).to_numpy().astype(np.float64)
    spread = series.rolling_std(length, ddof=0).to_numpy().astype(np.float64)
    return mean + width * spread, mean - width * spread


def _lead(function: Kernel, *arguments: Any) -> Array:
    arrays = tuple(np.ascontiguousarray(each, dtype=np.float64) for each in arguments if isinstance(each, np.ndarray))
    numbers = [each for each in arguments if not isinstance(each, np.ndarray)]
    return _clean(lambda: function(*arrays, *numbers), arrays)


def _clean(run: Callable[[], Any], arrays: tuple[Array, ...]) -> Array:
    """TA-Lib's answer, or all unknown where it has no data to begin with."""
    length = len(arrays[0])
    if not length or any(np.isnan(each).all() for each in arrays):
        return np.full(length, np.nan)
    return np.asarray(run(), dtype=np.float64)


_HLC = ("high", "low", "close")
_MACD = (("fast", 12), ("slow", 26), ("signal", 9))

INDICATORS: dict[str, Indicator] = {
    each.name: each
    for each in (
        Indicator("sma", "Simple moving average", ("close",), (("length", 20),), simple_moving_average, lambda n: n - 1, True),
        Indicator(
            "ema", "Exponential moving average", ("close",), (("length", 20),), exponential_moving_average, lambda n: n - 1, True
        ),
        Indicator("rsi", "Relative strength index", ("close",), (("length", 14),), relative_strength_index, lambda n: n, True),
        Indicator("atr", "Average true range", _HLC, (("length", 14),), average_true_range, lambda n: n),
        Indicator("adx", "Average directional index", _HLC, (("length", 14),), average_directional_index, lambda n: 2 * n - 1),
        Indicator("macd", "MACD line", ("close",), _MACD, macd_line, lambda f, s, g: s + g - 2, True),
        Indicator("macd_signal", "MACD signal line", ("close",), _MACD, macd_signal, lambda f, s, g: s + g - 2, True),
        Indicator("macd_histogram", "MACD histogram", ("close",), _MACD, macd_histogram, lambda f, s, g: s + g - 2, True),
        Indicator(
            "bollinger_upper",
            "Upper Bollinger band",
            ("close",),
            (("length", 20), ("width", 2.0)),
            bollinger_upper,
            lambda n, w: n - 1,
            True,
        ),
        Indicator(
            "bollinger_lower",
            "Lower Bollinger band",
            ("close",),
            (("length", 20), ("width", 2.0)),
            bollinger_lower,
            lambda n, w: n - 1,
            True,
        ),
        Indicator("stochastic", "Stochastic %K", _HLC, (("length", 14), ("smooth", 3)), stochastic_k, lambda n, s: n + s - 2),
        Indicator("obv", "On-balance volume", ("close", "volume"), (), on_balance_volume, lambda: 0),
        Indicator("roc", "Rate of change", ("close",), (("length", 10),), rate_of_change, lambda n: n, True),
        Indicator("mfi", "Money flow index", (*_HLC, "volume"), (("length", 14),), money_flow_index, lambda n: n),
        Indicator("cci", "Commodity channel index", _HLC, (("length", 20),), commodity_channel_index, lambda n: n - 1),
        Indicator("willr", "Williams %R", _HLC, (("length", 14),), williams_r, lambda n: n - 1),
        Indicator(
            "highest",
            "Highest value",
            ("high",),
            (("length", 252),),
            lambda values, n: rolling_extreme(values, n, True),
            lambda n: n - 1,
            True,
        ),
        Indicator(
            "lowest",
            "Lowest value",
            ("low",),
            (("length", 252),),
            lambda values, n: rolling_extreme(values, n, False),
            lambda n: n - 1,
            True,
        ),
        Indicator("avg", "Average", ("close",), (("length", 20),), simple_moving_average, lambda n: n - 1, True),
        Indicator("stdev", "Standard deviation", ("close",), (("length", 20),), rolling_deviation, lambda n: n - 1, True),
    )
}


def slices(symbols: pl.Series) -> list[slice]:
    """The run of rows of each symbol, in order. `symbols` must be sorted so that equal ones are neighbours."""
    if not len(symbols):
        return []
    ids = symbols.rle_id().to_numpy()
    edges = np.flatnonzero(np.diff(ids)) + 1
    return [slice(int(a), int(b)) for a, b in zip([0, *edges], [*edges, len(ids)], strict=True)]


def compute(
    frame: pl.DataFrame,
    name: str,
    *parameters: float,
    inputs: tuple[pl.Series, ...] | None = None,
    runs: list[slice] | None = None,
) -> pl.Series:
    """Indicator `name` for every row of `frame` (sorted by symbol, date); null where unknown.

    `inputs` replaces the bar columns the indicator reads; `runs` are the `slices` of the frame's symbols, if at hand.
    Raises KeyError for an unknown indicator, ValueError for impossible parameters.
    """
    indicator = INDICATORS[name]
    settings = indicator.settings(parameters)
    series = inputs if inputs is not None else tuple(frame[column] for column in indicator.inputs)
    arrays = [each.cast(pl.Float64).to_numpy() for each in series]
    result = np.full(frame.height, np.nan)
    for run in slices(frame["symbol"]) if runs is None else runs:
        result[run] = indicator.kernel(*(each[run] for each in arrays), *settings)
    return pl.Series(name, np.where(np.isfinite(result), result, np.nan)).fill_nan(None)
