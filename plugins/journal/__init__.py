"""Journal: what you decided and predicted and why, what became of it, and what that says about your judgement."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="journal",
    title="Journal",
    summary="Decisions with their reasons and what was known then, predictions, reviews, trades, and what became of them all.",
    commands="plugins.journal.commands",
    migrations="plugins.journal.migrations",
)
