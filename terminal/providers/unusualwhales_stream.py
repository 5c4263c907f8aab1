"""Unusual Whales' websocket: a thread with one connection, which hands on what it heard in batches.

One connection carries several channels, each joined by name and acknowledged: `option_trades:TSLA`, `flow-alerts`, `gex:SPY`,
`gex_strike_expiry:SPY`, `news`, `price:SPY`. Four times a second, or when much has come, the frames since the last time are
parsed together and handed on as one `Batch`. A lost connection comes back by itself, ever more slowly; what was missed
meanwhile cannot be asked from the socket and is told as a `Gap`. The token is part of the address: neither the address, nor
an error that may quote it, nor the library's own log lines leave this module.
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from websockets.sync.client import ClientConnection

    from terminal.providers.unusualwhales_frames import Heard

log = logging.getLogger(__name__)

ADDRESS = "wss://api.unusualwhales.com/socket"
# Channels of one connection, as the service states it.
LIMIT = 50
EACH = 0.25
# So many frames are handed on at once without waiting for the quarter of a second: two hundred milliseconds of parsing.
MOST = 10_000
# A dead connection is noticed by pings: the market may rightly be silent.
PING = 20.0
# A channel that was joined is acknowledged at once; after this it counts as not joined.
JOINED_WITHIN = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REFUSED_PAUSE = 30.0

Phase = Literal["stopped", "connecting", "live", "waiting", "refused"]


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was heard of these channels from one moment to the other (UTC)."""

    channels: tuple[str, ...]
    since: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What was heard since the last one, when its first and last frame came (UTC), and what was missed before it."""

    heard: Heard
    first_at: datetime
    last_at: datetime
    frames: int
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class StreamState:
    """Where the stream stands. `reason`: why it is not live, or why a channel is not; `heard_at`: last sign of life (UTC).

    `joined`: acknowledged channels; `refused`: those that were not, with the reason; `left_out`: beyond the limit.
    `frames` and `misunderstood` count from the start.
    """

    phase: Phase = "stopped"
    reason: str = ""
    channels: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    connections: int = 0
    heard_at: datetime | None = None
    frames: int = 0
    misunderstood: int = 0


def stream_address(base_url: str) -> str:
    """The websocket beside a base address: the service's own for "", else `socket` under the same host and path."""
    if not base_url:
        return ADDRESS
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return f"{'ws' if scheme in ('http', 'ws') else 'wss'}://{rest}/socket"


