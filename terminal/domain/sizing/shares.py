"""How many shares: by a fixed risk, a stop of so many average true ranges, a volatility, or the Kelly fraction.

Each method says what it would take, and is then held back by what a single position may be and by the cash there is; which
of these binds is named. What is lost at the stop is an estimate: after a gap it is more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

RISK, SWING, POSITION, CASH = "the risk", "the volatility", "the largest position", "the cash"
WHOLE, EDGE = "whole shares", "no edge"
PRIOR_TRADES = 30
"""So many trades without an edge are added to those that were made, before they are believed."""
_DECIMALS = 6
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Means:
    """What there is: `capital` in all, `cash` at hand (None: not limited), and the largest part one position may be."""

    capital: float
    cash: float | None = None
    most: float = 0.25
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Size:
    """One answer. `shares` to hold, `wanted` before anything held it back; `money` = shares x price; `loss` what they lose at
    `stop`; `binds` what held it back. `part` and `risk` are fractions of the capital."""

    shares: float
    wanted: float
    price: float
    money: float
    part: float
    stop: float | None
    loss: float | None
    risk: float | None
    binds: str


def whole_shares(money: float, price: float, *, whole: bool = True) -> float:
    """How many shares fit into an amount: whole ones, or parts to six decimals. Raises ValueError without a price above zero."""
    if price <= 0:
        raise ValueError("a price is above zero")
    step = 1.0 if whole else 10.0**_DECIMALS
    return math.floor(max(0.0, money) / price * step + _SLACK) / step


def fixed_risk(means: Means, price: float, stop: float, risk: float) -> Size:
    """So many that falling (or, sold short, rising) from `price` to `stop` loses the part `risk` of the capital.

    shares = capital x risk / |price - stop|. Raises ValueError when the stop is the price, or a number is out of range.
    """
    _check(means, price)
    if not 0 < risk <= 1:
        raise ValueError("the risk lies between 0 and 100 % of the capital")
    if stop < 0 or abs(price - stop) < _SLACK:
        raise ValueError("the stop must lie below the price (above it for a short sale)")
    return _held_back(means, price, means.capital * risk / abs(price - stop), RISK, stop)


def atr_stop(means: Means, price: float, atr: float, multiple: float, risk: float, *, short: bool = False) -> Size:
    """As `fixed_risk`, with the stop so many average true ranges (Wilder 1978) away, so that noise does not reach it.

    Raises ValueError when that stop would lie at zero or below.
    """
    if atr <= 0 or multiple <= 0:
        raise ValueError("average true range and its multiple are above zero")
    stop = price + (multiple if short else -multiple) * atr
    if stop <= 0:
        raise ValueError(f"{multiple:g} average true ranges are more than the price itself")
    return fixed_risk(means, price, stop, risk)


def volatility_target(means: Means, price: float, volatility: float, target: float) -> Size:
    """So many that the position alone makes the capital swing by `target` a year: part = target / volatility."""
    _check(means, price)
    if volatility <= 0 or target <= 0:
        raise ValueError("volatilities are above zero")
    return _held_back(means, price, means.capital * target / volatility / price, SWING, None)


def kelly_fraction(win: float, payoff: float, *, trades: int | None = None, fraction: float = 0.5) -> float:
    """The part of the capital to put at risk: `fraction` of win - (1 - win) / payoff (Kelly 1956), 0 without an edge.

    `win`: part of trades won; `payoff`: average gain / average loss. With `trades`, the number they were learned from, the
    part won is first drawn towards the one that breaks even, 1 / (1 + payoff), as if `PRIOR_TRADES` more had been made at it.
    Raises ValueError for numbers out of range.
    """
    if not 0 <= win <= 1 or payoff <= 0 or not 0 < fraction <= 1 or (trades is not None and trades < 0):
        raise ValueError("won trades lie between 0 and 100 %, the payoff is above zero, the fraction between 0 and 1")
    if trades is not None:
        win = (win * trades + PRIOR_TRADES / (1 + payoff)) / (trades + PRIOR_TRADES)
    return max(0.0, fraction * (win - (1 - win) / payoff))


def kelly(
    means: Means, price: float, stop: float, win: float, payoff: float, *, trades: int | None = None, fraction: float = 0.5
) -> Size:
    """As `fixed_risk`, at the risk `kelly_fraction` says; none at all without an edge."""
    risk = kelly_fraction(win, payoff, trades=trades, fraction=fraction)
    if risk <= 0:
        return replace(fixed_risk(means, price, stop, 1.0), shares=0.0, wanted=0.0, money=0.0, part=0.0, loss=0.0, risk=0.0,
                       binds=EDGE)  # fmt: skip
    return fixed_risk(means, price, stop, risk)


def _check(means: Means, price: float) -> None:
    if price <= 0 or means.capital <= 0:
        raise ValueError("price and capital are above zero")
    if means.most <= 0:
        raise ValueError("the largest position is above zero")


def _held_back(means: Means, price: float, wanted: float, why: str, stop: float | None) -> Size:
    limits = {why: wanted, POSITION: means.most * means.capital / price}
    if means.cash is not None and (stop is None or stop < price):
        limits[CASH] = max(0.0, means.cash) / price
    binds = min(limits, key=lambda name: limits[name])
    shares = whole_shares(limits[binds] * price, price, whole=means.whole)
    if not shares and limits[binds] > 0:
        binds = WHOLE
    money = shares * price
    loss = None if stop is None else shares * abs(price - stop)
    risk = None if loss is None else loss / means.capital
    return Size(shares, wanted, price, money, money / means.capital, stop, loss, risk, binds)
