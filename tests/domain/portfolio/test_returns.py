"""The three returns against cases worked out by hand, independent solvers, and a reference library."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from terminal.domain.portfolio.lots import replay
from terminal.domain.portfolio.returns import Flow, Range, flows_of, returns, valued_days, without_cash, xirr
from terminal.domain.portfolio.transactions import Kind
from tests.conftest import examples
from tests.domain.portfolio.bookings import D, booking

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = date(2025, 1, 1), date(2025, 12, 31)


def before(day: date) -> date:
    return day - timedelta(days=1)


def flow(day: date, amount: int) -> Flow:
    return Flow(day, D(amount), Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL, "")


def known(values: dict[date, int]) -> dict[date, Range]:
    return {day: Range.of(D(value)) for day, value in values.items()}


def test_a_year_by_hand() -> None:
    """1000 grows to 1100 by the end of June, 1000 come, 2100 fall to 1890: +10 % and -10 % are -1 %; -110 of 2000 are -5.5 %."""
    day = date(2025, 7, 1)
    flows = [flow(FIRST, 1000), flow(day, 1000)]
    values = known({before(FIRST): 0, FIRST: 1000, before(day): 1100, day: 2100, LAST: 1890})
    assert valued_days(FIRST, LAST, flows, before) == sorted(values)
    found = returns(FIRST, LAST, values, flows, before)
    assert found.gain == Range.of(D(-110)) and found.most_in == Range.of(D(2000))
    assert found.simple.value == pytest.approx(-0.055, abs=1e-12)
    assert found.time_weighted.value == pytest.approx(-0.01, abs=1e-12)
    rate = found.money_weighted_yearly.value
    assert rate is not None
    assert 1000 * (1 + rate) ** (364 / 365) + 1000 * (1 + rate) ** (183 / 365) == pytest.approx(1890, abs=1e-6)
    assert math.fsum(line.worth for line in found.discounted) == pytest.approx(0, abs=1e-6)
    assert math.prod(each.factor for each in found.periods) - 1 == found.time_weighted.value


def test_below_a_year_nothing_is_said_by_the_year() -> None:
    last = FIRST + timedelta(days=29)
    values = known({before(FIRST): 1000, last: 1020})
    found = returns(FIRST, last, values, [], before)
    assert [found.time_weighted.value, found.simple.value] == pytest.approx([0.02, 0.02])
    assert found.money_weighted.value == pytest.approx(0.02)
    assert found.time_weighted_yearly.value is None and "shorter than a year" in found.money_weighted_yearly.reason


def test_an_unknown_price_makes_a_range() -> None:
    values = {before(FIRST): Range.of(D(1000)), LAST: Range(D(900), D(1200))}
    found = returns(FIRST, LAST, values, [], before)
    assert (found.simple.low, found.simple.high) == (pytest.approx(-0.1), pytest.approx(0.2))
    assert found.simple.value is None and found.gain == Range(D(-100), D(200))
    without = returns(FIRST, LAST, {before(FIRST): Range.of(D(1000)), LAST: Range(None, None)}, [], before)
    assert without.time_weighted.low is None and without.time_weighted.reason


def test_nothing_is_no_return() -> None:
    found = returns(FIRST, LAST, known({before(FIRST): 0, LAST: 0}), [], before)
    assert found.simple.value is found.time_weighted.value is found.money_weighted.value is None
    assert found.simple.reason and found.time_weighted.reason and found.money_weighted.reason


def test_ranges_are_turned_by_short_positions() -> None:
    assert Range(D(1), D(3)) * D(-2) == Range(D(-6), D(-2))
    assert Range(D(1), D(3)) - Range(D(1), D(1)) == Range(D(0), D(2))
    assert Range(D(0), None) * D(-1) == Range(None, D(0))


def test_what_counts_as_money_of_ones_own() -> None:
    history = [
        booking("deposit", "2025-01-02", amount=1000),
        booking("buy", "2025-01-03", "XYZ", 10, 50),
        booking("withdrawal", "2025-02-03", amount=-100),
        booking("transfer_out", "2025-03-03", amount=-50),
        booking("transfer_in", "2025-03-03", amount=50, account="B"),
        booking("transfer_in", "2025-04-01", "XYZ", 2, account="B"),
        booking("buy", "2025-05-01", "XYZ", 1, 60, account="C"),
        booking("dividend", "2025-06-02", "XYZ", amount=5, account="C"),
    ]
    assert without_cash(history) == {"C"}
    worth = lambda one: None if one.quantity and one.external else one.amount  # noqa: E731
    found, unknown = flows_of(history, "ABC", without_cash(history), worth)
    assert [(each.day.month, each.amount) for each in found] == [(1, 1000), (2, -100), (5, 60), (6, -5)]
    assert [one.symbol for one in unknown] == ["XYZ"]
    alone, _ = flows_of(history, "A", frozenset(), worth)
    assert [each.amount for each in alone] == [1000, -100, -50]


def test_xirr_of_the_spreadsheet_manuals() -> None:
    """The example that spreadsheets' manuals print: 37.34 %."""
    paid = [(date(2008, 1, 1), -10_000), (date(2008, 3, 1), 2750), (date(2008, 10, 30), 4250), (date(2009, 2, 15), 3250),
            (date(2009, 4, 1), 2750)]  # fmt: skip
    assert xirr([(day, D(amount)) for day, amount in paid]) == pytest.approx(0.373362535, abs=1e-8)


