"""The SEC's list of companies and their submissions: filings, dates of past results, what a company is. Pure.

Acceptance times. The SEC writes them as `2026-01-29T16:30:33.000Z`, but the Z cannot be trusted: of the answers recorded in
2026 some carry UTC and others New York's wall clock under the same Z, one clock for the whole answer (Apple's results of
29 January came at 16:30 in New York and are written 16:30Z; Tesla's, of the same hour, 21:xxZ). Which clock an answer uses
is found out from itself: EDGAR accepts filings from 6:00 to 22:00 in New York, dates what it takes after 17:30 to the next
working day, and writes the dates of former names as midnight, in the same clock. Where the evidence is even, New York's
clock is taken, which is the later moment, so that nothing counts as known too early, and no hour of day is told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import sec_forms, wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

TITLE = "SEC EDGAR"
RESULTS = "2.02"
OPENS, CUTOFF, CLOSES = time(6), time(17, 30), time(22, 5)
# The report of an event is due within four business days; a date further back is the period's end, written by mistake.
LONGEST_DELAY = timedelta(days=6)
# Results come within so many days after the period's end.
LATEST_RESULTS = timedelta(days=100)
PERIODIC = ("10-Q", "10-K", "20-F", "40-F")
ARCHIVES = "https://www.sec.gov/Archives/edgar/data"

Clock = Literal["new york", "utc", "unknown"]


@dataclass(frozen=True, slots=True)
class Filing:
    """One filing; `accepted` in UTC, `event` the day it reports about."""

    accession: str
    form: str
    filed: date
    accepted: datetime
    event: date | None
    items: str
    title: str | None
    document: str


@dataclass(frozen=True)
class Submissions:
    """A company's answer: FILINGS newest first, EARNINGS of the past, one row of INSTRUMENTS."""

    filings: pl.DataFrame
    earnings: pl.DataFrame
    instrument: pl.DataFrame


def parse_companies(whole: Any) -> dict[str, tuple[int, str]]:
    """Every ticker's number (CIK) and company name. Share classes are written BRK-B, as we do."""
    found: dict[str, tuple[int, str]] = {}
    for row in wire.mapping(whole, TITLE, "list of companies").values():
        symbol = str(row["ticker"]).strip().upper().replace(".", "-")
        found.setdefault(symbol, (int(row["cik_str"]), str(row["title"]).strip().upper()))
    if not found:
        raise BadPayload(f"{TITLE} sent an empty list of companies.", "What is stored stays usable; try again later.")
    return found


def parse_submissions(whole: Any, symbol: str, cik: int, since: date, name: str = "") -> Submissions:
    """What one company filed since a day. `name`: how its name must begin.

    Raises BadPayload when the answer is about somebody else.
    """
    answer = wire.mapping(whole, TITLE, "submissions")
    told = wire.text(answer.get("name")) or ""
    if int(answer["cik"]) != cik or (name and not told.upper().startswith(name)):
        raise BadPayload(f"{TITLE} sent the filings of {told or 'somebody else'} when asked for {symbol}.", "Try again later.")
    recent = wire.mapping(answer["filings"]["recent"], TITLE, "filings")
    used = clock_of(recent, answer.get("formerNames") or ())
    filings = list(_filings(recent, used))
    kept = [each for each in filings if each.filed >= since]
    rows = [
        {
            "symbol": symbol,
            "accession": each.accession,
            "form": each.form,
            "filed_at": each.accepted,
            "period_end": each.event,
            "items": each.items or None,
            "title": sec_forms.title(each.form, each.items, each.title),
            "url": _url(cik, each),
        }
        for each in kept
    ]
    reports = [row for row in results(filings, symbol, hours=used != "unknown") if row["date"] >= since]
    return Submissions(
        wire.frame(rows, schemas.FILINGS).unique(["symbol", "accession"], keep="first", maintain_order=True),
        wire.frame(reports, schemas.EARNINGS),
        wire.frame([_instrument(symbol, answer)], schemas.INSTRUMENTS),
    )


# -- which clock -------------------------------------------------------------------------------------------------------


def clock_of(recent: Mapping[str, Any], former: Iterable[Mapping[str, Any]] = ()) -> Clock:
    """The clock of an answer's times: the one under which fewer of its filings are impossible."""
    against = {"new york": 0, "utc": 0}
    for stamp, filed, form in zip(recent["acceptanceDateTime"], recent["filingDate"], recent["form"], strict=True):
        wall = _wall(stamp)
        if wall is None or wall.time() == time():
            continue  # before 2002 only the day is known
        day = date.fromisoformat(filed)
        against["new york"] += not _possible(wall, day, form)
        against["utc"] += not _possible(wall.replace(tzinfo=UTC).astimezone(wire.NEW_YORK).replace(tzinfo=None), day, form)
    for name in former:
        for stamp in (name.get("from"), name.get("to")):
            wall = _wall(stamp)
            if wall is not None and wall.minute == 0:
                against["utc"] += wall.hour == 0
                against["new york"] += wall.hour in (4, 5)
    if against["new york"] == against["utc"]:
        return "unknown"
    return "utc" if against["utc"] < against["new york"] else "new york"


