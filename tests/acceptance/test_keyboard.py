"""Everything without a mouse: each panel of the demo window is walked through with Tab, F6 and the arrows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QScrollArea,
    QScrollBar,
    QWidget,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = (QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QPlainTextEdit)
MOST = 700
# Parts of the docks that only the mouse presses, and the shortcut that does the same.
BY_SHORTCUT = {"tabCloseButton": "close-panel", "detachGroupButton": "float-panel", "dockAreaAutoHideButton": "close-panel",
               "tabsMenuButton": "next-panel", "dockAreaCloseButton": "close-panel", "dockAreaMinimizeButton": "close-panel"}


@pytest.fixture
def window(app: Any, qapp: Any, qtbot: Any) -> Iterator[Any]:
    """The real window on the demo market, active."""
    from terminal.shell.shot import wait
    from terminal.shell.state import WindowState
    from terminal.shell.window import MainWindow, dress

    dress(app.settings)
    opened = MainWindow(app.settings, WindowState(None))
    opened.resize(1720, 1000)
    opened.show()
    opened.fill()
    opened.attach(app)
    assert wait(opened, 30)
    opened.activateWindow()
    qtbot.waitUntil(opened.isActiveWindow, timeout=5000)
    yield opened
    opened.close()
    opened.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()


def name_of(widget: QWidget) -> str:
    own = widget.accessibleName() or getattr(widget, "text", str)() or widget.objectName()
    return f"{type(widget).__name__} {own!r}"


def interactive(root: QWidget) -> list[QWidget]:
    """The enabled controls that can be seen in `root`."""
    found = [each for each in root.findChildren(QWidget) if each.isVisibleTo(root) and each.isEnabled() and each.width() > 1
             and not isinstance(each, QScrollBar)]
    return [each for each in found if (isinstance(each, KINDS) or getattr(each, "_clickable", False)
                                       or getattr(each, "_removable", False)) and not inner(each)]


def inner(widget: QWidget) -> bool:
    """Whether a control is a part of another one that is reached itself."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, (QComboBox, QAbstractSpinBox, QLineEdit, QAbstractItemView)) or getattr(above, "_removable", False):
            return True
        above = above.parentWidget()
    return False


def tab_through(window: Any, qtbot: Any, start: QWidget) -> list[QWidget]:
    """Press Tab until the keyboard is back where it was; every place it has been to."""
    start.setFocus(Qt.FocusReason.TabFocusReason)
    seen: list[QWidget] = []
    stays = 0
    for _ in range(MOST):
        now = QApplication.focusWidget()
        assert now is not None, f"Tab left the window after {name_of(seen[-1])}"
        if seen and now is seen[-1] and len(seen) > 1:  # a slider with two handles stays for the second one
            stays += 1
            assert stays < 3, f"{name_of(now)} keeps the keyboard"
            qtbot.keyClick(now, Qt.Key.Key_Tab)
            continue
        stays = 0
        if now in seen:
            assert now is seen[0], f"Tab goes round among {[name_of(each) for each in seen[seen.index(now):]]}"
            return seen
        seen.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    raise AssertionError(f"more than {MOST} places")


def reached(widget: QWidget, seen: set[QWidget], keys: set[str]) -> bool:
    """By Tab, by the arrows from a neighbour of its group, or by a shortcut."""
    if widget in seen or any(widget.focusProxy() is each for each in seen):
        return True
    if isinstance(widget, QAbstractButton) and widget.group() is not None and widget.group().exclusive():
        return any(each in seen for each in widget.group().buttons())
    return BY_SHORTCUT.get(widget.objectName(), "") in keys


