"""Trailing figures from statements: what the last four quarters sum up to, at each period end, and what changed.

`trailing` makes one row for each symbol and period end. A flow there is the provider's own TTM value, else the sum of
four *consecutive* quarters, else the year's value when the fiscal year ends there, else null. Balance items are those
of the same end. Everything further is arithmetic within one row, so two periods are never mixed in one ratio.
"""

from __future__ import annotations

import polars as pl

from terminal.domain.schemas import BALANCE_ITEMS, FLOW_ITEMS

MAX_STATEMENT_AGE_DAYS = 500
"""Statements whose period ended longer ago say nothing about the present."""
LATE_ITEM_DAYS = 100
"""How far an item may lag behind the newest statement: one quarter."""
MEAN_YEARS = 5
"""Years a usual value is the mean of."""
_QUARTERS = 4
_PER_SHARE = ("eps_basic", "eps_diluted")

STATEMENT_FIELDS = (
    "eps_ttm",
    "revenue_ttm",
    "net_income_ttm",
    "ebitda_ttm",
    "free_cash_flow_ttm",
    "gross_margin",
    "operating_margin",
    "net_margin",
    "ebitda_margin",
    "fcf_margin",
    "fcf_margin_mean",
    "roe",
    "roa",
    "roic",
    "asset_turnover",
    "sbc_to_revenue",
    "revenue_growth_1y",
    "revenue_growth_quarter",
    "revenue_cagr_3y",
    "eps_growth_1y",
    "eps_growth_quarter",
    "eps_cagr_3y",
    "fcf_growth_1y",
    "margin_change_1y",
    "debt_to_equity",
    "net_debt_ebitda",
    "current_ratio",
    "quick_ratio",
    "interest_coverage",
    "piotroski_f",
    "share_count_change_1y",
    "accruals",
)
# What the valuation needs besides: newest value of each.
_PARTS = (
    "equity",
    "total_assets",
    "total_liabilities",
    "total_debt",
    "cash",
    "shares_outstanding",
    "paid_out",
    "dividends_paid",
    "altman_book",
    "altman_liabilities",
)


