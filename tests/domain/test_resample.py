"""Longer bars: within sessions, half days, weeks and months, sums, and what is not over yet."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.domain.resample import INTERVALS, MINUTES, resample
from terminal.domain.sessions import Calendar
from terminal.paths import data_file

CALENDAR = Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
THANKSGIVING = (date(2025, 11, 26), date(2025, 11, 28))  # a whole session and, after the holiday, a half day


def _minutes(first: date, last: date, seed: int = 1, symbol: str = "A", kept: float = 1.0) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    moments = [
        CALENDAR.session_open(day) + timedelta(minutes=minute)
        for day in CALENDAR.sessions(first, last)
        for minute in range(CALENDAR.minutes(day))
    ]
    moments = [each for each, chance in zip(moments, random.random(len(moments)), strict=True) if chance < kept]
    close = 50 * np.exp(np.cumsum(random.standard_normal(len(moments)) * 0.001))
    return pl.DataFrame(
        {
            "symbol": symbol,
            "at": pl.Series(moments, dtype=pl.Datetime("us", "UTC")),
            "open": close * 1.0005,
            "high": close * 1.001,
            "low": close * 0.999,
            "close": close,
            "volume": random.integers(1, 1000, len(moments)).astype(float),
        }
    )


def _days(first: date, last: date, seed: int = 2) -> pl.DataFrame:
    days = CALENDAR.sessions(first, last)
    random = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(random.standard_normal(len(days)) * 0.01))
    return pl.DataFrame(
        {"symbol": "A", "date": days, "open": close * 1.001, "high": close * 1.01, "low": close * 0.99, "close": close,
         "volume": random.integers(1, 1000, len(days)).astype(float)}
    )  # fmt: skip


def test_hours_begin_with_the_session_and_half_days_end_early() -> None:
    hours = resample(_minutes(*THANKSGIVING), "1h", CALENDAR)
    local = hours.with_columns(pl.col("at").dt.convert_time_zone("America/New_York"))
    starts = {day: part["at"].dt.strftime("%H:%M").to_list() for (day,), part in
              local.group_by(pl.col("at").dt.date(), maintain_order=True)}  # fmt: skip
    assert starts[THANKSGIVING[0]] == ["09:30", "10:30", "11:30", "12:30", "13:30", "14:30", "15:30"]
    assert starts[THANKSGIVING[1]] == ["09:30", "10:30", "11:30", "12:30"]
    assert hours["count"].to_list() == [60] * 6 + [30] + [60] * 3 + [30]
    assert not hours["partial"].any()
    assert resample(_minutes(*THANKSGIVING), "4h", CALENDAR)["count"].to_list() == [240, 150, 210]


def test_what_is_not_over_is_marked() -> None:
    minutes = _minutes(*THANKSGIVING)
    running = minutes.head(97)
    made = resample(running, "15m", CALENDAR)
    assert made["partial"].to_list() == [False] * 6 + [True] and made["count"][-1] == 7
    later = running["at"][-1] + timedelta(minutes=20)
    assert not resample(running, "15m", CALENDAR, until=later)["partial"].any(), "nothing was traded, but the time is over"
    assert resample(running, "15m", CALENDAR, until=running["at"][-1])["partial"][-1]
    day = resample(running, "1d", CALENDAR)
    assert day["date"].to_list() == [THANKSGIVING[0]] and day["partial"].to_list() == [True]
    assert resample(minutes, "1d", CALENDAR)["partial"].to_list() == [False, False]


def test_weeks_and_months_end_with_their_last_session() -> None:
    bars = _days(date(2025, 11, 3), date(2025, 11, 28))
    weeks = resample(bars, "1wk", CALENDAR)
    assert weeks["date"].to_list() == [date(2025, 11, day) for day in (3, 10, 17, 24)]
    assert weeks["count"].to_list() == [5, 5, 5, 4] and not weeks["partial"].any()
    month = resample(bars, "1mo", CALENDAR)
    assert month["count"].to_list() == [19] and month["last"].to_list() == [date(2025, 11, 28)] and not month["partial"][0]
    thursday = bars.filter(pl.col("date") < date(2025, 11, 20))
    assert resample(thursday, "1wk", CALENDAR)["partial"].to_list() == [False, False, True]
    assert resample(thursday, "1mo", CALENDAR)["partial"].to_list() == [True]
    weekend = datetime(2025, 11, 22, 12, tzinfo=UTC)
    assert not resample(thursday, "1wk", CALENDAR, until=weekend)["partial"].any()
    friday = bars.filter(pl.col("date") < date(2025, 11, 22))
    assert resample(friday, "1wk", CALENDAR, until=datetime(2025, 11, 21, 18, tzinfo=UTC))["partial"][-1], "Friday's session runs"
    assert resample(friday, "1d", CALENDAR, until=datetime(2025, 11, 21, 18, tzinfo=UTC))["partial"].sum() == 1
    assert not resample(friday, "1wk", CALENDAR)["partial"].any()
    session = _minutes(date(2025, 11, 21), date(2025, 11, 21))
    assert resample(session.head(200), "1wk", CALENDAR)["partial"][0] and not resample(session, "1wk", CALENDAR)["partial"][0]
    year_end = _days(date(2025, 12, 29), date(2026, 1, 2))
    assert resample(year_end, "1wk", CALENDAR)["count"].to_list() == [4]
    assert resample(year_end, "1mo", CALENDAR)["count"].to_list() == [3, 1]


def test_a_bar_by_hand() -> None:
    minutes = pl.DataFrame(
        {
            "at": [datetime(2025, 11, 26, 14, 30 + minute, tzinfo=UTC) for minute in range(6)],
            "open": [10.0, 11, 12, 13, 14, 15], "high": [10.5, 13, 12, 13, 14, 15.5], "low": [9.5, 11, 8, 13, 14, 14.5],
            "close": [11.0, 12, 13, 14, 15, 15], "volume": [1.0, 2, 3, 4, 5, 6], "fetch_id": [1, 1, 1, 2, 2, 3],
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))  # fmt: skip
    first, second = resample(minutes, "5m", CALENDAR).to_dicts()
    assert (first["open"], first["high"], first["low"], first["close"], first["volume"]) == (10, 14, 8, 15, 15)
    assert (first["fetch_id"], first["count"], first["partial"], first["at"]) == (2, 5, False, minutes["at"][0])
    assert (second["open"], second["volume"], second["partial"]) == (15, 6, True)


def test_what_lies_outside_sessions_is_left_out_but_not_the_closing_auction() -> None:
    inside = _minutes(THANKSGIVING[1], THANKSGIVING[1])
    close = CALENDAR.session_close(THANKSGIVING[1])
    strange = inside.head(3).with_columns(
        pl.Series("at", [CALENDAR.session_open(THANKSGIVING[1]) - timedelta(minutes=1), close, close + timedelta(minutes=1)],
                  dtype=pl.Datetime("us", "UTC")),
        pl.lit(5000.0).alias("volume"),
    )  # fmt: skip
    both = pl.concat([inside, strange, strange.with_columns(pl.col("at") + pl.duration(days=1))])
    made = resample(both, "30m", CALENDAR)
    assert made.height == 7 and made["volume"].sum() == inside["volume"].sum() + 5000 and made["count"][-1] == 31


def test_unknown_parts_make_the_whole_unknown() -> None:
    bars = _days(date(2025, 11, 3), date(2025, 11, 14)).with_columns(
        pl.when(pl.col("date") != date(2025, 11, 5)).then(pl.col(name)).alias(name) for name in ("high", "volume")
    )
    weeks = resample(bars, "1wk", CALENDAR)
    assert weeks["high"].null_count() == weeks["volume"].null_count() == 1 and weeks["low"].null_count() == 0
    silent = bars.with_columns(volume=pl.lit(None, dtype=pl.Float64))
    assert resample(silent, "1mo", CALENDAR)["volume"].to_list() == [None]


@pytest.mark.parametrize("interval", INTERVALS)
def test_no_bars_give_none(interval: str) -> None:
    assert resample(_minutes(*THANKSGIVING).head(0), interval, CALENDAR).is_empty()
    if interval not in MINUTES:
        assert resample(_days(*THANKSGIVING).head(0), interval, CALENDAR).is_empty()
        return
    with pytest.raises(ValueError, match="daily bars"):
        resample(_days(*THANKSGIVING), interval, CALENDAR)


@given(
    interval=st.sampled_from(INTERVALS),
    seed=st.integers(0, 99),
    kept=st.sampled_from((0.05, 0.6, 1.0)),
    cut=st.integers(1, 900),
    start=st.dates(date(2025, 2, 20), date(2026, 7, 20)),
)
@settings(max_examples=15, deadline=None)
def test_properties(interval: str, seed: int, kept: float, cut: int, start: date) -> None:
    """Nothing is lost or invented, bars stay within sessions and in order, and the past does not change."""
    one = _minutes(start, start + timedelta(days=4), seed, "A", kept)
    two = _minutes(start, start + timedelta(days=1), seed + 1, "B", kept)
    minutes = pl.concat([one, two])
    made = resample(minutes, interval, CALENDAR)
    assert made["volume"].sum() == minutes["volume"].sum()
    assert interval in ("1wk", "1mo") or made["count"].sum() == minutes.height
    for symbol, part in (("A", one), ("B", two)):
        bars = made.filter(pl.col("symbol") == symbol)
        if part.is_empty():
            assert bars.is_empty()
            continue
        assert bars["high"].max() == part["high"].max() and bars["low"].min() == part["low"].min()
        assert bars["open"][0] == part["open"][0] and bars["close"][-1] == part["close"][-1]
        assert not bars["partial"][:-1].any()
        time = bars["at" if interval in MINUTES else "date"]
        assert time.is_sorted() and time.n_unique() == bars.height
    if interval in MINUTES and interval != "1m":
        step = resample(resample(minutes, "1m", CALENDAR).drop("count", "last", "partial"), interval, CALENDAR)
        assert step.drop("partial").equals(made.drop("partial"))
    if not one.is_empty():
        before = resample(one.head(cut), interval, CALENDAR)
        whole = made.filter(pl.col("symbol") == "A")
        same = before.height - 1
        assert before.head(same).drop("partial").equals(whole.head(same).drop("partial"))
