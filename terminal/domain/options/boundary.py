"""The price of the underlying at which exercising an American put is best, for every time that may be left.

Andersen, Lake and Offengenden, "High-performance American option pricing", Journal of Computational Finance 20 (2016) 39-87:
Kim's integral equation for the boundary B, in their fixed-point form "B" (which needs the normal distribution only), with
H = ln(B / B(0))^2 interpolated by Chebyshev polynomials in the square root of time. For integrals over time they use
tanh-sinh rules; here time is T sin^2(angle), which makes every integrand smooth at both ends, and Gauss's rule converges as
fast. Everything is for a strike of 1; a call is the put with spot and strike, and rate and yield, in each other's place
(McDonald and Schroder, "A parity result for American options", 1998).

Errors of the price with these sizes, for rates to 10 %, yields of -3 % to 12 %, half a day to three years, volatilities of 4 %
to 150 %: below 1e-6 of the strike, typically 1e-8.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from terminal.domain.options import normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.options.normal import Floats

NODES, POINTS, ROUNDS = 10, 12, 24
"""Chebyshev's nodes of the boundary, Gauss's points of its integrals, and at most so many rounds."""
SIGHTS = 24
"""Points at which a price looks at the boundary."""
_SETTLED = 1e-6
_MANY = 40  # so many options of one expiry have more volatilities than a grid of them has nodes
_CHUNK = 64
_DEGREE, _MIDDLE = 10, 3.0  # the latter stands in `kernels`, too


class Rule(NamedTuple):
    """Gauss's rule for times that are T sin^2(angle) away: `sine` and `cosine` of its angles, and `weight` for what is divided
    by T; `by_node` [node, point, node] turns values at the nodes into those the node's own integral needs."""

    sine: Floats
    cosine: Floats
    weight: Floats
    by_node: Floats
    at_end: Floats


@functools.cache
def rule(points: int) -> Rule:
    """The rule with so many points for `NODES` nodes."""
    place, weight = np.polynomial.legendre.leggauss(points)
    angle = (1 + place) * math.pi / 4
    sine, cosine = np.sin(angle), np.cos(angle)
    own = nodes()[1:, None] * cosine
    return Rule(sine, cosine, weight * math.pi / 2 * sine * cosine, _interpolation(own), _interpolation(cosine))


@functools.cache
def nodes() -> Floats:
    """Square roots of the share of time that is left, from 0 to 1."""
    return np.asarray((1 - np.cos(math.pi * np.arange(NODES + 1) / NODES)) / 2)


def _interpolation(at: Floats) -> Floats:
    """Barycentric weights of the nodes (Berrut and Trefethen, SIAM Review 46 (2004)) for each place."""
    weight = (-1.0) ** np.arange(NODES + 1)
    weight[[0, -1]] /= 2
    made = weight / (at[..., None] - nodes())  # no place is a node: those of Gauss lie between
    return np.asarray(made / made.sum(-1, keepdims=True))


def cdf(x: Floats) -> Floats:
    """The normal distribution to 4e-9, ten times as fast for arrays that fit the cache as `normal.cdf`."""
    size = np.abs(x)
    near = (size - _MIDDLE) / (size + _MIDDLE)
    value = np.full(x.shape, tail()[0])
    for each in tail()[1:]:
        value *= near
        value += each
    with np.errstate(under="ignore", over="ignore"):
        value *= np.exp(-0.5 * size * size) / (size + _MIDDLE)
    return np.asarray(np.where(x > 0, 1 - value, value))


@functools.cache
def tail() -> tuple[float, ...]:
    """N(-x) (x + 3) e^(x^2/2) as a polynomial in (x - 3) / (x + 3), the highest power first."""
    place = np.cos(math.pi * (np.arange(80) + 0.5) / 80)
    x = _MIDDLE * (1 + place) / (1 - place)
    value = 0.5 * normal.erfcx(x / math.sqrt(2)) * (x + _MIDDLE)
    powers = np.polynomial.chebyshev.cheb2poly(np.polynomial.chebyshev.chebfit(place, value, _DEGREE))
    return tuple(float(each) for each in powers[::-1])


