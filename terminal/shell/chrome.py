"""Parts of the window's frame that are built after the first paint: rail, market notice, shortcuts."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.form import Button, Glyph, IconButton, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.api import Panel
    from terminal.shell.window import MainWindow

SIMULATED = "SIMULATED"


class RailButtons:
    """The icons at the left: one for each panel, checked while it can be seen."""

    def __init__(self, rail: QWidget, toggle: Callable[[str], None]) -> None:
        self._toggle = toggle
        self._buttons: dict[str, IconButton] = {}
        self._box = QVBoxLayout(rail)
        self._box.setContentsMargins(7, 10, 6, 10)
        self._box.setSpacing(6)
        self._box.addStretch()

    def fill(self, panels: Sequence[Panel]) -> None:
        """Show a button for each panel, in order."""
        for button in self._buttons.values():
            self._box.removeWidget(button)
            button.deleteLater()
        self._buttons = {}
        for place, panel in enumerate(sorted(panels, key=lambda item: (item.order, item.id))):
            name = f"{panel.title} ({panel.code})" if panel.code else panel.title
            button = IconButton(panel.icon, name, partial(self._toggle, panel.id), checkable=True, size=19)
            button.setFixedSize(36, 36)
            self._box.insertWidget(place, button)
            self._buttons[panel.id] = button

    def mark(self, visible: Mapping[str, bool]) -> None:
        for panel_id, button in self._buttons.items():
            button.setChecked(visible.get(panel_id, False))


class SourceNotice(QFrame):
    """The line across the window while the market is simulated. It cannot be dismissed."""

    def __init__(self, go_live: Callable[[], None]) -> None:
        super().__init__()
        self.setProperty("role", "simulated")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._mark = label(SIMULATED, "caps", "warn")
        self._text = label("", "body")
        self.button = Button("Switch to live data", "link", on_click=go_live)
        self.setLayout(row(Glyph("flask-conical", "warn", 14), self._mark, self._text, 0, self.button,
                           spacing=10, margins=(16, 3, 12, 3)))
        self.setFixedHeight(theme.scaled(28))
        self.hide()

    def show_market(self, demo: bool, why: str = "") -> None:
        """Say that the market is simulated (and why it was chosen), or be gone."""
        text = "Invented companies and prices, made to practise on. No number here is real."
        self._text.setText(f"{why} {text}".strip())
        self.setAccessibleName(f"{SIMULATED}. {self._text.text()}")
        self.setVisible(demo)


def shortcuts(window: MainWindow) -> None:
    """The window's keys."""
    def bind(keys: str, name: str, slot: Callable[[], object]) -> None:
        action = QAction(name, window)
        action.setShortcut(QKeySequence(keys))
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda _checked: slot())
        window.addAction(action)

    bind("Ctrl+K", "Search and commands", window.open_palette)
    bind("Ctrl+M", "Newbie or Pro", lambda: window.set_mode("newbie" if window.mode == "pro" else "pro"))
    bind("Ctrl+,", "Preferences", lambda: window.open_panel("preferences"))
    bind("Ctrl+Shift+L", "Dark or light", lambda: window.set_look(theme="light" if theme.tokens().name == "dark" else "dark"))
    bind("F5", "Refresh", lambda: window.run_command("market.refresh", {}) if window.has_command("market.refresh") else None)
    bind("Ctrl+Q", "Quit", window.close)
    for place in range(1, 10):
        bind(f"Alt+{place}", f"Panel {place}", partial(_open_nth, window, place))


def _open_nth(window: MainWindow, place: int) -> None:
    if window.workspace is not None:
        panels = sorted(window.workspace.in_rail(), key=lambda panel: (panel.order, panel.id))
        if place <= len(panels):
            window.open_panel(panels[place - 1].id)
