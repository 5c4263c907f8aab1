"""The smile of one expiry as a curve of five numbers: raw SVI, fitted, and checked for free money. Pure.

Raw SVI (Gatheral, "A parsimonious arbitrage-free implied volatility parameterization", 2004): with k = ln(strike / forward),
total variance w(k) = a + b (rho (k - m) + sqrt((k - m)^2 + sigma^2)). For given m and sigma that is linear in three numbers, so
only two are searched for (Zeliade Systems, "Quasi-explicit calibration of Gatheral's SVI model", 2009). The linear part is
written here as a + u (z + y) + v (z - y) with y = (k - m) / sigma and z = sqrt(y^2 + 1), u = b sigma (1 + rho) / 2 and
v = b sigma (1 - rho) / 2: Lee's bound on the wings, a slope of total variance of at most 2, is then the box 0 <= u, v <= sigma.
From there steps of Levenberg and Marquardt in all five numbers lead to the last digits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

LEAST = 6
"""Five numbers need more strikes than that."""
_GRID = 9
_ROUNDS = 5
_SHRINK = 0.4
_STEPS = 60
_CHECKED = 161
# The curve's bend, sigma, against the width of the strikes: what they can show.
_SHARPEST, _ROUNDEST = 0.005, 2.0
# What of (a, u, v) is free (a; None) or at an end of the box (u and v at 0 or sigma): first nothing at an end, which is the best
# there is where it may be; then the ends; last of all a = 0.
_ENDS = tuple((u, v) for u in (None, 0, 1) for v in (None, 0, 1))
_STAGES = (((True, None, None),), tuple((True, *ends) for ends in _ENDS[1:]), tuple((False, *ends) for ends in _ENDS))
# Residuals beyond so many robust standard deviations weigh less (Huber's estimator, with his constant).
_HUBER = 1.345
_REWEIGHTED = 4


@dataclass(frozen=True, slots=True)
class Svi:
    """Raw SVI parameters of total variance (volatility squared times years)."""

    a: float
    b: float
    rho: float
    m: float
    sigma: float

    def variance(self, k: Floats) -> Floats:
        """Total variance at k = ln(strike / forward)."""
        x = np.asarray(k, dtype=np.float64) - self.m
        return np.asarray(self.a + self.b * (self.rho * x + np.sqrt(x**2 + self.sigma**2)))

    def slope(self, k: Floats) -> Floats:
        """dw/dk."""
        x = np.asarray(k, dtype=np.float64) - self.m
        return np.asarray(self.b * (self.rho + x / np.sqrt(x**2 + self.sigma**2)))

    def curvature(self, k: Floats) -> Floats:
        """The second derivative of w."""
        x = np.asarray(k, dtype=np.float64) - self.m
        return np.asarray(self.b * self.sigma**2 / (x**2 + self.sigma**2) ** 1.5)

    def density(self, k: Floats) -> Floats:
        """Durrleman's g(k), whose sign is that of the probability density the smile implies.

        g = (1 - k w' / (2 w))^2 - w'^2 / 4 (1 / w + 1 / 4) + w'' / 2 (Gatheral and Jacquier, "Arbitrage-free SVI volatility
        surfaces", 2014, equation 2.1). Below zero somewhere: a butterfly there costs less than nothing.
        """
        w, first, second = self.variance(k), self.slope(k), self.curvature(k)
        return np.asarray((1 - k * first / (2 * w)) ** 2 - first**2 / 4 * (1 / w + 0.25) + second / 2)

    @property
    def least(self) -> float:
        """The smallest total variance of the curve: a + b sigma sqrt(1 - rho^2)."""
        return self.a + self.b * self.sigma * math.sqrt(max(0.0, 1 - self.rho**2))


@dataclass(frozen=True, slots=True)
class Natural:
    """The same curve told for readers, after Gatheral and Jacquier's jump-wings (2014, section 3.3).

    `level` is the volatility at the forward, `skew` half the slope of total variance there over its root, `put_wing` and
    `call_wing` the slopes of the wings over that root, `least` the smallest volatility.
    """

    level: float
    skew: float
    put_wing: float
    call_wing: float
    least: float


def natural(curve: Svi, years: float) -> Natural:
    """A curve's jump-wing numbers. ValueError for a curve without variance at the forward."""
    w = float(curve.variance(np.zeros(1))[0])
    if w <= 0 or years <= 0:
        raise ValueError("a curve without variance at the forward has no level")
    root = math.sqrt(w)
    slope = float(curve.slope(np.zeros(1))[0])
    return Natural(math.sqrt(w / years), slope / (2 * root), curve.b * (1 - curve.rho) / root,
                   curve.b * (1 + curve.rho) / root, math.sqrt(max(curve.least, 0.0) / years))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fit:
    """`curve` and whether it had to be `forced`: the nearest one there is leaves a butterfly for free, this one does not."""

    curve: Svi
    forced: bool


def fit(k: Floats, w: Floats, weights: Floats, *, reach: float = 0.5) -> Fit | None:
    """The curve nearest to total variances `w` at `k`, weighted, with outliers counting less; None below six strikes.

    Arrays of one length, finite, w and weights positive. The squared errors of w are weighted by weights^2, that is by one over
    the uncertainty of each w. The same input gives the same curve. The curve is positive, keeps Lee's bound on the wings, and has
    no negative density from `reach` times the strikes' width below them to as much above, where such a curve is found;
    otherwise it is the nearest one, and `Svi.density` tells.
    """
    if len(np.unique(k)) < LEAST:
        return None
    weights, more = weights / weights.max(), reach * float(k.max() - k.min())
    found = _robust(k, w, weights, None)
    around = np.linspace(float(k.min()) - more, float(k.max()) + more, _CHECKED)
    if float(found.density(around).min()) >= 0:
        return Fit(found, False)
    forced = _robust(k, w, weights, around)
    return Fit(forced, True) if float(forced.density(around).min()) >= 0 else Fit(found, False)


def _robust(k: Floats, w: Floats, weights: Floats, around: Floats | None) -> Svi:
    """Fits again and again, each time with less weight on what lies far from the curve before."""
    found = _search(k, w, weights, around)
    for again in (True, *[False] * _REWEIGHTED):
        error = weights * (found.variance(k) - w)
        spread = 1.4826 * float(np.median(np.abs(error)))
        if spread <= 1e-9 * float((weights * w).max()):
            return _refine(found, k, w, weights, around)
        less = weights * np.sqrt(np.minimum(1.0, _HUBER * spread / np.maximum(np.abs(error), 1e-300)))
        found = _refine(_search(k, w, less, around) if again else found, k, w, less, around)
    return found


def _search(k: Floats, w: Floats, weights: Floats, around: Floats | None) -> Svi:
    """A curve near the best: (m, sigma) on a grid that closes in on the best so far, with a, u and v solved for at each point."""
    span = float(k.max() - k.min())
    low, high = math.log(span * _SHARPEST), math.log(span * _ROUNDEST)
    middle, wide = (float(k.mean()), (low + high) / 2), (span, (high - low) / 2)
    best: tuple[bool, float, Svi] | None = None
    for _ in range(_ROUNDS):
        m, log_sigma = (
            each.ravel()
            for each in np.meshgrid(
                np.linspace(middle[0] - wide[0], middle[0] + wide[0], _GRID),
                np.clip(np.linspace(middle[1] - wide[1], middle[1] + wide[1], _GRID), low, high),
            )
        )
        sigma = np.exp(log_sigma)
        error, linear = _linear(k, w, weights, m, sigma)
        order = np.argsort(error, kind="stable")
        curves = ((place, _raw(linear[place], float(m[place]), float(sigma[place]))) for place in order.tolist())
        at, curve = next(((each for each in curves if _may_be(each[1], k, around))), (int(order[0]), None))
        found = (curve is None, float(error[at]), curve or _raw(linear[at], float(m[at]), float(sigma[at])))
        if best is None or found[:2] < best[:2]:
            best, middle = found, (float(m[at]), float(log_sigma[at]))
        wide = wide[0] * _SHRINK, wide[1] * _SHRINK
    assert best is not None
    return best[2]


def _raw(linear: Floats, m: float, sigma: float) -> Svi:
    a, u, v = linear.tolist()
    both = u + v
    return Svi(a, both / sigma, (u - v) / both if both > 0 else 0.0, m, sigma)


def _refine(start: Svi, k: Floats, w: Floats, weights: Floats, around: Floats | None) -> Svi:
    """Levenberg and Marquardt's steps in all five numbers, as long as they lead to a better curve that may be."""
    found, damping = start, 1e-3
    error = weights * (found.variance(k) - w)
    cost = float(error @ error)
    for _ in range(_STEPS):
        x = k - found.m
        s = np.sqrt(x**2 + found.sigma**2)
        slopes = np.stack([np.ones_like(x), found.rho * x + s, found.b * x, -found.b * (found.rho + x / s),
                           found.b * found.sigma / s]) * weights  # fmt: skip
        gram, moment = slopes @ slopes.T, slopes @ error
        scale = np.diag(gram) + 1e-300
        before = cost
        while damping < 1e10:
            step = np.linalg.solve(gram + np.diag(damping * scale), -moment)
            tried = Svi(*(np.array([found.a, found.b, found.rho, found.m, found.sigma]) + step).tolist())
            if _may_be(tried, k, around):
                missed = weights * (tried.variance(k) - w)
                if (left := float(missed @ missed)) < cost:
                    found, error, cost, damping = tried, missed, left, damping * 0.1
                    break
            damping *= 8
        if damping >= 1e10 or before - cost <= 1e-10 * before:
            break
    return found


def _may_be(curve: Svi, k: Floats, around: Floats | None) -> bool:
    """Positive variance, wings within Lee's bound, a bend that the strikes could show; and a density where one is asked for."""
    span = float(k.max() - k.min())
    return (
        0 <= curve.b * (1 + abs(curve.rho)) <= 2 + 1e-9
        and abs(curve.rho) <= 1
        and _SHARPEST * 0.5 * span < curve.sigma < _ROUNDEST * 2 * span
        and abs(curve.m - float(k.mean())) < 3 * span
        and curve.least > 0
        and (around is None or float(curve.density(around).min()) >= 0)
    )


def _linear(k: Floats, w: Floats, weights: Floats, m: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """For each (m, sigma): the least weighted squared error, and the (a, u, v) in their box that has it.

    The box is 0 <= u, v <= sigma; a keeps the curve above zero. Points where nothing of the kind is found have infinite error.
    """
    y = (k[None, :] - m[:, None]) / sigma[:, None]
    z = np.sqrt(y**2 + 1)
    columns = np.stack([np.ones_like(y), z + y, z - y], axis=1) * weights  # point, unknown, strike
    target = w * weights
    gram, moment, total = columns @ columns.transpose(0, 2, 1), columns @ target, float(target @ target)
    best, answer = np.full(len(m), np.inf), np.zeros((len(m), 3))
    for stage in _STAGES:
        at = np.flatnonzero(~np.isfinite(best))
        if not len(at):
            break
        for a_free, u_end, v_end in stage:
            fixed = np.zeros((len(at), 3))
            for place, end in ((1, u_end), (2, v_end)):
                if end is not None:
                    fixed[:, place] = end * sigma[at]
            free = [place for place, each in enumerate((a_free, u_end is None, v_end is None)) if each]
            tried = _solved(gram[at], moment[at], fixed, free)
            error = total - 2 * (moment[at] * tried).sum(1) + np.einsum("ij,ijk,ik->i", tried, gram[at], tried)
            wings = tried[:, 1:]
            inside = (wings >= 0).all(axis=1) & (wings <= sigma[at, None]).all(axis=1)
            inside &= tried[:, 0] + 2 * np.sqrt(np.abs(wings[:, 0] * wings[:, 1])) > 0
            better = inside & (error < best[at])
            best[at[better]], answer[at[better]] = error[better], tried[better]
    return np.maximum(best, 0.0), answer


def _solved(gram: Floats, moment: Floats, fixed: Floats, free: list[int]) -> Floats:
    """The least squares of the free unknowns with the others fixed."""
    found = fixed.copy()
    if not free:
        return found
    rest = moment - np.einsum("ijk,ik->ij", gram, fixed)
    part = gram[:, free][:, :, free]
    ridge = 1e-13 * np.trace(part, axis1=1, axis2=2)[:, None, None] * np.eye(len(free))
    found[:, free] = np.linalg.solve(part + ridge, rest[:, free, None])[:, :, 0]
    return found
