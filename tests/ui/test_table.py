"""The table: formatting, sorting, provenance, keyboard and mouse, export, empty state, retheme."""

from __future__ import annotations

import csv
import io
from typing import Any

import polars as pl
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest

from terminal.domain.sourced import Column, Table
from terminal.ui import theme
from terminal.ui.table import Action, Look, TableView
from terminal.ui.table.look import kind_of
from tests.ui.conftest import NOW, FakeHost, market_table


@pytest.fixture
def view(qtbot: Any, host: FakeHost) -> TableView:
    made = TableView(host, star=True, actions=lambda symbol: [Action("Open", icon="file-text")],  # type: ignore[arg-type]
                     now=lambda: NOW, name="Results")
    qtbot.addWidget(made)
    made.resize(1200, 400)
    made.show_table(market_table())
    made.show()
    return made


def column(view: TableView, name: str) -> int:
    return next(place for place, each in enumerate(view._frame_model.columns) if each.name == name)


def shown(view: TableView, name: str) -> list[str]:
    model = view.model()
    return [model.index(row, column(view, name)).data() for row in range(model.rowCount())]


def click(view: TableView, row: int, name: str, button: Qt.MouseButton = Qt.MouseButton.LeftButton) -> None:
    rect = view.visualRect(view.model().index(row, column(view, name)))
    QTest.mouseClick(view.viewport(), button, Qt.KeyboardModifier.NoModifier, rect.center())


def click_head(view: TableView, name: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    head = view.horizontalHeader()
    place = column(view, name)
    at = QPoint(head.sectionViewportPosition(place) + head.sectionSize(place) // 2, head.height() // 2)
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, keys, at)


def picture(view: TableView) -> QImage:
    return view.grab().toImage()


def test_cells_are_formatted_by_type_and_unit(view: TableView) -> None:
    assert shown(view, "price")[0] == "69.76"
    assert shown(view, "pe") == ["18.4×", "–", "7.5×", "30.0×", "–", "12.0×"]
    assert shown(view, "change")[:4] == ["▼ −2.60\u202f%", "▲ +0.79\u202f%", "• 0.00\u202f%", "–"]
    assert shown(view, "score")[1] == "9.1"
    assert shown(view, "filed")[0] == "3 Nov 2026"
    assert shown(view, "trend")[:2] == ["falling", "rising"]


@pytest.mark.parametrize("descending", [True, False])
def test_unknown_comes_last_either_way(view: TableView, descending: bool) -> None:
    view.sort_by([("pe", descending)])
    values = shown(view, "pe")
    assert values[-2:] == ["–", "–"]
    known = [float(value[:-1]) for value in values[:-2]]
    assert known == sorted(known, reverse=descending)
    assert view.symbols()[-2:] == ["BBB", "EEE"]  # equal ones stay in the table's order


def test_verdicts_sort_by_merit(view: TableView) -> None:
    view.sort_by([("verdict", True)])
    assert shown(view, "verdict") == ["Strong Buy", "Buy", "Hold", "Avoid", "Unknown", "–"]


def test_a_click_on_the_head_sorts_and_shift_adds(view: TableView, qtbot: Any) -> None:
    with qtbot.waitSignal(view.sorted_by) as told:
        click_head(view, "score")
    assert told.args == [[("score", True)]]
    click_head(view, "score")
    assert view.sort_keys == [("score", False)]
    click_head(view, "filed")
    click_head(view, "price", Qt.KeyboardModifier.ShiftModifier)
    assert view.sort_keys == [("filed", False), ("price", True)]
    assert view.symbols() == ["FFF", "EEE", "DDD", "CCC", "BBB", "AAA"]


def test_sorting_keeps_the_current_symbol_without_telling(view: TableView, qtbot: Any) -> None:
    told: list[str] = []
    view.selected.connect(told.append)
    click(view, 1, "name")
    assert told == ["BBB"]
    view.sort_by([("price", True)])
    assert view.current_symbol() == "BBB"
    view.show_table(market_table())
    view.set_rows([1, 3])
    assert (view.current_symbol(), view.symbols()) == ("BBB", ["DDD", "BBB"])
    assert told == ["BBB"]


def test_keyboard(view: TableView, qtbot: Any) -> None:
    told: list[str] = []
    opened: list[str] = []
    view.selected.connect(told.append)
    view.activated.connect(opened.append)
    view.setFocus()
    view.select_symbol("AAA")
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_End, Qt.Key.Key_Home):
        QTest.keyClick(view, key)
    assert told == ["BBB", "CCC", "BBB", "FFF", "AAA"]
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert opened == ["AAA"]
    QTest.keyClicks(view, "dd")
    assert view.current_symbol() == "DDD"


