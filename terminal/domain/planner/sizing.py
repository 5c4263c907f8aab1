"""How many times a position may be taken: by what may be lost, by what the account can set aside, in whole units, never up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from terminal.domain.planner.margin import Kind
    from terminal.domain.planner.position import Position

SMALL = 25_000.0
DAY_TRADES = (
    "Accounts under $25,000: until 2026 FINRA called four day trades within five days pattern day trading and asked for $25,000. "
    "The SEC approved its replacement by intraday margin standards on 14 April 2026 (SR-FINRA-2025-017); it is in effect from "
    "4 June 2026, and brokers may take until 20 October 2027 to follow. Which of the two holds for you: check with your broker."
)
"""As of 2026. 91 FR 20731 (17 April 2026) and FINRA's notice of 20 April 2026."""


@dataclass(frozen=True, slots=True)
class Purse:
    """`risk`: what may be lost, in money; `power`: what the account can set aside; `budget`: what may be spent at the start
    (None: not limited); `account` what it holds in all (None: not said)."""

    risk: float
    power: float = math.inf
    budget: float | None = None
    account: float | None = None
    kind: Kind = "margin"
    index: bool = False

    @property
    def money(self) -> float:
        """The most that may be spent at the start."""
        return min(self.power, math.inf if self.budget is None else self.budget)


@dataclass(frozen=True, slots=True)
class Size:
    """`count` whole units; `by`: what limits it (risk, buying power, budget, or what the account may not hold). `loss` and
    `power` are what one unit risks and needs."""

    count: int
    by: str
    loss: float
    power: float


def size(one: Position, risk: float, purse: Purse) -> Size:
    """`one`: of one unit; `risk`: what one unit may lose."""
    margin = one.margin(purse.kind, index=purse.index)
    if margin.why:
        return Size(0, margin.why, risk, margin.buying_power)
    rooms = [(purse.risk / risk if risk > 0 else math.inf, "risk")]
    if margin.buying_power > 0:
        rooms.append((purse.power / margin.buying_power, "buying power"))
    if purse.budget is not None and one.cost > 0:
        rooms.append((purse.budget / one.cost, "budget"))
    least, by = min(rooms, key=lambda room: room[0])
    if math.isinf(least):
        return Size(0, "nothing is at risk, so nothing limits it: say a budget", risk, margin.buying_power)
    return Size(max(0, math.floor(least + 1e-9)), by, risk, margin.buying_power)


def at_risk(one: Position, stress: float) -> tuple[float, float | None, bool]:
    """What one unit may lose, at which price of the share, and whether that is all it can lose.

    Where the loss has no limit, or grows with each dollar towards zero (shares, short puts), it is the loss at the worst price
    within `stress` expected moves until the first expiry.
    """
    low, _, at, _ = one.extremes
    sinking = sum(leg.shares * (1 if leg.right == "S" else -1) for leg in one.legs if leg.right != "C")
    if math.isfinite(low) and sinking <= 0:
        return max(-low, 0.0), at, True
    reach = stress * one.odds.sigma * math.sqrt(one.first.years)
    spots = one.board.spot * np.exp(np.linspace(-reach, reach, 241))
    made = one.profit(spots)
    worst = int(made.argmin())
    return max(-float(made[worst]), 0.0), float(spots[worst]), False
