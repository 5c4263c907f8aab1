"""Revaluation against figures worked by hand and against the model called for one option at a time."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain import options
from terminal.domain.whatif.book import Book, Contract, Position
from terminal.domain.whatif.scenes import PRICES, RATES, VOLATILITIES, answer, effect, grid
from terminal.domain.whatif.shocks import Shock, parse

SHARE = Position("AAA", "AAA", 10.0, 50.0, 1.0, 500.0, 1.5, sector="Energy")
EURO = Position("EEE", "EEE", 4.0, 25.0, 1.1, 110.0, 0.5, "EUR")
BOND = Position("BBB", "BBB", 20.0, 90.0, 1.0, 1800.0, 0.0, duration=7.0)
PUT = Contract(95.0, False, True, 0.25, 0.3, 0.04, 0.01)
OPTION = Position("OOO", "AAA", -200.0, 100.0, 1.0, -600.0, 1.5, contract=PUT)
CASH = Position("USD cash", "", 100.0, 1.0, 1.0, 100.0, 0.0)


def gain(shock: str, *positions: Position, vix: float | None = 20.0, rise: float | None = 1.5) -> list[float]:
    book = Book(positions)
    return book.gains(effect(book, parse(shock), vix, rise=rise).scenes)[0].tolist()


def price(contract: Contract, spot: float, **changed: float) -> float:
    one = replace(contract, **changed)  # type: ignore[arg-type]
    return float(options.price(spot=spot, strike=one.strike, years=one.years, volatility=one.volatility, rate=one.rate,
                               dividend=one.dividend, call=one.call, american=one.american))  # fmt: skip


def test_shares_bonds_and_cash_by_hand() -> None:
    assert gain("SPY -10%", SHARE, EURO, BOND, CASH) == pytest.approx([-75.0, -5.5, 0.0, 0.0])
    assert gain("rates +100bp", SHARE, BOND) == pytest.approx([0.0, -126.0])
    assert gain("EUR -10%", SHARE, EURO) == pytest.approx([0.0, -11.0])
    assert gain("EUR -10%, EEE +20%", EURO) == pytest.approx([110 * (1.2 * 0.9 - 1)])
    assert gain("energy -20%, SPY -10%", SHARE) == pytest.approx([-100.0]), "a sector wins over the market"
    assert gain("AAA -50%, SPY +3%", SHARE) == pytest.approx([-250.0]), "what is named wins over both"
    assert gain("AAA to 60", SHARE) == pytest.approx([100.0])
    assert gain("SPY -90%", SHARE) == pytest.approx([-495.0]), "never by more than nearly all of it"


def test_options_are_priced_anew_at_all_that_moved() -> None:
    (made,) = gain("AAA -10%, VIX 40, rates +50bp, 30 days", OPTION)
    days = 0.25 * 365 - 30
    level = 0.3 * (1 + (40 / 20 - 1) * math.sqrt(30 / days))
    there = price(PUT, 90.0, years=days / 365, volatility=level, rate=0.045)
    assert made == pytest.approx(-200 * (there - price(PUT, 100.0)))
    assert gain("95 days", OPTION)[0] == pytest.approx(200 * price(PUT, 100.0)), "expired worthless"
    assert gain("AAA -20%, 95 days", OPTION)[0] == pytest.approx(-200 * (15 - price(PUT, 100.0))), "expired in the money"
    assert gain("IV +5 points", OPTION)[0] == pytest.approx(-200 * (price(PUT, 100.0, volatility=0.35) - price(PUT, 100.0)))


def test_volatility_answers_to_the_market_unless_it_is_switched_off() -> None:
    assert answer(20.0, -0.10) == pytest.approx(35.0) and answer(20.0, 0.10) == pytest.approx(15.0)
    assert answer(12.0, 0.20) == 10.0 and answer(9.0, 0.20) == 9.0, "calm has a floor"
    short = replace(OPTION, contract=replace(PUT, years=20 / 365), beta=1.0)
    fixed, moved = gain("SPY -5%", short, rise=None)[0], gain("SPY -5%", short)[0]
    level = 0.3 * 27.5 / 20
    contract = replace(PUT, years=20 / 365)
    assert fixed == pytest.approx(-200 * (price(contract, 95.0) - price(contract, 100.0)))
    assert moved == pytest.approx(-200 * (price(contract, 95.0, volatility=level) - price(contract, 100.0)))
    assert gain("SPY -5%", short, vix=None)[0] == pytest.approx(fixed), "without a level now there is no answer to make"


def test_what_is_not_known_is_unknown_for_that_position_alone() -> None:
    lost = replace(SHARE, symbol="LLL", market_symbol="LLL", beta=math.nan)
    made = gain("SPY -10%", lost, SHARE)
    assert math.isnan(made[0]) and made[1] == pytest.approx(-75.0)
    assert gain("LLL -10%", lost)[0] == pytest.approx(-50.0), "its own move needs no beta"
    assert gain("rates +50bp", lost)[0] == 0.0
    dark = replace(OPTION, contract=replace(PUT, volatility=math.nan))
    assert math.isnan(gain("AAA -1%", dark)[0])
    worthless = replace(SHARE, worth=math.nan)
    assert math.isnan(gain("SPY -10%", worthless)[0])


def test_the_grid_is_the_shocks_one_by_one() -> None:
    book = Book((SHARE, EURO, BOND, OPTION, CASH))
    found = grid(book)
    assert found.shape == (7, 5, 3, 5)
    assert found[PRICES.index(0.0), VOLATILITIES.index(0.0), RATES.index(0.0)] == pytest.approx([0.0] * 5, abs=1e-9)
    at = (PRICES.index(-0.10), VOLATILITIES.index(0.25), RATES.index(0.01))
    single = effect(book, Shock(market=-0.10, vix=25.0, rate=0.01), 20.0).scenes
    assert found[at] == pytest.approx(book.gains(single)[0])
    alike = grid(book, by_beta=False)
    assert alike[0, 2, 1, 0] == pytest.approx(-100.0) and found[0, 2, 1, 0] == pytest.approx(-150.0)


@settings(max_examples=30)
@given(st.floats(-0.3, 0.3), st.floats(0.5, 2.0), st.floats(-0.02, 0.02))
def test_the_sum_of_parts_is_the_whole(move: float, factor: float, rate: float) -> None:
    """Two positions in one book make what each makes alone; twice as much makes twice as much."""
    shock = Shock(market=move, vix=20.0 * factor, rate=rate)
    both, one, other = Book((SHARE, OPTION)), Book((SHARE,)), Book((OPTION,))
    parts = [float(book.gains(effect(book, shock, 20.0).scenes)[0].sum()) for book in (both, one, other)]
    assert parts[0] == pytest.approx(parts[1] + parts[2], abs=1e-9)
    twice = Book((replace(OPTION, units=-400.0, worth=-1200.0),))
    assert float(twice.gains(effect(twice, shock, 20.0).scenes)[0, 0]) == pytest.approx(2 * parts[2], abs=1e-9)


def test_greeks_are_what_small_shocks_make() -> None:
    book = Book((SHARE, OPTION, BOND))
    each = book.sensitivities()
    assert each.delta_shares[0] == 10.0 and each.delta_money[0] == 500.0 and each.beta_money[0] == 750.0
    assert each.vega[0] == each.theta[0] == each.gamma_money[0] == 0.0

    def made(place: int, **shock: float) -> float:
        return float(book.gains(effect(book, Shock(**shock), 20.0, rise=None).scenes)[0][place])  # type: ignore[arg-type]

    up, down = (float(book.gains(effect(book, Shock(moves={"AAA": size}), 20.0).scenes)[0][1]) for size in (0.001, -0.001))
    assert (up - down) / 0.002 == pytest.approx(each.delta_money[1], rel=1e-3)
    assert (up + down) / 0.001**2 / 100 == pytest.approx(each.gamma_money[1], rel=0.02)
    assert made(1, iv_points=0.001) * 10 == pytest.approx(each.vega[1], rel=0.01)
    assert made(1, days=1) == pytest.approx(each.theta[1], rel=0.02)
    assert made(1, rate=0.001) * 10 == pytest.approx(each.rho[1], rel=0.02)
    assert made(2, rate=0.001) * 10 == pytest.approx(each.rho[2]) == pytest.approx(-126.0)


def test_an_empty_book_makes_nothing() -> None:
    book = Book(())
    assert book.gains(effect(book, parse("2008"), None, market=-0.4).scenes).shape == (1, 0)
    assert np.asarray(grid(book)).shape == (7, 5, 3, 0) and len(book.sensitivities().vega) == 0
