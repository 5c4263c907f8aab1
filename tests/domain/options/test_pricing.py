"""The priced chain: forwards and rates that are known come out, volatilities too, and no NaN whatever goes in."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.options import contracts
from terminal.domain.options.forwards import expected_dividends
from terminal.domain.options.pricing import GREEKS, price_chain, quoted_at
from terminal.domain.schemas import CHAINS
from tests.domain.options.made_chains import AT, CARRY, DAYS, RATE, SPOT, calendar, chain, changed, finite, smile


def test_european_forward_rate_and_volatilities_are_those_the_quotes_were_made_with() -> None:
    made = price_chain(chain("SPXW", "^SPX", wide=0.0), rate=0.03)
    for row in made.expiries.filter(pl.col("years") > 0.05).iter_rows(named=True):
        assert row["rate_from"] == "parity"
        assert row["rate"] == pytest.approx(RATE, abs=1e-8)
        assert row["forward"] == pytest.approx(SPOT * math.exp((RATE - CARRY) * row["years"]), rel=1e-10)
        assert row["carry"] == pytest.approx(CARRY, abs=1e-8)
        assert row["atm_iv"] == pytest.approx(float(smile(row["forward"], row["years"])), abs=2e-3)
    usable = made.frame.filter(pl.col("usable") & pl.col("iv").is_not_null())
    assert usable.height > 0.85 * made.frame.height
    assert float((usable["iv"] - usable["iv_provider"]).abs().max()) < 1e-5  # type: ignore[arg-type]
    assert set(GREEKS) <= set(made.frame.columns)
    keys = made.frame.select("expiry", "root", "strike", "right")
    assert keys.equals(keys.sort("expiry", "root", "strike", "right"))


def test_american_forward_is_freed_of_early_exercise() -> None:
    made = price_chain(chain("SPY", carry=0.03, wide=0.01), rate=RATE)
    assert made.expiries["american"].all()
    for row in made.expiries.iter_rows(named=True):
        assert row["forward"] == pytest.approx(SPOT * math.exp((RATE - 0.03) * row["years"]), rel=3e-4)
    usable = made.frame.filter(pl.col("usable") & pl.col("iv").is_not_null() & (pl.col("moneyness").abs() < 0.15))
    assert usable.height > 60
    assert float((usable["iv"] - usable["iv_provider"]).abs().quantile(0.95)) < 2e-3  # type: ignore[arg-type]


def test_roots_of_one_expiry_are_taken_apart() -> None:
    day = date(2026, 12, 18)
    both = pl.concat([chain("SPX", "^SPX", [day], carry=0.01), chain("SPXW", "^SPX", [day], carry=0.05)])
    made = price_chain(both, rate=RATE, calendar=calendar())
    rows = {row["root"]: row for row in made.expiries.iter_rows(named=True)}
    assert rows["SPX"]["settlement"] == "AM"
    assert rows["SPXW"]["settlement"] == "PM"
    assert rows["SPXW"]["days"] - rows["SPX"]["days"] == pytest.approx(6.5 / 24)
    assert rows["SPX"]["forward"] > rows["SPXW"]["forward"]
    assert not made.frame["american"].any()
    assert made.frame.group_by("root").len()["len"].n_unique() == 1


def test_without_pairs_the_carry_is_borrowed_and_without_any_it_is_that_of_dividends() -> None:
    frame = chain("SPY", carry=0.03, wide=0.01)
    alone = frame.filter((pl.col("expiry") != DAYS[2]) | (pl.col("right") == "C"))
    row = price_chain(alone, rate=RATE).expiries.filter(pl.col("expiry") == DAYS[2]).row(0, named=True)
    assert row["forward_from"] == "carry of other expiries"
    assert row["carry"] == pytest.approx(0.03, abs=3e-3)
    paid = [(date(2026, 12, 1), 2.0), (date(2027, 6, 1), 3.0)]
    calls = price_chain(frame.filter(pl.col("right") == "C"), rate=RATE, dividends=paid).expiries
    near, far = (calls.filter(pl.col("expiry") == day).row(0, named=True) for day in (DAYS[1], DAYS[3]))
    assert {near["forward_from"], far["forward_from"]} == {"rate and dividends"}
    assert near["forward"] == pytest.approx((SPOT - 2 * math.exp(-RATE * 13 / 365)) * math.exp(RATE * near["years"]), rel=1e-6)
    assert far["dividends"] == pytest.approx(2 * math.exp(-RATE * 13 / 365) + 3 * math.exp(-RATE * 195 / 365))
    assert far["borrow"] is None


def test_what_parity_says_beyond_rate_and_dividends_is_the_cost_of_borrowing() -> None:
    hard = price_chain(chain("GME", "GME", carry=0.25), rate=RATE).expiries
    row = hard.filter(pl.col("expiry") == DAYS[2]).row(0, named=True)
    assert row["borrow"] == pytest.approx(0.25, abs=0.01)


def test_a_cent_between_two_clocks_does_not_become_a_yield() -> None:
    """The spot is 0.1 % old a day before expiry: carry is -73 % a year, theta stays that of the option's time value."""
    day, at = date(2026, 11, 19), datetime(2026, 11, 18, 20, 30, tzinfo=UTC)
    frame = chain("SPY", days=[day], at=at, carry=0.0, strikes=np.arange(380, 421, 1.0)).with_columns(
        pl.lit(SPOT * 0.999).alias("underlying_price")
    )
    made = price_chain(frame, rate=RATE)
    row = made.frame.filter((pl.col("strike") == 400) & pl.col("call")).row(0, named=True)
    decay = -row["iv"] ** 2 / 2 * row["gamma"] * SPOT**2
    assert made.expiries["carry"][0] < -0.3
    assert row["theta"] == pytest.approx(decay, rel=0.12)
    assert made.notes == ()


