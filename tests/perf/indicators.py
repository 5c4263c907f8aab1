"""RSI, MACD, Bollinger Bands, ATR and ADX of 500 symbols x 2,500 bars, beside a loop of TA-Lib calls symbol by symbol.

Both write into arrays made before, in turns, and must agree to 1e-10. Ours runs on every processor and gives +DI and -DI
besides. Needs numba (the extra `fast`); without it there is nothing to compare, since the loop is the same as the peer's.
"""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYMBOLS, BARS, TURNS = 500, 2_500, 15
WANTED = (("rsi", (14,)), ("macd", (12, 26, 9)), ("bollinger", (20, 2.0)), ("atr", (14,)), ("adx", (14,)))


def run() -> Iterator[dict[str, Any]]:
    """Median milliseconds. Raises AssertionError when the answers differ."""
    from terminal.domain.indicators.batch import batch, compiled

    if not compiled():
        raise SystemExit("This benchmark needs numba: install the extra `fast`.")
    columns = _bars()
    kept, theirs = batch(columns, WANTED), np.empty((9, SYMBOLS, BARS))
    workers = os.cpu_count() or 1
    with ThreadPoolExecutor(workers) as pool:

        def ours() -> None:
            batch(columns, WANTED, out=kept, spread=pool.map, parts=workers * 4)

        mine, other = _turns(ours, lambda: _loop(columns, theirs))
    names = ("rsi", "macd", "signal", "histogram", "upper", "middle", "lower", "atr", "adx")
    made = {name: values for outputs in kept for name, values in outputs.items()}
    for name, values in zip(names, theirs, strict=True):
        assert np.allclose(made[name], values, rtol=0, atol=1e-10, equal_nan=True), f"{name} differs from TA-Lib's"
    yield {"bench": "indicators.5_of_500_symbols", "ours": round(mine, 2), "peer": round(other, 2),
           "peer_name": "loop of TA-Lib calls per symbol", "ratio": round(mine / other, 4), "unit": "ms"}  # fmt: skip


def _bars() -> dict[str, Any]:
    random = np.random.default_rng(2)
    size = (SYMBOLS, BARS)
    close = 50 * np.exp(np.cumsum(random.standard_normal(size) * 0.018, axis=1))
    start = np.roll(close, 1, 1) * np.exp(random.standard_normal(size) * 0.004)
    start[:, 0] = close[:, 0]
    high = np.maximum(start, close) * np.exp(np.abs(random.standard_normal(size)) * 0.008)
    low = np.minimum(start, close) * np.exp(-np.abs(random.standard_normal(size)) * 0.008)
    return {"high": high, "low": low, "close": close}


def _loop(columns: dict[str, Any], out: Any) -> None:
    from terminal.domain.indicators.talib import library

    talib = library()
    for at in range(SYMBOLS):
        high, low, close = (columns[name][at] for name in ("high", "low", "close"))
        out[0, at] = talib.RSI(close, 14)
        out[1, at], out[2, at], out[3, at] = talib.MACD(close, 12, 26, 9)
        out[4, at], out[5, at], out[6, at] = talib.BBANDS(close, 20, 2, 2)
        out[7, at] = talib.ATR(high, low, close, 14)
        out[8, at] = talib.ADX(high, low, close, 14)


def _turns(*cases: Callable[[], None]) -> list[float]:
    """Median milliseconds of each, in turns so that all meet the same machine; the first two turns do not count."""
    taken: list[list[float]] = [[] for _ in cases]
    for turn in range(TURNS + 2):
        for case, times in zip(cases, taken, strict=True):
            started = time.perf_counter()
            case()
            if turn >= 2:
                times.append((time.perf_counter() - started) * 1000)
    return [statistics.median(times) for times in taken]
