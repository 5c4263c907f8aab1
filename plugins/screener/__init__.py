"""The screener: presets, filters and rules over everything that is known about each stock, fund and bond."""

from terminal.api import Panel, Plugin, Setting

PLUGIN = Plugin(
    id="screener",
    title="Screener",
    summary="Finds stocks, funds and bonds by preset, filter or rule, and remembers every run.",
    commands="plugins.screener.commands",
    portable="plugins.screener.portable",
    panels=(
        Panel(
            id="screener",
            title="Screener",
            widget="plugins.screener.panel:ScreenerPanel",
            area="center",
            icon="table-properties",
            code="SCR",
            order=10,
        ),
    ),
    settings=(
        Setting(
            "screener.universe",
            str,
            "",
            "Universe of the screener",
            "Which companies the screener looks through. Empty means everything that is stored.",
            "Universe name (see `tapeline market universes`); empty: all stored instruments.",
        ),
        Setting(
            "screener.keep_runs",
            int,
            400,
            "Runs to remember",
            "How many past screens are kept, so that you can see what changed.",
            "Recorded runs beyond this number are dropped, oldest first; saved screens keep their newest run.",
            minimum=2,
            maximum=100_000,
        ),
    ),
    migrations="plugins.screener.migrations",
)
