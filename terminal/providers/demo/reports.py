"""When companies report, what was expected of them, and how much of it was a surprise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from terminal.domain.sessions import Calendar
    from terminal.providers.demo.business import Books
    from terminal.providers.demo.recipe import Bools, Floats, Ints, Recipe

Days = np.ndarray[Any, np.dtype[np.datetime64]]


@dataclass(frozen=True)
class Reports:
    """Arrays (quarters, companies). `period_end`, `day` and `filed` are days; `before_open` when on the day.

    `reaction` is the number of the session in which the price answers (-1: before the first); `answer` the standardised
    surprise as the market takes it; estimates are analysts' means just before the report.
    """

    period_end: Days
    day: Days
    filed: Days
    before_open: Bools
    reaction: Ints
    answer: Floats
    eps_estimate: Floats
    revenue_estimate: Floats
    restated: Floats
    restated_on: Days


def quarters_until(recipe: Recipe, day: date) -> int:
    """How many quarters must be known to speak about `day`: those ended, and five to come."""
    first: date = recipe.document["statements_from"]
    return (day.year - first.year) * 4 + (day.month - first.month) // 3 + 6


def schedule(recipe: Recipe, books: Books, calendar: Calendar, days: list[date], quarters: int) -> Reports:
    """Period ends, report days and estimates for every quarter; `days` are the sessions of the price path."""
    own, path = recipe.stream("reports"), recipe.stream("report path")
    count = len(recipe.companies)
    late = np.where(own.random(count) < 0.80, 0, np.where(own.random(count) < 0.5, 1, 2))
    first = recipe.document["statements_from"]
    months = first.year * 12 + first.month - 1 + 3 * np.arange(quarters)[:, None] + late[None, :]
    following = (months + 1 - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    period_end = following - np.timedelta64(1, "D")
    usual_delay = 17 + (22 * own.random(count)).astype(np.int64)
    cautious = own.random(count)
    before = np.broadcast_to(own.random(count) < 0.55, (quarters, count))
    rows = [_row(path, count) for _ in range(quarters)]
    jitter = np.stack([row[0] for row in rows])
    skill, revenue_skill, mood, hurry, restating = (np.stack([row[1][n] for row in rows]) for n in range(5))
    sessions = _sessions(calendar, first, int(months.max()))
    day = _on_session(period_end + (usual_delay[None, :] + jitter).astype("timedelta64[D]"), sessions)
    lag = np.where(hurry < 0.3, 0, np.clip(3 + np.abs(hurry) * 7, 3, 20)).astype("timedelta64[D]")
    filed = np.maximum(day + lag, period_end + np.timedelta64(20, "D"))
    surprise = 0.018 + 0.02 * cautious[None, :] + 0.055 * skill
    eps = books.items["eps_diluted"]
    scale = np.maximum(np.abs(eps), 0.02)
    estimate = eps - surprise * scale
    answer = np.clip((surprise - 0.028) / 0.055, -3, 3) * 0.75 + 0.65 * mood
    reaction = np.searchsorted(np.array(days, dtype="datetime64[D]"), day, side="left") + np.where(before, 0, 1)
    reaction = np.where(day < np.datetime64(days[0]), -1, reaction)
    restated = np.where(restating > 2.55, 1 - 0.02 * np.abs(mood), 1.0)
    restated_on = filed + np.timedelta64(170, "D")
    return Reports(
        period_end,
        day,
        filed,
        before,
        reaction,
        answer,
        np.round(estimate, 2),
        books.items["revenue"] * (1 - 0.003 - 0.012 * revenue_skill),
        restated,
        restated_on,
    )


def _row(path: np.random.Generator, count: int) -> tuple[Ints, Floats]:
    return path.integers(-3, 6, count), path.standard_normal((5, count))


def _sessions(calendar: Calendar, first: date, last_month: int) -> Days:
    end = min(date(last_month // 12, last_month % 12 + 1, 1) + timedelta(days=120), calendar.last)
    return np.array(calendar.sessions(first, end), dtype="datetime64[D]")


def _on_session(day: Days, sessions: Days) -> Days:
    """The session of that day, or the next one."""
    return np.asarray(sessions[np.minimum(np.searchsorted(sessions, day, side="left"), len(sessions) - 1)])
