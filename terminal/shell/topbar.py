"""The bar at the top: name, search, index strip, Newbie/Pro, messages, preferences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QResizeEvent

    from terminal.shell.indexstrip import IndexLabel
    from terminal.shell.timemachine import DateButton
    from terminal.ui.form import Segment

HEIGHT, BUTTON = 44, 28
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
        self.setFixedHeight(theme.scaled(HEIGHT))
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
        from terminal.shell.indexstrip import INDEXES, IndexLabel, IndexStrip
        from terminal.ui.form import Glyph, IconButton

        self._logo = Glyph("activity", "accent", 20)
        self._row.insertWidget(0, self._logo)
        self._row.insertSpacing(2, 12)
        self.search_button = self._search()
        self._row.insertWidget(3, self.search_button)
        for symbol in INDEXES:
            label = self.indexes[symbol] = IndexLabel(symbol)
            label.clicked.connect(lambda _=False, s=symbol: self.index_chosen.emit(s))
        self.strip = IndexStrip(self.indexes.values())
        self._row.addWidget(self.strip)
        self._row.addSpacing(4)
        from terminal.shell.timemachine import DateButton

        self.date = DateButton()
        self._row.addWidget(self.date)
        self._row.addWidget(self._segment(mode))
        self.layouts = IconButton("layout-dashboard", "Layouts", size=17)
        self.bell = IconButton("bell", "Messages and jobs", self.messages.emit, size=17)
        self.gear = IconButton("settings", "Preferences (Ctrl+,)", self.preferences.emit, size=17)
        for button in (self.layouts, self.bell, self.gear):
            self._row.addWidget(button)
        self._badge = QLabel(self.bell)
        self._badge.setProperty("role", "count")
        self._badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._badge.hide()
        self.retheme()

    def _search(self) -> _SearchButton:
        button = _SearchButton()
        button.setProperty("role", "search")
        button.setAccessibleName("Search symbols, panels and commands")
        button.setToolTip("Search symbols, panels and commands (Ctrl+K)")
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        self._search_keys = button.keys
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
        self.search_button.fit()
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
        self._badge.setGeometry(*(theme.scaled(each) for each in (14, 1, 14, 12)))
        self.bell.setAccessibleName(f"Messages and jobs, {count} new" if count else "Messages and jobs")

    def retheme(self) -> None:
        """Colours and sizes at the look in force."""
        self.setFixedHeight(theme.scaled(HEIGHT))
        self.name.setFont(theme.font(theme.scaled(14), QFont.Weight.Bold))
        button = theme.scaled(BUTTON)
        for each in (self.layouts, self.bell, self.gear):
            each.setFixedSize(button, button)
        self.search_button.setMinimumWidth(theme.scaled(170))
        self.search_button.setMaximumWidth(theme.scaled(380))
        self.search_button.setFixedHeight(button)
        self.date.setFixedHeight(button)
        self.search_button.setIcon(theme.icon("search", "t3", theme.scaled(13)))
        self.search_button.setIconSize(QSize(theme.scaled(13), theme.scaled(13)))
        for label in self.indexes.values():
            label.show_quote(label.quote)
        self.strip.updateGeometry()


class _SearchButton(QPushButton):
    """The way to the palette: as many words as there is room for, and its keys."""

    WORDS = ("Search or run a command", "Search or run", "Search")

    def __init__(self) -> None:
        super().__init__(self.WORDS[0])
        self.keys = QLabel("Ctrl K", self)
        self.keys.setProperty("role", "kbd")
        self.keys.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch()
        row.addWidget(self.keys, 0, Qt.AlignmentFlag.AlignVCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Choose the words."""
        keys = 0 if self.keys.isHidden() else self.keys.sizeHint().width() + 12
        room = self.width() - keys - self.iconSize().width() - 2 * theme.scaled(14)
        metrics = self.fontMetrics()
        self.setText(next((words for words in self.WORDS if metrics.horizontalAdvance(words) <= room), self.WORDS[-1]))
