"""The risk of what is held: in sentences with a light each for beginners, in tables and pictures for professionals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from plugins.portfolio.panel_parts import Told
from plugins.portfolio.risk.panel_full import FullRisk
from plugins.portfolio.risk.panel_plain import PlainRisk
from terminal.ui.form import EmptyState, Segment, label, reveal, row

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.portfolio.panel_head import Surroundings
    from terminal.api import Host, Table, TerminalError

_SURE = (("0.9", "90 %"), ("0.95", "95 %"), ("0.99", "99 %"))
_RARE = (("0.9", "1 in 10"), ("0.95", "1 in 20"), ("0.99", "1 in 100"))
_PAST = (("252", "1 year"), ("504", "2 years"), ("1260", "5 years"))
_AHEAD = (("1", "1 day"), ("10", "10 days"))


class RiskPage(QWidget):
    """Runs `portfolio.risk`, `portfolio.correlation` and `portfolio.var_check` for the accounts that are chosen."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self.told = Told()
        self.sure = Segment(_SURE, "0.95", "How sure")
        self.past = Segment(_PAST, "504", "From how much of the past")
        self.ahead = Segment(_AHEAD, "1", "How far ahead")
        self._ahead_label = label("ahead", "muted")
        self.plain, self.full = PlainRisk(host), FullRisk(host)
        self.empty = EmptyState()
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setAccessibleName("Risk in plain words")
        self._scroll.setWidget(self.plain)
        self._stack = QStackedWidget()
        for page in (self._scroll, self.full, self.empty):
            self._stack.addWidget(page)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 2, 12, 4)
        box.setSpacing(8)
        self._sure_label = label("", "muted")
        box.addLayout(row(self._sure_label, self.sure, 6, label("from", "muted"), self.past, 6, self._ahead_label,
                          self.ahead, 0, spacing=8))  # fmt: skip
        box.addWidget(self.told)
        box.addWidget(self._stack, 1)
        self.full.wanted.connect(lambda _: self._ask_account())
        for each in (self.sure, self.past, self.ahead):
            each.changed.connect(lambda _: self.ask())
        self._dress()

    def ask(self) -> None:
        """All three, for what is chosen now."""
        wanted: dict[str, Any] = {**self._surroundings.arguments, "confidence": float(self.sure.value)}
        days = int(self.past.value)
        self._host.run("portfolio.risk", {**wanted, "days": days, "horizon": int(self.ahead.value)},
                       then=self._arrived, fail=self._failed, key="risk")  # fmt: skip
        self._host.run("portfolio.correlation", {**self._surroundings.arguments, "days": min(days, 504)},
                       then=self._together, fail=lambda _: None, key="risk.correlation")  # fmt: skip
        self._host.run("portfolio.var_check", {**wanted, "days": 1260}, then=self._checked, fail=lambda _: None,
                       key="risk.check")  # fmt: skip
        if self.full.shown == "account":
            self._ask_account()

    def _ask_account(self) -> None:
        wanted = {**self._surroundings.arguments, "days": int(self.past.value), "part": "account"}
        self._host.run("portfolio.risk", wanted, then=self.full.show_account, fail=lambda _: None, key="risk.account")

    def set_mode(self, mode: str) -> None:
        self._dress()
        self.full.set_mode(mode)

    def retheme(self) -> None:
        self.plain.retheme()
        self.full.retheme()

    def save_state(self) -> dict[str, Any]:
        return {"sure": self.sure.value, "past": self.past.value, "ahead": self.ahead.value, **self.full.save_state()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        for name, segment, options in (("sure", self.sure, _SURE), ("past", self.past, _PAST), ("ahead", self.ahead, _AHEAD)):
            if state.get(name) in dict(options):
                segment.set_value(str(state[name]))
        self.full.restore_state(state)

    def _dress(self) -> None:
        newbie = self._host.mode == "newbie"
        self._sure_label.setText("A bad day is" if newbie else "Confidence")
        chosen = self.sure.value
        self.sure.offer(())  # the same choices in other words are none to a segment
        self.sure.offer(_RARE if newbie else _SURE)
        self.sure.set_value(chosen)
        for each in (self.ahead, self._ahead_label):
            reveal(each, not newbie)
        if self._stack.currentWidget() is not self.empty:
            self._stack.setCurrentWidget(self._scroll if newbie else self.full)

    def _arrived(self, table: Table) -> None:
        self.told.show_answer(table)
        found = table.detail.get("measures") if table.detail else None
        if found is None:
            self.empty.set_message("No risk to show", table.notes[0] if table.notes else "", "shield")
            self._stack.setCurrentWidget(self.empty)
            return
        self._stack.setCurrentWidget(self._scroll if self._host.mode == "newbie" else self.full)
        self.plain.show_risk(table, found)
        self.full.show_risk(table, found)

    def _together(self, table: Table) -> None:
        found = table.detail.get("together") if table.detail else None
        self.plain.show_together(found)
        self.full.show_together(found, table)

    def _checked(self, table: Table) -> None:
        found = table.detail.get("checked") if table.detail else None
        self.plain.show_checked(found)
        self.full.show_checked(found, table)

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)
