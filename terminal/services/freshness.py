"""When stored data is too old: one table, one rule a dataset.

`age` is how long after a fetch the dataset counts as fresh. Where `sessions` is set, data is also fresh for as long as
it reaches the last finished session: nothing newer exists. `closed` replaces `age` while the exchange is closed. What was
fetched once prices had `settled` for the day stays fresh until the exchange opens again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from terminal.domain.sessions import NEW_YORK


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one dataset stays fresh."""

    age: timedelta
    sessions: bool = False
    closed: timedelta | None = None
    settled: timedelta | None = None


_DAY = timedelta(days=1)

STALENESS: dict[str, Rule] = {
    "bars": Rule(timedelta(hours=4), sessions=True),
    "minute_bars": Rule(timedelta(minutes=5), closed=timedelta(hours=12), settled=timedelta(minutes=30)),
    "quotes": Rule(timedelta(minutes=1), closed=timedelta(hours=1), settled=timedelta(minutes=30)),
    "chains": Rule(timedelta(minutes=15), closed=timedelta(hours=12)),
    "headlines": Rule(timedelta(minutes=30)),
    "facts": Rule(_DAY),
    "earnings": Rule(_DAY),
    "dividends": Rule(_DAY),
    "splits": Rule(_DAY),
    "instruments": Rule(30 * _DAY),
    "members": Rule(30 * _DAY),
    "filings": Rule(timedelta(hours=6)),
    "ratings": Rule(7 * _DAY),
    "news_sentiment": Rule(timedelta(hours=6)),
    "macro": Rule(timedelta(hours=12)),
}


def is_fresh(
    dataset: str, newest: date | None, fetched_at: datetime | None, now: datetime, closed_at: datetime, is_open: bool
) -> bool:
    """Whether stored data still answers. `newest` is its last valid day, `fetched_at` the last successful request.

    `closed_at`: when the last finished session ended (aware).
    """
    if fetched_at is None:
        return False
    rule = STALENESS[dataset]
    if rule.sessions and newest is not None and newest >= closed_at.astimezone(NEW_YORK).date():
        return True
    if not is_open and rule.settled is not None and fetched_at >= closed_at + rule.settled:
        return True
    age = rule.age if is_open or rule.closed is None else rule.closed
    return now - fetched_at < age


def overdue(
    dataset: str, newest: date | None, fetched_at: datetime | None, now: datetime, closed_at: datetime, is_open: bool
) -> float:
    """How many times its allowed age stored data has; 0 while it is fresh, infinite where nothing was ever fetched."""
    if is_fresh(dataset, newest, fetched_at, now, closed_at, is_open):
        return 0.0
    if fetched_at is None:
        return float("inf")
    rule = STALENESS[dataset]
    age = rule.age if is_open or rule.closed is None else rule.closed
    return max((now - fetched_at) / age, 1.0)
