"""When a company reports: what several services say about one date, which of them counts, and what the SEC saw of past ones.

A report's date is a dispute. Each service's statement is kept with the time it was made; statements about one report are
put side by side, one of them counts by a rule that is said in words, and earlier ones remain as revisions. Days are days
at the exchange (New York); `time_of_day` is "bmo" before the open, "amc" after the close, "during", or None: not known.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal

from terminal.domain.rivals import rank_of
from terminal.domain.sessions import NEW_YORK, OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import polars as pl

    from terminal.domain.sessions import Calendar

Status = Literal["confirmed", "estimated", "unstated"]

# Statements whose days are nearer than this speak about one report when a fiscal period is not named by both.
NEARNESS = timedelta(days=45)
# Services name a fiscal quarter's end by its last day, its last Saturday or its month.
_SAME_PERIOD = timedelta(days=20)
# Dates of one fiscal period further apart than this are not about one report: one of the periods is wrong.
_FARTHEST = timedelta(days=120)
# Services that only speak of results already made public, without repeating the figures.
FILED = ("sec",)
VALUES = ("eps_estimate", "eps_actual", "revenue_estimate", "revenue_actual")


@dataclass(frozen=True, slots=True)
class Statement:
    """What one service said about one report. `since`: when it became known to us; `until`: when it was replaced, None: never.

    `confirmed` None: the service does not say whether the date is the company's own or a guess.
    """

    provider: str
    day: date
    since: datetime
    until: datetime | None = None
    time_of_day: str | None = None
    confirmed: bool | None = None
    period_end: date | None = None
    eps_estimate: float | None = None
    eps_actual: float | None = None
    revenue_estimate: float | None = None
    revenue_actual: float | None = None
    fetch_id: int | None = None

    @property
    def reported(self) -> bool:
        """Whether it speaks of a report that was made."""
        return self.eps_actual is not None or self.revenue_actual is not None or self.provider in FILED

    @property
    def status(self) -> Status:
        """What the service says about its own date."""
        return "unstated" if self.confirmed is None else "confirmed" if self.confirmed else "estimated"


@dataclass(frozen=True, slots=True)
class Revision:
    """One service said something else: `what` is date, hour, status or EPS estimate; `was` and `now` as it was stated."""

    provider: str
    at: datetime
    what: Literal["date", "hour", "status", "estimate"]
    was: date | str | float | None
    now: date | str | float | None


@dataclass(frozen=True, slots=True)
class Event:
    """One report to come: the date that counts, who else says what, and how it came to be.

    `sources` has each service's present statement by trust, the one that counts (`winner`) first; `estimates` is the
    statement whose expected profit is taken. `rule` says in words why the date counts.
    """

    symbol: str
    winner: Statement
    sources: tuple[Statement, ...]
    estimates: Statement | None
    revisions: tuple[Revision, ...]
    rule: str

    @property
    def day(self) -> date:
        """The day at the exchange."""
        return self.winner.day

    @property
    def time_of_day(self) -> str | None:
        """The hour as the winner says it, else as the most trusted service that names the same day."""
        return next((each.time_of_day for each in self.sources if each.day == self.day and each.time_of_day), None)

    @property
    def status(self) -> Status:
        """Confirmed or estimated, by the first service that says so of the day that counts; else not said."""
        return next((each.status for each in self.sources if each.day == self.day and each.confirmed is not None), "unstated")

    @property
    def disputed(self) -> bool:
        """Whether services name different days."""
        return len({each.day for each in self.sources}) > 1

    @property
    def hour_disputed(self) -> bool:
        """Whether services that name the day that counts name different hours."""
        return len({each.time_of_day for each in self.sources if each.day == self.day and each.time_of_day}) > 1

    @property
    def period_end(self) -> date | None:
        """The end of the fiscal period it is about."""
        return next((each.period_end for each in self.sources if each.period_end), None)


# -- time ----------------------------------------------------------------------------------------------------------


def placed(moment: datetime, calendar: Calendar | None = None) -> tuple[date, str]:
    """The day at the exchange of an aware moment, and whether it lies before the open, during trading or after the close.

    On a day without a session the hours of a usual one count. Raises ValueError for a moment without a time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be placed at the exchange")
    local = moment.astimezone(NEW_YORK)
    close = time(16)
    if calendar is not None and calendar.first <= local.date() <= calendar.last:
        close = calendar.early.get(local.date(), close)
    clock = local.time()
    return local.date(), "bmo" if clock < OPEN else "amc" if clock >= close else "during"


