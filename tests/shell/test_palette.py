"""Ctrl+K by keyboard alone, and how it ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QLineEdit, QWidget

from terminal.shell.matching import SymbolIndex, score
from terminal.shell.palette_sources import Known
from terminal.shell.question import Question
from terminal.shell.shot import wait

if TYPE_CHECKING:
    from terminal.shell.window import MainWindow


def press(qtbot: Any, window: MainWindow, key: Qt.Key) -> None:
    qtbot.keyClick(window.palette_.edit, key)


def test_open_type_run_close_by_keyboard(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.palette_.isVisible()
    qtbot.keyClicks(window.palette_.edit, "second")
    assert window.palette_.describe()[0]["title"] == "Open Second sheet"
    press(qtbot, window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.palette_.isVisible(), timeout=3000)
    wait(window, 5)
    assert window.workspace.docks.current("hidden")


def test_escape_closes_and_arrows_go_round(window: MainWindow, qtbot: Any) -> None:
    window.open_palette()
    places = window.palette_.rows.places()
    press(qtbot, window, Qt.Key.Key_Up)
    assert window.palette_.list.currentIndex().row() == places[-1]
    press(qtbot, window, Qt.Key.Key_Down)
    assert window.palette_.list.currentIndex().row() == places[0]
    press(qtbot, window, Qt.Key.Key_Escape)
    assert not window.palette_.isVisible()


def test_a_function_code_finds_its_panel_first(window: MainWindow) -> None:
    window.open_palette("DES")
    assert window.palette_.describe()[0] == {"title": "Open Sheet", "kind": "DES"}
    window.palette_.close_palette()


def test_what_is_not_there_is_said(window: MainWindow, qtbot: Any) -> None:
    window.open_palette("qqqzzzxxx")
    assert window.palette_.describe() == [{"title": "Nothing is called that", "kind": ""}]
    press(qtbot, window, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not window.palette_.isVisible(), timeout=3000)


def test_symbols_are_found_in_a_worker(window: MainWindow, qtbot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import polars as pl

    assert window.workspace is not None
    found = pl.DataFrame({"symbol": ["NVRA"], "name": ["Nordvera Systems"], "kind": ["stock"], "sector": ["Technology"]})
    monkeypatch.setattr(window.app.market, "search", lambda text, limit=20: found)
    window.open_palette()
    qtbot.keyClicks(window.palette_.edit, "nvra")
    qtbot.waitUntil(lambda: window.palette_.describe()[0]["title"] == "NVRA", timeout=3000)
    press(qtbot, window, Qt.Key.Key_Return)
    assert window.symbol == "NVRA" and window.workspace.panels["sheet"].symbols == ["NVRA"]


def test_a_command_with_parameters_asks_in_a_form(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    window.open_palette("echo some words")
    press(qtbot, window, Qt.Key.Key_Return)
    form = window.findChild(Question)
    assert form is not None
    field = form.fields[0].control
    assert isinstance(field, QLineEdit) and field.accessibleName() == "Words" and field.accessibleDescription() == "What to say."
    field.setText("CCC, DDD")
    form.accept()
    qtbot.waitUntil(lambda: "results" in window.workspace.panels, timeout=3000)
    wait(window, 5)
    shown = window.workspace.panels["results"]
    assert shown._title.text() == "Echo" and shown._count.text() == "2 rows"


def test_a_command_that_refuses_becomes_a_message(window: MainWindow, qtbot: Any) -> None:
    window.ask_command("sample.refuse")
    qtbot.waitUntil(lambda: bool(window.messages.all), timeout=3000)
    assert window.messages.all[0].text == "This cannot be done. Do something else."


def test_a_long_command_shows_a_bar_that_cancels(window: MainWindow, qtbot: Any) -> None:
    window.run_command("sample.wait", {})
    qtbot.waitUntil(lambda: window.statusbar.jobs == 1, timeout=3000)
    qtbot.waitUntil(lambda: "waiting" in window.statusbar.job_text.text(), timeout=3000)
    assert window.statusbar.bar.isVisible() and "Wait for the gate" in window.statusbar.job_text.text()
    qtbot.mouseClick(window.statusbar.stop, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.statusbar.jobs == 0, timeout=3000)


@pytest.mark.parametrize(("typed", "better", "worse"), [
    ("scr", "Open Screener", "Describe a record"), ("open sheet", "Open Sheet", "Open Second sheet"),
    ("theme", "Theme", "The memory"), ("rf", "Refresh fundamentals", "Perform"), ("sheet open", "Open Sheet", "Open List")])
def test_what_is_meant_ranks_first(typed: str, better: str, worse: str) -> None:
    first, second = score(typed, better), score(typed, worse)
    assert first is not None and (second is None or first > second)


def test_letters_that_are_missing_do_not_match() -> None:
    assert score("xyz", "Open Screener") is None
    assert score("nepo", "Open") is None


def test_a_ticker_typed_faster_than_it_is_found_is_opened_all_the_same(window: MainWindow, qtbot: Any) -> None:
    sources = window.palette_.sources
    sources.refresh = lambda: None  # type: ignore[method-assign]  # the worker has not answered yet
    opened: list[str] = []
    window.open_symbol = opened.append  # type: ignore[method-assign]
    window.open_palette()
    qtbot.keyClicks(window.palette_.edit, "echo")  # a command answers to it, too
    press(qtbot, window, Qt.Key.Key_Return)
    assert window.palette_.isVisible() and not opened
    index = SymbolIndex([("ECHO", "Echo Corporation", "Stock")])
    sources._gathered(Known(True, (id(window.app), 0), index))
    assert opened == ["ECHO"] and not window.palette_.isVisible()


def test_the_keyboard_goes_back_to_where_it_was(window: MainWindow, qtbot: Any) -> None:
    window.activateWindow()
    window.topbar.gear.setFocus()
    window.open_palette()
    assert window.focusWidget() is window.palette_.edit
    press(qtbot, window, Qt.Key.Key_Escape)
    assert window.focusWidget() is window.topbar.gear


def test_a_letter_typed_paints_nothing_of_the_panels_beneath(window: MainWindow, qtbot: Any) -> None:
    painted: list[QWidget] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and isinstance(watched, QWidget):
                painted.append(watched)
            return False

    watch, application = Watch(), QCoreApplication.instance()
    palette = window.palette_
    window.open_palette()
    qtbot.waitUntil(lambda: not window.busy, timeout=5000)
    QCoreApplication.processEvents()
    assert application is not None
    application.installEventFilter(watch)
    qtbot.keyClicks(palette.edit, "sec")
    palette.edit.repaint()
    application.removeEventFilter(watch)
    assert palette.edit in painted and palette.ground in painted
    assert all(each is palette.ground or palette.ground.isAncestorOf(each) for each in painted), painted


def test_its_icons_are_drawn_before_it_opens(window: MainWindow, qtbot: Any) -> None:
    from terminal.ui import theme

    found = theme.current()
    assert found is not None
    found.pixmaps.clear()
    window.palette_.prepare()
    assert len(found.pixmaps) == 1, "one a turn"
    qtbot.waitUntil(lambda: not window.palette_._undrawn, timeout=10_000)
    window.palette_.prepare()
    shown = {entry.icon for entry in window.palette_._entries}
    assert {name for name, *_ in found.pixmaps} >= shown
