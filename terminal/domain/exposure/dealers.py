"""Who holds the other side of open options: an assumption, stated wherever a figure rests on it.

Open interest says how many contracts exist, never who is long. What dealers would have to hedge follows only once one assumes
that: every exposure here is of dealers, whose customers hold the opposite.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

Dealer = Literal["naive", "short", "long", "flow"]

ASSUMPTIONS: Mapping[str, str] = {
    "naive": "dealers own the calls and are short the puts, as if customers sold calls against shares and bought puts for "
             "protection (the usual assumption)",
    "short": "dealers are short every option, as if customers bought them all",
    "long": "dealers own every option, as if customers sold them all",
    "flow": "dealers took the other side of what was opened near the bid or the ask on the days in the archive; for the rest "
            "they own the calls and are short the puts",
}  # fmt: skip
"""Each assumption in words that follow "It is assumed that"."""


def position(dealer: Dealer) -> pl.Expr:
    """Dealers' contracts, below zero for short ones; over `call`, `open_interest` and, for "flow", `held` and `known`.

    `known` contracts were seen being opened and `held` of them (signed) ended with dealers; both 0 where nothing was seen.
    Null where the open interest is not stated.
    """
    count = pl.col("open_interest")
    sign = pl.when("call").then(1.0).otherwise(-1.0)
    if dealer == "naive":
        return sign * count
    if dealer in ("short", "long"):
        return count * (-1.0 if dealer == "short" else 1.0)
    if dealer != "flow":
        raise ValueError(f"no such assumption: {dealer}")
    known = pl.min_horizontal(pl.col("known").fill_null(0.0), count)
    share = pl.when(pl.col("known") > 0).then(known / pl.col("known")).otherwise(0.0)
    return sign * (count - known) + pl.col("held").fill_null(0.0) * share


def opened(days: list[pl.DataFrame]) -> pl.DataFrame:
    """What dealers took on as contracts were opened: [contract, held, known], from chains of successive sessions.

    Open interest stated on a day is that of the close before, so what it grew by from one chain to the next was opened on the
    first one's day. It was bought where that day's last trade was in the upper quarter between bid and ask, sold in the
    lower one; in between it says nothing. Each frame: contract, bid, ask, last, open_interest.
    """
    columns = ("contract", "bid", "ask", "last", "open_interest")
    seen = [_between(one.select(columns), other.select("contract", after="open_interest")) for one, other in pairwise(days)]
    empty = pl.DataFrame(schema={"contract": pl.String, "held": pl.Float64, "known": pl.Float64})
    return pl.concat([empty, *seen]).group_by("contract").agg(pl.col("held").sum(), pl.col("known").sum())


def _between(day: pl.DataFrame, following: pl.DataFrame) -> pl.DataFrame:
    place = (pl.col("last") - pl.col("bid")) / (pl.col("ask") - pl.col("bid"))
    side = pl.when(place >= 0.75).then(-1.0).when(place <= 0.25).then(1.0)
    grown = pl.col("after") - pl.col("open_interest")
    sided = day.join(following, on="contract").filter(pl.col("ask") > pl.col("bid"), grown > 0).with_columns(side.alias("_side"))
    return sided.drop_nulls("_side").select("contract", (grown * pl.col("_side")).alias("held"), grown.alias("known"))
