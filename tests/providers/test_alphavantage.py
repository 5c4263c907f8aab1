"""Alpha Vantage: what its texts mean, what its payloads become, and where its key never shows."""

from __future__ import annotations

import json
import logging
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.schemas import DATASETS, POINT_ITEMS
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers import alphavantage_parse as parse
from terminal.providers import http as transport
from terminal.providers.alphavantage import AlphaVantageProvider
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.service import Surroundings
from tests.providers.loopback import Asked, Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "alphavantage"
KEY = "AVS3CR3TK3Y42"
TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
FUNCTIONS = {
    "OVERVIEW": "overview", "EARNINGS": "earnings", "NEWS_SENTIMENT": "news", "SPLITS": "splits",
    "TIME_SERIES_DAILY": "daily", "TREASURY_YIELD": "series"}  # fmt: skip
# As the service words them, in our own words where they go on.
PER_DAY = (
    f"Thank you! We have detected your API key as {KEY} and our standard API rate limit is 25 requests per day. Subscribe to "
    "any of the premium plans to remove all daily rate limits."
)
PER_MINUTE = "Thank you! Our standard API call frequency is 5 calls per minute and 500 calls per day."
PER_SECOND = (
    "Please consider spreading out your free API requests more sparingly (1 request per second). Premium plans lift the free "
    "key rate limit (25 requests per day)."
)
PLAN = "Thank you! This is a premium endpoint. You may subscribe to any of the premium plans."
FULL = "The outputsize=full parameter value is a premium feature for the TIME_SERIES_DAILY endpoint."
NO_KEY = "the parameter apikey is invalid or missing. Please claim your free API key on the site."
INVALID = "Invalid API call. Please retry or visit the documentation for TIME_SERIES_DAILY."
INPUTS = "Invalid inputs. Please refer to the API documentation and try again."


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


def by_function(**changed: Any) -> Any:
    """Answers as the service does: by the parameter `function`."""

    def answer(asked: Asked) -> Any:
        function = asked.query["function"]
        return changed[function] if function in changed else payload(FUNCTIONS[function])

    return {"/query": answer}


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setattr(transport, "ATTEMPTS", 1)  # how reads are tried again is proved elsewhere
    server.clear()
    server.say(by_function())
    made = []

    def build(key: str | None = KEY, spacing: float = 0.0) -> AlphaVantageProvider:
        provider = AlphaVantageProvider(Surroundings(lambda: server.url, lambda: key, clock, tmp_path, 0.6))
        provider.spacing = spacing
        made.append(provider)
        return provider

    yield build
    for each in made:
        each.close()


