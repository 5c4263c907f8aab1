"""The session calendar of the New York Stock Exchange: which days trade, when a session opens and closes.

Pure: the caller reads `data/sessions.csv` and hands its text to `Calendar.parse`. Sessions open at 09:30 and close at
16:00 in New York, 13:00 or 14:00 on early closes; moments are aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW_YORK = ZoneInfo("America/New_York")
OPEN = time(9, 30)
CLOSE = time(16, 0)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """Sessions from `first` to `last`, both included: weekdays that are not in `closed`; `early` holds early closing times.

    Every method raises ValueError for a day outside that range: beyond it nothing is known.
    """

    first: date
    last: date
    closed: frozenset[date]
    early: Mapping[date, time]

    @classmethod
    def parse(cls, text: str) -> Calendar:
        """The calendar of a text of lines `date,what`, where `what` is first, last, closed or an early closing time.

        Raises ValueError for a line that is none of these, or when the range is not stated.
        """
        ends: dict[str, date] = {}
        closed: set[date] = set()
        early: dict[date, time] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#") or line.startswith("date,"):
                continue
            try:
                day_text, what = line.strip().split(",")
                day = date.fromisoformat(day_text)
                if what in ("first", "last"):
                    ends[what] = day
                elif what == "closed":
                    closed.add(day)
                else:
                    early[day] = time.fromisoformat(what)
            except ValueError as error:
                raise ValueError(f"session calendar, line {number}: '{line.strip()}' is not understood") from error
        if set(ends) != {"first", "last"}:
            raise ValueError("session calendar: the first and the last day are not stated")
        return cls(ends["first"], ends["last"], frozenset(closed), early)

    def is_session(self, day: date) -> bool:
        """Whether the exchange trades on `day`."""
        self._check(day)
        return day.weekday() < 5 and day not in self.closed

    def sessions(self, start: date, end: date) -> list[date]:
        """The sessions from `start` to `end`, both included, in order."""
        if start > end:
            return []
        self._check(start)
        self._check(end)
        every = (start + timedelta(days=n) for n in range((end - start).days + 1))
        return [day for day in every if day.weekday() < 5 and day not in self.closed]

    def session_open(self, day: date) -> datetime:
        """When the session of `day` opens. Raises ValueError when there is none."""
        return self._moment(day, OPEN)

    def session_close(self, day: date) -> datetime:
        """When the session of `day` closes, early closes included. Raises ValueError when there is none."""
        return self._moment(day, self.early.get(day, CLOSE))

    def minutes(self, day: date) -> int:
        """The length of the session of `day` in minutes: 390, or 210 with a close at 13:00."""
        return int((self.session_close(day) - self.session_open(day)).total_seconds()) // 60

    def last_session(self, moment: datetime) -> date:
        """The newest session that has finished at `moment` (aware): its close is at or before it."""
        day = _aware(moment).astimezone(NEW_YORK).date()
        if self.is_session(day) and self.session_close(day) <= moment:
            return day
        return self.previous_session(day)

    def current_session(self, moment: datetime) -> date | None:
        """The session that is open at `moment` (aware; the opening second counts, the closing one does not), or None."""
        day = _aware(moment).astimezone(NEW_YORK).date()
        if self.is_session(day) and self.session_open(day) <= moment < self.session_close(day):
            return day
        return None

    def is_open(self, moment: datetime) -> bool:
        """Whether a session runs at `moment` (aware)."""
        return self.current_session(moment) is not None

    def next_session(self, day: date) -> date:
        """The first session after `day`."""
        day += _DAY
        while not self.is_session(day):
            day += _DAY
        return day

    def previous_session(self, day: date) -> date:
        """The last session before `day`."""
        day -= _DAY
        while not self.is_session(day):
            day -= _DAY
        return day

    def _moment(self, day: date, clock: time) -> datetime:
        if not self.is_session(day):
            raise ValueError(f"{day} is not a session")
        return datetime.combine(day, clock, NEW_YORK).astimezone(UTC)

    def _check(self, day: date) -> None:
        if not self.first <= day <= self.last:
            raise ValueError(f"the session calendar covers {self.first} to {self.last}, not {day}")


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be placed in a session")
    return moment
