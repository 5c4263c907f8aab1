"""Drawings: what they are, how they change, what they say."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain import drawings as dr
from terminal.domain.drawings import Drawing
from terminal.errors import UserError

T0 = datetime(2026, 1, 5, tzinfo=UTC)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
prices = st.floats(1e-6, 1e7)


@st.composite
def any_drawing(draw: st.DrawFn) -> Drawing:
    tool = draw(st.sampled_from(list(dr.POINTS)))
    points = tuple((draw(moments), draw(prices)) for _ in range(dr.POINTS[tool]))
    return Drawing("d1", tool, points, draw(st.text(max_size=40)) + ("x" if tool == "text" else ""), "warn",
                   draw(st.floats(*dr.WIDTHS)))


def at(days: float, price: float) -> dr.Point:
    return T0 + timedelta(days=days), price


@settings(max_examples=50)
@given(any_drawing())
def test_it_survives_being_written_down(drawing: Drawing) -> None:
    assert dr.from_json(json.loads(json.dumps(drawing.to_json()))) == drawing
    assert dr.describe(drawing).startswith(dr.TITLES[drawing.tool])


@pytest.mark.parametrize(("change", "told"), [
    ({"tool": "circle"}, "no drawing tool 'circle'"),
    ({"points": ()}, "needs 2 points, not 0"),
    ({"tool": "horizontal"}, "needs 1 point, not 2"),
    ({"points": (at(0, 1.0), at(1, math.nan))}, "must be a number"),
    ({"width": 0.0}, "width must be from 0.5 to 8"),
    ({"text": "x" * 501}, "longer than 500"),
    ({"tool": "text", "points": (at(0, 1.0),), "text": "  "}, "A text needs words"),
])
def test_what_makes_no_sense_is_refused(change: dict[str, object], told: str) -> None:
    good: dict[str, object] = {"id": "d", "tool": "trend", "points": (at(0, 1.0), at(1, 2.0))}
    with pytest.raises(UserError, match=told):
        Drawing(**{**good, **change})  # type: ignore[arg-type]


def test_a_broken_file_is_a_sentence() -> None:
    for broken in ({}, {"id": "1", "tool": "trend", "points": [["yesterday", 1]]}, {"id": "1", "tool": "trend", "points": 7}):
        with pytest.raises(UserError, match="cannot be read"):
            dr.from_json(broken)


@pytest.mark.parametrize(("text", "point"), [
    ("2026-01-02,123.4", (datetime(2026, 1, 2, tzinfo=UTC), 123.4)),
    (" 2026-01-02T15:30 , 1e3", (datetime(2026, 1, 2, 15, 30, tzinfo=UTC), 1000.0)),
    ("2026-01-02T15:30-05:00,-2", (datetime(2026, 1, 2, 20, 30, tzinfo=UTC), -2.0)),
])
def test_points_as_they_are_typed(text: str, point: dr.Point) -> None:
    assert dr.point_from_text(text) == point


@pytest.mark.parametrize("text", ["", "123.4", "2026-01-02", "2026-13-02,1", "2026-01-02,nan", "2026-01-02,inf", "2026-01-02,x"])
def test_points_mistyped(text: str) -> None:
    with pytest.raises(UserError, match="is not a point"):
        dr.point_from_text(text)


def test_days_and_moments_without_a_zone_are_utc() -> None:
    drawn = Drawing("d", "trend", ((date(2026, 1, 5), 1), (datetime(2026, 1, 6), 2)))  # type: ignore[arg-type]
    assert drawn.points == ((T0, 1.0), (T0 + timedelta(days=1), 2.0))


@settings(max_examples=50)
@given(any_drawing(), moments, prices, st.integers(0, 3))
def test_a_handle_goes_where_it_is_dragged(drawing: Drawing, moment: datetime, price: float, number: int) -> None:
    grips = dr.handles(drawing)
    if number >= len(grips):
        return
    after = dr.handles(dr.with_handle(drawing, number, (moment, price)))
    assert after[number] == (moment, price)
    if drawing.tool == "rectangle":
        opposite = {0: 1, 1: 0, 2: 3, 3: 2}[number]
        assert after[opposite] == grips[opposite], "the corner across stays"
    else:
        assert [a for i, a in enumerate(after) if i != number] == [g for i, g in enumerate(grips) if i != number]


@settings(max_examples=50)
@given(prices, prices)
def test_fibonacci_levels_lie_between_the_ends(low: float, high: float) -> None:
    levels = dict(dr.fibonacci(Drawing("d", "fibonacci", (at(0, low), at(9, high)))))
    assert levels[0.0] == high and levels[1.0] == pytest.approx(low, abs=high * 1e-12)
    assert levels[0.5] == pytest.approx((low + high) / 2)
    slack = max(low, high) * 1e-12
    assert all(min(low, high) - slack <= each <= max(low, high) + slack for each in levels.values())


def test_fibonacci_by_hand() -> None:
    levels = dr.fibonacci(Drawing("d", "fibonacci", (at(0, 100.0), at(9, 150.0))))
    assert [(share, round(price, 2)) for share, price in levels] == [
        (0.0, 150.0), (0.236, 138.2), (0.382, 130.9), (0.5, 125.0), (0.618, 119.1), (0.786, 110.7), (1.0, 100.0)]


@pytest.mark.parametrize(("days", "first", "last", "told"), [
    (17, 127.0, 132.2, "▲ +5.20 (+4.1\u202f%) · 12 bars · 17 days"),
    (-1, 100.0, 50.0, "▼ −50.00 (−50.0\u202f%) · −1 bars · −1 day"),
    (0.125, 10.0, 10.0, "• 0.00 (0.0\u202f%) · 0 bars · 3.0 h"),
    (1 / 96, 1.0, 1.05, "▲ +0.0500 (+5.0\u202f%) · 0 bars · 15 min"),
])
def test_what_a_measure_says(days: float, first: float, last: float, told: str) -> None:
    def place(moment: datetime) -> float:
        return (moment - T0).total_seconds() / 86_400 * 5 / 7

    found = dr.measure(Drawing("d", "measure", (at(0, first), at(days, last))), place).sentence()
    assert found.replace("−1 bar ", "−1 bars ") == told


@settings(max_examples=50)
@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_measure_from_zero_knows_no_percent(first: float, last: float) -> None:
    found = dr.measure(Drawing("d", "measure", (at(0, first), at(1, last))), lambda _: 0.0)
    assert found.change == last - first
    assert (found.fraction is None) == (first == 0)
    if found.fraction is not None and found.change:
        assert (found.fraction > 0) == (found.change > 0), "also from a price below zero the sign is the change's"


def test_what_it_is_in_a_sentence() -> None:
    trend = Drawing("d", "trend", (at(0, 120.0), at(57, 0.1234)))
    assert dr.describe(trend) == "Trend line from 5 Jan 2026 at 120.00 to 3 Mar 2026 at 0.1234"
    assert dr.describe(Drawing("d", "horizontal", (at(0, 120.0),))) == "Horizontal line at 120.00"
    assert dr.describe(Drawing("d", "vertical", (at(0.625, 120.0),))) == "Vertical line on 5 Jan 2026, 10:00 ET"
    assert dr.describe(Drawing("d", "text", (at(0, 9.0),), "why?")) == "Text “why?” at 5 Jan 2026 at 9.00"
    channel = Drawing("d", "channel", (at(0, 1.0), at(1, 2.0), at(2, 5.0)))
    assert dr.describe(channel).endswith("to 6 Jan 2026 at 2.00, through 5.00")
