"""How far a trade ran for and against its owner, what it earned for the risk that was planned, and how well it was executed.

Excursions are those of the whole trade's profit (money that flowed, plus what was held at the prices of the bar), so that
scaling in and out counts as it happened. MFE and MAE as in J. Sweeney, Maximum Adverse Excursion, 1997.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date, datetime
    from decimal import Decimal

    from terminal.domain.journal.executions import Execution, Leg
    from terminal.domain.journal.trades import Trade

Resolution = Literal["minute", "day"]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """Prices of a session (`at` None) or of the minute that begins at `at`; per unit as the trade counts units."""

    day: date
    open: float
    high: float
    low: float
    close: float
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Excursion:
    """The best and the worst the profit stood at, in money after fees: `mfe` >= 0 >= `mae`.

    With daily bars, of the days on which something was executed only the prices that certainly fell into the trade count (the
    executions, the close, the open of what was held before); `mfe_most` and `mae_most` are what it was if the whole
    range of those days counts. With minute bars the two hardly differ.
    """

    mfe: float
    mae: float
    mfe_most: float
    mae_most: float
    best_day: date
    worst_day: date
    resolution: Resolution


def excursion(leg: Leg, bars: Sequence[Bar]) -> Excursion | None:
    """Excursions of one leg over bars in their order; None without bars, or when money or a price is not known."""
    if not bars or leg.flows is None or any(one.amount is None or one.price is None for one in leg.executions):
        return None
    walk = _Walk(float(leg.multiplier))
    minutes = bars[0].at is not None
    waiting = list(leg.executions)
    first, last = leg.opened, leg.executions[-1] if not leg.quantity else None
    for bar in bars:
        if _outside(bar, first, last, minutes=minutes):
            continue
        while waiting and _before(waiting[0], bar, minutes=minutes):
            walk.execute(waiting.pop(0))
        inside = []
        while waiting and not _before(waiting[0], bar, minutes=minutes) and _within(waiting[0], bar, minutes=minutes):
            inside.append(waiting.pop(0))
        walk.take(bar, inside)
    for one in waiting:
        walk.execute(one)
    return walk.result("minute" if minutes else "day") if walk.bars else None


def covers(bars: Sequence[Bar], leg: Leg, sessions: Sequence[date]) -> bool:
    """Whether minute bars tell the whole of a trade whose times are known: every session of it, from entry to exit."""
    end = leg.executions[-1]
    if not bars or not all(one.timed for one in leg.executions) or bars[0].at is None or bars[-1].at is None:
        return False
    days = {bar.day for bar in bars}
    late = timedelta(minutes=5)
    reached = bool(leg.quantity) or bars[-1].at + late >= end.at
    return bars[0].at <= leg.opened.at + late and reached and all(day in days for day in sessions)


class _Walk:
    """The profit as it moves. `units` and prices are those of today, so that a split in between changes nothing."""

    def __init__(self, multiplier: float) -> None:
        self._multiplier, self._cash, self._held = multiplier, 0.0, 0.0
        self._low = self._high = self._low_most = self._high_most = 0.0
        self._best: date | None = None
        self._worst: date | None = None
        self.bars = 0

    def execute(self, one: Execution) -> None:
        """Before and after, at its own price."""
        price = float(one.price or 0) / float(one.units)
        self._sure(price, one.day)
        self._cash += float(one.amount or 0)
        self._held += float(one.quantity * one.units)
        self._sure(price, one.day)

    def take(self, bar: Bar, inside: Sequence[Execution]) -> None:
        self.bars += 1
        if not inside:
            for price in (bar.low, bar.high):
                self._sure(price, bar.day)
            return
        if self._held:
            self._sure(bar.open, bar.day)
        self._most(bar)
        for one in inside:
            self.execute(one)
            self._most(bar)
        self._sure(bar.close, bar.day)

    def result(self, resolution: Resolution) -> Excursion:
        assert self._best is not None and self._worst is not None
        return Excursion(self._high, self._low, max(self._high, self._high_most), min(self._low, self._low_most), self._best,
                         self._worst, resolution)  # fmt: skip

    def _value(self, price: float) -> float:
        return self._cash + self._held * self._multiplier * price

    def _sure(self, price: float, day: date) -> None:
        value = self._value(price)
        if value > self._high or self._best is None:
            self._high, self._best = max(self._high, value), day
        if value < self._low or self._worst is None:
            self._low, self._worst = min(self._low, value), day

    def _most(self, bar: Bar) -> None:
        values = [self._value(price) for price in (bar.low, bar.high)]
        self._high_most, self._low_most = max(self._high_most, *values), min(self._low_most, *values)


def _outside(bar: Bar, first: Execution, last: Execution | None, *, minutes: bool) -> bool:
    if minutes and bar.at is not None:
        return bar.at + MINUTE <= first.at or (last is not None and bar.at > last.at)
    return bar.day < first.day or (last is not None and bar.day > last.day)


def _before(one: Execution, bar: Bar, *, minutes: bool) -> bool:
    return one.at < bar.at if minutes and bar.at is not None else one.day < bar.day


def _within(one: Execution, bar: Bar, *, minutes: bool) -> bool:
    return one.at < bar.at + MINUTE if minutes and bar.at is not None else one.day == bar.day


# Risk and execution


def planned_risk(trade: Trade, stop: Decimal | None, amount: Decimal | None) -> tuple[Decimal | None, str]:
    """The money that was to be lost at most, and why it is not known.

    `amount` as it was planned; else the distance from the average entry to the stop times the largest position.
    """
    if amount is not None:
        return amount, ""
    if stop is None:
        return None, "no stop and no risk was planned"
    if len(trade.legs) > 1:
        return None, "of several legs, the risk must be given as money"
    leg = trade.legs[0]
    entry = leg.entry_price
    if entry is None:
        return None, "its entry price is not known"
    distance = (entry - stop) * leg.side
    if distance <= 0:
        return None, "the planned stop lies on the winning side of the entry"
    return distance * leg.most * leg.multiplier, ""


def r_multiple(profit: float | None, risk: float | None) -> float | None:
    """Profit in units of the risk that was planned (V. Tharp's R); None when either is not known."""
    return None if profit is None or not risk else profit / risk


def efficiency(profit: float | None, mfe: float | None) -> float | None:
    """How much of the best profit there was, was kept: 1 is the very top, 0 all of it was given back. None without a gain."""
    return None if profit is None or not mfe or mfe <= 0 else max(profit, 0.0) / mfe


def slippage(trade: Trade, reference: Decimal | None) -> Decimal | None:
    """What entering at another price than `reference` (per unit of today) has cost, in money; negative: it has gained.

    Of a structure the reference is its price, positive when paid.
    """
    entry = trade.entry_price
    if entry is None or reference is None:
        return None
    if len(trade.legs) == 1:
        leg = trade.legs[0]
        return (entry - reference) * leg.side * leg.entered * leg.multiplier
    return (entry - reference) * trade.quantity * trade.legs[0].multiplier


def merged(trade: Trade, of: Callable[[Leg], Excursion | None]) -> Excursion | None:
    """Excursions of a trade of one leg; of several the times of their prices would have to agree, so they are not known."""
    return of(trade.legs[0]) if len(trade.legs) == 1 else None
