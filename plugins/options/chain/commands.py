"""The chain of a symbol, its expiries, one contract, and the Greeks of any option."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from plugins.options.gathering import Desk, desk
from terminal.api import Context, Table, UserError, argument, command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Symbol = Annotated[str, argument(help="What the options are on.", metavar="SYMBOL")]
_STRIKES = 20


@command(title="Option chain", panel="chain")
def chain(
    ctx: Context,
    symbol: Symbol,
    *,
    expiry: Annotated[date | None, argument(help="One expiry; else the next monthly one.")] = None,
    all: Annotated[bool, argument(help="All expiries.")] = False,
    strikes: Annotated[int, argument(help="So many strikes around the money in each expiry; 0: all.", metavar="N")] = _STRIKES,
    type: Annotated[
        Literal["both", "calls", "puts", "list"], argument(help="Calls beside puts; or a contract a row, with every Greek.")
    ] = "both",
    unusable: Annotated[bool, argument(help="Only the contracts whose quote is not used, with the reason.")] = False,
) -> Table:
    """Calls | strike | puts with our own volatilities and Greeks; which quotes cannot be used, and why, is said.

    Volatilities are of the middle of bid and ask, in a model with early exercise where the contract has it, with the forward
    that calls and puts imply. `options expiries` lists the expiries, `options contract` tells everything of one contract.
    """
    from plugins.options.chain import tables

    if strikes < 0:
        raise UserError("--strikes is a number of strikes: 0 (all) or more.")
    of = desk(ctx, symbol)
    days = _days(of, expiry, all)
    if unusable or type != "both":
        return tables.list_table(of, days, strikes, "both" if type == "list" else type, unusable=unusable)
    return tables.chain_table(of, days, strikes)


def _days(of: Desk, expiry: date | None, every: bool) -> list[date]:
    from plugins.options.chain import model

    live = model.live(of.priced)["expiry"].unique().sort().to_list()
    if not live:
        raise UserError(f"Every contract in the stored chain of {of.symbol} has expired.", "Ask for the chain again.")
    if every:
        return live
    if expiry is None:
        standard = model.standard(of.priced)
        return [standard if standard is not None else live[0]]
    if expiry not in live:
        nearest = sorted(live, key=lambda day: abs((day - expiry).days))[:3]
        raise UserError(f"{of.symbol} has no options that expire on {expiry}.",
                        f"Near it: {', '.join(str(day) for day in sorted(nearest))}.")  # fmt: skip
    return [expiry]


@command(title="Expiries of options")
def expiries(ctx: Context, symbol: Symbol) -> Table:
    """When options expire, their volatility at the money, the move it means, forwards, and how many quotes are usable."""
    from plugins.options.chain.tables import expiries_table

    return expiries_table(desk(ctx, symbol))


@command(title="One option contract")
def contract(
    ctx: Context,
    name: Annotated[str, argument(help="Its OCC name, such as SPY261218C00600000.", metavar="CONTRACT")],
    *,
    history: Annotated[bool, argument(help="What the archive has of it, day by day.")] = False,
) -> Table:
    """Everything about one contract: quote, our volatility and its source's, chance, Greeks with what they say."""
    from plugins.options.chain.tables import contract_table, history_table
    from terminal.domain.options import contracts

    wanted = contracts.named(name)
    full = contracts.build(wanted)
    if history:
        return history_table(full, ctx.store.archive.contract(full, end=ctx.as_of))
    of = desk(ctx, contracts.underlying_of(wanted.root))
    return contract_table(of, _row(of, [("contract", full)], f"No contract {full} is in the chain of {of.symbol}."))


def _row(of: Desk, keys: Sequence[tuple[str, Any]], missing: str) -> dict[str, Any]:
    """The one contract that has these values."""
    import polars as pl

    from plugins.options.chain import model

    found = model.contracts(of.priced).filter(pl.col(column) == value for column, value in keys)
    if found.is_empty():
        raise UserError(missing, "`tapeline options expiries SYMBOL` and `options chain SYMBOL --all --strikes 0` list them.")
    return found.row(0, named=True)


@command(title="Greeks of an option")
def greeks(
    ctx: Context,
    symbol: Symbol,
    expiry: Annotated[date, argument(help="The day it expires.")],
    strike: Annotated[float, argument(help="The strike.")],
    right: Annotated[Literal["call", "put", "C", "P"], argument(help="call or put.")] = "call",
    *,
    spot: Annotated[float | None, argument(help="Another price; with --vol for an option that is not listed.")] = None,
    vol: Annotated[str, argument(help="Another volatility a year, such as 25% or 0.25.")] = "",
    rate: Annotated[str, argument(help="Another interest rate a year, such as 4%.")] = "",
    dividend: Annotated[str, argument(help="Dividend yield a year, such as 1.5% (else what parity implies, or none).")] = "",
    european: Annotated[bool, argument(help="Exercised at expiry only.")] = False,
) -> Table:
    """Every Greek of an option, per share and per contract, each with what it says in plain words.

    A listed option is taken from the chain. With --spot and --vol any terms may be asked, whether there is a chain or not.
    """
    from plugins.options.chain.free import free, listed

    call = right[0].upper() == "C"
    if spot is not None and vol:
        return free(ctx, symbol, expiry, strike, call, spot, vol, rate, dividend, european)
    of = desk(ctx, symbol)
    day = _days(of, expiry, False)[0]
    keys = [("expiry", day), ("strike", strike), ("right", "C" if call else "P")]
    row = _row(of, keys, f"{of.symbol} has no {'call' if call else 'put'} of {day} with a strike of {strike:g}.")
    return listed(of, row, spot, vol, rate, dividend, european)
