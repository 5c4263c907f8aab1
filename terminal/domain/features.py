"""The wide frame on which screener, scoring and tearsheet stand: one row a symbol, one column a field.

A field is what a provider states for it (POINT_ITEMS), where that is current; else it is computed from bars,
statements, dividends and reports that were known at `as_of`. What cannot be known is null, and `Features.reasons`
says why where the cause is more than an absent input. `origin` names the fetch behind each cell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl

from terminal.domain.corporate_events import dividend_fields, earnings_fields
from terminal.domain.fields import FEATURE_FIELDS, FIELDS, Field
from terminal.domain.prices import price_fields
from terminal.domain.provenance import MIN_SECTOR, MIN_UNIVERSE, kinds, origins, reasons, sentences
from terminal.domain.statements import STATEMENT_FIELDS, quarters, statement_fields, trailing
from terminal.domain.valuation_history import median_multiple

if TYPE_CHECKING:
    from collections.abc import Sequence

# Stated values that were made from a price go stale with it; opinions and holdings go stale within half a year.
MAX_STATED_PRICE_DAYS = 10
MAX_STATED_DAYS = {"analysts": 185}
MAX_STATED_DAYS_OTHERWISE = 500

_PRICED = frozenset(
    {
        "market_cap",
        "enterprise_value",
        "pe_ttm",
        "pe_forward",
        "peg",
        "ps_ttm",
        "pb",
        "ev_ebitda",
        "ev_revenue",
        "dividend_yield",
        "high_52w",
        "low_52w",
        "average_volume",
    }
)
_POSITIVE = frozenset(
    {"market_cap", "pe_ttm", "pe_forward", "peg", "ps_ttm", "pb", "ev_ebitda", "ev_revenue", "high_52w", "low_52w"}
)
_FROM_STATED = ("eps_forward", "dividend_rate", "shares_outstanding_now", "nav")


@dataclass(frozen=True)
class Inputs:
    """What `features` reads, as the market hands it on: only rows known at as_of, each with its `fetch_id`.

    `symbols` are the rows wanted, in that order; None means every instrument, or everything there is when there are no
    instruments. The benchmark's bars need not belong to a wanted symbol.
    """

    instruments: pl.DataFrame
    bars: pl.DataFrame
    quotes: pl.DataFrame
    facts: pl.DataFrame
    dividends: pl.DataFrame
    splits: pl.DataFrame
    earnings: pl.DataFrame
    benchmark: str = "SPY"
    symbols: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Features:
    """`frame`: one row a symbol, columns FEATURE_FIELDS and some that start with "_" (`_spark`: the last 60 closes).

    `origin` and `origin_kind` have `symbol` and the same fields: the fetch_id a cell came from, and "reported" or
    "computed" (both null where the cell is). `reasons` [symbol, field, reason] tells why a cell is unknown although
    its inputs are there; `unknown` puts them into sentences.
    """

    frame: pl.DataFrame
    origin: pl.DataFrame
    origin_kind: pl.DataFrame
    unknown: tuple[str, ...]
    reasons: pl.DataFrame

    @cached_property
    def index(self) -> dict[str, int]:
        """Row number of each symbol."""
        return {symbol: row for row, symbol in enumerate(self.frame["symbol"].to_list())}

    def only(self, symbols: Sequence[str]) -> Features:
        """The same for these symbols, in this order; those that are not here are left out."""
        rows = [self.index[symbol] for symbol in dict.fromkeys(symbols) if symbol in self.index]
        kept = self.reasons.filter(pl.col("symbol").is_in(list(symbols)))
        return replace(
            self,
            frame=self.frame[rows],
            origin=self.origin[rows],
            origin_kind=self.origin_kind[rows],
            unknown=sentences(kept),
            reasons=kept,
        )

    def why_unknown(self, symbol: str) -> dict[str, str]:
        """Field to reason, for one symbol."""
        rows = self.reasons.filter(pl.col("symbol") == symbol)
        return dict(zip(rows["field"].to_list(), rows["reason"].to_list(), strict=True))


def features(inputs: Inputs, as_of: date) -> Features:
    """All FEATURE_FIELDS for all symbols. Raises ValueError when a row that was not known at as_of is among the inputs."""
    return compared(own_fields(inputs, as_of), as_of)


def own_fields(inputs: Inputs, as_of: date) -> pl.DataFrame:
    """What each symbol's own rows (and the benchmark's) say, for `compared`; ValueError as in `features`.

    A row depends on no other row, so the frames of several calls may be put together: that keeps the memory for a large
    market small, and what has not changed need not be computed again.
    """
    _refuse_the_future(inputs, as_of)
    frame = _identity(inputs)
    frame = price_fields(inputs.bars, inputs.quotes, frame.select("symbol"), as_of, inputs.benchmark).join(
        frame, on="symbol", how="left", maintain_order="left", suffix="_instrument"
    )
    # Ages count from the day the symbol is looked at: that of its price, so that an old price meets what was current then.
    frame = frame.with_columns(pl.coalesce("_price_date", pl.lit(as_of)).alias("_day"))
    rows = trailing(inputs.facts, inputs.splits)
    for part in (
        statement_fields(rows, quarters(inputs.facts, inputs.splits), frame.select("symbol", "_day")),
        dividend_fields(inputs.dividends, as_of),
        earnings_fields(inputs.earnings, as_of),
        _points(inputs.facts, as_of),
    ):
        frame = frame.join(part, on="symbol", how="left", maintain_order="left")
    frame = frame.join(median_multiple(inputs.bars, rows, as_of), on="symbol", how="left", maintain_order="left")
    frame = frame.with_columns(_listing_currency().alias("_listed_in"))
    frame = frame.with_columns((pl.col("_unit") != pl.col("_listed_in")).fill_null(False).alias("_foreign"))
    return _choose(frame)


def compared(own: pl.DataFrame, as_of: date) -> Features:
    """The features of symbols whose `own_fields` are known, each compared with all the others."""
    return _assembled(_valued(own, as_of))


def _refuse_the_future(inputs: Inputs, as_of: date) -> None:
    """The caller hands over only what was known; a row from later is a bug worth stopping for."""
    limit = datetime.combine(as_of + timedelta(days=1), time(5), ZoneInfo("UTC"))
    for name in ("instruments", "bars", "quotes", "facts", "dividends", "splits", "earnings"):
        frame: pl.DataFrame = getattr(inputs, name)
        late = [
            pl.col(column) > limit
            for column in ("known_at", "at", "filed_at")
            if column in frame.columns and isinstance(frame.schema[column], pl.Datetime)
        ]
        if name == "bars":
            late.append(pl.col("date") > as_of)
        if late and frame.select(pl.any_horizontal(late).any()).item():
            raise ValueError(f"{name} holds rows from after {as_of}")


def _identity(inputs: Inputs) -> pl.DataFrame:
    columns = ("symbol", "name", "kind", "sector", "industry", "country", "exchange", "currency")
    fetch = pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in inputs.instruments.columns else pl.lit(None, dtype=pl.Int64)
    known = inputs.instruments.select(*columns, fetch.alias("_instrument_fetch")).unique(
        "symbol", keep="last", maintain_order=True
    )
    if inputs.symbols is not None:
        wanted = pl.DataFrame({"symbol": list(inputs.symbols)}, schema={"symbol": pl.String}).unique(maintain_order=True)
    elif known.height:
        wanted = known.select("symbol")
    else:
        wanted = (
            pl.concat([frame.select("symbol") for frame in (inputs.bars, inputs.quotes, inputs.facts)]).unique().sort("symbol")
        )
    return wanted.join(known, on="symbol", how="left", maintain_order="left")


def _listing_currency() -> pl.Expr:
    return pl.coalesce("_currency", "currency")


def _points(facts: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The newest stated value of each item: [symbol, @item, @item_on (its day), @item_fetch]."""
    items = tuple(dict.fromkeys((*(field.reported for field in FIELDS.values() if field.reported), *_FROM_STATED)))
    fetch = pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in facts.columns else pl.lit(None, dtype=pl.Int64).alias("fetch_id")
    stated = (
        facts.filter((pl.col("period") == "P") & pl.col("item").is_in(items) & (pl.col("period_end") <= as_of))
        .select("symbol", "item", "value", "period_end", fetch)
        .sort("period_end")
        .group_by("symbol", "item", maintain_order=True)
        .agg(pl.all().last())
    )
    frame = stated.select("symbol").unique()
    for values, suffix in (("value", ""), ("period_end", "_on"), ("fetch_id", "_fetch")):
        wide = stated.pivot(on="item", on_columns=list(items), index="symbol", values=values, aggregate_function="last")
        frame = frame.join(wide.rename({item: f"@{item}{suffix}" for item in items}), on="symbol", how="left")
    return frame


