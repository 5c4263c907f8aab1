"""Commands of the journal, gathered from the modules they are in."""

from __future__ import annotations

from plugins.journal.call_commands import call, calls
from plugins.journal.checkin_commands import check, checks, review, uncheck
from plugins.journal.decision_commands import change, delete, history, list_, log, restore, show, undo
from plugins.journal.outcome_commands import calibration, outcomes
from plugins.journal.thesis_commands import judge, theses

__all__ = [
    "calibration",
    "call",
    "calls",
    "change",
    "check",
    "checks",
    "delete",
    "history",
    "judge",
    "list_",
    "log",
    "outcomes",
    "restore",
    "review",
    "show",
    "theses",
    "uncheck",
    "undo",
]
