"""The market's data: refresh, import, look up, and say where every value comes from."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="market",
    title="Market data",
    summary="Fetches, imports and looks up market data, and says where each value comes from.",
    commands="plugins.market.commands",
)
