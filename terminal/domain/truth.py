"""Whether two statements of one value agree, what they dispute, and which figures a company has restated. Pure.

Services round, date and define differently, so two values agree when they are within a tolerance that depends on what is
measured. What differs by more is a disagreement, shown with the winner and the rule; nothing is averaged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.rivals import CONTESTS, rank_of, why
from terminal.domain.schemas import BALANCE_ITEMS, DATASETS, FLOW_ITEMS, POINT_ITEMS
from terminal.domain.schemas import UTC as UTC_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    Kind = pl.DataType | type[pl.DataType]

DISAGREEMENT: dict[str, Kind] = {
    "dataset": pl.String, "symbol": pl.String, "field": pl.String, "period": pl.String, "period_end": pl.Date,
    "unit": pl.String, "provider": pl.String, "value": pl.Float64, "text": pl.String, "known_at": UTC_TYPE, "fetch_id": pl.Int64,
    "other_provider": pl.String, "other_value": pl.Float64, "other_text": pl.String, "other_known_at": UTC_TYPE,
    "other_fetch_id": pl.Int64, "difference": pl.Float64, "rule": pl.String,
}
RESTATEMENT: dict[str, Kind] = {
    "symbol": pl.String, "item": pl.String, "period": pl.String, "period_end": pl.Date, "unit": pl.String,
    "provider": pl.String, "old_value": pl.Float64, "new_value": pl.Float64, "difference": pl.Float64,
    "old_known_at": UTC_TYPE, "known_at": UTC_TYPE, "old_form": pl.String, "form": pl.String, "old_fetch_id": pl.Int64,
    "fetch_id": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two values may be apart: `relative` to the larger one, or by `absolute`, whichever allows more."""

    relative: float
    absolute: float
    words: str


EXACT = Tolerance(0.0, 0.0, "exactly")
MONEY = Tolerance(0.005, 0.0, "within 0.5 %")
PER_SHARE = Tolerance(0.0, 0.005, "to half a cent")
FRACTION = Tolerance(0.005, 0.00005, "within 0.5 %, or as far as two decimals of a per cent tell")
# Made from a price: two services asked an hour apart differ although neither is wrong.
PRICED = Tolerance(0.02, 0.005, "within 2 %, because the price moves during the day")

_PER_SHARE_ITEMS = (
    "eps_basic", "eps_diluted", "eps_ttm", "eps_forward", "book_value_per_share", "dividend_rate", "eps_estimate", "eps_actual",
)
_COUNTS = ("employees", "analyst_count", "holdings_count")
_PRICED_ITEMS = (
    "market_cap", "enterprise_value", "pe_ttm", "pe_forward", "peg", "ps_ttm", "pb", "ev_ebitda", "ev_revenue",
    "dividend_yield", "high_52w", "low_52w", "average_volume", "aum", "nav", "yield_to_maturity", "target_mean",
    "target_median", "target_low", "target_high",
)
_FRACTIONS = (
    "payout_ratio", "short_percent_float", "insider_held", "institution_held", "gross_margin", "operating_margin",
    "net_margin", "ebitda_margin", "roe", "roa", "revenue_growth_quarter", "eps_growth_quarter", "expense_ratio", "coupon",
)
_SHARES = (*_PER_SHARE_ITEMS[:4], "shares_outstanding")
_TOLERANCES = {
    **dict.fromkeys((*FLOW_ITEMS, *BALANCE_ITEMS, *POINT_ITEMS, "revenue_estimate", "revenue_actual"), MONEY),
    **dict.fromkeys(_FRACTIONS, FRACTION),
    **dict.fromkeys(_PRICED_ITEMS, PRICED),
    **dict.fromkeys(_PER_SHARE_ITEMS, PER_SHARE),
    **dict.fromkeys(_COUNTS, EXACT),
}
# Differences of the arithmetic, not of the statement: 0.1 + 0.2 is not quite 0.3.
_ROUNDING = 1e-9
_SPLIT_PERIODS = 3  # must have changed alike before a split is seen in it
_DISPUTED = ("date", "time_of_day", "eps_estimate", "eps_actual", "revenue_estimate", "revenue_actual")


def tolerance(item: str) -> Tolerance:
    """How far two statements of this item or field may be apart and still agree."""
    return _TOLERANCES.get(item, MONEY)


