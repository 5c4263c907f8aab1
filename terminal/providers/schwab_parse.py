"""Schwab's option chains as frames, and what its sign-in answers. Pure.

One chain of SPX was recorded (2024); an expired sign-in too. That a whole index may be too long for one answer, that unknown
Greeks are -999, and the answer of a sign-in rest on what users of the service document.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    import polars as pl

    from terminal.providers.http import Got

TITLE = "Schwab"
# Stands for a number that is not known.
NOTHING = -999.0


@dataclass(frozen=True, slots=True)
class Chain:
    """CHAINS rows, the moment of the newest quote (None: no contract has one), whether they lag, and whether some are missing."""

    contracts: pl.DataFrame
    at: datetime | None
    delayed: bool
    truncated: bool


def theirs(symbol: str) -> str | None:
    """Schwab's spelling: $SPX for an index, BRK/B for a share class; None for what no US option is on."""
    from terminal.domain.options.contracts import index_of

    if (index := index_of(symbol)) is not None:
        return f"${index}"
    dotted = wire.dotted(symbol)
    return None if dotted is None else dotted.replace(".", "/")


def parse_chain(whole: Any, symbol: str) -> Chain | None:
    """The chain of a symbol; None when Schwab has none. Raises BadPayload for another shape.

    Volatility comes in per cent; contracts that were adjusted for a corporate action, and minis, are left out.
    """
    answer = wire.mapping(whole, TITLE, "option chain")
    status = answer.get("status")
    if status == "FAILED":
        return None
    if status != "SUCCESS" or answer.get("symbol") != theirs(symbol):
        raise BadPayload(f"{TITLE} sent something else than the chain of {symbol}.", "Try again later.")
    listed = [*_contracts(answer["callExpDateMap"]), *_contracts(answer["putExpDateMap"])]
    moments = [at for line in listed if (at := wire.millis(line.get("quoteTimeInLong"))) is not None]
    newest = max(moments, default=None)
    price = _known(answer.get("underlyingPrice"))
    told = {"symbol": symbol, "at": newest, "underlying_price": price if price else None}
    rows = [{**told, **row} for line in listed if (row := _row(line)) is not None]
    if listed and newest is None:
        raise BadPayload(f"{TITLE} sent a chain without a time.", "What is stored stays usable; try again later.")
    if listed and not rows and not all(_odd(line) for line in listed):
        raise BadPayload(f"{TITLE} sent contracts whose names are not understood.", "Try again later.")
    return Chain(wire.unique(rows, schemas.CHAINS), newest, answer.get("isDelayed") is not False,
                 answer.get("isChainTruncated") is True)  # fmt: skip


def together(chains: Iterable[Chain]) -> Chain:
    """Stretches of one chain as one, of the newest moment."""
    import polars as pl

    parts = list(chains)
    newest = max((part.at for part in parts if part.at is not None), default=None)
    frame = pl.concat([part.contracts for part in parts]).with_columns(pl.lit(newest, dtype=schemas.UTC).alias("at"))
    return Chain(
        frame.unique(schemas.CHAINS.key, keep="first", maintain_order=True), newest, any(part.delayed for part in parts),
        any(part.truncated for part in parts))  # fmt: skip


def parse_token(whole: Any) -> tuple[str, float, str]:
    """The access token of a sign-in, for how many seconds it holds, and the refresh token ("": it sent none)."""
    answer = wire.mapping(whole, TITLE, "sign-in")
    token, seconds, refresh = answer.get("access_token"), wire.number(answer.get("expires_in")), answer.get("refresh_token")
    if not isinstance(token, str) or not token.strip() or not token.isascii() or "\n" in token:
        raise BadPayload(f"{TITLE} sent no sign-in.", "Try again later.")
    return token, seconds if seconds is not None and seconds > 0 else 0.0, refresh if isinstance(refresh, str) else ""


def sign_in_ended(got: Got | None) -> bool:
    """Whether a refused sign-in says that the refresh token is no good any more; it says so in JSON inside JSON."""
    if got is None or got.status not in (400, 401):
        return False
    try:
        told = json.loads(got.body)
        text = f"{told.get('error', '')} {told.get('error_description', '')}"
    except (ValueError, AttributeError, RecursionError):
        return False
    return any(word in text for word in ("refresh_token", "refresh token", "unsupported_token_type", "invalid_grant"))


def too_long(got: Got | None) -> bool:
    """Whether the service could not send so long an answer ("Body buffer overflow")."""
    return got is not None and got.status in (413, 500, 502) and b"overflow" in got.body.lower()


def _contracts(expiries: Any) -> Iterator[Mapping[str, Any]]:
    for strikes in wire.mapping(expiries, TITLE, "expiries").values():
        for lines in wire.mapping(strikes, TITLE, "strikes").values():
            yield from wire.rows_of(lines, TITLE, "contracts")


def _odd(line: Mapping[str, Any]) -> bool:
    return line.get("mini") is True or line.get("nonStandard") is True


def _row(line: Mapping[str, Any]) -> dict[str, Any] | None:
    from terminal.domain.options import contracts

    name = line.get("symbol")
    known = contracts.parse(name) if isinstance(name, str) else None
    if known is None or known.adjusted or _odd(line):
        return None
    bid, ask = _known(line.get("bid")), _known(line.get("ask"))
    last, iv = _known(line.get("last")), _known(line.get("volatility"))
    return {
        "expiry": known.expiry,
        "strike": known.strike,
        "right": known.right,
        "contract": contracts.build(known),
        # A bid of zero beside an offer says that nobody bids; an offer of zero says that nobody quotes.
        "bid": bid if ask else None,
        "ask": ask or None,
        "bid_size": _known(line.get("bidSize")) if ask else None,
        "ask_size": _known(line.get("askSize")) if ask else None,
        "last": last or None,
        "last_at": wire.millis(line.get("tradeTimeInLong") or None),
        "volume": _known(line.get("totalVolume")),
        "open_interest": _known(line.get("openInterest")),
        "iv": iv / 100 if iv else None,
        "delta": _signed(line.get("delta")),
    }


def _known(value: Any) -> float | None:
    found = wire.number(value)
    return found if found is not None and found >= 0 else None


def _signed(value: Any) -> float | None:
    found = wire.number(value)
    return found if found is not None and -1 <= found <= 1 else None
