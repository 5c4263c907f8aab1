"""Commands on how things are: services, data, files, log and problems; try again, empty a dataset, acknowledge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, StoreError, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plugins.health.model import Problem

_LIMIT = Annotated[int, argument(help="At most so many; the newest come first.")]
_SERVICES = (
    Column("id", "Id", newbie=False), Column("title", "Service"), Column("state", "State", term="provider_state"),
    Column("sentence", "In words"), Column("budget", "Requests left", term="request_budget", newbie=False),
    Column("left", "Left", "integer", "count", term="request_budget", newbie=False),
    Column("limit", "Limit", "integer", "count", newbie=False), Column("resets_at", "All back", "datetime", newbie=False),
    Column("requests", "Asked, 24 h", "integer", "count", newbie=False),
    Column("error_rate", "Failed, 24 h", "number", "fraction", term="error_rate", decimals=1, newbie=False),
    Column("p50", "p50", "number", "seconds", term="latency", decimals=2, newbie=False),
    Column("p95", "p95", "number", "seconds", term="latency", decimals=2, newbie=False),
    Column("good_at", "Last good answer", "datetime"), Column("good_endpoint", "Endpoint", newbie=False),
    Column("breaker", "Breaker", term="breaker", newbie=False), Column("until", "Asked again", "datetime", newbie=False),
    Column("fault", "What is wrong", newbie=False), Column("error_at", "Last failure", "datetime", newbie=False),
    Column("error", "Last error", newbie=False), Column("live", "Live trades", term="live_trades", newbie=False),
    Column("datasets", "Delivers", "list", newbie=False),
    Column("windows", "Windows", "object", newbie=False),
)
_DATA = (
    Column("dataset", "Dataset", newbie=False), Column("title", "Data"), Column("lag", "How far behind", term="ingestion_lag"),
    Column("symbols", "Symbols", "integer", "count"), Column("stale", "Due", "integer", "count", term="stale_symbols"),
    Column("newest", "Newest day", "date"), Column("newest_at", "Newest value", "datetime", newbie=False),
    Column("fetched_at", "Newest fetch", "datetime"), Column("providers", "From", "list", newbie=False),
    Column("feed", "Feed", term="feed_state"),
)
_STORAGE = (
    Column("item", "What"), Column("size", "Size", "integer", "bytes"), Column("count", "Number", "integer", "count"),
    Column("milliseconds", "ms", "number", "", decimals=1), Column("detail", "Where", newbie=False),
)
_LOG = (Column("at", "When"), Column("level", "Level"), Column("message", "What was said"), Column("where", "Part", newbie=False),
        Column("traceback", "Traceback", newbie=False))
_PROBLEMS = (Column("problem", "About"), Column("level", "Level"), Column("sentence", "What is the matter"),
             Column("acknowledged", "Acknowledged", "bool"))
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


@command(title="Show how things are", panel="health")
def show(ctx: Context) -> Table:
    """Show for each data service whether it answers, what is left of its request budget, how fast it is and what went wrong."""
    import polars as pl

    from plugins.health import model

    now, found = ctx.now(), ctx.market.health.providers()
    rows = []
    for status in found:
        window = model.tightest(status.windows)
        held = [each for each in status.troubles if each.until]
        breaker = "open" if any(not each.endpoint for each in held) else "partly open" if held else "closed"
        rows.append({
            "id": status.id, "title": status.title, "state": status.state, "sentence": model.sentence(status, now),
            "budget": model.budget(status.windows, now), "left": window and window.left, "limit": window and window.requests,
            "resets_at": window and window.resets_at, "requests": status.requests, "error_rate": status.error_rate,
            "p50": status.p50, "p95": status.p95, "good_at": status.good_at, "good_endpoint": status.good_endpoint or None,
            "breaker": breaker, "until": status.until, "fault": status.fault or None, "error_at": status.error_at,
            "error": status.error or None,
            "live": status.live.words if status.live is not None and status.state != "needs key" else None,
            "datasets": list(status.datasets),
            "windows": [{"requests": each.requests, "seconds": each.seconds, "left": each.left, "resets_at": each.resets_at}
                        for each in status.windows]})
    schema = _schema(_SERVICES, windows=pl.List(pl.Struct({
        "requests": pl.Int64, "seconds": pl.Int64, "left": pl.Int64, "resets_at": pl.Datetime("us", "UTC")})))
    problems = _problems(ctx, found)
    open_ones = [each for each, seen in problems if not seen]
    return Table("Health", _SERVICES, pl.DataFrame(rows, schema=schema), notes=(model.verdict(found, open_ones),))


@command(title="Show how old the data is", panel="health")
def datasets(ctx: Context) -> Table:
    """Show for each kind of data its newest value, its newest fetch, and how many symbols are due for a refresh."""
    from datetime import datetime

    import polars as pl

    from plugins.health import model

    now, paused = ctx.now(), ctx.scheduler.paused_feeds()
    rows = []
    for each in ctx.market.health.datasets():
        exact = each.newest if isinstance(each.newest, datetime) else None
        rows.append((each.name, model.NAMES.get(each.name, each.name), model.lag(each, now), each.symbols, each.stale,
                     exact.astimezone(model.NEW_YORK).date() if exact else each.newest, exact, each.fetched_at,
                     [*each.providers], "paused" if each.name in paused else "on"))
    frame = pl.DataFrame(rows, schema=_schema(_DATA), orient="row")
    notes = (f"Paused for all jobs: {', '.join(paused)}. What you ask for by hand still comes.",) if paused else ()
    return Table("Data", _DATA, frame.sort(pl.col("symbols") == 0, maintain_order=True), notes=notes)


@command(title="Show files and memory", panel="health")
def storage(ctx: Context) -> Table:
    """Show the sizes of the files, rows by table, memory, writes that wait, and how often the window was held up."""
    import polars as pl

    rows: list[tuple[str, int | None, int | None, float | None, str]] = [
        (each.item, each.size, each.count, None, each.detail) for each in ctx.market.health.storage()]
    heartbeat = getattr(ctx.window, "heartbeat", None)
    gaps = [(name, heartbeat.gap(share)) for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0))] if heartbeat else []
    place = next((at for at, row in enumerate(rows) if row[0].startswith("Table ")), len(rows))
    rows[place:place] = [(f"Window held up, {name}", None, None, gap, "of the last ten seconds") for name, gap in gaps
                         if gap is not None]
    return Table("Files and memory", _STORAGE, pl.DataFrame(rows, schema=_schema(_STORAGE), orient="row"))


@command(title="Show the log", panel="health")
def log(ctx: Context, *, level: Annotated[Literal["debug", "info", "warning", "error"], argument(
            help="This level and what is worse.")] = "info",
        text: Annotated[str, argument(help="Only lines that contain this, in any case.")] = "", limit: _LIMIT = 200) -> Table:
    """Show the newest lines of the program's own log. Keys and passwords are taken out."""
    import polars as pl

    from plugins.health.journal import entries

    if limit < 1:
        raise UserError(f"limit cannot be {limit}.", "Give a number of at least 1.")
    found = entries(ctx.home.logs, ctx.settings.known_secrets(), lowest=_LEVELS[level], text=text, limit=limit)
    rows = [tuple(entry.get(column.name) for column in _LOG) for entry in found]
    notes = () if rows else ("Nothing of that kind was logged.",)
    return Table("Log", _LOG, pl.DataFrame(rows, schema=_schema(_LOG), orient="row"), notes=notes)


