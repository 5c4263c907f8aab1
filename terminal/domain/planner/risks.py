"""What can go wrong besides the price: early assignment, dividends, ending at a strike, and expiries that are gone first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from terminal.domain.planner import odds as chances

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.domain.options.forwards import Payment
    from terminal.domain.planner.position import Position

Kind = Literal["assignment", "dividend", "pin", "expiry", "quote"]
_PIN = 0.005
_DEEP = 0.005


@dataclass(frozen=True, slots=True)
class Risk:
    """One risk in a sentence; `severity` 1 to know of, 2 to watch, 3 likely. `chance` where it is known."""

    kind: Kind
    severity: int
    text: str
    chance: float | None = None


def risks(one: Position, dividends: Sequence[Payment] = ()) -> tuple[Risk, ...]:
    """The gravest first."""
    board, found = one.board, []
    for leg, row in zip(one.legs, one.rows, strict=True):
        if leg.right == "S" or leg.quantity > 0 or leg.expiry is None:
            continue
        name = f"{leg.strike:g} {'call' if leg.right == 'C' else 'put'} of {leg.expiry}"
        inside = board.spot - leg.strike if leg.right == "C" else leg.strike - board.spot
        left = float(board.mid[row]) - max(inside, 0.0)
        early = bool(board.american[row])
        if early and inside > 0 and left <= max(0.02, _DEEP * inside):
            text = f"The short {name} has almost no time value left ({left:.2f}): it may be exercised on any day."
            found.append(Risk("assignment", 3, text))
        if early and leg.right == "C":
            found += _dividend(leg.expiry, leg.strike, name, inside, left, one, dividends)
        found.append(_pin(one, leg.expiry, leg.strike, name, early))
    if one.several:
        text = (
            f"What expires on {one.first.expiry} is gone then; the rest lives on and has to be sold or held: figures at that day "
            "are by the model, at today's volatilities."
        )
        found.append(Risk("expiry", 1, text))
    return tuple(sorted(found, key=lambda risk: (-risk.severity, -(risk.chance or 0.0))))


def _dividend(
    expiry: date, strike: float, name: str, inside: float, left: float, one: Position, dividends: Sequence[Payment]
) -> list[Risk]:
    """A call in the money is exercised before the ex-day when the dividend is more than what time is worth (Hull, ch. 15: the
    put of the same strike says how much that is)."""
    made = []
    for each in dividends:
        if each.day > expiry:
            continue
        put = one.board.place(expiry, strike, "P")
        worth = float(one.board.mid[put]) if put is not None and one.board.usable[put] else left
        said = "is declared" if each.declared else "is expected"
        about = f"{each.amount:.2f} a share {said} on {each.day}"
        if inside > 0 and each.amount > worth:
            text = f"more than the {max(worth, 0.0):.2f} of time value of the short {name}: expect to be assigned the day before."
            made.append(Risk("dividend", 3, f"A dividend of {about}, {text}"))
        elif inside > -0.03 * one.board.spot:
            text = f"should the short {name} be in the money and worth less alive then, it may be exercised the day before."
            made.append(Risk("dividend", 2, f"A dividend of {about}: {text}"))
    return made


def _pin(one: Position, expiry: date, strike: float, name: str, early: bool) -> Risk:
    """How likely the share ends within half a per cent of a short strike."""
    term = one.board.term(expiry)
    assert term is not None
    odds = one.odds if term is one.first else chances.odds(one.board, term)
    low, high = (float(odds.under(strike * (1 + side * _PIN))) for side in (-1, 1))
    chance = high - low
    after = "whether you are assigned shares you learn only after the close" if early else "its settlement decides to the cent"
    severity = 2 if chance > 0.08 else 1
    text = f"It ends within half a per cent of the short {name} with a chance of {chance:.0%}; then {after}."
    return Risk("pin", severity, text, chance)
