"""What was used last in the palette and what commands answered, kept with the window's other state in the home."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from terminal.domain.sourced import Table
    from terminal.shell.state import WindowState

RECENT, RESULTS = "palette.recent", "palette.results"
MOST, MOST_RESULTS = 20, 60


class History:
    """The keys of entries used last, newest first, and the last answer of each command."""

    def __init__(self, state: WindowState) -> None:
        self._state = state

    def recent(self) -> list[str]:
        """Keys of entries, newest first."""
        held = self._state.get(RECENT)
        return [key for key in held if isinstance(key, str)] if isinstance(held, list) else []

    def used(self, key: str) -> None:
        """Remember that an entry was chosen."""
        if key:
            self._state.set(RECENT, [key, *(each for each in self.recent() if each != key)][:MOST])

    def result(self, command: str) -> str:
        """What a command answered last, as a line; empty when it never did."""
        held = self._state.get(RESULTS)
        found = held.get(command) if isinstance(held, dict) else None
        return found if isinstance(found, str) else ""

    def answered(self, command: str, table: Table) -> None:
        """Remember the answer of a command: its title and how many rows."""
        held: Any = self._state.get(RESULTS)
        rows = table.frame.height
        text = f"{table.title} ({fmt.count(rows)} {'row' if rows == 1 else 'rows'})"
        before = held if isinstance(held, dict) else {}
        kept = {**{key: value for key, value in before.items() if key != command}, command: text}
        self._state.set(RESULTS, dict(list(kept.items())[-MOST_RESULTS:]))
