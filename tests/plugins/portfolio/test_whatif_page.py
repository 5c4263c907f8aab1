"""The page of what if: its four views over the demo portfolio, both modes, by keyboard, and what it says of a mistake."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from plugins.portfolio.panel_head import Surroundings
from plugins.portfolio.whatif.page import WhatIfPage
from terminal.domain import format as written
from terminal.ui import theme
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.app import App

    Show = Callable[..., tuple[WhatIfPage, AppHost]]


@pytest.fixture
def show(portfolio_app: App, qapp: QApplication) -> Iterator[Show]:
    """The page on the demo portfolio, with the answers of its first view there."""
    theme.apply(qapp, "dark")
    hosts: list[AppHost] = []

    def make(mode: str = "pro", width: int = 1500, **state: Any) -> tuple[WhatIfPage, AppHost]:
        host = AppHost(portfolio_app, mode)
        hosts.append(host)
        page = WhatIfPage(host, Surroundings())  # type: ignore[arg-type]
        page.restore_state(state)
        host.frame.layout().addWidget(page)
        host.frame.resize(width, 900)
        host.frame.show()
        page.ask()
        view = page._views[page.choice.value]
        settle(page, lambda: view.table is not None or view.problem.isVisible() or not view.question()[0])
        return page, host

    yield make
    for host in hosts:
        assert host.bugs == []
        host.frame.hide()
        host.frame.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def settle(page: WhatIfPage, done: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not done():
        assert time.monotonic() < until, "the answer did not come"
        QApplication.processEvents()
        time.sleep(0.005)
    QApplication.processEvents()


def ask(page: WhatIfPage, view: Any, work: Callable[[], None]) -> None:
    """Do something that asks, and wait for what is answered."""
    view.table = None
    view.problem.hide()
    work()
    settle(page, lambda: view.table is not None or view.problem.isVisible())


def test_a_shock_is_chosen_typed_and_told_in_a_sentence(show: Show) -> None:
    page, host = show("newbie")
    view = page.shock
    assert view.typed.text() == "SPY -10%" and view.says.text().startswith("If the market fell 10 %, you would")
    assert not view.rows.isVisibleTo(page) and view.bars.isVisibleTo(page)
    ask(page, view, lambda: view.choose("SPY -10%, VIX 40"))
    assert "VIX stood at 40" in view.says.text()
    assert view.table is not None and page.told.text.text() == "", "a beginner is not told of the model"
    page.set_mode(host.mode)
    view.typed.setText("SPY -10")
    ask(page, view, lambda: QTest.keyClick(view.typed, Qt.Key.Key_Return))
    assert "Write SPY -10%" in view.problem.accessibleName()
    ask(page, view, lambda: view.choose("March 2020"))
    assert not view.problem.isVisible() and "stated, not stored" in page.told.text.text()


def test_the_bars_say_what_each_would_make_and_choose_by_keyboard(show: Show) -> None:
    page, host = show("pro")
    bars, table = page.shock.bars, page.shock.table
    assert table is not None and page.shock.rows.isVisibleTo(page)
    first = table.rows()[0]
    assert first["symbol"] in bars.accessibleDescription()
    assert written.money(first["gain"], "USD", 0, sign=True) in bars.said_at(QPointF(5, 5))
    QTest.keyClick(bars, Qt.Key.Key_Down)
    second = table.rows()[1]["symbol"]
    assert second in bars.accessibleDescription()
    QTest.keyClick(bars, Qt.Key.Key_Return)
    assert host.chosen == second
    assert not bars.grab().isNull()


def test_the_grid_shows_three_rates_abreast_or_one(show: Show) -> None:
    page, _ = show("pro", view="grid")
    view = page.grid
    assert [picture.isVisibleTo(page) for picture in view.pictures] == [True, True, True]
    assert view.table is not None
    middle = view.pictures[1]
    assert middle.accessibleDescription().startswith("$0"), "it begins where nothing changes"
    QTest.keyClick(middle, Qt.Key.Key_Down)
    QTest.keyClick(middle, Qt.Key.Key_Right)
    fall = next(row for row in view.table.rows() if row["rates"] == 0 and row["prices"] == -0.05)
    assert middle.accessibleDescription().startswith(written.money(fall["volatility_+25"], "USD", 0, sign=True))
    assert not middle.grab().isNull()
    narrow, _ = show("newbie", view="grid")
    assert [picture.isVisibleTo(narrow) for picture in narrow.grid.pictures] == [False, True, False]
    narrow.grid.rates.changed.emit("2")
    assert "worst is" in narrow.grid.says.text() and "Each square" in narrow.grid.says.text()


def test_a_trade_is_tried_in_words(show: Show) -> None:
    page, _ = show("newbie", view="trade")
    view = page.trade
    assert view.empty.isVisibleTo(page) and "Nothing is booked" in view.empty.accessibleName()
    view.typed.setText("buy 10 SPY; sell half GARM")
    view.shock.setText("SPY -10%")
    ask(page, view, view.wanted.emit)
    assert "GARM" in view.problem.accessibleName() and view.problem.isVisible(), "the loss that counts only later"
    assert "On a bad day (one in twenty) you would lose" in view.says.text() and "SPY would be" in view.says.text()
    assert view.rows.isVisibleTo(page) and view.table is not None
    assert view.says.text() not in page.told.text.text() and "Nothing is booked" in page.told.text.text()
    view.typed.setText("buy lots")
    ask(page, view, view.wanted.emit)
    assert "not understood as a trade" in view.problem.accessibleName()


@pytest.mark.slow
def test_greeks_are_cards_with_sentences_and_a_table(show: Show) -> None:
    page, _ = show("newbie", view="greeks")
    view = page.greeks
    assert view.table is not None
    total = view.table.detail["total"]
    beta = view.cards["beta_delta_money"]
    assert written.money(total["beta_delta_money"], "USD", 0) in beta.accessibleName()
    assert "If the market rose 1 %, you would make about" in beta.accessibleDescription()
    ask(page, view, lambda: (view.by.set_value("expiry"), view.wanted.emit())[0])  # type: ignore[func-returns-value]
    assert view.table.rows()[0]["what"] == "No expiry"
    page._host.mode = "pro"
    page.set_mode("pro")
    assert view.cards["theta"].accessibleName().startswith("Theta a day") and view.cards["theta"].accessibleDescription() == ""


def test_a_scenario_is_kept_offered_and_deleted(show: Show, portfolio_app: App) -> None:
    page, host = show("pro")
    view = page.shock
    view.name.setText("My fall")
    view.keep.click()
    settle(page, lambda: view.kept.count() == 2)
    assert view.kept.itemText(1) == "My fall" and ("ok", "The scenario My fall is kept.") in host.said
    view.kept.setCurrentIndex(1)
    ask(page, view, lambda: view.kept.activated.emit(1))
    assert view.typed.text() == "SPY -10%" and view.forget.isVisibleTo(page)
    view.forget.click()
    settle(page, lambda: view.kept.count() == 1)
    assert portfolio_app.run("portfolio.scenarios").rows() == []


def test_everything_has_a_name_and_both_themes_paint(show: Show, qapp: QApplication) -> None:
    page, _ = show("pro")
    for widget in page.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            spoken = QAccessible.queryAccessibleInterface(widget)
            assert spoken is None or spoken.text(QAccessible.Text.Name) or widget.accessibleName(), widget
    for look in ("light", "dark"):
        theme.apply(qapp, look)
        page.retheme()
        assert not page.grab().isNull()


@pytest.mark.slow
def test_what_was_asked_is_there_the_next_time(show: Show) -> None:
    page, _ = show("pro", view="shock", shock={"shock": "rates +200bp"})
    assert "interest rates rose by 2 points" in page.shock.says.text()
    kept = page.save_state()
    again, _ = show("pro", **kept)
    assert again.shock.typed.text() == "rates +200bp" and again.choice.value == "shock"


def test_without_holdings_it_says_so(app: App, qapp: QApplication) -> None:
    theme.apply(qapp, "dark")
    host = AppHost(app, "newbie")
    page = WhatIfPage(host, Surroundings())  # type: ignore[arg-type]
    holder = QWidget()
    QVBoxLayout(holder).addWidget(page)
    host.frame.layout().addWidget(holder)
    host.frame.show()
    page.ask()
    settle(page, lambda: page.shock.table is not None)
    assert page.shock.empty.isVisibleTo(page) and "Nothing is held" in page.shock.empty.accessibleName()
    host.frame.hide()
    host.frame.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
