"""The state while bookings are replayed: open lots and cash, and how lots are opened and closed to the last digit.

A lot is what one opening left: a quantity (negative for a short position) and what it cost, fees included; a short
position has a negative cost, the money it brought. Closing a part takes that part of the cost along and leaves the
rest, so nothing is lost to rounding.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, Protocol

from terminal.domain.portfolio.positions import Closing, Evening, Held, Income, Lot, Positions, Problem
from terminal.domain.portfolio.transactions import ONE, ZERO, Kind, Transaction, named_lots

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

Method = Literal["fifo", "lifo", "average", "specific"]
METHODS: tuple[Method, ...] = ("fifo", "lifo", "average", "specific")
DELIVERY = timedelta(days=5)
"""How long after an exercise the shares may be booked."""


class Watcher(Protocol):
    """Who is told of each opening and closing, and may change lots and closings (wash sales)."""

    def closed(self, ledger: Ledger, one: Transaction, lot: Lot, closing: Closing) -> Closing:
        """A part of a lot was closed; the closing as it is to be noted."""
        ...

    def opened(self, ledger: Ledger, one: Transaction, lot: Lot) -> list[Lot]:
        """A lot is about to be opened; what is opened in its place."""
        ...

    def split(self, account: str, symbol: str, ratio: Decimal) -> None:
        """The shares of an account were split."""
        ...


@dataclass(slots=True)
class Transit:
    """Shares that left one account and have not arrived in another."""

    account: str
    day: date
    quantity: Decimal
    lots: list[Lot]


@dataclass(slots=True)
class Delivery:
    """Shares that an exercised option has yet to bring, and what the option had cost."""

    one: Transaction
    shares: Decimal
    cost: Decimal | None
    cost_base: Decimal | None


class Ledger:
    """Open lots by account and symbol, cash by account and currency, and what was noted on the way."""

    def __init__(self, method: Method | Mapping[str, Method], base: Mapping[str, str], watcher: Watcher | None = None) -> None:
        self.method = method
        self.base = base
        self.watcher = watcher
        self.held: dict[tuple[str, str], deque[Lot]] = {}
        self.cash: dict[tuple[str, str], Decimal] = {}
        self.transit: dict[str, list[Transit]] = {}
        self.deliveries: dict[tuple[str, str], list[Delivery]] = {}
        self.out = Positions()
        # What was held on the last evening noted, and which places may hold something else since.
        self._counted: dict[tuple[str, str], dict[str, Decimal]] = {}
        self._sums: dict[tuple[str, str], tuple[Decimal, Lot]] = {}
        self._touched: set[tuple[str, str]] = set()

    def copy(self) -> Ledger:
        """The same state with nothing noted yet; what becomes of the one does not touch the other."""
        other = Ledger(self.method, self.base)
        other.held = {place: deque(map(_same, lots)) for place, lots in self.held.items() if lots}
        other._touched = set(other.held)
        other.cash = dict(self.cash)
        other.transit = {symbol: [Transit(each.account, each.day, each.quantity, list(map(_same, each.lots))) for each in waiting]
                         for symbol, waiting in self.transit.items()}  # fmt: skip
        other.deliveries = {place: [Delivery(each.one, each.shares, each.cost, each.cost_base) for each in waiting]
                            for place, waiting in self.deliveries.items()}  # fmt: skip
        return other

    def lots_of(self, account: str, symbol: str) -> deque[Lot]:
        """What is held of a symbol, in the order of first in, first out; whoever asks may change it."""
        self._touched.add((account, symbol))
        found = self.held.get((account, symbol))
        if found is None:
            found = self.held[account, symbol] = deque()
        return found

    def note_evening(self, day: date, accounts: Collection[str] | None = None) -> None:
        """Keep what these accounts (None: all) hold now as what they held at the end of `day`; each time the same accounts.

        Only what was touched since the evening before is added up anew: a long book is asked about thousands of evenings.
        """
        for account, symbol in self._touched:
            if accounts is None or account in accounts:
                self._count(account, symbol)
        self._touched.clear()
        held = tuple(Held("", symbol, currency, quantity, lot.instrument, lot.option)
                     for (symbol, currency), (quantity, lot) in sorted(self._sums.items(), key=itemgetter(0)))  # fmt: skip
        self.out.evenings[day] = Evening(held, {place: amount for place, amount in self.cash.items()
                                                if accounts is None or place[0] in accounts})  # fmt: skip

    def _count(self, account: str, symbol: str) -> None:
        """Bring the sums of a symbol up to what an account holds of it now."""
        before = self._counted.pop((account, symbol), {})
        now: dict[str, Decimal] = {}
        lots: Sequence[Lot] = self.held.get((account, symbol), ())
        for lot in lots:
            now[lot.currency] = now.get(lot.currency, ZERO) + lot.quantity
        for currency in before.keys() | now.keys():
            place = (symbol, currency)
            total, last = self._sums.get(place, (ZERO, None))
            total += now.get(currency, ZERO) - before.get(currency, ZERO)
            last = next((lot for lot in reversed(lots) if lot.currency == currency), last)
            if total and last is not None:
                self._sums[place] = (total, last)
            else:
                self._sums.pop(place, None)
        if now:
            self._counted[account, symbol] = now

    def finish(self) -> Positions:
        """What it all comes to; the ledger is not to be used after."""
        for waiting in self.deliveries.values():
            for due in waiting:
                self._undelivered(due)
        out = self.out
        out.lots = [lot for lots in self.held.values() for lot in lots if lot.quantity]
        out.lots.sort(key=lambda lot: (lot.symbol, lot.opened, lot.account, lot.id))
        out.cash = {place: amount for place, amount in self.cash.items() if amount}
        return out

    # opening and closing

    def trade(self, one: Transaction) -> None:
        """A purchase or a sale."""
        assert one.quantity is not None and one.symbol is not None
        amount, rate = one.amount, self.rate(one)
        if self.deliveries and (delivered := self._delivered(one)) is not None:
            cost, cost_base = delivered
            amount_base = None if rate is None or cost_base is None else amount * rate - cost_base
            self.change(one, one.symbol, one.quantity, None if cost is None else amount - cost, amount_base)
            return
        self.change(one, one.symbol, one.quantity, amount, amount if rate is ONE else None if rate is None else amount * rate)

    def change(
        self, one: Transaction, symbol: str, quantity: Decimal, amount: Decimal | None, amount_base: Decimal | None
    ) -> None:
        """Close what is held on the other side, and open the rest. `amount`: the money that came in for it."""
        left = quantity
        held = self.held.get((one.account, symbol))
        if held and (held[0].quantity > 0) != (quantity > 0):
            if one.kind == Kind.SHORT:
                self.problem(one, f"{symbol} was sold short while it was held; what was held was sold first")
            left = self.close(one, symbol, quantity, amount, amount_base)
        if not left:
            return
        if quantity < 0 or one.kind == Kind.COVER:
            self._oddity(one, symbol, left == quantity)
        share = None if left == quantity else left / quantity
        cost = _shared(amount, share)
        cost_base = cost if amount_base is amount else _shared(amount_base, share)
        self.open(one, symbol, left, None if cost is None else -cost, None if cost_base is None else -cost_base)

    def _oddity(self, one: Transaction, symbol: str, all_of_it: bool) -> None:
        if one.kind == Kind.COVER:
            self.problem(one, f"more {symbol} were bought back than were sold short; the rest counts as bought")
        elif one.kind == Kind.SELL and one.option is None and all_of_it:
            self.problem(one, f"{symbol} was sold without being held; it counts as sold short")
        elif one.kind == Kind.SELL and one.option is None:
            self.problem(one, f"more {symbol} were sold than were held; the rest counts as sold short")

    def open(self, one: Transaction, symbol: str, quantity: Decimal, cost: Decimal | None, cost_base: Decimal | None) -> None:
        """Open a lot of what a booking brought."""
        option = one.option if symbol == one.symbol else None
        instrument = one.instrument if option is not None or one.instrument != "option" else "stock"
        lot = Lot(one.id, one.account, symbol, one.day, quantity, cost, cost_base, one.currency, instrument, option)
        for each in [lot] if self.watcher is None else self.watcher.opened(self, one, lot):
            self.put(one, each)

    def put(self, one: Transaction, lot: Lot) -> None:
        """Add a lot; what is held on the other side is closed with it first, as an account holds only one side."""
        held = self.lots_of(lot.account, lot.symbol)
        if held and (held[0].quantity > 0) != (lot.quantity > 0):
            left = self.close(one, lot.symbol, lot.quantity, times(lot.cost, MINUS), times(lot.cost_base, MINUS))
            if not left:
                return
            lot = part_of(lot, left)
        held.append(lot)

    def close(self, one: Transaction, symbol: str, quantity: Decimal, amount: Decimal | None,
              amount_base: Decimal | None) -> Decimal:  # fmt: skip
        """Close lots against `quantity` of the opposite sign; what is left of it. Gains are noted."""
        taken, left = self.take(one, symbol, -quantity)
        same = amount_base is amount
        if not left and len(taken) == 1:
            self.close_lot(one, taken[0], amount, amount_base)
            return left
        closed = quantity - left
        part = closed / quantity if left and quantity else None
        money = _shared(amount, part)
        money_base = money if same else _shared(amount_base, part)
        for lot in taken:
            share = lot.quantity / -closed
            proceeds = times(money, share)
            self.close_lot(one, lot, proceeds, proceeds if same else times(money_base, share))
        return left

    def close_lot(self, one: Transaction, lot: Lot, proceeds: Decimal | None, proceeds_base: Decimal | None) -> None:
        """Note what was made of a lot, or a part of one, that is no longer held."""
        gain_base = None if proceeds_base is None or lot.cost_base is None else proceeds_base - lot.cost_base
        cost = lot.cost if proceeds is not None and lot.currency == one.currency else None
        if lot.currency != one.currency:
            self.problem(one, f"{lot.symbol} had cost {lot.currency} and brought {one.currency}; see it in your own currency")
        elif cost is None:
            self.problem(one, f"what {lot.symbol} had cost is not known, so what was made of it is not known either")
        closing = Closing(lot.id, one.id, one.account, lot.symbol, lot.quantity, lot.opened, one.day, cost, proceeds or ZERO,
                          one.currency, gain_base, one.kind, lot.held_from)  # fmt: skip
        self.out.closings.append(closing if self.watcher is None else self.watcher.closed(self, one, lot, closing))

    def take(self, one: Transaction, symbol: str, wanted: Decimal) -> tuple[list[Lot], Decimal]:
        """Lots of together `wanted` (whose sign they have) out of what is held; and minus what was not there."""
        held = self.lots_of(one.account, symbol)
        method = self.method if isinstance(self.method, str) else self.method.get(one.account, "fifo")
        if method == "average":
            _even(held)
        taken: list[Lot] = []
        if one.lots and symbol == one.symbol:
            wanted = self._take_named(one, held, wanted, taken)
        newest = method == "lifo" and not one.lots
        up = wanted > 0
        while wanted and held:
            lot = held[-1] if newest else held[0]
            quantity = lot.quantity
            if (quantity > 0) != up:
                break
            if (quantity <= wanted) if up else (quantity >= wanted):
                held.pop() if newest else held.popleft()
                taken.append(lot)
                wanted -= quantity
            else:
                taken.append(part_of(lot, wanted))
                wanted = ZERO
        return taken, -wanted

    def _take_named(self, one: Transaction, held: deque[Lot], wanted: Decimal, taken: list[Lot]) -> Decimal:
        """The lots, or parts of lots, that a booking names; what is wanted besides."""
        counted = False
        for number, count in named_lots(one.lots):
            counted |= count is not None
            due = wanted if count is None else min(count, abs(wanted)).copy_sign(wanted)
            missing = due
            for lot in [each for each in held if each.id == number and each.quantity * wanted > 0]:
                if not missing:
                    break
                if abs(lot.quantity) <= abs(missing):
                    held.remove(lot)
                    taken.append(lot)
                    missing -= lot.quantity
                else:
                    taken.append(part_of(lot, missing))
                    missing = ZERO
            if wanted and missing == due:
                self.problem(one, f"there is no open lot {number} of {one.symbol}; the oldest was taken instead")
            elif count is not None and (missing or count > abs(due)):
                self.problem(one, f"less than {count} of lot {number} of {one.symbol} were there to be closed")
            wanted -= due - missing
        if counted and wanted:
            self.problem(one, f"{abs(wanted)} {one.symbol} more were closed than lots are named for; the oldest were taken")
        return wanted

    # shares that an exercised option brings

    def _delivered(self, one: Transaction) -> tuple[Decimal | None, Decimal | None] | None:
        """What the option had cost whose exercise this trade is; None when it is none."""
        waiting = self.deliveries.get((one.account, one.symbol or ""))
        if not waiting or one.quantity is None or one.option is not None:
            return None
        for due in waiting:
            option = due.one.option
            assert option is not None
            fits = due.shares * one.quantity > 0 and abs(one.quantity) <= abs(due.shares) and one.price == option.strike
            if not fits or one.day - due.one.day > DELIVERY:
                continue
            share = one.quantity / due.shares
            cost, cost_base = times(due.cost, share), times(due.cost_base, share)
            due.shares -= one.quantity
            due.cost, due.cost_base = less(due.cost, cost), less(due.cost_base, cost_base)
            if not due.shares:
                waiting.remove(due)
            return cost, cost_base
        return None

    def _undelivered(self, due: Delivery) -> None:
        one = due.one
        assert one.option is not None
        self.problem(one, f"the {abs(due.shares)} {one.option.underlying} of an option {ENDED[one.kind]} are not booked")
        lot = Lot(one.id, one.account, one.symbol or "", one.day, ZERO, due.cost, due.cost_base, one.currency)
        self.close_lot(one, lot, ZERO, ZERO)

    # the rest

    def income(self, one: Transaction, amount: Decimal, *, in_kind: bool = False) -> None:
        """Note money that came or went without a position being opened or closed."""
        self.out.income.append(Income(one.id, one.account, one.day, one.kind, one.symbol, amount, one.taxes, one.fees,
                                      one.currency, self.in_base(one, amount), in_kind))  # fmt: skip

    def in_base(self, one: Transaction, amount: Decimal | None) -> Decimal | None:
        """An amount of a booking in its account's own currency."""
        return times(amount, self.rate(one))

    def rate(self, one: Transaction) -> Decimal | None:
        """What one unit of a booking's currency was in the account's own."""
        return ONE if one.currency == self.base.get(one.account, one.currency) else one.fx_rate

    def problem(self, one: Transaction, text: str) -> None:
        """Note what does not add up."""
        self.out.problems.append(Problem(one.id, one.account, one.day, text))


