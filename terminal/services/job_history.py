"""What became of every scheduled job: one row a run in the book (schema `jobs`), kept ninety days.

Writes are queued and nobody waits for them: a program that is being closed must not hang here.
"""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future, wait
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from terminal.errors import StoreError
from terminal.store.migrate import CoreStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    import polars as pl

    from terminal.store import Store

OWNER = "jobs"
STEPS = (
    CoreStep("0001 history", """
        create table jobs.known (name varchar not null, since timestamptz not null);
        create table jobs.history (
            id bigint not null, name varchar not null, command varchar not null, why varchar not null,
            due timestamptz not null, started timestamptz not null, finished timestamptz, state varchar not null,
            rows bigint, note varchar not null, error varchar not null);
    """),
)
KEPT = timedelta(days=90)
# What is not made up for: a run that happened, one that the user stopped, and one that came to nothing for a good reason.
DEALT_WITH = ("done", "running", "skipped", "cancelled", "missed")


class JobHistory:
    """The rows. Thread safe; the book is opened with the first call."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock
        self._lock = threading.Lock()
        self._numbers: itertools.count[int] | None = None

    def read(self, name: str | None = None, limit: int = 200) -> pl.DataFrame:
        """Newest first: id, name, command, why, due, started, finished, state, rows, note, error."""
        where, params = ("", ()) if name is None else ("where name = ?", (name,))
        return self._store.book.read(f"select * from jobs.history {where} order by started desc, id desc limit {int(limit)}",
                                     params)

    def latest(self) -> dict[str, Mapping[str, Any]]:
        """The newest row of each job."""
        rows = self._store.book.read("select * from jobs.history qualify row_number() over "
                                     "(partition by name order by started desc, id desc) = 1")
        return {row["name"]: row for row in rows.to_dicts()}

    def begin(self, names: Iterable[str], mine: Iterable[int]) -> None:
        """A process takes over: what ran and is not `mine` was interrupted, old rows go, new jobs become known from now on."""
        now = self._clock()
        numbers = ", ".join(str(number) for number in mine)

        def write(tx: Any) -> None:
            but = f"and id not in ({numbers})" if numbers else ""
            tx.execute(f"update jobs.history set state = 'interrupted' where state = 'running' {but}")
            tx.execute("delete from jobs.history where started < ?", (now - KEPT,))
            known = set(tx.query("select name from jobs.known")["name"])
            for name in names:
                if name not in known:
                    tx.execute("insert into jobs.known values (?, ?)", (name, now))

        self._store.book.write(write)

    def dealt_with(self) -> dict[str, datetime]:
        """For each job the newest due moment that needs no making up for; the future, written by a wrong clock, is ignored."""
        rows = self._store.book.read(
            "select name, max(moment) as moment from (select name, since as moment from jobs.known union all "
            f"select name, due from jobs.history where state in {DEALT_WITH}) where moment <= ? group by name", (self._clock(),))
        return dict(zip(rows["name"].to_list(), rows["moment"].to_list(), strict=True))

    def forget(self, names: Iterable[str]) -> None:
        """What these jobs missed until now is not made up for."""
        now, listed = self._clock(), list(names)

        def write(tx: Any) -> None:
            for name in listed:
                tx.execute("delete from jobs.known where name = ?", (name,))
                tx.execute("insert into jobs.known values (?, ?)", (name, now))

        if listed:
            self._store.book.write(write)

    def started(self, name: str, command: str, why: str, due: datetime) -> int:
        """A run begins; its number."""
        number = self._number()
        self._submit("insert into jobs.history values (?, ?, ?, ?, ?, ?, null, 'running', null, '', '')",
                     (number, name, command, why, due, self._clock()))
        return number

    def ended(self, number: int, state: str, rows: int | None, note: str, error: str, *, patience: float = 0.0) -> None:
        """How it ended. With `patience` (seconds) it is written when this returns, unless the disk is slower than that."""
        written = self._submit("update jobs.history set state = ?, finished = ?, rows = ?, note = ?, error = ? where id = ?",
                               (state, self._clock(), rows, note, error, number))
        if patience and written is not None:
            wait([written], patience)

    def _number(self) -> int:
        with self._lock:
            if self._numbers is None:
                last = self._store.book.read("select coalesce(max(id), 0) as n from jobs.history")["n"][0]
                self._numbers = itertools.count(int(last) + 1)
            return next(self._numbers)

    def _submit(self, sql: str, params: tuple[Any, ...]) -> Future[int] | None:
        with suppress(StoreError):
            return self._store.book.submit(lambda tx: tx.execute(sql, params))
        return None
