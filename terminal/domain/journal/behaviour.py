"""Patterns in how someone trades, each with its evidence: the trades, how many there are, and whether they are enough.

Nothing is called a pattern because it happened; it must cost something, or be more than chance would have it. Two groups
are compared by the rank test of Mann and Whitney (1947), which asks nothing of their distribution.
"""

from __future__ import annotations

import math
import statistics as plain
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from terminal.domain.journal.statistics import Outcome, ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

Verdict = Literal["seen", "not seen", "too few to say"]
ENOUGH = 8
"""So many trades are needed on either side of a comparison."""
CHANCE = 0.1
"""A difference that chance alone would bring less often than this, in one direction, counts."""
AGAIN_HOURS = 1.0
BEFORE = 20
"""The size of a trade is compared with the middle of so many before it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked for and found. `n` trades show it, `others` do not; `keys` are the trades, the newest first.

    `typical` and `usual`: the figure compared (`what` it is) in the middle of both; `chance`: how often a difference like this
    comes about by chance (None: not tested). `cost`: what those trades have made together.
    """

    kind: str
    title: str
    verdict: Verdict
    n: int
    others: int
    what: str
    typical: float | None
    usual: float | None
    chance: float | None
    cost: float | None
    keys: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When a trade was opened and closed, as exactly as it is known."""

    opened: datetime
    closed: datetime
    timed: bool


def findings(outcomes: Sequence[Outcome], moments: Mapping[str, Moment]) -> tuple[Finding, ...]:
    """Revenge, overtrading, cut winners and held losers, and size after losses; always all of them."""
    found = ordered(outcomes)
    return (revenge(found, moments), overtrading(found), disposition(found), size_after_losses(found, moments))


def revenge(found: Sequence[Outcome], moments: Mapping[str, Moment], hours: float = AGAIN_HOURS) -> Finding:
    """Trades opened soon after a loss was taken: do they earn less than the others?

    Soon is within `hours`; without times of day, on the day of the loss.
    """
    following = _following(found, moments, hours)
    soon = [one for one in found if one.key in following]
    rest = [one for one in found if one.key not in following]
    typical, usual, chance = _compared(soon, rest, _result)
    verdict = _judged(len(soon), len(rest), chance)
    when = "within an hour of a loss" if hours == 1 else f"within {hours:g} hours of a loss"
    text = f"{len(soon)} of {len(found)} trades were opened {when} (or on its day, where times are not known). "
    return Finding("revenge", "Revenge trading", verdict, len(soon), len(rest), "result", typical, usual, chance,
                   _sum(soon), _keys(soon), text + _ending(verdict, "They did worse than the others.",
                                                           "They did not do worse than the others."))  # fmt: skip


def overtrading(found: Sequence[Outcome]) -> Finding:
    """Days with far more trades than usual: do the trades of those days earn less?

    Far more: above the upper quartile of all days by one and a half times the range between the quartiles, and at least 3.
    """
    by_day: dict[object, list[Outcome]] = defaultdict(list)
    for one in found:
        by_day[one.opened].append(one)
    counts = sorted(len(ones) for ones in by_day.values())
    limit = 3.0
    if len(counts) >= 4:
        low, _, high = plain.quantiles(counts, n=4, method="inclusive")
        limit = max(3.0, high + 1.5 * (high - low))
    usual_day = plain.median(counts) if counts else 0.0
    busy = [one for one in found if len(by_day[one.opened]) >= limit and len(by_day[one.opened]) > usual_day]
    many = {one.key for one in busy}
    rest = [one for one in found if one.key not in many]
    days = len({one.opened for one in busy})
    typical, usual, chance = _compared(busy, rest, _result)
    verdict = _judged(len(busy), len(rest), chance)
    text = f"On {days} of {len(by_day)} days you opened {math.ceil(limit)} trades or more, {len(busy)} trades in all. "
    return Finding("overtrading", "Overtrading", verdict, len(busy), len(rest), "result", typical, usual, chance, _sum(busy),
                   _keys(busy), text + _ending(verdict, "The trades of those days did worse.",
                                               "The trades of those days did not do worse."))  # fmt: skip


def disposition(found: Sequence[Outcome]) -> Finding:
    """Cutting winners and holding losers: are losers held longer than winners (H. Shefrin and M. Statman, 1985)?"""
    won = [one for one in found if one.profit > 0 and one.held_days is not None]
    lost = [one for one in found if one.profit < 0 and one.held_days is not None]
    typical, usual, chance = _compared(won, lost, lambda one: one.held_days)
    verdict = _judged(len(won), len(lost), chance)
    text = f"{len(won)} winners were held for {_days(typical)}, {len(lost)} losers for {_days(usual)} (medians). "
    return Finding("disposition", "Cutting winners, holding losers", verdict, len(won), len(lost), "days held", typical, usual,
                   chance, None, _keys(lost if verdict == "seen" else won), text + _ending(
                       verdict, "Losers are held longer than winners.", "Losers are not held longer than winners."))  # fmt: skip


def size_after_losses(found: Sequence[Outcome], moments: Mapping[str, Moment]) -> Finding:
    """The size of the next trade after a loss and after a gain, against the middle of the twenty before it."""
    begun = sorted((one for one in found if one.key in moments and one.size), key=lambda one: (moments[one.key].opened, one.key))
    ends = sorted((moments[one.key].closed, one.key, one) for one in found if one.key in moments and one.profit)
    closings = [closed for closed, _, _ in ends]
    after_loss: list[tuple[Outcome, float]] = []
    after_gain: list[float] = []
    for at, one in enumerate(begun):
        before = [abs(each.size) for each in begun[max(0, at - BEFORE) : at] if each.size]
        last = bisect_right(closings, moments[one.key].opened) - 1
        if len(before) < 5 or last < 0 or not one.size:
            continue
        ratio = abs(one.size) / plain.median(before)
        if ends[last][2].profit < 0:
            after_loss.append((one, ratio))
        else:
            after_gain.append(ratio)
    larger = [ratio for _, ratio in after_loss]
    chance = chance_of([-each for each in larger], [-each for each in after_gain])
    verdict = _judged(len(larger), len(after_gain), chance)
    typical = plain.median(larger) if larger else None
    usual = plain.median(after_gain) if after_gain else None
    text = (f"After a loss the next trade was {_times(typical)} the usual size ({len(larger)} trades), after a gain "
            f"{_times(usual)} ({len(after_gain)}). ")  # fmt: skip
    shown = [one for one, ratio in after_loss if ratio > 1]
    return Finding("size", "Size after losses", verdict, len(larger), len(after_gain), "times the usual size", typical, usual,
                   chance, _sum(shown), _keys(shown), text + _ending(verdict, "You trade larger after a loss.",
                                                                     "You do not trade larger after a loss."))  # fmt: skip


def chance_of(less: Sequence[float], more: Sequence[float]) -> float | None:
    """How often chance alone would rank `less` so far below `more`: Mann and Whitney's test in one direction.

    Normal approximation with the correction for ties and for continuity; None when one of them is empty or all are equal.
    """
    one, other = len(less), len(more)
    if not one or not other:
        return None
    ranks, ties = _ranks([*less, *more])
    n = one + other
    u = sum(ranks[:one]) - one * (one + 1) / 2
    variance = one * other / 12 * (n + 1 - ties / (n * (n - 1))) if n > 1 else 0.0
    if variance <= 0:
        return None
    z = (u + 0.5 - one * other / 2) / math.sqrt(variance)
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _ranks(values: Sequence[float]) -> tuple[list[float], float]:
    """Ranks, equal values sharing theirs; and the sum of t^3 - t over ties."""
    order = sorted(range(len(values)), key=lambda at: values[at])
    ranks, ties, start = [0.0] * len(values), 0.0, 0
    while start < len(order):
        end = start
        while end + 1 < len(order) and values[order[end + 1]] == values[order[start]]:
            end += 1
        for at in order[start : end + 1]:
            ranks[at] = (start + end) / 2 + 1
        count = end - start + 1
        ties, start = ties + count**3 - count, end + 1
    return ranks, ties


def _following(found: Sequence[Outcome], moments: Mapping[str, Moment], hours: float) -> set[str]:
    """The keys of those opened soon after a loss was taken."""
    losses = [moments[one.key] for one in found if one.profit < 0 and one.key in moments]
    ends = sorted(one.closed for one in losses if one.timed)
    days = {one.closed.date(): one for one in sorted(losses, key=lambda one: one.opened, reverse=True)}
    soon = set()
    for one in found:
        moment = moments.get(one.key)
        if moment is None:
            continue
        if moment.timed:
            at = bisect_right(ends, moment.opened) - 1
            near = at >= 0 and (moment.opened - ends[at]).total_seconds() <= hours * 3600 and ends[at] != moment.closed
        else:
            loss = days.get(moment.opened.date())
            near = loss is not None and loss.opened < moment.opened
        if near:
            soon.add(one.key)
    return soon


def _compared(
    some: Sequence[Outcome], rest: Sequence[Outcome], figure: Callable[[Outcome], float | None]
) -> tuple[float | None, float | None, float | None]:
    left = [value for one in some if (value := figure(one)) is not None]
    right = [value for one in rest if (value := figure(one)) is not None]
    return plain.median(left) if left else None, plain.median(right) if right else None, chance_of(left, right)


def _result(one: Outcome) -> float:
    """Profit for the money tied up, so that large and small trades compare; else the money itself."""
    return one.profit / abs(one.size) if one.size else one.profit


def _judged(n: int, others: int, chance: float | None) -> Verdict:
    if n < ENOUGH or others < ENOUGH:
        return "too few to say"
    return "seen" if chance is not None and chance < CHANCE else "not seen"


def _ending(verdict: Verdict, seen: str, unseen: str) -> str:
    return {"seen": seen, "not seen": unseen}.get(verdict, f"Too few to say: {ENOUGH} on both sides are needed.")


def _sum(some: Sequence[Outcome]) -> float | None:
    return math.fsum(one.profit for one in some) if some else None


def _keys(some: Sequence[Outcome]) -> tuple[str, ...]:
    return tuple(one.key for one in reversed(some))


def _days(value: float | None) -> str:
    if value is None:
        return "an unknown time"
    return f"{value:.1f} days" if value >= 1 else f"{value * 24:.1f} hours"


def _times(value: float | None) -> str:
    return "not known times" if value is None else f"{value:.2f} times"
