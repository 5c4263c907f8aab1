"""Wrong prices made by hand: each kind is repaired to the value before, refused, or left alone when it may be true."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.adjustment import adjust
from terminal.domain.repair import History, repair_history

START = date(2026, 1, 5)


def bars(closes: list[float], adjusted: list[float] | None = None, volume: float = 100.0) -> pl.DataFrame:
    closes = [float(close) for close in closes]
    days = [START + timedelta(days=at) for at in range(len(closes))]
    return pl.DataFrame(
        {
            "symbol": ["X"] * len(closes),
            "date": days,
            "open": closes,
            "high": [close * 1.01 for close in closes],
            "low": [close * 0.99 for close in closes],
            "close": closes,
            "volume": [volume] * len(closes),
            "adjusted_close": [float(each) for each in adjusted or closes],
        }
    )


def splits(*pairs: tuple[int, float]) -> pl.DataFrame:
    rows = [("X", START + timedelta(days=at), ratio) for at, ratio in pairs]
    return pl.DataFrame(rows, schema={"symbol": pl.String, "ex_date": pl.Date, "ratio": pl.Float64}, orient="row")


def dividends(*pairs: tuple[int, float]) -> pl.DataFrame:
    rows = [("X", START + timedelta(days=at), float(amount)) for at, amount in pairs]
    return pl.DataFrame(rows, schema={"symbol": pl.String, "ex_date": pl.Date, "amount": pl.Float64}, orient="row")


def rules(history: History) -> set[str]:
    return {*history.bars.repairs["rule"], *history.dividends.repairs["rule"]}


def test_a_single_row_in_pence() -> None:
    history = repair_history(bars([10, 10.2, 1010, 10.1, 10.3]))
    assert history.bars.frame["close"].to_list() == pytest.approx([10, 10.2, 10.1, 10.1, 10.3])
    assert rules(history) == {"price 100 times off"}
    assert {row["field"] for row in history.bars.repairs.to_dicts()} == {"open", "high", "low", "close", "adjusted_close"}


def test_a_single_cell_a_hundred_times_off() -> None:
    wrong = bars([10, 10.2, 10.1]).with_columns(pl.Series("low", [9.9, 0.101, 10.0]))
    history = repair_history(wrong)
    assert history.bars.frame["low"][1] == pytest.approx(10.1)
    assert history.bars.repairs.height == 1


def test_two_levels_and_nothing_says_which_is_right() -> None:
    history = repair_history(bars([10, 10.1, 10.2, 1000, 1010, 1020]))
    assert history.bars.frame.is_empty()
    assert history.bars.refused.height == 6
    assert "two levels" in history.bars.refused["reason"][0]


def test_what_was_stored_before_says_which_level_is_right() -> None:
    stored = bars([9.9]).with_columns(pl.lit(START - timedelta(days=1)).alias("date"))
    history = repair_history(bars([1000, 1010, 1020, 10.2]), trusted=stored)
    assert history.bars.frame["close"].to_list() == pytest.approx([10, 10.1, 10.2, 10.2])


def test_a_split_forgotten_on_the_older_rows() -> None:
    history = repair_history(bars([40, 41, 42, 10.4, 10.5]), splits((3, 4.0)))
    assert history.bars.frame["close"].to_list() == pytest.approx([10, 10.25, 10.5, 10.4, 10.5])
    assert history.bars.frame["volume"].to_list() == [400, 400, 400, 100, 100]
    assert rules(history) == {"split not applied"}


def test_a_split_applied_twice() -> None:
    history = repair_history(bars([2.5, 2.6, 2.55, 10.4, 10.5]), splits((3, 4.0)))
    assert history.bars.frame["close"].to_list() == pytest.approx([10, 10.4, 10.2, 10.4, 10.5])
    assert rules(history) == {"split applied twice"}


def test_a_split_that_is_worked_in_is_left_alone() -> None:
    assert rules(repair_history(bars([10, 10.1, 10.2, 10.4, 10.5]), splits((3, 4.0)))) == set()


def test_a_true_crash_without_a_split_is_left_alone() -> None:
    history = repair_history(bars([100, 101, 20, 19, 18]))
    assert history.bars.refused.is_empty()
    assert rules(history) == set()


def test_a_crash_far_from_a_split_is_left_alone() -> None:
    closes = [20.0] * 5 + [10.0] * 60 + [10.5] * 10
    assert rules(repair_history(bars(closes), splits((65, 2.0)))) == set()


def test_a_spike_that_comes_back_is_refused() -> None:
    history = repair_history(bars([10, 10.1, 75, 10.2, 10.3]))
    assert history.bars.refused["close"].to_list() == [75]
    assert history.bars.refused["reason"].to_list() == ["a jump of 7 times and back"]
    assert history.bars.frame.height == 4


def test_a_dividend_in_the_wrong_unit() -> None:
    history = repair_history(bars([10, 10, 10], [9.9, 10, 10]), dividends=dividends((1, 10.0)))
    assert history.dividends.frame["amount"].to_list() == pytest.approx([0.1])
    assert rules(history) == {"dividend 100 times too high"}


def test_a_dividend_missing_from_the_adjusted_close() -> None:
    history = repair_history(bars([10, 10, 10]), dividends=dividends((2, 0.5)))
    assert history.bars.frame["adjusted_close"].to_list() == pytest.approx([9.5, 9.5, 10])
    assert rules(history) == {"dividend missing from the adjusted close"}


def test_doubled_and_absurd_dividends_are_refused() -> None:
    history = repair_history(bars([10, 10, 10, 10], [9.5, 9.5, 10, 10]), dividends=dividends((0, 12.0), (2, 0.5), (3, 0.5)))
    assert dict(history.dividends.refused.select("amount", "reason").iter_rows()) == {0.5: "the same dividend twice"}
    history = repair_history(bars([10, 10, 10, 10]), dividends=dividends((2, 12.0)))
    assert history.dividends.refused["reason"].to_list() == ["a dividend above the price of the share"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-0.2, 0.2), min_size=12, max_size=60),
    st.integers(1, 10),
    st.sampled_from([100.0, 0.01]),
)
def test_any_few_rows_a_hundred_times_off_come_back(moves: list[float], at: int, factor: float) -> None:
    closes = [50.0]
    for move in moves:
        closes.append(closes[-1] * (1 + move))
    wrong = [close * factor if place == at else close for place, close in enumerate(closes)]
    assert repair_history(bars(wrong)).bars.frame["close"].to_list() == pytest.approx(closes)


def test_splits_are_taken_out_and_put_in_for_a_day() -> None:
    frame = (
        bars([10.0, 10.0]).select("symbol", "date", "close", "volume").with_columns(fetch_id=pl.Series([1, 2], dtype=pl.Int64))
    )
    fetched = pl.DataFrame({"fetch_id": [1, 2], "fetched_on": [date(2026, 3, 1), date(2026, 1, 10)]})
    known = splits((30, 2.0))
    before = adjust(frame, known, fetched, date(2026, 1, 20))
    assert before["close"].to_list() == [20.0, 10.0]  # fetched after the split; fetched before it
    assert before["volume"].to_list() == [50.0, 100.0]
    after = adjust(frame, known, fetched, date(2026, 4, 1))
    assert after["close"].to_list() == [10.0, 5.0]
