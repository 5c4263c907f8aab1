"""The dips as cards: money first, then what to do and why, then what the fall is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy, QWidget

from plugins.dips.model import rate_sentence
from plugins.dips.panel_parts import PartsPicture
from terminal.domain import format as fmt
from terminal.ui.form import Button, Card, EmptyState, column, label, row
from terminal.ui.meters import TrafficLight

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtGui import QPaintEvent, QResizeEvent

    from plugins.dips.gathering import Dip
    from plugins.dips.rules import Rules

_AT_ONCE = 18
_WIDTH = 300


class _Elided(QLabel):
    """A name that gives way to what stands beside it."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setProperty("role", "muted")
        self.setToolTip(text)
        self.setMinimumWidth(20)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


class DipCard(Card):
    """One dip; a click opens its page."""

    def __init__(self, dip: Dip, rules: Rules, mode: str) -> None:
        values, newbie = dip.row, mode == "newbie"
        words = rules.actions[dip.decision.action]
        reason = dip.decision.reasons[0]
        self.symbol = str(values["symbol"])
        name = _Elided(values["name"] or "")
        self.price = label("", "value")
        self.fallen = label("", "body", wrap=True)
        light = TrafficLight(words.light, words.newbie if newbie else words.title, reason.newbie if newbie else reason.pro)
        parts = PartsPicture(whole=False)
        parts.show_row(values)
        rate = label(rate_sentence(dip) if newbie else _figures(dip), "muted", wrap=True)
        head = row(label(self.symbol, "h2"), name, self.price, spacing=8)
        head.setStretch(1, 1)
        super().__init__(head, self.fallen, light, parts, rate, 0, clickable=True, spacing=6)
        self._dip = dip
        self.setMinimumWidth(_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.show_price(values["price"])
        self.setAccessibleName(f"{self.symbol}, {words.title}: {self.fallen.text()}")

    def show_price(self, price: float) -> None:
        """A newer price."""
        values = self._dip.row
        self.price.setText(fmt.money(price, values["currency"]))
        money = fmt.money(values["peak"] - price, values["currency"])
        days = fmt.value(values["sessions"], "integer", "")
        self.fallen.setText(f"{money} ({fmt.percent(price / values['peak'] - 1)}) below its high, {days} trading days ago")


class Cards(QScrollArea):
    """As many cards side by side as fit; more on request. `opened(symbol)` on a click."""

    opened = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Dips as cards")
        self._cards: list[DipCard] = []
        self._dips: list[Dip] = []
        self._rules: Rules | None = None
        self._mode = "pro"
        self._inside = QWidget()
        self._columns = 1
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(10)
        self._more = Button("", "", "chevron-down", on_click=self._show_more)
        self._empty = EmptyState()
        self._inside.setLayout(column(self._grid, row(0, self._more, 0), self._empty, 0, spacing=10, margins=(12, 8, 12, 12)))
        self.setWidget(self._inside)

    @property
    def cards(self) -> list[DipCard]:
        """The cards that are there, in their order."""
        return list(self._cards)

    def set_empty(self, title: str, text: str, icon: str = "inbox", action: str = "",
                  on_action: Callable[[], object] | None = None) -> None:
        """What is said when there is none."""
        self._empty.set_message(title, text, icon, action, on_action)

    def show_dips(self, dips: Sequence[Dip], rules: Rules | None, mode: str) -> None:
        """Show these."""
        self._dips, self._rules, self._mode = list(dips), rules, mode
        for card in self._cards:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = []
        self._empty.setVisible(not dips)
        self._show_more()
        self.verticalScrollBar().setValue(0)

    def show_prices(self, prices: dict[str, float]) -> None:
        """Newer prices of some."""
        for card in self._cards:
            if card.symbol in prices:
                card.show_price(prices[card.symbol])

    def _show_more(self) -> None:
        assert self._rules is not None or not self._dips
        for dip in self._dips[len(self._cards) : len(self._cards) + _AT_ONCE]:
            assert self._rules is not None
            card = DipCard(dip, self._rules, self._mode)
            card.clicked.connect(lambda symbol=card.symbol: self.opened.emit(symbol))
            self._cards.append(card)
        self._place()
        rest = len(self._dips) - len(self._cards)
        self._more.setVisible(rest > 0)
        self._more.setText(f"{rest} more")
        self._more.setAccessibleName(f"{rest} more dips")


    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        columns = max(1, (self.viewport().width() - 14) // (_WIDTH + 10))
        if columns != self._columns:
            self._columns = columns
            self._place()

    def _place(self) -> None:
        """The cards row by row, all of one width."""
        for at in range(self._grid.columnCount()):
            self._grid.setColumnStretch(at, 1 if at < self._columns else 0)
        for place, card in enumerate(self._cards):
            self._grid.addWidget(card, place // self._columns, place % self._columns)
        for at in range(self._columns):
            self._grid.setColumnStretch(at, 1)


def _figures(dip: Dip) -> str:
    values, rate = dip.row, dip.rate
    share = None if rate is None else rate.recovered[252]
    back = "–" if share is None or rate is None else (
        f"{fmt.percent(share.value, 0)} ({share.low * 100:.0f} to {fmt.percent(share.high, 0)}, n = {rate.n})")
    report = fmt.value(values["days_to_earnings"], "integer", "days")
    return (f"Severity {fmt.percent(values['severity'], 0)} · z {fmt.number(values['z'], 1)} · back in 252: {back} · "
            f"report in {report}")
