"""Trades of a Flex statement: shares, options, bonds, currencies; exercised, assigned, expired, cancelled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.brokers.amounts import clock, day, derived, maybe, moment, number, option, some
from terminal.domain.brokers.parsed import Ledger, Unreadable
from terminal.domain.portfolio.transactions import Instrument, Kind, Option

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

_INSTRUMENTS: dict[str, Instrument] = {
    "STK": "stock",
    "OPT": "option",
    "BOND": "bond",
    "BILL": "bond",
    "FUND": "fund",
    "CASH": "cash",
    "CRYPTO": "crypto",
    "WAR": "stock",
    "IOPT": "stock",
}
_BY_MARGIN = {
    "FUT": "futures",
    "CFD": "contracts for difference",
    "FOP": "options on futures",
    "CMDTY": "spot metals",
    "FSFOP": "options on futures",
    "FSOPT": "options on futures",
}
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Element:
    """One element of the statement with its line and its attributes that say something."""

    line: int
    tag: str
    cells: dict[str, str]
    raw: str = ""

    @property
    def text(self) -> str:
        """The element as it stands in the file, without its empty attributes."""
        cells = " ".join(f'{name}="{value}"' for name, value in self.cells.items())
        return self.raw or f"<{self.tag} {cells}/>"

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    def identity(self) -> tuple[str, ...]:
        """What an element without an id is known by."""
        return (
            self.tag,
            *(
                self[name]
                for name in (
                    "assetCategory",
                    "symbol",
                    "isin",
                    "conid",
                    "currency",
                    "dateTime",
                    "tradeDate",
                    "tradeTime",
                    "date",
                    "reportDate",
                    "quantity",
                    "tradePrice",
                    "cost",
                    "tradeMoney",
                    "amount",
                    "proceeds",
                    "type",
                    "buySell",
                    "tradeID",
                    "description",
                    "direction",
                    "cashTransfer",
                )
            ),
        )

    def key(self, section: str) -> str:
        """The broker's id of it, or "" where the query did not ask for one."""
        return next(
            (f"{section}{self[name]}" for name in ("transactionID", "transactionId") if self[name] not in {"", "N/A", "0"}), ""
        )


def read_trades(ledger: Ledger, trades: Sequence[Element]) -> None:
    """Book executions; a cancelled one and its cancellation, both in this file, book nothing."""
    cancelled = {each["origTransactionID"] or each["origTradeID"] for each in trades if _cancels(each)}
    original = {
        number: each
        for each in trades
        for number in (each["transactionID"], each["tradeID"])
        if number in cancelled
        and number not in {"", "0"}
        and not _cancels(each)
        and each["quantity"].lstrip("-") in {other["quantity"].lstrip("-") for other in trades if _cancels(other)}
    }
    for each in trades:
        if each["levelOfDetail"] not in {"", "EXECUTION"}:
            ledger.passed([each], "a sum of trades")
        elif _cancels(each) and (each["origTransactionID"] in original or each["origTradeID"] in original):
            ledger.passed([each], "cancels a trade of this file: neither is booked")
        elif any(each is one for one in original.values()):
            ledger.passed([each], "cancelled by another line of this file: neither is booked")
        else:
            ledger.read([each], partial(_trade, ledger, each))


def _cancels(each: Element) -> bool:
    return each["transactionType"] == "TradeCancel" or "(Ca." in each["buySell"]


def _trade(ledger: Ledger, each: Element) -> None:
    category = each["assetCategory"]
    if _cancels(each):
        raise Unreadable(
            f"it cancels the trade {each['origTransactionID'] or each['origTradeID']}, which is not in this file: "
            "take that one out of the account"
        )
    if category in _BY_MARGIN:
        raise Unreadable(f"{_BY_MARGIN[category]} are settled by margin and are not kept")
    if category == "CASH":
        _currencies(ledger, each)
        return
    if category not in _INSTRUMENTS:
        raise Unreadable(
            f"nothing is known of the asset category '{category}'"
            if category
            else "it has neither symbol nor ISIN: a trade of currencies does not say here which one was traded; "
            "add Symbol and AssetClass to the query"
        )
    _security(ledger, each)


def _security(ledger: Ledger, each: Element) -> None:
    quantity = number(each["quantity"], what="quantity")
    side = each["buySell"].upper()
    if side.startswith("SELL") and quantity > 0:
        quantity = -quantity
    contract, currency, multiplier = option_of(each), each["currency"], maybe(each["multiplier"]) or Decimal(1)
    commission, taxes = some(each["ibCommission"]), some(each["taxes"])
    own = (each["ibCommissionCurrency"] or currency) == currency
    inside = commission if own else Decimal(0)
    gross, price = _gross(each, quantity, multiplier, inside)
    amount = maybe(each["netCash"])
    if amount is None or not own:
        amount = gross + inside + taxes
    elif abs(amount - (gross + inside + taxes)) > _CENT:
        ledger.note(
            f"line {each.line}: the net cash {amount} is not proceeds, commission and taxes together ({gross + inside + taxes}); "
            "the net cash is booked"
        )
    kind = _kind(each, quantity, contract)
    closed = kind in {Kind.EXPIRE, Kind.ASSIGN, Kind.EXERCISE}
    ledger.book(
        kind,
        day_of(each),
        at=instant_of(each),
        key=each.key("T"),
        symbol=symbol_of(each),
        quantity=quantity,
        price=None if closed else price,
        amount=amount,
        fees=max(-inside, Decimal(0)),
        taxes=max(-taxes, Decimal(0)),
        currency=currency,
        fx_rate=maybe(each["fxRateToBase"]),
        instrument=instrument_of(each),
        option=contract,
        note=_note(each),
    )
    if not own and commission:
        ledger.book(
            Kind.FEE,
            day_of(each),
            at=instant_of(each),
            key=each.key("T"),
            amount=commission,
            symbol=symbol_of(each),
            currency=each["ibCommissionCurrency"],
            note="commission",
            instrument=instrument_of(each),
        )


