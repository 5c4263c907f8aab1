"""Yahoo's answers as frames, over payloads written for this project."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from terminal.errors import BadPayload
from terminal.providers import yahoo_parse as parse

PAYLOADS = Path(__file__).parent / "payloads" / "yahoo"
AFTER = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
DURING = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)


def body(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def test_a_chart_is_bars_splits_and_dividends() -> None:
    splits, dividends, bars = parse.parse_chart(body("chart_ACME"), "ACME", AFTER)
    assert [part.dataset for part in (splits, dividends, bars)] == ["splits", "dividends", "bars"]
    assert splits.frame.to_dicts() == [{"symbol": "ACME", "ex_date": date(2026, 11, 17), "ratio": 2.0}]
    assert dividends.frame["amount"].to_list() == [0.5]
    assert bars.frame["date"].to_list() == [date(2026, 11, day) for day in (16, 17, 19, 20)]
    assert bars.frame["close"].to_list() == [10.5, 11.0, 11.5, 12.0]
    assert bars.as_of == datetime(2026, 11, 20, 21, 0, tzinfo=UTC)


def test_the_bar_of_an_open_session_is_left_out() -> None:
    bars = parse.parse_chart(body("chart_ACME"), "ACME", DURING)[2].frame
    assert bars["date"].to_list()[-1] == date(2026, 11, 19)


@pytest.mark.parametrize(("symbol", "interval", "words"), [("OTHER", "1d", "chart of ACME"), ("ACME", "1m", "1d bars")])
def test_a_chart_of_something_else_is_refused(symbol: str, interval: str, words: str) -> None:
    with pytest.raises(BadPayload, match=words):
        parse.parse_chart(body("chart_ACME"), symbol, AFTER, interval)


def test_columns_of_different_length_are_refused() -> None:
    broken = body("chart_ACME").replace(b'"volume": [1000, ', b'"volume": [')
    with pytest.raises(BadPayload, match="differ in length"):
        parse.parse_chart(broken, "ACME", AFTER)


def test_quotes_name_who_has_no_price_and_do_not_take_infinity_or_percent() -> None:
    parts, missing = parse.parse_quotes(body("quote_ACME"), ("ACME", "STALE", "NONE"))
    assert missing == ("STALE", "NONE")
    instruments, facts, quotes = (part.frame for part in parts)
    assert quotes.to_dicts()[0]["price"] == 12.0
    assert parts[2].delayed
    assert instruments["kind"].to_list() == ["stock"]
    assert dict(facts.select("item", "value").iter_rows()) == {"market_cap": 1200000.0, "eps_ttm": 0.0}


def test_a_bond_fund_is_known_by_its_category() -> None:
    parts = {part.dataset: part.frame for part in parse.parse_summary(body("summary_BNDX"), "BNDX", AFTER)}
    assert parts["instruments"]["kind"].to_list() == ["bond_etf"]
    facts = dict(parts["facts"].select("item", "value").iter_rows())
    assert facts == {
        "dividend_yield": 0.031,
        "aum": 5000000.0,
        "expense_ratio": 0.0003,
        "duration": 6.1,
        "years_to_maturity": 8.4,
    }
    assert parts["earnings"].is_empty()
    assert parts["quotes"]["price"].to_list() == [50.25]


def test_statements_use_one_name_for_all_periods_and_positive_outlays() -> None:
    frame = parse.parse_statements(body("timeseries_ACME"), "ACME").frame
    rows = {(row["item"], row["period_end"].isoformat()): row for row in frame.to_dicts()}
    assert set(rows) == {("revenue", "2026-06-30"), ("capital_expenditure", "2026-06-30"), ("shares_outstanding", "2026-06-30")}
    assert rows["capital_expenditure", "2026-06-30"]["value"] == 80.0
    assert rows["shares_outstanding", "2026-06-30"]["unit"] == "shares"
    assert frame["filed_at"].null_count() == frame.height


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "empty answer"),
        (b"  <!doctype html><html>", "web page"),
        (b'{"chart": {"result": [{"meta"', "broke off"),
        (b"\xff\xfe\x00garbage", "not text"),
        (b'{"somethingWeird": true}', "something else than chart"),
        (b'{"finance": {"result": null, "error": {"code": "x", "description": "made up"}}}', "made up"),
        (b'{"chart": {"result": null, "error": {"code": "Bad Request", "description": "Invalid input"}}}', "Invalid input"),
        (b'{"chart": {"result": [], "error": null}}', "without content"),
    ],
)
def test_what_is_no_chart_is_said_in_one_sentence(payload: bytes, words: str) -> None:
    with pytest.raises(BadPayload, match=words) as caught:
        parse.parse_chart(payload, "ACME", AFTER)
    assert caught.value.message.startswith("Yahoo Finance")
    assert caught.value.hint


def test_not_found_is_an_unknown_symbol() -> None:
    with pytest.raises(parse.UnknownSymbolError):
        parse.parse_chart(
            b'{"chart": {"result": null, "error": {"code": "Not Found", "description": "No data found"}}}', "ACME", AFTER
        )


def test_pandas_and_the_sdk_stay_out_of_the_programs_own_process() -> None:
    modules = "terminal.services.market, terminal.services.refresh, terminal.providers.yahoo, terminal.providers.yahoo_parse"
    heavy = ("pandas", "yfinance", "curl_cffi", "requests", "pytickersymbols", "httpx")
    code = f"import sys, {modules}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
