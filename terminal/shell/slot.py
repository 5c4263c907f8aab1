"""The inside of a dock: an empty place until it is first seen, then a panel, in a frame when it shows a past day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from PySide6.QtGui import QPaintEvent, QShowEvent

    from terminal.shell.timemachine import PastStrip


EDGE = 2  # of a panel that shows a past day


class Slot(QWidget):
    """The inside of a dock. `wanted` is emitted once, when it is first shown and still empty.

    It paints all of itself, so that what changes in a panel need not be painted from the window's ground up, dock by dock.
    """

    wanted = Signal(str)
    shown = Signal(str)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.panel_id = panel_id
        self.widget: QWidget | None = None
        self._asked = self._aside = False
        self._past = False
        self._strip: PastStrip | None = None
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)

    def show_past(self, day: date | None, back: Callable[[], None]) -> None:
        """Frame the panel as one that shows a past day (None: no frame); `back` is what leads to today."""
        if day is not None and self._strip is None:
            from terminal.shell.timemachine import PastStrip

            self._strip = PastStrip(back)
            self._box.insertWidget(0, self._strip)
        if self._strip is not None:
            if day is not None:
                self._strip.show_day(day)
            self._strip.setVisible(day is not None)
        self._past = day is not None
        edge = EDGE if self._past else 0
        self._box.setContentsMargins(edge, edge, edge, edge)
        self.update()

    def event(self, event: QEvent) -> bool:
        done = bool(super().event(event))
        if event.type() in (QEvent.Type.Polish, QEvent.Type.StyleChange):  # a style sheet takes it away
            self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        return done

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, colors = QPainter(self), theme.tokens()
        painter.fillRect(event.rect(), colors.color("bg1"))
        if self._past:
            line, width, height = colors.color("past_line"), self.width(), self.height()
            for side in (QRect(0, 0, width, EDGE), QRect(0, height - EDGE, width, EDGE),
                         QRect(0, 0, EDGE, height), QRect(width - EDGE, 0, EDGE, height)):
                painter.fillRect(side, line)
        painter.end()

    def put(self, widget: QWidget) -> None:
        """Show `widget` and let go of what was there."""
        old, self.widget = self.widget, widget
        self._aside = False
        if old is not None:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._box.addWidget(widget)
        widget.show()

    def set_aside(self, holder: QWidget) -> None:
        """Lend the panel to `holder` until the slot is seen again: each time QtAds moves a slot, the style of everything
        in it is worked out anew, which takes a second for a whole window.
        """
        if self.widget is not None and not self._aside:
            self._aside = True
            self._box.removeWidget(self.widget)
            self.widget.setParent(holder)

    def bring_back(self) -> None:
        """Take the panel back, if the slot is seen."""
        if self._aside and self.widget is not None and self.isVisible():
            self._aside = False
            self._box.addWidget(self.widget)
            self.widget.show()

    def ask(self) -> None:
        """Have the panel built at the next turn of the event loop, if that has not happened yet."""
        if not self._asked:
            self._asked = True
            QTimer.singleShot(0, self, self._still_wanted)

    def _still_wanted(self) -> None:
        # While a layout is being made, tabs come to the front for a moment that nobody sees.
        if self.isVisible():
            self.wanted.emit(self.panel_id)
        else:
            self._asked = False

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._aside:
            QTimer.singleShot(0, self, self.bring_back)
        self.ask()
        self.shown.emit(self.panel_id)