def _choose(frame: pl.DataFrame) -> pl.DataFrame:
    """Put the stated value where there is a current one, else the computed one; the boolean `#field` says which."""
    c = pl.col
    shares = pl.coalesce(_when_current("shares_outstanding_now", c("_shares_outstanding").is_null()), "_shares_outstanding")
    frame = frame.with_columns(shares.alias("_shares"))
    price, local = c("price"), ~c("_foreign")
    first = (*STATEMENT_FIELDS, "average_volume", "high_52w", "low_52w", "beta")
    steps: tuple[dict[str, pl.Expr], ...] = (  # each may use what the steps before it chose
        {name: c(name) for name in first},
        {"market_cap": pl.when(local).then(price * c("_shares"))},
        {
            "enterprise_value": pl.when(local).then(c("market_cap") + c("_total_debt") - c("_cash")),
            "book_value_per_share": _over(c("_equity"), c("_shares")),
        },
        _multiples(),
        _dividend_ratios(),
    )
    for step in steps:
        frame = _stated_first(frame, step)
    remaining = {
        name: pl.lit(None, dtype=pl.Float64)
        for name, field in FIELDS.items()
        if field.reported and name not in {each for step in steps for each in step}
    }
    frame = _stated_first(frame, remaining)
    no_equity = (c("_equity") <= 0).fill_null(False)
    frame = frame.with_columns(pl.when(~no_equity).then(c(name)).alias(name) for name in ("roe", "debt_to_equity", "pb"))
    return frame.with_columns(pl.coalesce(name, implied).alias(name) for name, implied in _implied_by_multiples().items())


