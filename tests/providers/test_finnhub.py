"""Finnhub: what its SDK sends, what its payloads become, and where its key never shows."""

from __future__ import annotations

import json
import logging
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.schemas import DATASETS, POINT_ITEMS
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers import finnhub as adapter
from terminal.providers import finnhub_parse as parse
from terminal.providers import http as transport
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.finnhub import FinnhubProvider
from terminal.providers.service import Surroundings
from tests.providers.loopback import Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "finnhub"
KEY = "d00s3cr3tk3y99"
TODAY = date(2026, 11, 20)
PATHS = {
    "/quote": "quote", "/stock/profile2": "profile", "/stock/metric": "metric", "/company-news": "news",
    "/calendar/earnings": "calendar", "/stock/earnings": "surprises", "/stock/recommendation": "ratings",
    "/stock/filings": "filings"}  # fmt: skip


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def make(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[Any]:
    server.clear()
    server.say({path: payload(name) for path, name in PATHS.items()})
    made = []

    def build(key: str | None = KEY, base: str = "", seconds: float = 0.6) -> FinnhubProvider:
        made.append(FinnhubProvider(Surroundings(lambda: base or server.url, lambda: key, clock, tmp_path, seconds)))
        return made[-1]

    yield build
    for each in made:
        each.close()


def ask(provider: Any, dataset: str, *symbols: str, start: date | None = None, end: date | None = None) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


# What it becomes


def test_a_quote_is_of_the_moment_of_its_last_trade(make: Any) -> None:
    (answer,) = ask(make(), "quotes", "ACME")
    moment = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    assert answer.frame.rows() == [("ACME", moment, 41.25, 42.0, 42.1, 42.4, 40.9, None, None, None)]
    assert answer.fetch.as_of == moment
    assert (answer.fetch.http_status, answer.fetch.bytes) == (200, len(json.dumps(payload("quote"))))
    assert len(answer.fetch.sha256) == 64
    assert not answer.missing


@pytest.mark.parametrize(
    ("dataset", "path", "said"),
    [
        ("quotes", "/quote", payload("quote_unknown")),
        ("quotes", "/quote", {}),
        ("instruments", "/stock/profile2", {}),
        ("facts", "/stock/", {}),
        ("facts", "/stock/", {"metric": {}, "series": {}, "symbol": "NONE"}),
        ("facts", "/stock/", {"metric": {"beta": None}, "series": {}, "symbol": "NONE"}),
    ],
)
def test_zeros_and_nothing_mean_an_unknown_symbol(server: Loopback, make: Any, dataset: str, path: str, said: Any) -> None:
    profile: Any = {"/stock/profile2": {}} if dataset == "facts" else {}
    server.say({**profile, path: said})
    answers = ask(make(), dataset, "NONE")
    assert answers[-1].dataset == dataset
    assert answers[-1].missing == ("NONE",)
    assert all(answer.frame.is_empty() for answer in answers)
    assert answers[-1].fetch.status == "empty"


def test_indices_and_foreign_symbols_are_missing_without_a_request(server: Loopback, make: Any) -> None:
    answers = ask(make(), "quotes", "^VIX", "EURUSD=X", "BRK-B")
    assert [answer.missing for answer in answers] == [("^VIX",), ("EURUSD=X",), ()]
    assert [asked.query["symbol"] for asked in server.asked] == ["BRK.B"]
    assert answers[-1].frame["symbol"].to_list() == ["BRK-B"]


def test_a_profile_is_told_in_our_words(make: Any) -> None:
    (answer,) = ask(make(), "instruments", "ACME")
    assert answer.frame.row(0, named=True) == {
        "symbol": "ACME", "name": "Acme Anvils plc", "kind": "stock", "exchange": "NEW YORK STOCK EXCHANGE, INC.",
        "currency": "USD", "sector": "Information Technology", "industry": "Technology", "country": "Ireland",
        "website": "https://acme.example/", "summary": None}  # fmt: skip


def test_an_industry_that_is_no_sector_leaves_the_sector_unknown() -> None:
    row = parse.parse_profile({**payload("profile"), "finnhubIndustry": "Beverages"}, "ACME").row(0, named=True)
    assert (row["sector"], row["industry"]) == (None, "Beverages")


def test_figures_get_our_units_and_the_day_they_speak_about(server: Loopback, make: Any) -> None:
    instruments, facts = ask(make(), "facts", "ACME")
    assert instruments.dataset == "instruments"
    assert facts.fetch.endpoint == "stock/profile2, stock/metric"
    assert facts.fetch.bytes == len(json.dumps(payload("profile"))) + len(json.dumps(payload("metric")))
    values = {row["item"]: (row["value"], row["unit"], row["period_end"]) for row in facts.frame.to_dicts()}
    assert set(values) <= FinnhubProvider.items["facts"] <= set(POINT_ITEMS)
    statement = date(2026, 9, 26)
    expected = {
        "market_cap": (8_250_500_000.0, "USD", TODAY),
        "enterprise_value": (9_000_250_000.0, "USD", TODAY),
        "shares_outstanding_now": (200_000_000.0, "shares", TODAY),
        "average_volume": (1_500_000.0, "shares", TODAY),
        "dividend_yield": (0.025, "ratio", TODAY),
        "roe": (1.465, "ratio", statement),
        "gross_margin": (0.415, "ratio", statement),
        "revenue_growth_quarter": (-0.045, "ratio", statement),
        "debt_to_equity": (0.55, "ratio", statement),
        "eps_ttm": (2.2, "USD", statement),
        "pe_ttm": (18.75, "ratio", TODAY),
        "high_52w": (55.0, "USD", TODAY),
    }
    for item, (value, unit, day) in expected.items():
        assert values[item][0] == pytest.approx(value)
        assert values[item][1:] == (unit, day), item
    assert "pe_forward" not in values  # a zero is Finnhub's "unknown"
    assert "eps_growth_quarter" not in values
    assert "dividend_rate" not in values  # of a foreign company: in which currency is not stated
    assert [asked.path.replace("//", "/") for asked in server.asked] == ["/api/v1/stock/profile2", "/api/v1/stock/metric"]


@pytest.mark.parametrize(
    "change",
    [{"shareOutstanding": 5.0}, {"shareOutstanding": 0}, {"exchange": "TORONTO STOCK EXCHANGE"}, {"shareOutstanding": None}],
)
def test_a_market_cap_that_does_not_fit_the_price_is_unknown(change: dict[str, Any]) -> None:
    frame = parse.parse_metric(payload("metric"), "ACME", {**payload("profile"), **change}, TODAY)
    assert not {"market_cap", "enterprise_value", "shares_outstanding_now"} & set(frame["item"])
    assert "beta" in set(frame["item"])


def test_figures_stand_without_a_profile_but_their_currency_is_unknown(server: Loopback, make: Any) -> None:
    server.say({"/stock/profile2": {}, "/stock/metric": payload("metric")})
    (facts,) = ask(make(), "facts", "ACME")
    rows = {row["item"]: row for row in facts.frame.to_dicts()}
    assert rows["high_52w"]["unit"] is None
    assert "market_cap" not in rows
    assert rows["beta"]["value"] == 1.1


def test_headlines_are_those_about_the_symbol_of_the_last_week(server: Loopback, make: Any) -> None:
    (answer,) = ask(make(), "headlines", "ACME")
    assert answer.frame.select("at", "title").rows() == [
        (datetime(2026, 11, 20, 2, 30, tzinfo=UTC), "Acme drops an anvil"),
        (datetime(2026, 11, 18, 14, 5, tzinfo=UTC), "Two makers merge")]  # fmt: skip
    assert server.asked[0].query == {"symbol": "ACME", "from": "2026-11-13", "to": "2026-11-20"}
    server.clear()
    ask(make(), "headlines", "ACME", start=date(2026, 11, 1), end=date(2026, 11, 5))
    assert (server.asked[0].query["from"], server.asked[0].query["to"]) == ("2026-11-01", "2026-11-05")


def test_reports_keep_their_day_and_get_the_quarter_they_are_about(make: Any) -> None:
    (answer,) = ask(make(), "earnings", "ACME")
    rows = {row["date"]: row for row in answer.frame.to_dicts()}
    coming, today, august, may = (rows[day] for day in sorted(rows, reverse=True))
    assert [coming["date"], today["date"], august["date"], may["date"]] == [
        date(2027, 2, 10), TODAY, date(2026, 8, 5), date(2026, 5, 6)]  # fmt: skip
    assert (coming["confirmed"], coming["time_of_day"], coming["period_end"], coming["eps_actual"]) == (None, None, None, None)
    assert coming["revenue_estimate"] is None  # stated as 0
    # The calendar lags behind: the surprise has the result.
    assert (today["eps_actual"], today["period_end"], today["confirmed"]) == (0.61, date(2026, 9, 30), True)
    assert (today["time_of_day"], today["revenue_actual"]) == ("bmo", None)
    assert (august["period_end"], august["eps_actual"], august["time_of_day"]) == (date(2026, 6, 30), 0.55, "amc")
    # 0.52 against 0.77: not the same report.
    assert (may["period_end"], may["eps_actual"], may["time_of_day"]) == (None, 0.52, "during")


def test_a_calendar_of_the_future_needs_no_second_request(server: Loopback, make: Any) -> None:
    coming = {"earningsCalendar": payload("calendar")["earningsCalendar"][:1]}
    server.say({"/calendar/earnings": coming})
    (answer,) = ask(make(), "earnings", "ACME")
    assert answer.frame.height == 1
    assert len(server.asked) == 1
    server.say({"/calendar/earnings": {"earningsCalendar": []}})
    (answer,) = ask(make(), "earnings", "ACME")
    assert (answer.frame.height, answer.fetch.status, answer.missing) == (0, "empty", ())


def test_the_calendar_stands_when_the_surprises_fail(server: Loopback, make: Any) -> None:
    server.say({"/calendar/earnings": payload("calendar"), "/stock/earnings": {"nothing": "usable"}})
    (answer,) = ask(make(), "earnings", "ACME")
    assert answer.frame.height == 4
    assert answer.frame["period_end"].null_count() == 4
    assert answer.fetch.status == "ok"
    assert answer.fetch.error.startswith("stock/earnings: Finnhub sent")


def test_a_limit_met_at_the_surprises_is_told_after_the_calendar(server: Loopback, make: Any) -> None:
    server.say({"/calendar/earnings": payload("calendar"), "/stock/earnings": Reply(b"{}", 429, {"Retry-After": "60"})})
    answers = make().fetch(Request("earnings", ("ACME", "MORE")), quiet)
    assert next(answers).frame.height == 4
    with pytest.raises(RateLimited):
        next(answers)


def test_ratings_are_counted_by_month(make: Any) -> None:
    (answer,) = ask(make(), "ratings", "ACME")
    assert answer.frame.rows() == [("ACME", date(2026, 11, 1), 3, 7, 5, 1, 0), ("ACME", date(2026, 10, 1), 3, 6, 6, 1, 0)]


def test_filings_have_the_moment_in_new_york_at_which_the_sec_took_them(make: Any) -> None:
    (answer,) = ask(make(), "filings", "ACME")
    assert answer.frame.select("accession", "form", "filed_at", "url").rows() == [
        # 19:30 in winter is the next day in UTC, but the same evening.
        ("0000000001-26-000007", "8-K", datetime(2026, 11, 20, 0, 30, 5, tzinfo=UTC), "https://sec.example/f7"),
        ("0000000001-26-000003", "10-Q", datetime(2026, 8, 6, 20, 5, 9, tzinfo=UTC), "https://sec.example/r3")]  # fmt: skip


def test_days_are_new_yorks_also_after_midnight_in_london(server: Loopback, make: Any, clock: Any) -> None:
    clock.now = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    ask(make(), "headlines", "ACME")
    assert server.asked[0].query["to"] == "2026-11-20"
    facts = ask(make(), "facts", "ACME")[-1].frame
    assert set(facts.filter(facts["item"] == "beta")["period_end"]) == {TODAY}


# What it sends, and what goes wrong


def test_the_key_goes_in_a_header_and_nowhere_else(server: Loopback, make: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "requests", "httpx"):
        caplog.set_level(logging.DEBUG, logger=name)
    provider = make()
    answers = [answer for dataset in sorted(FinnhubProvider.datasets) for answer in ask(provider, dataset, "ACME")]
    assert {asked.headers["X-Finnhub-Token"] for asked in server.asked} == {KEY}
    assert not any(KEY in asked.path or KEY in str(asked.query) for asked in server.asked)
    server.say({"": Reply(f'{{"error": "{KEY} is not good"}}'.encode(), 401)})
    with pytest.raises(NeedsKey) as caught:
        ask(provider, "quotes", "ACME")
    server.say({"": {"error": f"{KEY} is not good"}})
    with pytest.raises(BadPayload) as shaped:
        ask(provider, "quotes", "ACME")
    told = [str(answers), caplog.text, *(_everything(each.value) for each in (caught, shaped))]
    assert "GET /api/v1//quote" in caplog.text
    assert not any(KEY in text for text in told)


def test_a_redirect_to_another_host_does_not_take_the_key_along(server: Loopback, make: Any) -> None:
    with serving() as elsewhere:
        elsewhere.say({"": payload("quote")})
        server.say({"": Reply(b"", 302, {"Location": elsewhere.url.replace("127.0.0.1", "localhost") + "/moved"})})
        (answer,) = ask(make(), "quotes", "ACME")
        assert answer.frame.height == 1
        assert "X-Finnhub-Token" not in elsewhere.asked[0].headers
        assert KEY not in str(elsewhere.asked)


def test_a_key_with_a_line_break_is_not_quoted(make: Any) -> None:
    with pytest.raises(NeedsKey) as caught:
        ask(make(KEY + "\n"), "quotes", "ACME")
    assert KEY not in _everything(caught.value)


def test_without_a_key_nothing_is_asked(server: Loopback, make: Any) -> None:
    with pytest.raises(NeedsKey) as caught:
        ask(make(None), "quotes", "ACME")
    assert caught.value.setting == "finnhub"
    assert server.asked == []


def test_a_plans_border_names_the_endpoint(server: Loopback, make: Any) -> None:
    server.say({"": Reply(b'{"error": "You don\'t have access to this resource."}', 403)})
    with pytest.raises(NeedsKey, match=r"stock/recommendation of ACME .* plan") as caught:
        ask(make(), "ratings", "ACME")
    assert "paid plan" in caught.value.hint
    record = caught.value.fetch  # type: ignore[attr-defined]
    assert (record.http_status, record.error) == (403, caught.value.message)


def test_a_limit_says_until_when(server: Loopback, make: Any, clock: Any) -> None:
    server.say({"": Reply(b'{"error": "API limit reached."}', 429, {"Retry-After": "30"})})
    with pytest.raises(RateLimited) as caught:
        ask(make(), "quotes", "ACME")
    assert caught.value.retry_at == clock.now + timedelta(seconds=30)
    assert len(server.asked) == 1
    reset = int((clock.now + timedelta(seconds=42)).timestamp())
    server.say({"": Reply(b"", 429, {"X-Ratelimit-Reset": str(reset)})})
    with pytest.raises(RateLimited) as caught:
        ask(make(), "quotes", "ACME")
    assert caught.value.retry_at == clock.now + timedelta(seconds=42)


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(b"<html>Verify you are human</html>", headers={"Content-Type": "text/html"}), BadPayload, "web page"),
        (Reply(b"<html>Verify you are human</html>"), BadPayload, "web page"),
        (Reply(b""), BadPayload, "empty"),
        (Reply(b'{"c": 41.25, "d"'), BadPayload, "broke off"),
        (Reply(bytes(range(1, 200))), BadPayload, "Finnhub"),
        (Reply(b'{"error": "no such thing"}'), BadPayload, "no such thing"),
        (Reply(b'{"d": 1}'), BadPayload, "unexpected shape"),
        (Reply(b"7"), BadPayload, "no object"),
        (Reply(b"null"), BadPayload, "no object"),
        (Reply(b"{}", seconds=0.9), Unavailable, "in time"),
        (Reply(b"busy", 404), BadPayload, "404"),
    ],
)
def test_every_fault_has_its_words_and_its_record(
    server: Loopback, make: Any, reply: Reply, kind: type[ProviderError], words: str
) -> None:
    server.say({"": reply})
    with pytest.raises(kind, match=words) as caught:
        ask(make(), "quotes", "ACME")
    fetch = caught.value.fetch  # type: ignore[attr-defined]
    assert (fetch.status, fetch.endpoint, fetch.symbol) == ("error", "quote", "ACME")
    assert fetch.error == caught.value.message


