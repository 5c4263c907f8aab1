"""The store against bare DuckDB and SQLite: bulk writing, one acknowledged row, reading five years of bars."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import polars as pl

from terminal.domain.fetch import Fetch
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYMBOLS, SESSIONS = 550, 1260
NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
DDL = ("create table bars (symbol varchar, date date, open double, high double, low double, close double, volume double, "
       "adjusted_close double, fetch_id bigint, known_at {time})")


def _bars() -> pl.DataFrame:
    chance = np.random.default_rng(1)
    days = pl.date_range(date(2021, 1, 1), date(2026, 11, 20), eager=True)[-SESSIONS:]
    close = chance.random(SYMBOLS * SESSIONS) * 50 + 50
    return pl.DataFrame({"symbol": np.repeat([f"SYM{n:04d}" for n in range(SYMBOLS)], SESSIONS)}).with_columns(
        pl.concat([days] * SYMBOLS).alias("date"), open=close, high=close * 1.01, low=close * 0.99, close=close,
        volume=chance.random(close.size) * 1e6, adjusted_close=close)


def _median(work: Callable[[], Any], times: int) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _line(bench: str, ours: float, peer: float, peer_name: str, unit: str) -> dict[str, Any]:
    return {"bench": bench, "ours": round(ours, 4), "peer": round(peer, 4), "peer_name": peer_name,
            "ratio": round(ours / peer, 4), "unit": unit}


def run() -> Iterator[dict[str, Any]]:
    """Every line is measured here and now, on temporary files."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _all(Path(folder))


def _all(folder: Path) -> Iterator[dict[str, Any]]:
    frame = _bars()
    store = Store(folder / "market.duckdb", folder / "book.duckdb", folder / "backups", clock=lambda: NOW,
                  publish=lambda *_: None)
    fetch = Fetch("perf", "none", "bars", "", NOW, NOW, simulated=True)
    try:
        start = time.perf_counter()
        store.market.save("bars", frame, fetch)
        saved = (time.perf_counter() - start) / frame.height * 1e6
        rows = store.market.read("bars")
        start = time.perf_counter()
        store.book.write(lambda tx: (tx.execute(DDL.format(time="timestamptz")), tx.insert("bars", rows)))
        inserted = (time.perf_counter() - start) / frame.height * 1e6
        duck, lite = _duckdb_rows(folder, rows.head(5_000)), _sqlite_rows(folder, rows.head(200_000))
        for bench, ours in (("bulk write, checked with source and version", saved), ("bulk write, bare insert", inserted)):
            yield _line(bench, ours, duck, "duckdb executemany", "s per million rows")
            yield _line(bench, ours, lite, "sqlite3 executemany, WAL", "s per million rows")
        yield from _points(folder, store)
        yield from _reads(folder, store, rows)
    finally:
        store.close()


def _duckdb_rows(folder: Path, rows: pl.DataFrame) -> float:
    with duckdb.connect(str(folder / "peer_many.duckdb")) as peer:
        peer.execute(DDL.format(time="timestamptz"))
        values = rows.rows()
        start = time.perf_counter()
        peer.begin()
        peer.executemany("insert into bars values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        peer.commit()
        return (time.perf_counter() - start) / rows.height * 1e6


def _sqlite(path: Path, synchronous: str) -> sqlite3.Connection:
    peer = sqlite3.connect(path, isolation_level=None)
    peer.execute("pragma journal_mode = wal")
    peer.execute(f"pragma synchronous = {synchronous}")
    return peer


def _sqlite_rows(folder: Path, rows: pl.DataFrame) -> float:
    peer = _sqlite(folder / "peer.sqlite", "normal")
    peer.execute(DDL.format(time="text"))
    values = rows.with_columns(pl.col("date", "known_at").cast(pl.String)).rows()
    start = time.perf_counter()
    peer.execute("begin")
    peer.executemany("insert into bars values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    peer.execute("commit")
    taken = time.perf_counter() - start
    peer.close()
    return taken / rows.height * 1e6


def _points(folder: Path, store: Store) -> Iterator[dict[str, Any]]:
    sql = "insert into looks values (?, ?, ?)"
    ours = _median(lambda: store.book.write(lambda tx: tx.execute(sql, ("A", NOW, "{}"))), 300)
    with duckdb.connect(str(folder / "peer_point.duckdb")) as peer:
        peer.execute('create table looks (symbol varchar, "at" timestamptz, payload varchar)')

        def one() -> None:
            peer.begin()
            peer.execute(sql, ("A", NOW, "{}"))
            peer.commit()

        bare = _median(one, 300)
    lite = _sqlite(folder / "peer_point.sqlite", "full")
    lite.execute("create table looks (symbol text, at text, payload text)")
    durable = _median(lambda: lite.execute(sql, ("A", NOW.isoformat(), "{}")), 300)
    lite.close()
    yield _line("one row until durable, p50", ours * 1e3, bare * 1e3, "duckdb, same thread", "ms")
    yield _line("one row until durable, p50", ours * 1e3, durable * 1e3, "sqlite3, synchronous=full", "ms")


def _reads(folder: Path, store: Store, rows: pl.DataFrame) -> Iterator[dict[str, Any]]:
    with duckdb.connect(str(folder / "peer_read.duckdb")) as peer:
        peer.execute("set threads = 2")
        peer.execute(DDL.format(time="timestamptz"))
        peer.register("rows", _Stream(rows))
        peer.execute("insert into bars select * from rows")
        peer.execute("checkpoint")
        for bench, ours, sql in (
                ("read all bars", lambda: store.market.read("bars"), "select * from bars"),
                ("read all bars as of a past day", lambda: store.market.read("bars", as_of=date(2025, 1, 2)),
                 "select * from bars where known_at < timestamptz '2025-01-03 05:00:00+00'"),
                ("read one symbol", lambda: store.market.read("bars", ["SYM0100"]),
                 "select * from bars where symbol = 'SYM0100'")):
            bare = _median(lambda sql=sql: pl.DataFrame(peer.sql(sql)), 9)
            yield _line(bench, _median(ours, 9) * 1e3, bare * 1e3, "bare duckdb to polars, unsorted", "ms")


class _Stream:
    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)
