"""The frames that cross borders: one schema for each dataset, checked once, on the way into the store.

A schema knows its columns and their polars types by name, its key, and the *impossible values* that must never be
shown. `validate` splits a frame into rows that may be stored and rows that are refused, each with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UTC = pl.Datetime("us", "UTC")

# Statement items of the `facts` dataset. Flows have periods Q, A or TTM; balances are as of period_end (periods Q or A).
# Amounts are in `unit` (a currency, "shares", "ratio", "count"); outlays (capital_expenditure, dividends_paid,
# share_repurchases, interest_expense) are positive when money went out.
FLOW_ITEMS = (
    "revenue", "cost_of_revenue", "gross_profit", "operating_income", "ebit", "ebitda", "interest_expense",
    "pretax_income", "income_tax", "net_income", "eps_basic", "eps_diluted", "research_development",
    "selling_general_admin", "share_based_compensation", "depreciation_amortization", "operating_cash_flow",
    "capital_expenditure", "free_cash_flow", "dividends_paid", "share_repurchases",
)
BALANCE_ITEMS = (
    "total_assets", "current_assets", "current_liabilities", "cash", "receivables", "inventory", "total_debt",
    "long_term_debt", "total_liabilities", "total_equity", "retained_earnings", "goodwill_intangibles",
    "shares_outstanding", "invested_capital",
)
# Values a provider states at a point in time (period "P", period_end = the day they speak about). Fractions are
# fractions (0.12), never percent numbers; multiples are plain numbers.
POINT_ITEMS = (
    "market_cap", "enterprise_value", "pe_ttm", "pe_forward", "peg", "ps_ttm", "pb", "ev_ebitda", "ev_revenue",
    "eps_ttm", "eps_forward", "book_value_per_share", "dividend_yield", "dividend_rate", "payout_ratio", "beta",
    "high_52w", "low_52w", "average_volume", "shares_outstanding_now", "float_shares", "short_percent_float", "short_ratio",
    "insider_held", "institution_held", "gross_margin", "operating_margin", "net_margin", "ebitda_margin", "roe",
    "roa", "revenue_ttm", "ebitda_ttm", "net_income_ttm", "free_cash_flow_ttm", "operating_cash_flow_ttm",
    "revenue_growth_quarter", "eps_growth_quarter", "total_cash", "total_debt_now", "debt_to_equity", "current_ratio",
    "quick_ratio", "target_mean", "target_median", "target_low", "target_high", "analyst_count",
    "recommendation_mean", "employees", "expense_ratio", "aum", "nav", "holdings_count", "yield_to_maturity",
    "duration", "coupon", "years_to_maturity", "credit_score",
)


@dataclass(frozen=True)
class Schema:
    """One dataset. `checks` maps a reason (shown to the user) to an expression that is True for a *bad* row."""

    name: str
    columns: Mapping[str, pl.DataType | type[pl.DataType]]
    key: tuple[str, ...]
    checks: Mapping[str, Callable[[], pl.Expr]]
    required: tuple[str, ...] = ()

    def empty(self) -> pl.DataFrame:
        """A frame of this schema without rows."""
        return pl.DataFrame(schema=dict(self.columns))

    def validate(self, frame: pl.DataFrame) -> Validated:
        """Split `frame` into what may be stored and what is refused; missing optional columns become null.

        Raises ValueError when a required column is absent or has a type that cannot be converted.
        """
        missing = [name for name in (*self.key, *self.required) if name not in frame.columns]
        if missing:
            raise ValueError(f"{self.name}: column {missing[0]} is missing")
        try:
            cast = frame.select(
                (pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, dtype=kind)).alias(name)
                for name, kind in self.columns.items())
        except pl.exceptions.PolarsError as error:
            raise ValueError(f"{self.name}: {error}") from error
        floats = [name for name, kind in self.columns.items() if kind == pl.Float64]
        cast = cast.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)).alias(name) for name in floats)
        reasons = [pl.when(check().fill_null(False)).then(pl.lit(reason)) for reason, check in self._all_checks().items()]
        marked = cast.with_columns(pl.coalesce(*reasons, pl.lit(None, dtype=pl.String)).alias("reason"))
        good = marked.filter(pl.col("reason").is_null()).drop("reason")
        refused = marked.filter(pl.col("reason").is_not_null())
        return Validated(good, refused)

    def _all_checks(self) -> dict[str, Callable[[], pl.Expr]]:
        present = {f"{name} is missing": (lambda name=name: pl.col(name).is_null())
                   for name in (*self.key, *self.required)}
        unique = {"the same row twice": lambda: ~pl.struct(self.key).is_first_distinct()}
        return {**present, **unique, **self.checks}


@dataclass(frozen=True)
class Validated:
    """`good` has the schema's columns; `refused` the same plus `reason`."""

    good: pl.DataFrame
    refused: pl.DataFrame


