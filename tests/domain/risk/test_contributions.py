"""Parts of a risk sum to it, whatever is held; concentration and liquidity by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.risk import tails
from terminal.domain.risk.contributions import concentration, contributions, days_to_sell
from tests.conftest import examples


def _market(seed: int, days: int = 200, count: int = 6) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    common = random.standard_normal((days, 1)) * 0.01
    worth, own = random.uniform(-2000, 5000, count), random.standard_normal((days, count)) * 0.01
    return worth, common * random.uniform(0.2, 1.5, count) + own


@settings(max_examples=examples(50))
@given(st.integers(0, 2**32 - 1), st.sampled_from((0.9, 0.95, 0.99)), st.floats(0.1, 30.0))
def test_the_parts_sum_to_the_whole(seed: int, confidence: float, times: float) -> None:
    worth, returns = _market(seed)
    outcomes = returns @ worth
    found = contributions(worth, returns, confidence)
    normal, seen = tails.parametric(outcomes, confidence), tails.historical(outcomes, confidence)
    assert found.component.sum() == pytest.approx(found.var) == pytest.approx(normal.var)
    assert found.shortfall.sum() == pytest.approx(found.cvar) == pytest.approx(seen.cvar)
    larger = contributions(worth * times, returns, confidence)
    assert larger.component == pytest.approx(found.component * times)
    assert larger.marginal == pytest.approx(found.marginal), "one more of it costs the same at any size"


def test_marginal_is_the_slope() -> None:
    worth, returns = _market(5)
    found = contributions(worth, returns, 0.95)
    for place in range(len(worth)):
        more, less = worth.copy(), worth.copy()
        more[place] += 0.5
        less[place] -= 0.5
        slope = (tails.parametric(returns @ more, 0.95).var or 0) - (tails.parametric(returns @ less, 0.95).var or 0)
        assert found.marginal[place] == pytest.approx(slope, rel=1e-5, abs=1e-9)


def test_one_alone_splitting_and_a_hedge() -> None:
    worth, returns = _market(7, count=1)
    one = contributions(worth, returns, 0.95)
    assert one.component[0] == pytest.approx(one.var) == pytest.approx(one.alone[0])
    assert one.diversified == pytest.approx(0.0, abs=1e-9)
    halves = contributions(np.repeat(worth / 2, 2), np.repeat(returns, 2, axis=1), 0.95)
    assert halves.component == pytest.approx([one.var / 2] * 2), "splitting a position changes nothing"
    hedged = contributions(np.array([1000.0, -1000.0]), np.repeat(returns, 2, axis=1), 0.95)
    assert hedged.var == pytest.approx(0.0, abs=1e-9) and np.all(np.isfinite(hedged.component))


def test_what_is_not_straight_counts_in_the_shortfall_only() -> None:
    worth, returns = _market(8, count=2)
    made = returns * worth
    made[:, 0] = np.maximum(made[:, 0], -1.0)
    bent, straight = contributions(worth, returns, 0.95, made), contributions(worth, returns, 0.95)
    assert bent.var == straight.var and bent.cvar < straight.cvar
    assert bent.shortfall.sum() == pytest.approx(tails.historical(made.sum(axis=1), 0.95).cvar)


def test_concentration_by_hand() -> None:
    found = concentration(np.array([50.0, -30.0, 20.0, 0.0]))
    assert found is not None
    assert found.herfindahl == pytest.approx(0.38) and found.effective == pytest.approx(1 / 0.38)
    assert (found.largest, found.top_five, found.count) == (0.5, pytest.approx(1.0), 3)
    equal = concentration(np.full(20, 7.0))
    assert equal is not None and equal.effective == pytest.approx(20.0) and equal.top_five == pytest.approx(0.25)
    assert concentration(np.zeros(3)) is None and concentration(np.empty(0)) is None


def test_days_to_sell_by_hand() -> None:
    assert days_to_sell(500_000, 1_000_000, 0.1) == pytest.approx(5.0)
    assert days_to_sell(-500_000, 1_000_000, 0.2) == pytest.approx(2.5)
    assert days_to_sell(1, None, 0.1) is None and days_to_sell(1, 0.0, 0.1) is None
