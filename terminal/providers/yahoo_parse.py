"""Yahoo Finance's answers as frames of our schemas. Pure: text in, polars out; every number is the payload's own.

Only three things are changed, each because the schema's unit differs: outlays become positive, `debtToEquity` comes in
per cent (145 -> 1.45), and Yahoo's sector names become GICS ones. What the payload does not state stays null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl

from terminal.domain import schemas
from terminal.domain.earnings import stated_day
from terminal.domain.instruments import clean_sector
from terminal.errors import BadPayload
from terminal.providers.yahoo_fields import (
    COUNTS,
    MONEY,
    OUTLAYS,
    PERCENT,
    PERIODS,
    POINTS,
    QUOTE_POINTS,
    SHARES,
    STATED,
    STATEMENT_MONEY,
    STATEMENTS,
)

Json = Mapping[str, Any]

_KINDS = {"EQUITY": "stock", "ETF": "etf", "MUTUALFUND": "fund", "INDEX": "index"}
_BOND_WORDS = ("bond", "treasury", "government", "muni", "corporate credit", "inflation-protected", "bank loan")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One dataset of an answer; `as_of` is the moment it speaks about, `delayed` whether the exchange's price lags."""

    dataset: str
    frame: pl.DataFrame
    as_of: datetime | None = None
    delayed: bool = False


class UnknownSymbolError(Exception):
    """Yahoo says it does not know the symbol."""


def load(body: bytes, root: str) -> Json:
    """The payload under `root`. Raises BadPayload for what is not the promised JSON, UnknownSymbolError for "not found"."""
    if not body.strip():
        raise BadPayload("Yahoo Finance sent an empty answer.", "Try again in a minute.")
    if body.lstrip()[:1] == b"<":
        raise BadPayload(
            "Yahoo Finance sent a web page instead of data.",
            "It may ask for consent or a captcha on this network; try again later or from another network.",
        )
    try:
        whole = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise BadPayload("Yahoo Finance sent bytes that are not text.", "Try again in a minute.") from None
    except ValueError:
        raise BadPayload("Yahoo Finance's answer broke off or is not valid JSON.", "Try again in a minute.") from None
    found = whole.get(root) if isinstance(whole, dict) else None
    if not isinstance(found, dict):
        found = whole if isinstance(whole, dict) and root == "" else None
    if found is None:
        told = _error_text(whole)
        raise BadPayload(
            f"Yahoo Finance answered something else than {root}{': ' + told if told else ''}.", "Try again in a minute."
        )
    error = found.get("error")
    if error:
        stated = error.get("description") or error.get("code") if isinstance(error, dict) else error
        text = _text(stated) or "it did not say why"
        if (
            "not found" in text.lower()
            or "no data found" in text.lower()
            or (isinstance(error, dict) and error.get("code") == "Not Found")
        ):
            raise UnknownSymbolError(text)
        raise BadPayload(f"Yahoo Finance refused: {text.rstrip('.')}.", "Try again later.")
    return found


def parse_chart(body: bytes, symbol: str, now: datetime, interval: str = "1d") -> list[Parsed]:
    """Splits, dividends and bars of one symbol. A bar of a session that is not over is left out: the quote tells it."""
    results = load(body, "chart").get("result")
    if not isinstance(results, list) or not results or not isinstance(results[0], dict):
        raise BadPayload("Yahoo Finance sent a chart without content.", "Try again in a minute.")
    result = results[0]
    meta = result.get("meta") or {}
    if str(meta.get("symbol", symbol)).upper() != symbol:
        whose = _text(meta.get("symbol")) or "nobody"
        raise BadPayload(f"Yahoo Finance sent the chart of {whose} when asked for {symbol}.", "Try again later.")
    if meta.get("dataGranularity", interval) != interval:
        other = _text(meta.get("dataGranularity")) or "other"
        raise BadPayload(f"Yahoo Finance sent {other} bars when asked for {interval}.", "Try again later.")
    zone = _zone(meta)
    as_of = _moment(meta.get("regularMarketTime"))
    events = result.get("events") or {}
    currency = _text(meta.get("currency"))
    splits = [
        {"symbol": symbol, "ex_date": _local_day(each.get("date"), zone), "ratio": _ratio(each)}
        for each in _values(events.get("splits"))
    ]
    dividends = [
        {
            "symbol": symbol,
            "ex_date": _local_day(each.get("date"), zone),
            "amount": _number(each.get("amount")),
            "currency": currency,
        }
        for each in _values(events.get("dividends"))
    ]
    bars = _bars(result, meta, symbol, zone, now, interval)
    if interval != "1d":
        return [Parsed("minute_bars", _frame(bars, schemas.MINUTE_BARS), as_of)]
    return [
        Parsed("splits", _frame(splits, schemas.SPLITS), as_of),
        Parsed("dividends", _frame(dividends, schemas.DIVIDENDS), as_of),
        Parsed("bars", _frame(bars, schemas.BARS), as_of),
    ]


