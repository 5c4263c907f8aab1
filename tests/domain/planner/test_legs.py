"""Legs as they are typed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.planner.legs import Leg, parse, spelled, times
from terminal.errors import UserError

DAY = date(2026, 12, 18)


@pytest.mark.parametrize(
    ("text", "legs"),
    [
        ("+1 SPY 2026-12-18 520 C", [Leg(1, "C", 520, DAY)]),
        ("+1 SPY 2026-12-18 520 C, -1 530 C", [Leg(1, "C", 520, DAY), Leg(-1, "C", 530, DAY)]),
        ("buy 2 SPY 2026-12-18 520.5 P @ 3.20; sell 1 C 540", [Leg(2, "P", 520.5, DAY, 3.2), Leg(-1, "C", 540, DAY)]),
        ("-10 SPY261218C00520000", [Leg(-10, "C", 520, DAY)]),
        ("+100 SPY shares and -1 SPY 2026-12-18 530 call", [Leg(100, "S"), Leg(-1, "C", 530, DAY)]),
        ("buy 100 stock at 98", [Leg(100, "S", price=98.0)]),
        ("+1,000 shares", [Leg(1000, "S")]),
        ("−1 520P 2026-12-18", [Leg(-1, "P", 520, DAY)]),
        ("+ 520 C 2026-12-18", [Leg(1, "C", 520, DAY)]),
        ("+520 C 2026-12-18", [Leg(1, "C", 520, DAY)]),
        ("-2x 520 C 2026-12-18", [Leg(-2, "C", 520, DAY)]),
        ("sell 3 SPY 520 C 2026-12-18", [Leg(-3, "C", 520, DAY)]),
    ],
)
def test_typed_legs_are_read(text: str, legs: list[Leg]) -> None:
    assert list(parse(text, "SPY")) == legs


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "No leg"),
        ("520 C 2026-12-18", "buy or to sell"),
        ("+1 QQQ 2026-12-18 520 C", "not on SPY"),
        ("+1 SPY 520 C", "when it expires"),
        ("+1 SPY 2026-13-18 520 C", "no day"),
        ("+1 SPY 2026-12-18 0 C", "not above zero"),
        ("+0 SPY 2026-12-18 520 C", "0 pieces"),
        ("+1 SPY nonsense", "not understood"),
        (", ".join(["+1 SPY 2026-12-18 520 C"] * 13), "too many"),
    ],
)
def test_what_is_no_leg_is_refused_with_a_hint(text: str, part: str) -> None:
    with pytest.raises(UserError, match=part) as refused:
        parse(text, "SPY")
    assert refused.value.hint


LEGS = st.builds(
    Leg,
    st.integers(-50, 50).filter(bool),
    st.sampled_from("CP"),
    st.integers(1, 4000).map(lambda at: at / 2),
    st.dates(date(2026, 1, 1), date(2030, 1, 1)),
)


@settings(max_examples=25)
@given(st.lists(LEGS, min_size=1, max_size=6))
def test_what_is_spelled_is_read_again(legs: list[Leg]) -> None:
    assert list(parse(spelled(legs, "SPY"), "SPY")) == legs
    assert [each.quantity for each in times(legs, 3)] == [3 * each.quantity for each in legs]
