"""The exchange's clock in the status bar: what time it is there, and whether it is open, until when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from terminal.domain import format as fmt
from terminal.domain.sessions import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from terminal.domain.sessions import Calendar

PRE_HOUR, POST_HOUR = 4, 20  # from and until when orders are taken outside the regular session


class SessionClock(QObject):
    """Tells `show(tone, text, tooltip)` what the exchange's clock says, again with each full minute."""

    def __init__(self, parent: QObject, now: Callable[[], datetime], show: Callable[[str, str, str], None]) -> None:
        super().__init__(parent)
        self._now, self.show = now, show
        self.calendar: Calendar | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.CoarseTimer)
        self._timer.timeout.connect(self.tick)

    def tick(self) -> None:
        """Tell it, and once more when the minute is over."""
        now = self._now()
        self.show(*words(self.calendar, now))
        self._timer.start(max(1000, 60_100 - now.second * 1000 - now.microsecond // 1000))

    def stop(self) -> None:
        """Tell nothing any more."""
        self._timer.stop()


def words(calendar: Calendar | None, now: datetime) -> tuple[str, str, str]:
    """Tone, what the bar says and what its tooltip says: `15:40 ET · open, closes in 20 min`.

    Without a calendar, or where it ends, only the time is known.
    """
    time = fmt.clock(now)
    try:
        tone, state, detail = _state(calendar, now) if calendar is not None else ("idle", "", "")
    except ValueError:
        tone, state, detail = "idle", "", "The calendar of sessions ends before this day."
    return tone, f"{time} · {state}" if state else time, f"New York Stock Exchange and Nasdaq. {detail}".strip()


def _state(calendar: Calendar, now: datetime) -> tuple[str, str, str]:
    today = now.astimezone(NEW_YORK).date()
    running = calendar.current_session(now)
    if running is not None:
        closes = calendar.session_close(running)
        early = " early" if running in calendar.early else ""
        return "ok", f"open, closes{early} in {span(closes - now)}", f"The regular session ends{early} at {fmt.clock(closes)}."
    following = today if calendar.is_session(today) and now < calendar.session_open(today) else calendar.next_session(today)
    opens = calendar.session_open(following)
    detail = f"The next regular session opens on {fmt.day(following)}, {fmt.clock(opens)}."
    return "idle", f"{_outside(calendar, now, today)}, opens {_until(opens, now)}", detail


def _outside(calendar: Calendar, now: datetime, today: date) -> str:
    hour = now.astimezone(NEW_YORK).hour
    if calendar.is_session(today):
        if now < calendar.session_open(today):
            return "before the open" if hour >= PRE_HOUR else "closed"
        return "after the close" if hour < POST_HOUR and today not in calendar.early else "closed"
    return "weekend" if today.weekday() >= 5 else "holiday"


def _until(opens: datetime, now: datetime) -> str:
    left = opens - now
    return f"in {span(left)}" if left < timedelta(hours=12) else f"{fmt.here(opens):%a} {fmt.clock(opens)}"


def span(left: timedelta) -> str:
    """A stretch of time in hours and minutes, the begun minute counted: `1 h 20 min`, `45 min`."""
    minutes = -int(-left.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours and rest else f"{hours} h" if hours else f"{rest} min"