def _bar_checks() -> dict[str, Callable[[], pl.Expr]]:
    prices = ("open", "high", "low", "close")
    return {
        "a price of zero or below": lambda: pl.any_horizontal(pl.col(name) <= 0 for name in prices),
        "high below low": lambda: pl.col("high") < pl.col("low") * (1 - 1e-6),
        "close outside high and low": lambda: (
            (pl.col("close") > pl.col("high") * 1.000001) | (pl.col("close") < pl.col("low") * 0.999999)
        ),
        "negative volume": lambda: pl.col("volume") < 0,
    }


_BAR = {"open": pl.Float64, "high": pl.Float64, "low": pl.Float64, "close": pl.Float64, "volume": pl.Float64}

INSTRUMENTS = Schema("instruments", {
    "symbol": pl.String, "name": pl.String, "kind": pl.String, "exchange": pl.String, "currency": pl.String,
    "sector": pl.String, "industry": pl.String, "country": pl.String, "website": pl.String, "summary": pl.String,
}, ("symbol",), {}, ("kind",))

# Split-adjusted as of the fetch, not dividend-adjusted; `adjusted_close` also takes out dividends (null: unknown).
BARS = Schema("bars", {"symbol": pl.String, "date": pl.Date, **_BAR, "adjusted_close": pl.Float64},
              ("symbol", "date"), _bar_checks(), ("close",))
MINUTE_BARS = Schema("minute_bars", {"symbol": pl.String, "at": UTC, **_BAR}, ("symbol", "at"), _bar_checks(), ("close",))
QUOTES = Schema("quotes", {
    "symbol": pl.String, "at": UTC, "price": pl.Float64, "previous_close": pl.Float64, "open": pl.Float64,
    "high": pl.Float64, "low": pl.Float64, "volume": pl.Float64, "currency": pl.String, "market_state": pl.String,
}, ("symbol", "at"), {"a price of zero or below": lambda: pl.col("price") <= 0}, ("price",))
# One value of one item for one period. `filed_at`: when it became public (null: unknown, then the fetch counts).
FACTS = Schema("facts", {
    "symbol": pl.String, "item": pl.String, "period": pl.String, "period_end": pl.Date, "value": pl.Float64,
    "unit": pl.String, "fiscal_year": pl.Int32, "fiscal_quarter": pl.Int8, "filed_at": UTC, "form": pl.String,
}, ("symbol", "item", "period", "period_end"), {
    "unknown period": lambda: ~pl.col("period").is_in(["Q", "A", "TTM", "P"]),
}, ("value",))
DIVIDENDS = Schema("dividends", {"symbol": pl.String, "ex_date": pl.Date, "amount": pl.Float64, "currency": pl.String,
                                 "pay_date": pl.Date}, ("symbol", "ex_date"),
                   {"a dividend of zero or below": lambda: pl.col("amount") <= 0}, ("amount",))
SPLITS = Schema("splits", {"symbol": pl.String, "ex_date": pl.Date, "ratio": pl.Float64}, ("symbol", "ex_date"),
                {"a split ratio of zero or below": lambda: pl.col("ratio") <= 0}, ("ratio",))
