"""The price, return and technical fields of many symbols at once, from daily bars and the newest quotes.

The *price* is the newest of quote and last bar. `lag` is the number of sessions between the last bar and the price:
0 when the price belongs to the last bar's session. A window that is not full, or that has a hole in it, is unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from terminal.domain.returns import YEAR, annualised, beta, log_returns, max_drawdown, sharpe, simple_returns, volatility

if TYPE_CHECKING:
    from datetime import date

MAX_BAR_GAP_DAYS = 7
"""A bar series that ends more days before the quote than this is not mixed with it."""
MAX_PRICE_AGE_SESSIONS = 10
"""A price older than this, in sessions at the as-of day, has no current return."""
_MAX_LAG = 5
"""Most sessions that fit into MAX_BAR_GAP_DAYS."""
EXCHANGE_ZONE = "America/New_York"

_RETURNS = {"return_1w": 5, "return_1m": 21, "return_3m": 63, "return_6m": 126, "return_1y": 252}
RETURN_FIELDS = (
    *_RETURNS,
    "return_ytd",
    "return_3y",
    "return_5y",
    "momentum_12_1",
    "max_drawdown_1y",
    "max_drawdown_5y",
    "volatility_1m",
    "volatility_1y",
    "beta",
    "sharpe_1y",
)
TECHNICAL_FIELDS = (
    "rsi_14",
    "sma_20",
    "sma_50",
    "sma_200",
    "price_to_sma_50",
    "price_to_sma_200",
    "atr_14",
    "atr_share",
    "macd_histogram",
    "adx_14",
    "bollinger_position",
    "days_since_high_52w",
)


def price_fields(bars: pl.DataFrame, quotes: pl.DataFrame, symbols: pl.DataFrame, as_of: date, benchmark: str) -> pl.DataFrame:
    """One row for each row of `symbols` [symbol], with the fields of the groups price, returns and technical.

    Further columns: `_price_date`, `_price_fetch`, `_bar_date`, `_bar_fetch`, `_quoted` (the price is a quote),
    `_currency` (of the quote), `_gap` (bars too old for the quote), `_stale` (price too old for as_of), `_spark`,
    `_first_day` (of the bars).
    Statistics against other rows (relative_strength) and stated values are added by the caller.
    """
    history = _history(bars, benchmark)
    summary = _summary(history).join(_technical(history), on="symbol", how="left")
    frame = symbols.join(summary, on="symbol", how="left", maintain_order="left").join(
        _newest_quotes(quotes), on="symbol", how="left", maintain_order="left"
    )
    frame = _with_price(frame, as_of)
    frame = _with_session(frame)
    frame = _with_returns(frame)
    return _with_technical(frame)


def _history(bars: pl.DataFrame, benchmark: str) -> pl.DataFrame:
    """Bars in order, the last 1,300 of each symbol, with daily returns of the symbol and of the benchmark."""
    fetch = pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in bars.columns else pl.lit(None, dtype=pl.Int64).alias("fetch_id")
    known = pl.col("known_at") if "known_at" in bars.columns else pl.lit(None, dtype=pl.Datetime("us", "UTC")).alias("known_at")
    ordered = (
        bars.select("symbol", "date", "open", "high", "low", "close", "volume", fetch, known)
        .drop_nulls(["symbol", "date", "close"])
        .sort("symbol", "date")
    )
    index = ordered.filter(pl.col("symbol") == benchmark).select("date", pl.col("close").alias("_index"))
    return ordered.join(index, on="date", how="left", maintain_order="left").with_columns(
        simple_returns(pl.col("close")).over("symbol").alias("_daily"),
        log_returns(pl.col("close")).over("symbol").alias("_log"),
        simple_returns(pl.col("_index")).over("symbol").alias("_index_daily"),
    )


def _ago(column: str, rows: int) -> pl.Expr:
    """The value `rows` before the last one of the group; null when there are not as many."""
    return pl.when(pl.len() > rows).then(pl.col(column).tail(rows + 1).first())


def _whole(rows: int) -> pl.Expr:
    """Whether the last `rows` + 1 bars are there and span about as many sessions: no hole of weeks among them."""
    days = (pl.col("date").last() - _ago("date", rows)).dt.total_days()
    return days <= rows * 365 / YEAR * 1.06 + 12


def _summary(history: pl.DataFrame) -> pl.DataFrame:
    """Per symbol: the last bar, closes so many sessions ago, extremes and statistics of the windows."""
    ago = {0, 1, *(days - lag for days in (*_RETURNS.values(), 756) for lag in range(_MAX_LAG + 1))}
    closes = [pl.when(_whole(n)).then(_ago("close", n)).alias(f"_close_{n}") for n in sorted(ago)]
    full = _whole(YEAR - 1)
    last_year = pl.col("date").dt.year() == pl.col("date").last().dt.year() - 1
    before = pl.col("date").filter(last_year).last()
    matched = pl.col("_daily").is_not_null() & pl.col("_index_daily").is_not_null()
    pair = pl.struct("_daily", "_index_daily").filter(matched).tail(YEAR)
    return history.group_by("symbol", maintain_order=True).agg(
        *(
            pl.col(name).last().alias(f"_bar_{name}")
            for name in ("date", "open", "high", "low", "volume", "fetch_id", "known_at")
        ),
        *closes,
        pl.col("date").first().alias("_first_day"),
        pl.when(_whole(20)).then(pl.col("volume").tail(20).mean()).alias("_volume_20"),
        pl.when(_whole(20)).then(pl.col("volume").tail(21).head(20).mean()).alias("_volume_20_before"),
        pl.when(full).then(pl.col("high").tail(YEAR).max()).alias("_high_year"),
        pl.when(full).then(pl.col("low").tail(YEAR).min()).alias("_low_year"),
        pl.when(full & (pl.col("high").tail(YEAR).null_count() == 0))
        .then(pl.col("high").tail(YEAR).reverse().arg_max().cast(pl.Int64))
        .alias("_high_age"),
        pl.when((before.dt.month() == 12) & (before.dt.day() >= 15))
        .then(pl.col("close").filter(last_year).last())
        .alias("_close_year_end"),
        pl.when(pl.len() >= 1250).then(pl.col("close").tail(1261).first()).alias("_close_5y"),
        (pl.min_horizontal(pl.len(), pl.lit(1261)).cast(pl.Int64) - 1).alias("_rows_5y"),
        pl.when(full).then(max_drawdown(pl.col("close").tail(YEAR))).alias("max_drawdown_1y"),
        pl.when(pl.len() >= 504).then(max_drawdown(pl.col("close").tail(1260))).alias("max_drawdown_5y"),
        pl.when(_whole(21)).then(volatility(pl.col("_log").tail(21))).alias("volatility_1m"),
        pl.when(_whole(YEAR)).then(volatility(pl.col("_log").tail(YEAR))).alias("volatility_1y"),
        pl.when(_whole(YEAR)).then(sharpe(pl.col("_daily").tail(YEAR))).alias("sharpe_1y"),
        pl.when(_whole(YEAR) & (pair.len() >= YEAR))
        .then(beta(pair.struct.field("_daily"), pair.struct.field("_index_daily")))
        .alias("beta"),
        *(pl.when(_whole(n - 1)).then(pl.col("close").tail(n).mean()).alias(f"sma_{n}") for n in (20, 50, 200)),
        pl.when(_whole(19)).then(pl.col("close").tail(20).std(ddof=0)).alias("_deviation_20"),
        pl.col("close").tail(60).alias("_spark"),
    )


def _technical(history: pl.DataFrame) -> pl.DataFrame:
    """Per symbol: the newest value of the recursive indicators."""
    from terminal.domain.indicators import series, slices  # numpy and TA-Lib: not for who only reads what was computed

    runs = slices(history["symbol"])
    names = {"rsi": "rsi_14", "atr": "atr_14", "macd_histogram": "macd_histogram", "adx": "adx_14"}
    return (
        history.select("symbol", *(series(history, each, runs=runs).alias(name) for each, name in names.items()))
        .group_by("symbol")
        .agg(pl.all().last())
    )


def _newest_quotes(quotes: pl.DataFrame) -> pl.DataFrame:
    fetch = pl.col("fetch_id").cast(pl.Int64) if "fetch_id" in quotes.columns else pl.lit(None, dtype=pl.Int64)
    return (
        quotes.drop_nulls(["symbol", "at", "price"])
        .sort("at")
        .group_by("symbol")
        .agg(pl.all().last())
        .select(
            "symbol",
            pl.col("at").alias("_quote_at"),
            fetch.alias("_quote_fetch"),
            pl.col("currency").alias("_currency"),
            *(pl.col(name).alias(f"_quote_{name}") for name in ("price", "previous_close", "open", "high", "low", "volume")),
        )
    )


def _with_price(frame: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Decide between quote and bar, and how far bars, price and as_of lie apart."""
    quote_day = pl.col("_quote_at").dt.convert_time_zone(EXCHANGE_ZONE).dt.date()
    quoted = pl.col("_quote_price").is_not_null() & (
        pl.col("_bar_date").is_null()
        | (quote_day > pl.col("_bar_date"))
        | ((quote_day == pl.col("_bar_date")) & (pl.col("_quote_at") >= pl.col("_bar_known_at").fill_null(pl.col("_quote_at"))))
    )
    frame = frame.with_columns(quoted.fill_null(False).alias("_quoted"), quote_day.alias("_quote_day"))
    frame = frame.with_columns(
        pl.when("_quoted").then(pl.col("_quote_price")).otherwise(pl.col("_close_0")).alias("price"),
        pl.when("_quoted").then(pl.col("_quote_day")).otherwise(pl.col("_bar_date")).alias("_price_date"),
        pl.when("_quoted").then(pl.col("_quote_fetch")).otherwise(pl.col("_bar_fetch_id")).alias("_price_fetch"),
        pl.col("_bar_fetch_id").alias("_bar_fetch"),
    )
    sessions = pl.business_day_count(pl.col("_bar_date"), pl.col("_price_date")).cast(pl.Int64)
    return frame.with_columns(
        pl.when(pl.col("_quoted")).then(sessions).otherwise(pl.lit(0, dtype=pl.Int64)).alias("_lag"),
        ((pl.col("_price_date") - pl.col("_bar_date")).dt.total_days() > MAX_BAR_GAP_DAYS).fill_null(False).alias("_gap"),
        (pl.business_day_count(pl.col("_price_date"), pl.lit(as_of)) > MAX_PRICE_AGE_SESSIONS).fill_null(False).alias("_stale"),
        (pl.lit(as_of) - pl.col("_price_date")).dt.total_days().cast(pl.Int64).alias("price_age_days"),
    )


