"""Pictures of a dip: what its fall is made of, and how it stands between high and low."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from terminal.domain import format as fmt
from terminal.ui import theme
from terminal.ui.table.cells import PART_COLORS

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARTS = (("market_part", "Market", PART_COLORS[0]), ("sector_part", "Sector", PART_COLORS[1]),
          ("company_part", "Company", PART_COLORS[2]), ("dividends_part", "Dividends", "t3"), ("today_part", "Today", "t3"))
_LINE = 20


class PartsPicture(QWidget):
    """One line a part of the fall: its name, a bar from a common zero line, its size; they add up to the last line."""

    def __init__(self, whole: bool = True) -> None:
        super().__init__()
        self._whole = whole
        self._rows: list[tuple[str, float | None, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_row(self, row: Mapping[str, Any]) -> None:
        """The parts of this dip."""
        self._rows = [(title, row[name], color) for name, title, color in _PARTS
                      if name in ("market_part", "sector_part", "company_part") or abs(row[name] or 0.0) >= 0.0005]
        if self._whole:
            self._rows.append(("The dip", row["dip"], "t1"))
        spoken = ", ".join(f"{title} {'unknown' if value is None else fmt.percent(value, 1, sign=True)}"
                           for title, value, _ in self._rows)
        self.setAccessibleName(f"What the fall is made of: {spoken}")
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(220, theme.scaled(_LINE) * max(len(self._rows), 1))

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._rows:
            return
        colors, painter = theme.tokens(), QPainter(self)
        line, left, right = theme.scaled(_LINE), theme.scaled(70), theme.scaled(58)
        known = [value for _, value, _ in self._rows if value is not None]
        low, high = min([0.0, *known]), max([0.0, *known])
        room = max(self.width() - left - right, 10)
        scale = room / max(high - low, 1e-9)
        zero = left + round(-low * scale)
        for place, (title, value, color) in enumerate(self._rows):
            top = place * line
            last = self._whole and place == len(self._rows) - 1
            painter.setFont(theme.font(theme.scaled(11), 600 if last else 400))
            painter.setPen(colors.color("t1" if last else "t2"))
            painter.drawText(QRect(0, top, left - 8, line), Qt.AlignmentFlag.AlignVCenter, title)
            painter.setPen(colors.color("t3" if value is None else "t1"))
            painter.drawText(QRect(0, top, self.width(), line), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             fmt.percent(value, 1, sign=True))
            if value is not None:
                width = round(abs(value) * scale)
                painter.fillRect(zero - width if value < 0 else zero, top + line // 2 - 4, width, 8, colors.color(color))
            painter.fillRect(zero, top + 2, 1, line - 4, colors.color("line_strong"))
