"""What an option is worth, how that moves with everything it depends on, and which volatility its price implies.

    price(spot=100, strike=105, years=0.5, volatility=0.2, rate=0.04, dividend=0.01, call=True, american=True)
    greeks(...)                                   # the same arguments
    implied_volatility(4.2, spot=..., ...)        # without `volatility`

Every argument is a number or an array, and they are broadcast together as numpy does; rates and yields are continuous and a
year, volatility is a year's, `years` the calendar days to expiry over 365. What cannot be known is NaN: an input is, or cannot
be (a price of nothing, a volatility below zero), or no volatility gives a price. `american` (may be exercised before it expires)
is exact to 1e-6 of the strike: see `american`.

Large arrays go through machine code where numba is installed (`machine`); `spread` (an executor's `map`) and `parts` divide them
between threads. The answers are the same within rounding. Work of that size belongs off the window's thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from terminal.domain.options import american as _american
from terminal.domain.options import european as _european
from terminal.domain.options import implied as _implied
from terminal.domain.options import machine as _machine
from terminal.domain.options.european import Terms as _Terms
from terminal.domain.options.normal import Floats

if TYPE_CHECKING:
    from terminal.domain.options.machine import Spread

__all__ = ["Greeks", "greeks", "implied_volatility", "price", "price_bounds"]

Number = float | Floats
Flag = bool | npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Greeks:
    """Per one share of the underlying, all arrays of one shape. A day is a 365th of a year, a point a hundredth of 1.00.

    `delta` per 1 of price, `gamma` its change per 1 of price, `speed` change of gamma per 1 of price; `leverage` (lambda): by how
    many per cent the option moves for one per cent of the underlying; NaN for an option worth nothing.
    `vega` per 1.00 of volatility; `vanna`, `vomma`, `zomma`, `vera`: change of delta, vega, gamma, rho per 1.00 of volatility.
    `theta` per year that passes; `charm`, `veta`, `color`: change of delta, vega, gamma per year that passes.
    `rho` per 1.00 of rate, `epsilon` per 1.00 of dividend yield.
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
    epsilon: Floats
    leverage: Floats
    veta: Floats
    vera: Floats
    speed: Floats
    zomma: Floats
    color: Floats


@np.errstate(all="ignore")
def price(
    *, spot: Number, strike: Number, years: Number, volatility: Number, rate: Number, dividend: Number = 0.0, call: Flag,
    american: Flag = False,
) -> Floats:  # fmt: skip
    """The model's price of one share's option; an array of the arguments' common shape."""
    terms, early = _terms(spot, strike, years, volatility, rate, dividend, call, american)
    shape = terms.spot.shape
    return _price(_flat(terms), early.ravel()).reshape(shape)


@np.errstate(all="ignore")
def greeks(
    *, spot: Number, strike: Number, years: Number, volatility: Number, rate: Number, dividend: Number = 0.0, call: Flag,
    american: Flag = False, spread: Spread = map, parts: int = 1,
) -> Greeks:  # fmt: skip
    """Price and sensitivities: in closed form, or where exercising early is worth something as `american` says."""
    terms, early = _terms(spot, strike, years, volatility, rate, dividend, call, american)
    shape, terms, early = terms.spot.shape, _flat(terms), early.ravel()
    made = _machine.kernels(early.size)
    found = _machine.sensitivities(made, terms, len(_european.NAMES), spread, parts) if made else _european.sensitivities(terms)
    if early.any() and (differs := early & _american.early(terms)).any():
        for name, value in _american.sensitivities(terms.at(differs)).items():
            found[name][differs] = value
    return Greeks(**{name: value.reshape(shape) for name, value in found.items()})


@np.errstate(all="ignore")
def implied_volatility(
    seen: Number, *, spot: Number, strike: Number, years: Number, rate: Number, dividend: Number = 0.0, call: Flag,
    american: Flag = False, spread: Spread = map, parts: int = 1,
) -> Floats:  # fmt: skip
    """The volatility at which the model gives the price `seen`; NaN when none does (see `price_bounds`)."""
    terms, early, paid = _with_price(seen, spot, strike, years, rate, dividend, call, american)
    shape = terms.spot.shape
    terms, early, paid = _flat(terms), early.ravel(), paid.ravel()
    made = _machine.kernels(early.size)
    found = _machine.implied(made, paid, terms, spread, parts) if made else _implied.european(paid, terms)
    if early.any() and (differs := early & _american.early(terms)).any():
        found[differs] = _implied.exercisable(paid[differs], terms.at(differs))
    return found.reshape(shape)


@np.errstate(all="ignore")
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


def _terms(*given: Any) -> tuple[_Terms, npt.NDArray[np.bool_]]:
    spot, strike, years, volatility, rate, dividend, call, american = np.broadcast_arrays(*(np.asarray(each) for each in given))
    numbers = [np.ascontiguousarray(each, dtype=np.float64).reshape(call.shape) for each in (spot, strike, years, volatility)]
    numbers += [np.ascontiguousarray(each, dtype=np.float64).reshape(call.shape) for each in (rate, dividend)]
    numbers.append(np.where(call, 1.0, -1.0))
    spot, strike, level = numbers[0], numbers[1], numbers[3]
    with np.errstate(all="ignore"):
        unknown = ~np.isfinite(sum(numbers)) | (np.minimum(spot, strike) <= 0) | (level < 0)
    if unknown.any():
        numbers[0] = np.where(unknown, np.nan, spot)
    return _Terms(*numbers), np.asarray(american, dtype=bool)


def _with_price(seen: Number, *given: Any) -> tuple[_Terms, npt.NDArray[np.bool_], Floats]:
    spot, strike, years, rate, dividend, call, american = given
    terms, early = _terms(spot, strike, years, seen, rate, dividend, call, american)
    return terms._replace(volatility=np.ones(terms.spot.shape)), early, terms.volatility


def _flat(terms: _Terms) -> _Terms:
    return _Terms(*(each.ravel() for each in terms))
