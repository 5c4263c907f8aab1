"""The items a price chart is made of, drawn in device pixels in a few batches a frame.

The only module that imports pyqtgraph; chart.py imports it when the first bars arrive. pyqtgraph's own grid is never
switched on: it costs 20 to 35 ms a frame.
"""

from __future__ import annotations

import functools
import logging
import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QLine, QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from terminal.domain import format as fmt
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from terminal.ui.pyramid import Pyramid

_log = logging.getLogger(__name__)
_BODY = 0.7


def guarded(paint: Callable[..., None]) -> Callable[..., None]:
    """An exception in a paint method is logged, never handed to Qt."""
    @functools.wraps(paint)
    def safe(self: Any, painter: QPainter, *rest: Any) -> None:
        painter.save()
        try:
            paint(self, painter, *rest)
        except Exception:
            _log.exception("%s could not be painted", type(self).__name__)
        painter.restore()

    return safe


class _Batch:
    """Rectangles or lines handed to Qt as one array."""

    def __init__(self, kind: type) -> None:
        self._array = PrimitiveArray(kind, 4)

    def fill(self, *columns: NDArray[np.float64] | float) -> tuple[Any, ...]:
        count = len(columns[0])  # type: ignore[arg-type]
        self._array.resize(count)
        target = self._array.ndarray()
        for place, values in enumerate(columns):
            target[:, place] = values
        return tuple(self._array.drawargs())


class CandleItem(pg.GraphicsObject):  # type: ignore[misc]
    """Candles of the level that fits the zoom: two batches of lines and two of rectangles a frame."""

    def __init__(self, bars: Pyramid) -> None:
        super().__init__()
        self._bars = bars
        self._lines, self._boxes = _Batch(QLineF), _Batch(QRectF)
        top = bars.levels[-1]
        low, high = float(top.low.min()), float(top.high.max())
        self._bounds = QRectF(-1, low, len(bars) + 2, max(high - low, 1e-9))

    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.getViewBox()
        (start, end), _y = view.viewRange()
        part = self._bars.visible(start, end, view.width())
        if part.last <= part.first:
            return
        window, level = slice(part.first, part.last), part.level
        across, down = painter.worldTransform(), theme.tokens()
        ratio = painter.device().devicePixelRatioF() if painter.device() is not None else 1.0
        x = np.floor(part.centers() * across.m11() + across.m31()) + 0.5
        opened, high, low, closed = (np.asarray(values[window], np.float64) * across.m22() + across.m32()
                                     for values in (level.open, level.high, level.low, level.close))
        half = max(0, round((across.m11() * level.step * _BODY - 1) / 2))
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        rising = level.close[window] >= level.open[window]
        for chosen, role in ((rising, "up"), (~rising, "down")):
            if not chosen.any():
                continue
            color, at = down.color(role), x[chosen]
            painter.setPen(QPen(color, max(1, round(ratio))))
            painter.drawLines(*self._lines.fill(at, high[chosen], at, low[chosen]))
            if half >= 1:
                top = np.floor(np.minimum(opened[chosen], closed[chosen]))
                tall = np.maximum(1, np.ceil(np.abs(opened[chosen] - closed[chosen])))
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color)
                painter.drawRects(*self._boxes.fill(at - half - 0.5, top, np.full(len(at), 2.0 * half + 1), tall))


class VolumeItem(pg.GraphicsObject):  # type: ignore[misc]
    """Volume bars from the bottom of their own view box, in the colour of the candle above."""

    def __init__(self, bars: Pyramid) -> None:
        super().__init__()
        self._bars = bars
        self._boxes = _Batch(QRectF)
        self._bounds = QRectF(-1, 0, len(bars) + 2, float(bars.levels[-1].volume.max()) or 1.0)

    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.getViewBox()
        (start, end), _y = view.viewRange()
        part = self._bars.visible(start, end, view.width())
        if part.last <= part.first:
            return
        window, level, move = slice(part.first, part.last), part.level, painter.worldTransform()
        x = np.floor(part.centers() * move.m11() + move.m31())
        tall = level.volume[window].astype(np.float64) * -move.m22()
        half = max(0, round((move.m11() * level.step * _BODY - 1) / 2))
        bottom = move.m32()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        rising = level.close[window] >= level.open[window]
        for chosen, role in ((rising, "up"), (~rising, "down")):
            if chosen.any():
                painter.setBrush(theme.tokens().color(role, 90))
                wide = np.full(int(chosen.sum()), 2.0 * half + 1)
                painter.drawRects(*self._boxes.fill(x[chosen] - half, bottom - tall[chosen], wide, tall[chosen]))