def test_an_old_price_of_the_underlying_is_said() -> None:
    frame = chain("SPY").with_columns(pl.lit(SPOT * 0.97).alias("underlying_price"))
    assert "does not fit its options" in price_chain(frame, rate=RATE).notes[0]


def test_half_days_and_closed_days_count_as_they_are() -> None:
    sessions = calendar()
    early = price_chain(chain(days=[date(2026, 11, 27)]), rate=RATE, calendar=sessions)
    assert early.expiries["expires"][0] == datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
    friday = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
    assert quoted_at(friday + timedelta(days=1, hours=3), sessions) == friday
    assert quoted_at(friday - timedelta(minutes=1), sessions) == friday - timedelta(minutes=1)
    monday = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert quoted_at(monday, sessions) == friday
    assert quoted_at(monday, sessions, index=True) == monday
    assert quoted_at(monday, None) == monday


def test_what_is_left_out_touches_nothing() -> None:
    frame = chain("SPXW", "^SPX")
    whole = price_chain(frame, rate=RATE)
    bad = frame
    for strike in (390, 400, 410):
        name = contracts.build(contracts.Contract("SPXW", DAYS[1], "C", strike))
        bad = changed(bad, name, bid=90.0, ask=20.0)
    made = price_chain(bad, rate=RATE)
    row, before = (each.expiries.filter(pl.col("expiry") == DAYS[1]).row(0, named=True) for each in (made, whole))
    assert row["usable"] == before["usable"] - 3
    assert row["forward"] == pytest.approx(before["forward"], rel=1e-6)
    assert row["atm_iv"] == pytest.approx(before["atm_iv"], abs=1e-3)
    out = made.frame.filter(pl.col("reasons") == "crossed quote")
    assert out.height == 3
    assert out["iv"].null_count() == 3
    assert set(out["iv_from"]) == {"its pair"}
    assert out["delta"].null_count() == 0


