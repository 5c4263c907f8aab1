"""Everything that was booked: look, book, correct, take out, put back, import; and what no import could read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.portfolio.panel_parts import Told
from terminal.ui.form import Flow, Segment, ghost, primary, row
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError
    from terminal.ui.form import Button

_VIEWS = (("booked", "Booked"), ("removed", "Taken out"), ("imports", "Imports"), ("unread", "Not read"))
_MOST = 5000
_LOOKS = {
    "number": Look("muted", 62), "day": Look("muted", 92), "account": Look("muted", 120), "kind": Look("text", 96),
    "symbol": Look("ticker", 84), "quantity": Look("number", 80), "price": Look("number", 84), "amount": Look("signed", 104),
    "fees": Look("number", 66), "taxes": Look("number", 66), "currency": Look("muted", 64), "source": Look("muted", 72),
    "version": Look("muted", 62), "note": Look("text", 140, stretch=True), "text": Look("text", 260, stretch=True),
    "reason": Look("text", 240), "file": Look("text", 180, stretch=True), "run": Look("muted", 60), "line": Look("muted", 56),
    "written": Look("muted", 130), "state": Look("text", 84),
}  # fmt: skip
_EMPTY = {
    "booked": ("Nothing is booked here", "In the accounts and on the day that are chosen.", "notebook-text"),
    "removed": ("Nothing was taken out", "What you take out is kept here and can be put back.", "trash-2"),
    "imports": ("Nothing was imported", "Importing a file shows first what it would book.", "file-input"),
    "unread": ("Every line of every file was read", "", "circle-check"),
    "history": ("No version", "", "history"),
}
_PRO = ("number", "day", "account", "kind", "symbol", "quantity", "price", "amount", "fees", "taxes", "currency", "note",
        "source")  # fmt: skip
_NEWBIE = ("day", "kind", "symbol", "quantity", "price", "amount", "account", "note")


class BookingsPage(QWidget):
    """Lists with `portfolio.transactions`, `imports` and `unknown_lines`; each button is a command of its own."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self._history = 0
        self.told = Told()
        self.views = Segment(_VIEWS, "booked", "Which")
        self.table = TableView(host, name="Bookings", looks=_LOOKS, actions=self._actions)
        self.book_button = primary("Book …", "plus", self.open_form)
        self.import_button = ghost("Import …", "file-input", self.open_import)
        self.correct_button = ghost("Correct …", "pencil", self.correct)
        self.remove_button = ghost("Take out", "trash-2", self.remove)
        self.history_button = ghost("History", "history", self.show_history)
        self.undo_button = ghost("Put back", "undo-2", self.undo)
        self.back_button = ghost("All bookings", "arrow-left", self.close_history)
        self.export_button = ghost("Export", "download", self.table.export)
        tools = Flow(spacing=6)
        for each in (self.book_button, self.import_button, self.correct_button, self.remove_button, self.undo_button,
                     self.history_button, self.back_button, self.export_button):  # fmt: skip
            tools.addWidget(each)
        bar = QWidget()
        line = row(self.views, tools, self.told.badge, spacing=8, margins=(12, 2, 12, 2))
        line.setStretch(1, 1)
        bar.setLayout(line)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(bar)
        box.addLayout(row(self.told, margins=(12, 0, 12, 2)))
        box.addWidget(self.table, 1)
        self.views.changed.connect(lambda _: self.close_history())
        self.table.selected.connect(lambda symbol: self._host.select(symbol) if symbol and len(symbol) < 16 else None)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._fit())
        self.table.doubleClicked.connect(lambda _: self.correct() if self.views.value == "booked" else None)
        self._fit()

    # ---- what the panel calls ----

    def ask(self) -> None:
        """The list that is chosen, for the accounts that are chosen."""
        view, accounts = self.views.value, self._surroundings.accounts
        if self._history:
            self._run("portfolio.history", {"number": self._history})
        elif view == "imports":
            self._run("portfolio.imports", {})
        elif view == "unread":
            self._run("portfolio.unknown_lines", {"account": accounts[0] if len(accounts) == 1 else ""})
        else:
            self._run("portfolio.transactions", {"account": accounts, "limit": _MOST, "removed": view == "removed"})

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)

    def save_state(self) -> dict[str, Any]:
        return {"view": self.views.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.views.set_value(str(state.get("view", "")))
        self._fit()

    # ---- what the user does ----

    def open_form(self, booking: Mapping[str, Any] | None = None) -> None:
        """The form of a new booking, or of one that is put right."""
        from plugins.portfolio.bookings.panel_booking import open_booking

        open_booking(self, self._host, self._surroundings.accounts, booking=booking)

    def open_import(self) -> None:
        """The form that brings a file in."""
        from plugins.portfolio.bookings.panel_import import open_import

        open_import(self, self._host)

    def correct(self) -> None:
        """Put the current booking right."""
        if (one := self.current()) is not None:
            self.open_form(one)

    def remove(self) -> None:
        """Take the current booking out; the message about it brings it back."""
        self._change("portfolio.remove", "number")

    def undo(self) -> None:
        """Put the current one back: what was taken out, or, of imports, everything the import had booked is taken out."""
        if self.views.value == "imports":
            self._change("portfolio.import_undo", "run")
        else:
            self._change("portfolio.undo", "number")

    def show_history(self) -> None:
        """Every version of the current booking."""
        if (one := self.current()) is not None:
            self._history = int(one["number"])
            self.ask()
            self._fit()

    def close_history(self) -> None:
        """Back to the list."""
        self._history = 0
        self.ask()
        self._fit()

    def current(self) -> dict[str, Any] | None:
        """The row that has the cursor."""
        table = self.table.table
        place = self.table.id_at(self.table.currentIndex().row())
        return None if table is None or place < 0 else table.frame.row(place, named=True)

    # ---- inner ----

    def _change(self, command: str, name: str) -> None:
        if (one := self.current()) is not None:
            self._host.run(command, {name: one[name]}, then=lambda _: None)

    def _run(self, command: str, arguments: dict[str, Any]) -> None:
        self._host.run(command, arguments, then=self._arrived, fail=self._failed, key="bookings")

    def _arrived(self, table: Table) -> None:
        self.told.show_answer(table, notes=[] if not table.frame.height else None)
        view = "history" if self._history else self.views.value
        self.table.set_empty(*_EMPTY[view])
        wanted: Any = (_NEWBIE if self._host.mode == "newbie" else _PRO) if view in ("booked", "removed") else table.frame.columns
        self.table.show_table(table, columns=[name for name in wanted if name in table.frame.columns])
        self._fit()

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)

    def _fit(self) -> None:
        """Only the buttons that make sense now."""
        view = "history" if self._history else self.views.value
        some = self.current() is not None
        shown: dict[Button, bool] = {
            self.correct_button: view == "booked", self.remove_button: view == "booked",
            self.history_button: view in ("booked", "removed"), self.undo_button: view in ("removed", "imports"),
            self.back_button: view == "history",
        }  # fmt: skip
        self.undo_button.setText("Take back" if view == "imports" else "Put back")
        for button, on in shown.items():
            button.setVisible(on)
            button.setEnabled(some or button is self.back_button)

    def _actions(self, _symbol: str) -> list[Action]:
        view = "history" if self._history else self.views.value
        history = Action("History", lambda _: self.show_history(), "history")
        if view == "booked":
            take_out = Action("Take out", lambda _: self.remove(), "trash-2")
            return [Action("Correct …", lambda _: self.correct(), "pencil"), take_out, history]
        if view == "removed":
            return [Action("Put back", lambda _: self.undo(), "undo-2"), history]
        return [Action("Take this import back", lambda _: self.undo(), "undo-2")] if view == "imports" else []
