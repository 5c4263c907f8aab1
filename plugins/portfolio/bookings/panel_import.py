"""Bringing a broker's file in: what it would book, line by line and with what cannot be read, and then the booking of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QFileDialog, QLineEdit, QWidget

from plugins.portfolio.panel_parts import Form
from terminal.ui.form import Banner, ChipRow, IconButton, Section, column, ghost, in_window, label, primary, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.api import Host, Table, TerminalError

FILES = "Exports (*.csv *.xml *.json *.txt);;All files (*)"
_STATES = ("not read", "would be booked", "booked", "known already")
_TONES = {"not read": "warn", "would be booked": "ok", "booked": "ok", "known already": "muted"}
_TITLES = {"not read": "not read", "would be booked": "to be booked", "booked": "booked", "known already": "known already"}
_LOOKS = {
    "state": Look("chips", 122, tones=_TONES), "line": Look("muted", 44), "account": Look("muted", 96), "day": Look("muted", 88),
    "kind": Look("text", 76), "symbol": Look("ticker", 70), "quantity": Look("number", 76), "price": Look("number", 76),
    "amount": Look("signed", 88), "currency": Look("muted", 56), "note": Look("text", 150, stretch=True),
    "reason": Look("text", 200),
}  # fmt: skip
_WANTED = ("state", "line", "account", "day", "kind", "symbol", "quantity", "price", "amount", "currency", "note")


def open_import(parent: QWidget, host: Host) -> None:
    """Open the form over `parent`, once the accounts are known, and ask for the file."""

    def opened(accounts: Table) -> None:
        form = ImportForm(parent, host, accounts.rows())
        form.open()
        form.browse()

    host.run("portfolio.accounts", then=opened, key="import.accounts")


def _with_chips(table: Table) -> Table:
    """The same with what becomes of a line as a chip."""
    import polars as pl

    columns = tuple(replace(each, type="list") if each.name == "state" else each for each in table.columns)
    return replace(table, columns=columns, frame=table.frame.with_columns(pl.concat_list("state").alias("state")))


class ImportForm(Form):
    """Runs `portfolio.import` with `preview` for whatever is chosen, and without it when the user agrees."""

    def __init__(self, parent: QWidget, host: Host, accounts: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(parent, host)
        self.done_ = False
        self._table: Table | None = None
        self.setWindowTitle("Import a broker's file")
        self.resize(1080, 640)
        self.file = QLineEdit()
        self.file.setAccessibleName("File")
        self.file.setPlaceholderText("The file your broker gave you")
        self.account = QComboBox()
        named = QLineEdit()
        named.setPlaceholderText("as the file says")
        named.editingFinished.connect(self.preview)
        self.account.setLineEdit(named)
        self.account.setAccessibleName("Into which account")
        self.account.addItems(["", *(str(each["account"]) for each in accounts)])
        self.broker = QComboBox()
        self.broker.setAccessibleName("Whose file it is")
        self.columns = QLineEdit()
        self.columns.setAccessibleName("What its columns mean")
        self.columns.setPlaceholderText("Trade day=date, Stück=quantity")
        self.dates = QComboBox()
        self.dates.setAccessibleName("What stands first in 03/04/2025")
        self.chips = ChipRow()
        self.banner = Banner("", "info")
        self.banner.hide()
        self.notes = label("", "body", wrap=True)
        self.remarks = label("", "muted", wrap=True)
        self.more = Section("Remarks", self.remarks, open=False)
        self.more.hide()
        self.progress = ProgressLine(self.cancel)
        self.table = TableView(host, name="What is in the file", looks=_LOOKS)
        self.table.set_empty("Choose a file", "You see what it would book before anything is booked.", "file-input")
        self.import_button = primary("Book it", "check", self.book)
        self.import_button.setEnabled(False)
        self._state = ""
        self._offer()
        self._lay_out()
        self.file.editingFinished.connect(self.preview)
        self.columns.editingFinished.connect(self.preview)
        self.account.activated.connect(lambda _: self.preview())
        self.broker.activated.connect(lambda _: self.preview())
        self.dates.activated.connect(lambda _: self.preview())
        self.chips.clicked.connect(self.show_state)

    def _offer(self) -> None:
        from terminal.domain.brokers import READERS, reader

        self.broker.addItem("Find out whose it is", "auto")
        for each in READERS:
            self.broker.addItem(reader(each).TITLE, each)
        self.broker.addItem("Another table, by its columns", "csv")
        for text, value in (("03/04 is as the file shows", ""), ("03/04 is March 4", "month"), ("03/04 is April 3", "day")):
            self.dates.addItem(text, value)

    def _lay_out(self) -> None:
        browse = IconButton("folder-open", "Choose a file", self.browse)
        close = self._close = ghost("Cancel", on_click=self.reject)
        first = row(label("File"), self.file, browse, spacing=8)
        first.setStretch(1, 1)
        second = row(label("Into"), self.account, label("Read as"), self.broker, self.columns, self.dates, 0, spacing=8)
        second.setStretch(4, 1)
        self.account.setMinimumWidth(170)
        self.setLayout(
            column(first, second, self.progress, self.banner, self.notes, self.more, self.chips, self.table,
                   row(label("Importing the same file again books nothing twice.", "muted"), 0, close, self.import_button,
                       spacing=8), spacing=8, margins=(16, 14, 16, 14))
        )  # fmt: skip
        self._fit()

    def _fit(self) -> None:
        by_columns = self.broker.currentData() == "csv"
        self.columns.setVisible(by_columns)
        self.dates.setVisible(by_columns)

    # ---- what the user does ----

    def browse(self) -> None:
        """Ask for the file."""
        name, _ = QFileDialog.getOpenFileName(self, "Choose a broker's file", self.file.text(), FILES)
        if name:
            self.file.setText(name)
            self.preview()

    def arguments(self) -> dict[str, Any]:
        """What the command is called with."""
        wanted: dict[str, Any] = {"file": Path(self.file.text().strip()), "account": self.account.currentText().strip(),
                                  "broker": self.broker.currentData()}  # fmt: skip
        if wanted["broker"] == "csv":
            meant = [part.strip() for part in self.columns.text().split(",") if part.strip()]
            wanted |= {"columns": meant, "dates": self.dates.currentData()}
        return wanted

    def preview(self) -> None:
        """Show what would be booked."""
        self._fit()
        if self.done_ or not self.file.text().strip():
            return
        self.import_button.setEnabled(False)
        wanted = {**self.arguments(), "preview": True, "full": True}
        self.run_command("portfolio.import", wanted, self._previewed, self._failed, self.progress.report, "import.preview")

    def book(self) -> None:
        """Book what was shown."""
        self.import_button.setEnabled(False)
        wanted = {**self.arguments(), "full": True}
        self.run_command("portfolio.import", wanted, self._booked, self._failed, self.progress.report, "import")

    def show_state(self, state: str) -> None:
        """Only the lines of which this becomes; the same again: all."""
        self._state = "" if state == self._state else state
        self._show_rows()

    # ---- answers ----

    def _previewed(self, table: Table) -> None:
        self._show(table)
        count = self._counts().get("would be booked", 0)
        self.import_button.setText(f"Book {count}" if count else "Nothing to book")
        unread = self._counts().get("not read", 0)
        self.import_button.setEnabled(bool(count or unread))
        if unread and not count:
            self.import_button.setText("Keep the lines that were not read")

    def _booked(self, table: Table) -> None:
        self.done_ = True
        self._show(table)
        counts = self._counts()
        unread = counts.get("not read", 0)
        told = f"{counts.get('booked', 0)} booked." + (f" {unread} lines could not be read; they are kept under “Not read”."
                                                       if unread else "")  # fmt: skip
        self.banner.show_message(told, "warn" if unread else "ok")
        self._close.setText("Close")
        self.import_button.hide()
        for control in (self.file, self.account, self.broker, self.columns, self.dates):
            control.setEnabled(False)

    def _failed(self, problem: TerminalError) -> None:
        self.progress.finish()
        self.banner.show_message(problem.sentence(), "error")
        self.import_button.setEnabled(False)

    def _show(self, table: Table) -> None:
        self.progress.finish()
        self.banner.hide()
        self._table, self._state = table, ""
        told = [in_window(note) for note in table.notes]
        parts = sum(": " in note and " known already." in note for note in told)  # one an account, then what is worth a look
        self.notes.setText("\n".join(told[: max(1, parts)]))
        self.remarks.setText("\n".join(told[max(1, parts) :]))
        self.more.setVisible(len(told) > max(1, parts))
        count = len(told) - max(1, parts)
        self.more.set_title("1 remark" if count == 1 else f"{count} remarks")
        self.table.set_empty("The file holds no line that means a booking", "", "file-input")
        unread = "not read" in table.frame["state"].to_list()
        self.table.show_table(_with_chips(table), columns=[*_WANTED, "reason"] if unread else _WANTED)
        self._show_rows()

    def _counts(self) -> dict[str, int]:
        if self._table is None:
            return {}
        counted = self._table.frame["state"].value_counts()
        return dict(zip(counted["state"].to_list(), counted["count"].to_list(), strict=True))

    def _show_rows(self) -> None:
        assert self._table is not None
        counts = self._counts()
        lit = {state for state in counts if self._state in ("", state)}
        known = [state for state in _STATES if state in counts]
        chips = [(each, f"{counts[each]} {_TITLES[each]}", _TONES[each] if each in lit else "") for each in known]
        self.chips.set_chips(chips, removable=False)
        states = self._table.frame["state"].to_list()
        self.table.set_rows(None if not self._state else [at for at, each in enumerate(states) if each == self._state])
