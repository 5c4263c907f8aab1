"""The schedule: what runs by itself, what ran, and what is paused; and the jobs that keep the market up to date."""

from terminal.api import Job, Plugin

PLUGIN = Plugin(
    id="jobs",
    title="Schedule",
    summary="Keeps the data up to date by itself while the window is open, and shows what ran, what is next and what is paused.",
    commands="plugins.jobs.commands",
    jobs=(
        Job(name="premarket", title="What you watch, before the open", command="jobs.watched", at="open-45m", live_only=True,
            arguments={"datasets": ["quotes", "headlines", "earnings"]}),
        Job(name="intraday", title="Prices of what you watch", command="jobs.watched", every="15m", while_open=True,
            live_only=True, arguments={"datasets": ["quotes"]}),
        Job(name="close", title="Everything, after the close", command="market.refresh", at="close+20m", live_only=True),
        Job(name="nightly", title="Everything, once more at night", command="market.refresh", at="20:30", live_only=True),
    ),
)
