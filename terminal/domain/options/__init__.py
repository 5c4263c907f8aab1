"""What an option is worth, how that moves with everything it depends on, and which volatility its price implies.

    price(spot=100, strike=105, years=0.5, volatility=0.2, rate=0.04, dividend=0.01, call=True, american=True)
    greeks(...)                                   # the same arguments
    implied_volatility(4.2, spot=..., ...)        # without `volatility`

Every argument is a number or an array, and they are broadcast together as numpy does; rates and yields are continuous and a
year, volatility is a year's, `years` the calendar days to expiry over 365. What cannot be known is NaN: an input is, or no
volatility gives a price. `american` (may be exercised before it expires) is approximated: see `american`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from terminal.domain.options import american as _american
from terminal.domain.options import european as _european
from terminal.domain.options import implied as _implied
from terminal.domain.options.european import Terms as _Terms
from terminal.domain.options.normal import Floats

__all__ = ["Greeks", "greeks", "implied_volatility", "price", "price_bounds"]

Number = float | Floats
Flag = bool | npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Greeks:
    """Per one share of the underlying, all arrays of one shape.

    `delta` per 1 of price, `gamma` its change per 1 of price; `vega` per 1.00 of volatility (a point is a hundredth of it);
    `theta` a year that passes (a day is a 365th); `rho` per 1.00 of rate; `vanna` change of delta per 1.00 of volatility;
    `charm` change of delta a year; `vomma` change of vega per 1.00 of volatility.
    """

    price: Floats
    delta: Floats
    gamma: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    charm: Floats
    vomma: Floats


def price(
    *, spot: Number, strike: Number, years: Number, volatility: Number, rate: Number, dividend: Number = 0.0, call: Flag,
    american: Flag = False,
) -> Floats:  # fmt: skip
    """The model's price of one share's option; an array of the arguments' common shape."""
    terms, early = _terms(spot, strike, years, volatility, rate, dividend, call, american)
    shape = terms.spot.shape
    return _price(_flat(terms), early.ravel()).reshape(shape)


def greeks(
    *, spot: Number, strike: Number, years: Number, volatility: Number, rate: Number, dividend: Number = 0.0, call: Flag,
    american: Flag = False,
) -> Greeks:  # fmt: skip
    """Price and sensitivities: in closed form, or by central differences where exercising early is worth something."""
    terms, early = _terms(spot, strike, years, volatility, rate, dividend, call, american)
    shape, terms, early = terms.spot.shape, _flat(terms), early.ravel()
    found = {"price": _price(terms, early), **_european.sensitivities(terms)}
    if (differs := early & _american.early(terms)).any():
        for name, value in _differences(terms.at(differs)).items():
            found[name][differs] = value
    return Greeks(**{name: value.reshape(shape) for name, value in found.items()})


def implied_volatility(
    seen: Number, *, spot: Number, strike: Number, years: Number, rate: Number, dividend: Number = 0.0, call: Flag,
    american: Flag = False,
) -> Floats:  # fmt: skip
    """The volatility at which the model gives the price `seen`; NaN when none does (see `price_bounds`)."""
    terms, early, paid = _with_price(seen, spot, strike, years, rate, dividend, call, american)
    shape = terms.spot.shape
    terms, early, paid = _flat(terms), early.ravel(), paid.ravel()
    found = _implied.european(paid, terms)
    if (differs := early & _american.early(terms)).any():
        found[differs] = _implied.exercisable(paid[differs], terms.at(differs))
    return found.reshape(shape)


def price_bounds(
    *, spot: Number, strike: Number, years: Number, rate: Number, dividend: Number = 0.0, call: Flag, american: Flag = False
) -> tuple[Floats, Floats]:
    """Between which prices an option lies whatever the volatility; a price outside (or at the lower one) implies none."""
    terms, early = _terms(spot, strike, years, 1.0, rate, dividend, call, american)
    return _implied.bounds(terms, early)


def _price(terms: _Terms, early: npt.NDArray[np.bool_]) -> Floats:
    value = _european.price(terms)
    if early.any():
        value[early] = _american.price(terms.at(early))
    return value


def _differences(terms: _Terms) -> dict[str, Floats]:
    """Central differences of the American price, all in one pass."""
    wide, level, step = terms.spot * 2e-3, np.minimum(0.005, terms.volatility / 4), np.minimum(1 / 365, terms.years / 4)
    point = np.full(terms.spot.shape, 5e-4)

    def moved(spot: int = 0, volatility: int = 0, years: int = 0, rate: int = 0) -> _Terms:
        return terms._replace(spot=terms.spot + spot * wide, volatility=terms.volatility + volatility * level,
                              years=terms.years + years * step, rate=terms.rate + rate * point)  # fmt: skip

    moves = [moved(), moved(1), moved(-1), moved(0, 1), moved(0, -1), moved(0, 0, 1), moved(0, 0, -1), moved(0, 0, 0, 1),
             moved(0, 0, 0, -1), moved(1, 1), moved(1, -1), moved(-1, 1), moved(-1, -1), moved(1, 0, 1), moved(1, 0, -1),
             moved(-1, 0, 1), moved(-1, 0, -1)]  # fmt: skip
    whole = _Terms(*(np.concatenate(each) for each in zip(*moves, strict=True)))
    v = _american.price(whole).reshape(len(moves), -1)
    return {
        "delta": (v[1] - v[2]) / (2 * wide),
        "gamma": (v[1] - 2 * v[0] + v[2]) / wide**2,
        "vega": (v[3] - v[4]) / (2 * level),
        "theta": -(v[5] - v[6]) / (2 * step),
        "rho": (v[7] - v[8]) / (2 * point),
        "vanna": (v[9] - v[10] - v[11] + v[12]) / (4 * wide * level),
        "charm": -(v[13] - v[14] - v[15] + v[16]) / (4 * wide * step),
        "vomma": (v[3] - 2 * v[0] + v[4]) / level**2,
    }


def _terms(*given: Any) -> tuple[_Terms, npt.NDArray[np.bool_]]:
    spot, strike, years, volatility, rate, dividend, call, american = np.broadcast_arrays(*(np.asarray(each) for each in given))
    numbers = [np.array(each, dtype=np.float64) for each in (spot, strike, years, volatility, rate, dividend)]
    numbers.append(np.where(call, 1.0, -1.0))
    return _Terms(*numbers), np.array(american, dtype=bool)


def _with_price(seen: Number, *given: Any) -> tuple[_Terms, npt.NDArray[np.bool_], Floats]:
    spot, strike, years, rate, dividend, call, american = given
    terms, early = _terms(spot, strike, years, seen, rate, dividend, call, american)
    return terms._replace(volatility=np.ones(terms.spot.shape)), early, terms.volatility


def _flat(terms: _Terms) -> _Terms:
    return _Terms(*(each.ravel() for each in terms))
