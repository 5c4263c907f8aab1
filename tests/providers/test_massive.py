"""Massive: days stamped with an instant, amounts per share of their own day, pages named by whole addresses."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, NeedsKey, RateLimited
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.http import NotFound
from terminal.providers.massive import MassiveProvider, parse_details, parse_dividends, parse_splits, results
from terminal.providers.service import Surroundings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "massive"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def massive(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[MassiveProvider]:
    server.clear()
    made = MassiveProvider(Surroundings(lambda: server.url, lambda: "sk-secret-123", clock, tmp_path, 1.0))
    yield made
    made.close()


def ask(provider: Any, dataset: str, *symbols: str, start: date | None = None, end: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


def test_daily_bars_are_dated_in_new_york(server: Loopback, massive: MassiveProvider) -> None:
    server.say({"/v2/aggs/ticker/ACME/range/1/day/2020-11-15/2026-11-20": payload("aggregates")})
    (answer,) = ask(massive, "bars", "ACME")
    assert answer.frame.select("date", "close", "volume").rows() == [
        (date(2026, 7, 2), 10.5, 120000.0), (date(2026, 11, 19), 11.0, 150000.0),
        (date(2026, 11, 20), 11.8, 170000.0)]  # fmt: skip
    assert server.asked[0].headers["Authorization"] == "Bearer sk-secret-123"
    assert server.asked[0].query == {"adjusted": "true", "sort": "asc", "limit": "50000"}
    assert answer.fetch.delayed


def test_of_six_years_it_gives_the_two_that_the_plan_reaches(server: Loopback, massive: MassiveProvider) -> None:
    cut = payload("aggregates")
    cut["results"][0]["t"] = int(datetime(2024, 11, 21, 5, tzinfo=UTC).timestamp() * 1000)
    server.say({"/v2/aggs/": cut})
    (answer,) = ask(massive, "bars", "ACME")
    assert answer.frame["date"].min() == date(2024, 11, 21)
    assert massive.reach["bars"] == timedelta(days=730), "which is why the router asks it after those with the whole history"


def test_a_day_that_is_not_over_is_left_out(server: Loopback, massive: MassiveProvider, clock: Any) -> None:
    clock.now = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)
    server.say({"/v2/aggs/": payload("aggregates")})
    assert ask(massive, "bars", "ACME", start=date(2026, 7, 1))[0].frame["date"].max() == date(2026, 11, 19)


def test_minute_bars_keep_their_instant(server: Loopback, massive: MassiveProvider) -> None:
    server.say({"/v2/aggs/ticker/ACME/range/1/minute/2026-11-15/2026-11-20": payload("aggregates")})
    (answer,) = ask(massive, "minute_bars", "ACME")
    assert answer.frame["at"][2] == datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def test_the_next_page_is_asked_at_our_address_without_a_key_in_it(server: Loopback, massive: MassiveProvider) -> None:
    first = {**payload("aggregates"), "next_url": "https://api.elsewhere.test/v2/aggs/page/2?cursor=abc&apiKey=leak"}
    second = {**payload("aggregates"), "results": [{**payload("aggregates")["results"][0], "t": 1783051200000}]}
    server.say({"/v2/aggs/page/2": second, "/v2/aggs/ticker": first})
    (answer,) = ask(massive, "bars", "ACME")
    assert answer.frame.height == 4
    assert [(asked.path, asked.query.get("cursor")) for asked in server.asked][1] == ("/v2/aggs/page/2", "abc")
    assert "apiKey" not in server.asked[1].query
    assert answer.fetch.bytes == len(json.dumps(first)) + len(json.dumps(second))


def test_pages_that_never_end_are_refused(server: Loopback, massive: MassiveProvider) -> None:
    server.say({"/v2/aggs": {**payload("aggregates"), "next_url": "https://api.massive.com/v2/aggs/x?cursor=abc"}})
    with pytest.raises(BadPayload, match="without an end"):
        ask(massive, "bars", "ACME")
    assert len(server.asked) == 2


def test_dividends_are_per_share_of_today_and_bring_the_splits(server: Loopback, massive: MassiveProvider) -> None:
    server.say({"/v3/reference/splits": payload("splits"), "/v3/reference/dividends": payload("dividends")})
    splits, dividends = ask(massive, "dividends", "ACME", start=date(2026, 1, 1))
    assert splits.frame.rows() == [("ACME", date(2026, 6, 10), 4.0), ("ACME", date(2026, 12, 15), 2.0)]
    assert sorted(dividends.frame.rows()) == [("ACME", date(2026, 5, 4), 0.2, "USD", date(2026, 5, 19)),
                                              ("ACME", date(2026, 8, 4), 1.2, "USD", date(2026, 8, 19))]  # fmt: skip
    assert server.asked[1].query["ex_dividend_date.gte"] == "2026-01-01"
    assert len(server.asked) == MassiveProvider.cost["dividends"]
    assert [answer.dataset for answer in ask(massive, "splits", "ACME")] == ["splits"]


def test_a_symbol_is_described_and_an_unknown_one_is_missing(server: Loopback, massive: MassiveProvider) -> None:
    unknown = Reply(b'{"status": "NOT_FOUND", "request_id": "r", "message": "Ticker not found."}', 404)
    server.say({"/v3/reference/tickers/BIG.B": payload("details"), "/v3/reference/tickers/NONE": unknown})
    answers = ask(massive, "instruments", "BIG-B", "NONE", "^VIX")
    assert [answer.missing for answer in answers] == [("^VIX",), (), ("NONE",)]
    row = answers[1].frame.to_dicts()[0]
    assert (row["symbol"], row["kind"], row["exchange"], row["currency"]) == ("BIG-B", "stock", "NYSE", "USD")
    assert (row["industry"], row["sector"], row["country"]) == ("Fire, marine & casualty insurance", None, None)
    with pytest.raises(NotFound):
        ask(massive, "instruments", "OTHER")


def test_no_bars_are_a_missing_symbol(server: Loopback, massive: MassiveProvider) -> None:
    server.say({"/v2/aggs": {"ticker": "NONE", "queryCount": 0, "resultsCount": 0, "adjusted": True, "status": "OK"}})
    assert ask(massive, "bars", "NONE")[0].missing == ("NONE",)


@pytest.mark.parametrize(("whole", "kind"), [
    ({"status": "ERROR", "error": "You've exceeded the maximum requests per minute, please wait."}, RateLimited),
    ({"status": "NOT_AUTHORIZED", "message": "You are not entitled to this data."}, NeedsKey),
    ({"status": "ERROR", "error": "Unknown API Key"}, BadPayload),
    ({"status": "OK", "adjusted": False, "results": []}, BadPayload),
    ({"status": "OK", "ticker": "OTHER", "results": []}, BadPayload),
    ({"status": "OK"}, BadPayload), ({"status": "OK", "results": {"t": 1}}, BadPayload), (None, BadPayload),
    ([], BadPayload)])  # fmt: skip
def test_an_error_as_success_is_an_error(whole: Any, kind: Any) -> None:
    with pytest.raises(kind):
        results(whole, "ACME")


@pytest.mark.real
def test_a_recorded_description_is_understood(replay: Any, clock: Any, tmp_path: Path) -> None:
    provider = MassiveProvider(Surroundings(lambda: f"{replay.url}/polygon", lambda: "sk-secret-123", clock, tmp_path))
    row = ask(provider, "instruments", "AAPL")[0].frame.to_dicts()[0]
    assert (row["name"], row["kind"], row["exchange"], row["currency"]) == ("Apple Inc.", "stock", "NASDAQ", "USD")
    replay.fault(provider="polygon", match="tickers", kind="status", status=429)
    with pytest.raises(RateLimited, match="slow down"):
        ask(provider, "instruments", "AAPL")
    provider.close()


@pytest.mark.real
def test_recorded_dividends_belong_to_who_was_asked_for(shared: Path) -> None:
    whole = json.loads((shared / "payloads" / "polygon" / "v3_reference_dividends.json").read_text(encoding="utf-8"))
    ticker = whole["results"][0]["ticker"]
    mine = [row for row in whole["results"] if row["ticker"] == ticker]
    frame = parse_dividends([mine], ticker, ticker, parse_splits([], ticker, ticker), date(2026, 11, 20))
    assert set(frame.select("ex_date", "amount").rows()) == {
        (date.fromisoformat(row["ex_dividend_date"]), row["cash_amount"]) for row in mine}  # fmt: skip
    with pytest.raises(BadPayload, match="when asked for AAPL"):
        parse_dividends([mine], "AAPL", "AAPL", parse_splits([], "AAPL", "AAPL"), date(2026, 11, 20))
    described = json.loads((shared / "payloads" / "polygon" / "v3_reference_tickers_AAPL.json").read_text(encoding="utf-8"))
    with pytest.raises(BadPayload, match="described AAPL"):
        parse_details(described, "ACME", "ACME")