def test_a_lost_connection_and_an_overload_are_tried_again(server: Loopback, make: Any, monkeypatch: Any) -> None:
    replies = iter([Reply(drop=True), Reply(b"busy", 503), Reply(json.dumps(payload("quote")).encode())])
    server.say({"": lambda _asked: next(replies)})
    (answer,) = ask(make(seconds=10), "quotes", "ACME")
    assert answer.frame["price"].to_list() == [41.25]
    monkeypatch.setattr(transport, "ATTEMPTS", 1)
    server.say({"": Reply(drop=True)})
    with pytest.raises(Unavailable, match="could not be reached") as caught:
        ask(make(), "quotes", "ACME")
    assert "127.0.0.1" not in _everything(caught.value)


@pytest.mark.parametrize("base", ["nonsense", "ftp://127.0.0.1", "http://"])
def test_an_address_that_is_none_is_said(make: Any, base: str) -> None:
    with pytest.raises(Unavailable, match="address set for Finnhub"):
        ask(make(base=base), "quotes", "ACME")


def test_an_endless_answer_is_cut_off(server: Loopback, make: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(adapter, "LARGEST_ANSWER", 1000)
    server.say({"": Reply(b" " * 100_000, close=True)})
    with pytest.raises(BadPayload, match="without an end"):
        ask(make(), "quotes", "ACME")


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (parse.parse_quote, "quote"),
        (parse.parse_profile, "profile"),
        (partial(parse.parse_metric, profile={}, day=TODAY), "metric"),
        (parse.parse_news, "news"),
        (parse.parse_calendar, "calendar"),
        (parse.parse_surprises, "surprises"),
        (parse.parse_ratings, "ratings"),
        (parse.parse_filings, "filings"),
    ],
)
def test_a_malformed_payload_never_becomes_rows(read: Any, name: str) -> None:
    good = payload(name)
    assert len(read(good, "ACME"))
    wrong: list[Any] = [None, 7, "text", [7], {"error": "no"}, [["nested"]], {"earningsCalendar": 1}, {"metric": []}]
    for bad in wrong:
        with pytest.raises((BadPayload, LookupError, TypeError, ValueError)):
            read(bad, "ACME")


