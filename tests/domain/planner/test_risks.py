"""Assignment, dividends and ending at a strike."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from terminal.domain.options.forwards import Payment
from terminal.domain.planner.legs import parse
from terminal.domain.planner.position import position
from terminal.domain.planner.risks import Risk, risks

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board

NEAR = date(2026, 12, 18)


def found(board: Board, text: str, *payments: Payment) -> dict[str, Risk]:
    return {each.kind: each for each in reversed(risks(position(board, parse(text, "XYZ", NEAR)), payments))}


def test_what_is_bought_has_none_of_them(american: Board) -> None:
    assert not found(american, "+1 100 C, +1 95 P")


def test_a_dividend_above_the_time_value_calls_shares_away(american: Board) -> None:
    text = "-1 80 C"
    put = float(american.mid[american.place(NEAR, 80.0, "P") or 0])
    certain = found(american, text, Payment(date(2026, 12, 10), put + 0.20, True))["dividend"]
    assert certain.severity == 3 and "declared" in certain.text and "day before" in certain.text
    small = found(american, text, Payment(date(2026, 12, 10), put / 2, False))["dividend"]
    assert small.severity == 2 and "expected" in small.text
    assert "dividend" not in found(american, text, Payment(date(2026, 12, 24), 5.0, True))
    assert "dividend" not in found(american, "-1 120 C", Payment(date(2026, 12, 10), 5.0, True))


def test_deep_in_the_money_without_time_value_may_be_assigned_any_day(american: Board) -> None:
    assert found(american, "-1 130 P")["assignment"].severity == 3
    assert "assignment" not in found(american, "-1 100 P")


def test_european_options_are_not_assigned_early(board: Board) -> None:
    told = found(board, "-1 130 P, -1 70 C", Payment(date(2026, 12, 10), 9.0, True))
    assert "assignment" not in told and "dividend" not in told


@pytest.mark.parametrize(("strike", "least", "most"), [(100.0, 0.04, 0.10), (120.0, 0.0, 0.02)])
def test_ending_at_the_strike_has_its_chance(american: Board, strike: float, least: float, most: float) -> None:
    chance = found(american, f"-1 {strike:g} C")["pin"].chance
    assert chance is not None and least < chance < most


def test_two_expiries_are_named(american: Board) -> None:
    assert "2026-12-18" in found(american, "-1 100 C, +1 XYZ 2027-01-15 100 C")["expiry"].text
