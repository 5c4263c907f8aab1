"""Alpaca's market data as frames of our schemas. Pure: JSON values in, polars out.

Two things of theirs need care. The free feed is the trades of one exchange, IEX: its prices are good, but its volume is a
few per cent of the market's, so it is left unknown. And cash dividends are amounts per share of their own day, so later
splits are worked in here.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    import polars as pl

TITLE = "Alpaca"
Json = Mapping[str, Any]
# A previous close that far from the price is more likely one from before a split than a fall: it is not stated.
PLAUSIBLE_CHANGE = (0.55, 1.8)

_CONTRACT = re.compile(r"^([A-Z.]{1,6})(\d{6})([CP])(\d{8})$")


def page(whole: Any, root: str) -> tuple[Any, str | None]:
    """What stands under `root`, and the token of the next page (None: this was the last)."""
    answer = wire.mapping(whole, TITLE, root.replace("_", " "))
    if root == "trades" and root not in answer and "trade" in answer:
        answer = {**answer, root: answer["trade"]}  # the latest trades of options are told in the singular
    if root not in answer:
        told = wire.text(answer.get("message"))
        raise BadPayload(
            f"{TITLE} answered something else than {root.replace('_', ' ')}{': ' + told.rstrip('.') if told else ''}.",
            "What is stored stays usable; try again later.",
        )
    token = answer.get("next_page_token")
    if token is not None and not isinstance(token, str):
        raise BadPayload(f"{TITLE} sent an answer whose next page has no name.", "Try again later.")
    return answer[root] if answer[root] is not None else {}, token or None


def parse_bars(pages: Iterable[Any], names: Mapping[str, str], finished: date) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """BARS up to the day `finished` from the pages' `bars`, and the symbols without any. `names`: Alpaca's spelling to ours."""
    rows = [
        {"symbol": symbol, "date": on, **_prices(bar)}
        for symbol, bar in _per_symbol(pages, names, "bars")
        if (on := wire.exchange_day(_at(bar))) <= finished
    ]
    return wire.frame(rows, schemas.BARS), _without(rows, names)


def parse_minute_bars(pages: Iterable[Any], names: Mapping[str, str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """MINUTE_BARS from the pages' `bars`, and the symbols without any."""
    rows = [{"symbol": symbol, "at": _at(bar), **_prices(bar)} for symbol, bar in _per_symbol(pages, names, "bars")]
    return wire.frame(rows, schemas.MINUTE_BARS), _without(rows, names)


