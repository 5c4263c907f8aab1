"""Finnhub's answers as frames of our schemas. Pure: decoded JSON in, polars out; every number is the payload's own.

Four things are changed, each because the unit differs: percent numbers become fractions, what is counted in millions
becomes whole, two-letter countries become names, and the moment the SEC accepted a filing becomes UTC. Days stay the
exchange's days as Finnhub writes them. A shape that was not promised raises BadPayload, KeyError or ValueError, of which
`Service.ask` makes BadPayload; a symbol that Finnhub does not know raises UnknownSymbolError.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from terminal.domain import schemas
from terminal.domain.instruments import SECTORS, clean_sector
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    import polars as pl

Json = Mapping[str, Any]

TITLE = "Finnhub"
MILLION = 1e6
# A share's price of today lies near its 52-week range; market cap / shares far from it mixes currencies or share classes.
PRICE_SLACK = 0.1
# The report of a quarter comes after its end and before the next quarter's.
QUARTER = timedelta(days=91)

# item: (fields of /stock/metric in order of preference, what the number must be multiplied with, its unit). "price" and
# "statement" stand for the currencies of the listing and of the accounts.
POINTS: dict[str, tuple[tuple[str, ...], float, str]] = {
    "enterprise_value": (("enterpriseValue",), MILLION, "price"),
    "pe_ttm": (("peTTM",), 1, "ratio"),
    "pe_forward": (("forwardPE",), 1, "ratio"),
    "peg": (("pegTTM",), 1, "ratio"),
    "ps_ttm": (("psTTM",), 1, "ratio"),
    "pb": (("pb",), 1, "ratio"),
    "ev_ebitda": (("evEbitdaTTM",), 1, "ratio"),
    "ev_revenue": (("evRevenueTTM",), 1, "ratio"),
    "eps_ttm": (("epsTTM",), 1, "statement"),
    "book_value_per_share": (("bookValuePerShareQuarterly",), 1, "statement"),
    "dividend_yield": (("dividendYieldIndicatedAnnual", "currentDividendYieldTTM"), 0.01, "ratio"),
    "dividend_rate": (("dividendIndicatedAnnual",), 1, "price"),
    "payout_ratio": (("payoutRatioTTM",), 0.01, "ratio"),
    "beta": (("beta",), 1, "ratio"),
    "high_52w": (("52WeekHigh",), 1, "price"),
    "low_52w": (("52WeekLow",), 1, "price"),
    "average_volume": (("3MonthAverageTradingVolume",), MILLION, "shares"),
    "gross_margin": (("grossMarginTTM",), 0.01, "ratio"),
    "operating_margin": (("operatingMarginTTM",), 0.01, "ratio"),
    "net_margin": (("netProfitMarginTTM",), 0.01, "ratio"),
    "roe": (("roeTTM",), 0.01, "ratio"),
    "roa": (("roaTTM",), 0.01, "ratio"),
    "revenue_growth_quarter": (("revenueGrowthQuarterlyYoy",), 0.01, "ratio"),
    "eps_growth_quarter": (("epsGrowthQuarterlyYoy",), 0.01, "ratio"),
    "debt_to_equity": (("totalDebt/totalEquityQuarterly",), 1, "ratio"),
    "current_ratio": (("currentRatioQuarterly",), 1, "ratio"),
    "quick_ratio": (("quickRatioQuarterly",), 1, "ratio"),
}
ITEMS = frozenset({*POINTS, "market_cap", "shares_outstanding_now"})
# What speaks about the last statement rather than about today's price.
STATED = frozenset({
    "eps_ttm", "book_value_per_share", "gross_margin", "operating_margin", "net_margin", "roe", "roa",
    "revenue_growth_quarter", "eps_growth_quarter", "debt_to_equity", "current_ratio", "quick_ratio"})  # fmt: skip
# These cannot be nothing: a zero is how Finnhub says "unknown". A multiple of a loss says nothing either.
ABOVE_ZERO = frozenset({
    "market_cap", "enterprise_value", "pe_ttm", "pe_forward", "ps_ttm", "pb", "ev_revenue", "high_52w", "low_52w",
    "average_volume", "shares_outstanding_now"})  # fmt: skip
# Series whose newest period is the newest statement's.
_STATEMENT_SERIES = ("eps", "salesPerShare", "bookValue", "grossMargin", "netMargin")

_HOURS = {"bmo": "bmo", "amc": "amc", "dmh": "during"}
_US_EXCHANGES = ("NASDAQ", "NEW YORK", "NYSE", "CBOE", "BATS", "OTC")
# Where the companies listed in the US have their seat, spelled as our other sources do.
_COUNTRIES = {
    "US": "United States", "AR": "Argentina", "AU": "Australia", "BE": "Belgium", "BM": "Bermuda", "BR": "Brazil",
    "CA": "Canada", "CH": "Switzerland", "CL": "Chile", "CN": "China", "CO": "Colombia", "CY": "Cyprus", "DE": "Germany",
    "DK": "Denmark", "ES": "Spain", "FI": "Finland", "FR": "France", "GB": "United Kingdom", "GR": "Greece",
    "HK": "Hong Kong", "ID": "Indonesia", "IE": "Ireland", "IL": "Israel", "IN": "India", "IT": "Italy", "JE": "Jersey",
    "JP": "Japan", "KR": "South Korea", "KY": "Cayman Islands", "LU": "Luxembourg", "MC": "Monaco", "MX": "Mexico",
    "MY": "Malaysia", "NL": "Netherlands", "NO": "Norway", "PA": "Panama", "PE": "Peru", "PH": "Philippines",
    "PR": "Puerto Rico", "SE": "Sweden", "SG": "Singapore", "TH": "Thailand", "TR": "Turkey", "TW": "Taiwan",
    "UY": "Uruguay", "VG": "British Virgin Islands", "ZA": "South Africa"}  # fmt: skip


class UnknownSymbolError(Exception):
    """Finnhub sent nothing, or only zeros, for the symbol."""


def parse_quote(answer: Any, symbol: str) -> pl.DataFrame:
    """The last trade, as a row of `quotes`. Volume and currency are not stated."""
    line = _object(answer)
    if not line or (not wire.number(line["c"]) and not wire.number(line.get("t"))):
        raise UnknownSymbolError(symbol)
    price, at = wire.number(line["c"]), _moment(line["t"])
    if price is None or price <= 0 or at is None:
        raise ValueError("a quote without price or time")
    parts = {"previous_close": "pc", "open": "o", "high": "h", "low": "l"}
    rest = {name: _above_zero(line.get(key)) for name, key in parts.items()}
    return wire.frame([{"symbol": symbol, "at": at, "price": price, **rest}], schemas.QUOTES)


def parse_profile(answer: Any, symbol: str) -> pl.DataFrame:
    """A row of `instruments`. Finnhub has profiles of companies only, so the kind is "stock"."""
    profile = _profile(answer, symbol)
    exchange, industry = wire.text(profile.get("exchange")), wire.text(profile.get("finnhubIndustry"))
    sector, country = clean_sector(industry), wire.text(profile.get("country"))
    row = {
        "symbol": symbol,
        "name": wire.text(profile["name"]),
        "kind": "stock",
        "exchange": exchange,
        "currency": _price_currency(profile),
        "sector": sector if sector in SECTORS else None,
        "industry": industry,
        "country": _COUNTRIES.get(country or "", country),
        "website": wire.text(profile.get("weburl")),
    }
    return wire.frame([row], schemas.INSTRUMENTS)


def parse_metric(answer: Any, symbol: str, profile: Json, day: date) -> pl.DataFrame:
    """What /stock/metric states, as `facts` of period P. `profile`: the answer of /stock/profile2, {} when there is none.

    Finnhub does not say which day the prices in it are of: `day` is the exchange's day on which it was asked. What
    comes from a statement speaks about that statement's end.
    """
    whole = _object(answer)
    metric = _object(whole["metric"]) if whole else {}
    if not any(wire.number(value) is not None for value in metric.values()):
        raise UnknownSymbolError(symbol)
    wire.must_name(whole.get("symbol"), symbol)
    units = {"price": _price_currency(profile), "statement": wire.text(profile.get("currency"))}
    found: dict[str, tuple[float, str | None]] = {}
    for item, (fields, factor, unit) in POINTS.items():
        value = next((number for field in fields if (number := wire.number(metric.get(field))) is not None), None)
        if value is not None:
            found[item] = (value * factor, units.get(unit, unit))
    found |= _size(metric, profile)
    if "market_cap" not in found:
        found.pop("enterprise_value", None)
    if wire.text(profile.get("country")) not in (None, "US"):
        found.pop("dividend_rate", None)  # the listing's currency or the company's: not stated
    statement = _newest_statement(whole.get("series")) or day
    return wire.frame(
        [
            {
                "symbol": symbol, "item": item, "period": "P", "period_end": statement if item in STATED else day,
                "value": value, "unit": unit,
            }
            for item, (value, unit) in found.items()
            if value > 0 or item not in ABOVE_ZERO
        ],
        schemas.FACTS,
    )  # fmt: skip


def parse_news(answer: Any, symbol: str) -> pl.DataFrame:
    """`headlines` that Finnhub relates to the symbol."""
    rows = [
        {
            "symbol": symbol,
            "at": _moment(each["datetime"]),
            "title": wire.text(each["headline"]),
            "publisher": wire.text(each.get("source")),
            "url": wire.text(each.get("url")),
        }
        for each in _objects(answer)
        if _names(each.get("related"), symbol)
    ]
    return wire.unique([row for row in rows if row["at"] and row["title"]], schemas.HEADLINES)


def parse_calendar(answer: Any, symbol: str) -> pl.DataFrame:
    """`earnings` by report day. What is expected is neither confirmed nor denied; what was reported is confirmed."""
    rows = []
    for each in _objects(_object(answer)["earningsCalendar"]):
        day = wire.day(each["date"])
        if not wire.names(each["symbol"], symbol) or day is None:
            continue
        eps = wire.number(each.get("epsActual"))
        revenue = wire.number(each.get("revenueActual"))
        revenue = None if revenue == 0 and eps is None else revenue
        rows.append(
            {
                "symbol": symbol,
                "date": day,
                "time_of_day": _HOURS.get(str(each.get("hour") or "").lower()),
                "confirmed": True if eps is not None or revenue is not None else None,
                "eps_estimate": wire.number(each.get("epsEstimate")),
                "eps_actual": eps,
                "revenue_estimate": wire.number(each.get("revenueEstimate")) or None,
                "revenue_actual": revenue,
            }
        )
    return wire.unique(rows, schemas.EARNINGS)


def parse_surprises(answer: Any, symbol: str) -> list[dict[str, Any]]:
    """The last quarters of /stock/earnings: `period_end`, `eps_actual`, `eps_estimate`. It does not say when they came out."""
    rows = []
    for each in _objects(answer):
        end = wire.day(each["period"])
        if end is not None and wire.names(each["symbol"], symbol):
            rows.append(
                {"period_end": end, "eps_actual": wire.number(each["actual"]), "eps_estimate": wire.number(each.get("estimate"))}
            )
    return rows


def with_surprises(calendar: pl.DataFrame, surprises: Sequence[Json], today: date) -> pl.DataFrame:
    """The calendar's reports with the quarter each is about, and a result that the calendar does not have yet.

    A surprise belongs to the report that came out after the quarter's end and before the next one's, unless both state
    a result and these differ. Quarters whose report day the calendar does not know are left out: no day is made up.
    """
    rows = calendar.to_dicts()
    for row in rows:
        about = next(
            (each for each in surprises if timedelta(0) < row["date"] - each["period_end"] <= QUARTER and row["date"] <= today),
            None,
        )
        if about is None or not _agree(row["eps_actual"], about["eps_actual"]):
            continue
        row["period_end"] = about["period_end"]
        for name in ("eps_actual", "eps_estimate"):
            row[name] = about[name] if row[name] is None else row[name]
        row["confirmed"] = True if row["eps_actual"] is not None else row["confirmed"]
    return wire.frame(rows, schemas.EARNINGS)


def parse_ratings(answer: Any, symbol: str) -> pl.DataFrame:
    """`ratings` by month."""
    names = {"strong_buy": "strongBuy", "buy": "buy", "hold": "hold", "sell": "sell", "strong_sell": "strongSell"}
    rows = [
        {"symbol": symbol, "date": wire.day(each["period"]), **{name: _count(each[key]) for name, key in names.items()}}
        for each in _objects(answer)
        if wire.names(each["symbol"], symbol)
    ]
    return wire.unique([row for row in rows if row["date"] is not None], schemas.RATINGS)


def parse_filings(answer: Any, symbol: str) -> pl.DataFrame:
    """`filings`. The SEC writes the moment of acceptance in New York's time."""
    rows = [
        {
            "symbol": symbol,
            "accession": wire.text(each["accessNumber"]),
            "form": wire.text(each["form"]),
            "filed_at": _eastern(each.get("acceptedDate")) or _eastern(each["filedDate"]),
            "url": wire.text(each.get("filingUrl")) or wire.text(each.get("reportUrl")),
        }
        for each in _objects(answer)
        if wire.names(each["symbol"], symbol)
    ]
    return wire.unique([row for row in rows if row["accession"] and row["form"] and row["filed_at"]], schemas.FILINGS)


