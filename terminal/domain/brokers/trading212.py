"""Trading 212: history as CSV, times in UTC. The account's currency pays; what was paid at which rate stands in the note."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import derived, instant, maybe, number, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "trading212", "Trading 212"

_COLUMNS = ("Action", "ISIN", "Ticker", "No. of shares", "Price / share")
_TOLD = ("Action", "Time", "ISIN", "Ticker", "No. of shares", "Price / share", "Total", "Currency (Total)", "Notes")
_FEES = ("Currency conversion fee", "Transaction fee", "Finra fee", "Deposit fee", "Charge amount fee")
_TAXES = ("Stamp duty reserve tax", "French transaction tax", "Stamp duty", "Ptm levy")
# Where notes and number stand in files since 2025; files that were put together have rows of both kinds.
_NEWER = (
    "Action",
    "Time",
    "ISIN",
    "Ticker",
    "Name",
    "Notes",
    "ID",
    "No. of shares",
    "Price / share",
    "Currency (Price / share)",
    "Exchange rate",
    "Result",
    "Currency (Result)",
    "Total",
    "Currency (Total)",
)
_ORDER = re.compile(r"EO[FS][0-9]+|[0-9a-f]{8}-[0-9a-f-]{27}")


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Trading 212's."""
    return any(set(_COLUMNS) <= set(split(line)) for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a history. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    try:
        table = grid(decoded(content), _COLUMNS, _TOLD)
    except ValueError:
        raise Unreadable("it has not the columns of Trading 212's history") from None
    ledger.refuse(table.refused)
    closes: dict[str, list[Row]] = {}
    for row in (_straight(row) for row in table.rows):
        action = row["Action"].lower()
        if action == "stock split close":
            closes.setdefault(row["ISIN"], []).append(row)
        elif action == "stock split open" and closes.get(row["ISIN"]):
            pair = [closes[row["ISIN"]].pop(0), row]
            ledger.read(pair, partial(_split, ledger, pair))
        else:
            ledger.read([row], partial(_line, ledger, row))
    for rows in closes.values():
        ledger.unknown(rows, "the other half of this split, the shares received, is not in this file")
    return ledger.done()


def _straight(row: Row) -> Row:
    """A row of the newer order of columns under the older header, under its own names."""
    if not _ORDER.fullmatch(row["Price / share"]):
        return row
    return Row(row.line, row.text, dict(zip(_NEWER, row.cells.values(), strict=False)), row.told_by)


def _split(ledger: Ledger, pair: list[Row]) -> None:
    old, new = (number(row["No. of shares"], what="quantity") for row in pair)
    at = instant(pair[1].first("Time", "Time (UTC)"))
    ledger.book(
        Kind.SPLIT,
        at.date(),
        at=at,
        key=pair[1]["ID"],
        symbol=_symbol(pair[1]),
        quantity=new - old,
        ratio=derived(new / old),
        currency=pair[1]["Currency (Total)"] or "EUR",
        note=f"{pair[1]['Name']} {pair[1]['ISIN']}",
    )


def _symbol(row: Row) -> str | None:
    return row["Ticker"].upper() or row["ISIN"] or None


def _line(ledger: Ledger, row: Row) -> None:
    action = row["Action"].lower()
    at = instant(row.first("Time", "Time (UTC)"))
    total = maybe(row.first("Total", "Total (EUR)", "Total (GBP)", "Total (USD)"), what="total")
    currency = row["Currency (Total)"] or next((name[7:10] for name in row.cells if name.startswith("Total (")), "")
    shared: dict[str, Any] = {
        "at": at,
        "key": row["ID"],
        "currency": currency,
        "symbol": _symbol(row),
        "note": " ".join(filter(None, (row["Action"], row["Name"], row["ISIN"], row["Notes"]))),
    }
    when, money = at.date(), shared | {"instrument": "cash", "symbol": None}
    if action.endswith((" buy", " sell")):
        _trade(ledger, row, action.endswith(" buy"), total, shared)
    elif action.startswith("dividend") and total is not None:
        withheld, where = some(row["Withholding tax"]), row["Currency (Withholding tax)"]
        note = f"{shared['note']}; withheld {withheld} {where}" if withheld else shared["note"]
        ledger.book(
            Kind.DIVIDEND, when, amount=total, taxes=withheld if where == currency else Decimal(0), **shared | {"note": note}
        )
    elif action in {"deposit", "withdrawal", "card debit", "card credit", "new card cost"} and total is not None:
        amount = -abs(total) if action in {"withdrawal", "card debit", "new card cost"} else total
        ledger.book(Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL, when, amount=amount, **money)
    elif "interest" in action and total is not None:
        ledger.book(Kind.INTEREST, when, amount=total, **money)
    elif action == "currency conversion":
        _conversion(ledger, row, money)
    elif action in {"transfer in", "transfer out"}:
        size = abs(number(row["No. of shares"], what="quantity"))
        inward = action == "transfer in"
        ledger.book(Kind.TRANSFER_IN if inward else Kind.TRANSFER_OUT, when, quantity=size if inward else -size, **shared)
    elif action in {"stock distribution", "stock dividend"}:
        ledger.note(f"line {row.line}: the file does not say for which shares {shared['symbol']} was distributed; it has no cost")
        ledger.book(
            Kind.OTHER, when, quantity=number(row["No. of shares"], what="quantity"), amount=total or Decimal(0), **shared
        )
    elif action in {"spending cashback", "result adjustment", "adjustment", "free share", "fee", "lending fee"} and total:
        ledger.book(Kind.FEE if "fee" in action else Kind.OTHER, when, amount=total, **money)
    else:
        raise Unreadable(f"nothing is known of the action '{row['Action'][:60]}'" if action else "it names no action")


def _trade(ledger: Ledger, row: Row, buys: bool, total: Decimal | None, shared: dict[str, Any]) -> None:
    size, price = abs(number(row["No. of shares"], what="quantity")), number(row["Price / share"], what="price")
    quoted, currency = row["Currency (Price / share)"], shared["currency"]
    if quoted == "GBX":
        price, quoted = price / 100, "GBP"
    if total is None:
        raise Unreadable("a trade without a total")
    fees, taxes = (
        sum((abs(some(row[name])) for name in names if row[f"Currency ({name})"] in {"", currency}), start=Decimal(0))
        for names in (_FEES, _TAXES)
    )
    note = f"{shared['note']}"
    if quoted != currency:
        note += f"; {price} {quoted}, {row['Exchange rate']} {quoted} for one {currency}"
        gross = abs(total) - fees - taxes if buys else abs(total) + fees + taxes
        price = derived(gross / size)
    at = instant(row.first("Time", "Time (UTC)"))
    ledger.book(
        Kind.BUY if buys else Kind.SELL,
        at.date(),
        quantity=size if buys else -size,
        price=price,
        amount=-abs(total) if buys else abs(total),
        fees=fees,
        taxes=taxes,
        **shared | {"note": note},
    )


def _conversion(ledger: Ledger, row: Row, money: dict[str, Any]) -> None:
    when = instant(row.first("Time", "Time (UTC)")).date()
    told = [
        (row[f"Currency conversion {part} amount"], row[f"Currency (Currency conversion {part} amount)"])
        for part in ("from", "to")
    ]
    if not all(amount and currency for amount, currency in told):
        raise Unreadable("a conversion without both of its amounts")
    for sign, (amount, currency) in zip((-1, 1), told, strict=True):
        ledger.book(Kind.FX, when, amount=sign * abs(number(amount)), **money | {"currency": currency})
