"""The panel: grouped by day, words and columns of the mode, a click that opens the tearsheet, and what happens when it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt

from plugins.earnings.panel import EarningsPanel
from terminal.errors import UserError
from terminal.ui import theme
from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def open_panel(qapp: Any, qtbot: Any) -> Iterator[Callable[..., EarningsPanel]]:
    """Makes a panel of a size and waits for its first answer."""
    theme.apply(qapp)
    hosts: list[AppHost] = []

    def make(app: Any, mode: str = "pro", size: tuple[int, int] = (1300, 900), host: AppHost | None = None) -> EarningsPanel:
        host = host or AppHost(app, mode)
        hosts.append(host)
        host.frame.layout().setContentsMargins(0, 0, 0, 0)
        host.frame.resize(*size)
        panel = EarningsPanel(host)
        host.frame.layout().addWidget(panel)
        host.frame.show()
        qtbot.waitUntil(lambda: panel._table is not None or bool(host.broken), timeout=30_000)
        return panel

    yield make
    for host in hosts:
        assert host.bugs == []
        host.frame.close()
        host.frame.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    theme.apply(qapp)


@pytest.fixture
def screened(demo: Any) -> Any:
    """The demo with a screen over everything as the newest run."""
    demo.run("screener.run", {"limit": 1})
    return demo


def shown(panel: EarningsPanel) -> list[Any]:
    return [day for day in panel.days if not day.isHidden()]


def test_the_list_is_grouped_by_day_as_the_command_says(screened: Any, open_panel: Any) -> None:
    panel = open_panel(screened)
    listed = screened.run("earnings.upcoming", {"days": 14, "kind": "reports"})
    wanted: dict[str, list[str]] = {}
    for row, group in zip(listed.rows(), listed.frame["_group"], strict=True):
        wanted.setdefault(group, []).append(row["symbol"])
    assert {day.title.text(): day.table.symbols() for day in shown(panel)} == wanted
    assert panel.count.text == f"{listed.frame.height} reports"
    assert [day.table.horizontalHeader().isVisible() for day in shown(panel)] == [True] + [False] * (len(wanted) - 1)
    for day in shown(panel):
        assert day.table.verticalScrollBar().maximum() == 0, "every row of a day is in view"
        assert day.table.horizontalScrollBar().maximum() == 0


@pytest.mark.parametrize("size", [pytest.param((1720, 1000), marks=pytest.mark.slow), (620, 700),
                                  pytest.param((900, 700), marks=pytest.mark.slow)])
@pytest.mark.parametrize("mode", ["newbie", "pro"])
def test_columns_fit_the_room(screened: Any, open_panel: Any, mode: str, size: tuple[int, int]) -> None:
    panel = open_panel(screened, mode, size)
    for day in shown(panel):
        assert day.table.horizontalHeader().length() <= day.table.viewport().width() + 1
    columns = shown(panel)[0].table.shown_columns
    assert columns[0] == "symbol"
    assert {"when", "verdict"} <= set(columns)
    assert ("note" in columns) == (mode == "newbie" or size[0] > 1300)


def test_both_modes_say_the_same_in_other_words(screened: Any, open_panel: Any) -> None:
    panel = open_panel(screened)
    before = [day.table.symbols() for day in shown(panel)]
    assert " · miss " in shown(panel)[0].table.table.frame["note"][0]
    panel.host.mode = "newbie"
    panel.set_mode("newbie")
    assert [day.table.symbols() for day in shown(panel)] == before
    assert "on average (20 reports)" in shown(panel)[0].table.table.frame["note"][0]
    assert "eps_estimate" not in shown(panel)[0].table.shown_columns


def test_a_click_opens_the_tearsheet_and_only_one_row_is_chosen(screened: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(screened)
    first, second = shown(panel)[:2]
    for day in (first, second):
        place = day.table.visualRect(day.table.model().index(1, 0)).center()
        qtbot.mouseClick(day.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert panel.host.opened == [("tearsheet", first.table.symbols()[1]), ("tearsheet", second.table.symbols()[1])]
    assert first.table.selected_symbols() == []
    assert second.table.selected_symbols() == [second.table.symbols()[1]]


def test_verdict_and_kind_narrow_without_asking_again(screened: Any, open_panel: Any) -> None:
    panel = open_panel(screened)
    asked = len(panel.host.asked)
    every = sum(len(day.table.symbols()) for day in shown(panel))
    panel.verdicts.clicked.emit("Hold")
    held = sum(len(day.table.symbols()) for day in shown(panel))
    assert 0 < held < every
    assert all(set(day.table.table.frame["verdict"]) == {"Hold"} for day in shown(panel))
    panel.verdicts.clicked.emit("Hold")
    assert sum(len(day.table.symbols()) for day in shown(panel)) == every
    panel.kind._buttons["all"].click()
    assert sum(len(day.table.symbols()) for day in shown(panel)) > every
    assert "ex-dividend" in panel.count.text
    assert len(panel.host.asked) == asked


def test_another_span_and_another_list_ask_again(screened: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(screened)
    panel.span._buttons["7"].click()
    assert panel.host.asked[-1] == ("earnings.upcoming", {"universe": "", "days": 7})
    panel.whose._buttons["held"].click()
    qtbot.waitUntil(panel.empty.isVisible, timeout=20_000)
    assert "No positions are known" in panel.empty.accessibleName()
    state = panel.save_state()
    assert state == {"whose": "held", "days": "7", "kind": "reports"}
    panel.restore_state({"whose": "results", "days": "30", "kind": "nonsense"})
    assert panel.host.asked[-1] == ("earnings.upcoming", {"universe": "results", "days": 30})


def test_a_failure_is_told_and_keeps_what_was_shown(screened: Any, open_panel: Any, qtbot: Any) -> None:
    host = AppHost(screened, "pro")
    host.broken["earnings.upcoming"] = UserError("It is broken.", "Mend it.")
    panel = open_panel(screened, host=host)
    qtbot.waitUntil(lambda: "It is broken." in panel.empty.accessibleName(), timeout=10_000)
    del host.broken["earnings.upcoming"]
    panel.refresh()
    qtbot.waitUntil(lambda: panel._table is not None, timeout=20_000)
    host.broken["earnings.upcoming"] = UserError("It is broken.", "Mend it.")
    panel.refresh()
    qtbot.waitUntil(panel.banner.isVisible, timeout=10_000)
    assert shown(panel)


def test_a_dispute_is_seen(disputed: Any, open_panel: Any, qtbot: Any) -> None:
    disputed.run("watchlist.create", {"name": "Mine", "symbols": ["ACME"]})
    try:
        panel = open_panel(disputed, "newbie")
        (day,) = shown(panel)
        assert day.title.text() == "Tue 24 Nov"
        assert day.table.table.frame["state"].to_list() == [["disputed", "not stated"]]
        assert day.table.table.frame["note"][0].startswith("The day is disputed: Yahoo Finance says Wed 25 Nov.")
    finally:
        disputed.run("watchlist.delete", {"name": "Mine"})


def test_export_writes_what_is_asked_for(screened: Any, open_panel: Any, qtbot: Any, tmp_path: Path) -> None:
    panel = open_panel(screened)
    panel.host.file = str(tmp_path / "list.csv")
    panel.export_button.click()
    qtbot.waitUntil(lambda: any("Written to" in text for _, text in panel.host.said), timeout=20_000)
    assert (tmp_path / "list.csv").read_text(encoding="utf-8").count("Report") > 10


def test_nothing_flashes_up_as_a_window_of_its_own(screened: Any, open_panel: Any, qapp: Any) -> None:
    panel = open_panel(screened)
    windows = {type(each).__name__ for each in qapp.topLevelWidgets() if each.isVisible() and each is not panel.window()}
    assert windows == set()


def test_news_counts_when_it_is_seen(screened: Any, open_panel: Any, qtbot: Any) -> None:
    panel = open_panel(screened)
    asked = panel.host.asked

    def news(topic: str, **payload: Any) -> None:
        screened.events.publish(topic, payload)
        qtbot.wait(250)

    before = len(asked)
    news("market.changed", datasets=["quotes"], symbols=[])
    news("book.changed", table="looks")
    assert len(asked) == before
    news("book.changed", table="watchlist_items")
    news("market.changed", datasets=["earnings"], symbols=[])
    assert len(asked) == before + 2
    panel.hide()
    news("market.changed", datasets=["earnings"], symbols=[])
    assert len(asked) == before + 2
    panel.show()
    qtbot.waitUntil(lambda: len(asked) == before + 3, timeout=5000)
