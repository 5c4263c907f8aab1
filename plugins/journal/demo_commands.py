"""The demo market's journal: a year of an invented user, made with a new demo home; never in a real book."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from terminal.api import Column, Context, Table, Undo, UserError, command

_MADE = (Column("what", "What"), Column("count", "How many", "integer", "count"))


@command(title="Make the demo journal", writes=True)
def demo_fill(ctx: Context) -> Table:
    """Write a year of an invented user into the demo market's journal: decisions, predictions, reviews, words about trades.

    A new demo home has it already. Started by itself, this changes nothing where something is written or it was removed.
    """
    _only_demo(ctx)
    if "portfolio.demo_fill" in ctx.commands():
        ctx.call("portfolio.demo_fill")
    read = ctx.store.book.read
    written = read("SELECT removed_at FROM journal.demo")["removed_at"].to_list()
    untouched = not written and not read("SELECT 1 FROM journal.entries LIMIT 1").height
    if None in written:
        return _told(ctx, "The demo journal is there already; `tapeline journal demo-remove` removes it.")
    trades = _trades(ctx)
    if (not ctx.by_hand and not untouched) or trades is None:
        return _told(ctx, "The demo journal belongs to the demo portfolio: `tapeline portfolio demo-fill`.")
    _fill(ctx, trades)
    undo = Undo("journal.demo_remove", {}, "The demo journal is made", "demo journal", quiet=True)
    return replace(_told(ctx), undo=undo if ctx.by_hand else None)


@command(title="Remove the demo journal", writes=True)
def demo_remove(ctx: Context) -> Table:
    """Remove what the invented user of the demo market wrote. What you wrote stays."""
    _only_demo(ctx)

    def write(tx: Any) -> None:
        found: dict[str, list[str]] = {"entry": [], "booking": [], "playbook": []}
        for what, name in tx.query("SELECT what, name FROM journal.demo WHERE removed_at IS NULL").rows():
            found[what].append(name)
        if not any(found.values()):
            raise UserError("There is no demo journal.", "Make it with `tapeline journal demo-fill`.")
        numbers = [int(each) for each in found["entry"]]
        for table in ("entries", "versions", "statuses", "checkins"):
            tx.execute(f"DELETE FROM journal.{table} WHERE list_contains(?, id)", (numbers or [0],))
        booked = [int(each) for each in found["booking"]]
        tx.execute("DELETE FROM journal.trade_notes WHERE list_contains(?, booking)", (booked or [0],))
        tx.execute("DELETE FROM journal.playbooks WHERE list_contains(?, name)", (found["playbook"] or [""],))
        tx.execute("UPDATE journal.demo SET removed_at = ? WHERE removed_at IS NULL", (ctx.now(),))

    ctx.store.book.write(write)
    return replace(_told(ctx), undo=Undo("journal.demo_fill", {}, "The demo journal is removed", "demo journal"))


def _only_demo(ctx: Context) -> None:
    if not ctx.demo:
        raise UserError("Your own journal holds nothing invented.", "The demo journal lives in the demo market: add --demo.")


def _trades(ctx: Context) -> Any:
    """The bookings of the demo portfolio, the oldest first; None when there are none."""
    if "portfolio.transactions" not in ctx.commands():
        return None
    frame = ctx.call("portfolio.transactions", limit=0).frame
    mine = frame.filter(frame["source"] == "demo").sort("day", "number")
    return mine if mine.height else None


def _fill(ctx: Context, trades: Any) -> None:
    from plugins.journal import demo

    told = demo.recipe()
    closes = demo.Closes.of(ctx, demo.symbols(told))

    def write(tx: Any) -> None:
        for what, name in demo.write(tx, told, closes, trades).rows():
            tx.execute("INSERT INTO journal.demo VALUES (?, ?, ?, NULL)", (what, name, ctx.now()))

    ctx.store.book.write(write)


def _told(ctx: Context, *notes: str) -> Table:
    from plugins.journal.tables import frame

    rows = [
        {"what": title, "count": ctx.store.book.read(f"SELECT count(*) AS n FROM {source}")["n"][0]}
        for title, source in (
            ("Decisions", "journal.entries WHERE kind = 'decision'"),
            ("Calls", "journal.entries WHERE kind = 'call'"),
            ("Check-ins", "journal.checkins"),
            ("Notes on trades", "(SELECT DISTINCT booking FROM journal.trade_notes)"),
        )
    ]
    return Table("What the journal holds", _MADE, frame(_MADE, rows), notes=notes)
