"""Places and moments, ticks, sessions, gaps and ranges of a chart's axis."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.ui.chart.timeline import POST, PRE, Timeline


@cache
def weekdays(start: date, count: int) -> Timeline:
    days = [day for number in range(count * 2) if (day := start + timedelta(days=number)).weekday() < 5][:count]
    return Timeline.of(pl.DataFrame({"date": days}))


def session(days: tuple[int, ...], first: int = 9 * 60, last: int = 24 * 60) -> Timeline:
    at = [datetime(2026, 11, day, tzinfo=UTC) + timedelta(minutes=minute) for day in days for minute in range(first, last)]
    return Timeline.of(pl.DataFrame({"at": at}), "1m")


@given(st.floats(-50, 350))
def test_place_and_moment_are_inverse(place: float) -> None:
    timeline = weekdays(date(2025, 1, 2), 300)
    moment = timeline.moment_of(place)
    assert moment.tzinfo is UTC
    assert timeline.place_of(moment) == pytest.approx(place, abs=1e-4)


def test_daily_bars_stand_at_their_date_and_a_week_ahead_is_five_bars() -> None:
    timeline = weekdays(date(2026, 11, 2), 10)  # to Friday the 13th
    assert timeline.moment_of(3) == datetime(2026, 11, 5, tzinfo=UTC)
    assert timeline.place_of(date(2026, 11, 5)) == 3
    assert timeline.place_of(date(2026, 11, 20)) == pytest.approx(14)
    assert timeline.place_of(date(2026, 11, 7)) == pytest.approx(4 + 1 / 3)


def test_events_find_their_bar() -> None:
    timeline = weekdays(date(2026, 11, 2), 10)
    assert timeline.bar_of(date(2026, 11, 4)) == 2
    assert timeline.bar_of(date(2026, 11, 7)) == 5  # a Saturday counts on Monday
    assert timeline.bar_of(datetime(2026, 11, 5, 2, 0, tzinfo=UTC)) == 2  # still the 4th in New York
    assert timeline.bar_of(date(2026, 10, 1)) == -1
    assert timeline.bar_of(date(2026, 11, 20)) == 14  # ahead
    weekly = Timeline.of(pl.DataFrame({"date": [date(2026, 11, 2), date(2026, 11, 9)]}), "1wk")
    assert [weekly.bar_of(date(2026, 11, day)) for day in (2, 6, 9, 12)] == [0, 0, 1, 1]
    minutes = session((19, 20))
    assert minutes.bar_of(datetime(2026, 11, 19, 9, 1, 30, tzinfo=UTC)) == 1


def test_sessions_and_days_of_minute_bars() -> None:
    timeline = session((18, 19))  # 04:00 to 19:00 in New York
    assert [timeline.session_of(place) for place in (0, 329, 330, 719, 720)] == [
        "before the open", "before the open", "", "", "after the close"]
    assert timeline.closed_stretches(-10, 2000) == [(0, 330, PRE), (720, 900, POST), (900, 1230, PRE), (1620, 1800, POST)]
    assert timeline.closed_stretches(340, 700) == []
    assert timeline.days(0, 2000).tolist() == [900]
    assert timeline.name_of(330) == "18 Nov 2026, 09:30 ET"
    told = Timeline.of(pl.DataFrame({"at": [datetime(2026, 11, 20, 15, tzinfo=UTC)], "session": ["pre"]}), "1m")
    assert told.session_of(0) == "before the open"


def test_gaps_have_a_name_and_weekends_none() -> None:
    days = [date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 6), date(2026, 11, 9), date(2026, 11, 24)]
    timeline = Timeline.of(pl.DataFrame({"date": days}))
    assert timeline.gaps(0, 10).tolist() == [4]
    assert timeline.gap_before(4) == "no trading for 14 days"
    assert timeline.gap_before(3) == ""
    at = [datetime(2026, 11, 20, 15, minute, tzinfo=UTC) for minute in (0, 1, 2, 50, 51)]
    halted = Timeline.of(pl.DataFrame({"at": at}), "1m")
    assert halted.gap_before(3) == "no trading for 47 min"
    halted.shown = 3
    assert halted.gaps(0, 10).tolist() == []


@given(st.floats(0, 2500), st.floats(5, 2500), st.integers(200, 1600))
def test_ticks_keep_their_distance(start: float, width: float, pixels: int) -> None:
    timeline = weekdays(date(2015, 1, 2), 2600)
    ticks = timeline.ticks(start, start + width, pixels)
    assert all((after - before) / width * pixels >= 69.9 for before, after in pairwise(ticks))
    assert all(timeline.tick_name(tick) for tick in ticks)


def test_ticks_name_the_largest_unit_that_changes() -> None:
    timeline = weekdays(date(2024, 12, 2), 300)
    names = [timeline.tick_name(tick) for tick in timeline.ticks(0, 299, 1200)]
    assert "2025" in names
    assert {"Feb", "Mar"} & set(names)
    minutes = session((19, 20))
    times = [minutes.tick_name(tick) for tick in minutes.ticks(330, 720, 900)]
    assert times == [f"{hour}:00" for hour in range(10, 17)]
    assert "20 Nov" in [minutes.tick_name(tick) for tick in minutes.ticks(0, 1800, 900)]


def test_ranges_count_sessions_months_and_the_year() -> None:
    minutes = session((16, 17, 18, 19, 20))
    assert minutes.range_start("1D") == 4 * 900
    assert minutes.range_start("5D") == 0
    daily = weekdays(date(2024, 1, 1), 500)
    last = daily.moment_of(499).date()
    assert daily.moment_of(daily.range_start("YTD")).date().timetuple().tm_yday <= 4
    assert daily.moment_of(daily.range_start("1M")).date() >= last - timedelta(days=31)
    assert daily.range_start("MAX") == 0
    monthly = Timeline(np.arange("2010-01", "2026-01", dtype="datetime64[M]").astype("datetime64[s]"), "1mo")
    assert len(monthly) - monthly.range_start("5Y") == 61
