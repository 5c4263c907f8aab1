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
    ),
)
