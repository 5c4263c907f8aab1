"""Commands over decisions: write one down, change it, look at it, take it out and put it back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from terminal.domain.journal.decisions import Entry

Number = Annotated[int, argument(help="Number of the decision (`journal list`).", metavar="NUMBER")]
Symbol = Annotated[str, argument(help="Ticker, for example AAPL.", metavar="SYMBOL")]
Action = Literal["buy", "sell", "hold", "pass", "watch"]
Reason = Annotated[str, argument(help="The thesis, in one reason.", metavar="TEXT")]
Metric = Annotated[tuple[str, ...], argument(help="One or two figures to watch, such as roe.", metavar="FIELD")]
Conviction = Annotated[str, argument(help="How sure you are to be right, in per cent: 50 to 99.", metavar="PERCENT")]
Horizon = Annotated[str, argument(help="When it shall have worked: 90d, 12w, 6m, 1y.", metavar="TIME")]
Stop = Annotated[str, argument(help="Where you are wrong: a price, or a distance such as 8%.", metavar="PRICE")]
Target = Annotated[str, argument(help="Where it shall go: a price, or a distance such as 20%.", metavar="PRICE")]
Review = Annotated[date | None, argument(help="When to look again; in 30 days if not given.")]
Falsifier = Annotated[
    tuple[str, ...], argument(help="A rule that would prove it wrong, up to three: 'roe < 12%'.", metavar="RULE")
]
Signal = Annotated[str, argument(help="What kind of signal it was: breakout, dip, report ...", metavar="WORD")]
Preset = Annotated[str, argument(help="The screen it comes from; the newest that found it if not given.", metavar="SCREEN")]


@command(title="Log a decision", writes=True, long=True)
def log(
    ctx: Context,
    symbol: Symbol,
    *,
    action: Annotated[Action, argument(help="What you decided; pass and watch are decisions, too.")],
    reason: Reason,
    metric: Metric = (),
    conviction: Conviction = "",
    horizon: Horizon = "",
    stop: Stop = "",
    target: Target = "",
    review: Review = None,
    falsifier: Falsifier = (),
    signal: Signal = "",
    preset: Preset = "",
    run: Annotated[int, argument(help="Number of the screen's run (`screener runs`).", metavar="NUMBER")] = 0,
) -> Table:
    """Write down what you decided about a symbol and why, with everything that is known now, which is frozen with it.

    Decisions not to act are followed as well. With --as-of it is dated back and marked as written in hindsight.
    """
    from plugins.journal import book
    from plugins.journal.decisions import detail, recording, theses
    from plugins.journal.decisions.following import follow
    from plugins.journal.decisions.recording import Typed

    name = recording.symbol_of(symbol)
    typed = Typed(reason, metric, conviction, horizon, stop, target, review, falsifier, signal, preset)
    day = ctx.as_of or ctx.market.today()
    recording.terms_of(replace(typed, stop="", target=""), action, day, None)  # what cannot be is told before anything is fetched
    context = recording.frozen(ctx, name, recording.metrics_of(metric), run)
    terms = recording.terms_of(typed, action, day, context["price"])
    number = recording.write(ctx, "decision", name, terms, context)
    entry = book.entry(ctx.store.book.read, number)
    if ctx.as_of is None and terms.falsifiers:
        found = theses.judged(ctx, [entry])[number]
        ctx.store.book.write(lambda tx: theses.store(tx, number, found, ctx))
    text = f"Decision {number} is logged: {action} {name}"
    undo = Undo("journal.delete", {"number": number}, text, f"decision:{number}", quiet=True)
    followed, sources = follow(ctx, [entry])
    return replace(detail.table(ctx, followed[0], sources), title=text, undo=undo)


@command(title="Change a decision", writes=True, long=True)
def change(
    ctx: Context,
    number: Number,
    *,
    reason: Reason = "",
    metric: Metric = (),
    conviction: Conviction = "",
    horizon: Horizon = "",
    stop: Stop = "",
    target: Target = "",
    review: Review = None,
    falsifier: Falsifier = (),
    signal: Signal = "",
    why: Annotated[str, argument(help="Why you changed it, for the history.", metavar="TEXT")] = "",
) -> Table:
    """Add a further version with what is known now; what it said before is kept (`journal history`).

    A stop or target counts from now on. How sure you were and until when are graded as you said it first. Another action is
    another decision: log it.
    """
    from plugins.journal import book
    from plugins.journal.decisions import recording, theses
    from plugins.journal.decisions.recording import Typed

    _only_now(ctx)
    entry = _entry(ctx, number)
    if entry.kind == "call":
        raise UserError(f"{number} is a call, which cannot be changed.", "Delete it while it is young, or make another one.")
    before = entry.last.terms
    context = recording.frozen(ctx, entry.symbol, recording.metrics_of(metric) or before.metrics)
    typed = Typed(reason, metric, conviction, horizon, stop, target, review, falsifier, signal)
    terms = recording.terms_of(typed, before.action, entry.day, context["price"], before)
    if terms == before:
        raise UserError("That is what it says already.", "Give what is to be different, such as --stop 140.")
    ctx.store.book.write(lambda tx: book.add_version(tx, number, terms, context, ctx.now(), why=why))
    changed = _entry(ctx, number)
    found = theses.judged(ctx, [changed])[number]
    ctx.store.book.write(lambda tx: theses.store(tx, number, found, ctx))
    text = f"Decision {number} is changed"
    return replace(show(ctx, number), title=text, undo=Undo("journal.undo", {"number": number}, text, f"decision:{number}"))


@command(title="Price of now", hidden=True)
def price(ctx: Context, symbol: Symbol) -> Table:
    """The price a decision would be written down with, as a sentence in the title."""
    from plugins.journal.decisions import recording
    from plugins.journal.tables import frame
    from terminal.domain import format as fmt

    name = recording.symbol_of(symbol)
    found = ctx.market.scored([name], ctx.as_of).frame
    known = found.height and found["price"][0] is not None
    columns = (Column("symbol", "Ticker"), Column("price", "Price", "number", "currency"), Column("currency", "Currency"))
    rows = found.select("symbol", "price", "currency").to_dicts()
    title = f"now {fmt.money(rows[0]['price'], rows[0]['currency'])}" if known else "its price is not stored yet"
    return Table(title, columns, frame(columns, rows))


@command(title="Decisions", panel="journal")
def list_(
    ctx: Context,
    *,
    symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "",
    action: Annotated[str, argument(help="Only these.", choices=("", "buy", "sell", "hold", "pass", "watch"))] = "",
    due: Annotated[bool, argument(help="Only those that are to be looked at.")] = False,
    deleted: Annotated[bool, argument(help="Those taken out, which can be put back.")] = False,
) -> Table:
    """List what you decided, the newest first, with how the thesis stands and what happened since."""
    from plugins.journal import book
    from plugins.journal.decisions import theses, told
    from plugins.journal.decisions.following import follow
    from plugins.journal.tables import frame, written

    wanted = symbol.strip().upper()
    chosen = book.entries(ctx.store.book.read, ctx.as_of, kind="decision", symbol=wanted, removed=deleted)
    chosen = [each for each in chosen if action in ("", each.last.terms.action)]
    found, sources = follow(ctx, chosen)
    found = theses.lit(ctx, found)
    reports = told.report_days(ctx, [each.symbol for each in chosen])
    rows = [told.decision_row(ctx, each, reports.get(each.entry.symbol, ())) for each in found]
    rows = [row for row in rows if row["due"] or not due]
    shown = frame(told.DECISIONS, rows)
    unjudged = sum(row["status"] == "unknown" for row in rows)
    gaps = (
        (f"Thesis: unknown for {unjudged} of {len(rows)} (no falsifier, not judged yet, or a figure is missing)",)
        if unjudged
        else ()
    )
    notes = (_EMPTY,) if not rows and not (wanted or action or due or deleted) else _NOTES if rows else ()
    title = "Decisions taken out" if deleted else "Decisions that are due" if due else "Decisions"
    return Table(title, told.DECISIONS, shown, (written(ctx), *sources), gaps, notes, detail={"followed": found})


_EMPTY = "None yet. Log one: `tapeline journal log AAPL --action buy --reason 'Margins recover' --falsifier 'roe < 12%'`."
_NOTES = ("Since then: by closes, dividends included, from the price at the moment of the decision.",)


@command(title="One decision in full", panel="journal")
def show(ctx: Context, number: Number) -> Table:
    """Show one decision: what was decided, what was known then, every version, check-in and status, and what became of it."""
    from plugins.journal.decisions import detail, theses
    from plugins.journal.decisions.following import follow

    entry = _entry(ctx, number)
    found, sources = follow(ctx, [entry])
    return detail.table(ctx, theses.lit(ctx, found)[0], sources)


@command(title="Versions of a decision")
def history(ctx: Context, number: Number) -> Table:
    """List every version of a decision or call, the newest first, with what is different from the one before."""
    from plugins.journal import book
    from plugins.journal.decisions import detail
    from plugins.journal.tables import frame, written

    found = book.entries(ctx.store.book.read, ctx.as_of, number=number)
    found = found or book.entries(ctx.store.book.read, ctx.as_of, number=number, removed=True)
    if not found:
        raise UserError(f"There is no decision {number}.", "`tapeline journal list` shows them.")
    columns = (
        Column("version", "Version", "integer"),
        Column("written_at", "Written", "datetime"),
        Column("changed", "What is different"),
        Column("why", "Why"),
        Column("price", "Price then", "number", "currency", decimals=2),
        Column("reason", "Reason"),
        Column("stop", "Stop", "number", "currency", decimals=2),
        Column("target", "Target", "number", "currency", decimals=2),
        Column("conviction", "Conviction", "number", "fraction", decimals=0),
        Column("falsifiers", "Proved wrong by", "list"),
        Column("state", "State"),
        Column("currency", "Currency", newbie=False),
    )
    rows = detail.versions(found[0])
    return Table(f"{found[0].symbol}: versions of {number}", columns, frame(columns, rows), (written(ctx),))


@command(title="Take a decision out", writes=True)
def delete(ctx: Context, number: Number, *, why: Annotated[str, argument(help="Why, for the history.")] = "") -> Table:
    """Take a decision or call out of the log. It is marked, not erased: `journal restore` puts it back."""
    from plugins.journal import book

    _only_now(ctx)
    entry = _entry(ctx, number)
    last = entry.last

    def write(tx: Any) -> None:
        book.add_version(tx, number, last.terms, last.context, ctx.now(), removed=True, why=why)

    ctx.store.book.write(write)
    text = f"{'Call' if entry.kind == 'call' else 'Decision'} {number} ({entry.symbol}) is taken out"
    return _done(ctx, text, Undo("journal.restore", {"number": number}, text, f"decision:{number}"))


@command(title="Put a decision back", writes=True)
def restore(ctx: Context, number: Number) -> Table:
    """Put back a decision or call that was taken out, with all its versions."""
    from plugins.journal import book

    _only_now(ctx)
    entry = book.entry(ctx.store.book.read, number, removed=True)
    standing = [each for each in entry.versions if not each.removed][-1]

    def write(tx: Any) -> None:
        book.add_version(tx, number, standing.terms, standing.context, ctx.now(), why="put back")

    ctx.store.book.write(write)
    text = f"{'Call' if entry.kind == 'call' else 'Decision'} {number} ({entry.symbol}) is put back"
    return _done(ctx, text, Undo("journal.delete", {"number": number}, text, f"decision:{number}", quiet=True))


@command(title="Take back the last change of a decision", writes=True)
def undo(ctx: Context, number: Number) -> Table:
    """Let a decision say what it said before its last change; this adds a version, and can be taken back, too."""
    from plugins.journal import book

    _only_now(ctx)
    entry = _entry(ctx, number)
    if len(entry.versions) < 2:
        raise UserError(f"Decision {number} was never changed.", "Take it out with `tapeline journal delete`.")
    before = entry.versions[-2]

    def write(tx: Any) -> None:
        book.add_version(tx, number, before.terms, before.context, ctx.now(), why="taken back")

    ctx.store.book.write(write)
    text = f"The last change of decision {number} is taken back"
    return _done(ctx, text, Undo("journal.undo", {"number": number}, text, f"decision:{number}", quiet=True))


def _entry(ctx: Context, number: int) -> Entry:
    from plugins.journal import book

    return book.entry(ctx.store.book.read, number, ctx.as_of)


def _only_now(ctx: Context) -> None:
    if ctx.as_of is not None:
        raise UserError("What is written is written today.", "Leave the past day first: without --as-of.")


def _done(ctx: Context, text: str, back: Undo) -> Table:
    return replace(list_(ctx), title=text, undo=back, notes=(f"{text}.",))
