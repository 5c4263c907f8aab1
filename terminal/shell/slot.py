"""The inside of a dock: an empty place until it is first seen, then a panel, in a frame when it shows a past day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui.theme import set_role

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from PySide6.QtGui import QShowEvent

    from terminal.shell.timemachine import PastStrip


class Slot(QWidget):
    """The inside of a dock. `wanted` is emitted once, when it is first shown and still empty."""

    wanted = Signal(str)
    shown = Signal(str)

    def __init__(self, panel_id: str) -> None:
        super().__init__()
        self.panel_id = panel_id
        self.widget: QWidget | None = None
        self._asked = self._aside = False
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
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
        edge = 2 if day is not None else 0
        self._box.setContentsMargins(edge, edge, edge, edge)
        set_role(self, past=day is not None)

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