# -- pieces --------------------------------------------------------------------------------------------------------


def _profile(answer: Any, symbol: str) -> Json:
    profile = _object(answer)
    if not profile:
        raise UnknownSymbolError(symbol)
    wire.must_name(profile["ticker"], symbol)
    return profile


def _size(metric: Json, profile: Json) -> dict[str, tuple[float, str | None]]:
    """Market cap and number of shares, where they fit to the share's price.

    Of foreign companies Finnhub states the market cap now in dollars, now in their own currency, whatever `currency`
    says; and the shares of all classes are counted in one of them. Both show in the price per share they imply.
    """
    cap, shares = _above_zero(metric.get("marketCapitalization")), _above_zero(profile.get("shareOutstanding"))
    low, high = _above_zero(metric.get("52WeekLow")), _above_zero(metric.get("52WeekHigh"))
    if cap is None or shares is None or low is None or high is None or _price_currency(profile) is None:
        return {}
    if not low * (1 - PRICE_SLACK) <= cap / shares <= high * (1 + PRICE_SLACK):
        return {}
    return {"market_cap": (cap * MILLION, _price_currency(profile)), "shares_outstanding_now": (shares * MILLION, "shares")}


def _price_currency(profile: Json) -> str | None:
    """Finnhub's `currency` is that of the accounts. A share listed in the US is priced in dollars."""
    exchange = str(profile.get("exchange") or "").upper()
    return "USD" if exchange.startswith(_US_EXCHANGES) else None


