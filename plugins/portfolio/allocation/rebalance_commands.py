"""The command that says what to buy and sell to come back to the targets. It books and orders nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from terminal.api import Context, Table, UserError, argument, command

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Totals in this currency; the accounts' own if not given.", metavar="CODE")]
By = Literal["asset_class", "sector", "region", "tag", "symbol"]
Choice = Literal["highest_cost", "lowest_cost", "long_term_first", "losses_first", "oldest_first", "newest_first", "least_tax"]
Part = Literal["trades", "weights", "lots"]
Short = Annotated[float, argument(help="Tax that least_tax assumes of gains within a year.", metavar="PER CENT")]
Long = Annotated[float, argument(help="The same of gains after a year.", metavar="PER CENT")]


@command(title="Rebalance")
def rebalance(
    ctx: Context,
    *,
    by: Annotated[By, argument(help="Whose targets.")] = "asset_class",
    sells: Annotated[bool, argument(help="Sell what is above its band, too; else only cash is spent.")] = False,
    deposit: Annotated[float, argument(help="As if so much money were paid in before.", metavar="MONEY")] = 0.0,
    fractions: Annotated[bool, argument(help="Parts of shares, too; else whole ones.")] = False,
    minimum: Annotated[float, argument(help="No trade smaller than this.", metavar="MONEY")] = 0.0,
    to: Annotated[Literal["target", "band"], argument(help="To the target itself, or to the edge of the band.")] = "target",
    lots: Annotated[Choice, argument(help="Which lots a sale closes.")] = "highest_cost",
    across: Annotated[bool, argument(help="Sell the first lots of a whole class, not a part of each holding.")] = False,
    buy: Annotated[tuple[str, ...], argument(help="What to buy in a class: bonds=TLT.", metavar="NAME=TICKER")] = (),
    short_rate: Short = 35.0,
    long_rate: Long = 15.0,
    part: Annotated[Part, argument(help="The trades, the weights before and after, or the lots to sell.")] = "trades",
    account: Accounts = (),
    currency: Currency = "",
) -> Table:
    """List what to buy, and with --sells what to sell, to come back to your targets, and name what keeps it from getting there.

    Nothing is done while everything lies within its band. Sales say which lots are closed, what each makes, and whether a loss
    would count (wash sales).
    """
    from plugins.portfolio.allocation.rebalances import ordered, rebalance_table
    from plugins.portfolio.gathering import owned
    from terminal.domain.portfolio.rebalancing import Rules

    if deposit < 0 or minimum < 0:
        raise UserError("Money to be paid in, and the smallest trade, are zero or more.", "Give a number such as 100.")
    if not (0 <= short_rate <= 100 and 0 <= long_rate <= 100):
        raise UserError("A tax rate lies between 0 and 100 per cent.", "Such as --short-rate 35 --long-rate 15.")
    rules = Rules(sells, not fractions, minimum, to, lots, (short_rate / 100, long_rate / 100), across)
    own = owned(ctx, account, currency=currency)
    return rebalance_table(ctx, own, ordered(ctx, own, by, account, rules, deposit=deposit, wanted=buy), part)
