"""The chart's replay as a command, so that others can begin it: a trade of the journal at its entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from plugins.chart.kept import Symbol  # noqa: TC001  # read when commands are built
from terminal.api import Column, Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date


@command(title="Replay a chart from a day", gui=True)
def replay(ctx: Context, symbol: Symbol, *, day: Annotated[date, argument(help="The last day that is shown at first.")]) -> Table:
    """Open the chart of a symbol as it looked at the end of a day; what came after is shown bar by bar."""
    import polars as pl

    if ctx.window is None:
        raise UserError("A replay needs the window.", "Start it with `tapeline`, then try again.")
    name = symbol.strip().upper()
    ctx.window.open_panel("chart", name)
    ctx.window.when_built("chart", lambda panel: panel.replay_from(name, day))
    frame = pl.DataFrame({"symbol": [name], "day": [day]})
    return Table(f"Replay of {name} from {day}", (Column("symbol", "Ticker"), Column("day", "From", "date")), frame)
