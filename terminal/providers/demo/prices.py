"""Prices of the simulated exchange: a factor model around the companies' worth.

Log price = what a share is worth, approached slowly, plus a market factor with phases and volatility clusters, sector
and style factors, own noise with fat tails, and what was planted: reports, dips, patterns. Arrays are (sessions,
companies). Random numbers are drawn a session at a time, so a later end never changes an earlier price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.business import Books
    from terminal.providers.demo.plants import Planted
    from terminal.providers.demo.recipe import Floats, Ints, Recipe

PULL = 1 / 200  # share of the gap to worth that closes a session
STYLES = ("value", "size", "quality")
_BLOCK = 64


@dataclass(frozen=True)
class Loadings:
    """True sensitivities of each company: to the market, to the styles (companies, 3); own daily volatility."""

    beta: Floats
    styles: Floats
    noise: Floats


@dataclass(frozen=True)
class Factors:
    """What moves everything: market return, its volatility, sector and style returns, ten-year yield, by session."""

    market: Floats
    volatility: Floats
    sectors: Floats
    styles: Floats
    ten_year: Floats
    phase: tuple[str, ...]


@dataclass(frozen=True)
class Prices:
    """Closes without splits (as if the share count had never been split), own volatility, and the day's other prices."""

    close: Floats
    open: Floats
    high: Floats
    low: Floats
    volume: Floats
    volatility: Floats


def loadings(recipe: Recipe, worth: Floats) -> Loadings:
    """Each company's true sensitivities; `worth`, its first market value, calms the large and stirs the small."""
    own = recipe.stream("loadings")
    count = len(recipe.companies)
    beta = np.clip(recipe.of_sector("beta") * recipe.of_character("beta") * np.exp(0.16 * own.standard_normal(count)), 0.15, 2.6)
    lean = {
        "value": recipe.has("value", "bank", "cyclical") * 1.0 - recipe.has("growth", "hypergrowth") * 1.0,
        "size": recipe.has("weak", "hypergrowth") * 0.7 - recipe.has("compounder") * 0.3,
        "quality": recipe.has("compounder", "defensive", "dividend") * 0.8 - recipe.has("weak") * 1.0,
    }
    styles = np.stack([lean[name] for name in STYLES], axis=1) + 0.4 * own.standard_normal((count, len(STYLES)))
    noise = np.clip(
        0.95
        * recipe.of_sector("noise")
        * recipe.of_character("noise")
        * np.exp(0.18 * own.standard_normal(count))
        * np.clip(worth / 9e9, 0.1, 20.0) ** -0.09,
        0.005,
        0.045,
    )
    return Loadings(beta, styles, noise)


def factors(recipe: Recipe, days: list[date]) -> Factors:
    """The common movements. After the recipe's last phase, phases follow at random, each for 60 to 400 sessions."""
    chance = recipe.stream("factors")
    draws = chance.standard_normal((len(days), 6 + len(recipe.sectors) + len(STYLES)))
    drift, calm, rates, phase = _phases(recipe, days)
    market, volatility, ten_year = np.empty(len(days)), np.empty(len(days)), np.empty(len(days))
    clustered, yield_now = calm[0], 0.019
    for t in range(len(days)):
        clustered = 0.94 * clustered + 0.06 * calm[t]
        volatility[t] = clustered
        market[t] = drift[t] / 252 + clustered * draws[t, 0] * np.exp(0.30 * draws[t, 1] - 0.09)
        # Shocks, above all bad ones, keep the market nervous for weeks.
        surprise = (market[t] / clustered) ** 2 * (1.25 if market[t] < 0 else 0.75)
        clustered = float(np.clip(clustered * (1 + 0.035 * (surprise - 0.95)), 0.6 * calm[t], 3.5 * calm[t]))
        yield_now += rates[t] / 252 + 0.5 * (0.038 - yield_now) / 252 + 0.00045 * draws[t, 2]
        yield_now = max(yield_now, 0.004)
        ten_year[t] = yield_now
    nervous = (volatility / 0.008)[:, None]
    sectors = 0.0036 * np.sqrt(nervous) * draws[:, 6 : 6 + len(recipe.sectors)]
    styles = 0.0020 * np.sqrt(nervous) * draws[:, 6 + len(recipe.sectors) :]
    return Factors(market, volatility, sectors, styles, ten_year, phase)


def _phases(recipe: Recipe, days: list[date]) -> tuple[Floats, Floats, Floats, tuple[str, ...]]:
    planned = [(row["from"], row["name"], row["drift"], row["volatility"], row["rates"]) for row in recipe.document["regimes"]]
    usual = {name: (drift, volatility, rates) for _, name, drift, volatility, rates in planned}
    names = sorted(usual)
    rows: list[tuple[float, float, float]] = []
    phase: list[str] = []
    chance = recipe.stream("phases")
    current, left, position = planned[0][1], 0, 0
    for day in days:
        while position < len(planned) and planned[position][0] <= day:
            current, position, left = planned[position][1], position + 1, 260
            usual[current] = planned[position - 1][2:]
        if position == len(planned):
            left -= 1
            if left <= 0:
                current, left = names[int(chance.integers(len(names)))], int(chance.integers(60, 400))
        rows.append(usual[current])
        phase.append(current)
    table = np.array(rows, dtype=np.float64)
    return table[:, 0], table[:, 1], table[:, 2], tuple(phase)


