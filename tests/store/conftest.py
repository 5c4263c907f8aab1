"""A store in a temporary folder, with a clock the test can move and a record of what was published."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.fetch import Fetch
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Place:
    """A home's files; `open` opens them, and everything is closed at the end."""

    def __init__(self, folder: Path) -> None:
        self.market, self.book, self.backups = folder / "market.duckdb", folder / "book.duckdb", folder / "backups"
        self.time = Clock()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._stores: list[Store] = []

    def open(self, migrations: Any = ()) -> Store:
        store = Store(self.market, self.book, self.backups, clock=self.time,
                      publish=lambda topic, payload: self.events.append((topic, dict(payload))), migrations=migrations)
        self._stores.append(store)
        return store

    def close(self) -> None:
        for store in self._stores:
            store.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


@pytest.fixture(scope="session")
def _made_market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty market file, made once: creating its tables takes longer than most tests here."""
    made = Place(tmp_path_factory.mktemp("made-store"))
    made.open()
    made.close()
    return made.market


@pytest.fixture
def store(place: Place, _made_market: Path) -> Store:
    shutil.copy(_made_market, place.market)
    return place.open()


@pytest.fixture
def fetch() -> Callable[..., Fetch]:
    def make(dataset: str = "bars", at: datetime = datetime(2026, 11, 20, 22, 0, tzinfo=UTC), symbol: str = "",
             **more: Any) -> Fetch:
        return Fetch("test", "https://example.test/x", dataset, symbol, at, at, **more)

    return make
