"""Where drawings lie on the screen: their lines, notes and handles in pixels, and how far the mouse is from them.

A straight line is straight on the screen, also where the scale is logarithmic, and a channel's second line is as far from
the first as it looks. Everything is cut at the edge of the visible area: what is out of sight costs nothing to paint.
Pure; the chart gives the mapping between moments, prices and pixels as a `View`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from terminal.domain import format as fmt
from terminal.domain.drawings import Drawing, Point, fibonacci, handles, measure, price_text, when_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

XY = tuple[float, float]
Area = tuple[float, float, float, float]  # left, top, right, bottom in pixels



class View(Protocol):
    """How moments and prices lie on the screen. Pixels grow to the right and down; a pixel may be not-a-number."""

    area: Area

    def to_pixel(self, point: Point) -> XY:
        """Where a point lies."""
        ...

    def to_point(self, x: float, y: float) -> Point:
        """What lies at a pixel."""
        ...

    def place_of(self, moment: datetime) -> float:
        """The number of the bar, with fractions."""
        ...

    def text_size(self, text: str) -> XY:
        """Width and height of a line of text."""
        ...


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line from one pixel to another, cut at the area's edge."""

    start: XY
    end: XY
    dashed: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Text on a plate; `box` is left, top, right, bottom."""

    text: str
    box: Area
    role: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """What is painted: lines, a filled polygon behind them (empty: none), notes, and where the handles are."""

    strokes: tuple[Stroke, ...] = ()
    fill: tuple[XY, ...] = ()
    notes: tuple[Note, ...] = ()
    handles: tuple[XY, ...] = ()
    role: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing of it is in sight."""
        return not (self.strokes or self.fill or self.notes)


def outline(drawing: Drawing, view: View) -> Outline:
    """The drawing in pixels; empty where it lies outside of what is visible."""
    spots = [view.to_pixel(point) for point in drawing.points]
    if not all(math.isfinite(x) and math.isfinite(y) for x, y in spots):
        return Outline()  # such as a price below zero on a logarithmic scale
    found = _SHAPES[drawing.tool](drawing, spots, view)
    return replace(found, handles=tuple(spot for spot in grips(drawing, view) if _inside(spot, view.area, 8)))


def grips(drawing: Drawing, view: View) -> list[XY]:
    """Where the handles lie, by number. A channel's third one stays on its line, wherever its point was put."""
    spots = [view.to_pixel(point) for point in handles(drawing)]
    if drawing.tool == "channel":
        (x0, y0), (x1, y1), third = spots
        across, down = parallel_offset(*spots)
        low, high = sorted((x0, x1))
        x = min(max(third[0], low), high)
        if high - low > 1e-9:
            spots[2] = x, y0 + (y1 - y0) * (x - x0) / (x1 - x0) + down
        else:
            spots[2] = x0 + across, min(max(third[1], min(y0, y1) + down), max(y0, y1) + down)
    return spots


def distance(shape: Outline, x: float, y: float) -> float:
    """How far a pixel is from the drawing's lines and notes; infinite when nothing is in sight."""
    nearest = min((_from_stroke(each, x, y) for each in shape.strokes), default=math.inf)
    return min([nearest, *(_from_box(each.box, x, y) for each in shape.notes)])


def handle_at(drawing: Drawing, view: View, x: float, y: float, reach: float) -> int | None:
    """The number of the handle within `reach` pixels, the nearest of several."""
    apart = [(math.hypot(hx - x, hy - y), number) for number, (hx, hy) in enumerate(grips(drawing, view))]
    near = [each for each in apart if each[0] <= reach]
    return min(near)[1] if near else None


def shifted(drawing: Drawing, view: View, across: float, down: float) -> Drawing:
    """The whole drawing moved by pixels: on a logarithmic scale each of its prices by the same ratio."""
    moved = []
    for point in drawing.points:
        x, y = view.to_pixel(point)
        moved.append(view.to_point(x + across, y + down))
    return replace(drawing, points=tuple(moved))


def _trend(_: Drawing, spots: list[XY], view: View) -> Outline:
    return Outline(_strokes(view.area, (spots[0], spots[1], 1.0)))


