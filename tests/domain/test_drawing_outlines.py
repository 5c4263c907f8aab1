"""Where drawings lie on the screen, on linear and logarithmic scales, and how far the mouse is from them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from terminal.domain import drawing_outlines as out
from terminal.domain.drawings import POINTS, Drawing, Point

T0 = datetime(2026, 1, 5, tzinfo=UTC)
AREA = (50.0, 20.0, 850.0, 420.0)
pixels = st.tuples(st.floats(-2000, 3000), st.floats(-1500, 2000))
inside = st.tuples(st.floats(AREA[0], AREA[2]), st.floats(AREA[1], AREA[3]))


@dataclass
class Screen:
    """Ten pixels a day; prices from 10 (bottom) to 100 (top), linear or logarithmic."""

    log: bool = False
    area: out.Area = AREA

    def to_pixel(self, point: Point) -> out.XY:
        price = point[1]
        share = (math.log10(price) - 1 if price > 0 else math.nan) if self.log else (price - 10) / 90
        return AREA[0] + self.place_of(point[0]) * 10, AREA[3] - share * 400

    def to_point(self, x: float, y: float) -> Point:
        share = (AREA[3] - y) / 400
        return T0 + timedelta(days=(x - AREA[0]) / 10), 10 ** (1 + share) if self.log else 10 + share * 90

    def place_of(self, moment: datetime) -> float:
        return (moment - T0) / timedelta(days=1)

    def text_size(self, text: str) -> out.XY:
        return 6.0 * len(text), 14.0


def on(screen: Screen, tool: str, *spots: out.XY, text: str = "note") -> Drawing:
    return Drawing("d", tool, tuple(screen.to_point(*spot) for spot in spots), text)  # type: ignore[arg-type]


scales = st.sampled_from([Screen(), Screen(log=True)])


@settings(max_examples=50)
@given(scales, st.sampled_from(list(POINTS)), st.lists(pixels, min_size=3, max_size=3))
def test_nothing_is_painted_outside(screen: Screen, tool: str, spots: list[out.XY]) -> None:
    shape = out.outline(on(screen, tool, *spots[:POINTS[tool]]), screen)
    ends = [end for stroke in shape.strokes for end in (stroke.start, stroke.end)] + list(shape.fill)
    assert all(AREA[0] - 1e-6 <= x <= AREA[2] + 1e-6 and AREA[1] - 1e-6 <= y <= AREA[3] + 1e-6 for x, y in ends)
    assert all(AREA[0] - 8 <= x <= AREA[2] + 8 and AREA[1] - 8 <= y <= AREA[3] + 8 for x, y in shape.handles)


@settings(max_examples=50)
@given(scales, st.sampled_from([tool for tool in POINTS if tool != "text"]), st.lists(inside, min_size=3, max_size=3))
def test_what_is_in_sight_is_painted_and_its_points_are_on_it(screen: Screen, tool: str, spots: list[out.XY]) -> None:
    spots = spots[:POINTS[tool]]
    drawing = on(screen, tool, *spots)
    shape = out.outline(drawing, screen)
    assert not shape.empty
    for spot in out.grips(drawing, screen):
        if AREA[1] <= spot[1] <= AREA[3]:  # a channel's third may lie beyond the edge
            assert out.distance(shape, *spot) < 1e-3, "each handle lies on a line of its drawing"
    assert out.grips(drawing, screen)[:2] == [pytest.approx(spot, abs=1e-3) for spot in spots[:2]]
    assert tool == "channel" or len(shape.handles) == (4 if tool == "rectangle" else len(spots))


@settings(max_examples=50)
@given(scales, inside, inside, st.floats(0, 1), st.floats(-30, 30))
def test_the_distance_from_a_line_is_the_perpendicular(screen: Screen, a: out.XY, b: out.XY, share: float, off: float) -> None:
    long = math.hypot(b[0] - a[0], b[1] - a[1])
    assume(long > 20)
    shape = out.outline(on(screen, "trend", a, b), screen)
    normal = (-(b[1] - a[1]) / long, (b[0] - a[0]) / long)
    x, y = a[0] + (b[0] - a[0]) * share + normal[0] * off, a[1] + (b[1] - a[1]) * share + normal[1] * off
    assert out.distance(shape, x, y) == pytest.approx(abs(off), abs=1e-3)


@settings(max_examples=50)
@given(inside, inside)
def test_a_ray_goes_on_to_the_edge(a: out.XY, b: out.XY) -> None:
    screen = Screen()
    assume(math.hypot(b[0] - a[0], b[1] - a[1]) > 1)
    (stroke,) = out.outline(on(screen, "ray", a, b), screen).strokes
    assert stroke.start == pytest.approx(a, abs=1e-3)
    x, y = stroke.end
    assert min(abs(x - AREA[0]), abs(x - AREA[2]), abs(y - AREA[1]), abs(y - AREA[3])) < 1e-3


@settings(max_examples=50)
@given(scales, inside, inside, inside)
def test_a_channels_lines_are_parallel_on_the_screen(screen: Screen, a: out.XY, b: out.XY, c: out.XY) -> None:
    off = out.parallel_offset(a, b, c)
    far = (a[0] + off[0], a[1] + off[1]), (b[0] + off[0], b[1] + off[1])
    assume(abs(b[0] - a[0]) > 1)
    cross = (far[1][0] - far[0][0]) * (c[1] - far[0][1]) - (far[1][1] - far[0][1]) * (c[0] - far[0][0])
    assert abs(cross) / math.hypot(b[0] - a[0], b[1] - a[1]) < 1e-6, "the second line goes through the third point"


@settings(max_examples=50)
@given(scales, st.sampled_from(list(POINTS)), st.lists(inside, min_size=3, max_size=3), st.integers(-40, 40), st.floats(-90, 90))
def test_moving_the_whole_moves_every_point_alike(screen: Screen, tool: str, spots: list[out.XY], days: int, down: float) -> None:
    spots = spots[:POINTS[tool]]
    drawing = on(screen, tool, *spots)
    moved = out.shifted(drawing, screen, days * 10.0, down)
    for before, after in zip(drawing.points, moved.points, strict=True):
        assert (after[0] - before[0]) / timedelta(days=1) == pytest.approx(days, abs=1e-6)
    ratios = [after[1] / before[1] for before, after in zip(drawing.points, moved.points, strict=True)]
    gaps = [after[1] - before[1] for before, after in zip(drawing.points, moved.points, strict=True)]
    same = ratios if screen.log else gaps
    assert same == pytest.approx([same[0]] * len(same), rel=1e-6, abs=1e-6)
    back = out.shifted(moved, screen, -days * 10.0, -down)
    assert [price for _, price in back.points] == pytest.approx([price for _, price in drawing.points], rel=1e-9)


def test_handles_are_found_within_reach() -> None:
    screen = Screen()
    rectangle = on(screen, "rectangle", (100, 100), (300, 200))
    assert out.handle_at(rectangle, screen, 302, 199, 6) == 1
    assert out.handle_at(rectangle, screen, 101, 203, 6) == 3 or out.handle_at(rectangle, screen, 101, 203, 6) == 2
    assert out.handle_at(rectangle, screen, 200, 100, 6) is None


def test_fibonacci_on_a_logarithmic_scale_keeps_its_prices() -> None:
    screen = Screen(log=True)
    shape = out.outline(Drawing("d", "fibonacci", ((T0, 20.0), (T0 + timedelta(days=30), 60.0))), screen)
    half = next(note for note in shape.notes if note.text.startswith("50.0"))
    assert "40.00" in half.text
    y = screen.to_pixel((T0, 40.0))[1]
    assert any(stroke.start[1] == pytest.approx(y) for stroke in shape.strokes), "in price the middle, not on the screen"


def test_a_price_below_zero_has_no_place_on_a_logarithmic_scale() -> None:
    below = Drawing("d", "trend", ((T0, -5.0), (T0 + timedelta(days=10), 50.0)))
    assert out.outline(below, Screen(log=True)).empty
    assert not out.outline(Drawing("d", "trend", ((T0, 15.0), (T0 + timedelta(days=10), 50.0))), Screen(log=True)).empty


def test_a_measure_says_what_it_measures_and_points_the_right_way() -> None:
    screen = Screen()
    down = out.outline(Drawing("d", "measure", ((T0, 80.0), (T0 + timedelta(days=20), 60.0))), screen)
    assert "−20.00 (−25.0" in down.notes[0].text and "20 bars" in down.notes[0].text and down.role == "down"
    assert down.notes[0].box[1] > screen.to_pixel((T0, 60.0))[1], "the note is below where it went down"
    up = out.outline(Drawing("d", "measure", ((T0, 60.0), (T0 + timedelta(days=20), 80.0))), screen)
    assert up.notes[0].box[3] < screen.to_pixel((T0, 80.0))[1] and up.role == "up"


def test_text_is_taken_hold_of_anywhere_on_it() -> None:
    screen = Screen()
    shape = out.outline(on(screen, "text", (200, 200), text="earnings gap"), screen)
    left, top, right, bottom = shape.notes[0].box
    assert out.distance(shape, (left + right) / 2, (top + bottom) / 2) == 0.0
    assert out.distance(shape, right + 30, bottom) == pytest.approx(30)
    assert out.outline(on(screen, "text", (5000, 200)), screen).empty
    assert out.distance(out.Outline(), 1, 1) == math.inf
