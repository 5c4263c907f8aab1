"""What a screen is: presets, column sets, filters as rule text, the answer as a table, and the difference of two runs."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from terminal.api import Column, Source, Table, UserError
from terminal.domain.fields import FIELDS, Field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from terminal.domain.features import Features
    from terminal.domain.rules import Rule

# The ten columns of the table are these nine and the row menu, which the panel draws.
DEFAULT_COLUMNS = ("symbol", "price", "verdict", "score", "pe_ttm", "roe", "position_52w", "dcf_gap", "flags")
COLUMN_SETS: dict[str, tuple[str, ...]] = {
    "default": DEFAULT_COLUMNS,
    "valuation": (
        "symbol",
        "price",
        "verdict",
        "score",
        "market_cap",
        "pe_ttm",
        "pe_forward",
        "ps_ttm",
        "pb",
        "ev_ebitda",
        "fcf_yield",
        "pe_vs_own",
        "pe_vs_sector",
        "dcf_gap",
    ),
    "quality": (
        "symbol",
        "price",
        "verdict",
        "score",
        "roe",
        "roic",
        "gross_margin",
        "operating_margin",
        "net_debt_ebitda",
        "interest_coverage",
        "piotroski_f",
        "altman_z",
        "accruals",
    ),
    "growth": (
        "symbol",
        "price",
        "verdict",
        "score",
        "revenue_growth_1y",
        "revenue_cagr_3y",
        "eps_growth_1y",
        "eps_cagr_3y",
        "eps_growth_quarter",
        "margin_change_1y",
        "peg",
    ),
    "momentum": (
        "symbol",
        "price",
        "change",
        "verdict",
        "score",
        "return_1m",
        "return_3m",
        "return_1y",
        "momentum_12_1",
        "relative_strength",
        "rsi_14",
        "price_to_sma_50",
        "price_to_sma_200",
        "relative_volume",
        "position_52w",
    ),
    "dividends": (
        "symbol",
        "price",
        "verdict",
        "score",
        "dividend_yield",
        "payout_ratio",
        "dividend_growth_5y",
        "dividend_growth_years",
        "days_to_ex_dividend",
    ),
    "risk": (
        "symbol",
        "price",
        "verdict",
        "score",
        "volatility_1y",
        "beta",
        "max_drawdown_1y",
        "max_drawdown_5y",
        "sharpe_1y",
        "debt_to_equity",
        "short_percent_float",
    ),
    "owned": (
        "symbol",
        "price",
        "change",
        "verdict",
        "own",
        "own_weight",
        "own_worth",
        "own_gain",
        "score",
        "position_52w",
        "dcf_gap",
        "flags",
    ),
    "funds": (
        "symbol",
        "name",
        "price",
        "verdict",
        "score",
        "expense_ratio",
        "aum",
        "holdings_count",
        "dividend_yield",
        "return_1y",
        "volatility_1y",
    ),
    "bonds": (
        "symbol",
        "name",
        "price",
        "verdict",
        "score",
        "yield_to_maturity",
        "duration",
        "years_to_maturity",
        "credit_score",
        "coupon",
        "return_1y",
    ),
}
NEWBIE_COLUMNS = ("symbol", "price", "verdict", "why")
# Always part of the answer, so that a row can be understood without the panel.
_CONTEXT = ("name", "kind", "sector", "currency", "coverage")


@dataclass(frozen=True)
class Preset:
    """A ready-made screen."""

    id: str
    title: str
    newbie: str
    why: str
    rule: str
    sort: str = "score"
    ascending: bool = False
    columns: str = "default"


def read_presets(text: str) -> dict[str, Preset]:
    """Presets by id, in the order of the TOML text."""
    return {key: Preset(id=key, **entry) for key, entry in tomllib.loads(text).items()}


def clause_of_range(text: str) -> str:
    """`pe_ttm=8..24.5` as rule text; either end may be open (`roe=12%..`). Raises UserError for anything else."""
    name, found, span = text.partition("=")
    low, dots, high = span.partition("..")
    name, low, high = name.strip(), low.strip(), high.strip()
    if not found or not dots or not (low or high):
        raise UserError(f"'{text}' is not a range.", "Write FIELD=LOW..HIGH, for example pe_ttm=8..24.5 or roe=12%.. .")
    if name not in FIELDS:
        raise UserError(f"There is no field '{name}'.", "`tapeline rules fields` lists them all.")
    if low and high:
        return f"{name} between {low} and {high}"
    return f"{name} >= {low}" if low else f"{name} <= {high}"


def joined(*rules: str) -> str:
    """All of the rules at once."""
    present = [rule.strip() for rule in rules if rule.strip()]
    if len(present) < 2:
        return present[0] if present else ""
    return " and ".join(f"({rule})" if re.search(r"\bor\b", rule, re.IGNORECASE) else rule for rule in present)


@dataclass(frozen=True)
class Judged:
    """A frame with the rule's outcome: `outcome` null is unknown; per clause its text, outcomes and amounts."""

    outcome: pl.Series
    clauses: tuple[str, ...]
    outcomes: tuple[pl.Series, ...]
    amounts: tuple[pl.Series, ...]

    @property
    def matched(self) -> int:
        """How many rows match."""
        return int(self.outcome.sum() or 0)

    @property
    def unknown(self) -> int:
        """How many rows cannot be judged."""
        return self.outcome.null_count()

    def counts(self) -> list[dict[str, Any]]:
        """Per clause: how many pass, fail, are unknown, and how many would match without it."""
        import polars as pl

        rows = []
        for index, text in enumerate(self.clauses):
            others = [series for position, series in enumerate(self.outcomes) if position != index]
            without = (
                len(self.outcome)
                if not others
                else int(pl.select(pl.all_horizontal(*[pl.lit(series) for series in others])).to_series().sum() or 0)
            )
            own = self.outcomes[index]
            passed = int(own.sum() or 0)
            rows.append(
                {
                    "clause": text,
                    "passed": passed,
                    "failed": len(own) - passed - own.null_count(),
                    "unknown": own.null_count(),
                    "without": without,
                }
            )
        return rows


