"""The filters beside the table; without room for both, a strip at the edge opens them over the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from terminal.ui import theme
from terminal.ui.form import row

if TYPE_CHECKING:
    from collections.abc import Callable

_WIDTH = 26
# Below this width of the window the pane hides, unless there is room enough here; and always below the last width.
_NARROW_WINDOW, _ROOMY, _NARROW = 1500, 1100, 900


class Beside(QWidget):
    """`pane` beside `content`. `placed`: the pane came or went, or the width changed."""

    placed = Signal()

    def __init__(self, pane: QWidget, content: QWidget) -> None:
        super().__init__()
        self.pane = pane
        self.edge = Edge(self.open_)
        self.wanted = True
        self._content = content
        self._row = row(pane, self.edge, content, spacing=0)
        self._row.setStretch(2, 1)
        self.setLayout(self._row)

    @property
    def floating(self) -> bool:
        """Whether the pane lies over the content when it is open."""
        return (self.window().width() < _NARROW_WINDOW and self.width() < _ROOMY) or self.width() < _NARROW

    @property
    def inline(self) -> bool:
        """Whether the pane has a place of its own."""
        return self.wanted and not self.floating

    @property
    def room(self) -> int:
        """Width that is left for the content."""
        return self.width() - (self.pane.width() if self.inline else self.edge.sizeHint().width())

    def place(self) -> None:
        """Put the pane where it belongs."""
        if self.inline and self._row.indexOf(self.pane) < 0:
            self._row.insertWidget(0, self.pane)
        elif self.floating and self._row.indexOf(self.pane) >= 0:
            self._row.removeWidget(self.pane)
        self.pane.setVisible(self.inline)
        self.edge.setVisible(not self.inline)
        self.placed.emit()

    def open_(self) -> None:
        """Show the pane, over the content where there is no room beside it."""
        if not self.floating:
            self.wanted = True
            self.place()
            return
        self.pane.setGeometry(self.edge.width(), 0, self.pane.width(), self.height())
        self.pane.show()
        self.pane.raise_()
        self.pane.setFocus()

    def close_(self) -> None:
        """Hide the pane at the edge."""
        self.wanted = self.wanted and self.floating
        self.place()
        self.edge.setFocus()

    def step_aside(self) -> None:
        """Uncover the content, if the pane lies over it."""
        if self.floating:
            self.pane.hide()

    def watch(self, widget: QWidget) -> None:
        """A press on `widget` uncovers it."""
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self.step_aside()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.place()


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
