"""Prices and dividends as they stood on a day: which splits have been worked into a value, and which should be.

A provider works every split it knows on the day of the fetch into all earlier prices. Looking back from `as_of`, a
later split must be taken out again; looking from today at a bar fetched before the newest split, that split must be
put in. Factor = product of split ratios worked in / product of split ratios that should be; price x factor,
volume / factor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import date


def adjust(
    frame: pl.DataFrame,
    splits: pl.DataFrame,
    fetched: pl.DataFrame,
    as_of: date,
    *,
    day: str = "date",
    prices: tuple[str, ...] = ("open", "high", "low", "close", "adjusted_close"),
    volumes: tuple[str, ...] = ("volume",),
) -> pl.DataFrame:
    """`frame` with exactly the splits up to `as_of` worked in.

    frame: symbol, `day`, fetch_id and values; splits: symbol, ex_date, ratio; fetched: fetch_id, fetched_on (Date).
    A ratio of 4 means four new shares for one old. Rows and their order stay as they are.
    """
    known = splits.filter(pl.col("ratio").is_not_null() & (pl.col("ratio") > 0) & (pl.col("ratio") != 1))
    if frame.is_empty() or known.is_empty():
        return frame
    split_symbols = known["symbol"].unique()
    touched = frame.with_row_index("_row").filter(pl.col("symbol").is_in(split_symbols.implode()))
    if touched.is_empty():
        return frame
    pairs = (
        touched.select("_row", "symbol", pl.col(day).cast(pl.Date).alias("_day"), "fetch_id")
        .join(fetched, on="fetch_id", how="left")
        .join(known.select("symbol", "ex_date", "ratio"), on="symbol")
    )
    after = pl.col("ex_date") > pl.col("_day")
    worked_in = after & (pl.col("ex_date") <= pl.col("fetched_on").fill_null(as_of))
    wanted = after & (pl.col("ex_date") <= as_of)
    factor = (
        pairs.with_columns(
            pl.when(worked_in & ~wanted)
            .then(pl.col("ratio"))
            .when(wanted & ~worked_in)
            .then(1 / pl.col("ratio"))
            .otherwise(1.0)
            .alias("_part")
        )
        .group_by("_row")
        .agg(pl.col("_part").product().alias("_factor"))
    )
    present = [name for name in prices if name in frame.columns]
    sizes = [name for name in volumes if name in frame.columns]
    return (
        frame.with_row_index("_row")
        .join(factor, on="_row", how="left", maintain_order="left")
        .with_columns(pl.col("_factor").fill_null(1.0))
        .with_columns(
            [pl.col(name) * pl.col("_factor") for name in present] + [pl.col(name) / pl.col("_factor") for name in sizes]
        )
        .drop("_row", "_factor")
    )
