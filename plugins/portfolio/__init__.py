"""Portfolio: what you bought, sold and were paid; what you hold; what it made, to the cent."""

from terminal.api import Plugin

PLUGIN = Plugin(
    id="portfolio",
    title="Portfolio",
    summary="Accounts and bookings, lots, realised and unrealised gains, and three kinds of return, as of any day.",
    commands="plugins.portfolio.commands",
    migrations="plugins.portfolio.migrations",
    demo="portfolio.demo_fill",
)
