"""Nasdaq: texts that are numbers, a calendar that is never a day off, and bars."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload
from terminal.providers import nasdaq_parse as parse
from terminal.providers.base import Answer, Request, quiet
from terminal.providers.nasdaq import MOST_DAYS, NasdaqProvider, working_days
from terminal.providers.service import Surroundings
from tests.providers.loopback import Asked, Loopback, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

PAYLOADS = Path(__file__).parent / "payloads" / "nasdaq"
NAMES = {"ACME": "ACME", "BIG.B": "BIG-B", "NOTIME": "NOTIME"}
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_bytes())


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    with serving() as loopback:
        yield loopback


@pytest.fixture
def provider(server: Loopback, clock: Any, tmp_path: Path) -> Iterator[NasdaqProvider]:
    server.clear()
    made = NasdaqProvider(Surroundings(lambda: server.url, lambda: None, clock, tmp_path, 1.0))
    yield made
    made.close()


def ask(
    provider: NasdaqProvider, dataset: str, *symbols: str, start: date | None = None, end: date | None = None
) -> list[Answer]:
    answers = list(provider.fetch(Request(dataset, symbols, start, end), quiet))
    for answer in answers:
        assert DATASETS[answer.dataset].validate(answer.frame).refused.is_empty()
    return answers


def calendar(asked: Asked) -> Any:
    name = f"calendar_{asked.query['date']}"
    return payload(name if (PAYLOADS / f"{name}.json").exists() else "calendar_empty") | (
        {} if (PAYLOADS / f"{name}.json").exists() else {"data": {"asOf": None, "rows": None}})  # fmt: skip


@pytest.mark.parametrize(("text", "number"), [
    ("$1,234.50", 1234.5), ("($0.12)", -0.12), ("-0.12", -0.12), ("-$0.12", -0.12), ("$(0.12)", None), ("N/A", None), ("", None),
    ("--", None), (None, None), (".5", 0.5), ("0", 0.0), ("1e5", None), ("NaN", None), ("inf", None), (True, None),
])  # fmt: skip
def test_a_number_of_nasdaqs(text: Any, number: float | None) -> None:
    assert parse.money(text) == number


def test_a_day_of_the_calendar_has_only_who_was_asked_for() -> None:
    frame = parse.parse_calendar(payload("calendar_2026-11-23"), MONDAY, NAMES, FRIDAY)
    assert frame.select("symbol", "date", "time_of_day", "confirmed", "period_end", "eps_estimate", "eps_actual").rows() == [
        ("ACME", MONDAY, "amc", None, date(2026, 10, 31), 1000.25, None),
        ("BIG-B", MONDAY, "bmo", None, date(2026, 10, 31), -0.12, None),
        ("NOTIME", MONDAY, None, None, None, None, None)]  # fmt: skip


def test_a_past_day_has_the_result() -> None:
    frame = parse.parse_calendar(payload("calendar_2026-11-19"), date(2026, 11, 19), NAMES, FRIDAY)
    assert frame.select("eps_estimate", "eps_actual", "period_end").row(0) == (0.1, -0.13, date(2026, 9, 30))


def test_the_calendar_of_another_day_is_refused() -> None:
    with pytest.raises(BadPayload, match="2026-11-23 when asked for 2026-11-24"):
        parse.parse_calendar(payload("calendar_2026-11-23"), date(2026, 11, 24), NAMES, FRIDAY)


def test_one_request_a_working_day_in_new_yorks_days(server: Loopback, provider: NasdaqProvider, clock: Any) -> None:
    clock.now = clock.now.replace(hour=3)  # 20 November in UTC, still the 19th in New York
    server.say({"calendar/earnings": calendar})
    answers = ask(provider, "earnings", "ACME", "BIG-B", "^VIX", end=date(2026, 11, 23))
    assert [each.query["date"] for each in server.asked] == ["2026-11-19", "2026-11-20", "2026-11-23"]
    assert server.asked[0].headers["User-Agent"].startswith("Mozilla/5.0")
    assert [answer.frame.height for answer in answers] == [0, 1, 0, 2]
    assert answers[0].missing == ("^VIX",)
    assert [answer.fetch.status for answer in answers] == ["empty", "ok", "empty", "ok"]
    # Who has no report in these days is not unknown.
    assert all(not answer.missing for answer in answers[1:])


def test_working_days_are_at_most_what_one_call_costs() -> None:
    assert working_days(FRIDAY, None)[:2] == (FRIDAY, MONDAY)
    assert len(working_days(FRIDAY, date(2027, 11, 20))) == MOST_DAYS == NasdaqProvider.cost["earnings"]
    assert all(day.weekday() < 5 for day in working_days(date(2026, 11, 21), None))
    assert working_days(FRIDAY, date(2026, 11, 1)) == (FRIDAY,)


def test_bars_are_read_from_texts_without_a_dividend_adjusted_close(server: Loopback, provider: NasdaqProvider) -> None:
    server.say({"/quote/ACME/historical": payload("historical_ACME")})
    (answer,) = ask(provider, "bars", "ACME", start=date(2026, 11, 1))
    assert answer.frame.select("date", "open", "high", "low", "close", "volume", "adjusted_close").rows() == [
        (date(2026, 11, 19), 1003.0, 1010.0, 998.0, 1004.0, None, None),
        (FRIDAY, 1005.0, 1019.5, 1001.1, 1012.75, 1234567.0, None)]  # fmt: skip
    (asked,) = server.asked
    assert (asked.query["fromdate"], asked.query["todate"], asked.query["assetclass"]) == ("2026-11-01", "2026-11-20", "stocks")


def test_the_bar_of_a_running_session_is_left_out(server: Loopback, provider: NasdaqProvider, clock: Any) -> None:
    clock.now = clock.now.replace(hour=19)
    server.say({"/quote/ACME/historical": payload("historical_ACME")})
    (answer,) = ask(provider, "bars", "ACME")
    assert answer.frame["date"].to_list() == [date(2026, 11, 19)]


def test_an_etf_is_found_on_the_second_try_and_an_unknown_symbol_is_missing(server: Loopback, provider: NasdaqProvider) -> None:
    def fund(asked: Asked) -> Any:
        return payload("historical_XETF" if asked.query["assetclass"] == "etf" else "unknown")

    server.say({"/quote/XETF/": fund, "/quote/NONE/": payload("unknown")})
    found, missing = ask(provider, "bars", "XETF", "NONE")
    assert found.frame["close"].to_list() == [50.25]
    assert missing.missing == ("NONE",)
    assert len(server.asked) == 4


def test_errors_that_come_as_success_are_refused() -> None:
    with pytest.raises(BadPayload, match="Internal trouble"):
        parse.parse_calendar(payload("refused"), MONDAY, NAMES, FRIDAY)
    with pytest.raises(BadPayload, match="prices of ACME when asked for BIG-B"):
        parse.parse_history(payload("historical_ACME"), "BIG.B", "BIG-B", FRIDAY)
    half = payload("historical_ACME")
    half["data"]["totalRecords"] = 2500
    with pytest.raises(BadPayload, match="only part"):
        parse.parse_history(half, "ACME", "ACME", FRIDAY)
    for bad in ({}, {"data": {"rows": 3}}, [], {"data": {"rows": ["x"]}}):
        with pytest.raises(BadPayload):
            parse.parse_calendar(bad, MONDAY, NAMES, FRIDAY)
