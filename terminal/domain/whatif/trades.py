"""Proposed trades as text: "buy 100 AAPL; sell 5 MSFT 2027-01-15 400 C @ 12.50; sell all KO; buy $5,000 of SPY"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, cast

from terminal.domain.instruments import clean_symbol
from terminal.domain.portfolio.transactions import Kind, Option, decimal
from terminal.errors import UserError

EXAMPLE = "Such as: buy 100 AAPL; sell 5 MSFT 2027-01-15 400 C."
_SIDES = {"buy": Kind.BUY, "sell": Kind.SELL, "short": Kind.SHORT, "cover": Kind.COVER}
_WHOLE = re.compile(
    r"(buy|sell|short|cover)\s+(all|half|\$?\s?[\d,.]+)\s*(?:shares?\s+of\s+|contracts?\s+of\s+|of\s+|x\s+)?(.+)", re.I
)
_BETWEEN = re.compile(r"[;\n]|,\s+(?=(?:buy|sell|short|cover)\b)", re.I)
_PRICED = re.compile(r"(.+?)\s*(?:@|\bat)\s*\$?\s*([\d.,]+)", re.I)
_CONTRACT = re.compile(r"([A-Z0-9.\-^]{1,10})\s+(\d{4}-\d{2}-\d{2})\s+\$?([\d.]+)\s*(C|P|CALL|PUT)S?", re.I)
_TURNED = re.compile(r"([A-Z0-9.\-^]{1,10})\s+(\d{4}-\d{2}-\d{2})\s+(C|P|CALL|PUT)S?\s+\$?([\d.]+)", re.I)


@dataclass(frozen=True, slots=True)
class Proposed:
    """One trade. `quantity` None: so many that `money` is spent, or the `part` of what is held; `price` None: the market's."""

    kind: Kind
    symbol: str
    option: Option | None
    quantity: Decimal | None
    money: Decimal | None
    part: Decimal | None
    price: Decimal | None
    text: str


def parse(text: str) -> tuple[Proposed, ...]:
    """Read trades; raises UserError, which says which one is meant and what could be said instead."""
    found = tuple(_read(piece.strip()) for piece in _BETWEEN.split(text) if piece.strip())
    if not found:
        raise UserError("No trade is given.", EXAMPLE)
    return found


def _read(piece: str) -> Proposed:
    match = _WHOLE.fullmatch(piece)
    if match is None:
        raise UserError(f"'{piece}' is not understood as a trade.", EXAMPLE)
    kind, size, rest = _SIDES[match[1].lower()], match[2].strip().lower(), match[3].strip()
    price = None
    if priced := _PRICED.fullmatch(rest):
        rest, price = priced[1].strip(), _number(priced[2], piece)
    option = _option(rest, piece)
    try:
        symbol = option.symbol if option else clean_symbol(rest)
    except ValueError:
        raise UserError(f"'{rest}' in '{piece}' is neither a ticker nor an option.", EXAMPLE) from None
    part = {"all": Decimal(1), "half": Decimal("0.5")}.get(size)
    if part is not None and kind in (Kind.BUY, Kind.SHORT):
        raise UserError(f"How much to {kind} is not said in '{piece}'.", EXAMPLE)
    money = _number(size[1:], piece) if size.startswith("$") else None
    quantity = None if part is not None or money is not None else _number(size, piece)
    return Proposed(kind, symbol, option, quantity, money, part, price, piece)


def _option(text: str, piece: str) -> Option | None:
    if found := Option.parse(text):
        return found
    if match := _CONTRACT.fullmatch(text):
        root, day, strike, right = match.groups()
    elif match := _TURNED.fullmatch(text):
        root, day, right, strike = match.groups()
    else:
        return None
    try:
        expiry = date.fromisoformat(day)
    except ValueError:
        raise UserError(f"{day} in '{piece}' is no day.", EXAMPLE) from None
    return Option(root.upper(), expiry, _number(strike, piece), cast('Literal["C", "P"]', right[0].upper()))


def _number(text: str, piece: str) -> Decimal:
    try:
        value = decimal(text)
    except ValueError:
        value = Decimal(0)
    if value <= 0:
        raise UserError(f"'{text}' in '{piece}' is not a number above zero.", EXAMPLE)
    return value