def parse_snapshots(whole: Any, names: Mapping[str, str]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """QUOTES from snapshots, and the symbols without a trade."""
    answer = wire.mapping(whole, TITLE, "snapshots")
    if answer and not any(theirs in answer for theirs in names):
        raise BadPayload(f"{TITLE} sent no snapshot of what was asked.", "Try again later.")
    rows = []
    for theirs, symbol in names.items():
        snapshot = answer.get(theirs)
        if snapshot is not None and (row := _quote(symbol, wire.mapping(snapshot, TITLE, "snapshot"))) is not None:
            rows.append(row)
    return wire.frame(rows, schemas.QUOTES), _without(rows, names)


def parse_news(articles: Any, names: Mapping[str, str]) -> pl.DataFrame:
    """HEADLINES: an article is one row for each asked symbol that it names."""
    import html

    rows = [
        {
            "symbol": names[theirs],
            "at": wire.moment(article["created_at"]),
            "title": html.unescape(title),
            "publisher": wire.text(article.get("source")),
            "url": wire.text(article.get("url")),
        }
        for article in wire.rows_of(articles, TITLE, "headlines")
        if (title := wire.text(article["headline"])) is not None
        for theirs in article["symbols"]
        if theirs in names
    ]
    return wire.frame(rows, schemas.HEADLINES).unique(["symbol", "at", "title"], keep="first", maintain_order=True)


def parse_actions(pages: Iterable[Any], names: Mapping[str, str], today: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """SPLITS, and DIVIDENDS per share of `today`; several payments with one ex-date are one dividend."""
    found: dict[str, dict[str, Json]] = defaultdict(dict)
    for actions in pages:
        for kind, listed in wire.mapping(actions, TITLE, "corporate actions").items():
            for action in wire.rows_of(listed, TITLE, "corporate actions"):
                found[kind][str(action["id"])] = action
    splits: dict[tuple[str, date], float] = {}
    for action in (*found["forward_splits"].values(), *found["reverse_splits"].values()):
        symbol, on = names.get(action["symbol"]), wire.day(action["ex_date"])
        new, old = wire.number(action["new_rate"]), wire.number(action["old_rate"])
        if symbol is not None and on is not None and new and old:
            splits[symbol, on] = new / old
    cash: dict[tuple[str, date], dict[str, Any]] = {}
    for action in found["cash_dividends"].values():
        symbol, on, rate = names.get(action["symbol"]), wire.day(action["ex_date"]), wire.number(action["rate"])
        if symbol is None or on is None or rate is None:
            continue
        own = [(ex_date, ratio) for (whose, ex_date), ratio in splits.items() if whose == symbol]
        row = cash.setdefault(
            (symbol, on),
            {"symbol": symbol, "ex_date": on, "amount": 0.0, "currency": "USD", "pay_date": wire.day(action.get("payable_date"))},
        )
        row["amount"] += rate / wire.split_factor(own, on, today)
    ratios = [{"symbol": symbol, "ex_date": on, "ratio": ratio} for (symbol, on), ratio in sorted(splits.items())]
    return wire.frame(ratios, schemas.SPLITS), wire.frame(cash.values(), schemas.DIVIDENDS)


def parse_last_price(whole: Any, theirs: str) -> float | None:
    """The price of the latest trade."""
    trades = wire.mapping(wire.mapping(whole, TITLE, "trades")["trades"], TITLE, "trades")
    return wire.number(trades[theirs]["p"]) if trades.get(theirs) is not None else None


def parse_chain(pages: Iterable[Any], symbol: str, underlying: float | None) -> pl.DataFrame:
    """CHAINS of one underlying, as of its newest quote; contracts that were adjusted for a corporate action are left out."""
    contracts: list[tuple[str, Json]] = []
    for snapshots in pages:
        contracts += [
            (name, wire.mapping(snapshot, TITLE, "option snapshot"))
            for name, snapshot in wire.mapping(snapshots, TITLE, "option snapshots").items()
        ]
    moments = [
        at
        for _, snapshot in contracts
        for part in ("latestQuote", "latestTrade")
        if (at := _moment_of(snapshot, part)) is not None
    ]
    if not moments:
        return schemas.CHAINS.empty()
    newest = max(moments)
    rows = [row for name, snapshot in contracts if (row := _contract(name, snapshot, newest)) is not None]
    return wire.frame(({**row, "symbol": symbol, "underlying_price": underlying} for row in rows), schemas.CHAINS).unique(
        schemas.CHAINS.key, keep="first", maintain_order=True
    )


def _contract(name: str, snapshot: Json, at: datetime) -> dict[str, Any] | None:
    parts = _CONTRACT.match(name)
    if parts is None:
        return None
    quote, trade = snapshot.get("latestQuote") or {}, snapshot.get("latestTrade") or {}
    ask, bid = wire.number(quote.get("ap")), wire.number(quote.get("bp"))
    daily = snapshot.get("dailyBar")
    traded = isinstance(daily, dict) and wire.exchange_day(_at(daily)) == wire.exchange_day(at)
    return {
        "at": at,
        "expiry": datetime.strptime(parts[2], "%y%m%d").date(),
        "strike": int(parts[4]) / 1000,
        "right": parts[3],
        "contract": name,
        # No offer means nobody quotes the contract; a bid of zero beside an offer is a quote.
        "bid": bid if ask else None,
        "ask": ask or None,
        "bid_size": wire.number(quote.get("bs")) if ask else None,
        "ask_size": wire.number(quote.get("as")) if ask else None,
        "last": wire.number(trade.get("p")),
        "last_at": _moment_of(snapshot, "latestTrade"),
        "volume": wire.number(daily.get("v")) if traded and daily else None,
        "iv": wire.number(snapshot.get("impliedVolatility")),
        "delta": wire.number((snapshot.get("greeks") or {}).get("delta")),
    }


def _quote(symbol: str, snapshot: Json) -> dict[str, Any] | None:
    trade, daily, before = (snapshot.get(part) for part in ("latestTrade", "dailyBar", "prevDailyBar"))
    if trade is None:
        return None
    at, price = wire.moment(trade["t"]), wire.number(trade["p"])
    if at is None or price is None:
        return None
    row: dict[str, Any] = {"symbol": symbol, "at": at, "price": price, "currency": "USD"}
    # Before the first trade of a day the daily bar is still the one of the day before.
    if daily is not None and wire.exchange_day(_at(daily)) == wire.exchange_day(at):
        row |= {name: wire.number(daily[letter]) for name, letter in (("open", "o"), ("high", "h"), ("low", "l"))}
    else:
        before = daily
    close = wire.number(before["c"]) if before is not None else None
    if close and PLAUSIBLE_CHANGE[0] <= price / close <= PLAUSIBLE_CHANGE[1]:
        row["previous_close"] = close
    return row


def _prices(bar: Json) -> dict[str, float | None]:
    return {name: wire.number(bar[letter]) for name, letter in (("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"))}


def _at(bar: Json) -> datetime:
    at = wire.moment(bar["t"])
    if at is None:
        raise ValueError("a bar without a time")
    return at


def _moment_of(snapshot: Json, part: str) -> datetime | None:
    return wire.moment(snapshot[part]["t"]) if snapshot.get(part) is not None else None


def _per_symbol(pages: Iterable[Any], names: Mapping[str, str], what: str) -> Iterable[tuple[str, Json]]:
    for found in pages:
        for theirs, listed in wire.mapping(found, TITLE, what).items():
            if theirs not in names:
                raise BadPayload(f"{TITLE} sent {what} of {theirs}, which was not asked for.", "Try again later.")
            for bar in wire.rows_of(listed, TITLE, what):
                yield names[theirs], bar


def _without(rows: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> tuple[str, ...]:
    told = {row["symbol"] for row in rows}
    return tuple(symbol for symbol in names.values() if symbol not in told)
