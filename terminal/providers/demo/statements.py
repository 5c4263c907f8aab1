"""Quarterly statements as FACTS, with the corrections that came later."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import BALANCE_ITEMS, FACTS, FLOW_ITEMS

if TYPE_CHECKING:
    from terminal.providers.demo.listing import Listing
    from terminal.providers.demo.recipe import Bools, Floats, Ints, Recipe
    from terminal.providers.demo.reports import Days

HISTORY_DAYS = 2650
_PER_SHARE = ("eps_basic", "eps_diluted")
_NOT_IN_FINANCE = (
    "cost_of_revenue",
    "gross_profit",
    "inventory",
    "current_assets",
    "current_liabilities",
    "research_development",
)
_NOT_IN_BANKS = ("ebitda", "selling_general_admin", "receivables", "ebit")
_RESTATED_LOSS = (
    "operating_income",
    "ebit",
    "ebitda",
    "pretax_income",
    "net_income",
    "total_assets",
    "current_assets",
    "receivables",
    "total_equity",
    "retained_earnings",
    "invested_capital",
)


def quarterly(listing: Listing, companies: Ints | None = None) -> pl.DataFrame:
    """Every quarter of the last seven years filed by the end, as first filed (per-share values in the shares of then)."""
    k, n = _seen(listing, listing.world.reports.filed, companies)
    filed = listing.world.reports.filed[k, n]
    values = {item: listing.world.books.items[item][k, n] for item in (*FLOW_ITEMS, *BALANCE_ITEMS)}
    return _long(listing, k, n, filed, values, np.zeros(len(k), dtype=np.bool_), "")


def restatements(listing: Listing, companies: Ints | None = None) -> pl.DataFrame:
    """Quarters corrected later: costs found too low, profit, receivables and equity too high. Keys are those of `quarterly`."""
    reports, items = listing.world.reports, listing.world.books.items
    k, n = _seen(listing, np.where(reports.restated < 1.0, reports.restated_on, np.datetime64("2200-01-01")), companies)
    loss = (1 - reports.restated[k, n]) * np.abs(items["net_income"][k, n])
    values = {item: items[item][k, n] - loss for item in _RESTATED_LOSS}
    values["selling_general_admin"] = items["selling_general_admin"][k, n] + loss
    shares = items["net_income"][k, n] / items["eps_basic"][k, n]
    for item in _PER_SHARE:
        values[item] = items[item][k, n] - loss / shares
    return _long(listing, k, n, reports.restated_on[k, n], values, np.ones(len(k), dtype=np.bool_), "10-Q/A")


def _seen(listing: Listing, known: Days, companies: Ints | None) -> tuple[Ints, Ints]:
    end = np.datetime64(listing.end)
    mask: Bools = (known <= end) & (listing.world.reports.period_end >= end - np.timedelta64(HISTORY_DAYS, "D"))
    if companies is not None:
        mask &= np.isin(np.arange(mask.shape[1]), companies)[None, :]
    company, quarter = np.nonzero(mask.T)
    return quarter, company


def _long(listing: Listing, k: Ints, n: Ints, filed: Days, values: dict[str, Floats], morning: Bools, form: str) -> pl.DataFrame:
    """Rows of FACTS; shares and per-share values in the shares of the filing day."""
    world = listing.world
    total = _shares_for_one(listing, n, filed)
    absent = _absent(world.recipe)
    columns: dict[str, pl.Series] = {}
    for item, raw in values.items():
        value = raw / total if item in _PER_SHARE else raw * total if item == "shares_outstanding" else raw
        value = np.round(value, 2 if item in _PER_SHARE else 0)
        if item in absent:
            value = np.where(absent[item][n], np.nan, value)
        columns[item] = pl.Series(item, value, nan_to_null=True)
    ends = world.reports.period_end[k, n]
    hour = np.where(morning, 12 * 60, 21 * 60 + 30).astype("timedelta64[m]")
    quarter = k % 4 + 1
    base = pl.DataFrame(
        {
            "symbol": pl.Series(listing.symbols).gather(n),
            "period_end": pl.Series(ends).cast(pl.Date),
            "fiscal_year": pl.Series(world.recipe.document["statements_from"].year + k // 4, dtype=pl.Int32),
            "fiscal_quarter": pl.Series(quarter, dtype=pl.Int8),
            "filed_at": pl.Series((filed.astype("datetime64[m]") + hour).astype("datetime64[us]"))
            .cast(pl.Datetime("us"))
            .dt.replace_time_zone("UTC"),
            "form": pl.Series(np.where(quarter == 4, "10-K", "10-Q"))
            if not form
            else pl.Series([form] * len(k), dtype=pl.String),
            **columns,
        }
    )
    unit = {**dict.fromkeys(values, "USD"), "shares_outstanding": "shares"}
    return (
        base.unpivot(
            list(values),
            index=["symbol", "period_end", "fiscal_year", "fiscal_quarter", "filed_at", "form"],
            variable_name="item",
        )
        .drop_nulls("value")
        .with_columns(pl.lit("Q").alias("period"), pl.col("item").replace_strict(unit, return_dtype=pl.String).alias("unit"))
        .select(*FACTS.columns)
    )


def _shares_for_one(listing: Listing, n: Ints, filed: Days) -> Floats:
    total = np.ones(len(n))
    for split in listing.world.splits:
        total[(n == split.company) & (filed >= listing.world.moments[split.first])] *= split.ratio
    return total


def _absent(recipe: Recipe) -> dict[str, Bools]:
    """What companies do not report: banks have no gross profit, and some leave out what nobody makes them state."""
    finance = np.array([each.sector == "Financials" for each in recipe.companies])
    banks = np.array([each.industry == "Banks" for each in recipe.companies])
    silent = recipe.stream("silence").random((3, len(recipe.companies)))
    found: dict[str, Bools] = dict.fromkeys(_NOT_IN_FINANCE, finance)
    found.update(dict.fromkeys(_NOT_IN_BANKS, banks))
    found["research_development"] = recipe.of_sector("research") == 0
    found["inventory"] = recipe.of_sector("inventory") == 0
    found["share_based_compensation"] = silent[0] < 0.04
    found["goodwill_intangibles"] = silent[1] < 0.05
    found["receivables"] = banks | (silent[2] < 0.04)
    return found