def _with_session(frame: pl.DataFrame) -> pl.DataFrame:
    """The fields about the price's own session and about the last year of sessions."""
    same = pl.col("_lag") == 0
    session = [
        pl.when(pl.col("_quoted") & pl.col(f"_quote_{name}").is_not_null())
        .then(pl.col(f"_quote_{name}"))
        .when(same)
        .then(pl.col(f"_bar_{name}"))
        .alias(name)
        for name in ("open", "high", "low", "volume")
    ]
    previous = (
        pl.when(pl.col("_quoted") & pl.col("_quote_previous_close").is_not_null())
        .then(pl.col("_quote_previous_close"))
        .when(same)
        .then(pl.col("_close_1"))
        .when(pl.col("_lag") == 1)
        .then(pl.col("_close_0"))
    )
    usable = ~pl.col("_gap")
    before = pl.when(same).then(pl.col("_volume_20_before")).otherwise(pl.col("_volume_20"))
    frame = frame.with_columns(*session, previous.alias("previous_close")).with_columns(
        pl.when(usable).then(pl.col("_volume_20")).alias("average_volume"),
        pl.when(usable & (before > 0)).then(pl.col("volume") / before).alias("relative_volume"),
        pl.when(usable).then(pl.max_horizontal("_high_year", "high")).alias("high_52w"),
        pl.when(usable).then(pl.min_horizontal("_low_year", "low")).alias("low_52w"),
    )
    return frame.with_columns(  # an intraday extreme alone is not a year's
        pl.when(pl.col("_high_year").is_not_null()).then(pl.col("high_52w")).alias("high_52w"),
        pl.when(pl.col("_low_year").is_not_null()).then(pl.col("low_52w")).alias("low_52w"),
        (pl.col("price") / pl.col("previous_close") - 1).alias("change"),
        (pl.col("open") / pl.col("previous_close") - 1).alias("gap"),
    )


