"""Screening against bare polars: 10,000 symbols x 60 fields, 8 predicates, weighted rank of 6 fields, best 100.

`screen`: every answer from nothing kept but the sort orders. `screen_slider`: one bound moves, the other masks are kept.
Both do the same work as the polars peer in the same process, turn by turn, and their answers must be equal.
"""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.screening import Range, Screen, ScreenResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ROWS, _FIELDS, _TURNS, _BEST = 10_000, 60, 60, 100
_SECTORS = ("Technology", "Financials", "Health Care", "Energy", "Industrials", "Utilities", "Consumer", "Materials")
_WANTED = frozenset(_SECTORS[:5])
_RANGES = {
    "f00": (0.2, 5.0),
    "f01": (0.3, 9.0),
    "f02": (0.1, 3.0),
    "f03": (0.4, 99.0),
    "f05": (0.15, 8.0),
    "f08": (0.2, 6.0),
    "f13": (0.3, 50.0),
}
_WEIGHTS = {"f20": 0.25, "f21": 0.2, "f22": 0.2, "f23": 0.15, "f24": 0.1, "f25": 0.1}


def _frame() -> pl.DataFrame:
    random = np.random.default_rng(4)
    values = np.exp(random.standard_normal((_ROWS, _FIELDS)) * 0.7)
    values[random.random(values.shape) < 0.03] = np.nan
    names = [f"f{number:02d}" for number in range(_FIELDS)]
    frame = pl.DataFrame(
        {
            "symbol": [f"T{row:05d}" for row in range(_ROWS)],
            "sector": [_SECTORS[code] for code in random.integers(0, len(_SECTORS), _ROWS)],
            **{name: values[:, column] for column, name in enumerate(names)},
        }
    )
    return frame.with_columns(pl.col("sector").cast(pl.Categorical), pl.col(names).fill_nan(None))


def _polars(frame: pl.DataFrame, low: float, best: int = _BEST) -> pl.DataFrame:
    kept = pl.col("sector").is_in(list(_WANTED))
    for name, (least, most) in _RANGES.items():
        kept &= pl.col(name).is_between(low if name == "f00" else least, most)
    for name in _WEIGHTS:
        kept &= pl.col(name).is_not_null()
    score = pl.sum_horizontal([weight * pl.col(name).rank() / pl.len() for name, weight in _WEIGHTS.items()])
    return (
        frame.lazy()
        .filter(kept)
        .select("symbol", "sector", *_WEIGHTS, score=score)
        .sort("score", descending=True)
        .head(best)
        .collect()
    )


def _ours(screen: Screen, low: float) -> ScreenResult:
    ranges = {name: Range(low if name == "f00" else least, most) for name, (least, most) in _RANGES.items()}
    return screen.run(ranges, {"sector": _WANTED}, _WEIGHTS, _BEST)


def _turns(cases: dict[str, Callable[[int], Any]]) -> dict[str, float]:
    """Median seconds of each case, run turn by turn so that all meet the same machine."""
    taken: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(_TURNS):
        for name, case in cases.items():
            gc.collect()
            gc.disable()
            started = time.perf_counter()
            case(turn)
            taken[name].append(time.perf_counter() - started)
            gc.enable()
    return {name: statistics.median(each[3:]) for name, each in taken.items()}


def run() -> Iterator[dict[str, Any]]:
    """The lines `screen` and `screen_slider`. Raises AssertionError when the answers differ."""
    frame = _frame()
    warm = Screen(frame)
    for low in (0.2, 0.25, 0.5, 1.0):
        everyone, ours = _polars(frame, low, _ROWS), _ours(warm, low)
        assert everyone.height == ours.survivors, "the survivors differ"
        assert np.allclose(ours.score, everyone["score"].head(_BEST).to_numpy(), rtol=1e-12, atol=0), "the best scores differ"
        # Rows of the same score may come in any order, so each is looked up by its symbol.
        theirs = frame[ours.indices].select("symbol").join(everyone, on="symbol", how="left", maintain_order="left")["score"]
        assert np.allclose(ours.score, theirs.to_numpy(), rtol=1e-12, atol=0), "the answers differ"

    def moved(turn: int) -> float:
        return 0.2 + turn * 0.001

    def fresh(turn: int) -> Any:
        warm.forget_masks()
        result = _ours(warm, moved(turn))
        return frame[result.indices]

    medians = _turns(
        {
            "peer": lambda turn: _polars(frame, moved(turn)),
            "screen": fresh,
            "slider": lambda turn: _ours(warm, moved(turn) + 0.0001),
        }
    )
    for bench, key in (("screen", "screen"), ("screen_slider", "slider")):
        yield {
            "bench": bench,
            "ours": round(medians[key] * 1000, 4),
            "peer": round(medians["peer"] * 1000, 4),
            "peer_name": f"polars {pl.__version__} lazy filter, rank, sort",
            "ratio": round(medians[key] / medians["peer"], 4),
            "unit": "ms",
        }


if __name__ == "__main__":
    import json
    import sys

    for line in run():
        sys.stdout.write(json.dumps(line) + "\n")
