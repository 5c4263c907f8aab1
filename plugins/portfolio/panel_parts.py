"""What several pages of the portfolio show: the sentence above a table, and what is not known of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDateEdit, QDialog, QWidget

from terminal.ui.badge import SourceBadge
from terminal.ui.form import Banner, column, in_window, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.api import Call, Host, Table, TerminalError



def day_edit(name: str) -> QDateEdit:
    """A field for a day, with a calendar to choose it from."""
    made = QDateEdit()
    made.setCalendarPopup(True)
    made.setDisplayFormat("yyyy-MM-dd")
    made.setAccessibleName(name)
    return made


class Form(QDialog):
    """A window of its own over a panel that runs commands. It is gone once it is closed, and no answer reaches it then."""

    def __init__(self, parent: QWidget, host: Host) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._host, self._gone = host, False
        self._call: Call | None = None

    def run_command(self, command: str, arguments: Mapping[str, Any], then: Callable[[Table], None],
                    fail: Callable[[TerminalError], None],
                    progress: Callable[[float | None, str], None] | None = None, key: str = "") -> None:  # fmt: skip
        """As `Host.run`, for as long as the form is open."""

        def open_only(slot: Callable[..., None]) -> Callable[..., None]:
            return lambda *told: None if self._gone else slot(*told)

        told = None if progress is None else open_only(progress)
        self._call = self._host.run(command, arguments, then=open_only(then), fail=open_only(fail), progress=told, key=key)

    def cancel(self) -> None:
        """Stop what is running."""
        if self._call is not None:
            self._call.cancel()

    def done(self, result: int) -> None:
        self._gone = True
        super().done(result)


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
