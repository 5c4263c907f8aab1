"""What brokers ask for: worked out by hand from the rules."""

from __future__ import annotations

from datetime import date

import pytest

from terminal.domain.planner.margin import Held, margin

NEAR, FAR = date(2026, 12, 18), date(2027, 3, 19)


def leg(quantity: int, right: str, strike: float, price: float, expiry: date = NEAR) -> Held:
    return Held(quantity, right, strike, expiry, price)


SHARES = Held(100, "S", 0.0, None, 100.0)
# legs, kind, buying power by hand: what is set aside less what is received, or what is paid
HAND = [
    ("long call", [leg(1, "C", 100, 3)], "margin", 300),
    ("credit spread", [leg(-1, "P", 95, 2), leg(1, "P", 90, 0.8)], "margin", 500 - 120),
    ("debit spread", [leg(1, "C", 100, 3), leg(-1, "C", 105, 1)], "margin", 200),
    ("naked put", [leg(-1, "P", 95, 2)], "margin", (0.20 * 100 - 5) * 100),
    ("naked put far out", [leg(-1, "P", 60, 0.1)], "margin", 0.10 * 60 * 100),
    ("naked call", [leg(-1, "C", 110, 1)], "margin", 1000),
    ("cash-secured put", [leg(-1, "P", 95, 2)], "cash", 9500 - 200),
    ("iron condor", [leg(1, "P", 85, 0.5), leg(-1, "P", 90, 1), leg(-1, "C", 110, 1), leg(1, "C", 115, 0.5)], "margin", 400),
    ("short straddle", [leg(-1, "P", 100, 4), leg(-1, "C", 100, 4)], "margin", 2000 + 400 + 400 - 800),
    ("covered call", [SHARES, leg(-1, "C", 105, 2)], "margin", 5000 - 200),
    ("covered call, cash", [SHARES, leg(-1, "C", 105, 2)], "cash", 10_000 - 200),
    ("calendar", [leg(-1, "C", 100, 3), leg(1, "C", 100, 5, FAR)], "margin", 200),
    ("butterfly", [leg(1, "C", 95, 7), leg(-2, "C", 100, 4), leg(1, "C", 105, 2)], "margin", 100),
    ("broken wing", [leg(1, "P", 80, 0.5), leg(-2, "P", 95, 2), leg(1, "P", 100, 4)], "margin", 1000 + 50),
    ("ratio", [leg(1, "C", 100, 3), leg(-2, "C", 110, 1)], "margin", 1000 + 100 + 100),
    ("reverse calendar", [leg(1, "C", 100, 3), leg(-1, "C", 100, 5, FAR)], "margin", 2500 - 200),
    ("short shares", [Held(-100, "S", 0.0, None, 100.0)], "margin", 5000),
]


@pytest.mark.parametrize(("name", "legs", "kind", "power"), HAND, ids=[each[0] for each in HAND])
def test_worked_by_hand(name: str, legs: list[Held], kind: str, power: float) -> None:
    found = margin(legs, 100.0, kind)  # type: ignore[arg-type]
    assert found.buying_power == pytest.approx(power)
    assert not found.why and found.rule


def test_an_index_asks_for_less() -> None:
    assert margin([leg(-1, "C", 110, 1)], 100.0, index=True).buying_power == pytest.approx(1000)  # the least of 10 % decides
    assert margin([leg(-1, "C", 100, 3)], 100.0, index=True).buying_power == pytest.approx(1500)


def test_a_cash_account_refuses_what_it_may_not_hold() -> None:
    assert "calls" in margin([leg(-1, "C", 110, 1)], 100.0, "cash").why
    assert "short" in margin([Held(-100, "S", 0.0, None, 100.0)], 100.0, "cash").why
    assert not margin([SHARES, leg(-1, "C", 110, 1)], 100.0, "cash").why


def test_of_many_naked_calls_only_those_that_nothing_covers_count() -> None:
    found = margin([SHARES, leg(-3, "C", 110, 1)], 100.0)
    assert found.required == pytest.approx(5000 + 2 * (1000 + 100))