def ask(provider: Any, dataset: str, *symbols: str, start: date | None = None, end: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


# What it becomes


def test_an_overview_tells_of_the_company_and_its_figures(server: Loopback, make: Any) -> None:
    instruments, facts = ask(make(), "facts", "ACME")
    assert (instruments.dataset, facts.dataset) == ("instruments", "facts")
    assert instruments.frame.row(0, named=True) == {
        "symbol": "ACME", "name": "Acme Anvils Inc", "kind": "stock", "exchange": "NYSE", "currency": "USD",
        "sector": "Information Technology", "industry": "ANVILS", "country": "United States", "website": None,
        "summary": "Makes anvils."}  # fmt: skip
    values = {row["item"]: (row["value"], row["unit"], row["period_end"]) for row in facts.frame.to_dicts()}
    assert set(values) <= AlphaVantageProvider.items["facts"] <= set(POINT_ITEMS)
    statement = date(2026, 9, 30)
    assert values["market_cap"] == (8_250_500_000.0, "USD", TODAY)
    assert values["dividend_yield"] == (0.025, "ratio", TODAY)
    assert values["roe"] == (1.465, "ratio", statement)
    assert values["institution_held"] == (pytest.approx(0.7125), "ratio", TODAY)
    assert values["insider_held"][0] == pytest.approx(0.005)
    assert values["revenue_ttm"] == (3_300_000_000.0, "USD", statement)
    for unknown in ("pe_ttm", "peg", "pe_forward", "target_mean", "float_shares"):
        assert unknown not in values  # "None", "-" and "0"
    assert ask(make(), "instruments", "ACME")[-1].dataset == "instruments"
    assert len(server.asked) == 2


def test_reports_have_their_day_their_quarter_and_no_made_up_ones(make: Any) -> None:
    (answer,) = ask(make(), "earnings", "ACME")
    names = ("date", "time_of_day", "confirmed", "period_end", "eps_estimate", "eps_actual")
    assert answer.frame.select(names).rows() == [
        (date(2027, 2, 10), "amc", None, date(2026, 12, 31), 0.7, None),
        (TODAY, "bmo", True, date(2026, 9, 30), 0.6, 0.61),
        (date(2026, 8, 5), None, True, date(2026, 6, 30), None, 0.55),
    ]


def test_tone_is_the_one_for_this_symbol(server: Loopback, make: Any) -> None:
    headlines, tone = ask(make(), "news_sentiment", "ACME")
    assert (headlines.dataset, tone.dataset) == ("headlines", "news_sentiment")
    assert headlines.frame["title"].to_list() == ["Acme drops an anvil", "Tone unknown"]
    at = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
    assert tone.frame.rows() == [("ACME", at, "Acme drops an anvil", -0.4, 0.75, "https://news.example/1")]
    assert tone.fetch.as_of == at
    assert server.asked[0].query["time_from"] == "20261113T0000"
    assert ask(make(), "headlines", "ACME", start=date(2026, 11, 1), end=TODAY)[-1].dataset == "headlines"
    assert server.asked[1].query["time_from"] == "20261101T0000"
    assert server.asked[1].query["time_to"] == "20261120T2359"


def test_prices_as_traded_are_brought_to_todays_shares(server: Loopback, make: Any) -> None:
    splits, bars = ask(make(), "bars", "ACME")
    assert [asked.query["function"] for asked in server.asked] == ["TIME_SERIES_DAILY", "SPLITS"]
    assert bars.fetch.bytes == len(json.dumps(payload("daily"))) + len(json.dumps(payload("splits")))
    assert splits.frame.rows() == [
        ("ACME", date(2026, 12, 1), 5.0), ("ACME", date(2026, 11, 18), 2.0), ("ACME", date(1999, 6, 1), 3.0)]  # fmt: skip
    # 2:1 on the 18th: before, half the price and twice the volume. The split to come changes nothing yet.
    assert bars.frame.select("date", "open", "close", "volume", "adjusted_close").rows() == [
        (date(2026, 11, 17), 42.0, 42.2, 1_400_000.0, None),
        (date(2026, 11, 19), 42.5, 42.0, 1_500_000.0, None),
        (TODAY, 42.1, 41.25, 1_600_000.0, None),
    ]
    server.clear()
    only = ask(make(), "bars", "ACME", start=date(2026, 11, 18), end=date(2026, 11, 19))[-1]
    assert only.frame["date"].to_list() == [date(2026, 11, 19)]
    assert server.asked[0].query["outputsize"] == "compact"


def test_the_free_plan_gives_a_hundred_days_and_a_paid_one_all(server: Loopback, make: Any) -> None:
    for start in (None, TODAY - timedelta(days=200)):
        server.clear()
        bars = ask(make(), "bars", "ACME", start=start)[-1]
        assert bars.frame.height
        assert [asked.query.get("outputsize") for asked in server.asked] == ["compact", None]
    free = make()
    assert set(free.reach) == {"bars"}
    paid = make()
    paid.around = replace(paid.around, setting=lambda name: "paid" if name == "plan" else "")
    assert not paid.reach
    server.clear()
    ask(paid, "bars", "ACME")
    assert server.asked[0].query["outputsize"] == "full"
    server.say(by_function(TIME_SERIES_DAILY={"Information": FULL}))  # it does not pay after all
    with pytest.raises(NeedsKey, match="only to paid plans"):
        ask(paid, "bars", "ACME")


def test_a_company_that_never_split_has_its_prices_as_traded(server: Loopback, make: Any) -> None:
    for nothing in ({}, {"symbol": "ACME", "data": []}):
        server.say(by_function(SPLITS=nothing))
        splits, bars = ask(make(), "bars", "ACME")
        assert splits.frame.is_empty()
        assert bars.frame["close"].to_list() == [84.4, 42.0, 41.25]


def test_a_session_that_runs_is_no_bar(make: Any, clock: Any) -> None:
    clock.now = datetime(2026, 11, 20, 19, 0, tzinfo=UTC)
    assert ask(make(), "bars", "ACME")[-1].frame["date"].max() == date(2026, 11, 19)
    running = payload("daily")
    running["Meta Data"]["3. Last Refreshed"] = "2026-11-20 14:07:03"
    late = parse.parse_daily(running, "ACME", DATASETS["splits"].empty(), NOW)
    assert late["date"].max() == date(2026, 11, 19)


def test_a_series_is_asked_by_its_fred_name_and_says_when_it_was_seen(server: Loopback, make: Any) -> None:
    known, unknown = ask(make(), "macro", "DGS10", "T10Y2Y")
    assert server.asked[0].query == {
        "function": "TREASURY_YIELD", "interval": "daily", "maturity": "10year", "apikey": KEY}  # fmt: skip
    assert known.frame.select("date", "published_on", "value", "unit").rows() == [
        (date(2026, 11, 18), TODAY, 4.15, "percent"), (date(2026, 11, 19), TODAY, 4.11, "percent")]  # fmt: skip
    assert (unknown.missing, unknown.frame.height, len(server.asked)) == (("T10Y2Y",), 0, 1)


@pytest.mark.parametrize("dataset", ["facts", "instruments", "earnings"])
def test_nothing_means_an_unknown_symbol(server: Loopback, make: Any, dataset: str) -> None:
    server.say({"/query": {}})
    (answer,) = ask(make(), dataset, "NONE")
    assert (answer.dataset, answer.missing, answer.frame.height) == (dataset, ("NONE",), 0)


def test_an_invalid_call_means_an_unknown_symbol(server: Loopback, make: Any) -> None:
    server.say(by_function(TIME_SERIES_DAILY={"Error Message": INVALID}, SPLITS={}, NEWS_SENTIMENT={"Information": INPUTS}))
    assert [answer.missing for answer in ask(make(), "bars", "NONE")] == [("NONE",)]
    assert ask(make(), "headlines", "NONE")[-1].missing == ("NONE",)


def test_indices_are_missing_without_a_request(server: Loopback, make: Any) -> None:
    assert [answer.missing for answer in ask(make(), "bars", "^VIX", "ES=F")] == [("^VIX",), ("ES=F",)]
    assert server.asked == []


# What its texts mean


@pytest.mark.parametrize("field", ["Note", "Information", "Error Message"])
@pytest.mark.parametrize(
    ("text", "kind", "until"),
    [
        (PER_DAY, RateLimited, datetime(2026, 11, 21, 5, 0, tzinfo=UTC)),  # midnight in New York
        (PER_MINUTE, RateLimited, NOW + timedelta(minutes=1)),
        (PER_SECOND, RateLimited, NOW + timedelta(minutes=1)),
        (PLAN, NeedsKey, None),
        (FULL, NeedsKey, None),
        (NO_KEY, NeedsKey, None),
        ("Something nobody has seen before.", BadPayload, None),
    ],
)
def test_a_text_sent_as_http_200_is_an_error(
    server: Loopback, make: Any, field: str, text: str, kind: type[ProviderError], until: datetime | None
) -> None:
    server.say({"/query": {field: text}})
    with pytest.raises(kind) as caught:
        ask(make(), "facts", "ACME")
    assert getattr(caught.value, "retry_at", None) == until
    fetch = caught.value.fetch  # type: ignore[attr-defined]
    assert (fetch.status, fetch.http_status, fetch.endpoint) == ("error", 200, "OVERVIEW")
    assert KEY not in _everything(caught.value)


def test_the_day_ends_in_new_york_also_in_summer() -> None:
    refused = parse.refusal({"Information": PER_DAY}, datetime(2026, 7, 2, 2, 0, tzinfo=UTC))
    assert isinstance(refused, RateLimited)
    assert refused.retry_at == datetime(2026, 7, 2, 4, 0, tzinfo=UTC)
    assert parse.refusal(payload("daily"), NOW) is None
    assert parse.refusal([], NOW) is None


# What it sends, and what goes wrong


def test_the_key_is_sent_but_never_told(server: Loopback, make: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("httpx", "httpcore", "urllib3"):
        caplog.set_level(logging.DEBUG, logger=name)
    provider = make()
    told = [str(ask(provider, dataset, "ACME")) for dataset in sorted(AlphaVantageProvider.datasets - {"macro"})]
    told.append(str(ask(provider, "macro", "DGS10")))
    assert {asked.query["apikey"] for asked in server.asked} == {KEY}
    for reply in (Reply(b"", 401), Reply(b"<html>"), Reply(drop=True), Reply(PER_DAY.encode(), 400), Reply(b"{}", seconds=0.9)):
        server.say({"": reply})
        with pytest.raises(ProviderError) as caught:
            ask(provider, "facts", "ACME")
        told.append(_everything(caught.value))
    assert "HTTP Request: GET" in caplog.text
    assert not any(KEY in text for text in [*told, caplog.text])


def test_a_redirect_to_another_host_does_not_take_the_key_along(server: Loopback, make: Any) -> None:
    with serving() as elsewhere:
        elsewhere.say({"": payload("overview")})
        server.say({"": Reply(b"", 302, {"Location": elsewhere.url + "/moved"})})
        assert ask(make(), "facts", "ACME")[-1].frame.height > 20
        assert KEY not in str(elsewhere.asked)


def test_a_new_key_counts_from_the_next_request_on(server: Loopback, clock: Any, tmp_path: Path) -> None:
    keys = iter(["FIRSTKEY1", "FIRSTKEY1", "NEWKEY22", "NEWKEY22"])
    last = ["FIRSTKEY1"]

    def key() -> str:
        last[0] = next(keys, last[0])
        return last[0]

    server.clear()
    server.say(by_function())
    provider = AlphaVantageProvider(Surroundings(lambda: server.url, key, clock, tmp_path, 0.6))
    provider.spacing = 0.0
    ask(provider, "facts", "ACME")
    ask(provider, "facts", "ACME")
    provider.close()
    assert [asked.query["apikey"] for asked in server.asked] == ["FIRSTKEY1", "NEWKEY22"]


def test_a_proxy_of_the_surroundings_is_used(server: Loopback, clock: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    server.clear()
    server.say(by_function())
    around = Surroundings(lambda: "http://service.invalid", lambda: KEY, clock, tmp_path, 0.6)
    provider = AlphaVantageProvider(around)
    assert ask(provider, "facts", "ACME")[-1].frame.height > 20
    provider.close()
    assert server.asked[0].headers["Host"] == "service.invalid"


def test_without_a_key_nothing_is_asked(server: Loopback, make: Any) -> None:
    with pytest.raises(NeedsKey) as caught:
        ask(make(None), "facts", "ACME")
    assert caught.value.setting == "alphavantage"
    assert server.asked == []


def test_requests_keep_their_distance(server: Loopback, make: Any) -> None:
    provider = make(spacing=0.3)
    started = time.monotonic()
    ask(provider, "bars", "ACME")
    assert time.monotonic() - started >= 0.3
    assert AlphaVantageProvider.spacing > 1.0


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(b"<html>blocked</html>"), BadPayload, "web page"),
        (Reply(b""), BadPayload, "empty"),
        (Reply(b'{"Symbol": "AC'), BadPayload, "broke off"),
        (Reply(bytes(range(128, 200))), BadPayload, "not text"),
        (Reply(b'{"Symbol": "ACME", "Name": "x", "Beta": {"a": 1}, "LatestQuarter": "soon"}'), BadPayload, "unexpected shape"),
        (Reply(b"[1]"), BadPayload, "no object"),
        (Reply(drop=True), Unavailable, "could not be reached"),
        (Reply(b"{}", seconds=0.9), Unavailable, "in time"),
        (Reply(b"", 429, {"Retry-After": "3600"}), RateLimited, "429"),
        (Reply(b"", 403), NeedsKey, "403"),
    ],
)
def test_every_fault_has_its_words(server: Loopback, make: Any, reply: Reply, kind: type[ProviderError], words: str) -> None:
    server.say({"": reply})
    with pytest.raises(kind, match=words):
        ask(make(), "facts", "ACME")


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (partial(parse.parse_overview, symbol="ACME", day=TODAY), "overview"),
        (partial(parse.parse_earnings, symbol="ACME"), "earnings"),
        (partial(parse.parse_news, symbol="ACME"), "news"),
        (partial(parse.parse_splits, symbol="ACME"), "splits"),
        (partial(parse.parse_daily, symbol="ACME", splits=DATASETS["splits"].empty(), now=NOW), "daily"),
        (partial(parse.parse_series, series="DGS10", start=date(2020, 1, 1), end=TODAY, seen=TODAY), "series"),
    ],
)
def test_a_malformed_payload_never_becomes_rows(read: Any, name: str) -> None:
    good = payload(name)
    assert len(read(good))
    wrong: list[Any] = [None, 7, "text", [7], {"data": 1}, {**good, "feed": [1]} if name == "news" else {"Symbol": "OTHER"}]
    for bad in wrong:
        with pytest.raises((BadPayload, LookupError, TypeError, ValueError)):
            read(bad)


