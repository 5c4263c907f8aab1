"""Sums over decisions: rates with Wilson's interval, expectancy with an interval that holds what it promises."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.base_rates import wilson
from terminal.domain.journal.outcomes import Outcome, grouped, interval, summed
from tests.conftest import examples

START = date(2026, 1, 5)


@settings(max_examples=examples(80))
@given(st.lists(st.floats(-1, 2, allow_nan=False), min_size=1, max_size=40))
def test_expectancy_is_rate_times_gain_plus_the_rest_times_loss(gains: list[float]) -> None:
    found = summed([Outcome(START + timedelta(days=11 * place), gain) for place, gain in enumerate(gains)])
    assert found.rate is not None and found.expectancy is not None
    parts = found.rate * (found.average_gain or 0.0) + (1 - found.rate) * (found.average_loss or 0.0)
    assert found.expectancy == pytest.approx(parts, abs=1e-9)
    assert (found.rate_low, found.rate_high) == wilson(found.rate, float(found.n))
    if found.low is not None and found.high is not None:
        assert found.low <= found.high
        assert min(gains) - 3 <= found.low


def test_parts_make_the_whole_and_the_unfinished_are_told_apart() -> None:
    pairs = [("buy", Outcome(START, 0.1)), ("buy", None), ("pass", Outcome(START, -0.2)), ("buy", Outcome(START, 0.3))]
    found = grouped(pairs)
    assert list(found) == ["buy", "pass"]
    assert (found["buy"].n, found["buy"].pending, found["buy"].right) == (2, 1, 2)
    assert found["buy"].low is None and found["buy"].basis == ""  # an interval from two says nothing
    assert sum(each.n for each in found.values()) == 3
    assert not found["buy"].enough


def test_few_months_take_students_t() -> None:
    low, high, basis = interval([(START, 0.1), (START, 0.2), (START, 0.3)])
    assert basis == "t"
    assert (low, high) == (pytest.approx(0.2 - 2.920 * 0.1 / 3**0.5), pytest.approx(0.2 + 2.920 * 0.1 / 3**0.5))


def test_many_months_are_resampled_as_wholes_and_always_the_same() -> None:
    chance = random.Random(1)
    months = [date(2025 + month // 12, month % 12 + 1, 3) for month in range(12)]
    shocks = {month: chance.gauss(0.02, 0.1) for month in months}
    gains = [(month, shocks[month]) for month in months for _ in range(10)]
    low, high, basis = interval(gains)
    assert basis == "months"
    assert (low, high, basis) == interval(gains)
    assert low is not None and high is not None
    # Ten copies of one month are one month: the interval is about as wide as that of the twelve alone.
    alone_low, alone_high, _ = interval([(month, shocks[month]) for month in months])
    assert alone_low is not None and alone_high is not None
    assert high - low == pytest.approx(alone_high - alone_low, rel=0.15)
