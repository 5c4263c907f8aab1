"""Unusual Whales' answers as frames of ours. Pure: JSON values in, polars out.

They write a number as a number in one message and as text in the next, leave it empty where there is none, and moments as
milliseconds or as ISO texts. So everything is read as text, column by column, and becomes what it should be by expressions:
no Python object a field, which is what lets a busy feed through (`unusualwhales_frames` reads its frames with these).

Trades and alerts were recorded as the websocket and their Kafka stream send them; answers to requests are read as their
documentation has them.
"""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SOURCE = "unusualwhales"
TITLE = "Unusual Whales"

TRADE = (
    "id", "underlying_symbol", "option_symbol", "option_chain_id", "executed_at", "price", "size", "nbbo_bid", "nbbo_ask",
    "exchange", "trade_code", "upstream_condition_detail", "report_flags", "underlying_price", "implied_volatility", "delta",
    "volume", "open_interest", "canceled",
)  # fmt: skip
ALERT = (
    "id", "rule_name", "alert_rule", "ticker", "option_chain", "executed_at", "end_time", "created_at", "price", "total_size",
    "total_premium", "total_ask_side_prem", "total_bid_side_prem", "volume", "open_interest", "has_sweep", "has_floor",
    "has_multileg", "all_opening_trades", "underlying_price", "bid", "ask",
)  # fmt: skip
GREEKS = ("gamma", "delta", "charm", "vanna")


def parse_alerts(whole: Any) -> pl.DataFrame:
    """FLOW_ALERTS of a REST answer, `{"data": [...]}` or the rows alone."""
    frame, _ = _rows(whole, ALERT, "flow alerts")
    return alerts(frame, "flow-alerts")


def parse_trades(whole: Any) -> pl.DataFrame:
    """OPTION_TRADES of a REST answer: the trades of one contract."""
    frame, _ = _rows(whole, TRADE, "option trades")
    return trades(frame)


def parse_open_interest(whole: Any) -> pl.DataFrame:
    """Changes of open interest: contract, symbol, day, open_interest, before, change, volume, premium, ask_volume, bid_volume.

    `ask_volume`, `bid_volume` and `premium` are those of the day before, whose trades made the change.
    """
    columns = {"curr_oi": "open_interest", "last_oi": "before", "oi_diff_plain": "change", "volume": "volume",
               "prev_total_premium": "premium", "prev_ask_volume": "ask_volume", "prev_bid_volume": "bid_volume"}  # fmt: skip
    frame, _ = _rows(whole, ("option_symbol", "underlying_symbol", "curr_date", *columns), "changes of open interest")
    return frame.select(
        pl.col("option_symbol").alias("contract"),
        symbol_of("underlying_symbol", "option_symbol"),
        pl.col("curr_date").str.to_date("%Y-%m-%d", strict=False).alias("day"),
        *(number(theirs).alias(ours) for theirs, ours in columns.items()),
    ).drop_nulls(["contract", "day"])


def parse_exposure(whole: Any, symbol: str) -> pl.DataFrame:
    """Greek exposure by day, or by strike and expiry: symbol, day, expiry, strike, call_gamma, call_delta, ... put_vanna."""
    values = [f"{right}_{greek}" for right in ("call", "put") for greek in GREEKS]
    frame, _ = _rows(whole, ("date", "expiry", "strike", *values), "exposures")
    return frame.select(
        pl.lit(symbol).alias("symbol"),
        pl.col("date").str.to_date("%Y-%m-%d", strict=False).alias("day"),
        pl.col("expiry").str.to_date("%Y-%m-%d", strict=False),
        number("strike"),
        *(number(name) for name in values),
    )


def parse_state(whole: Any) -> tuple[Any, float | None]:
    """When the tape stood where (UTC) and the price then, of `stock-state`."""
    told = wire.mapping(wire.mapping(whole, TITLE, "price").get("data"), TITLE, "price")
    return wire.moment(told["tape_time"]), wire.number(told["close"])


def parse_contracts(whole: Any) -> pl.DataFrame:
    """One page of a chain: option_symbol and its figures as numbers, null where they are none."""
    names = ("nbbo_bid", "nbbo_ask", "last_price", "volume", "open_interest", "implied_volatility")
    frame, _ = _rows(whole, ("option_symbol", *names), "option contracts")
    return frame.select("option_symbol", *(number(name) for name in names)).drop_nulls("option_symbol")


