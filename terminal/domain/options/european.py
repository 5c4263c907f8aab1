"""European options on a share with a continuous dividend yield: price and Greeks in closed form.

Black and Scholes, "The pricing of options and corporate liabilities", Journal of Political Economy 81 (1973); Merton, "Theory
of rational option pricing", Bell Journal 4 (1973) for the yield. With s = volatility * sqrt(years),

    d1 = (ln(spot / strike) + (rate - dividend) * years) / s + s / 2,   d2 = d1 - s
    price = sign * (spot * e^(-dividend * years) * N(sign * d1) - strike * e^(-rate * years) * N(sign * d2))

and sign 1 for a call, -1 for a put.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from terminal.domain.options import mills, normal

if TYPE_CHECKING:
    from terminal.domain.options.normal import Floats

_ROOT_TAU = math.sqrt(2 * math.pi)
_UNTHINKABLE = 80.0  # so many deviations away a price is zero even as a double

NAMES = ("price", "delta", "gamma", "vega", "theta", "rho", "vanna", "charm", "vomma", "epsilon", "leverage", "veta", "vera",
         "speed", "zomma", "color")  # fmt: skip
"""What `sensitivities` tells, in this order."""


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
    d1 = np.where(~(root >= 0) | np.isnan(distance), np.nan, d1)
    return Parts(root, d1, d1 - np.where(np.isfinite(d1), root, 0.0), carried, discounted)


def price(terms: Terms) -> Floats:
    """Never below zero, and to all digits far out of the money: what is in the money is the other right plus parity."""
    made = parts(terms)
    value = np.where(np.isnan(made.d1), np.nan, np.maximum(terms.sign * (made.carried - made.discounted), 0.0))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        apart, least = np.abs(made.carried - made.discounted), np.minimum(made.carried, made.discounted)
        h = -np.where(apart < least, np.log1p(apart / least), np.log((least + apart) / least)) / made.root
    (moving,) = np.nonzero((made.root > 0) & (h > -_UNTHINKABLE) & np.isfinite(made.root))
    if len(moving):
        h, t = h[moving], made.root[moving] / 2
        with np.errstate(under="ignore"):
            m = np.sqrt(made.carried[moving] * made.discounted[moving]) * np.exp(-(h * h + t * t) / 2) / _ROOT_TAU
        value[moving] += mills.black(h, t, m, least[moving])
    return np.asarray(value)


def sensitivities(terms: Terms) -> dict[str, Floats]:
    """Price and Greeks by name (`NAMES`): the units are those of `options.Greeks`. Formulas as in Haug, "The complete guide to
    option pricing formulas" (2007), chapter 2, with time as what passes."""
    made, sign, years, volatility = parts(terms), terms.sign, np.maximum(terms.years, 0), terms.volatility
    value = price(terms)
    density = np.exp(-terms.dividend * years) * normal.pdf(made.d1)
    above, below = made.carried * normal.cdf(sign * made.d1), made.discounted * normal.cdf(sign * made.d2)
    alive = made.root > 0

    def living(each: Floats) -> Floats:
        return np.where(alive, each, np.where(np.isnan(made.d1), np.nan, 0.0))

    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        delta = sign * above / terms.spot
        gamma = living(density / (terms.spot * made.root))
        vega = living(terms.spot * density * np.sqrt(years))
        decay = -terms.spot * density * volatility / (2 * np.sqrt(years))
        drift = (2 * (terms.rate - terms.dividend) * years - made.d2 * made.root) / (2 * years * made.root)
        passing = terms.dividend + made.d1 * drift
        theta = np.where(alive, decay, 0.0) + sign * (terms.dividend * above - terms.rate * below)
        charm = sign * terms.dividend * above / terms.spot - np.where(alive, density * drift, 0.0)
        return {
            "price": value,
            "delta": delta,
            "gamma": gamma,
            "vega": vega,
            "theta": np.where(years > 0, theta, np.where(np.isnan(made.d1), np.nan, 0.0)),
            "rho": sign * years * below,
            "vanna": living(-density * made.d2 / volatility),
            "charm": np.where(years > 0, charm, np.where(np.isnan(made.d1), np.nan, 0.0)),
            "vomma": living(vega * made.d1 * made.d2 / volatility),
            "epsilon": -sign * years * above,
            "leverage": np.where(value > 0, delta * terms.spot / value, np.nan),
            "veta": living(vega * (passing - 1 / (2 * years))),
            "vera": living(-terms.spot * density * years * made.d1 / volatility),
            "speed": living(-gamma / terms.spot * (made.d1 / made.root + 1)),
            "zomma": living(gamma * (made.d1 * made.d2 - 1) / volatility),
            "color": living(gamma * (passing + 1 / (2 * years))),
        }
