"""Tags and names that keep clear of each other."""

from __future__ import annotations


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
