"""SQL over everything stored, read only: for questions that no panel answers."""

from terminal.api import Panel, Plugin

PLUGIN = Plugin(
    id="sql",
    title="SQL",
    summary="Asks the store in SQL: prices, figures, watchlists, screens. Nothing can be changed from here.",
    commands="plugins.sql.commands",
    migrations="plugins.sql.migrations",
    panels=(
        Panel(id="sql", title="SQL", widget="plugins.sql.panel:SqlPanel", area="center", icon="database", code="SQL", order=95,
              linked=False),  # it shows all that is stored, whatever day the others show
    ),
)
