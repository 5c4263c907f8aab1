"""Binds the shortcuts to one window, and again whenever they change."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QTextEdit, QWidget
from shiboken6 import isValid

from terminal.shell.focus_ring import FocusRing
from terminal.shell.keys import DECLARED, Keys, types
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.shell.keys import Shortcut
    from terminal.shell.window import MainWindow

# Parts with keys of their own, named so that they need not be imported before a panel does.
PARTS = (("table", "terminal.ui.table", "TableView"), ("chart", "terminal.ui.chart", "Chart"))
TEXT = (QLineEdit, QPlainTextEdit, QTextEdit, QAbstractSpinBox)


def combination(keys: str) -> QKeyCombination:
    """Keys as they are written here, as Qt has them."""
    sequence: Any = QKeySequence.fromString(keys, QKeySequence.SequenceFormat.PortableText)
    found: QKeyCombination = sequence[0]
    return found


def written(event: QKeyEvent) -> str:
    """The keys of a key press as they are written here; empty while only Ctrl, Alt, Shift or Meta is held."""
    from terminal.errors import UserError
    from terminal.shell.keys import spell

    key = Qt.Key(event.key()) if event.key() in Qt.Key._value2member_map_ else Qt.Key.Key_unknown
    if key in (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr, Qt.Key.Key_unknown):
        return ""
    if key == Qt.Key.Key_Backtab:
        key = Qt.Key.Key_Tab
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    text = QKeySequence(QKeyCombination(held, key)).toString(QKeySequence.SequenceFormat.PortableText)
    try:
        return spell(text)
    except UserError:
        return ""


def writing(widget: QWidget | None) -> bool:
    """Whether what is typed goes into a text."""
    return (isinstance(widget, TEXT) and widget.isEnabled()) or (isinstance(widget, QComboBox) and widget.isEditable())


class KeyActions(QObject):
    """The actions of one window. Keys inside tables and charts are translated to the ones those parts understand."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.keys = Keys(window.settings)
        self._actions: list[QAction] = []
        self._listening: QWidget | None = None
        self._moved: dict[str, dict[str, str]] = {}
        self._spoken: dict[str, str] = {}
        self._floats: list[QWidget] = []
        self.slots: Mapping[str, Callable[[], object]] = self._slots()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)
        self.ring = FocusRing(window)
        self.apply()

    def _slots(self) -> dict[str, Callable[[], object]]:
        from terminal.shell.key_sheet import show_keys

        window = self._window

        def refresh() -> None:
            if window.has_command("market.refresh"):
                window.run_command("market.refresh", {})

        def another() -> None:
            if window.has_command("window.new"):
                window.run_command("window.new", {})

        return {
            "search": window.open_palette, "keys": lambda: show_keys(window),
            "next-panel": lambda: window.next_panel(1), "previous-panel": lambda: window.next_panel(-1),
            "close-panel": self._close_panel, "float-panel": self._float_panel, "edge-panel": self._edge_panel,
            "next-tab": partial(self._next_tab, 1), "previous-tab": partial(self._next_tab, -1),
            "layouts": window.choose_layout, "link": window.choose_link, "day": window.choose_day,
            "day-back": partial(window.go_to_day, "back"), "day-forward": partial(window.go_to_day, "forward"),
            "day-today": partial(window.go_to_day, "today"),
            "mode": lambda: window.set_mode("newbie" if window.mode == "pro" else "pro"),
            "theme": lambda: window.set_look(theme="light" if theme.tokens().name == "dark" else "dark"),
            "font-larger": partial(window.step_font, 1), "font-smaller": partial(window.step_font, -1),
            "font-usual": partial(window.step_font, 0),
            "preferences": lambda: window.open_panel("preferences", focus=True),
            "messages": lambda: window.open_panel("activity", focus=True),
            "undo": self._undo, "refresh": refresh, "new-window": another,
            "close-window": window.close, "quit": window.quit,
            **{f"panel-{place}": partial(self._open_nth, place) for place in range(1, 10)},
        }

    # ---- binding ----

    def apply(self) -> None:
        """Bind the keys in force."""
        for action in self._actions:
            for holder in (self._window, *self._floats):
                if isValid(holder):
                    holder.removeAction(action)
            action.deleteLater()
        self._actions = []
        self._moved = {}
        for shortcut in self.keys.all():
            if shortcut.where == "window":
                self._bind(shortcut)
            elif shortcut.own and not shortcut.asked:
                self._translate(shortcut)
        self._say()
        self._listen(QApplication.focusWidget())

    def _bind(self, shortcut: Shortcut) -> None:
        for keys in shortcut.keys:
            action = QAction(shortcut.title, self._window)
            action.setShortcut(QKeySequence(combination(keys)))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.triggered.connect(partial(self._pressed, shortcut.id, keys))
            self._window.addAction(action)
            for floating in self._floats:
                if isValid(floating):
                    floating.addAction(action)
            self._actions.append(action)

    def _pressed(self, id_: str, keys: str, _checked: bool = False) -> None:
        if not (types(keys) and writing(QApplication.focusWidget())):
            self.fire(id_)

    def fire(self, id_: str) -> None:
        """Do what the shortcut does."""
        slot = self.slots.get(id_)
        if slot is not None:
            slot()
        else:
            self._run_line(id_)

    def _run_line(self, text: str) -> None:
        from terminal.shell.palette_line import commands_by_group, read

        window = self._window
        if not window.attached:
            return
        line = read(f"{text} ", commands_by_group(window.app.registry.commands().values()))
        if line is None or line.command is None or line.problem is not None:
            window.notify(f"The key for {text!r} cannot be used: there is no such command.", "warn")
        elif line.missing:
            window.ask_command(line.command.id, dict(line.arguments))
        else:
            window.run_command(line.command.id, dict(line.arguments))

    def _say(self) -> None:
        """The keys in force, where the frame names them."""
        bar = self._window.topbar
        if hasattr(bar, "show_keys"):
            bar.show_keys({id_: self.keys.of(id_) for id_ in ("search", "preferences", "mode", "messages")})
        if hasattr(self._window, "buttons"):
            self._window.buttons.show_keys([self.keys.of(f"panel-{place}") for place in range(1, 10)])

    # ---- the panel that has the keyboard ----

    def _panel(self) -> str | None:
        workspace = self._window.workspace
        return workspace.docks.owner_of(QApplication.focusWidget()) if workspace is not None else None

    def _close_panel(self) -> None:
        panel, workspace = self._panel(), self._window.workspace
        if panel is not None and workspace is not None:
            workspace.docks.close(panel)
            workspace.docks.focus_next(1)

    def _undo(self) -> None:
        """What the part with the keyboard can take back itself (a chart its drawings), else what was done last."""
        widget = QApplication.focusWidget()
        while widget is not None:
            own = getattr(widget, "undo", None)
            if callable(own):
                own()
                return
            widget = widget.parentWidget()
        if self._window.shown is not None:
            self._window.shown.undo.take_back()

    def _float_panel(self) -> None:
        panel, workspace = self._panel(), self._window.workspace
        if panel is not None and workspace is not None:
            workspace.docks.float(panel)
            workspace.docks.focus(panel)

    def _edge_panel(self) -> None:
        panel, workspace = self._panel(), self._window.workspace
        if panel is not None and workspace is not None:
            workspace.docks.to_edge(panel)

    def _next_tab(self, step: int) -> None:
        if self._window.workspace is not None:
            self._window.workspace.docks.next_tab(step)

    def _open_nth(self, place: int) -> None:
        workspace = self._window.workspace
        if workspace is not None and place <= len(workspace.in_rail()):
            self._window.open_panel(workspace.in_rail()[place - 1].id, focus=True)

    # ---- floating windows, tables and charts ----

    def _translate(self, shortcut: Shortcut) -> None:
        """Inside a table or chart: the new keys mean the standard ones, and the standard ones mean nothing any more."""
        table = self._moved.setdefault(shortcut.where, {})
        standard = DECLARED[shortcut.id].keys[0]
        for keys in DECLARED[shortcut.id].keys:
            table.setdefault(keys, "")
        for keys in shortcut.keys:
            table[keys] = standard

    def _focus_moved(self, _old: QWidget | None, now: QWidget | None) -> None:
        if now is not None and isValid(now):
            self._adopt(now.window())
            self._listen(now)

    def _adopt(self, top: QWidget) -> None:
        """A floating panel is a window of its own: it gets the keys of the main window, too."""
        if top is self._window or top in self._floats or "Floating" not in top.metaObject().className():
            return
        if self._window.workspace is None or not self._window.workspace.docks.owner_of(QApplication.focusWidget()):
            return
        self._floats = [each for each in self._floats if isValid(each)]
        self._floats.append(top)
        top.addActions(self._actions)

    def _listen(self, widget: QWidget | None) -> None:
        if self._listening is not None and isValid(self._listening):
            self._listening.removeEventFilter(self)
        self._listening = None
        if widget is not None and self._place(widget) in self._moved:
            widget.installEventFilter(self)
            self._listening = widget

    @staticmethod
    def _place(widget: QWidget | None) -> str:
        kinds = [(kind, where) for where, module, name in PARTS
                 if (kind := getattr(sys.modules.get(module), name, None)) is not None]
        while widget is not None:
            for kind, where in kinds:
                if isinstance(widget, kind):
                    return where
            widget = widget.parentWidget()
        return ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        meant = self._moved.get(self._place(watched), {}).get(written(event))
        if meant is None:
            return False
        if meant:
            keys = combination(meant)
            watched.removeEventFilter(self)
            try:
                made = QKeyEvent(QEvent.Type.KeyPress, keys.key(), keys.keyboardModifiers(), _text(meant))
                QApplication.sendEvent(watched, made)
            finally:
                if isValid(watched):
                    watched.installEventFilter(self)
        return True

    def setting_changed(self, payload: Mapping[str, Any]) -> None:
        """Follow keys that were changed elsewhere."""
        if payload.get("key") == "keys":
            self.apply()


def _text(keys: str) -> str:
    return " " if keys == "Space" else keys if len(keys) == 1 else ""
