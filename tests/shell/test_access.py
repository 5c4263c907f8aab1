"""Names for screen readers, a visible keyboard, room for large text: over every panel there is, in both modes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from terminal.shell.shot import wait
from tests.shell.access import close_all, cut_off, focusable, nameless, over, shows_focus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.shell.window import MainWindow

WAIT = 20.0
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
