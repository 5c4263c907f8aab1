"""Option trades and flow alerts as services state them: the two frames that every adapter of a trade feed yields.

A print is one trade of one option contract. Nothing is inferred here: `bid` and `ask` are the quotes the source puts beside the
trade, `conditions` its own codes, null is what it does not state. What it means is worked out in `detect`.
"""

from __future__ import annotations

import polars as pl

from terminal.domain.schemas import UTC, Schema

MULTIPLIER = 100.0
"""Shares a listed contract of a share, fund or index is on; adjusted contracts and minis do not get here."""

# `id` is the source's own and unique within the source; `at` is when it was traded (UTC); `conditions` are codes separated by
# commas, as named by the source; `volume` the contract's so far that day, this trade included; `open_interest` that of the
# close before.
OPTION_TRADES = Schema("option_trades", {
    "id": pl.String, "source": pl.String, "symbol": pl.String, "contract": pl.String, "expiry": pl.Date, "strike": pl.Float64,
    "right": pl.String, "at": UTC, "price": pl.Float64, "size": pl.Int64, "bid": pl.Float64, "ask": pl.Float64,
    "exchange": pl.String, "conditions": pl.String, "underlying_price": pl.Float64, "iv": pl.Float64, "delta": pl.Float64,
    "volume": pl.Float64, "open_interest": pl.Float64,
}, ("source", "id"), {
    "a price below zero": lambda: pl.col("price") < 0,
    "a size of zero or below": lambda: pl.col("size") <= 0,
    "neither call nor put": lambda: ~pl.col("right").is_in(["C", "P"]),
    "a strike of zero or below": lambda: pl.col("strike") <= 0,
}, ("symbol", "contract", "expiry", "strike", "right", "at", "price", "size"))

# An alert as its source words it: `rule` and `channel` are the source's own names, premiums are in money.
FLOW_ALERTS = Schema("flow_alerts", {
    "source": pl.String, "channel": pl.String, "id": pl.String, "rule": pl.String, "symbol": pl.String, "contract": pl.String,
    "at": UTC, "price": pl.Float64, "size": pl.Int64, "premium": pl.Float64, "ask_premium": pl.Float64,
    "bid_premium": pl.Float64, "volume": pl.Float64, "open_interest": pl.Float64, "sweep": pl.Boolean, "floor": pl.Boolean,
    "multileg": pl.Boolean, "opening": pl.Boolean, "underlying_price": pl.Float64, "bid": pl.Float64, "ask": pl.Float64,
    "iv": pl.Float64,
}, ("source", "id"), {
    "a premium below zero": lambda: pl.col("premium") < 0,
}, ("symbol", "at"))
