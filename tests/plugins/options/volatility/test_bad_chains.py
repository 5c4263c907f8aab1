"""Chains that say nothing, or nonsense: every command answers with what is unknown and why, never with a made-up number."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.api import UserError
from terminal.domain.fetch import Fetch
from terminal.domain.schemas import BARS, CHAINS

if TYPE_CHECKING:
    from terminal.app import App
    from terminal.domain.schemas import Schema
    from terminal.paths import Home
    from tests.conftest import Clock

LAST = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 21, tzinfo=UTC)
COMMANDS = ("em", "surface", "term", "cones", "realised", "iv_history")
Quote = tuple[date, float, str, float | None, float | None]
AHEAD, STRIKES = date(2026, 12, 18), (90.0, 100.0, 110.0)
# What is wrong with a chain, by the symbol it is stored under.
WRONG: dict[str, list[Quote]] = {
    "ZERO": [(AHEAD, strike, right, 0.0, 0.0) for strike in STRIKES for right in "CP"],
    "NULL": [(AHEAD, strike, right, None, None) for strike in STRIKES for right in "CP"],
    "GONE": [(date(2026, 11, 13), strike, right, 1.0, 1.1) for strike in STRIKES for right in "CP"],
    "DEAR": [(AHEAD, strike, "C", 150.0, 151.0) for strike in STRIKES],  # a right to buy, worth more than the share
    "LONE": [(AHEAD, 100.0, "C", 2.0, 2.1)],
}


def save(app: App, schema: Schema, name: str, symbol: str, rows: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    absent = [pl.lit(None, dtype=kind).alias(column) for column, kind in schema.columns.items() if column not in frame.columns]
    frame = frame.with_columns(absent).select(pl.col(column).cast(kind) for column, kind in schema.columns.items())
    app.store.market.save(name, frame, Fetch("cboe", "test", name, symbol, AT, AT, "ok"))


def chain(symbol: str) -> list[dict[str, Any]]:
    return [
        {"symbol": symbol, "at": AT, "expiry": expiry, "strike": strike, "right": right, "bid": bid, "ask": ask, "last": 1.0,
         "contract": f"{symbol}{expiry:%y%m%d}{right}{round(strike * 1000):08d}", "iv": 0.00001, "underlying_price": 100.0}
        for expiry, strike, right, bid, ask in WRONG[symbol]
    ]  # fmt: skip


def bars(symbol: str) -> list[dict[str, Any]]:
    days = [LAST - timedelta(days=each) for each in range(60, -1, -1) if (LAST - timedelta(days=each)).weekday() < 5]
    return [{"symbol": symbol, "date": day, "open": 100.0, "high": 104.0, "low": 99.0, "close": 100.0 + number % 3,
             "adjusted_close": 100.0 + number % 3, "volume": 1e6} for number, day in enumerate(days)]  # fmt: skip


def test_what_is_unknown_is_said(live_home: Home, clock: Clock) -> None:
    from terminal.app import App

    app = App(live_home, demo=False, clock=clock)
    try:
        for symbol in WRONG:
            save(app, CHAINS, "chains", symbol, chain(symbol))
            save(app, BARS, "bars", symbol, bars(symbol))
            table = app.run("options.iv", {"symbols": (symbol,)}, as_of=LAST)
            row = table.rows()[0]
            assert (row["iv_rank"], row["rr25"], row["skew25"], row["slope"]) == (None, None, None, None), symbol
            assert row["iv30"] is None if symbol != "LONE" else row["iv30"] is None or 0 < row["iv30"] < 1
            assert 0 < row["hv20"] < 1 and row["observed"] == 0
            assert any("iv_rank: " in each for each in table.unknown) and any("skew25" in each for each in table.unknown)
            for name in COMMANDS:
                answer = app.run(f"options.{name}", {"symbol": symbol}, as_of=LAST)
                json.dumps(answer.to_json(), allow_nan=False)
                assert answer.notes or answer.unknown, (symbol, name)
            if symbol != "LONE":
                with pytest.raises(UserError, match=f"No quote in the stored chain of {symbol}"):
                    app.run("options.smile", {"symbol": symbol}, as_of=LAST)
    finally:
        app.close()