def test_sorting_by_keyboard(view: TableView, qtbot: Any) -> None:
    view.setFocus()
    view.select_symbol("BBB")
    for _ in range(2):
        QTest.keyClick(view, Qt.Key.Key_Right)
    with qtbot.waitSignal(view.sorted_by) as told:
        QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert told.args == [[("price", True)]]
    assert (view.current_symbol(), view.symbols()[0]) == ("BBB", "FFF")
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert view.sort_keys == [("price", False)]


def test_taking_the_focus_selects_nothing(view: TableView, qtbot: Any) -> None:
    told: list[str] = []
    view.selected.connect(told.append)
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    assert told == []


def test_star_by_mouse_and_key(view: TableView) -> None:
    told: list[tuple[str, bool]] = []
    view.star_toggled.connect(lambda symbol, on: told.append((symbol, on)))
    before = picture(view)
    click(view, 2, "_star")
    assert told == [("CCC", True)]
    assert picture(view) != before
    view.select_symbol("CCC")
    QTest.keyClick(view, Qt.Key.Key_Space)
    assert told[-1] == ("CCC", False)


def test_row_menu_has_the_panels_actions(view: TableView, qtbot: Any) -> None:
    ran: list[str] = []
    view._actions = lambda symbol: [Action("Open", ran.append), Action(""), Action("Compare", ran.append)]
    menu = view.row_menu("DDD")
    entries = [action for action in menu.actions() if action.text()]
    assert [entry.text() for entry in entries] == ["Open", "Compare", "Copy rows"]
    entries[0].trigger()
    assert ran == ["DDD"]
    menu.deleteLater()


def test_every_number_tells_its_source(view: TableView, host: FakeHost) -> None:
    tip = view.model().index(0, column(view, "pe")).data(Qt.ItemDataRole.ToolTipRole)
    for part in ("P/E", "18.4×", "You pay this for $1", "price / eps_ttm", "demo", "facts", "SIMULATED", "fetched 2 h old"):
        assert part in tip, part
    assert "bars" not in tip  # that cell came from the other source
    several = view.model().index(0, column(view, "score")).data(Qt.ItemDataRole.ToolTipRole)
    assert "bars" in several
    assert "facts" in several


def test_unknown_says_why(view: TableView) -> None:
    tip = view.model().index(1, column(view, "pe")).data(Qt.ItemDataRole.ToolTipRole)
    assert "unknown" in tip
    assert "the company made a loss" in tip
    tip = view.model().index(3, column(view, "change")).data(Qt.ItemDataRole.ToolTipRole)
    assert "No source has given this value" in tip