def _ray(_: Drawing, spots: list[XY], view: View) -> Outline:
    return Outline(_strokes(view.area, (spots[0], spots[1], math.inf)))


def _horizontal(drawing: Drawing, spots: list[XY], view: View) -> Outline:
    left, top, right, bottom = view.area
    y = spots[0][1]
    if not top <= y <= bottom:
        return Outline()
    text = price_text(drawing.points[0][1])
    return Outline((Stroke((left, y), (right, y)),), notes=(_note(text, (left + 6, y - 2), view, below=False),))


def _vertical(drawing: Drawing, spots: list[XY], view: View) -> Outline:
    left, top, right, bottom = view.area
    x = spots[0][0]
    if not left <= x <= right:
        return Outline()
    note = _note(when_text(drawing.points[0][0]), (x + 4, bottom - 4), view, below=False)
    return Outline((Stroke((x, top), (x, bottom)),), notes=(note,))


def _channel(_: Drawing, spots: list[XY], view: View) -> Outline:
    (x0, y0), (x1, y1), third = spots
    off = parallel_offset(spots[0], spots[1], third)
    far = ((x0 + off[0], y0 + off[1]), (x1 + off[0], y1 + off[1]))
    middle = ((x0 + off[0] / 2, y0 + off[1] / 2), (x1 + off[0] / 2, y1 + off[1] / 2))
    strokes = _strokes(view.area, (spots[0], spots[1], 1.0), (*far, 1.0))
    dashed = tuple(replace(each, dashed=True) for each in _strokes(view.area, (*middle, 1.0)))
    return Outline((*strokes, *dashed), _polygon((spots[0], spots[1], far[1], far[0]), view.area))


def parallel_offset(first: XY, second: XY, third: XY) -> XY:
    """From the line through two points to the parallel through a third: straight down, or across where the line is upright."""
    run, rise = second[0] - first[0], second[1] - first[1]
    if abs(run) < 1e-9:
        return third[0] - first[0], (third[1] - first[1]) if abs(rise) < 1e-9 else 0.0
    return 0.0, third[1] - (first[1] + rise * (third[0] - first[0]) / run)


def _rectangle(_: Drawing, spots: list[XY], view: View) -> Outline:
    (x0, y0), (x1, y1) = spots
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    sides = tuple((corners[at], corners[(at + 1) % 4], 1.0) for at in range(4))
    return Outline(_strokes(view.area, *sides), _polygon(corners, view.area))


def _fibonacci(drawing: Drawing, spots: list[XY], view: View) -> Outline:
    left, right = sorted((spots[0][0], spots[1][0]))
    strokes = [replace(each, dashed=True) for each in _strokes(view.area, (spots[0], spots[1], 1.0))]
    notes = []
    for share, price in fibonacci(drawing):
        y = view.to_pixel((drawing.points[0][0], price))[1]
        found = _strokes(view.area, ((left, y), (right, y), 1.0)) if math.isfinite(y) else ()
        strokes += found
        if found:
            text = f"{fmt.percent(share)}  {price_text(price)}"
            notes.append(_note(text, (max(left, view.area[0]) + 4, y - 1), view, below=False))
    return Outline(tuple(strokes), notes=tuple(notes))


def _text(drawing: Drawing, spots: list[XY], view: View) -> Outline:
    note = _note(drawing.text, (spots[0][0] + 6, spots[0][1]), view, below=False, keep=False)
    return Outline(notes=(note,)) if _touches(note.box, view.area) else Outline()


def _measure(drawing: Drawing, spots: list[XY], view: View) -> Outline:
    (x0, y0), (x1, y1) = spots
    shape = _rectangle(drawing, spots, view)
    middle, size = (x0 + x1) / 2, 5.0
    tip = size if y1 < y0 else -size
    arrow = _strokes(view.area, ((middle, y0), (middle, y1), 1.0), ((middle, y1), (middle - size, y1 + tip), 1.0),
                     ((middle, y1), (middle + size, y1 + tip), 1.0))
    if not (shape.strokes or shape.fill or arrow):
        return Outline()
    found = measure(drawing, view.place_of)
    role = "up" if found.change >= 0 else "down"
    text = found.sentence()
    wide = view.text_size(text)[0]
    below = y1 > y0
    note = _note(text, (middle - wide / 2, y1 + 6 if below else y1 - 6), view, below=below, role=role)
    return Outline(tuple(replace(each, role=role) for each in (*shape.strokes, *arrow)), shape.fill, (note,), role=role)


