"""Bars and lines at every zoom: extremes are never lost, and nothing after the shown bars is known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.ui.chart.pyramid import FACTOR, LinePyramid, Pyramid, moving_average

Bars = Callable[..., pl.DataFrame]


def test_the_pyramid_keeps_extremes_opens_closes_and_volume(bars: Bars) -> None:
    frame = bars(1003)
    pyramid = Pyramid.of(frame)
    for place, level in enumerate(pyramid.levels):
        assert level.step == FACTOR ** place
        assert level.high.max() == frame["high"].max()
        assert level.low.min() == frame["low"].min()
        assert level.open[0] == frame["open"][0]
        assert level.close[-1] == frame["close"][-1]
        assert level.volume.sum() == pytest.approx(frame["volume"].sum())
        assert np.all(level.high >= np.maximum(level.open, level.close))
    assert len(pyramid.levels[-1]) <= 64


def test_the_level_drawn_fits_the_pixels_and_covers_what_is_visible(bars: Bars) -> None:
    pyramid = Pyramid.of(bars(3000))
    for start, end, pixels in ((0, 3000, 600), (2900, 3000, 600), (-50, 10, 300), (1000, 2000, 100)):
        part = pyramid.visible(start, end, pixels)
        assert part.first * part.step <= max(0, start)
        assert part.last * part.step >= min(len(pyramid), end)
        assert len(part) <= pixels / 3 + 3


def test_unknown_parts_of_a_bar_are_not_invented(bars: Bars) -> None:
    frame = bars(10).with_columns(pl.when(pl.col("date") != date(2020, 1, 3)).then(pl.col("close")).alias("close"),
                                  pl.when(pl.col("date") != date(2020, 1, 5)).then(pl.col("volume")).alias("volume"))
    pyramid = Pyramid.of(frame)
    assert len(pyramid) == 9
    assert pyramid.bars.volume[3] == 0


def test_moving_average_is_the_plain_mean() -> None:
    values = np.arange(10.0)
    average = moving_average(values, 4)
    assert np.isnan(average[:3]).all()
    assert average[3:] == pytest.approx([values[i - 3:i + 1].mean() for i in range(3, 10)])


@given(st.lists(st.one_of(st.floats(-1e6, 1e6), st.just(float("nan"))), min_size=1, max_size=500), st.data())
def test_a_line_at_every_zoom_equals_the_extremes_of_its_values(values: list[float], data: st.DataObject) -> None:
    line = LinePyramid(np.array(values))
    line.shown = data.draw(st.integers(1, len(values)))
    start = data.draw(st.floats(-10, len(values)))
    end = start + data.draw(st.floats(1, 600))
    span = line.visible(start, end, data.draw(st.integers(1, 200)))
    for number in range(len(span)):
        covered = np.array(values)[(span.first + number) * span.step:min((span.first + number + 1) * span.step, line.shown)]
        known = covered[np.isfinite(covered)]
        if len(known):
            assert (span.low[number], span.high[number]) == (known.min(), known.max())
        else:
            assert np.isnan(span.low[number]) and np.isnan(span.high[number])
    inside = [place for place in range(line.shown) if start <= place <= end]
    assert all(span.first * span.step <= place < span.last * span.step for place in inside)


@given(st.integers(1, 700), st.data())
def test_bars_shown_in_part_are_those_of_a_shorter_chart(count: int, data: st.DataObject) -> None:
    generator = np.random.default_rng(count)
    close = generator.uniform(1, 2, count)
    frame = pl.DataFrame({"date": pl.Series(np.datetime64("2020-01-01") + np.arange(count)), "open": close, "high": close * 1.1,
                          "low": close * 0.9, "close": close, "volume": close})
    shown = data.draw(st.integers(1, count))
    start, end, pixels = data.draw(st.floats(-5, count)), data.draw(st.floats(1, 900)), data.draw(st.integers(1, 300))
    whole, cut = Pyramid.of(frame), Pyramid.of(frame.head(shown))
    whole.shown = shown
    mine = whole.visible(start, start + end, pixels)
    for name in ("open", "high", "low", "close", "volume"):
        first = mine.first * mine.step
        values = getattr(cut.bars, name)
        for number, value in enumerate(getattr(mine, name)):
            part = values[first + number * mine.step:first + (number + 1) * mine.step]
            wanted = {"open": part[0], "high": part.max(), "low": part.min(), "close": part[-1], "volume": part.sum()}
            assert value == pytest.approx(wanted[name])
