"""Earnings in words: the date and its dispute, notes for both modes, and why something is unknown. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.domain import format as show
from terminal.domain.earnings import placed
from terminal.domain.rivals import title as provider_title

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from plugins.earnings.gathering import Company
    from terminal.domain.earnings import Event, Revision, Statement
    from terminal.domain.earnings_record import Move
    from terminal.domain.earnings_reports import Report

HOURS = {"bmo": "before the open", "amc": "after the close", "during": "during trading"}
STATUS = {"confirmed": "confirmed", "estimated": "estimated", "unstated": "not stated"}
ADVICE = {
    "wait": "Wait for the report",
    "before": "Buying before has paid",
    "no edge": "No clear edge",
    "far": "Not near",
    "unknown": "Too few reports",
}
CHECKS = {"agrees": "agrees", "differs": "day corrected", "filing only": "from the filing alone"}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
STAKE = 1000


# -- the date --------------------------------------------------------------------------------------------------------


def hour(time_of_day: str | None) -> str | None:
    """`after the close`; None when it is not known."""
    return HOURS.get(time_of_day or "")


def state(event: Event) -> str:
    """`confirmed`, `estimated`, `not stated`; with `disputed` where services name other days."""
    return f"disputed · {STATUS[event.status]}" if event.disputed else STATUS[event.status]


def weekday(day: date) -> str:
    """`Thu 28 Jan`."""
    return f"{_WEEKDAYS[day.weekday()]} {show.day_of_year(day)}"


def group(day: date, today: date) -> str:
    """The heading of a day: `Today`, `Tomorrow`, `Mon 30 Nov`; with the year where it is another one."""
    away = (day - today).days
    if away in (0, 1):
        return f"{('Today', 'Tomorrow')[away]} · {weekday(day)}"
    return weekday(day) if day.year == today.year else f"{weekday(day)} {day.year}"


def statement(each: Statement, today: date) -> str:
    """`Finnhub: Thu 28 Jan, after the close (confirmed)`."""
    when = hour(each.time_of_day)
    year = "" if each.day.year == today.year else f" {each.day.year}"
    return f"{provider_title(each.provider)}: {weekday(each.day)}{year}{', ' + when if when else ''} ({STATUS[each.status]})"


def revision(change: Revision) -> str:
    """`moved from 28 Jan 2027 to 30 Jan 2027 on 3 Jan 2027`."""
    on = show.moment(change.at).split(",")[0]
    if change.what == "date":
        return f"moved from {show.day(change.was)} to {show.day(change.now)} on {on}"  # type: ignore[arg-type]
    if change.what == "hour":
        return f"hour changed from {hour(_text(change.was)) or 'unknown'} to {hour(_text(change.now)) or 'unknown'} on {on}"
    if change.what == "status":
        return f"from {STATUS[str(change.was)]} to {STATUS[str(change.now)]} on {on}"
    return f"EPS estimate from {show.number(_number(change.was))} to {show.number(_number(change.now))} on {on}"


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def when(company: Company) -> str:
    """`on Thu 28 Jan after the close, in 9 days`; "" when no date is known."""
    event, days = company.event, company.days
    if event is None or days is None:
        return ""
    told = hour(event.time_of_day)
    near = {0: "today", 1: "tomorrow"}.get(days, f"on {group(event.day, company.today)}")
    return f"{near}{' ' + told if told else ''}"


# -- past reports ----------------------------------------------------------------------------------------------------


def filed_day(report: Report) -> date:
    """The day at the exchange on which the SEC accepted the results."""
    assert report.filed_at is not None
    return placed(report.filed_at)[0]


def filed_hour(report: Report) -> str:
    """Before the open, during trading or after the close."""
    assert report.filed_at is not None
    return placed(report.filed_at)[1]


def check(report: Report, filings_known: bool) -> str:
    """What the comparison with the SEC's acceptance time found."""
    if report.check is None:
        return "no filing of results near it" if filings_known else "no filings are stored"
    text = CHECKS[report.check]
    if report.check == "differs" and report.stated is not None and report.statement is not None:
        text += f": {provider_title(report.statement.provider)} says {weekday(report.stated[0])}"
    return text


def remarks(move: Move) -> str | None:
    """What must be said about one report's move."""
    told = [move.reason] if move.reason else []
    if move.sessions > 1:
        told.append("the hour is not known, so the move is over both days")
    if move.report.statement is None:
        told.append("known from its SEC filing alone; no estimate")
    elif move.outcome is None:
        told.append("no estimate is known" if move.report.eps_estimate is None else "no result is known")
    return "; ".join(told) or None


