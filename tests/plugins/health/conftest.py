"""A live market whose data services are the test's own: one that needs no key, one that does."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.providers.base import Answer
from terminal.providers.budget import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.errors import ProviderError
    from terminal.providers.base import Request


class Sample:
    """A data service that answers 100.0, or raises what the test says."""

    datasets = frozenset({"quotes", "bars"})
    simulated = delayed = False
    windows = (Window(60, 60), Window(2000, 3600))

    def __init__(self, id_: str, title: str, clock: Any, needs_key: bool = False) -> None:
        self.id, self.title, self.needs_key, self._clock = id_, title, needs_key, clock
        self.problem: ProviderError | None = None
        self.logged = True
        self.asked: list[str] = []

    def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
        self.asked.append(request.dataset)
        now = self._clock()
        if self.problem is not None:
            if self.logged:
                self.problem.fetch = Fetch(  # type: ignore[attr-defined]
                    self.id, request.dataset, request.dataset, request.symbols[0], now - timedelta(seconds=2), now, "error",
                    500, error=self.problem.message)
            raise self.problem
        time = "date" if request.dataset == "bars" else "at"
        price = "close" if request.dataset == "bars" else "price"
        count = len(request.symbols)
        frame = pl.DataFrame({"symbol": list(request.symbols), time: [now.date() if time == "date" else now] * count,
                              price: [100.0] * count})
        yield Answer(request.dataset, frame, Fetch(self.id, f"{self.id}/{request.dataset}", request.dataset, request.symbols[0],
                                                   now - timedelta(milliseconds=250), now))


@pytest.fixture
def live(live_home: Any, clock: Any) -> Iterator[Any]:
    """An App over an empty live market; `.sample` and `.locked` are its services."""
    from terminal.app import App
    from terminal.services.market import build_market

    opened = App(live_home, False, clock)
    opened.sample = Sample("sample", "Sample Data", clock)  # type: ignore[attr-defined]
    opened.locked = Sample("locked", "Locked Data", clock, needs_key=True)  # type: ignore[attr-defined]
    opened._market = build_market(opened.store, opened.settings, clock, False, home=live_home,
                                  providers=(opened.sample, opened.locked))  # type: ignore[attr-defined]
    opened.market.router.budget.declare("sample", Sample.windows)
    for running in [opened.start("watchlist.list") for _ in range(8)]:  # all threads now: none looks left behind by a test
        running.result(30)
    yield opened
    opened.close()


@pytest.fixture
def fetch(live: Any) -> Any:
    """Ask the services for a dataset of one symbol; what could not be had."""
    return lambda dataset="quotes", symbol="AAPL": live.market.ensure([symbol], [dataset], live.context())
