"""Value at risk and shortfall against closed forms, brute force and the axioms of a risk measure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from terminal.domain.risk import tails
from terminal.domain.risk.distributions import normal_density, normal_quantile
from tests.conftest import examples

_SHARES = (0.9, 0.95, 0.975, 0.99)
_outcomes = arrays(np.float64, st.integers(60, 200), elements=st.floats(-0.2, 0.2, allow_nan=False))


def _drawn(seed: int = 1, count: int = 750, freedom: float = 4.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(freedom, count) * 0.01


def test_hand_worked() -> None:
    """A hundred outcomes -50 ... 49: five of them, -50 to -46, are the worst twentieth."""
    outcomes = np.random.default_rng(0).permutation(np.arange(-50.0, 50.0))
    found = tails.historical(outcomes, 0.95)
    assert (found.var, found.cvar, found.days) == (45.0, pytest.approx(48.0), 100), "VaR is the first day after the worst five"
    assert tails.historical(outcomes, 0.99).cvar == pytest.approx(50.0)
    part = tails.historical(outcomes, 0.975)  # two and a half days
    assert part.cvar == pytest.approx((50 + 49 + 0.5 * 48) / 2.5)


@pytest.mark.parametrize("confidence", _SHARES)
def test_parametric_is_the_closed_form(confidence: float) -> None:
    outcomes = _drawn()
    mean, deviation, alpha = outcomes.mean(), outcomes.std(ddof=1), 1 - confidence
    found = tails.parametric(outcomes, confidence)
    assert found.var == pytest.approx(-(mean + deviation * normal_quantile(alpha)))
    assert found.cvar == pytest.approx(-mean + deviation * normal_density(normal_quantile(alpha)) / alpha)


@pytest.mark.parametrize("confidence", _SHARES)
def test_all_methods_meet_where_everything_is_normal(confidence: float) -> None:
    """Quantiles of the normal distribution itself as outcomes: five answers, one closed form."""
    count = 20_000
    outcomes = 0.0005 + 0.01 * np.array([normal_quantile((place + 0.5) / count) for place in range(count)])
    z, alpha = normal_quantile(1 - confidence), 1 - confidence
    var, cvar = -(0.0005 + 0.01 * z), -0.0005 + 0.01 * normal_density(z) / alpha
    for found, off in (
        (tails.historical(outcomes, confidence), 2e-3),
        (tails.parametric(outcomes, confidence), 1e-3),
        (tails.cornish_fisher(outcomes, confidence), 2e-3),
        (tails.monte_carlo(outcomes[:, None], lambda drawn: drawn[:, 0], confidence, draws=200_000), 0.02),
    ):
        assert found.var == pytest.approx(var, rel=off), found.method
        assert found.cvar == pytest.approx(cvar, rel=off), found.method


def test_cornish_fisher_by_its_formula_and_by_integration() -> None:
    outcomes = _drawn(freedom=9.0)
    centred = outcomes - outcomes.mean()
    square = np.mean(centred**2)
    s, k = np.mean(centred**3) / square**1.5, np.mean(centred**4) / square**2 - 3

    def q(z: float) -> float:
        return z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36

    found = tails.cornish_fisher(outcomes, 0.95)
    deviation = outcomes.std(ddof=1)
    assert found.var == pytest.approx(-(outcomes.mean() + deviation * q(normal_quantile(0.05))))
    steps = 20_000
    mean = np.mean([q(normal_quantile(0.05 * (place + 0.5) / steps)) for place in range(steps)])
    assert found.cvar == pytest.approx(-(outcomes.mean() + deviation * mean), rel=1e-3)


@pytest.mark.parametrize("until", [-1.2815515655446004, -1.6448536269514722, -2.3263478740408408])
def test_where_the_expansion_is_a_quantile_by_brute_force(until: float) -> None:
    random = np.random.default_rng(4)
    skews, kurtoses = random.uniform(-4, 4, 3000), random.uniform(-1, 25, 3000)
    weights = tails.expansion(skews, kurtoses)
    below, above = np.linspace(-4, until, 400), np.linspace(until, 6, 1000)

    def q(z: np.ndarray) -> np.ndarray:
        return weights[0][:, None] + z * (weights[1][:, None] + z * (weights[2][:, None] + z * weights[3][:, None]))

    brute = np.all(np.diff(q(below), axis=1) > 0, axis=1) & np.all(q(above) >= q(above)[:, :1] - 1e-12, axis=1)
    found = tails.is_quantile(weights, until)
    assert np.mean(found == brute) > 0.997, "but for those that turn between two points of the grid"
    assert not np.any(found & ~brute) and 0.05 < found.mean() < 0.95


def test_cornish_fisher_says_when_it_is_no_quantile() -> None:
    outcomes = np.full(200, 0.001)
    outcomes[:3] = (-0.3, -0.25, 0.2)
    found = tails.cornish_fisher(outcomes, 0.95)
    assert found.var is None and found.cvar is None and "beyond what the expansion can bend" in found.reason


@pytest.mark.slow  # importing SciPy takes longer than all other tests here
def test_monte_carlo_has_the_tail_of_a_student() -> None:
    """With excess kurtosis K the degrees of freedom are 4 + 6/K; its quantile by the t distribution's closed form for nu = 6."""
    stats = pytest.importorskip("scipy.stats")
    outcomes = 0.01 * stats.t.ppf((np.arange(200_000) + 0.5) / 200_000, 6)
    found = tails.monte_carlo(outcomes[:, None], lambda drawn: drawn[:, 0], 0.99, draws=200_000)
    centred = outcomes - outcomes.mean()
    k = np.mean(centred**4) / np.mean(centred**2) ** 2 - 3
    nu = 4 + 6 / k
    assert found.var == pytest.approx(-outcomes.std() * math.sqrt((nu - 2) / nu) * stats.t.ppf(0.01, nu), rel=0.02)


