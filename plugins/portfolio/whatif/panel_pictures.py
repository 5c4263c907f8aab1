"""Painted pictures of what would happen: what each position would make, and the grid of price and volatility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPen

from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

_LEFT, _RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_KEYS = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0)}


@dataclass(frozen=True, slots=True)
class Made:
    """What one position would make; None: not known. `market_symbol` is what the market knows it by."""

    symbol: str
    name: str
    market_symbol: str
    gain: float | None
    move: float | None
    why: str


class Pointed(Picture):
    """A picture with a place that arrows move and a screen reader hears."""

    def __init__(self, name: str, height: int) -> None:
        super().__init__(name, height)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _moved(self, text: str) -> None:
        self.setAccessibleDescription(text.replace("<b>", "").replace("</b>", "").replace("<br>", ". "))
        self.update()


class GainBars(Pointed):
    """A line a position, the largest loss first: a bar from the zero line, left for a loss and right for a gain.

    `chosen` tells the symbol in the market of the line that was clicked or entered.
    """

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__("What each would make", 240)
        self._rows: tuple[Made, ...] = ()
        self._currency = "USD"
        self._at = 0

    def show_rows(self, rows: Sequence[Made], currency: str) -> None:
        """In this order."""
        self._rows, self._currency, self._at = tuple(rows), currency, 0
        self._moved(self._said(0) if rows else "Nothing is held")
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(360, theme.scaled(24) * max(1, len(self._rows)) + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(260, self.sizeHint().height())

    def _tall(self) -> float:
        """The height of a line: what there is, within reason."""
        return min(max(self.height() / max(1, len(self._rows)), theme.scaled(24)), theme.scaled(34))

    def said_at(self, place: QPointF) -> str:
        at = int(place.y() // self._tall())
        return self._said(at) if 0 <= at < len(self._rows) else ""

    def _said(self, at: int) -> str:
        each = self._rows[at]
        gain = "not known" if each.gain is None else written.money(each.gain, self._currency, 0, sign=True)
        moved = "" if each.move is None else f"<br>its price moves {written.percent(each.move, 1, sign=True)}"
        return f"<b>{each.symbol}</b> {each.name}<br>{gain}{moved}{f' ({each.why})' if each.why and moved else ''}"

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEYS.get(Qt.Key(event.key()), (0, 0))[0]
        if step and self._rows:
            self._at = min(max(self._at + step, 0), len(self._rows) - 1)
            self._moved(self._said(self._at))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._rows:
            self.chosen.emit(self._rows[self._at].market_symbol)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().y() // self._tall())
        if 0 <= at < len(self._rows):
            self._at = at
            self._moved(self._said(at))
            self.chosen.emit(self._rows[at].market_symbol)
        super().mousePressEvent(event)

    def _paint(self, painter: QPainter) -> None:
        known = [each.gain for each in self._rows if each.gain is not None]
        low, high = min([0.0, *known]), max([0.0, *known])
        if not self._rows:
            return
        colors, tall = theme.tokens(), self._tall()
        names, money = theme.scaled(112), theme.scaled(72)
        left, wide = names + (money if low < 0 else 0), self.width() - names - money * ((low < 0) + (high > 0)) - 8
        span = (high - low) or 1.0
        zero = left + (0.0 - low) / span * wide
        for place, each in enumerate(self._rows):
            top = place * tall
            line = QRectF(0, top, self.width(), tall)
            if self.hasFocus() and place == self._at:
                painter.fillRect(line, colors.color("hover"))
            self._text(painter, QRectF(0, top, names - 6, tall), each.symbol, "t1", _LEFT, 600)
            if each.gain is None:
                self._text(painter, QRectF(zero + 6, top, theme.scaled(90), tall), "not known", "t3", _LEFT)
                continue
            ends = sorted((zero, zero + each.gain / span * wide))
            role = "down" if each.gain < 0 else "up"
            bar = QRectF(ends[0], top + tall * 0.22, max(ends[1] - ends[0], 1.0), tall * 0.56)
            painter.fillRect(bar, colors.color(role))
            text = written.money(each.gain, self._currency, 0, sign=True)
            if each.gain < 0:
                self._text(painter, QRectF(ends[0] - money, top, money - 5, tall), text, "down_text", _RIGHT)
            else:
                self._text(painter, QRectF(ends[1] + 5, top, money, tall), text, "up_text" if each.gain else "t3", _LEFT)
        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.drawLine(QPointF(zero, 0), QPointF(zero, len(self._rows) * tall))


class GainGrid(Pointed):
    """Down the move of prices, across that of volatility: what everything would make, at one change of rates (`title`)."""

    def __init__(self, title: str) -> None:
        super().__init__(f"Every case of price and volatility, {title}", 300)
        self._title = title
        self._largest = 1.0
        self._values: np.ndarray[Any, Any] | None = None
        self._prices: tuple[float, ...] = ()
        self._volatilities: tuple[float, ...] = ()
        self._currency, self._words = "USD", ("Market", "Volatility")
        self._at = (0, 0)

    def show_grid(self, values: np.ndarray[Any, Any] | None, prices: Sequence[float], volatilities: Sequence[float],
                  currency: str, words: tuple[str, str], largest: float) -> None:  # fmt: skip
        """`values` [price, volatility]; None for nothing. The best price is at the top; `largest` has the strongest colour."""
        self._largest = max(largest, 1.0)
        self._values, self._currency, self._words = values, currency, words
        self._prices, self._volatilities = tuple(prices), tuple(volatilities)
        self._at = (len(self._prices) // 2, max(0, self._volatilities.index(0.0) if 0.0 in self._volatilities else 0))
        self._moved(self._said(*self._at) if values is not None else "Nothing is held")

    def minimumSizeHint(self) -> QSize:
        return QSize(300, theme.scaled(210))

    def retheme(self) -> None:
        """Colours anew."""
        self.update()

    def said_at(self, place: QPointF) -> str:
        spot = self._spot(place)
        return self._said(*spot) if spot else ""

    def _said(self, down: int, across: int) -> str:
        assert self._values is not None
        price, level = self._prices[len(self._prices) - 1 - down], self._volatilities[across]
        gain = written.money(float(self._values[len(self._prices) - 1 - down, across]), self._currency, 0, sign=True)
        return (f"<b>{gain}</b><br>{self._words[0]} {written.percent(price, 0, sign=True)}, {self._words[1].lower()} "
                f"{written.percent(level, 0, sign=True)}")  # fmt: skip

    def _area(self) -> QRectF:
        left, top = theme.scaled(58), theme.scaled(40)
        rows = len(self._prices)
        tall = min(self.height() - top - 4, theme.scaled(76) * rows)
        return QRectF(left, top, min(self.width() - left - 4, theme.scaled(220) * len(self._volatilities)), tall)

    def _cell(self, down: int, across: int) -> QRectF:
        area = self._area()
        wide, tall = area.width() / len(self._volatilities), area.height() / len(self._prices)
        return QRectF(area.left() + across * wide, area.top() + down * tall, wide, tall)

    def _spot(self, place: QPointF) -> tuple[int, int] | None:
        if self._values is None:
            return None
        area = self._area()
        if not area.contains(place):
            return None
        down = int((place.y() - area.top()) / area.height() * len(self._prices))
        across = int((place.x() - area.left()) / area.width() * len(self._volatilities))
        return min(down, len(self._prices) - 1), min(across, len(self._volatilities) - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _KEYS.get(Qt.Key(event.key()))
        if step is None or self._values is None:
            super().keyPressEvent(event)
            return
        ends = (len(self._prices) - 1, len(self._volatilities) - 1)
        self._at = (min(max(self._at[0] + step[0], 0), ends[0]), min(max(self._at[1] + step[1], 0), ends[1]))
        self._moved(self._said(*self._at))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if spot := self._spot(event.position()):
            self._at = spot
            self._moved(self._said(*spot))
        super().mousePressEvent(event)

    def _paint(self, painter: QPainter) -> None:
        if self._values is None:
            return
        colors = theme.tokens()
        rows, area = len(self._prices), self._area()
        head = QRectF(area.left(), 0, area.width(), theme.scaled(18))
        self._text(painter, head, f"{self._title}; volatility changes by", "t3", _MIDDLE)
        self._text(painter, QRectF(0, theme.scaled(20), area.left() - 6, theme.scaled(18)), self._words[0], "t3", _RIGHT)
        for across, level in enumerate(self._volatilities):
            box = self._cell(0, across)
            self._text(painter, QRectF(box.left(), theme.scaled(20), box.width(), theme.scaled(18)),
                       written.percent(level, 0, sign=True), "t2", _MIDDLE, 600)  # fmt: skip
        for down in range(rows):
            price = self._prices[rows - 1 - down]
            box = self._cell(down, 0)
            self._text(painter, QRectF(0, box.top(), area.left() - 6, box.height()), written.percent(price, 0, sign=True), "t2",
                       _RIGHT, 600)  # fmt: skip
            for across in range(len(self._volatilities)):
                value = float(self._values[rows - 1 - down, across])
                box = self._cell(down, across).adjusted(1, 1, -1, -1)
                painter.fillRect(box, _shade(colors, value / self._largest))
                self._text(painter, box, written.money(value, self._currency, 0, sign=True), "t1", _MIDDLE, 600)
        now = self._cell(*(rows // 2, self._volatilities.index(0.0))) if 0.0 in self._volatilities else None
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if now is not None:
            painter.setPen(QPen(colors.color("t2"), 1.2, Qt.PenStyle.DashLine))
            painter.drawRect(now.adjusted(1.5, 1.5, -1.5, -1.5))
        if self.hasFocus():
            painter.setPen(QPen(colors.color("accent"), 2))
            painter.drawRect(self._cell(*self._at).adjusted(1, 1, -1, -1))


def _shade(colors: theme.Tokens, share: float) -> QColor:
    """From the card's own colour towards that of gains or losses."""
    base, towards = colors.color("bg2"), colors.color("up" if share >= 0 else "down")
    strength = min(1.0, abs(share)) ** 0.7 * 0.55
    parts = ((base.red(), towards.red()), (base.green(), towards.green()), (base.blue(), towards.blue()))
    return QColor(*(round(one + (other - one) * strength) for one, other in parts))
