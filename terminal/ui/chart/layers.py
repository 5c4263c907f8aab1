"""What every layer of a pane shares: it is drawn in device pixels, from the visible slice alone, and never raises into Qt.

This module and those that import it are the only ones with pyqtgraph; they are imported with the first bars. pyqtgraph's own
grid, axes' text and curves are not used: its grid alone costs 20 to 35 ms a frame.
"""

from __future__ import annotations

import functools
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import pyqtgraph as pg
from pyqtgraph.Qt.internals import PrimitiveArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from terminal.ui.chart.scale import Scale
    from terminal.ui.chart.series import Series

_log = logging.getLogger(__name__)
BODY = 0.7


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


def faint(role: str, share: float) -> QColor:
    """A token's colour at `share` over the panel's own, but opaque: transparent boxes cost five times as much to fill."""
    colors = theme.tokens()
    front, back = colors.color(role), colors.color("bg1")
    mixed = (round(over * share + under * (1 - share)) for over, under in
             ((front.red(), back.red()), (front.green(), back.green()), (front.blue(), back.blue())))
    return QColor(*mixed)


class PaneState(Protocol):
    """What a layer asks of its pane."""

    series: Series
    scale: Scale
    most_volume: float


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame's view: the bars from `start` to `end` over `area`, and how places and heights become pixels."""

    start: float
    end: float
    area: QRectF
    across: tuple[float, float]
    down: tuple[float, float]
    scale: Scale

    def x(self, places: Any) -> Any:
        return places * self.across[0] + self.across[1]

    def y(self, values: Any) -> Any:
        """Pixels of prices (values, in a study's pane)."""
        return self.scale.heights(values) * self.down[0] + self.down[1]

    def half(self, step: int) -> int:
        """Half the width of the body of `step` bars, in pixels."""
        return max(0, round((self.across[0] * step * BODY - 1) / 2))


class Batch:
    """Rectangles or lines handed to Qt as one array."""

    def __init__(self, kind: type) -> None:
        self._array = PrimitiveArray(kind, 4)

    def fill(self, *columns: NDArray[np.float64] | float) -> tuple[Any, ...]:
        self._array.resize(len(columns[0]))  # type: ignore[arg-type]
        target = self._array.ndarray()
        for place, values in enumerate(columns):
            target[:, place] = values
        return tuple(self._array.drawargs())


class Layer(pg.GraphicsObject):  # type: ignore[misc]
    """Something drawn over the whole pane; `draw` gets a painter that counts in pixels."""

    def __init__(self, pane: PaneState, z: float = 0.0) -> None:
        super().__init__()
        self.pane = pane
        self.setZValue(z)

    def boundingRect(self) -> QRectF:
        view = self.getViewBox()
        return view.viewRect() if view is not None else QRectF()

    def dataBounds(self, *_: Any) -> None:
        return None

    def viewRangeChanged(self) -> None:
        self.prepareGeometryChange()

    @guarded
    def paint(self, painter: QPainter, *_: Any) -> None:
        view = self.getViewBox()
        if view is None or not len(self.pane.series):
            return
        (x0, x1), (y0, y1) = view.viewRange()
        move = painter.worldTransform()
        across, down = (move.m11(), move.m31()), (move.m22(), move.m32())
        left, right, top, bottom = (x0 * across[0] + across[1], x1 * across[0] + across[1],
                                    y1 * down[0] + down[1], y0 * down[0] + down[1])
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        self.draw(painter, Frame(x0, x1, QRectF(left, top, right - left, bottom - top), across, down, self.pane.scale))

    def draw(self, painter: QPainter, frame: Frame) -> None:
        """Paint the frame."""
        raise NotImplementedError
