"""Tradovate: paired trades of futures as CSV. A pair settles in money, so its result is booked; commissions are not told."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from terminal.domain.brokers.amounts import day, instant, number
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "tradovate", "Tradovate"

_COLUMNS = ("Pair ID", "Contract", "Paired Qty", "Buy Price", "Sell Price", "P/L", "Bought Timestamp", "Sold Timestamp")


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Tradovate's."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read paired trades. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    try:
        table = grid(decoded(content), _COLUMNS, _COLUMNS)
    except ValueError:
        raise Unreadable("it has not the columns of Tradovate's paired trades") from None
    ledger.refuse(table.refused)
    ledger.note("futures are booked by the money each pair of trades won or lost; the file tells no commissions")
    for row in table.rows:
        ledger.read([row], partial(_line, ledger, row))
    return ledger.done()


def _line(ledger: Ledger, row: Row) -> None:
    amount = number(row["P/L"])
    if not amount:
        ledger.skip("a pair that neither won nor lost")
        return
    # The file does not tell its zone; the exchange's is taken.
    at = max(instant(row[name], "America/Chicago") for name in ("Bought Timestamp", "Sold Timestamp"))
    ledger.book(
        Kind.OTHER,
        day(row["Trade Date"]),
        at=at,
        key=row["Pair ID"],
        account=row["Account"],
        amount=amount,
        currency=row["Currency"] or "USD",
        symbol=None,
        instrument="cash",
        note=f"{row['Contract']}: {row['Paired Qty']} bought at {row['Buy Price']}, sold at {row['Sell Price']}",
    )
