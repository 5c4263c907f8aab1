"""One position: what it costs, makes and may lose, revalued in full over price, date and volatility.

Money is of the whole position as its legs say, after the costs of opening it (`Costs`). Until the first expiry every leg is
valued by the model with its own volatility (sticky strike: the smile stays where it is and `shift` moves all of it).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from terminal.domain.planner import margin as margins
from terminal.domain.planner import odds as chances
from terminal.domain.planner import payoff
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from terminal.domain.planner.board import Board, Floats, Term
    from terminal.domain.planner.legs import Leg
    from terminal.domain.planner.odds import Odds

_FAR = np.concatenate([[1e-3], np.exp(np.linspace(-1.6, 1.1, 541)), [6.0]])
GREEKS = ("delta", "gamma", "vega", "theta", "rho")


@dataclass(frozen=True, slots=True)
class Costs:
    """Of opening: how much of the way from the middle to the other side of the quote is paid, and money a contract (a share for
    `share`). Closing costs as much again unless it expires; that is not counted."""

    slippage: float = 0.25
    contract: float = 0.65
    share: float = 0.0


@dataclass(frozen=True)
class Position:
    """Legs on a board. `rows` are their rows, `quantity` in shares with sign, `entry` what each costs a share."""

    board: Board
    legs: tuple[Leg, ...]
    rows: np.ndarray
    quantity: Floats
    costs: Costs = field(default_factory=Costs)

    @cached_property
    def first(self) -> Term:
        """The first expiry among the legs."""
        days = sorted({leg.expiry for leg in self.legs if leg.expiry})
        found = self.board.term(days[0]) if days else self.board.terms[0]
        assert found is not None
        return found

    @cached_property
    def several(self) -> bool:
        """Whether its options expire on different days."""
        return len({leg.expiry for leg in self.legs if leg.expiry}) > 1

    @cached_property
    def mid(self) -> float:
        """What it costs at the middle of the quotes, in money; negative: what one gets."""
        return float(self.quantity @ self._price(self.board.mid))

    @cached_property
    def natural(self) -> float:
        """What it costs when one buys at the ask and sells at the bid."""
        return float(self.quantity @ np.where(self.quantity > 0, self._price(self.board.ask), self._price(self.board.bid)))

    @cached_property
    def fees(self) -> float:
        """Commissions of opening."""
        return sum(abs(leg.quantity) * (self.costs.share if leg.right == "S" else self.costs.contract) for leg in self.legs)

    @cached_property
    def cost(self) -> float:
        """What it is expected to cost: the middle, slippage and commissions."""
        return self.mid + self.costs.slippage * (self.natural - self.mid) + self.fees

    def _price(self, column: Floats) -> Floats:
        typed = np.array([math.nan if leg.price is None else leg.price for leg in self.legs])
        return np.where(np.isnan(typed), column[self.rows], typed)

    def value(self, spots: Floats, elapsed: float, shift: float = 0.0) -> Floats:
        """What all legs are worth at each price once `elapsed` years have passed."""
        return np.asarray(self.quantity @ self.board.worth(self.rows, np.asarray(spots, dtype=np.float64), elapsed, shift))

    def profit(self, spots: Floats, elapsed: float | None = None, shift: float = 0.0) -> Floats:
        """What is made at each price; `elapsed` None: at the first expiry."""
        return self.value(spots, self.first.years if elapsed is None else elapsed, shift) - self.cost

    def grid(self, spots: Floats, elapsed: Sequence[float], shift: float = 0.0) -> Floats:
        """[moment, price] of profit: dates go down, prices across."""
        count, moments = len(self.rows), np.asarray(elapsed, dtype=np.float64)
        made = self.board.worth(np.tile(self.rows, len(moments)), spots, np.repeat(moments, count), shift)
        worth = np.tensordot(self.quantity, made.reshape(len(moments), count, -1), axes=(0, 1))
        return np.asarray(worth) - self.cost

    @cached_property
    def extremes(self) -> tuple[float, float, float, float]:
        """(low, high, where low, where high): exact where all expires at once; by the model at the first expiry else."""
        if not self.several:
            strike, call = self.board.strike[self.rows], self.board.call[self.rows]
            found = payoff.extremes(self.quantity[None], strike[None], call[None], np.array([self.cost]))
            return tuple(float(each[0]) for each in (found.low, found.high, found.low_at, found.high_at))  # type: ignore[return-value]
        spots = np.unique(np.concatenate([self.board.spot * _FAR, self.board.strike[self.rows]]))
        made = self.profit(spots[spots > 0])
        spots = spots[spots > 0]
        slope = float(self.quantity[self.board.call[self.rows]].sum())
        low = -math.inf if slope < -1e-9 else float(made.min())
        high = math.inf if slope > 1e-9 else float(made.max())
        return low, high, float(spots[made.argmin()]), float(spots[made.argmax()])

    @cached_property
    def breakevens(self) -> tuple[float, ...]:
        """Where nothing is made or lost at the first expiry; exact, or by the model where later legs live on."""
        if not self.several:
            strike, call = self.board.strike[self.rows], self.board.call[self.rows]
            return payoff.breakevens(self.quantity, strike, call, self.cost)
        return payoff.roots(self.profit, self.board.spot * _FAR[1:-1])

    @cached_property
    def odds(self) -> Odds:
        """The market's chances at the first expiry."""
        return chances.odds(self.board, self.first)

    def chance(self, odds: Odds | None = None) -> float:
        """The chance to have made something at the first expiry."""
        using = odds or self.odds
        edges = (0.0, *self.breakevens, math.inf)
        total = 0.0
        for left, right in pairwise(edges):
            inside = (left + right) / 2 if math.isfinite(right) else (left * 1.5 or self.board.spot)
            if float(self.profit(np.array([inside]))[0]) > 0:
                total += (1.0 if math.isinf(right) else float(using.under(right))) - (float(using.under(left)) if left else 0.0)
        return min(max(total, 0.0), 1.0)

    def expected(self, odds: Odds | None = None) -> float:
        """The mean of what the legs are worth at the first expiry, discounted to now, less what opening costs: at the
        market's own odds that is about what quotes and commissions take."""
        using = odds or self.odds
        later = float(using.weights @ self.value(using.prices, self.first.years))
        return later * math.exp(-self.first.rate * self.first.years) - self.cost

    def touch(self, price: float) -> float:
        """The chance that the share reaches a price before the first expiry, with the smile's volatility there."""
        term = self.first
        level = float(chances.smile(self.board, term)(np.array([price]))[0])
        return chances.touched(self.board.spot, price, level, term.years, term.rate - term.carry)

    @cached_property
    def greeks(self) -> dict[str, float]:
        """Of the position: delta and gamma in shares, vega for a point of volatility, theta a day, rho for a point of rate."""
        unit = {"delta": 1.0, "gamma": 1.0, "vega": 0.01, "theta": 1 / 365, "rho": 0.01}
        return {name: float(self.quantity @ getattr(self.board, name)[self.rows]) * unit[name] for name in GREEKS}

    def margin(self, kind: margins.Kind = "margin", *, index: bool = False) -> margins.Margin:
        """What the broker asks for, premiums at the prices expected to be paid."""
        paid = self._price(self.board.mid)
        held = [
            margins.Held(leg.quantity, leg.right, leg.strike, leg.expiry, float(price))
            for leg, price in zip(self.legs, paid, strict=True)
        ]
        found = margins.margin(held, self.board.spot, kind, index=index)
        return margins.Margin(found.buying_power + (self.cost - self.mid), found.required, found.rule, found.why)


