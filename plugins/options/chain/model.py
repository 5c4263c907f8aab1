"""One expiry of a priced chain as a ladder: a row a strike, calls at the left, puts at the right. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from plugins.options.tables import per_trade
from terminal.domain.options.contracts import third_friday

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.domain.options.pricing import Priced

_SOON = 5
SIDE = (
    "bid", "ask", "mid", "last", "volume", "open_interest", "bid_size", "ask_size", "iv", "iv_provider", "iv_gap", "iv_bid",
    "iv_ask", "delta", "gamma", "theta", "vega", "rho", "vanna", "charm", "vomma", "theo", "chance", "time_value", "spread",
    "usable", "told", "contract",
)  # fmt: skip


def monthly(day: date, settled: str = "PM") -> bool:
    """Whether it is the month's standard expiry: the third Friday, or the day before where that is a holiday."""
    friday = third_friday(day)
    return day == friday or (day == friday - timedelta(days=1) and settled == "PM")


def live(priced: Priced) -> pl.DataFrame:
    """The expiries that have not passed, the next one first."""
    return priced.expiries.filter(pl.col("years") > 0).sort("expires", "root")


def standard(priced: Priced) -> date | None:
    """The expiry to begin with: the next monthly one at least five days away that has usable quotes; else the next one."""
    rows = live(priced)
    quoted = rows.filter(pl.col("usable") > 0)
    for expiry, days in (quoted if quoted.height else rows).select("expiry", "days").iter_rows():
        if days >= _SOON and monthly(expiry):
            return expiry  # type: ignore[no-any-return]
    first = (quoted if quoted.height else rows)["expiry"]
    return None if first.is_empty() else first[0]


def contracts(priced: Priced) -> pl.DataFrame:
    """The priced rows with what a ladder shows beside them, Greeks in the units of the trade.

    chance: of ending in the money, N(d2) with the volatility it is priced with; time_value: mid less what exercising brings;
    spread: of the middle; told: reasons and remarks.
    """
    frame = priced.frame
    inside = pl.when("call").then(pl.col("spot") - pl.col("strike")).otherwise(pl.col("strike") - pl.col("spot"))
    greeks = [name for name in ("theta", "vega", "rho", "vanna", "charm", "vomma", "epsilon", "color", "veta", "vera", "zomma")
              if name in frame.columns]  # fmt: skip
    return frame.with_columns(
        *per_trade(tuple(greeks)),
        _chance(),
        (pl.col("mid") - inside.clip(0)).alias("time_value"),
        ((pl.col("ask") - pl.col("bid")) / pl.col("mid")).alias("spread"),
        pl.when(pl.col("reasons") != "").then("reasons").otherwise("remarks").alias("told"),
    )


def _chance() -> pl.Expr:
    """The chance of ending in the money: that of a lognormal price around the forward."""
    root = pl.col("iv_used") * pl.col("years").clip(0).sqrt()
    d2 = (-pl.col("moneyness") / root - root / 2) * pl.when("call").then(1.0).otherwise(-1.0)
    return normal(d2).alias("chance")


def normal(x: pl.Expr) -> pl.Expr:
    """The normal distribution's probability up to x, to four digits, which is what a chance is told with.

    Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.17 (error below 7.5e-8).
    """
    t = 1 / (1 + 0.2316419 * x.abs())
    terms = (0.319381530, -0.356563782, 1.781477937, -1.821255978, 1.330274429)
    summed = sum((factor * t**power for power, factor in enumerate(terms[1:], 2)), terms[0] * t)
    tail = (-x * x / 2).exp() * 0.3989422804014327 * summed
    return pl.when(x > 0).then(1 - tail).otherwise(tail)


def ladder(rows: pl.DataFrame, names: Sequence[str] = SIDE) -> pl.DataFrame:
    """A row an expiry, root and strike: expiry, root, days, forward, spot, strike, then `names` of calls and puts.

    Prefixed `call_` and `put_`. `rows` are those of `contracts`.
    """
    key = ["expiry", "root", "strike"]
    facts = ["expires", "days", "years", "forward", "spot"]
    kept = [name for name in names if name in rows.columns]
    calls = rows.filter("call").select(*key, *facts, *(pl.col(name).alias(f"call_{name}") for name in kept))
    puts = rows.filter(~pl.col("call")).select(*key, *facts, *(pl.col(name).alias(f"put_{name}") for name in kept))
    both = calls.join(puts, on=key, how="full", coalesce=True, suffix="_of_put")
    both = both.with_columns(pl.coalesce(name, f"{name}_of_put").alias(name) for name in facts)
    return both.drop(f"{name}_of_put" for name in facts).sort("expires", "root", "strike")


def near(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """The `count` strikes nearest the forward of each expiry and root; 0: all."""
    if count <= 0:
        return rows
    away = (pl.col("strike") / pl.col("forward")).log().abs().rank("dense").over("expiry", "root")
    return rows.filter(away <= count)


def expiries(priced: Priced) -> pl.DataFrame:
    """The expiries to come with the move they expect: one standard deviation, at-the-money volatility times the root of time."""
    traded = priced.frame.group_by("expiry", "root").agg(
        *(pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()).alias(name) for name in ("volume", "open_interest"))
    )
    rows = live(priced).join(traded, on=["expiry", "root"], how="left", maintain_order="left")
    move = pl.col("atm_iv") * pl.col("years").sqrt()
    kinds = [monthly(day, settled) for day, settled in rows.select("expiry", "settlement").iter_rows()]
    return rows.with_columns(
        move.alias("move"), (move * pl.lit(priced.spot)).alias("move_money"), pl.Series("monthly", kinds, pl.Boolean)
    )
