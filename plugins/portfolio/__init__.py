"""Portfolio: what you bought, sold and were paid; what you hold; what it made, to the cent."""

from terminal.api import Job, Panel, Plugin

PLUGIN = Plugin(
    id="portfolio",
    title="Portfolio",
    summary="What you own and what it made, its risk, what if, where it should be and how much to buy, as of any day.",
    commands="plugins.portfolio.commands",
    panels=(
        Panel(
            id="portfolio",
            title="Portfolio",
            widget="plugins.portfolio.panel:PortfolioPanel",
            area="center",
            icon="briefcase",
            code="PORT",
            order=50,
        ),
    ),
    jobs=(
        Job(command="portfolio.watch", at="close+45m", name="portfolio.watch", title="Verdicts of what you hold"),
        Job(command="portfolio.fx_refresh", at="close+40m", title="Exchange rates of your currencies"),
    ),
    migrations="plugins.portfolio.migrations",
    demo="portfolio.demo_fill",
)
