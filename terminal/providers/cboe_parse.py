"""Cboe's chain files as frames. Pure: bytes in, polars out.

A chain of an index has 30,000 contracts in 14 MB. It is decoded by polars straight into columns, which takes no Python
object a contract and leaves other threads free to run; every further step is a polars expression.
"""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TITLE = "Cboe"
# Indices whose file is named with an underscore; Yahoo writes them with a caret. Options on the Dow are on a hundredth of it
# (DJX), so there is no chain of ^DJI.
INDICES = frozenset({
    "SPX", "XSP", "NDX", "XND", "RUT", "MRUT", "DJX", "OEX", "XEO", "VIX", "RUI", "RLG", "RLV", "MXEA", "MXEF", "SIXB", "SIXC",
    "SIXE", "SIXI", "SIXM", "SIXR", "SIXRE", "SIXT", "SIXU", "SIXV", "SIXY",
})  # fmt: skip
_OTHER_NAMES = {"^GSPC": "SPX"}
PIECE = 400_000
THREADS = 2
_CONTRACTS = re.compile(rb'"options"\s*:\s*\[')
_STOCK = re.compile(r"^[A-Z]{1,6}(-[A-Z]{1,2})?$")

_TEXT, _NUMBER = pl.String(), pl.Float64()
_CONTRACT = {
    "option": _TEXT, "bid": _NUMBER, "ask": _NUMBER, "iv": _NUMBER, "open_interest": _NUMBER, "volume": _NUMBER,
    "delta": _NUMBER, "last_trade_price": _NUMBER, "bid_size": _NUMBER, "ask_size": _NUMBER, "last_trade_time": _TEXT,
}  # fmt: skip
_UNDERLYING = {
    "symbol": _TEXT, "security_type": _TEXT, "current_price": _NUMBER, "prev_day_close": _NUMBER, "open": _NUMBER,
    "high": _NUMBER, "low": _NUMBER, "volume": _NUMBER, "iv30": _NUMBER, "last_trade_time": _TEXT,
}  # fmt: skip
_FILE: Mapping[str, Any] = {
    "timestamp": _TEXT,
    "data": pl.Struct({**_UNDERLYING, "options": pl.List(pl.Struct(_CONTRACT))}),
}


@dataclass(frozen=True)
class Chain:
    """One file: CHAINS rows, the underlying's QUOTES row and its FACTS (iv30); `at` is the moment all of it speaks about."""

    contracts: pl.DataFrame
    quote: pl.DataFrame
    facts: pl.DataFrame
    at: datetime


def underlying(symbol: str) -> str | None:
    """The name of a symbol's file; None for one that no US option can be on."""
    index = _OTHER_NAMES.get(symbol) or symbol.removeprefix("^").removeprefix("_")
    if index in INDICES:
        return f"_{index}"
    return symbol.replace("-", "") if _STOCK.match(symbol) else None


def checked(body: bytes, title: str) -> bytes:
    """The bytes, when they can be a chain at all; BadPayload in words a user understands otherwise."""
    if not body.strip():
        raise BadPayload(f"{title} sent an empty answer.", "Try again in a minute.")
    if body.lstrip()[:1] == b"<":
        raise BadPayload(f"{title} sent a web page instead of data.", "Try again later or from another network.")
    return body


def parse_chain(body: bytes, symbol: str, name: str) -> Chain:
    """The chain of `symbol`, whose file is called `name`. Raises BadPayload for anything that is not it.

    Bid, ask and last are per share; IV is the fraction per year that Cboe computed and null where it computed none (0);
    open interest is that of the close before. Contracts that were adjusted for a corporate action (their root ends in a
    digit) deliver something else than 100 shares and are left out. Times in the file are New York's.
    """
    try:
        whole, listed = _decoded(body)
    except pl.exceptions.PolarsError:
        raise BadPayload(
            f"{TITLE}'s answer broke off or is no option chain.", "What is stored stays usable; try again in a minute."
        ) from None
    head = whole.select(pl.col("data").struct.field(*_UNDERLYING), "timestamp").to_dicts()
    if len(head) != 1 or listed is None:
        raise BadPayload(f"{TITLE} sent no option chain.", "What is stored stays usable; try again later.")
    told = head[0]
    if not _same(told["symbol"], name):
        raise BadPayload(f"{TITLE} sent the chain of {told['symbol']} when asked for {symbol}.", "Try again later.")
    at = _moment(told)
    price = told["current_price"] or None
    contracts = _contracts(listed, symbol, at, price)
    if contracts.is_empty() and not listed.is_empty():
        raise BadPayload(f"{TITLE} sent contracts whose names are not understood.", "Try again later.")
    return Chain(contracts, _quote(told, symbol, at, price), _volatility(told, symbol, at), at)


