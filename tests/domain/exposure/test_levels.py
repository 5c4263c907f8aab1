"""Zero gamma against brute force, walls, and what happens where there is no turn."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from terminal.domain.exposure import Book, exposure, largest, turn, walls
from tests.domain.exposure.books import book, gamma, row

SMALL = [row(95, False, 900), row(100, True, 300), row(100, False, 250), row(105, True, 800), row(110, True, 400, days=60)]


def net(spot: float, rows: list[dict[str, object]], shift: float = 0.0) -> float:
    """Contract by contract, in plain Python."""
    total = 0.0
    for each in rows:
        sign = 1 if each["call"] else -1
        here = gamma(spot, each["strike"], each["years"], each["iv"] + shift)  # type: ignore[arg-type,operator]
        total += sign * each["open_interest"] * here * 100 * spot * spot / 100  # type: ignore[operator]
    return total


def test_net_gamma_elsewhere_is_that_of_every_contract_priced_anew() -> None:
    spots = np.array([88.0, 95.5, 100.0, 113.0])
    assert Book(exposure(book(*SMALL))).net_gamma(spots) == pytest.approx([net(spot, SMALL) for spot in spots.tolist()])


def test_at_the_price_itself_it_is_the_exposure() -> None:
    found = exposure(book(*SMALL))
    for sticky in ("strike", "moneyness"):
        assert Book(found).net_gamma(np.array([100.0]), sticky)[0] == pytest.approx(found.total())  # type: ignore[arg-type]


def test_zero_gamma_is_where_brute_force_finds_it() -> None:
    at = turn(exposure(book(*SMALL)))
    fine = np.linspace(80, 120, 40_001)
    values = np.array([net(spot, SMALL) for spot in fine[::40].tolist()])
    crossings = fine[::40][:-1][np.sign(values[:-1]) != np.sign(values[1:])]
    assert at.level is not None
    assert len(at.roots) == len(crossings)
    assert np.abs(np.array(at.roots) - crossings).max() < 0.05
    assert net(at.level, SMALL) == pytest.approx(0, abs=1e-3 * abs(net(100, SMALL)))
    assert at.level == min(at.roots, key=lambda each: abs(each - 100))


def test_no_turn_is_unknown_and_says_why() -> None:
    at = turn(exposure(book(row(100, True, 10))))
    assert at.level is None
    assert at.why == "net gamma is positive everywhere from 20% below to 20% above the price"
    assert "negative" in turn(exposure(book(*SMALL), "short")).why
    nothing = turn(exposure(book(row(100, True, 10, reasons="no bid"))))
    assert (nothing.level, nothing.why) == (None, "nothing that is open has a usable price")
    assert nothing.gamma.tolist() == [0.0] * len(nothing.spots)


def test_a_smile_that_moves_along_keeps_the_volatility_of_the_moneyness() -> None:
    """A smile linear in ln(K/F): 0.2 - 0.1 x. With the price 4 % up each strike is 4 % further down the smile."""
    strikes = [90.0, 95.0, 100.0, 105.0, 110.0]
    rows = [row(strike, True, 100, iv=0.2 - 0.1 * float(np.log(strike / 100))) for strike in strikes]
    spot = 104.0
    moved = [gamma(spot, strike, 28 / 365, 0.2 - 0.1 * float(np.clip(np.log(strike / spot), np.log(0.9), np.log(1.1))))
             for strike in strikes]  # fmt: skip
    wanted = sum(moved) * 100 * 100 * spot * spot / 100
    assert Book(exposure(book(*rows))).net_gamma(np.array([spot]), "moneyness")[0] == pytest.approx(wanted)
    flat = exposure(book(*SMALL))
    assert turn(flat, sticky="moneyness").level == pytest.approx(turn(flat).level)


def test_walls_are_the_strikes_with_most_gamma_of_a_side() -> None:
    found = exposure(book(*SMALL))
    assert (walls(found).call, walls(found).put) == (105.0, 95.0)
    assert (walls(exposure(book(row(100, True, 5)))).put) is None
    top = largest(found, 2)
    assert top["strike"].to_list() == [95.0, 105.0]
    sizes = found.by("strike").select(pl.col("gamma").abs()).to_series()
    assert abs(top["gamma"][0]) == pytest.approx(sizes.max())


def test_many_contracts_are_worked_in_parts() -> None:
    many = [row(60 + n * 0.01, n % 2 == 0, 5 + n % 7) for n in range(2000)]
    whole = Book(exposure(book(*many)))
    spots = np.linspace(90, 110, 5)
    together = whole.net_gamma(spots)
    assert together == pytest.approx([whole.net_gamma(np.array([spot]))[0] for spot in spots.tolist()])


def test_early_exercise_goes_along_with_the_distance_from_the_price() -> None:
    """Gammas that are 1 + x times the formula's at x = ln(K/S): elsewhere the factor is that of the new distance."""
    strikes = [80.0 + 2.5 * n for n in range(17)]
    rows = [row(strike, False, 10, gamma=gamma(100, strike, 28 / 365, 0.2) * (1 + float(np.log(strike / 100))))
            for strike in strikes]  # fmt: skip
    found = exposure(book(*rows), "long")
    assert Book(found).net_gamma(np.array([100.0]))[0] == pytest.approx(found.total())
    wanted = sum(gamma(103, k, 28 / 365, 0.2) * (1 + float(np.log(k / 103))) for k in strikes) * 10 * 100 * 103 * 103 / 100
    assert Book(found).net_gamma(np.array([103.0]))[0] == pytest.approx(wanted, rel=2e-3)
