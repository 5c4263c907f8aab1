"""Lots, cash, income and realised gains: what bookings come to, to the last digit.

A lot is what one opening left: a quantity (negative for a short position) and what it cost, fees included; a short
position has a negative cost, the money it brought. Closing a part takes that part of the cost along and leaves the
rest, so nothing is lost to rounding: for each currency, realised plus unrealised plus income is always the sum of all
amounts that are not deposits and the like, plus what is held.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal, localcontext
from typing import TYPE_CHECKING, Literal

from terminal.domain.portfolio.positions import Closing, Evening, Income, Lot, Positions, Problem
from terminal.domain.portfolio.positions import held as together
from terminal.domain.portfolio.transactions import TRADES, ZERO, Kind, Transaction, in_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Method = Literal["fifo", "lifo", "average", "specific"]
METHODS: tuple[Method, ...] = ("fifo", "lifo", "average", "specific")
DIGITS = 40
"""Of every intermediate result; money has two decimals and a coin eighteen."""
IN_TRANSIT = timedelta(days=30)
"""How long after leaving one account shares may arrive in another and still be the same shares."""
DELIVERY = timedelta(days=5)
"""How long after an exercise the shares may be booked."""


def replay(
    transactions: Iterable[Transaction],
    *,
    method: Method | Mapping[str, Method] = "fifo",
    base: Mapping[str, str] | None = None,
    until: date | None = None,
    evenings: Iterable[date] = (),
) -> Positions:
    """Book everything up to the end of `until` in its order. `method` for all, or by account; `base` the accounts' currencies.

    Average cost: before each closing the cost of a position is spread evenly over it; days stay those of first in, first
    out. Specific: the lots a booking names, in that order; without a name first in, first out. Of the
    `evenings` it is noted what was held then.
    """
    with localcontext() as context:
        context.prec = DIGITS
        ledger = _Ledger(method, base or {})
        asked = deque(sorted(set(evenings)))
        for one in in_order(transactions):
            if until is not None and one.day > until:
                break
            while asked and one.day > asked[0]:
                ledger.note_evening(asked.popleft())
            ledger.book(one)
        for day in asked:
            ledger.note_evening(day)
        return ledger.finish()


@dataclass(slots=True)
class _Transit:
    account: str
    day: date
    quantity: Decimal
    lots: list[Lot]


@dataclass(slots=True)
class _Delivery:
    """Shares that an exercised option has yet to bring, and what the option had cost."""

    one: Transaction
    shares: Decimal
    cost: Decimal | None
    cost_base: Decimal | None


class _Ledger:
    """The state while bookings are replayed."""

    def __init__(self, method: Method | Mapping[str, Method], base: Mapping[str, str]) -> None:
        self._method = method
        self._base = base
        self._held: dict[tuple[str, str], deque[Lot]] = defaultdict(deque)
        self._cash: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        self._transit: dict[str, list[_Transit]] = defaultdict(list)
        self._deliveries: dict[tuple[str, str], list[_Delivery]] = defaultdict(list)
        self._out = Positions()

    def book(self, one: Transaction) -> None:
        """Take in one booking; they come in order."""
        if one.amount:
            self._cash[one.account, one.currency] += one.amount
        kind = one.kind
        if kind in TRADES:
            self._trade(one)
        elif kind == Kind.SPLIT:
            self._split(one)
        elif kind == Kind.SPINOFF:
            self._spinoff(one)
        elif kind == Kind.MERGER:
            self._merger(one)
        elif kind in (Kind.EXERCISE, Kind.ASSIGN, Kind.EXPIRE):
            self._option(one)
        elif kind == Kind.TRANSFER_OUT and one.quantity:
            self._leave(one)
        elif kind == Kind.TRANSFER_IN and one.quantity:
            self._arrive(one)
        elif kind == Kind.STAKING or (kind == Kind.OTHER and one.quantity):
            self._unexplained(one)
        elif not one.external and kind != Kind.FX:
            self._income(one, one.amount)

    def note_evening(self, day: date) -> None:
        """Keep what is held now as what was held at the end of `day`."""
        self._out.evenings[day] = Evening(together(lot for lots in self._held.values() for lot in lots), dict(self._cash))

    def finish(self) -> Positions:
        """What it all comes to."""
        for waiting in self._deliveries.values():
            for due in waiting:
                self._undelivered(due)
        out = self._out
        out.lots = [lot for lots in self._held.values() for lot in lots if lot.quantity]
        out.lots.sort(key=lambda lot: (lot.symbol, lot.opened, lot.account, lot.id))
        out.cash = {place: amount for place, amount in self._cash.items() if amount}
        return out

    # opening and closing

    def _trade(self, one: Transaction) -> None:
        assert one.quantity is not None and one.symbol is not None
        cost, cost_base = self._delivered(one)
        amount = one.amount - cost if cost is not None else None
        rate = self._rate(one)
        amount_base = None if rate is None or cost_base is None else one.amount * rate - cost_base
        self._change(one, one.symbol, one.quantity, amount, amount_base)

    def _change(
        self, one: Transaction, symbol: str, quantity: Decimal, amount: Decimal | None, amount_base: Decimal | None
    ) -> None:
        """Close what is held on the other side, and open the rest. `amount`: the money that came in for it."""
        left = quantity
        if self._side(one.account, symbol) * quantity < 0:
            if one.kind == Kind.SHORT:
                self._problem(one, f"{symbol} was sold short while it was held; what was held was sold first")
            left = self._close(one, symbol, quantity, amount, amount_base)
        if not left:
            return
        share = left / quantity
        if one.kind == Kind.COVER:
            self._problem(one, f"more {symbol} were bought back than were sold short; the rest counts as bought")
        elif one.kind == Kind.SELL and one.option is None and left == quantity:
            self._problem(one, f"{symbol} was sold without being held; it counts as sold short")
        elif one.kind == Kind.SELL and one.option is None:
            self._problem(one, f"more {symbol} were sold than were held; the rest counts as sold short")
        self._open(one, symbol, left, None if amount is None else -amount * share,
                   None if amount_base is None else -amount_base * share)  # fmt: skip

    def _open(self, one: Transaction, symbol: str, quantity: Decimal, cost: Decimal | None, cost_base: Decimal | None) -> None:
        option = one.option if symbol == one.symbol else None
        instrument = one.instrument if option is not None or one.instrument != "option" else "stock"
        self._put(one, Lot(one.id, one.account, symbol, one.day, quantity, cost, cost_base, one.currency, instrument, option))

    def _put(self, one: Transaction, lot: Lot) -> None:
        """Add a lot; what is held on the other side is closed with it first, as an account holds only one side."""
        if self._side(lot.account, lot.symbol) * lot.quantity < 0:
            left = self._close(one, lot.symbol, lot.quantity, _times(lot.cost, _MINUS), _times(lot.cost_base, _MINUS))
            if not left:
                return
            lot = _part(lot, left)
        self._held[lot.account, lot.symbol].append(lot)

    def _close(self, one: Transaction, symbol: str, quantity: Decimal, amount: Decimal | None,
               amount_base: Decimal | None) -> Decimal:  # fmt: skip
        """Close lots against `quantity` of the opposite sign; what is left of it. Gains are noted."""
        taken, left = self._take(one, symbol, -quantity)
        closed = quantity - left
        part = closed / quantity if quantity else ZERO
        money = None if amount is None else amount * part
        money_base = None if amount_base is None else amount_base * part
        for lot in taken:
            share = lot.quantity / -closed
            self._close_lot(one, lot, _times(money, share), _times(money_base, share))
        return left

    def _close_lot(self, one: Transaction, lot: Lot, proceeds: Decimal | None, proceeds_base: Decimal | None) -> None:
        gain_base = None if proceeds_base is None or lot.cost_base is None else proceeds_base - lot.cost_base
        cost = lot.cost if proceeds is not None and lot.currency == one.currency else None
        if lot.currency != one.currency:
            self._problem(one, f"{lot.symbol} had cost {lot.currency} and brought {one.currency}; see it in your own currency")
        elif cost is None:
            self._problem(one, f"what {lot.symbol} had cost is not known, so what was made of it is not known either")
        self._out.closings.append(
            Closing(lot.id, one.id, one.account, lot.symbol, lot.quantity, lot.opened, one.day, cost, proceeds or ZERO,
                    one.currency, gain_base, one.kind))  # fmt: skip

    def _take(self, one: Transaction, symbol: str, wanted: Decimal) -> tuple[list[Lot], Decimal]:
        """Lots of together `wanted` (whose sign they have) out of what is held; and minus what was not there."""
        held = self._held[one.account, symbol]
        method = self._method if isinstance(self._method, str) else self._method.get(one.account, "fifo")
        if method == "average":
            _even(held)
        if one.lots:
            self._named_first(one, held)
        taken: list[Lot] = []
        while wanted and held and held[0].quantity * wanted > 0:
            newest = method == "lifo" and not one.lots
            lot = held[-1] if newest else held[0]
            if abs(lot.quantity) <= abs(wanted):
                held.pop() if newest else held.popleft()
                taken.append(lot)
                wanted -= lot.quantity
            else:
                taken.append(_part(lot, wanted))
                wanted = ZERO
        return taken, -wanted

    def _named_first(self, one: Transaction, held: deque[Lot]) -> None:
        place = {number: at for at, number in enumerate(one.lots)}
        if absent := [number for number in one.lots if all(lot.id != number for lot in held)]:
            self._problem(one, f"there is no open lot {absent[0]} of {one.symbol}; the oldest was taken instead")
        ordered = sorted(held, key=lambda lot: place.get(lot.id, len(place)))
        held.clear()
        held.extend(ordered)

    def _side(self, account: str, symbol: str) -> int:
        held = self._held[account, symbol]
        return 0 if not held else 1 if held[0].quantity > 0 else -1

    # corporate actions

    def _split(self, one: Transaction) -> None:
        assert one.symbol is not None
        held = self._held[one.account, one.symbol]
        before = sum((lot.quantity for lot in held), ZERO)
        if not before:
            self._problem(one, f"a split of {one.symbol}, of which nothing is held")
            return
        after = before * one.ratio if one.ratio is not None else before + (one.quantity or ZERO)
        if after * before <= 0:
            self._problem(one, f"a split of {one.symbol} would leave {after}; it was left out")
            return
        left = after
        for at, lot in enumerate(held):
            lot.quantity = left if at == len(held) - 1 else lot.quantity * after / before
            left -= lot.quantity
        whole = after.to_integral_value(ROUND_DOWN) if one.amount else after
        more = (whole if one.quantity is None else before + one.quantity) - after
        if more * before < 0:  # the fraction that is not delivered was paid out
            self._close(one, one.symbol, more, one.amount, self._in_base(one, one.amount))
        elif more:  # a fraction was rounded up
            self._open(one, one.symbol, more, -one.amount, self._in_base(one, -one.amount))
        elif one.amount:
            self._income(one, one.amount)

    def _spinoff(self, one: Transaction) -> None:
        assert one.symbol is not None and one.quantity is not None and one.other is not None
        parents = self._held[one.account, one.other]
        total = sum((lot.quantity for lot in parents), ZERO)
        if not total:
            self._problem(one, f"{one.symbol} was received for {one.other}, of which nothing is held; its cost is not known")
            self._open(one, one.symbol, one.quantity, None, None)
            return
        if one.cost_share is None:
            self._problem(one, f"how much of the cost of {one.other} belongs to {one.symbol} is not known; none was moved")
        moved, left = one.cost_share or ZERO, one.quantity
        for at, parent in enumerate(list(parents)):
            quantity = left if at == len(parents) - 1 else one.quantity * parent.quantity / total
            left -= quantity
            child = replace(parent, symbol=one.symbol, quantity=quantity, cost=_times(parent.cost, moved),
                            cost_base=_times(parent.cost_base, moved), instrument=one.instrument, option=None)  # fmt: skip
            parent.cost, parent.cost_base = _less(parent.cost, child.cost), _less(parent.cost_base, child.cost_base)
            self._put(one, child)

    def _merger(self, one: Transaction) -> None:
        """Shares for shares keep cost and day. Money that comes with them is a gain up to the gain there is, if the worth of
        the new shares is known (26 U.S.C. 356), else it lowers the cost first."""
        assert one.symbol is not None
        wanted = -one.quantity if one.quantity else sum((lot.quantity for lot in self._held[one.account, one.symbol]), ZERO)
        if one.ratio is None or one.other is None:
            if left := self._close(one, one.symbol, -wanted, one.amount, self._in_base(one, one.amount)):
                self._problem(one, f"{-left} {one.symbol} were taken away in a merger without being held")
            return
        taken, left = self._take(one, one.symbol, wanted)
        if left:
            self._problem(one, f"{-left} {one.symbol} were exchanged in a merger without being held")
        for lot in taken:
            money = one.amount * lot.quantity / wanted
            new = replace(lot, symbol=one.other, quantity=lot.quantity * one.ratio)
            if money:
                self._boot(one, lot, new, money)
            self._put(one, new)

    def _boot(self, one: Transaction, lot: Lot, new: Lot, money: Decimal) -> None:
        """The money that came with the shares of a merger."""
        rate = self._rate(one)
        if lot.cost is None:
            gain = ZERO
        elif one.price is not None:
            gain = max(ZERO, min(money, money + one.price * new.quantity - lot.cost))
        else:
            gain = max(ZERO, money - lot.cost)
        new.cost = None if lot.cost is None else lot.cost - money + gain
        new.cost_base = None if rate is None or lot.cost_base is None else lot.cost_base - (money - gain) * rate
        part = replace(lot, quantity=ZERO, cost=None if lot.cost is None else money - gain,
                       cost_base=None if rate is None else (money - gain) * rate)  # fmt: skip
        self._close_lot(one, part, money, _times(money, rate))

    # options

    def _option(self, one: Transaction) -> None:
        assert one.symbol is not None and one.option is not None
        quantity = one.quantity or -sum((lot.quantity for lot in self._held[one.account, one.symbol]), ZERO)
        option = one.option
        shares = -quantity * option.multiplier * (1 if option.right == "C" else -1)
        physical = abs(abs(one.amount) - abs(shares) * option.strike) <= one.fees + one.taxes + Decimal("0.01") * abs(shares)
        settled = one.kind == Kind.EXPIRE or (one.amount != 0 and not physical)
        if settled:
            left = self._close(one, one.symbol, quantity, one.amount, self._in_base(one, one.amount))
        else:
            left = self._deliver(one, quantity, shares)
        if left:
            self._problem(one, f"{abs(left)} {one.symbol} were {_ENDED[one.kind]} without being held")

    def _deliver(self, one: Transaction, quantity: Decimal, shares: Decimal) -> Decimal:
        """Close the option without a gain: what it cost goes into the shares. What was not held of it."""
        assert one.symbol is not None and one.option is not None
        taken, left = self._take(one, one.symbol, -quantity)
        cost, cost_base = _sum(lot.cost for lot in taken), _sum(lot.cost_base for lot in taken)
        if one.amount:
            rate = self._rate(one)
            money = None if cost is None else one.amount - cost
            money_base = None if cost_base is None or rate is None else one.amount * rate - cost_base
            self._change(one, one.option.underlying, shares, money, money_base)
        else:
            self._deliveries[one.account, one.option.underlying].append(_Delivery(one, shares, cost, cost_base))
        return left

    def _delivered(self, one: Transaction) -> tuple[Decimal | None, Decimal | None]:
        """What the option had cost whose exercise this trade is."""
        waiting = self._deliveries.get((one.account, one.symbol or ""))
        if not waiting or one.quantity is None or one.option is not None:
            return ZERO, ZERO
        for due in waiting:
            option = due.one.option
            assert option is not None
            fits = due.shares * one.quantity > 0 and abs(one.quantity) <= abs(due.shares) and one.price == option.strike
            if not fits or one.day - due.one.day > DELIVERY:
                continue
            share = one.quantity / due.shares
            cost, cost_base = _times(due.cost, share), _times(due.cost_base, share)
            due.shares -= one.quantity
            due.cost, due.cost_base = _less(due.cost, cost), _less(due.cost_base, cost_base)
            if not due.shares:
                waiting.remove(due)
            return cost, cost_base
        return ZERO, ZERO

    def _undelivered(self, due: _Delivery) -> None:
        one = due.one
        assert one.option is not None
        self._problem(one, f"the {abs(due.shares)} {one.option.underlying} of an option {_ENDED[one.kind]} are not booked")
        lot = Lot(one.id, one.account, one.symbol or "", one.day, ZERO, due.cost, due.cost_base, one.currency)
        self._close_lot(one, lot, ZERO, ZERO)

    # transfers

    def _leave(self, one: Transaction) -> None:
        assert one.symbol is not None and one.quantity is not None
        taken, left = self._take(one, one.symbol, -one.quantity)
        if left:
            self._problem(one, f"{abs(left)} {one.symbol} were transferred away without being held")
        self._transit[one.symbol].append(_Transit(one.account, one.day, -one.quantity, taken))

    def _arrive(self, one: Transaction) -> None:
        assert one.symbol is not None and one.quantity is not None
        on_the_way = self._transit[one.symbol]
        for sent in on_the_way:
            if sent.quantity == one.quantity and sent.account != one.account and one.day - sent.day <= IN_TRANSIT:
                on_the_way.remove(sent)
                missing = one.quantity - sum((lot.quantity for lot in sent.lots), ZERO)
                same = self._base.get(sent.account) == self._base.get(one.account)
                for lot in sent.lots:
                    lot.account = one.account
                    lot.cost_base = lot.cost_base if same else None
                    self._put(one, lot)
                if missing:
                    self._open(one, one.symbol, missing, None, None)
                return
        cost = None if one.price is None else one.price * one.quantity * one.multiplier - one.amount
        if cost is None:
            self._problem(one, f"what the {one.quantity} {one.symbol} transferred in had cost is not known")
        self._open(one, one.symbol, one.quantity, cost, _times(cost, self._rate(one)))

    # the rest

    def _unexplained(self, one: Transaction) -> None:
        """Shares for nothing (staking), or a quantity the broker does not explain."""
        assert one.symbol is not None and one.quantity is not None
        worth = None if one.price is None else one.price * one.quantity * one.multiplier
        if one.kind == Kind.STAKING:
            if worth is None:
                self._problem(one, f"what the {one.symbol} received were worth is not known")
            else:
                self._income(one, worth, in_kind=True)
            self._open(one, one.symbol, one.quantity, worth, self._in_base(one, worth))
            return
        self._problem(one, f"{one.quantity} {one.symbol} without an explanation")
        amount = one.amount if one.amount else None if worth is None else -worth
        self._change(one, one.symbol, one.quantity, amount, self._in_base(one, amount))

    def _income(self, one: Transaction, amount: Decimal, *, in_kind: bool = False) -> None:
        self._out.income.append(Income(one.id, one.account, one.day, one.kind, one.symbol, amount, one.taxes, one.fees,
                                       one.currency, self._in_base(one, amount), in_kind))  # fmt: skip

    def _in_base(self, one: Transaction, amount: Decimal | None) -> Decimal | None:
        return _times(amount, self._rate(one))

    def _rate(self, one: Transaction) -> Decimal | None:
        if one.currency == self._base.get(one.account, one.currency):
            return Decimal(1)
        return one.fx_rate

    def _problem(self, one: Transaction, text: str) -> None:
        self._out.problems.append(Problem(one.id, one.account, one.day, text))


_MINUS = Decimal(-1)
_ENDED = {Kind.EXERCISE: "exercised", Kind.ASSIGN: "assigned", Kind.EXPIRE: "expired"}


def _part(lot: Lot, wanted: Decimal) -> Lot:
    """Split `wanted` off a lot, which keeps the rest of its cost to the last digit."""
    share = wanted / lot.quantity
    cost, cost_base = _times(lot.cost, share), _times(lot.cost_base, share)
    part = Lot(lot.id, lot.account, lot.symbol, lot.opened, wanted, cost, cost_base, lot.currency, lot.instrument, lot.option)
    lot.quantity -= wanted
    lot.cost, lot.cost_base = _less(lot.cost, part.cost), _less(lot.cost_base, part.cost_base)
    return part


def _even(held: deque[Lot]) -> None:
    """Spread the cost of a position evenly over its lots."""
    if len(held) < 2:
        return
    quantity = sum((lot.quantity for lot in held), ZERO)
    for name in ("cost", "cost_base"):
        total = _sum(getattr(lot, name) for lot in held)
        left = total
        for lot in held:
            share = left if lot is held[-1] else _times(total, lot.quantity / quantity)
            setattr(lot, name, share)
            left = _less(left, share)


def _times(value: Decimal | None, factor: Decimal | None) -> Decimal | None:
    return None if value is None or factor is None else value * factor


def _less(value: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if value is None or other is None else value - other


def _sum(values: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None when one of them is not known."""
    total = ZERO
    for value in values:
        if value is None:
            return None
        total += value
    return total
