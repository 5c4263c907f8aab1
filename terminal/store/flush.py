"""Takes rows out of the market: a dataset, so that it is fetched again, or old chains. The book has no such door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.schemas import DATASETS
from terminal.store.sql import literal

if TYPE_CHECKING:
    from datetime import datetime

    from terminal.store.market import MarketStore
    from terminal.store.transaction import Transaction


def tables_of(market: MarketStore, dataset: str) -> dict[str, int]:
    """The tables that hold rows of a dataset (the newest versions and the earlier ones), each with its number of rows."""
    names = market.database.read("select table_name as name from duckdb_tables() where schema_name = 'main'")["name"]
    own = sorted(name for name in names if name == dataset or name.startswith(f"{dataset}_"))
    return {name: int(market.database.read(f'select count(*) as n from "{name}"')["n"][0]) for name in own}


def flush(market: MarketStore, dataset: str) -> int:
    """Drop every row of a dataset, also what was known earlier; how many there were. What was fetched stays in the log.

    Raises ValueError for what is no dataset of the market.
    """
    if dataset not in DATASETS:
        raise ValueError(f"{dataset} is no dataset of the market")
    entity = DATASETS[dataset].key[0]
    symbols = market.database.read(f'select distinct "{entity}" as symbol from "{dataset}"')["symbol"].to_list()
    tables = tables_of(market, dataset)

    def write(tx: Transaction) -> None:
        for table in tables:
            tx.execute(f'delete from "{table}"')
        tx.execute("delete from freshness where dataset = ?", (dataset,))
        tx.committed.append(lambda: market.writes.grow(dataset, symbols))
        tx.publish("market.changed", {"datasets": [dataset], "symbols": symbols})

    market.database.write(write)
    return sum(tables.values())


def drop_chains(market: MarketStore, before: datetime, archived: pl.DataFrame) -> int:
    """Drop option chains from before a moment that are kept elsewhere as fully; how many rows.

    `archived`: symbol, at, contracts of what is. What is not among it stays, however old.
    """
    old = market.database.read(f'select symbol, "at", count(*)::bigint as contracts from chains where "at" < {literal(before)} '
                               "group by all")
    kept = old.join(archived.rename({"contracts": "there"}), on=["symbol", "at"]).filter(pl.col("contracts") <= pl.col("there"))
    if kept.is_empty():
        return 0
    symbols = kept["symbol"].unique().sort().to_list()

    def write(tx: Transaction) -> int:
        gone = 0
        with tx.view("kept", kept.select("symbol", "at")):
            for table in ("chains", "chains_superseded"):
                gone += tx.execute(f'delete from {table} where "at" < {literal(before)} and exists '
                                   f'(select 1 from kept where kept.symbol = {table}.symbol and kept."at" = {table}."at")')
        tx.committed.append(lambda: market.writes.grow("chains", symbols))
        return gone

    return market.database.write(write)
