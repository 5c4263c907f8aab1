"""Quarterly statements and what analysts, short sellers and fund companies state, as FACTS."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from terminal.domain.schemas import BALANCE_ITEMS, FACTS, FLOW_ITEMS, UTC
from terminal.providers.demo.recipe import Bools, Floats, Ints, Recipe

if TYPE_CHECKING:
    from terminal.providers.demo.listing import Listing

HISTORY_DAYS = 2650
_PER_SHARE = ("eps_basic", "eps_diluted")
_NOT_IN_FINANCE = ("cost_of_revenue", "gross_profit", "inventory", "current_assets", "current_liabilities", "research_development")
_NOT_IN_BANKS = ("ebitda", "selling_general_admin", "receivables", "ebit")
_RESTATED_LOSS = ("operating_income", "ebit", "ebitda", "pretax_income", "net_income", "total_assets", "current_assets",
                  "receivables", "total_equity", "retained_earnings", "invested_capital")


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


def _seen(listing: Listing, known: np.ndarray, companies: Ints | None) -> tuple[Ints, Ints]:  # type: ignore[type-arg]
    end = np.datetime64(listing.end)
    mask: Bools = (known <= end) & (listing.world.reports.period_end >= end - np.timedelta64(HISTORY_DAYS, "D"))
    if companies is not None:
        mask &= np.isin(np.arange(mask.shape[1]), companies)[None, :]
    company, quarter = np.nonzero(mask.T)
    return quarter, company


def _long(listing: Listing, k: Ints, n: Ints, filed: np.ndarray, values: dict[str, Floats], morning: Bools, form: str) -> pl.DataFrame:  # type: ignore[type-arg]
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
    base = pl.DataFrame({
        "symbol": pl.Series(listing.symbols).gather(n), "period_end": pl.Series(ends).cast(pl.Date),
        "fiscal_year": pl.Series(world.recipe.document["statements_from"].year + k // 4, dtype=pl.Int32),
        "fiscal_quarter": pl.Series(quarter, dtype=pl.Int8),
        "filed_at": pl.Series((filed.astype("datetime64[m]") + hour).astype("datetime64[us]")).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"),
        "form": pl.Series(np.where(quarter == 4, "10-K", "10-Q")) if not form else pl.Series([form] * len(k), dtype=pl.String),
        **columns})
    unit = {**dict.fromkeys(values, "USD"), "shares_outstanding": "shares"}
    return (base.unpivot(list(values), index=["symbol", "period_end", "fiscal_year", "fiscal_quarter", "filed_at", "form"], variable_name="item")
            .drop_nulls("value").with_columns(pl.lit("Q").alias("period"),
                                              pl.col("item").replace_strict(unit, return_dtype=pl.String).alias("unit"))
            .select(*FACTS.columns))


def _shares_for_one(listing: Listing, n: Ints, filed: np.ndarray) -> Floats:  # type: ignore[type-arg]
    total = np.ones(len(n))
    for split in listing.world.splits:
        total[(n == split.company) & (filed >= listing.world.moments[split.first])] *= split.ratio
    return total


def _absent(recipe: Recipe) -> dict[str, Bools]:
    """What companies do not report: banks have no gross profit, and some leave out what nobody makes them state."""
    finance = np.array([each.sector == "Financials" for each in recipe.companies])
    banks = np.array([each.industry == "Banks" for each in recipe.companies])
    silent = recipe.stream("silence").random((3, len(recipe.companies)))
    found: dict[str, Bools] = {item: finance for item in _NOT_IN_FINANCE}
    found.update({item: banks for item in _NOT_IN_BANKS})
    found["research_development"] = recipe.of_sector("research") == 0
    found["inventory"] = recipe.of_sector("inventory") == 0
    found["share_based_compensation"] = silent[0] < 0.04
    found["goodwill_intangibles"] = silent[1] < 0.05
    found["receivables"] = banks | (silent[2] < 0.04)
    return found


def points(listing: Listing, numbers: Ints | None = None) -> pl.DataFrame:
    """POINT values at the last six month ends and at the end: analysts, short interest, holders; funds and bonds."""
    frames = [FACTS.empty()]
    for position in _point_days(listing):
        frames.append(_company_points(listing, position))
        frames.append(_fund_points(listing, position))
    frame = pl.concat(frames)
    return frame if numbers is None else frame.filter(pl.col("symbol").is_in([listing.symbols[n] for n in numbers.tolist()]))


def _point_days(listing: Listing) -> list[int]:
    days = listing.world.days[:listing.finished]
    closing = [n for n in range(len(days) - 1) if days[n].month != days[n + 1].month]
    return [*closing[-6:], len(days) - 1]


def _company_points(listing: Listing, position: int) -> pl.DataFrame:
    world = listing.world
    day, count = world.days[position], len(world.recipe.companies)
    fixed = world.recipe.stream("holders").random((4, count))
    month = world.recipe.stream("analysts", day.year * 12 + day.month).standard_normal((6, count))
    total = world.split_until(position)
    price = world.stocks.close[position] / total
    at = world.when[position]
    worth = np.exp((1 - at % 1) * np.log(world.books.value[int(at)]) + at % 1 * np.log(world.books.value[int(at) + 1])) / total
    analysts = np.clip(np.round(2.2 * np.log(world.cap[position] / 3e8) * (0.5 + fixed[0])), 0, 48)
    target = price ** 0.55 * worth ** 0.45 * np.exp(0.07 + 0.06 * month[0])
    width = 0.12 + 0.12 * fixed[1]
    coming = np.stack([world.books.items["eps_diluted"][int(at) + 1 + step] for step in range(4)]).sum(axis=0) / total
    forward = coming * np.exp(0.05 * month[1])
    shares = world.shares[position] * total
    inside = 0.004 + 0.16 * fixed[2] ** 4
    short = np.clip(0.012 + 0.02 * fixed[3] + 0.06 * world.recipe.has("weak", "hypergrowth") * (0.4 + fixed[1]) + 0.004 * month[2], 0.002, 0.4)
    float_shares = shares * (1 - inside)
    values = {
        "analyst_count": analysts, "target_mean": np.round(target, 2), "target_median": np.round(target * (1 + 0.01 * month[3]), 2),
        "target_low": np.round(target * (1 - width), 2), "target_high": np.round(target * (1 + 1.2 * width), 2),
        "recommendation_mean": np.round(np.clip(2.6 - 2.2 * np.log(target / price) + 0.15 * month[4], 1.1, 4.8), 1),
        "short_percent_float": np.round(short, 4),
        "short_ratio": np.round(short * float_shares / (world.stocks.volume[max(position - 20, 0):position + 1].mean(axis=0) * total), 1),
        "insider_held": np.round(inside, 4), "institution_held": np.round(np.clip(0.88 - 1.5 * inside - 0.3 * fixed[1] ** 2, 0.05, 0.97), 4),
        "eps_forward": np.round(forward, 2), "pe_forward": np.where(forward > 0.01, np.round(price / forward, 2), np.nan),
        "shares_outstanding_now": np.round(shares), "float_shares": np.round(float_shares),
        "employees": np.round(world.books.items["revenue"][int(at)] * 4 / 380_000, -1),
    }
    for item in ("target_mean", "target_median", "target_low", "target_high", "recommendation_mean", "eps_forward", "pe_forward"):
        values[item] = np.where(analysts > 0, values[item], np.nan)
    return _points(listing.symbols[:count], values, day, listing.world.calendar.session_close(day).timestamp())


def _fund_points(listing: Listing, position: int) -> pl.DataFrame:
    from terminal.providers.demo.funds import duration_of

    day, frames = listing.world.days[position], [FACTS.empty()]
    close_at = listing.world.calendar.session_close(day).timestamp()
    for part in listing.world.listed:
        live = part.alive[position]
        rows: dict[str, list[float]] = {}
        for column, (kind, detail) in enumerate(zip(part.kinds, part.details, strict=True)):
            nav, ytm = float(part.worth[position, column]), float(part.ytm[position, column])
            values = {"nav": np.nan, "aum": np.nan, "expense_ratio": np.nan, "holdings_count": np.nan, "yield_to_maturity": ytm,
                      "duration": np.nan, "coupon": np.nan, "years_to_maturity": np.nan, "credit_score": float(detail.get("credit", np.nan))}
            if kind != "bond":
                holdings = int((_weights(listing, position, detail["holds"]) > 0).sum()) if kind == "etf" else 90 + round(17 * len(detail["name"]))
                values.update(nav=round(nav, 4), aum=round(detail["aum"] * nav / detail["price"], -3), expense_ratio=detail["expense"],
                              holdings_count=float(holdings))
            if kind == "bond_etf":
                values.update(duration=detail["duration"], years_to_maturity=detail["maturity"])
            if kind == "bond":
                years = max((detail["maturity"] - day).days / 365.25, 0.02)
                values.update(coupon=detail["coupon"], years_to_maturity=round(years, 2), duration=round(duration_of(detail["coupon"], ytm, years), 2))
            for item, value in values.items():
                rows.setdefault(item, []).append(value if live[column] else np.nan)
        frames.append(_points(part.symbols, {item: np.round(np.array(each), 5) for item, each in rows.items()}, day, close_at))
    return pl.concat(frames)


def _weights(listing: Listing, position: int, holds: str) -> Floats:
    from terminal.providers.demo.funds import basket_weights

    cap = listing.world.cap
    return basket_weights(listing.world.recipe, np.vstack([cap[0], cap[position]]), holds)[1]


def _points(symbols: tuple[str, ...], values: dict[str, Floats], day: date, known: float) -> pl.DataFrame:
    unit = {"analyst_count": "count", "employees": "count", "holdings_count": "count", "shares_outstanding_now": "shares",
            "float_shares": "shares", "aum": "USD", "nav": "USD", "eps_forward": "USD",
            **{f"target_{name}": "USD" for name in ("mean", "median", "low", "high")}}
    wide = pl.DataFrame({"symbol": symbols, **{item: pl.Series(item, each, nan_to_null=True) for item, each in values.items()}})
    return wide.unpivot(list(values), index="symbol", variable_name="item").drop_nulls("value").with_columns(
        pl.lit("P").alias("period"), pl.lit(day).alias("period_end"), pl.col("item").replace_strict(unit, default="ratio", return_dtype=pl.String).alias("unit"),
        pl.lit(None, dtype=pl.Int32).alias("fiscal_year"), pl.lit(None, dtype=pl.Int8).alias("fiscal_quarter"),
        pl.from_epoch(pl.lit(int(known)), "s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(UTC).alias("filed_at"),
        pl.lit(None, dtype=pl.String).alias("form")).select(*FACTS.columns)

