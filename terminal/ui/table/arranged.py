"""What a table shows and how the user wants it: columns, order, filters, groups, colours, and saved views of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal

from terminal.domain.sourced import Column, Table
from terminal.domain.table_state import TableState
from terminal.ui.form import EmptyState
from terminal.ui.table.look import END, STAR
from terminal.ui.table.painted import PaintedTable, Quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from PySide6.QtGui import QResizeEvent

    from terminal.api import Host
    from terminal.domain.sourced import Source
    from terminal.ui.table.filters import FilterRow
    from terminal.ui.table.look import Look


class ArrangedTable(PaintedTable):
    """Content and arrangement of a table; `TableView` adds menus, mouse and keys."""

    sorted_by = Signal(list)
    columns_changed = Signal(list)
    narrowed = Signal(int, int)
    arranged = Signal()

    def __init__(self, host: Host | None, looks: Mapping[str, Look] | None, now: Callable[[], datetime] | None, *,
                 star: bool, menu: bool) -> None:
        super().__init__(host, looks, now)
        self._star = star
        self._menu = menu
        self._table: Table | None = None
        self._wanted: list[str] | None = None
        self._chosen: dict[str, list[str]] = {}  # the user's own columns, by mode
        self._filter_row: FilterRow | None = None
        self._heard: set[str] = set()
        self._fits_rows = False
        self.followers: list[ArrangedTable] = []
        self.key = ""
        self._default_empty: tuple[Any, ...] = ("Nothing here yet",)
        self._empty = EmptyState("Nothing here yet")
        self._empty.setParent(self.viewport())

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
        with Quiet(self):
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
        with Quiet(self):
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

    def _shown_columns(self, table: Table) -> list[Column]:
        by_name = {column.name: column for column in table.columns}
        wanted = self._chosen.get(self._mode, self._wanted)
        if wanted is not None:
            columns = [by_name[name] for name in wanted if name in by_name]
        else:
            columns = [column for column in table.columns if self._mode != "newbie" or column.newbie]
        end = Column(END, "Actions" if self._menu else "")
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

    # --- order, filters, groups

    def sort_by(self, keys: Sequence[tuple[str, bool]]) -> None:
        """Sort by (column, descending); unknown values come last either way."""
        current = self.current_symbol()
        with Quiet(self):
            self._frame_model.sort_by(keys)
            self._after_reset(current)
        self._head.viewport().update()

    def user_sort(self, sort: Sequence[tuple[str, bool]]) -> None:
        """Sort as the user asked, and tell."""
        self.sort_by(sort)
        self.sorted_by.emit(self.sort_keys)

    @property
    def sort_keys(self) -> list[tuple[str, bool]]:
        return list(self._frame_model.sort_keys)

    def set_filters(self, typed: Mapping[str, str]) -> None:
        """What is typed below the titles, by column (`terminal.domain.table_filter`); {} shows all rows."""
        current = self.current_symbol()
        with Quiet(self):
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
        elif not on and self._filter_row is not None:
            self._filter_row.close()
            self._filter_row = None
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
        with Quiet(self):
            self._frame_model.set_group(name)
            self._after_reset(current)
        self.arranged.emit()

    @property
    def group(self) -> str:
        return self._frame_model.group_by

    def toggle_group(self, row: int) -> None:
        """Open or close the group whose row this is."""
        if (id := self.id_at(row)) < 0 <= row:
            with Quiet(self):
                self._frame_model.toggle_group(id)
                self._after_reset("")
                if row < len(self._frame_model.order):
                    self._make_current(row)

    def refresh_rows(self) -> None:
        """The model shows other rows: selection, pictures and height follow."""
        current = self.current_symbol()
        with Quiet(self):
            self._after_reset(current)

    def set_colour(self, name: str, rule: str) -> None:
        """Colour a column's numbers by a rule of `look.COLOURS`."""
        self._frame_model.colours[name] = rule
        self._forget_pictures()
        self.arranged.emit()

    # --- all of it at once

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
        with Quiet(self):
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

    def follow(self, leader: ArrangedTable) -> None:
        """Take columns, order, filters, grouping and colours of another table whenever they change there."""
        def take() -> None:
            theirs = leader.table_state()
            if theirs != self.table_state():
                self._frame_model.typed, self._frame_model.sort_keys = dict(theirs.filters), list(theirs.sort)
                self._frame_model.group_by, self._frame_model.colours = theirs.group, dict(theirs.colours)
                self._chosen = {mode: list(names) for mode, names in leader._chosen.items()}
                self._rebuild()

        if leader is not self:
            leader.followers.append(self)
            leader.arranged.connect(take)
            leader.sorted_by.connect(lambda _: take())
            leader.columns_changed.connect(lambda _: take())

    def fit_rows(self) -> None:
        """From now on as tall as its rows and its head, for tables that stand below each other."""
        self._fits_rows = True
        self._fit()

    def _fit(self) -> None:
        if self._fits_rows:
            head = self._head.sizeHint().height() if not self._head.isHidden() else 0
            rows = len(self._frame_model.order) or 4 * (not self._head.isHidden())
            self.setFixedHeight(rows * self.verticalHeader().defaultSectionSize() + head + 2)

    # --- what is there

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
            with Quiet(self):
                self._make_current(row)
                self.scrollTo(self._frame_model.index(row, 0))
        return row >= 0

    def _laid_out(self) -> None:
        if self._filter_row is not None:
            self._filter_row.refresh()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._empty.setGeometry(self.viewport().rect())
