"""Trades as a trader speaks of them: a round trip, or several options (and shares) that were opened together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from terminal.domain.journal.executions import Execution, Leg, legs
from terminal.domain.journal.structures import CUSTOM, Part, structure
from terminal.domain.portfolio.transactions import ZERO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from decimal import Decimal

    from terminal.domain.portfolio.transactions import Transaction

TOGETHER = timedelta(seconds=60)
"""Executions of several legs this close to the one before are one order. Without times of day, a name is needed too."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One or several legs in one account and underlying. Sums are None when a part of them is not known.

    `key` is the number of the booking that opened it, which stays. `structure`: what it is called. `closed` is None while
    a leg is open. Money is in `currency`.
    """

    key: str
    account: str
    underlying: str
    structure: str
    currency: str
    legs: tuple[Leg, ...]
    opened: Execution
    closed: Execution | None

    @property
    def symbol(self) -> str:
        """What was traded: the contract of a single leg, else the underlying."""
        return self.legs[0].symbol if len(self.legs) == 1 else self.underlying

    @property
    def side(self) -> int:
        """1 for what was bought first, -1 for what was sold first; of several legs, whether they cost or brought money."""
        if len(self.legs) == 1:
            return self.legs[0].side
        paid = sum((one.amount or ZERO for leg in self.legs for one in leg.executions if one.opens), ZERO)
        return 1 if paid <= 0 else -1

    @property
    def open(self) -> bool:
        """Whether something of it is still held."""
        return self.closed is None

    @property
    def executions(self) -> tuple[Execution, ...]:
        """Of all legs, in their order of time."""
        return tuple(sorted((one for leg in self.legs for one in leg.executions), key=lambda one: (one.day, one.at)))

    @property
    def bookings(self) -> tuple[str, ...]:
        """The numbers of the bookings that opened something of it, the first one first."""
        return tuple(dict.fromkeys(one.booking for leg in self.legs for one in leg.executions if one.opens))

    @property
    def fees(self) -> Decimal:
        """Fees and taxes, which are in every profit already."""
        return sum((leg.fees for leg in self.legs), ZERO)

    @property
    def income(self) -> Decimal:
        """Dividends received and paid meanwhile, which are not in the profit."""
        return sum((leg.income for leg in self.legs), ZERO)

    @property
    def realised(self) -> Decimal | None:
        """What the closed part has made, after fees."""
        return _total(leg.realised for leg in self.legs)

    @property
    def paid(self) -> Decimal | None:
        """The money that went out (positive) or came in (negative) when it was opened, fees included."""
        spent = _total(one.amount for leg in self.legs for one in leg.executions if one.opens)
        return None if spent is None else -spent

    @property
    def quantity(self) -> Decimal:
        """The largest position, without a sign; of several legs, how often the structure was put on."""
        return min((leg.most for leg in self.legs if leg.option is not None), default=self.legs[0].most)

    @property
    def entry_price(self) -> Decimal | None:
        """Average entry: of one leg its price, of several the price of the structure (positive: paid)."""
        return self._price([leg.entry_price for leg in self.legs])

    @property
    def exit_price(self) -> Decimal | None:
        """Average exit, likewise."""
        return self._price([leg.exit_price for leg in self.legs])

    def _price(self, prices: Sequence[Decimal | None]) -> Decimal | None:
        if len(prices) == 1:
            return prices[0]
        if any(each is None for each in prices) or any(leg.option is None for leg in self.legs):
            return None
        units = self.quantity
        return sum((leg.side * leg.most / units * price for leg, price in zip(self.legs, prices, strict=True)
                    if price is not None), ZERO)  # fmt: skip

    def profit(self, price: Callable[[Leg], Decimal | None]) -> Decimal | None:
        """What it has made in all: money that flowed, and what is left at `price(leg)` a unit."""
        return _total(leg.profit(price(leg) if leg.quantity else None) for leg in self.legs)

    def held_for(self, now: datetime) -> timedelta | None:
        """From the first to the last execution (to `now` while it is open); None within a day without times of day."""
        end = self.closed
        if end is None:
            return now - self.opened.at
        if self.opened.timed and end.timed:
            return end.at - self.opened.at
        return None if self.opened.day == end.day else timedelta(days=(end.day - self.opened.day).days)

    def open_on(self, day: date) -> bool:
        """Whether something of it was held at the end of a day."""
        return self.opened.day <= day and (self.closed is None or self.closed.day > day)


def trades(transactions: Iterable[Transaction]) -> list[Trade]:
    """All trades, in the order in which they were opened. What is booked in which order does not matter."""
    found = legs(transactions)
    return [_trade(group) for group in sorted(_grouped(found), key=lambda group: group[0].first)]


def _grouped(found: Sequence[Leg]) -> list[list[Leg]]:
    """Legs opened together are one trade, when at least one is an option and they were held at the same time."""
    by_place: dict[tuple[str, str, str], list[Leg]] = defaultdict(list)
    for leg in found:
        by_place[leg.account, leg.underlying, leg.currency].append(leg)
    groups: list[list[Leg]] = []
    for place in by_place.values():
        for cluster in _clusters(place):
            groups += [cluster] if _one_trade(cluster) else _best(cluster)
    return groups


def _clusters(place: Sequence[Leg]) -> list[list[Leg]]:
    """Legs by the moment they were opened: within a minute of the one before, or on the same day without times."""
    clusters: list[list[Leg]] = []
    for leg in sorted(place, key=lambda one: (one.opened.day, one.opened.at, one.first)):
        last = clusters[-1][-1].opened if clusters else None
        near = last is not None and last.timed == leg.opened.timed and (
            leg.opened.at - last.at <= TOGETHER if last.timed else leg.opened.day == last.day)  # fmt: skip
        if near and all(other.symbol != leg.symbol and _overlap(other, leg) for other in clusters[-1]):
            clusters[-1].append(leg)
        else:
            clusters.append([leg])
    return clusters


def _overlap(one: Leg, other: Leg) -> bool:
    """Whether both were held at the same time; equal moments count, as fills of one order have them."""
    ends = [leg.closed.at if leg.closed is not None else None for leg in (one, other)]
    starts = (one.opened.at, other.opened.at)
    return all(end is None or end >= start for end, start in zip(ends, reversed(starts), strict=True))


def _one_trade(cluster: Sequence[Leg]) -> bool:
    if len(cluster) == 1:
        return True
    named = _named(cluster) != CUSTOM
    if any(leg.option is None for leg in cluster) or not cluster[0].opened.timed:
        return named
    return True


def _best(cluster: list[Leg]) -> list[list[Leg]]:
    """Those that make no structure with the rest: shares apart from the options, else each on its own."""
    shares = [leg for leg in cluster if leg.option is None]
    options = [leg for leg in cluster if leg.option is not None]
    if shares and len(options) > 1 and _one_trade(options):
        return [options, *([leg] for leg in shares)]
    return [[leg] for leg in cluster]


def _named(group: Sequence[Leg]) -> str:
    return structure([Part(leg.option, leg.side * _at_opening(leg), leg.instrument) for leg in group])


def _at_opening(leg: Leg) -> Decimal:
    """How much the first order opened."""
    first, last, quantity = leg.opened, leg.opened, ZERO
    for one in leg.executions:
        near = one.at - last.at <= TOGETHER if first.timed else one.day == first.day
        if not one.opens or not near:
            break
        quantity, last = quantity + abs(one.quantity), one
    return quantity


def _trade(group: Sequence[Leg]) -> Trade:
    ordered = tuple(sorted(group, key=lambda leg: leg.first))
    opened = ordered[0].opened
    ends = [leg.closed for leg in ordered]
    closed = None if any(each is None for each in ends) else max((each for each in ends if each is not None),
                                                                 key=lambda each: (each.day, each.at))  # fmt: skip
    first = ordered[0]
    return Trade(opened.booking, first.account, first.underlying, _named(ordered), first.currency, ordered, opened, closed)


def _total(values: Iterable[Decimal | None]) -> Decimal | None:
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total
