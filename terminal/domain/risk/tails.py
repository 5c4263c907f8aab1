"""Value at risk and what lies beyond it, in five ways, from daily outcomes.

An outcome is what a day made: money or a fraction, losses negative. `var` is the loss that is not exceeded with the
confidence asked for, `cvar` (expected shortfall) the mean of the losses beyond it; both positive for a loss, in the unit of
the outcomes. Nothing is scaled to other horizons here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.risk.distributions import normal_density, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST = 60
"""Fewer days say nothing about a tail."""
DECAY = 0.94
"""Weight of the past in the moving variance (RiskMetrics 1996)."""
DRAWS, SEED = 20_000, 20_210_104


@dataclass(frozen=True, slots=True)
class Tail:
    """One way's answer over `days` outcomes; None with a `reason` where it has none."""

    method: str
    var: float | None
    cvar: float | None
    days: int
    reason: str = ""

    def scaled(self, factor: float) -> Tail:
        """The same in another unit, or over another horizon."""
        times = tuple(None if each is None else each * factor for each in (self.var, self.cvar))
        return Tail(self.method, times[0], times[1], self.days, self.reason)


def tail_weights(outcomes: Floats, confidence: float) -> Floats:
    """How much each day counts in the historical shortfall: the worst (1 - confidence) of all days, one of them in part.

    They sum to one (Rockafellar and Uryasev 2002, for discrete outcomes); so weighted, shortfall is subadditive.
    """
    count = outcomes.size
    wanted = (1.0 - confidence) * count
    whole = math.floor(wanted + 1e-9)
    weights = np.zeros(count)
    order = np.argsort(outcomes, kind="stable")
    weights[order[:whole]] = 1.0
    if whole < count:
        weights[order[whole]] = max(wanted - whole, 0.0)
    return np.asarray(weights / wanted)


def historical(outcomes: Floats, confidence: float) -> Tail:
    """As it was: the outcome that the worst (1 - confidence) of all days reached, and their mean."""
    if missing := _too_few("historical", outcomes):
        return missing
    var = float(-np.partition(outcomes, place := worst_place(outcomes.size, confidence))[place])
    return Tail("historical", var, float(-tail_weights(outcomes, confidence) @ outcomes), outcomes.size)


def parametric(outcomes: Floats, confidence: float) -> Tail:
    """As if normal, with the mean and the sample deviation of the outcomes."""
    if missing := _too_few("parametric", outcomes):
        return missing
    mean, deviation, z = float(outcomes.mean()), float(outcomes.std(ddof=1)), normal_quantile(1.0 - confidence)
    beyond = normal_density(z) / (1.0 - confidence)
    return Tail("parametric", -(mean + deviation * z), -mean + deviation * beyond, outcomes.size)


def cornish_fisher(outcomes: Floats, confidence: float) -> Tail:
    """Normal, bent by skewness S and excess kurtosis K (Cornish and Fisher 1937; Favre and Galeano 2002).

    q(z) = z + (z² - 1) S/6 + (z³ - 3z) K/24 - (2z³ - 5z) S²/36. Shortfall integrates q over the tail (the moments of a
    truncated normal). Where q falls anywhere in the tail it is no quantile (Maillard 2012) and nothing is answered.
    """
    if missing := _too_few("cornish_fisher", outcomes):
        return missing
    mean, deviation = float(outcomes.mean()), float(outcomes.std(ddof=1))
    if deviation <= 0.0:
        return Tail("cornish_fisher", -mean, -mean, outcomes.size)
    skewness, kurtosis = shapes(outcomes[None, :])
    weights = expansion(skewness, kurtosis)
    z, alpha = normal_quantile(1.0 - confidence), 1.0 - confidence
    if not is_quantile(weights, z)[0]:
        reason = f"skewness {skewness[0]:.1f} and excess kurtosis {kurtosis[0]:.1f} are beyond what the expansion can bend"
        return Tail("cornish_fisher", None, None, outcomes.size, reason)
    one = -normal_density(z) / alpha
    moments = (1.0, one, 1.0 + z * one, (z * z + 2.0) * one)
    quantile = float(np.array([1.0, z, z**2, z**3]) @ weights[:, 0])
    beyond = float(np.array(moments) @ weights[:, 0])
    return Tail("cornish_fisher", -(mean + deviation * quantile), -(mean + deviation * beyond), outcomes.size)


def filtered(outcomes: Floats, confidence: float, decay: float = DECAY) -> Tail:
    """Historical outcomes, each divided by the volatility expected that morning and multiplied by that of tomorrow.

    (Hull and White 1998; Barone-Adesi et al. 1999), with an exponentially weighted moving variance.
    """
    if missing := _too_few("filtered", outcomes):
        return missing
    sigmas = expected_volatility(outcomes, decay)
    if not np.all(sigmas > 0.0):
        return Tail("filtered", None, None, outcomes.size, "the outcomes do not vary")
    found = historical(outcomes / sigmas[:-1] * sigmas[-1], confidence)
    return Tail("filtered", found.var, found.cvar, outcomes.size)


