"""The flow panel as the user moves it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QLabel

from tests.plugins.options.flow.conftest import PLANTED, PLANTED_ON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from PySide6.QtWidgets import QApplication


class FakeHost:
    """Runs commands at once, as the window would in the end."""

    panel_id = "flow"

    def __init__(self, app: Any, mode: str = "pro", day: date | None = None) -> None:
        self.app, self.mode, self.as_of = app, mode, day
        self.slots: dict[str, list[Callable[..., None]]] = {}
        self.said: list[str] = []
        self.opened: list[tuple[str, str | None]] = []

    def run(self, command: str, arguments: Mapping[str, Any] | None = None, *, then: Callable[..., None], fail: Any = None,
            progress: Any = None, key: str = "") -> Any:  # fmt: skip
        from terminal.errors import TerminalError

        try:
            table = self.app.run(command, dict(arguments or {}), as_of=self.as_of)
        except TerminalError as error:
            if fail is not None:
                fail(error)
            else:
                self.said.append(error.message)
        else:
            then(table)
        return type("Call", (), {"cancel": lambda self: None})()

    def on(self, topic: str, slot: Callable[..., None]) -> None:
        self.slots.setdefault(topic, []).append(slot)

    def symbol(self) -> str | None:
        return "SPY"

    def notify(self, text: str, level: str = "info") -> None:
        self.said.append(text)

    def open(self, panel: str, symbol: str | None = None) -> None:
        self.opened.append((panel, symbol))

    def select(self, symbol: str) -> None:
        self.opened.append(("select", symbol))

    def explain(self, term: str) -> Any:
        return self.app.explain.text(term, self.mode)

    def keys(self, shortcut: str) -> tuple[str, ...]:
        return ()

    def has_command(self, command: str) -> bool:
        return True

    def setting(self, key: str) -> Any:
        return self.app.settings.get(key)

    def set_setting(self, key: str, value: Any) -> None:
        self.app.settings.set(key, value)


@pytest.fixture
def panel(market: Any, qapp: QApplication) -> Iterator[Callable[..., Any]]:
    """Opens a panel over the small archive."""
    from plugins.options.flow.panel import FlowPanel

    made: list[Any] = []

    def open_panel(mode: str = "pro", day: date | None = None, **state: Any) -> Any:
        opened = FlowPanel(FakeHost(market, mode, day))  # type: ignore[arg-type]
        if state:
            opened.restore_state(state)
        opened.resize(1500, 800)
        opened.show()
        made.append(opened)
        settle(qapp)
        return opened

    yield open_panel
    for each in made:
        each.close()
        each.deleteLater()
    settle(qapp)


def settle(qapp: QApplication) -> None:
    end = time.monotonic() + 0.05
    while time.monotonic() < end:
        qapp.processEvents()


def test_it_says_what_it_rests_on_and_what_to_do_where_nothing_is_unusual(panel: Callable[..., Any]) -> None:
    shown = panel()
    assert shown.rests.text == "Delayed snapshots" and "15" in shown.rests.toolTip()
    page = shown.pages.page
    assert page.table.symbols() == []
    words = {each.text() for each in page.table.findChildren(QLabel)}
    assert "Nothing unusual" in words
    page.days.set_value("5")
    page.ask()
    assert page.table.symbols() == ["SPY"] and "neither who traded nor why" in page.note.text()


def test_one_event_in_full_opens_beside_the_list(panel: Callable[..., Any], qapp: QApplication) -> None:
    page = panel(day=PLANTED_ON).pages.page
    assert page.card.isVisible() and page.card.shown_id, "with room enough it opens by itself"
    words = " ".join(each.text() for each in page.card.findChildren(type(page.card._title)))
    assert "delayed snapshot anomaly" in words and "519" in words and "volume_oi >= 3" in words
    page.card.closed.emit()
    page.ask()
    assert not page.card.isVisible(), "closed by the user it stays so"
    page.table.setCurrentIndex(page.table.model().index(0, 0))
    page.table.selected.emit("SPY")
    assert page.card.isVisible()
    page.card.opened.emit("chain", "SPY")
    assert page._host.opened == [("chain", "SPY")]


@pytest.mark.slow
def test_chips_narrow_and_the_same_again_shows_all(panel: Callable[..., Any], market: Any) -> None:
    market.run("options.flow_recipe_save", {"name": "puts", "rule": "right == 'P' and size >= 20", "title": "Puts"})
    page = panel(day=PLANTED_ON).pages.page
    everything = len(page.table.symbols())
    page.choose("puts")
    assert len(page.table.symbols()) == 4 < everything
    page.choose("puts")
    assert len(page.table.symbols()) == everything


@pytest.mark.slow
def test_verdicts_and_scores_offer_to_go_through_archived_days(panel: Callable[..., Any], market: Any) -> None:
    shown = panel()
    shown.show_page("verdicts")
    page = shown.pages.page
    assert page.table.symbols() == []
    page.look_back()
    assert page.table.symbols() == ["SPY"] and "1 opened" in page.said.text()
    shown.show_page("scores")
    assert "recorded flags" in shown.pages.page.said.text()
    shown.show_page("leaders")
    assert shown.pages.page.table.symbols() == ["SPY"]
    assert PLANTED in {row["contract"] for row in market.run("options.flow", {"days": 2}).rows()}


@pytest.mark.slow
def test_recipes_are_edited_and_mistakes_are_told_in_place(panel: Callable[..., Any]) -> None:
    shown = panel(mode="newbie")
    shown.show_page("recipes")
    page = shown.pages.page
    page.name.setText("mine")
    page.rule.setText("premum > 5")
    page.save()
    assert page.wrong.isVisible() and "Did you mean premium" in page.wrong.text()
    page.rule.setText("premium > 5")
    page.save()
    assert not page.wrong.isVisible() and "mine" in [row["id"] for row in page._rows]
    page.delete()
    assert "mine" not in [row["id"] for row in page._rows]


@pytest.mark.slow
def test_every_control_has_a_name_and_both_modes_show_the_same_rows(panel: Callable[..., Any]) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    pro, newbie = panel(day=PLANTED_ON), panel("newbie", PLANTED_ON)
    assert pro.pages.page.table.symbols() == newbie.pages.page.table.symbols()
    assert newbie.title.text() == "Unusual option trades" and not newbie.import_button.isVisible()
    for kind in (QAbstractButton, QComboBox, QLineEdit):
        for each in newbie.findChildren(kind):
            told = each.accessibleName() or getattr(each, "text", str)() or each.toolTip()
            assert told or not each.isVisible(), each
    assert not newbie.listen_button.isEnabled(), "a past day is not listened to"
    state = pro.save_state()
    assert state["scope"] == "all" and panel(**state).scope.value == "all"
