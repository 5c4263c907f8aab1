"""One simulated market for all tests of this folder; it is only read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from terminal.providers.demo import DemoProvider
from terminal.providers.demo.listing import Listing
from terminal.providers.demo.world import World, generate

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

END = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def world() -> World:
    return generate(END)


@pytest.fixture(scope="session")
def listing(world: World) -> Listing:
    return Listing(world, len(world.days))


@pytest.fixture(scope="session")
def seeded() -> Mapping[str, list[pl.DataFrame]]:
    """Every frame the first start saves, by dataset, in the order they came."""
    kept: dict[str, list[pl.DataFrame]] = {}

    def save(dataset: str, frame: pl.DataFrame, _fetch: Any) -> None:
        kept.setdefault(dataset, []).append(frame)

    DemoProvider(lambda: NOW).seed(save)
    return kept
