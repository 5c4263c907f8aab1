"""What every adapter inherits: the key, the address, the record of a failure, and that neither quotes the key."""

from __future__ import annotations

import hashlib
import itertools
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain import schemas
from terminal.errors import BadPayload, NeedsKey, RateLimited
from terminal.providers.http import Got
from terminal.providers.service import Service, Surroundings, together
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Acme(Service):
    """A service of the tests."""

    id = "acme"
    title = "Acme Data"
    address = "https://acme.invalid"
    datasets = frozenset({"bars"})
    needs_key = True

    def headers(self) -> dict[str, str]:
        """The key."""
        return {"X-Api-Key": self.key()}


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def key() -> list[str | None]:
    """What the user has entered, to be changed by a test."""
    return ["sk-secret-123"]


@pytest.fixture
def acme(server: Loopback, key: list[str | None], clock: Any, tmp_path: Path) -> Iterator[Acme]:
    server.clear()
    made = Acme(Surroundings(lambda: server.url, lambda: key[0], clock, tmp_path, 0.5))
    yield made
    made.close()


def ask(acme: Acme, parse: Any = lambda answer: answer) -> Any:
    return acme.ask("bars", "AAPL", "prices", "/prices", {"symbol": "AAPL"}, parse)


def test_a_changed_key_is_used_from_the_next_request_on(acme: Acme, server: Loopback, key: list[str | None]) -> None:
    server.say({"/prices": {}})
    ask(acme)
    key[0] = "sk-other-456"
    ask(acme)
    assert [asked.headers["X-Api-Key"] for asked in server.asked] == ["sk-secret-123", "sk-other-456"]
    key[0] = None
    with pytest.raises(NeedsKey, match="needs a key") as caught:
        ask(acme)
    assert caught.value.setting == "acme"
    assert len(server.asked) == 2


def test_a_failure_is_recorded_with_what_the_service_answered(acme: Acme, server: Loopback, clock: Any) -> None:
    server.say({"/prices": Reply(b"wait", 429, {"Retry-After": "600"})})
    with pytest.raises(RateLimited) as caught:
        ask(acme)
    fetch = caught.value.fetch  # type: ignore[attr-defined]
    assert (fetch.provider, fetch.endpoint, fetch.dataset, fetch.symbol) == ("acme", "prices", "bars", "AAPL")
    assert (fetch.status, fetch.http_status, fetch.bytes) == ("error", 429, 4)
    assert fetch.sha256 == hashlib.sha256(b"wait").hexdigest()
    assert fetch.error == caught.value.message
    assert caught.value.retry_at == clock() + timedelta(minutes=10)


@pytest.mark.parametrize("trouble", [
    KeyError("close"), TypeError("sk-secret-123"), ZeroDivisionError(), OverflowError("big"), RecursionError()])  # fmt: skip
def test_what_a_parser_trips_over_is_a_bad_payload_without_the_key(acme: Acme, server: Loopback, trouble: Exception) -> None:
    server.say({"/prices": {"close": 1}})

    def parse(_answer: Any) -> Any:
        raise trouble

    with pytest.raises(BadPayload, match="unexpected shape") as caught:
        ask(acme, parse)
    error: BaseException | None = caught.value
    while error is not None:
        assert "sk-secret-123" not in f"{error!s}{error!r}"
        error = error.__cause__ or error.__context__


def test_a_defect_of_ours_is_not_blamed_on_the_service(acme: Acme, server: Loopback) -> None:
    server.say({"/prices": {}})

    def parse(_answer: Any) -> Any:
        raise AssertionError("a bug")

    with pytest.raises(AssertionError, match="a bug"):
        ask(acme, parse)


def test_a_key_that_the_service_quotes_is_taken_out(acme: Acme, server: Loopback, key: list[str | None]) -> None:
    key[0] = "KEYID7:sk-hidden-456"
    server.say({"/prices": {"message": "sk-hidden-456 of KEYID7 is wrong"}})

    def parse(answer: Any) -> Any:
        raise BadPayload(f"It said: {answer['message']}.", "Ask KEYID7.")

    with pytest.raises(BadPayload) as caught:
        ask(acme, parse)
    assert caught.value.sentence() == "It said: [key] of [key] is wrong. Ask [key]."
    assert str(caught.value) == caught.value.fetch.error == "It said: [key] of [key] is wrong."  # type: ignore[attr-defined]


def test_symbols_that_cannot_be_known_are_missing_without_a_request(acme: Acme, server: Loopback) -> None:
    answer = acme.nothing("bars", ("^VIX",))
    assert answer.missing == ("^VIX",)
    assert answer.frame.schema == dict(schemas.BARS.columns)
    assert (answer.fetch.status, answer.fetch.symbol, answer.fetch.http_status) == ("empty", "^VIX", None)
    assert server.asked == []


def test_pages_are_recorded_as_one_answer(clock: Any) -> None:
    later = clock() + timedelta(seconds=3)
    first = Got(b"one", 200, clock(), clock(), "", {})
    second = Got(b"two", 200, later, later, "", {"x": "y"})
    both = together([first, second])
    assert (both.body, both.started_at, both.finished_at) == (b"onetwo", clock(), later)
    assert both.sha256 == hashlib.sha256(b"onetwo").hexdigest()
    assert together([first]) is first


def test_a_service_that_counts_by_the_second_is_asked_with_pauses(acme: Acme, server: Loopback) -> None:
    """The pause is from beginning to beginning, also between threads; without one nothing is waited for."""
    server.say({"/prices": {}})
    begun: list[float] = []
    acme.spacing = 0.05
    for _ in range(3):
        acme.await_turn()
        begun.append(acme._last)
    assert all(later - earlier >= 0.05 for earlier, later in itertools.pairwise(begun))
    ask(acme)
    assert len(server.asked) == 1
    from terminal.providers.fred import FredProvider

    assert FredProvider.spacing >= 0.5
