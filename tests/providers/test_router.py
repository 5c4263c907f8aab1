"""Router, budget and breaker: who is asked, how often, and when not at all."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import BadPayload, Cancelled, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers.base import Answer, Bundling, Closing, Failure, Provider, Request
from terminal.providers.breaker import Breaker
from terminal.providers.budget import Budget, Window
from terminal.providers.http import NotFound
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


class Ledger(Fake):
    """Delivers facts: of each symbol the items it is made with. `knows` None: every symbol."""

    datasets = frozenset({"facts"})
    brings: dict[str, frozenset[str]] = {}

    def __init__(self, name: str, items: set[str], *errors: ProviderError | None, knows: set[str] | None = None) -> None:
        super().__init__(name, *errors)
        self.items = {"facts": frozenset(items)}
        self.knows = knows

    def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
        self.asked.append(request.symbols)
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        known = [symbol for symbol in request.symbols if self.knows is None or symbol in self.knows]
        rows = [{"symbol": symbol, "item": item} for symbol in known for item in sorted(self.items["facts"])]
        frame = pl.DataFrame(rows, schema={"symbol": pl.String, "item": pl.String})
        missing = tuple(symbol for symbol in request.symbols if symbol not in known)
        yield Answer("facts", frame, Fetch(self.id, "x", "facts", request.symbols[0], NOW, NOW), missing)


def answers(outcomes: list[Answer | Failure]) -> list[Answer]:
    return [each for each in outcomes if isinstance(each, Answer)]


def reasons(outcomes: list[Answer | Failure]) -> dict[str, str]:
    return {each.fetch.provider: each.fetch.reason for each in answers(outcomes)}


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Unavailable("A did not answer in time."), "A did not answer in time, so B was asked"),
        (BadPayload("A sent a web page instead of data."), "A sent a web page instead of data, so B was asked"),
        (NeedsKey("A refused the request (HTTP 401)."), "A refused the request (HTTP 401), so B was asked"),
        (RateLimited("A asks us to slow down (HTTP 429)."), "A asks us to slow down (HTTP 429), so B was asked"),
    ],
)
def test_the_answer_says_why_the_next_was_asked(clock: Clock, error: ProviderError, why: str) -> None:
    outcomes = list(make(clock, Fake("a", error), Fake("b")).fetch("quotes", ("X",)))
    assert reasons(outcomes) == {"b": why}
    assert failures(outcomes) == []


def test_the_first_answer_has_no_reason(clock: Clock) -> None:
    assert reasons(list(make(clock, Fake("a"), Fake("b")).fetch("quotes", ("X",)))) == {"a": ""}


def test_a_pause_is_named_with_its_end_and_ends_by_itself(clock: Clock) -> None:
    first, second = Fake("a", RateLimited("Slow down.", retry_at=NOW + timedelta(minutes=40))), Fake("b")
    router = make(clock, first, second)
    list(router.fetch("quotes", ("X",)))
    assert reasons(list(router.fetch("quotes", ("Y",)))) == {"b": "A asked us to wait until 15:40 UTC, so B was asked"}
    assert len(first.asked) == 1
    clock.now += timedelta(minutes=41)
    assert reasons(list(router.fetch("quotes", ("Z",)))) == {"a": ""}


def test_a_used_up_budget_hands_over_what_is_left(clock: Clock) -> None:
    first, second = Fake("a"), Fake("b")
    router = make(clock, first, second)
    router.budget.declare("a", (Window(2, 86400),))
    outcomes = list(router.fetch("quotes", ("X", "Y", "Z", "W")))
    assert failures(outcomes) == []
    assert [each.fetch.provider for each in answers(outcomes)] == ["a", "a", "b", "b"]
    assert reasons(outcomes)["b"] == "The request budget for A is used up until 2026-11-21 15:00 UTC, so B was asked"


def test_a_chain_of_failures_is_told_in_full(clock: Clock) -> None:
    router = make(clock, Fake("a", Unavailable("A is down.", "Try later.")), Fake("b", BadPayload("B sent nothing.")), Fake("c"))
    assert reasons(list(router.fetch("quotes", ("X",)))) == {"c": "A is down, B sent nothing, so C was asked"}
    router = make(clock, Fake("a", Unavailable("A is down.", "Try later.")), Fake("b", BadPayload("B sent nothing.")))
    (failure,) = failures(list(router.fetch("quotes", ("X",))))
    assert failure.provider == "a"
    assert failure.sentence() == "X: A is down. B sent nothing. Try later."


def test_who_lacks_a_key_is_passed_over_without_a_word(clock: Clock) -> None:
    first, second = Fake("a"), Fake("b")
    first.needs_key = True
    outcomes = list(make(clock, first, second).fetch("quotes", ("X",)))
    assert reasons(outcomes) == {"b": ""}
    assert first.asked == []
    second.needs_key = True
    (failure,) = failures(list(make(clock, first, second).fetch("quotes", ("X",))))
    assert failure.error.message == "A or B needs a key."


def test_a_symbol_that_the_first_does_not_know_is_asked_from_the_next(clock: Clock) -> None:
    aside: list[Fetch] = []
    first, second = Ledger("a", {"beta"}, knows={"X"}), Ledger("b", {"beta"}, knows={"Y"})
    router = make(clock, first, second)
    outcomes = list(router.fetch("facts", ("X", "Y"), by_hand=False, aside=aside.append))
    assert [each.frame["symbol"].to_list() for each in answers(outcomes)] == [["X"], ["Y"]]
    assert reasons(outcomes) == {"a": "", "b": "A does not know it, so B was asked"}
    assert [(each.symbol, each.status) for each in aside] == [("Y", "error")]
    assert not any(each.missing for each in answers(outcomes))


def test_unknown_to_everybody_is_unknown_once(clock: Clock) -> None:
    router = make(clock, Ledger("a", {"beta"}, knows=set()), Ledger("b", {"beta"}, knows=set()))
    outcomes = list(router.fetch("facts", ("X",)))
    assert [(each.fetch.provider, each.missing) for each in answers(outcomes)] == [("a", ("X",))]
    assert failures(outcomes) == []


def test_unknown_to_the_second_does_not_hide_that_the_first_is_down(clock: Clock) -> None:
    router = make(clock, Ledger("a", {"beta"}, Unavailable("A is down.")), Ledger("b", {"beta"}, knows=set()))
    outcomes = list(router.fetch("facts", ("X",)))
    assert answers(outcomes) == []
    assert [failure.error.message for failure in failures(outcomes)] == ["A is down."]


def test_an_empty_frame_is_unknown_but_a_service_that_knows_the_symbol_may_have_nothing(clock: Clock) -> None:
    class Payer(Fake):
        datasets = frozenset({"dividends"})

        def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
            self.asked.append(request.symbols)
            fetch = Fetch(self.id, "x", "dividends", request.symbols[0], NOW, NOW)
            if self.id == "knowing":
                yield Answer("bars", pl.DataFrame({"symbol": request.symbols}), fetch)
            yield Answer("dividends", pl.DataFrame(schema={"symbol": pl.String}), fetch)

    knowing, empty, second = Payer("knowing"), Payer("empty"), Payer("second")
    list(make(clock, knowing, second).fetch("dividends", ("X",)))
    assert second.asked == []
    outcomes = list(make(clock, empty, second).fetch("dividends", ("X",)))
    assert second.asked == [("X",)]
    assert [each.fetch.provider for each in answers(outcomes)] == ["empty"]
    second.asked.clear()
    list(make(clock, empty, second).fetch("dividends", ("X",), by_hand=False))
    assert second.asked == []  # most companies split nothing: a schedule does not ask everybody about it


def test_what_one_lacks_is_asked_from_the_next_item_by_item(clock: Clock) -> None:
    first, second, third = Ledger("a", {"beta"}), Ledger("b", {"beta", "roe", "roa", "peg"}), Ledger("c", {"roe"})
    outcomes = list(make(clock, first, second, third).fetch("facts", ("X",)))
    assert reasons(outcomes) == {"a": "", "b": "A did not deliver peg, roa and 1 more, so B was asked"}
    assert third.asked == []  # nothing is lacking any more
    assert list(make(clock, first, second).fetch("facts", ("X",), by_hand=False))
    assert second.asked == [("X",)]
    list(make(clock, first, second).fetch("facts", ("X", "Y"), by_hand=False, thorough={"Y"}))
    assert second.asked == [("X",), ("Y",)]


def test_that_the_rest_of_the_items_cannot_be_had_is_no_failure(clock: Clock) -> None:
    outcomes = list(make(clock, Ledger("a", {"beta"}), Ledger("b", {"roe"}, Unavailable("B is down."))).fetch("facts", ("X",)))
    assert reasons(outcomes) == {"a": ""}
    assert failures(outcomes) == []


def test_a_refused_key_is_not_tried_for_every_symbol(clock: Clock) -> None:
    first, second = Fake("a", *(NeedsKey("A refused the key.") for _ in range(9))), Fake("b")
    outcomes = list(make(clock, first, second).fetch("quotes", tuple("STUVWX")))
    assert len(first.asked) == 2
    assert failures(outcomes) == []
    assert len(second.asked) == 6


def test_what_a_service_does_not_know_does_not_stop_others_from_being_asked(clock: Clock) -> None:
    """Four strange symbols in a row, each an HTTP 404: the fifth is asked all the same, and nothing is held against it."""
    unknown = [NotFound("A does not know what was asked (HTTP 404).") for _ in range(4)]
    first, second = Fake("a", *unknown), Fake("b")
    router = make(clock, first, second)
    names = ("W", "X", "Y", "Z", "GOOD")
    answers = [each for each in router.fetch("quotes", names) if isinstance(each, Answer)]
    assert first.asked == [(name,) for name in names]
    assert {each.fetch.provider: each.fetch.reason for each in answers} == {
        "a": "", "b": "A does not know what was asked (HTTP 404), so B was asked"}  # fmt: skip
    assert [status.state for status in router.breaker.status("a")] == ["closed", "closed"]
    assert all(status.failures == 0 for status in router.breaker.status("a"))


def test_who_comes_while_a_service_is_tried_again_waits_for_the_outcome(clock: Clock) -> None:
    """Otherwise every recovery would send half of a refresh to another service."""

    class Slow(Fake):
        def fetch(self, request: Request, progress: Any) -> Iterator[Answer]:
            begun.set()
            assert go.wait(10)
            yield from super().fetch(request, progress)

    begun, go, waits = threading.Event(), threading.Event(), threading.Event()
    first, second = Slow("a"), Fake("b")
    router = make(clock, first, second)
    router.breaker.failed("a", "quotes", RateLimited("slow down"))
    clock.now += timedelta(minutes=11)
    found: dict[str, list[Any]] = {}

    def ask(symbol: str) -> None:
        def told(_fraction: float | None, note: str) -> None:
            if note == "waiting whether A answers again":
                waits.set()

        found[symbol] = list(router.fetch("quotes", (symbol,), progress=told))

    threads = [threading.Thread(target=ask, args=(symbol,)) for symbol in ("ONE", "TWO")]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    assert waits.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert [each.fetch.provider for symbol in ("ONE", "TWO") for each in found[symbol]] == ["a", "a"]
    assert not second.asked


def test_who_waited_goes_on_to_the_next_when_the_service_is_still_gone(clock: Clock) -> None:
    first, second = Fake("a"), Fake("b")
    router = make(clock, first, second)
    router.breaker.failed("a", "quotes", RateLimited("slow down"))
    clock.now += timedelta(minutes=11)
    router.breaker.check("a", "quotes")  # somebody tries
    ends = threading.Timer(0.05, lambda: router.breaker.failed("a", "quotes", RateLimited("still too fast")))
    ends.start()
    (answer,) = router.fetch("quotes", ("ONE",))
    ends.join()
    assert isinstance(answer, Answer)
    assert answer.fetch.provider == "b" and answer.fetch.reason.startswith("A asked us to wait until")
    assert not first.asked


def test_a_question_of_no_dataset_goes_past_the_breaker_too(clock: Clock) -> None:
    router = make(clock, Fake("one"))
    assert router.through("one", "alerts", lambda each: each.id) == "one"
    asked: list[str] = []

    def fails(_each: Any) -> None:
        asked.append("x")
        raise Unavailable("One could not be reached.", "Check the connection.")

    for _ in range(9):
        with pytest.raises(Unavailable):
            router.through("one", "alerts", fails)
    assert len(asked) < 9  # open after a few
    assert router.through("one", "trades", lambda each: each.id) == "one"  # another question of the same service
    with pytest.raises(KeyError):
        router.through("nobody", "alerts", fails)


def test_our_own_budget_says_nothing_about_the_service(clock: Clock) -> None:
    router = make(clock, Fake("one"))
    router.budget.declare("one", (Window(1, 3600),))

    def spends(_each: Any) -> None:
        router.budget.take("one", title="One")

    spends(None)
    for _ in range(9):
        with pytest.raises(RateLimited, match="budget for One is used up"):
            router.through("one", "alerts", spends)
    assert router.through("one", "alerts", lambda each: each.id) == "one"