def changes_its_look(widget: QWidget) -> bool:
    """Whether a control looks different with the keyboard in it."""
    above = widget.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(widget)
        above = above.parentWidget()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    QCoreApplication.processEvents()
    holder = widget.window()
    place = widget.rect().translated(widget.mapTo(holder, widget.rect().topLeft())).adjusted(-3, -3, 3, 3)
    focused = holder.grab(place).toImage()
    widget.clearFocus()
    QCoreApplication.processEvents()
    return bool(focused != holder.grab(place).toImage())


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["newbie", "pro"])
def test_every_control_of_every_panel_is_reached_by_keys(window: Any, qtbot: Any, mode: str) -> None:
    from terminal.shell.keys import Keys
    from terminal.shell.shot import wait

    window.set_mode(mode)
    keys = {shortcut.id for shortcut in Keys(window.settings).all() if shortcut.keys}
    missed: list[str] = []
    blind: list[str] = []
    looked: set[QWidget] = set()
    for panel_id in window.workspace.specs:
        window.open_panel(panel_id, focus=True)
        wait(window, 30)
        slot = window.workspace.docks.slot(panel_id)
        seen = tab_through(window, qtbot, QApplication.focusWidget() or window.topbar.gear)
        found = set(seen)
        missed += [f"{panel_id}: {name_of(each)} ({each.objectName()})" for each in interactive(slot)
                   if not reached(each, found, keys)]
        for each in seen:
            if each not in looked and slot.isAncestorOf(each) and each.isVisible() and not changes_its_look(each):
                blind.append(f"{panel_id}: {name_of(each)}")
            looked.add(each)
    missed += [f"window: {name_of(each)} ({each.objectName()})" for each in interactive(window.centralWidget())
               if window.workspace.docks.owner_of(each) is None and not reached(each, found, keys)]
    assert not missed, "\n".join(missed)
    assert not blind, "\n".join(blind)


def test_f6_and_alt_numbers_bring_the_keyboard_into_each_panel(window: Any, qtbot: Any) -> None:
    docks = window.workspace.docks
    visible = [key for key in window.workspace.specs if docks.current(key)]
    been = set()
    for _ in range(len(visible) + 1):
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_F6)
        been.add(docks.owner_of(QApplication.focusWidget()))
    assert set(visible) <= been
    for place, panel in enumerate(window.workspace.in_rail()[:9], 1):
        qtbot.keyClick(window, Qt.Key(Qt.Key.Key_0.value + place), Qt.KeyboardModifier.AltModifier)
        qtbot.waitUntil(lambda panel=panel: docks.owner_of(QApplication.focusWidget()) == panel.id, timeout=10_000)


@pytest.mark.slow
def test_the_palette_opens_a_tearsheet_and_a_chart_by_code(window: Any, qtbot: Any) -> None:
    from terminal.shell.shot import wait

    palette = window.palette_
    for typed, panel in (("ZENR TS", "tearsheet"), ("DES ARKU", "tearsheet"), ("GP ZENR", "chart")):
        qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        qtbot.keyClicks(palette.edit, typed)
        qtbot.keyClick(palette.edit, Qt.Key.Key_Return)
        symbol = next(word for word in typed.split() if len(word) == 4)
        qtbot.waitUntil(lambda symbol=symbol: window.symbol == symbol, timeout=10_000)
        wait(window, 30)
        assert window.workspace.docks.current(panel)


@pytest.mark.slow
def test_the_palette_previews_a_symbol_and_knows_screens(window: Any, qtbot: Any) -> None:
    palette = window.palette_
    window.open_palette("ZENR")
    qtbot.waitUntil(lambda: all(word in palette.side.spoken() for word in ("Verdict:", "Close of 20 Nov 2026")), timeout=30_000)
    told = palette.side.spoken()
    assert "Price" in told and "Close of 20 Nov 2026" in told and "(simulated)" in told
    qtbot.waitUntil(lambda: palette.sources.known.counted, timeout=30_000)
    window.open_palette("screener run --preset value_tra")
    assert any(line["title"] == "value_trap" for line in palette.describe())
    window.open_palette("roic > 15% and pe_ttm < 20")
    qtbot.waitUntil(lambda: "Screen by a rule" in palette.side.spoken() and "20" in palette.side.spoken(), timeout=10_000)
    assert palette.describe()[0]["title"].startswith("Screen by: roic")
    qtbot.keyClick(palette.edit, Qt.Key.Key_Return)
    screener = window.workspace.panels["screener"]
    qtbot.waitUntil(lambda: screener.filters.filters.rule == "roic > 15% and pe_ttm < 20", timeout=10_000)
    window.open_palette("value trap")
    qtbot.keyClick(palette.edit, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: screener.filters.filters.preset == "value_trap", timeout=10_000)
    assert not screener.filters.filters.rule and not window.workspace.docks.current("results")


