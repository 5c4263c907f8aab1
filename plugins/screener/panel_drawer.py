"""The drawer under the table: what changed since the last run, what each clause does, why a row is in or out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.form import IconButton, label, line, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from terminal.api import Host, Table

_LOOKS = {
    "change": Look("muted", 74),
    "symbol": Look("ticker", 84),
    "clause": Look("text", 250, stretch=True),
    "was": Look("text", 92),
    "now": Look("text", 92),
    "verdict": Look("text", 120),
    "reason": Look("muted", 220),
    "outcome": Look("text", 90),
    "value": Look("text", 110),
    "passed": Look("number", 74),
    "failed": Look("number", 74),
    "unknown": Look("number", 84),
    "without": Look("number", 150),
}
_ROWS = 7


class Drawer(QWidget):
    """One small table at a time; closed by its cross and the Escape key. `content` says which it is, "" when closed."""

    opened = Signal(str)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.content = ""
        self.title = label("", "strong")
        self.note = label("", "muted")
        self.table = TableView(host, name="Details", looks=_LOOKS)
        self.table.activated.connect(self.opened)
        self.table.selected.connect(host.select)
        head = row(self.title, self.note, IconButton("x", "Close", self.close_, size=14), spacing=10, margins=(12, 6, 8, 4))
        head.setStretch(1, 1)
        self.note.setMinimumWidth(20)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(line())
        box.addLayout(head)
        box.addWidget(self.table)
        self.hide()

    def show_table(self, content: str, table: Table, *, empty: str = "Nothing to show") -> None:
        """Open with this table."""
        self.content = content
        self.title.setText(table.title)
        self.note.setText(" ".join(table.notes))
        self.note.setToolTip("\n".join(table.notes))
        self.table.set_empty(empty, icon="git-compare-arrows")
        self.table.show_table(table, columns=[column.name for column in table.columns], keep_selection=False)
        mode = "newbie" if self.table.property("newbie") else "pro"
        rows = min(max(table.frame.height, 2), _ROWS if mode == "pro" else _ROWS - 2)
        self.table.setFixedHeight(theme.scaled(34) + rows * theme.row_height(mode) + 10)
        self.show()

    def set_mode(self, mode: str) -> None:
        self.table.setProperty("newbie", mode == "newbie")
        self.table.set_mode(mode)

    def close_(self) -> None:
        """Put away."""
        self.content = ""
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_()
        else:
            super().keyPressEvent(event)
