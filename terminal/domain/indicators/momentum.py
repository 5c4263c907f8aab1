"""Oscillators and the strength of trends."""

from __future__ import annotations

import numpy as np

from terminal.domain.indicators.model import Array, Indicator, Output, bars, length
from terminal.domain.indicators.talib import exponential, mean, ratio, ta, total, unknown

_HLC = ("high", "low", "close")
_MOMENTUM = "Momentum"
_TREND = "Trend strength"


def relative_strength(close: Array, count: int) -> Array:
    """Wilder's RSI, 0 to 100; unknown where nothing ever moved."""
    moved = np.maximum.accumulate(np.abs(np.diff(close, prepend=close[:1])) > 0)
    return np.where(moved, ta("RSI", close, count), np.nan)


def stochastic_rsi(close: Array, count: int, span: int, smooth: int, signal: int) -> tuple[Array, Array]:
    """%K and %D of the RSI's place within its own range of `span` bars."""
    strength = relative_strength(close, count)
    if np.isnan(strength).all():
        return unknown(close), unknown(close)
    line = _known(strength, lambda rsi: stochastic(rsi, rsi, rsi, span, smooth, 1)[0])
    return line, mean(line, signal)


def moving_average_convergence(close: Array, fast: int, slow: int, signal: int) -> tuple[Array, Array, Array]:
    """MACD line, its signal and their difference; unknown unless `fast` is below `slow`."""
    if fast < 2 or slow < 2 or fast >= slow:
        return unknown(close), unknown(close), unknown(close)
    line, average, difference = ta("MACD", close, fast, slow, signal)
    return line, average, difference


def percentage_oscillator(close: Array, fast: int, slow: int, signal: int) -> tuple[Array, Array, Array]:
    """MACD as a fraction of the slow mean, its signal and their difference."""
    if fast >= slow:
        return unknown(close), unknown(close), unknown(close)
    line = ratio(exponential(close, fast) - exponential(close, slow), exponential(close, slow))
    average = exponential(line, signal)
    return line, average, line - average


def stochastic(high: Array, low: Array, close: Array, count: int, smooth: int, signal: int) -> tuple[Array, Array]:
    """Slow %K, the smoothed place of the close within the range of `count` bars, and its mean %D."""
    line = ta("STOCH", high, low, close, count, smooth, 0, 1, 0)[0]
    return line, mean(line, signal)


def directional(high: Array, low: Array, close: Array, count: int) -> tuple[Array, Array, Array]:
    """Wilder's ADX with +DI and -DI."""
    return ta("ADX", high, low, close, count), ta("PLUS_DI", high, low, close, count), ta("MINUS_DI", high, low, close, count)


def aroon(high: Array, low: Array, count: int) -> tuple[Array, Array]:
    """Aroon up and down: 100 when the extreme of `count` bars is today's, 0 when it lies `count` bars back."""
    down, up = ta("AROON", high, low, count)
    return up, down


def awesome(high: Array, low: Array, fast: int, slow: int) -> Array:
    """Mean of the bars' middles over `fast` bars minus that over `slow`."""
    centre = (high + low) / 2
    return mean(centre, fast) - mean(centre, slow)


def true_strength(close: Array, slow: int, fast: int, signal: int) -> tuple[Array, Array]:
    """Twice smoothed change over twice smoothed size of change, times 100, and its exponential mean."""
    change = np.diff(close, prepend=np.nan)
    line = 100 * ratio(exponential(exponential(change, slow), fast), exponential(exponential(np.abs(change), slow), fast))
    return line, exponential(line, signal)


def vortex(high: Array, low: Array, close: Array, count: int) -> tuple[Array, Array]:
    """VI+ and VI-: upward and downward reach over true range."""
    plus, minus, reach = unknown(high), unknown(high), unknown(high)
    plus[1:], minus[1:] = np.abs(high[1:] - low[:-1]), np.abs(low[1:] - high[:-1])
    reach[1:] = np.maximum(high[1:], close[:-1]) - np.minimum(low[1:], close[:-1])
    sums = [_known(each, lambda values: total(values, count)) for each in (plus, minus, reach)]
    return ratio(sums[0], sums[2]), ratio(sums[1], sums[2])


