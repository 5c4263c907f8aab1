"""Threads that work off what is asked for: the commands of an `App`, the errands of the window."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from terminal import memory
from terminal.errors import Cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

_REST = 1.0  # seconds without a command after which memory is handed back


class Workers:
    """A pool of daemon threads, started as needed. (The standard pool's threads would hold up the end of the process.)

    `rest` is called by one of them when there was nothing to do for a second.
    """

    def __init__(self, most: int, rest: Callable[[], None] = memory.give_back) -> None:
        self._most, self._rest = most, rest
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._pending = 0
        self._rested = True
        self._closed = False

    def submit(self, task: Callable[[], None]) -> None:
        """Run `task` when a thread is free; Cancelled after `close`."""
        with self._lock:
            if self._closed:
                raise Cancelled
            self._pending += 1
            if self._pending > len(self._threads) and len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name=f"worker {len(self._threads) + 1}", daemon=True)
                self._threads.append(thread)
                thread.start()
        self._queue.put(task)

    @property
    def pending(self) -> int:
        """How many tasks are running or waiting."""
        with self._lock:
            return self._pending

    def close(self, patience: float) -> None:
        """End the threads, waiting `patience` seconds at most for those that are busy."""
        with self._lock:
            self._closed = True
            threads = tuple(self._threads)
        for _ in threads:
            self._queue.put(None)
        deadline = time.monotonic() + patience
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task()
            finally:
                with self._lock:
                    self._pending -= 1
                    self._rested = False
            del task  # a waiting thread must not keep the last answer alive

    def _next(self) -> Callable[[], None] | None:
        """The next task. One of the threads tidies up when there was none for a while."""
        try:
            return self._queue.get(timeout=_REST)
        except queue.Empty:
            with self._lock:
                mine, self._rested = not (self._rested or self._pending), True
        if mine:
            self._rest()
        return self._queue.get()
