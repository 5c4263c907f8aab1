"""Alpaca: its key in two parts, its pages, and what its payloads become."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.flow.prints import OPTION_TRADES
from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, NeedsKey, ProviderError
from terminal.providers import alpaca_parse as parse
from terminal.providers.alpaca import AlpacaProvider
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.service import Surroundings
from tests.providers.loopback import Loopback, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "alpaca"
NAMES = {"ACME": "ACME", "BIG.B": "BIG-B"}
TODAY = date(2026, 11, 20)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[Any]:
    server.clear()
    made = []

    def build(key: str | None = "KEYID7:sk-secret-123") -> AlpacaProvider:
        made.append(AlpacaProvider(Surroundings(lambda: server.url, lambda: key, clock, tmp_path, 1.0)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(provider: Any, dataset: str, *symbols: str, start: date | None = None, end: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


def test_both_parts_of_the_key_travel_in_headers_and_pages_are_put_together(server: Loopback, make: Any) -> None:
    server.say({"/v2/stocks/bars": lambda asked: payload("bars_2" if "page_token" in asked.query else "bars")})
    (answer,) = ask(make(), "bars", "ACME", "BIG-B", "^VIX", "NONE", start=date(2026, 7, 1))
    assert answer.frame.select("symbol", "date", "close").rows() == [
        ("ACME", date(2026, 7, 2), 10.5), ("ACME", date(2026, 11, 19), 11.0),
        ("ACME", TODAY, 11.8), ("BIG-B", TODAY, 400.25)]  # fmt: skip
    assert answer.missing == ("NONE", "^VIX")
    assert answer.frame["volume"].null_count() == 4
    assert answer.frame["adjusted_close"].null_count() == 4
    first, second = server.asked
    assert first.headers["APCA-API-KEY-ID"] == "KEYID7"
    assert first.headers["APCA-API-SECRET-KEY"] == "sk-secret-123"
    assert first.query == {"symbols": "ACME,BIG.B,NONE", "feed": "iex", "limit": "10000", "start": "2026-07-01T04:00:00Z",
                           "timeframe": "1Day", "adjustment": "split"}  # fmt: skip
    assert second.query == {**first.query, "page_token": "cGFnZTI="}
    assert answer.fetch.status == "ok"
    assert answer.fetch.bytes == len(json.dumps(payload("bars"))) + len(json.dumps(payload("bars_2")))


def test_the_last_day_asked_for_is_part_of_the_answer(server: Loopback, make: Any) -> None:
    server.say({"/v2/stocks/bars": payload("bars_2")})
    ask(make(), "bars", "ACME", "BIG-B", start=date(2026, 11, 19), end=TODAY)
    assert server.asked[0].query["end"] == "2026-11-21T04:59:59Z"


def test_the_bar_of_a_day_that_is_not_over_is_left_out(server: Loopback, make: Any, clock: Any) -> None:
    clock.now = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
    server.say({"/v2/stocks/bars": payload("bars_2")})
    (answer,) = ask(make(), "bars", "ACME", "BIG-B")
    assert answer.frame.is_empty()


def test_pages_that_never_end_are_refused_whole(server: Loopback, make: Any) -> None:
    server.say({"/v2/stocks/bars": payload("bars")})
    with pytest.raises(BadPayload, match="without an end") as caught:
        ask(make(), "bars", "ACME")
    assert len(server.asked) == 2
    assert caught.value.fetch.status == "error"  # type: ignore[attr-defined]


@pytest.mark.parametrize("key", ["KEYID7", "KEYID7:", ":sk-secret-123", "sk-secret-123 "])
def test_half_a_key_is_explained_without_a_request(server: Loopback, make: Any, key: str) -> None:
    with pytest.raises(NeedsKey, match="both parts") as caught:
        ask(make(key), "quotes", "ACME")
    assert "KEYID:SECRET" in caught.value.hint
    assert "tapeline preferences key-set alpaca" in caught.value.hint
    assert key.strip(" :") not in caught.value.sentence()
    assert server.asked == []


def test_what_alpaca_cannot_know_is_missing_without_a_request(server: Loopback, make: Any) -> None:
    (answer,) = ask(make(), "bars", "^VIX", "SAP.DE", "ES=F")
    assert answer.missing == ("^VIX", "SAP.DE", "ES=F")
    assert answer.frame.is_empty()
    assert server.asked == []


def test_a_changed_key_counts_at_once(server: Loopback, clock: Any, tmp_path: Path) -> None:
    keys = ["OLD:one", "NEW:two"]
    provider = AlpacaProvider(Surroundings(lambda: server.url, lambda: keys[0], clock, tmp_path, 1.0))
    server.say({"snapshots": {}})
    ask(provider, "quotes", "ACME")
    keys.pop(0)
    ask(provider, "quotes", "ACME")
    provider.close()
    assert [asked.headers["APCA-API-KEY-ID"] for asked in server.asked[-2:]] == ["OLD", "NEW"]


def test_quotes_know_the_day_their_bars_are_of() -> None:
    names = {name: name for name in ("ACME", "EARLY", "SPLIT", "QUIET", "NONE")}
    frame, missing = parse.parse_snapshots(payload("snapshots"), names)
    rows = {row["symbol"]: row for row in frame.to_dicts()}
    assert rows["ACME"]["at"] == datetime(2026, 11, 20, 20, 59, 59, 722539, tzinfo=UTC)
    assert (rows["ACME"]["price"], rows["ACME"]["previous_close"], rows["ACME"]["open"]) == (11.8, 11.0, 11.0)
    assert (rows["EARLY"]["previous_close"], rows["EARLY"]["open"]) == (20.0, None)
    assert rows["SPLIT"]["previous_close"] is None
    assert missing == ("QUIET", "NONE")
    assert frame["volume"].null_count() == 3


def test_a_headline_is_a_row_for_each_symbol_asked_for(server: Loopback, make: Any) -> None:
    server.say({"/v1beta1/news": payload("news")})
    (answer,) = ask(make(), "headlines", "ACME", "BIG-B")
    assert answer.frame.select("symbol", "at", "title").rows() == [
        ("ACME", datetime(2026, 11, 20, 14, 15, 44, tzinfo=UTC), "Acme & Big agree"),
        ("BIG-B", datetime(2026, 11, 20, 14, 15, 44, tzinfo=UTC), "Acme & Big agree"),
        ("ACME", datetime(2026, 11, 19, 3, 30, tzinfo=UTC), "Acme opens a shop")]  # fmt: skip
    assert answer.frame["url"].to_list() == ["https://example.org/2", "https://example.org/2", None]


@pytest.mark.parametrize("dataset", ["dividends", "splits"])
def test_dividends_are_per_share_of_today(server: Loopback, make: Any, dataset: str) -> None:
    server.say({"/v1/corporate-actions": payload("actions")})
    answers = ask(make(), dataset, "ACME", "BIG-B")
    assert answers[-1].dataset == dataset
    frames = {answer.dataset: answer.frame for answer in answers}
    assert frames["splits"].rows() == [("ACME", date(2026, 6, 10), 4.0), ("ACME", date(2026, 12, 15), 2.0),
                                       ("BIG-B", date(2025, 8, 24), 0.02)]  # fmt: skip
    assert frames["dividends"].rows() == [("ACME", date(2026, 5, 4), 0.2, "USD", date(2026, 5, 19)),
                                          ("ACME", date(2026, 8, 4), 1.2, "USD", date(2026, 8, 19))]  # fmt: skip
    assert server.asked[0].query["end"] >= "2026-11-20"


def test_a_chain_has_one_moment_and_the_price_of_its_share(server: Loopback, make: Any) -> None:
    trade = {"trades": {"ACME": {"t": "2026-11-20T20:59:59Z", "p": 11.8}}}
    server.say({"trades/latest": trade, "options/snapshots/ACME": payload("options")})
    (answer,) = ask(make(), "chains", "ACME")
    at = datetime(2026, 11, 20, 20, 59, 59, tzinfo=UTC)
    call, put = answer.frame.to_dicts()
    assert call == {"symbol": "ACME", "at": at, "expiry": date(2026, 12, 18), "strike": 12.5, "right": "C",
                    "contract": "ACME261218C00012500", "bid": 0.5, "ask": 0.55, "last": 0.52, "volume": 31.0,
                    "open_interest": None, "iv": 0.35, "delta": 0.42, "underlying_price": 11.8, "bid_size": 20.0,
                    "ask_size": 10.0, "last_at": datetime(2026, 11, 20, 17, 0, tzinfo=UTC)}  # fmt: skip
    assert (put["bid_size"], put["ask_size"], put["last_at"]) == (None, None, None)
    assert (put["at"], put["right"], put["bid"], put["ask"], put["iv"]) == (at, "P", None, None, None)
    assert answer.fetch.delayed
    assert server.asked[1].query["feed"] == "indicative"


def test_bars_of_something_else_and_an_error_as_success_are_refused(server: Loopback, make: Any) -> None:
    for said, words in (({"bars": {"OTHER": []}}, "OTHER"), ({"message": "forbidden."}, "forbidden"), ([], "no bars")):
        server.say({"bars": said})
        with pytest.raises(BadPayload, match=words):
            ask(make(), "bars", "ACME")


def test_numbers_as_text_are_numbers_and_nothing_is_not_zero() -> None:
    bar = {"t": "2026-11-19T05:00:00Z", "o": "10.5", "h": "11", "l": "10", "c": "10.75", "v": None}
    empty = {**bar, "t": "2026-11-18T05:00:00Z", "o": None, "h": "", "l": "-", "c": "NaN"}
    frame, _ = parse.parse_bars([{"ACME": [bar, empty]}], {"ACME": "ACME"}, TODAY)
    assert frame.select("open", "close").rows() == [(10.5, 10.75), (None, None)]
    assert DATASETS["bars"].validate(frame).refused["reason"].to_list() == ["close is missing"]


def option_trade(at: str, price: float = 0.5, **more: Any) -> dict[str, Any]:
    return {"t": at, "p": price, "s": 2, "x": "A", "c": "I", **more}


def test_option_trades_are_all_pages_of_all_contracts(server: Loopback, make: Any) -> None:
    call, put = "ACME261218C00012500", "SPXW261218P06000000"
    spent: list[int] = []
    moment = "2026-11-20T15:00:00.123456789Z"
    first = {"trades": {call: [option_trade(moment), option_trade(moment, 0.6)]}, "next_page_token": "more"}
    wrong = [option_trade("soon"), option_trade("2026-11-20T15:00:01Z", s=0), option_trade("2026-11-20T15:00:01Z", p=None)]
    second = {"trades": {put: [option_trade("2026-11-20T15:00:02Z", 40.05, c=None), *wrong]}, "next_page_token": None}
    server.say({"options/trades": lambda asked: second if "page_token" in asked.query else first})
    provider = make()
    provider.around = replace(provider.around, spend=lambda _waiting: spent.append(1))
    start = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    (answer,) = provider.option_trades([call, put, "ACME261218C00013000"], start, start + timedelta(hours=1))
    assert OPTION_TRADES.validate(answer.frame).refused.is_empty()
    one, two, three = answer.frame.to_dicts()
    assert (one["contract"], one["symbol"], one["price"], one["size"], one["exchange"], one["conditions"]) == (
        call, "ACME", 0.5, 2, "A", "I")  # fmt: skip
    assert one["at"] == datetime(2026, 11, 20, 15, 0, 0, 123456, tzinfo=UTC)
    assert one["id"] != two["id"]
    assert (three["symbol"], three["strike"], three["conditions"], three["bid"]) == ("^SPX", 6000.0, None, None)
    assert (answer.missing, answer.dataset, answer.fetch.delayed) == (("ACME261218C00013000",), "option_trades", True)
    assert server.asked[0].query["start"] == "2026-11-20T14:30:00+00:00"
    assert len(spent) == 2  # the second page too


def test_the_latest_option_trades_are_one_each_and_foreign_ones_refused(server: Loopback, make: Any) -> None:
    call = "ACME261218C00012500"
    for root in ("trades", "trade"):
        server.say({"trades/latest": {root: {call: option_trade("2026-11-20T15:00:00Z")}}})
        (answer,) = make().option_trades([call])
        assert answer.frame["contract"].to_list() == [call]
    with pytest.raises(BadPayload, match="not asked for"):
        list(make().option_trades(["ACME261218C00013000"]))


# Vendor's samples through the replay server: their shape is real, their prices need not be.


@pytest.mark.real
def test_the_recorded_shapes_are_understood(replay: Any, clock: Any, tmp_path: Path) -> None:
    clock.now = datetime(2024, 4, 25, 22, 0, tzinfo=UTC)
    provider = AlpacaProvider(Surroundings(lambda: f"{replay.url}/alpaca", lambda: "KEYID7:sk-secret-123", clock, tmp_path))
    quotes = ask(provider, "quotes", "AAPL")[-1]
    assert quotes.frame["symbol"].to_list() == ["AAPL"]
    assert quotes.frame["price"][0] > 0
    assert ask(provider, "headlines", "AAPL")[-1].frame.height == 1
    chain = ask(provider, "chains", "AAPL")[-1]
    assert chain.frame.select("contract", "expiry", "strike", "right").rows() == [
        ("AAPL240503P00155000", date(2024, 5, 3), 155.0, "P")]  # fmt: skip
    provider.close()


@pytest.mark.real
@pytest.mark.parametrize("name", ["historical_stock_data_multisymbol_get_bars_get", "historical_stock_data_get_bars_get"])
def test_recorded_bars_carry_the_exchanges_day(shared: Path, name: str) -> None:
    whole = json.loads((shared / "payloads" / "alpaca" / f"{name}.json").read_text(encoding="utf-8"))
    found, _ = parse.page(whole, "bars")
    frame, _ = parse.parse_bars([found], {symbol: symbol for symbol in found}, TODAY)
    stated = [bar for listed in found.values() for bar in listed]
    assert frame["close"].to_list() == [bar["c"] for bar in stated]
    # Midnight in New York is five o'clock UTC in winter: the day is the one written.
    assert [on.isoformat() for on in frame["date"]] == [bar["t"][:10] for bar in stated]


@pytest.mark.real
def test_two_recorded_pages_of_corporate_actions_are_one_answer(shared: Path) -> None:
    folder = shared / "payloads" / "alpaca"
    names = ("corporate_actions_get_corporate_actions_get.json", "corporate_actions_get_corporate_actions_get~2.json")
    pages = [parse.page(json.loads((folder / name).read_text(encoding="utf-8")), "corporate_actions") for name in names]
    assert pages[0][1]
    assert pages[1][1] is None
    asked = {name: name for name in ("FCF", "SRE", "MNTS", "ZMTBY")}
    splits, dividends = parse.parse_actions([found for found, _ in pages], asked, TODAY)
    assert set(splits.rows()) == {("SRE", date(2023, 8, 22), 2.0), ("MNTS", date(2023, 8, 24), 0.02)}
    assert set(dividends.select("symbol", "ex_date", "amount").rows()) == {
        ("FCF", date(2023, 5, 4), 0.125), ("ZMTBY", date(2024, 8, 7), 0.086928)}  # fmt: skip


@pytest.mark.real
def test_a_plan_that_does_not_cover_it_names_the_plan(replay: Any, clock: Any, tmp_path: Path) -> None:
    provider = AlpacaProvider(Surroundings(lambda: f"{replay.url}/alpaca", lambda: "KEYID7:sk-secret-123", clock, tmp_path))
    replay.fault(provider="alpaca", match="bars", kind="status", status=403)
    with pytest.raises(ProviderError, match="HTTP 403") as caught:
        ask(provider, "bars", "AAPL", start=TODAY - timedelta(days=3))
    provider.close()
    assert "plan" in caught.value.hint


@pytest.mark.real
def test_the_recorded_latest_option_trade_is_read(replay: Any, clock: Any, tmp_path: Path) -> None:
    provider = AlpacaProvider(Surroundings(lambda: f"{replay.url}/alpaca", lambda: "KEYID7:sk-secret-123", clock, tmp_path))
    (answer,) = provider.option_trades(["AAPL240126P00050000"])
    assert answer.frame.select("contract", "price", "size", "exchange", "conditions").rows() == [
        ("AAPL240126P00050000", 0.06, 1, "A", "I")]  # fmt: skip
    assert answer.frame["at"][0] == datetime(2024, 1, 24, 14, 2, 9, 722539, tzinfo=UTC)
    provider.close()
