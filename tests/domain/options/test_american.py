"""American options against QuantLib's spectral engine to 1e-4 on a share at 100, and what must hold for every one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import american, greeks, implied_volatility, machine, price
from terminal.domain.options.boundary import Boundaries
from tests.domain.options.references import arrays, many, option, program

PUT: dict[str, Any] = {"spot": 97.0, "strike": 100.0, "years": 0.6, "volatility": 0.25, "rate": 0.045, "dividend": 0.02,
                       "call": False}  # fmt: skip


def test_prices_are_quantlib_s_to_1e_4() -> None:
    every = many(60, seed=8)
    ours = price(**arrays(every), american=True)
    theirs = np.array([option(**terms, american=True).NPV() for terms in every])
    assert np.abs(ours - theirs).max() < 5e-5


@pytest.mark.parametrize(("rate", "dividend", "call"), [
    (-0.01, -0.04, False), (-0.04, -0.01, True), (-0.01, 0.0, True), (0.0, -0.03, False), (-0.02, 0.03, True), (0.0, 0.0, False),
])  # fmt: skip
def test_negative_rates(rate: float, dividend: float, call: bool) -> None:
    """Two boundaries, one, or none: by finite differences, whose own error is some 1e-4."""
    terms: dict[str, Any] = {"spot": 100.0, "strike": 104.0, "volatility": 0.18, "rate": rate, "dividend": dividend, "call": call}
    theirs = option(**terms, days=300, american=True, model="finite differences", grid=800).NPV()
    assert float(price(**terms, years=300 / 365, american=True)) == pytest.approx(theirs, abs=6e-4)


def test_the_least_and_the_shortest() -> None:
    terms: dict[str, Any] = {**PUT, "american": True}
    assert float(price(**{**terms, "years": 0.0})) == 3.0 and float(price(**{**terms, "volatility": 0.0})) == 3.0
    assert float(price(**{**terms, "years": -1.0})) == 3.0
    minute = price(**{**terms, "years": 1 / 525600, "spot": np.array([97.0, 100.0, 103.0])})
    assert minute == pytest.approx([3.0, float(price(**{**PUT, "years": 1 / 525600, "spot": 100.0})), 0.0], abs=1e-6)
    nothing = price(**{**terms, "rate": 0.0, "dividend": 0.0})
    assert float(nothing) == float(price(**{**PUT, "rate": 0.0, "dividend": 0.0}))
    for broken in ("spot", "strike", "years", "volatility", "rate"):
        assert np.isnan(greeks(**{**terms, broken: math.nan}).price), broken
    extreme = price(**{**terms, "volatility": np.array([1e-3, 5.0, 15.0]), "years": 2.0})
    assert (extreme >= 3.0 - 1e-12).all() and (extreme <= 100.0).all() and (np.diff(extreme) >= 0).all()


_terms = st.fixed_dictionaries({
    "spot": st.floats(50, 180), "strike": st.floats(60, 160), "years": st.floats(0.003, 3), "volatility": st.floats(0.06, 1.2),
    "rate": st.floats(-0.0, 0.1), "dividend": st.floats(0, 0.08),
})  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(_terms, st.booleans())
def test_between_the_european_and_the_strike(terms: dict[str, float], call: bool) -> None:
    one, other = float(price(**terms, call=call, american=True)), float(price(**terms, call=call))
    inside = (terms["spot"] - terms["strike"]) * (1 if call else -1)
    assert max(other, inside, 0.0) - 1e-9 <= one <= (terms["spot"] if call else terms["strike"])
    longer = float(price(**{**terms, "years": terms["years"] + 0.1}, call=call, american=True))
    assert longer >= one - 2e-6 * terms["strike"], "more time is worth no less"
    # Parity is between bounds only: S e^(-qT) - K <= C - P <= S - K e^(-rT).
    put = float(price(**terms, call=not call, american=True))
    gap = (one - put) * (1 if call else -1)
    low = terms["spot"] * math.exp(-terms["dividend"] * terms["years"]) - terms["strike"]
    high = terms["spot"] - terms["strike"] * math.exp(-terms["rate"] * terms["years"])
    assert low - 2e-5 <= gap <= high + 2e-5


@pytest.mark.parametrize("call", [False, True])
def test_greeks_are_the_slopes_of_the_price(call: bool) -> None:
    terms = {**PUT, "call": call}
    one = greeks(**terms, american=True)
    steps = {"spot": 0.3, "volatility": 0.005, "years": 0.01, "rate": 1e-4, "dividend": 1e-4}

    def worth(**moves: int) -> float:
        moved = {name: terms[name] + moves.get(name, 0) * step for name, step in steps.items()}
        return float(price(**{**terms, **moved}, american=True))

    def slope(by: str, **at: int) -> float:
        return (worth(**{by: 1}, **at) - worth(**{by: -1}, **at)) / (2 * steps[by])

    def bend(by: str, **at: int) -> float:
        return (worth(**{by: 1}, **at) - 2 * worth(**at) + worth(**{by: -1}, **at)) / steps[by] ** 2

    def across(of: Any, by: str, other: str) -> float:
        return float(of(by, **{other: 1}) - of(by, **{other: -1})) / (2 * steps[other])

    wanted = {
        "delta": slope("spot"), "gamma": bend("spot"), "vega": slope("volatility"), "theta": -slope("years"),
        "rho": slope("rate"), "epsilon": slope("dividend"), "vanna": across(slope, "spot", "volatility"),
        "charm": -across(slope, "spot", "years"),
        "vomma": bend("volatility"), "veta": -across(slope, "volatility", "years"), "vera": across(slope, "rate", "volatility"),
        "zomma": across(bend, "spot", "volatility"), "color": -across(bend, "spot", "years"),
    }  # fmt: skip
    for name, value in wanted.items():
        assert float(getattr(one, name)) == pytest.approx(value, rel=2e-3, abs=2e-4), name
    assert float(one.leverage) == pytest.approx(float(one.delta) * 97 / float(one.price))


def test_a_chain_with_a_volatility_each_is_priced_like_its_contracts_alone() -> None:
    """A chain's boundaries are interpolated between volatilities; one contract's is its own."""
    chance = np.random.default_rng(2)
    strike = np.repeat(np.linspace(70, 140, 60), 2)
    terms: dict[str, Any] = {"spot": 100.0, "strike": strike, "years": np.where(np.arange(120) < 60, 0.08, 0.9), "rate": 0.045,
                             "dividend": 0.013, "call": np.arange(120) % 2 == 0, "american": True}  # fmt: skip
    volatility = 0.18 + np.log(strike / 100) ** 2 + chance.normal(0, 0.005, 120)
    whole = price(volatility=volatility, **terms)
    alone = [
        float(price(volatility=volatility[i], **{name: value[i] if np.ndim(value) else value for name, value in terms.items()}))
        for i in range(0, 120, 7)
    ]
    assert whole[::7] == pytest.approx(alone, abs=2e-6)
    found = implied_volatility(whole, **terms)
    told = whole > np.maximum(np.where(terms["call"], 100 - strike, strike - 100), 0) + 1e-4
    assert np.abs(found - volatility)[told].max() < 1e-7 and told.sum() > 80
    assert np.isnan(found[whole == np.maximum(np.where(terms["call"], 100 - strike, strike - 100), 0)]).all()


@pytest.mark.parametrize("compiled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_machine_code_tells_the_same(compiled: bool) -> None:
    chance, count = np.random.default_rng(4), 2000 if compiled else 12
    ranges = ((0.7, 1.4), (0.01, 2), (0.1, 0.8), (0.005, 0.09), (-0.02, 0.09))
    spot, years, volatility, rate, dividend = (chance.uniform(low, high, count) for low, high in ranges)
    years[: count // 2], rate[: count // 2], dividend[: count // 2] = 0.4, 0.04, 0.01
    among = Boundaries(years, rate, dividend)
    seen = among.at(volatility, np.arange(count))
    wanted = american.premium(spot, years, volatility, rate, dividend, seen, slopes=True)
    out = np.empty((4, count))
    edge = machine.premiums(program(compiled), seen, (spot, years, volatility, rate, dividend), out)
    assert np.exp(edge) == pytest.approx(wanted.edge, rel=1e-12)
    for ours, theirs in zip(out, wanted[1:], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-9)


def test_implied_volatility_of_prices_without_one() -> None:
    terms = {name: value for name, value in PUT.items() if name != "volatility"}
    assert np.isnan(implied_volatility(np.array([2.99, 3.0, 100.0, 150.0, -1.0, np.nan]), **terms, american=True)).all()
    high = implied_volatility(60.0, **terms, american=True)
    assert float(price(**terms, volatility=high, american=True)) == pytest.approx(60.0, abs=1e-7)
