"""Options on a share that pays dividends in money on known days: price, Greeks and implied volatility.

    price_with_dividends([(0.12, 1.05), (0.37, 1.05)], spot=100, strike=95, years=0.5, volatility=0.2, rate=0.04, call=True)

Payments are (years from now to the ex-date, money per share); those after expiry do not count. Two models of what moves:
the share itself falls by each payment (the default), or, `escrowed`, the share less today's value of its payments moves, as in
closed form (Hull, Options, Futures, and Other Derivatives, "Dividends"; Roll, Journal of Financial Economics 5 (1977)). The same
volatility means a little less movement there. An American call may be exercised just before an ex-date, a put just
after; both are looked at on many days and extrapolated (`stepping`). `dividend` is a yield besides.

An option takes a fiftieth of a second, its Greeks a third of one: for the contracts one looks at, not for whole chains. Arguments
are numbers or arrays as in `options.price`, payments the same for all. NaN: an argument is unknown, or below zero where
that makes no sense, or the payments are worth more than the share.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import Greeks, american, european
from terminal.domain.options.stepping import Payment, Stepping

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

_LEAST, _MOST, _CLOSE, _STEPS = 1e-3, 5.0, 1e-10, 60
_STAYS = 1e-9


def price_with_dividends(
    payments: Iterable[tuple[float, float]], *, spot: Any, strike: Any, years: Any, volatility: Any, rate: Any,
    dividend: Any = 0.0, call: Any, american: Any = False, escrowed: bool = False,
) -> Floats:  # fmt: skip
    """The model's price of one share's option."""
    terms, early, shape = _terms(spot, strike, years, volatility, rate, dividend, call, american)
    schedule = [Payment(*each) for each in payments]
    return np.array([_value(one, may, schedule, escrowed) for one, may in _each(terms, early)]).reshape(shape)


def greeks_with_dividends(
    payments: Iterable[tuple[float, float]], *, spot: Any, strike: Any, years: Any, volatility: Any, rate: Any,
    dividend: Any = 0.0, call: Any, american: Any = False, escrowed: bool = False,
) -> Greeks:  # fmt: skip
    """Price and sensitivities in the units of `Greeks`; `theta` and the like as time passes while no payment does."""
    terms, early, shape = _terms(spot, strike, years, volatility, rate, dividend, call, american)
    schedule = [Payment(*each) for each in payments]
    found = _slopes(terms, early, schedule, escrowed)
    return Greeks(**{name: value.reshape(shape) for name, value in found.items()})


def implied_volatility_with_dividends(
    seen: float, payments: Iterable[tuple[float, float]], *, spot: float, strike: float, years: float, rate: float,
    dividend: float = 0.0, call: bool, american: bool = False, escrowed: bool = False,
) -> float:  # fmt: skip
    """The volatility between 0.1 % and 500 % at which one option is worth `seen`; NaN when there is none."""
    terms, early, _ = _terms(spot, strike, years, 1.0, rate, dividend, call, american)
    schedule = [Payment(*each) for each in payments]

    def error(level: float) -> float:
        return _value(terms._replace(volatility=np.array([level])), bool(early[0]), schedule, escrowed) - seen

    low, high = _LEAST, _MOST
    before, level = low, 0.3
    error_before = error(low)
    if not (error_before < -_STAYS * seen and error(high) > 0):
        return math.nan
    for _ in range(_STEPS):  # a secant, and where it leaves the bracket, its middle
        here = error(level)
        low, high = (low, level) if here > 0 else (level, high)
        slope = (here - error_before) / (level - before) if level != before else 0.0
        before, error_before = level, here
        new = level - here / slope if slope > 0 else 0.0
        level = new if low < new < high else math.sqrt(low * high)
        if abs(level - before) < _CLOSE * level:
            break
    return level


def _terms(*given: Any) -> tuple[Terms, Any, tuple[int, ...]]:
    *numbers, call, early = np.broadcast_arrays(*(np.asarray(each) for each in given))
    flat = [np.array(each, dtype=np.float64).ravel() for each in (*numbers, np.where(call, 1.0, -1.0))]
    return european.Terms(*flat), np.array(early, dtype=bool).ravel(), call.shape


def _each(terms: Terms, early: Any) -> list[tuple[Terms, bool]]:
    return [(terms.at([place]), bool(early[place])) for place in range(len(early))]


def _stepping(one: Terms, payments: Sequence[Payment], escrowed: bool) -> Stepping | None:
    """None where the terms are no option's that still lives."""
    spot, strike, years, volatility, rate, dividend, sign = (float(each[0]) for each in one)
    if not (min(spot, strike, years, volatility) > 0 and math.isfinite(spot + strike + years + volatility + rate + dividend)):
        return None
    return Stepping(spot=spot, strike=strike, years=years, volatility=volatility, rate=rate, dividend=dividend, sign=sign,
                    payments=payments, escrowed=escrowed)  # fmt: skip


def _value(one: Terms, early: bool, payments: Sequence[Payment], escrowed: bool) -> float:
    made = _stepping(one, payments, escrowed)
    if made is not None:
        return made.price(american=early).value
    expired = float(one.years[0]) <= 0 and min(float(one.spot[0]), float(one.strike[0])) > 0
    return float(european.price(one)[0]) if expired else math.nan


def _slopes(terms: Terms, early: Any, payments: Sequence[Payment], escrowed: bool) -> dict[str, Floats]:
    alive = np.array([_stepping(one, payments, escrowed) is not None for one, _ in _each(terms, early)])
    expired = {name: value.copy() for name, value in european.sensitivities(terms).items()}
    unknown = ~alive & ~((terms.years <= 0) & (terms.spot > 0) & (terms.strike > 0))
    found = {name: np.where(unknown, math.nan, value) for name, value in expired.items()}
    if alive.any():
        part, may = terms.at(alive), early[alive]
        ahead = np.zeros(len(may))
        if escrowed:
            ahead = np.array([
                sum(paid.amount * math.exp(-rate * paid.years) for paid in payments if 0 < paid.years < years)
                for rate, years in zip(part.rate, part.years, strict=True)
            ])  # fmt: skip

        def states(moved: Terms) -> list[Any]:
            made = [(_stepping(one, payments, escrowed), other) for one, other in _each(moved, may)]
            return [each.price(american=other) for each, other in made if each is not None]

        for name, value in american.by_steps(part, states, ahead, np.where(may, 0.01, 5e-4)).items():
            found[name][alive] = value
    return found