def trailing(facts: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """[symbol, period_end, known_on, unit, fetch_id, every FLOW_ITEM over four quarters, every BALANCE_ITEM], in order.

    `known_on` is the day the row's newest figure was filed (null when not stated). Per-share figures filed before a
    split are restated for it.
    """
    stated = _restated(facts.filter(pl.col("period").is_in(["Q", "A", "TTM"])), splits)
    flows = stated.filter(pl.col("item").is_in(FLOW_ITEMS))
    balances = _wide(stated.filter(pl.col("item").is_in(BALANCE_ITEMS) & (pl.col("period") != "TTM")), BALANCE_ITEMS)
    year, given = (_wide(flows.filter(pl.col("period") == each), FLOW_ITEMS) for each in ("A", "TTM"))
    sums = _four_quarters(_wide(flows.filter(pl.col("period") == "Q"), FLOW_ITEMS))
    keys = ["symbol", "period_end"]
    both = (
        pl.concat([frame.select(keys) for frame in (sums, year, given, balances)])
        .unique()
        .sort(keys)
        .join(given, on=keys, how="left")
        .join(sums, on=keys, how="left", suffix="_q")
        .join(year, on=keys, how="left", suffix="_a")
    )
    frame = both.select(*keys, *(pl.coalesce(name, f"{name}_q", f"{name}_a").alias(name) for name in FLOW_ITEMS)).join(
        balances, on=keys, how="left"
    )
    about = stated.group_by(keys).agg(
        pl.col("filed_at").max().dt.date().alias("known_on"),
        pl.col("fetch_id").max(),
        pl.col("unit").filter(~pl.col("unit").is_in(["shares", "ratio", "count"])).last(),
    )
    return _derived(frame).join(about, on=keys, how="left").sort(keys)


def quarters(facts: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Single quarters: [symbol, period_end, every FLOW_ITEM], in order."""
    return _wide(_restated(facts.filter((pl.col("period") == "Q") & pl.col("item").is_in(FLOW_ITEMS)), splits), FLOW_ITEMS).sort(
        "symbol", "period_end"
    )


def statement_fields(rows: pl.DataFrame, single: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """One row a symbol with STATEMENT_FIELDS and `_`-prefixed parts, from `trailing` and `quarters`.

    Each field is the newest known one that is at most a quarter behind the newest statement, and unknown when that is
    too old on the symbol's day (`days`: symbol, `_day`). `_statement_end`, `_known_on`, `_statement_fetch` and
    `_unit` describe the newest statement.
    """
    ratios = (
        _ratios(_with_earlier(rows))
        .join(_quarter_growth(single), on=["symbol", "period_end"], how="left")
        .join(_usual_cash_margin(rows), on=["symbol", "period_end"], how="left")
    )
    names = (*STATEMENT_FIELDS, *_PARTS)
    told = ratios.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names)).sort("symbol", "period_end")
    fresh = told.join(days, on="symbol").filter(
        (pl.col("_day") - pl.col("period_end") <= pl.duration(days=MAX_STATEMENT_AGE_DAYS))
        & (pl.col("period_end").max().over("symbol") - pl.col("period_end") <= pl.duration(days=LATE_ITEM_DAYS))
    )
    return fresh.group_by("symbol", maintain_order=True).agg(
        *(pl.col(name).drop_nulls().last().alias(name if name in STATEMENT_FIELDS else f"_{name}") for name in names),
        pl.col("period_end").last().alias("_statement_end"),
        pl.col("known_on").last().alias("_known_on"),
        pl.col("fetch_id").last().alias("_statement_fetch"),
        pl.col("unit").drop_nulls().last().alias("_unit"),
    )


def _restated(facts: pl.DataFrame, splits: pl.DataFrame) -> pl.DataFrame:
    """Per-share values and share counts as if every split since their filing had already happened."""
    fetch = pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in facts.columns else pl.lit(None, dtype=pl.Int64).alias("fetch_id")
    facts = facts.select("symbol", "item", "period", "period_end", "value", "unit", "filed_at", fetch)
    known = splits.select("symbol", "ex_date", "ratio").drop_nulls().filter((pl.col("ratio") > 0) & (pl.col("ratio") != 1))
    touched = (
        pl.col("item").is_in([*_PER_SHARE, "shares_outstanding"])
        & pl.col("filed_at").is_not_null()
        & pl.col("symbol").is_in(known["symbol"].unique().implode())
    )
    if known.is_empty() or not (numbered := facts.with_row_index("_row")).select(touched.any()).item():
        return facts
    factor = (
        numbered.filter(touched)
        .join(known, on="symbol")
        .filter(pl.col("ex_date") > pl.col("filed_at").dt.date())
        .group_by("_row")
        .agg(pl.col("ratio").product().alias("_factor"))
    )
    per_share = pl.col("item").is_in(_PER_SHARE)
    return (
        numbered.join(factor, on="_row", how="left", maintain_order="left")
        .with_columns(
            pl.when(pl.col("_factor").is_null())
            .then(pl.col("value"))
            .when(per_share)
            .then(pl.col("value") / pl.col("_factor"))
            .otherwise(pl.col("value") * pl.col("_factor"))
            .alias("value")
        )
        .drop("_row", "_factor")
    )


def _wide(long: pl.DataFrame, items: tuple[str, ...]) -> pl.DataFrame:
    if long.is_empty():
        return pl.DataFrame(schema={"symbol": pl.String, "period_end": pl.Date, **dict.fromkeys(items, pl.Float64)})
    return long.pivot(
        on="item", on_columns=list(items), index=["symbol", "period_end"], values="value", aggregate_function="last"
    )


def _four_quarters(wide: pl.DataFrame) -> pl.DataFrame:
    """Sums of four consecutive quarters, at the end of the fourth."""
    ordered = wide.sort("symbol", "period_end")
    gap = pl.col("period_end").diff().over("symbol").dt.total_days()
    ordered = ordered.with_columns(gap.is_between(75, 115).alias("_next"))
    whole = pl.all_horizontal(pl.col("_next").shift(n).over("symbol") for n in range(_QUARTERS - 1))
    return ordered.select(
        "symbol",
        "period_end",
        *(
            pl.when(whole)
            .then(pl.sum_horizontal([pl.col(name).shift(n).over("symbol") for n in range(_QUARTERS)], ignore_nulls=False))
            .alias(name)
            for name in FLOW_ITEMS
        ),
    )


def _derived(frame: pl.DataFrame) -> pl.DataFrame:
    """Items that follow from others of the same row, where the statement does not give them itself."""
    frame = frame.with_columns(
        pl.coalesce("gross_profit", pl.col("revenue") - pl.col("cost_of_revenue")).alias("gross_profit"),
        pl.coalesce("operating_income", "ebit").alias("operating_income"),
        pl.coalesce("ebit", "operating_income").alias("ebit"),
        pl.coalesce("free_cash_flow", pl.col("operating_cash_flow") - pl.col("capital_expenditure")).alias("free_cash_flow"),
        pl.coalesce("total_liabilities", pl.col("total_assets") - pl.col("total_equity")).alias("total_liabilities"),
    )
    return frame.with_columns(pl.coalesce("ebitda", pl.col("ebit") + pl.col("depreciation_amortization")).alias("ebitda"))


def _with_earlier(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row with those of one year (`_1`) and three years (`_3`) before beside it."""
    items = ["symbol", "period_end", *FLOW_ITEMS, *BALANCE_ITEMS]
    past = rows.select(items)
    for years, slack in ((1, 20), (3, 25)):
        left = rows.with_columns((pl.col("period_end") - pl.duration(days=round(365.25 * years))).alias("_then")).sort(
            "symbol", "_then"
        )
        renamed = past.rename({name: f"{name}_{years}" for name in items[1:]}).sort("symbol", f"period_end_{years}")
        rows = left.join_asof(
            renamed,
            left_on="_then",
            right_on=f"period_end_{years}",
            by="symbol",
            strategy="nearest",
            tolerance=f"{slack}d",
            check_sortedness=False,
        ).drop("_then")
    return rows


def _over(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
    """A ratio that is unknown unless what it is measured by is positive."""
    return pl.when(bottom > 0).then(top / bottom)


def _ratios(rows: pl.DataFrame) -> pl.DataFrame:
    c = pl.col
    equity = pl.when((c("total_equity") > 0) & (c("total_equity_1") > 0)).then((c("total_equity") + c("total_equity_1")) / 2)
    assets = (c("total_assets") + c("total_assets_1")) / 2
    tax = (
        pl.when(c("pretax_income") > 0)
        .then((c("income_tax") / c("pretax_income")).clip(0, 0.5))
        .when(c("pretax_income") <= 0)
        .then(0.0)
    )
    cagr = {
        name: pl.when((c(name) > 0) & (c(f"{name}_3") > 0)).then((c(name) / c(f"{name}_3")).pow(1 / 3) - 1)
        for name in ("revenue", "eps_diluted")
    }
    growth = {name: _over(c(name), c(f"{name}_1")) - 1 for name in ("revenue", "eps_diluted", "free_cash_flow")}
    share = {
        name: _over(c(name), c("revenue"))
        for name in ("gross_profit", "operating_income", "net_income", "ebitda", "free_cash_flow", "share_based_compensation")
    }
    made = {
        "eps_ttm": c("eps_diluted"),
        "revenue_ttm": c("revenue"),
        "net_income_ttm": c("net_income"),
        "ebitda_ttm": c("ebitda"),
        "free_cash_flow_ttm": c("free_cash_flow"),
        "gross_margin": share["gross_profit"],
        "operating_margin": share["operating_income"],
        "net_margin": share["net_income"],
        "ebitda_margin": share["ebitda"],
        "fcf_margin": share["free_cash_flow"],
        "sbc_to_revenue": share["share_based_compensation"],
        "roe": c("net_income") / equity,
        "roa": _over(c("net_income"), assets),
        "roic": _over(c("operating_income") * (1 - tax), c("total_debt") + c("total_equity") - c("cash")),
        "asset_turnover": _over(c("revenue"), c("total_assets")),
        "revenue_growth_1y": growth["revenue"],
        "eps_growth_1y": growth["eps_diluted"],
        "fcf_growth_1y": growth["free_cash_flow"],
        "revenue_cagr_3y": cagr["revenue"],
        "eps_cagr_3y": cagr["eps_diluted"],
        "margin_change_1y": share["operating_income"] - _over(c("operating_income_1"), c("revenue_1")),
        "debt_to_equity": _over(c("total_debt"), c("total_equity")),
        "net_debt_ebitda": _over(c("total_debt") - c("cash"), c("ebitda")),
        "current_ratio": _over(c("current_assets"), c("current_liabilities")),
        "quick_ratio": _over(c("cash") + c("receivables"), c("current_liabilities")),
        "interest_coverage": _over(c("operating_income"), c("interest_expense")),
        "piotroski_f": _piotroski(),
        "share_count_change_1y": _over(c("shares_outstanding"), c("shares_outstanding_1")) - 1,
        "accruals": _over(c("net_income") - c("operating_cash_flow"), c("total_assets")),
        "equity": c("total_equity"),
        "paid_out": c("dividends_paid") + c("share_repurchases"),
        "altman_book": 1.2 * _over(c("current_assets") - c("current_liabilities"), c("total_assets"))
        + 1.4 * _over(c("retained_earnings"), c("total_assets"))
        + 3.3 * _over(c("ebit"), c("total_assets"))
        + _over(c("revenue"), c("total_assets")),
        "altman_liabilities": pl.when(c("total_liabilities") > 0).then(c("total_liabilities")),
    }
    parts = [name for name in _PARTS if name not in made]
    return rows.select(
        "symbol",
        "period_end",
        "known_on",
        "fetch_id",
        "unit",
        *parts,
        *(expression.alias(name) for name, expression in made.items()),
    )


def _usual_cash_margin(rows: pl.DataFrame) -> pl.DataFrame:
    """[symbol, period_end, fcf_margin_mean] of each symbol's newest statement: the mean over years of the years' means."""
    newest = pl.col("period_end").max().over("symbol")
    known = (
        rows.select("symbol", "period_end", _over(pl.col("free_cash_flow"), pl.col("revenue")).alias("_margin"))
        .filter(pl.col("_margin").is_not_null())
        .with_columns(newest.alias("_newest"), ((newest - pl.col("period_end")).dt.total_days() / 365.25).floor().alias("_years"))
        .filter(pl.col("_years") < MEAN_YEARS)
    )
    by_year = known.group_by("symbol", "_newest", "_years").agg(pl.col("_margin").mean())
    return (
        by_year.group_by(pl.col("symbol"), pl.col("_newest").alias("period_end"))
        .agg(pl.len().alias("_count"), pl.col("_margin").sort_by("_years").mean().alias("fcf_margin_mean"))
        .filter(pl.col("_count") >= 2)
        .drop("_count")
    )


def _piotroski() -> pl.Expr:
    """The nine tests of Piotroski (2000), "Value Investing: The Use of Historical Financial Statement Information"."""
    c = pl.col
    assets = _over(c("net_income"), c("total_assets"))
    tests = (
        c("net_income") > 0,
        c("operating_cash_flow") > 0,
        assets > _over(c("net_income_1"), c("total_assets_1")),
        c("operating_cash_flow") > c("net_income"),
        _over(c("long_term_debt"), c("total_assets")) <= _over(c("long_term_debt_1"), c("total_assets_1")),
        _over(c("current_assets"), c("current_liabilities")) > _over(c("current_assets_1"), c("current_liabilities_1")),
        c("shares_outstanding") <= c("shares_outstanding_1") * 1.001,
        _over(c("gross_profit"), c("revenue")) > _over(c("gross_profit_1"), c("revenue_1")),
        _over(c("revenue"), c("total_assets")) > _over(c("revenue_1"), c("total_assets_1")),
    )
    return pl.sum_horizontal([test.cast(pl.Int64) for test in tests], ignore_nulls=False)


def _quarter_growth(single: pl.DataFrame) -> pl.DataFrame:
    """Each quarter against the same one a year before: [symbol, period_end, revenue_growth_quarter, eps_growth_quarter]."""
    past = single.select(
        "symbol", pl.col("period_end").alias("_past"), pl.col("revenue").alias("_revenue"), pl.col("eps_diluted").alias("_eps")
    ).sort("symbol", "_past")
    left = single.with_columns((pl.col("period_end") - pl.duration(days=365)).alias("_then")).sort("symbol", "_then")
    return left.join_asof(
        past, left_on="_then", right_on="_past", by="symbol", strategy="nearest", tolerance="20d", check_sortedness=False
    ).select(
        "symbol",
        "period_end",
        (_over(pl.col("revenue"), pl.col("_revenue")) - 1).alias("revenue_growth_quarter"),
        (_over(pl.col("eps_diluted"), pl.col("_eps")) - 1).alias("eps_growth_quarter"),
    )
