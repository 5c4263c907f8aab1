"""Named layouts, the layout of each set of screens, what a crash leaves, and panels moved by keys."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt

from terminal.errors import StoreError, UserError
from terminal.shell import keeping
from terminal.shell.arrangement import from_text
from terminal.shell.layouts import Layout, Layouts, from_plain, plain, ready_made, unplain
from terminal.shell.shot import wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.shell.window import MainWindow

ARRANGEMENT = "row 1000 600\n  tabs list*\n  tabs sheet* hidden\n"


# ---- the file ----


def test_a_layout_is_kept_readable_and_comes_back_equal(home: Any) -> None:
    state = {"filters": {"ranges": {"pe": [None, 20.0]}}, "open": True, "gone": None, "columns": ["a", "b"]}
    layout = Layout("Trading day", ARRANGEMENT, {"sheet": "B", "hidden": ""}, {"list": state}, ("side",))
    layouts = Layouts(home.path)
    assert not layouts.save(layout)
    text = (home.path / "layouts.toml").read_text()
    assert ARRANGEMENT in text and '[layouts."Trading day".panels.list.filters.ranges]' in text
    found = layouts.get("trading DAY")
    assert found.arrangement == ARRANGEMENT and found.links == layout.links and found.narrowed == ("side",)
    assert found.panels["list"] == {"filters": {"ranges": {"pe": [None, 20.0]}}, "open": True, "columns": ["a", "b"]}
    again = text
    layouts.save(found)
    assert tomllib.loads((home.path / "layouts.toml").read_text())["layouts"] == tomllib.loads(again)["layouts"]


@pytest.mark.parametrize("value", [1, 1.5, True, "text", "json:[1]", [1, "a"], [None], [[None, 2], ["x", False]],
                                   {"a": {"b": [None]}}, []])
def test_every_state_survives_toml(value: Any) -> None:
    from terminal.settings import to_toml

    assert unplain(tomllib.loads(to_toml({"v": plain(value)}))["v"]) == value


def test_layouts_are_renamed_deleted_and_brought_back(home: Any) -> None:
    layouts = Layouts(home.path)
    layouts.save(Layout("One", ARRANGEMENT))
    layouts.save(Layout("Two", ARRANGEMENT))
    assert layouts.rename("one", " First  one ") == "First one"
    with pytest.raises(UserError, match="already"):
        layouts.rename("Two", "first ONE")
    assert layouts.delete("two") == "Two"
    assert list(layouts.all()) == ["First one"] and layouts.deleted() == ["Two"]
    assert layouts.restore("TWO") == "Two" and list(layouts.all()) == ["First one", "Two"]
    layouts.save(Layout("Two", "tabs list*\n"))
    assert layouts.restore("Two") == "Two" and layouts.get("Two").arrangement == ARRANGEMENT
    with pytest.raises(UserError, match="was deleted"):
        layouts.restore("Three")
    with pytest.raises(UserError, match="no layout called 'Twi'") as problem:
        layouts.get("Twi")
    assert problem.value.hint == "Did you mean 'Two'?"
    with pytest.raises(UserError, match="comes with the program"):
        layouts.delete("Screening")


def test_a_layout_of_ones_own_may_be_called_like_a_ready_made_one(home: Any) -> None:
    layouts = Layouts(home.path)
    layouts.save(Layout("Screening", "tabs list*\n"))
    assert layouts.get("Screening").arrangement == "tabs list*\n" and layouts.names().count("Screening") == 1
    layouts.delete("Screening")
    assert "screener" in layouts.get("Screening").arrangement


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\0b"])
def test_a_name_that_cannot_be_is_refused(home: Any, name: str) -> None:
    from terminal.shell.layouts import name_of

    with pytest.raises(UserError, match="cannot be the name"):
        name_of(name)


def test_a_file_that_cannot_be_read_is_said_and_not_overwritten(home: Any) -> None:
    (home.path / "layouts.toml").write_text("[layouts\n")
    layouts = Layouts(home.path)
    for attempt in (layouts.all, lambda: layouts.save(Layout("One", ARRANGEMENT))):
        with pytest.raises(StoreError, match="cannot be read"):
            attempt()
    assert (home.path / "layouts.toml").read_text() == "[layouts\n"
    with pytest.raises(UserError, match="line 1"):
        from_plain("Broken", {"arrangement": "nonsense"})


def test_the_ready_made_layouts_are_whole() -> None:
    made = ready_made()
    assert {"Screening", "One company", "Events", "Trading day", "Then and now"} == made.keys()
    for layout in made.values():
        assert layout.title and len(from_text(layout.arrangement).panels()) >= 2


# ---- in the window ----


@pytest.fixture
def commands(window: MainWindow) -> Iterator[Callable[..., Any]]:
    """Runs a window command as the shell does."""
    from terminal.shell.windows import Gui

    app = window.app
    gui = Gui(lambda: window, window.bridge)
    gui.call = lambda function: function()  # type: ignore[method-assign]
    app.gui = gui
    yield lambda verb, **arguments: app.run(f"window.{verb}", arguments)
    app.gui = None


def test_places_come_back_exactly(window: MainWindow) -> None:
    assert window.workspace is not None
    docks = window.workspace.docks
    docks.send("hidden", "float")
    docks.send("side", "edge")
    docks.close("broken")
    docks.open("results")
    wait(window, 5)
    docks._docks["hidden"].floatingDockContainer().setGeometry(60, 70, 500, 400)
    before, _ = docks.save()
    assert "floating 60,70 500x400" in before and "left 280 side" in before and "results" in before
    window.reset_layout()
    wait(window, 5)
    assert docks.save()[0] != before
    assert docks.restore(before, ()) == []
    wait(window, 5)
    assert docks.save()[0] == before


def test_a_layout_is_saved_and_used_with_links_and_states(window: MainWindow, commands: Any) -> None:
    assert window.workspace is not None
    workspace = window.workspace
    workspace.link("sheet", "B")
    workspace.panels["list"].state = {"word": "saved"}
    workspace.docks.close("side")
    assert commands("layout", what="save", name="Mine").title == "The layout Mine is saved"
    workspace.link("sheet", "A")
    workspace.panels["list"].state = {"word": "changed"}
    commands("layout", what="reset")
    wait(window, 5)
    assert workspace.docks.current("side")
    assert commands("layout", what="use", name="mine").title == "Layout: Mine"
    wait(window, 5)
    assert not workspace.docks.current("side") and workspace.links.group("sheet") == "B"
    assert workspace.panels["list"].state == {"word": "saved"}
    table = commands("layout")
    assert [(row["name"], row["kind"]) for row in table.rows()][:2] == [("Mine", "own"), ("Screening", "ready-made")]
    assert commands("layout", what="rename", name="Mine", new_name="Yours").title == "The layout is called Yours now"
    assert "restore" in commands("layout", what="delete", name="Yours").notes[0]
    assert commands("layout", what="restore", name="Yours").title == "The layout Yours is back"
    with pytest.raises(UserError, match="Which layout"):
        commands("layout", what="use")
    with pytest.raises(UserError, match="new name is missing"):
        commands("layout", what="rename", name="Yours")


def test_panels_that_are_not_there_are_named_and_left_out(window: MainWindow, commands: Any, home: Any) -> None:
    assert window.workspace is not None
    Layouts(home.path).save(Layout("Other", "row 900 600\n  tabs list* chart\n  tabs options*\n"))
    told = commands("layout", what="use", name="Other")
    wait(window, 5)
    assert told.notes == ("Not there and left out: chart, options.",)
    assert window.workspace.docks.open_ids() == ["list"]
    Layouts(home.path).save(Layout("Nothing", "tabs chart*\n"))
    with pytest.raises(UserError, match="no panel that is there"):
        commands("layout", what="use", name="Nothing")
    assert window.workspace.docks.open_ids() == ["list"]


def test_panels_that_were_never_open_are_opened_by_a_layout_and_at_the_next_start(
        open_window: Callable[..., MainWindow], sample_app: Any) -> None:
    first = open_window(sample_app)
    first.use_layout(Layout("Messages", "row 300 900\n  tabs activity*\n  tabs list* results\n"))
    wait(first, 5)
    assert first.workspace is not None
    assert first.workspace.docks.open_ids() == ["list", "results", "activity"]
    first.close()
    second = open_window(sample_app)
    assert second.workspace is not None
    assert second.workspace.docks.current("activity") and "results" in second.workspace.docks.open_ids()


def test_the_menu_and_the_palette_offer_layouts(window: MainWindow, home: Any, qtbot: Any) -> None:
    from PySide6.QtWidgets import QApplication, QMenu

    from terminal.shell.windows import Gui

    assert window.workspace is not None
    window.app.gui = Gui(lambda: window, window.bridge)
    Layouts(home.path).save(Layout("Only the list", "tabs list*\n"))
    qtbot.mouseClick(window.topbar.layouts, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    offered = {action.text(): action for action in menu.actions() if action.text()}
    assert {"Only the list", "Screening", "&Save this layout…"} <= offered.keys()
    offered["Only the list"].trigger()
    menu.close()
    docks = window.workspace.docks
    qtbot.waitUntil(lambda: docks.open_ids() == ["list"], timeout=5000)
    window.open_palette("layout only")
    assert "Layout: Only the list" in [line["title"] for line in window.palette_.describe()]
    window.palette_.close_palette()
    window.app.gui = None


def test_keys_move_panels_and_tabs(window: MainWindow, qtbot: Any, expect_warning: Any) -> None:
    expect_warning("panel broken could not be opened")
    assert window.workspace is not None
    docks = window.workspace.docks
    docks.focus("sheet")
    qtbot.waitUntil(lambda: docks.last_used == "sheet", timeout=3000)
    docks.next_tab(1)
    qtbot.waitUntil(lambda: docks.current("hidden") and not docks.current("sheet"), timeout=3000)
    docks.next_tab(-1)
    qtbot.waitUntil(lambda: docks.current("sheet"), timeout=3000)
    docks.to_edge("sheet")
    assert docks._docks["sheet"].isAutoHide()
    docks.to_edge("sheet")
    assert not docks._docks["sheet"].isAutoHide() and docks.current("sheet")
    docks.float("sheet")
    assert docks._docks["sheet"].isInFloatingContainer()
    docks.float("sheet")
    assert not docks._docks["sheet"].isInFloatingContainer() and docks.slot("sheet").window() is window
    docks.send("sheet", "left")
    wait(window, 5)
    assert docks.slot("sheet").mapTo(window, docks.slot("sheet").rect().topLeft()).x() < 300


def test_the_keys_of_layouts_links_and_days(window: MainWindow, qtbot: Any) -> None:
    from datetime import date

    from PySide6.QtWidgets import QApplication, QMenu

    assert window.workspace is not None
    window.workspace.docks.focus("sheet")
    held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(window, Qt.Key.Key_Left, held)
    assert window.topbar.date.day == date(2026, 11, 19)
    qtbot.keyClick(window, Qt.Key.Key_Left, held)
    qtbot.keyClick(window, Qt.Key.Key_Right, held)
    assert window.topbar.date.day == date(2026, 11, 19)
    qtbot.keyClick(window, Qt.Key.Key_T, held)
    assert window.topbar.date.day is None
    for key, name in ((Qt.Key.Key_L, "Layouts"), (Qt.Key.Key_G, "Link group")):
        qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu) and menu.accessibleName() == name
        menu.close()
    qtbot.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    popup = QApplication.activePopupWidget()
    assert popup is not None and popup.accessibleName() == "Day to show"
    popup.close()


def test_a_layout_that_is_refused_leaves_every_panel_where_it_is(window: MainWindow, expect_warning: Any) -> None:
    expect_warning("the saved window layout cannot be used")
    assert window.workspace is not None
    docks = window.workspace.docks
    before = docks.save()[0]
    assert docks.restore("nonsense", ()) is None and docks.restore("tabs nowhere*\n", ()) is None
    wait(window, 5)
    assert docks.save()[0] == before
    assert all(window.workspace.panels[panel].isVisible() for panel in ("list", "sheet", "side"))


# ---- screens and crashes ----


def test_each_set_of_screens_has_its_own_layout(open_window: Callable[..., MainWindow], sample_app: Any,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "fingerprint", lambda: "1920x1080")
    laptop = open_window(sample_app)
    assert laptop.workspace is not None
    laptop.workspace.docks.close("side")
    laptop.keeper.keep()
    monkeypatch.setattr(keeping, "fingerprint", lambda: "1920x1080 + 2560x1440@1.5")
    laptop.keeper.keep()  # the screens have changed and it has not been looked yet: nothing may be overwritten
    laptop.keeper.look()
    laptop.workspace.docks.open("side")
    laptop.workspace.docks.close("list")
    wait(laptop, 5)
    laptop.keeper.keep()
    monkeypatch.setattr(keeping, "fingerprint", lambda: "1920x1080")
    laptop.keeper.look()
    wait(laptop, 5)
    assert "side" not in laptop.workspace.docks.open_ids() and "list" in laptop.workspace.docks.open_ids()
    laptop.close()
    monkeypatch.setattr(keeping, "fingerprint", lambda: "1920x1080 + 2560x1440@1.5")
    docked = open_window(sample_app)
    assert docked.workspace is not None
    assert "side" in docked.workspace.docks.open_ids() and "list" not in docked.workspace.docks.open_ids()


def test_screens_are_told_apart_by_number_size_and_scale() -> None:
    class Screen:
        def __init__(self, width: int, height: int, ratio: float) -> None:
            from PySide6.QtCore import QSize

            self.size = lambda: QSize(width, height)
            self.devicePixelRatio = lambda: ratio

    laptop, dock = Screen(1920, 1080, 1), Screen(2560, 1440, 1.5)
    made: Any = keeping.fingerprint
    assert made([laptop]) == "1920x1080"
    assert made([laptop, dock]) == made([dock, laptop]) == "1920x1080 + 2560x1440@1.5"


def test_a_change_is_on_disk_without_closing(open_window: Callable[..., MainWindow], sample_app: Any, home: Any, qtbot: Any,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "EVERY_MS", 50)
    window = open_window(sample_app)
    assert window.workspace is not None
    window.workspace.docks.close("side")
    window.workspace.panels["list"].state = {"word": "before the crash"}

    def kept() -> bool:
        file = home.path / "window.json"
        if not file.exists():
            return False
        saved = json.loads(file.read_text())
        panels = saved.get("panels", {})
        return "(side)" in saved["arrangement"] and panels["live.list"] == {"word": "before the crash"}

    qtbot.waitUntil(kept, timeout=10_000)
    stamp = (home.path / "window.json").stat().st_mtime_ns
    window.keeper.keep()
    assert (home.path / "window.json").stat().st_mtime_ns == stamp  # nothing changed: nothing written


def test_a_layout_kept_by_an_older_version_is_understood(open_window: Callable[..., MainWindow], sample_app: Any,
                                                         home: Any) -> None:
    import base64

    from terminal.shell.arrangement import to_xml

    old = base64.b64encode(to_xml(from_text("row 900 600\n  tabs list*\n  tabs hidden*\n"))).decode()
    known = ["side", "list", "sheet", "hidden", "broken"]
    (home.path / "window.json").write_text(json.dumps({"format": 1, "layout": old, "known": known, "live.symbol": "SPY"}))
    window = open_window(sample_app)
    assert window.workspace is not None
    assert window.workspace.docks.open_ids() == ["list", "hidden"] and window.symbol == "SPY"
