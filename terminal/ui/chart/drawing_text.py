"""The field on a chart in which the words of a text are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit

from terminal.domain.drawings import MOST_TEXT

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QWidget

    from terminal.domain.drawings import Point
    from terminal.ui.chart.drawing_view import ChartView

WIDE = 220


class TextField(QLineEdit):
    """At a point of the chart. `written(text)` on Enter, `left` on Escape."""

    written = Signal(str)
    left = Signal()

    def __init__(self, parent: QWidget, view: ChartView, point: Point, text: str = "") -> None:
        super().__init__(text, parent)
        self.setMaxLength(MOST_TEXT)
        self.setAccessibleName("Text on the chart")
        self.setPlaceholderText("Write, then press Enter")
        self.returnPressed.connect(lambda: self.written.emit(self.text().strip()))
        x, y = view.to_pixel(point)
        self.setFixedWidth(WIDE)
        self.move(round(min(x, view.area[2] - WIDE - 4)), round(max(view.area[1], y - self.sizeHint().height())))
        self.show()
        self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)
