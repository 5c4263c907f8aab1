"""Saved views of a table in its menu: use one, keep the present one under a name, delete. All through `views` commands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLineEdit, QMenu

from terminal.ui import theme
from terminal.ui.form import Button, column, label, row

if TYPE_CHECKING:
    from terminal.domain.sourced import Table
    from terminal.domain.table_state import TableState
    from terminal.ui.table.view import TableView


def arguments(state: TableState) -> dict[str, Any]:
    """A state as the options of `views save`."""
    return {"columns": list(state.columns), "sort": state.sort_words, "group": state.group,
            "filters": [f"{name}: {text}" for name, text in state.filters.items()],
            "colours": [f"{name}: {rule}" for name, rule in state.colours.items() if rule]}


def views_menu(view: TableView) -> QMenu:
    """The saved views of the table; they are read while the menu is open."""
    menu = QMenu("Views", view)
    menu.setIcon(theme.icon("bookmark"))
    reading = menu.addAction("Reading …")
    reading.setEnabled(False)
    host = view.host
    assert host is not None

    def read(table: Table) -> None:
        names = table.frame["name"].to_list()
        menu.removeAction(reading)
        for name in names or ["None saved yet"]:
            entry = menu.addAction(name)
            entry.setEnabled(bool(names))
            menu.insertAction(line, entry)
            entry.triggered.connect(lambda *_, name=name: use(view, name))
        if names:
            gone = QMenu("Delete", menu)
            gone.setIcon(theme.icon("trash-2"))
            for name in names:
                gone.addAction(name).triggered.connect(lambda *_, name=name: delete(view, name))
            menu.addMenu(gone)

    line = menu.addSeparator()
    save = menu.addAction("Save this view …")
    save.triggered.connect(lambda *_: NameDialog(view).open())
    host.run("views.list", {"table": view.key}, then=_while_there(menu, read), fail=lambda _: None, key=f"views.{view.key}")
    return menu


def _while_there(menu: QMenu, then: Any) -> Any:
    from shiboken6 import isValid

    return lambda table: then(table) if isValid(menu) else None


def use(view: TableView, name: str) -> None:
    """Show the table as it was saved; the command tells every table of that key."""
    assert view.host is not None
    view.host.run("views.use", {"name": name, "table": view.key}, then=lambda _: None)


def delete(view: TableView, name: str) -> None:
    """Delete a saved view; it can be restored."""
    host = view.host
    assert host is not None
    host.run("views.delete", {"name": name, "table": view.key}, then=lambda _: host.notify(
        f"The view {name} was deleted. Ctrl+K, “Bring back a deleted view” undoes it.", "ok"))


class NameDialog(QDialog):
    """Asks for the name of the present view and keeps it."""

    def __init__(self, view: TableView) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Save this view")
        self.setAccessibleName("Save this view")
        self.name = QLineEdit()
        self.name.setAccessibleName("Name of the view")
        self.name.setPlaceholderText("Such as Cheap and growing")
        self.name.setMaxLength(60)
        self._save = Button("Save", role="primary", on_click=self.keep)
        self._save.setDefault(True)
        self._save.setEnabled(False)
        self.name.textChanged.connect(lambda text: self._save.setEnabled(bool(text.strip())))
        told = label("Columns, order, filters, grouping and colours. A view of the same name is replaced.", "muted", wrap=True)
        self.setLayout(column(self.name, told, row(0, Button("Cancel", on_click=self.reject), self._save), spacing=10,
                              margins=(16, 14, 16, 14)))
        self.resize(theme.scaled(360), self.sizeHint().height())
        self.name.setFocus()

    def keep(self) -> None:
        """Save through the command, and tell."""
        host, name = self._view.host, self.name.text().strip()
        if host is None or not name:
            return
        host.run("views.save", {"name": name, "table": self._view.key, **arguments(self._view.table_state())},
                 then=lambda _: host.notify(f"The view {name} is saved.", "ok"))
        self.accept()
