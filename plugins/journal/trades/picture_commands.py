"""Commands over pictures of the chart that belong to trades. They are files in the home's folder, named in the book."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from plugins.journal.trades.commands import Number  # noqa: TC001  # read when commands are built
from terminal.api import Column, Context, Table, Undo, UserError, argument, command

if TYPE_CHECKING:
    from pathlib import Path

Picture = Annotated[int, argument(help="Number of the picture (`journal pictures`).", metavar="NUMBER")]
_BEFORE, _AFTER = timedelta(days=90), timedelta(days=20)
_COLUMNS = (
    Column("number", "Number", "integer"), Column("trade", "Trade", "integer"), Column("what", "What"),
    Column("made", "Made", "datetime"), Column("file", "File"), Column("there", "There", "bool", newbie=False),
)  # fmt: skip


def folder(ctx: Context) -> Path:
    """Where the pictures of this market's book lie."""
    return ctx.home.book(ctx.demo).parent / "pictures"


@command(title="Pictures of a trade", panel="journal")
def pictures(ctx: Context, number: Number) -> Table:
    """List the pictures of the chart that belong to a trade, with their files."""
    from plugins.journal.tables import frame, written
    from plugins.journal.trades import trading

    each = trading.one_of(ctx, number, excursions=False)
    rows = [{"number": one.number, "trade": each.number, "what": one.what, "made": one.made_at,
             "file": str(folder(ctx) / one.file), "there": (folder(ctx) / one.file).is_file()}
            for one in each.pictures]  # fmt: skip
    notes = () if rows else (f"No picture yet: `tapeline journal picture {number}` takes one.",)
    return Table(f"Pictures of trade {each.number}: {each.title}", _COLUMNS, frame(_COLUMNS, rows), (written(ctx),), notes=notes)


@command(title="Take a picture of a trade", writes=True, long=True, panel="journal")
def picture(ctx: Context, number: Number) -> Table:
    """Keep a picture of the chart from before the entry to after the exit, with flags where you bought and sold."""
    from plugins.journal.trades import book as trade_book
    from plugins.journal.trades import trading

    if ctx.as_of is not None:
        raise UserError("A picture is taken of what is known today.", "Leave out --as-of, or go back to today.")
    if "chart.export" not in ctx.commands():
        raise UserError("There is no chart to take a picture of.", "See `tapeline doctor plugins`.")
    each = trading.one_of(ctx, number, excursions=False)
    trade = each.trade
    ends = trade.closed.day if trade.closed is not None else ctx.market.today()
    name = f"trade-{each.number}-{ctx.now():%Y%m%d-%H%M%S-%f}.png"
    file = folder(ctx) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    ctx.call("chart.export", symbol=trade.underlying, png=file, start=trade.opened.day - _BEFORE,
             end=min(ends + _AFTER, ctx.market.today()), width=1280, height=720, flags=True)  # fmt: skip
    what = "closed" if trade.closed is not None else "open"
    made = ctx.store.book.write(lambda tx: trade_book.add_picture(tx, each.number, name, what, ctx.now()))
    ctx.publish("book.changed", {"table": "journal.trade_pictures"})
    text = f"Picture {made} of trade {each.number} is taken"
    undo = Undo("journal.picture_remove", {"number": made}, text, f"picture:{made}", quiet=True)
    return replace(pictures(ctx, each.number), title=text, undo=undo)


@command(title="Take out a picture", writes=True)
def picture_remove(ctx: Context, number: Picture) -> Table:
    """Take a picture off its trade; the file stays, and it can be put back."""
    return _marked(ctx, number, out=True)


@command(title="Put a picture back", writes=True)
def picture_restore(ctx: Context, number: Picture) -> Table:
    """Put back a picture that was taken out."""
    return _marked(ctx, number, out=False)


def _marked(ctx: Context, number: int, *, out: bool) -> Table:
    from plugins.journal.tables import frame, written
    from plugins.journal.trades import book as trade_book

    ctx.store.book.write(lambda tx: trade_book.mark_picture(tx, number, ctx.now() if out else None))
    ctx.publish("book.changed", {"table": "journal.trade_pictures"})
    text = f"Picture {number} is {'taken out' if out else 'put back'}"
    back = "journal.picture_restore" if out else "journal.picture_remove"
    undo = Undo(back, {"number": number}, text, f"picture:{number}", quiet=not out)
    return Table(text, _COLUMNS, frame(_COLUMNS, ()), (written(ctx),), notes=(text + ".",), undo=undo)
