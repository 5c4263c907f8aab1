"""The move that options expect, worked by hand and against Black and Scholes, and the money at risk."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.implied_move import AtRisk, Implied, implied_move, money_at_risk, rank, total_at_risk
from terminal.domain.schemas import CHAINS
from terminal.domain.sessions import Calendar

CALENDAR = Calendar.parse((Path(__file__).parents[2] / "data" / "sessions.csv").read_text(encoding="utf-8"))
AT = datetime(2027, 1, 27, 20, 45, tzinfo=UTC)  # Wednesday, 15:45 in New York
THURSDAY, FRIDAY, NEXT = date(2027, 1, 28), date(2027, 1, 29), date(2027, 2, 5)


def option(
    expiry: date, strike: float, right: str, bid: float | None, ask: float | None, price: float | None = 100.0
) -> dict[str, Any]:
    return {
        "symbol": "X",
        "at": AT,
        "expiry": expiry,
        "strike": strike,
        "right": right,
        "bid": bid,
        "ask": ask,
        "underlying_price": price,
    }


def chain(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=dict(CHAINS.columns), orient="row").with_columns(pl.lit(3).alias("fetch_id"))


def pair(
    expiry: date, call: float, put: float, strike: float = 100.0, width: float = 0.1, price: float = 100.0
) -> list[dict[str, Any]]:
    return [
        option(expiry, strike, "C", call - width / 2, call + width / 2, price),
        option(expiry, strike, "P", put - width / 2, put + width / 2, price),
    ]


def test_the_straddle_of_the_first_expiry_after_the_report_over_the_price() -> None:
    found = implied_move(chain(*pair(date(2027, 1, 27), 9, 9), *pair(FRIDAY, 3.1, 2.9), *pair(NEXT, 4, 4)), THURSDAY, CALENDAR)
    assert found.move == pytest.approx(0.06)
    assert found.straddle is not None
    assert (found.straddle.expiry, found.straddle.strike, found.straddle.sessions) == (FRIDAY, 100.0, 2)
    assert (found.at, found.fetch_id) == (AT, 3)


def test_an_expiry_on_the_eve_does_not_hold_the_move() -> None:
    """A report after Friday's close moves Monday: Friday's expiry knows nothing of it."""
    found = implied_move(chain(*pair(FRIDAY, 1, 1), *pair(NEXT, 4, 4)), date(2027, 2, 1), CALENDAR)
    assert found.straddle is not None
    assert found.straddle.expiry == NEXT


def test_the_nearest_strike_with_both_sides_quoted() -> None:
    rows = [*pair(FRIDAY, 3, 3, strike=101), option(FRIDAY, 100, "C", 3.5, 3.6), option(FRIDAY, 100, "P", 0.0, 3.0)]
    found = implied_move(chain(*rows), THURSDAY, CALENDAR)
    assert found.straddle is not None
    assert found.straddle.strike == 101


@pytest.mark.parametrize(
    ("rows", "reaction", "reason"),
    [
        ([], THURSDAY, "no option chain is stored"),
        (pair(FRIDAY, 3, 3), date(2027, 1, 27), "the stored chain is from after the report"),
        (pair(FRIDAY, 3, 3), date(2027, 2, 1), "no stored expiry follows the report"),
        ([option(FRIDAY, 100, "C", 1, 2)], THURSDAY, "no strike of 2027-01-29 has both a call and a put with bid and ask"),
        (
            pair(FRIDAY, 3, 3, strike=120),
            THURSDAY,
            "no strike of 2027-01-29 near the price has both a call and a put with bid and ask",
        ),
        (pair(FRIDAY, 3, 3, width=4), THURSDAY, "the quotes of 2027-01-29 are too far apart to mean anything"),
        (
            [{**each, "underlying_price": None} for each in pair(FRIDAY, 3, 3)],
            THURSDAY,
            "the chain does not state the stock's price",
        ),
    ],
)
def test_what_is_unknown_says_why(rows: list[dict[str, Any]], reaction: date, reason: str) -> None:
    found = implied_move(chain(*rows), reaction, CALENDAR)
    assert (found.move, found.reason) == (None, reason)


def black_scholes_straddle(variance: float) -> float:
    """At the money, without rates: 2 x (2 N(s / 2) - 1) of the price, s the root of the variance."""
    return 2 * math.erf(math.sqrt(variance) / 2 / math.sqrt(2))


@given(st.floats(0.005, 0.03), st.floats(0.01, 0.15))
@settings(max_examples=100, deadline=None)
def test_the_reports_own_day_is_found_again(ordinary: float, jump: float) -> None:
    """Prices made from ordinary days and one day with a jump give back that day's mean size."""
    own = ordinary**2 + jump**2
    first, second = own + ordinary**2, own + 6 * ordinary**2  # 2 and 7 sessions away
    one, two = (50 * black_scholes_straddle(each) for each in (first, second))
    found = implied_move(chain(*pair(FRIDAY, one, one, width=0), *pair(NEXT, two, two, width=0)), THURSDAY, CALENDAR)
    assert found.event == pytest.approx(math.sqrt(2 / math.pi * own), rel=0.01)
    assert found.event is not None
    assert found.move is not None
    assert found.event <= found.move * 1.0001
    assert found.comparable == found.event