class LineItem(pg.GraphicsObject):  # type: ignore[misc]
    """A line over the bars (an average), with at most one point a pixel."""

    def __init__(self, values: NDArray[np.float64], role: str) -> None:
        super().__init__()
        self.values = values
        self.role = role
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        self._bounds = QRectF(0, low, max(1, len(values)), max(high - low, 1e-9))

    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.getViewBox()
        (start, end), _y = view.viewRange()
        first, last = max(0, int(start) - 1), min(len(self.values), int(end) + 2)
        if last - first < 2:
            return
        step = max(1, int((last - first) / max(1.0, view.width())))
        places = np.arange(first // step * step, last, step)
        values = self.values[places]
        known = np.isfinite(values)
        if known.sum() < 2:
            return
        move = painter.worldTransform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.tokens().color(self.role), 1.3))
        painter.drawPath(pg.functions.arrayToQPath(places[known] * move.m11() + move.m31(),
                                                   values[known] * move.m22() + move.m32()))


class GridItem(pg.GraphicsObject):  # type: ignore[misc]
    """Lines at the axes' ticks, horizontal levels with their names, the last price, and the watermark."""

    def __init__(self, bottom: SessionAxis, right: PriceAxis) -> None:
        super().__init__()
        self._axes = (bottom, right)
        self.levels: list[tuple[float, str, str]] = []
        self.last: tuple[float, str] | None = None
        self.watermark = ""
        self.setZValue(-100)

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()
        return view.viewRect() if view is not None else QRectF()

    def dataBounds(self, *_: Any) -> None:
        return None

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view, colors = self.getViewBox(), theme.tokens()
        (x0, x1), (y0, y1) = view.viewRange()
        move = painter.worldTransform()
        left, right = x0 * move.m11() + move.m31(), x1 * move.m11() + move.m31()
        bottom, top = y0 * move.m22() + move.m32(), y1 * move.m22() + move.m32()
        upright, level = (axis.tickValues(low, high, size) for axis, low, high, size in (
            (self._axes[0], x0, x1, view.width()), (self._axes[1], y0, y1, view.height())))
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(colors.color("grid"), 1))
        lines = [QLine(int(value * move.m11() + move.m31()), int(top), int(value * move.m11() + move.m31()), int(bottom))
                 for value in (upright[0][1] if upright else ())]
        lines += [QLine(int(left), int(value * move.m22() + move.m32()), int(right), int(value * move.m22() + move.m32()))
                  for value in (level[0][1] if level else ())]
        if lines:
            painter.drawLines(lines)
        if self.watermark:
            painter.setFont(theme.font(theme.scaled(26), 600))
            painter.setPen(colors.color("warn", 40))  # readable, yet nothing that candles have to compete with
            corner = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom
            volume = (bottom - top) / 5  # above the volume, where the bars are rarely in its way
            painter.drawText(QRectF(left, top, right - left - 12, bottom - top - volume), corner, self.watermark)
        for value, _name, role in self.levels:
            self._line(painter, value * move.m22() + move.m32(), QRectF(left, top, right - left, bottom - top), role)
        if self.last is not None:
            y = self.last[0] * move.m22() + move.m32()
            painter.setPen(QPen(colors.color(self.last[1]), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(left, y), QPointF(right, y))

    @staticmethod
    def _line(painter: QPainter, y: float, area: QRectF, role: str) -> None:
        if area.top() <= y <= area.bottom():
            painter.setPen(QPen(theme.tokens().color(role), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))


class LevelNames(pg.GraphicsObject):  # type: ignore[misc]
    """The names of a grid's levels at the right edge, over the bars, each on a plate; none lies on another or on the legend."""

    def __init__(self, grid: GridItem, legend_height: Callable[[], float]) -> None:
        super().__init__()
        self._grid, self._legend_height = grid, legend_height
        self.places: dict[str, QRectF] = {}
        self.setZValue(50)

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()
        return view.viewRect() if view is not None else QRectF()

    def dataBounds(self, *_: Any) -> None:
        return None

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view, colors, move = self.getViewBox(), theme.tokens(), painter.worldTransform()
        (x0, x1), (y0, y1) = view.viewRange()
        left, right = x0 * move.m11() + move.m31(), x1 * move.m11() + move.m31()
        bottom, top = y0 * move.m22() + move.m32(), y1 * move.m22() + move.m32()
        painter.resetTransform()
        painter.setFont(theme.font(theme.scaled(10), 500))
        metrics, tall = QFontMetricsF(painter.font()), float(theme.scaled(14))
        self.places = {}
        for value, name, role in sorted(self._grid.levels, reverse=True):
            y = value * move.m22() + move.m32()
            wide = metrics.horizontalAdvance(name) + 8
            if not top <= y <= bottom or wide > right - left:
                continue
            plate = self._place(QRectF(right - wide - 4, y - tall - 1, wide, tall), y, top + self._legend_height())
            if plate is not None:
                self.places[name] = plate
                painter.fillRect(plate, colors.color("bg1", 190))
                painter.setPen(colors.color(role))
                painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, name)

    def _place(self, above: QRectF, y: float, ceiling: float) -> QRectF | None:
        """Above the line, else below it; None where both are taken."""
        for plate in (above, above.translated(0, y + 2 - above.top())):
            if plate.top() >= ceiling and not any(plate.intersects(other) for other in self.places.values()):
                return plate
        return None


