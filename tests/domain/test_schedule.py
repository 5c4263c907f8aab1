"""Due moments, worked out by hand: daylight saving, half days, holidays, sleep; and laws that hold for every moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal import paths
from terminal.domain.schedule import Schedule
from terminal.domain.sessions import NEW_YORK, Calendar

CALENDAR = Calendar.parse(paths.data_file("sessions.csv").read_text("utf-8"))
CLOSE = Schedule.parse(at="close+20m")
EARLY = Schedule.parse(at="open-45m")
NIGHT = Schedule.parse(at="20:30")
BEAT = Schedule.parse(every="15m", while_open=True)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def new_york(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


@pytest.mark.parametrize(("schedule", "after", "due"), [
    # An ordinary Friday: New York closes at 21:00 UTC in winter.
    (CLOSE, "2026-11-20 20:00", "2026-11-20 21:20"),
    # Due at this very second is not later: the next one is Monday's.
    (CLOSE, "2026-11-20 21:20", "2026-11-23 21:20"),
    # Thanksgiving (26 November 2026) has no session; the Friday after closes at 13:00, 18:00 UTC.
    (CLOSE, "2026-11-25 21:20", "2026-11-27 18:20"),
    (NIGHT, "2026-11-26 01:30", "2026-11-28 01:30"),
    (EARLY, "2026-11-25 15:00", "2026-11-27 13:45"),
    # Christmas Eve 2026 closes at 13:00, Christmas Day is a holiday, then comes a week-end.
    (CLOSE, "2026-12-23 22:00", "2026-12-24 18:20"),
    (CLOSE, "2026-12-24 18:20", "2026-12-28 21:20"),
    # Clocks go forward on Sunday 8 March 2026: the close is at 20:00 UTC from Monday.
    (CLOSE, "2026-03-06 21:20", "2026-03-09 20:20"),
    (NIGHT, "2026-03-07 01:30", "2026-03-10 00:30"),
    # Clocks go back on Sunday 1 November 2026: the close is at 21:00 UTC from Monday.
    (CLOSE, "2026-10-30 20:20", "2026-11-02 21:20"),
    # Beats from the opening (14:30 UTC) until before the close.
    (BEAT, "2026-11-20 14:00", "2026-11-20 14:30"),
    (BEAT, "2026-11-20 14:30", "2026-11-20 14:45"),
    (BEAT, "2026-11-20 20:45", "2026-11-23 14:30"),
    (BEAT, "2026-11-27 17:45", "2026-11-30 14:30"),
])
def test_next(schedule: Schedule, after: str, due: str) -> None:
    assert schedule.next(utc(after), CALENDAR) == utc(due)


@pytest.mark.parametrize(("schedule", "until", "due"), [
    (CLOSE, "2026-11-20 21:20", "2026-11-20 21:20"),
    (CLOSE, "2026-11-20 21:19", "2026-11-19 21:20"),
    (CLOSE, "2026-11-22 12:00", "2026-11-20 21:20"),
    (CLOSE, "2026-11-27 18:19", "2026-11-25 21:20"),
    (BEAT, "2026-11-20 21:00", "2026-11-20 20:45"),
    (NIGHT, "2026-11-21 01:30", "2026-11-21 01:30"),
])
def test_last(schedule: Schedule, until: str, due: str) -> None:
    assert schedule.last(utc(until), CALENDAR) == utc(due)


def test_a_time_that_daylight_saving_skips_or_doubles_comes_once() -> None:
    daily = Schedule.parse(at="02:30", session_days=False)
    assert daily.next(new_york("2026-03-07 12:00"), CALENDAR) == new_york("2026-03-08 03:30")
    assert daily.next(new_york("2026-03-08 04:00"), CALENDAR) == new_york("2026-03-09 02:30")
    doubled = Schedule.parse(at="01:30", session_days=False)
    first = doubled.next(new_york("2026-10-31 12:00"), CALENDAR)
    assert first == utc("2026-11-01 05:30")  # 01:30 in summer time
    assert doubled.next(first, CALENDAR) == utc("2026-11-02 06:30")


def test_beats_fill_the_long_and_the_short_day() -> None:
    hourly = Schedule.parse(every="1h", session_days=False)
    for day, hours in (("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-02", 24)):
        moment, found = new_york(f"{day} 00:00") - timedelta(seconds=1), 0
        end = new_york(f"{day} 00:00") + timedelta(hours=hours)
        while (following := hourly.next(moment, CALENDAR)) is not None and following < end:
            moment, found = following, found + 1
        assert found == hours


def test_a_half_day_has_half_the_beats() -> None:
    def beats(day: str) -> int:
        moment, found = new_york(f"{day} 00:00"), 0
        while (following := BEAT.next(moment, CALENDAR)) is not None and following < new_york(f"{day} 23:59"):
            moment, found = following, found + 1
        return found

    assert beats("2026-11-20") == 26  # 390 minutes
    assert beats("2026-11-27") == 14  # 210 minutes
    assert beats("2026-11-26") == 0


def test_after_a_week_of_sleep_only_the_newest_counts() -> None:
    ran, awake = utc("2026-11-12 21:20"), utc("2026-11-20 15:00")
    assert CLOSE.missed(ran, awake, CALENDAR) == utc("2026-11-19 21:20")
    assert CLOSE.missed(utc("2026-11-19 21:20"), awake, CALENDAR) is None
    # A beat is made up for while the market is open, and only then.
    assert BEAT.missed(ran, awake, CALENDAR) == awake
    assert BEAT.missed(ran, utc("2026-11-21 15:00"), CALENDAR) is None


def test_a_clock_set_back_makes_nothing_due_twice() -> None:
    ran = utc("2026-11-20 21:20")
    assert CLOSE.missed(ran, ran - timedelta(hours=1), CALENDAR) is None
    assert CLOSE.missed(ran, ran - timedelta(days=400), CALENDAR) is None
    assert CLOSE.next(ran - timedelta(days=400), CALENDAR) < ran


def test_beyond_the_calendar_nothing_is_known() -> None:
    assert CLOSE.next(utc("2041-06-01 00:00"), CALENDAR) is None
    assert CLOSE.last(utc("1950-06-01 00:00"), CALENDAR) is None
    last = CLOSE.last(utc("2041-06-01 00:00"), CALENDAR)
    assert last is not None and last.year == 2040
    assert CLOSE.next(last, CALENDAR) is None


@pytest.mark.parametrize("named", [
    {}, {"every": "1h", "at": "17:30"}, {"every": "90s"}, {"every": "0m"}, {"every": "25h"}, {"every": "1h "}, {"at": "25:00"},
    {"at": "9:30"}, {"at": "noon"}, {"at": "close+13h"}, {"at": "open+"}, {"at": "close", "while_open": True}])
def test_what_names_no_time_is_refused(named: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        Schedule.parse(**named)  # type: ignore[arg-type]


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        CLOSE.next(datetime(2026, 11, 20), CALENDAR)


@pytest.mark.parametrize(("schedule", "words"), [
    (CLOSE, "20 minutes after the close"), (EARLY, "45 minutes before the open"), (NIGHT, "trading days at 20:30 ET"),
    (BEAT, "every 15 minutes while the market is open"), (Schedule.parse(every="1h"), "every hour on trading days"),
    (Schedule.parse(at="06:00", session_days=False), "every day at 06:00 ET"), (Schedule.parse(at="open"), "at the open")])
def test_words(schedule: Schedule, words: str) -> None:
    assert schedule.words() == words


SCHEDULES = st.sampled_from([CLOSE, EARLY, NIGHT, BEAT, Schedule.parse(every="7h", session_days=False),
                             Schedule.parse(at="02:30", session_days=False), Schedule.parse(at="open-12h"),
                             Schedule.parse(at="close+12h"), Schedule.parse(every="1h")])
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2039, 1, 1), timezones=st.just(UTC))


@settings(max_examples=120, deadline=None)
@given(SCHEDULES, MOMENTS)
def test_next_and_last_meet(schedule: Schedule, moment: datetime) -> None:
    """Nothing is due between the last moment and the next; each is found again from the other; both are the day's own."""
    before, after = schedule.last(moment, CALENDAR), schedule.next(moment, CALENDAR)
    assert before is not None and after is not None
    assert before <= moment < after
    assert schedule.next(before, CALENDAR) == after
    assert schedule.last(after - timedelta(microseconds=1), CALENDAR) == before
    assert schedule.last(after, CALENDAR) == after
    if schedule.while_open:
        assert CALENDAR.is_open(after)


@settings(max_examples=60, deadline=None)
@given(SCHEDULES, MOMENTS, st.timedeltas(timedelta(), timedelta(days=20)))
def test_missed_is_the_newest_or_nothing(schedule: Schedule, since: datetime, slept: timedelta) -> None:
    now = since + slept
    missed = schedule.missed(since, now, CALENDAR)
    if missed is None:
        assert schedule.last(now, CALENDAR) <= since or not CALENDAR.is_open(now)  # type: ignore[operator]
    else:
        assert since < missed <= now
        assert schedule.missed(missed, now, CALENDAR) is None
