"""Painted pictures over the price: bars by strike with the levels marked, and net gamma at other prices."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.levels import levels
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from plugins.options.exposure.model import Bar, Mark

_LEFT, _RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
ROLES = {"spot": "t1", "zero_gamma": "warn", "call_wall": "accent_text", "put_wall": "accent_text", "max_pain": "past"}
_DASHES = {"spot": Qt.PenStyle.SolidLine, "max_pain": Qt.PenStyle.DotLine}
_STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -10_000, Qt.Key.Key_End: 10_000}
_LINE = 15


class Pointed(Picture):
    """A picture with a place that arrows and the pointer move, and a screen reader hears."""

    def __init__(self, name: str, height: int = 300) -> None:
        super().__init__(name, height)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def retheme(self) -> None:
        """Colours anew."""
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _moved(self, text: str) -> None:
        self.setAccessibleDescription(text.replace("<b>", "").replace("</b>", "").replace("<br>", ". "))
        self.update()


class Across(Pointed):
    """A picture whose width is the price: an axis of values at the left, prices below, marked prices above."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._marks: tuple[Mark, ...] = ()
        self._low, self._high, self._top, self._bottom = 0.0, 1.0, 1.0, 0.0
        self._rows = 1  # of names above the picture, as many as it takes

    def _area(self) -> QRectF:
        left, head, foot = theme.scaled(62), theme.scaled(_LINE * self._rows + 4), theme.scaled(18)
        return QRectF(left, head, max(10.0, self.width() - left - theme.scaled(10)), max(10.0, self.height() - head - foot))

    def _x(self, price: float) -> float:
        area = self._area()
        return area.left() + (price - self._low) / ((self._high - self._low) or 1.0) * area.width()

    def _y(self, value: float) -> float:
        area = self._area()
        return area.bottom() - (value - self._bottom) / ((self._top - self._bottom) or 1.0) * area.height()

    def _axes(self, painter: QPainter, money: bool) -> None:
        colors, area = theme.tokens(), self._area()
        for value in levels(self._bottom, self._top, 9):
            y = self._y(value)
            painter.setPen(QPen(colors.color("line_strong" if value == 0 else "grid"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            text = written.money(value, "USD", 0) if money else written.compact(abs(value))
            self._text(painter, QRectF(0, y - 8, area.left() - 6, 16), text, "t3", _RIGHT)
        wide = theme.scaled(64)
        for price in levels(self._low, self._high, max(2, int(area.width() // theme.scaled(90)))):
            left = min(self._x(price) - wide / 2, self.width() - wide)
            self._text(painter, QRectF(left, area.bottom() + 2, wide, theme.scaled(15)),
                       written.number(price, 0 if price == round(price) else 1), "t3", _MIDDLE)  # fmt: skip

    def _arranged(self, painter: QPainter) -> list[tuple[Mark, QRectF]]:
        """Each marked price that is inside with the place of its name: no two names over each other."""
        found: list[tuple[Mark, QRectF]] = []
        tall = theme.scaled(_LINE)
        for mark in self._marks:
            if not self._low <= mark.price <= self._high:
                continue
            wide = painter.fontMetrics().horizontalAdvance(mark.text) * 1.12 + 8
            left = min(max(self._x(mark.price) - wide / 2, 0.0), self.width() - wide)
            place = QRectF(left, 0, wide, tall)
            while any(place.adjusted(1, 1, -1, -1).intersects(other) for _, other in found):
                place.translate(0, tall)
            found.append((mark, place))
        self._rows = max((round(place.bottom() / tall) for _, place in found), default=1)
        return found

    def _levels(self, painter: QPainter, arranged: list[tuple[Mark, QRectF]]) -> None:
        """A line for each marked price, and its name above."""
        colors, area = theme.tokens(), self._area()
        for mark, place in arranged:
            x, role = self._x(mark.price), ROLES[mark.key]
            style = _DASHES.get(mark.key, Qt.PenStyle.DashLine)
            painter.setPen(QPen(colors.color(role), 1.5 if mark.key == "spot" else 1.2, style))
            painter.drawLine(QPointF(x, place.bottom()), QPointF(x, area.bottom()))
        for mark, place in arranged:  # above the lines of the others
            painter.fillRect(place.adjusted(2, 1, -2, -1), colors.color("bg1"))
            self._text(painter, place, mark.text, ROLES[mark.key], _MIDDLE, 600)


class StrikeBars(Across):
    """A bar a strike, above the line and below it. Arrow keys go from strike to strike."""

    def __init__(self) -> None:
        super().__init__("Exposure by strike")
        self._bars: tuple[Bar, ...] = ()
        self._money, self._at = True, 0
        self._sides = ("", "")
        self.setMouseTracking(True)

    def show_bars(self, bars: Sequence[Bar], marks: Sequence[Mark], *, money: bool, sides: tuple[str, str]) -> None:
        """`sides` say what above and below the line mean; `money`: values are dollars, else numbers of contracts."""
        self._bars, self._marks, self._money, self._sides = tuple(bars), tuple(marks), money, sides
        strikes = [each.strike for each in bars]
        gap = min((b - a for a, b in pairwise(strikes)), default=1.0)
        prices = strikes + [mark.price for mark in marks if mark.key == "spot"]
        self._low, self._high = (min(prices) - gap, max(prices) + gap) if prices else (0.0, 1.0)
        self._top = max((each.up or 0.0 for each in bars), default=0.0) * 1.06
        self._bottom = -max((each.down or 0.0 for each in bars), default=0.0) * 1.06
        if self._top == self._bottom:
            self._top = 1.0
        spot = next((mark.price for mark in marks if mark.key == "spot"), 0.0)
        self._at = min(range(len(bars)), key=lambda n: abs(strikes[n] - spot)) if bars else 0
        self._moved(self._bars[self._at].said if bars else "Nothing to show")

    def said_at(self, place: QPointF) -> str:
        at = self._place(place)
        return self._bars[at].said if at is not None else ""

    def _place(self, place: QPointF) -> int | None:
        if not self._bars or not self._area().contains(place):
            return None
        return min(range(len(self._bars)), key=lambda n: abs(self._x(self._bars[n].strike) - place.x()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or not self._bars:
            super().keyPressEvent(event)
            return
        self._point(min(max(self._at + step, 0), len(self._bars) - 1))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = self._place(event.position())
        if at is not None and at != self._at:
            self._point(at)
        super().mouseMoveEvent(event)

    def _point(self, at: int) -> None:
        self._at = at
        self._moved(self._bars[at].said)

    def _paint(self, painter: QPainter) -> None:
        if not self._bars:
            self._nothing(painter, "Nothing is open that has a usable price")
            return
        arranged = self._arranged(painter)
        colors, area, zero = theme.tokens(), self._area(), self._y(0.0)
        self._axes(painter, self._money)
        places = [self._x(each.strike) for each in self._bars]
        gap = min((b - a for a, b in pairwise(places)), default=area.width() / 3)
        wide = min(max(gap * 0.72, 1.0), theme.scaled(34))
        if self.hasFocus() or self.underMouse():
            painter.fillRect(QRectF(places[self._at] - gap / 2, area.top(), gap, area.height()), colors.color("hover"))
        for x, each in zip(places, self._bars, strict=True):
            if each.up is None and each.down is None:
                self._text(painter, QRectF(x - gap / 2, zero - 14, gap, 12), "?", "t3", _MIDDLE)
                continue
            for value, role in ((each.up or 0.0, "up"), (-(each.down or 0.0), "down")):
                if value:
                    painter.fillRect(QRectF(x - wide / 2, min(self._y(value), zero), wide, max(abs(self._y(value) - zero), 1.0)),
                                     colors.color(role))  # fmt: skip
        self._levels(painter, arranged)
        tall = theme.scaled(16)
        for text, y, role, room in ((self._sides[0], area.top(), "up_text", self._top > 0),
                                    (self._sides[1], area.bottom() - tall, "down_text", self._bottom < 0)):  # fmt: skip
            if not room:
                continue
            self._text(painter, QRectF(area.left() + 6, y, area.width() * 0.6, tall), text, role, _LEFT, 600)


class Curve(Across):
    """Net gamma if the price were elsewhere. Arrow keys move along it."""

    def __init__(self) -> None:
        super().__init__("Net gamma at other prices")
        self._spots: np.ndarray[Any, Any] | None = None
        self._values: np.ndarray[Any, Any] | None = None
        self._at = 0

    def show_curve(self, spots: np.ndarray[Any, Any], values: np.ndarray[Any, Any], marks: Sequence[Mark]) -> None:
        """Dollars per 1 % move at each price."""
        self._spots, self._values, self._marks = spots, values, tuple(marks)
        self._low, self._high = float(spots[0]), float(spots[-1])
        self._top, self._bottom = max(float(values.max()), 0.0) * 1.08, min(float(values.min()), 0.0) * 1.08
        if self._top == self._bottom:
            self._top = 1.0
        self._at = len(spots) // 2
        self._moved(self._said(self._at))

    def _said(self, at: int) -> str:
        assert self._spots is not None
        assert self._values is not None
        value = float(self._values[at])
        deed = "calms" if value > 0 else "drives on" if value < 0 else "does nothing"
        return f"<b>At {written.number(float(self._spots[at]), 2)}</b><br>{written.money(value, 'USD', 0)} per 1 % move: {deed}"

    def said_at(self, place: QPointF) -> str:
        if self._spots is None or not self._area().contains(place):
            return ""
        share = (place.x() - self._area().left()) / self._area().width()
        return self._said(min(int(share * len(self._spots)), len(self._spots) - 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        if step is None or self._spots is None:
            super().keyPressEvent(event)
            return
        self._at = min(max(self._at + step, 0), len(self._spots) - 1)
        self._moved(self._said(self._at))

    def _paint(self, painter: QPainter) -> None:
        if self._spots is None or self._values is None or not self._values.any():
            self._nothing(painter, "Nothing is open that has a usable price")
            return
        arranged = self._arranged(painter)
        colors, zero = theme.tokens(), self._y(0.0)
        self._axes(painter, True)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = [QPointF(self._x(x), self._y(y)) for x, y in zip(self._spots.tolist(), self._values.tolist(), strict=True)]
        for role, side in (("up", 1), ("down", -1)):
            edge = [QPointF(each.x(), min(each.y(), zero) if side > 0 else max(each.y(), zero)) for each in line]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color(role, 60))
            painter.drawPolygon(QPolygonF([QPointF(line[0].x(), zero), *edge, QPointF(line[-1].x(), zero)]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("t1"), 1.6))
        painter.drawPolyline(QPolygonF(line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self._levels(painter, arranged)
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.drawEllipse(line[self._at], 4, 4)
