"""Which column of a strange table means what, and what its texts are as numbers and dates. Pure; every guess is shown."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from terminal.domain.schemas import POINT_ITEMS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS = ("bars", "fundamentals", "instruments", "dividends", "splits", "earnings")
FIELDS: dict[str, tuple[str, ...]] = {
    "bars": ("symbol", "date", "open", "high", "low", "close", "adjusted_close", "volume", "dividend", "split"),
    "fundamentals": ("symbol", "name", "kind", "sector", "industry", "country", "exchange", "currency", "price", *POINT_ITEMS),
    "instruments": ("symbol", "name", "kind", "exchange", "currency", "sector", "industry", "country", "website", "summary"),
    "dividends": ("symbol", "ex_date", "amount", "currency", "pay_date"),
    "splits": ("symbol", "ex_date", "ratio"),
    "earnings": (
        "symbol",
        "date",
        "time_of_day",
        "period_end",
        "eps_estimate",
        "eps_actual",
        "revenue_estimate",
        "revenue_actual",
    ),
}
REQUIRED = {
    "bars": ("date", "close"),
    "fundamentals": ("symbol",),
    "instruments": ("symbol",),
    "dividends": ("ex_date", "amount"),
    "splits": ("ex_date", "ratio"),
    "earnings": ("date",),
}
TEXTS = frozenset(
    {"symbol", "name", "kind", "sector", "industry", "country", "exchange", "currency", "website", "summary", "time_of_day"}
)
DATES = frozenset({"date", "ex_date", "pay_date", "period_end"})
FRACTIONS = frozenset(
    {
        "dividend_yield",
        "payout_ratio",
        "short_percent_float",
        "insider_held",
        "institution_held",
        "gross_margin",
        "operating_margin",
        "net_margin",
        "ebitda_margin",
        "roe",
        "roa",
        "revenue_growth_quarter",
        "eps_growth_quarter",
        "expense_ratio",
        "yield_to_maturity",
        "coupon",
    }
)
# A share of the price or the fund above these is a per cent number; half of a column above them decides for all of it.
_TYPICAL_TOP = {"dividend_yield": 0.12, "expense_ratio": 0.03, "yield_to_maturity": 0.2, "coupon": 0.2}
_SYNONYMS = {
    "symbol": "ticker|tickersymbol|sym|stock|code|instrument",
    "name": "company|companyname|security|securityname|longname|shortname|description",
    "sector": "gicssector|gics",
    "industry": "gicssubindustry|subindustry|gicsindustry",
    "currency": "ccy|curr",
    "price": "last|lastprice|currentprice|close|shareprice|pricelast",
    "market_cap": "marketcap|mktcap|marketcapitalization|marketcapitalisation|cap",
    "enterprise_value": "ev",
    "pe_ttm": "pe|peratio|priceearnings|pricetoearnings|trailingpe|pettm",
    "pe_forward": "forwardpe|fwdpe|peforward",
    "peg": "pegratio",
    "ps_ttm": "ps|psratio|pricesales|pricetosales",
    "pb": "pbratio|pricebook|pricetobook|ptb",
    "ev_ebitda": "evebitda|evtoebitda|enterprisetoebitda",
    "ev_revenue": "evsales|evrevenue|evtosales|enterprisetorevenue",
    "eps_ttm": "eps|earningsshare|earningspershare|epsttm|trailingeps|dilutedeps",
    "eps_forward": "forwardeps|epsforward|epsnexty",
    "book_value_per_share": "bookvalue|bvps|bookvalueshare",
    "dividend_yield": "divyield|dividendyield|yield|dy",
    "dividend_rate": "dividendrate|annualdividend|dividendpershare|dps",
    "payout_ratio": "payout|payoutratio",
    "high_52w": "52weekhigh|52whigh|high52|yearhigh|fiftytwoweekhigh|week52high|52wkhigh",
    "low_52w": "52weeklow|52wlow|low52|yearlow|fiftytwoweeklow|week52low|52wklow",
    "average_volume": "avgvolume|averagevolume|avgvol",
    "shares_outstanding_now": "sharesoutstanding|sharesout|shsoutstand",
    "float_shares": "float|sharesfloat|shsfloat",
    "short_percent_float": "shortfloat|shortpercentoffloat|shortinterest",
    "short_ratio": "daystocover",
    "insider_held": "insiderown|insiders|insiderownership",
    "institution_held": "instown|institutions",
    "gross_margin": "grossmargin|grossm|grossmargins",
    "operating_margin": "opermargin|operm|operatingmargins|opmargin",
    "net_margin": "profitmargin|profitm|netprofitmargin|profitmargins",
    "ebitda_margin": "ebitdamargins",
    "roe": "returnonequity",
    "roa": "returnonassets",
    "revenue_ttm": "revenue|sales|totalrevenue|revenuettm|turnover",
    "ebitda_ttm": "ebitda",
    "net_income_ttm": "netincome|income|profit",
    "free_cash_flow_ttm": "fcf|freecashflow",
    "operating_cash_flow_ttm": "ocf|operatingcashflow",
    "revenue_growth_quarter": "revenuegrowth|salesqq|salesgrowth",
    "eps_growth_quarter": "epsgrowth|epsqq|earningsgrowth",
    "total_cash": "cash",
    "total_debt_now": "debt|totaldebt",
    "debt_to_equity": "debteq|debtequity|de|ltdebteq",
    "current_ratio": "currr|currentratio",
    "quick_ratio": "quickr|quickratio",
    "target_mean": "targetprice|pricetarget|analysttarget|target",
    "analyst_count": "analysts|numberofanalysts",
    "recommendation_mean": "recom|recommendation",
    "employees": "fulltimeemployees",
    "expense_ratio": "ter|fee|fees|expenseratio",
    "aum": "assets|totalassets|netassets|fundsize",
    "beta": "beta1y|beta5y",
    "duration": "effectiveduration|modifiedduration",
    "yield_to_maturity": "ytm",
    "years_to_maturity": "maturity",
    "date": "datetime|time|timestamp|day|tradedate|reportdate|earningsdate",
    "open": "o|openprice",
    "high": "h|highprice",
    "low": "l|lowprice",
    "adjusted_close": "adjclose|adjustedclose|closeadj|adj",
    "volume": "vol|v|sharestraded",
    "split": "stocksplits|splits|splitratio|splitfactor",
    "ex_date": "exdate|exdividenddate|date|exdiv|splitdate",
    "amount": "dividend|dividends|cashamount|value|payment",
    "pay_date": "paydate|paymentdate",
    "ratio": "split|splitratio|stocksplits|factor",
    "time_of_day": "when|session",
    "period_end": "period|fiscaldateending|quarterend",
    "eps_estimate": "epsforecast|estimate|consensuseps|epsest",
    "eps_actual": "eps|reportedeps|actual|epsact",
    "revenue_estimate": "revest|salesestimate",
    "revenue_actual": "revenue|sales",
    "website": "url|homepage",
    "summary": "about|businesssummary",
    "country": "nation|domicile",
    "exchange": "market|listing",
    "kind": "type|assettype|quotetype|assetclass",
}
_OF_BARS = {"close": "c|price|last|closeprice|closelast", "dividend": "dividends|div"}
_EMPTY = frozenset({"", "-", "--", "n/a", "na", "nan", "null", "none", "#n/a", "inf", "-inf", "infinity", "."})
_SCALES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12}
_NUMBER = re.compile(r"^([+-]?)(\d[\d,.]*|[.,]\d+)(e[+-]?\d+)?\s*([a-z]{0,3})$", re.I)
_CURRENCY_SIGNS = re.compile(r"^(?:usd|eur|gbp|chf|us\$|[$€£¥])\s*|\s*(?:usd|eur|gbp|chf|[$€£¥])$", re.I)


def guess(columns: Sequence[str], kind: str) -> dict[str, str]:
    """Column to field for what is recognised; each field once, the best spelling first."""
    found: dict[str, str] = {}
    plain = {name: re.sub(r"[^a-z0-9]", "", name.lower()) for name in columns}
    for wanted in FIELDS[kind]:
        names = [re.sub(r"[^a-z0-9]", "", wanted), *_synonyms(wanted, kind)]
        for spelling in names:
            match = next((name for name in columns if plain[name] == spelling and name not in found), None)
            if match is not None:
                found[match] = wanted
                break
    return found


def _synonyms(wanted: str, kind: str) -> list[str]:
    text = _OF_BARS.get(wanted, _SYNONYMS.get(wanted, "")) if kind == "bars" else _SYNONYMS.get(wanted, "")
    return [word for word in text.split("|") if word]


def decimal_comma(texts: Sequence[str | None], semicolons: bool) -> bool:
    """Whether a column writes 1.234,56: told by any text with both signs, else by commas in a semicolon file."""
    for text in texts:
        if text and "," in text and "." in text:
            return text.rfind(",") > text.rfind(".")
    if any(text and re.search(r",\d{1,2}$|,\d{4,}$|^0,\d", text.strip()) for text in texts):
        return semicolons or not any(text and re.search(r"\d\.\d", text) for text in texts)
    return False


def number(text: str, comma: bool) -> tuple[float | None, bool]:
    """The number a text stands for and whether it carried a per cent sign; None for empty. Raises ValueError."""
    bare = text.strip().replace("\u00a0", " ").replace("\u202f", "").replace("−", "-")
    if bare.lower() in _EMPTY:
        return None, False
    negative = bare.startswith("(") and bare.endswith(")")
    bare = bare.strip("()").strip()
    percent = bare.endswith("%")
    bare = _CURRENCY_SIGNS.sub("", bare.removesuffix("%").strip()).replace(" ", "").replace("'", "")
    match = _NUMBER.match(bare)
    if match is None or match[4].lower() not in ("", *_SCALES):
        raise ValueError(text)
    digits = match[2].replace(".", "").replace(",", ".") if comma else match[2].replace(",", "")
    value = float(match[1] + digits + (match[3] or "")) * _SCALES.get(match[4].lower(), 1.0)
    return (-value if negative else value), percent


def is_percent(values: Sequence[float], field: str) -> bool:
    """Whether numbers without a sign are per cent (2.3) and not fractions (0.023): judged on the column as a whole."""
    sizes = sorted(abs(value) for value in values if value)
    if not sizes:
        return False
    middle = sizes[(len(sizes) - 1) // 2]
    return sizes[-1] > 25 or middle > _TYPICAL_TOP.get(field, 1.0)


_ISO = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_OTHER = re.compile(r"^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_WORDS = ("%d %b %Y", "%b %d, %Y", "%d-%b-%Y", "%B %d, %Y", "%d %B %Y")


def day_first(texts: Sequence[str | None]) -> bool | None:
    """Whether 03/04/2024 is 3 April here; None when the column does not tell. Dots mean the day comes first."""
    parts = [(int(match[1]), int(match[2]), text) for text in texts if text and (match := _OTHER.match(text.strip()))]
    if any(first > 12 for first, _, _ in parts):
        return True
    if any(second > 12 for _, second, _ in parts):
        return False
    return True if any("." in text for _, _, text in parts) else None if parts else False


def day(text: str, first: bool) -> date | None:
    """The day a text stands for, None for empty. Raises ValueError."""
    bare = text.strip()
    if bare.lower() in _EMPTY:
        return None
    if match := _ISO.match(bare) or _COMPACT.match(bare):
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _OTHER.match(bare):
        one, two = int(match[1]), int(match[2])
        return date(int(match[3]), two if first else one, one if first else two)
    for form in _WORDS:
        try:
            return datetime.strptime(bare, form).date()
        except ValueError:
            continue
    raise ValueError(text)


def sector_of(text: str, sub_industries: Mapping[str, str], sectors: Sequence[str], clean: Any) -> tuple[str | None, str | None]:
    """(sector, industry) for what a file calls sector: one of the eleven, a vendor's spelling, or a GICS sub-industry."""
    cleaned = clean(text)
    if cleaned in sectors:
        return cleaned, None
    return sub_industries.get(text.strip().lower()), text.strip()
