"""Cboe: what a chain file becomes, which file a symbol's is, and the recorded chain of an index."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import stamina

from terminal.domain.schemas import CHAINS, DATASETS
from terminal.errors import BadPayload, ProviderError, Unavailable
from terminal.providers import cboe_parse as parse
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.cboe import CboeProvider
from terminal.providers.service import Surroundings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "cboe"
CLOSE = datetime(2026, 11, 20, 21, 0, 3, tzinfo=UTC)


def body(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


@pytest.fixture(autouse=True)
def _once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def provider(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[CboeProvider]:
    server.clear()
    made = CboeProvider(Surroundings(lambda: server.url, lambda: None, clock, tmp_path, 1.0))
    yield made
    made.close()


def ask(provider: CboeProvider, *symbols: str) -> list[Answer]:
    answers = list(provider.fetch(Request("chains", symbols), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


def test_a_chain_is_contracts_a_quote_and_a_volatility() -> None:
    chain = parse.parse_chain(body("chain_ACME"), "ACME", "ACME")
    assert chain.at == CLOSE
    call, put, dead, deep = chain.contracts.to_dicts()
    assert chain.contracts.columns == list(CHAINS.columns)
    assert (call["contract"], call["expiry"], call["strike"], call["right"]) == (
        "ACME261218C00012500", date(2026, 12, 18), 12.5, "C")  # fmt: skip
    assert (call["iv"], call["delta"], call["last"], call["open_interest"], call["underlying_price"]) == (
        0.412, 0.55, 1.2, 1500.0, 12.75)  # fmt: skip
    assert (call["bid_size"], call["ask_size"], call["last_at"]) == (3.0, 4.0, datetime(2026, 11, 20, 20, 58, 11, tzinfo=UTC))
    assert (put["bid"], put["ask"]) == (0.0, 0.05)  # nobody bids: that is a quote
    assert (dead["bid_size"], dead["ask_size"]) == (None, None)
    assert [dead[name] for name in ("bid", "ask", "iv", "delta", "last")] == [None] * 5
    assert (dead["volume"], dead["open_interest"]) == (0.0, 0.0)
    assert (deep["iv"], deep["delta"], deep["last"]) == (None, 0.998, None)
    (quote,) = chain.quote.to_dicts()
    assert (quote["at"], quote["price"], quote["previous_close"], quote["volume"]) == (CLOSE, 12.75, 12.5, 1234567.0)
    (fact,) = chain.facts.to_dicts()
    assert (fact["item"], fact["value"], fact["period"], fact["period_end"]) == ("iv30", 0.385, "P", date(2026, 11, 20))


def test_an_adjusted_contract_and_a_name_that_is_none_are_left_out() -> None:
    names = parse.parse_chain(body("chain_ACME"), "ACME", "ACME").contracts["contract"]
    assert "ACME1261218C00012500" not in names
    assert "nonsense" not in names


def test_an_index_keeps_both_contracts_of_a_strike_and_its_summer_time() -> None:
    chain = parse.parse_chain(body("chain_index"), "^RUT", "_RUT")
    assert CHAINS.validate(chain.contracts).good.height == 2
    assert chain.at == datetime(2026, 7, 17, 20, 14, 58, tzinfo=UTC)
    assert chain.quote["volume"].to_list() == [None]
    assert chain.facts.is_empty()


@pytest.mark.parametrize(("symbol", "name"), [
    ("AAPL", "AAPL"), ("BRK-B", "BRKB"), ("^GSPC", "_SPX"), ("^VIX", "_VIX"), ("^RUT", "_RUT"), ("SPX", "_SPX"), ("^FTSE", None),
    ("^DJI", None),
    ("VOD.L", None), ("ES=F", None), ("EURUSD=X", None), ("BTC-USD", None),
])  # fmt: skip
def test_the_file_of_a_symbol(symbol: str, name: str | None) -> None:
    assert parse.underlying(symbol) == name


def test_a_file_without_a_last_trade_is_of_when_it_was_written() -> None:
    whole = json.loads(body("chain_ACME"))
    whole["data"]["last_trade_time"] = None
    chain = parse.parse_chain(json.dumps(whole).encode(), "ACME", "ACME")
    assert chain.at == datetime(2026, 11, 20, 21, 31, 7, tzinfo=UTC)
    assert chain.quote.is_empty()


def test_anything_else_is_a_bad_payload() -> None:
    good = body("chain_ACME")
    wrong = {
        "broken off": good[: len(good) // 2], "a list": b"[]", "another thing": b'{"data": null}', "no options": b'{"data": {}}',
        "text as a number": good.replace(b'"bid": 1.1', b'"bid": "much"'), "not text": b"\xff\xfe\x00",
        "no times": re.sub(rb'"(timestamp|last_trade_time)": "[^"]*"', rb'"\1": null', good),
        "other names": re.sub(rb'"option": "[^"]*"', b'"option": "what"', good),
    }  # fmt: skip
    for what, bad in wrong.items():
        with pytest.raises(BadPayload):
            pytest.fail(f"{what} was taken: {parse.parse_chain(bad, 'ACME', 'ACME')}")
    with pytest.raises(BadPayload, match="the chain of ACME when asked for OTHER"):
        parse.parse_chain(good, "OTHER", "OTHER")


def large(contracts: int = 4000, **extra: Any) -> bytes:
    whole = json.loads(body("chain_ACME"))
    one = whole["data"]["options"][0]
    whole["data"]["options"] = [
        one | {"option": f"ACME2612{1 + n % 28:02d}{'CP'[n % 2]}{n:08d}", "bid": n / 100, "ask": n / 100 + 1} | extra
        for n in range(1, contracts + 1)
    ]
    return json.dumps(whole, separators=(",", ":")).encode()


@pytest.mark.parametrize("extra", [{}, {"note": [1, 2]}, {"note": "a ] and },{ in a text"}, {"note": {"b": [3]}}])
def test_a_large_chain_decoded_in_pieces_is_the_same(monkeypatch: pytest.MonkeyPatch, extra: dict[str, Any]) -> None:
    file = large(**extra)
    assert len(file) > 2 * parse.PIECE
    pieces = parse.parse_chain(file, "ACME", "ACME")
    monkeypatch.setattr(parse, "PIECE", len(file))
    whole = parse.parse_chain(file, "ACME", "ACME")
    assert pieces.contracts.equals(whole.contracts)
    assert pieces.quote.equals(whole.quote)
    assert pieces.contracts.height == 4000
    assert pieces.contracts.filter(pl.col("strike") == 1.234)["bid"].to_list() == [12.34]


def test_a_large_chain_that_breaks_off_is_refused() -> None:
    file = large()
    for end in (len(file) - 1, len(file) - 2, len(file) // 2, len(file) // 2 + 1, 2 * parse.PIECE + 7):
        with pytest.raises(BadPayload):
            parse.parse_chain(file[:end], "ACME", "ACME")
    with pytest.raises(BadPayload):
        parse.parse_chain(file.replace(b'"bid":20.0', b'"bid":"a"'), "ACME", "ACME")


def test_a_redirect_is_followed_and_the_asked_answer_is_last(server: Loopback, provider: CboeProvider) -> None:
    moved = Reply(status=307, headers={"Location": "/moved/ACME.json"})
    server.say({"/moved/": body("chain_ACME"), "/api/global/delayed_quotes/options/ACME.json": moved})
    quotes, facts, chain = ask(provider, "ACME")
    assert [quotes.dataset, facts.dataset, chain.dataset] == ["quotes", "facts", "chains"]
    assert chain.frame.height == 4
    assert chain.fetch.delayed
    assert chain.fetch.as_of == CLOSE
    assert [each.path for each in server.asked] == ["/api/global/delayed_quotes/options/ACME.json", "/moved/ACME.json"]


@pytest.mark.parametrize("reply", [
    Reply(b"<Error><Code>AccessDenied</Code></Error>", 403), Reply(b"<Error><Code>NoSuchKey</Code></Error>", 404),
])  # fmt: skip
def test_a_symbol_without_options_is_missing(server: Loopback, provider: CboeProvider, reply: Reply) -> None:
    server.say({"options/NONE": reply, "options/ACME": body("chain_ACME")})
    missing, foreign, *rest = ask(provider, "NONE", "VOD.L", "ACME")
    assert (missing.missing, foreign.missing) == (("NONE",), ("VOD.L",))
    assert rest[-1].frame.height == 4
    assert len(server.asked) == 2


def test_a_refusal_for_another_reason_is_an_error(server: Loopback, provider: CboeProvider) -> None:
    server.say({"options/": Reply(b"<html>blocked</html>", 403)})
    with pytest.raises(Unavailable, match="refused"):
        ask(provider, "ACME")


# -- recorded answers ----------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(replay: Any, clock: Any, tmp_path: Path) -> Iterator[CboeProvider]:
    made = CboeProvider(Surroundings(lambda: f"{replay.url}/cboe", lambda: None, clock, tmp_path, 1.0))
    yield made
    made.close()


@pytest.mark.real
def test_the_recorded_chain_of_the_russell_2000(recorded: CboeProvider, shared: Path) -> None:
    quotes, facts, chain = ask(recorded, "^RUT")
    raw = json.loads((shared / "payloads/cboe/delayed_quotes_options__RUT_20230921_a.json").read_bytes())["data"]
    at = datetime(2023, 9, 20, 20, 15, 4, tzinfo=UTC)  # 16:15:04 in New York, although the file was written on the 21st
    assert chain.frame.height == len(raw["options"]) == 3960
    assert chain.frame["at"].unique().to_list() == [at]
    assert quotes.frame.select("price", "previous_close").row(0) == (1806.1193, 1827.0)
    assert facts.frame.select("value", "period_end").row(0) == (0.17031, date(2023, 9, 20))
    assert chain.frame["iv"].null_count() == sum(each["iv"] == 0 for each in raw["options"])
    assert chain.frame["bid"].sum() == pytest.approx(sum(each["bid"] for each in raw["options"]))
    assert chain.frame["open_interest"].sum() == sum(each["open_interest"] for each in raw["options"])
    last = chain.frame.row(-1, named=True)
    assert (last["contract"], last["expiry"], last["strike"], last["right"], last["bid"], last["ask"], last["iv"]) == (
        "RUTW240328P02700000", date(2024, 3, 28), 2700.0, "P", 825.9, 829.4, 0.1816)  # fmt: skip


@pytest.mark.real
@pytest.mark.parametrize("kind", ["status", "html", "empty", "truncate", "garbage", "drop"])
def test_no_fault_brings_a_contract(recorded: CboeProvider, replay: Any, kind: str) -> None:
    replay.fault(provider="cboe", match="options", kind=kind, status=500, times=9)
    with pytest.raises(ProviderError) as caught:
        ask(recorded, "^RUT")
    assert caught.value.fetch.status == "error"  # type: ignore[attr-defined]
