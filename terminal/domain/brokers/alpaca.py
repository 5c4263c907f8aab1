"""Alpaca: account activities, as the JSON its interface answers or the same fields as CSV. Times are UTC."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import day, instant, maybe, number, option, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "alpaca", "Alpaca"

_COLUMNS = ("activity_type", "qty", "symbol")
_CASH = {
    "DIV": Kind.DIVIDEND,
    "DIVCGL": Kind.DIVIDEND,
    "DIVCGS": Kind.DIVIDEND,
    "DIVROC": Kind.DIVIDEND,
    "DIVTXEX": Kind.DIVIDEND,
    "DIVNRA": Kind.TAX,
    "DIVFT": Kind.TAX,
    "DIVTW": Kind.TAX,
    "DIVFEE": Kind.FEE,
    "INT": Kind.INTEREST,
    "INTNRA": Kind.TAX,
    "INTTW": Kind.TAX,
    "FEE": Kind.FEE,
    "CFEE": Kind.FEE,
    "PTC": Kind.FEE,
    "PTR": Kind.FEE,
    "REG": Kind.FEE,
    "TAF": Kind.FEE,
    "MISC": Kind.OTHER,
    "JNL": Kind.OTHER,
    "CIL": Kind.DIVIDEND,
}
_MONEY = {"CSD", "CSW", "TRANS", "JNLC", "ACATC", "CSR"}
_CLOSED = {"OPEXP": Kind.EXPIRE, "OPASN": Kind.ASSIGN, "OPEXC": Kind.EXERCISE}


@dataclass(frozen=True)
class _Activity:
    line: int
    text: str
    cells: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    def identity(self) -> tuple[str, ...]:
        return tuple(self[name] for name in ("activity_type", "date", "transaction_time", "symbol", "qty", "price", "net_amount"))


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Alpaca's activities."""
    start = "\n".join(head)[:4000].lstrip()
    return (start[:1] in {"[", "{"} and '"activity_type"' in start) or any(set(_COLUMNS) <= set(split(line)) for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read activities. Raises Unreadable for what is none."""
    ledger, text = Ledger(ID, name), decoded(content)
    ledger.currency = "USD"
    for each in _of_json(ledger, text) if text.lstrip()[:1] in {"[", "{"} else _of_csv(ledger, text):
        ledger.read([each], partial(_line, ledger, each))
    return ledger.done()


def _of_csv(ledger: Ledger, text: str) -> list[_Activity]:
    try:
        table = grid(text, _COLUMNS)
    except ValueError:
        raise Unreadable("it has not the columns of Alpaca's activities") from None
    ledger.refuse(table.refused)
    return [_Activity(row.line, row.text, row.cells) for row in table.rows]


def _of_json(ledger: Ledger, text: str) -> list[_Activity]:
    """Each object of the list, with the line it begins on; a file that breaks off gives what is whole."""
    decoder = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
    found: list[_Activity] = []
    at = text.find("[") + 1 if text.lstrip().startswith("[") else text.find("{")
    line, counted = 1, 0
    while at < len(text):
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if at >= len(text) or text[at] == "]":
            break
        line, counted = line + text.count("\n", counted, at), at
        try:
            item, end = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError):
            broken = _Activity(line, text[at : at + 200].split("\n", maxsplit=1)[0], {})
            ledger.unknown([broken], "the file breaks off or is no JSON from here on; what comes after it is not read")
            break
        raw = text[at:end]
        if isinstance(item, dict):
            found.append(_Activity(line, " ".join(raw.split())[:500], {str(key): _cell(value) for key, value in item.items()}))
        else:
            ledger.unknown([_Activity(line, raw[:200], {})], "it is no activity")
        at = end
    return found


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _line(ledger: Ledger, each: _Activity) -> None:
    kind, amount, size = each["activity_type"].upper(), maybe(each["net_amount"]), maybe(each["qty"], what="quantity")
    if each["status"] and each["status"] not in {"executed", "correct"}:
        ledger.skip(f"its status is {each['status']}")
        return
    contract = option(each["symbol"])
    symbol = contract.symbol if contract else each["symbol"].upper() or None
    crypto = bool(symbol and "/" in symbol)
    shared: dict[str, Any] = {
        "key": each["id"],
        "symbol": symbol.replace("/", "-") if symbol else None,
        "option": contract,
        "instrument": "option" if contract else "crypto" if crypto else "stock" if symbol else "cash",
        "note": each["description"] or each["activity_type"],
    }
    if kind == "FILL":
        _fill(ledger, each, shared)
        return
    when = day(each["date"] or each["transaction_time"] or each["created_at"])
    if kind in _CLOSED and size:
        ledger.book(_CLOSED[kind], when, quantity=size, amount=amount or Decimal(0), **shared)
    elif kind in {"SPLIT", "SSP"} and size:
        ledger.book(Kind.SPLIT, when, quantity=size, **shared)
    elif kind in {"JNLS", "ACATS"} and size:
        ledger.book(Kind.TRANSFER_IN if size > 0 else Kind.TRANSFER_OUT, when, quantity=size, **shared)
    elif kind in _MONEY and amount:
        ledger.book(
            Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL,
            when,
            amount=amount,
            **shared | {"symbol": None, "instrument": "cash"},
        )
    elif kind in _CASH and amount:
        ledger.book(_CASH[kind], when, amount=amount, **shared)
    elif kind in {"OPTRD"}:
        ledger.skip("the shares of an option, told again as a trade")
    else:
        raise Unreadable(f"nothing is known of the activity '{each['activity_type']}' with these fields")


def _fill(ledger: Ledger, each: _Activity, shared: dict[str, Any]) -> None:
    size, price = abs(number(each["qty"], what="quantity")), number(each["price"], what="price")
    side = each["side"].lower()
    if side not in {"buy", "sell", "sell_short", "buy_to_cover"}:
        raise Unreadable(f"nothing is known of the side '{each['side']}'")
    buys = side.startswith("buy")
    kind = {"buy": Kind.BUY, "sell": Kind.SELL, "sell_short": Kind.SHORT, "buy_to_cover": Kind.COVER}[side]
    at = instant(each["transaction_time"])
    units = size * (shared["option"].multiplier if shared["option"] else 1)
    fees = some(each["commission"])
    # The trading day is New York's; a fill of the evening is another day in UTC.
    ledger.book(
        kind,
        at.astimezone(_zone()).date(),
        at=at,
        quantity=size if buys else -size,
        price=price,
        amount=(-units if buys else units) * price - fees,
        fees=fees,
        **shared,
    )


def _zone() -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo("America/New_York")
