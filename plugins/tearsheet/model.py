"""The tearsheet as data: every figure with its words, source and comparison. Pure: what it needs is handed in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from plugins.tearsheet import changes, risks
from plugins.tearsheet.peers import Peers, find_peers, sector_medians
from terminal.api import Column, Source, Table
from terminal.domain import format as show
from terminal.domain import valuation
from terminal.domain.fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from plugins.tearsheet.changes import Change
    from plugins.tearsheet.risks import Risk
    from terminal.domain.regime import Regime
    from terminal.domain.scoring import Rulebook
    from terminal.domain.scoring.explain import Explanation, Threshold

PRICE = (
    "price",
    "change",
    "previous_close",
    "open",
    "high",
    "low",
    "volume",
    "average_volume",
    "market_cap",
    "high_52w",
    "low_52w",
    "position_52w",
    "return_1m",
    "return_3m",
    "return_6m",
    "return_1y",
    "return_5y",
    "sma_50",
    "sma_200",
    "price_to_sma_200",
    "rsi_14",
)
CORE = {
    "stock": (
        "pe_ttm",
        "pe_forward",
        "ev_ebitda",
        "ps_ttm",
        "pb",
        "fcf_yield",
        "earnings_yield",
        "eps_ttm",
        "revenue_ttm",
        "net_income_ttm",
        "free_cash_flow_ttm",
        "roe",
        "roic",
        "gross_margin",
        "operating_margin",
        "net_margin",
        "fcf_margin",
        "revenue_growth_1y",
        "revenue_cagr_3y",
        "eps_growth_1y",
        "eps_cagr_3y",
        "net_debt_ebitda",
        "debt_to_equity",
        "interest_coverage",
        "current_ratio",
        "altman_z",
        "piotroski_f",
        "accruals",
        "share_count_change_1y",
        "dividend_yield",
        "payout_ratio",
        "shareholder_yield",
        "beta",
        "volatility_1y",
        "max_drawdown_1y",
        "max_drawdown_5y",
    ),
    "fund": (
        "expense_ratio",
        "aum",
        "holdings_count",
        "premium_to_nav",
        "dividend_yield",
        "dollar_volume",
        "return_3y",
        "return_5y",
        "sharpe_1y",
        "beta",
        "volatility_1y",
        "max_drawdown_1y",
        "max_drawdown_5y",
    ),
    "bond": (
        "yield_to_maturity",
        "coupon",
        "duration",
        "years_to_maturity",
        "credit_score",
        "expense_ratio",
        "dividend_yield",
        "dollar_volume",
        "return_3y",
        "volatility_1y",
        "max_drawdown_5y",
    ),
}
CONTEXT = (
    "pe_median_5y",
    "pe_vs_own",
    "pe_vs_sector",
    "peg",
    "target_mean",
    "target_upside",
    "analyst_count",
    "recommendation_mean",
)
EVENTS = ("days_to_earnings", "days_since_earnings", "earnings_surprise", "beat_rate", "days_to_ex_dividend")
OPTIONAL = {"expense_ratio", "holdings_count", "premium_to_nav", "coupon"}  # not every kind of bond or fund has them

SECTION_TITLES = {
    "price": "Price",
    "core": "Core metrics",
    "valuation": "Valuation in context",
    "decision": "Decision framework",
    "risks": "Risks",
    "sensitivity": "What would change the verdict",
    "peers": "Peers",
    "events": "Events",
    "changes": "Since your last look",
}

COLUMNS = (
    Column("section", "Section"),
    Column("term", "Term", newbie=False),
    Column("title", "Figure"),
    Column("value", "Value", "number"),
    Column("text", "As shown"),
    Column("unit", "Unit", newbie=False),
    Column("as_of", "As of", "date"),
    Column("source", "Source", "integer", newbie=False),
    Column("provider", "Provider"),
    Column("formula", "Formula", newbie=False),
    Column("comparison", "Compared with", "number"),
    Column("compared_with", "That is", newbie=False),
    Column("note", "In words"),
)


@dataclass(frozen=True)
class Figure:
    """One number. `value` None is unknown; `source` indexes `Sheet.sources`; `comparison` is e.g. the sector's median."""

    section: str
    term: str
    title: str
    value: float | None
    text: str
    unit: str = ""
    as_of: date | None = None
    source: int | None = None
    formula: str = ""
    comparison: float | None = None
    comparison_text: str = ""
    compared_with: str = ""
    newbie: str = ""
    pro: str = ""


