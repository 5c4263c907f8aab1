"""Wash sales against the examples of the Treasury's regulations and Publication 550, and what must hold for any bookings."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.portfolio.lots import replay
from tests.conftest import examples
from tests.domain.portfolio.bookings import D, booking
from tests.domain.portfolio.test_lots import histories

if TYPE_CHECKING:
    from terminal.domain.portfolio.transactions import Transaction


def lots(book: Any) -> list[tuple[str, Any, Any]]:
    return [(lot.id, lot.quantity, lot.cost) for lot in book.lots]


def put_off(book: Any) -> list[Any]:
    return [each.disallowed for each in book.closings]


@pytest.mark.parametrize(("price", "cost"), [(90, 110), (70, 90)])
def test_the_loss_goes_into_what_is_bought_again(price: int, cost: int) -> None:
    """Reg. 1.1091-2 (a), examples 1 and 2: a share of 100 sold for 80, bought again for 90 (or 70): it cost 110 (or 90)."""
    book = replay([booking("buy", "2012-03-01", "C", 1, 100), booking("sell", "2024-01-15", "C", -1, 80),
                   booking("buy", "2024-02-01", "C", 1, price, id="new")], washes="all")  # fmt: skip
    assert put_off(book) == [20] and book.closings[0].recognised == 0
    assert lots(book) == [("new", 1, cost)]
    (lot,) = book.lots
    assert lot.held_from == date(2024, 2, 1) - (date(2024, 1, 15) - date(2012, 3, 1)), "it was held as long as the old one"


def test_bought_again_before_the_sale() -> None:
    """Reg. 1.1091-1 (h), example 1: 100 for 10,000; two weeks later 100 for 9,000; the first 100 sold for 9,000."""
    book = replay([booking("buy", "2023-12-01", "M", 100, 100), booking("buy", "2023-12-15", "M", 100, 90, id="b"),
                   booking("sell", "2024-01-03", "M", -100, 90)], washes="all")  # fmt: skip
    assert put_off(book) == [1000]
    assert lots(book) == [("b", 100, 10_000)]


def test_less_bought_than_sold() -> None:
    """Reg. 1.1091-1 (h), example 2, and Publication 550: of 1,000 lost on 100 shares, 750 on the 75 bought in December."""
    book = replay([booking("buy", "2023-09-21", "M", 100, 50), booking("buy", "2023-12-21", "M", 50, 55, id="b"),
                   booking("buy", "2023-12-27", "M", 25, 45, id="c"), booking("sell", "2024-01-03", "M", -100, 40)],
                  washes="all")  # fmt: skip
    assert put_off(book) == [750] and book.closings[0].recognised == -250
    assert lots(book) == [("b", 50, 3250), ("c", 25, 1375)]


def test_more_bought_than_sold_the_first_count() -> None:
    """Reg. 1.1091-1 (h), example 3: 50 shares on each of four days; the first 100 stand for the 100 that were sold."""
    later = [booking("buy", f"2024-02-{day}", "M", 50, 40, id=f"d{day}") for day in (15, 16, 17, 18)]
    before = [booking("buy", "2022-09-15", "M", 100, 50), booking("sell", "2024-02-01", "M", -100, 40)]
    book = replay([*before, *later], washes="all")
    assert put_off(book) == [1000]
    assert lots(book) == [("d15", 50, 2500), ("d16", 50, 2500), ("d17", 50, 2000), ("d18", 50, 2000)]


def test_thirty_days_and_not_one_more() -> None:
    for day, expected in (("2024-03-31", 100), ("2024-04-01", 0)):
        book = replay([booking("buy", "2023-01-02", "X", 10, 50), booking("sell", "2024-03-01", "X", -10, 40),
                       booking("buy", day, "X", 10, 40)], washes="all")  # fmt: skip
        assert put_off(book) == [expected], day
    for day, expected in (("2024-01-31", 100), ("2024-01-30", 0)):
        book = replay([booking("buy", "2023-01-02", "X", 10, 50), booking("buy", day, "X", 10, 40),
                       booking("sell", "2024-03-01", "X", -10, 40)], washes="all")  # fmt: skip
        assert put_off(book) == [expected], day


def test_the_rest_of_the_same_purchase_does_not_count() -> None:
    """Rev. Rul. 56-602: who sells half of what was bought last week only holds less of it."""
    book = replay([booking("buy", "2024-03-01", "X", 100, 50), booking("sell", "2024-03-08", "X", -50, 40)], washes="all")
    assert put_off(book) == [0]


def test_a_loss_may_be_put_off_again_and_comes_in_the_end() -> None:
    trades = [booking("buy", "2024-01-02", "X", 10, 100), booking("sell", "2024-02-01", "X", -10, 90),
              booking("buy", "2024-02-10", "X", 10, 90), booking("sell", "2024-03-01", "X", -10, 85),
              booking("buy", "2024-03-05", "X", 10, 85), booking("sell", "2024-06-03", "X", -10, 80)]  # fmt: skip
    book = replay(trades, washes="all")
    assert [each.gain for each in book.closings] == [-100, -150, -200]
    assert put_off(book) == [100, 150, 0]
    assert sum(each.recognised or 0 for each in book.closings) == sum(each.gain or 0 for each in replay(trades).closings)


def test_one_account_or_all_of_them() -> None:
    trades = [booking("buy", "2023-01-02", "X", 10, 50), booking("sell", "2024-03-01", "X", -10, 40),
              booking("buy", "2024-03-05", "X", 10, 40, account="B", id="b")]  # fmt: skip
    assert put_off(replay(trades, washes="account")) == [0]
    book = replay(trades, washes="all")
    assert put_off(book) == [100] and lots(book) == [("b", 10, 500)]
    assert put_off(replay(trades)) == [0], "it is worked out only when asked for"


def test_a_purchase_stands_for_one_sale_only() -> None:
    """Ten shares bought: ten of the twenty sold at a loss in two sales, those of the first sale."""
    book = replay([booking("buy", "2023-01-02", "X", 20, 50), booking("sell", "2024-03-01", "X", -10, 40),
                   booking("sell", "2024-03-04", "X", -10, 30), booking("buy", "2024-03-05", "X", 10, 30)],
                  washes="all")  # fmt: skip
    assert put_off(book) == [100, 0]
    book = replay([booking("buy", "2023-01-02", "X", 20, 50), booking("sell", "2024-03-01", "X", -10, 40),
                   booking("sell", "2024-03-04", "X", -10, 30), booking("buy", "2024-03-05", "X", 15, 30, id="n")],
                  washes="all")  # fmt: skip
    assert put_off(book) == [100, 100]
    assert lots(book) == [("n", 10, 400), ("n", 5, 250)]


def test_a_split_between_sale_and_purchase() -> None:
    """Ten sold, twenty of the halved ones bought: all of the loss is put off; the shares left over were split."""
    book = replay([booking("buy", "2023-01-02", "X", 12, 50), booking("sell", "2024-03-01", "X", -10, 40),
                   booking("split", "2024-03-04", "X", ratio=D(2)), booking("buy", "2024-03-05", "X", 20, 20, id="n")],
                  washes="all")  # fmt: skip
    assert put_off(book) == [100]
    assert lots(book)[1] == ("n", 20, 500)


def test_a_short_position_bought_back_at_a_loss_and_sold_short_again() -> None:
    """26 U.S.C. 1091 (e)."""
    book = replay([booking("short", "2024-01-02", "X", -10, 50), booking("cover", "2024-03-01", "X", 10, 60),
                   booking("short", "2024-03-05", "X", -10, 60, id="n")], washes="all")  # fmt: skip
    assert put_off(book) == [100]
    assert lots(book) == [("n", -10, -500)]


def test_the_holding_period_makes_a_loss_long_term() -> None:
    book = replay([booking("buy", "2023-01-02", "X", 10, 50), booking("sell", "2024-01-02", "X", -10, 40),
                   booking("buy", "2024-01-10", "X", 10, 40), booking("sell", "2024-03-01", "X", -10, 60)],
                  washes="all")  # fmt: skip
    assert [each.long_term for each in book.closings] == [False, True]


@given(histories(), st.sampled_from(["fifo", "lifo", "specific"]), st.sampled_from(["account", "all"]))
@settings(max_examples=examples(100))
def test_nothing_is_lost_and_no_more_than_a_loss_is_put_off(history: list[Transaction], method: Any, scope: Any) -> None:
    plain, book = replay(history, method=method), replay(history, method=method, washes=scope)
    assert book.quantities() == plain.quantities() and book.cash == plain.cash
    total = [sum((each.recognised or D(0) for each in one.closings), D(0)) - sum((lot.cost or D(0) for lot in one.lots), D(0))
             for one in (plain, book)]  # fmt: skip
    assert abs(total[0] - total[1]) < D("1e-15"), "what is not recognised is in the cost of what is held"
    for each in book.closings:
        assert each.gain is not None
        assert 0 <= each.disallowed <= max(D(0), -each.gain) + D("1e-20")
    assert sum((abs(lot.quantity) for lot in book.lots if lot.replaces), D(0)) <= sum(abs(lot.quantity) for lot in book.lots)