def test_monte_carlo_is_the_same_each_time_and_values_what_is_bent() -> None:
    moves = _drawn()[:, None]
    straight = tails.monte_carlo(moves, lambda drawn: 1000 * drawn[:, 0], 0.95)
    assert straight == tails.monte_carlo(moves, lambda drawn: 1000 * drawn[:, 0], 0.95)
    insured = tails.monte_carlo(moves, lambda drawn: 1000 * np.maximum(drawn[:, 0], -0.01), 0.95)
    assert insured.var == insured.cvar == pytest.approx(10.0), "a floor at one percent"


def test_filtered_follows_the_present_volatility() -> None:
    random = np.random.default_rng(3)
    calm, rough = random.standard_normal(400) * 0.005, random.standard_normal(100) * 0.03
    ends_rough, ends_calm = np.concatenate([calm, rough]), np.concatenate([rough, calm])
    assert (tails.filtered(ends_rough, 0.95).var or 0) > 3 * (tails.filtered(ends_calm, 0.95).var or 1)
    assert tails.historical(ends_rough, 0.95) == tails.historical(ends_calm, 0.95)


def test_expected_volatility_by_hand() -> None:
    outcomes = np.concatenate([np.full(20, 0.02), [0.04, 0.0]])
    sigmas = tails.expected_volatility(outcomes, 0.9)
    assert sigmas[:21] == pytest.approx(np.full(21, 0.02))
    assert sigmas[21] ** 2 == pytest.approx(0.9 * 0.0004 + 0.1 * 0.0016)
    assert sigmas[22] ** 2 == pytest.approx(0.9 * sigmas[21] ** 2)


@settings(max_examples=examples(60))
@given(_outcomes, st.sampled_from(_SHARES), st.floats(0.1, 50.0), st.floats(-0.05, 0.05))
def test_scale_shift_and_order(outcomes: np.ndarray, confidence: float, times: float, more: float) -> None:
    one = tails.historical(outcomes, confidence)
    assert one.var is not None and one.cvar is not None
    assert one.cvar >= one.var - 1e-12, "the mean beyond is not less than the edge"
    scaled, shifted = tails.historical(outcomes * times, confidence), tails.historical(outcomes + more, confidence)
    assert (scaled.var, scaled.cvar) == (pytest.approx(one.var * times), pytest.approx(one.cvar * times))
    assert (shifted.var, shifted.cvar) == (pytest.approx(one.var - more), pytest.approx(one.cvar - more))
    assert tails.historical(outcomes[::-1], confidence).cvar == pytest.approx(one.cvar), "the order of days says nothing"
    beyond = tails.historical(outcomes, 0.995).cvar
    assert beyond is not None and beyond >= one.cvar - 1e-12


@settings(max_examples=examples(60))
@given(st.integers(60, 300), st.integers(0, 2**32 - 1), st.sampled_from(_SHARES))
def test_shortfall_is_subadditive(count: int, seed: int, confidence: float) -> None:
    random = np.random.default_rng(seed)
    one, other = random.standard_t(2.5, (2, count))
    apart = (tails.historical(one, confidence).cvar or 0) + (tails.historical(other, confidence).cvar or 0)
    assert (tails.historical(one + other, confidence).cvar or 0) <= apart + 1e-9


def test_the_shortfall_is_rockafellar_and_uryasevs_minimum() -> None:
    """Brute force: min over c of c + mean(max(-x - c, 0)) / alpha."""
    outcomes = _drawn(count=130)
    for confidence in _SHARES:
        brute = min(c + np.maximum(-outcomes - c, 0).mean() / (1 - confidence) for c in -outcomes)
        assert tails.historical(outcomes, confidence).cvar == pytest.approx(brute)


def test_too_few_days_are_said() -> None:
    for found in (tails.historical(np.zeros(59), 0.95), tails.parametric(np.zeros(59), 0.95),
                  tails.cornish_fisher(np.zeros(59), 0.95), tails.filtered(np.zeros(59), 0.95)):  # fmt: skip
        assert found.var is None and found.reason == "59 of the 60 days it needs"
    still = np.zeros(100)
    assert tails.historical(still, 0.95).var == 0.0 and tails.parametric(still, 0.95).var == 0.0
    assert tails.filtered(still, 0.95).reason == "the outcomes do not vary"