def stated_day(moment: datetime) -> date:
    """The day at the exchange that a service means by an aware moment.

    Midnight in UTC is how services write a bare day: taken for a moment it would be the evening before in New York.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be placed at the exchange")
    utc = moment.astimezone(UTC)
    return utc.date() if utc.time() == time(0) else utc.astimezone(NEW_YORK).date()


def window(day: date, time_of_day: str | None, calendar: Calendar) -> tuple[date, date]:
    """The sessions whose closes enclose the reaction: the last that closed before the report, the first that closed after it.

    A report after the close moves the next session's price; when the hour is not known both are inside. A day without a
    session moves the next one whatever the hour.
    """
    before = calendar.previous_session(day)
    if not calendar.is_session(day):
        return before, calendar.next_session(day)
    if time_of_day in ("bmo", "during"):
        return before, day
    after = calendar.next_session(day)
    return (day, after) if time_of_day == "amc" else (before, after)


# -- statements ----------------------------------------------------------------------------------------------------


def statements(versions: pl.DataFrame, end: datetime | None = None) -> dict[str, tuple[Statement, ...]]:
    """Statements by symbol from rows of EARNINGS with `provider`, `fetch_id`, `known_at` and `known_until`, all versions.

    With `end` only what was known before that moment, as it was then.
    """
    found: dict[str, set[Statement]] = defaultdict(set)
    for row in versions.iter_rows(named=True):
        until = row.get("known_until")
        if row["date"] is None or (end is not None and row["known_at"] >= end):
            continue
        found[row["symbol"]].add(
            Statement(
                row["provider"],
                row["date"],
                row["known_at"],
                None if until is None or (end is not None and until >= end) else until,
                row["time_of_day"],
                row["confirmed"],
                row["period_end"],
                fetch_id=row["fetch_id"],
                **{name: row[name] for name in VALUES},
            )
        )
    return {symbol: tuple(sorted(rows, key=_order)) for symbol, rows in found.items()}


def grouped(said: Iterable[Statement]) -> list[list[Statement]]:
    """Statements about the same report together: by fiscal period where both name one, else by nearness of the days."""
    groups: list[list[Statement]] = []
    for each in sorted(said, key=_order):
        fitting = [group for group in groups if _same_report(each, group)]
        if fitting:
            min(fitting, key=lambda group: min(abs(each.day - other.day) for other in group)).append(each)
        else:
            groups.append([each])
    return groups


def _same_report(each: Statement, group: Sequence[Statement]) -> bool:
    near = min(abs(each.day - other.day) for other in group)
    periods = [other.period_end for other in group if other.period_end is not None]
    if each.period_end is not None and periods:
        return near <= _FARTHEST and min(abs(each.period_end - period) for period in periods) <= _SAME_PERIOD
    return near <= NEARNESS


def trusted_first(said: Iterable[Statement], trust: Sequence[str]) -> list[Statement]:
    """By the order of trust; what the user brought comes first, services that it does not name last, by their names."""
    rank = rank_of(trust)
    return sorted(said, key=lambda each: (rank(each.provider), each.provider))


def in_time(said: Iterable[Statement]) -> list[Statement]:
    """By when it was said; of one moment the one that still holds comes last, then the earlier day."""
    return sorted(said, key=lambda each: (each.since, each.until is None, -each.day.toordinal(), *_order(each)))


def _order(each: Statement) -> tuple[date, datetime, str, int, str, str, str, float]:
    """A total order: what is told in another order must not become another answer."""
    return (each.day, each.since, each.provider, each.fetch_id or 0, each.time_of_day or "", str(each.confirmed),
            str(each.period_end), each.eps_estimate or 0.0)


# -- what is to come -----------------------------------------------------------------------------------------------


def upcoming(symbol: str, said: Sequence[Statement], today: date, trust: Sequence[str],
             title: Callable[[str], str] = str) -> list[Event]:
    """The reports of `symbol` still to come, the next one first; `title(provider)` names a service in the rule's words.

    A date that a service still announces although the report was made is no event. The order of trust decides which date
    counts; what the others say stays beside it.
    """
    done = [each for each in said if each.reported and each.day <= today]
    ahead = [each for each in said if not each.reported and not any(covers(report, each) for report in done)]
    events = []
    for group in grouped(ahead):
        sources = [each for each in _present(group, ahead) if each.day >= today]
        if sources:
            events.append(_event(symbol, sources, group, trust, title))
    return sorted(events, key=lambda event: event.day)


def passed(said: Sequence[Statement], today: date, slack: int = 10) -> Statement | None:
    """An expected day of the last `slack` days after which no results have arrived, if there is one."""
    done = [each for each in said if each.reported]
    late = [each for each in said if not each.reported and each.until is None
            and timedelta(0) < today - each.day <= timedelta(days=slack)
            and not any(abs(report.day - each.day) <= NEARNESS for report in done)]
    return max(late, key=lambda each: each.day, default=None)


def covers(report: Statement, ahead: Statement) -> bool:
    """Whether the results that `report` holds are those that `ahead` expects."""
    if report.period_end is not None and ahead.period_end is not None:
        return abs(report.period_end - ahead.period_end) <= _SAME_PERIOD
    return -_SAME_PERIOD <= ahead.day - report.day <= NEARNESS


def _present(group: Sequence[Statement], every: Sequence[Statement]) -> list[Statement]:
    """Each service's latest word. A row that only another service's answer has pushed out is still its own service's word."""
    latest: dict[str, Statement] = {}
    for each in in_time(group):
        latest[each.provider] = each
    return [each for each in latest.values() if each.until is None or not any(
        other.provider == each.provider and other.since >= each.until and other not in group for other in every)]


