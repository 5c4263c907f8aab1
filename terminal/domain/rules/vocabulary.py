"""The words of the rule language: functions, accepted other names of fields, and suggestions for misspelt ones."""

from __future__ import annotations

import difflib
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terminal.domain.fields import FIELDS, Field
from terminal.domain.instruments import KINDS, SECTORS
from terminal.domain.rules.studies import STUDIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BAR_SERIES = ("open", "high", "low", "close", "volume")
INDICATOR_NAMES = (
    "sma",
    "ema",
    "rsi",
    "atr",
    "adx",
    "macd",
    "macd_signal",
    "macd_histogram",
    "bollinger_upper",
    "bollinger_lower",
    "stochastic",
    "obv",
    "roc",
    "mfi",
    "cci",
    "willr",
    "highest",
    "lowest",
    "avg",
    "stdev",
    *(name for name, *_ in STUDIES),
)

# Fields that are one indicator of the daily bars: inside crosses and within they mean that day's value.
SERIES_OF_FIELD: dict[str, tuple[str, str, tuple[float, ...]]] = {
    "rsi_14": ("rsi", "close", (14,)),
    "atr_14": ("atr", "", (14,)),
    "adx_14": ("adx", "", (14,)),
    "macd_histogram": ("macd_histogram", "close", ()),
    "sma_20": ("sma", "close", (20,)),
    "sma_50": ("sma", "close", (50,)),
    "sma_200": ("sma", "close", (200,)),
    "high_52w": ("highest", "high", (252,)),
    "low_52w": ("lowest", "low", (252,)),
    "average_volume": ("avg", "volume", (20,)),
}
BAR_OF_FIELD = {"price": "close", "open": "open", "high": "high", "low": "low", "volume": "volume"}


@dataclass(frozen=True)
class Function:
    """A function: how it is written, what it gives, and how many arguments it takes."""

    name: str
    usage: str
    newbie: str
    least: int
    most: int


_ALL = (
    *(
        Function(name, usage, newbie, least, most)
        for name, usage, newbie, least, most in (
            ("sma", "sma(close, 50)", "Average of the last 50 closing prices.", 0, 2),
            ("ema", "ema(close, 50)", "Average that gives the latest days more weight.", 0, 2),
            ("rsi", "rsi(14)", "0 to 100: below 30 many see it as oversold, above 70 as overbought.", 0, 2),
            ("atr", "atr(14)", "How far the price moves on a usual day, in money.", 0, 1),
            ("adx", "adx(14)", "How strong the trend is: above 25 is a clear trend.", 0, 1),
            ("macd", "macd(12, 26, 9)", "Short minus long average: above 0 the price is picking up.", 0, 4),
            ("macd_signal", "macd_signal(12, 26, 9)", "The smoothed MACD that the MACD is compared with.", 0, 4),
            ("macd_histogram", "macd_histogram(12, 26, 9)", "MACD minus its signal.", 0, 4),
            ("bollinger_upper", "bollinger_upper(20, 2)", "Upper edge of the usual price range.", 0, 3),
            ("bollinger_lower", "bollinger_lower(20, 2)", "Lower edge of the usual price range.", 0, 3),
            ("stochastic", "stochastic(14, 3)", "0 to 100: where the price stands in its recent range.", 0, 2),
            ("obv", "obv()", "Adds volume on up days, takes it off on down days.", 0, 0),
            ("roc", "roc(close, 10)", "Change of the price over 10 sessions.", 0, 2),
            ("mfi", "mfi(14)", "Like RSI, but days with more volume count more.", 0, 1),
            ("cci", "cci(20)", "How unusual the price is against its recent average.", 0, 1),
            ("willr", "willr(14)", "-100 to 0: near 0 is the top of the recent range.", 0, 1),
            ("highest", "highest(high, 252)", "Highest value of the last 252 sessions.", 0, 2),
            ("lowest", "lowest(low, 252)", "Lowest value of the last 252 sessions.", 0, 2),
            ("avg", "avg(volume, 20)", "Average of the last 20 sessions.", 0, 2),
            ("stdev", "stdev(close, 20)", "How much the value scatters around its average.", 0, 2),
            *STUDIES,
            ("change", "change(close, 20d)", "Change against so many sessions ago, as a fraction.", 2, 2),
            ("sector_median", "sector_median(pe_ttm)", "The middle value among companies of the same sector.", 1, 1),
            ("sector_percentile", "sector_percentile(roe)", "Place within the sector: 0 % lowest, 100 % highest.", 1, 1),
            ("median", "median(pe_ttm)", "The middle value of all symbols shown.", 1, 1),
            ("percentile", "percentile(roe)", "Place among all symbols: 0 % lowest, 100 % highest.", 1, 1),
            ("rank", "rank(score)", "1 for the highest value, 2 for the next; without an argument by score.", 0, 1),
            ("abs", "abs(change)", "The size without the sign.", 1, 1),
            ("min", "min(pe_ttm, pe_forward)", "The smallest of several values.", 2, 8),
            ("max", "max(pe_ttm, pe_forward)", "The largest of several values.", 2, 8),
            ("log", "log(market_cap)", "Natural logarithm; unknown for values not above zero.", 1, 1),
            ("sqrt", "sqrt(volatility_1y)", "Square root; unknown below zero.", 1, 1),
        )
    ),
)
FUNCTIONS: dict[str, Function] = {each.name: each for each in _ALL}
CROSS_SECTION = ("sector_median", "sector_percentile", "median", "percentile", "rank")
PLAIN = ("abs", "min", "max", "log", "sqrt")

