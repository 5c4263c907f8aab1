"""Tradier, as its documentation says it answers: expiries one by one, lists of one and of none, sizes and Greeks."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from terminal.domain.schemas import CHAINS
from terminal.errors import BadPayload, RateLimited
from terminal.providers import tradier_parse as parse
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.service import Surroundings
from terminal.providers.tradier import TradierProvider
from tests.providers.loopback import Asked, Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "tradier"
CLOSE = datetime(2026, 11, 20, 21, 0, 3, tzinfo=UTC)
DECEMBER = date(2026, 12, 18)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[Callable[..., TradierProvider]]:
    server.clear()
    made: list[TradierProvider] = []

    def build(base: str = "", **more: Any) -> TradierProvider:
        made.append(
            TradierProvider(Surroundings(lambda: base or server.url, lambda: "bearer-key-1", clock, tmp_path, 1.0, **more))
        )
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(provider: TradierProvider, symbol: str = "ACME") -> Answer:
    (answer,) = provider.fetch(Request("chains", (symbol,)), quiet)
    return answer


def january(asked: Asked) -> Any:
    if asked.query["expiration"] == "2026-12-18":
        return payload("chain_ACME")
    return {"options": {"option": {**payload("chain_ACME")["options"]["option"][0], "symbol": "ACME270115C00012500"}}}


def test_a_chain_is_all_expiries_of_one_moment_and_each_request_counts(server: Loopback, make: Any) -> None:
    spent: list[int] = []
    server.say({"expirations": payload("expirations"), "quotes": payload("quotes_ACME"), "chains": january})
    answer = ask(make(spend=lambda _waiting: spent.append(1)))
    assert [each.path.rsplit("/", 1)[1] for each in server.asked] == ["expirations", "quotes", "chains", "chains"]
    assert len(spent) == len(server.asked) - TradierProvider.cost["chains"]
    assert server.asked[0].headers["Authorization"] == "Bearer bearer-key-1"
    assert server.asked[2].query == {"symbol": "ACME", "expiration": "2026-12-18", "greeks": "true"}
    assert CHAINS.validate(answer.frame).refused.is_empty()
    call, dead, put, later = answer.frame.to_dicts()
    assert (call["contract"], call["bid"], call["ask"], call["bid_size"], call["ask_size"]) == (
        "ACME261218C00012500",
        1.1,
        1.3,
        20,
        10,
    )
    assert (call["iv"], call["delta"], call["open_interest"], call["volume"]) == (0.412, 0.55, 1500, 210)
    assert call["last_at"] == datetime(2026, 11, 20, 20, 58, 11, tzinfo=UTC)
    assert [dead[name] for name in ("bid", "ask", "last", "last_at", "iv", "delta", "bid_size")] == [None] * 7
    assert (put["bid"], put["ask"], put["iv"]) == (0.0, 0.05, None)
    assert later["expiry"] == date(2027, 1, 15)
    assert answer.frame["at"].unique().to_list() == [CLOSE]
    assert answer.frame["underlying_price"].unique().to_list() == [12.75]
    assert (answer.fetch.as_of, answer.fetch.delayed) == (CLOSE, False)


@pytest.mark.parametrize("none", [None, "null", {"date": None}, {"date": []}])
def test_who_has_no_expiries_has_no_options(server: Loopback, make: Any, none: Any) -> None:
    server.say({"expirations": {"expirations": none}})
    assert ask(make()).missing == ("ACME",)
    assert ask(make(), "VOD.L").missing == ("VOD.L",)


@pytest.mark.parametrize("none", [None, {"option": None}, {"option": []}])
def test_an_expiry_without_contracts_is_empty(none: Any) -> None:
    assert parse.parse_chain({"options": none}, "ACME", DECEMBER) == []


def test_one_expiry_alone_and_one_contract_alone_are_no_lists() -> None:
    assert parse.parse_expirations({"expirations": {"date": "2026-12-18"}}) == (DECEMBER,)
    (row,) = parse.parse_chain({"options": {"option": payload("chain_ACME")["options"]["option"][0]}}, "ACME", DECEMBER)
    assert row["contract"] == "ACME261218C00012500"


def test_another_expiry_another_symbol_and_other_shapes_are_refused() -> None:
    with pytest.raises(BadPayload, match="another expiry of ACME than 2027-01-15"):
        parse.parse_chain(payload("chain_ACME"), "ACME", date(2027, 1, 15))
    with pytest.raises(BadPayload, match="no quote of OTHER"):
        parse.parse_price(payload("quotes_ACME"), "OTHER")
    for wrong in ({}, [], {"fault": {"faultstring": "Invalid Access Token"}}, {"expirations": {"date": ["soon"]}}):
        with pytest.raises((BadPayload, ValueError)):
            parse.parse_expirations(wrong)


def test_a_refusal_halfway_brings_nothing(server: Loopback, make: Any) -> None:
    def answer(asked: Asked) -> Any:
        return payload("chain_ACME") if asked.query["expiration"] == "2026-12-18" else Reply(b"Quota Violation", 429)

    server.say({"expirations": payload("expirations"), "quotes": payload("quotes_ACME"), "chains": answer})
    with pytest.raises(RateLimited):
        ask(make())


def test_what_it_says_of_its_allowance_is_learnt(server: Loopback, make: Any) -> None:
    told: list[tuple[int, datetime | None]] = []
    headers = {
        "X-Ratelimit-Available": "57",
        "X-Ratelimit-Expiry": str(int(datetime(2026, 11, 20, 22, 0, 40, tzinfo=UTC).timestamp() * 1000)),
    }
    server.say({"expirations": Reply(b'{"expirations": null}', 200, headers)})
    ask(make(learn=lambda left, until: told.append((left, until))))
    ((left, until),) = told
    assert left == 57
    assert until is not None


@pytest.mark.parametrize(
    ("symbol", "name"), [("^GSPC", "SPX"), ("^RUT", "RUT"), ("BRK-B", "BRK/B"), ("SPY", "SPY"), ("ES=F", None)]
)
def test_symbols_are_spelt_as_tradier_does(symbol: str, name: str | None) -> None:
    assert parse.theirs(symbol) == name
