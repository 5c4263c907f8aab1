"""American options: may be exercised on any day. The quadratic approximation of Ju and Zhong.

Nengjiu Ju and Rui Zhong, "An approximate formula for pricing American options", Journal of Derivatives 7 (1999) 31-40, which
corrects MacMillan (1986) and Barone-Adesi and Whaley (1987). Against binomial trees it is within 0.1 % of the strike for a
year and less (mostly 0.03 %), and within 0.15 % for three years. Dividends are a continuous yield, so the days on
which a call is exercised just before a payment are smoothed over.

A call on a share without dividends, and a put while money earns nothing, are never exercised early: they are European.
The price at which exercising is best depends on the terms but not on the share's price, so a grid of prices finds it once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.options import european, normal

if TYPE_CHECKING:
    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

_STEPS = 40
_CLOSE = 1e-9
# Rates so near to zero count as this: formulas divide by them, and no price notices.
_LEAST_RATE = 1e-7


def early(terms: Terms) -> np.ndarray:
    """Which of them may be worth exercising before they expire."""
    pays = np.where(terms.sign > 0, terms.dividend, terms.rate)
    return np.asarray((pays > _LEAST_RATE) & (terms.years > 0) & (terms.volatility > 0))


def price(terms: Terms) -> Floats:
    """At least the European price, and at least what exercising brings."""
    value = european.price(terms)
    chosen = early(terms)
    if chosen.any():
        value[chosen] = np.maximum(value[chosen], _price(terms.at(chosen), value[chosen]))
    exercised = np.maximum(terms.sign * (terms.spot - terms.strike), 0.0)
    return np.where(np.isnan(value), value, np.maximum(value, exercised))


def _price(terms: Terms, held: Floats) -> Floats:
    # Neither the critical price (in strikes) nor its curve depends on the spot: each set of terms is solved once.
    keys = np.stack([terms.years, terms.volatility, terms.rate, terms.dividend, terms.sign])
    _, first, place = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    place = place.reshape(-1)
    unit = terms.at(first)._replace(strike=np.ones(len(first)))
    curve = _Curve(unit)
    return curve.value(terms.spot / terms.strike, held / terms.strike, place) * terms.strike


class _Curve:
    """The boundary of exercise of each set of terms with a strike of 1, and the premium for exercising early."""

    def __init__(self, unit: Terms) -> None:
        rate = np.where(np.abs(unit.rate) < _LEAST_RATE, _LEAST_RATE, unit.rate)
        variance = unit.volatility**2
        self.sign = unit.sign
        self.interest, self.payout = -np.expm1(-unit.rate * unit.years), -np.expm1(-unit.dividend * unit.years)
        self.h = h = -np.expm1(-rate * unit.years)
        alpha, self.beta = 2 * rate / variance, 2 * (rate - unit.dividend) / variance
        root = np.sqrt((self.beta - 1) ** 2 + 4 * alpha / h)
        self.power = (1 - self.beta + unit.sign * root) / 2
        steeper = -unit.sign * alpha / (h * h * root)
        self.critical = self._critical(unit._replace(rate=rate))
        at = unit._replace(rate=rate, spot=self.critical)
        made = european.parts(at)
        worth = european.price(at)
        self.premium = unit.sign * (self.critical - 1) - worth
        carry = np.exp((rate - unit.dividend) * unit.years)
        by_h = (
            self.critical * normal.pdf(made.d1) * unit.volatility * carry / (2 * rate * np.sqrt(unit.years))
            - unit.sign * unit.dividend * self.critical * normal.cdf(unit.sign * made.d1) * carry / rate
            + unit.sign * normal.cdf(unit.sign * made.d2)
        )
        slope = 2 * self.power + self.beta - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            self.b = (1 - h) * alpha * steeper / (2 * slope)
            self.c = -(1 - h) * alpha / slope * (by_h / self.premium + 1 / h + steeper / slope)

    def _critical(self, unit: Terms) -> Floats:
        """Where exercising and waiting are worth the same and meet smoothly: Newton's method from the guess of Barone-Adesi and
        Whaley, kept between its bounds."""
        sign, power = unit.sign, self.power
        low, high, at = self._begin(unit)
        open_ = np.arange(len(at))
        for _ in range(_STEPS):
            terms, here, side = unit.at(open_)._replace(spot=at[open_]), at[open_], sign[open_]
            made = european.parts(terms)
            worth = european.price(terms)
            yielded = np.exp(-terms.dividend * terms.years)
            delta = side * yielded * normal.cdf(side * made.d1)
            gap = (side - delta) * here - power[open_] * (side * (here - 1) - worth)
            gamma = yielded * normal.pdf(made.d1) / (here * made.root)
            slope = (side - delta) * (1 - power[open_]) - gamma * here
            # The premium grows from the strike outwards: the sign of the gap says on which side the boundary lies.
            rising = (gap * side > 0) == (side > 0)
            low[open_] = np.where(rising, np.maximum(low[open_], here), low[open_])
            high[open_] = np.where(rising, high[open_], np.minimum(high[open_], here))
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                new = here - gap / slope
            new = np.where((new > low[open_]) & (new < high[open_]), new, (low[open_] + high[open_]) / 2)
            at[open_] = new
            open_ = open_[~(np.abs(new - here) < _CLOSE * here)]
            if not len(open_):
                break
        return at

    def _begin(self, unit: Terms) -> tuple[Floats, Floats, Floats]:
        """Bounds and a first guess: between the boundary just before expiry and that of an option without one."""
        sign, root = unit.sign, unit.volatility * np.sqrt(unit.years)
        perpetual = self._perpetual(unit)
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            forever = 1 / (1 - 1 / np.where(np.abs(perpetual) < 1e-12, 1e12, perpetual))
            forever = np.where(np.isfinite(forever) & (forever > 0), forever, np.where(sign > 0, 1e6, 1e-6))
            way = np.where(sign > 0, -1.0, 1.0) * ((unit.rate - unit.dividend) * unit.years + sign * 2 * root)
            share = np.exp(np.minimum(way / np.abs(forever - 1), 0.0))
            guess = np.where(sign > 0, 1 + (forever - 1) * (1 - share), forever + (1 - forever) * share)
        low, high = np.where(sign > 0, 1.0, 1e-9), np.where(sign > 0, np.maximum(forever, 2.0) * 4, 1.0)
        return low, high, np.clip(np.where(np.isfinite(guess), guess, (low + high) / 2), low * (1 + 1e-6), high * (1 - 1e-6))

    def _most(self, spot: Floats, place: np.ndarray) -> Floats:
        """No more than what is earned by exercising at once: interest on the strike of a put, dividends of a call (and what
        the other costs, should it be below zero). Where next to nothing is earned, the correction divides by next to nothing."""
        paid, received = self.interest[place], spot * self.payout[place]
        earned, other = np.where(self.sign[place] < 0, paid, received), np.where(self.sign[place] < 0, received, paid)
        return np.asarray(np.maximum(earned, 0.0) + np.maximum(-other, 0.0))

    def _perpetual(self, unit: Terms) -> Floats:
        variance = unit.volatility**2
        half = (unit.rate - unit.dividend) / variance - 0.5
        return np.asarray(-half + unit.sign * np.sqrt(half**2 + 2 * np.maximum(unit.rate, 0) / variance))

    def value(self, spot: Floats, held: Floats, place: np.ndarray) -> Floats:
        """With a strike of 1: `held` is the European price, `place` which terms are meant."""
        critical, sign = self.critical[place], self.sign[place]
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            away = np.log(spot / critical)
            bent = 1 - (self.b[place] * away + self.c[place]) * away
            more = self.premium[place] * np.exp(self.power[place] * away) / bent
        more = np.clip(np.where(np.isfinite(more) & (bent > 0), more, 0.0), 0.0, self._most(spot, place))
        return np.asarray(np.where(sign * (critical - spot) > 0, held + more, sign * (spot - 1)))
