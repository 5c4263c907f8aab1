"""The gate: each reason is found, alone, and told in words; what only may be minded stays usable."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from terminal.domain.options import contracts, quality
from terminal.domain.options.pricing import Priced, price_chain
from tests.domain.options.made_chains import AT, DAYS, RATE, SPOT, calendar, chain, changed

DAY = DAYS[1]


def name(strike: float, right: Any = "C", root: str = "SPXW", day: date = DAY) -> str:
    return contracts.build(contracts.Contract(root, day, right, strike))


def judged(frame: pl.DataFrame, contract: str) -> dict[str, Any]:
    return priced(frame).frame.filter(pl.col("contract") == contract).row(0, named=True)


def priced(frame: pl.DataFrame) -> Priced:
    return price_chain(frame, rate=RATE, calendar=calendar())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"bid": None, "ask": None}, "no quote"),
        ({"bid": 0.0, "ask": 0.0}, "bid and ask are zero"),
        ({"bid": 0.0, "ask": 0.4}, "no bid"),
        ({"bid": 0.4, "ask": 0.0}, "no ask"),
        ({"bid": 0.4, "ask": None}, "no ask"),
        ({"bid": 9.0, "ask": 8.0}, "crossed quote"),
        ({"bid": -1.0, "ask": 0.4}, "a quote below zero"),
        ({"bid": 1.0, "ask": 3.0}, "wide spread"),
    ],
)
def test_a_quote_that_cannot_be_one_is_left_out(values: dict[str, Any], reason: str) -> None:
    row = judged(changed(chain("SPXW", "^SPX", [DAY]), name(420), **values), name(420))
    assert row["reasons"] == reason
    assert not row["usable"]
    assert row["iv"] is None


def test_a_narrow_spread_in_cents_is_no_wide_one() -> None:
    row = judged(changed(chain("SPXW", "^SPX", [DAY]), name(520), bid=0.02, ask=0.09), name(520))
    assert row["usable"], row["reasons"]


def test_prices_that_arbitrage_forbids_are_left_out() -> None:
    frame = chain("SPXW", "^SPX", [DAY])
    assert "below its least value" in judged(changed(frame, name(300), bid=80.0, ask=81.0), name(300))["reasons"]
    assert "above its greatest value" in judged(changed(frame, name(300), bid=405.0, ask=406.0), name(300))["reasons"]


def test_of_a_pair_that_breaks_parity_the_one_in_the_money_is_left_out() -> None:
    frame = chain("SPXW", "^SPX", [DAY])
    stale = name(340)
    before = frame.filter(pl.col("contract") == stale).row(0, named=True)
    frame = changed(frame, stale, bid=before["bid"] + 0.6, ask=before["ask"] + 0.6)
    inside, outside = judged(frame, stale), judged(frame, name(340, "P"))
    assert inside["reasons"].startswith("parity break")
    assert outside["usable"]
    assert quality.PAIR in outside["remarks"]


def test_quotes_that_contradict_their_neighbours_are_left_out() -> None:
    frame = chain("SPXW", "^SPX", [DAY], carry=0.0).filter(pl.col("right") == "C")
    before = frame.filter(pl.col("contract") == name(430)).row(0, named=True)
    made = priced(changed(frame, name(430), bid=before["bid"] + 4, ask=before["ask"] + 4)).frame
    out = made.filter(pl.col("reasons").str.contains("neighbours"))
    assert out["strike"].to_list() == [430.0]
    assert out["iv"].item() is None
    assert judged(frame, name(430))["usable"]


@pytest.mark.parametrize("right", ["C", "P"])
@pytest.mark.parametrize("moved", [-1.5, 1.5, 3.0])
def test_of_two_that_contradict_each_other_only_the_one_to_blame_is_left_out(right: Any, moved: float) -> None:
    frame = chain("SPXW", "^SPX", [DAY]).filter(pl.col("right") == right)
    contract = name(400, right)
    before = frame.filter(pl.col("contract") == contract).row(0, named=True)
    made = priced(changed(frame, contract, bid=before["bid"] + 4 * moved, ask=before["ask"] + 4 * moved)).frame
    assert made.filter(pl.col("reasons").str.contains("neighbours"))["strike"].to_list() == [400.0]


def test_adjusted_and_expired_contracts_are_left_out() -> None:
    adjusted = chain("SPY", days=[DAY]).with_columns(pl.col("contract").str.replace("SPY", "SPY1"))
    assert set(priced(adjusted).frame["reasons"].str.split("; ").list.first()) == {"adjusted contract"}
    gone = chain("SPXW", "^SPX", [DAY]).with_columns(pl.lit(AT + timedelta(days=60)).alias("at"))
    found = priced(gone)
    assert found.frame["usable"].sum() == 0
    assert set(found.frame["reasons"].str.split("; ").list.first()) == {"expired"}
    assert found.frame["delta"].null_count() == found.frame.height


def test_a_volatility_at_a_bound_is_left_out() -> None:
    frame = chain("SPXW", "^SPX", [DAY], strikes=[200.0, 398.0, 400.0, 402.0, 404.0])
    row = judged(changed(frame, name(200, "P"), bid=150.0, ask=150.5), name(200, "P"))
    assert not row["usable"]
    assert "volatility" in row["reasons"] or "neighbours" in row["reasons"] or "parity" in row["reasons"]


def test_what_only_may_be_minded_stays_usable() -> None:
    frame = chain("SPXW", "^SPX", [DAY])
    old = AT - timedelta(days=2)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"volume": 0.0}, "not traded today"), ({"volume": None}, "volume is not stated"),
        ({"last_at": old}, "its last trade is older than the session"), ({"iv": 0.6}, "its source states another volatility"),
    ]  # fmt: skip
    for values, remark in cases:
        row = judged(changed(frame, name(410), **values), name(410))
        assert row["usable"]
        assert row["remarks"] == remark


def test_in_the_money_a_bid_without_time_value_says_nothing_of_volatility() -> None:
    frame = chain("SPY", days=[DAY], strikes=[300.0, 390.0, 395.0, 400.0, 405.0, 410.0])
    contract = name(300, root="SPY")
    inside = frame.filter(pl.col("contract") == contract).row(0, named=True)
    frame = changed(frame, contract, bid=SPOT - 300 - 0.5, ask=inside["ask"] + 0.6)
    row = judged(frame, contract)
    assert row["usable"]
    assert row["iv"] is None
    assert quality.NO_TIME_VALUE in row["remarks"]
    assert row["iv_from"] == "its pair"
    assert row["delta"] > 0.95


def test_so_does_a_bid_below_what_exercising_brings_though_the_middle_is_above() -> None:
    frame = chain("SPY", days=[DAY], wide=0.5)
    made = priced(frame).frame.filter(~pl.col("call") & (pl.col("strike") > 440))
    flat = made.filter(pl.col("bid") <= pl.col("strike") - pl.col("spot"))
    assert flat.height >= 4
    assert flat["iv"].null_count() == flat.height
    assert flat["iv_bid"].null_count() == flat.height
    assert made.filter(pl.col("iv").is_not_null() & (pl.col("iv_gap").abs() > 0.02)).is_empty()


def test_the_reasons_are_counted_and_said() -> None:
    frame = chain("SPXW", "^SPX").with_columns(
        pl.when(pl.col("strike") > 300).then(0.0).otherwise("bid").alias("bid"),
        pl.when(pl.col("strike") > 300).then(0.0).otherwise("ask").alias("ask"),
    )
    made = priced(frame)
    zero = made.frame.filter(pl.col("strike") > 300).height
    assert quality.counts(made.frame).filter(pl.col("reason") == "bid and ask are zero")["contracts"].item() == zero
    assert f"{zero:,} of {made.frame.height:,} contracts have no bid and ask (both are zero)." in quality.sentences(made.frame)
    nobody = priced(chain("SPXW", "^SPX").with_columns(pl.lit(0.0).alias("bid"), pl.lit(0.0).alias("ask")))
    assert nobody.frame["usable"].sum() == 0
    assert nobody.expiries["atm_iv"].null_count() == nobody.expiries.height
    assert set(nobody.expiries["forward_from"]) == {"rate and dividends"}