def chain(pages: Sequence[pl.DataFrame], symbol: str, at: Any, price: float | None) -> pl.DataFrame:
    """CHAINS of the pages of one symbol. Sizes, deltas and the moment of the last trade are not stated there."""
    from terminal.domain.options import contracts, names

    name = pl.col("option_symbol")
    parts = names.parts(name)
    quoted = pl.col("nbbo_ask") > 0
    frame = pl.concat(pages).filter(names.standard(name)).select(
        pl.lit(symbol).alias("symbol"),
        pl.lit(at, dtype=schemas.UTC).alias("at"),
        parts["expiry"].alias("expiry"),
        parts["strike"].alias("strike"),
        parts["right"].alias("right"),
        name.alias("contract"),
        pl.when(quoted).then("nbbo_bid").alias("bid"),
        pl.when(quoted).then("nbbo_ask").alias("ask"),
        pl.when(pl.col("last_price") > 0).then("last_price").alias("last"),
        "volume",
        "open_interest",
        pl.when(pl.col("implied_volatility") > 0).then("implied_volatility").alias("iv"),
        pl.lit(price, dtype=pl.Float64).alias("underlying_price"),
        root=names.root(name),
    ).drop_nulls(["right", "expiry", "strike"])  # fmt: skip
    if frame.height and frame.filter(pl.col("root").is_in(contracts.roots_of(symbol))).is_empty():
        raise BadPayload(f"{TITLE} sent other contracts than those of {symbol}.", "Try again later.")
    return schemas.CHAINS.validate(frame).good




def table(payloads: Sequence[str], columns: Iterable[str]) -> tuple[pl.DataFrame, int]:
    """The payloads as a frame of texts, and how many were not understood."""
    wanted = dict.fromkeys(columns, pl.String())
    if not payloads:
        return pl.DataFrame(schema=wanted), 0
    try:
        return pl.read_ndjson(io.BytesIO("\n".join(payloads).encode()), schema=wanted), 0
    except pl.exceptions.PolarsError:
        pass
    # One of them is broken, and must cost itself alone.
    good = []
    for text in payloads:
        try:
            told = json.loads(text, parse_constant=lambda _name: None)
            good.append(pl.read_ndjson(io.BytesIO(json.dumps(told).encode()), schema=wanted))
        except (ValueError, RecursionError, pl.exceptions.PolarsError):
            continue
    return pl.concat(good) if good else pl.DataFrame(schema=wanted), len(payloads) - len(good)


def _rows(whole: Any, columns: Iterable[str], what: str) -> tuple[pl.DataFrame, int]:
    """The rows of a REST answer as a frame of texts. Raises BadPayload for another shape."""
    rows = wire.rows_of(whole.get("data") if isinstance(whole, dict) else whole, TITLE, what)
    return table([json.dumps(row) for row in rows], columns)


def trades(told: pl.DataFrame) -> pl.DataFrame:
    """OPTION_TRADES; what lacks a moment, a price, a size or a contract that is one is left out, and so is what was cancelled."""
    from terminal.domain.flow.prints import OPTION_TRADES
    from terminal.domain.options import names

    named = told.with_columns(names.compact(pl.coalesce("option_symbol", "option_chain_id")).alias("contract"))
    code = pl.coalesce("trade_code", "upstream_condition_detail")
    codes = pl.concat_str([code, _listed("report_flags")], separator=",", ignore_nulls=True)
    frame = named.filter(
        names.standard(pl.col("contract")).fill_null(False) & (pl.col("canceled").fill_null("false") != "true")
    ).select(
        pl.lit(SOURCE).alias("source"),
        "id",
        symbol_of("underlying_symbol", "contract"),
        "contract",
        **names.parts(pl.col("contract")),
        at=moment("executed_at"),
        size=number("size").cast(pl.Int64, strict=False),
        price=number("price"),
        bid=number("nbbo_bid"),
        ask=number("nbbo_ask"),
        exchange=_text("exchange"),
        conditions=pl.when(codes != "").then(codes),
        underlying_price=positive("underlying_price"),
        iv=positive("implied_volatility"),
        delta=number("delta"),
        volume=number("volume"),
        open_interest=number("open_interest"),
    )
    return OPTION_TRADES.validate(frame).good


