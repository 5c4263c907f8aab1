"""Live values: gathered, put in twenty times a second, and only the cells that changed painted anew.

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

PACE_MS = 50
FLASH_S = 0.45
_ALPHA = 56


class Ticks(QObject):
    """The values on their way into one table, and the tints of those that have just arrived."""

    def __init__(self, view: PaintedTable) -> None:
        super().__init__(view)
        self._view = view
        self._waiting: dict[tuple[str, str], tuple[Any, Source | None]] = {}
        self.flashes: dict[tuple[int, int], tuple[bool, float]] = {}
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
        for id, place in [cell for cell, (_, until) in self.flashes.items() if until <= now]:
            del self.flashes[(id, place)]
            if id in rows:
                self._view.update_cell(rows[id], place)
        self._put_in(rows, now)
        if not self.flashes and not self._waiting:
            self._timer.stop()

    def _put_in(self, rows: dict[int, int], now: float) -> None:
        view, model = self._view, self._view.model_shown
        waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        still = self.still
        for (symbol, name), (value, source) in waiting.items():
            id = model.id_of(symbol)
            old = self._old(id, name)
            place = model.update_cell(id, name, value, source) if id >= 0 else -1
            if place < 0:
                continue
            if id not in rows:
                view.forget_row(id)
                continue
            if not still and isinstance(old, (int, float)) and isinstance(value, (int, float)):
                self.flashes[(id, place)] = (value > old, now + FLASH_S)
            view.repaint_cell(id, rows[id], place)
        if model.groups:
            model.forget_summaries()
            for id in (id for id in rows if id < 0):
                view.forget_row(id)
                view.viewport().update(view.cell_rect(rows[id], 0).adjusted(0, 0, view.viewport().width(), 0))

    def _old(self, id: int, name: str) -> Any:
        model = self._view.model_shown
        place = model.place_of(name)
        return model.raw(id, place) if id >= 0 and place >= 0 else None

    def _visible(self) -> dict[int, int]:
        order = self._view.model_shown.order
        return {order[row]: row for row in self._view.rows_in_view()}

    @property
    def still(self) -> bool:
        """Whether the user asks for less motion."""
        ask = getattr(self._view.host, "setting", None)
        return bool(ask("reduced_motion")) if ask is not None else False

    def paint(self, painter: QPainter) -> None:
        """Lay the tints over the cells."""
        if not self.flashes:
            return
        colors, rows, view = theme.tokens(), self._visible(), self._view
        columns = {place: view.cell_rect(0, place) for place in {place for _, place in self.flashes}}
        areas: tuple[list[QRect], list[QRect]] = ([], [])
        for (id, place), (up, _) in self.flashes.items():
            row = rows.get(id)
            if row is not None:
                cell = columns[place]
                height = cell.height()
                areas[up].append(QRect(cell.x() + 1, cell.y() + row * height + 1, cell.width() - 1, height - 2))
        painter.setPen(Qt.PenStyle.NoPen)
        for rising, cells in enumerate(areas):
            if cells:
                painter.setBrush(colors.color("up" if rising else "down", _ALPHA))
                painter.drawRects(cells)
