"""Shortcuts: how keys are written, what clashes, what is kept, and that they do what they say in a window."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from terminal.errors import UserError
from terminal.settings import Settings
from terminal.shell.key_actions import combination
from terminal.shell.key_commands import OWN_PANELS
from terminal.shell.key_sheet import KeySheet
from terminal.shell.keys import SHORTCUTS, Keys, check, resolve, spell, types
from terminal.shell.shot import wait

if TYPE_CHECKING:
    from terminal.paths import Home
    from terminal.shell.window import MainWindow


@pytest.fixture
def keys(home: Home) -> Keys:
    return Keys(Settings(home))


@pytest.mark.parametrize(("typed", "written"), [
    ("ctrl+shift+l", "Ctrl+Shift+L"), ("shift+CTRL+l", "Ctrl+Shift+L"), ("f7", "F7"), ("?", "?"), ("Shift+?", "?"),
    ("ctrl++", "Ctrl++"), ("Ctrl+,", "Ctrl+,"), ("alt+page up", "Alt+PgUp"), ("+", "+"), ("cmd + k", "Meta+K"), ("ä", "Ä")])
def test_keys_are_written_in_one_way(typed: str, written: str) -> None:
    assert spell(typed) == written == spell(written)


@pytest.mark.parametrize(("typed", "said"), [
    ("", "No key was given"), ("Ctrl", "no key besides Ctrl"), ("Ctrl+Foo", "There is no key 'Foo'"),
    ("Hyper+K", "not a key that is held"),
    ("escap", "Did you mean Esc?")])
def test_what_is_no_key_is_told(typed: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        spell(typed)
    assert said in caught.value.sentence()


def test_the_standard_keys_are_well_formed_and_do_not_clash(keys: Keys) -> None:
    for shortcut in SHORTCUTS:
        for each in shortcut.keys:
            assert spell(each) == each
            check(each, shortcut.where)
            assert keys.clash(shortcut.id, each, shortcut.where) is None, shortcut
            assert combination(each).key() != Qt.Key.Key_unknown


def test_only_keys_that_type_are_silent_in_a_field() -> None:
    assert types("?") and types("Shift+A") and types("Space") and types("+")
    assert not types("Ctrl+A") and not types("F6") and not types("Alt+1") and not types("Ctrl++")


def test_keys_in_use_are_named_and_not_taken_unless_asked(keys: Keys) -> None:
    with pytest.raises(UserError, match="already does this: Newbie or Pro"):
        keys.bind("theme", ["Ctrl+M"])
    assert keys.of("theme") == "Ctrl+Shift+L"
    keys.bind("theme", ["Ctrl+M"], take=True)
    assert keys.of("theme") == "Ctrl+M" and keys.of("mode") == ""


def test_a_key_of_the_window_clashes_with_one_inside_a_table_and_tables_not_with_charts(keys: Keys) -> None:
    with pytest.raises(UserError, match="Sort by this column"):
        keys.bind("theme", ["Alt+Up"])
    keys.bind("chart-reset", ["Alt+Up"])
    assert keys.of("chart-reset") == "Alt+Up"


@pytest.mark.parametrize("each", ["Tab", "Return", "Up", "Space"])
def test_keys_that_controls_need_are_refused(keys: Keys, each: str) -> None:
    with pytest.raises(UserError):
        keys.bind("mode", [each])


def test_changes_are_kept_readable_and_can_be_undone(keys: Keys, home: Home) -> None:
    keys.bind("search", ["Ctrl+P", "F3"])
    keys.bind("screener run --preset value", ["Ctrl+1"])
    keys.unbind("quit")
    kept = tomllib.loads(home.settings.read_text())["keys"]
    assert kept == {"search": ["Ctrl+P", "F3"], "screener run --preset value": ["Ctrl+1"], "quit": []}
    again = Keys(Settings(home))
    assert again.of("search") == "Ctrl+P" and again.of("quit") == "" and again.of("screener run --preset value") == "Ctrl+1"
    again.reset("search")
    assert again.of("search") == "Ctrl+K"
    again.reset()
    assert "keys" not in tomllib.loads(home.settings.read_text()) and again.find("screener run --preset value") is None


def test_standard_keys_that_another_has_by_now_are_told(keys: Keys) -> None:
    keys.bind("search", ["Ctrl+P"])
    keys.bind("theme", ["Ctrl+K"])
    with pytest.raises(UserError, match="Ctrl\\+K does this now: Dark or light"):
        keys.reset("search")


def test_what_a_hand_wrote_wrong_is_passed_over(home: Home) -> None:
    home.settings.write_text('[keys]\nsearch = "Ctrl+P"\nmode = 7\ntheme = ["Ctrl+Nonsense"]\n')
    keys = Keys(Settings(home))
    assert (keys.of("search"), keys.of("mode"), keys.of("theme")) == ("Ctrl+P", "Ctrl+M", "Ctrl+Shift+L")


def test_a_panel_is_named_by_id_title_or_code() -> None:
    panels = [("chart", "Chart", ("GP",)), ("tearsheet", "Tearsheet", ("DES", "TS"))]
    assert [resolve(word, panels, str) for word in ("gp", "Chart", "ts", "mode", "market.refresh")] == [
        "window open chart", "window open chart", "window open tearsheet", "mode", "market.refresh"]
    with pytest.raises(UserError, match="no shortcut 'thme'"):
        resolve("thme", panels, str)


def test_the_commands_know_the_window_s_own_panels() -> None:
    from terminal.shell.workspace import SHELL_PANELS

    assert tuple((panel.id, panel.title, panel.codes) for panel in SHELL_PANELS) == OWN_PANELS


# ---- in a window ----

def bind(window: MainWindow, qtbot: Any, shortcut: str, *keys: str) -> None:
    window.app.run("window.bind", {"shortcut": shortcut, "keys": keys})
    qtbot.waitUntil(lambda: set(keys) <= {action.shortcut().toString() for action in window.actions()}, timeout=3000)


def test_new_keys_hold_at_once_and_the_old_ones_no_longer(window: MainWindow, qtbot: Any) -> None:
    bind(window, qtbot, "mode", "Ctrl+J")
    qtbot.keyClick(window, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.mode == "newbie"
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert window.mode == "pro" and "Ctrl+J" in window.topbar.segment.toolTip()
    window.open_palette("newbie")
    entry = next(line for line in window.palette_.rows.lines if getattr(line, "key", "") == "command:window.mode")
    assert getattr(entry, "keys", "") == "Ctrl+J"
    window.palette_.close_palette()


def test_a_command_gets_keys(window: MainWindow, qtbot: Any) -> None:
    bind(window, qtbot, "sample echo ZZZ", "Ctrl+9")
    qtbot.keyClick(window, Qt.Key.Key_9, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(window.palette_.history.result("sample.echo")), timeout=3000)
    assert window.palette_.history.result("sample.echo") == "Echo (1 row)"
    wait(window, 5)
    with pytest.raises(UserError, match="has no command 'ecko'"):
        window.app.run("window.bind", {"shortcut": "sample ecko", "keys": ["Ctrl+8"]})


def test_a_key_that_types_goes_to_the_field(window: MainWindow, qtbot: Any) -> None:
    bind(window, qtbot, "mode", "G", "Ctrl+M")
    field = QLineEdit(window.body)
    field.show()
    field.setFocus()
    qtbot.keyClicks(field, "g?")
    assert field.text() == "g?" and window.mode == "newbie" and window.findChild(KeySheet) is None
    qtbot.keyClick(field, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert window.mode == "pro"
    field.hide()
    window.topbar.gear.setFocus()
    qtbot.keyClick(window.topbar.gear, Qt.Key.Key_G)
    assert window.mode == "newbie"
    field.deleteLater()


def test_keys_inside_a_table_can_be_changed(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    window.run_command("sample.echo", {})
    qtbot.waitUntil(lambda: "results" in window.workspace.panels, timeout=3000)
    wait(window, 5)
    table = window.workspace.panels["results"]._table
    opened: list[str] = []
    table.activated.connect(opened.append)
    table.setFocus()
    table.setCurrentIndex(table.model().index(0, 0))
    window.app.run("window.bind", {"shortcut": "table-open", "keys": ["O"]})
    qtbot.waitUntil(lambda: bool(window.key_actions._moved), timeout=3000)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert opened == []
    qtbot.keyClick(table, Qt.Key.Key_O)
    assert opened == ["AAA"]


def test_the_sheet_changes_keys_by_keyboard_alone(window: MainWindow, qtbot: Any) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_F1)
    sheet = window.findChild(KeySheet)
    assert sheet is not None and sheet.focusWidget() is sheet.search
    qtbot.keyClicks(sheet.search, "dark or")
    assert sheet.chosen_id() == "theme"
    qtbot.keyClick(sheet.search, Qt.Key.Key_Return)
    qtbot.keyClick(sheet.tree, Qt.Key.Key_Return)
    assert sheet.focusWidget() is sheet.field
    qtbot.keyClick(sheet.field, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    assert "Ctrl+M already does this: Newbie or Pro" in sheet.say.text() and not sheet.set.isEnabled() and sheet.take.isVisible()
    sheet.field.setFocus()
    qtbot.keyClick(sheet.field, Qt.Key.Key_F9)
    assert sheet.field.text() == "F9" and sheet.focusWidget() is sheet.set and sheet.take.isHidden()
    qtbot.keyClick(sheet.set, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: Keys(window.settings).of("theme") == "F9", timeout=3000)
    qtbot.waitUntil(lambda: "Dark or light: F9" in sheet.say.text(), timeout=3000)
    sheet._reset()
    qtbot.waitUntil(lambda: Keys(window.settings).of("theme") == "Ctrl+Shift+L", timeout=3000)
    qtbot.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert sheet.search.text() == "" and sheet.isVisible()
    qtbot.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert not sheet.isVisible()


def test_the_sheet_lists_only_codes_that_exist(window: MainWindow) -> None:
    sheet = KeySheet(window)
    codes = {line[2] for line in sheet._groups()["Function codes"]}
    assert {"FLT", "LST", "DES", "SEC", "OUT", "MSG", "PREF"} == codes
    sheet.search.setText("nothing is called so")
    sheet.fill()
    assert sheet.tree.topLevelItemCount() == 1 and "No key is called that" in sheet.tree.topLevelItem(0).text(0)
    sheet.deleteLater()
