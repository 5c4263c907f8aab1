"""Volatilities at constant maturities: between the expiries that are listed, never far beyond them. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HORIZONS = (7, 30, 60, 90, 180, 365)
# A horizon so little outside the listed expiries takes the nearest one's volatility: days, and a fraction of the horizon.
SLACK_DAYS, SLACK = 2.0, 0.1
# Two expiries farther apart than this say little about what lies between: days, and a multiple of the horizon.
GAP_DAYS, GAP = 14.0, 1.5
# What expires within hours is priced by the minute: it says nothing about days.
SHORTEST = 0.5

Point = tuple[float, float]


def points(some: Iterable[tuple[float | None, float | None]]) -> list[Point]:
    """(days, volatility) in order, the unknown and the expiring ones left out, a mean where a day is named twice."""
    by_day: dict[float, list[float]] = {}
    for days, level in some:
        if days is not None and level is not None and days >= SHORTEST and level > 0:
            by_day.setdefault(round(days, 6), []).append(level)
    return [(days, math.fsum(levels) / len(levels)) for days, levels in sorted(by_day.items())]


def at_horizon(known: list[Point], days: float) -> float | None:
    """The volatility of `days`, linear in total variance (volatility squared times time) between its neighbours of `points`.

    Beyond the first and the last expiry: theirs within 2 days or 10 % of the horizon, else None. None, too, between neighbours
    more than 14 days and one and a half horizons apart.
    """
    if not known:
        return None
    slack = max(SLACK_DAYS, SLACK * days)
    first, last = known[0], known[-1]
    if days <= first[0]:
        return first[1] if first[0] - days <= slack else None
    if days >= last[0]:
        return last[1] if days - last[0] <= slack else None
    after = next(place for place, point in enumerate(known) if point[0] >= days)
    (near, low), (far, high) = known[after - 1], known[after]
    if far - near > max(GAP_DAYS, GAP * days):
        return None
    weight = (days - near) / (far - near)
    variance = low**2 * near * (1 - weight) + high**2 * far * weight
    return math.sqrt(variance / days)
