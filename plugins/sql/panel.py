"""The SQL panel: an editor, the tables there are, and the answer as a table."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QSplitter, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from plugins.sql.model import EXAMPLES
from plugins.sql.panel_editor import Editor
from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, Button, Card, EmptyState, Flow, ghost, label, primary, row
from terminal.ui.table import TableView

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from PySide6.QtGui import QShowEvent

    from terminal.api import Call, Host, Table, TerminalError

_PLACE = re.compile(r" at (?:line (\d+), )?column (\d+)[.;]")
WHAT = ("Every price, figure and note of yours lies in tables on this computer, and SQL is the language for asking them. "
        "Nothing can be broken: questions only read. Try one of these, then change it.")
NEVER = "Type a question and press Ctrl+Enter. Ctrl+Enter runs what is selected, else everything."


class SqlPanel(QWidget):
    """Runs one statement at a time with `sql.run`; the answer, or what was wrong with it and where."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self._call: Call | None = None
        self._read = False
        self.editor = Editor()
        self.editor.run.connect(self.run)
        self.run_button = primary("Run", "play", self.run)
        self.run_button.setToolTip("Run the statement (Ctrl+Enter)")
        self.stop_button = ghost("Cancel", "x", self.stop)
        self.history_button = ghost("History", "history", self.show_history)
        self.examples_button = ghost("Examples", "lightbulb", self.show_examples)
        self.export_button = ghost("Export", "download", self._export)
        self.status = label("", "muted")
        self.badge = SourceBadge()
        self.banner = Banner("")
        self.banner.hide()
        self.guide = Guide(self)
        self.tree = self._tables()
        self.table = TableView(host)
        self.table.selected.connect(host.select)
        self.table.activated.connect(lambda symbol: host.open("tearsheet", symbol))
        self.empty = EmptyState("No answer yet", NEVER, "database")
        self._lay_out()
        self._settle()
        host.on("book.changed", self._changed)

    def _lay_out(self) -> None:
        answer = QWidget()
        below = QVBoxLayout(answer)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(0)
        below.addLayout(row(self.status, 0, self.badge, self.export_button, spacing=8, margins=(12, 4, 12, 4)))
        below.addWidget(self.table, 1)
        below.addWidget(self.empty, 1)
        down = self._down = QSplitter(Qt.Orientation.Vertical)
        down.setChildrenCollapsible(False)
        down.addWidget(self.editor)
        down.addWidget(answer)
        down.setSizes([220, 400])
        across = QSplitter(Qt.Orientation.Horizontal)
        across.addWidget(self.tree)
        across.addWidget(down)
        across.setStretchFactor(1, 1)
        across.setSizes([230, 800])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addLayout(row(label("SQL", "h1"), label("read only", "muted"), 0, self.examples_button, self.history_button,
                          self.stop_button, self.run_button, spacing=8, margins=(12, 8, 12, 6)))
        box.addWidget(self.guide)
        box.addWidget(self.banner)
        box.addWidget(across, 1)
        self.table.hide()
        self.export_button.hide()
        self.set_mode(self._host.mode)

    def _tables(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setHeaderHidden(True)
        tree.setAccessibleName("Tables of the store; Enter puts the name into the statement")
        tree.setMinimumWidth(150)
        tree.itemActivated.connect(lambda item, _: self.editor.put(item.data(0, Qt.ItemDataRole.UserRole)))
        return tree

    # ---- running ----

    def run(self) -> None:
        """Run what is selected, else everything."""
        text = self.editor.chosen()
        if self._call is not None or not text:
            return
        self.banner.hide()
        self.editor.mark(None)
        self.status.setText("Asking the store …")
        self._call = self._host.run("sql.run", {"text": text}, then=self._answered, fail=self._failed, key="run")
        self._settle()

    def stop(self) -> None:
        """Ask the statement under way to stop."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
            self.status.setText("Cancelled.")
            self._settle()

    def _settle(self) -> None:
        self.stop_button.setVisible(self._call is not None)
        self.run_button.setEnabled(self._call is None)

    def _answered(self, table: Table) -> None:
        self._call = None
        self._settle()
        self.show_answer("sql.run", table)

    def show_answer(self, command: str, table: Table) -> None:
        """Show the answer of `sql.run`, wherever it was asked."""
        if not self.editor.toPlainText().strip() and table.detail.get("text"):
            self.editor.setPlainText(str(table.detail["text"]))
        rows, seconds = table.frame.height, table.detail.get("seconds")
        took = f", {seconds:.2f} s" if isinstance(seconds, float) else ""
        words = "1 row" if rows == 1 else f"{rows:,} rows"
        self.status.setText(f"{words}{took}" + (f". {' '.join(table.notes)}" if table.notes else ""))
        self.badge.show_sources(table.sources, self._now())
        self.table.set_key("sql.run")
        self.table.show_table(table)
        self.table.setVisible(rows > 0)
        self.export_button.setVisible(rows > 0)
        self.empty.setVisible(rows == 0)
        self.empty.set_message("No rows", "The question was understood; nothing in the store answers it.", "circle-check")

    def _failed(self, problem: TerminalError) -> None:
        self._call = None
        self._settle()
        self.status.setText("")
        self.banner.show_message(problem.message, "error", title="")
        place = _PLACE.search(problem.message)
        if place is not None:
            self.editor.mark((int(place[1] or 1), int(place[2])))

    def _now(self) -> Any:
        from datetime import UTC, datetime

        clock = getattr(getattr(self._host, "app", None), "clock", None)
        return clock() if clock is not None else datetime.now(UTC)

    def _export(self) -> None:
        self.table.export()

    # ---- tables, history, examples ----

    def showEvent(self, event: QShowEvent) -> None:
        """Read the tables when first shown."""
        super().showEvent(event)
        if not self._read:
            self._read = True
            self._host.run("sql.tables", then=self._list_tables, key="tables")

    def _changed(self, payload: Mapping[str, Any]) -> None:
        if self._read and payload.get("table") == "migrations":
            self._host.run("sql.tables", then=self._list_tables, key="tables")

    def _list_tables(self, table: Table) -> None:
        self.tree.clear()
        for one in table.frame.iter_rows(named=True):
            item = _item(one["name"], one["holds"], one["name"])
            item.addChildren([_item(f"{name}  {kind}", kind, name)
                              for name, kind in zip(one["_columns"], one["_types"], strict=True)])
            self.tree.addTopLevelItem(item)

    def show_history(self) -> None:
        """Offer the statements that were run."""
        self._host.run("sql.history", then=self._offer_history, key="history")

    def _offer_history(self, table: Table) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text in table.frame["text"].to_list()[:25]:
            line = " ".join(text.split())
            action = menu.addAction(line if len(line) <= 90 else line[:89] + "…")
            action.setToolTip(text)
            action.triggered.connect(lambda _=False, text=text: self.use(text))
        if menu.isEmpty():
            menu.addAction("None yet").setEnabled(False)
        menu.popup(self.history_button.mapToGlobal(self.history_button.rect().bottomLeft()))

    def show_examples(self) -> None:
        """Offer questions to begin with."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for title, text in EXAMPLES:
            menu.addAction(title).triggered.connect(lambda _=False, text=text: self.use(text))
        menu.popup(self.examples_button.mapToGlobal(self.examples_button.rect().bottomLeft()))

    def use(self, text: str, *, run: bool = False) -> None:
        """Put a statement into the editor, and run it if asked to."""
        self.editor.setPlainText(text)
        self.editor.setFocus()
        if run:
            self.run()

    # ---- the window ----

    def set_mode(self, mode: str) -> None:
        """Newbie explains what this is; the editor is the same."""
        self.guide.setVisible(mode == "newbie")
        self.examples_button.setVisible(mode != "newbie")
        self.table.set_mode(mode)

    def show_as_of(self, day: date | None) -> None:
        """SQL sees everything stored, whatever day the others show."""
        if day is None:
            self.banner.hide()
        else:
            self.banner.show_message(f"SQL sees everything stored, not only what was known on {day}. Compare known_at in your "
                                     "statement.", "info")

    def save_state(self) -> dict[str, Any]:
        """The statement in the editor."""
        return {"text": self.editor.toPlainText()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """Put the statement back, without running it."""
        self.editor.setPlainText(str(state.get("text", "")))


class Guide(Card):
    """What this panel is, in plain words, with three questions to press."""

    def __init__(self, panel: SqlPanel) -> None:
        buttons = [Button(title, on_click=partial(panel.use, text, run=True)) for title, text in EXAMPLES]
        offered = Flow(spacing=8)
        for button in buttons:
            offered.addWidget(button)
        super().__init__(label(WHAT, "body", wrap=True), offered, spacing=8)


def _item(text: str, tip: str, name: str) -> QTreeWidgetItem:
    item = QTreeWidgetItem([text])
    item.setToolTip(0, tip)
    item.setData(0, Qt.ItemDataRole.UserRole, name)
    return item
