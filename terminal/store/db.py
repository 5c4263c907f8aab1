"""One DuckDB file, one writer thread, one reader cursor a thread.

The writer thread drains a queue; one function is one transaction; what it changed is published after the commit.
A reader cursor belongs to its thread and never leaves this module: reads return finished polars frames.
"""

from __future__ import annotations

import logging
import shutil
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb
import polars as pl

from terminal.errors import Cancelled, StoreError
from terminal.store.connection import Stream, connect, copy_database, file_size, flush, frame_of, probe, starved, user_errors
from terminal.store.sql import render
from terminal.store.transaction import Transaction

if TYPE_CHECKING:
    from pathlib import Path

    from terminal.store.writer import Writer

T = TypeVar("T")
Publish = Callable[[str, Mapping[str, Any]], object]
_log = logging.getLogger(__name__)
_PATIENCE = 5.0
_LEAST = "1MB"


@contextmanager
def _shown(cursor: duckdb.DuckDBPyConnection, views: Mapping[str, pl.DataFrame]) -> Iterator[None]:
    """`views` as tables of this cursor alone."""
    for name, frame in views.items():
        cursor.register(name, Stream(frame))
    try:
        yield
    finally:
        for name in views:
            with suppress(duckdb.Error):
                cursor.unregister(name)


