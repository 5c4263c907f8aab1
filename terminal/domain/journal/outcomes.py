"""What decisions of one sort came to: how often right, what they gained, each with n and an interval."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terminal.domain.base_rates import wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

ENOUGH = 10
"""Decisions from which on a sort says something."""
_LEAST_BLOCKS = 8
_DRAWS = 2000
_SEED = 20
# Student's t, two-sided 90 %, by degrees of freedom from 1 on; the normal value beyond.
_T90 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753, 1.746, 1.740,
        1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697)  # fmt: skip
_Z90 = 1.645


@dataclass(frozen=True)
class Outcome:
    """One graded decision: the day it was written, and its gain and gain beyond the market (None: unknown)."""

    day: date
    gain: float
    beyond: float | None = None

    @property
    def right(self) -> bool:
        """Whether it gained."""
        return self.gain > 0


@dataclass(frozen=True)
class Summary:
    """Of `n` decisions that are over and `pending` that are not. Intervals hold 90 %.

    `expectancy` is the mean gain; its interval is resampled by calendar month, because decisions of one month come together
    ("months"), or Student's where there are too few months ("t"), or unknown from fewer than three.
    """

    n: int
    pending: int
    right: int
    rate: float | None = None
    rate_low: float | None = None
    rate_high: float | None = None
    average_gain: float | None = None
    average_loss: float | None = None
    expectancy: float | None = None
    low: float | None = None
    high: float | None = None
    basis: str = ""
    beyond: float | None = None

    @property
    def enough(self) -> bool:
        """Whether there are so many that it says something."""
        return self.n >= ENOUGH


def summed(found: Sequence[Outcome], pending: int = 0) -> Summary:
    """The sums over decisions of one sort."""
    n = len(found)
    if not n:
        return Summary(0, pending, 0)
    gains = [each.gain for each in found]
    won, lost = [gain for gain in gains if gain > 0], [gain for gain in gains if gain <= 0]
    low, high, basis = interval([(each.day, each.gain) for each in found])
    beyond = [each.beyond for each in found if each.beyond is not None]
    return Summary(
        n, pending, len(won), len(won) / n, *wilson(len(won) / n, float(n)), _mean(won), _mean(lost), _mean(gains), low, high,
        basis, _mean(beyond),
    )  # fmt: skip


def grouped(found: Iterable[tuple[str, Outcome | None]]) -> Mapping[str, Summary]:
    """The sums by sort; None for one that is not over yet. The most frequent first, then by name."""
    over: dict[str, list[Outcome]] = defaultdict(list)
    pending: dict[str, int] = defaultdict(int)
    for name, outcome in found:
        if outcome is None:
            pending[name] += 1
        else:
            over[name].append(outcome)
    names = sorted({*over, *pending}, key=lambda name: (-len(over[name]), name))
    return {name: summed(over[name], pending[name]) for name in names}


def interval(gains: Sequence[tuple[date, float]]) -> tuple[float | None, float | None, str]:
    """A 90 % interval of the mean, and what it rests on: "months", "t" or "" (too few)."""
    n = len(gains)
    if n < 3:
        return None, None, ""
    months: dict[tuple[int, int], list[float]] = defaultdict(list)
    for day, gain in gains:
        months[day.year, day.month].append(gain)
    if len(months) >= _LEAST_BLOCKS:
        blocks = [months[month] for month in sorted(months)]
        chance = random.Random(_SEED)
        means = sorted(_of_blocks(chance.choices(blocks, k=len(blocks))) for _ in range(_DRAWS))
        return means[int(0.05 * _DRAWS)], means[int(0.95 * _DRAWS) - 1], "months"
    values = [gain for _, gain in gains]
    mean = sum(values) / n
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1) / n)
    reach = spread * (_T90[n - 2] if n - 2 < len(_T90) else _Z90)
    return mean - reach, mean + reach, "t"


def _of_blocks(blocks: Sequence[Sequence[float]]) -> float:
    return sum(map(sum, blocks)) / sum(map(len, blocks))


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
