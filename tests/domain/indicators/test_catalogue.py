"""Every indicator of the catalogue: no look-ahead, the promised warm-up, gaps, short inputs, words and settings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from terminal.domain.indicators import INDICATORS, compute, read_study

_LENGTH = 320


def _bars(length: int = _LENGTH, seed: int = 5, symbol: str = "S") -> pl.DataFrame:
    random = np.random.default_rng(seed)
    close = 40 * np.exp(np.cumsum(random.standard_normal(length) * 0.015))
    start = close * np.exp(random.standard_normal(length) * 0.004)
    return pl.DataFrame(
        {
            "symbol": symbol,
            "date": [date(2024, 1, 1) + timedelta(days=day) for day in range(length)],
            "open": start,
            "high": np.maximum(start, close) * (1 + random.random(length) * 0.01),
            "low": np.minimum(start, close) / (1 + random.random(length) * 0.01),
            "close": close,
            "volume": random.integers(1000, 9000, length).astype(float),
        }
    )


def _minutes(bars: pl.DataFrame) -> pl.DataFrame:
    """The same bars as hours of sessions, seven a day from the opening on."""
    opening = datetime(2026, 1, 5, 14, 30, tzinfo=UTC)
    moments = [opening + timedelta(days=number // 7, hours=number % 7) for number in range(bars.height)]
    return bars.drop("date").with_columns(pl.Series("at", moments, dtype=pl.Datetime("us", "UTC")))


BARS = _bars()


def _same(one: dict[str, np.ndarray], other: dict[str, np.ndarray], rows: slice) -> None:
    for name, values in one.items():
        assert np.allclose(values[rows], other[name], rtol=1e-9, atol=1e-9, equal_nan=True), name


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("frame", [BARS, _minutes(BARS)], ids=["days", "moments"])
def test_no_look_ahead(name: str, frame: pl.DataFrame) -> None:
    """What was known at a bar's close gives the same values as the whole history does."""
    whole = compute(name, frame)
    for cut in (1, 2, 3, 9, 26, 27, 31, 53, 60, 78, 120, 200, 260, frame.height - 1):
        _same(whole, compute(name, frame.head(cut)), slice(0, cut))


@pytest.mark.parametrize("name", INDICATORS)
def test_the_future_changes_nothing(name: str) -> None:
    """Wild bars at the end leave what comes before as it was."""
    cut = 240
    wild = BARS.with_row_index("row").with_columns(
        pl.when(pl.col("row") < cut).then(pl.col(column)).otherwise(pl.col(column) * (1 + pl.col("row") % 7)).alias(column)
        for column in ("open", "high", "low", "close", "volume")
    )
    usual, other = compute(name, BARS), compute(name, wild)
    _same({key: values[:cut] for key, values in usual.items()}, {key: values[:cut] for key, values in other.items()}, slice(None))


@pytest.mark.parametrize("name", INDICATORS)
def test_warm_up_is_as_promised(name: str) -> None:
    indicator = INDICATORS[name]
    made = compute(name, BARS)
    assert tuple(made) == tuple(output.name for output in indicator.outputs)
    promised = indicator.warmup(*indicator.settings())
    if promised is None or name == "supertrend":
        assert any(np.isfinite(values[150:]).any() for values in made.values())
        return
    rows = promised if isinstance(promised, tuple) else (promised,) * len(made)
    for warmup, values in zip(rows, made.values(), strict=True):
        assert np.isnan(values[:warmup]).all() and np.isfinite(values[warmup:]).all()


@pytest.mark.parametrize("name", INDICATORS)
def test_too_few_bars_are_unknown_not_an_error(name: str) -> None:
    for count in range(4):
        made = compute(name, BARS.head(count))
        assert all(len(values) == count and not np.isinf(values).any() for values in made.values())
    whole = compute(name, BARS)
    _same(whole, compute(name, BARS.head(3)), slice(0, 3))


@pytest.mark.parametrize("name", INDICATORS)
def test_begins_anew_after_a_gap(name: str) -> None:
    """An unknown bar is unknown; what follows it is as if the bars began there."""
    indicator = INDICATORS[name]
    at = 100
    gap = BARS.with_row_index("row").with_columns(
        pl.when(pl.col("row") != at).then(pl.col(column)).alias(column) for column in set(indicator.inputs)
    )
    made, before = compute(name, gap), compute(name, BARS)
    after = compute(name, BARS.slice(at + 1))
    for key, values in made.items():
        assert np.isnan(values[at])
        assert np.allclose(values[:at], before[key][:at], rtol=1e-9, equal_nan=True)
        assert np.allclose(values[at + 1 :], after[key], rtol=1e-9, equal_nan=True)
    unknown = BARS.with_columns(pl.lit(None, dtype=pl.Float64).alias(indicator.inputs[-1]))
    assert all(np.isnan(values).all() for values in compute(name, unknown).values())


