"""The move that option prices expect over a report, where it stands among past ones, and what it means in money.

Formula: `move` = (call + put) / price, both at the strike nearest to the price and the first expiry whose close follows the
report, each at the middle of bid and ask. The at-the-money straddle is what the market pays for the size of the move until
that expiry, so it holds the ordinary days in between as well. Some multiply by 0.85 for the rule of thumb that a straddle
costs more than what is earned on it; `RULE_OF_THUMB` is for those who compare, nothing here uses it.

`event` is the part of the report's day alone: with total variance w = (pi / 2) x move^2 (for a normal move of standard
deviation s the mean size is s x sqrt(2 / pi)) of two expiries after the report, d1 and d2 sessions away, an ordinary day has
variance b = (w2 - w1) / (d2 - d1), the report's day w1 - b x (d1 - 1), and event = sqrt(2 / pi x that).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.sessions import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from terminal.domain.sessions import Calendar

RULE_OF_THUMB = 0.85
# Quotes so wide that their middle says nothing: both spreads together against the straddle.
WIDEST = 0.5
# The strike must be about at the money for the straddle to mean the size of a move.
FARTHEST_STRIKE = 0.05
LEAST = 4
# With more sessions than this until the expiry, a straddle says more about ordinary days than about the report.
SHORT = 5
_HALF_PI = math.pi / 2


@dataclass(frozen=True, slots=True)
class Straddle:
    """Call and put at one strike and expiry, in money; `sessions` from the quote's day to the expiry."""

    expiry: date
    strike: float
    call: float
    put: float
    price: float
    sessions: int

    @property
    def move(self) -> float:
        """(call + put) / price."""
        return (self.call + self.put) / self.price


@dataclass(frozen=True, slots=True)
class Implied:
    """The expected move, a fraction of the price. Unknown (None) with its `reason`; `event` None: not separable."""

    move: float | None
    event: float | None = None
    straddle: Straddle | None = None
    at: datetime | None = None
    fetch_id: int | None = None
    reason: str = ""
    event_reason: str = ""

    @property
    def comparable(self) -> float | None:
        """What may be held against past moves: the report's day alone, or the straddle when it holds few other days."""
        if self.event is not None:
            return self.event
        return self.move if self.straddle is not None and self.straddle.sessions <= SHORT else None


def implied_move(chain: pl.DataFrame, reaction: date, calendar: Calendar) -> Implied:
    """What a chain of one symbol (rows of CHAINS of one moment) expects; `reaction`: the session that answers the report."""
    if chain.is_empty():
        return Implied(None, reason="no option chain is stored")
    at, fetch = chain["at"].max(), chain["fetch_id"].max() if "fetch_id" in chain.columns else None
    day = at.astimezone(NEW_YORK).date()  # type: ignore[union-attr]
    known: dict[str, object] = {"at": at, "fetch_id": fetch}
    if day >= reaction:
        return Implied(None, reason="the stored chain is from after the report", **known)  # type: ignore[arg-type]
    after = sorted(expiry for expiry in chain["expiry"].unique() if expiry >= reaction)
    if not after:
        return Implied(None, reason="no stored expiry follows the report", **known)  # type: ignore[arg-type]
    first = straddle(chain, after[0], day, calendar)
    if isinstance(first, str):
        return Implied(None, reason=first, **known)  # type: ignore[arg-type]
    event, why = _event_part(first, [straddle(chain, expiry, day, calendar) for expiry in after[1:4]])
    return Implied(first.move, event, first, event_reason=why, **known)  # type: ignore[arg-type]


def straddle(chain: pl.DataFrame, expiry: date, day: date, calendar: Calendar) -> Straddle | str:
    """The at-the-money straddle of one expiry, or why there is none."""
    price = chain["underlying_price"].drop_nulls()
    if price.is_empty() or not price[0] > 0:
        return "the chain does not state the stock's price"
    spot = float(price[0])
    middle = pl.when((pl.col("bid") > 0) & (pl.col("ask") >= pl.col("bid"))).then((pl.col("bid") + pl.col("ask")) / 2)
    quoted = (
        chain.filter(pl.col("expiry") == expiry)
        .with_columns(middle.alias("_middle"), (pl.col("ask") - pl.col("bid")).alias("_width"))
        .drop_nulls("_middle")
    )
    calls, puts = (
        quoted.filter(pl.col("right") == side).select("strike", pl.col("_middle").alias(side), pl.col("_width").alias(f"w{side}"))
        for side in ("C", "P")
    )
    both = calls.join(puts, on="strike").sort((pl.col("strike") - spot).abs(), "strike")
    if both.is_empty():
        return f"no strike of {expiry} has both a call and a put with bid and ask"
    strike, call, call_width, put, put_width = both.row(0)
    if abs(strike / spot - 1) > FARTHEST_STRIKE:
        return f"no strike of {expiry} near the price has both a call and a put with bid and ask"
    if call_width + put_width > WIDEST * (call + put):
        return f"the quotes of {expiry} are too far apart to mean anything"
    sessions = len(calendar.sessions(day, expiry)) - calendar.is_session(day)
    return Straddle(expiry, strike, call, put, spot, sessions)


def _event_part(first: Straddle, later: Sequence[Straddle | str]) -> tuple[float | None, str]:
    second = next((each for each in later if isinstance(each, Straddle) and each.sessions > first.sessions), None)
    if second is None:
        return None, "only one usable expiry follows the report"
    one, two = _HALF_PI * first.move**2, _HALF_PI * second.move**2
    ordinary = (two - one) / (second.sessions - first.sessions)
    own = one - ordinary * (first.sessions - 1)
    if ordinary < 0 or own <= 0:
        return None, "the two expiries' prices contradict each other"
    return math.sqrt(own / _HALF_PI), ""


def rank(implied: float | None, past: Iterable[float | None]) -> tuple[float | None, int]:
    """The share of past moves (their sizes) that the implied one reaches or exceeds, and their number; unknown below four."""
    sizes = [abs(move) for move in past if move is not None]
    if implied is None or len(sizes) < LEAST:
        return None, len(sizes)
    return sum(size <= implied for size in sizes) / len(sizes), len(sizes)


@dataclass(frozen=True, slots=True)
class AtRisk:
    """One position over its report: `value` and `at_risk` in the position's currency, `low` and `high` its price after."""

    value: float
    at_risk: float
    low: float
    high: float


def money_at_risk(quantity: float, price: float, move: float | None) -> AtRisk | None:
    """What a move of that size, either way, means for `quantity` shares (negative: sold short); None when it is unknown.

    A share cannot fall below zero; a short position loses without such a limit.
    """
    if move is None or not price > 0 or move < 0:
        return None
    fall = min(move, 1.0)
    loss = fall if quantity >= 0 else move
    return AtRisk(quantity * price, abs(quantity) * price * loss, price * (1 - fall), price * (1 + move))


def total_at_risk(some: Iterable[AtRisk | None]) -> tuple[float, float, int]:
    """Of several positions in one currency: the sum if all went wrong, the root of the sum of squares if they are independent,
    and how many are unknown.
    """
    every = list(some)
    known = [each.at_risk for each in every if each is not None]
    return math.fsum(known), math.sqrt(math.fsum(each**2 for each in known)), len(every) - len(known)
