"""Legs of a position as they are typed and as they are written: "+1 SPY 2026-12-18 520 C, -1 SPY 2026-12-18 530 C"."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal, cast

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

Right = Literal["C", "P", "S"]
SHARES = 100
"""Shares of one standard contract."""
EXAMPLE = "Such as: +1 SPY 2026-12-18 520 C, -1 SPY 2026-12-18 530 C; or +100 SPY shares, -1 SPY 2026-12-18 530 C."
MOST_LEGS = 12

_SPLIT = re.compile(r"\s*(?:[;\n]|,(?!\d{3}\b)|\band\b)\s*", re.I)
_HEAD = re.compile(r"(?P<side>[+\-−]|buy|sell|long|short)\s*(?P<count>\d[\d,]*)?\s*(?:x\s+)?(?P<rest>.+)", re.I)
_PRICE = re.compile(r"(?P<rest>.+?)\s*(?:@|\bat)\s*\$?\s*(?P<price>\d+(?:\.\d+)?)", re.I)
_OCC = re.compile(r"(?P<root>[A-Z.]{1,6})\s*(?P<day>\d{6})(?P<right>[CP])(?P<strike>\d{8})", re.I)
_STOCK = re.compile(r"(?:(?P<symbol>[A-Z][A-Z0-9.\-^]{0,9})\s+)?(?:shares?|stock)(?:\s+of\s+[A-Z0-9.\-^]+)?", re.I)
_OPTION = re.compile(
    r"(?:(?P<symbol>\^?[A-Z][A-Z0-9.\-]{0,9})\s+)?(?:(?P<day>\d{4}-\d{2}-\d{2})\s+)?"
    r"(?:\$?(?P<strike>\d+(?:\.\d+)?)\s*(?P<right>C|P|CALL|PUT)S?|(?P<right2>C|P|CALL|PUT)S?\s+\$?(?P<strike2>\d+(?:\.\d+)?))"
    r"(?:\s+(?P<day2>\d{4}-\d{2}-\d{2}))?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Leg:
    """`quantity` contracts of a call or put, or shares ("S"); negative: sold. `price`: a share's as typed, None: the chain's."""

    quantity: int
    right: Right
    strike: float = 0.0
    expiry: date | None = None
    price: float | None = None

    @property
    def shares(self) -> int:
        """Of how many shares the leg speaks, with its sign."""
        return self.quantity if self.right == "S" else self.quantity * SHARES

    def spelled(self, symbol: str) -> str:
        """As `parse` reads it."""
        priced = "" if self.price is None else f" @ {self.price:g}"
        if self.right == "S":
            return f"{self.quantity:+d} {symbol} shares{priced}"
        return f"{self.quantity:+d} {symbol} {self.expiry} {self.strike:g} {self.right}{priced}"


def spelled(legs: Sequence[Leg], symbol: str) -> str:
    """All of them as one line."""
    return ", ".join(each.spelled(symbol) for each in legs)


def times(legs: Sequence[Leg], count: int) -> tuple[Leg, ...]:
    """The position so many times."""
    return tuple(replace(each, quantity=each.quantity * count) for each in legs)


def parse(text: str, symbol: str = "", expiry: date | None = None) -> tuple[Leg, ...]:
    """Read legs; a leg without a day takes the one before's, else `expiry`. UserError says which leg cannot be read and why."""
    made: list[Leg] = []
    day = expiry
    for piece in _SPLIT.split(text.strip()):
        if not piece:
            continue
        leg = _read(piece, symbol.strip().upper(), day)
        day = leg.expiry or day
        made.append(leg)
    if not made:
        raise UserError("No leg is given.", EXAMPLE)
    if len(made) > MOST_LEGS:
        raise UserError(f"{len(made)} legs are too many.", f"A position has {MOST_LEGS} at most here.")
    return tuple(made)


def _read(piece: str, symbol: str, day: date | None) -> Leg:
    head = _HEAD.fullmatch(piece)
    if head is None:
        raise UserError(f"'{piece}' does not say whether to buy or to sell.", EXAMPLE)
    sign = -1 if head["side"].lower() in ("-", "−", "sell", "short") else 1
    rest, price = head["rest"].strip(), None
    if priced := _PRICE.fullmatch(rest):
        rest, price = priced["rest"].strip(), float(priced["price"])
    count = int((head["count"] or "1").replace(",", ""))
    if not 1 <= count <= 100_000:
        raise UserError(f"'{piece}' is of {count} pieces.", "Give a whole number from 1.")
    if stock := _STOCK.fullmatch(rest):
        _same(stock["symbol"], symbol, piece)
        return Leg(sign * (count if head["count"] else SHARES), "S", price=price)
    if occ := _OCC.fullmatch(rest):
        six = occ["day"]
        when = _day(f"20{six[:2]}-{six[2:4]}-{six[4:]}", piece)
        return Leg(sign * count, cast("Right", occ["right"].upper()), int(occ["strike"]) / 1000, when, price)
    # "-2 520 C": the first number is the count; "+ 520 C" has none, which the pattern takes for one.
    match = _OPTION.fullmatch(rest) or (_OPTION.fullmatch(f"{head['count']} {rest}") if head["count"] else None)
    if match is None:
        raise UserError(f"'{piece}' is not understood as a leg.", EXAMPLE)
    if not _OPTION.fullmatch(rest):
        count = 1
    _same(match["symbol"], symbol, piece)
    typed = match["day"] or match["day2"]
    when_ = _day(typed, piece) if typed else day
    if when_ is None:
        raise UserError(f"'{piece}' does not say when it expires.", EXAMPLE)
    right, strike = (match["right"] or match["right2"])[0].upper(), float(match["strike"] or match["strike2"])
    if strike <= 0:
        raise UserError(f"The strike in '{piece}' is not above zero.", EXAMPLE)
    return Leg(sign * count, cast("Right", right), strike, when_, price)


def _same(named: str | None, symbol: str, piece: str) -> None:
    if named and symbol and named.upper().lstrip("^") != symbol.lstrip("^"):
        raise UserError(f"'{piece}' is on {named.upper()}, not on {symbol}.", "All legs of a plan are on one symbol.")


def _day(text: str, piece: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text} in '{piece}' is no day.", EXAMPLE) from None
