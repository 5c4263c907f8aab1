"""Yahoo Finance's option chains as frames. Pure: bytes in, polars out.

One answer is one expiry, and names the others. Quotes of a contract that nobody quotes come as bid and ask of zero (before
the opening that is nearly all of them: 598 of 607 in what was recorded), and beside them stands where a search for the implied
volatility began or gave up (0.00001, 0.500005, 0.2500075): all three are unknown here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire
from terminal.providers.yahoo_parse import UnknownSymbolError, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

# What Yahoo writes where it could compute no volatility is 0.00001; nothing that trades has one of a hundredth of a per cent.
LEAST_VOLATILITY = 1e-4


@dataclass(frozen=True, slots=True)
class Options:
    """One answer: CHAINS rows of one expiry, all expiries there are, the moment and the price of what they are on."""

    contracts: pl.DataFrame
    expiries: tuple[date, ...]
    at: datetime
    price: float | None


def asked_as(symbol: str) -> str:
    """The name under which Yahoo has a symbol's options: those on the S&P 500 are not under the index's own, ^GSPC."""
    from terminal.domain.options.contracts import index_of

    index = index_of(symbol)
    return symbol if index is None else f"^{index}"


def epoch(expiry: date) -> str:
    """A day as Yahoo's parameter `date`: the seconds of its midnight in UTC."""
    return str(int(datetime(expiry.year, expiry.month, expiry.day, tzinfo=UTC).timestamp()))


def parse_options(body: bytes, symbol: str) -> Options:
    """Raises UnknownSymbolError for a symbol without options, BadPayload for anything that is no chain.

    Adjusted contracts and minis deliver something else than 100 shares and are left out.
    """
    results = load(body, "optionChain").get("result")
    if not isinstance(results, list):
        raise BadPayload("Yahoo Finance sent no option chain.", "Try again in a minute.")
    if not results:
        raise UnknownSymbolError("no options")
    result = wire.mapping(results[0], "Yahoo Finance", "option chain")
    named = result.get("underlyingSymbol")
    if not isinstance(named, str) or named.upper() != asked_as(symbol):
        whose = named if isinstance(named, str) and named else "nobody"
        raise BadPayload(f"Yahoo Finance sent the chain of {whose} when asked for {symbol}.", "Try again later.")
    expiries = tuple(sorted({at.date() for each in result["expirationDates"] if (at := _moment(each)) is not None}))
    quote = wire.mapping(result.get("quote"), "Yahoo Finance", "quote")
    price = _positive(quote.get("regularMarketPrice"))
    rows = [
        _contract(line, right)
        for part in wire.rows_of(result["options"], "Yahoo Finance", "expiries")
        for right, side in (("C", "calls"), ("P", "puts"))
        for line in wire.rows_of(part[side], "Yahoo Finance", "contracts")
    ]
    if not expiries and not rows:
        raise UnknownSymbolError("no options")
    at = _moment(quote.get("regularMarketTime"))
    if at is None:
        raise BadPayload("Yahoo Finance sent a chain without a time.", "What is stored stays usable; try again later.")
    frame = wire.frame(({**row, "symbol": symbol, "at": at, "underlying_price": price} for row in rows if row), schemas.CHAINS)
    if rows and frame.is_empty():
        raise BadPayload("Yahoo Finance sent contracts whose names are not understood.", "Try again later.")
    return Options(frame.unique(schemas.CHAINS.key, keep="first", maintain_order=True), expiries, at, price)


def _contract(line: Mapping[str, Any], right: str) -> dict[str, Any] | None:
    from terminal.domain.options import contracts

    name = line.get("contractSymbol")
    known = contracts.parse(name) if isinstance(name, str) else None
    if known is None or known.adjusted or known.right != right:
        return None
    bid, ask, iv = (_number(line.get(each)) for each in ("bid", "ask", "impliedVolatility"))
    return {
        "expiry": known.expiry,
        "strike": known.strike,
        "right": right,
        "contract": contracts.build(known),
        # A bid of zero beside an offer says that nobody bids; an offer of zero says that nobody quotes.
        "bid": bid if ask else None,
        "ask": ask or None,
        "last": _positive(line.get("lastPrice")),
        "last_at": _moment(line.get("lastTradeDate")),
        "volume": _number(line.get("volume")),
        "open_interest": _number(line.get("openInterest")),
        "iv": iv if ask and iv is not None and iv > LEAST_VOLATILITY else None,
    }


def _number(value: Any) -> float | None:
    return None if isinstance(value, str) else wire.number(value)


def _positive(value: Any) -> float | None:
    found = _number(value)
    return found if found is not None and found > 0 else None


def _moment(value: Any) -> datetime | None:
    seconds = _number(value)
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None
