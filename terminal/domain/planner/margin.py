"""What a broker asks one to set aside: the strategy-based rules of Regulation T and FINRA Rule 4210(f)(2) (Cboe Rule 10.3).

The minimum at the exchanges; brokers may ask for more, and portfolio margin is counted otherwise. Stated here:
- options that are bought are paid in full; shares half in a margin account, all of it in a cash account;
- a short call is covered by 100 shares, a short put by cash of its strike in a cash account;
- what is bought and expires no earlier covers what is sold of its kind: the spread asks for the most it can lose at expiry;
- what stays uncovered: its premium and the larger of 20 % of the share (15 % for a broad index) less what it is out of the money,
  and 10 % of the share (call) or of the strike (put);
- of calls and puts together the larger side counts, plus the premium of the other where that is uncovered, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Literal

from terminal.domain.planner.legs import SHARES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Kind = Literal["margin", "cash"]
NAKED, NAKED_INDEX, LEAST = 0.20, 0.15, 0.10
STOCK = 0.50
_MOST = 12


@dataclass(slots=True)
class Held:
    """One leg at its price a share: contracts, or shares for "S"."""

    quantity: int
    right: str
    strike: float
    expiry: date | None
    price: float


@dataclass(frozen=True, slots=True)
class Margin:
    """In money. `buying_power`: what the account must have free to open it; `required`: what stays set aside, premiums of what is
    uncovered included; `rule` says what decided. `why`: what a cash account does not allow, "" when all is allowed."""

    buying_power: float
    required: float
    rule: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Side:
    asked: float = 0.0
    premium: float = 0.0
    naked: bool = False
    rule: str = ""


def margin(legs: Sequence[Held], spot: float, kind: Kind = "margin", *, index: bool = False) -> Margin:
    """Of one position; `index`: on a broad index."""
    shares = sum(each.quantity for each in legs if each.right == "S")
    paid = sum(each.quantity * each.price * SHARES for each in legs if each.right != "S")
    stock = abs(shares) * spot * (1.0 if kind == "cash" or shares < 0 else STOCK)
    stock += abs(shares) * spot * STOCK if shares < 0 else 0.0  # Regulation T: the proceeds and half of them again
    rules = [] if not shares else ["the shares in full" if kind == "cash" else "half of the shares"]
    options = [Held(each.quantity, each.right, each.strike, each.expiry, each.price) for each in legs if each.right != "S"]
    covered = _cover(options, "C", max(0, shares) // SHARES) + _cover(options, "P", max(0, -shares) // SHARES)
    if covered:
        rules.append("what is sold is covered by shares")
    sides = [_side([each for each in options if each.right == right], right, spot, kind, index) for right in ("C", "P")]
    larger, smaller = sorted(sides, key=lambda side: -side.asked)
    asked = larger.asked + (smaller.premium if smaller.naked else 0.0)
    rules += [larger.rule] if larger.asked else []
    owed = stock if shares >= 0 else abs(shares) * spot * STOCK
    why = ""
    if kind == "cash":
        why = "a cash account may not sell shares short" if shares < 0 else ""
        why = "a cash account may not sell calls that shares do not cover" if sides[0].naked else why
    return Margin(max(asked + paid + owed, 0.0), asked + stock, "; ".join(rules) or "paid in full", why)


def _cover(options: list[Held], right: str, lots: int) -> int:
    """Take out what so many lots of shares cover, the dearest first."""
    taken = 0
    for each in sorted((one for one in options if one.right == right and one.quantity < 0), key=lambda one: -one.price):
        part = min(lots - taken, -each.quantity)
        each.quantity += part
        taken += part
    return taken


def _side(options: list[Held], right: str, spot: float, kind: Kind, index: bool) -> _Side:
    """Calls alone or puts alone: what is sold is covered by what is bought as far as it goes, the rest is naked."""
    sold = [one for one in options if one.quantity < 0]
    if not sold:
        return _Side()
    last = max(one.expiry for one in sold if one.expiry)
    bought = [one for one in options if one.quantity > 0 and one.expiry and one.expiry >= last]
    lacking = sum(-one.quantity for one in sold) - sum(one.quantity for one in bought)
    if lacking <= 0:
        return _Side(_spread([*sold, *bought], right), rule="the most the spread can lose at expiry")
    units = [Held(-1, right, one.strike, one.expiry, one.price) for one in sold for _ in range(min(-one.quantity, _MOST))]
    lacking = min(lacking, len(units))
    choices = []
    for chosen in combinations(range(len(units)), lacking):
        naked = [units[place] for place in chosen]
        rest = [units[place] for place in range(len(units)) if place not in chosen]
        asked = sum(_naked(one, spot, kind, index) for one in naked) + (_spread([*rest, *bought], right) if rest else 0.0)
        choices.append((asked, sum(one.price * SHARES for one in naked)))
    asked, premium = min(choices)
    rule = f"{NAKED_INDEX if index else NAKED:.0%} of the price less the distance, at least {LEAST:.0%}"
    return _Side(asked, premium, True, "the strike in cash" if kind == "cash" and right == "P" else rule)


def _spread(options: Sequence[Held], right: str) -> float:
    """The most it can lose at expiry, premiums aside; there are at least as many bought as sold."""

    def worth(at: float) -> float:
        return sum(one.quantity * SHARES * max(at - one.strike if right == "C" else one.strike - at, 0.0) for one in options)

    return max(0.0, *(-worth(at) for at in (0.0, *(one.strike for one in options), 10 * max(one.strike for one in options))))


def _naked(one: Held, spot: float, kind: Kind, index: bool) -> float:
    if kind == "cash" and one.right == "P":
        return one.strike * SHARES
    out = max(one.strike - spot, 0.0) if one.right == "C" else max(spot - one.strike, 0.0)
    base = spot if one.right == "C" else one.strike
    part = max((NAKED_INDEX if index else NAKED) * spot - out, LEAST * base)
    return (one.price + part) * SHARES
