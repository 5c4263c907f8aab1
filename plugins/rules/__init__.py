"""The rule language at hand: its fields and functions, and a check that says what a rule means."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="rules",
    title="Rules",
    summary="Lists what a rule may say, checks a rule, and puts it into plain words.",
    commands="plugins.rules.commands",
)
