"""Prices, Greeks and implied volatility against published values, trees, and what must hold for every option."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import greeks, implied_volatility, normal, price, price_bounds
from terminal.domain.options.contracts import european

GREEKS = ("delta", "gamma", "vega", "theta", "rho", "vanna", "charm", "vomma")


def test_the_normal_distribution_is_exact_to_the_last_digits() -> None:
    x = np.concatenate([np.linspace(-37, 9, 4001), [-0.46875, 0.46875, 4.0, -4.0, 0.0]])
    exact = np.array([0.5 * math.erfc(-each / math.sqrt(2)) for each in x])
    assert np.abs(normal.cdf(x) - exact).max() <= 4e-16
    assert np.abs(normal.cdf(x[x > -30]) / exact[x > -30] - 1).max() < 5e-13, "the tail keeps its digits"
    assert normal.cdf(np.array([np.inf, -np.inf])).tolist() == [1.0, 0.0] and np.isnan(normal.cdf(np.array([np.nan])))[0]


def test_published_prices() -> None:
    """Hull, Options, Futures, and Other Derivatives, chapter on Black-Scholes-Merton: 4.76 and 0.81; with a yield 51.83."""
    both = price(spot=42.0, strike=40.0, years=0.5, volatility=0.2, rate=0.1, call=np.array([True, False]))
    assert both == pytest.approx([4.7594, 0.8086], abs=5e-5)
    index = price(spot=930.0, strike=900.0, years=2 / 12, volatility=0.2, rate=0.08, dividend=0.03, call=True)
    assert float(index) == pytest.approx(51.83, abs=5e-3)


def test_published_greeks() -> None:
    """Hull's examples: spot 49, strike 50, 20 weeks, 20 %, 5 %: delta 0.522, gamma 0.066, vega 12.1, theta -4.31, rho 8.91."""
    one = greeks(spot=49.0, strike=50.0, years=0.3846, volatility=0.2, rate=0.05, call=True)
    assert float(one.delta) == pytest.approx(0.522, abs=5e-4) and float(one.gamma) == pytest.approx(0.066, abs=5e-4)
    assert float(one.vega) == pytest.approx(12.1, abs=0.05) and float(one.theta) == pytest.approx(-4.31, abs=5e-3)
    assert float(one.rho) == pytest.approx(8.91, abs=5e-3)


@pytest.mark.parametrize(("strike", "years", "volatility", "exact"), [
    (35, 0.0833, 0.2, 0.0062), (35, 0.5833, 0.2, 0.4328), (40, 0.0833, 0.2, 0.8522), (40, 0.5833, 0.2, 1.9904),
    (45, 0.3333, 0.2, 5.0883), (45, 0.5833, 0.2, 5.2670), (40, 0.5833, 0.3, 3.1696), (45, 0.5833, 0.3, 6.2436),
])  # fmt: skip
def test_american_puts_of_geske_and_johnson(strike: float, years: float, volatility: float, exact: float) -> None:
    """Journal of Finance 39 (1984), table I: puts on a share at 40 with 4.88 %."""
    ours = price(spot=40.0, strike=strike, years=years, volatility=volatility, rate=0.0488, call=False, american=True)
    assert float(ours) == pytest.approx(exact, abs=0.0004 * strike)


def _tree(spot: float, years: float, volatility: float, rate: float, dividend: float, sign: int, steps: int = 300) -> float:
    """An American option with a strike of 100 on a binomial tree (Cox, Ross and Rubinstein 1979)."""
    step = years / steps
    up = math.exp(volatility * math.sqrt(step))
    chance = (math.exp((rate - dividend) * step) - 1 / up) / (up - 1 / up)
    value = np.maximum(sign * (spot * up ** (2.0 * np.arange(steps + 1) - steps) - 100), 0)
    for left in range(steps - 1, -1, -1):
        value = math.exp(-rate * step) * (chance * value[1:] + (1 - chance) * value[:-1])
        value = np.maximum(value, sign * (spot * up ** (2.0 * np.arange(left + 1) - left) - 100))
    return float(value[0])


def test_american_options_against_a_tree() -> None:
    chance = np.random.default_rng(7)
    for years, within in ((0.1, 0.02), (0.5, 0.06), (1.0, 0.12), (3.0, 0.16)):
        for sign in (1, -1):
            spot, volatility = float(100 * math.exp(chance.normal(0, 0.15))), float(chance.uniform(0.15, 0.7))
            rate, dividend = float(chance.choice([0.0, 0.02, 0.05])), float(chance.choice([0.0, 0.02, 0.06]))
            ours = float(price(spot=spot, strike=100.0, years=years, volatility=volatility, rate=rate, dividend=dividend,
                               call=sign > 0, american=True))  # fmt: skip
            assert ours == pytest.approx(_tree(spot, years, volatility, rate, dividend, sign), abs=within)


