"""Prices that exposure makes stand out: where net gamma turns, walls, and the largest strikes.

Net gamma at another price is found by pricing every contract anew there (Black-Scholes-Merton gamma at the volatility that
sticks): `sticky` "strike" keeps each strike's volatility, "moneyness" moves the smile along with the price. What early exercise
adds to gamma depends on how far a strike is from the price: the ratio of the chain's own gamma to that of the formula is read
off, at the new distance, from the strikes of the same expiry and side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from terminal.domain.exposure.measures import SHARES

if TYPE_CHECKING:
    from terminal.domain.exposure.measures import Exposure

Floats = npt.NDArray[np.float64]
Sticky = Literal["strike", "moneyness"]

POINTS = 81
REACH = 0.20
_AT_ONCE = 2_000_000
_FEWEST_YEARS = 1 / (365 * 24)
_CLOSE = 1e-9
# Where gamma is next to nothing its ratio is noise; early exercise never multiplies it by more.
_FAINT, _MOST_EARLY = 1e-4, 5.0


@dataclass(frozen=True)
class Turn:
    """Where net gamma changes its sign. `level` is the root nearest to the price, None with the reason in `why`; `roots` all
    within the grid, rising; `spots` and `gamma` the curve they were found on (dollars per 1 % move)."""

    level: float | None
    why: str
    roots: tuple[float, ...]
    spots: Floats
    gamma: Floats


@dataclass(frozen=True)
class Walls:
    """The strikes with the largest gamma in calls and in puts (sizes, whatever the sign); None where there is none."""

    call: float | None
    put: float | None


class Book:
    """What is open and priced, as arrays, to be valued at other prices."""

    def __init__(self, found: Exposure) -> None:
        rows = found.frame.filter(pl.col("usable"), pl.col("open_interest") > 0, pl.col("iv") > 0)
        self.spot = found.spot
        self._contracts = rows["position"].to_numpy()
        self._strike, self._iv = rows["strike"].to_numpy(), rows["iv"].to_numpy()
        self._years = np.maximum(rows["years"].to_numpy(), _FEWEST_YEARS)
        self._rate, self._carry = rows["rate"].to_numpy(), rows["carry"].to_numpy()
        self._smiles = _smiles(rows)
        self._ratios: list[tuple[Any, Floats, Floats]] = []
        self._ratios = self._early(rows)

    def __len__(self) -> int:
        return len(self._strike)

    def net_gamma(self, spots: Floats, sticky: Sticky = "strike") -> Floats:
        """Dollars per 1 % move at each of these prices."""
        spots = np.atleast_1d(np.asarray(spots, dtype=np.float64))
        found = np.zeros(len(spots))
        if not len(self):
            return found
        many = max(1, _AT_ONCE // len(self))
        for first in range(0, len(spots), many):
            part = spots[first : first + many, None]
            found[first : first + many] = self._gamma(part, sticky) @ self._contracts * SHARES * part[:, 0] ** 2 / 100
        return found

    def _gamma(self, spot: Floats, sticky: Sticky) -> Floats:
        level = self._iv[None, :] if sticky == "strike" else self._moved(spot)
        deviation = level * np.sqrt(self._years)
        with np.errstate(under="ignore"):
            d1 = (np.log(spot / self._strike) + (self._rate - self._carry) * self._years) / deviation + deviation / 2
            bell = np.exp(-d1 * d1 / 2) / np.sqrt(2 * np.pi)
            gamma = np.exp(-self._carry * self._years) * bell / (spot * deviation)
        for rows, away, ratio in self._ratios:
            wanted = np.log(self._strike[rows] / spot)
            gamma[:, rows] *= np.interp(wanted.ravel(), away, ratio).reshape(wanted.shape)
        return np.asarray(gamma)

    def _early(self, rows: pl.DataFrame) -> list[tuple[Any, Floats, Floats]]:
        """Of each expiry and side whose gammas are not the formula's: its rows, ln(strike / price) rising, the ratios."""
        if not len(self):
            return []
        plain = self._gamma(np.array([[self.spot]]), "strike")[0]
        stated = rows["gamma_share"].to_numpy()
        ratio = np.clip(np.where(plain > _FAINT * plain.max(), stated / np.maximum(plain, 1e-300), 1.0), 0.0, _MOST_EARLY)
        found = []
        for _, group in rows.select("expiry", "root", "call", "strike").with_row_index("_row").group_by("expiry", "root", "call"):
            at = group.sort("strike")["_row"].to_numpy()
            if np.abs(ratio[at] - 1).max() > _CLOSE:
                found.append((at, np.log(self._strike[at] / self.spot), ratio[at]))
        return found

    def _moved(self, spot: Floats) -> Floats:
        """Each contract's volatility once the smile has moved along: that of the strike now as far from the forward."""
        level = np.broadcast_to(self._iv, (len(spot), len(self))).copy()
        shift = np.log(spot[:, 0] / self.spot)
        for rows, moneyness, own_place, values in self._smiles:
            wanted = own_place[None, :] - shift[:, None]
            level[:, rows] = np.interp(wanted.ravel(), moneyness, values).reshape(wanted.shape)
        return level