def monte_carlo(
    moves: Floats, outcome: Callable[[Floats], Floats], confidence: float, draws: int = DRAWS, seed: int = SEED
) -> Tail:
    """Simulated: joint moves of the columns of `moves` [day, thing] from a multivariate Student t, each valued by `outcome`.

    Mean and covariance are the sample's; the degrees of freedom match the mean excess kurtosis (nu = 4 + 6/K). The same seed
    gives the same answer; its own error is about one percent at 20,000 draws.
    """
    if missing := _too_few("monte_carlo", moves[:, 0]):
        return missing
    random = np.random.default_rng(seed)
    mean, covariance = moves.mean(axis=0), np.atleast_2d(np.cov(moves, rowvar=False))
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    kurtosis = float(np.mean(shapes(moves.T)[1]))
    normal = random.standard_normal((draws, mean.size))
    if kurtosis > 0.05:
        freedom = 4.0 + 6.0 / kurtosis
        normal *= np.sqrt((freedom - 2.0) / random.chisquare(freedom, (draws, 1)))
    found = historical(outcome(mean + normal @ root.T), confidence)
    return Tail("monte_carlo", found.var, found.cvar, moves.shape[0])


def expected_volatility(outcomes: Floats, decay: float = DECAY) -> Floats:
    """The moving volatility before each outcome, and one more: that before the next. Mean zero.

    It starts from the mean square of the first twenty outcomes, so the first ones know a little of what follows; nothing
    later does.
    """
    squares = outcomes * outcomes
    variance = np.empty(squares.size + 1)
    level = float(squares[:20].mean())
    for place, square in enumerate(squares.tolist()):
        variance[place] = level
        level = decay * level + (1.0 - decay) * square
    variance[-1] = level
    return np.asarray(np.sqrt(variance))


def worst_place(count: int, confidence: float) -> int:
    """The place, of so many outcomes from the worst on, of the one that stands for value at risk."""
    return min(math.floor((1.0 - confidence) * count + 1e-9), count - 1)


def expansion(skewness: Floats, kurtosis: Floats) -> Floats:
    """The Cornish-Fisher weights of 1, z, z² and z³ [weight, case]."""
    bend, weight = skewness * skewness / 36.0, kurtosis / 24.0
    return np.stack([-skewness / 6.0, 1.0 - 3.0 * weight + 5.0 * bend, skewness / 6.0, weight - 2.0 * bend])


def is_quantile(weights: Floats, until: float) -> NDArray[np.bool_]:
    """Whether each expansion rises everywhere below `until` and never comes back under its value there [case].

    Looked at from -4 (three in a hundred thousand) to 6: a cubic is lowest, and its slope is, at an end or where it turns.
    """
    one, two, three = weights[1:]

    def slope(z: Floats | float) -> Floats:
        return np.asarray(one + z * (2.0 * two + z * 3.0 * three))

    def value(z: Floats | float) -> Floats:
        return np.asarray(weights[0] + z * (one + z * (two + z * three)))

    with np.errstate(divide="ignore", invalid="ignore"):
        turns = np.nan_to_num(-two / (3.0 * three), nan=until, posinf=until, neginf=until)
        width = np.sqrt(two * two - 3.0 * three * one) / np.abs(3.0 * three)
    width = np.nan_to_num(width, nan=0.0, posinf=0.0)
    rises = (slope(-4.0) > 0.0) & (slope(until) > 0.0) & (slope(np.clip(turns, -4.0, until)) > 0.0)
    low = value(until)
    ends = (value(6.0), value(np.clip(turns - width, until, 6.0)), value(np.clip(turns + width, until, 6.0)))
    return np.asarray(rises & np.all([end >= low - 1e-12 for end in ends], axis=0))


def shapes(outcomes: Floats) -> tuple[Floats, Floats]:
    """Skewness and excess kurtosis of each row, moments about the mean; zero where nothing varies."""
    centred = outcomes - outcomes.mean(axis=1, keepdims=True)
    squares = centred * centred
    square = np.mean(squares, axis=1)
    scale = np.where(square > 0.0, square, 1.0)
    skew = np.mean(squares * centred, axis=1) / scale**1.5
    return skew, np.where(square > 0.0, np.mean(squares * squares, axis=1) / scale**2 - 3.0, 0.0)


def _too_few(method: str, outcomes: Floats) -> Tail | None:
    if outcomes.size >= LEAST:
        return None
    return Tail(method, None, None, outcomes.size, f"{outcomes.size} of the {LEAST} days it needs")
