"""Unusual Whales' websocket: a stream that hands on what it heard in batches.

One connection carries several channels, each joined by name and acknowledged: `option_trades:TSLA`, `flow-alerts`, `gex:SPY`,
`gex_strike_expiry:SPY`, `news`, `price:SPY`. Four times a second, or when much has come, the frames since the last time are
parsed together and handed on as one `Batch`. What was missed while a connection was lost cannot be asked from the socket and is
told as a `Gap`.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from terminal.providers.streaming import FIRST_PAUSE, Standing, Stream, websocket_address

if TYPE_CHECKING:
    import threading
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
class StreamState(Standing):
    """Where the stream stands; `reason` may also say why a channel is not heard.

    `joined`: acknowledged channels; `refused`: those that were not, with the reason; `left_out`: beyond the limit.
    `frames` and `misunderstood` count from the start.
    """

    channels: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    left_out: tuple[str, ...] = ()
    frames: int = 0
    misunderstood: int = 0


def stream_address(base_url: str) -> str:
    """The websocket beside a base address: the service's own for "", else `socket` under the same host and path."""
    return websocket_address(base_url, ADDRESS, "/socket")


class UnusualWhalesStream(Stream[StreamState]):
    """Channels of Unusual Whales. `on_batch` is called on the stream's own thread with a `Batch`, and holds it up meanwhile.

    `token()` and `address()` are read at each connection; `channels` beyond `limit` are left out, the first ones count; `each`
    is the pause between two batches in seconds.
    `option_trades` without a symbol is every trade of the market, six to ten million a day: join it only on purpose.
    """

    title = "Unusual Whales"
    name = "unusualwhales-stream"

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
        super().__init__(StreamState(), token, address, first_pause=first_pause, open_seconds=open_seconds, clock=clock)
        self._on_batch, self._limit, self._each, self._ping = on_batch, limit, each, ping
        self._joined_within = joined_within
        self._gap: Gap | None = None
        self.watch(channels)

    def watch(self, channels: Iterable[str]) -> tuple[str, ...]:
        """Listen to these channels instead of the former ones; may be called at any time. Returns those left out.

        New ones are joined; the service has no word for leaving one, so that a channel less means a new connection.
        """
        asked = tuple(dict.fromkeys(name.strip() for name in channels if name.strip()))
        taken, left_out = asked[: self._limit], asked[self._limit :]
        self._set(channels=taken, left_out=left_out)
        return left_out

    # -- the thread ------------------------------------------------------------------------------------------------

    def _opened(self, address: str, key: str) -> tuple[str, dict[str, Any]]:
        pinged = {"ping_interval": self._ping, "ping_timeout": self._ping, "max_queue": 4096}
        return f"{address}?token={quote(key, safe='')}", pinged

    def _anew(self) -> dict[str, Any]:
        self._gap = None
        return {"joined": (), "refused": (), "frames": 0, "misunderstood": 0}

    def _apart(self) -> dict[str, Any]:
        return {"joined": ()}

    def _refusal(self, status: int) -> str:
        if status == 403:
            return "The plan of the Unusual Whales key does not include the stream (HTTP 403)."
        return super()._refusal(status)

    def _lost(self, reason: str) -> None:
        """From the last sign of life on, nothing is known."""
        heard = self._state.heard_at
        if heard is not None and self._gap is None:
            self._gap = Gap(self._state.channels, heard, heard, reason)

    def _listen(self, connection: ClientConnection, ended: threading.Event) -> tuple[str, bool]:
        from websockets.exceptions import ConnectionClosed

        asked: tuple[str, ...] = ()
        frames: list[str | bytes] = []
        came: list[datetime] = []
        self._set(ended, refused=())
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
                return self._reason(error), False
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
        first, gap = (came[0] if came else now), self._gap
        came.clear()
        state = self._state
        joined = tuple(dict.fromkeys((*state.joined, *heard.joined)))
        refused = {**dict(state.refused), **{name: self._without_key(why) for name, why in heard.refused.items()}}
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
        self._gap = None
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
