"""Implied volatility: the one with which the model gives a price that was seen.

European: the price is taken out of the money by parity and divided by sqrt(forward * strike); what is left, b, depends only
on x = -|ln(forward / strike)| and s = volatility * sqrt(years). Below the inflection at s = sqrt(2 |x|) the equation is
solved in ln b, above it in ln(its limit - b) (Jaeckel, "Let's be rational", Wilmott 2015, works in the same two regions), with
Halley's steps kept inside a bracket, so it converges to the last digits for prices of 1e-200 as well as of half the limit.
American: the model of `american`, in a bracket (Chandrupatla 1997).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.options import american, normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

_STEPS = 80
_ROOT_TAU = math.sqrt(2 * math.pi)
_LEAST, _MOST = 1e-4, 20.0
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
        x = -np.abs(np.log(forward / terms.strike))
        b = outside / np.sqrt(forward * terms.strike)
        lost = (inside > 0) & (outside <= _LOST * np.maximum(paid, 0))
    valid = (terms.years > 0) & np.isfinite(x) & (b > 0) & (b < np.exp(x / 2)) & ~lost
    found = np.full(price.shape, np.nan)
    if valid.any():
        found[valid] = _total(x[valid], b[valid]) / np.sqrt(terms.years[valid])
    return found


def _black(x: Floats, s: Floats) -> tuple[Floats, Floats, Floats]:
    """b, its limit less b, and b's slope, each without loss of digits."""
    h, t = x / s, s / 2
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        bell = np.exp(-(h * h + t * t) / 2)
        below = 0.5 * bell * (normal.erfcx(-(h + t) / math.sqrt(2)) - normal.erfcx(-(h - t) / math.sqrt(2)))
        above = 0.5 * bell * (normal.erfcx((h + t) / math.sqrt(2)) + normal.erfcx(-(h - t) / math.sqrt(2)))
        limit = np.exp(x / 2)
        below = np.where(h + t > 5, limit - above, below)
        above = np.where(h + t < -5, limit - below, above)
    return below, above, bell / _ROOT_TAU


def _total(x: Floats, b: Floats) -> Floats:
    """s for each x <= 0 and 0 < b < e^(x/2)."""
    limit = np.exp(x / 2)
    turning = np.sqrt(2 * np.maximum(-x, 1e-300))
    lower = b < _black(x, np.maximum(turning, 1e-150))[0]
    goal = np.where(lower, np.log(b), np.log(limit - b))
    low, high = np.where(lower, 0.0, turning), np.where(lower, turning, 80.0)
    s = np.where(lower, np.abs(x) / np.sqrt(np.maximum(2 * (np.abs(x) / 2 - np.log(b)), 1e-300)), turning + _ROOT_TAU * b)
    s = np.where((s > low) & (s < high), s, (low + high) / 2)
    open_ = np.arange(len(x))
    for _ in range(_STEPS):
        here, at = x[open_], s[open_]
        below, above, slope = _black(here, at)
        down = lower[open_]
        part = np.where(down, below, above)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            error = np.log(part) - goal[open_]
            first = np.where(down, slope, -slope) / part
            second = first * (here * here / at**3 - at / 4) - first * first
            newton = error / first
            halley = newton / (1 - np.clip(newton * second / first / 2, -0.5, 0.5))
        too_high = (error > 0) == down
        high[open_] = np.where(too_high, np.minimum(high[open_], at), high[open_])
        low[open_] = np.where(too_high, low[open_], np.maximum(low[open_], at))
        new = at - halley
        fits = np.isfinite(new) & (new > low[open_]) & (new < high[open_])
        new = np.where(fits, new, (low[open_] + high[open_]) / 2)
        done = (np.abs(new - at) <= 2e-16 * at) | (error == 0)
        s[open_] = np.where(error == 0, at, new)
        open_ = open_[~done]
        if not len(open_):
            break
    return s


def exercisable(price: Floats, terms: Terms) -> Floats:
    """The same for options that may be exercised early."""
    low, high = bounds(terms, np.ones(price.shape, dtype=bool))
    valid = (terms.years > 0) & (price > low * (1 + _LOST)) & (price < high)
    found = np.full(price.shape, np.nan)
    if valid.any():
        chosen, seen = terms.at(valid), price[valid]
        found[valid] = _root(lambda level, at: american.price(chosen.at(at)._replace(volatility=level)) - seen[at], len(seen))
    return found


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
