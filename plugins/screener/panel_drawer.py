"""The drawer under the table: what changed since the last run, what each clause does, why a row is in or out."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.screener.changes import in_words
from plugins.screener.model import judged_in_words
from terminal.ui import theme
from terminal.ui.form import IconButton, label, line, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QKeyEvent

    from terminal.api import Host, Table, TerminalError

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
        self._host = host
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

    def ask_changes(self, screen: str) -> None:
        """Who entered and who left a screen, and the clause that flipped with both values."""

        def show(table: Table) -> None:
            words = in_words(table, self._host.mode == "newbie")
            self.show_table("changes", words, empty="Nobody entered, nobody left")

        self._ask("screener.diff", {"preset": screen}, show)

    def ask_clauses(self, arguments: Mapping[str, Any]) -> None:
        """The counts of each clause of a screen."""
        nothing = "This screen has no clause: it keeps everything"
        self._ask("screener.clauses", arguments, lambda table: self.show_table("clauses", table, empty=nothing))

    def ask_reason(self, symbol: str, arguments: Mapping[str, Any]) -> None:
        """What each clause of a screen says of one symbol."""
        show = partial(self.show_table, "reason")
        self._ask("screener.explain", {"symbol": symbol, **arguments}, lambda table: show(judged_in_words(table)))

    def _ask(self, command: str, arguments: Mapping[str, Any], then: Callable[[Table], None]) -> None:
        def fail(error: TerminalError) -> None:
            self._host.notify(error.sentence(), "info")

        self._host.run(command, arguments, then=then, fail=fail, key="drawer")

    def show_table(self, content: str, table: Table, *, empty: str = "Nothing to show") -> None:
        """Open with this table."""
        self.content = content
        self.title.setText(table.title)
        self.note.setText(" ".join(table.notes))
        self.note.setToolTip("\n".join(table.notes))
        self.table.set_empty(empty, icon="git-compare-arrows")
        self.table.show_table(table, columns=[column.name for column in table.columns], keep_selection=False)
        mode = "newbie" if self.table.property("newbie") else "pro"
        rows = min((table.frame.height or 4), _ROWS if mode == "pro" else _ROWS - 2)
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
