"""The column that says what the user owns of each row: asked for once the user has settled, never at the first sight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.screener.owned import COMMAND, NAMES, joined, shown_among

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.api import Host, Table


_ROOM, _NAME = 1090, 150  # for the usual columns and one more; for the name besides


class OwnedColumn:
    """Keeps what is owned. `changed` is called when it is another than before."""

    def __init__(self, host: Host, changed: Callable[[], object]) -> None:
        self._host, self._changed = host, changed
        self._owned: Table | None = None
        self._stale = True

    def expire(self) -> None:
        """Prices, bookings or the day are others: to be asked anew, the next time the user has settled."""
        self._stale = True

    def ask(self) -> None:
        """Ask, unless what is known still holds."""
        if self._stale and self._host.has_command(COMMAND):
            self._stale = False
            self._host.run(COMMAND, then=self._arrived, fail=lambda _: None, key="owned")

    def beside(self, answer: Table) -> Table:
        """The answer with what is owned of each row, where anything is."""
        return joined(answer, self._owned) if self._owned is not None else answer

    def columns(self, names: list[str], width: int) -> list[str]:
        """The columns to be shown in a table so wide; one more where anything is owned."""
        if self._owned is None:
            return [name for name in names if name not in NAMES]
        return shown_among(names, room=width >= _ROOM + (_NAME if "name" in names else 0))

    def _arrived(self, owned: Table) -> None:
        found = owned if owned.frame.height else None
        before = None if self._owned is None else self._owned.frame
        if (before is None) != (found is None) or (before is not None and found is not None and not before.equals(found.frame)):
            self._owned = found
            self._changed()
