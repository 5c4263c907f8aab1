"""How many requests a service lets us make: several windows at once (60 a minute and 25 a day), kept across restarts.

Every request is a row in one SQLite file, so that a second process and the next start count the same. What a service
says about itself (`Retry-After`, a counter of what is left) is honoured on top of our own count.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from terminal.errors import RateLimited
from terminal.providers.steady import Steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ONE_IN = 5
RESERVED_FROM = 3600
LONGEST_WAIT = timedelta(seconds=90)
_KEPT_MS = 2 * 86_400_000
_TABLES = """
    create table if not exists requests (
        id integer primary key autoincrement, provider text not null, at integer not null, cost integer not null);
    create index if not exists requests_by_provider on requests (provider, at);
    create table if not exists told (
        provider text primary key, remaining integer not null, last integer not null, until integer not null);
"""


@dataclass(frozen=True, slots=True)
class Window:
    """At most `requests` in any stretch of `seconds`."""

    requests: int
    seconds: int

    @property
    def reserve(self) -> int:
        """What scheduled work leaves to what is asked by hand: a fifth of a window of an hour or more."""
        return -(-self.requests // ONE_IN) if self.seconds >= RESERVED_FROM and self.requests > 1 else 0


@dataclass(frozen=True, slots=True)
class WindowStatus:
    """One window now. `left` also respects what the service itself said; `reserve` of it is for requests by hand.

    `resets_at`: when all of it is there again (None: nothing is used); `next_at`: when one request is (None: now).
    """

    requests: int
    seconds: int
    used: int
    left: int
    resets_at: datetime | None
    next_at: datetime | None = None
    reserve: int = 0


class Budget:
    """Counts requests per provider in a SQLite file (None: in memory). Safe for several threads and several processes.

    A service counts in real time, so this does too: by the machine's running time (`Steady`), which nobody can set.
    `clock` only says what time of day that is. `running` (seconds) defaults to the machine's, or to `clock` where one is given.
    """

    def __init__(
        self,
        path: Path | None = None,
        clock: Callable[[], datetime] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        running: Callable[[], float] | None = None,
    ) -> None:
        self._path = path
        self._clock = clock or (lambda: datetime.now(UTC))
        self._sleep = sleep
        self._steady = Steady(self._clock, running if running is not None or clock is None else lambda: clock().timestamp())
        self._lock = threading.RLock()
        self._windows: dict[str, tuple[Window, ...]] = {}
        self._file: sqlite3.Connection | None = None
        self._by_hand: dict[str, int] = {}

    def declare(self, provider: str, windows: tuple[Window, ...]) -> None:
        """Set the limits of a provider; none means unlimited. What was counted before stays counted."""
        with self._lock:
            self._windows[provider] = tuple(sorted(windows, key=lambda window: window.seconds))

    def take(
        self,
        provider: str,
        cost: int = 1,
        *,
        by_hand: bool = True,
        waiting: Callable[[float], None] | None = None,
        title: str = "",
    ) -> None:
        """Count `cost` requests, waiting when a short window is full; `waiting(seconds)` is told and may raise Cancelled.

        What is asked by hand goes before scheduled work that waits. Raises RateLimited when it would take longer than a
        minute and a half, or when only the reserve is left.
        """
        if not self._windows.get(provider):
            return
        waited = 0.0
        waits = False
        try:
            while True:
                pause = self._try(provider, cost, by_hand)
                if pause <= 0:
                    return
                if waited + pause > LONGEST_WAIT.total_seconds():
                    raise self._refusal(title or provider, cost, pause)
                if by_hand and not waits:
                    waits = True
                    self._queue(provider, 1)
                if waiting is not None:
                    waiting(pause)
                nap = min(pause, 0.25)
                self._sleep(nap)
                waited += nap
        finally:
            if waits:
                self._queue(provider, -1)

    def learn(self, provider: str, remaining: int, until: datetime | None = None) -> None:
        """What the service said: no more than `remaining` requests before `until` (None: the end of the shortest window).

        It never gives more than the declared windows do. Of two statements about the same moment the lower one counts.
        """
        windows = self._windows.get(provider)
        if not windows:
            return
        with self._lock, self._transaction() as (file, now):
            end = now + (windows[0].seconds * 1000 if until is None else self._ahead(until))
            if end <= now:
                return
            known = self._told(file, provider, now)
            if known is not None and (abs(known[1] - end) < 2000 or until is None):
                remaining, end = min(remaining, known[0]), max(end, known[1])
            granted = (provider, max(remaining, 0), end)
            file.execute("insert or replace into told select ?, ?, coalesce(max(id), 0), ? from requests", granted)

    def status(self, provider: str) -> list[WindowStatus]:
        """Each window of the provider, the shortest first; empty where there is no limit."""
        windows = self._windows.get(provider, ())
        if not windows:
            return []
        with self._lock, self._transaction() as (file, now):
            told = self._told(file, provider, now)
            return [self._window_status(file, provider, window, told, now) for window in windows]

    def remaining(self, provider: str, *, by_hand: bool = True) -> int | None:
        """Requests left in the tightest window now, for scheduled work without the reserve; None: unlimited."""
        left = [max(each.left - (0 if by_hand else each.reserve), 0) for each in self.status(provider)]
        return min(left) if left else None

    def windows(self, provider: str) -> tuple[Window, ...]:
        """The limits in force, the shortest first."""
        return self._windows.get(provider, ())

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    # -- counting ----------------------------------------------------------------------------------------------

    def _try(self, provider: str, cost: int, by_hand: bool) -> float:
        """Seconds to wait; 0 when the requests were counted, infinite when they never fit."""
        with self._lock:
            if not by_hand and self._by_hand.get(provider):
                return 0.25
            with self._transaction() as (file, now):
                windows = self._windows[provider]
                waits = [self._wait(file, provider, window, cost, by_hand, now) for window in windows]
                told = self._told(file, provider, now)
                if told is not None and told[0] < cost:
                    waits.append(told[1] - now)
                pause = max(waits)
                if pause <= 0:
                    file.execute("insert into requests (provider, at, cost) values (?, ?, ?)", (provider, now, cost))
                    kept = max(_KEPT_MS, windows[-1].seconds * 1000 + 1000)
                    file.execute("delete from requests where provider = ? and at < ?", (provider, now - kept))
                return pause / 1000

    def _wait(self, file: sqlite3.Connection, provider: str, window: Window, cost: int, by_hand: bool, now: int) -> float:
        """Milliseconds until the window has room for `cost`."""
        room = window.requests - (0 if by_hand else window.reserve)
        if cost > room:
            return float("inf")
        rows = self._rows(file, provider, window, now)
        excess = sum(each for _, each in rows) + cost - room
        for at, each in rows:
            if excess <= 0:
                break
            excess -= each
            if excess <= 0:
                return float(at + window.seconds * 1000 + 1 - now)
        return 0.0

    def _rows(self, file: sqlite3.Connection, provider: str, window: Window, now: int) -> list[tuple[int, int]]:
        since = now - window.seconds * 1000
        return file.execute(
            "select at, cost from requests where provider = ? and at >= ? order by at", (provider, since)
        ).fetchall()

    def _told(self, file: sqlite3.Connection, provider: str, now: int) -> tuple[int, int] | None:
        """What is left of what the service granted, and until when that holds."""
        row = file.execute("select remaining, last, until from told where provider = ?", (provider,)).fetchone()
        if row is None or row[2] <= now:
            return None
        used = file.execute("select coalesce(sum(cost), 0) from requests where provider = ? and id > ?", (provider, row[1]))
        return max(int(row[0]) - int(used.fetchone()[0]), 0), int(row[2])

    def _window_status(
        self, file: sqlite3.Connection, provider: str, window: Window, told: tuple[int, int] | None, now: int
    ) -> WindowStatus:
        rows = self._rows(file, provider, window, now)
        used = sum(cost for _, cost in rows)
        left = max(window.requests - used, 0)
        whole = rows[-1][0] + window.seconds * 1000 + 1 if rows else None
        free = self._wait(file, provider, window, 1, True, now)
        if told is not None and told[0] < left:
            left, whole = told[0], max(told[1], whole or 0)
            free = max(free, told[1] - now if not left else 0)
        moment = self._clock()

        def at(offset: float) -> datetime:
            return moment + timedelta(milliseconds=offset)

        return WindowStatus(
            window.requests,
            window.seconds,
            used,
            left,
            None if whole is None else at(whole - now),
            None if free <= 0 or free == float("inf") else at(free),
            window.reserve,
        )

    def _queue(self, provider: str, step: int) -> None:
        with self._lock:
            self._by_hand[provider] = self._by_hand.get(provider, 0) + step

    def _ahead(self, until: datetime) -> int:
        return int((until - self._clock()).total_seconds() * 1000)

    def _refusal(self, title: str, cost: int, pause: float) -> RateLimited:
        if pause == float("inf"):
            return RateLimited(
                f"{title} allows fewer than the {cost} requests that this takes.", "What is stored stays usable."
            )
        until = self._clock() + timedelta(seconds=pause)
        refusal = RateLimited(
            f"The request budget for {title} is used up until {until:%Y-%m-%d %H:%M} UTC.",
            "What is stored stays usable; the rest is fetched then.",
            retry_at=until,
        )
        refusal.of_budget = True  # type: ignore[attr-defined]  # ours, not the service's
        return refusal

    # -- the file ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[tuple[sqlite3.Connection, int]]:
        """The file, locked against other processes, and the time in it (ms, never running backwards)."""
        try:
            file = self._begin()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "lock" in str(error):
                raise RateLimited("The count of requests is in use by another process.", "Try again in a moment.") from error
            file = self._begin_anew()
        try:
            yield file, self._steady.now(file)
        except BaseException:
            file.rollback()
            raise
        file.commit()

    def _begin(self) -> sqlite3.Connection:
        if self._file is None:
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            where = ":memory:" if self._path is None else str(self._path)
            file = sqlite3.connect(where, timeout=5.0, isolation_level=None, check_same_thread=False)
            try:
                # A process that is killed loses nothing; what a power cut may lose is the last moment.
                file.execute("pragma journal_mode = wal")
                file.execute("pragma synchronous = normal")
                file.executescript(_TABLES)
                self._steady.prepare(file)
            except BaseException:
                file.close()
                raise
            self._file = file
        self._file.execute("begin immediate")
        return self._file

    def _begin_anew(self) -> sqlite3.Connection:
        """A damaged file is put aside; one that cannot be written at all is counted in memory."""
        self.close()
        if self._path is not None:
            for name in (self._path.name, f"{self._path.name}-wal", f"{self._path.name}-shm"):
                with contextlib.suppress(OSError):
                    self._path.with_name(name).unlink(missing_ok=True)
        try:
            return self._begin()
        except sqlite3.DatabaseError:
            self.close()
            self._path = None
            return self._begin()
