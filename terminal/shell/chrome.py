"""Parts of the window's frame that are built after the first paint: rail and notices."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from terminal.shell.topbar import RAIL
from terminal.ui import theme
from terminal.ui.form import Button, Glyph, IconButton, label, row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from terminal.api import Panel

SIMULATED = "SIMULATED"


class RailButtons(QObject):
    """The buttons at the left: one for each panel with its name, checked while it can be seen.

    Where the window is too low for all of them they get lower, and then go without their names.
    """

    def __init__(self, rail: QWidget, toggle: Callable[[str], None]) -> None:
        super().__init__(rail)
        self._rail, self._toggle = rail, toggle
        self._buttons: dict[str, RailButton] = {}
        self._keys: list[str] = []
        self._box = QVBoxLayout(rail)
        self._box.setContentsMargins(4, 10, 3, 10)
        self._box.setSpacing(4)
        self._box.addStretch()
        self._box.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        rail.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.StyleChange):
            self._fit()
        return False

    def _fit(self) -> None:
        if self._buttons:
            room = (self._rail.height() - 20) // len(self._buttons) - self._box.spacing()
            for button in self._buttons.values():
                button.fit(room)

    def fill(self, panels: Sequence[Panel]) -> None:
        """Show a button for each panel, in order."""
        for button in self._buttons.values():
            self._box.removeWidget(button)
            button.deleteLater()
        self._buttons = {}
        for place, panel in enumerate(panels):
            name = f"{panel.title} ({', '.join(panel.codes)})" if panel.codes else panel.title
            button = RailButton(panel, name, partial(self._toggle, panel.id))
            self._box.insertWidget(place, button)
            self._buttons[panel.id] = button
        self.show_keys(self._keys)
        self._fit()

    def show_keys(self, keys: Sequence[str]) -> None:
        """Name the keys in force, by place, in the tips."""
        self._keys = list(keys)
        for button, key in itertools.zip_longest(self._buttons.values(), self._keys[:len(self._buttons)], fillvalue=""):
            if not isinstance(button, str):
                button.setToolTip(f"{button.accessibleName()}  {key}".rstrip())

    def mark(self, visible: Mapping[str, bool]) -> None:
        for panel_id, button in self._buttons.items():
            button.setChecked(visible.get(panel_id, False))


class RailButton(IconButton):
    """A panel's icon over its name, which is shortened where it does not fit."""

    def __init__(self, panel: Panel, name: str, on_click: Callable[[], object]) -> None:
        super().__init__(panel.icon, name, on_click, checkable=True, size=18)
        self._title, self._room = panel.title, theme.scaled(48)
        theme.set_role(self, role="railbutton")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "_title"):
            self._fit()

    def fit(self, room: int) -> None:
        """Be at most so high; without the name where that is too low for both."""
        self._room = room
        self._fit()

    def _fit(self) -> None:
        named = self._room >= theme.scaled(40)
        style = Qt.ToolButtonStyle.ToolButtonTextUnderIcon if named else Qt.ToolButtonStyle.ToolButtonIconOnly
        self.setToolButtonStyle(style)
        self.setFont(theme.font(theme.scaled(10), QFont.Weight.Medium))
        self.setFixedHeight(max(theme.scaled(22), min(theme.scaled(48), self._room)))
        self.setText(QFontMetrics(self.font()).elidedText(self._title, Qt.TextElideMode.ElideRight, theme.scaled(RAIL) - 12))


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


class EmptyNotice(QFrame):
    """The line across the window while the real market holds nothing yet: what can be done about it."""

    def __init__(self, fetch: Callable[..., None], bring: Callable[[], None]) -> None:
        super().__init__()
        theme.set_role(self, role="banner", tone="info")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        text = "No prices are stored yet. Fetch some now; it is free and can be stopped at any time."
        large = Button("Large US companies", "link", on_click=lambda: fetch("dow30", "sp500"),
                       tip="The Dow 30, then the S&P 500: prices within a minute, everything else within about an hour")
        few = Button("The Dow 30 only", "link", on_click=lambda: fetch("dow30"), tip="Thirty companies, in a few minutes")
        files = Button("Import a file", "link", on_click=bring, tip="Prices or company figures as CSV or Parquet")
        self.setLayout(row(Glyph("download", "accent_text", 14), label(text, "body"), large, few, files, 0,
                           spacing=12, margins=(16, 3, 12, 3)))
        self.setAccessibleName(text)
        self.setFixedHeight(theme.scaled(32))
        self.hide()