def parse_quotes(body: bytes, symbols: Iterable[str]) -> tuple[list[Parsed], tuple[str, ...]]:
    """Quotes, thin instruments and the values a quote line states; and the symbols that were not answered."""
    results = load(body, "quoteResponse").get("result")
    if not isinstance(results, list):
        raise BadPayload("Yahoo Finance sent no list of quotes.", "Try again in a minute.")
    wanted = tuple(symbols)
    lines = {str(line.get("symbol", "")).upper(): line for line in results if isinstance(line, dict)}
    known = {
        symbol: lines[symbol]
        for symbol in wanted
        if symbol in lines
        and _number(lines[symbol].get("regularMarketPrice")) is not None
        and _moment(lines[symbol].get("regularMarketTime")) is not None
    }
    quotes = [_quote(symbol, line) for symbol, line in known.items()]
    newest = max((quote["at"] for quote in quotes), default=None)
    delayed = any((_number(line.get("exchangeDataDelayedBy")) or 0) > 0 for line in known.values())
    instruments = [_instrument(symbol, line, {}) for symbol, line in known.items()]
    facts = [fact for symbol, line in known.items() for fact in _quote_facts(symbol, line)]
    return [
        Parsed("instruments", _frame(instruments, schemas.INSTRUMENTS), newest),
        Parsed("facts", _frame(facts, schemas.FACTS), newest),
        Parsed("quotes", _frame(quotes, schemas.QUOTES), newest, delayed),
    ], tuple(symbol for symbol in wanted if symbol not in known)


def parse_summary(body: bytes, symbol: str, now: datetime) -> list[Parsed]:
    """Instrument, quote, stated values and earnings dates of one symbol from quoteSummary's modules."""
    results = load(body, "quoteSummary").get("result")
    if not isinstance(results, list) or not results or not isinstance(results[0], dict):
        raise BadPayload("Yahoo Finance sent a company summary without content.", "Try again in a minute.")
    modules = {name: module for name, module in results[0].items() if isinstance(module, dict)}
    price = modules.get("price", {})
    as_of = _moment(_raw(price.get("regularMarketTime")))
    day = _local_day(_raw(price.get("regularMarketTime")), ZoneInfo("America/New_York")) or now.date()
    parsed = [
        Parsed("earnings", _frame(_earnings(symbol, modules), schemas.EARNINGS), as_of),
        Parsed("facts", _frame(_points(symbol, modules, day), schemas.FACTS), as_of),
    ]
    if as_of is not None and _number(price.get("regularMarketPrice")) is not None:
        delayed = (_number(price.get("exchangeDataDelayedBy")) or 0) > 0
        parsed.append(Parsed("quotes", _frame([_quote(symbol, price)], schemas.QUOTES), as_of, delayed))
    profile = {**(modules.get("assetProfile") or {}), "category": _category(modules)}
    parsed.append(
        Parsed(
            "instruments",
            _frame([_instrument(symbol, {**modules.get("quoteType", {}), **price}, profile)], schemas.INSTRUMENTS),
            as_of,
        )
    )
    return parsed


