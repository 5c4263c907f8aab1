"""Stop asking a service that does not answer, and try again carefully.

Closed: requests pass. After a rate limit at once, or after several failures in a row, it opens: nothing is asked until
`open_until`. Then it is half open: one request may pass; success closes it, failure opens it for longer. Nobody has to
switch anything back. The state is kept in a file, because a shell that runs one command after another must not hammer either.
"""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers.http import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RATE_LIMIT_PAUSE = timedelta(minutes=10)
FAILURE_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
FAILURES = 3
GOOD_EVERY = timedelta(minutes=1)

Phase = Literal["closed", "open", "half-open"]


@dataclass(slots=True)
class State:
    """One line of the breaker. `open_until` "" means closed; `trials` counts how often it opened in a row."""

    failures: int = 0
    trials: int = 0
    open_until: str = ""
    reason: str = ""
    last_good_at: str = ""


@dataclass(frozen=True, slots=True)
class BreakerStatus:
    """How one endpoint of a provider ("": the provider as a whole) stands now.

    `until`: when the next try may be made; set while open, and past while half open. `failures`: in a row, since the last
    answer. `reason`: the last failure, also of one that has not opened it yet.
    """

    endpoint: str
    state: Phase
    until: datetime | None
    reason: str
    failures: int
    last_good_at: datetime | None


class BeingTried(Unavailable):
    """Somebody else is finding out whether the service answers again."""


