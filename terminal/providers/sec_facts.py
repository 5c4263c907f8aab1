"""The SEC's company facts as FACTS frames: official figures with the filing that stated them. Pure.

A figure is stated again in later filings, mostly unchanged, sometimes restated. Each change is a version with the day of
the filing that made it, so that the past can be seen as it was known then. Three things are worked out here:

- A quarter of which only year-to-date figures are filed (cash flows; the fourth quarter of everything) is the year to date
  less the year to date before it, as both stood at that filing; `form` then ends in " derived". Earnings per share are the
  quarter's profit over its mean number of shares, which follows from those of both stretches; plain subtraction is a cent
  off as often as not. They are left out where profit, shares and what was stated per share do not fit together, or
  where a split lies between the two.
- The SEC's `fy` and `fp` speak about the filing, not about the figure: a figure's own fiscal year and quarter are counted
  from the end of the newest fiscal year, which has the number the company gives it.
- Shares at a period's end stand on the balance sheet; where they do not, those of the report's cover page count, with
  " cover" in `form`.
- A filing day has no hour: it counts as 17:30 in New York, after which nothing is dated to that day any more.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import sec_tags as tags
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import polars as pl

TITLE = "SEC EDGAR"
DERIVED = " derived"
ON_COVER = " cover"
FILED_BY = time(17, 30)
# Days that 3, 6, 9 and 12 months of a fiscal year may have: quarters of 12 to 17 weeks, years of 52 or 53.
STAGES = ((70, 125), (150, 215), (235, 300), (340, 380))
# Filings state the same amount in thousands or in millions: that is no restatement.
ROUNDING = 0.0005
SHARE_COUNT = 0.05
PER_SHARE_ROUNDING = 0.011
ANEW = timedelta(days=150)
_ANNUAL_FORMS = ("10-K", "20-F", "40-F")
# A derived figure, and one from the cover, gives way to a stated one.
_LAST = 100

COUNTED = "shares"

Span = tuple[date | None, date]
Reports = dict[Span, list["Version"]]


@dataclass(frozen=True, slots=True)
class Version:
    """What one filing said; `place` of the tag among the item's alternatives, `year` the fiscal year of an annual report."""

    value: float
    filed: date
    form: str
    place: int
    accession: str
    year: int | None = None


