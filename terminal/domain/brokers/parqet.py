"""Parqet: activities as CSV with semicolons and decimal commas. Things are named by their ISIN."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import instant, number, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "parqet", "Parqet"

_COLUMNS = ("datetime", "price", "shares", "amount", "tax", "fee", "type", "identifier")


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Parqet's."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read activities. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    try:
        table = grid(decoded(content), _COLUMNS, ("datetime", "price", "shares", "amount", "type", "identifier"))
    except ValueError:
        raise Unreadable("it has not the columns of Parqet's activities") from None
    ledger.refuse(table.refused)
    for row in table.rows:
        ledger.read([row], partial(_line, ledger, row))
    return ledger.done()


def _line(ledger: Ledger, row: Row) -> None:
    at, kind, symbol = instant(row["datetime"]), row["type"].lower(), row["identifier"] or None
    shares, price = some(row["shares"], "decimal", "quantity"), some(row["price"], "decimal", "price")
    amount, tax, fee = abs(number(row["amount"], "decimal")), some(row["tax"], "decimal"), some(row["fee"], "decimal")
    crypto = row["assettype"].lower() == "crypto"
    shared: dict[str, Any] = {
        "at": at,
        "currency": row["currency"] or "EUR",
        "symbol": f"{symbol}-USD" if crypto and symbol else symbol,
        "instrument": "crypto" if crypto else "stock" if symbol else "cash",
        "note": " ".join(filter(None, (row["type"], row["holdingname"], row["broker"]))),
    }
    costs: dict[str, Any] = {"fees": max(fee, Decimal(0)), "taxes": max(tax, Decimal(0))}
    when = at.date()
    if kind in {"buy", "sell"}:
        # The amount is without costs: they come on top of a purchase and off a sale; a tax below zero was paid back.
        buys = kind == "buy"
        ledger.book(
            Kind.BUY if buys else Kind.SELL,
            when,
            quantity=shares if buys else -shares,
            price=price,
            amount=(-amount if buys else amount) - tax - fee,
            **costs,
            **shared,
        )
    elif kind in {"dividend", "interest"}:
        ledger.book(Kind.DIVIDEND if kind == "dividend" else Kind.INTEREST, when, amount=amount - tax - fee, **costs, **shared)
    elif kind in {"transferin", "transferout"}:
        inward = kind == "transferin"
        if symbol:
            ledger.book(
                Kind.TRANSFER_IN if inward else Kind.TRANSFER_OUT,
                when,
                quantity=shares if inward else -shares,
                price=price if inward else None,
                **shared,
            )
        else:
            ledger.book(Kind.DEPOSIT if inward else Kind.WITHDRAWAL, when, amount=amount if inward else -amount, **shared)
    elif kind in {"cost", "fees_taxes"}:
        ledger.book(Kind.FEE, when, amount=-amount, **shared)
    else:
        raise Unreadable(f"nothing is known of the type '{row['type']}'")
