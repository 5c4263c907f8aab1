"""What past reports did to a price: moves close to close around each, split by beat and miss, and what they say about timing.

Every statistic carries the number of reports it rests on; below `LEAST` reports a rate or a share is unknown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, Literal

from terminal.domain.earnings import window
from terminal.domain.format import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from terminal.domain.earnings_reports import Report
    from terminal.domain.sessions import Calendar

Outcome = Literal["beat", "met", "miss"]

# Reports that count: five years of quarters for moves, two for the beat rate (as the screener's field of that name).
MOST, RATED, LEAST = 20, 8, 4
# Consensus profits nearer to zero than this make a surprise in per cent meaningless.
SMALLEST_ESTIMATE = 0.02
_CENT = 1e-4


@dataclass(frozen=True, slots=True)
class Move:
    """One report and the price's answer: close of `after` / close of `before` - 1, null with its `reason`.

    `sessions` is 1, or 2 when the hour of the report is not known and both days are inside.
    """

    report: Report
    before: date | None
    after: date | None
    sessions: int
    move: float | None
    reason: str
    outcome: Outcome | None
    surprise: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Moves of some reports: how many, mean and median size without sign, mean with sign; None for none."""

    n: int
    mean_size: float | None
    median_size: float | None
    mean: float | None
    two_days: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a company's reports. `beat_rate` over up to 8 reports with estimate and result, the rest over up to 20.

    `surprise` is the mean of (result - estimate) / |estimate|, `surprise_median` its median. `error` is the standard error
    of the mean move with sign.
    """

    reports: int
    beat_rate: float | None
    beat_n: int
    surprise: float | None
    surprise_median: float | None
    surprise_n: int
    all: Spread
    beats: Spread
    misses: Spread
    error: float | None
    ups: int


def outcome_of(report: Report) -> Outcome | None:
    """Whether profit per share was above, at or below what was expected; None when either is unknown."""
    if report.eps_actual is None or report.eps_estimate is None:
        return None
    difference = report.eps_actual - report.eps_estimate
    return "beat" if difference > _CENT else "miss" if difference < -_CENT else "met"


def surprise_of(report: Report) -> float | None:
    """(result - estimate) / |estimate|; unknown for estimates within two cents of zero."""
    if report.eps_actual is None or report.eps_estimate is None or abs(report.eps_estimate) < SMALLEST_ESTIMATE:
        return None
    return (report.eps_actual - report.eps_estimate) / abs(report.eps_estimate)


def moves(reports: Sequence[Report], closes: Mapping[date, float], calendar: Calendar, last: date) -> list[Move]:
    """The move on each report, in the order given. `closes` are split-adjusted; `last` is the newest finished session."""
    return [_move(report, closes, calendar, last) for report in reports]


def _move(report: Report, closes: Mapping[date, float], calendar: Calendar, last: date) -> Move:
    outcome, surprise = outcome_of(report), surprise_of(report)
    try:
        before, after = window(report.day, report.time_of_day, calendar)
    except ValueError as error:
        return Move(report, None, None, 0, None, str(error), outcome, surprise)
    sessions = len(calendar.sessions(before, after)) - 1
    missing = [day for day in (before, after) if not closes.get(day)]
    reason = (f"the session of {after} has not ended" if after > last
              else f"no close of {missing[0]} is stored" if missing else "")
    move = None if reason else closes[after] / closes[before] - 1
    return Move(report, before, after, sessions, move, reason, outcome, surprise)


def record(past: Sequence[Move]) -> Record:
    """The statistics of moves, the newest first."""
    counted = list(past[:MOST])
    judged = [each for each in past if each.outcome is not None][:RATED]
    surprises = [each.surprise for each in counted if each.surprise is not None]
    known = [each.move for each in counted if each.move is not None]
    return Record(
        reports=len(past),
        beat_rate=sum(each.outcome == "beat" for each in judged) / len(judged) if len(judged) >= LEAST else None,
        beat_n=len(judged),
        surprise=fmean(surprises) if surprises else None,
        surprise_median=median(surprises) if surprises else None,
        surprise_n=len(surprises),
        all=spread(counted),
        beats=spread([each for each in counted if each.outcome == "beat"]),
        misses=spread([each for each in counted if each.outcome == "miss"]),
        error=stdev(known) / math.sqrt(len(known)) if len(known) >= LEAST else None,
        ups=sum(move > 0 for move in known),
    )


def spread(some: Sequence[Move]) -> Spread:
    """How large the moves were; moves that are not known do not count."""
    known = [each for each in some if each.move is not None]
    signed = [each.move for each in known if each.move is not None]
    if not signed:
        return Spread(0, None, None, None)
    sizes = [abs(move) for move in signed]
    return Spread(len(signed), fmean(sizes), median(sizes), fmean(signed), sum(each.sessions > 1 for each in known))


# -- timing --------------------------------------------------------------------------------------------------------

Advice = Literal["wait", "before", "no edge", "far", "unknown"]
NEAR_DAYS = 21
_CLEAR = 0.6
# Standard errors from zero. Among many companies one would clear a lower bar by chance alone.
_SURE = 2
_MOST_DEAR = 0.8


@dataclass(frozen=True, slots=True)
class Timing:
    """Whether the record speaks for buying before the report, for waiting, or for neither; each reason has its numbers."""

    advice: Advice
    reasons: tuple[str, ...]


def timing(past: Record, days: int | None, implied_rank: float | None = None, disputed: bool = False) -> Timing:
    """The rule, first match counts. Moves are with sign; n is their number.

    1. no date, or more than 21 days away: "far"; 2. fewer than 4 known moves: "unknown"; 3. "wait" when the mean move is more
    than two standard errors below zero and at most 40 % rose, or when the date is disputed or options expect more than 80 % of
    its past moves while the mean is not clearly above zero; 4. "before" when the mean is more than two standard errors above
    zero and at least 60 % rose; 5. else "no edge".
    """
    if days is None or days > NEAR_DAYS:
        return Timing("far", ("no date is known" if days is None else f"the report is {days} days away, so that it need not "
                              "decide anything now",))
    if past.all.n < LEAST or past.all.mean is None or past.error is None:
        return Timing("unknown", (f"only {past.all.n} past {'reaction is' if past.all.n == 1 else 'reactions are'} known, "
                                  f"{LEAST} are needed",))
    mean, n = past.all.mean, past.all.n
    rose = past.ups / n
    bound = _SURE * past.error
    up, down = mean > bound and rose >= _CLEAR, mean < -bound and rose <= 1 - _CLEAR
    told = [f"after the last {n} reports the price rose {past.ups} times, {percent(mean, sign=True)} on average "
            f"(give or take {percent(bound)})"]
    if past.beats.mean is not None and past.misses.mean is not None:
        told += [f"{percent(past.beats.mean, sign=True)} on a beat (n = {past.beats.n})",
                 f"{percent(past.misses.mean, sign=True)} on a miss (n = {past.misses.n})"]
    dear = implied_rank is not None and implied_rank > _MOST_DEAR
    if dear and implied_rank is not None:
        told.append(f"options expect a larger move than on {round(implied_rank * n)} of those {n}")
    if disputed:
        told.append("its date is disputed, so that the risk may come on another day than you think")
    if down or ((dear or disputed) and not up):
        return Timing("wait", tuple(told))
    return Timing("before" if up else "no edge", tuple(told))
