"""Machine code for implied volatility, prices and Greeks of European options. Needs numba: only `compiled` may import this.

Implied volatility works in the regions of Jaeckel, "Let's be rational", Wilmott (January 2015) 40-53: on the price near the
money, on its logarithm far out of it, and on the logarithm of what is missing to the limit for high volatilities, with
Householder's third-order steps. The first guess (`guess`) is good enough for one step to suffice mostly, and Black's price comes
from `mills.table` without cancellation.

The functions release the interpreter's lock and work on rows `first` to `last`, so that threads can share an array.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeVar

import numba
import numpy as np

from terminal.domain.options.guess import (
    FAR_LOW,
    FAR_TOP,
    G0,
    G1,
    G2,
    G3,
    LOW_U,
    LOW_V,
    NEAR_LOW,
    NEAR_TOP,
    TURN,
    U_MOST,
    V_MOST,
)
from terminal.domain.options.mills import DEGREE, FEWER, LOWEST, NARROW, SHORT, SMALL, STEP

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from terminal.domain.options.normal import Floats

    Rows = npt.NDArray[np.intp]

_ROOT_TAU = math.sqrt(2 * math.pi)
_ONE_OVER_ROOT_TAU = 1 / _ROOT_TAU
_LOG_ROOT_TAU = math.log(_ROOT_TAU)
_FAR = -2.5  # where h is below, the price is taken by its logarithm
_LOST = 8 * 2.0**-52
_STEPS = 60

_Function = TypeVar("_Function", bound="Callable[..., Any]")


def _compiled(function: _Function) -> _Function:
    """Machine code, kept on disk where there is a place to write."""
    settings: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}
    try:
        made: Any = numba.njit(cache=True, **settings)(function)
    except RuntimeError:  # no place: compiled anew by each process
        made = numba.njit(**settings)(function)
    return made  # type: ignore[no-any-return]


@_compiled
def _mills(series: Floats, z: float) -> float:
    """Y(z) for z <= HIGHEST."""
    if z < LOWEST:
        square = 1.0 / (z * z)
        return -(1.0 - square * (1 - 3 * square * (1 - 5 * square * (1 - 7 * square)))) / z
    place = int((z - LOWEST) * (1 / STEP) + 0.5)
    away = z - (LOWEST + place * STEP)
    value: float = series[place, SHORT]
    for power in range(SHORT - 1, -1, -1):
        value = value * away + series[place, power]
    return value


@_compiled
def _quotient(series: Floats, h: float, t: float) -> float:
    """(Y(h + t) - Y(h - t)) / 2t for h <= 0 and h + t <= 1: what a total volatility of 2t is worth, over it and the density."""
    if t > SMALL or h < LOWEST:
        return (_mills(series, h + t) - _mills(series, h - t)) / (2 * t)
    place = int((h - LOWEST) * (1 / STEP) + 0.5)
    away = h - (LOWEST + place * STEP)
    up, down = away + t, away - t
    most = FEWER if t <= NARROW else DEGREE
    value, slope = series[place, most], 0.0
    for power in range(most - 1, -1, -1):
        slope = slope * down + value
        value = value * up + series[place, power]
    return slope


@_compiled
def _guess(x: float, width: float, b: float) -> float:
    """See `guess`."""
    straddle = 2 * b + width
    eta = width / straddle
    if eta < TURN:
        s = straddle * _polynomial(NEAR_LOW, eta * eta) / _polynomial(NEAR_TOP, eta * eta)
        if width > 0:
            s *= x / width
    else:
        w = math.sqrt(max(math.log(width / b), 1.0))
        s = x * _polynomial(FAR_LOW, w) / _polynomial(FAR_TOP, w)
    u, v = s * s, x * x
    if u > U_MOST or v > V_MOST:
        return s * (1 + u / 24)
    top = _polynomial(G0, v) + u * (_polynomial(G1, v) + u * (_polynomial(G2, v) + u * G3))
    return s * top / (1 + LOW_V * v + LOW_U * u)


@_compiled
def _polynomial(powers: tuple[float, ...], x: float) -> float:
    value = powers[0]
    for power in range(1, len(powers)):
        value = value * x + powers[power]
    return value


@_compiled
def _total(series: Floats, x: float, width: float, b: float, missing: float) -> float:
    """The total volatility for x >= 0 and 0 < b < e^(-x / 2); `missing` is the difference, `width` 2 sinh(x / 2)."""
    s = _guess(x, width, b)
    low, high = 0.0, math.inf
    for _ in range(_STEPS):
        h, t = -x / s, s / 2
        second = h * h / s - t / 2
        third = second * second - 3 * h * h / (s * s) - 0.25
        if h + t > 1:
            rest = _mills(series, -h - t) + _mills(series, h - t)
            error = -(math.log(rest / missing) - (h * h + t * t) / 2 - _LOG_ROOT_TAU)
            newton = -error * rest
            third += 3 * second / rest + 2 / (rest * rest)
            second += 1 / rest
        else:
            worth = s * _quotient(series, h, t)
            if h < _FAR:
                error = math.log(worth / b) - (h * h + t * t) / 2 - _LOG_ROOT_TAU
                newton = -error * worth
                third += (2 / worth - 3 * second) / worth
                second -= 1 / worth
            else:
                error = worth - b * _ROOT_TAU * math.exp((h * h + t * t) / 2)
                newton = -error
        if error > 0:
            high = min(high, s)
        else:
            low = max(low, s)
        step = newton * (1 + newton * second / 2) / (1 + newton * (second + newton * third / 6))
        new = s + step
        if abs(step) < 1e-4 * s:
            return new
        if not low < new < high:
            new = (low + high) / 2 if high < math.inf else 2 * s
            if new == s:
                return s
        s = new
    return s


@_compiled
def implied(
    series: Floats, price: Floats, spot: Floats, strike: Floats, years: Floats, rate: Floats, dividend: Floats, sign: Floats,
    out: Floats, first: int, last: int,
) -> None:  # fmt: skip
    """Volatilities into `out`; NaN where the price is outside the bounds, or says nothing to its last digit."""
    for row in range(first, last):
        out[row] = math.nan
        time, paid, k, grow = years[row], price[row], strike[row], rate[row]
        if not (time > 0 and paid > 0 and k > 0 and spot[row] > 0):
            continue
        net = grow - dividend[row]
        forward = spot[row] * math.exp(net * time) if net != 0 else spot[row]
        if grow != 0:
            paid *= math.exp(grow * time)
        inside = sign[row] * (forward - k)
        if inside > 0:
            if paid - inside <= _LOST * paid:
                continue
            paid -= inside
        most = min(forward, k)
        if not paid < most:
            continue
        middle = math.sqrt(forward * k)
        if not 0 < middle < math.inf:
            continue
        apart = abs(forward - k)
        x = math.log1p(apart / most) if apart < most else abs(math.log(forward / k))
        found = _total(series, x, apart / middle, paid / middle, (most - paid) / middle)
        out[row] = found / math.sqrt(time)


@_compiled
def _split(series: Floats, h: float, t: float, m: float, least: float) -> tuple[float, float, float]:
    """m (Y(h + t) - Y(h - t)), m Y(h + t) and m Y(h - t), the first to all digits; `least` is what the second cannot exceed."""
    if t <= SMALL and h >= LOWEST:
        place = int((h - LOWEST) * (1 / STEP) + 0.5)
        away = h - (LOWEST + place * STEP)
        up, down = away + t, away - t
        most = FEWER if t <= NARROW else DEGREE
        value, slope = series[place, most], 0.0
        for power in range(most - 1, -1, -1):
            slope = slope * down + value
            value = value * up + series[place, power]
        return m * 2 * t * slope, m * value, m * (value - 2 * t * slope)
    low = m * _mills(series, h - t)
    if h + t > 1:
        rest = m * _mills(series, -h - t)
        return least - rest - low, least - rest, low
    high = m * _mills(series, h + t)
    return high - low, high, low


@_compiled
def sensitivities(
    series: Floats, spot: Floats, strike: Floats, years: Floats, volatility: Floats, rate: Floats, dividend: Floats,
    sign: Floats, out: Floats, first: int, last: int,
) -> None:  # fmt: skip
    """Into `out` [rows of `european.NAMES`, option]: the price and, where there are more rows, its sensitivities."""
    for row in range(first, last):
        now, k, time, v, r, q, c = spot[row], strike[row], years[row], volatility[row], rate[row], dividend[row], sign[row]
        if time < 0:
            time = 0.0
        root = math.sqrt(time)
        s = v * root
        yielded = math.exp(-q * time) if q != 0 else 1.0
        carried = now * yielded
        discounted = k * math.exp(-r * time) if r != 0 else k
        apart = carried - discounted
        least = min(carried, discounted)
        if not (s >= 0 and now > 0 and k > 0 and abs(apart) < math.inf and s < math.inf):
            out[:, row] = math.nan
            continue
        inside = c * apart
        x = math.log1p(abs(apart) / least) if abs(apart) < least else abs(math.log(carried / discounted))
        if s == 0 or x > 80 * s:
            _certain(now, time, v, r, q, c, carried, discounted, out, row)
            continue
        h, t = -x / s, s / 2
        # e^(-(h^2 + t^2) / 2) / sqrt(2 pi) times the middle: spot today times its density at d1, strike today times that at d2.
        m = math.sqrt(carried * discounted) * math.exp(-(h * h + t * t) / 2) * _ONE_OVER_ROOT_TAU
        # What of strike and spot counts above and below h, for the right that is out of the money forward; and its price.
        price, up, down = _split(series, h, t, m, least)
        other = (c > 0) == (apart >= 0)
        out[0, row] = price + inside if other else price
        if out.shape[0] == 1:
            continue
        d1, d2 = (t - h, -(h + t)) if apart >= 0 else (h + t, h - t)
        above, below = (down, up) if apart >= 0 else (up, down)
        if other:
            above, below = carried - above, discounted - below
        over_now, over_s, over_v, half = 1 / now, 1 / s, 1 / v, 0.5 / time
        density = m * over_now
        drift = (r - q) * over_s - d2 * half
        gamma = density * over_now * over_s
        vega = m * root
        passing = q + d1 * drift
        out[1, row] = c * above * over_now
        out[2, row] = gamma
        out[3, row] = vega
        out[4, row] = c * (q * above - r * below) - vega * v * half
        out[5, row] = c * time * below
        out[6, row] = -density * d2 * over_v
        out[7, row] = c * q * above * over_now - density * drift
        out[8, row] = vega * d1 * d2 * over_v
        out[9, row] = -c * time * above
        out[10, row] = c * above / out[0, row] if out[0, row] > 0 else math.nan
        out[11, row] = vega * (passing - half)
        out[12, row] = -time * m * d1 * over_v
        out[13, row] = -gamma * over_now * (d1 * over_s + 1)
        out[14, row] = gamma * (d1 * d2 - 1) * over_v
        out[15, row] = gamma * (passing + half)


@_compiled
def premiums(
    curves: Floats, rows: Rows, shares: Floats, spot: Floats, years: Floats, volatility: Floats, rate: Floats, dividend: Floats,
    sine: Floats, weight: Floats, tail: Floats, out: Floats, edge: Floats, first: int, last: int,
) -> None:  # fmt: skip
    """What early exercise adds, as `american.premium` does, into `out` [1 or 4, option], and where it is best into `edge`.

    The boundary of each option is made of the `rows` of `curves`, with these `shares`; `tail` is the polynomial of
    `boundary.cdf`.
    """
    sights = len(sine)
    seen = np.empty(sights + 1)
    for row in range(first, last):
        seen[:] = 0.0
        for node in range(rows.shape[1]):
            share, curve = shares[row, node], rows[row, node]
            if share != 0:
                for point in range(sights + 1):
                    seen[point] += share * curves[curve, point]
        s, time, v, r, q = spot[row], years[row], volatility[row], rate[row], dividend[row]
        edge[row] = seen[sights]
        deviation, here = v * math.sqrt(time), math.log(s)
        value, delta, gamma, speed = 0.0, 0.0, 0.0, 0.0
        for point in range(sights):
            away, root = time * sine[point] * sine[point], deviation * sine[point]
            middle = (here - seen[point] + (r - q) * away) / root
            later, yielded = math.exp(-r * away) * time * weight[point], math.exp(-q * away) * time * weight[point]
            d2 = middle - root / 2
            below = _probability(tail, -middle - root / 2)
            value += r * later * _probability(tail, -d2) - q * s * yielded * below
            if out.shape[0] > 1:
                density = later * _ONE_OVER_ROOT_TAU * math.exp(-0.5 * d2 * d2) / root
                lost = q * math.exp(seen[point]) * density
                gain, down = r * density - lost, d2 / root
                bent = gain * (1 + down) + lost
                delta -= gain / s + q * yielded * below
                gamma += bent
                speed += gain / (root * root) - bent * (2 + down)
        out[0, row] = value
        if out.shape[0] > 1:
            out[1, row], out[2, row], out[3, row] = delta, gamma / (s * s), speed / (s * s * s)


@_compiled
def _probability(tail: Floats, x: float) -> float:
    """See `boundary.cdf`."""
    size = abs(x)
    near = (size - 3.0) / (size + 3.0)
    value: float = tail[0]
    for power in range(1, len(tail)):
        value = value * near + tail[power]
    value *= math.exp(-0.5 * size * size) / (size + 3.0)
    return 1.0 - value if x > 0 else value


@_compiled
def _certain(
    now: float, time: float, v: float, r: float, q: float, c: float, carried: float, discounted: float, out: Floats, row: int
) -> None:
    """Without time, without volatility, or eighty deviations away: it is exercised, or it is not (at the forward: half)."""
    out[:, row] = 0.0
    inside = c * (carried - discounted)
    out[0, row] = max(inside, 0.0)
    if out.shape[0] == 1:
        return
    share = 1.0 if inside > 0 else 0.5 if inside == 0 else 0.0
    out[1, row] = c * share * carried / now
    if time > 0:
        out[4, row] = c * share * (q * carried - r * discounted)
        out[5, row] = c * share * time * discounted
        out[7, row] = c * share * q * carried / now
        out[9, row] = -c * share * time * carried
    out[10, row] = out[1, row] * now / out[0, row] if out[0, row] > 0 else math.nan
