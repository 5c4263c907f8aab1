"""What an amount of money buys, in the tearsheet's panel: two amounts to type and the answers of `tearsheet buy-helper`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from plugins.tearsheet.buy_helper import NO_ADVICE
from plugins.tearsheet.panel_parts import Lines
from plugins.tearsheet.panel_sliders import NumberBox
from terminal.domain import format as words
from terminal.ui.form import label, row

if TYPE_CHECKING:
    from plugins.tearsheet.buy_helper import Answer
    from plugins.tearsheet.model import Sheet
    from plugins.tearsheet.panel_sections import Showing
    from terminal.api import Host, Table, TerminalError

COMMAND = "tearsheet.buy_helper"
_MOST = 1e12


class BuyHelper(QWidget):
    """Emits `asked` when an amount was changed by hand."""

    asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.amount, self.portfolio = NumberBox(), NumberBox()
        self.answer: Answer | None = None
        self.of: Sheet | None = None
        self._money, self._all = label("Amount", "muted"), label("All you have", "muted")
        for box, name, least in ((self.amount, "Amount to spend", 1.0), (self.portfolio, "All you have", 0.0)):
            box.setRange(least, _MOST)
            box.setDecimals(2)
            box.setAccessibleName(name)
            box.valueChanged.connect(lambda _: self.asked.emit())
        self.portfolio.setSpecialValueText("not said")
        self._money.setBuddy(self.amount)
        self._all.setBuddy(self.portfolio)
        self.lines = Lines()
        self._note = label(NO_ADVICE, "muted", wrap=True)
        box_ = QVBoxLayout(self)
        box_.setContentsMargins(0, 0, 0, 0)
        box_.setSpacing(8)
        box_.addLayout(row(self._money, self.amount, 8, self._all, self.portfolio, 0))
        box_.addWidget(self.lines)
        box_.addWidget(self._note)

    def set_amounts(self, amount: float, portfolio: float) -> None:
        """Show other amounts without asking."""
        with QSignalBlocker(self.amount), QSignalBlocker(self.portfolio):
            self.amount.setValue(amount)
            self.portfolio.setValue(portfolio)

    def show_answer(self, answer: Answer, sheet: Sheet, newbie: bool) -> None:
        """Newbie: sentences; Pro: terms and numbers with the formula to point at. The same values."""
        from plugins.tearsheet.panel_parts import figure_tip

        self.answer, self.of = answer, sheet
        shown = []
        for each in answer.lines:
            text = each.text(answer.currency)
            tip = figure_tip(each.title, text, sheet, each.source, each.formula, each.why)
            shown.append((each.sentence, "", tip) if newbie else (each.title, text, tip))
        self.lines.show_lines(shown, "")
        for each, line in zip(answer.lines, self.lines.rows, strict=False):
            known = "unknown" if each.value is None else each.text(answer.currency)
            line.setAccessibleName(f"{each.title}: {known}")
            line.setAccessibleDescription(each.sentence)


def helper_title(host: Host, sheet: Sheet) -> str:
    """The question the section answers, with the amount in it."""
    if host.mode != "newbie":
        return "What an amount buys"
    return f"What would {words.money(float(host.setting('tearsheet.amount')), sheet.currency, 0)} buy?"


def fill_helper(widget: BuyHelper, showing: Showing) -> None:
    """Ask for the answer, unless it is there; words and order follow the mode."""
    host, sheet = showing.host, showing.sheet
    if widget.answer is not None and widget.of is sheet:
        widget.show_answer(widget.answer, sheet, showing.said.newbie)
        return
    widget.set_amounts(float(host.setting("tearsheet.amount")), float(host.setting("tearsheet.portfolio")))
    _ask(widget, showing)


def changed(widget: BuyHelper, showing: Showing) -> None:
    """The user typed an amount: keep it and ask again."""
    for key, box in (("tearsheet.amount", widget.amount), ("tearsheet.portfolio", widget.portfolio)):
        if showing.host.setting(key) != box.value():
            showing.host.set_setting(key, box.value())
    showing.panel.sections["helper"].set_title(helper_title(showing.host, showing.sheet))
    _ask(widget, showing)


def _ask(widget: BuyHelper, showing: Showing) -> None:
    asked: dict[str, Any] = {
        "symbol": showing.sheet.symbol,
        "amount": widget.amount.value(),
        "portfolio": widget.portfolio.value(),
    }

    def arrived(table: Table) -> None:
        panel = showing.panel
        if panel.sheet is not None and panel.sheet.symbol == showing.sheet.symbol:
            widget.show_answer(table.detail["answer"], panel.sheet, panel.host.mode == "newbie")

    def failed(error: TerminalError) -> None:
        widget.lines.show_lines([], error.sentence())

    showing.host.run(COMMAND, asked, then=arrived, fail=failed, key="helper")
