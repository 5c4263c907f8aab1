"""Statistics of trades: cards, curve, calendar, distribution, what they have in common, and habits with their evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QScrollArea, QVBoxLayout, QWidget

from plugins.journal.panel_parts import Told
from plugins.journal.statistics.panel_habits import Habits
from plugins.journal.statistics.words import card, sentence
from plugins.journal.trades.panel_pictures import CalendarPicture, EquityPicture, HistogramPicture
from terminal.domain import format as fmt
from terminal.ui.form import EmptyState, Flow, MetricCard, Section, Segment, column, ghost, label, reveal, row
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table, TerminalError

_SPANS = (("", "All"), ("365", "1 year"), ("90", "90 days"), ("30", "30 days"))
_CARDS = ("profit", "win_rate", "trade_average", "expectancy_r", "profit_factor", "payoff", "sharpe", "drawdown")
_BY = (
    ("weekday", "Day of the week", "Weekday"), ("hour", "Time of day", "Time of day"), ("month", "Month", "Month"),
    ("held", "How long it was held", "Holding time"), ("symbol", "Ticker", "Symbol"), ("structure", "Kind of trade", "Structure"),
    ("strategy", "How you trade", "Strategy"), ("setup", "What you saw", "Set-up"), ("mistake", "What went wrong", "Mistake"),
    ("tag", "Other words", "Tag"), ("before", "How you felt before", "State of mind"), ("playbook", "Playbook", "Playbook"),
    ("signal", "What the decision said", "Signal of the decision"),
    ("clause", "What was true at the start", "Clause at entry"),
)  # fmt: skip
_GROUP = ("group", "n", "profit", "win_rate", "expectancy", "shrunk", "r", "profit_factor", "says")
_CLAUSE = ("clause", "n", "average", "others", "other_average", "difference", "shrunk", "says")
_LOOKS = {
    "group": Look("text", 140), "clause": Look("text", 170), "n": Look("number", 56), "profit": Look("signed", 88),
    "win_rate": Look("number", 66), "expectancy": Look("signed", 84), "shrunk": Look("signed", 84), "r": Look("number", 66),
    "profit_factor": Look("number", 84), "says": Look("muted", 190, stretch=True), "average": Look("signed", 118),
    "others": Look("number", 56), "other_average": Look("signed", 118), "difference": Look("signed", 88),
}  # fmt: skip
_SIDE_BY_SIDE = 980


class StatisticsPage(QWidget):
    """Runs `journal.stats`, `equity`, `calendar`, `distribution` and `behaviour` for the span that is chosen."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host = host
        self.told = Told()
        self.spans = Segment(_SPANS, "", "Trades closed within")
        self.report_button = ghost("Report of the week …", "file-text", self.report)
        self.export_button = ghost("Export …", "download", self.export)
        self.cards = {name: MetricCard("") for name in _CARDS}
        cards = Flow(spacing=8, stretch=True)
        for each in self.cards.values():
            each.setMinimumWidth(150)
            cards.addWidget(each)
        board = QWidget()
        board.setLayout(cards)
        self.said = label("", "body", wrap=True)
        self.equity, self.calendar, self.spread = EquityPicture(), CalendarPicture(), HistogramPicture()
        self.units = Segment((("", "Money"), ("r", "R")), "", "Distribution in")
        self.by = QComboBox()
        self.by.setAccessibleName("Group trades by")
        self.groups = TableView(host, name="Groups of trades", looks=_LOOKS)
        self.groups.setMinimumHeight(260)
        self.habits = Habits(surroundings.trade)
        self._pictures = [
            Section("Equity curve", self.equity), Section("Calendar", self.calendar),
            Section("Distribution", row(self.units, 0), self.spread),
        ]  # fmt: skip
        self._pair = QWidget()
        self._pair_box = row(self._pictures[1], self._pictures[2], spacing=16)
        for at in (0, 1):
            self._pair_box.setStretch(at, 1)
            self._pair_box.setAlignment(self._pictures[at + 1], Qt.AlignmentFlag.AlignTop)
        self._pair.setLayout(self._pair_box)
        self.waiting = label("", "muted")
        chooser = row(label("by", "muted"), self.by, self.waiting, 0, spacing=8)
        self._groups = Section("What makes money", chooser, self.groups)
        self._habits = Section("Habits", self.habits)
        self.empty = EmptyState()
        self._body = QWidget()
        self._body.setLayout(column(self.said, board, self._pictures[0], self._pair, self._habits, self._groups, 0, spacing=10,
                                    margins=(12, 0, 12, 12)))  # fmt: skip
        inside = QWidget()
        inside.setLayout(column(self._body, self.empty, spacing=0))
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setAccessibleName("Statistics of your trades")
        self._scroll.setWidget(inside)
        head = row(self.spans, self.told, self.report_button, self.export_button, spacing=8, margins=(12, 0, 12, 2))
        head.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self._scroll, 1)
        self.set_mode(host.mode)
        self.spans.changed.connect(lambda _: self.ask())
        self.units.changed.connect(lambda _: self._ask_spread())
        self.by.activated.connect(lambda _: self._ask_groups())

    # ---- what the panel calls ----

    def ask(self) -> None:
        """Everything, for the span that is chosen."""
        run, span = self._host.run, self._span()
        run("journal.stats", span, then=self._summed, fail=self._failed, key="statistics.sum")
        run("journal.equity", span, then=self._curve, fail=self._failed, key="statistics.equity")
        run("journal.calendar", span, then=self._days, fail=self._failed, key="statistics.calendar")
        run("journal.behaviour", span, then=lambda table: self.habits.show_table(table, self._host.mode), fail=self._failed,
            key="statistics.habits")  # fmt: skip
        self._ask_spread()
        self._ask_groups()

    def set_mode(self, mode: str) -> None:
        newbie = mode == "newbie"
        titles = ("How your money grew", "Day by day", "How much you won and lost") if newbie else (
            "Equity curve", "Calendar", "Distribution")  # fmt: skip
        for section, title in zip(self._pictures, titles, strict=True):
            section.set_title(title)
        self._groups.set_title("What makes you money" if newbie else "By group, shrunk")
        self._habits.set_title("Your habits" if newbie else "Behaviour")
        chosen = self.by.currentData() or "weekday"
        self.by.clear()
        for key, easy, pro in _BY:
            self.by.addItem(easy if newbie else pro, key)
        self.by.setCurrentIndex(max(self.by.findData(chosen), 0))
        self.groups.set_mode(mode)
        for name in ("payoff", "sharpe", "expectancy_r"):
            reveal(self.cards[name], not newbie)

    def retheme(self) -> None:
        self.groups.refresh_rows()
        for each in (self.equity, self.calendar, self.spread):
            each.update()

    def save_state(self) -> dict[str, Any]:
        return {"span": self.spans.value, "by": self.by.currentData(), "units": self.units.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.spans.set_value(str(state.get("span", "")))
        self.units.set_value(str(state.get("units", "")))
        self.by.setCurrentIndex(max(self.by.findData(state.get("by")), 0))

    # ---- what the user does ----

    def report(self) -> None:
        """The report of the last week, as PDF or Markdown."""
        file = self._host.save_file("Report of the week", "week.pdf", ("PDF (*.pdf)", "Markdown (*.md)"))
        if file:
            kind = "markdown" if file.lower().endswith(".md") else "pdf"
            self._host.run("journal.report", {kind: file}, then=lambda _: self._host.notify(f"Written to {file}", "ok"),
                           fail=self._failed, key="statistics.report")  # fmt: skip

    def export(self) -> None:
        """These trades with their statistics as PDF, or the list as CSV."""
        file = self._host.save_file("Export trades", "trades.pdf", ("PDF (*.pdf)", "CSV (*.csv)"))
        if file:
            kind = "csv" if file.lower().endswith(".csv") else "pdf"
            arguments = {kind: file, **self._span()}
            self._host.run("journal.export", arguments, then=lambda _: self._host.notify(f"Written to {file}", "ok"),
                           fail=self._failed, key="statistics.export")  # fmt: skip

    # ---- inner ----

    def _span(self) -> dict[str, Any]:
        if not self.spans.value:
            return {}
        return {"start": (self._host.as_of or date.today()) - timedelta(days=int(self.spans.value))}

    def _ask_spread(self) -> None:
        self._host.run("journal.distribution", {**self._span(), "r": self.units.value == "r"}, fail=self._failed,
                       then=lambda table: self.spread.show_rows(table.frame.to_dicts()) if self.units.value == "" else
                       self.spread.show_rows([{**one, "currency": ""} for one in table.frame.to_dicts()]),
                       key="statistics.spread")  # fmt: skip

    def _ask_groups(self) -> None:
        by = self.by.currentData() or "weekday"
        self.waiting.setText("Looking at every day of an entry; this takes a while the first time." if by == "clause" else "")
        arguments = {**self._span(), "by": by}
        self._host.run("journal.stats", arguments, then=self._grouped, fail=self._groups_failed, progress=self._looked,
                       key="statistics.groups")  # fmt: skip

    def _looked(self, share: float | None, note: str) -> None:
        self.waiting.setText(note if share is None else f"{note} ({fmt.percent(share, 0)})")

    def _groups_failed(self, problem: TerminalError) -> None:
        self.waiting.setText("")
        self._failed(problem)

    def _summed(self, table: Table) -> None:
        self.told.show_answer(table)
        rows = {one["term"]: one for one in reversed(table.rows())}  # of two with one term the first
        told, mode = table.detail["summary"], self._host.mode
        some = told.n > 0
        reveal(self._body, some)
        reveal(self.empty, not some)
        if not some:
            self.empty.set_message("No closed trade", "Statistics begin with the first trade that is over.", "chart-line")
            return
        for name, shown in self.cards.items():
            title, value, context, tone = card(name, rows[f"journal_{name}"], mode)
            shown.set_title(title)
            shown.set_value(value, context, tone)
        self.said.setText(sentence(table))
        reveal(self.said, mode == "newbie")

    def _curve(self, table: Table) -> None:
        self.equity.show_rows(table.frame.to_dicts())

    def _days(self, table: Table) -> None:
        self.calendar.show_rows(table.frame.to_dicts(), table.detail["day"])

    def _grouped(self, table: Table) -> None:
        self.waiting.setText("")
        first = "clause" if "clause" in table.frame.columns else "group"
        columns: tuple[str, ...] = _CLAUSE if first == "clause" else _GROUP
        if self._host.mode == "newbie":
            columns = tuple(name for name in columns if name not in ("r", "profit_factor"))
        self.groups.set_empty("Nothing to group by", " ".join(table.notes), "layers")
        titles = {"shrunk": "Believed" if self._host.mode == "pro" else "Likely"}
        shown = tuple(replace(each, title=titles.get(each.name, each.title)) for each in table.columns)
        self.groups.show_table(replace(table, columns=shown), columns=list(columns))

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE
        direction = self._pair_box.Direction.LeftToRight if wide else self._pair_box.Direction.TopToBottom
        self._pair_box.setDirection(direction)
