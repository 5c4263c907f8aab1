"""Commands of the journal, gathered from the modules they are in."""

from __future__ import annotations

from plugins.journal.decisions.call_commands import call, calls
from plugins.journal.decisions.checkin_commands import check, checks, review, uncheck
from plugins.journal.decisions.commands import change, delete, history, list_, log, price, restore, show, undo
from plugins.journal.decisions.outcome_commands import calibration, outcomes
from plugins.journal.decisions.thesis_commands import judge, theses
from plugins.journal.demo_commands import demo_fill, demo_remove
from plugins.journal.statistics.commands import behaviour, calendar, distribution, equity, stats
from plugins.journal.statistics.report_commands import export, report
from plugins.journal.trades.commands import annotate, markers, tag, tags, trade, trade_undo, trades, untag
from plugins.journal.trades.picture_commands import picture, picture_remove, picture_restore, pictures
from plugins.journal.trades.playbook_commands import playbook_delete, playbook_save, playbook_undo, playbooks

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
