"""Forecasts that know nothing later, and the two tests by hand and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from terminal.domain.risk import tails
from terminal.domain.risk.grading import METHODS, christoffersen, forecasts, grade, kupiec

_SINGLE = {"historical": tails.historical, "parametric": tails.parametric, "cornish_fisher": tails.cornish_fisher}


def _drawn(count: int = 600, seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).standard_t(8, count) * 0.01


@pytest.mark.parametrize("method", sorted(_SINGLE))
def test_each_forecast_is_what_the_evening_would_have_said(method: str) -> None:
    outcomes = _drawn(320)
    said = forecasts(outcomes, 250, 0.95, method)
    assert said.size == 70
    for place in (0, 1, 35, 69):
        assert said[place] == pytest.approx(_SINGLE[method](outcomes[place : place + 250], 0.95).var)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_later_enters(method: str) -> None:
    outcomes = _drawn()
    whole, cut = forecasts(outcomes, 250, 0.95, method), forecasts(outcomes[:400], 250, 0.95, method)
    assert whole[:150] == pytest.approx(cut, rel=1e-12)
    changed = outcomes.copy()
    changed[400:] *= 10
    assert forecasts(changed, 250, 0.95, method)[:151] == pytest.approx(whole[:151]), "the day itself enters only the next one"


def test_kupiec_by_hand() -> None:
    """Fifteen of 255 at one percent: Kupiec's own form of the ratio."""
    ratio, p = kupiec(255, 15, 0.01) or (0, 0)
    expected = -2 * math.log(0.99**240 * 0.01**15) + 2 * math.log((1 - 15 / 255) ** 240 * (15 / 255) ** 15)
    assert ratio == pytest.approx(expected) and p < 1e-6
    assert kupiec(1000, 50, 0.05) == (pytest.approx(0.0, abs=1e-9), pytest.approx(1.0, abs=1e-4))
    none, p = kupiec(250, 0, 0.01) or (0, 0)
    assert none == pytest.approx(-500 * math.log(0.99)) and p == pytest.approx(0.0250, abs=5e-4)
    assert kupiec(0, 0, 0.05) is None


def test_christoffersen_by_hand() -> None:
    flags = np.array([False] * 90 + [True] * 10)
    calm, rough = (89, 1), (0, 9)
    apart = calm[0] * math.log(calm[0] / 90) + calm[1] * math.log(calm[1] / 90)
    alike = (calm[0] + rough[0]) * math.log(89 / 99) + (calm[1] + rough[1]) * math.log(10 / 99)
    ratio, p = christoffersen(flags) or (0, 0)
    assert ratio == pytest.approx(2 * (apart - alike)) and p < 1e-9
    assert christoffersen(np.zeros(100, dtype=bool)) is None
    spread = np.zeros(200, dtype=bool)
    spread[::20] = True
    assert (christoffersen(spread) or (0, 0))[1] > 0.2


def test_the_tests_reject_about_as_often_as_they_should() -> None:
    random = np.random.default_rng(6)
    rejected = sum((kupiec(1000, int(random.binomial(1000, 0.05)), 0.05) or (0, 1))[1] < 0.05 for _ in range(2000)) / 2000
    assert 0.03 < rejected < 0.08
    hits = random.random((800, 1000)) < 0.05
    rejected = sum((christoffersen(row) or (0, 1))[1] < 0.05 for row in hits) / 800
    assert 0.02 < rejected < 0.12


def test_grades_say_what_is_wrong() -> None:
    calm = np.random.default_rng(1).standard_normal(1250) * 0.01
    said = forecasts(calm, 250, 0.95, "historical")
    good = grade(calm, said, 0.95, "historical")
    assert (good.days, good.expected, good.verdict) == (1000, pytest.approx(50.0), "good") and 30 < good.exceptions < 70
    assert grade(calm, said * 0.5, 0.95).verdict == "too many" and grade(calm, said * 2, 0.95).verdict == "too few"
    bunched = calm.copy()
    for start in range(300, 1250, 100):
        bunched[start : start + 5] = -0.05
    flat = np.full(1000, 0.04)
    assert grade(bunched, flat, 0.95).verdict == "in bunches" and grade(bunched, flat, 0.95).longest == 5
    assert grade(calm, np.empty(0), 0.95).verdict == "unknown"
    gaps = said.copy()
    gaps[::2] = np.nan
    assert grade(calm, gaps, 0.95).days == 500, "evenings without an answer are not counted"


def test_filtered_stands_up_where_volatility_moves() -> None:
    """Returns whose volatility follows itself: the plain window is caught out in bunches, the filtered one is not."""
    random = np.random.default_rng(8)
    variance, outcomes = 1e-4, np.empty(3000)
    for place in range(3000):
        outcomes[place] = random.standard_normal() * math.sqrt(variance)
        variance = 1e-6 + 0.12 * outcomes[place] ** 2 + 0.87 * variance
    graded = {method: grade(outcomes, forecasts(outcomes, 250, 0.95, method), 0.95, method) for method in METHODS}
    assert graded["filtered"].verdict == "good"
    assert (graded["historical"].conditional or 1) < 0.01 < (graded["filtered"].conditional or 0)
