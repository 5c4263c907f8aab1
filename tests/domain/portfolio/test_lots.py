"""Lots and gains against cases worked out by hand, and what must hold for any bookings at all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.portfolio.lots import METHODS, History, replay
from terminal.domain.portfolio.transactions import in_order, problems
from tests.conftest import examples
from tests.domain.portfolio.bookings import D, booking

if TYPE_CHECKING:
    import random
    from decimal import Decimal

    from terminal.domain.portfolio.transactions import Transaction

# Bought 100 at 10.00 (+1.00), 100 at 12.00 (+1.00), 50 at 15.00; sold 120 at 14.00 (-1.50): proceeds 1678.50.
BOUGHT = [
    booking("buy", "2024-01-02", "XYZ", 100, 10, fees=1, id="a"),
    booking("buy", "2024-02-02", "XYZ", 100, 12, fees=1, id="b"),
    booking("buy", "2024-03-04", "XYZ", 50, 15, id="c"),
]
SOLD = booking("sell", "2025-02-03", "XYZ", -120, 14, fees="1.50", id="s")


def cents(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(D("0.01"))


@pytest.mark.parametrize(("method", "gain", "left"), [
    ("fifo", "437.30", "1710.80"),  # cost 1001 + 20/100 of 1201 = 1241.20
    ("lifo", "87.80", "1361.30"),  # cost 750 + 70/100 of 1201 = 1590.70
    ("average", "261.54", "1535.04"),  # cost 120/250 of 2952 = 1416.96
])  # fmt: skip
def test_a_sale_by_method(method: str, gain: str, left: str) -> None:
    book = replay([*BOUGHT, SOLD], method=method)  # type: ignore[arg-type]
    assert cents(sum(each.gain for each in book.closings if each.gain is not None)) == D(gain)  # type: ignore[arg-type]
    assert cents(sum((lot.cost or D(0) for lot in book.lots), D(0))) == D(left)
    assert book.quantities() == {("A", "XYZ"): D(130)}


def test_a_sale_of_named_lots() -> None:
    book = replay([*BOUGHT, replace(SOLD, lots=("c", "b"))], method="specific")
    taken = [(each.lot, each.quantity, cents(each.cost)) for each in book.closings]
    assert taken == [("c", 50, D("750.00")), ("b", 70, D("840.70"))]
    assert cents(sum((each.gain or D(0) for each in book.closings), D(0))) == D("87.80")
    assert not book.problems


def test_a_named_lot_that_is_not_there_is_told() -> None:
    book = replay([*BOUGHT, replace(SOLD, lots=("nothing",))], method="specific")
    assert "no open lot nothing" in book.problems[0].text
    assert cents(sum((each.gain or D(0) for each in book.closings), D(0))) == D("437.30")


def test_parts_of_named_lots() -> None:
    book = replay([*BOUGHT, replace(SOLD, quantity=D(-50), amount=D(700), lots=("b:30", "c:20"))])
    assert [(each.lot, each.quantity, cents(each.cost)) for each in book.closings] == [
        ("b", 30, D("360.30")), ("c", 20, D("300.00"))]  # fmt: skip
    assert {lot.id: lot.quantity for lot in book.lots} == {"a": 100, "b": 70, "c": 30}
    assert not book.problems
    later = replay([*BOUGHT, replace(SOLD, quantity=D(-50), amount=D(700), lots=("b:30", "c:20")),
                    booking("sell", "2025-03-03", "XYZ", -110, 15)])  # fmt: skip
    assert [(each.lot, each.quantity) for each in later.closings[2:]] == [("a", 100), ("b", 10)], "the order of the rest stays"


@pytest.mark.parametrize(("lots", "told"), [
    (("c:60",), "less than 60 of lot c"),
    (("b:30",), "90 XYZ more were closed than lots are named for"),
    (("x:30", "b:90"), "no open lot x"),
])  # fmt: skip
def test_parts_of_lots_that_do_not_fit_are_told(lots: tuple[str, ...], told: str) -> None:
    book = replay([*BOUGHT, replace(SOLD, lots=lots)])
    assert any(told in each.text for each in book.problems), book.problems
    assert sum(each.quantity for each in book.closings) == 120


def test_how_a_part_of_a_lot_is_named() -> None:
    assert not problems(replace(SOLD, lots=("12", "15:2.5")))
    for wrong in ("12:", ":3", "12:-1", "12:x"):
        assert "after a colon" in problems(replace(SOLD, lots=(wrong,)))[0]


def test_a_gain_is_long_term_after_a_year_and_a_day() -> None:
    day_of = {"2025-01-02": False, "2025-01-03": True}
    for day, long_term in day_of.items():
        book = replay([BOUGHT[0], booking("sell", day, "XYZ", -100, 11)])
        assert [each.long_term for each in book.closings] == [long_term]


def test_a_short_sale_gains_when_the_price_falls() -> None:
    # sold 200 at 50.00 less 2.00 = 9998.00; bought back 150 at 44.00 plus 1.50 = 6601.50; 150/200 of 9998 = 7498.50
    book = replay([booking("short", "2024-05-01", "ABC", -200, 50, fees=2),
                   booking("cover", "2024-06-03", "ABC", 150, 44, fees="1.5")])  # fmt: skip
    assert [(cents(each.gain), each.quantity, each.long_term) for each in book.closings] == [(D("897.00"), -150, False)]
    assert [(lot.quantity, cents(lot.cost)) for lot in book.lots] == [(D(-50), D("-2499.50"))]


def test_a_sale_through_zero_turns_the_position_and_says_so() -> None:
    book = replay([BOUGHT[0], booking("sell", "2024-02-01", "XYZ", -150, 12)])
    assert [cents(each.gain) for each in book.closings] == [D("199.00")]
    assert [(lot.quantity, cents(lot.cost)) for lot in book.lots] == [(D(-50), D("-600.00"))]
    assert "more XYZ were sold than were held" in book.problems[0].text


def test_a_split_keeps_cost_and_day() -> None:
    book = replay([*BOUGHT, booking("split", "2024-06-10", "XYZ", ratio=D(10))])
    assert [(lot.quantity, lot.cost, lot.opened) for lot in book.lots] == [
        (1000, 1001, date(2024, 1, 2)), (1000, 1201, date(2024, 2, 2)), (500, 750, date(2024, 3, 4))]  # fmt: skip
    assert book.quantities() == replay([*BOUGHT, booking("split", "2024-06-10", "XYZ", 2250)]).quantities()


def test_a_reverse_split_pays_the_fraction_out() -> None:
    # 100 shares that cost 1001.00, one for three: 33 and a third, which is a hundredth of the cost, 10.01; paid 12.00
    book = replay([BOUGHT[0], booking("split", "2024-06-10", "XYZ", -67, ratio=D(1) / D(3), amount=12)])
    assert cents(book.quantities()["A", "XYZ"]) == D("33.00")
    assert [cents(each.gain) for each in book.closings] == [D("1.99")]
    assert cents(book.lots[0].cost) == D("990.99")


def test_a_spin_off_takes_its_share_of_the_cost_and_the_day() -> None:
    given_away = booking("spinoff", "2024-04-02", "NEW", 25, other="XYZ", cost_share=D("0.2"))
    book = replay([BOUGHT[0], given_away])
    assert [(lot.symbol, lot.quantity, cents(lot.cost), lot.opened) for lot in book.lots] == [
        ("NEW", 25, D("200.20"), date(2024, 1, 2)), ("XYZ", 100, D("800.80"), date(2024, 1, 2))]  # fmt: skip


def test_a_merger_for_shares_for_money_and_for_both() -> None:
    shares = replay([BOUGHT[0], booking("merger", "2024-08-01", "XYZ", -100, ratio=D("0.5"), other="BIG")])
    assert [(lot.symbol, lot.quantity, lot.cost) for lot in shares.lots] == [("BIG", 50, 1001)] and not shares.closings
    money = replay([BOUGHT[0], booking("merger", "2024-08-01", "XYZ", -100, amount=1500)])
    assert [cents(each.gain) for each in money.closings] == [D("499.00")] and not money.lots
    # 50 new shares of 25.00 and 300.00: worth 1550.00, gain 549.00, of which the money, 300.00, counts now
    both = replay([BOUGHT[0], booking("merger", "2024-08-01", "XYZ", -100, 25, ratio=D("0.5"), other="BIG", amount=300)])
    assert [cents(each.gain) for each in both.closings] == [D("300.00")]
    assert [(lot.quantity, cents(lot.cost)) for lot in both.lots] == [(50, D("1001.00"))]


CALL, PUT = "XYZ240621C00050000", "XYZ240621P00050000"


def test_an_option_that_expires_keeps_or_loses_its_premium() -> None:
    long = replay([booking("buy", "2024-05-01", CALL, 2, "1.50", fees="1.30"), booking("expire", "2024-06-21", CALL, -2)])
    assert [cents(each.gain) for each in long.closings] == [D("-301.30")]
    short = replay([booking("short", "2024-05-01", PUT, -1, "2.00", fees="0.65"), booking("expire", "2024-06-21", PUT, 1)])
    assert [cents(each.gain) for each in short.closings] == [D("199.35")] and not short.problems


@pytest.mark.parametrize("apart", [True, False], ids=["shares booked apart", "shares with the exercise"])
def test_the_premium_goes_into_the_shares(apart: bool) -> None:
    def ended(kind: str, symbol: str, quantity: int, trade: str) -> list[Transaction]:
        shares, money = (100, -5000) if trade == "buy" else (-100, 5000)
        if not apart:
            return [booking(kind, "2024-06-21", symbol, quantity, amount=money)]
        return [booking(trade, "2024-06-21", "XYZ", shares, 50), booking(kind, "2024-06-21", symbol, quantity)]

    def opened(symbol: str, quantity: int) -> list[Transaction]:
        return [booking("buy" if quantity > 0 else "sell", "2024-05-01", symbol, quantity, 2, fees=1)]

    had = [booking("buy", "2024-01-02", "XYZ", 100, 40)]
    exercised_call = replay([*opened(CALL, 1), *ended("exercise", CALL, -1, "buy")])
    assert [(lot.symbol, lot.quantity, cents(lot.cost)) for lot in exercised_call.lots] == [("XYZ", 100, D("5201.00"))]
    assigned_put = replay([*opened(PUT, -1), *ended("assign", PUT, 1, "buy")])
    assert [(lot.symbol, lot.quantity, cents(lot.cost)) for lot in assigned_put.lots] == [("XYZ", 100, D("4801.00"))]
    assigned_call = replay([*had, *opened(CALL, -1), *ended("assign", CALL, 1, "sell")])
    assert [(each.symbol, cents(each.gain)) for each in assigned_call.closings] == [("XYZ", D("1199.00"))]
    exercised_put = replay([*had, *opened(PUT, 1), *ended("exercise", PUT, -1, "sell")])
    assert [(each.symbol, cents(each.gain)) for each in exercised_put.closings] == [("XYZ", D("799.00"))]
    assert not any(book.problems for book in (exercised_call, assigned_put, assigned_call, exercised_put))


def test_shares_of_an_exercise_that_never_come_are_told_and_nothing_is_lost() -> None:
    book = replay([booking("sell", "2024-05-01", PUT, -1, 2), booking("assign", "2024-06-21", PUT, 1)])
    assert "are not booked" in book.problems[0].text
    assert [cents(each.gain) for each in book.closings] == [D("200.00")]


def test_a_settlement_in_cash_is_a_gain() -> None:
    book = replay([booking("buy", "2024-05-01", CALL, 1, 2), booking("exercise", "2024-06-21", CALL, -1, amount=730)])
    assert [cents(each.gain) for each in book.closings] == [D("530.00")] and not book.lots


def test_a_transfer_keeps_cost_and_day() -> None:
    book = replay([*BOUGHT, booking("transfer_out", "2024-07-01", "XYZ", -120),
                   booking("transfer_in", "2024-07-03", "XYZ", 120, account="B")])  # fmt: skip
    moved = [(lot.id, lot.quantity, cents(lot.cost)) for lot in book.lots if lot.account == "B"]
    assert moved == [("a", 100, D("1001.00")), ("b", 20, D("240.20"))]
    assert not book.closings and not book.problems


def test_what_arrives_without_a_cost_has_none() -> None:
    book = replay([booking("transfer_in", "2024-07-03", "XYZ", 10), booking("sell", "2024-08-01", "XYZ", -4, 20)])
    assert book.lots[0].cost is None and book.closings[0].gain is None
    assert len(book.problems) == 2
    known = replay([booking("transfer_in", "2024-07-03", "XYZ", 10, 15), booking("sell", "2024-08-01", "XYZ", -4, 20)])
    assert cents(known.closings[0].gain) == D("20.00")


def test_a_gain_in_the_own_currency_has_the_exchange_rates_in_it() -> None:
    # bought for 1000 USD at 0.90 = 900 EUR, sold for 1000 USD at 0.95 = 950 EUR
    book = replay([replace(booking("buy", "2024-01-02", "XYZ", 10, 100), fx_rate=D("0.90")),
                   replace(booking("sell", "2024-06-03", "XYZ", -10, 100), fx_rate=D("0.95"))], base={"A": "EUR"})  # fmt: skip
    assert (book.closings[0].gain, cents(book.closings[0].gain_base)) == (0, D("50.00"))


def test_income_and_cash() -> None:
    book = replay([booking("deposit", "2024-01-02", amount=1000), booking("buy", "2024-01-03", "XYZ", 10, 50, fees=1),
                   replace(booking("dividend", "2024-02-01", "XYZ", amount="8.50"), taxes=D("1.50")),
                   booking("fee", "2024-02-02", amount=-3), booking("withdrawal", "2024-03-01", amount=-100)])  # fmt: skip
    assert book.cash == {("A", "USD"): D("404.50")}
    assert [(each.kind, each.amount, each.taxes) for each in book.income] == [("dividend", D("8.50"), D("1.50")), ("fee", -3, 0)]


# What must hold for any bookings

_DAY = date(2024, 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[Transaction]:
    """Trades, splits, dividends and transfers of two symbols in two accounts, at most one a day."""
    made, day = [], _DAY
    for _ in range(draw(st.integers(1, 14))):
        day += timedelta(days=draw(st.integers(1, 20)))
        account, symbol = draw(st.sampled_from("AB")), draw(st.sampled_from(["XX", "YY"]))
        kind = draw(st.sampled_from(["buy", "buy", "sell", "sell", "split", "dividend", "transfer_out"]))
        count, price = draw(st.integers(1, 90)), D(draw(st.integers(1, 99_999))) / 100
        on = day.isoformat()
        if kind in ("buy", "sell"):
            fees = D(draw(st.integers(0, 300))) / 100
            made.append(booking(kind, on, symbol, count if kind == "buy" else -count, price, fees=fees, account=account))
        elif kind == "split":
            made.append(booking("split", on, symbol, ratio=D(draw(st.sampled_from(["2", "3", "0.1"]))), account=account))
        elif kind == "dividend":
            made.append(booking("dividend", on, symbol, amount=price, account=account))
        elif (held := replay(made).quantities().get((account, symbol), D(0))) > 0:
            made += [booking(kind, on, symbol, -held, account=account),
                     booking("transfer_in", on, symbol, held, account="B" if account == "A" else "A")]  # fmt: skip
    return made


METHOD = st.sampled_from(METHODS)


@given(histories(), METHOD, st.integers(1, 99_999))
@settings(max_examples=examples(60))
def test_nothing_is_lost(history: list[Transaction], method: str, price: int) -> None:
    """Realised, unrealised and income are together what went through the cash plus what is held."""
    book = replay(history, method=method)  # type: ignore[arg-type]
    worth = sum((lot.quantity * lot.multiplier * price for lot in book.lots), D(0))
    unrealised = worth - sum((lot.cost for lot in book.lots if lot.cost is not None), D(0))
    realised = sum((each.gain for each in book.closings if each.gain is not None), D(0))
    total = realised + unrealised + sum((each.amount for each in book.income), D(0))
    assert abs(total - (sum((one.amount for one in history), D(0)) + worth)) < D("1e-15")
    assert sum(book.cash.values()) == sum((one.amount for one in history), D(0))


@given(histories(), METHOD)
@settings(max_examples=examples(60))
def test_the_quantity_is_the_sum_of_its_lots_and_an_account_holds_one_side(history: list[Transaction], method: str) -> None:
    book = replay(history, method=method)  # type: ignore[arg-type]
    counted: dict[tuple[str, str], Decimal] = defaultdict(lambda: D(0))
    for one in history:
        place = (one.account, one.symbol or "")
        counted[place] = counted[place] * one.ratio if one.ratio is not None else counted[place] + (one.quantity or D(0))
    held = book.quantities()
    assert {place: held.get(place, D(0)) for place in counted} == pytest.approx(dict(counted), abs=D("1e-20"))
    for place in held:
        assert len({lot.quantity > 0 for lot in book.lots if (lot.account, lot.symbol) == place}) == 1


@given(histories(), METHOD, st.integers(0, 300), st.randoms())
@settings(max_examples=examples(60))
def test_a_past_day_is_its_bookings_alone_in_whatever_order(
    history: list[Transaction], method: str, days: int, chance: random.Random
) -> None:
    day = _DAY + timedelta(days=days)
    shuffled = list(history)
    chance.shuffle(shuffled)
    whole = replay(shuffled, method=method, until=day)  # type: ignore[arg-type]
    assert whole == replay([one for one in history if one.day <= day], method=method)  # type: ignore[arg-type]


@given(histories(), METHOD, st.lists(st.integers(0, 300), min_size=1, max_size=5), st.integers(1, 4))
@settings(max_examples=examples(100))
def test_a_kept_history_gives_what_a_replay_gives(history: list[Transaction], method: str, days: list[int], apart: int) -> None:
    """In whatever order its days are asked for."""
    base = {"A": "USD", "B": "EUR"}
    kept = History(in_order(history), method=method, base=base, apart=apart)  # type: ignore[arg-type]
    evenings = [_DAY + timedelta(days=each) for each in days[1:]]
    for number in (*days, 300, *days):
        until = _DAY + timedelta(days=number)
        assert kept.at(until) == replay(history, method=method, base=base, until=until)  # type: ignore[arg-type]
        told = replay(history, method=method, base=base, until=until, evenings=evenings)  # type: ignore[arg-type]
        assert kept.at(until, evenings) == told


@given(histories(), METHOD, st.data())
@settings(max_examples=examples(100))
def test_a_kept_history_goes_on_when_bookings_change(history: list[Transaction], method: str, data: st.DataObject) -> None:
    standing = in_order(history)
    kept = History(standing, method=method, base={}, apart=2)  # type: ignore[arg-type]
    for _ in range(3):
        until = _DAY + timedelta(days=data.draw(st.integers(0, 300)))
        assert kept.at(until) == replay(standing, method=method, until=until)  # type: ignore[arg-type]
        what = data.draw(st.sampled_from(["come", "change", "go"]))
        at = data.draw(st.integers(0, len(standing) - 1)) if standing else 0
        if what == "come" or not standing:
            day = (_DAY + timedelta(days=data.draw(st.integers(0, 300)))).isoformat()
            standing = in_order([*standing, booking("buy", day, "XX", data.draw(st.integers(1, 50)), 10)])
        elif what == "change":
            standing = [*standing[:at], replace(standing[at], amount=standing[at].amount + 1), *standing[at + 1 :]]
        else:
            standing = standing[:at] + standing[at + 1 :]
        kept.change(standing)
        assert kept.at() == replay(standing, method=method)  # type: ignore[arg-type]


@given(histories(), st.sampled_from(["fifo", "lifo", "average"]), st.integers(1, 99))
@settings(max_examples=examples(60))
def test_splitting_a_trade_changes_nothing(history: list[Transaction], method: str, hundredths: int) -> None:
    parts, share = [], D(hundredths) / 100
    for one in history:
        if one.kind not in ("buy", "sell") or one.quantity is None:
            parts.append(one)
            continue
        parts += [replace(one, id=one.id + name, source_id=one.id + name, quantity=one.quantity * part, amount=one.amount * part)
                  for name, part in (("a", share), ("b", 1 - share))]  # fmt: skip
    whole, split = replay(history, method=method), replay(parts, method=method)  # type: ignore[arg-type]
    assert split.quantities() == pytest.approx(whole.quantities(), abs=D("1e-20"))
    realised = [sum((each.gain or D(0) for each in book.closings), D(0)) for book in (whole, split)]
    assert abs(realised[0] - realised[1]) < D("1e-15")
