"""The whole surface in two pictures: a map of colours by expiry and moneyness, and a landscape that one can turn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPolygonF

from plugins.options.volatility.panel_axes import LEFT, MIDDLE, RIGHT, heat, pen, readable_on
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    import numpy.typing as npt
    from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QWheelEvent

    from terminal.domain.options.surface import Surface

MONEYNESS = (-0.2, -0.15, -0.1, -0.075, -0.05, -0.025, 0.0, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2)
_ROWS = 14
_TURN = math.radians(6)
_FRONT = math.radians(-38), math.radians(30)
_EYE = 4.5
_FLOOR = -0.6
_BOX = np.array([(x, y, z) for x in (-1.1, 1.1) for y in (_FLOOR, 0.6) for z in (-1.1, 1.1)], dtype=np.float64)


def picked(surface: Surface, most: int) -> tuple[int, ...]:
    """The places of so many smiles, spread evenly over all of them."""
    count = len(surface.smiles)
    if count <= most:
        return tuple(range(count))
    return tuple(dict.fromkeys(round(place) for place in np.linspace(0, count - 1, most)))


class SurfaceMap(Picture):
    """A row an expiry, a column a distance from the forward; colours from calm to hot."""

    def __init__(self) -> None:
        super().__init__("Surface by expiry and strike", 300)
        self._surface: Surface | None = None
        self._grid: npt.NDArray[np.float64] = np.empty((0, 0))
        self._rows: tuple[int, ...] = ()

    def show_surface(self, surface: Surface) -> None:
        """At most fourteen expiries of it."""
        self._surface, self._rows = surface, picked(surface, _ROWS)
        self._grid = surface.grid(MONEYNESS)[list(self._rows)] if self._rows else np.empty((0, len(MONEYNESS)))
        known = self._grid[np.isfinite(self._grid)]
        if len(known):
            least, most = written.percent(float(known.min())), written.percent(float(known.max()))
            self.tell(f"from {least} to {most} over {len(self._rows)} expiries")
        else:
            self.tell("nothing to show")

    def _cell(self) -> QRectF:
        left, top = theme.scaled(82), theme.scaled(20)
        return QRectF(left, top, (self.width() - left - 4) / len(MONEYNESS), (self.height() - top - 4) / max(1, len(self._rows)))

    def said_at(self, place: QPointF) -> str:
        cell = self._cell()
        across, down = int((place.x() - cell.left()) // cell.width()), int((place.y() - cell.top()) // max(1.0, cell.height()))
        if self._surface is None or not (0 <= across < len(MONEYNESS) and 0 <= down < len(self._rows)):
            return ""
        smile, level = self._surface.smiles[self._rows[down]], float(self._grid[down, across])
        strike = smile.forward * (1 + MONEYNESS[across])
        told = written.percent(level, 2) if math.isfinite(level) else "not known: no usable quotes near"
        return f"<b>{written.day(smile.expiry)}</b>, strike {written.number(strike)}<br>{told}"

    def _paint(self, painter: QPainter) -> None:
        known = self._grid[np.isfinite(self._grid)]
        if self._surface is None or not len(known):
            self._nothing(painter, "No usable quotes for a surface")
            return
        cell, low, high = self._cell(), float(known.min()), float(known.max())
        small = cell.width() < theme.scaled(40) or cell.height() < theme.scaled(14)
        step = max(1, math.ceil(theme.scaled(46) / cell.width()))  # so many columns share a name
        for across, away in enumerate(MONEYNESS):
            if (across - MONEYNESS.index(0.0)) % step:
                continue
            more = cell.width() * (step - 1) / 2
            place = QRectF(cell.left() + across * cell.width() - more, 0, cell.width() + 2 * more, theme.scaled(18))
            text = "forward" if away == 0 else written.percent(away, 1 if round(away * 1000) % 10 else 0, sign=True)
            self._text(painter, place, text, "t2" if away == 0 else "t3", MIDDLE)
        for down, number in enumerate(self._rows):
            y = cell.top() + down * cell.height()
            smile = self._surface.smiles[number]
            self._text(painter, QRectF(0, y, cell.left() - 6, cell.height()), written.day(smile.expiry), "t2", LEFT)
            for across in range(len(MONEYNESS)):
                box = QRectF(cell.left() + across * cell.width(), y, cell.width() - 1, cell.height() - 1)
                level = float(self._grid[down, across])
                if not math.isfinite(level):
                    painter.fillRect(box, theme.tokens().color("bg2"))
                    continue
                color = heat((level - low) / ((high - low) or 1.0))
                painter.fillRect(box, color)
                if not small:
                    painter.setPen(readable_on(color))
                    painter.setFont(theme.font(theme.scaled(11)))
                    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, written.number(level * 100, 1))


class Landscape(Picture):
    """The surface as hills: to the right the strikes, to the back the time, upwards volatility.

    Painted by projection, without OpenGL, so that it looks the same everywhere. Turn it by dragging or with the arrow keys,
    nearer and farther with the wheel or + and -, Home puts it back.
    """

    def __init__(self) -> None:
        super().__init__("Surface in space", 300)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleDescription("Arrow keys turn it, plus and minus bring it nearer, Home puts it back")
        (self.turned, self.tilted), self.near = _FRONT, 1.0
        self._surface: Surface | None = None
        self._points: npt.NDArray[np.float64] = np.empty((0, 0, 3))
        self._levels: npt.NDArray[np.float64] = np.empty((0, 0))
        self._held: QPointF | None = None

    def show_surface(self, surface: Surface) -> None:
        """All expiries of a surface that have a curve."""
        self._surface = surface
        rows = [number for number in range(len(surface.smiles)) if surface.smiles[number].curve is not None]
        away = np.linspace(MONEYNESS[0], MONEYNESS[-1], 33)
        grid = surface.grid(away.tolist())[rows] if rows else np.empty((0, len(away)))
        known = grid[np.isfinite(grid)]
        if len(rows) < 2 or not len(known):
            self._points, self._levels = np.empty((0, 0, 3)), grid
            self.tell("nothing to show")
            return
        low, high = float(known.min()), float(known.max())
        time = np.sqrt([surface.smiles[number].days for number in rows])
        time = (time - time[0]) / (time[-1] - time[0]) * 2 - 1
        across = np.linspace(-1, 1, len(away))
        height = (grid - low) / ((high - low) or 1.0) * 1.1 - 0.55
        right, back = np.broadcast_to(across, grid.shape), np.broadcast_to(time[:, None], grid.shape)
        self._points = np.stack([right, height, back], axis=-1)
        self._levels = (grid - low) / ((high - low) or 1.0)
        self._told = (low, high, surface.smiles[rows[0]].expiry, surface.smiles[rows[-1]].expiry)
        self.tell(f"from {written.percent(low)} to {written.percent(high)}, {self._told[2]} to {self._told[3]}")

    def said_at(self, place: QPointF) -> str:
        return "Drag to turn it; the wheel brings it nearer" if self._points.size else ""

    def turn(self, around: float, over: float) -> None:
        """By so many radians; it is never seen from below."""
        self.turned = (self.turned + around + math.pi) % (2 * math.pi) - math.pi
        self.tilted = min(max(self.tilted + over, math.radians(4)), math.radians(86))
        self.update()

    def approach(self, times: float) -> None:
        """Nearer (above 1) or farther."""
        self.near = min(max(self.near * times, 0.5), 3.0)
        self.update()

    def reset(self) -> None:
        """As it was at first."""
        (self.turned, self.tilted), self.near = _FRONT, 1.0
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        turns = {Qt.Key.Key_Left: (-_TURN, 0.0), Qt.Key.Key_Right: (_TURN, 0.0), Qt.Key.Key_Up: (0.0, _TURN),
                 Qt.Key.Key_Down: (0.0, -_TURN)}  # fmt: skip
        key = Qt.Key(event.key())
        if key in turns:
            self.turn(*turns[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.approach(1 / 1.15 if key == Qt.Key.Key_Minus else 1.15)
        elif key == Qt.Key.Key_Home:
            self.reset()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._held = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held is not None:
            moved = event.position() - self._held
            self._held = event.position()
            self.turn(moved.x() / 150, moved.y() / 150)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._held = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.approach(1.1 if event.angleDelta().y() > 0 else 1 / 1.1)
        event.accept()

    def projected(self, points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Where points in space are seen (last axis right and up), and how far they are from the eye."""
        cos, sin, rise, fall = math.cos(self.turned), math.sin(self.turned), math.cos(self.tilted), math.sin(self.tilted)
        x, y, z = points[..., 0], points[..., 1], points[..., 2]
        right, back = x * cos - z * sin, x * sin + z * cos
        up, depth = y * rise + back * fall, back * rise - y * fall
        size = _EYE / (_EYE + depth)
        return np.stack([right * size, up * size], axis=-1), depth

    def placed(self, points: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """The same in pixels: at the size at which the whole box fits however it is turned, times `near`."""
        flat, depth = self.projected(points)
        box, _ = self.projected(_BOX)
        low, high = box.min(axis=0), box.max(axis=0)
        room = (max(60.0, self.width() - theme.scaled(70)), max(60.0, self.height() - theme.scaled(34)))
        scale = min(room[0] / (high[0] - low[0]), room[1] / (high[1] - low[1])) * self.near
        middle = (low + high) / 2
        x = self.width() / 2 + (flat[..., 0] - middle[0]) * scale
        return np.stack([x, self.height() / 2 - (flat[..., 1] - middle[1]) * scale], axis=-1), depth

    def _paint(self, painter: QPainter) -> None:
        if not self._points.size:
            self._nothing(painter, "It takes two expiries with a curve")
            return
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        self._floor(painter)
        places, depth = self.placed(self._points)
        far = (depth[:-1, :-1] + depth[1:, :-1] + depth[:-1, 1:] + depth[1:, 1:]) / 4
        level = (self._levels[:-1, :-1] + self._levels[1:, :-1] + self._levels[:-1, 1:] + self._levels[1:, 1:]) / 4
        edge = theme.tokens().color("bg0", 90)
        for number in np.argsort(-far, axis=None, kind="stable").tolist():
            row, column = divmod(number, far.shape[1])
            if not math.isfinite(level[row, column]):
                continue
            painter.setPen(edge)
            painter.setBrush(heat(float(level[row, column])))
            corners = ((row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column))
            painter.drawPolygon(QPolygonF([QPointF(*places[corner]) for corner in corners]))
        if self.hasFocus():
            painter.setPen(pen("accent_line", 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(1, 1, self.width() - 2, self.height() - 2), 4, 4)

    def _floor(self, painter: QPainter) -> None:
        """The ground with the names of its edges."""
        ground = np.array([[-1, _FLOOR, -1], [1, _FLOOR, -1], [1, _FLOOR, 1], [-1, _FLOOR, 1]], dtype=np.float64)
        places, _ = self.placed(ground)
        painter.setPen(pen("line_strong", 1.0))
        painter.setBrush(theme.tokens().color("bg2", 120))
        painter.drawPolygon(QPolygonF([QPointF(*each) for each in places]))
        for step in np.linspace(-1, 1, 5)[1:-1]:
            for ends in (((step, _FLOOR, -1), (step, _FLOOR, 1)), ((-1, _FLOOR, step), (1, _FLOOR, step))):
                (one, other), _ = self.placed(np.array(ends, dtype=np.float64))
                painter.setPen(pen("grid", 1.0))
                painter.drawLine(QPointF(*one), QPointF(*other))
        low, high, first, last = self._told
        names = (
            ((-1.0, _FLOOR, -1.15), written.percent(MONEYNESS[0], 0)),
            ((1.0, _FLOOR, -1.15), written.percent(MONEYNESS[-1], 0, sign=True)),
            ((0, _FLOOR, -1.18), "strike from the forward"),
            ((1.32, _FLOOR, -0.62), written.day(first)),
            ((1.32, _FLOOR, 1.0), written.day(last)),
        )
        for where, text in names:
            (place,), _ = self.placed(np.array([where], dtype=np.float64))
            self._text(painter, QRectF(place[0] - 70, place[1] - 8, 140, 16), text, "t3", MIDDLE)
        told = f"{written.percent(low)} to {written.percent(high)}"
        self._text(painter, QRectF(self.width() - 210, 4, 204, 16), told, "t2", RIGHT)
