"""What the pages of the volatility panel share: a command, its words above, what is unknown, and a table below the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from plugins.options.panel_parts import nothing_of
from terminal.ui.form import Banner, EmptyState, in_window, label, row
from terminal.ui.table import TableView

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QShowEvent

    from terminal.api import Host, Source, Table, TerminalError


@dataclass
class Surroundings:
    """What all pages are about; `go` opens another page by its key, `told` is called with the sources of what is shown."""

    symbol: str = ""
    go: Callable[[str], None] = lambda _page: None
    told: Callable[[Sequence[Source]], None] = lambda _sources: None


class Page(QWidget):
    """One command of one symbol. Subclasses say `KEY` and `COMMAND`, place their pictures in `pictures` and fill them in
    `show_found`; `arguments` adds to the command's."""

    KEY = ""
    COMMAND = ""
    TABLE = ""

    def __init__(self, host: Host, surroundings: Surroundings) -> None:
        super().__init__()
        self.host, self.surroundings = host, surroundings
        self.answer: Table | None = None
        self.said = label("", "body", wrap=True)
        self.unknown = Banner("", "warn", dismissable=True)
        self.unknown.hide()
        self.empty = EmptyState("Choose a symbol", "Its options say how far its price is expected to move.", "waves")
        self.table = TableView(host, name=self.TABLE)
        self.tools = row(spacing=8)
        self._split = QSplitter(Qt.Orientation.Vertical)
        self._split.setChildrenCollapsible(False)
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(12, 0, 12, 8)
        box.setSpacing(6)
        first = row(self.said, spacing=10)
        first.setStretch(0, 1)
        first.addLayout(self.tools)
        box.addLayout(first)
        box.addWidget(self.unknown)
        box.addWidget(self._split, 1)
        for widget in (self.pictures(), self.table):
            self._split.addWidget(widget)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        self._split.setSizes([600, 400])
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(inside)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    # ---- what a page is ----

    def pictures(self) -> QWidget:
        """The pictures in one widget."""
        raise NotImplementedError

    def show_found(self, table: Table) -> None:
        """Fill the pictures."""
        raise NotImplementedError

    def arguments(self) -> Mapping[str, Any]:
        """Beside the symbol."""
        return {}

    # ---- what the panel calls ----

    @property
    def newbie(self) -> bool:
        """Whether it speaks plainly."""
        return self.host.mode == "newbie"

    def ask(self) -> None:
        """Run the command for the symbol now looked at."""
        if not self.surroundings.symbol:
            self._stack.setCurrentIndex(0)
            return
        self.host.run(self.COMMAND, {"symbol": self.surroundings.symbol, **self.arguments()}, then=self._arrived,
                      fail=self._failed, key=f"{self.KEY}.answer")  # fmt: skip

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.answer is not None:
            self.surroundings.told(self.answer.sources)

    def set_mode(self, mode: str) -> None:
        self.table.set_mode(mode)
        if self.answer is not None:
            self._arrived(self.answer)

    def retheme(self) -> None:
        self.update()

    # ---- inner ----

    def _arrived(self, table: Table) -> None:
        self.answer = table
        self.said.setText(" ".join(in_window(each) for each in self.words(table)))
        if self.isVisible():
            self.surroundings.told(table.sources)
        self.unknown.setVisible(bool(table.unknown))
        if table.unknown:
            more = len(table.unknown) - 2
            told = ". ".join(in_window(each.rstrip(".")) for each in table.unknown[:2])
            self.unknown.show_message(told + (f", and {more} more like this." if more > 0 else "."), "warn")
            self.unknown.setToolTip("\n".join(table.unknown))
        self.table.set_mode(self.host.mode)
        self.table.show_table(table)
        self.show_found(table)
        self._stack.setCurrentIndex(1)

    def words(self, table: Table) -> Sequence[str]:
        """What is said above the pictures; beginners are spared where rates are from."""
        return [each for each in table.notes if not (self.newbie and each.startswith("Rates:"))]

    def _failed(self, problem: TerminalError) -> None:
        self.answer = None
        symbol = self.surroundings.symbol
        nothing_of(self.empty, self.host, symbol, f"Nothing to show of {symbol}", problem, "waves", self.ask)
        self._stack.setCurrentIndex(0)
