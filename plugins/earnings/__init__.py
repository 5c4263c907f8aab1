"""Earnings in context: when the companies you care about report, who says so, and what past reports did to their price."""

from terminal.api import Job, Panel, Plugin, Setting

PLUGIN = Plugin(
    id="earnings",
    title="Earnings",
    summary="Report dates of what you hold, watch and screen: sources side by side, past moves, implied move, timing.",
    commands="plugins.earnings.commands",
    panels=(
        Panel(
            id="earnings",
            title="Earnings",
            widget="plugins.earnings.panel:EarningsPanel",
            area="center",
            icon="calendar-clock",
            code="ERN",
            order=40,
        ),
    ),
    jobs=(
        Job(
            name="earnings.morning", title="Report dates, before the open", command="earnings.refresh", at="07:00", live_only=True
        ),
        Job(
            name="earnings.eve",
            title="What options expect, on the eve of reports",
            command="earnings.refresh",
            at="close-30m",
            arguments={"chains": 1},
            live_only=True,
        ),
    ),
    settings=(
        Setting(
            "earnings.days",
            int,
            14,
            "Days to look ahead",
            "How many days ahead the list of reports reaches.",
            "Calendar days from today that the list and the summary cover unless a command says otherwise.",
            minimum=1,
            maximum=120,
        ),
    ),
)
