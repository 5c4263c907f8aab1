"""Saving, renaming and deleting screens of the user's own, from the panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QInputDialog

from plugins.screener.filters import Filters

if TYPE_CHECKING:
    from collections.abc import Callable

    from plugins.screener.panel import ScreenerPanel
    from terminal.api import Table


class OwnScreens:
    """What can be done with the screen that is shown; each is a command, and deleting can be undone."""

    def __init__(self, panel: ScreenerPanel) -> None:
        self._panel = panel

    def menu(self) -> list[tuple[str, Callable[[], object]]]:
        """(words, work) of the entries that make sense now."""
        entries: list[tuple[str, Callable[[], object]]] = [("Save this screen …", self.save)]
        if self._panel.filters.own_screen:
            entries += [("Rename …", self.rename), ("Delete", self.delete)]
        return entries

    def save(self) -> None:
        """Ask for a name and keep the screen under it."""
        panel = self._panel
        name, agreed = QInputDialog.getText(panel, "Save screen", "Name of the screen", text=panel.filters.own_screen)
        name = name.strip()
        if not agreed or not name:
            return
        keys = panel.table.sort_keys
        order: dict[str, Any] = {"sort": keys[0][0], "ascending": not keys[0][1]} if keys else {}

        def done(_: Table) -> None:
            panel.host.notify(f"Saved as “{name}”.", "ok")
            panel.filters.set_filters(Filters(name, panel.filters.filters.universe))
            panel.filters.chosen.emit()

        wanted = {"name": name, **panel.arguments(), "columns": panel.columns or "default", **order}
        panel.host.run("screener.save", wanted, then=done)

    def rename(self) -> None:
        """Ask for another name of the saved screen that is shown."""
        panel = self._panel
        old = panel.filters.own_screen
        new, agreed = QInputDialog.getText(panel, "Rename screen", "New name", text=old)
        new = new.strip()
        if agreed and new and new != old:
            panel.host.run("screener.rename", {"name": old, "new_name": new}, then=lambda _: panel.filters.choose(new))

    def delete(self) -> None:
        """Delete the saved screen that is shown; the banner brings it back."""
        panel = self._panel
        name = panel.filters.own_screen

        def undo() -> None:
            panel.host.run("screener.restore", {"name": name}, then=lambda _: panel.filters.choose(name))

        def done(_: Table) -> None:
            panel.filters.choose("all")
            panel.banner.show_message(f"The screen “{name}” was deleted.", "info", action="Undo", on_action=undo)

        panel.host.run("screener.delete", {"name": name}, then=done)
