"""Where a volatility stands among those of the past year: rank and percentile, and how many days they rest on. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

OF = 252
"""Sessions that are looked back upon."""
ENOUGH = 126
"""Below so many observed days of the 252, rank and percentile of the archive are not shown: half a year is no year."""


@dataclass(frozen=True, slots=True)
class Standing:
    """`rank`: (now - lowest) / (highest - lowest), with now among them; `percentile`: the share of the past days that were below
    now; both None below `ENOUGH` days, for an unknown value, and the rank when nothing ever moved. `observed` of `of` days."""

    now: float | None
    rank: float | None
    percentile: float | None
    lowest: float | None
    highest: float | None
    observed: int
    of: int = OF

    @property
    def reason(self) -> str:
        """Why rank and percentile are unknown; "" when they are known."""
        if self.now is None:
            return "today's value is not known"
        if self.percentile is None:
            return f"{self.observed} of {self.of} days observed, {ENOUGH} are needed"
        return "" if self.rank is not None else "it has not moved in a year"


def rank(past: Iterable[float | None], now: float | None) -> float | None:
    """(now - lowest) / (highest - lowest) of the past days and now: 0 a new low, 1 a new high. None when unknown or all equal."""
    known = [each for each in past if each is not None]
    if now is None or not known:
        return None
    low, high = min(*known, now), max(*known, now)
    return (now - low) / (high - low) if high > low else None


def percentile(past: Iterable[float | None], now: float | None) -> float | None:
    """The share of the past days on which it was below now; None when unknown."""
    known = [each for each in past if each is not None]
    return sum(each < now for each in known) / len(known) if now is not None and known else None


def standing(past: Iterable[float | None], now: float | None, *, of: int = OF, enough: int = ENOUGH) -> Standing:
    """Where `now` stands among the values of the `of` sessions before it (None: a day that was not observed)."""
    every = list(past)[-of:]
    known = [each for each in every if each is not None and math.isfinite(each)]
    lowest, highest = (min(known), max(known)) if known else (None, None)
    if now is None or len(known) < enough:
        return Standing(now, None, None, lowest, highest, len(known), of)
    return Standing(now, rank(known, now), percentile(known, now), lowest, highest, len(known), of)
