"""Returns on common days: what is carried, what is left out and said, and nothing from later."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from terminal.domain.risk.history import history
from terminal.domain.risk.styles import styles

_SESSIONS = [day for day in (date(2025, 1, 1) + timedelta(days=place) for place in range(200)) if day.weekday() < 5]


def _closes(symbol: str, days: list[date], start: float = 100.0, seed: int = 1) -> pl.DataFrame:
    level = start * np.exp(np.cumsum(np.random.default_rng(seed).standard_normal(len(days)) * 0.01))
    return pl.DataFrame({"symbol": [symbol] * len(days), "date": days, "close": level})


def test_simple_returns_of_common_days() -> None:
    bars = pl.concat([_closes("A", _SESSIONS), _closes("B", _SESSIONS, seed=2)])
    found = history(bars.sample(fraction=1.0, shuffle=True, seed=1), ["A", "B"], _SESSIONS, 100)
    assert found.symbols == ("A", "B") and len(found.days) == 100 and not found.short and found.missing == ()
    assert found.base == _SESSIONS[-101] and found.days == tuple(_SESSIONS[-100:])
    level = bars.filter(pl.col("symbol") == "B")["close"].to_numpy()
    assert found.column("B") == pytest.approx(level[-100:] / level[-101:-1] - 1)
    with pytest.raises(KeyError):
        found.column("C")


def test_a_holiday_carries_the_close_and_a_gap_is_left_out() -> None:
    holiday, gap = _SESSIONS[-10], _SESSIONS[-60:-45]
    b = _closes("B", _SESSIONS, seed=2).filter((pl.col("date") != holiday) & ~pl.col("date").is_in(gap))
    found = history(pl.concat([_closes("A", _SESSIONS), b]), ["A", "B"], _SESSIONS, 120)
    assert found.column("B")[found.days.index(holiday)] == 0.0, "yesterday's close stands on its holiday"
    assert holiday in found.days and found.short and found.shortest == "B"
    lost = [day for day in gap if day not in found.days]
    assert 8 <= len(lost) <= 11, "a close stands for a week, then it is unknown"
    whole = np.prod(1 + found.column("A")) - 1
    a = _closes("A", _SESSIONS)["close"].to_numpy()
    assert whole == pytest.approx(a[-1] / a[-121] - 1), "the return after a gap spans it: nothing is lost"


def test_too_little_is_left_out_by_name_and_never_zero() -> None:
    bars = pl.concat([
        _closes("OLD", _SESSIONS), _closes("NEW", _SESSIONS[-40:]), _closes("HALF", _SESSIONS[-80:]),
        _closes("GONE", _SESSIONS[:-20]),
        pl.DataFrame({"symbol": ["FLAT"] * len(_SESSIONS), "date": _SESSIONS, "close": [1.0] * len(_SESSIONS)}),
    ])  # fmt: skip
    found = history(bars, ["OLD", "NEW", "HALF", "GONE", "FLAT", "NONE"], _SESSIONS, 120)
    assert found.symbols == ("OLD", "HALF") and len(found.days) == 79 and found.shortest == "HALF"
    said = {each.symbol: each.reason for each in found.missing}
    assert said["NEW"] == "prices of 39 of 120 days are known, 60 are needed"
    assert said["GONE"] == "no price of the last week is stored"
    assert said["FLAT"].startswith("its price did not move") and said["NONE"] == "no price of it is stored"
    assert str(found.missing[0]).startswith("NEW is left out: ")


def test_the_weekend_of_a_coin_is_mondays() -> None:
    every = [_SESSIONS[0] + timedelta(days=place) for place in range(199)]
    coin = _closes("COIN", every)
    found = history(pl.concat([coin, _closes("A", _SESSIONS)]), ["COIN", "A"], _SESSIONS, 100)
    closes = dict(coin.select("date", "close").rows())
    monday = next(day for day in found.days if day.weekday() == 0)
    made = closes[monday] / closes[monday - timedelta(days=3)] - 1
    assert found.column("COIN")[found.days.index(monday)] == pytest.approx(made)


def test_nothing_later_changes_what_was_known() -> None:
    bars = pl.concat([_closes("A", _SESSIONS), _closes("B", _SESSIONS[20:], seed=3)])
    day = _SESSIONS[-30]
    cut = history(bars.filter(pl.col("date") <= day), ["A", "B"], [each for each in _SESSIONS if each <= day], 90)
    sessions = [each for each in _SESSIONS if each <= day]
    with_later = history(bars, ["A", "B"], sessions, 90)
    assert cut.days == with_later.days and np.array_equal(cut.returns, with_later.returns)


def test_no_sessions_and_no_symbols() -> None:
    empty = history(_closes("A", _SESSIONS), ["A"], [], 0)
    assert empty.symbols == () and empty.days == () and empty.base is None
    assert history(_closes("A", _SESSIONS), [], _SESSIONS, 90).returns.shape == (90, 0)


def test_styles_by_rank() -> None:
    count = 20
    companies = pl.DataFrame({
        "symbol": [f"S{place:02d}" for place in range(count)], "market_cap": [float(place + 1) for place in range(count)],
        "earnings_yield": [0.05] * 10 + [None] * 10, "book_yield": [None] * count, "momentum_12_1": [None] * count,
        "volatility_1y": [0.1 + 0.01 * place for place in range(count)],
    }, schema_overrides={"book_yield": pl.Float64, "momentum_12_1": pl.Float64})  # fmt: skip
    found = {each.name: each for each in styles(companies, {"S19": 300.0, "S18": 100.0, "FUND": 600.0})}
    assert found["size"].percentile == pytest.approx(0.75 * 0.975 + 0.25 * 0.925)
    assert found["size"].covered == pytest.approx(0.4) and found["size"].compared == count
    assert (found["size"].score or 0) > 1.5 and found["momentum"].percentile is None and found["value"].covered == 0.0
    long_short = {each.name: each for each in styles(companies, {"S19": 100.0, "S00": -100.0})}
    assert (long_short["size"].score or 0) > 1.5, "short the small and long the large leans twice"
    average = {each.name: each for each in styles(companies, dict.fromkeys(companies["symbol"], 1.0))}
    assert average["size"].score == pytest.approx(0.0, abs=1e-9) and average["size"].percentile == pytest.approx(0.5)
