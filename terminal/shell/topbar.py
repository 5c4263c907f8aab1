"""The bar at the top: name, search, index strip, Newbie/Pro, messages, preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.shell.indexstrip import IndexLabel
    from terminal.shell.timemachine import DateButton
    from terminal.ui.form import Segment

HEIGHT = 46
RAIL = 72  # width of the rail below the name


class TopBar(QFrame):
    """Emits what was asked for; shows what it is told."""

    search = Signal()
    mode_chosen = Signal(str)
    messages = Signal()
    preferences = Signal()
    index_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.setProperty("role", "topbar")
        self.setFixedHeight(HEIGHT)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(14, 0, 12, 0)
        self._row.setSpacing(8)
        self.name = QLabel("Tapeline")
        self.name.setProperty("role", "h2")
        self.name.setFont(theme.font(14, QFont.Weight.Bold))
        self._row.addWidget(self.name)
        self._row.addStretch()
        self.indexes: dict[str, IndexLabel] = {}
        self.date: DateButton
        self.unread = 0

    def fill(self, mode: str) -> None:
        """Build the controls (after the first paint: icons cost time)."""
        from PySide6.QtCore import Qt

        from terminal.shell.indexstrip import INDEXES, IndexLabel
        from terminal.ui.form import Glyph, IconButton

        self._logo = Glyph("activity", "accent", 20)
        self._row.insertWidget(0, self._logo)
        self._row.insertSpacing(2, 12)
        self.search_button = self._search()
        self._row.insertWidget(3, self.search_button)
        for symbol in INDEXES:
            label = self.indexes[symbol] = IndexLabel(symbol)
            label.clicked.connect(lambda _=False, s=symbol: self.index_chosen.emit(s))
            self._row.addWidget(label)
        self._row.addSpacing(4)
        from terminal.shell.timemachine import DateButton

        self.date = DateButton()
        self._row.addWidget(self.date)
        self._row.addWidget(self._segment(mode))
        self.layouts = IconButton("layout-dashboard", "Layouts", size=17)
        self.bell = IconButton("bell", "Messages and jobs", self.messages.emit, size=17)
        self.gear = IconButton("settings", "Preferences (Ctrl+,)", self.preferences.emit, size=17)
        for button in (self.layouts, self.bell, self.gear):
            button.setFixedSize(30, 30)
            self._row.addWidget(button)
        self._badge = QLabel(self.bell)
        self._badge.setProperty("role", "count")
        self._badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._badge.hide()
        self.retheme()

    def _search(self) -> QPushButton:
        from PySide6.QtCore import Qt

        button = QPushButton("Search or run a command")
        button.setProperty("role", "search")
        button.setAccessibleName("Search symbols, panels and commands")
        button.setToolTip("Search symbols, panels and commands (Ctrl+K)")
        button.setMinimumWidth(theme.scaled(264))
        button.setMaximumWidth(380)
        button.setFixedHeight(30)
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        keys = self._search_keys = QLabel("Ctrl K", button)
        keys.setProperty("role", "kbd")
        keys.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(button)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch()
        row.addWidget(keys, 0, Qt.AlignmentFlag.AlignVCenter)
        button.clicked.connect(self.search)
        return button

    def _segment(self, mode: str) -> Segment:
        from terminal.ui.form import Segment

        self.segment = Segment([("newbie", "Newbie"), ("pro", "Pro")], mode, "How it is said")
        self.segment.setToolTip("Newbie speaks in sentences, Pro in terms and numbers; the values are the same (Ctrl+M)")
        self.segment.changed.connect(self.mode_chosen)
        return self.segment

    def show_keys(self, keys: Mapping[str, str]) -> None:
        """Name the keys in force (by shortcut) where the bar speaks of them."""
        def named(text: str, shortcut: str) -> str:
            return f"{text} ({keys[shortcut]})" if keys.get(shortcut) else text

        self._search_keys.setText(keys.get("search", "").replace("+", " "))
        self._search_keys.setVisible(bool(keys.get("search")))
        self.search_button.setToolTip(named("Search symbols, panels and commands", "search"))
        self.gear.setToolTip(named("Preferences", "preferences"))
        self.bell.setToolTip(named("Messages and jobs", "messages"))
        self.segment.setToolTip(named("Newbie speaks in sentences, Pro in terms and numbers; the values are the same", "mode"))

    def set_mode(self, mode: str) -> None:
        self.segment.set_value(mode)

    def set_unread(self, count: int) -> None:
        """Show how many messages have not been looked at."""
        self.unread = count
        self._badge.setVisible(count > 0)
        self._badge.setText(str(count) if count < 10 else "9+")
        self._badge.setGeometry(15, 1, 15, 13)
        self.bell.setAccessibleName(f"Messages and jobs, {count} new" if count else "Messages and jobs")

    def retheme(self) -> None:
        self.search_button.setIcon(theme.icon("search", "t3", 14))
        for label in self.indexes.values():
            label.show_quote(label.quote)