def _newest_statement(series: Any) -> date | None:
    quarterly = series.get("quarterly") if isinstance(series, Mapping) else None
    ends = [
        day
        for name in _STATEMENT_SERIES
        for each in (_objects(quarterly.get(name) or []) if isinstance(quarterly, Mapping) else ())
        if (day := wire.day(each.get("period"))) is not None
    ]
    return max(ends, default=None)


def _agree(one: float | None, other: float | None) -> bool:
    return one is None or other is None or abs(one - other) <= max(0.011, 0.005 * abs(one))


def _object(value: Any) -> Json:
    found = wire.mapping(value, TITLE, "object")
    if "error" in found:
        told = str(found["error"])[:160].rstrip(". ")
        raise BadPayload(f"{TITLE} answered with an error: {told}.", "Try again later.")
    return found


def _objects(value: Any) -> list[Json]:
    return wire.rows_of(value, TITLE, "objects")


def _names(related: Any, symbol: str) -> bool:
    return isinstance(related, str) and any(wire.names(each, symbol) for each in related.split(","))


def _above_zero(value: Any) -> float | None:
    number = wire.number(value)
    return number if number is not None and number > 0 else None


def _count(value: Any) -> int | None:
    number = wire.number(value)
    return None if number is None or number < 0 else int(number)


def _moment(stamp: Any) -> datetime | None:
    number = _above_zero(stamp)
    return None if number is None else datetime.fromtimestamp(number, UTC)


def _eastern(text: Any) -> datetime | None:
    if not isinstance(text, str) or not text:
        return None
    return datetime.fromisoformat(text).replace(tzinfo=wire.NEW_YORK).astimezone(UTC)
