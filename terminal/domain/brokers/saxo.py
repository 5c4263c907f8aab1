"""Saxo: transactions as CSV. The event tells the trade: "Buy 3 @ 139.74 USD"; what the amount has beyond it are costs."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import day, number
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "saxo", "Saxo"

_COLUMNS = ("Trade Date", "Type", "Instrument ISIN", "Instrument Symbol", "Event", "Amount")
_TOLD = ("Trade Date", "Value Date", "Type", "Instrument ISIN", "Instrument Symbol", "Event", "Amount", "Order ID")
_TRADE = re.compile(
    r"(buy|koop|kauf|achat|sell|verkoop|verkauf|vente)\s+(-?[0-9.,]+)\s*@\s*([0-9.,]+)\s*([A-Z]{3})", re.IGNORECASE
)
_WORDS = (
    (r"dividend|cash distribution|coupon", Kind.DIVIDEND),
    (r"withholding|\btax", Kind.TAX),
    (r"interest|rente", Kind.INTEREST),
    (r"fee|kosten|commission|charge", Kind.FEE),
    (r"deposit|storting", Kind.DEPOSIT),
    (r"withdrawal|opname", Kind.WITHDRAWAL),
)
# The exchanges whose symbols carry a letter elsewhere.
_SUFFIX = {
    "xams": ".AS",
    "xlon": ".L",
    "xetr": ".DE",
    "xpar": ".PA",
    "xmil": ".MI",
    "xbru": ".BR",
    "xswx": ".SW",
    "xvtx": ".SW",
    "xcse": ".CO",
    "xosl": ".OL",
    "xome": ".ST",
    "xhel": ".HE",
    "xtse": ".TO",
    "xhkg": ".HK",
    "xtks": ".T",
    "xasx": ".AX",
    "xlis": ".LS",
    "xwar": ".WA",
    "xmad": ".MC",
    "xwbo": ".VI",
}


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Saxo's."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read transactions. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    try:
        table = grid(decoded(content), _COLUMNS, _TOLD)
    except ValueError:
        raise Unreadable("it has not the columns of Saxo's transactions") from None
    ledger.refuse(table.refused)
    accounts = {row["Client ID"] for row in table.rows}
    ledger.account = accounts.pop() if len(accounts) == 1 else ""
    for row in table.rows:
        ledger.read([row], partial(_line, ledger, row))
    return ledger.done()


def _line(ledger: Ledger, row: Row) -> None:
    amount, when = number(row["Amount"], "auto"), day(row["Trade Date"], "day")
    ticker, _, place = row["Instrument Symbol"].partition(":")
    symbol = f"{ticker.upper()}{_SUFFIX.get(place.lower(), '')}" if ticker else row["Instrument ISIN"] or None
    shared: dict[str, Any] = {
        "currency": row["Instrument currency"],
        "symbol": symbol,
        "instrument": "stock" if symbol else "cash",
        "note": " ".join(filter(None, (row["Event"], row["Instrument"], row["Instrument ISIN"]))),
    }
    trade = _TRADE.fullmatch(row["Event"].strip())
    if trade:
        buys = trade[1].lower() in {"buy", "koop", "kauf", "achat"}
        size, price = abs(number(trade[2], "auto", "quantity")), number(trade[3], "auto", "price")
        if trade[4] != shared["currency"]:
            raise Unreadable(f"the price is in {trade[4]}, the amount in {shared['currency']}")
        fees = (-amount if buys else -abs(amount)) - (size * price if buys else -size * price)
        if fees < 0 or fees > size * price / 10:
            ledger.note(f"line {row.line}: {size} at {price} is not the amount {amount}; the amount is booked, without costs")
            fees = Decimal(0)
        ledger.book(
            Kind.BUY if buys else Kind.SELL,
            when,
            quantity=size if buys else -size,
            price=price,
            amount=amount,
            fees=fees,
            **shared,
        )
        return
    kind = next((kind for words, kind in _WORDS if re.search(words, row["Event"], re.IGNORECASE)), None)
    if kind is None:
        raise Unreadable(f"nothing is known of the event '{row['Event'][:60]}'")
    ledger.book(kind, when, amount=amount, **shared)
