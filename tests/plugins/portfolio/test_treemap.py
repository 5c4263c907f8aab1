"""The treemap's rectangles: areas in proportion, inside, none over another."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugins.portfolio.allocation.treemap import squarified
from tests.conftest import examples


def test_two_halves_and_nothing() -> None:
    assert squarified([1, 1], (0, 0, 200, 100)) == [(0, 0, 100, 100), (100, 0, 100, 100)]
    assert squarified([], (0, 0, 10, 10)) == [] and squarified([1], (0, 0, 0, 10)) == [(0, 0, 0, 0)]


@settings(max_examples=examples(100))
@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=25), st.floats(20, 900), st.floats(20, 900))
def test_areas_are_in_proportion_and_inside(values: list[float], width: float, height: float) -> None:
    found = squarified(sorted(values, reverse=True), (5, 7, width, height))
    whole = sum(values)
    for value, (left, top, wide, tall) in zip(sorted(values, reverse=True), found, strict=True):
        assert wide * tall == pytest.approx(value / whole * width * height, rel=1e-6, abs=1e-6)
        assert left >= 5 - 1e-6 and top >= 7 - 1e-6
        assert left + wide <= 5 + width + 1e-6 and top + tall <= 7 + height + 1e-6
    for at, one in enumerate(found):
        for other in found[at + 1 :]:
            across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
            down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
            assert min(across, down) <= 1e-5