def test_xirr_says_when_there_is_none_or_more_than_one() -> None:
    year = [date(2020, 1, 1), date(2020, 12, 31), date(2021, 12, 31)]
    assert "2 rates" in str(xirr(list(zip(year, (D(-1000), D(2300), D(-1320)), strict=True))))  # 10 % and 20 %
    assert isinstance(xirr([(year[0], D(-5)), (year[1], D(-5))]), str)
    assert isinstance(xirr([]), str)
    assert isinstance(xirr([(year[0], D(-5)), (year[0], D(6))]), str)


PAYMENTS = st.lists(st.tuples(st.integers(1, 4000), st.integers(-90_000, 90_000)), min_size=1, max_size=8)


@given(PAYMENTS, st.integers(1, 300_000))
@settings(max_examples=examples(40))
def test_xirr_against_an_independent_solver(later: list[tuple[int, int]], put_in: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    flows = [(date(2015, 1, 1), D(-put_in)), *((date(2015, 1, 1) + timedelta(days=days), D(amount)) for days, amount in later)]
    found = xirr(flows)
    assume(isinstance(found, float))
    assert isinstance(found, float)
    rate = found

    def worth(growth: float) -> float:
        return math.fsum(float(amount) * growth ** (-(day - flows[0][0]).days / 365) for day, amount in flows)

    near = sorted((1 + (rate * 0.999 - 1e-4), 1 + (rate * 1.001 + 1e-4)))
    assume(near[0] > 0 and worth(near[0]) * worth(near[1]) < 0)
    assert optimize.brentq(worth, *near, xtol=1e-14, rtol=1e-14) == pytest.approx(1 + rate, rel=1e-9, abs=1e-11)


@given(st.lists(st.integers(-90, 100), min_size=1, max_size=12), st.data())
@settings(max_examples=examples(40))
def test_time_weighted_does_not_see_when_money_comes(percents: list[int], data: st.DataObject) -> None:
    """However much is paid in at the start of a day, what one unit became is the product of the days."""
    value, flows, values = D(1000), [], {before(FIRST): Range.of(D(1000))}
    for at, percent in enumerate(percents):
        day = FIRST + timedelta(days=at)
        if data.draw(st.booleans()):
            flows.append(flow(day, data.draw(st.integers(1, 5000))))
            value += flows[-1].amount
        value *= 1 + D(percent) / 100
        values[day] = Range.of(value)
    found = returns(FIRST, FIRST + timedelta(days=len(percents) - 1), values, flows, before)
    assert found.time_weighted.value == pytest.approx(math.prod(1 + each / 100 for each in percents) - 1, rel=1e-9, abs=1e-12)


@pytest.mark.slow
def test_the_chain_is_that_of_a_reference_library() -> None:
    pandas, stats = pytest.importorskip("pandas"), pytest.importorskip("quantstats.stats")
    daily = [0.01 * math.sin(at * 1.7) + 0.0004 for at in range(365)]
    value, values = D(1000), {before(FIRST): Range.of(D(1000))}
    for at, each in enumerate(daily):
        value *= 1 + Decimal(each)
        values[FIRST + timedelta(days=at)] = Range.of(value)
    found = returns(FIRST, LAST, values, [], before)
    series = pandas.Series(daily, index=pandas.date_range(FIRST, periods=365))
    assert found.time_weighted.value == pytest.approx(float(stats.comp(series)), rel=1e-9)
    assert found.time_weighted_yearly.value == pytest.approx(float(stats.cagr(series, periods=365)), rel=1e-9)


@pytest.mark.slow
@pytest.mark.real
def test_a_real_history_is_that_of_a_reference_library(shared: Path) -> None:
    """SPY bought once and held: the time-weighted return of the book is the compounded return of the series."""
    pandas, stats = pytest.importorskip("pandas"), pytest.importorskip("quantstats.stats")
    table = pandas.read_csv(shared / "payloads" / "market" / "daily_SPY.csv")
    names = {name.strip().lower(): name for name in table.columns}
    days = [date.fromisoformat(str(each)[:10]) for each in table[names["date"]]]
    closes = [D(str(each)) for each in table[names["close"]]]
    bought = [booking("deposit", days[0].isoformat(), amount=100 * closes[0]),
              booking("buy", days[0].isoformat(), "SPY", 100, closes[0])]  # fmt: skip
    book = replay(bought, evenings=days)
    evenings = [(day, close, book.evenings[day]) for day, close in zip(days, closes, strict=True)]
    values = {day: Range.of(sum((each.quantity * close for each in evening.held), D(0)) + sum(evening.cash.values(), D(0)))
              for day, close, evening in evenings}  # fmt: skip
    flows, _ = flows_of(bought, "A", frozenset(), lambda one: one.amount)
    found = returns(days[0], days[-1], {**values, before(days[0]): Range.of(D(0))}, flows, before)
    series = pandas.Series([float(each) for each in closes], index=pandas.to_datetime(days)).pct_change().dropna()
    assert found.time_weighted.value == pytest.approx(float(stats.comp(series)), rel=1e-9)
    assert found.simple.value == pytest.approx(float(stats.comp(series)), rel=1e-9)
