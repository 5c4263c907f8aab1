"""Any other CSV of transactions, read by columns whose meaning is guessed, shown and named by the user where wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal

from terminal.domain.brokers.amounts import Comma, clock, day, derived, instant, maybe, moment, option, some
from terminal.domain.brokers.parsed import Ledger, Parsed, Unreadable
from terminal.domain.brokers.text import Grid, Row, decoded, grid
from terminal.domain.portfolio.transactions import INSTRUMENTS, TRADES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

ID, TITLE = "csv", "CSV with your own columns"

# The column names that are understood at once, in lower case without signs; the first field that claims a column gets it.
FIELDS: dict[str, tuple[str, ...]] = {
    "date": ("date", "trade date", "tradedate", "transaction date", "activity date", "run date", "datum", "fecha", "data",
             "buchungstag",
             "datetime", "timestamp", "date time", "time stamp", "executed at", "date utc"),
    "time": ("time", "trade time", "uhrzeit", "tijd", "hora", "heure"),
    "kind": ("type", "action", "transaction type", "activity type", "transaction", "side", "buy sell", "buysell", "trans code",
             "typ",
             "operation", "event", "kind"),
    "symbol": ("symbol", "ticker", "instrument", "security", "asset", "instrument symbol", "stock", "underlying"),
    "isin": ("isin", "identifier", "instrument isin", "security id"),
    "quantity": ("quantity", "qty", "shares", "units", "no of shares", "number of shares", "amount of shares", "stück",
                 "anzahl", "aantal",
                 "cantidad", "quantité", "quantity transacted", "filled qty", "volume"),
    "price": ("price", "price per share", "trade price", "unit price", "price share", "execution price", "avg price",
              "average price", "kurs",
              "preis", "koers", "precio", "prix", "share price", "fill price"),
    "amount": ("amount", "net amount", "total", "total amount", "value", "net cash", "net proceeds", "proceeds", "betrag",
               "bedrag", "importe",
               "montant", "gross amount", "cash amount", "net value"),
    "fees": ("fees", "fee", "commission", "commissions", "fees comm", "fees commissions", "commission fees", "gebühren",
             "gebühr", "kosten",
             "frais", "comisión", "ib commission", "charges", "brokerage"),
    "taxes": ("tax", "taxes", "withholding tax", "steuer", "steuern", "belasting", "taxe", "impuesto"),
    "currency": ("currency", "currency code", "ccy", "währung", "valuta", "devise", "moneda", "price currency",
                 "currencyprimary"),
    "fx_rate": ("fx rate", "exchange rate", "fxrate", "wechselkurs", "wisselkoers", "conversion rate"),
    "account": ("account", "account number", "account id", "account name", "konto", "depot", "portfolio"),
    "id": ("id", "transaction id", "order id", "trade id", "reference", "execution id", "ref", "transactionid"),
    "instrument": ("asset class", "instrument type", "asset type", "security type", "assetclass"),
    "note": ("description", "note", "notes", "name", "memo", "comment", "beschreibung", "bezeichnung", "omschrijving"),
}  # fmt: skip
REQUIRED = ("date",)
# Words that say what a line is; whole words, the longest first. The user's own come before them.
WORDS: dict[str, Kind] = {
    "buy to open": Kind.BUY, "buy to close": Kind.COVER, "buy to cover": Kind.COVER, "sell to open": Kind.SHORT,
    "sell to close": Kind.SELL, "sell short": Kind.SHORT, "short": Kind.SHORT, "cover": Kind.COVER,
    **dict.fromkeys(("buy", "bought", "purchase", "kauf", "koop", "compra", "achat", "acquisto", "reinvest shares",
                     "reinvestment", "b", "bot"),
                    Kind.BUY),
    **dict.fromkeys(("sell", "sold", "sale", "verkauf", "verkoop", "venta", "venda", "vente", "vendita", "s", "sld"), Kind.SELL),
    **dict.fromkeys(("dividend", "dividends", "dividende", "div", "distribution", "dividendo"), Kind.DIVIDEND),
    **dict.fromkeys(("interest", "zinsen", "rente", "intérêts", "interés", "coupon"), Kind.INTEREST),
    **dict.fromkeys(("withholding tax", "tax", "steuer", "belasting", "dividendbelasting"), Kind.TAX),
    **dict.fromkeys(("fee", "fees", "commission", "custody fee", "gebühr", "kosten", "frais"), Kind.FEE),
    **dict.fromkeys(("deposit", "cash in", "top up", "einzahlung", "storting", "contribution", "funding"), Kind.DEPOSIT),
    **dict.fromkeys(("withdrawal", "withdraw", "cash out", "auszahlung", "terugstorting"), Kind.WITHDRAWAL),
    **dict.fromkeys(("transfer in", "transferin", "receive", "received"), Kind.TRANSFER_IN),
    **dict.fromkeys(("transfer out", "transferout", "send", "sent"), Kind.TRANSFER_OUT),
    **dict.fromkeys(("split", "stock split"), Kind.SPLIT), **dict.fromkeys(("staking", "reward", "rewards"), Kind.STAKING),
    "expired": Kind.EXPIRE, "expiration": Kind.EXPIRE, "assigned": Kind.ASSIGN, "assignment": Kind.ASSIGN,
    "exercise": Kind.EXERCISE,
    "exercised": Kind.EXERCISE,
}  # fmt: skip
_SIZED = {*TRADES, Kind.TRANSFER_IN, Kind.TRANSFER_OUT, Kind.SPLIT, Kind.STAKING, Kind.EXPIRE, Kind.ASSIGN, Kind.EXERCISE}


@dataclass(frozen=True)
class Mapped:
    """How a file is read. `columns` is column to field ("" leaves one out), `words` the file's words to kinds.

    `dates`: whether 03/04 begins with the month or the day, "" guesses; `comma` likewise. `currency` where no column
    tells it, `zone` of the times.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    dates: Literal["month", "day", ""] = ""
    comma: Comma | Literal[""] = ""
    currency: str = ""
    zone: str = "UTC"


