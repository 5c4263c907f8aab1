"""Live prices from end to end: a key, an open exchange and somebody who looks are enough; a broken stream is no loss."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.app import App
from tests.providers.trades import Market

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

OPEN = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
KEY = "d00stre4ms3cr3t"


@pytest.fixture
def server() -> Iterator[Market]:
    made = Market()
    yield made
    made.close()


def until(happened: Callable[[], Any], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_trades_are_shown_as_they_happen_and_requests_step_in_when_they_do_not(
    server: Market, home: Home, clock: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TAPELINE_FINNHUB_URL", server.url.replace("ws://", "http://"))
    monkeypatch.setenv("TAPELINE_FINNHUB_KEY", KEY)
    clock.now = OPEN
    app = App(home, False, clock)
    app.settings.set("providers.order.quotes", "finnhub")
    told: list[Any] = []
    app.events.subscribe("prices.changed", told.append)

    def price() -> float | None:
        frame = app.market.quotes(["AAA"])
        return frame["price"][0] if frame.height else None

    def said() -> str:
        (row,) = (each for each in app.run("health.show").rows() if each["id"] == "finnhub")
        return str(row["sentence"])

    def state() -> dict[str, Any]:
        return app.run("market.stream").rows()[0]

    assert state()["state"] == "no window"
    app._background(True)  # as the schedule does once a window is there
    assert app.run("market.live", {"symbols": ("AAA",), "who": "tearsheet"}).detail["seconds"] == 45
    until(lambda: {"type": "subscribe", "symbol": "AAA"} in server.said)
    assert server.paths == [f"/?token={KEY}"]

    server.trade("AAA", 123.4, at=int(OPEN.timestamp() * 1000))
    until(lambda: price() == 123.4)
    table = app.run("market.live", {"symbols": ("AAA",)})
    assert [(each.provider, each.endpoint, each.live) for each in table.sources] == [("finnhub", "trades", True)]
    assert table.rows()[0]["live"] is True
    assert told and told[0] == {"symbols": ["AAA"]}
    assert "Live trades of 1 symbol." in said()
    assert (state()["state"], state()["symbols"], state()["quotes"]) == ("live", ["AAA"], 1)
    (row,) = (each for each in app.run("health.show").rows() if each["id"] == "finnhub")
    assert row["requests"] == 0, "what is heard is no request"

    server.status = 503
    server.hang_up()
    until(lambda: state()["state"] in ("waiting", "connecting"))
    clock.now += timedelta(seconds=75)  # the last trade is older now than a quote may be
    quote = {"c": 125.0, "d": 1.0, "dp": 0.8, "h": 126.0, "l": 122.0, "o": 123.0, "pc": 124.0, "t": int(clock.now.timestamp())}
    server.answers["/quote"] = quote
    until(lambda: "prices come from requests meanwhile" in said())
    assert app.market.ensure(("AAA",), ["quotes"], app.context(by_hand=False)) == []
    assert price() == 125.0
    assert app.market.sources(app.market.quotes(["AAA"])["fetch_id"].to_list()).popitem()[1].endpoint == "quote"

    server.status = None
    app.run("market.live", {"symbols": ("AAA",), "who": "tearsheet"})
    until(lambda: state()["state"] == "live")  # it comes back by itself
    until(lambda: server.connections)
    clock.now += timedelta(seconds=10)
    server.trade("AAA", 124.9, at=int(clock.now.timestamp() * 1000))
    until(lambda: price() == 124.9)
    newest = app.market.quotes(["AAA"]).row(0, named=True)
    assert (newest["previous_close"], newest["high"], newest["low"]) == (124.0, 126.0, 122.0)

    assert app.run("market.stream_stop").rows()[0]["state"] == "stopped"
    until(lambda: not server.connections)
    app.run("market.stream", {"symbols": ("AAA",)})
    until(lambda: server.connections)
    began = time.monotonic()
    app.close()
    assert time.monotonic() - began < 2.0
    assert KEY not in caplog.text and KEY not in json.dumps([list(map(str, row)) for row in told])
