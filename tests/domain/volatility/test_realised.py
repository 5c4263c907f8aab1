"""Realised volatility: hand values, a plain reference, what each estimator is for, and that none looks ahead."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest

from terminal.domain.volatility.realised import ESTIMATORS, TITLES, WINDOWS, realised

# Four days by hand.
DAYS = [(100.0, 102.0, 99.0, 101.0), (101.5, 103.0, 100.0, 100.5), (100.0, 101.0, 97.0, 98.0), (98.5, 100.5, 98.0, 100.0)]


def bars(days: list[tuple[float, float, float, float]]) -> dict[str, np.ndarray]:
    return {name: np.array([day[at] for day in days]) for at, name in enumerate(("open", "high", "low", "close"))}


def reference(days: list[tuple[float, float, float, float]], n: int, estimator: str) -> float:
    """The formulas of the papers, one day after another."""
    ln, last = math.log, days[-n:]
    before = [day[3] for day in days[-n - 1 : -1]]
    if estimator == "close_close":
        return math.sqrt(252 * statistics.variance(ln(day[3] / then) for day, then in zip(last, before, strict=True)))
    if estimator == "parkinson":
        return math.sqrt(252 / (4 * n * ln(2)) * sum(ln(h / l) ** 2 for _, h, l, _ in last))  # noqa: E741
    if estimator == "garman_klass":
        return math.sqrt(252 / n * sum(0.5 * ln(h / l) ** 2 - (2 * ln(2) - 1) * ln(c / o) ** 2 for o, h, l, c in last))  # noqa: E741
    satchell = sum(ln(h / c) * ln(h / o) + ln(l / c) * ln(l / o) for o, h, l, c in last) / n  # noqa: E741
    if estimator == "rogers_satchell":
        return math.sqrt(252 * satchell)
    overnight = statistics.variance(ln(day[0] / then) for day, then in zip(last, before, strict=True))
    inside = statistics.variance(ln(day[3] / day[0]) for day in last)
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    return math.sqrt(252 * (overnight + k * inside + (1 - k) * satchell))


def simulated(days: int, *, drift: float = 0.0, gap: float = 0.0, steps: int = 780, seed: int = 3) -> dict[str, np.ndarray]:
    """A random walk with 20 % a year inside the sessions, `gap` a year overnight and a drift a year."""
    chance = np.random.default_rng(seed)
    inside = chance.standard_normal((days, steps)) * 0.2 / math.sqrt(252 * steps) + drift / 252 / steps
    overnight = chance.standard_normal(days) * gap / math.sqrt(252)
    path = np.concatenate([np.zeros((days, 1)), np.cumsum(inside, axis=1)], axis=1)
    start = np.cumsum(overnight) + np.concatenate([[0], np.cumsum(path[:-1, -1])])
    path = np.exp(path + start[:, None])
    return {"open": path[:, 0], "high": path.max(axis=1), "low": path.min(axis=1), "close": path[:, -1]}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_formulas_of_the_papers(estimator: str) -> None:
    found = realised(bars(DAYS), 3, estimator)  # type: ignore[arg-type]
    assert found[-1] == pytest.approx(reference(DAYS, 3, estimator), rel=1e-12)
    assert np.isnan(found[:2]).all()


def test_close_to_close_by_hand() -> None:
    """Closes 100, 110, 99, 108.9: returns ln 1.1, ln 0.9, ln 1.1; their variance is (2/3) of (ln 1.1 - ln 0.9)^2 / 2."""
    found = realised({"close": np.array([100.0, 110.0, 99.0, 108.9])}, 3)
    assert found[-1] == pytest.approx(math.sqrt(252 * (math.log(1.1 / 0.9) ** 2) / 3), rel=1e-12)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_estimator_looks_ahead(estimator: str) -> None:
    made = simulated(80, gap=0.1, steps=20)
    whole = realised(made, 20, estimator)  # type: ignore[arg-type]
    for end in (21, 40, 79):
        cut = realised({name: values[:end] for name, values in made.items()}, 20, estimator)  # type: ignore[arg-type]
        np.testing.assert_array_equal(cut, whole[:end])


def test_the_range_tells_more_than_the_close() -> None:
    """Without drift and gaps: at a known 20 % the published efficiencies (variance of the estimate against close to close) are
    5.2 for Parkinson and 7.4 for Garman-Klass when prices move all the time; in steps they are a little lower."""
    made = simulated(3_000)
    spread = {each: np.nanvar(realised(made, 10, each)[10::10] ** 2) for each in ESTIMATORS}
    level = {each: math.sqrt(np.nanmean(realised(made, 10, each) ** 2)) for each in ESTIMATORS}
    assert level["close_close"] == pytest.approx(0.2, abs=0.005)
    for each in ("parkinson", "garman_klass", "rogers_satchell", "yang_zhang"):
        assert level[each] == pytest.approx(0.2, abs=0.012), each  # a walk in steps misses its own extremes
    assert spread["close_close"] / spread["parkinson"] > 3.5
    assert spread["close_close"] / spread["garman_klass"] > 5
    assert spread["close_close"] / spread["rogers_satchell"] > 4
    assert spread["close_close"] / spread["yang_zhang"] > 4


def test_a_strong_drift_does_not_mislead_those_that_allow_for_it() -> None:
    made = simulated(400, drift=6.0)
    level = {each: math.sqrt(np.nanmean(realised(made, 30, each) ** 2)) for each in ESTIMATORS}
    assert level["rogers_satchell"] == pytest.approx(0.2, abs=0.015)
    assert level["yang_zhang"] == pytest.approx(0.2, abs=0.015)
    assert level["parkinson"] > 0.27, "Parkinson takes the drift for volatility"


def test_gaps_are_seen_by_yang_and_zhang_and_from_close_to_close_only() -> None:
    made = simulated(1_500, gap=0.2, steps=200)
    whole = math.sqrt(0.2**2 + 0.2**2)
    level = {each: math.sqrt(np.nanmean(realised(made, 30, each) ** 2)) for each in ESTIMATORS}
    assert level["close_close"] == pytest.approx(whole, abs=0.012)
    assert level["yang_zhang"] == pytest.approx(whole, abs=0.02)
    for each in ("parkinson", "garman_klass", "rogers_satchell"):
        assert level[each] < 0.22, each


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_an_unknown_or_impossible_bar_makes_its_windows_unknown_and_no_others(estimator: str) -> None:
    made = simulated(60, steps=20)
    made["close"][30] = np.nan
    found = realised(made, 10, estimator)  # type: ignore[arg-type]
    assert np.isnan(found[30:40]).all() and np.isfinite(found[41:]).all() and np.isfinite(found[10:30]).all()
    if estimator != "close_close":
        made = simulated(60, steps=20)
        made["high"][30] = made["low"][30] * 0.99
        assert np.isnan(realised(made, 10, estimator)[30:40]).all()  # type: ignore[arg-type]


def test_too_short_a_past_says_nothing_and_too_short_a_window_is_refused() -> None:
    assert np.isnan(realised(bars(DAYS), 20)).all()
    assert len(realised({"close": np.empty(0)}, 20)) == 0
    with pytest.raises(ValueError, match="at least 2"):
        realised(bars(DAYS), 1)
    assert set(TITLES) == set(ESTIMATORS) and WINDOWS == (10, 20, 30, 60, 90, 252)
