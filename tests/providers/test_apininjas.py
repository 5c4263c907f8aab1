"""API Ninjas: what its payloads become, its own words when it refuses, and where its key never shows."""

from __future__ import annotations

import json
import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.schemas import EARNINGS
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers import http as transport
from terminal.providers.apininjas import ApiNinjasProvider, parse_calendar
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.service import Surroundings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "apininjas"
KEY = "nj/S3CR3T+key=="
TODAY = date(2026, 11, 20)


def payload() -> Any:
    return json.loads((PAYLOADS / "earnings.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(transport, "ATTEMPTS", 1)  # how reads are tried again is proved elsewhere
    server.clear()
    server.say({"/v1/earningscalendar": payload()})
    made = []

    def build(key: str | None = KEY) -> ApiNinjasProvider:
        made.append(ApiNinjasProvider(Surroundings(lambda: server.url, lambda: key, clock, tmp_path, 0.6)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(provider: Any, *symbols: str) -> list[Answer]:
    answers = list(provider.fetch(Request("earnings", symbols), quiet))
    for answer in answers:
        assert EARNINGS.validate(answer.frame).refused.is_empty()
    return answers


def test_reports_keep_their_day_and_hidden_numbers_are_unknown(server: Loopback, make: Any) -> None:
    (answer,) = ask(make(), "BIG-B")
    assert answer.frame.rows() == [
        ("BIG-B", date(2027, 2, 10), None, None, None, 0.7, None, None, None),
        ("BIG-B", TODAY, "bmo", True, None, 0.6, 0.61, None, 861_000_000.0),
    ]
    assert server.asked[0].query == {"ticker": "BIG.B"}
    assert server.asked[0].headers["X-Api-Key"] == KEY
    assert (answer.fetch.endpoint, answer.fetch.http_status) == ("earningscalendar", 200)


def test_nobody_reports_is_an_empty_answer_and_an_index_is_missing(server: Loopback, make: Any) -> None:
    server.say({"": []})
    company, index = ask(make(), "ACME", "^VIX")
    assert (company.fetch.status, company.missing) == ("empty", ())
    assert index.missing == ("^VIX",)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(b'{"error": "This endpoint is for premium subscribers only."}', 400), NeedsKey, "premium subscribers only"),
        (Reply(b'{"error": "Invalid API Key."}', 400), NeedsKey, "Invalid API Key"),
        (Reply(b'{"error": "Invalid ticker."}', 400), BadPayload, "Invalid ticker"),
        (Reply(b'{"message": "Quota of the month exceeded"}', 429, {"Retry-After": "86400"}), RateLimited, "Quota of the month"),
        (Reply(b'{"message": "Unauthorized"}', 401), NeedsKey, "Unauthorized"),
        (Reply(b"<html>", 502), Unavailable, "502"),
        (Reply(b"<html>blocked</html>"), BadPayload, "web page"),
        (Reply(b""), BadPayload, "empty"),
        (Reply(b'[{"date"'), BadPayload, "broke off"),
        (Reply(b'{"error": "?"}'), BadPayload, "no list"),
        (Reply(b"[1]"), BadPayload, "no list"),
        (Reply(b'[{"date": "2026-01-01"}]'), BadPayload, "unexpected shape"),
        (Reply(b'[{"ticker": "OTHER", "date": "2026-01-01"}]'), BadPayload, "unexpected shape"),
        (Reply(b'[{"ticker": "ACME", "date": "premium only"}]'), BadPayload, "without days"),
        (Reply(drop=True), Unavailable, "could not be reached"),
        (Reply(b"[]", seconds=0.9), Unavailable, "in time"),
    ],
)
def test_every_fault_has_its_words_and_its_record(
    server: Loopback, make: Any, reply: Reply, kind: type[ProviderError], words: str
) -> None:
    server.say({"": reply})
    with pytest.raises(kind, match=words) as caught:
        ask(make(), "ACME")
    fetch = caught.value.fetch  # type: ignore[attr-defined]
    assert (fetch.status, fetch.error) == ("error", caught.value.message)
    assert str(caught.value) == caught.value.message


def test_the_key_is_never_told(server: Loopback, make: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    provider = make()
    told = [str(ask(provider, "BIG-B"))]
    for status in (400, 401, 429, 200):
        server.say({"": Reply(f'{{"error": "the key {KEY} is premium"}}'.encode(), status)})
        with pytest.raises(ProviderError) as caught:
            ask(provider, "ACME")
        told += [repr(caught.value), str(caught.value.fetch), repr(caught.value.__cause__)]  # type: ignore[attr-defined]
    assert not any(KEY in text for text in [*told, caplog.text])


def test_without_a_key_nothing_is_asked(server: Loopback, make: Any) -> None:
    with pytest.raises(NeedsKey) as caught:
        ask(make(None), "ACME")
    assert caught.value.setting == "apininjas"
    assert server.asked == []


def test_a_months_requests_are_one_window() -> None:
    (window,) = ApiNinjasProvider.windows
    assert (window.requests, window.seconds) == (10_000, 30 * 24 * 3600)


@pytest.mark.real
def test_the_documented_answer_becomes_a_report(shared: Path) -> None:
    path = shared / "payloads" / "apininjas" / "earningscalendar_MSFT_docsample.json"
    frame = parse_calendar(json.loads(path.read_text(encoding="utf-8")), "MSFT")
    assert frame.select("date", "confirmed").rows() == [(date(2024, 7, 30), True)]
    assert frame["eps_actual"].null_count() == frame["revenue_actual"].null_count() == 0
