"""Sizes worked out by hand, and what must hold for every one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.sizing.shares import (
    Means,
    atr_stop,
    fixed_risk,
    kelly,
    kelly_fraction,
    volatility_target,
    whole_shares,
)
from tests.conftest import examples

TEN = Means(10_000, most=1.0)


def test_whole_shares_fit_into_money() -> None:
    assert whole_shares(1000, 300) == 3 and whole_shares(299.99, 300) == 0 and whole_shares(-5, 300) == 0
    assert whole_shares(0.3, 0.1) == 3, "not two, though 0.3 / 0.1 is a little less than three"
    assert whole_shares(1000, 300, whole=False) == 3.333333
    with pytest.raises(ValueError, match="above zero"):
        whole_shares(100, 0)


def test_one_per_cent_at_risk() -> None:
    # 1 % of 10 000 is 100; from 50 to 41 is 9 a share: 11.1, so 11 shares lose 99.
    size = fixed_risk(TEN, 50, 41, 0.01)
    assert (size.shares, size.loss, size.money, size.binds) == (11, 99, 550, "the risk")
    assert size.wanted == pytest.approx(100 / 9) and size.part == pytest.approx(0.055) and size.risk == pytest.approx(0.0099)
    short = fixed_risk(TEN, 50, 60, 0.01)
    assert (short.shares, short.loss, short.stop) == (10, 100, 60)


def test_what_holds_a_size_back_is_named() -> None:
    assert fixed_risk(Means(10_000, most=0.2), 50, 49, 0.01).binds == "the largest position"
    assert fixed_risk(Means(10_000, most=0.2), 50, 49, 0.01).shares == 40
    poor = fixed_risk(Means(10_000, cash=520, most=1.0), 50, 41, 0.01)
    assert (poor.binds, poor.shares) == ("the cash", 10)
    assert fixed_risk(Means(10_000, cash=0, most=1.0), 50, 60, 0.01).shares == 10, "a short sale needs no cash to buy"
    dear = fixed_risk(TEN, 500, 300, 0.01)
    assert (dear.binds, dear.shares, dear.loss) == ("whole shares", 0, 0)
    assert fixed_risk(Means(10_000, most=1.0, whole=False), 500, 300, 0.01).shares == 0.5


def test_a_stop_of_two_true_ranges() -> None:
    size = atr_stop(TEN, 100, 2.5, 2, 0.01)  # stop 95, 5 a share, 100 to lose
    assert (size.stop, size.shares, size.loss) == (95, 20, 100)
    assert atr_stop(TEN, 100, 2.5, 2, 0.01, short=True).stop == 105
    with pytest.raises(ValueError, match="more than the price"):
        atr_stop(TEN, 10, 6, 2, 0.01)


def test_a_volatility_target() -> None:
    # 2 % a year of something that swings by 40 % is a twentieth: 500, which is 6 at 80.
    size = volatility_target(TEN, 80, 0.40, 0.02)
    assert (size.shares, size.money, size.loss, size.binds) == (6, 480, None, "the volatility")
    assert size.wanted == pytest.approx(6.25)


def test_kelly_by_hand() -> None:
    assert kelly_fraction(0.6, 1.0, fraction=1.0) == pytest.approx(0.2), "2p - 1 of an even bet"
    assert kelly_fraction(0.5, 2.0, fraction=0.5) == pytest.approx(0.125)
    assert kelly_fraction(0.3, 1.0) == 0.0, "without an edge nothing"
    # 60 of 100 won, drawn towards one half by 30 trades: 75 / 130 = 0.5769, so 0.1538.
    assert kelly_fraction(0.6, 1.0, trades=100, fraction=1.0) == pytest.approx(2 * 75 / 130 - 1)
    assert kelly_fraction(0.9, 3.0, trades=0) == pytest.approx(0.0), "nothing was learned yet"
    size = kelly(TEN, 50, 45, 0.6, 1.0, fraction=0.25)  # 5 % of 10 000, at 5 a share
    assert (size.shares, size.loss) == (100, 500)
    none = kelly(TEN, 50, 45, 0.4, 1.0)
    assert (none.shares, none.loss, none.binds) == (0, 0, "no edge")


@pytest.mark.parametrize(
    ("risk", "price", "stop", "told"),
    [(0, 50, 45, "risk"), (0.01, 50, 50, "stop"), (0.01, 0, 45, "price"), (0.01, 50, -1, "stop"), (1.5, 50, 45, "risk")],
)
def test_what_cannot_be_sized_is_told(risk: float, price: float, stop: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fixed_risk(TEN, price, stop, risk)


@settings(max_examples=examples(200))
@given(
    st.floats(100, 1e7), st.floats(0, 1e7), st.floats(0.05, 1.0), st.floats(0.5, 5000), st.floats(0.01, 0.99),
    st.floats(0.001, 0.2), st.booleans(),
)  # fmt: skip
def test_no_size_risks_or_spends_more_than_was_said(
    capital: float, cash: float, most: float, price: float, below: float, risk: float, whole: bool
) -> None:
    size = fixed_risk(Means(capital, cash, most, whole), price, price * below, risk)
    slack = 1 + 1e-6
    assert size.loss is not None and size.loss <= capital * risk * slack + 1e-6
    assert size.money <= min(cash, capital * most) * slack + 1e-6 and size.shares <= size.wanted * slack + 1e-6
    assert not whole or size.shares == int(size.shares)
