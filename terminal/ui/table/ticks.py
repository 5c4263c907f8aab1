"""Live values: gathered, put in ten times a second, and only the cells that changed painted anew.

A changed number is tinted for a moment in the colour of its direction, unless less motion is asked for.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QRect, Qt, QTimer

from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QPainter

    from terminal.domain.sourced import Source
    from terminal.ui.table.painted import PaintedTable

PACE_MS = 100
FLASH_S = 0.45
_ALPHA = 56


class Ticks(QObject):
    """The values on their way into one table, and the tints of those that have just arrived."""

    def __init__(self, view: PaintedTable) -> None:
        super().__init__(view)
        self._view = view
        self._waiting: dict[tuple[str, str], tuple[Any, Source | None]] = {}
        self.flashes: dict[tuple[int, int], tuple[bool, float]] = {}
        self._stamp: object = None
        self._areas: dict[tuple[int, int], QRect] = {}
        self._rows: dict[int, int] = {}
        self._timer = QTimer(self, interval=PACE_MS)
        self._timer.timeout.connect(self.beat)

    def put(self, name: str, values: Mapping[str, Any], source: Source | None = None) -> None:
        """Newer values of a column by symbol; of several for one cell the last counts."""
        for symbol, value in values.items():
            self._waiting[(symbol, name)] = (value, source)
        if self._waiting and not self._timer.isActive():
            self._timer.start()

    def beat(self) -> None:
        """Put in what has come, and take away the tints that are over. The timer does it; so may a test."""
        now = time.monotonic()
        rows = self._visible()
        changed: dict[int, list[int]] = {}
        for id, place in [cell for cell, (_, until) in self.flashes.items() if until <= now]:
            del self.flashes[(id, place)]
            if id in rows:
                changed.setdefault(place, []).append(rows[id])
        self._put_in(rows, now, changed)
        for place, seen in changed.items():
            self._view.update_column(place, min(seen), max(seen))
        if not self.flashes and not self._waiting:
            self._timer.stop()

    def _put_in(self, rows: dict[int, int], now: float, changed: dict[int, list[int]]) -> None:
        """`changed` takes the rows that are to be shown again, by column."""
        view, model = self._view, self._view.model_shown
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        still = self.still
        for (symbol, name), (value, source) in waiting.items():
            place = model.place_of(name)
            for id in model.ids_of(symbol):
                old = model.raw(id, place) if place >= 0 else None
                if model.update_cell(id, name, value, source) < 0:
                    continue
                if id not in rows:
                    view.forget_row(id)
                    continue
                if not still and isinstance(old, (int, float)) and isinstance(value, (int, float)):
                    self.flashes[(id, place)] = (value > old, now + FLASH_S)
                view.patch_cell(id, place)
                changed.setdefault(place, []).append(rows[id])
        if model.groups:
            model.forget_summaries()
            for id in (id for id in rows if id < 0):
                view.forget_row(id)
                view.viewport().update(view.cell_rect(rows[id], 0).adjusted(0, 0, view.viewport().width(), 0))

    def _visible(self) -> dict[int, int]:
        order = self._view.model_shown.order
        return {order[row]: row for row in self._view.rows_in_view()}

    @property
    def still(self) -> bool:
        """Whether the user or the system asks for less motion."""
        return theme.still()

    def paint(self, painter: QPainter) -> None:
        """Lay the tints over the cells."""
        if not self.flashes:
            return
        colors, placed = theme.tokens(), self._placed()
        areas: tuple[list[QRect], list[QRect]] = ([], [])
        for cell, (up, _) in self.flashes.items():
            area = placed.get(cell) or self._place(cell)
            areas[up].append(area)
        painter.setPen(Qt.PenStyle.NoPen)
        for rising, cells in enumerate(areas):
            if cells:
                painter.setBrush(colors.color("up" if rising else "down", _ALPHA))
                painter.drawRects(cells)

    def _placed(self) -> dict[tuple[int, int], QRect]:
        """Where the tints lie, as long as rows and columns stay where they are."""
        view = self._view
        stamp = (id(view.model_shown.order), view.verticalOffset(), view.horizontalOffset(), view.head.length(), view.height())
        if stamp != self._stamp:
            self._stamp, self._areas, self._rows = stamp, {}, self._visible()
        return self._areas

    def _place(self, cell: tuple[int, int]) -> QRect:
        row = self._rows.get(cell[0], -1)
        area = self._view.cell_rect(row, cell[1]).adjusted(1, 1, 0, -1) if row >= 0 else QRect()
        self._areas[cell] = area
        return area
