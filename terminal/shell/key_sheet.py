"""The sheet of shortcuts (`?` or F1): every key on one page, searchable, and changed right there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from terminal.errors import UserError
from terminal.shell.keys import DECLARED, FIXED, PLACES, Keys, check, types
from terminal.ui import theme
from terminal.ui.form import Button, label, row

if TYPE_CHECKING:
    from terminal.shell.keys import Shortcut
    from terminal.shell.window import MainWindow

ID = Qt.ItemDataRole.UserRole
ASK = "Choose a line and press Enter to change its keys."


class KeyField(QLineEdit):
    """Takes the next key press as keys instead of as text; Tab leaves it, Esc lets go."""

    pressed = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setPlaceholderText("Press the new keys")
        self.setAccessibleName("New keys: press them")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride:  # keys that are bound already are wanted here, too
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        from terminal.shell.key_actions import written

        keys = written(event)
        if keys == "Esc":
            self.left.emit()
        elif keys in ("Tab", "Shift+Tab"):
            super().keyPressEvent(event)
        elif keys:
            self.setText(keys)
            self.pressed.emit(keys)


class KeySheet(QDialog):
    """All shortcuts by group, function codes and what every control understands; changed keys hold at once."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window, self._keys = window, Keys(window.settings)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys")
        self.setAccessibleName("Keys")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search keys, functions and codes")
        self.search.setAccessibleName("Search the list of keys")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _: self.fill())
        self.search.installEventFilter(self)
        self.tree = self._tree()
        self.field = KeyField()
        self.field.pressed.connect(self._pressed)
        self.field.left.connect(self._let_go)
        self.field.setFixedWidth(theme.scaled(170))
        self.say = label(ASK, "muted", wrap=True)
        self.set = Button("Set", "primary", on_click=lambda: self._bind(take=False))
        self.take = Button("Take them over", on_click=lambda: self._bind(take=True))
        self.remove = Button("No keys", on_click=self._unbind)
        self.standard = Button("Standard keys", on_click=self._reset)
        self.take.hide()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(10)
        box.addWidget(self.search)
        box.addWidget(self.tree, 1)
        box.addWidget(self.say)
        box.addLayout(row(self.field, self.set, self.take, self.remove, self.standard, 0, Button("Close", on_click=self.accept)))
        self.resize(theme.scaled(720), min(theme.scaled(680), window.height() - 60))
        self.fill()
        self.search.setFocus()

    def _tree(self) -> QTreeWidget:
        tree = QTreeWidget()
        tree.setColumnCount(3)
        tree.setHeaderLabels(["What it does", "Keys", "Where"])
        tree.setAccessibleName("Keys and what they do")
        tree.setRootIsDecorated(False)
        tree.setIndentation(8)
        tree.setUniformRowHeights(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setTabKeyNavigation(False)
        tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        tree.header().setStretchLastSection(False)
        tree.itemActivated.connect(lambda *_: self._begin())
        tree.currentItemChanged.connect(lambda *_: self._chosen())
        return tree

    # ---- what is shown ----

    def _groups(self) -> dict[str, list[tuple[str, str, str, str]]]:
        """(id, what, keys, where) by group; the id is empty for what cannot be changed."""
        groups: dict[str, list[tuple[str, str, str, str]]] = {}
        rail = self._window.workspace.in_rail() if self._window.workspace is not None else []
        for shortcut in self._keys.all():
            title = shortcut.title
            if shortcut.group == "Panels":
                place = int(shortcut.id.rpartition("-")[2])
                if place > len(rail):
                    continue
                title = rail[place - 1].title
            groups.setdefault(shortcut.group, []).append((shortcut.id, title, "   ".join(shortcut.keys), PLACES[shortcut.where]))
        search = self._keys.of("search") or "the search"
        panels = self._window.workspace.specs.values() if self._window.workspace is not None else ()
        codes = [("", panel.title + (", with a symbol: " + panel.codes[0] + " AAPL" if panel.follows_symbol else ""),
                  "   ".join(panel.codes), f"Typed in {search}")
                 for panel in sorted(panels, key=lambda each: (each.order, each.id)) if panel.codes]
        return {**groups, "Function codes": codes, "In every control": [("", what, keys, "Everywhere") for keys, what in FIXED]}

    def fill(self) -> None:
        """Show the shortcuts that answer to the search."""
        chosen = self.chosen_id()
        words = self.search.text().lower().split()
        self.tree.blockSignals(True)
        self.tree.clear()
        bold = theme.font(11, QFont.Weight.DemiBold)
        first = None
        for name, lines in self._groups().items():
            fitting = [line for line in lines if all(word in f"{name} {' '.join(line)}".lower() for word in words)]
            if not fitting:
                continue
            head = QTreeWidgetItem(self.tree, [name])
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            head.setFont(0, bold)
            head.setForeground(0, theme.tokens().color("t3"))
            head.setFirstColumnSpanned(True)
            for id_, what, keys, where in fitting:
                item = QTreeWidgetItem(head, [what, keys or "–", where])
                item.setData(0, ID, id_)
                item.setFont(1, theme.font(12, QFont.Weight.DemiBold))
                item.setForeground(2, theme.tokens().color("t3"))
                if first is None or (chosen and id_ == chosen):
                    first = item
            head.setExpanded(True)
        self.tree.blockSignals(False)
        if first is None:
            nothing = QTreeWidgetItem(self.tree, ["No key is called that. Clear the search to see all."])
            nothing.setFlags(Qt.ItemFlag.ItemIsEnabled)
            nothing.setFirstColumnSpanned(True)
        if first is not None:
            self.tree.setCurrentItem(first)
        self._chosen()

    def chosen_id(self) -> str:
        """The shortcut of the line that is chosen; empty when it cannot be changed."""
        item = self.tree.currentItem()
        return str(item.data(0, ID) or "") if item is not None else ""

    def choose(self, id_: str) -> None:
        """Choose the line of a shortcut."""
        found = self.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive)
        for item in found:
            if item.data(0, ID) == id_:
                self.tree.setCurrentItem(item)

    def _shortcut(self) -> Shortcut | None:
        return self._keys.find(self.chosen_id()) if self.chosen_id() else None

    def _chosen(self) -> None:
        found = self._shortcut()
        self.field.clear()
        self.take.hide()
        for widget in (self.field, self.set, self.remove, self.standard):
            widget.setEnabled(found is not None)
        self.set.setEnabled(False)
        self.standard.setEnabled(found is not None and found.own)
        self._tell(ASK if found is not None else "This one cannot be changed.")

    def _tell(self, text: str, tone: str = "") -> None:
        self.say.setText(text)
        theme.set_role(self.say, role="muted", tone=tone)

    # ---- changing ----

    def _begin(self) -> None:
        if self.chosen_id():
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _let_go(self) -> None:
        self._chosen()
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _pressed(self, keys: str) -> None:
        found = self._shortcut()
        if found is None:
            return
        try:
            check(keys, found.where)
        except UserError as problem:
            self._tell(problem.sentence(), "error")
            self.set.setEnabled(False)
            return
        other = self._keys.clash(found.id, keys, found.where)
        self.take.setVisible(other is not None)
        self.set.setEnabled(other is None)
        if other is not None:
            self._tell(f"{keys} already does this: {other.title} ({PLACES[other.where].lower()}).", "warn")
            self.take.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        typing = " It does nothing while you type in a field." if types(keys) and found.where == "window" else ""
        self._tell(f"{keys}: press Set to use it for {found.title[:1].lower()}{found.title[1:]}.{typing}")
        self.set.setFocus(Qt.FocusReason.OtherFocusReason)

    def _change(self, command: str, **arguments: object) -> None:
        """Through the command, as everything else; the sheet follows the setting."""
        self._window.work(lambda: self._window.app.run(command, arguments), lambda _: self._changed(), key="keys",
                          fail=lambda problem: self._tell(problem.sentence(), "error"))

    def _changed(self) -> None:
        self.fill()
        found = self._shortcut()
        if found is not None:
            self._tell(f"{found.title}: {' or '.join(found.keys) or 'no keys'}.", "ok")
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _bind(self, *, take: bool) -> None:
        if self.chosen_id() and self.field.text():
            self._change("window.bind", shortcut=self.chosen_id(), keys=[self.field.text()], take=take)

    def _unbind(self) -> None:
        found = self._shortcut()
        if found is not None and found.keys:
            self._change("window.unbind", shortcut=found.id)

    def _reset(self) -> None:
        if self.chosen_id():
            command = "window.keys_reset" if self.chosen_id() in DECLARED else "window.unbind"
            self._change(command, shortcut=self.chosen_id())

    # ---- keyboard ----

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if watched is self.search and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return False


def show_keys(window: MainWindow) -> None:
    """Open the sheet of shortcuts, or bring the open one to the front."""
    present = window.findChild(KeySheet)
    sheet: QWidget = present if present is not None else KeySheet(window)
    sheet.show()
    sheet.raise_()
    sheet.activateWindow()
