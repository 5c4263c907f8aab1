"""What streams share: a thread with one websocket that comes back by itself, and says where it stands.

A lost connection is made anew, ever more slowly. The key is part of the address: neither the address, nor an error that may
quote it, nor the library's own log lines leave this module.
"""

from __future__ import annotations

import logging
import random
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from websockets.sync.client import ClientConnection

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
REFUSED_PAUSE = 30.0

Phase = Literal["stopped", "connecting", "live", "waiting", "refused"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a stream stands. `reason`: why it is not live; `heard_at`: last sign of life (UTC)."""

    phase: Phase = "stopped"
    reason: str = ""
    connections: int = 0
    heard_at: datetime | None = None


State = TypeVar("State", bound=Standing)


def websocket_address(base_url: str, own: str, path: str = "") -> str:
    """The websocket beside a base address: the service's `own` for "", else `path` under the same host."""
    if not base_url:
        return own
    scheme, _, rest = base_url.rstrip("/").partition("://")
    return f"{'ws' if scheme in ('http', 'ws') else 'wss'}://{rest}{path}"


class Stream(Generic[State]):
    """One connection on a thread of its own. `key()` and `address()` are read each time it is made.

    A service says its `title`, the thread's `name`, in `_listen` what it does with a connection, and in `_opened` how its
    address and the connection's options are made.
    """

    title: ClassVar[str]
    name: ClassVar[str]

    def __init__(
        self, state: State, key: Callable[[], str | None], address: Callable[[], str], *, first_pause: float = FIRST_PAUSE,
        open_seconds: float = 5.0, clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:  # fmt: skip
        self._key, self._address, self._clock = key, address, clock
        self._first_pause, self._open_seconds = first_pause, open_seconds
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._ended.set()
        self._thread: threading.Thread | None = None
        self._state = state
        self._warned = False

    @property
    def state(self) -> State:
        """Where the stream stands now."""
        return self._state

    def start(self) -> None:
        """Begin, on a thread of its own; nothing happens when it runs already."""
        if self._thread is not None and self._thread.is_alive() and not self._ended.is_set():
            return
        self._ended = threading.Event()
        self._set(phase="connecting", reason="", connections=0, **self._anew())
        self._thread = threading.Thread(target=self._run, args=(self._ended,), name=self.name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End within a second. Nobody is told anything any more, even if a connection that hangs takes longer to die."""
        self._ended.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.9)
        self._set(phase="stopped", reason="", **self._apart())

    # -- what a service says -----------------------------------------------------------------------------------------

    def _listen(self, connection: ClientConnection, ended: threading.Event) -> tuple[str, bool]:
        """Listen until it ends; returns why, and whether to connect again at once."""
        raise NotImplementedError

    def _opened(self, address: str, key: str) -> tuple[str, dict[str, Any]]:
        """The address with the key in it, and the connection's own options."""
        raise NotImplementedError

    def _anew(self) -> dict[str, Any]:
        """What of the state begins anew with the stream."""
        return {}

    def _apart(self) -> dict[str, Any]:
        """What of the state ends with a connection."""
        return {}

    def _lost(self, reason: str) -> None:
        """A connection ended."""

    def _refusal(self, status: int) -> str:
        """Why the service does not let this key in (HTTP 401 or 403)."""
        return f"{self.title} does not accept the key for its stream (HTTP {status})."

    # -- the thread --------------------------------------------------------------------------------------------------

    def _run(self, ended: threading.Event) -> None:
        pause = self._first_pause
        while not ended.is_set():
            key = self._key()
            if not key:
                self._set(ended, phase="refused", reason=f"{self.title} needs a key.")
                return
            began, again = self._state.heard_at, False
            try:
                self._set(ended, phase="connecting", **self._apart())
                with self._connect(key) as connection:
                    self._set(ended, phase="live", reason="", connections=self._state.connections + 1)
                    reason, again = self._listen(connection, ended)
            except Exception as error:  # the library's errors may quote the address
                status = _status(error)
                reason = self._reason(error)
                if status in (401, 403):
                    self._set(ended, phase="refused", reason=reason)
                    return
                pause = max(pause, REFUSED_PAUSE) if status == 429 else pause
            if ended.is_set():
                return
            if self._state.heard_at != began:
                pause = self._first_pause
            self._lost(reason)
            self._set(ended, phase="waiting", reason=reason, **self._apart())
            if again:
                continue
            log.info("%s stream ended (%s); next try in %.1f s", _of(self.title), reason, pause)
            ended.wait(pause * random.uniform(1.0, 1.2))
            pause = min(pause * 2, LONGEST_PAUSE)

    def _connect(self, key: str) -> ClientConnection:
        from websockets.sync.client import connect

        # The library logs each request with its address at level DEBUG: its lines end here.
        silent = logging.Logger(f"{self.name}-websocket", logging.CRITICAL + 1)
        address, options = self._opened(self._address(), key)
        own: dict[str, Any] = {"open_timeout": self._open_seconds, "close_timeout": 0.2, "logger": silent, "max_size": 2**22}
        connection: ClientConnection = connect(address, **own, **options)
        return connection

    def _set(self, ended: threading.Event | None = None, **changes: Any) -> None:
        """Change the state; a thread whose end was asked for has no say any more."""
        with self._lock:
            if ended is None or not ended.is_set():
                self._state = replace(self._state, **changes)

    def _without_key(self, text: str) -> str:
        key = self._key()
        return text.replace(key, "[key]") if key else text

    def _reason(self, error: Exception) -> str:
        """Why a connection ended, in words without the address."""
        from websockets.exceptions import ConnectionClosed

        status = _status(error)
        if status in (401, 403):
            return self._refusal(status)
        if status is not None:
            return f"{self.title} refused the stream (HTTP {status})."
        if isinstance(error, TimeoutError):
            return f"{_of(self.title)} stream did not answer in time."
        if isinstance(error, ConnectionClosed):
            return f"{self.title} closed the stream."
        return f"{_of(self.title)} stream could not be reached ({type(error).__name__})."


def _of(title: str) -> str:
    return f"{title}'" if title.endswith("s") else f"{title}'s"


def _status(error: Exception) -> int | None:
    return getattr(getattr(error, "response", None), "status_code", None)
