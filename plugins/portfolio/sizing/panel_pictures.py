"""Painted pictures of a size: prices from the stop to twice the risk, and what an option position brings at expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.sizing.contracts import Leg, Outcome

_LEFT, _RIGHT, _CENTRE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter


class Ruler(Picture):
    """The stop, the price paid, and where as much and twice as much is won as was risked."""

    def __init__(self) -> None:
        super().__init__("From the stop to twice the risk", 74)
        self._price = self._stop = self._shares = 0.0
        self._currency = ""

    def show_size(self, price: float, stop: float | None, shares: float, currency: str) -> None:
        """Other prices; without a stop there is nothing to show."""
        self._price, self._stop, self._shares, self._currency = price, stop or 0.0, shares, currency
        self.setVisible(stop is not None)
        told = ", ".join(f"{name} {words.money(at, currency)}" for name, at, _ in self._marks())
        self.setAccessibleDescription(told)
        self.update()

    def _marks(self) -> list[tuple[str, float, float]]:
        """Name, price, and what is won or lost there."""
        risk = self._price - self._stop
        return [("Stop", self._stop, -1), ("Price", self._price, 0), ("1 × risk", self._price + risk, 1),
                ("2 × risk", self._price + 2 * risk, 2)]  # fmt: skip

    def said_at(self, place: QPointF) -> str:
        risk = abs(self._price - self._stop) * self._shares
        twice = words.money(2 * risk, self._currency)
        return f"{words.money(risk, self._currency)} are at risk; at twice that you would have won {twice}."

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors, edge = theme.tokens(), theme.scaled(46)
        wide = max(40.0, self.width() - 2 * edge)
        middle, thick = self.height() / 2, theme.scaled(8)
        step = wide / 3
        for place, role in ((0, "down"), (1, "up"), (2, "up")):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color(role, 150 if place < 2 else 80))
            painter.drawRect(QRectF(edge + place * step + (1 if place else 0), middle - thick / 2, step - 1, thick))
        for place, (name, at, times) in enumerate(self._marks()):
            across = edge + place * step
            painter.setPen(QPen(colors.color("t1"), 2))
            painter.drawLine(QPointF(across, middle - thick), QPointF(across, middle + thick))
            cell = QRectF(across - edge, middle - thick - theme.scaled(20), 2 * edge, theme.scaled(18))
            self._text(painter, cell, words.money(at, self._currency), "t1", _CENTRE, 600)
            money = times * abs(self._price - self._stop) * self._shares
            below = name if not times else f"{words.money(money, self._currency, 0, sign=True)}"
            role = "t2" if not times else "up_text" if times > 0 else "down_text"
            self._text(painter, cell.translated(0, theme.scaled(20) + 2 * thick), below, role, _CENTRE)


class Payoff(Picture):
    """What the position brings at expiry by the price of the share: above the line won, below it lost."""

    def __init__(self) -> None:
        super().__init__("Gain and loss at expiry", 230)
        self._legs: tuple[Leg, ...] = ()
        self._outcome: Outcome | None = None
        self._count = 1
        self._currency = "USD"

    def show_position(self, legs: Sequence[Leg], outcome: Outcome | None, count: int, currency: str) -> None:
        """Another position, `count` times."""
        self._legs, self._outcome, self._count, self._currency = tuple(legs), outcome, max(1, count), currency
        if outcome is not None:
            ends = ", ".join(words.money(at, currency) for at in outcome.breakeven)
            self.setAccessibleDescription(f"Breaks even at {ends}" if ends else "Breaks even nowhere")
        self.update()

    def _result(self, share: float) -> float:
        assert self._outcome is not None
        return self._count * (100 * sum(each.quantity * each.worth(share) for each in self._legs) - self._outcome.cost)

    def _span(self) -> tuple[float, float]:
        """From a little below the lowest strike or break-even to a little above the highest."""
        assert self._outcome is not None
        prices = [each.strike for each in self._legs if each.strike] + list(self._outcome.breakeven)
        prices += [each.price for each in self._legs if each.right == "S" and each.price]
        low, high = min(prices, default=50.0), max(prices, default=150.0)
        room = max((high - low) * 0.35, high * 0.06)
        return max(0.0, low - room), high + room

    def said_at(self, place: QPointF) -> str:
        if self._outcome is None or not self._legs:
            return ""
        low, high = self._span()
        share = low + (high - low) * max(0.0, min(1.0, place.x() / max(1, self.width())))
        return f"Share at {words.money(share, self._currency)}: {words.money(self._result(share), self._currency, 0, sign=True)}"

    def _paint(self, painter: QPainter) -> None:
        if self._outcome is None or not self._legs:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colors = theme.tokens()
        low, high = self._span()
        turns = (*(leg.strike for leg in self._legs), *self._outcome.breakeven)
        bends = sorted({low, high, *(at for at in turns if low < at < high)})
        results = [self._result(at) for at in bends]
        top, bottom = max(0.0, *results), min(0.0, *results)
        tall = max(1.0, (top - bottom) or 1.0)
        head, foot = theme.scaled(20), theme.scaled(22)

        def spot(share: float, value: float) -> QPointF:
            down = head + (self.height() - head - foot) * (top - value) / tall
            return QPointF(self.width() * (share - low) / (high - low), down)

        zero = spot(low, 0.0).y()
        line = [spot(at, value) for at, value in zip(bends, results, strict=True)]
        for role, above in (("up", True), ("down", False)):
            painter.save()
            edge = QRectF(0, 0, self.width(), zero) if above else QRectF(0, zero, self.width(), self.height() - zero)
            painter.setClipRect(edge)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color(role, 46))
            painter.drawPolygon(QPolygonF([QPointF(line[0].x(), zero), *line, QPointF(line[-1].x(), zero)]))
            painter.setPen(QPen(colors.color(role), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(QPolygonF(line))
            painter.restore()
        painter.setPen(QPen(colors.color("line_strong"), 1))
        painter.drawLine(QPointF(0, zero), QPointF(self.width(), zero))
        self._label(painter, spot, top, bottom)

    def _label(self, painter: QPainter, spot: object, top: float, bottom: float) -> None:
        tall, wide = theme.scaled(18), theme.scaled(90)
        area = QRectF(4, 0, wide * 2, tall)
        best, worst = (words.money(value, self._currency, 0, sign=True) for value in (top, bottom))
        self._text(painter, area, best, "up_text", _LEFT, 600)
        self._text(painter, area.translated(0, self.height() - tall), worst, "down_text", _LEFT, 600)
        assert callable(spot) and self._outcome is not None
        for at in self._outcome.breakeven:
            across = spot(at, 0.0).x()
            cell = QRectF(min(max(0.0, across - wide / 2), self.width() - wide), self.height() - tall, wide, tall)
            self._text(painter, cell, words.money(at, self._currency), "t2", _CENTRE)
