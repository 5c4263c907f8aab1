"""Round trips: the executions of one account in one thing, from flat to flat.

The bookings of a portfolio are walked through once, in the order in which lots are made of them, and money is only ever
moved, never made: what all legs brought plus what they hold is what the lots have realised plus what they are worth,
whatever the order in which lots are relieved.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import TYPE_CHECKING

from terminal.domain.portfolio.transactions import TRADES, ZERO, Kind, Transaction, in_order, midnight

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from terminal.domain.portfolio.transactions import Option

DIGITS = 40
IN_TRANSIT = timedelta(days=30)
"""How long after leaving one account shares may arrive in another and still be the same shares."""


@dataclass(frozen=True, slots=True)
class Execution:
    """A booking, or the part of one that belongs to a leg.

    `quantity` and `amount` have the account's signs, `amount` with `fees` (and taxes) in it; None: not known. `units`:
    how many units a unit of then has become by later splits. `opens`: it makes the position larger.
    """

    booking: str
    at: datetime
    day: date
    kind: Kind
    quantity: Decimal
    price: Decimal | None
    amount: Decimal | None
    fees: Decimal
    opens: bool
    units: Decimal = Decimal(1)

    @property
    def timed(self) -> bool:
        """Whether the time of day is known."""
        return self.at != midnight(self.day)


@dataclass(frozen=True, slots=True)
class Leg:
    """A position in one thing from flat to flat, or still open (`quantity` is what is left).

    `flows`: the money that came in less what went out, fees included; `open_cost`: what is left of it cost, at the average
    price (negative for a short position); None: not known. `income`: dividends meanwhile, which are not in `flows`.
    """

    account: str
    symbol: str
    side: int
    currency: str
    instrument: str
    option: Option | None
    executions: tuple[Execution, ...]
    quantity: Decimal
    flows: Decimal | None
    open_cost: Decimal | None
    income: Decimal
    first: int

    @property
    def multiplier(self) -> Decimal:
        """Units of the underlying for one unit of quantity."""
        return self.option.multiplier if self.option is not None else Decimal(1)

    @property
    def underlying(self) -> str:
        """What the market knows it by."""
        return self.option.underlying if self.option is not None else self.symbol

    @property
    def key(self) -> str:
        """The number of the booking that opened it."""
        return self.executions[0].booking

    @property
    def opened(self) -> Execution:
        """The first execution."""
        return self.executions[0]

    @property
    def closed(self) -> Execution | None:
        """The execution that made it flat; None while it is open."""
        return None if self.quantity else self.executions[-1]

    @property
    def fees(self) -> Decimal:
        """Fees and taxes of all its executions; they are in `flows` already."""
        return sum((one.fees for one in self.executions), ZERO)

    @property
    def entered(self) -> Decimal:
        """How much was opened in all, in units of today, without a sign."""
        return sum((abs(one.quantity) * one.units for one in self.executions if one.opens), ZERO)

    @property
    def most(self) -> Decimal:
        """The largest position there was, in units of today, without a sign."""
        held = largest = ZERO
        for one in self.executions:
            held += one.quantity * one.units
            largest = max(largest, abs(held))
        return largest

    @property
    def entry_price(self) -> Decimal | None:
        """Average price of what opened it, per unit of today, fees left out."""
        return _average(one for one in self.executions if one.opens)

    @property
    def exit_price(self) -> Decimal | None:
        """Average price of what closed it, per unit of today, fees left out; None while nothing was closed."""
        return _average(one for one in self.executions if not one.opens)

    @property
    def realised(self) -> Decimal | None:
        """What was made of the part that is closed, after fees; by average cost while a part is open."""
        return None if self.flows is None or self.open_cost is None else self.flows + self.open_cost

    def profit(self, price: Decimal | None) -> Decimal | None:
        """What it has made in all when a unit is worth `price`; a closed leg needs none."""
        if self.flows is None or not self.quantity:
            return self.flows
        return None if price is None else self.flows + self.quantity * self.multiplier * price


def legs(transactions: Iterable[Transaction]) -> list[Leg]:
    """All round trips, in the order of their first executions. The order of `transactions` does not matter."""
    with localcontext() as context:
        context.prec = DIGITS
        walk = _Walk()
        for one in in_order(transactions):
            walk.book(one)
        return walk.finish()


@dataclass(slots=True)
class _Position:
    account: str
    symbol: str
    currency: str
    instrument: str
    option: Option | None
    first: int
    executions: list[Execution] = field(default_factory=list)
    quantity: Decimal = ZERO
    flows: Decimal | None = ZERO
    cost: Decimal | None = ZERO
    income: Decimal = ZERO

    def add(self, execution: Execution) -> None:
        """Take in an execution that opens, or one that closes at most what there is."""
        if execution.opens:
            self.cost = _plus(self.cost, _minus(execution.amount))
        else:
            left = self.quantity + execution.quantity
            self.cost = ZERO if not left else None if self.cost is None else self.cost * left / self.quantity
        self.flows = _plus(self.flows, execution.amount)
        self.quantity += execution.quantity
        self.executions.append(execution)

    def scale(self, ratio: Decimal) -> None:
        self.executions = [replace(one, units=one.units * ratio) for one in self.executions]


@dataclass(slots=True)
class _Transit:
    day: date
    quantity: Decimal
    position: _Position | None
    cost: Decimal | None
    account: str


class _Walk:
    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Position] = {}
        self._done: list[_Position] = []
        self._transit: dict[str, list[_Transit]] = defaultdict(list)
        self._count = 0

    def book(self, one: Transaction) -> None:
        """Take in one booking; they come in order."""
        kind, symbol = one.kind, one.symbol
        if symbol is None:
            return
        if kind in TRADES and one.quantity:
            self._change(one, symbol, one.quantity, one.amount, one.price)
        elif kind == Kind.SPLIT:
            self._split(one, symbol)
        elif kind == Kind.SPINOFF and one.quantity:
            self._spinoff(one, symbol, one.quantity)
        elif kind == Kind.MERGER:
            self._merger(one, symbol)
        elif kind in (Kind.EXERCISE, Kind.ASSIGN, Kind.EXPIRE):
            self._ended(one, symbol)
        elif kind == Kind.TRANSFER_OUT and one.quantity:
            self._leave(one, symbol, one.quantity)
        elif kind == Kind.TRANSFER_IN and one.quantity:
            self._arrive(one, symbol, one.quantity)
        elif kind == Kind.STAKING and one.quantity:
            self._change(one, symbol, one.quantity, _minus(_worth(one)), one.price)
        elif kind == Kind.OTHER and one.quantity:
            self._change(one, symbol, one.quantity, one.amount or _minus(_worth(one)), one.price)
        elif kind == Kind.DIVIDEND and (held := self._open.get((one.account, symbol))) is not None:
            held.income += one.amount

    def finish(self) -> list[Leg]:
        """What it all comes to."""
        for waiting in self._transit.values():
            for sent in waiting:
                if sent.position is not None:
                    self._gone(sent.position)
        positions = sorted([*self._done, *self._open.values()], key=lambda each: each.first)
        return [_leg(each) for each in positions]

    def _gone(self, position: _Position) -> None:
        """It left for somewhere outside, at what it had cost: neither a gain nor a loss."""
        position.flows = _plus(position.flows, position.cost)
        position.quantity, position.cost = ZERO, ZERO
        self._done.append(position)

    def _change(self, one: Transaction, symbol: str, quantity: Decimal, amount: Decimal | None, price: Decimal | None) -> None:
        """Close what is held on the other side, and open the rest."""
        fees = one.fees + one.taxes
        held = self._open.get((one.account, symbol))
        if held is not None and held.quantity * quantity < 0:
            closing = quantity if abs(quantity) <= abs(held.quantity) else -held.quantity
            share = closing / quantity
            part, costs = _times(amount, share), fees * share
            self._add(held, one, closing, price, part, costs, opens=False)
            quantity, amount, fees = quantity - closing, _plus(amount, _minus(part)), fees - costs
        if not quantity:
            return
        held = self._open.get((one.account, symbol))
        if held is None:
            self._count += 1
            option = one.option if symbol == one.symbol else None
            instrument = one.instrument if option is not None or one.instrument != "option" else "stock"
            held = _Position(one.account, symbol, one.currency, instrument, option, self._count)
            self._open[one.account, symbol] = held
        self._add(held, one, quantity, price, amount, fees, opens=True)

    def _add(self, held: _Position, one: Transaction, quantity: Decimal, price: Decimal | None, amount: Decimal | None,
             fees: Decimal, *, opens: bool) -> None:  # fmt: skip
        told = amount if one.currency == held.currency else None
        held.add(Execution(one.id, one.at, one.day, one.kind, quantity, price, told, fees, opens))
        if not held.quantity:
            self._done.append(self._open.pop((held.account, held.symbol)))

    # corporate actions

    def _split(self, one: Transaction, symbol: str) -> None:
        held = self._open.get((one.account, symbol))
        if held is None:
            return
        before = held.quantity
        after = before * one.ratio if one.ratio is not None else before + (one.quantity or ZERO)
        if after * before <= 0:
            return
        held.scale(after / before)
        held.quantity = after
        whole = after.to_integral_value(ROUND_DOWN) if one.amount else after
        more = (whole if one.quantity is None else before + one.quantity) - after
        if more:
            self._change(one, symbol, more, one.amount, None)

    def _spinoff(self, one: Transaction, symbol: str, quantity: Decimal) -> None:
        parent = self._open.get((one.account, one.other or ""))
        moved = None if parent is None else _times(parent.cost, one.cost_share or ZERO)
        if parent is not None:
            parent.cost, parent.flows = _plus(parent.cost, _minus(moved)), _plus(parent.flows, moved)
        self._change(one, symbol, quantity, _minus(moved), None)

    def _merger(self, one: Transaction, symbol: str) -> None:
        """Money alone closes; shares for all that is held go on as the same trade under the other name."""
        held = self._open.get((one.account, symbol))
        if held is None:
            return
        wanted = -one.quantity if one.quantity else held.quantity
        wanted = held.quantity if abs(wanted) > abs(held.quantity) else wanted
        if one.ratio is None or one.other is None:
            self._change(one, symbol, -wanted, one.amount, None)
        elif wanted == held.quantity and (one.account, one.other) not in self._open:
            self._open[one.account, one.other] = self._open.pop((one.account, symbol))
            held.scale(one.ratio)
            held.symbol, held.quantity = one.other, held.quantity * one.ratio
            held.flows, held.cost = _plus(held.flows, one.amount), _plus(held.cost, -one.amount)
        else:
            cost = None if held.cost is None else held.cost * wanted / held.quantity
            self._change(one, symbol, -wanted, cost, None)
            self._change(one, one.other, wanted * one.ratio, None if cost is None else one.amount - cost, None)

    # options

    def _ended(self, one: Transaction, symbol: str) -> None:
        held = self._open.get((one.account, symbol))
        option = one.option
        if held is None or option is None:
            return
        quantity = one.quantity or -held.quantity
        if quantity * held.quantity > 0:
            quantity = -quantity
        quantity = quantity if abs(quantity) <= abs(held.quantity) else -held.quantity
        shares = -quantity * option.multiplier * (1 if option.right == "C" else -1)
        exact = abs(abs(one.amount) - abs(shares) * option.strike) <= one.fees + one.taxes + Decimal("0.01") * abs(shares)
        if one.kind == Kind.EXPIRE or (one.amount and not exact):
            self._change(one, symbol, quantity, one.amount, abs(one.amount / quantity / option.multiplier))
            return
        self._change(replace(one, fees=ZERO, taxes=ZERO), symbol, quantity, ZERO, ZERO)
        if one.amount:
            self._change(replace(one, symbol=option.underlying, option=None, instrument="stock"), option.underlying, shares,
                         one.amount, option.strike)  # fmt: skip

    # transfers

    def _leave(self, one: Transaction, symbol: str, quantity: Decimal) -> None:
        held = self._open.get((one.account, symbol))
        if held is None or held.quantity * quantity > 0:
            self._transit[symbol].append(_Transit(one.day, -quantity, None, None, one.account))
        elif abs(quantity) >= abs(held.quantity):
            self._transit[symbol].append(_Transit(one.day, -quantity, self._open.pop((one.account, symbol)), None, one.account))
        else:
            cost = None if held.cost is None else held.cost * -quantity / held.quantity
            self._change(one, symbol, quantity, cost, None)
            self._transit[symbol].append(_Transit(one.day, -quantity, None, cost, one.account))

    def _arrive(self, one: Transaction, symbol: str, quantity: Decimal) -> None:
        waiting = self._transit[symbol]
        sent = next((each for each in waiting if each.quantity == quantity and each.account != one.account
                     and one.day - each.day <= IN_TRANSIT), None)  # fmt: skip
        worth = _worth(one)
        if sent is None:
            self._change(one, symbol, quantity, None if worth is None else one.amount - worth, one.price)
            return
        waiting.remove(sent)
        position = sent.position
        if position is None:
            self._change(one, symbol, quantity, _minus(sent.cost), None)
        elif (one.account, symbol) not in self._open and position.quantity == quantity:
            position.account = one.account
            self._open[one.account, symbol] = position
        else:
            cost = position.cost if position.quantity == quantity else None
            self._gone(position)
            self._change(one, symbol, quantity, _minus(cost), None)


def _leg(one: _Position) -> Leg:
    side = 1 if one.executions[0].quantity > 0 else -1
    return Leg(one.account, one.symbol, side, one.currency, one.instrument, one.option, tuple(one.executions), one.quantity,
               one.flows, one.cost, one.income, one.first)  # fmt: skip


def _worth(one: Transaction) -> Decimal | None:
    return None if one.price is None or one.quantity is None else one.price * one.quantity * one.multiplier


def _average(executions: Iterable[Execution]) -> Decimal | None:
    money = quantity = ZERO
    told: Sequence[Execution] = tuple(executions)
    for one in told:
        if one.price is None:
            return None
        money += abs(one.quantity) * one.price
        quantity += abs(one.quantity) * one.units
    return money / quantity if quantity else None


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one + other


def _minus(value: Decimal | None) -> Decimal | None:
    return None if value is None else -value


def _times(value: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if value is None else value * factor
