"""Commands over trades: list them, look at one, say what was planned and felt, tag, and see them on the chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from decimal import Decimal

    from plugins.journal.trades.book import Note
    from plugins.journal.trades.trading import Kept

Number = Annotated[int, argument(help="Number of the trade (`journal trades`).", metavar="NUMBER")]
Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Totals in this currency; the accounts' own if not given.", metavar="CODE")]
Start = Annotated[date | None, argument(help="Closed on this day or later.")]
End = Annotated[date | None, argument(help="Closed on this day or before.")]
TagKind = Annotated[Literal["strategy", "setup", "mistake", "tag"], argument(help="What the word says.")]
Label = Annotated[str, argument(help="The word.", metavar="WORD")]
Price = Annotated[str, argument(help="A price of one unit.", metavar="PRICE")]
Reference = Annotated[
    Literal["planned", "open", "previous close"],
    argument(help="What the entry is compared with: your plan or a price of its day."),
]
_CLEARED = ("strategy", "setup", "mistake", "tag", "entry", "stop", "target", "risk", "before", "during", "after", "note",
            "playbook", "done")  # fmt: skip


@command(title="Trades", panel="journal")
def trades(
    ctx: Context,
    symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "",
    *,
    account: Accounts = (),
    state: Annotated[Literal["", "open", "closed", "won", "lost"], argument(help="Only these.")] = "",
    word: Annotated[tuple[str, ...], argument(help="Only with all of these tags, of any kind.", metavar="WORD")] = (),
    structure: Annotated[str, argument(help="Only of this kind, such as 'long call'.", metavar="NAME")] = "",
    start: Start = None,
    end: End = None,
    reference: Reference = "planned",
    limit: Annotated[int, argument(help="The newest so many; 0 for all.")] = 200,
) -> Table:
    """List round trips made of what is booked, with what they made, R, the best and worst they stood at, and tags.

    A trade goes from flat to flat; options opened together are one. Open ones are worth their newest price.
    """
    from plugins.journal.trades import trading
    from plugins.journal.trades.tables import row, trades_table

    found = trading.journal(ctx, account, start=start, end=end, symbol=symbol.strip().upper())
    wanted = [each for each in found.kept if _fits(each, state, word, structure)]
    shown = list(reversed(wanted))[: limit if limit > 0 else None]
    notes: tuple[str, ...] = ()
    if not found.kept:
        notes = ("No trade is booked that fits. Book or import: `tapeline portfolio import FILE --account NAME`.",)
    elif len(shown) < len(wanted):
        notes = (f"The newest {len(shown)} of {len(wanted)}; --limit 0 for all.",)
    return trades_table(ctx, found, [row(each, _slip(ctx, each, reference)) for each in shown], notes)


@command(title="One trade", panel="journal")
def trade(
    ctx: Context, number: Number, *, executions: Annotated[bool, argument(help="Its executions instead.")] = False
) -> Table:  # fmt: skip
    """Show a trade: result, plan, how far it ran for and against you, execution, and what you wrote about it."""
    from plugins.journal.trades import trading
    from plugins.journal.trades.tables import executions_table

    each = trading.one_of(ctx, number)
    return executions_table(ctx, each) if executions else _shown(ctx, each)


@command(title="Write about a trade", writes=True, panel="journal")
def annotate(
    ctx: Context,
    number: Number,
    *,
    strategy: Annotated[tuple[str, ...], argument(help="How you trade.", metavar="WORD")] = (),
    setup: Annotated[tuple[str, ...], argument(help="What you saw.", metavar="WORD")] = (),
    mistake: Annotated[tuple[str, ...], argument(help="What you did wrong.", metavar="WORD")] = (),
    tag: Annotated[tuple[str, ...], argument(help="Anything else.", metavar="WORD")] = (),
    entry: Price = "",
    stop: Price = "",
    target: Price = "",
    risk: Annotated[str, argument(help="Money you were ready to lose; else from stop and size.", metavar="MONEY")] = "",
    before: Annotated[str, argument(help="State of mind before: calm, anxious ...", metavar="WORDS")] = "",
    during: Annotated[str, argument(help="State of mind while it was open.", metavar="WORDS")] = "",
    after: Annotated[str, argument(help="State of mind after it.", metavar="WORDS")] = "",
    note: Annotated[str, argument(help="Notes in Markdown.", metavar="TEXT")] = "",
    playbook: Annotated[str, argument(help="The playbook it belongs to (`journal playbooks`).", metavar="NAME")] = "",
    done: Annotated[tuple[str, ...], argument(help="Steps of the playbook that were done.", metavar="STEP")] = (),
    clear: Annotated[tuple[str, ...], argument(help="Parts to empty first, such as stop or mistake.", metavar="PART")] = (),
) -> Table:
    """Say what was planned, felt, done and learned. What is not given stays; what was said before is kept and can be undone."""
    from plugins.journal.trades import book as trade_book

    prices = {"entry": entry, "stop": stop, "target": target, "risk": risk}
    told: dict[str, Any] = {name: _price(name, text) for name, text in prices.items() if text.strip()}
    for name, texts in (("strategy", strategy), ("setup", setup), ("mistake", mistake), ("tag", tag)):
        if texts:
            told[name] = trade_book.words(texts)
    for name, text in (("before", before), ("during", during), ("after", after), ("text", note)):
        if text.strip():
            told[name] = trade_book.long_text(text)
    if playbook.strip():
        told["playbook"] = trade_book.playbook(ctx.store.book.read, playbook).name
    if done:
        told["done"] = done
    emptied = _emptied(clear)
    if not told and not emptied:
        raise UserError("Nothing was said.", "Give what is to be kept, such as --stop 140 or --note '...'.")
    return _written(ctx, number, lambda before: replace(before, **{**emptied, **told}), "is written about")


@command(title="Tag a trade", writes=True, panel="journal")
def tag(ctx: Context, number: Number, label: Label, *, kind: TagKind = "tag") -> Table:
    """Add a word to a trade: its strategy, the set-up, a mistake, or any tag. Statistics can be had by each."""
    from plugins.journal.trades import book as trade_book

    def add(before: Note) -> Note:
        return replace(before, **_one(kind, trade_book.words((*getattr(before, kind), label))))

    return _written(ctx, number, add, f"is tagged {trade_book.word(label)}")


@command(title="Take a tag off a trade", writes=True, panel="journal")
def untag(ctx: Context, number: Number, label: Label, *, kind: TagKind = "tag") -> Table:
    """Take a word off a trade."""

    def drop(before: Note) -> Note:
        kept = tuple(each for each in getattr(before, kind) if each.casefold() != label.strip().casefold())
        if kept == getattr(before, kind):
            raise UserError(f"Trade {number} has no {kind} '{label}'.", f"`tapeline journal trade {number}` shows what it has.")
        return replace(before, **_one(kind, kept))

    return _written(ctx, number, drop, f"is no longer tagged {label.strip()}")


@command(title="Take back what was written about a trade", writes=True, panel="journal")
def trade_undo(ctx: Context, number: Number) -> Table:
    """Let the notes of a trade stand as before the last change; this, too, can be taken back."""
    from plugins.journal.trades import book as trade_book
    from plugins.journal.trades import trading

    booking = trading.one_of(ctx, number).number
    ctx.store.book.write(lambda tx: trade_book.take_back(tx, booking, ctx.now()))
    text = f"The last change of what was written about trade {number} is taken back"
    shown = _shown(ctx, trading.one_of(ctx, number))
    return replace(shown, undo=Undo("journal.trade_undo", {"number": number}, text, f"trade:{number}", quiet=True))


@command(title="Tags in use")
def tags(ctx: Context, *, kind: Annotated[str, argument(help="Only of this kind.", metavar="KIND")] = "") -> Table:
    """List every word that trades are tagged with, and how often."""
    from plugins.journal.tables import frame, written
    from plugins.journal.trades import book as trade_book

    columns = (Column("kind", "Kind"), Column("word", "Word"), Column("trades", "Trades", "integer", "count"))
    if kind and kind not in trade_book.KINDS:
        raise UserError(f"There is no kind '{kind}'.", f"One of: {', '.join(trade_book.KINDS)}.")
    counted = trade_book.used(trade_book.notes(ctx.store.book.read, ctx.as_of))
    rows = [
        {"kind": name, "word": label, "trades": count}
        for name, labels in counted.items()
        for label, count in sorted(labels.items(), key=lambda item: (-item[1], item[0].casefold()))
        if kind in ("", name)
    ]
    return Table("Tags", columns, frame(columns, rows), (written(ctx),))


@command(title="Your trades and decisions on a chart", hidden=True)
def markers(ctx: Context, symbol: Annotated[str, argument(help="Ticker.", metavar="SYMBOL")]) -> Table:
    """What you did and decided in a symbol, as flags for its chart."""
    from plugins.journal.trades import marks

    return marks.table(ctx, symbol.strip().upper())


def _fits(each: Kept, state: str, words: tuple[str, ...], structure: str) -> bool:
    from plugins.journal.trades.book import KINDS
    from plugins.journal.trades.tables import state as state_of

    mine = {label.casefold() for kind in KINDS for label in getattr(each.note, kind)}
    fits = {"": True, "open": each.trade.open, "closed": not each.trade.open}.get(state, state_of(each) == state)
    return fits and all(one.casefold() in mine for one in words) and structure.casefold() in each.trade.structure.casefold()


def _slip(ctx: Context, each: Kept, reference: str) -> Decimal | None:
    from terminal.domain.journal.excursions import slippage

    return slippage(each.trade, each.references.get(reference))


def _shown(ctx: Context, each: Kept, title: str = "") -> Table:
    from plugins.journal.trades import book as trade_book
    from plugins.journal.trades.tables import one_table
    from terminal.domain.journal.excursions import slippage

    books = {one.name: one for one in trade_book.playbooks(ctx.store.book.read, ctx.as_of)}
    slips = {name: slippage(each.trade, price) for name, price in each.references.items()}
    return one_table(ctx, each, books.get(each.note.playbook), slips, title)


def _written(ctx: Context, number: int, change: Any, said: str) -> Table:
    """Change what is said of a trade and show it, with how this is taken back."""
    from plugins.journal.trades import book as trade_book
    from plugins.journal.trades import trading

    if ctx.as_of is not None:
        raise UserError("What you write, you write today.", "Leave out --as-of, or go back to today.")
    each = trading.one_of(ctx, number)
    changed = change(each.note)
    if changed == each.note:
        raise UserError(f"That is what is written about trade {number} already.", "Give what is to be different.")
    ctx.store.book.write(lambda tx: trade_book.write_note(tx, each.number, changed, ctx.now()))
    ctx.publish("book.changed", {"table": "journal.trade_notes"})
    text = f"Trade {number} {said}"
    undo = Undo("journal.trade_undo", {"number": each.number}, text, f"trade:{each.number}", quiet=True)
    return replace(_shown(ctx, trading.one_of(ctx, number), text), undo=undo)


def _one(kind: str, words: tuple[str, ...]) -> dict[str, Any]:
    return {kind: words}


def _price(name: str, text: str) -> Decimal:
    from terminal.domain.portfolio.transactions import decimal

    try:
        value = decimal(text)
    except ValueError:
        raise UserError(f"The {name} cannot be '{text}'.", "Give a number, such as 140.50.") from None
    if value <= 0 and name != "entry":
        raise UserError(f"A {name} of {text} is not possible.", "Give a number above zero.")
    return value


def _emptied(parts: tuple[str, ...]) -> dict[str, Any]:
    from plugins.journal.trades.book import Note

    empty, found = Note(), {}
    for part in parts:
        if part not in _CLEARED:
            raise UserError(f"There is no part '{part}'.", f"One of: {', '.join(_CLEARED)}.")
        name = "text" if part == "note" else part
        found[name] = getattr(empty, name)
    return found
