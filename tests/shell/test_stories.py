"""What a user met in the real window, kept so that it stays that way: an empty market, files, forms, keys, two markets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit

from terminal.app import Session
from terminal.domain.sourced import Column, Table
from terminal.errors import UserError
from terminal.shell import files, runner
from terminal.shell.crash import CrashCard, CrashHook
from terminal.shell.key_sheet import KeySheet
from terminal.shell.question import Question

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.paths import Home
    from terminal.shell.window import MainWindow


def job(state: str, command: str = "market.refresh", **more: Any) -> dict[str, Any]:
    return {"id": 7, "command": command, "title": "Refresh market data", "long": True, "fraction": 0.2, "note": "quotes",
            "state": state, "demo": False, **more}


# ---- a market that holds nothing ----

def test_an_empty_market_says_what_can_be_done_and_is_quiet_while_it_is(window: MainWindow, qtbot: Any) -> None:
    assert window.empty_notice.isVisible()
    window.app.events.publish("job.changed", job("running"))
    qtbot.waitUntil(lambda: not window.empty_notice.isVisible(), timeout=3000)
    window.app.events.publish("job.changed", job("failed"))
    qtbot.waitUntil(window.empty_notice.isVisible, timeout=3000)


def test_filling_starts_with_the_index_funds_and_the_short_list(window: MainWindow, qtbot: Any,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, Any]] = []
    monkeypatch.setattr(window, "run_command", lambda command, arguments: asked.append((command, arguments)))
    window.fill_market()
    qtbot.waitUntil(lambda: bool(asked), timeout=20_000)
    command, symbols = asked[0][0], asked[0][1]["universe"].split(",")
    assert command == "market.refresh" and symbols[:3] == ["SPY", "QQQ", "IWM"]
    assert len(symbols) == len(set(symbols)) > 480 and symbols.index("IBM") < 33 < symbols.index("XEL")


def test_a_demo_market_is_never_called_empty(open_window: Any, app: Any) -> None:
    assert not open_window(app).empty_notice.isVisible()


def test_a_refresh_with_problems_is_one_message(window: MainWindow) -> None:
    import polars as pl

    table = Table("Refresh of Dow 30", (Column("dataset", "Data"),), pl.DataFrame({"dataset": ["bars", "quotes"]}),
                  unknown=("Yahoo Finance could not be reached.", "Something else."))
    runner.show(window, type("C", (), {"id": "market.refresh", "panel": ""})(), table)  # type: ignore[arg-type]
    assert [message.text for message in window.messages.all] == [
        "Refresh of Dow 30: with gaps. Yahoo Finance could not be reached.", "Something else."]
    assert len(window.messages._toasts) == 1


# ---- jobs ----

def test_a_job_of_the_market_left_behind_is_not_shown(window: MainWindow, qtbot: Any) -> None:
    window.app.events.publish("job.changed", job("running", demo=True))
    window.app.events.publish("job.changed", job("running", id=8))
    qtbot.waitUntil(lambda: window.statusbar.jobs == 1, timeout=3000)
    window.detach()
    assert window.statusbar.jobs == 0


def test_the_bar_shows_the_job_that_has_run_longest(window: MainWindow) -> None:
    window.statusbar.show_job(job("running", id=1))
    window.statusbar.show_job(job("running", id=2, title="Run a screen"))
    cancelled: list[Any] = []
    window.statusbar.cancel.connect(cancelled.append)
    window.statusbar._paint_job()
    assert window.statusbar.job_text.text().startswith("Refresh market data")
    window.statusbar.stop.click()
    assert cancelled == [1]


# ---- forms and files ----

def test_a_form_keeps_what_was_entered_until_it_worked(window: MainWindow, qtbot: Any) -> None:
    command = window.app.registry.command("sample.echo")
    told: list[dict[str, Any]] = []

    def answer(arguments: dict[str, Any], done: Callable[[], None], failed: Callable[[Any], bool]) -> None:
        told.append(arguments)
        done() if len(told) > 1 else failed(UserError("There is no such word.", "Say another."))

    form = Question(window, command, answer)
    form.show()
    field = form.fields[0].control
    assert isinstance(field, QLineEdit)
    field.setText("nothing")
    form.accept()
    assert form.isVisible() and field.text() == "nothing"
    assert any(label.text() == "There is no such word. Say another." for label in form.findChildren(QLabel))
    field.setText("something")
    form.accept()
    assert not form.isVisible() and told[1] == {"words": ("something",)}


def test_the_folder_last_used_is_offered_again(window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[str] = []

    def chosen(_parent: Any, _title: str, start: str, _kinds: str) -> tuple[str, str]:
        starts.append(start)
        return str(tmp_path / "mine.pdf"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", chosen)
    assert files.ask_to_save(window, "Export", "AAPL.pdf", ["PDF (*.pdf)"]) == str(tmp_path / "mine.pdf")
    files.ask_to_save(window, "Export", "AAPL.pdf", ["PDF (*.pdf)"])
    assert Path(starts[0]).parent != tmp_path and starts[1] == str(tmp_path / "AAPL.pdf")


# ---- keys ----

@pytest.mark.parametrize("key", [Qt.Key.Key_F1, Qt.Key.Key_Question])
def test_a_key_lists_the_keys(window: MainWindow, qtbot: Any, key: Qt.Key) -> None:
    qtbot.keyClick(window, key)
    page = window.findChild(KeySheet)
    assert page is not None and page.isVisible()
    words = {item.text(column) for item in page.tree.findItems("*", Qt.MatchFlag.MatchWildcard | Qt.MatchFlag.MatchRecursive)
             for column in (0, 1)}
    assert {"Ctrl+K", "F6", "Alt+1", "Filters", "In a table", "DES"} <= words
    page.accept()


def test_f6_goes_round_the_panels(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    docks = window.workspace.docks
    window.activateWindow()
    seen = []
    for _ in range(3):
        qtbot.keyClick(window, Qt.Key.Key_F6)
        seen.append(docks.owner_of(window.focusWidget()))
    assert seen[0] is not None and set(seen) <= {"side", "list", "sheet"}


# ---- what must not take the window with it ----

def test_a_panel_that_fails_while_painting_becomes_a_card(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch,
                                                          expect_warning: Any) -> None:
    expect_warning("unexpected error")
    expect_warning("panel list failed")
    assert window.workspace is not None
    hook = CrashHook(lambda problem, widget: window.bridge.post(lambda: window.bug(problem, widget)))
    panel = window.workspace.panels["list"]

    def paint(self: Any, event: Any) -> None:
        raise ValueError("planted in paint")

    try:
        with qtbot.capture_exceptions():
            monkeypatch.setattr(type(panel), "paintEvent", paint, raising=False)
            panel.repaint()
            hook._main(ValueError, *_raised(panel))
            qtbot.waitUntil(lambda: isinstance(window.workspace.docks.slot("list").widget, CrashCard), timeout=3000)
    finally:
        hook.remove()
    assert "sheet" in window.workspace.panels


def _raised(panel: Any) -> tuple[BaseException, Any]:
    try:
        panel.paintEvent(None)
    except ValueError as problem:
        return problem, problem.__traceback__
    raise AssertionError("it did not fail")


# ---- two markets ----

def test_the_market_left_behind_is_closed_when_it_is_idle(home: Home, clock: Any) -> None:
    session = Session(home, serve=False, clock=clock)
    try:
        live = session.app(False)
        assert session.let_go(True)  # never opened
        live._workers._pending += 1
        assert not session.let_go(False) and session.app(False) is live
        live._workers._pending -= 1
        assert session.let_go(False)
        again = session.app(False)
        assert again is not live and again.market.symbols() == ()
    finally:
        session.close()
