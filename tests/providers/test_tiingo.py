"""Tiingo: one answer per symbol with everything of a day in it, adjusted here as far as we promise."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, RateLimited
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.http import NotFound
from terminal.providers.service import Surroundings
from terminal.providers.tiingo import TiingoProvider, parse_daily, parse_quotes
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "tiingo"
UNKNOWN = Reply(b'{"detail": "Error: Ticker \'NONE\' not found"}', 404)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def tiingo(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[TiingoProvider]:
    server.clear()
    made = TiingoProvider(Surroundings(lambda: server.url, lambda: "sk-secret-123", clock, tmp_path, 1.0))
    yield made
    made.close()


def ask(provider: Any, dataset: str, *symbols: str, start: date | None = None, end: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


@pytest.mark.parametrize("dataset", ["bars", "dividends", "splits"])
def test_one_request_brings_bars_dividends_and_splits(server: Loopback, tiingo: TiingoProvider, dataset: str) -> None:
    server.say({"/tiingo/daily/BIG-B/prices": payload("daily")})
    answers = ask(tiingo, dataset, "BIG-B")
    assert {answer.dataset for answer in answers} == {"bars", "dividends", "splits"}
    assert answers[-1].dataset == dataset
    assert len(server.asked) == 1
    assert server.asked[0].headers["Authorization"] == "Token sk-secret-123"
    assert server.asked[0].query == {"startDate": "2020-11-15", "format": "json", "resampleFreq": "daily"}


def test_prices_before_a_split_are_in_shares_of_today_and_keep_their_dividends() -> None:
    frames = parse_daily(payload("daily"), "ACME", date(2026, 11, 20))
    bars = frames["bars"].to_dicts()
    assert [bar["date"] for bar in bars] == [date(2026, 6, day) for day in (8, 9, 10, 11)]
    assert [bar["close"] for bar in bars] == [10.5, 10.8, 11.0, 11.1]
    assert [bar["volume"] for bar in bars] == [4000, 4400, 5000, 4800]
    assert [bar["adjusted_close"] for bar in bars] == [10.395, 10.692, 11.0, 11.1]
    assert frames["splits"].rows() == [("ACME", date(2026, 6, 10), 4.0)]
    assert frames["dividends"].select("ex_date", "amount").rows() == [(date(2026, 6, 9), 0.2), (date(2026, 6, 11), 0.1)]


def test_what_ends_earlier_still_knows_the_split_that_followed(server: Loopback, tiingo: TiingoProvider) -> None:
    server.say({"prices": payload("daily")})
    bars = ask(tiingo, "bars", "ACME", start=date(2026, 6, 8), end=date(2026, 6, 9))[-1].frame
    assert "endDate" not in server.asked[0].query
    assert bars["close"].to_list() == [10.5, 10.8]


def test_an_unknown_symbol_is_missing_but_a_wrong_address_is_an_error(server: Loopback, tiingo: TiingoProvider) -> None:
    server.say({"/daily/NONE/": UNKNOWN, "/daily/GONE/": [], "/daily/ACME/": payload("daily")})
    answers = ask(tiingo, "bars", "NONE", "GONE", "ACME", "^VIX")
    assert [answer.missing for answer in answers if answer.missing] == [("^VIX",), ("NONE",), ("GONE",)]
    assert {answer.frame["symbol"][0] for answer in answers if answer.dataset == "bars" and answer.frame.height} == {"ACME"}
    with pytest.raises(NotFound, match="HTTP 404"):
        ask(tiingo, "bars", "OTHER")


def test_quotes_of_many_symbols_come_in_one_request(server: Loopback, tiingo: TiingoProvider) -> None:
    server.say({"/iex/": payload("iex")})
    (answer,) = ask(tiingo, "quotes", "ACME", "BIG-B", "QUIET")
    assert server.asked[0].query == {"tickers": "ACME,BIG-B,QUIET"}
    acme, big = answer.frame.to_dicts()
    assert acme["at"] == datetime(2026, 11, 20, 20, 59, 59, 186520, tzinfo=UTC)
    assert (acme["price"], acme["previous_close"], acme["open"], acme["volume"]) == (11.8, 11.0, 11.05, None)
    assert (big["price"], big["previous_close"], big["open"]) == (400.25, None, None)


def test_quotes_that_do_not_say_when_are_refused(server: Loopback, tiingo: TiingoProvider) -> None:
    server.say({"/iex/": [{"ticker": "ACME", "timestamp": "2026-11-20T15:59:59", "tngoLast": 1.0}]})
    with pytest.raises(BadPayload, match="unexpected shape"):
        ask(tiingo, "quotes", "ACME")
    assert parse_quotes([], ("ACME",))[1] == ("ACME",)


@pytest.mark.parametrize(("detail", "kind"), [
    ("Error: You have run over your hourly request allocation.", RateLimited),
    ("You do not have permission to access the News API", BadPayload)])  # fmt: skip
def test_an_error_as_success_is_an_error(server: Loopback, tiingo: TiingoProvider, detail: str, kind: Any) -> None:
    server.say({"prices": {"detail": detail}})
    with pytest.raises(kind):
        ask(tiingo, "bars", "ACME")


def test_a_split_without_a_ratio_is_no_split_of_one() -> None:
    rows = payload("daily")
    rows[2]["splitFactor"] = 0
    with pytest.raises(ValueError, match="without a ratio"):
        parse_daily(rows, "ACME", date(2026, 11, 20))


@pytest.mark.real
def test_the_recorded_days_are_the_stored_ones(replay: Any, shared: Path, clock: Any, tmp_path: Path) -> None:
    provider = TiingoProvider(Surroundings(lambda: f"{replay.url}/tiingo", lambda: "sk-secret-123", clock, tmp_path))
    answers = ask(provider, "bars", "GOOGL", start=date(2018, 1, 5))
    provider.close()
    name = Path(replay.log()[0]["file"]).name
    recorded = json.loads((shared / "payloads" / "tiingo" / name).read_text(encoding="utf-8"))
    bars = answers[-1].frame.to_dicts()
    assert len(bars) == len(recorded) >= 1
    for bar, row in zip(bars, recorded, strict=True):
        assert bar["date"].isoformat() == row["date"][:10]
        assert all(bar[name] == row[name] for name in ("open", "high", "low", "close", "volume"))
        assert bar["adjusted_close"] == row["adjClose"]
    assert answers[-1].fetch.sha256


@pytest.mark.real
def test_an_unrecorded_symbol_and_a_refused_plan(replay: Any, clock: Any, tmp_path: Path) -> None:
    provider = TiingoProvider(Surroundings(lambda: f"{replay.url}/tiingo", lambda: "sk-secret-123", clock, tmp_path))
    replay.fault(provider="tiingo", match="NONE", kind="status", status=404, body=UNKNOWN.body.decode())
    assert ask(provider, "bars", "NONE")[-1].missing == ("NONE",)
    provider.close()
