"""Fidelity: account history as CSV. Only days are told; what was done stands in capitals at the beginning of the action."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import day, maybe, number, option, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Stated, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "fidelity", "Fidelity"

_COLUMNS = ("Run Date", "Action", "Symbol")
_TOLD = (
    "Run Date",
    "Account",
    "Account Number",
    "Action",
    "Symbol",
    "Description",
    "Security Description",
    "Quantity",
    "Price",
    "Amount",
)
# The first that fits decides.
_WORDS: tuple[tuple[str, Kind | str], ...] = (
    (r"EXPIRED", Kind.EXPIRE), (r"ASSIGNED", Kind.ASSIGN), (r"EXERCISED", Kind.EXERCISE),
    (r"YOU BOUGHT.*(CLOSING TRANSACTION|SHORT COVER)", Kind.COVER), (r"YOU SOLD.*(OPENING TRANSACTION|SHORT SALE)", Kind.SHORT),
    (r"YOU BOUGHT|REINVESTMENT|PURCHASE INTO CORE|REINVEST SHARES", Kind.BUY), (r"YOU SOLD|REDEMPTION FROM CORE", Kind.SELL),
    (r"FOREIGN TAX|NON-RESIDENT TAX|TAX WITHHELD|ADJ(USTMENT)? .*TAX|FED(ERAL)? TAX", Kind.TAX),
    (r"DIVIDEND|CAP GAIN|CASH IN LIEU|IN LIEU OF FRX SHARE|RETURN OF CAPITAL|DISTRIBUTION OF CAPITAL", Kind.DIVIDEND),
    (r"INTEREST", Kind.INTEREST), (r"FEE|ADVISORY|COMMISSION", Kind.FEE),
    (r"STOCK SPLIT|DISTRIBUTION", Kind.SPLIT), (r"MERGER|REVERSE SPLIT|NAME CHANGE|EXCHANGED", "pair"),
    (r"TRANSFER OF ASSETS|TRANSFERRED|ROLLOVER|CONVERSION", "move"),
    (r"ELECTRONIC FUNDS TRANSFER|CONTRIBUTION|DIRECT (DEPOSIT|DEBIT)|WIRE|BILL PAYMENT|CHECK|DEBIT CARD|ATM|PAYROLL|PARTIC|"
     r"WITHDRAWAL|DEPOSIT|CASH ADVANCE|JOURNALED", "money"),
    (r"ADJUSTMENT|REWARD|PROMOTION|CREDIT", Kind.OTHER),
)  # fmt: skip


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Fidelity's (which starts with empty lines)."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:20])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a history. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    ledger.currency = "USD"
    try:
        table = grid(decoded(content), _COLUMNS)
    except ValueError:
        raise Unreadable("it has not the columns of Fidelity's history") from None
    for line in table.refused:
        ledger.refuse([line])
    found = re.search(r"History_for_Account_([A-Z0-9-]+)", name)
    ledger.account = found[1] if found else ""
    rows = []
    for row in table.rows:  # the columns' names carry the currency: Price ($)
        cells = {re.sub(r"\s*\(\$\)$", "", column): value for column, value in row.cells.items()}
        rows.append(Row(row.line, row.text, cells, _TOLD))
    for row in rows:
        if row["Run Date"] and not row["Action"]:
            ledger.passed([row], "a remark below the table")
        else:
            ledger.read([row], partial(_line, ledger, row))
    _balance(ledger, rows)
    return ledger.done()


def _balance(ledger: Ledger, rows: list[Row]) -> None:
    """The newest cash balance the file tells, in files of one account."""
    told = [row for row in rows if row["Cash Balance"] and row["Cash Balance"] != "Processing"]
    if told and len({row.first("Account Number", "Account") for row in rows}) == 1:
        try:
            newest = max(told, key=lambda row: (day(row["Run Date"]), -row.line))
            ledger.stated.append(Stated(ledger.account, "cash", "USD", number(newest["Cash Balance"]), day(newest["Run Date"])))
        except ValueError:
            ledger.note("the balances of cash cannot be read")


def _line(ledger: Ledger, row: Row) -> None:
    action = row["Action"].upper()
    kind = next((kind for words, kind in _WORDS if re.search(rf"\b(?:{words})", action)), None)
    if kind is None:
        raise Unreadable(f"nothing is known of the action '{row['Action'][:60]}'")
    if kind == "pair":
        raise Unreadable("an exchange of shares, whose terms the file does not tell; book it by hand")
    when, amount, quantity = day(row["Run Date"]), some(row["Amount"]), some(row["Quantity"], what="quantity")
    contract = option(row["Symbol"])
    symbol = contract.symbol if contract else row["Symbol"].upper() or None
    shared: dict[str, Any] = {
        "symbol": symbol,
        "option": contract,
        "account": row.first("Account Number", "Account") or ledger.account,
        "note": row["Action"],
        "instrument": "option" if contract else "stock" if symbol else "cash",
    }
    if row["Currency"] and len(row["Currency"]) == 3:
        shared["currency"] = row["Currency"]
    if kind == "move" and not quantity:
        kind = "money"
    elif kind == Kind.SPLIT and not quantity:
        kind = Kind.DIVIDEND
    if kind == "money":
        ledger.book(Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL, when, amount=amount, **shared | {"instrument": "cash"})
    elif kind == "move":
        ledger.book(Kind.TRANSFER_IN if quantity > 0 else Kind.TRANSFER_OUT, when, quantity=quantity, **shared)
    elif kind in {Kind.BUY, Kind.COVER, Kind.SELL, Kind.SHORT}:
        if not quantity or not row["Amount"]:
            raise Unreadable("a trade without quantity or amount")
        fees = some(row["Commission"]) + some(row["Fees"])
        accrued = some(row["Accrued Interest"])
        note = f"{row['Action']} (accrued interest {accrued})" if accrued else row["Action"]
        ledger.book(
            Kind(kind), when, quantity=quantity, price=maybe(row["Price"]), amount=amount, fees=fees, **shared | {"note": note}
        )
    elif kind in {Kind.EXPIRE, Kind.ASSIGN, Kind.EXERCISE}:
        if contract is None:
            raise Unreadable(f"'{row['Symbol']}' does not say which option it is")
        ledger.book(Kind(kind), when, quantity=quantity, amount=amount, **shared)
    elif kind == Kind.SPLIT:
        ledger.book(Kind.SPLIT, when, quantity=quantity, **shared)
    else:
        ledger.book(Kind(kind), when, amount=amount, **shared)