def _gross(each: Element, quantity: Decimal, multiplier: Decimal, commission: Decimal) -> tuple[Decimal, Decimal]:
    """Proceeds (negative for a purchase) and price per unit, each from what the query asked for."""
    price, proceeds, money = maybe(each["tradePrice"]), maybe(each["proceeds"]), maybe(each["tradeMoney"])
    if proceeds is None and money is not None:
        proceeds = -abs(money) if quantity > 0 else abs(money)
    if proceeds is None and price is not None:
        proceeds = -price * quantity * multiplier
    if proceeds is None:
        cost = maybe(each["cost"])  # with the commission in it
        if cost is None or quantity <= 0:
            raise Unreadable("neither price nor proceeds are told")
        proceeds = -(cost + commission)
    if price is None:
        price = derived(abs(proceeds / (quantity * multiplier))) if quantity else Decimal(0)
    return proceeds + 0, price


def _kind(each: Element, quantity: Decimal, contract: Option | None) -> Kind:
    codes = {code.strip() for code in re.split("[;,]", each["notes"])}
    if contract is not None:
        if "A" in codes:
            return Kind.ASSIGN
        if "Ex" in codes:
            return Kind.EXERCISE
        if "Ep" in codes:
            return Kind.EXPIRE
    closes, opens = each["openCloseIndicator"].startswith("C"), each["openCloseIndicator"] == "O"
    if quantity > 0:
        return Kind.COVER if closes else Kind.BUY
    return Kind.SHORT if opens else Kind.SELL


def _currencies(ledger: Ledger, each: Element) -> None:
    """Two bookings: EUR.USD sold is fewer EUR (the quantity) and more USD (the proceeds)."""
    base, _, against = each["symbol"].partition(".")
    quantity, currency = number(each["quantity"], what="quantity"), each["currency"]
    proceeds = maybe(each["proceeds"])
    if proceeds is None:
        proceeds = -quantity * number(each["tradePrice"], what="price")
    if len(base) != 3 or (against and against != currency):
        raise Unreadable(f"'{each['symbol']}' does not say which currencies were traded")
    fee, charged = some(each["ibCommission"]), each["ibCommissionCurrency"] or currency
    shared: dict[str, Any] = {
        "at": instant_of(each),
        "key": each.key("T"),
        "instrument": "cash",
        "price": maybe(each["tradePrice"]),
        "note": each["symbol"],
    }
    rate = maybe(each["fxRateToBase"])
    ledger.book(Kind.FX, day_of(each), amount=quantity, currency=base, **shared)
    ledger.book(Kind.FX, day_of(each), amount=proceeds, currency=currency, fx_rate=rate, **shared)
    if fee:
        ledger.book(
            Kind.FEE,
            day_of(each),
            at=instant_of(each),
            key=each.key("T"),
            amount=fee,
            currency=charged,
            instrument="cash",
            note=f"commission {each['symbol']}",
        )


def day_of(each: Element) -> date:
    """The trading day."""
    return day(each["tradeDate"] or each["dateTime"] or each["date"] or each["reportDate"])


def instant_of(each: Element) -> datetime:
    """When it happened; the midnight of its day when only that is told."""
    stamp = each["dateTime"] or each["tradeDate"] or each["date"] or each["reportDate"]
    parts = [part for part in re.split(r"[;,\sT]+", stamp) if part]
    at = parts[1] if len(parts) > 1 else each["tradeTime"]
    return moment(day(parts[0] if parts else ""), clock(at) if at else None)


def option_of(each: Element) -> Option | None:
    """The contract of an option's element."""
    if each["assetCategory"] != "OPT":
        return None
    found = option(each["symbol"])
    multiplier = maybe(each["multiplier"]) or Decimal(100)
    if each["underlyingSymbol"] and each["expiry"] and each["strike"] and each["putCall"]:
        root = found.underlying if found else each["underlyingSymbol"]
        right = "C" if each["putCall"].upper().startswith("C") else "P"
        strike = found.strike if found else number(each["strike"])
        return Option(root, day(each["expiry"]), strike, "C" if right == "C" else "P", multiplier)
    if found is None:
        raise Unreadable(f"'{each['symbol']}' does not say which option it is")
    return Option(found.underlying, found.expiry, found.strike, found.right, multiplier)


def symbol_of(each: Element) -> str | None:
    """The symbol as we keep it: the OCC's for an option, else the broker's, else the ISIN."""
    if contract := option_of(each):
        return contract.symbol
    return (each["symbol"].upper() or each["isin"] or each["securityID"]) or None


def instrument_of(each: Element) -> Instrument:
    """The kind of thing; a dividend's element tells it by the sub-category."""
    if each["subCategory"] == "ETF":
        return "etf"
    return _INSTRUMENTS.get(each["assetCategory"], "stock" if each["symbol"] else "cash")


def _note(each: Element) -> str:
    codes = {"A": "assignment", "Ex": "exercise", "Ep": "expired"}
    words = [codes[code] for code in re.split("[;,]", each["notes"]) if code in codes]
    return " ".join([each["description"], *words, *([each["isin"]] if each["isin"] and each["symbol"] else [])]).strip()
