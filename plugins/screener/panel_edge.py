"""The narrow strip at the edge that stands for the filters while they are hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 26


class Edge(QAbstractButton):
    """Opens the filters; says how many are set."""

    def __init__(self, on_click: Callable[[], object]) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip("Show the filters")
        self.clicked.connect(lambda *_: on_click())
        self._text = ""
        self.set_count(0)

    def set_count(self, count: int) -> None:
        """How many filters are set."""
        self._text = f"Filters · {count}" if count else "Filters"
        self.setAccessibleName(f"Show the filters, {count} set" if count else "Show the filters")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(_WIDTH), 120)

    def paintEvent(self, event: QPaintEvent) -> None:
        colors = theme.tokens()
        painter = QPainter(self)
        lit = self.underMouse() or self.hasFocus()
        painter.fillRect(self.rect(), colors.color("hover" if lit else "bg0"))
        painter.fillRect(QRect(self.width() - 1, 0, 1, self.height()), colors.color("line"))
        icon = theme.pixmap("panel-left-open", "t1" if lit else "t2", 14)
        painter.drawPixmap((self.width() - 14) // 2, 12, icon)
        font = theme.font(theme.scaled(12), 500)
        painter.setFont(font)
        painter.setPen(colors.color("t1" if lit else "t2"))
        painter.translate(self.width() / 2, 36)
        painter.rotate(90)
        height = QFontMetrics(font).height()
        painter.drawText(
            QRect(0, -height // 2, 200, height), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._text
        )
        painter.end()
