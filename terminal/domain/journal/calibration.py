"""How far one's own probabilities can be trusted: reliability by bin, Brier score and what it is made of.

Brier (1950): mean squared distance of probability and outcome. Murphy (1973): reliability - resolution + uncertainty; with bins
that hold different probabilities two terms more make it exact (Stephenson, Coelho and Jolliffe 2008).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from terminal.domain.base_rates import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

EDGES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
ENOUGH = 20
"""Forecasts from which on the whole says something."""
ENOUGH_IN_BIN = 5


@dataclass(frozen=True)
class Bin:
    """Forecasts of about the same probability: their mean, how many came true, with a 90 % interval (Wilson)."""

    low: float
    high: float
    n: int
    forecast: float
    share: float
    share_low: float
    share_high: float

    @property
    def enough(self) -> bool:
        """Whether there are so many that the share says something."""
        return self.n >= ENOUGH_IN_BIN

    @property
    def within(self) -> bool:
        """Whether what was said lies within what chance allows around what came."""
        return self.share_low <= self.forecast <= self.share_high


@dataclass(frozen=True)
class Calibration:
    """Of `n` forecasts. `brier` = reliability - resolution + uncertainty + `within_bins`.

    `skill`: how much better than always saying the base rate (1 - brier / uncertainty; None when all turned out alike).
    `bias`: mean probability less the share that came true; positive is overconfident.
    """

    n: int
    bins: tuple[Bin, ...]
    base_rate: float
    mean_forecast: float
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float
    skill: float | None

    @property
    def bias(self) -> float:
        """Mean probability less the share that came true."""
        return self.mean_forecast - self.base_rate

    @property
    def enough(self) -> bool:
        """Whether there are so many that the whole says something."""
        return self.n >= ENOUGH


def calibrate(forecasts: Sequence[tuple[float, bool]], edges: Sequence[float] = EDGES) -> Calibration | None:
    """Of pairs (probability given, whether it came true); None without any.

    A bin holds from its lower edge to below the upper one, the last its upper edge too.
    """
    n = len(forecasts)
    if not n:
        return None
    base = sum(came for _, came in forecasts) / n
    brier = sum((said - came) ** 2 for said, came in forecasts) / n
    bins: list[Bin] = []
    reliability = resolution = within = 0.0
    for low, high in pairwise(edges):
        inside = [(said, came) for said, came in forecasts if low <= said < high or (high == edges[-1] and said == high)]
        if not inside:
            continue
        k = len(inside)
        mean, share = sum(said for said, _ in inside) / k, sum(came for _, came in inside) / k
        bins.append(Bin(low, high, k, mean, share, *wilson(share, float(k))))
        reliability += k * (mean - share) ** 2 / n
        resolution += k * (share - base) ** 2 / n
        # variance of the probabilities within the bin, less twice how they go with the outcomes there
        within += sum((said - mean) ** 2 - 2 * (said - mean) * (came - share) for said, came in inside) / n
    uncertainty = base * (1 - base)
    skill = None if uncertainty == 0 else 1 - brier / uncertainty
    mean_forecast = sum(said for said, _ in forecasts) / n
    return Calibration(n, tuple(bins), base, mean_forecast, brier, reliability, resolution, uncertainty, within, skill)
