"""Were you right? What decisions came to, by sort, with how many there are and how sure one can be of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from plugins.journal.panel_parts import Told
from terminal.domain import format as fmt
from terminal.ui.form import Flow, MetricCard, label, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table

_SORTS = (
    ("action", "What you decided", "Action"), ("verdict", "What our rules said", "Verdict then"),
    ("conviction", "How sure you were", "Conviction"), ("signal", "Kind of signal", "Signal"),
    ("preset", "Screen it came from", "Screen"), ("regime", "State of the market", "Regime then"),
    ("status", "How the thesis stood", "Thesis status"),
)  # fmt: skip
_LOOKS = {
    "sort": Look("text", 130, stretch=True), "n": Look("number", 50), "pending": Look("number", 70), "rate": Look("number", 62),
    "rate_low": Look("number", 66), "rate_high": Look("number", 66), "average_gain": Look("signed", 92),
    "average_loss": Look("signed", 92), "expectancy": Look("signed", 86), "low": Look("signed", 62), "high": Look("signed", 62),
    "basis": Look("muted", 80), "beyond": Look("signed", 118), "enough": Look("muted", 120),
}  # fmt: skip
_NEWBIE = ("sort", "n", "rate", "average_gain", "average_loss", "expectancy", "enough")


class OutcomesPage(QWidget):
    """Asks `journal.outcomes` by the sort that is chosen."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told()
        self.by = QComboBox()
        self.by.setAccessibleName("Sorted by")
        self.hindsight = QComboBox()
        self.hindsight.setAccessibleName("Written when")
        for value, text in ((False, "Written at the time"), (True, "Written in hindsight")):
            self.hindsight.addItem(text, value)
        self.cards = {name: MetricCard("") for name in ("rate", "expectancy", "beyond", "pending")}
        flow = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(150)
            flow.addWidget(card)
        cards = QWidget()
        cards.setLayout(flow)
        self.table = TableView(host, name="Outcomes", looks=_LOOKS)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(6)
        box.addLayout(row(label("By", "muted"), self.by, self.hindsight, 0, spacing=8, margins=(12, 0, 12, 0)))
        box.addLayout(row(cards, margins=(12, 0, 12, 0)))
        box.addLayout(row(self.told, margins=(12, 0, 12, 0)))
        box.addWidget(self.table, 1)
        self._name_sorts()
        self.by.activated.connect(lambda _: self.ask())
        self.hindsight.activated.connect(lambda _: self.ask())

    def ask(self) -> None:
        """The sums by the chosen sort."""
        arguments = {"by": self.by.currentData(), "hindsight": bool(self.hindsight.currentData())}
        self._host.run("journal.outcomes", arguments, then=self._arrived, fail=self.told.show_problem, key="outcomes.sums")

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self._name_sorts()

    def save_state(self) -> dict[str, Any]:
        return {"by": self.by.currentData()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.by.setCurrentIndex(max(0, self.by.findData(str(state.get("by", "")))))

    def _name_sorts(self) -> None:
        chosen = self.by.currentData()
        self.by.clear()
        for key, newbie, pro in _SORTS:
            self.by.addItem(newbie if self._host.mode == "newbie" else pro, key)
        self.by.setCurrentIndex(max(0, self.by.findData(chosen)))

    def _arrived(self, table: Table) -> None:
        newbie = self._host.mode == "newbie"
        self.told.show_answer(table, notes=[] if newbie else None, unknown=False)
        self.table.set_empty(
            "No decision is over yet", "Each one is judged when its stop or goal is reached, its time is up, or you close it.",
            "target", "Log a decision …", lambda: self._surroundings.log(""),
        )  # fmt: skip
        self.table.show_table(table, columns=list(_NEWBIE) if newbie else [each.name for each in table.columns])
        rows = table.rows()
        self._show_cards(rows[-1] if rows else {}, newbie)

    def _show_cards(self, whole: Mapping[str, Any], newbie: bool) -> None:
        n = int(whole.get("n") or 0)
        few = f"n = {n}" + ("" if not whole or whole.get("enough") == "yes" else ": too few to say anything")
        rate, low, high = (whole.get(name) for name in ("rate", "rate_low", "rate_high"))
        self.cards["rate"].set_title("You were right" if newbie else "Win rate")
        between = f"{fmt.percent(low, 0)} to {fmt.percent(high, 0)}, {few}" if n else few
        self.cards["rate"].set_value(fmt.percent(rate, 0), between)
        self.cards["expectancy"].set_title("On average it brought" if newbie else "Expectancy")
        low, high = whole.get("low"), whole.get("high")
        interval = (
            "no interval from so few" if low is None else f"{fmt.percent(low, 1, sign=True)} to {fmt.percent(high, 1, sign=True)}"
        )
        self.cards["expectancy"].set_value(fmt.percent(whole.get("expectancy"), 1, sign=True), interval)
        self.cards["beyond"].set_title("More than the market" if newbie else "Beyond SPY")
        self.cards["beyond"].set_value(fmt.percent(whole.get("beyond"), 1, sign=True), "on average")
        self.cards["pending"].set_title("Not over yet" if newbie else "Pending")
        self.cards["pending"].set_value(str(whole.get("pending") or 0), "still being followed")
