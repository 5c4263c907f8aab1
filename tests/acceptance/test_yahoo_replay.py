"""Yahoo's recorded answers, end to end: every stored number is the payload's, and no fault stores anything."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from terminal.domain.data_services import ORDER
from terminal.events import Events
from terminal.services.market import Market, build_market
from terminal.settings import Settings
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

pytestmark = pytest.mark.real
NEW_YORK = ZoneInfo("America/New_York")


class Ctx:
    """The part of a command's context that the market service uses."""

    by_hand = True

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.now = clock
        self.notes: list[str] = []

    def progress(self, _fraction: float | None, note: str = "") -> None:
        self.notes.append(note)

    def publish(self, topic: str, payload: Any = None) -> None:
        pass


@pytest.fixture
def market(home: Home, clock: Any, replay: Any) -> Iterator[Market]:
    events = Events()
    alone = "".join(f'{dataset} = "yahoo"\n' for dataset in ORDER)
    home.settings.write_text(f"[providers.order]\n{alone}", encoding="utf-8")
    settings = Settings(home, environment={"TAPELINE_YAHOO_URL": f"{replay.url}/yahoo"})
    store = Store(home.market(False), home.book(False), home.backups(False), clock=clock, publish=events.publish)
    market = build_market(store, settings, clock, False, home=home)
    yield market
    market.close()
    store.close()


def payload(shared: Path, name: str) -> Any:
    return json.loads((shared / "payloads" / "yahoo" / name).read_text(encoding="utf-8"))


def used(replay: Any, part: str) -> list[str]:
    """The recorded files that answered, in order."""
    return [Path(line["file"]).name for line in replay.log() if part in line["path"] and line["file"]]


def test_every_stored_number_is_the_recorded_one(market: Market, shared: Path, replay: Any, clock: Any) -> None:
    problems = market.ensure(
        ["AAPL"], ["quotes", "facts", "bars", "instruments", "earnings", "dividends", "splits", "headlines"], Ctx(clock)
    )
    assert problems == []
    assert check_bars(market, payload(shared, used(replay, "chart")[0])) == 1
    summary = payload(shared, used(replay, "quoteSummary")[0])["quoteSummary"]["result"][0]
    quote = payload(shared, used(replay, "v7/finance/quote")[0])["quoteResponse"]["result"][0]
    assert check_points(market, summary, quote) >= 45
    statements = [payload(shared, name) for name in used(replay, "timeseries")]
    assert check_statements(market, statements) >= 200
    check_quote(market, summary["price"])
    check_instrument(market, summary)
    check_earnings(market, summary)
    news = {entry["title"]: entry for entry in payload(shared, used(replay, "search")[0])["news"]}
    headlines = market.headlines("AAPL").to_dicts()
    assert headlines
    assert all(row["at"].timestamp() == news[row["title"]]["providerPublishTime"] for row in headlines)


def check_bars(market: Market, chart: Any) -> int:
    result = chart["chart"]["result"][0]
    columns = {**result["indicators"]["quote"][0], "adjusted_close": result["indicators"]["adjclose"][0]["adjclose"]}
    rows = market.bars("AAPL").to_dicts()
    for at, row in enumerate(rows):
        assert row["date"] == datetime.fromtimestamp(result["timestamp"][at], NEW_YORK).date()
        assert all(row[name] == column[at] for name, column in columns.items())
    assert len(rows) == len(result["timestamp"])
    return len(rows)


def check_points(market: Market, summary: Any, quote: Any) -> int:
    """Every value with period P stands in the payload under some field with exactly this value (percent fields divided)."""
    from terminal.providers.yahoo_fields import PERCENT, POINTS, QUOTE_POINTS

    wide = {**summary, "fundProfile": {}, "bondHoldings": {}}
    facts = market.facts("AAPL").filter(pl.col("period") == "P").to_dicts()
    day = {int(summary["price"]["regularMarketTime"]), int(quote["regularMarketTime"])}
    days = {datetime.fromtimestamp(stamp, NEW_YORK).date() for stamp in day}
    days.add(datetime.fromtimestamp(summary["defaultKeyStatistics"]["mostRecentQuarter"], UTC).date())
    endpoints = market.sources([fact["fetch_id"] for fact in facts])
    for fact in facts:
        assert fact["period_end"] in days
        assert fact["filed_at"] is None
        if endpoints[fact["fetch_id"]].endpoint == "quote":
            assert fact["value"] == quote[QUOTE_POINTS[fact["item"]]]
        else:
            places = [
                wide[module][field] for module, field in POINTS[fact["item"]] if wide.get(module, {}).get(field) is not None
            ]
            assert fact["value"] == (places[0] / 100 if fact["item"] in PERCENT else places[0])
    return len({fact["item"] for fact in facts})


