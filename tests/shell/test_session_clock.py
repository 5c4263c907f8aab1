"""The exchange's clock in the status bar: state of the session at each hour, early closes, weekends, the calendar's end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from PySide6.QtCore import QObject

from terminal.domain.sessions import Calendar
from terminal.paths import data_file
from terminal.shell.session_clock import SessionClock, span, words

if TYPE_CHECKING:
    from terminal.shell.window import MainWindow

NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar.parse(data_file("sessions.csv").read_text("utf-8"))


@pytest.mark.parametrize(("when", "tone", "said"), [
    ("2026-11-20 14:40", "ok", "14:40 ET · open, closes in 1 h 20 min"),
    ("2026-11-20 15:59", "ok", "15:59 ET · open, closes in 1 min"),
    ("2026-11-20 09:00", "idle", "09:00 ET · before the open, opens in 30 min"),
    ("2026-11-20 03:30", "idle", "03:30 ET · closed, opens in 6 h"),
    ("2026-11-20 16:00", "idle", "16:00 ET · after the close, opens Mon 09:30 ET"),
    ("2026-11-20 22:15", "idle", "22:15 ET · closed, opens Mon 09:30 ET"),
    ("2026-11-21 12:00", "idle", "12:00 ET · weekend, opens Mon 09:30 ET"),
    ("2026-11-26 12:00", "idle", "12:00 ET · holiday, opens Fri 09:30 ET"),
    ("2026-11-27 12:00", "ok", "12:00 ET · open, closes early in 1 h"),
    ("2026-11-27 14:00", "idle", "14:00 ET · closed, opens Mon 09:30 ET")])
def test_what_the_clock_says(calendar: Calendar, when: str, tone: str, said: str) -> None:
    found = words(calendar, datetime.fromisoformat(when).replace(tzinfo=NEW_YORK))
    assert found[:2] == (tone, said)
    assert found[2].startswith("New York Stock Exchange and Nasdaq. The ")


def test_beyond_the_calendar_only_the_time_is_known(calendar: Calendar) -> None:
    late = datetime(2099, 1, 5, 12, 0, tzinfo=NEW_YORK)
    assert words(calendar, late)[:2] == ("idle", "12:00 ET")
    assert "ends before" in words(calendar, late)[2]
    assert words(None, late)[1] == "12:00 ET"


def test_begun_minutes_count() -> None:
    assert span(timedelta(seconds=61)) == "2 min"
    assert span(timedelta(hours=2)) == "2 h"


def test_it_is_told_again_and_stops(calendar: Calendar, qapp: Any) -> None:
    told: list[tuple[str, str, str]] = []
    parent = QObject()
    clock = SessionClock(parent, lambda: datetime(2026, 11, 20, 10, 0, 30, tzinfo=NEW_YORK), lambda *said: told.append(said))
    clock.calendar = calendar
    clock.tick()
    assert told[0][1] == "10:00 ET · open, closes in 6 h"
    assert clock._timer.isActive() and 29_000 < clock._timer.remainingTime() <= 31_000
    clock.stop()
    assert not clock._timer.isActive()


def test_the_status_bar_shows_it_and_leaves_out_what_does_not_fit(window: MainWindow, qtbot: Any) -> None:
    bar = window.statusbar
    assert "ET" in bar.clock.text() and bar.clock.accessibleName().startswith("Exchange: ")
    bar.show_market("Prices of a day that takes a good deal of room to tell", "")
    bar.resize(420, bar.height())
    assert not bar.market.isVisible() and bar.advice.isVisible()
    bar.resize(1700, bar.height())
    assert bar.market.isVisible() and bar.clock.isVisible()
