"""Simple, time-weighted and money-weighted return side by side, and the cash flows that yield the one that is chosen."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDate
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from plugins.portfolio.panel_parts import Told, day_edit
from terminal.domain import format as fmt
from terminal.ui.form import MetricCard, Segment, ghost, label, row
from terminal.ui.table import Look, TableView
from terminal.ui.theme import set_role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

WAYS = ("simple", "twr", "mwr")
_SINCE = (("", "All"), ("year", "This year"), ("12m", "12 months"), ("3m", "3 months"), ("own", "Since …"))
_TITLES = {
    "simple": ("Gain on your money", "Simple return"),
    "twr": ("What $1 made", "Time-weighted (TWR)"),
    "mwr": ("What your money earned", "Money-weighted (MWR, XIRR)"),
}
_SENTENCES = {
    "simple": "Gain for each $1 of your own that was in at most.",
    "twr": "What $1 made that was in all the time. Compare this one with an index such as SPY.",
    "mwr": "The yearly rate your own money earned, when and how much of it was in. Compare it with a savings account.",
}
_LEDGERS = {"simple": "Money that came and went", "twr": "From flow to flow", "mwr": "Flows at the rate found"}


class ReturnsPage(QWidget):
    """Runs `portfolio.returns`, and once more with `ledger` for the card that is chosen."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told(1)
        self.since = Segment(_SINCE, "", "Since when")
        self.own = day_edit("First day")
        self.own.setDate(QDate.currentDate().addYears(-1))
        self.own.hide()
        self.cards = {way: ReturnCard(way, host.mode) for way in WAYS}
        self.chosen = "twr"
        self.ledger_title = label("", "h2")
        self.ledger_note = label("", "muted", wrap=True)
        wide = ("start", "came_in", "went_out", "end", "amount", "inside", "worth", "factor", "years")
        looks = {"what": Look("text", 160), **{name: Look("number", 120) for name in wide}}
        self.ledger = TableView(host, name="Ledger", looks=looks)
        self.ledger.set_empty("No flow", "Nothing of your own came or went in this time.", "scale")
        export = ghost("Export", "download", self.ledger.export)
        cards = QHBoxLayout()
        cards.setSpacing(8)
        for way, card in self.cards.items():
            cards.addWidget(card, 1)
            card.clicked.connect(partial(self.show_ledger, way))
        line = row(self.ledger_title, self.ledger_note, export, spacing=10)
        line.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 2, 12, 0)
        box.setSpacing(8)
        box.addLayout(row(self.since, self.own, 0, self.told.badge, spacing=8))
        box.addWidget(self.told)
        box.addLayout(cards)
        box.addLayout(line)
        box.addWidget(self.ledger, 1)
        self.since.changed.connect(self._since_chosen)
        self.own.dateChanged.connect(lambda _: self.ask())
        self._dress()

    def ask(self) -> None:
        """Returns and ledger for the accounts and the time that are chosen."""
        wanted = {**self._surroundings.arguments, **self._time()}
        self._host.run("portfolio.returns", wanted, then=self._arrived, fail=self._failed, key="returns")
        self._ask_ledger()

    def show_ledger(self, way: str) -> None:
        """The flows behind one of the three."""
        self.chosen = way
        self._dress()
        self._ask_ledger()

    def set_mode(self, mode: str) -> None:
        for card in self.cards.values():
            card.set_mode(mode)
        self.ledger.set_mode(mode)
        self._dress()

    def save_state(self) -> dict[str, Any]:
        return {"since": self.since.value, "own": self.own.date().toString("yyyy-MM-dd"), "ledger": self.chosen}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.since.set_value(str(state.get("since", "")))
        kept = QDate.fromString(str(state.get("own", "")), "yyyy-MM-dd")
        if kept.isValid():
            self.own.setDate(kept)
        self.own.setVisible(self.since.value == "own")
        self.chosen = str(state["ledger"]) if state.get("ledger") in WAYS else "twr"
        self._dress()

    def _dress(self) -> None:
        for way, card in self.cards.items():
            set_role(card, selected=way == self.chosen)
            card.setAccessibleDescription("its flows are shown" if way == self.chosen else "show its flows")
        words = _TITLES[self.chosen][0 if self._host.mode == "newbie" else 1]
        self.ledger_title.setText(f"{_LEDGERS[self.chosen]}: {words}")

    def _since_chosen(self, value: str) -> None:
        self.own.setVisible(value == "own")
        self.ask()

    def _time(self) -> dict[str, Any]:
        value = self.since.value
        if value != "own":
            return {"since": value}
        chosen = self.own.date()
        return {"start": date(chosen.year(), chosen.month(), chosen.day())}

    def _ask_ledger(self) -> None:
        wanted = {**self._surroundings.arguments, **self._time(), "ledger": self.chosen}
        self._host.run("portfolio.returns", wanted, then=self._got_ledger, fail=lambda _: None, key="returns.ledger")

    def _arrived(self, table: Table) -> None:
        self.told.show_answer(table)
        rows = {str(each["way"]): each for each in table.rows()}
        rates = _rates(table)
        for way, card in self.cards.items():
            card.show_return(rows.get(way), rates[way].reason if way in rates else "")

    def _got_ledger(self, table: Table) -> None:
        rate = _rates(table).get(self.chosen)
        ranged = rate is not None and rate.low is not None and rate.value is None
        lowest = ["Here every price that is not known is at its lowest: this yields the lower end."] if ranged else []
        self.ledger_note.setText(" ".join([*table.notes, *lowest]))
        self.ledger.show_table(table)

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)
        for card in self.cards.values():
            card.show_return(None, problem.message)


def _rates(table: Table) -> dict[str, Any]:
    """The three by way; none where nothing is booked."""
    found = (table.detail or {}).get("returns")
    return {} if found is None else {"simple": found.simple, "twr": found.time_weighted, "mwr": found.money_weighted}


class ReturnCard(MetricCard):
    """One of the three: the rate, or the two it lies between; by the year below it."""

    def __init__(self, way: str, mode: str) -> None:
        self._way = way
        self._row: Mapping[str, Any] | None = None
        self._reason = ""
        super().__init__(_TITLES[way][mode != "newbie"], clickable=True)
        self._mode = mode

    def set_mode(self, mode: str) -> None:
        self._mode = mode
        self.set_title(_TITLES[self._way][mode != "newbie"])
        self.show_return(self._row, self._reason)

    def show_return(self, found: Mapping[str, Any] | None, reason: str) -> None:
        """What `portfolio.returns` says of it."""
        self._row, self._reason = found, reason
        sentence = _SENTENCES[self._way] if self._mode == "newbie" else ""
        if found is None or (found["low"] is None and found["high"] is None):
            self.set_value("–", reason or "not known", sentence=sentence)
            return
        value = fmt.percent(found["return"], 2, sign=True)
        if found["return"] is None:
            ends = [fmt.percent(found[name], 2, sign=True) if found[name] is not None else "?" for name in ("low", "high")]
            value = f"{ends[0]} to {ends[1]}"
        yearly = found["yearly"]
        context = f"{fmt.percent(yearly, 2, sign=True)} a year" if yearly is not None else \
            reason or ("a price is not known, so it lies between" if found["return"] is None else "")  # fmt: skip
        tone = "muted" if yearly is None else "up" if yearly >= 0 else "down"
        self.set_value(value, context, tone, sentence=sentence)
