"""Whose date counts, what was revised, and that no time zone moves a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.earnings import Statement, grouped, passed, placed, stated_day, statements, upcoming, window
from terminal.domain.schemas import EARNINGS
from terminal.domain.schemas import UTC as UTC_TYPE
from terminal.domain.sessions import NEW_YORK, Calendar

CALENDAR = Calendar.parse((Path(__file__).parents[2] / "data" / "sessions.csv").read_text(encoding="utf-8"))
TRUST = ("sec", "finnhub", "yahoo", "nasdaq")
TODAY = date(2027, 1, 4)
THEN = datetime(2027, 1, 2, 12, tzinfo=UTC)
JAN = date(2027, 1, 28)


def says(provider: str, day: date, **more: object) -> Statement:
    return Statement(provider, day, more.pop("since", THEN), **more)  # type: ignore[arg-type]


# -- one event out of several statements


def test_several_services_make_one_event_and_the_trusted_one_counts() -> None:
    said = [
        says("nasdaq", date(2027, 1, 30)),
        says("yahoo", date(2027, 1, 29), confirmed=False),
        says("finnhub", JAN, time_of_day="amc"),
    ]
    (event,) = upcoming("AAPL", said, TODAY, TRUST, str.title)
    assert (event.day, event.winner.provider, event.time_of_day) == (JAN, "finnhub", "amc")
    assert [each.provider for each in event.sources] == ["finnhub", "yahoo", "nasdaq"]
    assert event.disputed
    assert event.status == "unstated"  # what Yahoo says about another day does not make this one an estimate
    assert event.rule == "Finnhub counts, because it comes first in your order of trust for earnings."


def test_the_order_of_trust_is_the_users() -> None:
    said = [says("nasdaq", date(2027, 1, 30)), says("finnhub", JAN)]
    assert upcoming("AAPL", said, TODAY, ("nasdaq", "finnhub"))[0].day == date(2027, 1, 30)
    own = [*said, says("files", date(2027, 1, 27))]
    assert upcoming("AAPL", own, TODAY, ("nasdaq", "finnhub"))[0].winner.provider == "files"


def test_a_confirmed_date_of_another_service_is_pointed_out() -> None:
    (event,) = upcoming("AAPL", [says("finnhub", JAN), says("yahoo", date(2027, 1, 29), confirmed=True)], TODAY, TRUST, str.title)
    assert event.day == JAN
    assert event.rule.endswith("But Yahoo says that another date is confirmed.")


def test_agreement_takes_hour_and_status_from_whoever_states_them() -> None:
    (event,) = upcoming(
        "AAPL", [says("finnhub", JAN), says("yahoo", JAN, confirmed=True, time_of_day="amc")], TODAY, TRUST, str.title
    )
    assert (event.disputed, event.status, event.time_of_day) == (False, "confirmed", "amc")
    assert event.rule == "Finnhub and Yahoo name the same day."
    (other,) = upcoming("AAPL", [says("finnhub", JAN, time_of_day="bmo"), says("yahoo", JAN, time_of_day="amc")], TODAY, TRUST)
    assert (other.time_of_day, other.hour_disputed) == ("bmo", True)


def test_fiscal_periods_separate_what_is_near_and_join_what_is_far() -> None:
    late = [
        says("yahoo", date(2027, 1, 10), period_end=date(2026, 9, 30)),
        says("finnhub", date(2027, 2, 9), period_end=date(2026, 12, 31)),
    ]
    assert [event.day for event in upcoming("LATE", late, TODAY, TRUST)] == [date(2027, 1, 10), date(2027, 2, 9)]
    same = [
        says("yahoo", date(2027, 1, 10), period_end=date(2026, 12, 31)),
        says("finnhub", date(2027, 3, 5), period_end=date(2026, 12, 26)),
    ]
    (event,) = upcoming("SAME", same, TODAY, TRUST)
    assert event.disputed
    nameless = [says("yahoo", date(2027, 1, 10)), says("finnhub", date(2027, 2, 24)), says("nasdaq", date(2027, 5, 1))]
    assert [len(each.sources) for each in upcoming("NEAR", nameless, TODAY, TRUST)] == [2, 1]


def test_a_date_still_announced_after_the_report_is_no_event() -> None:
    reported = says("finnhub", date(2027, 1, 3), eps_actual=1.2)
    assert upcoming("X", [reported, says("nasdaq", date(2027, 1, 6))], TODAY, TRUST) == []
    after = [reported, says("nasdaq", date(2027, 1, 6)), says("yahoo", date(2027, 4, 2))]
    assert [event.day for event in upcoming("X", after, TODAY, TRUST)] == [date(2027, 4, 2)]


def test_today_is_still_ahead_and_yesterday_is_not() -> None:
    assert upcoming("X", [says("yahoo", TODAY)], TODAY, TRUST)[0].day == TODAY
    gone = [says("yahoo", TODAY - timedelta(days=1))]
    assert upcoming("X", gone, TODAY, TRUST) == []
    late = passed(gone, TODAY)
    assert late is not None
    assert late.day == TODAY - timedelta(days=1)
    assert passed([says("yahoo", TODAY - timedelta(days=30))], TODAY) is None


# -- revisions


def test_revisions_are_each_services_own_and_in_order() -> None:
    moved = datetime(2027, 1, 3, 9, tzinfo=UTC)
    said = [
        says("yahoo", JAN, confirmed=False, eps_estimate=1.0, until=moved),
        says("yahoo", date(2027, 2, 1), confirmed=True, eps_estimate=1.1, since=moved),
        says("finnhub", JAN),
    ]
    (event,) = upcoming("X", said, TODAY, TRUST)
    assert [(each.provider, each.what, each.was, each.now) for each in event.revisions] == [
        ("yahoo", "date", JAN, date(2027, 2, 1)),
        ("yahoo", "estimate", 1.0, 1.1),
        ("yahoo", "status", "estimated", "confirmed"),
    ]
    assert {each.at for each in event.revisions} == {moved}
    assert [each.day for each in event.sources] == [JAN, date(2027, 2, 1)]  # of Yahoo only the newest word


def test_a_statement_pushed_out_by_another_service_is_still_that_services_word() -> None:
    pushed = datetime(2027, 1, 3, tzinfo=UTC)
    (event,) = upcoming("X", [says("yahoo", JAN, until=pushed), says("finnhub", date(2027, 1, 29), since=pushed)], TODAY, TRUST)
    assert [(each.provider, each.day) for each in event.sources] == [("finnhub", date(2027, 1, 29)), ("yahoo", JAN)]


def test_what_a_service_took_back_for_another_quarter_is_not_its_word() -> None:
    moved = datetime(2027, 1, 3, tzinfo=UTC)
    said = [says("yahoo", JAN, until=moved), says("yahoo", date(2027, 4, 20), since=moved)]
    assert [event.day for event in upcoming("X", said, TODAY, TRUST)] == [date(2027, 4, 20)]


# -- as of a day


def versions(*said: Statement) -> pl.DataFrame:
    rows = [
        {
            "symbol": "X",
            "date": each.day,
            "time_of_day": each.time_of_day,
            "confirmed": each.confirmed,
            "period_end": each.period_end,
            "eps_estimate": each.eps_estimate,
            "eps_actual": each.eps_actual,
            "revenue_estimate": None,
            "revenue_actual": None,
            "provider": each.provider,
            "fetch_id": 1,
            "known_at": each.since,
            "known_until": each.until,
        }
        for each in said
    ]
    return pl.DataFrame(
        rows,
        schema={
            **dict(EARNINGS.columns),
            "provider": pl.String,
            "fetch_id": pl.Int64,
            "known_at": UTC_TYPE,
            "known_until": UTC_TYPE,
        },
    )


def test_as_of_a_day_only_what_was_said_by_then_and_as_it_was() -> None:
    moved = datetime(2027, 1, 3, 9, tzinfo=UTC)
    frame = versions(says("yahoo", JAN, until=moved), says("yahoo", date(2027, 2, 1), since=moved))
    (then,) = upcoming("X", statements(frame, datetime(2027, 1, 3, tzinfo=UTC))["X"], date(2027, 1, 2), TRUST)
    assert (then.day, then.winner.until, then.revisions) == (JAN, None, ())
    (now,) = upcoming("X", statements(frame)["X"], TODAY, TRUST)
    assert now.day == date(2027, 2, 1)


said_ahead = st.builds(
    says,
    st.sampled_from(["yahoo", "finnhub", "nasdaq", "apininjas"]),
    st.dates(date(2026, 12, 1), date(2027, 8, 1)),
    time_of_day=st.sampled_from([None, "bmo", "amc"]),
    confirmed=st.sampled_from([None, True, False]),
    period_end=st.sampled_from([None, date(2026, 12, 31), date(2026, 12, 27), date(2027, 3, 31)]),
    since=st.datetimes(datetime(2026, 11, 1), datetime(2027, 1, 4)).map(lambda each: each.replace(tzinfo=UTC)),
)


@given(st.lists(said_ahead, max_size=9), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_things_are_told_does_not_matter(said: list[Statement], chance: object) -> None:
    mixed = list(said)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert upcoming("X", said, TODAY, TRUST) == upcoming("X", mixed, TODAY, TRUST)


@given(st.lists(said_ahead, max_size=9), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_later_knowledge_changes_nothing_about_a_past_day(said: list[Statement], day: int) -> None:
    end = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(days=day)
    whole = statements(versions(*said), end).get("X", ())
    cut = statements(versions(*(replace(each, until=None) for each in said if each.since < end)), end).get("X", ())
    assert upcoming("X", whole, end.date(), TRUST) == upcoming("X", cut, end.date(), TRUST)


@given(st.lists(said_ahead, max_size=9))
@settings(max_examples=60, deadline=None)
def test_every_statement_is_in_one_group_and_events_are_stated_days(said: list[Statement]) -> None:
    groups = grouped(said)
    assert sorted(map(id, said)) == sorted(id(each) for group in groups for each in group)
    for event in upcoming("X", said, TODAY, TRUST):
        assert event.day >= TODAY
        assert event.day in {each.day for each in said}
        assert len({each.provider for each in event.sources}) == len(event.sources)


# -- time

ZONES = ("UTC", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin")


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 12, 31)), st.sampled_from(ZONES))
@settings(max_examples=120, deadline=None)
def test_a_moment_has_the_day_of_the_exchange_whatever_zone_it_is_told_in(wall: datetime, zone: str) -> None:
    local = wall.replace(tzinfo=NEW_YORK)
    if local.astimezone(UTC).astimezone(NEW_YORK).replace(tzinfo=None) != wall:
        return  # an hour that daylight saving skips
    day, hour = placed(local.astimezone(UTC).astimezone(ZoneInfo(zone)))
    assert day == wall.date()
    assert hour == ("bmo" if wall.time() < time(9, 30) else "amc" if wall.time() >= time(16) else "during")


@pytest.mark.parametrize(
    ("stamp", "day", "hour"),
    [
        ("2027-01-28T21:30:00+00:00", date(2027, 1, 28), "amc"),  # 16:30 in winter
        ("2027-07-29T20:30:00+00:00", date(2027, 7, 29), "amc"),  # 16:30 in summer
        ("2027-01-29T01:05:00+00:00", date(2027, 1, 28), "amc"),  # the next day in London, not in New York
        ("2027-03-12T11:00:00+00:00", date(2027, 3, 12), "bmo"),  # the Friday before the clocks change
        ("2027-03-15T11:00:00+00:00", date(2027, 3, 15), "bmo"),  # the Monday after
        ("2027-03-15T13:29:00+00:00", date(2027, 3, 15), "bmo"),
        ("2027-03-12T14:29:00+00:00", date(2027, 3, 12), "bmo"),
        ("2027-03-15T13:30:00+00:00", date(2027, 3, 15), "during"),
        ("2026-11-27T18:00:00+00:00", date(2026, 11, 27), "amc"),  # half day
    ],
)
def test_hours_around_daylight_saving_and_half_days(stamp: str, day: date, hour: str) -> None:
    assert placed(datetime.fromisoformat(stamp), CALENDAR) == (day, hour)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        placed(datetime(2027, 1, 28, 16, 30))


@pytest.mark.parametrize(
    ("day", "hour", "before", "after"),
    [
        (date(2027, 1, 28), "bmo", date(2027, 1, 27), date(2027, 1, 28)),
        (date(2027, 1, 28), "amc", date(2027, 1, 28), date(2027, 1, 29)),
        (date(2027, 1, 28), "during", date(2027, 1, 27), date(2027, 1, 28)),
        (date(2027, 1, 28), None, date(2027, 1, 27), date(2027, 1, 29)),
        (date(2027, 1, 29), "amc", date(2027, 1, 29), date(2027, 2, 1)),  # over a week-end
        (date(2026, 11, 25), "amc", date(2026, 11, 25), date(2026, 11, 27)),  # over Thanksgiving
        (date(2027, 1, 30), "bmo", date(2027, 1, 29), date(2027, 2, 1)),  # a Saturday
    ],
)
def test_the_sessions_that_enclose_a_report(day: date, hour: str | None, before: date, after: date) -> None:
    assert window(day, hour, CALENDAR) == (before, after)


@given(st.dates(date(2016, 1, 10), date(2030, 1, 1)), st.sampled_from(["bmo", "amc", "during", None]))
@settings(max_examples=120, deadline=None)
def test_a_window_is_one_session_or_two_and_encloses_the_day(day: date, hour: str | None) -> None:
    before, after = window(day, hour, CALENDAR)
    assert CALENDAR.is_session(before)
    assert CALENDAR.is_session(after)
    assert before <= day <= after
    assert len(CALENDAR.sessions(before, after)) - 1 == (2 if hour is None and CALENDAR.is_session(day) else 1)


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.times(time(5), time(19, 59)))
@settings(max_examples=120, deadline=None)
def test_no_shape_in_which_services_write_a_day_moves_it(day: date, clock: time) -> None:
    """An hour in New York, and midnight in UTC for a bare day, in summer and winter."""
    hour = datetime.combine(day, clock, NEW_YORK).astimezone(UTC)
    bare = datetime.combine(day, time(0), UTC)
    assert stated_day(hour) == (day if hour.time() != time(0) else hour.date())
    assert stated_day(bare) == stated_day(bare.astimezone(NEW_YORK)) == stated_day(bare.astimezone(ZoneInfo("Asia/Tokyo"))) == day


@given(st.dates(date(2020, 1, 1), date(2030, 12, 31)), st.sampled_from(["bare", "evening", "morning"]))
@settings(max_examples=60, deadline=None)
def test_yahoos_stamps_keep_their_day(day: date, shape: str) -> None:
    from terminal.providers.yahoo_parse import _earnings

    moment = {
        "bare": datetime.combine(day, time(0), UTC),
        "evening": datetime.combine(day, time(16, 30), NEW_YORK),
        "morning": datetime.combine(day, time(6, 59), NEW_YORK),
    }[shape]
    stated = {"calendarEvents": {"earnings": {"earningsDate": [int(moment.timestamp())], "isEarningsDateEstimate": False}}}
    (row,) = _earnings("X", stated)
    assert (row["date"], row["time_of_day"]) == (day, {"bare": None, "evening": "amc", "morning": "bmo"}[shape])


@pytest.mark.parametrize(("hour", "kept"), [("amc", "amc"), ("bmo", "bmo"), ("dmh", "during"), ("", None)])
def test_finnhubs_days_are_texts_and_stay(hour: str, kept: str | None) -> None:
    from terminal.providers.finnhub_parse import parse_calendar

    line = {"date": "2027-01-28", "epsActual": None, "epsEstimate": 1.0, "hour": hour, "symbol": "X", "revenueActual": None}
    (row,) = parse_calendar({"earningsCalendar": [line]}, "X").to_dicts()
    assert (row["date"], row["time_of_day"]) == (JAN, kept)
