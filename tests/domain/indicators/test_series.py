"""Series of the rule language: values by hand, the promised warm-up, and no look-ahead."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from terminal.domain.indicators import SERIES, series, slices


def _bars(symbols: int = 1, length: int = 300, seed: int = 5) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    parts = []
    for number in range(symbols):
        close = 40 * np.exp(np.cumsum(random.standard_normal(length) * 0.015))
        spread = 1 + random.random(length) * 0.02
        parts.append(
            pl.DataFrame(
                {
                    "symbol": f"S{number}",
                    "date": [date(2024, 1, 1) + timedelta(days=day) for day in range(length)],
                    "open": close,
                    "high": close * spread,
                    "low": close / spread,
                    "close": close,
                    "volume": random.integers(1000, 9000, length).astype(float),
                }
            )
        )
    return pl.concat(parts)


@pytest.mark.parametrize("name", SERIES)
def test_warm_up_is_as_promised(name: str) -> None:
    made = series(_bars(), name)
    indicator = SERIES[name]
    warmup = indicator.warmup(*indicator.settings())
    assert made.null_count() == warmup
    assert made.head(warmup).is_null().all() and made.slice(warmup).is_not_null().all()


@pytest.mark.parametrize("name", SERIES)
def test_symbols_do_not_touch_each_other(name: str) -> None:
    bars = _bars(3)
    together = series(bars, name)
    alone = pl.concat([series(bars.filter(pl.col("symbol") == symbol), name) for symbol in ("S0", "S1", "S2")])
    assert together.equals(alone, null_equal=True)


def test_averages_and_extremes_by_hand() -> None:
    frame = _bars(length=6).with_columns(close=pl.Series([1.0, 2, 3, 4, 5, 9]), high=pl.Series([2.0, 3, 9, 5, 6, 9]))
    assert series(frame, "sma", 3).to_list() == [None, None, 2, 3, 4, 6]
    assert series(frame, "ema", 3).to_list() == [None, None, 2, 3, 4, 6.5]
    assert series(frame, "highest", 3).to_list() == [None, None, 9, 9, 9, 9]
    assert series(frame, "roc", 2).to_list()[2:] == [2.0, 1.0, pytest.approx(2 / 3), 1.25]
    upper, lower = series(frame, "bollinger_upper", 3, 2.0)[2], series(frame, "bollinger_lower", 3, 2.0)[2]
    assert (upper, lower) == (pytest.approx(2 + 2 * (2 / 3) ** 0.5), pytest.approx(2 - 2 * (2 / 3) ** 0.5))


def test_wilders_rsi_by_hand() -> None:
    """Wilder's smoothing written out, on a path that goes up and down."""
    close = _bars(length=60)["close"].to_numpy()
    change = np.diff(close)
    gain, loss = np.maximum(change, 0), np.maximum(-change, 0)
    up, down = gain[:14].mean(), loss[:14].mean()
    for step in range(14, len(change)):
        up, down = (up * 13 + gain[step]) / 14, (down * 13 + loss[step]) / 14
    assert series(_bars(length=60), "rsi", 14)[-1] == pytest.approx(100 - 100 / (1 + up / down))


def test_unknown_is_null_never_nan() -> None:
    frame = _bars(length=40).with_columns(pl.lit(None, dtype=pl.Float64).alias("volume"))
    assert series(frame, "mfi").null_count() == 40 and series(frame, "obv").null_count() == 40
    flat = _bars(length=40).with_columns(pl.lit(5.0).alias("close"))
    assert series(flat, "rsi").null_count() == 40
    gap = _bars(length=40).with_columns(close=pl.when(pl.col("date") == date(2024, 1, 5)).then(None).otherwise(pl.col("close")))
    assert series(gap, "sma", 3)[3:7].null_count() == 3
    for name in SERIES:
        assert series(_bars(length=40).head(0), name).len() == 0
        made = series(_bars(length=3), name)
        assert made.len() == 3 and not made.is_nan().any()


@pytest.mark.parametrize(
    ("name", "given_"), [("rsi", (0,)), ("sma", (2.5,)), ("sma", (5, 6)), ("bollinger_upper", (20, 0.0)), ("macd", (5000,))]
)
def test_impossible_parameters(name: str, given_: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=name):
        SERIES[name].settings(given_)


def test_slices_cover_every_row_once() -> None:
    assert slices(pl.Series(["a", "a", "b", "c", "c", "c"])) == [slice(0, 2), slice(2, 3), slice(3, 6)]
    assert slices(pl.Series([], dtype=pl.String)) == []


def test_talib_comes_without_pandas() -> None:
    code = (
        "import sys; from terminal.domain.indicators.talib import library; library(); "
        "assert 'talib' in sys.modules and 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
