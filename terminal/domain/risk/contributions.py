"""Which position brings how much of the risk, how concentrated the whole is, and how long it takes to sell it.

Risk is homogeneous of degree one in the positions, so by Euler's theorem position times marginal risk sums to the whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.risk.distributions import normal_quantile
from terminal.domain.risk.tails import tail_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contributions:
    """One value a position, in its order, in the unit of its worth.

    `marginal`: more risk for one more of it. `component`: its part of the parametric value at risk (they sum to `var`);
    `shortfall`: its part of the historical shortfall (they sum to `cvar`); `alone`: the parametric value at risk of it alone.
    """

    var: float
    cvar: float
    marginal: Floats
    component: Floats
    shortfall: Floats
    alone: Floats

    @property
    def diversified(self) -> float:
        """How much less the whole risks than its parts alone would together."""
        return float(self.alone.sum()) - self.var


def contributions(worth: Floats, returns: Floats, confidence: float, made: Floats | None = None) -> Contributions:
    """Of positions worth so much (short ones negative) with daily `returns` [day, position].

    `made` [day, position]: what the days made of them where that is not `returns * worth` (options); only `shortfall` and
    `cvar` see it, the parametric parts stay linear.
    """
    outcomes = returns @ worth
    made = returns * worth if made is None else made
    mean = returns.mean(axis=0)
    total = float(outcomes.std(ddof=1))
    k = -normal_quantile(1.0 - confidence)
    if total > 0.0:
        moves = (returns - mean).T @ (outcomes - outcomes.mean()) / (outcomes.size - 1) / total
    else:
        moves = np.zeros_like(mean)
    marginal = k * moves - mean
    beyond = -(tail_weights(made.sum(axis=1), confidence) @ made)
    alone = k * np.abs(worth) * returns.std(axis=0, ddof=1) - worth * mean
    return Contributions(float(marginal @ worth), float(beyond.sum()), marginal, marginal * worth, beyond, alone)


@dataclass(frozen=True, slots=True)
class Concentration:
    """`herfindahl` sums the squared shares; its inverse is how many equal positions would be as concentrated."""

    herfindahl: float
    effective: float
    largest: float
    top_five: float
    count: int


def concentration(worth: Floats) -> Concentration | None:
    """Of positions by their size, long or short; None when there is none."""
    sizes = np.abs(worth)
    total = float(sizes.sum())
    if total <= 0.0:
        return None
    shares = np.sort(sizes / total)[::-1]
    index = float(np.sum(shares**2))
    return Concentration(index, 1.0 / index, float(shares[0]), float(shares[:5].sum()), int(np.sum(shares > 0.0)))


def days_to_sell(quantity: float, volume: float | None, share: float) -> float | None:
    """Sessions to sell (or buy back) all of it when we are `share` of an average session's volume; None: volume unknown."""
    if volume is None or not volume > 0.0 or not share > 0.0:
        return None
    return abs(quantity) / (volume * share)