def position(board: Board, legs: Sequence[Leg], costs: Costs | None = None) -> Position:
    """Put legs on a board. UserError names a contract the chain does not have, or whose quote may not be used and why."""
    rows = []
    for leg in legs:
        if leg.right == "S":
            rows.append(board.share)
            continue
        assert leg.expiry is not None
        row = board.place(leg.expiry, leg.strike, leg.right)
        if row is None:
            raise UserError(f"{board.symbol} has no {leg.strike:g} {leg.right} of {leg.expiry}.", near(board, leg))
        if not board.usable[row]:
            why = board.reasons[row] or "its volatility is not known"
            raise UserError(
                f"The quote of {board.symbol} {leg.expiry} {leg.strike:g} {leg.right} may not be used: {why}.",
                f"Take another strike. {near(board, leg)}",
            )
        rows.append(row)
    quantity = np.array([leg.shares for leg in legs], dtype=np.float64)
    return Position(board, tuple(legs), np.array(rows, dtype=np.intp), quantity, costs or Costs())


def near(board: Board, leg: Leg, count: int = 5) -> str:
    """What the chain has instead, as a hint."""
    term = board.term(leg.expiry) if leg.expiry else None
    if term is None:
        days = sorted(board.terms, key=lambda each: abs((each.expiry - leg.expiry).days) if leg.expiry else 0)[:4]
        return f"Its options expire on {', '.join(str(day) for day in sorted(each.expiry for each in days))}."
    rows = [row for row in term.rows if board.usable[row] and bool(board.call[row]) == (leg.right == "C")]
    if not rows:
        return f"No {'call' if leg.right == 'C' else 'put'} of {leg.expiry} has a quote that may be used."
    strikes = sorted(sorted({float(board.strike[row]) for row in rows}, key=lambda at: abs(at - leg.strike))[:count])
    return f"Of {leg.expiry} these may be used: {', '.join(f'{at:g}' for at in strikes)}."


def later(board: Board, day: date) -> float:
    """Years from the board's moment to the close of a day."""
    from datetime import UTC, datetime, time

    moment = datetime.combine(day, time(21, 0), tzinfo=UTC)
    return max((moment - board.at).total_seconds(), 0.0) / (365 * 86_400)
