"""How many option contracts are open and traded, day after day, and the unusual trades that are planted among them.

Everything follows from what a contract is and from the day, by hashing: a chain of any session can be made alone and still
fits the one before. Open interest stated on a day is that of the close before; it never changes by more than was traded.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from terminal.providers.demo.tape import MEMORY

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.recipe import Floats, Ints

Kind = Literal["opened", "closed", "passed", "decoy"]
# No contract is chosen for planted trading twice in so many days; so large a part of them for decoys only.
_REST, _DECOYS = 31, 0.3
_HELD = 5
_MONTHLY, _WEEKLY = 400.0, 43.0
# Open contracts of one that is chosen: a multiple of more would be a trade that nobody makes.
_LEAST_OPEN, _MOST_OPEN = 100.0, 8_000.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Planted unusual trading in one contract on one day.

    kind "opened": many times what is open, at the ask (`bought`) or the bid, and it stays open: the open interest of the next
    morning grows by `change`. "closed": most of what is open is given up. "passed": as much as "opened", but bought and sold
    again the same day. "decoy": large against what is open, but cents in all. `open_interest` is that of the close before.
    """

    symbol: str
    contract: str
    volume: float
    open_interest: float
    bought: bool
    day: date
    kind: Kind
    change: float


class Grid(NamedTuple):
    """Contracts as arrays: the expiry as a number of days since year 1, calendar days left, whether it is a monthly one."""

    expiry: Ints
    days: Floats
    monthly: np.ndarray[tuple[int], np.dtype[np.bool_]]
    strike: Floats
    call: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def at(self, chosen: Any) -> Grid:
        """Some of them, by index or mask."""
        return Grid(*(each[chosen] for each in self))


class Noise:
    """Numbers by chance that are always the same for the same contract, purpose and day."""

    def __init__(self, seed: int, symbol: str, grid: Grid) -> None:
        start = np.uint64(seed * 4_294_967_311 % 2**64) ^ np.uint64(zlib.crc32(symbol.encode()))
        key = _mixed(np.full(len(grid.strike), start))
        key = _mixed(key ^ grid.expiry.astype(np.uint64))
        self._key = _mixed(key ^ (np.round(grid.strike * 1000).astype(np.uint64) * np.uint64(2) + grid.call.astype(np.uint64)))

    def uniform(self, purpose: int, day: int = 0) -> Floats:
        """From 0 up to below 1."""
        return (self._of(purpose, day) >> np.uint64(11)).astype(np.float64) / 2.0**53

    def normal(self, purpose: int, day: int = 0) -> Floats:
        """Mean 0 and deviation 1, never beyond 3.5: the sum of four parts, so that nothing is unusual unless planted."""
        bits = self._of(purpose, day)
        parts = sum(((bits >> np.uint64(16 * n)) & np.uint64(0xFFFF)).astype(np.float64) for n in range(4))
        return np.asarray((parts / 65536.0 - 2.0) * np.sqrt(3.0))

    def _of(self, purpose: int, day: int) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
        return _mixed(self._key ^ np.uint64(day * 64 + purpose))


def _mixed(x: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014)."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def usual_open(grid: Grid, noise: Noise, slow: tuple[float, float, float], day: int) -> Floats:
    """Contracts open at the close of the day number `day`, without what was planted; `slow` see `Tape.slow`.

    `grid.days` are those left at that close.
    """
    price, volatility, size = slow
    years = grid.days / 365
    deviation = volatility * np.sqrt(252) * np.sqrt(np.maximum(years, 0.02))
    away = np.where(grid.call, 1.0, -1.0) * np.log(grid.strike / price) / deviation
    near = np.exp(-0.5 * ((away - 0.35) / 0.8) ** 2 - 1.1 * years)
    rounded = np.where(np.abs(grid.strike % _round_number(price)) < 1e-9, 1.6, 1.0)
    listed = 1 - np.exp(-np.maximum(np.where(grid.monthly, (_MONTHLY - grid.days) / 4, _WEEKLY - grid.days), 2.0) / 7)
    lasting, daily = noise.normal(1), noise.normal(2, day)
    changing = np.exp(0.5 * lasting + 0.03 * np.exp(-1.5 * years) * daily)
    return np.asarray(np.round(size * near * rounded * listed * changing))


def usual_volume(grid: Grid, noise: Noise, interest: Floats, day: int) -> Floats:
    """Contracts traded on a day, without what was planted."""
    years = grid.days / 365
    part = 0.22 * np.exp(-2.5 * years + 0.45 * noise.normal(3, day)) * np.where(grid.call, 1.1, 0.9)
    return np.asarray(np.round(interest * part))


def still(flow: Flow, sessions: int) -> float:
    """What is left of a planted change so many sessions after the first morning that showed it."""
    return flow.change * min(max((MEMORY - sessions) / (MEMORY - _HELD), 0.0), 1.0)


class Choice(NamedTuple):
    """A contract that was chosen to be planted: where it is in the grid, contracts traded, and what stays."""

    at: int
    volume: float
    bought: bool
    kind: Kind
    change: float


def choose(grid: Grid, noise: Noise, interest: Floats, delta: Floats, day: int, chance: np.random.Generator) -> list[Choice]:
    """The planted trades of a day: at most one that is worth noticing and one decoy. `delta` in absolute terms."""
    turn = (noise.uniform(4) * _REST).astype(np.int64)
    draws = chance.random(8)
    soon, lure = grid.days < 90, noise.uniform(10) < _DECOYS
    found: list[Choice] = []
    some = (interest >= _LEAST_OPEN) & (interest <= _MOST_OPEN)
    able = np.flatnonzero(soon & ~lure & some & (turn == day % _REST) & (delta > 0.12) & (delta < 0.45))
    if draws[0] < 0.60 and len(able):
        at = int(able[int(draws[1] * len(able))])
        kind: Kind = "opened" if draws[2] < 0.6 else "closed" if draws[2] < 0.8 else "passed"
        times = 0.55 + 0.3 * draws[3] if kind == "closed" else 6 + 10 * draws[3]
        volume = float(np.round(interest[at] * times))
        part = {"opened": 0.75 + 0.2 * draws[4], "closed": -0.8 - 0.15 * draws[4], "passed": 0.06 * draws[4]}[kind]
        found.append(Choice(at, volume, bool(draws[5] < 0.7), kind, float(np.round(volume * part))))
    cheap = np.flatnonzero(soon & lure & (turn == day % _REST) & (delta < 0.03) & (interest >= 5))
    if draws[6] < 0.35 and len(cheap):
        at = int(cheap[int(draws[7] * len(cheap))])
        volume = float(np.round(interest[at] * 3 + 20))
        found.append(Choice(at, volume, True, "decoy", float(np.round(volume * 0.5))))
    return found


def _round_number(price: float) -> float:
    """What prices are rounded to by those who choose a strike by feeling: about a twentieth."""
    return next((each for each in (0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0) if each >= price / 32), 100.0)
