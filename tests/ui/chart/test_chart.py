"""The chart: what is drawn at which zoom, the cursor, the empty state, and no pyqtgraph before it is needed."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from terminal.ui import theme
from terminal.ui.chart import Chart, PriceLevel
from terminal.ui.chart.pyramid import FACTOR, Pyramid, moving_average


def bars(count: int, start: date = date(2020, 1, 1)) -> pl.DataFrame:
    generator = np.random.default_rng(5)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, count)))
    opened = close * np.exp(generator.normal(0, 0.005, count))
    return pl.DataFrame({"date": [start + timedelta(days=day) for day in range(count)], "open": opened,
                         "high": np.maximum(opened, close) * 1.01, "low": np.minimum(opened, close) * 0.99, "close": close,
                         "volume": generator.uniform(1e6, 2e6, count)})


@pytest.fixture
def chart(qtbot: Any) -> Chart:
    made = Chart()
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    return made


def test_the_pyramid_keeps_extremes_opens_closes_and_volume() -> None:
    frame = bars(1003)
    pyramid = Pyramid.of(frame)
    for place, level in enumerate(pyramid.levels):
        assert level.step == FACTOR ** place
        assert level.high.max() == float(frame["high"].max())
        assert level.low.min() == float(frame["low"].min())
        assert level.open[0] == float(frame["open"][0])
        assert level.close[-1] == float(frame["close"][-1])
        assert level.volume.sum(dtype=np.float64) == pytest.approx(frame["volume"].sum(), rel=1e-5)
        assert np.all(level.high >= np.maximum(level.open, level.close) * (1 - 1e-6))
    assert len(pyramid.levels[-1]) <= 64


def test_the_level_drawn_fits_the_pixels_and_covers_what_is_visible() -> None:
    pyramid = Pyramid.of(bars(3000))
    for start, end, pixels in ((0, 3000, 600), (2900, 3000, 600), (-50, 10, 300), (1000, 2000, 100)):
        part = pyramid.visible(start, end, pixels)
        assert part.first * part.step <= max(0, start)
        assert part.last * part.step >= min(len(pyramid), end)
        assert part.last - part.first <= pixels / 3 + 3


def test_moving_average_is_the_plain_mean() -> None:
    values = np.arange(10, dtype=np.float32)
    average = moving_average(values, 4)
    assert np.isnan(average[:3]).all()
    assert average[3:] == pytest.approx([values[i - 3:i + 1].mean() for i in range(3, 10)])


def test_unknown_parts_of_a_bar_are_not_invented() -> None:
    frame = bars(10).with_columns(pl.when(pl.col("date") != date(2020, 1, 3)).then(pl.col("close")).alias("close"),
                                  pl.when(pl.col("date") != date(2020, 1, 5)).then(pl.col("volume")).alias("volume"))
    pyramid = Pyramid.of(frame)
    assert len(pyramid) == 9
    assert pyramid.levels[0].volume[3] == 0


def test_ranges_show_so_many_sessions(chart: Chart) -> None:
    chart.show_bars(bars(1500), symbol="NVRA")
    for name, sessions in (("1M", 21), ("1Y", 252), ("MAX", 1500)):
        QTest.mouseClick(chart.ranges._buttons[name], Qt.MouseButton.LeftButton)
        start, end = chart.view_range()
        assert start == pytest.approx(1500 - sessions - 0.5)
        assert end >= 1499.5
    chart.show_bars(bars(30))
    assert chart.view_range()[0] == pytest.approx(-0.5)


def test_the_cursor_by_keyboard_reads_bars(chart: Chart) -> None:
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


def test_it_is_drawn_marked_and_rethemed(chart: Chart, qapp: Any) -> None:
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


def test_without_bars_it_says_so(chart: Chart) -> None:
    chart.show_bars(bars(5).clear())
    assert chart._empty.isVisible()
    assert "no data" in chart.accessibleName()
    chart.show_bars(bars(1))
    assert not chart._empty.isVisible()
    chart.show_bars(pl.DataFrame())
    assert chart._empty.isVisible()
    QTest.keyClick(chart, Qt.Key.Key_Left)


def test_a_narrow_legend_leaves_out_the_rest(chart: Chart, qapp: Any) -> None:
    chart.show_bars(bars(400))
    wide = chart._legend.text()
    assert "200d" in wide
    chart.resize(330, 300)
    qapp.processEvents()
    assert "200d" not in chart._legend.text()
    assert chart._legend.width() <= 330


def test_minute_bars_have_an_axis_of_times(chart: Chart) -> None:
    from datetime import UTC, datetime

    start = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    frame = bars(390).drop("date").with_columns(pl.Series("at", [start + timedelta(minutes=minute) for minute in range(390)]))
    chart.show_bars(frame)
    chart.show_range("MAX")
    axis = chart._stage.price.bottom
    ticks = axis.tickValues(0, 390, 600)[0][1]
    assert axis.tickStrings(ticks, 1, 1)[0].endswith(":00")


def test_pyqtgraph_is_imported_with_the_first_bars_only() -> None:
    code = "import terminal.ui.chart, sys; print(*sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pyqtgraph" not in answer.stdout


def test_prices_at_the_axis_do_not_lie_on_each_other() -> None:
    from terminal.ui.chart.axes import apart

    assert apart([50.0, 200.0], 16, 300) == [50.0, 200.0]
    assert apart([95.0, 100.0], 16, 300) == [84.0, 100.0]  # the last price keeps its place
    assert apart([104.0, 100.0], 16, 300) == [116.0, 100.0]
    assert apart([3.0, 8.0], 16, 300) == [None, 8.0]
    assert apart([90.0, 98.0, 100.0], 16, 300) == [None, 84.0, 100.0]


def test_level_names_keep_clear_of_each_other_and_of_the_legend() -> None:
    from PySide6.QtCore import QRectF

    from terminal.ui.chart.backdrop import LevelNames

    names = LevelNames.__new__(LevelNames)
    names.places = {}
    first = names._place(QRectF(200, 30, 80, 14), 45, 18)
    assert first == QRectF(200, 30, 80, 14)  # above its line
    names.places = {"high": first}
    below = names._place(QRectF(200, 34, 80, 14), 49, 18)
    assert below is not None and below.top() > 49 and not below.intersects(first)
    names.places = {"high": first, "low": below}
    assert names._place(QRectF(200, 36, 80, 14), 51, 18) is None
    names.places = {}
    under = names._place(QRectF(200, 3, 80, 14), 18, 18)  # the legend is above: below the line
    assert under is not None and under.top() > 18