def parse_statements(body: bytes, symbol: str) -> Parsed:
    """Quarterly or annual statement items of one symbol; filing days are not stated and stay unknown."""
    results = load(body, "timeseries").get("result")
    if not isinstance(results, list):
        raise BadPayload("Yahoo Finance sent statements without content.", "Try again in a minute.")
    series: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for result in results:
        for key, points in result.items() if isinstance(result, dict) else ():
            if isinstance(points, list) and key not in ("meta", "timestamp"):
                _collect(series, key, points)
    rows: list[dict[str, Any]] = []
    for item, names in STATEMENTS.items():
        for period in ("Q", "A"):
            found = next((series[name, period] for name in names if series.get((name, period))), [])
            rows.extend(
                {
                    "symbol": symbol,
                    "item": item,
                    "period": period,
                    "period_end": point["end"],
                    "value": abs(point["value"]) if item in OUTLAYS else point["value"],
                    "unit": "shares" if item == "shares_outstanding" else point["currency"],
                }
                for point in found
            )
    frame = _frame(rows, schemas.FACTS).unique(["symbol", "item", "period", "period_end"], keep="first", maintain_order=True)
    newest = frame["period_end"].max() if frame.height else None
    as_of = datetime.combine(newest, time(), ZoneInfo("America/New_York")).astimezone(UTC) if isinstance(newest, date) else None
    return Parsed("facts", frame, as_of)


def parse_news(body: bytes, symbol: str) -> Parsed:
    """Headlines that Yahoo relates to the symbol."""
    news = load(body, "").get("news")
    if not isinstance(news, list):
        raise BadPayload("Yahoo Finance sent no list of headlines.", "Try again in a minute.")
    rows = [
        {
            "symbol": symbol,
            "at": _moment(each.get("providerPublishTime")),
            "title": _text(each.get("title")),
            "publisher": _text(each.get("publisher")),
            "url": _text(each.get("link")),
        }
        for each in news
        if isinstance(each, dict) and each.get("title") and symbol in (each.get("relatedTickers") or [symbol])
    ]
    frame = _frame([row for row in rows if row["at"] is not None], schemas.HEADLINES)
    newest = max((each.get("providerPublishTime") or 0 for each in news if isinstance(each, dict)), default=0)
    return Parsed(
        "headlines", frame.unique(["symbol", "at", "title"], keep="first", maintain_order=True), _moment(newest or None)
    )


# -- pieces --------------------------------------------------------------------------------------------------------


def _bars(result: Json, meta: Json, symbol: str, zone: ZoneInfo, now: datetime, interval: str) -> list[dict[str, Any]]:
    stamps = result.get("timestamp") or []
    indicators = result.get("indicators") or {}
    quote = (indicators.get("quote") or [{}])[0] or {}
    adjusted = ((indicators.get("adjclose") or [{}])[0] or {}).get("adjclose")
    names = ("open", "high", "low", "close", "volume")
    columns = {name: quote.get(name) for name in names}
    if stamps and any(column is not None and len(column) != len(stamps) for column in (*columns.values(), adjusted)):
        raise BadPayload("Yahoo Finance sent a chart whose columns differ in length.", "Try again in a minute.")
    running = _moment(((meta.get("currentTradingPeriod") or {}).get("regular") or {}).get("end"))
    opened = _moment(((meta.get("currentTradingPeriod") or {}).get("regular") or {}).get("start"))
    rows: dict[Any, dict[str, Any]] = {}
    for at, stamp in enumerate(stamps):
        moment = _moment(stamp)
        values = {name: _number(column[at]) if column is not None else None for name, column in columns.items()}
        if moment is None or all(values[name] is None for name in names[:4]):
            continue
        if interval != "1d":
            rows.setdefault(moment, {"symbol": symbol, "at": moment, **values})
            continue
        if running is not None and opened is not None and moment >= opened and now < running:
            continue
        row = {
            "symbol": symbol,
            "date": moment.astimezone(zone).date(),
            **values,
            "adjusted_close": _number(adjusted[at]) if adjusted is not None else None,
        }
        rows.setdefault(row["date"], row)
    return list(rows.values())


