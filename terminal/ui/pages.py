"""Pages of a panel under a bar of names, each made when it is first shown and asked again when something has changed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from terminal.ui.form import Segment, reveal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent

    from terminal.api import Host

PACE_MS = 5_000
"""While a market is fetched or prices run, a page is asked at most this often."""


@dataclass(frozen=True)
class PageSpec:
    """One page: its key (kept in layouts), its name in both modes, and its class as "module:Class".

    The class is called with the panel's host and the panel's surroundings, the first time the page is shown. It has
    `ask()`, which runs the page's commands for what the surroundings say now: at the first showing, when data or book
    have changed, when day, accounts or mode have. It may have `set_mode(mode)`, `save_state()`, `restore_state(dict)` and
    `retheme()`. The `key=` of a page's calls begins with the page's own key, because all pages share the panel's host.
    """

    key: str
    newbie: str
    pro: str
    page: str

    def title(self, mode: str) -> str:
        """The name in the words of a mode."""
        return self.newbie if mode == "newbie" else self.pro

    def make(self, host: Host, surroundings: Any) -> Any:
        """The page itself; imports its module."""
        module, _, name = self.page.partition(":")
        return getattr(import_module(module), name)(host, surroundings)


class Bar(QWidget):
    """The names of the pages side by side, or in a list that drops down where there is no room for them."""

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.segment = Segment((), name=name)
        self.list = QComboBox()
        self.list.setAccessibleName(name)
        self.list.activated.connect(lambda _: self.chosen.emit(str(self.list.currentData())))
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.addWidget(self.segment, 0, Qt.AlignmentFlag.AlignLeft)
        self._box.addWidget(self.list, 0, Qt.AlignmentFlag.AlignLeft)
        self.list.hide()
        self.setMinimumWidth(120)

    def offer(self, options: Sequence[tuple[str, str]], value: str) -> None:
        """Show these (key, name), with `value` chosen."""
        old, self.segment = self.segment, Segment(options, value, self._name)
        self.segment.changed.connect(self.chosen)
        self._box.replaceWidget(old, self.segment)
        old.hide()
        old.deleteLater()
        self._box.setAlignment(self.segment, Qt.AlignmentFlag.AlignLeft)
        self.list.clear()
        for key, text in options:
            self.list.addItem(text, key)
        self.set_value(value)
        self._fit()

    def set_value(self, value: str) -> None:
        """Choose without telling."""
        self.segment.set_value(value)
        self.list.setCurrentIndex(self.list.findData(value))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        roomy = self.width() >= self.segment.sizeHint().width()
        reveal(self.segment, roomy)
        reveal(self.list, not roomy)


class Pages(QWidget):
    """A bar and the page that is chosen. Alt+PgDown and Alt+PgUp go through them from anywhere in the panel.

    `book`: the schemas and tables of the book whose changes matter ("portfolio" for all of portfolio.*). `bar` may be
    placed anywhere in the panel; it lies above the pages unless `own_bar` is False.
    """

    chosen = Signal(str)

    def __init__(self, host: Host, pages: Sequence[PageSpec], surroundings: Any, *, book: Sequence[str] = (),
                 name: str = "Page", own_bar: bool = True) -> None:
        super().__init__()
        self.host = host
        self.specs = {spec.key: spec for spec in pages}
        self.bar = Bar(name)
        self._surroundings = surroundings
        self._book = tuple(book)
        self._made: dict[str, Any] = {}
        self._stale: set[str] = set()
        self._kept: dict[str, Any] = {}
        self._asked_at = 0.0
        self._later = QTimer(self, singleShot=True)
        self._later.timeout.connect(self._ask_stale)
        self._stack = QStackedWidget()
        self.value = pages[0].key
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        if own_bar:
            box.addWidget(self.bar)
        box.addWidget(self._stack, 1)
        self._name_pages()
        self.bar.chosen.connect(self.show_page)
        for keys, step in (("Alt+PgDown", 1), ("Alt+PgUp", -1)):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(lambda step=step: self.turn(step))
        host.on("market.changed", lambda _: self._changed())
        host.on("book.changed", self._book_changed)

    # ---- what the panel calls ----

    @property
    def page(self) -> Any:
        """The page that is shown; None before the first showing."""
        return self._made.get(self.value)

    def show_page(self, key: str) -> None:
        """Choose a page; one that is not there is passed over."""
        if key not in self.specs:
            return
        changed, self.value = key != self.value, key
        self.bar.set_value(key)
        if self.isVisible():
            self._show()
        if changed:
            self.chosen.emit(key)

    def turn(self, step: int) -> None:
        """The page so many further, round and round."""
        keys = list(self.specs)
        self.show_page(keys[(keys.index(self.value) + step) % len(keys)])

    def ask(self) -> None:
        """Something has changed for all pages: the one that is seen asks now, the others when they are shown."""
        self._stale = set(self._made)
        self._ask_stale()

    def set_mode(self, mode: str) -> None:
        """Names and pages in the words of a mode."""
        self._name_pages()
        for page in self._made.values():
            if hasattr(page, "set_mode"):
                page.set_mode(mode)
        self.ask()

    def retheme(self) -> None:
        for page in self._made.values():
            if hasattr(page, "retheme"):
                page.retheme()

    def save_state(self) -> dict[str, Any]:
        """Which page is chosen, and what the pages want kept."""
        kept = {key: page.save_state() for key, page in self._made.items() if hasattr(page, "save_state")}
        return {"page": self.value, "pages": {**self._kept, **kept}}

    def restore_state(self, state: Mapping[str, Any]) -> None:
        self._kept = {key: kept for key, kept in dict(state.get("pages") or {}).items() if key in self.specs}
        for key, page in self._made.items():
            self._restore(key, page)
        self.show_page(str(state.get("page", "")))

    # ---- inner ----

    def _name_pages(self) -> None:
        self.bar.offer([(key, spec.title(self.host.mode)) for key, spec in self.specs.items()], self.value)

    def _restore(self, key: str, page: Any) -> None:
        if key in self._kept and hasattr(page, "restore_state"):
            page.restore_state(self._kept[key])

    def _show(self) -> None:
        if self.value not in self._made:
            page = self.specs[self.value].make(self.host, self._surroundings)
            self._made[self.value] = page
            self._restore(self.value, page)
            self._stack.addWidget(page)
            self._stale.add(self.value)
        self._stack.setCurrentWidget(self._made[self.value])
        self._ask_stale()

    def _changed(self) -> None:
        self._stale = set(self._made)
        left = PACE_MS - round(1000 * (time.monotonic() - self._asked_at))
        if left <= 0:
            self._ask_stale()
        elif not self._later.isActive():
            self._later.start(left)

    def _book_changed(self, payload: Mapping[str, Any]) -> None:
        table = str(payload.get("table", ""))
        if any(table == each or table.startswith(f"{each}.") for each in self._book):
            self.ask()

    def _ask_stale(self) -> None:
        if self.isVisible() and self.value in self._stale:
            self._stale.discard(self.value)
            self._asked_at = time.monotonic()
            self._later.stop()
            self._made[self.value].ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._later.stop()
