"""What happens to what is held besides purchases and sales: splits, spin-offs, mergers, options that end, transfers, staking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from terminal.domain.portfolio.ledger import ENDED, Delivery, Transit, less, times, total_of
from terminal.domain.portfolio.transactions import ZERO, Kind, Transaction

if TYPE_CHECKING:
    from terminal.domain.portfolio.ledger import Ledger
    from terminal.domain.portfolio.positions import Lot

IN_TRANSIT = timedelta(days=30)
"""How long after leaving one account shares may arrive in another and still be the same shares."""


def split(ledger: Ledger, one: Transaction) -> None:
    """New shares for old ones; a fraction that is not delivered is closed for what was paid for it."""
    assert one.symbol is not None
    held = ledger.lots_of(one.account, one.symbol)
    before = sum((lot.quantity for lot in held), ZERO)
    if not before:
        ledger.problem(one, f"a split of {one.symbol}, of which nothing is held")
        return
    after = before * one.ratio if one.ratio is not None else before + (one.quantity or ZERO)
    if after * before <= 0:
        ledger.problem(one, f"a split of {one.symbol} would leave {after}; it was left out")
        return
    left = after
    for at, lot in enumerate(held):
        lot.quantity = left if at == len(held) - 1 else lot.quantity * after / before
        left -= lot.quantity
    if ledger.watcher is not None:
        ledger.watcher.split(one.account, one.symbol, after / before)
    whole = after.to_integral_value(ROUND_DOWN) if one.amount else after
    more = (whole if one.quantity is None else before + one.quantity) - after
    if more * before < 0:  # the fraction that is not delivered was paid out
        ledger.close(one, one.symbol, more, one.amount, ledger.in_base(one, one.amount))
    elif more:  # a fraction was rounded up
        ledger.open(one, one.symbol, more, -one.amount, ledger.in_base(one, -one.amount))
    elif one.amount:
        ledger.income(one, one.amount)


def spinoff(ledger: Ledger, one: Transaction) -> None:
    """Shares of a part that became a company of its own, with their share of the cost and the day of the parent's lots."""
    assert one.symbol is not None and one.quantity is not None and one.other is not None
    parents = ledger.lots_of(one.account, one.other)
    total = sum((lot.quantity for lot in parents), ZERO)
    if not total:
        ledger.problem(one, f"{one.symbol} was received for {one.other}, of which nothing is held; its cost is not known")
        ledger.open(one, one.symbol, one.quantity, None, None)
        return
    if one.cost_share is None:
        ledger.problem(one, f"how much of the cost of {one.other} belongs to {one.symbol} is not known; none was moved")
    moved, left = one.cost_share or ZERO, one.quantity
    for at, parent in enumerate(list(parents)):
        quantity = left if at == len(parents) - 1 else one.quantity * parent.quantity / total
        left -= quantity
        child = replace(parent, symbol=one.symbol, quantity=quantity, cost=times(parent.cost, moved),
                        cost_base=times(parent.cost_base, moved), instrument=one.instrument, option=None)  # fmt: skip
        parent.cost, parent.cost_base = less(parent.cost, child.cost), less(parent.cost_base, child.cost_base)
        ledger.put(one, child)


def merger(ledger: Ledger, one: Transaction) -> None:
    """Shares for shares keep cost and day. Money that comes with them is a gain up to the gain there is, if the worth of
    the new shares is known (26 U.S.C. 356), else it lowers the cost first."""
    assert one.symbol is not None
    wanted = -one.quantity if one.quantity else sum((lot.quantity for lot in ledger.lots_of(one.account, one.symbol)), ZERO)
    if one.ratio is None or one.other is None:
        if left := ledger.close(one, one.symbol, -wanted, one.amount, ledger.in_base(one, one.amount)):
            ledger.problem(one, f"{-left} {one.symbol} were taken away in a merger without being held")
        return
    taken, left = ledger.take(one, one.symbol, wanted)
    if left:
        ledger.problem(one, f"{-left} {one.symbol} were exchanged in a merger without being held")
    for lot in taken:
        money = one.amount * lot.quantity / wanted
        new = replace(lot, symbol=one.other, quantity=lot.quantity * one.ratio)
        if money:
            _boot(ledger, one, lot, new, money)
        ledger.put(one, new)