def guess(columns: tuple[str, ...], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Column to field: by its name, then as the user says. Raises Unreadable for a column or field that does not exist."""
    plain = {name: " ".join(re.findall(r"\w+", name.lower())) for name in columns}
    found: dict[str, str] = {}
    for wanted, names in FIELDS.items():
        for spelling in names:
            match = next((name for name in columns if plain[name] == spelling and name not in found), None)
            if match is not None:
                found[match] = wanted
                break
    for column, wanted in (given or {}).items():
        name = next((each for each in columns if each.lower() == column.strip().lower()), None)
        if name is None:
            raise Unreadable(f"it has no column '{column}'; it has: {', '.join(columns)}")
        if wanted and wanted not in FIELDS:
            raise Unreadable(f"'{wanted}' is no field; the fields are: {', '.join(FIELDS)}")
        found = {each: meaning for each, meaning in found.items() if each != name and meaning != wanted}
        if wanted:
            found[name] = wanted
    return found


def parse(content: bytes | str, name: str, mapping: Mapped | None = None) -> Parsed:
    """Read any CSV of transactions. Raises Unreadable when no column tells the day, or the mapping does not fit."""
    chosen = mapping or Mapped()
    text = decoded(content)
    try:
        table = grid(text, tuple(chosen.columns))
    except ValueError as problem:
        raise Unreadable(f"{problem}: {', '.join(chosen.columns)}" if chosen.columns else "no line names the columns") from None
    fields = guess(table.columns, chosen.columns)
    missing = [wanted for wanted in REQUIRED if wanted not in fields.values()]
    if missing or not {"amount", "quantity"} & set(fields.values()):
        raise Unreadable(
            f"no column is its {missing[0] if missing else 'amount or quantity'}; it has: {', '.join(table.columns)}"
        )
    words = dict(WORDS)
    for word, kind in chosen.words.items():
        if kind not in {*Kind, ""}:
            raise Unreadable(f"'{kind}' is no kind of transaction; there are: {', '.join(Kind)}")
        words[word.strip().lower()] = Kind(kind) if kind else Kind.OTHER
    ledger = Ledger(ID, name)
    ledger.currency = chosen.currency
    ledger.note("columns: " + ", ".join(f"{column} = {wanted}" for column, wanted in fields.items()))
    ledger.refuse(table.refused)
    by_field = {wanted: column for column, wanted in fields.items()}
    reading = _Reading(ledger, by_field, words, _comma(table, by_field, chosen), _dates(ledger, table, by_field, chosen), chosen)
    for row in table.rows:
        own = Row(row.line, row.text, row.cells, tuple(fields))
        ledger.read([own], partial(_line, reading, own))
    return ledger.done()


@dataclass(frozen=True)
class _Reading:
    ledger: Ledger
    columns: Mapping[str, str]
    words: Mapping[str, Kind]
    comma: Comma
    dates: Literal["month", "day"]
    chosen: Mapped

    def cell(self, row: Row, wanted: str) -> str:
        return row[self.columns[wanted]] if wanted in self.columns else ""


def _comma(table: Grid, columns: Mapping[str, str], chosen: Mapped) -> Comma:
    if chosen.comma:
        return chosen.comma
    numbers = [
        row[columns[name]] for row in table.rows[:500] for name in ("quantity", "price", "amount", "fees") if name in columns
    ]
    decimals = sum(bool(re.search(r",(\d{1,2}|\d{4,})\D*$", text)) for text in numbers)
    return "decimal" if decimals > sum(bool(re.search(r"\.\d+\D*$", text)) for text in numbers) else "group"


def _dates(ledger: Ledger, table: Grid, columns: Mapping[str, str], chosen: Mapped) -> Literal["month", "day"]:
    """Month or day first: by a number above twelve, else the month, and that is said."""
    if chosen.dates:
        return chosen.dates
    pairs = [
        found.groups() for row in table.rows if (found := re.match(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]", row[columns["date"]]))
    ]
    firsts, seconds = any(int(one) > 12 for one, _ in pairs), any(int(two) > 12 for _, two in pairs)
    if firsts and not seconds:
        return "day"
    if pairs and not seconds:
        ledger.note("the dates do not say whether month or day comes first: the month is taken")
    return "month"


def _line(reading: _Reading, row: Row) -> None:
    numbers = {name: maybe(reading.cell(row, name), reading.comma, name) for name in ("quantity", "price", "amount", "fx_rate")}
    quantity, price, amount = numbers["quantity"], numbers["price"], numbers["amount"]
    fees, taxes = (abs(some(reading.cell(row, name), reading.comma, name)) for name in ("fees", "taxes"))
    kind = _kind(reading, row, quantity, amount)
    contract = option(reading.cell(row, "symbol"))
    symbol = contract.symbol if contract else (reading.cell(row, "symbol") or reading.cell(row, "isin")).upper() or None
    if kind in _SIZED and quantity is not None:
        going = kind in {Kind.SELL, Kind.SHORT, Kind.TRANSFER_OUT}
        coming = kind in {Kind.BUY, Kind.COVER, Kind.TRANSFER_IN, Kind.STAKING}
        quantity = -abs(quantity) if going else abs(quantity) if coming else quantity
    if kind in TRADES:
        if not quantity or (price is None and amount is None):
            raise Unreadable("a trade without quantity, or without price and amount")
        units = abs(quantity) * (contract.multiplier if contract else 1)
        if amount is None:
            gross = units * (price or Decimal(0))
            amount = -(gross + fees + taxes) if quantity > 0 else gross - fees - taxes
        else:
            amount = -abs(amount) if quantity > 0 else abs(amount)
        if price is None:
            price = derived((abs(amount) - (fees + taxes) * (1 if quantity > 0 else -1)) / units)
    elif kind in {Kind.FEE, Kind.TAX, Kind.WITHDRAWAL} and amount is not None:
        amount = -abs(amount) if kind == Kind.WITHDRAWAL or amount > 0 else amount
    elif kind in {Kind.SPLIT, Kind.TRANSFER_IN, Kind.TRANSFER_OUT, Kind.STAKING} and quantity is not None:
        amount = Decimal(0)
    currency = (reading.cell(row, "currency") or reading.chosen.currency or "USD").upper()
    told = reading.cell(row, "instrument").lower()
    instrument = "option" if contract else told if told in INSTRUMENTS else "stock" if symbol else "cash"
    when, at = _moment(reading, row)
    reading.ledger.book(
        kind,
        when,
        at=at,
        key=reading.cell(row, "id"),
        symbol=symbol,
        quantity=quantity if kind in _SIZED or kind == Kind.OTHER else None,
        price=price if kind in _SIZED else None,
        amount=amount or Decimal(0),
        fees=fees,
        taxes=taxes,
        currency=currency,
        fx_rate=numbers["fx_rate"],
        instrument=instrument,
        option=contract,
        account=reading.cell(row, "account"),
        note=reading.cell(row, "note"),
    )


def _kind(reading: _Reading, row: Row, quantity: Decimal | None, amount: Decimal | None) -> Kind:
    told = " ".join(reading.cell(row, "kind").lower().replace("_", " ").split())
    if told in reading.words:
        return reading.words[told]
    for word in sorted(reading.words, key=len, reverse=True):
        if len(word) > 1 and told and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", told):
            return reading.words[word]
    if told:
        raise Unreadable(f"'{told[:40]}' is no kind of transaction that is known; say what it is")
    if quantity:
        return Kind.BUY if quantity > 0 else Kind.SELL
    if amount:
        return Kind.DEPOSIT if amount > 0 else Kind.WITHDRAWAL
    raise Unreadable("it says neither what it is nor how much")


def _moment(reading: _Reading, row: Row) -> tuple[date, datetime]:
    """The day in the zone of the file, and the moment as UTC."""
    text, time = reading.cell(row, "date"), reading.cell(row, "time")
    when = day(text, reading.dates)
    rest = re.split(r"[ T]", text.strip(), maxsplit=1)
    if time:
        return when, moment(when, clock(time), reading.chosen.zone)
    if len(rest) == 2 and ":" in rest[1]:
        offset = re.search(r"(Z|UTC|[+-][0-9]{2}:?[0-9]{2})$", rest[1])
        return when, instant(f"{when.isoformat()}T{rest[1]}") if offset else moment(when, clock(rest[1]), reading.chosen.zone)
    return when, moment(when)
