"""Degiro: the account statement as CSV, in any of its languages. Times are Amsterdam's.

The columns are known by their places, what happened by the words of the description. One order is several lines: the
trade, its fee, the exchange of currency. Money swept to and from the bank behind the account does not leave it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import clock, day, maybe, moment, number
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Row, decoded, grid, split
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "degiro", "Degiro"

_PLACES = (
    "date",
    "time",
    "value date",
    "product",
    "isin",
    "description",
    "fx",
    "currency",
    "amount",
    "balance currency",
    "balance",
    "order",
)
_TOLD = ("date", "time", "isin", "description", "currency", "amount", "order")
_BUY = "koop|buy|compra|achat|kauf|acquisto|köp|kjøp|køb|osto|kupno|nákup|aankoop"
_SELL = "verkoop|sell|venda|venta|vente|verkauf|vendita|sälj|salg|myynti|sprzedaż|prodej"
_GAP = "[ \u00a0\u202f']"
_TRADE = re.compile(
    rf"(?:(?P<why>.*?)\s*:\s*)?(?P<side>{_SELL}|{_BUY})\s+(?P<size>[0-9]{{1,3}}(?:{_GAP}[0-9]{{3}})+(?:[.,][0-9]+)?|[0-9.,]+)"
    rf"(?:\s+[^@]*?)?\s*@\s*(?P<price>[0-9]{{1,3}}(?:{_GAP}[0-9]{{3}})+(?:[.,][0-9]+)?|[0-9.,]+)\s*(?P<currency>[A-Z]{{3}})"
    r"\s*(?:\([A-Z0-9]{12}\))?",
    re.IGNORECASE,
)
_ORDER_FEE = re.compile(
    r"degiro.*(transac|courtage|third part|terceiros|terzi|transaktion)|transaktionsgeb|transactiekosten|"
    r"transaction.*(fee|cost)",
    re.IGNORECASE,
)
# The first that fits decides.
_WORDS: tuple[tuple[str, Kind | str], ...] = (
    (r"cash sweep|geldrekening bij flatex|flatex.*(bank|account).*transfer|processed flatex|"
     r"transfer (from|to) your cash account", "sweep"),
    (r"reserv(ation|ering|ierung|a) ", "reserved"),
    (r"(valuta|fx) ?(credit|debit)|divisa|w.hrungswechsel|op.ration de change|(cr.dit|d.bit|retrait).*devise|cambio|"
     r"valutav.xling", Kind.FX),
    (r"stamp duty|transaction tax|transactiebelasting|transaktionssteuer|taxe sur les transactions|tobin", Kind.TAX),
    (r"dividendbelasting|dividend ?tax|steuer|imp.{1,3}t.*dividend|imposto|retenci|ritenuta|withholding|skatt|"
     r"belasting", Kind.TAX),
    (r"kosten|\bfees?\b|frais|geb.hr|comiss|comisi|commission|\bcosti?\b|costes|custos|avgift|gebyr", Kind.FEE),
    (r"dividend|kapitaaluitkering|capital return|aussch.ttung|coupon", Kind.DIVIDEND),
    (r"fonds mon.taire|geldmarktfonds|money market|fundshare|price change", Kind.INTEREST),
    (r"\brente\b|interest|zinsen|int.r.t|interessi|intereses|juros|r.nta", Kind.INTEREST),
    (r"terugstorting|withdrawal|auszahlung|retrait|retirada|levantamento|prelievo|uttag", Kind.WITHDRAWAL),
    (r"deposit|storting|einzahlung|ingreso|versement|dep.sito|versamento|ins.ttning|ideal|sofort", Kind.DEPOSIT),
    (r"courtesy|promo|compensat|bonus|vergoeding|actie|gutschrift|rebate", Kind.OTHER),
)  # fmt: skip


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as Degiro's account statement, whatever its language."""
    cells = split(head[0], ",") if head else []
    return len(cells) == 12 and cells[4] == "ISIN" and cells[6].upper() == "FX" and not cells[8] and not cells[10]


def parse(content: bytes | str, name: str) -> Parsed:
    """Read an account statement. Raises Unreadable for what is none."""
    text = decoded(content)
    if not recognises(text.split("\n", 1)[:1], name):
        raise Unreadable("it has not the columns of a Degiro account statement")
    ledger = Ledger(ID, name)
    table = grid(text)
    ledger.refuse(table.refused)
    rows: list[Row] = []
    for row in table.rows:
        cells = dict(zip(_PLACES, row.cells.values(), strict=False))
        if not cells["date"] and rows:  # a cell too long for its line goes on in the next one
            before = rows.pop()
            joined = {key: before[key] + cells.get(key, "") for key in _PLACES}
            rows.append(Row(before.line, f"{before.text}\n{row.text}", joined, _TOLD))
        else:
            rows.append(Row(row.line, row.text, cells, _TOLD))
    _read(ledger, rows)
    return ledger.done()


def _read(ledger: Ledger, rows: list[Row]) -> None:
    trades = {id(row): found for row in rows if (found := _TRADE.fullmatch(row["description"].strip()))}
    fees: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["order"] and id(row) not in trades and _ORDER_FEE.search(row["description"]):
            fees.setdefault((row["order"], row["currency"]), []).append(row)
    orders = [(row["order"], row["currency"]) for row in rows if id(row) in trades and row["order"]]
    used: set[int] = set()
    changes: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if id(row) not in trades:
            continue
        used.add(id(row))
        if trades[id(row)]["why"]:
            changes.setdefault((row["date"], trades[id(row)]["why"].lower()), []).append(row)
            continue
        order = (row["order"], row["currency"])
        own = fees.get(order, []) if orders.count(order) == 1 else []
        used |= {id(each) for each in own}
        ledger.read([row, *own], partial(_trade, ledger, row, trades[id(row)], own))
    for (_, why), group in changes.items():
        ledger.read(group, partial(_change, ledger, why, group, trades))
    for row in rows:
        if id(row) not in used:
            ledger.read([row], partial(_line, ledger, row))


