"""The row of filters: typed into, refused with a reason, chosen from a list, reached and left by keys."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from terminal.domain.sourced import Column
from terminal.ui.table import TableView
from terminal.ui.table.filters import ChoiceList, Field
from tests.ui.conftest import NOW, FakeHost, market_table

CTRL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def view(qtbot: Any, host: FakeHost) -> TableView:
    made = TableView(host, star=True, now=lambda: NOW, name="Results")  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1200, 400)
    table = market_table(24)
    sectors = pl.Series("sector", ["Technology", "Energy", None, "Health"] * 6)
    made.show_table(replace(table, frame=table.frame.with_columns(sectors), columns=(*table.columns, Column("sector", "Sector"))))
    made.show()
    qtbot.waitExposed(made)
    made.setFocus()
    return made


def field(view: TableView, name: str) -> Field:
    assert view._filter_row is not None
    return view._filter_row.fields[name]


def test_ctrl_shift_f_opens_it_in_the_current_column_and_closes_it(view: TableView, qtbot: Any) -> None:
    view.select_symbol("AAA")
    height = view.horizontalHeader().height()
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_F, CTRL_SHIFT)
    qtbot.waitUntil(lambda: field(view, "price").hasFocus())
    assert view.horizontalHeader().height() > height
    QTest.keyClicks(field(view, "price"), "<80")
    assert len(view.symbols()) == 11
    QTest.keyClick(field(view, "price"), Qt.Key.Key_F, CTRL_SHIFT)
    assert not view.filters_shown
    assert (view.filters, len(view.symbols()), view.horizontalHeader().height()) == ({}, 24, height)
    assert view.hasFocus()


def test_several_filters_narrow_together_and_keep_the_order(view: TableView, qtbot: Any) -> None:
    view.sort_by([("price", True)])
    view.show_filters(True, "pe")
    told: list[tuple[int, int]] = []
    view.narrowed.connect(lambda shown, total: told.append((shown, total)))
    QTest.keyClicks(field(view, "pe"), "> 10 < 100")
    QTest.keyClicks(field(view, "sector"), "tech")
    assert (field(view, "pe").text(), field(view, "sector").text()) == ("> 10 < 100", "tech")
    model = view.model_shown
    rows = [(model.raw(id, model.place_of("pe")), model.raw(id, model.place_of("sector"))) for id in model.order]
    assert rows
    assert all(pe > 10 and sector == "Technology" for pe, sector in rows)
    prices = [model.raw(id, model.place_of("price")) for id in model.order]
    assert prices == sorted(prices, reverse=True)
    assert told[-1] == (len(rows), 24)
    assert view._filter_row is not None
    assert view._filter_row.count.text() == f"{len(rows)} / 24"
    QTest.mouseClick(view._filter_row.clear, Qt.MouseButton.LeftButton)
    assert len(view.symbols()) == 24
    assert field(view, "pe").text() == ""


def test_what_is_wrong_is_said_at_the_cell_and_filters_nothing(view: TableView, qtbot: Any) -> None:
    view.show_filters(True, "score")
    score = field(view, "score")
    qtbot.waitUntil(score.hasFocus)
    QTest.keyClicks(score, "high")
    assert len(view.symbols()) == 24
    assert score.property("invalid")
    assert "'high' is not a number." in score.accessibleDescription()
    assert view._filter_row is not None
    said = view._filter_row._said
    assert said.isVisible()
    assert "'high' is not a number." in view._filter_row._words.text()
    QTest.keyClick(score, Qt.Key.Key_Escape)  # clears
    assert (score.text(), bool(score.property("invalid"))) == ("", False)
    QTest.keyClick(score, Qt.Key.Key_Escape)  # back to the rows
    assert view.hasFocus()
    assert not said.isVisible()


def test_every_field_has_a_name_and_says_what_it_does(view: TableView, qtbot: Any) -> None:
    view.show_filters()
    assert field(view, "pe").accessibleName() == "Filter P/E"
    assert "For example >10" in field(view, "pe").accessibleDescription()
    QTest.keyClicks(field(view, "pe"), "10..20")
    assert field(view, "pe").accessibleDescription() == "Only rows where it is from 10 to 20"
    head = view.model().headerData(view.model_shown.place_of("pe"), Qt.Orientation.Horizontal,
                                   Qt.ItemDataRole.AccessibleTextRole)
    assert head == "P/E, only from 10 to 20"


def test_words_are_chosen_from_a_list(view: TableView, qtbot: Any) -> None:
    view.show_filters(True, "sector")
    sector = field(view, "sector")
    assert sector.choices == [("Energy", 6), ("Health", 6), ("Technology", 6)]
    assert field(view, "name").choices == []
    QTest.keyClick(sector, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    offered = next(each for each in QApplication.topLevelWidgets() if isinstance(each, ChoiceList))
    QTest.keyClick(offered, Qt.Key.Key_Space)
    QTest.keyClick(offered, Qt.Key.Key_Down)
    QTest.keyClick(offered, Qt.Key.Key_Space)
    assert sector.text() == "=Energy | =Health"
    assert len(view.symbols()) == 12
    QTest.keyClick(offered, Qt.Key.Key_Return)
    assert not offered.isVisible()


def test_no_row_left_says_so_and_offers_to_clear(view: TableView, qtbot: Any) -> None:
    view.set_empty("No company passes", "Loosen a filter.")
    view.show_filters(True, "price")
    QTest.keyClicks(field(view, "price"), ">1B")
    assert view._empty.isVisible()
    QTest.mouseClick(view._empty._action, Qt.MouseButton.LeftButton)
    assert not view._empty.isVisible()
    view.set_rows([])
    assert view._empty._title.text() == "No company passes"


def test_a_new_table_is_filtered_too_and_a_hidden_column_filters_nothing(view: TableView) -> None:
    view.show_filters(True, "pe")
    view.set_filters({"pe": "known"})
    view.show_table(market_table(6))
    assert view.symbols() == ["AAA", "CCC", "DDD", "FFF"]
    view.choose_columns(["symbol", "price"])
    assert len(view.symbols()) == 6
    view.choose_columns(["symbol", "pe"])
    assert len(view.symbols()) == 4


def test_the_panels_rows_and_the_filter_row_narrow_together(view: TableView) -> None:
    view.set_rows([0, 1, 2, 3])
    view.set_filters({"pe": "known"})
    assert view.symbols() == ["AAA", "CCC", "DDD"]
    assert (view.model_shown.matching, view.model_shown.rows_in_all) == (3, 4)
    view.choose_columns(["symbol", "pe"])
    assert view.symbols() == ["AAA", "CCC", "DDD"]


def test_fields_lie_under_their_titles_when_scrolled(view: TableView) -> None:
    view.resize(560, 300)
    view.show_filters()
    bar = view.horizontalScrollBar()
    bar.setValue(bar.maximum() // 2)
    head = view.head
    for name, each in view._filter_row.fields.items():  # type: ignore[union-attr]
        left, width = head.span(view.model_shown.place_of(name))
        if each.isVisible():
            assert (each.x(), each.width()) == (left + 2, width - 4)
            assert each.geometry().right() < head.width() - head.beside + 1
            if name != "symbol":
                assert each.x() >= head.frozen_width
    assert field(view, "symbol").isVisible()
    shown = [each for each in view._filter_row.fields.values() if each.isVisible()]  # type: ignore[union-attr]
    assert len(shown) < len(view._filter_row.fields)  # type: ignore[union-attr]


def test_a_click_into_the_row_of_fields_does_not_sort(view: TableView) -> None:
    view.show_filters()
    head = view.horizontalHeader()
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(10, head.height() - 4))
    assert view.sort_keys == []
