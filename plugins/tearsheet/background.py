"""What the figures are seen against: where they stand in their own past, sector and peers, and the statements by year. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    import polars as pl

    from plugins.tearsheet.model import Material
    from plugins.tearsheet.peers import Peers
    from terminal.api import Source

LEAST = {"own": 12, "sector": 5, "peers": 4}
YEARS = 6
SLACK_DAYS = 20  # fiscal years of 52 or 53 weeks end on other days
# Field and whether a low value is the better one (None: neither is).
STANDINGS: dict[str, tuple[tuple[str, bool | None], ...]] = {
    "stock": (("pe_ttm", True), ("ev_ebitda", True), ("ps_ttm", True), ("pb", True), ("fcf_yield", False)),
    "fund": (("expense_ratio", True), ("dividend_yield", False), ("return_1y", False), ("volatility_1y", True)),
    "bond": (("yield_to_maturity", False), ("duration", None), ("credit_score", False), ("volatility_1y", True)),
}
STATEMENTS = (("revenue", "Revenue"), ("net_income", "Net income"), ("free_cash_flow", "Free cash flow"))


@dataclass(frozen=True)
class Span:
    """How values of one group are spread: 10th, 25th, 50th, 75th and 90th percentile of `count` values.

    `below` is the share of them below the subject's value, None when that is unknown. `group` is own, sector or peers.
    """

    group: str
    label: str
    count: int
    low: float
    lower: float
    middle: float
    upper: float
    high: float
    below: float | None


@dataclass(frozen=True)
class Standing:
    """One figure and the groups it is seen against. `low_is_better` None: a matter of taste."""

    field: str
    value: float | None
    low_is_better: bool | None
    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Yearly:
    """One line of the statements by fiscal year, oldest first; `unit` is a currency."""

    item: str
    title: str
    unit: str
    points: tuple[tuple[date, float], ...]
    source: Source | None


@dataclass(frozen=True)
class Background:
    """Beyond the figures themselves. `look` is what was remembered of the last look."""

    standings: tuple[Standing, ...] = ()
    statements: tuple[Yearly, ...] = ()
    look: Mapping[str, Any] | None = None


def background(material: Material, peers: Peers) -> Background:
    """The background of one symbol as known at the material's day."""
    look = material.look[1] if material.look else None
    years = _trailing(material)
    return Background(_standings(material, peers, years), _statements(material, years), look)


def _standings(material: Material, peers: Peers, years: pl.DataFrame | None) -> tuple[Standing, ...]:
    import polars as pl

    row, kind = material.row, material.row.get("kind")
    stock = kind == "stock"
    group = "stock" if stock else "bond" if kind in ("bond", "bond_etf") else "fund"
    same_kind = pl.col("kind").eq_missing(pl.lit(kind, dtype=pl.String))
    around = material.universe.filter(same_kind & (pl.col("symbol") != material.symbol))
    label = {"bond": "All bonds", "bond_etf": "All bond funds"}.get(kind or "", "All funds")
    if stock:
        sector = row.get("sector")
        around = around.filter(pl.col("sector") == sector) if sector else around.clear()
        label = "Sector"
    others = peers.frame.filter(pl.col("symbol") != material.symbol)
    found = []
    for name, low_is_better in STANDINGS[group]:
        value = row.get(name)
        spans = [
            _span("own", "Own 5 years", _own_history(material, years), value) if name == "pe_ttm" else None,
            _span("sector", label, _values(around, name), value),
            _span("peers", "Peers", _values(others, name), value) if stock else None,
        ]
        known = tuple(span for span in spans if span is not None)
        if known:
            found.append(Standing(name, None if value is None else float(value), low_is_better, known))
    return tuple(found)


def _own_history(material: Material, years: pl.DataFrame | None) -> pl.Series:
    """P/E at the end of each month of the last five years, each with the earnings known then."""
    import polars as pl

    from terminal.domain.valuation_history import monthly_multiples

    if years is None or material.bars.is_empty():
        return pl.Series("pe", [], dtype=pl.Float64)
    return monthly_multiples(material.bars, years, material.as_of).get_column("pe").drop_nulls()


def _trailing(material: Material) -> pl.DataFrame | None:
    from terminal.domain.statements import trailing

    return None if material.splits is None or material.facts.is_empty() else trailing(material.facts, material.splits)


def _values(frame: pl.DataFrame, name: str) -> pl.Series:
    import polars as pl

    return frame.get_column(name).drop_nulls() if name in frame.columns else pl.Series(name, [], dtype=pl.Float64)


def _span(group: str, label: str, values: pl.Series, value: float | None) -> Span | None:
    if len(values) < LEAST[group]:
        return None
    low, lower, middle, upper, high = (float(values.quantile(each, "linear") or 0.0) for each in (0.1, 0.25, 0.5, 0.75, 0.9))
    below = None if value is None else float((values < value).mean() or 0.0)  # type: ignore[arg-type]
    return Span(group, label, len(values), low, lower, middle, upper, high, below)


def _statements(material: Material, years: pl.DataFrame | None) -> tuple[Yearly, ...]:
    """Fiscal years as stated; of a source that states quarters only, four of them up to the newest and a year apart."""
    if material.facts.is_empty() or material.row.get("kind") != "stock":
        return ()
    found = [_stated_years(material, item, title) for item, title in STATEMENTS]
    if not any(found):
        found = [_summed_years(material, years, item, title) for item, title in STATEMENTS]
    return tuple(each for each in found if each is not None)


def _stated_years(material: Material, item: str, title: str) -> Yearly | None:
    import polars as pl

    rows = material.facts.filter((pl.col("period") == "A") & (pl.col("item") == item) & pl.col("value").is_not_null())
    rows = rows.sort("period_end").unique("period_end", keep="last", maintain_order=True).tail(YEARS)
    if rows.height < 2 or rows["unit"].n_unique() != 1:
        return None
    points = tuple(zip(rows["period_end"].to_list(), rows["value"].to_list(), strict=True))
    return Yearly(item, title, rows["unit"][0] or "", points, material.sources.get(rows["fetch_id"][-1]))


def _summed_years(material: Material, rows: pl.DataFrame | None, item: str, title: str) -> Yearly | None:
    import polars as pl

    if rows is None or item not in rows.columns:
        return None
    known = rows.filter(pl.col(item).is_not_null()).sort("period_end")
    if known.is_empty():
        return None
    newest = known["period_end"][-1]
    wanted = [newest.replace(year=newest.year - back, day=min(newest.day, 28)) for back in range(YEARS)]
    at = dict(zip(known["period_end"].to_list(), known[item].to_list(), strict=True))
    points = sorted((end, value) for end, value in at.items() if any(abs((end - day).days) <= SLACK_DAYS for day in wanted))
    mine = material.facts.filter((pl.col("item") == item) & (pl.col("period_end") == newest))
    if len(points) < 2 or mine.is_empty() or mine["unit"].n_unique() != 1:
        return None
    return Yearly(item, f"{title}, 12 months", mine["unit"][0] or "", tuple(points), material.sources.get(mine["fetch_id"][-1]))
