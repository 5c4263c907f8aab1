"""The chart: what is drawn at which zoom, the cursor, the empty state, and no pyqtgraph before it is needed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolTip

from terminal.ui import theme
from terminal.ui.chart import Chart, Compared, Marker, PriceLevel, Study, StudyLine
from terminal.ui.chart.pyramid import heikin_ashi, moving_average

Bars = Callable[..., pl.DataFrame]


def test_ranges_show_so_many_sessions(chart: Chart, bars: Bars) -> None:
    chart.show_bars(bars(1500), symbol="NVRA")
    for name, sessions in (("1M", 21), ("1Y", 252), ("MAX", 1500)):
        QTest.mouseClick(chart.ranges._buttons[name], Qt.MouseButton.LeftButton)
        start, end = chart.view_range()
        assert start == pytest.approx(1500 - sessions - 0.5)
        assert end >= 1499.5
    chart.show_bars(bars(30))
    assert chart.view_range()[0] == pytest.approx(-0.5)


def test_the_cursor_by_keyboard_reads_bars(chart: Chart, bars: Bars) -> None:
    chart.show_bars(bars(400), symbol="NVRA", simulated=True)
    assert chart.accessibleName().startswith("Price chart NVRA: simulated, 3 Feb 2021, close ")
    QTest.keyClick(chart, Qt.Key.Key_Left)
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert "1 Feb 2021" in chart.accessibleName()
    assert "1 Feb 2021" in chart._legend.text()
    QTest.keyClick(chart, Qt.Key.Key_Home)
    assert "1 Jan 2020" in chart.accessibleName()
    assert chart.view_range()[0] <= 0
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert "3 Feb 2021" in chart.accessibleName()


def test_it_is_drawn_marked_and_rethemed(chart: Chart, qapp: Any, bars: Bars) -> None:
    frame = bars(300)
    chart.show_bars(frame, levels=(PriceLevel(float(frame["high"].max()), "52-week high"),), simulated=True)
    qapp.processEvents()
    marked = chart.grab().toImage()
    assert "SIMULATED" in chart._legend.text()
    colors = {marked.pixelColor(x, y).name().upper() for x in range(0, 700, 1) for y in range(60, 380, 3)}
    assert {theme.tokens().up, theme.tokens().down} <= colors
    chart.show_bars(frame)
    assert "SIMULATED" not in chart._legend.text()
    theme.apply(qapp, "light", "colour-blind")
    qapp.processEvents()
    light = chart.grab().toImage()
    colors = {light.pixelColor(x, y).name().upper() for x in range(0, 700, 1) for y in range(60, 380, 3)}
    assert {theme.tokens().up, theme.tokens().down, "#FFFFFF"} <= colors


def test_without_bars_it_says_so(chart: Chart, bars: Bars) -> None:
    chart.show_bars(bars(5).clear())
    assert chart._empty.isVisible()
    assert "no data" in chart.accessibleName()
    chart.show_bars(bars(1))
    assert not chart._empty.isVisible()
    chart.show_bars(pl.DataFrame())
    assert chart._empty.isVisible()
    QTest.keyClick(chart, Qt.Key.Key_Left)


def test_a_narrow_legend_leaves_out_the_rest(chart: Chart, qapp: Any, bars: Bars) -> None:
    chart.show_bars(bars(400))
    wide = chart._legend.text()
    assert "200d" in wide
    chart.resize(330, 300)
    qapp.processEvents()
    assert "200d" not in chart._legend.text()
    assert chart._legend.width() <= 330


def test_pyqtgraph_is_imported_with_the_first_bars_only() -> None:
    code = "import terminal.ui.chart, sys; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pyqtgraph", "numpy", "polars"} & set(answer.stdout.split())


# --- scales, studies, panes


def settle(chart: Chart, qapp: Any) -> None:
    """Let layouts and paint events happen."""
    for _ in range(3):
        qapp.processEvents()
    chart.grab()


def bands(frame: pl.DataFrame) -> list[Study]:
    closes = frame["close"].to_numpy()
    mean = moving_average(closes, 20)
    return [Study("band", "Band 20", "price", (StudyLine("upper", mean * 1.02, "band"), StudyLine("lower", mean * 0.98, "band"))),
            Study("rsi", "RSI 14", "rsi", (StudyLine("RSI", np.linspace(0, 100, len(closes)), "line", "average_2"),), (30, 70)),
            Study("macd", "MACD", "macd", (StudyLine("histogram", closes - mean, "histogram", "sign"),
                                           StudyLine("dots", closes - mean, "dots", "warn")))]


def test_on_a_log_scale_axis_cursor_and_mapping_agree(chart: Chart, qapp: Any, bars: Bars) -> None:
    frame = bars(300).with_columns(pl.col("open", "high", "low", "close") * pl.int_range(300).exp().log1p())
    chart.show_bars(frame)
    chart.show_range("MAX")
    chart.set_scale("log")
    settle(chart, qapp)
    box = chart.price_plot.getViewBox()
    low, high = box.viewRange()[1]
    assert chart.price_at(low) <= frame["low"].min() <= frame["high"].max() <= chart.price_at(high)
    assert chart.price_at(chart.height_of(42.5)) == pytest.approx(42.5)
    axis = chart.panes()[0].right
    heights = axis.tickValues(low, high, box.height())[0][1]
    assert len(heights) >= 3
    for height, name in zip(heights, axis.tickStrings(heights, 1, 1), strict=True):
        assert chart.price_at(height) == pytest.approx(float(name.replace("\u202f", "")), rel=1e-6)
    # equal steps of price are not equal steps of height, equal factors are
    assert chart.height_of(40) - chart.height_of(20) == pytest.approx(chart.height_of(20) - chart.height_of(10))
    QTest.keyClick(chart, Qt.Key.Key_Home)
    pane = chart.panes()[0]
    assert pane.crosshair.value == pytest.approx(frame["close"][0])
    place = box.mapViewToScene(chart_point(0, chart.height_of(frame["close"][0])))
    found = pane.at(place)
    assert found is not None
    assert found == (pytest.approx(0, abs=0.5), pytest.approx(frame["close"][0], rel=0.01))


def chart_point(x: float, y: float) -> Any:
    from PySide6.QtCore import QPointF

    return QPointF(x, y)


def test_a_candle_stands_where_its_price_is_on_every_scale(chart: Chart, qapp: Any) -> None:
    prices = [10.0, 20.0, 40.0, 80.0, 160.0, 80.0, 40.0, 20.0]
    frame = pl.DataFrame({"date": [date(2026, 1, day + 1) for day in range(8)], "open": [price * 0.9 for price in prices],
                          "high": prices, "low": [price * 0.9 for price in prices], "close": prices, "volume": [0.0] * 8})
    for scale in ("linear", "log", "percent"):
        chart.show_bars(frame, averages=())
        chart.set_scale(scale)
        chart.show_range("MAX")
        settle(chart, qapp)
        pane = chart.panes()[0]
        picture = pane.grab().toImage()
        for number, price in enumerate(prices):
            middle = pane.view.mapViewToScene(chart_point(number, chart.height_of(price * 0.95)))
            at = pane.mapFromScene(middle)
            around = {picture.pixelColor(at.x(), at.y() + by).name().upper() for by in (-2, -1, 0, 1, 2)}
            assert around & {theme.tokens().up, theme.tokens().down}, (scale, number)


def test_panes_come_and_go_with_their_studies(chart: Chart, qapp: Any, bars: Bars) -> None:
    from pyqtgraph import PlotWidget

    frame = bars(400)
    chart.show_bars(frame, symbol="NVRA")
    alone = len(chart.findChildren(PlotWidget))
    chart.set_studies(bands(frame))
    settle(chart, qapp)
    assert [pane.name for pane in chart.panes()] == ["price", "rsi", "macd"]
    assert all(pane.isVisible() and pane.height() >= 48 for pane in chart.panes())
    assert [pane.getPlotItem().getAxis("bottom").isVisible() for pane in chart.panes()] == [False, False, True]
    assert {pane.right.width() for pane in chart.panes()} == {chart.panes()[0].right.width()}
    rsi = chart.panes()[1]
    low, high = rsi.view.viewRange()[1]
    assert low < 30 < 70 < high
    assert rsi.right.tickStrings(rsi.right.tickValues(low, high, rsi.view.height())[0][1], 1, 1) == ["30", "70"]
    chart.show_places(100, 180)
    assert all(pane.view.viewRange()[0] == [100, 180] for pane in chart.panes())
    rsi.view.setXRange(50, 90, padding=0)  # moved from below: the price follows
    assert chart.view_range() == (50, 90)
    chart.point_at(60)
    assert "RSI 14" in rsi.legend.text()
    assert f"{100 * 60 / 399:.2f}" in rsi.legend.text()
    assert "Band 20" in chart._legend.text()
    chart.set_studies([])
    qapp.sendPostedEvents(None, 52)  # DeferredDelete
    settle(chart, qapp)
    assert len(chart.findChildren(PlotWidget)) == alone
    assert "Band 20" not in chart._legend.text()
    assert chart.panes()[0].getPlotItem().getAxis("bottom").isVisible()


def test_a_splitter_moves_height_between_panes(chart: Chart, qapp: Any, qtbot: Any, bars: Bars) -> None:
    frame = bars(200)
    chart.resize(700, 600)
    chart.show_bars(frame)
    chart.set_studies(bands(frame)[1:2])
    settle(chart, qapp)
    before = chart.panes()[1].height()
    QTest.keyClick(chart, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert chart.panes()[1].height() > before
    handle = chart._stage.handle(1)  # type: ignore[union-attr]
    middle = handle.rect().center()
    qtbot.mousePress(handle, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(handle, pos=middle + chart_point(0, 60).toPoint())
    qtbot.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=middle + chart_point(0, 60).toPoint())
    assert chart.panes()[1].height() < before + 24


def test_studies_must_fit_the_bars_and_follow_those_left_out(chart: Chart, bars: Bars) -> None:
    frame = bars(10).with_columns(pl.when(pl.int_range(10) != 2).then(pl.col("close")).alias("close")).reverse()
    chart.show_bars(frame, averages=())
    chart.set_studies([Study("s", "S", "s", (StudyLine("s", np.arange(10.0)[::-1]),))])
    assert chart.series.studies[0].lines[0].values.tolist() == [0, 1, 3, 4, 5, 6, 7, 8, 9]
    with pytest.raises(ValueError, match="7 values"):
        chart.set_studies([Study("s", "S", "s", (StudyLine("s", np.arange(7.0)),))])


# --- compared symbols


def test_compared_symbols_start_at_the_first_visible_bar(chart: Chart, qapp: Any, bars: Bars) -> None:
    frame = bars(400)
    other = np.full(400, np.nan)
    other[100:] = np.linspace(10, 40, 300)
    chart.show_bars(frame, symbol="NVRA")
    chart.set_compared([Compared("SPY", other)])
    chart.show_places(200.4, 300)
    settle(chart, qapp)
    each = chart.series.compared[0]
    factor = chart.series.factor(each, chart.view_range()[0])
    assert factor == pytest.approx(frame["close"][201] / other[201])
    assert chart.scale.kind == "percent"
    assert chart.scale.base == pytest.approx(frame["close"][201])
    chart.point_at(250)
    assert f"SPY +{(other[250] / other[201] - 1) * 100:.2f}" in chart._legend.text()
    chart.show_places(-5, 150)  # the other is known from bar 100 on: there both meet
    assert chart.series.factor(each, -5) == pytest.approx(frame["close"][100] / other[100])
    chart.point_at(50)
    assert "SPY –" in chart._legend.text()
    chart.set_scale("log")
    assert chart.scale.kind == "log"
    chart.set_compared([])
    assert "SPY" not in chart._legend.text()


# --- replay


def test_a_replay_shows_nothing_of_later_bars(chart: Chart, qtbot: Any, qapp: Any, bars: Bars) -> None:
    frame = bars(300).with_columns(pl.when(pl.int_range(300) >= 200).then(pl.col(name) * 50).otherwise(pl.col(name)).alias(name)
                                   for name in ("open", "high", "low", "close"))
    alone = Chart()
    qtbot.addWidget(alone)
    alone.resize(700, 400)
    alone.show()
    alone.show_bars(frame.head(200), symbol="NVRA")
    chart.show_bars(frame, symbol="NVRA", levels=(PriceLevel(float(frame["high"].max()), "52-week high"),))
    values = np.arange(300.0)
    chart.set_studies([Study("s", "S", "own", (StudyLine("s", values),))])
    chart.set_markers([Marker(date(2020, 7, 20), "news", "Later"), Marker(date(2020, 7, 1), "news", "Before")])
    chart.show_until(200)
    for each in (chart, alone):
        each.show_places(150, 205)
        settle(each, qapp)
    assert chart.shown == 200
    assert chart.panes()[0].view.viewRange()[1] == pytest.approx(alone.panes()[0].view.viewRange()[1])
    assert chart.accessibleName() == alone.accessibleName()
    assert [text for _, text, _ in chart.panes()[0].right.tags] == [text for _, text, _ in alone.panes()[0].right.tags]
    assert chart.panes()[0].names.places == {}
    assert chart.panes()[1].right.tags[0][0] == 199
    assert chart.panes()[1].view.viewRange()[1][1] < 230
    chart.point_at(260)
    assert chart._at == 199
    assert [marker.title for _, marker in chart.series.visible_markers(0, 400)] == ["Before"]
    assert max(chart.panes()[0].bottom.tickValues(150, 300, 600)[0][1]) < 200
    chart.show_until(None)
    assert chart.shown == 300
    assert chart.panes()[0].right.tags[-1][0] == pytest.approx(frame["close"][299])


def test_a_replay_keeps_the_newest_bar_in_view(chart: Chart, bars: Bars) -> None:
    chart.show_bars(bars(300))
    chart.show_range("3M")
    width = chart.view_range()[1] - chart.view_range()[0]
    for count in (100, 101, 120):
        chart.show_until(count)
        start, end = chart.view_range()
        assert start < count - 1 < end
        assert end - start == pytest.approx(width)


# --- markers


def test_markers_are_flags_with_tooltips_and_group_when_dense(chart: Chart, qapp: Any, qtbot: Any, bars: Bars) -> None:
    frame = bars(300, date(2026, 1, 1))
    chart.show_bars(frame, averages=())
    news = [Marker(date(2026, 8, 1) + timedelta(days=day), "news", f"Headline {day}", "Reuters") for day in range(3)]
    trade = Marker(datetime(2026, 9, 1, 15, tzinfo=UTC), "trade", "Bought 10", "for $500", float(frame["close"][243]))
    chart.set_markers([*news, trade, Marker(date(2026, 6, 1), "earnings", "Earnings"), Marker(date(2025, 6, 1), "split", "Old")])
    chart.show_range("MAX")
    settle(chart, qapp)
    flags = chart.panes()[0].flags.places
    assert sorted(flag.letter for flag in flags) == ["E", "N3", "T"]
    assert [flag.place for flag in flags if flag.letter == "T"] == [243]
    crowd = next(flag for flag in flags if flag.letter == "N3")
    assert crowd.tip().count("Headline") == 3
    assert "Reuters" in crowd.tip()
    chart.show_places(205, 225)
    settle(chart, qapp)
    assert sorted(flag.letter for flag in chart.panes()[0].flags.places) == ["N", "N", "N"]
    first = chart.panes()[0].flags.places[0]
    assert chart.panes()[0].view.mapSceneToView(first.box.center()).x() == pytest.approx(212, abs=0.5)
    at = chart.panes()[0].mapFromScene(first.box.center())
    qtbot.mouseMove(chart.panes()[0].viewport(), at)
    assert "Headline 0" in QToolTip.text()
    with qtbot.waitSignal(chart.marker_clicked) as clicked:
        qtbot.mouseClick(chart.panes()[0].viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert clicked.args == [[news[0]]]
    chart.point_at(212)
    assert "Headline 0" in chart._legend.text()
    assert "Headline 0" in chart.accessibleName()


# --- mouse


def test_wheel_and_drag_zoom_and_move_and_a_double_click_resets(chart: Chart, qapp: Any, qtbot: Any, bars: Bars) -> None:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QWheelEvent

    chart.show_bars(bars(600))
    settle(chart, qapp)
    pane, whole = chart.panes()[0], chart.view_range()
    middle = pane.viewport().rect().center()

    def wheel(modifiers: Qt.KeyboardModifier) -> None:
        event = QWheelEvent(chart_point(middle.x(), middle.y()), pane.viewport().mapToGlobal(chart_point(middle.x(), middle.y())),
                            QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False)
        qapp.sendEvent(pane.viewport(), event)

    wheel(Qt.KeyboardModifier.NoModifier)
    zoomed = chart.view_range()
    assert zoomed[1] - zoomed[0] == pytest.approx(0.75 * (whole[1] - whole[0]))
    wheel(Qt.KeyboardModifier.ShiftModifier)
    moved = chart.view_range()
    assert moved[0] < zoomed[0]
    assert moved[1] - moved[0] == pytest.approx(zoomed[1] - zoomed[0])
    pane.stretch(2.0)
    tall = pane.view.viewRange()[1]
    chart.show_places(0, 100)
    assert pane.view.viewRange()[1] == tall  # stretched by hand: it stays
    qtbot.mouseClick(pane.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseDClick(pane.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert chart.view_range() == pytest.approx(whole)
    assert not pane.stretched
    assert pane.view.viewRange()[1] != tall


def test_the_pointer_moves_the_cursor_through_all_panes(chart: Chart, qapp: Any, qtbot: Any, bars: Bars) -> None:
    frame = bars(300)
    chart.show_bars(frame)
    chart.set_studies(bands(frame)[1:2])
    settle(chart, qapp)
    seen: list[int] = []
    chart.cursor_moved.connect(seen.append)
    rsi = chart.panes()[1]
    qtbot.mouseMove(rsi.viewport(), rsi.viewport().rect().center())
    assert [pane.crosshair.place for pane in chart.panes()] == [seen[-1], seen[-1]]
    assert chart.panes()[0].crosshair.value is None
    assert rsi.crosshair.value is not None
    assert rsi.bottom.tag is not None
    assert rsi.bottom.tag[1] in chart._legend.text()
    QTest.keyClick(chart, Qt.Key.Key_Escape)
    assert seen[-1] == -1
    assert [pane.crosshair.place for pane in chart.panes()] == [None, None]


# --- looks


@pytest.mark.parametrize("kind", ["candles", "heikin_ashi", "bars", "line", "area"])
def test_every_kind_is_painted(chart: Chart, qapp: Any, bars: Bars, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    frame = bars(260)
    chart.show_bars(frame, averages=())
    chart.set_kind(kind)
    chart.set_studies(bands(frame))
    settle(chart, qapp)
    picture = chart.panes()[0].grab().toImage()
    colors = {picture.pixelColor(x, y).name().upper() for x in range(0, picture.width()) for y in range(30, 200, 2)}
    wanted = {theme.tokens().accent} if kind in ("line", "area") else {theme.tokens().up, theme.tokens().down}
    assert wanted <= colors
    chart.show_places(0, 12)
    chart.grab()
    assert not caplog.records
    with pytest.raises(ValueError, match="kagi"):
        chart.set_kind("kagi")


def test_heikin_ashi_is_the_recursion_it_claims(bars: Bars) -> None:
    from terminal.ui.chart.pyramid import Pyramid

    level = Pyramid.of(bars(50)).bars
    made = heikin_ashi(level)
    opened, closed = (level.open[0] + level.close[0]) / 2, 0.0
    for number in range(50):
        if number:
            opened = (opened + closed) / 2
        closed = (level.open[number] + level.high[number] + level.low[number] + level.close[number]) / 4
        assert (made.open[number], made.close[number]) == (pytest.approx(opened), pytest.approx(closed))
        assert made.high[number] == pytest.approx(max(level.high[number], opened, closed))
        assert made.low[number] == pytest.approx(min(level.low[number], opened, closed))


def test_a_picture_has_its_size_and_leaves_the_window_alone(chart: Chart, qapp: Any, bars: Bars) -> None:
    chart.show_bars(bars(300), symbol="NVRA")
    settle(chart, qapp)
    before, shown = chart.panes()[0].geometry(), chart.view_range()
    picture = chart.picture(900, 500, 2.0)
    assert (picture.width(), picture.height()) == (1800, 1000)
    colors = {picture.pixelColor(x, y).name().upper() for x in range(1200, 1700) for y in range(80, 900, 3)}
    assert {theme.tokens().up, theme.tokens().down} <= colors  # the right half, beyond the window's own width
    assert chart.panes()[0].geometry() == before
    assert chart.view_range() == pytest.approx(shown)


def test_words_follow_the_mode_and_values_do_not(chart: Chart, qapp: Any, bars: Bars) -> None:
    import re

    chart.resize(1200, 400)
    chart.show_bars(bars(300), source="demo")
    settle(chart, qapp)
    pro = chart._legend.text()
    chart.set_mode("newbie")
    newbie = chart._legend.text()
    assert "Volume" in newbie and "Volume" not in pro
    assert re.findall(r"\d+\.\d+", pro) == re.findall(r"\d+\.\d+", newbie)
    assert "source demo" in pro


def test_a_chart_never_shown_gives_the_same_picture(chart: Chart, qapp: Any, qtbot: Any, bars: Bars) -> None:
    frame = bars(300)
    hidden = Chart(toolbar=False)
    qtbot.addWidget(hidden)
    for each in (chart, hidden):
        each.show_bars(frame, symbol="NVRA")
        each.set_studies(bands(frame))
    settle(chart, qapp)
    for each in (chart, hidden):
        picture = each.picture(900, 600)
        for top, bottom, wanted in ((60, 300, theme.tokens().up), (370, 470, theme.tokens().average_2)):
            assert wanted in {picture.pixelColor(x, y).name().upper() for x in range(600, 840) for y in range(top, bottom)}
    assert not hidden.isVisible()


# --- minute bars


def test_minute_bars_have_their_own_ranges_and_shaded_sessions(chart: Chart, qapp: Any, minute_bars: Bars, bars: Bars) -> None:
    chart.show_bars(minute_bars(), averages=(), interval="1m", symbol="NVRA")
    assert list(chart.ranges._buttons) == ["1D", "5D", "1M", "3M", "MAX"]
    QTest.mouseClick(chart.ranges._buttons["1D"], Qt.MouseButton.LeftButton)
    settle(chart, qapp)
    day = 21 * 60 + 30 - 9 * 60
    assert chart.view_range()[0] == pytest.approx(2 * day - 0.5)
    pane = chart.panes()[0]
    picture = pane.grab().toImage()

    def color(place: float) -> str:
        at = pane.mapFromScene(pane.view.mapViewToScene(chart_point(place, pane.view.viewRange()[1][1])))
        return str(picture.pixelColor(at.x(), at.y() + 28).name().upper())

    plain = theme.tokens().bg1.upper()
    assert color(2 * day + 200.5) != plain  # before the open
    assert color(2 * day + 450.5) == plain
    assert color(2 * day + day - 3.5) != plain  # after the close
    chart.point_at(2 * day + 10)
    assert "before the open" in chart.accessibleName()
    assert "20 Nov 2026, 04:10 ET" in chart._legend.text()
    chart.show_bars(bars(500))
    assert list(chart.ranges._buttons) == ["1M", "3M", "6M", "1Y", "5Y", "MAX"]
    assert not [button for button in chart.ranges.findChildren(type(chart.ranges._buttons["1M"])) if button.isVisible()
                and button not in chart.ranges._buttons.values()]


def test_the_legend_counts_merged_bars_at_the_size_it_has(chart: Chart, qapp: Any, qtbot: Any, bars: Bars) -> None:
    chart.show_bars(bars(1000), averages=())
    chart.resize(1300, 400)
    settle(chart, qapp)
    assert "one candle" not in chart._legend.text()
    chart.show_range("MAX")
    qtbot.waitUntil(lambda: "one candle is 4 bars" in chart._legend.text())


def test_odd_bars_are_painted_without_a_fault(chart: Chart, qapp: Any, bars: Bars, caplog: pytest.LogCaptureFixture) -> None:
    usual = bars(120)
    constant = usual.with_columns(pl.lit(5.0).alias(name) for name in ("open", "high", "low", "close"))
    worthless = usual.with_columns(pl.col("open", "high", "low", "close") * (pl.int_range(120) < 60))
    silent = usual.with_columns(pl.lit(None, pl.Float64).alias("volume"))
    for frame in (usual.head(1), usual.head(2), constant, worthless, silent, usual.with_columns(pl.col("close", "high") * 1e6)):
        chart.show_bars(frame, symbol="ODD")
        unknown = np.full(len(frame), np.nan)
        chart.set_studies([Study("n", "None", "own", (StudyLine("n", unknown), StudyLine("h", unknown, "histogram", "sign"))),
                           Study("m", "None", "price", (StudyLine("a", unknown, "band"), StudyLine("b", unknown, "band")))])
        chart.set_compared([Compared("NONE", unknown), Compared("ZERO", np.zeros(len(frame)))])
        chart.set_markers([Marker(frame["date"][0], "unheard of", "What", price=1.0)])
        for scale, kind in (("linear", "candles"), ("log", "heikin_ashi"), ("percent", "area")):
            chart.set_scale(scale)
            chart.set_kind(kind)
            chart.grab()
        chart.show_until(1)
        QTest.keyClick(chart, Qt.Key.Key_Plus)
        QTest.keyClick(chart, Qt.Key.Key_Right)
        chart.grab()
    assert not caplog.records, caplog.text
