"""The whole data stack on recorded answers alone: a fresh home is filled, looked at from all sides, and loses a service."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.app import App
from terminal.domain.data_services import SERVICES
from terminal.providers.budget import Window
from terminal.providers.yahoo import YahooProvider
from terminal.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from terminal.paths import Home

pytestmark = pytest.mark.real
OPEN = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)  # a Monday, after the newest of the recorded answers
SYMBOLS = ("SPOT", "QQQ", "EPAC", "BEKE", "BFLY", "CRON", "AAPL", "GOOG")
FOLDERS = {"massive": "polygon"}


@pytest.fixture
def app(home: Home, clock: Any, replay: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """A fresh home whose services all answer from the recorded payloads; Yahoo's pace is not waited for."""
    monkeypatch.setattr(YahooProvider, "windows", (Window(2000, 3600),))
    clock.now = OPEN
    environment = {f"TAPELINE_{each.id.upper()}_URL": f"{replay.url}/{FOLDERS.get(each.id, each.id)}" for each in SERVICES}
    settings = Settings(home, environment={**environment, "TAPELINE_FINNHUB_KEY": "a-key-of-the-test"})
    settings.set("providers.order.quotes", "yahoo")  # the recorded quote of Finnhub does not say whose it is
    made = App(home, demo=False, clock=clock, settings=settings)
    yield made
    made.close()


def refresh(app: App, *symbols: str, progress: Any = None) -> Any:
    return app.run("market.refresh", {"universe": ",".join(symbols or SYMBOLS) + ","}, progress=progress)


def health(app: App, service: str) -> dict[str, Any]:
    (row,) = (each for each in app.run("health.show").rows() if each["id"] == service)
    return row


def whose(app: App, dataset: str, symbol: str) -> set[str]:
    """The services that brought what is stored of a symbol."""
    frame = app.store.market.read(dataset, [symbol])
    return {source.provider for source in app.market.sources(frame["fetch_id"].unique().to_list()).values()}


def test_a_fresh_home_is_filled_screened_and_watched(app: App, shared: Path) -> None:
    table = refresh(app)
    counts = {row["dataset"]: row for row in table.rows()}
    assert counts["quotes"]["asked"] == len(SYMBOLS)
    assert counts["facts"]["rows"] > 200
    assert {"AAPL", "GOOG", "QQQ"} <= set(app.market.facts()["symbol"])

    screen = app.run("screener.run", {"rule": "market_cap > 100b"})
    assert "AAPL" in screen.frame["symbol"].to_list()
    assert screen.unknown, "what cannot be judged is said"

    app.run("watchlist.create", {"name": "Mine", "symbols": ("AAPL",)})
    app.run("earnings.refresh", {"symbols": ("AAPL",)})
    events = app.run("earnings.upcoming", {"days": 60})
    reports = [row for row in events.rows() if row["symbol"] == "AAPL"]
    assert [str(row["day"])[:10] for row in reports] == ["2026-07-29"], "the day that Finnhub has recorded"
    assert "finnhub" in {source.provider for source in events.sources}

    folder = shared / "payloads" / "market"
    for symbol in ("AAPL", "QQQ", "SPY"):
        app.run("market.import", {"file": folder / f"daily_{symbol}.csv", "as_": "bars", "symbol": symbol})
    dips = app.run("dips.list", {"universe": "AAPL,QQQ", "threshold": 10.0}, as_of=date(2020, 3, 23))
    depth = {row["symbol"]: row["dip"] for row in dips.rows()}
    assert set(depth) == {"AAPL", "QQQ"} and all(-0.45 < each < -0.2 for each in depth.values()), depth

    now = app.run("health.show")
    states = {row["id"]: row["state"] for row in now.rows()}
    assert states["yahoo"] in ("ok", "partly") and states["tiingo"] == "needs key"
    stored = {row["dataset"]: row for row in app.run("health.datasets").rows()}
    assert stored["facts"]["symbols"] >= 3 and stored["bars"]["symbols"] >= 3


def test_a_service_unplugged_in_the_middle_costs_nothing_but_its_own_words(app: App, replay: Any, clock: Any) -> None:
    """Yahoo is gone once the first companies are stored: Apple and Alphabet come from the next service, with the reason."""
    pulled: list[str] = []

    def unplug(_fraction: float | None, note: str) -> None:
        if not pulled and note.startswith("facts of BFLY"):
            pulled.append(note)
            replay.fault(provider="yahoo", match="", kind="drop", times=10**6)

    table = refresh(app, progress=unplug)
    assert pulled
    before = {symbol: app.market.facts([symbol]).height for symbol in ("SPOT", "QQQ")}
    assert all(before.values()), "what was stored before is there"
    for symbol in ("AAPL", "GOOG"):
        assert whose(app, "facts", symbol) & {"sec", "finnhub"}, symbol
        assert "yahoo" not in whose(app, "facts", symbol)
        notes = {source.note for source in app.market.sources(app.market.facts([symbol])["fetch_id"].unique().to_list()).values()}
        assert any(note.startswith("Yahoo Finance") and "so SEC EDGAR was asked" in note for note in notes), notes
    assert any("Yahoo Finance" in each for each in table.unknown), "what nobody had is said"
    row = health(app, "yahoo")
    assert row["state"] in ("unreachable", "failing", "partly", "waiting") and row["fault"], row
    assert "Yahoo" in row["sentence"]
    assert app.run("screener.run", {"rule": "price > 1"}).frame.height, "the panels go on with what is there"

    replay.clear()
    clock.now += timedelta(days=2)  # beyond every pause, and facts are due again
    refresh(app, "AAPL", "SPOT")
    newest = app.store.market.fetches(symbol="AAPL", dataset="facts", limit=1).row(0, named=True)
    assert (newest["provider"], newest["status"], newest["reason"]) == ("yahoo", "ok", ""), newest
    assert app.market.facts(["SPOT"]).height >= before["SPOT"]
    assert health(app, "yahoo")["state"] in ("ok", "partly")
    said = app.store.market.versions("facts", ["AAPL"])
    assert said.filter(pl.col("provider") == "sec").height, "what the other service said is kept beside it"