def test_contradicting_expiries_separate_nothing() -> None:
    found = implied_move(chain(*pair(FRIDAY, 4, 4), *pair(NEXT, 3, 3)), THURSDAY, CALENDAR)
    assert (found.event, found.event_reason) == (None, "the two expiries' prices contradict each other")
    assert found.comparable == found.move  # only two sessions: hardly any other day in it
    alone = implied_move(chain(*pair(date(2027, 2, 19), 4, 4)), THURSDAY, CALENDAR)
    assert (alone.comparable, alone.event_reason) == (None, "only one usable expiry follows the report")


def test_the_rank_among_past_moves() -> None:
    assert rank(0.05, [0.01, -0.04, 0.06, -0.05, None]) == (0.75, 4)
    assert rank(0.05, [0.01, 0.02, 0.03]) == (None, 3)
    assert rank(None, [0.01] * 5) == (None, 5)


# -- money


def test_money_at_risk_worked_by_hand() -> None:
    assert money_at_risk(100, 50.0, 0.08) == AtRisk(5000.0, pytest.approx(400.0), pytest.approx(46.0), pytest.approx(54.0))
    short = money_at_risk(-10, 20.0, 0.5)
    assert short is not None
    assert (short.value, short.at_risk) == (-200.0, 100.0)
    assert money_at_risk(10, 20.0, None) is None
    assert money_at_risk(10, 0.0, 0.1) is None


def test_a_share_cannot_fall_below_zero_and_a_short_has_no_such_limit() -> None:
    long, short = money_at_risk(1, 10.0, 1.5), money_at_risk(-1, 10.0, 1.5)
    assert long is not None
    assert short is not None
    assert (long.at_risk, long.low, short.at_risk) == (10.0, 0.0, 15.0)


def test_totals_say_what_is_unknown() -> None:
    assert total_at_risk([money_at_risk(3, 1.0, 1.0), money_at_risk(4, 1.0, 1.0), None]) == (7.0, 5.0, 1)
    assert total_at_risk([]) == (0.0, 0.0, 0)


@given(st.floats(-1e6, 1e6), st.floats(0.01, 1e5), st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_at_risk_is_never_negative_and_grows_with_the_move(quantity: float, price: float, move: float) -> None:
    found, smaller = money_at_risk(quantity, price, move), money_at_risk(quantity, price, move / 2)
    assert found is not None
    assert smaller is not None
    assert 0 <= smaller.at_risk <= found.at_risk <= abs(quantity) * price * (1 + 1e-12)


def test_a_chain_of_a_later_moment_is_not_needed_for_the_eve() -> None:
    early = chain(*pair(FRIDAY, 3, 3))
    assert implied_move(early, THURSDAY, CALENDAR) == implied_move(early, THURSDAY, CALENDAR)
    assert implied_move(early.with_columns(pl.col("at") + timedelta(days=1)), THURSDAY, CALENDAR).move is None
    assert isinstance(implied_move(early.clear(), THURSDAY, CALENDAR), Implied)
