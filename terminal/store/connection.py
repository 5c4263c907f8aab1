"""A connection to a DuckDB file: its limits, its frames, its file, and its errors in the program's words."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb
import polars as pl

from terminal.errors import Cancelled, Corrupt, DiskFull, Locked, NewerStore, StoreError
from terminal.store.sql import literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NO_ROOM = ("no space left", "file too large", "disk quota", "not enough space", "disk is full")


def translate(error: BaseException, path: Path) -> StoreError | Cancelled | None:
    """The user's error for what DuckDB or the file system raised; None for what is a bug in our own SQL."""
    text = str(error)
    low = text.lower()
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        low = "no space left"
    if any(sign in low for sign in _NO_ROOM):
        return DiskFull(f"There is no room left on the disk to write {path.name}.",
                        "Free some space and try again; nothing that was saved before is lost.", error)
    if isinstance(error, duckdb.InterruptException) or "interrupt error" in low:
        return Cancelled(cause=error)
    if "could not set lock" in low or "being used by another process" in low:
        owner = re.search(r"PID (\d+)", text)
        return Locked(f"Another process{f' (number {owner[1]})' if owner else ''} has {path.name} open.",
                      "Close the other window or program first.", error)
    if "version number" in low and "read" in low:
        return NewerStore(f"{path.name} was written by a newer version of the program.",
                          "Update the program and start it again.", error)
    if starved(error):
        return StoreError("The query needs more memory than the program allows itself.",
                          "Ask for fewer symbols or a shorter time.", error)
    damaged = (duckdb.SerializationException, duckdb.FatalException, duckdb.InternalException)
    if isinstance(error, damaged) or any(sign in low for sign in ("not a valid duckdb", "corrupt", "replaying wal", "checksum")):
        return Corrupt(f"{path.name} is damaged.", cause=error)
    if isinstance(error, (duckdb.IOException, OSError)):
        reason = text.splitlines()[0] if text else type(error).__name__
        return StoreError(f"{path.name} cannot be used: {reason}", f"Check the folder {path.parent}.", error)
    return None


def starved(error: BaseException) -> bool:
    """Whether a statement wanted more memory than it may have; of several threads, all but one say that they were stopped."""
    text = str(error).lower()
    return isinstance(error, duckdb.OutOfMemoryException) or any(
        sign in text for sign in ("out of memory", "failed to pin block", "interrupt error"))


@contextmanager
def user_errors(path: Path) -> Iterator[None]:
    """Raise DuckDB's and the file system's errors as the program's own."""
    try:
        yield
    except (duckdb.Error, OSError, pl.exceptions.ComputeError) as error:  # polars wraps what happens while it reads
        known = translate(error, path)
        if known is None:
            raise
        raise known from error


def connect(path: Path, *, read_only: bool = False, memory: str = "64MB", threads: int = 2) -> duckdb.DuckDBPyConnection:
    """A connection with the program's limits: no file or network access beyond the store, no guessing of variables."""
    connection = duckdb.connect(str(path), read_only=read_only, config={
        "memory_limit": memory, "threads": str(threads), "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false"})
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set python_enable_replacements = false")
    connection.execute("set enable_progress_bar = false")
    return connection


def probe(path: Path) -> set[str]:
    """Open a file to read only and name its tables in `main`; DuckDB's own error when it cannot be."""
    connection = connect(path, read_only=True)
    try:
        rows = connection.execute("select table_name from duckdb_tables() where schema_name = 'main'").fetchall()
        return {row[0] for row in rows}
    finally:
        connection.close()


def file_size(path: Path) -> int:
    """Bytes of a file and its log."""
    wal = path.with_name(path.name + ".wal")
    return (path.stat().st_size if path.exists() else 0) + (wal.stat().st_size if wal.exists() else 0)


def flush(path: Path) -> None:
    """Make sure the file is on the disk, not only in the system's memory."""
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def copy_database(connection: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write everything in the connection's database into a new file."""
    source = connection.execute("select current_database()").fetchall()[0][0]
    connection.execute(f"attach {literal(str(target))} as fresh_copy")
    try:
        connection.execute(f'copy from database "{source}" to fresh_copy')
        connection.execute("checkpoint fresh_copy")
    except duckdb.Error:
        with suppress(duckdb.Error):  # its own complaint must not hide the first one
            connection.execute("detach fresh_copy")
        raise
    connection.execute("detach fresh_copy")


class Stream:
    """What DuckDB reads a polars frame through, without pyarrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def frame_of(relation: duckdb.DuckDBPyRelation | None) -> pl.DataFrame:
    """The rows of a relation, moments in UTC; an empty frame for a statement without rows."""
    if relation is None:
        return pl.DataFrame()
    frame = pl.DataFrame(relation)
    zones = [name for name, kind in frame.schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone not in (None, "UTC")]
    return frame.with_columns(pl.col(name).dt.convert_time_zone("UTC") for name in zones) if zones else frame
