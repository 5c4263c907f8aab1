"""The forward and the discount out of calls and puts: exact on exact prices, and not bent by a stale quote."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import price
from terminal.domain.options.parity import implied_forward

SPOT, YEARS, RATE, YIELD = 512.0, 0.4, 0.043, 0.013
STRIKES = np.arange(450.0, 575.0, 5.0)
FORWARD, DISCOUNT = SPOT * math.exp((RATE - YIELD) * YEARS), math.exp(-RATE * YEARS)


def _chain(american: bool = False) -> tuple[np.ndarray, np.ndarray]:
    smile = 0.18 + 0.4 * np.log(STRIKES / SPOT) ** 2
    call, put = (price(spot=SPOT, strike=STRIKES, years=YEARS, volatility=smile, rate=RATE, dividend=YIELD, call=right,
                       american=american) for right in (True, False))  # fmt: skip
    return call, put


def test_exact_prices_give_both_exactly() -> None:
    call, put = _chain()
    found = implied_forward(STRIKES, call, put)
    assert found.forward == pytest.approx(FORWARD, rel=1e-12) and found.discount == pytest.approx(DISCOUNT, rel=1e-11)
    assert found.rate(YEARS) == pytest.approx(RATE, abs=1e-10) and found.carry(SPOT, YEARS) == pytest.approx(YIELD, abs=1e-10)
    assert found.strikes == len(STRIKES) and found.known and found.residual < 1e-10
    one = implied_forward(STRIKES[:1], call[:1], put[:1], discount=DISCOUNT)
    assert one.forward == pytest.approx(FORWARD, rel=1e-12) and one.discount_error == 0.0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 24), st.floats(-30, 30), st.integers(0, 2**20))
def test_a_stale_quote_bends_nothing(place: int, wrong: float, seed: int) -> None:
    call, put = _chain()
    noise = np.random.default_rng(seed).uniform(-0.01, 0.01, len(STRIKES))
    call = call + noise
    call[place] += wrong
    call = np.maximum(call, 0)
    for discount, within in ((None, 0.05), (DISCOUNT, 0.011)):
        found = implied_forward(STRIKES, call, put, half_spread=np.full(len(STRIKES), 0.02), discount=discount)
        assert found.forward == pytest.approx(FORWARD, abs=within)
        assert found.discount == pytest.approx(DISCOUNT, abs=1e-3)


def test_the_error_is_of_the_size_of_the_noise() -> None:
    call, put = _chain()
    chance = np.random.default_rng(3)
    apart, told = [], []
    for _ in range(200):
        found = implied_forward(STRIKES, call + chance.normal(0, 0.05, len(STRIKES)), put)
        apart.append((found.forward - FORWARD) / found.forward_error)
        told.append((found.discount - DISCOUNT) / found.discount_error)
    assert 0.7 < float(np.std(apart)) < 1.5 and 0.7 < float(np.std(told)) < 1.5


def test_quotes_bound_the_forward() -> None:
    call, put = _chain()
    found = implied_forward(STRIKES, call, put, half_spread=0.1, discount=DISCOUNT)
    assert found.low == pytest.approx(FORWARD - 0.1 / DISCOUNT) and found.high == pytest.approx(FORWARD + 0.1 / DISCOUNT)
    call[3] += 5
    broken = implied_forward(STRIKES, call, put, half_spread=0.1, discount=DISCOUNT)
    assert broken.low > broken.high and broken.forward == pytest.approx(FORWARD, abs=1e-9)


def test_early_exercise_hardly_matters_near_the_money() -> None:
    call, put = _chain(american=True)
    everything = implied_forward(STRIKES, call, put, discount=DISCOUNT)
    near = implied_forward(STRIKES, call, put, discount=DISCOUNT, near=0.05, strikes=6)
    assert near.strikes == 6 and abs(near.forward - FORWARD) < FORWARD * 1.5e-3
    assert np.abs(np.log(STRIKES[near.used] / FORWARD)).max() < 0.05
    assert everything.strikes == len(STRIKES)


def test_what_says_nothing_has_a_reason() -> None:
    call, put = _chain()
    nothing = implied_forward(STRIKES, np.full(len(STRIKES), np.nan), put)
    assert not nothing.known and "0 strikes" in nothing.reason and math.isnan(nothing.rate(YEARS))
    assert "3 are needed" in implied_forward(STRIKES[:2], call[:2], put[:2]).reason
    assert "contradict" in implied_forward(STRIKES, put, call).reason
    assert "discount" in implied_forward(STRIKES, call, put, discount=0.0).reason
    assert not implied_forward([], [], []).known
    with pytest.raises(ValueError, match="length"):
        implied_forward(STRIKES, call[:-1], put)
