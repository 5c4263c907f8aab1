"""Commands of the journal, gathered from the modules they are in."""

from __future__ import annotations

from plugins.journal.call_commands import call, calls
from plugins.journal.checkin_commands import check, checks, review, uncheck
from plugins.journal.decision_commands import change, delete, history, list_, log, price, restore, show, undo
from plugins.journal.demo_commands import demo_fill, demo_remove
from plugins.journal.outcome_commands import calibration, outcomes
from plugins.journal.picture_commands import picture, picture_remove, picture_restore, pictures
from plugins.journal.playbook_commands import playbook_delete, playbook_save, playbook_undo, playbooks
from plugins.journal.report_commands import export, report
from plugins.journal.statistics_commands import behaviour, calendar, distribution, equity, stats
from plugins.journal.thesis_commands import judge, theses
from plugins.journal.trade_commands import annotate, markers, tag, tags, trade, trade_undo, trades, untag

__all__ = [
    "annotate",
    "behaviour",
    "calendar",
    "calibration",
    "call",
    "calls",
    "change",
    "check",
    "checks",
    "delete",
    "demo_fill",
    "demo_remove",
    "distribution",
    "equity",
    "export",
    "history",
    "judge",
    "list_",
    "log",
    "markers",
    "outcomes",
    "picture",
    "picture_remove",
    "picture_restore",
    "pictures",
    "playbook_delete",
    "playbook_save",
    "playbook_undo",
    "playbooks",
    "price",
    "report",
    "restore",
    "review",
    "show",
    "stats",
    "tag",
    "tags",
    "theses",
    "trade",
    "trade_undo",
    "trades",
    "uncheck",
    "undo",
    "untag",
]
