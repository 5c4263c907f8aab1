"""When a row became known to the public, in polars: the rules behind every read *as of* a past day.

A row of bars is known at the close of its session, a fact when it was filed, an event on its day, a quote at its own
time; the rest when we fetched it. Nothing is known later than the fetch that brought it.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.domain.sessions import CLOSE, OPEN, Calendar

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.domain.fetch import Fetch

EXCHANGE = ZoneInfo("America/New_York")
# Extended trading in New York ends at 20:00; results of the day are public by then at the latest.
_EVENING = time(20)
_MORNING = time(9, 30)
# A price of the close may be stamped a little before it.
_AT_CLOSE = timedelta(minutes=1)


def end_of_day(day: date) -> datetime:
    """The first moment that no longer belongs to `day` in exchange time."""
    return datetime.combine(day + timedelta(days=1), time(0), EXCHANGE)


def start_of_day(day: date) -> datetime:
    """The first moment of `day` in exchange time."""
    return datetime.combine(day, time(0), EXCHANGE)


def evening(day: date) -> datetime:
    """When everything that is published on `day` is public: the end of extended trading."""
    return datetime.combine(day, _EVENING, EXCHANGE)


def known_at(dataset: str, frame: pl.DataFrame, fetch: Fetch, calendar: Calendar | None) -> pl.Series:
    """`known_at` (UTC) of each row of a validated frame; a column `_fetched` says when each row was fetched, if not at once."""
    fetched = pl.col("_fetched") if "_fetched" in frame.columns else pl.lit(fetch.finished_at, dtype=UTC_TYPE)
    if dataset == "bars":
        days = frame.select(pl.col("date").unique()).with_columns(
            pl.col("date").map_elements(lambda day: _close(day, calendar), return_dtype=UTC_TYPE).alias("_known"))
        moment = frame.join(days, on="date", how="left", maintain_order="left")["_known"]
        return frame.select(pl.min_horizontal(moment, fetched).alias("known_at")).to_series()
    rules: dict[str, Callable[[], pl.Expr]] = {
        "minute_bars": lambda: pl.col("at") + pl.duration(minutes=1),
        "quotes": lambda: pl.col("at"), "chains": lambda: pl.col("at"), "headlines": lambda: pl.col("at"),
        "news_sentiment": lambda: pl.col("at"),
        "facts": lambda: pl.col("filed_at"), "filings": lambda: pl.col("filed_at"),
        "macro": lambda: _at(pl.col("published_on"), _MORNING),
        "dividends": lambda: _at(pl.col("ex_date"), _MORNING), "splits": lambda: _at(pl.col("ex_date"), _MORNING),
        # A day that is confirmed and over was public on it, whether or not the service says with which result.
        "earnings": lambda: pl.when(
            pl.col("eps_actual").is_not_null() | pl.col("revenue_actual").is_not_null() | pl.col("confirmed")).then(
            _at(pl.col("date"), _EVENING)),
    }
    rule = rules.get(dataset)
    if rule is None and "_fetched" in frame.columns:
        return frame["_fetched"].alias("known_at")
    if rule is None:
        return pl.Series("known_at", [fetch.finished_at], dtype=UTC_TYPE).new_from_index(0, frame.height)
    # min_horizontal passes over nulls: where the rule does not know, the fetch counts.
    return frame.select(pl.min_horizontal(rule(), fetched).alias("known_at")).to_series()


def _at(day: pl.Expr, moment: time) -> pl.Expr:
    return (day.cast(pl.Datetime("us")) + pl.duration(hours=moment.hour, minutes=moment.minute)).dt.replace_time_zone(
        EXCHANGE.key).dt.convert_time_zone("UTC")


def _close(day: date, calendar: Calendar | None) -> datetime:
    if calendar is not None:
        try:
            return calendar.session_close(day)
        except ValueError:
            pass  # outside the calendar, or no session there: the usual hour
    return datetime.combine(day, CLOSE, EXCHANGE)


def seen(moment: datetime, calendar: Calendar | None) -> tuple[date, date, bool]:
    """The day of a moment in exchange time, the session whose trading is seen then, and whether that session had ended."""
    local = moment.astimezone(EXCHANGE)
    day = local.date()
    try:
        if calendar is None:
            raise ValueError("no calendar")
        if calendar.is_session(day) and moment >= calendar.session_open(day):
            return day, day, moment >= calendar.session_close(day) - _AT_CLOSE
        return day, calendar.previous_session(day), True
    except ValueError:  # outside what the calendar covers: the weekdays, and the usual hours
        if day.weekday() < 5 and local.time() >= OPEN:
            return day, day, local.time() >= CLOSE
        return day, session_before(day, None), True


def session_before(day: date, calendar: Calendar | None) -> date:
    """The session before a day; outside the calendar the weekday before it."""
    try:
        if calendar is not None:
            return calendar.previous_session(day)
    except ValueError:
        pass
    return day - timedelta(days={0: 3, 6: 2}.get(day.weekday(), 1))


def last_session(moment: datetime, calendar: Calendar | None) -> date:
    """The newest session that had ended at a moment."""
    _, session, ended = seen(moment, calendar)
    return session if ended else session_before(session, calendar)


def sessions(start: date, end: date, calendar: Calendar | None) -> set[date]:
    """The sessions from `start` to `end`, both included; outside the calendar the weekdays."""
    if calendar is not None and calendar.first <= start and end <= calendar.last:
        return set(calendar.sessions(start, end))
    every = (start + timedelta(days=place) for place in range((end - start).days + 1))
    return {day for day in every if day.weekday() < 5}
