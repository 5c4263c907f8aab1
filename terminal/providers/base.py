"""What every data service looks like to the rest of the program.

A provider answers a `Request` with `Answer`s: frames of `schemas.DATASETS`, each with the `Fetch` that brought it. One
response of a service often speaks about several datasets (a price chart also lists dividends and splits): then one
request yields several answers. A symbol the service does not know is listed in `missing`, never made up; what goes
wrong is raised as a `ProviderError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from datetime import date, timedelta

    import polars as pl

    from terminal.domain.fetch import Fetch
    from terminal.errors import ProviderError

Progress = Callable[[float | None, str], None]


@dataclass(frozen=True, slots=True)
class Request:
    """Ask for one dataset of some symbols; `start` and `end` (inclusive days) bound what has a time."""

    dataset: str
    symbols: tuple[str, ...]
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows of `dataset`, how they were obtained, and the symbols the service says it does not know."""

    dataset: str
    frame: pl.DataFrame
    fetch: Fetch
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """What could not be obtained, from whom, and why: the first provider's reason; `also` says why the next ones could not."""

    provider: str
    dataset: str
    symbols: tuple[str, ...]
    error: ProviderError
    fetch: Fetch | None = None
    also: tuple[str, ...] = ()

    def reason(self) -> str:
        """Why, without the symbols."""
        return " ".join((self.error.message, *self.also, self.error.hint)).strip()

    def sentence(self) -> str:
        """What the user reads: the reason, after the symbols concerned."""
        names = ", ".join(self.symbols[:3]) + (f" and {len(self.symbols) - 3} more" if len(self.symbols) > 3 else "")
        return f"{names}: {self.reason()}" if names else self.reason()


@runtime_checkable
class Provider(Protocol):
    """A data service. `datasets` names what it can deliver.

    `simulated`: invented data, which is said wherever it is shown. `delayed`: quotes lag behind the exchange.
    `needs_key`: whether it answers nothing without a key.
    """

    id: str
    title: str
    datasets: frozenset[str]
    simulated: bool
    delayed: bool
    needs_key: bool

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive. Raises ProviderError; `progress` may raise Cancelled."""
        ...


@runtime_checkable
class Bundling(Protocol):
    """A provider whose one response answers more than was asked: `brings["bars"]` may be dividends and splits.

    `batch` says how many symbols fit into one request for a dataset (1 where it is not named).
    """

    brings: Mapping[str, frozenset[str]]
    batch: Mapping[str, int]


@runtime_checkable
class Itemised(Protocol):
    """A provider that says which items of a dataset it can deliver (`facts` has items), so that what another one lacks
    can be asked from it."""

    items: Mapping[str, frozenset[str]]


@runtime_checkable
class Reaching(Protocol):
    """A provider that gives only the latest part of some datasets' history: `reach` says how far back from today."""

    reach: Mapping[str, timedelta]


@runtime_checkable
class Closing(Protocol):
    """A provider that holds connections or processes."""

    def close(self) -> None:
        """Let go of them; the provider may be used again afterwards."""
        ...


def quiet(_fraction: float | None = None, _note: str = "") -> None:
    """A progress that tells nobody."""
