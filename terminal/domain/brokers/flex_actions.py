"""Corporate actions of a Flex statement: rows of shares that go and come, put together again by what was done."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from terminal.domain.brokers.amounts import maybe, number, some
from terminal.domain.brokers.flex_trades import day_of, instant_of, instrument_of, option_of, symbol_of
from terminal.domain.brokers.parsed import Ledger, Unreadable
from terminal.domain.portfolio.transactions import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.brokers.flex_trades import Element

_CODES = {
    "FS": "split",
    "FI": "split",
    "RS": "split",
    "SO": "spinoff",
    "TC": "merger",
    "TO": "merger",
    "TI": "merger",
    "IC": "rename",
    "HD": "stock dividend",
    "SD": "stock dividend",
    "CD": "cash",
    "DW": "worthless",
    "BM": "merger",
    "TM": "merger",
    "PV": "cash",
    "CH": "cash",
    "DI": "rights",
    "RI": "rights",
}
_WORDS = (
    ("SPINOFF", "spinoff"),
    ("SPIN-OFF", "spinoff"),
    ("SPLIT", "split"),
    ("TENDERED", "rename"),
    ("MERGED", "merger"),
    ("CUSIP/ISIN CHANGE", "rename"),
    ("NAME CHANGE", "rename"),
    ("STOCK DIVIDEND", "stock dividend"),
    ("DELISTED", "worthless"),
    ("CASH DIVIDEND", "cash"),
)
_RATIO = re.compile(r"([0-9.]+) FOR ([0-9.]+)")


def read_actions(ledger: Ledger, actions: Sequence[Element]) -> None:
    """Book the actions; rows of one action (same id, or same time and text) are read together."""
    groups: dict[tuple[str, str], list[Element]] = {}
    for each in actions:
        what = each["actionID"] or each["actionDescription"] or re.sub(r"\s*\([^()]*\)\s*$", "", each["description"])
        groups.setdefault((each["dateTime"] or each["reportDate"], what), []).append(each)
    for group in groups.values():
        ledger.read(group, partial(_action, ledger, group))


def _what(each: Element) -> str:
    if each["type"] in _CODES:
        return _CODES[each["type"]]
    words = (each["actionDescription"] or each["description"]).upper()
    return next((kind for word, kind in _WORDS if word in words), "")


def _action(ledger: Ledger, group: list[Element]) -> None:
    kind = _what(group[0])
    if not kind:
        raise Unreadable("nothing is known of this corporate action")
    gone = [each for each in group if some(each["quantity"]) < 0]
    come = [each for each in group if some(each["quantity"]) > 0]
    if kind == "split":
        _split(ledger, group, gone, come)
    elif kind == "spinoff":
        parent = re.match(r"\s*([^()\s]+)\(", group[0]["description"])
        for each in come:
            _one(ledger, each, Kind.SPINOFF, quantity=number(each["quantity"]), other=parent[1] if parent else None)
    elif kind in {"merger", "rename"}:
        _merger(ledger, group, gone, come)
    elif kind == "stock dividend":
        for each in come:
            _one(ledger, each, Kind.SPLIT, quantity=number(each["quantity"]))
    elif kind == "cash":
        for each in group:
            _one(ledger, each, Kind.DIVIDEND, amount=some(each["proceeds"]) or some(each["amount"]))
    elif kind == "worthless":
        for each in gone:
            _one(ledger, each, Kind.SELL, quantity=number(each["quantity"]), price=number("0"))
    else:
        raise Unreadable("rights are not kept; book what became of them by hand")


def _split(ledger: Ledger, group: list[Element], gone: list[Element], come: list[Element]) -> None:
    found = _RATIO.search(group[0]["description"])
    ratio = number(found[1]) / number(found[2]) if found else None
    if not gone or not come:  # the same security keeps its number: one row with the difference
        each = group[0]
        _one(ledger, each, Kind.SPLIT, quantity=number(each["quantity"]), ratio=ratio)
        return
    old, new = gone[0], come[0]
    if ratio is None:
        ratio = number(new["quantity"]) / -number(old["quantity"])
    # The old number's shares may have been booked under the symbol before it was marked .OLD.
    _one(ledger, new, Kind.SPLIT, ratio=ratio, quantity=number(new["quantity"]) + number(old["quantity"]))


def _merger(ledger: Ledger, group: list[Element], gone: list[Element], come: list[Element]) -> None:
    if not gone:
        raise Unreadable("shares came, and no line says for which ones")
    if len(gone) > 1 or len(come) > 1:
        raise Unreadable("an exchange into several securities; book it by hand")
    old, money = gone[0], sum((some(each["proceeds"]) for each in group), start=number("0"))
    left = number(old["quantity"])
    if not come:
        if not money:
            raise Unreadable("shares went for nothing, and no line says what for")
        _one(ledger, old, Kind.MERGER, quantity=left, amount=money)
        return
    new = come[0]
    _one(ledger, old, Kind.MERGER, quantity=left, ratio=number(new["quantity"]) / -left, other=symbol_of(new), amount=money)


def _one(ledger: Ledger, each: Element, kind: Kind, **fields: object) -> None:
    ledger.book(
        kind,
        day_of(each),
        at=instant_of(each),
        key=each.key("A"),
        row=each,
        symbol=symbol_of(each),
        currency=each["currency"],
        fx_rate=maybe(each["fxRateToBase"]),
        instrument=instrument_of(each),
        option=option_of(each),
        note=each["actionDescription"] or each["description"],
        **fields,
    )
