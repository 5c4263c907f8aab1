"""Interactive Brokers' activity statement as CSV: many tables in one file, each line begins with its table's name.

Its rows are put into the names of the Flex statement, whose rules then apply. Times are New York's.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from terminal.domain.brokers import flex_actions, flex_cash, flex_trades
from terminal.domain.brokers.amounts import day, number
from terminal.domain.brokers.flex_trades import Element
from terminal.domain.brokers.parsed import Ledger, Line, Parsed, Stated, Unreadable
from terminal.domain.brokers.text import decoded, named, records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ID, TITLE = "ibkr-activity", "Interactive Brokers (activity statement)"

_CATEGORIES = {
    "stocks": "STK",
    "equity and index options": "OPT",
    "forex": "CASH",
    "bonds": "BOND",
    "treasury bills": "BILL",
    "futures": "FUT",
    "options on futures": "FOP",
    "cfds": "CFD",
    "warrants": "WAR",
    "structured products": "IOPT",
    "mutual funds": "FUND",
    "funds": "FUND",
    "crypto": "CRYPTO",
    "cryptocurrencies": "CRYPTO",
}
_CASH = {
    "dividends": "Dividends",
    "withholding tax": "Withholding Tax",
    "interest": "",
    "fees": "Other Fees",
    "other fees": "Other Fees",
    "transaction fees": "Other Fees",
    "broker interest": "",
    "sales tax": "sales",
    "deposits & withdrawals": "Deposits/Withdrawals",
    "payment in lieu of dividends": "Payment In Lieu Of Dividends",
    "advisor fees": "Advisor Fees",
    "commission adjustments": "Commission Adjustments",
}
_NAMES = {
    "Date/Time": "dateTime",
    "T. Price": "tradePrice",
    "Proceeds": "proceeds",
    "Quantity": "quantity",
    "Symbol": "symbol",
    "Currency": "currency",
    "Date": "dateTime",
    "Settle Date": "dateTime",
    "Description": "description",
    "Amount": "amount",
    "Report Date": "reportDate",
    "Direction": "direction",
    "Qty": "quantity",
    "Cash Amount": "cashTransfer",
    "Type": "type",
    "Sales Tax": "salesTax",
    "Taxable Description": "taxableDescription",
}
_READ = {"trades", "corporate actions", "transfers", *_CASH}


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as an activity statement."""
    return any(
        re.match(r'"?(Statement|Account Information|Trades)"?,"?(Header|Data)"?,', line.lstrip("\ufeff")) for line in head[:10]
    )


def parse(content: bytes | str, name: str) -> Parsed:
    """Read an activity statement. Raises Unreadable for what is none."""
    ledger = Ledger(ID, name)
    headers: dict[str, tuple[str, ...]] = {}
    tables: dict[str, list[tuple[Line, dict[str, str]]]] = {}
    for line, raw, cells in records(decoded(content)):
        if isinstance(cells, Line):
            ledger.refuse([cells])
        elif len(cells) > 2 and cells[1] == "Header":
            headers[cells[0]] = named(cells[2:])
        elif len(cells) > 2 and cells[1] == "Data" and cells[0] in headers:
            values = dict(zip(headers[cells[0]], (cell.strip() for cell in cells[2:]), strict=False))
            tables.setdefault(cells[0].lower(), []).append((Line(line, raw, ""), values))
        elif len(cells) > 1 and cells[1] in {"Total", "SubTotal", "Notes"}:
            ledger.passed([_at(Line(line, raw, ""), {})], "a sum or a note of the statement")
        else:
            ledger.refuse([Line(line, raw, "it belongs to no table of an activity statement")])
    if not tables:
        raise Unreadable("no table of an activity statement is in it")
    _account(ledger, tables.pop("account information", []))
    _totals(ledger, tables)
    _read_tables(ledger, tables)
    return ledger.done()


def _at(line: Line, cells: Mapping[str, str], tag: str = "") -> Element:
    return Element(line.number, tag, {key: value for key, value in cells.items() if value}, line.text)


def _account(ledger: Ledger, rows: list[tuple[Line, dict[str, str]]]) -> None:
    for line, values in rows:
        told = values.get("Field Name", ""), values.get("Field Value", "")
        if told[0] == "Account":
            ledger.account = told[1].split(" ")[0]
        elif told[0] == "Base Currency":
            ledger.currency = told[1]
        ledger.passed([_at(line, values)], "about the account")


