"""Looking again: which decisions are due, what was expected and what came, and one question: what now?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QScrollArea, QSplitter, QVBoxLayout, QWidget

from plugins.journal.panel_parts import LIGHTS, STATUS_TONES, STATUS_WORDS, Told, in_words
from terminal.api import Column
from terminal.domain import format as fmt
from terminal.ui.form import Banner, Button, Card, EmptyState, Flow, MetricCard, column, label, reveal
from terminal.ui.meters import TrafficLight
from terminal.ui.table import Look, TableView

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table, TerminalError

_STATUS = Column("_status", "Thesis", "list", term="journal_status")
_COLUMNS = ("symbol", "action", "_status", "due", "change")
_FEW = ("symbol", "_status", "due")
_ROOMY = 600
_LOOKS = {
    "symbol": Look("ticker", 66), "action": Look("text", 56), "_status": Look("chips", 78, tones=STATUS_TONES),
    "due": Look("text", 180, stretch=True), "since": Look("muted", 88), "change": Look("signed", 72),
}  # fmt: skip
# The next step, in both words, and what it means.
_STEPS = (
    ("hold", "Keep it", "Hold", "As it is; look again on the next date"),
    ("add", "Add to it", "Add", "It goes well: more of it"),
    ("reduce", "Less of it", "Reduce", "Take some of it back"),
    ("close", "Close it", "Close", "It is over; no more reviews"),
)
# What is not held cannot be added to or reduced.
_HELD = ("buy", "hold")
_NOT_HELD = {"hold": ("Stand by it", "Stand by it"), "close": ("Stop following", "Stop following")}
_SIDE_BY_SIDE = 1180


class ReviewsPage(QWidget):
    """Lists with `journal.review`, finishes with `journal.check`; the next one follows by itself."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self._number = 0
        self.told = Told()
        self.table = TableView(host, name="Reviews", looks=_LOOKS)
        self.form = ReviewForm(host, self.finish)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setWidget(self.form)
        area.setAccessibleName("The review")
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.table)
        self.split.addWidget(area)
        self.split.setStretchFactor(0, 2)
        self.split.setStretchFactor(1, 3)
        self.split.setChildrenCollapsible(False)
        self._moved = False
        self.split.splitterMoved.connect(self._split_moved)
        self.empty = EmptyState()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addWidget(self.told)
        self.told.setContentsMargins(12, 0, 12, 0)
        box.addWidget(self.split, 1)
        box.addWidget(self.empty, 1)
        reveal(self.empty, False)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._chosen())
        self.table.activated.connect(lambda symbol: host.open("tearsheet", symbol))

    def ask(self) -> None:
        """What is due."""
        self._host.run("journal.review", then=self._arrived, fail=self.told.show_problem, key="reviews.list")

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self.form.set_mode(mode)

    def current(self) -> dict[str, Any] | None:
        """The row that has the cursor."""
        table = self.table.table
        place = self.table.id_at(self.table.currentIndex().row())
        return None if table is None or place < 0 else table.frame.row(place, named=True)

    def finish(self, step: str, note: str) -> None:
        """Write the review down; what remains is shown by the answer to the changed book."""
        if (one := self.current()) is not None:
            self._host.run("journal.check", {"number": one["number"], "next": step, "note": note}, then=self._done,
                           fail=self.form.show_problem, key="reviews.check")  # fmt: skip

    def _done(self, table: Table) -> None:
        self.form.clear()
        self._host.notify(f"{table.title}.", "ok")

    def _arrived(self, table: Table) -> None:
        import polars as pl

        frame = table.frame.with_columns(pl.concat_list(pl.col("status").cast(pl.String)).alias("_status"))
        self.told.show_answer(table, notes=[])
        some = bool(frame.height)
        reveal(self.split, some)
        reveal(self.empty, not some)
        if not some:
            self._say_empty(int(table.detail["entries"]))
        self.table.show_table(replace(table, frame=frame, columns=(*table.columns, _STATUS)), columns=list(self._columns()))
        if some and self.current() is None:
            self.table.go(0)
        self._chosen()

    def _say_empty(self, entries: int) -> None:
        if entries:
            self.empty.set_message(
                "Nothing is due", "You will be reminded 30, 60 and 90 days after each decision, on the day you named, after a "
                "report, and when a thesis breaks.", "circle-check",
            )  # fmt: skip
        else:
            self.empty.set_message("No decision yet", "There is nothing to look at again before you have decided something.",
                                   "list-checks", "Log a decision …", lambda: self._surroundings.log(""))  # fmt: skip

    def _chosen(self) -> None:
        one = self.current()
        if one is None:
            return
        if one["number"] != self._number:
            self.form.clear()
        self._number = int(one["number"])
        self._host.select(one["symbol"])
        self.form.show_row(one, self._host.mode, writable=self._host.as_of is None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE
        self.split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        if not self._moved:
            whole = self.width() if wide else self.height()
            self.split.setSizes([round(whole * 0.38), round(whole * 0.62)])
        if self.table.table is not None and self.table.shown_columns != list(self._columns()):
            self.table.set_columns(self._columns())

    def _split_moved(self, *_: int) -> None:
        self._moved = True

    def _columns(self) -> tuple[str, ...]:
        wide = self.split.orientation() == Qt.Orientation.Vertical or self.split.sizes()[0] >= _ROOMY
        return _COLUMNS if wide else _FEW


class ReviewForm(QWidget):
    """One decision that is due: what was expected, what came, and four big buttons."""

    def __init__(self, host: Host, finish: Any) -> None:
        super().__init__()
        self._host, self._finish = host, finish
        self._action = "buy"
        self.title = label("", "h1", wrap=True)
        self.due = label("", "muted", wrap=True)
        self.reason = label("", "body", wrap=True)
        self.light = TrafficLight()
        self.cards = {name: MetricCard("") for name in ("price", "change", "market", "levels", "excursion")}
        flow = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(130)
            flow.addWidget(card)
        cards = QWidget()
        cards.setLayout(flow)
        self.watched = label("", "body", wrap=True)
        self.suggested = Banner("", "info")
        self.question = label("What do you do now?", "h2")
        self.note = QLineEdit()
        self.note.setAccessibleName("What you learned")
        self.note.setPlaceholderText("What did you learn? One sentence (may stay empty)")
        self.problem = Banner("", "error")
        self.buttons: dict[str, Button] = {}
        steps = QHBoxLayout()
        steps.setSpacing(8)
        for step, newbie, pro, meaning in _STEPS:
            button = Button(newbie if host.mode == "newbie" else pro, on_click=partial(self.press, step), tip=meaning)
            button.setMinimumHeight(44)
            button.setAccessibleDescription(meaning)
            self.buttons[step] = button
            steps.addWidget(button, 1)
        said = Card(self.reason, self.watched, spacing=6)
        self.setLayout(column(
            self.title, self.due, said, self.light, cards, self.suggested, self.question, self.note, steps, self.problem, 0,
            spacing=10, margins=(14, 4, 14, 10),
        ))  # fmt: skip
        self.problem.hide()

    def set_mode(self, mode: str) -> None:
        """The buttons in the words of a mode and of what was decided."""
        held = self._action in _HELD
        for step, newbie, pro, _ in _STEPS:
            words = (newbie, pro) if held else _NOT_HELD.get(step, (newbie, pro))
            self.buttons[step].setText(words[0] if mode == "newbie" else words[1])
            self.buttons[step].setAccessibleName(self.buttons[step].text())
            reveal(self.buttons[step], held or step in _NOT_HELD)

    def press(self, step: str) -> None:
        """Finish with a step and the note."""
        for button in self.buttons.values():
            button.setEnabled(False)
        self._finish(step, self.note.text().strip())

    def clear(self) -> None:
        """For the next one."""
        self.note.clear()
        self.problem.hide()

    def show_problem(self, problem: TerminalError) -> None:
        """Why it could not be written."""
        self.problem.show_message(problem.sentence(), "error")
        for button in self.buttons.values():
            button.setEnabled(True)

    def show_row(self, one: dict[str, Any], mode: str, *, writable: bool) -> None:
        """A row of `journal.review`."""
        from plugins.journal.decisions.told import ACTION_WORDS

        newbie, currency = mode == "newbie", one["currency"]
        self._action = one["action"]
        self.set_mode(mode)
        self.title.setText(f"{ACTION_WORDS[one['action']]} {one['symbol']}, {fmt.day(one['day'])}")
        self.due.setText(f"{'Look again because' if newbie else 'Due'}: {one['due']}")
        self.reason.setText(f"“{one['reason']}”")
        self.watched.setText(one["watched"] or "")
        reveal(self.watched, bool(one["watched"]))
        self.light.set_state(LIGHTS[one["status"]], STATUS_WORDS[mode][one["status"]], in_words(one["why"] or "", self._host))
        then, now = (fmt.money(one[name], currency) for name in ("price", "last_price"))
        self.cards["price"].set_title("Then and now" if newbie else "Price then → last close")
        self.cards["price"].set_value(now, f"then {then}")
        change = one["change"]
        self.cards["change"].set_title("Since then" if newbie else "Return since")
        self.cards["change"].set_value(fmt.percent(change, 1, sign=True), "dividends included")
        self.cards["market"].set_title("The market" if newbie else "SPY since")
        ahead = None if change is None or one["market"] is None else change - one["market"]
        self.cards["market"].set_value(fmt.percent(one["market"], 1, sign=True), f"difference {fmt.percent(ahead, 1, sign=True)}")
        stop, target = (fmt.day(one[name]) if one[name] else "not reached" for name in ("stop_on", "target_on"))
        self.cards["levels"].set_title("Stop and goal" if newbie else "Stop / target")
        self.cards["levels"].set_value(stop, f"target {target}")
        self.cards["excursion"].set_title("Best and worst" if newbie else "MFE / MAE")
        both = f"{fmt.percent(one['best'], 1, sign=True)} / {fmt.percent(one['worst'], 1, sign=True)}"
        self.cards["excursion"].set_value("–" if one["best"] is None else both, "on the way")
        report = f" Next report: {fmt.day(one['report'])}." if one["report"] else ""
        tones = {"broken": "error", "shaken": "warn"}
        self.suggested.show_message(f"{one['suggested']}.{report}", tones.get(one["status"], "info"), title="By your own plan")
        self.problem.hide()
        for button in self.buttons.values():
            button.setEnabled(writable)
        self.note.setEnabled(writable)
