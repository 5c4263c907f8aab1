"""Watchlists: several, named, in the user's order; each one is a universe, too."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="watchlist",
    title="Watchlists",
    summary="Named lists of symbols in your own order, usable wherever a universe is asked for.",
    commands="plugins.watchlist.commands",
    portable="plugins.watchlist.portable",
)
