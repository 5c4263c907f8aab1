"""The Brier score and what it is made of, against definitions and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.journal.calibration import calibrate
from tests.conftest import examples

PAIRS = st.lists(st.tuples(st.floats(0, 1, allow_nan=False), st.booleans()), min_size=1, max_size=80)


@settings(max_examples=examples(120))
@given(PAIRS)
def test_the_parts_add_up_to_the_score(pairs: list[tuple[float, bool]]) -> None:
    found = calibrate(pairs)
    assert found is not None
    assert found.brier == pytest.approx(sum((said - came) ** 2 for said, came in pairs) / len(pairs))
    assert found.brier == pytest.approx(found.reliability - found.resolution + found.uncertainty + found.within_bins, abs=1e-9)
    assert sum(each.n for each in found.bins) == found.n == len(pairs)
    assert all(each.share_low - 1e-12 <= each.share <= each.share_high + 1e-12 for each in found.bins)


def test_by_hand() -> None:
    found = calibrate([(0.8, True), (0.8, True), (0.8, False), (0.3, False)])
    assert found is not None
    assert found.brier == pytest.approx((0.04 + 0.04 + 0.64 + 0.09) / 4)
    assert [(each.n, round(each.share, 3)) for each in found.bins] == [(1, 0.0), (3, 0.667)]
    assert found.reliability == pytest.approx((0.3**2 + 3 * (0.8 - 2 / 3) ** 2) / 4)
    assert found.uncertainty == pytest.approx(0.25)
    assert found.skill == pytest.approx(1 - found.brier / 0.25)
    assert found.bias == pytest.approx(0.675 - 0.5)
    assert not found.enough


def test_perfect_and_hopeless_judgement() -> None:
    perfect = calibrate([(1.0, True), (0.0, False)] * 10)
    hopeless = calibrate([(0.0, True), (1.0, False)] * 10)
    assert perfect is not None and hopeless is not None
    assert (perfect.brier, perfect.skill) == (0.0, 1.0)
    assert hopeless.brier == 1.0
    assert perfect.enough


def test_alike_outcomes_have_no_skill_to_speak_of_and_nothing_is_nothing() -> None:
    found = calibrate([(0.7, True)] * 3)
    assert found is not None and found.skill is None
    assert calibrate([]) is None
