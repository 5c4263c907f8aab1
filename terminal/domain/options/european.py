"""European options on a share with a continuous dividend yield: price and Greeks in closed form.

Black and Scholes, "The pricing of options and corporate liabilities", Journal of Political Economy 81 (1973); Merton, "Theory
of rational option pricing", Bell Journal 4 (1973) for the yield. With s = volatility * sqrt(years),

    d1 = (ln(spot / strike) + (rate - dividend) * years) / s + s / 2,   d2 = d1 - s
    price = sign * (spot * e^(-dividend * years) * N(sign * d1) - strike * e^(-rate * years) * N(sign * d2))

and sign 1 for a call, -1 for a put.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from terminal.domain.options import normal

if TYPE_CHECKING:
    from terminal.domain.options.normal import Floats


class Terms(NamedTuple):
    """Arrays of one shape. `sign` 1 for calls, -1 for puts; `years` to expiry, rates a year and continuous."""

    spot: Floats
    strike: Floats
    years: Floats
    volatility: Floats
    rate: Floats
    dividend: Floats
    sign: Floats

    def at(self, chosen: Any) -> Terms:
        """Those of them that are chosen, by index or mask."""
        return Terms(*(each[chosen] for each in self))


class Parts(NamedTuple):
    """What price and Greeks are made of; `root` is s, `carried` and `discounted` spot and strike as of today."""

    root: Floats
    d1: Floats
    d2: Floats
    carried: Floats
    discounted: Floats


def parts(terms: Terms) -> Parts:
    """Of expired options and those without volatility d1 and d2 are infinite: what is certain is certain."""
    root = terms.volatility * np.sqrt(np.maximum(terms.years, 0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        carried = terms.spot * np.exp(-terms.dividend * np.maximum(terms.years, 0))
        discounted = terms.strike * np.exp(-terms.rate * np.maximum(terms.years, 0))
        distance = np.log(carried / discounted)
        d1 = np.where(root > 0, distance / root + root / 2, np.where(distance == 0, 0.0, np.inf * np.sign(distance)))
    d1 = np.where(np.isnan(root) | np.isnan(distance), np.nan, d1)
    return Parts(root, d1, d1 - np.where(np.isfinite(d1), root, 0.0), carried, discounted)


def price(terms: Terms) -> Floats:
    """Never below zero."""
    made = parts(terms)
    value = terms.sign * (made.carried * normal.cdf(terms.sign * made.d1) - made.discounted * normal.cdf(terms.sign * made.d2))
    return np.maximum(value, 0.0)


def sensitivities(terms: Terms) -> dict[str, Floats]:
    """Delta, gamma, vega, theta, rho, vanna, charm and vomma by name: the units are those of `options.Greeks`."""
    made, sign, years = parts(terms), terms.sign, np.maximum(terms.years, 0)
    density = normal.pdf(made.d1)
    yielded = np.exp(-terms.dividend * years)
    first, second = normal.cdf(sign * made.d1), normal.cdf(sign * made.d2)
    alive = made.root > 0

    def living(value: Floats) -> Floats:
        return np.where(alive, value, np.where(np.isnan(made.d1), np.nan, 0.0))

    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        vega = made.carried * density * np.sqrt(years)
        decay = -made.carried * density * terms.volatility / (2 * np.sqrt(years))
        drift = (2 * (terms.rate - terms.dividend) * years - made.d2 * made.root) / (2 * years * made.root)
        return {
            "delta": sign * yielded * first,
            "gamma": living(yielded * density / (terms.spot * made.root)),
            "vega": living(vega),
            "theta": np.where(
                years > 0,
                np.where(alive, decay, 0.0)
                + sign * (terms.dividend * made.carried * first - terms.rate * made.discounted * second),
                0.0,
            ),
            "rho": sign * years * made.discounted * second,
            "vanna": living(-yielded * density * made.d2 / terms.volatility),
            "charm": living(sign * terms.dividend * yielded * first - yielded * density * drift),
            "vomma": living(vega * made.d1 * made.d2 / terms.volatility),
        }
