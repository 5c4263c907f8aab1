"""Past dates against the SEC's acceptance times."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.earnings import Statement, window
from terminal.domain.earnings_reports import Filing, reports, results_filings
from terminal.domain.sessions import NEW_YORK, Calendar

CALENDAR = Calendar.parse((Path(__file__).parents[2] / "data" / "sessions.csv").read_text(encoding="utf-8"))
TRUST = ("sec", "finnhub", "yahoo")
TODAY = date(2027, 3, 1)
JAN = date(2027, 1, 28)  # a Thursday


def said(provider: str, day: date, hour: str | None = None, **more: object) -> Statement:
    values = {"eps_actual": 1.0, "eps_estimate": 0.9, **more}
    return Statement(provider, day, datetime(2027, 2, 1, tzinfo=UTC), time_of_day=hour, **values)  # type: ignore[arg-type]


def filed(text: str, event: date | None = None) -> Filing:
    """Accepted at that wall time in New York."""
    return Filing(datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC), event, 7)


def one(*statements: Statement, filings: tuple[Filing, ...] = ()) -> object:
    (report,) = reports("X", statements, filings, TODAY, TRUST, CALENDAR)
    return report


@pytest.mark.parametrize(
    ("stated", "hour", "filing", "day", "found", "check"),
    [
        (JAN, "amc", filed("2027-01-28T16:31"), JAN, "amc", "agrees"),
        (JAN, None, filed("2027-01-28T16:31"), JAN, "amc", "agrees"),  # the hour comes from the filing
        (JAN, "amc", filed("2027-01-29T07:00"), JAN, "amc", "agrees"),  # told in the evening, filed next morning: one reaction
        (date(2027, 1, 27), "amc", filed("2027-01-28T16:31"), JAN, "amc", "differs"),  # a day early
        (date(2027, 1, 29), "amc", filed("2027-01-28T16:31"), JAN, "amc", "differs"),  # a day late
        (JAN, "bmo", filed("2027-01-28T16:31"), JAN, "amc", "differs"),  # the right day, the wrong reaction
        (JAN, "bmo", filed("2027-01-29T07:00", event=JAN), JAN, "bmo", "agrees"),  # filed a day after, and saying so
        (date(2027, 1, 26), "bmo", filed("2027-01-29T07:00", event=JAN), JAN, None, "differs"),
        (JAN, "amc", filed("2027-02-10T16:31"), JAN, "amc", None),  # another filing
    ],
)
def test_a_stated_day_against_the_filing(
    stated: date, hour: str | None, filing: Filing, day: date, found: str | None, check: str | None
) -> None:
    every = reports("X", [said("yahoo", stated, hour)], [filing], TODAY, TRUST, CALENDAR)
    (report,) = [each for each in every if each.statement is not None]
    assert (report.day, report.time_of_day, report.check) == (day, found, check)
    assert report.stated == (stated, hour)
    assert report.filed_at == (filing.filed_at if check else None)


def test_values_come_from_the_trusted_service_and_gaps_from_the_next() -> None:
    report = one(
        said("yahoo", JAN, "amc", eps_actual=1.01, revenue_actual=5e9), said("finnhub", JAN, eps_actual=1.02, eps_estimate=None)
    )
    assert (report.eps_actual, report.eps_estimate, report.revenue_actual, report.time_of_day) == (1.02, 0.9, 5e9, "amc")  # type: ignore[attr-defined]


def test_the_estimate_is_the_last_one_before_the_report() -> None:
    before = Statement("yahoo", JAN, datetime(2027, 1, 5, tzinfo=UTC), eps_estimate=0.8)
    newer = Statement("yahoo", JAN, datetime(2027, 1, 20, tzinfo=UTC), eps_estimate=0.85)
    assert one(before, newer, said("yahoo", JAN, eps_estimate=None)).eps_estimate == 0.85  # type: ignore[attr-defined]


def test_the_secs_own_row_checks_the_others_where_no_filing_is_stored() -> None:
    sec = said("sec", JAN, "amc", eps_actual=None, eps_estimate=None)
    report = one(sec, said("yahoo", date(2027, 1, 29), "amc"))
    assert (report.day, report.check, report.eps_actual) == (JAN, "differs", 1.0)  # type: ignore[attr-defined]
    assert one(sec).check == "filing only"  # type: ignore[attr-defined]


def test_filings_without_a_statement_are_reports_and_warnings_before_them_are_not() -> None:
    filings = (filed("2026-10-29T16:30"), filed("2027-01-08T16:30"), filed("2027-01-28T16:30"))
    found = reports("X", [], filings, TODAY, TRUST, CALENDAR)
    assert [(each.day, each.check, each.eps_actual) for each in found] == [
        (JAN, "filing only", None),
        (date(2026, 10, 29), "filing only", None),
    ]
    later = reports("X", [said("yahoo", JAN)], filings, TODAY, TRUST, CALENDAR)
    assert [each.day for each in later] == [JAN, date(2026, 10, 29)]


def test_nothing_from_after_today() -> None:
    assert reports("X", [said("yahoo", JAN)], [filed("2027-01-28T16:30")], date(2027, 1, 27), TRUST, CALENDAR) == []


def test_only_results_count_and_only_what_was_known() -> None:
    at = datetime(2027, 1, 28, 21, 30, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "symbol": ["X"] * 4,
            "form": ["8-K", "8-K", "10-Q", "8-K/A"],
            "items": ["2.02,9.01", "5.02", None, "2.02"],
            "filed_at": [at] * 4,
            "fetch_id": [1] * 4,
        }
    )
    assert results_filings(frame) == {"X": (Filing(at, None, 1),)}
    assert results_filings(frame, at) == {}


@given(
    st.datetimes(datetime(2022, 1, 3, 6), datetime(2026, 12, 30, 22)), st.integers(-1, 1), st.sampled_from(["bmo", "amc", None])
)
@settings(max_examples=150, deadline=None)
def test_the_reaction_is_the_filings_whatever_a_service_says(wall: datetime, off: int, hour: str | None) -> None:
    """A filing that was not late settles the reaction: whatever day within one, and whatever hour, a service states."""
    moment = wall.replace(tzinfo=NEW_YORK, fold=0)
    filing = Filing(moment.astimezone(UTC))
    stated = Statement("yahoo", wall.date() + timedelta(days=off), moment, time_of_day=hour, eps_actual=1.0)
    (report,) = reports("X", [stated], [filing], date(2027, 1, 10), TRUST, CALENDAR)
    day, found = filing.placed(CALENDAR)
    assert window(report.day, report.time_of_day, CALENDAR) == window(day, found, CALENDAR)


@pytest.mark.real
def test_apples_recorded_filings_are_all_after_the_close(shared: Path) -> None:
    """The acceptance times of the recorded submissions lie on the days that Apple told its results, after 16:00 in New York."""
    from terminal.providers.sec_parse import parse_submissions

    answer = json.loads((shared / "payloads" / "sec" / "submissions_CIK0000320193.json").read_text(encoding="utf-8"))
    frame = parse_submissions(answer, "AAPL", 320193, date(2020, 1, 1), "").filings
    filings = results_filings(frame)["AAPL"]
    found = reports("AAPL", [], filings, date(2026, 3, 5), TRUST, CALENDAR)
    days = [(each.day, each.time_of_day) for each in found[:5]]
    assert days == [
        (date(2026, 1, 29), "amc"),
        (date(2025, 10, 30), "amc"),
        (date(2025, 7, 31), "amc"),
        (date(2025, 5, 1), "amc"),
        (date(2025, 1, 30), "amc"),
    ]
