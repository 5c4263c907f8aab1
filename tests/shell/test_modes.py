"""One panel in a mode of its own: command, button, kept with the layout and over a restart; the tour."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from terminal.errors import UserError
from terminal.shell.layouts import from_plain
from terminal.shell.shot import wait
from terminal.shell.tour import Tour, beside

if TYPE_CHECKING:
    from terminal.shell.window import MainWindow


def run(window: MainWindow, app: Any, command: str, **arguments: Any) -> Any:
    """A command of the window, called on its thread."""
    return app.registry.command(command).function(SimpleNamespace(window=window), **arguments)


def test_one_panel_speaks_otherwise(window: MainWindow, sample_app: Any, qtbot: Any) -> None:
    workspace = window.workspace
    ids = [panel for panel in workspace.specs if panel in workspace.hosts]
    mine, other = ids[0], next(panel for panel in workspace.hosts if panel != ids[0])
    before = window.mode
    own = "pro" if before == "newbie" else "newbie"
    run(window, sample_app, "window.panel_mode", panel=mine, to=own)
    assert workspace.hosts[mine].mode == own and workspace.hosts[other].mode == before
    window.set_mode(own)
    window.set_mode(before)
    assert workspace.hosts[mine].mode == own and workspace.hosts[other].mode == before
    chip = workspace.mode_chips.chip(mine)
    assert chip is not None and "for this panel" in chip.accessibleName()
    menu = workspace.mode_chips.menu(mine)
    assert [action.isChecked() for action in menu.actions()].index(True) == (1 if own == "newbie" else 2)
    menu.actions()[0].trigger()
    menu.close()
    assert not workspace.modes and workspace.hosts[mine].mode == before
    assert "as the window has them" in workspace.mode_chips.chip(mine).accessibleName()
    with pytest.raises(UserError, match="no panel"):
        run(window, sample_app, "window.panel_mode", panel="nowhere", to="pro")


def test_the_mode_is_kept_with_the_layout_and_over_a_restart(window: MainWindow, sample_app: Any) -> None:
    workspace = window.workspace
    mine = next(iter(workspace.hosts))
    own = "pro" if window.mode == "newbie" else "newbie"
    workspace.set_panel_mode(mine, own)
    layout = workspace.snapshot("Mine")
    assert layout.modes == {mine: own} and from_plain("Mine", layout.to_plain()).modes == layout.modes
    workspace.set_panel_mode(mine, None)
    plain = workspace.snapshot("Plain")
    assert not plain.modes and "modes" not in plain.to_plain()
    window.use_layout(layout)
    assert workspace.modes == {mine: own} and workspace.hosts[mine].mode == own
    window.detach()
    window.attach(sample_app)
    assert wait(window, 15)
    assert window.workspace.modes == {mine: own} and window.workspace.hosts[mine].mode == own
    window.use_layout(plain)
    assert not window.workspace.modes and window.workspace.hosts[mine].mode == window.mode
    assert not from_plain("Odd", {**plain.to_plain(), "modes": {mine: "shouting"}}).modes


# ---- the tour ----


def test_the_tour_points_at_what_is_there_and_ends_without_a_trace(window: MainWindow, sample_app: Any, qtbot: Any) -> None:
    window.activateWindow()
    window.topbar.search_button.setFocus()
    timers = len(window.findChildren(QTimer))
    assert run(window, sample_app, "window.tour").title.startswith("Tour, step 1 of")
    tour = Tour.of(window)
    assert tour.target() is window.topbar.search_button and tour.ring.isVisible()
    assert tour.ring.geometry().intersects(window.topbar.search_button.geometry())
    assert "Ctrl+K" in tour.card.text.text() and tour.card.accessibleName() == tour.told()
    seen = []
    while Tour.of(window) is not None:
        tour = Tour.of(window)
        seen.append(tour.step.where)
        assert window.centralWidget().rect().contains(tour.card.geometry())
        assert not tour.card.geometry().intersects(tour.ring.geometry()) or tour.step.panel
        QTest.keyClick(tour.card, Qt.Key.Key_Return)
    assert seen == ["search", "mode"]  # the sample plugins have neither screener, tearsheet nor health
    assert len(window.findChildren(QTimer)) == timers
    with pytest.raises(UserError, match="No tour"):
        run(window, sample_app, "window.tour", what="next")


def test_the_tour_by_keyboard(window: MainWindow, sample_app: Any) -> None:
    first = Tour.start(window)
    QTest.keyClick(first.card, Qt.Key.Key_Right)
    assert first.step.where == "mode" and first.card.next.text() == "Done" and first.card.skip.isHidden()
    QTest.keyClick(first.card, Qt.Key.Key_Backspace)
    assert first.step.where == "search" and first.card.back.isHidden()
    again = Tour.start(window)
    assert Tour.of(window) is again and first.card is not again.card
    QTest.keyClick(again.card.skip, Qt.Key.Key_Return)
    assert Tour.of(window) is None
    QTest.keyClick(Tour.start(window).card, Qt.Key.Key_Escape)
    assert Tour.of(window) is None
    for each in (first.card, again.card):
        assert all(button.accessibleName() or button.text() for button in (each.skip, each.back, each.next))
    QApplication.processEvents()


def test_the_tour_follows_the_window_and_survives_its_market(window: MainWindow, sample_app: Any) -> None:
    tour = Tour.start(window)
    tour.next()
    before = tour.ring.geometry()
    window.resize(1100, 700)
    QApplication.processEvents()
    assert tour.ring.geometry() != before and window.centralWidget().rect().contains(tour.card.geometry())
    window.detach()
    tour.place()
    tour.back()
    tour.stop()
    assert Tour.of(window) is None


def test_a_card_never_leaves_the_window() -> None:
    room = QRect(0, 0, 1000, 700)
    places = ((0, 0, 1000, 700), (10, 650, 80, 40), (900, 5, 95, 600), (0, 0, 60, 700), (500, 300, 0, 0))
    for spot in (QRect(*place) for place in places):
        assert room.contains(beside(spot, 340, 150, room)), spot


@pytest.mark.parametrize(("choice", "mode", "comes"),
                         [("live", "newbie", True), ("live", "pro", False), ("later", "newbie", False)])
def test_a_beginner_is_shown_around_once(open_window: Any, sample_app: Any, home: Any, choice: str, mode: str,
                                         comes: bool) -> None:
    Opening = pytest.importorskip("terminal.shell.opening").Opening
    from terminal.shell.welcome import Welcome

    sample_app.settings.set("mode", mode)
    window = open_window(sample_app)
    session: Any = SimpleNamespace(settings=sample_app.settings, default=None)
    windows: Any = SimpleNamespace(first=window, window=window, switch=lambda _demo, then, _seeding: then and then())
    opening = Opening(windows, home, None, session, None)
    opening._fetch_first = lambda: None  # type: ignore[method-assign]
    opening._welcome()
    page = window.findChild(Welcome)
    assert page is not None
    page.chosen.emit(choice)
    assert (Tour.of(window) is not None) == comes
    opening.choose(True)  # the practice market later on: no tour again
    if comes:
        Tour.of(window).stop()
    assert Tour.of(window) is None
