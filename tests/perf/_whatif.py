"""What if over 200 positions, 100 of them options that may be exercised early: 7 prices x 5 volatilities x 3 rates, each in full.

Ours takes the positions as the portfolio hands them over, builds the arrays and revalues every case. The peer does the same
with a call for each case (105 of them), as one would without the grid; the sums must be equal. A second line holds ours against
the 250 ms that are promised, a third prices one case with one call of the model an option.
"""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain import options
from terminal.domain.whatif.book import Book, Contract, Position
from terminal.domain.whatif.scenes import PRICES, RATES, VOLATILITIES, effect, grid
from terminal.domain.whatif.shocks import Shock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TURNS, _BUDGET_MS, _VIX = 9, 250.0, 20.0


def positions() -> list[Position]:
    """A hundred shares with a beta, and a hundred options on them: calls and puts, long and short, two weeks to two years."""
    chance = np.random.default_rng(5)
    shares = [Position(f"S{place:03d}", f"S{place:03d}", float(chance.integers(10, 500)), float(spot), 1.0, 0.0,
                       float(chance.uniform(0.3, 2))) for place, spot in enumerate(chance.uniform(20, 400, 100))]  # fmt: skip
    shares = [Position(one.symbol, one.market_symbol, one.units, one.spot, 1.0, one.units * one.spot, one.beta) for one in shares]
    held = []
    for place, one in enumerate(shares):
        terms = Contract(one.spot * float(chance.uniform(0.8, 1.2)), bool(place % 2), True, float(chance.uniform(0.04, 2)),
                         float(chance.uniform(0.15, 0.7)), 0.042, float(chance.choice([0.0, 0.012, 0.03])))  # fmt: skip
        units = float(chance.choice([-200.0, -100.0, 100.0, 300.0]))
        held.append(Position(f"O{place:03d}", one.market_symbol, units, one.spot, 1.0, units * 5, one.beta, contract=terms))
    return [*shares, *held]


def whatif() -> Iterator[dict[str, Any]]:
    """The lines of the benchmark."""
    held = positions()
    ours = lambda: float(grid(Book(held)).sum())  # noqa: E731
    by_case = lambda: _by_case(held)  # noqa: E731
    if not np.isclose(ours(), by_case(), rtol=1e-9):
        raise AssertionError("the grid and its cases one by one do not agree")
    times = _by_turns(ours, by_case)
    one, other = (statistics.median(each) * 1e3 for each in times)
    bench = "what if: 200 positions, 100 of them options, 105 cases"
    yield {"bench": bench, "ours": round(one, 2), "peer": round(other, 2), "peer_name": "a call for each case",
           "ratio": round(one / other, 3), "unit": "ms"}  # fmt: skip
    yield {"bench": f"{bench}, promised", "ours": round(one, 2), "peer": _BUDGET_MS, "peer_name": "the limit that is promised",
           "ratio": round(one / _BUDGET_MS, 3), "unit": "ms"}  # fmt: skip
    book = Book(held)
    scene = effect(book, Shock(market=-0.1, vix=40.0), _VIX).scenes
    times = _by_turns(lambda: book.gains(scene), lambda: _by_option(held))
    one, other = (statistics.median(each) * 1e3 for each in times)
    yield {"bench": "what if: one shock", "ours": round(one, 3), "peer": round(other, 3), "peer_name": "a call for each option",
           "ratio": round(one / other, 3), "unit": "ms"}  # fmt: skip


def _by_case(held: list[Position]) -> float:
    book, total = Book(held), 0.0
    for price in PRICES:
        for share in VOLATILITIES:
            for rate in RATES:
                shock = Shock(market=price, vix=_VIX * (1 + share), rate=rate)
                total += float(book.gains(effect(book, shock, _VIX).scenes).sum())
    return total


def _by_option(held: list[Position]) -> float:
    total = 0.0
    for one in held:
        if one.contract is not None:
            terms: dict[str, Any] = {name: getattr(one.contract, name) for name in Contract.__dataclass_fields__}
            total += one.units * float(options.price(spot=one.spot * (1 - 0.1 * one.beta), **terms))
    return total


def _by_turns(ours: Callable[[], Any], peer: Callable[[], Any]) -> tuple[list[float], list[float]]:
    """Seconds of each, by turns: what else the machine does falls on both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for turn in range(_TURNS):
        for times, work in zip(taken, (ours, peer), strict=True) if turn % 2 else zip(taken[::-1], (peer, ours), strict=True):
            gc.collect()
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return taken
