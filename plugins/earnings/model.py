"""The earnings tables: rows of reports to come, of past ones, of a company's facts and of who says which date. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from plugins.earnings import words
from plugins.earnings.facts import facts
from terminal.api import Column, Source
from terminal.domain import format as show
from terminal.domain.earnings import FILED
from terminal.domain.rivals import title as provider_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from plugins.earnings.gathering import Company
    from terminal.domain.earnings import Event
    from terminal.domain.implied_move import Implied

VERDICTS = ("Strong Buy", "Buy", "Hold", "Avoid", "Unknown")
LAST_MOVES = 8

UPCOMING = (
    Column("symbol", "Ticker"),
    Column("name", "Name", newbie=False),
    Column("kind", "Event", term="earnings_kind", newbie=False),
    Column("day", "Day (ET)", "date", term="earnings_day", newbie=False),
    Column("when", "When", term="earnings_when"),
    Column("state", "Date is", term="earnings_state"),
    Column("in_days", "In", "integer", "days", "days_to_earnings", newbie=False),
    Column("verdict", "Verdict", term="verdict"),
    Column("eps_estimate", "EPS est.", "number", "currency", "earnings_eps_estimate", 2, newbie=False),
    Column("revenue_estimate", "Revenue est.", "number", "currency", "earnings_revenue_estimate", 0, newbie=False),
    Column("beat_rate", "Beat rate", "number", "fraction", "beat_rate", 0, newbie=False),
    Column("beat_n", "of", "integer", "count", "earnings_n", newbie=False),
    Column("surprise", "Surprise", "number", "fraction", "earnings_surprise_mean", 1, newbie=False),
    Column("move", "Avg move", "number", "fraction", "earnings_move", 1, newbie=False),
    Column("move_n", "n", "integer", "count", "earnings_n", newbie=False),
    Column("move_on_beat", "On beat", "number", "fraction", "earnings_move_on_beat", 1, newbie=False),
    Column("move_on_miss", "On miss", "number", "fraction", "earnings_move_on_miss", 1, newbie=False),
    Column("implied_move", "Implied", "number", "fraction", "earnings_implied", 1, newbie=False),
    Column("implied_rank", "Implied pctl", "number", "fraction", "earnings_implied_rank", 0, newbie=False),
    Column("timing", "Timing", term="earnings_timing", newbie=False),
    Column("note", "Note", term="earnings_note"),
    Column("sources", "Who says so", "list", term="earnings_state", newbie=False),
    Column("because", "On your list", "list", term="earnings_because", newbie=False),
    Column("currency", "Currency", newbie=False),
)
_TYPES: dict[str, Any] = {
    "text": pl.String,
    "date": pl.Date,
    "integer": pl.Int64,
    "number": pl.Float64,
    "bool": pl.Boolean,
    "datetime": pl.Datetime("us", "UTC"),
    "list": pl.List(pl.String),
}


def frame_of(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]], *private: str) -> pl.DataFrame:
    """Rows as a frame of these columns; `private` are names of text columns for panels."""
    schema = {column.name: _TYPES[column.type] for column in columns} | dict.fromkeys(private, pl.String)
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


class Origins:
    """Collects which fetch each cell came from, and turns them into `sources` and `origin` of a Table."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._names = [column.name for column in columns]
        self._rows: list[dict[str, int | None]] = []

    def add(self, **fetches: int | None) -> None:
        """The fetches of one more row, by column."""
        self._rows.append(fetches)

    @property
    def fetches(self) -> set[int]:
        """Every fetch that was named."""
        return {number for row in self._rows for number in row.values() if number is not None}

    def place(self, found: Mapping[int, Source]) -> tuple[tuple[Source, ...], pl.DataFrame]:
        """The distinct sources, and for each cell the index into them."""
        sources = tuple(dict.fromkeys(found.values()))
        index = {number: sources.index(source) for number, source in found.items()}
        rows = [
            {name: index.get(row[name]) if row.get(name) is not None else None for name in self._names}  # type: ignore[arg-type]
            for row in self._rows
        ]
        return sources, pl.DataFrame(rows, schema=dict.fromkeys(self._names, pl.Int64))


