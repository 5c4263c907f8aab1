"""Max pain against brute force, and puts per call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from terminal.domain.exposure import exposure, max_pain, payout, ratios
from tests.domain.exposure.books import book, row


def brute(settle: float, strikes: list[float], calls: list[float], puts: list[float]) -> float:
    return 100 * sum(c * max(settle - k, 0) + p * max(k - settle, 0) for k, c, p in zip(strikes, calls, puts, strict=True))


@settings(max_examples=25, deadline=None)
@given(some.lists(some.tuples(some.integers(1, 400), some.integers(0, 900), some.integers(0, 900)), min_size=1, max_size=20,
                  unique_by=lambda each: each[0]))  # fmt: skip
def test_max_pain_is_what_brute_force_finds(rows: list[tuple[int, int, int]]) -> None:
    rows.sort()
    strikes, calls, puts = ([float(each[n]) for each in rows] for n in range(3))
    tried = np.linspace(0.5, 450, 300)
    told = payout(tried, np.array(strikes), np.array(calls), np.array(puts))
    assert told == pytest.approx([brute(each, strikes, calls, puts) for each in tried.tolist()])
    found = max_pain(exposure(book(*(row(k, call, n, spot=200.0) for k, c, p in zip(strikes, calls, puts, strict=True)
                                     for call, n in ((True, c), (False, p))), spot=200.0))).row(0, named=True)  # fmt: skip
    if not sum(calls) + sum(puts):
        assert found["strike"] is None
        return
    best = min(brute(each, strikes, calls, puts) for each in strikes)
    assert found["payout"] == pytest.approx(best)
    assert brute(found["strike"], strikes, calls, puts) == pytest.approx(best)
    assert best <= told.min() + 1e-6
    assert found["low"] <= found["strike"] <= found["high"]
    assert found["payout_now"] == pytest.approx(brute(200.0, strikes, calls, puts))


def test_max_pain_by_hand() -> None:
    """Calls 10 at 100 and puts 20 at 110: at 110 calls pay 10 * 10, at 100 puts pay 20 * 10: least at 110."""
    found = max_pain(exposure(book(row(100, True, 10), row(110, False, 20)))).row(0, named=True)
    assert (found["strike"], found["payout"]) == (110.0, 100 * 100)
    assert found["payout_now"] == 20 * 10 * 100


def test_a_flat_stretch_is_told_and_the_strike_is_the_one_nearest_to_the_price() -> None:
    found = max_pain(exposure(book(row(90, False, 5), row(98, True, 0), row(110, True, 5)))).row(0, named=True)
    assert (found["low"], found["high"], found["strike"], found["payout"]) == (90.0, 110.0, 98.0, 0.0)


def test_each_expiry_and_root_has_its_own() -> None:
    rows = row(100, True, 1), row(90, True, 1, days=60), row(80, True, 1, root="ABCW"), row(95, True, None, days=90)
    found = max_pain(exposure(book(*rows)))
    assert found.select("root", "strike").rows() == [("ABC", 100.0), ("ABCW", 80.0), ("ABC", 90.0), ("ABC", None)]


def test_open_interest_without_a_usable_price_counts_for_pain() -> None:
    found = max_pain(exposure(book(row(100, True, 1), row(120, False, 50, reasons="no bid")))).row(0, named=True)
    assert found["strike"] == 120.0


def test_puts_per_call() -> None:
    found = exposure(book(row(100, True, 200, volume=50, last=2.0), row(105, True, 200, volume=50, mid=1.0),
                          row(95, False, 100, volume=300, last=0.5, days=60)))  # fmt: skip
    made = ratios(found)
    assert (made.volume, made.open_interest, made.premium) == (3.0, 0.25, 1.0)
    assert (made.call_volume, made.put_volume) == (100.0, 300.0)
    late = ratios(found, found.frame["expiry"].max())  # type: ignore[arg-type]
    assert (late.volume, late.open_interest, late.put_open_interest) == (None, None, 100.0)
