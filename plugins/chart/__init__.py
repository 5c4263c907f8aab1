"""The chart: bars of any interval, indicators, comparisons, events, and what you draw on it."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="chart",
    title="Chart",
    summary="Prices from minutes to months with indicators, comparisons, events and your own drawings.",
    commands="plugins.chart.commands",
    migrations="plugins.chart.migrations",
)
