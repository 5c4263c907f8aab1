"""Frames of Unusual Whales' websocket as frames of ours, kind by kind. Pure: text in, polars out.

A frame is `["channel", {...}]`, or an acknowledgement of having joined one. Which fields are there was recorded for option
trades, flow alerts and GEX (2025); GEX by strike, news and prices rest on their documentation.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain import schemas
from terminal.providers import unusualwhales_parse as parse
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_GEX = tuple(f"{greek}_per_one_percent_move_{of}" for greek in parse.GREEKS for of in ("oi", "vol", "dir"))
_GEX_STRIKE = (
    *(f"{right}_{greek}_{of}" for right in ("call", "put") for greek in parse.GREEKS for of in ("oi", "vol")),
    *(f"{right}_{greek}_{side}_vol" for right in ("call", "put") for greek in parse.GREEKS for side in ("ask", "bid")),
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
    trades, bad = parse.table(kinds.get("trades", []), parse.TRADE)
    alerts, worse = parse.table(kinds.get("alerts", []), parse.ALERT)
    wrong += bad + worse
    columns = ("ticker", "timestamp", "expiry", "strike", "price", *_GEX, *_GEX_STRIKE)
    exposures, bad = parse.table(kinds.get("exposures", []), columns)
    headlines, worse = _headlines(kinds.get("headlines", []))
    prices, worst = _prices([(channel, text) for channel in raw if channel.startswith("price") for text in raw[channel]])
    return Heard(
        parse.trades(trades) if trades.height else OPTION_TRADES.empty(),
        parse.alerts(alerts, "flow-alerts") if alerts.height else FLOW_ALERTS.empty(),
        _exposures(exposures) if exposures.height else pl.DataFrame(schema=dict(EXPOSURES)),
        headlines, prices, tuple(joined), refused, wrong + bad + worse + worst, raw)  # fmt: skip


def parse_lines(text: str) -> Heard:
    """What a recording of the websocket says, a frame a line: as it came, or under `message` beside the time it was heard."""
    frames: list[str | bytes] = []
    for line in text.splitlines():
        if not line.strip():
            continue
        told: Any = None
        if line.lstrip().startswith("{"):
            with contextlib.suppress(ValueError, RecursionError):
                told = json.loads(line).get("message")
        frames.append(line if told is None else json.dumps(told))
    return parse_frames(frames)


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
    """Nothing ("") for a join that was taken, why not for one that was refused, None for what is no acknowledgement."""
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


def _exposures(told: pl.DataFrame) -> pl.DataFrame:
    """The newest of each symbol, expiry and strike: the source repeats itself several times a second."""
    frame = told.select(
        parse.symbol_of("ticker"),
        at=parse.moment("timestamp"),
        expiry=pl.col("expiry").str.to_date("%Y-%m-%d", strict=False),
        strike=parse.number("strike"),
        price=parse.positive("price"),
        **{name: parse.number(name) for name in (*_GEX, *_GEX_STRIKE)},
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
        rows += [{"symbol": parse.ours(each), "at": at, "title": title, "publisher": wire.text(told.get("source"))}
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
        symbol = parse.ours(channel.partition(":")[2])
        if at is not None and price is not None and price > 0 and symbol:
            rows[symbol] = {"symbol": symbol, "at": at, "price": price, "currency": "USD"}
    return wire.frame(rows.values(), schemas.QUOTES), wrong
