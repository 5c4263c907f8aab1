"""The widget panels use: a table with its menus, mouse and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal

from terminal.ui import theme
from terminal.ui.table import keys
from terminal.ui.table.arranged import ArrangedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QShowEvent
    from PySide6.QtWidgets import QMenu

    from terminal.api import Host
    from terminal.ui.table.look import Action, Look

_ROOT = QModelIndex()


class TableView(ArrangedTable):
    """Show a `Table` with `show_table`. All signals carry the symbol of the row, "" never.

    Keys are in `keys`. `selected`: another row became the current one by the user; `activated_symbol`: Enter or double
    click (also under the name `activated`, which hides Qt's own signal); `star_toggled(symbol, on)`; `sorted_by(keys)`;
    `columns_changed(names)` when the user chose other columns; `narrowed(shown, total)` when the filter row left other
    rows; `arranged`: the user sorted, filtered, grouped or coloured.

    `key` names the table among all, for saved views: the panel's id and `name`, unless given.
    """

    activated = Signal(str)
    star_toggled = Signal(str, bool)

    def __init__(self, host: Host | None = None, *, looks: Mapping[str, Look] | None = None, star: bool = False,
                 actions: Callable[[str], Sequence[Action]] | None = None, name: str = "Table",
                 now: Callable[[], datetime] | None = None, key: str = "") -> None:
        super().__init__(host, looks, now, star=star, menu=actions is not None)
        self._actions = actions
        self._corner: Any = None
        self.setAccessibleName(name)
        self._head.clicked.connect(self._header_clicked)
        self._head.placed.connect(self._place_corner)
        self._head.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._head.customContextMenuRequested.connect(self._show_head_menu)
        self.doubleClicked.connect(lambda index: self._activate(index.row()) if self.id_at(index.row()) >= 0 else None)
        self._apply_density()
        self.set_key(key or keys.table_key(str(getattr(host, "panel_id", "")), name))

    # --- out of the table

    def to_csv(self, separator: str = ",") -> str:
        """What is shown, in the order shown, with raw values (ISO dates, fractions, nothing for unknown)."""
        from terminal.ui.table.export import delimited

        return delimited(self._frame_model, self._frame_model.ids_shown(), separator)

    def copy(self, *, everything: bool = False, head: bool = True) -> None:
        """The selected rows (all, if none is, or on request) as tab-separated text, with a head line."""
        from terminal.ui.table.export import to_clipboard

        model = self._frame_model
        ids = [model.order[row] for row in sorted(index.row() for index in self.selectionModel().selectedRows())]
        chosen = list(dict.fromkeys(each for id in ids for each in ([id] if id >= 0 else model.group(id).ids)))
        if chosen and not everything:
            to_clipboard([(model, chosen)], head=head)
        else:
            shown = (each.model_shown for each in (self, *self.followers) if each is self or each.isVisible())
            to_clipboard([(each, each.ids_shown()) for each in shown], head=head)

    def export(self, *, everything: bool = False) -> None:
        """Ask for a file and write what is shown, or all rows and columns, to it as CSV or Parquet."""
        from terminal.ui.table.export import ask_and_write

        ask_and_write(self, everything=everything)

    # --- menus

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

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._corner is None and not self._head.isHidden():
            from terminal.ui.form import IconButton

            self._corner = IconButton("ellipsis-vertical", "Table menu: sort, filter, group, columns, views, copy, export",
                                      self.open_table_menu, size=14)
            self._corner.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._corner.setParent(self._head)
            self._corner.show()
            self._lay_out_columns()

    def _place_corner(self) -> None:
        if self._corner is not None:
            side = theme.scaled(24)
            self._corner.setGeometry(self._head.width() - side, 2, side, side)

    def open_table_menu(self) -> None:
        """Open the table's menu, about the column the keys are in."""
        place = self.currentIndex().column()
        kinds = self._frame_model.kinds
        name = self._frame_model.columns[place].name if 0 <= place < len(kinds) and kinds[place] not in ("star", "end") else ""
        self.table_menu(name).popup(self._head.mapToGlobal(QPoint(self._head.width() - 220, self._head.title_height)))

    def _show_head_menu(self, place: QPoint) -> None:
        at = self._head.section_at(place.x())
        name = self._frame_model.columns[at].name if at >= 0 and self._frame_model.kinds[at] not in ("star", "end") else ""
        self.table_menu(name).popup(self._head.mapToGlobal(place))

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

    # --- mouse and keys

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

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not keys.press(self, event):
            super().keyPressEvent(event)

    @property
    def stars(self) -> bool:
        return self._star

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
