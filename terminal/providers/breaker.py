"""Stop asking a service that does not answer, and try again carefully.

Closed: requests pass. After a rate limit at once, or after several failures in a row, it opens: nothing is asked until
`open_until`. Then it is half open: one request may pass; success closes it, failure opens it for longer. The state is
kept in a file, because a shell that runs one command after another must not hammer either.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATE_LIMIT_PAUSE = timedelta(minutes=10)
FAILURE_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
FAILURES = 3


@dataclass(slots=True)
class State:
    """One line of the breaker. `open_until` "" means closed; `trials` counts how often it opened in a row."""

    failures: int = 0
    trials: int = 0
    open_until: str = ""
    reason: str = ""


class Breaker:
    """Keeps a state per provider and endpoint. A rate limit concerns all endpoints of the provider."""

    def __init__(self, clock: Callable[[], datetime], path: Path | None = None) -> None:
        self._clock = clock
        self._path = path
        self._lock = threading.Lock()
        self._trying: set[str] = set()
        self._states = self._load()

    def check(self, provider: str, endpoint: str) -> None:
        """Pass, or raise RateLimited/Unavailable with the time of the next try."""
        with self._lock:
            for key in (provider, f"{provider}/{endpoint}"):
                state = self._states.get(key)
                if state is None or not state.open_until:
                    continue
                until = datetime.fromisoformat(state.open_until)
                if self._clock() < until or key in self._trying:
                    raise self._refusal(key, state, until)
                self._trying.add(key)

    def succeeded(self, provider: str, endpoint: str) -> None:
        """The request brought what was asked."""
        with self._lock:
            changed = [self._states.pop(key, None) for key in (provider, f"{provider}/{endpoint}")]
            self._trying.difference_update((provider, f"{provider}/{endpoint}"))
            if any(state is not None for state in changed):
                self._save()

    def failed(self, provider: str, endpoint: str, error: ProviderError) -> None:
        """The request failed. A missing key says nothing about the service."""
        limited = isinstance(error, RateLimited)
        if isinstance(error, NeedsKey) or not (limited or isinstance(error, (Unavailable, BadPayload))):
            self.withdrawn(provider, endpoint)
            return
        key = provider if limited else f"{provider}/{endpoint}"
        with self._lock:
            state = self._states.setdefault(key, State())
            state.failures += 1
            state.reason = error.message
            was_trying = key in self._trying
            self._trying.difference_update((provider, f"{provider}/{endpoint}"))
            if limited or was_trying or state.failures >= FAILURES:
                pause = min((RATE_LIMIT_PAUSE if limited else FAILURE_PAUSE) * 2**state.trials, LONGEST_PAUSE)
                until = self._clock() + pause
                if isinstance(error, RateLimited) and error.retry_at is not None:
                    until = max(until, error.retry_at)
                state.trials += 1
                state.failures = 0
                state.open_until = until.isoformat()
            self._save()

    def withdrawn(self, provider: str, endpoint: str) -> None:
        """The request was not made after all, or was cancelled."""
        with self._lock:
            self._trying.difference_update((provider, f"{provider}/{endpoint}"))

    def open_until(self, provider: str) -> dict[str, tuple[datetime, str]]:
        """What is open now: endpoint ("" the whole provider) to time and reason."""
        now = self._clock()
        with self._lock:
            return {
                key.partition("/")[2]: (datetime.fromisoformat(state.open_until), state.reason)
                for key, state in self._states.items()
                if key.split("/")[0] == provider and state.open_until and datetime.fromisoformat(state.open_until) > now
            }

    def reset(self, provider: str) -> None:
        """Forget everything about a provider (the user changed its address or key)."""
        with self._lock:
            for key in [key for key in self._states if key.split("/")[0] == provider]:
                del self._states[key]
            self._save()

    def _refusal(self, key: str, state: State, until: datetime) -> ProviderError:
        provider, _, endpoint = key.partition("/")
        at = until.strftime("%H:%M UTC")
        if not endpoint:
            return RateLimited(
                f"{provider} asked us to wait, so nothing more is asked before {at}.",
                "What is stored stays usable; run the command again then.",
                retry_at=until,
            )
        return Unavailable(
            f"{provider} did not answer {endpoint} lately ({state.reason.rstrip('.')}), so it is not asked before {at}.",
            "What is stored stays usable; run the command again then.",
        )

    def _load(self) -> dict[str, State]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            return {str(key): State(**value) for key, value in kept.items()}
        except (OSError, ValueError, TypeError):
            return {}

    def _save(self) -> None:
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps({key: asdict(state) for key, state in self._states.items()}), encoding="utf-8")
            fresh.replace(self._path)
