"""Taylor series of Y(z) = N(z) / n(z), the normal distribution over its density, around points a quarter apart.

Black's price, divided by sqrt(forward * strike), is n0 * (Y(h + t) - Y(h - t)): with x = ln(forward / strike) and
s = volatility * sqrt(years), h = x / s, t = s / 2 and n0 = e^(-(h^2 + t^2) / 2) / sqrt(2 pi). Around one point both values come
from one polynomial, and so does their difference without cancelling: that is how `kernels` keeps all digits of options of one
minute as of those thirty deviations out of the money, with a dozen multiplications and no call of erfc.

The coefficients are a(k) = Y'k(z) / k!. From Y' = 1 + z Y follows a(k + 1) = (z a(k) + a(k - 1)) / (k + 1): used forward from
z = 0 up (all terms positive), and backward below it, where Y is the solution that forward steps lose (Miller's algorithm; Olver
and others, NIST Handbook of Mathematical Functions, 3.6). Decimals of forty digits, then rounded once: what is kept is exact.
"""

from __future__ import annotations

import functools
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from terminal.domain.options.normal import Floats

LOWEST, HIGHEST, STEP, DEGREE = -40.0, 1.5, 0.25, 23
SMALL = 0.375
"""Up to this t both values of a difference come from one polynomial."""
NARROW, FEWER = 0.11, 17
"""Up to this t so many powers suffice for that."""
SHORT = 13
"""Powers that suffice within half a STEP."""
_DIGITS = 40
_PI = Decimal("3.1415926535897932384626433832795028841971694")


@functools.cache
def table() -> Floats:
    """[point, power]: a(0) to a(DEGREE) around LOWEST, LOWEST + STEP, ... HIGHEST. Takes 60 ms, once."""
    points = round((HIGHEST - LOWEST) / STEP) + 1
    with localcontext() as context:
        context.prec = _DIGITS
        rows = [_series(Decimal(LOWEST) + place * Decimal(STEP)) for place in range(points)]
    made = np.array([[float(each) for each in row] for row in rows])
    made.flags.writeable = False
    return made


def ratio(z: Floats) -> Floats:
    """Y(z) for z <= HIGHEST."""
    series = _columns()
    place, away = _place(z)
    value = series[SHORT][place]
    for power in range(SHORT - 1, -1, -1):
        value = value * away + series[power][place]
    if (beyond := z < LOWEST).any():
        square = 1 / (z[beyond] * z[beyond])
        value[beyond] = -(1 - square * (1 - 3 * square * (1 - 5 * square * (1 - 7 * square)))) / z[beyond]
    return np.asarray(value)


def quotient(h: Floats, t: Floats) -> Floats:
    """(Y(h + t) - Y(h - t)) / 2t for h <= 0 and h + t <= 1, all digits of it."""
    series = _columns()
    place, away = _place(h)
    up, down = away + t, away - t
    value, slope = series[DEGREE][place], np.zeros(h.shape)
    for power in range(DEGREE - 1, -1, -1):
        slope = slope * down + value
        value = value * up + series[power][place]
    if (wide := (t > SMALL) | (h < LOWEST)).any():
        h, t = h[wide], t[wide]
        slope[wide] = (ratio(h + t) - ratio(h - t)) / (2 * t)
    return slope


def black(h: Floats, t: Floats, m: Floats, least: Floats) -> Floats:
    """m (Y(h + t) - Y(h - t)) for h <= 0: an option out of the money. `least` is what it cannot exceed."""
    value = np.empty(h.shape)
    upper = h + t > 1
    value[upper] = least[upper] - m[upper] * (ratio(-(h + t)[upper]) + ratio((h - t)[upper]))
    low = ~upper
    value[low] = m[low] * 2 * t[low] * quotient(h[low], t[low])
    return value


@functools.cache
def _columns() -> Floats:
    return np.ascontiguousarray(table().T)


def _place(z: Floats) -> tuple[np.ndarray, Floats]:
    place = np.clip((z - LOWEST) * (1 / STEP) + 0.5, 0, len(table()) - 1).astype(np.intp)
    return place, z - (LOWEST + place * STEP)


def _series(z: Decimal) -> list[Decimal]:
    if z <= -1:
        return _backward(z)
    if z < 0:  # Miller's algorithm would need thousands of terms here; a short way from 0 costs no digit that is kept
        return _forward(z, _at(_forward(Decimal(0), (_PI / 2).sqrt(), 80), z))
    return _forward(z, _at(_forward(Decimal(0), (_PI / 2).sqrt(), 160), z))


def _at(series: list[Decimal], z: Decimal) -> Decimal:
    total = Decimal(0)
    for each in reversed(series):
        total = total * z + each
    return total


def _forward(z: Decimal, value: Decimal, degree: int = DEGREE) -> list[Decimal]:
    series = [value, 1 + z * value]
    while len(series) <= degree:
        series.append((z * series[-1] + series[-2]) / len(series))
    return series


def _backward(z: Decimal) -> list[Decimal]:
    """By the ratios a(k) / a(k - 1), which are known well enough from far out; and Y = 1 / (a(1) / a(0) - z)."""
    ratio, ratios = Decimal(0), []
    for k in range(DEGREE + 30 + int(1500 / (z * z)), 0, -1):
        ratio = 1 / ((k + 1) * ratio - z)
        if k <= DEGREE:
            ratios.append(ratio)
    series = [1 / (ratio - z)]
    for each in reversed(ratios):
        series.append(series[-1] * each)
    return series
