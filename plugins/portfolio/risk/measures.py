"""All measures of what is held, worked out from its positions and their history. Money is in the currency of the total."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.risk import tails
from terminal.domain.risk.contributions import Concentration, Contributions, concentration, contributions, days_to_sell
from terminal.domain.risk.drawdowns import Drawdown, drawdowns, growth, underwater
from terminal.domain.risk.ratios import Market, Ratios, against, ratios

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from plugins.portfolio.risk.gathering import AtRisk
    from terminal.domain.risk.styles import Style
    from terminal.domain.risk.tails import Tail

    Floats = NDArray[np.float64]

FALL = 0.01  # small: what a deep fall does to options only the whole revaluation of what if tells
SHARES = (0.10, 0.20)
"""Parts of an average session's volume that one can be without moving the price much."""


@dataclass(frozen=True, slots=True)
class Liquid:
    """How long a position takes to sell at each of `SHARES` of its average volume; None: its volume is not known."""

    symbol: str
    worth: float
    volume: float | None
    days: tuple[float | None, ...]


@dataclass(frozen=True)
class Measures:
    """Everything about the risk of `of`. Tails and contributions are over `horizon` days, ratios and drawdowns daily.

    `ratios`, `market`, `under` and `drawdowns` need fractions: they are None or empty where `of.daily` is. `index` are the
    ratios of the market itself, `betas` those of the positions' symbols to it.
    """

    of: AtRisk
    confidence: float
    horizon: int
    tails: tuple[Tail, ...]
    contributions: Contributions
    concentration: Concentration | None
    ratios: Ratios | None
    index: Ratios | None
    market: Market | None
    drawdowns: tuple[Drawdown, ...]
    under: tuple[tuple[date, float], ...]
    styles: tuple[Style, ...]
    liquid: tuple[Liquid, ...]
    betas: tuple[float | None, ...]

    @property
    def fall(self) -> float | None:
        """What a fall of the market by `FALL` makes, each position by its beta, options priced anew; None: a beta is unknown."""
        made = 0.0
        for each, beta in zip(self.of.positions, self.betas, strict=True):
            if beta is None:
                return None
            move = max(-FALL * beta, -1.0)
            made += each.amount * move if each.curve is None else float(each.curve.at(np.array([move]))[0])
        return made

    @property
    def tail(self) -> Tail:
        """The historical one, which assumes least."""
        return self.tails[0]

    def share(self, amount: float | None) -> float | None:
        """An amount as a part of everything."""
        return None if amount is None or self.of.base is None else amount / self.of.base


def measures(of: AtRisk, confidence: float, horizon: int, styles: tuple[Style, ...] = ()) -> Measures:
    """Of positions (at least one) with their history."""
    outcomes, amounts, daily = of.outcomes, of.amounts, of.daily
    linear = of.returns @ amounts
    factor = math.sqrt(horizon)
    found = (
        tails.historical(outcomes, confidence),
        tails.parametric(linear, confidence),
        tails.cornish_fisher(outcomes, confidence),
        simulated(of, confidence),
        tails.filtered(outcomes, confidence),
    )
    parts = contributions(amounts, of.returns, confidence, of.made) if len(of.days) >= tails.LEAST else None
    days, level = (of.days, growth(daily)) if daily is not None else ((), np.ones(1))
    held_days = days if daily is None else (of.begin or of.days[0], *of.days)
    under = underwater(level)
    return Measures(
        of,
        confidence,
        horizon,
        tuple(each.scaled(factor) for each in found),
        _scaled(parts if parts is not None else _unknown(amounts), factor),
        concentration(of.worths),
        None if daily is None else ratios(daily),
        None if of.market is None else ratios(of.market),
        None if daily is None or of.market is None else against(daily, of.market),
        tuple(drawdowns(held_days, level)) if daily is not None else (),
        tuple(zip(days, under[1:].tolist(), strict=True)) if daily is not None else (),
        styles,
        _liquid(of),
        _betas(of),
    )


def _betas(of: AtRisk) -> tuple[float | None, ...]:
    """Of each position's symbol to the market."""
    if of.market is None or float(of.market.var()) <= 0.0:
        return (None,) * len(of.positions)
    centred = of.market - of.market.mean()
    return tuple(((of.returns - of.returns.mean(axis=0)).T @ centred / (centred @ centred)).tolist())


def simulated(of: AtRisk, confidence: float) -> Tail:
    """Monte Carlo over what is straight, taken together, and the underlyings of the options, each option priced anew."""
    bent = [place for place, each in enumerate(of.positions) if each.curve is not None]
    straight = np.delete(of.made, bent, axis=1).sum(axis=1)
    first = {of.positions[place].factor: place for place in reversed(bent)}
    column = {factor: 1 + number for number, factor in enumerate(first)}
    moves = np.column_stack([straight, *(of.returns[:, place] for place in first.values())])

    def outcome(drawn: Floats) -> Floats:
        total = drawn[:, 0].copy()
        for place in bent:
            one = of.positions[place]
            assert one.curve is not None
            total += one.curve.at(drawn[:, column[one.factor]])
        return total

    return tails.monte_carlo(moves, outcome, confidence)


def _scaled(parts: Contributions, factor: float) -> Contributions:
    if factor == 1.0:
        return parts
    return replace(
        parts, var=parts.var * factor, cvar=parts.cvar * factor, marginal=parts.marginal * factor,
        component=parts.component * factor, shortfall=parts.shortfall * factor, alone=parts.alone * factor,
    )  # fmt: skip


def _unknown(amounts: Floats) -> Contributions:
    nothing = np.full(amounts.size, math.nan)
    return Contributions(math.nan, math.nan, nothing, nothing, nothing, nothing)


def _liquid(of: AtRisk) -> tuple[Liquid, ...]:
    found = []
    for each in of.positions:
        if each.quantity is None:
            continue
        volume = (of.volumes or {}).get(each.factor)
        days = tuple(days_to_sell(each.quantity, volume, share) for share in SHARES)
        found.append(Liquid(each.symbol, each.worth, volume or None, days))
    return tuple(sorted(found, key=lambda one: -(one.days[0] or 0.0)))
