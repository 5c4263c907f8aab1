"""Painted pictures of trades: the curve of profits, what each day brought, how results spread, and how one trade went."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.levels import levels
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from datetime import date

_MIDDLE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_DAYS = ("Mon", "", "Wed", "", "Fri", "", "")


class EquityPicture(Picture):
    """Summed profit of closed trades over time, and below it how far it was under its highest."""

    def __init__(self) -> None:
        super().__init__("Equity curve", 210, grows=False)
        self._rows: list[dict[str, Any]] = []

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        """Rows of `journal equity`."""
        self._rows = rows
        if rows:
            deepest = min(rows, key=lambda row: row["drawdown"])
            self.tell(f"{_money(rows[-1]['total'], rows[-1])} in all, deepest fall {_money(deepest['drawdown'], deepest)}")
        else:
            self.tell("no closed trade")

    def said_at(self, place: QPointF) -> str:
        if len(self._rows) < 2:
            return ""
        row = min(self._rows, key=lambda one: abs(self._x(one["day"]) - place.x()))
        return (f"<b>{fmt.day(row['day'])}</b><br>that day {_money(row['profit'], row)}<br>in all {_money(row['total'], row)}"
                f"<br>below its highest {_money(row['drawdown'], row)}")  # fmt: skip

    def _paint(self, painter: QPainter) -> None:
        if len(self._rows) < 2:
            self._nothing(painter, "The curve begins with the second closed trade")
            return
        colors = theme.tokens()
        totals = [row["total"] for row in self._rows]
        low, high = min(0.0, *totals), max(0.0, *totals)
        top, under = theme.scaled(8), self.height() - theme.scaled(70)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

        def y(value: float) -> float:
            return float(under - (value - low) / ((high - low) or 1.0) * (under - top))

        for value in levels(low, high):
            painter.setPen(QPen(colors.color("grid"), 1))
            painter.drawLine(QPointF(self._left, y(value)), QPointF(self._right, y(value)))
            painter.setPen(colors.color("t3"))
            painter.drawText(QRectF(self._right + 6, y(value) - 8, 60, 16), _LEFT, fmt.compact(value))
        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.drawLine(QPointF(self._left, y(0)), QPointF(self._right, y(0)))
        points = [QPointF(self._x(row["day"]), y(row["total"])) for row in self._rows]
        color = colors.color("up" if totals[-1] >= 0 else "down")
        faint = QColor(color)
        faint.setAlpha(30)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        painter.drawPolygon(QPolygonF([QPointF(points[0].x(), y(0)), *points, QPointF(points[-1].x(), y(0))]))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(color, 1.8))
        painter.drawPolyline(QPolygonF(points))
        self._falls(painter, under + theme.scaled(12))

    def _falls(self, painter: QPainter, top: float) -> None:
        colors, height = theme.tokens(), theme.scaled(30)
        deepest = min(row["drawdown"] for row in self._rows) or -1.0
        faint = QColor(colors.color("down"))
        faint.setAlpha(70)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        line = [QPointF(self._x(row["day"]), top + row["drawdown"] / deepest * height) for row in self._rows]
        painter.drawPolygon(QPolygonF([QPointF(line[0].x(), top), *line, QPointF(line[-1].x(), top)]))
        painter.setPen(colors.color("t3"))
        painter.drawText(QRectF(self._right + 6, top + height - 12, 60, 16), _LEFT, fmt.compact(deepest))
        for row, at in ((self._rows[0], self._left), (self._rows[-1], self._right - 90)):
            align = Qt.AlignmentFlag.AlignLeft if at == self._left else Qt.AlignmentFlag.AlignRight
            painter.drawText(QRectF(at, self.height() - 16, 90, 16), align | Qt.AlignmentFlag.AlignVCenter, fmt.day(row["day"]))

    @property
    def _left(self) -> float:
        return 4.0

    @property
    def _right(self) -> float:
        return self.width() - theme.scaled(58)

    def _x(self, day: date) -> float:
        first, last = self._rows[0]["day"], self._rows[-1]["day"]
        return float(self._left + (day - first).days / max((last - first).days, 1) * (self._right - self._left))


class CalendarPicture(Picture):
    """A square a day, weeks from left to right: green for a gain, red for a loss, deeper for more."""

    def __init__(self) -> None:
        super().__init__("Calendar", 150, grows=False)
        self._by_day: dict[date, dict[str, Any]] = {}
        self._end: date | None = None

    def show_rows(self, rows: list[dict[str, Any]], end: date) -> None:
        """Rows of `journal calendar`, up to a day."""
        self._by_day, self._end = {row["day"]: row for row in rows}, end
        won = sum(row["profit"] > 0 for row in rows)
        self.tell(f"{len(rows)} days with closed trades, {won} of them with a gain")

    def said_at(self, place: QPointF) -> str:
        day = self._day_at(place)
        row = self._by_day.get(day) if day is not None else None
        if day is None:
            return ""
        if row is None:
            return f"<b>{fmt.day(day)}</b><br>nothing was closed"
        return f"<b>{fmt.day(day)}</b><br>{_money(row['profit'], row)}, {row['won']} of {row['trades']} won"

    def _paint(self, painter: QPainter) -> None:
        if self._end is None or not self._by_day:
            self._nothing(painter, "No trade is closed yet")
            return
        colors = theme.tokens()
        strongest = max(abs(row["profit"]) for row in self._by_day.values()) or 1.0
        painter.setPen(colors.color("t3"))
        for at, name in enumerate(_DAYS):
            painter.drawText(QRectF(0, self._top + at * self._step, theme.scaled(28), self._step), _LEFT, name)
        month, told_at = 0, -99.0
        for week in range(self._weeks):
            monday = self._first + timedelta(days=7 * week)
            x = self._left + week * self._step
            if monday.month != month and x - told_at >= theme.scaled(30):
                painter.setPen(colors.color("t3"))
                painter.drawText(QRectF(x, 0, 60, self._top), _LEFT, fmt.month(monday, year=False))
                told_at = x
            month = monday.month
            for weekday in range(7):
                day = monday + timedelta(days=weekday)
                if day > self._end:
                    break
                box = QRectF(x, self._top + weekday * self._step, self._step - 2, self._step - 2)
                painter.fillRect(box, self._color(day, strongest))

    def _color(self, day: date, strongest: float) -> QColor:
        row = self._by_day.get(day)
        if row is None:
            return theme.tokens().color("bg3" if day.weekday() < 5 else "bg2")
        color = QColor(theme.tokens().color("up" if row["profit"] >= 0 else "down"))
        color.setAlpha(80 + round(175 * math.sqrt(abs(row["profit"]) / strongest)))
        return color

    @property
    def _left(self) -> float:
        return theme.scaled(32)

    @property
    def _top(self) -> float:
        return theme.scaled(18)

    @property
    def _step(self) -> float:
        return min(theme.scaled(18), max(theme.scaled(10), (self.height() - self._top - 2) / 7))

    @property
    def _weeks(self) -> int:
        room = int((self.width() - self._left) / self._step)
        wanted = 1 if self._end is None or not self._by_day else (self._end - min(self._by_day)).days // 7 + 2
        return max(1, min(room, wanted))

    @property
    def _first(self) -> date:
        assert self._end is not None
        return self._end - timedelta(days=self._end.weekday() + 7 * (self._weeks - 1))

    def _day_at(self, place: QPointF) -> date | None:
        week, weekday = int((place.x() - self._left) // self._step), int((place.y() - self._top) // self._step)
        if self._end is None or not self._by_day or not 0 <= weekday < 7 or not 0 <= week < self._weeks:
            return None
        day = self._first + timedelta(days=7 * week + weekday)
        return day if day <= self._end else None


class HistogramPicture(Picture):
    """How many trades ended where."""

    def __init__(self) -> None:
        super().__init__("Distribution", 150, grows=False)
        self._rows: list[dict[str, Any]] = []

    def show_rows(self, rows: list[dict[str, Any]]) -> None:
        """Rows of `journal distribution`."""
        self._rows = rows
        most = max(rows, key=lambda row: row["trades"]) if rows else None
        self.tell(f"most trades between {self._edge(most, 'low')} and {self._edge(most, 'high')}" if most else "no closed trade")

    def said_at(self, place: QPointF) -> str:
        if not self._rows:
            return ""
        row = self._rows[max(0, min(int(place.x() / self.width() * len(self._rows)), len(self._rows) - 1))]
        return f"<b>{row['trades']} trades</b><br>{self._edge(row, 'low')} to {self._edge(row, 'high')}"

    def _edge(self, row: dict[str, Any], name: str) -> str:
        return fmt.money(row[name], row["currency"], 0, sign=True) if row["currency"] else f"{fmt.number(row[name], 1)} R"

    def _paint(self, painter: QPainter) -> None:
        if not self._rows:
            self._nothing(painter, "Nothing to show yet")
            return
        colors = theme.tokens()
        most = max(row["trades"] for row in self._rows)
        across, bottom = self.width() / len(self._rows), self.height() - theme.scaled(20)
        for at, row in enumerate(self._rows):
            height = (bottom - theme.scaled(16)) * row["trades"] / most
            box = QRectF(at * across + 1, bottom - height, max(across - 2, 1), height)
            painter.fillRect(box, colors.color("up" if row["low"] >= 0 else "down"))
            if row["trades"] and across >= theme.scaled(16):
                painter.setPen(colors.color("t2"))
                painter.drawText(QRectF(at * across, bottom - height - 16, across, 15), _MIDDLE, str(row["trades"]))
        painter.setPen(colors.color("line_strong"))
        painter.drawLine(QPointF(0, bottom), QPointF(self.width(), bottom))
        painter.setPen(colors.color("t3"))
        every = max(1, math.ceil(theme.scaled(54) / across))
        zero = next((at for at, row in enumerate(self._rows) if row["low"] >= 0), 0)
        for at, row in enumerate(self._rows):
            if (at - zero) % every == 0:
                text = fmt.compact(row["low"]) if row["currency"] else fmt.number(row["low"], 1)
                left = max(at * across - 40, 0.0)
                align = _MIDDLE if left else _LEFT
                painter.drawText(QRectF(left, bottom + 2, 80, 16), align, text)


class SwingPicture(Picture):
    """One trade on a line: the worst and the best it stood at, where it ended, and the planned risk."""

    def __init__(self) -> None:
        super().__init__("How it went", 46, grows=False)
        self._worst = self._best = self._end = self._risk = None
        self._currency = ""

    def show_trade(self, worst: float | None, best: float | None, end: float | None, risk: float | None, currency: str) -> None:
        """In money."""
        self._worst, self._best, self._end, self._risk, self._currency = worst, best, end, risk, currency  # type: ignore[assignment]
        self.tell(self.said_at(QPointF()).replace("<br>", ", ") or "not known")

    def said_at(self, place: QPointF) -> str:
        if self._worst is None or self._best is None:
            return ""
        told = [f"worst {self._money(self._worst)}", f"best {self._money(self._best)}"]
        told += [f"result {self._money(self._end)}"] if self._end is not None else []
        return "<br>".join([*told, *([f"planned risk {self._money(-self._risk)}"] if self._risk is not None else [])])

    def _money(self, value: float) -> str:
        return fmt.money(value, self._currency, 0, sign=True)

    def _paint(self, painter: QPainter) -> None:
        if self._worst is None or self._best is None:
            self._nothing(painter, "How it went in between is not known")
            return
        colors = theme.tokens()
        ends = [self._worst, self._best, 0.0, *([self._end] if self._end is not None else []),
                *([-self._risk] if self._risk is not None else [])]  # fmt: skip
        low, high = min(ends), max(ends)
        left, right, middle = theme.scaled(8), self.width() - theme.scaled(8), self.height() - theme.scaled(14)

        def x(value: float) -> float:
            return left + (value - low) / ((high - low) or 1.0) * (right - left)

        painter.fillRect(QRectF(x(self._worst), middle - 4, x(0) - x(self._worst), 8), colors.color("down"))
        painter.fillRect(QRectF(x(0), middle - 4, x(self._best) - x(0), 8), colors.color("up"))
        painter.fillRect(QRectF(x(0) - 0.5, middle - 9, 1, 18), colors.color("line_strong"))
        if self._risk is not None:
            painter.setPen(QPen(colors.color("warn"), 2, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x(-self._risk), middle - 12), QPointF(x(-self._risk), middle + 12))
        if self._end is not None:
            painter.fillRect(QRectF(x(self._end) - 1.5, middle - 9, 3, 18), colors.color("t1"))
        painter.setPen(colors.color("t3"))
        painter.drawText(QRectF(0, 0, self.width() / 2, 16), _LEFT, f"worst {self._money(self._worst)}")
        best = f"best {self._money(self._best)}"
        painter.drawText(QRectF(self.width() / 2, 0, self.width() / 2, 16),
                         Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, best)  # fmt: skip


def _money(value: float, row: dict[str, Any]) -> str:
    return fmt.money(value, row["currency"], 0, sign=True)
