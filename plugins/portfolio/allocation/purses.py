"""In which account each order is done: sales where the lots lie, purchases where there is money for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from plugins.portfolio.worth import counted_cash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from decimal import Decimal

    from plugins.portfolio.gathering import Owned
    from terminal.domain.portfolio.rebalancing import Trade


def purses(own: Owned, rate: Callable[[str], Decimal | None], deposit: float = 0.0) -> dict[str, float]:
    """The cash of each account in the currency of the total. What is to be paid in goes where there is
    least. Accounts without booked deposits have none."""
    found = dict.fromkeys((each.name for each in own.accounts), 0.0)
    for (account, currency), amount in counted_cash(own).items():
        known = 1.0 if currency == own.currency else rate(currency)
        if known is not None:
            found[account] = found.get(account, 0.0) + float(amount) * float(known)
    if deposit and found:
        poorest = min(found, key=lambda name: found[name])
        found[poorest] += deposit
    return found


def places(trades: Sequence[Trade], cash: Mapping[str, float], held: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The accounts of each order, by symbol. What sales bring is there for purchases; a purchase goes to an account that has
    the money, one that holds the thing already before others, and to none when no account alone has it."""
    left, made = dict(cash), {}
    for each in trades:
        if each.quantity < 0:
            made[each.symbol] = tuple(dict.fromkeys(one.lot.account for one in each.lots))
            for one in each.lots:
                left[one.lot.account] = left.get(one.lot.account, 0.0) + one.proceeds
    for each in trades:
        if each.quantity > 0:
            able = [name for name, money in left.items() if money >= -each.money - 0.005]
            chosen = max(able, key=lambda name: (name in held.get(each.symbol, ()), left[name]), default="")
            made[each.symbol] = (chosen,) if chosen else ()
            if chosen:
                left[chosen] += each.money
    return made
