"""Moves around reports, worked by hand, and what the record says about timing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.earnings_record import Move, moves, outcome_of, record, spread, surprise_of, timing
from terminal.domain.earnings_reports import Report
from terminal.domain.sessions import Calendar

CALENDAR = Calendar.parse((Path(__file__).parents[2] / "data" / "sessions.csv").read_text(encoding="utf-8"))
# Tuesday to the next Tuesday, over a week-end.
CLOSES = {
    date(2027, 1, 26): 100.0,
    date(2027, 1, 27): 102.0,
    date(2027, 1, 28): 96.9,
    date(2027, 1, 29): 106.59,
    date(2027, 2, 1): 105.0,
}
LAST = date(2027, 2, 1)
THURSDAY = date(2027, 1, 28)


def report(day: date = THURSDAY, hour: str | None = "bmo", estimate: float | None = 1.0, actual: float | None = 1.1) -> Report:
    return Report("X", day, hour, eps_estimate=estimate, eps_actual=actual)


def moved(size: float | None, actual: float | None = 1.1, sessions: int = 1) -> Move:
    made = report(actual=actual)
    return Move(made, THURSDAY, THURSDAY, sessions, size, "", outcome_of(made), surprise_of(made))


@pytest.mark.parametrize(
    ("hour", "expected", "sessions"),
    [
        ("bmo", 96.9 / 102 - 1, 1),  # -5 %: its own day
        ("amc", 106.59 / 96.9 - 1, 1),  # +10 %: the next session
        ("during", 96.9 / 102 - 1, 1),
        (None, 106.59 / 102 - 1, 2),  # both
    ],
)
def test_the_hour_decides_the_day_of_the_move(hour: str | None, expected: float, sessions: int) -> None:
    (move,) = moves([report(hour=hour)], CLOSES, CALENDAR, LAST)
    assert move.move == pytest.approx(expected)
    assert move.sessions == sessions


def test_friday_evening_moves_monday() -> None:
    (move,) = moves([report(date(2027, 1, 29), "amc")], CLOSES, CALENDAR, LAST)
    assert (move.before, move.after) == (date(2027, 1, 29), date(2027, 2, 1))


def test_what_cannot_be_measured_says_why() -> None:
    (open_,) = moves([report(LAST, "amc")], CLOSES, CALENDAR, LAST)
    assert (open_.move, open_.reason) == (None, "the session of 2027-02-02 has not ended")
    (absent,) = moves([report(date(2027, 1, 26), "bmo")], CLOSES, CALENDAR, LAST)
    assert (absent.move, absent.reason) == (None, "no close of 2027-01-25 is stored")
    (beyond,) = moves([report(date(1950, 1, 1))], CLOSES, CALENDAR, LAST)
    assert beyond.move is None
    assert "calendar covers" in beyond.reason


def test_later_prices_change_no_move() -> None:
    cut = {day: close for day, close in CLOSES.items() if day <= date(2027, 1, 29)}
    asked = [report(hour="bmo"), report(hour="amc")]
    assert moves(asked, CLOSES, CALENDAR, LAST) == moves(asked, cut, CALENDAR, date(2027, 1, 29))


@pytest.mark.parametrize(
    ("estimate", "actual", "outcome", "surprise"),
    [
        (1.0, 1.1, "beat", 0.1),
        (1.0, 0.9, "miss", -0.1),
        (1.0, 1.0, "met", 0.0),
        (1.0, 1.00001, "met", 0.00001),
        (-0.5, -0.4, "beat", 0.2),
        (0.01, 0.05, "beat", None),
        (None, 1.0, None, None),
        (1.0, None, None, None),
    ],
)
def test_outcome_and_surprise(estimate: float | None, actual: float | None, outcome: str | None, surprise: float | None) -> None:
    made = report(estimate=estimate, actual=actual)
    assert outcome_of(made) == outcome
    assert surprise_of(made) == (None if surprise is None else pytest.approx(surprise))


def test_a_record_worked_by_hand() -> None:
    past = [moved(0.04), moved(-0.02), moved(0.06, 1.2), moved(-0.08, 0.8), moved(None, 0.9), moved(0.10, None)]
    found = record(past)
    assert (found.reports, found.beat_rate, found.beat_n) == (6, 3 / 5, 5)
    assert found.surprise == pytest.approx((0.1 + 0.1 + 0.2 - 0.2 - 0.1) / 5)
    assert found.surprise_median == pytest.approx(0.1)
    assert (found.all.n, found.all.mean_size, found.all.median_size) == (5, pytest.approx(0.06), pytest.approx(0.06))
    assert found.all.mean == pytest.approx(0.02)
    assert (found.beats.n, found.beats.mean_size, found.beats.mean) == (3, pytest.approx(0.04), pytest.approx(0.08 / 3))
    assert (found.misses.n, found.misses.mean_size, found.misses.mean) == (1, pytest.approx(0.08), pytest.approx(-0.08))
    assert found.ups == 3
    assert found.error == pytest.approx((0.02 / 4) ** 0.5 / 5**0.5)  # sample deviation of 4, -2, 6, -8, 10 %


def test_few_reports_make_no_rate() -> None:
    found = record([moved(0.1), moved(0.2), moved(0.1)])
    assert (found.beat_rate, found.beat_n, found.error) == (None, 3, None)
    assert (found.all.n, found.misses) == (3, spread([]))
    assert record([]).all.mean_size is None


def test_the_beat_rate_looks_at_eight_and_moves_at_twenty() -> None:
    found = record([moved(0.01)] * 8 + [moved(0.03, 0.5)] * 20)
    assert (found.beat_rate, found.beat_n, found.all.n, found.misses.n) == (1.0, 8, 20, 12)


def test_timing_by_its_rule() -> None:
    up = record([moved(size) for size in (0.03, 0.04, 0.05, 0.04, 0.03, 0.05)])
    down = record([moved(size) for size in (-0.03, -0.04, -0.05, -0.04)])
    mixed = record([moved(size) for size in (0.05, -0.05, 0.04, -0.04)])
    assert timing(up, 5).advice == "before"
    assert timing(up, 5, implied_rank=1.0, disputed=True).advice == "before"
    assert timing(down, 5).advice == "wait"
    assert timing(mixed, 5).advice == "no edge"
    assert timing(mixed, 5, implied_rank=0.9).advice == "wait"
    assert timing(mixed, 5, disputed=True).advice == "wait"
    assert timing(mixed, 22).advice == "far"
    assert timing(mixed, None).advice == "far"
    few = timing(record([moved(0.1)]), 5)
    assert (few.advice, few.reasons) == ("unknown", ("only 1 past reaction is known, 4 are needed",))
    assert "4 reports the price rose 2 times" in timing(mixed, 5).reasons[0]


@given(st.lists(st.floats(-0.5, 0.5, allow_nan=False), max_size=30), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_no_advice_without_its_number(sizes: list[float], days: int) -> None:
    found = timing(record([moved(size) for size in sizes]), days)
    if found.advice in ("wait", "before", "no edge"):
        assert len(sizes) >= 4
        assert f"last {min(len(sizes), 20)} reports" in found.reasons[0]
    else:
        assert days > 21 or len(sizes) < 4
