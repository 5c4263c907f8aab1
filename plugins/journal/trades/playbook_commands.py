"""Commands over playbooks: a way to trade, written down, with what is to be checked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from plugins.journal.trades.book import Playbook

Name = Annotated[str, argument(help="Name of the playbook.", metavar="NAME")]


@command(title="Playbooks", panel="journal")
def playbooks(ctx: Context, *, removed: Annotated[bool, argument(help="Those that were deleted.")] = False) -> Table:
    """List your playbooks with their steps, how many trades follow each, how well those kept to it, and what they made."""
    from plugins.journal.trades import book as trade_book
    from plugins.journal.trades import trading

    books = trade_book.playbooks(ctx.store.book.read, ctx.as_of, removed=removed)
    kept = trading.journal(ctx, excursions=False).kept if books else ()
    rows = []
    for book in books:
        mine = [each for each in kept if each.note.playbook == book.name]
        shares = [len(set(each.note.done) & set(book.items)) / len(book.items) for each in mine if book.items]
        profits = [each.total for each in mine if each.total is not None and not each.trade.open]
        rows.append({"name": book.name, "items": list(book.items), "trades": len(mine), "text": book.text,
                     "kept": sum(shares) / len(shares) if shares else None,
                     "profit": sum(profits) if profits else None})  # fmt: skip
    return _table(ctx, rows)


@command(title="Write a playbook", writes=True, panel="journal")
def playbook_save(
    ctx: Context,
    name: Name,
    *,
    step: Annotated[tuple[str, ...], argument(help="What is to be checked; once for each step.", metavar="TEXT")] = (),
    text: Annotated[str, argument(help="The whole idea, in Markdown.", metavar="TEXT")] = "",
) -> Table:
    """Write a playbook, or write it anew; the version before is kept and comes back with undo."""
    from plugins.journal.trades import book as trade_book

    label = trade_book.word(name)
    steps = tuple(dict.fromkeys(" ".join(each.split()) for each in step if each.strip()))
    if len(steps) > 30 or any(len(each) > 200 for each in steps):
        raise UserError("That are too many or too long steps.", "Take up to 30 of up to 200 characters.")
    before = _standing(ctx, label)
    told = trade_book.Playbook(label if before is None else before.name, trade_book.long_text(text), steps, 0)
    if before is not None:
        told = replace(told, items=told.items or before.items, text=told.text or before.text)
    if not told.items and not told.text:
        raise UserError("A playbook needs steps or a text.", "Give --step 'Trend is up' for each step.")
    return _write(ctx, told, f"The playbook {told.name} is written",
                  "journal.playbook_undo" if before is not None else "journal.playbook_delete", quiet=True)  # fmt: skip


@command(title="Delete a playbook", writes=True, panel="journal")
def playbook_delete(ctx: Context, name: Name) -> Table:
    """Delete a playbook; what trades say of it stays, and it can be put back."""
    from plugins.journal.trades import book as trade_book

    told = trade_book.playbook(ctx.store.book.read, name)
    return _write(ctx, replace(told, removed=True), f"The playbook {told.name} is deleted", "journal.playbook_undo")


@command(title="Take back the last change of a playbook", writes=True, panel="journal")
def playbook_undo(ctx: Context, name: Name) -> Table:
    """Let a playbook stand as before it was last written or deleted; this, too, can be taken back."""
    from plugins.journal.trades import book as trade_book

    versions = ctx.store.book.read(
        "SELECT * FROM journal.playbooks WHERE lower(name) = lower(?) ORDER BY version DESC LIMIT 2", (name.strip(),)
    ).to_dicts()
    if len(versions) < 2:
        raise UserError(f"There is no earlier version of a playbook '{name}'.", "`tapeline journal playbooks` lists them.")
    row: dict[str, Any] = versions[1]
    told = trade_book.Playbook(row["name"], row["text"], tuple(row["items"]), 0, row["removed"])
    return _write(ctx, told, f"The last change of the playbook {told.name} is taken back", "journal.playbook_undo", quiet=True)


def _standing(ctx: Context, name: str) -> Playbook | None:
    from plugins.journal.trades import book as trade_book

    return next((each for each in trade_book.playbooks(ctx.store.book.read) if each.name.casefold() == name.casefold()), None)


def _write(ctx: Context, told: Playbook, text: str, back: str, *, quiet: bool = False) -> Table:
    from plugins.journal.trades import book as trade_book

    ctx.store.book.write(lambda tx: trade_book.write_playbook(tx, told, ctx.now()))
    ctx.publish("book.changed", {"table": "journal.playbooks"})
    undo = Undo(back, {"name": told.name}, text, f"playbook:{told.name.casefold()}", quiet)
    return replace(playbooks(ctx), title=text, undo=undo)


def _table(ctx: Context, rows: list[dict[str, Any]]) -> Table:
    from plugins.journal.tables import frame, written

    columns = (
        Column("name", "Playbook"), Column("items", "Steps", "list", term="journal_playbook"),
        Column("trades", "Trades", "integer", "count"),
        Column("kept", "Steps done", "number", "fraction", decimals=0), Column("profit", "Profit", "number", decimals=2),
        Column("text", "Idea"),
    )  # fmt: skip
    notes = () if rows else ("No playbook yet: `tapeline journal playbook-save NAME --step 'Trend is up'`.",)
    return Table("Playbooks", columns, frame(columns, rows), (written(ctx),), notes=notes)
