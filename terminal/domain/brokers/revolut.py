"""Revolut: the statement of an investment account as CSV, times in UTC."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import instant, maybe, number, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "revolut", "Revolut"

_COLUMNS = ("Date", "Ticker", "Type", "Quantity", "Price per share", "Total Amount", "Currency", "FX Rate")
_CASH = {
    "DIVIDEND": Kind.DIVIDEND,
    "DIVIDEND TAX (CORRECTION)": Kind.TAX,
    "CUSTODY FEE": Kind.FEE,
    "CUSTODY FEE REVERSAL": Kind.FEE,
    "ROBO MANAGEMENT FEE": Kind.FEE,
    "INTEREST": Kind.INTEREST,
    "CASH IN LIEU": Kind.DIVIDEND,
}


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Revolut's."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a statement. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    try:
        table = grid(decoded(content), _COLUMNS, _COLUMNS[:-1])
    except ValueError:
        raise Unreadable("it has not the columns of Revolut's statement") from None
    ledger.refuse(table.refused)
    for row in table.rows:
        ledger.read([row], partial(_line, ledger, row))
    return ledger.done()


def _line(ledger: Ledger, row: Row) -> None:
    at, kind, total = instant(row["Date"]), row["Type"].upper(), some(row["Total Amount"], "auto")
    size, price = maybe(row["Quantity"], "auto", "quantity"), maybe(row["Price per share"], "auto", "price")
    symbol = row["Ticker"].upper() or None
    shared: dict[str, Any] = {
        "at": at,
        "currency": row["Currency"],
        "symbol": symbol,
        "instrument": "stock" if symbol else "cash",
        "note": row["Type"],
    }
    when = at.date()
    if kind.startswith(("BUY", "SELL")):
        if not size or price is None or not total:
            raise Unreadable("a trade without quantity, price or total")
        buys = kind.startswith("BUY")
        cost = abs(total) - size * price if buys else size * price - abs(total)
        if abs(cost) > max(Decimal("0.02"), size * price / 20):
            ledger.note(f"line {row.line}: {size} at {price} is not the total {total}; the total is booked")
        ledger.book(
            Kind.BUY if buys else Kind.SELL,
            when,
            quantity=abs(size) if buys else -abs(size),
            price=price,
            amount=-abs(total) if buys else abs(total),
            **shared,
        )
    elif kind in _CASH:
        ledger.book(_CASH[kind], when, amount=total, **shared)
    elif kind.startswith(("CASH TOP-UP", "CASH WITHDRAWAL")):
        ledger.book(Kind.DEPOSIT if total > 0 else Kind.WITHDRAWAL, when, amount=total, **shared)
    elif kind == "STOCK SPLIT":
        ledger.book(Kind.SPLIT, when, quantity=number(row["Quantity"], "auto", "quantity"), **shared)
    elif kind.startswith("TRANSFER FROM REVOLUT"):
        if not total:
            ledger.skip("moved from one company of Revolut's to another: what is held stays the same")
            return
        ledger.book(Kind.DEPOSIT if total > 0 else Kind.WITHDRAWAL, when, amount=total, **shared)
    else:
        raise Unreadable(f"nothing is known of the type '{row['Type'][:60]}'")
