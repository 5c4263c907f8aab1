"""Dips: what has fallen from its high, why, what became of such falls before, and what to do about it."""

from terminal.api import Job, Panel, Plugin, Setting

PLUGIN = Plugin(
    id="dips",
    title="Dips",
    summary="Watches for falls from the high, tells why they happened and what became of such falls before.",
    commands="plugins.dips.commands",
    panels=(
        Panel(
            id="dips",
            title="Dips",
            widget="plugins.dips.panel:DipsPanel",
            area="center",
            icon="trending-down",
            code="DIP",
            order=30,
        ),
    ),
    jobs=(
        Job(command="dips.scan", at="open+30m", arguments={"moment": "open"}, name="dips.open", title="Scan for dips, open"),
        Job(command="dips.scan", at="close+30m", arguments={"moment": "close"}, name="dips.close", title="Scan for dips, close"),
    ),
    settings=(
        Setting(
            "dips.universe",
            str,
            "big",
            "Universe of the dip monitor",
            "Which companies are watched: the 10 largest (mega), the 50 largest (large), the 150 largest (big), or a list.",
            "mega, large, big, watchlist, or any universe or saved screen by name.",
        ),
        Setting(
            "dips.threshold",
            float,
            0.10,
            "Dip from",
            "How far a price must have fallen from its high to be called a dip: 0.10 is 10 %.",
            "Least fall from the highest close of the window, as a fraction.",
            minimum=0.02,
            maximum=0.9,
        ),
        Setting(
            "dips.when",
            str,
            "close",
            "Daily scan",
            "When the dips of the day are written down by themselves: half an hour after the open, or after the close.",
            "Which of the scheduled scans write states: open+30m, close+30m, both or none.",
            choices=("open", "close", "both", "never"),
        ),
        Setting(
            "dips.capital",
            float,
            0.0,
            "Capital for sizes",
            "The money you invest in all. With it, a suggestion is also told in money. 0: not set.",
            "Base of the money column of the size suggestion, in the currency of the account; 0: unknown.",
            minimum=0.0,
        ),
    ),
    migrations="plugins.dips.migrations",
)