def _quote(symbol: str, line: Json) -> dict[str, Any]:
    get = {
        name: _number(line.get("regularMarket" + field))
        for name, field in (
            ("price", "Price"),
            ("previous_close", "PreviousClose"),
            ("open", "Open"),
            ("high", "DayHigh"),
            ("low", "DayLow"),
            ("volume", "Volume"),
        )
    }
    return {
        "symbol": symbol,
        "at": _moment(_raw(line.get("regularMarketTime"))),
        **get,
        "currency": _text(line.get("currency")),
        "market_state": _text(line.get("marketState")),
    }


def _quote_facts(symbol: str, line: Json) -> Iterable[dict[str, Any]]:
    day = _local_day(line.get("regularMarketTime"), _zone(line))
    currency, statement_currency = _text(line.get("currency")), _text(line.get("financialCurrency"))
    for item, field in QUOTE_POINTS.items():
        value = _number(line.get(field))
        if value is not None:
            yield _fact(symbol, item, day, value, currency, statement_currency)


def _points(symbol: str, modules: Mapping[str, Json], day: date) -> list[dict[str, Any]]:
    fund = modules.get("fundProfile", {})
    wide = {
        **modules,
        "fundProfile": (fund.get("feesExpensesInvestment") or {}),
        "bondHoldings": (modules.get("topHoldings", {}).get("bondHoldings") or {}),
    }
    currency = _text(_first(modules, "currency", "price", "summaryDetail"))
    statement_currency = _text(_first(modules, "financialCurrency", "financialData"))
    quarter = _utc_day(_raw(modules.get("defaultKeyStatistics", {}).get("mostRecentQuarter")))
    rows = []
    for item, places in POINTS.items():
        value = next(
            (number for module, field in places if (number := _number(wide.get(module, {}).get(field))) is not None), None
        )
        if value is None:
            continue
        value = value / 100 if item in PERCENT else value
        rows.append(_fact(symbol, item, quarter if item in STATED and quarter else day, value, currency, statement_currency))
    return rows


def _fact(
    symbol: str, item: str, day: date | None, value: float, currency: str | None, statement_currency: str | None
) -> dict[str, Any]:
    unit = (
        currency
        if item in MONEY
        else statement_currency
        if item in STATEMENT_MONEY
        else "shares"
        if item in SHARES
        else "count"
        if item in COUNTS
        else "ratio"
    )
    return {"symbol": symbol, "item": item, "period": "P", "period_end": day, "value": value, "unit": unit}


def _earnings(symbol: str, modules: Mapping[str, Json]) -> list[dict[str, Any]]:
    """The next expected report, and the last one whose day Yahoo states (its call). Older quarters have no day."""
    zone = ZoneInfo("America/New_York")
    calendar = modules.get("calendarEvents", {}).get("earnings") or {}
    rows = []
    expected = [moment for each in calendar.get("earningsDate") or () if (moment := _moment(_raw(each))) is not None]
    if expected:
        confirmed = None if calendar.get("isEarningsDateEstimate") is None else not calendar["isEarningsDateEstimate"]
        trend: Json = next(
            (each for each in modules.get("earningsTrend", {}).get("trend") or () if each.get("period") == "0q"), {}
        )
        # A range, a guess and a bare day (midnight in UTC) have no hour.
        timed = confirmed and len(expected) == 1 and expected[0].time() != time(0)
        rows.append(
            {
                "symbol": symbol,
                "date": stated_day(expected[0]),
                "confirmed": confirmed,
                "time_of_day": _time_of_day(expected[0].astimezone(zone)) if timed else None,
                "period_end": _iso_day(trend.get("endDate")),
                "eps_estimate": _number(calendar.get("earningsAverage")),
                "eps_actual": None,
                "revenue_estimate": _number(calendar.get("revenueAverage")),
            }
        )
    calls = [moment for each in calendar.get("earningsCallDate") or () if (moment := _moment(_raw(each))) is not None]
    last = next((each for each in modules.get("earningsHistory", {}).get("history") or () if each.get("period") == "-1q"), None)
    quarter = _utc_day(_raw(last.get("quarter"))) if last else None
    if calls and last and quarter and 0 < (calls[0].date() - quarter).days < 100 and _number(last.get("epsActual")) is not None:
        called = calls[0].astimezone(zone)
        rows.append(
            {
                "symbol": symbol,
                "date": called.date(),
                "confirmed": True,
                "time_of_day": _time_of_day(called),
                "period_end": quarter,
                "eps_estimate": _number(last.get("epsEstimate")),
                "eps_actual": _number(last.get("epsActual")),
                "revenue_estimate": None,
            }
        )
    days = [row["date"] for row in rows]
    return [row for at, row in enumerate(rows) if row["date"] not in days[at + 1 :]]