def test_text_from_outside_is_never_markup(qtbot: Any, host: FakeHost) -> None:
    frame = pl.DataFrame({"symbol": ["<b>X</b>"], "price": [1.0]})
    table = Table("t", (Column("symbol", "Ticker"), Column("price", "<i>P", "number", "", "price")), frame)
    view = TableView(host, now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.show_table(table)
    tip = view.model().index(0, 1).data(Qt.ItemDataRole.ToolTipRole)
    assert "<i>P" not in tip
    assert "&lt;i&gt;P" in tip


def test_newbie_mode_has_taller_rows_fewer_columns_and_plain_words(view: TableView, host: FakeHost) -> None:
    assert view.verticalHeader().defaultSectionSize() == 24
    host.mode = "newbie"
    view.set_mode("newbie")
    assert view.verticalHeader().defaultSectionSize() == 32
    assert "pe" not in view.shown_columns
    view.set_columns(["symbol", "pe"])
    assert view.model().headerData(2, Qt.Orientation.Horizontal) == "Price vs profit"
    assert shown(view, "pe")[0] == "18.4×"  # the same value in both modes


def test_columns_can_be_chosen(view: TableView, qtbot: Any) -> None:
    told: list[list[str]] = []
    view.columns_changed.connect(told.append)
    menu = view.columns_menu()
    {action.text(): action for action in menu.actions()}["P/E"].trigger()
    assert "pe" not in view.shown_columns
    menu.deleteLater()
    menu = view.columns_menu()
    {action.text(): action for action in menu.actions()}["P/E"].trigger()
    assert view.shown_columns.index("pe") == view.shown_columns.index("score") + 1
    menu.deleteLater()
    assert len(told) == 2


def test_csv_is_what_is_shown_with_raw_values(view: TableView) -> None:
    view.sort_by([("price", True)])
    rows = list(csv.DictReader(io.StringIO(view.to_csv())))
    assert [row["Ticker"] for row in rows] == ["FFF", "EEE", "DDD", "CCC", "BBB", "AAA"]
    assert rows[-1]["P/E"] == "18.4"
    assert rows[1]["P/E"] == ""
    assert rows[0]["Filed"] == "2026-11-03"
    assert {row["Simulated"] for row in rows} == {"yes"}
    view.show_table(market_table(simulated=False))
    assert "Simulated" not in view.to_csv()


def test_copy_takes_the_selected_rows(view: TableView) -> None:
    view.setFocus()
    view.select_symbol("BBB")
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["Ticker", "BBB", "CCC"]
    assert view.selected_symbols() == ["BBB", "CCC"]


def test_ticks_are_painted_together(view: TableView, qtbot: Any) -> None:
    for price in range(100):
        view.update_cells("price", {"AAA": float(price), "BBB": 2.0})
    assert shown(view, "price")[0] == "69.76"
    qtbot.waitUntil(lambda: shown(view, "price")[0] == "99.00")
    assert shown(view, "price")[1] == "2.00"


def test_the_empty_state_offers_what_to_do(view: TableView, qtbot: Any) -> None:
    done: list[int] = []
    view.set_empty("No company passes", "Loosen a filter.", "filter-x", "Reset", lambda: done.append(1))
    assert not view._empty.isVisible()
    view.set_rows([])
    assert view._empty.isVisible()
    QTest.mouseClick(view._empty._action, Qt.MouseButton.LeftButton)
    assert done == [1]
    view.set_rows(None)
    assert not view._empty.isVisible()


def test_simulated_is_seen_without_pointing(view: TableView) -> None:
    with_mark = picture(view)
    view.show_table(market_table(simulated=False))
    assert picture(view) != with_mark
    warn = theme.tokens().color("warn").rgb()
    head = QImage(with_mark.copy(0, 0, with_mark.width(), view.horizontalHeader().height()))
    assert any(head.pixel(x, y) == warn for x in range(head.width()) for y in range(head.height()))


def test_the_ticker_stays_when_scrolled(view: TableView, qtbot: Any) -> None:
    view.resize(500, 300)
    bar = view.horizontalScrollBar()
    assert bar.maximum() > 100
    left = picture(view).copy(0, 40, 60, 100)
    bar.setValue(bar.maximum())
    assert picture(view).copy(0, 40, 60, 100) == left
    assert view.indexAt(QPoint(50, 30)).column() == column(view, "symbol")
    head = view.horizontalHeader()
    QTest.mouseClick(head.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(50, 10))
    assert view.sort_keys == [("symbol", False)]


def test_flags_have_the_tone_they_are_given(qtbot: Any) -> None:
    def colors(looks: dict[str, Look]) -> set[int]:
        view = TableView(looks=looks)
        qtbot.addWidget(view)
        view.resize(700, 300)
        view.show_table(market_table(simulated=False), ["flags"])
        view.show()
        image = picture(view)
        return {image.pixel(x, y) for x in range(0, 300) for y in range(30, 180)}

    ok, warn = (theme.tokens().color(name).rgb() for name in ("ok_bg", "warn_bg"))
    tones = dict.fromkeys(("Dilution", "High debt", "Earnings in 3 days"), "ok")
    plain, toned = colors({}), colors({"flags": Look("chips", tones=tones)})
    assert warn in plain
    assert ok not in plain
    assert ok in toned
    assert warn not in toned


def test_retheme_repaints_everything(view: TableView, qapp: Any) -> None:
    dark = picture(view)
    theme.apply(qapp, "light")
    assert picture(view).pixelColor(900, 380).lightness() > 200 > dark.pixelColor(900, 380).lightness()
    theme.apply(qapp, "dark", "standard", 15)
    assert view.verticalHeader().defaultSectionSize() == 30


def test_rows_are_painted_once(view: TableView, monkeypatch: pytest.MonkeyPatch) -> None:
    view.show_table(market_table(2000))
    picture(view)
    painter = view._painter
    assert painter is not None
    painted: list[int] = []
    original = painter.row
    monkeypatch.setattr(painter, "row", lambda id, *rest: painted.append(id) or original(id, *rest))
    picture(view)
    assert painted == []
    view.verticalScrollBar().setValue(24)
    picture(view)
    assert len(painted) <= 2
    view.sort_by([("symbol", False)])
    picture(view)
    assert view._painter is painter
    for value in range(0, 40_000, 400):
        view.verticalScrollBar().setValue(value)
        picture(view)
    assert view._pictures.size < 30_000_000


def test_a_cell_that_cannot_be_painted_does_not_hurt_the_others(view: TableView, expect_warning: Any,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:
    expect_warning("could not be painted")
    picture(view)
    assert view._painter is not None

    def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(view._painter._paint, "pill", broken)
    view._pictures.forget()
    broken_row = picture(view).copy(0, 28, 600, 24)
    assert len({broken_row.pixel(x, 12) for x in range(600)}) > 10  # the others are there


def test_cells_can_be_read_aloud(view: TableView) -> None:
    role = Qt.ItemDataRole.AccessibleTextRole
    assert view.model().index(0, column(view, "pe")).data(role) == "P/E 18.4×"
    assert view.model().index(1, column(view, "pe")).data(role) == "P/E unknown"
    assert view.model().index(1, column(view, "_star")).data(role) == "Watchlist not starred"


def test_kinds_by_name_type_and_unit() -> None:
    assert kind_of(Column("verdict", "V")) == "pill"
    assert kind_of(Column("dcf_gap", "D", "number", "fraction")) == "signed"
    assert kind_of(Column("roe", "R", "number", "fraction")) == "number"
    assert kind_of(Column("trend", "T", "list"), pl.List(pl.Float64())) == "spark"
    assert kind_of(Column("flags", "F", "list"), pl.List(pl.String())) == "chips"


def test_a_table_without_symbols_and_without_host_is_shown_too(qtbot: Any) -> None:
    view = TableView(looks={"n": Look("bar", maximum=3)})
    qtbot.addWidget(view)
    view.resize(400, 200)
    frame = pl.DataFrame({"what": ["a", None], "n": [1, 2], "on": [True, None]})
    view.show_table(Table("Plain", (Column("what", "What"), Column("n", "N", "integer"), Column("on", "On", "bool")), frame))
    view.show()
    assert not picture(view).isNull()
    assert shown(view, "on") == ["yes", "–"]
    view.sort_by([("what", True)])
    assert shown(view, "what") == ["a", "–"]
    QTest.keyClick(view, Qt.Key.Key_Return)
    view.show_table(Table("Empty", (), pl.DataFrame()))
    assert not picture(view).isNull()
