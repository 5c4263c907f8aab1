"""A series of returns explained by several others at once: ordinary least squares with a constant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.returns import YEAR
from terminal.domain.risk.distributions import normal_below

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loading:
    """How much one factor counts: `loading` with its standard error, t and p (normal), and its part of the variance.

    The parts of all factors sum to R²: loading times covariance with the series over the series' variance.
    """

    name: str
    loading: float
    error: float
    t: float | None
    p: float | None
    part: float


@dataclass(frozen=True, slots=True)
class Fit:
    """`alpha` is yearly; `specific` the yearly volatility that no factor explains."""

    loadings: tuple[Loading, ...]
    alpha: float
    alpha_t: float | None
    explained: float
    specific: float
    days: int


def regression(daily: Floats, factors: Mapping[str, Floats]) -> Fit | None:
    """`daily` on the factors of the same days. Errors are robust to changing volatility (White 1980, HC1).

    None with fewer than thirty days for each number estimated, without variance, or where factors are the same thing twice.
    """
    names, count = tuple(factors), daily.size
    design = np.column_stack([np.ones(count), *(factors[name] for name in names)])
    width = design.shape[1]
    if not names or count < 30 * width or float(daily.var()) <= 0.0 or np.linalg.matrix_rank(design) < width:
        return None
    inverse = np.linalg.inv(design.T @ design)
    weights = inverse @ design.T @ daily
    left = daily - design @ weights
    meat = (design * left[:, None]).T @ (design * left[:, None])
    covariance = inverse @ meat @ inverse * count / (count - width)
    errors = np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    whole = float(np.var(daily))
    found = []
    for place, name in enumerate(names, 1):
        shared = float(np.mean((factors[name] - factors[name].mean()) * (daily - daily.mean())))
        t = _t(weights[place], errors[place])
        chance = None if t is None else 2.0 * normal_below(-abs(t))
        part = float(weights[place]) * shared / whole
        found.append(Loading(name, float(weights[place]), float(errors[place]), t, chance, part))
    return Fit(
        tuple(found), float(weights[0]) * YEAR, _t(weights[0], errors[0]), 1.0 - float(np.var(left)) / whole,
        float(np.sqrt(np.sum(left**2) / (count - width) * YEAR)), count,
    )  # fmt: skip


def _t(value: float, error: float) -> float | None:
    return float(value / error) if error > 1e-12 * max(abs(value), 1e-12) else None
