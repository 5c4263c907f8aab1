"""Option chains on request: Black-Scholes prices on a volatility surface with skew and term structure, and planted flow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import CHAINS, UTC

if TYPE_CHECKING:
    from terminal.providers.demo.newest import LastDay
    from terminal.providers.demo.recipe import Floats

OPTIONABLE_COMPANIES = 60
WEEKLIES = 6
RATE = 0.038


@dataclass(frozen=True, slots=True)
class Flow:
    """Planted unusual trading in one contract: many times its open interest, at the ask (bought) or the bid (sold)."""

    symbol: str
    contract: str
    volume: float
    open_interest: float
    bought: bool


def optionable(last: LastDay) -> tuple[str, ...]:
    """The broad funds and the largest companies at the start of this year."""
    return ("SPY", "QQQ", "IWM", *last.large[:OPTIONABLE_COMPANIES])


def chains(last: LastDay, symbols: tuple[str, ...]) -> pl.DataFrame:
    """CHAINS at the last close; an instrument without options has none. No symbols means all that have options."""
    able = optionable(last)
    return pl.concat([CHAINS.empty(), *(_chain(last, symbol)[0] for symbol in (symbols or able) if symbol in able)])


def planted_flow(last: LastDay) -> tuple[Flow, ...]:
    """The unusual trades that the chains of this day contain."""
    return tuple(flow for symbol in optionable(last) for flow in _chain(last, symbol)[1])


def expiries(last: LastDay, day: date) -> list[date]:
    """Six weekly expiries, monthly ones for a year, the January of the two years after: Fridays, or the session before."""
    friday = day + timedelta(days=(4 - day.weekday()) % 7 or 7)
    found = {friday + timedelta(weeks=n) for n in range(WEEKLIES)}
    months = [(day.year + (day.month - 1 + n) // 12, (day.month - 1 + n) % 12 + 1) for n in range(13)]
    for year, month in (*months, (day.year + 2, 1)):
        first = date(year, month, 1)
        third = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
        if third > day:
            found.add(third)
    calendar = last.calendar
    known = [each for each in found if each <= calendar.last]
    return sorted(each if calendar.is_session(each) else calendar.previous_session(each) for each in known)


def _chain(last: LastDay, symbol: str) -> tuple[pl.DataFrame, tuple[Flow, ...]]:
    day, number = last.end, last.number[symbol]
    chance = last.recipe.stream("chains", day.toordinal(), number)
    spot = round(float(last.closes[number]), 2)
    level = _level(last, number)
    strikes = _strikes(spot, level)
    ends = expiries(last, day)
    expiry, strike, call = (
        each.ravel() for each in np.meshgrid(np.arange(len(ends)), strikes, np.array([1.0, 0.0]), indexing="ij")
    )
    days = np.array([(end - day).days for end in ends], dtype=np.float64)[expiry.astype(np.int64)]
    years = days / 365
    iv = _surface(level, np.log(strike / spot), years) * np.exp(0.008 * chance.standard_normal(len(strike)))
    price, delta = black_scholes(spot, strike, years, iv, RATE, call)
    width = np.maximum(0.01, (0.012 + 0.25 * np.exp(-price / 0.4)) * price + 0.01) * (
        0.5 if symbol in ("SPY", "QQQ", "IWM") else 1.2
    )
    bid, ask = np.floor(np.maximum(price - width / 2, 0.0) * 100) / 100, np.ceil((price + width / 2) * 100) / 100
    interest, volume = _activity(last, number, strike / spot, years, delta, call, chance)
    traded = np.round(np.clip(price * (1 + 0.02 * chance.standard_normal(len(price))), bid, ask), 2)
    contracts = [_contract(symbol, ends[int(e)], bool(c), float(k)) for e, c, k in zip(expiry, call, strike, strict=True)]
    flows: tuple[Flow, ...] = ()
    able = np.flatnonzero((np.abs(delta) > 0.12) & (np.abs(delta) < 0.45) & (years < 0.25))
    if chance.random() < 0.35 and len(able):
        at = int(able[int(chance.random() * len(able))])
        interest[at] = max(interest[at], 150.0)
        volume[at] = np.round(interest[at] * (6 + 10 * chance.random()))
        bought = chance.random() < 0.7
        traded[at] = ask[at] if bought else bid[at]
        flows = (Flow(symbol, contracts[at], float(volume[at]), float(interest[at]), bought),)
    frame = pl.DataFrame(
        {
            "symbol": [symbol] * len(strike),
            "expiry": [ends[int(e)] for e in expiry],
            "strike": strike,
            "right": np.where(call > 0, "C", "P"),
            "contract": contracts,
            "bid": bid,
            "ask": ask,
            "last": np.where(volume > 0, traded, np.nan),
            "volume": volume,
            "open_interest": interest,
            "iv": np.round(iv, 4),
            "delta": np.round(delta, 4),
        }
    ).with_columns(
        pl.lit(last.calendar.session_close(day), dtype=UTC).alias("at"),
        pl.lit(spot).alias("underlying_price"),
        pl.col("last").fill_nan(None),
        bid_size=pl.lit(None, dtype=pl.Float64),
        ask_size=pl.lit(None, dtype=pl.Float64),
        last_at=pl.lit(None, dtype=UTC),
    )
    return frame.select(*CHAINS.columns), flows


def black_scholes(spot: float, strike: Floats, years: Floats, iv: Floats, rate: float, call: Floats) -> tuple[Floats, Floats]:
    """Price and delta of European options without dividends (Black and Scholes 1973); `call` is 1 for calls, 0 for puts."""
    root = iv * np.sqrt(years)
    d1 = (np.log(spot / strike) + rate * years) / root + root / 2
    discount = strike * np.exp(-rate * years)
    calls = spot * _normal(d1) - discount * _normal(d1 - root)
    price = np.where(call > 0, calls, calls - spot + discount)
    return np.maximum(price, 0.0), np.where(call > 0, _normal(d1), _normal(d1) - 1)


_erf = np.vectorize(math.erf, otypes=[np.float64])


def _normal(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + _erf(x / math.sqrt(2))))


def _level(last: LastDay, number: int) -> float:
    """At-the-money volatility of a month: what the model's own volatility is now, and a premium."""
    company = number < len(last.recipe.companies)
    daily = float(last.volatility[number]) if company else last.market_volatility * 1.05
    return float(np.clip(daily * math.sqrt(252) * 1.08, 0.08, 1.5))


