"""Positions at expiry by hand, and what holds for all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.planner import payoff

CALL, PUT = True, False
# name, (shares, strike, call) of each leg, cost, loss, gain, break-evens: worked out by hand.
HAND = [
    ("long call", [(100, 50, CALL)], 200, -200, math.inf, (52.0,)),
    ("short put", [(-100, 50, PUT)], -200, -4800, 200, (48.0,)),
    ("bull call spread", [(100, 50, CALL), (-100, 55, CALL)], 180, -180, 320, (51.8,)),
    ("bear call spread", [(-100, 50, CALL), (100, 55, CALL)], -180, -320, 180, (51.8,)),
    ("straddle", [(100, 50, CALL), (100, 50, PUT)], 400, -400, math.inf, (46.0, 54.0)),
    ("short straddle", [(-100, 50, CALL), (-100, 50, PUT)], -400, -math.inf, 400, (46.0, 54.0)),
    ("iron condor", [(100, 40, PUT), (-100, 45, PUT), (-100, 55, CALL), (100, 60, CALL)], -150, -350, 150, (43.5, 56.5)),
    ("butterfly", [(100, 45, CALL), (-200, 50, CALL), (100, 55, CALL)], 100, -100, 400, (46.0, 54.0)),
    ("covered call", [(100, 0, CALL), (-100, 55, CALL)], 4900, -4900, 600, (49.0,)),
    ("collar", [(100, 0, CALL), (100, 45, PUT), (-100, 55, CALL)], 5000, -500, 500, (50.0,)),
    ("call ratio", [(100, 50, CALL), (-200, 55, CALL)], 50, -math.inf, 450, (50.5, 59.5)),
    ("jade lizard", [(-100, 45, PUT), (-100, 55, CALL), (100, 57, CALL)], -220, -4280, 220, (42.8,)),
    ("put back spread", [(200, 45, PUT), (-100, 50, PUT)], -20, -480, 4020, (40.2, 49.8)),
]


@pytest.mark.parametrize(("name", "legs", "cost", "low", "high", "ends"), HAND, ids=[each[0] for each in HAND])
def test_worked_by_hand(name: str, legs: list[tuple[int, int, bool]], cost: float, low: float, high: float,
                        ends: tuple[float, ...]) -> None:  # fmt: skip
    shares, strike, call = (np.array(each) for each in zip(*legs, strict=True))
    found = payoff.extremes(shares[None].astype(float), strike[None].astype(float), call[None], np.array([float(cost)]))
    assert float(found.low[0]) == pytest.approx(low)
    assert float(found.high[0]) == pytest.approx(high)
    assert payoff.breakevens(shares.astype(float), strike.astype(float), call, cost) == pytest.approx(ends)


POSITIONS = st.lists(st.tuples(st.integers(-3, 3).filter(bool), st.integers(1, 200), st.booleans()), min_size=1, max_size=5)


@settings(max_examples=25)
@given(POSITIONS, st.integers(-500, 500))
def test_extremes_and_breakevens_are_those_of_a_fine_grid(legs: list[tuple[int, int, bool]], cost: int) -> None:
    shares, strike, call = (np.array(each) for each in zip(*legs, strict=True))
    shares, strike = shares.astype(float), strike.astype(float)
    prices = np.unique(np.concatenate([np.linspace(0, 400, 1601), strike]))
    made = payoff.payoff(shares[None], strike[None], call[None], prices)[0] - cost
    found = payoff.extremes(shares[None], strike[None], call[None], np.array([float(cost)]))
    if math.isfinite(found.low[0]):
        assert made.min() == pytest.approx(float(found.low[0]))
    else:
        assert made[-1] < made[-2]
    if math.isfinite(found.high[0]):
        assert made.max() == pytest.approx(float(found.high[0]))
    for at in payoff.breakevens(shares, strike, call, cost):
        assert payoff.payoff(shares[None], strike[None], call[None], np.array([at]))[0, 0] == pytest.approx(cost, abs=1e-6)
    changes = int(((made[:-1] > 0) != (made[1:] > 0)).sum())
    assert changes <= len(payoff.breakevens(shares, strike, call, cost)) + 2 * int((made == 0).any())


def test_roots_of_a_curve() -> None:
    prices = np.linspace(0.1, 7.0, 40)
    assert payoff.roots(np.sin, prices) == pytest.approx((math.pi, 2 * math.pi), abs=1e-9)
    assert payoff.roots(lambda at: at + 1, prices) == ()
