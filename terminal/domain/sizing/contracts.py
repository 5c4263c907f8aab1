"""Option positions at expiry: what they cost, gain and lose at most, where they break even, and how many a budget takes.

Everything is for one expiry and at expiry, where the worth of each leg is a line with one bend: so the extremes lie at zero,
at the strikes, or beyond all bounds (Hull, Options, Futures and Other Derivatives, ch. 12).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARES = 100.0
_LEG = re.compile(
    r"(?P<side>buy|sell|\+|-)\s*(?:(?P<count>\d+)(?:\s*x\s*|\s+))?"
    r"(?:(?P<strike>\d+(?:\.\d+)?)\s*(?P<right>[CP])|(?P<stock>stock|shares?|S))"
    r"(?:\s*@?\s*(?P<price>\d+(?:\.\d+)?))?",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a position: `quantity` contracts (negative: sold) of a call or put, or lots of shares ("S").

    `price` of one share: the premium, or what a share costs; None: not known yet.
    """

    quantity: float
    right: Literal["C", "P", "S"]
    strike: float
    price: float | None

    def worth(self, share: float) -> float:
        """What one unit of quantity is worth at expiry, per share."""
        if self.right == "S":
            return share
        return max(0.0, share - self.strike if self.right == "C" else self.strike - share)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One unit of the position, in money. `cost` is paid (negative: received); `loss` and `gain` at most, None: not limited.

    `loss_at`, `gain_at`: the price of the share at which that happens (None: ever farther away); `breakeven` the prices at
    which nothing is won or lost."""

    cost: float
    loss: float | None
    gain: float | None
    loss_at: float | None
    gain_at: float | None
    breakeven: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Contracts:
    """How many units a budget takes, and what they come to; `count` None where the loss has no limit."""

    count: int | None
    cost: float | None
    loss: float | None
    gain: float | None
    outcome: Outcome


def parse_legs(text: str) -> tuple[Leg, ...]:
    """Legs as they are typed, separated by commas: `buy 100C 3.20, sell 110C 1.10`, `buy stock 98, sell 105C 2`.

    Raises ValueError with a sentence for what is none.
    """
    made = []
    for part in re.split(r"\s*[,;\n]\s*", text.strip()):
        match = _LEG.fullmatch(part)
        if match is None:
            raise ValueError(f"'{part}' is not a leg such as 'buy 100C 3.20' or 'sell 2 95P 1.10' or 'buy stock 98'")
        sign = -1 if match["side"].lower() in ("sell", "-") else 1
        right: Literal["C", "P", "S"] = "S" if match["stock"] else "C" if match["right"].upper() == "C" else "P"
        price = float(match["price"]) if match["price"] else None
        made.append(Leg(sign * float(match["count"] or 1), right, float(match["strike"] or 0.0), price))
    if any(not each.quantity for each in made):
        raise ValueError("a leg is of one contract at least")
    return tuple(made)


def outcome(legs: Sequence[Leg], multiplier: float = SHARES) -> Outcome:
    """What the position comes to at expiry. Raises ValueError without legs, or where a price is not known."""
    if not legs:
        raise ValueError("there is no leg")
    if any(each.price is None for each in legs):
        raise ValueError("the price of a leg is not known")
    cost = multiplier * sum(each.quantity * (each.price or 0.0) for each in legs)

    def result(share: float) -> float:
        return multiplier * sum(each.quantity * each.worth(share) for each in legs) - cost

    bends = sorted({0.0, *(each.strike for each in legs if each.right != "S")})
    results = {at: result(at) for at in bends}
    slope = multiplier * sum(each.quantity for each in legs if each.right != "P")
    worst = min(bends, key=lambda at: (round(results[at], 6), -at))  # where it begins to be as bad as it can be
    best = max(bends, key=lambda at: (round(results[at], 6), -at if at else -1e12))
    down, up = slope < -1e-9, slope > 1e-9
    return Outcome(
        cost,
        None if down else max(0.0, -results[worst]),
        None if up else results[best],
        None if down else worst,
        None if up else best,
        _roots(bends, results, slope),
    )


def contracts(legs: Sequence[Leg], budget: float, *, cash: float | None = None, multiplier: float = SHARES) -> Contracts:
    """How many units may be lost for at most `budget`, and be paid with `cash`.

    A position whose loss has no limit cannot be sized by it (`count` None); one that cannot lose is held by cash alone.
    """
    found = outcome(legs, multiplier)
    if found.loss is None:
        return Contracts(None, None, None, None, found)
    rooms = [budget / found.loss] if found.loss > 0 else []
    if cash is not None and found.cost > 0:
        rooms.append(max(0.0, cash) / found.cost)
    count = math.floor(min(rooms) + 1e-9) if rooms else 0
    return Contracts(count, count * found.cost, count * found.loss, None if found.gain is None else count * found.gain, found)


def _roots(bends: Sequence[float], results: dict[float, float], slope: float) -> tuple[float, ...]:
    found = [at for at in bends if abs(results[at]) < 1e-9 and at > 0]
    for left, right in pairwise(bends):
        before, after = results[left], results[right]
        if before * after < 0:
            found.append(left + (right - left) * before / (before - after))
    last = results[bends[-1]]
    if last * slope < 0:
        found.append(bends[-1] - last / slope)
    return tuple(round(at, 6) for at in sorted(set(found)))
