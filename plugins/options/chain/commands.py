"""The chain of a symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from plugins.options.gathering import desk
from terminal.api import Column, Context, Table, argument, command

if TYPE_CHECKING:
    from datetime import date


_COLUMNS = (
    Column("contract", "Contract"),
    Column("strike", "Strike", "number", decimals=2),
    Column("right", "Right"),
    Column("bid", "Bid", "number", decimals=2),
    Column("ask", "Ask", "number", decimals=2),
    Column("volume", "Volume", "number", "count", decimals=0),
    Column("open_interest", "Open interest", "number", "count", decimals=0),
    Column("iv", "Volatility", "number", "fraction"),
    Column("iv_provider", "Its source's volatility", "number", "fraction", newbie=False),
    Column("delta", "Delta", "number", decimals=3),
    Column("gamma", "Gamma", "number", decimals=5, newbie=False),
    Column("theta", "Theta a year", "number", decimals=3, newbie=False),
    Column("vega", "Vega per 1.00", "number", decimals=3, newbie=False),
    Column("reasons", "Not used because"),
)


@command(title="Option chain")
def chain(
    ctx: Context,
    symbol: Annotated[str, argument(help="What the options are on.")],
    *,
    expiry: Annotated[date | None, argument(help="One expiry; else the next one.")] = None,
) -> Table:
    """Calls and puts of one expiry with our own volatilities and Greeks, and which quotes cannot be used and why."""
    import polars as pl

    found = desk(ctx, symbol)
    days = sorted(found.priced.expiries.filter(pl.col("years") > 0)["expiry"].unique())
    day = expiry or (days[0] if days else None)
    rows = found.priced.frame.filter(pl.col("expiry") == day)
    title = f"{found.symbol} {day}: {found.spot:,.2f}"
    return Table(
        title, _COLUMNS, rows.select(column.name for column in _COLUMNS), tuple(found.sources.values()), notes=found.failed
    )
