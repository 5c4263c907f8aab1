"""The demo market: a simulated exchange with fictional companies, for use without a network and for tests.

Imported cheaply: numpy and polars load with the first request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from terminal.providers.demo.provider import SEEDED, DemoProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import polars as pl

    from terminal.domain.fetch import Fetch
    from terminal.providers.base import Progress

__all__ = ["SEEDED", "DemoProvider", "ensure"]


class MarketFile(Protocol):
    """What is needed of the store's market."""

    def save(self, dataset: str, frame: pl.DataFrame, fetch: Fetch) -> Any: ...

    def freshness(self, dataset: str) -> pl.DataFrame: ...


class Files(Protocol):
    """What is needed of the store."""

    @property
    def market(self) -> MarketFile: ...


def ensure(store: Files, *, clock: Callable[[], datetime], progress: Progress) -> int:
    """Fill the store with the demo market, or bring it up to the newest finished session; the number of rows handed over.

    0 when it is up to date. A filling that was cut short is done again: the dataset stored last tells whether it ended.
    """
    from datetime import date

    from terminal.providers.demo.recipe import calendar

    last = calendar().last_session(clock())
    whole = store.market.freshness(SEEDED[-1]).height > 0
    newest = store.market.freshness("bars")["newest"].max() if whole else None
    since = newest if isinstance(newest, date) else None
    if since is not None and since >= last:
        return 0
    return DemoProvider(clock).seed(store.market.save, progress=progress, since=since)
