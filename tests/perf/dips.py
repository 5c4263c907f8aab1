"""Looking for dips in 5,000 symbols x 5 years of bars: against bare polars, and against the second that is promised.

`dips.scan`: from the long frame to the list of dips with severity, worst day and doubts. The peer does less in the same
process, turn by turn: rolling maximum and drawdown of every row of the same frame, then the last of each symbol; both must
find the same symbols. `dips.causes` adds the split of every dip into market, sector and company, `dips.base_rates` the base
rate of 150 of them; both are held against 1000 ms.
"""

from __future__ import annotations

import gc
import statistics
import time
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.attribution import attribute
from terminal.domain.base_rates import Rates, regimes
from terminal.domain.dips import grid, scan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SYMBOLS, _SESSIONS, _TURNS, _BUDGET_MS = 5_000, 1_260, 7, 1_000.0
_THRESHOLD, _LISTED = 0.10, 150


def _bars() -> pl.DataFrame:
    random = np.random.default_rng(6)
    market = random.standard_normal(_SESSIONS) * 0.01 + 0.0003
    own = random.standard_normal((_SYMBOLS, _SESSIONS)) * random.uniform(0.008, 0.025, (_SYMBOLS, 1))
    own[0] = 0.0  # the index itself
    close = 50.0 * np.exp(np.cumsum(random.uniform(0.6, 1.5, (_SYMBOLS, 1)) * market + own, axis=1))
    days = [day for day in (date(2021, 11, 1) + timedelta(days=n) for n in range(2 * _SESSIONS)) if day.weekday() < 5][:_SESSIONS]
    return pl.DataFrame({
        "symbol": np.repeat(["SPY", *(f"T{row:05d}" for row in range(1, _SYMBOLS))], _SESSIONS),
        "date": pl.concat([pl.Series(days, dtype=pl.Date)] * _SYMBOLS),
        "close": close.ravel(), "adjusted_close": close.ravel(),
    })


def _polars(bars: pl.DataFrame) -> pl.DataFrame:
    return (bars.lazy()
            .with_columns(pl.col("close").rolling_max(252, min_samples=1).over("symbol").alias("high"))
            .with_columns((pl.col("close") / pl.col("high") - 1).alias("drawdown"))
            .group_by("symbol", maintain_order=True).agg(pl.col("drawdown").last())
            .filter(pl.col("drawdown") <= -_THRESHOLD).collect())


def _medians(cases: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median milliseconds of each case, run turn by turn so that all meet the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for _ in range(_TURNS):
        for name, case in cases.items():
            gc.collect()
            started = time.perf_counter()
            case()
            taken[name].append((time.perf_counter() - started) * 1000)
    return {name: statistics.median(each[1:]) for name, each in taken.items()}


def run() -> Iterator[dict[str, Any]]:
    """The lines `dips.scan` (twice: peer and budget), `dips.causes`, `dips.base_rates`. AssertionError when answers differ."""
    bars = _bars()
    sectors: dict[str, str | None] = {f"T{row:05d}": f"Sector {row % 11}" for row in range(1, _SYMBOLS)}

    def ours() -> tuple[Any, pl.DataFrame]:
        made = grid(bars)
        return made, scan(made, _THRESHOLD)

    def causes() -> pl.DataFrame:
        made, found = ours()
        return attribute(made, found, sectors)

    made, found = ours()
    assert set(found["symbol"]) == set(_polars(bars)["symbol"]), "the dips differ"
    some = found.head(_LISTED)
    names = regimes(made, list(sectors), "SPY", ())

    def base_rates() -> None:
        rates = Rates(made, sectors, names, str(names[-1]))
        own = rates.own(some["_row"].to_numpy(), -some["dip"].to_numpy(), some["_peak_at"].to_numpy())
        for row, dip, past in zip(some["_row"], some["dip"], own, strict=True):
            rates.best(row, -dip, past)

    medians = _medians({"scan": ours, "peer": lambda: _polars(bars), "causes": causes, "base_rates": base_rates})
    yield _line("dips.scan", medians["scan"], medians["peer"], f"polars {pl.__version__} rolling max and drawdown")
    for bench, key in (("dips.scan", "scan"), ("dips.causes", "causes"), ("dips.base_rates", "base_rates")):
        yield _line(bench, medians[key], _BUDGET_MS, "budget")


def _line(bench: str, ours: float, peer: float, peer_name: str) -> dict[str, Any]:
    return {"bench": bench, "ours": round(ours, 2), "peer": round(peer, 2), "peer_name": peer_name,
            "ratio": round(ours / peer, 4), "unit": "ms"}


if __name__ == "__main__":
    import json
    import sys

    for line in run():
        sys.stdout.write(json.dumps(line) + "\n")
