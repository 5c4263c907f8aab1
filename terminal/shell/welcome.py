"""The first page a new user sees, and the page for a store that cannot be opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.form import Button, Card, EmptyState, Glyph, Segment, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QShowEvent

    from terminal.errors import TerminalError
    from terminal.shell.window import MainWindow

CHOICES = (
    ("demo", "flask-conical", "The practice market",
     "Five hundred invented companies with prices, news and accounts, ready at once and without the internet."),
    ("live", "globe", "Live free data",
     "Real companies from free public sources, with no account and no key. The first prices arrive within a minute; "
     "the rest follows while you look around."),
    ("files", "folder-open", "My files",
     "Bring your own prices or company figures as CSV or Parquet; they stay on this computer."),
)


class Welcome(QWidget):
    """Asks what to look at. Emits `chosen` with demo, live, files or later; nothing is decided until then."""

    chosen = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self.setObjectName("root")
        self.setAccessibleName("Welcome")
        self._window = window
        title = self._title = label("What would you like to look at?", "display")
        title.setFont(theme.font(theme.scaled(26), QFont.Weight.DemiBold))
        intro = label("Tapeline keeps everything on this computer. It needs no account, and you can change your mind "
                      "at any time.", "body")
        cards = row(spacing=16)
        self._cards = [self._card(*choice) for choice in CHOICES]
        for card in self._cards:
            cards.addWidget(card, 1)
        mode = Segment([("newbie", "Explain things to me"), ("pro", "I know the terms")], window.mode, "How it is said")
        mode.changed.connect(window.set_mode)
        later = Button("Look around first", "link", on_click=lambda: self.chosen.emit("later"))
        inside = QWidget()
        inside.setMaximumWidth(theme.scaled(1000))
        inside.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        inside.setLayout(column(title, intro, 16, cards, 12, row(mode, 0, later), spacing=8))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 24, 32, 48)
        outer.addStretch(2)
        middle = row(0, spacing=0)
        middle.insertWidget(1, inside, 8)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(3)

    def wait_for(self, what: str) -> None:
        """The choice was made before the store was open: say that it is on its way."""
        name = next((name for key, _, name, _ in CHOICES if key == what), "the market")
        self._title.setText(f"Opening {name[0].lower()}{name[1:]} …")
        for card in self._cards:
            card.setEnabled(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._cards[0].setFocus()

    def _card(self, key: str, icon: str, name: str, text: str) -> Card:
        words = label(text, "body", wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        card = Card(Glyph(icon, "accent_text", 24), 8, label(name, "h1"), words, 0, clickable=True, spacing=6)
        card.body.setContentsMargins(20, 20, 20, 20)
        card.setMinimumHeight(theme.scaled(168))
        card.setAccessibleName(name)
        card.setAccessibleDescription(text)
        card.clicked.connect(lambda: self.chosen.emit(key))
        return card


class Trouble(EmptyState):
    """The store cannot be opened: what is the matter, and what to do."""

    def __init__(self, problem: TerminalError, close: Callable[[], object]) -> None:
        super().__init__(problem.message, problem.hint, "database", "Close", close)
        self.setObjectName("root")
