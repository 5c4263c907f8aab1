"""What was decided: the list with its lights, and one decision in full with what was known then and every version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QSplitter, QVBoxLayout, QWidget

from plugins.journal.panel_parts import LIGHTS, STATUS_TONES, STATUS_WORDS, Figures, Told, in_words
from terminal.api import Column
from terminal.domain import format as fmt
from terminal.ui.form import EmptyState, Flow, MetricCard, Section, Segment, column, ghost, label, reveal, row
from terminal.ui.meters import TrafficLight
from terminal.ui.table import Action, Look, TableView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from plugins.journal.decisions.following import Followed
    from plugins.journal.panel import Surroundings
    from terminal.api import Host, Table, TerminalError

_VIEWS = (("all", "All"), ("due", "To look at"), ("deleted", "Taken out"))
_STATUS = Column("_status", "Thesis", "list", term="journal_status")
_NEWBIE = ("day", "symbol", "action", "_status", "reason", "change", "state", "next_review")
_PRO = ("day", "symbol", "action", "_status", "conviction", "reason", "change", "market", "beyond", "state", "next_review")
_MIDDLE = ("day", "symbol", "action", "_status", "reason", "change")
_SHORT = ("day", "symbol", "action", "_status", "change", "state")
_LOOKS = {
    "day": Look("muted", 88), "symbol": Look("ticker", 66), "action": Look("text", 56),
    "_status": Look("chips", 78, tones=STATUS_TONES), "reason": Look("text", 150, stretch=True),
    "conviction": Look("number", 66), "change": Look("signed", 70), "market": Look("signed", 70),
    "beyond": Look("signed", 70), "state": Look("muted", 96), "next_review": Look("muted", 88),
    "gain": Look("signed", 70), "number": Look("muted", 50),
}  # fmt: skip
_SIDE_BY_SIDE = 860
_NONE_YET = {
    "newbie": "Write down why you buy, sell or leave something. Later you see whether you were right, and learn from it.",
    "pro": "Each decision is kept with its thesis, falsifiers and what was known then, and is graded without looking ahead.",
}


class DecisionsPage(QWidget):
    """Lists with `journal.list`, tells one with `journal.show`; each button is a command of its own."""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self._host, self._surroundings = host, surroundings
        self._number = 0
        self._terms: Any = None
        self.told = Told()
        self.views = Segment(_VIEWS, "all", "Which decisions")
        self.table = TableView(host, name="Decisions", looks=_LOOKS, actions=self._actions)
        self.detail = Detail(host)
        self.change_button = ghost("Change …", "pencil", self.change)
        self.review_button = ghost("Review …", "list-checks", lambda: surroundings.go("reviews"))
        self.remove_button = ghost("Take out", "trash-2", self.remove)
        self.restore_button = ghost("Put back", "undo-2", self.restore)
        self.sheet_button = ghost("Tearsheet", "file-text", self.open_sheet)
        tools = Flow(spacing=4)
        for each in (self.change_button, self.review_button, self.sheet_button, self.remove_button, self.restore_button):
            tools.addWidget(each)
        bar = QWidget()
        bar.setLayout(tools)
        side = QWidget()
        side.setLayout(column(bar, self.detail, spacing=4, margins=(8, 0, 0, 0)))
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.addWidget(self.table)
        self.split.addWidget(side)
        self.split.setStretchFactor(0, 3)
        self.split.setStretchFactor(1, 2)
        self.split.setChildrenCollapsible(False)
        self._moved = False
        self.split.splitterMoved.connect(self._split_moved)
        head = row(self.views, self.told, spacing=12, margins=(12, 0, 12, 2))
        head.setStretch(1, 1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        box.addLayout(head)
        box.addWidget(self.split, 1)
        self.views.changed.connect(lambda _: self._view_changed())
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._chosen())
        self.table.activated.connect(lambda symbol: host.open("tearsheet", symbol))
        self._fit()

    # ---- what the panel calls ----

    def ask(self) -> None:
        """The list that is chosen."""
        view = self.views.value
        self._host.run("journal.list", {"due": view == "due", "deleted": view == "deleted"}, then=self._arrived,
                       fail=self._failed, key="decisions.list")  # fmt: skip

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        self.detail.set_mode(mode)

    def retheme(self) -> None:
        self.table.refresh_rows()

    def save_state(self) -> dict[str, Any]:
        return {"view": self.views.value}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self.views.set_value(str(state.get("view", "")))

    # ---- what the user does ----

    def current(self) -> dict[str, Any] | None:
        """The row that has the cursor."""
        table = self.table.table
        place = self.table.id_at(self.table.currentIndex().row())
        return None if table is None or place < 0 else table.frame.row(place, named=True)

    def change(self) -> None:
        """The form with what it says now."""
        from plugins.journal.decisions.panel_form import open_form

        if (one := self.current()) is not None and self._terms is not None:
            open_form(self, self._host, one["symbol"], {**one, "terms": self._terms})

    def remove(self) -> None:
        """Take it out; the message about it brings it back."""
        self._run_on_current("journal.delete")

    def restore(self) -> None:
        """Put it back."""
        self._run_on_current("journal.restore")

    def open_sheet(self) -> None:
        """The tearsheet of its symbol."""
        if (one := self.current()) is not None:
            self._host.open("tearsheet", one["symbol"])

    # ---- inner ----

    def _run_on_current(self, command: str) -> None:
        if (one := self.current()) is not None:
            self._host.run(command, {"number": one["number"]}, then=lambda _: None)

    def _view_changed(self) -> None:
        self._number = 0
        self.ask()

    def _arrived(self, table: Table) -> None:
        import polars as pl

        frame = table.frame.with_columns(pl.concat_list(pl.col("status").cast(pl.String)).alias("_status"))
        shown = replace(table, frame=frame, columns=(*table.columns, _STATUS))
        self.told.show_answer(table, notes=[] if not frame.height else None, unknown=False)
        self._say_empty()
        keep = self._number
        self.table.show_table(shown, columns=list(self._columns()))
        numbers = frame["number"].to_list()
        self._go_to(keep if keep in numbers else (numbers[0] if numbers else 0))
        self._chosen()

    def _go_to(self, number: int) -> None:
        table = self.table.table
        rows = self.table.model_shown.rowCount() if table is not None else 0
        for place in range(rows):
            at = self.table.id_at(place)
            if table is not None and at >= 0 and table.frame["number"][at] == number:
                self.table.go(place)
                return

    def _say_empty(self) -> None:
        if self.views.value == "due":
            self.table.set_empty("Nothing is due", "No decision waits for a look.", "circle-check")
        elif self.views.value == "deleted":
            self.table.set_empty("Nothing was taken out", "What you take out is kept here and can be put back.", "trash-2")
        else:
            said = _NONE_YET[self._host.mode]
            self.table.set_empty("No decision yet", said, "notebook-pen", "Log a decision …", lambda: self._surroundings.log(""))

    def _failed(self, problem: TerminalError) -> None:
        self.told.show_problem(problem)

    def _chosen(self) -> None:
        one = self.current()
        self._terms = None
        self._fit()
        if one is None:
            self._number = 0
            self.detail.show_nothing()
            return
        self._number = int(one["number"])
        self._host.select(one["symbol"])
        if self.views.value != "deleted":
            self._host.run("journal.show", {"number": self._number}, then=self._show, fail=lambda _: self.detail.show_nothing(),
                           key="decisions.show")  # fmt: skip
        else:
            self.detail.show_nothing()

    def _show(self, table: Table) -> None:
        followed: Followed = table.detail["followed"]
        self._terms = followed.entry.last.terms
        self.detail.show_decision(table, self._host.mode)

    def _fit(self) -> None:
        """Only the buttons that make sense now."""
        deleted, some, now = self.views.value == "deleted", self.current() is not None, self._host.as_of is None
        for button in (self.change_button, self.remove_button, self.review_button):
            button.setVisible(not deleted)
            button.setEnabled(some and now)
        self.sheet_button.setEnabled(some)
        self.restore_button.setVisible(deleted)
        self.restore_button.setEnabled(some and now)

    def _split_moved(self, *_: int) -> None:
        self._moved = True

    def _columns(self) -> tuple[str, ...]:
        if self.table.width() < 780:
            return _SHORT if self.table.width() < 560 else _MIDDLE
        return _NEWBIE if self._host.mode == "newbie" else _PRO

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= _SIDE_BY_SIDE
        self.told.text.setVisible(wide)
        self.split.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)
        if not self._moved:
            whole = self.width() if wide else self.height()
            self.split.setSizes([round(whole * 0.6), round(whole * 0.4)])
        if self.table.table is not None and self.table.shown_columns != list(self._columns()):
            self.table.set_columns(self._columns())

    def _actions(self, _symbol: str) -> list[Action]:
        if self.views.value == "deleted":
            return [Action("Put back", lambda _: self.restore(), "undo-2")]
        return [
            Action("Change …", lambda _: self.change(), "pencil"),
            Action("Take out", lambda _: self.remove(), "trash-2"),
            Action("Open tearsheet", lambda symbol: self._host.open("tearsheet", symbol), "file-text"),
        ]


class Detail(QScrollArea):
    """One decision: the light of its thesis, what came of it, what was said and known, versions and looks."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setAccessibleName("The decision in full")
        self.title = label("", "h2", wrap=True)
        self.reason = label("", "body", wrap=True)
        self.hindsight = label("", "muted", tone="warn", wrap=True)
        self.light = TrafficLight()
        self.cards = {name: MetricCard("") for name in ("change", "gain", "excursion", "state")}
        cards = Flow(spacing=8, stretch=True)
        for card in self.cards.values():
            card.setMinimumWidth(140)
            cards.addWidget(card)
        pictures = QWidget()
        pictures.setLayout(cards)
        self.figures = {part: Figures(part) for part in ("said", "known then", "versions", "check-ins", "statuses")}
        self.sections = {
            part: Section("", figures, open=part in ("said", "known then")) for part, figures in self.figures.items()
        }
        self.empty = EmptyState("No decision chosen", "Choose one to see what was known then.", "notebook-pen")
        self._body = QWidget()
        self._body.setLayout(
            column(
                self.title,
                self.hindsight,
                self.reason,
                self.light,
                pictures,
                *self.sections.values(),
                0,
                spacing=8,
                margins=(4, 0, 10, 8),
            )
        )
        inside = QWidget()
        inside.setLayout(column(self._body, self.empty, spacing=0))
        self.setWidget(inside)
        self.set_mode(host.mode)
        self.show_nothing()

    def set_mode(self, mode: str) -> None:
        """The headings in the words of a mode."""
        newbie = mode == "newbie"
        words = {
            "said": "What you said", "known then": "What was known then" if newbie else "Frozen context",
            "versions": "Versions", "check-ins": "When you looked again" if newbie else "Check-ins",
            "statuses": "How the thesis stood" if newbie else "Status history",
        }  # fmt: skip
        for part, section in self.sections.items():
            section.set_title(words[part])

    def show_nothing(self) -> None:
        """None is chosen."""
        reveal(self._body, False)
        reveal(self.empty, True)

    def show_decision(self, table: Table, mode: str) -> None:
        """What `journal.show` answered."""
        from plugins.journal.decisions.told import state_of, status_of

        followed: Followed = table.detail["followed"]
        grade, entry = followed.grade, followed.entry
        self.title.setText(table.title)
        self.reason.setText(entry.last.terms.reason)
        self.hindsight.setText(" ".join(table.notes))
        reveal(self.hindsight, entry.in_hindsight)
        status, why = status_of(followed)
        self.light.set_state(LIGHTS[status], STATUS_WORDS[mode][status], in_words(why, self._host))
        newbie = mode == "newbie"
        market = f"market {fmt.percent(grade.market_since, 1, sign=True)}"
        self.cards["change"].set_title("Price since" if newbie else "Since the decision")
        self.cards["change"].set_value(fmt.percent(grade.change_since, 1, sign=True), market)
        self.cards["gain"].set_title("So you gained" if newbie else "Gain of the decision")
        beyond = f"beyond market {fmt.percent(followed.beyond, 1, sign=True)}"
        self.cards["gain"].set_value(fmt.percent(followed.gain, 1, sign=True), beyond)
        self.cards["excursion"].set_title("Best and worst" if newbie else "MFE / MAE")
        both = f"{fmt.percent(grade.best, 1, sign=True)} / {fmt.percent(grade.worst, 1, sign=True)}"
        self.cards["excursion"].set_value("–" if grade.best is None else both, f"{grade.sessions} sessions")
        self.cards["state"].set_title("State")
        self.cards["state"].set_value(state_of(followed), "" if grade.ended_on is None else fmt.day(grade.ended_on))
        rows = table.frame.to_dicts()
        for part, figures in self.figures.items():
            mine = [each for each in rows if each["part"] == part]
            if part in ("versions", "check-ins", "statuses"):
                mine = [{**each, "why": None} for each in mine]
            figures.show_rows(mine)
            reveal(self.sections[part], bool(mine))
            self.sections[part].set_note(str(len(mine)) if part in ("versions", "check-ins") else "")
        reveal(self._body, True)
        reveal(self.empty, False)
