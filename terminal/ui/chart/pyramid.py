"""Bars and lines at every zoom: a pyramid in which each level merges two entries of the one below.

Pure numpy. The level to draw is the finest whose bars are still at least three and a half pixels wide (a line's points one
and a half), so that a frame costs the same for two thousand bars and five million. `shown` cuts off what comes later, for a
replay: no level then tells anything of a bar that is not shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FACTOR = 2
MIN_PIXELS = 3.6
LINE_PIXELS = 1.5
_SMALLEST = 64


@dataclass(frozen=True, slots=True)
class Level:
    """Arrays of equal length; `step` bars of the finest level went into each."""

    step: int
    open: Numbers
    high: Numbers
    low: Numbers
    close: Numbers
    volume: Numbers

    def __len__(self) -> int:
        return len(self.close)


@dataclass(frozen=True, slots=True)
class Slice:
    """What is to be drawn: entries `first` up to (not including) `last` of a level with `step` bars each."""

    step: int
    first: int
    last: int
    open: Numbers
    high: Numbers
    low: Numbers
    close: Numbers
    volume: Numbers

    def __len__(self) -> int:
        return self.last - self.first

    def centers(self) -> Numbers:
        """Place of each bar on the axis of the finest level."""
        return _centers(self.first, self.last, self.step)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a line: lowest and highest known value of every `step` bars; NaN where none is known."""

    step: int
    first: int
    last: int
    low: Numbers
    high: Numbers

    def __len__(self) -> int:
        return self.last - self.first

    def centers(self) -> Numbers:
        """Place of each entry on the axis of the finest level."""
        return _centers(self.first, self.last, self.step)


class Pyramid:
    """Built once for a chart; memory is twice that of the bars. Its length is the number of bars shown."""

    def __init__(self, level: Level) -> None:
        self.levels = [level]
        self.shown = len(level)
        while len(self.levels[-1]) > _SMALLEST:
            self.levels.append(_merged(self.levels[-1]))

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Pyramid:
        """From bars with date (or `at`), open, high, low, close, volume. Bars without a close are left out; an unknown
        open, high or low is taken from the close, an unknown volume is drawn as none.
        """
        import polars as pl

        time = "date" if "date" in frame.columns else "at"
        frame = frame.filter(pl.col("close").is_not_null()).sort(time)
        filled = frame.select(*(pl.col(name).fill_null(pl.col("close")) for name in ("open", "high", "low", "close")),
                              pl.col("volume").fill_null(0.0))
        return cls(Level(1, **{name: np.ascontiguousarray(filled[name].to_numpy(), np.float64) for name in filled.columns}))

    def __len__(self) -> int:
        return self.shown

    @property
    def bars(self) -> Level:
        """The finest level, all of it: also what is not shown."""
        return self.levels[0]

    def visible(self, start: float, end: float, pixels: float) -> Slice:
        """The slice for an axis range drawn `pixels` wide."""
        chosen = _level(len(self.levels), start, end, pixels, MIN_PIXELS)
        level = self.levels[chosen]
        first, last = _cut(start, end, level.step, self.shown)
        columns = [values[first:last] for values in (level.open, level.high, level.low, level.close, level.volume)]
        part = slice((last - 1) * level.step, self.shown)
        if last > first and self.shown < min(last * level.step, len(self.bars)):  # the newest is shown in part
            rest = _one(self.bars, part)
            columns = [np.append(values[:-1], value) for values, value in zip(columns, rest, strict=True)]
        return Slice(level.step, first, last, *columns)

    def extent(self, start: float, end: float, pixels: float) -> tuple[float, float, float]:
        """Lowest low, highest high and largest volume of what is visible (0, 1, 1 when nothing is)."""
        part = self.visible(start, end, pixels)
        if not len(part):
            return 0.0, 1.0, 1.0
        return float(part.low.min()), float(part.high.max()), float(part.volume.max()) or 1.0


