"""Round values between two, as an axis names them. Pure."""

from __future__ import annotations

import math

_MOST = 200
_SLACK = 1e-9


def round_up(step: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `step`; 0 for what is no step."""
    if not step > 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(step))
    return next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= step * (1 - _SLACK))


def multiples(low: float, high: float, step: float) -> list[float]:
    """The multiples of `step` from `low` to `high`, both included; at most two hundred."""
    if step <= 0:
        return []
    first, last = math.ceil(low / step - _SLACK), math.floor(high / step + _SLACK)
    return [number * step for number in range(first, min(last, first + _MOST) + 1)]


def levels(low: float, high: float, count: int = 4) -> list[float]:
    """Round values between two, about `count` of them."""
    return multiples(low, high, round_up((high - low) / count))
