"""Puts a sheet together from what is known: which figures, compared with what, from which source. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from plugins.tearsheet import changes, disputes, risks
from plugins.tearsheet.background import background
from plugins.tearsheet.chosen import CONTEXT, CORE, EVENTS, OPTIONAL, PRICE, group_of
from plugins.tearsheet.model import Figure, Material, Sheet
from plugins.tearsheet.peers import Peers, find_peers, sector_medians, sector_ranks
from plugins.tearsheet.stated import stated
from terminal.api import Source
from terminal.domain import format as show
from terminal.domain import valuation
from terminal.domain.fields import FIELDS
from terminal.domain.scoring.words import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from plugins.tearsheet.changes import Change
    from plugins.tearsheet.risks import Risk
    from terminal.domain.scoring.explain import Explanation, Threshold


def build(material: Material) -> Sheet:
    """The sheet of one symbol."""
    sheet = _Builder(material).sheet()
    ranks = sector_ranks(material.universe, material.row, CORE[group_of(material.row.get("kind"))])
    figures = tuple(
        replace(each, percentile=ranks[each.term]) if each.section == "core" and each.term in ranks else each
        for each in sheet.figures
    )
    return replace(sheet, figures=figures, background=background(material, sheet.peers))


def _statement_days(material: Material) -> dict[int | None, date]:
    """The end of the newest period that each fetch of statements speaks about."""
    import polars as pl

    told = material.facts.filter(pl.col("period").is_in(["Q", "A", "TTM"])) if "fetch_id" in material.facts.columns else None
    if told is None or told.is_empty():
        return {}
    return dict(told.group_by("fetch_id").agg(pl.col("period_end").max()).iter_rows())


class _Builder:
    """Collects figures and numbers their sources."""

    def __init__(self, material: Material) -> None:
        self.given = material
        self.row = material.row
        self.currency = material.row.get("currency")
        self.figures: list[Figure] = []
        self.sources: list[Source] = []
        self.missing: dict[str, str] = {}
        age = material.row.get("price_age_days")
        self.price_date = material.as_of - timedelta(days=int(age)) if age is not None else None
        self.statements = _statement_days(material)
        self.judged = self.price_date or material.as_of  # the day our own calculations speak about

    def sheet(self) -> Sheet:
        given, row = self.given, self.row
        told = given.rulebook.explain(row, given.regime)
        thresholds = tuple(given.rulebook.sensitivity(row, given.regime))
        value, back, table = valuation.dcf(row), valuation.reverse_dcf(row), valuation.grid(row)
        move, reports = risks.report_move(given.bars, given.earnings, given.as_of)
        limits = {gate.field: gate.limit for gate in told.gates}
        ranked = tuple(risks.rank_risks(row, move, limits))
        peers = find_peers(given.universe, row, given.peers)
        before = (
            changes.compare(given.look[1], row, {gate.id: (gate.title, gate.passed) for gate in told.gates}) if given.look else ()
        )
        self._price_and_core()
        self._valuation(value, back, peers)
        self._decision(told)
        self._risks(ranked)
        self._sensitivity(thresholds)
        self._peers(peers)
        self._events(move, reports)
        self.figures += disputes.figures(given.disagreements, self._fetch)
        self._stated()
        self._changes(before)
        return Sheet(
            given.symbol,
            row.get("name") or given.symbol,
            row.get("kind"),
            self.currency,
            self._headline(),
            given.as_of,
            self.price_date,
            given.simulated,
            row,
            tuple(self.figures),
            told,
            thresholds,
            ranked,
            peers,
            value,
            back,
            table,
            move,
            before,
            given.look[0] if given.look else None,
            given.regime,
            tuple(self.sources),
            tuple(f"{title}: {why}" if why else title for title, why in self.missing.items()),
            given.bars,
            more_disputes=disputes.more(given.disagreements, given.symbol),
        )

    def _headline(self) -> str:
        parts = (
            self.row.get("sector"),
            self.row.get("industry"),
            self.row.get("exchange"),
            self.currency,
        )
        return " · ".join(dict.fromkeys(part for part in parts if part))

    # -- sources -----------------------------------------------------------------------------------------------

    def _number(self, source: Source) -> int:
        if source not in self.sources:
            self.sources.append(source)
        return self.sources.index(source)

    def _source(self, name: str) -> int | None:
        return self._fetch(self.given.origins.get(name))

    def _fetch(self, fetch: int | None) -> int | None:
        source = self.given.sources.get(fetch) if fetch is not None else None
        return None if source is None else self._number(source)

    def _own(self, what: str) -> int:
        """Our own calculation as a source; it speaks about the moment of the newest of its inputs."""
        moments = [source.as_of for source in self.given.sources.values() if source.as_of is not None]
        moment = max(moments) if moments else datetime.combine(self.given.as_of, time(21), UTC)
        return self._number(
            Source("tapeline", what, moment, None, False, self.given.simulated, "computed from the sources listed")
        )

    # -- figures -----------------------------------------------------------------------------------------------

    def _field(self, section: str, name: str, medians: Mapping[str, float], label: str) -> None:
        known = FIELDS[name]
        raw = self.row.get(name)
        value = None if raw is None else float(raw)
        if value is None:
            if name in OPTIONAL:
                return
            self.missing.setdefault(known.title, self.given.reasons.get(name, ""))
        source = self._source(name) if value is not None else None
        if source is None and value is not None:
            source = self._own("feature calculation")
        reported = self.given.kinds.get(name) == "reported"
        median = medians.get(name)
        self.figures.append(
            Figure(
                section,
                name,
                known.title,
                value,
                self._shown(name, value),
                self._unit(known.unit),
                self._as_of(name, source),
                source,
                "as stated by the source" if reported else known.formula,
                median,
                self._shown(name, median) if median is not None else "",
                label if median is not None else "",
            )
        )

    def _as_of(self, name: str, source: int | None) -> date | None:
        if source is None:
            return None
        if name.startswith("days_"):
            return self.given.as_of  # counted from the day of the page
        if self.given.kinds.get(name) != "reported":
            if FIELDS[name].group in ("price", "returns", "technical"):
                return self.price_date
            end = self.statements.get(self.given.origins.get(name))
            if end is not None:
                return min(end, self.given.as_of)
        moment = self.sources[source].as_of or self.sources[source].fetched_at
        return min(moment.date(), self.given.as_of) if moment is not None else self.given.as_of

    def _shown(self, name: str, value: float | None) -> str:
        return shown(name, value, self.currency)

    def _unit(self, unit: str) -> str:
        return (self.currency or "currency") if unit == "currency" else unit

    def _price_and_core(self) -> None:
        core = CORE[group_of(self.row.get("kind"))]
        medians, label = sector_medians(self.given.universe, self.row, core)
        for name in PRICE:
            if name != "market_cap" or self.row.get("kind") == "stock":
                self._field("price", name, {}, "")
        for name in core:
            self._field("core", name, medians, f"median of {label}")

    def _add(
        self,
        section: str,
        term: str,
        title: str,
        value: float | None,
        text: str,
        unit: str,
        own: str,
        *,
        formula: str = "",
        newbie: str = "",
        pro: str = "",
        comparison: tuple[float | None, str, str] = (None, "", ""),
        source: int | None = None,
        day: date | None = None,
    ) -> None:
        self.figures.append(
            Figure(
                section,
                term,
                title,
                value,
                text,
                unit,
                (day or self.judged) if value is not None else None,
                (self._own(own) if source is None else source) if value is not None else None,
                formula,
                *comparison,
                newbie,
                pro,
            )
        )

    def _valuation(self, value: valuation.Valuation, back: valuation.Reverse, peers: Peers) -> None:
        if self.row.get("kind") != "stock":
            return
        medians, label = sector_medians(self.given.universe, self.row, ("pe_ttm",))
        for name in CONTEXT:
            self._field("valuation", name, medians, f"median of {label}")
        unit = self._unit("currency")
        self._add(
            "valuation",
            "dcf_value",
            "DCF value",
            value.value,
            self._shown("dcf_value", value.value),
            unit,
            "two-stage DCF",
            formula=FIELDS["dcf_value"].formula,
            newbie=value.reason or " ".join(value.notes),
            pro=value.reason,
        )
        self._add(
            "valuation",
            "dcf_gap",
            "DCF gap",
            value.gap,
            self._shown("dcf_gap", value.gap),
            "fraction",
            "two-stage DCF",
            formula=FIELDS["dcf_gap"].formula,
            pro=value.reason,
        )
        if value.value is not None:
            self._dcf_range(value)
        if value.value is None:
            self.missing["DCF value"] = value.reason
        self._add(
            "valuation",
            "tearsheet_implied_growth",
            "Growth the price assumes",
            back.growth,
            show.percent(back.growth),
            "fraction",
            "reverse DCF",
            formula="first-stage growth at which the DCF value equals the price",
            newbie=back.reason,
            pro=back.reason,
        )
        for term, title, price, middle in (
            ("value_own_pe", "Price at its own median P/E", self.row.get("eps_ttm"), self.row.get("pe_median_5y")),
            ("value_peer_pe", "Price at the peers' median P/E", self.row.get("eps_ttm"), peers.medians.get("pe_ttm")),
        ):
            worth = price * middle if price is not None and middle is not None and price > 0 else None
            self._add(
                "valuation",
                term,
                title,
                worth,
                show.money(worth, self.currency),
                unit,
                "multiples",
                formula="EPS of the last four quarters × the median P/E",
            )

    def _dcf_range(self, value: valuation.Valuation) -> None:
        for name, worth in (("dcf_low", value.low), ("dcf_high", value.high)):
            self._add("valuation", name, FIELDS[name].title, worth, self._shown(name, worth), self._unit("currency"),
                      "two-stage DCF", formula=FIELDS[name].formula)  # fmt: skip
        beyond = value.terminal_share
        self._add(
            "valuation",
            "tearsheet_beyond",
            "Value beyond horizon",
            beyond,
            show.percent(beyond, 0),
            "fraction",
            "two-stage DCF",
            formula="present worth of all cash after the last projected year / worth of the business",
            newbie=f"{show.percent(beyond, 0)} of the estimate is cash that would come in after the years we look at.",
        )

    def _decision(self, told: Explanation) -> None:
        own = "scoring rules"
        self.figures.append(
            Figure(
                "decision",
                "verdict",
                "Verdict",
                None,
                told.verdict,
                "",
                self.judged,
                self._own(own),
                "gates and score of data/scoring",
                newbie=told.newbie,
                pro=told.pro,
            )
        )
        self._add(
            "decision", "score", "Score", told.score, show.number(told.score, 1), "score", own, formula=FIELDS["score"].formula
        )
        self._add(
            "decision",
            "coverage",
            "Coverage",
            told.coverage,
            show.percent(told.coverage, 0),
            "fraction",
            own,
            formula=FIELDS["coverage"].formula,
        )
        for gate in told.gates:
            self._add(
                "decision",
                f"gate.{gate.id}",
                gate.title,
                gate.value,
                {True: "passed", False: "failed", None: "unknown"}[gate.passed],
                self._unit(FIELDS[gate.field].unit),
                own,
                formula="a price is known"
                if gate.fixed
                else f"{FIELDS[gate.field].title} {'≥' if gate.side == 'min' else '≤'} {self._shown(gate.field, gate.limit)}",
                newbie=gate.newbie,
                pro=gate.pro,
                comparison=(gate.limit, self._shown(gate.field, gate.limit), "limit"),
            )
        for pillar in told.pillars:
            self._add(
                "decision",
                f"pillar.{pillar.id}",
                pillar.title,
                pillar.score,
                show.number(pillar.score, 1),
                "score",
                own,
                formula="points earned / points known of the pillar's checks × 10",
                pro=f"Weight {pillar.weight:.0f} of 100, {show.percent(pillar.coverage, 0)} known",
            )
        for flag in told.flags:
            self.figures.append(
                Figure(
                    "decision",
                    f"flag.{flag.id}",
                    flag.title,
                    None,
                    "raised",
                    "",
                    self.judged,
                    self._own(own),
                    "flag of data/scoring",
                    newbie=flag.newbie,
                    pro=flag.pro,
                )
            )

    def _risks(self, ranked: tuple[Risk, ...]) -> None:
        for risk in ranked:
            text = (
                show.value(risk.value, "number", self._unit(risk.unit), None, self.currency)
                if risk.value is not None
                else risk.level
            )
            self._add(
                "risks",
                f"risk.{risk.id}",
                risk.title,
                risk.value,
                text,
                self._unit(risk.unit),
                "risk ranking",
                formula=FIELDS[risk.field].formula if risk.field else "",
                newbie=risk.newbie,
                pro=risk.pro,
                comparison=(risk.impact, show.percent(risk.impact, 0), "share of the price at stake")
                if risk.impact is not None
                else (None, "", ""),
            )

    def _sensitivity(self, thresholds: tuple[Threshold, ...]) -> None:
        for each in thresholds:
            unit = self._unit(FIELDS[each.field].unit) if each.field else "score"
            self._add(
                "sensitivity",
                each.key,
                each.title,
                each.flips_at,
                each.verdict or "no effect",
                unit,
                "scoring rules",
                formula="nearest limit at which the verdict changes",
                newbie=each.newbie,
                pro=each.pro,
                comparison=(each.limit, "", "limit now"),
            )

    def _peers(self, peers: Peers) -> None:
        for name in ("score", *peers.fields):
            mine = self.row.get(name)
            median = peers.medians.get(name)
            source = self._source(name) if mine is not None else None
            self._add(
                "peers",
                f"peers.{name}",
                FIELDS[name].title,
                None if mine is None else float(mine),
                self._shown(name, mine),
                self._unit(FIELDS[name].unit),
                "peer comparison",
                formula=f"median of {peers.count} peers: {peers.basis}",
                comparison=(median, self._shown(name, median) if median is not None else "", "median of peers"),
                source=source,
                day=self._as_of(name, source),
            )

    def _events(self, move: float | None, reports: int) -> None:
        stock = self.row.get("kind") == "stock"
        for name in EVENTS if stock else ("days_to_ex_dividend",):
            self._field("events", name, {}, "")
        if stock:
            self._add(
                "events",
                "tearsheet_report_move",
                "Usual move on a report",
                move,
                show.percent(move),
                "fraction",
                "past reports",
                formula=f"median absolute price move over {reports} past reports",
            )

    def _stated(self) -> None:
        for each in stated(self.given.facts, self.currency):
            source = self._fetch(each.fetch_id)
            self.figures.append(
                Figure(
                    "stated",
                    f"stated.{each.item}.{each.period}",
                    each.title,
                    each.value,
                    each.text,
                    each.unit,
                    each.period_end,
                    source if source is not None else self._own("facts without a recorded source"),
                    "as stated by the source",
                )
            )

    def _changes(self, found: tuple[Change, ...]) -> None:
        for change in found:
            self._add(
                "changes",
                f"changes.{change.term}",
                change.title,
                change.now,
                change.text,
                change.unit,
                "your last look",
                newbie=change.newbie,
                pro=change.newbie,
                comparison=(change.was, change.was_text, "then"),
            )