class _Reader:
    """A thread's cursor; closed when the thread ends, since only that thread's local storage holds it."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, generation: int) -> None:
        self.cursor = cursor
        self.generation = generation
        self.thread = threading.get_ident()
        self.stopped = False

    def close(self) -> None:
        with suppress(duckdb.Error):
            self.cursor.close()

    def __del__(self) -> None:
        self.close()


class Database:
    """One file. Reads run in the caller's thread, writes on the writer's; neither may be called on a forbidden thread.

    `topic` is published as `{"table": name}` for each table a transaction changed (none when empty).
    The engine keeps up to `memory` of what was read; a transaction may take `writing` meanwhile (default: the same).
    Raises Locked, Corrupt, NewerStore, DiskFull or StoreError when the file cannot be opened.
    """

    def __init__(self, path: Path, writer: Writer, *, publish: Publish, topic: str = "", memory: str = "64MB",
                 writing: str = "", threads: int = 2) -> None:
        self.path = path
        self._writer, self._publish, self._topic = writer, publish, topic
        self._memory, self._writing, self._threads = memory, writing or memory, threads
        self._local = threading.local()
        self._readers: weakref.WeakSet[_Reader] = weakref.WeakSet()
        self._reading = 0
        self._swapping = False
        self._committing = threading.Lock()
        self._rooms, self._rooms_lock = 0, threading.Lock()
        self._gate = threading.Condition()
        self._generation = 0
        self._forbidden: int | None = None
        self._connection: duckdb.DuckDBPyConnection | None = None
        with user_errors(path):
            self._open()

    # reading

    def read(self, sql: str, params: Sequence[Any] = (), *, views: Mapping[str, pl.DataFrame] | None = None) -> pl.DataFrame:
        """The answer to a query as a polars frame; `views` are frames it may name. Raises Cancelled or StoreError."""
        self._check_thread()
        text = render(sql, params)
        with self._reader() as reader, user_errors(self.path), _shown(reader.cursor, views or {}):
            try:
                return frame_of(reader.cursor.sql(text))
            except (duckdb.Error, pl.exceptions.ComputeError) as error:
                if reader.stopped or not starved(error):
                    raise
            with self._room(reader.cursor):
                return frame_of(reader.cursor.sql(text))

    def interrupt(self, thread: int | None = None) -> None:
        """Stop what a thread (None: every thread) is reading; its read raises Cancelled."""
        with self._gate:
            readers = list(self._readers)
        for reader in readers:
            if thread is None or reader.thread == thread:
                reader.stopped = True
                with suppress(duckdb.Error):
                    reader.cursor.interrupt()

    def forbid_thread(self, thread: int | None) -> None:
        """Refuse every call from this thread: the window forbids its own."""
        self._forbidden = thread

    # writing

    @property
    def waiting(self) -> int:
        """How many writes are queued or running, of every file that shares the writer."""
        return self._writer.waiting

    def write(self, fn: Callable[[Transaction], T]) -> T:
        """Run `fn(tx)` as one transaction and return its result once it is durable; any error undoes all of it."""
        return self.wait(self.submit(fn))

    def submit(self, fn: Callable[[Transaction], T]) -> Future[T]:
        """As `write`, without waiting."""
        self._check_thread()
        return self._writer.submit(self, lambda: self._transact(fn))

    def exclusive(self, fn: Callable[[duckdb.DuckDBPyConnection], T]) -> Future[T]:
        """Run `fn(connection)` on the writer thread outside a transaction (checkpoints, copies)."""
        self._check_thread()

        def run() -> T:
            with user_errors(self.path), self._room():
                return fn(self.connection)

        return self._writer.submit(self, run)

    def wait(self, future: Future[T]) -> T:
        """The future's result; a wait on the writer thread itself would never end and is refused."""
        if self._writer.is_current:
            raise RuntimeError("the writer thread cannot wait for itself; pass the transaction on instead")
        try:
            return future.result()
        except CancelledError as error:
            raise Cancelled("The store was closed before this was saved.", cause=error) from error

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The writer's connection, for this room only."""
        if self._connection is None:
            raise StoreError("The store is closed.", "Start the program again.")
        return self._connection

    def interrupt_writer(self) -> None:
        """Stop the statement the writer runs; its transaction is undone. A commit that has begun is left to finish."""
        # An interrupted commit may be durable and yet raise, and its caller would be told that nothing was saved.
        if self._connection is not None and self._committing.acquire(blocking=False):
            try:
                self._connection.interrupt()
            except duckdb.Error:
                _log.debug("Nothing to interrupt in %s", self.path.name)
            finally:
                self._committing.release()

    # the file as a whole

    def checkpoint(self) -> Future[None]:
        """Move what is in the log into the file."""
        def run(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute("checkpoint")

        return self.exclusive(run)

    def tidy(self) -> None:
        """On the writer thread: a checkpoint if there is anything for it; one that must wait for a reader is left for later."""
        wal = self.path.with_name(self.path.name + ".wal")
        if self._connection is not None and wal.exists():
            with suppress(duckdb.Error), self._room():
                self._connection.execute("checkpoint")

    def let_go(self) -> None:
        """Hand back the pages that reading left in memory; the next reader gets them from the file again."""
        with suppress(StoreError), self._reader() as reader, self._rooms_lock:
            for memory in (_LEAST, self._memory) if not self._rooms else ():
                with suppress(duckdb.Error):  # somebody holds more than that just now
                    reader.cursor.execute(f"set memory_limit = '{memory}'")

    def copy_to(self, target: Path) -> None:
        """A consistent copy of the file, on the disk when this returns. Nothing else is written meanwhile."""
        self.wait(self.exclusive(lambda _: self.copy_here(target)))

    def copy_here(self, target: Path) -> None:
        """As `copy_to`, for a caller that is on the writer thread already."""
        self.connection.execute("checkpoint")
        try:
            shutil.copyfile(self.path, target)
        except PermissionError:  # Windows does not let an open database file be read
            target.unlink(missing_ok=True)
            copy_database(self.connection, target)
        flush(target)

    def replace_with(self, change: Callable[[], T]) -> Future[T]:
        """On the writer thread: wait for readers, close the file, run `change`, open it again."""
        return self._writer.submit(self, lambda: self.swap(change))

    def compact(self, worth: float) -> Future[tuple[int, int, bool]]:
        """Write the file anew when that makes it smaller by the factor `worth`: size before, after, whether it was done."""
        fresh = self.path.with_name(self.path.name + ".new")

        def run() -> tuple[int, int, bool]:
            with user_errors(self.path), self._room():
                self.connection.execute("checkpoint")
                before = file_size(self.path)
                for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
                    leftover.unlink(missing_ok=True)
                try:
                    copy_database(self.connection, fresh)
                    after = file_size(fresh)
                    if before < worth * after:
                        return before, before, False
                    flush(fresh)
                    probe(fresh)
                    self.swap(lambda: fresh.replace(self.path))
                    return before, after, True
                finally:
                    fresh.unlink(missing_ok=True)

        return self._writer.submit(self, run)

    def swap(self, change: Callable[[], T]) -> T:
        """On the writer thread: close the file, run `change` (which may replace it), open it again."""
        with self._gate:
            self._swapping = True  # readers that come now wait, else a busy window could keep the file open for ever
            try:
                if not self._gate.wait_for(lambda: self._reading == 0, timeout=_PATIENCE):
                    raise StoreError("Something is still reading from the store.", "Try again in a moment.")
                self._release()
                try:
                    return change()
                finally:
                    self._open()
            finally:
                self._swapping = False
                self._gate.notify_all()

    def close(self) -> None:
        """Stop readers and close the file; DuckDB writes its checkpoint as the last connection goes."""
        self.interrupt()
        with self._gate:
            self._gate.wait_for(lambda: self._reading == 0, timeout=0.5)
            self._release()

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self._create()
        # A log that is worked in while the file opens may need as much as writing it did.
        self._connection = connect(self.path, memory=self._writing, threads=self._threads)
        self._allow(self._memory, None)
        self._generation += 1

    def _create(self) -> None:
        # Made beside its place and renamed, so that a kill in the middle leaves no half-made file under the real name.
        fresh = self.path.with_name(self.path.name + ".new")
        for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
            leftover.unlink(missing_ok=True)
        connect(fresh, memory=self._memory, threads=self._threads).close()
        fresh.replace(self.path)

    def _release(self) -> None:
        for reader in list(self._readers):
            reader.close()
        if self._connection is not None:
            self._allow(self._writing, None)  # for the checkpoint: one that lacks memory spoils the connection
            with suppress(duckdb.Error):
                self._connection.execute("checkpoint")
            self._connection.close()
            self._connection = None

    def _check_thread(self) -> None:
        if threading.get_ident() == self._forbidden:
            raise AssertionError("the store must not be used on the window's thread; run a command instead")

    @contextmanager
    def _reader(self) -> Iterator[_Reader]:
        with self._gate:
            self._gate.wait_for(lambda: not self._swapping)
            reader: _Reader | None = getattr(self._local, "reader", None)
            if reader is None or reader.generation != self._generation or self._connection is None:
                reader = _Reader(self.connection.cursor(), self._generation)
                self._local.reader = reader
                self._readers.add(reader)
            self._reading += 1
            reader.stopped = False
        try:
            yield reader
        finally:
            with self._gate:
                self._reading -= 1
                self._gate.notify_all()

    def _transact(self, fn: Callable[[Transaction], T]) -> T:
        connection = self.connection
        tx = Transaction(connection)
        with user_errors(self.path), self._room():
            try:
                connection.execute("begin")
                result = fn(tx)
                with self._committing:
                    connection.execute("commit")
                for note in tx.committed:
                    note()
            except BaseException as error:
                self._undo(error)
                raise
        self._announce(tx)
        return result

    @contextmanager
    def _room(self, cursor: duckdb.DuckDBPyConnection | None = None) -> Iterator[None]:
        """Let the engine take what writing needs (and a large sort), for the time being."""
        with self._rooms_lock:
            self._rooms += 1
            self._allow(self._writing, cursor)
        try:
            yield
        finally:
            with self._rooms_lock:
                self._rooms -= 1
                if not self._rooms:
                    self._allow(self._memory, cursor)

    def _allow(self, memory: str, cursor: duckdb.DuckDBPyConnection | None) -> None:
        through = cursor or self._connection
        if self._writing != self._memory and through is not None:
            with suppress(duckdb.Error):  # a reader holds more than that just now: then the next write gives it back
                through.execute(f"set memory_limit = '{memory}'")

    def _undo(self, error: BaseException) -> None:
        try:
            self.connection.execute("rollback")
        except duckdb.TransactionException:
            pass  # a failed commit has already undone itself
        except duckdb.Error:
            _log.exception("The transaction in %s could not be undone; opening the file again", self.path.name)
        if isinstance(error, duckdb.FatalException) or not self._alive():
            self.swap(lambda: None)

    def _alive(self) -> bool:
        try:
            self.connection.execute("select 1")
        except duckdb.Error:
            return False
        return True

    def _announce(self, tx: Transaction) -> None:
        named = [(self._topic, {"table": table}) for table in tx.tables] if self._topic else []
        for topic, payload in (*named, *tx.messages):
            try:
                self._publish(topic, payload)
            except Exception:
                _log.exception("A listener of %s failed", topic)