@command(title="Show what needs attention", panel="health")
def problems(ctx: Context, *, all: Annotated[bool, argument(help="The acknowledged ones, too.")] = False) -> Table:
    """List services that do not answer, jobs that failed and data that falls behind, without what you acknowledged."""
    import polars as pl

    found = [(each.key, each.level, each.sentence, seen) for each, seen in _problems(ctx) if all or not seen]
    notes = () if found else ("Nothing needs your attention.",)
    return Table("Problems", _PROBLEMS, pl.DataFrame(found, schema=_schema(_PROBLEMS), orient="row"), notes=notes)


@command(title="Try a service again", long=True, writes=True)
def retry(ctx: Context, provider: Annotated[str, argument(help="Id of the service (`health show`).")]) -> Table:
    """Forget that a service failed, ask it the smallest thing it answers, and show how it stands."""
    ctx.market.health.retry(provider, ctx)
    ctx.publish("provider.changed", {"provider": provider})
    shown = show(ctx)
    row = shown.frame.filter(shown.frame["id"] == provider.strip().lower())
    return Table(f"Tried {row['title'][0]}", shown.columns, row, notes=(row["sentence"][0],))


@command(title="Empty a kind of data", writes=True)
def flush(ctx: Context, dataset: Annotated[str, argument(help="Kind of data (`health datasets`).")], *,
          yes: Annotated[bool, argument(help="Do it; without this only what would happen is told.")] = False) -> Table:
    """Drop what is stored of one kind of market data, so that it is fetched again. What you own is never touched."""
    rows, own = ctx.market.health.size_of(dataset)
    loses = f", {own:,} of them from your own files, which would have to be imported again," if own else ""
    if not yes:
        raise UserError(f"This drops {_rows(rows)} of {dataset}{loses} and what was known on earlier days.",
                        f"If that is what you want: tapeline health flush {dataset} --yes")
    dropped = ctx.market.health.flush(dataset)
    note = "They are fetched again with the next refresh."
    return Table(f"Dropped {_rows(dropped)} of {dataset}", (), _nothing(), notes=(note,))