def _possible(wall: datetime, filed: date, form: str) -> bool:
    """Whether a filing accepted then in New York may have that filing day. Ownership forms keep their day until 22:00."""
    if not OPENS <= wall.time() <= CLOSES:
        return False
    if form in ("8-K", "10-Q", "10-K") and wall.weekday() < 5:
        return filed == wall.date() if wall.time() < CUTOFF else filed > wall.date()
    return filed >= wall.date()


def _wall(stamp: Any) -> datetime | None:
    text = wire.text(stamp)
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=None)


def _accepted(stamp: str, filed: date, used: Clock) -> datetime:
    """UTC of an acceptance time. A time that is missing counts as the end of the filing day."""
    wall = _wall(stamp)
    if wall is None or (wall.time() == time() and used != "utc"):
        return datetime.combine(filed, CUTOFF, wire.NEW_YORK).astimezone(UTC)
    return wall.replace(tzinfo=UTC if used == "utc" else wire.NEW_YORK).astimezone(UTC)


# -- filings and results -----------------------------------------------------------------------------------------------


def _filings(recent: Mapping[str, Any], used: Clock) -> Iterator[Filing]:
    names = ("accessionNumber", "form", "filingDate", "acceptanceDateTime", "reportDate", "items", "primaryDocDescription",
             "primaryDocument")  # fmt: skip
    for accession, form, filed, accepted, event, items, title, document in zip(*(recent[each] for each in names), strict=True):
        day = date.fromisoformat(filed)
        yield Filing(
            str(accession), str(form), day, _accepted(accepted, day, used), wire.day(event), str(items or ""), wire.text(title),
            str(document or ""))  # fmt: skip


def results(filings: Iterable[Filing], symbol: str, *, hours: bool = True) -> Iterator[dict[str, Any]]:
    """EARNINGS rows of past results: filings of form 8-K with item 2.02, which companies furnish with their release.

    The day is the filing's, or the event's when the company filed up to four business days later; before or after the
    market is told by the hour of acceptance when both are one day and `hours` can be trusted. Item 2.02 is also used for
    deliveries and sales of a month: of several for one fiscal period the last before the periodic report is taken, and
    one without a periodic report yet only when the company has been filing one a period.
    """
    ordered = sorted(filings, key=lambda each: each.accepted)
    periods = {each.event: each for each in reversed(ordered) if each.event and each.form in PERIODIC}
    groups: dict[date | None, list[Filing]] = defaultdict(list)
    for filing in ordered:
        if filing.form == "8-K" and RESULTS in filing.items.split(","):
            groups[_period(released(filing), periods)].append(filing)
    single = [len(groups[end]) == 1 for end in sorted(end for end in groups if end)][-4:]
    for end, found in groups.items():
        chosen = found
        if end is None:
            chosen = [each for each in found if single and all(single) and each.accepted > periods[max(periods)].accepted]
        elif len(found) > 1:
            before = [each for each in found if each.accepted <= periods[end].accepted + timedelta(hours=1)]
            chosen = (before or found)[-1:]
        for filing in chosen:
            day = released(filing)
            local = filing.accepted.astimezone(wire.NEW_YORK)
            yield {
                "symbol": symbol,
                "date": day,
                "time_of_day": _hour(local) if hours and local.date() == day else None,
                "confirmed": True,
                "period_end": end,
            }


def released(filing: Filing) -> date:
    """The day in New York on which the company told what it files."""
    day = filing.accepted.astimezone(wire.NEW_YORK).date()
    if filing.event is None or not timedelta() <= day - filing.event <= LONGEST_DELAY:
        return day
    return filing.event


def _period(day: date, periods: Mapping[date, Filing]) -> date | None:
    """The newest fiscal period that had ended by then, when a periodic report on it follows."""
    ended = max((end for end in periods if end < day), default=None)
    return ended if ended is not None and day - ended <= LATEST_RESULTS else None


def _hour(local: datetime) -> str:
    minutes = local.hour * 60 + local.minute
    return "bmo" if minutes < 570 else "amc" if minutes >= 960 else "during"


def _url(cik: int, filing: Filing) -> str:
    return f"{ARCHIVES}/{cik}/{filing.accession.replace('-', '')}/{filing.document or filing.accession + '-index.htm'}"


# -- what a company is -------------------------------------------------------------------------------------------------


def _instrument(symbol: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    tickers = [str(each).upper().replace(".", "-") for each in answer.get("tickers") or ()]
    exchanges = list(answer.get("exchanges") or ())
    place = tickers.index(symbol) if symbol in tickers else None
    home = (answer.get("addresses") or {}).get("business") or {}
    state = wire.text(home.get("stateOrCountry"))
    abroad = bool(home.get("isForeignLocation")) or (state is not None and not state.isalpha())
    country = wire.text(home.get("country")) or wire.text(home.get("stateOrCountryDescription")) if abroad else None
    return {
        "symbol": symbol,
        "name": wire.text(answer.get("name")),
        "kind": "stock" if answer.get("entityType") == "operating" else "other",
        "exchange": wire.text(exchanges[place]) if place is not None and place < len(exchanges) else None,
        "industry": wire.text(answer.get("sicDescription")),
        "country": country if abroad else "United States" if state else None,
        "website": wire.text(answer.get("website")),
    }
