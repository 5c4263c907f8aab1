"""Fields from dividends and earnings reports: what was paid, how it grew, how reports compared with estimates."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

DIVIDEND_FIELDS = ("dividend_growth_5y", "dividend_growth_years", "days_to_ex_dividend")
EARNINGS_FIELDS = ("days_to_earnings", "days_since_earnings", "earnings_surprise", "beat_rate")
_REPORTS, _MIN_REPORTS = 8, 4
_MIN_YEARS = 3


def dividend_fields(dividends: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """[symbol, DIVIDEND_FIELDS, _paid_year, _dividend_currency, _dividend_fetch], one row for each symbol that ever paid.

    `_paid_year` is the sum per share of the 365 days up to as_of, null when there was no payment in them: whether a
    payer stopped or the list is old cannot be told from the list. Years are calendar years; the first is left out when
    the list begins after its March, since it may be cut off.
    """
    rows = dividends.with_columns(_fetch(dividends)).drop_nulls(["ex_date", "amount"]).sort("symbol", "ex_date")
    day = pl.lit(as_of)
    recent = (pl.col("ex_date") <= day) & (pl.col("ex_date") > pl.lit(as_of - timedelta(days=365)))
    now = rows.group_by("symbol", maintain_order=True).agg(
        pl.when(recent.any()).then(pl.col("amount").filter(recent).sum()).alias("_paid_year"),
        pl.col("currency").drop_nulls().last().alias("_dividend_currency"),
        pl.col("_fetch").last().alias("_dividend_fetch"),
        (pl.col("ex_date").filter(pl.col("ex_date") > day).min() - day)
        .dt.total_days()
        .cast(pl.Int64)
        .alias("days_to_ex_dividend"),
    )
    return now.join(_dividend_growth(rows, as_of), on="symbol", how="left").select(
        "symbol", *DIVIDEND_FIELDS, "_paid_year", "_dividend_currency", "_dividend_fetch"
    )


def _dividend_growth(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    first = pl.col("ex_date").min().over("symbol")
    cut_off = (pl.col("ex_date").dt.year() == first.dt.year()) & (first.dt.month() > 3)
    years = (
        rows.filter((pl.col("ex_date").dt.year() < as_of.year) & ~cut_off)
        .group_by("symbol", pl.col("ex_date").dt.year().alias("year"))
        .agg(pl.col("amount").sum())
        .sort("symbol", "year")
    )
    rose = (pl.col("amount") > pl.col("amount").shift(1).over("symbol") * 1.0001) & (
        pl.col("year") - pl.col("year").shift(1).over("symbol") == 1
    )
    years = years.with_columns(rose.alias("_rose"), (pl.col("year") >= as_of.year - 6).alias("_near"))
    near = pl.col("_near")
    span = pl.col("year").last() - pl.col("year").filter(near).first()
    current = pl.col("year").last() == as_of.year - 1
    streak = pl.col("_rose").reverse().fill_null(False).cast(pl.Int64).cum_prod().sum()
    return years.group_by("symbol", maintain_order=True).agg(
        pl.when(current & (span >= _MIN_YEARS))
        .then((pl.col("amount").last() / pl.col("amount").filter(near).first()).pow(1 / span.cast(pl.Float64)) - 1)
        .alias("dividend_growth_5y"),
        pl.when(current & (pl.len() >= 2)).then(streak).alias("dividend_growth_years"),
    )


def earnings_fields(earnings: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """[symbol, EARNINGS_FIELDS, _earnings_fetch], one row for each symbol with an entry.

    A report is one whose EPS is known; an expected date that passed without one proves nothing.
    """
    rows = earnings.with_columns(_fetch(earnings)).drop_nulls(["date"]).sort("symbol", "date")
    day = pl.lit(as_of)
    reported = pl.col("eps_actual").is_not_null() & (pl.col("date") <= day)
    ahead = pl.col("eps_actual").is_null() & (pl.col("date") >= day)
    actual, estimate = pl.col("eps_actual").filter(reported), pl.col("eps_estimate").filter(reported)
    both = reported & pl.col("eps_estimate").is_not_null()
    beats = (pl.col("eps_actual") > pl.col("eps_estimate")).filter(both).tail(_REPORTS)
    return rows.group_by("symbol", maintain_order=True).agg(
        (pl.col("date").filter(ahead).min() - day).dt.total_days().cast(pl.Int64).alias("days_to_earnings"),
        (day - pl.col("date").filter(reported).max()).dt.total_days().cast(pl.Int64).alias("days_since_earnings"),
        pl.when(estimate.last() != 0).then((actual.last() - estimate.last()) / estimate.last().abs()).alias("earnings_surprise"),
        pl.when(beats.len() >= _MIN_REPORTS).then(beats.mean()).alias("beat_rate"),
        pl.col("_fetch").last().alias("_earnings_fetch"),
    )


def _fetch(frame: pl.DataFrame) -> pl.Expr:
    column = pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in frame.columns else pl.lit(None, dtype=pl.Int64)
    return column.alias("_fetch")