# -- what is to come -------------------------------------------------------------------------------------------------


def upcoming_row(company: Company, because: Sequence[str]) -> tuple[dict[str, Any], dict[str, int | None]]:
    """One report to come as a row of UPCOMING, with the fetch of each cell."""
    event, record, row = company.event, company.record, company.row
    assert event is not None
    estimates = event.estimates
    cells = {
        **_identity(company),
        "kind": "Report",
        "day": event.day,
        "when": words.hour(event.time_of_day),
        "state": words.state(event),
        "in_days": company.days,
        "eps_estimate": estimates.eps_estimate if estimates else None,
        "revenue_estimate": estimates.revenue_estimate if estimates else None,
        "beat_rate": record.beat_rate,
        "beat_n": record.beat_n,
        "surprise": record.surprise,
        "move": record.all.mean_size,
        "move_n": record.all.n,
        "move_on_beat": record.beats.mean_size,
        "move_on_miss": record.misses.mean_size,
        "implied_move": company.implied.move,
        "implied_rank": company.implied_rank,
        "timing": words.ADVICE[company.timing.advice],
        "note": words.note(company),
        "sources": [words.statement(each, company.today) for each in event.sources],
        "because": list(because),
        "currency": row.get("currency"),
        "_pro": words.pro_note(company),
        "_mark": "disputed" if event.disputed else event.status,
        "_group": words.group(event.day, company.today),
    }
    past = _fetch_of_reports(company)
    own: dict[str, int | None] = dict.fromkeys(("day", "when", "state", "in_days", "sources"), event.winner.fetch_id)
    own |= dict.fromkeys(("eps_estimate", "revenue_estimate"), estimates.fetch_id if estimates else None)
    own |= dict.fromkeys(("beat_rate", "beat_n", "surprise"), past)
    own |= dict.fromkeys(("move", "move_n", "move_on_beat", "move_on_miss"), company.bars_fetch)
    own |= dict.fromkeys(("implied_move", "implied_rank"), company.implied.fetch_id)
    return cells, own | _identity_fetches(company)


def dividend_row(company: Company, because: Sequence[str]) -> tuple[dict[str, Any], dict[str, int | None]]:
    """An ex-dividend day as a row of UPCOMING."""
    paid = company.ex_dividend
    assert paid is not None
    currency = paid["currency"] or company.row.get("currency")
    cells = {
        **_identity(company),
        "kind": "Ex-dividend",
        "day": paid["ex_date"],
        "when": None,
        "state": None,
        "in_days": (paid["ex_date"] - company.today).days,
        "note": words.dividend(paid, currency, company.today),
        "because": list(because),
        "currency": company.row.get("currency"),
        "_pro": f"{show.money(paid['amount'], currency, 4 if paid['amount'] < 0.1 else 2)} a share",
        "_mark": "",
        "_group": words.group(paid["ex_date"], company.today),
    }
    return cells, dict.fromkeys(("day", "in_days", "note"), paid["fetch_id"]) | _identity_fetches(company)


def _identity(company: Company) -> dict[str, Any]:
    return {"symbol": company.symbol, "name": company.row.get("name"), "verdict": company.row.get("verdict") or "Unknown"}


def _identity_fetches(company: Company) -> dict[str, int | None]:
    return {name: company.row_origin.get(name) for name in ("name", "verdict", "currency")}


def _fetch_of_reports(company: Company) -> int | None:
    return next((each.statement.fetch_id for each in company.reports if each.statement is not None), None)


def missing(companies: Iterable[Company]) -> tuple[str, ...]:
    """Why figures are unknown, one sentence for each reason, with how many it concerns."""
    told: dict[str, int] = {}
    every = [company for company in companies if company.event is not None]
    for company in every:
        for title, why in words.unknowns(company):
            told[f"{title}: {why}"] = told.get(f"{title}: {why}", 0) + 1
    return tuple(f"{text} ({count} of {len(every)})" for text, count in told.items())


# -- counts ----------------------------------------------------------------------------------------------------------


