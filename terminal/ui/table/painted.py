"""The table as it is painted: rows once as pictures, copied from then on; which row is current, and where the mouse is.

Scrolling, hovering and most sorting only copy pictures. The columns up to the ticker stay while the others scroll.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QTableView

from terminal.ui import theme
from terminal.ui.table.cells import RowPainter, RowPictures
from terminal.ui.table.header import Header
from terminal.ui.table.model import FrameModel
from terminal.ui.table.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QFocusEvent, QMouseEvent, QPaintEvent, QPixmap, QResizeEvent

    from terminal.api import Host
    from terminal.domain.sourced import Table
    from terminal.ui.table.look import Look
    from terminal.ui.table.model import Index

_ROOT = QModelIndex()
_log = logging.getLogger(__name__)


class Quiet:
    """While inside, a change of the current row is not told."""

    def __init__(self, view: PaintedTable) -> None:
        self._view = view

    def __enter__(self) -> None:
        self._view.quiet = True

    def __exit__(self, *_: object) -> None:
        self._view.quiet = False


class PaintedTable(QTableView):
    """Paints a `FrameModel`. `selected(symbol)`: the user made another row the current one."""

    selected = Signal(str)

    def __init__(self, host: Host | None, looks: Mapping[str, Look] | None, now: Callable[[], datetime] | None) -> None:
        super().__init__()
        self.host = host
        self.quiet = False
        self._looks = dict(looks or {})
        self._mode = str(getattr(host, "mode", "pro"))
        self._pictures = RowPictures()
        self._painted_table: Table | None = None
        self._painter: RowPainter | None = None
        self._hovered = -1
        self._frame_model = FrameModel(explain=host.explain if host is not None else None, now=now or (lambda: datetime.now(UTC)))
        self._frame_model.newbie = self._mode == "newbie"
        self.setModel(self._frame_model)
        self._head = Header(self._frame_model, self)
        self.setHorizontalHeader(self._head)
        self._head.widened.connect(self._widened)
        self._ticks = Ticks(self)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(rows.ResizeMode.Fixed)
        rows.setMinimumSectionSize(16)

    @property
    def model_shown(self) -> FrameModel:
        """What is shown, by row id and column place."""
        return self._frame_model

    @property
    def head(self) -> Header:
        """The row of titles."""
        return self._head

    def _laid_out(self) -> None:
        """The columns have other widths or places; for what lies under the titles."""

    def _make_current(self, row: int, place: int = -1) -> None:
        flags = QItemSelectionModel.SelectionFlag
        first = place if place >= 0 else next((at for at, kind in enumerate(self._frame_model.kinds) if kind != "star"), 0)
        self.selectionModel().setCurrentIndex(self._frame_model.index(row, first), flags.ClearAndSelect | flags.Rows)

    def id_at(self, row: int) -> int:
        """The row number in the frame of what is shown in a row; below 0 for the row above a group and for no row."""
        order = self._frame_model.order
        return order[row] if 0 <= row < len(order) else -1

    def _symbol_at(self, row: int) -> str:
        return self._frame_model.symbol(self.id_at(row))

    def go(self, row: int, place: int = -1) -> None:
        """Make a row (and a column of it) the current one, as the user's choice, and bring it into view."""
        if 0 <= row < len(self._frame_model.order):
            self._make_current(row, place)
            self.scrollTo(self.currentIndex())

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:
            self._paint(painter, event)
        except Exception:
            _log.exception("the table could not be painted")
        painter.end()

    def _paint(self, painter: QPainter, event: QPaintEvent) -> None:
        clip, region = event.rect(), event.region()
        model, height = self._frame_model, self.verticalHeader().defaultSectionSize()
        if not model.order:
            return
        if self._painter is None:
            self._painter = RowPainter(model)
        top, left = self.verticalOffset(), self.horizontalOffset()
        frozen, ratio = self._head.frozen_width if left else 0, self.devicePixelRatioF()
        selection = self.selectionModel()
        current, wide = self.currentIndex().row() if self.hasFocus() else -1, self.viewport().width()
        whole = region.rectCount() == 1
        for row in range((top + clip.top()) // height, min(len(model.order), (top + clip.bottom()) // height + 1)):
            y = row * height - top
            if not whole and not region.intersects(QRect(0, y, wide, height)):
                continue
            id = model.order[row]
            chosen = selection.isRowSelected(row, _ROOT)
            look = "selected" if chosen else "hover" if row == self._hovered else "bg1" if id >= 0 else "bg2"
            picture = self._picture(id, look, height, ratio)
            painter.drawPixmap(QPoint(-left, y), picture)
            if frozen:
                part = QRect(0, 0, round(frozen * ratio), round(height * ratio))
                painter.drawPixmap(QRect(0, y, frozen, height), picture, part)
            if row == current:
                self._mark_current(painter, y, height)
        self._ticks.paint(painter)
        if frozen:
            painter.fillRect(QRect(frozen - 1, 0, 1, self.viewport().height()), self._painter.colors.color("line_strong"))

    def _mark_current(self, painter: QPainter, y: int, height: int) -> None:
        """A bar at the row's edge and a line under the cell that left and right arrow move."""
        assert self._painter is not None
        accent, place = self._painter.colors.color("accent"), self.currentIndex().column()
        painter.fillRect(QRect(0, y, 2, height - 1), accent)
        left, width, frozen = self._head.sectionPosition(place), self._head.sectionSize(place), self._head.frozen_width
        if left + width > frozen:  # not one of the columns that stay
            left -= self.horizontalOffset()
            width += min(0, left - frozen)
            left = max(left, frozen)
        painter.fillRect(QRect(left, y + height - 2, max(0, width), 2), accent)

    def cell_rect(self, row: int, place: int) -> QRect:
        """Where what can be seen of a cell lies in the viewport."""
        height = self.verticalHeader().defaultSectionSize()
        left, width = self._head.sectionPosition(place), self._head.sectionSize(place)
        if left + width > self._head.frozen_width:
            edge = self._head.frozen_width if self.horizontalOffset() else 0
            right = left + width - self.horizontalOffset()
            left = max(left - self.horizontalOffset(), edge)
            width = max(0, right - left)
        return QRect(left, row * height - self.verticalOffset(), width, height)

    def rows_in_view(self) -> range:
        """The rows that can be seen."""
        height, top = self.verticalHeader().defaultSectionSize(), self.verticalOffset()
        return range(top // height, min(len(self._frame_model.order), (top + self.viewport().height()) // height + 1))

    def patch_cell(self, id: int, place: int) -> None:
        """Paint one cell anew in the pictures that are kept of its row; `update_column` brings them to the screen."""
        if self._painter is not None:
            left, width = self._head.sectionPosition(place), self._head.sectionSize(place)
            for look, picture in self._pictures.of_row(id):
                self._painter.patch(picture, id, place, left, width, self._painter.colors.color(look))

    def update_column(self, place: int, first: int, last: int) -> None:
        """Have a column shown again from one row to another.

        One rectangle: to copy what has not changed between them is cheaper than to copy many pieces.
        """
        self.viewport().update(self.cell_rect(first, place).united(self.cell_rect(last, place)))

    def forget_row(self, id: int) -> None:
        """A row that cannot be seen has other values now."""
        self._pictures.forget(id)

    def _picture(self, id: int, look: str, height: int, ratio: float) -> QPixmap:
        picture = self._pictures.get(id, look, ratio)
        if picture is None:
            assert self._painter is not None
            spans = [(place, self._head.sectionPosition(place), self._head.sectionSize(place))
                     for place in range(len(self._frame_model.columns))]
            size = QSize(max(1, self._head.length()), height)
            picture = self._painter.row(id, spans, size, self._painter.colors.color(look), ratio)
            self._pictures.keep(id, look, picture, self.viewport().height() // height + 4)
        return picture

    def _forget_pictures(self, only_if_stale: bool = False) -> None:
        if only_if_stale and self._frame_model.table is self._painted_table:
            self._pictures.forget_groups()
            self.viewport().update()
            return
        self._painted_table = self._frame_model.table
        self._pictures.forget()
        self._painter = None
        self.viewport().update()

    # --- columns and density

    def _apply_density(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.row_height(self._mode))
        self._forget_pictures()

    def _lay_out_columns(self) -> None:
        self._head.lay_out(self._looks, self.viewport().width())
        self._laid_out()
        self._forget_pictures()

    def _widened(self) -> None:
        self._head.freeze(self.viewport().width())
        self._forget_pictures()

    # --- where the mouse is

    def indexAt(self, place: QPoint) -> QModelIndex:
        if place.x() < self._head.frozen_width and self.horizontalOffset():
            place = QPoint(place.x() - self.horizontalOffset(), place.y())
        return super().indexAt(place)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        symbol = self._symbol_at(current.row())
        if symbol and not self.quiet and current.row() != previous.row():
            self.selected.emit(symbol)

    def focusInEvent(self, event: QFocusEvent) -> None:
        with Quiet(self):  # Qt makes the first row current; that is no choice of the user's
            super().focusInEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        self._hover(index.row())
        kind = self._frame_model.kinds[index.column()] if index.isValid() else ""
        hand = kind in ("star", "end") or (index.isValid() and self.id_at(index.row()) < 0)
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange) and hasattr(self, "_ticks"):
            self._apply_density()
            self._lay_out_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            self._lay_out_columns()
