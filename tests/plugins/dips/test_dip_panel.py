"""The dip monitor's panel as the user moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Open = Callable[..., Any]
    Until = Callable[..., None]


def found(app: Any, **arguments: Any) -> list[str]:
    return list(app.run("dips.list", {"universe": "big", **arguments}).frame["symbol"])


def test_it_opens_with_the_dips_the_counts_and_one_in_full(market: Any, open_panel: Open) -> None:
    panel = open_panel(market)
    assert panel.table.symbols() == found(market)
    assert panel.count.text == f"{len(found(market))} of 150"
    chips = [chip.text for _, chip in panel.choices._chips]
    assert sum(int(text.split()[0]) for text in chips) == len(found(market)) and any("buy the dip" in text for text in chips)
    assert panel.views.value == "table" and panel.detail.isVisible() and panel.detail.symbol == found(market)[0]
    assert "SIMULATED" in panel.badge.text and "Simulated market" in panel.pace.text()
    assert panel.host.chosen == [found(market)[0]], "the linked tearsheet gets a company at once"


def test_an_action_s_chip_shows_only_its_dips(market: Any, open_panel: Open) -> None:
    panel = open_panel(market)
    panel.choices.clicked.emit("buy")
    table = market.run("dips.list")
    assert panel.table.symbols() == table.frame.filter(table.frame["action"] == "Buy the dip")["symbol"].to_list() != []
    panel.choices.clicked.emit("buy")
    assert len(panel.table.symbols()) == table.frame.height, "the same chip again shows all"


@pytest.mark.slow
def test_threshold_high_and_universe_ask_anew(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.threshold._buttons["0.15"].click()
    until(lambda: panel.table.symbols() == found(market, threshold=0.15))
    panel.threshold._buttons["own"].click()
    assert panel.own.isVisible()
    panel.own.setValue(25.0)
    panel.own.editingFinished.emit()
    until(lambda: panel.table.symbols() == found(market, threshold=0.25))
    panel.basis._buttons["recent"].click()
    until(lambda: panel.table.symbols() == found(market, threshold=0.25, basis="recent"))
    panel.basis._buttons["52w"].click()
    panel.universe.setCurrentIndex(panel.universe.findData("mega"))
    panel.universe.activated.emit(0)
    until(lambda: panel.count.text.endswith("of 10"))
    assert panel.table.symbols() == found(market, universe="mega", threshold=0.25)


def test_choosing_a_row_tells_the_linked_panels_and_enter_opens_the_page(market: Any, open_panel: Open) -> None:
    panel = open_panel(market)
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    QTest.keyClick(panel.table, Qt.Key.Key_Down)
    symbol = panel.table.current_symbol()
    assert panel.host.chosen[-1] == symbol == panel.detail.symbol != found(market)[0]
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    assert panel.host.opened == [("tearsheet", symbol)]
    panel.detail._shut()
    assert not panel.detail.isVisible()
    panel.refresh()
    assert not panel.detail.isVisible(), "who closes it wants it closed"


def test_a_newbie_sees_cards_with_what_there_is_to_do_first(market: Any, open_panel: Open) -> None:
    panel = open_panel(market, "newbie", (1000, 760))
    assert panel.views.value == "cards" and panel.title.text() == "What has become cheaper?"
    table = market.run("dips.list")
    first = panel.cards.cards[0]
    buys = table.frame.filter(table.frame["action"] == "Buy the dip")["symbol"].to_list()
    assert [card.symbol for card in panel.cards.cards][: len(buys)] == buys[:18]
    row = next(row for row in table.rows() if row["symbol"] == first.symbol)
    text = first.fallen.text()
    assert text.index("$") < text.index("%"), "money before per cent"
    assert f"{row['fallen']:,.2f}".replace(",", "\u202f") in text
    assert "our rules would buy" in panel.question.text()
    shown = len(panel.cards.cards)
    panel.cards._more.click()
    assert len(panel.cards.cards) == min(2 * shown, table.frame.height)
    QTest.mouseClick(first, Qt.MouseButton.LeftButton)
    assert panel.host.opened == [("tearsheet", first.symbol)]
    panel.views._buttons["table"].click()
    assert panel.table.shown_columns == ["symbol", "price", "fallen", "dip", "_do", "reason"]


def test_both_modes_show_the_same_values(market: Any, open_panel: Open) -> None:
    panel = open_panel(market)
    before = panel.table.symbols()
    panel.host.mode = "newbie"
    panel.set_mode("newbie")
    panel.show_view("table")
    assert panel.table.symbols() == before
    panel.host.mode = "pro"
    panel.set_mode("pro")
    assert "severity" in panel.table.shown_columns


def test_an_unknown_universe_is_told_and_mended(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.restore_state({"universe": "watchlist:Gone", "threshold": 0.1, "basis": "52w"})
    until(lambda: panel.count.text == "–")
    assert "no universe" in panel.table._empty._title.text() and not panel.detail.isVisible()
    panel.show_view("cards")
    assert "no universe" in panel.cards._empty._title.text()
    panel.restore_state({"universe": "mega", "threshold": 0.9, "basis": "52w"})
    until(lambda: panel.count.text == "0 of 10")
    assert panel.table._empty._title.text() == "No dips"


def test_what_was_chosen_is_remembered(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.restore_state({"universe": "large", "threshold": 0.07, "basis": "recent", "view": "cards", "sort": [["z", False]]})
    until(lambda: panel.count.text.endswith("of 50"))
    state = panel.save_state()
    assert state == {"view": "cards", "universe": "large", "threshold": pytest.approx(0.07), "basis": "recent",
                     "sort": [["z", False]]}
    assert panel.threshold.value == "own" and panel.own.isVisible()


def test_writing_down_scoring_and_exporting(market: Any, open_panel: Open, until: Until, tmp_path: Path) -> None:
    panel = open_panel(market)
    panel.write_button.click()
    until(lambda: any("new states" in text for _, text in panel.host.told))
    until(lambda: panel._table is not None and panel._table.frame["since"].null_count() == 0)
    panel.score_button.click()
    until(lambda: any("none is old enough" in text for _, text in panel.host.told))
    panel.host.file = str(tmp_path / "dips.csv")
    panel.export_button.click()
    until(lambda: any("written to" in text for _, text in panel.host.told))
    assert (tmp_path / "dips.csv").read_text(encoding="utf-8").startswith("symbol,")


def test_newer_prices_are_taken_in_at_once(market: Any, open_panel: Open) -> None:
    from dataclasses import replace
    from datetime import UTC, datetime

    import polars as pl

    panel = open_panel(market)
    symbol = panel.table.symbols()[0]
    peak = panel._dips[symbol].row["peak"]
    answer = market.run("dips.live", {"symbols": [symbol]})
    frame = pl.DataFrame({"symbol": [symbol], "price": [peak * 0.5], "quoted_at": [datetime(2026, 11, 21, 15, tzinfo=UTC)]})
    panel._ticked(replace(answer, frame=frame, detail={"words": "Live: every 5 s for 1.", "seconds": 5}))
    assert panel.pace.text() == "Live: every 5 s for 1." and panel.beat.isActive()
    panel.table._ticks.beat()
    model = panel.table.model()
    places = {column.name: place for place, column in enumerate(model.columns)}
    row = next(id for id in model.order if model.symbol(id) == symbol)
    assert model.raw(row, places["price"]) == pytest.approx(peak * 0.5) and model.raw(row, places["dip"]) == pytest.approx(-0.5)
    panel.beat.stop()


@pytest.mark.parametrize(("mode", "size"), [("pro", (900, 700)), ("newbie", (700, 600)), ("pro", (1720, 1000))])
def test_nothing_is_cut_off_and_everything_has_a_name(market: Any, open_panel: Open, mode: str, size: tuple[int, int]) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QDoubleSpinBox

    panel = open_panel(market, mode, size)
    assert panel.width() <= size[0] and panel.minimumSizeHint().width() <= size[0]
    for kind in (QAbstractButton, QComboBox, QDoubleSpinBox):
        for widget in panel.findChildren(kind):
            if widget.isVisible() and not widget.objectName().startswith("qt_"):
                assert widget.accessibleName(), widget
