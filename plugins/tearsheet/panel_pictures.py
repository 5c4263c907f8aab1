"""Small painted pictures of the tearsheet: scores, where a figure stands, statements by year, the grid of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen

from terminal.domain import format as words
from terminal.domain.scoring.words import shown
from terminal.ui import theme
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.tearsheet.background import Span, Standing, Yearly
    from terminal.domain.scoring.explain import PillarResult
    from terminal.domain.valuation import Grid

_LEFT, _RIGHT, _MIDDLE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_UPRIGHT = Qt.AlignmentFlag.AlignVCenter


class Areas(Picture):
    """A picture whose areas each have a word of their own; they are noted while it is painted."""

    def __init__(self, name: str) -> None:
        super().__init__(name, grows=False)
        self._areas: list[tuple[QRectF, str]] = []

    def said_at(self, place: QPointF) -> str:
        return next((text for area, text in self._areas if area.contains(place)), self.toolTip())

    def paintEvent(self, event: QPaintEvent) -> None:
        self._areas = []
        super().paintEvent(event)


class ScoreBars(Areas):
    """One bar a pillar, each 0 to 10 with one decimal; a hollow bar is unknown."""

    def __init__(self) -> None:
        super().__init__("Parts of the score")
        self._rows: tuple[PillarResult, ...] = ()

    def show_pillars(self, pillars: Sequence[PillarResult]) -> None:
        """Show other scores."""
        self._rows = tuple(pillars)
        told = [f"{each.title} {'unknown' if each.score is None else words.number(each.score, 1)}" for each in self._rows]
        self.setAccessibleName("Parts of the score, of 10: " + ", ".join(told))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, max(1, len(self._rows)) * theme.scaled(22))

    def _paint(self, painter: QPainter) -> None:
        colors, tall = theme.tokens(), theme.scaled(22)
        names = [painter.fontMetrics().horizontalAdvance(each.title) for each in self._rows]
        left = min(max(names, default=0) + 12, self.width() * 0.45)
        for place, each in enumerate(self._rows):
            line = QRectF(0, place * tall, self.width(), tall)
            self._text(painter, line.adjusted(0, 0, left - 8 - line.width(), 0), each.title, "t2", _LEFT)
            track = QRectF(left, line.center().y() - 2.5, line.width() - left - theme.scaled(40), 5)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colors.color("track"))
            painter.drawRoundedRect(track, 2.5, 2.5)
            if each.score is not None:
                painter.setBrush(colors.color("up" if each.score >= 6 else "accent" if each.score >= 4 else "down"))
                filled = QRectF(track.left(), track.top(), max(5.0, track.width() * each.score / 10), 5)
                painter.drawRoundedRect(filled, 2.5, 2.5)
            value = words.number(each.score, 1)
            self._text(painter, line, value, "t3" if each.score is None else "t1", _RIGHT, 600)
            known = f"{words.percent(each.coverage, 0)} of its inputs known"
            said = f"<b>{each.title}</b>&nbsp; {value} of 10<br>weighs {each.weight:.0f} of 100 points; {known}"
            self._areas.append((line, said))


class Ranges(Areas):
    """Where one figure stands: a line a group with its middle half, its median, and a dot for the figure itself."""

    def __init__(self) -> None:
        super().__init__("Comparison")
        self._standing: Standing | None = None
        self._title, self._currency = "", ""

    def show_standing(self, standing: Standing, title: str, currency: str | None) -> None:
        """Show another figure."""
        self._standing, self._title, self._currency = standing, title, currency or ""
        told = "; ".join(f"{span.label}: median {self._say(span.middle)}, {place_in(span)}" for span in standing.spans)
        self.setAccessibleName(f"{title} {self._say(standing.value) if standing.value is not None else 'unknown'}. {told}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, theme.scaled(20) + theme.scaled(18) * (len(self._standing.spans) if self._standing else 1) + 4)

    def _say(self, value: float | None) -> str:
        return shown(self._standing.field, value, self._currency) if self._standing else words.UNKNOWN

    def _paint(self, painter: QPainter) -> None:
        standing = self._standing
        if standing is None:
            return
        head = QRectF(0, 0, self.width(), theme.scaled(20))
        self._text(painter, head, self._title, "t1", _LEFT, 600)
        self._text(painter, head, self._say(standing.value), "t1" if standing.value is not None else "t3", _RIGHT, 600)
        ends = [value for span in standing.spans for value in (span.low, span.high)]
        low, high = min(ends), max(ends)
        if standing.value is not None:  # a figure far outside sits at the edge; the ranges keep their room
            reach = (high - low) * 0.5
            low, high = min(low, max(standing.value, low - reach)), max(high, min(standing.value, high + reach))
        left, right = theme.scaled(86), theme.scaled(64)
        for place, span in enumerate(standing.spans):
            line = QRectF(0, head.height() + place * theme.scaled(18), self.width(), theme.scaled(18))
            track = QRectF(left, line.top(), max(20.0, line.width() - left - right - 10), line.height())
            self._text(painter, line, span.label, "t2", _LEFT)
            self._text(painter, line, self._say(span.middle), "t2", _RIGHT)
            self._paint_span(painter, track, span, low, (high - low) or 1.0)
            self._areas.append((line, self._tip(span)))

    def _paint_span(self, painter: QPainter, track: QRectF, span: Span, low: float, wide: float) -> None:
        colors, standing = theme.tokens(), self._standing
        assert standing is not None

        def at(value: float) -> float:
            return track.left() + track.width() * min(max((value - low) / wide, 0.0), 1.0)

        middle = track.center().y()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colors.color("track"))
        painter.drawRoundedRect(QRectF(at(span.low), middle - 1.5, max(2.0, at(span.high) - at(span.low)), 3), 1.5, 1.5)
        painter.setBrush(colors.color("bar_muted"))
        painter.drawRoundedRect(QRectF(at(span.lower), middle - 4, max(3.0, at(span.upper) - at(span.lower)), 8), 2, 2)
        painter.setPen(QPen(colors.color("t2"), 1.5))
        painter.drawLine(QPointF(at(span.middle), middle - 5), QPointF(at(span.middle), middle + 5))
        if standing.value is None:
            return
        better = standing.low_is_better
        good = None if better is None or span.below is None else (span.below < 0.5) == better
        painter.setPen(QPen(colors.color("bg1"), 1.5))
        painter.setBrush(colors.color("accent" if good is None else "up" if good else "down"))
        painter.drawEllipse(QPointF(at(standing.value), middle), 4.5, 4.5)

    def _tip(self, span: Span) -> str:
        half = f"{self._say(span.lower)} to {self._say(span.upper)}"
        ends = f"{self._say(span.low)} to {self._say(span.high)}"
        return (f"<b>{self._title}</b>&nbsp; {self._say(self._standing.value if self._standing else None)}<br>{span.label}, "
                f"{span.count} values: median {self._say(span.middle)}, middle half {half}, eight of ten {ends}"
                f"<br>{place_in(span).capitalize()}")  # fmt: skip


def place_in(span: Span) -> str:
    """In words how the subject stands in a group: `lower than 82 % of them`."""
    if span.below is None:
        return "its own value is unknown"
    of = "of those months" if span.group == "own" else "of them"
    if span.below < 0.5:
        return f"lower than {words.percent(1 - span.below, 0)} {of}"
    return f"higher than {words.percent(span.below, 0)} {of}"


class YearBars(Areas):
    """One line of the statements by year; losses hang below the line."""

    def __init__(self) -> None:
        super().__init__("Statement by year")
        self._line: Yearly | None = None
        self._tip = ""

    def show_years(self, line: Yearly, tip: str) -> None:
        """Show another line; `tip` says where it is from."""
        self._line, self._tip = line, tip
        told = ", ".join(f"{day.year}: {words.money(value, line.unit)}" for day, value in line.points)
        self.setAccessibleName(f"{line.title} by year. {told}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(118, theme.scaled(104))

    def minimumSizeHint(self) -> QSize:
        return QSize(100, self.sizeHint().height())

    def _paint(self, painter: QPainter) -> None:
        line, colors = self._line, theme.tokens()
        if line is None:
            return
        text = theme.scaled(16)
        self._text(painter, QRectF(0, 0, self.width(), text), line.title, "t3", _LEFT)
        self._text(painter, QRectF(0, text, self.width(), text), words.money(line.points[-1][1], line.unit), "t1", _LEFT, 600)
        area = QRectF(0, 2 * text + 4, self.width(), self.height() - 3 * text - 6)
        values = [value for _, value in line.points]
        top, bottom = max(0.0, *values), min(0.0, *values)
        each = area.width() / len(values)
        base = area.top() + area.height() * top / ((top - bottom) or 1.0)
        before: float | None = None
        for place, (day, value) in enumerate(line.points):
            tall = area.height() * value / ((top - bottom) or 1.0)
            bar = QRectF(place * each + 1, base - max(tall, 0), max(2.0, each - 4), max(abs(tall), 1.0))
            painter.fillRect(bar, colors.color("down" if value < 0 else "accent"))
            slot = QRectF(place * each, 0, each, self.height())
            under = QRectF(slot.left() - 3, area.bottom() + 2, each + 2, text)
            self._text(painter, under, f"’{day.year % 100:02}", "t3", _MIDDLE)
            grown = "" if not before or before <= 0 else f" ({words.percent(value / before - 1, sign=True)})"
            said = f"<b>{line.title}</b>, to {words.day(day)}<br>{words.money(value, line.unit)}{grown}"
            self._areas.append((slot, f"{said}<br>{self._tip}"))
            before = value
        painter.fillRect(QRectF(0, base, area.width(), 1), colors.color("line_strong"))


class ValueGrid(Areas):
    """Value per share for each cost of capital and growth, tinted by how far it is from the price."""

    def __init__(self) -> None:
        super().__init__("Value per share by cost of capital and growth")
        self._grid: Grid | None = None
        self._price: float | None = None
        self._currency: str | None = None

    def show_grid(self, grid: Grid, price: float | None, currency: str | None) -> None:
        """Show other values."""
        self._grid, self._price, self._currency = grid, price, currency
        lines = [", ".join(self._say(value) for value in line) for line in grid.values]
        told = "; ".join(f"capital at {words.percent(wacc)}: {line}" for wacc, line in zip(grid.waccs, lines, strict=True))
        growths = ", ".join(words.percent(each) for each in grid.growths)
        self.setAccessibleDescription(f"For growth of {growths}: {told}" if told else "unknown")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(240, theme.scaled(24) * (1 + (len(self._grid.waccs) if self._grid else 0)))

    def _say(self, value: float | None) -> str:
        return words.number(value, 0 if value is not None and abs(value) >= 1000 else 2)

    def _paint(self, painter: QPainter) -> None:
        grid, colors, tall = self._grid, theme.tokens(), theme.scaled(24)
        if grid is None or not grid.waccs:
            return
        left = theme.scaled(66)
        wide = (self.width() - left) / len(grid.growths)
        self._text(painter, QRectF(0, 0, left, tall), "WACC \\ growth", "t3", _LEFT)
        for across, rate in enumerate(grid.growths):
            head = QRectF(left + across * wide, 0, wide, tall)
            self._text(painter, head, words.percent(rate), "t2", _MIDDLE, 600)
        for down, wacc in enumerate(grid.waccs):
            line = QRectF(0, (down + 1) * tall, left, tall)
            self._text(painter, line, words.percent(wacc), "t2", _LEFT, 600)
            for across, value in enumerate(grid.values[down]):
                cell = QRectF(left + across * wide, line.top(), wide, tall).adjusted(1, 1, -1, -1)
                gap = None if value is None or not self._price else value / self._price - 1
                tint = colors.color("track" if gap is None else "up" if gap >= 0 else "down")
                tint.setAlphaF(0.35 if gap is None else min(0.12 + abs(gap) * 0.35, 0.5))
                painter.fillRect(cell, tint)
                if (down, across) == (len(grid.waccs) // 2, len(grid.growths) // 2):
                    painter.setPen(QPen(colors.color("accent"), 1.5))
                    painter.drawRect(QRect(cell.toRect()))
                self._text(painter, cell, self._say(value), "t3" if value is None else "t1", _MIDDLE)
                money = words.money(value, self._currency)
                against = "" if gap is None else f", {words.percent(gap, sign=True)} against the price"
                growth = words.percent(grid.growths[across])
                said = f"<b>{money}</b>{against}<br>cost of capital {words.percent(wacc)}, growth {growth}"
                self._areas.append((cell, said))
