"""Longer bars from shorter ones: minutes within sessions, days to weeks and months.

Bars of minutes begin with the session and never cross its end: 4h bars of a whole day are 09:30 to 13:30 and 13:30 to 16:00
in New York, of a half day 09:30 to 13:00. What was traded outside sessions is left out, except the closing auction, whose
bar begins at the very close.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.sessions import NEW_YORK

if TYPE_CHECKING:
    from datetime import date, datetime

    from terminal.domain.sessions import Calendar

# Minutes of the intervals made from minute bars; the others are made from daily bars ("1d" from either).
MINUTES = {"1m": 1, "5m": 5, "15m": 15, "30m": 30, "1h": 60, "4h": 240}
INTERVALS = (*MINUTES, "1d", "1wk", "1mo")
_PERIODS = {"1wk": "1w", "1mo": "1mo"}
_UTC = pl.Datetime("us", "UTC")


def resample(bars: pl.DataFrame, interval: str, calendar: Calendar, *, until: datetime | None = None) -> pl.DataFrame:
    """The bars in a longer interval, sorted by `symbol` (when there is one) and time.

    `bars` have `at` (aware UTC, when a bar begins) or `date`; the answer has the same, of the first session or moment of
    each bar: `at` for minutes to hours, `date` for days and longer; a week begins on Monday. Open is the first, close (and
    `adjusted_close`) the last, high and low the extremes, volume the sum; unknown when one of the parts is unknown.
    `fetch_id` is the last one's, `known_at` the latest. Three columns are added: `last`, the time of the newest bar within;
    `count`, of how many bars it is made (weeks and months: of how many sessions); `partial`, whether more may come: true for
    the newest bar of a symbol whose session, week or month is not over at the end of its newest bar, nor at the moment
    `until`. Raises ValueError for an interval that cannot be made.
    """
    intraday = "at" in bars.columns
    if interval not in INTERVALS or (interval in MINUTES and not intraday):
        raise ValueError(f"bars of {interval} cannot be made from {'minute' if intraday else 'daily'} bars")
    if interval in MINUTES or (interval == "1d" and intraday):
        return _within_sessions(bars, MINUTES.get(interval), calendar, until)
    if intraday:
        bars = _within_sessions(bars, None, calendar, until).drop("last", "count").rename({"partial": "_open"})
    return _over_sessions(bars, interval, calendar, until)


def _within_sessions(bars: pl.DataFrame, minutes: int | None, calendar: Calendar, until: datetime | None) -> pl.DataFrame:
    """Bars of so many minutes, or (None) of whole sessions."""
    day = pl.col("at").dt.convert_time_zone(NEW_YORK.key).dt.date()
    placed = bars.with_columns(day.alias("_day")).join(_sessions(bars, calendar), on="_day", how="inner", maintain_order="left")
    placed = placed.filter(pl.col("at").is_between("_opens", "_closes"))
    if minutes is None:
        bucket, ends = pl.col("_day"), pl.col("_closes")
    else:
        span = pl.duration(minutes=minutes)
        moment = pl.min_horizontal(pl.col("at"), pl.col("_closes") - pl.duration(microseconds=1))
        bucket = pl.col("_opens") + ((moment - pl.col("_opens")).dt.total_microseconds() // (minutes * 60_000_000)) * span
        ends = pl.min_horizontal(bucket + span, pl.col("_closes"))
    name = "date" if minutes is None else "at"
    placed = placed.with_columns(bucket.alias("_bucket"), ends.alias("_ends"))
    made = _grouped(placed, "at", name, pl.col("_ends").last())
    seen = pl.col("last") + pl.duration(minutes=1)
    return _marked(made, (seen >= pl.col("_ends")) | _over(until, pl.col("_ends")))


def _over_sessions(bars: pl.DataFrame, interval: str, calendar: Calendar, until: datetime | None) -> pl.DataFrame:
    """Bars of days, weeks or months from daily ones."""
    bucket = pl.col("date").dt.truncate(_PERIODS[interval]) if interval in _PERIODS else pl.col("date")
    placed = bars.with_columns(bucket.alias("_bucket"), *([] if "_open" in bars.columns else [pl.lit(False).alias("_open")]))
    made = _grouped(placed, "date", "date", pl.col("_open").last())
    newest = made.group_by("symbol").agg(pl.col("last").max())["last"] if "symbol" in made.columns else made["last"].tail(1)
    days = newest.unique().to_list()
    complete = pl.DataFrame(
        {"last": days, "_complete": [_complete(day, interval, calendar, until) for day in days]},
        schema={"last": pl.Date, "_complete": pl.Boolean},
    )
    made = made.join(complete, on="last", how="left", maintain_order="left")
    return _marked(made, pl.col("_complete").fill_null(True) & ~pl.col("_ends"))


def _grouped(placed: pl.DataFrame, time: str, name: str, ends: pl.Expr | None) -> pl.DataFrame:
    keys = ["symbol"] if "symbol" in placed.columns else []
    first = pl.col(time).first().alias("_first") if time == "date" else pl.col("_bucket").first().alias("_first")
    parts = [
        pl.col("open").first(),
        *(_whole(each, pl.col(each).max() if each == "high" else pl.col(each).min()) for each in ("high", "low")),
        pl.col("close").last(),
        _whole("volume", pl.col("volume").sum()),
        *(pl.col(each).last() for each in ("adjusted_close", "fetch_id") if each in placed.columns),
        *(pl.col(each).max() for each in ("known_at",) if each in placed.columns),
        pl.col(time).last().alias("last"),
        pl.len().cast(pl.Int64).alias("count"),
        *([] if ends is None else [ends.alias("_ends")]),
    ]
    made = placed.sort(*keys, time).group_by(*keys, "_bucket", maintain_order=True).agg(first, *parts)
    return made.with_columns(pl.col("_first").alias(name)).select(
        *keys, name, *(each for each in made.columns if each not in (*keys, "_bucket", "_first"))
    )


def _whole(column: str, value: pl.Expr) -> pl.Expr:
    """The value, unless one of the parts is unknown."""
    return pl.when(pl.col(column).null_count() == 0).then(value).alias(column)


def _marked(made: pl.DataFrame, complete: pl.Expr) -> pl.DataFrame:
    """With `partial`: only the newest bar of a symbol can be."""
    newest = pl.int_range(pl.len()) == pl.len() - 1
    newest = newest.over("symbol") if "symbol" in made.columns else newest
    marked = made.with_columns((newest & ~complete).alias("partial"))
    return marked.select(each for each in marked.columns if not each.startswith("_"))


def _over(until: datetime | None, ends: pl.Expr) -> pl.Expr:
    return pl.lit(False) if until is None else pl.lit(until, dtype=_UTC) >= ends


def _complete(day: date, interval: str, calendar: Calendar, until: datetime | None) -> bool:
    """Whether the day is over, and no session of its week or month still to come after it, or after `until`."""
    if until is not None and calendar.is_session(day) and until < calendar.session_close(day):
        return False
    if interval == "1d":
        return True
    known = day if until is None else max(day, calendar.last_session(until))
    following = calendar.next_session(known)
    if interval == "1mo":
        return (following.year, following.month) != (day.year, day.month)
    return following.isocalendar()[:2] != day.isocalendar()[:2]


def _sessions(bars: pl.DataFrame, calendar: Calendar) -> pl.DataFrame:
    """The sessions the bars can lie in, with the moments they open and close."""
    moments = bars["at"].drop_nulls()
    first, last = moments.min(), moments.max()
    days: list[date] = []
    if first is not None and last is not None:
        day = timedelta(days=1)
        days = calendar.sessions(first.date() - day, last.date() + day)  # type: ignore[union-attr]
    return pl.DataFrame(
        {
            "_day": days,
            "_opens": [calendar.session_open(each) for each in days],
            "_closes": [calendar.session_close(each) for each in days],
        },
        schema={"_day": pl.Date, "_opens": _UTC, "_closes": _UTC},
    )