def _implied_by_multiples() -> dict[str, pl.Expr]:
    """What stated multiples of the same price say about a company whose statements nobody gave us."""
    c = pl.col
    lone = c("_statement_end").is_null()
    cap = c("market_cap")

    def implied(value: pl.Expr, *stated: str) -> pl.Expr:
        return pl.when(lone & pl.all_horizontal(f"#{name}" for name in stated)).then(value)

    revenue = implied(_over(cap, c("ps_ttm")), "market_cap", "ps_ttm")
    loss = pl.when(c("eps_ttm") < 0).then(_over(c("eps_ttm"), c("price")))  # a loss has no P/E
    return {
        "roe": pl.coalesce(implied(_over(c("pb"), c("pe_ttm")), "pb", "pe_ttm"), implied(c("pb") * loss, "pb", "eps_ttm")),
        "net_margin": pl.coalesce(
            implied(_over(c("ps_ttm"), c("pe_ttm")), "ps_ttm", "pe_ttm"), implied(c("ps_ttm") * loss, "ps_ttm", "eps_ttm")
        ),
        "payout_ratio": implied(c("dividend_yield") * c("pe_ttm"), "dividend_yield", "pe_ttm"),
        "revenue_ttm": revenue,
        "ebitda_margin": implied(_over(c("ebitda_ttm"), revenue), "ebitda_ttm"),
        "book_value_per_share": implied(_over(c("price"), c("pb")), "pb"),
    }


def _stated_first(frame: pl.DataFrame, computed: dict[str, pl.Expr]) -> pl.DataFrame:
    frame = frame.with_columns(expression.alias(name) for name, expression in computed.items())
    stated = [FIELDS[name] for name in computed if FIELDS[name].reported]
    frame = frame.with_columns(_is_current(field).alias(f"#{field.name}") for field in stated)
    return frame.with_columns(
        pl.when(f"#{field.name}").then(pl.col(f"@{field.reported}")).otherwise(pl.col(field.name)).alias(field.name)
        for field in stated
    )


def _is_current(field: Field) -> pl.Expr:
    """Whether the stated value may stand: not outdated by the price, by a newer statement, or by sheer age."""
    value, day = pl.col(f"@{field.reported}"), pl.col(f"@{field.reported}_on")
    current: pl.Expr = value.is_not_null() & (
        pl.col("_day") - day <= pl.duration(days=MAX_STATED_DAYS.get(field.group, MAX_STATED_DAYS_OTHERWISE))
    )
    if field.name in _PRICED:
        apart = (pl.col("_price_date") - day).dt.total_days().abs()
        current &= (apart <= MAX_STATED_PRICE_DAYS).fill_null(True)
    elif field.name in STATEMENT_FIELDS:
        newer = pl.col(field.name).is_not_null() & (pl.coalesce("_known_on", "_statement_end") > day)
        current &= ~newer.fill_null(False)
    if field.name in _POSITIVE:
        current &= value > 0
    return current.fill_null(False)


def _when_current(item: str, otherwise_absent: pl.Expr) -> pl.Expr:
    """A stated part, unless it is old, or older than a statement that has the same."""
    day = pl.col(f"@{item}_on")
    newer = ~otherwise_absent & (pl.coalesce("_known_on", "_statement_end") > day)
    fresh = (pl.col("_day") - day <= pl.duration(days=MAX_STATED_DAYS_OTHERWISE)) & ~newer.fill_null(False)
    return pl.when(fresh).then(pl.col(f"@{item}"))


