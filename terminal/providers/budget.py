"""How many requests a service lets us make: several windows at once (5 in 5 seconds and 25 a day), kept across restarts."""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from terminal.errors import RateLimited

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RESERVE = 0.2
LONGEST_WAIT = timedelta(seconds=90)


@dataclass(frozen=True, slots=True)
class Window:
    """At most `requests` in any stretch of `seconds`."""

    requests: int
    seconds: int


class Budget:
    """Counts requests per provider in a SQLite file (None: in memory). Thread safe.

    The service counts in real time, so this does too, whatever the program's clock says.
    What runs on a schedule leaves a fifth of each window of an hour or more to what the user asks by hand.
    """

    def __init__(
        self,
        path: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.RLock()
        self._windows: dict[str, tuple[Window, ...]] = {}
        self._buckets: dict[str, Any] = {}

    def declare(self, provider: str, windows: tuple[Window, ...]) -> None:
        """Set the limits of a provider; none means unlimited."""
        with self._lock:
            self._windows[provider] = tuple(sorted(windows, key=lambda window: window.seconds))
            bucket = self._buckets.pop(provider, None)
            if bucket is not None:
                bucket.close()

    def take(self, provider: str, cost: int = 1, *, by_hand: bool = True, waiting: Callable[[float], None] | None = None) -> None:
        """Count `cost` requests, waiting when a short window is full; `waiting(seconds)` is told and may raise Cancelled.

        Raises RateLimited when it would take longer than a minute and a half, or when only the reserve is left.
        """
        if not self._windows.get(provider):
            return
        deadline = self._clock() + LONGEST_WAIT
        while True:
            pause = self._try(provider, cost, by_hand)
            if pause <= 0:
                return
            until = self._clock() + timedelta(seconds=pause)
            if until > deadline:
                raise RateLimited(
                    f"The request budget for {provider} is used up until {until:%Y-%m-%d %H:%M} UTC.",
                    "What is stored stays usable; the rest is fetched then.",
                    retry_at=until,
                )
            if waiting is not None:
                waiting(pause)
            self._sleep(min(pause, 0.25))

    def remaining(self, provider: str) -> int | None:
        """Requests left in the tightest window now; None: unlimited."""
        windows = self._windows.get(provider)
        if not windows:
            return None
        with self._lock:
            return min(window.requests - self._used(provider, window) for window in windows)

    def windows(self, provider: str) -> tuple[Window, ...]:
        """The limits in force."""
        return self._windows.get(provider, ())

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            for bucket in self._buckets.values():
                bucket.close()
            self._buckets.clear()

    def _try(self, provider: str, cost: int, by_hand: bool) -> float:
        """Seconds to wait; 0 when the requests were counted."""
        from pyrate_limiter import RateItem

        with self._lock:
            for window in self._windows[provider]:
                kept_back = 0 if by_hand or window.seconds < 3600 else int(window.requests * RESERVE)
                if kept_back and window.requests - self._used(provider, window) - cost < kept_back:
                    return float(window.seconds)
            bucket = self._bucket(provider)
            now = self._milliseconds()
            bucket.leak(now)
            item = RateItem(provider, now, weight=cost)
            if bucket.put(item):
                return 0.0
            return max(float(bucket.waiting(item)) / 1000, 0.01)

    def _used(self, provider: str, window: Window) -> int:
        bucket = self._bucket(provider)
        since = self._milliseconds() - window.seconds * 1000
        row = bucket.conn.execute(f'select count(*) from "{bucket.table}" where item_timestamp > ?', (since,)).fetchone()
        return int(row[0])

    def _milliseconds(self) -> int:
        return int(self._clock().timestamp() * 1000)

    def _bucket(self, provider: str) -> Any:
        if provider not in self._buckets:
            from pyrate_limiter import Rate, SQLiteBucket

            rates = [Rate(window.requests, window.seconds * 1000) for window in self._windows[provider]]
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
            where = str(self._path) if self._path is not None else ":memory:"
            try:
                self._buckets[provider] = SQLiteBucket.init_from_file(rates, table=f"requests_{provider}", db_path=where)
            except sqlite3.DatabaseError:
                if self._path is not None:
                    self._path.unlink(missing_ok=True)
                self._buckets[provider] = SQLiteBucket.init_from_file(rates, table=f"requests_{provider}", db_path=where)
        return self._buckets[provider]
