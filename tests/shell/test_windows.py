"""Several windows on one market: own layouts, links and days; what is shared; closing, the end, the next start."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QMenu

from terminal.errors import UserError
from terminal.shell.layouts import Layout, Layouts
from terminal.shell.shot import wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.shell.window import MainWindow
    from terminal.shell.windows import Windows


@pytest.fixture
def run(sample_app: Any, windows: Windows, qtbot: Any) -> Callable[..., Any]:
    """Runs a window command in a worker, as the shell does."""
    def ask(verb: str, **arguments: Any) -> Any:
        running = sample_app.start(f"window.{verb}", arguments)
        qtbot.waitUntil(running.done, timeout=10_000)
        return running.result()

    return ask


def second(windows: Windows) -> MainWindow:
    made = windows.open()
    assert wait(made, 15)
    return made


def panel(window: MainWindow, name: str) -> Any:
    assert window.workspace is not None
    return window.workspace.panels[name]


def settle(qtbot: Any, windows: Windows, *numbers: int) -> None:
    qtbot.waitUntil(lambda: [each.number for each in windows.all] == [*numbers], timeout=10_000)


def test_a_second_window_has_its_own_layout_symbol_and_day(windows: Windows) -> None:
    first = windows.first
    first.open_panel("sheet", "AAA")
    other = second(windows)
    assert first.workspace is not None and other.workspace is not None
    assert other.app is first.app and other.settings is first.settings
    assert (other.number, other.windowTitle()) == (2, "Tapeline, window 2")
    assert other.symbol == "AAA"  # it begins where one was
    other.open_panel("sheet", "BBB")
    other.travel("2025-03-14")
    other.workspace.docks.close("list")
    wait(other, 5)
    assert (first.symbol, other.symbol) == ("AAA", "BBB")
    assert first.workspace.links.as_of("sheet") is None and str(other.workspace.links.as_of("sheet")) == "2025-03-14"
    assert first.workspace.describe()["list"] and not other.workspace.describe()["list"]
    assert [panel(each, "sheet").symbols[-1] for each in (first, other)] == ["AAA", "BBB"]


def test_commands_are_about_the_window_used_last_or_the_one_named(windows: Windows, run: Callable[..., Any]) -> None:
    assert run("new").rows() == [{"window": 2}]
    assert wait(windows.find(2), 15)
    run("open", panel="sheet", symbol="BBB")
    run("open", panel="sheet", symbol="AAA", window=1)
    run("as_of", day="2025-03-14", window=1)
    run("link", panel="sheet", group="B", window=2)
    rows = {row["window"]: row for row in run("list").rows()}
    assert (rows[1]["symbol"], rows[1]["as_of"], rows[1]["active"]) == ("AAA", "2025-03-14", False)
    assert (rows[2]["as_of"], rows[2]["active"]) == (None, True) and "Sheet" in rows[2]["panels"]
    assert {row["id"]: row["link"] for row in run("panels", window=2).rows()}["sheet"] == "B"
    assert {row["id"]: row["link"] for row in run("panels", window=1).rows()}["sheet"] == "A"
    with pytest.raises(UserError, match="There is no window 7"):
        run("open", panel="sheet", window=7)
    windows.first.used.emit()
    assert [row["active"] for row in run("list").rows()] == [True, False]


def test_what_is_asked_in_a_window_is_about_that_window(windows: Windows, qtbot: Any) -> None:
    other = second(windows)
    assert windows.window is other
    windows.first.run_command("window.open", {"panel": "hidden"})
    qtbot.waitUntil(lambda: bool(windows.first.workspace and windows.first.workspace.describe()["hidden"]), timeout=5000)
    assert other.workspace is not None and not other.workspace.describe()["hidden"]


def test_keys_open_close_and_end(windows: Windows, qtbot: Any) -> None:
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(windows.first, Qt.Key.Key_N, both)
    settle(qtbot, windows, 1, 2)
    other = windows.find(2)
    wait(other, 10)
    qtbot.keyClick(other, Qt.Key.Key_W, both)
    settle(qtbot, windows, 1)
    windows.first.activateWindow()  # as a window manager does
    qtbot.waitUntil(windows.first.isActiveWindow, timeout=3000)
    with qtbot.waitSignal(windows.ended, timeout=5000):
        qtbot.keyClick(windows.first, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)


def test_mode_and_theme_are_those_of_every_window(windows: Windows, qtbot: Any) -> None:
    other = second(windows)
    other.set_mode("pro")
    qtbot.waitUntil(lambda: windows.first.topbar.segment.value == "pro", timeout=3000)
    assert panel(windows.first, "list").modes == ["pro"]
    rethemed: list[int] = []
    panel(windows.first, "list").retheme = lambda: rethemed.append(1)
    other.set_look(theme="light")
    qtbot.waitUntil(lambda: rethemed == [1], timeout=3000)
    other.set_look(theme="dark")


def test_the_answers_of_the_others_keep_coming_when_one_is_closed(windows: Windows, qtbot: Any) -> None:
    from sample_plugins.sample.commands import GATE

    other = second(windows)
    told: list[Any] = []
    assert windows.first.workspace is not None and other.workspace is not None
    windows.first.workspace.hosts["list"].run("sample.wait", then=told.append)
    other.workspace.hosts["list"].run("sample.wait", then=lambda _: told.append("closed"))
    other.close()
    GATE.set()
    qtbot.waitUntil(lambda: len(told) == 1, timeout=5000)
    assert told[0].title == "Waited"
    settle(qtbot, windows, 1)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    windows.first.work(lambda: 7, told.append)
    qtbot.waitUntil(lambda: told[-1] == 7, timeout=5000)
    assert windows.window is windows.first


def test_what_was_open_at_the_end_is_open_again(open_windows: Callable[[], Windows], home: Any, qtbot: Any) -> None:
    before = open_windows()
    other, third = second(before), second(before)
    assert other.workspace is not None
    other.workspace.docks.close("list")
    other.open_panel("sheet", "BBB")
    other.setGeometry(50, 60, 930, 640)
    third.close()
    settle(qtbot, before, 1, 2)
    qtbot.waitUntil(lambda: not (home.path / "window-3.json").exists(), timeout=3000)
    before.quit()
    assert (home.path / "window-2.json").exists()
    after = open_windows()
    settle(qtbot, after, 1, 2)
    back = after.find(2)
    assert wait(back, 15) and back.workspace is not None
    assert not back.workspace.describe()["list"] and after.first.workspace is not None
    assert after.first.workspace.describe()["list"]
    assert back.symbol == "BBB" and back.height() == 640


def test_a_window_may_close_itself_while_answers_are_on_their_way(windows: Windows, qtbot: Any) -> None:
    for _ in range(4):
        other = windows.open()  # its first questions are under way
        other.run_command("window.close", {"number": other.number})
        settle(qtbot, windows, 1)
    assert wait(windows.first, 15)


def test_the_first_one_may_be_closed(windows: Windows, home: Any, qtbot: Any) -> None:
    other = second(windows)
    other.open_panel("sheet", "BBB")
    windows.first.close()
    qtbot.waitUntil(lambda: other.number == 1, timeout=3000)
    assert other.windowTitle() == "Tapeline" and not (home.path / "window-2.json").exists()
    other.keeper.keep()
    kept = json.loads((home.path / "window.json").read_text())
    assert kept["live.links"]["symbols"]["A"] == "BBB"


def test_a_closed_window_can_be_had_back(windows: Windows, run: Callable[..., Any], qtbot: Any) -> None:
    other = second(windows)
    assert other.workspace is not None
    other.workspace.docks.close("list")
    told = run("close", number=2)
    assert told.title == "Window 2 is closed" and told.undo.arguments == {"again": True}
    qtbot.waitUntil(lambda: windows.first.shown is not None and windows.first.shown.undo.latest is not None, timeout=3000)
    assert windows.first.shown is not None and windows.first.shown.undo.take_back()
    settle(qtbot, windows, 1, 2)
    back = windows.find(2)
    assert wait(back, 15) and back.workspace is not None and not back.workspace.describe()["list"]
    with pytest.raises(UserError, match="No window was closed"):
        run("new", again=True)


def test_everything_closed_at_once_is_an_end(windows: Windows, home: Any, qtbot: Any) -> None:
    """As a desktop does that logs out."""
    other = second(windows)
    with qtbot.waitSignal(windows.ended, timeout=3000):
        other.close()
        windows.first.close()
    assert (home.path / "window-2.json").exists() and (home.path / "window.json").exists()


def test_a_crash_keeps_every_window(windows: Windows, home: Any) -> None:
    other = second(windows)
    assert (home.path / "window-2.json").exists()  # at once
    assert other.workspace is not None
    other.workspace.docks.close("list")
    other.keeper.keep()
    windows.first.keeper.keep()
    kept = [json.loads((home.path / name).read_text())["arrangement"] for name in ("window.json", "window-2.json")]
    assert kept[0] != kept[1]


def test_undoing_an_arrangement_is_about_its_window(windows: Windows, run: Callable[..., Any], qtbot: Any) -> None:
    other = second(windows)
    assert windows.first.workspace is not None and other.workspace is not None
    windows.first.workspace.docks.close("list")
    told = run("layout", what="reset", window=1)
    assert told.undo.arguments == {"what": "back", "window": 1}
    assert windows.first.workspace.describe()["list"]
    qtbot.waitUntil(lambda: other.shown is not None and other.shown.undo.latest is not None, timeout=3000)
    assert other.shown is not None and other.shown.undo.take_back()  # asked for in the other one
    qtbot.waitUntil(lambda: not windows.first.workspace.describe()["list"], timeout=3000)
    assert other.workspace.describe()["list"]


def test_a_new_one_in_a_layout_and_no_more_than_nine(windows: Windows, run: Callable[..., Any], home: Any,
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="no layout called"):
        run("new", layout="Nothing like it")
    assert len(windows.all) == 1
    Layouts(home.path).save(Layout("Only the list", "tabs list*\n"))
    run("new", layout="only the list")
    other = windows.find(2)
    assert other.workspace is not None and other.workspace.docks.open_ids() == ["list"]
    monkeypatch.setattr("terminal.shell.windows.MOST", 2)
    with pytest.raises(UserError, match="2 windows are open already"):
        run("new")


def test_the_menu_beside_the_layouts_opens_and_closes(windows: Windows, qtbot: Any) -> None:
    for _ in range(2):
        window = windows.window
        qtbot.mouseClick(window.topbar.layouts, Qt.MouseButton.LeftButton)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        found = {action.text().replace("&", "").partition("\t")[0]: action for action in menu.actions()}
        if len(windows.all) == 1:
            assert "Close this window" not in found and "Ctrl+Shift+N" in found["Another window"].text()
            found["Another window"].trigger()
            menu.close()
            settle(qtbot, windows, 1, 2)
            wait(windows.find(2), 15)
        else:
            found["Close this window"].trigger()
            menu.close()
            settle(qtbot, windows, 1)


def test_a_bug_is_told_in_the_window_it_happened_in(windows: Windows, qtbot: Any, expect_warning: Any) -> None:
    from terminal.shell.crash import CrashCard

    expect_warning("panel list failed")
    other = second(windows)
    assert windows.first.workspace is not None and other.workspace is not None
    windows.bug(ValueError("as a test"), windows.first.workspace.panels["list"])
    slot = windows.first.workspace.docks.slot("list")
    qtbot.waitUntil(lambda: slot.findChild(CrashCard) is not None, timeout=3000)
    assert other.workspace.docks.slot("list").findChild(CrashCard) is None
    windows.notify("The market could not be opened.", "error")
    assert windows.first.messages.all[0].text == other.messages.all[0].text == "The market could not be opened."
