"""Services are unplugged while the program runs: sources and reasons change, nothing breaks, and it all switches back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from terminal.app import App
from terminal.errors import UserError
from terminal.paths import Home
from terminal.settings import Settings
from tests.conftest import Clock
from tests.providers.loopback import Asked, Loopback, Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator


OPEN = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # a Monday, half an hour after the opening
STEP = timedelta(minutes=10)


class Services:
    """Yahoo Finance and Finnhub on loopback, with prices that name them: 100 and 200."""

    def __init__(self, yahoo: Loopback, finnhub: Loopback, clock: Any) -> None:
        self.yahoo, self.finnhub, self._clock = yahoo, finnhub, clock
        self.plug(yahoo)
        self.plug(finnhub)

    def plug(self, server: Loopback) -> None:
        server.say({"v7/finance/quote": self._yahoo} if server is self.yahoo else {"quote": self._finnhub})

    def unplug(self, server: Loopback, reply: Reply) -> None:
        server.say({"quote": lambda _asked: reply})

    def _stamp(self) -> int:
        return int((self._clock() - timedelta(minutes=1)).timestamp())

    def _yahoo(self, asked: Asked) -> Any:
        lines = [
            {"symbol": symbol, "quoteType": "EQUITY", "currency": "USD", "exchangeTimezoneName": "America/New_York",
             "regularMarketTime": self._stamp(), "regularMarketPrice": 100.0, "marketState": "CLOSED"}
            for symbol in asked.query["symbols"].split(",") if symbol not in ("ONLY", "WARM")
        ]  # fmt: skip
        return {"quoteResponse": {"result": lines, "error": None}}

    def _finnhub(self, _asked: Asked) -> Any:
        return {"c": 200.0, "pc": 199.0, "o": 199.5, "h": 201.0, "l": 198.0, "d": 1.0, "dp": 0.5, "t": self._stamp()}


@pytest.fixture(scope="module")
def _opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Services, Clock]]:
    """One program for all tests: starting the worker that asks Yahoo takes longer than all they do."""
    clock = Clock(OPEN)
    home = Home(tmp_path_factory.mktemp("fallback"))
    with serving() as yahoo, serving() as finnhub:
        services = Services(yahoo, finnhub, clock)
        environment = {"TAPELINE_YAHOO_URL": yahoo.url, "TAPELINE_FINNHUB_URL": finnhub.url,
                       "TAPELINE_FINNHUB_KEY": "a-key-of-the-test"}  # fmt: skip
        app = App(home, demo=False, clock=clock, settings=Settings(home, environment=environment))
        app.run("market.quote", {"symbols": ["WARM"]})  # the connections to both: none then looks left behind by a test
        yield app, services, clock
        app.close()


@pytest.fixture
def clock(_opened: tuple[App, Services, Clock]) -> Clock:
    """The market stays open for all tests; each begins when what the one before stored, and was told to wait, is over."""
    _opened[2].now += timedelta(minutes=16)
    return _opened[2]


@pytest.fixture
def services(_opened: tuple[App, Services, Clock], clock: Clock) -> Services:
    """Both answer."""
    found = _opened[1]
    for server in (found.yahoo, found.finnhub):
        server.clear()
        found.plug(server)
    return found


@pytest.fixture
def live(_opened: tuple[App, Services, Clock], services: Services) -> App:
    """A program over both services."""
    return _opened[0]


def quote(app: App, clock: Any, symbol: str = "ACME") -> tuple[float, str, str]:
    """Price, service and reason, as the command tells them; ten minutes later, so that what is stored is stale."""
    clock.now += STEP
    table = app.run("market.quote", {"symbols": [symbol]})
    (source,) = table.sources
    return table.rows()[0]["price"], source.provider, source.note


def at(moment: datetime) -> str:
    return f"{moment:%H:%M UTC}"


def test_a_service_is_unplugged_and_plugged_in_again(live: App, services: Services, clock: Any) -> None:
    assert quote(live, clock) == (100.0, "yahoo", "")
    services.unplug(services.yahoo, Reply(b"<html>sorry</html>"))
    price, provider, note = quote(live, clock)
    assert (price, provider) == (200.0, "finnhub")
    assert note.startswith("Yahoo Finance")
    assert note.endswith(", so Finnhub was asked")
    services.plug(services.yahoo)
    assert quote(live, clock) == (100.0, "yahoo", "")


def test_a_service_that_asks_to_wait_is_left_alone_until_then(live: App, services: Services, clock: Any) -> None:
    services.unplug(services.yahoo, Reply(b"{}", 429, {"Retry-After": str(60 * 15)}))
    assert quote(live, clock)[:2] == (200.0, "finnhub")
    until = clock.now + timedelta(minutes=15)
    services.plug(services.yahoo)
    services.yahoo.clear()
    assert quote(live, clock) == (200.0, "finnhub", f"Yahoo Finance asked us to wait until {at(until)}, so Finnhub was asked")
    assert services.yahoo.asked == []
    assert quote(live, clock) == (100.0, "yahoo", "")


def test_what_the_first_does_not_know_the_next_may(live: App, services: Services, clock: Any) -> None:
    assert quote(live, clock, "ONLY") == (200.0, "finnhub", "Yahoo Finance does not know it, so Finnhub was asked")


def test_when_all_are_gone_the_last_value_stays_and_every_service_is_named(live: App, services: Services, clock: Any) -> None:
    assert quote(live, clock)[0] == 100.0
    first = live.run("market.quote", {"symbols": ["ACME"]}).rows()[0]["at"]
    for server in (services.yahoo, services.finnhub):
        services.unplug(server, Reply(b"no", 503, {"Retry-After": "600"}))
    clock.now += STEP
    table = live.run("market.quote", {"symbols": ["ACME"]})
    assert table.rows()[0]["price"] == 100.0
    assert table.rows()[0]["at"] == first
    (problem,) = table.unknown
    assert problem.startswith("ACME: Yahoo Finance answered with an error (HTTP 503). Finnhub")
    with pytest.raises(UserError, match="Yahoo Finance answered"):
        live.run("market.quote", {"symbols": ["NEVER"]})
    for server in (services.yahoo, services.finnhub):
        services.plug(server)
    assert quote(live, clock) == (100.0, "yahoo", "")


def test_a_service_without_its_key_is_a_state_and_not_a_problem(home: Home, clock: Any, services: Services) -> None:
    settings = Settings(home, environment={"TAPELINE_YAHOO_URL": services.yahoo.url})
    settings.set("providers.order.quotes", "finnhub,yahoo")
    app = App(home, demo=False, clock=clock, settings=settings)
    try:
        table = app.run("market.quote", {"symbols": ["ACME"]})
        assert (table.sources[0].provider, table.sources[0].note, table.unknown) == ("yahoo", "", ())
        settings.set("providers.order.quotes", "finnhub")
        clock.now += STEP
        (problem,) = app.run("market.quote", {"symbols": ["ACME"]}).unknown
        assert problem == "ACME: Finnhub needs a key. Set it with `tapeline preferences key-set finnhub`."
    finally:
        app.close()
