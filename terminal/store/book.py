"""The book: what the user owns, decided and wrote. Nothing in it can be fetched again, so nothing deleted is gone.

Core tables are `watchlists`, `watchlist_items`, `universes` (lists the user imported), `looks` (the last look at a
tearsheet) and `deleted` (a copy of what was removed, to be put back). Plugins keep theirs in a schema of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from terminal.domain.instruments import clean_symbol
from terminal.errors import UserError
from terminal.store.migrate import CoreStep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import date, datetime

    from terminal.store.db import Database
    from terminal.store.transaction import Transaction

T = TypeVar("T")

STEPS = (
    CoreStep("0001 watchlists, universes, looks, deleted", """
        create table watchlists (
            id bigint primary key, name varchar not null, position integer not null, created_at timestamptz not null,
            changed_at timestamptz not null, deleted_at timestamptz);
        create table watchlist_items (
            watchlist_id bigint not null, symbol varchar not null, position integer not null, note varchar not null,
            added_at timestamptz not null);
        create table universes (
            name varchar not null, title varchar not null, symbols varchar[] not null, as_of date, source varchar not null,
            imported_at timestamptz not null);
        create table looks (symbol varchar not null, "at" timestamptz not null, payload varchar not null);
        create table deleted (
            id bigint primary key, "at" timestamptz not null, kind varchar not null, title varchar not null,
            payload varchar not null, restored_at timestamptz);
    """),
)
# Looks kept for each symbol; older ones carry nothing that the newest does not.
_LOOKS_KEPT = 20


class BookStore:
    """Typed access to the book's core tables, and `read`/`write` for everybody's own."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self.database = database
        self._clock = clock
        self.kept: dict[str, Any] = {}
        """What plugins worked out from the book, under their id, for as long as this file is open; each says itself whether it
        still fits what is stored."""

    def read(self, sql: str, params: Sequence[Any] = ()) -> pl.DataFrame:
        """The answer to a query as a polars frame."""
        return self.database.read(sql, params)

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn(tx)` as one transaction; back once it is durable. Publishes `book.changed {table}` for each table."""
        return self.database.write(fn)

    def submit(self, fn: Callable[[Transaction], T]) -> Future[T]:
        """As `write`, without waiting."""
        return self.database.submit(fn)

    # watchlists

    def watchlists(self) -> pl.DataFrame:
        """The lists in the user's order: name, count, created_at, changed_at."""
        return self.read("select name, (select count(*) from watchlist_items i where i.watchlist_id = w.id) as count, "
                         "created_at, changed_at from watchlists w where deleted_at is null order by position, id")

    def watchlist(self, name: str) -> pl.DataFrame:
        """A list's items in the user's order: symbol, note, added_at. Raises UserError when there is no such list."""
        number = self._list_id(self.read, name)
        return self.read("select symbol, note, added_at from watchlist_items where watchlist_id = ? "
                         "order by position, symbol", (number,))

    def create_watchlist(self, name: str, symbols: Sequence[str] = ()) -> str:
        """Make an empty list, or one with symbols; the name as it is kept. Raises UserError when the name is taken."""
        label, chosen = _label(name), _symbols(symbols)
        now = self._clock()

        def write(tx: Transaction) -> None:
            self._free(tx, label)
            number = _next(tx, "watchlists", "id")
            position = _next(tx, "watchlists", "position")
            tx.execute("insert into watchlists values (?, ?, ?, ?, ?, null)", (number, label, position, now, now))
            _append(tx, number, chosen, now)

        self.write(write)
        return label

    def rename_watchlist(self, name: str, new_name: str) -> str:
        """Give a list another name. Raises UserError when there is no such list or the name is taken."""
        label = _label(new_name)

        def write(tx: Transaction) -> None:
            number = self._list_id(tx.query, name)
            self._free(tx, label, but=number)
            tx.execute("update watchlists set name = ?, changed_at = ? where id = ?", (label, self._clock(), number))

        self.write(write)
        return label

    def delete_watchlist(self, name: str) -> None:
        """Take a list away; `undelete_watchlist` brings it back with its items."""
        self.write(lambda tx: tx.execute("update watchlists set deleted_at = ? where id = ?",
                                         (self._clock(), self._list_id(tx.query, name))))

    def undelete_watchlist(self, name: str) -> str:
        """Bring the list deleted last under that name back; its name, which gets a number when it is taken by now."""
        def write(tx: Transaction) -> str:
            gone = tx.query("select id, name from watchlists where deleted_at is not null and lower(name) = lower(?) "
                            "order by deleted_at desc limit 1", (name.strip(),))
            if gone.is_empty():
                raise UserError(f"There is no deleted watchlist called '{name}'.", "See `tapeline watchlist list --deleted`.")
            label, number = str(gone["name"][0]), 1
            while _taken(tx, label):
                number += 1
                label = f"{gone['name'][0]} ({number})"
            tx.execute("update watchlists set deleted_at = null, name = ?, position = ?, changed_at = ? where id = ?",
                       (label, _next(tx, "watchlists", "position"), self._clock(), gone["id"][0]))
            return label

        return self.write(write)

    def deleted_watchlists(self) -> pl.DataFrame:
        """Lists that can be brought back, newest first: name, count, deleted_at."""
        return self.read("select name, (select count(*) from watchlist_items i where i.watchlist_id = w.id) as count, deleted_at "
                         "from watchlists w where deleted_at is not null order by deleted_at desc, id desc")

    def reorder_watchlists(self, names: Sequence[str]) -> None:
        """Put the lists named into this order, before those not named."""
        def write(tx: Transaction) -> None:
            ids = [self._list_id(tx.query, name) for name in dict.fromkeys(names)]
            rest = tx.query("select id from watchlists where deleted_at is null order by position, id")["id"].to_list()
            for position, number in enumerate([*ids, *(number for number in rest if number not in ids)]):
                tx.execute("update watchlists set position = ? where id = ?", (position, number))

        self.write(write)

    def add_to_watchlist(self, name: str, symbols: Sequence[str]) -> list[str]:
        """Append symbols to a list; those that were not in it yet. Raises UserError for what cannot be a symbol."""
        chosen = _symbols(symbols)

        def write(tx: Transaction) -> list[str]:
            number = self._list_id(tx.query, name)
            there = set(tx.query("select symbol from watchlist_items where watchlist_id = ?", (number,))["symbol"])
            fresh = [symbol for symbol in chosen if symbol not in there]
            if fresh:
                _append(tx, number, fresh, self._clock())
                tx.execute("update watchlists set changed_at = ? where id = ?", (self._clock(), number))
            return fresh

        return self.write(write)

    def remove_from_watchlist(self, name: str, symbols: Sequence[str]) -> list[str]:
        """Take symbols out of a list; those that were in it. Each removal can be undone with `restore_deleted`."""
        chosen = _symbols(symbols)

        def write(tx: Transaction) -> list[str]:
            number = self._list_id(tx.query, name)
            rows = tx.query("select * from watchlist_items where watchlist_id = ? order by position", (number,)).filter(
                pl.col("symbol").is_in(chosen))
            if rows.height:
                gone = rows["symbol"].to_list()
                self._keep(tx, "watchlist_items", f"{', '.join(gone)} from {name.strip()}", rows)
                tx.execute(f"delete from watchlist_items where watchlist_id = ? and symbol in ({', '.join('?' * len(gone))})",
                           (number, *gone))
                tx.execute("update watchlists set changed_at = ? where id = ?", (self._clock(), number))
            return rows["symbol"].to_list()

        return self.write(write)

    def reorder_watchlist(self, name: str, symbols: Sequence[str]) -> None:
        """Put the symbols named into this order, before those not named."""
        chosen = _symbols(symbols)

        def write(tx: Transaction) -> None:
            number = self._list_id(tx.query, name)
            present = tx.query("select * from watchlist_items where watchlist_id = ? order by position, symbol", (number,))
            there = present["symbol"].to_list()
            if absent := [symbol for symbol in chosen if symbol not in there]:
                raise UserError(f"{absent[0]} is not in the watchlist '{name}'.", "Add it first.")
            place = {symbol: at for at, symbol in enumerate([*chosen, *(symbol for symbol in there if symbol not in chosen)])}
            tx.execute("delete from watchlist_items where watchlist_id = ?", (number,))
            tx.insert("watchlist_items", present.with_columns(
                pl.col("symbol").replace_strict(place, return_dtype=pl.Int32).alias("position")).sort("position"))

        self.write(write)

    def note_on_watchlist(self, name: str, symbol: str, note: str) -> None:
        """Keep a note beside a symbol of a list."""
        def write(tx: Transaction) -> None:
            number = self._list_id(tx.query, name)
            if not tx.execute("update watchlist_items set note = ? where watchlist_id = ? and symbol = ?",
                              (note, number, _symbols([symbol])[0])):
                raise UserError(f"{symbol} is not in the watchlist '{name}'.", "Add it first.")

        self.write(write)

    # universes the user imported

    def universes(self) -> pl.DataFrame:
        """Imported lists: name, title, symbols (list), as_of, source, imported_at."""
        return self.read("select * from universes order by name")

    def save_universe(self, name: str, symbols: Sequence[str], *, title: str = "", as_of: date | None = None,
                      source: str = "") -> None:
        """Keep an imported list under a name, replacing the one of that name (which can be restored)."""
        label, chosen = _label(name), _symbols(symbols)

        def write(tx: Transaction) -> None:
            self._remove_universe(tx, label)
            tx.insert("universes", pl.DataFrame({
                "name": [label], "title": [title or label], "symbols": [chosen], "as_of": [as_of], "source": [source],
                "imported_at": [self._clock()]}, schema_overrides={"as_of": pl.Date, "symbols": pl.List(pl.String)}))

        self.write(write)

    def delete_universe(self, name: str) -> None:
        """Take an imported list away; `restore_deleted` brings it back."""
        def write(tx: Transaction) -> None:
            if not self._remove_universe(tx, name.strip()):
                raise UserError(f"There is no imported list called '{name}'.", "See `tapeline market universes`.")

        self.write(write)

    # looks

    def last_look(self, symbol: str) -> tuple[datetime, dict[str, Any]] | None:
        """When the user last looked at a symbol and what was shown then; None when never."""
        rows = self.read("select \"at\", payload from looks where symbol = ? order by \"at\" desc limit 1", (symbol,))
        return None if rows.is_empty() else (rows["at"][0], json.loads(rows["payload"][0]))

    def save_look(self, symbol: str, payload: Mapping[str, Any]) -> None:
        """Remember what was shown of a symbol now; the newest twenty looks are kept."""
        text = json.dumps(payload, allow_nan=False)

        def write(tx: Transaction) -> None:
            tx.execute("insert into looks values (?, ?, ?)", (symbol, self._clock(), text))
            tx.execute('delete from looks where symbol = ? and "at" < (select min("at") from (select "at" from looks '
                       'where symbol = ? order by "at" desc limit ?))', (symbol, symbol, _LOOKS_KEPT))

        self.write(write)

    # what was removed

    def deleted(self) -> pl.DataFrame:
        """What was removed and can be put back, newest first: id, at, kind, title."""
        return self.read("select id, \"at\", kind, title from deleted where restored_at is null order by \"at\" desc, id desc")

    def restore_deleted(self, number: int) -> str:
        """Put a removed thing back where nothing took its place; its title. Raises UserError when there is none."""
        def write(tx: Transaction) -> str:
            found = tx.query("select * from deleted where id = ? and restored_at is null", (number,))
            if found.is_empty():
                raise UserError(f"There is nothing deleted with the number {number}.", "See `tapeline store deleted`.")
            record = found.to_dicts()[0]
            self._put_back(tx, record["kind"], json.loads(record["payload"]))
            tx.execute("update deleted set restored_at = ? where id = ?", (self._clock(), number))
            return str(record["title"])

        return self.write(write)

    # inner

    def _put_back(self, tx: Transaction, kind: str, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            if kind == "watchlist_items":
                tx.execute("insert into watchlist_items select ?, ?, ?, ?, ?::timestamptz where not exists "
                           "(select 1 from watchlist_items where watchlist_id = ? and symbol = ?)",
                           (row["watchlist_id"], row["symbol"], row["position"], row["note"], row["added_at"],
                            row["watchlist_id"], row["symbol"]))
            elif kind == "universes":
                self._remove_universe(tx, row["name"])
                tx.execute("insert into universes values (?, ?, ?, ?::date, ?, ?::timestamptz)", tuple(row.values()))
            elif kind == "workspace":
                raise UserError("An import is undone as a whole.", "Use: tapeline workspace undo")
            else:
                raise UserError(f"'{kind}' cannot be put back here.", "Restore a backup instead.")

    def _remove_universe(self, tx: Transaction, name: str) -> bool:
        rows = tx.query("select name, title, symbols, as_of, source, imported_at from universes "
                        "where lower(name) = lower(?)", (name,))
        if rows.is_empty():
            return False
        self._keep(tx, "universes", f"list {rows['name'][0]}", rows)
        tx.execute("delete from universes where lower(name) = lower(?)", (name,))
        return True

    def _keep(self, tx: Transaction, kind: str, title: str, rows: pl.DataFrame) -> None:
        payload = json.dumps(rows.to_dicts(), default=str)
        number = _next(tx, "deleted", "id")
        tx.execute("insert into deleted values (?, ?, ?, ?, ?, null)", (number, self._clock(), kind, title, payload))

    def _list_id(self, query: Callable[[str, Sequence[Any]], pl.DataFrame], name: str) -> int:
        names = query("select id, name from watchlists where deleted_at is null order by position, id", ())
        match = names.filter(pl.col("name").str.to_lowercase() == name.strip().lower())
        if match.is_empty():
            known = ", ".join(names["name"]) or "none yet"
            raise UserError(f"There is no watchlist called '{name}'.", f"Your watchlists: {known}.")
        return int(match["id"][0])

    def _free(self, tx: Transaction, label: str, but: int = -1) -> None:
        if _taken(tx, label, but):
            raise UserError(f"There is already a watchlist called '{label}'.", "Choose another name.")


def _taken(tx: Transaction, label: str, but: int = -1) -> bool:
    return not tx.query("select 1 from watchlists where deleted_at is null and lower(name) = lower(?) and id <> ?",
                        (label, but)).is_empty()


def _append(tx: Transaction, number: int, symbols: Sequence[str], now: datetime) -> None:
    first = tx.query("select coalesce(max(position) + 1, 0) as n from watchlist_items where watchlist_id = ?", (number,))["n"][0]
    if symbols:
        tx.insert("watchlist_items", pl.DataFrame({
            "watchlist_id": [number] * len(symbols), "symbol": list(symbols), "position": range(first, first + len(symbols)),
            "note": [""] * len(symbols), "added_at": [now] * len(symbols)}))


def _next(tx: Transaction, table: str, column: str) -> int:
    return int(tx.query(f"select coalesce(max({column}) + 1, 1) as n from {table}")["n"][0])


def _label(name: str) -> str:
    label = " ".join(name.split())
    if not label or len(label) > 60 or any(sign in label for sign in ",:\x00"):
        raise UserError(f"'{name}' cannot be the name of a list.", "Take up to 60 characters without commas or colons.")
    return label


def _symbols(symbols: Sequence[str]) -> list[str]:
    try:
        return list(dict.fromkeys(clean_symbol(symbol) for symbol in symbols))
    except ValueError as error:
        raise UserError(f"{error}.", "Symbols look like AAPL, BRK-B or ^VIX.", error) from error
