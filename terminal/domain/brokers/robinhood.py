"""Robinhood: account activity as CSV. Only days are told; a quantity that ends in S goes out of the account."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import day, maybe, number, option
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

ID, TITLE = "robinhood", "Robinhood"

_COLUMNS = ("Activity Date", "Instrument", "Description", "Trans Code", "Quantity", "Price", "Amount")
_TRADES = {"buy": Kind.BUY, "bto": Kind.BUY, "btc": Kind.COVER, "sell": Kind.SELL, "stc": Kind.SELL, "sto": Kind.SHORT}
_CASH = {
    "cdiv": Kind.DIVIDEND,
    "mdiv": Kind.DIVIDEND,
    "qdiv": Kind.DIVIDEND,
    "scap": Kind.DIVIDEND,
    "lcap": Kind.DIVIDEND,
    "cil": Kind.DIVIDEND,
    "roc": Kind.DIVIDEND,
    "slip": Kind.INTEREST,
    "int": Kind.INTEREST,
    "mint": Kind.INTEREST,
    "gold": Kind.FEE,
    "gmpc": Kind.OTHER,
    "dfee": Kind.FEE,
    "afee": Kind.FEE,
    "mfee": Kind.FEE,
    "fee": Kind.FEE,
    "dtax": Kind.TAX,
    "ntax": Kind.TAX,
    "misc": Kind.OTHER,
    "gdbp": Kind.OTHER,
    "cfir": Kind.OTHER,
    "rec": Kind.OTHER,
    "dcf": Kind.OTHER,
}
_MONEY = {"ach", "rtp", "dcf", "wire", "xent_cc", "jnlc", "itrf", "xent", "iadj", "abip", "conv"}
_CLOSED = {"oexp": Kind.EXPIRE, "oasgn": Kind.ASSIGN, "oexcs": Kind.EXERCISE, "oexp.": Kind.EXPIRE}
_MOVED = {"acati": Kind.TRANSFER_IN, "acato": Kind.TRANSFER_OUT, "rec": Kind.TRANSFER_IN, "gft": Kind.TRANSFER_IN}


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Robinhood's."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:6])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read the activity. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    ledger.currency = "USD"
    try:
        table = grid(decoded(content), _COLUMNS, _COLUMNS)
    except ValueError:
        raise Unreadable("it has not the columns of Robinhood's activity") from None
    ledger.refuse(table.refused)
    for row in table.rows:
        if not row["Activity Date"] and not row["Trans Code"]:
            ledger.passed([row], "a remark below the table")
        else:
            ledger.read([row], partial(_line, ledger, row))
    return ledger.done()


def _quantity(row: Row) -> Decimal | None:
    text = row["Quantity"]
    if text.upper().endswith("S"):
        return -number(text[:-1], what="quantity")
    return maybe(text, what="quantity")


def _line(ledger: Ledger, row: Row) -> None:
    code, amount, quantity, when = row["Trans Code"].lower(), maybe(row["Amount"]), _quantity(row), day(row["Activity Date"])
    described = " ".join(row["Description"].split())
    contract = option(re.sub(r"(?i)^option (expiration|assignment|exercise)( for)? ", "", described))
    symbol = contract.symbol if contract else row["Instrument"].upper() or None
    shared: dict[str, Any] = {
        "symbol": symbol,
        "option": contract,
        "note": f"{row['Trans Code']}: {described}",
        "instrument": "option" if contract else "stock" if symbol else "cash",
    }
    if code in _TRADES:
        if quantity is None or amount is None:
            raise Unreadable("a trade without quantity or amount")
        kind, price = _TRADES[code], maybe(row["Price"])
        size = abs(quantity)
        fees = number("0")
        if contract and price is not None:  # an option's price is exact, a share's is rounded to cents here
            fees = max(number("0"), (abs(amount) - size * price * 100) * (1 if amount < 0 else -1))
        signed = size if kind in {Kind.BUY, Kind.COVER} else -size
        ledger.book(kind, when, quantity=signed, price=price, amount=amount, fees=fees, **shared)
    elif code in _CLOSED and quantity:
        if contract is None:
            raise Unreadable(f"'{described}' does not say which option it is")
        ledger.book(_CLOSED[code], when, quantity=quantity, amount=amount or number("0"), **shared)
    elif code in {"spl", "spr", "sdiv"} and quantity:
        ledger.book(Kind.SPLIT, when, quantity=quantity, amount=amount or number("0"), **shared)
    elif code in _MOVED and quantity and not amount:
        size = abs(quantity) if _MOVED[code] == Kind.TRANSFER_IN else -abs(quantity)
        ledger.book(_MOVED[code], when, quantity=size, **shared)
    elif code in _CASH and amount:
        ledger.book(_CASH[code], when, amount=amount, **shared)
    elif code in _MONEY and amount:
        ledger.book(Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL, when, amount=amount, **shared | {"instrument": "cash"})
    else:
        raise Unreadable(f"nothing is known of the code '{row['Trans Code']}' with these cells")
