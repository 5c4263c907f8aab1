"""Volatilities at constant maturities, skew and slope of a chain, against surfaces whose answer is known."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.volatility import measure
from terminal.domain.volatility.maturities import at_horizon, points

if TYPE_CHECKING:
    from collections.abc import Callable

AT = datetime(2026, 11, 20, 21, tzinfo=UTC)


def priced_of(iv: Callable[[float, float], float], days: tuple[float, ...], strikes: np.ndarray, spot: float = 100.0) -> Any:
    """A priced chain with volatilities iv(moneyness, years), rate and carry zero."""
    rows, terms = [], []
    for each in days:
        expiry, years = date(2026, 11, 20) + timedelta(days=int(each)), each / 365
        for strike in strikes.tolist():
            moneyness = math.log(strike / spot)
            rows += [{"expiry": expiry, "root": "SPY", "days": each, "years": years, "strike": strike, "call": call,
                      "moneyness": moneyness, "usable": True, "iv": iv(moneyness, years)} for call in (True, False)]  # fmt: skip
        terms.append({"expiry": expiry, "root": "SPY", "days": each, "years": years, "atm_iv": iv(0.0, years)})
    return SimpleNamespace(symbol="SPY", at=AT, spot=spot, frame=pl.DataFrame(rows), expiries=pl.DataFrame(terms))


STRIKES = np.arange(60.0, 141.0)


def test_a_flat_surface_is_flat_everywhere() -> None:
    found = measure(priced_of(lambda k, t: 0.2, (7, 28, 35, 63, 91, 182, 364), STRIKES), hv20=0.15)
    for name in ("iv7", "iv30", "iv60", "iv90", "iv180", "iv365"):
        assert found[name] == pytest.approx(0.2, abs=1e-12)
    assert found["rr25"] == pytest.approx(0, abs=1e-12)
    assert found["bf25"] == pytest.approx(0, abs=1e-12)
    assert found["slope"] == pytest.approx(0, abs=1e-12)
    assert found["hv20"] == 0.15
    assert found["contracts"] == 7 * 81 * 2


def test_between_two_expiries_total_variance_is_linear() -> None:
    known = points([(20, 0.2), (40, 0.3)])
    by_hand = math.sqrt((0.2**2 * 20 * 0.5 + 0.3**2 * 40 * 0.5) / 30)
    assert at_horizon(known, 30) == pytest.approx(by_hand, abs=1e-15)


def test_nothing_is_invented_beyond_the_listed_expiries() -> None:
    known = points([(28, 0.2), (63, 0.22)])
    assert at_horizon(known, 7) is None
    assert at_horizon(known, 26) == 0.2  # two days before the first one
    assert at_horizon(known, 69) == 0.22  # within a tenth
    assert at_horizon(known, 90) is None
    assert at_horizon([], 30) is None


def test_two_expiries_far_apart_say_nothing_about_what_is_between() -> None:
    assert at_horizon(points([(3, 0.2), (200, 0.3)]), 30) is None
    assert at_horizon(points([(14, 0.2), (56, 0.3)]), 30) is not None


def test_what_is_unknown_or_expiring_is_left_out_and_a_day_named_twice_counts_once() -> None:
    assert points([(0.1, 0.9), (None, 0.2), (7, None), (30, 0.2), (30, 0.3), (7, 0.1)]) == [(7, 0.1), (30, 0.25)]


def test_skew_is_read_at_the_25_delta_strikes() -> None:
    slope = -0.2  # volatility falls by 0.2 per unit of log moneyness
    found = measure(priced_of(lambda k, t: 0.2 + slope * k, (30,), np.arange(80.0, 121.0, 0.25)))

    def own(sign: float) -> float:
        """The strike whose own volatility gives it a delta of 25, by bisection."""
        low, high = 0.0, 0.3
        for _ in range(80):
            k = (low + high) / 2
            root = (0.2 + slope * sign * k) * math.sqrt(30 / 365)
            d1 = -sign * k / root + root / 2
            delta = 0.5 * math.erfc(-d1 / math.sqrt(2)) if sign > 0 else 0.5 * math.erfc(d1 / math.sqrt(2))
            low, high = (k, high) if delta > 0.25 else (low, k)
        return 0.2 + slope * sign * low

    call, put = own(1.0), own(-1.0)
    assert put > 0.2 > call
    assert found["rr25"] == pytest.approx(call - put, abs=2e-5)
    assert found["bf25"] == pytest.approx((call + put) / 2 - 0.2, abs=2e-5)
    assert found["skew25"] == pytest.approx((put - call) / 0.2, abs=2e-4)


def test_too_few_strikes_leave_the_skew_unknown_and_the_rest_known() -> None:
    found = measure(priced_of(lambda k, t: 0.2, (28, 35), np.array([99.0, 100.0, 101.0])))
    assert found["iv30"] == pytest.approx(0.2)
    assert found["rr25"] is None and found["bf25"] is None and found["skew25"] is None
    assert found["iv90"] is None and found["slope"] is None


def test_a_chain_without_a_usable_quote_says_nothing_but_that() -> None:
    priced = priced_of(lambda k, t: 0.2, (28, 35), STRIKES)
    priced.frame = priced.frame.with_columns(usable=pl.lit(False))
    priced.expiries = priced.expiries.with_columns(atm_iv=pl.lit(None, dtype=pl.Float64))
    found = measure(priced)
    assert found.pop("contracts") == 0
    assert set(found.values()) == {None}
