"""Positions at expiry: lines with bends at the strikes, so that extremes and break-evens are exact.

The extremes lie at zero, at the strikes, or beyond all bounds (Hull, Options, Futures and Other Derivatives, ch. 12). Shares are
calls with a strike of zero. Everything works on many positions of the same number of legs at once: arrays [position, leg].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.planner.board import Floats

_FLAT = 1e-9


@dataclass(frozen=True)
class Extremes:
    """Of each position, in money: the most it makes and the least (a loss is below zero), infinite where there is no bound.
    `low_at`, `high_at`: the price of the share where they lie."""

    low: Floats
    high: Floats
    low_at: Floats
    high_at: Floats


def payoff(shares: Floats, strike: Floats, call: np.ndarray, spots: Floats) -> Floats:
    """[position, price]: what the legs are worth at expiry; `spots` [price] or [position, price]."""
    at = spots[..., None, :] if spots.ndim > 1 else spots[None, None, :]
    strikes, calls = strike[..., None], call[..., None]
    return np.asarray((shares[..., None] * np.maximum(np.where(calls, at - strikes, strikes - at), 0.0)).sum(axis=-2))


def extremes(shares: Floats, strike: Floats, call: np.ndarray, cost: Floats) -> Extremes:
    """`shares` and `strike` [position, leg], `cost` [position]: what was paid, in money."""
    bends = np.concatenate([np.zeros((len(strike), 1)), strike], axis=1)
    made = payoff(shares, strike, call, bends) - cost[:, None]
    slope = np.where(call, shares, 0.0).sum(axis=1)
    worst, best = made.argmin(axis=1), made.argmax(axis=1)
    each = np.arange(len(strike))
    low = np.where(slope < -_FLAT, -np.inf, made[each, worst])
    high = np.where(slope > _FLAT, np.inf, made[each, best])
    low_at = np.where(slope < -_FLAT, np.inf, bends[each, worst])
    high_at = np.where(slope > _FLAT, np.inf, bends[each, best])
    return Extremes(low, high, low_at, high_at)


def breakevens(shares: Floats, strike: Floats, call: np.ndarray, cost: float) -> tuple[float, ...]:
    """Where one position ([leg]) neither makes nor loses anything at expiry, exactly; ascending."""
    bends = np.unique(np.concatenate([[0.0], strike]))
    made = payoff(shares[None], strike[None], call[None], bends)[0] - cost
    slope = float(shares[call].sum())
    found = {float(at) for at, value in zip(bends, made, strict=True) if abs(value) < 1e-9 and at > 0}
    for left, right, before, after in zip(bends[:-1], bends[1:], made[:-1], made[1:], strict=True):
        if before * after < 0:
            found.add(float(left + (right - left) * before / (before - after)))
    if made[-1] * slope < 0:
        found.add(float(bends[-1] - made[-1] / slope))
    return tuple(sorted(found))


def roots(value: Callable[[Floats], Floats], prices: Floats) -> tuple[float, ...]:
    """Where a smooth curve crosses zero between neighbouring `prices`: each piece cut in sixteen four times, then by a line."""
    made = value(prices)
    places = np.flatnonzero(made[:-1] * made[1:] < 0)
    if not places.size:
        return ()
    low, high = prices[places], prices[places + 1]
    each = np.arange(len(places))
    for _ in range(4):
        cuts = low[:, None] + (high - low)[:, None] * np.linspace(0.0, 1.0, 17)
        made = value(cuts.ravel()).reshape(cuts.shape)
        crossing = np.argmax(made[:, :-1] * made[:, 1:] <= 0, axis=1)
        low, high = cuts[each, crossing], cuts[each, crossing + 1]
        before, after = made[each, crossing], made[each, crossing + 1]
    steep = np.where(after == before, 1.0, after - before)
    return tuple(float(at) for at in low - (high - low) * before / steep)
