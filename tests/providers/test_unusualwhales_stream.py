"""Unusual Whales' websocket, heard from a server on loopback that also misbehaves."""

from __future__ import annotations

import logging
import socket
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from terminal.providers.unusualwhales_stream import ADDRESS, Batch, StreamState, UnusualWhalesStream, stream_address
from tests.providers.whales import AT, Whales

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEY = "wh4les-s3cr3t-t0ken"


@pytest.fixture
def whales() -> Iterator[Whales]:
    made = Whales()
    yield made
    made.close()


@pytest.fixture
def hear(whales: Whales) -> Iterator[Callable[..., tuple[UnusualWhalesStream, list[Batch]]]]:
    made: list[UnusualWhalesStream] = []

    def build(*channels: str, **named: Any) -> tuple[UnusualWhalesStream, list[Batch]]:
        told: list[Batch] = []
        named = {"first_pause": 0.05, "each": 0.05, "address": lambda: f"{whales.url}/socket", "token": lambda: KEY, **named}
        stream = UnusualWhalesStream(named.pop("token"), channels, named.pop("on_batch", told.append), **named)
        made.append(stream)
        stream.start()
        return stream, told

    yield build
    for each in made:
        each.stop()


def until(happened: Callable[[], Any], seconds: float = 8.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def trades(told: list[Batch]) -> list[str]:
    return [name for batch in told for name in batch.heard.trades["id"]]


def test_channels_are_joined_and_their_frames_handed_on_in_batches(whales: Whales, hear: Any) -> None:
    stream, told = hear("option_trades:ACME", "flow-alerts", "gex:ACME")
    until(lambda: set(stream.state.joined) == {"option_trades:ACME", "flow-alerts", "gex:ACME"})
    assert dict(parse_qsl(urlsplit(whales.paths[0]).query)) == {"token": KEY}
    assert whales.said[0] == {"channel": "option_trades:ACME", "msg_type": "join"}
    for number in range(200):
        whales.trade("ACME", number=number)
    whales.say("flow-alerts", {"id": "a1", "ticker": "ACME", "rule_name": "RepeatedHits", "executed_at": AT, "has_sweep": True})
    whales.say("gex:ACME", {"ticker": "ACME", "timestamp": AT, "gamma_per_one_percent_move_oi": "17.5", "price": "12"})
    until(lambda: len(trades(told)) == 200 and any(batch.heard.exposures.height for batch in told))
    assert trades(told) == [f"ACME-{number}" for number in range(200)]
    (alert,) = [row for batch in told for row in batch.heard.alerts.to_dicts()]
    assert (alert["id"], alert["sweep"], alert["floor"]) == ("a1", True, None)
    assert len(told) < 100  # many frames, few calls
    assert all(batch.first_at <= batch.last_at and batch.gap is None for batch in told)
    assert sum(len(lines) for batch in told for lines in batch.heard.raw.values()) == 202
    assert stream.state.phase == "live"
    assert (stream.state.frames, stream.state.misunderstood) == (205, 0)


def test_a_lost_connection_comes_back_joins_again_and_tells_the_gap(whales: Whales, hear: Any, caplog: Any) -> None:
    caplog.set_level(logging.INFO)
    stream, told = hear("option_trades:ACME")
    until(lambda: stream.state.joined)
    whales.trade("ACME", number=1)
    until(lambda: trades(told) == ["ACME-1"])
    whales.hang_up()
    until(lambda: stream.state.connections == 2 and stream.state.joined)
    whales.trade("ACME", number=2)
    until(lambda: trades(told) == ["ACME-1", "ACME-2"])
    gap = told[-1].gap
    assert gap is not None
    assert (gap.channels, gap.reason) == (("option_trades:ACME",), "Unusual Whales closed the stream.")
    assert told[0].last_at <= gap.since <= gap.until <= told[-1].first_at
    whales.trade("ACME", number=3)
    until(lambda: len(trades(told)) == 3)
    assert told[-1].gap is None
    assert "Unusual Whales closed the stream" in caplog.text


def test_only_fifty_channels_fit_and_the_rest_is_named(whales: Whales, hear: Any) -> None:
    stream, _ = hear(*(f"price:S{number}" for number in range(60)))
    until(lambda: len(stream.state.joined) == 50)
    assert stream.state.left_out == tuple(f"price:S{number}" for number in range(50, 60))
    assert len(whales.said) == 50


def test_a_channel_more_is_joined_at_once_and_one_less_connects_anew(whales: Whales, hear: Any) -> None:
    stream, _ = hear("news")
    until(lambda: stream.state.joined == ("news",))
    stream.watch(["news", "price:ACME", "news", " "])
    until(lambda: set(stream.state.joined) == {"news", "price:ACME"})
    assert stream.state.connections == 1
    stream.watch(["price:ACME"])
    until(lambda: stream.state.joined == ("price:ACME",))
    assert whales.joined[-1] == {"price:ACME"}


def test_a_join_that_is_refused_or_not_answered_is_told_and_the_others_work(whales: Whales, hear: Any) -> None:
    whales.answer = {"gex:NOPE": {"response": {"reason": f"no such channel, {KEY}"}, "status": "error"}, "gex:MUTE": None}
    stream, told = hear("option_trades:ACME", "gex:NOPE", "gex:MUTE", joined_within=0.2)
    until(lambda: len(stream.state.refused) == 2)
    assert dict(stream.state.refused) == {"gex:NOPE": "no such channel, [key]", "gex:MUTE": "was not acknowledged"}
    assert stream.state.reason
    whales.trade("ACME")
    until(lambda: trades(told))
    assert stream.state.phase == "live"


@pytest.mark.parametrize(("status", "words"), [(401, "does not accept the key"), (403, "plan")])
def test_a_refused_key_is_not_tried_again(whales: Whales, hear: Any, status: int, words: str) -> None:
    whales.status = status
    stream, _ = hear("news")
    until(lambda: stream.state.phase == "refused")
    assert words in stream.state.reason
    assert len(whales.paths) == 1


def test_a_server_in_trouble_is_tried_again_and_found(whales: Whales, hear: Any) -> None:
    whales.status = 503
    stream, told = hear("option_trades:ACME")
    until(lambda: len(whales.paths) >= 2)
    assert "HTTP 503" in stream.state.reason or stream.state.phase == "connecting"
    whales.status = None
    until(lambda: stream.state.joined)
    whales.trade("ACME")
    until(lambda: trades(told))
    assert told[0].gap is None  # nothing was heard before: nothing was missed


def test_without_a_key_nothing_is_connected(whales: Whales, hear: Any) -> None:
    stream, _ = hear("news", token=lambda: None)
    until(lambda: stream.state.phase == "refused")
    assert stream.state.reason == "Unusual Whales needs a key."
    assert whales.paths == []


@pytest.mark.warns
def test_nonsense_is_counted_once_told_and_survived(whales: Whales, hear: Any, caplog: Any) -> None:
    stream, told = hear("option_trades:ACME")
    until(lambda: stream.state.joined)
    broken = ("", "no json", "[]", '["option_trades:ACME"', '["option_trades:ACME",{"id":}]', b"\xff\xfe", '["x",[1]]', "{}")
    for nonsense in broken:
        whales.send(nonsense)
    whales.trade("ACME")
    until(lambda: trades(told) == ["ACME-0"])
    until(lambda: stream.state.misunderstood == 8)
    assert caplog.text.count("not understood") == 1
    assert stream.state.phase == "live"


@pytest.mark.warns
def test_a_listener_that_fails_does_not_end_the_stream(whales: Whales, hear: Any, caplog: Any) -> None:
    told: list[Batch] = []

    def fails(batch: Batch) -> None:
        told.append(batch)
        raise ValueError("a defect")

    stream, _ = hear("option_trades:ACME", on_batch=fails)
    until(lambda: stream.state.joined)
    whales.trade("ACME", number=1)
    until(lambda: trades(told) == ["ACME-1"])
    whales.trade("ACME", number=2)
    until(lambda: trades(told) == ["ACME-1", "ACME-2"])
    assert "a defect" in caplog.text


def test_the_key_stands_in_no_log_line_and_no_state(whales: Whales, hear: Any, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.DEBUG)
    stream, _ = hear("news")
    until(lambda: stream.state.joined)
    whales.status = 500
    whales.hang_up()
    until(lambda: len(whales.paths) >= 2)
    stream.stop()
    assert KEY not in caplog.text
    assert KEY not in repr(stream.state)


def test_it_ends_at_once_and_begins_again(whales: Whales, hear: Any) -> None:
    stream, told = hear("option_trades:ACME")
    until(lambda: stream.state.joined)
    stream.stop()
    assert stream.state.phase == "stopped"
    until(lambda: not whales.connections)
    whales.trade("ACME", number=1)
    stream.start()
    stream.start()
    until(lambda: stream.state.joined)
    whales.trade("ACME", number=2)
    until(lambda: trades(told) == ["ACME-2"])
    assert stream.state.connections == 1


def test_a_server_that_never_answers_is_given_up(hear: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        stream, _ = hear("news", address=lambda: f"ws://127.0.0.1:{mute.getsockname()[1]}/socket", open_seconds=0.2)
        until(lambda: "in time" in stream.state.reason)
        stream.stop()


def test_the_address_follows_the_setting() -> None:
    assert stream_address("") == ADDRESS
    assert stream_address("http://127.0.0.1:5/uw/") == "ws://127.0.0.1:5/uw/socket"
    assert stream_address("https://proxy.example") == "wss://proxy.example/socket"
    assert StreamState().phase == "stopped"


def test_the_clock_is_the_one_given(whales: Whales, hear: Any) -> None:
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    stream, told = hear("option_trades:ACME", clock=lambda: now)
    until(lambda: stream.state.joined)
    whales.trade("ACME")
    until(lambda: told)
    assert (told[0].first_at, told[0].last_at, stream.state.heard_at) == (now, now, now)
