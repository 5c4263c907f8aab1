"""Expected moves by hand: straddle, volatility and history side by side, and which expiries are shown."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.sessions import Calendar
from terminal.domain.volatility import chosen, expected_move, past_moves

CALENDAR = Calendar(date(2026, 1, 1), date(2027, 12, 31), frozenset({date(2026, 11, 26)}), {})
AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
FRIDAY = date(2026, 11, 27)


def priced(*, iv: float | None = 0.2, call: tuple[float, float] = (1.4, 1.6), put: tuple[float, float] = (1.0, 1.2)) -> Any:
    years = 7 / 365
    frame = pl.DataFrame({
        "expiry": [FRIDAY] * 2, "root": ["SPY"] * 2, "strike": [100.0] * 2, "right": ["C", "P"], "bid": [call[0], put[0]],
        "ask": [call[1], put[1]], "spot": [100.5] * 2, "usable": [True] * 2, "at": [AT] * 2,
    })  # fmt: skip
    terms = {"expiry": FRIDAY, "root": "SPY", "days": 7.0, "years": years, "forward": 100.6, "atm_iv": iv, "usable": 2}
    expiries = pl.DataFrame([terms], schema_overrides={"atm_iv": pl.Float64})
    return SimpleNamespace(symbol="SPY", at=AT, spot=100.5, frame=frame, expiries=expiries)


def test_three_ways_by_hand() -> None:
    closes = 100 * np.exp(np.cumsum(0.01 * np.random.default_rng(4).standard_normal(400)))
    found = expected_move(priced(), FRIDAY, CALENDAR, closes)
    assert found.sessions == 4, "Thursday is Thanksgiving"
    assert found.by_straddle == pytest.approx((1.5 + 1.1) / 100.5) and found.strike == 100.0
    assert found.by_iv == pytest.approx(0.2 * math.sqrt(7 / 365)) and found.best == found.by_iv
    assert found.ranges["straddle"] == pytest.approx((100.5 - 2.6, 100.5 + 2.6))
    assert found.ranges["iv"] == pytest.approx((100.6 * math.exp(-found.by_iv), 100.6 * math.exp(found.by_iv)))
    moves = closes[4:] / closes[:-4] - 1
    assert found.past is not None and found.past.windows == 396 and found.past.independent == 99
    assert found.by_history == pytest.approx(np.quantile(np.abs(moves), 0.6826894921))
    assert found.past.beyond(found.by_straddle) == np.mean(np.abs(moves) > found.by_straddle)
    assert found.ranges["history"] == pytest.approx(100.5 * (1 + np.quantile(moves, (0.1586552539, 0.8413447461))))
    assert found.reasons == ()


def test_a_normal_walk_says_the_same_three_times() -> None:
    """For normal moves of 20 % a year the typical past move is one standard deviation, its mean size 0.8 of it."""
    chance = np.random.default_rng(9)
    closes = 100 * np.exp(np.cumsum(0.2 / math.sqrt(252) * chance.standard_normal(60_000)))
    past = past_moves(closes, 5)
    assert past is not None
    deviation = 0.2 * math.sqrt(5 / 252)
    assert past.typical == pytest.approx(deviation, rel=0.02)
    assert past.mean == pytest.approx(math.sqrt(2 / math.pi) * deviation, rel=0.02)
    assert -past.low == pytest.approx(past.high, rel=0.1)


def test_what_is_missing_is_said() -> None:
    none = expected_move(priced(iv=None), FRIDAY, CALENDAR)
    assert none.by_iv is None and none.past is None and none.best == none.by_straddle
    assert len(none.reasons) == 2 and set(none.ranges) == {"straddle"}
    wide = expected_move(priced(call=(0.1, 3.0)), FRIDAY, CALENDAR)
    assert wide.by_straddle is None and "too far apart" in wide.reasons[0]
    with pytest.raises(ValueError, match="no expiry on 2026-12-04"):
        expected_move(priced(), date(2026, 12, 4), CALENDAR)


def test_too_few_past_prices_say_nothing_and_unknown_ones_are_passed_over() -> None:
    assert past_moves(np.full(31, 100.0), 5) is None and past_moves(np.empty(0), 5) is None
    closes = np.concatenate([np.full(100, 100.0), [np.nan], np.full(100, 100.0)])
    found = past_moves(closes, 5)
    assert found is not None and found.windows == 196 - 2 and found.typical == 0


def test_the_next_expiry_the_weeks_last_and_the_one_nearest_to_a_month() -> None:
    start = date(2026, 11, 20)
    daily = [(start + timedelta(days=each), float(each)) for each in (0, 3, 4, 5, 7, 10, 14, 21, 28, 35, 63)]
    assert chosen(daily) == [start + timedelta(days=each) for each in (3, 7, 14, 28)]
    monthly = [(start + timedelta(days=each), float(each)) for each in (28, 63)]
    assert chosen(monthly) == [start + timedelta(days=28)]
    assert chosen([]) == []
