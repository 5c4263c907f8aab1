"""Funds and bonds of the simulated exchange: baskets of its stocks, and prices that follow from yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.providers.demo.prices import Factors, Prices

if TYPE_CHECKING:
    from datetime import date

    from terminal.providers.demo.recipe import Bools, Floats, Recipe


@dataclass(frozen=True)
class Listed:
    """Instruments beside stocks: identity, prices (sessions, instruments) and what is paid out on which session."""

    symbols: tuple[str, ...]
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    details: tuple[dict[str, Any], ...]
    prices: Prices
    worth: Floats
    ytm: Floats
    paid: Floats
    alive: Bools


def basket_weights(recipe: Recipe, cap: Floats, holds: str) -> Floats:
    """Weights of each company in a basket at the start of each session, by the market value of the evening before."""
    if holds == "all":
        member = np.ones(cap.shape[1], dtype=np.bool_)
    elif holds == "large":
        able = recipe.has("growth", "hypergrowth", "compounder") & ~np.array(
            [each.sector == "Financials" for each in recipe.companies]
        )
        floor = np.sort(np.where(able, cap[0], 0.0))[-100]
        member = able & (cap[0] >= floor)
    elif holds == "small":
        member = cap[0] <= np.sort(cap[0])[249]
    elif holds in recipe.sectors:
        member = recipe.sector_of == recipe.sectors.index(holds)
    else:
        member = recipe.has(holds)
    before = np.vstack([cap[:1], cap[:-1]]) * member
    return np.asarray(before / before.sum(axis=1, keepdims=True))


def stock_funds(recipe: Recipe, stocks: Prices, cap: Floats) -> Listed:
    """The baskets. Their worth moves exactly as their holdings; prices stray from it by a few hundredths of a per cent."""
    rows = tuple(recipe.document["funds"])
    moves = np.vstack([np.ones((1, stocks.close.shape[1])), stocks.close[1:] / stocks.close[:-1]])
    worth = np.empty((len(cap), len(rows)))
    for column, row in enumerate(rows):
        daily = np.einsum("ij,ij->i", basket_weights(recipe, cap, row["holds"]), moves) - row["expense"] / 252
        worth[:, column] = row["price"] * np.cumprod(daily)
    spread = np.full(worth.shape, 0.0002)
    traded = np.array([0.011 if row["symbol"] in ("SPY", "QQQ", "IWM") else 0.006 for row in rows]) * np.array(
        [row["aum"] for row in rows]
    )
    prices = _around(recipe, "funds", worth, spread, traded)
    paid = np.tile([0.0032 if row["holds"] != "dividend" else 0.0068 for row in rows], (len(cap), 1)) * worth
    return Listed(
        tuple(row["symbol"] for row in rows),
        tuple(row["name"] for row in rows),
        ("etf",) * len(rows),
        rows,
        prices,
        worth,
        np.full(worth.shape, np.nan),
        paid,
        np.ones(worth.shape, dtype=np.bool_),
    )


def bond_funds(recipe: Recipe, common: Factors, days: list[date]) -> Listed:
    """Funds of constant duration: return = yield for a day - duration x change of yield + half the convexity."""
    rows = tuple(recipe.document["bond_funds"])
    maturity, spread, credit, duration = (
        np.array([float(row[key]) for row in rows]) for key in ("maturity", "spread", "credit", "duration")
    )
    ytm = _yields(recipe, "bond funds", common, np.tile(maturity, (len(days), 1)), spread, credit)
    change = np.vstack([np.zeros((1, len(rows))), np.diff(ytm, axis=0)])
    # Distributions hand out the yield, so the price moves with its changes alone.
    daily = -duration * change + 0.5 * (duration**2 * 1.2) * change**2
    daily = daily - np.array([row["expense"] for row in rows]) / 252
    worth = np.array([row["price"] for row in rows]) * np.exp(np.cumsum(daily, axis=0))
    traded = 0.008 * np.array([row["aum"] for row in rows])
    prices = _around(recipe, "bond funds prices", worth, np.full(worth.shape, 0.0003), traded)
    return Listed(
        tuple(row["symbol"] for row in rows),
        tuple(row["name"] for row in rows),
        ("bond_etf",) * len(rows),
        rows,
        prices,
        worth,
        ytm,
        worth * ytm / 12,
        np.ones(worth.shape, dtype=np.bool_),
    )


def bonds(recipe: Recipe, common: Factors, days: list[date]) -> Listed:
    """Single bonds at clean prices per 100 of face value, semi-annual coupons, until they are repaid."""
    issuers = _issuers(recipe)
    rows = tuple(
        {**row, "issuer_name": name, "symbol": f"{symbol}{row['maturity']:%y}"}
        for row, (symbol, name) in zip(recipe.document["bonds"], issuers, strict=True)
    )
    ordinal = np.array([day.toordinal() for day in days], dtype=np.float64)[:, None]
    years = (np.array([row["maturity"].toordinal() for row in rows]) - ordinal) / 365.25
    coupon, spread, credit = (np.array([float(row[key]) for row in rows]) for key in ("coupon", "spread", "credit"))
    ytm = _yields(recipe, "bonds", common, np.maximum(years, 0.05), spread, credit)
    left = np.maximum(years, 0.02)
    discount = (1 + ytm / 2) ** (-2 * left)
    worth = 100 * (coupon / ytm * (1 - discount) + discount)
    traded = np.array([60e6 if row["issuer"] == "Treasury" else 4e6 for row in rows])
    prices = _around(recipe, "bond prices", worth, np.full(worth.shape, 0.0006), traded)
    names = tuple(f"{row['issuer_name']} {row['coupon']:.3%} {row['maturity']:%b %Y}".replace("%", " %") for row in rows)
    return Listed(
        tuple(row["symbol"] for row in rows),
        names,
        ("bond",) * len(rows),
        rows,
        prices,
        worth,
        ytm,
        np.tile(100 * coupon / 2, (len(days), 1)),
        years > 0,
    )


def duration_of(coupon: float, ytm: float, years: float) -> float:
    """Modified duration of a bond with semi-annual coupons: Macaulay's weighted mean time / (1 + y/2)."""
    times = years - np.arange(0, int(np.ceil(years * 2)))[::-1] / 2
    times = times[times > 0]
    flows = np.full(len(times), coupon / 2)
    flows[-1] += 1.0
    present = flows * (1 + ytm / 2) ** (-2 * times)
    return float((present * times).sum() / present.sum() / (1 + ytm / 2))


