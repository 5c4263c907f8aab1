"""A drawing while it is being placed: which points it has so far, how it looks with the mouse as its next one, and where a
point snaps to. Knows no Qt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from terminal.domain.drawing_outlines import shifted
from terminal.domain.drawings import POINTS, Drawing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.drawings import Point, Tool
    from terminal.ui.chart.chart import Chart
    from terminal.ui.chart.drawing_view import ChartView

MAGNET_PX = 6.0
DRAG_PX = 6.0


@dataclass
class Placing:
    """One tool at work; `points` are those already put down."""

    tool: Tool
    points: list[Point] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        return len(self.points) >= POINTS[self.tool]

    def preview(self, cursor: Point) -> Drawing | None:
        """The drawing with the cursor for its next point; of a channel with one point its first line. None before the first."""
        if not self.points:
            return None
        points = (*self.points, cursor)[:POINTS[self.tool]]
        tool: Tool = "trend" if self.tool == "channel" and len(points) == 2 else self.tool
        return Drawing("preview", tool, tuple(points), "…" if tool == "text" else "")

    def finished(self, text: str = "") -> Drawing:
        """The drawing, once it is complete; it has no id yet."""
        return Drawing("", self.tool, tuple(self.points), text)

    def level(self, point: Point) -> Point:
        """`point` at the price of the last one, which keeps a line level."""
        return (point[0], self.points[-1][1]) if self.points else point


def snapped(view: ChartView, x: float, y: float, *, magnet: bool) -> Point:
    """The point meant by a pixel: at the nearest bar, and with the magnet at its open, high, low or close within 6 pixels.

    A price that snaps to nothing is rounded to what a price is written with.
    """
    place = round(view.place_at(x))
    price = _near(view, view.bar_at(place), y) if magnet else None
    if price is None:
        price = rounded(view.to_point(x, y)[1])
    return view.moment_of(place), price


def _near(view: ChartView, prices: Sequence[float] | None, y: float) -> float | None:
    """The one of a bar's prices that lies nearest on the screen, if it is near enough."""
    apart = [(abs(view.price_y(price) - y), float(price)) for price in prices or () if math.isfinite(price)]
    near = min(apart, default=(MAGNET_PX + 1, 0.0))
    return near[1] if near[0] <= MAGNET_PX else None


def rounded(price: float) -> float:
    """Cents; hundredths of them below one."""
    return round(price, 2 if abs(price) >= 1 else 4)


def tick(price: float) -> float:
    """The smallest step of a price."""
    return 0.01 if abs(price) >= 1 else 0.0001


def on_its_line(drawing: Drawing, point: Point) -> Point:
    """Where a handle goes that is dragged to `point`: that of a horizontal line keeps its moment."""
    return (drawing.points[0][0], point[1]) if drawing.tool == "horizontal" else point


def carried(view: ChartView, drawing: Drawing, across: float, down: float) -> Drawing:
    """The whole drawing dragged by pixels: by whole bars, with prices as they are written; each line along its own way."""
    bar = view.x_of(1) - view.x_of(0)
    level, upright = drawing.tool == "horizontal", drawing.tool == "vertical"
    moved = shifted(drawing, view, 0.0 if level else round(across / bar) * bar, 0.0 if upright else down)
    return replace(moved, points=tuple((was[0] if level else moment, rounded(price))
                                       for (moment, price), was in zip(moved.points, drawing.points, strict=True)))


def stepped(chart: Chart, point: Point, bars: int, ticks: int) -> Point:
    """A point moved by bars and by ticks."""
    moment = chart.moment_of(chart.place_of(point[0]) + bars) if bars else point[0]
    return moment, rounded(point[1] + ticks * tick(point[1])) if ticks else point[1]


def beginning(view: ChartView) -> Point:
    """Where a tool begins without a mouse: the last bar in sight, at its close."""
    left, top, right, bottom = view.area
    place = min(round(view.place_at(right)), view.shown - 1)
    bar = view.bar_at(place)
    return view.moment_of(place), float(bar[3]) if bar else view.to_point(left, (top + bottom) / 2)[1]


def pixel_ticks(view: ChartView, point: Point) -> int:
    """So many ticks that a step can be seen: about two pixels."""
    x, y = view.to_pixel(point)
    return max(1, round(abs(view.to_point(x, y - 2)[1] - point[1]) / tick(point[1])))
