"""The report of a week in Markdown, every sentence made from figures: the same trades give the same text."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

from terminal.domain import format as show
from terminal.domain.journal.statistics import FEW, Group, Outcome, Summary, groups, ordered, summary

if TYPE_CHECKING:

    from terminal.domain.journal.behaviour import Finding

_MOST = 12


@dataclass(frozen=True, slots=True)
class Week:
    """What a report is made of: the trades closed in the week that begins on `monday`, those of earlier weeks, how many
    were opened and are still open, patterns seen so far, and lines about trades without notes, stop or tags."""

    monday: date
    currency: str
    closed: tuple[Outcome, ...]
    before: tuple[Outcome, ...]
    opened: int
    still_open: int
    findings: tuple[Finding, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    titles: dict[str, str] = field(default_factory=dict)


def monday_of(day: date) -> date:
    """The Monday of the week a day is in."""
    return day - timedelta(days=day.weekday())


def report(week: Week) -> str:
    """The whole report."""
    end = week.monday + timedelta(days=6)
    parts = [f"# Week of {show.day(week.monday)} to {show.day(end)}", _first(week)]
    if week.closed:
        parts += ["## In figures", _figures(week), "## Trades", _trades(week)]
        parts += _learned(week)
    if seen := [one for one in week.findings if one.verdict == "seen"]:
        parts += ["## Patterns", "\n".join(f"- **{one.title}**: {one.text}" for one in seen)]
    if week.notes:
        parts += ["## What you wrote", "\n".join(f"- **{title}**: {text}" for title, text in week.notes)]
    if todo := [*week.missing, *week.reviews]:
        parts += ["## To do", "\n".join(f"- {line}" for line in todo)]
    return "\n\n".join(parts) + "\n"


def _first(week: Week) -> str:
    """How the week went, in two or three sentences."""
    told = summary(week.closed)
    opened = f"{_counted(week.opened, 'trade was', 'trades were')} opened, {_counted(week.still_open, 'is', 'are')} still open."
    if not week.closed:
        return f"No trade was closed this week. {opened}"
    money = show.money(abs(told.total), week.currency)
    went = f"made {money}" if told.total > 0 else f"lost {money}" if told.total < 0 else "came out even"
    fees = f", after {show.money(told.fees, week.currency)} of fees" if told.fees else ""
    lines = [f"{_counted(told.n, 'closed trade', 'closed trades')} {went}{fees}: {told.wins} won, {told.losses} lost. {opened}"]
    if week.before and (usual := summary(week.before).expectancy) is not None and told.expectancy is not None:
        word = "more" if told.expectancy.value > usual.value else "less" if told.expectancy.value < usual.value else "as much"
        lines.append(
            f"On average a trade came to {show.money(told.expectancy.value, week.currency)}, {word} "
            f"{'than' if word != 'as much' else 'as'} before ({show.money(usual.value, week.currency)} over "
            f"{_counted(len(week.before), 'trade', 'trades')})."
        )
    return " ".join(lines)


def _figures(week: Week) -> str:
    now, before = summary(week.closed), summary(week.before)
    rows = [
        ("Closed trades", str(now.n), str(before.n)),
        ("Profit", _money(now.total, week), _money(before.total, week) if before.n else show.UNKNOWN),
        ("Win rate", _rate(now), _rate(before)),
        ("Average trade", _money(_value(now.expectancy), week), _money(_value(before.expectancy), week)),
        ("Average trade in R", _plain(_value(now.expectancy_r)), _plain(_value(before.expectancy_r))),
        ("Average winner", _money(now.average_win, week), _money(before.average_win, week)),
        ("Average loser", _money(now.average_loss, week), _money(before.average_loss, week)),
        ("Profit factor", _plain(now.profit_factor), _plain(before.profit_factor)),
        ("Fees", _money(now.fees, week), _money(before.fees, week) if before.n else show.UNKNOWN),
    ]
    lines = ["| | This week | Before |", "|---|---:|---:|", *(f"| {name} | {one} | {other} |" for name, one, other in rows)]
    note = f"\n\n{now.n} trades are few: figures of one week say little." if now.n < FEW else ""
    return "\n".join(lines) + note


def _trades(week: Week) -> str:
    found = sorted(ordered(week.closed), key=lambda one: -abs(one.profit))
    lines = ["| Trade | Closed | Profit | R |", "|---|---|---:|---:|"]
    for one in found[:_MOST]:
        name = _cell(week.titles.get(one.key, one.symbol))
        lines.append(f"| {name} | {show.day(one.closed)} | {_money(one.profit, week)} | {_plain(one.r)} |")
    rest = found[_MOST:]
    if rest:
        lines.append(f"| {len(rest)} more | | {_money(sum(one.profit for one in rest), week)} | |")
    return "\n".join(lines)


def _learned(week: Week) -> list[str]:
    """Which mistakes were marked and what they cost, and which set-ups the week's trades belong to."""
    parts = []
    if mistakes := groups(week.closed, "mistake"):
        worst = sorted(mistakes, key=lambda one: one.summary.total)
        parts += ["## Mistakes", "\n".join(_group(one, week) for one in worst)]
    if setups := groups(week.closed, "setup") or groups(week.closed, "strategy"):
        parts += ["## Set-ups", "\n".join(_group(one, week) for one in setups)]
    return parts


def _group(one: Group, week: Week) -> str:
    return (f"- **{_cell(one.name)}**: {_counted(one.summary.n, 'trade', 'trades')}, {_money(one.summary.total, week)}, "
            f"{one.summary.wins} won")  # fmt: skip


def _counted(n: int, one: str, many: str) -> str:
    return f"{n} {one if n == 1 else many}"


def _money(value: float | None, week: Week) -> str:
    return show.UNKNOWN if value is None else show.money(value, week.currency)


def _plain(value: float | None) -> str:
    return show.UNKNOWN if value is None else show.number(value)


def _rate(one: Summary) -> str:
    return show.UNKNOWN if one.win_rate is None else show.percent(one.win_rate.value, 0)


def _value(one: object) -> float | None:
    return getattr(one, "value", None)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
