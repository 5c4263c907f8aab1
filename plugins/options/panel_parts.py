"""What the panels of options share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.api import Host, TerminalError
    from terminal.ui.form import EmptyState

STANDS_IN = "SPY"


def nothing_of(
    empty: EmptyState, host: Host, symbol: str, title: str, error: TerminalError, icon: str, again: Callable[[], object]
) -> None:
    """Say why there is nothing of a symbol and offer one that has options; of that one itself, to try again."""
    if symbol == STANDS_IN:
        empty.set_message(title, error.sentence(), icon, "Try again", again)
    else:
        empty.set_message(title, error.sentence(), icon, f"Show {STANDS_IN}", lambda: host.select(STANDS_IN))
