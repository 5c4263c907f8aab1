"""Commands on the schedule: list, history, run now, pause, resume, and running it without a window."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Cancelled, Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = (
    Column("name", "Job"), Column("title", "What it does"), Column("when", "When", term="job_when"),
    Column("state", "State", term="job_state"), Column("next_run", "Next due", "datetime"),
    Column("last_run", "Last run", "datetime"), Column("last_state", "How it went"),
    Column("rows", "Rows", "integer", "count", newbie=False),
    Column("seconds", "Took", "number", "seconds", decimals=1, newbie=False),
    Column("problem", "Problem"), Column("command", "Command", newbie=False),
)
_RAN = (
    Column("name", "Job"), Column("started", "Started", "datetime"), Column("state", "How it went"),
    Column("why", "Why it ran", term="job_why"), Column("due", "Due", "datetime", newbie=False),
    Column("seconds", "Took", "number", "seconds", decimals=1), Column("rows", "Rows", "integer", "count"),
    Column("note", "Note"), Column("error", "Error"), Column("command", "Command", newbie=False),
)
_WHY = {"schedule": "it was due", "missed": "made up for a missed run", "hand": "you asked for it"}
_NAME = Annotated[str, argument(help="Name of a job (`jobs list`).", metavar="NAME")]
_FEED = Annotated[str, argument(help="Not a job but a kind of data (bars, quotes, facts ...).", metavar="DATASET")]
_TURN = 0.2
_NEVER = "Jobs start by themselves while the window is open, or with `tapeline jobs run`."


@command(title="Show the schedule", panel="health")
def list(ctx: Context) -> Table:
    """List every job with when it runs, its next run, and how the last one went."""
    import polars as pl

    scheduler = ctx.scheduler
    rows = []
    for status in scheduler.overview():
        last = status.last or {}
        took = (last["finished"] - last["started"]).total_seconds() if last.get("finished") and last.get("started") else None
        state = "running" if status.running else "paused" if status.paused else "waiting" if scheduler.active else "not started"
        rows.append((status.job.name, status.job.title, status.job.schedule.words(), state, status.next_run, last.get("started"),
                     last.get("state"), last.get("rows"), took, last.get("error") or last.get("note") or None,
                     status.job.command))
    notes = [] if scheduler.active else [_NEVER]
    if not rows:
        notes = ["The practice market needs no schedule: it is brought up to date whenever it is opened."]
    if scheduler.paused_all():
        notes.append("The whole schedule is paused. Resume it with `tapeline jobs resume`.")
    if feeds := scheduler.paused_feeds():
        notes.append(f"Paused data, which no job fetches: {', '.join(feeds)}.")
    return Table("Schedule", _LISTED, pl.DataFrame(rows, schema=_schema(_LISTED), orient="row"), notes=tuple(notes))


@command(title="Show what ran by itself", panel="health")
def history(ctx: Context, name: Annotated[str | None, argument(help="Only this job.", metavar="NAME")] = None, *,
            limit: Annotated[int, argument(help="At most so many; the newest come first.")] = 50) -> Table:
    """List the runs of scheduled jobs of the last 90 days, with what they brought or why they failed."""
    import polars as pl

    if limit < 1:
        raise UserError(f"limit cannot be {limit}.", "Give a number of at least 1.")
    frame = ctx.scheduler.history(name, limit)
    took = ((pl.col("finished") - pl.col("started")).dt.total_microseconds() / 1e6).alias("seconds")
    texts = [pl.when(pl.col(column) != "").then(pl.col(column)).alias(column) for column in ("note", "error")]
    shown = frame.with_columns(took, pl.col("why").replace(_WHY), *texts).select(column.name for column in _RAN)
    return Table("What ran", _RAN, shown)


@command(title="Run a job now", long=True, writes=True)
def run_now(ctx: Context, name: _NAME) -> Table:
    """Run a job at once, whether or not it is due or paused, and remember it in the history."""
    return ctx.scheduler.run_now(name, ctx)


@command(title="Pause the schedule", writes=True)
def pause(ctx: Context, name: _NAME = "all", *, feed: _FEED = "") -> Table:
    """Let a job, all of them, or one kind of data wait until you resume it. What is running goes on.

    What you ask for by hand is always fetched.
    """
    if feed:
        ctx.scheduler.pause_feed(_dataset(feed))
    else:
        ctx.scheduler.pause(name)
    return _undone(ctx.call("jobs.list"), "resume", name, feed, f"{feed or name} is paused" if name != "all" or feed
                   else "The schedule is paused")


@command(title="Resume the schedule", writes=True)
def resume(ctx: Context, name: _NAME = "all", *, feed: _FEED = "") -> Table:
    """Let a paused job, all of them, or one kind of data go on. It runs when it is next due."""
    if feed:
        ctx.scheduler.resume_feed(_dataset(feed))
    else:
        ctx.scheduler.resume(name)
    return _undone(ctx.call("jobs.list"), "pause", name, feed, f"{feed or name} goes on" if name != "all" or feed
                   else "The schedule goes on")


def _undone(table: Table, verb: str, name: str, feed: str, text: str) -> Table:
    """The answer of a command that `verb` takes back."""
    return replace(table, undo=Undo(f"jobs.{verb}", {"feed": feed} if feed else {"name": name}, text,
                                    f"schedule:{feed or name}", quiet=True))


@command(title="Run the schedule without a window", long=True, writes=True)
def run(ctx: Context, *, until_idle: Annotated[bool, argument(
        help="Only make up for what was missed, then end.")] = False) -> Table:
    """Start jobs when they are due, in the foreground, until Ctrl+C. An open window does this by itself."""
    scheduler = ctx.scheduler
    if scheduler.active:
        raise UserError("The schedule is already running in this program.", "Nothing needs to be done.")
    began = ctx.now()
    scheduler.start()
    try:
        while True:
            running = [each.job.title for each in scheduler.overview() if each.running]
            if until_idle and not running:
                break
            _wait(ctx, _doing(ctx, running))
    except Cancelled:
        pass  # Ctrl+C is how this ends
    finally:
        scheduler.stop()
    shown = ctx.call("jobs.history")
    return Table("What ran", shown.columns, shown.frame.filter(shown.frame["started"] >= began), notes=shown.notes)


@command(title="Bring what you watch up to date", long=True, writes=True)
def watched(ctx: Context, *, datasets: Annotated[tuple[str, ...], argument(
        help="Kinds of data: quotes, headlines, earnings, bars ...")] = ("quotes",)) -> Table:
    """Fetch what is missing or stale of the symbols on your watchlists."""
    import polars as pl

    names = [_dataset(each) for each in datasets]
    lists = [each for each in ctx.market.universes() if each.name.startswith("watchlist:")]
    symbols = [*dict.fromkeys(symbol for each in lists for symbol in each.symbols)]
    if not symbols:
        return Table("What you watch", _BROUGHT, pl.DataFrame(schema=_schema(_BROUGHT)),
                     notes=("Your watchlists are empty, so there is nothing to fetch.",))
    problems = ctx.market.ensure(symbols, names, ctx)
    rows = []
    for name in names:
        known = ctx.store.market.freshness(name).filter(pl.col("symbol").is_in(symbols))
        rows.append((name, len(symbols), known.height, known["fetched_at"].max()))
    return Table("What you watch", _BROUGHT, pl.DataFrame(rows, schema=_schema(_BROUGHT), orient="row"), unknown=tuple(problems))


_BROUGHT = (Column("dataset", "Data"), Column("symbols", "Symbols watched", "integer", "count"),
            Column("rows", "Symbols stored", "integer", "count"), Column("newest", "Newest fetch", "datetime"))


def _doing(ctx: Context, running: Sequence[str]) -> str:
    if running:
        return ", ".join(running)
    waiting = [each for each in ctx.scheduler.overview() if each.next_run is not None]
    if not waiting:
        return "nothing is due; Ctrl+C ends it"
    first = min(waiting, key=lambda each: each.next_run or ctx.now())
    return f"next: {first.job.title}, {first.next_run:%a %H:%M} UTC; Ctrl+C ends it"


def _wait(ctx: Context, note: str) -> None:
    for _ in range(10):
        ctx.progress(None, note)  # raises Cancelled on Ctrl+C
        time.sleep(_TURN)


def _dataset(name: str) -> str:
    from terminal.domain.schemas import DATASETS

    if name not in DATASETS:
        raise UserError(f"There is no kind of data called {name!r}.", f"One of: {', '.join(DATASETS)}.")
    return name


def _schema(columns: Sequence[Column]) -> dict[str, Any]:
    import polars as pl

    kinds: dict[str, Any] = {"datetime": pl.Datetime("us", "UTC"), "integer": pl.Int64, "number": pl.Float64}
    return {column.name: kinds.get(column.type, pl.String) for column in columns}
