"""Live prices: whose trades are listened to and when, and what is stored of them."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.domain.schemas import QUOTES
from terminal.domain.sessions import Calendar
from terminal.paths import data_file
from terminal.providers.finnhub_stream import StreamState, Traded
from terminal.services.live import RESTS, LivePrices, Terms
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.paths import Home

OPEN = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 10:00 in New York, a Friday


class FakeStream:
    """Says what it is told to say."""

    def __init__(self, key: Any, listener: Any, **named: Any) -> None:
        self.key, self.listener, self.named = key, listener, named
        self.state = StreamState()
        self.begun = self.ended = 0

    def watch(self, symbols: Any) -> None:
        limit = self.named["limit"]
        self.state = replace(self.state, symbols=tuple(symbols)[:limit], left_out=tuple(symbols)[limit:])

    def start(self) -> None:
        self.begun += 1
        self.state = replace(self.state, phase="live")

    def stop(self) -> None:
        self.ended += 1
        self.state = replace(self.state, phase="stopped")


class Scene:
    """A store, live prices over it, and what they told."""

    def __init__(self, home: Home, clock: Any) -> None:
        self.clock = clock
        clock.now = OPEN
        calendar = Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
        self.store = Store(home.market(False), home.book(False), home.backups(False), clock=clock, publish=lambda *_: None)
        self.told: list[tuple[str, Any]] = []
        self.streams: list[FakeStream] = []
        self.terms: dict[str, Any] = {"key": "a-key", "enabled": True, "paused": (), "watched": (), "limit": 50}
        terms = Terms(lambda: self.terms["key"], enabled=lambda: self.terms["enabled"], paused=lambda: self.terms["paused"],
                      watched=lambda: self.terms["watched"], limit=lambda: self.terms["limit"])

        def make(*given: Any, **named: Any) -> Any:
            self.streams.append(FakeStream(*given, **named))
            return self.streams[-1]

        self.live = LivePrices(self.store, terms, clock=clock, calendar=lambda: calendar, beat=0.005, make=make,
                               publish=lambda topic, payload: self.told.append((topic, payload)))

    def begin(self, *symbols: str) -> FakeStream:
        self.live.allow(True)
        self.live.want("test", symbols)
        until(lambda: self.streams and self.streams[-1].begun)
        return self.streams[-1]

    def trade(self, symbol: str, price: float, *, volume: float = 5.0, at: datetime | None = None) -> None:
        self.streams[-1].listener((Traded(symbol, at or self.clock.now, price, price, price, volume, 1),))

    def quotes(self, symbol: str) -> list[dict[str, Any]]:
        return self.store.market.read("quotes", [symbol]).to_dicts()

    def save_quote(self, symbol: str, **values: Any) -> None:
        row = {"symbol": symbol, "at": self.clock.now, "price": 100.0, **values}
        frame = pl.DataFrame([{name: row.get(name) for name in QUOTES.columns}], schema=dict(QUOTES.columns))
        self.store.market.save("quotes", frame, Fetch("yahoo", "quote", "quotes", symbol, self.clock.now, self.clock.now))


@pytest.fixture
def scene(home: Home, clock: Any) -> Iterator[Scene]:
    made = Scene(home, clock)
    yield made
    made.live.close()
    made.store.close()


def until(happened: Callable[[], Any], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_trades_become_quotes_that_know_the_days_range(scene: Scene) -> None:
    scene.save_quote("AAA", price=100.0, previous_close=98.0, open=99.0, high=101.0, low=97.5, volume=1000.0, currency="USD")
    scene.clock.now += timedelta(seconds=5)
    scene.begin("AAA", "BBB")
    scene.trade("AAA", 102.0)
    until(lambda: len(scene.quotes("AAA")) == 2)
    newest = scene.quotes("AAA")[-1]
    assert (newest["price"], newest["previous_close"], newest["open"]) == (102.0, 98.0, 99.0)
    assert (newest["high"], newest["low"], newest["volume"], newest["currency"]) == (102.0, 97.5, 1005.0, "USD")
    source = scene.store.market.sources([newest["fetch_id"]])[newest["fetch_id"]]
    assert (source.provider, source.endpoint, source.delayed, source.live) == ("finnhub", "trades", False, True)
    assert source.as_of == scene.clock.now == source.fetched_at
    fresh = scene.store.market.freshness("quotes").filter(pl.col("symbol") == "AAA").row(0, named=True)
    assert fresh["provider"] == "finnhub" and fresh["fetched_at"] == scene.clock.now


def test_what_is_not_known_of_the_day_stays_unknown(scene: Scene) -> None:
    """Without a quote of today, the trades since now are no range and no volume of the day."""
    days = [OPEN.date() - timedelta(days=1), OPEN.date() - timedelta(days=2)]
    prices = dict.fromkeys(("open", "high", "low", "close"), 50.0)
    bars = pl.DataFrame([{"symbol": "AAA", "date": day, **prices, "close": 50.0 + at, "volume": 1.0}
                         for at, day in enumerate(days)])
    scene.store.market.save("bars", bars, Fetch("yahoo", "chart", "bars", "AAA", OPEN, OPEN))
    scene.begin("AAA", "NEW")
    for price in (51.0, 52.0):
        scene.trade("AAA", price)
        scene.trade("NEW", price)
        until(lambda: {row["price"] for row in scene.quotes("NEW")} & {price})  # noqa: B023 - asked at once
        scene.clock.now += timedelta(seconds=90)  # so that what is known of the day is looked up again
    row = scene.quotes("AAA")[-1]
    assert (row["previous_close"], row["high"], row["low"], row["volume"], row["open"]) == (50.0, None, None, None, None)
    new = scene.quotes("NEW")[-1]
    assert (new["previous_close"], new["high"], new["currency"]) == (None, None, None)


def test_a_busy_market_is_stored_at_the_pace_that_is_set_and_told_more_rarely(scene: Scene) -> None:
    scene.begin("AAA")
    scene.trade("AAA", 10.0)
    until(lambda: scene.quotes("AAA"))
    for price in (10.1, 9.9, 10.2):
        scene.clock.now += timedelta(milliseconds=300)
        scene.trade("AAA", price)
    assert len(scene.quotes("AAA")) == 1, "not before the pace allows it"
    scene.clock.now += timedelta(seconds=2)
    until(lambda: len(scene.quotes("AAA")) == 2)
    assert scene.quotes("AAA")[-1]["price"] == 10.2
    until(lambda: len(scene.told) == 3)
    assert [topic for topic, _ in scene.told] == ["prices.changed", "market.changed", "prices.changed"]
    scene.clock.now += timedelta(minutes=1)
    scene.trade("AAA", 10.3)
    until(lambda: len(scene.told) == 5)
    assert scene.told[-1] == ("market.changed", {"datasets": ["quotes"], "symbols": ["AAA"]})


def test_a_price_a_hundred_times_off_is_refused(scene: Scene) -> None:
    day = OPEN.date() - timedelta(days=1)
    prices = dict.fromkeys(("open", "high", "low", "close"), 50.0)
    bars = pl.DataFrame([{"symbol": "AAA", "date": day, **prices, "volume": 1.0}])
    scene.store.market.save("bars", bars, Fetch("yahoo", "chart", "bars", "AAA", OPEN, OPEN))
    scene.begin("AAA")
    scene.trade("AAA", 5000.0)
    until(lambda: scene.store.market.quarantine("AAA").height == 1)
    assert scene.quotes("AAA") == []


def test_what_is_shown_comes_before_the_watchlists_and_nothing_beyond_the_limit(scene: Scene) -> None:
    scene.terms.update(limit=4, watched=("W1", "AAA", "W2"))
    scene.live.want("dips", ("D1", "D2", "D3", "D4"))
    scene.clock.now += timedelta(seconds=1)
    stream = scene.begin("AAA")
    until(lambda: stream.state.symbols == ("AAA", "D1", "D2", "D3"))
    assert stream.state.left_out == ("D4",)
    assert scene.live.status().words == "Live trades of 4 symbols; 1 more come from requests."
    scene.clock.now += timedelta(seconds=80)
    scene.live.want("test", ("AAA",))
    scene.clock.now += timedelta(seconds=20)  # the dip monitor has been closed for long enough
    until(lambda: stream.state.symbols == ("AAA", "W1", "W2"))
    assert stream.begun == 1, "another choice is no new connection"


@pytest.mark.parametrize(("change", "phase"), [
    ({"key": None}, "needs key"), ({"key": ""}, "needs key"), ({"enabled": False}, "off"), ({"paused": ("quotes",)}, "paused"),
])  # fmt: skip
def test_it_rests_for_a_reason_and_begins_by_itself(scene: Scene, change: dict[str, Any], phase: str) -> None:
    stream = scene.begin("AAA")
    before = dict(scene.terms)
    scene.terms.update(change)
    until(lambda: stream.ended)
    assert (scene.live.status().phase, scene.live.status().words) == (phase, RESTS[phase])
    scene.terms.update(before)
    scene.live.want("test", ("AAA",))
    until(lambda: len(scene.streams) == 2 and scene.streams[1].begun)


def test_it_ends_at_the_close_and_when_nobody_looks(scene: Scene) -> None:
    first = scene.begin("AAA")
    scene.clock.now += timedelta(seconds=91)
    until(lambda: first.ended)
    assert scene.live.status().phase == "nobody"
    scene.clock.now = datetime(2026, 11, 20, 20, 59, 59, tzinfo=UTC)
    second = scene.begin("AAA")
    scene.trade("AAA", 10.0)
    scene.clock.now += timedelta(seconds=2)
    until(lambda: second.ended)
    assert scene.live.status().phase == "closed"
    until(lambda: scene.quotes("AAA"))  # what was heard last is not lost


def test_a_refused_key_is_not_tried_again_and_again(scene: Scene) -> None:
    stream = scene.begin("AAA")
    stream.state = replace(stream.state, phase="refused", reason="Finnhub does not accept the key for its stream (HTTP 401).")
    until(lambda: scene.live.status().phase == "refused" and stream.ended)
    assert "HTTP 401" in scene.live.status().words
    scene.live.want("test", ("AAA",))
    assert len(scene.streams) == 1
    scene.live.go()
    until(lambda: len(scene.streams) == 2)


def test_stopped_by_hand_it_stays_stopped(scene: Scene) -> None:
    stream = scene.begin("AAA")
    scene.live.stop()
    assert stream.ended
    scene.live.want("test", ("AAA",))
    assert scene.live.status().phase == "stopped" and len(scene.streams) == 1


def test_without_a_window_or_in_the_demo_there_is_no_thread(scene: Scene) -> None:
    scene.live.want("test", ("AAA",))
    assert scene.live.status().phase == "no window"
    assert scene.live._thread is None


def test_of_older_trades_one_a_minute_is_kept(scene: Scene) -> None:
    scene.begin("AAA")
    for second in range(0, 180, 20):
        scene.clock.now = OPEN + timedelta(seconds=second)
        scene.live.want("test", ("AAA",))
        scene.trade("AAA", 10.0 + second)
        until(lambda: any(row["price"] == 10.0 + second for row in scene.quotes("AAA")))  # noqa: B023 - asked at once
    scene.save_quote("AAA", price=11.0)
    assert len(scene.quotes("AAA")) == 9 or len(scene.quotes("AAA")) == 10
    scene.clock.now += timedelta(minutes=11)
    scene.live._thin()
    kept = [row["price"] for row in scene.quotes("AAA")]
    assert kept[:2] == [50.0, 110.0] and len(kept) <= 4
    scene.clock.now += timedelta(days=1)
    scene.live._thin()
    assert len(scene.quotes("AAA")) <= 2
