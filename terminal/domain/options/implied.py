"""Implied volatility: the one with which the model gives a price that was seen.

European: the price is taken out of the money by parity and divided by sqrt(forward * strike); what is left, b, depends only
on x = |ln(forward / strike)| and s = volatility * sqrt(years). Following Jaeckel, "Let's be rational", Wilmott (January 2015)
40-53, the equation is solved in b near the money, in ln b far out of it, in ln(limit - b) for high volatilities, by
Householder's third-order steps; after the first guess of `guess` one mostly suffices. `kernels` is the same in machine code.
American: the model of `american`, by secants in a bracket whose upper end is the European's volatility; without a single boundary
by bisection and inverse quadratic steps (Chandrupatla 1997).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.options import american, mills, normal
from terminal.domain.options.european import parts
from terminal.domain.options.guess import guess

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

_STEPS = 80
_ENOUGH = 1e-4  # a step of this share leaves an error of its fourth power
_ROOT_TAU = math.sqrt(2 * math.pi)
_LOG_ROOT_TAU = math.log(_ROOT_TAU)
_FAR = -2.5
_LEAST, _MOST, _CLOSE = 1e-4, 20.0, 1e-11
_FEW = 64
_LOST = 8 * np.finfo(np.float64).eps


def bounds(terms: Terms, exercisable: np.ndarray) -> tuple[Floats, Floats]:
    """Between which prices an option lies whatever the volatility: without any, and with any amount of it."""
    carried = terms.spot * np.exp(-terms.dividend * terms.years)
    discounted = terms.strike * np.exp(-terms.rate * terms.years)
    low = np.maximum(terms.sign * (carried - discounted), 0.0)
    high = np.where(terms.sign > 0, carried, discounted)
    low = np.where(exercisable, np.maximum(low, terms.sign * (terms.spot - terms.strike)), low)
    return low, np.where(exercisable, np.maximum(high, np.where(terms.sign > 0, terms.spot, terms.strike)), high)


def european(price: Floats, terms: Terms) -> Floats:
    """NaN where no volatility gives the price, or where it says nothing about it to the last digit."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        forward = terms.spot * np.exp((terms.rate - terms.dividend) * terms.years)
        paid = price * np.exp(terms.rate * terms.years)
        inside = terms.sign * (forward - terms.strike)
        outside = np.where(inside > 0, paid - inside, paid)
        most, apart, middle = np.minimum(forward, terms.strike), np.abs(forward - terms.strike), np.sqrt(forward * terms.strike)
        lost = (inside > 0) & (outside <= _LOST * np.maximum(paid, 0))
        valid = (terms.years > 0) & (most > 0) & np.isfinite(apart) & (outside > 0) & (outside < most) & ~lost
        valid &= (middle > 0) & np.isfinite(middle)
    found = np.full(price.shape, np.nan)
    if valid.any():
        apart, most, outside, middle = (each[valid] for each in (apart, most, outside, middle))
        with np.errstate(all="ignore"):
            x = np.where(apart < most, np.log1p(apart / most), np.log((most + apart) / most))
            total = _total(x, apart / middle, outside / middle, (most - outside) / middle)
        found[valid] = total / np.sqrt(terms.years[valid])
    return found


def _total(x: Floats, width: Floats, b: Floats, missing: Floats) -> Floats:
    """s for x >= 0 and 0 < b < e^(-x/2); `missing` is their difference, `width` 2 sinh(x/2)."""
    s = guess(x, width, b)
    low, high = np.zeros(len(x)), np.full(len(x), np.inf)
    open_ = np.arange(len(x))
    for _ in range(_STEPS):
        at = s[open_]
        over, step = _step(x[open_], at, b[open_], missing[open_])
        high[open_] = np.where(over, np.minimum(high[open_], at), high[open_])
        low[open_] = np.where(over, low[open_], np.maximum(low[open_], at))
        new = at + step
        done = np.abs(step) < _ENOUGH * at
        fits = done | ((new > low[open_]) & (new < high[open_]))
        halved = np.where(np.isfinite(high[open_]), (low[open_] + high[open_]) / 2, 2 * at)
        s[open_] = np.where(fits, new, halved)
        open_ = open_[~done & (s[open_] != at)]
        if not len(open_):
            break
    return s


def _step(x: Floats, s: Floats, b: Floats, missing: Floats) -> tuple[np.ndarray, Floats]:
    """Whether s is too high, and Householder's third-order step from it, on the function that is straightest there."""
    h, t = -x / s, s / 2
    half = (h * h + t * t) / 2
    second = h * h / s - t / 2
    third = second * second - 3 * h * h / (s * s) - 0.25
    error, newton = np.empty(x.shape), np.empty(x.shape)
    upper = h + t > 1
    if len(high := np.flatnonzero(upper)):
        rest = mills.ratio(-(h + t)[high]) + mills.ratio((h - t)[high])
        error[high] = -(np.log(rest / missing[high]) - half[high] - _LOG_ROOT_TAU)
        newton[high] = -error[high] * rest
        third[high] += 3 * second[high] / rest + 2 / (rest * rest)
        second[high] += 1 / rest
    if len(deep := np.flatnonzero(~upper & (h < _FAR))):
        worth = s[deep] * mills.quotient(h[deep], t[deep])
        error[deep] = np.log(worth / b[deep]) - half[deep] - _LOG_ROOT_TAU
        newton[deep] = -error[deep] * worth
        third[deep] += (2 / worth - 3 * second[deep]) / worth
        second[deep] -= 1 / worth
    if len(near := np.flatnonzero(~upper & (h >= _FAR))):
        error[near] = s[near] * mills.quotient(h[near], t[near]) - b[near] * _ROOT_TAU * np.exp(half[near])
        newton[near] = -error[near]
    return error > 0, newton * (1 + newton * second / 2) / (1 + newton * (second + newton * third / 6))


