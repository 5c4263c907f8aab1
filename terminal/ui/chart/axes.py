"""The axes: sessions below, prices (or a study's values) at the right, and the tags that lie over their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from terminal.ui import theme
from terminal.ui.chart.layers import PaneState, guarded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.ui.chart.timeline import Timeline

TAG = 16.0


class SessionAxis(pg.AxisItem):  # type: ignore[misc]
    """Dates by bar number; `tag` is (place, text) under the cursor."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__("bottom")
        self._pane = pane
        self.tag: tuple[float, str] | None = None

    @property
    def timeline(self) -> Timeline:
        return self._pane.series.timeline

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[int, list[int]]]:
        return [(1, self.timeline.ticks(low, high, size, float(theme.scaled(70))))]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return [self.timeline.tick_name(int(value)) for value in values]

    @guarded
    def paint(self, painter: QPainter, *rest: Any) -> None:
        (low, high), size, colors = self.range, self.size(), theme.tokens()
        painter.setPen(QPen(colors.color("line"), 1))
        painter.drawLine(0, 0, int(size.width()), 0)
        painter.setFont(theme.font(theme.scaled(10)))
        painter.setPen(colors.color("t3"))
        metrics, step = QFontMetricsF(painter.font()), size.width() / max(high - low, 1e-9)
        taken = None
        if self.tag is not None:
            wide = QFontMetricsF(theme.font(theme.scaled(10), 600)).horizontalAdvance(self.tag[1]) + 10
            left = max(0.0, min((self.tag[0] - low) * step - wide / 2, size.width() - wide))
            taken = (left - 4, left + wide + 4)
        for place in self.timeline.ticks(low, high, size.width(), float(theme.scaled(70))):
            text = self.timeline.tick_name(place)
            wide = metrics.horizontalAdvance(text)
            x = (place - low) * step
            covered = taken is not None and x + wide / 2 > taken[0] and x - wide / 2 < taken[1]
            if wide / 2 <= x <= size.width() - wide / 2 and not covered:
                painter.drawText(QRectF(x - wide / 2 - 2, 1, wide + 4, size.height() - 1), Qt.AlignmentFlag.AlignCenter, text)
        if self.tag is not None:
            draw_tag(painter, (self.tag[0] - low) * step, size.height() / 2, self.tag[1], colors.color("bg3"),
                     colors.color("t1"), size.width())


class PriceAxis(pg.AxisItem):  # type: ignore[misc]
    """Prices or values at the right; `tags` are (value, text, fill role) drawn over the numbers, the later the stronger."""

    def __init__(self, pane: PaneState) -> None:
        super().__init__("right")
        self._pane = pane
        self.tags: list[tuple[float, str, str]] = []

    @property
    def _least(self) -> float:
        """The pixels between two numbers: fewer in the low pane of a study."""
        return float(theme.scaled(24 if self._pane.scale.kind == "plain" else 34))

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[int, list[float]]]:
        return [(1, self._pane.scale.ticks(low, high, size, self._least))]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        return self._pane.scale.tick_names(values)

    def wanted_width(self) -> float:
        """Room for the widest number and tag."""
        metrics = QFontMetricsF(theme.font(theme.scaled(10), 600))
        low, high = self.range
        names = self._pane.scale.tick_names(self._pane.scale.ticks(low, high, self.size().height(), self._least))
        return max((metrics.horizontalAdvance(name) for name in (*names, *(text for _, text, _ in self.tags))), default=0.0) + 14

    @guarded
    def paint(self, painter: QPainter, *rest: Any) -> None:
        (low, high), size, colors, scale = self.range, self.size(), theme.tokens(), self._pane.scale
        tall, step = size.height(), size.height() / max(high - low, 1e-12)
        painter.setPen(QPen(colors.color("line"), 1))
        painter.drawLine(0, 0, 0, int(tall))
        wanted = [(tall - (height - low) * step, text, role) for height, text, role in
                  ((float(scale.heights(value)), text, role) for value, text, role in self.tags) if low <= height <= high]
        places = apart([min(max(y, TAG / 2), tall - TAG / 2) for y, _, _ in wanted], TAG, tall)
        painter.setFont(theme.font(theme.scaled(10)))
        painter.setPen(colors.color("t3"))
        heights = scale.ticks(low, high, tall, self._least)
        for height, text in zip(heights, scale.tick_names(heights), strict=True):
            y = tall - (height - low) * step
            if 6 <= y <= tall - 6 and all(place is None or abs(place - y) >= TAG / 2 + 5 for place in places):
                painter.drawText(QRectF(7, y - 8, size.width() - 8, 16), Qt.AlignmentFlag.AlignVCenter, text)
        for (_, text, role), y in zip(wanted, places, strict=True):
            if y is not None:
                light = "t1" if role == "bg3" else None
                front = colors.color(light) if light else QColor("#06101F" if colors.name == "dark" else "#FFFFFF")
                draw_tag(painter, size.width() / 2, y, text, colors.color(role), front, size.width())


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


def draw_tag(painter: QPainter, x: float, y: float, text: str, fill: QColor, front: QColor, limit: float) -> None:
    """A small filled label centred at (x, y), kept within 0 and `limit`."""
    painter.setFont(theme.font(theme.scaled(10), 600))
    width = QFontMetricsF(painter.font()).horizontalAdvance(text) + 10
    box = QRectF(max(0.0, min(x - width / 2, limit - width)), y - TAG / 2, width, TAG)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(fill)
    painter.drawRoundedRect(box, 2, 2)
    painter.setPen(front)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