def _common(row: Row) -> dict[str, Any]:
    when = day(row["date"], "day")
    at = moment(when, clock(row["time"]) if row["time"] else None, "Europe/Amsterdam")
    return {
        "at": at,
        "row": row,
        "currency": row["currency"],
        "symbol": row["isin"] or None,
        "instrument": "stock" if row["isin"] else "cash",
        "note": f"{row['description']} {row['product']}".strip(),
    }


def _readings(text: str, decimal: str) -> list[tuple[int, Decimal]]:
    """A number; where one sign before three digits leaves it open, the other way to read it too, the less likely one with 1."""
    first = number(text, "auto", "number")
    if not re.fullmatch(r"[0-9]{1,3}[.,][0-9]{3}", text):
        return [(0, first)]
    likely = decimal in text
    return [(1 - likely, first if "," in text else Decimal(text)), (int(likely), Decimal(re.sub("[.,]", "", text)))]


def _sizes(row: Row, found: re.Match[str]) -> tuple[Decimal, Decimal]:
    """Quantity and price per unit in the line's currency; of several readings the one whose product is the amount."""
    amount = maybe(row["amount"], "auto")
    pence = Decimal(100) if found["currency"].upper() == "GBX" and row["currency"] == "GBP" else Decimal(1)
    decimal = "." if found["side"].lower() in {"buy", "sell"} else ","
    pairs = [
        (odd + strange, size, price / pence)
        for odd, size in _readings(found["size"], decimal)
        for strange, price in _readings(found["price"], decimal)
    ]
    pairs.sort(key=lambda pair: (abs(pair[1] * pair[2] - abs(amount)) if amount else 0, pair[0]))
    return pairs[0][1:]


def _trade(ledger: Ledger, row: Row, found: re.Match[str], own: list[Row]) -> None:
    size, price = _sizes(row, found)
    amount = number(row["amount"], "auto")
    buys = re.fullmatch(_BUY, found["side"], re.IGNORECASE) is not None
    if abs(abs(amount) - size * price) > max(Decimal("0.02"), size * price / 200):
        ledger.note(f"line {row.line}: {size} at {price} is not the amount {amount}; the amount is booked")
    fees = -sum((number(each["amount"], "auto") for each in own), start=Decimal(0))
    ledger.book(
        Kind.BUY if buys else Kind.SELL,
        day(row["date"], "day"),
        quantity=size if buys else -size,
        price=price,
        amount=amount - fees,
        fees=max(fees, Decimal(0)),
        **_common(row),
    )


def _change(ledger: Ledger, why: str, group: list[Row], trades: dict[int, re.Match[str]]) -> None:
    """Shares that were exchanged, split or given without money: told as a sale and a purchase at no amount."""
    sides: dict[bool, list[Row]] = {True: [], False: []}
    for row in group:
        sides[re.fullmatch(_BUY, trades[id(row)]["side"], re.IGNORECASE) is not None].append(row)
    come, gone = sides[True], sides[False]
    if re.search(r"fonds mon|geldmarkt|money market", why):
        for row in group:
            ledger.book(
                Kind.INTEREST, day(row["date"], "day"), amount=number(row["amount"], "auto"), **_common(row) | {"symbol": None}
            )
        return
    if come and not gone:
        if "dividend" not in why and "split" not in why:
            raise Unreadable("shares came, and no line of this day says for which ones")
        for row in come:
            ledger.book(Kind.SPLIT, day(row["date"], "day"), quantity=_sizes(row, trades[id(row)])[0], **_common(row))
        return
    if len(come) != 1 or len(gone) != 1:
        raise Unreadable("an exchange whose two halves are not both in this file")
    new, old = come[0], gone[0]
    got, left = _sizes(new, trades[id(new)])[0], _sizes(old, trades[id(old)])[0]
    if new["isin"] != old["isin"]:
        ledger.book(Kind.MERGER, day(old["date"], "day"), quantity=-left, ratio=got / left, other=new["isin"], **_common(old))
    elif got != left:
        ledger.book(Kind.SPLIT, day(new["date"], "day"), quantity=got - left, ratio=got / left, **_common(new))
    else:
        ledger.skip("the same shares, taken out and put back under another name")


def _line(ledger: Ledger, row: Row) -> None:
    described, amount = row["description"], maybe(row["amount"], "auto")
    kind = next((kind for words, kind in _WORDS if re.search(words, described, re.IGNORECASE)), None)
    if kind == "sweep":
        ledger.skip("money moved between the account and the bank behind it")
    elif kind == "reserved":
        ledger.skip("a deposit announced; it is booked when it has arrived")
    elif amount is None:
        raise Unreadable("it has no amount")
    elif not amount:
        ledger.skip("an amount of zero")
    elif isinstance(kind, Kind):
        if kind in {Kind.DEPOSIT, Kind.WITHDRAWAL}:
            kind = Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL
        common = _common(row)
        if kind == Kind.FX:
            rate = maybe(row["fx"], "auto", "rate")
            common |= {"symbol": None, "instrument": "cash", "price": rate}
        ledger.book(kind, day(row["date"], "day"), amount=amount, **common)
    else:
        raise Unreadable(f"nothing is known of '{described[:60]}'" if described else "it has no description")