def paths(recipe: Recipe, books: Books, when: Floats, common: Factors, loading: Loadings, planted: Planted) -> Prices:
    """`when` is each session's place on the axis of quarters (2.5: half way from the third quarter's end to the fourth's).

    Sessions are worked one after the other, or in small blocks: whole matrices of random numbers would cost memory.
    """
    sessions, count = len(when), len(recipe.companies)
    worth = _between(np.log(books.value), when + 0.4)
    shocks, tails, trends = recipe.stream("prices"), recipe.stream("tails"), recipe.stream("trends")
    usual = loading.noise**2
    variance, trend = usual.copy(), np.zeros(count)
    log_price = worth[0] + 0.15 * recipe.stream("first prices").standard_normal(count)
    closes, spread = np.empty((sessions, count)), np.empty((sessions, count))
    for t in range(sessions):
        deviation = np.sqrt(variance)
        fat = np.exp(0.36 * tails.standard_normal(count) - 0.13)
        own = np.clip(deviation * shocks.standard_normal(count) * fat, -0.30, 0.30) * planted.calm[t]
        variance = 0.05 * usual + 0.90 * variance + 0.05 * np.minimum(own * own, 12 * usual)
        trend = 0.985 * trend + 0.00012 * trends.standard_normal(count) * np.sqrt(usual / 0.00018)
        shared = common.market[t] * loading.beta + common.sectors[t][recipe.sector_of] + loading.styles @ common.styles[t]
        pulled = PULL * (worth[t] - log_price)
        log_price = log_price + np.clip(shared + planted.jump[t] + own + trend + pulled, -0.55, 0.45)
        closes[t], spread[t] = np.exp(log_price), np.sqrt(deviation**2 + (common.volatility[t] * loading.beta) ** 2)
    return _days(recipe, books, when, closes, spread, loading, planted)


def _between(rows: Floats, at: Floats) -> Floats:
    """Rows at fractional positions, straight between neighbours."""
    low: Ints = np.clip(np.floor(at).astype(np.int64), 0, len(rows) - 2)
    share = np.clip(at - low, 0.0, 1.0)[:, None]
    return np.asarray(rows[low] * (1 - share) + rows[low + 1] * share)


def _days(
    recipe: Recipe, books: Books, when: Floats, close: Floats, spread: Floats, loading: Loadings, planted: Planted
) -> Prices:
    """Open, high, low and volume around the closes; `spread` is the usual daily volatility."""
    streams = {name: recipe.stream(name) for name in ("gaps", "highs", "lows", "volumes")}
    turnover = 0.0042 * np.exp(0.25 * recipe.stream("turnover").standard_normal(close.shape[1])) * np.sqrt(loading.noise / 0.013)
    opened, high, low, volume = (np.empty_like(close) for _ in range(4))
    peak = close >= _highest(close, 252)
    for first in range(0, len(close), _BLOCK):
        rows = slice(first, min(first + _BLOCK, len(close)))
        draws = {name: stream.standard_normal(close[rows].shape) for name, stream in streams.items()}
        before = np.vstack([close[max(first - 1, 0)], close[rows][:-1]])
        change, usual = np.log(close[rows] / before), spread[rows]
        news = planted.news[rows]
        overnight = np.where(news, 0.85, 0.30) * change + np.where(news, 0.1, 0.22) * usual * draws["gaps"]
        opened[rows] = before * np.exp(overnight)
        high[rows] = np.maximum(opened[rows], close[rows]) * np.exp(np.abs(draws["highs"]) * usual * 0.42)
        low[rows] = np.minimum(opened[rows], close[rows]) * np.exp(-np.abs(draws["lows"]) * usual * 0.42)
        busy = np.exp(0.30 * draws["volumes"]) * (0.70 + 0.42 * np.minimum(np.abs(change) / usual, 4.0))
        # A year's high draws a crowd.
        busy = busy * np.where(peak[rows], 1.35, 1.0) * planted.crowd[rows]
        volume[rows] = _between(books.shares, when[rows]) * turnover * busy
    return Prices(close, opened, high, low, volume, spread)


def _highest(rows: Floats, window: int) -> Floats:
    """The running maximum over `window` rows: blocks of that length, scanned from both sides (van Herk 1992)."""
    blocks = -(-len(rows) // window)
    padded = np.full((blocks * window, rows.shape[1]), -np.inf)
    padded[: len(rows)] = rows
    cut = padded.reshape(blocks, window, -1)
    after = np.maximum.accumulate(cut, axis=1).reshape(padded.shape)[: len(rows)]
    before = np.maximum.accumulate(cut[:, ::-1], axis=1)[:, ::-1].reshape(padded.shape)[: len(rows)]
    lagged = np.vstack([np.full((window - 1, rows.shape[1]), -np.inf), before])[: len(rows)]
    return np.asarray(np.maximum(after, lagged))
