"""What can be done with the symbol: watchlist, decision log, alert, trade. An action whose plugin is absent is hidden."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from terminal.ui.form import IconButton, reveal, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.tearsheet.panel import TearsheetPanel
    from terminal.api import Host, Table

# Icon, name, command that tells whether the plugin is there, panel that takes it from here.
ELSEWHERE = (
    ("notebook-pen", "Log a decision", "journal.log", "journal"),
    ("bell", "Set an alert", "alerts.add", "alerts"),
    ("arrow-left-right", "Trade", "trade.ticket", "trade"),
)
# The list that a first star makes.
FIRST_LIST = "My watchlist"


class Actions(QWidget):
    """The row of small buttons at the top."""

    def __init__(self, host: Host, panel: TearsheetPanel) -> None:
        super().__init__()
        self._host, self._panel = host, panel
        self.star = IconButton("star", "Add to a watchlist", self._ask_lists, checkable=True)
        reveal(self.star, host.has_command("watchlist.add"))
        box = row(self.star, spacing=2)
        self.setLayout(box)
        for icon, name, command, panel_id in ELSEWHERE:
            button = IconButton(icon, name, partial(self._open, panel_id))
            box.addWidget(button)
            reveal(button, host.has_command(command))
        host.on("book.changed", self._book_changed)

    def _book_changed(self, told: Mapping[str, Any]) -> None:
        if str(told.get("table", "")).startswith("watchlist"):
            self.look()

    def _open(self, panel_id: str) -> None:
        self._host.open(panel_id, self._panel.symbol)

    def look(self) -> None:
        """Fill the star when the symbol is on a watchlist."""
        if self._panel.symbol and self._host.has_command("watchlist.list"):
            asked = {"symbol": self._panel.symbol}
            self._host.run("watchlist.list", asked, then=self._show_star, fail=lambda _: None, key="star")

    def _show_star(self, lists: Table) -> None:
        names = [str(each["name"]) for each in lists.rows() if each["holds"]]
        self.star.setChecked(bool(names))
        told = f"On {', '.join(names)}" if names else "Add to a watchlist"
        self.star.setToolTip(told)
        self.star.setAccessibleName(told)

    def _ask_lists(self) -> None:
        self.star.setChecked(not self.star.isChecked())  # it shows what is so, not what was clicked
        if self._panel.symbol:
            self._host.run("watchlist.list", {"symbol": self._panel.symbol}, then=self._choose, key="lists")

    def _choose(self, lists: Table) -> None:
        if not lists.rows():
            self._change("watchlist.create", FIRST_LIST, "is on the new watchlist")
            return
        menu = self.menu({str(each["name"]): bool(each["holds"]) for each in lists.rows()})
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.star.mapToGlobal(self.star.rect().bottomLeft()))

    def menu(self, lists: Mapping[str, bool]) -> QMenu:
        """Every list by name and whether it holds the symbol, and a new one."""
        menu = QMenu(self)
        menu.setAccessibleName("Watchlists")
        for name, holds in lists.items():
            change = ("watchlist.remove", name, "was taken off") if holds else ("watchlist.add", name, "is on the watchlist")
            action = menu.addAction(f"Take off “{name}”" if holds else f"Add to “{name}”")
            action.triggered.connect(lambda *_, change=change: self._change(*change))
        if lists:
            menu.addSeparator()
        menu.addAction("New watchlist …").triggered.connect(lambda *_: self._create())
        return menu

    def _change(self, verb: str, name: str, told: str) -> None:
        symbol = self._panel.symbol
        self._host.run(
            verb,
            {"name": name, "symbols": [symbol]},
            then=lambda _: self._host.notify(f"{symbol} {told} “{name}”.", "ok"),
        )

    def _create(self) -> None:
        name, wanted = QInputDialog.getText(self, "New watchlist", "Name of the watchlist:")
        if wanted and name.strip():
            self._change("watchlist.create", name.strip(), "is on the new watchlist")