def _decoded(body: bytes) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """The file as one row, and its contracts (None: it has no list of them).

    A large list is cut between contracts and decoded on several threads; in pieces of this size the decoder's own working
    memory stays in the processor's cache. Whatever does not look as expected is decoded whole.
    """
    found = _CONTRACTS.search(body) if len(body) > 2 * PIECE else None
    end = body.find(b"]", found.end()) if found else -1
    if found is not None and end > 0:
        rest = body[: found.end()] + body[end:]
        try:
            with ThreadPoolExecutor(THREADS) as threads:
                parts = list(threads.map(_read_contracts, _pieces(body, found.end(), end)))
            return _read_file(rest), pl.concat(parts)
        except pl.exceptions.PolarsError:
            pass
    whole = _read_file(body)
    if whole.height != 1 or whole["data"].struct.field("options")[0] is None:
        return whole, None
    return whole, whole.select(pl.col("data").struct.field("options").explode(empty_as_null=False)).unnest("options")


def _pieces(body: bytes, start: int, end: int) -> Iterator[bytes]:
    """The list from `start` to `end` as lists of about PIECE bytes."""
    while start < end:
        cut = body.find(b"},{", start + PIECE, end)
        until = end if cut < 0 else cut + 1
        yield b"[" + body[start:until] + b"]"
        start = until + 1


def _read_contracts(piece: bytes) -> pl.DataFrame:
    return pl.read_json(io.BytesIO(piece), schema=_CONTRACT)


def _read_file(body: bytes) -> pl.DataFrame:
    return pl.read_json(io.BytesIO(body), schema=dict(_FILE))


def _contracts(listed: pl.DataFrame, symbol: str, at: datetime, price: float | None) -> pl.DataFrame:
    from terminal.domain.options import names  # the package brings the models' kernels: not at the start of the program

    name = pl.col("option")
    parts = names.parts(name)
    quoted = pl.col("ask") > 0
    return (
        listed.lazy()
        .filter(names.standard(name))
        .select(
            pl.lit(symbol).alias("symbol"),
            pl.lit(at, dtype=schemas.UTC).alias("at"),
            parts["expiry"].alias("expiry"),
            parts["strike"].alias("strike"),
            parts["right"].alias("right"),
            name.alias("contract"),
            # A bid of zero beside an offer says that nobody bids; an offer of zero says that nobody quotes.
            pl.when(quoted).then("bid").alias("bid"),
            pl.when(quoted).then("ask").alias("ask"),
            pl.when(pl.col("last_trade_price") > 0).then("last_trade_price").alias("last"),
            "volume",
            "open_interest",
            pl.when(pl.col("iv") > 0).then("iv").alias("iv"),
            pl.when((pl.col("iv") > 0) | (pl.col("delta") != 0)).then("delta").alias("delta"),
            pl.lit(price, dtype=pl.Float64).alias("underlying_price"),
            pl.when(quoted).then("bid_size").alias("bid_size"),
            pl.when(quoted).then("ask_size").alias("ask_size"),
            pl.col("last_trade_time")
            .str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
            .dt.replace_time_zone("America/New_York", ambiguous="earliest", non_existent="null")
            .dt.convert_time_zone("UTC")
            .alias("last_at"),
        )
        .drop_nulls(["right", "expiry", "strike"])
        .collect()
    )


def _quote(told: Mapping[str, Any], symbol: str, at: datetime, price: float | None) -> pl.DataFrame:
    if price is None or not told["last_trade_time"]:
        return schemas.QUOTES.empty()
    row = {
        "symbol": symbol,
        "at": at,
        "price": price,
        "previous_close": told["prev_day_close"] or None,
        "open": told["open"] or None,
        "high": told["high"] or None,
        "low": told["low"] or None,
        # An index trades no shares: its volume is always zero there.
        "volume": None if told["security_type"] == "index" else told["volume"],
        "currency": "USD",
    }
    return wire.frame([row], schemas.QUOTES)


def _volatility(told: Mapping[str, Any], symbol: str, at: datetime) -> pl.DataFrame:
    """`iv30` comes in per cent; 0 where Cboe has none."""
    if not told["iv30"] or told["iv30"] <= 0:
        return schemas.FACTS.empty()
    row = {
        "symbol": symbol,
        "item": "iv30",
        "period": "P",
        "period_end": wire.exchange_day(at),
        "value": told["iv30"] / 100,
        "unit": "ratio",
        "filed_at": at,
    }
    return wire.frame([row], schemas.FACTS)


def _moment(told: Mapping[str, Any]) -> datetime:
    """When the prices were made: the underlying's last trade (New York's clock), else when the file was written (UTC)."""
    traded, written = told["last_trade_time"], told["timestamp"]
    if traded:
        return datetime.fromisoformat(traded).replace(tzinfo=wire.NEW_YORK).astimezone(UTC)
    if written:
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    raise BadPayload(f"{TITLE} sent a chain without a time.", "What is stored stays usable; try again later.")


def _same(told: str | None, name: str) -> bool:
    """Whether the file is about what was asked: `^RUT` for `_RUT`. A file that does not say is taken."""
    return told is None or re.sub(r"[^A-Z0-9]", "", told.upper()) == re.sub(r"[^A-Z0-9]", "", name.upper())