@pytest.mark.parametrize(
    ("read", "name"),
    [(parse.parse_profile, "profile"), (partial(parse.parse_metric, profile={}, day=TODAY), "metric")],
)
def test_the_answer_about_another_company_is_refused(read: Any, name: str) -> None:
    with pytest.raises(ValueError, match="another symbol"):
        read(payload(name), "WRONG")


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (parse.parse_news, "news"),
        (parse.parse_calendar, "calendar"),
        (parse.parse_ratings, "ratings"),
        (parse.parse_filings, "filings"),
    ],
)
def test_rows_about_another_company_are_left_out(read: Any, name: str) -> None:
    assert read(payload(name), "WRONG").is_empty()


def test_numbers_that_are_none_are_unknown() -> None:
    odd = {**payload("quote"), "pc": float("nan"), "o": float("inf"), "h": True, "l": -1}
    row = parse.parse_quote(odd, "ACME").row(0, named=True)
    assert [row[name] for name in ("previous_close", "open", "high", "low")] == [None] * 4
    with pytest.raises(ValueError, match="without price"):
        parse.parse_quote({**payload("quote"), "c": -3}, "ACME")


def _everything(error: BaseException) -> str:
    """An error with all that it carries, but for the service's own answer."""
    parts = [repr(error), str({name: value for name, value in vars(error).items() if name != "got"})]
    for other in (error.__cause__, error.__context__):
        if other is not None:
            parts.append(_everything(other))
    return " ".join(parts)


