"""What a replay of bookings comes to: lots, closings, income, cash and what does not add up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from terminal.domain.portfolio.transactions import ZERO, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from terminal.domain.portfolio.transactions import Option


@dataclass(slots=True)
class Lot:
    """What is left of one opening. `cost` in `currency` and `cost_base` in the account's own; None: not known.

    `held_from` (None: as `opened`) and `replaces` are of wash sales: the shares stand for others that were sold at a loss.
    """

    id: str
    account: str
    symbol: str
    opened: date
    quantity: Decimal
    cost: Decimal | None
    cost_base: Decimal | None
    currency: str
    instrument: str = "stock"
    option: Option | None = None
    held_from: date | None = None
    replaces: bool = False

    @property
    def multiplier(self) -> Decimal:
        """Units of the underlying for one unit of quantity."""
        return self.option.multiplier if self.option is not None else Decimal(1)

    @property
    def price(self) -> Decimal | None:
        """Cost of one unit (for an option: of one share of its underlying), fees included."""
        return None if self.cost is None or not self.quantity else self.cost / self.quantity / self.multiplier


@dataclass(frozen=True, slots=True)
class Closing:
    """A part of a lot that was closed: `gain` is `proceeds` less `cost`, in `currency`; None: the cost is not known.

    `quantity` has the sign of the lot, so a positive one was sold and a negative one bought back. `disallowed`: the part of
    a loss that was put off, because the shares were bought again (wash sales; as a positive number).
    """

    lot: str
    transaction: str
    account: str
    symbol: str
    quantity: Decimal
    opened: date
    closed: date
    cost: Decimal | None
    proceeds: Decimal
    currency: str
    gain_base: Decimal | None
    kind: Kind
    held_from: date | None = None
    disallowed: Decimal = ZERO
    disallowed_base: Decimal = ZERO

    @property
    def gain(self) -> Decimal | None:
        """What was made of it, after fees."""
        return None if self.cost is None else self.proceeds - self.cost

    @property
    def recognised(self) -> Decimal | None:
        """The gain without the part of a loss that was put off."""
        return None if self.cost is None else self.proceeds - self.cost + self.disallowed

    @property
    def long_term(self) -> bool:
        """Whether it was held for more than a year (26 U.S.C. 1222); a short sale never is."""
        return self.quantity > 0 and self.closed > _year_later(self.held_from or self.opened)


@dataclass(frozen=True, slots=True)
class Income:
    """Money (or, for staking, shares) that came or went without a position being opened or closed.

    `amount` is what arrived; `taxes` and `fees` were withheld before, so the gross is the sum of the three.
    """

    transaction: str
    account: str
    day: date
    kind: Kind
    symbol: str | None
    amount: Decimal
    taxes: Decimal
    fees: Decimal
    currency: str
    amount_base: Decimal | None
    in_kind: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not add up, told and not hidden."""

    transaction: str
    account: str
    day: date
    text: str


@dataclass(frozen=True, slots=True)
class Held:
    """How much of one thing an account holds; negative when sold short."""

    account: str
    symbol: str
    currency: str
    quantity: Decimal
    instrument: str
    option: Option | None

    @property
    def market_symbol(self) -> str:
        """What the market knows it by: of an option, the underlying."""
        return self.symbol if self.option is None else self.option.underlying

    @property
    def multiplier(self) -> Decimal:
        """Units of the underlying for one unit of quantity."""
        return self.option.multiplier if self.option is not None else Decimal(1)


@dataclass(frozen=True, slots=True)
class Evening:
    """What was held at the end of a day, the same thing of several accounts taken together, and cash by account and currency."""

    held: tuple[Held, ...]
    cash: dict[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Wash:
    """A loss that was put off: `quantity` of the closing with this number stand again in the lot `lot` of `account`."""

    closing: int
    lot: str
    account: str
    bought: date
    quantity: Decimal
    disallowed: Decimal


@dataclass(slots=True)
class Positions:
    """What the bookings come to at the end of a day. `cash` by account and currency; `evenings`: days asked for besides;
    `washes`: losses that were put off, when that was asked for."""

    lots: list[Lot] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    income: list[Income] = field(default_factory=list)
    cash: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    evenings: dict[date, Evening] = field(default_factory=dict)
    washes: list[Wash] = field(default_factory=list)

    def quantities(self) -> dict[tuple[str, str], Decimal]:
        """What is held, by account and symbol; short positions are negative."""
        total: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for lot in self.lots:
            total[lot.account, lot.symbol] += lot.quantity
        return dict(total)


def held(lots: Iterable[Lot]) -> tuple[Held, ...]:
    """Lots of the same thing in the same account taken together, by symbol and account."""
    quantities: dict[tuple[str, str, str], Decimal] = {}
    things: dict[tuple[str, str, str], Lot] = {}
    for lot in lots:
        place = (lot.symbol, lot.account, lot.currency)
        if place in quantities:
            quantities[place] += lot.quantity
        else:
            quantities[place] = lot.quantity
        things[place] = lot
    return tuple(
        Held(place[1], place[0], place[2], quantities[place], things[place].instrument, things[place].option)
        for place in sorted(quantities)
        if quantities[place]
    )


def _year_later(day: date) -> date:
    return date(day.year + 1, 3, 1) - timedelta(days=1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)
