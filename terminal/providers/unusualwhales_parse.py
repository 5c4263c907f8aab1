"""Unusual Whales' answers and websocket frames as frames of ours. Pure: text in, polars out.

They write a number as a number in one message and as text in the next, leave it empty where there is none, and moments as
milliseconds or as ISO texts. So everything is read as text, column by column, and becomes what it should be by expressions:
no Python object a field, which is what lets a busy feed through.

A frame of the websocket is `["channel", {...}]`. Which fields are there was recorded for option trades, flow alerts and GEX
(2025) and for alerts of their Kafka stream (2026); GEX by strike, news and prices rest on their documentation.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SOURCE = "unusualwhales"
TITLE = "Unusual Whales"

_TRADE = (
    "id", "underlying_symbol", "option_symbol", "option_chain_id", "executed_at", "price", "size", "nbbo_bid", "nbbo_ask",
    "exchange", "trade_code", "upstream_condition_detail", "report_flags", "underlying_price", "implied_volatility", "delta",
    "volume", "open_interest", "canceled",
)  # fmt: skip
_ALERT = (
    "id", "rule_name", "alert_rule", "ticker", "option_chain", "executed_at", "end_time", "created_at", "price", "total_size",
    "total_premium", "total_ask_side_prem", "total_bid_side_prem", "volume", "open_interest", "has_sweep", "has_floor",
    "has_multileg", "all_opening_trades", "underlying_price", "bid", "ask",
)  # fmt: skip
_GREEKS = ("gamma", "delta", "charm", "vanna")
_GEX = tuple(f"{greek}_per_one_percent_move_{of}" for greek in _GREEKS for of in ("oi", "vol", "dir"))
_GEX_STRIKE = (
    *(f"{right}_{greek}_{of}" for right in ("call", "put") for greek in _GREEKS for of in ("oi", "vol")),
    *(f"{right}_{greek}_{side}_vol" for right in ("call", "put") for greek in _GREEKS for side in ("ask", "bid")),
)
# The source's own exposures, as it names them: in money per one per cent of move. Without a strike: of the whole symbol.
EXPOSURES: Mapping[str, Any] = {
    "symbol": pl.String, "at": schemas.UTC, "expiry": pl.Date, "strike": pl.Float64, "price": pl.Float64,
    **dict.fromkeys((*_GEX, *_GEX_STRIKE), pl.Float64),
}  # fmt: skip
_WHAT = {
    "option_trades": "trades", "flow-alerts": "alerts", "flow_alerts": "alerts", "gex": "exposures", "gex_strike": "exposures",
    "gex_strike_expiry": "exposures", "news": "headlines", "price": "prices",
}  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """What some frames of the websocket said. `trades` are OPTION_TRADES, `alerts` FLOW_ALERTS, `exposures` as EXPOSURES,
    `headlines` HEADLINES and `prices` QUOTES.

    `joined`: channels whose joining was acknowledged; `refused`: channel to why not; `misunderstood`: frames that are none.
    `raw`: for each channel the payloads as they came.
    """

    trades: pl.DataFrame
    alerts: pl.DataFrame
    exposures: pl.DataFrame
    headlines: pl.DataFrame
    prices: pl.DataFrame
    joined: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    misunderstood: int = 0
    raw: Mapping[str, list[str]] = field(default_factory=dict)


def parse_frames(frames: Iterable[str | bytes]) -> Heard:
    """What the frames say, kind by kind; a frame that is none is counted, never an error."""
    from terminal.domain.flow.prints import FLOW_ALERTS, OPTION_TRADES

    raw: dict[str, list[str]] = {}
    joined: list[str] = []
    refused: dict[str, str] = {}
    wrong = 0
    for frame in frames:
        channel, payload = _split(frame)
        if channel is None:
            wrong += 1
        elif '"response"' in payload[:200] and (told := _acknowledged(payload)) is not None:
            if told:
                refused[channel] = told
            else:
                joined.append(channel)
        else:
            raw.setdefault(channel, []).append(payload)
    kinds: dict[str, list[str]] = {}
    for channel, payloads in raw.items():
        kinds.setdefault(_WHAT.get(channel.partition(":")[0], ""), []).extend(payloads)
    trades, bad = _table(kinds.get("trades", []), _TRADE)
    alerts, worse = _table(kinds.get("alerts", []), _ALERT)
    wrong += bad + worse
    exposures, bad = _table(kinds.get("exposures", []), ("ticker", "timestamp", "expiry", "strike", "price", *_GEX, *_GEX_STRIKE))
    headlines, worse = _headlines(kinds.get("headlines", []))
    prices, worst = _prices([(channel, text) for channel in raw if channel.startswith("price") for text in raw[channel]])
    return Heard(
        _trades(trades) if trades.height else OPTION_TRADES.empty(),
        _alerts(alerts, "flow-alerts") if alerts.height else FLOW_ALERTS.empty(),
        _exposures(exposures) if exposures.height else pl.DataFrame(schema=dict(EXPOSURES)),
        headlines, prices, tuple(joined), refused, wrong + bad + worse + worst, raw)  # fmt: skip


def parse_alerts(whole: Any) -> pl.DataFrame:
    """FLOW_ALERTS of a REST answer, `{"data": [...]}` or the rows alone."""
    frame, _ = _rows(whole, _ALERT, "flow alerts")
    return _alerts(frame, "flow-alerts")


def parse_trades(whole: Any) -> pl.DataFrame:
    """OPTION_TRADES of a REST answer: the trades of one contract."""
    frame, _ = _rows(whole, _TRADE, "option trades")
    return _trades(frame)


def parse_open_interest(whole: Any) -> pl.DataFrame:
    """Changes of open interest: contract, symbol, day, open_interest, before, change, volume, premium, ask_volume, bid_volume.

    `ask_volume`, `bid_volume` and `premium` are those of the day before, whose trades made the change.
    """
    columns = {"curr_oi": "open_interest", "last_oi": "before", "oi_diff_plain": "change", "volume": "volume",
               "prev_total_premium": "premium", "prev_ask_volume": "ask_volume", "prev_bid_volume": "bid_volume"}  # fmt: skip
    frame, _ = _rows(whole, ("option_symbol", "underlying_symbol", "curr_date", *columns), "changes of open interest")
    return frame.select(
        pl.col("option_symbol").alias("contract"),
        _symbol("underlying_symbol", "option_symbol"),
        pl.col("curr_date").str.to_date("%Y-%m-%d", strict=False).alias("day"),
        *(_number(theirs).alias(ours) for theirs, ours in columns.items()),
    ).drop_nulls(["contract", "day"])


def parse_exposure(whole: Any, symbol: str) -> pl.DataFrame:
    """Greek exposure by day, or by strike and expiry: symbol, day, expiry, strike, call_gamma, call_delta, ... put_vanna."""
    values = [f"{right}_{greek}" for right in ("call", "put") for greek in _GREEKS]
    frame, _ = _rows(whole, ("date", "expiry", "strike", *values), "exposures")
    return frame.select(
        pl.lit(symbol).alias("symbol"),
        pl.col("date").str.to_date("%Y-%m-%d", strict=False).alias("day"),
        pl.col("expiry").str.to_date("%Y-%m-%d", strict=False),
        _number("strike"),
        *(_number(name) for name in values),
    )


def parse_state(whole: Any) -> tuple[Any, float | None]:
    """When the tape stood where (UTC) and the price then, of `stock-state`."""
    told = wire.mapping(wire.mapping(whole, TITLE, "price").get("data"), TITLE, "price")
    return wire.moment(told["tape_time"]), wire.number(told["close"])


def parse_contracts(whole: Any) -> pl.DataFrame:
    """One page of a chain: option_symbol and its figures as numbers, null where they are none."""
    names = ("nbbo_bid", "nbbo_ask", "last_price", "volume", "open_interest", "implied_volatility")
    frame, _ = _rows(whole, ("option_symbol", *names), "option contracts")
    return frame.select("option_symbol", *(_number(name) for name in names)).drop_nulls("option_symbol")


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


# -- the websocket's frames ----------------------------------------------------------------------------------------


def _split(frame: str | bytes) -> tuple[str | None, str]:
    """Channel and payload of `["channel",{...}]` without decoding the payload; None for what is not of that form."""
    try:
        text = (frame.decode() if isinstance(frame, bytes) else frame).strip()
    except UnicodeDecodeError:
        return None, ""
    if not text.startswith('["') or not text.endswith("}]"):
        return None, ""
    end = text.find('"', 2)
    payload = text[end + 1 : -1].lstrip(" ,")
    if end < 3 or not payload.startswith("{"):
        return None, ""
    return text[2:end], payload.replace("\n", " ").replace("\r", " ")


def _acknowledged(payload: str) -> str | None:
    """"" for a join that was taken, why not for one that was refused, None for what is no acknowledgement."""
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or "status" not in told or "response" not in told:
        return None
    if told["status"] == "ok":
        return ""
    response = told["response"]
    reason = response.get("reason") if isinstance(response, dict) else response
    return str(reason or told["status"])[:160]


def _table(payloads: Sequence[str], columns: Iterable[str]) -> tuple[pl.DataFrame, int]:
    """The payloads as a frame of texts, and how many were not understood."""
    wanted = dict.fromkeys(columns, pl.String())
    if not payloads:
        return pl.DataFrame(schema=wanted), 0
    try:
        return pl.read_ndjson(io.BytesIO("\n".join(payloads).encode()), schema=wanted), 0
    except pl.exceptions.PolarsError:
        good = [text for text in payloads if _readable(text)]
    try:
        return pl.read_ndjson(io.BytesIO("\n".join(good).encode()), schema=wanted), len(payloads) - len(good)
    except pl.exceptions.PolarsError:
        return pl.DataFrame(schema=wanted), len(payloads)


def _readable(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _rows(whole: Any, columns: Iterable[str], what: str) -> tuple[pl.DataFrame, int]:
    """The rows of a REST answer as a frame of texts. Raises BadPayload for another shape."""
    rows = wire.rows_of(whole.get("data") if isinstance(whole, dict) else whole, TITLE, what)
    return _table([json.dumps(row) for row in rows], columns)


def _trades(told: pl.DataFrame) -> pl.DataFrame:
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
        _symbol("underlying_symbol", "contract"),
        "contract",
        **names.parts(pl.col("contract")),
        at=_moment("executed_at"),
        size=_number("size").cast(pl.Int64, strict=False),
        price=_number("price"),
        bid=_number("nbbo_bid"),
        ask=_number("nbbo_ask"),
        exchange=_text("exchange"),
        conditions=pl.when(codes != "").then(codes),
        underlying_price=_positive("underlying_price"),
        iv=_positive("implied_volatility"),
        delta=_number("delta"),
        volume=_number("volume"),
        open_interest=_number("open_interest"),
    )
    return OPTION_TRADES.validate(frame).good


def _alerts(told: pl.DataFrame, channel: str) -> pl.DataFrame:
    from terminal.domain.flow.prints import FLOW_ALERTS
    from terminal.domain.options import names

    at = pl.coalesce(_moment("executed_at"), _moment("end_time"), _moment("created_at"))
    # Answers to requests carry no id: contract and moment are one.
    own = pl.concat_str([pl.col("option_chain"), pl.coalesce("created_at", "executed_at")], separator="@")
    frame = told.select(
        pl.lit(SOURCE).alias("source"),
        pl.lit(channel).alias("channel"),
        _symbol("ticker", "option_chain"),
        pl.coalesce("id", own).alias("id"),
        rule=_text("rule_name").fill_null(_text("alert_rule")),
        contract=names.compact(_text("option_chain")),
        at=at,
        size=_number("total_size").cast(pl.Int64, strict=False),
        price=_number("price"),
        premium=_number("total_premium"),
        ask_premium=_number("total_ask_side_prem"),
        bid_premium=_number("total_bid_side_prem"),
        volume=_number("volume"),
        open_interest=_number("open_interest"),
        sweep=_flag("has_sweep"),
        floor=_flag("has_floor"),
        multileg=_flag("has_multileg"),
        opening=_flag("all_opening_trades"),
        underlying_price=_positive("underlying_price"),
        bid=_number("bid"),
        ask=_number("ask"),
    )
    return FLOW_ALERTS.validate(frame).good


def _exposures(told: pl.DataFrame) -> pl.DataFrame:
    """The newest of each symbol, expiry and strike: the source repeats itself several times a second."""
    frame = told.select(
        _symbol("ticker"),
        at=_moment("timestamp"),
        expiry=pl.col("expiry").str.to_date("%Y-%m-%d", strict=False),
        strike=_number("strike"),
        price=_positive("price"),
        **{name: _number(name) for name in (*_GEX, *_GEX_STRIKE)},
    )
    return frame.drop_nulls(["symbol", "at"]).unique(["symbol", "expiry", "strike"], keep="last", maintain_order=True)


def _headlines(payloads: Sequence[str]) -> tuple[pl.DataFrame, int]:
    """A headline is one row for each symbol it names."""
    rows, wrong = [], 0
    for text in payloads:
        try:
            told = json.loads(text)
            at, title = wire.moment(told["timestamp"]), wire.text(told["headline"])
            tickers = [each for each in told.get("tickers") or () if isinstance(each, str) and each.strip()]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            wrong += 1
            continue
        rows += [{"symbol": _ours(each), "at": at, "title": title, "publisher": wire.text(told.get("source"))}
                 for each in tickers if at is not None and title is not None]  # fmt: skip
    return wire.unique(rows, schemas.HEADLINES), wrong


def _prices(told: Sequence[tuple[str, str]]) -> tuple[pl.DataFrame, int]:
    """The last price of each symbol; which it is, only the channel's name says."""
    rows, wrong = {}, 0
    for channel, text in told:
        try:
            line = json.loads(text)
            at, price = wire.millis(line["time"]), wire.number(line["close"])
        except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError):
            wrong += 1
            continue
        symbol = _ours(channel.partition(":")[2])
        if at is not None and price is not None and price > 0 and symbol:
            rows[symbol] = {"symbol": symbol, "at": at, "price": price, "currency": "USD"}
    return wire.frame(rows.values(), schemas.QUOTES), wrong


