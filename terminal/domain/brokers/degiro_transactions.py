"""Degiro: the list of transactions as CSV (`Transactions.csv`), in any of its languages. Times are Amsterdam's.

The columns are known by their places: 19 of them, or 18 in the newer form that names the account's currency in its headings
and has a column for automatic exchange. A purchase in another currency is booked in the account's own, as Degiro
charged it: nothing else in this file says what became of the other currency.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from terminal.domain.brokers.amounts import clock, day, maybe, moment, number
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "degiro-transactions", "Degiro (list of transactions)"

_FIRST = ("date", "time", "product", "isin", "exchange", "venue", "quantity", "price", "currency", "local", "local currency")
_OLD = (*_FIRST, "value", "value currency", "rate", "fees", "fees currency", "total", "total currency", "order")
_NEW = (*_FIRST, "value", "rate", "autofx", "fees", "total", "order", "order 2")
_TOLD = ("date", "time", "isin", "quantity", "price", "currency", "total", "order", "order 2")
_NAMED = re.compile(r".*\b([A-Z]{3})")


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Degiro's list of transactions, whatever its language."""
    cells = split(head[0], ",") if head else []
    if len(cells) < 18 or "ISIN" not in cells[3].upper() or cells[8] or cells[10]:
        return False
    return (len(cells) == 19 and not cells[12] and not cells[15]) or (len(cells) == 18 and bool(_NAMED.fullmatch(cells[11])))


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a list of transactions. Raises Unreadable for what is none."""
    text = decoded(content)
    if not recognises(text.split("\n", 1)[:1], name):
        raise Unreadable("it has not the columns of Degiro's list of transactions")
    heads = split(text.split("\n", 1)[0], ",")
    places = _OLD if len(heads) == 19 else _NEW
    own = _NAMED.fullmatch(heads[11])
    ledger = Ledger(ID, name)
    table = grid(text)
    ledger.refuse(table.refused)
    for row in table.rows:
        cells = dict.fromkeys({*_OLD, *_NEW}, "") | dict(zip(places, row.cells.values(), strict=False))
        if places is _NEW and own is not None:
            cells["total currency"] = own[1]
        told = Row(row.line, row.text, cells, _TOLD)
        ledger.read([told], partial(_trade, ledger, told))
    return ledger.done()


def _trade(ledger: Ledger, row: Row) -> None:
    size, price = number(row["quantity"], "auto", "quantity"), number(row["price"], "auto", "price")
    total = number(row["total"], "auto", "total")
    value = maybe(row["value"], "auto")
    costs = -sum((each for name in ("fees", "autofx") if (each := maybe(row[name], "auto")) is not None), start=Decimal(0))
    if not size:
        raise Unreadable("it has no quantity")
    if not row["isin"]:
        raise Unreadable("it does not say of what")
    currency = row["total currency"] or row["currency"]
    if currency != row["currency"]:
        if not value:
            raise Unreadable(f"it does not say what {row['currency']} came to in {currency}")
        price = abs(value / size)
    if value is not None and abs(value - costs - total) > Decimal("0.02"):
        ledger.note(f"line {row.line}: {value} less {costs} is not the total {total}; the total is booked")
    when = day(row["date"], "day")
    ledger.book(
        Kind.BUY if size > 0 else Kind.SELL,
        when,
        at=moment(when, clock(row["time"]) if row["time"] else None, "Europe/Amsterdam"),
        row=row,
        symbol=row["isin"],
        instrument="stock",
        quantity=size,
        price=price,
        amount=total,
        fees=max(costs, Decimal(0)),
        currency=currency,
        note=" ".join(filter(None, (row["product"], row["venue"]))),
    )
