"""Values that begin anew with each session, week, month or year: VWAP and pivot points.

A period that the bars only show from its middle gives nothing: what is missing of it would make the numbers wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.indicators.model import Array, Indicator, Output, Parameter
from terminal.domain.indicators.talib import ratio, unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from numpy.typing import NDArray

_HLC = ("high", "low", "close")
_GROUP = "Levels"
_SPANS = {"session": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_ZONE = "America/New_York"
_OPENING = 9 * 60 + 35  # minutes of the day by which a whole session has shown its first bar


def periods(times: pl.Series, period: str) -> tuple[NDArray[np.int64], bool]:
    """The number of the period each bar lies in, from 0, and whether the first one is there from its beginning.

    `times`: days, or moments (aware), then the day in New York counts. "auto": sessions for moments, months for days.
    """
    days, intraday = _days(times)
    if period == "auto":
        period = "session" if intraday else "month"
    starts = days.dt.truncate(_SPANS[period])
    numbers = starts.rle_id().to_numpy().astype(np.int64)
    return numbers, _begun(times, starts[0])


def session_vwap(times: pl.Series, high: Array, low: Array, close: Array, volume: Array, period: str) -> Array:
    """Mean typical price since the period began, weighted by volume."""
    numbers, whole = periods(times, period)
    value = _weighted((high + low + close) / 3, volume, np.flatnonzero(np.diff(numbers, prepend=-1)))
    return value if whole else np.where(numbers == 0, np.nan, value)


def anchored_vwap(times: pl.Series, high: Array, low: Array, close: Array, volume: Array, anchor: str) -> Array:
    """Mean typical price since the day `anchor` (ISO; "": the first bar), weighted by volume; unknown before it."""
    if not anchor:
        return _weighted((high + low + close) / 3, volume, np.zeros(1, dtype=np.int64))
    day = pl.Series([anchor]).str.to_date()[0]
    days, _ = _days(times)
    first = int((days < day).sum())
    result = unknown(close)
    if first < len(close) and (first or _begun(times, day)):
        typical = (high + low + close)[first:] / 3
        result[first:] = _weighted(typical, volume[first:], np.zeros(1, dtype=np.int64))
    return result


def pivots(kind: Callable[..., tuple[Array, ...]]) -> Callable[..., tuple[Array, ...]]:
    """A kernel that gives the levels `kind` makes of the high, low and close of the period before."""

    def kernel(times: pl.Series, high: Array, low: Array, close: Array, period: str) -> tuple[Array, ...]:
        numbers, whole = periods(times, period)
        edges = np.flatnonzero(np.diff(numbers, prepend=-1))
        tops, bottoms = np.maximum.reduceat(high, edges), np.minimum.reduceat(low, edges)
        ends = close[np.append(edges[1:], len(close)) - 1]
        if not whole:
            tops[0] = np.nan
        levels = kind(tops, bottoms, ends)
        before = numbers - 1
        return tuple(np.where(before < 0, np.nan, each[before]) for each in levels)

    return kernel


def classic(high: Array, low: Array, close: Array) -> tuple[Array, ...]:
    """P = (H + L + C) / 3; R1 = 2P - L, R2 = P + (H - L), R3 = H + 2 (P - L), and the supports mirrored."""
    pivot, reach = (high + low + close) / 3, high - low
    return (
        pivot, 2 * pivot - low, pivot + reach, high + 2 * (pivot - low),
        2 * pivot - high, pivot - reach, low - 2 * (high - pivot),
    )  # fmt: skip


def fibonacci(high: Array, low: Array, close: Array) -> tuple[Array, ...]:
    """P = (H + L + C) / 3 plus and minus 0.382, 0.618 and 1 times the range."""
    pivot, reach = (high + low + close) / 3, high - low
    return (pivot, *(pivot + sign * share * reach for sign in (1, -1) for share in (0.382, 0.618, 1.0)))


def camarilla(high: Array, low: Array, close: Array) -> tuple[Array, ...]:
    """P = (H + L + C) / 3; close plus and minus 1.1 / 12, 1.1 / 6 and 1.1 / 4 of the range."""
    reach = high - low
    steps = tuple(close + sign * 1.1 * reach / part for sign in (1, -1) for part in (12, 6, 4))
    return ((high + low + close) / 3, *steps)


def _days(times: pl.Series) -> tuple[pl.Series, bool]:
    if times.dtype == pl.Date:
        return times, False
    return times.dt.convert_time_zone(_ZONE).dt.date(), True


def _begun(times: pl.Series, start: date) -> bool:
    """Whether bars that begin like these show a period that starts on the day `start` whole, one holiday allowed."""
    days, intraday = _days(times.head(1))
    late = int(np.busday_count(np.datetime64(str(start)), np.datetime64(str(days[0]))))
    if days[0] < start or late > 1:
        return False
    if not intraday:
        return True
    clock = times.head(1).dt.convert_time_zone(_ZONE)
    return int(clock.dt.hour()[0]) * 60 + int(clock.dt.minute()[0]) <= _OPENING


def _weighted(price: Array, volume: Array, starts: NDArray[np.int64]) -> Array:
    """Running mean of `price` by `volume` that begins anew at each of `starts`; unknown before the first trade."""
    result = np.empty(len(price))
    for first, end in zip(starts, [*starts[1:], len(price)], strict=True):
        part = slice(int(first), int(end))
        result[part] = ratio(np.cumsum(price[part] * volume[part]), np.cumsum(volume[part]))
    return result


_PERIOD = Parameter("period", "Begins anew each", "auto", choices=("auto", *_SPANS), kind="choice")


def _points() -> tuple[Output, ...]:
    return (
        Output("pivot", "Pivot", "line", "average_1"),
        *(Output(f"r{n}", f"Resistance {n}", "line", "down") for n in (1, 2, 3)),
        *(Output(f"s{n}", f"Support {n}", "line", "up") for n in (1, 2, 3)),
    )


_POINTS = "Prices at which many expect the price to pause: supports below, resistances above."

LEVELS = (
    Indicator(
        "vwap", "VWAP", _GROUP, "price", (*_HLC, "volume"), (_PERIOD,), (Output("vwap", "VWAP", role="average_3"),),
        session_vwap, lambda p: None,
        "The average price that was really paid, counting each trade's size. Above it buyers of this period are in profit.",
        "Cumulative typical price x volume over volume, per session (minute bars) or month (daily bars) unless chosen. "
        "A period not there from its beginning is unknown.",
        "Sum of (high + low + close) / 3 x volume / sum of volume", timed=True,
    ),
    Indicator(
        "avwap", "Anchored VWAP", _GROUP, "price", (*_HLC, "volume"), (Parameter("anchor", "From", "", kind="date"),),
        (Output("avwap", "Anchored VWAP", role="average_2"),), anchored_vwap, lambda a: None,
        "The average price paid since a day you choose, such as a report: are those who bought since then in profit?",
        "VWAP from the first bar of the anchor's day on; unknown before it, and when the bars begin later.",
        "Sum of (high + low + close) / 3 x volume / sum of volume since the anchor", timed=True,
    ),
    Indicator(
        "pivots", "Pivot points", _GROUP, "price", _HLC, (_PERIOD,), _points(), pivots(classic), lambda p: None, _POINTS,
        "Classic floor pivots from the period before: session for minute bars, month for daily ones, unless chosen.",
        "P = (H + L + C) / 3, R1 = 2P - L, R2 = P + H - L, R3 = H + 2 (P - L), supports mirrored", timed=True,
    ),
    Indicator(
        "pivots_fibonacci", "Fibonacci pivot points", _GROUP, "price", _HLC, (_PERIOD,), _points(), pivots(fibonacci),
        lambda p: None, _POINTS, "Pivot plus and minus 0.382, 0.618 and 1 range of the period before.",
        "P = (H + L + C) / 3, P +- 0.382, 0.618, 1 x (H - L)", timed=True,
    ),
    Indicator(
        "pivots_camarilla", "Camarilla pivot points", _GROUP, "price", _HLC, (_PERIOD,), _points(), pivots(camarilla),
        lambda p: None, _POINTS, "Close plus and minus 1.1 / 12, 1.1 / 6 and 1.1 / 4 of the range of the period before.",
        "N. Scott: C +- 1.1 x (H - L) / 12, / 6, / 4", timed=True,
    ),
)  # fmt: skip
