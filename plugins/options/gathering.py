"""A symbol's chain, asked for where it is old, with everything worked out from it: where every page and command begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from terminal.api import Context, Source, UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import polars as pl

    from terminal.domain.options.pricing import Priced

_BILLS = "DGS3MO"
_NO_RATE = 0.04


@dataclass(frozen=True)
class Desk:
    """A priced chain and where it is from. `chain` are the rows as stored, `failed` what went wrong while asking."""

    symbol: str
    priced: Priced
    chain: pl.DataFrame
    sources: Mapping[int, Source]
    rate_from: str
    failed: tuple[str, ...] = ()

    @property
    def spot(self) -> float:
        """The price of what the options are on, at the chain's moment."""
        return self.priced.spot

    @property
    def at(self) -> datetime:
        """The moment of the chain (UTC)."""
        return self.priced.at


def desk(ctx: Context, symbol: str, *, fetch: bool = True) -> Desk:
    """The newest chain as of the context's day. Raises UserError when there is none."""
    from terminal.domain.options.pricing import price_chain

    symbol = symbol.strip().upper()
    failed: tuple[str, ...] = ()
    if fetch and ctx.as_of is None:
        failed = tuple(ctx.market.ensure([symbol], ["chains"], ctx))
    chain = ctx.market.chain(symbol, ctx.as_of)
    if chain.is_empty():
        why = f" {failed[0]}" if failed else ""
        raise UserError(
            f"No option chain of {symbol} is stored.{why}", "Most large US shares and funds have options: try SPY."
        )
    if chain["underlying_price"].drop_nulls().is_empty():
        raise UserError(f"The stored chain of {symbol} does not state its price.", "Ask again later, or another service.")
    level, origin = _rate(ctx)
    priced = price_chain(chain, rate=lambda _: level)
    numbers = chain["fetch_id"].drop_nulls().unique().to_list() if "fetch_id" in chain.columns else []
    return Desk(symbol, priced, chain, ctx.market.sources(numbers), origin, failed)


def _rate(ctx: Context) -> tuple[float, str]:
    """A year's continuous rate for a few months, and where it is from."""
    from math import log1p

    stored = ctx.store.market.read("macro", [_BILLS], as_of=ctx.as_of, latest=True).drop_nulls("value")
    newest = None if stored.is_empty() else stored.sort("date")["date"][-1]
    if newest is not None and ctx.market.today() - newest < timedelta(days=60):
        return log1p(float(stored.sort("date")["value"][-1]) / 100), f"3-month Treasury yield of {newest}"
    return _NO_RATE, f"{_NO_RATE:.0%} assumed: no Treasury yield is stored"
