"""Journal: what you decided and predicted and why, what became of it, and what that says about your judgement."""

from terminal.api import Job, Panel, Plugin, Setting

PLUGIN = Plugin(
    id="journal",
    title="Journal",
    summary="Decisions with their reasons and what was known then, predictions, reviews, trades, and what became of them all.",
    commands="plugins.journal.commands",
    panels=(
        Panel(
            id="journal",
            title="Journal",
            widget="plugins.journal.panel:JournalPanel",
            area="center",
            icon="notebook-pen",
            code="JRNL",
            order=60,
        ),
    ),
    jobs=(Job(command="journal.judge", at="close+45m", title="Judge the theses of your decisions"),),
    settings=(
        Setting(
            "journal.near",
            float,
            0.05,
            "A thesis is shaken from",
            "How near a figure may come to the limit that would prove you wrong before the light turns yellow: 0.05 is 5 %.",
            "Relative distance to a falsifier's limit from which a thesis counts as shaken; one point where the limit is zero.",
            minimum=0.0,
            maximum=0.5,
        ),
    ),
    migrations="plugins.journal.migrations",
    demo="journal.demo_fill",
)
