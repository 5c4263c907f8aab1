"""The files of one home: market and book opened together, the archive when it is touched; backups, checks, closing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from terminal import memory, paths
from terminal.domain.data_services import TRUST
from terminal.domain.schemas import DATASETS
from terminal.domain.sessions import Calendar
from terminal.errors import Corrupt, NewerStore, StoreError, TerminalError
from terminal.store import backup, check
from terminal.store.book import STEPS, BookStore
from terminal.store.db import Database, Publish
from terminal.store.market import MarketStore
from terminal.store.migrate import CORE, Step, migrate, pending
from terminal.store.writer import Writer

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from terminal.store.archive import ArchiveStore
    from terminal.store.backup import Backup, Reason
    from terminal.store.console import Answer

_log = logging.getLogger(__name__)
Trust = Callable[[str], Sequence[str] | None]
Migrations = Mapping[str, Sequence[Step]] | Iterable[tuple[str, Sequence[Step]]]
# The memory each file's engine may take, out of the program's 300 MB; beyond it work goes through the disk. What it has
# read lies in the system's own file cache too, so little is lost by keeping little.
_MEMORY, _WRITING = "24MB", "256MB"
_COMPACT_ABOVE = 1.3
_MARKET_HINT = "It holds nothing that cannot be fetched again: `tapeline store rebuild` moves it aside and begins a new one."
_BOOK_HINT = "`tapeline store restore` puts the newest backup back and keeps the damaged file; the backups are in {folder}."
_ARCHIVE_HINT = ("Its chains cannot be fetched again. `tapeline store restore NAME` puts a copy back if you made one; "
                 "`tapeline store rebuild --archive` moves it aside, keeps it, and begins a new one.")
T = TypeVar("T")


class Store:
    """The market, the book and the archive of one home.

    `migrations` are the plugins' steps by plugin id; a plugin whose steps fail is in `refused` with its error and has no
    tables. `trust(dataset)`: the services believed about a dataset, best first. A damaged or newer file does not keep the
    other one from opening: then `market` or `book` raises its error, while `check`, `restore` and `rebuild_market` still
    work. Raises Locked when another process has the files.
    """

    def __init__(self, market_path: Path, book_path: Path, backups: Path, *, clock: Callable[[], datetime], publish: Publish,
                 migrations: Migrations = (), trust: Trust = TRUST.get, archive_path: Path | None = None) -> None:
        self.market_path, self.book_path, self.backups = market_path, book_path, backups
        self.archive_path = archive_path or market_path.with_name("archive.duckdb")
        self.refused: dict[str, TerminalError] = {}
        self._clock, self._publish = clock, publish
        self._migrations, self._trust = dict(migrations), trust
        self._writer = Writer(self._rest)
        self._market: MarketStore | StoreError
        self._book: BookStore | StoreError
        self._archive: ArchiveStore | StoreError | None = None
        self._opening = threading.Lock()
        self._closed = False
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

    @property
    def archive(self) -> ArchiveStore:
        """What cannot be fetched again; opened (and made) when it is first touched.

        Raises Corrupt or NewerStore when its file could not be opened; the other files work nevertheless.
        """
        with self._opening:
            if self._archive is None:
                if self._closed:
                    raise StoreError("The store is closed.", "Start the program again.")
                if threading.get_ident() == self._forbidden:
                    raise AssertionError("the store must not be used on the window's thread; run a command instead")
                self._archive = self._attempt(self._open_archive)
        if isinstance(self._archive, StoreError):
            raise self._archive
        return self._archive

    def ask(self, sql: str, limit: int) -> Answer:
        """One SQL question to both files (`console.ask`): read only, nothing but the store, at most `limit` rows."""
        from terminal.store import console

        return console.ask({"market": self.market.database, "book": self.book.database}, sql, limit)

    def columns(self) -> pl.DataFrame:
        """Every column of both files: file, schema, table, column, type, position, rows."""
        from terminal.store import console

        return console.columns({"market": self.market.database, "book": self.book.database})

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

    def backup_archive(self) -> Backup:
        """A consistent copy of the archive, made by hand and kept until the user deletes it."""
        return backup.make(self.archive.database.copy_to, self.backups, self._clock(), "manual", "archive")

    def backup_daily(self) -> Backup | None:
        """Today's copy if there is none yet, and the rotation; None when it was there already."""
        if not backup.due(self.backups, self._clock()):
            return None
        made = self._make("daily")
        backup.rotate(self.backups)
        return made

    def list_backups(self) -> list[Backup]:
        """The copies there are, those of the book first, newest first."""
        return [*backup.backups(self.backups), *backup.backups(self.backups, "archive")]

    def restore(self, wanted: Path | str | None = None) -> tuple[Path, Path | None]:
        """Put a copy of the book back (None: the newest), or of the archive; the copy used and the copy of what was there.

        The program goes on meanwhile. The present book is backed up first; one that cannot be opened is moved aside instead,
        and so is the archive. A copy made by an older version is brought to the present form. Raises UserError for a file that
        is no copy, and StoreError when it cannot be put in place: then all is as it was.
        """
        chosen = backup.choose(self.backups, wanted)
        if backup.check_copy(chosen) == "archive":
            return chosen, self.renew_archive(chosen)
        if isinstance(self._book, StoreError):
            aside = backup.move_aside(self.book_path, self._clock()) if self.book_path.exists() else None
            backup.put_in_place(chosen, self.book_path)
            self._book = self._attempt(self._open_book)
        else:
            aside = self._make("before-restore").path
            self._replace_book(self._book.database, chosen, aside)
        backup.rotate(self.backups)
        tables = self.book.read("select schema_name || '.' || table_name as name from duckdb_tables() where not internal")
        for table in tables["name"]:
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

    def renew_archive(self, copy: Path | None = None) -> Path | None:
        """Move the archive aside, where it is kept, and begin with a copy, or an empty one; where the old one is now."""
        with self._opening:
            if self._archive is not None and not isinstance(self._archive, StoreError):
                self._archive.database.wait(self._archive.database.checkpoint())
                self._archive.database.close()
            aside = backup.move_aside(self.archive_path, self._clock()) if self.archive_path.exists() else None
            try:
                if copy is not None:
                    backup.put_in_place(copy, self.archive_path)
            except BaseException:
                if aside is not None:
                    aside.replace(self.archive_path)
                raise
            finally:
                self._archive = self._attempt(self._open_archive)
        self._publish("archive.changed", {"symbols": []})
        return aside

    def vacuum(self) -> pl.DataFrame:
        """Write each file anew where deleted rows waste space: file, before, after (bytes), rewritten."""
        self._touch_archive()
        rows = []
        for database in self._databases():
            before, after, rewritten = database.wait(database.compact(_COMPACT_ABOVE))
            rows.append((database.path.name, before, after, rewritten))
        kinds = {"file": pl.String, "before": pl.Int64, "after": pl.Int64, "rewritten": pl.Boolean}
        return pl.DataFrame(rows, kinds, orient="row")

    # checks

    def check(self) -> pl.DataFrame:
        """What was looked at: check, ok (null: cannot be told), detail; one sentence each."""
        self._touch_archive()
        rows = check.files(self._market, self._book, self.market_path, self.book_path)
        if self._archive is not None:
            rows += check.archive(self._archive, self.archive_path)
        rows += [(f"plugin {name}", False, error.sentence()) for name, error in self.refused.items()]
        rows.append(check.backups(self.backups, self._clock()))
        return pl.DataFrame(rows, {"check": pl.String, "ok": pl.Boolean, "detail": pl.String}, orient="row")

    def close(self) -> None:
        """Finish what was acknowledged, cancel what was not, checkpoint and close; within two seconds."""
        with self._opening:
            self._closed = True
        ended = self._writer.close()
        for database in self._databases():
            if ended:
                with suppress(StoreError):
                    database.close()
            else:
                _log.warning("%s is left to its log: the writer did not stop in time", database.path.name)

    def let_go(self) -> None:
        """Nothing is asked for a while: hand back what was read and freed. Takes milliseconds; not for the window's thread."""
        for database in self._databases():
            database.let_go()
        memory.give_back()
        memory.let_go_of_code()

    # inner

    def _rest(self) -> None:
        """On the writer thread, when nothing is to be written: what lies in the logs goes into the files, out of memory."""
        for database in self._databases():
            database.tidy()
        memory.give_back()

    def _databases(self) -> list[Database]:
        parts = (getattr(self, name, None) for name in ("_market", "_book", "_archive"))
        return [part.database for part in parts if part is not None and not isinstance(part, StoreError)]

    def _touch_archive(self) -> None:
        """Open the archive if there is one; what is wrong with it is told by whoever needs it."""
        if self.archive_path.exists():
            with suppress(StoreError):
                _ = self.archive

    def _attempt(self, open_it: Callable[[], T]) -> T | StoreError:
        try:
            return open_it()
        except Corrupt as error:
            hints = {self._open_book: _BOOK_HINT.format(folder=self.backups), self._open_archive: _ARCHIVE_HINT}
            hint = hints.get(open_it, _MARKET_HINT)
            return Corrupt(error.message, hint, error)
        except NewerStore as error:
            return error

    def _open_market(self) -> MarketStore:
        database = Database(self.market_path, self._writer, publish=self._publish, memory=_MEMORY, writing=_WRITING)
        database.forbid_thread(self._forbidden)
        try:
            return MarketStore(database, calendar=_calendar(), clock=self._clock, trust=self._trust)
        except BaseException:
            database.close()
            raise

    def _open_archive(self) -> ArchiveStore:
        from terminal.store.archive import ArchiveStore  # not before it is touched: a start shows nothing of it

        database = Database(self.archive_path, self._writer, publish=self._publish, memory=_MEMORY, writing=_WRITING)
        database.forbid_thread(self._forbidden)
        try:
            return ArchiveStore(database, calendar=_calendar(), clock=self._clock)
        except BaseException:
            database.close()
            raise

    def _open_book(self) -> BookStore:
        existed = self.book_path.exists()
        database = Database(self.book_path, self._writer, publish=self._publish, topic="book.changed", memory=_MEMORY,
                            writing=_WRITING)
        database.forbid_thread(self._forbidden)
        try:
            self._bring_forward(database, save_first=existed)
        except BaseException:
            database.close()
            raise
        if existed:
            database.exclusive(lambda _: self._back_up_behind(database))
        return BookStore(database, clock=self._clock)

    def _replace_book(self, database: Database, chosen: Path, aside: Path) -> None:
        database.wait(database.replace_with(lambda: backup.put_in_place(chosen, self.book_path)))
        try:
            self._bring_forward(database, save_first=True)
        except BaseException:
            database.wait(database.replace_with(lambda: backup.put_in_place(aside, self.book_path)))
            raise

    def _bring_forward(self, database: Database, *, save_first: bool) -> None:
        """Run the steps that are still to run, after one backup; a book made just now has nothing to lose."""
        saved = not save_first
        self.refused.clear()
        for owner, steps in {CORE: STEPS, **self._migrations}.items():
            try:
                if not pending(database, owner, steps):
                    continue
                if not saved:
                    self._back_up_before(database)
                    saved = True
                migrate(database, owner, steps, self._clock())
            except TerminalError as error:
                if owner == CORE:
                    raise
                self.refused[owner] = error
                _log.warning("The tables of the plugin %s are not usable: %s", owner, error)

    def _back_up_before(self, database: Database) -> None:
        backup.make(database.copy_to, self.backups, self._clock(), "before-migration")
        backup.rotate(self.backups)

    def _back_up_behind(self, database: Database) -> None:
        """Today's copy, made by the writer thread while the program starts. A failure is told by `check`, not here."""
        try:
            if backup.due(self.backups, self._clock()):
                backup.make(database.copy_here, self.backups, self._clock(), "daily")
                backup.rotate(self.backups)
        except TerminalError as error:
            _log.warning("Today's backup of the book could not be made: %s", error.sentence())

    def _make(self, reason: Reason) -> Backup:
        return backup.make(self.book.database.copy_to, self.backups, self._clock(), reason)


def _calendar() -> Calendar | None:
    try:
        return Calendar.parse(paths.data_file("sessions.csv").read_text("utf-8"))
    except (OSError, ValueError) as error:
        _log.warning("The session calendar cannot be read, the usual closing hour is used: %s", error)
        return None
