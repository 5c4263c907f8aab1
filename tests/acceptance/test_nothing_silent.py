"""Nothing happens silently: what is destroyed can be had back, what failed is said once, what is old says so."""

from __future__ import annotations

from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton

from tests.shell.conftest import open_window  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.app import App
    from terminal.shell.window import MainWindow


class OneWindow:
    """How commands of the window reach it (`terminal.app.Gui`)."""

    def __init__(self, window: MainWindow) -> None:
        self.window = window

    def call(self, function: Any) -> Any:
        done: Future[Any] = Future()
        self.window.bridge.post(lambda: done.set_result(function()))
        return done.result(20)


@pytest.fixture
def live(live_home: Any, clock: Any) -> Iterator[App]:
    from terminal.app import App

    opened = App(live_home, False, clock)
    opened.run("watchlist.create", {"name": "Tech", "symbols": ["AAA", "BBB"]})
    opened.run("screener.save", {"name": "Mine", "rule": "pe_ttm < 20"})
    yield opened
    opened.close()


@pytest.fixture
def window(open_window: Any, live: App) -> MainWindow:  # noqa: F811
    made: MainWindow = open_window(live)
    live.gui = OneWindow(made)
    made.activateWindow()
    return made


def lists(app: App) -> list[str]:
    return [row["name"] for row in app.run("watchlist.list").rows()]


def settled(qtbot: Any, window: MainWindow) -> None:
    qtbot.waitUntil(lambda: not window.busy, timeout=20_000)


def pressed(widget: Any, text: str) -> QPushButton:
    return next(each for each in widget.findChildren(QPushButton) if each.text() == text and each.isVisible())


def test_a_deleted_list_comes_back_by_the_toast_by_the_messages_and_by_the_key(window: MainWindow, live: App, qtbot: Any) -> None:
    ask = window.app.start

    ask("watchlist.delete", {"name": "Tech"}).result(20)  # from anywhere: here as another process would
    qtbot.waitUntil(lambda: bool(window.messages.toasts), timeout=20_000)
    toast = window.messages.toasts[-1]
    assert toast.message.text == "The watchlist Tech is deleted."
    assert toast.action is not None and toast.action.accessibleName() == "Undo: The watchlist Tech is deleted."
    qtbot.mouseClick(toast.action, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any(each.text.startswith("Taken back") for each in window.messages.all), timeout=20_000)
    assert lists(live) == ["Tech"]

    ask("watchlist.delete", {"name": "Tech"}).result(20)
    qtbot.waitUntil(lambda: window.messages.all[0].text == "The watchlist Tech is deleted.", timeout=20_000)
    for each in window.messages.toasts:
        each.leave()  # its time is over
    window.open_panel("activity")
    panel: Any = None
    qtbot.waitUntil(lambda: "activity" in window.workspace.panels, timeout=20_000)  # type: ignore[union-attr]
    panel = window.workspace.panels["activity"]  # type: ignore[union-attr]
    qtbot.waitUntil(lambda: any(each.text() == "Undo" and each.isEnabled() and each.isVisible()
                                for each in panel.findChildren(QPushButton)), timeout=20_000)
    buttons = [each for each in panel.findChildren(QPushButton) if each.text() == "Undo" and each.isVisible()]
    assert [each.isEnabled() for each in buttons] == [True, False], "what is taken back already is no longer offered"
    qtbot.mouseClick(buttons[0], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.messages.all[0].text.startswith("Taken back"), timeout=20_000)
    assert lists(live) == ["Tech"]

    ask("watchlist.delete", {"name": "Tech"}).result(20)
    qtbot.waitUntil(lambda: window.messages.all[0].text == "The watchlist Tech is deleted.", timeout=20_000)
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.messages.all[0].text.startswith("Taken back"), timeout=20_000)
    assert lists(live) == ["Tech"]
    redo = window.messages.toasts[-1].action
    assert redo is not None and redo.text() == "Redo"
    qtbot.mouseClick(redo, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.messages.all[0].text == "The watchlist Tech is deleted.", timeout=20_000)
    assert lists(live) == []


