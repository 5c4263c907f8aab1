"""Options at risk: what a move of the underlying makes of a contract, worked out anew by the model and not by its slope alone.

The volatility that its price implies is held, and no time passes: a fall that raises volatility costs the seller more than
this says (`portfolio whatif` moves both). An option kept in another currency moves with its underlying in the total's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import exercised_at_expiry_only, greeks, implied_volatility, price

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from plugins.portfolio.exposures import Exposure

    Floats = NDArray[np.float64]

RATE = 0.04
"""A short rate; the implied volatility takes up what it is off by."""
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


def curve(row: Exposure, spot: float | None, day: date) -> Curve | str:
    """Of an option that is held on a day, or the reason why there is none."""
    if row.price is None or row.rate is None or row.underlying is None or row.expiry is None or row.strike is None:
        return "its price is not known"
    if spot is None:
        return f"no price of {row.underlying} is stored"
    years = (row.expiry - day).days / 365.0
    if years < 0.0:
        return "it has expired and is not booked out"
    call, american = row.call_or_put == "C", not exercised_at_expiry_only(row.underlying)
    years = max(years, 0.5 / 365.0)
    terms: dict[str, Any] = {"strike": row.strike, "years": years, "rate": RATE, "call": call, "american": american}
    implied = float(implied_volatility(row.price, spot=spot, **terms))
    if math.isnan(implied):
        implied = _certain(row, spot, call)
        if math.isnan(implied):
            return f"no volatility explains its price of {row.price:g} with {row.underlying} at {spot:g}"
    moves = np.expm1(_STEPS)
    worth = price(spot=spot * (1.0 + moves), volatility=implied, **terms)
    units = row.quantity * row.multiplier * row.rate
    now = float(price(spot=spot, volatility=implied, **terms))
    slope = float(greeks(spot=spot, volatility=implied, **terms).delta)
    return Curve(moves, units * (worth - now), slope * spot * units, implied)


def _certain(row: Exposure, spot: float, call: bool) -> float:
    """A volatility of one percent for a contract deep in the money whose price is what exercising it brings; else NaN."""
    assert row.price is not None and row.strike is not None
    inside = spot - row.strike if call else row.strike - spot
    return 0.01 if inside > 0.0 and abs(row.price - inside) <= 0.01 * spot else math.nan