def agree(item: str, one: float | None, other: float | None) -> bool | None:
    """Whether two statements of an item agree; None when one of them is unknown."""
    if one is None or other is None:
        return None
    return bool(pl.select(agreement(pl.lit(item), pl.lit(float(one)), pl.lit(float(other)))).item())


def agreement(item: pl.Expr, one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """`agree` for columns: true, false, or null where one side is unknown. The order of the two sides does not matter."""
    names = list(_TOLERANCES)
    relative, absolute = (
        item.replace_strict(names, [getattr(_TOLERANCES[name], part) for name in names], default=getattr(MONEY, part),
                            return_dtype=pl.Float64)
        for part in ("relative", "absolute"))
    larger = pl.max_horizontal(one.abs(), other.abs())
    allowed = pl.max_horizontal(relative * larger, absolute) + _ROUNDING * larger
    return pl.when(one.is_not_null() & other.is_not_null()).then((one - other).abs() <= allowed)


def compare(dataset: str, standing: pl.DataFrame, others: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """DISAGREEMENT rows: where the statements of `others` differ from the one of `standing` about the same thing.

    Both frames have the columns of the dataset besides provider, known_at and fetch_id. An other statement is held against
    the nearest standing one of another service; amounts in different units cannot be compared and are left out.
    """
    paired = _pairs(dataset, standing, others)
    if paired.is_empty():
        return pl.DataFrame(schema=DISAGREEMENT)
    parts = [_fact_rows(paired)] if dataset == "facts" else [_field_rows(dataset, paired, name) for name in _DISPUTED]
    found = pl.concat(parts)
    sides = found.select("provider", "other_provider", "_result_first")
    rules = {(one, other, first): why(dataset, one, other, order, result_first=first) for one, other, first in
             sides.unique().iter_rows()}
    words = pl.Series("rule", [rules[row] for row in sides.iter_rows()], dtype=pl.String)
    return found.with_columns(words).select(pl.col(name).cast(kind) for name, kind in DISAGREEMENT.items()).sort(
        "symbol", "field", "period", "period_end", "other_provider", descending=[False, False, False, True, False],
        nulls_last=True).filter(_once("field", "other_provider", "value", "other_value"))


def filled(standing: pl.DataFrame, others: pl.DataFrame, order: Sequence[str]) -> pl.DataFrame:
    """Earnings whose missing fields are filled from the next believed service that states them.

    Adds `filled` (the names of these fields, "" for none) and `filled_fetch` (the fetch they came from, of the most
    believed one where there are several). The row's own `fetch_id` goes on naming the statement that stands.
    """
    keys = DATASETS["earnings"].key
    plain = standing.with_columns(pl.lit("").alias("filled"), pl.lit(None, dtype=pl.Int64).alias("filled_fetch"))
    paired = _pairs("earnings", standing, others)
    if paired.is_empty():
        return plain.drop("provider")
    rank = rank_of(order)
    names = [name for name in DATASETS["earnings"].columns if name not in keys]
    places = pl.Series("_rank", [rank(provider) for provider in paired["provider_other"]], dtype=pl.Int64)
    # An hour, or that a date is certain, is said of one day and of no other.
    same_day = [pl.when(pl.col("date") == pl.col("date_other")).then(f"{name}_other").alias(f"{name}_other")
                for name in ("time_of_day", "confirmed")]
    best = paired.with_columns(places, *same_day).sort("_rank", maintain_order=True).group_by(keys, maintain_order=True).agg(
        *(pl.col(f"{name}_other").drop_nulls().first() for name in names),
        *(pl.col("fetch_id_other").filter(pl.col(f"{name}_other").is_not_null()).first().alias(f"_{name}") for name in names))
    joined = plain.drop("filled", "filled_fetch").join(best, on=keys, how="left", maintain_order="left")
    taken = {name: pl.col(name).is_null() & pl.col(f"{name}_other").is_not_null() for name in names}
    said = [pl.when(taken[name]).then(pl.lit(name)) for name in names]
    marked = joined.with_columns(
        pl.concat_str(said, separator=", ", ignore_nulls=True).alias("filled"),
        pl.coalesce(pl.when(taken[name]).then(pl.col(f"_{name}")) for name in names).cast(pl.Int64).alias("filled_fetch"),
        *(pl.coalesce(name, f"{name}_other").alias(name) for name in names))
    return marked.select(*(name for name in standing.columns if name != "provider"), "filled", "filled_fetch")


def restated(versions: pl.DataFrame, splits: pl.DataFrame, since: datetime | None = None) -> pl.DataFrame:
    """RESTATEMENT rows, the newest first: a value that the same service later gave differently for the same period.

    `versions`: every version of facts with provider, known_at and fetch_id. Point statements move by nature and are left
    out, as are figures per share and share counts that only follow a split. `since`: only what became known from then on.
    """
    key = ["symbol", "item", "period", "period_end", "provider"]
    before = ("value", "known_at", "form", "fetch_id", "unit")
    rows = versions.filter(pl.col("period") != "P").sort(*key, "known_at", "fetch_id")
    rows = rows.with_columns(pl.col(name).shift().over(key).alias(f"old_{name}") for name in before)
    larger = pl.max_horizontal(pl.col("value").abs(), pl.col("old_value").abs())
    changed = rows.filter(
        ((pl.col("value") - pl.col("old_value")).abs() > _ROUNDING * larger)
        & (pl.col("unit").is_null() | pl.col("old_unit").is_null() | (pl.col("unit") == pl.col("old_unit"))))
    if since is not None:
        changed = changed.filter(pl.col("known_at") >= pl.lit(since.astimezone(UTC), dtype=UTC_TYPE))
    changed = _without_splits(changed.rename({"value": "new_value"}), splits)
    return changed.with_columns(_apart("new_value", "old_value").alias("difference")).select(
        pl.col(name).cast(kind) for name, kind in RESTATEMENT.items()).sort(
        "known_at", "symbol", "item", "period", "period_end", descending=[True, False, False, False, True]).filter(
        _once("item", "known_at", "provider", "old_value", "new_value"))


def _once(item: str, *same: str) -> pl.Expr:
    """True for the first of rows that say one thing: a balance at a year's end belongs to the year and to its last quarter."""
    return ~pl.col(item).is_in(BALANCE_ITEMS) | pl.struct("symbol", "period_end", item, *same).is_first_distinct()


def _without_splits(changed: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Without the figures that changed by the ratio of the splits between both statements."""
    if changed.is_empty():
        return changed
    numbered = changed.with_row_index("_row")
    between = (
        numbered.join(splits.select("symbol", "ex_date", "ratio"), on="symbol")
        .filter((pl.col("ex_date") > pl.col("old_known_at").dt.date()) & (pl.col("ex_date") <= pl.col("known_at").dt.date()))
        .group_by("_row").agg(pl.col("ratio").product().alias("_stored")))
    counted = numbered.join(between, on="_row", how="left", maintain_order="left").with_columns(_apparent_split())
    ratio = pl.coalesce("_stored", "_apparent")
    follows = pl.when(pl.col("item") == "shares_outstanding").then(pl.col("old_value") * ratio).when(
        pl.col("item").is_in(_SHARES)).then(pl.col("old_value") / ratio)
    near = (pl.col("new_value") - follows).abs() <= _rounded(follows)
    return counted.filter(~near.fill_null(False)).drop("_row", "_stored", "_apparent")


def _apparent_split() -> pl.Expr:
    """The ratio of a split too old to be stored: the figures per share of several periods changed by one whole ratio."""
    shares = pl.col("item") == "shares_outstanding"
    change = pl.when(shares).then(pl.col("new_value") / pl.col("old_value")).otherwise(pl.col("old_value") / pl.col("new_value"))
    whole = pl.when(change >= 1).then((change * 2).round() / 2).when(change > 0).then(1 / (1 / change).round())
    follows = pl.when(shares).then(pl.col("old_value") * whole).otherwise(pl.col("old_value") / whole)
    larger = pl.max_horizontal(pl.col("old_value").abs(), pl.col("new_value").abs())
    tells = pl.col("item").is_in(_PER_SHARE_ITEMS) & (larger > 0.2)
    alike = pl.when(tells & ((pl.col("new_value") - follows).abs() <= _rounded(follows))).then("period_end")
    seen = alike.drop_nulls().n_unique().over("symbol", "provider", whole)
    return pl.when((whole != 1) & (seen >= _SPLIT_PERIODS)).then(whole).alias("_apparent")


def _rounded(value: pl.Expr) -> pl.Expr:
    """How far a value that was rounded to cents before it was divided, and is again, may be off."""
    return pl.max_horizontal(value.abs() * MONEY.relative, pl.when(pl.col("item") != "shares_outstanding").then(0.01))


def _pairs(dataset: str, standing: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Each other statement beside the nearest standing one of another service about the same thing (columns `_other`)."""
    contest = CONTESTS[dataset]
    right = others.rename({name: f"{name}_other" for name in others.columns if name not in contest.group})
    apart = (pl.col(contest.time) - pl.col(f"{contest.time}_other")).dt.total_days().abs()
    days = pl.when(pl.col("period") == "P").then(0).otherwise(contest.days) if dataset == "facts" else pl.lit(contest.days)
    far = pl.lit(False)
    if dataset == "earnings":
        far = ((pl.col("period_end") - pl.col("period_end_other")).dt.total_days().abs() > 20).fill_null(False)
    # Days in buckets as wide as rivals may be apart: a rival is in the same one or in a neighbour.
    bucket = (pl.col(contest.time).dt.epoch("d") // (contest.days + 1)).alias("_bucket")
    near = right.with_row_index("_row").with_columns(
        (pl.col(f"{contest.time}_other").dt.epoch("d") // (contest.days + 1)).alias("_bucket"))
    spread = pl.concat([near.with_columns(pl.col("_bucket") + step) for step in (-1, 0, 1)])
    joined = spread.join(standing.with_columns(bucket), on=[*contest.group, "_bucket"]).filter(
        (apart <= days) & ~far & (pl.col("provider") != pl.col("provider_other")))
    return joined.with_columns(apart.alias("_apart")).sort("_row", "_apart", maintain_order=True).unique(
        "_row", keep="first", maintain_order=True).drop("_row", "_apart", "_bucket")


def _fact_rows(paired: pl.DataFrame) -> pl.DataFrame:
    value, other = pl.col("value"), pl.col("value_other")
    same_unit = pl.col("unit").is_null() | pl.col("unit_other").is_null() | (pl.col("unit") == pl.col("unit_other"))
    apart = paired.filter(same_unit & ~agreement(pl.col("item"), value, other).fill_null(True))
    none = pl.lit(None, dtype=pl.String)
    return _rows(apart, "facts", pl.col("item"), value, other, none, none, pl.coalesce("unit", "unit_other"))


def _field_rows(dataset: str, paired: pl.DataFrame, name: str) -> pl.DataFrame:
    """Where both state a field of a row and differ in it."""
    one, other = pl.col(name), pl.col(f"{name}_other")
    number = DATASETS[dataset].columns[name] == pl.Float64
    differs = ~agreement(pl.lit(name), one, other) if number else one != other
    apart = paired.filter(differs.fill_null(False))
    none, text = pl.lit(None, dtype=pl.Float64), pl.lit(None, dtype=pl.String)
    if number:
        return _rows(apart, dataset, pl.lit(name), one, other, text, text, text)
    return _rows(apart, dataset, pl.lit(name), none, none, one.cast(pl.String), other.cast(pl.String), text)


def _rows(apart: pl.DataFrame, dataset: str, name: pl.Expr, value: pl.Expr, other: pl.Expr, text: pl.Expr, other_text: pl.Expr,
          unit: pl.Expr) -> pl.DataFrame:
    report = dataset == "earnings"
    result = pl.col("eps_actual").is_not_null() | pl.col("revenue_actual").is_not_null() if report else pl.lit(False)
    result_other = (pl.col("eps_actual_other").is_not_null() | pl.col("revenue_actual_other").is_not_null() if report
                    else pl.lit(False))
    made = apart.select(
        pl.lit(dataset).alias("dataset"), "symbol", name.alias("field"),
        (pl.lit(None, dtype=pl.String) if report else pl.col("period")).alias("period"),
        (pl.coalesce("period_end", "date") if report else pl.col("period_end")).alias("period_end"),
        unit.alias("unit"), "provider", value.alias("value"), text.alias("text"), "known_at", "fetch_id",
        pl.col("provider_other").alias("other_provider"), other.alias("other_value"), other_text.alias("other_text"),
        pl.col("known_at_other").alias("other_known_at"), pl.col("fetch_id_other").alias("other_fetch_id"),
        (result & ~result_other).alias("_result_first"))
    return made.with_columns(_apart("other_value", "value").alias("difference"))


def _apart(one: str, base: str) -> pl.Expr:
    """How far `one` is from `base`, as a fraction of it; unknown where the base is zero."""
    return pl.when(pl.col(base) != 0).then((pl.col(one) - pl.col(base)) / pl.col(base).abs())
