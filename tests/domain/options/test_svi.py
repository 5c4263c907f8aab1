"""SVI curves: known ones are found again, wrong quotes do not bend them, and what would be free money is seen and avoided."""

from __future__ import annotations

import math

import numpy as np
import pytest

from terminal.domain.options import svi
from terminal.domain.options.svi import Svi, fit, natural

CURVES = [
    Svi(0.04, 0.4, -0.4, 0.1, 0.1),
    Svi(-0.01, 0.2, -0.7, 0.05, 0.2),  # the level may be below zero as long as the curve is not
    Svi(0.0005, 0.02, -0.3, 0.0, 0.01),  # a few days
    Svi(0.2, 0.3, 0.0, 0.0, 0.8),  # years
]


def strikes(curve: Svi, count: int = 41) -> np.ndarray:
    return np.linspace(-2.5, 1.5, count) * math.sqrt(float(curve.variance(np.zeros(1))[0]))


@pytest.mark.parametrize("curve", CURVES)
def test_the_parameters_of_a_known_curve_are_found_again(curve: Svi) -> None:
    k = strikes(curve)
    found = fit(k, curve.variance(k), np.ones_like(k))
    assert found is not None and not found.forced
    for name in ("a", "b", "rho", "m", "sigma"):
        assert getattr(found.curve, name) == pytest.approx(getattr(curve, name), abs=1e-9)


def test_a_few_wrong_quotes_do_not_bend_the_curve() -> None:
    curve = CURVES[0]
    k = strikes(curve)
    w = curve.variance(k) * np.exp(0.004 * np.random.default_rng(5).standard_normal(len(k)))
    w[[4, 30]] *= (1.6, 0.5)
    found = fit(k, w, 1 / w)
    assert found is not None
    assert np.abs(found.curve.variance(k) / curve.variance(k) - 1).max() < 0.015


def test_what_is_quoted_finely_counts_more() -> None:
    curve, k = CURVES[0], strikes(CURVES[0], 15)
    w = curve.variance(k)
    w[k < -0.3] *= 1.05
    vague = np.where(k < -0.3, 0.01, 1.0)
    found = fit(k, w, vague / w)
    assert found is not None
    kept = k >= -0.3
    assert np.abs(found.curve.variance(k[kept]) / w[kept] - 1).max() < 2e-3


def test_five_strikes_are_too_few_for_five_numbers() -> None:
    k = np.linspace(-0.1, 0.1, 5)
    assert fit(k, CURVES[0].variance(k), np.ones(5)) is None
    assert fit(np.repeat(k, 2), CURVES[0].variance(np.repeat(k, 2)), np.ones(10)) is None, "the same strike twice is one"


def test_the_slopes_are_the_derivatives() -> None:
    curve, k, step = CURVES[1], np.linspace(-1, 1, 21), 1e-5
    assert curve.slope(k) == pytest.approx((curve.variance(k + step) - curve.variance(k - step)) / (2 * step), abs=1e-8)
    assert curve.curvature(k) == pytest.approx((curve.slope(k + step) - curve.slope(k - step)) / (2 * step), abs=1e-8)


def test_the_density_is_that_of_the_prices() -> None:
    """g(k) n(d2) / sqrt(w) is the density of ln(S / F): the second difference of call prices in strike, and it sums to one."""
    curve, k = Svi(0.02, 0.1, -0.4, 0.1, 0.2), np.linspace(-6, 6, 24_001)
    root = np.sqrt(curve.variance(k))
    d2 = -k / root - root / 2
    density = curve.density(k) * np.exp(-0.5 * d2**2) / math.sqrt(2 * math.pi) / root
    assert np.trapezoid(density, k) == pytest.approx(1, abs=1e-4)
    assert np.trapezoid(density * np.exp(k), k) == pytest.approx(1, abs=1e-3), "the mean price is the forward"


def test_vogts_curve_leaves_a_butterfly_for_free_and_the_fit_keeps_clear_of_it() -> None:
    """Axel Vogt's example (Gatheral and Jacquier 2014, section 3.1): an innocent looking curve with a negative density."""
    vogt = Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153)
    k = np.linspace(-1.5, 1.5, 61)
    assert vogt.density(k).min() < -0.02 and vogt.least > 0
    found = fit(k, vogt.variance(k), np.ones_like(k), reach=0.0)
    assert found is not None and found.forced
    assert found.curve.density(k).min() >= -1e-9
    assert np.abs(found.curve.variance(k) - vogt.variance(k)).max() < 0.02, "and is still near"


def test_jump_wings_tell_a_curve_for_readers() -> None:
    """The same example in jump-wings, as published there."""
    told = natural(Svi(-0.0410, 0.1331, 0.3060, 0.3586, 0.4153), 1.0)
    assert told.level**2 == pytest.approx(0.01742625, abs=1e-7)
    assert told.skew == pytest.approx(-0.1752111, abs=1e-6)
    assert told.put_wing == pytest.approx(0.6997381, abs=1e-6)
    assert told.call_wing == pytest.approx(1.316798, abs=1e-5)
    assert told.least**2 == pytest.approx(0.0116249, abs=1e-6)
    with pytest.raises(ValueError, match="no level"):
        natural(Svi(0.0, 0.0, 0.0, 0.0, 0.1), 1.0)


@pytest.mark.parametrize("kind", ["flat", "a line", "alternating", "one spike"])
def test_strange_smiles_still_give_a_curve_that_may_be(kind: str) -> None:
    k = np.linspace(-0.2, 0.2, 12)
    w = {
        "flat": np.full(12, 0.01), "a line": 0.02 - 0.03 * k, "alternating": 0.01 + 0.003 * (-1.0) ** np.arange(12),
        "one spike": np.where(np.arange(12) == 6, 0.2, 0.01),
    }[kind]  # fmt: skip
    found = fit(k, w, np.ones_like(k))
    assert found is not None
    curve = found.curve
    assert np.isfinite([curve.a, curve.b, curve.rho, curve.m, curve.sigma]).all()
    assert curve.variance(np.linspace(-3, 3, 601)).min() > 0
    assert curve.b * (1 + abs(curve.rho)) <= 2 + 1e-6, "Lee's bound on the wings"
    if kind in ("flat", "a line"):
        assert curve.variance(k) == pytest.approx(w, rel=2e-3)
    assert svi.LEAST == 6


def test_random_curves_without_free_money_are_all_found_again() -> None:
    """From three days to two years, 8 % to 120 % a year, with any skew: to the last digits."""
    chance = np.random.default_rng(7)
    compared = 0
    for _ in range(30):
        years, level = chance.choice([3 / 365, 0.08, 0.25, 1.0, 2.0]), chance.uniform(0.08, 1.2)
        root = level * math.sqrt(years)
        rho, sigma, m = chance.uniform(-0.95, 0.6), root * chance.uniform(0.2, 2.5), root * chance.uniform(-0.5, 0.8)
        b = min(chance.uniform(0.05, 1.0) * root, 1.9 / (1 + abs(rho)))
        curve = Svi(root**2 - b * (math.hypot(m, sigma) - rho * m), b, rho, m, sigma)
        if curve.least < 1e-6 * root**2 or curve.density(np.linspace(-5.5, 4.5, 161) * root).min() < 0:
            continue
        k = np.linspace(-3, 2, int(chance.integers(8, 60))) * root
        found = fit(k, curve.variance(k), np.ones_like(k))
        assert found is not None and not found.forced
        assert np.abs(found.curve.variance(k) / curve.variance(k) - 1).max() < 1e-9
        compared += 1
    assert compared >= 20