def at_once(rate: Floats, dividend: Floats) -> Floats:
    """The logarithm of the boundary just before expiry: where interest on the strike pays for the dividends lost."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.asarray(np.where(dividend > rate, np.log(rate / np.where(dividend > 0, dividend, 1.0)), 0.0))


def solve(years: Floats, volatility: Floats, rate: Floats, dividend: Floats) -> Floats:
    """H at the nodes, [set, node], for sets of terms with rate > 0 (or 0 and a negative dividend)."""
    found = np.empty((len(years), NODES + 1))
    with np.errstate(all="ignore"):
        for start in range(0, len(years), _CHUNK):
            part = slice(start, start + _CHUNK)
            found[part] = _solve(years[part], volatility[part], rate[part], dividend[part])
    return found


def _solve(years: Floats, volatility: Floats, rate: Floats, dividend: Floats) -> Floats:
    first = at_once(rate, dividend)
    left = years[:, None] * nodes()[1:] ** 2
    level = _guess(left, volatility[:, None], rate[:, None], dividend[:, None], first[:, None])
    open_ = np.arange(len(years))
    better = _rounds(years, volatility, rate, dividend, first)
    for _ in range(ROUNDS):
        new = np.minimum(better(level[open_]), first[open_, None])
        moved = np.abs(new - level[open_]).max(1)
        level[open_] = new
        going = moved > _SETTLED
        if not going.all():
            open_ = open_[going]
            if not len(open_):
                break
            better = _rounds(years[open_], volatility[open_], rate[open_], dividend[open_], first[open_])
    found = np.zeros((len(years), NODES + 1))
    found[:, 1:] = (level - first[:, None]) ** 2
    return found


def _guess(left: Floats, volatility: Floats, rate: Floats, dividend: Floats, first: Floats) -> Floats:
    """Logarithms between the boundary at once and that of a put without expiry (Barone-Adesi and Whaley's seed)."""
    variance = volatility**2
    half = (rate - dividend) / variance - 0.5
    power = -half - np.sqrt(half**2 + 2 * rate / variance)
    forever = np.minimum(power / (power - 1), np.exp(first))
    share = np.exp(-np.minimum(2 * volatility * np.sqrt(left) / np.maximum(1 - forever, 1e-12), 50.0))
    return np.asarray(np.log(np.maximum(forever + (np.exp(first) - forever) * share, forever / 2)))


def _rounds(
    years: Floats, volatility: Floats, rate: Floats, dividend: Floats, first: Floats
) -> Callable[[Floats], Floats]:
    """One round of the fixed point for these sets: from logarithms of the boundary at the nodes to better ones."""
    used = rule(POINTS)
    left = years[:, None] * nodes()[1:] ** 2
    away = left[:, :, None] * used.sine**2
    net, s = (rate - dividend)[:, None], volatility[:, None, None] * np.sqrt(away)
    grown, whole = net[:, :, None] * away / s, volatility[:, None] * np.sqrt(left)
    then = left[:, :, None] * used.cosine**2
    weight = left[:, :, None] * used.weight
    earned, lost = (each[:, None, None] * np.exp(each[:, None, None] * then) * weight for each in (rate, dividend))
    by_node = used.by_node.reshape(-1, NODES + 1).T

    def better(level: Floats) -> Floats:
        h = np.zeros((len(level), NODES + 1))
        h[:, 1:] = (level - first[:, None]) ** 2
        seen = (first[:, None] - np.sqrt(np.maximum(h @ by_node, 0.0))).reshape(-1, NODES, POINTS)
        middle = (level[:, :, None] - seen) / s + grown
        end = (level + net * left) / whole
        top = cdf(end - whole / 2) + (earned * cdf(middle - s / 2)).sum(-1)
        low = cdf(end + whole / 2) + (lost * cdf(middle + s / 2)).sum(-1)
        new = np.log(top / low) - net * left
        return np.asarray(np.where(np.isfinite(new), new, level))

    return better


def sights(h: Floats, first: Floats) -> Floats:
    """Logarithms of the boundary at the `SIGHTS` points of a price's integral, and with all the time left: [set, SIGHTS + 1]."""
    seen = np.empty((len(h), SIGHTS + 1))
    seen[:, :-1] = h @ rule(SIGHTS).at_end.T
    seen[:, -1] = h[:, -1]
    return np.asarray(first[:, None] - np.sqrt(np.maximum(seen, 0.0)))


class Sights(NamedTuple):
    """Boundaries as options see them, [option, SIGHTS + 1]: sums of these `rows` of `curves` with these `shares`."""

    curves: Floats
    rows: np.ndarray
    shares: Floats

    def all(self) -> Floats:
        """The sums."""
        made = self.shares[:, :1] * self.curves[self.rows[:, 0]]
        for node in range(1, self.rows.shape[1]):
            made += self.shares[:, node, None] * self.curves[self.rows[:, node]]
        return np.asarray(made)


class Boundaries:
    """The boundaries of many options: of each (years, rate, dividend) on a grid of volatilities, solved when first asked for.

    Between volatilities an eighth apart (in logarithms) six are interpolated, to 1e-8 of the strike; a chain, each contract
    with a volatility of its own, needs a few dozen solutions an expiry. Where there are fewer volatilities than that (`few`),
    each is solved by itself.
    """

    _STEP, _WIDE = 0.125, 6
    _LOWEST, _HIGHEST = math.log(1e-4), math.log(30.0)

    def __init__(self, years: Floats, rate: Floats, dividend: Floats) -> None:
        keys = np.stack([years, rate, dividend])
        unique, place = np.unique(keys, axis=1, return_inverse=True)
        self.place = place.reshape(-1)
        self._years, self._rate, self._dividend = unique
        self._first = at_once(self._rate, self._dividend)
        count = math.ceil((self._HIGHEST - self._LOWEST) / self._STEP) + self._WIDE
        self._row = np.full((unique.shape[1], count), -1, dtype=np.intp)
        self._known = np.empty((0, SIGHTS + 1))

    def few(self, volatility: Floats) -> bool:
        """Whether solving for each volatility by itself is less work."""
        if len(volatility) > _MANY * len(self._years):
            return False
        start, _ = self._grid(volatility)
        needed = np.unique((self.place[:, None] * self._row.shape[1] + start[:, None] + np.arange(self._WIDE)).ravel())
        return len(np.unique(np.stack([self.place, volatility]), axis=1).T) <= len(needed)

    def exactly(self, volatility: Floats) -> Sights:
        """Of each option, solved for its own volatility."""
        unique, back = np.unique(np.stack([self.place.astype(np.float64), volatility]), axis=1, return_inverse=True)
        curves = self._seen(unique[0].astype(np.intp), unique[1])
        return Sights(curves, back.reshape(-1, 1), np.ones((len(volatility), 1)))

    def at(self, volatility: Floats, chosen: np.ndarray) -> Sights:
        """Of the `chosen` options (by index) at these volatilities, interpolated."""
        start, share = self._grid(volatility)
        place, columns = self.place[chosen], start[:, None] + np.arange(self._WIDE)
        codes = np.unique((place[:, None] * self._row.shape[1] + columns)[self._row[place[:, None], columns] < 0])
        if len(codes):
            rows, nodes_ = np.divmod(codes, self._row.shape[1])
            self._row[rows, nodes_] = len(self._known) + np.arange(len(codes))
            solved = self._seen(rows, np.exp(self._LOWEST + self._STEP * (nodes_ - self._WIDE // 2 + 1)))
            self._known = np.concatenate([self._known, solved])
        return Sights(self._known, self._row[place[:, None], columns], np.stack(_lagrange(share, self._WIDE), axis=1))

    def _seen(self, place: np.ndarray, volatility: Floats) -> Floats:
        terms = (each[place] for each in (self._years, self._rate, self._dividend))
        years, rate, dividend = terms
        return sights(solve(years, volatility, rate, dividend), self._first[place])

    def _grid(self, volatility: Floats) -> tuple[np.ndarray, Floats]:
        """The first column to interpolate, and how far between the two in the middle it lies."""
        where = (np.clip(np.log(volatility), self._LOWEST, self._HIGHEST) - self._LOWEST) / self._STEP
        start = np.minimum(np.floor(where), self._row.shape[1] - self._WIDE)
        return start.astype(np.intp), where - start


def _lagrange(share: Floats, wide: int) -> list[Floats]:
    """Weights of `wide` equidistant nodes, the middle two at 0 and 1, for places between these."""
    places = np.arange(wide) - wide // 2 + 1
    return [
        np.asarray(np.prod([(share - other) / (place - other) for other in places if other != place], axis=0)) for place in places
    ]