# -- values --------------------------------------------------------------------------------------------------------


def _ours(ticker: str) -> str:
    from terminal.domain.options.contracts import UNDERLYING

    name = ticker.strip().upper().replace(".", "-").replace("/", "-")
    return UNDERLYING.get(name, name)


def _symbol(ticker: str, contract: str = "") -> pl.Expr:
    """The symbol as the store names it; where none is stated, what the contract is on."""
    from terminal.domain.options import names
    from terminal.domain.options.contracts import UNDERLYING

    stated = _text(ticker).str.to_uppercase().str.replace_all(r"[./]", "-").replace(UNDERLYING)
    return (pl.coalesce(stated, names.underlying(pl.col(contract))) if contract else stated).alias("symbol")


def _text(name: str) -> pl.Expr:
    value = pl.col(name).str.strip_chars()
    return pl.when(value.str.len_bytes() > 0).then(value).alias(name)


def _number(name: str) -> pl.Expr:
    value = pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value).alias(name)


def _positive(name: str) -> pl.Expr:
    value = _number(name)
    return pl.when(value > 0).then(value).alias(name)


def _flag(name: str) -> pl.Expr:
    """A truth value, which a database writes as 0 or 1; null where it is not stated."""
    value = pl.col(name).str.to_lowercase()
    return pl.when(value.is_in(["true", "1"])).then(True).when(value.is_in(["false", "0"])).then(False).alias(name)


def _listed(name: str) -> pl.Expr:
    """`["a", "b"]` as "a,b"; null where nothing is in it."""
    value = pl.col(name).str.replace_all(r'[\[\]" ]', "")
    return pl.when(value.str.len_bytes() > 0).then(value)


def _moment(name: str) -> pl.Expr:
    """UTC of milliseconds since 1970, or of an ISO text with an offset."""
    text = pl.col(name).str.strip_chars()
    millis = text.cast(pl.Float64, strict=False)
    counted = (millis * 1000).cast(pl.Int64, strict=False).cast(schemas.UTC, strict=False)
    iso = text.str.replace(" ", "T", literal=True).str.replace(r"Z$", "+00:00")
    # Texts are read only where there are any: a feed has milliseconds alone.
    written = iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", strict=False)
    return pl.when(millis.is_not_null()).then(counted).otherwise(written.dt.convert_time_zone("UTC")).alias(name)