class LinePyramid:
    """The lowest and highest value at every zoom; NaN is unknown and never drawn."""

    def __init__(self, values: Numbers) -> None:
        self.values: Numbers = np.ascontiguousarray(values, np.float64)
        self.levels: list[tuple[Numbers, Numbers]] = [(self.values, self.values)]
        self.shown = len(self.values)
        while len(self.levels[-1][0]) > _SMALLEST:
            low, high = self.levels[-1]
            starts = np.arange(0, len(low), FACTOR)
            self.levels.append((np.fmin.reduceat(low, starts), np.fmax.reduceat(high, starts)))
        self._known: NDArray[np.int64] | None = None

    def visible(self, start: float, end: float, pixels: float, least: float = LINE_PIXELS) -> Span:
        """The stretch for an axis range drawn `pixels` wide."""
        chosen = _level(len(self.levels), start, end, pixels, least)
        step, (low, high) = FACTOR ** chosen, self.levels[chosen]
        first, last = _cut(start, end, step, self.shown)
        low, high = low[first:last], high[first:last]
        if last > first and self.shown < min(last * step, len(self.values)):
            rest = self.values[(last - 1) * step:self.shown]
            low, high = np.append(low[:-1], np.fmin.reduce(rest)), np.append(high[:-1], np.fmax.reduce(rest))
        return Span(step, first, last, low, high)

    def extent(self, start: float, end: float, pixels: float) -> tuple[float, float] | None:
        """Lowest and highest value visible; None where none is known."""
        part = self.visible(start, end, pixels)
        known = np.isfinite(part.low)
        return (float(part.low[known].min()), float(part.high[known].max())) if known.any() else None

    def first_known(self, place: int) -> int | None:
        """The first bar from `place` on with a value; None when there is none."""
        if self._known is None:
            self._known = np.flatnonzero(np.isfinite(self.values))
        at = int(np.searchsorted(self._known, place))
        found = int(self._known[at]) if at < len(self._known) else self.shown
        return found if found < self.shown else None


def heikin_ashi(bars: Level) -> Level:
    """Averaged bars: the close is the mean of the four prices, the open the mean of the open and close before
    (the first open is the mean of its own open and close), high and low include both. After Dan Valcu, 2004.
    """
    import polars as pl

    close = (bars.open + bars.high + bars.low + bars.close) / 4
    start = [(bars.open[0] + bars.close[0]) / 2] if len(bars) else []
    opened = pl.Series(np.concatenate((start, close[:-1]))).ewm_mean(alpha=0.5, adjust=False).to_numpy()
    return Level(1, opened, np.maximum(bars.high, np.maximum(opened, close)), np.minimum(bars.low, np.minimum(opened, close)),
                 close, bars.volume)


def moving_average(values: Numbers, length: int) -> Numbers:
    """Simple mean of the last `length` values; NaN (a kernel's unknown) for the first length - 1."""
    result = np.full(len(values), np.nan)
    if length <= len(values):
        sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
        result[length - 1:] = (sums[length:] - sums[:-length]) / length
    return result


def _centers(first: int, last: int, step: int) -> Numbers:
    return (np.arange(first, last, dtype=np.float64) + 0.5) * step - 0.5


def _level(count: int, start: float, end: float, pixels: float, least: float) -> int:
    """The finest level whose entries are at least `least` pixels wide."""
    span, chosen = max(end - start, 1e-9), 0
    while chosen + 1 < count and pixels * FACTOR ** chosen / span < least:
        chosen += 1
    return chosen


def _cut(start: float, end: float, step: int, shown: int) -> tuple[int, int]:
    count = -(-shown // step)
    first = min(max(0, int(start // step) - 1), count)
    return first, max(first, min(count, int(end // step) + 2))


def _merged(level: Level) -> Level:
    starts = np.arange(0, len(level), FACTOR)
    ends = np.minimum(starts + FACTOR, len(level)) - 1
    return Level(level.step * FACTOR, level.open[starts], np.maximum.reduceat(level.high, starts),
                 np.minimum.reduceat(level.low, starts), level.close[ends], np.add.reduceat(level.volume, starts))


def _one(level: Level, part: slice) -> tuple[float, ...]:
    return (float(level.open[part][0]), float(level.high[part].max()), float(level.low[part].min()),
            float(level.close[part][-1]), float(level.volume[part].sum()))
