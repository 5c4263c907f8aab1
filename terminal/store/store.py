"""Both files of one home, opened together: backups, checks, restoring, closing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl

from terminal import paths
from terminal.domain.schemas import DATASETS
from terminal.domain.sessions import Calendar
from terminal.errors import Corrupt, NewerStore, StoreError, TerminalError
from terminal.store import backup
from terminal.store.backup import Backup
from terminal.store.book import STEPS, BookStore
from terminal.store.db import Database, Publish, Writer, file_size
from terminal.store.market import MarketStore
from terminal.store.migrate import CORE, Step, migrate, pending
from terminal.store.sql import quoted

_log = logging.getLogger(__name__)
Migrations = Mapping[str, Sequence[Step]] | Iterable[tuple[str, Sequence[Step]]]
# The memory each file's engine may take, out of the program's 300 MB; beyond it work goes through the disk.
_MARKET_MEMORY, _BOOK_MEMORY = "160MB", "64MB"
_COMPACT_ABOVE = 1.3
_MARKET_HINT = "It holds nothing that cannot be fetched again: `tapeline store rebuild` moves it aside and begins a new one."
_BOOK_HINT = "`tapeline store restore` puts the newest backup back and keeps the damaged file; the backups are in {folder}."
T = TypeVar("T")


class Store:
    """The market and the book of one home.

    `migrations` are the plugins' steps by plugin id; a plugin whose steps fail is in `refused` with its error and has no
    tables. A damaged or newer file does not keep the other one from opening: then `market` or `book` raises its error,
    while `check`, `restore` and `rebuild_market` still work. Raises Locked when another process has the files.
    """

    def __init__(self, market_path: Path, book_path: Path, backups: Path, *, clock: Callable[[], datetime], publish: Publish,
                 migrations: Migrations = ()) -> None:
        self.market_path, self.book_path, self.backups = market_path, book_path, backups
        self.refused: dict[str, TerminalError] = {}
        self._clock, self._publish = clock, publish
        self._migrations = dict(migrations)
        self._writer = Writer()
        self._market: MarketStore | StoreError
        self._book: BookStore | StoreError
        self._forbidden: int | None = None
        try:
            self._market = self._attempt(self._open_market)
            self._book = self._attempt(self._open_book)
        except BaseException:
            self.close()
            raise

    @property
    def market(self) -> MarketStore:
        """Public data. Raises Corrupt or NewerStore when its file could not be opened."""
        if isinstance(self._market, StoreError):
            raise self._market
        return self._market

    @property
    def book(self) -> BookStore:
        """What the user owns. Raises Corrupt or NewerStore when its file could not be opened."""
        if isinstance(self._book, StoreError):
            raise self._book
        return self._book

    def forbid_thread(self, thread: int | None) -> None:
        """Refuse every call from this thread (the window's)."""
        self._forbidden = thread
        for database in self._databases():
            database.forbid_thread(thread)

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread (None: every thread) is reading; its read raises Cancelled."""
        for database in self._databases():
            database.interrupt(thread)

    def migrate(self, plugin: str, steps: Sequence[Step]) -> int:
        """Run a plugin's steps that are still to run, after a backup of the book; how many there were."""
        database = self.book.database
        todo = pending(database, plugin, steps)
        if todo:
            self._back_up_before(database)
        return migrate(database, plugin, steps, self._clock())

    # backups

    def backup(self) -> Backup:
        """A consistent copy of the book, made by hand and kept until the user deletes it."""
        return self._make("manual")

    def backup_daily(self) -> Backup | None:
        """Today's copy if there is none yet, and the rotation; None when it was there already."""
        if not backup.due(self.backups, self._clock()):
            return None
        made = self._make("daily")
        backup.rotate(self.backups)
        return made

    def list_backups(self) -> list[Backup]:
        """The copies there are, newest first."""
        return backup.backups(self.backups)

    def restore(self, wanted: Path | str | None = None) -> tuple[Path, Path | None]:
        """Put a copy of the book back (None: the newest) while the program runs; the copy used and the copy of what was there.

        The present book is backed up first; one that cannot be opened is moved aside instead. A copy made by an older
        version is brought to the present form. Raises UserError for a file that is no copy of a book, and StoreError
        when it cannot be put in place: then the book is as it was.
        """
        chosen = backup.choose(self.backups, wanted)
        backup.check_copy(chosen)
        if isinstance(self._book, StoreError):
            aside = backup.move_aside(self.book_path, self._clock()) if self.book_path.exists() else None
            backup.put_in_place(chosen, self.book_path)
            self._book = self._attempt(self._open_book)
        else:
            aside = self._make("before-restore").path
            self._replace_book(self._book.database, chosen, aside)
        backup.rotate(self.backups)
        for table in self.book.read("select schema_name || '.' || table_name as name from duckdb_tables() where not internal")["name"]:
            self._publish("book.changed", {"table": str(table).removeprefix("main.")})
        return chosen, aside

    def rebuild_market(self) -> Path | None:
        """Move the market file aside and begin an empty one, to be fetched again; where the old one is now."""
        if isinstance(self._market, MarketStore):
            self._market.database.wait(self._market.database.checkpoint())
            self._market.database.close()
        aside = backup.move_aside(self.market_path, self._clock()) if self.market_path.exists() else None
        self._market = self._attempt(self._open_market)
        self._publish("market.changed", {"datasets": list(DATASETS), "symbols": []})
        return aside

    def vacuum(self) -> pl.DataFrame:
        """Write each file anew where deleted rows waste space: file, before, after (bytes), rewritten."""
        rows = []
        for database in self._databases():
            before, after, rewritten = database.wait(database.compact(_COMPACT_ABOVE))
            rows.append((database.path.name, before, after, rewritten))
        return pl.DataFrame(rows, {"file": pl.String, "before": pl.Int64, "after": pl.Int64, "rewritten": pl.Boolean}, orient="row")

    # checks

    def check(self) -> pl.DataFrame:
        """What was looked at: check, ok (null: cannot be told), detail; one sentence each."""
        rows: list[tuple[str, bool | None, str]] = []
        rows += self._checked("market", self._market, self.market_path, self._check_market)
        rows += self._checked("book", self._book, self.book_path, self._check_book)
        rows += [(f"plugin {name}", False, error.sentence()) for name, error in self.refused.items()]
        rows.append(self._check_backups())
        return pl.DataFrame(rows, {"check": pl.String, "ok": pl.Boolean, "detail": pl.String}, orient="row")

    def close(self) -> None:
        """Finish what was acknowledged, cancel what was not, checkpoint and close; within two seconds."""
        ended = self._writer.close()
        for database in self._databases():
            if ended:
                with suppress(StoreError):
                    database.close()
            else:
                _log.warning("%s is left to its log: the writer did not stop in time", database.path.name)

    # inner

    def _databases(self) -> list[Database]:
        return [part.database for part in (getattr(self, "_market", None), getattr(self, "_book", None))
                if isinstance(part, (MarketStore, BookStore))]

    def _attempt(self, open_it: Callable[[], T]) -> T | StoreError:
        try:
            return open_it()
        except Corrupt as error:
            hint = _BOOK_HINT.format(folder=self.backups) if open_it == self._open_book else _MARKET_HINT
            return Corrupt(error.message, hint, error)
        except NewerStore as error:
            return error

    def _open_market(self) -> MarketStore:
        database = Database(self.market_path, self._writer, publish=self._publish, memory=_MARKET_MEMORY)
        database.forbid_thread(self._forbidden)
        try:
            return MarketStore(database, calendar=_calendar(), clock=self._clock)
        except BaseException:
            database.close()
            raise

    def _open_book(self) -> BookStore:
        database = Database(self.book_path, self._writer, publish=self._publish, topic="book.changed", memory=_BOOK_MEMORY)
        database.forbid_thread(self._forbidden)
        try:
            self._bring_forward(database)
        except BaseException:
            database.close()
            raise
        return BookStore(database, clock=self._clock)

    def _replace_book(self, database: Database, chosen: Path, aside: Path) -> None:
        database.wait(database.replace_with(lambda: backup.put_in_place(chosen, self.book_path)))
        try:
            self._bring_forward(database)
        except BaseException:
            database.wait(database.replace_with(lambda: backup.put_in_place(aside, self.book_path)))
            raise

    def _bring_forward(self, database: Database) -> None:
        if pending(database, CORE, STEPS):
            self._back_up_before(database)
        migrate(database, CORE, STEPS, self._clock())
        self.refused.clear()
        for plugin, steps in self._migrations.items():
            try:
                if pending(database, plugin, steps):
                    self._back_up_before(database)
                    migrate(database, plugin, steps, self._clock())
            except TerminalError as error:
                self.refused[plugin] = error
                _log.warning("The tables of the plugin %s are not usable: %s", plugin, error)

    def _back_up_before(self, database: Database) -> None:
        # A book in which nothing was ever done has nothing to lose.
        if database.read("select 1 from duckdb_tables() where table_name = 'watchlists'").is_empty():
            return
        backup.make(database, self.backups, self._clock(), "before-migration")
        backup.rotate(self.backups)

    def _make(self, reason: backup.Reason) -> Backup:
        return backup.make(self.book.database, self.backups, self._clock(), reason)

    def _checked(self, name: str, part: MarketStore | BookStore | StoreError, path: Path,
                 more: Callable[[Database], list[tuple[str, bool | None, str]]]) -> list[tuple[str, bool | None, str]]:
        if isinstance(part, StoreError):
            return [(f"{name} opens", False, part.sentence())]
        rows: list[tuple[str, bool | None, str]] = [(f"{name} opens", True, f"{path}, {file_size(path) / 1e6:,.1f} MB")]
        try:
            return rows + more(part.database)
        except StoreError as error:
            return [*rows, (f"{name} is whole", False, error.sentence())]

    def _check_market(self, database: Database) -> list[tuple[str, bool | None, str]]:
        rows = [_integrity(database, "market")]
        counts = {name: database.read(f"select count(*) as n, count(distinct fetch_id) as f from {name}").row(0) for name in DATASETS}
        rows.append(("market rows", True, ", ".join(f"{name} {n:,}" for name, (n, _) in counts.items() if n) or "empty"))
        union = " union all ".join(f"select fetch_id from {name}" for name in DATASETS)
        orphans = database.read(f"select count(*) as n from ({union}) where fetch_id not in (select fetch_id from fetch_log)")["n"][0]
        rows.append(("every row has its source", orphans == 0, f"{orphans:,} rows without a fetch"))
        doubles = [name for name, schema in DATASETS.items() if not database.read(
            f"select 1 from {name} group by {', '.join(map(quoted, schema.key))} having count(*) > 1 limit 1").is_empty()]
        rows.append(("no row twice", not doubles, f"doubled keys in {', '.join(doubles)}" if doubles else "each key once"))
        refused = database.read("select count(*) as n from quarantine")["n"][0]
        rows.append(("quarantine", True, f"{refused:,} rows refused, never shown; see `tapeline store quarantine`"))
        return rows

    def _check_book(self, database: Database) -> list[tuple[str, bool | None, str]]:
        steps = database.read("select owner, count(*) as n from migrations group by owner order by owner")
        lists = database.read("select count(*) as n from watchlists where deleted_at is null")["n"][0]
        return [_integrity(database, "book"),
                ("book version", True, ", ".join(f"{owner} {n}" for owner, n in steps.iter_rows())),
                ("book rows", True, f"{lists} watchlists")]

    def _check_backups(self) -> tuple[str, bool | None, str]:
        present = self.list_backups()
        if not present:
            return "book backups", None, f"none yet in {self.backups}"
        try:
            backup.check_copy(present[0].path)
        except TerminalError as error:
            return "book backups", False, f"the newest cannot be used: {error.sentence()}"
        age = self._clock() - present[0].at
        return ("book backups", age.days < 8,
                f"{len(present)} copies, the newest of {present[0].at:%Y-%m-%d %H:%M} UTC ({present[0].reason}) opens")


def _integrity(database: Database, name: str) -> tuple[str, bool | None, str]:
    """Read every block of every table, which verifies each block's checksum."""
    tables = database.read("select schema_name, table_name from duckdb_tables() where not internal")
    for schema, table in tables.iter_rows():
        columns = database.read("select column_name from duckdb_columns() where schema_name = ? and table_name = ?", (schema, table))
        hashes = ", ".join(f'"{column}"' for column in columns["column_name"])
        database.read(f'select bit_xor(hash({hashes})) from "{schema}"."{table}"')
    return f"{name} is whole", True, f"{tables.height} tables read to the end"


def _calendar() -> Calendar | None:
    try:
        return Calendar.parse(paths.data_file("sessions.csv").read_text("utf-8"))
    except (OSError, ValueError) as error:
        _log.warning("The session calendar cannot be read, the usual closing hour is used: %s", error)
        return None