def exercisable(price: Floats, terms: Terms) -> Floats:
    """The same for options that may be exercised early."""
    low, high = bounds(terms, np.ones(price.shape, dtype=bool))
    found = np.full(price.shape, np.nan)
    valid = (terms.years > 0) & (price > low * (1 + _LOST)) & (price < high)
    known = american.with_boundary(terms)
    if (chosen := np.flatnonzero(valid & known)).size:
        found[chosen] = _by_boundary(price[chosen], terms.at(chosen))
    if (chosen := np.flatnonzero(valid & ~known)).size:
        part, seen = terms.at(chosen), price[chosen]
        found[chosen] = _root(lambda level, at: american.price(part.at(at)._replace(volatility=level)) - seen[at], len(seen))
    return found


def _by_boundary(price: Floats, terms: Terms) -> Floats:
    """A secant in a bracket: the European's volatility is too high by what early exercise is worth, and mostly not by much."""
    puts = american.Puts(terms)
    upper = european(price, terms)
    upper = np.where(np.isfinite(upper), np.minimum(upper, _MOST), _MOST)
    low, high, s = np.full(price.shape, _LEAST), upper.copy(), upper
    found, open_ = np.full(price.shape, np.nan), np.arange(len(price))
    error = puts.at(open_, s) - price
    found[error == 0] = s[error == 0]
    slope = _vega(terms._replace(volatility=s))
    for _ in range(_STEPS):
        high[open_] = np.where(error >= 0, np.minimum(high[open_], s), high[open_])
        low[open_] = np.where(error < 0, np.maximum(low[open_], s), low[open_])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            new = s - error / slope
            middle = np.sqrt(low[open_] * high[open_])
        new = np.where((new > low[open_]) & (new < high[open_]), new, middle)
        moved = np.abs(new - s) <= _CLOSE * s
        found[open_[moved]] = new[moved]
        open_, s, error, new = open_[~moved], s[~moved], error[~moved], new[~moved]
        if not len(open_):
            break
        again = puts.at(open_, new) - price[open_]
        with np.errstate(divide="ignore", invalid="ignore"):
            slope = (again - error) / (new - s)
        s, error = new, again
    if len(price) <= _FEW:
        found = _polished(price, terms, puts, found)
    # Where nothing but an end of the bracket was found, there is none.
    return np.where((found > _LEAST * 1.01) & (found < _MOST * 0.999), found, np.nan)


def _polished(price: Floats, terms: Terms, puts: american.Puts, found: Floats) -> Floats:
    """With the boundary of the volatility itself, instead of one between two."""
    (known,) = np.nonzero(np.isfinite(found))
    part, seen, s = terms.at(known), price[known], found[known]
    nudge = 1e-4 * s
    slope = (puts.at(known, s + nudge) - puts.at(known, s - nudge)) / (2 * nudge)
    for _ in range(3):
        with np.errstate(divide="ignore", invalid="ignore"):
            step = (american.price(part._replace(volatility=s)) - seen) / slope
        s = np.where(np.abs(step) < 1e-2 * s, s - step, s)
    better = found.copy()
    better[known] = s
    return better


def _vega(terms: Terms) -> Floats:
    made = parts(terms)
    return np.asarray(made.carried * normal.pdf(made.d1) * np.sqrt(terms.years))


def _root(error: Callable[[Floats, np.ndarray], Floats], count: int) -> Floats:
    """Where a rising function is zero, between the least and the most volatility; NaN where it is not between them."""
    everyone = np.arange(count)
    a, b = np.full(count, _LEAST), np.full(count, _MOST)
    fa, fb = error(a, everyone), error(b, everyone)
    found = np.where((fa < 0) & (fb > 0), 0.0, np.nan)
    open_ = np.flatnonzero(~np.isnan(found))
    a, b, fa, fb = a[open_], b[open_], fa[open_], fb[open_]
    c, fc, share = a.copy(), fa.copy(), np.full(len(open_), 0.5)
    for _ in range(_STEPS):
        if not len(open_):
            break
        new = a + share * (b - a)
        fn = error(new, open_)
        same = np.sign(fn) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = new, fn
        nearest = np.where(np.abs(fa) < np.abs(fb), a, b)
        found[open_] = nearest
        least = (2e-12 * np.abs(nearest) + 1e-14) / np.maximum(np.abs(b - a), 1e-300)
        going = (least <= 0.5) & (fa != 0)
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        with np.errstate(divide="ignore", invalid="ignore"):
            bent = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        share = np.where((phi**2 < xi) & ((1 - phi) ** 2 < 1 - xi) & np.isfinite(bent), bent, 0.5)
        share = np.clip(share, least, 1 - least)
        open_, a, b, c, fa, fb, fc, share = (each[going] for each in (open_, a, b, c, fa, fb, fc, share))
    return found
