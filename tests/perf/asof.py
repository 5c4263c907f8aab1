"""What was known on a past day: one symbol out of five years of 5,000 symbols' bars and two million facts, with and without."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.fetch import Fetch
from terminal.domain.schemas import FLOW_ITEMS
from terminal.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYMBOLS, SESSIONS = 5_000, 1_260
QUARTERS = 20
REVISED = 0.02  # of the bars and facts have an earlier version
NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
PAST = date(2025, 6, 2)
BENCH = "as-of read of one symbol"


def run() -> Iterator[dict[str, Any]]:
    """Each line is measured here and now on a store made for it, by turns with the read it is compared with."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        store = _open(place)
        try:
            _fill(store)
        finally:
            store.close()
        store = _open(place)
        try:
            yield from _lines(store)
        finally:
            store.close()


def _open(place: Path) -> Store:
    return Store(place / "market.duckdb", place / "book.duckdb", place / "backups", clock=lambda: NOW, publish=lambda *_: None)


def _lines(store: Store) -> Iterator[dict[str, Any]]:
    read, wanted = store.market.read, [f"S{number:04d}" for number in range(37, SYMBOLS, 331)]
    for dataset in ("bars", "facts"):
        for name, as_of in (("a past day", PAST), ("today", NOW.date())):
            ours, peer = _by_turns(wanted, lambda symbol, dataset=dataset, as_of=as_of: read(dataset, [symbol], as_of=as_of),
                                   lambda symbol, dataset=dataset: read(dataset, [symbol]))
            yield {"bench": f"{BENCH}: {dataset}, {name}", "ours": round(ours * 1e3, 3), "peer": round(peer * 1e3, 3),
                   "peer_name": "the same read without as_of", "ratio": round(ours / peer, 3), "unit": "ms"}


def _by_turns(symbols: list[str], ours: Callable[[str], Any], peer: Callable[[str], Any]) -> tuple[float, float]:
    """Medians over the symbols, each read once before: what else the machine does falls on both."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number, symbol in enumerate(symbols * 3):
        for times, work in zip(taken, (ours, peer), strict=True) if number % 2 else zip(taken[::-1], (peer, ours), strict=True):
            if number < len(symbols):
                work(symbol)
            start = time.perf_counter()
            frame = work(symbol)
            times.append(time.perf_counter() - start)
            assert frame.height
    return statistics.median(taken[0]), statistics.median(taken[1])


def _fill(store: Store) -> None:
    """Rows in the order in which a market fills: each symbol's whole history, then new versions of some."""
    chance = np.random.default_rng(20261120)
    bars, facts = _bars(chance), _facts(chance)
    _save(store, "bars", bars, "yahoo", NOW - timedelta(days=400))
    again = bars.filter(pl.Series(chance.random(bars.height) < REVISED)).with_columns(pl.col("close") * 1.001)
    _save(store, "bars", again, "yahoo", NOW - timedelta(days=30))
    del bars, again
    _save(store, "facts", facts, "sec", NOW - timedelta(days=400))
    some = facts.filter(pl.Series(chance.random(facts.height) < REVISED))
    _save(store, "facts", some.with_columns(pl.col("value") * 1.02, pl.col("filed_at") + pl.duration(days=90)), "sec",
          NOW - timedelta(days=30))


def _save(store: Store, dataset: str, frame: pl.DataFrame, provider: str, at: datetime) -> None:
    store.market.save(dataset, frame, Fetch(provider, "made for measuring", dataset, "", at, at, simulated=True))


def _bars(chance: np.random.Generator) -> pl.DataFrame:
    days = pl.date_range(date(2021, 1, 1), date(2026, 11, 20), eager=True)[-SESSIONS:]
    close = chance.random(SYMBOLS * SESSIONS) * 50 + 50
    return pl.DataFrame({"symbol": _repeated(SESSIONS)}).with_columns(
        pl.concat([days] * SYMBOLS).alias("date"), open=close, high=close * 1.01, low=close * 0.99, close=close,
        volume=close * 1e4, adjusted_close=close)


def _facts(chance: np.random.Generator) -> pl.DataFrame:
    """21 items of 20 quarters of 5,000 companies: 2.1 million."""
    ends = pl.date_range(date(2021, 9, 30), date(2026, 9, 30), "1q", eager=True)[-QUARTERS:]
    each = len(FLOW_ITEMS) * QUARTERS
    block = pl.DataFrame({"item": list(FLOW_ITEMS)}).join(pl.DataFrame({"period_end": ends}), how="cross")
    frame = pl.concat([block] * SYMBOLS).with_columns(
        _repeated(each), pl.lit("Q").alias("period"), pl.Series("value", chance.random(each * SYMBOLS) * 1e9),
        pl.lit("USD").alias("unit"), pl.lit("10-Q").alias("form"),
        (pl.col("period_end").cast(pl.Datetime("us")).dt.replace_time_zone("UTC") + pl.duration(days=40)).alias("filed_at"))
    return frame.filter(pl.col("filed_at") < NOW)


def _repeated(times: int) -> pl.Series:
    names = pl.Series("symbol", [f"S{number:04d}" for number in range(SYMBOLS)])
    return names.gather(pl.Series(np.repeat(np.arange(SYMBOLS), times)))
