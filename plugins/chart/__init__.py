"""The chart: bars of any interval, indicators, comparisons, events, and what you draw on it."""

from terminal.api import Panel, Plugin

PLUGIN = Plugin(
    id="chart",
    title="Chart",
    summary="Prices from minutes to months with indicators, comparisons, events and your own drawings.",
    commands="plugins.chart.commands",
    panels=(
        Panel(
            id="chart",
            title="Chart",
            widget="plugins.chart.panel:ChartPanel",
            area="center",
            follows_symbol=True,
            icon="chart-candlestick",
            code="GP",
            order=25,
        ),
    ),
    migrations="plugins.chart.migrations",
)