def detrended(close: Array, count: int) -> Array:
    """Close half a window (and one bar) ago minus the present mean."""
    back = count // 2 + 1
    before = unknown(close)
    before[back:] = close[:-back] if len(close) > back else close[:0]
    return before - mean(close, count)


def _known(values: Array, kernel: object) -> Array:
    """The kernel over what follows the leading unknown values."""
    known = np.flatnonzero(~np.isnan(values))
    result = unknown(values)
    if len(known):
        first = int(known[0])
        result[first:] = kernel(values[first:])  # type: ignore[operator]
    return result


def _one(name: str, title: str, role: str = "accent") -> tuple[Output, ...]:
    return (Output(name, title, role=role, rule=name),)


_MACD = (bars("fast", "Fast length", 12, 1), bars("slow", "Slow length", 26, 1), bars("signal", "Signal length", 9, 1))


def _convergence(rule: str, line: str) -> tuple[Output, ...]:
    return (
        Output(rule, line, "line", "accent", rule),
        Output("signal", "Signal", "line", "average_1", f"{rule}_signal"),
        Output("histogram", "Histogram", "histogram", "sign", f"{rule}_histogram"),
    )


MOMENTUM = (
    Indicator(
        "rsi", "Relative strength index", _MOMENTUM, "own", ("close",), (length(14),), _one("rsi", "RSI", "average_2"),
        relative_strength, lambda n: n,
        "0 to 100: below 30 many see it as oversold, above 70 as overbought.",
        "Wilder-smoothed gains over gains plus losses; unknown until the price has moved once.",
        "J. W. Wilder, New Concepts in Technical Trading Systems, 1978 (TA-Lib RSI)", (30, 50, 70), "", True,
    ),
    Indicator(
        "stochrsi", "Stochastic RSI", _MOMENTUM, "own", ("close",),
        (length(14), bars("span", "Stochastic length", 14, 1), bars("smooth", "Smoothing of %K", 3, 1),
         bars("signal", "Smoothing of %D", 3, 1)),
        (Output("k", "%K", "line", "accent", "stochrsi"), Output("d", "%D", "line", "average_1", "stochrsi_d")), stochastic_rsi,
        lambda n, s, k, d: (n + s + k - 2, n + s + k + d - 3),
        "RSI within its own recent range: it reacts sooner than RSI and errs more often.",
        "Stochastic of RSI, both lines smoothed by simple means.", "T. Chande, S. Kroll, The New Technical Trader, 1994",
        (20, 80), "", True,
    ),
    Indicator(
        "macd", "MACD", _MOMENTUM, "own", ("close",), _MACD, _convergence("macd", "MACD"), moving_average_convergence,
        lambda f, s, g: s + g - 2,
        "Short minus long average: above 0 the price is picking up. Crossing its signal line is seen as a turn.",
        "EMA 12 - EMA 26, signal EMA 9; all lines begin with the first signal value.",
        "G. Appel (TA-Lib MACD)", (0,), "price", True,
    ),
    Indicator(
        "ppo", "Percentage price oscillator", _MOMENTUM, "own", ("close",), _MACD, _convergence("ppo", "PPO"),
        percentage_oscillator, lambda f, s, g: (s - 1, s + g - 2, s + g - 2),
        "MACD in percent of the price, so that dear and cheap shares can be compared.",
        "(EMA 12 - EMA 26) / EMA 26 and its EMA 9, as fractions.", "G. Appel: MACD / slow EMA", (0,), "fraction", True,
    ),
    Indicator(
        "stochastic", "Stochastic", _MOMENTUM, "own", _HLC,
        (length(14, 1), bars("smooth", "Smoothing of %K", 3, 1), bars("signal", "Smoothing of %D", 3, 1)),
        (Output("k", "%K", "line", "accent", "stochastic"), Output("d", "%D", "line", "average_1", "stochastic_d")), stochastic,
        lambda n, k, d: (n + k - 2, n + k + d - 3),
        "0 to 100: where the price stands in its recent range. Near 100 is the top of it.",
        "Slow stochastic: %K smoothed by a simple mean, %D the mean of %K.", "G. Lane (TA-Lib STOCH)", (20, 80), "",
    ),
    Indicator(
        "cci", "Commodity channel index", _MOMENTUM, "own", _HLC, (length(20),), _one("cci", "CCI"),
        lambda h, lo, c, n: ta("CCI", h, lo, c, n), lambda n: n - 1,
        "How unusual the price is against its recent average. Beyond 100 or -100 is unusual.",
        "Distance of the typical price from its mean in mean deviations, over 0.015.",
        "D. Lambert, 1980 (TA-Lib CCI)", (-100, 0, 100), "",
    ),
    Indicator(
        "roc", "Rate of change", _MOMENTUM, "own", ("close",), (length(10, 1),), _one("roc", "ROC"),
        lambda x, n: ta("ROCP", x, n), lambda n: n,
        "Change of the price over 10 sessions.", "Close / close n bars ago - 1, a fraction.",
        "close / close(n) - 1 (TA-Lib ROCP)", (0,), "fraction", True,
    ),
    Indicator(
        "momentum", "Momentum", _MOMENTUM, "own", ("close",), (length(10, 1),),
        (Output("momentum", "Momentum", role="accent", rule="mom"),), lambda x, n: ta("MOM", x, n), lambda n: n,
        "How much dearer or cheaper it is than some days ago, in money.", "Close minus close n bars ago.",
        "close - close(n) (TA-Lib MOM)", (0,), "price", True,
    ),
    Indicator(
        "willr", "Williams %R", _MOMENTUM, "own", _HLC, (length(14),), _one("willr", "%R"),
        lambda h, lo, c, n: ta("WILLR", h, lo, c, n), lambda n: n - 1,
        "-100 to 0: near 0 is the top of the recent range.", "-100 x (highest high - close) / range of n bars.",
        "L. Williams (TA-Lib WILLR)", (-80, -20), "",
    ),
    Indicator(
        "trix", "TRIX", _MOMENTUM, "own", ("close",), (length(15),), _one("trix", "TRIX"),
        lambda x, n: ta("TRIX", x, n) / 100, lambda n: 3 * n - 2,
        "Daily change of a very smooth average: above 0 the trend is up.", "One-bar rate of change of a triple EMA, a fraction.",
        "J. Hutson, 1983 (TA-Lib TRIX)", (0,), "fraction", True,
    ),
    Indicator(
        "ultimate", "Ultimate oscillator", _MOMENTUM, "own", _HLC,
        (bars("short", "Short length", 7, 1), bars("medium", "Medium length", 14, 1), bars("long", "Long length", 28, 1)),
        _one("ultimate", "Ultimate"), lambda h, lo, c, a, b, d: ta("ULTOSC", h, lo, c, a, b, d), max,
        "Buying pressure over three spans in one number, 0 to 100.", "Buying pressure over true range, weighted 4 : 2 : 1.",
        "L. Williams, 1985 (TA-Lib ULTOSC)", (30, 50, 70), "",
    ),
    Indicator(
        "cmo", "Chande momentum oscillator", _MOMENTUM, "own", ("close",), (length(14),), _one("cmo", "CMO"),
        lambda x, n: ta("CMO", x, n), lambda n: n,
        "-100 to 100: how much of all movement went up rather than down.",
        "100 x (gains - losses) / (gains + losses), Wilder-smoothed.", "T. Chande, 1994 (TA-Lib CMO)", (-50, 0, 50), "", True,
    ),
    Indicator(
        "awesome", "Awesome oscillator", _MOMENTUM, "own", ("high", "low"),
        (bars("fast", "Fast length", 5, 1), bars("slow", "Slow length", 34, 1)),
        (Output("awesome", "AO", "histogram", "sign", "awesome"),), awesome, lambda f, s: max(f, s) - 1,
        "Recent days against a longer stretch: bars above 0 mean the price is gaining.",
        "SMA 5 - SMA 34 of (high + low) / 2.", "B. Williams, Trading Chaos", (0,), "price",
    ),
    Indicator(
        "tsi", "True strength index", _MOMENTUM, "own", ("close",),
        (bars("slow", "Slow length", 25), bars("fast", "Fast length", 13), bars("signal", "Signal length", 7)),
        (Output("tsi", "TSI", "line", "accent", "tsi"), Output("signal", "Signal", "line", "average_1", "tsi_signal")),
        true_strength, lambda s, f, g: (s + f - 1, s + f + g - 2),
        "-100 to 100: smoothed momentum. Above 0 buyers have the upper hand.",
        "100 x EMA(EMA(change)) / EMA(EMA(|change|)).", "W. Blau, Momentum, Direction and Divergence, 1995", (-25, 0, 25), "",
        True,
    ),
    Indicator(
        "dpo", "Detrended price oscillator", _MOMENTUM, "own", ("close",), (length(20),), _one("dpo", "DPO"), detrended,
        lambda n: max(n - 1, n // 2 + 1),
        "The price without its trend, to see its swings.", "Close n / 2 + 1 bars ago minus the present SMA; not shifted back.",
        "close(n / 2 + 1) - SMA(n)", (0,), "price", True,
    ),
    Indicator(
        "adx", "Average directional index", _TREND, "own", _HLC, (length(14),),
        (Output("adx", "ADX", "line", "average_1", "adx"), Output("plus_di", "+DI", "line", "up", "plus_di"),
         Output("minus_di", "-DI", "line", "down", "minus_di")),
        directional, lambda n: (2 * n - 1, n, n),
        "How strong the trend is: above 25 is a clear trend, whichever way it goes. +DI above -DI: up.",
        "Wilder's directional movement; ADX is the smoothed |+DI - -DI| / (+DI + -DI).",
        "J. W. Wilder, New Concepts in Technical Trading Systems, 1978 (TA-Lib ADX, PLUS_DI, MINUS_DI)", (20, 25), "",
    ),
    Indicator(
        "aroon", "Aroon", _TREND, "own", ("high", "low"), (length(25),),
        (Output("up", "Aroon up", "line", "up", "aroon_up"), Output("down", "Aroon down", "line", "down", "aroon_down")), aroon,
        lambda n: n,
        "How long ago the last high and low were: 100 means today.", "100 x (n - bars since the extreme of n + 1 bars) / n.",
        "T. Chande, 1995 (TA-Lib AROON)", (30, 70), "",
    ),
    Indicator(
        "aroon_oscillator", "Aroon oscillator", _TREND, "own", ("high", "low"), (length(25),),
        _one("aroon_oscillator", "Aroon oscillator"), lambda h, lo, n: ta("AROONOSC", h, lo, n), lambda n: n,
        "Above 0 the last high is newer than the last low.", "Aroon up minus Aroon down.",
        "T. Chande, 1995 (TA-Lib AROONOSC)", (-50, 0, 50), "",
    ),
    Indicator(
        "vortex", "Vortex", _TREND, "own", _HLC, (length(14, 1),),
        (Output("plus", "VI+", "line", "up", "vortex_plus"), Output("minus", "VI-", "line", "down", "vortex_minus")), vortex,
        lambda n: n,
        "Two lines: the one on top says which way the trend goes.",
        "Sums of |high - low before| and |low - high before| over true range.",
        "E. Botes, D. Siepman, Stocks & Commodities, 2010", (1,), "",
    ),
)  # fmt: skip

