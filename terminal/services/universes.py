"""Lists of symbols that can be named: indices, the demo's lists, watchlists, imported files, all that is stored."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.instruments import clean_symbol
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from terminal.store import Store

NOT_POINT_IN_TIME = (
    "members as of {day}, not point in time: companies that left the index are missing, so the past looks better than it was"
)

TITLED = 6


@dataclass(frozen=True, slots=True)
class Universe:
    """A named list. `as_of` is the day its members were listed (None: now); `note` says what to beware of."""

    name: str
    title: str
    symbols: tuple[str, ...]
    as_of: date | None = None
    note: str = ""


class Universes:
    """Finds lists by name. `stored` gives every symbol the market holds."""

    def __init__(self, store: Store, *, demo: bool, clock: Callable[[], datetime], stored: Callable[[], tuple[str, ...]]) -> None:
        self._store = store
        self._demo = demo
        self._clock = clock
        self._stored = stored
        self._indices: dict[str, Universe] = {}

    def get(self, name: str) -> Universe:
        """The list of that name. Raises UserError for an unknown name, an unknown symbol spelling or an empty list."""
        wanted = name.strip()
        found = self._named(wanted)
        if found is None:
            found = self._typed(wanted)
        if not found.symbols:
            raise UserError(f"The universe '{found.name}' is empty.", self._how_to_fill(found.name))
        return found

    def all(self) -> list[Universe]:
        """Every list that has a name, with its members."""
        lists = [self._everything()]
        lists += self._demo_lists() if self._demo else [self._index(name) for name in _indices()]
        held = self._holdings()
        return [*lists, *([held] if held.symbols else []), *self._watchlists(), *self._files()]

    def names(self) -> pl.DataFrame:
        """symbol, name of the indices' members, so that search finds what is not stored yet."""
        if self._demo:
            return pl.DataFrame(schema={"symbol": pl.String, "name": pl.String})
        from terminal.providers.universes import members

        known: dict[str, str] = {}
        for index in _indices():
            known.update(members(index))
        return pl.DataFrame(
            {"symbol": list(known), "name": list(known.values())}, schema={"symbol": pl.String, "name": pl.String}
        )

    def wanted_first(self) -> tuple[str, ...]:
        """Symbols of all watchlists, in the user's order."""
        return tuple(dict.fromkeys(symbol for each in self._watchlists() for symbol in each.symbols))

    def held(self) -> tuple[str, ...]:
        """Symbols of what the user owns, of options the underlying."""
        return self._holdings().symbols

    def _named(self, name: str) -> Universe | None:
        lower = name.lower()
        if lower == "all":
            return self._everything()
        if lower == "holdings":
            return self._holdings()
        if not self._demo and lower in _indices():
            return self._index(lower)
        listed = [*(self._demo_lists() if self._demo else ()), *self._watchlists(), *self._files()]
        return next((each for each in listed if each.name.lower() == lower), None)

    def _typed(self, name: str) -> Universe:
        """Symbols separated by commas or blanks; a lone unknown word is more likely a misspelt list."""
        parts = [part for part in name.replace(",", " ").split() if part]
        if not parts or ":" in name:
            raise UserError(f"There is no universe '{name}'.", self._suggestion(name))
        try:
            symbols = tuple(dict.fromkeys(clean_symbol(part) for part in parts))
        except ValueError as error:
            raise UserError(f"There is no universe '{name}', and {error}.", self._suggestion(name)) from None
        if len(parts) == 1 and "," not in name and symbols[0] not in self._stored() and self._looks_like_a_list(name):
            raise UserError(f"There is no universe '{name}'.", self._suggestion(name))
        more = f" and {len(symbols) - TITLED} more" if len(symbols) > TITLED else ""
        return Universe(",".join(symbols), ", ".join(symbols[:TITLED]) + more, symbols)

    def _looks_like_a_list(self, name: str) -> bool:
        return len(name) > 5 or name.islower()

    def _suggestion(self, name: str) -> str:
        known = [each.name for each in self.all()]
        close = difflib.get_close_matches(name.lower(), known, 1, 0.6)
        return (f"Did you mean '{close[0]}'? " if close else "") + f"Known: {', '.join(known)}, or symbols separated by commas."

    def _how_to_fill(self, name: str) -> str:
        if name == "holdings":
            return "Book what you own: `tapeline portfolio add ACCOUNT buy AAPL --quantity 10 --price 150`."
        if name.startswith("watchlist:"):
            return f"Add symbols with `tapeline watchlist add '{name.partition(':')[2]}' SYMBOL`."
        return "Fill it with `tapeline market refresh sp500`, or bring a file: `tapeline market import FILE --as fundamentals`."

    def _everything(self) -> Universe:
        return Universe("all", "Everything stored", self._stored())

    def _index(self, name: str) -> Universe:
        if name not in self._indices:
            from terminal.providers.universes import AS_OF, INDICES, members

            self._indices[name] = Universe(
                name, INDICES[name][0], tuple(members(name)), AS_OF, NOT_POINT_IN_TIME.format(day=AS_OF)
            )
        return self._indices[name]

    def _demo_lists(self) -> list[Universe]:
        frame = self._store.market.read("members").sort("universe", "position", "symbol")
        lists = [
            Universe(str(name), str(name), tuple(rows["symbol"]), None, "SIMULATED")
            for (name,), rows in frame.group_by("universe", maintain_order=True)
        ]
        if not any(each.name == "demo" for each in lists):
            lists.insert(0, Universe("demo", "Demo market", self._stored(), None, "SIMULATED"))
        return lists

    def _holdings(self) -> Universe:
        """What the portfolio writes into the book with each booking; its tables are not there where it is set aside."""
        book = self._store.book
        there = book.read("select 1 from duckdb_tables() where schema_name = 'portfolio' and table_name = 'held'").height
        held = book.read("select distinct market_symbol as symbol from portfolio.held order by 1") if there else None
        return Universe("holdings", "What you hold", tuple(held["symbol"].to_list()) if held is not None else ())

    def _watchlists(self) -> list[Universe]:
        frame = self._store.book.read(
            "select w.name, i.symbol from watchlists w left join watchlist_items i on i.watchlist_id = w.id "
            "where w.deleted_at is null order by w.position, w.name, i.position"
        )
        return [
            Universe(f"watchlist:{name}", f"Watchlist {name}", tuple(rows["symbol"].drop_nulls()))
            for (name,), rows in frame.group_by("name", maintain_order=True)
        ]

    def _files(self) -> list[Universe]:
        frame = self._store.book.read("select name, title, symbols, as_of from universes order by name")
        return [
            Universe(f"file:{row['name']}", row["title"] or row["name"], tuple(row["symbols"]), row["as_of"], "your file")
            for row in frame.to_dicts()
        ]


def _indices() -> tuple[str, ...]:
    from terminal.providers.universes import INDICES

    return tuple(INDICES)
