"""What the adapters of the web services share: an address that can be changed, the key, one HTTP door, the fetch record.

An adapter says as class attributes what it can deliver and what it costs, and has a pure `parse_*` function for each
endpoint, which turns one recorded answer into a frame of `schemas.DATASETS` or raises BadPayload. A key never becomes
part of an endpoint's name, an error, or a fetch record.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.fetch import Fetch
from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, NeedsKey, ProviderError
from terminal.providers.base import Answer
from terminal.providers.counters import USUAL, Counter, counted
from terminal.providers.http import READ_SECONDS, Got, Http, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

    from terminal.providers.budget import Window

# What a parser may trip over when a payload is not what was promised.
MISSHAPEN = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    OSError,
    RecursionError,
    pl.exceptions.PolarsError,
)


@dataclass(frozen=True)
class Surroundings:
    """What an adapter is given. `base_url()` is read before each request: "" for the service's own address.

    `clock` is wall time in UTC, `run` a folder for what only matters while the program runs (cookies), `read_seconds` how
    long to wait for the next bytes of an answer. `setting(name)` is the value of a further setting `providers.<id>.<name>`.
    `learn(remaining, until)` is told what the service itself says is left of its allowance (`Budget.learn`).
    `spend(waiting)` counts one request more than the call was said to cost, and waits for its turn, telling `waiting(seconds)`;
    RateLimited when that would take too long.
    """

    base_url: Callable[[], str]
    key: Callable[[], str | None]
    clock: Callable[[], datetime]
    run: Path
    read_seconds: float = READ_SECONDS
    setting: Callable[[str], str] = lambda _name: ""
    learn: Callable[[int, datetime | None], None] = lambda _remaining, _until: None
    spend: Callable[[Callable[[float], None]], None] = lambda _waiting: None


class Service:
    """The base of an adapter. `address` is the service's own base address, `windows` its limits as published.

    `batch` and `brings` as in `base.Bundling`; `cost`: requests that one call for a dataset takes, at most; `items`: which
    items of a dataset it can bring (no entry: all of them, or the dataset has none); `counters`: the headers in which it
    may say what is left of the allowance; `reach`: how far back it goes where that is not the whole history (`base.Reaching`);
    `spacing`: seconds between the beginnings of two requests, for a service that counts by the second.
    """

    id: str
    title: str
    address: str
    datasets: frozenset[str]
    windows: tuple[Window, ...] = ()
    simulated = False
    delayed = False
    needs_key = False
    brings: Mapping[str, frozenset[str]] = {}
    batch: Mapping[str, int] = {}
    cost: Mapping[str, int] = {}
    items: Mapping[str, frozenset[str]] = {}
    counters: tuple[Counter, ...] = USUAL
    reach: Mapping[str, timedelta] = {}
    spacing = 0.0

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._turn = threading.Lock()
        self._last = float("-inf")
        self._http: Http | None = None
        self._reached: tuple[str, dict[str, str]] = ("", {})
        self._lock = threading.Lock()

    def headers(self) -> dict[str, str]:
        """Headers of every request; a service that takes its key in a header adds it here."""
        return {}

    def key(self) -> str:
        """The user's key; NeedsKey when there is none."""
        key = self.around.key()
        if not key:
            raise NeedsKey(
                f"{self.title} needs a key.", f"Set it with `tapeline preferences key-set {self.id}`.", setting=self.id
            )
        return key

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Got:
        """One read. `path` starts with a slash. A changed address or key counts from the next read on."""
        base = (self.around.base_url() or self.address).rstrip("/")
        wanted = (base, self.headers())
        with self._lock:
            if self._http is None or self._reached != wanted:
                if self._http is not None:
                    self._http.close()
                self._http = Http(
                    self.title,
                    base,
                    headers=wanted[1],
                    clock=self.around.clock,
                    read_seconds=self.around.read_seconds,
                    key_setting=self.id if self.needs_key else "",
                    heard=self.heard,
                )
                self._reached = wanted
            http = self._http
        self.await_turn()
        return http.get(path, params)

    def await_turn(self) -> None:
        """Wait until `spacing` has passed since the request before."""
        if self.spacing > 0:
            with self._turn:
                time.sleep(min(max(self._last + self.spacing - time.monotonic(), 0.0), self.spacing))
                self._last = time.monotonic()

    def heard(self, got: Got) -> None:
        """Hand on what an answer says of the allowance; each answer, also a refusal, goes through here."""
        told = counted(got.headers, got.finished_at, self.counters)
        if told is not None:
            with contextlib.suppress(ProviderError):  # the file of counts is busy: the next answer says so again
                self.around.learn(told.remaining, told.until)

    def ask(
        self,
        dataset: str,
        symbol: str,
        endpoint: str,
        path: str,
        params: Mapping[str, str] | None,
        parse: Callable[[Any], Any],
        read: Callable[[bytes, str], Any] = read_json,
    ) -> tuple[Any, Got]:
        """One read, as JSON, through `parse`. A ProviderError carries the fetch record that tells of the failure as `fetch`,
        and the service's own answer, where there was one, as `got`. Neither its text nor the record holds the key.

        `read(body, title)` makes of the bytes what `parse` takes, where that is not plain JSON.
        """
        started = self.around.clock()
        got: Got | None = None
        try:
            got = self.get(path, params)
            parsed, misshapen = self._parsed(got, parse, read)
            if misshapen is not None:
                raise misshapen
            return parsed, got
        except ProviderError as error:
            got = got or getattr(error, "got", None)
            error.message, error.hint = self._without_key(error.message), self._without_key(error.hint)
            error.args = (error.message,)
            finished = self.around.clock() if got is None else got.finished_at
            error.fetch = Fetch(  # type: ignore[attr-defined]
                self.id, endpoint, dataset, symbol, started, finished, "error",
                None if got is None else got.status, None if got is None else len(got.body),
                "" if got is None else got.sha256, error.message)  # fmt: skip
            raise

    def _parsed(self, got: Got, parse: Callable[[Any], Any], read: Callable[[bytes, str], Any]) -> tuple[Any, BadPayload | None]:
        """What `parse` makes of the answer, or the error that stands for what it tripped over.

        The error is given back instead of raised: raised, it would keep what it follows, which may quote the answer.
        """
        try:
            return parse(read(got.body, self.title)), None
        except MISSHAPEN as error:
            told = type(error)(self._without_key(str(error))) if type(error) in (KeyError, TypeError, ValueError) else None
            return None, BadPayload(
                f"{self.title} sent an answer of an unexpected shape.", "What is stored stays usable; try again later.", told
            )

    def answer(
        self,
        dataset: str,
        frame: pl.DataFrame,
        got: Got,
        endpoint: str,
        symbol: str = "",
        *,
        as_of: datetime | None = None,
        missing: tuple[str, ...] = (),
        delayed: bool | None = None,
    ) -> Answer:
        """`frame` with the record of the request that brought it; `symbol` "" when it speaks about several.

        `delayed` where this dataset is later or earlier than the service's others.
        """
        fetch = Fetch(
            self.id, endpoint, dataset, symbol, got.started_at, got.finished_at, "empty" if frame.is_empty() else "ok",
            got.status, len(got.body), got.sha256, "", as_of,
            self.delayed if delayed is None else delayed, self.simulated)  # fmt: skip
        return Answer(dataset, frame, fetch, missing)

    def nothing(self, dataset: str, symbols: Iterable[str]) -> Answer:
        """The answer about symbols that this service cannot know by their spelling, made without a request."""
        now, missing = self.around.clock(), tuple(symbols)
        fetch = Fetch(self.id, "", dataset, self.about(missing), now, now, "empty", simulated=self.simulated)
        return Answer(dataset, DATASETS[dataset].empty(), fetch, missing)

    @staticmethod
    def about(symbols: Iterable[str]) -> str:
        """The symbol a fetch record names: the one, or "" for several."""
        several = tuple(symbols)
        return several[0] if len(several) == 1 else ""

    def close(self) -> None:
        """Let go of the connections; it may be used again afterwards."""
        with self._lock:
            if self._http is not None:
                self._http.close()
                self._http = None

    def _without_key(self, text: str) -> str:
        """`text` without the key and its parts, should the service have quoted it."""
        key = self.around.key() or ""
        for part in (key, *key.split(":")):
            if len(part) >= 4:
                text = text.replace(part, "[key]")
        return text


def together(gots: Sequence[Got]) -> Got:
    """The pages of one answer as one: all the bytes, from the first request to the last answer."""
    if len(gots) == 1:
        return gots[0]
    body = b"".join(got.body for got in gots)
    last = gots[-1]
    return Got(body, last.status, gots[0].started_at, last.finished_at, hashlib.sha256(body).hexdigest(), last.headers)