def _totals(ledger: Ledger, tables: Mapping[str, list[tuple[Line, dict[str, str]]]]) -> None:
    """End cash and positions, on the last day of the statement's period."""
    period = next(
        (values.get("Field Value", "") for _, values in tables.get("statement", ()) if values.get("Field Name") == "Period"), ""
    )
    begin, _, end = period.partition(" - ")
    last = day(end or begin) if period else None
    first = day(begin) if period else None
    starts = {
        values.get("Currency", ""): number(values["Total"])
        for _, values in tables.get("cash report", ())
        if values.get("Currency Summary") == "Starting Cash" and values.get("Total")
    }
    for _, values in tables.get("cash report", ()):
        currency = values.get("Currency", "")
        if values.get("Currency Summary") == "Ending Cash" and len(currency) == 3 and values.get("Total"):
            ledger.stated.append(
                Stated(ledger.account, "cash", currency, number(values["Total"]), last, starts.get(currency, number("0")), first)
            )
    for line, values in tables.get("open positions", ()):
        if values.get("DataDiscriminator", "Summary") == "Summary" and values.get("Quantity"):
            each = _trade_cells(_at(line, values, "OpenPosition"), ledger.currency)
            ledger.stated.append(
                Stated(ledger.account, "position", flex_trades.symbol_of(each) or "", number(values["Quantity"]), last)
            )


def _read_tables(ledger: Ledger, tables: Mapping[str, list[tuple[Line, dict[str, str]]]]) -> None:
    for table, rows in tables.items():
        elements = [_at(line, values) for line, values in rows]
        if table not in _READ:
            ledger.passed(elements, "this table tells nothing that is to be booked")
        elif table == "trades":
            _trades(ledger, elements)
        elif table == "corporate actions":
            flex_actions.read_actions(ledger, [_action(each) for each in elements if not _total(ledger, each)])
        else:
            for each in elements:
                if not _total(ledger, each):
                    _money(ledger, table, each)


def _total(ledger: Ledger, each: Element) -> bool:
    """Whether the row is a sum (then it is passed over)."""
    first = next(iter(each.cells.values()), "")
    if first.startswith("Total") or each["Currency"].startswith("Total"):
        ledger.passed([each], "a sum")
        return True
    return False


def _trades(ledger: Ledger, elements: list[Element]) -> None:
    kinds = {each["DataDiscriminator"] for each in elements}
    wanted = "Order" if "Order" in kinds else "Trade"
    trades = []
    for each in elements:
        if each["DataDiscriminator"] == wanted:
            trades.append(_trade_cells(each, ledger.currency))
        else:
            ledger.passed([each], "the parts or the sum of a trade")
    flex_trades.read_trades(ledger, trades)


def _trade_cells(each: Element, base: str) -> Element:
    """The row under the Flex statement's names."""
    cells = {_NAMES[key]: value for key, value in each.cells.items() if key in _NAMES}
    cells["assetCategory"] = _CATEGORIES.get(each["Asset Category"].lower(), each["Asset Category"])
    if each["Comm/Fee"]:
        cells["ibCommission"], cells["ibCommissionCurrency"] = each["Comm/Fee"], each["Currency"]
    for name in each.cells:
        if name.startswith("Comm in "):
            cells["ibCommission"], cells["ibCommissionCurrency"] = each[name], name.removeprefix("Comm in ") or base
    codes = [code.strip() for code in each["Code"].split(";")]
    cells["notes"] = ";".join(codes)
    cells["openCloseIndicator"] = "C" if "C" in codes else "O" if "O" in codes else ""
    cells["buySell"] = "SELL" if cells.get("quantity", "").startswith("-") else "BUY"
    if cells["assetCategory"] == "OPT":
        cells["multiplier"] = each["Mult"] or "100"
    return Element(each.line, "Trade", {key: value for key, value in cells.items() if value}, each.raw)


def _action(each: Element) -> Element:
    cells = {_NAMES[key]: value for key, value in each.cells.items() if key in _NAMES}
    cells["assetCategory"] = _CATEGORIES.get(each["Asset Category"].lower(), each["Asset Category"])
    inner = re.search(r"\(([^(),]+),[^()]*,\s*([A-Z0-9]+)\)\s*$", cells.get("description", ""))
    if inner:
        cells["symbol"], cells["isin"] = inner[1].strip(), inner[2]
    return Element(each.line, "CorporateAction", cells, each.raw)


def _money(ledger: Ledger, table: str, each: Element) -> None:
    cells = {_NAMES[key]: value for key, value in each.cells.items() if key in _NAMES}
    described = re.match(r"\s*([A-Z0-9 .]+?)\s*\([A-Z]{2}[A-Z0-9]{9}[0-9]\)", cells.get("description", ""))
    if described:
        cells |= {"symbol": described[1], "assetCategory": "STK"}
    if table == "transfers":
        cells["assetCategory"] = _CATEGORIES.get(each["Asset Category"].lower(), each["Asset Category"])
        moved = Element(each.line, "Transfer", cells, each.raw)
        ledger.read([moved], partial(flex_cash.book_transfer, ledger, moved))
        return
    kind = _CASH[table]
    if kind == "sales":
        taxed = Element(each.line, "SalesTax", cells | {"date": cells.get("dateTime", "")}, each.raw)
        ledger.read([taxed], partial(flex_cash.book_sales_tax, ledger, taxed))
        return
    if not kind:
        kind = "Broker Interest Paid" if cells.get("amount", "").startswith("-") else "Broker Interest Received"
    money = Element(each.line, "CashTransaction", cells | {"type": kind}, each.raw)
    ledger.read([money], partial(flex_cash.book_cash, ledger, money))
