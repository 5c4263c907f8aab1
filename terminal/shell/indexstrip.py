"""The strip of index funds in the top bar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from terminal.domain import format as fmt
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtGui import QResizeEvent

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
        box = QHBoxLayout(self)
        box.setContentsMargins(6, 0, 6, 0)
        box.addWidget(self._text)
        self.show_quote(self.quote)

    def show_quote(self, quote: IndexQuote) -> None:
        self.quote = quote
        self._text.setFont(theme.font(theme.scaled(11)))
        t = theme.tokens()
        price = "unknown" if quote.price is None else fmt.number(quote.price)
        parts = [f"<span style='color:{t.t3}'>{quote.symbol}</span>",
                 f"<span style='color:{t.t3}'>—</span>" if quote.price is None else f"<span style='color:{t.t1}'>{price}</span>"]
        spoken = f"{quote.symbol} {price}"
        if quote.change is not None:
            up = quote.change >= 0
            arrow, sign = ("▲", "+") if up else ("▼", "\N{MINUS SIGN}")
            change = fmt.percent(abs(quote.change), 2).replace(fmt.NARROW + "%", "%")
            parts.append(f"<span style='color:{t.up_text if up else t.down_text}'>{arrow} {sign}{change}</span>")
            spoken += f", {'up' if up else 'down'} {change}"
        self._text.setText("&nbsp;&nbsp;".join(parts))
        self.setAccessibleName(f"{spoken}, {INDEX_WORDS.get(quote.symbol, 'index')}")
        self.setToolTip(quote.tooltip or f"{quote.symbol} ({INDEX_WORDS.get(quote.symbol, 'index')}): no price is stored yet.")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(self._text.sizeHint().width() + 12, theme.scaled(26))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class IndexStrip(QWidget):
    """The symbols side by side; those without room are left out, the last one first."""

    def __init__(self, labels: Iterable[IndexLabel]) -> None:
        super().__init__()
        self._labels = tuple(labels)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        for label in self._labels:
            label.setParent(self)

    def sizeHint(self) -> QSize:
        return QSize(sum(label.sizeHint().width() for label in self._labels), theme.scaled(26))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, theme.scaled(26))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
            self.fit()
        return super().event(event)

    def fit(self) -> None:
        """Place the labels at the right end."""
        widths = [label.sizeHint().width() for label in self._labels]
        shown = next(count for count in range(len(widths), -1, -1) if sum(widths[:count]) <= self.width())
        left = self.width() - sum(widths[:shown])
        for place, (label, width) in enumerate(zip(self._labels, widths, strict=True)):
            label.setVisible(place < shown)
            if place < shown:
                height = label.sizeHint().height()
                label.setGeometry(left, (self.height() - height) // 2, width, height)
                left += width