class SessionAxis(pg.AxisItem):  # type: ignore[misc]
    """Dates by session number: no gaps for nights, weekends and holidays."""

    def __init__(self, dates: NDArray[np.datetime64]) -> None:
        super().__init__("bottom")
        self._dates = dates
        self._starts: dict[str, NDArray[np.int64]] = {}
        self.tag: tuple[float, str] | None = None

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[int, list[int]]]:
        """First sessions of days, months or years, whichever leaves at least 70 pixels a tick."""
        first, last = max(0, int(low)), min(len(self._dates), int(high) + 1)
        if last - first < 2:
            return []
        most = max(2, int(size / 70))
        ticks: NDArray[np.int64] = np.arange(0)
        for unit in ("Y", "M", "D", "h", "m"):  # the finest that still fits
            starts = self._starts_of(unit)
            found = starts[np.searchsorted(starts, first):np.searchsorted(starts, last)]
            limit = most * (3 if unit in ("Y", "M") else 2 if unit == "D" else 1)
            if len(found) > limit and len(ticks) > 1:
                break
            ticks = found
            if len(found) > most:
                break
        return [(1, [int(tick) for tick in ticks[::max(1, -(-len(ticks) // most))]])]

    def _starts_of(self, unit: str) -> NDArray[np.int64]:
        """Places where a new year, month, day ... begins; found once."""
        if unit not in self._starts:
            coarse = self._dates.astype(f"datetime64[{unit}]")
            self._starts[unit] = np.flatnonzero(coarse[1:] != coarse[:-1]) + 1
        return self._starts[unit]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """The largest unit that changes at the tick: year, month, day or time."""
        return [self.name_at(int(value)) for value in values]

    def name_at(self, place: int) -> str:
        if not 0 < place < len(self._dates):
            return ""
        now, before = self._dates[place], self._dates[place - 1]
        moment = now.astype("datetime64[s]").item()
        if now.astype("datetime64[Y]") != before.astype("datetime64[Y]"):
            return str(moment.year)
        if now.astype("datetime64[M]") != before.astype("datetime64[M]"):
            return fmt.day(moment.date()).split()[1]
        if now.astype("datetime64[D]") != before.astype("datetime64[D]"):
            return " ".join(fmt.day(moment.date()).split()[:2])
        return f"{moment:%H:%M}"

    @guarded
    def paint(self, painter: QPainter, *rest: Any) -> None:
        super().paint(painter, *rest)
        if self.tag is not None:
            low, high = self.range
            x = (self.tag[0] - low) / max(high - low, 1e-9) * self.size().width()
            draw_tag(painter, x, self.size().height() / 2, self.tag[1], theme.tokens().color("bg3"), theme.tokens().color("t1"))


class PriceAxis(pg.AxisItem):  # type: ignore[misc]
    """Prices at the right; `tags` are (value, text, fill role or colour) drawn over the numbers."""

    def __init__(self) -> None:
        super().__init__("right")
        self.tags: list[tuple[float, str, str]] = []

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        decimals = 0 if spacing >= 1 else 2 if spacing >= 0.01 else 4
        return [fmt.number(value * scale, decimals) for value in values]

    @guarded
    def paint(self, painter: QPainter, *rest: Any) -> None:
        super().paint(painter, *rest)
        low, high = self.range
        colors = theme.tokens()
        tall = self.size().height()
        wanted = [((1 - (value - low) / max(high - low, 1e-9)) * tall, text, role)
                  for value, text, role in self.tags if low <= value <= high]
        places = apart([y for y, _, _ in wanted], TAG, tall)
        for (_, text, role), y in zip(wanted, places, strict=True):
            if y is not None:
                text_color = colors.color("t1") if role == "bg3" else QColor("#06101F" if colors.name == "dark" else "#FFFFFF")
                draw_tag(painter, self.size().width() / 2, y, text, colors.color(role), text_color)


TAG = 16.0


def apart(places: Sequence[float], least: float, limit: float) -> list[float | None]:
    """Places at least `least` apart: a later one stays where it is, an earlier one moves off it to its own side.

    None stands for one that finds no room within 0 and `limit`.
    """
    found: list[float | None] = [None] * len(places)
    taken: list[float] = []
    for number in reversed(range(len(places))):
        wish = places[number]
        nearest = min(taken, key=lambda other: abs(other - places[number]), default=None)
        if nearest is not None and abs(wish - nearest) < least:
            wish = nearest + (least if wish > nearest else -least)
        if 0 <= wish <= limit and all(abs(wish - other) >= least for other in taken):
            found[number] = wish
            taken.append(wish)
    return found


def draw_tag(painter: QPainter, x: float, y: float, text: str, fill: QColor, front: QColor) -> None:
    """A small filled label centred at (x, y)."""
    painter.setFont(theme.font(theme.scaled(10), 600))
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 10
    box = QRectF(max(0.0, x - width / 2), y - TAG / 2, width, TAG)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(box, 2, 2)
    painter.setPen(front)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
