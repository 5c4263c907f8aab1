"""Chances: how likely each price is at an expiry as the smile of volatilities says, and how likely a price is touched before.

The distribution is that of Breeden and Litzenberger, "Prices of State-contingent Claims Implicit in Option Prices", Journal of
Business 51 (1978): P(S < K) = 1 + dC/dK of the undiscounted call. With a volatility for each strike,
P(S < K) = N(-d2) + F n(d1) sqrt(T) dvol/dK. These are the chances the market pays for (risk neutral: the share is expected to
grow with the forward), not what will happen; another drift moves the whole distribution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.options import normal

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.planner.board import Board, Floats, Term

POINTS = 401
_WIDE = 7.0
_FITS = 0.01
_DIFFERS = 0.02


@dataclass(frozen=True)
class Odds:
    """`below[i]`: the chance to end under `prices[i]`. `sigma`: the volatility at the forward, `years` until then."""

    prices: Floats
    below: Floats
    spot: float
    forward: float
    sigma: float
    years: float

    def under(self, price: float | Floats) -> Floats:
        """The chance to end under each price."""
        return np.asarray(np.interp(price, self.prices, self.below, left=0.0, right=1.0))

    def quantile(self, share: float) -> float:
        """The price under which it ends with this chance."""
        rising = np.concatenate([[True], np.diff(self.below) > 1e-12])
        return float(np.interp(share, self.below[rising], self.prices[rising]))

    @property
    def weights(self) -> Floats:
        """The chance of the piece around each of `prices`; they add up to 1."""
        edges = np.concatenate([[0.0], self.under((self.prices[1:] + self.prices[:-1]) / 2), [1.0]])
        return np.diff(edges)

    def moved(self, drift: float) -> Odds:
        """The same odds if the share were to grow by `drift` a year instead (continuous)."""
        factor = self.spot * math.exp(drift * self.years) / self.forward
        return Odds(self.prices * factor, self.below, self.spot, self.forward * factor, self.sigma, self.years)


@dataclass(frozen=True)
class Level:
    """Volatility by strike, flat beyond `low` and `high`, the strikes it is known between."""

    of: Callable[[Floats], Floats]
    low: float = 0.0
    high: float = math.inf

    def __call__(self, strikes: Floats) -> Floats:
        """The volatility at each strike."""
        return np.asarray(self.of(np.clip(np.asarray(strikes, dtype=np.float64), self.low, self.high)))


def smile(board: Board, term: Term) -> Level:
    """Volatility by strike of one expiry: the surface's curve where it fits the quotes, else through the usable quotes themselves
    (puts below the forward, calls above, smoothed)."""
    fitted = board.smiles.get(term.expiry)
    if fitted is not None and fitted.butterfly_free is not False and fitted.error is not None and fitted.error < _FITS:
        low, high = (fitted.forward * math.exp(each) for each in fitted.reach)
        return Level(lambda at: fitted.iv(np.log(at / fitted.forward)), low, high)
    rows = term.rows[board.usable[term.rows]]
    strike, call, iv = board.strike[rows], board.call[rows], board.iv[rows]
    out = call == (strike >= term.forward)
    if out.sum() < 3:
        out = np.ones(len(rows), dtype=bool)
    strikes, place = np.unique(strike[out], return_inverse=True)
    if not len(strikes):
        flat = term.atm_iv or math.nan
        return Level(lambda at: np.full(np.shape(at), flat))
    level = np.bincount(place, iv[out]) / np.bincount(place)
    away = np.log(strikes / term.forward) / math.sqrt(term.years)
    through = _Curve(away, level, float(np.median(level))) if len(strikes) >= 4 else lambda at: np.interp(at, away, level)
    return Level(lambda at: through(np.log(at / term.forward) / math.sqrt(term.years)), float(strikes[0]), float(strikes[-1]))


class _Curve:
    """A cubic that keeps the order of its points (Fritsch and Carlson, SIAM Journal on Numerical Analysis 17, 1980)."""

    def __init__(self, x: Floats, y: Floats, scale: float) -> None:
        if len(y) > 8:  # quotes are rounded to cents: neighbours share the noise
            y = np.concatenate([y[:1], (y[:-2] + 2 * y[1:-1] + y[2:]) / 4, y[-1:]])
        self.x, self.y = x, np.maximum(y, 0.05 * scale)
        step, slope = np.diff(x), np.diff(self.y) / np.diff(x)
        tangent = np.zeros_like(x)
        same = slope[:-1] * slope[1:] > 0
        w1, w2 = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            tangent[1:-1] = np.where(same, (w1 + w2) / (w1 / slope[:-1] + w2 / slope[1:]), 0.0)
        self.tangent = tangent

    def __call__(self, at: Floats) -> Floats:
        at = np.clip(at, self.x[0], self.x[-1])
        left = np.clip(np.searchsorted(self.x, at) - 1, 0, len(self.x) - 2)
        step = self.x[left + 1] - self.x[left]
        t = (at - self.x[left]) / step
        return np.asarray(
            (1 + 2 * t) * (1 - t) ** 2 * self.y[left]
            + t * (1 - t) ** 2 * step * self.tangent[left]
            + t * t * (3 - 2 * t) * self.y[left + 1]
            - t * t * (1 - t) * step * self.tangent[left + 1]
        )


def odds(board: Board, term: Term, volatility: Level | None = None) -> Odds:
    """The distribution at an expiry. Raises ValueError when no quote of it says a volatility.

    Beyond the quotes the tails keep the shape of the last volatility. The mean is the forward: what quotes leave of a difference
    moves all prices, and where it is more than two per cent the smile is not believed and a flat one taken.
    """
    level = volatility or smile(board, term)
    sigma = float(level(np.array([term.forward]))[0])
    if not sigma > 0:
        raise ValueError(f"no quote of {term.expiry} says a volatility")
    found = _spread(board, term, level, sigma)
    mean = float(found.weights @ found.prices)
    if abs(mean / term.forward - 1) > _DIFFERS:
        found = _spread(board, term, Level(lambda at: np.full(np.shape(at), sigma)), sigma)
        mean = float(found.weights @ found.prices)
    return replace(found, prices=found.prices * (term.forward / mean))


def _spread(board: Board, term: Term, level: Level, sigma: float) -> Odds:
    root = sigma * math.sqrt(term.years)
    prices = board.spot * np.exp(np.linspace(-_WIDE, _WIDE, POINTS) * max(root, 0.004))
    at = level(prices)
    step = 1e-4
    inside = (prices > level.low * (1 + 2 * step)) & (prices < level.high * (1 - 2 * step))
    slope = np.where(inside, (level(prices * (1 + step)) - level(prices * (1 - step))) / (2 * step * prices), 0.0)
    total = at * math.sqrt(term.years)
    d1 = np.log(term.forward / prices) / total + total / 2
    plain = normal.cdf(total - d1)
    below = np.clip(plain + term.forward * normal.pdf(d1) * math.sqrt(term.years) * slope, 0.0, 1.0)
    known = np.flatnonzero(inside)
    if len(known):
        # The smile ends with a slope: tails go on from where it ends, in the shape of a flat one.
        first, last = known[0], known[-1]
        below[:first] = below[first] * plain[:first] / max(float(plain[first]), 1e-300)
        below[last + 1 :] = 1 - (1 - below[last]) * (1 - plain[last + 1 :]) / max(float(1 - plain[last]), 1e-300)
    below = np.maximum.accumulate(np.clip(below, 0.0, 1.0))
    return Odds(prices, below, board.spot, term.forward, sigma, term.years)


def touched(spot: float, barrier: float, sigma: float, years: float, drift: float) -> float:
    """The chance that a share at `spot` reaches `barrier` within `years`: first passage of a geometric Brownian motion, watched
    at every moment (Shreve, Stochastic Calculus for Finance II, 7.2). `drift`: continuous growth of the share a year."""
    if years <= 0 or sigma <= 0 or barrier <= 0:
        return 1.0 if barrier == spot else 0.0
    if barrier == spot:
        return 1.0
    away, pull, root = math.log(barrier / spot), drift - sigma * sigma / 2, sigma * math.sqrt(years)
    side = 1.0 if away > 0 else -1.0
    direct = normal.cdf(np.array([side * (pull * years - away) / root]))[0]
    power = 2 * pull * away / sigma**2
    mirrored = normal.cdf(np.array([-side * (away + pull * years) / root]))[0]
    extra = math.exp(min(power, 700.0)) * mirrored if mirrored > 0 else 0.0
    return float(min(1.0, max(0.0, direct + extra)))
