"""The one thread that writes: a queue of functions, each with a future that is done once its work is durable."""

from __future__ import annotations

import logging
import queue
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from terminal.errors import Cancelled, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
REST = 2.0
_log = logging.getLogger(__name__)


class Interruptible(Protocol):
    """What a job works on."""

    def interrupt_writer(self) -> None:
        """Stop the statement that runs."""
        ...


@dataclass
class _Job(Generic[T]):
    run: Callable[[], T]
    future: Future[T]
    database: Interruptible


class Writer:
    """The one thread that writes. `submit` queues a function; `close` drains, then cancels, within its time.

    `rest` runs on the thread once nothing was queued for `REST` seconds after some work.
    """

    def __init__(self, rest: Callable[[], None] = lambda: None) -> None:
        self._rest = rest
        self._queue: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._gate = threading.Lock()
        self._running: _Job[Any] | None = None
        self._worked = False
        self._thread = threading.Thread(target=self._work, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on the writer thread."""
        return threading.current_thread() is self._thread

    @property
    def waiting(self) -> int:
        """How many functions are queued or running."""
        return self._queue.qsize() + (self._running is not None)

    def submit(self, database: Interruptible, run: Callable[[], T]) -> Future[T]:
        """Queue `run`. The future's result is there once what it did is durable."""
        future: Future[T] = Future()
        with self._gate:
            if self._closing.is_set():
                raise StoreError("The store is closed.", "Start the program again.")
            self._queue.put(_Job(run, future, database))
        return future

    def close(self, patience: float = 0.4, limit: float = 1.2) -> bool:
        """Let queued work finish for `patience` seconds, cancel the rest, stop the running one; whether it ended."""
        with self._gate:
            if self._closing.is_set():
                return not self._thread.is_alive()
            self._queue.put(None)
            self._closing.set()
        self._thread.join(patience)
        self._cancel_queued()
        deadline = time.monotonic() + limit - patience
        while self._thread.is_alive() and time.monotonic() < deadline:
            job = self._running
            if job is not None:
                job.database.interrupt_writer()
            self._thread.join(0.05)
        return not self._thread.is_alive()

    def _cancel_queued(self) -> None:
        with suppress(queue.Empty):
            while True:
                job = self._queue.get_nowait()
                if job is not None and job.future.set_running_or_notify_cancel():
                    job.future.set_exception(Cancelled("The store was closed before this was saved."))
        self._queue.put(None)

    def _work(self) -> None:
        while (job := self._next()) is not None:
            if not job.future.set_running_or_notify_cancel():
                continue
            self._running, self._worked = job, True
            try:
                job.future.set_result(job.run())
            except BaseException as error:
                job.future.set_exception(error)
            finally:
                self._running = None
            del job  # frames of a finished job must not live until the next one

    def _next(self) -> _Job[Any] | None:
        if not self._worked:
            return self._queue.get()
        self._worked = False
        try:
            return self._queue.get(timeout=REST)
        except queue.Empty:
            try:
                self._rest()
            except Exception:
                _log.exception("Tidying up failed")
        return self._queue.get()