def check_statements(market: Market, payloads: list[Any]) -> int:
    from terminal.providers.yahoo_fields import OUTLAYS, STATEMENTS

    recorded: dict[tuple[str, str, str], float] = {}
    for each in payloads:
        for result in each["timeseries"]["result"]:
            for key, points in result.items():
                for point in points if key not in ("meta", "timestamp") else ():
                    name = key.removeprefix("quarterly").removeprefix("annual")
                    recorded[name, point["periodType"], point["asOfDate"]] = point["reportedValue"]["raw"]
    count = 0
    for fact in market.facts("AAPL").to_dicts():
        if fact["period"] == "P":
            continue
        kind = {"Q": "3M", "A": "12M"}[fact["period"]]
        values = [
            recorded[name, kind, fact["period_end"].isoformat()]
            for name in STATEMENTS[fact["item"]]
            if (name, kind, fact["period_end"].isoformat()) in recorded
        ]
        assert fact["value"] in ([abs(value) for value in values] if fact["item"] in OUTLAYS else values), fact
        assert fact["filed_at"] is None
        count += 1
    return count


def check_quote(market: Market, price: Any) -> None:
    quote = market.quotes("AAPL").to_dicts()[0]
    assert quote["price"] == price["regularMarketPrice"]
    assert quote["at"].timestamp() == price["regularMarketTime"]
    assert quote["previous_close"] == price["regularMarketPreviousClose"]
    assert quote["volume"] == price["regularMarketVolume"]


def check_instrument(market: Market, summary: Any) -> None:
    row = market.instruments("AAPL").to_dicts()[0]
    assert (row["name"], row["kind"], row["currency"]) == ("Apple Inc.", "stock", "USD")
    assert row["sector"] == "Information Technology"
    assert row["industry"] == summary["assetProfile"]["industry"]
    assert row["summary"] == summary["assetProfile"]["longBusinessSummary"].strip()


def check_earnings(market: Market, summary: Any) -> None:
    rows = {row["date"].isoformat(): row for row in market.earnings("AAPL").to_dicts()}
    calendar = summary["calendarEvents"]["earnings"]
    expected = rows[datetime.fromtimestamp(calendar["earningsDate"][0], NEW_YORK).date().isoformat()]
    assert (expected["eps_estimate"], expected["revenue_estimate"]) == (calendar["earningsAverage"], calendar["revenueAverage"])
    assert expected["eps_actual"] is None
    assert expected["confirmed"] is False
    last = rows[datetime.fromtimestamp(calendar["earningsCallDate"][0], NEW_YORK).date().isoformat()]
    assert last["eps_actual"] == summary["earningsHistory"]["history"][-1]["epsActual"]["raw"]
    assert len(rows) == 2


def test_each_fetch_is_logged_with_endpoint_times_and_checksum(market: Market, shared: Path, replay: Any, clock: Any) -> None:
    market.ensure(["AAPL"], ["bars", "facts"], Ctx(clock))
    log = market._store.market.fetches().to_dicts()
    files = {
        hashlib.sha256((shared / "payloads" / "yahoo" / name).read_bytes()).hexdigest()
        for part in ("chart", "quoteSummary", "timeseries")
        for name in used(replay, part)
    }
    assert {line["sha256"] for line in log} == files
    assert {line["endpoint"] for line in log} == {"chart", "quoteSummary", "fundamentals-timeseries"}
    assert all(line["provider"] == "yahoo" and line["http_status"] == 200 and line["bytes"] for line in log)
    assert all(clock() <= line["started_at"] <= line["finished_at"] < clock() + timedelta(minutes=1) for line in log)


def test_what_is_fresh_is_not_asked_again(market: Market, replay: Any, clock: Any) -> None:
    market.ensure(["AAPL"], ["facts", "bars"], Ctx(clock))
    before = len(replay.log())
    assert market.ensure(["AAPL"], ["facts", "bars", "instruments", "dividends", "splits"], Ctx(clock)) == []
    assert len(replay.log()) == before


