"""Pricing as promised: to QuantLib's digits, volatility to what a price can tell, dividends, parity; from the shell, too."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from terminal.domain.options import greeks, implied_volatility, price
from terminal.domain.options.dividends import price_with_dividends
from terminal.domain.options.parity import implied_forward
from tests.domain.options.references import arrays, grids, many, option

if TYPE_CHECKING:
    from terminal.app import App


def test_european_prices_and_greeks_to_1e_8() -> None:
    every = many(25, seed=21)
    ours = greeks(**arrays(every))
    for place, terms in enumerate(every):
        theirs = option(**terms)
        assert ours.price[place] == pytest.approx(theirs.NPV(), abs=1e-8)
        for name in ("delta", "gamma", "vega", "theta", "rho"):
            assert getattr(ours, name)[place] == pytest.approx(getattr(theirs, name)(), abs=1e-8), name


def test_american_exercise_to_1e_4() -> None:
    every = many(25, seed=22)
    theirs = [option(**terms, american=True).NPV() for terms in every]
    assert price(**arrays(every), american=True) == pytest.approx(theirs, abs=1e-4)


def test_implied_volatility_to_four_times_the_attainable_and_nan_outside_the_bounds() -> None:
    for name, grid in grids(60, seed=23).items():
        found = implied_volatility(grid.price, **grid.terms)
        assert (np.abs(found - grid.volatility) <= 4 * grid.attainable).all(), name
        above = np.where(grid.call, 100.0, grid.strike) * (1 + 1e-12)
        below = np.maximum(np.where(grid.call, 100 - grid.strike, grid.strike - 100), 0) * (1 - 1e-12)
        assert np.isnan(implied_volatility(above, **grid.terms)).all() and np.isnan(implied_volatility(below, **grid.terms)).all()


def test_dividends_on_known_days() -> None:
    paid = ((40, 0.9), (131, 0.9))
    terms: dict[str, Any] = {"spot": 100.0, "strike": 98.0, "volatility": 0.22, "rate": 0.04, "call": True}
    ours = price_with_dividends([(days / 365, money) for days, money in paid], **terms, years=200 / 365, escrowed=True)
    assert float(ours) == pytest.approx(option(**terms, days=200, payments=paid, model="closed form").NPV(), abs=1e-8)


def test_forward_and_rate_out_of_parity() -> None:
    strike = np.arange(80.0, 125.0, 5.0)
    smile = 0.2 + 0.3 * np.log(strike / 100) ** 2
    call, put = (price(spot=100.0, strike=strike, years=0.5, volatility=smile, rate=0.04, dividend=0.015, call=side)
                 for side in (True, False))  # fmt: skip
    found = implied_forward(strike, call, put)
    assert found.forward == pytest.approx(100 * math.exp(0.0125), rel=1e-10) and found.rate(0.5) == pytest.approx(0.04, abs=1e-9)


def test_from_the_shell(app: App) -> None:
    """Any option's Greeks: an American put of 181 days and some hours lies between QuantLib's of 181 and 182 days."""
    table = app.run("options.greeks", {"symbol": "SPY", "expiry": "2027-05-21", "strike": 100.0, "right": "put", "spot": 97.0,
                                       "vol": "25%", "rate": "4.5%", "dividend": "2%"})  # fmt: skip
    told = {str(row["greek"]).split(" ", 1)[0].lower(): row["share"] for row in table.rows()}
    terms: dict[str, Any] = {"spot": 97.0, "strike": 100.0, "volatility": 0.25, "rate": 0.045, "dividend": 0.02, "call": False}
    shorter, longer = (option(**terms, days=days, american=True).NPV() for days in (181, 182))
    assert shorter - 1e-4 <= told["price"] <= longer + 1e-4
    names = {"delta", "gamma", "vega", "theta", "rho", "epsilon", "leverage", "vanna", "charm", "vomma", "veta", "vera"}
    assert names <= told.keys() and all(math.isfinite(told[name]) for name in names)
