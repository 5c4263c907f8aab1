"""What a writing function may do: statements, frames in and out, messages for after the commit."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import duckdb

from terminal.store.connection import Stream, frame_of
from terminal.store.sql import changed_table, render, table_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import polars as pl


class Transaction:
    """What a writing function gets. It must not be kept after the function has returned."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self.tables: dict[str, None] = {}
        self.messages: list[tuple[str, Mapping[str, Any]]] = []
        self.committed: list[Callable[[], object]] = []

    def execute(self, sql: str, params: Sequence[Any] = ()) -> int:
        """Run one statement; the number of rows it changed (0 for others)."""
        table = changed_table(sql)
        # Bound parameters would make DuckDB import pandas (40 MB, a third of a second) to see whether one is of its types.
        result = self._connection.execute(render(sql, params))
        if table is None:
            return 0
        self.tables[table] = None
        row = result.fetchone()
        return int(row[0]) if row else 0

    def query(self, sql: str, params: Sequence[Any] = ()) -> pl.DataFrame:
        """Read inside the transaction."""
        return frame_of(self._connection.sql(render(sql, params)))

    def insert(self, table: str, frame: pl.DataFrame) -> int:
        """Append `frame`, matching columns by name; columns the frame lacks get their default."""
        return self._bulk("insert into", table, frame)

    def upsert(self, table: str, frame: pl.DataFrame) -> int:
        """Insert `frame`, replacing rows of the same primary key."""
        return self._bulk("insert or replace into", table, frame)

    @contextmanager
    def view(self, name: str, frame: pl.DataFrame) -> Iterator[None]:
        """`frame` as a table called `name` for the statements inside, without copying it."""
        self._connection.register(name, Stream(frame))
        try:
            yield
        finally:
            with suppress(duckdb.Error):  # an invalidated connection must not hide why it is so
                self._connection.unregister(name)

    def publish(self, topic: str, payload: Mapping[str, Any]) -> None:
        """To be published once the transaction is durable; not at all if it fails."""
        self.messages.append((topic, payload))

    def _bulk(self, verb: str, table: str, frame: pl.DataFrame) -> int:
        self.tables[table] = None
        names = ", ".join(f'"{name}"' for name in frame.columns)
        with self.view("incoming_rows", frame):
            self._connection.execute(f"{verb} {table_name(table)} ({names}) select {names} from incoming_rows")
        return frame.height
