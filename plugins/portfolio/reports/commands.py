"""Commands that tell what is held, what it made, and how well it went, as of any day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Totals in this currency; the accounts' own if not given.", metavar="CODE")]
Method = Annotated[Literal["fifo", "lifo", "average", "specific"] | None, argument(help="As if lots were closed this way.")]
By = Literal["symbol", "month", "year", "kind", "account"]
Ledger = Literal["", "simple", "twr", "mwr"]
Since = Literal["", "year", "12m", "6m", "3m", "1m"]
_BACK = {"12m": 365, "6m": 182, "3m": 91, "1m": 30}


@command(title="Your portfolio at a glance")
def show(ctx: Context, *, account: Accounts = (), currency: Currency = "", method: Method = None) -> Table:
    """What everything is worth, what it cost, what it made, and how much of it is cash, in one currency."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import summary_table

    return summary_table(ctx, owned(ctx, account, method=method, currency=currency))


@command(title="What you hold")
def holdings(ctx: Context, *, account: Accounts = (), currency: Currency = "", method: Method = None) -> Table:
    """List what you hold with its price, worth and gain; an unknown price gives bounds, never zero."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import holdings_table

    return holdings_table(ctx, owned(ctx, account, method=method, currency=currency))


@command(title="Your position in a symbol", hidden=True)
def position(ctx: Context, symbol: Annotated[str, argument(help="Ticker.", metavar="SYMBOL")]) -> Table:
    """What you hold of a symbol and its options: quantity, cost, worth, gain, and its part of everything you hold."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import position_table

    return position_table(ctx, owned(ctx), symbol.strip().upper())


@command(title="Your lots")
def lots(
    ctx: Context,
    symbol: Annotated[str, argument(help="Only of this ticker.", metavar="SYMBOL")] = "",
    *,
    account: Accounts = (),
    closed: Annotated[bool, argument(help="Those that were closed, with what they made.")] = False,
    year: Annotated[int | None, argument(help="Only those closed in this year.")] = None,
    method: Method = None,
) -> Table:
    """List what is left of each purchase, or with --closed what became of those that were sold, short and long term."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import closings_table, lots_table

    own = owned(ctx, account, method=method)
    if closed or year is not None:
        return closings_table(ctx, own, symbol.strip().upper(), year)
    return lots_table(ctx, own, symbol.strip().upper())


@command(title="What it made")
def pnl(ctx: Context, *, account: Accounts = (), currency: Currency = "", method: Method = None) -> Table:
    """What each symbol made: realised, unrealised, income, costs and today, and all of it together in one currency."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import pnl_table

    return pnl_table(ctx, owned(ctx, account, method=method, currency=currency))


@command(title="How well it went")
def returns(
    ctx: Context,
    *,
    account: Accounts = (),
    start: Annotated[date | None, argument(help="From this day on; the first booking if not given.")] = None,
    since: Annotated[Since, argument(help="Instead of a day: this year, or so far back.")] = "",
    currency: Currency = "",
    ledger: Annotated[Ledger, argument(help="The flows that yield one of them.", choices=("simple", "twr", "mwr"))] = "",
) -> Table:
    """Simple, time-weighted and money-weighted return side by side; --ledger shows the flows that yield one of them."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.performance import returns_table

    own = owned(ctx, account, currency=currency)
    if start is None and since:
        start = own.day.replace(month=1, day=1) if since == "year" else own.day - timedelta(days=_BACK[since])
    if start is not None and start > own.day:
        raise UserError(f"{start} is after {own.day}.", "Choose an earlier start.")
    return returns_table(ctx, own, start, ledger)


@command(title="What you were paid")
def income(
    ctx: Context,
    *,
    account: Accounts = (),
    by: Annotated[By, argument(help="Add up by this.")] = "symbol",
    start: Annotated[date | None, argument(help="From this day on.")] = None,
    end: Annotated[date | None, argument(help="Up to this day.")] = None,
) -> Table:
    """Dividends, interest, staking, and fees and taxes that were paid apart, added up by symbol, month, year, kind or account."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import income_table

    return income_table(ctx, owned(ctx, account), by, start, end)


@command(title="Your cash")
def cash(ctx: Context, *, account: Accounts = (), currency: Currency = "") -> Table:
    """The cash of each account and currency: the sum of everything booked."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.reports.tables import cash_table

    return cash_table(ctx, owned(ctx, account, currency=currency))
