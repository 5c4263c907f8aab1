"""Commands about what is open in options: dealers' exposure, max pain, profiles, puts against calls."""

from __future__ import annotations

from typing import Annotated, Literal

from terminal.api import Context, Table, TerminalError, UserError, argument, command

Symbol = Annotated[str, argument(help="What the options are on.", metavar="SYMBOL")]
By = Annotated[Literal["strike", "expiry", "both"], argument(help="What is summed up.")]
Expiries = Annotated[int, argument(help="Only the next so many expiries; 0: all.", metavar="N")]
Range = Annotated[str, argument(help="Only strikes so far from the price at most, like 10%.", metavar="SHARE")]


@command(title="Dealers' exposure")
def gex(
    ctx: Context,
    symbol: Symbol,
    *,
    by: By = "strike",
    dealer: Annotated[
        Literal["naive", "short", "long", "flow"], argument(help="What is assumed of dealers: see the notes of the answer.")
    ] = "naive",
    expiries: Expiries = 0,
    range: Range = "",
    sticky: Annotated[
        Literal["strike", "moneyness"], argument(help="What keeps its volatility as the price moves (for zero gamma).")
    ] = "strike",
) -> Table:
    """Gamma, delta, vanna and charm of what dealers are assumed to hold, in dollars; zero gamma, walls and max pain.

    Gamma is per 1 % move of the price: how much more (or less) dollars of shares dealers must hold against their options then.
    Positive gamma calms a price, negative drives it on, if dealers hold what is assumed. naive: they own calls and are short
    puts. short, long: everything. flow: from what was opened near bid or ask on archived days.
    """
    from plugins.options.exposure.gathering import exposed, fraction
    from plugins.options.exposure.tables import gex_table

    return gex_table(exposed(ctx, symbol, dealer), by, _count(expiries), fraction(range, "--range"), sticky)


@command(title="Max pain")
def max_pain(ctx: Context, symbol: Symbol) -> Table:
    """The price at which the options that are open would pay their owners least, of every expiry."""
    from plugins.options.exposure.gathering import exposed
    from plugins.options.exposure.tables import pain_table

    return pain_table(exposed(ctx, symbol))


@command(title="Open interest and volume")
def oi(ctx: Context, symbol: Symbol, *, by: By = "strike", expiries: Expiries = 0, range: Range = "") -> Table:
    """How many calls and puts are open and were traded, by strike, by expiry or by both."""
    from plugins.options.exposure.gathering import exposed, fraction
    from plugins.options.exposure.tables import interest_table

    return interest_table(exposed(ctx, symbol), by, _count(expiries), fraction(range, "--range"))


@command(title="Puts per call")
def ratios(ctx: Context, symbols: Annotated[tuple[str, ...], argument(help="One or more.", metavar="SYMBOLS")]) -> Table:
    """Puts divided by calls, by contracts traded, contracts open and dollars paid."""
    from plugins.options.exposure.gathering import exposed
    from plugins.options.exposure.tables import ratios_table

    if not symbols:
        raise UserError("Puts per call of what?", "Name one symbol or several, like SPY QQQ.")
    found, failed = [], []
    for position, symbol in enumerate(dict.fromkeys(each.strip().upper() for each in symbols)):
        ctx.progress(position / len(symbols), symbol)
        try:
            found.append(exposed(ctx, symbol))
        except TerminalError as problem:
            failed.append(problem.sentence())
    if not found:
        raise UserError(" ".join(failed))
    return ratios_table(found, failed)


def _count(expiries: int) -> int | None:
    if expiries < 0:
        raise UserError(f"There are no {expiries} expiries.", "Choose 1 or more, or 0 for all.")
    return expiries or None
