"""What became of a decision or call is read from later bars alone, and never from a bar that was not there yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.journal.grading import Bar, Closing, History, Levels, Plan, grade, grade_call
from tests.conftest import examples

START = date(2026, 1, 5)


def day(number: int) -> date:
    return START + timedelta(days=number)


def bars(*closes: float, spread: float = 0.5) -> tuple[Bar, ...]:
    """One bar a day from START on: opens at the close before, reaches `spread` beyond both."""
    found, before = [], closes[0]
    for number, close in enumerate(closes):
        found.append(Bar(day(number), before, max(before, close) + spread, min(before, close) - spread, close))
        before = close
    return tuple(found)


def history(*closes: float, **more: object) -> History:
    return History(bars(*closes), **more)  # type: ignore[arg-type]


def plan(**changed: object) -> Plan:
    made = Plan(side=1, price=100.0, start=START, until=day(9), due=day(9), market_price=100.0)
    return replace(made, **changed)  # type: ignore[arg-type]


FLAT = history(*[100.0] * 12)


def test_a_plan_without_levels_ends_at_the_last_close_of_its_time() -> None:
    found = grade(plan(), history(*range(101, 113)), FLAT, day(11))
    assert (found.state, found.how, found.ended_on, found.price) == ("closed", "horizon", day(9), 110.0)
    assert found.gain == pytest.approx(0.10)
    assert found.market == pytest.approx(0.0)
    assert found.beyond == pytest.approx(0.10)
    assert found.change_since == pytest.approx(0.12)  # it goes on being followed
    assert found.sessions == 9


def test_before_its_time_it_goes_on_with_what_it_gained_so_far() -> None:
    found = grade(plan(), history(*range(101, 113)), FLAT, day(4))
    assert (found.state, found.how, found.ended_on) == ("open", "", None)
    assert found.gain == pytest.approx(0.05)


def test_the_stop_fills_at_its_level_and_at_the_open_when_it_gaps() -> None:
    levels = (Levels(START, 95.0, 120.0),)
    slid = grade(plan(levels=levels), history(100, 98, 94.8, 110), FLAT, day(3))
    assert (slid.how, slid.ended_on, slid.price) == ("stop", day(2), 95.0)
    gap = History((Bar(day(0), 100, 101, 99, 100), Bar(day(1), 90, 92, 89, 91)))
    fell = grade(plan(levels=levels), gap, FLAT, day(1))
    assert (fell.how, fell.price) == ("stop", 90.0)
    assert fell.gain == pytest.approx(-0.10)


def test_stop_and_target_in_one_session_count_as_the_stop_and_say_so() -> None:
    wild = History((Bar(day(0), 100, 125, 90, 110),))
    found = grade(plan(levels=(Levels(START, 95.0, 120.0),)), wild, FLAT, day(0))
    assert (found.how, found.doubtful, found.price) == ("stop", True, 95.0)
    assert found.stop_on == found.target_on == day(0)


def test_a_short_plan_gains_when_the_price_falls() -> None:
    found = grade(plan(side=-1, levels=(Levels(START, 106.0, 90.0),)), history(100, 95, 89, 120), FLAT, day(3))
    assert (found.how, found.price) == ("target", 90.0)
    assert found.change == pytest.approx(-0.10)
    assert found.gain == pytest.approx(0.10)


def test_a_later_stop_counts_from_the_session_after_it_was_written() -> None:
    levels = (Levels(START, 80.0), Levels(day(3), 98.0))
    found = grade(plan(levels=levels), history(100, 97, 99, 99, 97, 110), FLAT, day(5))
    assert (found.how, found.ended_on) == ("stop", day(4))


def test_excursions_leave_out_what_came_after_the_exit() -> None:
    found = grade(plan(levels=(Levels(START, 90.0, 110.0),)), history(100, 104, 96, 112, 140, 60), FLAT, day(5))
    assert (found.how, found.ended_on) == ("target", day(3))
    assert found.best == pytest.approx(0.10)
    assert found.worst == pytest.approx(95.5 / 100 - 1)
    assert found.worst_on == day(2)


def test_splits_since_are_taken_out_and_dividends_counted() -> None:
    halved = history(50, 51, 52, splits=((day(0), 2.0),), dividends=((day(1), 1.0), (day(40), 9.0)))
    found = grade(plan(until=day(2), due=day(2), levels=(Levels(START, 90.0),)), halved, FLAT, day(2))
    assert found.state == "closed"
    assert found.how == "horizon"  # the stop of 90 is one of 45 now
    assert found.gain == pytest.approx((52 + 1) / 50 - 1)


def test_closed_by_the_user_ends_at_the_price_of_that_moment() -> None:
    ended = Closing(day(3), day(4), 104.0, 101.0)
    found = grade(plan(closing=ended, levels=(Levels(START, 90.0, 130.0),)), history(100, 101, 102, 103, 140), FLAT, day(4))
    assert (found.how, found.ended_on, found.price) == ("closed", day(3), 104.0)
    assert found.market == pytest.approx(0.01)
    at_once = grade(plan(closing=Closing(START, day(1), 99.0)), History(), FLAT, day(0))
    assert (at_once.how, at_once.gain) == ("closed", pytest.approx(-0.01))


def test_an_old_store_does_not_close_it_early() -> None:
    found = grade(plan(), history(101, 102, 103), history(100, 100, 100), day(11))
    assert found.state == "open"
    assert "2026-01-14" in found.why
    halted = grade(plan(), history(101, 102, 103, 104, 105), FLAT, day(11))
    assert (halted.state, halted.ended_on) == ("closed", day(4))  # the market went on without it


def test_without_a_price_it_is_unknown_and_without_a_session_open() -> None:
    assert grade(plan(price=None), FLAT, FLAT, day(5)).state == "unknown"
    assert grade(plan(start=day(6)), FLAT, FLAT, day(5)).state == "open"


PRICES = st.lists(st.floats(60, 160, allow_nan=False).map(lambda value: round(value, 2)), min_size=2, max_size=25)


@settings(max_examples=examples(120))
@given(PRICES, st.sampled_from([1, -1]), st.integers(1, 20), st.booleans())
def test_the_grade_of_a_day_is_that_of_a_store_that_ends_there(closes: list[float], side: int, span: int, levels: bool) -> None:
    """Truncation: nothing after the day asked for has any say, and what is closed stays as it is."""
    whole, market = history(*closes), history(*reversed(closes))
    told = (Levels(START, 100.0 - side * 12, 100.0 + side * 15),) if levels else ()
    asked = plan(side=side, until=day(span), due=day(span), levels=told)
    closed = None
    for number in range(len(closes)):
        seen = day(number)
        cut, cut_market = (History(tuple(bar for bar in each.bars if bar.day <= seen)) for each in (whole, market))
        found = grade(asked, whole, market, seen)
        assert found == grade(asked, cut, cut_market, seen)
        end = (found.how, found.ended_on, found.price, found.gain, found.beyond, found.best, found.worst, found.doubtful)
        if closed is not None:
            assert end == closed
        if found.state == "closed":
            closed = end
        if found.gain is not None:
            assert found.worst is not None and found.best is not None
            assert found.worst <= min(0.0, found.gain) + 1e-12
            assert found.best >= max(0.0, found.gain) - 1e-12


@settings(max_examples=examples(80))
@given(PRICES, st.sampled_from([1, -1]), st.sampled_from(["direction", "level", "target"]), st.integers(1, 20))
def test_a_call_is_decided_once_and_by_nothing_later(closes: list[float], side: int, event: str, span: int) -> None:
    whole = history(*closes)
    asked = plan(side=side, until=day(span), due=day(span))
    decided = None
    for number in range(len(closes)):
        seen = day(number)
        found = grade_call(asked, event, 105.0, whole, whole, seen)
        cut = History(tuple(bar for bar in whole.bars if bar.day <= seen))
        assert found == grade_call(asked, event, 105.0, cut, cut, seen)
        assert decided is None or found == decided
        if found.state in ("right", "wrong"):
            decided = found
    assert (decided is not None) or len(closes) <= span


def test_a_level_counts_on_the_day_and_a_target_at_any_time() -> None:
    path = history(100, 108, 103, 102)
    asked = plan(until=day(3), due=day(3))
    assert grade_call(asked, "level", 105.0, path, path, day(3)).state == "wrong"
    touched = grade_call(asked, "target", 105.0, path, path, day(1))
    assert (touched.state, touched.decided_on, touched.price) == ("right", day(1), 105.0)
    assert grade_call(asked, "direction", None, path, path, day(3)).state == "right"
    assert grade_call(replace(asked, side=-1), "direction", None, path, path, day(3)).state == "wrong"
    assert grade_call(asked, "level", 105.0, path, path, day(2)).state == "open"


def test_an_exact_tie_is_no_rise_but_reaches_a_level() -> None:
    still = history(100, 100, 100, 100)
    asked = plan(until=day(3), due=day(3))
    assert grade_call(asked, "direction", None, still, still, day(3)).state == "wrong"
    assert grade_call(asked, "level", 100.0, still, still, day(3)).state == "right"


def test_a_call_over_a_split_is_judged_per_share_of_then() -> None:
    path = history(50, 51, 53, 54, splits=((day(1), 2.0),))
    assert grade_call(plan(until=day(3), due=day(3)), "level", 107.0, path, path, day(3)).state == "right"