def _instrument(symbol: str, line: Json, profile: Json) -> dict[str, Any]:
    kind = _KINDS.get(str(line.get("quoteType", "")), "other")
    category = str(profile.get("category") or "").lower()
    if kind == "etf" and any(word in category for word in _BOND_WORDS):
        kind = "bond_etf"
    return {
        "symbol": symbol,
        "name": _text(line.get("longName")) or _text(line.get("shortName")),
        "kind": kind,
        "exchange": _text(line.get("exchangeName")) or _text(line.get("fullExchangeName")),
        "currency": _text(line.get("currency")),
        "sector": clean_sector(_text(profile.get("sector"))),
        "industry": _text(profile.get("industry")),
        "country": _text(profile.get("country")),
        "website": _text(profile.get("website")),
        "summary": _text(profile.get("longBusinessSummary")),
    }


def _category(modules: Mapping[str, Json]) -> str | None:
    return _text(modules.get("fundProfile", {}).get("categoryName")) or _text(
        modules.get("defaultKeyStatistics", {}).get("category")
    )


def _collect(series: dict[tuple[str, str], list[dict[str, Any]]], key: str, points: list[Any]) -> None:
    name = key.removeprefix("quarterly").removeprefix("annual")
    for point in points:
        if not isinstance(point, dict):
            continue
        period, end, value = (
            PERIODS.get(str(point.get("periodType"))),
            _iso_day(point.get("asOfDate")),
            _number(point.get("reportedValue")),
        )
        if period and end and value is not None:
            series.setdefault((name, period), []).append(
                {"end": end, "value": value, "currency": _text(point.get("currencyCode"))}
            )


def _frame(rows: list[dict[str, Any]], schema: schemas.Schema) -> pl.DataFrame:
    return pl.DataFrame([{name: row.get(name) for name in schema.columns} for row in rows], schema=dict(schema.columns))


def _raw(value: Any) -> Any:
    return value.get("raw") if isinstance(value, dict) else value


def _number(value: Any) -> float | None:
    value = _raw(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    number = float(value)
    return number if number - number == 0 else None


def _text(value: Any) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _values(events: Any) -> list[Json]:
    return [each for each in events.values() if isinstance(each, dict)] if isinstance(events, dict) else []


def _ratio(split: Json) -> float | None:
    new, old = _number(split.get("numerator")), _number(split.get("denominator"))
    return new / old if new and old else None


def _moment(stamp: Any) -> datetime | None:
    number = _number(stamp)
    try:
        return None if number is None else datetime.fromtimestamp(number, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _local_day(stamp: Any, zone: ZoneInfo) -> date | None:
    moment = _moment(stamp)
    return None if moment is None else moment.astimezone(zone).date()


def _utc_day(stamp: Any) -> date | None:
    moment = _moment(stamp)
    return None if moment is None else moment.date()


def _iso_day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _time_of_day(local: datetime) -> str:
    minutes = local.hour * 60 + local.minute
    return "bmo" if minutes < 570 else "amc" if minutes >= 960 else "during"


def _zone(meta: Json) -> ZoneInfo:
    try:
        return ZoneInfo(str(meta.get("exchangeTimezoneName") or "America/New_York"))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("America/New_York")


def _first(modules: Mapping[str, Json], field: str, *places: str) -> Any:
    return next((modules[place][field] for place in places if modules.get(place, {}).get(field)), None)


def _error_text(whole: Any) -> str:
    for value in whole.values() if isinstance(whole, dict) else ():
        error = value.get("error") if isinstance(value, dict) else None
        if isinstance(error, dict):
            return str(error.get("description") or error.get("code") or "")
    return ""
