"""Behind and beside the bars: grid, sessions, gaps, levels with their names, the last price, and the cursor's lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QLine, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from terminal.ui import theme
from terminal.ui.chart.layers import Frame, Layer, PaneState, faint

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.ui.chart.axes import PriceAxis, SessionAxis

_MOST_DAYS, _MOST_GAPS = 40, 12
VOLUME_SHARE = 0.2  # of the height, at the foot of the price pane


class Backdrop(Layer):
    """The grid at the axes' ticks; behind it pre- and after-market shaded and days parted, where minute bars have them."""

    def __init__(self, pane: PaneState, bottom: SessionAxis, right: PriceAxis) -> None:
        super().__init__(pane, z=-100)
        self._axes = (bottom, right)
        self.watermark = ""

    def draw(self, painter: QPainter, frame: Frame) -> None:
        colors, area, timeline = theme.tokens(), frame.area, self.pane.series.timeline
        days = timeline.days(frame.start, frame.end)
        if len(days) <= _MOST_DAYS:  # beyond, days are too narrow to tell their parts apart
            shade = faint("bg3", 0.43)
            for first, end, _session in timeline.closed_stretches(frame.start, frame.end):
                left, right = max(area.left(), frame.x(first - 0.5)), min(area.right(), frame.x(end - 0.5))
                painter.fillRect(QRectF(left, area.top(), right - left, area.height()), shade)
        painter.setPen(QPen(colors.color("grid"), 1))
        low, high = ((height - frame.down[1]) / frame.down[0] for height in (area.bottom(), area.top()))
        top, bottom, left, right = int(area.top()), int(area.bottom()), int(area.left()), int(area.right())
        lines = [QLine(int(frame.x(place)), top, int(frame.x(place)), bottom)
                 for _, places in self._axes[0].tickValues(frame.start, frame.end, area.width()) for place in places]
        for _, heights in self._axes[1].tickValues(low, high, area.height()):
            for height in heights:
                y = int(height * frame.down[0] + frame.down[1])
                lines.append(QLine(left, y, right, y))
        painter.drawLines(lines)
        if 0 < len(days) <= _MOST_DAYS:
            painter.setPen(QPen(colors.color("line_strong"), 1, Qt.PenStyle.DashLine))
            painter.drawLines([QLine(int(frame.x(day - 0.5)), top, int(frame.x(day - 0.5)), bottom) for day in days])
        if self.watermark:
            painter.setFont(theme.font(theme.scaled(26), 600))
            painter.setPen(colors.color("warn", 40))  # readable, yet nothing that candles have to compete with
            corner = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom  # above the volume, rarely in the bars' way
            painter.drawText(area.adjusted(0, 0, -12, -area.height() / 5), corner, self.watermark)


class Levels(Layer):
    """Horizontal levels and the last price as lines; gaps in trading as named upright ones."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__(pane, z=-90)
        self.last: tuple[float, str] | None = None

    def draw(self, painter: QPainter, frame: Frame) -> None:
        colors, area = theme.tokens(), frame.area
        for level in self.pane.series.visible_levels():
            y = float(frame.y(level.value))
            if area.top() <= y <= area.bottom():
                painter.setPen(QPen(colors.color(level.role), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        if self.last is not None:
            y = float(frame.y(self.last[0]))
            painter.setPen(QPen(colors.color(self.last[1]), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        self._gaps(painter, frame)

    def _gaps(self, painter: QPainter, frame: Frame) -> None:
        area, colors, gaps = frame.area, theme.tokens(), self.pane.series.timeline.gaps(frame.start, frame.end)
        if len(gaps) > _MOST_GAPS:
            return
        painter.setPen(QPen(colors.color("warn", 150), 1, Qt.PenStyle.DotLine))
        for place in gaps:
            x = int(frame.x(place - 0.5)) + 0.5
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))


class LevelNames(Layer):
    """The names of the levels at the right edge and of the gaps at their foot, over the bars, each on a plate; none lies on
    another or on the legend.
    """

    def __init__(self, pane: PaneState, legend_height: Callable[[], float]) -> None:
        super().__init__(pane, z=50)
        self._legend_height = legend_height
        self.places: dict[str, QRectF] = {}

    def draw(self, painter: QPainter, frame: Frame) -> None:
        colors, area = theme.tokens(), frame.area
        painter.setFont(theme.font(theme.scaled(10), 500))
        metrics, tall = QFontMetricsF(painter.font()), float(theme.scaled(14))
        self.places = {}
        for level in sorted(self.pane.series.visible_levels(), key=lambda each: each.value, reverse=True):
            y = float(frame.y(level.value))
            wide = metrics.horizontalAdvance(level.name) + 8
            if not area.top() <= y <= area.bottom() or wide > area.width():
                continue
            plate = self._place(QRectF(area.right() - wide - 4, y - tall - 1, wide, tall), y, area.top() + self._legend_height())
            if plate is not None:
                self.places[level.name] = plate
                painter.fillRect(plate, colors.color("bg1", 190))
                painter.setPen(colors.color(level.role))
                painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, level.name)
        self._name_gaps(painter, frame, metrics, tall)

    def _name_gaps(self, painter: QPainter, frame: Frame, metrics: QFontMetricsF, tall: float) -> None:
        timeline, area, colors = self.pane.series.timeline, frame.area, theme.tokens()
        gaps = timeline.gaps(frame.start, frame.end)
        for place in gaps if len(gaps) <= _MOST_GAPS else ():
            text, x = timeline.gap_before(int(place)), int(frame.x(place - 0.5))
            wide = metrics.horizontalAdvance(text) + 8
            top = area.bottom() - area.height() * VOLUME_SHARE - 2 * tall  # above the volume and the flags
            plate = QRectF(x + 2 if x + 2 + wide <= area.right() else x - 2 - wide, top, wide, tall)
            if plate.left() >= area.left() and not any(plate.intersects(other) for other in self.places.values()):
                self.places[f"gap {place}"] = plate
                painter.fillRect(plate, colors.color("bg1", 210))
                painter.setPen(colors.color("t2"))
                painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _place(self, above: QRectF, y: float, ceiling: float) -> QRectF | None:
        """Above the line, else below it; None where both are taken."""
        for plate in (above, above.translated(0, y + 2 - above.top())):
            if plate.top() >= ceiling and not any(plate.intersects(other) for other in self.places.values()):
                return plate
        return None


class Crosshair(Layer):
    """The cursor's lines: upright at `place` in every pane, level at `value` in the one the pointer is in."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__(pane, z=60)
        self.place: int | None = None
        self.value: float | None = None

    def point(self, place: int | None, value: float | None = None) -> None:
        if (place, value) != (self.place, self.value):
            self.place, self.value = place, value
            self.update()

    def draw(self, painter: QPainter, frame: Frame) -> None:
        if self.place is None:
            return
        painter.setPen(QPen(theme.tokens().color("t3"), 1, Qt.PenStyle.DotLine))
        x = int(frame.x(self.place)) + 0.5
        painter.drawLine(QPointF(x, frame.area.top()), QPointF(x, frame.area.bottom()))
        if self.value is not None:
            y = int(frame.y(self.value)) + 0.5
            painter.drawLine(QPointF(frame.area.left(), y), QPointF(frame.area.right(), y))
