"""What the views of what if share: the question they want asked, the answer they show, and what stands there without one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from terminal.ui.form import Banner, EmptyState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtWidgets import QLayout

    from terminal.api import Host, Table, TerminalError


class View(QWidget):
    """What the four share: the answer that is shown, an empty state, and `wanted` when it wants to ask anew."""

    wanted = Signal()

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host
        self.table: Table | None = None
        self.empty = EmptyState()
        self.problem = Banner("", "error", dismissable=True)
        self.problem.hide()
        self.stack = QStackedWidget()

    def question(self) -> tuple[str, dict[str, Any]]:
        """The command and its arguments; "" when there is nothing to ask."""
        raise NotImplementedError

    def show_answer(self, table: Table) -> None:
        """What was answered."""
        raise NotImplementedError

    def show_problem(self, problem: TerminalError) -> None:
        """Why the question could not be answered, below where it was asked."""
        self.problem.show_message(problem.sentence(), "error")

    def notes(self, table: Table) -> Sequence[str]:
        """What is told below."""
        return table.notes

    def set_mode(self, mode: str) -> None:
        """Other words, the same values."""

    def save_state(self) -> dict[str, Any]:
        return {}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        """As it was."""

    @property
    def newbie(self) -> bool:
        """Whether the plain words are wanted."""
        return self._host.mode == "newbie"

    def _fill(self, *parts: QWidget | QLayout, content: QWidget) -> None:
        self.stack.addWidget(content)
        self.stack.addWidget(self.empty)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(8)
        for part in parts:
            if isinstance(part, QWidget):
                box.addWidget(part)
            else:
                box.addLayout(part)
        box.addWidget(self.problem)
        box.addWidget(self.stack, 1)

    def _empty(self, text: str) -> None:
        self.empty.set_message("Nothing to revalue", text, "flask-conical")
        self.stack.setCurrentWidget(self.empty)
