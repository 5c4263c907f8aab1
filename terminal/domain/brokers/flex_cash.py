"""Money and shares that come and go without a trade, in Interactive Brokers' statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import day, maybe, number, some
from terminal.domain.brokers.flex_trades import instant_of, instrument_of, option_of, symbol_of
from terminal.domain.brokers.parsed import Ledger, Unreadable
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from terminal.domain.brokers.flex_trades import Element

_CASH = {
    "dividends": Kind.DIVIDEND, "payment in lieu of dividends": Kind.DIVIDEND, "withholding tax": Kind.TAX,
    "871(m) withholding": Kind.TAX,
    "broker interest paid": Kind.INTEREST, "broker interest received": Kind.INTEREST, "bond interest paid": Kind.INTEREST,
    "bond interest received": Kind.INTEREST, "broker fees": Kind.FEE, "other fees": Kind.FEE, "advisor fees": Kind.FEE,
    "commission adjustments": Kind.FEE, "other income": Kind.OTHER, "price adjustments": Kind.OTHER,
}  # fmt: skip
_DEPOSITS = {"deposits/withdrawals", "deposits & withdrawals", "deposits and withdrawals", "deposits", "withdrawals"}


def book_cash(ledger: Ledger, each: Element) -> None:
    """A dividend, tax, interest, fee, deposit or withdrawal."""
    amount, kind = number(each["amount"]), each["type"].strip().lower()
    when = day(each["dateTime"] or each["reportDate"] or each["settleDate"])
    booked: Kind | None = _CASH.get(kind)
    if kind in _DEPOSITS:
        booked = Kind.DEPOSIT if amount >= 0 else Kind.WITHDRAWAL
    if booked is None:
        raise Unreadable(f"nothing is known of cash of the type '{each['type']}'")
    if not amount:
        ledger.skip("an amount of zero")
        return
    ledger.book(
        booked,
        when,
        at=instant_of(each),
        key=each.key("C"),
        amount=amount,
        currency=each["currency"],
        fx_rate=maybe(each["fxRateToBase"]),
        symbol=symbol_of(each),
        instrument=instrument_of(each),
        note=each["description"],
    )


def book_sales_tax(ledger: Ledger, each: Element) -> None:
    """A tax on a fee."""
    amount = number(each["salesTax"])
    if not amount:
        ledger.skip("an amount of zero")
        return
    ledger.book(
        Kind.TAX,
        day(each["date"]),
        key=each.key("S"),
        amount=amount,
        currency=each["currency"],
        instrument="cash",
        fx_rate=maybe(each["fxRateToBase"]),
        note=f"{each['taxType']} {each['taxableDescription']}".strip(),
    )


def book_transfer(ledger: Ledger, each: Element) -> None:
    """Shares or money from or to another broker or account."""
    quantity, money = some(each["quantity"]), some(each["cashTransfer"])
    coming = each["direction"].upper() == "IN" if each["direction"] else quantity > 0 or money > 0
    kind = Kind.TRANSFER_IN if coming else Kind.TRANSFER_OUT
    common: dict[str, Any] = {
        "currency": each["currency"],
        "fx_rate": maybe(each["fxRateToBase"]),
        "note": f"{each['type']} {each['company']} {each['description']}".strip(),
    }
    when = day(each["date"] or each["dateTime"] or each["reportDate"])
    if quantity:
        signed = abs(quantity) if coming else -abs(quantity)
        # What is told is the value on the day, not the cost: the cost of transferred shares stays unknown.
        ledger.book(
            kind,
            when,
            key=each.key("X"),
            quantity=signed,
            symbol=symbol_of(each),
            instrument=instrument_of(each),
            option=option_of(each),
            **common,
        )
    if money:
        ledger.book(kind, when, key=each.key("X"), amount=abs(money) if coming else -abs(money), instrument="cash", **common)
    if not quantity and not money:
        raise Unreadable("neither shares nor money are transferred")
