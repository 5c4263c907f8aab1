"""The window: docks from the registry, mode, theme, layout, broken panels, accessibility."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QGuiApplication
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton

from terminal.shell.crash import CrashCard, CrashHook
from terminal.shell.shot import wait
from terminal.shell.state import WindowState
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.shell.window import MainWindow


def test_every_panel_of_the_registry_has_a_dock_and_a_button(window: MainWindow) -> None:
    assert window.workspace is not None
    docks = window.workspace.docks
    assert {"side", "list", "sheet", "hidden", "broken"} <= set(docks.open_ids())
    assert {"results", "activity", "preferences"} & set(docks.open_ids()) == set()
    visible = window.workspace.describe()
    assert visible["side"] and visible["list"] and visible["sheet"] and not visible["hidden"]
    names = [button.accessibleName() for button in window.rail.findChildren(QAbstractButton)]
    assert names == ["Filters (FLT)", "List (LST)", "Sheet (DES)", "Second sheet (SEC)", "Broken"]
    width = {key: docks.slot(key).width() for key in ("side", "list", "sheet")}
    assert abs(width["side"] - 280) <= 4 and abs(width["sheet"] - 420) <= 4 and width["list"] > 900


def test_a_panel_is_built_when_it_is_first_seen(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    assert set(window.workspace.panels) == {"side", "list", "sheet"}
    window.open_panel("hidden")
    qtbot.waitUntil(lambda: "hidden" in window.workspace.panels, timeout=2000)


def test_close_and_reopen_by_the_rail(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    button = next(each for each in window.rail.findChildren(QAbstractButton) if each.accessibleName() == "List (LST)")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "list" not in window.workspace.docks.open_ids() and not button.isChecked()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert "list" in window.workspace.docks.open_ids() and button.isChecked()


def test_a_panel_floats_and_comes_back(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    docks = window.workspace.docks
    docks.float("sheet")
    wait(window, 5)
    assert docks.slot("sheet").window() is not window
    window.reset_layout()
    wait(window, 5)
    assert docks.slot("sheet").window() is window and abs(docks.slot("sheet").width() - 420) <= 4


def test_the_filters_hide_at_the_edge_of_a_narrow_window(open_window: Callable[..., MainWindow], sample_app: Any) -> None:
    window = open_window(sample_app, (1366, 768))
    assert window.workspace is not None
    assert not window.workspace.docks.current("side")
    assert window.workspace.docks.slot("list").width() > 800
    window.resize(1720, 1000)
    wait(window, 5)
    assert window.workspace.docks.current("side")
    assert abs(window.workspace.docks.slot("side").width() - 280) <= 4


def test_mode_switches_at_once_and_is_remembered(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    assert window.mode == "newbie"
    qtbot.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.mode == "pro" and window.topbar.segment.value == "pro"
    assert window.workspace.panels["list"].modes == ["pro"]
    assert window.app.settings.get("mode") == "pro"


def test_theme_and_palette_switch_without_a_restart(window: MainWindow) -> None:
    assert window.workspace is not None
    window.set_look(theme="light", palette="colour-blind")
    assert theme.tokens().name == "light" and theme.tokens().palette == "colour-blind"
    assert window.workspace.panels["list"].themes == 1
    assert window.grab().toImage().pixelColor(600, 500) == QColor(theme.tokens().bg1)
    window.set_look(theme="dark", palette="standard")
    assert window.grab().toImage().pixelColor(600, 500) == QColor(theme.tokens().bg1)


def test_layout_and_panel_states_are_put_back(open_window: Callable[..., MainWindow], sample_app: Any, home: Any) -> None:
    first = open_window(sample_app)
    assert first.workspace is not None
    first.workspace.docks.close("list")
    first.open_panel("hidden")
    wait(first, 5)
    first.workspace.panels["sheet"].state = {"word": "second"}
    first.select("SPY", "list")
    first.close()
    second = open_window(sample_app)
    assert second.workspace is not None
    assert "list" not in second.workspace.docks.open_ids()
    assert second.workspace.docks.current("hidden")
    second.open_panel("sheet")
    wait(second, 5)
    assert second.workspace.panels["sheet"].state == {"word": "second"}
    assert second.symbol == "SPY" and second.workspace.panels["sheet"].symbols == ["SPY"]


@pytest.mark.parametrize("content", ["", "[]", "{", '{"format": 99}',
                                     '{"format": 1, "layout": "bm9uc2Vuc2U=", "known": ["list"]}'])
def test_a_damaged_layout_gives_the_default_one(open_window: Callable[..., MainWindow], sample_app: Any, home: Any, content: str,
                                                expect_warning: Any) -> None:
    expect_warning("the saved window layout cannot be used")
    (home.path / "window.json").write_text(content)
    window = open_window(sample_app)
    assert window.workspace is not None
    assert window.workspace.docks.current("list") and window.workspace.docks.current("side")


def test_a_panel_the_layout_does_not_know_is_opened(open_window: Callable[..., MainWindow], sample_app: Any, home: Any) -> None:
    first = open_window(sample_app)
    first.close()
    path = home.path / "window.json"
    saved = json.loads(path.read_text())
    saved["known"].remove("hidden")
    path.write_text(json.dumps(saved))
    second = open_window(sample_app)
    assert second.workspace is not None and "hidden" in second.workspace.docks.open_ids()


def test_a_panel_that_cannot_be_made_is_a_card_and_the_window_lives(window: MainWindow, qtbot: Any, expect_warning: Any) -> None:
    expect_warning("panel broken could not be opened")
    assert window.workspace is not None
    window.open_panel("broken")
    wait(window, 5)
    card = window.workspace.docks.slot("broken").widget
    assert isinstance(card, CrashCard) and "a planted failure in a constructor" in card.trace
    copy = next(button for button in card.findChildren(QPushButton) if button.text() == "Copy")
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == card.trace
    window.open_panel("hidden")
    wait(window, 5)
    assert "hidden" in window.workspace.panels


def test_a_slot_that_fails_replaces_its_own_panel_only(window: MainWindow, qtbot: Any, expect_warning: Any) -> None:
    expect_warning("planted failure in a slot")
    assert window.workspace is not None
    with qtbot.capture_exceptions():
        hook = CrashHook(lambda problem, widget: window.bridge.post(lambda: window.bug(problem, widget)))
        try:
            window.workspace.panels["list"].button.click()
        finally:
            hook.remove()
        qtbot.waitUntil(lambda: isinstance(window.workspace.docks.slot("list").widget, CrashCard), timeout=2000)
    assert "list" not in window.workspace.panels and "sheet" in window.workspace.panels
    buttons = window.workspace.docks.slot("list").findChildren(QPushButton)
    again = next(button for button in buttons if button.text() == "Open the panel again")
    again.click()
    wait(window, 5)
    assert "list" in window.workspace.panels


def test_a_selection_reaches_linked_panels_and_hidden_ones_later(window: MainWindow) -> None:
    assert window.workspace is not None
    heard: list[dict[str, Any]] = []
    stop = window.app.events.subscribe("symbol.selected", heard.append)
    window.workspace.hosts["list"].select("QQQ")
    stop()
    assert heard == [{"symbol": "QQQ", "panel": "list"}]
    assert window.workspace.panels["sheet"].symbols == ["QQQ"]
    assert window.workspace.panels["list"].symbols == []
    window.open_panel("hidden")
    wait(window, 5)
    assert window.workspace.panels["hidden"].symbols == ["QQQ"]
    window.select("IWM", "")
    assert window.workspace.panels["sheet"].symbols == ["QQQ"]  # hidden behind its neighbour now
    window.open_panel("sheet")
    wait(window, 5)
    assert window.workspace.panels["sheet"].symbols == ["QQQ", "IWM"]


def test_messages_appear_go_and_stay_in_the_list(window: MainWindow, qtbot: Any) -> None:
    window.notify("First", "warn")
    window.notify("Second")
    assert window.topbar.unread == 2 and "2 new" in window.topbar.bell.accessibleName()
    window.open_panel("activity")
    wait(window, 5)
    assert window.topbar.unread == 0
    assert [message.text for message in window.messages.all] == ["Second", "First"]


def test_every_interactive_thing_has_a_name(window: MainWindow) -> None:
    for panel in ("preferences", "activity", "results"):
        window.open_panel(panel)
        wait(window, 5)
    nameless = list(_nameless(QAccessible.queryAccessibleInterface(window), ""))
    assert nameless == []


INTERACTIVE = (QAccessible.Role.PushButton, QAccessible.Role.CheckBox, QAccessible.Role.RadioButton,
               QAccessible.Role.EditableText, QAccessible.Role.ComboBox, QAccessible.Role.Slider, QAccessible.Role.SpinBox,
               QAccessible.Role.ButtonMenu,
               QAccessible.Role.List, QAccessible.Role.Table)


def _nameless(node: Any, path: str) -> Any:
    if node is None or node.state().invisible:
        return
    thing = node.object()
    here = f"{path}/{type(thing).__name__ if thing is not None else node.role()}"
    if node.role() in INTERACTIVE and not node.text(QAccessible.Text.Name) and not _inner(thing):
        yield f"{here} {thing.objectName() if thing is not None else ''}"
    for place in range(node.childCount()):
        yield from _nameless(node.child(place), here)


def _inner(thing: Any) -> bool:
    """Parts of a composed control are named by it."""
    parent = thing.parent() if thing is not None else None
    composed = ("QSpinBox", "QComboBox", "QDateEdit")
    return parent is not None and type(parent).__name__ in composed and bool(parent.accessibleName())


def test_none_keeps_its_references(window: MainWindow, qapp: QApplication) -> None:
    """PySide6 6.12.0 drops one with every call; then the process dies in seconds."""
    import sys

    before = sys.getrefcount(None)
    for _ in range(200):
        qapp.processEvents()
    assert sys.getrefcount(None) >= before - 50


def test_state_survives_what_json_cannot_hold(home: Any, expect_warning: Any) -> None:
    expect_warning("cannot be saved")
    state = WindowState(home.path / "window.json")
    state.set_panel("one", {"a": 1})
    state.set_panel("two", {"bad": object()})
    state.save()
    again = WindowState(home.path / "window.json")
    assert again.panel("one") == {"a": 1} and again.panel("two") == {}
