"""The feature frame by hand-computed values, and everything that must stay unknown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.features import FEATURE_FIELDS, Features, features
from terminal.domain.fields import FIELDS
from terminal.domain.schemas import DIVIDENDS, EARNINGS, SPLITS
from tests.domain.feature_inputs import AS_OF, QUARTER_ENDS, bars, facts, inputs, instrument, points, quote, table

QUARTERS_OF_17 = tuple(
    date(year, month, day)
    for year in range(2026, 2021, -1)
    for month, day in ((9, 30), (6, 30), (3, 31), (12, 31))
    if date(year, month, day) <= date(2026, 9, 30)
)
QUARTERS_OF_17 = tuple(sorted(QUARTERS_OF_17, reverse=True))
BASE = {
    "revenue": 100.0,
    "cost_of_revenue": 60.0,
    "operating_income": 20.0,
    "net_income": 15.0,
    "eps_diluted": 1.5,
    "interest_expense": 2.0,
    "operating_cash_flow": 18.0,
    "capital_expenditure": 6.0,
    "depreciation_amortization": 5.0,
    "pretax_income": 18.0,
    "income_tax": 3.6,
    "dividends_paid": 2.0,
    "share_repurchases": 3.0,
    "share_based_compensation": 1.0,
    "total_assets": 400.0,
    "total_liabilities": 200.0,
    "total_equity": 200.0,
    "current_assets": 120.0,
    "current_liabilities": 60.0,
    "receivables": 30.0,
    "cash": 40.0,
    "total_debt": 80.0,
    "long_term_debt": 70.0,
    "retained_earnings": 90.0,
    "shares_outstanding": 10.0,
}


def row(made: Features, symbol: str = "A") -> dict[str, Any]:
    return made.frame.row(made.index[symbol], named=True)


def test_prices_and_returns_by_hand() -> None:
    closes = [100 + 0.1 * day for day in range(1261)]
    made = row(features(inputs("A", bars=bars("A", closes)), AS_OF))
    assert made["price"] == closes[-1] and made["previous_close"] == closes[-2]
    for name, ago in (("return_1w", 5), ("return_1m", 21), ("return_3m", 63), ("return_6m", 126), ("return_1y", 252)):
        assert made[name] == pytest.approx(closes[-1] / closes[-1 - ago] - 1), name
    assert made["return_3y"] == pytest.approx((closes[-1] / closes[-757]) ** (1 / 3) - 1)
    assert made["return_5y"] == pytest.approx((closes[-1] / closes[-1261]) ** (1 / 5) - 1)
    assert made["momentum_12_1"] == pytest.approx(closes[-22] / closes[-253] - 1)
    assert made["high_52w"] == pytest.approx(closes[-1] * 1.01) and made["low_52w"] == pytest.approx(closes[-252] * 0.99)
    assert made["position_52w"] == pytest.approx((made["price"] - made["low_52w"]) / (made["high_52w"] - made["low_52w"]))
    assert made["sma_50"] == pytest.approx(np.mean(closes[-50:])) and made["price_to_sma_50"] == pytest.approx(
        closes[-1] / np.mean(closes[-50:]) - 1
    )
    assert made["volatility_1y"] == pytest.approx(np.diff(np.log(closes))[-252:].std(ddof=1) * 252**0.5)
    assert made["max_drawdown_1y"] == 0 and made["days_since_high_52w"] == 0 and made["rsi_14"] == 100
    assert (
        made["average_volume"] == 1000
        and made["relative_volume"] == 1
        and made["dollar_volume"] == pytest.approx(1000 * closes[-1])
    )
    assert made["return_ytd"] == pytest.approx(closes[-1] / closes[[d.year for d in _days(1261)].index(2026) - 1] - 1)
    assert made["_spark"] == closes[-60:] and made["price_age_days"] == 0


def _days(count: int) -> list[date]:
    return bars("A", [1.0] * count)["date"].to_list()


def test_beta_is_measured_on_the_same_days() -> None:
    random = np.random.default_rng(2)
    market = 100 * np.exp(np.cumsum(random.standard_normal(300) * 0.01))
    daily = np.diff(market) / market[:-1]
    own = 50 * np.cumprod(np.concatenate([[1.0], 1 + 1.7 * daily]))
    both = pl.concat([bars("A", own.tolist()), bars("SPY", market.tolist())])
    made = features(inputs("A", bars=both), AS_OF)
    assert made.frame["symbol"].to_list() == ["A"]
    assert row(made)["beta"] == pytest.approx(1.7)
    short = pl.concat([bars("A", own.tolist()), bars("SPY", market[-200:].tolist())])
    assert row(features(inputs("A", bars=short), AS_OF))["beta"] is None


@pytest.mark.parametrize(
    ("count", "unknown", "known"),
    [
        (252, ("return_1y", "momentum_12_1", "volatility_1y", "sharpe_1y"), ("high_52w", "return_6m", "max_drawdown_1y")),
        (251, ("high_52w", "position_52w", "max_drawdown_1y", "days_since_high_52w"), ("sma_200", "return_6m")),
        (20, ("return_1m", "sma_50", "adx_14", "relative_volume"), ("sma_20", "return_1w", "rsi_14")),
        (1, ("previous_close", "change", "return_1w", "rsi_14", "sma_20"), ("price", "volume")),
    ],
)
def test_fewer_bars_than_the_window_is_unknown(count: int, unknown: tuple[str, ...], known: tuple[str, ...]) -> None:
    made = row(features(inputs("A", bars=bars("A", [100 + day % 7 for day in map(float, range(count))])), AS_OF))
    assert [name for name in unknown if made[name] is not None] == []
    assert [name for name in known if made[name] is None] == []


def test_a_hole_in_the_bars_is_no_window() -> None:
    holed = bars("A", [100.0 + day for day in range(300)]).filter(~pl.col("date").is_between(date(2026, 7, 1), date(2026, 9, 30)))
    made = row(features(inputs("A", bars=holed), AS_OF))
    assert made["return_1m"] is not None and made["return_3m"] is None and made["sma_200"] is None


def test_a_newer_quote_is_the_price_and_counts_the_sessions() -> None:
    closes = [100.0 + day for day in range(300)]
    monday = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    made = features(inputs("A", bars=bars("A", closes), quotes=quote("A", 500.0, monday, open=450.0)), date(2026, 11, 23))
    found = row(made)
    assert found["price"] == 500 and found["previous_close"] == closes[-1] and found["open"] == 450
    assert found["high"] is None and found["volume"] is None
    assert found["return_1w"] == pytest.approx(500 / closes[-5] - 1)
    assert made.origin["price"][0] == 5 and made.origin["return_1w"][0] == 1 and made.origin_kind["price"][0] == "reported"


def test_an_older_quote_than_the_last_bar_is_not_the_price() -> None:
    known = bars("A", [10.0, 11.0]).with_columns(known_at=pl.lit(datetime(2026, 11, 20, 21, tzinfo=UTC)).dt.cast_time_unit("us"))
    noon = quote("A", 99.0, datetime(2026, 11, 20, 17, tzinfo=UTC))
    assert row(features(inputs("A", bars=known, quotes=noon), AS_OF))["price"] == 11
    evening = quote("A", 99.0, datetime(2026, 11, 20, 21, 30, tzinfo=UTC))
    assert row(features(inputs("A", bars=known, quotes=evening), AS_OF))["price"] == 99


def test_bars_much_older_than_the_quote_are_not_mixed_with_it() -> None:
    old = bars("A", [100.0 + day % 9 for day in range(600)], end=date(2026, 11, 10))
    made = features(inputs("A", bars=old, quotes=quote("A", 300.0, datetime(2026, 11, 20, 20, tzinfo=UTC))), AS_OF)
    found = row(made)
    assert found["price"] == 300
    for name in (
        "return_1w",
        "return_1m",
        "return_1y",
        "rsi_14",
        "sma_50",
        "price_to_sma_50",
        "high_52w",
        "position_52w",
        "average_volume",
        "previous_close",
        "volatility_1y",
    ):
        assert found[name] is None, name
    assert "7 days older than the quote" in made.why_unknown("A")["return_1m"]
    assert any("7 days older" in sentence for sentence in made.unknown)


def test_a_stale_price_has_no_current_return() -> None:
    old = bars("A", [100.0 + day % 9 for day in range(600)], end=date(2026, 11, 3))
    made = features(inputs("A", bars=old), AS_OF)
    assert row(made)["price"] is not None and row(made)["price_age_days"] == 17
    assert row(made)["return_1m"] is None and row(made)["rsi_14"] is None
    assert "more than 10 sessions old" in made.why_unknown("A")["return_1m"]
    fresh = bars("A", [100.0 + day % 9 for day in range(600)], end=date(2026, 11, 9))
    assert row(features(inputs("A", bars=fresh), AS_OF))["return_1m"] is not None


def test_statement_figures_by_hand() -> None:
    ends = QUARTERS_OF_17
    values: dict[str, Any] = dict(BASE)
    values["revenue"] = [100.0] * 4 + [80.0] * (len(ends) - 4)
    values["eps_diluted"] = [1.5] * 4 + [1.0] * (len(ends) - 4)
    made = row(features(inputs("A", bars=bars("A", [60.0] * 30), facts=facts("A", values, ends)), AS_OF))
    expected = {
        "eps_ttm": 6.0,
        "revenue_ttm": 400.0,
        "net_income_ttm": 60.0,
        "ebitda_ttm": 100.0,
        "free_cash_flow_ttm": 48.0,
        "pe_ttm": 10.0,
        "market_cap": 600.0,
        "enterprise_value": 640.0,
        "ps_ttm": 1.5,
        "pb": 3.0,
        "p_fcf": 12.5,
        "ev_ebitda": 6.4,
        "ev_revenue": 1.6,
        "earnings_yield": 0.1,
        "fcf_yield": 0.08,
        "shareholder_yield": 20 / 600,
        "book_value_per_share": 20.0,
        "gross_margin": 0.4,
        "operating_margin": 0.2,
        "net_margin": 0.15,
        "ebitda_margin": 0.25,
        "fcf_margin": 0.12,
        "roe": 0.3,
        "roa": 0.15,
        "roic": 80 * 0.8 / 240,
        "asset_turnover": 1.0,
        "sbc_to_revenue": 0.01,
        "revenue_growth_1y": 0.25,
        "revenue_growth_quarter": 0.25,
        "revenue_cagr_3y": 1.25 ** (1 / 3) - 1,
        "eps_growth_1y": 0.5,
        "eps_growth_quarter": 0.5,
        "eps_cagr_3y": 1.5 ** (1 / 3) - 1,
        "fcf_growth_1y": 0.0,
        "margin_change_1y": 0.2 - 0.25,
        "debt_to_equity": 0.4,
        "net_debt_ebitda": 0.4,
        "current_ratio": 2.0,
        "quick_ratio": 70 / 60,
        "interest_coverage": 10.0,
        "share_count_change_1y": 0.0,
        "accruals": -12 / 400,
        "altman_z": 1.2 * 60 / 400 + 1.4 * 90 / 400 + 3.3 * 80 / 400 + 0.6 * 600 / 200 + 1.0,
        "payout_ratio": None,
        "peg": 10 / ((1.5 ** (1 / 3) - 1) * 100),
        "fundamentals_age_days": 21,
    }
    for name, value in expected.items():
        assert made[name] == (None if value is None else pytest.approx(value)), name
    # net income, cash flow, cash above income, no more debt, no new shares: 5; gross margin, turnover and ROA against the base:
    assert made["piotroski_f"] == 5 + 1 + 1  # gross margin rose from 25 % to 40 %, turnover rose, ROA and current ratio did not


def test_four_quarters_must_be_consecutive() -> None:
    gap = (date(2026, 9, 30), date(2026, 6, 30), date(2025, 12, 31), date(2025, 9, 30), date(2025, 6, 30))
    holed = facts("A", {"revenue": 100.0, "eps_diluted": 1.0}, gap)
    made = features(inputs("A", bars=bars("A", [50.0] * 30), facts=holed), AS_OF)
    assert row(made)["revenue_ttm"] is None and row(made)["pe_ttm"] is None
    year = facts("A", {"revenue": 390.0, "eps_diluted": 4.0}, (date(2025, 12, 31),), "A")
    with_year = row(features(inputs("A", bars=bars("A", [50.0] * 30), facts=pl.concat([year])), AS_OF))
    assert with_year["revenue_ttm"] == 390 and with_year["pe_ttm"] == 12.5
    missing_item = facts("A", {"revenue": 100.0, "eps_diluted": [1.0, None, 1.0, 1.0]})
    made = features(inputs("A", bars=bars("A", [50.0] * 30), facts=missing_item), AS_OF)
    assert row(made)["revenue_ttm"] == 400 and row(made)["eps_ttm"] is None
    assert "four quarters" in made.why_unknown("A")["eps_ttm"]


def test_statements_too_old_say_nothing() -> None:
    ends = tuple(end.replace(year=end.year - 2) for end in QUARTER_ENDS)
    made = row(features(inputs("A", bars=bars("A", [50.0] * 30), facts=facts("A", dict(BASE), ends)), AS_OF))
    assert made["revenue_ttm"] is None and made["market_cap"] is None and made["roe"] is None


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"eps_diluted": -1.0}, ("pe_ttm", "peg", "payout_ratio")),
        ({"eps_diluted": 0.0}, ("pe_ttm",)),
        ({"total_equity": -10.0}, ("roe", "pb", "debt_to_equity", "book_value_per_share")[:3]),
        ({"operating_income": -50.0}, ("ev_ebitda", "net_debt_ebitda")),
        ({"interest_expense": 0.0}, ("interest_coverage",)),
        ({"revenue": 0.0}, ("gross_margin", "ps_ttm", "net_margin")),
    ],
)
def test_ratios_without_meaning_are_unknown(change: dict[str, float], unknown: tuple[str, ...]) -> None:
    known = facts("A", {**BASE, **change}, QUARTERS_OF_17)
    made = features(inputs("A", bars=bars("A", [60.0] * 30), facts=known), AS_OF)
    assert [name for name in unknown if row(made)[name] is not None] == []
    # A provider's own value does not bring it back.
    stated = pl.concat([known, points("A", {"pe_ttm": -5.0, "roe": 0.4, "pb": -2.0, "debt_to_equity": -3.0})])
    again = row(features(inputs("A", bars=bars("A", [60.0] * 30), facts=stated), AS_OF))
    if "total_equity" in change:
        assert again["roe"] is None and again["pb"] is None and again["debt_to_equity"] is None
    if change.get("eps_diluted", 1) <= 0:
        assert again["pe_ttm"] is None


def test_stated_values_win_while_they_are_current() -> None:
    known = facts("A", dict(BASE), QUARTERS_OF_17)
    price = bars("A", [60.0] * 30)
    made = features(
        inputs("A", bars=price, facts=pl.concat([known, points("A", {"pe_ttm": 11.0, "roe": 0.33, "beta": 1.3})])), AS_OF
    )
    assert (row(made)["pe_ttm"], row(made)["roe"], row(made)["beta"]) == (11.0, 0.33, 1.3)
    assert made.origin["pe_ttm"][0] == 9 and made.origin["ps_ttm"][0] == 3 and made.origin["net_margin"][0] == 3
    assert made.origin_kind["pe_ttm"][0] == "reported" and made.origin_kind["ps_ttm"][0] == "computed"
    month_ago = points("A", {"pe_ttm": 11.0, "roe": 0.33}, AS_OF - timedelta(days=15))
    late = row(features(inputs("A", bars=price, facts=pl.concat([known, month_ago])), AS_OF))
    assert late["pe_ttm"] == pytest.approx(10) and late["roe"] == 0.33
    before_report = points("A", {"roe": 0.33}, AS_OF - timedelta(days=40))
    older = row(features(inputs("A", bars=price, facts=pl.concat([known, before_report])), AS_OF))
    assert older["roe"] == pytest.approx(0.3)


def test_statements_in_another_currency_give_no_valuation() -> None:
    foreign = facts("A", dict(BASE), QUARTERS_OF_17, unit="CNY")
    made = features(inputs("A", bars=bars("A", [60.0] * 30), facts=foreign), AS_OF)
    found = row(made)
    valuation = [name for name in FEATURE_FIELDS if FIELDS[name].group == "valuation"]
    assert [name for name in (*valuation, "market_cap", "enterprise_value", "altman_z") if found[name] is not None] == []
    assert found["net_margin"] == pytest.approx(0.15) and found["roe"] == pytest.approx(0.3)
    assert "different currencies" in made.why_unknown("A")["pb"]


def test_altman_is_not_for_financials() -> None:
    known = facts("A", dict(BASE), QUARTERS_OF_17)
    base = inputs("A", bars=bars("A", [60.0] * 30), facts=known)
    bank = replace(base, instruments=instrument("A", sector="Financials"))
    made = features(bank, AS_OF)
    assert row(made)["altman_z"] is None and row(made)["roe"] is not None and "Financials" in made.why_unknown("A")["altman_z"]


def test_eps_filed_before_a_split_is_restated() -> None:
    split = table(SPLITS, [{"symbol": "A", "ex_date": date(2026, 11, 10), "ratio": 4.0}], 6)
    made = row(
        features(inputs("A", bars=bars("A", [15.0] * 30), facts=facts("A", dict(BASE), QUARTERS_OF_17), splits=split), AS_OF)
    )
    assert (
        made["eps_ttm"] == pytest.approx(1.5) and made["pe_ttm"] == pytest.approx(10) and made["market_cap"] == pytest.approx(600)
    )
    assert made["eps_growth_1y"] == pytest.approx(0) and made["share_count_change_1y"] == pytest.approx(0)


def test_own_median_uses_the_eps_known_at_the_time() -> None:
    ends = QUARTERS_OF_17
    rising = facts("A", {"eps_diluted": [2.0] * 4 + [1.0] * (len(ends) - 4)}, ends)
    made = row(features(inputs("A", bars=bars("A", [40.0] * 700), facts=rising), AS_OF))
    assert (
        made["pe_ttm"] == pytest.approx(5)
        and made["pe_median_5y"] == pytest.approx(10)
        and made["pe_vs_own"] == pytest.approx(-0.5)
    )
    unfiled = facts("A", {"eps_diluted": 1.0}, ends, filed=False)
    assert row(features(inputs("A", bars=bars("A", [40.0] * 700), facts=unfiled), AS_OF))["pe_median_5y"] is None
    young = row(features(inputs("A", bars=bars("A", [40.0] * 200), facts=rising), AS_OF))
    assert young["pe_median_5y"] is None and young["pe_vs_own"] is None


def test_comparison_with_sector_and_universe_needs_company() -> None:
    names = [f"S{number}" for number in range(12)]
    prices = pl.concat([bars(name, [100 + number * day / 300 for day in range(300)]) for number, name in enumerate(names)])
    known = pl.concat([facts(name, {"eps_diluted": 1.0 + number}, QUARTERS_OF_17) for number, name in enumerate(names)])
    made = features(inputs(*names, bars=prices, facts=known), AS_OF)
    pes = made.frame["pe_ttm"].to_numpy()
    assert made.frame["pe_vs_sector"].to_numpy() == pytest.approx(pes / np.median(pes) - 1)
    assert made.frame["relative_strength"].to_list() == pytest.approx([number / 11 for number in range(12)])
    few = features(replace(inputs(*names, bars=prices, facts=known), symbols=("S3", "S1")), AS_OF)
    assert few.frame["symbol"].to_list() == ["S3", "S1"]
    assert few.frame["pe_vs_sector"].null_count() == 2 and few.frame["relative_strength"].null_count() == 2
    assert "fewer than 5 companies" in few.why_unknown("S1")["pe_vs_sector"]


def test_dividends() -> None:
    paid = [
        {"symbol": "A", "ex_date": date(year, month, 5), "amount": 0.5 + 0.05 * (year - 2020), "currency": "USD"}
        for year in range(2020, 2027)
        for month in (2, 5, 8, 11)
    ]
    paid.append({"symbol": "A", "ex_date": date(2026, 12, 5), "amount": 0.8, "currency": "USD"})
    base = inputs(
        "A",
        bars=bars("A", [40.0] * 30),
        facts=facts("A", {"eps_diluted": 1.0}, QUARTERS_OF_17),
        dividends=table(DIVIDENDS, paid, 7),
    )
    made = features(base, AS_OF)
    found = row(made)
    assert found["dividend_yield"] == pytest.approx(4 * 0.8 / 40) and found["payout_ratio"] == pytest.approx(0.8)
    assert found["days_to_ex_dividend"] == 15 and found["dividend_growth_years"] == 5
    assert found["dividend_growth_5y"] == pytest.approx((0.75 / 0.5) ** (1 / 5) - 1)
    assert made.origin["dividend_yield"][0] == 7
    none = row(features(inputs("A", bars=bars("A", [40.0] * 30)), AS_OF))
    assert none["dividend_yield"] is None and none["dividend_growth_years"] is None
    told = facts("A", {"dividends_paid": 0.0, "eps_diluted": 1.0}, QUARTERS_OF_17)
    assert row(features(inputs("A", bars=bars("A", [40.0] * 30), facts=told), AS_OF))["dividend_yield"] == 0
    euros = base.dividends.with_columns(pl.lit("EUR").alias("currency"))
    assert row(features(replace(base, dividends=euros), AS_OF))["dividend_yield"] is None


def test_earnings_reports() -> None:
    rows = [
        {
            "symbol": "A",
            "date": date(2026, 10, 29) - timedelta(days=91 * quarter),
            "eps_estimate": 1.0,
            "eps_actual": 1.1 if quarter % 4 else 0.9,
        }
        for quarter in range(6)
    ]
    rows += [{"symbol": "A", "date": date(2027, 1, 28)}, {"symbol": "B", "date": date(2026, 10, 1), "eps_estimate": 1.0}]
    made = features(inputs("A", "B", earnings=table(EARNINGS, rows, 8)), AS_OF)
    assert row(made)["days_to_earnings"] == 69 and row(made)["days_since_earnings"] == 22
    assert row(made)["earnings_surprise"] == pytest.approx(-0.1) and row(made)["beat_rate"] == pytest.approx(4 / 6)
    assert [row(made, "B")[name] for name in ("days_to_earnings", "days_since_earnings", "earnings_surprise", "beat_rate")] == [
        None
    ] * 4


@pytest.mark.parametrize("part", ["bars", "quotes", "facts"])
def test_rows_from_the_future_are_refused(part: str) -> None:
    late = {
        "bars": bars("A", [1.0], end=date(2026, 11, 23)),
        "quotes": quote("A", 1.0, datetime(2026, 11, 22, 12, tzinfo=UTC)),
        "facts": facts("A", {"revenue": 1.0}, (date(2026, 10, 31),)),
    }
    with pytest.raises(ValueError, match=f"{part} holds rows from after 2026-11-20"):
        features(inputs("A", **{part: late[part]}), AS_OF)


def test_nothing_known_is_a_row_of_nulls() -> None:
    made = features(inputs("A"), AS_OF)
    assert [name for name in FEATURE_FIELDS if row(made)[name] is not None] == ["symbol", "name", "kind", "sector", "currency"]
    empty = features(replace(inputs("A"), symbols=()), AS_OF)
    assert empty.frame.height == 0 and set(FEATURE_FIELDS) <= set(empty.frame.columns)


def test_no_nan_and_an_origin_for_every_value() -> None:
    known = pl.concat(
        [facts("A", dict(BASE), QUARTERS_OF_17), points("A", {"target_mean": 70.0, "nav": 59.0, "eps_forward": 5.0})]
    )
    made = features(inputs("A", "B", bars=bars("A", [60.0] * 400), facts=known), AS_OF)
    for name in FEATURE_FIELDS:
        column = made.frame[name]
        assert column.dtype in (pl.String, pl.Float64, pl.Int64)
        if column.dtype == pl.Float64:
            assert column.drop_nulls().is_finite().all(), name
        if name != "symbol":
            assert made.origin[name].is_null().to_list() == column.is_null().to_list(), name
            assert made.origin_kind[name].is_null().to_list() == column.is_null().to_list(), name
    assert row(made)["target_upside"] == pytest.approx(70 / 60 - 1) and row(made)["premium_to_nav"] == pytest.approx(60 / 59 - 1)
    assert row(made)["pe_forward"] == 12 and row(made)["sharpe_1y"] is None and row(made)["rsi_14"] is None


def test_stated_multiples_alone_imply_what_they_are_made_of() -> None:
    stated = {"pe_ttm": 20.0, "pb": 4.0, "ps_ttm": 2.0, "market_cap": 1000.0, "ebitda_ttm": 100.0}
    made = features(inputs("A", bars=bars("A", [60.0] * 3), facts=points("A", stated)), AS_OF)
    found = row(made)
    assert (found["roe"], found["net_margin"], found["revenue_ttm"], found["ebitda_margin"]) == (0.2, 0.1, 500.0, 0.2)
    assert found["book_value_per_share"] == 15 and found["gross_margin"] is None and found["eps_ttm"] is None
    assert made.origin_kind["roe"][0] == "computed" and made.origin["roe"][0] == 9
    old = features(inputs("A", bars=bars("A", [60.0] * 3), facts=points("A", stated, AS_OF - timedelta(days=30))), AS_OF)
    assert row(old)["roe"] is None and row(old)["revenue_ttm"] is None
