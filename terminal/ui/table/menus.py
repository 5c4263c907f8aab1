"""The table's menus: of a row, of the columns, and of the table with everything it can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu

from terminal.domain.table_rows import groupable
from terminal.ui import theme
from terminal.ui.table.look import COLOURS
from terminal.ui.table.saved import views_menu

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from terminal.ui.table.look import Action
    from terminal.ui.table.view import TableView


def _menu(view: TableView, title: str = "") -> QMenu:
    menu = QMenu(title, view)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, not title)
    return menu


def _add(menu: QMenu, title: str, run: Callable[[], object], icon: str = "", keys: str = "", *, on: bool = True) -> None:
    entry = menu.addAction(f"{title}\t{keys}" if keys else title)
    if icon:
        entry.setIcon(theme.icon(icon))
    entry.setEnabled(on)
    entry.triggered.connect(lambda *_: run())


def row_menu(view: TableView, actions: Callable[[str], Sequence[Action]] | None, symbol: str) -> QMenu:
    """The panel's actions for a symbol, then copying."""
    menu = _menu(view)
    for action in actions(symbol) if actions is not None and symbol else ():
        if not action.title:
            menu.addSeparator()
        else:
            _add(menu, action.title, lambda run=action.run: run(symbol), action.icon)  # type: ignore[misc]
    if not menu.isEmpty():
        menu.addSeparator()
    _add(menu, "Copy rows", view.copy)
    return menu


def columns_menu(view: TableView) -> QMenu:
    """A tick for each column of the table."""
    menu = _menu(view)
    shown = view.shown_columns
    order = [column.name for column in view.table.columns] if view.table is not None else []

    def toggle(name: str, on: bool) -> None:
        if not on:
            view.choose_columns([each for each in view.shown_columns if each != name])
            return
        before = [each for each in view.shown_columns if each in order and order.index(each) < order.index(name)]
        at = view.shown_columns.index(before[-1]) + 1 if before else 0
        view.choose_columns([*view.shown_columns[:at], name, *view.shown_columns[at:]])

    for column in view.table.columns if view.table is not None else ():
        action = menu.addAction(column.title)
        action.setCheckable(True)
        action.setChecked(column.name in shown)
        action.setEnabled(column.name != "symbol")
        action.toggled.connect(lambda on, name=column.name: toggle(name, on))
    menu.addSeparator()
    _add(menu, "Standard columns", lambda: view.choose_columns(None))
    return menu


def table_menu(view: TableView, name: str) -> QMenu:
    """All that can be done with the table; the first part is about its column `name`, if one is meant."""
    menu, model = _menu(view), view.model_shown
    if (column := model.shown(name)) is not None:
        title = model.told.title_of(column)
        heading = menu.addAction(title)
        heading.setEnabled(False)
        others = [key for key in view.sort_keys if key[0] != name]
        down, up = _directions(view, name)
        _add(menu, down, lambda: view.user_sort([(name, True)]), "arrow-down-wide-narrow", "Alt+Down")
        _add(menu, up, lambda: view.user_sort([(name, False)]), "arrow-up-narrow-wide", "Alt+Up")
        if others:
            _add(menu, f"Then by this, {down.lower()}", lambda: view.user_sort([*others, (name, True)]), "", "Shift+Alt+Down")
            _add(menu, f"Then by this, {up.lower()}", lambda: view.user_sort([*others, (name, False)]), "", "Shift+Alt+Up")
        _add(menu, "Filter …", lambda: view.show_filters(True, name), "filter", "Ctrl+Shift+F")
        if model.group_by != name and groupable(column, model.frame[name]):
            _add(menu, f"Group by {title}", lambda: view.set_group(name), "group")
        if model.kinds[model.place_of(name)] in ("number", "change", "signed"):
            menu.addMenu(_colours(view, name))
        if name != "symbol":
            hidden = [each for each in view.shown_columns if each != name]
            _add(menu, "Hide this column", lambda: view.choose_columns(hidden), "eye-off")
        menu.addSeparator()
    _of_table(view, menu)
    return menu


def _directions(view: TableView, name: str) -> tuple[str, str]:
    """What descending and ascending mean for the column."""
    dtype = view.model_shown.frame.schema[name]
    if name == "verdict":
        return "Best first", "Worst first"
    if dtype.is_temporal():
        return "Latest first", "Earliest first"
    return ("Largest first", "Smallest first") if dtype.is_numeric() or dtype.is_nested() else ("Z to A", "A to Z")


def _of_table(view: TableView, menu: QMenu) -> None:
    model = view.model_shown
    if model.sort_keys:
        _add(menu, "Do not sort", lambda: view.user_sort([]))
    if model.groups:
        _add(menu, "Open all groups", lambda: _groups(view, False))
        _add(menu, "Close all groups", lambda: _groups(view, True))
        _add(menu, "Do not group", lambda: view.set_group(""), "ungroup")
    if view.filters_shown:
        _add(menu, "Close the filter row", lambda: view.show_filters(False), "filter-x", "Ctrl+Shift+F")
    else:
        _add(menu, "Filter row", lambda: view.show_filters(True, "symbol"), "filter", "Ctrl+Shift+F")
    _add(menu, "Columns …", view.open_chooser, "columns-3")
    if view.host is not None and getattr(view.host, "has_command", lambda _: False)("views.save"):
        menu.addMenu(views_menu(view))
    menu.addSeparator()
    some = bool(model.order)
    copy = _menu(view, "Copy")
    copy.setIcon(theme.icon("copy"))
    _add(copy, "Selected rows", view.copy, "", "Ctrl+C", on=some)
    _add(copy, "Selected rows without titles", lambda: view.copy(head=False), "", "Ctrl+Shift+C", on=some)
    _add(copy, "All rows shown", lambda: view.copy(everything=True), on=some)
    _add(copy, "All rows shown, without titles", lambda: view.copy(everything=True, head=False), on=some)
    menu.addMenu(copy)
    if hasattr(view.host, "save_file"):
        export = _menu(view, "Export to CSV or Parquet")
        export.setIcon(theme.icon("download"))
        _add(export, "What is shown …", view.export, on=some)
        _add(export, "All rows and columns …", lambda: view.export(everything=True), on=view.table is not None)
        menu.addMenu(export)


def _groups(view: TableView, close: bool) -> None:
    view.model_shown.close_groups(close)
    view.refresh_rows()


def _colours(view: TableView, name: str) -> QMenu:
    menu = _menu(view, "Colour")
    menu.setIcon(theme.icon("palette"))
    group = QActionGroup(menu)
    present = view.model_shown.colour(view.model_shown.place_of(name))
    for rule, title in COLOURS.items():
        entry = menu.addAction(title)
        entry.setCheckable(True)
        entry.setChecked(rule == present)
        group.addAction(entry)
        entry.triggered.connect(lambda *_, rule=rule: view.set_colour(name, rule))
    return menu
