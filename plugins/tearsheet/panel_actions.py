"""What can be done with the symbol: watchlist, decision log, alert, trade. An action whose plugin is absent is hidden."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from terminal.ui.form import IconButton, reveal, row

if TYPE_CHECKING:
    from plugins.tearsheet.panel import TearsheetPanel
    from terminal.api import Host, Table

# Icon, name, command that tells whether the plugin is there, panel that takes it from here.
ELSEWHERE = (
    ("notebook-pen", "Write a decision", "journal.add", "journal"),
    ("bell", "Set an alert", "alerts.add", "alerts"),
    ("arrow-left-right", "Trade", "trade.ticket", "trade"),
)


class Actions(QWidget):
    """The row of small buttons at the top."""

    def __init__(self, host: Host, panel: TearsheetPanel) -> None:
        super().__init__()
        self._host, self._panel = host, panel
        self.star = IconButton("star", "Add to a watchlist", self._ask_lists)
        reveal(self.star, host.has_command("watchlist.add"))
        box = row(self.star, spacing=2)
        self.setLayout(box)
        for icon, name, command, panel_id in ELSEWHERE:
            button = IconButton(icon, name, partial(self._open, panel_id))
            box.addWidget(button)
            reveal(button, host.has_command(command))

    def _open(self, panel_id: str) -> None:
        self._host.open(panel_id, self._panel.symbol)

    def _ask_lists(self) -> None:
        if self._panel.symbol:
            self._host.run("watchlist.list", then=self._choose, key="lists")

    def _choose(self, lists: Table) -> None:
        menu = self.menu([str(each["name"]) for each in lists.rows()])
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.star.mapToGlobal(self.star.rect().bottomLeft()))

    def menu(self, names: list[str]) -> QMenu:
        """Every list, and a new one."""
        menu = QMenu(self)
        menu.setAccessibleName("Watchlists")
        for name in names:
            menu.addAction(f"Add to “{name}”").triggered.connect(lambda *_, name=name: self._add(name))
        if names:
            menu.addSeparator()
        menu.addAction("New watchlist …").triggered.connect(lambda *_: self._create())
        return menu

    def _add(self, name: str) -> None:
        symbol = self._panel.symbol
        self._host.run(
            "watchlist.add",
            {"name": name, "symbols": [symbol]},
            then=lambda _: self._host.notify(f"{symbol} is on the watchlist “{name}”.", "ok"),
        )

    def _create(self) -> None:
        symbol = self._panel.symbol
        name, wanted = QInputDialog.getText(self, "New watchlist", "Name of the watchlist:")
        if wanted and name.strip():
            self._host.run(
                "watchlist.create",
                {"name": name.strip(), "symbols": [symbol]},
                then=lambda _: self._host.notify(f"{symbol} is on the new watchlist “{name.strip()}”.", "ok"),
            )
