"""The pages of trades and statistics over a real App: chosen, written about, undone, grouped; named for everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit

from plugins.journal.panel import JournalPanel
from plugins.journal.trades.panel_pictures import CalendarPicture, EquityPicture, HistogramPicture, SwingPicture
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT = 60_000


@pytest.fixture
def opened(qapp: Any, qtbot: Any) -> Iterator[Callable[..., tuple[Any, Any]]]:
    frames = []

    def make(app: Any, page: str, mode: str = "pro") -> tuple[Any, Any]:
        host = AppHost(app, mode, None)
        host.as_of = None  # type: ignore[attr-defined]
        panel = JournalPanel(host)  # type: ignore[arg-type]
        host.frame.layout().addWidget(panel)
        host.frame.resize(1500, 950)
        host.frame.show()
        panel.show_page(page)
        frames.append(host.frame)
        return panel, panel.pages.page

    yield make
    for frame in frames:
        frame.close()
        frame.deleteLater()
    qapp.processEvents()


def nameless(widget: Any) -> list[str]:
    """Controls that a screen reader could not name."""
    found = [each for kind in (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit) for each in widget.findChildren(kind)]
    own = [each for each in found if not isinstance(each.parent(), QComboBox) and each.isVisible()]
    return [type(each).__name__ for each in own
            if not (each.accessibleName() or (each.text() if isinstance(each, QAbstractButton) else ""))]  # fmt: skip


@pytest.mark.slow
def test_a_trade_is_chosen_written_about_and_taken_back(portfolio_app: Any, opened: Any, qtbot: Any) -> None:
    _, page = opened(portfolio_app, "trades", "newbie")
    page.detail._pictured.update(range(1000))  # the chart's picture has a test of its own
    qtbot.waitUntil(lambda: page.table.table is not None and page.detail.number > 0, timeout=WAIT)
    assert page.table.table.frame.height > 30
    number = page.table.table.frame["number"][3]
    page.show_trade(number)
    form = page.detail.form
    qtbot.waitUntil(lambda: form._number == number and page.detail.title.text() != "", timeout=WAIT)
    assert not form.touched and nameless(page) == []
    before = form.words["tag"].text()
    form.words["tag"].setFocus()
    qtbot.keyClicks(form.words["tag"], ", patient" if before else "patient")
    form.minds["before"].setEditText("calm")
    form.text.setPlainText("Waited for the close.")
    assert form.touched
    form.save()
    qtbot.waitUntil(lambda: "patient" in str(_note(portfolio_app, number).tag), timeout=WAIT)
    told = _note(portfolio_app, number)
    assert (told.before, told.text) == ("calm", "Waited for the close.")
    page.show_trade(number)
    qtbot.waitUntil(lambda: form.undo_button.isEnabled() and form.text.toPlainText() == "Waited for the close.", timeout=WAIT)
    form.undo_button.click()
    qtbot.waitUntil(lambda: "patient" not in str(_note(portfolio_app, number).tag), timeout=WAIT)
    page.states.set_value("won")
    page.ask()
    qtbot.waitUntil(lambda: set(page.table.table.frame["state"].to_list()) == {"won"}, timeout=WAIT)


@pytest.mark.slow
def test_statistics_show_what_is_in_common_and_habits(portfolio_app: Any, opened: Any, qtbot: Any) -> None:
    panel, page = opened(portfolio_app, "statistics")
    qtbot.waitUntil(lambda: page.groups.table is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: "in all" in page.equity.accessibleName() and page.habits.layout().count() == 4, timeout=WAIT)
    qtbot.waitUntil(lambda: "days with closed trades" in page.calendar.accessibleName(), timeout=WAIT)
    qtbot.waitUntil(lambda: "most trades" in page.spread.accessibleName(), timeout=WAIT)
    page.by.setCurrentIndex(page.by.findData("setup"))
    page._ask_groups()
    qtbot.waitUntil(lambda: "breakout" in str(page.groups.table.frame.to_dicts()), timeout=WAIT)
    assert nameless(page) == []
    page.set_mode("newbie")
    assert page.cards["sharpe"].isHidden()
    panel.show_trade(int(portfolio_app.run("journal.trades", {"state": "lost"}).rows()[0]["number"]))
    assert panel.pages.value == "trades"


def _note(app: Any, number: int) -> Any:
    from plugins.journal.trades import book as trade_book

    return trade_book.note(app.store.book.read, number)


@pytest.mark.parametrize("picture", [EquityPicture, CalendarPicture, HistogramPicture, SwingPicture])
def test_pictures_are_painted_without_anything_to_show(picture: Any, qtbot: Any) -> None:
    shown = picture()
    qtbot.addWidget(shown)
    shown.resize(300, 160)
    assert not shown.grab().isNull() and shown.accessibleName()


def test_pictures_say_what_is_pointed_at(qtbot: Any) -> None:
    from datetime import date

    from PySide6.QtCore import QPointF

    rows = [{"day": date(2026, 3, day), "profit": profit, "total": total, "drawdown": min(0.0, total - 50), "currency": "USD",
             "trades": 1, "won": int(profit > 0)} for day, profit, total in ((2, 50.0, 50.0), (9, -80.0, -30.0))]  # fmt: skip
    equity, calendar, spread = EquityPicture(), CalendarPicture(), HistogramPicture()
    for each in (equity, calendar, spread):
        qtbot.addWidget(each)
        each.resize(400, 210)
    equity.show_rows(rows)
    calendar.show_rows(rows, date(2026, 3, 10))
    spread.show_rows([{"low": -100.0, "high": 0.0, "trades": 1, "currency": "USD"},
                      {"low": 0.0, "high": 100.0, "trades": 1, "currency": "USD"}])  # fmt: skip
    assert not any(each.grab().isNull() for each in (equity, calendar, spread))
    assert "deepest fall −$80" in equity.accessibleName() and "9 Mar 2026" in equity.said_at(QPointF(399, 10))
    assert "2 days with closed trades, 1 of them with a gain" in calendar.accessibleName()
    assert "1 trades" in spread.said_at(QPointF(10, 10))