def test_drawing_tools_have_the_keys_the_user_gives_them(window: Any, qtbot: Any) -> None:
    from terminal.shell.shot import wait

    window.open_panel("chart", "ZENR", focus=True)
    wait(window, 30)
    panel = window.workspace.panels["chart"]
    board = panel.board
    qtbot.waitUntil(lambda: board.layer is not None and not window.busy, timeout=30_000)
    modes: list[str] = []
    window.key_actions.slots = {**window.key_actions.slots, "mode": lambda: modes.append("mode")}

    def press(key: Qt.Key, held: Qt.KeyboardModifier = Qt.KeyboardModifier.AltModifier) -> str:
        board.choose_tool("")
        board.chart.setFocus()
        qtbot.waitUntil(lambda: board.isAncestorOf(QApplication.focusWidget() or window), timeout=5000)
        qtbot.keyClick(QApplication.focusWidget(), key, held)
        return next((tool for tool, button in board.rail.tools.items() if button.isChecked()), "")

    assert press(Qt.Key.Key_T) == "trend" and "(Alt+T;" in board.rail.tools["trend"].toolTip()
    window.app.run("window.bind", {"shortcut": "draw-trend", "keys": ("Ctrl+Alt+Y",)})
    qtbot.waitUntil(lambda: "(Ctrl+Alt+Y;" in board.rail.tools["trend"].toolTip(), timeout=5000)
    assert press(Qt.Key.Key_T) == ""
    assert press(Qt.Key.Key_Y, Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ControlModifier) == "trend"
    assert press(Qt.Key.Key_R) == "ray", "the others stay as they are"
    window.app.run("window.bind", {"shortcut": "mode", "keys": ("Alt+R",), "take": True})
    qtbot.waitUntil(lambda: "(Alt+R" not in board.rail.tools["ray"].toolTip(), timeout=5000)
    assert press(Qt.Key.Key_R) == "" and modes == ["mode"], "what is taken from a tool works with the keyboard in the chart"
    window.app.run("window.keys_reset", {})
    qtbot.waitUntil(lambda: "(Alt+T;" in board.rail.tools["trend"].toolTip(), timeout=5000)
    assert press(Qt.Key.Key_T) == "trend"


def test_function_codes_are_one_to_a_panel(window: Any) -> None:
    codes = [code for panel in window.workspace.specs.values() for code in panel.codes]
    assert len(codes) == len(set(codes)) and {"DES", "TS", "SCR", "DIP", "ERN", "WL", "HLTH", "MSG", "PREF"} <= set(codes)


@pytest.mark.slow
def test_shortcuts_are_listed_and_changed_without_a_window(tapeline: Any) -> None:
    listed = tapeline("window", "keys", "--find", "search")
    assert listed.returncode == 0 and "Ctrl+K" in listed.stdout
    refused = tapeline("window", "bind", "theme", "Ctrl+K")
    assert refused.returncode == 1 and "Ctrl+K already does this: Search symbols" in refused.stderr
    assert tapeline("window", "bind", "scr", "Ctrl+1").returncode == 0
    assert tapeline("window", "bind", "screener run --preset value_trap", "Ctrl+2").returncode == 0
    shown = tapeline("window", "keys", "--find", "ctrl+")
    assert "window open screener" in shown.stdout and "screener run --preset value_trap" in shown.stdout
    assert tapeline("window", "keys-reset").returncode == 0
    assert "window open screener" not in tapeline("window", "keys").stdout
