"""How the window speaks and looks: Newbie or Pro, theme, palette, text size. Kept in the settings, applied at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from terminal.domain.format import in_force
from terminal.errors import StoreError
from terminal.locales import CLOCK, LOCALE
from terminal.shell.topbar import RAIL
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtWidgets import QFrame

    from terminal.api import Mode
    from terminal.settings import Settings
    from terminal.shell.heartbeat import Heartbeat
    from terminal.shell.key_actions import KeyActions
    from terminal.shell.shown import ShownMarket
    from terminal.shell.statusbar import StatusBar
    from terminal.shell.topbar import TopBar
    from terminal.shell.workspace import Workspace


def dress(settings: Settings) -> None:
    """Apply the theme that the settings name to the application."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, *wanted(settings))
    write_alike()


def write_alike() -> None:
    """Have Qt's own entry fields write and read the decimal sign that texts are written with."""
    locale = QLocale(QLocale.Language.German, QLocale.Country.Germany) if in_force().decimal == "," else QLocale.c()
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    QLocale.setDefault(locale)


def wanted(settings: Settings) -> tuple[str, str, int, str, str]:
    """Theme, palette, font size, density and motion as the settings say: what `theme.apply` takes."""
    return (settings.get("theme"), settings.get("palette"), settings.get("font_size"), settings.get("density"),
            settings.get("reduced_motion"))


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
    _dressed: object = None  # the look this window was last drawn in: another window may have dressed the program

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
        """Change theme, palette, font size or density, at once and for the next start."""
        for key, value in changes.items():
            self._remember(key, value)
        self.apply_look()

    def apply_look(self) -> None:
        """Dress everything in the theme that the settings name."""
        found, self._dressed = theme.current(), wanted(self.settings)
        if found is None or found.look != self._dressed:
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
        elif key in ("theme", "palette", "font_size", "density", "reduced_motion"):
            found = theme.current()
            if found is None or found.look != wanted(self.settings) or self._dressed != found.look:
                self.apply_look()
        elif key in (LOCALE, CLOCK):
            self.apply_words()
        elif key == "keys":
            self.key_actions.apply()

    def apply_words(self) -> None:
        """Write numbers and moments as the settings say, everywhere: tables anew, sentences as their data comes again."""
        write_alike()
        if self.workspace is not None:
            self.workspace.set_mode(self.mode)
        shown: ShownMarket | None = getattr(self, "shown", None)
        if shown is not None:
            shown.tell_again()

    def step_font(self, step: int) -> int:
        """Text larger or smaller by so many pixels (0: as it was made to be), within what the setting takes."""
        declared = self.settings.declared("font_size")
        size = declared.default if step == 0 else self.settings.get("font_size") + step
        size = int(min(max(size, declared.minimum or size), declared.maximum or size))
        self.set_look(font_size=size)
        return size

    def _remember(self, key: str, value: Any) -> None:
        try:
            self.settings.set(key, value)
        except StoreError as problem:
            self.notify(problem.sentence(), "error")
