"""Volatilities in the archive: a row a symbol and day, from our own measure of the chain or, marked so, from a stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from terminal.store import known
from terminal.store.archive_tables import SOURCES, VOLATILITY
from terminal.store.sql import literal, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from terminal.store.db import Database
    from terminal.store.transaction import Transaction


def save(database: Database, frame: pl.DataFrame) -> int:
    """Write rows of `VOLATILITY`; how many. ValueError for rows without symbol, day, moment or a known source."""
    rows = frame.select((pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
                        for name, kind in VOLATILITY.items())  # fmt: skip
    floats = [name for name, kind in VOLATILITY.items() if kind == pl.Float64]
    rows = rows.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats)
    if rows.select(pl.any_horizontal(pl.col("symbol", "day", "at", "source").is_null()).any()).item():
        raise ValueError("a row of volatility needs symbol, day, at and source")
    if strange := set(rows["source"]) - SOURCES.keys():
        raise ValueError(f"{min(strange)!r} is no source of a volatility: {', '.join(SOURCES)}")
    named = pl.col("source").replace_strict(SOURCES, return_dtype=pl.Int64)
    rank = pl.when(pl.col("iv30").is_not_null()).then(named).otherwise(0)
    rows = rows.sort(rank, "at").unique(["symbol", "day"], keep="last", maintain_order=True).sort("symbol", "day")
    # A measure that found nothing says less than any stand-in.
    worth = "case when {0}.iv30 is null then 0 " + " ".join(
        f"when {{0}}.source = '{name}' then {number}" for name, number in SOURCES.items()) + " end"

    def write(tx: Transaction) -> int:
        with tx.view("measured", rows):
            better = tx.query(
                f"select m.* from measured m left join volatility v on v.symbol = m.symbol and v.day = m.day "
                f"where v.symbol is null or {worth.format('m')} >= {worth.format('v')}")
        return tx.upsert("volatility", better) if better.height else 0

    return database.write(write) if rows.height else 0


def read(database: Database, symbols: Sequence[str] | None, start: date | None, end: date | None, as_of: date | None,
         columns: Sequence[str] | None) -> pl.DataFrame:
    """Rows of `VOLATILITY`, by symbol and day."""
    wanted = tuple(VOLATILITY) if columns is None else tuple(dict.fromkeys(("symbol", "day", *columns)))
    if unknown := [name for name in wanted if name not in VOLATILITY]:
        raise ValueError(f"volatility has no column {unknown[0]}")
    conditions = ["true"]
    if symbols is not None:
        conditions.append(f"symbol in ({', '.join(map(literal, symbols)) or 'null'})")
    if start is not None:
        conditions.append(f"day >= {literal(start)}")
    if end is not None:
        conditions.append(f"day <= {literal(end)}")
    if as_of is not None:
        conditions.append(f"day <= {literal(as_of)} and \"at\" < {literal(known.end_of_day(as_of))}")
    names = ", ".join(map(quoted, wanted))
    return database.read(f"select {names} from volatility where {' and '.join(conditions)}").sort("symbol", "day")


def unmeasured(database: Database, since: date) -> list[tuple[str, date, datetime]]:
    """The last snapshots of days from `since` on whose volatility is not our own of that moment, oldest first."""
    found = database.read(
        "with newest as (select symbol, day, \"at\" from snapshots "
        f"where last and day >= {literal(since)} qualify row_number() over (partition by symbol, day order by \"at\" desc) = 1) "
        'select n.symbol, n.day, n."at" from newest n left join volatility v on v.symbol = n.symbol and v.day = n.day '
        "where v.\"at\" is distinct from n.\"at\" or v.source <> 'own' order by n.\"at\", n.symbol")
    return list(found.iter_rows())
