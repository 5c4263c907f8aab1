"""Options at risk: what a move of the underlying makes of a contract, worked out anew by the model and not by its slope alone.

The volatility that its price implies is held, and no time passes: a fall that raises volatility costs the seller more than
this says (`portfolio whatif` moves both). An option kept in another currency moves with its underlying in the total's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import greeks, price

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from terminal.domain.whatif.book import Position

    Floats = NDArray[np.float64]

_STEPS = np.linspace(-2.5, 1.5, 1601)  # in logarithms of the underlying: from a twelfth to four and a half times


@dataclass(frozen=True)
class Curve:
    """What moves of the underlying (fractions) make, in money of the total; between them it is straight.

    `amount`: the money in the underlying that moves the same for small moves.
    """

    moves: Floats
    made: Floats
    amount: float
    volatility: float

    def at(self, moves: Floats) -> Floats:
        """What each of these moves makes."""
        return np.interp(moves, self.moves, self.made)


def curve(option: Position) -> Curve | None:
    """Of a position in options; None when one of its terms is not known."""
    contract = option.contract
    assert contract is not None
    terms: dict[str, Any] = {
        "strike": contract.strike, "years": contract.years, "volatility": contract.volatility, "rate": contract.rate,
        "dividend": contract.dividend, "call": contract.call, "american": contract.american,
    }  # fmt: skip
    units = option.units * option.exchange
    moves = np.expm1(_STEPS)
    worth = price(spot=option.spot * (1.0 + moves), **terms)
    now = greeks(spot=option.spot, **terms)
    amount = float(now.delta) * option.spot * units
    if not (math.isfinite(amount) and np.all(np.isfinite(worth))):
        return None
    return Curve(moves, units * (worth - float(now.price)), amount, contract.volatility)
