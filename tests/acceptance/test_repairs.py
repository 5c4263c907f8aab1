"""Real price histories with real defects beside their hand-fixed truth: no wrong cell survives, repaired or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from terminal.domain.repair import History, repair_history

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real
RENAMES = {"Open": "open", "High": "high", "Low": "low", "Close": "close", "Adj Close": "adjusted_close", "Volume": "volume"}
# file: (wrong cells, of these repaired to the truth, refused)
PAIRS = {
    "4063-T-1d-bad-stock-split": (54, 54, 0),
    "8TRA-DE-1d-missing-div-adjust": (2, 2, 0),
    "ABDP-L-1d-bad-div": (5, 5, 0),
    "AET-L-1d-100x-error": (70, 70, 0),
    "ALPHA-PA-1d-bad-stock-split": (6, 6, 0),
    "ASAI-L-1h-bad-unit": (3, 3, 0),
    "AV-L-1wk-bad-stock-split": (6, 6, 0),
    "CNE-L-1d-bad-stock-split": (6, 6, 0),
    "DODFX-1d-cg-double-count": (487, 487, 0),
}


def read(folder: Path, name: str) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Bars (time in `at`), splits, dividends of one file."""
    raw = pl.read_csv(folder / f"yahoo_repair_{name}.csv", infer_schema_length=None)
    first = raw.columns[0]
    local = pl.col(first).str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S")
    bars = raw.select(
        pl.lit("X").alias("symbol"), local.alias("at"), *(pl.col(old).cast(pl.Float64).alias(new) for old, new in RENAMES.items())
    )
    events = raw.with_columns(local.dt.date().alias("ex_date"), pl.lit("X").alias("symbol"))
    splits = events.filter(pl.col("Stock Splits") != 0).select(
        "symbol", "ex_date", pl.col("Stock Splits").cast(pl.Float64).alias("ratio")
    )
    dividends = events.filter(pl.col("Dividends") != 0).select(
        "symbol", "ex_date", pl.col("Dividends").cast(pl.Float64).alias("amount")
    )
    return bars, splits, dividends


def wrong(bars: pl.DataFrame, truth: pl.DataFrame, time: str) -> set[tuple[object, str]]:
    """Cells that differ from the truth by more than a thousandth; a missing row is not wrong."""
    both = bars.join(truth, on=time, suffix="_true")
    found = set()
    for name in [name for name in bars.columns if f"{name}_true" in both.columns and name != "symbol"]:
        off = both.filter((pl.col(name) - pl.col(f"{name}_true")).abs() > 1e-3 * pl.col(f"{name}_true").abs() + 1e-9)
        found |= {(at, name) for at in off[time]}
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_no_wrong_cell_survives(name: str, shared: Path) -> None:
    folder = shared / "payloads" / "market"
    bars, splits, dividends = read(folder, name)
    true_bars, _, true_dividends = read(folder, f"{name}-fixed")
    before = wrong(bars, true_bars, "at") | wrong(dividends, true_dividends, "ex_date")
    history: History = repair_history(bars, splits, dividends, time="at")
    after = wrong(history.bars.frame, true_bars, "at") | wrong(history.dividends.frame, true_dividends, "ex_date")
    assert after == set()
    refused = history.bars.refused.height + history.dividends.refused.height
    repaired = {(row["at"], row["field"]) for part in (history.bars, history.dividends) for row in part.repairs.to_dicts()}
    assert (
        len(before),
        len(before & {(at, field) for at, field in _keys(before) if (str(at), field) in repaired}),
        refused,
    ) == PAIRS[name]
    assert all(row["rule"] for part in (history.bars, history.dividends) for row in part.repairs.to_dicts())
    untouched = bars.height - refused
    assert history.bars.frame.height == untouched


def _keys(cells: set[tuple[object, str]]) -> set[tuple[object, str]]:
    return cells


@pytest.mark.parametrize("name", PAIRS)
def test_the_truth_is_left_alone(name: str, shared: Path) -> None:
    bars, splits, dividends = read(shared / "payloads" / "market", f"{name}-fixed")
    history = repair_history(bars, splits, dividends, time="at")
    assert history.bars.refused.is_empty()
    assert history.bars.repairs.to_dicts() == []
    assert history.dividends.refused.is_empty()


@pytest.mark.parametrize("file", ["daily_AAPL.csv", "daily_SPY.csv", "daily_QQQ.csv"])
def test_long_sound_histories_are_left_alone(file: str, shared: Path) -> None:
    raw = pl.read_csv(shared / "payloads" / "market" / file, infer_schema_length=None)
    names = {name.lower(): name for name in raw.columns}
    bars = raw.select(
        pl.lit("X").alias("symbol"),
        pl.col(names.get("date", raw.columns[0])).cast(pl.String).str.slice(0, 10).str.to_date().alias("date"),
        *(
            pl.col(names[name]).cast(pl.Float64).alias(name)
            for name in ("open", "high", "low", "close", "volume")
            if name in names
        ),
    )
    history = repair_history(bars)
    assert history.bars.repairs.is_empty()
    assert history.bars.refused.is_empty()
    assert history.bars.frame.height == bars.height
