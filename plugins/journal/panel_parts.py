"""What several pages of the journal show: the line above a table, the light of a thesis, figures with their source."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QDate, Qt
from PySide6.QtWidgets import QDateEdit, QGridLayout, QLabel, QWidget

from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, column, in_window, label, row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from terminal.api import Host, Table, TerminalError

_MOST = 2
LIGHTS = {"working": "ok", "shaken": "warn", "broken": "error", "unknown": "unknown"}
STATUS_TONES = {"working": "ok", "shaken": "warn", "broken": "error", "unknown": "muted"}
STATUS_WORDS = {
    "newbie": {"working": "It still holds", "shaken": "It is shaky", "broken": "It is broken", "unknown": "It cannot be said"},
    "pro": {"working": "Working", "shaken": "Shaken", "broken": "Broken", "unknown": "Unknown"},
}
ACTIONS = (
    ("buy", "Buy", "Buy"), ("sell", "Sell", "Sell"), ("hold", "Keep", "Hold"), ("pass", "Leave it", "Pass"),
    ("watch", "Only watch", "Watch"),
)  # fmt: skip


def day_edit(name: str, day: date) -> QDateEdit:
    """A field for a day, with a calendar to choose it from."""
    made = QDateEdit(QDate(day.year, day.month, day.day))
    made.setCalendarPopup(True)
    made.setDisplayFormat("yyyy-MM-dd")
    made.setAccessibleName(name)
    return made


def day_in(edit: QDateEdit) -> date:
    """The day a field holds."""
    from datetime import date

    chosen = edit.date()
    return date(chosen.year(), chosen.month(), chosen.day())


def titled(title: str, control: QWidget) -> QLabel:
    """The name of a control, for eyes and screen readers."""
    made = label(title)
    made.setBuddy(control)
    return made


def in_words(text: str, host: Host) -> str:
    """The same with the rules in it put into the words of the mode; a professional reads them as they are written."""
    from terminal.domain.rules import RuleError, parse

    def told(found: re.Match[str]) -> str:
        try:
            return parse(found[1]).describe(lambda name: host.explain(name).title)
        except RuleError:
            return found[1]

    return re.sub("«(.+?)»", told, text) if host.mode == "newbie" else text


class Told(QWidget):
    """The notes of an answer in one line with its sources at the right; below it, what is not known, where there is any."""

    def __init__(self) -> None:
        super().__init__()
        self.text = label("", "muted", wrap=True)
        self.badge = SourceBadge()
        self.unknown = Banner("", "warn", dismissable=True)
        self.unknown.hide()
        line = row(self.text, spacing=12)
        line.setStretch(0, 1)
        line.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(column(line, self.unknown, spacing=6))

    def show_answer(self, table: Table, *, notes: Sequence[str] | None = None, unknown: bool = True) -> None:
        """What `table` says beside its rows."""
        self.text.setText(" ".join(in_window(each) for each in (table.notes if notes is None else notes)))
        self.badge.show_sources(table.sources, datetime.now(UTC))
        gaps = table.unknown if unknown else ()
        self.unknown.setVisible(bool(gaps))
        if gaps:
            more = len(gaps) - _MOST
            told = "; ".join(in_window(each) for each in gaps[:_MOST]) + (f"; and {more} more" if more > 0 else "")
            self.unknown.show_message(f"{told}.", "warn", title="Not everything is known")
            self.unknown.setToolTip("\n".join(in_window(each) for each in gaps))

    def show_problem(self, problem: TerminalError) -> None:
        """Instead of an answer."""
        self.text.setText("")
        self.badge.show_sources((), datetime.now(UTC))
        self.unknown.show_message(problem.sentence(), "error")


class Figures(QWidget):
    """Name, value and where it is from, line by line; an unknown one says why."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)

    def show_rows(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows with title, text (None: unknown), why, and from."""
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for place, each in enumerate(rows):
            known = each.get("text") is not None
            name = label(str(each["title"]), "muted", wrap=True)
            name.setFixedWidth(132)
            value = label(str(each["text"]) if known else f"unknown: {each.get('why') or 'not stored'}", "body", wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setAccessibleName(f"{each['title']}: {value.text()}")
            value.setToolTip(f"From {each['from']}" if each.get("from") else "")
            self._grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, place, 1, Qt.AlignmentFlag.AlignTop)
