"""Worth over time as a picture: a line with what it makes up, the own money in it, and a band where a price is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.levels import levels

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent

    from terminal.api import Table

_BAND_MOST = 1.5
"""A bound further off than so many times the highest known worth is not drawn to scale."""


class Curve(QWidget):
    """Draws the answer of `portfolio.curve`. The arrow keys and the mouse tell a day's numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[dict[str, Any]] = []
        self._currency = ""
        self._at = -1
        self.setMinimumHeight(theme.scaled(150))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Worth over time: unknown")

    def show_table(self, table: Table) -> None:
        """Draw these days."""
        self._rows, self._at = table.frame.to_dicts(), -1
        self._currency = str(self._rows[0]["currency"]) if self._rows else ""
        told = "unknown"
        if self._rows:
            first, last = self._rows[0], self._rows[-1]
            told = f"from {self._money(first)} on {fmt.day(first['day'])} to {self._money(last)} on {fmt.day(last['day'])}"
        self.setAccessibleName(f"Worth over time: {told}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(420), theme.scaled(190))

    # ---- one day ----

    def told(self, at: int) -> str:
        """What is said of a day."""
        row = self._rows[at]
        put_in, made = fmt.money(row["put_in"], self._currency, 0), fmt.money(row["made"], self._currency, 0, sign=True)
        return f"{fmt.day(row['day'])}: worth {self._money(row)}, your own money {put_in}, made {made}"

    def _money(self, row: dict[str, Any]) -> str:
        if row["worth"] is not None:
            return fmt.money(row["worth"], self._currency, 0)
        ends = [fmt.money(row[name], self._currency, 0) for name in ("low", "high")]
        return f"between {ends[0]} and {ends[1]}"

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if len(self._rows) > 1:
            plot = self._plot()
            share = (event.position().x() - plot.left()) / max(1.0, plot.width())
            self._go(round(share * (len(self._rows) - 1)))
            QToolTip.showText(event.globalPosition().toPoint(), self.told(self._at), self)

    def leaveEvent(self, event: Any) -> None:
        self._at = -1
        self.update()
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()), 0)
        if not step or not self._rows:
            super().keyPressEvent(event)
            return
        self._go((len(self._rows) if self._at < 0 else self._at) + step)
        self.setAccessibleDescription(self.told(self._at))
        QToolTip.showText(self.mapToGlobal(self._plot().topLeft().toPoint()), self.told(self._at), self)

    def _go(self, at: int) -> None:
        self._at = min(max(at, 0), len(self._rows) - 1)
        self.update()

    # ---- painting ----

    def _plot(self) -> QRectF:
        return QRectF(self.rect()).adjusted(4, 6, -theme.scaled(58), -theme.scaled(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        colors, plot = theme.tokens(), self._plot()
        painter.setFont(theme.font(theme.scaled(11)))
        if len(self._rows) < 2:
            painter.setPen(colors.color("t3"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "Not enough days yet")
            return
        low, high = self._scale()
        self._draw_grid(painter, plot, low, high)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        across = plot.width() / (len(self._rows) - 1)

        def place(at: int, value: float) -> QPointF:
            return QPointF(plot.left() + at * across, plot.bottom() - (min(value, high) - low) / (high - low) * plot.height())

        worth = [row["worth"] for row in self._rows]
        last = self._rows[-1]
        now = last["low"] if last["worth"] is None else last["worth"]
        color = colors.color("down" if now is not None and now < (last["put_in"] or 0.0) else "up")
        self._draw_bands(painter, place)
        for run in _runs(worth):
            points = [place(at, worth[at]) for at in run]
            line = QPolygonF(points)
            area = QPolygonF([*points, QPointF(points[-1].x(), plot.bottom()), QPointF(points[0].x(), plot.bottom())])
            faint = QColor(color)
            faint.setAlpha(28)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(faint)
            painter.drawPolygon(area)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color, 1.6))
            painter.drawPolyline(line)
        pen = QPen(colors.color("t3"), 1.2, Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.drawPolyline(QPolygonF([place(at, row["put_in"] or 0.0) for at, row in enumerate(self._rows)]))
        if self._at >= 0:
            painter.setPen(QPen(colors.color("line_strong"), 1))
            x = plot.left() + self._at * across
            painter.drawLine(QPointF(x, plot.top()), QPointF(x, plot.bottom()))

    def _draw_bands(self, painter: QPainter, place: Any) -> None:
        """Between the two bounds, where the worth is not known."""
        faint = QColor(theme.tokens().color("warn"))
        faint.setAlpha(46)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(faint)
        bounds = [(row["low"], row["high"]) if None not in (row["low"], row["high"]) else None for row in self._rows]
        for run in _runs(bounds):
            if any(self._rows[at]["worth"] is None for at in run):
                upper = [place(at, bounds[at][1]) for at in run]  # type: ignore[index]
                lower = [place(at, bounds[at][0]) for at in reversed(run)]  # type: ignore[index]
                painter.drawPolygon(QPolygonF([*upper, *lower]))

    def _scale(self) -> tuple[float, float]:
        known = [row[name] for row in self._rows for name in ("worth", "put_in", "low") if row[name] is not None]
        top = max(known)
        high = max([top, *(row["high"] for row in self._rows if row["high"] is not None and row["high"] <= _BAND_MOST * top)])
        low = min(known)
        room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
        return low - room, high + room

    def _draw_grid(self, painter: QPainter, plot: QRectF, low: float, high: float) -> None:
        colors = theme.tokens()
        for value in levels(low, high):
            y = plot.bottom() - (value - low) / (high - low) * plot.height()
            painter.setPen(QPen(colors.color("line"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(colors.color("t3"))
            box = QRectF(plot.right() + 6, y - 8, self.width() - plot.right() - 8, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, fmt.compact(value))
        days: Sequence[date] = [row["day"] for row in self._rows]
        labels = max(2, min(6, int(plot.width() / theme.scaled(90))))
        for step in range(labels):
            at = round(step * (len(days) - 1) / (labels - 1))
            x = plot.left() + at * plot.width() / (len(days) - 1)
            align = Qt.AlignmentFlag.AlignLeft if step == 0 else Qt.AlignmentFlag.AlignRight if step == labels - 1 else \
                Qt.AlignmentFlag.AlignHCenter  # fmt: skip
            left = {0: x, labels - 1: x - 80}.get(step, x - 40)
            painter.drawText(QRectF(left, plot.bottom() + 4, 80, theme.scaled(16)), align, fmt.month(days[at]))


def _runs(values: Sequence[Any]) -> list[list[int]]:
    """Places of values that are known, in unbroken runs of two or more."""
    runs: list[list[int]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append(at)
    return [run for run in runs if len(run) > 1]