# Recorded answers


@pytest.mark.real
def test_recorded_answers_become_rows(replay: Any, clock: Any, tmp_path: Path) -> None:
    clock.now = datetime(2026, 5, 23, 12, 0, tzinfo=UTC)
    provider = FinnhubProvider(Surroundings(lambda: f"{replay.url}/finnhub", lambda: KEY, clock, tmp_path))
    try:
        (quote,) = ask(provider, "quotes", "AAPL")
        assert quote.frame.select("at", "price", "previous_close").row(0) == (
            datetime(2026, 5, 22, 20, 0, tzinfo=UTC), 308.82, 304.99)  # fmt: skip
        instruments, facts = ask(provider, "facts", "AAPL")
        assert instruments.frame.select("name", "currency", "sector", "country").row(0) == (
            "Apple Inc", "USD", "Information Technology", "United States")  # fmt: skip
        values = {row["item"]: (row["value"], row["unit"], row["period_end"]) for row in facts.frame.to_dicts()}
        assert set(values) == parse.ITEMS
        assert values["market_cap"] == (4_535_749_500_000.0, "USD", date(2026, 5, 23))
        assert values["roe"][0] == pytest.approx(1.4669)
        assert values["gross_margin"] == (pytest.approx(0.4786), "ratio", date(2026, 3, 28))
        assert values["dividend_yield"][0] == pytest.approx(1.08 / 304.99, rel=1e-3)
        assert values["average_volume"] == (pytest.approx(47_061_800.0), "shares", date(2026, 5, 23))
        (news,) = ask(provider, "headlines", "AAPL")
        assert news.frame.height == 147
        (coming,) = ask(provider, "earnings", "AAPL")
        assert coming.frame.select("date", "time_of_day", "eps_estimate", "revenue_estimate").row(0) == (
            date(2026, 7, 29), "amc", 1.9316, 110771401872.0)  # fmt: skip
        (ratings,) = ask(provider, "ratings", "AAPL")
        assert ratings.frame.row(0) == ("AAPL", date(2026, 5, 1), 15, 24, 13, 2, 0)
        assert {asked["query"].get("token") for asked in replay.log()} == {None}
    finally:
        provider.close()


@pytest.mark.real
def test_recorded_refusals_are_told_apart(shared: Path, server: Loopback, make: Any) -> None:
    for name, status, kind in (
        ("error_401_invalid_key.HTTP401.json", 401, NeedsKey),
        ("candle-AAPL.HTTP403.json", 403, NeedsKey),
        ("error_429.HTTP429.json", 429, RateLimited),
    ):
        body = (shared / "payloads" / "finnhub" / name).read_bytes()
        server.say({"": Reply(body, status)})
        with pytest.raises(kind, match=str(status)):
            ask(make(), "quotes", "AAPL")


@pytest.mark.real
def test_recorded_reports_keep_the_exchanges_day(shared: Path) -> None:
    whole = json.loads((shared / "payloads" / "finnhub" / "calendar_earnings_BAC_2020.json").read_text(encoding="utf-8"))
    row = parse.parse_calendar(whole, "BAC").row(0, named=True)
    assert (row["date"], row["time_of_day"], row["confirmed"]) == (date(2020, 7, 16), "bmo", True)
