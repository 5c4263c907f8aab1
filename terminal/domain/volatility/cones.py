"""Volatility cones: where the realised volatility of each window stands among all it has been. Pure.

Burghardt and Lane, "How to Tell if Options Are Cheap" (1990). Windows of n days that begin on every day overlap, so that a cone
over many days rests on far fewer independent windows; their number is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.volatility.realised import WINDOWS, Estimator, realised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

LEAST = 2
"""A cone needs so many windows that do not overlap; below it says nothing."""


@dataclass(frozen=True, slots=True)
class Ring:
    """One window's distribution: fractions a year, None where there are too few days. `percentile`: the share of the windows
    before that were below the current one. `independent`: how many windows lie beside each other in the past looked at."""

    window: int
    least: float | None
    lower: float | None
    median: float | None
    upper: float | None
    most: float | None
    current: float | None
    percentile: float | None
    windows: int
    independent: int


def cones(
    bars: Mapping[str, npt.NDArray[np.float64]], estimator: Estimator = "close_close", windows: Sequence[int] = WINDOWS
) -> tuple[Ring, ...]:
    """A ring for each window; bars as for `realised`, all of the past that is to count."""
    return tuple(_ring(realised(bars, window, estimator), window) for window in windows)


def _ring(values: npt.NDArray[np.float64], window: int) -> Ring:
    current = float(values[-1]) if len(values) and np.isfinite(values[-1]) else None
    known = values[np.isfinite(values)]
    independent = len(known) // window + (1 if len(known) % window else 0) if len(known) else 0
    if independent < LEAST:
        return Ring(window, None, None, None, None, None, current, None, len(known), independent)
    least, lower, median, upper, most = (float(each) for each in np.quantile(known, (0, 0.25, 0.5, 0.75, 1)))
    past = known[:-1]
    place = float((past < current).mean()) if current is not None and len(past) else None
    return Ring(window, least, lower, median, upper, most, current, place, len(known), independent)
