"""When a job is due: pure times from a session calendar, in New York's hours, whatever daylight saving does.

`at` names a moment of a day: "17:30" (New York), "open-45m", "open", "close", "close+20m"; the last four move with half
days and exist on sessions only. `every` names a beat: "15m", "6h", counted from midnight in New York, or from the
opening when `while_open` says that it beats only during sessions. Moments are aware UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from terminal.domain.sessions import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.domain.sessions import Calendar

_DAY = timedelta(days=1)
_SPAN = re.compile(r"([1-9]\d{0,3})([mh])")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_EDGE = re.compile(r"(open|close)(?:([+-])([1-9]\d{0,3}[mh]))?")
FARTHEST = timedelta(hours=12)  # an offset may lead into the day before or after, but not beyond


@dataclass(frozen=True, slots=True)
class Schedule:
    """One job's due moments. Made by `parse`; `clock` is None unless it is due at a time of the day."""

    every: timedelta | None = None
    clock: time | None = None
    edge: str = ""
    offset: timedelta = timedelta()
    session_days: bool = True
    while_open: bool = False

    @classmethod
    def parse(cls, *, every: str = "", at: str = "", session_days: bool = True, while_open: bool = False) -> Schedule:
        """The schedule that the texts name. Raises ValueError for a text that names none, or for both or neither of them."""
        if bool(every) == bool(at):
            raise ValueError("a job needs either `every` or `at`")
        if every:
            step = _span(every)
            if not timedelta(minutes=1) <= step <= _DAY:
                raise ValueError(f"'{every}' is not between 1m and 24h")
            return cls(every=step, session_days=session_days or while_open, while_open=while_open)
        if while_open:
            raise ValueError("`while_open` belongs to `every`")
        if clock := _CLOCK.fullmatch(at):
            return cls(clock=time(int(clock[1]), int(clock[2])), session_days=session_days)
        edge = _EDGE.fullmatch(at)
        if edge is None:
            raise ValueError(f"'{at}' is not a time like 17:30, open-45m or close+20m")
        offset = _span(edge[3]) if edge[3] else timedelta()
        if offset > FARTHEST:
            raise ValueError(f"'{at}' is more than twelve hours away from the session")
        return cls(edge=edge[1], offset=-offset if edge[2] == "-" else offset)

    @property
    def once_a_day(self) -> bool:
        """Whether it is due at most once a day; what it brings is then worth having hours later, too."""
        return self.every is None

    def next(self, after: datetime, calendar: Calendar) -> datetime | None:
        """The first due moment later than `after`; None when it lies beyond the calendar."""
        day = _local_day(after) - _DAY
        while day <= calendar.last:
            for moment in self._of(day, calendar):
                if moment > after:
                    return moment
            day += _DAY
        return None

    def last(self, until: datetime, calendar: Calendar) -> datetime | None:
        """The newest due moment not later than `until`; None when it lies before the calendar."""
        day = _local_day(until) + _DAY
        while day >= calendar.first:
            earlier = [moment for moment in self._of(day, calendar) if moment <= until]
            if earlier:
                return earlier[-1]
            day -= _DAY
        return None

    def missed(self, since: datetime, now: datetime, calendar: Calendar) -> datetime | None:
        """The newest due moment in (since, now], if making up for it still makes sense; None otherwise.

        Of many missed moments only the newest counts. A beat that keeps to sessions is not made up for after the close.
        """
        due = self.last(now, calendar)
        if due is None or due <= since:
            return None
        return due if not self.while_open or calendar.is_open(now) else None

    def grace(self) -> timedelta | None:
        """How late it may still begin; None: at any time, because what was due once a day is wanted even late."""
        return None if self.every is None else max(self.every, timedelta(minutes=5))

    def words(self) -> str:
        """When, as a reader says it: "20 minutes after the close"."""
        if self.every is not None:
            rest = " while the market is open" if self.while_open else " on trading days" if self.session_days else ""
            return f"every {_long(self.every).removeprefix('1 ')}{rest}"
        if self.clock is not None:
            return f"{'trading days' if self.session_days else 'every day'} at {self.clock:%H:%M} ET"
        if not self.offset:
            return f"at the {self.edge}"
        side = "after" if self.offset > timedelta() else "before"
        return f"{_long(abs(self.offset))} {side} the {self.edge}"

    def _of(self, day: date, calendar: Calendar) -> Iterator[datetime]:
        """The due moments that belong to a day in New York, in order."""
        if not calendar.first <= day <= calendar.last:
            return
        session = calendar.is_session(day)
        if not session and (self.session_days or self.edge):
            return
        if self.edge:
            yield (calendar.session_open(day) if self.edge == "open" else calendar.session_close(day)) + self.offset
        elif self.clock is not None:
            yield _midnight_or_later(day, self.clock)
        elif self.every is not None:
            if self.while_open:
                moment, end = calendar.session_open(day), calendar.session_close(day)
            else:
                moment, end = _midnight_or_later(day, time()), _midnight_or_later(day + _DAY, time())
            while moment < end:
                yield moment
                moment += self.every


def _midnight_or_later(day: date, clock: time) -> datetime:
    """A time of a day in New York as UTC; one that daylight saving skips comes an hour later, a doubled one is the first."""
    return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)


def _local_day(moment: datetime) -> date:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is due at no certain time")
    return moment.astimezone(NEW_YORK).date()


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"'{text}' is not a span like 15m or 6h")
    return timedelta(minutes=int(match[1])) if match[2] == "m" else timedelta(hours=int(match[1]))


def _long(span: timedelta) -> str:
    minutes = int(span.total_seconds()) // 60
    count, word = (minutes // 60, "hour") if minutes % 60 == 0 else (minutes, "minute")
    return f"{count} {word}s" if count != 1 else f"1 {word}"
