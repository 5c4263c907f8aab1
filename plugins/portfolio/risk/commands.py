"""Commands about the risk of what is held: how much it swings, what a bad day costs, who brings it, and how good that was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from plugins.portfolio.gathering import Owned
    from plugins.portfolio.risk.gathering import AtRisk

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="In this currency; the accounts' own if not given.", metavar="CODE")]
Days = Annotated[int, argument(help="From so many sessions of the past, at most.", metavar="DAYS")]
Confidence = Annotated[float, argument(help="How sure: 0.95 leaves one day in twenty.", metavar="SHARE")]
Horizon = Annotated[int, argument(help="Over so many days (by the square root of time).", metavar="DAYS")]
Market = Annotated[str, argument(help="What stands for the market.", metavar="SYMBOL")]
Part = Literal["summary", "var", "positions", "sectors", "drawdowns", "styles", "factors", "liquidity", "account"]


@command(title="Risk of what you hold")
def risk(
    ctx: Context,
    *,
    part: Annotated[Part, argument(help="Which table.")] = "summary",
    account: Accounts = (),
    currency: Currency = "",
    days: Days = 504,
    confidence: Confidence = 0.95,
    horizon: Horizon = 1,
    market: Market = "SPY",
) -> Table:
    """How much what you hold swings, what a bad day costs, which position brings it, how deep it fell, how fast it can be sold.

    --part chooses the table: the summary, value at risk by several methods, contributions by position or sector, drawdowns,
    styles (size, value, momentum, volatility), factors, liquidity, and what the accounts really did beside today's holdings
    and the market.
    """
    from plugins.portfolio.risk.past import past_table
    from plugins.portfolio.risk.tables import risk_table

    if not 1 <= horizon <= 252:
        raise UserError(f"A horizon of {horizon} days cannot be told.", "Choose 1 to 252.")
    own, of = _gathered(ctx, account, currency, days, confidence, market)
    return past_table(ctx, own, of) if part == "account" else risk_table(ctx, of, part, confidence, horizon)


@command(title="What moves together")
def correlation(
    ctx: Context,
    *,
    account: Accounts = (),
    currency: Currency = "",
    days: Days = 252,
    together: Annotated[float, argument(help="A cluster's mean correlation is at least this.", metavar="SHARE")] = 0.5,
    sample: Annotated[bool, argument(help="As measured, without shrinkage.")] = False,
) -> Table:
    """Correlations of what you hold, shrunk against chance (Ledoit-Wolf), what belongs together side by side."""
    from plugins.portfolio.risk.correlation import correlation_table

    if not -1.0 <= together <= 1.0:
        raise UserError(f"A correlation lies between -1 and 1, not at {together}.", "Choose for instance 0.5.")
    return correlation_table(ctx, _gathered(ctx, account, currency, days, 0.95, "SPY")[1], together, sample=sample)


@command(title="Was value at risk right?")
def var_check(
    ctx: Context,
    *,
    account: Accounts = (),
    currency: Currency = "",
    days: Days = 1260,
    window: Annotated[int, argument(help="Each evening's figure is made from so many days before it.", metavar="DAYS")] = 250,
    confidence: Confidence = 0.95,
) -> Table:
    """Hold value at risk, as it would have been said each evening, against the next day: how often it was exceeded, and tests.

    Kupiec tests how often, Christoffersen whether bad days come in bunches; p-values below 0.05 speak against a method.
    """
    from plugins.portfolio.risk.check import check_table
    from terminal.domain.risk.tails import LEAST

    if window < LEAST:
        raise UserError(f"{window} days are too few for a value at risk.", f"Choose {LEAST} or more.")
    return check_table(ctx, _gathered(ctx, account, currency, days, confidence, "SPY")[1], window, confidence)


def _gathered(
    ctx: Context, account: tuple[str, ...], currency: str, days: int, confidence: float, market: str
) -> tuple[Owned, AtRisk]:
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.risk.gathering import at_risk

    if not 0.5 < confidence < 1.0:
        raise UserError(f"A confidence lies between 0.5 and 1, not at {confidence}.", "Choose for instance 0.95 or 0.99.")
    own = owned(ctx, account, currency=currency)
    return own, at_risk(ctx, own, days, market.strip().upper())