def _over(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
    return pl.when(bottom > 0).then(top / bottom)


def _multiples() -> dict[str, pl.Expr]:
    c = pl.col
    price, cap, value = c("price"), c("market_cap"), c("enterprise_value")
    pe = _over(price, c("eps_ttm"))
    forward_is_new = (c("_price_date") - c("@eps_forward_on")).dt.total_days().abs() <= MAX_STATED_DAYS["analysts"]
    return {
        "pe_ttm": pe,
        "pe_forward": pl.when(forward_is_new).then(_over(price, c("@eps_forward"))),
        "peg": _over(pe, c("eps_cagr_3y") * 100),
        "ps_ttm": _over(cap, c("revenue_ttm")),
        "pb": _over(cap, c("_equity")),
        "p_fcf": _over(cap, c("free_cash_flow_ttm")),
        "ev_ebitda": _over(value, c("ebitda_ttm")),
        "ev_revenue": _over(value, c("revenue_ttm")),
        "earnings_yield": _over(c("eps_ttm"), price),
        "fcf_yield": _over(c("free_cash_flow_ttm"), cap),
        "shareholder_yield": _over(c("_paid_out"), cap),
    }


def _dividend_ratios() -> dict[str, pl.Expr]:
    c = pl.col
    same = c("_dividend_currency").is_null() | c("_listed_in").is_null() | (c("_dividend_currency") == c("_listed_in"))
    rate = _when_current("dividend_rate", pl.lit(True))
    paid = pl.coalesce(pl.when(same).then(pl.coalesce("_paid_year", rate)), pl.when(c("_dividends_paid") == 0).then(0.0))
    return {"dividend_yield": _over(paid, c("price")), "payout_ratio": _over(paid, c("eps_ttm"))}


def _valued(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Everything that is made from chosen values, and what compares a row with the other rows."""
    c = pl.col
    price, high, low = c("price"), c("high_52w"), c("low_52w")
    stated = [c(name) for name in frame.columns if name.startswith("@") and name.endswith("_on")]
    frame = frame.with_columns(
        pl.when(high > low).then((price - low) / (high - low)).alias("position_52w"),
        (_over(price, high) - 1).alias("off_high_52w"),
        (_over(price, low) - 1).alias("above_low_52w"),
        (c("average_volume") * price).alias("dollar_volume"),
        (c("target_mean") / price - 1).alias("target_upside"),
        pl.when((c("_price_date") - c("@nav_on")).dt.total_days().abs() <= 5)
        .then(_over(price, c("@nav")) - 1)
        .alias("premium_to_nav"),
        pl.when((c("sector") != "Financials") & ~c("_foreign"))
        .then(c("_altman_book") + 0.6 * c("market_cap") / c("_altman_liabilities"))
        .alias("altman_z"),
        (pl.lit(as_of) - pl.coalesce("_known_on", "_statement_end", pl.max_horizontal(stated)))
        .dt.total_days()
        .cast(pl.Int64)
        .alias("fundamentals_age_days"),
    )
    valuation = [name for name in FEATURE_FIELDS if FIELDS[name].group == "valuation"]
    frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias(name) for name in valuation if name not in frame.columns)
    frame = frame.with_columns(pl.when(~c("_foreign")).then(c(name)).alias(name) for name in (*valuation, "enterprise_value"))
    return frame.with_columns((_over(c("pe_ttm"), c("pe_median_5y")) - 1).alias("pe_vs_own"), _against_sector(), _strength())


def _against_sector() -> pl.Expr:
    stock = pl.when(pl.col("kind") == "stock").then(pl.col("pe_ttm"))
    median = pl.when((stock.count() >= MIN_SECTOR) & pl.col("sector").is_not_null()).then(stock.median()).over("sector")
    return (_over(stock, median) - 1).alias("pe_vs_sector")


def _strength() -> pl.Expr:
    """Percentile with mean ranks for ties: 0 the weakest, 1 the strongest."""
    momentum = pl.col("momentum_12_1")
    known = momentum.count()
    return pl.when(known >= MIN_UNIVERSE).then((momentum.rank() - 1) / (known - 1)).alias("relative_strength")


def _assembled(frame: pl.DataFrame) -> Features:
    values = frame.select(*(_typed(name, frame.schema[name]) for name in FEATURE_FIELDS), "_spark", "_price_date")
    why = reasons(frame, values)
    return Features(values, origins(frame, values), kinds(frame, values), sentences(why), why)


def _typed(name: str, given: pl.DataType) -> pl.Expr:
    """The column in its field's type, without NaN and infinity."""
    match FIELDS[name].type:
        case "text":
            return pl.col(name).cast(pl.String)
        case "integer":
            return (pl.col(name).round() if given.is_float() else pl.col(name)).cast(pl.Int64)
    value = pl.col(name).cast(pl.Float64)
    return pl.when(value.is_finite()).then(value).alias(name)
