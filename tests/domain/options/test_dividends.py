"""Options on shares that pay dividends on known days, against QuantLib's closed form and finite differences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from terminal.domain.options import greeks, price
from terminal.domain.options.dividends import greeks_with_dividends, implied_volatility_with_dividends, price_with_dividends
from tests.domain.options.references import option

PAID = ((30, 1.2), (121, 1.2), (212, 1.3))
YEARS = tuple((days / 365, money) for days, money in PAID)
TERMS: dict[str, Any] = {"spot": 100.0, "volatility": 0.25, "rate": 0.045}


@pytest.mark.parametrize("call", [True, False])
def test_escrowed_european_options_are_quantlib_s_closed_form(call: bool) -> None:
    strike = np.array([70.0, 100.0, 130.0])
    ours = greeks_with_dividends(YEARS, **TERMS, strike=strike, years=250 / 365, call=call, escrowed=True)
    for place, k in enumerate(strike.tolist()):
        theirs = option(**TERMS, strike=k, days=250, call=call, payments=PAID, model="closed form")
        assert ours.price[place] == pytest.approx(theirs.NPV(), abs=1e-8)
        assert ours.delta[place] == pytest.approx(theirs.delta(), abs=1e-8)
        assert ours.gamma[place] == pytest.approx(theirs.gamma(), abs=1e-8)
        assert ours.vega[place] == pytest.approx(theirs.vega(), rel=1e-5, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("american", [False, True])
@pytest.mark.parametrize("model", ["spot", "escrowed"])
def test_both_models_are_quantlib_s_finite_differences(model: str, american: bool) -> None:
    """On a grid of 1500 x 1500 those have errors of some 1e-4 themselves."""
    for call, strike in ((True, 80.0), (True, 105.0), (False, 95.0), (False, 115.0)):
        theirs = option(**TERMS, strike=strike, days=250, call=call, american=american, payments=PAID, model=model, grid=1500)
        ours = float(price_with_dividends(YEARS, **TERMS, strike=strike, years=250 / 365, call=call, american=american,
                                          escrowed=model == "escrowed"))  # fmt: skip
        assert ours == pytest.approx(theirs.NPV(), abs=2e-4)


def test_an_american_call_is_exercised_just_before_the_payment() -> None:
    """A large payment the day before expiry: whoever holds the call takes the share before it."""
    terms: dict[str, Any] = {**TERMS, "strike": 80.0, "years": 0.25, "call": True}
    one, other = (float(price_with_dividends([(0.24, 10.0)], **terms, american=american)) for american in (True, False))
    until = float(price(**{**terms, "years": 0.24}))
    assert one == pytest.approx(until, abs=2e-3) and one > until - 1e-6 and other < one - 4
    assert float(price_with_dividends([(0.3, 10.0)], **terms, american=True)) == pytest.approx(float(price(**terms)), abs=2e-6)


def test_without_payments_it_is_the_option_itself() -> None:
    for american in (False, True):
        terms: dict[str, Any] = {**TERMS, "strike": 103.0, "years": 0.7, "dividend": 0.02, "call": False, "american": american}
        one, other = greeks_with_dividends([], **terms), greeks(**terms)
        assert float(one.price) == pytest.approx(float(other.price), abs=3e-5)
        assert float(one.vomma) == pytest.approx(float(other.vomma), abs=0.2)
        for name in ("delta", "gamma", "vega", "theta", "rho", "epsilon", "vanna", "charm", "veta", "speed", "zomma"):
            assert float(getattr(one, name)) == pytest.approx(float(getattr(other, name)), rel=5e-3, abs=2e-3), name


def test_theta_is_what_passing_time_costs() -> None:
    for escrowed in (False, True):
        terms: dict[str, Any] = {**TERMS, "strike": 100.0, "call": True, "escrowed": escrowed}
        later, sooner = (
            float(price_with_dividends([(when + side * 1e-3, money) for when, money in YEARS], **terms, years=0.7 + side * 1e-3))
            for side in (1, -1)
        )
        one = greeks_with_dividends(YEARS, **terms, years=0.7)
        assert float(one.theta) == pytest.approx((sooner - later) / 2e-3, rel=1e-4)


def test_implied_volatility_gives_the_price_back() -> None:
    for american, call in ((False, True), (True, False)):
        terms: dict[str, Any] = {"spot": 100.0, "strike": 104.0, "years": 0.5, "rate": 0.03, "call": call, "american": american}
        seen = float(price_with_dividends(YEARS, **terms, volatility=0.37))
        assert implied_volatility_with_dividends(seen, YEARS, **terms) == pytest.approx(0.37, abs=1e-7)
        assert math.isnan(implied_volatility_with_dividends(200.0, YEARS, **terms))
    assert math.isnan(implied_volatility_with_dividends(3.999, YEARS, **{**terms}))


def test_what_is_unknown_or_over() -> None:
    made = price_with_dividends(YEARS, **{**TERMS, "spot": np.array([100.0, math.nan, 2.0, 100.0])}, strike=90.0,
                                years=np.array([-1.0, 0.5, 0.7, 0.5]), call=True, escrowed=True)  # fmt: skip
    assert made[0] == 10.0 and np.isnan(made[1:3]).all() and made[3] > 10
    quiet: dict[str, Any] = {"spot": 100.0, "years": 0.5, "volatility": 1e-3, "rate": 0.03, "call": True, "american": True}
    still = price_with_dividends(YEARS, strike=np.array([50.0, 1000.0]), **quiet)
    assert still[0] == pytest.approx(100 - 50 * math.exp(-0.03 * 30 / 365), abs=1e-2) and still[1] == pytest.approx(0, abs=1e-9)
