"""What is held, one row a thing, and the lots it is made of when a row is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from plugins.portfolio.panel_parts import Told
from terminal.ui.form import IconButton, Segment, column, ghost, label, row
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

_LOOKS = {
    "symbol": Look("ticker", 150), "name": Look("muted", 150, stretch=True), "quantity": Look("number", 74),
    "price": Look("number", 74), "value": Look("number", 92, total="sum"), "cost": Look("number", 92, total="sum"),
    "gain": Look("signed", 88, total="sum"), "gain_share": Look("signed", 74), "day_gain": Look("signed", 80, total="sum"),
    "weight": Look("share", 108, maximum=0.3, total="sum"), "currency": Look("muted", 62), "price_day": Look("muted", 92),
    "value_low": Look("number", 92), "value_high": Look("number", 92), "accounts": Look("chips", 120),
}  # fmt: skip
_NARROW, _WIDE = 720, 980
_SMALL = ("symbol", "value", "gain", "gain_share", "weight")
_MIDDLE = ("symbol", "quantity", "price", "value", "gain", "gain_share", "day_gain", "weight")
_NEWBIE = ("symbol", "name", "value", "gain", "gain_share", "day_gain", "weight")
_PRO = ("symbol", "name", "quantity", "price", "value", "cost", "gain", "gain_share", "day_gain", "weight", "price_day")
_LOT_LOOKS = {
    "symbol": Look("ticker", 78), "gain": Look("signed", 88), "lot": Look("muted", 56),
    "unit_cost": Look("number", 96), "cost": Look("number", 96), "value": Look("number", 96), "proceeds": Look("number", 96),
    "account": Look("muted", 120, stretch=True), "term": Look("muted", 60), "booking": Look("muted", 72),
}  # fmt: skip


class HoldingsPage(QWidget):
    """Runs `portfolio.holdings`, and `portfolio.lots` for the row that is opened."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told()
        self.table = TableView(host, name="Holdings", looks=_LOOKS, actions=self._actions)
        self.table.set_empty("Nothing is held", "What you sold is under Returns and Bookings.", "briefcase")
        self.lots = Lots(host, surroundings)
        self.lots.hide()
        self._export = ghost("Export", "download", self.table.export)
        self._export.setToolTip("Write what is shown to a CSV or Parquet file")
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table)
        split.addWidget(self.lots)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        self.lots_button = ghost("Lots", "layers", self._show_current)
        self.lots_button.setToolTip("What the row that is chosen is made of; Enter does the same")
        head = row(self.told, self.lots_button, self._export, spacing=8, margins=(12, 2, 8, 2))
        head.setStretch(0, 1)
        for button in (self.lots_button, self._export):
            head.setAlignment(button, Qt.AlignmentFlag.AlignTop)
        box.addLayout(head)
        box.addWidget(split, 1)
        self.table.selected.connect(host.select)
        self.table.activated.connect(self.show_lots)
        self.table.sort_by([("value", True)])

    def ask(self) -> None:
        """What is held now, in the accounts that are chosen."""
        self._host.run("portfolio.holdings", self._surroundings.arguments, then=self._arrived, fail=self._failed, key="holdings")
        if self.lots.symbol:
            self.lots.ask()

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self.lots.table.set_mode(mode)

    def save_state(self) -> dict[str, Any]:
        return {"sort": [list(key) for key in self.table.sort_keys]}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.table.sort_by([(str(name), bool(down)) for name, down in state.get("sort", ())])

    def show_lots(self, symbol: str) -> None:
        """The lots of one thing below the table; the same again closes them."""
        if symbol == self.lots.symbol:
            self.lots.close_()
        else:
            self.lots.show_symbol(symbol)

    def _arrived(self, table: Table) -> None:
        self.told.show_answer(table)
        self.table.show_table(table, columns=self._columns())
        if self.lots.symbol and self.lots.symbol not in table.frame["symbol"].to_list():
            self.lots.close_()

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)

    def _columns(self) -> tuple[str, ...]:
        if self._host.mode == "newbie":
            return _NEWBIE if self.width() >= _NARROW else _SMALL
        return _PRO if self.width() >= _WIDE else _MIDDLE if self.width() >= _NARROW else _SMALL

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.table.table is not None and tuple(self.table.shown_columns) != self._columns():
            self.table.set_columns(self._columns())

    def _show_current(self) -> None:
        symbol = self.table.current_symbol() or next(iter(self.table.symbols()), "")
        if symbol:
            self.show_lots(symbol)

    def _book(self, symbol: str) -> None:
        from plugins.portfolio.bookings.panel_booking import open_booking

        open_booking(self, self._host, self._surroundings.accounts, symbol=symbol)

    def _actions(self, symbol: str) -> list[Action]:
        market = symbol if len(symbol) < 16 else symbol[:-15]  # of an option, its underlying
        return [
            Action("Show its lots", self.show_lots, "layers"),
            Action("Book something of it …", self._book, "plus"),
            Action("Open tearsheet", lambda _: self._host.open("tearsheet", market), "file-text"),
            Action("Open chart", lambda _: self._host.open("chart", market), "chart-candlestick"),
        ]


class Lots(QWidget):
    """What one thing is made of: what is left of each purchase, or what became of those that were sold."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.symbol = ""
        self.title = label("", "h2")
        self.which = Segment((("open", "Held"), ("closed", "Sold")), "open", "Lots")
        self.note = label("", "muted", wrap=True)
        self.table = TableView(host, name="Lots", looks=_LOT_LOOKS)
        self.table.set_empty("No lot", "", "layers")
        close = IconButton("x", "Close the lots", self.close_, size=14)
        head = row(self.title, self.which, self.note, close, spacing=10, margins=(12, 6, 8, 0))
        head.setStretch(2, 1)
        self.setLayout(column(head, self.table, spacing=4))
        self.which.changed.connect(lambda _: self.ask())
        self.setMinimumHeight(120)

    def show_symbol(self, symbol: str) -> None:
        self.symbol = symbol
        self.title.setText(f"Lots of {symbol}")
        self.setAccessibleName(f"Lots of {symbol}")
        self.show()
        self.ask()

    def close_(self) -> None:
        self.symbol = ""
        self.hide()

    def ask(self) -> None:
        wanted = {"symbol": self.symbol, "account": self._surroundings.accounts, "closed": self.which.value == "closed"}
        self._host.run("portfolio.lots", wanted, then=self._arrived, key="holdings.lots")

    def _arrived(self, table: Table) -> None:
        self.note.setText(" · ".join(table.notes) if table.frame.height else "")
        empty = "None of it was sold" if self.which.value == "closed" else "None of it is left"
        self.table.set_empty(empty, "", "layers")
        same = {"symbol", "currency", "booking"}  # as the heading says
        self.table.show_table(table, columns=[each.name for each in table.columns if each.name not in same])
