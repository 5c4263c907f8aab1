"""What the painted graphs of volatility share: two axes with round levels, places of values, a scale of colours, a legend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.levels import levels
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEFT, RIGHT, MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter


@dataclass(frozen=True, slots=True)
class Mark:
    """A line of the legend: its text, the token of its colour, and how it is drawn."""

    text: str
    role: str
    kind: str = "line"  # line, dot, band, dashed


class Graph(Picture):
    """Values over two axes, the vertical one at the right. Subclasses set `x_range` and `y_range` (None: nothing to see) and
    paint within `area`; `x_place` bends the horizontal axis."""

    def __init__(self, name: str, height: int = 260, nothing: str = "Nothing to show") -> None:
        super().__init__(name, height)
        self.x_range: tuple[float, float] | None = None
        self.y_range: tuple[float, float] | None = None
        self.marks: tuple[Mark, ...] = ()
        self.nothing = nothing

    @property
    def area(self) -> QRectF:
        """Where values are drawn."""
        top = theme.scaled(26) if self.marks else 8.0
        return QRectF(theme.scaled(10), top, self.width() - theme.scaled(66), self.height() - theme.scaled(22) - top)

    def x_place(self, x: float) -> float:
        """Where on the axis a value lies; a subclass may bend it."""
        return x

    def across(self, x: float) -> float:
        """The pixel of a horizontal value."""
        assert self.x_range is not None
        low, high = self.x_place(self.x_range[0]), self.x_place(self.x_range[1])
        return self.area.left() + self.area.width() * (self.x_place(x) - low) / ((high - low) or 1.0)

    def up(self, y: float) -> float:
        """The pixel of a vertical value."""
        assert self.y_range is not None
        low, high = self.y_range
        return self.area.bottom() - self.area.height() * (y - low) / ((high - low) or 1.0)

    def at(self, x: float, y: float) -> QPointF:
        """The place of a point."""
        return QPointF(self.across(x), self.up(y))

    def x_levels(self) -> list[tuple[float, str]]:
        """Where the horizontal axis is named, and how."""
        assert self.x_range is not None
        return [(each, written.number(each, 0)) for each in levels(*self.x_range, 6)]

    def fit(self, xs: Iterable[float | None], ys: Iterable[float | None], room: float = 0.06) -> None:
        """Take these ranges; the vertical one with some room. Nothing to see without at least one of each."""
        across = [each for each in xs if each is not None and math.isfinite(each)]
        up = [each for each in ys if each is not None and math.isfinite(each)]
        if not across or not up:
            self.x_range = self.y_range = None
            return
        low, high = min(up), max(up)
        more = (high - low) * room or max(abs(high) * 0.1, 0.01)
        self.x_range, self.y_range = (min(across), max(across)), (max(low - more, 0.0) if low >= 0 else low - more, high + more)

    def _paint(self, painter: QPainter) -> None:
        if self.x_range is None or self.y_range is None or self.width() < 80:
            self._nothing(painter, self.nothing)
            return
        self._axes(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._legend(painter)
        painter.save()
        painter.setClipRect(self.area.adjusted(-5, -5, 5, 5))
        self._draw(painter)
        painter.restore()

    def _draw(self, painter: QPainter) -> None:
        raise NotImplementedError

    def _axes(self, painter: QPainter) -> None:
        area, grid = self.area, theme.tokens().color("grid")
        assert self.y_range is not None
        found = levels(*self.y_range, 5)
        decimals = 0 if all(abs(level * 100 - round(level * 100)) < 1e-6 for level in found) else 1
        for level in found:
            y = self.up(level)
            painter.fillRect(QRectF(area.left(), y, area.width(), 1), grid)
            place = QRectF(area.right() + 6, y - theme.scaled(8), theme.scaled(50), theme.scaled(16))
            self._text(painter, place, written.percent(level, decimals), "t3", LEFT)
        last = -1e9
        for value, text in self.x_levels():
            x, half = self.across(value), theme.scaled(38)
            if not area.left() - 1 <= x <= area.right() + 1:
                continue
            painter.fillRect(QRectF(x, area.top(), 1, area.height()), grid)
            if x - last >= theme.scaled(48):
                self._text(painter, QRectF(x - half, area.bottom() + 4, 2 * half, theme.scaled(16)), text, "t3", MIDDLE)
                last = x

    def _legend(self, painter: QPainter) -> None:
        x, y = float(theme.scaled(10)), theme.scaled(12)
        for mark in self.marks:
            color = theme.tokens().color(mark.role)
            if mark.kind == "dot":
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color)
                painter.drawEllipse(QPointF(x + 8, y), 3.5, 3.5)
            elif mark.kind == "band":
                painter.fillRect(QRectF(x, y - 5, 16, 10), theme.tokens().color(mark.role, 70))
            else:
                painter.setPen(pen(mark.role, dashed=mark.kind == "dashed"))
                painter.drawLine(QPointF(x, y), QPointF(x + 16, y))
            painter.setFont(theme.font(theme.scaled(11)))
            wide = painter.fontMetrics().horizontalAdvance(mark.text) + 4
            if x + 22 + wide > self.width():
                break
            self._text(painter, QRectF(x + 22, y - theme.scaled(8), wide, theme.scaled(16)), mark.text, "t2", LEFT)
            x += 22 + wide + theme.scaled(14)

    def line(self, painter: QPainter, points: Sequence[tuple[float, float | None]], role: str, *, dashed: bool = False,
             width: float = 1.6) -> None:  # fmt: skip
        """A line through the known points; it stops at unknown ones."""
        painter.setPen(pen(role, width, dashed=dashed))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        piece: list[QPointF] = []
        for x, y in [*points, (0.0, None)]:
            if y is not None and math.isfinite(y):
                piece.append(self.at(x, y))
            elif piece:
                painter.drawPolyline(QPolygonF(piece)) if len(piece) > 1 else painter.drawPoint(piece[0])
                piece = []

    def band(self, painter: QPainter, rows: Sequence[tuple[float, float | None, float | None]], role: str, alpha: int) -> None:
        """The area between two lines; rows of (x, low, high)."""
        known = [(x, low, high) for x, low, high in rows if low is not None and high is not None]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.tokens().color(role, alpha))
        below, above = [self.at(x, low) for x, low, _ in known], [self.at(x, high) for x, _, high in known[::-1]]
        painter.drawPolygon(QPolygonF(below + above))

    def dots(self, painter: QPainter, points: Iterable[tuple[float, float | None]], role: str, radius: float = 3.0) -> None:
        """A dot at each known point."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.tokens().color(role))
        for x, y in points:
            if y is not None and math.isfinite(y):
                painter.drawEllipse(self.at(x, y), radius, radius)


def pen(role: str, width: float = 1.6, *, dashed: bool = False) -> QPen:
    """A pen in a token's colour."""
    made = QPen(theme.tokens().color(role), width)
    if dashed:
        made.setStyle(Qt.PenStyle.DashLine)
    return made


def heat(share: float) -> QColor:
    """A colour between calm and hot: 0 the lowest value there is, 1 the highest."""
    colors = theme.tokens()
    stops = (colors.color("accent_bg"), colors.color("accent"), colors.color("warn"))
    share = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    first = min(int(share), len(stops) - 2)
    rest, one, other = share - first, stops[first], stops[first + 1]
    pairs = ((one.red(), other.red()), (one.green(), other.green()), (one.blue(), other.blue()))
    return QColor(*(round(a + (b - a) * rest) for a, b in pairs))


def readable_on(color: QColor) -> QColor:
    """Black or white, whichever can be read on a colour (by WCAG's relative luminance)."""
    parts = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
             for each in (color.redF(), color.greenF(), color.blueF())]  # fmt: skip
    luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    return QColor("#000000" if luminance > 0.18 else "#ffffff")
