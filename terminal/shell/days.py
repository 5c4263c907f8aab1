"""The day the window shows: the part of the main window that travels in time and says where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from terminal.app import App
    from terminal.commands import Command
    from terminal.shell.topbar import TopBar
    from terminal.shell.workspace import Workspace


class Days:
    """What the keys, the calendar and the commands about days call; each link group has a day of its own."""

    topbar: TopBar
    workspace: Workspace | None
    notify: Callable[..., None]

    if TYPE_CHECKING:
        @property
        def app(self) -> App: ...

    @property
    def today(self) -> date:
        """The day it is at the exchange."""
        from terminal.domain.sessions import NEW_YORK

        return self.app.clock().astimezone(NEW_YORK).date()

    def travel(self, words: str, group: str = "") -> date | None:
        """Show another day in a link group (the active one): today, 2025-03-14, back, forward, 6m. UserError otherwise."""
        from terminal.shell.links import day_from

        if self.workspace is None:
            return None
        wanted = group or self.workspace.active
        day = day_from(words, self.today, self.workspace.links.date_of(wanted))
        self.workspace.travel(wanted, day)
        return day

    def go_to_day(self, words: str) -> None:
        """As `travel`, for keys and the calendar: what cannot be is a message."""
        try:
            self.travel(words)
        except UserError as problem:
            self.notify(problem.sentence(), "warn")

    def choose_day(self) -> None:
        """Open the calendar."""
        if self.workspace is not None:
            self.topbar.date.open(self.workspace.links, self.workspace.active, self.today)

    def choose_link(self) -> None:
        """Offer the link groups for the panel that has the keyboard."""
        from PySide6.QtWidgets import QApplication

        if self.workspace is not None:
            panel = self.workspace.docks.owner_of(QApplication.focusWidget())
            if panel is None or self.workspace.chips.menu(panel) is None:
                self.notify("Put the keyboard into a panel that shows companies first (F6).", "info")

    def show_day(self) -> None:
        """The day of the active group, in the top bar."""
        if self.workspace is not None:
            links, group = self.workspace.links, self.workspace.active
            self.topbar.date.show_day(group, links.date_of(group), links.used())

    def day_for(self, command: Command) -> date | None:
        """The past day a command is to be answered for: that of the panel that will show the answer."""
        if self.workspace is None or command.gui or command.writes:
            return None
        return self.workspace.links.as_of(command.panel if command.panel in self.workspace.specs else "results")