def _event(symbol: str, sources: Sequence[Statement], group: Sequence[Statement], trust: Sequence[str],
           title: Callable[[str], str]) -> Event:
    by_trust = tuple(trusted_first(sources, trust))
    estimates = next((each for each in by_trust if each.eps_estimate is not None or each.revenue_estimate is not None), None)
    return Event(symbol, by_trust[0], by_trust, estimates, revisions(group), _rule(by_trust, title))


def _rule(sources: Sequence[Statement], title: Callable[[str], str]) -> str:
    winner, name = sources[0], title(sources[0].provider)
    if len(sources) == 1:
        return f"Only {name} names a date."
    others = [each for each in sources if each.day != winner.day]
    if not others:
        return f"{_listed([title(each.provider) for each in sources])} name the same day."
    firm = [title(each.provider) for each in others if each.confirmed]
    doubt = f" But {_listed(firm)} {'says' if len(firm) == 1 else 'say'} that another date is confirmed." if firm else ""
    return f"{name} counts, because it comes first in your order of trust for earnings.{doubt}"


def revisions(group: Sequence[Statement]) -> tuple[Revision, ...]:
    """What each service changed about one report, oldest first."""
    by_provider: dict[str, list[Statement]] = defaultdict(list)
    for each in in_time(group):
        by_provider[each.provider].append(each)
    found: list[Revision] = []
    for provider, said in by_provider.items():
        for was, now in itertools.pairwise(said):
            if was.day != now.day:
                found.append(Revision(provider, now.since, "date", was.day, now.day))
            elif was.time_of_day != now.time_of_day:
                found.append(Revision(provider, now.since, "hour", was.time_of_day, now.time_of_day))
            if was.status != now.status:
                found.append(Revision(provider, now.since, "status", was.status, now.status))
            if was.eps_estimate != now.eps_estimate and not now.reported:
                found.append(Revision(provider, now.since, "estimate", was.eps_estimate, now.eps_estimate))
    return tuple(sorted(found, key=lambda each: (each.at, each.provider, each.what)))


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
