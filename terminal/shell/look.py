"""How the window speaks and looks: Newbie or Pro, theme, palette, text size. Kept in the settings, applied at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QApplication

from terminal.errors import StoreError
from terminal.shell.topbar import RAIL
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QFrame

    from terminal.api import Mode
    from terminal.settings import Settings
    from terminal.shell.heartbeat import Heartbeat
    from terminal.shell.key_actions import KeyActions
    from terminal.shell.statusbar import StatusBar
    from terminal.shell.topbar import TopBar
    from terminal.shell.workspace import Workspace


def dress(settings: Settings) -> None:
    """Apply the theme that the settings name to the application."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, settings.get("theme"), settings.get("palette"), settings.get("font_size"))


class Looks:
    """The part of the main window that follows mode and look."""

    settings: Settings
    topbar: TopBar
    statusbar: StatusBar
    rail: QFrame
    heartbeat: Heartbeat
    key_actions: KeyActions
    workspace: Workspace | None
    notify: Callable[..., None]

    @property
    def mode(self) -> Mode:
        """Newbie or Pro."""
        return "pro" if self.settings.get("mode") == "pro" else "newbie"

    def set_mode(self, mode: str) -> None:
        """Newbie or Pro, at once and for the next start."""
        self._remember("mode", mode)
        self.apply_mode()

    def apply_mode(self) -> None:
        """Speak as the settings say, everywhere."""
        self.topbar.set_mode(self.mode)
        self.show_gap()
        if self.workspace is not None:
            self.workspace.set_mode(self.mode)

    def show_gap(self) -> None:
        """The heartbeat in the status bar, for those who know what it means."""
        self.statusbar.show_gap(self.heartbeat.gap() if self.mode == "pro" else None)

    def set_look(self, **changes: Any) -> None:
        """Change theme, palette or font size, at once and for the next start."""
        for key, value in changes.items():
            self._remember(key, value)
        self.apply_look()

    def apply_look(self) -> None:
        """Dress everything in the theme that the settings name."""
        dress(self.settings)
        self.topbar.retheme()
        self.statusbar.retheme()
        self.rail.setFixedWidth(theme.scaled(RAIL))
        if self.workspace is not None:
            self.workspace.docks.retheme()
            self.workspace.each("retheme")

    def setting_changed(self, payload: Mapping[str, Any]) -> None:
        """Follow a setting that was changed elsewhere."""
        key = payload.get("key")
        if key == "mode" and self.topbar.segment.value != self.mode:
            self.apply_mode()
        elif key in ("theme", "palette", "font_size"):
            found = theme.current()
            wanted = (self.settings.get("theme"), self.settings.get("palette"), self.settings.get("font_size"))
            if found is None or (found.tokens.name, found.tokens.palette, found.font_px) != wanted:
                self.apply_look()
        elif key == "keys":
            self.key_actions.apply()

    def _remember(self, key: str, value: Any) -> None:
        try:
            self.settings.set(key, value)
        except StoreError as problem:
            self.notify(problem.sentence(), "error")
