"""What a panel gets: latest call wins, nothing after its death, bugs stay its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.shell.crash import CrashCard
from terminal.shell.shot import wait

if TYPE_CHECKING:
    from terminal.domain.sourced import Table
    from terminal.errors import TerminalError
    from terminal.shell.window import MainWindow


def host(window: MainWindow, panel: str = "list") -> Any:
    assert window.workspace is not None
    return window.workspace.hosts[panel]


def test_an_answer_comes_on_the_ui_thread(window: MainWindow, qtbot: Any) -> None:
    import threading

    seen: list[tuple[str, threading.Thread]] = []
    host(window).run("sample.echo", {"words": ["A", "B"]}, then=lambda table: seen.append(
        (table.title, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(seen), timeout=3000)
    assert seen == [("Echo", threading.main_thread())]


def test_the_newest_call_with_a_key_wins(window: MainWindow, qtbot: Any) -> None:
    from sample_plugins.sample.commands import GATE

    answers: list[str] = []

    def then(table: Table) -> None:
        answers.append(table.rows()[0]["symbol"])

    for word in ("one", "two", "three"):
        host(window).run("sample.wait", {"word": word}, then=then, key="same")
    qtbot.wait(50)
    GATE.set()
    qtbot.waitUntil(lambda: bool(answers), timeout=3000)
    qtbot.wait(100)
    assert answers == ["three"]


def test_a_cancelled_call_is_told_to_stop_and_answers_nothing(window: MainWindow, qtbot: Any) -> None:
    answers: list[Any] = []
    call = host(window).run("sample.wait", then=answers.append, fail=answers.append)
    qtbot.wait(50)
    call.cancel()
    qtbot.waitUntil(call.future.done, timeout=2000)
    qtbot.wait(50)
    assert answers == []


def test_nothing_is_called_on_a_panel_that_is_gone(window: MainWindow, qtbot: Any) -> None:
    from sample_plugins.sample.commands import GATE

    assert window.workspace is not None
    answers: list[Any] = []
    heard: list[Any] = []
    old = host(window)
    call = old.run("sample.wait", then=answers.append, fail=answers.append)
    old.on("book.changed", heard.append)
    window.workspace.docks.rebuild("list")
    wait(window, 5)
    window.app.events.publish("book.changed", {"table": "looks"})
    GATE.set()
    qtbot.waitUntil(call.future.done, timeout=3000)
    qtbot.wait(250)
    assert answers == [] and heard == [] and not old.alive


def test_an_expected_error_reaches_fail_or_becomes_a_message(window: MainWindow, qtbot: Any) -> None:
    problems: list[TerminalError] = []
    host(window).run("sample.refuse", then=lambda table: None, fail=problems.append)
    qtbot.waitUntil(lambda: bool(problems), timeout=3000)
    assert problems[0].sentence() == "This cannot be done. Do something else."
    host(window).run("sample.refuse", then=lambda table: None)
    qtbot.waitUntil(lambda: bool(window.messages.all), timeout=3000)
    assert window.messages.all[0].text == "This cannot be done. Do something else."
    assert window.messages.all[0].level == "error"


def test_an_unknown_command_is_an_expected_error(window: MainWindow, qtbot: Any) -> None:
    problems: list[TerminalError] = []
    host(window).run("sample.ecko", then=lambda table: None, fail=problems.append)
    qtbot.waitUntil(lambda: bool(problems), timeout=3000)
    assert "Did you mean sample echo?" in problems[0].sentence()


def test_a_bug_in_a_command_replaces_the_panel_that_asked(window: MainWindow, qtbot: Any, expect_warning: Any) -> None:
    expect_warning("sample.wrong failed")
    expect_warning("panel list failed")
    assert window.workspace is not None
    host(window).run("sample.wrong", then=lambda table: None)
    qtbot.waitUntil(lambda: isinstance(window.workspace.docks.slot("list").widget, CrashCard), timeout=3000)
    assert "a planted bug" in window.workspace.docks.slot("list").widget.trace
    assert "sheet" in window.workspace.panels


def test_a_bug_in_the_answers_slot_replaces_the_panel(window: MainWindow, qtbot: Any, expect_warning: Any) -> None:
    expect_warning("panel sheet failed")
    assert window.workspace is not None

    def then(table: Table) -> None:
        raise KeyError("planted in then")

    host(window, "sheet").run("sample.echo", then=then)
    qtbot.waitUntil(lambda: isinstance(window.workspace.docks.slot("sheet").widget, CrashCard), timeout=3000)


def test_bursts_of_a_topic_are_heard_once_and_hidden_panels_wait(window: MainWindow, qtbot: Any) -> None:
    heard: list[Any] = []
    host(window, "sheet").on("market.changed", heard.append)
    for number in range(20):
        window.app.events.publish("market.changed", {"datasets": ["bars"], "number": number})
    qtbot.waitUntil(lambda: bool(heard), timeout=3000)
    qtbot.wait(200)
    assert len(heard) == 1 and heard[0]["number"] == 19
    window.open_panel("hidden")
    wait(window, 5)
    window.app.events.publish("market.changed", {"number": 20})
    qtbot.wait(250)
    assert len(heard) == 1
    window.open_panel("sheet")
    qtbot.waitUntil(lambda: len(heard) == 2, timeout=3000)


def test_small_questions(window: MainWindow) -> None:
    asked = host(window)
    assert asked.mode == "newbie" and asked.panel_id == "list"
    assert asked.has_command("sample.echo") and not asked.has_command("sample.nothing")
    asked.set_setting("mode", "pro")
    assert asked.setting("mode") == "pro"
    asked.open("hidden", "SPY")
    assert asked.symbol() == "SPY" and window.symbol == "SPY"
