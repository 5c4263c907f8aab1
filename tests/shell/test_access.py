"""Names for screen readers, a visible keyboard, room for large text: over every panel there is, in both modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from terminal.shell.shot import wait
from tests.shell.access import close_all, cut_off, focusable, nameless, over, shows_focus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from terminal.shell.window import MainWindow

WAIT = 60.0
EMPTY = ("results",)  # until a command has answered


@pytest.fixture
def demo_window(open_window: Callable[..., MainWindow], app: Any) -> MainWindow:
    """A window as wide as a small laptop's over the demo market."""
    return open_window(app, (1366, 768))


def panels(window: MainWindow) -> Iterator[tuple[str, Any]]:
    """Each panel, one after the other, open with its data there."""
    assert window.workspace is not None
    for key, spec in window.workspace.specs.items():
        window.open_panel(key, "XERV" if spec.follows_symbol else None)
        assert wait(window, WAIT), f"{key} did not become quiet"
        yield key, window.workspace.panels[key]


def test_the_frame_and_what_opens_over_it_have_names(window: MainWindow) -> None:
    for key in ("keys", "layouts", "day"):
        window.key_actions.slots[key]()
        assert wait(window, 5)
        assert over(window), key
        assert [fault for each in over(window) for fault in nameless(each)] == []
        close_all(window)
    window.open_palette()
    assert wait(window, 5)
    assert nameless(window) == []
    window.palette_.hide()


def test_the_first_page_and_the_question_for_a_command_have_names(window: MainWindow) -> None:
    from terminal.shell.welcome import Welcome

    page = Welcome(window)
    window.show_page(page)
    assert wait(window, 5)
    assert nameless(page) == []
    assert [shows_focus(window, each) for each in focusable(page)].count(True) >= 3
    window.leave_page(page)
    window.ask_command("sample.echo")
    assert wait(window, 5)
    assert nameless(window) == [] and [fault for each in over(window) for fault in nameless(each)] == []
    close_all(window)


def walk_the_tour(window: MainWindow) -> int:
    """How many steps the tour has, each with names, room and a keyboard that is seen."""
    from terminal.shell.tour import Tour

    tour = Tour.start(window)
    seen: set[str] = set()
    while Tour.of(window) is not None and tour.told() not in seen:
        seen.add(tour.told())
        assert wait(window, WAIT)
        assert nameless(tour.card) == [] and tour.card.accessibleName() and cut_off(tour.card) == [], tour.told()
        parts = focusable(tour.card)
        assert parts and all(shows_focus(window, each) is not False for each in parts), tour.told()
        tour.next()
    return len(seen)


def test_the_tour_has_names_at_each_step_and_shows_the_keyboard(window: MainWindow) -> None:
    assert walk_the_tour(window) == 2, "what is not in this window is not shown"


@pytest.mark.slow
@pytest.mark.parametrize("font", [0, 18])
def test_the_whole_tour_has_names_and_room(demo_window: MainWindow, font: int) -> None:
    if font:
        demo_window.set_look(font_size=font)
    assert walk_the_tour(demo_window) > 4


@pytest.mark.slow
@pytest.mark.parametrize("font", [0, 18])
def test_what_imports_files_has_names_and_room(demo_window: MainWindow, tmp_path: Path, font: int) -> None:
    """The broker's file with its preview, and the question about any other file."""
    from plugins.portfolio.bookings.panel_import import ImportForm

    window = demo_window
    if font:
        window.set_look(font_size=font)
    file = tmp_path / "bookings.csv"
    file.write_text("When,What,Ticker,Pieces,Each\n2025-03-03,buy,AKOR,10,150\n2025-03-04,dance,XERV,1,1\n", encoding="utf-8")
    window.open_panel("portfolio")
    assert wait(window, WAIT)
    assert window.workspace is not None
    form = ImportForm(window, window.workspace.hosts["portfolio"], [{"account": "Main"}])
    form.open()
    form.file.setText(str(file))
    form.preview()
    assert wait(window, WAIT)
    window.ask_command("market.import", {"file": str(file)})
    assert wait(window, WAIT)
    opened = [window, *over(window)]
    assert form in opened
    assert [fault for each in opened for fault in nameless(each)] == []
    assert cut_off(form) == []
    assert [name for each in focusable(form) if shows_focus(form, each) is False for name in [each.accessibleName()]] == []
    close_all(window)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["newbie", "pro"])
def test_every_control_of_every_panel_has_a_name(demo_window: MainWindow, mode: str) -> None:
    demo_window.set_mode(mode)
    faults = {key: found for key, _ in panels(demo_window) if (found := nameless(demo_window))}
    assert faults == {}


@pytest.mark.slow
def test_the_keyboard_is_seen_on_every_panel(demo_window: MainWindow) -> None:
    faults, tried = {}, 0
    for key, panel in panels(demo_window):
        demo_window.activateWindow()
        parts = focusable(panel)
        assert parts or key in EMPTY, key
        seen = [(f"{type(each).__name__} {each.accessibleName()!r}", shows_focus(demo_window, each)) for each in parts]
        tried += sum(shown is not None for _, shown in seen)
        unseen = [name for name, shown in seen if shown is False]
        if unseen:
            faults[key] = unseen
    assert faults == {}
    assert tried > 40


@pytest.mark.slow
@pytest.mark.parametrize(("size", "density", "mode"), [(11, "compact", "pro"), (18, "auto", "pro"), (18, "roomy", "newbie")])
def test_nothing_is_cut_off_at_another_size(demo_window: MainWindow, size: int, density: str, mode: str) -> None:
    demo_window.set_mode(mode)
    demo_window.set_look(font_size=size, density=density)
    assert wait(demo_window, WAIT)
    assert (demo_window.width(), demo_window.height()) == (1366, 768)
    faults = {key: found for key, panel in panels(demo_window) if (found := cut_off(panel))}
    for part in (demo_window.topbar, demo_window.statusbar, demo_window.rail):
        if found := cut_off(part):
            faults[type(part).__name__] = found
    assert faults == {}
