"""How far below its highest point a series was, for how long, and when it was back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawdown:
    """From the day of a high (`peak`) over the lowest day to the first day at or above that high; None: not back yet.

    `depth` is negative. `length` counts sessions from the peak to the recovery (or the last day), `falling` to the trough.
    """

    peak: date
    trough: date
    recovered: date | None
    depth: float
    length: int
    falling: int


def growth(daily: Floats) -> Floats:
    """What one became, with the one itself first: one longer than the returns. What is lost wholly stays lost."""
    return np.concatenate(([1.0], np.cumprod(np.maximum(1.0 + daily, 0.0))))


def underwater(level: Floats) -> Floats:
    """level / highest so far - 1 at each point: zero at a high."""
    highest = np.maximum.accumulate(level)
    return np.asarray(level / highest - 1.0)


def drawdowns(days: Sequence[date], level: Floats) -> list[Drawdown]:
    """Every stretch below a high, deepest first; `days` and `level` are of one length."""
    under = underwater(level)
    below = under < 0.0
    edges = np.diff(np.concatenate(([False], below, [False])).astype(np.int8))
    found = []
    for first, after in zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True):
        lowest = first + int(np.argmin(under[first:after]))
        peak = first - 1
        back = after if after < len(days) else None
        end = after if back is not None else len(days) - 1
        found.append(
            Drawdown(
                days[peak], days[lowest], None if back is None else days[back], float(under[lowest]), end - peak, lowest - peak
            )
        )
    return sorted(found, key=lambda each: (each.depth, each.peak))