def alerts(told: pl.DataFrame, channel: str) -> pl.DataFrame:
    """FLOW_ALERTS; what names no symbol or no moment is left out, and what is not said to be so is unknown."""
    from terminal.domain.flow.prints import FLOW_ALERTS
    from terminal.domain.options import names

    at = pl.coalesce(moment("executed_at"), moment("end_time"), moment("created_at"))
    # Answers to requests carry no id: contract and moment are one.
    own = pl.concat_str([pl.col("option_chain"), pl.coalesce("created_at", "executed_at")], separator="@")
    frame = told.select(
        pl.lit(SOURCE).alias("source"),
        pl.lit(channel).alias("channel"),
        symbol_of("ticker", "option_chain"),
        pl.coalesce("id", own).alias("id"),
        rule=_text("rule_name").fill_null(_text("alert_rule")),
        contract=names.compact(_text("option_chain")),
        at=at,
        size=number("total_size").cast(pl.Int64, strict=False),
        price=number("price"),
        premium=number("total_premium"),
        ask_premium=number("total_ask_side_prem"),
        bid_premium=number("total_bid_side_prem"),
        volume=number("volume"),
        open_interest=number("open_interest"),
        sweep=_flag("has_sweep"),
        floor=_flag("has_floor"),
        multileg=_flag("has_multileg"),
        opening=_flag("all_opening_trades"),
        underlying_price=positive("underlying_price"),
        bid=number("bid"),
        ask=number("ask"),
    )
    return FLOW_ALERTS.validate(frame).good


# -- values --------------------------------------------------------------------------------------------------------


def ours(ticker: str) -> str:
    """A symbol as the store names it."""
    from terminal.domain.options.contracts import UNDERLYING

    name = ticker.strip().upper().replace(".", "-").replace("/", "-")
    return UNDERLYING.get(name, name)


def symbol_of(ticker: str, contract: str = "") -> pl.Expr:
    """The symbol as the store names it; where none is stated, what the contract is on."""
    from terminal.domain.options import names
    from terminal.domain.options.contracts import UNDERLYING

    stated = _text(ticker).str.to_uppercase().str.replace_all(r"[./]", "-").replace(UNDERLYING)
    return (pl.coalesce(stated, names.underlying(pl.col(contract))) if contract else stated).alias("symbol")


def _text(name: str) -> pl.Expr:
    value = pl.col(name).str.strip_chars()
    return pl.when(value.str.len_bytes() > 0).then(value).alias(name)


def number(name: str) -> pl.Expr:
    """A finite number; null for anything else."""
    value = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value).alias(name)


def positive(name: str) -> pl.Expr:
    """A number above zero: of what cannot be nothing, a zero says that it is unknown."""
    value = number(name)
    return pl.when(value > 0).then(value).alias(name)


def _flag(name: str) -> pl.Expr:
    """A truth value, which a database writes as 0 or 1; null where it is not stated."""
    value = pl.col(name).str.to_lowercase()
    return pl.when(value.is_in(["true", "1"])).then(True).when(value.is_in(["false", "0"])).then(False).alias(name)


def _listed(name: str) -> pl.Expr:
    """`["a", "b"]` as "a,b"; null where nothing is in it."""
    value = pl.col(name).str.replace_all(r'[\[\]" ]', "")
    return pl.when(value.str.len_bytes() > 0).then(value)


def moment(name: str) -> pl.Expr:
    """UTC of milliseconds since 1970, or of an ISO text with an offset."""
    text = pl.col(name).str.strip_chars()
    millis = text.cast(pl.Float64, strict=False)
    counted = (millis * 1000).cast(pl.Int64, strict=False).cast(schemas.UTC, strict=False)
    iso = text.str.replace(" ", "T", literal=True).str.replace(r"Z$", "+00:00")
    # Texts are read only where there are any: a feed has milliseconds alone.
    written = iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    return pl.when(millis.is_not_null()).then(counted).otherwise(written.dt.convert_time_zone("UTC")).alias(name)
