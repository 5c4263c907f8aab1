"""Live values: only what changed is painted, later sorting and exports count with it, and its source is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from PySide6.QtCore import Qt

from terminal.domain.sourced import Source
from terminal.ui import theme
from terminal.ui.table import TableView
from tests.ui.conftest import NOW, FakeHost, market_table


@pytest.fixture
def view(qtbot: Any, host: FakeHost) -> TableView:
    made = TableView(host, now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(made)
    made.resize(1200, 400)
    made.show_table(market_table(200))
    made.show()
    qtbot.waitExposed(made)
    made.grab()
    return made


def test_only_changed_cells_are_painted(view: TableView, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = view._painter
    assert painter is not None
    patched: list[tuple[int, int]] = []
    original = painter.patch
    monkeypatch.setattr(painter, "patch", lambda picture, id, place, *rest: patched.append((id, place)) or original(
        picture, id, place, *rest))
    monkeypatch.setattr(painter, "row", lambda *_: pytest.fail("a whole row was painted"))
    price = view.model_shown.place_of("price")
    view.update_cells("price", {"AAA": 69.76, "BBB": 99.0, "CCC": 1.0, "NONE": 5.0, "AAA30": 7.0})
    view._ticks.beat()
    assert patched == [(1, price), (2, price)]  # AAA is as before, AAA30 cannot be seen
    assert view.model_shown.text(view.model_shown.ids_of("AAA30")[0], price) == "7.00"


def test_a_change_is_tinted_by_its_direction_until_it_is_over(view: TableView, qtbot: Any) -> None:
    place = view.model_shown.place_of("price")
    area = view.cell_rect(1, place)

    def ground() -> tuple[int, int]:
        color = view.viewport().grab().toImage().pixelColor(area.left() + 5, area.center().y())
        return color.red(), color.green()

    before = ground()
    view.update_cells("price", {"BBB": 99.0})
    view._ticks.beat()
    assert ground()[1] > before[1]
    view.update_cells("price", {"BBB": 9.0})
    view._ticks.beat()
    assert ground()[0] > before[0]
    qtbot.waitUntil(lambda: not view._ticks.flashes)
    assert ground() == before
    assert not view._ticks._timer.isActive()


def test_less_motion_means_no_tint(qtbot: Any, qapp: Any, host: FakeHost) -> None:
    theme.apply(qapp, motion="yes")
    view = TableView(host, now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.resize(900, 300)
    view.show_table(market_table())
    view.show()
    view.update_cells("price", {"BBB": 99.0})
    view._ticks.beat()
    assert view._ticks.flashes == {}
    assert view.model_shown.text(1, view.model_shown.place_of("price")) == "99.00"


def test_later_sorting_filtering_and_copying_count_with_it(view: TableView) -> None:
    before = view.symbols()
    view.update_cells("price", {"CCC": 1000.0})
    view._ticks.beat()
    assert view.symbols() == before  # rows do not jump
    view.sort_by([("price", True)])
    assert view.symbols()[0] == "CCC"
    view.set_filters({"price": ">999"})
    assert view.symbols() == ["CCC"]
    assert "1000.0" in view.to_csv()
    view.show_table(market_table(200))
    assert view.symbols() == []  # the new table knows nothing of it


def test_where_a_live_value_came_from_is_told(view: TableView) -> None:
    live = Source("alpaca", "trades", NOW, NOW)
    view.update_cells("price", {"BBB": 5.0}, live)
    view._ticks.beat()
    tip = view.model().index(1, view.model_shown.place_of("price")).data(Qt.ItemDataRole.ToolTipRole)
    assert "alpaca" in tip
    assert "demo" not in tip
    other = view.model().index(0, view.model_shown.place_of("price")).data(Qt.ItemDataRole.ToolTipRole)
    assert "demo" in other


def test_every_row_of_a_symbol_gets_its_value(qtbot: Any, host: FakeHost) -> None:
    table = market_table(6)
    view = TableView(host, now=lambda: NOW)  # type: ignore[arg-type]
    qtbot.addWidget(view)
    view.show_table(replace(table, frame=table.frame.with_columns(pl.Series("symbol", ["AAA", "BBB", "AAA", "C", "D", "E"]))))
    view.update_cells("price", {"AAA": 5.0})
    view._ticks.beat()
    place = view.model_shown.place_of("price")
    assert [view.model_shown.text(id, place) for id in range(3)] == ["5.00", "70.76", "5.00"]
