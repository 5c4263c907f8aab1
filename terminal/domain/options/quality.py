"""Which quotes of a chain may be used, and why not: nothing that fails is used silently."""

from __future__ import annotations

import polars as pl

WIDEST = 0.5
"""A spread of more than this part of the middle, and of more than `LEAST_SPREAD`, says too little."""
LEAST_SPREAD = 0.10
STALE = pl.duration(days=3)
_UPPER_IV, _LOWER_IV = 5.0, 0.01


def reasons() -> list[tuple[str, pl.Expr]]:
    """Reason and test, in the order they are told; over the columns of `pricing.price_chain` before volatilities are known."""
    bid, ask = pl.col("bid"), pl.col("ask")
    return [
        ("adjusted contract", pl.col("root").str.contains(r"[0-9]$")),
        ("expired", pl.col("years") <= 0),
        ("no quote", bid.is_null() & ask.is_null()),
        ("bid and ask are zero", (bid.fill_null(0) == 0) & (ask.fill_null(0) == 0) & ~(bid.is_null() & ask.is_null())),
        ("no bid", (bid.fill_null(0) == 0) & (ask.fill_null(0) > 0)),
        ("no ask", (ask.fill_null(0) == 0) & (bid.fill_null(0) > 0)),
        ("crossed quote", (bid > ask) & (ask > 0)),
        ("wide spread", (bid > 0) & (ask - bid > WIDEST * (ask + bid) / 2) & (ask - bid > LEAST_SPREAD)),
        ("below its least value", pl.col("mid") < pl.col("_least") - 0.01),
        ("above its greatest value", pl.col("mid") > pl.col("_most")),
    ]


def solved() -> list[tuple[str, pl.Expr]]:
    """The same once `iv` was looked for."""
    return [
        ("no volatility gives its price", pl.col("iv").is_null()),
        ("volatility at a bound", (pl.col("iv") > _UPPER_IV) | (pl.col("iv") < _LOWER_IV)),
    ]


def told(tests: list[tuple[str, pl.Expr]]) -> pl.Expr:
    """The reasons that hold, joined by "; "; "" for none."""
    parts = [pl.when(test.fill_null(False)).then(pl.lit(reason)) for reason, test in tests]
    return pl.concat_str(parts, separator="; ", ignore_nulls=True).fill_null("")
