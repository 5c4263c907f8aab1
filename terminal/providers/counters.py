"""What a service says of our allowance in the headers of its answers: how many requests are left, and until when.

Header names are those that services commonly use; an adapter of a service with other names declares its own `Counter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# Larger numbers are a moment since 1970, in seconds or in milliseconds; smaller ones a time from now.
_EPOCH_SECONDS = 1e9
_EPOCH_MILLIS = 1e12
LONGEST = timedelta(days=31)
_NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a service counts: the header that says how many requests are left, and the one that says until when.

    `reset` "" where it does not say: what is left then holds for the shortest window. `unit`: what a small number in it is, in
    seconds. `used`: the header that counts upwards, where `remaining` is the limit. `daily`: the time in New York at which a
    service that does not say counts anew.
    """

    remaining: str
    reset: str = ""
    unit: float = 1.0
    used: str = ""
    daily: str = ""


# Alpaca and Finnhub send the first kind; the second is FRED's spelling, the third the proposed standard's.
USUAL = (
    Counter("x-ratelimit-remaining", "x-ratelimit-reset"),
    Counter("x-rate-limit-remaining", "x-rate-limit-reset"),
    Counter("ratelimit-remaining", "ratelimit-reset"),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What a service said: requests left, and when it counts anew (UTC; None: it did not say)."""

    remaining: int
    until: datetime | None


def counted(headers: Mapping[str, str], now: datetime, counters: Iterable[Counter] = USUAL) -> Counted | None:
    """What the headers (names in small letters) of an answer that came at `now` say; None when they say nothing readable.

    Of several counters (a minute's and a day's) the one with the fewest left counts: the next answer says all of them again.
    """
    told = [found for counter in counters if (found := _counted(headers, counter, now)) is not None]
    return min(told, key=lambda each: each.remaining, default=None)


def _counted(headers: Mapping[str, str], counter: Counter, now: datetime) -> Counted | None:
    left = _number(headers.get(counter.remaining))
    if left is not None and counter.used:
        used = _number(headers.get(counter.used))
        left = None if used is None else max(left - used, 0)
    return None if left is None or left < 0 else Counted(int(left), reset_at(headers, counter, now))


def reset_at(headers: Mapping[str, str], counter: Counter, now: datetime, longest: timedelta = LONGEST) -> datetime | None:
    """When the service counts anew; None where it does not say, or names a moment that is past or beyond `longest`.

    A moment is measured from the answer's own `Date`, because our clock may be wrong; from ours where that makes no sense.
    """
    if counter.daily:
        return _next(counter.daily, now)
    told = _number(headers.get(counter.reset)) if counter.reset else None
    if told is None:
        return None
    if told < _EPOCH_SECONDS:
        aheads = [told * counter.unit]
    else:
        at = told / 1000 if told >= _EPOCH_MILLIS else told
        aheads = [at - moment.timestamp() for moment in (_date(headers), now) if moment is not None]
    ahead = next((each for each in aheads if 0 < each <= longest.total_seconds()), None)
    return None if ahead is None else now + timedelta(seconds=ahead)


def _next(clock: str, now: datetime) -> datetime:
    """The next time that a clock in New York shows this."""
    there = now.astimezone(_NEW_YORK)
    at = datetime.combine(there.date(), time.fromisoformat(clock), _NEW_YORK)
    return (at if at > there else at + timedelta(days=1)).astimezone(UTC)


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        told = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if value - value == 0 else None
