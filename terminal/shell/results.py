"""The result panel: the answer of any command, as a table with its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.domain import format as fmt
from terminal.ui.badge import SourceBadge
from terminal.ui.form import EmptyState, label, row

if TYPE_CHECKING:
    from terminal.domain.sourced import Table
    from terminal.shell.host import ShellHost
    from terminal.ui.table import TableView


class ResultPanel(QWidget):
    """Shows the last answer that no other panel took."""

    def __init__(self, host: ShellHost) -> None:
        super().__init__()
        self._host = host
        self._table: TableView | None = None
        self._title = label("", "h2")
        self._count = label("", "muted")
        self._badge = SourceBadge()
        self._notes = label("", "muted", wrap=True)
        self._empty = EmptyState("No result yet", "Press Ctrl+K and run a command; its answer appears here.", "terminal")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(0)
        self._head = QWidget()
        self._head.setLayout(row(self._title, self._count, 0, self._badge, spacing=10, margins=(14, 8, 12, 8)))
        self._head.hide()
        self._box.addWidget(self._head)
        self._box.addWidget(self._empty, 1)
        self._notes.setContentsMargins(14, 4, 12, 6)
        self._notes.hide()
        self._box.addWidget(self._notes)

    def show_answer(self, command: str, table: Table) -> None:
        """Show the table that `command` answered with."""
        self._head.show()
        self._title.setText(table.title)
        rows = table.frame.height
        self._count.setText("1 row" if rows == 1 else f"{fmt.count(rows)} rows")
        self._badge.show_sources(table.sources, self._host.app.clock())
        words = [*table.notes, *(f"Unknown: {text}" for text in table.unknown)]
        self._notes.setText("\n".join(words[:6]))
        self._notes.setVisible(bool(words))
        self._empty.setVisible(rows == 0)
        if rows == 0:
            self._empty.set_message("Nothing to show", "The command ran and found no rows.", "circle-check")
        self._view().setVisible(rows > 0)
        self._view().set_key(f"results.{command}")
        self._view().show_table(table)

    def _view(self) -> TableView:
        if self._table is None:
            from terminal.ui.table import TableView

            self._table = TableView(self._host)
            self._table.activated.connect(self._host.window.open_symbol)
            self._table.selected.connect(self._host.select)
            self._box.insertWidget(1, self._table, 1)
        return self._table

    def set_mode(self, mode: str) -> None:
        if self._table is not None and hasattr(self._table, "set_mode"):
            self._table.set_mode(mode)
