"""What is known about one company's reports, line by line: the same values for both modes, each with number and reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from plugins.earnings.words import (
    ADVICE,
    STAKE,
    check,
    dividend,
    group,
    hour,
    revision,
    signed,
    state,
    statement,
    weekday,
    when,
    why_no_rank,
)
from terminal.domain import format as show
from terminal.domain.rivals import title as provider_title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.earnings.gathering import Company
    from terminal.domain.earnings_record import Spread

_SURE = {
    "confirmed": "The date is confirmed.",
    "estimated": "The date is a guess until the company confirms it.",
    "unstated": "No source says whether the date is confirmed.",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line about a company's reports. `text` is "–" and `reason` says why when it is unknown."""

    field: str
    title: str
    text: str
    value: float | None = None
    unit: str = ""
    n: int | None = None
    sentence: str = ""
    reason: str = ""
    fetch: int | None = None


def facts(company: Company) -> list[Fact]:
    """Everything about a company's reports in lines; the unknown ones with their reason."""
    return [
        *_date_facts(company),
        *_estimates(company),
        *_record_facts(company),
        *_implied_facts(company),
        _timing(company),
        *_other_events(company),
    ]


def _date_facts(company: Company) -> list[Fact]:
    event = company.event
    if event is None:
        late = company.overdue
        reason = (
            "no service names a date"
            if late is None
            else (f"{provider_title(late.provider)} expected it on {weekday(late.day)}; no results have been stored since")
        )
        plain = "When it reports next is not known."
        return [Fact("next_report", "Next report", show.UNKNOWN, unit="days", sentence=plain, reason=reason)]
    told = hour(event.time_of_day)
    text = f"{weekday(event.day)} {event.day.year}{', ' + told if told else ''} · {state(event)}"
    days = company.days or 0
    count = "today" if days == 0 else "tomorrow" if days == 1 else f"in {days} days"
    plain = f"It reports {when(company)} ({count}). {_SURE[event.status]}"
    lines = [
        Fact("next_report", "Next report", text, float(days), "days", len(event.sources), plain, fetch=event.winner.fetch_id),
        Fact(
            "date_sources",
            "Who says which day",
            " · ".join(statement(each, company.today) for each in event.sources),
            n=len(event.sources),
            sentence=event.rule,
            fetch=event.winner.fetch_id,
        ),
    ]
    moved = [change for change in event.revisions if change.what == "date"]
    if moved:
        text = f"{provider_title(moved[-1].provider)}: {revision(moved[-1])}"
        plain = f"The date has been moved {'once' if len(moved) == 1 else f'{len(moved)} times'}."
        lines.append(Fact("date_revisions", "Date moved", text, float(len(moved)), "count", len(moved), plain))
    return lines


def _estimates(company: Company) -> list[Fact]:
    event, currency = company.event, company.row.get("currency")
    if event is None:
        return []
    said, lines = event.estimates, []
    fetch = None if said is None else said.fetch_id
    for field, title, decimals in (("eps_estimate", "EPS estimate", 2), ("revenue_estimate", "Revenue estimate", 0)):
        value = getattr(said, field) if said else None
        if value is None:
            lines.append(Fact(field, title, show.UNKNOWN, unit=currency or "", reason="no service states one"))
            continue
        sales = f"Analysts expect {show.money(value, currency, decimals)} in sales."
        loss = "loss" if value < 0 else "profit"
        profit = f"Analysts expect a {loss} of {show.money(abs(value), currency, decimals)} a share."
        plain = profit if field == "eps_estimate" else sales
        lines.append(Fact(field, title, show.money(value, currency, decimals), value, currency or "", None, plain, "", fetch))
    return lines