# `time_of_day`: "bmo" before the open, "amc" after the close, "during", or null for unknown.
EARNINGS = Schema("earnings", {
    "symbol": pl.String, "date": pl.Date, "time_of_day": pl.String, "confirmed": pl.Boolean, "period_end": pl.Date,
    "eps_estimate": pl.Float64, "eps_actual": pl.Float64, "revenue_estimate": pl.Float64, "revenue_actual": pl.Float64,
}, ("symbol", "date"), {})
HEADLINES = Schema("headlines", {"symbol": pl.String, "at": UTC, "title": pl.String, "publisher": pl.String,
                                 "url": pl.String}, ("symbol", "at", "title"), {})
# `right` is "C" or "P"; `iv` a fraction per year as the provider states it. `contract` is the exchange's own name: an index
# has two contracts of one expiry and strike, settled in the morning and at the close. Sizes are contracts offered at the quote,
# `last_at` is when the last trade was.
CHAINS = Schema("chains", {
    "symbol": pl.String, "at": UTC, "expiry": pl.Date, "strike": pl.Float64, "right": pl.String, "contract": pl.String,
    "bid": pl.Float64, "ask": pl.Float64, "last": pl.Float64, "volume": pl.Float64, "open_interest": pl.Float64,
    "iv": pl.Float64, "delta": pl.Float64, "underlying_price": pl.Float64, "bid_size": pl.Float64, "ask_size": pl.Float64,
    "last_at": UTC,
}, ("symbol", "at", "expiry", "strike", "right", "contract"), {
    "a strike of zero or below": lambda: pl.col("strike") <= 0,
    "bid above ask": lambda: (pl.col("bid") > pl.col("ask")) & (pl.col("ask") > 0),
})
MEMBERS = Schema("members", {"universe": pl.String, "symbol": pl.String, "name": pl.String, "position": pl.Int32},
                 ("universe", "symbol"), {})
# What a company filed; `filed_at` is the moment the SEC accepted it. `items`: the numbers of an 8-K's items, "2.02,9.01".
FILINGS = Schema("filings", {"symbol": pl.String, "accession": pl.String, "form": pl.String, "filed_at": UTC,
                             "period_end": pl.Date, "items": pl.String, "title": pl.String, "url": pl.String},
                 ("symbol", "accession"), {}, ("form", "filed_at"))
# How many analysts recommend what, by the month the count speaks about.
RATINGS = Schema("ratings", {"symbol": pl.String, "date": pl.Date, "strong_buy": pl.Int32, "buy": pl.Int32,
                             "hold": pl.Int32, "sell": pl.Int32, "strong_sell": pl.Int32}, ("symbol", "date"), {})
# A headline's tone as the service computed it: `score` -1 (bad) to 1 (good), `relevance` for this symbol 0 to 1.
NEWS_SENTIMENT = Schema("news_sentiment", {
    "symbol": pl.String, "at": UTC, "title": pl.String, "score": pl.Float64, "relevance": pl.Float64, "url": pl.String,
}, ("symbol", "at", "title"), {"a score outside -1 and 1": lambda: pl.col("score").abs() > 1}, ("score",))
# One observation of an economic series as published on one day: later revisions are rows of their own. Rates and yields
# are in per cent as the series states them; `unit` says so.
MACRO = Schema("macro", {"series": pl.String, "date": pl.Date, "published_on": pl.Date, "value": pl.Float64, "unit": pl.String,
                         "title": pl.String}, ("series", "date", "published_on"), {}, ("value",))

DATASETS: dict[str, Schema] = {schema.name: schema for schema in (
    INSTRUMENTS, BARS, MINUTE_BARS, QUOTES, FACTS, DIVIDENDS, SPLITS, EARNINGS, HEADLINES, CHAINS, MEMBERS,
    FILINGS, RATINGS, NEWS_SENTIMENT, MACRO)}