def _surface(level: float, moneyness: Floats, years: Floats) -> Floats:
    """Skew and smile fade with the root of time; the level reverts to its long mean of about a quarter over the years."""
    long_run = 0.6 * level + 0.4 * 0.24
    base = long_run + (level - long_run) * np.exp(-1.6 * years)
    scaled = moneyness / (level * np.sqrt(np.maximum(years, 0.02)))
    return np.asarray(np.clip(base * (1 - 0.055 * np.clip(scaled, -4, 4) + 0.018 * np.clip(scaled, -4, 4) ** 2), 0.05, 2.5))


def _strikes(spot: float, level: float) -> Floats:
    reach = min(max(2.2 * level, 0.18), 0.55)
    rough = spot * reach / 17
    step = next((each for each in (0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 50.0) if each >= rough), 100.0)
    first = max(math.ceil(spot * (1 - reach) / step), 1)
    return np.arange(first, math.floor(spot * (1 + reach) / step) + 1, dtype=np.float64) * step


def _activity(
    last: LastDay, number: int, moneyness: Floats, years: Floats, delta: Floats, call: Floats, chance: np.random.Generator
) -> tuple[Floats, Floats]:
    size = 60_000.0 if number >= len(last.recipe.companies) else 3_000.0 * (last.cap[number] / 5e10) ** 0.6
    near = np.exp(-0.5 * ((np.abs(delta) - 0.35) / 0.22) ** 2) * np.exp(-1.1 * years)
    rounded = np.where(np.abs(moneyness * 100 % 5) < 1, 1.5, 1.0)
    interest = np.round(size * near * rounded * np.exp(0.7 * chance.standard_normal(len(near))))
    volume = np.round(
        interest * 0.22 * np.exp(-2.5 * years) * np.exp(0.8 * chance.standard_normal(len(near))) * np.where(call > 0, 1.1, 0.9)
    )
    return interest, volume


def _contract(symbol: str, expiry: date, call: bool, strike: float) -> str:
    """The OCC symbol: root, yymmdd, C or P, strike in thousandths."""
    return f"{symbol}{expiry:%y%m%d}{'C' if call else 'P'}{round(strike * 1000):08d}"
