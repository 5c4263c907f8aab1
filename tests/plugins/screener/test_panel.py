"""The screener's panel as the user moves it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QInputDialog, QLabel

from plugins.screener.model import DEFAULT_COLUMNS, NEWBIE_COLUMNS
from plugins.screener.panel_watchlists import STARRED
from plugins.screener.plan import NothingStoredError

if TYPE_CHECKING:
    from collections.abc import Callable

    Open = Callable[..., Any]
    Until = Callable[..., None]


def found(app: Any, **arguments: Any) -> list[str]:
    return list(app.run("screener.run", {"record": False, **arguments}).frame["symbol"])


def shown(panel: Any) -> dict[str, dict[str, str]]:
    """The cells as they are read, by symbol and column."""
    model = panel.table.model()
    places = {column.name: place for place, column in enumerate(model.columns) if not column.name.startswith("_")}
    return {model.symbol(id): {name: model.text(id, place) for name, place in places.items()} for id in model.order}


def answer(monkeypatch: pytest.MonkeyPatch, text: str, agreed: bool = True) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (text, agreed))


def test_it_opens_with_everything_the_ten_columns_and_live_counts(market: Any, open_panel: Open) -> None:
    panel = open_panel(market, size=(1250, 800))
    assert panel.table.shown_columns == list(DEFAULT_COLUMNS)
    assert panel.table.symbols() == found(market)
    assert panel.count.text == "532 of 532" and panel.unknown.isHidden()
    combo = panel.filters._combo
    counts = {row["id"]: row["matched"] for row in market.run("screener.presets").rows()}
    assert {combo.itemData(at): combo.itemText(at).rsplit(" ", 1)[1] for at in range(combo.count())} == {
        key: f"{count:,}" for key, count in counts.items()
    }


def test_typing_a_rule_filters_at_each_letter_that_makes_sense(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    QTest.keyClicks(panel.rule.field, "roe > 20%")
    until(lambda: panel.table.symbols() == found(market, rule="roe > 20%"))
    assert panel.unknown.isVisible() and panel.rule.problem.text() == ""
    before = len([command for command, _ in panel.host.ran if command == "screener.run"])
    QTest.keyClicks(panel.rule.field, " and pe_ttm < 15")
    until(lambda: panel.table.symbols() == found(market, rule="roe > 20% and pe_ttm < 15"))
    assert len([command for command, _ in panel.host.ran if command == "screener.run"]) == before, (
        "only judged, not run again"
    )


def test_a_mistake_is_marked_at_its_column_and_can_be_mended(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    everyone = panel.table.symbols()
    panel.rule.field.setText("pe_ttm < 20 and reo > 15%")
    until(lambda: panel.rule.problem.text() != "")
    assert "Column 17" in panel.rule.problem.text() and panel.rule.field.marked == (16, 3)
    assert panel.rule.field.property("invalid") == "true"
    assert panel.table.symbols() == everyone, "a half-written rule leaves the table as it was"
    assert panel.rule.fix.text() == "Use “roe”"
    panel.rule.fix.click()
    until(lambda: panel.table.symbols() == found(market, rule="pe_ttm < 20 and roe > 15%"))
    assert (
        panel.rule.field.marked == (-1, 0) and not panel.rule.field.property("invalid") and panel.rule.problem.text() == ""
    )


def test_a_slider_moved_by_keys_filters_at_once_and_makes_a_chip(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    until(lambda: bool(panel.filters._spread))
    slider = panel.filters.sliders["pe_ttm"]
    slider.setFocus()
    calls = len(panel.host.ran)
    for _ in range(30):
        QTest.keyClick(slider, Qt.Key.Key_Right)
    (ranges,) = [panel.arguments()["ranges"]]
    assert ranges[0].startswith("pe_ttm=") and panel.table.symbols() == found(market, ranges=ranges) != []
    assert len(panel.host.ran) == calls, "nothing was run"
    assert [key for key, _ in panel.chips._chips] == ["pe_ttm"]
    assert panel.filters._values["pe_ttm"].text() in panel.chips._chips[0][1].text
    panel.chips.removed.emit("pe_ttm")
    assert panel.table.symbols() == found(market) and slider.limits == (None, None)
    assert panel._chip_line.isHidden()


def test_sectors_and_types(market: Any, open_panel: Open) -> None:
    panel = open_panel(market)
    for sector, box in panel.filters.sector_boxes.items():
        box.setChecked(sector == "Energy")
    assert panel.table.symbols() == found(market, rule='sector in ("Energy")') != []
    assert panel.chips._chips[0][1].text == "Energy"
    panel.chips.removed.emit("sector")
    assert all(box.isChecked() for box in panel.filters.sector_boxes.values())
    panel.filters.type_boxes["Stocks"].click()
    assert panel.table.symbols() == found(market, rule='kind in ("etf", "fund", "bond", "bond_etf")') != []


def test_the_name_filter_runs_nothing(market: Any, open_panel: Open) -> None:
    panel = open_panel(market)
    calls = len(panel.host.ran)
    QTest.keyClicks(panel.filters.search, "SPY")
    assert "SPY" in panel.table.symbols() and len(panel.table.symbols()) < 20
    assert len(panel.host.ran) == calls
    panel.filters.search.clear()
    assert len(panel.table.symbols()) == 532


def test_choosing_a_preset_brings_its_columns_and_order(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    combo = panel.filters._combo
    combo.setCurrentIndex(combo.findData("low_volatility"))
    combo.activated.emit(combo.currentIndex())
    until(lambda: panel.title.text() == "Low volatility")
    assert panel.table.symbols() == found(market, preset="low_volatility")
    assert "volatility_1y" in panel.table.shown_columns and panel.table.sort_keys == [("volatility_1y", False)]


def test_newbie_is_asked_and_sees_four_columns(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market, "newbie")
    assert panel.table.shown_columns == list(NEWBIE_COLUMNS) == ["symbol", "price", "verdict", "why"]
    assert not panel.rule.isVisible() and not panel.clauses_button.isVisible()
    names = [card.accessibleName() for card in panel.filters.cards.values()]
    assert len(names) == 15 and names[0] == "Show me everything: 532 found"
    panel.filters.cards["buy"].clicked.emit()
    until(lambda: panel.title.text() == "Good companies and funds at a fair price")
    assert panel.table.symbols() == found(market, preset="buy")
    assert panel.filters.cards["buy"].property("selected") and "score" in panel.why.text()
    headings = {label.text() for label in panel.filters.findChildren(type(panel.title))}
    assert "What are you looking for?" in headings


def test_the_mode_switch_keeps_every_value(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    QTest.keyClicks(panel.rule.field, "roe > 15%")
    until(lambda: panel.table.symbols() == found(market, rule="roe > 15%"))
    panel.filters.type_boxes["Funds"].click()
    pro = shown(panel)
    for mode in ("newbie", "pro"):
        panel.host.mode = mode
        panel.set_mode(mode)
        now = shown(panel)
        assert list(now) == list(pro), "the same rows in the same order"
        same = [name for name in next(iter(now.values())) if name in next(iter(pro.values()))]
        assert {"symbol", "price", "verdict"} <= set(same)
        assert all(now[symbol][name] == pro[symbol][name] for symbol in now for name in same)
        if mode == "newbie":
            assert "rule" in [key for key, _ in panel.chips._chips], "the rule is said although its line is hidden"
    assert panel.rule.field.text() == "roe > 15%"


def test_the_rows_that_cannot_be_judged_can_be_looked_at(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    QTest.keyClicks(panel.rule.field, "pe_ttm < 15")
    until(panel.unknown.isVisible)
    unknown = found(market, rule="pe_ttm < 15", show="unknown")
    assert panel.unknown.text == f"{len(unknown):,} unknown" and unknown
    QTest.mouseClick(panel.unknown, Qt.MouseButton.LeftButton)
    assert panel.table.symbols() == unknown
    QTest.mouseClick(panel.count, Qt.MouseButton.LeftButton)
    assert panel.table.symbols() == found(market, rule="pe_ttm < 15")
    panel.show_reason(unknown[0])
    until(lambda: panel.drawer.content == "reason")
    assert panel.drawer.table.table.rows()[0] == {"clause": "pe_ttm < 15", "outcome": "unknown", "value": None}


def test_save_rename_delete_and_undo(market: Any, open_panel: Open, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = open_panel(market)
    QTest.keyClicks(panel.rule.field, "roe > 25%")
    until(lambda: panel.table.symbols() == found(market, rule="roe > 25%"))
    answer(monkeypatch, "", agreed=False)
    panel.own.save()
    answer(monkeypatch, "My best")
    panel.own.save()
    until(lambda: panel.title.text() == "My best" and panel.filters.own_screen == "My best")
    assert panel.table.symbols() == found(market, preset="My best") == found(market, rule="roe > 25%")
    assert panel.rule.field.text() == "" and panel.filters._combo.currentText().startswith("My best")
    answer(monkeypatch, "Better")
    panel.own.rename()
    until(lambda: panel.title.text() == "Better" and panel.filters.own_screen == "Better")
    panel.own.delete()
    until(lambda: panel.title.text() == "All" and panel.banner.isVisible())
    assert "“Better” was deleted" in panel.banner.accessibleName()
    panel.banner._action.click()
    until(lambda: panel.title.text() == "Better" and panel.filters.own_screen == "Better")


def test_a_name_that_is_taken_is_told(market: Any, open_panel: Open, until: Until, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = open_panel(market)
    answer(monkeypatch, "buy")
    panel.own.save()
    until(lambda: bool(panel.host.told))
    assert panel.host.told[-1][0] == "error" and "cannot be the name of a screen" in panel.host.told[-1][1]


def test_nothing_found_says_what_to_do(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.rule.field.setText("roe > 500%")
    until(lambda: panel.table.symbols() == [])
    empty = panel.table._empty
    assert (
        empty.isVisible()
        and empty.accessibleName().startswith("Nothing matches.")
        and "cannot be judged" in empty.accessibleName()
    )
    empty._action.click()
    until(lambda: len(panel.table.symbols()) == 532)
    assert panel.rule.field.text() == ""


def test_an_empty_market_is_explained_in_the_table(home: Any, clock: Any, open_panel: Open, until: Until) -> None:
    from terminal.app import App

    app = App(home, False, clock)
    try:
        panel = open_panel(app, wait=False)
        until(lambda: panel.table._empty.isVisible() and panel.count.text == "–")
        assert "market" in panel.table._empty.accessibleName() and panel.table.symbols() == []
        until(lambda: not panel.progress.isVisible())
        panel.parentWidget().close()
    finally:
        app.close()


def test_a_run_is_recorded_once_the_user_has_settled(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.filters.type_boxes["Bonds"].click()
    panel.filters.type_boxes["Funds"].click()
    assert panel._recorder.isActive()
    until(lambda: market.run("screener.runs").frame.height == 1)
    (kept,) = market.run("screener.runs").rows()
    assert kept["rule"] == 'kind in ("stock")' and kept["matched"] == len(panel.table.symbols())
    assert not panel._recorder.isActive()


def test_what_changed_is_a_table_with_the_clause_and_both_values(market: Any, open_panel: Open, until: Until) -> None:
    market.run("screener.save", {"name": "Mine", "rule": "roe > 12%"})
    first = found(market, preset="Mine")
    market.run("screener.run", {"preset": "Mine"})
    market.run("screener.save", {"name": "Mine", "rule": "roe > 20%"})
    panel = open_panel(market)
    panel.filters.choose("Mine")
    until(lambda: panel.title.text() == "Mine")
    panel.show_changes()
    until(panel.drawer.isVisible)
    rows = panel.drawer.table.table.rows()
    assert {row["symbol"] for row in rows} == set(first) - set(panel.table.symbols())
    assert rows[0]["clause"] == "roe > 20%" and rows[0]["was"].endswith("%") and rows[0]["change"] == "left"
    assert panel.drawer.title.text() == f"Mine: 0 entered, {len(rows)} left"
    QTest.keyClick(panel.drawer, Qt.Key.Key_Escape)
    assert panel.drawer.isHidden() and panel.drawer.content == ""


def test_the_clauses_show_what_dropping_one_would_bring(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.filters.choose("solid_good_price")
    until(lambda: panel.title.text() == "Solid at a good price")
    panel.clauses_button.click()
    until(lambda: panel.drawer.content == "clauses")
    rows = panel.drawer.table.table.rows()
    assert len(rows) == 5 and all(row["without"] >= len(panel.table.symbols()) for row in rows)


def test_stars_and_the_row_menu(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    symbol = panel.table.symbols()[0]
    panel.table.star_toggled.emit(symbol, True)
    until(lambda: any("is on the watchlist" in text for _, text in panel.host.told))
    assert market.run("watchlist.show", {"name": STARRED}).rows()[0]["symbol"] == symbol
    until(lambda: panel.table.model().starred == {symbol})
    titles = [action.text() for action in panel.table.row_menu(symbol).actions() if action.text()]
    assert titles == [
        "Open tearsheet",
        "Why is it in or out?",
        f"Add to “{STARRED}”",
        "Add to a new watchlist …",
        "Export PDF …",
        "Copy rows",
    ]
    panel.table.star_toggled.emit(symbol, False)
    until(lambda: not market.run("watchlist.show", {"name": STARRED}).rows())


def test_export_writes_what_is_shown(market: Any, open_panel: Open, until: Until, tmp_path: Any) -> None:
    panel = open_panel(market)
    panel.filters.type_boxes["Stocks"].click()
    panel.host.file = str(tmp_path / "x.csv")
    panel.export_button.click()
    until(lambda: (tmp_path / "x.csv").exists() and bool(panel.host.told))
    lines = [line for line in (tmp_path / "x.csv").read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert [line.split(",")[0] for line in lines[1:]] == panel.table.symbols()


def test_the_state_comes_back(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    QTest.keyClicks(panel.rule.field, "roe > 15%")
    until(lambda: panel.table.symbols() == found(market, rule="roe > 15%"))
    panel.filters.type_boxes["Bonds"].click()
    panel.use_columns("quality")
    until(lambda: "roic" in panel.table.shown_columns)
    state, rows = panel.save_state(), panel.table.symbols()
    other = open_panel(market)
    other.restore_state(state)
    until(lambda: "roic" in other.table.shown_columns and other.table.symbols() == rows)
    assert other.rule.field.text() == "roe > 15%" and not other.filters.type_boxes["Bonds"].isChecked()
    other.restore_state({"filters": {"preset": "was deleted"}, "columns": "nonsense"})
    until(other.table._empty.isVisible)
    assert "There is no screen 'was deleted'" in other.table._empty.accessibleName()


@pytest.mark.parametrize(("width", "inline"), [(1300, True), (1000, False), (850, False)])
def test_without_room_the_filters_hide_at_the_edge_and_open_on_request(
    market: Any, open_panel: Open, width: int, inline: bool
) -> None:
    panel = open_panel(market, size=(width, 700))
    assert panel.filters.isVisible() == inline and panel.beside.edge.isVisible() != inline
    if inline:
        assert panel.filters.width() in range(250, 285)
        return
    room = panel.table.width()
    panel.beside.edge.click()
    assert panel.filters.isVisible() and panel.table.width() == room, "they lie over the table"
    QTest.keyClick(panel.filters, Qt.Key.Key_Escape)
    assert not panel.filters.isVisible()
    panel.beside.edge.click()
    panel.filters.type_boxes["Bonds"].click()
    QTest.mouseClick(panel.table.viewport(), Qt.MouseButton.LeftButton)
    assert not panel.filters.isVisible() and "1 set" in panel.beside.edge.accessibleName()


def test_a_company_column_comes_with_room_and_a_tooltip_names_it_without(market: Any, open_panel: Open) -> None:
    wide = open_panel(market, size=(1700, 800))
    assert wide.table.shown_columns[:2] == ["symbol", "name"]
    panel = open_panel(market, size=(1200, 800))
    assert panel.table.shown_columns == list(DEFAULT_COLUMNS)
    model = panel.table.model()
    name = panel._table.frame["name"][0]
    assert name in model.told.tooltip(0, [column.name for column in model.columns].index("symbol"))


def test_everything_that_can_be_used_has_a_name(market: Any, open_panel: Open) -> None:
    from PySide6.QtWidgets import QAbstractButton, QComboBox, QLineEdit

    for mode in ("pro", "newbie"):
        panel = open_panel(market, mode)
        for widget in [each for kind in (QAbstractButton, QComboBox, QLineEdit) for each in panel.findChildren(kind)]:
            if widget.isVisible() and widget.parent().metaObject().className() != "QLineEdit":
                assert widget.accessibleName() or getattr(widget, "text", str)(), widget


def test_a_screener_closed_at_once_leaves_nothing_running(market: Any, open_panel: Open) -> None:
    panel = open_panel(market, wait=False)
    panel.parentWidget().close()


def test_an_empty_market_offers_to_load_one(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market, "newbie")
    panel._failed(NothingStoredError("Everything stored is empty.", "Fetch one with `tapeline market refresh sp500`."))
    offered = [each.text() for each in panel.table.findChildren(QAbstractButton) if each.isVisible()]
    assert "Load large US companies" in offered and "Start over" not in offered
    words = " ".join(each.text() for each in panel.table.findChildren(QLabel) if each.isVisible())
    assert "No company is stored yet" in words and "tapeline market" not in words


def test_it_says_how_many_of_the_rows_report_this_week(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    panel.filters.choose("buy")
    until(lambda: panel.title.text() == "Buy")
    told = market.run("earnings.summary", {"symbols": found(market, preset="buy")}).rows()
    assert told, "the demo market always has reports ahead"
    until(panel.reports.isVisible)
    assert panel.reports.text == f"{sum(day['reports'] for day in told)} earnings this week"
    assert told[0]["label"] in panel.reports.toolTip()