def judge(frame: pl.DataFrame, rule: Rule | None, **given: Any) -> Judged:
    """Evaluate a rule and each of its clauses on a frame; no rule matches everything. `given` goes to `Rule.evaluate`."""
    import polars as pl

    if rule is None:
        return Judged(pl.Series("outcome", [True] * frame.height, dtype=pl.Boolean), (), (), ())
    clauses = rule.clauses()
    outcomes, amounts = zip(*rule.judge(frame, **given), strict=True)
    outcome = outcomes[0] if len(outcomes) == 1 else pl.select(pl.all_horizontal(*outcomes)).to_series()
    return Judged(outcome, tuple(clause.text for clause in clauses), outcomes, amounts)


def columns_for(names: Sequence[str]) -> tuple[Column, ...]:
    """The answer's columns: the wanted ones, what is needed to understand a row, and the reason in words."""
    wanted = list(dict.fromkeys((*names, *_CONTEXT, "verdict", "score")))
    columns = [column_of(FIELDS[name], name in NEWBIE_COLUMNS) for name in wanted if name in FIELDS]
    return (*columns, Column("why", "Why", "text", term="why", newbie=True))


def column_of(field: Field, newbie: bool = False) -> Column:
    """A table column for a field."""
    return Column(field.name, field.title, field.type, field.unit, field.name, field.decimals, newbie)


def with_sources(
    features: Features, frame: pl.DataFrame, columns: Sequence[Column], found: Mapping[int, Source]
) -> tuple[tuple[Source, ...], pl.DataFrame]:
    """The distinct sources of the cells shown, and for each cell the index into them."""
    import polars as pl

    names = [column.name for column in columns if column.name in features.origin.columns and column.name != "symbol"]
    origin = frame.select("symbol").join(features.origin.select("symbol", *names), on="symbol", how="left", maintain_order="left")
    sources = tuple(dict.fromkeys(found.values()))
    index = {source: position for position, source in enumerate(sources)}
    places = pl.DataFrame(
        {"fetch": list(found), "place": [index[source] for source in found.values()]},
        schema={"fetch": pl.Int64, "place": pl.Int32},
    )
    old, new = places["fetch"], places["place"]
    return sources, origin.select(
        pl.col(name).cast(pl.Int64).replace_strict(old, new, default=None, return_dtype=pl.Int32) for name in names
    )


def missing(frame: pl.DataFrame, columns: Sequence[Column]) -> tuple[str, ...]:
    """One sentence for each column shown that has gaps."""
    gaps = []
    for column in columns:
        if column.name in ("why", "flags", *_CONTEXT) or column.name not in frame.columns:
            continue
        absent = frame[column.name].null_count()
        if absent:
            gaps.append(f"{column.title}: unknown for {absent} of {frame.height}")
    return tuple(gaps)


def spread_of(frame: pl.DataFrame, name: str, steps: int = 24) -> dict[str, Any]:
    """How the known values of one field are spread; the ends are the 1st and 99th percentile. Raises UserError for no field."""
    import polars as pl

    field = FIELDS.get(name)
    if field is None or field.type not in ("number", "integer"):
        raise UserError(f"There is no number field '{name}'.", "`tapeline rules fields` lists them all.")
    known = frame[name].cast(pl.Float64).drop_nulls() if name in frame.columns else pl.Series([], dtype=pl.Float64)
    empty = {
        "field": name,
        "title": field.title,
        "unit": field.unit,
        "known": known.len(),
        "low": None,
        "median": None,
        "high": None,
        "counts": [0] * steps,
    }
    if known.is_empty():
        return empty
    low, high = known.quantile(0.01), known.quantile(0.99)
    if low is None or high is None or not high > low:
        return {**empty, "low": known.min(), "median": known.median(), "high": known.max()}
    places = ((known.clip(low, high) - low) / (high - low) * steps).cast(pl.Int64).clip(0, steps - 1)
    counted = dict(zip(*places.value_counts().sort(places.name).to_dict(as_series=False).values(), strict=True))
    return {
        **empty,
        "low": low,
        "median": known.median(),
        "high": high,
        "counts": [counted.get(step, 0) for step in range(steps)],
    }


def judged_in_words(table: Table) -> Table:
    """The answer of `screener explain` for reading: values in the unit of the field the clause starts with."""
    import polars as pl

    from plugins.screener.changes import shown_value

    rows = [
        {
            "clause": row["clause"],
            "outcome": row["outcome"],
            "value": None if row["value"] is None else shown_value(row["clause"], row["value"]),
        }
        for row in table.rows()
    ]
    columns = (Column("clause", "Clause"), Column("outcome", "Passes"), Column("value", "Its value"))
    frame = pl.DataFrame(rows, schema={column.name: pl.String for column in columns})
    return Table(table.title, columns, frame, table.sources, notes=table.notes)
