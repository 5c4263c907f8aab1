"""A time that only runs forward, for counting what happened in the last hour: no setting of the clock changes it.

It is the machine's running time (which goes on while the machine sleeps), continued across restarts of the program by
what is kept in the counting file. Only over a restart of the machine the clock on the wall has to be believed, and even
then time never goes back: a clock that was set back gives no request back.
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

# A machine's start, reckoned from its clock and running time, is the same start when it differs by less.
_SAME_START_MS = 60_000


class Steady:
    """Milliseconds that all processes of one counting file share. `running`: seconds since the machine started."""

    def __init__(self, clock: Callable[[], datetime], running: Callable[[], float] | None = None) -> None:
        self._clock = clock
        self._running = running or running_seconds
        self._start = "" if running is not None else start_of_machine()
        self._offset: int | None = None

    def prepare(self, file: sqlite3.Connection) -> None:
        """Make the table; a newly opened file says anew where its time stands."""
        file.execute(
            "create table if not exists steady (one integer primary key check (one = 1), now integer not null, "
            "wall integer not null, running integer not null, start text not null)"
        )
        self._offset = None

    def now(self, file: sqlite3.Connection) -> int:
        """The time inside a transaction of `file`, which keeps it."""
        running, wall = int(self._running() * 1000), int(self._clock().timestamp() * 1000)
        row = file.execute("select now, wall, running, start from steady").fetchone()
        if self._offset is None:
            self._offset = (wall if row is None else self._continued(row, wall, running)) - running
        now = running + self._offset
        if row is not None and now < row[0]:
            now = int(row[0])
            self._offset = now - running
        file.execute("insert or replace into steady values (1, ?, ?, ?, ?)", (now, wall, running, self._start))
        return now

    def _continued(self, row: tuple[int, int, int, str], wall: int, running: int) -> int:
        before, its_wall, its_running, start = row
        if running >= its_running and self._same_start(start, its_wall - its_running, wall - running):
            return before + running - its_running
        return before + max(wall - its_wall, 0)

    def _same_start(self, start: str, its_start: int, our_start: int) -> bool:
        if start or self._start:
            return start == self._start
        return abs(its_start - our_start) < _SAME_START_MS


def running_seconds() -> float:
    """Seconds since the machine started, those it slept included."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    if sys.platform == "darwin":  # its `monotonic` stands still in sleep, this one does not
        return time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
    return time.monotonic()


def start_of_machine() -> str:
    """A name of this start of the machine where the system gives one, else ""."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""
