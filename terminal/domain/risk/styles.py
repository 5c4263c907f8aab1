"""Where what is held stands among all companies by size, value, momentum and volatility: its style."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.risk.distributions import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping

STYLES = {
    "size": ("market_cap",),
    "value": ("earnings_yield", "book_yield"),
    "momentum": ("momentum_12_1",),
    "volatility": ("volatility_1y",),
}
"""What each style is measured by; of several the mean of those known."""
LEAST = 10
"""Fewer companies are nothing to be compared with."""


@dataclass(frozen=True, slots=True)
class Style:
    """`score`: mean deviation from the average company in standard deviations; `percentile`: mean rank, 0 lowest to 1.

    Both weighted by the parts that are known of; `covered` is how much of the positions' size that is, `compared` the number
    of companies. None where nothing is known.
    """

    name: str
    score: float | None
    percentile: float | None
    covered: float
    compared: int


def styles(companies: pl.DataFrame, worth: Mapping[str, float]) -> list[Style]:
    """`companies` has symbol, market_cap, earnings_yield, book_yield, momentum_12_1, volatility_1y; `worth` by symbol, signed.

    Values are ranked and turned into normal scores, so that a single odd figure moves nothing. Long positions count with
    their weight, short ones against it.
    """
    return [_style(name, companies, fields, worth) for name, fields in STYLES.items()]


def _style(name: str, companies: pl.DataFrame, fields: tuple[str, ...], worth: Mapping[str, float]) -> Style:
    ranked = companies.select(
        "symbol",
        pl.mean_horizontal([(pl.col(each).rank("average") - 0.5) / pl.col(each).count() for each in fields]).alias("rank"),
    ).drop_nulls()
    size = sum(abs(each) for each in worth.values())
    if ranked.height < LEAST or size <= 0.0:
        return Style(name, None, None, 0.0, ranked.height)
    held = ranked.filter(pl.col("symbol").is_in(list(worth)))
    if held.is_empty():
        return Style(name, None, None, 0.0, ranked.height)
    weights = np.array([worth[symbol] for symbol in held["symbol"]])
    known = float(np.abs(weights).sum())
    ranks = held["rank"].to_numpy()
    scores = np.array([normal_quantile(min(max(rank, 0.001), 0.999)) for rank in ranks])
    tilted = float(0.5 + weights @ (ranks - 0.5) / known)
    return Style(name, float(weights @ scores / known), tilted, known / size, ranked.height)
