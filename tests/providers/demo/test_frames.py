"""Every frame of the demo market against its schema, and what must hold inside it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from terminal.domain.instruments import SECTORS, clean_symbol
from terminal.domain.schemas import BALANCE_ITEMS, DATASETS, FLOW_ITEMS, POINT_ITEMS
from terminal.providers.demo import SEEDED, statements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.providers.demo.listing import Listing

Frames = "Mapping[str, list[pl.DataFrame]]"


@pytest.fixture(scope="module")
def wide(listing: Listing) -> pl.DataFrame:
    """Quarters as first filed, a column an item."""
    return (
        statements.quarterly(listing)
        .pivot(on="item", index=["symbol", "period_end", "filed_at"], values="value")
        .sort("symbol", "period_end")
    )


@pytest.fixture(scope="module")
def bars(seeded: Mapping[str, list[pl.DataFrame]]) -> pl.DataFrame:
    return seeded["bars"][0]


@pytest.mark.parametrize("dataset", SEEDED)
def test_nothing_is_refused_and_types_are_the_schema_s(seeded: Mapping[str, list[pl.DataFrame]], dataset: str) -> None:
    schema = DATASETS[dataset]
    for frame in seeded[dataset]:
        checked = schema.validate(frame)
        assert checked.refused.is_empty()
        assert frame.height > 0
        assert dict(frame.schema) == dict(schema.columns)
        floats = [name for name, kind in frame.schema.items() if kind == pl.Float64]
        assert frame.filter(pl.any_horizontal(pl.col(name).is_nan() for name in floats)).is_empty() if floats else True


def test_instruments_are_the_promised_ones(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    frame = seeded["instruments"][0]
    assert dict(frame.group_by("kind").len().iter_rows()) == {"stock": 500, "etf": 12, "bond": 12, "bond_etf": 8}
    assert set(frame.filter(pl.col("kind") == "stock")["sector"]) == set(SECTORS)
    assert {"SPY", "QQQ", "IWM"} <= set(frame["symbol"])
    assert frame["symbol"].n_unique() == frame["name"].n_unique() == 532
    assert all(clean_symbol(symbol) == symbol for symbol in frame["symbol"])
    assert frame["summary"].str.starts_with("Simulated").all()
    assert (frame["exchange"] == "DEMO").all()


def test_no_company_bears_the_name_or_ticker_of_an_index_member(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    from pytickersymbols import PyTickerSymbols

    stocks = seeded["instruments"][0].filter(pl.col("kind") == "stock")
    real = list(PyTickerSymbols().get_all_stocks())
    assert not set(stocks["symbol"]) & {str(each.get("symbol", "")).upper() for each in real}
    first_words = {str(each["name"]).split()[0].lower() for each in real}
    assert not [name for name in stocks["name"] if name.split()[0].lower() in first_words]


def test_bars_cover_five_years_of_real_sessions(bars: pl.DataFrame, listing: Listing) -> None:
    sessions = listing.world.calendar.sessions(date(2021, 11, 22), date(2026, 11, 20))
    for symbol in ("SPY", listing.symbols[0], "UST33"):
        assert set(sessions) <= set(bars.filter(pl.col("symbol") == symbol)["date"])
    assert bars["date"].max() == date(2026, 11, 20)
    assert bars.height > 665_000
    assert bars.filter(
        (pl.col("high") < pl.max_horizontal("open", "close")) | (pl.col("low") > pl.min_horizontal("open", "close"))
    ).is_empty()
    assert (bars["volume"] > 0).mean() > 0.999


def test_adjusted_close_takes_out_every_dividend(bars: pl.DataFrame, seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    """Total return from adjusted closes = price return with the dividend put back, on each ex-date."""
    paid = seeded["dividends"][0]
    rows = (
        bars.sort("symbol", "date")
        .with_columns(
            (pl.col("adjusted_close") / pl.col("adjusted_close").shift(1).over("symbol")).alias("total"),
            pl.col("close").shift(1).over("symbol").alias("before"),
        )
        .join(paid, left_on=["symbol", "date"], right_on=["symbol", "ex_date"])
        .drop_nulls("before")
        .filter(pl.col("before") > 5)
    )
    assert rows.height > 4_000
    expected = rows["close"] / (rows["before"] - rows["amount"])
    assert ((rows["total"] - expected).abs() < 5e-4).all()
    last = bars.filter(pl.col("date") == date(2026, 11, 20))
    assert ((last["adjusted_close"] - last["close"]).abs() < 1e-3).all()


def test_splits_leave_no_gap(bars: pl.DataFrame, seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    splits = seeded["splits"][0].filter(pl.col("ex_date") > date(2021, 12, 1))
    assert splits.height >= 5
    for symbol, day, _ratio in splits.iter_rows():
        around = bars.filter((pl.col("symbol") == symbol) & pl.col("date").is_between(day - timedelta(days=6), day))["close"]
        assert abs(around[-1] / around[-2] - 1) < 0.2


def test_income_statement_and_balance_sheet_reconcile(wide: pl.DataFrame) -> None:
    assert wide.height > 13_500
    assert set(FLOW_ITEMS) | set(BALANCE_ITEMS) <= set(wide.columns)
    for left, right in (
        (pl.col("total_assets"), pl.col("total_liabilities") + pl.col("total_equity")),
        (pl.col("gross_profit"), pl.col("revenue") - pl.col("cost_of_revenue")),
        (pl.col("free_cash_flow"), pl.col("operating_cash_flow") - pl.col("capital_expenditure")),
        (pl.col("net_income"), pl.col("pretax_income") - pl.col("income_tax")),
        (pl.col("pretax_income"), pl.col("ebit") - pl.col("interest_expense")),
        (pl.col("ebitda"), pl.col("ebit") + pl.col("depreciation_amortization")),
        (pl.col("operating_income"), pl.col("gross_profit") - pl.col("selling_general_admin") - pl.col("research_development")),
        (pl.col("invested_capital"), pl.col("total_debt") + pl.col("total_equity")),
    ):
        gap = wide.select((left - right).abs().alias("gap")).drop_nulls()["gap"]
        assert gap.len() > 4_000
        assert gap.max() <= 3.0, (str(left), gap.max())


def test_equity_rolls_forward_with_the_flows(wide: pl.DataFrame) -> None:
    """Change of equity = profit + share-based pay - dividends - buybacks + shares sold; without sales it is an equation."""
    before = pl.col("total_equity").shift(1).over("symbol")
    rest = wide.with_columns(
        (
            pl.col("total_equity")
            - before
            - pl.col("net_income")
            - pl.col("share_based_compensation")
            + pl.col("dividends_paid")
            + pl.col("share_repurchases")
        ).alias("sold")
    ).drop_nulls("sold")
    assert rest.height > 11_000
    assert (rest["sold"] > -10).all()
    assert (rest["sold"].abs() < 10).mean() > 0.4
    assert (wide["total_assets"] > 0).all()
    assert (wide["cash"] > 0).all()
    assert (wide["shares_outstanding"] > 0).all()


def test_what_is_not_reported_is_absent_not_zero(wide: pl.DataFrame, seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    banks = seeded["instruments"][0].filter(pl.col("industry") == "Banks")["symbol"]
    of_banks = wide.filter(pl.col("symbol").is_in(banks.implode()))
    for item in ("gross_profit", "current_assets", "current_liabilities", "ebitda", "inventory"):
        assert of_banks[item].null_count() == of_banks.height
    assert 0 < wide["share_based_compensation"].null_count() < wide.height * 0.1
    losses = wide.filter(pl.col("period_end") > date(2025, 9, 1)).group_by("symbol").agg(pl.col("net_income").sum())
    assert 0.02 < (losses["net_income"] < 0).mean() < 0.15


def test_filings_come_after_the_quarter(wide: pl.DataFrame) -> None:
    lag = (wide["filed_at"].dt.date() - wide["period_end"]).dt.total_days()
    assert lag.min() >= 17
    assert lag.max() <= 70
    assert lag.median() in range(20, 45)


def test_restatements_come_later_with_the_same_keys_and_lower_profit(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    first, corrected = seeded["facts"]
    both = corrected.join(first, on=["symbol", "item", "period", "period_end"], suffix="_first")
    assert both.height == corrected.height > 500
    assert (both["filed_at"] > both["filed_at_first"]).all()
    profit = both.filter(pl.col("item") == "net_income")
    assert (profit["value"] < profit["value_first"]).all()
    assert (corrected["form"] == "10-Q/A").all()


def test_points_are_known_items_in_sensible_ranges(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    stated = seeded["facts"][0].filter(pl.col("period") == "P")
    assert set(stated["item"]) <= set(POINT_ITEMS)
    for item, low, high in (
        ("recommendation_mean", 1, 5),
        ("short_percent_float", 0, 0.4),
        ("insider_held", 0, 0.5),
        ("institution_held", 0, 1),
        ("expense_ratio", 0, 0.02),
        ("yield_to_maturity", 0, 0.2),
        ("duration", 0, 25),
        ("credit_score", 1, 22),
        ("analyst_count", 0, 60),
    ):
        values = stated.filter(pl.col("item") == item)["value"]
        assert values.len() > 0
        assert values.is_between(low, high).all(), item
    bonds = seeded["instruments"][0].filter(pl.col("kind").is_in(["bond", "bond_etf"]))["symbol"]
    latest = stated.filter((pl.col("period_end") == date(2026, 11, 20)) & pl.col("symbol").is_in(bonds.implode()))
    for item in ("yield_to_maturity", "duration", "credit_score", "years_to_maturity"):
        assert latest.filter(pl.col("item") == item).height == 20


def test_surprises_move_prices_on_the_report_day(bars: pl.DataFrame, seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    days = bars.select(
        "symbol",
        "date",
        (pl.col("close") / pl.col("close").shift(1).over("symbol") - 1).alias("move"),
        (pl.col("close").shift(-1).over("symbol") / pl.col("close") - 1).alias("next"),
    )
    reports = seeded["earnings"][0].drop_nulls(["eps_actual", "eps_estimate"]).filter(pl.col("eps_estimate").abs() > 0.3)
    joined = (
        reports.join(days, on=["symbol", "date"])
        .with_columns(
            ((pl.col("eps_actual") - pl.col("eps_estimate")) / pl.col("eps_estimate").abs()).alias("surprise"),
            pl.when(pl.col("time_of_day") == "bmo").then(pl.col("move")).otherwise(pl.col("next")).alias("answer"),
            pl.when(pl.col("time_of_day") == "bmo").then(pl.col("next")).otherwise(pl.col("move")).alias("other"),
        )
        .drop_nulls()
    )
    assert joined.height > 8_000
    assert np.corrcoef(joined["surprise"], joined["answer"])[0, 1] > 0.25
    assert joined["answer"].std() > 1.4 * joined["other"].std()
    assert 0.55 < (joined["surprise"] > 0).mean() < 0.75


def test_dividends_are_announced_and_mostly_grow(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    paid = seeded["dividends"][0]
    assert paid.filter(pl.col("ex_date") > date(2026, 11, 20)).height > 20
    assert paid["ex_date"].max() <= date(2026, 11, 20) + timedelta(days=35)
    assert (paid["pay_date"] > paid["ex_date"]).all()
    yearly = paid.group_by("symbol", pl.col("ex_date").dt.year().alias("year")).agg(pl.col("amount").sum())
    change = yearly.filter(pl.col("year").is_in([2024, 2025])).pivot(on="year", index="symbol", values="amount").drop_nulls()
    assert (change["2025"] > change["2024"]).sum() > 100
    assert (change["2025"] < change["2024"]).sum() > 3


def test_headlines_name_the_cause_of_planted_dips(seeded: Mapping[str, list[pl.DataFrame]]) -> None:
    from terminal.providers.demo.truth import truth

    titles = seeded["headlines"][0]
    assert titles["publisher"].unique().to_list() == ["Demo Wire (simulated)"]
    dips = [
        each for each in truth(None, date(2026, 11, 20)).events if each.kind == "company dip" and each.first > date(2025, 9, 1)
    ]
    assert len(dips) > 60
    for dip in dips:
        assert not titles.filter((pl.col("symbol") == dip.symbol) & (pl.col("at").dt.date() == dip.first)).is_empty(), dip
