"""How well it went, three ways, each with the ledger that yields it.

simple  gain divided by the most of one's own money that was in at any one time
TWR     time-weighted: what one unit that stayed in became; when money came and went does not matter (GIPS). The time is
        cut at each flow; money that comes counts from the start of its day, money that goes until the end of it
MWR     money-weighted: the yearly rate at which all flows and the final value are worth nothing together (XIRR, days / 365)

Values may be ranges, because a price may be unknown. A return is then worked out twice, with every unknown price at its
lowest and at its highest; what it lies between is what is told.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from terminal.domain.portfolio.transactions import EXTERNAL, ZERO, Kind, Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import date

YEAR = 365
_SHORTEST_YEAR = 360
"""Below so many days nothing is said by the year: a good week is not a rate."""


@dataclass(frozen=True, slots=True)
class Range:
    """An amount of money that lies between two; the same twice when it is known. None: no bound is known."""

    low: Decimal | None
    high: Decimal | None

    @classmethod
    def of(cls, value: Decimal) -> Range:
        """What is known."""
        return cls(value, value)

    @property
    def known(self) -> bool:
        """Whether it is one amount."""
        return self.low is not None and self.low == self.high

    @property
    def value(self) -> Decimal | None:
        """The amount, None when it is a range."""
        return self.low if self.known else None

    def __add__(self, other: Range) -> Range:
        return Range(_add(self.low, other.low), _add(self.high, other.high))

    def __sub__(self, other: Range) -> Range:
        return self + other * Decimal(-1)

    def __mul__(self, factor: Decimal) -> Range:
        ends = [None if end is None else end * factor for end in (self.low, self.high)]
        return Range(ends[0], ends[1]) if factor >= 0 else Range(ends[1], ends[0])


NOTHING = Range(ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Flow:
    """Own money that came in (positive) or went out, in the currency of the answer."""

    day: date
    amount: Decimal
    kind: Kind
    transaction: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """A return as a fraction between two bounds (the same twice when known); None and a reason when there is none."""

    low: float | None
    high: float | None
    reason: str = ""

    @property
    def value(self) -> float | None:
        """The rate, None when it is a range or not known."""
        return self.low if self.low is not None and self.low == self.high else None


@dataclass(frozen=True, slots=True)
class Period:
    """A piece of the time-weighted return: `factor` is (end + out) / (start + in)."""

    first: date
    last: date
    start: Decimal
    came_in: Decimal
    went_out: Decimal
    end: Decimal
    factor: float


@dataclass(frozen=True, slots=True)
class Discounted:
    """A line of the money-weighted return: what a flow is worth on the first day at the rate found. They sum to nothing."""

    day: date
    amount: Decimal
    years: float
    worth: float
    text: str


@dataclass(frozen=True)
class Returns:
    """All three from the end of the day before `first` to the end of `last`. `periods` and `discounted` are of the low case."""

    first: date
    last: date
    start: Range
    end: Range
    flows: tuple[Flow, ...]
    gain: Range
    most_in: Range
    simple: Rate
    time_weighted: Rate
    time_weighted_yearly: Rate
    money_weighted: Rate
    money_weighted_yearly: Rate
    periods: tuple[Period, ...]
    discounted: tuple[Discounted, ...]


def flows_of(
    transactions: Iterable[Transaction],
    accounts: Collection[str],
    without_cash: Collection[str],
    worth: Callable[[Transaction], Decimal | None],
) -> tuple[list[Flow], list[Transaction]]:
    """The own money that came to and went from these accounts, and the bookings whose worth is not known.

    `without_cash`: accounts of which only trades are recorded; each trade is then paid from, and into, the outside, and so
    is income. `worth` gives a booking in the currency of the answer: its amount, or the market's price of what was moved.
    """
    found: list[Flow] = []
    unknown: list[Transaction] = []
    chosen = [one for one in transactions if one.account in accounts]
    inner = _between_own(chosen)
    for one in chosen:
        if one.account in without_cash and not one.external:
            sign = Decimal(-1)
        elif one.external and one.id not in inner:
            sign = Decimal(1)
        else:
            continue
        if sign < 0 and not one.amount:
            continue
        value = worth(one)
        if value is None:
            unknown.append(one)
        elif value:
            found.append(Flow(one.day, sign * value, one.kind, one.id, one.note))
    found.sort(key=lambda flow: (flow.day, flow.amount < 0, flow.transaction))
    return found, unknown


def without_cash(transactions: Iterable[Transaction]) -> frozenset[str]:
    """Accounts in which nobody ever put, took or moved money: their cash says nothing, only their positions do."""
    seen: dict[str, bool] = defaultdict(bool)
    for one in transactions:
        seen[one.account] |= one.kind in EXTERNAL and not one.quantity
    return frozenset(account for account, keeps in seen.items() if not keeps)


def valued_days(first: date, last: date, flows: Sequence[Flow], before: Callable[[date], date]) -> list[date]:
    """On which evenings the value must be known; `before` gives the day before."""
    days = {before(first), last}
    for flow in flows:
        if first <= flow.day <= last:
            days |= {before(flow.day), flow.day}
    return sorted(days)


def returns(
    first: date, last: date, values: Mapping[date, Range], flows: Sequence[Flow], before: Callable[[date], date]
) -> Returns:
    """All three returns. `values` at the evenings of `valued_days`; flows outside `first` to `last` are left out."""
    inside = tuple(flow for flow in flows if first <= flow.day <= last)
    start, end = values[before(first)], values[last]
    net = Range.of(sum((flow.amount for flow in inside), ZERO))
    cases = []
    for side in ("low", "high"):
        case = {day: getattr(value, side) for day, value in values.items()}
        cases.append(None if None in case.values() else _Case(first, last, case, inside, before))
    low, high = cases

    def rate(name: str) -> Rate:
        if low is None or high is None:
            return Rate(None, None, "a price is not known and nothing limits it")
        found = [getattr(case, name) for case in (low, high)]
        if reasons := [each for each in found if isinstance(each, str)]:
            return Rate(None, None, reasons[0])
        return Rate(min(found), max(found))

    shown = low or high
    return Returns(first, last, start, end, inside, end - start - net,
                   Range(low.most_in if low else None, high.most_in if high else None), rate("simple"), rate("time_weighted"),
                   rate("time_weighted_yearly"), rate("money_weighted"), rate("money_weighted_yearly"),
                   tuple(shown.periods) if shown else (), tuple(shown.discounted) if shown else ())  # fmt: skip


class _Case:
    """The returns with every value known. A name is a float, or the reason why there is none."""

    def __init__(self, first: date, last: date, values: Mapping[date, Decimal], flows: Sequence[Flow],
                 before: Callable[[date], date]) -> None:  # fmt: skip
        self.days = (last - before(first)).days
        start, end = values[before(first)], values[last]
        gain = end - start - sum((flow.amount for flow in flows), ZERO)
        self.most_in = _most_in(start, flows)
        self.simple: float | str = float(gain / self.most_in) if self.most_in > 0 else _NO_MONEY
        self.periods = list(_periods(first, last, values, flows, before))
        self.time_weighted = _chained(self.periods)
        self.time_weighted_yearly = self._yearly(self.time_weighted)
        self.discounted: list[Discounted] = []
        self.money_weighted_yearly, self.money_weighted = self._money_weighted(before(first), last, start, end, flows)

    def _yearly(self, total: float | str) -> float | str:
        if isinstance(total, str):
            return total
        if self.days < _SHORTEST_YEAR:
            return _SHORT
        return float((1 + total) ** (YEAR / self.days) - 1) if total > -1 else -1.0

    def _money_weighted(self, origin: date, last: date, start: Decimal, end: Decimal,
                        flows: Sequence[Flow]) -> tuple[float | str, float | str]:  # fmt: skip
        lines = [(origin, start, "worth at the start"), *((flow.day, flow.amount, str(flow.kind)) for flow in flows),
                 (last, -end, "worth at the end")]  # fmt: skip
        lines = [line for line in lines if line[1]]
        found = _log_rate([(day, -amount) for day, amount, _ in lines])
        if isinstance(found, str):
            return found, found
        first = lines[0][0]
        for day, amount, text in lines:
            years = (day - first).days / YEAR
            self.discounted.append(Discounted(day, amount, years, float(amount) * math.exp(-found * years), text))
        days = (last - first).days
        return (math.expm1(found) if days >= _SHORTEST_YEAR else _SHORT), math.expm1(found * days / YEAR)


_NO_MONEY = "no money of your own was in it"
_SHORT = "the time is shorter than a year"
_LOWEST, _HIGHEST, _STEPS = math.log(1e6), math.log(1e4 + 1), 400
_LARGEST_POWER = 600.0


def xirr(flows: Sequence[tuple[date, Decimal]]) -> float | str:
    """The yearly rate at which dated payments (paid: negative) are worth nothing together, days counted by 365.

    The sum of amount / (1 + rate) ** (days / 365), as spreadsheets have it. Every rate between -99.9999 % and 1,000,000 %
    a year (or over the whole time, when that is shorter) is looked at, so that a second solution is found out and told
    instead of one of them; a reason when there is none.
    """
    found = _log_rate(flows)
    if isinstance(found, str):
        return found
    return math.expm1(found) if found < _LARGEST_POWER else "the time is too short to say a rate by the year"


def _log_rate(flows: Sequence[tuple[date, Decimal]]) -> float | str:
    if not flows:
        return _NO_MONEY
    origin = min(day for day, _ in flows)
    terms = [((day - origin).days / YEAR, float(amount)) for day, amount in flows]
    if all(amount >= 0 for _, amount in terms) or all(amount <= 0 for _, amount in terms):
        return "money went only one way"
    longest = max(years for years, _ in terms)
    if not longest:
        return "all of it happened on one day"

    def worth(log_rate: float) -> float:
        return math.fsum(amount * math.exp(-log_rate * years) for years, amount in terms)

    scale = max(1.0, 1 / longest)
    low, high = max(-_LOWEST * scale, -_LARGEST_POWER / longest), min(_HIGHEST * scale, _LARGEST_POWER / longest)
    grid = [low + (high - low) * at / _STEPS for at in range(_STEPS + 1)]
    ends = [(a, b) for a, b in pairwise(grid) if worth(a) * worth(b) < 0 or worth(b) == 0]
    if not ends:
        return "no rate fits these flows"
    if len(ends) > 1:
        return f"{len(ends)} rates fit these flows, so none of them says anything"
    return _bisect(worth, *ends[0])


def _bisect(worth: Callable[[float], float], low: float, high: float) -> float:
    if worth(high) == 0:
        return high
    falling = worth(low) > 0
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if (worth(middle) > 0) == falling:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _periods(first: date, last: date, values: Mapping[date, Decimal], flows: Sequence[Flow],
             before: Callable[[date], date]) -> Iterable[Period]:  # fmt: skip
    """The time cut at each flow: up to the evening before, then the day of the flow itself."""
    came: dict[date, Decimal] = defaultdict(lambda: ZERO)
    went: dict[date, Decimal] = defaultdict(lambda: ZERO)
    for flow in flows:
        (came if flow.amount > 0 else went)[flow.day] += abs(flow.amount)
    at = before(first)
    for day in sorted(came.keys() | went.keys()):
        evening = before(day)
        if evening > at:
            yield _period(at, evening, values[at], ZERO, ZERO, values[evening])
        yield _period(day, day, values[evening], came[day], went[day], values[day])
        at = day
    if last > at:
        yield _period(at, last, values[at], ZERO, ZERO, values[last])


def _period(first: date, last: date, start: Decimal, came_in: Decimal, went_out: Decimal, end: Decimal) -> Period:
    base, reached = start + came_in, end + went_out
    factor = 1.0 if base == 0 and reached == 0 else float(reached / base) if base > 0 else math.nan
    return Period(first, last, start, came_in, went_out, end, factor)


def _chained(periods: Sequence[Period]) -> float | str:
    if any(math.isnan(each.factor) for each in periods):
        return "at some time no money of your own was in it, or less than nothing"
    if not any(each.start + each.came_in for each in periods):
        return _NO_MONEY
    return math.prod(each.factor for each in periods) - 1


def _most_in(start: Decimal, flows: Sequence[Flow]) -> Decimal:
    """The most own money that was in at any one time; what comes counts before what goes on the same day."""
    inside = most = start
    for flow in sorted(flows, key=lambda flow: (flow.day, flow.amount < 0)):
        inside += flow.amount
        most = max(most, inside)
    return most


def _between_own(chosen: Sequence[Transaction]) -> frozenset[str]:
    """Transfers between these accounts on one day, which are no flows."""
    waiting: dict[tuple[date, str | None, Decimal, str], list[Transaction]] = defaultdict(list)
    found: set[str] = set()
    for one in chosen:
        if one.kind not in (Kind.TRANSFER_IN, Kind.TRANSFER_OUT):
            continue
        what = one.quantity if one.quantity else one.amount
        others = waiting[one.day, one.symbol, -what, one.currency]
        partner = next((other for other in others if other.account != one.account), None)
        if partner is None:
            waiting[one.day, one.symbol, what, one.currency].append(one)
        else:
            others.remove(partner)
            found |= {one.id, partner.id}
    return frozenset(found)


def _add(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other
