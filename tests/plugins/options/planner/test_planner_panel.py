"""The planner panel on the demo market: outlook to cards to one position, sliders, legs, both modes, keyboard, empty states."""

from __future__ import annotations

import shutil
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton

from plugins.options.planner.panel import PlannerPanel
from terminal.paths import Home
from terminal.ui import theme
from tests.conftest import Clock
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class PresentHost(AppHost):
    """One whose link group looks at today."""

    as_of = None


@pytest.fixture(scope="module")
def app(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from terminal.app import App

    place = tmp_path_factory.mktemp("planner-panel") / "home"
    shutil.copytree(_demo_home, place)
    opened = App(Home(place), demo=True, clock=Clock())
    opened.settings.set("options.account", 100_000.0)
    opened.settings.set("options.risk", "3%")
    # All of its threads now: one that came with a test would look as if that test had left it behind.
    for running in [opened.start("options.structures", {}) for _ in range(8)]:
        running.result(60)
    yield opened
    opened.close()


@pytest.fixture
def open_panel(qapp: Any, qtbot: Any) -> Iterator[Callable[..., PlannerPanel]]:
    theme.apply(qapp)
    hosts: list[AppHost] = []

    def make(app: Any, mode: str = "pro", symbol: str = "SPY", wide: int = 1500) -> PlannerPanel:
        host: Any = PresentHost(app, mode)
        hosts.append(host)
        host.frame.resize(wide, 900)
        panel = PlannerPanel(host)
        panel._symbol = symbol
        layout = host.frame.layout()
        assert layout is not None
        layout.addWidget(panel)
        host.frame.show()
        if symbol == "SPY":
            qtbot.waitUntil(lambda: bool(panel.detail.said.text()) and panel.detail.map._grid is not None, timeout=60_000)
        return panel

    yield make
    for host in hosts:
        assert host.bugs == []
        host.frame.close()
        host.frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp)


def words(panel: PlannerPanel) -> str:
    return " ".join(each.text() for each in panel.findChildren(QLabel) if each.isVisibleTo(panel))


def test_from_an_outlook_to_one_position(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app)
    assert len(panel.ideas.cards) >= 5
    first = panel.detail.text
    assert first == panel._table.rows()[0]["legs"]  # type: ignore[union-attr]
    qtbot.keyClick(panel.ideas.cards[2], Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: panel.detail.text != first and panel.detail.text in panel.detail.name.text(), timeout=30_000)
    assert panel.ideas.cards[2].property("selected") and not panel.ideas.cards[0].property("selected")
    before = [card.accessibleName() for card in panel.ideas.cards]
    qtbot.mouseClick(panel.form.bias.findChildren(QPushButton)[1], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [card.accessibleName() for card in panel.ideas.cards] != before, timeout=30_000)
    assert panel.form.arguments()["bias"] == "bearish"


def test_legs_from_elsewhere_stay_until_a_card_is_chosen(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app)
    app.run("options.draft", {"symbol": "SPY", "legs": "+1 SPY 2026-12-18 800 C"})
    qtbot.waitUntil(lambda: panel.detail.text == "+1 SPY 2026-12-18 800 C", timeout=30_000)
    assert not any(card.property("selected") for card in panel.ideas.cards)
    app.events.publish("plan.drafted", {"symbol": "QQQ", "legs": "+1 QQQ 2026-12-18 1000 C"})  # another symbol's
    panel.refresh()
    qtbot.wait(50)
    assert panel.detail.text == "+1 SPY 2026-12-18 800 C"
    qtbot.keyClick(panel.ideas.cards[0], Qt.Key.Key_Return)
    assert panel.ideas.cards[0].property("selected")


def test_sliders_move_the_pictures_and_legs_can_be_changed(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app)
    detail = panel.detail
    today = detail.payoff._grid[0].copy()
    detail.iv.setValue(20)
    qtbot.waitUntil(lambda: abs(detail.payoff._grid[0] - today).max() > 1, timeout=30_000)
    assert detail.iv_said.text() == "+10 points"
    detail.day.setValue(0)
    assert detail.day_said.text() == "today"
    legs = detail.text
    qtbot.mouseClick(detail.legs._lines[0].up, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: detail.text != legs and detail.legs.text.text() == detail.text, timeout=30_000)
    assert "Your own legs" in detail.name.text() or detail.problem.isVisible()
    detail.legs.text.setText("+1 SPY 2026-12-18 1 C")
    qtbot.keyClick(detail.legs.text, Qt.Key.Key_Return)
    qtbot.waitUntil(detail.problem.isVisible, timeout=30_000)
    assert "has no 1 C" in detail.problem.accessibleName()


