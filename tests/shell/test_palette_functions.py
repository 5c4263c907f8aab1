"""Function codes, recent entries, previews, completion and typed commands in the palette, by real keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from terminal.shell.matching import SymbolIndex
from terminal.shell.palette_rows import Entry, Head
from terminal.shell.palette_sources import Known, Screen
from terminal.shell.shot import wait

if TYPE_CHECKING:
    from terminal.shell.window import MainWindow

SYMBOLS = (("NVRA", "Nordvera Systems", "Stock"), ("NVD", "Novade Inc", "Stock"), ("DES", "Desmond Holdings", "Stock"),
           ("APX", "Apex Apple Orchards", "Stock"), ("SPY", "Broad Market Fund", "ETF"))


@pytest.fixture
def open_(window: MainWindow) -> Any:
    """Opens the palette over five symbols and two screens."""
    sources = window.palette_.sources
    sources.refresh = lambda: None  # type: ignore[method-assign]
    screens = (Screen("Mine", "Mine", "pe < 15", own=True, found=7, when="3 Nov 2026"),)
    known = Known(True, (id(window.app), 0), SymbolIndex(SYMBOLS), screens, (("tech", 3),), counted=True)

    def make(text: str = "") -> Any:
        sources.known = known
        window.open_palette(text)
        return window.palette_

    return make


def titles(palette: Any) -> list[str]:
    return [line["title"] for line in palette.describe()]


def press(qtbot: Any, palette: Any, key: Qt.Key) -> None:
    qtbot.keyClick(palette.edit, key)


@pytest.mark.parametrize("typed", ["SEC NVRA", "nvra sec", "sec nvra"])
def test_a_code_and_a_symbol_open_that_panel_with_that_symbol(window: MainWindow, qtbot: Any, open_: Any, typed: str) -> None:
    assert window.workspace is not None
    palette = open_()
    qtbot.keyClicks(palette.edit, typed)
    assert titles(palette)[0].upper() == "SEC NVRA"
    press(qtbot, palette, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace is not None and "hidden" in window.workspace.panels, timeout=3000)
    assert wait(window, 5)
    assert window.symbol == "NVRA" and window.workspace.panels["hidden"].symbols == ["NVRA"]


def test_a_code_comes_before_a_ticker_of_the_same_letters(open_: Any) -> None:
    palette = open_("DES")
    assert titles(palette)[0] == "Open Sheet" and "DES" in titles(palette)


def test_a_begun_symbol_after_a_code_is_offered_with_it(open_: Any) -> None:
    assert set(titles(open_("SEC NV"))[:2]) == {"SEC NVRA", "SEC NVD"}
    assert titles(open_("nvra s"))[0] == "NVRA SEC"


def test_a_symbol_offers_the_panels_that_can_show_it(open_: Any) -> None:
    palette = open_("nvra")
    assert titles(palette)[0] == "NVRA" and {"NVRA DES", "NVRA SEC", "NVRA LST"} <= set(titles(palette))
    heads = [line.title for line in palette.rows.lines if isinstance(line, Head)]
    assert heads[:2] == ["Symbols", "Functions"]


def test_names_are_found_by_their_words(open_: Any) -> None:
    assert titles(open_("apple"))[0] == "APX" and titles(open_("syst nord"))[0] == "NVRA" and titles(open_("nra"))[0] == "NVRA"


def test_what_was_used_comes_first_and_is_kept_in_the_home(window: MainWindow, qtbot: Any, open_: Any, home: Any) -> None:
    from terminal.shell.history import History
    from terminal.shell.state import WindowState

    for typed in ("nvra", "sample echo ONE", "open second"):
        palette = open_()
        qtbot.keyClicks(palette.edit, typed)
        press(qtbot, palette, Qt.Key.Key_Return)
        assert wait(window, 5)
    palette = open_()
    first = [line for line in palette.rows.lines[:4] if isinstance(line, Entry)]
    assert isinstance(palette.rows.lines[0], Head) and palette.rows.lines[0].title == "Recent"
    assert [entry.title for entry in first] == ["Open Second sheet", "Run: sample echo ONE", "NVRA"]
    palette.close_palette()
    window.state.save()
    assert History(WindowState(home.path / "window.json")).recent() == ["panel:hidden", "line:sample echo ONE", "symbol:NVRA"]
    assert "Last: Echo (1 row)" in _preview(window, "sample echo ")


def _preview(window: MainWindow, typed: str) -> str:
    window.open_palette(typed)
    told = window.palette_.side.spoken()
    window.palette_.close_palette()
    return told


def test_a_typed_command_runs_with_its_arguments(window: MainWindow, qtbot: Any, open_: Any) -> None:
    assert window.workspace is not None
    palette = open_()
    qtbot.keyClicks(palette.edit, "sample ech")
    press(qtbot, palette, Qt.Key.Key_Tab)
    assert palette.edit.text() == "sample echo "
    qtbot.keyClicks(palette.edit, "CCC DDD")
    assert titles(palette)[0] == "Run: sample echo CCC DDD"
    press(qtbot, palette, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace is not None and "results" in window.workspace.panels, timeout=3000)
    assert wait(window, 5)
    assert window.workspace.panels["results"]._count.text() == "2 rows"


def test_a_mistake_is_told_before_anything_runs(window: MainWindow, qtbot: Any, open_: Any,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr(window, "run_command", lambda command, arguments: ran.append(command))
    palette = open_("sample echo --loud")
    assert titles(palette)[0].startswith("Column 13: sample echo has no option --loud")
    press(qtbot, palette, Qt.Key.Key_Return)
    assert palette.isVisible() and not ran


def test_what_is_typed_of_a_parameter_is_explained(window: MainWindow, open_: Any) -> None:
    told = _preview(window, "window theme ")
    assert "dark | light | other" in told and "Change the colours of the window" in told


def test_settings_watchlists_and_screens_are_found(window: MainWindow, qtbot: Any, open_: Any) -> None:
    assert window.workspace is not None
    palette = open_("mine")
    assert "Screen: Mine" not in titles(palette)  # this window has no screener
    assert titles(open_("tech"))[0] == "Watchlist: tech"
    palette = open_("reduced")
    assert any(line.group == "Settings" for line in palette.rows.lines if isinstance(line, Entry))
    press(qtbot, palette, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.workspace is not None and "preferences" in window.workspace.panels, timeout=3000)


def test_keys_are_found_as_actions(window: MainWindow, qtbot: Any, open_: Any) -> None:
    palette = open_("float the panel")
    entry = palette.chosen()
    assert entry is not None and entry.group == "Actions" and entry.keys == "Ctrl+Alt+W"


def test_a_preview_that_comes_late_is_not_shown_for_another_line(window: MainWindow, qtbot: Any, open_: Any) -> None:
    from terminal.shell.palette_preview import Preview

    palette = open_("nvra")
    first = palette.chosen()
    press(qtbot, palette, Qt.Key.Key_Down)
    told = palette.side.spoken()
    palette.side._answer(first, Preview("LATE"))
    assert palette.side.spoken() == told
    qtbot.waitUntil(lambda: not window.busy and not palette.side._timer.isActive(), timeout=5000)
