"""Painted bars: how far the price may go until each expiry, told three ways; and where today's volatility stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtWidgets import QSizePolicy

from plugins.options.volatility.panel_axes import LEFT, MIDDLE, RIGHT, pen
from plugins.options.volatility.words import until
from terminal.domain import format as written
from terminal.ui import theme
from terminal.ui.levels import levels
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from PySide6.QtGui import QPainter

    from plugins.options.volatility.gathering import Stands
    from terminal.domain.volatility import Expected

_WAYS = (
    ("iv", "Options expect", "by volatility (1 s.d.)", "accent"),
    ("straddle", "Price of the straddle", "by the straddle", "link_c"),
    ("history", "Past moves", "by past moves (68 %)", "t3"),
)


class MoveBars(Picture):
    """A group for each expiry: bars from the lowest to the highest price, with a line at the price now."""

    def __init__(self) -> None:
        super().__init__("Expected moves", 200)
        self._moves: tuple[Expected, ...] = ()
        self._today: date | None = None
        self._newbie = True

    def show_moves(self, moves: Sequence[Expected], today: date, newbie: bool) -> None:
        """At most six expiries."""
        self._moves, self._today, self._newbie = tuple(moves[:6]), today, newbie
        told = (f"until {until(each.expiry, today)} {written.percent(each.best)}" for each in self._moves)
        self.tell(", ".join(told) or "nothing to show")
        self.updateGeometry()

    def _ways(self) -> tuple[tuple[str, str, str, str], ...]:
        return tuple(way for way in _WAYS if not self._newbie or way[0] != "straddle")

    def _line(self) -> int:
        """The height of one bar: what there is room for, within reason."""
        room = (self.height() - theme.scaled(30)) / max(1, len(self._moves)) - theme.scaled(14)
        return max(theme.scaled(18), min(theme.scaled(34), int(room / len(self._ways()))))

    def _tall(self) -> int:
        return self._line() * len(self._ways()) + theme.scaled(14)

    def sizeHint(self) -> QSize:
        least = theme.scaled(18) * len(self._ways()) + theme.scaled(14)
        return QSize(420, least * max(1, len(self._moves)) + theme.scaled(30))

    def minimumSizeHint(self) -> QSize:
        return QSize(260, self.sizeHint().height())

    def said_at(self, place: QPointF) -> str:
        at = int(place.y() // self._tall())
        if not 0 <= at < len(self._moves):
            return ""
        move, lines = self._moves[at], []
        for name, plain, full, _ in self._ways():
            if name in move.ranges:
                low, high = move.ranges[name]
                size = {"iv": move.by_iv, "straddle": move.by_straddle, "history": move.by_history}[name]
                lines.append(f"{plain if self._newbie else full}: {written.percent(size, 2)}, "
                             f"{written.number(low)} to {written.number(high)}")  # fmt: skip
        return f"<b>{written.day(move.expiry)}</b><br>" + "<br>".join(lines or move.reasons)

    def _paint(self, painter: QPainter) -> None:
        ends = [end for move in self._moves for pair in move.ranges.values() for end in pair]
        if not ends:
            self._nothing(painter, "What is expected is not known")
            return
        price, names, right = self._moves[0].price, theme.scaled(226), theme.scaled(60)
        low, high = min(*ends, price), max(*ends, price)
        more = (high - low) * 0.05 or 1.0
        low, high, wide = low - more, high + more, max(40.0, self.width() - names - right)

        def at(value: float) -> float:
            return names + wide * (value - low) / (high - low)

        bottom = self._tall() * len(self._moves)
        for level in levels(low, high, 5):
            painter.fillRect(QRectF(at(level), 0, 1, bottom), theme.tokens().color("grid"))
            if abs(at(level) - at(price)) > theme.scaled(58):  # the price itself is named there
                place = QRectF(at(level) - 40, bottom + 2, 80, theme.scaled(16))
                self._text(painter, place, written.number(level, 0 if level >= 20 else 2), "t3", MIDDLE)
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        for number, move in enumerate(self._moves):
            self._group(painter, number, move, at, names)
        painter.setPen(pen("t1", 1.0, dashed=True))
        painter.drawLine(QPointF(at(price), 0), QPointF(at(price), bottom))
        place = QRectF(at(price) - 60, bottom + 2, 120, theme.scaled(16))
        self._text(painter, place, f"now {written.number(price, 0 if price >= 200 else 2)}", "t1", MIDDLE, 600)

    def _group(self, painter: QPainter, number: int, move: Expected, at, names: int) -> None:  # type: ignore[no-untyped-def]
        tall, top = self._line(), number * self._tall() + theme.scaled(7)
        assert self._today is not None
        day = until(move.expiry, self._today)
        self._text(painter, QRectF(0, top, theme.scaled(78), tall), day[:1].upper() + day[1:], "t1", LEFT, 600)
        for line, (name, plain, full, role) in enumerate(self._ways()):
            y = top + line * tall
            title = plain if self._newbie else full
            self._text(painter, QRectF(theme.scaled(80), y, names - theme.scaled(86), tall), title, "t2", LEFT)
            if name not in move.ranges:
                self._text(painter, QRectF(names, y, 200, tall), "not known", "t3", LEFT)
                continue
            low, high = move.ranges[name]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.tokens().color(role))
            painter.drawRoundedRect(QRectF(at(low), y + tall * 0.22, at(high) - at(low), tall * 0.56), 3, 3)
            size = {"iv": move.by_iv, "straddle": move.by_straddle, "history": move.by_history}[name]
            place = QRectF(self.width() - theme.scaled(58), y, theme.scaled(56), tall)
            self._text(painter, place, written.percent(size), "t1", RIGHT, 600)


class RankGauge(Picture):
    """Where today's volatility stands between the lowest and the highest of a year, how many of its days were observed, and,
    until these are enough, the stand-in under its own name."""

    def __init__(self) -> None:
        super().__init__("IV rank", 44, grows=False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._found: Stands | None = None
        self._newbie = True

    def show_stands(self, found: Stands | None, newbie: bool) -> None:
        """None: not known yet."""
        self._found, self._newbie = found, newbie
        self.tell(f"{self._title()}: {self._under()}")

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(370), theme.scaled(44))

    def minimumSizeHint(self) -> QSize:
        return QSize(180, self.sizeHint().height())

    def said_at(self, place: QPointF) -> str:
        found = self._found
        if found is None:
            return ""
        own = found.own
        told = f"<b>{own.observed} of {own.of} days observed</b>"
        if own.lowest is not None:
            told += f"<br>lowest {written.percent(own.lowest)}, highest {written.percent(own.highest)}"
        if own.reason:
            told += f"<br>{own.reason}"
        return told

    def _title(self) -> str:
        found = self._found
        if found is None:
            return "IV rank"
        if found.own.rank is None:
            return "In its place: how much it moves" if self._newbie else "Stand-in: realised volatility rank"
        return "Dear or cheap" if self._newbie else "IV rank"

    def _value(self) -> float | None:
        found = self._found
        return None if found is None else found.own.rank if found.own.rank is not None else found.stand_in.rank

    def _under(self) -> str:
        found, value = self._found, self._value()
        if found is None or value is None:
            return "not known"
        place = found.own if found.own.rank is not None else found.stand_in
        days = f"{found.own.observed} of {found.own.of} days observed"
        if self._newbie:
            than = "dearer" if found.own.rank is not None else "livelier"
            return f"{than} than on {written.percent(place.percentile, 0)} of the past days · {days}"
        return f"{written.percent(value, 0)} · percentile {written.percent(place.percentile, 0)} · {days}"

    def _paint(self, painter: QPainter) -> None:
        colors, value, tall = theme.tokens(), self._value(), theme.scaled(16)
        own = self._found is not None and self._found.own.rank is not None
        self._text(painter, QRectF(0, 0, self.width(), tall), self._title(), "t2" if own else "warn", LEFT, 600)
        painter.setRenderHint(painter.RenderHint.Antialiasing)
        bar = QRectF(0, tall + 3, self.width() - 2, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("track"))
        painter.drawRoundedRect(bar, 3, 3)
        if value is not None:
            painter.setBrush(colors.color("accent" if own else "t3"))
            painter.drawRoundedRect(QRectF(0, bar.top(), bar.width() * value, 6), 3, 3)
            painter.setBrush(colors.color("t1"))
            painter.drawRoundedRect(QRectF(max(0.0, bar.width() * value - 1.5), bar.top() - 3, 3, 12), 1.5, 1.5)
        self._text(painter, QRectF(0, bar.bottom() + 3, self.width(), tall), self._under(), "t2", LEFT)
