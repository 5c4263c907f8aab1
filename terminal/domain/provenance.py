"""Where each cell of the feature frame came from, and why a cell is unknown although its inputs are there.

These read the working columns that `features.py` joins together: `_statement_fetch` and its like, `@item_fetch` for
stated values, and the boolean `#field`, true where the stated value was taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.fields import FEATURE_FIELDS, FIELDS
from terminal.domain.prices import RETURN_FIELDS, TECHNICAL_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterable

MIN_UNIVERSE = 10
"""Fewest symbols with a known value for a percentile among them."""
MIN_SECTOR = 5
"""Fewest companies with a known P/E for a sector median."""
FROM_PRICE = frozenset({"price", "previous_close", "open", "high", "low", "volume"})


def origins(frame: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """[symbol, fields]: the fetch_id behind each known value."""
    return _per_cell(frame, values, {name: _origin(name, frame) for name in FEATURE_FIELDS})


def kinds(frame: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """[symbol, fields]: "reported" or "computed" for each known value."""
    return _per_cell(
        frame,
        values,
        {name: pl.when(_reported(name)).then(pl.lit("reported")).otherwise(pl.lit("computed")) for name in FEATURE_FIELDS},
    )


def _per_cell(frame: pl.DataFrame, values: pl.DataFrame, cells: dict[str, pl.Expr]) -> pl.DataFrame:
    known = ((name, cell) for name, cell in cells.items() if name != "symbol")
    return frame.select("symbol", *(pl.when(values[name].is_not_null()).then(cell).alias(name) for name, cell in known))


def _reported(name: str) -> pl.Expr:
    field = FIELDS[name]
    if field.reported:
        return pl.col(f"#{name}")
    return pl.lit(field.group == "identity" or name in FROM_PRICE)


def _origin(name: str, frame: pl.DataFrame) -> pl.Expr:
    """The fetch a cell came from; for a mixture the one that changes least often: the statement before the price."""
    field = FIELDS[name]
    chains: dict[str, tuple[str, ...]] = {
        "identity": ("_instrument_fetch",),
        "returns": ("_bar_fetch",),
        "technical": ("_bar_fetch",),
        "valuation": ("_statement_fetch", "@eps_ttm_fetch", "@shares_outstanding_now_fetch", "_price_fetch"),
        "profitability": ("_statement_fetch", "@ps_ttm_fetch", "@pe_ttm_fetch"),
        "growth": ("_statement_fetch",),
        "balance": ("_statement_fetch",),
        "dividend": ("_dividend_fetch", "@dividend_rate_fetch", "_statement_fetch"),
        "earnings": ("_earnings_fetch",),
        "analysts": ("@target_mean_fetch",),
        "fund": ("@nav_fetch",),
    }
    special: dict[str, tuple[str, ...]] = {
        "market_cap": ("@shares_outstanding_now_fetch", "_statement_fetch"),
        "enterprise_value": ("_statement_fetch",),
        "fundamentals_age_days": ("_statement_fetch", "@market_cap_fetch", "@pe_ttm_fetch", "_price_fetch"),
        "position_52w": ("_bar_fetch", "@high_52w_fetch"),
        "off_high_52w": ("_bar_fetch", "@high_52w_fetch"),
        "above_low_52w": ("_bar_fetch", "@low_52w_fetch"),
        "dollar_volume": ("_bar_fetch", "@average_volume_fetch"),
        **dict.fromkeys(("average_volume", "high_52w", "low_52w", "relative_volume"), ("_bar_fetch",)),
        "pe_forward": ("@eps_forward_fetch",),
    }
    computed = pl.coalesce(*special.get(name, chains.get(field.group, ("_price_fetch",))), pl.lit(None, dtype=pl.Int64))
    return (
        pl.when(f"#{name}").then(pl.col(f"@{field.reported}_fetch")).otherwise(computed)
        if f"#{name}" in frame.columns
        else computed
    )


def reasons(frame: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """The causes that are more than an absent input; the first one that applies to a cell counts."""
    c = pl.col
    valuation = [name for name in FEATURE_FIELDS if FIELDS[name].group == "valuation"]
    moving = [*RETURN_FIELDS, *TECHNICAL_FIELDS, "relative_strength"]
    year = [
        "return_1y",
        "momentum_12_1",
        "max_drawdown_1y",
        "volatility_1y",
        "beta",
        "sharpe_1y",
        "high_52w",
        "low_52w",
        "position_52w",
        "off_high_52w",
        "above_low_52w",
        "days_since_high_52w",
    ]
    stock = (c("kind") == "stock").fill_null(True)
    priced, bars = c("_close_0").is_not_null(), c("_rows_5y") + 1
    begins = c("_first_day").cast(pl.String)
    causes: tuple[tuple[str | pl.Expr, pl.Expr, list[str]], ...] = (
        ("the newest daily bar is more than 7 days older than the quote", c("_gap"), [*moving, *year, "average_volume"]),
        ("the price is more than 10 sessions old", c("_stale"), moving),
        (pl.format("fewer than 252 daily bars are known: they begin on {}", begins), priced & (bars < 253), year),
        *(
            (pl.format("daily prices are known since {} only", begins), priced & (bars < needed), list(fields))
            for needed, fields in (
                (200, ("sma_200", "price_to_sma_200")),
                (504, ("max_drawdown_5y",)),
                (757, ("return_3y",)),
                (1250, ("return_5y",)),
            )
        ),
        ("statements and price are in different currencies", c("_foreign"), [*valuation, "enterprise_value", "altman_z"]),
        (
            "EPS of the last four quarters is not positive",
            c("eps_ttm") <= 0,
            ["pe_ttm", "peg", "payout_ratio", "pe_vs_own", "pe_vs_sector"],
        ),
        ("equity is not positive", c("_equity") <= 0, ["roe", "debt_to_equity", "pb"]),
        ("it says nothing about Financials", (c("sector") == "Financials") & stock, ["altman_z"]),
        (
            "the newest four quarters are not all known, nor the year's figures",
            c("_statement_end").is_not_null() & stock,
            ["eps_ttm", "revenue_ttm", "net_income_ttm", "free_cash_flow_ttm"],
        ),
        (f"fewer than {MIN_SECTOR} companies of the sector have a P/E", c("pe_ttm").is_not_null() & stock, ["pe_vs_sector"]),
        (f"fewer than {MIN_UNIVERSE} symbols can be compared", c("momentum_12_1").is_not_null(), ["relative_strength"]),
    )
    unknown = values.select(pl.col(name).is_null() for name in dict.fromkeys(each for _, _, names in causes for each in names))
    parts = []
    for reason, applies, names in causes:
        said = reason if isinstance(reason, pl.Expr) else pl.lit(reason)
        rows = frame.select("symbol", applies.fill_null(False).alias("_applies"), said.alias("reason"))
        for name in dict.fromkeys(names):
            hit = rows.filter(pl.col("_applies") & unknown[name])
            if hit.height:
                parts.append(hit.select("symbol", pl.lit(name).alias("field"), "reason"))
    empty = pl.DataFrame(schema={"symbol": pl.String, "field": pl.String, "reason": pl.String})
    return pl.concat([empty, *parts]).unique(["symbol", "field"], keep="first", maintain_order=True)


def sentences(reasons: pl.DataFrame) -> tuple[str, ...]:
    """One sentence a reason: whom it concerns, which fields, why."""

    def several(names: Iterable[str], most: int) -> str:
        listed = list(names)
        return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")

    grouped = reasons.group_by("reason", maintain_order=True).agg(
        pl.col("symbol").unique(maintain_order=True), pl.col("field").unique(maintain_order=True)
    )
    return tuple(
        f"{several(symbols, 5)}: {several((FIELDS[name].title for name in names), 4)} unknown, because {reason}."
        for reason, symbols, names in grouped.iter_rows()
    )
