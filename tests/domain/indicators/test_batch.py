"""Many symbols at once: the same as one by one, compiled or not, odd symbols included."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.indicators import INDICATORS, compute, recursions
from terminal.domain.indicators import batch as module
from terminal.domain.indicators.batch import COMPILED, batch

_SETTINGS: dict[str, list[tuple[Any, ...]]] = {
    "rsi": [(14,), (2,)],
    "macd": [(12, 26, 9), (3, 10, 1)],
    "bollinger": [(20, 2.0), (5, 0.5)],
    "atr": [(14,), (2,)],
    "adx": [(14,), (3,)],
}


def _columns(symbols: int = 7, bars: int = 420, seed: int = 3) -> dict[str, np.ndarray]:
    """Random walks in cents (so that highs and lows tie), one of them hardly moving, one flat, one with a gap."""
    random = np.random.default_rng(seed)
    close = np.round(50 * np.exp(np.cumsum(random.standard_normal((symbols, bars)) * 0.015, axis=1)), 2)
    high = np.round(close * (1 + random.random((symbols, bars)) * 0.004), 2)
    low = np.round(close / (1 + random.random((symbols, bars)) * 0.004), 2)
    volume = random.integers(100, 1000, (symbols, bars)).astype(float)
    if symbols > 3:
        for each in (high, low, close):
            each[1] = 20.0
            each[2, 60:] = each[2, 60]
        high[3, 200] = np.nan
    return {"high": high, "low": low, "close": close, "volume": volume}


def _alone(columns: dict[str, np.ndarray], row: int, name: str, given: Any) -> dict[str, np.ndarray]:
    return compute(name, pl.DataFrame({key: values[row] for key, values in columns.items()}), given)


def _check(columns: dict[str, np.ndarray], name: str, given: Any, made: dict[str, np.ndarray]) -> None:
    for row in range(len(columns["close"])):
        for output, values in _alone(columns, row, name, given).items():
            assert np.allclose(made[output][row], values, rtol=1e-10, atol=1e-7 if row in (1, 2) else 1e-10, equal_nan=True), (
                name, given, row, output,
            )  # fmt: skip


@pytest.mark.parametrize("name", COMPILED)
def test_recursions_equal_the_kernels(name: str) -> None:
    """As plain Python: what is compiled is what is written here."""
    columns = _columns()
    whole = {key: np.delete(values, 3, axis=0) for key, values in columns.items()}
    indicator = INDICATORS[name]
    for given in _SETTINGS[name]:
        made = {output.name: np.empty_like(whole["close"]) for output in indicator.outputs}
        getattr(recursions, name)(*(whole[each] for each in indicator.inputs), *made.values(), 0, 6, *given)
        _check(whole, name, given, made)
        short = {key: values[:, :9].copy() for key, values in whole.items()}
        made = {output.name: np.empty_like(short["close"]) for output in indicator.outputs}
        getattr(recursions, name)(*(short[each] for each in indicator.inputs), *made.values(), 0, 6, *given)
        _check(short, name, given, made)


@pytest.mark.parametrize("numba", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_batch_equals_one_by_one(numba: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if numba:
        pytest.importorskip("numba")
        assert set(module.compiled()) == set(COMPILED)
    else:
        monkeypatch.setattr(module, "compiled", dict)
    columns = _columns()
    wanted = [(name, given) for name, several in _SETTINGS.items() for given in several]
    wanted += [("sma", (20,)), ("obv", ()), ("macd", (26, 12, 9)), ("atr", (1,)), ("supertrend", {"length": 7})]
    made = batch(columns, wanted)
    for (name, given), outputs in zip(wanted, made, strict=True):
        _check(columns, name, given, outputs)
    with ThreadPoolExecutor(2) as pool:
        again = batch(columns, wanted, spread=pool.map, parts=3)
        kept = batch(columns, wanted, out=again, spread=pool.map, parts=20)
    for first, second, third in zip(made, again, kept, strict=True):
        for output in first:
            assert third[output] is second[output] and np.array_equal(first[output], third[output], equal_nan=True)
    empty = {key: values[:0] for key, values in columns.items()}
    assert batch(empty, [("rsi", ())])[0]["rsi"].shape == (0, 420)


def test_what_a_batch_cannot_do() -> None:
    columns = _columns(2, 50)
    with pytest.raises(ValueError, match="vwap needs the time"):
        batch(columns, [("vwap", ())])
    with pytest.raises(KeyError):
        batch(columns, [("nothing", ())])
    with pytest.raises(KeyError):
        batch({"close": columns["close"]}, [("atr", ())])
