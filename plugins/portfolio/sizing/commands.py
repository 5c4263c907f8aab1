"""Commands that say how much to buy: shares of a symbol by several methods, and option positions for a budget."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from datetime import date

    from terminal.domain.sizing.contracts import Leg

Symbol = Annotated[str, argument(help="Ticker.", metavar="SYMBOL")]
Accounts = Annotated[tuple[str, ...], argument(help="Of these accounts or portfolios; of all if none.", metavar="NAME")]
Capital = Annotated[float | None, argument(help="All you have; what your book comes to if not given.", metavar="MONEY")]
Risk = Annotated[float, argument(help="What may be lost, in per cent of all you have.", metavar="PER CENT")]


@command(title="How much to buy")
def size(
    ctx: Context,
    symbol: Symbol,
    *,
    risk: Risk = 1.0,
    stop: Annotated[float | None, argument(help="Where you would sell; else by true ranges.", metavar="PRICE")] = None,
    entry: Annotated[float | None, argument(help="What you would pay; else the present price.", metavar="PRICE")] = None,
    ranges: Annotated[float, argument(help="How many average true ranges the stop is away.", metavar="NUMBER")] = 2.0,
    volatility: Annotated[float, argument(help="How much it alone may make all swing a year.", metavar="PER CENT")] = 2.0,
    win: Annotated[float | None, argument(help="For Kelly: how many of your trades win.", metavar="PER CENT")] = None,
    payoff: Annotated[float | None, argument(help="For Kelly: average gain for an average loss of 1.", metavar="NUMBER")] = None,
    trades: Annotated[int | None, argument(help="For Kelly: from so many; fewer count for less.", metavar="NUMBER")] = None,
    kelly: Annotated[float, argument(help="How much of the full Kelly fraction.", metavar="FRACTION")] = 0.5,
    most: Annotated[float, argument(help="No position larger than this.", metavar="PER CENT")] = 25.0,
    fractions: Annotated[bool, argument(help="Parts of shares, too.")] = False,
    short: Annotated[bool, argument(help="Sell short instead of buying.")] = False,
    capital: Capital = None,
    account: Accounts = (),
    part: Annotated[Literal["sizes", "steps"], argument(help="The sizes, or the steps of the market's range.")] = "sizes",
) -> Table:
    """Say how many shares to buy: by what may be lost, by true ranges, by volatility, by Kelly, and by what the market says.

    The market's range looks at the verdict, the state of the market, the strength of the sector, how much the share swings and
    how much of it you own. Kelly uses your own closed trades unless told otherwise.
    """
    from plugins.portfolio.sizing.gathering import case
    from plugins.portfolio.sizing.tables import Asked, sizes_table, steps_table

    if capital is not None and capital <= 0:
        raise UserError("What you have in all is more than nothing.", "Such as --capital 10000.")
    if (win is None) != (payoff is None):
        raise UserError("Kelly needs both how many trades win and their payoff.", "Such as --win 55 --payoff 1.4.")
    found = case(ctx, symbol, account, capital)
    if part == "steps":
        return steps_table(found)
    asked = Asked(risk / 100, entry, stop, ranges, volatility / 100, None if win is None else win / 100, payoff, trades, kelly,
                  most / 100, not fractions, short)  # fmt: skip
    try:
        return sizes_table(found, asked)
    except ValueError as wrong:
        raise UserError(f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.", f"{found.symbol} is at {found.price:,.2f}.") from None


@command(title="How many contracts")
def size_spread(
    ctx: Context,
    legs: Annotated[str, argument(help="Such as 'buy 100C 3.20, sell 110C 1.10' or 'buy stock, sell 105C'.", metavar="LEGS")],
    *,
    symbol: Annotated[str, argument(help="Whose options: prices not typed are taken from its chain.", metavar="SYMBOL")] = "",
    expiry: Annotated[date | None, argument(help="Of this day; the nearest with these strikes if not given.")] = None,
    budget: Annotated[float | None, argument(help="What may be lost, in money; else --risk of all.", metavar="MONEY")] = None,
    risk: Risk = 1.0,
    capital: Capital = None,
    account: Accounts = (),
) -> Table:
    """Say how many contracts of an option position a budget takes, what it can lose and win at most, and where it breaks even."""
    from plugins.portfolio.sizing.tables import spread_table
    from terminal.domain.sizing.contracts import contracts, parse_legs

    try:
        typed = parse_legs(legs)
    except ValueError as wrong:
        raise UserError(f"{str(wrong)[:1].upper()}{str(wrong)[1:]}.", "Separate legs by commas.") from None
    priced, sources, notes = _priced(ctx, typed, symbol.strip().upper(), expiry)
    money, currency, cash, told = _budget(ctx, budget, risk, capital, account)
    if money <= 0:
        raise UserError("What may be lost is more than nothing.", "Such as --budget 500.")
    return spread_table(priced, contracts(priced, money, cash=cash), money, currency, (*sources, *told), notes)


def _budget(ctx: Context, budget: float | None, risk: float, capital: float | None, names: tuple[str, ...]) -> Any:
    """What may be lost, in which currency, the cash there is (None: not limited), and where that is from."""
    from plugins.portfolio.exposures import exposures
    from plugins.portfolio.gathering import owned, sources

    if budget is not None or capital is not None:
        money = budget if budget is not None else (capital or 0.0) * risk / 100
        return money, "USD", None, sources(ctx, ())[0]
    mine = exposures(ctx, owned(ctx, names))
    if mine.known_worth <= 0:
        raise UserError("How much you have in all is not known.", "Say what may be lost: --budget 500, or --capital 10000.")
    return mine.known_worth * risk / 100, mine.currency, sum(mine.cash_by_currency.values()), sources(ctx, ())[0]


def _priced(ctx: Context, legs: tuple[Leg, ...], symbol: str, expiry: date | None) -> Any:
    """The legs with prices: those typed, the others from the symbol's chain (the middle of bid and ask)."""
    import polars as pl

    from plugins.portfolio.gathering import sources

    lacking = [each for each in legs if each.price is None]
    if not lacking:
        return legs, (), ()
    if not symbol:
        raise UserError("The price of a leg is not known.", "Type it ('buy 100C 3.20'), or give --symbol to look it up.")
    if ctx.as_of is None:
        ctx.market.ensure([symbol], ("chains", "quotes", "bars"), ctx)
    chain = ctx.market.chain(symbol, ctx.as_of).filter((pl.col("ask") > 0) & (pl.col("bid") >= 0))
    strikes = {(each.strike, each.right) for each in lacking if each.right != "S"}
    days = [
        day
        for (day,), rows in chain.group_by("expiry", maintain_order=True)
        if strikes <= set(rows.select("strike", "right").rows()) and (expiry is None or day == expiry)
    ]
    if strikes and not days:
        when = f" of {expiry}" if expiry else ""
        raise UserError(f"{symbol} has no such contracts{when}.", _strikes(chain, expiry))
    rows = chain.filter(pl.col("expiry") == min(days)).to_dicts() if strikes else []
    middle = {(row["strike"], row["right"]): (row["bid"] + row["ask"]) / 2 for row in rows}
    share = ctx.market.last_prices([symbol], ctx.as_of)
    if any(each.right == "S" for each in lacking) and share.is_empty():
        raise UserError(f"No price of {symbol} is known.", f"Fetch it: `tapeline market refresh {symbol}`.")
    stock = None if share.is_empty() else float(share["price"][0])
    priced = tuple(
        each if each.price is not None else replace(each, price=stock if each.right == "S" else middle[each.strike, each.right])
        for each in legs
    )
    fetches = [row["fetch_id"] for row in rows[:1]] + share["fetch_id"].to_list()
    when = f"Prices of {symbol}, expiring {min(days)}: the middle of bid and ask." if strikes else f"Prices of {symbol}."
    return priced, sources(ctx, fetches)[0][1:], (when,)


def _strikes(chain: Any, expiry: date | None) -> str:
    """Which strikes there are, around the price of the share, as a hint."""
    import polars as pl

    if chain.is_empty():
        return "No chain of it is known; type the prices ('buy 100C 3.20')."
    first = chain.filter(pl.col("expiry") == (expiry or chain["expiry"].min()))
    if first.is_empty():
        return f"It has contracts of {', '.join(str(day) for day in sorted(set(chain['expiry']))[:6])}."
    share = first["underlying_price"].drop_nulls().mean() or first["strike"].median()
    near = sorted(sorted(set(first["strike"].to_list()), key=lambda strike: abs(strike - share))[:8])
    return f"Of {first['expiry'][0]} it has the strikes {', '.join(f'{strike:g}' for strike in near)}; or type the prices."
