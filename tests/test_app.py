"""The composition root: running, cancelling, telling, closing."""

from __future__ import annotations

import queue
import threading
import time
from concurrent.futures import wait
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from terminal import instance
from terminal.app import App, Session, fill_demo
from terminal.commands import UsageError
from terminal.errors import Cancelled, Locked, TerminalError, UserError
from terminal.instance import Remote, Request
from terminal.registry import Registry
from terminal.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.paths import Home
    from tests.conftest import Clock, Expected


@pytest.fixture
def registry() -> Registry:
    return Registry(core={"sample": "tests.sample_commands"}, bundled="tests.contract", entry_points=False)  # no plugins there


@pytest.fixture
def live(home: Home, clock: Clock, registry: Registry) -> Iterator[App]:
    app = App(home, clock=clock, registry=registry)
    yield app
    app.close()


@pytest.fixture
def session(home: Home, clock: Clock, registry: Registry) -> Iterator[Session]:
    opened = Session(home, clock=clock, registry=registry)
    yield opened
    opened.close()


def row(table: Any) -> dict[str, str]:
    return dict(table.rows()[0])


def test_a_command_runs_in_the_callers_thread_with_its_context(live: App) -> None:
    answer = row(live.run("sample.echo", {"text": "hi"}, as_of=date(2026, 1, 31), by_hand=False))
    assert answer == {"text": "hi", "demo": "False", "as_of": "2026-01-31", "by_hand": "False",
                      "thread": threading.current_thread().name}


def test_a_command_runs_in_a_worker(live: App) -> None:
    assert row(live.start("sample.echo").result(5))["thread"].startswith("worker")


def test_nested_commands_share_the_context(live: App) -> None:
    assert row(live.run("sample.nested", {"text": "a"}, as_of=date(2026, 1, 31)))["as_of"] == "2026-01-31"
    assert row(live.run("sample.nested", {"text": "a"}))["text"] == "a!"


def test_wrong_calls_raise_at_once(live: App) -> None:
    with pytest.raises(UsageError, match="no command"):
        live.start("sample.ecko")
    with pytest.raises(UsageError, match="no argument"):
        live.start("sample.echo", {"txt": 1})


def test_progress_is_heard_and_cancelling_ends_it(live: App) -> None:
    heard: list[str] = []
    running = live.start("sample.wait", progress=lambda fraction, note: heard.append(note))
    while len(heard) < 3:
        time.sleep(0.005)
    running.cancel()
    with pytest.raises(Cancelled):
        running.result(5)
    assert heard[:3] == ["step 0", "step 1", "step 2"]


