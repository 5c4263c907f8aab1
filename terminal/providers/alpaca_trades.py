"""Alpaca's trades of option contracts as OPTION_TRADES frames. Pure: JSON values in, polars out.

A trade states time, price, size, exchange and condition; no quote stands beside it, and it has no name of its own, so that
contract, time, exchange and its place among those of the same moment are its id. The shape is that of their SDK's tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.errors import BadPayload
from terminal.providers import wire
from terminal.providers.alpaca_parse import TITLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

SOURCE = "alpaca"
_FIELDS = {"t": pl.String, "p": pl.Float64, "s": pl.Float64, "x": pl.String, "c": pl.String}


def parse_trades(pages: Iterable[Any], asked: Mapping[str, str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """OPTION_TRADES of the pages' `trades` (lists, or for the latest ones single trades), and the contracts without any.

    Trades of a contract that was not asked for are a BadPayload; adjusted contracts are left out.
    """
    from terminal.domain.flow.prints import OPTION_TRADES
    from terminal.domain.options import names

    columns: dict[str, list[Any]] = {name: [] for name in ("contract", *_FIELDS)}
    for page in pages:
        for name, listed in wire.mapping(page, TITLE, "option trades").items():
            if name not in asked:
                raise BadPayload(f"{TITLE} sent trades of {name}, which was not asked for.", "Try again later.")
            trades = wire.rows_of([listed] if isinstance(listed, dict) else listed, TITLE, "option trades")
            columns["contract"] += [name] * len(trades)
            for part, kind in _FIELDS.items():
                read: Callable[[Any], Any] = wire.number if kind == pl.Float64 else wire.text
                columns[part] += [read(each.get(part)) for each in trades]
    told = pl.DataFrame(columns, schema={"contract": pl.String, **_FIELDS})
    contract = pl.col("contract")
    again = pl.int_range(pl.len()).over("contract", "t", "x").cast(pl.String)
    frame = told.filter(names.standard(contract)).select(
        pl.concat_str(["contract", "t", pl.col("x").fill_null(""), again], separator=".").alias("id"),
        pl.lit(SOURCE).alias("source"),
        names.underlying(contract).alias("symbol"),
        "contract",
        **names.parts(contract),
        # Nine digits behind the point; a frame keeps six.
        at=pl.col("t").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False).dt.replace_time_zone("UTC"),
        price=pl.col("p"),
        size=pl.col("s").cast(pl.Int64, strict=False),
        exchange=pl.col("x"),
        conditions=pl.col("c"),
    )
    good = OPTION_TRADES.validate(frame).good
    there = set(good["contract"])
    return good, tuple(name for name in asked if name not in there)
