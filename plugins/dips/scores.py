"""What happened after a state was written down: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain.base_rates import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

HORIZONS = (5, 21, 63)


def outcomes(states: pl.DataFrame, bars: pl.DataFrame, benchmark: str) -> pl.DataFrame:
    """For each state [id, symbol, action, opened_on, in_hindsight] and horizon: what buying it brought.

    Bought at the open of the session after the state, held to the close of the last of so many sessions. Columns: id,
    symbol, action, in_hindsight, opened_on, horizon, entry, result, benchmark (its return over the same sessions),
    counts (False for a state that began while an earlier one of the same symbol and action was still being held).
    `result` is null until the sessions have passed.
    """
    series = {symbol: (frame["date"].to_numpy(), frame["open"].to_numpy(), frame["close"].to_numpy())
              for (symbol,), frame in bars.sort("date").group_by("symbol", maintain_order=True)}
    rows = []
    held: dict[tuple[Any, ...], np.datetime64] = {}
    for state in states.sort("opened_on", "id").to_dicts():
        opened = np.datetime64(state["opened_on"], "D")
        for horizon in HORIZONS:
            entry, result, bought, until = _result(series.get(state["symbol"]), opened, horizon)
            key = (state["symbol"], state["action"], state["in_hindsight"], horizon)
            counts = key not in held or opened >= held[key]
            if counts:
                held[key] = until if until is not None else np.datetime64("9999-12-31", "D")
            rows.append({**{name: state[name] for name in ("id", "symbol", "action", "in_hindsight", "opened_on")},
                         "horizon": horizon, "entry": entry, "result": result,
                         "benchmark": _between(series.get(benchmark), bought, until), "counts": counts})
    return pl.DataFrame(rows, schema={
        "id": pl.Int64, "symbol": pl.String, "action": pl.String, "in_hindsight": pl.Boolean, "opened_on": pl.Date,
        "horizon": pl.Int64, "entry": pl.Float64, "result": pl.Float64, "benchmark": pl.Float64, "counts": pl.Boolean})


def _result(found: tuple[Any, Any, Any] | None, opened: Any, horizon: int) -> tuple[float | None, float | None, Any, Any]:
    """Entry price, return, first and last day held; None for what is not known yet."""
    if found is None:
        return None, None, None, None
    days, opens, closes = found
    first = int(np.searchsorted(days.astype("datetime64[D]"), opened, side="right"))
    if first >= len(days):
        return None, None, None, None
    entry = float(opens[first]) if np.isfinite(opens[first]) else float(closes[first - 1]) if first else float("nan")
    if not entry > 0:
        return None, None, None, None
    last = first + horizon - 1
    if last >= len(days):
        return entry, None, days[first], None
    return entry, float(closes[last]) / entry - 1, days[first], days[last]


def _between(found: tuple[Any, Any, Any] | None, bought: Any, until: Any) -> float | None:
    if found is None or bought is None or until is None:
        return None
    days, opens, closes = found
    first, last = int(np.searchsorted(days, bought)), int(np.searchsorted(days, until))
    if first >= len(days) or last >= len(days) or days[first] != bought or days[last] != until or not opens[first] > 0:
        return None
    return float(closes[last]) / float(opens[first]) - 1


def summed(found: pl.DataFrame, actions: Sequence[str]) -> list[dict[str, Any]]:
    """One row for each action, way of recording and horizon: n, hit rate with its 90 % interval, returns."""
    rows = []
    for action in actions:
        for hindsight in (False, True):
            for horizon in HORIZONS:
                mine = found.filter((pl.col("action") == action) & (pl.col("in_hindsight") == hindsight)
                                    & (pl.col("horizon") == horizon) & pl.col("counts"))
                if mine.is_empty():
                    continue
                rows.append({"action": action, "in_hindsight": hindsight, "horizon": horizon, **_summary(mine)})
    return rows


def _summary(mine: pl.DataFrame) -> dict[str, Any]:
    known = mine.drop_nulls("result")
    n = known.height
    both = known.drop_nulls("benchmark")
    beyond = both["result"] - both["benchmark"]
    hits = int((known["result"] > 0).sum())
    low, high = wilson(hits / n, n) if n else (None, None)
    return {
        "n": n, "pending": mine.height - n, "hit_rate": hits / n if n else None, "hit_low": low, "hit_high": high,
        "median": known["result"].median() if n else None, "mean": known["result"].mean() if n else None,
        "worst": known["result"].min() if n else None, "beyond": beyond.mean() if both.height else None,
        "beat_rate": float((beyond > 0).mean()) if both.height else None,  # type: ignore[arg-type]
    }
