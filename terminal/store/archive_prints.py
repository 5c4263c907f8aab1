"""Prints of options and raw messages in the archive: written in large batches, kept for a while."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from terminal.store import known
from terminal.store.archive_tables import TRADES
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.store.db import Database
    from terminal.store.transaction import Transaction


def save_trades(database: Database, frame: pl.DataFrame) -> int:
    """Append prints that are not there yet; how many."""
    rows = frame.select((pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
                        for name, kind in TRADES.items())  # fmt: skip
    rows = rows.with_columns(pl.col("id").fill_null(""))
    floats = [name for name, kind in TRADES.items() if kind == pl.Float64]
    rows = rows.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats)
    if rows.select(pl.any_horizontal(pl.col("source", "symbol", "contract", "at").is_null()).any()).item():
        raise ValueError("a print needs source, symbol, contract and at")
    # Two trades may share everything a source without numbers says; only what has a number can come twice.
    rows = rows.filter((pl.col("id") == "") | pl.struct("source", "id").is_first_distinct())
    if rows.is_empty():
        return 0
    first, last = literal(rows["at"].min()), literal(rows["at"].max())
    names = ", ".join(map(quoted, TRADES))

    def write(tx: Transaction) -> int:
        with tx.view("arrived", rows):
            return tx.execute(
                f"insert into option_trades ({names}) select {names} from arrived a where a.id = '' or not exists (select 1 from "
                f"option_trades t where t.\"at\" between {first} and {last} and t.source = a.source and t.id = a.id)")

    return database.write(write)


def trades(database: Database, symbol: str | None, start: date | datetime | None, end: date | datetime | None) -> pl.DataFrame:
    """Prints by time; both ends included."""
    conditions = ["true"]
    if symbol is not None:
        conditions.append(f"symbol = {literal(symbol)}")
    if start is not None:
        conditions.append(f"\"at\" >= {literal(start if isinstance(start, datetime) else known.start_of_day(start))}")
    if isinstance(end, datetime):
        conditions.append(f"\"at\" <= {literal(end)}")
    elif end is not None:
        conditions.append(f"\"at\" < {literal(known.end_of_day(end))}")
    names = ", ".join(map(quoted, TRADES))
    return database.read(f"select {names} from option_trades where {' and '.join(conditions)} order by \"at\", id")


def save_raw(database: Database, source: str, channel: str, lines: Sequence[str], at: datetime) -> int:
    """Append messages as they came; how many."""
    if not lines:
        return 0
    rows = pl.DataFrame({"line": list(lines)}, schema={"line": pl.String}).with_columns(
        pl.lit(source).alias("source"), pl.lit(channel).alias("channel"), pl.lit(at).cast(pl.Datetime("us", "UTC")).alias("at"),
        pl.col("line").str.len_bytes().cast(pl.Int32).alias("bytes"))
    return database.write(lambda tx: tx.insert("flow_raw", rows))


def raw(database: Database, source: str | None, channel: str | None, limit: int) -> pl.DataFrame:
    """The newest messages, newest first."""
    conditions = [f"{name} = {literal(value)}" for name, value in (("source", source), ("channel", channel)) if value is not None]
    where = f"where {' and '.join(conditions)}" if conditions else ""
    return database.read(f"select source, channel, \"at\", line from flow_raw {where} "
                         f"order by \"at\" desc, rowid desc limit {int(limit)}")


def prune(database: Database, trades_before: datetime, raw_before: datetime, raw_bytes: int) -> tuple[int, int, int]:
    """Delete prints and messages older than these moments, and the oldest messages beyond `raw_bytes`; counts, bytes left."""
    def write(tx: Transaction) -> tuple[int, int, int]:
        prints = tx.execute(f"delete from option_trades where \"at\" < {literal(trades_before)}")
        messages = tx.execute(f"delete from flow_raw where \"at\" < {literal(raw_before)}")
        sizes = tx.query("select \"at\", sum(bytes)::bigint as bytes from flow_raw group by \"at\" order by \"at\" desc")
        sizes = sizes.with_columns(pl.col("bytes").cum_sum().alias("total"))
        over = sizes.filter(pl.col("total") > raw_bytes)
        if over.height:
            messages += tx.execute(f"delete from flow_raw where \"at\" <= {literal(over['at'].max())}")
        left = sizes.filter(pl.col("total") <= raw_bytes)["bytes"].sum()
        return prints, messages, int(left)

    return database.write(write)
