"""What the adapters of the web services share: an address that can be changed, the key, one HTTP door, the fetch record.

An adapter says as class attributes what it can deliver and what it costs, and has a pure `parse_*` function for each
endpoint, which turns one recorded answer into a frame of `schemas.DATASETS` or raises BadPayload. A key never becomes
part of an endpoint's name, an error, or a fetch record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, NeedsKey, ProviderError
from terminal.providers.base import Answer
from terminal.providers.http import Got, Http, read_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from terminal.providers.budget import Window


@dataclass(frozen=True)
class Surroundings:
    """What an adapter is given. `base_url()` is read before each request: "" for the service's own address.

    `clock` is wall time in UTC, `run` a folder for what only matters while the program runs (cookies).
    """

    base_url: Callable[[], str]
    key: Callable[[], str | None]
    clock: Callable[[], datetime]
    run: Path


class Service:
    """The base of an adapter. `address` is the service's own base address, `windows` its limits as published.

    `batch` and `brings` as in `base.Bundling`; `cost`: requests that one call for a dataset takes.
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

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self._http: Http | None = None
        self._reached = ""

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
        """One read. `path` starts with a slash."""
        base = (self.around.base_url() or self.address).rstrip("/")
        if self._http is None or self._reached != base:
            self.close()
            self._http = Http(self.title, base, headers=self.headers(), clock=self.around.clock, key_setting=self.id)
            self._reached = base
        return self._http.get(path, params)

    def ask(
        self, dataset: str, symbol: str, endpoint: str, path: str, params: Mapping[str, str] | None, parse: Callable[[Any], Any]
    ) -> tuple[Any, Got]:
        """One read, as JSON, through `parse`. A ProviderError carries the fetch record that tells of the failure."""
        started = self.around.clock()
        got: Got | None = None
        try:
            got = self.get(path, params)
            try:
                return parse(read_json(got.body, self.title)), got
            except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                raise BadPayload(
                    f"{self.title} sent an answer of an unexpected shape.", "What is stored stays usable; try again later.", error
                ) from error
        except ProviderError as error:
            finished = self.around.clock() if got is None else got.finished_at
            error.fetch = Fetch(  # type: ignore[attr-defined]
                self.id, endpoint, dataset, symbol, started, finished, "error",
                None if got is None else got.status, None if got is None else len(got.body),
                "" if got is None else got.sha256, error.message)  # fmt: skip
            raise

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
    ) -> Answer:
        """`frame` with the record of the request that brought it; `symbol` "" when it speaks about several."""
        fetch = Fetch(
            self.id, endpoint, dataset, symbol, got.started_at, got.finished_at, "empty" if frame.is_empty() else "ok",
            got.status, len(got.body), got.sha256, "", as_of, self.delayed, self.simulated)  # fmt: skip
        return Answer(dataset, frame, fetch, missing)

    def close(self) -> None:
        """Let go of the connections; it may be used again afterwards."""
        if self._http is not None:
            self._http.close()
            self._http = None