def test_the_cursor_tells_what_is_made(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app)
    payoff, heat = panel.detail.payoff, panel.detail.map
    qtbot.keyClick(payoff, Qt.Key.Key_Right)
    assert "at expiry" in payoff.accessibleDescription() and "today" in payoff.accessibleDescription()
    qtbot.keyClick(heat, Qt.Key.Key_Down)
    assert " on " in heat.accessibleDescription()


@pytest.mark.slow
def test_risks_portfolio_and_what_is_kept(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app)
    panel.detail.show_view("risks")
    qtbot.waitUntil(lambda: bool(panel.detail.risks.lines), timeout=30_000)
    assert all(each.accessibleName() for each in panel.detail.risks.lines)
    for key, table in (("figures", panel.detail.figures), ("portfolio", panel.detail.effect)):
        panel.detail.show_view(key)
        qtbot.waitUntil(lambda table=table: table.model().rowCount() > 0, timeout=30_000)
    qtbot.mouseClick(panel.detail.keep, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.detail.plans.model().rowCount() == 1, timeout=30_000)
    assert app.run("options.plans", {}).rows()[0]["legs"] == panel.detail.text


def test_plain_words_and_the_field_s_are_of_one_value(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app, "newbie")
    said, cost = panel.detail.said.text(), panel.detail.cards["cost"]._value.text()
    assert said.startswith("You ") and "you make money" in said
    assert "You may lose" in words(panel) and "You can make" in words(panel)
    panel.host.mode = "pro"
    panel.set_mode("pro")
    qtbot.waitUntil(lambda: "Max profit" in words(panel), timeout=30_000)
    assert panel.detail.said.text() == said and panel.detail.cards["cost"]._value.text() == cost
    assert "POP" in words(panel)


def test_both_themes_paint_and_every_control_has_a_name(app: Any, open_panel: Callable[..., PlannerPanel], qapp: Any) -> None:
    panel = open_panel(app)
    shots = []
    for name in ("light", "dark"):
        theme.apply(qapp, name)
        image = QImage(panel.size(), QImage.Format.Format_RGB32)
        panel.render(image)
        shots.append(image)
    assert shots[0] != shots[1]
    form, detail = panel.form, panel.detail
    controls = (form.days, form.target, form.account, form.risk, form.budget, form.unlimited, form.cash, form.simple, form.button,
                detail.day, detail.iv, detail.count, detail.payoff, detail.map, detail.legs.text, *panel.ideas.cards)  # fmt: skip
    assert all(each.accessibleName() for each in controls)


def test_a_narrow_panel_shows_cards_or_the_form(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app, wide=900)
    assert not panel.form.isVisible() and panel.ideas.isVisible() and panel.outlook.isVisible()
    qtbot.mouseClick(panel.outlook, Qt.MouseButton.LeftButton)
    assert panel.form.isVisible() and not panel.ideas.isVisible()


def test_nothing_to_plan_is_said(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app, symbol="NOSUCH")
    qtbot.waitUntil(lambda: "No option chain of NOSUCH" in panel.empty.accessibleName(), timeout=30_000)
    empty = open_panel(app, symbol="")
    qtbot.waitUntil(lambda: "Which symbol?" in empty.empty.accessibleName(), timeout=30_000)


@pytest.mark.slow
def test_what_was_typed_is_kept_and_another_day_asks_anew(app: Any, open_panel: Callable[..., PlannerPanel], qtbot: Any) -> None:
    panel = open_panel(app)
    panel.form.target.setText("+4%")
    panel.form.days.setCurrentIndex(panel.form.days.findData("45"))
    panel.detail.show_view("figures")
    state = panel.save_state()
    other = open_panel(app)
    other.restore_state(state)
    assert other.form.arguments()["target"] == "+4%" and other.form.arguments()["dte"] == 45
    assert other.detail.views.value == "figures"
    other.show_as_of(date(2026, 11, 20))
    qtbot.waitUntil(lambda: other._table is not None, timeout=30_000)
