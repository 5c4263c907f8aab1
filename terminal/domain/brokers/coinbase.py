"""Coinbase: transaction history as CSV, times in UTC. Coins are named as elsewhere, against the dollar: BTC-USD."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import derived, instant, maybe, number, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

ID, TITLE = "coinbase", "Coinbase"

_COLUMNS = ("Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Subtotal")
_TOLD = ("ID", "Timestamp", "Transaction Type", "Asset", "Quantity Transacted", "Subtotal", "Notes")
_MONEY = {"USD", "EUR", "GBP", "CHF", "CAD", "AUD", "JPY", "SGD", "BRL", "MXN", "TRY", "PLN", "SEK", "NOK", "DKK"}
_GIVEN = (
    "staking income",
    "rewards income",
    "reward income",
    "inflation reward",
    "learning reward",
    "coinbase earn",
    "incentives rewards payout",
    "airdrop",
    "earn payout",
)
_IN = {"receive", "exchange withdrawal", "pro withdrawal", "vault withdrawal", "deposit", "crypto deposit", "fiat deposit"}
_OUT = {"send", "exchange deposit", "pro deposit", "withdrawal", "crypto withdrawal", "fiat withdrawal"}
_CONVERTED = re.compile(r"Converted ([0-9.,]+) ([A-Z0-9]+) to ([0-9.,]+) ([A-Z0-9]+)", re.IGNORECASE)


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Coinbase's (some lines about the user may come first)."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:12])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a history. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    try:
        table = grid(decoded(content), _COLUMNS, _TOLD)
    except ValueError:
        raise Unreadable("it has not the columns of Coinbase's history") from None
    ledger.refuse(table.refused)
    for row in table.rows:
        ledger.read([row], partial(_line, ledger, row))
    if any(row["Transaction Type"].lower() in {"buy", "advanced trade buy"} for row in table.rows):
        ledger.note("Coinbase does not tell the card or bank payment behind a purchase: cash may stand below zero by it")
    return ledger.done()


def _coin(asset: str) -> str:
    return f"{asset.upper()}-USD"


def _line(ledger: Ledger, row: Row) -> None:
    kind, asset = row["Transaction Type"].lower(), row["Asset"].upper()
    at, size = instant(row["Timestamp"]), number(row["Quantity Transacted"], what="quantity")
    price = maybe(row.first("Price at Transaction", "Spot Price at Transaction"), what="price")
    subtotal, total = (
        maybe(row["Subtotal"]),
        maybe(row.first("Total (inclusive of fees and/or spread)", "Total (inclusive of fees)", "Total")),
    )
    fees = abs(some(row.first("Fees and/or Spread", "Fees")))
    if not asset:
        raise Unreadable("it names no asset")
    shared: dict[str, Any] = {
        "at": at,
        "key": row["ID"],
        "currency": row.first("Price Currency", "Spot Price Currency") or "USD",
        "symbol": _coin(asset),
        "instrument": "crypto",
        "note": row["Notes"] or row["Transaction Type"],
    }
    when, money = at.date(), asset in _MONEY
    if kind.endswith(("buy", "sell")):
        buys = kind.endswith("buy")
        if total is None:
            raise Unreadable("a trade without a total")
        ledger.book(
            Kind.BUY if buys else Kind.SELL,
            when,
            quantity=abs(size) if buys else -abs(size),
            price=price,
            amount=-abs(total) if buys else abs(total),
            fees=fees,
            **shared,
        )
    elif kind in _GIVEN:
        if money:
            ledger.book(
                Kind.INTEREST, when, amount=abs(size), **shared | {"symbol": None, "instrument": "cash", "currency": asset}
            )
        else:
            ledger.book(Kind.STAKING, when, quantity=abs(size), price=price, **shared)
    elif kind == "convert":
        _convert(ledger, row, subtotal, total, fees, shared)
    elif kind in _IN or kind in _OUT:
        inward = kind in _IN
        if money:
            ledger.book(
                Kind.DEPOSIT if inward else Kind.WITHDRAWAL,
                when,
                amount=abs(size) if inward else -abs(size),
                **shared | {"symbol": None, "instrument": "cash", "currency": asset},
            )
        else:
            ledger.book(
                Kind.TRANSFER_IN if inward else Kind.TRANSFER_OUT, when, quantity=abs(size) if inward else -abs(size), **shared
            )
    elif kind in {"retail staking transfer", "retail unstaking transfer", "retail eth2 deprecation"}:
        ledger.skip("coins moved within the account")
    else:
        raise Unreadable(f"nothing is known of the type '{row['Transaction Type']}'")


def _convert(
    ledger: Ledger, row: Row, subtotal: Decimal | None, total: Decimal | None, fees: Decimal, shared: dict[str, Any]
) -> None:
    """A sale of one coin and a purchase of the other for what is left after the fee."""
    found = _CONVERTED.search(row["Notes"])
    if not found or subtotal is None or total is None:
        raise Unreadable("the note does not say what was converted into what")
    sold, bought = number(found[1], what="quantity"), number(found[3], what="quantity")
    if found[2].upper() != row["Asset"].upper() or not sold or not bought:
        raise Unreadable("the note speaks of another coin than the line")
    value = min(abs(subtotal), abs(total))
    fees = fees or abs(abs(total) - abs(subtotal))
    at = instant(row["Timestamp"])
    ledger.book(Kind.SELL, at.date(), quantity=-sold, price=derived((value + fees) / sold), amount=value, fees=fees, **shared)
    ledger.book(
        Kind.BUY, at.date(), quantity=bought, price=derived(value / bought), amount=-value, **shared | {"symbol": _coin(found[4])}
    )
