"""A range slider with the distribution behind it, so that one sees how many a limit keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from terminal.domain.format import number
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MARGIN = 7
_TRACK = 9


class RangeSlider(QWidget):
    """Two handles over a histogram. `changed(low, high)` while moving; a limit at its end is None: no limit.

    Tab goes from the low handle to the high one, arrows move by one step, Page keys by ten, Home and End to the ends,
    a double click takes both limits away.
    """

    changed = Signal(object, object)

    def __init__(self, name: str, minimum: float = 0.0, maximum: float = 1.0, *, histogram: Sequence[float] = (),
                 text: Callable[[float], str] = number, steps: int = 100) -> None:
        super().__init__()
        self._name = name
        self._text = text
        self._steps = steps
        self._active = 0
        self._dragging = False
        self._histogram: list[float] = []
        self._ends = (minimum, maximum)
        self._values = [minimum, maximum]
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_histogram(histogram)
        self._describe()

    @property
    def limits(self) -> tuple[float | None, float | None]:
        """(low, high); None where there is no limit."""
        low, high = self._values
        return (None if low <= self._ends[0] else low), (None if high >= self._ends[1] else high)

    def set_limits(self, low: float | None, high: float | None) -> None:
        """Move the handles without telling."""
        least, most = self._ends
        first = least if low is None else min(max(low, least), most)
        second = most if high is None else min(max(high, least), most)
        self._values = [min(first, second), max(first, second)]
        self._describe()
        self.update()

    def set_range(self, minimum: float, maximum: float, histogram: Sequence[float] = ()) -> None:
        """Other ends; limits that were set stay where they fit."""
        low, high = self.limits
        self._ends = (minimum, max(maximum, minimum))
        self.set_histogram(histogram)
        self.set_limits(low, high)

    def set_histogram(self, counts: Sequence[float]) -> None:
        """Counts of equally wide classes between the ends; the heights are square roots, so that small ones show."""
        top = max(counts, default=0)
        self._histogram = [(max(count, 0) / top) ** 0.5 for count in counts] if top > 0 else []
        self.updateGeometry()
        self.update()

    @property
    def caption(self) -> str:
        """The limits in words: `8.0 – 24.5×`, `from 8.0`, `any`."""
        low, high = self.limits
        if low is None and high is None:
            return "any"
        if low is None or high is None:
            return f"from {self._text(low)}" if low is not None else f"up to {self._text(high)}"  # type: ignore[arg-type]
        return f"{self._text(low)} – {self._text(high)}"

    def sizeHint(self) -> QSize:
        return QSize(160, 34 if self._histogram else 20)

    def minimumSizeHint(self) -> QSize:
        return QSize(80, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.tokens()
        painter = QPainter(self)
        width, base = self.width() - 2 * _MARGIN, self.height() - _TRACK
        left, right = (self._place(value) for value in self._values)
        if self._histogram:
            each = width / len(self._histogram)
            for index, height in enumerate(self._histogram):
                middle = _MARGIN + (index + 0.5) * each
                tall = max(1.0, height * (base - 3)) if height else 0.0
                role = "bar_active" if left - 1 <= middle <= right + 1 else "bar_muted"
                painter.fillRect(QRectF(_MARGIN + index * each + 0.5, base - tall, max(1.0, each - 1), tall), colors.color(role))
        painter.fillRect(QRectF(_MARGIN, base, width, 2), colors.color("track"))
        painter.fillRect(QRectF(left, base, right - left, 2), colors.color("accent"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, place in enumerate((left, right)):
            focused = self.hasFocus() and index == self._active
            if focused:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colors.color("accent", 90))
                painter.drawEllipse(QPointF(place, base + 1), 8, 8)
            painter.setPen(QPen(colors.color("accent"), 1.5))
            painter.setBrush(colors.color("t1") if colors.name == "dark" else colors.color("bg1"))
            painter.drawEllipse(QPointF(place, base + 1), 5, 5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        x = event.position().x()
        places = [self._place(value) for value in self._values]
        distances = [abs(x - place) for place in places]
        self._active = int(distances[1] < distances[0] or (distances[0] == distances[1] and x > places[0]))
        self._dragging = True
        self._move_to(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._move_to(event.position().x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._dragging = False

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._values = list(self._ends)
        self._tell()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        step = (self._ends[1] - self._ends[0]) / self._steps
        moves = {Qt.Key.Key_Left: -step, Qt.Key.Key_Down: -step, Qt.Key.Key_Right: step, Qt.Key.Key_Up: step,
                 Qt.Key.Key_PageDown: -10 * step, Qt.Key.Key_PageUp: 10 * step}
        if key in moves:
            self._set_active(self._values[self._active] + moves[key])
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._set_active(self._ends[int(key == Qt.Key.Key_End)])
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        if self.hasFocus() and self._active != int(forward):
            self._active = int(forward)
            self.update()
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: QFocusEvent) -> None:
        if event.reason() == Qt.FocusReason.TabFocusReason:
            self._active = 0
        elif event.reason() == Qt.FocusReason.BacktabFocusReason:
            self._active = 1
        super().focusInEvent(event)

    def _place(self, value: float) -> float:
        least, most = self._ends
        share = (value - least) / (most - least) if most > least else 0.0
        return _MARGIN + share * (self.width() - 2 * _MARGIN)

    def _move_to(self, x: float) -> None:
        share = min(max((x - _MARGIN) / max(1, self.width() - 2 * _MARGIN), 0.0), 1.0)
        share = round(share * self._steps) / self._steps
        self._set_active(self._ends[0] + share * (self._ends[1] - self._ends[0]))

    def _set_active(self, value: float) -> None:
        low, high = self._values
        least, most = self._ends
        wanted = [low, min(max(value, low), most)] if self._active else [max(min(value, high), least), high]
        if wanted != self._values:
            self._values = wanted
            self._tell()

    def _tell(self) -> None:
        self._describe()
        self.update()
        self.changed.emit(*self.limits)

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._name}: {self.caption}")
