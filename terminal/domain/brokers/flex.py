"""Interactive Brokers' Flex statements: XML, and the same trades as CSV.

The broker's reference: "Flex Queries", sections Trades, Cash Transactions, Corporate Actions, Transfers, Sales Taxes,
Cash Report and Open Positions. Times are New York's. The file may come from anybody: a document type (and with it any
entity) is refused, and nothing outside the file is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from xml.parsers import expat

from terminal.domain.brokers import flex_actions, flex_cash, flex_trades
from terminal.domain.brokers.amounts import day, maybe, number
from terminal.domain.brokers.flex_trades import Element
from terminal.domain.brokers.parsed import Ledger, Line, Parsed, Stated, Unreadable
from terminal.domain.brokers.text import decoded, grid, split

if TYPE_CHECKING:
    from collections.abc import Sequence

ID, TITLE = "ibkr-flex", "Interactive Brokers (Flex statement)"

# Sections that tell again what others book, or announce what has not happened yet.
_TELL = {
    "FxTransaction": "how currency was converted is told by the trades",
    "StatementOfFundsLine": "the sections of their own tell it",
    "ChangeInDividendAccrual": "a dividend announced, not paid", "OpenDividendAccrual": "a dividend announced, not paid",
    "ConversionRate": "an exchange rate", "SecurityInfo": "a description", "PriorPeriodPosition": "an earlier position",
    "EquitySummaryByReportDateInBase": "a value", "ChangeInPositionValue": "a value", "ChangeInNAV": "a value",
    "FIFOPerformanceSummaryUnderlying": "a result", "MTMPerformanceSummaryUnderlying": "a result",
    "MTDYTDPerformanceSummaryUnderlying": "a result", "InterestAccrualsCurrency": "interest accrued, not paid",
    "TierInterestDetail": "how interest was calculated", "HardToBorrowDetail": "how interest was calculated",
    "AssetSummary": "a sum of trades", "SymbolSummary": "a sum of trades", "Order": "a sum of trades", "Lot": "a lot of a trade",
    "WashSale": "a wash sale, for the tax return", "NetStockPosition": "a position", "FxPosition": "a position",
    "FxLot": "a position", "ComplexPosition": "a position", "UnbookedTrade": "a trade not settled",
    "TradeConfirm": "a trade's parts",
    "UnbundledCommissionDetail": "the parts of a commission", "RoutingCommission": "the parts of a commission",
    "CommissionCredit": "the parts of a commission", "TransactionTax": "the tax is in the trade",
    "SLBOpenContract": "a loan of shares",
    "OptionEAE": "the trades tell what was exercised, assigned or expired", "SLBActivity": "a loan of shares",
    "SLBFee": "cash transactions tell the fee",
}  # fmt: skip
_CSV_NAMES = {
    "ClientAccountID": "accountId", "CurrencyPrimary": "currency", "AssetClass": "assetCategory", "FXRateToBase": "fxRateToBase",
    "ISIN": "isin", "CUSIP": "cusip", "Put/Call": "putCall", "Buy/Sell": "buySell", "IBCommission": "ibCommission",
    "IBCommissionCurrency": "ibCommissionCurrency", "Open/CloseIndicator": "openCloseIndicator", "Notes/Codes": "notes",
    "IBExecID": "ibExecID", "TradeID": "tradeID", "TransactionID": "transactionID", "SecurityID": "securityID",
    "OrigTradeID": "origTradeID", "IBOrderID": "ibOrderID", "CostBasis": "cost",
}  # fmt: skip
_CSV_NEEDED = ("Buy/Sell", "Quantity", "TradePrice", "CurrencyPrimary")
_DEEPEST = 30


@dataclass
class _Statement:
    account: str
    elements: list[Element]
    currency: str = ""


def recognises(head: Sequence[str], name: str) -> bool:
    """Whether the file begins as a Flex statement, or as the CSV of Flex trades."""
    if any("<FlexQueryResponse" in line or "<FlexStatement" in line for line in head[:20]):
        return True
    return any({name.lower() for name in _CSV_NEEDED} <= {cell.lower() for cell in split(line)} for line in head[:3])


def parse(content: bytes | str, name: str) -> Parsed:
    """Read a Flex statement (XML or CSV of trades). Raises Unreadable for what is neither."""
    start = content[:2000].decode("utf-8", "replace") if isinstance(content, bytes) else content[:2000]
    if "<" not in start.lstrip("\ufeff \r\n\t")[:1]:
        return _parse_csv(decoded(content), name)
    ledger = Ledger(ID, name)
    statements, cut = _elements(content.encode() if isinstance(content, str) else content)
    for statement in statements:
        ledger.account, ledger.currency = statement.account, statement.currency or "USD"
        _read_statement(ledger, statement)
    if cut:
        ledger.refuse([cut])
    if len({statement.currency for statement in statements}) > 1 or not any(each.currency for each in statements):
        ledger.currency = ""
    ledger.account = statements[0].account if len(statements) == 1 else ""
    return ledger.done()


def _elements(content: bytes) -> tuple[list[_Statement], Line | None]:
    """The statements with their elements; a Line where a broken file ends."""
    statements: list[_Statement] = []
    path: list[str] = []
    outside = {"currency": ""}
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise Unreadable("it declares a document type, which no broker's file does: it is not read")

    def start(tag: str, attributes: dict[str, str]) -> None:
        path.append(tag)
        if len(path) > _DEEPEST:
            raise Unreadable("it is nested too deeply to be a statement")
        if tag == "FlexStatement":
            statements.append(_Statement(attributes.get("accountId", ""), [], outside["currency"]))
        elif tag == "AccountInformation":
            if statements and "FlexStatement" in path:
                statements[-1].currency = attributes.get("currency", "")
            else:
                outside["currency"] = attributes.get("currency", "")
        elif statements and attributes and "FlexStatement" in path:
            statements[-1].elements.append(
                Element(parser.CurrentLineNumber, tag, {key: value for key, value in attributes.items() if value})
            )

    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: path.pop()
    try:
        parser.Parse(content, True)
    except expat.ExpatError as problem:
        if not statements:
            raise Unreadable(
                f"it is no statement: {expat.errors.messages.get(problem.code, 'malformed')} (line {problem.lineno})"
            ) from None
        what = expat.errors.messages.get(problem.code, "malformed")
        return statements, Line(problem.lineno, "", f"the file breaks off here ({what}); what comes after it is not read")
    if not statements:
        raise Unreadable("there is no FlexStatement in it")
    return statements, None


def _read_statement(ledger: Ledger, statement: _Statement) -> None:
    elements = statement.elements
    detailed = {each.tag for each in elements if each["levelOfDetail"] == "DETAIL"}
    flex_trades.read_trades(ledger, [each for each in elements if each.tag == "Trade"])
    flex_actions.read_actions(ledger, [each for each in elements if each.tag == "CorporateAction"])
    reports = [each for each in elements if each.tag == "CashReportCurrency"]
    used = {each["currency"] for each in elements if each.tag in {"Trade", "CashTransaction"}}
    if len(reports) == 1 and used <= {ledger.currency}:
        reports[0].cells["currency"] = ledger.currency  # of one currency only: the sum in base currency is its cash
    for each in elements:
        if each.tag in {"Trade", "CorporateAction"}:
            continue
        if each.tag == "CashTransaction":
            if each["levelOfDetail"] == "SUMMARY" and each.tag in detailed:
                ledger.passed([each], "a sum of the details beside it")
            else:
                ledger.read([each], partial(flex_cash.book_cash, ledger, each))
        elif each.tag == "SalesTax":
            ledger.read([each], partial(flex_cash.book_sales_tax, ledger, each))
        elif each.tag == "Transfer":
            ledger.read([each], partial(flex_cash.book_transfer, ledger, each))
        elif each.tag in {"OpenPosition", "CashReportCurrency"}:
            _stated(ledger, each)
        elif each.tag in _TELL or each.tag.endswith(("s", "Summary", "InBase")):
            ledger.passed([each], _TELL.get(each.tag, "a heading"))
        else:
            ledger.unknown([each], f"nothing is known of the section {each.tag}")


def _stated(ledger: Ledger, each: Element) -> None:
    try:
        if each.tag == "OpenPosition":
            if each["levelOfDetail"] not in {"SUMMARY", ""}:
                ledger.passed([each], "a lot of a position")
                return
            ledger.stated.append(
                Stated(
                    ledger.account,
                    "position",
                    flex_trades.symbol_of(each) or each["symbol"],
                    number(each["position"]),
                    day(each["reportDate"]),
                )
            )
        elif each["currency"] != "BASE_SUMMARY":
            ledger.stated.append(
                Stated(
                    ledger.account,
                    "cash",
                    each["currency"],
                    number(each["endingCash"]),
                    day(each["toDate"]),
                    maybe(each["startingCash"]),
                    day(each["fromDate"]),
                )
            )
        ledger.passed([each], "a total, compared with what is booked")
    except ValueError as problem:
        ledger.unknown([each], f"a total that cannot be read: {problem}")


def _parse_csv(text: str, name: str) -> Parsed:
    ledger = Ledger(ID, name)
    try:
        table = grid(text, _CSV_NEEDED)
    except ValueError:
        raise Unreadable(f"it has no columns {', '.join(_CSV_NEEDED)}") from None
    ledger.refuse(table.refused)
    trades = []
    for row in table.rows:
        cells = {_CSV_NAMES.get(key, key[:1].lower() + key[1:]): value for key, value in row.cells.items() if value}
        cells.setdefault("assetCategory", "STK" if cells.get("symbol") or cells.get("isin") else "")
        trades.append(Element(row.line, "Trade", cells, row.text))
    accounts = {each["accountId"] for each in trades}
    ledger.account = accounts.pop() if len(accounts) == 1 else ""
    flex_trades.read_trades(ledger, trades)
    return ledger.done()
