"""Tradier's option chains as frames. Pure.

Nothing of theirs was recorded: the shape is that of their documentation. A list of one is written as the thing alone and an
empty one as null, and numbers may be null; all of that is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime

    import polars as pl

TITLE = "Tradier"


def theirs(symbol: str) -> str | None:
    """Tradier's spelling: SPX for an index, BRK/B for a share class; None for what no US option is on."""
    from terminal.domain.options.contracts import index_of

    if (index := index_of(symbol)) is not None:
        return index
    dotted = wire.dotted(symbol)
    return None if dotted is None else dotted.replace(".", "/")


def parse_expirations(whole: Any) -> tuple[date, ...]:
    """The days on which options of a symbol expire; none when it has no options."""
    found = wire.mapping(whole, TITLE, "expirations")
    if "expirations" not in found:
        raise BadPayload(f"{TITLE} sent no list of expirations.", "What is stored stays usable; try again later.")
    days = _several(found["expirations"], "date", "expirations")
    known = [wire.day(each) for each in days]
    if any(each is None for each in known):
        raise BadPayload(f"{TITLE} sent an expiration that is no day.", "Try again later.")
    return tuple(sorted({each for each in known if each is not None}))


def parse_price(whole: Any, symbol: str) -> tuple[float | None, datetime | None]:
    """The last price of the symbol itself, and when it was (UTC)."""
    lines = _several(wire.mapping(whole, TITLE, "quotes")["quotes"], "quote", "quotes")
    line = next((each for each in lines if isinstance(each, dict) and each.get("symbol") == theirs(symbol)), None)
    if line is None:
        raise BadPayload(f"{TITLE} sent no quote of {symbol}.", "Try again later.")
    price = wire.number(line.get("last"))
    return price if price is not None and price > 0 else None, wire.millis(line.get("trade_date") or None)


def parse_chain(whole: Any, symbol: str, expiry: date) -> list[dict[str, Any]]:
    """The contracts of one expiry as rows of CHAINS without symbol, moment and price; `quoted_at` is when it was quoted last.

    Volatility is that of the mid, as ORATS computes it once an hour; adjusted contracts and minis are left out.
    """
    found = wire.mapping(whole, TITLE, "option chain")
    if "options" not in found:
        raise BadPayload(f"{TITLE} sent no option chain.", "What is stored stays usable; try again later.")
    rows = []
    for line in _several(found["options"], "option", "contracts"):
        row = _row(wire.mapping(line, TITLE, "contract"))
        if row is not None and row["expiry"] != expiry:
            raise BadPayload(f"{TITLE} sent another expiry of {symbol} than {expiry}.", "Try again later.")
        if row is not None:
            rows.append(row)
    return rows


def chain(rows: Iterable[Mapping[str, Any]], symbol: str, at: datetime, price: float | None) -> pl.DataFrame:
    """CHAINS of all expiries' rows, at one moment."""
    told = {"symbol": symbol, "at": at, "underlying_price": price}
    return wire.unique(({**row, **told} for row in rows), schemas.CHAINS)


def _row(line: Mapping[str, Any]) -> dict[str, Any] | None:
    from terminal.domain.options import contracts

    name = line.get("symbol")
    known = contracts.parse(name) if isinstance(name, str) else None
    size = wire.number(line.get("contract_size"))
    if known is None or known.adjusted or (size is not None and size != 100):
        return None
    bid, ask, last = (_known(line.get(each)) for each in ("bid", "ask", "last"))
    greeks = line.get("greeks")
    greeks = greeks if isinstance(greeks, dict) else {}
    iv, delta = wire.number(greeks.get("mid_iv")), wire.number(greeks.get("delta"))
    moments = [at for each in ("bid_date", "ask_date") if (at := wire.millis(line.get(each) or None)) is not None]
    return {
        "expiry": known.expiry,
        "strike": known.strike,
        "right": known.right,
        "contract": contracts.build(known),
        # A bid of zero beside an offer says that nobody bids; an offer of zero says that nobody quotes.
        "bid": bid if ask else None,
        "ask": ask or None,
        "bid_size": _known(line.get("bidsize")) if ask else None,
        "ask_size": _known(line.get("asksize")) if ask else None,
        "last": last or None,
        "last_at": wire.millis(line.get("trade_date") or None),
        "volume": _known(line.get("volume")),
        "open_interest": _known(line.get("open_interest")),
        "iv": iv if iv is not None and iv > 0 else None,
        # Where it computes no volatility it writes a delta of 0 or 1, which is none either.
        "delta": delta if iv is not None and iv > 0 and delta is not None and -1 <= delta <= 1 else None,
        "quoted_at": max(moments, default=None),
    }


def _several(found: Any, name: str, what: str) -> list[Any]:
    """The list under `name`: one alone is itself, nothing at all is null."""
    if found is None or found == "null":
        return []
    listed = wire.mapping(found, TITLE, f"list of {what}")[name]
    if listed is None:
        return []
    return listed if isinstance(listed, list) else [listed]


def _known(value: Any) -> float | None:
    found = wire.number(value)
    return found if found is not None and found >= 0 else None
