"""The vocabulary of a company, fund or bond: every field that rules, scoring, tables and the tearsheet may use.

A field's value sits in the wide frame that `features.py` makes: one row a symbol, one column a field. Ratios are
fractions (0.12 is 12 %), multiples plain numbers, money in the row's `currency`. Titles and texts for both modes
are in `resources/explain.toml` under the field's name; `formula` says how we compute it where the provider does
not state it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from terminal.domain.sourced import ColumnType


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `unit` as in `Column.unit`; `reported` is the item of POINT_ITEMS that a provider may state itself."""

    name: str
    title: str
    group: str
    type: ColumnType = "number"
    unit: str = ""
    decimals: int = 2
    formula: str = ""
    reported: str = ""


def _text(name: str, title: str) -> Field:
    return Field(name, title, "identity", "text")


def _money(group: str, name: str, title: str, formula: str, reported: str = "", decimals: int = 2) -> Field:
    return Field(name, title, group, "number", "currency", decimals, formula, reported)


def _ratio(group: str, name: str, title: str, formula: str, reported: str = "", decimals: int = 1) -> Field:
    return Field(name, title, group, "number", "fraction", decimals, formula, reported)


def _times(group: str, name: str, title: str, formula: str, reported: str = "") -> Field:
    return Field(name, title, group, "number", "x", 1, formula, reported)


def _count(group: str, name: str, title: str, formula: str, unit: str = "count", reported: str = "") -> Field:
    return Field(name, title, group, "integer", unit, 0, formula, reported)


def _number(group: str, name: str, title: str, formula: str, decimals: int = 2, unit: str = "", reported: str = "") -> Field:
    return Field(name, title, group, "number", unit, decimals, formula, reported)


