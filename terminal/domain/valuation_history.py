"""What a company's own multiples used to be, each with the earnings that were known at the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import date

MONTHS = 60
MIN_MONTHS = 12
MAX_KNOWN_DAYS = 400
"""EPS that became known longer before a month's end is not what the market went by."""


def monthly_multiples(bars: pl.DataFrame, statements: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """[symbol, date, close, eps, pe] at the last session of each of up to 60 finished months before as_of.

    `statements` is the frame of `statements.trailing`; a row counts from the day after it was filed, and a row whose
    filing day is not stated never counts, because nobody can say what was known then. `pe` is null unless EPS > 0.
    """
    start = pl.lit(as_of).dt.month_start().dt.offset_by(f"-{MONTHS}mo")
    closes = (
        bars.select("symbol", "date", "close")
        .drop_nulls()
        .filter((pl.col("date") >= start) & (pl.col("date") < pl.lit(as_of).dt.month_start()))
        .sort("symbol", "date")
        .group_by("symbol", pl.col("date").dt.month_start().alias("_month"), maintain_order=True)
        .agg(pl.col("date").last(), pl.col("close").last())
        .drop("_month")
        .sort("symbol", "date")
    )
    known = (
        statements.filter(pl.col("eps_diluted").is_not_null() & pl.col("known_on").is_not_null())
        .select("symbol", "period_end", pl.col("known_on").dt.offset_by("1d").alias("_since"), pl.col("eps_diluted").alias("eps"))
        .sort("symbol", "period_end")
    )
    # A late filing about an older period does not replace what is known about a newer one.
    known = known.filter(pl.col("_since").reverse().cum_min().reverse().over("symbol") == pl.col("_since")).sort(
        "symbol", "_since"
    )
    joined = closes.join_asof(
        known,
        left_on="date",
        right_on="_since",
        by="symbol",
        strategy="backward",
        tolerance=f"{MAX_KNOWN_DAYS}d",
        check_sortedness=False,
    )
    return joined.select(
        "symbol", "date", "close", "eps", pl.when(pl.col("eps") > 0).then(pl.col("close") / pl.col("eps")).alias("pe")
    )


def median_multiple(bars: pl.DataFrame, statements: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """[symbol, pe_median_5y]: the median of the months with a P/E; unknown with fewer than 12 of them."""
    monthly = monthly_multiples(bars, statements, as_of).drop_nulls("pe")
    return monthly.group_by("symbol").agg(pl.when(pl.len() >= MIN_MONTHS).then(pl.col("pe").median()).alias("pe_median_5y"))
