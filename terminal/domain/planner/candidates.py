"""Every way the strikes of a structure can be chosen on a board, valued together: arrays [candidate, leg] and [candidate, price].

Each contract is valued once at the prices that may come (a row of a matrix); a candidate is a weighted sum of a few rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.planner import payoff
from terminal.domain.planner.legs import SHARES, Leg

if TYPE_CHECKING:
    from terminal.domain.planner.board import Board, Floats, Term
    from terminal.domain.planner.odds import Odds
    from terminal.domain.planner.structures import Role, Rules, Structure

Rows = np.ndarray
POINTS = 121
_SLACK = 0.15


@dataclass(frozen=True)
class Sheet:
    """One near and one far expiry: what a share of each contract is worth later.

    `view` are the chances of `prices` as one believes, at `elapsed` years; `market` as the market does at the near expiry.
    `views` and `ends` [row, price] are the worths then.
    """

    board: Board
    near: Term
    far: Term | None
    odds: Odds
    prices: Floats
    market: Floats
    view: Floats
    elapsed: float
    stress: tuple[float, float]
    allowed: np.ndarray

    @cached_property
    def rows(self) -> Rows:
        """The rows of the board that have a place here (quotes that may be traded), the shares last."""
        both = [self.near.rows, self.far.rows] if self.far else [self.near.rows]
        rows = np.concatenate(both)
        return np.append(rows[self.allowed[rows]], self.board.share).astype(np.intp)

    @cached_property
    def place(self) -> Rows:
        """Row of the board to row here."""
        found = np.full(len(self.board.contract), -1, dtype=np.intp)
        found[self.rows] = np.arange(len(self.rows))
        return found

    @cached_property
    def ends(self) -> Floats:
        """Worths at the near expiry."""
        return self.board.worth(self.rows, self.prices, self.near.years, exact=False)

    @cached_property
    def views(self) -> Floats:
        """Worths at the day of the view."""
        return (
            self.ends if self.elapsed >= self.near.years else self.board.worth(self.rows, self.prices, self.elapsed, exact=False)
        )


@dataclass(frozen=True)
class Found:
    """Candidates of one structure on one sheet, all arrays of one length. Money is of one unit of the structure."""

    structure: Structure
    sheet: Sheet
    rows: Rows
    shares: Floats
    cost: Floats
    friction: Floats
    loss: Floats
    gain: Floats
    stress: Floats
    chance: Floats
    expected: Floats
    wanted: Floats
    vega: Floats
    theta: Floats
    delta: Floats
    interest: Floats

    def __len__(self) -> int:
        return len(self.rows)

    def legs(self, at: int, count: int = 1) -> tuple[Leg, ...]:
        """One of them as legs, so many times."""
        board = self.sheet.board
        made = []
        for role, row in zip(self.structure.legs, self.rows[at], strict=True):
            if role.right == "S":
                made.append(Leg(role.quantity * count, "S"))
                continue
            term = self.sheet.far if role.far else self.sheet.near
            assert term is not None
            made.append(Leg(role.quantity * count, role.right, float(board.strike[row]), term.expiry))
        return tuple(made)


def liquid(board: Board, limits: dict[str, float]) -> np.ndarray:
    """Which quotes may be traded: usable, not too wide, open interest enough or not known."""
    width = board.ask - board.bid
    narrow = (width <= limits["spread"] * board.mid) | (width <= limits["spread_money"] + 1e-9)
    interest = board.open_interest
    return np.asarray(board.usable & narrow & (board.bid > 0) & (np.isnan(interest) | (interest >= limits["open_interest"])))


def candidates(structure: Structure, sheet: Sheet, rules: Rules) -> tuple[Rows, int]:
    """[candidate, leg] rows of the board, and how many were left out for quotes that are not allowed."""
    limits, board, allowed = rules.limits, sheet.board, sheet.allowed
    names = list(structure.strikes)
    options: list[Rows] = []
    refused = 0
    for name in names:
        role = next(leg for leg in structure.legs if leg.strike == name)
        chosen, bad = _strikes(role, structure.strikes[name], sheet, allowed)
        refused += bad
        if not len(chosen):
            return np.empty((0, len(structure.legs)), dtype=np.intp), refused
        options.append(_thinned(chosen, int(limits["each"])))
    grid = np.stack([each.ravel() for each in np.meshgrid(*options, indexing="ij")], axis=1)
    strike = board.strike[grid]
    keep = np.all(np.diff(strike, axis=1) > 0, axis=1) if len(names) > 1 else np.ones(len(grid), dtype=bool)
    at = {name: strike[:, place] for place, name in enumerate(names)}
    for a, b, c, d in structure.equal:
        keep &= np.abs((at[b] - at[a]) - (at[d] - at[c])) < 1e-6
    for a, b, c, d in structure.more:
        keep &= (at[b] - at[a]) > (at[d] - at[c]) + 1e-6
    grid = _thinned(grid[keep], int(limits["most"]))
    placed = np.stack([_rows(role, names, grid, sheet) for role in structure.legs], axis=1) if len(grid) else grid
    if not len(grid):
        return np.empty((0, len(structure.legs)), dtype=np.intp), refused
    fine = np.all((placed >= 0) & allowed[placed], axis=1)
    return placed[fine], refused + int((~fine).sum())


def _strikes(role: Role, deltas: tuple[float, float], sheet: Sheet, allowed: np.ndarray) -> tuple[Rows, int]:
    board, term = sheet.board, sheet.far if role.far else sheet.near
    assert term is not None
    rows = term.rows[board.call[term.rows] == (role.right == "C")]
    delta = np.abs(board.delta[rows])
    inside = rows[(delta >= deltas[0]) & (delta <= deltas[1])]
    fine = inside[allowed[inside]]
    if not len(fine) and allowed[rows].any():
        # Strikes lie far apart: the nearest one will do, if it is not far off.
        left = rows[allowed[rows]]
        away = np.abs(np.abs(board.delta[left]) - sum(deltas) / 2)
        fine = left[away <= (deltas[1] - deltas[0]) / 2 + _SLACK][: len(left)]
        fine = fine[np.argsort(np.abs(np.abs(board.delta[fine]) - sum(deltas) / 2))[:1]]
    return fine, int((~allowed[inside]).sum())


def _rows(role: Role, names: list[str], grid: Rows, sheet: Sheet) -> Rows:
    """The contracts of one leg, given the strikes that were chosen."""
    board = sheet.board
    if role.right == "S":
        return np.full(len(grid), board.share, dtype=np.intp)
    term = sheet.far if role.far else sheet.near
    assert term is not None
    day, call = term.expiry.toordinal(), role.right == "C"
    strikes = board.strike[grid[:, names.index(role.strike)]]
    unique, back = np.unique(strikes, return_inverse=True)
    found = np.array([board.places.get((day, round(float(at), 3), call), -1) for at in unique], dtype=np.intp)
    return np.asarray(found[back])


def _thinned(items: Rows, most: int) -> Rows:
    if len(items) <= most:
        return items
    return np.asarray(items[np.unique(np.linspace(0, len(items) - 1, most).round().astype(int))])


def valued(structure: Structure, sheet: Sheet, rules: Rules, rows: Rows) -> Found:
    """All of them at once."""
    board, costs = sheet.board, rules.costs
    shares = np.array([leg.quantity * (1.0 if leg.right == "S" else SHARES) for leg in structure.legs])
    fees = sum(abs(leg.quantity) * (costs.share if leg.right == "S" else costs.contract) for leg in structure.legs)
    mid = board.mid[rows] @ shares
    natural = np.where(shares > 0, board.ask[rows], board.bid[rows]) @ shares
    friction = costs.slippage * (natural - mid) + fees
    cost = mid + friction
    place = sheet.place[rows]
    ends = np.einsum("nlp,l->np", sheet.ends[place], shares)
    views = ends if sheet.views is sheet.ends else np.einsum("nlp,l->np", sheet.views[place], shares)
    profit = ends - cost[:, None]
    discount = math.exp(-sheet.near.rate * sheet.near.years)
    loss, gain = _extremes(structure, board, rows, shares, cost, profit)
    inside = [int(np.searchsorted(sheet.prices, at)) for at in sheet.stress]
    low, high = max(inside[0] - 1, 0), min(inside[1] + 1, len(sheet.prices))
    stress = np.maximum(-profit[:, low:high].min(axis=1), 0.0)
    spread = natural - mid
    return Found(
        structure,
        sheet,
        rows,
        np.broadcast_to(shares, rows.shape),
        cost,
        spread,
        loss,
        gain,
        stress,
        _chance(profit, sheet),
        ends @ sheet.market * discount - cost,
        views @ sheet.view - cost,
        board.vega[rows] @ shares * 0.01,
        board.theta[rows] @ shares / 365,
        board.delta[rows] @ shares,
        np.where(np.isfinite(board.open_interest[rows]), board.open_interest[rows], np.inf).min(axis=1),
    )


def _extremes(
    structure: Structure, board: Board, rows: Rows, shares: Floats, cost: Floats, profit: Floats
) -> tuple[Floats, Floats]:
    """The largest loss (infinite where there is none) and gain: exact, or on the grid of prices where a leg lives on."""
    if not structure.several:
        found = payoff.extremes(np.broadcast_to(shares, rows.shape), board.strike[rows], board.call[rows], cost)
        return np.maximum(-found.low, 0.0), found.high
    slope = np.where(board.call[rows], shares, 0.0).sum(axis=1)
    return (
        np.where(slope < -1e-9, np.inf, np.maximum(-profit.min(axis=1), 0.0)),
        np.where(slope > 1e-9, np.inf, profit.max(axis=1)),
    )


def _chance(profit: Floats, sheet: Sheet) -> Floats:
    """The part of the distribution where something is made; between two prices the line tells where it begins."""
    left, right = profit[:, :-1], profit[:, 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where((left > 0) == (right > 0), (left > 0).astype(float), np.maximum(left, right) / np.abs(right - left))
    below = sheet.odds.under(sheet.prices)
    tails = (profit[:, 0] > 0) * below[0] + (profit[:, -1] > 0) * (1 - below[-1])
    return np.asarray(np.clip(share @ np.diff(below) + tails, 0.0, 1.0))