# -- notes -----------------------------------------------------------------------------------------------------------


def note(company: Company) -> str:
    """The row's sentence for a newcomer: is the day sure, how far the price jumps in money, how often it beat."""
    record, event = company.record, company.event
    parts: list[str] = []
    if event is not None and event.disputed:
        others = [f"{provider_title(each.provider)} says {weekday(each.day)}" for each in event.sources if each.day != event.day]
        parts.append(f"The day is disputed: {', '.join(others)}.")
    elif event is not None and event.status == "estimated":
        parts.append("The day is a guess so far.")
    told = []
    if record.all.mean_size is not None:
        stake, jump = (show.money(amount, company.row.get("currency"), 0) for amount in (STAKE, STAKE * record.all.mean_size))
        told.append(f"{stake} in it jumped by {jump} on average ({record.all.n} reports)")
    if record.beat_rate is not None:
        told.append(f"beat forecasts {round(record.beat_rate * record.beat_n)} of {record.beat_n}")
    if told:
        text = "; ".join(told)
        parts.append(f"{text[0].upper()}{text[1:]}.")
    if company.implied.move is not None:
        parts.append(f"Options expect {show.percent(company.implied.move)}.")
    if company.timing.advice in ("wait", "before"):
        parts.append("Its past speaks for waiting." if company.timing.advice == "wait" else "Its past speaks for buying before.")
    return " ".join(parts)


def pro_note(company: Company) -> str:
    """The row's note for a professional: the dispute, the split by outcome, the reasons for the timing."""
    event, record, parts = company.event, company.record, []
    if event is not None and event.disputed:
        parts.append(
            " vs ".join(f"{provider_title(each.provider)} {show.day_of_year(each.day)}" for each in event.sources)
        )
    elif event is not None and event.hour_disputed:
        parts.append("hour disputed")
    if event is not None and any(change.what == "date" for change in event.revisions):
        parts.append(revision([change for change in event.revisions if change.what == "date"][-1]))
    if record.misses.mean is not None and record.beats.mean is not None:
        parts.append(f"beat {signed(record.beats.mean)} (n {record.beats.n})")
        parts.append(f"miss {signed(record.misses.mean)} (n {record.misses.n})")
    if record.all.two_days:
        parts.append(f"{record.all.two_days} of {record.all.n} moves over two days")
    if company.implied.straddle is not None and company.implied.straddle.sessions > 5:
        parts.append(f"straddle runs {company.implied.straddle.sessions} sessions")
    return " · ".join(parts)


def dividend(paid: Mapping[str, Any], currency: str | None, today: date) -> str:
    """`Buy before Mon 30 Nov to get $0.42 a share.`"""
    amount = show.money(paid["amount"], currency, 4 if paid["amount"] < 0.1 else 2)
    if paid["ex_date"] == today:
        return f"From today on a buyer no longer gets the dividend of {amount} a share."
    return f"Whoever buys before {weekday(paid['ex_date'])} gets {amount} a share."


def unknowns(company: Company) -> list[tuple[str, str]]:
    """(what, why) of the figures of a report to come that are not known."""
    event, record, found = company.event, company.record, []
    if event is not None:
        if event.time_of_day is None:
            found.append(("Hour of the report", "no service states it"))
        if event.estimates is None or event.estimates.eps_estimate is None:
            found.append(("EPS estimate", "no service states one"))
        if event.estimates is None or event.estimates.revenue_estimate is None:
            found.append(("Revenue estimate", "no service states one"))
    if record.beat_rate is None:
        found.append(("Beat rate", f"fewer than 4 past reports have an estimate and a result ({record.beat_n})"))
    if record.all.n == 0:
        found.append(("Average move", "no past report with prices around it is stored"))
    if company.implied.move is None:
        found.append(("Implied move", company.implied.reason))
    elif company.implied_rank is None:
        found.append(("Percentile of the implied move", why_no_rank(company)))
    return found


def why_no_rank(company: Company) -> str:
    """Why an implied move is not held against past ones."""
    if company.implied.comparable is None:
        return f"the straddle also holds ordinary days, which cannot be taken out ({company.implied.event_reason})"
    return "fewer than 4 past moves are known"


def signed(value: float) -> str:
    """`+3.2 %`."""
    return show.percent(value, sign=True)
