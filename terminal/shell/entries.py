"""What the palette offers besides symbols: panels with their codes, and every command by its title."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from terminal.shell.palette import Entry

if TYPE_CHECKING:
    from terminal.commands import Command
    from terminal.shell.window import MainWindow

KEYS = {"window.mode": "Ctrl+M", "window.theme": "Ctrl+Shift+L", "market.refresh": "F5", "window.quit": "Ctrl+Q"}
PANEL_KEYS = {"preferences": "Ctrl+,"}


def entries(window: MainWindow) -> list[Entry]:
    """Panels first, then commands; both by rank."""
    if window.workspace is None:
        return []
    panels = sorted(window.workspace.specs.values(), key=lambda panel: (panel.order, panel.id))
    found = [Entry(f"Open {panel.title}", panel.code or "Panel", panel.icon, partial(window.open_panel, panel.id, focus=True),
                   words=f"{panel.title} {panel.code} panel", names=(panel.code.lower(), panel.title.lower()),
                   keys=PANEL_KEYS.get(panel.id, ""), rank=200 - place)
             for place, panel in enumerate(panels)]
    for place, command in enumerate(window.app.registry.commands().values()):
        if not command.hidden:
            found.append(_command(window, command, 100 - place // 4))
    return found


def _command(window: MainWindow, command: Command, rank: int) -> Entry:
    spoken = command.id.replace(".", " ").replace("_", "-")
    more = "…" if any(parameter.required for parameter in command.parameters) else ""
    panel = window.workspace.specs.get(command.panel) if window.workspace is not None else None
    icon = panel.icon if panel is not None else "terminal"
    return Entry(command.title + more, command.group.capitalize(), icon, partial(window.ask_command, command.id),
                 words=f"{spoken} {command.title}", keys=KEYS.get(command.id, ""), detail=command.summary, rank=rank)
