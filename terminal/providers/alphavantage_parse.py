"""Alpha Vantage's answers as frames of our schemas. Pure: decoded JSON in, polars out; every number is the payload's own.

All values arrive as text; "None", "-", "." and "" are unknown. Changed are, because the unit differs: the two holdings
that come in per cent, sectors, and daily prices, which Alpha Vantage gives as traded: they are divided by the splits
since. Days are the exchange's days. What is wrong arrives as HTTP 200 with a text; `refusal` reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from datetime import time as daytime
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.domain.instruments import SECTORS, clean_sector
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited
from terminal.providers import wire

if TYPE_CHECKING:
    import polars as pl

Json = Mapping[str, Any]

TITLE = "Alpha Vantage"
UNKNOWN = frozenset({"", "none", "-", ".", "null", "nan", "n/a"})

# item: (fields of OVERVIEW in order of preference, what the number must be multiplied with, its unit; "money" stands for
# the currency that the answer states).
POINTS: dict[str, tuple[tuple[str, ...], float, str]] = {
    "market_cap": (("MarketCapitalization",), 1, "money"),
    "pe_ttm": (("TrailingPE", "PERatio"), 1, "ratio"),
    "pe_forward": (("ForwardPE",), 1, "ratio"),
    "peg": (("PEGRatio",), 1, "ratio"),
    "ps_ttm": (("PriceToSalesRatioTTM",), 1, "ratio"),
    "pb": (("PriceToBookRatio",), 1, "ratio"),
    "ev_ebitda": (("EVToEBITDA",), 1, "ratio"),
    "ev_revenue": (("EVToRevenue",), 1, "ratio"),
    "eps_ttm": (("DilutedEPSTTM", "EPS"), 1, "money"),
    "book_value_per_share": (("BookValue",), 1, "money"),
    "dividend_yield": (("DividendYield", "ForwardAnnualDividendYield"), 1, "ratio"),
    "dividend_rate": (("ForwardAnnualDividendRate", "DividendPerShare"), 1, "money"),
    "payout_ratio": (("PayoutRatio",), 1, "ratio"),
    "beta": (("Beta",), 1, "ratio"),
    "high_52w": (("52WeekHigh",), 1, "money"),
    "low_52w": (("52WeekLow",), 1, "money"),
    "shares_outstanding_now": (("SharesOutstanding",), 1, "shares"),
    "float_shares": (("SharesFloat",), 1, "shares"),
    "short_percent_float": (("ShortPercentFloat",), 1, "ratio"),
    "short_ratio": (("ShortRatio",), 1, "ratio"),
    "insider_held": (("PercentInsiders",), 0.01, "ratio"),
    "institution_held": (("PercentInstitutions",), 0.01, "ratio"),
    "operating_margin": (("OperatingMarginTTM",), 1, "ratio"),
    "net_margin": (("ProfitMargin",), 1, "ratio"),
    "roe": (("ReturnOnEquityTTM",), 1, "ratio"),
    "roa": (("ReturnOnAssetsTTM",), 1, "ratio"),
    "revenue_ttm": (("RevenueTTM",), 1, "money"),
    "ebitda_ttm": (("EBITDA",), 1, "money"),
    "revenue_growth_quarter": (("QuarterlyRevenueGrowthYOY",), 1, "ratio"),
    "eps_growth_quarter": (("QuarterlyEarningsGrowthYOY",), 1, "ratio"),
    "target_mean": (("AnalystTargetPrice",), 1, "money"),
    "employees": (("FullTimeEmployees",), 1, "count"),
}
ITEMS = frozenset(POINTS)
# What speaks about the last statement rather than about today's price.
STATED = frozenset({
    "eps_ttm", "book_value_per_share", "operating_margin", "net_margin", "roe", "roa", "revenue_ttm", "ebitda_ttm",
    "revenue_growth_quarter", "eps_growth_quarter"})  # fmt: skip
# These cannot be nothing: a zero stands for "unknown". A multiple of a loss says nothing either.
ABOVE_ZERO = frozenset({
    "market_cap", "pe_ttm", "pe_forward", "ps_ttm", "ev_revenue", "high_52w", "low_52w", "shares_outstanding_now",
    "float_shares", "revenue_ttm", "target_mean", "employees"})  # fmt: skip

# The series, by the name that FRED gives the same numbers: what Alpha Vantage is asked for. Its prices, payrolls and sales
# are the ones without seasonal adjustment.
SERIES: dict[str, dict[str, str]] = {
    **{
        f"DGS{short}": {"function": "TREASURY_YIELD", "interval": "daily", "maturity": long}
        for short, long in (
            ("3MO", "3month"), ("2", "2year"), ("5", "5year"), ("7", "7year"), ("10", "10year"), ("30", "30year"))
    },
    "DFF": {"function": "FEDERAL_FUNDS_RATE", "interval": "daily"},
    "FEDFUNDS": {"function": "FEDERAL_FUNDS_RATE", "interval": "monthly"},
    "CPIAUCNS": {"function": "CPI", "interval": "monthly"},
    "FPCPITOTLZGUSA": {"function": "INFLATION"},
    "UNRATE": {"function": "UNEMPLOYMENT"},
    "PAYNSA": {"function": "NONFARM_PAYROLL"},
    "RSXFSN": {"function": "RETAIL_SALES"},
    "UMDMNO": {"function": "DURABLES"},
    "A939RX0Q048SBEA": {"function": "REAL_GDP_PER_CAPITA"},
}  # fmt: skip

_KINDS = {"common stock": "stock", "adr": "stock", "etf": "etf"}
_COUNTRIES = {"USA": "United States", "US": "United States", "UK": "United Kingdom"}
_TIMES = {"pre-market": "bmo", "post-market": "amc"}


class UnknownSymbolError(Exception):
    """Alpha Vantage sent nothing for the symbol, or called the request invalid, of which only the symbol varies."""


def refusal(answer: Any, now: datetime) -> ProviderError | None:
    """What a text sent instead of data means; None for data. Raises UnknownSymbolError.

    The daily allowance is taken to start anew at midnight in New York; Alpha Vantage does not say.
    """
    if not isinstance(answer, Mapping):
        return None
    told = next((str(answer[key]) for key in ("Error Message", "Note", "Information") if key in answer), None)
    if told is None:
        return None
    text = told.lower()
    if any(words in text for words in ("invalid api call", "invalid inputs")):
        raise UnknownSymbolError
    if "premium endpoint" in text or "premium feature" in text:
        return NeedsKey(
            f"{TITLE} gives this only to paid plans.", "Another data service may have it.", setting="alphavantage"
        )
    if any(words in text for words in ("apikey is invalid", "claim your free api key", "demo api key", "**demo** api key")):
        hint = "Set it with `tapeline preferences key-set alphavantage`."
        return NeedsKey(f"{TITLE} does not accept the key.", hint, setting="alphavantage")
    if any(words in text for words in ("per second", "per minute", "burst", "spreading out", "call frequency")):
        return _limited("its requests of a minute", now + timedelta(minutes=1))
    if "per day" in text or "daily" in text or "rate limit" in text:
        tomorrow = wire.exchange_day(now) + timedelta(days=1)
        return _limited("its requests of the day", datetime.combine(tomorrow, daytime(), wire.NEW_YORK).astimezone(UTC))
    return BadPayload(f"{TITLE} answered with a note instead of data: {told[:160].rstrip('. ')}.", "Try again later.")


def parse_overview(answer: Any, symbol: str, day: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`instruments` and `facts` (period P). `day`: the exchange's day of asking; prices in it are of that day or the last."""
    line = _object(answer)
    if not line:
        raise UnknownSymbolError
    wire.must_name(line["Symbol"], symbol)
    sector, country = clean_sector(_text(line.get("Sector"))), _text(line.get("Country"))
    currency = _text(line.get("Currency"))
    instrument = {
        "symbol": symbol,
        "name": _text(line["Name"]),
        "kind": _KINDS.get(str(line.get("AssetType", "")).lower(), "other"),
        "exchange": _text(line.get("Exchange")),
        "currency": currency,
        "sector": sector if sector in SECTORS else None,
        "industry": _text(line.get("Industry")),
        "country": _COUNTRIES.get(country or "", country),
        "website": _text(line.get("OfficialSite")),
        "summary": _text(line.get("Description")),
    }
    statement = _day(line.get("LatestQuarter")) or day
    facts = []
    for item, (fields, factor, unit) in POINTS.items():
        value = next((number for field in fields if (number := wire.number(line.get(field))) is not None), None)
        if value is None or (item in ABOVE_ZERO and value <= 0):
            continue
        facts.append(
            {
                "symbol": symbol, "item": item, "period": "P", "period_end": statement if item in STATED else day,
                "value": value * factor, "unit": currency if unit == "money" else unit,
            }
        )  # fmt: skip
    return wire.frame([instrument], schemas.INSTRUMENTS), wire.frame(facts, schemas.FACTS)


