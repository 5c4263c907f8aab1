"""Charles Schwab: the history of a brokerage account, and of a checking account, as CSV.

Only days are told. Shares that are renamed, merged or split the other way round come as two lines, one of them under a
CUSIP; they are read together. "mm/dd/yyyy as of mm/dd/yyyy": the second day is the one that counts.
"""

from __future__ import annotations

import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import day, derived, maybe, number, option, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Stated, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

ID, TITLE = "schwab", "Charles Schwab"

_COLUMNS = ("Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount")
_CHECKING = ("Date", "Type", "Description", "Withdrawal", "Deposit")
_BUYS = {"buy": Kind.BUY, "reinvest shares": Kind.BUY, "buy to open": Kind.BUY, "buy to close": Kind.COVER}
_SELLS = {"sell": Kind.SELL, "sell to close": Kind.SELL, "sell to open": Kind.SHORT, "sell short": Kind.SHORT}
_CASH = {
    **dict.fromkeys(("cash dividend", "qualified dividend", "non-qualified div", "reinvest dividend", "qual div reinvest",
                     "special dividend",
                     "special qual div", "special non qual div", "pr yr cash div", "pr yr div reinvest", "pr yr special div",
                     "long term cap gain", "short term cap gain", "long term cap gain reinvest", "short term cap gain reinvest",
                     "dividend", "cash in lieu", "pr yr non-qual div", "non-qual div", "substitute payment", "return of capital"),
                    Kind.DIVIDEND),
    **dict.fromkeys(("credit interest", "bank interest", "bond interest", "margin interest", "interest", "cd interest",
                     "interest paid"), Kind.INTEREST),
    **dict.fromkeys(("advisor fee", "adr mgmt fee", "service fee", "misc cash entry fee", "fee"), Kind.FEE),
    **dict.fromkeys(("foreign tax paid", "nra tax adj", "tax withholding", "nra withholding", "foreign tax reclaim"), Kind.TAX),
    **dict.fromkeys(("misc cash entry", "adjustment", "misc credits", "promotional award"), Kind.OTHER),
}  # fmt: skip
_MOVED = {
    "wire sent",
    "wire received",
    "wire funds",
    "wire funds received",
    "wire funds adj",
    "moneylink transfer",
    "moneylink deposit",
    "moneylink adj",
    "journal",
    "internal transfer",
    "funds received",
    "funds paid",
    "atm withdrawal",
    "visa purchase",
    "bank transfer",
    "schwab atm rebate",
    "check",
    "wire",
    "ach",
    "security transfer",
}
_CLOSED = {"expired": Kind.EXPIRE, "assigned": Kind.ASSIGN, "exchange or exercise": Kind.EXERCISE, "exercised": Kind.EXERCISE}
_IN_TWO = {"reverse split", "stock merger", "name change", "conversion", "cash/stock merger", "full redemption"}
_CUSIP = re.compile(r"(?=.*[0-9])[0-9A-Z]{8}[0-9]")


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as one of Schwab's."""
    return any(set(_COLUMNS) <= set(cells) or {*_CHECKING, "RunningBalance"} <= set(cells) for cells in map(split, head[:6]))


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a history. Raises Unreadable for what is none."""
    ledger, text = Ledger(ID, name), decoded(content)
    ledger.currency = "USD"
    try:
        table = grid(text, _COLUMNS, _COLUMNS)
    except ValueError:
        return _checking(ledger, text)
    for line in text.splitlines()[:3]:  # a title line may tell the account
        if found := re.search(r"account ([A-Za-z ]*[X.\u2026]+[0-9-]+)", line):
            ledger.account = found[1].strip()
    ledger.refuse(table.refused)
    pending: dict[tuple[str, str], list[Row]] = {}
    for row in table.rows:
        action = row["Action"].lower()
        if row["Date"].lower().startswith("transactions total"):
            ledger.passed([row], "the sum of the amounts above")
            with suppress(ValueError):
                ledger.stated.append(Stated(ledger.account, "sum", "USD", number(row["Amount"])))
        elif action in _IN_TWO:
            pending.setdefault((row["Date"], action), []).append(row)
        else:
            ledger.read([row], partial(_line, ledger, row))
    for rows in pending.values():
        for pair in _pairs(rows):
            ledger.read(pair, partial(_exchange, ledger, pair))
    return ledger.done()


def _day(row: Row) -> date:
    text = row["Date"]
    return day(text.split(" as of ")[-1])


def _line(ledger: Ledger, row: Row) -> None:
    action, amount, quantity = row["Action"].lower(), maybe(row["Amount"]), maybe(row["Quantity"], what="quantity")
    contract = option(row["Symbol"])
    symbol = contract.symbol if contract else row["Symbol"] or None
    shared: dict[str, Any] = {
        "symbol": symbol,
        "option": contract,
        "note": f"{row['Action']}: {row['Description']}",
        "instrument": "option" if contract else "stock" if symbol else "cash",
    }
    if action in _BUYS or action in _SELLS:
        if quantity is None or amount is None:
            raise Unreadable("a trade without quantity or amount")
        signed = abs(quantity) if action in _BUYS else -abs(quantity)
        _check_sum(ledger, row, abs(quantity), amount)
        ledger.book(
            {**_BUYS, **_SELLS}[action],
            _day(row),
            quantity=signed,
            price=maybe(row["Price"]),
            amount=amount,
            fees=some(row["Fees & Comm"]),
            **shared,
        )
    elif action in _CASH and amount is not None:
        ledger.book(_CASH[action], _day(row), amount=amount, **shared)
    elif action in _CLOSED and quantity is not None:
        if contract is None:
            raise Unreadable(f"'{row['Symbol']}' does not say which option it is")
        ledger.book(_CLOSED[action], _day(row), quantity=quantity, amount=amount or number("0"), **shared)
    elif action in {"stock split", "stock div dist", "stock dividend"} and quantity:
        ledger.book(Kind.SPLIT, _day(row), quantity=quantity, **shared)
    elif action == "spin-off" and quantity:
        ledger.note(
            f"line {row.line}: the file does not say from which company {symbol} was spun off; it is booked as received, "
            "without a cost"
        )
        ledger.book(Kind.OTHER, _day(row), quantity=quantity, **shared)
    elif quantity and not amount:
        kind = Kind.TRANSFER_IN if quantity > 0 else Kind.TRANSFER_OUT
        if action not in {"journaled shares", *_MOVED}:
            raise Unreadable(f"nothing is known of the action '{row['Action']}'")
        ledger.book(kind, _day(row), quantity=quantity, **shared)  # the price told is the day's, not the cost
    elif action in _MOVED and amount:
        ledger.book(Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL, _day(row), amount=amount, **shared | {"instrument": "cash"})
    else:
        raise Unreadable(f"nothing is known of the action '{row['Action']}'" if action else "it names no action")


def _check_sum(ledger: Ledger, row: Row, quantity: Decimal, amount: Decimal) -> None:
    """Say where quantity times price is not the amount, beyond what rounding explains."""
    price = maybe(row["Price"])
    if price is None:
        return
    size = 100 if option(row["Symbol"]) else 1
    expected = quantity * price * size
    slack = max(number("0.05"), expected / 500) + some(row["Fees & Comm"])
    if abs(abs(amount) - expected) > slack:
        ledger.note(
            f"line {row.line}: {quantity} at {price} would be {derived(expected)}, the file says {amount}; its amount is booked"
        )


def _pairs(rows: list[Row]) -> list[list[Row]]:
    """Lines of one action and day, each line that takes away beside the one that gives."""
    gone = [row for row in rows if row["Quantity"].startswith("-")]
    come = [row for row in rows if not row["Quantity"].startswith("-")]

    def likeness(one: Row, other: Row) -> int:
        words = set(one["Description"].upper().split())
        return len(words & set(other["Description"].upper().split()))

    pairs = []
    for old in gone:
        new = max(come, key=lambda row: (likeness(row, old), -abs(row.line - old.line)), default=None)
        pairs.append([new, old] if new else [old])
        come = [row for row in come if row is not new]
    return pairs + [[row] for row in come]


def _exchange(ledger: Ledger, pair: list[Row]) -> None:
    if len(pair) < 2:
        raise Unreadable("its other half, the shares given up or received, is not in this file")
    new, old = pair
    left, come = number(old["Quantity"], what="quantity"), number(new["Quantity"], what="quantity")
    money = some(old["Amount"]) + some(new["Amount"])
    note = f"{new['Action']}: {new['Description']} for {old['Description']} ({old['Symbol']})"
    if new["Action"].lower() == "reverse split":
        # The old shares stand in the account under the same ticker; the CUSIP is the name they were put aside under.
        ledger.book(
            Kind.SPLIT,
            _day(new),
            symbol=new["Symbol"],
            quantity=come + left,
            ratio=come / -left if come == -left else None,
            amount=money,
            note=note,
        )
        return
    if _CUSIP.fullmatch(old["Symbol"]):
        ledger.note(
            f"line {old.line}: the shares given up are named by the number {old['Symbol']} only ({old['Description']}); "
            "if they were booked under a ticker, change it there"
        )
    ledger.book(
        Kind.MERGER,
        _day(new),
        symbol=old["Symbol"],
        quantity=left,
        ratio=come / -left,
        other=new["Symbol"],
        amount=money,
        note=note,
    )


def _checking(ledger: Ledger, text: str) -> Parsed:
    try:
        table = grid(text, _CHECKING, _CHECKING)
    except ValueError:
        raise Unreadable("it has not the columns of a Schwab history") from None
    ledger.refuse(table.refused)
    for row in table.rows:
        ledger.read([row], partial(_bank_line, ledger, row))
    return ledger.done()


def _bank_line(ledger: Ledger, row: Row) -> None:
    if row["Status"] and row["Status"].lower() != "posted":
        ledger.skip("not posted yet")
        return
    amount = some(row["Deposit"]) - some(row["Withdrawal"])
    kind = Kind.INTEREST if row["Type"].upper() == "INTADJUST" else Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL
    ledger.book(kind, day(row["Date"]), amount=amount, instrument="cash", note=f"{row['Type']}: {row['Description']}")
