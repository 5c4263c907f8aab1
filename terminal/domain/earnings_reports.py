"""Past reports: what services say of each, and the moment the SEC accepted the results, which settles the day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from terminal.domain.earnings import FILED, NEARNESS, VALUES, Statement, covers, grouped, in_time, placed, trusted_first, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from terminal.domain.sessions import Calendar

Check = Literal["agrees", "differs", "filing only"]

# A company has four business days to furnish its results (Form 8-K, item 2.02).
FILING_SLACK = timedelta(days=5)
RESULTS_ITEM = "2.02"


@dataclass(frozen=True, slots=True)
class Report:
    """One report of the past. `check` compares the stated day with the moment the SEC accepted the results (None: no filing).

    `stated` is the day and hour the trusted service names, where the SEC's differ; `statement` None: known from its filing only.
    """

    symbol: str
    day: date
    time_of_day: str | None
    period_end: date | None = None
    eps_estimate: float | None = None
    eps_actual: float | None = None
    revenue_estimate: float | None = None
    revenue_actual: float | None = None
    statement: Statement | None = None
    sources: tuple[Statement, ...] = ()
    check: Check | None = None
    filed_at: datetime | None = None
    filing_fetch: int | None = None

    @property
    def stated(self) -> tuple[date, str | None] | None:
        """What the service says, where there is one."""
        return None if self.statement is None else (self.statement.day, self.statement.time_of_day)


@dataclass(frozen=True, slots=True)
class Filing:
    """When the SEC accepted a company's results, the day the company says they came out, and the fetch that told us."""

    filed_at: datetime
    event: date | None = None
    fetch_id: int | None = None

    def placed(self, calendar: Calendar) -> tuple[date, str | None]:
        """The day and hour of the results: those of the acceptance, or only the day stated where it was filed later."""
        day, hour = placed(self.filed_at, calendar)
        late = self.event is not None and timedelta(0) < day - self.event <= FILING_SLACK
        return (self.event, None) if late and self.event is not None else (day, hour)


def results_filings(filings: pl.DataFrame, end: datetime | None = None) -> dict[str, tuple[Filing, ...]]:
    """When the SEC accepted results, by symbol and in order: 8-K with item 2.02. Amendments (8-K/A) come later."""
    found: dict[str, list[Filing]] = defaultdict(list)
    for row in filings.iter_rows(named=True):
        items = {item.strip() for item in (row.get("items") or "").replace(";", ",").split(",")}
        known = end is None or (row["filed_at"] < end and row.get("known_at", row["filed_at"]) < end)
        if row["form"] == "8-K" and RESULTS_ITEM in items and known:
            found[row["symbol"]].append(Filing(row["filed_at"], row.get("period_end"), row.get("fetch_id")))
    return {symbol: tuple(sorted(rows, key=lambda each: each.filed_at)) for symbol, rows in found.items()}


def reports(symbol: str, said: Sequence[Statement], filings: Sequence[Filing], today: date, trust: Sequence[str],
            calendar: Calendar) -> list[Report]:
    """Past reports, the newest first, each checked against the SEC's acceptance time of the results.

    Where the stated day and the filing lie in the same reaction (after one close, before the next), the stated day stands; an
    unknown hour is taken from the filing. Otherwise the filing counts: results cannot come out after they were filed, and
    services are known to be a day off. Of a filing that came later than the results it tells of, the day it states counts.
    Results without any statement are reports, too.
    """
    done = [each for each in said if each.reported and each.day <= today]
    made, used = [], set()
    for group in grouped(done):
        report = _report(symbol, group, said, trust)
        filing = _filing_of(report, filings, calendar)
        filed = next((each for each in report.sources if each.provider in FILED), None)
        if filing is not None:
            used.add(filing.filed_at)
            report = _checked(report, *filing.placed(calendar), calendar)
            report = replace(report, filed_at=filing.filed_at, filing_fetch=filing.fetch_id)
        elif filed is not None:
            report = replace(_checked(report, filed.day, filed.time_of_day, calendar), filing_fetch=filed.fetch_id)
        made.append(report)
    days = [report.day for report in made]
    alone: list[Report] = []
    for filing in reversed(filings):  # the last of several near each other is the report, an earlier one a warning
        day, hour = filing.placed(calendar)
        taken = [*days, *(report.day for report in alone)]
        if filing.filed_at not in used and day <= today and all(abs(day - other) > NEARNESS for other in taken):
            alone.append(Report(symbol, day, hour, check="filing only", filed_at=filing.filed_at, filing_fetch=filing.fetch_id))
    return sorted((*made, *alone), key=lambda report: report.day, reverse=True)


def _report(symbol: str, group: Sequence[Statement], said: Sequence[Statement], trust: Sequence[str]) -> Report:
    """The values of the most trusted service; what it does not state, from the next one; an estimate as last said before."""
    by_trust = trusted_first(_latest(group), trust)
    first = next((each for each in by_trust if each.provider not in FILED), by_trust[0])
    values = {name: next((value for each in by_trust if (value := getattr(each, name)) is not None), None) for name in VALUES}
    before = sorted((each for each in said if not each.reported and covers(first, each)), key=lambda each: each.since)
    for name in ("eps_estimate", "revenue_estimate"):
        if values[name] is None:
            values[name] = next((value for each in reversed(before) if (value := getattr(each, name)) is not None), None)
    period = next((each.period_end for each in by_trust if each.period_end), None)
    hour = next((each.time_of_day for each in by_trust if each.day == first.day and each.time_of_day), None)
    return Report(symbol, first.day, hour, period, **values, statement=replace(first, time_of_day=hour), sources=tuple(by_trust))


def _latest(group: Sequence[Statement]) -> list[Statement]:
    latest: dict[str, Statement] = {}
    for each in in_time(group):
        latest[each.provider] = each
    return list(latest.values())


def _filing_of(report: Report, filings: Sequence[Filing], calendar: Calendar) -> Filing | None:
    """The filing of these results: one in the same reaction if there is one, else the nearest within the slack."""
    days = [report.day, *(each.day for each in report.sources)]
    near = []
    for filing in filings:
        day, hour = filing.placed(calendar)
        distance = min(abs(day - other) for other in days)
        if distance <= FILING_SLACK:
            near.append((not _same_reaction(report, day, hour, calendar), distance, filing.filed_at, filing))
    return min(near, key=lambda each: each[:3])[3] if near else None


def _same_reaction(report: Report, day: date, hour: str | None, calendar: Calendar) -> bool:
    """Whether one of both windows lies in the other: an unknown hour makes a window of two sessions."""
    before, after = window(report.day, report.time_of_day, calendar)
    filed_before, filed_after = window(day, hour, calendar)
    return (before <= filed_before and filed_after <= after) or (filed_before <= before and after <= filed_after)


def _checked(report: Report, day: date, hour: str | None, calendar: Calendar) -> Report:
    """The report held against the day and hour of its filing."""
    if report.statement is not None and report.statement.provider in FILED:
        return replace(report, time_of_day=report.time_of_day or hour, check="filing only")
    if not _same_reaction(report, day, hour, calendar):
        return replace(report, day=day, time_of_day=hour, check="differs")
    if report.time_of_day is None and hour is not None:
        return replace(report, day=day, time_of_day=hour, check="agrees")
    return replace(report, check="agrees")