_market = {
    "spot": st.floats(20, 300),
    "strike": st.floats(40, 200),
    "years": st.floats(0.02, 3),
    "volatility": st.floats(0.08, 1.2),
    "rate": st.floats(-0.01, 0.1),
    "dividend": st.floats(0, 0.08),
}


@given(st.fixed_dictionaries(_market))
@settings(max_examples=60)
def test_put_call_parity(given_: dict[str, float]) -> None:
    call, put = price(**given_, call=np.array([True, False]))
    forward = given_["spot"] * math.exp(-given_["dividend"] * given_["years"])
    assert call - put == pytest.approx(forward - given_["strike"] * math.exp(-given_["rate"] * given_["years"]), abs=1e-10)


@given(st.fixed_dictionaries(_market), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_prices_move_the_way_they_must(given_: dict[str, float], call: bool, american: bool) -> None:
    def worth(**changed: float) -> float:
        return float(price(**{**given_, **changed}, call=call, american=american))

    base = worth()
    assert worth(volatility=given_["volatility"] + 0.01) >= base - 1e-9
    assert (worth(spot=given_["spot"] * 1.01) - base) * (1 if call else -1) >= -1e-9
    assert (worth(strike=given_["strike"] * 1.01) - base) * (-1 if call else 1) >= -1e-9
    low, high = price_bounds(**{name: value for name, value in given_.items() if name != "volatility"}, call=call,
                             american=american)  # fmt: skip
    assert low - 1e-9 <= base <= high + 1e-9
    if american:
        assert base >= float(price(**given_, call=call)) - 1e-12
        assert base >= (given_["spot"] - given_["strike"]) * (1 if call else -1) - 1e-12


@given(st.fixed_dictionaries(_market), st.booleans())
@settings(max_examples=60)
def test_greeks_are_the_slopes_of_the_price(given_: dict[str, float], call: bool) -> None:
    def worth(**moved: float) -> float:
        return float(price(**{name: value + moved.get(name, 0.0) for name, value in given_.items()}, call=call))

    def delta(**moved: float) -> float:
        return float(greeks(**{name: value + moved.get(name, 0.0) for name, value in given_.items()}, call=call).delta)

    one, spot = greeks(**given_, call=call), given_["spot"]
    h, v, t = 1e-4 * spot, 1e-4, 1e-4 * given_["years"]
    near: Any = lambda value, scale: pytest.approx(value, rel=2e-4, abs=2e-5 * scale)  # noqa: E731
    assert float(one.delta) == near((worth(spot=h) - worth(spot=-h)) / (2 * h), 1)
    assert float(one.gamma) == near((delta(spot=h) - delta(spot=-h)) / (2 * h), 1)
    assert float(one.vega) == near((worth(volatility=v) - worth(volatility=-v)) / (2 * v), spot)
    assert float(one.theta) == near(-(worth(years=t) - worth(years=-t)) / (2 * t), spot)
    assert float(one.rho) == near((worth(rate=v) - worth(rate=-v)) / (2 * v), spot)
    assert float(one.vanna) == near((delta(volatility=v) - delta(volatility=-v)) / (2 * v), 1)
    assert float(one.charm) == near(-(delta(years=t) - delta(years=-t)) / (2 * t), 10)
    up, down = (float(greeks(**{**given_, "volatility": given_["volatility"] + x}, call=call).vega) for x in (v, -v))
    assert float(one.vomma) == near((up - down) / (2 * v), spot)


def test_exercising_early_earns_no_more_than_interest_and_dividends() -> None:
    """Where that is next to nothing the approximation divides by next to nothing; it once made these 2 % too dear."""
    put: dict[str, Any] = {"spot": 122.7031, "strike": 145.5676, "years": 0.4091, "volatility": 0.4228, "rate": 0.0007,
                           "call": False}  # fmt: skip
    call: dict[str, Any] = {"spot": 203.0966, "strike": 195.8844, "years": 0.0338, "volatility": 0.3847, "rate": 0.0,
                            "dividend": 0.006, "call": True}  # fmt: skip
    for terms, most in ((put, 145.5676 * 0.0007 * 0.4091), (call, 203.0966 * 0.006 * 0.0338)):
        assert 0 <= float(price(**terms, american=True)) - float(price(**terms)) <= most


def test_next_to_no_interest_is_none() -> None:
    for rate in (0.0, 1e-160, 1e-8):
        both = price(spot=20.0, strike=50.0, years=1.0, volatility=0.2, rate=rate, call=False, american=np.array([True, False]))
        assert both[0] >= both[1] >= 30 - 1e-6


def test_greeks_of_american_options_lie_where_the_tree_s_do() -> None:
    """A put in the money: nearer to -1 than the European one; once exercising is best exactly -1, and nothing else moves it."""
    terms: dict[str, Any] = {"strike": 100.0, "years": 0.5, "volatility": 0.3, "rate": 0.05, "call": False}
    one, other = greeks(spot=90.0, **terms, american=True), greeks(spot=90.0, **terms)
    step = 0.9
    tree = (_tree(90 + step, 0.5, 0.3, 0.05, 0, -1, 800) - _tree(90 - step, 0.5, 0.3, 0.05, 0, -1, 800)) / (2 * step)
    assert float(one.delta) == pytest.approx(tree, abs=0.01) and one.delta < other.delta
    deep = greeks(spot=50.0, **terms, american=True)
    assert float(deep.price) == 50.0 and float(deep.delta) == pytest.approx(-1.0)
    assert [float(getattr(deep, name)) for name in GREEKS[1:]] == pytest.approx([0.0] * 7, abs=1e-6)
    same = greeks(spot=90.0, strike=100.0, years=0.5, volatility=0.3, rate=0.05, call=True, american=np.array([True, False]))
    assert all(getattr(same, name)[0] == getattr(same, name)[1] for name in GREEKS), "no dividend: a call is not exercised early"


@given(st.fixed_dictionaries(_market), st.booleans(), st.booleans())
@settings(max_examples=60)
def test_the_implied_volatility_gives_the_price_back(given_: dict[str, float], call: bool, american: bool) -> None:
    seen = float(price(**given_, call=call, american=american))
    terms = {name: value for name, value in given_.items() if name != "volatility"}
    found = float(implied_volatility(seen, **terms, call=call, american=american))
    if math.isnan(found):
        low, _ = price_bounds(**terms, call=call, american=american)
        assert seen - float(low) < 1e-9 * max(seen, 1) or seen < 1e-280, "only a price that says nothing has none"
        return
    back = float(price(**{**given_, "volatility": found}, call=call, american=american))
    assert back == pytest.approx(seen, rel=1e-9, abs=1e-10)


def test_implied_volatility_of_extreme_prices() -> None:
    """From 1e-150 to a hundredth of a per cent below the limit, to the digits the price itself has."""
    seen = np.array([1e-150, 1e-30, 1e-6, 5.0, 60.0, 99.99])
    found = implied_volatility(seen, spot=100.0, strike=150.0, years=1.0, rate=0.0, call=True)
    back = price(spot=100.0, strike=150.0, years=1.0, volatility=found, rate=0.0, call=True)
    assert np.all(np.diff(found) > 0) and found[0] > 0.01
    assert back[2:] == pytest.approx(seen[2:], rel=1e-9)


def test_prices_outside_the_bounds_imply_nothing() -> None:
    seen = np.array([0.0, -1.0, 100.0, 120.0, np.nan])
    assert np.isnan(implied_volatility(seen, spot=100.0, strike=90.0, years=0.5, rate=0.03, call=True)).all()
    assert np.isnan(implied_volatility(10.0, spot=100.0, strike=90.0, years=0.5, rate=0.03, call=True))
    assert np.isnan(implied_volatility(10.0, spot=90.0, strike=100.0, years=0.5, rate=0.03, call=False, american=True))
    assert np.isnan(implied_volatility(5.0, spot=100.0, strike=100.0, years=0.0, rate=0.0, call=True)), "expired"


def test_at_and_after_expiry_what_is_certain_is_certain() -> None:
    one = greeks(spot=np.array([90.0, 110.0]), strike=100.0, years=np.array([0.0, -0.1]), volatility=0.2, rate=0.05, call=True)
    assert one.price.tolist() == [0.0, 10.0] and one.delta.tolist() == [0.0, 1.0]
    assert all(getattr(one, name).tolist() == [0.0, 0.0] for name in GREEKS[1:])
    still = price(spot=100.0, strike=90.0, years=1.0, volatility=0.0, rate=0.05, call=True)
    assert float(still) == pytest.approx(100 - 90 * math.exp(-0.05))
    assert np.isnan(greeks(spot=np.nan, strike=100.0, years=1.0, volatility=0.2, rate=0.0, call=True, american=True).delta)


def test_which_options_may_be_exercised_early() -> None:
    assert european("SPX") and european("^vix") and european("SPXW")
    assert not european("SPY") and not european("OEX")


def test_against_quantlib() -> None:
    ql = pytest.importorskip("QuantLib")
    today = ql.Date(20, 11, 2026)
    ql.Settings.instance().evaluationDate = today
    count = ql.Actual365Fixed()
    spot = ql.QuoteHandle(ql.SimpleQuote(95.0))
    flat = lambda value: ql.YieldTermStructureHandle(ql.FlatForward(today, value, count))  # noqa: E731
    level = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.27, count))
    process = ql.BlackScholesMertonProcess(spot, flat(0.015), flat(0.04), level)
    for style, engine, american in (
        (ql.EuropeanExercise(today + 200), ql.AnalyticEuropeanEngine(process), False),
        (ql.AmericanExercise(today, today + 200), ql.QdFpAmericanEngine(process), True),
    ):
        option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, 100.0), style)
        option.setPricingEngine(engine)
        ours = price(spot=95.0, strike=100.0, years=200 / 365, volatility=0.27, rate=0.04, dividend=0.015, call=False,
                     american=american)  # fmt: skip
        assert float(ours) == pytest.approx(option.NPV(), abs=1e-4)
