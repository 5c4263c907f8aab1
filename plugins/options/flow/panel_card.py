"""One event in full beside the list: what happened in a sentence, what it cannot say, and all of its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.form import Button, Chip, EmptyState, Flow, IconButton, Section, column, label, reveal, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.api import Table

_PARTS = (
    ("verdict", "Next morning", "Next morning"), ("event", "What was traded", "Trade"),
    ("context", "Against what is usual", "Context"), ("clause", "Why it was flagged", "Clauses that fired"),
    ("print", "Single trades", "Prints, with the quote beside each"), ("same day", "Also on this day", "Same day"),
)  # fmt: skip
_EASY = ("Found in", "Time", "Contracts", "Premium", "Side", "Lean", "Underlying", "Days to expiry", "Out of the money",
         "Volume of the day", "Open interest", "Volume / open interest", "Average volume")  # fmt: skip
_TONES = {"opened": "ok", "closed": "warn", "unclear": "muted", "waiting": "muted", "expired": "muted", "unknown": "muted"}


class EventCard(QFrame):
    """Shows the answer of `options.flow_event`. `closed`: it is to go; `opened(panel, symbol)`: another panel is wanted."""

    closed = Signal()
    opened = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        theme.set_role(self, role="card")
        self.setAccessibleName("The event in full")
        self._table: Table | None = None
        self._mode = "pro"
        self._title = label("", "h2", wrap=True)
        self._said, self._caveat = label("", "body", wrap=True), label("", "muted", wrap=True)
        self._tags = Flow(spacing=6)
        tags = QWidget()
        tags.setLayout(self._tags)
        self._grids: dict[str, QWidget] = {}
        chain = Button("Chain", "ghost", on_click=lambda: self._open("chain"))
        chart = Button("Chart", "ghost", on_click=lambda: self._open("chart"))
        self._empty = EmptyState("No event chosen", "Choose one in the list to see what was seen of it.", "list")
        head = row(self._title, IconButton("x", "Close the event", self.closed.emit, size=14), spacing=6)
        head.setStretch(0, 1)
        self._body = QWidget()
        buttons = row(chain, chart, 0, spacing=6)
        self._box = column(head, tags, self._said, self._caveat, buttons, spacing=6, margins=(12, 10, 12, 12))
        self._body.setLayout(self._box)
        inside = QWidget()
        inside.setLayout(column(self._body, self._empty, spacing=0))
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Evidence of the event")
        area.setWidget(inside)
        self.setLayout(column(area, spacing=0))
        self.setMinimumWidth(320)
        self.clear()

    @property
    def shown_id(self) -> str:
        """The id of the event that is shown, "" for none."""
        return "" if self._table is None else str(self._table.detail["event"]["id"])

    def clear(self) -> None:
        """Show nothing."""
        self._table = None
        reveal(self._body, False)
        reveal(self._empty)

    def show_event(self, table: Table, mode: str) -> None:
        """Show an answer."""
        self._table, self._mode = table, mode
        event = table.detail["event"]
        self._title.setText(table.title.partition(":")[0])
        said, caveat, *_ = table.notes
        self._said.setText(said[:1].upper() + said[1:])
        self._caveat.setText(caveat)
        _emptied(self._tags)
        for text, tone in _chips(event, table.detail["verdict"]):
            self._tags.addWidget(Chip(text, tone))
        rows = table.rows()
        for key, easy, pro in _PARTS:
            mine = [each for each in rows if each["part"] == key]
            if mode == "newbie" and key in ("event", "context"):
                mine = [each for each in mine if each["title"] in _EASY]
            elif key == "clause":
                mine = _reasons(mine, table.detail["flagged"], newbie=mode == "newbie")
            self._replace(key, easy if mode == "newbie" else pro, mine)
        reveal(self._empty, False)
        reveal(self._body)

    def set_mode(self, mode: str) -> None:
        """Other words; the same values."""
        self._mode = mode
        if self._table is not None:
            self.show_event(self._table, mode)

    def _replace(self, key: str, title: str, rows: Sequence[dict[str, Any]]) -> None:
        old = self._grids.pop(key, None)
        if old is not None:
            self._box.removeWidget(old)
            old.hide()
            old.deleteLater()
        if rows:
            made = Section(title, _grid(rows, wordy=key == "verdict", newbie=self._mode == "newbie"))
            self._box.addWidget(made)
            self._grids[key] = made

    def _open(self, panel: str) -> None:
        if self._table is not None:
            self.opened.emit(panel, str(self._table.detail["event"]["symbol"]))


def _reasons(rows: Sequence[dict[str, Any]], flagged: dict[str, str], *, newbie: bool) -> list[dict[str, Any]]:
    """A line a recipe: what it means for a newbie, its clauses with what they looked at for a professional."""
    told = []
    for title, words in flagged.items():
        mine = [each for each in rows if each["title"] == title]
        clauses = "\n".join(map(_clause, mine))
        told.append({"part": "clause", "title": title, "text": words if newbie and words else clauses, "why": None})
    return told


def _clause(row: dict[str, Any]) -> str:
    seen = "" if row["value"] is None else f"  ({_short(row['value'])})"
    return f"{row['text']}{seen}" if row["why"] == "holds" else f"{row['text']}{seen}: {row['why']}"


def _short(value: float) -> str:
    return fmt.compact(value) if abs(value) >= 10_000 else fmt.number(value, 2).removesuffix(".00")


def _grid(rows: Sequence[dict[str, Any]], *, wordy: bool, newbie: bool) -> QWidget:
    made = QWidget()
    grid = QGridLayout(made)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(1, 1)
    for place, each in enumerate(rows):
        grid.addWidget(label(each["title"], "strong" if wordy else "muted", wrap=True), place, 0, Qt.AlignmentFlag.AlignTop)
        note = "" if newbie and not wordy and each["part"] == "print" else each["why"] or ""
        text = label(each["text"] or "unknown", "body", wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        if note and note != "holds":
            grid.addLayout(column(text, label(note, "muted", wrap=True), spacing=0), place, 1)
        else:
            grid.addWidget(text, place, 1)
    grid.setColumnMinimumWidth(0, theme.scaled(116))
    return made


def _chips(event: dict[str, Any], verdict: dict[str, Any] | None) -> list[tuple[str, str]]:
    lean = {"up": ("leans up, if a bet", "ok"), "down": ("leans down, if a bet", "error")}.get(event["lean"], ("no lean", ""))
    told = [lean, *((tag, "accent") for tag in event["tags"] or ())]
    if event["doubt"]:
        told.append((f"doubt: {event['doubt']}", "warn"))
    if verdict is not None:
        told.append((verdict["verdict"], _TONES.get(verdict["verdict"], "")))
    return told


def _emptied(flow: Flow) -> None:
    while flow.count():
        item = flow.takeAt(0)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.hide()
            widget.deleteLater()
