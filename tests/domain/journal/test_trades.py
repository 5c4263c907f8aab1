"""Round trips: cases worked out by hand, and what must hold for every history."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.journal.trades import Trade, trades
from terminal.domain.portfolio.lots import METHODS, replay
from tests.conftest import examples
from tests.domain.portfolio.bookings import booking
from tests.domain.portfolio.test_lots import histories

if TYPE_CHECKING:
    from terminal.domain.journal.executions import Leg
    from terminal.domain.portfolio.transactions import Transaction

D = Decimal


def told(one: Trade) -> tuple[object, ...]:
    return (
        one.symbol,
        one.structure,
        one.opened.day.isoformat(),
        one.closed.day.isoformat() if one.closed else None,
        one.realised,
    )


def at(one: Transaction, clock: str) -> Transaction:
    hour, minute, second = map(int, clock.split(":"))
    return replace(one, at=datetime(one.day.year, one.day.month, one.day.day, hour, minute, second, tzinfo=UTC))


def test_scaling_in_and_out_is_one_trade_from_flat_to_flat() -> None:
    (one,) = trades([
        booking("buy", "2024-01-02", "XX", 100, 10, fees=1),
        booking("buy", "2024-01-03", "XX", 100, 12, fees=1),
        booking("sell", "2024-01-04", "XX", -150, 14, fees=2),
        booking("sell", "2024-01-08", "XX", -50, 9, fees=1),
    ])  # fmt: skip
    # 150 x 14 + 50 x 9 = 2550; 100 x 10 + 100 x 12 = 2200; fees 5
    assert told(one) == ("XX", "Long stock", "2024-01-02", "2024-01-08", D(345))
    assert (one.fees, one.quantity, one.entry_price, one.exit_price) == (D(5), D(200), D(11), D("12.75"))
    assert one.held_for(datetime(2025, 1, 1, tzinfo=UTC)) == timedelta(days=6)


def test_what_is_left_open_is_worth_its_price_and_the_closed_part_is_realised_at_the_average() -> None:
    (one,) = trades([booking("buy", "2024-01-02", "XX", 100, 10), booking("buy", "2024-01-03", "XX", 100, 20),
                     booking("sell", "2024-01-04", "XX", -50, 30)])  # fmt: skip
    assert one.open and one.closed is None
    assert one.realised == D(750)  # 50 x (30 - 15)
    assert one.profit(lambda leg: D(16)) == D(900)  # and 150 x (16 - 15)
    assert one.profit(lambda leg: None) is None


def test_a_short_sale_gains_when_it_is_bought_back_lower() -> None:
    (one,) = trades([booking("short", "2024-01-02", "XX", -10, 50, fees=1), booking("cover", "2024-01-05", "XX", 10, 40, fees=1)])
    assert told(one) == ("XX", "Short stock", "2024-01-02", "2024-01-05", D(98))
    assert one.side == -1


def test_a_reversal_ends_one_trade_and_begins_the_next_and_shares_its_fees() -> None:
    first, second = trades([booking("buy", "2024-01-02", "XX", 100, 10), booking("sell", "2024-01-03", "XX", -150, 12, fees=3),
                            booking("buy", "2024-01-04", "XX", 50, 11)])  # fmt: skip
    assert told(first) == ("XX", "Long stock", "2024-01-02", "2024-01-03", D(198))  # 200 less 2 of the fees
    assert told(second) == ("XX", "Short stock", "2024-01-03", "2024-01-04", D(49))
    assert first.key != second.key


def test_a_split_in_between_speaks_of_shares_as_they_are_now() -> None:
    (one,) = trades([booking("buy", "2024-01-02", "XX", 10, 100), booking("split", "2024-01-03", "XX", ratio=D(4)),
                     booking("sell", "2024-01-04", "XX", -40, 30)])  # fmt: skip
    assert (one.realised, one.entry_price, one.exit_price, one.quantity) == (D(200), D(25), D(30), D(40))


def test_a_merger_goes_on_under_the_other_name_and_a_spin_off_is_a_trade_of_its_own() -> None:
    (merged,) = trades([booking("buy", "2024-01-02", "XX", 10, 100),
                        booking("merger", "2024-02-01", "XX", ratio=D(2), other="NEW"),
                        booking("sell", "2024-03-01", "NEW", -20, 60)])  # fmt: skip
    assert (merged.symbol, merged.realised, merged.open) == ("NEW", D(200), False)
    parent, child = trades([booking("buy", "2024-01-02", "XX", 10, 100),
                            booking("spinoff", "2024-02-01", "KID", 5, other="XX", cost_share=D("0.2")),
                            booking("sell", "2024-03-01", "KID", -5, 50),
                            booking("sell", "2024-03-01", "XX", -10, 80)])  # fmt: skip
    assert (parent.realised, child.realised) == (D(0), D(50))


CALL = "XYZ240119C{:08d}"
PUT = "XYZ240119P{:08d}"


def test_options_opened_together_are_one_trade_with_a_name() -> None:
    condor = [
        booking("buy", "2024-01-02", PUT.format(90_000), 1, 1),
        booking("sell", "2024-01-02", PUT.format(95_000), -1, 2),
        booking("sell", "2024-01-02", CALL.format(105_000), -1, 2),
        booking("buy", "2024-01-02", CALL.format(110_000), 1, 1),
    ]
    gone = [booking("expire", "2024-01-19", one.symbol, -one.quantity) for one in condor if one.quantity]
    (one,) = trades([*condor, *gone])
    assert told(one) == ("XYZ", "Short iron condor", "2024-01-02", "2024-01-19", D(200))
    assert one.side == -1 and one.entry_price == D(-2)


@pytest.mark.parametrize(("legs", "name"), [
    ([("C", 100, 1, "24-01-19"), ("C", 110, -1, "24-01-19")], "Bull call spread"),
    ([("C", 100, -1, "24-01-19"), ("C", 110, 1, "24-01-19")], "Bear call spread"),
    ([("P", 100, 3, "24-01-19"), ("P", 110, -3, "24-01-19")], "Bull put spread"),
    ([("P", 100, -1, "24-01-19"), ("P", 110, 1, "24-01-19")], "Bear put spread"),
    ([("C", 100, 1, "24-01-19"), ("P", 100, 1, "24-01-19")], "Long straddle"),
    ([("C", 110, -1, "24-01-19"), ("P", 90, -1, "24-01-19")], "Short strangle"),
    ([("C", 100, -1, "24-01-19"), ("C", 100, 1, "24-02-16")], "Long calendar (calls)"),
    ([("P", 100, -1, "24-01-19"), ("P", 95, 1, "24-02-16")], "Long diagonal (puts)"),
    ([("C", 100, 1, "24-01-19"), ("P", 100, -1, "24-01-19")], "Synthetic long"),
    ([("C", 110, 1, "24-01-19"), ("P", 90, -1, "24-01-19")], "Risk reversal, bullish"),
    ([("C", 100, -1, "24-01-19"), ("C", 110, 2, "24-01-19")], "Back spread (calls)"),
    ([("C", 100, 1, "24-01-19"), ("C", 105, -2, "24-01-19"), ("C", 110, 1, "24-01-19")], "Long butterfly (calls)"),
    ([("P", 90, 1, "24-01-19"), ("P", 100, -2, "24-01-19"), ("P", 105, 1, "24-01-19")], "Long broken-wing butterfly (puts)"),
    ([("P", 95, 1, "24-01-19"), ("P", 100, -1, "24-01-19"), ("C", 100, -1, "24-01-19"), ("C", 105, 1, "24-01-19")],
     "Short iron butterfly"),
    ([("C", 95, 1, "24-01-19"), ("C", 100, -1, "24-01-19"), ("C", 105, -1, "24-01-19"), ("C", 110, 1, "24-01-19")],
     "Long condor (calls)"),
    ([("P", 95, -1, "24-01-19"), ("C", 105, -1, "24-01-19"), ("P", 95, 1, "24-02-16"), ("C", 105, 1, "24-02-16")],
     "Long double calendar"),
    ([("P", 95, 1, "24-01-19"), ("C", 95, -1, "24-01-19"), ("P", 105, -1, "24-01-19"), ("C", 105, 1, "24-01-19")], "Short box"),
    ([("S", 0, 100, ""), ("C", 110, -1, "24-01-19")], "Covered call"),
    ([("S", 0, 100, ""), ("P", 90, 1, "24-01-19")], "Protective put"),
    ([("S", 0, 100, ""), ("P", 90, 1, "24-01-19"), ("C", 110, -1, "24-01-19")], "Collar"),
])  # fmt: skip
def test_structures_have_their_names(legs: list[tuple[str, int, int, str]], name: str) -> None:
    made = []
    for right, strike, count, expiry in legs:
        symbol = "XYZ" if right == "S" else f"XYZ{expiry.replace('-', '')}{right}{strike * 1000:08d}"
        made.append(booking("buy" if count > 0 else "sell", "2024-01-02", symbol, count, 2))
    random.Random(1).shuffle(made)
    (one,) = trades(made)
    assert one.structure == name and one.symbol == "XYZ"


def test_what_was_not_opened_together_is_apart() -> None:
    day, call, put = "2024-01-02", CALL.format(100_000), PUT.format(100_000)
    early = at(booking("buy", day, call, 1, 2), "15:00:00")
    assert len(trades([early, at(booking("buy", day, put, 1, 2), "15:00:40")])) == 1
    assert len(trades([early, at(booking("buy", day, put, 1, 2), "15:02:00")])) == 2
    assert len(trades([early, at(booking("buy", day, put, 1, 2, account="B"), "15:00:00")])) == 2
    over = at(booking("sell", day, call, -1, 3), "15:00:10")
    assert len(trades([early, over, at(booking("buy", day, put, 1, 2), "15:00:20")])) == 2  # the call was sold before
    stock = booking("buy", day, "XYZ", 30, 100)
    assert len(trades([stock, booking("sell", day, call, -1, 2)])) == 2  # 30 shares do not cover a contract


def test_an_assigned_put_ends_with_its_premium_and_the_shares_follow() -> None:
    put = PUT.format(100_000)
    bookings = [
        booking("sell", "2024-01-02", put, -1, 3),
        booking("assign", "2024-01-19", put, 1),
        booking("buy", "2024-01-19", "XYZ", 100, 100),
        booking("sell", "2024-02-01", "XYZ", -100, 104),
    ]
    option, shares = trades(bookings)
    assert (option.realised, shares.realised) == (D(300), D(400))
    at_once = [*bookings[:1], booking("assign", "2024-01-19", put, 1, amount=-10_000), bookings[3]]
    assert [one.realised for one in trades(at_once)] == [D(300), D(400)]


def worth(legs: tuple[Leg, ...], price: Decimal) -> Decimal:
    return sum((leg.profit(price) or D(0) for leg in legs), D(0))


@given(histories(), st.sampled_from(METHODS), st.integers(1, 99_999))
@settings(max_examples=examples(60))
def test_all_trades_together_are_what_the_lots_have_made(history: list[Transaction], method: str, price: int) -> None:
    book = replay(history, method=method)  # type: ignore[arg-type]
    held = sum((lot.quantity * lot.multiplier * price - (lot.cost or D(0)) for lot in book.lots), D(0))
    realised = sum((each.gain or D(0) for each in book.closings), D(0))
    found = trades(history)
    assert abs(sum((worth(one.legs, D(price)) for one in found), D(0)) - (realised + held)) < D("1e-15")
    assert abs(sum((one.income for one in found), D(0))) <= abs(sum((abs(each.amount) for each in book.income), D(0)))
    quantities = {(leg.account, leg.symbol): leg.quantity for one in found for leg in one.legs if leg.quantity}
    assert quantities == pytest.approx(book.quantities(), abs=D("1e-20"))


@given(histories())
@settings(max_examples=examples(60))
def test_an_average_cost_ledger_agrees_trade_by_trade(history: list[Transaction]) -> None:
    book = replay(history, method="average")
    realised = sum((each.gain or D(0) for each in book.closings), D(0))
    assert abs(sum((one.realised or D(0) for one in trades(history)), D(0)) - realised) < D("1e-15")


@given(histories(), st.randoms())
@settings(max_examples=examples(60))
def test_the_order_of_imports_does_not_matter(history: list[Transaction], chance: random.Random) -> None:
    shuffled = list(history)
    chance.shuffle(shuffled)
    assert trades(shuffled) == trades(history)


@given(histories(), st.integers(1, 99))
@settings(max_examples=examples(60))
def test_splitting_an_execution_changes_nothing(history: list[Transaction], hundredths: int) -> None:
    parts, share = [], D(hundredths) / 100
    for one in history:
        if one.kind not in ("buy", "sell") or one.quantity is None:
            parts.append(one)
            continue
        parts += [replace(one, id=one.id + name, source_id=one.id + name, quantity=one.quantity * part, amount=one.amount * part,
                          fees=one.fees * part) for name, part in (("a", share), ("b", 1 - share))]  # fmt: skip
    whole, split = trades(history), trades(parts)
    assert [(one.account, one.symbol, one.opened.day, one.open, one.side) for one in whole] == \
        [(one.account, one.symbol, one.opened.day, one.open, one.side) for one in split]  # fmt: skip
    for one, other in zip(whole, split, strict=True):
        for name in ("realised", "fees", "quantity", "entry_price", "exit_price"):
            left, right = getattr(one, name), getattr(other, name)
            assert (left is None) == (right is None)
            assert left is None or abs(left - right) < D("1e-15")
