"""Rows of a chain as pictures: each painted once and copied from then on, so that scrolling and pointing cost next to nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap

from plugins.options.chain.columns import CALL, PUT, SIDES
from terminal.domain import format as written
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from plugins.options.chain.columns import Rows, SideColumn

_PAD = 8
_MOST = 400
_LEAST_HEAT = 0.02
_APART = 0.03
_STRONG = ("bid", "ask", "chance", "iv", "delta")
_HEATS = {"volume": "average_3", "open_interest": "average_2", "spread": "warn"}


class RowPictures:
    """Paints rows of `rows`: `columns[side]` from left to right, each `wide`, with the strike between.

    A picture is as wide as both sides and the strike together. Everything that it depends on is given once: another look, width
    or set of columns is another object.
    """

    def __init__(
        self, rows: Rows, columns: Mapping[str, Sequence[SideColumn]], wide: float, strike: int, line: int, *,
        heat: bool, ratio: float,
    ) -> None:  # fmt: skip
        self._rows, self._columns, self._line, self._heat, self._ratio = rows, columns, line, heat, ratio
        count = len(columns[CALL])
        self.half = round(wide * count)
        self._strike = strike
        starts = {CALL: 0, PUT: self.half + strike}
        self._cells = {side: [(starts[side] + round(wide * place), starts[side] + round(wide * (place + 1)))
                              for place in range(count)] for side in SIDES}  # fmt: skip
        found = theme.tokens()
        self._colors = {name: found.color(name) for name in ("bg1", "bg2", "hover", "t1", "t2", "t3", "warn", "grid")}
        self._inside = found.color("accent_bg", 110)
        self._grey = found.color("t3", 150)
        self._heats = {role: [found.color(role, round(12 + 78 * step / 32)) for step in range(33)]
                       for role in ("accent", *_HEATS.values())}  # fmt: skip
        self._font, self._bold = theme.font(theme.scaled(12)), theme.font(theme.scaled(12), 600)
        self._metrics, self._bold_metrics = QFontMetrics(self._font), QFontMetrics(self._bold)
        self._base = (line + self._metrics.ascent() - self._metrics.descent()) // 2
        self._pictures: dict[tuple[int, bool], QPixmap] = {}

    @property
    def width(self) -> int:
        """Of both sides and the strike."""
        return 2 * self.half + self._strike

    def cell(self, side: str, place: int) -> tuple[int, int]:
        """From where to where a column reaches."""
        return self._cells[side][place]

    def picture(self, row: int, spot: float, hovered: bool) -> QPixmap:
        """The picture of a row, where the price stands at `spot`."""
        key = (row, hovered)
        made = self._pictures.get(key)
        if made is None:
            if len(self._pictures) >= _MOST:
                self._pictures.clear()
            made = self._pictures[key] = self._painted(row, spot, hovered)
        return made

    def _painted(self, row: int, spot: float, hovered: bool) -> QPixmap:
        picture = QPixmap(round(self.width * self._ratio), round(self._line * self._ratio))
        picture.setDevicePixelRatio(self._ratio)
        picture.fill(self._colors["hover" if hovered else "bg1"])
        painter = QPainter(picture)
        painter.setFont(self._font)
        for side in SIDES:
            if self._rows.inside(side, row, spot):
                painter.fillRect(self._cells[side][0][0], 0, self.half, self._line, self._inside)
            if self._rows.contract[side][row] is not None:
                self._paint_side(painter, side, row)
        self._paint_strike(painter, row, hovered)
        painter.fillRect(0, self._line - 1, self.width, 1, self._colors["grid"])
        painter.end()
        return picture

    def _paint_strike(self, painter: QPainter, row: int, hovered: bool) -> None:
        text = strike_text(float(self._rows.strike[row]))
        painter.fillRect(self.half, 0, self._strike, self._line, self._colors["hover" if hovered else "bg2"])
        painter.setPen(self._colors["t1"])
        painter.setFont(self._bold)
        painter.drawText(QPoint(self.half + (self._strike - self._bold_metrics.horizontalAdvance(text)) // 2, self._base), text)

    def _paint_side(self, painter: QPainter, side: str, row: int) -> None:
        rows, usable = self._rows, bool(self._rows.usable[side][row])
        values, colors, advance = rows.values[side], self._colors, self._metrics.horizontalAdvance
        pen: QColor | None = None
        for (left, right), column in zip(self._cells[side], self._columns[side], strict=True):
            value = float(values[column.key][row])
            if self._heat and column.heat and (usable or column.kind == "count"):
                strength = rows.heat(side, column.key, row)
                if strength > _LEAST_HEAT:
                    heats = self._heats[_HEATS.get(column.key, "accent")]
                    painter.fillRect(left + 1, 1, right - left - 2, self._line - 3, heats[round(strength * 32)])
            text = column.text(value) or "–"
            color = self._grey if not usable else colors[_role(column, value)]
            if color is not pen:
                painter.setPen(color)
                pen = color
            painter.drawText(QPoint(right - _PAD - advance(text), self._base), text)


def _role(column: SideColumn, value: float) -> str:
    if column.key == "iv_gap":
        return "warn" if abs(value) > _APART else "t2"
    return "t1" if column.key in _STRONG else "t2"


def strike_text(value: float) -> str:
    """A strike with as many decimals as it has."""
    return written.number(value, 0 if value == round(value) else 2 if round(value, 2) == value else 3)


def paint_price(painter: QPainter, area: QRect, middle: int, spot: float) -> None:
    """The line where the price stands, across `area`, with the price on it around `middle`."""
    found = theme.tokens()
    painter.fillRect(area, found.color("bg1"))
    painter.fillRect(area.left(), area.center().y(), area.width(), 2, found.color("accent"))
    text = written.number(spot, 2)
    painter.setFont(theme.font(theme.scaled(10), 600))
    wide = painter.fontMetrics().horizontalAdvance(text) + 10
    tag = QRect(middle - wide // 2, area.top(), wide, area.height() - 1)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(found.color("accent"))
    painter.drawRoundedRect(tag, 4, 4)
    painter.setPen(found.color("on_accent"))
    painter.drawText(tag, int(Qt.AlignmentFlag.AlignCenter), text)
