"""Excursions, planned risk and execution, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from terminal.domain.journal.excursions import (
    Bar,
    covers,
    efficiency,
    excursion,
    planned_risk,
    r_multiple,
    slippage,
)
from terminal.domain.journal.trades import trades
from tests.domain.portfolio.bookings import booking

D = Decimal


def bar(day: str, low: float, high: float, close: float, opened: float | None = None) -> Bar:
    return Bar(date.fromisoformat(day), close if opened is None else opened, high, low, close)


LONG = [booking("buy", "2024-01-02", "XX", 10, 100, fees=1), booking("sell", "2024-01-05", "XX", -10, 104, fees=1)]
BARS = [bar("2024-01-02", 95, 103, 101), bar("2024-01-03", 97, 108, 99), bar("2024-01-05", 98, 112, 106, 102)]


def test_of_daily_bars_only_what_surely_fell_into_the_trade_counts() -> None:
    (one,) = trades(LONG)
    found = excursion(one.legs[0], BARS)
    assert found is not None and found.resolution == "day"
    assert (found.mfe, found.mae) == (79, -31)  # 108 and 97 on the day between, less the fee of the purchase
    assert (found.best_day, found.worst_day) == (date(2024, 1, 3), date(2024, 1, 3))
    assert (found.mfe_most, found.mae_most) == (119, -51)  # 112 on the last, 95 on the first day
    assert one.realised == D(38)
    assert efficiency(38, found.mfe) == pytest.approx(38 / 79)
    assert efficiency(-5, found.mfe) == 0 and efficiency(38, 0) is None and efficiency(None, 10) is None


def test_a_short_sale_is_the_other_way_round() -> None:
    (one,) = trades([booking("short", "2024-01-02", "XX", -10, 100), booking("cover", "2024-01-05", "XX", 10, 104)])
    found = excursion(one.legs[0], BARS)
    assert found is not None and (found.mfe, found.mae) == (30, -80)


def test_scaling_counts_as_it_happened() -> None:
    """Half is sold at 108; the rest falls to 97: 5 x 8 are safe, 5 x -3 are open."""
    (one,) = trades([booking("buy", "2024-01-02", "XX", 10, 100), booking("sell", "2024-01-03", "XX", -5, 108),
                     booking("sell", "2024-01-05", "XX", -5, 97)])  # fmt: skip
    found = excursion(one.legs[0], [bar("2024-01-02", 100, 100, 100), bar("2024-01-03", 99, 110, 104),
                                    bar("2024-01-04", 97, 105, 100), bar("2024-01-05", 97, 98, 97)])  # fmt: skip
    assert found is not None and (found.mfe, found.mae) == (80, 0)
    assert found.mfe_most == 100


def test_minutes_tell_more_than_days() -> None:
    start = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)
    timed = [replace(one, day=date(2024, 1, 2), at=start + timedelta(minutes=minute))
             for one, minute in zip(LONG, (1, 4), strict=True)]
    (one,) = trades(timed)
    prices = [(90, 120), (100, 101), (99, 103), (98, 102), (104, 104), (80, 130)]
    bars = [Bar(date(2024, 1, 2), low, high, low, high, start + timedelta(minutes=at)) for at, (low, high) in enumerate(prices)]
    found = excursion(one.legs[0], bars)
    assert found is not None and found.resolution == "minute"
    assert (found.mfe, found.mae) == (39, -21)  # 104 at the exit and 98; what came before and after does not count
    assert covers(bars, one.legs[0], [date(2024, 1, 2)])
    assert not covers(bars[3:], one.legs[0], [date(2024, 1, 2)]) or bars[3].at <= one.opened.at + timedelta(minutes=5)
    assert not covers(bars, one.legs[0], [date(2024, 1, 2), date(2024, 1, 3)])


def test_a_split_in_between_changes_nothing() -> None:
    bookings = [booking("buy", "2024-01-02", "XX", 10, 100), booking("split", "2024-01-03", "XX", ratio=D(2)),
                booking("sell", "2024-01-05", "XX", -20, 52)]  # fmt: skip
    (one,) = trades(bookings)
    found = excursion(one.legs[0], [bar("2024-01-02", 50, 50, 50), bar("2024-01-03", 48, 55, 51), bar("2024-01-05", 52, 52, 52)])
    assert found is not None and (found.mfe, found.mae) == (100, -40)


def test_without_bars_it_is_not_known() -> None:
    (one,) = trades(LONG)
    assert excursion(one.legs[0], []) is None
    assert excursion(one.legs[0], [bar("2023-01-02", 1, 2, 1)]) is None


def test_risk_from_a_stop_or_as_it_was_planned() -> None:
    (one,) = trades(LONG)
    assert planned_risk(one, D(95), None) == (D(50), "")
    assert planned_risk(one, D(95), D(40)) == (D(40), "")
    assert planned_risk(one, D(101), None)[0] is None
    assert planned_risk(one, None, None) == (None, "no stop and no risk was planned")
    assert r_multiple(38, 50) == pytest.approx(0.76)
    assert r_multiple(38, None) is None and r_multiple(None, 50) is None


def test_slippage_costs_on_either_side() -> None:
    long, short = trades([LONG[0], booking("short", "2024-01-02", "YY", -10, 50)])
    assert slippage(long, D("99.5")) == D(5)  # paid 100 instead of 99.50
    assert slippage(short, D("50.2")) == D(2)  # got 50 instead of 50.20
    assert slippage(short, D("49.9")) == D(-1)
    assert slippage(long, None) is None
