"""From a shock to what happens to each position, and the grid of price, volatility and rate.

Prices: what a shock names moves by what it says, a sector by its own, everything else by its beta times the market's move
(never by more than all of it). Volatility: an option's implied volatility moves in proportion to VIX,

    factor = 1 + (VIX then / VIX now - 1) * min(1, sqrt(30 / days to expiry))

because volatility of the far future moves less (the square root rule of vega bucketing). Where the shock says nothing about
VIX it answers to the market: `RISE` points for each per cent of a fall, `EASE` points less for each per cent of a rise, but
not below `CALM`. RISE is about the mean of the falls in `history`, which lie between 0.7 (2022) and 2.2 (February 2018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.whatif.book import Book, Scenes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from terminal.domain.options.normal import Floats
    from terminal.domain.whatif.shocks import Shock

RISE, EASE, CALM = 1.5, 0.5, 10.0
PRICES = (-0.20, -0.10, -0.05, 0.0, 0.05, 0.10, 0.20)
VOLATILITIES = (-0.30, -0.15, 0.0, 0.25, 0.50)
RATES = (-0.01, 0.0, 0.01)
_MONTH = 30.0
_LEAST = -0.99


@dataclass(frozen=True)
class Effect:
    """What a shock does: the scene, and by position why its move is what it is. `vix` what it was and becomes (None: unknown)."""

    scenes: Scenes
    reasons: tuple[str, ...]
    vix: tuple[float | None, float | None]
    market: float


def answer(vix: float, market: float, rise: float = RISE) -> float:
    """What VIX becomes when the market moves by this fraction."""
    if market < 0:
        return vix - market * 100 * rise
    return max(min(vix, CALM), vix - market * 100 * EASE * (rise / RISE))


def damped(book: Book, factor: float, passed: float = 0.0) -> Floats:
    """The factor of each position's volatility, less of it the farther away its expiry is; 1 for what has none."""
    days = book.days - passed * 365
    weight = np.where(np.isnan(days), 0.0, np.minimum(1.0, np.sqrt(_MONTH / np.maximum(days, 1.0))))
    return np.maximum(1 + (factor - 1) * weight, 0.02)


def effect(book: Book, shock: Shock, vix: float | None, *, rise: float | None = RISE, actual: Mapping[str, float] | None = None,
           market: float | None = None, rate: float | None = None, level: float | None = None) -> Effect:  # fmt: skip
    """The scene of a shock. `vix` is today's; `rise` None: volatility stays unless the shock names it.

    `actual`, `market`, `rate` and `level` (VIX then over VIX now) are what a fall of the past did: to symbols, to everything by
    its beta, to rates, to volatility; the shock's own words win.
    """
    whole = shock.market if shock.market is not None else market
    moves, reasons = _moves(book, shock, whole, actual or {})
    then = _vix(shock, vix, whole, rise, level)
    factor = 1.0 if then is None or not vix else then / vix
    if level is not None and not vix and shock.vix is None:
        factor = level
    years = shock.days / 365
    volatility = damped(book, factor, years) * (1 + (shock.iv_share or 0.0))
    if shock.iv_points is not None:
        base = np.array([1.0 if each.contract is None else each.contract.volatility for each in book.positions])
        volatility = np.maximum(volatility + shock.iv_points / base, 0.02)
    exchange = np.array([shock.currencies.get(each.currency, 0.0) for each in book.positions])
    moved = shock.rate if shock.rate is not None else rate or 0.0
    scenes = Scenes(moves[None, :], volatility[None, :], np.array([moved]), np.array([years]), exchange[None, :])
    return Effect(scenes, tuple(reasons), (vix, then), whole or 0.0)


def grid(book: Book, prices: Sequence[float] = PRICES, volatilities: Sequence[float] = VOLATILITIES,
         rates: Sequence[float] = RATES, *, by_beta: bool = True) -> Floats:  # fmt: skip
    """What the whole book makes, [price, volatility, rate, position]: by its beta, or everything by the same fraction."""
    size = (len(prices), len(volatilities), len(rates))
    beta = book.beta if by_beta else np.ones(len(book))
    at = np.stack(np.meshgrid(np.array(prices), np.arange(len(volatilities)), np.array(rates), indexing="ij")).reshape(3, -1)
    with np.errstate(invalid="ignore"):
        moves = np.maximum(np.where(at[0][:, None] == 0, 0.0, at[0][:, None] * beta[None, :]), _LEAST)
    levels = np.stack([damped(book, 1 + share) for share in volatilities])
    scenes = Scenes(moves, levels[at[1].astype(np.int64)], at[2], np.zeros(at.shape[1]), np.zeros((1, 1)))
    return book.gains(scenes).reshape(*size, len(book))


def _moves(book: Book, shock: Shock, market: float | None, actual: Mapping[str, float]) -> tuple[Floats, list[str]]:
    moves, reasons = np.zeros(len(book)), []
    for place, each in enumerate(book.positions):
        symbol = each.market_symbol
        if symbol in shock.moves:
            moves[place], reason = shock.moves[symbol], "as you say"
        elif symbol in shock.targets:
            moves[place], reason = shock.targets[symbol] / each.spot - 1, "to the price you say"
        elif each.sector and each.sector in shock.sectors:
            moves[place], reason = shock.sectors[each.sector], "with its sector"
        elif shock.market is None and symbol in actual:
            moves[place], reason = actual[symbol], "as it did then"
        elif market is None or each.beta == 0:
            reason = "" if market is None else "does not move with the market"
        else:
            moves[place], reason = market * each.beta, f"beta {each.beta:.2f}" if each.beta == each.beta else "beta not known"
        reasons.append(reason)
    with np.errstate(invalid="ignore"):
        return np.maximum(moves, _LEAST), reasons


def _vix(shock: Shock, vix: float | None, market: float | None, rise: float | None, level: float | None) -> float | None:
    if shock.vix is not None:
        return shock.vix
    if vix is None:
        return None
    if shock.vix_points is not None:
        return max(vix + shock.vix_points, 3.0)
    if shock.vix_share is not None:
        return max(vix * (1 + shock.vix_share), 3.0)
    if rise is None:
        return vix
    if level is not None and shock.market is None:
        return vix * level
    return answer(vix, market, rise) if market else vix
