"""Closes and volatilities of what has options, over the newest sessions: all that chains of today and before are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.listing import Listing
    from terminal.providers.demo.recipe import Floats

_SIZE = {"SPY": 40_000.0, "QQQ": 25_000.0, "IWM": 15_000.0}
# A fund's volatility over the market factor's: as measured, and what options cost beyond.
_NERVOUS = {"SPY": 1.2, "QQQ": 1.45, "IWM": 1.05}
OPTIONABLE_FUNDS = tuple(_SIZE)
OPTIONABLE_COMPANIES = 60
SESSIONS = 320
# A day's open interest follows the mean of so many closes, and unusual trades of so many days before are still open.
SLOW, MEMORY = 15, 20


@dataclass(frozen=True)
class Tape:
    """Arrays (sessions, symbols), the newest session last, splits until today worked in: closes, a day's volatility, and how
    many contracts are usual in (`size`). Early positions lack what went before them: ask from `first` on."""

    days: tuple[date, ...]
    symbols: tuple[str, ...]
    close: Floats
    volatility: Floats
    size: Floats

    @property
    def first(self) -> int:
        """The first position whose chain can be made."""
        return SLOW + MEMORY

    def slow(self, position: int, column: int) -> tuple[float, float, float]:
        """Close, volatility and size as means of the sessions up to `position`."""
        rows = slice(max(position - SLOW + 1, 0), position + 1)
        return tuple(float(each[rows, column].mean()) for each in (self.close, self.volatility, self.size))  # type: ignore[return-value]

    def arrays(self) -> dict[str, Any]:
        """To be kept in a file."""
        return {"tape_days": np.array([day.isoformat() for day in self.days]), "tape_symbols": np.array(self.symbols),
                "tape_close": self.close, "tape_volatility": self.volatility, "tape_size": self.size}  # fmt: skip

    @classmethod
    def of(cls, kept: Any) -> Tape:
        """From what `arrays` gave."""
        from datetime import date

        return cls(tuple(date.fromisoformat(each) for each in kept["tape_days"].tolist()), tuple(kept["tape_symbols"].tolist()),
                   kept["tape_close"], kept["tape_volatility"], kept["tape_size"])  # fmt: skip


def record(listing: Listing, large: tuple[str, ...]) -> Tape:
    """The tape of the broad funds and the largest companies, up to the last finished session."""
    world, last = listing.world, listing.finished
    first = max(last - SESSIONS, 0)
    symbols = (*OPTIONABLE_FUNDS, *large[:OPTIONABLE_COMPANIES])
    columns = np.array([listing.number[symbol] for symbol in symbols])
    company = columns < len(world.recipe.companies)
    close = np.round(listing.matrix("close", first, last)[:, columns], 2)
    volatility = np.where(
        company, listing.matrix("volatility", first, last)[:, columns] * listing.split_total[columns],
        world.factors.volatility[first:last, None] * [_NERVOUS.get(symbol, 1.0) for symbol in symbols],
    )  # fmt: skip
    worth = world.cap[first:last][:, np.where(company, columns, 0)]
    size = np.where(company, 1_500.0 * (worth / 5e10) ** 0.6, [_SIZE.get(symbol, 0.0) for symbol in symbols])
    return Tape(tuple(world.days[first:last]), symbols, close, volatility, size)