# Accepted as they are; `Rule.text` shows the field's own name.
ALIASES: dict[str, str] = {
    "ticker": "symbol",
    "pe": "pe_ttm",
    "pe_ratio": "pe_ttm",
    "trailing_pe": "pe_ttm",
    "forward_pe": "pe_forward",
    "ps": "ps_ttm",
    "price_to_book": "pb",
    "price_to_sales": "ps_ttm",
    "marketcap": "market_cap",
    "mcap": "market_cap",
    "ev": "enterprise_value",
    "eps": "eps_ttm",
    "yield": "dividend_yield",
    "div_yield": "dividend_yield",
    "dividend": "dividend_yield",
    "payout": "payout_ratio",
    "de": "debt_to_equity",
    "debt_equity": "debt_to_equity",
    "revenue": "revenue_ttm",
    "sales": "revenue_ttm",
    "net_income": "net_income_ttm",
    "ebitda": "ebitda_ttm",
    "fcf": "free_cash_flow_ttm",
    "sma20": "sma_20",
    "sma50": "sma_50",
    "sma200": "sma_200",
    "rsi14": "rsi_14",
    "atr14": "atr_14",
    "avg_volume": "average_volume",
    "rvol": "relative_volume",
    "relvol": "relative_volume",
    "short_interest": "short_percent_float",
    "momentum": "momentum_12_1",
    "volatility": "volatility_1y",
    "sharpe": "sharpe_1y",
    "ytd": "return_ytd",
    "ter": "expense_ratio",
    "ytm": "yield_to_maturity",
    "piotroski": "piotroski_f",
    "altman": "altman_z",
    "type": "kind",
    "last": "price",
}
# Written as a division by habit; read that way it would be nonsense.
QUOTIENTS: dict[tuple[str, str], str] = {
    ("p", "e"): "pe_ttm",
    ("p", "s"): "ps_ttm",
    ("p", "b"): "pb",
    ("p", "fcf"): "p_fcf",
    ("ev", "ebitda"): "ev_ebitda",
    ("debt", "equity"): "debt_to_equity",
    ("d", "e"): "debt_to_equity",
}


VERDICTS = ("Strong Buy", "Buy", "Hold", "Avoid", "Unknown")


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What the rows of a rule's frame are described by: their fields, other names of these, and the words a field can have.

    `closed`: all the words a field of text can have.
    """

    fields: Mapping[str, Field]
    aliases: Mapping[str, str] = field(default_factory=dict)
    closed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @contextmanager
    def in_force(self) -> Iterator[None]:
        """Names mean what they mean here while one rule is read or judged (on this thread)."""
        token = _IN_FORCE.set(self)
        try:
            yield
        finally:
            _IN_FORCE.reset(token)

    def names(self) -> tuple[str, ...]:
        """Everything that may stand as a name."""
        return (*self.fields, "close", *self.aliases)


COMPANIES = Vocabulary(FIELDS, ALIASES, {"kind": KINDS, "verdict": VERDICTS, "sector": SECTORS})
_IN_FORCE: ContextVar[Vocabulary] = ContextVar("vocabulary", default=COMPANIES)


def in_force() -> Vocabulary:
    """The vocabulary of the rule that is being read or judged."""
    return _IN_FORCE.get()


def closest(word: str, among: tuple[str, ...]) -> str:
    """ "Did you mean X?" for a misspelt word, or "" when nothing is near."""
    lowered = word.lower()
    found = difflib.get_close_matches(lowered, among, n=1, cutoff=0.6)
    if not found:
        inside = [name for name in among if len(lowered) >= 3 and (lowered in name or lowered in name.replace("_", ""))]
        found = sorted(inside, key=len)[:1]
    if not found:
        titles = {each.title.lower(): name for name, each in in_force().fields.items()}
        found = [titles[title] for title in difflib.get_close_matches(lowered, titles, n=1, cutoff=0.7)]
    return f"Did you mean {in_force().aliases.get(found[0], found[0])}?" if found else ""


def names() -> tuple[str, ...]:
    """Everything that may stand as a name."""
    return in_force().names()
