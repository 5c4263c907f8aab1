"""The distribution from the smile, and touching."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from terminal.domain.options import normal
from terminal.domain.planner.odds import Level, odds, smile, touched

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board


def test_a_flat_smile_is_the_lognormal_distribution(board: Board) -> None:
    term = board.terms[1]
    found = odds(board, term, Level(lambda at: np.full(np.shape(at), 0.2)))
    total = 0.2 * math.sqrt(term.years)
    for price in (80.0, 95.0, 100.0, 118.0):
        d2 = (math.log(term.forward / price) - total**2 / 2) / total
        assert float(found.under(price)) == pytest.approx(float(normal.cdf(np.array([-d2]))[0]), abs=2e-4)


def test_it_adds_up_and_its_mean_is_the_forward(board: Board) -> None:
    for term in board.terms:
        found = odds(board, term)
        assert found.weights.sum() == pytest.approx(1.0)
        assert (found.weights >= 0).all()
        assert float(found.weights @ found.prices) == pytest.approx(term.forward, rel=2e-3)


def test_a_smile_that_ends_steeply_leaves_no_hole(board: Board) -> None:
    term = board.terms[0]
    steep = Level(lambda at: 0.25 - 0.9 * np.log(at / term.forward), 96.0, 104.0)
    found = odds(board, term, steep)
    assert float(found.weights @ found.prices) == pytest.approx(term.forward, rel=1e-3)
    assert np.diff(found.below).max() < 0.05  # no price has a large part of all chances


def test_it_prices_the_calls_it_was_made_from(board: Board) -> None:
    term = board.terms[0]
    found = odds(board, term)
    for strike in (90.0, 100.0, 107.5):
        row = board.place(term.expiry, strike, "C")
        worth = float(found.weights @ np.maximum(found.prices - strike, 0)) * math.exp(-term.rate * term.years)
        assert worth == pytest.approx(float(board.mid[row]), abs=0.04)


def test_another_drift_moves_all_of_it(board: Board) -> None:
    term = board.terms[2]
    found = odds(board, term)
    moved = found.moved(0.30)
    assert float(moved.weights @ moved.prices) == pytest.approx(board.spot * math.exp(0.30 * term.years), rel=3e-3)
    assert float(moved.under(100)) < float(found.under(100))


def test_the_smile_goes_through_the_quotes_and_is_flat_beyond(board: Board) -> None:
    term = board.terms[0]
    level = smile(board, term)
    row = board.place(term.expiry, 90.0, "P")
    assert float(level(np.array([90.0]))[0]) == pytest.approx(float(board.iv[row]), abs=0.002)
    assert float(level(np.array([10.0]))[0]) == pytest.approx(float(level(np.array([70.0]))[0]))


def test_few_quotes_still_say_something(board: Board) -> None:
    usable = np.zeros(len(board.usable), dtype=bool)
    usable[board.place(board.terms[0].expiry, 100.0, "C")] = True
    thin = replace(board, usable=usable)
    assert odds(thin, thin.terms[0]).sigma == pytest.approx(0.25, abs=0.01)
    with pytest.raises(ValueError, match="volatility"):
        odds(replace(board, usable=np.zeros(len(usable), dtype=bool)), replace(board.terms[0], atm_iv=None))


def test_touching_without_drift_is_twice_ending_beyond() -> None:
    sigma, years = 0.3, 0.25
    root = sigma * math.sqrt(years)
    away = math.log(110 / 100)
    # A drift that cancels the convexity leaves an arithmetic walk: the reflection principle.
    beyond = 1 - float(normal.cdf(np.array([away / root]))[0])
    assert touched(100, 110, sigma, years, sigma**2 / 2) == pytest.approx(2 * beyond, rel=1e-9)


def test_touching_by_simulation() -> None:
    rng = np.random.default_rng(7)
    sigma, years, drift, steps = 0.3, 0.25, 0.05, 400
    moves = rng.normal((drift - sigma**2 / 2) * years / steps, sigma * math.sqrt(years / steps), (20_000, steps))
    paths = 100 * np.exp(np.cumsum(moves, axis=1))
    # Watched every step only: the barrier is moved by 0.5826 sigma sqrt(dt) (Broadie, Glasserman and Kou 1997).
    shift = math.exp(0.5826 * sigma * math.sqrt(years / steps))
    for barrier in (90.0, 112.0):
        hit = (paths.min(axis=1) <= barrier * shift) if barrier < 100 else (paths.max(axis=1) >= barrier / shift)
        assert touched(100, barrier, sigma, years, drift) == pytest.approx(float(hit.mean()), abs=0.012)


@pytest.mark.parametrize(
    ("sigma", "years", "barrier", "chance"), [(0.2, 0.0, 90, 0.0), (0.0, 1.0, 90, 0.0), (0.2, 1.0, 100, 1.0)]
)
def test_touching_at_the_edges(sigma: float, years: float, barrier: float, chance: float) -> None:
    assert touched(100, barrier, sigma, years, 0.0) == chance
