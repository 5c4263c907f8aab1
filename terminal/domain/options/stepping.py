"""Options by stepping backwards through time: payments of dividends on days, and exercise whenever it is best.

Between two moments ln(spot) is normally distributed, so a step back is a convolution with the normal density: done by Fourier
transforms on a grid of ln(spot), exact in time (Lord, Fang, Bervoets and Oosterlee, SIAM Journal on Scientific Computing 30
(2008) 1678-1705, who also extrapolate from options with few exercise days to any day; here from three numbers of them,
Richardson's way). European prices are good to 1e-8 of the strike, American ones to 1e-6, in a fiftieth of a second.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.options.european import Terms
    from terminal.domain.options.normal import Floats

_CELLS = 2048
_WIDE = 9.0  # deviations to each side
_FINE, _MOST_CELLS = 6, 2**16  # at least so many cells a deviation
_DAYS = 64  # exercise days of the coarsest of the three
_NEAR = 6  # points that a polynomial is laid through to read a value
_SMOOTH = 0.25


class Payment(NamedTuple):
    """A dividend in money per share, so many years from now (its ex-date)."""

    years: float
    amount: float


class Read(NamedTuple):
    """The value and its first three slopes by the spot."""

    value: float
    delta: float
    gamma: float
    speed: float


class Stepping:
    """One option; `sign` 1 for a call, -1 for a put, rates continuous and a year.

    With `escrowed` the share less today's value of its payments is what moves with `volatility` (no jumps, and the volatility is
    that of the lesser amount); else the share itself moves, and falls by each payment.
    """

    def __init__(
        self, *, spot: float, strike: float, years: float, volatility: float, rate: float, dividend: float = 0.0, sign: float,
        payments: Sequence[Payment] = (), escrowed: bool = False,
    ) -> None:  # fmt: skip
        self.sign, self.strike, self.years, self.rate, self.dividend = sign, strike, years, rate, dividend
        self.volatility, self.escrowed, self.quoted = volatility, escrowed, spot
        self.paid: dict[float, float] = {}
        for when, amount in payments:
            if 0 < when < years and amount:
                self.paid[when] = self.paid.get(when, 0.0) + amount
        self.start = spot - self._ahead(0.0) if escrowed else spot
        self.deviation = deviation = volatility * math.sqrt(years)
        above = abs(rate - dividend) * years + _WIDE * deviation
        below = -above - (0.0 if escrowed else 2 * sum(self.paid.values()) / spot)
        cells = _CELLS
        while deviation * cells < _FINE * (above - below) and cells < _MOST_CELLS:
            cells *= 2
        self.cells, self.step = cells, (above - below) / (cells - 2 * _NEAR)
        # The strike lies in the middle between two points, and no cell has a bend.
        self.here = math.log(self.start / strike) if self.start > 0 else math.nan
        first = math.floor((self.here + below) / self.step) - _NEAR if math.isfinite(self.here) else 0
        self.x = (first + np.arange(cells) + 0.5) * self.step
        self.bend = -first
        self.spot = strike * np.exp(self.x)
        # What a call is worth grows without end: over the spot it does not, and rounding stays where it is small.
        self.tilt = 1.0 if sign > 0 else 0.0
        self.scale = np.exp(-self.tilt * self.x)
        waves, variance = 1j * 2 * math.pi * np.fft.rfftfreq(cells, self.step) + self.tilt, volatility**2
        self.power = waves * (rate - dividend - variance / 2) + waves**2 * variance / 2 - rate

    def price(self, *, american: bool) -> Read:
        """NaN where the payments are worth more than the share (escrowed)."""
        if not (self.start > 0 and math.isfinite(self.step)):
            return Read(*(math.nan,) * 4)
        if not american:
            found = self._read(self._back(0))
            return found._replace(value=max(found.value, 0.0))
        few, more, most = (self._back(factor) for factor in (1, 2, 4))
        # The error is of first order in the distance of the days, then of second.
        found = self._read((8 * most - 6 * more + few) / 3)
        exercised = self.sign * (self.quoted - self.strike)
        return found if found.value > exercised else Read(exercised, self.sign, 0.0, 0.0)

    def _ahead(self, now: float) -> float:
        """What the payments after `now` are worth then."""
        return sum(amount * math.exp(-self.rate * (when - now)) for when, amount in self.paid.items() if when > now)

    def _back(self, factor: int) -> Floats:
        """Today's value at every point, exercised on days a share of `factor` apart (0: at expiry only)."""
        value = np.maximum(self.sign * (self.spot - self.strike), 0.0)
        # The midpoint rule counts a bend between two cells too high by a 24th of the cell's square: taken off both.
        if 0 < self.bend < self.cells:
            value[self.bend - 1 : self.bend + 1] -= self.strike * self.step / 48
        later = self.years
        for moment in [*sorted(self.paid, reverse=True), 0.0]:
            count = max(1, round(_DAYS * (later - moment) / self.years)) * factor or 1
            share = np.arange(count, -1, -1) / count
            # Denser towards today: there a price near the boundary sees how far the days are apart.
            days = moment + (later - moment) * (share**2 if moment == 0 else share)
            for before, day in pairwise(days):
                waves = np.fft.rfft(value * self.scale) * np.exp(self.power * (before - day))
                value = np.fft.irfft(waves, self.cells) / self.scale
                # Not today: values without a bend can be extrapolated, and what exercising now brings is compared last.
                if factor and day > 0:
                    value = self._exercised(value, day)
            if moment > 0 and not self.escrowed:
                value = self._fallen(value, self.paid[moment])
            if factor and moment > 0:  # before the payment: with it
                value = self._exercised(value, math.nextafter(moment, 0.0))
            later = moment
        return np.asarray(value)

    def _exercised(self, value: Floats, now: float) -> Floats:
        more = self._ahead(now) if self.escrowed else 0.0
        return np.asarray(np.maximum(value, self.sign * (self.spot + more - self.strike)))

    def _fallen(self, value: Floats, amount: float) -> Floats:
        """The value with the share lower by a payment, through the four points around each; no lower than the grid."""
        left = np.maximum(self.spot - amount, self.spot[0])
        place = (np.log(left / self.strike) - self.x[0]) / self.step
        start = np.clip(place.astype(np.intp) - 1, 0, self.cells - 4)
        at, made = place - start, np.zeros(self.cells)
        for node in range(4):
            others = [other for other in range(4) if other != node]
            weight = np.prod([(at - other) / (node - other) for other in others], axis=0)
            made += weight * value[start + node]
        return made

    def _read(self, value: Floats) -> Read:
        """At today's spot: the value through the points next to it, slopes by least squares over a quarter of a deviation each
        way (what bends at boundaries leaves ripples of the grid's own length, which a derivative would magnify)."""
        middle = int((self.here - self.x[0]) / self.step)
        found = []
        for reach, degree in ((_NEAR // 2, _NEAR - 1), (max(_NEAR, int(_SMOOTH * self.deviation / self.step)), _NEAR)):
            near = slice(max(middle - reach + 1, 0), middle + reach + 1)
            place = (self.x[near] - self.here) / (reach * self.step)
            powers = np.polynomial.polynomial.polyfit(place, value[near], degree)
            found.append([float(powers[n]) * math.factorial(n) / (reach * self.step) ** n for n in range(4)])
        first, second, third = found[1][1:]
        s = self.start
        return Read(found[0][0], first / s, (second - first) / s**2, (third - 3 * second + 2 * first) / s**3)


def each(terms: Terms) -> list[Stepping]:
    """Of options with a continuous yield, one after another."""
    return [
        Stepping(spot=spot, strike=strike, years=years, volatility=volatility, rate=rate, dividend=dividend, sign=sign)
        for spot, strike, years, volatility, rate, dividend, sign in zip(*(one.tolist() for one in terms), strict=True)
    ]


def american(terms: Terms) -> Floats:
    """Prices of American options with a continuous yield: a fiftieth of a second each."""
    return np.array([one.price(american=True).value for one in each(terms)])
