"""The demo market's archive of option chains: made when it is first needed, or by hand; never in a real home."""

from __future__ import annotations

from typing import Annotated

from terminal.api import Column, Context, Table, UserError, argument, command

_FILLED = (
    Column("symbol", "Symbol"),
    Column("days", "Days of chains", "integer", "count"),
    Column("volatilities", "Days of volatility", "integer", "count"),
)


@command(title="Make the demo option archive", writes=True)
def demo_fill(
    ctx: Context,
    symbols: Annotated[tuple[str, ...], argument(help="Past chains of these only; all that have some if none.")] = (),
) -> Table:
    """Archive past chains and volatilities of the demo market, as if chains had been kept every evening for a year.

    Commands that look at the past do this by themselves for the symbols they need.
    """
    import polars as pl

    if not ctx.demo:
        raise UserError("Your own archive holds nothing invented.", "The demo archive lives in the demo market: add --demo.")
    came = ctx.market.simulate_past([symbol.strip().upper() for symbol in symbols] or None, ctx)
    status = ctx.store.archive.status()
    note = f"{came} chains were archived." if came else "Everything was there already."
    frame = status.select("symbol", pl.col("days").cast(pl.Int64), pl.col("volatilities").cast(pl.Int64))
    return Table("The demo market's option archive", _FILLED, frame, notes=(note,))
