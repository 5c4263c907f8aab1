"""Dips are found where they are, measured as promised, and are not made of splits, dividends, bad ticks or the future."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain import dips
from terminal.domain.dips import Grid, grid, past_falls, rolling_high, scan
from tests.domain.dip_market import bars, market, prices, sessions, walk

UP = list(np.linspace(80, 100, 260))


def one(closes: list[float | None], threshold: float = 0.10, total: list[float | None] | None = None,
        **more: Any) -> dict[str, Any]:
    """The only dip of a symbol with these closes."""
    frame = scan(grid(bars({"AAA": closes}, {"AAA": total} if total else None)), threshold, **more)
    assert frame.height == 1
    return frame.row(0, named=True)


def test_a_dip_is_measured_from_the_highest_close() -> None:
    closes = [*UP, 97.0, 94.0, 90.0, 85.0]
    found = one(closes)
    days = sessions(len(closes))
    assert found["price"] == 85.0 and found["peak"] == pytest.approx(100.0)
    assert found["dip"] == pytest.approx(-0.15) and found["sessions"] == 4
    assert found["peak_day"] == days[259] and found["day"] == days[-1]
    assert found["dip_52w"] == pytest.approx(-0.15) and found["dip_recent"] == pytest.approx(-0.15)
    assert found["worst_day"] == days[-1] and found["worst_move"] == pytest.approx(85 / 90 - 1)
    assert found["doubt"] is None and found["dividends_only"] is False and found["dip_total"] == pytest.approx(-0.15)
    assert scan(grid(bars({"AAA": closes})), 0.151).is_empty()


def test_the_two_highs_have_their_own_windows() -> None:
    closes = [*UP, *([90.0] * 100), 80.0]
    yearly, recent = one(closes), one(closes, window=63)
    assert yearly["dip"] == pytest.approx(-0.20) and yearly["sessions"] == 101
    assert recent["dip"] == pytest.approx(80 / 90 - 1) and recent["sessions"] == 1, "of equal highs the latest counts"
    assert yearly["dip_recent"] == recent["dip_recent"] == pytest.approx(80 / 90 - 1)
    assert one([*UP, *([90.0] * 252), 80.0])["dip"] == pytest.approx(80 / 90 - 1), "after 252 sessions a high is forgotten"


def test_volatility_is_that_of_the_year_before_the_high() -> None:
    calm = prices(np.tile([0.01, -0.008], 140))
    closes = [*calm[:-1], *(calm[-2] * np.exp(np.cumsum([-0.05, 0.04, -0.06, -0.07])))]
    found = one(closes)
    usual = np.diff(np.log(closes[: len(calm) - 1]))[-252:].std(ddof=1)
    assert found["volatility"] == pytest.approx(usual, rel=1e-9)
    assert found["z"] == pytest.approx(np.log(found["price"] / found["peak"]) / (usual * np.sqrt(found["sessions"])))


def test_severity_ranks_the_fall_among_the_share_s_own() -> None:
    pieces: list[float] = list(np.linspace(80, 100, 70))
    for depth in (0.06, 0.08, 0.10, 0.20, 0.30, 0.03):  # the last is too shallow to count
        high = pieces[-1]
        pieces += [high * (1 - depth * part) for part in (0.3, 0.7, 1.0, 0.7, 0.3)] + [high * 1.01]
    found = one([*pieces, pieces[-1] * 0.93, pieces[-1] * 0.88])
    assert found["falls"] == 5 and found["deepest"] == pytest.approx(-0.30)
    assert found["severity"] == pytest.approx(3 / 5)
    few = one([*UP, 85.0])
    assert few["severity"] is None and few["falls"] == 0 and few["deepest"] is None


def test_dividends_paid_are_no_dip() -> None:
    closes = [*UP, 100.0, 88.0]
    paid = [value * 0.88 for value in [*UP, 100.0]] + [88.0]  # 12 were paid out on the last day
    found = one(closes, total=paid)
    assert found["dividends_only"] is True and found["dip_total"] == pytest.approx(0.0)
    half = [value * 0.95 for value in [*UP, 100.0]] + [80.0]
    assert one([*UP, 100.0, 80.0], total=half)["dividends_only"] is False
    unknown = one(closes, total=[None] * len(closes))
    assert unknown["dip_total"] is None and unknown["dividends_only"] is False


@pytest.mark.parametrize(("ratio", "word"), [(2, "half"), (4, "quarter"), (10, "tenth")])
def test_what_looks_like_a_split_is_doubted_and_not_believed(ratio: int, word: str) -> None:
    found = one([*UP, 100.0 / ratio, 100.5 / ratio, 99.0 / ratio])
    assert word in found["doubt"] and "split" in found["doubt"]
    adjusted = [value / ratio for value in UP] + [100.0 / ratio, 100.5 / ratio, 99.0 / ratio]
    assert scan(grid(bars({"AAA": adjusted}))).is_empty(), "worked into the bars it is no dip"


def test_a_lone_tick_is_no_high_and_is_named() -> None:
    closes = [*UP, 160.0, 100.0, 99.0, 98.0]
    made = grid(bars({"AAA": closes, "BBB": [*UP, 100.0, 100.0, 100.0, 100.0]}))
    assert scan(made).is_empty()
    assert made.lone.to_dicts() == [{"symbol": "AAA", "date": sessions(300)[260], "close": 160.0}]
    low = grid(bars({"AAA": [*UP, 60.0, 100.0, 99.0, 85.0]}))
    assert low.lone.height == 1 and scan(low)["worst_move"][0] == pytest.approx(85 / 99 - 1)
    real = grid(bars({"AAA": [*UP, 75.0, 78.0, 80.0, 82.0]}))
    assert real.lone.is_empty() and scan(real)["dip"][0] == pytest.approx(-0.18)


def test_a_crash_of_the_last_session_waits_for_another() -> None:
    assert "no other has confirmed it" in one([*UP, 58.0])["doubt"]
    assert one([*UP, 58.0, 59.0])["doubt"] is None


def test_old_short_and_holed_series_say_nothing_or_say_so() -> None:
    count = len(UP) + 30
    index = [100.0] * count
    stopped = bars({"SPY": index, "OLD": [*UP, 80.0, *([None] * 29)]})
    assert scan(grid(stopped)).is_empty(), "no price for 29 sessions"
    young = bars({"SPY": index, "NEW": [None] * (count - 40) + [100.0] * 39 + [70.0]})
    assert scan(grid(young)).is_empty(), "40 sessions have no high"
    holed = bars({"SPY": index, "GAP": [*UP, *([None] * 20), *([85.0] * 10)]})
    assert "have no price" in scan(grid(holed))["doubt"][0]
    assert scan(grid(bars({"AAA": UP[:10]}))).is_empty()
    assert grid(bars({"AAA": UP}).head(0)).symbols == ()


def test_days_on_which_the_index_did_not_trade_do_not_count() -> None:
    closes = [*UP, 90.0, 85.0]
    index: list[float | None] = [100.0] * len(closes)
    index[-2] = None
    frame = scan(grid(bars({"SPY": index, "AAA": closes})), 0.1)
    assert frame["sessions"].to_list() == [1]


def test_current_prices_replace_or_follow_the_last_close() -> None:
    closes = [*UP, 95.0]
    frame, days = bars({"AAA": closes}), sessions(300)
    later = pl.DataFrame({"symbol": ["AAA", "ZZZ"], "price": [80.0, 1.0], "day": [days[len(closes)]] * 2})
    made = grid(frame, prices=later)
    assert made.live and scan(made).row(0, named=True)["dip"] == pytest.approx(-0.2)
    assert scan(made)["sessions"][0] == 2 and scan(made)["dip_total"][0] == pytest.approx(-0.2)
    same = grid(frame, prices=later.with_columns(pl.lit(days[len(closes) - 1]).alias("day")))
    assert not same.live and scan(same)["sessions"][0] == 1
    older = grid(frame, prices=later.with_columns(pl.lit(days[10]).alias("day")))
    assert scan(older).is_empty() and older.close.shape == grid(frame).close.shape


def test_rows_in_any_order_give_the_same() -> None:
    frame = market()
    mixed = frame.sample(fraction=1, shuffle=True, seed=1)
    assert scan(grid(mixed), 0.05).drop("_row").equals(scan(grid(frame), 0.05).drop("_row"))
    apart = pl.concat([frame.filter(pl.col("symbol") != "SPY"), frame.filter(pl.col("symbol") == "SPY")])
    assert scan(grid(apart), 0.05).sort("symbol").drop("_row").equals(scan(grid(frame), 0.05).sort("symbol").drop("_row"))


def test_only_the_wanted_symbols() -> None:
    frame = market()
    every = scan(grid(frame), 0.02)
    some = every["symbol"].to_list()[:2]
    assert scan(grid(frame), 0.02, symbols=some).equals(every.filter(pl.col("symbol").is_in(some)))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(st.none(), st.floats(1, 1000)), min_size=1, max_size=60), st.integers(1, 70))
def test_the_rolling_high_is_the_highest_of_the_window(values: list[float | None], window: int) -> None:
    row = np.array([[np.nan if value is None else value for value in values]])
    for at, high in enumerate(rolling_high(row, window)[0]):
        known = [value for value in values[max(0, at + 1 - window) : at + 1] if value is not None]
        assert (np.isnan(high) and not known) or high == max(known)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(300, 519))
def test_nothing_later_than_the_day_matters(seed: int, known: int) -> None:
    frame = market(seed=seed % 50)
    day = sessions(520)[known]
    shaken = frame.with_columns(
        pl.when(pl.col("date") > day).then(pl.col("close") * (0.3 + (pl.col("date").dt.day() % 7))).otherwise(pl.col("close"))
        .alias("close"))
    before = scan(grid(frame.filter(pl.col("date") <= day)), 0.03)
    assert before.height > 0
    assert scan(grid(shaken, as_of=day), 0.03).equals(before)


@pytest.mark.slow  # importing quantstats takes longer than all other tests here
def test_past_falls_agree_with_quantstats() -> None:
    """Up to 252 sessions the high of the window is the high so far, which is what quantstats' drawdown periods start from."""
    stats = pytest.importorskip("quantstats.stats")
    pandas = pytest.importorskip("pandas")
    closes = prices(np.concatenate([[0.0], walk(250, 8, 0.02)]))
    series = pandas.Series(np.array(closes), index=pandas.to_datetime(sessions(len(closes))))
    theirs = stats.drawdown_details(stats.to_drawdown_series(series.pct_change().fillna(0.0)))
    depths = sorted(each / 100 for each in theirs["max drawdown"] if each <= -5)
    row = np.array([closes])
    _, ours = past_falls(row, np.array([row.shape[1]]))
    assert sorted(ours) == pytest.approx(depths, abs=1e-6) and len(ours) == 4
    last_high = int(np.flatnonzero(row[0] == np.maximum.accumulate(row[0]))[-1])
    _, ended = past_falls(row, np.array([last_high]))
    assert len(ended) == 3, "the fall under way is none of the past ones"


def test_a_grid_knows_its_rows() -> None:
    made = grid(bars({"AAA": UP, "SPY": UP}))
    assert isinstance(made, Grid) and made.at("SPY") == 1
    with pytest.raises(KeyError):
        made.at("NONE")
    assert made.days[0].astype(object) == date(2021, 1, 4) and dips.YEAR == 252
