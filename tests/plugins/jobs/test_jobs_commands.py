"""The jobs commands over a real App: the schedule, what you watch, running without a window, pausing a feed."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.errors import Unavailable, UserError
from terminal.providers.base import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator


class Service:
    """Answers every dataset it is asked for with one row a symbol."""

    id, title, simulated, delayed, needs_key = "sample", "Sample Data", False, False, False
    datasets = frozenset({"quotes", "instruments"})

    def __init__(self, clock: Any) -> None:
        self._clock, self.asked = clock, []  # type: ignore[var-annotated]
        self.problem: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def fetch(self, request: Any, progress: Any) -> Iterator[Answer]:
        self.asked.append((request.dataset, request.symbols))
        while not self.gate.wait(0.02):
            progress(None, "slow")
        if self.problem is not None:
            raise self.problem
        now, symbols = self._clock(), list(request.symbols)
        rows = {"quotes": {"symbol": symbols, "at": [now] * len(symbols), "price": [1.0] * len(symbols)},
                "instruments": {"symbol": symbols, "kind": ["stock"] * len(symbols)}}[request.dataset]
        yield Answer(request.dataset, pl.DataFrame(rows), Fetch(self.id, request.dataset, request.dataset, "", now, now))


@pytest.fixture
def live(live_home: Any, clock: Any) -> Iterator[Any]:
    from terminal.app import App
    from terminal.services.market import build_market

    opened = App(live_home, False, clock)
    opened.service = Service(clock)  # type: ignore[attr-defined]
    opened._market = build_market(opened.store, opened.settings, clock, False, home=live_home,
                                  providers=(opened.service,))  # type: ignore[attr-defined]
    yield opened
    opened.service.gate.set()  # type: ignore[attr-defined]
    opened.close()


def test_the_core_jobs_are_there_with_their_times(live: Any) -> None:
    table = live.run("jobs.list")
    found = {row["name"]: row for row in table.rows()}
    assert found["close"]["command"] == "market.refresh" and found["close"]["when"] == "20 minutes after the close"
    assert found["close"]["next_run"].startswith("2026-11-23T21:20") and found["close"]["state"] == "not started"
    assert found["intraday"]["when"] == "every 15 minutes while the market is open"
    assert "Jobs start by themselves while the window is open, or with `tapeline jobs run`." in table.notes
    for row in found.values():
        live.registry.command(row["command"])


def test_every_declared_job_names_a_time_and_a_command_that_takes_its_arguments(live: Any) -> None:
    declared = [job for plugin in live.registry.plugins() for job in plugin.jobs]
    assert len(live.scheduler.jobs) == len(declared)
    for job in live.scheduler.jobs.values():
        live.registry.command(job.command).bind(job.arguments)


def test_the_practice_market_runs_no_live_job(app: Any) -> None:
    names = {row["name"] for row in app.run("jobs.list").rows()}
    assert names.isdisjoint({"premarket", "intraday", "close", "nightly"})


def test_what_you_watch_is_fetched(live: Any) -> None:
    assert "empty" in live.run("jobs.watched").notes[0]
    live.run("watchlist.create", {"name": "Mine", "symbols": ["AAPL", "MSFT"]})
    table = live.run("jobs.watched", {"datasets": ["quotes", "instruments"]})
    assert [(row["dataset"], row["symbols"], row["rows"]) for row in table.rows()] == [("quotes", 2, 2), ("instruments", 2, 2)]
    with pytest.raises(UserError, match="no kind of data called 'gossip'"):
        live.run("jobs.watched", {"datasets": ["gossip"]})


def test_a_paused_feed_is_not_fetched_by_a_job_but_by_hand(live: Any) -> None:
    live.run("watchlist.create", {"name": "Mine", "symbols": ["AAPL"]})
    notes = live.run("jobs.pause", {"feed": "quotes"}).notes
    assert any("Paused data, which no job fetches: quotes." in note for note in notes)
    table = live.run("jobs.watched", by_hand=False)
    assert live.service.asked == [] and "Paused, so not fetched: quotes." in table.unknown[0]
    live.run("jobs.watched", by_hand=True)
    assert live.service.asked == [("quotes", ("AAPL",))]
    live.run("jobs.resume", {"feed": "quotes"})
    assert live.settings.get("jobs.paused_feeds") == ""


def test_run_now_is_in_the_history_with_what_it_brought(live: Any) -> None:
    live.run("watchlist.create", {"name": "Mine", "symbols": ["AAPL"]})
    live.run("jobs.run_now", {"name": "intraday"})
    live.service.problem = Unavailable("Sample Data could not be reached.")
    live.clock.now += timedelta(days=3)  # Monday; on Saturday nothing newer than Friday
    live.run("jobs.run_now", {"name": "intraday"})
    rows = live.run("jobs.history", {"name": "intraday"}).rows()
    assert [(row["state"], row["why"], row["rows"]) for row in rows] == [("done", "you asked for it", 1)] * 2
    assert "Sample Data could not be reached." in rows[0]["note"] and rows[1]["note"] is None
    with pytest.raises(UserError, match="There is no job called 'x'"):
        live.run("jobs.run_now", {"name": "x"})
    with pytest.raises(UserError, match="limit"):
        live.run("jobs.history", {"limit": 0})


def test_without_a_window_it_makes_up_and_waits_until_it_is_stopped(live: Any) -> None:
    live.run("watchlist.create", {"name": "Mine", "symbols": ["AAPL"]})
    live.scheduler.start()
    live.scheduler.stop()
    live.clock.now += timedelta(days=3, hours=18)  # Tuesday, 11:00 in New York: the market is open
    done = live.run("jobs.run", {"until_idle": True})
    assert {"close", "premarket", "intraday"} <= {row["name"] for row in done.rows()}
    assert not live.scheduler.active
    notes: list[str] = []
    running = live.start("jobs.run", progress=lambda fraction, note: notes.append(note))
    until = time.monotonic() + 10
    while not any(note.startswith("next: ") for note in notes) and time.monotonic() < until:
        time.sleep(0.02)
    assert live.scheduler.active
    with pytest.raises(UserError, match="already running"):
        live.run("jobs.run")
    running.cancel()  # what Ctrl+C does
    assert running.result(5).title == "What ran"
    assert not live.scheduler.active


def test_closing_with_a_running_job_is_quick_and_it_is_made_up_for(live: Any) -> None:
    live.run("watchlist.create", {"name": "Mine", "symbols": ["AAPL"]})
    live.scheduler.start()
    live.clock.now += timedelta(days=3, hours=18)
    live.service.gate.clear()
    assert "intraday" in live.scheduler.catch_up()
    until = time.monotonic() + 5
    while not live.service.asked and time.monotonic() < until:
        time.sleep(0.01)
    began = time.monotonic()
    live.close()
    assert time.monotonic() - began < 2

    from terminal.app import App

    again = App(live.home, False, live.clock)
    try:
        states = {row["name"]: row["state"] for row in again.run("jobs.history").rows()}
        assert states["intraday"] in ("interrupted", "running")  # the latter until somebody takes over
        again.scheduler._history.begin(again.scheduler.jobs, ())
        assert {row["name"]: row["state"] for row in again.run("jobs.history").rows()}["intraday"] == "interrupted"
        assert again.scheduler._history.dealt_with()["intraday"] < again.clock()
    finally:
        again.close()
