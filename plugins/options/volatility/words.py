"""Volatility in sentences anybody understands. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from terminal.domain import format as written

if TYPE_CHECKING:
    from datetime import date

    from plugins.options.volatility.gathering import Stands
    from terminal.domain.volatility import Expected, Ring, Standing

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_NEAR = timedelta(days=7)


def until(day: date, today: date) -> str:
    """`Friday`, `4 December`: a day as one says it."""
    if today < day <= today + _NEAR:
        return _DAYS[day.weekday()]
    return written.day_of_year(day) if day.year == today.year else written.day(day)


def expects(symbol: str, move: Expected, today: date) -> str:
    """`The market expects SPY to move about 1.8 % until Friday: between 768 and 797 two times in three.`"""
    day = until(move.expiry, today)
    if move.best is None:
        return f"What the market expects of {symbol} until {day} is not known: {move.reasons[0]}."
    said = f"The market expects {symbol} to move about {written.percent(move.best)} until {day}"
    low, high = move.ranges["iv" if move.by_iv is not None else "straddle"]
    decimals = 0 if move.price >= 200 else 2
    around = f"{written.number(low, decimals)} and {written.number(high, decimals)}"
    odds = "two times in three" if move.by_iv is not None else "most of the time"
    return f"{said}: between {around} {odds}."


def against_the_past(move: Expected) -> str:
    """What prices really did over as many sessions; "" when that is unknown."""
    past = move.past
    if past is None or move.best is None:
        return ""
    many = "session" if past.sessions == 1 else f"{past.sessions} sessions"
    moved = f"In the past it moved {written.percent(past.typical)} or less over {many} two times in three"
    ratio = move.best / past.typical if past.typical > 0 else None
    if ratio is None:
        return f"{moved}."
    verdict = "more than usual is expected" if ratio > 1.15 else "less than usual is expected" if ratio < 1 / 1.15 else "as usual"
    return f"{moved}: {verdict}."


def stands(symbol: str, found: Stands) -> str:
    """Whether options are dear or cheap against the past year, and how sure that is."""
    own, other = found.own, found.stand_in
    if own.percentile is not None:
        return (f"Options on {symbol} are {dearness(own)}: expected volatility was lower on {written.percent(own.percentile, 0)} "
                f"of the past days ({own.observed} of {own.of} observed).")  # fmt: skip
    if other.percentile is None:
        return f"Whether options on {symbol} are dear is not known: {own.reason}."
    return (f"Whether options on {symbol} are dear is not known yet: {own.reason}. In their place: the price itself moved "
            f"{dearness(other, 'more than usual', 'less than usual', 'about as usual')} lately, more than on "
            f"{written.percent(other.percentile, 0)} of the days of the past year.")  # fmt: skip


def dearness(found: Standing, high: str = "dear", low: str = "cheap", middle: str = "priced about as usual") -> str:
    """In one word where a value stands."""
    if found.percentile is None:
        return "unknown"
    return high if found.percentile >= 0.7 else low if found.percentile <= 0.3 else middle


def realised_against(symbol: str, iv: float | None, hv: float | None) -> str:
    """Expected against what was."""
    if iv is None or hv is None or hv <= 0:
        return ""
    more = "more" if iv > hv else "less"
    return (f"Options on {symbol} expect {written.percent(iv)} a year, {written.multiple(iv / hv, 2)} the "
            f"{written.percent(hv)} of the last 20 sessions: {more} movement than there was.")  # fmt: skip


def ring(found: Ring) -> str:
    """One window of the cone."""
    if found.current is None or found.median is None:
        return f"Over {found.window} sessions: too few past prices."
    side = "above" if found.current > found.median else "below"
    return (f"Over the last {found.window} sessions it moved {written.percent(found.current)} a year, {side} its usual "
            f"{written.percent(found.median)}.")  # fmt: skip
