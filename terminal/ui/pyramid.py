"""Bars at every zoom: a pyramid of open, high, low, close and volume in which each level merges two bars of the one below.

Pure numpy. The level to draw is the finest whose bars are still at least three and a half pixels wide, so that a frame costs the
same for two thousand bars and five million.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]

FACTOR = 2
MIN_PIXELS = 3.6
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
    """What is to be drawn: bars `first` up to (not including) `last` of a level."""

    level: Level
    first: int
    last: int

    def centers(self) -> NDArray[np.float64]:
        """Place of each bar on the axis of the finest level."""
        return (np.arange(self.first, self.last, dtype=np.float64) + 0.5) * self.level.step - 0.5


class Pyramid:
    """Built once for a chart; memory is twice that of the bars."""

    def __init__(self, level: Level, dates: NDArray[np.datetime64]) -> None:
        self.dates = dates
        self.levels = [level]
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
        arrays = {name: np.ascontiguousarray(filled[name].to_numpy(), np.float32) for name in filled.columns}
        dates = frame[time].to_numpy().astype("datetime64[s]")
        return cls(Level(1, **arrays), dates)

    def __len__(self) -> int:
        return len(self.levels[0])

    def visible(self, start: float, end: float, pixels: float) -> Slice:
        """The slice for an axis range drawn `pixels` wide."""
        span, chosen = max(end - start, 1e-9), 0
        while chosen + 1 < len(self.levels) and pixels * self.levels[chosen].step / span < MIN_PIXELS:
            chosen += 1
        level = self.levels[chosen]
        first = min(max(0, int(start // level.step) - 1), len(level))
        return Slice(level, first, max(first, min(len(level), int(end // level.step) + 2)))

    def extent(self, start: float, end: float, pixels: float) -> tuple[float, float, float]:
        """Lowest low, highest high and largest volume of what is visible (0, 1, 1 when nothing is)."""
        part = self.visible(start, end, pixels)
        if part.last <= part.first:
            return 0.0, 1.0, 1.0
        window = slice(part.first, part.last)
        return (float(part.level.low[window].min()), float(part.level.high[window].max()),
                float(part.level.volume[window].max()) or 1.0)


def moving_average(values: Numbers, length: int) -> NDArray[np.float64]:
    """Simple mean of the last `length` values; NaN (a kernel's unknown) for the first length - 1."""
    result = np.full(len(values), np.nan)
    if length <= len(values):
        sums = np.concatenate(([0.0], np.cumsum(values, dtype=np.float64)))
        result[length - 1:] = (sums[length:] - sums[:-length]) / length
    return result


def _merged(level: Level) -> Level:
    starts = np.arange(0, len(level), FACTOR)
    ends = np.minimum(starts + FACTOR, len(level)) - 1
    return Level(level.step * FACTOR, level.open[starts], np.maximum.reduceat(level.high, starts),
                 np.minimum.reduceat(level.low, starts), level.close[ends],
                 np.add.reduceat(level.volume.astype(np.float64), starts).astype(np.float32))