def summary(
    events: Mapping[str, Event], verdicts: Mapping[str, str | None], today: date, days: int, title: str
) -> tuple[str, pl.DataFrame, tuple[Column, ...]]:
    """How many reports there are on each day, by verdict, and the headline."""
    names = {verdict: verdict.lower().replace(" ", "_") for verdict in VERDICTS}
    columns = (
        Column("day", "Day (ET)", "date", term="earnings_day"),
        Column("label", "Day"),
        Column("reports", "Reports", "integer", "count", "earnings_reports"),
        *(Column(name, verdict, "integer", "count", "verdict") for verdict, name in names.items()),
        Column("disputed", "Date disputed", "integer", "count", "earnings_state"),
        Column("symbols", "Tickers", "list"),
    )
    rows = []
    for day in sorted({event.day for event in events.values()}):
        there = sorted(symbol for symbol, event in events.items() if event.day == day)
        said = [verdicts.get(symbol) or "Unknown" for symbol in there]
        rows.append(
            {
                "day": day,
                "label": words.group(day, today),
                "reports": len(there),
                **{name: sum(each == verdict for each in said) for verdict, name in names.items()},
                "disputed": sum(events[symbol].disputed for symbol in there),
                "symbols": there,
            }
        )
    span = "this week" if days == 7 else f"in {days} days"
    count = len(events)
    return f"{count} {'report' if count == 1 else 'reports'} {span} in {title}", frame_of(columns, rows), columns


# -- one company -----------------------------------------------------------------------------------------------------

MOVES = (
    Column("day", "Day (ET)", "date", term="earnings_day"),
    Column("when", "When", term="earnings_when"),
    Column("period_end", "Quarter to", "date", term="earnings_period"),
    Column("eps_estimate", "EPS est.", "number", "currency", "earnings_eps_estimate", 2),
    Column("eps_actual", "EPS", "number", "currency", "earnings_eps_actual", 2),
    Column("surprise", "Surprise", "number", "fraction", "earnings_surprise_mean", 1),
    Column("outcome", "Outcome", term="earnings_outcome"),
    Column("revenue_estimate", "Revenue est.", "number", "currency", "earnings_revenue_estimate", 0, newbie=False),
    Column("revenue_actual", "Revenue", "number", "currency", "earnings_revenue_actual", 0, newbie=False),
    Column("move", "Move", "number", "fraction", "earnings_move", 1),
    Column("from", "From close of", "date", term="earnings_move", newbie=False),
    Column("to", "To close of", "date", term="earnings_move", newbie=False),
    Column("sessions", "Days", "integer", "count", "earnings_sessions", newbie=False),
    Column("implied", "Implied then", "number", "fraction", "earnings_implied_then", 1, newbie=False),
    Column("check", "SEC check", term="earnings_check", newbie=False),
    Column("filed_at", "Filed (SEC)", "datetime", term="earnings_check", newbie=False),
    Column("reason", "Remarks"),
    Column("currency", "Currency", newbie=False),
)


def moves_table(company: Company, then: Sequence[Implied]) -> tuple[pl.DataFrame, Origins]:
    """The last reports and the price's answers, the newest first; `then`: what options expected on the eve of each."""
    origins, rows = Origins(MOVES), []
    for move, implied in zip(company.moves, then, strict=False):
        report = move.report
        rows.append({
            "day": report.day, "when": words.hour(report.time_of_day), "period_end": report.period_end,
            "eps_estimate": report.eps_estimate, "eps_actual": report.eps_actual, "surprise": move.surprise,
            "outcome": move.outcome, "revenue_estimate": report.revenue_estimate, "revenue_actual": report.revenue_actual,
            "move": move.move, "from": move.before, "to": move.after, "sessions": move.sessions or None, "implied": implied.move,
            "check": words.check(report, company.filings_known), "filed_at": report.filed_at,
            "reason": words.remarks(move), "currency": company.row.get("currency"),
        })  # fmt: skip
        fetch = report.statement.fetch_id if report.statement is not None else report.filing_fetch
        own = dict.fromkeys(
            ("eps_estimate", "eps_actual", "surprise", "outcome", "revenue_estimate", "revenue_actual", "period_end"), fetch
        )
        settled = report.filing_fetch if report.check in ("differs", "filing only") else fetch
        own |= {
            "day": settled,
            "when": settled,
            "check": report.filing_fetch,
            "filed_at": report.filing_fetch,
            "move": company.bars_fetch,
            "implied": implied.fetch_id,
            "currency": company.row_origin.get("currency"),
        }
        origins.add(**own)
    return frame_of(MOVES, rows), origins