def parse_earnings(answer: Any, symbol: str) -> pl.DataFrame:
    """`earnings` of every quarter whose report day is stated. Revenue is not part of it."""
    line = _object(answer)
    if not line:
        raise UnknownSymbolError
    wire.must_name(line["symbol"], symbol)
    rows = []
    for each in _objects(line["quarterlyEarnings"]):
        day, eps = _day(each["reportedDate"]), wire.number(each["reportedEPS"])
        if day is not None:
            rows.append(
                {
                    "symbol": symbol,
                    "date": day,
                    "time_of_day": _TIMES.get(str(each.get("reportTime") or "").lower()),
                    "confirmed": True if eps is not None else None,
                    "period_end": _day(each["fiscalDateEnding"]),
                    "eps_estimate": wire.number(each.get("estimatedEPS")),
                    "eps_actual": eps,
                }
            )
    return wire.unique(rows, schemas.EARNINGS)


def parse_news(answer: Any, symbol: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`headlines` and `news_sentiment` of the articles whose tone is given for this symbol. Their times are UTC."""
    rows = []
    for each in _objects(_object(answer)["feed"]):
        tone = next((one for one in _objects(each["ticker_sentiment"]) if wire.names(one["ticker"], symbol)), None)
        at, title = _utc(each["time_published"]), _text(each["title"])
        if tone is None or at is None or title is None:
            continue
        rows.append(
            {
                "symbol": symbol, "at": at, "title": title, "publisher": _text(each.get("source")),
                "url": _text(each.get("url")), "score": wire.number(tone["ticker_sentiment_score"]),
                "relevance": wire.number(tone["relevance_score"]),
            }
        )  # fmt: skip
    scored = [row for row in rows if row["score"] is not None]
    return wire.unique(rows, schemas.HEADLINES), wire.unique(scored, schemas.NEWS_SENTIMENT)


def parse_splits(answer: Any, symbol: str) -> pl.DataFrame:
    """`splits`; a factor is written as a number or as "4/1"."""
    line = _object(answer)
    if not line:
        raise UnknownSymbolError
    wire.must_name(line["symbol"], symbol)
    rows = [
        {"symbol": symbol, "ex_date": _day(each["effective_date"]), "ratio": _ratio(each["split_factor"])}
        for each in _objects(line["data"])
    ]
    return wire.unique([row for row in rows if row["ex_date"] and row["ratio"]], schemas.SPLITS)


def daily_reader(answer: Any, symbol: str, now: datetime) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """The daily prices as traded, checked; what is returned makes `bars` of them with `splits`."""
    raw = parse_daily(answer, symbol, schemas.SPLITS.empty(), now)
    return lambda splits: parse_daily(answer, symbol, splits, now) if splits.height else raw


def parse_daily(answer: Any, symbol: str, splits: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """`bars` as if every split since had already happened. A session that is not over is left out."""
    whole = _object(answer)
    meta, series = _object(whole["Meta Data"]), _object(whole["Time Series (Daily)"])
    wire.must_name(meta["2. Symbol"], symbol)
    over = _last_finished(_text(meta.get("3. Last Refreshed")), now)
    events = [(row["ex_date"], row["ratio"]) for row in splits.to_dicts()]
    rows = []
    for at, told in series.items():
        day, line = date.fromisoformat(at), _object(told)
        prices = {name[3:]: wire.number(line[name]) for name in ("1. open", "2. high", "3. low", "4. close")}
        volume = wire.number(line["5. volume"])
        if day > over or prices["close"] is None:
            continue
        factor = wire.split_factor(events, day, wire.exchange_day(now))
        rows.append(
            {
                "symbol": symbol, "date": day,
                **{part: None if price is None else price / factor for part, price in prices.items()},
                "volume": None if volume is None else volume * factor,
            }
        )  # fmt: skip
    return wire.unique(rows, schemas.BARS).sort("date")


def parse_series(answer: Any, series: str, start: date, end: date, seen: date) -> pl.DataFrame:
    """`macro` observations of `start` to `end`. When a value was published is not stated: the day it was `seen` stands."""
    whole = _object(answer)
    title, unit = _text(whole["name"]), _text(whole["unit"])
    rows = [
        {"series": series, "date": day, "published_on": seen, "value": value, "unit": unit, "title": title}
        for each in _objects(whole["data"])
        if (day := _day(each["date"])) is not None and start <= day <= end and (value := wire.number(each["value"])) is not None
    ]
    return wire.unique(rows, schemas.MACRO).sort("date")


# -- pieces --------------------------------------------------------------------------------------------------------


def _limited(what: str, until: datetime) -> RateLimited:
    return RateLimited(f"{TITLE} says that {what} are used up.", "What is stored stays usable.", retry_at=until)


def _last_finished(refreshed: str | None, now: datetime) -> date:
    """The last day whose session is over, by the moment the service was refreshed and by the clock."""
    newest = wire.last_finished_day(now)
    if refreshed is None or len(refreshed) <= 10:
        return newest
    return min(newest, wire.last_finished_day(datetime.fromisoformat(refreshed).replace(tzinfo=wire.NEW_YORK)))


def _object(value: Any) -> Json:
    return wire.mapping(value, TITLE, "object")


def _objects(value: Any) -> list[Json]:
    return wire.rows_of(value, TITLE, "objects")


def _ratio(value: Any) -> float | None:
    if isinstance(value, str) and ("/" in value or ":" in value):
        new, old = (wire.number(part) for part in value.replace(":", "/").split("/"))
        return new / old if new and old else None
    number = wire.number(value)
    return number if number and number > 0 else None


def _text(value: Any) -> str | None:
    return value.strip() if isinstance(value, str) and value.strip().lower() not in UNKNOWN else None


def _day(value: Any) -> date | None:
    text = _text(value)
    return None if text is None or text.startswith("0000") else date.fromisoformat(text[:10])


def _utc(value: Any) -> datetime | None:
    text = _text(value)
    if text is None:
        return None
    return datetime.strptime(text, "%Y%m%dT%H%M%S" if len(text) > 13 else "%Y%m%dT%H%M").replace(tzinfo=UTC)
