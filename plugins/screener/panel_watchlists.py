"""Stars and watchlists of the screener's table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QInputDialog

from terminal.ui.table import Action

if TYPE_CHECKING:
    from terminal.api import Host, Table
    from terminal.ui.table import TableView

# The list a star stands for, made with the first star.
STARRED = "My watchlist"
_IN_MENU = 8


class Watchlists:
    """Keeps the table's stars as the book has them, and offers the lists in the row's menu."""

    def __init__(self, host: Host, table: TableView) -> None:
        self._host = host
        self._table = table
        self._names: list[str] = []
        table.star_toggled.connect(self._star)

    def load(self) -> None:
        """Read the lists and the starred symbols; nothing where no plugin has watchlists."""
        if self._host.has_command("watchlist.list"):
            self._host.run("watchlist.list", then=self._listed, fail=lambda _: None, key="lists")

    def actions(self, symbol: str) -> list[Action]:
        """One entry for each list, and one for a new list."""
        if not self._host.has_command("watchlist.add"):
            return []
        entries = [Action(f"Add to “{name}”", partial(self._add, name), "star") for name in self._names[:_IN_MENU]]
        return [*entries, Action("Add to a new watchlist …", self._add_to_new, "plus")]

    def _listed(self, table: Table) -> None:
        self._names = [each["name"] for each in table.rows()]
        if STARRED in self._names:
            self._host.run("watchlist.show", {"name": STARRED}, then=self._starred, fail=lambda _: None, key="stars")
        else:
            self._table.set_starred([])

    def _starred(self, table: Table) -> None:
        self._table.set_starred([each["symbol"] for each in table.rows() if each["symbol"]])

    def _star(self, symbol: str, on: bool) -> None:
        if on:
            self._add(STARRED, symbol)
            return
        told = f"{symbol} was taken off the watchlist “{STARRED}”."
        self._change("watchlist.remove", STARRED, symbol, told)

    def _add(self, name: str, symbol: str) -> None:
        verb = "watchlist.add" if name in self._names else "watchlist.create"
        self._change(verb, name, symbol, f"{symbol} is on the watchlist “{name}”.")

    def _add_to_new(self, symbol: str) -> None:
        name, agreed = QInputDialog.getText(self._table, "New watchlist", "Name of the list")
        if agreed and name.strip():
            self._add(name.strip(), symbol)

    def _change(self, verb: str, name: str, symbol: str, told: str) -> None:
        def done(_: Table) -> None:
            self._host.notify(told, "ok")
            self.load()

        self._host.run(verb, {"name": name, "symbols": [symbol]}, then=done)
