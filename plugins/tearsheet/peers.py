"""Who it is compared with, and the middle of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

STOCK_FIELDS = (
    "market_cap",
    "pe_ttm",
    "pb",
    "ev_ebitda",
    "fcf_yield",
    "roe",
    "operating_margin",
    "revenue_growth_1y",
    "net_debt_ebitda",
    "dividend_yield",
    "return_1y",
    "dcf_gap",
)
FUND_FIELDS = (
    "aum",
    "expense_ratio",
    "dividend_yield",
    "return_1y",
    "return_3y",
    "volatility_1y",
    "max_drawdown_5y",
    "sharpe_1y",
)
BOND_FIELDS = (
    "yield_to_maturity",
    "duration",
    "credit_score",
    "years_to_maturity",
    "coupon",
    "expense_ratio",
    "return_1y",
    "volatility_1y",
)
LEAST_FOR_RANK = 10
LEAST_FOR_MEDIAN = 3


@dataclass(frozen=True)
class Peers:
    """`frame`: symbol, name, verdict, score and the fields, the subject first. `medians` without the subject, from at
    least three known values. `basis` says how they were chosen.
    """

    frame: pl.DataFrame
    fields: tuple[str, ...]
    medians: Mapping[str, float | None]
    basis: str
    count: int


def fields_for(kind: str | None) -> tuple[str, ...]:
    """The figures that make sense to compare for a kind of instrument."""
    if kind == "stock":
        return STOCK_FIELDS
    return BOND_FIELDS if kind in ("bond", "bond_etf") else FUND_FIELDS


def size_field(kind: str | None) -> str:
    """By which nearness is measured."""
    return "market_cap" if kind == "stock" else "years_to_maturity" if kind in ("bond", "bond_etf") else "aum"


def find_peers(universe: pl.DataFrame, row: Mapping[str, Any], wanted: int) -> Peers:
    """Same industry first, then same sector, each by nearness in size (of the logarithm); funds and bonds by kind."""
    import polars as pl

    kind, symbol = row.get("kind"), row["symbol"]
    same = universe.filter(pl.col("kind").eq_missing(pl.lit(kind, dtype=pl.String)) & (pl.col("symbol") != symbol))
    size = size_field(kind)
    mine = row.get(size)
    nearness = (
        (pl.col(size).clip(lower_bound=1e-9).log() - pl.lit(max(mine, 1e-9)).log()).abs()
        if mine
        else pl.lit(None, dtype=pl.Float64)
    )
    near = pl.lit(2)
    basis = "the same kind"
    if kind == "stock":
        in_sector = pl.col("sector").eq_missing(pl.lit(row.get("sector"), dtype=pl.String)) & (row.get("sector") is not None)
        in_industry = pl.col("industry").eq_missing(pl.lit(row.get("industry"), dtype=pl.String)) & (
            row.get("industry") is not None
        )
        same = same.filter(in_sector)
        near = pl.when(in_industry).then(0).otherwise(1)
        basis = f"{row.get('industry') or row.get('sector') or 'unknown sector'}, nearest market cap"
    chosen = (
        same.with_columns(near.alias("_near"), nearness.alias("_distance"))
        .sort("_near", "_distance", "symbol", nulls_last=True)
        .head(wanted)
    )
    if kind == "stock" and chosen.height and chosen["_near"].max() == 1:
        industry = chosen.filter(pl.col("_near") == 0).height
        basis = (
            f"{industry} of {row.get('industry')}, then {row.get('sector')}, nearest market cap"
            if industry
            else f"{row.get('sector')}, nearest market cap"
        )
    fields = fields_for(kind)
    columns = ["symbol", "name", "verdict", "score", *fields]
    medians = {name: _median(chosen, name) for name in ("score", *fields)}
    subject = universe.filter(pl.col("symbol") == symbol)
    frame = pl.concat([part.select(columns) for part in (subject, chosen)])
    return Peers(frame, fields, medians, basis, chosen.height)


def sector_medians(universe: pl.DataFrame, row: Mapping[str, Any], fields: tuple[str, ...]) -> tuple[dict[str, float], str]:
    """Median of each field among the same kind (stocks: and sector) without the subject, where at least five are known."""
    group, label = _alike(universe, row)
    found = {}
    for name in fields:
        known = _known(group, name)
        if len(known) >= 5:
            found[name] = float(known.median())  # type: ignore[arg-type]
    return found, label


def sector_ranks(universe: pl.DataFrame, row: Mapping[str, Any], fields: tuple[str, ...]) -> dict[str, float]:
    """Share of the same group whose value is below the subject's, half of the equal ones counted; from ten known values on."""
    group, _ = _alike(universe, row)
    found = {}
    for name in fields:
        value, known = row.get(name), _known(group, name)
        if value is not None and len(known) >= LEAST_FOR_RANK:
            found[name] = float(((known < value).sum() + (known == value).sum() / 2) / len(known))
    return found


def _alike(universe: pl.DataFrame, row: Mapping[str, Any]) -> tuple[pl.DataFrame, str]:
    """The others of the same kind (stocks: and sector), and what to call them."""
    import polars as pl

    group = universe.filter(
        pl.col("kind").eq_missing(pl.lit(row.get("kind"), dtype=pl.String)) & (pl.col("symbol") != row["symbol"])
    )
    if row.get("kind") != "stock":
        return group, "all of its kind"
    return group.filter(pl.col("sector").eq_missing(pl.lit(row.get("sector"), dtype=pl.String))), "sector"


def _known(group: pl.DataFrame, name: str) -> pl.Series:
    import polars as pl

    return group.get_column(name).drop_nulls() if name in group.columns else pl.Series(dtype=pl.Float64)


def _median(frame: pl.DataFrame, name: str) -> float | None:
    known = frame.get_column(name).drop_nulls()
    return float(known.median()) if len(known) >= LEAST_FOR_MEDIAN else None  # type: ignore[arg-type]
