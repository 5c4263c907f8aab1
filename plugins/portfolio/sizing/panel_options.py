"""How many contracts of an option position a budget takes: legs as they are typed, the answer at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QWidget

from plugins.portfolio.panel_numbers import NumberEdit
from plugins.portfolio.sizing.panel_pictures import Payoff
from terminal.ui import theme
from terminal.ui.form import Banner, Card, Flow, column, ghost, label, reveal, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.api import Host, Table, TerminalError

_WAIT = 300
_EXAMPLES = (
    ("Call", "buy 100C 3.20"),
    ("Protective put", "buy stock 98, buy 95P 1.40"),
    ("Covered call", "buy stock 98, sell 105C 2"),
    ("Call spread", "buy 100C 3.20, sell 110C 1.10"),
    ("Put spread, sold", "sell 95P 1.10, buy 90P 0.40"),
    ("Iron condor", "sell 95P 1.10, buy 90P 0.40, sell 105C 1.20, buy 110C 0.50"),
)
_LOOKS = {"title": Look("text", 140), "value": Look("number", 84), "sentence": Look("text", 260, stretch=True)}


class OptionsView(QWidget):
    """Asks `portfolio.size_spread`; `answered` with each table, None for a problem."""

    answered = Signal(object)

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.arguments: Mapping[str, Any] = {}
        self.legs = QLineEdit(_EXAMPLES[3][1])
        self.legs.setAccessibleName("Legs of the position")
        self.symbol, self.expiry = QLineEdit(), QLineEdit()
        self.symbol.setAccessibleName("Ticker, for prices that are not typed")
        self.symbol.setPlaceholderText("for prices")
        self.expiry.setAccessibleName("Day it expires")
        self.expiry.setPlaceholderText("YYYY-MM-DD")
        for edit in (self.symbol, self.expiry):
            edit.setFixedWidth(theme.scaled(104))
        self.budget = NumberEdit("What may be lost", hint="1 %", width=104)
        self.said, self.problem = label("", "h2", wrap=True), Banner("", "warn")
        self.problem.hide()
        self.payoff = Payoff()
        self.table = TableView(host, name="Option position", looks=_LOOKS)
        self.table.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.setFrameShape(QFrame.Shape.NoFrame)
        self._wait = QTimer(self, singleShot=True, interval=_WAIT)
        self._wait.timeout.connect(self.ask)
        examples = Flow(spacing=6)
        for name, text in _EXAMPLES:
            examples.addWidget(ghost(name, on_click=partial(self.type_legs, text)))
        inside = QWidget()
        inside.setLayout(examples)
        self._hint = label("Legs, separated by commas. A price may be left out when a ticker is given.", "muted", wrap=True)
        fields, placed = Flow(spacing=10), QWidget()
        placed.setLayout(fields)
        for title, field in (("Prices of", self.symbol), ("expiring", self.expiry), ("may be lost", self.budget)):
            pair = QWidget()
            pair.setLayout(row(label(title, "muted"), field, spacing=6))
            fields.addWidget(pair)
        self.setLayout(column(self._hint, self.legs, inside, placed, self.problem, self.said, Card(self.payoff), self.table, 0,
                              spacing=8))  # fmt: skip
        for edit in (self.legs, self.symbol, self.expiry):
            edit.textEdited.connect(lambda _: self._wait.start())
        self.budget.typed.connect(self._wait.start)

    def type_legs(self, text: str) -> None:
        """Other legs, as if they had been typed."""
        self.legs.setText(text)
        self.ask()

    def ask(self) -> None:
        """The answer for what is typed now."""
        wanted: dict[str, Any] = {**self.arguments, "legs": self.legs.text(), "symbol": self.symbol.text()}
        if self.expiry.text().strip():
            wanted["expiry"] = self.expiry.text().strip()
        if self.budget.value:
            wanted["budget"] = self.budget.value
        self._host.run("portfolio.size_spread", wanted, then=self._arrived, fail=self._failed, key="sizing.spread")

    def set_mode(self, mode: str) -> None:
        """Beginners read sentences, professionals numbers."""
        self.table.set_mode(mode)
        self._show_columns()

    def _show_columns(self) -> None:
        names = ("title", "sentence") if self._host.mode == "newbie" else ("title", "value", "sentence")
        self.table.set_columns(names)
        self.table.fit_rows()

    def _arrived(self, table: Table) -> None:
        detail: Mapping[str, Any] = table.detail or {}
        made, rows = detail["contracts"], table.rows()
        self.problem.hide()
        self.said.setText(str(rows[0]["sentence"]))
        self.payoff.show_position(detail["legs"], made.outcome, made.count or 1, str(rows[0]["currency"]))
        self.table.show_table(table)
        self._show_columns()
        for each in (self.said, self.payoff, self.table):
            reveal(each)
        self.answered.emit(table)

    def _failed(self, error: TerminalError) -> None:
        self.problem.show_message(error.sentence(), "warn")
        for each in (self.said, self.payoff, self.table):
            reveal(each, False)
        self.answered.emit(None)