MINUS = Decimal(-1)
ENDED = {Kind.EXERCISE: "exercised", Kind.ASSIGN: "assigned", Kind.EXPIRE: "expired"}


def part_of(lot: Lot, wanted: Decimal) -> Lot:
    """Split `wanted` off a lot, which keeps the rest of its cost to the last digit."""
    share = wanted / lot.quantity
    cost = times(lot.cost, share)
    same = lot.cost_base is lot.cost
    cost_base = cost if same else times(lot.cost_base, share)
    part = Lot(lot.id, lot.account, lot.symbol, lot.opened, wanted, cost, cost_base, lot.currency, lot.instrument, lot.option,
               lot.held_from, lot.replaces)  # fmt: skip
    lot.quantity -= wanted
    lot.cost = less(lot.cost, cost)
    lot.cost_base = lot.cost if same else less(lot.cost_base, cost_base)
    return part


def _same(lot: Lot) -> Lot:
    return Lot(lot.id, lot.account, lot.symbol, lot.opened, lot.quantity, lot.cost, lot.cost_base, lot.currency, lot.instrument,
               lot.option, lot.held_from, lot.replaces)  # fmt: skip


def _even(held: deque[Lot]) -> None:
    """Spread the cost of a position evenly over its lots."""
    if len(held) < 2:
        return
    quantity = sum((lot.quantity for lot in held), ZERO)
    for name in ("cost", "cost_base"):
        total = total_of(getattr(lot, name) for lot in held)
        left = total
        for lot in held:
            share = left if lot is held[-1] else times(total, lot.quantity / quantity)
            setattr(lot, name, share)
            left = less(left, share)


def _shared(value: Decimal | None, share: Decimal | None) -> Decimal | None:
    """A share of an amount; None as the share stands for all of it."""
    return value if share is None or value is None else value * share


def times(value: Decimal | None, factor: Decimal | None) -> Decimal | None:
    """The product; None when one of them is not known."""
    return None if value is None or factor is None else value * factor


def less(value: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The difference; None when one of them is not known."""
    return None if value is None or other is None else value - other


def total_of(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None when one of them is not known."""
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total
