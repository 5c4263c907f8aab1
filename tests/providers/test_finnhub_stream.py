"""Finnhub's trades, heard from a websocket server on loopback that also misbehaves."""

from __future__ import annotations

import itertools
import json
import logging
import re
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from terminal.providers.finnhub_stream import ADDRESS, EACH, StreamState, Traded, TradeStream, stream_address
from tests.providers.trades import AT, Market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


KEY = "d00stre4ms3cr3t"
@pytest.fixture
def market() -> Iterator[Market]:
    made = Market()
    yield made
    made.close()


@pytest.fixture
def hear(market: Market) -> Iterator[Callable[..., tuple[TradeStream, list[tuple[Traded, ...]]]]]:
    made: list[TradeStream] = []

    def build(*symbols: str, **named: Any) -> tuple[TradeStream, list[tuple[Traded, ...]]]:
        told: list[tuple[Traded, ...]] = []
        named = {"first_pause": 0.05, "address": lambda: market.url, "key": lambda: KEY, **named}
        stream = TradeStream(named.pop("key"), named.pop("listener", told.append), **named)
        made.append(stream)
        stream.watch(symbols)
        stream.start()
        return stream, told

    yield build
    for each in made:
        each.stop()


def until(happened: Callable[[], Any], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def subscribed(market: Market) -> set[str]:
    there: set[str] = set()
    for each in market.said:
        (there.add if each["type"] == "subscribe" else there.discard)(each["symbol"])
    return there


def test_trades_are_heard_together(market: Market, hear: Any) -> None:
    stream, told = hear("ACME", "BIG-B")
    until(lambda: subscribed(market) == {"ACME", "BIG.B"})
    assert dict(parse_qsl(urlsplit(market.paths[0]).query)) == {"token": KEY}
    for at in range(200):
        market.trade("ACME", 10 + at % 7, after=at)
    market.trade("BIG.B", 400.5)
    market.trade("OTHER", 1.0)
    until(lambda: sum(each.trades for batch in told for each in batch) == 201)
    heard = [each for batch in told for each in batch]
    assert {each.symbol for each in heard} == {"ACME", "BIG-B"}
    acme = [each for each in heard if each.symbol == "ACME"]
    assert sum(each.volume for each in acme) == 2000
    assert (min(each.low for each in acme), max(each.high for each in acme)) == (10, 16)
    assert acme[-1].price == 10 + 199 % 7
    assert acme[-1].at == datetime.fromtimestamp((AT + 199) / 1000, UTC)
    assert stream.state.phase == "live"
    assert stream.state.traded_at is not None


def test_the_listener_is_called_at_most_four_times_a_second(market: Market, hear: Any) -> None:
    calls: list[float] = []
    hear("ACME", listener=lambda _trades: calls.append(time.monotonic()))
    until(lambda: subscribed(market) == {"ACME"})
    ends = time.monotonic() + 1.1
    while time.monotonic() < ends:
        market.trade("ACME", 10.0)
        time.sleep(0.005)
    assert 2 <= len(calls) <= 5
    assert min(after - before for before, after in itertools.pairwise(calls)) >= EACH * 0.95


def test_a_late_trade_widens_the_range_but_is_not_the_last(market: Market, hear: Any) -> None:
    _, told = hear("ACME")
    until(lambda: subscribed(market) == {"ACME"})
    line = {"s": "ACME", "v": 5, "c": ["1"]}
    market.send({"type": "trade", "data": [{**line, "p": 11.0, "t": AT + 50}, {**line, "p": 9.0, "t": AT}]})
    until(lambda: told)
    (each,) = told[0]
    assert (each.price, each.high, each.low, each.volume, each.trades) == (11.0, 11.0, 9.0, 10.0, 2)
    assert each.at == datetime.fromtimestamp((AT + 50) / 1000, UTC)


def test_only_so_many_symbols_are_watched_and_the_rest_is_named(market: Market, hear: Any) -> None:
    stream, _ = hear("ONE", "TWO", "^VIX", "SIX", limit=2)
    until(lambda: subscribed(market) == {"ONE", "TWO"})
    assert stream.state.left_out == ("^VIX", "SIX")
    assert stream.watch(["SIX", "TWO"]) == ()
    until(lambda: subscribed(market) == {"SIX", "TWO"})
    assert [each for each in market.said if each["type"] == "unsubscribe"] == [{"type": "unsubscribe", "symbol": "ONE"}]


def test_a_lost_connection_comes_back_and_subscribes_again(market: Market, hear: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    stream, told = hear("ACME")
    until(lambda: subscribed(market) == {"ACME"})
    market.said.clear()
    market.hang_up()
    until(lambda: subscribed(market) == {"ACME"})
    assert stream.state.connections == 2
    market.trade("ACME", 12.5)
    until(lambda: told)
    assert told[-1][0].price == 12.5
    assert "next try in" in caplog.text


def test_trades_heard_before_the_end_are_not_lost(market: Market, hear: Any) -> None:
    _, told = hear("ACME")
    until(lambda: subscribed(market) == {"ACME"})
    market.trade("ACME", 10.0)
    until(lambda: told)
    market.trade("ACME", 11.0)
    for connection in list(market.connections):
        connection.close()
    until(lambda: any(each.price == 11.0 for batch in told for each in batch))


def test_pauses_grow_while_nobody_answers(hear: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    stream, _ = hear("ACME", address=lambda: f"ws://127.0.0.1:{port}", first_pause=0.1)
    until(lambda: caplog.text.count("next try in") >= 3)
    assert re.findall(r"next try in ([\d.]+) s", caplog.text)[:3] == ["0.1", "0.2", "0.4"]
    assert "could not be reached (ConnectionRefusedError)" in stream.state.reason
    assert str(port) not in caplog.text


def test_silence_counts_as_a_lost_connection(market: Market, hear: Any) -> None:
    stream, _ = hear("ACME", silence=0.4)
    until(lambda: stream.state.connections >= 2)
    until(lambda: stream.state.phase == "waiting")
    assert stream.state.reason == "nothing heard for 0.4 s"


def test_a_ping_is_a_sign_of_life(market: Market, hear: Any) -> None:
    stream, told = hear("ACME", silence=0.6)
    until(lambda: market.connections)
    for _ in range(6):
        market.send({"type": "ping"})
        time.sleep(0.15)
    assert stream.state.connections == 1
    assert stream.state.heard_at is not None
    assert (stream.state.traded_at, told) == (None, [])


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_not_tried_again(market: Market, hear: Any, status: int) -> None:
    market.status = status
    stream, _ = hear("ACME")
    until(lambda: stream.state.phase == "refused")
    assert f"does not accept the key for its stream (HTTP {status})" in stream.state.reason
    time.sleep(0.3)
    assert len(market.paths) == 1
    market.status = None
    stream.start()
    until(lambda: stream.state.phase == "live")


def test_without_a_key_nothing_is_asked(market: Market, hear: Any) -> None:
    stream, _ = hear("ACME", key=lambda: None)
    until(lambda: stream.state.phase == "refused")
    assert "needs a key" in stream.state.reason
    assert market.paths == []


def test_a_limit_is_waited_out(market: Market, hear: Any) -> None:
    market.status = 429
    stream, _ = hear("ACME")
    until(lambda: stream.state.phase == "waiting")
    time.sleep(0.3)
    assert len(market.paths) == 1
    assert "HTTP 429" in stream.state.reason


@pytest.mark.warns
def test_what_is_not_understood_is_left_out_and_said_once(market: Market, hear: Any, caplog: Any) -> None:
    _, told = hear("ACME")
    until(lambda: subscribed(market) == {"ACME"})
    bad: list[Any] = [{"p": 0, "t": AT}, {"p": "x", "t": AT}, {"p": 1.0}, {"p": 1.0, "t": 9e30}, {"p": 1.0, "t": AT, "v": -4}]
    for message in ("<html>", "", b"\xff\xfe", "7", "[1]", '{"type": "trade", "data": 5}', "[" * 3000):
        market.send(message)
    market.send({"type": "trade", "data": [*({"s": "ACME", **line} for line in bad), {"s": "ACME", "p": 8.0, "t": AT, "v": 1}]})
    until(lambda: told)
    assert [(each.price, each.trades) for each in told[0]] == [(8.0, 1)]
    assert caplog.text.count("not understood") == 1


@pytest.mark.warns
def test_a_failing_listener_does_not_end_the_stream(market: Market, hear: Any, caplog: Any) -> None:
    calls = []

    def fail(trades: tuple[Traded, ...]) -> None:
        calls.append(trades)
        raise RuntimeError("the panel is gone")

    stream, _ = hear("ACME", listener=fail)
    until(lambda: subscribed(market) == {"ACME"})
    market.trade("ACME", 1.0)
    until(lambda: len(calls) == 1)
    market.trade("ACME", 2.0)
    until(lambda: len(calls) == 2)
    assert stream.state.connections == 1
    assert "the panel is gone" in caplog.text


def test_the_key_is_never_told(market: Market, hear: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    told = []
    stream, _ = hear("ACME")
    until(lambda: subscribed(market) == {"ACME"})
    market.send({"type": "error", "msg": f"Subscribing to too many symbols with {KEY}"})
    until(lambda: stream.state.reason)
    told.append(stream.state)
    assert "too many symbols with [key]" in stream.state.reason
    market.status = 500
    market.hang_up()
    until(lambda: stream.state.phase == "waiting")
    told.append(stream.state)
    odd, _ = hear("ACME", address=lambda: "nonsense")
    until(lambda: odd.state.phase == "waiting")
    told.append(odd.state)
    assert market.paths[0].endswith(KEY)
    assert not any(KEY in text for text in [caplog.text, *map(str, told)])


@pytest.mark.parametrize("while_", ["live", "waiting", "hanging"])
def test_it_stops_within_a_second_whatever_it_does(market: Market, hear: Any, while_: str) -> None:
    deaf = socket.socket()
    deaf.bind(("127.0.0.1", 0))
    deaf.listen()
    address = {"live": market.url, "waiting": "ws://127.0.0.1:9", "hanging": f"ws://127.0.0.1:{deaf.getsockname()[1]}"}[while_]
    stream, told = hear("ACME", address=lambda: address, first_pause=30.0, open_seconds=1.5)
    if while_ == "live":
        until(lambda: subscribed(market) == {"ACME"})
        market.trade("ACME", 1.0)
    until(lambda: stream.state.phase in {"live": ("live",), "waiting": ("waiting",), "hanging": ("connecting",)}[while_])
    began = time.monotonic()
    stream.stop()
    assert time.monotonic() - began < 1.0
    assert stream.state == StreamState("stopped", symbols=("ACME",), connections=stream.state.connections,
                                       heard_at=stream.state.heard_at, traded_at=stream.state.traded_at)  # fmt: skip
    calls = len(told)
    if while_ == "live":
        market.trade("ACME", 2.0)
    thread = stream._thread
    assert thread is not None
    thread.join(2.5)
    deaf.close()
    assert not thread.is_alive()
    assert len(told) == calls
    assert stream.state.phase == "stopped"


def test_the_stream_is_beside_the_base_address() -> None:
    assert stream_address("") == ADDRESS == "wss://ws.finnhub.io"
    assert stream_address("http://127.0.0.1:8000/finnhub/") == "ws://127.0.0.1:8000/finnhub"
    assert stream_address("https://proxy.example") == "wss://proxy.example"


@pytest.mark.real
def test_recorded_frames_are_understood(shared: Any, market: Market, hear: Any) -> None:
    folder = shared / "payloads" / "finnhub"
    stream, told = hear("ACME")
    until(lambda: subscribed(market) == {"ACME"})
    market.send((folder / "ws_ping.json").read_text())
    frame = json.loads((folder / "ws_trade_docsample.json").read_text())
    stated = frame["data"][0]
    stated["s"] = "ACME"
    market.send(json.dumps(frame))
    until(lambda: told)
    (each,) = told[0]
    assert (each.price, each.volume) == (stated["p"], stated["v"])
    assert each.at == datetime.fromtimestamp(stated["t"] / 1000, UTC)
    assert stream.state.connections == 1
