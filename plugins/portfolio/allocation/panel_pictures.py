"""Painted pictures of an allocation: a map of everything owned, rings of actual around target, bars with their bands."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen

from plugins.portfolio.allocation.treemap import squarified
from terminal.domain import format as words
from terminal.ui import theme
from terminal.ui.picture import Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QColor

    from plugins.portfolio.exposures import Exposures
    from terminal.domain.portfolio.allocation import Slice

_LEFT, _RIGHT, _CENTRE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter
_ROLES = ("accent", "average_2", "average_3", "link_c", "average_1", "ok", "past", "link_d")
_REST = {"cash": "t3", "not known": "bar_muted", "untagged": "bar_muted"}
_GAP = 2.0


def role_of(key: str, place: int) -> str:
    """The colour of a class: the same in every picture; cash and what is not known are grey."""
    return _REST.get(key, _ROLES[place % len(_ROLES)])


def points(drift: float | None) -> str:
    """A drift in percentage points: +12.5."""
    return "" if drift is None else f"{'+' if drift > 0 else '−' if drift < 0 else ''}{abs(drift) * 100:.1f}"


class _Allocation(Picture):
    """What the three have in common: the classes, their colours, and what each says when it is pointed at."""

    def __init__(self, name: str, height: int) -> None:
        super().__init__(name, height)
        self.slices: tuple[Slice, ...] = ()
        self.seen: Exposures | None = None
        self._places: list[tuple[QRectF, str]] = []

    def show_slices(self, found: Sequence[Slice], seen: Exposures) -> None:
        """Other classes; what is sold short or owed (below nothing) has no area and is left to the table."""
        self.slices, self.seen = tuple(found), seen
        told = ", ".join(f"{each.key} {words.percent(each.weight, 0)}" for each in found)
        self.setAccessibleDescription(told)
        self.updateGeometry()
        self.update()

    def roles(self) -> dict[str, str]:
        """The colour of each class."""
        return {each.key: role_of(each.key, place) for place, each in enumerate(self.slices)}

    def said_at(self, place: QPointF) -> str:
        return next((text for area, text in reversed(self._places) if area.contains(place)), "")

    def said(self, part: Slice) -> str:
        """One class in words."""
        money = words.money(part.worth, self.seen.currency if self.seen else None, 0)
        text = f"<b>{part.key}</b><br>{words.percent(part.weight, 1)}, {money}"
        if part.target is None:
            return text + ("<br>in none of your targets" if any(each.target for each in self.slices) else "")
        band = f"{words.percent(part.target.low, 1)} to {words.percent(part.target.high, 1)}"
        target = words.percent(part.target.weight, 1)
        return f"{text}<br>target {target}, band {band}<br>{points(part.drift)} points, {part.state}"


class TreeMap(_Allocation):
    """Each class an area as large as its worth, in it what it is made of."""

    def __init__(self) -> None:
        super().__init__("Map of what you own", 260)

    def _paint(self, painter: QPainter) -> None:
        self._places = []
        found = sorted((each for each in self.slices if each.worth > 0), key=lambda each: -each.worth)
        roles = self.roles()
        for part, box in zip(found, squarified([each.worth for each in found], (0, 0, self.width(), self.height())), strict=True):
            self._group(painter, part, QRectF(*box), theme.tokens().color(roles[part.key]))

    def _group(self, painter: QPainter, part: Slice, area: QRectF, color: QColor) -> None:
        inside = area.adjusted(_GAP / 2, _GAP / 2, -_GAP / 2, -_GAP / 2)
        self._places.append((area, self.said(part)))
        head = theme.scaled(20)
        tiles = self._members(part)
        headed = bool(tiles) and inside.height() > 2.2 * head and inside.width() > theme.scaled(56)
        body = inside.adjusted(0, head if headed else 0, 0, 0)
        self._fill(painter, inside, color, 46)
        if headed:
            line = QRectF(inside.left() + 6, inside.top(), inside.width() - 12, head)
            self._text(painter, line, f"{part.key}  {words.percent(part.weight, 1)}", "t1", _LEFT, 600)
        elif not tiles:
            self._named(painter, inside, part.key, part.weight)
        boxes = squarified([worth for _, worth in tiles], (body.left(), body.top(), body.width(), body.height()))
        for (symbol, worth), box in zip(tiles, boxes, strict=True):
            tile = QRectF(*box).adjusted(0.5, 0.5, -0.5, -0.5)
            self._fill(painter, tile, color, 62)
            share = part.weight * worth / part.worth if part.worth else 0.0
            self._named(painter, tile, symbol, share)
            said = f"<b>{symbol}</b> in {part.key}<br>{words.percent(share, 1)} of everything"
            self._places.append((QRectF(*box), said))

    def _members(self, part: Slice) -> list[tuple[str, float]]:
        if self.seen is None:
            return []
        worths = {row.symbol: row.worth or 0.0 for row in self.seen.rows if row.symbol in part.members}
        return sorted(((name, worth) for name, worth in worths.items() if worth > 0), key=lambda pair: (-pair[1], pair[0]))

    def _fill(self, painter: QPainter, area: QRectF, color: QColor, alpha: int) -> None:
        color.setAlpha(alpha)
        painter.fillRect(area, color)

    def _named(self, painter: QPainter, area: QRectF, name: str, share: float) -> None:
        tall = theme.scaled(15)
        if area.width() < theme.scaled(34) or area.height() < tall:
            return
        middle = area.center().y()
        two = area.height() > 2.2 * tall
        first = QRectF(area.left() + 3, middle - tall if two else middle - tall / 2, area.width() - 6, tall)
        self._text(painter, first, name, "t1", _CENTRE, 600)
        if two:
            self._text(painter, first.translated(0, tall), words.percent(share, 1), "t2", _CENTRE)


class Rings(_Allocation):
    """The outer ring is what there is, the inner one what there should be; the names stand beside them."""

    def __init__(self) -> None:
        super().__init__("Rings of actual around target", 260)

    def _paint(self, painter: QPainter) -> None:
        self._places = []
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = theme.scaled(20)
        side = min(self.height() - 8.0, self.width() * 0.55)
        disc = QRectF(4, (self.height() - side) / 2, side, side)
        roles, thick = self.roles(), side * 0.15
        actual = [(each.key, max(0.0, each.worth)) for each in self.slices]
        self._ring(painter, disc, thick, actual, roles, 255)
        wanted = [(each.key, each.target.weight) for each in self.slices if each.target is not None]
        if wanted:
            inner = disc.adjusted(thick + 3, thick + 3, -thick - 3, -thick - 3)
            self._ring(painter, inner, thick * 0.7, wanted, roles, 150)
        self._middle(painter, disc, bool(wanted))
        top = max(2.0, (self.height() - line * len(self.slices)) / 2)
        for place, part in enumerate(self.slices):
            left = disc.right() + theme.scaled(20)
            row = QRectF(left, top + place * line, self.width() - left - 4, line)
            if row.bottom() > self.height():
                break
            self._legend(painter, row, part, theme.tokens().color(roles[part.key]))

    def _ring(self, painter: QPainter, area: QRectF, thick: float, parts: Sequence[tuple[str, float]], roles: dict[str, str],
              alpha: int) -> None:  # fmt: skip
        total = sum(value for _, value in parts)
        start = 90.0
        inner = area.adjusted(thick, thick, -thick, -thick)
        for key, value in parts:
            if value <= 0 or total <= 0:
                continue
            span = -360.0 * value / total
            path = QPainterPath()
            path.arcMoveTo(area, start)
            path.arcTo(area, start, span)
            path.arcTo(inner, start + span, -span)
            path.closeSubpath()
            painter.setPen(QPen(theme.tokens().color("bg1"), 1.5))
            painter.setBrush(theme.tokens().color(roles[key], alpha))
            painter.drawPath(path)
            start += span

    def _middle(self, painter: QPainter, disc: QRectF, targets: bool) -> None:
        tall = theme.scaled(15)
        middle = QRectF(disc.left(), disc.center().y() - tall, disc.width(), tall)
        if disc.width() > theme.scaled(150):
            self._text(painter, middle, "outside: now" if targets else "now", "t2", _CENTRE)
            if targets:
                self._text(painter, middle.translated(0, tall), "inside: target", "t2", _CENTRE)

    def _legend(self, painter: QPainter, row: QRectF, part: Slice, color: QColor) -> None:
        side = theme.scaled(10)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(row.left(), row.center().y() - side / 2, side, side), 2, 2)
        self._places.append((row, self.said(part)))
        named = row.adjusted(side + 8, 0, -theme.scaled(96), 0)
        self._text(painter, named, part.key, "t1", _LEFT)
        target = f" / {words.percent(part.target.weight, 0)}" if part.target else ""
        self._text(painter, row, f"{words.percent(part.weight, 1)}{target}", "t2", _RIGHT)


class Bars(_Allocation):
    """A line a class: its weight as a bar, the band as the ground behind it, the target as a tick, the drift in points."""

    def __init__(self) -> None:
        super().__init__("Actual against target", 260)

    def sizeHint(self) -> QSize:
        return QSize(420, theme.scaled(30) * max(1, len(self.slices)) + 8)

    def _paint(self, painter: QPainter) -> None:
        self._places = []
        if not self.slices:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        tall = min(theme.scaled(34), max(theme.scaled(20), self.height() / len(self.slices)))
        highest = max(0.1, *(max(each.weight, each.target.high if each.target else 0.0) for each in self.slices))
        roles = self.roles()
        for place, part in enumerate(self.slices):
            self._line(painter, QRectF(0, place * tall, self.width(), tall), part, highest, roles[part.key])

    def _line(self, painter: QPainter, row: QRectF, part: Slice, highest: float, role: str) -> None:
        colors, left, right = theme.tokens(), theme.scaled(128), theme.scaled(112)
        wide = max(20.0, row.width() - left - right)
        self._places.append((row, self.said(part)))
        self._text(painter, QRectF(row.left() + 2, row.top(), left - 10, row.height()), part.key, "t1", _LEFT)

        def at(value: float) -> float:
            return left + wide * min(1.0, max(0.0, value) / highest)

        middle, thick = row.center().y(), theme.scaled(10)
        painter.setPen(Qt.PenStyle.NoPen)
        if part.target is not None:
            band = QRectF(at(part.target.low), middle - thick, at(part.target.high) - at(part.target.low), 2 * thick)
            painter.setBrush(colors.color("track"))
            painter.drawRoundedRect(band, 3, 3)
        painter.setBrush(colors.color(role))
        painter.drawRoundedRect(QRectF(left, middle - thick / 2, max(2.0, at(part.weight) - left), thick), 2, 2)
        if part.target is not None:
            painter.setPen(QPen(colors.color("t1"), 2))
            painter.drawLine(QPointF(at(part.target.weight), middle - thick), QPointF(at(part.target.weight), middle + thick))
        self._figures(painter, row, part, right)

    def _figures(self, painter: QPainter, row: QRectF, part: Slice, right: float) -> None:
        area = QRectF(row.right() - right, row.top(), right - 4, row.height())
        outside = part.state in ("above", "below")
        self._text(painter, area.adjusted(0, 0, -area.width() / 2, 0), words.percent(part.weight, 1), "t1", _RIGHT, 600)
        if part.drift is not None and not math.isclose(part.drift, 0.0, abs_tol=5e-4):
            self._text(painter, area.adjusted(area.width() / 2, 0, 0, 0), points(part.drift), "warn" if outside else "t2", _RIGHT)