FAULTS = {
    "status 429": ({"kind": "status", "status": 429}, "slow down"),
    "status 500": ({"kind": "status", "status": 500, "times": 9}, "HTTP 500"),
    "status 404": ({"kind": "status", "status": 404}, "HTTP 404"),
    "html": ({"kind": "html"}, "web page"),
    "empty": ({"kind": "empty"}, "empty answer"),
    "truncate": ({"kind": "truncate"}, "broke off"),
    "garbage": ({"kind": "garbage"}, "not"),
    "drop": ({"kind": "drop", "times": 9}, "could not be reached"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_one_sentence_and_stores_nothing(name: str, market: Market, replay: Any, clock: Any) -> None:
    fault, words = FAULTS[name]
    assert market.ensure(["AAPL"], ["bars"], Ctx(clock)) == []
    kept = market.bars("AAPL")
    clock.now += timedelta(days=3)
    replay.fault(provider="yahoo", match="chart", **fault)
    problems = market.ensure(["AAPL"], ["bars"], Ctx(clock))
    assert len(problems) == 1
    assert problems[0].startswith("AAPL: Yahoo Finance")
    assert words in problems[0]
    assert "Traceback" not in problems[0]
    assert "\n" not in problems[0]
    assert market.bars("AAPL").equals(kept)
    failed = market._store.market.fetches(errors=True).to_dicts()
    assert [line["dataset"] for line in failed] == ["bars"]
    assert failed[0]["error"] in problems[0]


def test_one_rate_limit_costs_one_request_and_ten_minutes_of_quiet(market: Market, replay: Any, clock: Any) -> None:
    replay.fault(provider="yahoo", match="finance/chart", kind="status", status=429, times=99)
    symbols = [f"SYM{number}" for number in range(20)]
    problems = market.ensure(symbols, ["bars"], Ctx(clock))
    assert len(problems) == 1
    assert "SYM0, SYM1, SYM2 and 17 more" in problems[0]
    assert len([line for line in replay.log() if "chart" in line["path"]]) == 1
    assert len(replay.log()) <= 3
    asked = len(replay.log())
    clock.now += timedelta(minutes=9)
    again = market.ensure(["AAPL"], ["facts", "quotes"], Ctx(clock))
    assert len(again) == 1
    assert "asked us to wait until 22:10 UTC" in again[0]
    assert len(replay.log()) == asked
    replay.clear()
    clock.now += timedelta(minutes=2)
    assert market.ensure(["AAPL"], ["bars"], Ctx(clock)) == []


@pytest.mark.slow
def test_a_service_that_hangs_is_given_up_within_fifteen_seconds(market: Market, replay: Any, clock: Any) -> None:
    market.ensure(["AAPL"], ["quotes"], Ctx(clock))
    replay.fault(provider="yahoo", match="chart", kind="hang", seconds=40)
    started = time.monotonic()
    problems = market.ensure(["AAPL"], ["bars"], Ctx(clock))
    assert time.monotonic() - started < 15
    assert "in time" in problems[0]
    assert market.bars("AAPL").is_empty()


def test_a_slow_answer_is_an_answer(market: Market, replay: Any, clock: Any) -> None:
    replay.fault(provider="yahoo", match="chart", kind="slow", seconds=1)
    assert market.ensure(["AAPL"], ["bars"], Ctx(clock)) == []
    assert market.bars("AAPL").height == 1


def test_an_unknown_symbol_is_named(market: Market, clock: Any) -> None:
    problems = market.ensure(["ZZZZ"], ["bars", "facts"], Ctx(clock))
    assert problems == ["Yahoo Finance does not know ZZZZ. Check the spelling with `tapeline market search TEXT`."]
    assert market.bars("ZZZZ").is_empty()


def test_cancelling_ends_the_worker_and_keeps_what_came(market: Market, replay: Any, clock: Any) -> None:
    from terminal.errors import Cancelled

    market.ensure(["AAPL"], ["quotes"], Ctx(clock))
    replay.fault(provider="yahoo", match="chart", kind="hang", seconds=8)

    class Stopping(Ctx):
        def progress(self, _fraction: float | None, note: str = "") -> None:
            super().progress(_fraction, note)
            if len(self.notes) > 3:
                raise Cancelled

    started = time.monotonic()
    with pytest.raises(Cancelled):
        market.ensure(["AAPL"], ["bars"], Stopping(clock))
    assert time.monotonic() - started < 4
    assert market.quotes("AAPL").height == 1
    replay.clear()
    assert market.ensure(["AAPL"], ["bars"], Ctx(clock)) == []