def test_chains_that_cannot_be_priced_say_so() -> None:
    frame = chain()
    for bad in (frame.head(0), frame.with_columns(pl.lit(None, dtype=pl.Float64).alias("underlying_price")),
                frame.with_columns(pl.lit(0.0).alias("underlying_price"))):  # fmt: skip
        with pytest.raises(ValueError, match="needs rows and the price"):
            price_chain(bad, rate=RATE)
    with pytest.raises(ValueError, match="one symbol"):
        price_chain(pl.concat([frame, chain("QQQ", "QQQ")]), rate=RATE)


@pytest.mark.parametrize("rate", [-0.02, 0.0, 0.3])
def test_rates_below_zero_and_high_ones_give_numbers(rate: float) -> None:
    for root, symbol in (("SPY", "SPY"), ("SPXW", "^SPX")):
        made = price_chain(chain(root, symbol, DAYS[:2], rate=rate, carry=0.0), rate=rate)
        assert finite(made.frame)
        near = made.frame.filter(pl.col("usable") & (pl.col("moneyness").abs() < 0.05) & pl.col("iv").is_not_null())
        assert near.height > 8
        assert float((near["iv"] - near["iv_provider"]).abs().quantile(0.8)) < 0.01  # type: ignore[arg-type]


numbers = st.one_of(st.none(), st.just(0.0), st.just(math.nan), st.floats(-5, 2000, allow_nan=False))
rows = st.fixed_dictionaries(
    {
        "root": st.sampled_from(["SPY", "SPXW", "SPY1", "SPX"]), "days": st.integers(-40, 900), "right": st.sampled_from("CP"),
        "strike": st.sampled_from([0.5, 399.0, 400.0, 401.0, 440.0, 90_000.0]), "bid": numbers, "ask": numbers, "last": numbers,
        "iv": numbers, "volume": numbers,
    }
)  # fmt: skip


@settings(max_examples=25)
@given(st.lists(rows, min_size=1, max_size=24), st.sampled_from([-0.05, 0.0, 0.04]))
def test_no_not_a_number_leaves_whatever_comes_in(given_: list[dict[str, Any]], rate: float) -> None:
    made = [
        {"symbol": "SPY", "at": AT, "expiry": AT.date() + timedelta(days=each["days"]), "strike": each["strike"],
         "right": each["right"], "contract": f"{each['root']}261218{each['right']}00400000", "bid": each["bid"],
         "ask": each["ask"], "last": each["last"], "volume": each["volume"], "iv": each["iv"], "underlying_price": SPOT}
        for each in given_
    ]  # fmt: skip
    frame = pl.DataFrame(made, schema={name: CHAINS.columns[name] for name in made[0]}, orient="row")
    found = price_chain(frame, rate=rate)
    assert finite(found.frame)
    assert finite(found.expiries)
    out = found.frame.filter(~pl.col("usable"))
    assert out["iv"].null_count() == out.height
    assert (out["reasons"] != "").all()
    assert found.frame.filter(pl.col("years") <= 0)["usable"].sum() == 0


def test_dividends_to_come_are_those_declared_then_the_regular_ones_again() -> None:
    paid = [(date(2026, month, 10), 0.5) for month in (2, 5, 8, 11)] + [(date(2026, 9, 1), 4.0)]
    found = expected_dividends(paid, date(2026, 11, 20), date(2027, 6, 1))
    assert [(each.day, each.amount, each.declared) for each in found] == [
        (date(2027, 2, 9), 0.5, False), (date(2027, 5, 12), 0.5, False)
    ]  # fmt: skip
    declared = expected_dividends([*paid, (date(2027, 2, 12), 0.6)], date(2026, 11, 20), date(2027, 6, 1))
    assert [(each.amount, each.declared) for each in declared] == [(0.6, True), (0.6, False)]
    assert expected_dividends(paid[:2], date(2026, 11, 20), date(2027, 6, 1)) == ()
    assert expected_dividends([(date(2024, m, 10), 0.5) for m in (2, 5, 8, 11)], date(2026, 11, 20), date(2027, 6, 1)) == ()