def _boot(ledger: Ledger, one: Transaction, lot: Lot, new: Lot, money: Decimal) -> None:
    """The money that came with the shares of a merger."""
    rate = ledger.rate(one)
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
    ledger.close_lot(one, part, money, times(money, rate))


def option_ends(ledger: Ledger, one: Transaction) -> None:
    """An option is exercised, assigned or expires."""
    assert one.symbol is not None and one.option is not None
    quantity = one.quantity or -sum((lot.quantity for lot in ledger.lots_of(one.account, one.symbol)), ZERO)
    option = one.option
    shares = -quantity * option.multiplier * (1 if option.right == "C" else -1)
    physical = abs(abs(one.amount) - abs(shares) * option.strike) <= one.fees + one.taxes + Decimal("0.01") * abs(shares)
    settled = one.kind == Kind.EXPIRE or (one.amount != 0 and not physical)
    if settled:
        left = ledger.close(one, one.symbol, quantity, one.amount, ledger.in_base(one, one.amount))
    else:
        left = _deliver(ledger, one, quantity, shares)
    if left:
        ledger.problem(one, f"{abs(left)} {one.symbol} were {ENDED[one.kind]} without being held")


def _deliver(ledger: Ledger, one: Transaction, quantity: Decimal, shares: Decimal) -> Decimal:
    """Close the option without a gain: what it cost goes into the shares. What was not held of it."""
    assert one.symbol is not None and one.option is not None
    taken, left = ledger.take(one, one.symbol, -quantity)
    cost, cost_base = total_of(lot.cost for lot in taken), total_of(lot.cost_base for lot in taken)
    if one.amount:
        rate = ledger.rate(one)
        money = None if cost is None else one.amount - cost
        money_base = None if cost_base is None or rate is None else one.amount * rate - cost_base
        ledger.change(one, one.option.underlying, shares, money, money_base)
    else:
        ledger.deliveries.setdefault((one.account, one.option.underlying), []).append(Delivery(one, shares, cost, cost_base))
    return left


def leave(ledger: Ledger, one: Transaction) -> None:
    """Shares leave for another account; they wait until they arrive there."""
    assert one.symbol is not None and one.quantity is not None
    taken, left = ledger.take(one, one.symbol, -one.quantity)
    if left:
        ledger.problem(one, f"{abs(left)} {one.symbol} were transferred away without being held")
    ledger.transit.setdefault(one.symbol, []).append(Transit(one.account, one.day, -one.quantity, taken))


def arrive(ledger: Ledger, one: Transaction) -> None:
    """Shares arrive: those that left another account, with cost and day, or new ones."""
    assert one.symbol is not None and one.quantity is not None
    on_the_way = ledger.transit.get(one.symbol, [])
    for sent in on_the_way:
        if sent.quantity == one.quantity and sent.account != one.account and one.day - sent.day <= IN_TRANSIT:
            on_the_way.remove(sent)
            missing = one.quantity - sum((lot.quantity for lot in sent.lots), ZERO)
            same = ledger.base.get(sent.account) == ledger.base.get(one.account)
            for lot in sent.lots:
                lot.account = one.account
                lot.cost_base = lot.cost_base if same else None
                ledger.put(one, lot)
            if missing:
                ledger.open(one, one.symbol, missing, None, None)
            return
    cost = None if one.price is None else one.price * one.quantity * one.multiplier - one.amount
    if cost is None:
        ledger.problem(one, f"what the {one.quantity} {one.symbol} transferred in had cost is not known")
    ledger.open(one, one.symbol, one.quantity, cost, times(cost, ledger.rate(one)))


def unexplained(ledger: Ledger, one: Transaction) -> None:
    """Shares for nothing (staking), or a quantity the broker does not explain."""
    assert one.symbol is not None and one.quantity is not None
    worth = None if one.price is None else one.price * one.quantity * one.multiplier
    if one.kind == Kind.STAKING:
        if worth is None:
            ledger.problem(one, f"what the {one.symbol} received were worth is not known")
        else:
            ledger.income(one, worth, in_kind=True)
        ledger.open(one, one.symbol, one.quantity, worth, ledger.in_base(one, worth))
        return
    ledger.problem(one, f"{one.quantity} {one.symbol} without an explanation")
    amount = one.amount if one.amount else None if worth is None else -worth
    ledger.change(one, one.symbol, one.quantity, amount, ledger.in_base(one, amount))
