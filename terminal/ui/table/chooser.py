"""The list of columns: search, tick, drag or move with Alt and the arrows, back to the standard. Each change is seen at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QAbstractItemView, QDialog, QLineEdit, QListWidget, QListWidgetItem

from terminal.ui import theme
from terminal.ui.form import Button, column, ghost, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QDropEvent, QKeyEvent

    from terminal.ui.table.view import TableView

_NAME = Qt.ItemDataRole.UserRole


class Chooser(QDialog):
    """The columns of one table."""

    def __init__(self, view: TableView) -> None:
        super().__init__(view)
        self._view = view
        self._filling = False
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Columns")
        self.setAccessibleName("Columns of the table")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a column")
        self.search.setAccessibleName("Find a column")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._find)
        self.list = Columns(self._moved)
        self.list.itemChanged.connect(lambda _: self._take())
        self.count = label("", "muted")
        reset = ghost("Standard columns", "rotate-ccw", self._reset)
        done = Button("Done", role="primary", on_click=self.accept)
        done.setDefault(True)
        hint = label("Drag to reorder, or Alt+↑ and Alt+↓. Space ticks.", "muted")
        self.setLayout(column(self.search, self.list, row(hint, 0, self.count), row(reset, 0, done), spacing=8,
                              margins=(14, 12, 14, 12)))
        self.resize(theme.scaled(360), theme.scaled(460))
        self._fill()
        self.search.setFocus()

    def _fill(self) -> None:
        view = self._view
        self._filling = True
        self.list.clear()
        table = view.table
        by_name = {each.name: each for each in table.columns} if table is not None else {}
        shown = [name for name in view.shown_columns if name in by_name]
        for name in [*shown, *(name for name in by_name if name not in shown)]:
            told = view.model_shown.told
            title, meaning = told.title_of(by_name[name]), told.meaning(by_name[name])
            item = QListWidgetItem(title, self.list)
            item.setData(_NAME, name)
            item.setToolTip(meaning)
            item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, meaning)
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsDragEnabled
            item.setFlags(flags if name == "symbol" else flags | Qt.ItemFlag.ItemIsEnabled)  # the ticker names the row
            item.setCheckState(Qt.CheckState.Checked if name in shown else Qt.CheckState.Unchecked)
        self._filling = False
        self.list.setCurrentRow(0)
        self._find(self.search.text())
        self._tell()

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(at) for at in range(self.list.count())]

    def _tell(self) -> None:
        shown = sum(item.checkState() == Qt.CheckState.Checked for item in self._items())
        self.count.setText(f"{shown} of {self.list.count()} shown")

    def _find(self, text: str) -> None:
        wanted = text.strip().lower()
        for item in self._items():
            item.setHidden(not all(word in f"{item.text()} {item.data(_NAME)} {item.toolTip()}".lower()
                                   for word in wanted.split()))

    def _moved(self) -> None:
        if not self._filling:
            self._take()

    def _take(self) -> None:
        if self._filling:
            return
        names = [item.data(_NAME) for item in self._items() if item.checkState() == Qt.CheckState.Checked]
        if names != self._view.shown_columns:
            self._view.choose_columns(names)
        self._tell()

    def _reset(self) -> None:
        self._view.choose_columns(None)
        self.search.clear()
        self._fill()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self.focusWidget() is self.search and event.key() == Qt.Key.Key_Down:
            found = next((item for item in self._items() if not item.isHidden()), None)
            if found is not None:
                self.list.setCurrentItem(found)
            self.list.setFocus()
        else:
            super().keyPressEvent(event)


class Columns(QListWidget):
    """The list itself: dragging and Alt with the arrows move a line."""

    def __init__(self, moved: Callable[[], None]) -> None:
        super().__init__()
        self._moved = moved
        self.setAccessibleName("Columns")
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.setDefaultDropAction(Qt.DropAction.MoveAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)

    def dropEvent(self, event: QDropEvent) -> None:
        super().dropEvent(event)
        QTimer.singleShot(0, self, self._moved)  # Qt takes the old line away after the drop

    def move_current(self, by: int) -> None:
        """Move the current line up (-1) or down (1), over those that the search hides."""
        at = self.currentRow()
        to = at + by
        while 0 <= to < self.count() and self.item(to).isHidden():
            to += by
        if at >= 0 and 0 <= to < self.count():
            blocked = self.blockSignals(True)
            self.insertItem(to, self.takeItem(at))
            self.setCurrentRow(to)
            self.blockSignals(blocked)
            self._moved()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.move_current(-1 if event.key() == Qt.Key.Key_Up else 1)
        else:
            super().keyPressEvent(event)
