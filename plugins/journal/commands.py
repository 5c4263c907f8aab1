"""Commands of the journal, gathered from the modules they are in."""

from __future__ import annotations

from plugins.journal.decision_commands import list_

__all__ = [
    "list_",
]
