"""The table of the terminal: shows any command's `Table`, fast, with the source of every number.

Rows are painted once and kept as pictures; scrolling, hovering and most sorting only copy them. Sorting is polars',
of row numbers. The columns up to the ticker stay while the others scroll.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QPainter
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTableView

from terminal.domain.sourced import Column, Table
from terminal.ui import theme
from terminal.ui.cells import RowPainter, RowPictures
from terminal.ui.form import EmptyState
from terminal.ui.header import Header
from terminal.ui.model import END, STAR, FrameModel, Look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent, QPixmap, QResizeEvent

    from terminal.api import Host
    from terminal.ui.model import Index

__all__ = ["Action", "Look", "TableView"]

_TICK_MS = 50
_ROOT = QModelIndex()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Action:
    """One entry of a row's menu; `run` gets the symbol. An empty title is a separator."""

    title: str
    run: Callable[[str], object] = lambda symbol: None
    icon: str = ""


class TableView(QTableView):
    """Show a `Table` with `show_table`. All signals carry the symbol of the row, "" never.

    Keys: arrows, Home, End and the first letters of a symbol move; Enter opens, Space stars, Alt+Down and Alt+Up sort by
    the current column, Ctrl+C copies, the menu key opens the row's menu.

    `selected`: another row became the current one by the user; `activated_symbol`: Enter or double click (also under
    the name `activated`, which hides Qt's own signal); `star_toggled(symbol, on)`; `sorted_by(keys)`;
    `columns_changed(names)` when the user chose other columns.
    """

    activated = Signal(str)
    selected = Signal(str)
    star_toggled = Signal(str, bool)
    sorted_by = Signal(list)
    columns_changed = Signal(list)

    def __init__(self, host: Host | None = None, *, looks: Mapping[str, Look] | None = None, star: bool = False,
                 actions: Callable[[str], Sequence[Action]] | None = None, name: str = "Table",
                 now: Callable[[], datetime] | None = None) -> None:
        super().__init__()
        self._looks = dict(looks or {})
        self._star = star
        self._actions = actions
        self._mode = str(getattr(host, "mode", "pro"))
        self._table: Table | None = None
        self._wanted: list[str] | None = None
        self._pictures = RowPictures()
        self._painted_table: Table | None = None
        self._painter: RowPainter | None = None
        self._hovered = -1
        self._quiet = False
        self._ticks: dict[tuple[str, str], Any] = {}
        self._frame_model = FrameModel(explain=host.explain if host is not None else None, now=now or (lambda: datetime.now(UTC)))
        self._frame_model.newbie = self._mode == "newbie"
        self.setModel(self._frame_model)
        self._head = Header(self._frame_model, self)
        self.setHorizontalHeader(self._head)
        self._empty = EmptyState("Nothing here yet")
        self._empty.setParent(self.viewport())
        self._tick_timer = QTimer(self, singleShot=True, interval=_TICK_MS)
        self._tick_timer.timeout.connect(self._apply_ticks)
        self._set_up(name)

    def _set_up(self, name: str) -> None:
        self.setAccessibleName(name)
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
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(self.verticalHeader().ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(16)
        self._head.clicked.connect(self._header_clicked)
        self._head.widened.connect(self._widened)
        self._head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._head.customContextMenuRequested.connect(lambda place: self.columns_menu().popup(self._head.mapToGlobal(place)))
        self.doubleClicked.connect(lambda index: self._activate(index.row()))
        self._apply_density()

    # --- content

    def show_table(self, table: Table, columns: Sequence[str] | None = None, keep_selection: bool = True) -> None:
        """Show `table`. `columns` names those to be shown and their order; None: all in Pro, the marked ones in Newbie.

        Sorting is kept where its columns still exist; the current symbol stays current without being told again.
        """
        current = self.current_symbol() if keep_selection else ""
        place = self.verticalScrollBar().value() if keep_selection and self._table is not None else 0
        self._table = table
        if columns is not None:
            self._wanted = list(columns)
        with _Quiet(self):
            self._frame_model.set_table(table, self._shown_columns(table), self._looks)
            self._head.simulated = table.simulated
            self._after_reset(current)
            self.verticalScrollBar().setValue(place)
        self._lay_out_columns()

    def set_columns(self, names: Sequence[str] | None) -> None:
        """Show other columns of the same table; None: the mode's own choice."""
        self._wanted = None if names is None else list(names)
        self._rebuild()

    def set_mode(self, mode: str) -> None:
        """Newbie or Pro: row height, titles, tooltips, and (unless chosen by hand) columns."""
        self._mode = mode
        self._frame_model.newbie = mode == "newbie"
        self._apply_density()
        self._rebuild()

    def set_rows(self, ids: Sequence[int] | None) -> None:
        """Show only these rows of the frame (by number, None: all), in the order sorted by. Pictures are kept."""
        current = self.current_symbol()
        with _Quiet(self):
            self._frame_model.set_rows(ids)
            self._after_reset(current)

    def set_starred(self, symbols: Sequence[str]) -> None:
        """The symbols whose star is lit."""
        changed = self._frame_model.starred ^ set(symbols)
        self._frame_model.starred = set(symbols)
        if changed:
            self._forget_pictures()

    def set_empty(self, title: str, text: str = "", icon: str = "inbox", action: str = "",
                  on_action: Callable[[], object] | None = None) -> None:
        """What is shown when there is no row."""
        self._empty.set_message(title, text, icon, action, on_action)

    def update_cells(self, name: str, values: Mapping[str, Any]) -> None:
        """Newer values of one column by symbol (live quotes); painted at most 20 times a second."""
        for symbol, value in values.items():
            self._ticks[(symbol, name)] = value
        if self._ticks and not self._tick_timer.isActive():
            self._tick_timer.start()

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by (column, descending); unknown values come last either way."""
        current = self.current_symbol()
        with _Quiet(self):
            self._frame_model.sort_by(keys)
            self._after_reset(current)
        self._head.viewport().update()

    @property
    def sort_keys(self) -> list[tuple[str, bool]]:
        return list(self._frame_model.sort_keys)

    @property
    def shown_columns(self) -> list[str]:
        """Names of the columns shown, without star and menu."""
        return [column.name for column in self._frame_model.columns if column.name not in (STAR, END)]

    @property
    def table(self) -> Table | None:
        return self._table

    def symbols(self) -> list[str]:
        """Symbols in the order shown."""
        return [self._frame_model.symbol(id) for id in self._frame_model.order]

    def current_symbol(self) -> str:
        row = self.currentIndex().row()
        return self._symbol_at(row)

    def selected_symbols(self) -> list[str]:
        """Symbols of all selected rows, from top to bottom."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [symbol for row in rows if (symbol := self._symbol_at(row))]

    def select_symbol(self, symbol: str) -> bool:
        """Make a symbol current without telling; False when it is not shown."""
        row = self._frame_model.find(symbol)
        if row >= 0:
            with _Quiet(self):
                self._make_current(row)
                self.scrollTo(self._frame_model.index(row, 0))
        return row >= 0

    def to_csv(self, separator: str = ",") -> str:
        """What is shown, in the order shown, with raw values (ISO dates, fractions, nothing for unknown)."""
        return self._frame_model.delimited(self._frame_model.order, separator)

    def copy(self) -> None:
        """The selected rows (all, if none is) as tab-separated text with a head line."""
        rows = sorted(index.row() for index in self.selectionModel().selectedRows())
        ids = [self._frame_model.order[row] for row in rows] or self._frame_model.order
        QGuiApplication.clipboard().setText(self._frame_model.delimited(ids, "\t"))

    def columns_menu(self) -> QMenu:
        """A menu with a tick for each column of the table."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        shown = self.shown_columns
        for column in self._table.columns if self._table is not None else ():
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(column.name in shown)
            action.setEnabled(column.name != "symbol")
            action.toggled.connect(lambda on, name=column.name: self._toggle_column(name, on))
        menu.addSeparator()
        menu.addAction("Standard columns").triggered.connect(lambda *_: self._user_columns(None))
        return menu

    def _shown_columns(self, table: Table) -> list[Column]:
        by_name = {column.name: column for column in table.columns}
        if self._wanted is not None:
            columns = [by_name[name] for name in self._wanted if name in by_name]
        else:
            columns = [column for column in table.columns if self._mode != "newbie" or column.newbie]
        end = Column(END, "Actions" if self._actions is not None else "")
        return [*([Column(STAR, "")] if self._star else []), *columns, end]

    def _rebuild(self) -> None:
        if self._table is not None:
            self.show_table(self._table)
        self._forget_pictures()

    def _user_columns(self, names: list[str] | None) -> None:
        self.set_columns(names)
        self.columns_changed.emit(self.shown_columns if names is not None else [])

    def _toggle_column(self, name: str, on: bool) -> None:
        shown = self.shown_columns
        if not on:
            self._user_columns([each for each in shown if each != name])
        elif self._table is not None:
            order = [column.name for column in self._table.columns]
            after = [each for each in shown if order.index(each) < order.index(name)]
            at = shown.index(after[-1]) + 1 if after else 0
            self._user_columns([*shown[:at], name, *shown[at:]])

    def _after_reset(self, symbol: str) -> None:
        self._forget_pictures(only_if_stale=True)
        self._hovered = -1
        row = self._frame_model.find(symbol)
        if row >= 0:
            self._make_current(row)
        self._empty.setVisible(not self._frame_model.order)
        self._head.setVisible(bool(self._frame_model.columns))

    def _make_current(self, row: int, place: int = -1) -> None:
        flags = QItemSelectionModel.SelectionFlag
        first = place if place >= 0 else next((at for at, kind in enumerate(self._frame_model.kinds) if kind != "star"), 0)
        self.selectionModel().setCurrentIndex(self._frame_model.index(row, first), flags.ClearAndSelect | flags.Rows)

    def _symbol_at(self, row: int) -> str:
        order = self._frame_model.order
        return self._frame_model.symbol(order[row]) if 0 <= row < len(order) else ""

    def _apply_ticks(self) -> None:
        ticks, self._ticks = self._ticks, {}
        ids = {self._frame_model.symbol(id): id for id in self._frame_model.order}
        for (symbol, name), value in ticks.items():
            if symbol in ids and self._frame_model.update_cell(ids[symbol], name, value) >= 0:
                self._pictures.forget(ids[symbol])
        self.viewport().update()

    # --- columns and density

    def _apply_density(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.row_height(self._mode))
        self._forget_pictures()

    def _lay_out_columns(self) -> None:
        self._head.lay_out(self._looks, self.viewport().width())
        self._forget_pictures()

    def _widened(self) -> None:
        self._head.freeze(self.viewport().width())
        self._forget_pictures()

    def _header_clicked(self, place: int, add: bool) -> None:
        model = self._frame_model
        kind, name = model.kinds[place], model.columns[place].name
        if kind in ("star", "end"):
            return
        keys = dict(model.sort_keys)
        descending = not keys[name] if name in keys else kind not in ("text", "ticker", "muted")
        self.sort_by(list((keys | {name: descending}).items()) if add else [(name, descending)])
        self.sorted_by.emit(self.sort_keys)

    # --- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        try:
            self._paint(painter, event.rect())
        except Exception:
            _log.exception("the table could not be painted")
        painter.end()

    def _paint(self, painter: QPainter, clip: QRect) -> None:
        model, height = self._frame_model, self.verticalHeader().defaultSectionSize()
        if not model.order:
            return
        if self._painter is None:
            self._painter = RowPainter(model)
        top, left = self.verticalOffset(), self.horizontalOffset()
        frozen, ratio = self._head.frozen_width if left else 0, self.devicePixelRatioF()
        selection = self.selectionModel()
        for row in range((top + clip.top()) // height, min(len(model.order), (top + clip.bottom()) // height + 1)):
            chosen = selection.isRowSelected(row, _ROOT)
            look = "selected" if chosen else "hover" if row == self._hovered else "bg1"
            picture = self._picture(model.order[row], look, height, ratio)
            y = row * height - top
            painter.drawPixmap(QPoint(-left, y), picture)
            if frozen:
                part = QRect(0, 0, round(frozen * ratio), round(height * ratio))
                painter.drawPixmap(QRect(0, y, frozen, height), picture, part)
            if row == self.currentIndex().row() and self.hasFocus():
                self._mark_current(painter, y, height)
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
            self.viewport().update()
            return
        self._painted_table = self._frame_model.table
        self._pictures.forget()
        self._painter = None
        self.viewport().update()

    # --- events

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange) and hasattr(self, "_tick_timer"):
            self._apply_density()
            self._lay_out_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().rect())
        if event.oldSize().width() != event.size().width():
            self._lay_out_columns()

    def indexAt(self, place: QPoint) -> QModelIndex:
        if place.x() < self._head.frozen_width and self.horizontalOffset():
            place = QPoint(place.x() - self.horizontalOffset(), place.y())
        return super().indexAt(place)

    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        self.viewport().update()
        symbol = self._symbol_at(current.row())
        if symbol and not self._quiet and current.row() != previous.row():
            self.selected.emit(symbol)

    def focusInEvent(self, event: QFocusEvent) -> None:
        with _Quiet(self):  # Qt makes the first row current; that is no choice of the user's
            super().focusInEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        self._hover(index.row())
        kind = self._frame_model.kinds[index.column()] if index.isValid() else ""
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if kind in ("star", "end") else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        kind = self._frame_model.kinds[index.column()] if index.isValid() else ""
        if event.button() == Qt.MouseButton.LeftButton and kind in ("star", "end"):
            self._press_cell(kind, index.row(), event.globalPosition().toPoint())
            return
        super().mousePressEvent(event)

    def _press_cell(self, kind: str, row: int, place: QPoint) -> None:
        if kind == "star":
            self._toggle_star(row)
        else:
            self._show_menu(row, place)

    def _toggle_star(self, row: int) -> None:
        symbol = self._symbol_at(row)
        if symbol and self._star:
            starred = self._frame_model.starred
            on = symbol not in starred
            self.set_starred([*(starred - {symbol}), *([symbol] if on else [])])
            self.star_toggled.emit(symbol, on)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        index = self.indexAt(event.pos()) if event.reason() == event.Reason.Mouse else self.currentIndex()
        place = event.globalPos() if event.reason() == event.Reason.Mouse else \
            self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).bottomLeft())
        self._show_menu(index.row(), place)

    def row_menu(self, symbol: str) -> QMenu:
        """The menu of a row: the panel's actions, then copying."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self._actions(symbol) if self._actions is not None and symbol else ():
            if not action.title:
                menu.addSeparator()
                continue
            entry = menu.addAction(action.title)
            if action.icon:
                entry.setIcon(theme.icon(action.icon))
            entry.triggered.connect(lambda *_, run=action.run: run(symbol))
        if not menu.isEmpty():
            menu.addSeparator()
        menu.addAction("Copy rows").triggered.connect(lambda *_: self.copy())
        return menu

    def _show_menu(self, row: int, place: QPoint) -> None:
        if 0 <= row < len(self._frame_model.order):
            if not self.selectionModel().isRowSelected(row, _ROOT):
                self._make_current(row)
            self.row_menu(self._symbol_at(row)).popup(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, row, last = event.key(), self.currentIndex().row(), len(self._frame_model.order) - 1
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._activate(row)
        elif key == Qt.Key.Key_Space and self._star:
            self._toggle_star(row)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End) and not event.modifiers() and last >= 0:
            self._make_current(0 if key == Qt.Key.Key_Home else last)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down) and event.modifiers() & Qt.KeyboardModifier.AltModifier:
            self._sort_current(descending=key == Qt.Key.Key_Down)
        elif key == Qt.Key.Key_Escape and self.selectionModel().hasSelection():
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    def _sort_current(self, *, descending: bool) -> None:
        place = self.currentIndex().column()
        if place >= 0 and self._frame_model.kinds[place] not in ("star", "end"):
            self.sort_by([(self._frame_model.columns[place].name, descending)])
            self._make_current(max(0, self.currentIndex().row()), place)
            self.sorted_by.emit(self.sort_keys)

    def keyboardSearch(self, search: str) -> None:
        row = self._frame_model.find_text(search, max(0, self.currentIndex().row() + (len(search) == 1)))
        if row >= 0:
            self._make_current(row)

    def _activate(self, row: int) -> None:
        symbol = self._symbol_at(row)
        if symbol:
            self.activated.emit(symbol)


class _Quiet:
    """While inside, a change of the current row is not told."""

    def __init__(self, view: TableView) -> None:
        self._view = view

    def __enter__(self) -> None:
        self._view._quiet = True

    def __exit__(self, *_: object) -> None:
        self._view._quiet = False
