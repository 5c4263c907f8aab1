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
    oldest = (days[0] - np.timedelta64(FRESH, "D")).item()
    rows = closes.filter((pl.col("close") > 0.0) & pl.col("date").is_between(oldest, days[-1].item()))
    columns = rows["symbol"].cast(pl.Enum(pl.Series(symbols).unique(maintain_order=True)), strict=False).to_physical()
    places = np.asarray(columns.fill_null(0).to_numpy(), dtype=np.int64)
    mine = columns.is_not_null().to_numpy()
    dates = rows["date"].to_numpy().astype("datetime64[D]")
    at = np.searchsorted(days, dates)  # the session a close stands for first: its own, or the next one
    inside = mine & (at < count)
    seen = np.full(known.shape, np.datetime64("1000-01-01", "D"))
    order = np.argsort(dates[inside], kind="stable")
    where = (at[inside][order], places[inside][order])
    known[where] = rows["close"].to_numpy()[inside][order]
    seen[where] = dates[inside][order]
    last = np.where(np.isfinite(known), np.arange(count)[:, None], 0)
    np.maximum.accumulate(last, axis=0, out=last)
    known = np.take_along_axis(known, last, axis=0)
    seen = np.take_along_axis(seen, last, axis=0)
    known[(days[:, None] - seen) > np.timedelta64(FRESH, "D")] = np.nan
    return known
