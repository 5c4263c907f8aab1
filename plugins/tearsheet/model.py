"""The tearsheet as data: every figure with its words, source and comparison, and the table it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from plugins.tearsheet import changes
from plugins.tearsheet.background import Background
from terminal.api import Column, Source, Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    import polars as pl

    from plugins.tearsheet.changes import Change
    from plugins.tearsheet.peers import Peers
    from plugins.tearsheet.risks import Risk
    from terminal.domain.regime import Regime
    from terminal.domain.scoring import Rulebook
    from terminal.domain.scoring.explain import Explanation, Threshold
    from terminal.domain.valuation import Grid, Reverse, Valuation

SECTION_TITLES = {
    "price": "Price",
    "core": "Core metrics",
    "valuation": "Valuation in context",
    "decision": "Decision framework",
    "risks": "Risks",
    "sensitivity": "What would change the verdict",
    "peers": "Peers",
    "events": "Events",
    "disputes": "Where services differ",
    "stated": "As the source states it",
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
    Column("source", "Source", "integer", term="tearsheet_source", newbie=False),
    Column("provider", "Provider"),
    Column("formula", "Formula", newbie=False),
    Column("comparison", "Compared with", "number", term="tearsheet_comparison"),
    Column("compared_with", "That is", newbie=False),
    Column("note", "In words"),
)


@dataclass(frozen=True)
class Figure:
    """One number. `value` None is unknown; `source` indexes `Sheet.sources`; `comparison` is e.g. the sector's median;
    `percentile` the share of the others it is compared with that have less, 0 to 1.
    """

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
    percentile: float | None = None


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
    splits: pl.DataFrame | None = None
    disagreements: pl.DataFrame | None = None


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
    valuation: Valuation
    reverse: Reverse
    grid: Grid
    report_move: float | None
    changes: tuple[Change, ...]
    look_at: datetime | None
    regime: Regime
    sources: tuple[Source, ...]
    unknown: tuple[str, ...]
    bars: pl.DataFrame = field(repr=False)
    background: Background = field(default=Background(), repr=False)
    more_disputes: str = ""

    def figure(self, term: str, section: str = "") -> Figure | None:
        """The first figure of a term."""
        return next((each for each in self.figures if each.term == term and section in ("", each.section)), None)

    def disputes(self) -> tuple[Figure, ...]:
        """Where services say different things, the newest first."""
        return tuple(each for each in self.figures if each.section == "disputes")

    def payload(self) -> dict[str, Any]:
        """What the next look is compared with."""
        return changes.payload(self.row, self.as_of, {gate.id: gate.passed for gate in self.explanation.gates})


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
