"""The watchlists panel: the user's lists, one at a time, each change a `watchlist` command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from terminal.ui.badge import SourceBadge
from terminal.ui.form import Button, EmptyState, IconButton, label, row
from terminal.ui.table import TableView

if TYPE_CHECKING:
    from terminal.domain.sourced import Table
    from terminal.shell.host import ShellHost

COLUMNS = ("symbol", "price", "change", "name", "note")


class WatchlistsPanel(QWidget):
    """Choose a list, look at its symbols, add and take out."""

    def __init__(self, host: ShellHost) -> None:
        super().__init__()
        self._host = host
        self._wanted = ""
        self.lists = QComboBox()
        self.lists.setAccessibleName("Watchlist")
        self.lists.activated.connect(lambda _: self._show())
        self.add = QLineEdit()
        self.add.setPlaceholderText("Add tickers, for example SPY QQQ")
        self.add.setAccessibleName("Tickers to add")
        self.add.returnPressed.connect(self._add)
        self._badge = SourceBadge()
        self._note = label("", "muted", wrap=True)
        self.fetch = Button("Fetch prices", icon="refresh-cw", on_click=self._fetch)
        self.fetch.setAccessibleName("Fetch the prices that are missing")
        self._missing = QWidget()
        missing = row(self._note, self.fetch, spacing=8, margins=(14, 4, 12, 8))
        missing.setStretch(0, 1)
        self._missing.setLayout(missing)
        self._missing.hide()
        self.table = TableView(host)
        self.table.selected.connect(host.select)
        self.table.activated.connect(host.window.open_symbol)
        self._empty = EmptyState("No watchlist yet",
                                 "Keep the companies you follow in a list of your own; each list can be screened, too.",
                                 "star", "Make a watchlist", lambda: host.window.ask_command("watchlist.create"))
        head = row(self.lists, spacing=4, margins=(12, 8, 8, 4))
        head.setStretch(0, 1)
        for icon, name, slot in (("plus", "New watchlist", lambda: host.window.ask_command("watchlist.create")),
                                 ("pencil", "Rename this watchlist", self._rename),
                                 ("minus", "Take the selected tickers out of the list", self._remove),
                                 ("trash-2", "Delete this watchlist", self._delete)):
            head.addWidget(IconButton(icon, name, slot, size=15))
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(row(self.add, self._badge, spacing=8, margins=(12, 2, 12, 8)))
        body.addWidget(self.table, 1)
        body.addWidget(self._missing)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(self._body, 1)
        outer.addWidget(self._empty, 1)
        self._empty.hide()
        host.on("book.changed", lambda payload: self.read())
        host.on("market.changed", lambda payload: self._show())
        self.read()

    # ---- reading ----

    def read(self) -> None:
        """Read the names of the lists, then the one that is shown."""
        self._host.run("watchlist.list", then=self._named, key="lists")

    def _named(self, table: Table) -> None:
        names = [found["name"] for found in table.rows()]
        present = self.lists.currentText() or self._wanted
        self.lists.clear()
        self.lists.addItems(names)
        if present in names:
            self.lists.setCurrentIndex(names.index(present))
        self._empty.setVisible(not names)
        self._body.setVisible(bool(names))
        self._show()

    def _show(self) -> None:
        if self.lists.currentText():
            self._host.run("watchlist.show", {"name": self.lists.currentText()}, then=self._filled, key="show")

    def _filled(self, table: Table) -> None:
        self._badge.show_sources(table.sources, self._host.app.clock())
        self.table.show_table(table, COLUMNS)
        told = ", ".join(text.partition(": `")[0] for text in table.unknown)  # what to type in a shell is a button here
        self._note.setText(f"{told[:1].upper()}{told[1:]}." if told else "")
        self._missing.setVisible(bool(told))

    def show_list(self, name: str) -> None:
        """Show the list of that name, as soon as the names are known."""
        self._wanted = name
        place = self.lists.findText(name)
        if place >= 0:
            self.lists.setCurrentIndex(place)
            self._show()

    # ---- changing ----

    def _change(self, command: str, **arguments: Any) -> None:
        self._host.run(command, {"name": self.lists.currentText(), **arguments}, then=lambda _: self.read())

    def _add(self) -> None:
        symbols = [word.upper() for word in re.split(r"[\s,;]+", self.add.text()) if word]
        if symbols and self.lists.currentText():
            self.add.clear()
            self._change("watchlist.add", symbols=symbols)

    def _remove(self) -> None:
        if symbols := self.table.selected_symbols():
            self._change("watchlist.remove", symbols=symbols)

    def _fetch(self) -> None:
        self._host.window.run_command("market.refresh", {"universe": f"watchlist:{self.lists.currentText()}"})

    def _rename(self) -> None:
        if self.lists.currentText():
            self._host.window.ask_command("watchlist.rename", {"name": self.lists.currentText()})

    def _delete(self) -> None:
        name = self.lists.currentText()
        if name:
            self._change("watchlist.delete")

    # ---- panel ----

    def show_as_of(self, _day: Any) -> None:
        """Another day: prices of that day, nothing of the present one."""
        import polars as pl

        from terminal.domain.sourced import Table

        self.table.show_table(Table("", (), pl.DataFrame()))
        self._show()

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)

    def save_state(self) -> dict[str, Any]:
        return {"list": self.lists.currentText()}

    def restore_state(self, state: dict[str, Any]) -> None:
        self._wanted = str(state.get("list", ""))
