"""The three returns, and the cash flows that yield each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from plugins.portfolio.gathering import Owned, owned, sources
from plugins.portfolio.tables import frame
from plugins.portfolio.worth import prepared, said
from terminal.api import Column, Context, Table
from terminal.domain.portfolio.positions import Held
from terminal.domain.portfolio.returns import Range, Returns, flows_of, returns, valued_days, without_cash

if TYPE_CHECKING:
    from collections.abc import Collection
    from decimal import Decimal

    from plugins.portfolio.gathering import Prices
    from terminal.domain.portfolio.positions import Evening
    from terminal.domain.portfolio.returns import Flow, Rate
    from terminal.domain.portfolio.transactions import Transaction

_RETURNS = (
    Column("way", "Way"),
    Column("return", "Return", "number", "fraction", decimals=2),
    Column("low", "At least", "number", "fraction", decimals=2, term="portfolio_range", newbie=False),
    Column("high", "At most", "number", "fraction", decimals=2, term="portfolio_range", newbie=False),
    Column("yearly", "By the year", "number", "fraction", decimals=2, term="portfolio_yearly"),
    Column("says", "What it says"),
)
_DAY = Column("day", "Day", "date")
_SAYS = {
    "simple": "gain for each unit of money of your own that was in at most",
    "twr": "what one unit that was in all the time became; compare it with an index",
    "mwr": "the rate your own money earned, when and how much of it was in; compare it with a savings account",
}


def returns_table(ctx: Context, own: Owned, start: date | None, ledger: str) -> Table:
    """All three from `start` (the first booking) to the day asked for."""
    mine = [one for one in own.transactions if one.account in own.names]
    if not mine:
        return Table("Returns", _RETURNS, frame(_RETURNS, ()), notes=("Nothing is booked yet.",))
    first = min(one.day for one in mine) if start is None else max(start, min(one.day for one in mine))
    found, unknown = _computed(ctx, own, first)
    made, _ = sources(ctx, ())
    if ledger:
        columns, rows = _ledger(found, ledger)
        title = f"The {ledger} return, {found.first} to {found.last}, in {own.currency}"
        return Table(title, columns, frame(columns, rows), made, unknown, (_explained(found, ledger),), detail={"returns": found})
    rows = [
        _row("simple", found.simple, None),
        _row("twr", found.time_weighted, found.time_weighted_yearly),
        _row("mwr", found.money_weighted, found.money_weighted_yearly),
    ]
    reasons = tuple(
        f"{name}: {rate.reason}"
        for name, rate in (("simple", found.simple), ("twr", found.time_weighted), ("mwr", found.money_weighted))
        if rate.reason
    )
    notes = (
        f"{found.first} to {found.last}: worth {said(found.start, own.currency)} before and "
        f"{said(found.end, own.currency)} after; {len(found.flows)} flows of your own money; "
        f"gain {said(found.gain, own.currency)}.",
    )
    return Table("Returns", _RETURNS, frame(_RETURNS, rows), made, (*unknown, *reasons), notes, detail={"returns": found})


def everything(own: Owned) -> list[Held]:
    """Whatever was ever held, received or delivered, so that it can be priced on any day."""
    things = {
        one.symbol: Held(one.account, one.symbol, one.currency, one.quantity, one.instrument, one.option)
        for one in own.transactions
        if one.symbol and one.quantity
    }
    received = {
        one.other: Held(one.account, one.other, one.currency, one.quantity or one.amount, "stock", None)
        for one in own.transactions
        if one.other
    }
    delivered = {
        one.option.underlying: Held(one.account, one.option.underlying, one.currency, one.amount, "stock", None)
        for one in own.transactions
        if one.option
    }
    return list({**delivered, **received, **things}.values())


def own_flows(own: Owned, prices: Prices) -> tuple[list[Flow], list[Transaction]]:
    """The own money that came and went, in the currency of the total, and the bookings whose worth is not known."""

    def worth(one: Transaction) -> Decimal | None:
        rate = prices.rate(one.currency, own.currency, one.day)
        if rate is None:
            return None
        if not one.quantity or not one.external:
            return one.amount * rate
        thing = Held(one.account, one.symbol or "", one.currency, one.quantity, one.instrument, one.option)
        price = prices.on(thing, one.day).range.value
        price = one.price if price is None else price
        return None if price is None else price * one.quantity * one.multiplier * rate

    return flows_of(own.transactions, own.names, without_cash(own.transactions), worth)


def evening_worth(own: Owned, prices: Prices, day: date, evening: Evening, bare: Collection[str]) -> Range:
    """What everything, cash included, was worth on an evening; `bare`: accounts whose cash does not count."""
    total = prices.value(evening.held, day, own.currency, now=day == own.day)
    for (account, currency), amount in evening.cash.items():
        if account not in bare and amount:
            rate = prices.rate(currency, own.currency, day)
            total += Range(None, None) if rate is None else Range.of(amount * rate)
    return total


def _computed(ctx: Context, own: Owned, first: date) -> tuple[Returns, tuple[str, ...]]:
    bare = without_cash(own.transactions)
    prices = prepared(ctx, own, past=everything(own))
    flows, unvalued = own_flows(own, prices)
    evenings = valued_days(first, own.day, flows, _before)
    then = owned(ctx, [each.name for each in own.accounts], currency=own.currency, evenings=evenings).positions.evenings
    values = {day: evening_worth(own, prices, day, evening, bare) for day, evening in then.items()}
    unknown = [
        f"What {one.quantity} {one.symbol} ({one.kind}, {one.day}) were worth is not known; they are left out."
        for one in unvalued
    ]
    unknown += [
        f"What everything was worth on {day} is not known exactly: {said(value, own.currency)}"
        for day, value in values.items()
        if value.value is None
    ][:5]
    return returns(first, own.day, values, flows, _before), tuple(unknown)


def _row(way: str, rate: Rate, yearly: Rate | None) -> dict[str, Any]:
    return {
        "way": way,
        "return": rate.value,
        "low": rate.low,
        "high": rate.high,
        "says": _SAYS[way],
        "yearly": yearly.value if yearly else None,
    }


def _ledger(found: Returns, which: str) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    """The cash flows of one of the returns, line by line."""
    return {"simple": _simple_ledger, "twr": _periods_ledger}.get(which, _discounted_ledger)(found)


def _simple_ledger(found: Returns) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    columns = (
        _DAY,
        Column("what", "What"),
        _money("amount", "Your money"),
        _money("inside", "In since"),
        Column("booking", "Booking"),
    )
    inside = found.start.low
    rows: list[dict[str, Any]] = [
        {"day": _before(found.first), "what": "worth at the start", "amount": found.start.low, "inside": inside}
    ]
    for flow in found.flows:
        inside = None if inside is None else inside + flow.amount
        rows.append(
            {"day": flow.day, "what": str(flow.kind), "amount": flow.amount, "inside": inside, "booking": flow.transaction}
        )
    return columns, [*rows, {"day": found.last, "what": "worth at the end", "amount": found.end.low}]


def _periods_ledger(found: Returns) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    names = ("first", "last", "start", "came_in", "went_out", "end", "factor")
    columns = (
        Column("first", "From", "date"),
        Column("last", "To", "date"),
        _money("start", "Worth before"),
        _money("came_in", "Came in"),
        _money("went_out", "Went out"),
        _money("end", "Worth after"),
        Column("factor", "Factor", "number", decimals=6),
    )
    return columns, [{name: getattr(each, name) for name in names} for each in found.periods]


def _discounted_ledger(found: Returns) -> tuple[tuple[Column, ...], list[dict[str, Any]]]:
    columns = (
        _DAY,
        Column("what", "What"),
        _money("amount", "Money"),
        Column("years", "Years", "number", decimals=3),
        _money("worth", "Worth on the first day"),
    )
    return columns, [
        {"day": each.day, "what": each.text, "amount": each.amount, "years": each.years, "worth": each.worth}
        for each in found.discounted
    ]


def _money(name: str, title: str) -> Column:
    return Column(name, title, "number", decimals=2)


def _explained(found: Returns, which: str) -> str:
    if which == "simple":
        return "Gain divided by the most that was in: the last number, less the others, over the largest of “in”."
    if which == "twr":
        return "Each factor is (after + went out) / (before + came in); the return is their product less one."
    return "At the rate found, the last column adds up to nothing (days / 365)."


def _before(day: date) -> date:
    return day - timedelta(days=1)
