"""The table's keys.

Arrows, Page up and down, Home and End move; with Ctrl to the edge; with Shift they select. The first letters of a symbol
find it. Enter opens, Space stars; on a group's row both open and close it, as Left and Right do. Alt+Down and Alt+Up sort
by the current column, with Shift in addition. Ctrl+Shift+F opens the filter row, F10 the table's menu, the menu key the
row's. Ctrl+C copies the rows, Ctrl+Shift+C without the head.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, Qt

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

    from terminal.ui.table.view import TableView

_KEY = Qt.Key
_CTRL, _SHIFT, _ALT = (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier)
_ARROWS = (_KEY.Key_Up, _KEY.Key_Down, _KEY.Key_Left, _KEY.Key_Right)


def table_key(panel: str, name: str) -> str:
    """The name of a panel's table among all tables: `earnings.reports`."""
    slug = re.sub(r"\W+", "-", name.lower()).strip("-")
    return ".".join(part for part in (panel, slug if slug != "table" else "") if part) or "table"


def press(view: TableView, event: QKeyEvent) -> bool:
    """Do what a key means; False for one that means nothing here."""
    key, held, row = event.key(), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier, view.currentIndex().row()
    if held == _CTRL | _SHIFT and key == _KEY.Key_F:
        column = current_column(view)
        view.show_filters(not view.filters_shown, column)
    elif held in (_CTRL, _CTRL | _SHIFT) and key == _KEY.Key_C:
        view.copy(head=not held & _SHIFT)
    elif key == _KEY.Key_F10 and not held:
        view.open_table_menu()
    elif key in (_KEY.Key_Return, _KEY.Key_Enter):
        view.activate(row)
    elif view.id_at(row) < 0 <= row and not held and key in (_KEY.Key_Space, _KEY.Key_Left, _KEY.Key_Right):
        is_open = view.model_shown.is_open(view.id_at(row))
        if key == _KEY.Key_Space or (key == _KEY.Key_Left) == is_open:
            view.toggle_group(row)
    elif key == _KEY.Key_Space and view.stars:
        view.toggle_star(row)
    elif held & _ALT and key in (_KEY.Key_Up, _KEY.Key_Down):
        _sort(view, descending=key == _KEY.Key_Down, add=bool(held & _SHIFT))
    elif key in (_KEY.Key_Home, _KEY.Key_End) or (held & _CTRL and key in _ARROWS):
        _to_edge(view, key, select=bool(held & _SHIFT))
    elif key == _KEY.Key_Escape and view.selectionModel().hasSelection():
        view.clearSelection()
    else:
        return False
    return True


def current_column(view: TableView) -> str:
    """The column the keys are in; the first one with a title where they are in none."""
    model, place = view.model_shown, view.currentIndex().column()
    if not 0 <= place < len(model.columns) or model.kinds[place] in ("star", "end"):
        place = model.told.group_place
    return model.columns[place].name if place < len(model.columns) else ""


def _to_edge(view: TableView, key: int, *, select: bool) -> None:
    """To the first or last row (Home, End, Ctrl with up and down) or column (Ctrl with left and right)."""
    model, last = view.model_shown, len(view.model_shown.order) - 1
    row, place = max(0, view.currentIndex().row()), view.currentIndex().column()
    if last < 0:
        return
    if key in (_KEY.Key_Left, _KEY.Key_Right):
        titled = [at for at, kind in enumerate(model.kinds) if kind not in ("star", "end")]
        view.go(row, titled[0 if key == _KEY.Key_Left else -1])
        return
    target = 0 if key in (_KEY.Key_Home, _KEY.Key_Up) else last
    if not select:
        view.go(target, place)
        return
    flags = QItemSelectionModel.SelectionFlag
    between = QItemSelection(model.index(min(row, target), 0), model.index(max(row, target), 0))
    view.selectionModel().select(between, flags.ClearAndSelect | flags.Rows)
    view.selectionModel().setCurrentIndex(model.index(target, max(place, 0)), flags.NoUpdate)


def _sort(view: TableView, *, descending: bool, add: bool) -> None:
    model, place = view.model_shown, view.currentIndex().column()
    if place < 0 or model.kinds[place] in ("star", "end"):
        return
    name = model.columns[place].name
    keys = [key for key in view.sort_keys if key[0] != name] if add else []
    view.sort_by([*keys, (name, descending)])
    view.go(max(0, view.currentIndex().row()), place)
    view.sorted_by.emit(view.sort_keys)