class UnusualWhalesStream:
    """Channels of Unusual Whales. `on_batch` is called on the stream's own thread with a `Batch`, and holds it up meanwhile.

    `token()` and `address()` are read at each connection; `channels` beyond `limit` are left out, the first ones count; `each`
    is the pause between two batches in seconds.
    `option_trades` without a symbol is every trade of the market, six to ten million a day: join it only on purpose.
    """

    def __init__(
        self,
        token: Callable[[], str | None],
        channels: Iterable[str],
        on_batch: Callable[[Batch], None],
        *,
        address: Callable[[], str] = lambda: ADDRESS,
        limit: int = LIMIT,
        each: float = EACH,
        ping: float = PING,
        first_pause: float = FIRST_PAUSE,
        open_seconds: float = 5.0,
        joined_within: float = JOINED_WITHIN,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._token, self._on_batch, self._address, self._clock = token, on_batch, address, clock
        self._limit, self._each, self._ping, self._first_pause = limit, each, ping, first_pause
        self._open_seconds, self._joined_within = open_seconds, joined_within
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ended.set()
        self._thread: threading.Thread | None = None
        self._state = StreamState()
        self._warned = False
        self._lost: Gap | None = None
        self.watch(channels)

    @property
    def state(self) -> StreamState:
        """Where the stream stands now."""
        return self._state

    def watch(self, channels: Iterable[str]) -> tuple[str, ...]:
        """Listen to these channels instead of the former ones; may be called at any time. Returns those left out.

        New ones are joined; the service has no word for leaving one, so that a channel less means a new connection.
        """
        asked = tuple(dict.fromkeys(name.strip() for name in channels if name.strip()))
        taken, left_out = asked[: self._limit], asked[self._limit :]
        self._set(channels=taken, left_out=left_out)
        return left_out

    def start(self) -> None:
        """Begin, on a thread of its own; nothing happens when it runs already."""
        if self._thread is not None and self._thread.is_alive() and not self._ended.is_set():
            return
        self._ended, self._lost = threading.Event(), None
        self._set(phase="connecting", reason="", connections=0, joined=(), refused=(), frames=0, misunderstood=0)
        self._thread = threading.Thread(target=self._run, args=(self._ended,), name="unusualwhales-stream", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End within a second. `on_batch` is not called any more, even if a connection that hangs takes longer to die."""
        self._ended.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.9)
        self._set(phase="stopped", reason="", joined=())

    # -- the thread ------------------------------------------------------------------------------------------------

    def _run(self, ended: threading.Event) -> None:
        pause = self._first_pause
        while not ended.is_set():
            token = self._token()
            if not token:
                self._set(ended, phase="refused", reason="Unusual Whales needs a key.")
                return
            began, again = self._state.heard_at, False
            try:
                self._set(ended, phase="connecting", joined=())
                with _connect(self._address(), token, self._open_seconds, self._ping) as connection:
                    reason, again = self._listen(connection, ended)
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
            self._miss(reason)
            self._set(ended, phase="waiting", reason=reason, joined=())
            if again:
                continue
            log.info("Unusual Whales' stream ended (%s); next try in %.1f s", reason, pause)
            ended.wait(pause * random.uniform(1.0, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE)

    def _listen(self, connection: ClientConnection, ended: threading.Event) -> tuple[str, bool]:
        """Listen until it ends; returns why, and whether to connect again at once."""
        from websockets.exceptions import ConnectionClosed

        asked: tuple[str, ...] = ()
        frames: list[str | bytes] = []
        came: list[datetime] = []
        self._set(ended, phase="live", reason="", refused=(), connections=self._state.connections + 1)
        told = time.monotonic()
        deadline: float | None = None
        while not ended.is_set():
            wanted = self._state.channels
            if set(asked) - set(wanted):
                self._tell(frames, came, ended)
                return "the channels were changed", True
            try:
                for name in [each for each in wanted if each not in asked]:
                    connection.send(json.dumps({"channel": name, "msg_type": "join"}))
                    deadline = time.monotonic() + self._joined_within
                asked = wanted
                due = told + self._each - time.monotonic()
                frames.append(connection.recv(timeout=max(min(due, self._each), 0.0) if frames else self._each))
                if len(frames) == 1:
                    came.append(self._clock())
            except TimeoutError:
                pass
            except ConnectionClosed as error:
                self._tell(frames, came, ended)
                return _reason(error), False
            now = time.monotonic()
            if frames and (now - told >= self._each or len(frames) >= MOST):
                self._tell(frames, came, ended)
                told = time.monotonic()
            if deadline is not None and now > deadline:
                deadline = None
                self._unanswered(asked, ended)
        return "stopped", False

    def _tell(self, frames: list[str | bytes], came: list[datetime], ended: threading.Event) -> None:
        """Parse what came and hand it on."""
        from terminal.providers.unusualwhales_frames import parse_frames

        if not frames or ended.is_set():
            return
        now = self._clock()
        heard, count = parse_frames(frames), len(frames)
        frames.clear()
        first, gap = (came[0] if came else now), self._lost
        came.clear()
        state = self._state
        joined = tuple(dict.fromkeys((*state.joined, *heard.joined)))
        refused = {**dict(state.refused), **{name: self._without_token(why) for name, why in heard.refused.items()}}
        refused = {name: why for name, why in refused.items() if name not in joined}
        self._set(
            ended, heard_at=now, joined=joined, refused=tuple(refused.items()), frames=state.frames + count,
            misunderstood=state.misunderstood + heard.misunderstood,
            reason=next((f"{name}: {why}" for name, why in refused.items()), ""))  # fmt: skip
        if heard.misunderstood and not self._warned:
            self._warned = True
            log.warning("Unusual Whales' stream sent %d frames that are not understood", heard.misunderstood)
        if not heard.raw:
            return  # acknowledgements alone
        self._lost = None
        if gap is not None:
            gap = replace(gap, until=max(first, gap.since))
        try:
            if not ended.is_set():
                self._on_batch(Batch(heard, first, now, count, gap))
        except Exception:
            log.exception("What listens to Unusual Whales' stream failed")

    def _unanswered(self, asked: tuple[str, ...], ended: threading.Event) -> None:
        state = self._state
        known = {*state.joined, *dict(state.refused)}
        silent = [name for name in asked if name not in known]
        if silent:
            refused = (*state.refused, *((name, "was not acknowledged") for name in silent))
            self._set(ended, refused=refused, reason=f"{silent[0]}: was not acknowledged")

    def _miss(self, reason: str) -> None:
        """From the last sign of life on, nothing is known."""
        heard = self._state.heard_at
        if heard is not None and self._lost is None:
            self._lost = Gap(self._state.channels, heard, heard, reason)

    def _set(self, ended: threading.Event | None = None, **changes: Any) -> None:
        """Change the state; a thread whose end was asked for has no say any more."""
        with self._lock:
            if ended is None or not ended.is_set():
                self._state = replace(self._state, **changes)

    def _without_token(self, text: str) -> str:
        token = self._token()
        return text.replace(token, "[key]") if token else text


def _connect(address: str, token: str, seconds: float, ping: float) -> ClientConnection:
    from urllib.parse import quote

    from websockets.sync.client import connect

    # The library logs each request with its address at level DEBUG: its lines end here.
    silent = logging.Logger("unusualwhales-websocket", logging.CRITICAL + 1)
    return connect(
        f"{address}?token={quote(token, safe='')}", open_timeout=seconds, close_timeout=0.2, logger=silent, max_size=2**22,
        ping_interval=ping, ping_timeout=ping, max_queue=4096)  # fmt: skip


def _status(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)


def _reason(error: Exception) -> str:
    """Why a connection ended, in words without the address."""
    from websockets.exceptions import ConnectionClosed

    status = _status(error)
    if status == 401:
        return "Unusual Whales does not accept the key for its stream (HTTP 401)."
    if status == 403:
        return "The plan of the Unusual Whales key does not include the stream (HTTP 403)."
    if status is not None:
        return f"Unusual Whales refused the stream (HTTP {status})."
    if isinstance(error, TimeoutError):
        return "Unusual Whales' stream did not answer in time."
    if isinstance(error, ConnectionClosed):
        return "Unusual Whales closed the stream."
    return f"Unusual Whales' stream could not be reached ({type(error).__name__})."
