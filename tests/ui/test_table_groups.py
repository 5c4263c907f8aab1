"""Groups, several sort keys, colour rules and keys: by real events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from terminal.domain.sourced import Column
from terminal.ui.table import Action, Look, TableView
from tests.ui.conftest import NOW, FakeHost, market_table

CTRL, SHIFT, ALT = (Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier)


@pytest.fixture
def view(qtbot: Any, host: FakeHost) -> TableView:
    made = TableView(host, star=True, actions=lambda symbol: [Action("Open")], now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1300, 600)
    table = market_table(6)
    sectors = pl.Series("sector", ["Tech", "Energy", None, "Tech", "Energy", "Tech"])
    made.show_table(replace(table, frame=table.frame.with_columns(sectors), columns=(*table.columns, Column("sector", "Sector"))))
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


def click_head(view: TableView, name: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    head, place = view.horizontalHeader(), view.model_shown.place_of(name)
    at = QPoint(head.sectionViewportPosition(place) + head.sectionSize(place) // 2, 10)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, keys, at)


def rows(view: TableView) -> list[str]:
    return [view.model_shown.told.row_title(row) for row in range(view.model().rowCount())]


def chosen(view: TableView, menu_title: str, name: str) -> None:
    menu = view.table_menu(name)
    entry = next(action for action in menu.actions() if action.text().split("\t")[0] == menu_title)
    entry.trigger()
    menu.deleteLater()


def test_ctrl_click_adds_a_key_turns_it_and_takes_it_out(view: TableView, qtbot: Any) -> None:
    click_head(view, "sector")
    click_head(view, "price", CTRL)
    assert view.sort_keys == [("sector", False), ("price", True)]
    assert view.symbols() == ["EEE", "BBB", "FFF", "DDD", "AAA", "CCC"]
    click_head(view, "price", CTRL)
    assert view.sort_keys == [("sector", False), ("price", False)]
    assert view.model().headerData(view.model_shown.place_of("price"), Qt.Orientation.Horizontal,
                                   Qt.ItemDataRole.AccessibleTextRole) == "Price, sorted ascending, 2 of 2"
    click_head(view, "price", CTRL)
    assert view.sort_keys == [("sector", False)]


def test_groups_have_counts_medians_and_their_own_order(view: TableView, qtbot: Any) -> None:
    view.sort_by([("price", True)])
    chosen(view, "Group by Sector", "sector")
    assert rows(view) == ["Energy", "EEE", "BBB", "Tech", "FFF", "DDD", "AAA", "Sector unknown", "CCC"]
    model = view.model_shown
    assert model.told.of_group(model.order[3], model.told.group_place) == "Tech · 3"
    assert model.summary_text(model.order[3], model.place_of("pe")) == "18.4×"
    assert model.summary_text(model.order[3], model.place_of("price")) == ""  # prices per share cannot be compared
    tip = view.model().index(3, model.place_of("pe")).data(Qt.ItemDataRole.ToolTipRole)
    assert "Median of P/E" in tip
    assert "of 3 known among 3 rows" in tip
    assert view.model().index(3, model.told.group_place).data(Qt.ItemDataRole.AccessibleTextRole) == "Tech · 3 rows, open"
    click_head(view, "sector")
    assert view.sort_keys == [("sector", False)]
    click_head(view, "sector")
    assert rows(view)[0] == "Tech"


def test_a_group_closes_by_click_and_keys_and_stays_closed_when_sorted(view: TableView, qtbot: Any) -> None:
    view.set_group("sector")
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=view.cell_rect(0, 2).center())
    assert rows(view) == ["Energy", "Tech", "AAA", "DDD", "FFF", "Sector unknown", "CCC"]
    view.sort_by([("price", True)])
    assert rows(view)[:3] == ["Energy", "Tech", "FFF"]
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert rows(view)[:3] == ["Energy", "EEE", "BBB"]
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert rows(view)[1] == "Tech"
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert rows(view)[1] == "EEE"
    opened: list[str] = []
    view.activated.connect(opened.append)
    QTest.keyClick(view, Qt.Key.Key_Down)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert opened == ["EEE"]
    assert not view.grab().isNull()


def test_copying_a_group_takes_its_rows_and_exports_hold_closed_groups(view: TableView, qtbot: Any) -> None:
    view.set_group("sector")
    view.toggle_group(0)
    QTest.keyClick(view, Qt.Key.Key_Home)
    QTest.keyClick(view, Qt.Key.Key_C, CTRL)
    assert [line.split("\t")[0] for line in QGuiApplication.clipboard().text().splitlines()] == ["Ticker", "BBB", "EEE"]
    QTest.keyClick(view, Qt.Key.Key_C, CTRL | SHIFT)
    assert [line.split("\t")[0] for line in QGuiApplication.clipboard().text().splitlines()] == ["BBB", "EEE"]
    view.copy(everything=True, head=False)
    assert [line.split("\t")[0] for line in QGuiApplication.clipboard().text().splitlines()] == [
        "BBB", "EEE", "AAA", "DDD", "FFF", "CCC"]


def test_keys_to_the_edges_with_and_without_selecting(view: TableView, qtbot: Any) -> None:
    view.select_symbol("CCC")
    QTest.keyClick(view, Qt.Key.Key_Down, CTRL)
    assert view.current_symbol() == "FFF"
    QTest.keyClick(view, Qt.Key.Key_Right, CTRL)
    assert view.model_shown.columns[view.currentIndex().column()].name == "sector"
    QTest.keyClick(view, Qt.Key.Key_Left, CTRL)
    assert view.model_shown.columns[view.currentIndex().column()].name == "symbol"
    QTest.keyClick(view, Qt.Key.Key_Up, CTRL | SHIFT)
    assert (view.current_symbol(), len(view.selected_symbols())) == ("AAA", 6)
    QTest.keyClick(view, Qt.Key.Key_PageDown)
    assert view.current_symbol() == "FFF"
    QTest.keyClick(view, Qt.Key.Key_Left, CTRL)
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Down, ALT)
    QTest.keyClick(view, Qt.Key.Key_Left)
    QTest.keyClick(view, Qt.Key.Key_Up, ALT | SHIFT)
    assert view.sort_keys == [("price", True), ("name", False)]


def test_f10_opens_the_menu_of_the_current_column(view: TableView, qtbot: Any) -> None:
    from PySide6.QtWidgets import QApplication, QMenu

    view.select_symbol("AAA")
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_F10)
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
    menu = QApplication.activePopupWidget()
    texts = [action.text().split("\t")[0] for action in menu.actions()]  # type: ignore[union-attr]
    assert texts[0] == "Price"
    assert {"Largest first", "Smallest first", "Filter …", "Columns …", "Copy"} <= set(texts)
    menu.close()  # type: ignore[union-attr]


def test_a_colour_rule_shades_by_rank(qtbot: Any) -> None:
    view = TableView(looks={"n": Look(colour="heat")})
    qtbot.addWidget(view)
    view.resize(300, 300)
    from terminal.domain.sourced import Table

    view.show_table(Table("t", (Column("what", "What"), Column("n", "N", "number")),
                          pl.DataFrame({"what": list("abcd"), "n": [1.0, 9.0, None, 5.0]})))
    view.show()

    def ground(row: int) -> tuple[int, int, int]:
        area = view.cell_rect(row, 1)
        color = view.viewport().grab().toImage().pixelColor(area.left() + 6, area.center().y())
        return color.red(), color.green(), color.blue()

    low, high, unknown, middle = (ground(row) for row in range(4))
    assert low[0] > unknown[0]  # reddish
    assert high[1] > unknown[1]  # greenish
    assert middle == unknown
    view.set_colour("n", "heat-low")
    assert ground(0)[1] > unknown[1]
    view.set_colour("n", "")
    assert ground(0) == unknown


def test_rows_and_columns_have_heads_for_a_screen_reader(view: TableView) -> None:
    view.set_group("sector")
    read = [view.model().headerData(row, Qt.Orientation.Vertical, Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert read == ["Energy", "BBB", "EEE"]
    place = view.model_shown.place_of("sector")
    assert view.model().headerData(place, Qt.Orientation.Horizontal,
                                   Qt.ItemDataRole.AccessibleTextRole) == "Sector, grouped"
