"""Between a chart and its drawings: where moments and prices lie on its price pane, and the item that paints them there.

Imported with the first drawing or tool, never before: it needs pyqtgraph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from terminal.ui import theme
from terminal.ui.chart.layers import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from terminal.domain.drawing_outlines import XY, Area, Outline
    from terminal.domain.drawings import Drawing, Point
    from terminal.ui.chart.chart import Chart

GRIP = 4.0
_PLATE = 4.0
# Tools that end where their points end, so that one whose points all lie to a side is out of sight.
_BOUNDED = ("trend", "channel", "rectangle", "fibonacci", "measure", "vertical")


class ChartView:
    """A `terminal.domain.drawing_outlines.View` of a chart's price pane, in the pixels of its scene.

    True for the range that was visible when it was made. Made anew for every frame and every move of the mouse.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        box = chart.price_plot.getViewBox()
        across, down = box.viewRange()
        self._x0, self._x1 = float(across[0]), float(across[1])
        self._y0, self._y1 = float(down[0]), float(down[1])
        room = box.sceneBoundingRect()
        self.area: Area = (room.left(), room.top(), room.right(), room.bottom())
        self._scale = chart.scale
        self._metrics = QFontMetricsF(note_font())

    def place_of(self, moment: datetime) -> float:
        return float(self._chart.place_of(moment))

    def to_pixel(self, point: Point) -> XY:
        return self.x_of(self.place_of(point[0])), self.price_y(point[1])

    def to_point(self, x: float, y: float) -> Point:
        return self._chart.moment_of(self.place_at(x)), float(self._scale.prices(self._height_at(y)))

    def text_size(self, text: str) -> XY:
        return self._metrics.horizontalAdvance(text) + 2 * _PLATE, self._metrics.height() + 2

    def place_at(self, x: float) -> float:
        """The bar number, with fractions, at a pixel."""
        left, _, right, _ = self.area
        return self._x0 + (x - left) / max(right - left, 1e-9) * (self._x1 - self._x0)

    def x_of(self, place: float) -> float:
        left, _, right, _ = self.area
        return left + (place - self._x0) / max(self._x1 - self._x0, 1e-9) * (right - left)

    def y_of(self, height: float) -> float:
        _, top, _, bottom = self.area
        return bottom - (height - self._y0) / max(self._y1 - self._y0, 1e-9) * (bottom - top)

    def price_y(self, price: float) -> float:
        """The pixel of a price."""
        return self.y_of(float(self._scale.heights(price)))

    def _height_at(self, y: float) -> float:
        _, top, _, bottom = self.area
        return self._y0 + (bottom - y) / max(bottom - top, 1e-9) * (self._y1 - self._y0)

    @property
    def shown(self) -> int:
        """How many bars there are, in a replay those told so far."""
        return len(self._chart.series)

    @property
    def ahead(self) -> tuple[float, float] | None:
        """From where to where there are bars that a replay has not told yet; None while there is none."""
        series = self._chart.series
        if not series.replaying or series.bars is None:
            return None
        return self.shown - 0.5, len(series.bars.bars) - 0.5

    def bar_at(self, place: int) -> tuple[float, ...] | None:
        """Open, high, low and close of a bar that is shown."""
        bars = self._chart.series.bars
        if bars is None or not 0 <= place < self.shown:
            return None
        each = bars.bars
        return tuple(float(values[place]) for values in (each.open, each.high, each.low, each.close))

    def moment_of(self, place: float) -> datetime:
        return self._chart.moment_of(place)

    def contains(self, x: float, y: float) -> bool:
        left, top, right, bottom = self.area
        return left <= x <= right and top <= y <= bottom

    def in_sight(self, tool: str, places: tuple[float, ...]) -> bool:
        """Whether a drawing with points at these bars can be seen at all; cheap, and never wrongly no."""
        margin = (self._x1 - self._x0) * 0.02
        if tool not in _BOUNDED:
            return True
        return max(places) >= self._x0 - margin and min(places) <= self._x1 + margin


class DrawingItem(pg.GraphicsObject):  # type: ignore[misc]
    """Paints what `shapes` gives: (drawing, outline, selected, under the mouse), in the order from back to front."""

    def __init__(self, shapes: Callable[[], Iterable[tuple[Drawing, Outline, bool, bool]]]) -> None:
        super().__init__()
        self._shapes = shapes
        self.setZValue(40)

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()
        return view.viewRect() if view is not None else QRectF()

    def dataBounds(self, *_: Any) -> None:
        return None

    def viewRangeChanged(self, *_: Any) -> None:
        self.prepareGeometryChange()

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        shapes = list(self._shapes())
        if not shapes:
            return
        back, possible = self.sceneTransform().inverted()
        if not possible:
            return
        painter.setTransform(back * painter.worldTransform())  # what is drawn is in the pixels of the scene
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(note_font())
        for drawing, shape, selected, hovered in shapes:
            _paint(painter, drawing, shape, selected=selected, hovered=hovered)


def _paint(painter: QPainter, drawing: Drawing, shape: Outline, *, selected: bool, hovered: bool) -> None:
    colors = theme.tokens()
    role = shape.role or (drawing.role if hasattr(colors, drawing.role) else "accent")
    if shape.fill:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color(role, 40 if selected else 26))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)  # a soft edge of a faint area costs four times as much
        painter.drawConvexPolygon(QPolygonF([QPointF(*corner) for corner in shape.fill]))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for stroke in shape.strokes:
        width = drawing.width + (0.75 if hovered or selected else 0.0)
        pen = QPen(colors.color(stroke.role or role), width - 0.5 if stroke.dashed else width)
        if stroke.dashed:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawLine(QLineF(*stroke.start, *stroke.end))
    for note in shape.notes:
        left, top, right, bottom = note.box
        plate = QRectF(left, top, right - left, bottom - top)
        painter.setPen(QPen(colors.color(role), 1) if drawing.tool == "text" and (selected or hovered) else Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("bg3" if drawing.tool == "text" else "bg1", 225))
        painter.drawRoundedRect(plate, 3, 3)
        painter.setPen(_readable(note.role or role))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, note.text)
    if selected:
        painter.setPen(QPen(colors.color("accent"), 1.5))
        painter.setBrush(colors.color("bg1"))
        for x, y in shape.handles:
            painter.drawEllipse(QPointF(x, y), GRIP, GRIP)


def _readable(role: str) -> Any:
    """Text is written in the token made for text."""
    colors = theme.tokens()
    for name in (f"{role}_text", "t1"):
        if hasattr(colors, name):
            return colors.color(name)
    return colors.color("t1")


def note_font() -> QFont:
    """The font of notes, at the user's size."""
    return theme.font(theme.scaled(11), 500)