@command(title="Acknowledge a problem", writes=True)
def acknowledge(ctx: Context, problem: Annotated[str, argument(help="As `health problems` names it, or all.")] = "all") -> Table:
    """Hide a known problem until it changes or comes again as another one."""
    now = ctx.now()
    chosen = [each for each, seen in _problems(ctx) if not seen and problem in ("all", each.key)]
    if not chosen and problem != "all":
        raise UserError(f"There is no open problem {problem!r}.", "See: tapeline health problems")

    def write(tx: Any) -> None:
        for each in chosen:
            tx.execute("delete from health.acknowledged where problem = ?", (each.key,))
            tx.execute("insert into health.acknowledged values (?, ?, ?)", (each.key, each.mark, now))

    if chosen:
        ctx.store.book.write(write)
    return ctx.call("health.problems")


@command(title="Show where Prometheus can read")
def metrics(ctx: Context) -> Table:
    """Show the address under which a monitoring program on this computer can read these numbers. Off unless you set a port.

    The address holds a secret, so that no other program of this computer can read along. Set the port with
    `tapeline preferences set health.metrics_port 9464`.
    """
    import importlib.util
    import json

    import polars as pl

    port = int(ctx.settings.get("health.metrics_port"))
    try:
        address = str(json.loads((ctx.home.run / "metrics.json").read_text("utf-8"))["url"])
    except (OSError, ValueError, KeyError):
        address = ""
    if importlib.util.find_spec("prometheus_client") is None:
        state, note = "not installed", "The exporter needs one more package: python3 -m pip install 'tapeline[metrics]'"
    elif not port:
        state, note = "off", "Switch it on with `tapeline preferences set health.metrics_port 9464`."
    elif not address:
        state, note = "not running", "It runs while the window is open, or with `tapeline jobs run`."
    else:
        state, note = "on", "Only programs on this computer that know the address can read it."
    frame = pl.DataFrame({"state": [state], "address": [address if state == "on" else None], "port": [port or None]},
                         schema={"state": pl.String, "address": pl.String, "port": pl.Int64})
    columns = (Column("state", "Exporter"), Column("address", "Address"), Column("port", "Port", "integer"))
    return Table("Prometheus", columns, frame, notes=(note,))


def _problems(ctx: Context, providers: Sequence[Any] | None = None) -> list[tuple[Problem, bool]]:
    """Every problem, and whether the user acknowledged it as it is."""
    from plugins.health import model

    health = ctx.market.health
    jobs = [{**(each.last or {}), "name": each.job.name, "title": each.job.title} for each in ctx.scheduler.overview()]
    found = model.problems(health.providers() if providers is None else providers, health.datasets(), jobs,
                           ctx.store.market.database.waiting, ctx.now())
    try:
        rows = ctx.store.book.read("select problem, fingerprint from health.acknowledged")
    except StoreError:
        rows = None
    seen = dict(rows.iter_rows()) if rows is not None else {}
    return [(each, seen.get(each.key) == each.mark) for each in found]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _nothing() -> Any:
    import polars as pl

    return pl.DataFrame()


def _schema(columns: Sequence[Column], **special: Any) -> dict[str, Any]:
    import polars as pl

    kinds: dict[str, Any] = {"datetime": pl.Datetime("us", "UTC"), "integer": pl.Int64, "number": pl.Float64, "date": pl.Date,
                             "bool": pl.Boolean, "list": pl.List(pl.String)}
    return {column.name: special.get(column.name, kinds.get(column.type, pl.String)) for column in columns}