def test_a_listener_that_raises_cancelled_ends_the_command(live: App) -> None:
    def progress(fraction: float | None, note: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        live.run("sample.wait", progress=progress)


def test_job_events_tell_the_whole_story(live: App) -> None:
    told: list[Any] = []
    stop = live.events.subscribe("job.changed", told.append)
    live.run("sample.wait", {"steps": 3})
    with pytest.raises(UserError):
        live.run("sample.fail")
    with pytest.raises(ZeroDivisionError):
        live.run("sample.fail", {"how": "bug"})
    stop()
    states = {id_: [one["state"] for one in told if one["id"] == id_] for id_ in (1, 2, 3)}
    assert states[1][0] == "running"
    assert states[1][-1] == "done"
    assert states[2] == states[3] == ["running", "failed"]
    last = {one["id"]: one for one in live.jobs()}
    assert (last[1]["command"], last[1]["title"], last[1]["long"], last[1]["fraction"]) == ("sample.wait", "Wait", True, 1.0)
    assert last[2]["note"] == "It cannot be done. Do something else."
    assert last[3]["note"] == "ZeroDivisionError: a defect"


@pytest.fixture(autouse=True)
def _defects_are_logged(expect_warning: Expected) -> None:
    expect_warning("sample.fail failed")


def test_more_commands_than_workers_all_finish(live: App) -> None:
    others = set(threading.enumerate())  # another module's store may be open for the whole run, with workers of its own
    running = [live.start("sample.wait", {"steps": 3}) for _ in range(30)]
    assert not wait(running, 10).not_done
    mine = [thread for thread in threading.enumerate() if thread not in others and thread.name.startswith("worker")]
    assert 1 <= len(mine) <= 8


def test_closing_is_quick_cancels_and_checkpoints(home: Home, clock: Clock, registry: Registry) -> None:
    app = App(home, clock=clock, registry=registry)
    app.run("sample.write", {"symbol": "AAPL"})
    running = [app.start("sample.wait") for _ in range(12)]
    began = time.monotonic()
    app.close()
    assert time.monotonic() - began < 2
    assert not wait(running, 1).not_done
    assert all(isinstance(one.exception(), Cancelled) for one in running)
    assert home.book(False).is_file()
    assert not list(home.path.glob("*.wal"))
    with pytest.raises(Cancelled):
        app.run("sample.echo")
    app.close()


def test_gui_commands_go_to_the_ui_thread(session: Session) -> None:
    class Gui:
        window = "the window"

        def call(self, function: Any) -> Any:
            answers: list[Any] = []
            thread = threading.Thread(target=lambda: answers.append(function()), name="ui")
            thread.start()
            thread.join()
            return answers[0]

    with pytest.raises(Locked, match="No window is open"):
        Remote(session.home).run(Request("sample.touch", {}))
    session.gui = Gui()
    assert row(session.app(False).run("sample.touch")) == {"window": "the window", "thread": "ui"}
    assert row(Remote(session.home).run(Request("sample.touch", {})))["thread"] == "ui"
    session.gui = None
    assert row(session.app(False).run("sample.touch"))["window"] == "None"


def test_another_process_gets_the_same_answer(session: Session) -> None:
    here = session.app(False).run("sample.echo", {"text": "a"})
    there = Remote(session.home).run(Request("sample.echo", {"text": "a"}, None, False))
    assert {**row(there), "thread": ""} == {**row(here), "thread": ""}
    with pytest.raises(UserError, match="It cannot be done"):
        Remote(session.home).run(Request("sample.fail", {}))
    with pytest.raises(TerminalError, match="no command"):
        Remote(session.home).run(Request("sample.nothing", {}))


def test_the_market_that_is_shown_is_the_default(session: Session) -> None:
    assert session.default is False
    session.settings.set("market.source", "demo")
    assert session.default is True
    assert session.app(False) is session.app()
    assert session.default is False
    session.default = True
    assert session.default is True


def test_only_one_session_at_a_time(session: Session) -> None:
    with pytest.raises(Locked):
        Session(session.home)


def test_a_session_that_fails_to_open_gives_the_lock_back(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise OSError("no sockets")

    monkeypatch.setattr(instance, "Server", broken)
    with pytest.raises(OSError, match="no sockets"):
        Session(home)
    instance.Lock(home).release()


def test_settings_tell_of_changes(session: Session) -> None:
    told: list[Any] = []
    session.events.subscribe("settings.changed", told.append)
    session.settings.set("mode", "pro")
    assert told == [{"key": "mode"}]


def test_a_listener_that_fails_does_not_deafen_the_others(live: App, expect_warning: Expected) -> None:
    expect_warning("a listener of x failed")
    told: list[Any] = []
    live.events.subscribe("x", lambda payload: 1 / 0)
    stop = live.events.subscribe("x", told.append)
    live.events.publish("x", {"a": 1})
    stop()
    stop()
    live.events.publish("x")
    assert told == [{"a": 1}]


def test_workers_refuse_after_closing() -> None:
    workers = Workers(2)
    done = threading.Event()
    workers.submit(done.set)
    assert done.wait(5)
    workers.close(1)
    with pytest.raises(Cancelled):
        workers.submit(done.set)


def test_workers_tidy_up_once_when_nothing_came_for_a_while() -> None:
    rested: queue.SimpleQueue[int] = queue.SimpleQueue()
    workers = Workers(2, lambda: rested.put(1))
    done = threading.Event()
    workers.submit(done.set)
    assert done.wait(5)
    assert rested.get(timeout=10) == 1
    workers.close(5)
    assert rested.empty()


def newest(app: App) -> Any:
    return app.store.market.freshness("bars")["newest"].max()


def test_the_demo_market_is_there_on_first_opening_and_simulated(app: App) -> None:
    assert app.demo
    assert newest(app) == date(2026, 11, 20)
    assert app.store.market.freshness("instruments").height > 500
    assert fill_demo(app.store, app.clock, lambda fraction, note: None) == 0
    sources = app.market.sources(app.market.bars("SPY")["fetch_id"].unique().to_list())
    assert sources
    assert all(source.simulated for source in sources.values())


def test_the_demo_market_moves_on_with_the_days(demo_home: Home, clock: Clock, registry: Registry) -> None:
    columns = ["symbol", "date", "close"]
    early = App(demo_home, demo=True, clock=clock, registry=registry)
    before = early.store.market.read("bars", columns=columns)
    early.close()
    clock.now = datetime(2026, 11, 24, 22, 0, tzinfo=UTC)
    app = App(demo_home, demo=True, clock=clock, registry=registry)
    after = app.store.market.read("bars", columns=columns)
    app.close()
    assert before["date"].max() == date(2026, 11, 20)
    assert after["date"].max() == date(2026, 11, 24)
    assert after.height == before.height + 2 * before["symbol"].n_unique()
    assert before.join(after, on=columns, how="anti").is_empty()


@pytest.mark.slow
def test_a_first_filling_that_was_cut_short_is_done_again(home: Home, clock: Clock, registry: Registry) -> None:
    def impatient(fraction: float | None, note: str) -> None:
        if fraction is not None and fraction > 0.65:
            raise Cancelled

    with pytest.raises(Cancelled):
        App(home, demo=True, clock=clock, registry=registry, progress=impatient)
    app = App(home, demo=True, clock=clock, registry=registry)
    whole = app.store.market.freshness("headlines").height
    rows = app.market.bars("SPY")
    app.close()
    assert whole > 0
    assert rows["date"].is_unique().all()


def test_demo_and_live_never_share_a_file(demo_home: Home, clock: Clock, registry: Registry) -> None:
    session = Session(demo_home, clock=clock, registry=registry)
    session.app(True).run("sample.write", {"symbol": "DEMO"})
    assert row(session.app(False).run("sample.write", {"symbol": "LIVE"}))["symbols"] == "LIVE"
    assert session.app(False).store.market.freshness("bars").is_empty()
    session.close()


def test_a_damaged_market_leaves_the_store_commands_alive(home: Home, clock: Clock, registry: Registry,
                                                          expect_warning: Expected) -> None:
    expect_warning("market.duckdb")
    home.market(False).write_bytes(b"this is no database" * 1000)
    app = App(home, clock=clock, registry=registry)
    assert row(app.run("sample.echo", {"text": "alive"}))["text"] == "alive"
    assert False in app.store.check()["ok"].to_list()
    app.close()
