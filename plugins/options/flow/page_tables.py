"""Pages that are one table: leaders, verdicts of the next morning, the scorecard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from terminal.ui.form import Segment, label, row
from terminal.ui.meters import ProgressLine
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.options.flow.panel import Surroundings
    from terminal.api import Host, Table, TerminalError

_VERDICTS = {"opened": "ok", "closed": "warn", "unclear": "muted", "waiting": "muted", "expired": "muted", "unknown": "muted"}


class TablePage(QWidget):
    """A command's table under a choice of what it is asked for."""

    command = ""
    name = ""
    key = ""
    options: tuple[tuple[str, str], ...] = ()
    standard = ""
    looks: Mapping[str, Look] = {}
    newbie_words = ""

    def __init__(self, host: Host, around: Surroundings) -> None:
        super().__init__()
        self._host, self._around = host, around
        self._table: Table | None = None
        self._call: Any = None
        self.choice = Segment(self.options, self.standard, self.name)
        self.said = label("", "body", wrap=True)
        self.note = label("", "muted", wrap=True)
        self.progress = ProgressLine(self._cancel)
        self.table = TableView(host, name=self.name, looks=self.looks, actions=self._actions)
        head = row(self.said, self.choice, spacing=8, margins=(12, 0, 12, 4))
        head.setStretch(0, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        box.addLayout(head)
        box.addWidget(self.progress)
        box.addWidget(self.table, 1)
        box.addLayout(row(self.note, margins=(12, 2, 12, 6)))
        self.choice.changed.connect(lambda _: self.ask())
        self.table.activated.connect(lambda symbol: host.open("chain", symbol))

    def ask(self) -> None:
        """The table for what is chosen."""
        self._call = self._host.run(self.command, self.arguments(), then=self._arrived, fail=self._failed,
                                    progress=self.progress.report, key=f"{self.key}.table")  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        """What the command is called with."""
        return {"symbols": self._around.symbols()}

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self._show()

    def retheme(self) -> None:
        self.table.refresh_rows()

    def save_state(self) -> dict[str, Any]:
        return {"choice": self.choice.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.choice.set_value(str(state.get("choice", self.standard)))

    def _arrived(self, table: Table) -> None:
        self.progress.finish()
        self._table = table
        self._show()

    def _show(self) -> None:
        if self._table is None:
            return
        newbie = self._host.mode == "newbie"
        self.said.setText(self.newbie_words if newbie and self.newbie_words else self._table.title)
        self.table.show_table(self._table)
        self.say_empty()
        gaps = self._table.unknown if newbie else (*self._table.unknown, *self._table.notes)
        self.note.setText(" · ".join(gaps))

    def say_empty(self) -> None:
        """What is said instead of no rows."""

    def _failed(self, error: TerminalError) -> None:
        self.progress.finish()
        self.said.setText("")
        self.table.set_empty(error.message, error.hint, "triangle-alert")

    def look_back(self) -> None:
        """Write down what the archived days hold."""
        def told(table: Table) -> None:
            self._host.notify(table.title, "ok")
            self.ask()

        self._host.run("options.flow_scan", {"days": 30}, then=told, fail=self._failed, progress=self.progress.report,
                       key=f"{self.key}.scan")  # fmt: skip

    def _actions(self, symbol: str) -> list[Action]:
        return [Action("Open chain", lambda each: self._host.open("chain", each), "table-2"),
                Action("Link to this symbol", self._host.select, "link")]  # fmt: skip

    def _cancel(self) -> None:
        if self._call is not None:
            self._call.cancel()


class LeadersPage(TablePage):
    """Which tickers the events add up to."""

    command, name, key = "options.flow_leaders", "Tickers by option premium", "leaders"
    options, standard = (("1", "Today"), ("5", "5 days")), "1"
    newbie_words = "Where the most money went into options, and whether more was paid for rises or for falls."
    looks = {
        "symbol": Look("ticker", 70), "events": Look("number", 66), "premium": Look("number", 92), "net": Look("number", 104),
        "calls_ask": Look("number", 100), "calls_bid": Look("number", 100), "puts_ask": Look("number", 100),
        "puts_bid": Look("number", 100), "other": Look("number", 100), "put_share": Look("number", 84),
        "opening": Look("number", 70), "largest": Look("number", 88), "contract": Look("muted", 170, stretch=True),
        "doubtful": Look("number", 70),
    }  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        return {**super().arguments(), "days": int(self.choice.value)}

    def say_empty(self) -> None:
        self.table.set_empty("Nothing to add up", "No trades and no differences of chains are known for this span.", "inbox")


class VerdictsPage(TablePage):
    """What the next mornings said."""

    command, name, key = "options.flow_verdicts", "Verdicts of flow flags", "verdicts"
    options, standard = (("5", "5 days"), ("15", "15 days"), ("60", "60 days")), "15"
    newbie_words = "Every morning it is known how many contracts are open: did the flagged trades open something?"
    looks = {
        "day": Look("muted", 90), "symbol": Look("ticker", 62), "what": Look("text", 150),
        "verdict": Look("pill", 84, tones=_VERDICTS), "size": Look("number", 80), "flagged": Look("number", 90),
        "flags": Look("number", 52), "volume": Look("number", 80), "before": Look("number", 88), "after": Look("number", 84),
        "change": Look("number", 84), "opened_least": Look("number", 100), "closed_least": Look("number", 100),
        "stated_on": Look("muted", 90), "reason": Look("muted", 320, stretch=True), "recipes": Look("chips", 150),
    }  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        return {**super().arguments(), "days": int(self.choice.value)}

    def say_empty(self) -> None:
        self.table.set_empty("No flag is written down yet", "A job writes flags down through the day. Archived days can be gone "
                             "through at once: what is found is marked as seen in hindsight.", "list-checks",
                             "" if self._host.as_of else "Go through archived days", self.look_back)  # fmt: skip


class ScorePage(TablePage):
    """What became of the flags."""

    command, name, key = "options.flow_scorecard", "Scorecard of flow flags", "scores"
    options = (("any", "All flags"), ("opened", "Opened"), ("closed", "Closed"), ("unclear", "Unclear"))
    standard = "any"
    newbie_words = "Did the share go where the flagged trades leaned? Only what is beyond all days is worth anything."
    looks = {
        "recipe": Look("text", 330, stretch=True), "horizon": Look("number", 66), "n": Look("number", 48),
        "hit_rate": Look("number", 84), "hit_low": Look("number", 70), "hit_high": Look("number", 52),
        "base_rate": Look("number", 66), "mean": Look("signed", 110), "beyond": Look("signed", 104), "shrunk": Look("signed", 84),
        "low": Look("signed", 74), "high": Look("signed", 62), "days": Look("number", 52), "options": Look("number", 62),
        "option_median": Look("signed", 98), "option_up": Look("number", 94), "pending": Look("number", 66),
        "overlapping": Look("number", 84), "without_lean": Look("number", 90), "flags": Look("number", 52),
    }  # fmt: skip

    def arguments(self) -> dict[str, Any]:
        return {**super().arguments(), "verdict": self.choice.value}

    def say_empty(self) -> None:
        self.table.set_empty("No flag is old enough, or none is written down", "Flags are scored 1, 5 and 20 sessions later.",
                             "list-checks", "" if self._host.as_of else "Go through archived days", self.look_back)  # fmt: skip
