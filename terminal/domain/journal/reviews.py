"""When a decision is to be looked at again, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from terminal.domain.journal.decisions import MILESTONES

if TYPE_CHECKING:
    from collections.abc import Sequence

# The most urgent first.
REASONS = ("broken", "stop", "target", "shaken", "report", "over", "milestone", "asked")


@dataclass(frozen=True)
class Due:
    """One reason to look at a decision again, from a day on. `days`: of a milestone, how many after the decision."""

    reason: str
    on: date
    days: int = 0


@dataclass(frozen=True)
class Happened:
    """What calls for a look: the day the thesis became what it is, the first touch of stop and target, reports, the end."""

    status: str = ""
    status_on: date | None = None
    stop_on: date | None = None
    target_on: date | None = None
    reports: tuple[date, ...] = ()
    over_on: date | None = None


def dues(decided: date, asked: date | None, looked: Sequence[date], happened: Happened, today: date) -> tuple[Due, ...]:
    """Why a decision is due on a day, the most urgent first; `looked`: the days of its check-ins.

    A look covers everything up to its own day. Of the milestones only the furthest one passed is named.
    """
    last = max(looked, default=None)
    found = [Due("milestone", decided + timedelta(days=days), days) for days in MILESTONES]
    found = [each for each in found if each.on <= today][-1:]
    if asked is not None:
        found.append(Due("asked", asked))
    if happened.status in ("broken", "shaken") and happened.status_on is not None:
        found.append(Due(happened.status, happened.status_on))  # how it stood when it was written is no news
        found = [each for each in found if each.reason not in ("broken", "shaken") or each.on > decided]
    for reason, day in (("stop", happened.stop_on), ("target", happened.target_on), ("over", happened.over_on)):
        if day is not None:
            found.append(Due(reason, day))
    past = [day for day in happened.reports if decided < day <= today]
    if past:
        found.append(Due("report", max(past)))
    open_ = [each for each in found if each.on <= today and (last is None or each.on > last)]
    return tuple(sorted(open_, key=lambda each: (REASONS.index(each.reason), each.on)))


def next_look(decided: date, asked: date | None, looked: Sequence[date], reports: Sequence[date], today: date) -> Due | None:
    """The next day on which a decision will be due, after today."""
    coming = [Due("milestone", decided + timedelta(days=days), days) for days in MILESTONES]
    coming += [Due("asked", asked)] if asked is not None else []
    coming += [Due("report", day) for day in reports]
    last = max(looked, default=None)
    open_ = [each for each in coming if each.on > today and (last is None or each.on > last)]
    return min(open_, key=lambda each: each.on, default=None)
