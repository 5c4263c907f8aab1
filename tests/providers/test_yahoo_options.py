"""Yahoo's option chains: one expiry an answer, quotes that are none, and all expiries as one chain."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.schemas import CHAINS
from terminal.errors import BadPayload, RateLimited
from terminal.providers import yahoo_options as options
from terminal.providers.base import Request, quiet
from terminal.providers.service import Surroundings
from terminal.providers.yahoo import YahooProvider
from terminal.providers.yahoo_parse import UnknownSymbolError
from terminal.providers.yahoo_worker import Client, Job, Part, Seen

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = (Path(__file__).parent / "payloads" / "yahoo" / "options_ACME.json").read_bytes()
CLOSE = datetime(2026, 11, 20, 21, 0, 3, tzinfo=UTC)
DECEMBER, JANUARY = date(2026, 12, 18), date(2027, 1, 15)


def changed(**parts: Any) -> bytes:
    whole = json.loads(BODY)
    whole["optionChain"]["result"][0].update(parts)
    return json.dumps(whole).encode()


def test_an_answer_is_one_expiry_and_names_the_others() -> None:
    found = options.parse_options(BODY, "ACME")
    assert (found.expiries, found.at, found.price) == ((DECEMBER, JANUARY), CLOSE, 12.75)
    assert found.contracts.columns == list(CHAINS.columns)
    assert CHAINS.validate(found.contracts).refused.is_empty()
    call, dead, put = found.contracts.to_dicts()  # the adjusted contract is not there
    assert (call["contract"], call["bid"], call["ask"], call["iv"], call["open_interest"]) == (
        "ACME261218C00012500",
        1.1,
        1.3,
        0.412,
        1500,
    )
    assert call["last_at"] == datetime(2026, 11, 20, 20, 58, 11, tzinfo=UTC)
    assert [dead[name] for name in ("bid", "ask", "iv", "volume", "delta", "bid_size")] == [None] * 6
    assert (dead["last"], dead["open_interest"]) == (0.01, 3.0)
    assert (put["bid"], put["ask"], put["iv"]) == (0.0, 0.05, None)


def test_no_options_another_symbol_and_nonsense() -> None:
    with pytest.raises(UnknownSymbolError):
        options.parse_options(changed(expirationDates=[], options=[]), "ACME")
    with pytest.raises(UnknownSymbolError):
        options.parse_options(b'{"optionChain": {"result": [], "error": null}}', "ACME")
    with pytest.raises(BadPayload, match="chain of ACME when asked for OTHER"):
        options.parse_options(BODY, "OTHER")
    for wrong in (changed(quote={}), b"<html>", b"", b'{"optionChain": {"result": {}}}', changed(underlyingSymbol=7)):
        with pytest.raises(BadPayload):
            options.parse_options(wrong, "ACME")


def test_an_index_is_asked_by_the_name_its_options_have() -> None:
    assert [options.asked_as(name) for name in ("^GSPC", "^SPX", "SPX", "BRK-B")] == ["^SPX", "^SPX", "^SPX", "BRK-B"]
    assert options.epoch(DECEMBER) == "1797552000"


class Asked(YahooProvider):
    """The provider whose worker is here: `answers` says what the request for an expiry ("": the first) gets."""

    answers: Callable[[str], bytes]

    def _ask(self, job: Job, progress: Any) -> list[Part]:
        client = Client.__new__(Client)
        client.base, client.cache = "", ""

        def get(endpoint: str, _path: str, params: dict[str, str]) -> bytes:
            self.seen.append(params.get("date", ""))
            client.seen = Seen(endpoint, CLOSE, CLOSE, 200, 10, "ab")
            return self.answers(params.get("date", ""))

        client._get = get  # type: ignore[method-assign]
        return list(client.answer(job))


@pytest.fixture
def provider(tmp_path: Path, clock: Any) -> Asked:
    spent: list[float] = []
    made = Asked(Surroundings(lambda: "http://x", lambda: None, clock, tmp_path, spend=lambda _waiting: spent.append(1)))
    made.seen, made.spent = [], spent  # type: ignore[attr-defined]
    return made


def january(price: float = 99.0) -> bytes:
    body = BODY.replace(b"261218", b"270115").replace(b'"expirationDate": 1797552000', b'"expirationDate": 1799971200')
    return body.replace(b'"regularMarketPrice": 12.75', f'"regularMarketPrice": {price}'.encode())


def test_all_expiries_are_one_chain_of_one_moment_and_each_request_counts(provider: Any) -> None:
    provider.answers = lambda day: january() if day else BODY
    (answer,) = provider.fetch(Request("chains", ("ACME",)), quiet)
    assert provider.seen == ["", "1799971200"]
    assert len(provider.spent) == 1  # the first one was counted before the call
    assert answer.frame.height == 6
    assert answer.frame.group_by("expiry").len().sort("expiry").rows() == [(DECEMBER, 3), (JANUARY, 3)]
    assert (answer.frame["at"].unique().to_list(), answer.frame["underlying_price"].unique().to_list()) == ([CLOSE], [12.75])
    assert (answer.fetch.status, answer.fetch.bytes, answer.fetch.delayed, answer.fetch.error) == ("ok", 20, True, "")
    assert CHAINS.validate(answer.frame).refused.is_empty()


def test_an_expiry_that_does_not_come_is_said(provider: Any) -> None:
    provider.answers = lambda _day: BODY  # the same whatever is asked
    (answer,) = provider.fetch(Request("chains", ("ACME",)), quiet)
    assert answer.frame.height == 3
    assert (answer.fetch.status, answer.fetch.error) == ("ok", "")
    assert answer.fetch.reason == "1 of 2 expiries were not delivered, 2027-01-15 first"


def test_a_refusal_halfway_brings_nothing(provider: Any) -> None:
    def answers(day: str) -> bytes:
        if day:
            raise RateLimited("Yahoo Finance asks us to slow down (HTTP 429).", "")
        return BODY

    provider.answers = answers
    with pytest.raises(RateLimited):
        list(provider.fetch(Request("chains", ("ACME",)), quiet))


def test_a_symbol_without_options_is_unknown(provider: Any) -> None:
    provider.answers = lambda _day: changed(expirationDates=[], options=[])
    (answer,) = provider.fetch(Request("chains", ("ACME",)), quiet)
    assert (answer.missing, answer.fetch.status, answer.frame.height) == (("ACME",), "empty", 0)


@pytest.mark.real
def test_the_recorded_chains_are_read_and_what_nobody_quotes_is_unknown(shared: Path) -> None:
    total = quoted = 0
    for file in sorted((shared / "payloads" / "yahoo").glob("options-*.json")):
        symbol = file.stem.removeprefix("options-").partition("-expire")[0]
        told = json.loads(file.read_bytes())["optionChain"]["result"][0]
        lines = [line for part in told["options"] for line in (*part["calls"], *part["puts"])]
        if not told["expirationDates"]:
            with pytest.raises(UnknownSymbolError):
                options.parse_options(file.read_bytes(), symbol)
            continue
        found = options.parse_options(file.read_bytes(), symbol)
        assert found.price == told["quote"]["regularMarketPrice"]
        by_name = {row["contract"]: row for row in found.contracts.to_dicts()}
        assert set(by_name) == {line["contractSymbol"] for line in lines}
        for line in lines:
            row = by_name[line["contractSymbol"]]
            assert (row["strike"], row["last"], row["open_interest"]) == (
                line["strike"],
                line["lastPrice"],
                line.get("openInterest"),
            )
            assert (row["bid"], row["ask"]) == ((line["bid"], line["ask"]) if line["ask"] else (None, None))
        total += len(lines)
        quoted += found.contracts.filter(pl.col("ask").is_not_null()).height
    assert (total, quoted) == (607, 9)