_ALL = (
    _text("symbol", "Ticker"),
    _text("name", "Name"),
    _text("kind", "Kind"),
    _text("sector", "Sector"),
    _text("industry", "Industry"),
    _text("country", "Country"),
    _text("exchange", "Exchange"),
    _text("currency", "Currency"),
    _money("price", "price", "Price", "latest quote, else last close"),
    _money("price", "previous_close", "Previous close", "close of the session before the price's"),
    _ratio("price", "change", "Change", "price / previous_close - 1", decimals=2),
    _money("price", "open", "Open", "first trade of the session"),
    _money("price", "high", "High", "highest trade of the session"),
    _money("price", "low", "Low", "lowest trade of the session"),
    _number("price", "volume", "Volume", "shares traded in the session", 0),
    _number("price", "average_volume", "Average volume", "mean volume of the last 20 sessions", 0, reported="average_volume"),
    _money("price", "dollar_volume", "Dollar volume", "average_volume x price", decimals=0),
    _times("price", "relative_volume", "Relative volume", "volume / average_volume of the 20 sessions before"),
    _money("price", "high_52w", "52-week high", "highest high of the last 252 sessions", "high_52w"),
    _money("price", "low_52w", "52-week low", "lowest low of the last 252 sessions", "low_52w"),
    _ratio("price", "position_52w", "52-week position", "(price - low_52w) / (high_52w - low_52w)"),
    _ratio("price", "off_high_52w", "Off 52-week high", "price / high_52w - 1"),
    _ratio("price", "above_low_52w", "Above 52-week low", "price / low_52w - 1"),
    _ratio("price", "gap", "Opening gap", "open / previous_close - 1"),
    _money("price", "market_cap", "Market cap", "price x shares outstanding", "market_cap", 0),
    _money("price", "enterprise_value", "Enterprise value", "market_cap + total_debt - cash", "enterprise_value", 0),
    *(
        _ratio("returns", name, title, f"price / close {days} sessions ago - 1")
        for name, title, days in (
            ("return_1w", "1-week return", 5),
            ("return_1m", "1-month return", 21),
            ("return_3m", "3-month return", 63),
            ("return_6m", "6-month return", 126),
            ("return_1y", "1-year return", 252),
        )
    ),
    _ratio("returns", "return_ytd", "Return this year", "price / last close of the year before - 1"),
    _ratio("returns", "return_3y", "3-year return p.a.", "(price / close 756 sessions ago) ^ (1/3) - 1"),
    _ratio(
        "returns", "return_5y", "5-year return p.a.", "(price / close 1,260 sessions ago) ^ (1/5) - 1, from 1,250 sessions on"
    ),
    _ratio("returns", "momentum_12_1", "12-1 month momentum", "close 21 sessions ago / close 252 sessions ago - 1"),
    _ratio(
        "returns",
        "relative_strength",
        "Relative strength",
        "percentile of momentum_12_1 in the universe, 0 to 1, from 10 symbols on",
    ),
    _ratio("returns", "max_drawdown_1y", "Worst fall, 1 year", "lowest close / highest earlier close - 1, 252 sessions"),
    _ratio(
        "returns",
        "max_drawdown_5y",
        "Worst fall, 5 years",
        "lowest close / highest earlier close - 1, up to 1,260 sessions, from 504 on",
    ),
    _ratio("returns", "volatility_1m", "Volatility, 1 month", "standard deviation of 21 daily log returns x sqrt(252)"),
    _ratio("returns", "volatility_1y", "Volatility, 1 year", "standard deviation of 252 daily log returns x sqrt(252)"),
    _number("returns", "beta", "Beta", "covariance with SPY / variance of SPY, 252 daily returns", reported="beta"),
    _number(
        "returns", "sharpe_1y", "Sharpe, 1 year", "mean / standard deviation of 252 daily returns x sqrt(252), no risk-free rate"
    ),
    _number("technical", "rsi_14", "RSI 14", "Wilder's relative strength index over 14 closes", 0),
    *(_money("technical", f"sma_{n}", f"SMA {n}", f"mean of {n} closes") for n in (20, 50, 200)),
    *(_ratio("technical", f"price_to_sma_{n}", f"Price to SMA {n}", f"price / sma_{n} - 1") for n in (50, 200)),
    _money("technical", "atr_14", "ATR 14", "Wilder's average true range over 14 sessions"),
    _ratio("technical", "atr_share", "ATR of price", "atr_14 / price"),
    _number("technical", "macd_histogram", "MACD histogram", "MACD(12,26) - its 9-session EMA"),
    _number("technical", "adx_14", "ADX 14", "Wilder's average directional index", 0),
    _ratio(
        "technical",
        "bollinger_position",
        "Bollinger position",
        "(price - lower) / (upper - lower), 20 sessions, 2 standard deviations",
    ),
    _count("technical", "days_since_high_52w", "Sessions since 52-week high", "sessions since the highest high of 252", "days"),
    _times("valuation", "pe_ttm", "P/E", "price / EPS of the last four quarters; unknown when EPS is not positive", "pe_ttm"),
    _times("valuation", "pe_forward", "Forward P/E", "price / expected EPS of the next year", "pe_forward"),
    _times("valuation", "peg", "PEG", "pe_ttm / (eps_cagr_3y x 100)", "peg"),
    _times("valuation", "ps_ttm", "P/S", "market_cap / revenue of the last four quarters", "ps_ttm"),
    _times("valuation", "pb", "P/B", "market_cap / equity", "pb"),
    _times("valuation", "p_fcf", "P/FCF", "market_cap / free cash flow of the last four quarters"),
    _times("valuation", "ev_ebitda", "EV/EBITDA", "enterprise_value / EBITDA of the last four quarters", "ev_ebitda"),
    _times("valuation", "ev_revenue", "EV/Revenue", "enterprise_value / revenue of the last four quarters", "ev_revenue"),
    _ratio("valuation", "earnings_yield", "Earnings yield", "EPS of the last four quarters / price"),
    _ratio("valuation", "fcf_yield", "FCF yield", "free cash flow of the last four quarters / market_cap"),
    _ratio(
        "valuation", "shareholder_yield", "Shareholder yield", "(dividends + repurchases of the last four quarters) / market_cap"
    ),
    _money("valuation", "eps_ttm", "EPS", "diluted EPS, last four quarters", "eps_ttm"),
    _money("valuation", "book_value_per_share", "Book value per share", "equity / shares outstanding", "book_value_per_share"),
    _times(
        "valuation",
        "pe_median_5y",
        "Own median P/E",
        "median of month-end P/E over up to 5 years, with the EPS known then, from 12 months on",
    ),
    _ratio("valuation", "pe_vs_own", "P/E against own history", "pe_ttm / pe_median_5y - 1"),
    _ratio("valuation", "pe_vs_sector", "P/E against sector", "pe_ttm / median pe_ttm of the sector - 1, from 5 companies on"),
    _money("valuation", "dcf_value", "DCF value", "two-stage discounted free cash flow per share, standard assumptions"),
    _ratio("valuation", "dcf_gap", "DCF gap", "dcf_value / price - 1"),
    _money("valuation", "dcf_low", "DCF value, low", "with WACC one point higher and growth two points lower"),
    _money("valuation", "dcf_high", "DCF value, high", "with WACC one point lower and growth two points higher"),
    _times("valuation", "dcf_range", "DCF range", "dcf_high / dcf_low; unknown where dcf_low is nothing"),
    _ratio("profitability", "gross_margin", "Gross margin", "gross profit / revenue, last four quarters", "gross_margin"),
    _ratio(
        "profitability",
        "operating_margin",
        "Operating margin",
        "operating income / revenue, last four quarters",
        "operating_margin",
    ),
    _ratio(
        "profitability",
        "net_margin",
        "Net margin",
        "net income / revenue, last four quarters, or P/S / P/E where only those are stated",
        "net_margin",
    ),
    _ratio("profitability", "ebitda_margin", "EBITDA margin", "EBITDA / revenue, last four quarters", "ebitda_margin"),
    _ratio("profitability", "fcf_margin", "FCF margin", "free cash flow / revenue, last four quarters"),
    _ratio(
        "profitability",
        "fcf_margin_mean",
        "Usual FCF margin",
        "mean over up to 5 years of free cash flow / revenue of four quarters, from 2 years on",
    ),
    _ratio(
        "profitability",
        "roe",
        "ROE",
        "net income of the last four quarters / mean equity, or P/B / P/E where only those are stated; "
        "unknown when equity is not positive",
        "roe",
    ),
    _ratio("profitability", "roa", "ROA", "net income of the last four quarters / mean assets", "roa"),
    _ratio("profitability", "roic", "ROIC", "operating income x (1 - tax rate) / (debt + equity - cash)"),
    _times("profitability", "asset_turnover", "Asset turnover", "revenue of the last four quarters / assets"),
    _ratio(
        "profitability", "sbc_to_revenue", "Share-based pay of revenue", "share-based compensation / revenue, last four quarters"
    ),
    _money(
        "profitability",
        "revenue_ttm",
        "Revenue",
        "sum of the last four quarters, or market cap / P/S where only those are stated",
        "revenue_ttm",
        0,
    ),
    _money("profitability", "net_income_ttm", "Net income", "sum of the last four quarters", "net_income_ttm", 0),
    _money("profitability", "ebitda_ttm", "EBITDA", "sum of the last four quarters", "ebitda_ttm", 0),
    _money(
        "profitability",
        "free_cash_flow_ttm",
        "Free cash flow",
        "operating cash flow - capital expenditure, last four quarters",
        "free_cash_flow_ttm",
        0,
    ),
    _ratio("growth", "revenue_growth_1y", "Revenue growth", "last four quarters / the four before - 1"),
    _ratio(
        "growth",
        "revenue_growth_quarter",
        "Revenue growth, quarter",
        "latest quarter / same quarter a year before - 1",
        "revenue_growth_quarter",
    ),
    _ratio(
        "growth",
        "revenue_cagr_3y",
        "Revenue growth p.a., 3 years",
        "(last four quarters / the four three years before) ^ (1/3) - 1",
    ),
    _ratio("growth", "eps_growth_1y", "EPS growth", "last four quarters / the four before - 1; unknown from a base not positive"),
    _ratio(
        "growth",
        "eps_growth_quarter",
        "EPS growth, quarter",
        "latest quarter / same quarter a year before - 1",
        "eps_growth_quarter",
    ),
    _ratio("growth", "eps_cagr_3y", "EPS growth p.a., 3 years", "(last four quarters / the four three years before) ^ (1/3) - 1"),
    _ratio("growth", "fcf_growth_1y", "FCF growth", "last four quarters / the four before - 1; unknown from a base not positive"),
    _ratio(
        "growth",
        "margin_change_1y",
        "Operating margin change",
        "operating margin, last four quarters, minus that of the four before",
    ),
    _times(
        "balance", "debt_to_equity", "Debt/Equity", "total debt / equity; unknown when equity is not positive", "debt_to_equity"
    ),
    _times("balance", "net_debt_ebitda", "Net debt/EBITDA", "(total debt - cash) / EBITDA of the last four quarters"),
    _times("balance", "current_ratio", "Current ratio", "current assets / current liabilities", "current_ratio"),
    _times("balance", "quick_ratio", "Quick ratio", "(cash + receivables) / current liabilities", "quick_ratio"),
    _times("balance", "interest_coverage", "Interest coverage", "operating income / interest expense, last four quarters"),
    _number(
        "balance",
        "altman_z",
        "Altman Z",
        "1.2 WC/TA + 1.4 RE/TA + 3.3 EBIT/TA + 0.6 market cap/liabilities + revenue/TA (Altman 1968); not for financials",
    ),
    _count(
        "balance",
        "piotroski_f",
        "Piotroski F",
        "nine yes/no tests of profitability, leverage and efficiency (Piotroski 2000); unknown unless all nine can be judged",
        "score",
    ),
    _ratio("balance", "share_count_change_1y", "Share count change", "shares outstanding / those of a year before - 1"),
    _ratio("balance", "accruals", "Accruals", "(net income - operating cash flow) / assets, last four quarters"),
    _ratio("dividend", "dividend_yield", "Dividend yield", "dividends of the last 365 days / price", "dividend_yield"),
    _ratio("dividend", "payout_ratio", "Payout ratio", "dividends per share of the last 365 days / eps_ttm", "payout_ratio"),
    _ratio("dividend", "dividend_growth_5y", "Dividend growth p.a.", "growth p.a. of the yearly dividend over up to 5 years"),
    _count(
        "dividend",
        "dividend_growth_years",
        "Years of dividend growth",
        "years in a row with a higher dividend than the year before, as far as our history goes",
        "years",
    ),
    _count("dividend", "days_to_ex_dividend", "Days to ex-dividend", "calendar days to the next announced ex-date", "days"),
    _count("analysts", "analyst_count", "Analysts", "number of estimates behind the target", reported="analyst_count"),
    _money("analysts", "target_mean", "Price target", "mean of analysts' 12-month targets", "target_mean"),
    _ratio("analysts", "target_upside", "Target upside", "target_mean / price - 1"),
    _number(
        "analysts",
        "recommendation_mean",
        "Recommendation",
        "1 strong buy to 5 sell, mean of analysts",
        1,
        reported="recommendation_mean",
    ),
    _ratio("analysts", "short_percent_float", "Short interest", "shares sold short / float", "short_percent_float"),
    _ratio("analysts", "insider_held", "Held by insiders", "shares held by insiders / shares outstanding", "insider_held"),
    _ratio(
        "analysts",
        "institution_held",
        "Held by institutions",
        "shares held by institutions / shares outstanding",
        "institution_held",
    ),
    _count("earnings", "days_to_earnings", "Days to earnings", "calendar days to the next expected report", "days"),
    _count("earnings", "days_since_earnings", "Days since earnings", "calendar days since the last report", "days"),
    _ratio("earnings", "earnings_surprise", "Last EPS surprise", "(reported - expected) / |expected| of the last report"),
    _ratio("earnings", "beat_rate", "Beat rate", "share of the last 8 reports above the estimate, from 4 reports on"),
    _ratio("fund", "expense_ratio", "Expense ratio", "yearly cost of the fund", "expense_ratio", 2),
    _money("fund", "aum", "Assets of the fund", "assets under management", "aum", 0),
    _count("fund", "holdings_count", "Holdings", "number of holdings", reported="holdings_count"),
    _ratio("fund", "premium_to_nav", "Premium to NAV", "price / net asset value - 1", decimals=2),
    _ratio("bond", "yield_to_maturity", "Yield to maturity", "yearly yield if held to maturity", "yield_to_maturity", 2),
    _number(
        "bond", "duration", "Duration", "years; price change for a 1-point change of yield, in per cent", 1, "years", "duration"
    ),
    _ratio("bond", "coupon", "Coupon", "yearly coupon / face value", "coupon", 2),
    _number(
        "bond",
        "years_to_maturity",
        "Years to maturity",
        "years until repayment (mean for a fund)",
        1,
        "years",
        "years_to_maturity",
    ),
    _number("bond", "credit_score", "Credit", "AAA = 22 down to D = 1 (mean for a fund)", 0, "score", "credit_score"),
    _count("quality", "price_age_days", "Age of the price", "calendar days from the price's session to the as-of day", "days"),
    _count(
        "quality",
        "fundamentals_age_days",
        "Age of the fundamentals",
        "calendar days since the newest statement was filed, or since its period ended where that is not stated",
        "days",
    ),
    Field("verdict", "Verdict", "score", "text"),
    _number("score", "score", "Score", "weighted checks, 0 to 10; see `screener explain`", 1, "score"),
    _ratio("score", "coverage", "Coverage", "share of the score's weight whose inputs are known"),
    Field("flags", "Flags", "score", "list"),
)

FIELDS: dict[str, Field] = {each.name: each for each in _ALL}

# What `features.py` makes; verdict, score and the discounted cash flow are added by whoever knows their assumptions.
FEATURE_FIELDS: tuple[str, ...] = tuple(
    name for name, each in FIELDS.items() if each.group != "score" and not name.startswith("dcf_")
)
