"""What is held at its prices: each line with its bounds, sums in one currency, and what does not add up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from plugins.portfolio.gathering import Owned, Price, Prices, missing_splits
from plugins.portfolio.tables import cents
from terminal.domain.format import number
from terminal.domain.portfolio.positions import Held, held
from terminal.domain.portfolio.returns import NOTHING, Range, without_cash
from terminal.domain.portfolio.transactions import ZERO, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

    from terminal.api import Context
    from terminal.domain.portfolio.positions import Lot


@dataclass(frozen=True)
class Line:
    """One thing held in one currency, over the chosen accounts. `worth` in its own currency, `in_total` in that of the total."""

    held: Held
    accounts: tuple[str, ...]
    cost: Decimal | None
    price: Price
    worth: Range
    in_total: Range
    day_gain: Decimal | None

    @property
    def gain(self) -> Range:
        """Unrealised."""
        return Range(None, None) if self.cost is None else self.worth - Range.of(self.cost)


def lines(own: Owned, prices: Prices) -> list[Line]:
    """What is held, the same thing of several accounts taken together, by symbol."""
    grouped: dict[tuple[str, str], list[Lot]] = defaultdict(list)
    for lot in own.positions.lots:
        grouped[lot.symbol, lot.currency].append(lot)
    made = []
    for (symbol, currency), parts in sorted(grouped.items()):
        quantity = sum((lot.quantity for lot in parts), ZERO)
        if not quantity:
            continue
        one = Held("", symbol, currency, quantity, parts[-1].instrument, parts[-1].option)
        price = prices.now(one)
        worth = price.range * (one.quantity * one.multiplier)
        rate = prices.rate(currency, own.currency, own.day)
        costs = [lot.cost for lot in parts]
        cost = None if None in costs else sum((each for each in costs if each is not None), ZERO)
        made.append(
            Line(
                one,
                tuple(sorted({lot.account for lot in parts})),
                cost,
                price,
                worth,
                Range(None, None) if rate is None else worth * rate,
                _day_gain(own, one, price, worth),
            )
        )
    return made


def _day_gain(own: Owned, one: Held, price: Price, worth: Range) -> Decimal | None:
    """What it made in the session of its price: its worth, less what was held before at the close before, plus what the
    trades of that day brought."""
    if worth.value is None or price.previous is None or price.day is None:
        return None
    mine = [each for each in own.by_symbol.get(one.symbol, ()) if each.account in own.names]
    if any(each.day > price.day for each in mine):
        return None
    done = [each for each in mine if each.day == price.day and each.currency == one.currency]
    traded = sum((each.quantity for each in done if each.quantity and each.kind != Kind.SPLIT), ZERO)
    brought = sum((each.amount for each in done if each.kind != Kind.DIVIDEND), ZERO)
    return worth.value - (one.quantity - traded) * price.previous * one.multiplier + brought


def prepared(ctx: Context, own: Owned, *, past: Iterable[Held] = ()) -> Prices:
    """Prices for what is held (and for what was)."""
    wanted = {each.symbol: each for each in (*past, *held(own.positions.lots))}
    return Prices(ctx, tuple(wanted.values()), own.transactions, own.day)


def known(value: Decimal | None) -> Range:
    """An amount that is known, or not at all."""
    return Range(None, None) if value is None else Range.of(value)


def exchanged(value: Range, currency: str, own: Owned, prices: Prices) -> Range:
    """An amount in the currency of the total."""
    rate = prices.rate(currency, own.currency, own.day)
    return Range(None, None) if rate is None else value * rate


def said(worth: Range, currency: str) -> str:
    """An amount in words: one, or the bounds of it."""
    if worth.value is not None:
        return f"{number(float(cents(worth.value)))} {currency}"
    if worth.low is None and worth.high is None:
        return "not known"
    low = "not known" if worth.low is None else number(float(cents(worth.low)))
    high = "not known how much" if worth.high is None else number(float(cents(worth.high)))
    return f"between {low} and {high} {currency}"


def counted_cash(own: Owned) -> dict[tuple[str, str], Decimal]:
    """Cash by account and currency, of the accounts whose cash means something."""
    without = without_cash(own.transactions)
    return {place: amount for place, amount in own.positions.cash.items() if place[0] not in without}


def cash_in(own: Owned, prices: Prices, *, everything: bool = False) -> tuple[Range, tuple[str, ...]]:
    """All cash that counts (or everything that is booked) in the currency of the total, and what cannot be said of it."""
    total, unknown = NOTHING, []
    for (_, currency), amount in sorted((own.positions.cash if everything else counted_cash(own)).items()):
        rate = prices.rate(currency, own.currency, own.day)
        if rate is None:
            unknown.append(f"What {amount} {currency} are in {own.currency} is not known.")
        total += Range(None, None) if rate is None else Range.of(amount * rate)
    return total, tuple(unknown)


def rates_used(prices: Prices) -> tuple[str, ...]:
    """At which exchange rates the total was added up, as notes."""
    return tuple(
        f"1 {currency} = {rate:.6g} {target} ({source}, {day})"
        for (currency, target), (rate, day, source) in sorted(prices.exchanged.items())
    )


def no_deposits(own: Owned) -> list[str]:
    """Which accounts' cash does not count, as a note."""
    without = sorted(without_cash(own.transactions) & own.names)
    return (
        [f"In {', '.join(without)} no deposit is booked, so the cash there only says what trades cost; it does not count."]
        if without
        else []
    )


def together(values: Iterable[Range]) -> Range:
    """The sum of several amounts; bounds where one of them has bounds."""
    total = NOTHING
    for each in values:
        total += each
    return total


def not_known(own: Owned, prices: Prices, found: Sequence[Line]) -> tuple[str, ...]:
    """Everything that is not known or does not add up, each as a sentence."""
    told = []
    for line in found:
        if line.price.reason:
            text = f"{line.held.symbol}: {line.price.reason}; worth {said(line.worth, line.held.currency)}"
            told.append(text + (f" (`tapeline market refresh {line.held.market_symbol}`)" if line.worth.value is None else ""))
        if line.cost is None:
            told.append(f"{line.held.symbol}: what it cost is not known, so its gain is not either")
    return (*told, *missing_splits(own, prices), *doubts(own))


def doubts(own: Owned) -> tuple[str, ...]:
    """What in the bookings does not add up, each once."""
    return tuple(
        dict.fromkeys(
            f"booking {each.transaction} of {each.day} in {each.account}: {each.text}" for each in own.positions.problems
        )
    )


def titled(title: str, own: Owned) -> str:
    """The heading of a table: day and accounts."""
    names = ", ".join(each.name for each in own.accounts)
    return f"{title} on {own.day}" + (f" in {names}" if names else "")
