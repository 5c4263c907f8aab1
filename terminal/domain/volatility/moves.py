"""How far a price is expected to move until an expiry, told in three ways that stand side by side. Pure.

by_straddle   (call + put) / price at the strike nearest to the price: what the market pays for the size of the move, which is
              about the size of the mean one (`domain.implied_move`; Brenner and Subrahmanyam, "A Simple Formula to Compute the
              Implied Standard Deviation", 1988: straddle = 0.8 x one standard deviation)
by_iv         volatility at the forward x sqrt(years): one standard deviation, which two moves in three stay within
by_history    the size that two past moves in three over as many sessions stayed within, of closes
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from terminal.domain import implied_move
from terminal.domain.sessions import NEW_YORK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy.typing as npt

    from terminal.domain.options.pricing import Priced
    from terminal.domain.sessions import Calendar

    Floats = npt.NDArray[np.float64]

WITHIN = math.erf(1 / math.sqrt(2))
"""The chance of a normal move to stay within one standard deviation: 68.3 %."""
LEAST_PAST = 30
"""Fewer past moves than this say nothing about how far prices go."""
BUCKETS = ((1, 7), (14, 45))
"""Days to expiry that are traded as short and as ordinary."""
_MONTH = 30


@dataclass(frozen=True, slots=True)
class Past:
    """Moves of closes over some sessions, overlapping. `typical`: two in three stayed within it; `mean` size; `low` and `high`:
    the signed moves one in six went below and above."""

    sessions: int
    windows: int
    typical: float
    mean: float
    low: float
    high: float
    sizes: Floats

    @property
    def independent(self) -> int:
        """How many moves lie beside each other in that past."""
        return self.windows // self.sessions + (self.windows % self.sessions > 0)

    def beyond(self, move: float | None) -> float | None:
        """The share of past moves that were larger."""
        return None if move is None else float((self.sizes > move).mean())


@dataclass(frozen=True, slots=True)
class Expected:
    """The expected move until one expiry: fractions of the price, None with a word in `reasons` where unknown. `ranges` are
    prices: (low, high) of each of the three."""

    expiry: date
    root: str
    days: float
    sessions: int | None
    price: float
    by_straddle: float | None
    strike: float | None
    iv: float | None
    by_iv: float | None
    past: Past | None
    ranges: dict[str, tuple[float, float]]
    reasons: tuple[str, ...]

    @property
    def by_history(self) -> float | None:
        """What two past moves in three stayed within."""
        return None if self.past is None else self.past.typical

    @property
    def best(self) -> float | None:
        """What to tell a beginner: one standard deviation where known, else the straddle."""
        return self.by_iv if self.by_iv is not None else self.by_straddle


def past_moves(closes: Floats, sessions: int) -> Past | None:
    """Moves over so many sessions among these closes (in order; NaN unknown); None with fewer than 30."""
    closes = np.asarray(closes, dtype=np.float64)
    if sessions < 1 or len(closes) <= sessions:
        return None
    moves = closes[sessions:] / closes[:-sessions] - 1
    moves = moves[np.isfinite(moves)]
    if len(moves) < LEAST_PAST:
        return None
    sizes = np.abs(moves)
    low, high = np.quantile(moves, ((1 - WITHIN) / 2, (1 + WITHIN) / 2))
    typical = float(np.quantile(sizes, WITHIN))
    return Past(sessions, len(moves), typical, float(sizes.mean()), float(low), float(high), sizes)


def expected_move(priced: Priced, expiry: date, calendar: Calendar, closes: Floats | None = None) -> Expected:
    """The expected move until an expiry of the chain. ValueError for one it does not list."""
    listed = priced.expiries.filter((pl.col("expiry") == expiry) & (pl.col("years") > 0))
    if listed.is_empty():
        raise ValueError(f"the chain of {priced.symbol} lists no expiry on {expiry} that is still ahead")
    terms = listed.sort("usable", descending=True, nulls_last=True).row(0, named=True)
    straddle, sessions, reasons = _straddle(priced, terms, calendar)
    by_straddle = None if straddle is None else straddle.move
    iv, years, forward = terms["atm_iv"], float(terms["years"]), float(terms["forward"])
    if iv is None:
        reasons += ("no volatility at the money: too few usable quotes",)
    by_iv = None if iv is None else float(iv) * math.sqrt(years)
    past = None if closes is None or sessions is None else past_moves(closes, sessions)
    if past is None:
        reasons += ("too few past prices are stored",)
    ranges = {}
    if by_straddle is not None:
        ranges["straddle"] = (priced.spot * max(0.0, 1 - by_straddle), priced.spot * (1 + by_straddle))
    if by_iv is not None:
        ranges["iv"] = (forward * math.exp(-by_iv), forward * math.exp(by_iv))
    if past is not None:
        ranges["history"] = (priced.spot * (1 + past.low), priced.spot * (1 + past.high))
    return Expected(expiry, terms["root"], float(terms["days"]), sessions, priced.spot, by_straddle,
                    None if straddle is None else straddle.strike, iv, by_iv, past, ranges, reasons)  # fmt: skip


def _straddle(
    priced: Priced, terms: dict[str, Any], calendar: Calendar
) -> tuple[implied_move.Straddle | None, int | None, tuple[str, ...]]:
    """The straddle of the usable quotes, the sessions until the expiry (None: beyond the calendar), and what is missing."""
    day, expiry = priced.at.astimezone(NEW_YORK).date(), terms["expiry"]
    if not calendar.first <= day <= expiry <= calendar.last:
        return None, None, (f"the exchange's calendar ends on {calendar.last}",)
    sessions = max(1, sum(each > day for each in calendar.sessions(day, expiry)))
    own = priced.frame.filter((pl.col("expiry") == expiry) & (pl.col("root") == terms["root"]) & pl.col("usable"))
    found = implied_move.straddle(own.with_columns(underlying_price=pl.col("spot")), expiry, day, calendar)
    return (None, sessions, (found,)) if isinstance(found, str) else (found, sessions, ())


def chosen(days: Sequence[tuple[date, float]]) -> list[date]:
    """The expiries that are shown when none is asked for: in each of `BUCKETS` the next one, and the last one of the week or the
    one nearest to a month.

    days: (expiry, days until it).
    """
    found: list[date] = []
    for (low, high), wanted in zip(BUCKETS, (BUCKETS[0][1], _MONTH), strict=True):
        inside = sorted((each for each in days if low - 0.5 <= each[1] <= high + 0.5), key=lambda each: each[1])
        if inside:
            found += [inside[0][0], min(inside, key=lambda each: (abs(each[1] - wanted), each[1]))[0]]
    return list(dict.fromkeys(found))
