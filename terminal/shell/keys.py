"""The window's keys: what they do, where they are bound, and the page that lists them (F1 or ?)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from terminal.ui import theme
from terminal.ui.form import Button, column, label, row

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.shell.window import MainWindow

# What the panels' parts understand by themselves (terminal.ui), for the page; the window's own keys are in `_own`.
INSIDE = (
    ("In a table", (("↑ ↓", "Another row; the linked panels follow"), ("Enter", "Open the row"),
                    ("Home, End, Page up, Page down", "Further away"), ("Space", "On or off the watchlist"),
                    ("← →", "Another column"), ("Alt+↑, Alt+↓", "Sort by that column"), ("Ctrl+C", "Copy the rows"))),
    ("In a chart", (("← →", "The cursor, bar by bar"), ("+ −", "Zoom"), ("Home, End", "First and last bar"),
                    ("Esc", "Cursor away"))),
    ("Anywhere", (("Tab, Shift+Tab", "Next or previous control"), ("Esc", "Close what lies over the window"))),
)


def _own(window: MainWindow) -> tuple[tuple[tuple[str, ...], str, Callable[[], object]], ...]:
    def other_theme() -> None:
        window.set_look(theme="light" if theme.tokens().name == "dark" else "dark")

    def refresh() -> None:
        if window.has_command("market.refresh"):
            window.run_command("market.refresh", {})

    return (
        (("Ctrl+K",), "Search symbols, panels and commands", window.open_palette),
        (("F1", "?"), "This list of keys", lambda: show_keys(window)),
        (("F6",), "Next panel", lambda: window.next_panel(1)),
        (("Shift+F6",), "Previous panel", lambda: window.next_panel(-1)),
        (("Ctrl+M",), "Newbie or Pro", lambda: window.set_mode("newbie" if window.mode == "pro" else "pro")),
        (("Ctrl+Shift+L",), "Dark or light", other_theme),
        (("Ctrl+,",), "Preferences", lambda: window.open_panel("preferences", focus=True)),
        (("F5",), "Fetch what is missing or out of date", refresh),
        (("Ctrl+Q",), "Quit", window.close),
    )


def bind(window: MainWindow) -> None:
    """Give the window its keys. A key that a text field wants for itself goes to the field."""
    def add(keys: tuple[str, ...], name: str, slot: Callable[[], object]) -> None:
        action = QAction(name, window)
        action.setShortcuts([QKeySequence(each) for each in keys])
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda _checked: slot())
        window.addAction(action)

    for keys, name, slot in _own(window):
        add(keys, name, slot)
    for place in range(1, 10):
        add((f"Alt+{place}",), f"Panel {place}", partial(_open_nth, window, place))


def _open_nth(window: MainWindow, place: int) -> None:
    if window.workspace is not None:
        panels = window.workspace.in_rail()
        if place <= len(panels):
            window.open_panel(panels[place - 1].id, focus=True)


class KeyList(QDialog):
    """Every key on one page."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Keys")
        self.setAccessibleName("Keys")
        panels = tuple((f"Alt+{place}", panel.title)
                       for place, panel in enumerate(window.workspace.in_rail()[:9], 1)) if window.workspace is not None else ()
        window_keys = tuple((" or ".join(keys), name) for keys, name, _ in _own(window))
        parts = column(spacing=6, margins=(20, 16, 20, 8))
        for title, keys in (("The window", window_keys), ("Panels", panels), *INSIDE):
            parts.addWidget(label(title, "caps"))
            parts.addLayout(_grid(keys))
            parts.addSpacing(8)
        inside = QWidget()
        inside.setLayout(parts)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Keys and what they do")
        area.setWidget(inside)
        close = Button("Close", on_click=self.accept)
        close.setDefault(True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(area, 1)
        box.addLayout(row(0, close, margins=(20, 8, 20, 16)))
        self.resize(theme.scaled(480), min(inside.sizeHint().height() + 70, window.height() - 80))
        close.setFocus()


def _grid(keys: tuple[tuple[str, str], ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(5)
    grid.setColumnMinimumWidth(0, theme.scaled(150))
    grid.setColumnStretch(1, 1)
    for line, (key, meaning) in enumerate(keys):
        grid.addWidget(label(key, "strong"), line, 0)
        grid.addWidget(label(meaning, "body", wrap=True), line, 1)
    return grid


def show_keys(window: MainWindow) -> None:
    """Open the page of keys."""
    KeyList(window).show()
