"""Commands over decisions: write one down, change it, look at it, take it out and put it back."""

from __future__ import annotations

from typing import Annotated

from terminal.api import Column, Context, Table, argument, command


@command(title="Decisions")
def list_(ctx: Context, *, symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "") -> Table:
    """List what you decided, the newest first, with the reason and how sure you were."""
    import polars as pl

    from plugins.journal import book

    rows = [
        {"number": each.id, "day": each.day, "symbol": each.symbol, "action": each.last.terms.action,
         "reason": each.last.terms.reason}
        for each in book.entries(ctx.store.book.read, ctx.as_of, kind="decision", symbol=symbol.strip().upper())
    ]  # fmt: skip
    columns = (Column("number", "Number", "integer"), Column("day", "Day", "date"), Column("symbol", "Ticker"),
               Column("action", "Decision"), Column("reason", "Reason"))  # fmt: skip
    schema = {"number": pl.Int64, "day": pl.Date, "symbol": pl.String, "action": pl.String, "reason": pl.String}
    return Table("Decisions", columns, pl.DataFrame(rows, schema=schema))