def _issuers(recipe: Recipe) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for row in recipe.document["bonds"]:
        company = next((each for each in recipe.companies if each.sector == row["issuer"]), None)
        found.append(("UST", "Demo Treasury") if company is None else (company.symbol, company.name))
    return found


def _yields(recipe: Recipe, name: str, common: Factors, maturity: Floats, spread: Floats, credit: Floats) -> Floats:
    """Ten-year yield, plus slope by maturity, plus a spread that widens when markets are nervous."""
    own: Floats = np.asarray(recipe.stream(name).standard_normal(maturity.shape))
    slope = 0.004 * (np.log1p(maturity) - np.log1p(10.0))
    widening = 1 + np.clip(0.9 * _nervousness(common)[:, None], -0.25, 1.6)
    wander: Floats = np.zeros(maturity.shape[1])
    rows: Floats = np.empty(maturity.shape)
    for t in range(len(rows)):
        wander = 0.98 * wander + (0.00008 + 0.00025 * np.maximum(spread, 0)) * own[t]
        rows[t] = wander
    risky = np.maximum(spread, 0) * np.where(credit < 21, widening, 1.0)
    return np.asarray(np.maximum(common.ten_year[:, None] + slope + risky + np.minimum(spread, 0) + rows, 0.003))


def _nervousness(common: Factors) -> Floats:
    smooth, level = np.empty(len(common.volatility)), float(common.volatility[0])
    for t, volatility in enumerate(common.volatility.tolist()):
        level = 0.95 * level + 0.05 * volatility
        smooth[t] = level
    return np.asarray(smooth / 0.0085 - 1)


def _around(recipe: Recipe, name: str, worth: Floats, stray: Floats, traded: Floats) -> Prices:
    """Prices near worth, with the day's range and volume; `traded` dollars on a usual day."""
    draws = recipe.stream(name).standard_normal((len(worth), 5, worth.shape[1]))
    close = worth * np.exp(stray * draws[:, 0])
    before = np.vstack([close[:1], close[:-1]])
    change = np.log(close / before)
    usual = np.maximum(0.5 * np.sqrt((change**2).mean(axis=1, keepdims=True)) + 0.5 * np.abs(change), 0.0006)
    opened = before * np.exp(0.35 * change + 0.25 * usual * draws[:, 1])
    high = np.maximum(opened, close) * np.exp(np.abs(draws[:, 2]) * usual * 0.45)
    low = np.minimum(opened, close) * np.exp(-np.abs(draws[:, 3]) * usual * 0.45)
    volume = traded / close * np.exp(0.22 * draws[:, 4]) * (0.8 + 25 * np.minimum(np.abs(change), 0.06))
    return Prices(close, opened, high, low, volume, usual)
