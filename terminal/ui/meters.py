"""Small pictures of numbers: percentile bars, sparklines, traffic lights, progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QProgressBar, QSizePolicy, QWidget

from terminal.ui import theme
from terminal.ui.form import Glyph, IconButton, column, label, reveal, row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_LIGHTS = {"ok": ("circle-check", "ok"), "warn": ("circle-alert", "warn"), "error": ("circle-x", "down_text"),
           "unknown": ("circle-question-mark", "t3")}
_SPOKEN = {"ok": "good", "warn": "careful", "error": "bad", "unknown": "unknown"}


def polyline(values: Sequence[float | None], rect: QRectF) -> QPolygonF:
    """The points of a sparkline in `rect`; unknown values are left out."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return QPolygonF()
    low = min(known)
    across, tall = rect.width() / (len(values) - 1), rect.height() / ((max(known) - low) or 1.0)
    left, bottom = rect.left(), rect.bottom()
    return QPolygonF([QPointF(left + place * across, bottom - (value - low) * tall)
                      for place, value in enumerate(values) if value is not None])


def rising(values: Sequence[float | None]) -> bool:
    """Whether the last known value is not below the first."""
    first = next((value for value in values if value is not None), None)
    last = next((value for value in reversed(values) if value is not None), None)
    return first is not None and last is not None and last >= first


class Sparkline(QWidget):
    """A line without axes; green or red (or blue and orange) by its direction."""

    def __init__(self, values: Sequence[float | None] = (), name: str = "Trend") -> None:
        super().__init__()
        self._name = name
        self._values: list[float | None] = []
        self.setMinimumSize(48, 18)
        self.set_values(values)

    def set_values(self, values: Sequence[float | None]) -> None:
        self._values = list(values)
        word = "rising" if rising(self._values) else "falling"
        self.setAccessibleName(f"{self._name}: {word if len(self._values) > 1 else 'unknown'}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(88, 22)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.tokens().color("up" if rising(self._values) else "down"), 1.3))
        painter.drawPolyline(polyline(self._values, QRectF(self.rect()).adjusted(1, 3, -1, -3)))


class PercentileBar(QWidget):
    """One row: name, bar with a tick at the median, number. `percentile` runs 0 to 100; None is unknown."""

    def __init__(self, title: str, percentile: float | None = None, tip: str = "", title_width: int = 92) -> None:
        super().__init__()
        self._title = title
        self._title_width = title_width
        self._percentile: float | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.set_value(percentile, tip)

    def set_value(self, percentile: float | None, tip: str = "") -> None:
        self._percentile = percentile
        self.setToolTip(tip)
        spoken = "unknown" if percentile is None else f"percentile {percentile:.0f}"
        self.setAccessibleName(f"{self._title}: {spoken}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, theme.scaled(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.tokens()
        painter = QPainter(self)
        painter.setFont(theme.font(theme.scaled(11)))
        height, left = self.height(), theme.scaled(self._title_width)
        painter.setPen(colors.color("t2"))
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, left - 8)
        painter.drawText(QRect(0, 0, left, height), Qt.AlignmentFlag.AlignVCenter, title)
        bar = QRectF(left, height / 2 - 2.5, self.width() - left - theme.scaled(34), 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("track"))
        painter.drawRoundedRect(bar, 2.5, 2.5)
        value = self._percentile
        if value is not None:
            painter.setBrush(colors.color("up" if value >= 55 else "accent" if value >= 40 else "down"))
            filled = QRectF(bar)
            filled.setWidth(max(5.0, bar.width() * min(max(value, 0), 100) / 100))
            painter.drawRoundedRect(filled, 2.5, 2.5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(colors.color("t3"), 1))
        middle = round(bar.center().x())
        painter.drawLine(middle, round(bar.top()) - 3, middle, round(bar.bottom()) + 2)
        painter.setFont(theme.font(theme.scaled(11), 600))
        painter.setPen(colors.color("t3" if value is None else "t1"))
        painter.drawText(QRect(0, 0, self.width(), height), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                         "–" if value is None else f"{value:.0f}")


class TrafficLight(QFrame):
    """A light with its reason: ok, warn, error or unknown. Each has its own shape, not only its colour."""

    def __init__(self, state: str = "unknown", title: str = "", reason: str = "") -> None:
        super().__init__()
        self._glyph = Glyph("circle", size=18)
        self._title = label("", "strong", wrap=True)
        self._reason = label("", "body", wrap=True)
        box = row(spacing=10)
        box.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        box.addLayout(column(self._title, self._reason, spacing=1), 1)
        self.setLayout(box)
        self.set_state(state, title, reason)

    def set_state(self, state: str, title: str, reason: str = "") -> None:
        self._glyph.set_icon(*_LIGHTS.get(state, _LIGHTS["unknown"]))
        self._title.setText(title)
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        self.setAccessibleName(f"{title}: {_SPOKEN.get(state, 'unknown')}. {reason}".strip())


class ProgressLine(QWidget):
    """A thin bar with a note and, when wanted, a cross to stop; hidden while nothing runs."""

    def __init__(self, on_cancel: Callable[[], object] | None = None) -> None:
        super().__init__()
        self._note = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress")
        head = row(self._note, 0, spacing=4)
        if on_cancel is not None:
            head.addWidget(IconButton("x", "Stop", on_cancel, size=12))
        self.setLayout(column(head, self._bar, spacing=2))
        self.hide()

    def report(self, fraction: float | None, note: str = "") -> None:
        """Show how far it is (0..1; None: unknown)."""
        self._bar.setRange(0, 0 if fraction is None else 1000)
        if fraction is not None:
            self._bar.setValue(round(min(max(fraction, 0.0), 1.0) * 1000))
        self._note.setText(note)
        self._bar.setAccessibleDescription(note)
        reveal(self)

    def finish(self) -> None:
        self.hide()


def dot(painter: QPainter, center: QPointF, color: QColor, radius: float = 3.0) -> None:
    """A filled dot."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawEllipse(center, radius, radius)
