"""The map of exposure: strikes down, expiries across, the stronger the colour the more is at stake."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent, QPainter, QPen

from plugins.options.exposure.panel_pictures import Pointed
from terminal.domain import format as written
from terminal.ui import theme

if TYPE_CHECKING:
    from plugins.options.exposure.model import Map

_LEFT, _RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_KEYS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


class Heat(Pointed):
    """Arrow keys move from field to field."""

    def __init__(self) -> None:
        super().__init__("Exposure by strike and expiry")
        self._map: Map | None = None
        self._spot, self._unit, self._at = 0.0, "", (0, 0)

    def show_map(self, found: Map, spot: float, unit: str) -> None:
        """`unit` follows the dollars of a field."""
        self._map, self._spot, self._unit = found, spot, unit
        near = min(range(len(found.strikes)), key=lambda n: abs(found.strikes[n] - spot)) if found.strikes else 0
        self._at = (near, 0)
        self._moved(self._said(*self._at) if found.strikes else "Nothing to show")

    def _area(self) -> QRectF:
        left, top = theme.scaled(66), theme.scaled(20)
        return QRectF(left, top, max(10.0, self.width() - left - theme.scaled(10)), max(10.0, self.height() - top - 4))

    def _cell(self, down: int, across: int) -> QRectF:
        assert self._map is not None
        area = self._area()
        wide, tall = area.width() / len(self._map.expiries), area.height() / len(self._map.strikes)
        return QRectF(area.left() + across * wide, area.top() + down * tall, wide, tall)

    def _said(self, down: int, across: int) -> str:
        assert self._map is not None
        value = float(self._map.values[down, across])
        what = "not listed, or no usable price" if np.isnan(value) else f"{written.money(value, 'USD', 0)} {self._unit}"
        return f"<b>{written.number(self._map.strikes[down], 2)}, {written.day(self._map.expiries[across])}</b><br>{what}"

    def said_at(self, place: QPointF) -> str:
        area = self._area()
        if self._map is None or not self._map.strikes or not area.contains(place):
            return ""
        down = int((place.y() - area.top()) / area.height() * len(self._map.strikes))
        across = int((place.x() - area.left()) / area.width() * len(self._map.expiries))
        return self._said(min(down, len(self._map.strikes) - 1), min(across, len(self._map.expiries) - 1))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEYS.get(Qt.Key(event.key()))
        if step is None or self._map is None or not self._map.strikes:
            super().keyPressEvent(event)
            return
        ends = (len(self._map.strikes) - 1, len(self._map.expiries) - 1)
        self._at = (min(max(self._at[0] + step[0], 0), ends[0]), min(max(self._at[1] + step[1], 0), ends[1]))
        self._moved(self._said(*self._at))

    def _paint(self, painter: QPainter) -> None:
        found = self._map
        if found is None or not found.strikes:
            self._nothing(painter, "Nothing is open that has a usable price")
            return
        colors, area = theme.tokens(), self._area()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, _image(found.values))
        first = self._cell(0, 0)
        every = max(1, round(theme.scaled(14) / first.height() + 0.499))
        beside = max(1, round(theme.scaled(52) / first.width() + 0.499))
        for place, strike in enumerate(found.strikes):
            if place % every == 0:
                cell = self._cell(place, 0)
                line = QRectF(0, cell.center().y() - 8, area.left() - 6, 16)
                self._text(painter, line, written.number(strike, 0 if strike == round(strike) else 2), "t2", _RIGHT)
        for place, day in enumerate(found.expiries):
            if place % beside == 0:
                cell = self._cell(0, place)
                head = QRectF(cell.left(), 0, first.width() * beside, area.top())
                self._text(painter, head, written.day_of_year(day), "t3", _MIDDLE if beside == 1 else _LEFT)
        self._numbers(painter, first)
        below = next((n for n, strike in enumerate(found.strikes) if strike < self._spot), len(found.strikes))
        y = self._cell(min(below, len(found.strikes) - 1), 0).top() if below < len(found.strikes) else area.bottom()
        painter.setPen(QPen(colors.color("t1"), 1.5))
        painter.drawLine(QPointF(area.left() - theme.scaled(4), y), QPointF(area.right(), y))
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.drawRect(self._cell(*self._at))

    def _numbers(self, painter: QPainter, cell: QRectF) -> None:
        """In the fields, where they are large enough."""
        assert self._map is not None
        if cell.width() < theme.scaled(50) or cell.height() < theme.scaled(14):
            return
        strongest = float(np.nanmax(np.abs(self._map.values)))
        for down, line in enumerate(self._map.values.tolist()):
            for across, value in enumerate(line):
                if not isnan(value) and abs(value) > strongest * 0.01:
                    role = "t1" if abs(value) > strongest * 0.2 else "t2"
                    self._text(painter, self._cell(down, across), written.compact(value), role, _MIDDLE)


def _image(values: np.ndarray) -> QImage:
    """The card's colour at zero, towards up and down by the root of the size; the window's own where nothing is known."""
    colors = theme.tokens()
    base, up, down, none = (_rgb(colors.color(role)) for role in ("bg2", "up", "down", "bg1"))
    known = ~np.isnan(values)
    size = np.abs(np.where(known, values, 0.0))
    share = (np.sqrt(size / (size.max() or 1.0)) * 0.8)[..., None]
    mixed = base + (np.where((values >= 0)[..., None], up, down) - base) * share
    mixed = np.ascontiguousarray(np.round(np.where(known[..., None], mixed, none)).astype(np.uint8))
    height, width = values.shape
    return QImage(mixed.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _rgb(color: QColor) -> np.ndarray:
    return np.array([color.red(), color.green(), color.blue()], dtype=np.float64)
