"""The bars themselves in each of their looks, and their volume: two batches of lines and two of rectangles a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPainterPath, QPen

from terminal.ui import theme
from terminal.ui.chart.backdrop import VOLUME_SHARE
from terminal.ui.chart.layers import Batch, Frame, Layer, PaneState, faint
from terminal.ui.chart.lines import line_path, points, stroke

if TYPE_CHECKING:
    from terminal.ui.chart.pyramid import Slice


class BarsLayer(Layer):
    """Candles, Heikin-Ashi candles, OHLC bars, a line or an area, of the level that fits the zoom."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__(pane)
        self._lines, self._ticks, self._boxes = Batch(QLineF), Batch(QLineF), Batch(QRectF)

    def draw(self, painter: QPainter, frame: Frame) -> None:
        series = self.pane.series
        if series.kind in ("line", "area"):
            self._draw_line(painter, frame, filled=series.kind == "area")
            return
        part = series.drawn().visible(frame.start, frame.end, frame.area.width())
        if len(part):
            self._draw_bars(painter, frame, part, body=series.kind != "bars")

    def _draw_bars(self, painter: QPainter, frame: Frame, part: Slice, body: bool) -> None:
        x = np.floor(frame.x(part.centers())) + 0.5
        opened, high, low, closed = (frame.y(values) for values in (part.open, part.high, part.low, part.close))
        half, rising = frame.half(part.step), part.close >= part.open
        for chosen, role in ((rising, "up"), (~rising, "down")):
            if not chosen.any():
                continue
            color, at = theme.tokens().color(role), x[chosen]
            painter.setPen(QPen(color, 1))
            painter.drawLines(*self._lines.fill(at, high[chosen], at, low[chosen]))
            if half < 1:
                continue
            if body:
                top = np.floor(np.minimum(opened[chosen], closed[chosen]))
                tall = np.maximum(1, np.ceil(np.abs(opened[chosen] - closed[chosen])))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color)
                painter.drawRects(*self._boxes.fill(at - half - 0.5, top, np.full(len(at), 2.0 * half + 1), tall))
            else:
                left, right = np.floor(opened[chosen]) + 0.5, np.floor(closed[chosen]) + 0.5
                painter.drawLines(*self._lines.fill(at - half, left, at, left))
                painter.drawLines(*self._ticks.fill(at, right, at + half, right))

    def _draw_line(self, painter: QPainter, frame: Frame, filled: bool) -> None:
        closes = self.pane.series.closes
        assert closes is not None
        span = closes.visible(frame.start, frame.end, frame.area.width())
        if not len(span):
            return
        x, y = points(span, frame)
        colors = theme.tokens()
        if filled:
            outline = QPainterPath(line_path(x, y))
            outline.lineTo(float(x[-1]), frame.area.bottom())
            outline.lineTo(float(x[0]), frame.area.bottom())
            shade = QLinearGradient(QPointF(0, frame.area.top()), QPointF(0, frame.area.bottom()))
            shade.setColorAt(0, colors.color("accent", 90))
            shade.setColorAt(1, colors.color("accent", 6))
            painter.fillPath(outline, shade)
        stroke(painter, self._lines, x, y, colors.color("accent"), 1.6 if span.step == 1 else 1.0)
        if len(x) == 1:
            painter.setPen(QPen(colors.color("accent"), 1.6))
            painter.drawEllipse(QPointF(float(x[0]), float(y[0])), 2, 2)


class VolumeLayer(Layer):
    """Volume from the foot of the price pane, in the colour of the bar above; the largest in view takes a fifth of the height."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__(pane, z=-50)
        self._boxes = Batch(QRectF)

    def draw(self, painter: QPainter, frame: Frame) -> None:
        bars = self.pane.series.bars
        if bars is None:
            return
        part = bars.visible(frame.start, frame.end, frame.area.width())
        if not len(part) or not part.volume.any():
            return
        most = max(self.pane.most_volume, float(part.volume.max()))
        x, half = np.floor(frame.x(part.centers())), frame.half(part.step)
        tall = part.volume * (frame.area.height() * VOLUME_SHARE / most)
        painter.setPen(Qt.PenStyle.NoPen)
        rising = part.close >= part.open
        for chosen, role in ((rising, "up"), (~rising, "down")):
            if chosen.any():
                painter.setBrush(faint(role, 0.35))
                wide = np.full(int(chosen.sum()), 2.0 * half + 1)
                painter.drawRects(*self._boxes.fill(x[chosen] - half, frame.area.bottom() - tall[chosen], wide, tall[chosen]))