@dataclass(frozen=True, slots=True)
class _Year:
    """The newest fiscal year's number and end, from which all others are counted."""

    number: int
    end: date

    def place(self, end: date) -> tuple[int, int]:
        """Fiscal year and quarter (1 to 4) of the period that ends on `end`."""
        years = (end - self.end).days / 365.25
        whole = -int(-(years - 0.06) // 1)
        quarter = round((years - (whole - 1)) * 4)
        return self.number + whole, min(max(quarter, 1), 4)


def parse_facts(whole: Any, symbol: str, name: str = "", since: date | None = None) -> list[pl.DataFrame]:
    """FACTS frames, the oldest versions of all figures first; a later frame has what was restated since.

    `name`: how the company's name must begin. `since`: versions filed before that day are left out unless they are the
    newest. Money is in the currency the company reports in, most often USD.
    """
    answer = wire.mapping(whole, TITLE, "company facts")
    told = wire.text(answer.get("entityName")) or ""
    if name and not told.upper().startswith(name):
        raise BadPayload(f"{TITLE} has {told or 'somebody else'} under the number kept for {symbol}.", "Try again later.")
    facts = wire.mapping(answer["facts"], TITLE, "company facts")
    stated = {**wire.mapping(facts.get("ifrs-full") or {}, TITLE, "facts"),
              **wire.mapping(facts.get("us-gaap") or {}, TITLE, "facts")}  # fmt: skip
    flows = {item: _reports(stated, item, alternatives) for item, alternatives in tags.FLOWS.items()}
    balances = {item: _reports(stated, item, alternatives) for item, alternatives in tags.BALANCES.items()}
    means = {item: _reports(stated, COUNTED, alternatives)[1] for item, alternatives in tags.PER_SHARE.items()}
    covers = _covers(facts)
    _from_covers(balances["shares_outstanding"][1], covers, flows)
    year = _newest_year(flows)
    ends: set[date] = set()
    rows: list[list[dict[str, Any]]] = []
    for item, (unit, reports) in flows.items():
        for period, end, versions in _periods(item, reports, flows["net_income"][1], means.get(item)):
            ends.add(end)
            _add(rows, symbol, item, period, end, versions, unit, year, since)
    annual = {end for _, reports in flows.values() for start, end in reports if start and _stage(start, end) == 3}
    for item, (unit, reports) in balances.items():
        for (start, end), found in reports.items():
            if start is not None or end not in ends:
                continue
            for period in ("Q", "A") if end in annual else ("Q",):
                _add(rows, symbol, item, period, end, _versions(found), unit, year, since)
    for end, found in covers.items():
        _add(rows, symbol, "shares_outstanding_now", "P", end, _versions(found), "shares", None, since)
    return [wire.frame(level, schemas.FACTS) for level in rows]


# -- what was stated ---------------------------------------------------------------------------------------------------


def _reports(stated: Mapping[str, Any], item: str, alternatives: tags.Alternatives) -> tuple[str, Reports]:
    """The unit of an item and, by period, what each filing said: of several tags in one filing the first."""
    unit = "shares" if item in tags.SHARES or item == COUNTED else _unit(stated, alternatives)
    found: dict[tuple[Span, str], Version] = {}
    for place, parts in enumerate(alternatives):
        if not all(part in stated for part in parts):
            continue
        first, *others = [_entries(stated[part], unit, place) for part in parts]
        for key, version in first.items():
            if key in found or not all(key in other for other in others):
                continue
            total = sum((other[key].value for other in others), version.value)
            found[key] = replace(version, value=total)
    reports: dict[Span, list[Version]] = defaultdict(list)
    for (span, _), version in found.items():
        reports[span].append(version)
    for versions in reports.values():
        versions.sort(key=lambda each: (each.filed, each.accession))
    shown = unit.partition("/")[0] if item in tags.PER_SHARE else unit
    return shown, dict(reports)


def _entries(tag: Any, unit: str, place: int) -> dict[tuple[Span, str], Version]:
    found: dict[tuple[Span, str], Version] = {}
    for row in tag["units"].get(unit, ()):
        value = wire.number(row["val"])
        if value is None or not row.get("filed"):
            continue
        start = row.get("start")
        span = (None if start is None else date.fromisoformat(start), date.fromisoformat(row["end"]))
        accession, year = str(row["accn"]), row.get("fy") if row.get("fp") == "FY" else None
        found[span, accession] = Version(
            value, date.fromisoformat(row["filed"]), str(row.get("form") or ""), place, accession, year)  # fmt: skip
    return found


def _unit(stated: Mapping[str, Any], alternatives: tags.Alternatives) -> str:
    """The unit most rows are in: some companies repeat a few figures in a second currency."""
    count: dict[str, int] = defaultdict(int)
    for parts in alternatives:
        for part in parts:
            for unit, rows in stated.get(part, {"units": {}})["units"].items():
                count[unit] += len(rows)
    return max(count, key=lambda unit: count[unit], default="")


def _covers(facts: Mapping[str, Any]) -> dict[date, list[Version]]:
    """The share counts of cover pages, by their own day."""
    tag = (facts.get("dei") or {}).get(tags.COVER)
    grouped: dict[date, list[Version]] = defaultdict(list)
    for (span, _), version in (_entries(tag, "shares", 0) if tag else {}).items():
        if version.value > 0:
            grouped[span[1]].append(version)
    return grouped


def _from_covers(balances: Reports, covers: Mapping[date, list[Version]], flows: Mapping[str, tuple[str, Reports]]) -> None:
    """Add to the share counts those of cover pages, at the end of the newest period that the same filing reports."""
    newest: dict[str, date] = {}
    for (_, end), found in flows["net_income"][1].items():
        for version in found:
            newest[version.accession] = max(end, newest.get(version.accession, end))
    for versions in covers.values():
        for version in versions:
            if version.accession in newest:
                shown = replace(version, place=_LAST, form=version.form + ON_COVER)
                balances.setdefault((None, newest[version.accession]), []).append(shown)


# -- versions and periods ----------------------------------------------------------------------------------------------


def _versions(found: Iterable[Version], exact: bool = False) -> list[Version]:
    """The first statement and each later one that differs; one under a tag that comes later in the order counts for nothing."""
    kept: list[Version] = []
    best = 0
    for version in sorted(found, key=lambda each: (each.filed, each.place, each.accession)):
        if not kept:
            kept, best = [version], version.place
            continue
        if version.place > best:
            continue
        best = version.place
        if _same(kept[-1].value, version.value, exact):
            continue
        if version.filed == kept[-1].filed:
            kept.pop()  # an amendment of the same day
        kept.append(version)
    return kept


def _same(one: float, other: float, exact: bool) -> bool:
    return abs(one - other) <= (1e-9 if exact else ROUNDING) * max(abs(one), abs(other))


def _stage(start: date, end: date) -> int | None:
    days = (end - start).days + 1
    return next((number for number, (low, high) in enumerate(STAGES) if low <= days <= high), None)


def _periods(item: str, reports: Reports, profits: Reports, means: Reports | None) -> Iterator[tuple[str, date, list[Version]]]:
    """Quarters and years of a flow with their versions: stated ones, and quarters derived from the year to date.

    `means`: the mean numbers of shares, for an item per share.
    """
    exact = means is not None
    quarters: dict[date, list[Version]] = defaultdict(list)
    years: dict[date, list[Version]] = defaultdict(list)
    running: dict[date, dict[int, tuple[date, list[Version]]]] = defaultdict(dict)
    for (start, end), found in reports.items():
        stage = None if start is None else _stage(start, end)
        if start is None or stage is None:
            continue
        if stage == 0:
            quarters[end].extend(found)
        elif stage == 3:
            years[end].extend(found)
        running[start][stage] = (end, found)
    for start, stages in running.items():
        for stage in (1, 2, 3):
            if stage in stages and stage - 1 in stages:
                end, found = stages[stage]
                before_end, before = stages[stage - 1]
                for version, earlier in _pairs(found, before):
                    value: float | None = round(version.value - earlier.value, 4)
                    if means is not None:
                        told = [_stretch((start, each_end), each, version.filed, profits, means)
                                for each_end, each in ((end, version), (before_end, earlier))]  # fmt: skip
                        value = _per_share(stage, *told)
                    if value is not None:
                        shown = replace(version, value=value, form=version.form + DERIVED, place=_LAST + version.place)
                        quarters[end].append(shown)
    for period, by_end in (("Q", quarters), ("A", years)):
        for end, found in by_end.items():
            if versions := _versions(found, exact):
                yield period, end, versions


def _pairs(found: list[Version], before: list[Version]) -> Iterator[tuple[Version, Version]]:
    """Each statement of a year to date with what was known then of the one before it.

    A restated year less nine months as they were before would load the whole change onto one quarter: a restatement
    counts only where the months before were stated anew shortly before it.
    """
    for number, version in enumerate(found):
        earlier = _known([each for each in before if each.place == version.place], version.filed)
        if earlier is not None and not (number and version.filed - earlier.filed > ANEW):
            yield version, earlier


def _known(versions: list[Version], day: date) -> Version | None:
    return next((each for each in reversed(versions) if each.filed <= day), None)


def _stretch(span: Span, told: Version, day: date, profits: Reports, means: Reports) -> tuple[float, float] | None:
    """Profit and mean number of shares of a stretch as known on a day, where they give what was stated per share."""
    profit, shares = _known(profits.get(span, []), day), _known(means.get(span, []), day)
    if profit is None or shares is None or shares.value <= 0:
        return None
    fits = abs(profit.value / shares.value - told.value) <= max(PER_SHARE_ROUNDING, 0.002 * abs(told.value))
    return (profit.value, shares.value) if fits else None


def _per_share(stage: int, whole: tuple[float, float] | None, before: tuple[float, float] | None) -> float | None:
    """A quarter's profit per share: means of `stage` + 1 and `stage` quarters give that of the last one."""
    if whole is None or before is None or abs(whole[1] / before[1] - 1) > SHARE_COUNT:
        return None
    shares = (stage + 1) * whole[1] - stage * before[1]
    return round((whole[0] - before[0]) / shares, 2) if shares > 0 else None


def _newest_year(flows: Mapping[str, tuple[str, Reports]]) -> _Year | None:
    """As the company numbers it in its first report of it; else by the calendar year in which most of it lies."""
    annual: dict[date, list[Version]] = defaultdict(list)
    for _, reports in flows.values():
        for (start, end), found in reports.items():
            if start is not None and _stage(start, end) == 3:
                annual[end].extend(each for each in found if each.form.startswith(_ANNUAL_FORMS))
    ends = [end for end, found in annual.items() if found]
    if not ends:
        return None
    newest = max(ends)
    named = min(annual[newest], key=lambda each: each.filed).year
    if named is None or abs(named - newest.year) > 1:
        named = (newest - timedelta(days=182)).year
    return _Year(named, newest)


def _add(
    rows: list[list[dict[str, Any]]],
    symbol: str,
    item: str,
    period: str,
    end: date,
    versions: list[Version],
    unit: str,
    year: _Year | None,
    since: date | None,
) -> None:
    """Put each version on its level, the first on the first."""
    fiscal_year, quarter = (None, None) if year is None else year.place(end)
    kept = [each for number, each in enumerate(versions, 1) if since is None or each.filed >= since or number == len(versions)]
    for level, version in enumerate(kept):
        if level == len(rows):
            rows.append([])
        rows[level].append({
            "symbol": symbol, "item": item, "period": period, "period_end": end, "value": version.value, "unit": unit,
            "fiscal_year": fiscal_year, "fiscal_quarter": quarter if period == "Q" else None,
            "filed_at": datetime.combine(version.filed, FILED_BY, wire.NEW_YORK).astimezone(UTC), "form": version.form,
        })  # fmt: skip
