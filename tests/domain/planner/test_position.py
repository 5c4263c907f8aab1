"""A position on a board: costs, grids, chances, Greeks and margin."""

from __future__ import annotations

import math
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.planner.legs import Leg, parse
from terminal.domain.planner.position import Costs, position
from terminal.errors import UserError

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board
    from terminal.domain.planner.position import Position

NEAR, MIDDLE, FAR = date(2026, 12, 18), date(2027, 1, 15), date(2027, 3, 19)
FREE = Costs(slippage=0.0, contract=0.0)


def made(board: Board, text: str, costs: Costs = FREE) -> Position:
    return position(board, parse(text, "XYZ", NEAR), costs)


def test_costs_at_the_middle_at_the_sides_and_as_expected(board: Board) -> None:
    one = made(board, "+2 100 C, -1 110 C", Costs(slippage=0.25, contract=0.65))
    mid = 200 * board.mid[board.place(NEAR, 100, "C")] - 100 * board.mid[board.place(NEAR, 110, "C")]
    assert one.mid == pytest.approx(mid)
    assert one.natural == pytest.approx(mid + 3 * 100 * 0.02)
    assert one.cost == pytest.approx(mid + 0.25 * 6.0 + 3 * 0.65)


def test_a_typed_price_wins_over_the_chain(board: Board) -> None:
    assert made(board, "+1 100 C @ 2.5").mid == pytest.approx(250)


@pytest.mark.parametrize("text", ["+1 100 C", "-1 90 P, +1 85 P", "+1 95 C, -2 100 C, +1 105 C", "+100 XYZ shares, -1 105 C"])
def test_the_grid_at_expiry_is_the_payoff_and_today_at_spot_what_was_paid(board: Board, text: str) -> None:
    one = made(board, text)
    prices = np.linspace(60, 140, 81)
    grid = one.grid(prices, [0.0, one.first.years])
    hand = np.zeros(len(prices))
    for leg in one.legs:
        worth = prices if leg.right == "S" else np.maximum((prices - leg.strike) * (1 if leg.right == "C" else -1), 0)
        hand += leg.shares * worth
    assert grid[1] == pytest.approx(hand - one.cost)
    assert float(one.profit(np.array([board.spot]), 0.0)[0]) == pytest.approx(0.0, abs=1e-6)


def test_more_volatility_lifts_what_is_bought_and_lowers_what_is_sold(board: Board) -> None:
    spot = np.array([board.spot])
    assert made(board, "+1 100 C").profit(spot, 0.0, 0.05) > 0 > made(board, "-1 100 C").profit(spot, 0.0, 0.05)


STRIKES = st.sampled_from([85.0, 90.0, 95.0, 100.0, 105.0, 110.0])
RAW = st.lists(st.tuples(st.integers(-2, 2).filter(bool), st.sampled_from("CP"), STRIKES), min_size=1, max_size=4)


@settings(max_examples=25)
@given(RAW)
def test_chances_of_a_position_and_of_its_opposite_add_up_to_one(board: Board, raw: list[tuple[int, str, float]]) -> None:
    legs = [Leg(count, right, strike, NEAR) for count, right, strike in raw]  # type: ignore[arg-type]
    turned = [Leg(-each.quantity, each.right, each.strike, NEAR) for each in legs]
    one, other = position(board, legs, FREE), position(board, turned, FREE)
    if abs(float(np.abs(one.profit(np.linspace(50, 200, 60))).max())) < 1e-6:
        return  # legs that cancel out
    assert one.chance() + other.chance() == pytest.approx(1.0, abs=1e-6)
    assert one.expected() == pytest.approx(-other.expected(), abs=1e-6)
    assert one.greeks["delta"] == pytest.approx(-other.greeks["delta"])


def test_parity_call_and_put_make_the_share(board: Board) -> None:
    one, share = made(board, "+1 100 C, -1 100 P"), made(board, "+100 XYZ shares, +1 100 C, -1 100 C")
    prices = np.linspace(70, 130, 25)
    assert np.diff(one.profit(prices)) == pytest.approx(np.diff(share.profit(prices)))
    assert one.greeks["gamma"] == pytest.approx(0.0, abs=0.02)


def test_butterflies_of_calls_and_of_puts_are_the_same(board: Board) -> None:
    calls, puts = made(board, "+1 95 C, -2 100 C, +1 105 C"), made(board, "+1 95 P, -2 100 P, +1 105 P")
    assert calls.mid == pytest.approx(puts.mid, abs=0.5)
    assert calls.chance() == pytest.approx(puts.chance(), abs=0.02)
    assert calls.breakevens == pytest.approx(puts.breakevens, abs=0.01)


def test_nothing_is_expected_of_fair_prices_before_costs(board: Board) -> None:
    for text in ("+1 100 C", "-1 95 P", "+1 90 P, -1 95 P, -1 105 C, +1 110 C"):
        one = made(board, text)
        assert one.expected() == pytest.approx(0.0, abs=0.02 * abs(one.mid) + 1.0)
        assert made(board, text, Costs(0.5, 1.0)).expected() < one.expected()


def test_a_calendar_is_valued_by_the_model_at_the_first_expiry(board: Board) -> None:
    one = made(board, f"-1 100 C, +1 XYZ {MIDDLE} 100 C")
    assert one.several and one.first.expiry == NEAR
    low, high, _, high_at = one.extremes
    assert -1.2 * one.cost <= low < 0 < high and high_at == pytest.approx(100, abs=1.0)
    assert len(one.breakevens) == 2 and one.breakevens[0] < 100 < one.breakevens[1]
    assert one.profit(np.array(one.breakevens)) == pytest.approx(np.zeros(2), abs=0.01)
    assert one.greeks["vega"] > 0 and one.greeks["theta"] > 0


def test_unlimited_is_infinite(board: Board) -> None:
    assert math.isinf(made(board, "-1 110 C").extremes[0])
    assert math.isinf(made(board, "+1 110 C").extremes[1])


def test_touching_is_likelier_than_ending_beyond(board: Board) -> None:
    one = made(board, "+1 100 C")
    for at in (90.0, 95.0, 105.0, 112.5):
        beyond = float(one.odds.under(at)) if at < 100 else 1 - float(one.odds.under(at))
        assert beyond < one.touch(at) <= min(1.0, 2.6 * beyond + 0.02)
    assert one.touch(100.0) == 1.0


def test_quotes_that_may_not_be_used_are_refused_with_what_may(american: Board) -> None:
    with pytest.raises(UserError, match="may not be used: bid and ask are zero") as refused:
        made(american, "-1 90 P")
    assert "87.5" in str(refused.value.hint)
    with pytest.raises(UserError, match="has no 101 C"):
        made(american, "-1 101 C")
    with pytest.raises(UserError, match="has no 100 C of 2026-12-25") as refused:
        made(american, "+1 XYZ 2026-12-25 100 C")
    assert "2026-12-18" in str(refused.value.hint)


def test_the_american_model_gives_back_the_quotes(american: Board) -> None:
    rows = np.flatnonzero(american.usable[:-1])[::7]
    made_ = american.worth(rows, np.array([american.spot]), 0.0)[:, 0]
    assert made_ == pytest.approx(np.maximum(american.mid[rows], 0.0), abs=0.031)
