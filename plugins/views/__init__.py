"""Saved views: how a table is to be shown, under a name. Every table of the window offers them in its menu."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="views",
    title="Views",
    summary="Keeps columns, order, filters and grouping of any table under a name.",
    commands="plugins.views.commands",
    portable="plugins.views.portable",
    migrations="plugins.views.migrations",
)
