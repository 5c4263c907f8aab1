"""Which tickers the events add up to: premium by side and right, and the largest of each."""

from __future__ import annotations

import polars as pl

LEADERS: dict[str, pl.DataType | type[pl.DataType]] = {
    "symbol": pl.String, "events": pl.Int64, "premium": pl.Float64, "calls_ask": pl.Float64, "calls_bid": pl.Float64,
    "puts_ask": pl.Float64, "puts_bid": pl.Float64, "other": pl.Float64, "net_calls": pl.Float64, "net_puts": pl.Float64,
    "net": pl.Float64, "put_share": pl.Float64, "largest": pl.Float64, "contract": pl.String, "opening": pl.Int64,
    "doubtful": pl.Int64,
}  # fmt: skip


def leaders(found: pl.DataFrame) -> pl.DataFrame:
    """One row a symbol, most premium first, of events (columns of `events.complete`).

    `net` = (calls at the ask - calls at the bid) - (puts at the ask - puts at the bid): above zero, more was paid for rises than
    for falls, as far as the side tells, legs of spreads left out. `other`: premium without a side, or in spreads. Unknown
    premiums count in no sum; events whose quote is in doubt count in `doubtful` and have no side.
    """
    if found.is_empty():
        return pl.DataFrame(schema=LEADERS)
    sided = pl.col("side").is_in(["ask", "bid"]) & (pl.col("legs_share").fill_null(0) < 0.5)
    part = {f"{word}_{side}": pl.col("premium").filter(sided & (pl.col("right") == right) & (pl.col("side") == side)).sum()
            for word, right in (("calls", "C"), ("puts", "P")) for side in ("ask", "bid")}  # fmt: skip
    made = found.group_by("symbol").agg(
        pl.len().cast(pl.Int64).alias("events"), pl.col("premium").sum(), *(value.alias(name) for name, value in part.items()),
        pl.col("premium").filter(~sided).sum().alias("other"),
        pl.col("premium").filter(pl.col("right") == "P").sum().alias("_puts"),
        pl.col("premium").max().alias("largest"), pl.col("contract").sort_by("premium", descending=True, nulls_last=True).first(),
        pl.any_horizontal(pl.col("tags").list.contains(word) for word in ("opening", "likely opening")).sum().cast(pl.Int64)
        .alias("opening"),
        (pl.col("doubt") != "").sum().cast(pl.Int64).alias("doubtful"),
    )  # fmt: skip
    made = made.with_columns(
        (pl.col("calls_ask") - pl.col("calls_bid")).alias("net_calls"),
        (pl.col("puts_ask") - pl.col("puts_bid")).alias("net_puts"),
        pl.when(pl.col("premium") > 0).then(pl.col("_puts") / pl.col("premium")).alias("put_share"),
    ).with_columns((pl.col("net_calls") - pl.col("net_puts")).alias("net"))  # fmt: skip
    return made.select(*LEADERS).sort("premium", "symbol", descending=[True, False])
