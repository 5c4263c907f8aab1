"""Painted pictures of a position: what it makes by price at three moments, by price and day, and in small on a card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen, QPolygonF

from plugins.options.planner.words import dollars
from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.levels import levels
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

_LEFT, _RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter


class Small(Picture):
    """The line of gain and loss at expiry, without words: on cards."""

    def __init__(self, prices: Any, profit: Any, spot: float) -> None:
        super().__init__("Gain and loss at expiry", 46, grows=False)
        self._prices, self._profit, self._spot = np.asarray(prices), np.asarray(profit), spot
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(120), theme.scaled(46))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(90), theme.scaled(46))

    def said_at(self, place: QPointF) -> str:
        return ""

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(0, 2, self.width(), self.height() - 4)
        frame = _Frame(area, float(self._prices[0]), float(self._prices[-1]), *_span(self._profit))
        _zero(painter, frame)
        _filled(painter, frame, self._prices, self._profit)
        painter.setPen(QPen(theme.tokens().color("t3"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(frame.x(self._spot), area.top()), QPointF(frame.x(self._spot), area.bottom()))


class Payoff(Picture):
    """Gain and loss by the price of the share: at expiry filled, on the chosen day and today as lines, with break-evens, the
    expected move as a band, and the figures under the cursor. Left and Right move the cursor; `pointed` tells its price."""

    pointed = Signal(float)

    def __init__(self) -> None:
        super().__init__("Gain and loss by price", 300)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self._prices: Any = None
        self._grid: Any = None
        self._dates: tuple[date, ...] = ()
        self._row = 0
        self._spot = self._move = 0.0
        self._ends: tuple[float, ...] = ()
        self._strikes: tuple[float, ...] = ()
        self._at: int | None = None

    def show_grid(self, prices: Any, dates: Sequence[date], grid: Any, *, spot: float, move: float, breakevens: Sequence[float],
                  strikes: Sequence[float]) -> None:  # fmt: skip
        """`grid` [day, price]; the last day is that of the first expiry."""
        self._prices, self._grid, self._dates = np.asarray(prices), np.asarray(grid), tuple(dates)
        self._spot, self._move = spot, move
        self._ends, self._strikes = tuple(breakevens), tuple(strikes)
        self._row = min(self._row, len(self._dates) - 1)
        self.tell(self._said(self._place(spot)))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(260), theme.scaled(190))

    def show_day(self, row: int) -> None:
        """Which day the second line is of."""
        self._row = row
        self.update()

    def clear(self) -> None:
        """Nothing to show."""
        self._prices = self._grid = None
        self.update()

    def _place(self, price: float) -> int:
        assert self._prices is not None
        return int(np.abs(self._prices - price).argmin())

    def said_at(self, place: QPointF) -> str:
        frame = self._frame()
        return "" if frame is None else self._said(self._place(frame.price(place.x())))

    def _said(self, at: int) -> str:
        assert self._prices is not None and self._grid is not None
        price = float(self._prices[at])
        away = words.percent(price / self._spot - 1, 1, sign=True)
        last, day, now = (dollars(float(self._grid[row, at]), sign=True) for row in (-1, self._row, 0))
        middle = f"<br>{words.day(self._dates[self._row])}: {day}" if 0 < self._row < len(self._dates) - 1 else ""
        return f"<b>{words.money(price, 'USD')}</b> ({away})<br>at expiry {last}{middle}<br>today {now}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if (frame := self._frame()) is not None and self._prices is not None:
            self._moved(self._place(frame.price(event.position().x())))
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: Any) -> None:
        self._at = None
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if step and self._prices is not None:
            self._moved(min(max((self._place(self._spot) if self._at is None else self._at) + step, 0), len(self._prices) - 1))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _moved(self, at: int) -> None:
        assert self._prices is not None
        self._at = at
        self.setAccessibleDescription(self._said(at).replace("<br>", ", ").replace("<b>", "").replace("</b>", ""))
        self.pointed.emit(float(self._prices[at]))
        self.update()

    def _frame(self) -> _Frame | None:
        if self._prices is None or self._grid is None:
            return None
        area = QRectF(theme.scaled(58), theme.scaled(22), self.width() - theme.scaled(66), self.height() - theme.scaled(46))
        return _Frame(area, float(self._prices[0]), float(self._prices[-1]), *_span(self._grid))

    def _paint(self, painter: QPainter) -> None:
        frame = self._frame()
        if frame is None or self._prices is None or self._grid is None:
            self._nothing(painter, "Choose a structure, or type legs")
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.tokens()
        band = QRectF(QPointF(frame.x(self._spot - self._move), frame.area.top()),
                      QPointF(frame.x(self._spot + self._move), frame.area.bottom()))  # fmt: skip
        painter.fillRect(band.intersected(frame.area), colors.color("accent", 22))
        self._axes(painter, frame)
        _zero(painter, frame)
        _filled(painter, frame, self._prices, self._grid[-1])
        painter.setBrush(Qt.BrushStyle.NoBrush)
        lines = [(0, QPen(colors.color("t2"), 1.4, Qt.PenStyle.DashLine))]
        if 0 < self._row < len(self._dates) - 1:
            lines.append((self._row, QPen(colors.color("accent"), 2)))
        for row, pen in lines:
            painter.setPen(pen)
            painter.drawPolyline(frame.line(self._prices, self._grid[row]))
        self._marks(painter, frame)
        self._cursor(painter, frame)
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 1))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _axes(self, painter: QPainter, frame: _Frame) -> None:
        colors, tall = theme.tokens(), theme.scaled(16)
        for value in levels(frame.low, frame.high, 5):
            y = frame.y(value)
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawLine(QPointF(frame.area.left(), y), QPointF(frame.area.right(), y))
            text = dollars(value, sign=True) if value else "0"
            self._text(painter, QRectF(0, y - tall / 2, frame.area.left() - 6, tall), text, "t3", _RIGHT)
        for value in levels(frame.left, frame.right, max(3, int(frame.area.width() / theme.scaled(90)))):
            x, wide = frame.x(value), theme.scaled(70)
            self._text(painter, QRectF(x - wide / 2, frame.area.bottom() + 2, wide, tall), words.number(value, 0), "t3", _MIDDLE)

    def _marks(self, painter: QPainter, frame: _Frame) -> None:
        colors, tall, wide = theme.tokens(), theme.scaled(16), theme.scaled(86)
        painter.setPen(QPen(colors.color("t1"), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(frame.x(self._spot), frame.area.top()), QPointF(frame.x(self._spot), frame.area.bottom()))
        taken: list[float] = []
        marks = [(self._spot, f"now {words.number(self._spot)}", "t2", 400)]
        marks += [(at, words.number(at), "t1", 600) for at in self._ends if frame.left < at < frame.right]
        for place, (at, text, role, weight) in enumerate(marks):
            x = frame.x(at)
            if place:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colors.color("t1"))
                painter.drawEllipse(QPointF(x, frame.y(0.0)), 3.5, 3.5)
            top = float(theme.scaled(2))
            if any(abs(x - other) < wide for other in taken):
                top = frame.y(0.0) - tall - 6
            taken.append(x)
            self._text(painter, QRectF(x - wide / 2, top, wide, tall), text, role, _MIDDLE, weight)
        painter.setPen(QPen(colors.color("t3"), 1.5))
        for at in self._strikes:
            if frame.left < at < frame.right:
                painter.drawLine(QPointF(frame.x(at), frame.area.bottom() - 4), QPointF(frame.x(at), frame.area.bottom() + 1))

    def _cursor(self, painter: QPainter, frame: _Frame) -> None:
        if self._at is None or self._prices is None or self._grid is None:
            return
        colors = theme.tokens()
        price, end = float(self._prices[self._at]), float(self._grid[-1, self._at])
        day, now = float(self._grid[self._row, self._at]), float(self._grid[0, self._at])
        x = frame.x(price)
        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, frame.area.bottom()))
        tone = "up_text" if end >= 0 else "down_text"
        rows = [(words.money(price, "USD"), "t1"), (f"at expiry {dollars(end, sign=True)}", tone)]
        if 0 < self._row < len(self._dates) - 1:
            rows.append((f"{words.day_of_year(self._dates[self._row])} {dollars(day, sign=True)}", "accent_text"))
        rows.append((f"today {dollars(now, sign=True)}", "t2"))
        wide, tall = theme.scaled(128), theme.scaled(17)
        left = x + 8 if x + wide + 12 < frame.area.right() else x - wide - 8
        box = QRectF(left, frame.area.top() + 4, wide, tall * len(rows) + 8)
        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.setBrush(colors.color("bg2"))
        painter.drawRoundedRect(box, 4, 4)
        for place, (text, role) in enumerate(rows):
            self._text(painter, QRectF(left + 8, box.top() + 4 + place * tall, wide - 12, tall), text, role, _LEFT, 600)


class HeatMap(Picture):
    """What is made by price (down) and day (across). Arrow keys move a cell, which is said."""

    def __init__(self) -> None:
        super().__init__("Gain and loss by price and day", 220)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._grid: Any = None
        self._prices: Any = ()
        self._dates: tuple[date, ...] = ()
        self._spot = 0.0
        self._at = (0, 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.scaled(240), theme.scaled(150))

    def show_grid(self, prices: Any, dates: Sequence[date], grid: Any, spot: float) -> None:
        """`grid` [day, price]; as many of them as there is room are shown."""
        self._prices, self._dates, self._grid, self._spot = np.asarray(prices), tuple(dates), np.asarray(grid), spot
        self._at = (0, 0)
        self.update()

    def clear(self) -> None:
        """Nothing to show."""
        self._grid = None
        self.update()

    def said_at(self, place: QPointF) -> str:
        if self._grid is None:
            return ""
        area, (down, across) = self._area(), self._chosen()
        if not area.contains(place):
            return ""
        return self._said(min(int((place.y() - area.top()) / area.height() * len(down)), len(down) - 1),
                          min(int((place.x() - area.left()) / area.width() * len(across)), len(across) - 1))  # fmt: skip

    def _said(self, row: int, column: int) -> str:
        down, across = self._chosen()
        value = float(self._grid[across[column], down[row]])
        price = words.money(float(self._prices[down[row]]), "USD")
        return f"<b>{dollars(value, sign=True)}</b><br>{price} on {words.day(self._dates[across[column]])}"

    def _area(self) -> QRectF:
        left, top = theme.scaled(58), theme.scaled(20)
        return QRectF(left, top, self.width() - left - 2, self.height() - top - 2)

    def _chosen(self) -> tuple[list[int], list[int]]:
        """Which prices (the highest first) and which days have room."""
        area = self._area()
        rows = min(max(3, int(area.height() / theme.scaled(22))), len(self._prices), 15)
        columns = min(max(2, int(area.width() / theme.scaled(62))), len(self._dates))
        wanted = np.linspace(self._prices[0], self._prices[-1], rows)
        down = np.unique(np.abs(self._prices[None, :] - wanted[:, None]).argmin(axis=1))[::-1]
        across = np.unique(np.linspace(0, len(self._dates) - 1, columns).round().astype(int))
        return [int(each) for each in down], [int(each) for each in across]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}.get(
            Qt.Key(event.key()))  # fmt: skip
        if step is None or self._grid is None:
            super().keyPressEvent(event)
            return
        down, across = self._chosen()
        self._at = (min(max(self._at[0] + step[0], 0), len(down) - 1), min(max(self._at[1] + step[1], 0), len(across) - 1))
        said = self._said(*self._at).replace("<br>", ", ").replace("<b>", "").replace("</b>", "")
        self.setAccessibleDescription(said)
        self.update()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _paint(self, painter: QPainter) -> None:
        if self._grid is None:
            self._nothing(painter, "No position yet")
            return
        area, (down, across) = self._area(), self._chosen()
        wide, tall = area.width() / len(across), area.height() / len(down)
        largest = float(np.abs(self._grid).max()) or 1.0
        colors = theme.tokens()
        nearest = min(down, key=lambda row: abs(float(self._prices[row]) - self._spot))
        for column, day in enumerate(across):
            head = QRectF(area.left() + column * wide, 0, wide, theme.scaled(18))
            self._text(painter, head, words.day_of_year(self._dates[day]), "t2", _MIDDLE, 600)
        for row, place in enumerate(down):
            top = area.top() + row * tall
            role, weight = ("accent_text", 600) if place == nearest else ("t2", 400)
            said = words.number(float(self._prices[place]), 0)
            self._text(painter, QRectF(0, top, area.left() - 6, tall), said, role, _RIGHT, weight)
            for column, day in enumerate(across):
                value = float(self._grid[day, place])
                box = QRectF(area.left() + column * wide, top, wide, tall).adjusted(0.5, 0.5, -0.5, -0.5)
                painter.fillRect(box, _shade(colors, value / largest))
                if tall >= theme.scaled(15):
                    self._text(painter, box, dollars(value, sign=True), "t1", _MIDDLE)
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            row, column = min(self._at[0], len(down) - 1), min(self._at[1], len(across) - 1)
            painter.drawRect(QRectF(area.left() + column * wide, area.top() + row * tall, wide, tall))


class _Frame:
    """From price and money to pixels."""

    def __init__(self, area: QRectF, left: float, right: float, low: float, high: float) -> None:
        self.area, self.left, self.right, self.low, self.high = area, left, right, low, high

    def x(self, price: float) -> float:
        return self.area.left() + (price - self.left) / (self.right - self.left) * self.area.width()

    def price(self, x: float) -> float:
        return self.left + (x - self.area.left()) / max(self.area.width(), 1.0) * (self.right - self.left)

    def y(self, value: float) -> float:
        return self.area.bottom() - (value - self.low) / (self.high - self.low) * self.area.height()

    def line(self, prices: Any, values: Any) -> QPolygonF:
        return QPolygonF([QPointF(self.x(float(at)), self.y(float(value))) for at, value in zip(prices, values, strict=True)])


def _span(values: Any) -> tuple[float, float]:
    low, high = min(0.0, float(np.min(values))), max(0.0, float(np.max(values)))
    room = 0.06 * ((high - low) or 1.0)
    return low - room, high + room


def _zero(painter: QPainter, frame: _Frame) -> None:
    painter.setPen(QPen(theme.tokens().color("line_strong"), 1))
    painter.drawLine(QPointF(frame.area.left(), frame.y(0.0)), QPointF(frame.area.right(), frame.y(0.0)))


def _filled(painter: QPainter, frame: _Frame, prices: Any, values: Any) -> None:
    """The line at expiry, green above zero and red below, the room to zero tinted."""
    colors, zero, line = theme.tokens(), frame.y(0.0), frame.line(prices, values)
    points = [line.at(place) for place in range(line.size())]
    corners = [QPointF(frame.x(float(prices[0])), zero), *points, QPointF(frame.x(float(prices[-1])), zero)]
    area = frame.area
    for role, box in (("up", QRectF(area.left(), area.top() - 9, area.width(), zero - area.top() + 9)),
                      ("down", QRectF(area.left(), zero, area.width(), area.bottom() - zero + 9))):  # fmt: skip
        painter.save()
        painter.setClipRect(box)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color(role, 40))
        painter.drawPolygon(QPolygonF(corners))
        painter.setPen(QPen(colors.color(role), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)
        painter.restore()


def _shade(colors: theme.Tokens, share: float) -> QColor:
    """From the card's own colour towards that of gains or losses."""
    base, towards = colors.color("bg2"), colors.color("up" if share >= 0 else "down")
    strength = min(1.0, abs(share)) ** 0.6 * 0.6
    parts = ((base.red(), towards.red()), (base.green(), towards.green()), (base.blue(), towards.blue()))
    return QColor(*(round(one + (other - one) * strength) for one, other in parts))
