"""Empties a dataset of the market, so that it is fetched again. The book has no such door."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.domain.schemas import DATASETS

if TYPE_CHECKING:
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
