"""Scales: heights and prices are inverse, ticks are round and far enough apart."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.ui.chart.scale import Scale, price_name, value_name


@given(st.sampled_from(["linear", "log", "percent"]), st.floats(0.01, 1e6), st.floats(1.001, 1e5), st.floats(60, 2000))
def test_ticks_are_inside_rising_and_apart(kind: str, low: float, factor: float, pixels: float) -> None:
    scale = Scale(kind, low)
    bottom, top = float(scale.heights(low)), float(scale.heights(low * factor))
    ticks = scale.ticks(bottom, top, pixels)
    names = scale.tick_names(ticks)
    slack = (top - bottom) * 1e-6
    assert all(bottom - slack <= tick <= top + slack for tick in ticks)
    assert all((after - before) / (top - bottom) * pixels >= 36 - 0.1 for before, after in pairwise(ticks))
    assert len(names) == len(ticks)
    if kind == "linear":
        assert len(set(names)) == len(names)


@given(st.sampled_from(["linear", "log", "percent"]), st.floats(1e-4, 1e7))
def test_heights_and_prices_are_inverse(kind: str, price: float) -> None:
    scale = Scale(kind, 10.0)
    assert float(scale.prices(scale.heights(price))) == pytest.approx(price)


def test_log_ticks_are_round_prices() -> None:
    scale = Scale("log")
    assert scale.tick_names(scale.ticks(0, 3, 600)) == ["1", "2", "5", "10", "20", "50", "100", "200", "500", "1\u202f000"]
    narrow = scale.ticks(2.0, 2.1, 300)  # 100 to 126: even steps
    assert [round(10 ** tick, 6) for tick in narrow] == [100, 105, 110, 115, 120, 125]


def test_percent_ticks_count_from_the_base() -> None:
    scale = Scale("percent", 80.0)
    assert scale.tick_names(scale.ticks(72, 96, 200)) == [text.replace(" ", "\u202f") for text in
                                                         ("−10 %", "0 %", "+10 %", "+20 %")]
    assert scale.name_of(84.0) == "+5.00\u202f%"


def test_a_study_names_its_own_levels() -> None:
    scale = Scale("plain", marks=(30.0, 70.0))
    assert scale.tick_names(scale.ticks(0, 100, 120)) == ["30", "70"]
    assert scale.ticks(40, 60, 120) != [30.0, 70.0]
    assert value_name(1_234_567.0) == "1.23M"
    assert price_name(0.5) == "0.5000"
