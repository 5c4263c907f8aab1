"""What became of flags, against every other day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.flow.leaders import leaders
from terminal.domain.flow.scorecard import DOUBT, HORIZONS, outcomes, summed
from tests.domain.flow.made import frame, settings, trade

FIRST = date(2025, 1, 1)
DAYS = 400
NO_MIDS = pl.DataFrame(schema={"contract": pl.String, "day": pl.Date, "mid": pl.Float64})


def bars(closes: Any) -> pl.DataFrame:
    opens = np.concatenate([[closes[0]], closes[:-1]])
    return pl.DataFrame({"symbol": ["SPY"] * len(closes), "date": [FIRST + timedelta(days=n) for n in range(len(closes))],
                         "open": opens, "high": closes, "low": closes, "close": closes, "volume": closes})  # fmt: skip


def flags(*days: int, lean: str = "up", recipe: str = "r") -> pl.DataFrame:
    return pl.DataFrame([{"id": f"{recipe}{day}{lean}", "recipe": recipe, "symbol": "SPY", "contract": "C", "lean": lean,
                          "day": FIRST + timedelta(days=day)} for day in days])  # fmt: skip


def test_a_flag_is_bought_at_the_next_open_and_held_to_the_last_close() -> None:
    closes = 100 * 1.001 ** np.arange(DAYS)
    closes[301:] *= 1.05
    evenings = [FIRST + timedelta(days=300), FIRST + timedelta(days=305)]
    mids = pl.DataFrame({"contract": ["C"] * 2, "day": evenings, "mid": [2.0, 3.0]})
    found = outcomes(flags(300), bars(closes), mids)
    five = found.filter(pl.col("horizon") == 5).to_dicts()[0]
    assert five["entry"] == pytest.approx(closes[300]) and five["move"] == pytest.approx(closes[305] / closes[300] - 1)
    assert five["base"] == pytest.approx(1.001**5 - 1) and five["base_rate"] == 1
    assert five["beyond"] == pytest.approx(five["move"] - five["base"]) and five["option"] == pytest.approx(0.5)
    assert found.filter(pl.col("horizon") == 1)["option"].to_list() == [None]


def test_the_base_rate_knows_nothing_of_the_days_after_the_flag() -> None:
    closes = 100 * 1.001 ** np.arange(DAYS)
    crash = closes.copy()
    crash[301:] *= 0.5
    one, other = (outcomes(flags(300), bars(each), NO_MIDS)["base"].to_list() for each in (closes, crash))
    assert one == other


def test_a_lean_down_wins_when_the_share_falls_and_none_is_not_scored() -> None:
    closes = 100 * 0.999 ** np.arange(DAYS)
    down = outcomes(flags(300, lean="down"), bars(closes), NO_MIDS)
    assert (down["result"] > 0).all() and (down["move"] < 0).all()
    none = outcomes(flags(300, lean="none"), bars(closes), NO_MIDS)
    assert none["result"].null_count() == 3 and none["move"].null_count() == 0
    assert summed(none)["n"].to_list() == [0, 0, 0] and summed(none)["without_lean"].to_list() == [1, 1, 1]


def test_sessions_that_have_not_passed_are_unknown() -> None:
    found = outcomes(flags(DAYS - 3), bars(100 * 1.001 ** np.arange(DAYS)), NO_MIDS)
    assert found.sort("horizon")["result"].is_null().to_list() == [False, True, True]
    assert outcomes(flags(DAYS - 3), bars(np.ones(3)), NO_MIDS)["result"].null_count() == 3
    assert outcomes(flags(5), bars(100 * 1.001 ** np.arange(DAYS)), NO_MIDS)["base"].null_count() == 3, "too little past"


def test_overlapping_flags_count_once() -> None:
    found = outcomes(flags(300, 301, 305), bars(100 * 1.001 ** np.arange(DAYS)), NO_MIDS)
    counted = found.filter("counts").group_by("horizon").len().sort("horizon")
    assert counted["len"].to_list() == [3, 2, 1] and counted["horizon"].to_list() == list(HORIZONS)


def test_a_few_flags_are_drawn_to_zero_and_their_interval_is_wide() -> None:
    chance = np.random.default_rng(3)
    closes = 100 * np.exp(np.cumsum(chance.normal(0, 0.01, DAYS)))
    rows = summed(outcomes(flags(*range(280, 380)), bars(closes), NO_MIDS)).to_dicts()
    one = next(row for row in rows if row["horizon"] == 1)
    assert one["n"] == 100 and one["low"] < one["beyond"] < one["high"] and one["hit_low"] < one["hit_rate"] < one["hit_high"]
    assert one["shrunk"] == pytest.approx(one["beyond"] * 100 / (100 + DOUBT))
    few = summed(outcomes(flags(300, 301), bars(closes), NO_MIDS)).filter(pl.col("horizon") == 1).to_dicts()[0]
    assert few["low"] is None and abs(few["shrunk"]) < abs(few["beyond"]) / 10


def test_leaders_sum_by_side_and_leave_spreads_out() -> None:
    from terminal.domain.flow.detect import Detector

    detector = Detector(settings())
    put = {"contract": "SPY261218P00500000", "strike": 500.0, "right": "P"}
    found = pl.concat([detector.feed(frame(trade(0), trade(1000, price=2.0), trade(2000, id="p", **put),
                                           trade(3000, conditions="mlet"))), detector.finish()])  # fmt: skip
    (row,) = leaders(found).to_dicts()
    assert (row["calls_ask"], row["calls_bid"], row["puts_ask"], row["other"]) == (21_000, 20_000, 21_000, 21_000)
    assert row["net"] == row["net_calls"] - row["net_puts"] == -20_000 and row["put_share"] == pytest.approx(21 / 83)
    assert leaders(found.clear()).is_empty()
