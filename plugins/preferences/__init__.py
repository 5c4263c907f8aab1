"""Preferences: settings, the keys of data services, and which added plugins may run."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="preferences",
    title="Preferences",
    summary="Settings, keys of data services, and which added plugins may run.",
    commands="plugins.preferences.commands",
)
