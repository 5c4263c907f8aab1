"""From what is typed to a booking: signs, amounts and what can be worked out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from terminal.api import UserError
from terminal.domain.portfolio.transactions import (
    INSTRUMENTS,
    TRADES,
    ZERO,
    Kind,
    Option,
    Transaction,
    content_id,
    decimal,
    midnight,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date
    from decimal import Decimal

_OUT = (Kind.SELL, Kind.SHORT, Kind.TRANSFER_OUT, Kind.MERGER)
_PAID = (Kind.FEE, Kind.TAX, Kind.WITHDRAWAL)
_CLOSED = (Kind.EXERCISE, Kind.ASSIGN, Kind.EXPIRE)
_NUMBERS = ("quantity", "price", "amount", "fees", "taxes", "fx_rate", "ratio", "cost_share")


@dataclass(frozen=True, slots=True)
class Typed:
    """What the user gave, as text; "" is what was not given."""

    symbol: str = ""
    quantity: str = ""
    price: str = ""
    amount: str = ""
    fees: str = ""
    taxes: str = ""
    currency: str = ""
    fx_rate: str = ""
    instrument: str = ""
    ratio: str = ""
    other: str = ""
    cost_share: str = ""
    lots: tuple[str, ...] = ()
    note: str = ""

    def number(self, name: str) -> Decimal | None:
        """A number that was typed, None when it was not. A split may be typed 4:1. Raises UserError for what is none."""
        text = str(getattr(self, name)).strip()
        if not text:
            return None
        try:
            new, colon, old = text.partition(":")
            return decimal(new) / decimal(old) if colon and name == "ratio" else decimal(text)
        except (ValueError, ArithmeticError):
            raise UserError(f"The {name.replace('_', ' ')} cannot be '{text}'.", "Give a number, such as 1234.50.") from None


def made(
    account: str, kind: Kind, day: date, typed: Typed, base: str, held: Callable[[str], Decimal], kind_of: Callable[[str], str]
) -> Transaction:
    """The booking that is meant. `held` says how much of a symbol there is, `kind_of` what kind of thing it is.

    Numbers may be typed without their sign: a sale goes out, a fee is paid. The amount of a trade is worked out from
    quantity, price, fees and taxes, or the price from the amount.
    """
    option = Option.parse(typed.symbol)
    symbol = option.symbol if option else _symbol(typed.symbol)
    numbers = {name: typed.number(name) for name in _NUMBERS}
    for name in ("fees", "taxes"):
        numbers[name] = numbers[name] or ZERO
    quantity = numbers["quantity"]
    if quantity is not None:
        numbers["quantity"] = _signed(kind, quantity, symbol, held)
    elif kind in _CLOSED and symbol:
        numbers["quantity"] = -held(symbol)
    instrument = "option" if option else typed.instrument or (kind_of(symbol) if symbol else "cash")
    if instrument not in INSTRUMENTS:
        raise UserError(f"'{instrument}' is not a kind of instrument.", f"One of: {', '.join(INSTRUMENTS)}.")
    one = Transaction(
        id="0",
        account=account,
        at=midnight(day),
        day=day,
        kind=kind,
        symbol=symbol,
        currency=(typed.currency or base).upper(),
        instrument=instrument,
        option=option,
        note=typed.note.strip(),
        other=_symbol(typed.other),
        lots=typed.lots,
        **cast("Any", {**numbers, "amount": ZERO}),
    )
    one = _with_amount(one, numbers["amount"])
    return replace(one, source_id=content_id(one))


def corrected(one: Transaction, day: date | None, typed: Typed) -> Transaction:
    """A booking with what was given put right. Signs stay; an amount that follows from other numbers follows them."""
    given = {name: number for name in _NUMBERS if (number := typed.number(name)) is not None}
    if (quantity := given.get("quantity")) is not None and quantity > 0 > (one.quantity or ZERO):
        given["quantity"] = -quantity
    amount = given.pop("amount", None)
    texts = {name: text for name in ("note", "other", "currency") if (text := getattr(typed, name).strip())}
    if "currency" in texts:
        texts["currency"] = texts["currency"].upper()
    if typed.symbol:
        option = Option.parse(typed.symbol)
        given |= cast("Any", {"symbol": option.symbol if option else _symbol(typed.symbol), "option": option})
    new = replace(one, **cast("Any", {**given, **texts, "lots": typed.lots or one.lots}))
    if day is not None and day != one.day:
        new = replace(new, day=day, at=midnight(day))
    follows = one.kind in TRADES and given.keys() & {"quantity", "price", "fees", "taxes"}
    return _with_amount(new, amount) if follows or amount is not None else new


def _with_amount(one: Transaction, amount: Decimal | None) -> Transaction:
    if one.kind in TRADES:
        return _trade(one, amount)
    if amount is None:
        return replace(one, amount=ZERO) if one.id == "0" else one
    return replace(one, amount=-abs(amount) if one.kind in _PAID else amount)


def _trade(one: Transaction, amount: Decimal | None) -> Transaction:
    """Amount from price, or price from amount."""
    quantity, costs = one.quantity, one.fees + one.taxes
    if not quantity:
        raise UserError(f"A {one.kind} needs a quantity.", "Give it with --quantity, such as --quantity 10.")
    if amount is None and one.price is None:
        raise UserError(f"A {one.kind} needs a price or an amount.", "Give --price for one share, or --amount for all of it.")
    if amount is None and one.price is not None:
        return replace(one, amount=-quantity * one.price * one.multiplier - costs)
    assert amount is not None
    money = -abs(amount) if quantity > 0 else amount if amount < 0 else abs(amount)
    price = one.price if one.price is not None else abs((money + costs) / quantity / one.multiplier)
    return replace(one, amount=money, price=price)


def _signed(kind: Kind, quantity: Decimal, symbol: str | None, held: Callable[[str], Decimal]) -> Decimal:
    if kind in _OUT:
        return -abs(quantity)
    if kind in _CLOSED and symbol:
        return -abs(quantity) if held(symbol) >= 0 else abs(quantity)
    return quantity


def _symbol(text: str) -> str | None:
    from terminal.domain.instruments import clean_symbol

    if not text.strip():
        return None
    try:
        return clean_symbol(text)
    except ValueError as error:
        raise UserError(f"{error}.", "Symbols look like AAPL or BRK-B, options like AAPL260116C00150000.") from None