@pytest.mark.parametrize("name", INDICATORS)
def test_symbols_do_not_touch_each_other(name: str) -> None:
    other = _bars(90, 8, "T")
    together = compute(name, pl.concat([BARS, other]))
    _same(together, compute(name, BARS), slice(0, _LENGTH))
    _same(together, compute(name, other), slice(_LENGTH, None))


@pytest.mark.parametrize("name", INDICATORS)
def test_prices_that_never_move_and_volume_of_zero(name: str) -> None:
    """Never infinite, never an error; an index without volume has no volume-weighted value."""
    still = BARS.with_columns(pl.lit(5.0).alias(column) for column in ("open", "high", "low", "close"))
    silent = BARS.with_columns(volume=pl.lit(0.0))
    for frame in (still, silent):
        assert not any(np.isinf(values).any() for values in compute(name, frame).values())
    if name in ("vwap", "avwap", "vwma", "cmf", "relative_volume"):
        assert all(np.isnan(values).all() for values in compute(name, silent).values())


def test_the_catalogue_is_complete_and_explained() -> None:
    assert len(INDICATORS) >= 35
    for name, indicator in INDICATORS.items():
        assert indicator.name == name and indicator.title and indicator.group
        assert len(indicator.newbie) > 20 and len(indicator.pro) > 15 and len(indicator.source) > 5
        assert indicator.outputs and len({each.name for each in indicator.outputs}) == len(indicator.outputs)
        bands = [each for each in indicator.outputs if each.style == "band"]
        assert len(bands) in (0, 2)
        if bands:
            assert list(indicator.outputs[:2]) == bands
        for parameter in indicator.parameters:
            assert parameter.check(parameter.default, name) == parameter.default
        assert indicator.levels == tuple(sorted(indicator.levels))
        assert indicator.pane == "own" or not indicator.levels
    rules = [output.rule for each in INDICATORS.values() for output in each.outputs if output.rule]
    assert len(rules) == len(set(rules))


@pytest.mark.parametrize("name", INDICATORS)
def test_the_smallest_settings_work(name: str) -> None:
    """Every number at its lower bound: values or unknown, never an error."""
    indicator = INDICATORS[name]
    least = {each.name: each.minimum for each in indicator.parameters if each.kind == "number"}
    made = compute(name, BARS, least)
    assert all(len(values) == _LENGTH and not np.isinf(values).any() for values in made.values())


def test_settings_by_order_and_by_name() -> None:
    bollinger = INDICATORS["bollinger"]
    assert bollinger.settings() == (20, 2.0) == bollinger.settings((20,)) == bollinger.settings({"width": 2})
    assert bollinger.settings({"width": "2.5", "length": "10"}) == (10, 2.5)
    assert bollinger.label((10, 2.5)) == "bollinger(10, 2.5)" and INDICATORS["obv"].label(()) == "obv"
    for given in ((1,), (20, 2, 3), (20.5,), {"span": 3}, {"length": "many"}, (float("nan"),)):
        with pytest.raises(ValueError, match="bollinger"):
            bollinger.settings(given)


def test_a_study_is_read_from_text() -> None:
    assert read_study("SMA(50)") == (INDICATORS["sma"], (50,))
    assert read_study(" macd ") == (INDICATORS["macd"], (12, 26, 9))
    assert read_study("bollinger(width=2.5)") == (INDICATORS["bollinger"], (20, 2.5))
    assert read_study("vwap(week)")[1] == ("week",)
    assert read_study("avwap(2026-01-02)")[1] == ("2026-01-02",) and read_study("avwap")[1] == ("",)
    for indicator in INDICATORS.values():
        assert read_study(indicator.label(indicator.settings())) == (indicator, indicator.settings())
    for text in ("", "sma(", "nothing(3)", "sma(3, 4)", "sma(x)", "avwap(yesterday)", "vwap(decade)", "rsi(14) rsi(15)"):
        with pytest.raises(ValueError, match=r"\w"):
            read_study(text)
