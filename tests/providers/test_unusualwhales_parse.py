"""Unusual Whales' frames and answers: numbers as text, moments two ways, what is not stated, and what was recorded."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.flow.prints import FLOW_ALERTS, OPTION_TRADES
from terminal.errors import BadPayload
from terminal.providers import unusualwhales_frames as frames
from terminal.providers import unusualwhales_parse as parse
from tests.conftest import examples
from tests.providers.whales import AT, trade

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2025, 5, 16, 18, 19, 52, 926000, tzinfo=UTC)


def frame(channel: str, payload: Any) -> str:
    return json.dumps([channel, payload])


def trades(*payloads: dict[str, Any]) -> list[dict[str, Any]]:
    return frames.parse_frames(frame("option_trades:ACME", each) for each in payloads).trades.to_dicts()


def test_a_trade_is_read_whether_its_numbers_are_text_or_not() -> None:
    text = trade(number=1)
    plain = {
        **text,
        "id": "n",
        "price": 1.0,
        "nbbo_bid": 0.95,
        "nbbo_ask": 1.05,
        "size": "3",
        "executed_at": str(AT + 1),
        "volume": "1629",
        "underlying_price": 12.17,
        "implied_volatility": 0.4788,
        "delta": 0.3977,
        "open_interest": "307",
    }
    one, other = trades(text, plain)
    assert {**one, "id": "n"} == other
    assert one == {
        "id": "ACME-1",
        "source": "unusualwhales",
        "symbol": "ACME",
        "contract": "ACME250516C00012500",
        "expiry": date(2025, 5, 16),
        "strike": 12.5,
        "right": "C",
        "at": NOON.replace(microsecond=927000),
        "price": 1.0,
        "size": 3,
        "bid": 0.95,
        "ask": 1.05,
        "exchange": "GMNI",
        "conditions": "auto",
        "underlying_price": 12.17,
        "iv": 0.4788,
        "delta": 0.3977,
        "volume": 1629.0,
        "open_interest": 307.0,
    }


def test_what_is_empty_or_absent_is_unknown_and_never_zero_or_nan() -> None:
    bare = {name: value for name, value in trade().items() if name in ("id", "option_symbol", "executed_at", "price", "size")}
    (row,) = trades({**bare, "delta": "", "implied_volatility": "NaN", "underlying_price": 0, "nbbo_bid": None, "volume": "inf"})
    unknown = ("bid", "ask", "exchange", "conditions", "underlying_price", "iv", "delta", "volume", "open_interest")
    assert [row[name] for name in unknown] == [None] * len(unknown)
    assert row["symbol"] == "ACME"  # of the contract's name


@pytest.mark.parametrize(
    "wrong",
    [
        {"executed_at": ""},
        {"price": "n/a"},
        {"price": "-1"},
        {"size": 0},
        {"size": None},
        {"option_symbol": "ACME1250516C00012500"},
        {"option_symbol": None},
        {"option_symbol": "ACME251316C00012500"},
        {"id": None},
        {"canceled": True},
    ],
)
def test_a_trade_that_cannot_be_one_is_left_out(wrong: dict[str, Any]) -> None:
    assert [row["id"] for row in trades(trade(number=1), {**trade(number=2), **wrong})] == ["ACME-1"]


def test_conditions_are_the_sources_codes() -> None:
    (row,) = trades(trade(trade_code="slan", report_flags=["multi", "late"]))
    assert row["conditions"] == "slan,multi,late"


def test_index_roots_and_share_classes_are_named_as_the_store_does() -> None:
    contracts = {"SPX": "SPXW250516C05800000", "BRK.B": "BRKB250516C00500000", "SPXW": "SPXW250516P05800000"}
    named = [
        trade(number=at, underlying_symbol=ticker, option_symbol=contract)
        for at, (ticker, contract) in enumerate(contracts.items())
    ]
    assert [row["symbol"] for row in trades(*named)] == ["^SPX", "BRK-B", "^SPX"]
    nameless = ({**each, "underlying_symbol": None} for each in named)
    assert [row["symbol"] for row in trades(*nameless)] == ["^SPX", "BRK-B", "^SPX"]


def test_one_broken_frame_costs_itself_alone() -> None:
    good = [frame("option_trades:ACME", trade(number=number)) for number in range(3)]
    heard = frames.parse_frames([good[0], '["option_trades:ACME",{"id":"x","price":}]', good[1], "", b"\xff", good[2]])
    assert heard.trades["id"].to_list() == ["ACME-0", "ACME-1", "ACME-2"]
    assert heard.misunderstood == 3
    odd = [frame("option_trades:ACME", {**trade(number=9), "delta": float("nan"), "exchange": "\ud800"}), *good]
    heard = frames.parse_frames(odd)
    assert set(heard.trades["id"]) >= {"ACME-0", "ACME-1", "ACME-2"}
    assert heard.trades["delta"].to_list()[-3:] == [0.3977] * 3


def test_joins_refusals_and_unknown_channels() -> None:
    heard = frames.parse_frames(
        [
            frame("gex:ACME", {"response": {}, "status": "ok"}),
            frame("gex:X", {"response": {"reason": "no"}, "status": "error"}),
            frame("what:ACME", {"a": 1}),
            frame(
                "news",
                {
                    "headline": 'a "response" came',
                    "timestamp": "2025-05-16T18:00:00Z",
                    "source": "Wire",
                    "tickers": ["ACME", "SPX", ""],
                },
            ),
        ]
    )
    assert (heard.joined, dict(heard.refused), heard.misunderstood) == (("gex:ACME",), {"gex:X": "no"}, 0)
    assert heard.raw["what:ACME"] == ['{"a": 1}']
    assert heard.headlines.select("symbol", "title", "publisher").rows() == [
        ("ACME", 'a "response" came', "Wire"),
        ("^SPX", 'a "response" came', "Wire"),
    ]


def test_prices_and_exposures_keep_the_newest_alone() -> None:
    heard = frames.parse_frames(
        [
            *(frame("price:ACME", {"close": f"{price}", "time": AT + price, "vol": 3}) for price in (5, 6)),
            frame("price:ACME", {"close": "", "time": AT}),
            *(
                frame(
                    "gex_strike_expiry:ACME",
                    {
                        "ticker": "ACME",
                        "timestamp": AT + at,
                        "expiry": "2025-05-16",
                        "strike": "12.5",
                        "price": "12",
                        "call_gamma_oi": f"{at}.5",
                        "put_gamma_oi": "",
                    },
                )
                for at in (1, 2)
            ),
        ]
    )
    assert heard.prices.select("symbol", "price").rows() == [("ACME", 6.0)]
    (row,) = heard.exposures.to_dicts()
    assert (row["strike"], row["expiry"], row["call_gamma_oi"], row["put_gamma_oi"]) == (12.5, date(2025, 5, 16), 2.5, None)


def test_alerts_of_the_socket_a_database_and_a_request() -> None:
    base = {"ticker": "ACME", "option_chain": "ACME250516C00012500", "total_premium": "300.00", "total_size": 3}
    rows = [
        {**base, "id": "a", "rule_name": "RepeatedHits", "executed_at": AT, "has_sweep": True, "all_opening_trades": False},
        {**base, "id": "b", "rule_name": None, "executed_at": None, "end_time": str(AT), "has_sweep": 1, "all_opening_trades": 0},
        {**base, "alert_rule": "RepeatedHits", "created_at": "2025-05-16 18:19:52.926000+00:00", "type": "call"},
        {**base, "alert_rule": "FloorTrades", "created_at": "2025-05-16T18:19:52.926Z", "has_floor": True},
        {**base, "id": "c", "executed_at": AT, "ticker": None, "option_chain": None},
    ]
    found = parse.parse_alerts({"data": rows}).to_dicts()
    assert [row["at"] for row in found] == [NOON] * 4
    assert [(row["rule"], row["sweep"], row["floor"], row["opening"]) for row in found] == [
        ("RepeatedHits", True, None, False),
        (None, True, None, False),
        ("RepeatedHits", None, None, None),
        ("FloorTrades", None, True, None),
    ]
    assert len({row["id"] for row in found}) == 4
    assert {(row["premium"], row["size"], row["iv"]) for row in found} == {(300.0, 3, None)}


@pytest.mark.parametrize("wrong", [None, 7, {}, {"data": None}, {"data": [1]}, {"data": {"a": {}}}, {"message": "forbidden"}])
def test_another_shape_is_a_bad_payload(wrong: Any) -> None:
    for read in (parse.parse_alerts, parse.parse_trades, parse.parse_open_interest, parse.parse_contracts):
        with pytest.raises(BadPayload):
            read(wrong)


def test_a_recording_is_read_line_by_line() -> None:
    plain = frame("option_trades:ACME", trade(number=1))
    told = json.dumps({"received_at": "2025-05-16 13:19:51", "message": json.loads(frame("option_trades:ACME", trade(number=2)))})
    heard = frames.parse_lines(f"{plain}\n\n{told}\nnonsense\n{{\"a\": 1}}\n")
    assert heard.trades["id"].to_list() == ["ACME-1", "ACME-2"]
    assert heard.misunderstood == 2


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.lists(st.text(max_size=3), max_size=2)
OTHERS = ("ticker", "option_chain", "timestamp", "time", "close", "headline", "tickers", "response", "status")
FIELDS = st.sampled_from([*trade(), *OTHERS])
CHANNELS = st.sampled_from(["option_trades:ACME", "flow-alerts", "gex:ACME", "gex_strike_expiry:ACME", "news", "price:ACME", "x"])


@settings(max_examples=examples(25))
@given(st.lists(st.tuples(CHANNELS, st.dictionaries(FIELDS, VALUES, max_size=6)), min_size=1, max_size=4))
def test_any_frame_at_all_gives_rows_that_may_be_stored_or_none(said: list[tuple[str, dict[str, Any]]]) -> None:
    heard = frames.parse_frames([frame(channel, {**trade(), **payload}) for channel, payload in said])
    assert OPTION_TRADES.validate(heard.trades).refused.is_empty()
    assert FLOW_ALERTS.validate(heard.alerts).refused.is_empty()
    for table in (heard.trades, heard.alerts, heard.exposures, heard.prices):
        for column in table.iter_columns():
            assert not column.dtype.is_float() or column.drop_nulls().is_finite().all()


# What was recorded


def recorded(shared: Path, name: str) -> list[Any]:
    text = (shared / "payloads" / "unusualwhales" / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()] if name.endswith("jsonl") else json.loads(text)


@pytest.mark.real
def test_the_recorded_trades_are_read_figure_by_figure(shared: Path) -> None:
    messages = [line["message"] for line in recorded(shared, "ws_optiontrades_a.jsonl")]
    heard = frames.parse_frames(json.dumps(each) for each in messages)
    told = [payload for _, payload in messages if "response" not in payload]
    assert (heard.joined, heard.misunderstood, heard.trades.height) == (("option_trades:TSLA",), 0, len(told))
    assert OPTION_TRADES.validate(heard.trades).refused.is_empty()
    for row, said in zip(heard.trades.to_dicts(), told, strict=True):
        assert (row["id"], row["contract"], row["size"], row["exchange"]) == (
            said["id"],
            said["option_symbol"],
            said["size"],
            said["exchange"],
        )
        for ours, theirs in {
            "price": "price",
            "bid": "nbbo_bid",
            "ask": "nbbo_ask",
            "iv": "implied_volatility",
            "delta": "delta",
            "volume": "volume",
            "strike": "strike",
            "underlying_price": "underlying_price",
        }.items():
            assert row[ours] == float(said[theirs])
        assert row["at"].timestamp() * 1000 == pytest.approx(said["executed_at"], abs=0.01)
        assert (row["expiry"].isoformat(), row["right"]) == (said["expiry"], said["option_type"][0].upper())


@pytest.mark.real
def test_the_recorded_alerts_of_three_ways_are_read(shared: Path) -> None:
    socket = [line["message"] for line in recorded(shared, "ws_flowalerts_a.jsonl")]
    heard = frames.parse_frames(json.dumps(each) for each in socket)
    assert (heard.joined, heard.alerts.height) == (("flow-alerts",), len(socket) - 1)
    stored, kafka = recorded(shared, "ws_flow_alerts_db_rows_a.jsonl"), recorded(shared, "kafka_flow_alerts_a.json")
    assert parse.parse_alerts(stored).height == sum(row["ticker"] is not None for row in stored)
    streamed = parse.parse_alerts(kafka)
    assert streamed["premium"].to_list() == [row["total_premium"] for row in kafka]
    assert streamed["opening"].null_count() == streamed.height  # it says only what is true
    for alerts in (heard.alerts, streamed, parse.parse_alerts(stored)):
        assert FLOW_ALERTS.validate(alerts).refused.is_empty()


@pytest.mark.real
def test_the_recorded_exposures_are_the_newest_of_each_symbol(shared: Path) -> None:
    messages = [line["message"] for line in recorded(shared, "ws_greeks_a.jsonl")]
    heard = frames.parse_frames(json.dumps(each) for each in messages)
    last = {payload["ticker"]: payload for _, payload in messages if "response" not in payload}
    assert set(heard.exposures["symbol"]) == set(last)
    for row in heard.exposures.to_dicts():
        assert row["gamma_per_one_percent_move_oi"] == float(last[row["symbol"]]["gamma_per_one_percent_move_oi"])


@pytest.mark.real
def test_the_documented_answers_are_read(shared: Path) -> None:
    trades = parse.parse_trades(recorded(shared, "doc_option-contract_id_flow.json"))
    assert trades.select("contract", "symbol", "price", "conditions").rows() == [("NVDA250117C00124000", "NVDA", 21.5, "auto")]
    assert trades["at"][0] == datetime(2024, 8, 21, 13, 50, 52, 278302, tzinfo=UTC)
    changes = parse.parse_open_interest(recorded(shared, "doc_market_oi-change.json"))
    assert changes.select("contract", "open_interest", "before", "change").row(0) == ("MSFT240315C00350000", 35207, 2119, 33088)
    (alert,) = parse.parse_alerts(recorded(shared, "doc_stock_ticker_flow-alerts.json")).to_dicts()
    assert (alert["contract"], alert["ask_premium"], alert["sweep"]) == ("MSFT231222C00375000", 151875.0, True)
    exposure = parse.parse_exposure(recorded(shared, "doc_stock_ticker_greek-exposure_strike-expiry.json"), "MSFT")
    assert exposure.select("strike", "expiry", "put_delta").row(0) == (150.0, date(2022, 5, 25), -191893077.7193)