def _smiles(rows: pl.DataFrame) -> list[tuple[Any, Floats, Floats, Floats]]:
    """Of each expiry: its rows, and the smile (moneyness rising, volatility; calls and puts of a strike averaged)."""
    place = (rows["strike"] / rows["forward"]).log().to_numpy()
    numbered = rows.select("expiry", "root", "strike", "iv").with_columns(pl.Series("_x", place)).with_row_index("_row")
    found = []
    for _, group in numbered.group_by("expiry", "root"):
        smile = group.group_by("_x").agg(pl.col("iv").mean()).sort("_x")
        at = group["_row"].to_numpy()
        found.append((at, smile["_x"].to_numpy(), place[at], smile["iv"].to_numpy()))
    return found


def turn(found: Exposure, *, reach: float = REACH, sticky: Sticky = "strike", points: int = POINTS) -> Turn:
    """The zero-gamma level: the root of net gamma between `reach` below and above the price that is nearest to it."""
    book = Book(found)
    spots = np.linspace(found.spot * (1 - reach), found.spot * (1 + reach), points)
    gamma = book.net_gamma(spots, sticky)
    if not len(book):
        return Turn(None, "nothing that is open has a usable price", (), spots, gamma)
    signs = np.sign(gamma)
    crossed = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    exact = spots[(signs == 0) & (np.abs(gamma).max() > 0)]
    roots = sorted([*exact.tolist(), *_refined(book, sticky, spots[crossed], spots[crossed + 1], gamma[crossed])])
    if not roots:
        which = "positive" if gamma[len(gamma) // 2] > 0 else "negative" if gamma[len(gamma) // 2] < 0 else "zero"
        why = f"net gamma is {which} everywhere from {reach:.0%} below to {reach:.0%} above the price"
        return Turn(None, why, (), spots, gamma)
    return Turn(min(roots, key=lambda each: abs(each - found.spot)), "", tuple(roots), spots, gamma)


def _refined(book: Book, sticky: Sticky, low: Floats, high: Floats, at_low: Floats) -> list[float]:
    """Halved until nobody could tell the difference, all brackets together."""
    if not len(low):
        return []
    low, high, side = low.copy(), high.copy(), np.sign(at_low)
    while (high - low > _CLOSE * high).any():
        middle = (low + high) / 2
        same = np.sign(book.net_gamma(middle, sticky)) == side
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    found: list[float] = ((low + high) / 2).tolist()
    return found


def walls(found: Exposure) -> Walls:
    """Where most gamma of calls, and of puts, lies."""
    strikes = found.by("strike")

    def largest(name: str) -> float | None:
        known = strikes.filter(pl.col(name).abs() > 0).sort(pl.col(name).abs(), "strike", descending=[True, False])
        return None if known.is_empty() else float(known["strike"][0])

    return Walls(largest("gamma_calls"), largest("gamma_puts"))


def largest(found: Exposure, count: int = 5, name: str = "gamma") -> pl.DataFrame:
    """The strikes with the largest net exposure, whatever its sign: [strike, the measure], the largest first."""
    known = found.by("strike").filter(pl.col(name).abs() > 0).select("strike", name)
    return known.sort(pl.col(name).abs(), "strike", descending=[True, False]).head(count)
