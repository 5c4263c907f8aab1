"""Every service is asked once, what each says is kept, and scarce ones are spared on a schedule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.domain.schemas import EARNINGS
from terminal.errors import RateLimited, Unavailable
from terminal.providers.base import Answer, Request
from terminal.providers.breaker import Breaker
from terminal.providers.budget import Budget, Window
from terminal.providers.router import Router
from terminal.services.opinions import ask_all
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home


class Says:
    """A service that names a date, or fails."""

    simulated = delayed = needs_key = False
    datasets = frozenset({"earnings"})

    def __init__(self, name: str, day: date | None, clock: Any, error: Exception | None = None) -> None:
        self.id, self.title, self.day, self.clock, self.error = name, name.title(), day, clock, error
        self.asked: list[tuple[str, ...]] = []

    def fetch(self, request: Request, progress: Any = None) -> Iterator[Answer]:
        self.asked.append(request.symbols)
        if self.error is not None:
            raise self.error
        for symbol in request.symbols:
            rows = [] if self.day is None else [{"symbol": symbol, "date": self.day, "eps_estimate": 1.0}]
            now = self.clock()
            fetch = Fetch(self.id, "calendar", "earnings", symbol, now, now, "ok" if rows else "empty")
            yield Answer("earnings", pl.DataFrame(rows, schema=dict(EARNINGS.columns)), fetch)


class Ctx:
    def __init__(self, clock: Any, by_hand: bool = True) -> None:
        self.now, self.by_hand = clock, by_hand

    def progress(self, _fraction: float | None, _note: str = "") -> None: ...


@pytest.fixture
def store(home: Home, clock: Any) -> Iterator[Store]:
    made = Store(home.market(False), home.book(False), home.backups(False), clock=clock, publish=lambda *_: None)
    yield made
    made.close()


def router(clock: Any, *services: Says, scarce: str = "") -> Router:
    budget = Budget(None)
    if scarce:
        budget.declare(scarce, (Window(25, 86_400),))
    return Router(services, budget, Breaker(clock))


JAN = date(2027, 1, 28)


def test_each_service_is_asked_and_kept_side_by_side(store: Store, clock: Any) -> None:
    one, two = Says("yahoo", JAN, clock), Says("nasdaq", date(2027, 1, 29), clock)
    asks = router(clock, one, two)
    assert ask_all(store, asks, "earnings", ["AAPL", "MSFT"], Ctx(clock)) == []  # type: ignore[arg-type]
    kept = store.market.versions("earnings", ["AAPL"])
    assert set(zip(kept["provider"], kept["date"], strict=True)) == {("yahoo", JAN), ("nasdaq", date(2027, 1, 29))}
    ask_all(store, asks, "earnings", ["AAPL", "KO"], Ctx(clock))  # type: ignore[arg-type]
    assert one.asked == [("AAPL",), ("MSFT",), ("KO",)]  # who has spoken is not asked again
    clock.now += timedelta(days=2)
    ask_all(store, asks, "earnings", ["AAPL"], Ctx(clock))  # type: ignore[arg-type]
    assert one.asked[-1] == ("AAPL",)


def test_one_that_fails_does_not_silence_the_others(store: Store, clock: Any) -> None:
    bad, good = Says("yahoo", JAN, clock, Unavailable("Yahoo is away.", "Later.")), Says("nasdaq", JAN, clock)
    told = ask_all(store, router(clock, bad, good), "earnings", ["AAPL"], Ctx(clock))  # type: ignore[arg-type]
    assert told == ["AAPL: Yahoo is away. Later."]
    assert store.market.versions("earnings", ["AAPL"])["provider"].to_list() == ["nasdaq"]


def test_a_limit_ends_it_for_that_service_in_one_sentence(store: Store, clock: Any) -> None:
    bad = Says("yahoo", JAN, clock, RateLimited("Wait.", retry_at=datetime(2026, 11, 21, tzinfo=UTC)))
    assert len(ask_all(store, router(clock, bad), "earnings", ["A", "B", "C"], Ctx(clock))) == 1  # type: ignore[arg-type]
    assert bad.asked == [("A",)]


def test_a_scarce_service_is_only_asked_by_hand(store: Store, clock: Any) -> None:
    scarce = Says("alphavantage", JAN, clock)
    asks = router(clock, scarce, scarce="alphavantage")
    ask_all(store, asks, "earnings", ["AAPL"], Ctx(clock, by_hand=False))  # type: ignore[arg-type]
    assert scarce.asked == []
    ask_all(store, asks, "earnings", ["AAPL"], Ctx(clock))  # type: ignore[arg-type]
    assert scarce.asked == [("AAPL",)]


def test_an_empty_answer_is_remembered(store: Store, clock: Any) -> None:
    silent = Says("yahoo", None, clock)
    for _ in range(2):
        ask_all(store, router(clock, silent), "earnings", ["AAPL"], Ctx(clock))  # type: ignore[arg-type]
    assert silent.asked == [("AAPL",)]


def test_only_what_is_kept_side_by_side(store: Store, clock: Any) -> None:
    with pytest.raises(ValueError, match="one statement"):
        ask_all(store, router(clock), "bars", ["AAPL"], Ctx(clock))  # type: ignore[arg-type]
