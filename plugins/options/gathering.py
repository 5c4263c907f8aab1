"""A symbol's chain, asked for where it is old, with everything worked out from it: where every page and command begins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from terminal.api import Context, Source, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    import polars as pl

    from terminal.domain.options.forwards import Payment
    from terminal.domain.options.pricing import Priced
    from terminal.domain.options.rates import Curve
    from terminal.domain.sessions import Calendar

_OLD_RATE = 60


@dataclass(frozen=True)
class Desk:
    """A priced chain and where it is from.

    `chain` are the rows as stored; `failed` what went wrong while asking; `rate_from` which rates were used in words. `payments`
    are the dividends reckoned with, `remarks` what else one must know of the chain as a whole.
    """

    symbol: str
    priced: Priced
    chain: pl.DataFrame
    sources: Mapping[int, Source]
    rate_from: str
    failed: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    remarks: tuple[str, ...] = field(default=())

    @property
    def spot(self) -> float:
        """The price of what the options are on, at the chain's moment."""
        return self.priced.spot

    @property
    def at(self) -> datetime:
        """The moment of the chain (UTC)."""
        return self.priced.at

    @property
    def delayed(self) -> bool:
        """Whether its source says that its quotes are delayed."""
        return any(source.delayed for source in self.sources.values())

    @property
    def simulated(self) -> bool:
        """Whether it is of the demo market."""
        return any(source.simulated for source in self.sources.values())

    @property
    def provider(self) -> str:
        """The service it is from; "" when that is not known."""
        return next((source.provider for source in self.sources.values()), "")


def desk(ctx: Context, symbol: str, *, fetch: bool = True) -> Desk:
    """The newest chain as of the context's day, priced. Raises UserError when there is none, or when it cannot be priced."""
    from terminal.domain.options import contracts

    symbol = symbol.strip().upper()
    symbol = contracts.UNDERLYING.get(symbol, symbol)
    failed: tuple[str, ...] = ()
    if fetch and ctx.as_of is None:
        failed = tuple(ctx.market.ensure([symbol], ["chains"], ctx))
    elif ctx.as_of is not None:
        ctx.market.simulate_past([symbol], ctx)
    key = ("options.desk", symbol, ctx.as_of, ctx.market.today())
    made: Desk = ctx.market.cached(key, lambda: _desk(ctx, symbol, failed), ("chains", "macro", "dividends", "quotes"))
    return made if made.failed == failed else _with_failures(made, failed)


def _with_failures(made: Desk, failed: tuple[str, ...]) -> Desk:
    from dataclasses import replace

    return replace(made, failed=failed)


def _desk(ctx: Context, symbol: str, failed: tuple[str, ...]) -> Desk:
    from terminal.domain.options.pricing import price_chain

    chain = ctx.market.chain(symbol, ctx.as_of)
    if chain.is_empty():
        raise _no_chain(ctx, symbol, failed)
    remarks: tuple[str, ...] = ()
    known = chain["underlying_price"].drop_nulls()
    if known.is_empty() or not known.max() > 0:  # type: ignore[operator]
        chain, remarks = _priced_elsewhere(ctx, symbol, chain)
    rate = rates(ctx)
    payments = _payments(ctx, symbol, chain["at"].max().date())  # type: ignore[union-attr]
    try:
        priced = price_chain(chain, rate=rate, dividends=[(each.day, each.amount) for each in payments], calendar=calendar(ctx))
    except ValueError as error:
        raise UserError(f"The chain of {symbol} cannot be priced: {error}.", "Ask again later, or another service.") from error
    numbers = chain["fetch_id"].drop_nulls().unique().to_list() if "fetch_id" in chain.columns else []
    return Desk(symbol, priced, chain, ctx.market.sources(numbers), rate.source, failed, payments, remarks)


def _no_chain(ctx: Context, symbol: str, failed: tuple[str, ...]) -> UserError:
    why = f" {failed[0]}" if failed else ""
    if ctx.as_of is not None:
        return UserError(
            f"No option chain of {symbol} of {ctx.as_of} or before is archived.",
            "Chains of past days exist only where they were archived on the day: `tapeline options archive` begins with today.",
        )
    return UserError(f"No option chain of {symbol} is stored.{why}", "Most large US shares and funds have options: try SPY.")


def _priced_elsewhere(ctx: Context, symbol: str, chain: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """The chain with the last price of its underlying, for services that state none (or of an underlying that is halted)."""
    import polars as pl

    last = ctx.market.last_prices([symbol], ctx.as_of).drop_nulls("price")
    if last.is_empty():
        raise UserError(
            f"The chain of {symbol} does not state the price of {symbol}, and none is stored.",
            "Trading in it may be halted. Ask again later, or another service.",
        )
    price, when = float(last["price"][0]), last["at"][0] if "at" in last.columns else last["date"][0]
    return (
        chain.with_columns(pl.lit(price).alias("underlying_price")),
        (f"The chain does not state the price of {symbol} (trading may be halted): {price:,.2f} of {when:%Y-%m-%d} is used.",),
    )


def calendar(ctx: Context) -> Calendar:
    """The exchange's sessions."""
    return ctx.market.calendar


def rates(ctx: Context) -> Curve:
    """The continuous zero rates by years as of the context's day; its `source` says where they are from, or what is assumed."""
    from terminal.domain.options.rates import ASSUMED, LONGER, SERIES, flat, from_macro

    stored = ctx.store.market.read("macro", [*SERIES, *LONGER], as_of=ctx.as_of, latest=True)
    found = from_macro(stored)
    if found.day is not None and (ctx.market.today() - found.day).days > _OLD_RATE:
        return flat(ASSUMED, f"the stored Treasury yields are of {found.day}, so {ASSUMED:.1%} a year is assumed")
    return found


def _payments(ctx: Context, symbol: str, day: date) -> tuple[Payment, ...]:
    from datetime import timedelta

    from terminal.domain.options.forwards import expected_dividends

    known = ctx.market.dividends([symbol], ctx.as_of)
    rows: list[Any] = list(known.select("ex_date", "amount").drop_nulls().iter_rows())
    return expected_dividends(rows, day, day + timedelta(days=730))
