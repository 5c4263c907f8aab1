"""The data services the program can ask: what they are called, whether they need a key, and who is asked first for what.

Only facts that the settings, the first page and the health panel need before any service is loaded. How each is asked is
in `terminal.providers`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataService:
    """`key_page`: where a key is handed out; "" needs none. `delay`: how late its prices are, `terms`: what a key costs."""

    id: str
    title: str
    key_page: str = ""
    delay: str = ""
    terms: str = "free"

    @property
    def needs_key(self) -> bool:
        """Whether it answers nothing without a key."""
        return bool(self.key_page)


SERVICES = (
    DataService("yahoo", "Yahoo Finance", delay="up to 15 minutes, by exchange"),
    DataService("sec", "SEC EDGAR"),
    DataService("cboe", "Cboe", delay="15 minutes"),
    DataService("nasdaq", "Nasdaq"),
    DataService("finnhub", "Finnhub", "finnhub.io/register"),
    DataService("alphavantage", "Alpha Vantage", "alphavantage.co/support/#api-key", "end of day"),
    DataService("alpaca", "Alpaca", "app.alpaca.markets/signup", "live, from one exchange (IEX)"),
    DataService("tiingo", "Tiingo", "tiingo.com/account/api/token", "end of day"),
    DataService("massive", "Massive (Polygon)", "massive.com/dashboard/keys", "end of day"),
    DataService("fred", "FRED", "fredaccount.stlouisfed.org/apikeys"),
    DataService("ecb", "European Central Bank", delay="once a day"),
    DataService("apininjas", "API Ninjas", "api-ninjas.com/profile"),
    DataService("schwab", "Schwab", "developer.schwab.com", "live", "free with an account there"),
    DataService("tradier", "Tradier", "dash.tradier.com/settings/api", "live, in the sandbox 15 minutes",
                "free with an account there"),
    DataService("unusualwhales", "Unusual Whales", "unusualwhales.com/public-api", "live, by plan", "part of a paid plan"),
)

# Who is asked first for a dataset. The settings `providers.order.<dataset>` start with this.
ORDER: dict[str, tuple[str, ...]] = {
    "quotes": ("yahoo", "alpaca", "finnhub", "tiingo"),
    "bars": ("yahoo", "tiingo", "alpaca", "massive", "nasdaq", "alphavantage"),
    "minute_bars": ("yahoo", "alpaca", "massive"),
    "instruments": ("yahoo", "finnhub", "alphavantage", "sec", "massive"),
    "facts": ("yahoo", "sec", "finnhub", "alphavantage"),
    "earnings": ("yahoo", "finnhub", "nasdaq", "alphavantage", "apininjas"),
    "dividends": ("yahoo", "tiingo", "alpaca", "massive"),
    "splits": ("yahoo", "tiingo", "alpaca", "massive"),
    "headlines": ("yahoo", "finnhub", "alpaca", "alphavantage"),
    "news_sentiment": ("alphavantage",),
    "ratings": ("finnhub",),
    "filings": ("sec", "finnhub"),
    # Whoever has entered the key of a broker gets its live chains, with sizes. Without any key Cboe is first: a quarter of an
    # hour late, but whole, in one request, with open interest. Alpaca's free quotes are indicative and without open interest,
    # Unusual Whales states no sizes, and Yahoo takes a request for each expiry and quotes little while the exchange is closed.
    "chains": ("schwab", "tradier", "cboe", "alpaca", "unusualwhales", "yahoo"),
    "macro": ("fred", "alphavantage", "ecb"),
}

# Whose statement stands when two speak about the same value. The settings `providers.trust.<dataset>` start with this;
# for datasets not named here the order of asking decides.
TRUST: dict[str, tuple[str, ...]] = {
    "facts": ("sec", "yahoo", "finnhub", "alphavantage"),
    "earnings": ("sec", "finnhub", "yahoo", "nasdaq", "alphavantage", "apininjas"),
}
