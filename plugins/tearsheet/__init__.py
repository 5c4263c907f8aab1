"""The tearsheet: everything known about one company, fund or bond, with its verdict, reasons, risks and exports."""

from terminal.api import Panel, Plugin, Setting

PLUGIN = Plugin(
    id="tearsheet",
    title="Tearsheet",
    summary="One page on one company, fund or bond: figures with their sources, verdict, risks, peers, and PDF or CSV of it.",
    commands="plugins.tearsheet.commands",
    panels=(
        Panel(
            id="tearsheet",
            title="Tearsheet",
            widget="plugins.tearsheet.panel:TearsheetPanel",
            area="right",
            follows_symbol=True,
            icon="file-text",
            code="DES TS",
            order=20,
            width=420,
        ),
    ),
    settings=(
        Setting(
            "tearsheet.peers",
            int,
            8,
            "Peers to compare with",
            "How many similar companies are shown beside the one you look at.",
            "Number of peers: same industry first, then same sector, nearest by market cap.",
            minimum=3,
            maximum=30,
        ),
        Setting(
            "tearsheet.amount",
            float,
            1000.0,
            "Amount to try",
            "How much money the question “What would it buy?” begins with.",
            "Amount of `tearsheet buy-helper`, in the instrument's currency.",
            minimum=1,
            maximum=1_000_000_000,
        ),
        Setting(
            "tearsheet.portfolio",
            float,
            0.0,
            "All you have",
            "What your shares, funds and cash are worth together, so that an amount can be compared with it. 0: not said.",
            "Portfolio of `tearsheet buy-helper`, in the instrument's currency; 0: unknown.",
            minimum=0,
            maximum=1_000_000_000_000,
        ),
    ),
)
