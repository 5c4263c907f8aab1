"""The forward and the discount that calls and puts of one expiry imply together, by put-call parity.

    call - put = discount * (forward - strike)

holds for European options whatever the volatility (Stoll, "The relationship between put and call option prices", Journal of
Finance 24 (1969)). Over the strikes of an expiry that is a straight line, so two unknowns come out of it. One stale quote must
not bend it: strikes far from the line lose their weight (Tukey's biweight), and a forward with a known discount is a median.

Options that may be exercised early keep parity only between bounds. Near the money, and for short times, the premium for
exercising is small and nearly the same on both sides: use few strikes there (`near`), or hand over the prices that European
options would have at the volatilities that the American ones imply.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from terminal.domain.options.normal import Floats

_ROUNDS = 20
_TUKEY = 4.685
_MAD = 1.4826
_LEAST_STRIKES = 3


@dataclass(frozen=True)
class Parity:
    """What parity says of one expiry; NaN where it says nothing, with the `reason` in words.

    `forward` in units of the strike, `discount` of 1 at expiry. `forward_error` and `discount_error` are standard errors
    (0 for a discount that was given). `low` and `high`: between these forwards nobody locks in a gain at the quotes; NaN when no
    spreads were given, and low > high when quotes contradict each other. `strikes` is how many were used, `used` which of those
    given; `residual` is the median distance of call - put from the line, in money.
    """

    forward: float
    discount: float
    forward_error: float
    discount_error: float
    low: float
    high: float
    residual: float
    strikes: int
    used: npt.NDArray[np.bool_]
    reason: str = ""

    @property
    def known(self) -> bool:
        """Whether a forward came out."""
        return math.isfinite(self.forward)

    def rate(self, years: float) -> float:
        """The continuous rate of the discount; NaN for an expiry that is not in the future."""
        return -math.log(self.discount) / years if years > 0 and self.discount > 0 else math.nan

    def carry(self, spot: float, years: float) -> float:
        """The continuous yield of the underlying (dividends, cost of borrowing it) that makes `spot` grow to the forward."""
        if not (years > 0 and spot > 0 and self.forward > 0):
            return math.nan
        return self.rate(years) - math.log(self.forward / spot) / years


def implied_forward(
    strike: Any, call: Any, put: Any, *, half_spread: Any = None, discount: float | None = None, near: float | None = None,
    strikes: int | None = None,
) -> Parity:  # fmt: skip
    """Of one expiry: `call` and `put` are mids at each `strike` (arrays of one length, NaN: not quoted).

    `half_spread`: half of what both quotes are wide together, in money, per strike: narrow ones count more. `discount` when it
    is known (from a curve): only the forward is then asked, which needs a single strike. Without it at least three
    strikes are needed. `near` (in ln(strike / forward)) and `strikes` (the nearest ones) keep it to those near the money.
    Raises ValueError for arrays of different lengths.
    """
    levels, calls, puts = (np.asarray(each, dtype=np.float64).ravel() for each in (strike, call, put))
    if not levels.shape == calls.shape == puts.shape:
        raise ValueError("strike, call and put differ in length")
    spread = None if half_spread is None else np.broadcast_to(np.asarray(half_spread, dtype=np.float64), levels.shape)
    with np.errstate(invalid="ignore"):
        usable = np.isfinite(levels) & np.isfinite(calls) & np.isfinite(puts) & (levels > 0) & (calls >= 0) & (puts >= 0)
        if spread is not None:
            usable &= np.isfinite(spread) & (spread >= 0)
    if discount is not None and not (math.isfinite(discount) and discount > 0):
        return _nothing(usable, "the discount given is not a positive number")
    gap = np.where(usable, calls - puts, np.nan)
    usable = _near(levels, gap, usable, near, strikes)
    least = 1 if discount is not None else _LEAST_STRIKES
    if len(np.unique(levels[usable])) < least:
        return _nothing(usable, f"calls and puts of {int(usable.sum())} strikes are quoted, {least} are needed")
    k, y = levels[usable], gap[usable]
    wide = None if spread is None else spread[usable]
    weight = np.ones(len(k)) if wide is None else 1 / (np.maximum(wide, 1e-9) + 0.1 * float(np.median(wide)) + 1e-12) ** 2
    if discount is None:
        made = _line(k, y, weight)
        if not (made[0] > 0 and made[1] > 0):
            return _nothing(usable, "the quotes of calls and puts contradict each other")
        forward, factor, forward_error, factor_error = made
    else:
        forward, forward_error = _middle(k + y / discount, weight)
        factor, factor_error = discount, 0.0
        if not forward > 0:
            return _nothing(usable, "the quotes of calls and puts contradict each other")
    at = k + y / factor
    low, high = (math.nan, math.nan) if wide is None else (float(np.max(at - wide / factor)), float(np.min(at + wide / factor)))
    residual = float(np.median(np.abs(y - factor * (forward - k))))
    return Parity(forward, factor, forward_error, factor_error, low, high, residual, len(k), usable)


def _nothing(usable: npt.NDArray[np.bool_], reason: str) -> Parity:
    nan = math.nan
    return Parity(nan, nan, nan, nan, nan, nan, nan, 0, np.zeros_like(usable), reason)


def _near(
    levels: Floats, gap: Floats, usable: npt.NDArray[np.bool_], near: float | None, count: int | None
) -> npt.NDArray[np.bool_]:
    """Those of the usable strikes that are near the money, which is where calls and puts cost the same."""
    if (near is None and count is None) or not usable.any():
        return usable
    order = np.flatnonzero(usable)
    centre = levels[order[np.argmin(np.abs(gap[order]))]]
    centre += gap[order[np.argmin(np.abs(gap[order]))]]
    distance = np.abs(np.log(levels / max(centre, 1e-12), where=levels > 0, out=np.full(levels.shape, np.inf)))
    chosen = usable.copy()
    if near is not None:
        chosen &= distance <= near
    if count is not None:
        kept = np.flatnonzero(chosen)
        chosen[kept[np.argsort(distance[kept], kind="stable")[count:]]] = False
    return chosen


def _middle(values: Floats, weight: Floats) -> tuple[float, float]:
    """Weighted median, and its standard error from the spread of the values around it."""
    order = np.argsort(values, kind="stable")
    sorted_, share = values[order], np.cumsum(weight[order])
    share = (share - weight[order] / 2) / share[-1]
    middle = float(np.interp(0.5, share, sorted_))
    apart = np.abs(values - middle)
    order = np.argsort(apart, kind="stable")
    total = np.cumsum(weight[order])
    scale = _MAD * float(apart[order][np.searchsorted(total, total[-1] / 2)])
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    return middle, 1.2533 * scale / math.sqrt(effective)


def _line(k: Floats, y: Floats, weight: Floats) -> tuple[float, float, float, float]:
    """Forward, discount and their standard errors of y = discount * (forward - k), by reweighted least squares.

    It starts from the median of slopes between strikes that lie half the range apart (which no single quote can bend).
    """
    order = np.argsort(k, kind="stable")
    k, y, weight = k[order], y[order], weight[order]
    half = len(k) // 2
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (y[half:] - y[: len(k) - half]) / (k[half:] - k[: len(k) - half])
    slope = float(np.median(slopes[np.isfinite(slopes)]))
    level = float(np.median(y - slope * k))
    for _ in range(_ROUNDS):
        away = y - level - slope * k
        scale = max(_MAD * float(np.median(np.abs(away))), 1e-12 * float(np.abs(k).max()))
        robust = weight * np.clip(1 - (away / (_TUKEY * scale)) ** 2, 0, None) ** 2
        if (robust > 0).sum() < 2:
            robust = weight
        total = robust.sum()
        middle = float((robust * k).sum() / total)
        spread = float((robust * (k - middle) ** 2).sum())
        if spread <= 0:
            break
        before, slope = slope, float((robust * (k - middle) * y).sum() / spread)
        level = float((robust * y).sum() / total) - slope * middle
        if abs(slope - before) < 1e-14 * abs(slope):
            break
    if slope >= 0:
        return math.nan, -slope, math.nan, math.nan
    away = y - level - slope * k
    free = max(int((robust > 0).sum()) - 2, 1)
    variance = float((robust * away**2).sum()) / total * len(k) / free
    slope_error = math.sqrt(variance / (spread * len(k) / total))
    forward = level / -slope
    at_forward = math.sqrt(variance / len(k) + (slope_error * (forward - middle)) ** 2) / -slope
    return forward, -slope, at_forward, slope_error
