"""Router, budget and breaker: who is asked, how often, and when not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, Cancelled, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers.base import Answer, Bundling, Closing, Failure, Provider, Request
from terminal.providers.breaker import Breaker
from terminal.providers.budget import Budget, Window
from terminal.providers.router import Router

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


class Fake:
    """A provider that answers, or raises what it is told to."""

    simulated = delayed = needs_key = False
    datasets = frozenset({"quotes"})
    brings: dict[str, frozenset[str]] = {"quotes": frozenset({"splits"})}

    def __init__(self, name: str, *errors: ProviderError | None, batch: int = 1) -> None:
        self.id = name
        self.title = name.title()
        self.batch = {"quotes": batch}
        self.errors = list(errors)
        self.asked: list[tuple[str, ...]] = []

    def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
        self.asked.append(request.symbols)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        yield Answer("quotes", pl.DataFrame({"symbol": request.symbols}), Fetch(self.id, "x", "quotes", "", NOW, NOW))


def make(clock: Any, *providers: Fake, path: Path | None = None) -> Router:
    return Router(providers, Budget(None, clock), Breaker(clock, path), lambda _provider: False)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def failures(outcomes: list[Answer | Failure]) -> list[Failure]:
    return [each for each in outcomes if isinstance(each, Failure)]


def test_the_fake_is_a_provider() -> None:
    assert isinstance(Fake("a"), Provider)
    assert isinstance(Fake("a"), Bundling)
    assert not isinstance(Fake("a"), Closing)


def test_the_first_provider_answers_in_batches(clock: Clock) -> None:
    first, second = Fake("a", batch=2), Fake("b")
    outcomes = list(make(clock, first, second).fetch("quotes", ("A", "B", "C")))
    assert [each.frame["symbol"].to_list() for each in outcomes if isinstance(each, Answer)] == [["A", "B"], ["C"]]
    assert second.asked == []


def test_the_second_takes_over_what_the_first_fails_to_deliver(clock: Clock) -> None:
    first, second = Fake("a", None, Unavailable("down")), Fake("b")
    outcomes = list(make(clock, first, second).fetch("quotes", ("A", "B", "C")))
    assert failures(outcomes) == []
    assert second.asked == [("B",)]


def test_nobody_delivers(clock: Clock) -> None:
    (failure,) = failures(list(make(clock, Fake("a")).fetch("chains", ("A", "B", "C", "D"))))
    assert failure.sentence().startswith("A, B, C and 1 more: No data service delivers chains.")


def test_a_key_that_is_missing_is_said_without_asking(clock: Clock) -> None:
    provider = Fake("a")
    provider.needs_key = True
    (failure,) = failures(list(make(clock, provider).fetch("quotes", ("A", "B"))))
    assert isinstance(failure.error, NeedsKey)
    assert failure.symbols == ("A", "B")
    assert provider.asked == []


def test_after_a_rate_limit_nothing_more_is_asked(clock: Clock, tmp_path: Path) -> None:
    provider = Fake("a", None, RateLimited("slow down"))
    router = make(clock, provider, path=tmp_path / "breaker.json")
    outcomes = list(router.fetch("quotes", ("A", "B", "C", "D")))
    assert [failure.symbols for failure in failures(outcomes)] == [("B", "C", "D")]
    assert len(provider.asked) == 2
    again = make(clock, provider, path=tmp_path / "breaker.json")  # another process
    (failure,) = failures(list(again.fetch("quotes", ("E",))))
    assert "15:10 UTC" in failure.sentence()
    assert len(provider.asked) == 2
    clock.now += timedelta(minutes=11)
    assert failures(list(again.fetch("quotes", ("E",)))) == []
    assert failures(list(again.fetch("quotes", ("F",)))) == []


def test_a_failed_trial_opens_for_longer(clock: Clock) -> None:
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.check("a", "quotes")
        breaker.failed("a", "quotes", BadPayload("html"))
    with pytest.raises(Unavailable, match=r"a did not answer quotes lately \(html\)"):
        breaker.check("a", "quotes")
    breaker.check("a", "bars")
    clock.now += timedelta(seconds=61)
    breaker.check("a", "quotes")
    with pytest.raises(Unavailable):
        breaker.check("a", "quotes")  # one trial at a time
    breaker.failed("a", "quotes", Unavailable("down"))
    clock.now += timedelta(seconds=61)
    with pytest.raises(Unavailable):
        breaker.check("a", "quotes")
    clock.now += timedelta(seconds=61)
    breaker.check("a", "quotes")
    breaker.succeeded("a", "quotes")
    breaker.check("a", "quotes")
    assert breaker.open_until("a") == {}


def test_retry_after_is_honoured_and_a_broken_file_forgiven(clock: Clock, tmp_path: Path) -> None:
    path = tmp_path / "breaker.json"
    path.write_text("{half")
    breaker = Breaker(clock, path)
    breaker.failed("a", "quotes", RateLimited("wait", retry_at=NOW + timedelta(hours=2)))
    assert Breaker(clock, path).open_until("a")[""][0] == NOW + timedelta(hours=2)
    breaker.reset("a")
    assert Breaker(clock, path).open_until("a") == {}


def test_a_budget_of_several_windows_survives_a_restart(clock: Clock, tmp_path: Path) -> None:
    def sleep(seconds: float) -> None:
        clock.now += timedelta(seconds=seconds)

    windows = (Window(2, 10), Window(4, 86400))
    budget = Budget(tmp_path / "budget.sqlite", clock, sleep)
    budget.declare("a", windows)
    waited: list[float] = []
    for _ in range(3):
        budget.take("a", waiting=waited.append)
    assert waited
    assert clock.now - NOW >= timedelta(seconds=10)
    budget.close()
    again = Budget(tmp_path / "budget.sqlite", clock, sleep)
    again.declare("a", windows)
    assert again.remaining("a") == 1
    again.take("a")
    with pytest.raises(RateLimited, match="budget for a is used up") as caught:
        again.take("a")
    assert caught.value.retry_at is not None
    assert again.remaining("a") == 0
    again.close()


def test_scheduled_work_leaves_a_reserve(clock: Clock) -> None:
    budget = Budget(None, clock)
    budget.declare("a", (Window(10, 86400),))
    for _ in range(8):
        budget.take("a", by_hand=False)
    with pytest.raises(RateLimited):
        budget.take("a", by_hand=False)
    budget.take("a")
    assert budget.remaining("a") == 1
    budget.close()


def test_waiting_can_be_cancelled(clock: Clock) -> None:
    budget = Budget(None, clock, lambda _seconds: None)
    budget.declare("a", (Window(1, 60),))
    budget.take("a")

    def stop(_seconds: float) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        budget.take("a", waiting=stop)
    budget.close()