_SHAPES: Mapping[str, Callable[[Drawing, list[XY], View], Outline]] = {
    "trend": _trend, "ray": _ray, "horizontal": _horizontal, "vertical": _vertical, "channel": _channel,
    "rectangle": _rectangle, "fibonacci": _fibonacci, "text": _text, "measure": _measure,
}  # fmt: skip


def _note(text: str, at: XY, view: View, *, below: bool, role: str = "", keep: bool = True) -> Note:
    """A plate whose lower left (or, `below`, upper left) corner is at `at`; `keep` moves it into the area."""
    wide, tall = view.text_size(text)
    left, top, right, bottom = view.area
    x, y = at[0], at[1] if below else at[1] - tall
    if keep:
        x, y = max(left, min(x, right - wide)), max(top, min(y, bottom - tall))
    return Note(text, (x, y, x + wide, y + tall), role)


def _strokes(area: Area, *lines: tuple[XY, XY, float]) -> tuple[Stroke, ...]:
    """Lines (from, towards, how many times as far) cut at the area's edges; those outside are left out."""
    return tuple(Stroke(*cut) for start, end, reach in lines if (cut := clipped(start, end, area, reach)) is not None)


def clipped(start: XY, end: XY, area: Area, reach: float = 1.0) -> tuple[XY, XY] | None:
    """The part within the area of the line from `start` to `reach` times as far as `end` (infinite: a ray), or None.

    Liang and Barsky's method.
    """
    (x, y), (run, rise) = start, (end[0] - start[0], end[1] - start[1])
    enters, leaves = 0.0, reach
    for step, room in ((-run, x - area[0]), (run, area[2] - x), (-rise, y - area[1]), (rise, area[3] - y)):
        if step == 0:
            if room < 0:
                return None
        elif step < 0:
            enters = max(enters, room / step)
        else:
            leaves = min(leaves, room / step)
    if enters > leaves or not math.isfinite(leaves):
        return (start, start) if run == rise == 0 and _inside(start, area, 0) else None
    return (x + run * enters, y + rise * enters), (x + run * leaves, y + rise * leaves)


def _polygon(corners: Sequence[XY], area: Area) -> tuple[XY, ...]:
    """A convex polygon cut at the area's edges (Sutherland and Hodgman's method); () when it lies outside."""
    found = list(corners)
    for axis, limit, sign in ((0, area[0], 1), (0, area[2], -1), (1, area[1], 1), (1, area[3], -1)):
        before, found = found, []
        for at, here in enumerate(before):
            last = before[at - 1]
            inside, was = (here[axis] - limit) * sign >= 0, (last[axis] - limit) * sign >= 0
            if inside != was:
                share = (limit - last[axis]) / (here[axis] - last[axis])
                found.append((last[0] + (here[0] - last[0]) * share, last[1] + (here[1] - last[1]) * share))
            if inside:
                found.append(here)
    return tuple(found)


def _from_stroke(stroke: Stroke, x: float, y: float) -> float:
    (x0, y0), (x1, y1) = stroke.start, stroke.end
    run, rise = x1 - x0, y1 - y0
    long = run * run + rise * rise
    share = 0.0 if long == 0 else max(0.0, min(1.0, ((x - x0) * run + (y - y0) * rise) / long))
    return math.hypot(x - x0 - share * run, y - y0 - share * rise)


def _from_box(box: Area, x: float, y: float) -> float:
    return math.hypot(max(box[0] - x, 0.0, x - box[2]), max(box[1] - y, 0.0, y - box[3]))


def _inside(spot: XY, area: Area, margin: float) -> bool:
    return area[0] - margin <= spot[0] <= area[2] + margin and area[1] - margin <= spot[1] <= area[3] + margin


def _touches(box: Area, area: Area) -> bool:
    return box[0] <= area[2] and box[2] >= area[0] and box[1] <= area[3] and box[3] >= area[1]
