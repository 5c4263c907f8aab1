"""The heat map of correlations: a square a pair, clusters framed; arrows move, what is chosen is told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QImage, QKeyEvent, QMouseEvent, QPainter, QPen

from plugins.portfolio.risk.panel_pictures import _LEFT, _MIDDLE, _RIGHT
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from plugins.portfolio.risk.correlation import Together


class HeatMap(Picture):
    """Rows and columns in the order of the tree. `chosen` tells the symbol of the row that was clicked or entered."""

    chosen = Signal(str)

    def __init__(self, numbers: bool = True) -> None:
        super().__init__("Correlations", 300)
        self._with_numbers = numbers
        self._found: Together | None = None
        self._image: QImage | None = None
        self._at = (0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_together(self, found: Together | None) -> None:
        """Show another matrix; None for nothing."""
        self._found, self._image, self._at = found, None, (0, 0)
        self._tell()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(200, theme.scaled(160))

    def retheme(self) -> None:
        """Colours anew."""
        self._image = None
        self.update()

    # ---- where things are ----

    def _square(self) -> tuple[QRectF, float]:
        """The area of the squares and the side of one."""
        assert self._found is not None
        count = len(self._found.symbols)
        left, top = theme.scaled(58), theme.scaled(18)
        room = (self.width() - left - theme.scaled(40)) / count
        side = max(0.1, min(room, (self.height() - top - 4) / count, theme.scaled(46)))
        wide = min(max(side, room), side * 2.2)
        return QRectF(left, top, wide * count, side * count), side

    def _cell(self, down: int, across: int) -> QRectF:
        assert self._found is not None
        area, side = self._square()
        wide = area.width() / len(self._found.symbols)
        return QRectF(area.left() + across * wide, area.top() + down * side, wide, side)

    def _pair_at(self, place: QPointF) -> tuple[int, int] | None:
        if self._found is None:
            return None
        area, side = self._square()
        count = len(self._found.symbols)
        down, across = int((place.y() - area.top()) // side), int((place.x() - area.left()) // (area.width() / count))
        return (down, across) if 0 <= down < count and 0 <= across < count else None

    def said_at(self, place: QPointF) -> str:
        pair = self._pair_at(place)
        return self._said(*pair) if pair and self._found else ""

    def _said(self, down: int, across: int) -> str:
        assert self._found is not None
        found = self._found
        one, other = found.symbols[down], found.symbols[across]
        if down == across:
            return f"<b>{one}</b> {found.names[down] or ''}"
        value = float(found.matrix[down, across])
        words = "move almost as one" if value >= 0.8 else "often move together" if value >= 0.5 else \
            "sometimes move together" if value >= 0.2 else "have little to do with each other" if value > -0.2 else \
            "move against each other"  # fmt: skip
        return f"<b>{one}</b> and <b>{other}</b>: {written.number(value, 2)}<br>They {words}."

    def _tell(self) -> None:
        if self._found is None:
            self.setAccessibleDescription("Nothing to compare")
            return
        self.setAccessibleDescription(self._said(*self._at).replace("<b>", "").replace("</b>", "").replace("<br>", ". "))

    # ---- keyboard and mouse ----

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}
        if self._found is None:
            super().keyPressEvent(event)
        elif event.key() in steps:
            down, across = steps[Qt.Key(event.key())]
            last = len(self._found.symbols) - 1
            self._at = (min(max(self._at[0] + down, 0), last), min(max(self._at[1] + across, 0), last))
            self._tell()
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self._found.symbols[self._at[0]])
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        pair = self._pair_at(event.position())
        if pair and self._found:
            self._at = pair
            self._tell()
            self.update()
            self.chosen.emit(self._found.symbols[pair[0]])
        super().mousePressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    # ---- painting ----

    def _paint(self, painter: QPainter) -> None:
        found = self._found
        if found is None:
            return
        area, side = self._square()
        if self._image is None:
            self._image = _image(found.matrix)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(area, self._image)
        count, wide = len(found.symbols), area.width() / len(found.symbols)
        if self._with_numbers and side >= theme.scaled(13):
            self._numbers(painter, wide, side)
        self._labels(painter, area, wide, side)
        colors = theme.tokens()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colors.color("t1"), 1.5))
        for _, places in found.groups():
            first, last = self._cell(places[0], places[0]), self._cell(places[-1], places[-1])
            painter.drawRect(QRectF(first.topLeft(), last.bottomRight()).adjusted(0.5, 0.5, -0.5, -0.5))
        if self.hasFocus() and count:
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.drawRect(self._cell(*self._at))
        self._scale(painter, area)

    def _numbers(self, painter: QPainter, wide: float, side: float) -> None:
        assert self._found is not None
        if wide < theme.scaled(23):
            return
        for down, line in enumerate(self._found.matrix):
            for across, value in enumerate(line.tolist()):
                if down != across:
                    strong = abs(value) > 0.55
                    room = self._cell(down, across).adjusted(-6, 0, 6, 0)  # a minus sign may reach over the edge
                    self._text(painter, room, _short(value), "t1" if strong else "t2", _MIDDLE)

    def _labels(self, painter: QPainter, area: QRectF, wide: float, side: float) -> None:
        assert self._found is not None
        every = max(1, round(theme.scaled(14) / side + 0.499))
        beside = max(1, round(theme.scaled(40) / wide + 0.499))
        for place, symbol in enumerate(self._found.symbols):
            if place % every == 0:
                line = QRectF(0, area.top() + place * side, area.left() - 6, max(side, theme.scaled(14)))
                self._text(painter, line, symbol, "t2", _RIGHT, 600)
            if place % beside == 0:
                head = QRectF(area.left() + place * wide, 0, wide * beside, area.top())
                self._text(painter, head, symbol, "t3", _MIDDLE if beside == 1 else _LEFT)

    def _scale(self, painter: QPainter, area: QRectF) -> None:
        """From minus one at the bottom to one at the top."""
        bar = QRectF(area.right() + 10, area.top(), 8, min(area.height(), theme.scaled(140)))
        ramp = np.linspace(1.0, -1.0, 41)[:, None]
        painter.drawImage(bar, _image(ramp))
        for value, align in ((1.0, 0.0), (0.0, 0.5), (-1.0, 1.0)):
            y = bar.top() + align * bar.height()
            tall = theme.scaled(14)
            line = QRectF(bar.right() + 4, min(max(y - tall / 2, bar.top()), bar.bottom() - tall), theme.scaled(22), tall)
            self._text(painter, line, written.number(value, 0), "t3", _LEFT)


def _short(value: float) -> str:
    """Two digits without the zero before them: .66"""
    return written.number(value, 2).replace("0", "", 1) if abs(value) < 0.995 else written.number(value, 0)


def _image(matrix: np.ndarray) -> QImage:
    """Blue towards one, orange towards minus one, the card's own colour at zero: told apart by those who see no red or green."""
    colors = theme.tokens()
    base, up, down = (_rgb(colors.color(role)) for role in ("bg2", "accent", "warn"))
    share = np.clip(np.abs(matrix), 0.0, 1.0)[..., None] ** 0.8 * 0.85
    towards = np.where((matrix >= 0)[..., None], up, down)
    mixed = np.ascontiguousarray(np.round(base + (towards - base) * share).astype(np.uint8))
    height, width = matrix.shape
    return QImage(mixed.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def _rgb(color: QColor) -> np.ndarray:
    return np.array([color.red(), color.green(), color.blue()], dtype=np.float64)
