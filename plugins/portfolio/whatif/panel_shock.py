"""A shock that is chosen or typed: the sentence, the bars, and for professionals the table."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QComboBox, QLineEdit, QScrollArea, QSplitter, QWidget

from plugins.portfolio.whatif.panel_pictures import GainBars, Made
from plugins.portfolio.whatif.panel_view import View
from terminal.ui.form import Button, Flow, ghost, label, primary, reveal, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.api import Host, Table

_SHOCKS = (
    ("SPY -10%", "Market −10 %", "SPY −10 %"), ("SPY -20%", "Market −20 %", "SPY −20 %"),
    ("SPY +10%", "Market +10 %", "SPY +10 %"),
    ("SPY -10%, VIX 40", "A scare: −10 %, VIX 40", "SPY −10 %, VIX 40"), ("2008", "2008 again", "Lehman 2008"),
    ("March 2020", "March 2020 again", "March 2020"), ("2022", "2022 again", "2022"),
    ("rates +200bp", "Interest +2 points", "Rates +200 bp"), ("30 days", "A month passes", "30 days"),
)  # fmt: skip


class ShockView(View):
    """A shock that is chosen or typed; the sentence, the bars, and for professionals the table."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.typed = QLineEdit("SPY -10%")
        self.typed.setAccessibleName("What happens")
        self.typed.setPlaceholderText("Such as SPY -10%, VIX 40; or March 2020; or NVDA -20%, 30 days")
        self.typed.setClearButtonEnabled(True)
        self.typed.returnPressed.connect(self._asked)
        self.name = QLineEdit()
        self.name.setAccessibleName("Name to keep it under")
        self.name.setPlaceholderText("Name")
        self.name.setMaximumWidth(150)
        self.keep = ghost("Keep", "bookmark", self._keep)
        self.name.returnPressed.connect(self._keep)
        self.kept = QComboBox()
        self.kept.setAccessibleName("Scenarios that are kept")
        self.kept.setMinimumWidth(140)
        self.kept.activated.connect(lambda _: self._kept_chosen())
        self.forget = ghost("Delete", "trash-2", self._forget)
        self._flow = Flow()
        self._buttons: list[tuple[Button, str, str]] = []
        for text, plain, short in _SHOCKS:
            button = Button(plain, on_click=partial(self.choose, text))
            self._buttons.append((button, plain, short))
            self._flow.addWidget(button)
        self.says = label("", "h2", wrap=True)
        self.bars = GainBars()
        self.bars.chosen.connect(self._chosen)
        looks = {"symbol": Look("ticker", 76), "name": Look("muted", 150), "gain": Look("signed", 96), "why": Look("muted", 130)}
        self.rows = TableView(host, name="What each would make", looks=looks)
        self.rows.activated.connect(host.select)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setAccessibleName("What each would make, as bars")
        scroll.setWidget(self.bars)
        self._split = QSplitter()
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(scroll)
        self._split.addWidget(self.rows)
        self._split.setSizes([460, 640])
        line = row(self.typed, primary("Show", "play", self._asked), self.kept, self.forget, self.name, self.keep, spacing=6)
        line.setStretch(0, 1)
        chips = QWidget()
        chips.setLayout(self._flow)
        self._fill(line, chips, self.says, content=self._split)
        self.show_kept(None)
        self._dress()

    def question(self) -> tuple[str, dict[str, Any]]:
        return ("portfolio.whatif", {"shock": self.typed.text()}) if self.typed.text().strip() else ("", {})

    def choose(self, text: str) -> None:
        """Ask about this shock."""
        self.typed.setText(text)
        self._asked()

    def show_answer(self, table: Table) -> None:
        self.table = table
        rows = [row for row in table.frame.to_dicts() if row["symbol"] != "Everything"]
        if not rows:
            self.says.setText("")
            self._empty("Nothing is held, so nothing would change. Book something first.")
            return
        markets = {each.symbol: each.market_symbol for each in table.detail["modelled"].book.positions}
        made = [_made(row, markets) for row in rows if not row["symbol"].endswith(" cash") or row["gain"]]
        self.says.setText(table.detail["sentence"])
        self.bars.show_rows(made, str(rows[0]["currency"]))
        self.rows.show_table(replace(table, frame=table.frame.head(len(rows)), origin=None))
        self.stack.setCurrentWidget(self._split)

    def notes(self, table: Table) -> Sequence[str]:
        return table.detail["past"] if self.newbie else table.notes[1:]

    def show_kept(self, table: Table | None) -> None:
        """Offer the scenarios that are kept."""
        chosen = self.kept.currentText()
        self.kept.clear()
        self.kept.addItem("Kept scenarios", None)
        for each in [] if table is None else table.rows():
            self.kept.addItem(str(each["name"]), each)
        self.kept.setCurrentIndex(max(0, self.kept.findText(chosen)))
        some = self.kept.count() > 1
        reveal(self.kept, some)
        reveal(self.forget, self.kept.currentData() is not None)

    def set_mode(self, mode: str) -> None:
        self.rows.set_mode(mode)
        self._dress()

    def save_state(self) -> dict[str, Any]:
        return {"shock": self.typed.text()}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.typed.setText(str(state.get("shock") or "SPY -10%"))

    def _dress(self) -> None:
        for button, plain, short in self._buttons:
            button.setText(plain if self.newbie else short)
            button.setAccessibleName(button.text())
        reveal(self.rows, not self.newbie)

    def _chosen(self, symbol: str) -> None:
        if symbol:
            self._host.select(symbol)

    def _asked(self) -> None:
        self.wanted.emit()

    def _keep(self) -> None:
        name = self.name.text().strip()
        if not name or not self.typed.text().strip():
            self.name.setFocus()
            self._host.notify("Give it a name to keep it under.", "info")
            return
        self.name.clear()
        self._host.run("portfolio.scenario_save", {"name": name, "shock": self.typed.text()}, then=self._was_kept,
                       fail=lambda problem: self._host.notify(problem.sentence(), "error"), key="whatif.keep")  # fmt: skip

    def _was_kept(self, table: Table) -> None:
        self.show_kept(table)
        self._host.notify(table.notes[0], "ok")

    def _kept_chosen(self) -> None:
        one = self.kept.currentData()
        reveal(self.forget, one is not None)
        if one and one["shock"]:
            self.choose(str(one["shock"]))

    def _forget(self) -> None:
        one = self.kept.currentData()
        if one:
            self._host.run("portfolio.scenario_delete", {"name": one["name"]}, then=self.show_kept, key="whatif.keep")


def _made(line: Mapping[str, Any], markets: Mapping[str, str]) -> Made:
    """A line of the answer as a bar; an option by its words."""
    symbol, name = str(line["symbol"]), str(line["name"] or line["symbol"])
    called = name.partition(",")[0] if line["volatility"] is not None else symbol
    return Made(called, name, markets.get(symbol, ""), line["gain"], line["move"], line["why"] or "")
