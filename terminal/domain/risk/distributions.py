"""The normal and the chi-squared distribution, as far as measures of risk need them."""

from __future__ import annotations

import math
from statistics import NormalDist

_STANDARD = NormalDist()


def normal_density(z: float) -> float:
    """The density of the standard normal distribution."""
    return math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)


def normal_below(z: float) -> float:
    """The probability of a standard normal value below z; exact in the far tail too, which 1 + erf is not."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """The standard normal value with so much probability below it (Wichura, AS 241). ValueError outside (0, 1)."""
    if not 0.0 < probability < 1.0:
        raise ValueError(f"a probability lies between 0 and 1, not at {probability}")
    return _STANDARD.inv_cdf(probability)


def chi_squared_above(value: float, freedom: int) -> float:
    """The probability of a chi-squared value above `value`, for one or two degrees of freedom (closed forms).

    One: the square of a standard normal; two: exponential with mean two. ValueError for any other.
    """
    if freedom not in (1, 2):
        raise ValueError(f"only one or two degrees of freedom, not {freedom}")
    value = max(value, 0.0)
    return math.erfc(math.sqrt(value / 2.0)) if freedom == 1 else math.exp(-value / 2.0)
