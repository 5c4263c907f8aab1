"""The bar at the top: name, search, index strip, Newbie/Pro, messages, preferences."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from terminal.ui import theme

HEIGHT = 46
INDEXES = ("SPY", "QQQ", "IWM")
INDEX_WORDS = {"SPY": "large US companies", "QQQ": "large technology companies", "IWM": "small US companies"}


@dataclass(frozen=True)
class IndexQuote:
    """Last close of an index fund and its change since the close before; None is unknown."""

    symbol: str
    price: float | None = None
    change: float | None = None
    tooltip: str = ""


class IndexLabel(QToolButton):
    """One symbol of the strip: a click opens it."""

    def __init__(self, symbol: str) -> None:
        super().__init__()
        self.quote = IndexQuote(symbol)
        self.setProperty("role", "index")
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._text = QLabel(self)
        self._text.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._text.setFont(theme.font(12))
        box = QHBoxLayout(self)
        box.setContentsMargins(6, 0, 6, 0)
        box.addWidget(self._text)
        self.show_quote(self.quote)

    def show_quote(self, quote: IndexQuote) -> None:
        self.quote = quote
        t = theme.tokens()
        price = "unknown" if quote.price is None else f"{quote.price:,.2f}"
        parts = [f"<span style='color:{t.t3}'>{quote.symbol}</span>",
                 f"<span style='color:{t.t1 if quote.price is not None else t.t3}'>{price if quote.price is not None else '—'}</span>"]
        spoken = f"{quote.symbol} {price}"
        if quote.change is not None:
            up = quote.change >= 0
            arrow, sign = ("▲", "+") if up else ("▼", "\N{MINUS SIGN}")
            change = f"{abs(quote.change) * 100:.2f}%"
            parts.append(f"<span style='color:{t.up_text if up else t.down_text}'>{arrow} {sign}{change}</span>")
            spoken += f", {'up' if up else 'down'} {change}"
        self._text.setText("&nbsp;&nbsp;".join(parts))
        self.setAccessibleName(f"{spoken}, {INDEX_WORDS.get(quote.symbol, 'index')}")
        self.setToolTip(quote.tooltip or f"{quote.symbol} ({INDEX_WORDS.get(quote.symbol, 'index')}): no price is stored yet.")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self._text.sizeHint().width() + 12, 28)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class TopBar(QWidget):
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
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
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
        self.unread = 0

    def fill(self, mode: str) -> None:
        """Build the controls (after the first paint: icons cost time)."""
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
        self._row.addWidget(self._segment(mode))
        self.bell = IconButton("bell", "Messages and jobs", self.messages.emit, size=17)
        self.gear = IconButton("settings", "Preferences (Ctrl+,)", self.preferences.emit, size=17)
        for button in (self.bell, self.gear):
            button.setFixedSize(30, 30)
            self._row.addWidget(button)
        self._badge = QLabel(self.bell)
        self._badge.setProperty("role", "count")
        self._badge.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._badge.hide()
        self.retheme()

    def _search(self) -> QPushButton:
        button = QPushButton("Search or run a command")
        button.setProperty("role", "search")
        button.setAccessibleName("Search symbols, panels and commands")
        button.setToolTip("Search symbols, panels and commands (Ctrl+K)")
        button.setMinimumWidth(240)
        button.setMaximumWidth(380)
        button.setFixedHeight(30)
        button.setSizePolicy(button.sizePolicy().Policy.Expanding, button.sizePolicy().Policy.Fixed)
        keys = QLabel("Ctrl K", button)
        keys.setProperty("role", "kbd")
        keys.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(button)
        row.setContentsMargins(0, 0, 8, 0)
        row.addStretch()
        row.addWidget(keys, 0, Qt.AlignmentFlag.AlignVCenter)
        button.clicked.connect(self.search)
        return button

    def _segment(self, mode: str) -> QWidget:
        from terminal.ui.form import Segment

        self.segment = Segment([("newbie", "Newbie"), ("pro", "Pro")], mode, "How it is said")
        self.segment.setToolTip("Newbie speaks in sentences, Pro in terms and numbers; the values are the same (Ctrl+M)")
        self.segment.changed.connect(self.mode_chosen)
        return self.segment

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
