"""European prices and Greeks against QuantLib to 1e-8, and what must hold for every option."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import greeks, price
from tests.domain.options.references import arrays, many, option

CHANGES = {
    "epsilon": ("price", "dividend", 1), "veta": ("vega", "years", -1), "vera": ("rho", "volatility", 1),
    "speed": ("gamma", "spot", 1), "zomma": ("gamma", "volatility", 1), "color": ("gamma", "years", -1),
    "vanna": ("delta", "volatility", 1), "charm": ("delta", "years", -1), "vomma": ("vega", "volatility", 1),
    "rho": ("price", "rate", 1), "theta": ("price", "years", -1),
}  # fmt: skip


def test_prices_and_greeks_are_quantlib_s_to_1e_8() -> None:
    every = many(80, seed=3)
    ours = greeks(**arrays(every))
    for place, terms in enumerate(every):
        theirs = option(**terms)
        told = {"price": theirs.NPV(), "epsilon": theirs.dividendRho()}
        told |= {name: getattr(theirs, name)() for name in ("delta", "gamma", "vega", "theta", "rho")}
        for name, value in told.items():
            assert getattr(ours, name)[place] == pytest.approx(value, abs=1e-8, rel=1e-9), (name, terms)
        assert ours.leverage[place] * ours.price[place] == pytest.approx(theirs.delta() * terms["spot"], abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(
    st.fixed_dictionaries(
        {"spot": st.floats(40, 250), "strike": st.floats(50, 200), "years": st.floats(0.02, 3),
         "volatility": st.floats(0.08, 1.2), "rate": st.floats(-0.02, 0.1), "dividend": st.floats(-0.02, 0.08)}
    ),
    st.booleans(),
)  # fmt: skip
def test_each_greek_is_the_change_of_another(terms: dict[str, float], call: bool) -> None:
    one = greeks(**terms, call=call)
    for name, (of, by, way) in CHANGES.items():
        step = 1e-5 * (terms[by] if by in ("spot", "years") else 1)
        up, down = (greeks(**{**terms, by: terms[by] + side * step}, call=call) for side in (1, -1))
        change = way * (float(getattr(up, of)) - float(getattr(down, of))) / (2 * step)
        size = {"spot": 1e-6, "delta": 1e-5, "gamma": 1e-6}.get(of, 1e-4 * terms["spot"])
        assert float(getattr(one, name)) == pytest.approx(change, rel=1e-5, abs=size), name
    if float(one.price) > 1e-290:
        assert float(one.leverage) * float(one.price) == pytest.approx(float(one.delta) * terms["spot"], rel=1e-9)


def test_far_out_of_the_money_the_digits_are_kept() -> None:
    import mpmath as mp

    with mp.workdps(40):
        for deviations, years in ((8, 1 / 365), (20, 0.3), (36, 1.0)):
            k, s = 100 * math.exp(0.3 * math.sqrt(years) * deviations), mp.mpf(0.3) * mp.sqrt(mp.mpf(years))
            d1 = mp.log(100 / mp.mpf(k)) / s + s / 2
            exact = 100 * mp.ncdf(d1) - mp.mpf(k) * mp.ncdf(d1 - s)
            ours = float(price(spot=100.0, strike=k, years=years, volatility=0.3, rate=0.0, call=True))
            assert ours == pytest.approx(float(exact), rel=1e-12)


def test_what_is_certain_and_what_is_unknown() -> None:
    one = greeks(spot=np.array([120.0, 80.0, 100.0]), strike=100.0, years=1.0, volatility=0.0, rate=0.0, call=True)
    assert one.price.tolist() == [20.0, 0.0, 0.0] and one.delta.tolist() == [1.0, 0.0, 0.5]
    assert one.gamma.tolist() == [0.0] * 3 and np.isnan(one.leverage).tolist() == [False, True, True]
    for broken in ({"spot": math.nan}, {"strike": math.nan}, {"years": math.nan}, {"volatility": math.nan}, {"volatility": -0.1}):
        terms = {"spot": 100.0, "strike": 100.0, "years": 1.0, "volatility": 0.2, "rate": 0.01, **broken}
        made = greeks(**terms, call=False)
        assert np.isnan(made.price) and np.isnan(made.delta) and np.isnan(made.color)
