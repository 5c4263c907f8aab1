"""Finnhub's trades as they happen: a stream that tells a listener at most four times a second.

What came between two calls is one `Traded` a symbol, so that a busy market costs the listener no more than a quiet one. A
connection that fell silent counts as lost.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from terminal.providers import wire
from terminal.providers.streaming import FIRST_PAUSE, Standing, Stream, websocket_address

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable

    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

ADDRESS = "wss://ws.finnhub.io"
# How many symbols one free key may watch: 50 is what users report, Finnhub does not say.
LIMIT = 50
EACH = 0.25
# Finnhub sends a ping every minute or two when nothing is traded.
SILENCE = 150.0


@dataclass(frozen=True, slots=True)
class Traded:
    """The trades of one symbol since the last call: the last one's price and time, the range, the shares, how many."""

    symbol: str
    at: datetime
    price: float
    high: float
    low: float
    volume: float
    trades: int


@dataclass(frozen=True, slots=True)
class StreamState(Standing):
    """Where the stream stands; `traded_at`: last trade (UTC)."""

    symbols: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    traded_at: datetime | None = None


def stream_address(base_url: str) -> str:
    """The websocket beside a base address: Finnhub's own for "", else the same host and path."""
    return websocket_address(base_url, ADDRESS)


class TradeStream(Stream[StreamState]):
    """Trades of some US symbols. `listener` is called on the stream's own thread with a tuple of `Traded`, and must be quick.

    `key()` and `address()` are read at each connection; `limit` is how many symbols are watched, the first ones asked for.
    """

    title = "Finnhub"
    name = "finnhub-stream"

    def __init__(
        self,
        key: Callable[[], str | None],
        listener: Callable[[tuple[Traded, ...]], None],
        *,
        address: Callable[[], str] = lambda: ADDRESS,
        limit: int = LIMIT,
        silence: float = SILENCE,
        first_pause: float = FIRST_PAUSE,
        open_seconds: float = 5.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(StreamState(), key, address, first_pause=first_pause, open_seconds=open_seconds, clock=clock)
        self._listener, self._limit, self._silence = listener, limit, silence

    def watch(self, symbols: Iterable[str]) -> tuple[str, ...]:
        """Watch these symbols instead of the former ones; may be called at any time. Returns those left out."""
        asked = tuple(dict.fromkeys(symbols))
        known = [symbol for symbol in asked if wire.dotted(symbol) is not None]
        taken = tuple(known[: self._limit])
        left_out = tuple(symbol for symbol in asked if symbol not in taken)
        self._set(symbols=taken, left_out=left_out)
        return left_out

    # -- the thread ------------------------------------------------------------------------------------------------

    def _opened(self, address: str, key: str) -> tuple[str, dict[str, Any]]:
        return f"{address}/?token={quote(key, safe='')}", {}

    def _listen(self, connection: ClientConnection, ended: threading.Event) -> tuple[str, bool]:
        from websockets.exceptions import ConnectionClosed

        watched: tuple[str, ...] = ()
        batch: dict[str, Traded] = {}
        heard = told = time.monotonic()
        while not ended.is_set():
            wanted = self._state.symbols
            try:
                if wanted != watched:
                    _subscribe(connection, watched, wanted)
                    watched = wanted
                due = told + EACH - time.monotonic()
                message: Any = connection.recv(timeout=max(min(due, EACH), 0.0) if batch else EACH)
            except TimeoutError:
                message = None
            except ConnectionClosed as error:
                self._tell(batch, ended)
                return self._reason(error), False
            now = time.monotonic()
            if message is not None:
                heard = now
                self._take(message, batch, frozenset(watched), ended)
            elif now - heard > self._silence:
                return f"nothing heard for {self._silence:g} s", False
            if batch and now - told >= EACH:
                self._tell(batch, ended)
                told = now
        return "stopped", False

    def _take(self, message: str | bytes, batch: dict[str, Traded], watched: frozenset[str], ended: threading.Event) -> None:
        """Add the trades of one message to the batch. What is not understood is left out; the first time it is said."""
        self._set(ended, heard_at=self._clock())
        try:
            told = json.loads(message)
            kind, lines = told["type"], told.get("data") or ()
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            self._misunderstood(message)
            return
        if kind == "error":
            self._set(ended, reason=self._without_key(str(told.get("msg", "")))[:160])
        if kind != "trade":
            return
        for line in lines if isinstance(lines, list) else ():
            try:
                trade = _trade(line)
            except (ValueError, TypeError, LookupError, ArithmeticError):
                self._misunderstood(message)
                continue
            if trade.symbol in watched:
                batch[trade.symbol] = together(batch.get(trade.symbol), trade)

    def _misunderstood(self, message: str | bytes) -> None:
        if not self._warned:
            self._warned = True
            log.warning("Finnhub's stream sent something that is not understood (%d bytes)", len(message))

    def _tell(self, batch: dict[str, Traded], ended: threading.Event) -> None:
        if not batch or ended.is_set():
            return
        trades = tuple(batch.values())
        batch.clear()
        self._set(ended, traded_at=max(trade.at for trade in trades))
        try:
            self._listener(trades)
        except Exception:
            log.exception("The listener of Finnhub's stream failed")


def _subscribe(connection: ClientConnection, before: tuple[str, ...], after: tuple[str, ...]) -> None:
    for kind, symbols in (("unsubscribe", set(before) - set(after)), ("subscribe", set(after) - set(before))):
        for symbol in sorted(symbols):
            connection.send(json.dumps({"type": kind, "symbol": wire.dotted(symbol)}))


def _trade(told: Any) -> Traded:
    price, at = wire.number(told["p"]), wire.millis(told["t"])
    volume = wire.number(told.get("v")) or 0.0
    if price is None or price <= 0 or at is None or volume < 0:
        raise ValueError("not a trade")
    return Traded(str(told["s"]).upper().replace(".", "-"), at, price, price, price, volume, 1)


def together(before: Traded | None, trade: Traded) -> Traded:
    """Two as one. A trade that is told late widens the range but is not the last price."""
    if before is None:
        return trade
    last = trade if trade.at >= before.at else before
    return Traded(
        trade.symbol, last.at, last.price, max(before.high, trade.high), min(before.low, trade.low),
        before.volume + trade.volume, before.trades + trade.trades)  # fmt: skip
