"""The command that tells the Greeks of what is held."""

from __future__ import annotations

from typing import Annotated, Literal

from terminal.api import Context, Table, UserError, argument, command

Accounts = Annotated[tuple[str, ...], argument(help="Only these accounts or portfolios; all if none.", metavar="NAME")]
Currency = Annotated[str, argument(help="Totals in this currency; the accounts' own if not given.", metavar="CODE")]
Rate = Annotated[float | None, argument(help="Interest rate a year, such as 0.04; the market's if not given.", metavar="RATE")]
Fresh = Annotated[bool, argument(help="Ask for option chains anew; else one of the newest session will do.")]
By = Annotated[Literal["underlying", "expiry", "position"], argument(help="One row for each of these.")]


@command(title="How what you hold reacts (Greeks)")
def greeks(ctx: Context, *, account: Accounts = (), by: By = "underlying", currency: Currency = "", rate: Rate = None,
           fresh: Fresh = False) -> Table:  # fmt: skip
    """Sum delta, gamma, vega, theta and rho of options and shares in money and shares; weight delta by beta against SPY."""
    from plugins.portfolio.gathering import owned
    from plugins.portfolio.whatif.gathering import modelled
    from plugins.portfolio.whatif.greeks import greeks_table

    own = owned(ctx, account, currency=currency)
    return greeks_table(ctx, own, modelled(ctx, own, rate=checked_rate(rate), fresh=fresh), by)


def checked_rate(rate: float | None) -> float | None:
    """A rate as a fraction; a number that can only be meant in per cent is refused."""
    if rate is not None and not -0.05 <= rate <= 0.5:
        raise UserError(f"A rate of {rate:g} a year cannot be.", "Give a fraction: 0.04 is 4 %.")
    return rate
