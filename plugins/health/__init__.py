"""How the program is: data services and their budgets, data, jobs, files, the log; and what can be done about it."""

from terminal.api import Panel, Plugin

PLUGIN = Plugin(
    id="health",
    title="Health",
    summary="Shows whether each data service answers, how old the data is, what runs by itself and what went wrong.",
    commands="plugins.health.commands",
    panels=(
        Panel(id="health", title="Health", widget="plugins.health.panel:HealthPanel", area="center", icon="activity",
              code="HLTH", order=90, linked=False),
    ),
    migrations="plugins.health.migrations",
)
