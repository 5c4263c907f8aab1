"""Closes of many symbols as daily returns on common days; what has too little history is left out by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FRESH = 7
"""Calendar days that a close stands for when none is newer: a long weekend with holidays."""
LEAST = 60
"""Fewer common returns are no history."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A symbol that is left out: it has `known` of the `wanted` returns."""

    symbol: str
    known: int
    wanted: int
    reason: str

    def __str__(self) -> str:
        return f"{self.symbol} is left out: {self.reason}"


@dataclass(frozen=True, slots=True)
class History:
    """`returns` [day, symbol] are simple returns since the day before in `days`; every cell is known.

    `base` is the day before the first. `wanted` is how many were asked for; `shortest` the symbol with the fewest.
    """

    symbols: tuple[str, ...]
    days: tuple[date, ...]
    base: date | None
    returns: Floats
    wanted: int
    missing: tuple[Missing, ...]
    shortest: str = ""

    @property
    def short(self) -> bool:
        """Whether there are fewer days than were asked for."""
        return len(self.days) < self.wanted

    def column(self, symbol: str) -> Floats:
        """The returns of one symbol (KeyError)."""
        try:
            return np.asarray(self.returns[:, self.symbols.index(symbol)])
        except ValueError:
            raise KeyError(symbol) from None


def history(closes: pl.DataFrame, symbols: Sequence[str], sessions: Sequence[date], wanted: int, least: float = 0.5) -> History:
    """Returns of `symbols` over the last `wanted` of `sessions`, from `closes` [symbol, date, close].

    A close stands for at most a week (`FRESH`) where a session has none. A symbol needs `LEAST` returns and the part `least`
    of those asked for, and returns that vary. Days on which one of those kept has no price are left out; the next return
    spans them.
    """
    days = np.array(sorted(sessions), dtype="datetime64[D]")[-(wanted + 1) :]
    known = _filled(closes, symbols, days)
    counts = np.isfinite(known).sum(axis=0) - 1
    missing, kept = [], []
    needed = max(LEAST, int(np.ceil(least * wanted)))
    for place, symbol in enumerate(symbols):
        count = max(int(counts[place]), 0)
        if reason := _doubt(known[:, place], count, wanted, needed):
            missing.append(Missing(symbol, count, wanted, reason))
        else:
            kept.append(place)
    chosen = known[:, kept]
    whole = np.isfinite(chosen).all(axis=1) if kept else np.ones(len(days), dtype=bool)
    chosen, common = chosen[whole], days[whole]
    returns = chosen[1:] / chosen[:-1] - 1.0
    listed = [day.item() for day in common]
    shortest = symbols[min(kept, key=lambda place: (counts[place], place))] if kept else ""
    return History(
        tuple(symbols[place] for place in kept), tuple(listed[1:]), listed[0] if listed else None, returns, wanted,
        tuple(missing), shortest,
    )  # fmt: skip


def _doubt(closes: Floats, count: int, wanted: int, needed: int) -> str:
    if count == 0:
        return "no price of it is stored"
    if count < needed:
        return f"prices of {count} of {wanted} days are known, {needed} are needed"
    known = closes[np.isfinite(closes)]
    if not np.isfinite(closes[-1]):
        return "no price of the last week is stored"
    if np.all(known == known[0]):
        return f"its price did not move in {count} days"
    return ""


def _filled(closes: pl.DataFrame, symbols: Sequence[str], days: NDArray[np.datetime64]) -> Floats:
    """Closes [day, symbol] as they stood on each day; NaN where none is fresh."""
    count = len(days)
    known = np.full((count, len(symbols)), np.nan)
    if not count or closes.is_empty():
        return known
    first = days[0] - np.timedelta64(FRESH, "D")
    rows = closes.filter((pl.col("close") > 0.0) & pl.col("date").is_between(first.item(), days[-1].item()))
    columns = rows["symbol"].cast(pl.Enum(pl.Series(symbols).unique(maintain_order=True)), strict=False).to_physical()
    mine = columns.is_not_null().to_numpy()
    places, values = columns.drop_nulls().to_numpy().astype(np.int64), rows["close"].to_numpy()[mine]
    offsets = (rows["date"].to_numpy()[mine].astype("datetime64[D]") - first).astype(np.int64)
    if not np.all((offsets[1:] >= offsets[:-1]) | (places[1:] != places[:-1])):  # else the newest of a session comes last already
        order = np.argsort(offsets, kind="stable")
        places, values, offsets = places[order], values[order], offsets[order]
    session = np.searchsorted(days, first + np.arange(int((days[-1] - first).astype(np.int64)) + 1))  # its own, or the next one
    at = session[offsets]
    known[at, places] = values
    if np.isfinite(known).all():
        return known
    return _carried(known, (at, places), offsets, (days - first).astype(np.int64))


def _carried(known: Floats, where: tuple[NDArray[np.int64], NDArray[np.int64]], offsets: NDArray[np.int64],
             days: NDArray[np.int64]) -> Floats:  # fmt: skip
    """Each gap filled with the close before it, as long as that is fresh; all days are counted from the same one."""
    seen = np.full(known.shape, -(10**6))
    seen[where] = offsets
    last = np.where(np.isfinite(known), np.arange(len(days))[:, None], 0)
    np.maximum.accumulate(last, axis=0, out=last)
    filled = np.take_along_axis(known, last, axis=0)
    filled[days[:, None] - np.take_along_axis(seen, last, axis=0) > FRESH] = np.nan
    return np.asarray(filled)
