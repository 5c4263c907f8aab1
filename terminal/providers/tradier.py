"""Tradier's option chains, for whoever has an account there: one expiry a request, live (delayed in their sandbox).

How it is asked and what comes is their documentation's; nothing of it was recorded. The sandbox is the same service at
https://sandbox.tradier.com, set as the address, with a key of its own.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from terminal.errors import BadPayload
from terminal.providers import tradier_parse as parse
from terminal.providers.budget import Window
from terminal.providers.counters import Counter
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.providers.base import Answer, Progress, Request

ENDPOINT = "options/chains"
MOST_EXPIRIES = 80


class TradierProvider(Service):
    """Chains with sizes and open interest; volatility and delta are ORATS', an hour old."""

    id = "tradier"
    title = "Tradier"
    address = "https://api.tradier.com"
    datasets = frozenset({"chains"})
    # Requests for market data a minute; the sandbox allows half of it, which its headers say.
    windows = (Window(120, 60),)
    needs_key = True
    counters = (Counter("x-ratelimit-available", "x-ratelimit-expiry"),)
    # The days of expiry, the price, the first expiry; each further one is counted when it is asked for.
    cost = {"chains": 3}

    def headers(self) -> dict[str, str]:
        """The key, and that JSON is wanted: XML is what they send otherwise."""
        return {"Authorization": f"Bearer {self.key().strip()}", "Accept": "application/json"}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """One chain a symbol, all its expiries or none. Raises ProviderError."""
        for symbol in request.symbols:
            name = parse.theirs(symbol)
            yield self.nothing("chains", (symbol,)) if name is None else self._chain(symbol, name, progress)

    def _chain(self, symbol: str, name: str, progress: Progress) -> Answer:
        about = {"symbol": name, "includeAllRoots": "true"}
        path = "/v1/markets/options/expirations"
        days, got = self.ask("chains", symbol, "options/expirations", path, about, parse.parse_expirations)
        if not days:
            return self.answer("chains", parse.chain((), symbol, got.finished_at, None), got, ENDPOINT, symbol, missing=(symbol,))
        read_price = partial(parse.parse_price, symbol=symbol)
        (price, traded_at), _ = self.ask("chains", symbol, "quotes", "/v1/markets/quotes", {"symbols": name}, read_price)
        rows, gots = [], []
        for number, day in enumerate(days[:MOST_EXPIRIES]):
            if number:
                self.around.spend(lambda seconds: progress(None, f"waiting {max(round(seconds), 1)} s for {self.title}"))
            progress(number / len(days), f"chain of {symbol} expiring {day} from {self.title}")
            wanted = {"symbol": name, "expiration": day.isoformat(), "greeks": "true"}
            read = partial(parse.parse_chain, symbol=symbol, expiry=day)
            found, got = self.ask("chains", symbol, ENDPOINT, "/v1/markets/options/chains", wanted, read)
            rows += found
            gots.append(got)
        quoted = [row["quoted_at"] for row in rows if row["quoted_at"] is not None]
        at = max((each for each in (*quoted, traded_at) if each is not None), default=None)
        if at is None:
            raise BadPayload(f"{self.title} sent a chain without a time.", "What is stored stays usable; try again later.")
        frame = parse.chain(rows, symbol, at, price)
        missing = (symbol,) if frame.is_empty() else ()
        delayed = "sandbox" in self.around.base_url()
        return self.answer("chains", frame, together(gots), ENDPOINT, symbol, as_of=at, missing=missing, delayed=delayed)
