"""Finnhub's trades as they happen: a thread with one websocket, which tells a listener at most four times a second.

What came between two calls is one `Traded` a symbol, so that a busy market costs the listener no more than a quiet one.
A lost connection comes back by itself, ever more slowly; one that fell silent counts as lost. The key is part of the
address: neither the address, nor an error that may quote it, nor the library's own log lines leave this module.
"""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

ADDRESS = "wss://ws.finnhub.io"
# How many symbols one free key may watch: 50 is what users report, Finnhub does not say.
LIMIT = 50
EACH = 0.25
# Finnhub sends a ping every minute or two when nothing is traded.
SILENCE = 150.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REFUSED_PAUSE = 30.0

Phase = Literal["stopped", "connecting", "live", "waiting", "refused"]


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
class StreamState:
    """Where the stream stands. `reason`: why it is not live; `heard_at`, `traded_at`: last sign of life, last trade (UTC)."""

    phase: Phase = "stopped"
    reason: str = ""
    symbols: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    connections: int = 0
    heard_at: datetime | None = None
    traded_at: datetime | None = None


def stream_address(base_url: str) -> str:
    """The websocket beside a base address: Finnhub's own for "", else the same host and path."""
    if not base_url:
        return ADDRESS
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return f"{'ws' if scheme in ('http', 'ws') else 'wss'}://{rest}"


class TradeStream:
    """Trades of some US symbols. `listener` is called on the stream's own thread with a tuple of `Traded`, and must be quick.

    `key()` and `address()` are read at each connection; `limit` is how many symbols are watched, the first ones asked for.
    """

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
        self._key = key
        self._listener = listener
        self._address = address
        self._limit = limit
        self._silence = silence
        self._first_pause = first_pause
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ended.set()
        self._thread: threading.Thread | None = None
        self._state = StreamState()
        self._warned = False

    @property
    def state(self) -> StreamState:
        """Where the stream stands now."""
        return self._state

    def watch(self, symbols: Iterable[str]) -> tuple[str, ...]:
        """Watch these symbols instead of the former ones; may be called at any time. Returns those left out."""
        asked = tuple(dict.fromkeys(symbols))
        known = [symbol for symbol in asked if wire.dotted(symbol) is not None]
        taken = tuple(known[: self._limit])
        left_out = tuple(symbol for symbol in asked if symbol not in taken)
        self._set(symbols=taken, left_out=left_out)
        return left_out

    def start(self) -> None:
        """Begin, on a thread of its own; nothing happens when it runs already."""
        if self._thread is not None and self._thread.is_alive() and not self._ended.is_set():
            return
        self._ended = threading.Event()
        self._set(phase="connecting", reason="", connections=0)
        self._thread = threading.Thread(target=self._run, args=(self._ended,), name="finnhub-stream", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End within a second. The listener is not called any more, even if a connection that hangs takes longer to die."""
        self._ended.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.9)
        self._set(phase="stopped", reason="")

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self, ended: threading.Event) -> None:
        pause = self._first_pause
        while not ended.is_set():
            key = self._key()
            if not key:
                self._set(ended, phase="refused", reason="Finnhub needs a key.")
                return
            began = self._state.heard_at
            try:
                self._set(ended, phase="connecting")
                with _connect(self._address(), key, self._open_seconds) as connection:
                    reason = self._listen(connection, ended)
            except Exception as error:  # the library's errors may quote the address
                reason, longest = _reason(error), _status(error) == 429
                if _status(error) in (401, 403):
                    self._set(ended, phase="refused", reason=reason)
                    return
                pause = max(pause, REFUSED_PAUSE) if longest else pause
            if ended.is_set():
                return
            if self._state.heard_at != began:
                pause = self._first_pause
            self._set(ended, phase="waiting", reason=reason)
            log.info("Finnhub's stream ended (%s); next try in %.1f s", reason, pause)
            ended.wait(pause * random.uniform(1.0, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE)

    def _listen(self, connection: ClientConnection, ended: threading.Event) -> str:
        """Listen until it ends; returns why."""
        from websockets.exceptions import ConnectionClosed

        watched: tuple[str, ...] = ()
        batch: dict[str, Traded] = {}
        self._set(ended, phase="live", reason="", connections=self._state.connections + 1)
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
                return _reason(error)
            now = time.monotonic()
            if message is not None:
                heard = now
                self._take(message, batch, frozenset(watched), ended)
            elif now - heard > self._silence:
                return f"nothing heard for {self._silence:g} s"
            if batch and now - told >= EACH:
                self._tell(batch, ended)
                told = now
        return "stopped"

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

    def _set(self, ended: threading.Event | None = None, **changes: Any) -> None:
        """Change the state; a thread whose end was asked for has no say any more."""
        with self._lock:
            if ended is None or not ended.is_set():
                self._state = replace(self._state, **changes)

    def _without_key(self, text: str) -> str:
        key = self._key()
        return text.replace(key, "[key]") if key else text


def _connect(address: str, key: str, seconds: float) -> ClientConnection:
    from urllib.parse import quote

    from websockets.sync.client import connect

    # The library logs each request with its address at level DEBUG: its lines end here.
    silent = logging.Logger("finnhub-websocket", logging.CRITICAL + 1)
    return connect(
        f"{address}/?token={quote(key, safe='')}", open_timeout=seconds, close_timeout=0.2, logger=silent, max_size=2**22
    )


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


def _status(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _reason(error: Exception) -> str:
    """Why a connection ended, in words without the address."""
    from websockets.exceptions import ConnectionClosed

    status = _status(error)
    if status in (401, 403):
        return f"Finnhub does not accept the key for its stream (HTTP {status})."
    if status is not None:
        return f"Finnhub refused the stream (HTTP {status})."
    if isinstance(error, TimeoutError):
        return "Finnhub's stream did not answer in time."
    if isinstance(error, ConnectionClosed):
        return "Finnhub closed the stream."
    return f"Finnhub's stream could not be reached ({type(error).__name__})."
