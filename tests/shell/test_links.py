"""Link groups: who looks at the same symbol and the same day; the chips; days in words."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QMenu

from terminal.errors import UserError
from terminal.shell.links import GROUPS, Links, day_from, short, spoken
from terminal.shell.shot import wait
from terminal.ui import theme

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.shell.window import MainWindow

TODAY = date(2026, 11, 20)
PAST = date(2025, 3, 14)


# ---- pure ----


def test_everything_linked_is_in_the_first_group_and_what_is_not_cannot_be() -> None:
    links = Links(["list", "sheet"])
    assert [links.group(each) for each in ("list", "sheet", "health")] == ["A", "A", ""]
    assert links.used() == ["A"] and not links.can_link("health")


def test_a_selection_stays_in_its_group() -> None:
    links = Links(["list", "sheet", "other", "alone"])
    links.join("other", "B")
    links.join("alone", "")
    links.select("list", "AAA")
    links.select("other", "BBB")
    links.select("alone", "CCC")
    assert [links.symbol(each) for each in ("list", "sheet", "other", "alone")] == ["AAA", "AAA", "BBB", "CCC"]


def test_a_fresh_group_takes_over_the_symbol_and_a_used_one_gives_its_own() -> None:
    links = Links(["list", "sheet"])
    links.select("list", "AAA")
    links.join("sheet", "B")
    assert links.symbol("sheet") == "AAA"
    links.select("sheet", "BBB")
    links.join("list", "B")
    assert links.symbol("list") == "BBB"


def test_a_day_belongs_to_a_group_and_a_panel_on_its_own_shows_today() -> None:
    links = Links(["list", "sheet"])
    links.join("sheet", "")
    assert links.travel("A", PAST) and not links.travel("A", PAST)
    assert links.as_of("list") == PAST and links.as_of("sheet") is None
    assert not links.travel("", PAST)
    assert links.travel("A", None) and links.as_of("list") is None


def test_groups_and_symbols_are_kept_but_days_are_not() -> None:
    links = Links(["list", "sheet"])
    links.join("sheet", "C")
    links.select("sheet", "AAA")
    links.travel("C", PAST)
    again = Links(["list", "sheet"])
    again.restore(json.loads(json.dumps(links.state())))
    assert again.group("sheet") == "C" and again.symbol("sheet") == "AAA" and again.as_of("sheet") is None


@pytest.mark.parametrize("state", [
    {}, {"groups": 1, "symbols": []}, {"groups": {"sheet": "Z", "gone": "B"}, "symbols": {"A": None}}])
def test_a_foreign_state_is_ignored(state: dict[str, Any]) -> None:
    links = Links(["sheet"])
    links.restore(state)
    assert links.group("sheet") == "A" and links.symbol("sheet") is None


@pytest.mark.parametrize(("words", "day"), [
    ("2025-03-14", PAST), ("today", None), ("", None), ("2026-11-20", None), ("back", date(2026, 11, 19)), ("forward", None),
    ("1w", date(2026, 11, 13)), ("1y", date(2025, 11, 20)), ("9m", date(2026, 2, 20)), ("-30d", date(2026, 10, 21)),
    ("2025-03-15", date(2025, 3, 15))])
def test_days_in_words(words: str, day: date | None) -> None:
    assert day_from(words, TODAY, None) == day


def test_steps_go_from_session_to_session_and_end_at_today() -> None:
    assert day_from("back", TODAY, date(2025, 3, 17)) == PAST  # over a weekend
    assert day_from("forward", TODAY, PAST) == date(2025, 3, 17)
    assert day_from("forward", TODAY, date(2026, 11, 19)) is None
    assert day_from("1m", date(2026, 3, 31), None) == date(2026, 2, 28)


@pytest.mark.parametrize(("words", "told"), [
    ("2030-01-01", "still to come"), ("soon", "not a day"), ("1850-01-01", "too long ago"), ("999y", "too long ago"),
    ("2025-02-30", "not a day")])
def test_a_day_that_cannot_be_shown_is_said_in_a_sentence(words: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        day_from(words, TODAY, None)


def test_days_are_spoken_in_english() -> None:
    assert spoken(PAST) == "Friday 14 March 2025" and short(PAST) == "14 Mar 2025"


def test_the_groups_can_be_told_apart_in_every_theme() -> None:
    for name in theme.THEMES:
        tokens = theme.load(name)
        assert len({tokens.accent, tokens.link_b, tokens.link_c, tokens.link_d, tokens.past}) == 5


# ---- in the window ----


def test_panels_of_another_group_do_not_follow(window: MainWindow) -> None:
    workspace = window.workspace
    assert workspace is not None
    workspace.hosts["list"].select("AAA")
    workspace.link("sheet", "B")
    workspace.hosts["list"].select("BBB")
    assert workspace.panels["sheet"].symbols == ["AAA"]
    assert workspace.hosts["sheet"].symbol() == "AAA" and workspace.hosts["list"].symbol() == "BBB"
    workspace.link("sheet", "A")
    assert workspace.panels["sheet"].symbols == ["AAA", "BBB"]


def test_opening_a_symbol_in_a_panel_moves_its_own_group_only(window: MainWindow) -> None:
    workspace = window.workspace
    assert workspace is not None
    workspace.link("list", "B")
    window.open_panel("sheet", "AAA")
    wait(window, 5)
    assert workspace.panels["sheet"].symbols == ["AAA"] and workspace.panels["list"].symbols == []
    workspace.link("sheet", "")
    window.open_panel("sheet", "BBB")
    wait(window, 5)
    assert workspace.panels["sheet"].symbols == ["AAA", "BBB"] and window.symbol == "AAA"


def test_the_chip_shows_the_group_of_the_panel_in_front_and_changes_it(window: MainWindow, qtbot: Any) -> None:
    workspace = window.workspace
    assert workspace is not None
    chip = workspace.chips.chip("sheet")
    assert chip is not None and chip.accessibleName() == "Sheet: Link group A"
    assert chip.focusPolicy() & Qt.FocusPolicy.TabFocus
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert [action.text().partition(":")[0].replace("&", "") for action in menu.actions()] == [
        *(f"Group {group}" for group in GROUPS), "None"]
    qtbot.keyClick(menu, Qt.Key.Key_C)
    assert workspace.links.group("sheet") == "C" and chip.accessibleName() == "Sheet: Link group C"
    window.open_panel("hidden")
    wait(window, 5)
    assert chip.accessibleName() == "Second sheet: Link group A"  # the same place, another panel in front
    window.open_panel("preferences")
    wait(window, 5)
    assert workspace.chips.chip("preferences") is None


def test_a_past_day_reaches_every_panel_of_the_group_and_its_commands(window: MainWindow, qtbot: Any) -> None:
    workspace = window.workspace
    assert workspace is not None
    old = workspace.panels["list"]
    workspace.link("side", "B")
    assert window.travel("2025-03-14", "A") == PAST
    wait(window, 5)
    assert workspace.panels["sheet"].days == [PAST]
    assert workspace.panels["list"] is not old  # one that knows of no days is made anew
    answers: dict[str, str] = {}

    def ask(panel: str) -> None:
        workspace.hosts[panel].run("sample.day", then=lambda table: answers.update({panel: table.rows()[0]["symbol"]}))

    for panel in ("sheet", "list", "side"):
        ask(panel)
    qtbot.waitUntil(lambda: len(answers) == 3, timeout=5000)
    assert answers == {"sheet": "2025-03-14", "list": "2025-03-14", "side": "None"}
    window.travel("today", "A")
    wait(window, 5)
    assert workspace.panels["sheet"].days == [PAST, None] and workspace.hosts["list"].as_of is None


def test_an_answer_for_the_other_day_never_arrives(window: MainWindow, qtbot: Any) -> None:
    from sample_plugins.sample.commands import GATE

    assert window.workspace is not None
    answers: list[Any] = []
    host = window.workspace.hosts["sheet"]
    host.run("sample.wait", {"word": "today"}, then=answers.append)
    window.travel("2025-03-14")
    GATE.set()
    host.run("sample.day", then=answers.append)
    qtbot.waitUntil(lambda: bool(answers), timeout=5000)
    wait(window, 5)
    assert [table.title for table in answers] == ["Day"]


def test_a_hidden_panel_travels_when_it_is_seen(window: MainWindow) -> None:
    workspace = window.workspace
    assert workspace is not None
    window.open_panel("hidden")
    wait(window, 5)
    window.travel("2025-03-14")
    assert workspace.panels["sheet"].days == []
    window.open_panel("sheet")
    wait(window, 5)
    assert workspace.panels["sheet"].days == [PAST]


def test_nothing_live_reaches_a_panel_in_the_past(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    host = window.workspace.hosts["sheet"]
    heard: list[str] = []
    host.on("market.changed", lambda _: heard.append("market"))
    host.on("quotes.ticked", lambda _: heard.append("tick"))
    host.on("book.changed", lambda _: heard.append("book"))
    window.travel("2025-03-14")
    for topic in ("market.changed", "quotes.ticked", "book.changed"):
        window.app.events.publish(topic, {})
    qtbot.waitUntil(lambda: "book" in heard, timeout=5000)
    assert heard == ["book"]
    window.travel("today")
    window.app.events.publish("market.changed", {})
    qtbot.waitUntil(lambda: "market" in heard, timeout=5000)


def test_what_is_written_in_the_past_is_said_to_be_of_today_once(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    window.travel("2025-03-14")
    host = window.workspace.hosts["sheet"]
    done: list[Any] = []
    for _ in range(2):
        host.run("sample.write", then=done.append)
    qtbot.waitUntil(lambda: len(done) == 2, timeout=5000)
    told = [message.text for message in window.messages.all if "date of today" in message.text]
    assert told == ["What you write is kept with the date of today, although this panel shows Friday 14 March 2025."]


def test_the_frame_says_which_day_and_leads_back(window: MainWindow, qtbot: Any) -> None:
    workspace = window.workspace
    assert workspace is not None
    window.travel("2025-03-14")
    wait(window, 5)
    slot = workspace.docks.slot("list")
    strip = slot._strip
    assert strip is not None and strip.isVisible()
    assert strip.accessibleName() == "Showing what was known on Friday 14 March 2025."
    pixel = slot.grab().toImage().pixelColor(0, slot.height() // 2).name().upper()
    assert pixel == theme.tokens().past_line.upper()
    assert window.topbar.date.text() == "14 Mar 2025" and window.topbar.date.property("past") is True
    qtbot.mouseClick(strip.button, Qt.MouseButton.LeftButton)
    wait(window, 5)
    assert not strip.isVisible() and window.topbar.date.text() == "Today" and workspace.hosts["list"].as_of is None


def test_the_calendar_travels_by_key_and_by_click(window: MainWindow, qtbot: Any) -> None:
    assert window.workspace is not None
    qtbot.mouseClick(window.topbar.date, Qt.MouseButton.LeftButton)
    popup: Any = QApplication.activePopupWidget()
    assert popup.accessibleName() == "Day to show" and not popup.groups.isVisible()
    qtbot.mouseClick(popup.back, Qt.MouseButton.LeftButton)
    assert window.topbar.date.day == date(2026, 11, 19)
    qtbot.mouseClick(popup.back, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(popup.forward, Qt.MouseButton.LeftButton)
    assert window.topbar.date.day == date(2026, 11, 19) and popup.said.text() == "Thursday 19 November 2026"
    view = popup.month.findChild(QApplication, "") or popup.month.focusProxy() or popup.month
    qtbot.keyClick(view, Qt.Key.Key_Left)
    qtbot.keyClick(view, Qt.Key.Key_Return)
    assert window.topbar.date.day == date(2026, 11, 18)
    assert QApplication.activePopupWidget() is None


def test_the_top_bar_speaks_of_the_group_that_has_the_keyboard(window: MainWindow, qtbot: Any) -> None:
    workspace = window.workspace
    assert workspace is not None
    workspace.link("sheet", "B")
    workspace.docks.focus("sheet")
    workspace.docks.focus("list")
    qtbot.waitUntil(lambda: workspace.active == "A", timeout=3000)
    window.travel("2025-03-14")
    assert window.topbar.date.text() == "A: 14 Mar 2025"
    workspace.docks.focus("sheet")
    qtbot.waitUntil(lambda: window.topbar.date.text() == "B: Today", timeout=3000)
    window.select("AAA", "")
    assert workspace.hosts["sheet"].symbol() == "AAA" and workspace.hosts["list"].symbol() is None


def test_groups_are_put_back_at_the_next_start_and_the_day_is_today(open_window: Callable[..., MainWindow],
                                                                    sample_app: Any) -> None:
    first = open_window(sample_app)
    assert first.workspace is not None
    first.workspace.link("sheet", "B")
    first.workspace.hosts["sheet"].select("AAA")
    first.travel("2025-03-14", "B")
    first.close()
    second = open_window(sample_app)
    assert second.workspace is not None
    assert second.workspace.links.group("sheet") == "B"
    assert second.workspace.panels["sheet"].symbols == ["AAA"]
    assert second.workspace.hosts["sheet"].as_of is None


def test_the_commands_do_what_the_controls_do(window: MainWindow) -> None:
    assert window.workspace is not None

    from terminal.shell.windows import Gui

    app = window.app
    gui = Gui(lambda: window, window.bridge)
    gui.call = lambda function: function()  # type: ignore[method-assign]
    app.gui = gui
    try:
        assert app.run("window.as_of", {"day": "2025-03-14"}).title == "Showing what was known on Friday 14 March 2025"
        assert app.run("window.link", {"panel": "sheet", "group": "none"}).title == "Sheet is on its own now"
        rows = {row["id"]: row for row in app.run("window.panels").rows()}
        assert (rows["list"]["link"], rows["list"]["as_of"]) == ("A", "2025-03-14")
        assert (rows["sheet"]["link"], rows["sheet"]["as_of"]) == ("none", None)
        assert (rows["preferences"]["link"], rows["preferences"]["as_of"]) == (None, None)
        with pytest.raises(UserError, match="cannot be linked"):
            app.run("window.link", {"panel": "preferences", "group": "B"})
        with pytest.raises(UserError, match="still to come"):
            app.run("window.as_of", {"day": "2040-01-01"})
        assert app.run("window.as_of", {"day": "today"}).title == "Showing today"
    finally:
        app.gui = None
