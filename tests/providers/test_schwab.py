"""Schwab: signing in with three parts, the half hour of an access token, chains in one answer or in stretches."""

from __future__ import annotations

import base64
import json
import logging
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from terminal.domain.schemas import CHAINS
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable, UserError
from terminal.providers import schwab_parse as parse
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.schwab import SchwabProvider
from terminal.providers.service import Surroundings
from tests.providers.loopback import Asked, Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "schwab"
KEY = "app-key-1:app-secret-2:refresh-token-3"
CLOSE = datetime(2026, 11, 20, 21, 0, 3, tzinfo=UTC)
CHAIN, TOKEN = json.loads((PAYLOADS / "chains_ACME.json").read_text()), json.loads((PAYLOADS / "token.json").read_text())
ENDED = {
    "error": "unsupported_token_type",
    "error_description": '400 Bad Request: "{"error":"refresh_token_authentication_error"}"',
}


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[Callable[..., SchwabProvider]]:
    server.clear()
    made: list[SchwabProvider] = []

    def build(key: str | None = KEY, spend: Any = lambda _waiting: None) -> SchwabProvider:
        made.append(SchwabProvider(Surroundings(lambda: server.url, lambda: key, clock, tmp_path, 0.3, spend=spend)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(provider: SchwabProvider, symbol: str = "ACME") -> Answer:
    (answer,) = provider.fetch(Request("chains", (symbol,)), quiet)
    return answer


def signings(server: Loopback) -> list[Asked]:
    return [each for each in server.asked if each.method == "POST"]


def test_a_chain_is_asked_with_the_token_of_a_sign_in_that_is_used_again(server: Loopback, make: Any) -> None:
    server.say({"oauth/token": TOKEN, "chains": CHAIN})
    provider = make()
    answer = ask(provider)
    ask(provider)
    (signing,) = signings(server)
    assert signing.form == {"grant_type": "refresh_token", "refresh_token": "refresh-token-3"}
    assert signing.headers["Authorization"] == "Basic " + base64.b64encode(b"app-key-1:app-secret-2").decode()
    chain = server.asked[1]
    assert (chain.headers["Authorization"], chain.query["symbol"]) == ("Bearer access-of-the-hour", "ACME")
    assert CHAINS.validate(answer.frame).refused.is_empty()
    call, dead, put = answer.frame.to_dicts()
    assert (call["contract"], call["expiry"], call["strike"]) == ("ACME261218C00012500", date(2026, 12, 18), 12.5)
    assert (call["bid"], call["ask"], call["bid_size"], call["ask_size"], call["iv"], call["delta"]) == (
        1.1,
        1.3,
        20,
        10,
        pytest.approx(0.412),
        0.55,
    )
    assert (call["last_at"], call["at"], call["underlying_price"]) == (
        datetime(2026, 11, 20, 20, 58, 11, tzinfo=UTC),
        CLOSE,
        12.75,
    )
    assert [dead[name] for name in ("bid", "ask", "last", "last_at", "iv", "delta", "bid_size")] == [None] * 7
    assert (dead["volume"], dead["open_interest"]) == (0.0, 3.0)
    assert (put["bid"], put["ask"], put["iv"], put["delta"], put["ask_size"]) == (0.0, 0.05, None, -0.01, 7.0)
    assert (answer.fetch.delayed, answer.fetch.as_of) == (False, CLOSE)


def test_a_token_that_is_refused_early_is_fetched_once_more(server: Loopback, make: Any) -> None:
    tokens = iter(["first", "second", "third"])
    refused = {"Bearer first"}
    server.say(
        {
            "oauth/token": lambda _asked: {**TOKEN, "access_token": next(tokens)},
            "chains": lambda asked: Reply(b"no", 401) if asked.headers["Authorization"] in refused else CHAIN,
        }
    )
    provider = make()
    with pytest.raises(NeedsKey):
        ask(provider)  # a fresh token that is refused is refused
    refused.clear()
    ask(provider)
    refused.add("Bearer first")
    ask(provider)
    assert [each.headers["Authorization"] for each in server.asked if each.method == "GET"][-1] == "Bearer second"
    assert len(signings(server)) == 2


def test_a_token_ends_before_its_half_hour_does(server: Loopback, make: Any) -> None:
    server.say({"oauth/token": {**TOKEN, "expires_in": 60}, "chains": CHAIN})
    provider = make()
    ask(provider)
    ask(provider)
    assert len(signings(server)) == 2


def test_a_sign_in_that_ended_says_what_to_do(server: Loopback, make: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.say({"oauth/token": Reply(json.dumps(ENDED).encode(), 400)})
    with pytest.raises(NeedsKey, match="sign-in at Schwab has ended") as caught:
        ask(make())
    assert "schwab-sign-in" in caught.value.hint
    assert caught.value.setting == "schwab"
    fetch = caught.value.fetch  # type: ignore[attr-defined]
    assert (fetch.status, fetch.http_status, fetch.error) == ("error", 400, "The sign-in at Schwab has ended.")
    for part in KEY.split(":"):
        assert part not in f"{caplog.text} {caught.value!r} {fetch!r}"


FAULTS: dict[str, tuple[Reply, type[ProviderError]]] = {
    "401": (Reply(b"no", 401), NeedsKey),
    "403": (Reply(b"no", 403), NeedsKey),
    "429": (Reply(b"", 429), RateLimited),
    "500": (Reply(b"oops", 500), Unavailable),
    "html": (Reply(b"<html>"), BadPayload),
    "empty": (Reply(b""), BadPayload),
    "broken off": (Reply(b'{"access_token": "a'), BadPayload),
    "list": (Reply(b"[1]"), BadPayload),
    "no token": (Reply(b'{"access_token": null}'), BadPayload),
    "two lines": (Reply(b'{"access_token": "a\\nX: y"}'), BadPayload),
    "drop": (Reply(drop=True), Unavailable),
    "hang": (Reply(drop=True, seconds=0.5), Unavailable),
    "elsewhere": (Reply(b"", 307, {"Location": "/chains"}), Unavailable),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_sign_in_is_a_sentence(server: Loopback, make: Any, fault: str) -> None:
    reply, kind = FAULTS[fault]
    server.say({"oauth/token": reply, "chains": CHAIN})
    with pytest.raises(kind) as caught:
        ask(make())
    assert caught.value.message.endswith(".")
    assert not any(part in repr(caught.value) for part in KEY.split(":"))
    assert len(server.asked) == 1  # a form is sent once, and never sent on
    assert caught.value.fetch.dataset == "chains"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("app-key-1", "key and the secret"),
        ("a:b:c:d", "key and the secret"),
        ("::", "key and the secret"),
        ("a:b", "Nobody has signed in"),
    ],
)
def test_a_key_without_three_parts_is_explained(server: Loopback, make: Any, key: str, words: str) -> None:
    with pytest.raises(NeedsKey, match=words) as caught:
        ask(make(key))
    assert "schwab" in caught.value.hint
    assert server.asked == []


def test_a_chain_too_long_for_one_answer_comes_in_stretches(server: Loopback, make: Any) -> None:
    spent: list[int] = []

    def answer(asked: Asked) -> Any:
        first, last = asked.query.get("fromDate"), asked.query.get("toDate")
        if first is None or last is None or (date.fromisoformat(last) - date.fromisoformat(first)).days > 50:
            if last is None or date.fromisoformat(last).year < 2028:
                return Reply(b'{"fault": {"faultstring": "Body buffer overflow"}}', 502)
            return {**CHAIN, "callExpDateMap": {}, "putExpDateMap": {}}
        return CHAIN if first <= "2026-12-18" <= last else {**CHAIN, "callExpDateMap": {}, "putExpDateMap": {}}

    server.say({"oauth/token": TOKEN, "chains": answer})
    answered = ask(make(spend=lambda _waiting: spent.append(1)))
    assert answered.frame["contract"].n_unique() == answered.frame.height == 3
    assert answered.frame["at"].unique().to_list() == [CLOSE]
    stretches = [(each.query["fromDate"], each.query["toDate"]) for each in server.asked if "fromDate" in each.query]
    assert len(spent) == len(stretches)
    assert stretches[0] == ("2026-11-20", "2027-01-03")


def test_a_chain_that_never_fits_is_given_up(server: Loopback, make: Any) -> None:
    server.say({"oauth/token": TOKEN, "chains": {**CHAIN, "isChainTruncated": True}})
    with pytest.raises(BadPayload, match="too long"):
        ask(make())


def test_who_has_no_options_is_unknown(server: Loopback, make: Any) -> None:
    server.say({"oauth/token": TOKEN, "chains": {"symbol": "ACME", "status": "FAILED"}})
    assert ask(make()).missing == ("ACME",)
    assert ask(make(), "VOD.L").missing == ("VOD.L",)


@pytest.mark.parametrize(
    "wrong", [{"symbol": "OTHER"}, {"status": None}, {"callExpDateMap": []}, {"putExpDateMap": {"a": {"b": 7}}}]
)
def test_something_else_than_the_chain_is_refused(server: Loopback, make: Any, wrong: dict[str, Any]) -> None:
    server.say({"oauth/token": TOKEN, "chains": {**CHAIN, **wrong}})
    with pytest.raises(BadPayload):
        ask(make())


@pytest.mark.parametrize(
    ("symbol", "name"), [("^GSPC", "$SPX"), ("^RUT", "$RUT"), ("BRK-B", "BRK/B"), ("SPY", "SPY"), ("ES=F", None)]
)
def test_symbols_are_spelt_as_schwab_does(symbol: str, name: str | None) -> None:
    assert parse.theirs(symbol) == name


def test_signing_in_with_a_browser_gives_the_token_of_a_week(server: Loopback, make: Any) -> None:
    assert make("app 1:secret-2").sign_in_address("https://127.0.0.1") == (
        "https://api.schwabapi.com/v1/oauth/authorize?client_id=app%201&redirect_uri=https%3A%2F%2F127.0.0.1"
    )
    server.say({"oauth/token": TOKEN})
    provider = make("app-1:secret-2:an-old-token")
    ended_at = "https://127.0.0.1/?code=C0.abc%40&session=x"
    assert provider.claim("https://127.0.0.1", ended_at) == "app-1:secret-2:refresh-of-the-week"
    assert make("app-1:secret-2").claim("https://127.0.0.1", ended_at) == "app-1:secret-2:refresh-of-the-week"
    assert signings(server)[0].form == {
        "grant_type": "authorization_code",
        "code": "C0.abc@",
        "redirect_uri": "https://127.0.0.1",
    }
    with pytest.raises(UserError, match="not the address"):
        provider.claim("https://127.0.0.1", "https://127.0.0.1/?error=denied")
    with pytest.raises(NeedsKey, match="key and the secret"):
        make("app-1").claim("https://127.0.0.1", ended_at)
    server.say({"oauth/token": {**TOKEN, "refresh_token": None}})
    with pytest.raises(BadPayload, match="no token that lasts"):
        provider.claim("https://127.0.0.1", ended_at)


# What was recorded


@pytest.mark.real
def test_the_recorded_chain_is_read_figure_by_figure(shared: Path) -> None:
    whole = json.loads((shared / "payloads" / "schwab" / "chains_SPX_20241015.json").read_text())
    chain = parse.parse_chain(whole, "^GSPC")
    assert chain is not None
    told = {
        line["symbol"].replace(" ", ""): line
        for side in ("callExpDateMap", "putExpDateMap")
        for strikes in whole[side].values()
        for lines in strikes.values()
        for line in lines
    }
    assert chain.contracts.height == len(told) > 0
    assert chain.at == datetime.fromtimestamp(max(line["quoteTimeInLong"] for line in told.values()) / 1000, UTC)
    assert not chain.delayed
    for row in chain.contracts.to_dicts():
        line = told[row["contract"]]
        assert (row["strike"], row["right"], row["underlying_price"]) == (line["strikePrice"], line["putCall"][0], 5843.81)
        assert (row["bid"], row["ask"], row["bid_size"], row["ask_size"]) == (
            line["bid"],
            line["ask"],
            line["bidSize"],
            line["askSize"],
        )
        assert (row["volume"], row["open_interest"], row["delta"]) == (line["totalVolume"], line["openInterest"], line["delta"])
        assert row["iv"] == pytest.approx(line["volatility"] / 100)
    assert CHAINS.validate(chain.contracts).refused.is_empty()


@pytest.mark.real
def test_the_recorded_end_of_a_sign_in_is_understood(replay: Any, clock: Any, tmp_path: Path) -> None:
    provider = SchwabProvider(Surroundings(lambda: f"{replay.url}/schwab", lambda: KEY, clock, tmp_path))
    with pytest.raises(NeedsKey, match="has ended"):
        ask(provider, "^GSPC")
    provider.close()
