"""The archive: what no service gives a second time. Option chains day by day, volatilities, prints, raw messages.

Of each symbol and day the last snapshot stays for good, and the last before the open, which shows the session before; the
others of the same day are kept a while, because flow is what changed between two of them. A day is a calendar day in
exchange time, so that nothing read *as of* a day was said later. A request has a number below zero here: those of the market
begin anew when it is rebuilt.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from terminal.store import archive_chains, archive_prints, archive_volatility, known
from terminal.store.archive_tables import STEPS, columns_of_rows
from terminal.store.connection import file_size
from terminal.store.migrate import CORE, migrate
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from terminal.domain.sessions import Calendar
    from terminal.domain.sourced import Source
    from terminal.store.archive_chains import Archived
    from terminal.store.db import Database


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind went, and the raw messages' bytes that are left."""

    moments: int
    trades: int
    raw: int
    raw_bytes: int


class ArchiveStore:
    """Typed access to the archive. Safe from every thread but the window's."""

    def __init__(self, database: Database, *, calendar: Calendar | None, clock: Callable[[], datetime]) -> None:
        self.database = database
        self._calendar, self._clock = calendar, clock
        migrate(database, CORE, STEPS, clock())
        self._complete()
        self._lock = threading.Lock()
        self._version = 0
        self._symbols: tuple[int, frozenset[str]] = (-1, frozenset())
        self._sources: dict[int, Source] = {}

    @property
    def version(self) -> int:
        """Grows with each write of this process, once it can be read."""
        return self._version

    # chains

    def save_chain(self, frame: pl.DataFrame, source: Source | Mapping[int, Source]) -> Archived:
        """Keep snapshots: rows of CHAINS of any symbols and moments. With several sources, `frame` has their `fetch_id`.

        What is archived already is not written again, unless more contracts of the same moment have come. The last snapshot
        of a day (and session) wins; the others stay until `prune`. ValueError for rows without what a contract is.
        """
        saved = archive_chains.save(self.database, frame, source, self._calendar)
        self._grow()
        return saved

    def chain(self, symbol: str, day: date | None = None) -> pl.DataFrame:
        """CHAINS with `fetch_id`: the last snapshot of the newest archived day up to `day`; empty when there is none."""
        until = f"day <= {literal(day)}" if day is not None else "true"
        return archive_chains.rows(self.database, f"symbol = {literal(symbol)} and last and {until}", "day")

    def chain_at(self, symbol: str, at: datetime) -> pl.DataFrame:
        """CHAINS with `fetch_id`: the newest snapshot at or before a moment, earlier ones of a day included."""
        return archive_chains.rows(self.database, f'symbol = {literal(symbol)} and "at" <= {literal(at)}', '"at"')

    def snapshots(self, symbol: str | None = None, day: date | None = None, *, since: datetime | None = None) -> pl.DataFrame:
        """symbol, at, day, session, whole, last, contracts, provider, fetch_id of every snapshot there is, oldest first.

        `session`: whose trading it shows; `whole`: taken after its close, so that its volume is that of the session.
        """
        return archive_chains.snapshots(self.database, symbol, day, since)

    def symbols(self) -> frozenset[str]:
        """Of what chains are archived."""
        version, found = self._symbols
        if version != self._version:
            version = self._version
            found = frozenset(self.database.read("select distinct symbol from snapshots")["symbol"])
            self._symbols = (version, found)
        return found

    def days(self, symbol: str) -> pl.DataFrame:
        """day, at, contracts, provider of the last snapshot of each archived day, oldest first."""
        found = self.snapshots(symbol).filter("last").unique("day", keep="last", maintain_order=True)
        return found.select("day", "at", "contracts", "provider")

    def contract(self, contract: str, start: date | None = None, end: date | None = None) -> pl.DataFrame:
        """day, at and what was said of one contract on each archived day, oldest first, with `fetch_id`."""
        return archive_chains.contract(self.database, contract, start, end)

    def average_volume(self, contracts: Sequence[str], day: date, sessions: int = 30) -> pl.DataFrame:
        """contract, average_volume (null: unknown), days (sessions with a known volume) of the `sessions` before `day`.

        Only snapshots taken after a close count; a session that was not archived is left out, not taken for zero.
        """
        return archive_chains.average_volume(self.database, contracts, day, self._sessions_before(day, sessions))

    def open_interest(self, contracts: Sequence[str], day: date) -> pl.DataFrame:
        """contract, day, at, open_interest as stated last by the end of `day`; it is that of the close before."""
        return archive_chains.open_interest(self.database, contracts, day)

    # volatility

    def save_volatility(self, frame: pl.DataFrame) -> int:
        """Keep a row a symbol and day; missing columns are unknown. A stand-in never replaces our own measure. Rows written."""
        rows = archive_volatility.save(self.database, frame)
        self._grow()
        return rows

    def volatility(self, symbols: Sequence[str] | None = None, start: date | None = None, end: date | None = None,
                   as_of: date | None = None, *, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """`archive_tables.VOLATILITY`, by symbol and day; `start` and `end` included. `columns` picks some besides these two."""
        return archive_volatility.read(self.database, symbols, start, end, as_of, columns)

    def unmeasured(self, since: date) -> list[tuple[str, date, datetime]]:
        """symbol, day, at of the last snapshots of days from `since` on that have no volatility of their own yet."""
        return archive_volatility.unmeasured(self.database, since)

    # prints and raw messages

    def save_trades(self, frame: pl.DataFrame) -> int:
        """Append prints (`archive_tables.TRADES`) in one transaction; those already there, by source and id, are left out."""
        return archive_prints.save_trades(self.database, frame)

    def trades(self, symbol: str | None = None, start: date | datetime | None = None,
               end: date | datetime | None = None) -> pl.DataFrame:
        """Prints by time; `start` and `end` included, days in exchange time."""
        return archive_prints.trades(self.database, symbol, start, end)

    def save_raw(self, source: str, channel: str, lines: Sequence[str], at: datetime | None = None) -> int:
        """Keep messages as they came, to look for drift later; `at` (default now): when they came."""
        return archive_prints.save_raw(self.database, source, channel, lines, at or self._clock())

    def raw(self, source: str | None = None, channel: str | None = None, limit: int = 1000) -> pl.DataFrame:
        """source, channel, at, line of the newest raw messages, newest first."""
        return archive_prints.raw(self.database, source, channel, limit)

    # the archive as a whole

    def sources(self, fetch_ids: Iterable[int | None]) -> dict[int, Source]:
        """Where the rows of these requests (below zero) came from; unknown ones are left out."""
        wanted = sorted({int(number) for number in fetch_ids if number is not None and number < 0})
        with self._lock:
            missing = [number for number in wanted if number not in self._sources]
        if missing:
            found = archive_chains.sources(self.database, missing)
            with self._lock:
                self._sources.update(found)
        with self._lock:
            return {number: self._sources[number] for number in wanted if number in self._sources}

    def status(self) -> pl.DataFrame:
        """symbol, days, first, newest (day), at, contracts, provider, fetch_id (of the newest), rows (of all), volatilities."""
        return archive_chains.status(self.database)

    def missed(self) -> dict[str, list[date]]:
        """Of each symbol the sessions since its first archived one, up to the last that ended, of which there is no chain."""
        found = self.snapshots().group_by("symbol").agg("session", pl.col("session").min().alias("first"))
        ended = known.last_session(self._clock(), self._calendar)
        return {symbol: sorted(known.sessions(first, ended, self._calendar) - set(there))
                for symbol, there, first in found.iter_rows()}  # fmt: skip

    def size(self) -> int:
        """Bytes of the file and its log."""
        return file_size(self.database.path)

    def prune(self, *, moments: int, trades: int, raw: int, raw_bytes: int) -> Pruned:
        """Give up earlier snapshots, prints and raw messages older than so many days, and the oldest raw beyond `raw_bytes`.

        The last snapshot of a day and the volatilities are never given up.
        """
        now = self._clock()
        gone = archive_chains.prune(self.database, now - timedelta(days=moments))
        prints, messages, left = archive_prints.prune(
            self.database, now - timedelta(days=trades), now - timedelta(days=raw), raw_bytes)
        self._grow()
        return Pruned(gone, prints, messages, left)

    def _grow(self) -> None:
        with self._lock:
            self._version += 1

    def _sessions_before(self, day: date, count: int) -> date:
        """The session `count` sessions before `day`; without a calendar the weekdays."""
        for _ in range(count):
            day = known.session_before(day, self._calendar)
        return day

    def _complete(self) -> None:
        """Add the columns that a newer CHAINS has."""
        found = self.database.read("select column_name from duckdb_columns() where table_name = 'contract_days'")
        have = set(found["column_name"])
        missing = {name: kind for name, kind in columns_of_rows().items() if name not in have}
        texts = [f"alter table {table} add column {quoted(name)} {kind}"
                 for table in ("contract_days", "contract_moments") for name, kind in missing.items()]
        if texts:
            self.database.write(lambda tx: [tx.execute(text) for text in texts])
