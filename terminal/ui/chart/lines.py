"""Lines over bars and in panes of their own: averages, studies in their styles, compared symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from terminal.ui import theme
from terminal.ui.chart.layers import Batch, Frame, Layer, PaneState, faint
from terminal.ui.chart.pyramid import MIN_PIXELS

if TYPE_CHECKING:
    from terminal.ui.chart.marks import StudyLine
    from terminal.ui.chart.pyramid import LinePyramid, Span
    from terminal.ui.chart.series import StudyView

WIDTH = 1.3


def points(span: Span, frame: Frame, factor: float = 1.0) -> tuple[Any, Any]:
    """The pixels of a line through a span: where an entry merges several bars it runs through its lowest and highest."""
    x = frame.x(span.centers())
    if span.step == 1:
        return x, frame.y(span.low * factor)
    low, high = span.low * factor, span.high * factor
    middle = low + high
    rising = np.empty(len(span), bool)
    rising[1:] = middle[1:] >= middle[:-1]
    rising[:1] = True
    y = np.empty(2 * len(span))
    y[0::2], y[1::2] = np.where(rising, low, high), np.where(rising, high, low)
    quarter = np.tile((-span.step / 4 * frame.across[0], span.step / 4 * frame.across[0]), len(span))
    return np.repeat(x, 2) + quarter, frame.y(y)


def stroke(painter: QPainter, batch: Batch, x: Any, y: Any, color: QColor, width: float) -> None:
    """A line through the finite points: one as thin as Qt's fast lines as a path, a wider one as a batch of pieces.

    A screen's width takes 0.3 ms so, where a wider path takes Qt 2 to 10.
    """
    if width <= 1:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(line_path(x, y))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        return
    known = np.isfinite(y)
    both = known[1:] & known[:-1]
    if not both.any():
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color, width))
    x0, y0, x1, y1 = (x[:-1], y[:-1], x[1:], y[1:]) if both.all() else (x[:-1][both], y[:-1][both], x[1:][both], y[1:][both])
    painter.drawLines(*batch.fill(x0, y0, x1, y1))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def line_path(x: Any, y: Any) -> QPainterPath:
    """A path through the finite points; it breaks at the others."""
    path: QPainterPath = pg.functions.arrayToQPath(x, y, connect="finite")
    return path


class LineLayer(Layer):
    """An average over the bars."""

    def __init__(self, pane: PaneState, line: LinePyramid, role: str) -> None:
        super().__init__(pane)
        self.line, self.role = line, role
        self._strokes = Batch(QLineF)

    def draw(self, painter: QPainter, frame: Frame) -> None:
        _draw_line(painter, self._strokes, frame, self.line, self.role)


class ComparedLayer(Layer):
    """Every compared symbol, rebased to the first visible bar."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__(pane)
        self._strokes = Batch(QLineF)

    def draw(self, painter: QPainter, frame: Frame) -> None:
        series = self.pane.series
        for each in series.compared:
            factor = series.factor(each, frame.start)
            if factor is not None:
                _draw_line(painter, self._strokes, frame, each.line, each.role, factor)


class StudyLayer(Layer):
    """A study's lines in their styles, and its levels."""

    def __init__(self, pane: PaneState, view: StudyView) -> None:
        super().__init__(pane)
        self.view = view
        self._boxes, self._strokes = Batch(QRectF), Batch(QLineF)

    def draw(self, painter: QPainter, frame: Frame) -> None:
        colors = theme.tokens()
        for level in self.view.study.levels:
            y = int(frame.y(level)) + 0.5
            if frame.area.top() <= y <= frame.area.bottom():
                painter.setPen(QPen(colors.color("t3", 150), 1, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(frame.area.left(), y), QPointF(frame.area.right(), y))
        lines = list(zip(self.view.study.lines, self.view.lines, strict=True))
        bands = [each for each in lines if each[0].style == "band"]
        for (first, one), (second, other) in zip(bands[0::2], bands[1::2], strict=False):
            _fill_band(painter, frame, (one, first.role), (other, second.role))
        for line, pyramid in sorted(lines, key=lambda each: each[0].style != "histogram"):
            if line.style == "histogram":
                self._histogram(painter, frame, line, pyramid)
            elif line.style == "dots":
                self._dots(painter, frame, line, pyramid)
            else:
                _draw_line(painter, self._strokes, frame, pyramid, "accent" if line.role == "sign" else line.role,
                           width=1.0 if line.style == "band" else WIDTH)

    def _histogram(self, painter: QPainter, frame: Frame, line: StudyLine, pyramid: LinePyramid) -> None:
        span = pyramid.visible(frame.start, frame.end, frame.area.width(), MIN_PIXELS)
        known = np.isfinite(span.low)
        if not known.any():
            return
        x, half = np.floor(frame.x(span.centers())), frame.half(span.step)
        zero = float(np.clip(frame.y(0.0), frame.area.top(), frame.area.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        for above in (True, False):
            chosen = known & (span.high > 0) if above else known & (span.low < 0)
            if not chosen.any():
                continue
            end = frame.y((span.high if above else span.low)[chosen])
            role = ("up" if above else "down") if line.role == "sign" else line.role
            painter.setBrush(faint(role, 0.67))
            top, tall = np.minimum(end, zero), np.maximum(1.0, np.abs(end - zero))
            painter.drawRects(*self._boxes.fill(x[chosen] - half, top, np.full(len(top), 2.0 * half + 1), tall))

    def _dots(self, painter: QPainter, frame: Frame, line: StudyLine, pyramid: LinePyramid) -> None:
        span = pyramid.visible(frame.start, frame.end, frame.area.width(), MIN_PIXELS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.tokens().color("accent" if line.role == "sign" else line.role))
        x = np.floor(frame.x(span.centers()))
        for values in (span.low, span.high) if span.step > 1 else (span.low,):
            known = np.isfinite(values)
            if known.any():
                y = np.floor(frame.y(values[known]))
                three = np.full(len(y), 3.0)
                painter.drawRects(*self._boxes.fill(x[known] - 1, y - 1, three, three))


def _draw_line(painter: QPainter, batch: Batch, frame: Frame, line: LinePyramid, role: str, factor: float = 1.0,
               width: float = WIDTH) -> None:
    span = line.visible(frame.start, frame.end, frame.area.width())
    if len(span) > 1:
        stroke(painter, batch, *points(span, frame, factor), theme.tokens().color(role), width if span.step == 1 else 1.0)


def _fill_band(painter: QPainter, frame: Frame, one: tuple[LinePyramid, str], other: tuple[LinePyramid, str]) -> None:
    """Between two lines: in the first one's colour where it lies above, in the other's where that does (a cloud)."""
    first, second = (line.visible(frame.start, frame.end, frame.area.width(), MIN_PIXELS) for line, _ in (one, other))
    upper, lower = (first.high + first.low) / 2, (second.high + second.low) / 2
    known = np.isfinite(upper) & np.isfinite(lower)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False])).astype(np.int8)))
    x = frame.x(first.centers())
    painter.setPen(Qt.PenStyle.NoPen)
    for start, end in zip(edges[0::2], edges[1::2], strict=True):
        part = slice(int(start), int(end))
        if end - start < 2:
            continue
        highest = np.maximum(upper[part], lower[part])
        for edge, role in ((lower[part], one[1]), (upper[part], other[1])):
            if not (highest > edge).any():
                continue
            outline = line_path(np.concatenate((x[part], x[part][::-1])),
                                np.concatenate((frame.y(highest), frame.y(edge)[::-1])))
            painter.fillPath(outline, theme.tokens().color("accent" if role == "sign" else role, 28))
