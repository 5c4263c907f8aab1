"""Invented option trades for the tests of flow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from terminal.domain.flow.prints import OPTION_TRADES
from terminal.domain.flow.settings import Settings, load

START = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
CONTRACT = "SPY261218C00600000"
FOLDER = Path(__file__).parents[3] / "data" / "flow"


def settings() -> Settings:
    """The published ones."""
    return load(FOLDER / "detection.toml")


def trade(millis: float = 0, **changes: Any) -> dict[str, Any]:
    """One print at the ask, `millis` after ten o'clock in New York."""
    row: dict[str, Any] = {
        "id": f"t{millis}", "source": "test", "symbol": "SPY", "contract": CONTRACT, "expiry": date(2026, 12, 18),
        "strike": 600.0, "right": "C", "at": START + timedelta(milliseconds=millis), "price": 2.1, "size": 100, "bid": 2.0,
        "ask": 2.1, "exchange": "A", "conditions": "auto", "underlying_price": 590.0, "iv": 0.2, "delta": 0.3, "volume": None,
        "open_interest": 5000.0,
    }  # fmt: skip
    return {**row, **changes}


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    """The prints as OPTION_TRADES; all of them must be allowed."""
    checked = OPTION_TRADES.validate(pl.DataFrame(list(rows), schema=dict(OPTION_TRADES.columns)))
    assert checked.refused.is_empty()
    return checked.good
