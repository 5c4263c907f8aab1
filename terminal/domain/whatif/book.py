"""Positions and what each is worth in another market: options repriced in full, shares by their move, bonds by duration.

A scene moves each underlying by a fraction, each option's volatility by a factor, every interest rate by the same difference,
each currency by a fraction, and lets time pass. The change of an option's worth is the model's price there less its price
here, at the volatility that its price implied; American ones by their exercise boundary (`terminal.domain.options`). A share does
not answer to rates by itself. A bond's price changes by -duration * difference (no convexity). What is not known is NaN: the
gain of that position alone is then unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain import options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from terminal.domain.options.normal import Floats

_FURTHEST = -0.99


@dataclass(frozen=True, slots=True)
class Contract:
    """An option's terms; `years` to expiry, `volatility` implied by its price. NaN: not known."""

    strike: float
    call: bool
    american: bool
    years: float
    volatility: float
    rate: float
    dividend: float


@dataclass(frozen=True, slots=True)
class Position:
    """One thing held. `units` are shares, or contracts times multiplier, with sign; `spot` the price of the underlying in its
    own currency and `exchange` what one of that is in the total's; `worth` in the currency of the total. NaN: not known.
    `duration` is 0 for what does not answer to rates."""

    symbol: str
    market_symbol: str
    units: float
    spot: float
    exchange: float
    worth: float
    beta: float
    currency: str = "USD"
    sector: str = ""
    duration: float = 0.0
    contract: Contract | None = None


@dataclass(frozen=True)
class Scenes:
    """Markets to look at. `moves`, `volatility` (factors) and `exchange` (fractions) are [scene, position] or broadcast to it;
    `rates` (differences) and `years` (that pass) [scene]."""

    moves: Floats
    volatility: Floats
    rates: Floats
    years: Floats
    exchange: Floats


@dataclass(frozen=True)
class Sensitivities:
    """By position, in what traders say. Money is in the currency of the total; shares are those of the underlying.

    `delta_shares`, `delta_money` (worth of these shares); `gamma_shares` more of them for a price 1 higher, `gamma_money` change
    of `delta_money` for a move of 1 %; `vega` for a point of volatility, `theta` for a day, `rho` for a point of rates;
    `vanna` and `charm` change of delta in shares for a point of volatility and for a day, `vomma` change of vega for a point;
    `beta_money` is delta_money * beta.
    """

    delta_shares: Floats
    delta_money: Floats
    gamma_shares: Floats
    gamma_money: Floats
    vega: Floats
    theta: Floats
    rho: Floats
    vanna: Floats
    charm: Floats
    vomma: Floats
    beta_money: Floats


class Book:
    """Positions as arrays, in their order."""

    def __init__(self, positions: Sequence[Position]) -> None:
        self.positions = tuple(positions)
        self.units, self.spot, self.exchange, self.worth, self.beta, self.duration = (
            np.array([getattr(each, name) for each in positions], dtype=np.float64)
            for name in ("units", "spot", "exchange", "worth", "beta", "duration")
        )
        self._optional = np.array([each.contract is not None for each in positions], dtype=bool)
        contracts = [each.contract for each in positions if each.contract is not None]
        self._strike, self._years, self._volatility, self._rate, self._dividend = (
            np.array([getattr(each, name) for each in contracts], dtype=np.float64)
            for name in ("strike", "years", "volatility", "rate", "dividend")
        )
        self._call = np.array([each.call for each in contracts], dtype=bool)
        self._american = np.array([each.american for each in contracts], dtype=bool)

    def __len__(self) -> int:
        return len(self.positions)

    @property
    def days(self) -> Floats:
        """Calendar days to expiry; NaN for what does not expire."""
        found = np.full(len(self), np.nan)
        found[self._optional] = self._years * 365
        return found

    @cached_property
    def _now(self) -> Floats:
        chosen = self._optional
        return options.price(spot=self.spot[chosen], strike=self._strike, years=self._years, volatility=self._volatility,
                             rate=self._rate, dividend=self._dividend, call=self._call, american=self._american)  # fmt: skip

    def gains(self, scenes: Scenes) -> Floats:
        """What each position makes in each scene, in the currency of the total: [scene, position]."""
        count, chosen = len(scenes.rates), self._optional
        shape = (count, len(self))
        moves = np.maximum(np.broadcast_to(scenes.moves, shape), _FURTHEST)
        exchange = np.broadcast_to(scenes.exchange, shape)
        rates, years = scenes.rates[:, None], scenes.years[:, None]
        with np.errstate(invalid="ignore"):
            bent = np.where(self.duration == 0, 0.0, -self.duration * rates)
            local = self.worth * ((1 + moves) * (1 + np.maximum(bent, _FURTHEST)) - 1)
            if chosen.any():
                there = options.price(
                    spot=self.spot[chosen] * (1 + moves[:, chosen]),
                    strike=self._strike,
                    years=np.maximum(self._years - years, 0.0),
                    volatility=self._volatility * np.broadcast_to(scenes.volatility, shape)[:, chosen],
                    rate=self._rate + rates,
                    dividend=self._dividend,
                    call=self._call,
                    american=self._american,
                )
                local[:, chosen] = (there - self._now) * (self.units * self.exchange)[chosen]
            return np.asarray(local * (1 + exchange) + np.where(exchange == 0, 0.0, self.worth * exchange))

    def sensitivities(self) -> Sensitivities:
        """Of a share: delta is its quantity; of a bond: rho from its duration."""
        count, chosen = len(self), self._optional
        found = {name: np.zeros(count) for name in ("gamma", "vega", "theta", "rho", "vanna", "charm", "vomma")}
        delta = np.ones(count)
        if chosen.any():
            greeks = options.greeks(
                spot=self.spot[chosen], strike=self._strike, years=self._years, volatility=self._volatility, rate=self._rate,
                dividend=self._dividend, call=self._call, american=self._american,
            )  # fmt: skip
            delta[chosen] = greeks.delta
            for name, value in found.items():
                value[chosen] = getattr(greeks, name)
        money = self.units * self.exchange
        delta_shares = delta * self.units
        delta_money = np.where(chosen, delta_shares * self.spot * self.exchange, self.worth)
        bond = np.where(self.duration == 0, 0.0, -self.duration * self.worth * 0.01)
        return Sensitivities(
            delta_shares,
            delta_money,
            found["gamma"] * self.units,
            found["gamma"] * money * self.spot**2 * 0.01 if chosen.any() else np.zeros(count),
            found["vega"] * money * 0.01,
            found["theta"] * money / 365,
            np.where(chosen, found["rho"] * money * 0.01, bond),
            found["vanna"] * self.units * 0.01,
            found["charm"] * self.units / 365,
            found["vomma"] * money * 1e-4,
            delta_money * self.beta,
        )
