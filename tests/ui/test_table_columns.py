"""The chooser of columns, arrangements as a whole, and files: by real events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from terminal.domain.sourced import Source
from terminal.domain.table_state import TableState
from terminal.errors import UserError
from terminal.ui.table import TableView
from terminal.ui.table.chooser import Chooser
from terminal.ui.table.export import as_table, write
from tests.ui.conftest import NOW, FakeHost, market_table

if TYPE_CHECKING:
    from pathlib import Path

ALT = Qt.KeyboardModifier.AltModifier


class FileHost(FakeHost):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.told = path, []  # type: ignore[var-annotated]

    def save_file(self, title: str, suggested: str, kinds: Any) -> str:
        self.asked.append(suggested)
        return str(self.path)

    def notify(self, text: str, level: str = "info") -> None:
        self.told.append((text, level))


@pytest.fixture
def view(qtbot: Any, host: FakeHost) -> TableView:
    made = TableView(host, now=lambda: NOW, name="Results")  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1200, 400)
    made.show_table(market_table(24))
    made.show()
    return made


def test_columns_are_found_ticked_and_moved_by_keys(view: TableView, qtbot: Any) -> None:
    chooser = Chooser(view)
    chooser.open()
    told: list[list[str]] = []
    view.columns_changed.connect(told.append)
    QTest.keyClicks(chooser.search, "52-w")
    assert [item.text() for item in chooser._items() if not item.isHidden()] == ["52-week position"]
    QTest.keyClick(chooser.search, Qt.Key.Key_Down)
    QTest.keyClick(chooser.list, Qt.Key.Key_Space)
    assert "position_52w" not in view.shown_columns
    chooser.search.clear()
    chooser.list.setCurrentRow(2)
    QTest.keyClick(chooser.list, Qt.Key.Key_Up, ALT)
    assert view.shown_columns[:3] == ["symbol", "price", "name"]
    QTest.keyClick(chooser.list, Qt.Key.Key_Down, ALT)
    assert view.shown_columns[:3] == ["symbol", "name", "price"]
    chooser._reset()
    assert "position_52w" in view.shown_columns
    assert told[-1] == []
    chooser.close()


def test_a_line_is_dragged(view: TableView, qtbot: Any) -> None:
    chooser = Chooser(view)
    chooser.open()
    item = chooser.list.takeItem(3)  # what Qt does when a line is dropped
    chooser.list.insertItem(1, item)
    chooser.list._moved()
    assert view.shown_columns[:3] == ["symbol", "change", "name"]
    assert not chooser.list.item(0).flags() & Qt.ItemFlag.ItemIsEnabled  # the ticker stays
    chooser.close()


def test_the_users_columns_stand_before_the_panels(view: TableView) -> None:
    view.choose_columns(["symbol", "pe"])
    view.show_table(market_table(24), ["symbol", "name"])
    assert view.shown_columns == ["symbol", "pe"]
    view.set_mode("newbie")
    assert view.shown_columns == ["symbol", "name"]  # chosen in Pro only
    view.set_mode("pro")
    view.choose_columns(None)
    assert view.shown_columns == ["symbol", "name"]
    view.choose_columns(["symbol", "pe"])
    view.unpin_columns()
    view.show_table(market_table(24), ["symbol", "score"])
    assert view.shown_columns == ["symbol", "score"]


def test_an_arrangement_is_taken_and_given_back_whole(view: TableView, qtbot: Any, host: FakeHost) -> None:
    state = TableState(("symbol", "verdict", "pe"), (("pe", True),), {"pe": ">8"}, "verdict", {"pe": "heat-low"})
    assert view.use_state(state) == []
    assert view.table_state() == state
    assert view.filters_shown
    assert [view.model_shown.told.row_title(row) for row in range(4)] == ["Hold", "AAA", "AAA1", "AAA2"]
    assert view.use_state(TableState(("symbol", "absent"))) == ["absent"]
    assert (view.shown_columns, view.filters, view.group) == (["symbol"], {}, "")


def test_a_table_that_follows_is_arranged_alike(view: TableView, qtbot: Any, host: FakeHost) -> None:
    other = TableView(host, now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(other)
    other.show_table(market_table(6))
    other.follow(view)
    other.fit_rows()
    other.show()
    tall = other.height()
    view.show_filters(True, "pe")
    QTest.keyClicks(view._filter_row.fields["pe"], ">15")  # type: ignore[union-attr]
    view.user_sort([("price", True)])
    assert other.symbols() == ["DDD", "AAA"]
    assert other.height() < tall
    view.choose_columns(["symbol", "pe"])
    assert other.shown_columns == ["symbol", "pe"]
    assert as_table(view, everything=False).frame.height == len(view.symbols()) + 2


def test_another_kind_of_table_starts_afresh(view: TableView) -> None:
    view.set_key("results.market.quotes")
    view.use_state(TableState(("symbol", "pe"), (("pe", True),), {"pe": ">8"}, "", {}))
    view.set_key("results.market.bars")
    view.show_table(market_table(6))
    assert (view.filters, view.sort_keys, view.filters_shown, len(view.shown_columns)) == ({}, [], False, 11)


def test_parquet_holds_what_is_shown_with_types_and_sources(view: TableView, tmp_path: Path) -> None:
    view.sort_by([("price", True)])
    view.set_filters({"pe": "known"})
    view.update_cells("price", {"AAA": 500.0}, Source("alpaca", "trades", NOW, NOW))
    view._ticks.beat()
    table = as_table(view, everything=False)
    write(table, tmp_path / "shown.parquet")
    back = pl.read_parquet(tmp_path / "shown.parquet")
    assert back["symbol"].to_list() == view.symbols()
    assert back.drop("simulated").equals(table.frame)
    assert back["simulated"].all()
    assert back.schema["trend"] == pl.List(pl.Float64)
    told = json.loads(pl.read_parquet_metadata(tmp_path / "shown.parquet")["tapeline"])
    assert {source["provider"] for source in told["sources"]} == {"demo", "alpaca"}
    write(as_table(view, everything=True), tmp_path / "all.parquet")
    assert pl.read_parquet(tmp_path / "all.parquet").height == 24


def test_csv_has_sources_in_comments_and_raw_values(view: TableView, tmp_path: Path) -> None:
    write(as_table(view, everything=True), tmp_path / "all.csv")
    text = (tmp_path / "all.csv").read_text("utf-8")
    assert text.startswith("# SIMULATED")
    assert "# source: demo bars" in text
    back = pl.read_csv(tmp_path / "all.csv", comment_prefix="#")
    frame = market_table(24).frame
    for name in ("price", "pe", "change", "symbol"):
        assert back[name].to_list() == frame[name].to_list()
    assert back["flags"][3] == "Dilution; High debt; Earnings in 3 days"
    assert back["filed"][0] == "2026-11-03"


def test_exporting_asks_writes_and_tells(qtbot: Any, tmp_path: Path) -> None:
    host = FileHost(tmp_path / "out")
    view = TableView(host, now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.show_table(market_table(6))
    view.export()
    qtbot.waitUntil(lambda: bool(host.told))
    assert host.told == [(f"6 rows and 11 columns written to {tmp_path / 'out.csv'}.", "ok")]
    assert host.asked == ["test.csv"]
    host.path = tmp_path / "nowhere" / "x.parquet"
    view.export()
    qtbot.waitUntil(lambda: len(host.told) == 2)
    assert host.told[1][1] == "error"
    assert "cannot be written" in host.told[1][0]


def test_a_folder_that_is_not_there_is_an_error_of_the_user(view: TableView, tmp_path: Path) -> None:
    for name in ("x.csv", "x.parquet"):
        with pytest.raises(UserError):
            write(as_table(view, everything=True), tmp_path / "nowhere" / name)