def _close_ago(sessions: int) -> pl.Expr:
    """The close `sessions` before the price's session, whatever the lag of the last bar."""
    return pl.coalesce(pl.when(pl.col("_lag") == lag).then(pl.col(f"_close_{sessions - lag}")) for lag in range(_MAX_LAG + 1))


def _with_returns(frame: pl.DataFrame) -> pl.DataFrame:
    usable = ~pl.col("_gap") & ~pl.col("_stale")
    price = pl.col("price")
    year_of_bars = pl.col("_bar_date").dt.year()
    same_year = year_of_bars == pl.col("_price_date").dt.year()
    year_end = (
        pl.when(same_year)
        .then(pl.col("_close_year_end"))
        .when(
            (year_of_bars == pl.col("_price_date").dt.year() - 1)
            & (pl.col("_bar_date").dt.month() == 12)
            & (pl.col("_bar_date").dt.day() >= 15)
        )
        .then(pl.col("_close_0"))
    )
    rows_5y = (pl.col("_rows_5y") + pl.col("_lag")).cast(pl.Float64)
    frame = frame.with_columns(
        *((price / _close_ago(days) - 1).alias(name) for name, days in _RETURNS.items()),
        (price / year_end - 1).alias("return_ytd"),
        annualised(price / _close_ago(3 * YEAR), 3 * YEAR).alias("return_3y"),
        annualised(price / pl.col("_close_5y"), rows_5y).alias("return_5y"),
        (pl.col("_close_21") / pl.col("_close_252") - 1).alias("momentum_12_1"),
    )
    return frame.with_columns(pl.when(usable).then(pl.col(name)).alias(name) for name in RETURN_FIELDS)


def _with_technical(frame: pl.DataFrame) -> pl.DataFrame:
    usable = ~pl.col("_gap") & ~pl.col("_stale")
    price, middle, spread = pl.col("price"), pl.col("sma_20"), pl.col("_deviation_20")
    frame = frame.with_columns(
        *((price / pl.col(f"sma_{n}") - 1).alias(f"price_to_sma_{n}") for n in (50, 200)),
        (pl.col("atr_14") / price).alias("atr_share"),
        pl.when(spread > 0).then((price - middle + 2 * spread) / (4 * spread)).alias("bollinger_position"),
        pl.when(pl.col("high") >= pl.col("_high_year"))
        .then(pl.lit(0, dtype=pl.Int64))
        .otherwise(pl.col("_high_age") + pl.col("_lag"))
        .alias("days_since_high_52w"),
    )
    return frame.with_columns(pl.when(usable).then(pl.col(name)).alias(name) for name in TECHNICAL_FIELDS)
