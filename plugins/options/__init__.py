"""Options: chains with our own volatilities, volatility, exposure, flow and plans."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="options",
    title="Options",
    summary="Option chains that are checked, priced and archived; volatility, exposure, unusual flow, and plans with their risk.",
    commands="plugins.options.commands",
)
