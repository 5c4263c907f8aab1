"""An outlook in numbers: where one expects the price to be on a day, and how sure one is of that."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from terminal.domain.options import normal
from terminal.domain.planner.candidates import POINTS, Sheet
from terminal.domain.planner.odds import odds

if TYPE_CHECKING:
    from datetime import date

    from terminal.domain.planner.board import Board, Floats, Term
    from terminal.domain.planner.odds import Odds
    from terminal.domain.planner.structures import Outlook, Rules

VolView = Literal["", "rising", "falling", "same"]


@dataclass(frozen=True, slots=True)
class View:
    """What one expects. `day` and `years` from now, `target` prices, `spread` of the view as a logarithm, `move` the market's
    expected move until then in money; `rank` of volatility within a year (None: not known)."""

    outlook: Outlook
    day: date
    years: float
    targets: tuple[float, ...]
    spread: float
    move: float
    volatility: VolView
    rank: float | None
    told: str

    def weights(self, prices: Floats) -> Floats:
        """The chance of each price as one believes; they add up to 1."""
        edges = np.concatenate([[0.0], np.sqrt(prices[1:] * prices[:-1]), [np.inf]])
        with np.errstate(divide="ignore"):
            away = np.log(edges)
        made = np.zeros(len(prices))
        for target in self.targets:
            made += np.diff(normal.cdf((away - math.log(target)) / self.spread))
        return np.asarray(made / made.sum())


def view(
    board: Board,
    outlook: Outlook,
    day: date,
    years: float,
    rules: Rules,
    *,
    target: float | None = None,
    volatility: VolView = "",
    rank: float | None = None,
) -> View:
    """Without a target: so many of the market's expected moves as the rules say; both ways for a volatile outlook."""
    term = min(board.terms, key=lambda each: abs(each.years - years))
    sigma = odds(board, term).sigma
    part = sigma * math.sqrt(max(years, 1 / 365))
    move, moves = board.spot * part, rules.view["move"]
    up, down = board.spot * math.exp(moves * part), board.spot * math.exp(-moves * part)
    if outlook == "volatile":
        reach = abs(math.log(target / board.spot)) if target else moves * part
        targets: tuple[float, ...] = (board.spot * math.exp(-reach), board.spot * math.exp(reach))
        told = "your target and as far the other way" if target else f"{moves:g} expected move either way"
    elif target is not None:
        targets, told = (target,), "your target"
    else:
        targets = ({"bullish": up, "bearish": down}.get(outlook, board.spot),)
        told = "the price of now" if outlook == "neutral" else f"{moves:g} expected move"
    return View(outlook, day, years, targets, max(rules.view["spread"] * part, 1e-4), move, volatility, rank, told)


def sheet(
    board: Board, near: Term, far: Term | None, wanted: View, rules: Rules, allowed: np.ndarray, known: Odds | None = None
) -> Sheet:
    """The worths of all contracts of two expiries that are `allowed`, at the prices that may come."""
    chances = known or odds(board, near)
    root = max(chances.sigma * math.sqrt(near.years), wanted.spread, 0.004)
    reach = max(6 * root, *(abs(math.log(each / board.spot)) + 3 * wanted.spread for each in wanted.targets))
    prices = board.spot * np.exp(np.linspace(-reach, reach, POINTS))
    edges = np.concatenate([[0.0], chances.under((prices[1:] + prices[:-1]) / 2), [1.0]])
    move = rules.limits["stress"] * chances.sigma * math.sqrt(near.years)
    return Sheet(
        board,
        near,
        far,
        chances,
        prices,
        np.diff(edges),
        wanted.weights(prices),
        min(wanted.years, near.years),
        (board.spot * math.exp(-move), board.spot * math.exp(move)),
        allowed,
    )
