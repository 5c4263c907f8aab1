"""Made-up instruments for the tearsheet's tests: a company in full, a bare one, a fund, a bond, each with its market."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from plugins.tearsheet.model import Material
from terminal.api import Source
from terminal.domain import scoring
from terminal.domain.fields import FIELDS
from terminal.domain.regime import Regime
from terminal.domain.schemas import BARS, DIVIDENDS, EARNINGS, FACTS
from terminal.domain.valuation import dcf_frame

AS_OF = date(2026, 11, 20)
BOOK = scoring.load(Path(__file__).resolve().parents[3] / "data" / "scoring")
SOURCES = {
    1: Source("demo", "bars", datetime(2026, 11, 20, 21, tzinfo=UTC), datetime(2026, 11, 20, 21, 30, tzinfo=UTC), simulated=True),
    2: Source(
        "demo", "statements", datetime(2026, 9, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, 31, tzinfo=UTC), simulated=True
    ),
}
REGIME = Regime("risk-on", "up", "broad", "calm", "unknown")

STOCK: dict[str, Any] = {
    "symbol": "NVRA",
    "name": "Nordvera Systems Inc.",
    "kind": "stock",
    "sector": "Information Technology",
    "industry": "Semiconductor Equipment",
    "country": "United States",
    "exchange": "NASDAQ",
    "currency": "USD",
    "price": 69.76,
    "previous_close": 71.62,
    "change": 69.76 / 71.62 - 1,
    "open": 71.0,
    "high": 72.1,
    "low": 69.5,
    "volume": 3.1e6,
    "average_volume": 2.9e6,
    "dollar_volume": 2.02e8,
    "high_52w": 72.6,
    "low_52w": 44.8,
    "position_52w": 0.898,
    "market_cap": 48.2e9,
    "enterprise_value": 49.6e9,
    "return_1m": 0.06,
    "return_3m": 0.09,
    "return_6m": 0.27,
    "return_1y": 0.37,
    "return_5y": 0.18,
    "sma_50": 66.1,
    "sma_200": 58.9,
    "price_to_sma_200": 0.184,
    "rsi_14": 61.0,
    "momentum_12_1": 0.31,
    "max_drawdown_1y": -0.12,
    "max_drawdown_5y": -0.38,
    "volatility_1y": 0.27,
    "beta": 1.18,
    "pe_ttm": 18.4,
    "pe_forward": 16.2,
    "ps_ttm": 3.6,
    "pb": 4.4,
    "ev_ebitda": 11.7,
    "fcf_yield": 0.056,
    "earnings_yield": 0.0543,
    "eps_ttm": 3.79,
    "revenue_ttm": 13.4e9,
    "net_income_ttm": 2.62e9,
    "free_cash_flow_ttm": 2.7e9,
    "roe": 0.257,
    "roic": 0.213,
    "gross_margin": 0.52,
    "operating_margin": 0.26,
    "net_margin": 0.196,
    "fcf_margin": 0.201,
    "revenue_growth_1y": 0.12,
    "revenue_cagr_3y": 0.141,
    "eps_growth_1y": 0.17,
    "eps_cagr_3y": 0.16,
    "net_debt_ebitda": 0.4,
    "debt_to_equity": 0.35,
    "interest_coverage": 18.0,
    "current_ratio": 1.9,
    "altman_z": 5.2,
    "piotroski_f": 7,
    "accruals": -0.01,
    "share_count_change_1y": 0.021,
    "sbc_to_revenue": 0.05,
    "dividend_yield": 0.011,
    "payout_ratio": 0.21,
    "shareholder_yield": 0.021,
    "pe_median_5y": 17.1,
    "pe_vs_own": 0.076,
    "pe_vs_sector": -0.23,
    "target_mean": 78.0,
    "target_upside": 0.118,
    "analyst_count": 21,
    "recommendation_mean": 2.1,
    "days_to_earnings": 6,
    "beat_rate": 0.75,
    "earnings_surprise": 0.04,
    "margin_change_1y": 0.01,
    "price_age_days": 0,
    "fundamentals_age_days": 51,
    "short_percent_float": 0.02,
}
FUND: dict[str, Any] = {
    "symbol": "OHGK",
    "name": "Orsolane Broad Market Fund",
    "kind": "etf",
    "exchange": "NYSE Arca",
    "currency": "USD",
    "price": 412.4,
    "previous_close": 410.0,
    "change": 0.0059,
    "dollar_volume": 4e8,
    "expense_ratio": 0.0009,
    "aum": 5.2e10,
    "holdings_count": 503,
    "premium_to_nav": 0.0002,
    "dividend_yield": 0.013,
    "return_1y": 0.14,
    "return_3y": 0.09,
    "return_5y": 0.1,
    "sharpe_1y": 1.0,
    "beta": 1.0,
    "volatility_1y": 0.15,
    "max_drawdown_1y": -0.09,
    "max_drawdown_5y": -0.25,
    "momentum_12_1": 0.12,
    "price_to_sma_200": 0.05,
    "price_age_days": 0,
}
BOND: dict[str, Any] = {
    "symbol": "CBHK",
    "name": "Calloway High Yield Bond Fund",
    "kind": "bond_etf",
    "currency": "USD",
    "price": 78.2,
    "change": -0.001,
    "dollar_volume": 9e7,
    "yield_to_maturity": 0.072,
    "duration": 3.4,
    "years_to_maturity": 4.6,
    "credit_score": 11,
    "expense_ratio": 0.0048,
    "dividend_yield": 0.058,
    "return_1y": 0.07,
    "volatility_1y": 0.06,
    "max_drawdown_5y": -0.16,
    "price_to_sma_200": 0.01,
    "price_age_days": 0,
}
BARE: dict[str, Any] = {
    "symbol": "XQZ",
    "name": "Xq Zenith Holdings",
    "kind": "stock",
    "currency": "USD",
    "price": 3.2,
    "price_age_days": 3,
}
SAMPLES = {"stock": STOCK, "fund": FUND, "bond": BOND, "bare": BARE}


def bars(symbol: str, last: float, sessions: int = 620) -> pl.DataFrame:
    """A seeded random walk that ends at `last` on AS_OF."""
    noise = np.random.default_rng(7)
    steps = noise.normal(0.0008, 0.015, sessions)
    close = np.exp(np.cumsum(steps))
    close *= last / close[-1]
    first = close * np.exp(noise.normal(0, 0.006, sessions))
    spread = np.abs(noise.normal(0.008, 0.004, sessions))
    days: list[date] = []
    day = AS_OF
    while len(days) < sessions:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    return pl.DataFrame(
        {
            "symbol": [symbol] * sessions,
            "date": days[::-1],
            "open": first,
            "high": np.maximum(first, close) * (1 + spread),
            "low": np.minimum(first, close) * (1 - spread),
            "close": close,
            "volume": np.exp(noise.normal(15, 0.4, sessions)),
            "adjusted_close": close,
        }
    )


def universe(row: dict[str, Any], others: int = 12) -> pl.DataFrame:
    """The row among others of its kind and sector, scored."""
    noise = np.random.default_rng(11)
    rows = [row]
    for at in range(others):
        other = {
            name: value * float(noise.uniform(0.6, 1.5)) if isinstance(value, float) else value for name, value in row.items()
        }
        rows.append(
            {
                **other,
                "symbol": f"PEER{at}",
                "name": f"Peer Number {at} Corporation",
                "price": 10.0 + at,
                "industry": row.get("industry") if at % 2 else "Other",
            }
        )
    kinds = {"text": pl.String, "list": pl.List(pl.String)}
    schema = {name: kinds.get(field.type, pl.Float64) for name, field in FIELDS.items()}
    frame = pl.DataFrame([{name: each.get(name) for name in schema} for each in rows], schema=schema)
    frame = frame.drop("dcf_value", "dcf_gap").join(dcf_frame(frame), on="symbol", maintain_order="left")
    return frame.drop("verdict", "score", "coverage", "flags").join(BOOK.score(frame, REGIME), on="symbol", maintain_order="left")


def material(kind: str = "stock", look: Any = None, **changes: Any) -> Material:
    """Everything for one sheet of a sample."""
    given = {**SAMPLES[kind], **changes}
    frame = universe(given)
    row = frame.row(0, named=True)
    has_bars = kind != "bare"
    priced = {name for name, field in FIELDS.items() if field.group in ("price", "returns", "technical")}
    known = [name for name, value in row.items() if value is not None and name in FIELDS]
    days = [AS_OF - timedelta(days=91 * at) for at in range(1, 9)]
    prices = bars(row["symbol"], row["price"])
    inside = prices.filter(pl.col("date") <= AS_OF)["date"].to_list()
    reports = (
        pl.DataFrame(
            {
                "symbol": row["symbol"],
                "date": [max(each for each in inside if each <= day) for day in days if day >= inside[0]],
                "time_of_day": "amc",
                "eps_actual": 1.0,
            }
        )
        if kind == "stock"
        else EARNINGS.empty()
    )
    return Material(
        symbol=row["symbol"],
        row=row,
        origins={name: 1 if name in priced else 2 for name in known},
        kinds={name: "reported" if name in given and name not in priced else "computed" for name in known},
        reasons={},
        universe=frame,
        bars=prices if has_bars else BARS.empty(),
        facts=FACTS.empty(),
        earnings=reports,
        dividends=DIVIDENDS.empty(),
        rulebook=BOOK,
        regime=REGIME,
        as_of=AS_OF,
        sources=SOURCES,
        simulated=True,
        look=look,
    )
