"""The strip of index funds in the top bar."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton

from terminal.ui import theme

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
                 f"<span style='color:{t.t3}'>—</span>" if quote.price is None else f"<span style='color:{t.t1}'>{price}</span>"]
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
