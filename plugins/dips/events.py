"""What happened nearest to the worst day of a fall: a report, a filing, a headline, an ex-dividend date. Pure."""

from __future__ import annotations

from typing import Any

import polars as pl

EXCHANGE_ZONE = "America/New_York"
NEAR_DAYS = 3
"""Calendar days from the worst session within which something may have to do with it; a weekend fits in."""
# At the same distance the more telling one: what a company reports, then what it files, what is written, what it pays.
KINDS = ("earnings", "filing", "headline", "ex-dividend")
_CLOSE_HOUR = 16

SCHEMA: dict[str, Any] = {"symbol": pl.String, "kind": pl.String, "on": pl.Date, "text": pl.String, "fetch_id": pl.Int64}


def events(earnings: pl.DataFrame, filings: pl.DataFrame, headlines: pl.DataFrame, dividends: pl.DataFrame) -> pl.DataFrame:
    """All of them as [symbol, kind, on, text, fetch_id]; `on` is the first day whose session could answer to it."""
    surprise = pl.when(pl.col("eps_actual").is_null()).then(pl.lit("Report")).when(
        pl.col("eps_actual") >= pl.col("eps_estimate")).then(pl.lit("Report: above the estimate")).when(
        pl.col("eps_actual") < pl.col("eps_estimate")).then(pl.lit("Report: below the estimate")).otherwise(pl.lit("Report"))
    after = pl.col("time_of_day") == "amc"
    return pl.concat([
        earnings.select("symbol", pl.lit("earnings").alias("kind"),
                        pl.when(after).then(_next_day("date")).otherwise(pl.col("date")).alias("on"),
                        surprise.alias("text"), _fetch(earnings)),
        filings.select("symbol", pl.lit("filing").alias("kind"), _answering("filed_at"),
                       pl.concat_str([pl.col("form"), pl.col("title")], separator=": ", ignore_nulls=True).alias("text"),
                       _fetch(filings)),
        headlines.select("symbol", pl.lit("headline").alias("kind"), _answering("at"), pl.col("title").alias("text"),
                         _fetch(headlines)),
        dividends.select("symbol", pl.lit("ex-dividend").alias("kind"), pl.col("ex_date").alias("on"),
                         pl.format("Ex-dividend {}", pl.col("amount").round(4)).alias("text"), _fetch(dividends)),
    ]).select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())


def _fetch(frame: pl.DataFrame) -> pl.Expr:
    return pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in frame.columns else pl.lit(None, dtype=pl.Int64).alias("fetch_id")


def _next_day(column: str) -> pl.Expr:
    """The next weekday."""
    return pl.col(column).dt.offset_by(pl.when(pl.col(column).dt.weekday() == 5).then(pl.lit("3d")).otherwise(pl.lit("1d")))


def _answering(column: str) -> pl.Expr:
    """The weekday whose session could answer to a moment: the same until the close, then the next."""
    local = pl.col(column).dt.convert_time_zone(EXCHANGE_ZONE)
    day = local.dt.date()
    late = local.dt.hour() >= _CLOSE_HOUR
    weekday = day.dt.weekday()
    shift = (pl.when(weekday == 6).then(2).when(weekday == 7).then(1).when(late & (weekday == 5)).then(3).when(late).then(1)
             .otherwise(0))
    return (day + pl.duration(days=shift)).alias("on")


def nearest(falls: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """For each row of `falls` [symbol, peak_day, day, own_day] the event nearest to `own_day`, if one is near enough.

    Returns symbol, event, event_kind, event_on, event_apart (calendar days before (-) or after the worst day), _event_fetch.
    """
    rank = pl.col("kind").replace_strict({kind: place for place, kind in enumerate(KINDS)}, return_dtype=pl.Int32)
    pairs = (
        falls.select("symbol", "peak_day", "day", "own_day").join(found, on="symbol")
        .filter((pl.col("on") > pl.col("peak_day")) & (pl.col("on") <= pl.col("day")))
        .with_columns((pl.col("on") - pl.col("own_day")).dt.total_days().alias("apart"), rank.alias("rank"))
        .filter(pl.col("apart").abs() <= NEAR_DAYS)
        # What comes after the fall explains it less than what came before.
        .sort("symbol", pl.col("apart").abs() + (pl.col("apart") > 0) * 0.5, "rank", "text")
        .group_by("symbol", maintain_order=True).first()
    )
    chosen = pairs.select(
        "symbol", pl.col("text").alias("event"), pl.col("kind").alias("event_kind"), pl.col("on").alias("event_on"),
        pl.col("apart").cast(pl.Int64).alias("event_apart"), pl.col("fetch_id").alias("_event_fetch"),
    )
    return falls.select("symbol").join(chosen, on="symbol", how="left", maintain_order="left")
