"""The widget: content, order, selection and painting.

Rows are painted once and kept as pictures; scrolling, hovering and most sorting only copy them. Sorting is polars',
of row numbers. The columns up to the ticker stay while the others scroll.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView, QTableView

from terminal.domain.sourced import Column, Table
from terminal.domain.table_state import TableState
from terminal.ui import theme
from terminal.ui.form import EmptyState
from terminal.ui.table import keys
from terminal.ui.table.cells import RowPainter, RowPictures
from terminal.ui.table.header import Header
from terminal.ui.table.look import END, STAR, Action, Look
from terminal.ui.table.model import FrameModel
from terminal.ui.table.ticks import Ticks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PySide6.QtGui import (
        QContextMenuEvent,
        QFocusEvent,
        QKeyEvent,
        QMouseEvent,
        QPaintEvent,
        QPixmap,
        QResizeEvent,
        QShowEvent,
    )
    from PySide6.QtWidgets import QMenu

    from terminal.api import Host
    from terminal.domain.sourced import Source
    from terminal.ui.table.filters import FilterRow
    from terminal.ui.table.model import Index

_ROOT = QModelIndex()
_log = logging.getLogger(__name__)


class TableView(QTableView):
    """Show a `Table` with `show_table`. All signals carry the symbol of the row, "" never.

    Keys are in `keys`. `selected`: another row became the current one by the user; `activated_symbol`: Enter or double
    click (also under the name `activated`, which hides Qt's own signal); `star_toggled(symbol, on)`; `sorted_by(keys)`;
    `columns_changed(names)` when the user chose other columns; `narrowed(shown, total)` when the filter row left other
    rows; `arranged`: the user sorted, filtered, grouped or coloured.

    `key` names the table among all, for saved views: the panel's id and `name`, unless given.
    """

    activated = Signal(str)
    selected = Signal(str)
    star_toggled = Signal(str, bool)
    sorted_by = Signal(list)
    columns_changed = Signal(list)
    narrowed = Signal(int, int)
    arranged = Signal()

    def __init__(self, host: Host | None = None, *, looks: Mapping[str, Look] | None = None, star: bool = False,
                 actions: Callable[[str], Sequence[Action]] | None = None, name: str = "Table",
                 now: Callable[[], datetime] | None = None, key: str = "") -> None:
        super().__init__()
        self.host = host
        self._looks = dict(looks or {})
        self._star = star
        self._actions = actions
        self._mode = str(getattr(host, "mode", "pro"))
        self._table: Table | None = None
        self._wanted: list[str] | None = None
        self._chosen: dict[str, list[str]] = {}  # the user's own columns, by mode
        self._default_empty: tuple[Any, ...] = ("Nothing here yet",)
        self._pictures = RowPictures()
        self._painted_table: Table | None = None
        self._painter: RowPainter | None = None
        self._hovered = -1
        self._quiet = False
        self._frame_model = FrameModel(explain=host.explain if host is not None else None, now=now or (lambda: datetime.now(UTC)))
        self._frame_model.newbie = self._mode == "newbie"
        self.setModel(self._frame_model)
        self._head = Header(self._frame_model, self)
        self.setHorizontalHeader(self._head)
        self._filter_row: FilterRow | None = None
        self._corner: Any = None
        self._heard: set[str] = set()
        self._fits_rows = False
        self._empty = EmptyState("Nothing here yet")
        self._empty.setParent(self.viewport())
        self._ticks = Ticks(self)
        self._set_up(name)
        self.key = ""
        self.set_key(key or keys.table_key(str(getattr(host, "panel_id", "")), name))

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
        self._head.customContextMenuRequested.connect(self._show_head_menu)
        self.doubleClicked.connect(lambda index: self._activate(index.row()) if self.id_at(index.row()) >= 0 else None)
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
        """The panel's choice of columns of the same table; None: the mode's own. What the user chose stands before it."""
        self._wanted = None if names is None else list(names)
        self._rebuild()

    def choose_columns(self, names: Sequence[str] | None) -> None:
        """The user's choice, kept for the mode whatever the panel wants later; None goes back to the panel's."""
        if names is None:
            self._chosen.pop(self._mode, None)
        else:
            self._chosen[self._mode] = list(names)
        self._rebuild()
        self.columns_changed.emit(self.shown_columns if names is not None else [])

    def unpin_columns(self) -> None:
        """Forget the user's choice without showing it yet: the panel is about to show something else."""
        self._chosen.clear()

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
        self._default_empty = (title, text, icon, action, on_action)
        self._say_empty()

    def _say_empty(self) -> None:
        model = self._frame_model
        if model.rows_in_all and not model.order and model.filters:
            self._empty.set_message("No row passes the filters below the titles", "Loosen one of them, or take them all away.",
                                    "filter-x", "Clear the filters", lambda: self.set_filters({}))
        else:
            self._empty.set_message(*self._default_empty)
        self._empty.setVisible(not model.order)

    def update_cells(self, name: str, values: Mapping[str, Any], source: Source | None = None) -> None:
        """Newer values of one column by symbol (live quotes) and where they came from.

        Painted at most 20 times a second, each changed cell alone. Rows stay where they are until the next sorting.
        """
        self._ticks.put(name, values, source)

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by (column, descending); unknown values come last either way."""
        current = self.current_symbol()
        with _Quiet(self):
            self._frame_model.sort_by(keys)
            self._after_reset(current)
        self._head.viewport().update()

    def set_filters(self, typed: Mapping[str, str]) -> None:
        """What is typed below the titles, by column (`terminal.domain.table_filter`); {} shows all rows."""
        current = self.current_symbol()
        with _Quiet(self):
            self._frame_model.set_filters(typed)
            self._after_reset(current)
        if self._filter_row is not None:
            self._filter_row.refresh()
        self._head.viewport().update()
        self.narrowed.emit(self._frame_model.matching, self._frame_model.rows_in_all)
        self.arranged.emit()

    @property
    def filters(self) -> dict[str, str]:
        return dict(self._frame_model.typed)

    def show_filters(self, on: bool = True, focus: str = "") -> None:
        """Open or close the filter row; closing takes the filters away. `focus`: the column whose cell gets the keys."""
        if on and self._filter_row is None:
            from terminal.ui.table.filters import FilterRow

            self._filter_row = FilterRow(self)
            self._place_corner()
        elif not on and self._filter_row is not None:
            self._filter_row.close()
            self._filter_row = None
            self._place_corner()
            if self.filters:
                self.set_filters({})
        if self._filter_row is not None and focus:
            self._filter_row.focus(focus)

    @property
    def filters_shown(self) -> bool:
        return self._filter_row is not None

    def set_group(self, name: str) -> None:
        """Put rows with the same value of a column together; "" for no groups."""
        current = self.current_symbol()
        with _Quiet(self):
            self._frame_model.set_group(name)
            self._after_reset(current)
        self.arranged.emit()

    @property
    def group(self) -> str:
        return self._frame_model.group_by

    def toggle_group(self, row: int) -> None:
        """Open or close the group whose row this is."""
        if (id := self.id_at(row)) < 0 <= row:
            with _Quiet(self):
                self._frame_model.toggle_group(id)
                self._after_reset("")
                if row < len(self._frame_model.order):
                    self._make_current(row)

    def refresh_rows(self) -> None:
        """The model shows other rows: selection, pictures and height follow."""
        current = self.current_symbol()
        with _Quiet(self):
            self._after_reset(current)

    def set_colour(self, name: str, rule: str) -> None:
        """Colour a column's numbers by a rule of `look.COLOURS`."""
        self._frame_model.colours[name] = rule
        self._forget_pictures()
        self.arranged.emit()

    def table_state(self) -> TableState:
        """Columns, order, filters, grouping and colours as they are now."""
        model = self._frame_model
        return TableState(tuple(self.shown_columns), tuple(model.sort_keys), dict(model.typed), model.group_by,
                          dict(model.colours))

    def use_state(self, state: TableState) -> list[str]:
        """Show the table that way; names of columns that this table does not have (they appear when it has them)."""
        model = self._frame_model
        if state.columns:
            self._chosen[self._mode] = list(state.columns)
        model.colours = dict(state.colours)
        with _Quiet(self):
            model.sort_keys, model.group_by = list(state.sort), state.group
            model.typed = dict(state.filters)
        self._rebuild()
        self.show_filters(bool(state.filters) or self.filters_shown)
        self.set_filters(state.filters)
        if state.columns:
            self.columns_changed.emit(self.shown_columns)
        self.sorted_by.emit(self.sort_keys)
        present = {column.name for column in self._table.columns} if self._table is not None else set()
        return [name for name in state.columns if name not in present]

    def set_key(self, key: str) -> None:
        """Another kind of table is shown from now on: its own saved views, none of the user's choices so far."""
        if key == self.key:
            return
        if self.key:
            self._chosen.clear()
            model = self._frame_model
            model.sort_keys, model.group_by, model.colours, model.typed = [], "", {}, {}
            self.show_filters(False)
        self.key = key
        hear = getattr(self.host, "on", None)
        if key and hear is not None and key not in self._heard:
            self._heard.add(key)
            hear(f"views.{key}", lambda payload: self._told_view(key, payload))

    def _told_view(self, key: str, payload: Mapping[str, Any]) -> None:
        if key == self.key and (absent := self.use_state(TableState.of(payload.get("state") or {}))) and self.host is not None:
            self.host.notify(f"Not in this table now: {', '.join(absent)}. Those columns appear when it has them.", "warn")

    def fit_rows(self) -> None:
        """From now on as tall as its rows and its head, for tables that stand below each other."""
        self._fits_rows = True
        self._fit()

    def _fit(self) -> None:
        if self._fits_rows:
            head = self._head.sizeHint().height() if not self._head.isHidden() else 0
            rows = len(self._frame_model.order) or 4 * (not self._head.isHidden())
            self.setFixedHeight(rows * self.verticalHeader().defaultSectionSize() + head + 2)

    def follow(self, leader: TableView) -> None:
        """Take columns, order, filters, grouping and colours of another table whenever they change there."""
        def take() -> None:
            theirs = leader.table_state()
            if theirs != self.table_state():
                self._frame_model.typed, self._frame_model.sort_keys = dict(theirs.filters), list(theirs.sort)
                self._frame_model.group_by, self._frame_model.colours = theirs.group, dict(theirs.colours)
                self._chosen = {mode: list(names) for mode, names in leader._chosen.items()}
                self._rebuild()

        if leader is not self:
            leader.arranged.connect(take)
            leader.sorted_by.connect(lambda _: take())
            leader.columns_changed.connect(lambda _: take())

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
        return [self._frame_model.symbol(id) for id in self._frame_model.order if id >= 0]

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
        from terminal.ui.table.export import delimited

        return delimited(self._frame_model, self._frame_model.ids_shown(), separator)

    def copy(self, *, everything: bool = False, head: bool = True) -> None:
        """The selected rows (all, if none is, or on request) as tab-separated text, with a head line."""
        from terminal.ui.table.export import to_clipboard

        model = self._frame_model
        ids = [model.order[row] for row in sorted(index.row() for index in self.selectionModel().selectedRows())]
        chosen: list[int] = [each for id in ids for each in ([id] if id >= 0 else model.group(id).ids)]
        to_clipboard(model, model.ids_shown() if everything or not chosen else list(dict.fromkeys(chosen)), head=head)

    def export(self, *, everything: bool = False) -> None:
        """Ask for a file and write what is shown, or all rows and columns, to it as CSV or Parquet."""
        from terminal.ui.table.export import ask_and_write

        ask_and_write(self, everything=everything)

    def columns_menu(self) -> QMenu:
        """A menu with a tick for each column of the table."""
        from terminal.ui.table.menus import columns_menu

        return columns_menu(self)

    def row_menu(self, symbol: str) -> QMenu:
        """The menu of a row: the panel's actions, then copying."""
        from terminal.ui.table.menus import row_menu

        return row_menu(self, self._actions, symbol)

    def table_menu(self, name: str = "") -> QMenu:
        """The menu of the table, and of its column `name`: sort, filter, group, colour, columns, views, copy, export."""
        from terminal.ui.table.menus import table_menu

        return table_menu(self, name)

    def open_chooser(self) -> None:
        """Open the list of columns: search, tick, move, back to the standard."""
        from terminal.ui.table.chooser import Chooser

        Chooser(self).open()

    def _shown_columns(self, table: Table) -> list[Column]:
        by_name = {column.name: column for column in table.columns}
        wanted = self._chosen.get(self._mode, self._wanted)
        if wanted is not None:
            columns = [by_name[name] for name in wanted if name in by_name]
        else:
            columns = [column for column in table.columns if self._mode != "newbie" or column.newbie]
        end = Column(END, "Actions" if self._actions is not None else "")
        return [*([Column(STAR, "")] if self._star else []), *columns, end]

    def _rebuild(self) -> None:
        if self._table is not None:
            self.show_table(self._table)
        self._forget_pictures()

    def _after_reset(self, symbol: str) -> None:
        self._forget_pictures(only_if_stale=True)
        self._hovered = -1
        row = self._frame_model.find(symbol)
        if row >= 0:
            self._make_current(row)
        self._say_empty()
        self._fit()

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

    # --- columns and density

    def _apply_density(self) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.row_height(self._mode))
        self._forget_pictures()

    def _lay_out_columns(self) -> None:
        self._head.lay_out(self._looks, self.viewport().width())
        if self._filter_row is not None:
            self._filter_row.refresh()
        self._fit()
        self._forget_pictures()

    def _widened(self) -> None:
        self._head.freeze(self.viewport().width())
        self._forget_pictures()

    def _header_clicked(self, place: int, add: bool) -> None:
        model = self._frame_model
        kind, name = model.kinds[place], model.columns[place].name
        if kind in ("star", "end"):
            return
        sorted_so_far = dict(model.sort_keys)
        first = kind not in ("text", "ticker", "muted")
        descending = not sorted_so_far[name] if name in sorted_so_far else first
        if add and name in sorted_so_far and descending == first:  # both ways were shown: take it out again
            self.user_sort([key for key in model.sort_keys if key[0] != name])
        else:
            self.user_sort(list((sorted_so_far | {name: descending}).items()) if add else [(name, descending)])

    def user_sort(self, sort: Sequence[tuple[str, bool]]) -> None:
        """Sort as the user asked, and tell."""
        self.sort_by(sort)
        self.sorted_by.emit(self.sort_keys)

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
        for row in range((top + clip.top()) // height, min(len(model.order), (top + clip.bottom()) // height + 1)):
            y = row * height - top
            if not region.intersects(QRect(0, y, self.viewport().width(), height)):
                continue
            id = model.order[row]
            chosen = selection.isRowSelected(row, _ROOT)
            look = "selected" if chosen else "hover" if row == self._hovered else "bg1" if id >= 0 else "bg2"
            picture = self._picture(id, look, height, ratio)
            painter.drawPixmap(QPoint(-left, y), picture)
            if frozen:
                part = QRect(0, 0, round(frozen * ratio), round(height * ratio))
                painter.drawPixmap(QRect(0, y, frozen, height), picture, part)
            if row == self.currentIndex().row() and self.hasFocus():
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

    def repaint_cell(self, id: int, row: int, place: int) -> None:
        """Paint one cell anew, in the pictures that are kept of its row and on the screen."""
        if self._painter is not None:
            left, width = self._head.sectionPosition(place), self._head.sectionSize(place)
            for look, picture in self._pictures.of_row(id):
                self._painter.patch(picture, id, place, left, width, self._painter.colors.color(look))
        self.update_cell(row, place)

    def update_cell(self, row: int, place: int) -> None:
        """Have one cell shown again."""
        self.viewport().update(self.cell_rect(row, place))

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

    # --- events

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.StyleChange, QEvent.Type.FontChange) and hasattr(self, "_ticks"):
            self._apply_density()
            self._lay_out_columns()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().rect())
        if event.oldSize().width() != event.size().width():
            self._lay_out_columns()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._corner is None and not self._head.isHidden():
            from terminal.ui.form import IconButton

            self._corner = IconButton("ellipsis-vertical", "Table menu: sort, filter, group, columns, views, copy, export",
                                      self._show_table_menu, size=14)
            self._corner.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._corner.setParent(self._head)
            self._head.placed.connect(self._place_corner)
            self._head.beside = theme.scaled(24)
            self._lay_out_columns()
            self._corner.show()
            self._place_corner()

    def _place_corner(self) -> None:
        if self._corner is not None:
            wide = self._filter_row.needs if self._filter_row is not None else 0
            self._head.beside = max(theme.scaled(24), wide)
            side = theme.scaled(24)
            self._corner.setGeometry(self._head.width() - side, 2, side, side)

    def _show_table_menu(self) -> None:
        place = self.currentIndex().column()
        kinds = self._frame_model.kinds
        name = self._frame_model.columns[place].name if 0 <= place < len(kinds) and kinds[place] not in ("star", "end") else ""
        self.table_menu(name).popup(self._head.mapToGlobal(QPoint(self._head.width() - 220, self._head.title_height)))

    def _show_head_menu(self, place: QPoint) -> None:
        at = self._head.section_at(place.x())
        name = self._frame_model.columns[at].name if at >= 0 and self._frame_model.kinds[at] not in ("star", "end") else ""
        self.table_menu(name).popup(self._head.mapToGlobal(place))

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

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        kind = self._frame_model.kinds[index.column()] if index.isValid() else ""
        if event.button() == Qt.MouseButton.LeftButton and index.isValid() and self.id_at(index.row()) < 0:
            self.toggle_group(index.row())
            return
        if event.button() == Qt.MouseButton.LeftButton and kind in ("star", "end"):
            self._press_cell(kind, index.row(), event.globalPosition().toPoint())
            return
        super().mousePressEvent(event)

    def _press_cell(self, kind: str, row: int, place: QPoint) -> None:
        if kind == "star":
            self.toggle_star(row)
        else:
            self._show_menu(row, place)

    def toggle_star(self, row: int) -> None:
        """Put the row's symbol on or off the watchlist."""
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

    def _show_menu(self, row: int, place: QPoint) -> None:
        if 0 <= row < len(self._frame_model.order):
            if not self.selectionModel().isRowSelected(row, _ROOT):
                self._make_current(row)
            self.row_menu(self._symbol_at(row)).popup(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not keys.press(self, event):
            super().keyPressEvent(event)

    @property
    def stars(self) -> bool:
        return self._star

    @property
    def model_shown(self) -> FrameModel:
        return self._frame_model

    @property
    def head(self) -> Header:
        return self._head

    def go(self, row: int, place: int = -1) -> None:
        """Make a row (and a column of it) the current one, as the user's choice, and bring it into view."""
        if 0 <= row < len(self._frame_model.order):
            self._make_current(row, place)
            self.scrollTo(self.currentIndex())

    def keyboardSearch(self, search: str) -> None:
        row = self._frame_model.find_text(search, max(0, self.currentIndex().row() + (len(search) == 1)))
        if row >= 0:
            self._make_current(row)

    def activate(self, row: int) -> None:
        """Open the row, or open or close the group."""
        if self.id_at(row) < 0:
            self.toggle_group(row)
        else:
            self._activate(row)

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
