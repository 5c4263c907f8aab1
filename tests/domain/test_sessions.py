"""The session calendar against exchange_calendars, daylight saving weeks and half days."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from terminal.domain.sessions import Calendar

TEXT = Path(__file__).parents[2].joinpath("data", "sessions.csv").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return Calendar.parse(TEXT)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.filterwarnings("ignore::Warning")  # the reference library warns about its own use of pandas
def test_ten_years_equal_the_reference_library(calendar: Calendar) -> None:
    exchange_calendars = pytest.importorskip("exchange_calendars")
    schedule = exchange_calendars.get_calendar("XNYS", start="2017-01-02", end="2026-12-31").schedule
    days = [stamp.date() for stamp in schedule.index]
    assert calendar.sessions(date(2017, 1, 1), date(2026, 12, 31)) == days
    assert [calendar.session_open(day) for day in days] == [stamp.to_pydatetime() for stamp in schedule["open"]]
    assert [calendar.session_close(day) for day in days] == [stamp.to_pydatetime() for stamp in schedule["close"]]


def test_half_day_after_thanksgiving(calendar: Calendar) -> None:
    day = date(2026, 11, 27)
    assert not calendar.is_session(date(2026, 11, 26))
    assert calendar.session_close(day) == at("2026-11-27T18:00")
    assert calendar.minutes(day) == 210
    assert calendar.last_session(at("2026-11-27T17:59")) == date(2026, 11, 25)
    assert calendar.last_session(at("2026-11-27T18:00")) == day


@pytest.mark.parametrize(("day", "hour"), [("2026-03-06", 21), ("2026-03-09", 20), ("2026-10-30", 20), ("2026-11-02", 21)])
def test_close_follows_daylight_saving(calendar: Calendar, day: str, hour: int) -> None:
    assert calendar.session_close(date.fromisoformat(day)) == at(f"{day}T{hour}:00")
    assert calendar.minutes(date.fromisoformat(day)) == 390


def test_last_session_over_a_weekend_and_after_midnight_utc(calendar: Calendar) -> None:
    assert calendar.last_session(at("2026-11-22T15:00")) == date(2026, 11, 20)
    assert calendar.last_session(at("2026-11-21T03:00")) == date(2026, 11, 20)  # Friday evening in New York
    assert calendar.last_session(at("2026-11-20T20:59")) == date(2026, 11, 19)


def test_current_session_knows_opening_and_closing(calendar: Calendar) -> None:
    assert calendar.current_session(at("2026-11-20T14:29")) is None
    assert calendar.current_session(at("2026-11-20T14:30")) == date(2026, 11, 20)
    assert calendar.current_session(at("2026-11-20T21:00")) is None


def test_neighbours_step_over_holidays(calendar: Calendar) -> None:
    assert calendar.next_session(date(2026, 11, 25)) == date(2026, 11, 27)
    assert calendar.previous_session(date(2026, 11, 30)) == date(2026, 11, 27)
    assert calendar.sessions(date(2026, 11, 27), date(2026, 11, 26)) == []


def test_every_session_is_its_neighbours_neighbour(calendar: Calendar) -> None:
    days = calendar.sessions(date(2025, 1, 1), date(2026, 12, 31))
    assert all(
        calendar.next_session(one) == two and calendar.previous_session(two) == one for one, two in itertools.pairwise(days)
    )
    assert all(calendar.last_session(calendar.session_close(day)) == day for day in days)
    assert all(calendar.last_session(calendar.session_close(day) - timedelta(seconds=1)) < day for day in days)


def test_refuses_what_it_does_not_know(calendar: Calendar) -> None:
    with pytest.raises(ValueError, match="covers 1962-01-02 to 2040-12-31"):
        calendar.is_session(date(1950, 1, 3))
    with pytest.raises(ValueError, match="not a session"):
        calendar.session_close(date(2026, 11, 26))
    with pytest.raises(ValueError, match="time zone"):
        calendar.last_session(datetime(2026, 11, 20, 22))


@pytest.mark.parametrize("text", ["1990-01-02,first\n1990-01-05,last\n1990-01-03,perhaps", "1990-01-02,first", "x"])
def test_malformed_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="session calendar"):
        Calendar.parse(text)
