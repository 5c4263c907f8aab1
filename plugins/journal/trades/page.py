"""Trades: the list with R, how far each ran, and tags; beside it one of them in full, with what one writes about it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from plugins.journal.panel_parts import Told
from plugins.journal.trades.panel_trade import TradeDetail
from terminal.api import Column
from terminal.ui import theme
from terminal.ui.form import Flow, Segment, column, ghost, row
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table

_STATES = (("", "All"), ("open", "Open"), ("won", "Won"), ("lost", "Lost"))
_SWING = Column("_swing", "Worst · best", "list", term="journal_mfe")
_TAGS = Column("_tags", "Tags", "list", term="journal_tags")
_NEWBIE = ("opened", "symbol", "structure", "state", "profit", "_swing", "held", "_tags")
_PRO = ("opened", "number", "symbol", "structure", "quantity", "entry", "exit", "profit", "r", "_swing", "efficiency", "held",
        "_tags", "closed", "fees")  # fmt: skip
_SHORT = ("opened", "symbol", "structure", "profit", "r", "_swing")
_STATE_TONES = {"won": "ok", "lost": "error", "open": "muted", "even": "muted", "unknown": "muted"}
_LOOKS = {
    "number": Look("muted", 60), "opened": Look("muted", 104), "closed": Look("muted", 100), "symbol": Look("ticker", 62),
    "structure": Look("text", 104), "state": Look("muted", 52), "quantity": Look("number", 66), "entry": Look("number", 74),
    "exit": Look("number", 74), "profit": Look("signed", 88), "r": Look("number", 56), "_swing": Look("swing", 120, maximum=0.1),
    "efficiency": Look("number", 58), "held": Look("number", 74), "fees": Look("number", 60),
    "_tags": Look("chips", 150, stretch=True),
}  # fmt: skip
_SIDE_BY_SIDE = 1000
_NONE = {
    "newbie": "Import or book what you bought and sold, and each purchase and sale becomes a trade you can learn from.",
    "pro": "Round trips are made of the portfolio's bookings: flat to flat, options opened together as one.",
}


class TradesPage(QWidget):
    """Lists with `journal.trades`; the detail asks `journal.trade`."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host = host
        self._number = 0
        self.told = Told()
        self.states = Segment(_STATES, "", "Which trades")
        self.export_button = ghost("Export …", "download", self.export)
        self.table = TableView(host, name="Trades", looks=_LOOKS, actions=self._actions)
        self.detail = TradeDetail(host)
        tools = Flow(spacing=4)
        self.replay_button = ghost("Replay on the chart", "history", self.replay)
        self.replay_button.setToolTip("The chart as it was before you bought; then bar by bar")
        self.picture_button = ghost("Take a picture", "camera", self.picture)
        self.sheet_button = ghost("Tearsheet", "file-text", self.open_sheet)
        for each in (self.replay_button, self.picture_button, self.sheet_button):
            tools.addWidget(each)
        bar, side = QWidget(), QWidget()
        bar.setLayout(tools)
        side.setLayout(column(bar, self.detail, spacing=4, margins=(8, 0, 0, 0)))
        side.setMinimumWidth(theme.scaled(420))  # the form needs it
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.table)
        self.split.addWidget(side)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setChildrenCollapsible(False)
        head = row(self.states, self.told, self.export_button, spacing=12, margins=(12, 0, 12, 2))
        head.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.split, 1)
        self.states.changed.connect(lambda _: self.ask())
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._chosen())
        self.table.activated.connect(lambda symbol: host.open("tearsheet", symbol))
        self._fit()

    # ---- what the panel calls ----

    def ask(self) -> None:
        """The list that is chosen."""
        self._host.run("journal.trades", {"state": self.states.value, "limit": 0}, then=self._arrived,
                       fail=self.told.show_problem, key="trades.list")  # fmt: skip

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self.detail.set_mode(mode)
        if self.table.table is not None:
            self.table.set_columns(self._columns())

    def retheme(self) -> None:
        self.table.refresh_rows()
        self.detail.retheme()

    def save_state(self) -> dict[str, Any]:
        return {"state": self.states.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.states.set_value(str(state.get("state", "")))

    def show_trade(self, number: int) -> None:
        """Choose a trade by its number."""
        self._number = number
        if not self._go_to(number):
            self.states.set_value("")
            self.ask()

    # ---- what the user does ----

    def current(self) -> dict[str, Any] | None:
        """The row that has the cursor."""
        table = self.table.table
        place = self.table.id_at(self.table.currentIndex().row())
        return None if table is None or place < 0 else table.frame.row(place, named=True)

    def replay(self) -> None:
        """The chart at the entry, with what came after still hidden."""
        if (one := self.current()) is not None:
            self._host.run("chart.replay", {"symbol": one["symbol"], "day": one["opened"]}, then=lambda _: None,
                           fail=self.told.show_problem, key="trades.replay")  # fmt: skip

    def picture(self) -> None:
        """Keep a picture of the chart with this trade."""
        if (one := self.current()) is not None:
            self.detail.take_picture(one["number"])

    def open_sheet(self) -> None:
        """The tearsheet of its symbol."""
        if (one := self.current()) is not None:
            self._host.open("tearsheet", one["symbol"])

    def export(self) -> None:
        """All trades with their statistics as PDF, or the list as CSV."""
        file = self._host.save_file("Export trades", "trades.pdf", ("PDF (*.pdf)", "CSV (*.csv)"))
        if file:
            kind = "csv" if file.lower().endswith(".csv") else "pdf"
            self._host.run("journal.export", {kind: file}, then=lambda _: self._host.notify(f"Written to {file}", "ok"),
                           fail=self.told.show_problem, key="trades.export")  # fmt: skip

    # ---- inner ----

    def _arrived(self, table: Table) -> None:
        import polars as pl

        kinds = ("mistake", "setup", "strategy", "tag")
        size = (pl.col("entry") * pl.col("quantity")).abs()
        swing = pl.concat_list(*(pl.col(name) / size for name in ("mae", "mfe", "profit")))
        frame = table.frame.with_columns(
            pl.when(pl.col("mae").is_null()).then(None).otherwise(swing).alias("_swing"),
            pl.concat_list(*(pl.col(kind).fill_null([]) for kind in kinds)).alias("_tags"),
        )
        shown = replace(table, frame=frame, columns=(*table.columns, _SWING, _TAGS))
        self.told.show_answer(table, notes=[] if not frame.height else None)
        self._say_empty(any_there=bool(table.detail["journal"].kept))
        keep = self._number
        self.table.show_table(shown, columns=list(self._columns()))
        if not self._go_to(keep) and frame.height:
            self.table.go(0)
        self._chosen()

    def _go_to(self, number: int) -> bool:
        table = self.table.table
        for place in range(self.table.model_shown.rowCount() if table is not None else 0):
            at = self.table.id_at(place)
            if table is not None and at >= 0 and table.frame["number"][at] == number:
                self.table.go(place)
                return True
        return False

    def _say_empty(self, *, any_there: bool) -> None:
        if any_there:
            self.table.set_empty("None of these", "There are other trades; choose All.", "list-filter")
        else:
            self.table.set_empty("No trade yet", _NONE[self._host.mode], "arrow-left-right", "Open the portfolio",
                                 lambda: self._host.open("portfolio"))  # fmt: skip

    def _chosen(self) -> None:
        one = self.current()
        self._fit()
        if one is None:
            self.detail.show_nothing()
            return
        if self._number != one["number"] or self.detail.number != one["number"]:
            self._host.select(one["symbol"])
        self._number = int(one["number"])
        self.detail.ask(self._number)

    def _fit(self) -> None:
        some, now = self.current() is not None, self._host.as_of is None
        self.sheet_button.setEnabled(some)
        self.replay_button.setEnabled(some)
        self.picture_button.setEnabled(some and now)
        self.replay_button.setVisible(self._host.has_command("chart.replay"))
        self.picture_button.setVisible(self._host.has_command("chart.export"))

    def _columns(self) -> tuple[str, ...]:
        if self.table.width() < 560:
            return _SHORT
        return _NEWBIE if self._host.mode == "newbie" else _PRO

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE
        self.split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        if self.table.table is not None and self.table.shown_columns != list(self._columns()):
            self.table.set_columns(self._columns())

    def _actions(self, _symbol: str) -> list[Action]:
        return [
            Action("Replay on the chart", lambda _: self.replay(), "history"),
            Action("Take a picture", lambda _: self.picture(), "camera"),
            Action("Open tearsheet", lambda symbol: self._host.open("tearsheet", symbol), "file-text"),
        ]
