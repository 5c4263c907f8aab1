"""Value at risk held against what happened: how often it was exceeded, and whether such days come in bunches."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.risk.distributions import chi_squared_above, normal_quantile
from terminal.domain.risk.tails import DECAY, expansion, expected_volatility, is_quantile, shapes, worst_place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

METHODS = ("historical", "parametric", "cornish_fisher", "filtered")


@dataclass(frozen=True, slots=True)
class Grade:
    """Of `days` forecasts `exceptions` were exceeded where `expected` should have been; p-values of three tests.

    `kupiec`: that share is as promised (proportion of failures); `independence`: an exceeded day does not make the next one
    likelier (Christoffersen); `conditional`: both. None: not enough to test. `verdict`: "good", "too many", "too few" or
    "in bunches", at five percent; "unknown" without a test.
    """

    method: str
    days: int
    exceptions: int
    expected: float
    kupiec: float | None
    independence: float | None
    conditional: float | None
    longest: int

    @property
    def verdict(self) -> str:
        """What the tests say together, at five percent."""
        if self.kupiec is None:
            return "unknown"
        if self.kupiec < 0.05:
            return "too many" if self.exceptions > self.expected else "too few"
        return "in bunches" if self.independence is not None and self.independence < 0.05 else "good"


def forecasts(outcomes: Floats, window: int, confidence: float, method: str) -> Floats:
    """The loss said on each evening for the next day from the `window` outcomes up to it: one for each later outcome.

    Nothing later than its evening enters a forecast. NaN where the way has no answer that evening.
    """
    if outcomes.size <= window:
        return np.empty(0)
    past = np.lib.stride_tricks.sliding_window_view(outcomes, window)[:-1]
    if method == "historical":
        return -_low(past, confidence)
    if method == "filtered":
        sigmas = expected_volatility(outcomes, DECAY)
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = outcomes / sigmas[:-1]
            windows = np.lib.stride_tricks.sliding_window_view(scaled, window)[:-1]
            return np.asarray(-_low(windows, confidence) * sigmas[window:-1])
    mean, deviation, z = past.mean(axis=1), past.std(axis=1, ddof=1), normal_quantile(1.0 - confidence)
    if method == "parametric":
        return np.asarray(-(mean + deviation * z))
    weights = expansion(*shapes(past))
    bent = weights[0] + z * (weights[1] + z * (weights[2] + z * weights[3]))
    return np.where(is_quantile(weights, z), -(mean + deviation * bent), np.nan)


def grade(outcomes: Floats, said: Floats, confidence: float, method: str = "") -> Grade:
    """The last `said.size` outcomes against what was said of them. Days without a forecast are left out."""
    happened = outcomes[outcomes.size - said.size :]
    known = np.isfinite(said)
    exceeded = (-happened > said)[known]
    days, count = int(exceeded.size), int(exceeded.sum())
    share = 1.0 - confidence
    failures = kupiec(days, count, share)
    bunches = christoffersen(exceeded)
    both = None
    if failures is not None and bunches is not None:
        both = chi_squared_above(failures[0] + bunches[0], 2)
    return Grade(
        method,
        days,
        count,
        days * share,
        None if failures is None else failures[1],
        None if bunches is None else bunches[1],
        both,
        _longest(exceeded),
    )


def kupiec(days: int, exceptions: int, share: float) -> tuple[float, float] | None:
    """Likelihood ratio and p-value that exceptions come with probability `share` (Kupiec 1995); None without days."""
    if days == 0:
        return None
    seen = exceptions / days
    ratio = 2.0 * (_likelihood(exceptions, days, seen) - _likelihood(exceptions, days, share))
    return max(ratio, 0.0), chi_squared_above(ratio, 1)


def christoffersen(exceeded: Flags) -> tuple[float, float] | None:
    """Likelihood ratio and p-value that exceptions are independent, against a first-order Markov chain (Christoffersen 1998).

    None where there was no exception that had a day after it, or nothing else.
    """
    before, after = exceeded[:-1], exceeded[1:]
    counts = [[int(np.sum((before == a) & (after == b))) for b in (False, True)] for a in (False, True)]
    calm, rough = sum(counts[0]), sum(counts[1])
    if calm == 0 or rough == 0:
        return None
    hits = counts[0][1] + counts[1][1]
    apart = _likelihood(counts[0][1], calm, counts[0][1] / calm) + _likelihood(counts[1][1], rough, counts[1][1] / rough)
    ratio = 2.0 * (apart - _likelihood(hits, calm + rough, hits / (calm + rough)))
    return max(ratio, 0.0), chi_squared_above(ratio, 1)


def _likelihood(hits: int, days: int, share: float) -> float:
    """Logarithm of the likelihood of so many hits; 0 log 0 is 0."""
    return (hits * math.log(share) if hits else 0.0) + ((days - hits) * math.log1p(-share) if days > hits else 0.0)


def _low(windows: Floats, confidence: float) -> Floats:
    place = worst_place(windows.shape[1], confidence)
    return np.asarray(np.partition(windows, place, axis=1)[:, place])


def _longest(exceeded: Flags) -> int:
    longest = run = 0
    for hit in exceeded.tolist():
        run = run + 1 if hit else 0
        longest = max(longest, run)
    return longest
