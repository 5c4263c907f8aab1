"""`window undo`: take back what was done last in the window that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from terminal.api import Table, UserError, command

if TYPE_CHECKING:
    from terminal.api import Context


@command(title="Undo", gui=True)
def undo(ctx: Context) -> Table:
    """Take back what was done last: something deleted, renamed, reset. The messages list what else can be taken back."""
    import polars as pl

    if ctx.window is None or ctx.window.shown is None:
        raise UserError("No window is open.", "The answer of each command says how it is undone.")
    offer = ctx.window.shown.undo.latest
    if offer is None:
        raise UserError("There is nothing to undo.", "Deleted things are listed by: tapeline store deleted")
    ctx.window.shown.undo.take_back(offer)
    return Table(f"Taking back: {offer.undo.text}", (), pl.DataFrame(), detail={"told": True})
