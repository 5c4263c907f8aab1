"""The bridge: answers reach only those who still want them, on the UI thread."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import shiboken6
from PySide6.QtWidgets import QWidget

from terminal.errors import Cancelled, TerminalError, UserError
from terminal.events import Events
from terminal.ui.task import Bridge, merge

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as made:
        yield made


@pytest.fixture
def widget(qtbot: Any) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    return made


def test_a_result_arrives_on_the_ui_thread(qtbot: Any, pool: ThreadPoolExecutor, widget: QWidget) -> None:
    got: list[Any] = []
    bridge = Bridge()
    bridge.run(widget, lambda report: pool.submit(threading.get_ident),
               then=lambda value: got.append((value, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(got))
    worker, here = got[0]
    assert worker != here == threading.get_ident()


def test_a_newer_call_with_the_same_key_replaces_the_older(qtbot: Any, widget: QWidget) -> None:
    bridge, got = Bridge(), []
    first: Future[str] = Future()
    second: Future[str] = Future()
    assert first.set_running_or_notify_cancel()  # already under way: cannot be taken back, only ignored
    bridge.run(widget, lambda report: first, then=got.append, key="screen")
    bridge.run(widget, lambda report: second, then=got.append, key="screen")
    second.set_result("new")
    first.set_result("old")
    qtbot.waitUntil(lambda: bool(got))
    qtbot.wait(20)
    assert got == ["new"]


def test_an_answer_for_a_widget_that_is_gone_is_dropped(qtbot: Any) -> None:
    bridge, got = Bridge(), []
    widget = QWidget()
    future: Future[str] = Future()
    bridge.run(widget, lambda report: future, then=got.append)
    shiboken6.delete(widget)
    future.set_result("late")
    qtbot.wait(20)
    assert got == []


def test_errors_go_where_they_belong(qtbot: Any, pool: ThreadPoolExecutor, widget: QWidget) -> None:
    general: list[TerminalError] = []
    bugs: list[BaseException] = []
    own: list[TerminalError] = []
    bridge = Bridge(on_error=lambda who, error: general.append(error), on_bug=bugs.append)

    def fails(error: Exception) -> Any:
        def work() -> None:
            raise error

        return lambda report: pool.submit(work)

    bridge.run(widget, fails(UserError("No such symbol.")), then=print, fail=own.append)
    bridge.run(widget, fails(UserError("Nobody listens.")), then=print)
    bridge.run(widget, fails(Cancelled()), then=print, fail=own.append)
    bridge.run(widget, fails(KeyError("bug")), then=print, fail=own.append)
    bridge.run(widget, lambda report: pool.submit(int), then=lambda value: 1 / value)
    qtbot.waitUntil(lambda: len(own) == 2 and len(general) == 1 and len(bugs) == 2)
    assert sorted(error.message for error in own) == ["No such symbol.", "Something went wrong inside the program."]
    assert general[0].message == "Nobody listens."
    assert {type(bug) for bug in bugs} == {KeyError, ZeroDivisionError}


def test_progress_is_thinned_out_and_a_stop_reaches_the_worker(qtbot: Any, pool: ThreadPoolExecutor, widget: QWidget) -> None:
    bridge, seen, ended, go = Bridge(), [], threading.Event(), threading.Event()

    def start(report: Any) -> Future[None]:
        def work() -> None:
            for step in range(1000):
                report(step / 1000, f"step {step}")
            go.wait(5)
            try:
                report(1.0, "never")
            except Cancelled:
                ended.set()

        return pool.submit(work)

    call = bridge.run(widget, start, then=seen.append, progress=lambda fraction, note: seen.append(note))
    qtbot.waitUntil(lambda: "step 999" in seen)
    assert len(seen) < 50
    call.cancel()
    go.set()
    assert ended.wait(5)
    qtbot.wait(20)
    assert all(isinstance(each, str) for each in seen)


def test_a_burst_of_a_topic_is_told_once(qtbot: Any, widget: QWidget) -> None:
    bridge, events, heard = Bridge(), Events(), []
    widget.show()
    bridge.listen(widget, "market.changed", events.subscribe, heard.append)
    for number in range(50):
        events.publish("market.changed", {"datasets": ("bars",) if number else ("facts",), "symbols": ("A",), "n": number})
    qtbot.waitUntil(lambda: bool(heard))
    qtbot.wait(150)
    assert heard == [{"datasets": ("facts", "bars"), "symbols": ("A",), "n": 49}]


def test_a_topic_with_a_pace_is_told_at_once_then_at_that_pace_and_to_the_end(qtbot: Any, widget: QWidget) -> None:
    bridge, events, heard = Bridge(), Events(), []
    widget.show()
    bridge.listen(widget, "market.changed", events.subscribe, lambda payload: heard.append((time.monotonic(), payload["n"])), 400)
    begun = time.monotonic()
    for number in range(60):
        events.publish("market.changed", {"n": number})
        qtbot.wait(10)
    qtbot.waitUntil(lambda: heard[-1][1] == 59)
    assert heard[0][0] - begun < 0.35
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(heard)]
    assert gaps
    assert min(gaps) > 0.38


def test_a_hidden_panel_hears_when_it_is_shown_and_a_dead_one_never(qtbot: Any) -> None:
    bridge, events, heard = Bridge(), Events(), []
    widget = QWidget()
    bridge.listen(widget, "book.changed", events.subscribe, heard.append)
    events.publish("book.changed", {"table": "watchlists"})
    qtbot.wait(150)
    assert heard == []
    widget.show()
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [{"table": "watchlists"}]
    shiboken6.delete(widget)
    events.publish("book.changed", {"table": "looks"})
    qtbot.wait(150)
    assert len(heard) == 1
    assert events._slots["book.changed"] == []


def test_payloads_are_united() -> None:
    assert merge({"symbols": ["A"], "n": 1}, {"symbols": {"B"}, "n": 2}) == {"symbols": ("A", "B"), "n": 2}


def test_none_is_not_dropped_by_the_event_loop(qtbot: Any, pool: ThreadPoolExecutor, widget: QWidget) -> None:
    """PySide6 6.12 on Python 3.11 loses a reference to None with every call that returns it."""
    bridge = Bridge()
    turns: list[Any] = []
    before = sys.getrefcount(None)
    for _ in range(200):
        bridge.post(lambda: turns.append(1))
        qtbot.wait(1)
        widget.setToolTip("")
        widget.update()
    assert len(turns) == 200
    assert sys.getrefcount(None) > before - 100