@pytest.mark.parametrize("name", ["overview", "earnings", "splits", "daily"])
def test_the_answer_about_another_company_is_refused(name: str) -> None:
    read = {
        "overview": partial(parse.parse_overview, day=TODAY),
        "earnings": parse.parse_earnings,
        "splits": parse.parse_splits,
        "daily": partial(parse.parse_daily, splits=DATASETS["splits"].empty(), now=NOW),
    }[name]
    with pytest.raises(ValueError, match="another symbol"):
        read(payload(name), symbol="WRONG")  # type: ignore[operator]


def _everything(error: BaseException) -> str:
    """An error with all that it carries, but for the service's own answer."""
    parts = [repr(error), str({name: value for name, value in vars(error).items() if name != "got"})]
    for other in (error.__cause__, error.__context__):
        if other is not None:
            parts.append(_everything(other))
    return " ".join(parts)


# Recorded answers


def recorded(shared: Path, name: str) -> Any:
    return json.loads((shared / "payloads" / "alphavantage" / name).read_text(encoding="utf-8"))


@pytest.mark.real
def test_recorded_answers_become_rows(replay: Any, clock: Any, tmp_path: Path) -> None:
    provider = AlphaVantageProvider(Surroundings(lambda: f"{replay.url}/alphavantage", lambda: KEY, clock, tmp_path))
    provider.spacing = 0.0
    try:
        instruments, facts = ask(provider, "facts", "IBM")
        assert instruments.frame.select("name", "sector", "country").row(0) == (
            "International Business Machines Corporation", "Information Technology", "United States")  # fmt: skip
        values = {row["item"]: (row["value"], row["period_end"]) for row in facts.frame.to_dicts()}
        assert set(values) == parse.ITEMS
        assert values["market_cap"][0] == 114_234_572_800.0
        assert values["roe"] == (0.4097, date(2020, 6, 30))
        assert values["institution_held"][0] == pytest.approx(0.58555)
        assert values["short_percent_float"][0] == pytest.approx(21600483 / 889189445, rel=1e-2)
        (earnings,) = ask(provider, "earnings", "IBM")
        assert earnings.frame.select("date", "period_end", "eps_actual").row(0) == (date(2020, 10, 19), date(2020, 9, 30), 2.58)
        (cpi,) = ask(provider, "macro", "CPIAUCNS", start=date(2022, 1, 1))
        assert cpi.frame.select("date", "value").rows() == [(date(2022, 2, 1), 283.716), (date(2022, 3, 1), 287.504)]
        headlines, tone = ask(provider, "news_sentiment", "TECH")
        assert headlines.frame.height == tone.frame.height == 2
        assert tone.frame["score"].to_list() == [0.344843, 0.034995]
    finally:
        provider.close()


@pytest.mark.real
def test_a_recorded_limit_is_one_of_the_minute(shared: Path) -> None:
    refused = parse.refusal(recorded(shared, "ratelimit_Note_2018.json"), NOW)
    assert isinstance(refused, RateLimited)
    assert refused.retry_at == NOW + timedelta(minutes=1)


@pytest.mark.real
def test_recorded_days_of_a_running_session_are_left_out(shared: Path) -> None:
    daily = recorded(shared, "java_timeseries_daily.json")
    frame = parse.parse_daily(daily, "IBM", DATASETS["splits"].empty(), NOW)
    assert frame.select("date", "close", "volume").rows() == [(date(2020, 5, 7), 121.23, 4412047.0)]
