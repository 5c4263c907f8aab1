"""What several pages of the portfolio show: the sentence above a table, and what is not known of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDateEdit, QWidget

from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, column, in_window, label, row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.api import Table, TerminalError



def day_edit(name: str) -> QDateEdit:
    """A field for a day, with a calendar to choose it from."""
    made = QDateEdit()
    made.setCalendarPopup(True)
    made.setDisplayFormat("yyyy-MM-dd")
    made.setAccessibleName(name)
    return made


class Told(QWidget):
    """The notes of an answer in one line with its sources at the right; below it, what is not known, where there is any, with
    the first `most` sentences of it."""

    def __init__(self, most: int = 2) -> None:
        super().__init__()
        self._most = most
        self.text = label("", "body", wrap=True)
        self.badge = SourceBadge()
        self.unknown = Banner("", "warn", dismissable=True)
        self.unknown.hide()
        line = row(self.text, spacing=12)
        line.setStretch(0, 1)
        line.addWidget(self.badge, 0, Qt.AlignmentFlag.AlignTop)
        self.setLayout(column(line, self.unknown, spacing=6))

    def show_answer(self, table: Table, *, notes: Sequence[str] | None = None) -> None:
        """What `table` says beside its rows."""
        self.text.setText(" ".join(in_window(each) for each in (table.notes if notes is None else notes)))
        self.text.setVisible(bool(self.text.text()))
        self.badge.show_sources(table.sources, datetime.now(UTC))
        self.show_unknown(table.unknown)

    def show_unknown(self, unknown: Sequence[str]) -> None:
        """The first of these sentences, and how many there are more; all of them when pointed at."""
        self.unknown.setVisible(bool(unknown))
        if not unknown:
            return
        more = len(unknown) - self._most
        told = ". ".join(in_window(each.rstrip(".")) for each in unknown[: self._most])
        self.unknown.show_message(f"{told}" + (f", and {more} more like this." if more > 0 else "."), "warn")
        self.unknown.setToolTip("\n".join(in_window(each) for each in unknown))

    def show_problem(self, problem: TerminalError) -> None:
        """Instead of an answer."""
        self.text.setText("")
        self.badge.show_sources((), datetime.now(UTC))
        self.unknown.show_message(problem.sentence(), "error")
