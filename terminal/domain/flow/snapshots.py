"""Delayed snapshot anomalies: what a chain says was traded between two looks at it, without any print.

The free inputs give chains a quarter of an hour late, a few times a day. From two of them follows how many contracts were
traded in between, and what they were roughly worth; on which side they were bought is an estimate from the last price beside
the quote, and how many trades it was is not known. Nothing here knows who traded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.flow import events
from terminal.domain.flow.prints import MULTIPLIER
from terminal.domain.options import quality

if TYPE_CHECKING:
    from collections.abc import Mapping

_NEW_YORK = "America/New_York"
_TOUCH = 0.25
_NAME = r"^([A-Z]+[0-9]?)\d{6}[CP]\d{8}$"


@dataclass(frozen=True)
class Differences:
    """`events`: contracts traded between the snapshots (columns of `events.complete`), most premium first.

    `left_out`: reason to number of contracts whose trading cannot be told.
    """

    events: pl.DataFrame
    left_out: Mapping[str, int]


def gated(chain: pl.DataFrame) -> pl.DataFrame:
    """CHAINS with `reasons` ("" where the quote may be used), `mid` and `spot`: the gate as far as a quote alone fails it.

    A fraction of the work of pricing the chain, so that many past days can be gone through.
    """
    root = pl.col("contract").str.extract(_NAME, 1).fill_null(pl.col("symbol").str.strip_prefix("^"))
    close = pl.col("expiry").cast(pl.Datetime("us")).dt.offset_by("16h").dt.replace_time_zone(_NEW_YORK)
    ends = close.dt.convert_time_zone("UTC")
    made = chain.with_columns(root.alias("root"), ((ends - pl.col("at")).dt.total_seconds() / (365 * 86_400)).alias("years"))
    return made.with_columns(
        quality.told(quality.quoted()).alias("reasons"), ((pl.col("bid") + pl.col("ask")) / 2).alias("mid"),
        pl.col("underlying_price").alias("spot"),
    )  # fmt: skip


def differences(
    later: pl.DataFrame,
    earlier: pl.DataFrame | None,
    averages: pl.DataFrame,
    *,
    source: str,
    least_size: int = 20,
    least_premium: float = 5_000.0,
) -> Differences:
    """What was traded from one snapshot to the next.

    `later`: `gated` (or the frame of `pricing.price_chain`), one symbol and moment. `earlier`: CHAINS of a moment before; of
    the same day the difference of volumes counts, of a day before (or None) the day's whole volume. `averages`: contract,
    average_volume, average_days. A contract whose quote fails the gate keeps its event with the reason in `doubt`, without a
    side, and worth its last price; one without any price has an unknown premium and is left out by number.
    """
    if later.is_empty():
        return Differences(events.empty(), {})
    now = later["at"].max()
    day = pl.lit(now).dt.convert_time_zone(_NEW_YORK).dt.date()
    frame = _between(later, earlier).join(averages, on="contract", how="left", maintain_order="left")
    old_trade = (pl.col("last_at").dt.convert_time_zone(_NEW_YORK).dt.date() < day).fill_null(False)
    why = (
        pl.when(pl.col("volume").is_null()).then(pl.lit("no volume is stated"))
        .when(old_trade & (pl.col("volume") > 0)).then(pl.lit("its volume is of an earlier session"))
        .when(pl.col("_size").is_null()).then(pl.lit("its earlier volume is not known"))
        .when(pl.col("_size") < 0).then(pl.lit("its volume fell between the snapshots"))
    )  # fmt: skip
    frame = frame.with_columns(why.alias("_why"))
    left_out = dict(frame.drop_nulls("_why").group_by("_why").len().sort("len", descending=True).iter_rows())
    traded = frame.filter(pl.col("_why").is_null() & (pl.col("_size") >= least_size))
    priced = traded.with_columns(_price().alias("_price"))
    if unpriced := priced["_price"].null_count():
        left_out["traded, but without a price that can be used"] = unpriced
    worth = pl.col("_size") * pl.col("_price") * MULTIPLIER
    kept = priced.with_columns(worth.alias("premium")).filter(pl.col("premium") >= least_premium)
    made = kept.select(
        "symbol", "contract", "expiry", "strike", "right", "bid", "ask", "volume", "open_interest", "average_volume",
        "average_days", "premium", "delta", "iv", pl.col("at"), pl.col("_since").alias("started"),
        pl.col("_price").alias("price"), pl.col("_size").alias("size"), _side().alias("side"), pl.col("reasons").alias("doubt"),
        pl.col("spot").alias("underlying_price"), pl.lit("snapshot").alias("input"), pl.lit(source).alias("source"),
        pl.lit(None, dtype=pl.Int64).alias("repeats"),
    )  # fmt: skip
    names = events.event_ids("snapshot", made.select("contract", "started").rows())
    found = events.complete(made.with_columns(pl.Series("id", names, dtype=pl.String)))
    return Differences(found.sort("premium", descending=True), left_out)


def _between(later: pl.DataFrame, earlier: pl.DataFrame | None) -> pl.DataFrame:
    """With `_size` (contracts traded since) and `_since`."""
    now = later["at"].max()
    same_day = pl.DataFrame()
    if earlier is not None and not earlier.is_empty():
        days = pl.Series([earlier["at"].max(), now]).dt.convert_time_zone(_NEW_YORK).dt.date()
        same_day = earlier if days[0] == days[1] else pl.DataFrame()
    if same_day.is_empty():
        opened = pl.lit(now).dt.convert_time_zone(_NEW_YORK).dt.truncate("1d").dt.convert_time_zone("UTC")
        return later.with_columns(pl.col("volume").alias("_size"), opened.alias("_since"))
    before = same_day.select("contract", pl.col("volume").alias("_before"), pl.lit(True).alias("_was"))
    joined = later.join(before, on="contract", how="left", maintain_order="left")
    first = pl.when(pl.col("_was").is_null()).then(0.0).otherwise("_before")  # a contract that was not listed had no trades
    return joined.with_columns((pl.col("volume") - first).alias("_size"), pl.lit(same_day["at"].max()).alias("_since"))


def _price() -> pl.Expr:
    """The last price where it can be of this span, else the middle of a quote that may be used."""
    fresh = (pl.col("last") > 0) & (pl.col("last_at").is_null() | (pl.col("last_at") >= pl.col("_since")))
    return pl.when(fresh.fill_null(False)).then("last").when(pl.col("reasons") == "").then("mid")


def _side() -> pl.Expr:
    """Where the last trade lies in the quote of now: an estimate, and unknown where the quote cannot be relied on."""
    width = pl.col("ask") - pl.col("bid")
    fresh = pl.col("last_at").is_null() | (pl.col("last_at") >= pl.col("_since"))
    able = (pl.col("reasons") == "") & (width > 0) & (pl.col("last") > 0) & fresh
    return (
        pl.when(~able.fill_null(False)).then(pl.lit("unknown"))
        .when(pl.col("last") >= pl.col("ask") - _TOUCH * width).then(pl.lit("ask"))
        .when(pl.col("last") <= pl.col("bid") + _TOUCH * width).then(pl.lit("bid"))
        .otherwise(pl.lit("mid"))
    )  # fmt: skip
