"""Pages: made when shown, asked when something changed and they are seen, remembered, reachable with the keyboard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QVBoxLayout, QWidget

from terminal.ui import pages as kit
from terminal.ui.pages import Pages, PageSpec

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Hearing:
    """As much of a host as pages need."""

    mode: str = "pro"
    slots: dict[str, Callable[[Any], None]] = field(default_factory=dict)

    def on(self, topic: str, slot: Callable[[Any], None]) -> None:
        self.slots[topic] = slot


class First(QWidget):
    made = 0

    def __init__(self, host: Hearing, surroundings: Any) -> None:
        super().__init__()
        type(self).made += 1
        self.surroundings, self.asked, self.modes, self.kept = surroundings, 0, [], {"sort": "worth"}
        self.line = QLineEdit()
        QVBoxLayout(self).addWidget(self.line)

    def ask(self) -> None:
        self.asked += 1

    def set_mode(self, mode: str) -> None:
        self.modes.append(mode)

    def save_state(self) -> dict[str, Any]:
        return self.kept

    def restore_state(self, state: dict[str, Any]) -> None:
        self.kept = state


class Second(First):
    made = 0


SPECS = (PageSpec("first", "What you have", "Holdings", f"{__name__}:First"),
         PageSpec("second", "How it went", "Returns", f"{__name__}:Second"))


@pytest.fixture
def host() -> Hearing:
    First.made = Second.made = 0
    return Hearing()


def shown(qtbot: Any, host: Hearing, **named: Any) -> Pages:
    pages = Pages(host, SPECS, "where", book=("portfolio",), **named)  # type: ignore[arg-type]
    qtbot.addWidget(pages)
    pages.resize(700, 300)
    pages.show()
    return pages


def test_a_page_is_made_and_asked_when_it_is_shown_first(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    assert (First.made, Second.made, pages.page.asked, pages.page.surroundings) == (1, 0, 1, "where")
    pages.show_page("second")
    assert (Second.made, pages.page.asked) == (1, 1)
    pages.show_page("first")
    assert (First.made, pages.page.asked) == (1, 1)
    pages.show_page("no such page")
    assert pages.value == "first"


def test_only_the_page_that_is_seen_asks_and_the_other_does_when_shown(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    first = pages.page
    pages.show_page("second")
    second = pages.page
    pages.ask()
    assert (first.asked, second.asked) == (1, 2)
    pages.show_page("first")
    assert first.asked == 2
    pages.hide()
    pages.ask()
    assert first.asked == 2
    pages.show()
    assert first.asked == 3


def test_changes_of_the_book_count_where_they_concern_it(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    host.slots["book.changed"]({"table": "portfolio.versions"})
    assert pages.page.asked == 2
    for table in ("watchlists", "portfolios", "journal.decisions"):
        host.slots["book.changed"]({"table": table})
    assert pages.page.asked == 2


def test_a_market_that_keeps_changing_is_asked_at_a_pace(qtbot: Any, host: Hearing, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = shown(qtbot, host)
    for _ in range(5):
        host.slots["market.changed"]({})
    assert pages.page.asked == 1
    pages._later.timeout.emit()
    assert pages.page.asked == 2
    monkeypatch.setattr(kit, "PACE_MS", 0)
    host.slots["market.changed"]({})
    assert pages.page.asked == 3


def test_modes_rename_the_pages_and_ask_again(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    assert [pages.bar.list.itemText(at) for at in range(2)] == ["Holdings", "Returns"]
    host.mode = "newbie"
    pages.set_mode("newbie")
    assert [pages.bar.list.itemText(at) for at in range(2)] == ["What you have", "How it went"]
    assert pages.bar.segment.value == "first"
    assert (pages.page.modes, pages.page.asked) == (["newbie"], 2)


def test_the_page_and_what_it_keeps_are_remembered(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    pages.show_page("second")
    state = pages.save_state()
    assert state == {"page": "second", "pages": {"first": {"sort": "worth"}, "second": {"sort": "worth"}}}
    again = Pages(host, SPECS, "where")  # type: ignore[arg-type]
    qtbot.addWidget(again)
    again.restore_state({"page": "second", "pages": {"second": {"sort": "day"}, "gone": {}}})
    assert Second.made == 1  # nothing is made before it is shown
    again.show()
    assert (again.value, again.page.kept) == ("second", {"sort": "day"})
    assert again.save_state()["pages"] == {"second": {"sort": "day"}}
    again.restore_state({"page": "gone"})
    assert again.value == "second"


def test_the_keyboard_turns_pages(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    with qtbot.waitActive(pages):
        pages.activateWindow()
    pages.page.line.setFocus()
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_PageDown, Qt.KeyboardModifier.AltModifier)
    assert pages.value == "second"
    QTest.keyClick(pages, Qt.Key.Key_PageUp, Qt.KeyboardModifier.AltModifier)
    assert pages.value == "first"
    QTest.keyClick(pages, Qt.Key.Key_PageUp, Qt.KeyboardModifier.AltModifier)
    assert pages.value == "second"
    told: list[str] = []
    pages.chosen.connect(told.append)
    QTest.keyClick(pages.bar.segment, Qt.Key.Key_Left)
    assert (pages.value, told) == ("first", ["first"])


def test_names_without_room_become_a_list(qtbot: Any, host: Hearing) -> None:
    pages = shown(qtbot, host)
    assert pages.bar.segment.isVisible()
    assert not pages.bar.list.isVisible()
    pages.resize(130, 300)
    assert pages.bar.list.isVisible()
    assert not pages.bar.segment.isVisible()
    pages.bar.list.setCurrentIndex(1)
    pages.bar.list.activated.emit(1)
    assert pages.value == "second"
    pages.resize(700, 300)
    assert pages.bar.segment.isVisible()
    assert pages.bar.segment.value == "second"