def _record_facts(company: Company) -> list[Fact]:
    record = company.record
    fetch = next((each.statement.fetch_id for each in company.reports if each.statement is not None), None)
    few = f"fewer than 4 past reports have an estimate and a result ({record.beat_n})"
    lines = [
        Fact(
            "beat_rate",
            "Beat rate",
            _with_n(show.percent(record.beat_rate, 0), record.beat_n),
            record.beat_rate,
            "fraction",
            record.beat_n,
            ""
            if record.beat_rate is None
            else f"It earned more than expected {round(record.beat_rate * record.beat_n)} of {record.beat_n} times.",
            few if record.beat_rate is None else "",
            fetch,
        ),
        _surprise(company, fetch),
    ]
    for field, title, some, told in (
        ("move", "Move on a report", record.all, "its reports"),
        ("move_on_beat", "Move on a beat", record.beats, "a profit above expectations"),
        ("move_on_miss", "Move on a miss", record.misses, "a profit below expectations"),
    ):
        lines.append(_move(field, title, some, told, company))
    return lines


def _surprise(company: Company, fetch: int | None) -> Fact:
    mean, middle, n = company.record.surprise, company.record.surprise_median, company.record.surprise_n
    if mean is None or middle is None:
        why = "no past report has an estimate and a result"
        return Fact("surprise", "Average surprise", show.UNKNOWN, None, "fraction", 0, "", why)
    text = f"{signed(mean)} mean, {signed(middle)} median · n = {n}"
    plain = f"Its profit was {_beside(mean)} what was expected on average, in the middle case {_beside(middle)} it."
    return Fact("surprise", "Average surprise", text, mean, "fraction", n, plain, "", fetch)


def _beside(part: float) -> str:
    """`2.5 % above`."""
    return f"{show.percent(abs(part))} {'below' if part < 0 else 'above'}"


def _move(field: str, title: str, some: Spread, told: str, company: Company) -> Fact:
    if some.mean_size is None or some.median_size is None or some.mean is None:
        why = "no past report with prices around it is stored" if field == "move" else "no such report with prices around it"
        return Fact(field, title, show.UNKNOWN, None, "fraction", 0, reason=why)
    sizes = f"±{show.percent(some.mean_size)} mean, ±{show.percent(some.median_size)} median"
    text = f"{sizes}, {signed(some.mean)} net · n = {some.n}"
    money = show.money(STAKE * some.mean_size, company.row.get("currency"), 0)
    wide = f" {some.two_days} of them over two days, as the hour is not known." if some.two_days else ""
    stake = show.money(STAKE, company.row.get("currency"), 0)
    times = f"{some.n} {'time' if some.n == 1 else 'times'}"
    middle = show.money(STAKE * some.median_size, company.row.get("currency"), 0)
    plain = f"After {told} {stake} in it moved by {money} on average, by {middle} in the middle case, up or down ({times}).{wide}"
    return Fact(field, title, text, some.mean_size, "fraction", some.n, plain, fetch=company.bars_fetch)


def _implied_facts(company: Company) -> list[Fact]:
    implied, straddle = company.implied, company.implied.straddle
    if implied.move is None or straddle is None:
        return [
            Fact(
                "implied_move",
                "Implied move",
                show.UNKNOWN,
                None,
                "fraction",
                sentence="What options expect is not known.",
                reason=implied.reason,
                fetch=implied.fetch_id,
            )
        ]
    currency = company.row.get("currency")
    cost = show.money(straddle.call + straddle.put, currency)
    size, by = show.percent(implied.move), weekday(straddle.expiry)
    text = f"±{size} by {by} (straddle {show.number(straddle.strike)} for {cost}, {straddle.sessions} sessions)"
    plain = f"Options cost as much as if the price moved by {size} up or down until {by}."
    lines = [Fact("implied_move", "Implied move", text, implied.move, "fraction", None, plain, fetch=implied.fetch_id)]
    lines.append(
        Fact(
            "implied_event",
            "of which the report's day",
            show.UNKNOWN if implied.event is None else f"±{show.percent(implied.event)}",
            implied.event,
            "fraction",
            None,
            "" if implied.event is None else f"Of that, the day of the report alone: {show.percent(implied.event)}.",
            implied.event_reason,
            implied.fetch_id,
        )
    )
    rank, n = company.implied_rank, company.record.all.n
    if rank is None:
        why = why_no_rank(company)
        lines.append(
            Fact("implied_rank", "Implied against past moves", show.UNKNOWN, None, "fraction", n, "", why, implied.fetch_id)
        )
        return lines
    text = f"at least as large as {show.percent(rank, 0)} of {n}"
    plain = f"That is at least as much as it really moved on {round(rank * n)} of {n} past reports."
    lines.append(Fact("implied_rank", "Implied against past moves", text, rank, "fraction", n, plain, "", implied.fetch_id))
    return lines


