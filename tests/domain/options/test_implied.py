"""Implied volatility to the last digits: against prices of sixty digits, two other programs, and its own prices."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import greeks, implied, implied_volatility, machine, mills, price
from terminal.domain.options.european import Terms, sensitivities
from tests.domain.options.references import Grid, grids, program


def _errors(grid: Grid, found: Any) -> Any:
    assert np.isfinite(found).all()
    return np.abs(found - grid.volatility) / grid.attainable


@pytest.mark.parametrize("name", ["realistic", "far out", "deep in", "last day"])
def test_the_error_is_at_most_four_times_what_the_price_can_tell(name: str) -> None:
    grid = grids(120)[name]
    assert _errors(grid, implied_volatility(grid.price, **grid.terms)).max() <= 4


def test_the_table_of_mills_ratios_is_exact() -> None:
    import mpmath as mp

    with mp.workdps(40):
        for place in (0, 55, 150, 156, 159, 160, 164, 166):
            z = mills.LOWEST + place * mills.STEP
            value = mp.ncdf(z) / mp.npdf(z)
            assert mills.table()[place, 0] == float(value) and mills.table()[place, 1] == float(1 + z * value)
            assert mills.table()[place, 2] == float((value + z * (1 + z * value)) / 2)


@pytest.mark.parametrize("name", ["lbriv", pytest.param("py_lets_be_rational", marks=pytest.mark.slow)])
def test_against_other_programs(name: str) -> None:
    """Where they are right; both lose digits near the money and on the last day, by thousands of what is attainable."""
    other = pytest.importorskip(name)
    grid = grids(60, seed=4)["realistic"]
    ours = implied_volatility(grid.price, **grid.terms)
    with np.errstate(all="ignore"):
        for place in range(len(ours)):
            sign, k, years, paid = 1 if grid.call[place] else -1, grid.strike[place], grid.years[place], grid.price[place]
            if name == "lbriv":
                theirs = other.implied_vol(paid, 100.0, k, sign) / np.sqrt(years)
            else:
                theirs = other.implied_volatility_from_a_transformed_rational_guess(paid, 100.0, k, years, sign)
            assert abs(ours[place] - theirs) <= max(1e-12, 8e3 * grid.attainable[place])


@settings(max_examples=25, deadline=None)
@given(st.floats(0.01, 3), st.floats(1 / 365, 2), st.floats(-8, 8), st.booleans(), st.floats(-0.02, 0.1), st.floats(-0.02, 0.1))
def test_round_trip(volatility: float, years: float, deviations: float, call: bool, rate: float, dividend: float) -> None:
    """To 1e-12 wherever the price carries the information: its last digit moves the volatility by less than that."""
    strike = 250.0 * np.exp((rate - dividend) * years + deviations * volatility * np.sqrt(years))
    terms: dict[str, Any] = {"spot": 250.0, "strike": strike, "years": years, "rate": rate, "dividend": dividend, "call": call}
    paid = float(price(**terms, volatility=volatility))
    one = greeks(**terms, volatility=volatility)
    vega = float(one.vega)
    # Forward and discount are rounded as the price is; what that moves it by nobody can tell from volatility.
    lost = 8 * 2.0**-52 * (paid + 250 * abs(float(one.delta))) / vega if vega > 0 else np.inf
    found = float(implied_volatility(paid, **terms))
    if np.isfinite(found) or lost < 1e-3:
        assert found == pytest.approx(volatility, rel=1e-14, abs=max(lost, 1e-12))


def test_outside_the_bounds_is_never_a_number() -> None:
    terms: dict[str, Any] = {"spot": 100.0, "strike": 90.0, "years": 0.5, "rate": 0.03}
    for call, least, most in ((True, 100 - 90 * np.exp(-0.015), 100.0), (False, 0.0, 90 * np.exp(-0.015))):
        wrong = np.array([-5.0, 0.0, least * (1 - 1e-12), most * (1 + 1e-12), most * 2, np.inf, np.nan])
        assert np.isnan(implied_volatility(wrong, **terms, call=call)).all()
    for broken in ({"spot": 0.0}, {"strike": -1.0}, {"years": 0.0}, {"years": -1.0}, {"rate": np.nan}, {"spot": np.inf}):
        assert np.isnan(implied_volatility(12.0, **{**terms, **broken}, call=True))


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_machine_code_tells_the_same(compiled: bool) -> None:
    made = program(compiled)
    for grid in grids(300 if compiled else 30, seed=5).values():
        sign = np.where(grid.call, 1.0, -1.0)
        zero = np.zeros(len(sign))
        terms = Terms(np.full(len(sign), 100.0), grid.strike, grid.years, grid.volatility, zero, zero, sign)
        found = machine.implied(made, grid.price, terms, map, 3)
        assert _errors(grid, found).max() <= 4
    chance = np.random.default_rng(1)
    count = 3000 if compiled else 60
    ranges = ((50, 200), (100, 100), (-0.1, 2), (0, 1.5), (-0.02, 0.1), (-0.02, 0.1))
    sign = np.where(chance.random(count) < 0.5, 1.0, -1.0)
    terms = Terms(*(chance.uniform(low, high, count) for low, high in ranges), sign)
    terms.volatility[:6], terms.years[3:9], terms.spot[10], terms.strike[11], terms.rate[12] = 0, 0, np.nan, np.nan, np.nan
    terms.spot[1:3], terms.spot[5], terms.volatility[13] = 100, 100, -0.1
    wanted, found = sensitivities(terms), machine.sensitivities(made, terms, 16, map, 2)
    wanted["leverage"][wanted["price"] < 1e-290] = found["leverage"][wanted["price"] < 1e-290] = 0
    for name, value in wanted.items():
        assert np.allclose(found[name], value, rtol=1e-9, atol=1e-9, equal_nan=True), name
    paid = wanted["price"].copy()
    paid[20], paid[21] = 1e9, -1.0
    one, other = machine.implied(made, paid, terms, map, 1), implied.european(paid, terms)
    both = np.isfinite(one) & np.isfinite(other)
    assert both.sum() > 0.6 * count and (np.isfinite(one) != np.isfinite(other)).sum() <= 2e-3 * count, "only what tells nothing"
    assert (np.abs(one - other)[both] * wanted["vega"][both] <= 1e-13 * (paid + terms.spot)[both]).all()


@pytest.mark.slow
def test_large_arrays_go_through_machine_code_and_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    pytest.importorskip("numba")
    grid = grids(300, seed=6)["realistic"]
    times = machine.WORTHWHILE // 300 + 1
    terms = {name: value if np.ndim(value) == 0 else np.tile(value, times) for name, value in grid.terms.items()}
    with ThreadPoolExecutor(2) as pool:
        found = implied_volatility(np.tile(grid.price, times), **terms, spread=pool.map, parts=5)
    assert (np.abs(found - np.tile(grid.volatility, times)) <= 4 * np.tile(grid.attainable, times)).all()


def test_without_numba_numpy_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "terminal.domain.options.kernels", None)
    monkeypatch.delattr(sys.modules["terminal.domain.options"], "kernels", raising=False)
    machine.load.cache_clear()
    try:
        assert machine.kernels(10**6) is None
        found = implied_volatility(np.full(machine.WORTHWHILE, 5.0), spot=100.0, strike=105.0, years=1.0, rate=0.02, call=True)
    finally:
        machine.load.cache_clear()
    assert len(set(found.tolist())) == 1 and 0.1 < found[0] < 0.2
