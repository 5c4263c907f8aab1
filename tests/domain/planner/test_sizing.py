"""How many: never more than may be lost or set aside, never one more."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.planner.legs import parse
from terminal.domain.planner.position import position
from terminal.domain.planner.sizing import DAY_TRADES, Purse, at_risk, size

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board
    from terminal.domain.planner.position import Position

NEAR = date(2026, 12, 18)


def made(board: Board, text: str) -> Position:
    return position(board, parse(text, "XYZ", NEAR))


@settings(max_examples=25)
@given(st.floats(1, 50_000), st.floats(100, 100_000), st.one_of(st.none(), st.floats(10, 5_000)))
def test_never_more_than_allowed_and_never_one_less_than_possible(
    board: Board, risk: float, power: float, budget: float | None
) -> None:
    one = made(board, "+1 100 C, -1 105 C")
    loss, _, sure = at_risk(one, 3.0)
    assert sure and loss == pytest.approx(one.cost)
    purse = Purse(risk, power, budget)
    found = size(one, loss, purse)

    def fits(count: int) -> bool:
        return (count * loss <= risk + 1e-6 and count * found.power <= power + 1e-6
                and (budget is None or count * one.cost <= budget + 1e-6))  # fmt: skip

    assert fits(found.count) and not fits(found.count + 1)


@pytest.mark.parametrize(
    ("purse", "by"),
    [(Purse(100, 1e6), "risk"), (Purse(1e6, 500), "buying power"), (Purse(1e6, 1e6, 400), "budget")],
)
def test_what_limits_is_said(board: Board, purse: Purse, by: str) -> None:
    one = made(board, "+1 100 C, -1 105 C")
    assert size(one, at_risk(one, 3.0)[0], purse).by == by


def test_what_a_cash_account_may_not_hold_counts_zero(board: Board) -> None:
    one = made(board, "-1 110 C")
    found = size(one, 500, Purse(10_000, 100_000, kind="cash"))
    assert found.count == 0 and "cash account" in found.by


@pytest.mark.parametrize(
    ("text", "sure"),
    [("+1 100 C", True), ("-1 95 P, +1 90 P", True), ("-1 95 P", False), ("-1 105 C", False), ("+100 XYZ shares", False),
     ("+100 XYZ shares, +1 95 P", True), ("-2 95 P, +1 100 P", False)],
)  # fmt: skip
def test_where_the_loss_has_no_end_a_very_large_move_counts(board: Board, text: str, sure: bool) -> None:
    one = made(board, text)
    loss, at, all_ = at_risk(one, 3.0)
    assert all_ == sure and loss > 0
    if not sure:
        assert at is not None and abs(at / board.spot - 1) < 0.4
        assert loss < -one.extremes[0]
        assert at_risk(one, 2.0)[0] < loss


def test_the_words_on_day_trading_name_the_change_and_the_broker() -> None:
    for part in ("$25,000", "4 June 2026", "20 October 2027", "check with your broker"):
        assert part in DAY_TRADES