def _timing(company: Company) -> Fact:
    timing = company.timing
    reasons = "; ".join(timing.reasons)
    known = timing.advice in ("wait", "before", "no edge")
    return Fact(
        "timing",
        "Buy before or wait",
        f"{ADVICE[timing.advice]}: {reasons}",
        None,
        "",
        company.record.all.n,
        f"{ADVICE[timing.advice]}: {reasons}." + (" The past is small and no promise." if known else ""),
        "" if known or timing.advice == "far" else reasons,
    )


def _other_events(company: Company) -> list[Fact]:
    lines, paid = [], company.ex_dividend
    if paid is not None:
        currency = paid["currency"] or company.row.get("currency")
        days = (paid["ex_date"] - company.today).days
        lines.append(
            Fact(
                "ex_dividend",
                "Ex-dividend",
                f"{weekday(paid['ex_date'])} {paid['ex_date'].year} · "
                f"{show.money(paid['amount'], currency, 4 if paid['amount'] < 0.1 else 2)}",
                float(days),
                "days",
                None,
                dividend(paid, currency, company.today),
                fetch=paid["fetch_id"],
            )
        )
    if company.ratings:
        lines.append(_analysts(company.ratings))
    if company.moves:
        lines.append(_last(company))
    return lines


def _analysts(ratings: tuple[Mapping[str, Any], ...]) -> Fact:
    now = ratings[0]
    buys, every = _buys(now), _buys(now) + sum(now[name] or 0 for name in ("hold", "sell", "strong_sell"))
    text = f"{buys} of {every} say buy"
    if len(ratings) > 1:
        text += f", {show.number(buys - _buys(ratings[1]), 0, sign=True)} since {show.day(ratings[1]['date'])}"
    plain = f"{buys} of {every} analysts recommend buying it."
    return Fact("analysts", "Analysts", text, buys / every if every else None, "fraction", every, plain, fetch=now["fetch_id"])


def _buys(count: Mapping[str, Any]) -> int:
    return (count["strong_buy"] or 0) + (count["buy"] or 0)


def _last(company: Company) -> Fact:
    move, report = company.moves[0], company.moves[0].report
    told = hour(report.time_of_day)
    parts = [
        f"{weekday(report.day)} {report.day.year}{', ' + told if told else ''}",
        move.outcome or "outcome unknown",
        f"move unknown, as {move.reason}" if move.move is None else signed(move.move),
        f"SEC: {check(report, company.filings_known)}",
    ]
    fetch = report.statement.fetch_id if report.statement is not None else report.filing_fetch
    plain = {"beat": "earned more than expected", "miss": "earned less than expected", "met": "earned what was expected"}
    did = plain.get(move.outcome or "", "reported")
    went = ""
    if move.move is not None:
        went = f", and the price went {'up' if move.move > 0 else 'down'} by {show.percent(abs(move.move))}"
    return Fact(
        "last_report",
        "Last report",
        " · ".join(parts),
        move.move,
        "fraction",
        None,
        f"On {group(report.day, company.today)} it {did}{went}.",
        "",
        fetch,
    )


def _with_n(text: str, n: int) -> str:
    return text if text == show.UNKNOWN else f"{text} · n = {n}"