class Breaker:
    """Keeps a state per provider and endpoint. A rate limit concerns all endpoints of the provider. Thread safe."""

    def __init__(self, clock: Callable[[], datetime], path: Path | None = None) -> None:
        self._clock = clock
        self._path = path
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)  # of a trial: it has an outcome
        self._trying: set[str] = set()
        self._states = self._load()
        self._saved_at = clock()

    def now(self) -> datetime:
        """The time by which pauses are counted."""
        return self._clock()

    def check(self, provider: str, endpoint: str, title: str = "") -> None:
        """Pass, or raise RateLimited/Unavailable with the time of the next try; BeingTried while somebody makes that try.

        `title`: what the user calls the provider.
        """
        with self._lock:
            trials = []
            for key in _keys(provider, endpoint):
                state = self._states.get(key)
                if state is None or not state.open_until:
                    continue
                until = _moment(state.open_until)
                if until is not None and (self._clock() < until or key in self._trying):
                    raise self._refusal(key, state, until, title or provider)
                trials.append(key)
            self._trying.update(trials)

    def succeeded(self, provider: str, endpoint: str) -> None:
        """The request brought what was asked."""
        now = self._clock()
        with self._lock:
            troubled = False
            for key in _keys(provider, endpoint):
                state = self._states.setdefault(key, State())
                state.last_good_at = now.isoformat()
                if _later(state.open_until, now) and key not in self._trying:
                    continue  # it was under way when another one was told to wait
                if state.failures or state.open_until:
                    troubled = True
                    self._states[key] = State(last_good_at=state.last_good_at)
                self._trying.discard(key)
            self._settled.notify_all()
            if troubled or now - self._saved_at >= GOOD_EVERY:
                self._save()

    def failed(self, provider: str, endpoint: str, error: ProviderError) -> None:
        """The request failed. A missing key says nothing about the service, and neither does what it does not know (404)."""
        limited = isinstance(error, RateLimited)
        if isinstance(error, (NeedsKey, NotFound)) or not (limited or isinstance(error, (Unavailable, BadPayload))):
            self.withdrawn(provider, endpoint)
            return
        key = provider if limited else f"{provider}/{endpoint}"
        now = self._clock()
        with self._lock:
            state = self._states.setdefault(key, State())
            state.failures += 1
            state.reason = error.message
            was_trying = key in self._trying
            self._trying.difference_update(_keys(provider, endpoint))
            self._settled.notify_all()
            told = error.retry_at if isinstance(error, RateLimited) else None
            if not _later(state.open_until, now) and (limited or was_trying or state.failures >= FAILURES):
                state.open_until = self._pause(state, limited, told, now).isoformat()
                state.trials += 1
            elif told is not None and _later(told.isoformat(), _moment(state.open_until) or now):
                state.open_until = told.isoformat()  # of several requests under way the longest pause counts
            self._save()

    def withdrawn(self, provider: str, endpoint: str) -> None:
        """The request was not made after all, was cancelled, or says nothing about the service."""
        with self._lock:
            self._trying.difference_update(_keys(provider, endpoint))
            self._settled.notify_all()

    def wait(self, provider: str, endpoint: str, seconds: float) -> bool:
        """Wait for the outcome of a trial that is under way; False when there is none yet after so many seconds."""
        keys = _keys(provider, endpoint)
        with self._lock:
            return self._settled.wait_for(lambda: self._trying.isdisjoint(keys), seconds)

    def status(self, provider: str) -> list[BreakerStatus]:
        """The provider as a whole first, then each endpoint that was asked, by name."""
        now = self._clock()
        with self._lock:
            known = {key: state for key, state in self._states.items() if key.partition("/")[0] == provider}
            known.setdefault(provider, State())
            return [_status(key.partition("/")[2], state, now) for key, state in sorted(known.items())]

    def open_until(self, provider: str) -> dict[str, tuple[datetime, str]]:
        """What is open now: endpoint ("" the whole provider) to time and reason."""
        return {
            each.endpoint: (each.until, each.reason)
            for each in self.status(provider)
            if each.state == "open" and each.until is not None
        }

    def reset(self, provider: str) -> None:
        """Forget everything about a provider (the user changed its address or key, or wants it tried at once)."""
        with self._lock:
            for key in [key for key in self._states if key.split("/")[0] == provider]:
                del self._states[key]
            self._trying = {key for key in self._trying if key.split("/")[0] != provider}
            self._save()

    def _pause(self, state: State, limited: bool, told: datetime | None, now: datetime) -> datetime:
        """Until when nothing is asked: as long as the service says, otherwise twice as long each time."""
        pause: timedelta = (RATE_LIMIT_PAUSE if limited else FAILURE_PAUSE) * (1 << min(state.trials, 10))
        ours = now + min(pause, LONGEST_PAUSE)
        if told is None or told <= now:
            return ours
        return told if state.trials == 0 else max(ours, told)

    def _refusal(self, key: str, state: State, until: datetime, title: str) -> ProviderError:
        endpoint = key.partition("/")[2]
        at = until.strftime("%H:%M UTC") if until > self._clock() else ""
        hint = "What is stored stays usable; run the command again then."
        if not at:
            return BeingTried(f"{title} is being tried again at this moment.", "What is stored stays usable.")
        if not endpoint:
            return RateLimited(f"{title} asked us to wait until {at}.", hint, retry_at=until)
        return Unavailable(
            f"{title} did not answer {endpoint} lately ({state.reason.rstrip('.')}), so it is not asked before {at}.", hint
        )

    def _load(self) -> dict[str, State]:
        if self._path is None or not self._path.exists():
            return {}
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            states = {str(key): State(**value) for key, value in kept.items()}
            for state in states.values():
                _check(state)
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
        return states

    def _save(self) -> None:
        self._saved_at = self._clock()
        if self._path is None:
            return
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps({key: asdict(state) for key, state in self._states.items()}), encoding="utf-8")
            fresh.replace(self._path)


def _keys(provider: str, endpoint: str) -> tuple[str, str]:
    return provider, f"{provider}/{endpoint}"


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _later(text: str, than: datetime) -> bool:
    moment = _moment(text)
    return moment is not None and moment > than


def _check(state: State) -> None:
    """Raises for a kept line that no program of ours has written."""
    if not isinstance(state.reason, str) or state.trials < 0 or state.failures < 0:
        raise ValueError("not a state")
    for text in (state.open_until, state.last_good_at):
        moment = _moment(text)
        if moment is not None and moment.tzinfo is None:
            raise ValueError("a time without its zone")


def _status(endpoint: str, state: State, now: datetime) -> BreakerStatus:
    until = _moment(state.open_until)
    phase: Phase = "closed" if until is None else "open" if until > now else "half-open"
    return BreakerStatus(endpoint, phase, until, state.reason, state.failures, _moment(state.last_good_at))