def test_the_next_change_of_the_same_thing_ends_an_offer_and_its_undo_renews_it(window: MainWindow, live: App,
                                                                                qtbot: Any) -> None:
    undo = window.shown.undo  # type: ignore[union-attr]
    live.start("watchlist.remove", {"name": "Tech", "symbols": ["AAA"]}).result(20)
    qtbot.waitUntil(lambda: undo.latest is not None, timeout=20_000)
    first = undo.latest
    live.start("watchlist.note", {"name": "Tech", "symbol": "BBB", "text": "hm"}).result(20)
    qtbot.waitUntil(lambda: first.state == "lapsed", timeout=20_000)
    live.start("screener.delete", {"name": "Mine"}).result(20)
    qtbot.waitUntil(lambda: undo.latest.undo.thing == "screen:Mine", timeout=20_000)
    live.start("screener.restore", {"name": "Mine"}).result(20)  # its own button in the panel
    qtbot.waitUntil(lambda: undo.latest.undo.command == "watchlist.note", timeout=20_000)
    assert undo.take_back()
    qtbot.waitUntil(lambda: first.state == "open", timeout=20_000)
    assert undo.take_back()
    qtbot.waitUntil(lambda: first.state == "done", timeout=20_000)
    assert [row["symbol"] for row in live.run("watchlist.show", {"name": "Tech"}).rows()] == ["AAA", "BBB"]
    assert not undo.take_back()
    assert window.messages.all[0].text == "There is nothing to undo."


@pytest.mark.slow
def test_undo_inside_a_text_is_the_texts_own(window: MainWindow, live: App, qtbot: Any) -> None:
    live.start("watchlist.delete", {"name": "Tech"}).result(20)
    qtbot.waitUntil(lambda: bool(window.messages.all), timeout=20_000)
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    qtbot.keyClicks(field, "abc")
    qtbot.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, window)
    assert field.text() == ""
    assert lists(live) == []


@pytest.mark.slow
def test_a_layout_that_was_reset_stands_as_before(window: MainWindow, qtbot: Any) -> None:
    workspace: Any = window.workspace
    closed = next(panel for panel, shown in workspace.describe().items() if shown)
    workspace.docks.close(closed)
    before = workspace.describe()
    window.run_command("window.layout", {"what": "reset"})
    qtbot.waitUntil(lambda: any(each.action == "Undo" for each in window.messages.all), timeout=20_000)
    assert workspace.describe() != before
    window.run_command("window.undo", {})
    qtbot.waitUntil(lambda: any(each.text.startswith("Taken back") for each in window.messages.all), timeout=20_000)
    qtbot.waitUntil(lambda: workspace.describe() == before, timeout=20_000)


def test_without_a_network_it_is_said_once_and_what_is_stored_is_marked(window: MainWindow, live: App, qtbot: Any,
                                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    from terminal.domain.fetch import Fetch
    from terminal.domain.sourced import Source
    from terminal.errors import Unavailable
    from terminal.ui.badge import SourceBadge

    network: Any = window.shown.network  # type: ignore[union-attr]
    answers = [False]
    monkeypatch.setattr("terminal.shell.network.reachable", lambda *_: answers[-1])
    badge = SourceBadge()
    badge.setParent(window)
    now = live.clock()
    badge.show_sources([Source("yahoo", "bars", now, now)], now)
    assert badge.text.startswith("yahoo")
    live.store.market.log(Fetch("yahoo", "bars", "bars", "AAA", now, now, "error", None, error="no connection"))
    for symbol in ("AAA", "BBB", "CCC"):
        network.trouble(Unavailable(f"Yahoo did not answer about {symbol}."))
    qtbot.waitUntil(lambda: network.away, timeout=20_000)
    settled(qtbot, window)
    assert [toast.message.text for toast in window.messages.toasts] == [
        "Offline since 17:00 ET. What is stored is shown and marked as stale."]
    assert window.statusbar.network.accessibleName() == "Offline since 17:00 ET"
    assert badge.text.startswith("Stale · yahoo")
    assert sum("did not answer" in each.text for each in window.messages.all) == 3, "kept in the list all the same"

    answers.append(True)
    again = window.messages.toasts[-1].action
    assert again is not None
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not network.away, timeout=20_000)
    assert window.messages.all[0].text == "The network is back."
    assert window.statusbar.network.text() == "" and badge.text.startswith("yahoo")
    network.trouble(Unavailable("Finnhub did not answer."))
    qtbot.waitUntil(lambda: window.messages.all[0].text == "Finnhub did not answer.", timeout=20_000)
    assert window.messages.all[0].level == "error", "one service alone is told as before"


@pytest.mark.slow
def test_the_same_message_again_is_counted_and_read_ones_are_not_new(window: MainWindow, qtbot: Any) -> None:
    for _ in range(3):
        window.notify("The service does not answer.", "error")
    assert (window.messages.all[0].times, window.messages.all[0].text) == (3, "The service does not answer.")
    assert len(window.messages.toasts) == 1
    assert "3 new" in window.topbar.bell.accessibleName()
    window.open_panel("activity")
    qtbot.waitUntil(lambda: window.messages.unread == 0, timeout=20_000)
    panel: Any = window.workspace.panels["activity"]  # type: ignore[union-attr]
    qtbot.mouseClick(pressed(panel, "Clear all"), Qt.MouseButton.LeftButton)
    assert not window.messages.all