DATES = (
    Column("report", "Report of", "date", term="earnings_period"),
    Column("provider", "Who says so"),
    Column("day", "Day (ET)", "date", term="earnings_day"),
    Column("when", "When", term="earnings_when"),
    Column("state", "Date is", term="earnings_state"),
    Column("counts", "Counts", "bool", term="earnings_rule"),
    Column("apart", "Apart", "integer", "days", "earnings_apart"),
    Column("since", "Says so since", "datetime", term="earnings_since"),
    Column("until", "Until", "datetime", term="earnings_since"),
    Column("why", "Why", term="earnings_rule"),
)


def dates_table(company: Company, past: int) -> tuple[pl.DataFrame, Origins]:
    """Who says which date of the next report, what each said before, and how the last dates compare with the SEC's times."""
    origins, rows = Origins(DATES), []

    def add(fetch: int | None, **cells: Any) -> None:
        rows.append(cells)
        origins.add(**dict.fromkeys(("day", "when", "state", "since"), fetch))

    event = company.event
    if event is not None:
        for each in event.sources:
            first = each is event.winner
            add(
                each.fetch_id,
                report=event.period_end,
                provider=provider_title(each.provider),
                day=each.day,
                when=words.hour(each.time_of_day),
                state=words.STATUS[each.status],
                counts=first,
                apart=(each.day - event.day).days,
                since=each.since,
                until=None,
                why=event.rule if first else None,
            )
        for change in event.revisions:
            add(
                None,
                report=event.period_end,
                provider=provider_title(change.provider),
                day=None,
                when=None,
                state="revised",
                counts=False,
                apart=None,
                since=change.at,
                until=None,
                why=words.revision(change),
            )
    for report in company.reports[:past]:
        for each in report.sources:
            if each.provider in FILED and report.filed_at is not None:
                continue  # told by the filing itself, below
            add(
                each.fetch_id,
                report=report.period_end,
                provider=provider_title(each.provider),
                day=each.day,
                when=words.hour(each.time_of_day),
                state="reported",
                counts=report.statement is not None and each.provider == report.statement.provider and report.check != "differs",
                apart=(each.day - report.day).days,
                since=each.since,
                until=each.until,
                why=None,
            )
        if report.filed_at is not None:
            add(
                report.filing_fetch,
                report=report.period_end,
                provider="SEC filing",
                day=words.filed_day(report),
                when=words.hour(words.filed_hour(report)),
                state="filed",
                counts=report.check in ("differs", "filing only"),
                apart=(words.filed_day(report) - report.day).days,
                since=report.filed_at,
                until=None,
                why=words.check(report, True),
            )
    return frame_of(DATES, rows), origins


FACTS = (
    Column("field", "Field", newbie=False),
    Column("title", "What"),
    Column("text", "Value"),
    Column("value", "Number", "number", newbie=False),
    Column("unit", "Unit", newbie=False),
    Column("n", "n", "integer", "count", "earnings_n", newbie=False),
    Column("sentence", "In plain words"),
    Column("reason", "Why unknown"),
)


def facts_table(company: Company) -> tuple[pl.DataFrame, Origins]:
    """One company's reports in lines: date, estimates, record, moves, implied move, timing, dividend, analysts."""
    origins, rows = Origins(FACTS), []
    for fact in facts(company):
        rows.append(
            {
                "field": fact.field,
                "title": fact.title,
                "text": fact.text,
                "value": fact.value,
                "unit": fact.unit,
                "n": fact.n,
                "sentence": fact.sentence,
                "reason": fact.reason or None,
            }
        )
        origins.add(**dict.fromkeys(("text", "value", "n"), fact.fetch))
    return frame_of(FACTS, rows), origins
