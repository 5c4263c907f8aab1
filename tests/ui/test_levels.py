"""Round values of an axis."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.ui.levels import levels, multiples, round_up


@pytest.mark.parametrize(("step", "wanted"), [(0.7, 1), (1, 1), (1.01, 2), (2.3, 2.5), (3, 5), (7, 10), (180, 200), (0, 0)])
def test_a_step_is_rounded_up(step: float, wanted: float) -> None:
    assert round_up(step) == pytest.approx(wanted)


def test_multiples_hold_both_ends_and_are_never_endless() -> None:
    assert multiples(-10, 10, 5) == [-10, -5, 0, 5, 10]
    assert multiples(0.1, 0.3, 0.1) == pytest.approx([0.1, 0.2, 0.3])
    assert len(multiples(0, 1e9, 1)) == 201
    assert multiples(0, 1, 0) == []


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_levels_lie_between_the_ends_and_are_a_handful(low: float, span: float) -> None:
    found = levels(low, low + span)
    assert 1 <= len(found) <= 5
    assert all(low - span * 1e-6 <= value <= low + span * (1 + 1e-6) for value in found)


def test_nothing_lies_between_equal_ends() -> None:
    assert levels(3.0, 3.0) == []
