"""Painted pictures of risk: who brings it, what moves together, falls from a high, and the days beyond value at risk."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPolygonF

from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.levels import multiples, round_up
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from plugins.portfolio.risk.check import Checked

_LEFT, _RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_UPRIGHT = Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Brought:
    """A position's part of the risk and of the worth, as fractions."""

    symbol: str
    name: str
    risk: float
    weight: float | None


class RiskBars(Picture):
    """A line a position: its part of the risk as a bar from a zero line, its weight as a tick. A hedge points left."""

    def __init__(self, most: int = 10) -> None:
        super().__init__("Who brings the risk", 22 * most)
        self._most = most
        self._rows: tuple[Brought, ...] = ()

    def show_rows(self, rows: Sequence[Brought]) -> None:
        """The largest first; those that take risk away are kept at the end."""
        kept = sorted(rows, key=lambda each: -each.risk)
        hedges = [each for each in kept if each.risk < -0.005][-2:]
        rest = [each for each in kept if each not in hedges]
        self._rows = (*rest[: self._most - len(hedges)], *hedges)
        told = ", ".join(f"{each.symbol} {written.percent(each.risk, 0)}" for each in self._rows)
        self.setAccessibleDescription(f"Parts of the risk: {told}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, theme.scaled(22) * max(1, len(self._rows)) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, self.sizeHint().height())

    def said_at(self, place: QPointF) -> str:
        at = int(place.y() // theme.scaled(22))
        if not 0 <= at < len(self._rows):
            return ""
        each = self._rows[at]
        weight = "" if each.weight is None else f"<br>and is {written.percent(each.weight, 1)} of everything"
        does = "brings" if each.risk >= 0 else "takes away"
        return f"<b>{each.symbol}</b> {each.name}<br>{does} {written.percent(abs(each.risk), 1)} of the risk{weight}"

    def _paint(self, painter: QPainter) -> None:
        colors, tall = theme.tokens(), theme.scaled(22)
        if not self._rows:
            return
        low = min(0.0, *(each.risk for each in self._rows))
        high = max(0.05, *(max(each.risk, each.weight or 0.0) for each in self._rows))
        left, right = theme.scaled(72), theme.scaled(46)
        wide = max(20.0, self.width() - left - right)

        def at(value: float) -> float:
            return left + wide * (min(max(value, low), high) - low) / (high - low)

        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for place, each in enumerate(self._rows):
            top = place * tall
            self._text(painter, QRectF(0, top, left - 8, tall), each.symbol, "t1", _LEFT, 600)
            begin, end = sorted((at(0.0), at(each.risk)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("track"))
            painter.drawRoundedRect(QRectF(left, top + tall / 2 - 4, wide, 8), 2, 2)
            painter.setBrush(colors.color("up" if each.risk < 0 else "accent"))
            painter.drawRoundedRect(QRectF(begin, top + tall / 2 - 4, max(end - begin, 1.5), 8), 2, 2)
            if each.weight is not None:
                painter.setBrush(colors.color("t1"))
                painter.drawRect(QRectF(at(each.weight) - 1, top + tall / 2 - 7, 2, 14))
            self._text(painter, QRectF(self.width() - right, top, right, tall), written.percent(each.risk, 0), "t1", _RIGHT, 600)


class TimePicture(Picture):
    """Days from left to right with a scale at the right; subclasses say the bounds and draw within the area."""

    def __init__(self, name: str, height: int) -> None:
        super().__init__(name, height)
        self._days: Sequence[date] = ()

    def _area(self) -> QRectF:
        return QRectF(0, 8, self.width() - theme.scaled(52), self.height() - theme.scaled(18) - 10)

    def _across(self, place: float) -> float:
        area = self._area()
        return area.left() + area.width() * place / max(1, len(self._days) - 1)

    def _place(self, x: float) -> int:
        area = self._area()
        return round((x - area.left()) / max(1.0, area.width()) * max(1, len(self._days) - 1))

    def _years(self, painter: QPainter) -> None:
        """A line at each new year, or month where there are few days."""
        area, colors = self._area(), theme.tokens()
        step = 1 if len(self._days) <= 380 else 12
        last = -1e9
        for place in range(1, len(self._days)):
            before, day = self._days[place - 1], self._days[place]
            if (day.month, day.year) == (before.month, before.year) or (step == 12 and day.year == before.year):
                continue
            x = self._across(place)
            painter.fillRect(QRectF(x, area.top(), 1, area.height()), colors.color("grid"))
            text = str(day.year) if step == 12 or day.month == 1 else written.month(day, year=False)
            if x - last > theme.scaled(44) and x < area.right() - theme.scaled(24):
                self._text(painter, QRectF(x + 3, area.bottom() + 2, theme.scaled(60), theme.scaled(16)), text, "t3", _LEFT)
                last = x

    def _level(self, painter: QPainter, y: float, text: str) -> None:
        area = self._area()
        painter.fillRect(QRectF(area.left(), y, area.width(), 1), theme.tokens().color("grid"))
        self._text(painter, QRectF(area.right() + 6, y - theme.scaled(8), theme.scaled(46), theme.scaled(16)), text, "t3", _LEFT)


class Underwater(TimePicture):
    """How far below its highest point it was, day by day."""

    def __init__(self, height: int = 150) -> None:
        super().__init__("Falls from a high", height)
        self._values: list[float] = []

    def show_under(self, under: Sequence[tuple[date, float]]) -> None:
        """Days and depths, zero or negative."""
        self._days, self._values = [day for day, _ in under], [value for _, value in under]
        if self._values:
            deepest = min(range(len(self._values)), key=self._values.__getitem__)
            self.setAccessibleDescription(
                f"Deepest {written.percent(self._values[deepest])} on {written.day(self._days[deepest])}; "
                f"now {written.percent(self._values[-1])}"
            )
        self.update()

    def said_at(self, place: QPointF) -> str:
        at = self._place(place.x())
        if not 0 <= at < len(self._values):
            return ""
        return f"<b>{written.day(self._days[at])}</b><br>{written.percent(self._values[at], 1)} below its high so far"

    def _paint(self, painter: QPainter) -> None:
        if len(self._values) < 2:
            return
        area, colors = self._area(), theme.tokens()
        step = round_up(max(-min(self._values), 1e-12) / 4)
        lowest = -step * math.ceil(max(-min(self._values) / step, 1e-9))

        def y(value: float) -> float:
            return area.top() + area.height() * value / lowest

        self._years(painter)
        for count in range(round(-lowest / step) + 1):
            self._level(painter, y(-count * step), written.percent(-count * step, 0 if step >= 0.01 else 1))
        points = [QPointF(self._across(place), y(value)) for place, value in enumerate(self._values)]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("down", 60))
        painter.drawPolygon(QPolygonF([QPointF(points[0].x(), y(0)), *points, QPointF(points[-1].x(), y(0))]))
        painter.setPen(colors.color("down"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))


class Exceptions(TimePicture):
    """What each day made, the loss that was said of it the evening before, and the days beyond it as dots."""

    def __init__(self, currency: str = "", height: int = 150) -> None:
        super().__init__("Value at risk against what happened", height)
        self._found: Checked | None = None
        self._method, self._currency = "filtered", currency

    def show_checked(self, found: Checked | None, method: str, currency: str) -> None:
        """One method's forecasts; None for nothing to show."""
        self._found, self._method, self._currency = found, method, currency
        self._days = found.days if found else ()
        if found:
            one = next(each for each in found.grades if each.method == method)
            self.setAccessibleDescription(f"Exceeded on {one.exceptions} of {one.days} days, {one.expected:.0f} expected")
        self.update()

    def said_at(self, place: QPointF) -> str:
        at = self._place(place.x())
        if self._found is None or not 0 <= at < len(self._days):
            return ""
        made, said = float(self._found.happened[at]), float(self._found.said[self._method][at])
        beyond = "" if not np.isfinite(said) else f"<br>said the evening before: {written.money(-said, self._currency, 0)}"
        return f"<b>{written.day(self._days[at])}</b>&nbsp; {written.money(made, self._currency, 0, sign=True)}{beyond}"

    def _paint(self, painter: QPainter) -> None:
        found = self._found
        if found is None or len(self._days) < 2:
            return
        area, colors, said = self._area(), theme.tokens(), found.said[self._method]
        known = np.isfinite(said)
        high = max(float(found.happened.max()), 0.0)
        low = min(float(found.happened.min()), float(-said[known].max()) if known.any() else 0.0)
        span = (high - low) or 1.0
        step = round_up(span / 4)

        def y(value: float) -> float:
            return area.top() + area.height() * (high - value) / span

        self._years(painter)
        for value in multiples(low, high, step):
            self._level(painter, y(value), _thousands(value))
        zero = y(0.0)
        painter.setPen(colors.color("bar_muted"))
        for place, made in enumerate(found.happened.tolist()):
            x = self._across(place)
            painter.drawLine(QPointF(x, zero), QPointF(x, y(made)))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(colors.color("warn"))
        line = [QPointF(self._across(place), y(-said[place])) for place in np.flatnonzero(known).tolist()]
        painter.drawPolyline(QPolygonF(line))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("down"))
        for place in np.flatnonzero(known & (-found.happened > said)).tolist():
            painter.drawEllipse(QPointF(self._across(place), y(float(found.happened[place]))), 2.5, 2.5)


def _thousands(value: float) -> str:
    """A round level in little room."""
    if abs(value) < 1000:
        return written.number(value, 0)
    return f"{written.number(value / 1000, 0 if value % 1000 == 0 else 1)}K"