@dataclass(frozen=True)
class Material:
    """What a sheet is made of, as known at `as_of`. `row` is the scored row; `origins` and `kinds` of its cells."""

    symbol: str
    row: Mapping[str, Any]
    origins: Mapping[str, int | None]
    kinds: Mapping[str, str | None]
    reasons: Mapping[str, str]
    universe: pl.DataFrame
    bars: pl.DataFrame
    facts: pl.DataFrame
    earnings: pl.DataFrame
    dividends: pl.DataFrame
    rulebook: Rulebook
    regime: Regime
    as_of: date
    sources: Mapping[int, Source]
    simulated: bool
    peers: int = 8
    look: tuple[datetime, Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Sheet:
    """Everything on the page. `figures` in order of sections; `unknown` sentences name what is missing."""

    symbol: str
    name: str
    kind: str | None
    currency: str | None
    headline: str
    as_of: date
    price_date: date | None
    simulated: bool
    row: Mapping[str, Any]
    figures: tuple[Figure, ...]
    explanation: Explanation
    thresholds: tuple[Threshold, ...]
    risks: tuple[Risk, ...]
    peers: Peers
    valuation: valuation.Valuation
    reverse: valuation.Reverse
    grid: valuation.Grid
    report_move: float | None
    changes: tuple[Change, ...]
    look_at: datetime | None
    regime: Regime
    sources: tuple[Source, ...]
    unknown: tuple[str, ...]
    bars: pl.DataFrame = field(repr=False)

    def figure(self, term: str, section: str = "") -> Figure | None:
        """The first figure of a term."""
        return next((each for each in self.figures if each.term == term and section in ("", each.section)), None)

    def payload(self) -> dict[str, Any]:
        """What the next look is compared with."""
        return changes.payload(self.row, self.as_of, {gate.id: gate.passed for gate in self.explanation.gates})


def build(material: Material) -> Sheet:
    """The sheet of one symbol."""
    return _Builder(material).sheet()


def group_of(kind: str | None) -> str:
    """Which set of core metrics a kind has."""
    return "stock" if kind == "stock" else "bond" if kind in ("bond", "bond_etf") else "fund"


def mean_fcf_margin(facts: pl.DataFrame) -> float | None:
    """Mean free cash flow margin of up to five fiscal years, from two on."""
    import polars as pl

    years = facts.filter((pl.col("period") == "A") & pl.col("item").is_in(["revenue", "free_cash_flow"]))
    wide = {
        item: dict(years.filter(pl.col("item") == item).sort("period_end").select("period_end", "value").iter_rows())
        for item in ("revenue", "free_cash_flow")
    }
    margins = [
        wide["free_cash_flow"][end] / wide["revenue"][end]
        for end in sorted(wide["revenue"])[-5:]
        if end in wide["free_cash_flow"] and wide["revenue"][end] > 0
    ]
    return sum(margins) / len(margins) if len(margins) >= 2 else None


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

    def sheet(self) -> Sheet:
        given, row = self.given, self.row
        told = given.rulebook.explain(row, given.regime)
        thresholds = tuple(given.rulebook.sensitivity(row, given.regime))
        valued = {**row, "fcf_margin_mean": mean_fcf_margin(given.facts)}
        value, back, table = valuation.dcf(valued), valuation.reverse_dcf(valued), valuation.grid(valued)
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
            tuple(f"{title}: {why}" for title, why in self.missing.items()),
            given.bars,
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
        fetch = self.given.origins.get(name)
        source = self.given.sources.get(fetch) if fetch is not None else None
        return None if source is None else self._number(source)

    def _own(self, what: str) -> int:
        """Our own calculation as a source: what it is, and that it speaks about the end of the as-of day."""
        moment = datetime.combine(self.given.as_of, time(23, 59, 59), UTC)
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
            self.missing.setdefault(known.title, self.given.reasons.get(name) or "no source gave it, or what it is computed from")
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
        if FIELDS[name].group in ("price", "returns", "technical") and self.given.kinds.get(name) != "reported":
            return self.price_date
        moment = self.sources[source].as_of or self.sources[source].fetched_at
        return min(moment.date(), self.given.as_of) if moment is not None else self.given.as_of

    def _shown(self, name: str, value: float | None) -> str:
        known = FIELDS[name]
        return show.value(value, known.type, known.unit, known.decimals, self.currency)

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
    ) -> None:
        self.figures.append(
            Figure(
                section,
                term,
                title,
                value,
                text,
                unit,
                self.given.as_of if value is not None else None,
                self._own(own) if value is not None else None,
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
        if value.value is None:
            self.missing["DCF value"] = value.reason
        self._add(
            "valuation",
            "implied_growth",
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
                self.given.as_of,
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
                formula=f"{gate.field} {'≥' if gate.side == 'min' else '≤'} {gate.limit:g}",
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
                    self.given.as_of,
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
            )

    def _events(self, move: float | None, reports: int) -> None:
        stock = self.row.get("kind") == "stock"
        for name in EVENTS if stock else ("days_to_ex_dividend",):
            self._field("events", name, {}, "")
        if stock:
            self._add(
                "events",
                "report_move",
                "Usual move on a report",
                move,
                show.percent(move),
                "fraction",
                "past reports",
                formula=f"median absolute price move over {reports} past reports",
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


def to_table(sheet: Sheet, notes: tuple[str, ...] = (), sections: tuple[str, ...] = ()) -> Table:
    """The sheet (or some sections of it) as the table a command returns; `detail["sheet"]` is the sheet itself."""
    import polars as pl

    wanted = [figure for figure in sheet.figures if not sections or figure.section in sections]
    rows = [
        {
            "section": figure.section,
            "term": figure.term,
            "title": figure.title,
            "value": figure.value,
            "text": figure.text,
            "unit": figure.unit,
            "as_of": figure.as_of,
            "source": figure.source,
            "provider": sheet.sources[figure.source].provider if figure.source is not None else None,
            "formula": figure.formula or None,
            "comparison": figure.comparison,
            "compared_with": figure.compared_with or None,
            "note": figure.newbie or figure.pro or None,
        }
        for figure in wanted
    ]
    schema = {
        "section": pl.String,
        "term": pl.String,
        "title": pl.String,
        "value": pl.Float64,
        "text": pl.String,
        "unit": pl.String,
        "as_of": pl.Date,
        "source": pl.Int64,
        "provider": pl.String,
        "formula": pl.String,
        "comparison": pl.Float64,
        "compared_with": pl.String,
        "note": pl.String,
    }
    origin = pl.DataFrame({"value": [row["source"] for row in rows]}, schema={"value": pl.Int64})
    title = f"{sheet.symbol} · {sheet.name}" if sheet.name != sheet.symbol else sheet.symbol
    return Table(
        title,
        COLUMNS,
        pl.DataFrame(rows, schema=schema),
        sheet.sources,
        sheet.unknown,
        notes,
        origin,
        {
            "sheet": sheet,
            "bars": sheet.bars,
            "gates": sheet.explanation.gates,
            "peers": sheet.peers,
            "risks": sheet.risks,
            "valuation": sheet.valuation,
            "explanation": sheet.explanation,
            "thresholds": sheet.thresholds,
            "changes": sheet.changes,
            "grid": sheet.grid,
            "reverse": sheet.reverse,
            "regime": sheet.regime,
        },
    )
