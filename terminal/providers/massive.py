"""Massive, formerly Polygon: end-of-day and minute bars, dividends, splits, and what a symbol is.

The free plan reaches back two years and allows five requests a minute: of a longer history it delivers that part (`reach`),
which is why services with the whole one are asked before. Dividends and splits are asked where they always
were, under `/v3/reference`; Massive wants them asked under `/stocks/v1` one day, with rows of the same names.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit

from terminal.domain import schemas
from terminal.errors import BadPayload, NeedsKey, RateLimited
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.http import NotFound
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import polars as pl

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.http import Got

TITLE = "Massive"
HISTORY = timedelta(days=366 * 6)
# How far back the free plan reaches; a larger one gives more of what is asked for.
REACH = timedelta(days=730)
MINUTES = timedelta(days=5)
MOST_PAGES = 20

_KINDS = {
    "CS": "stock", "ADRC": "stock", "ADRP": "stock", "GDR": "stock", "NYRS": "stock", "PFD": "stock", "OS": "stock",
    "ETF": "etf", "ETV": "etf", "ETS": "etf", "ETN": "etf", "FUND": "fund", "BOND": "bond", "INDEX": "index"}  # fmt: skip
_EXCHANGES = {
    "IEXG": "IEX",
    "XNAS": "NASDAQ", "XNYS": "NYSE", "ARCX": "NYSE Arca", "XASE": "NYSE American", "BATS": "Cboe BZX"}  # fmt: skip


class MassiveProvider(Service):
    """US stocks at the end of the day; what a symbol is."""

    id = "massive"
    title = "Massive (Polygon)"
    address = "https://api.massive.com"
    datasets = frozenset({"bars", "minute_bars", "dividends", "splits", "instruments"})
    windows = (Window(5, 60),)
    delayed = True
    needs_key = True
    brings = {"dividends": frozenset({"splits"})}
    cost = {"dividends": 2}
    reach = {"bars": REACH}

    def headers(self) -> dict[str, str]:
        """The key."""
        return {"Authorization": f"Bearer {self.key()}"}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive, the one for the asked dataset last. Raises ProviderError."""
        ask = {
            "bars": self._bars,
            "minute_bars": self._bars,
            "dividends": self._dividends,
            "splits": self._splits,
            "instruments": self._instrument,
        }[request.dataset]
        foreign = tuple(symbol for symbol in request.symbols if wire.dotted(symbol) is None)
        if foreign:
            yield self.nothing(request.dataset, foreign)
        for symbol in request.symbols:
            theirs = wire.dotted(symbol)
            if theirs is not None:
                progress(None, f"{request.dataset} of {symbol} from {self.title}")
                yield from ask(request, symbol, theirs)

    def _bars(self, request: Request, symbol: str, theirs: str) -> Iterator[Answer]:
        now = self.around.clock()
        today = wire.exchange_day(now)
        daily = request.dataset == "bars"
        first = request.start or today - (HISTORY if daily else MINUTES)
        last = max(min(request.end or today, today), first)
        span = f"{'day' if daily else 'minute'}/{first.isoformat()}/{last.isoformat()}"

        def read(pages: list[Any]) -> pl.DataFrame:
            if not daily:
                return parse_minute_bars(pages, symbol, theirs)
            return parse_bars(pages, symbol, theirs, wire.last_finished_day(now))

        path = f"/v2/aggs/ticker/{quote(theirs)}/range/1/{span}"
        params = {"adjusted": "true", "sort": "asc", "limit": "50000"}
        frame, got = self._pages(request.dataset, symbol, theirs, "aggregates", path, params, read)
        missing = (symbol,) if frame.is_empty() else ()
        yield self.answer(request.dataset, frame, got, "aggregates", symbol, missing=missing)

    def _splits(self, request: Request, symbol: str, theirs: str) -> Iterator[Answer]:
        frame, got = self._split_history(request.dataset, symbol, theirs)
        yield self.answer("splits", frame, got, "splits", symbol)

    def _dividends(self, request: Request, symbol: str, theirs: str) -> Iterator[Answer]:
        splits, got = self._split_history(request.dataset, symbol, theirs)
        today = wire.exchange_day(self.around.clock())
        params = {"ticker": theirs, "limit": "1000"}
        if request.start:
            params["ex_dividend_date.gte"] = request.start.isoformat()
        if request.end:
            params["ex_dividend_date.lte"] = request.end.isoformat()
        dividends, second = self._pages(
            request.dataset,
            symbol,
            theirs,
            "dividends",
            "/v3/reference/dividends",
            params,
            lambda pages: parse_dividends(pages, symbol, theirs, splits, today),
        )
        yield self.answer("splits", splits, got, "splits", symbol)
        yield self.answer("dividends", dividends, second, "dividends", symbol)

    def _split_history(self, dataset: str, symbol: str, theirs: str) -> tuple[pl.DataFrame, Got]:
        """All of them, whatever the days asked for: dividends are stated per share of today."""
        return self._pages(
            dataset,
            symbol,
            theirs,
            "splits",
            "/v3/reference/splits",
            {"ticker": theirs, "limit": "1000"},
            lambda pages: parse_splits(pages, symbol, theirs),
        )

    def _instrument(self, request: Request, symbol: str, theirs: str) -> Iterator[Answer]:
        path = f"/v3/reference/tickers/{quote(theirs)}"
        try:
            frame, got = self.ask(
                "instruments", symbol, "ticker-details", path, None, lambda whole: parse_details(whole, symbol, theirs)
            )
        except NotFound as error:
            if not _unknown(error.got.body):
                raise
            yield self.answer("instruments", schemas.INSTRUMENTS.empty(), error.got, "ticker-details", symbol, missing=(symbol,))
            return
        yield self.answer("instruments", frame, got, "ticker-details", symbol)

    def _pages(
        self,
        dataset: str,
        symbol: str,
        theirs: str,
        endpoint: str,
        path: str,
        params: Mapping[str, str],
        parse_all: Callable[[list[Any]], pl.DataFrame],
    ) -> tuple[pl.DataFrame, Got]:
        """Every page of an answer through `parse_all`, as if it were one.

        The next page is named by a whole address; only its path and query are used, so that the key goes nowhere else.
        """
        pages: list[Any] = []
        gots: list[Got] = []
        seen: set[str] = set()
        while True:

            def read(whole: Any) -> tuple[pl.DataFrame | None, str | None]:
                pages.append(results(whole, theirs))
                following = wire.text(whole.get("next_url"))
                if following in seen or len(pages) > MOST_PAGES:
                    raise BadPayload(f"{TITLE} sent pages without an end.", "What is stored stays usable; try again later.")
                return (None, following) if following else (parse_all(pages), None)

            (parsed, following), got = self.ask(dataset, symbol, endpoint, path, params, read)
            gots.append(got)
            if following is None:
                assert parsed is not None
                return parsed, together(gots)
            seen.add(following)
            there = urlsplit(following)
            path, params = there.path, {name: value for name, value in parse_qsl(there.query) if name.lower() != "apikey"}


def results(whole: Any, theirs: str) -> list[Mapping[str, Any]]:
    """The rows of an answer. Raises NeedsKey, RateLimited or BadPayload for an error that came as HTTP 200."""
    answer = _stated(whole)
    if answer.get("ticker", theirs) != theirs:
        raise BadPayload(f"{TITLE} sent data of another symbol when asked for {theirs}.", "Try again later.")
    if answer.get("results") is None:
        if answer.get("resultsCount") == 0 or answer.get("queryCount") == 0 or answer.get("count") == 0:
            return []
        raise BadPayload(f"{TITLE} sent an answer without results.", "What is stored stays usable; try again later.")
    return wire.rows_of(answer["results"], TITLE, "results")


def parse_bars(pages: list[Any], symbol: str, theirs: str, finished: date) -> pl.DataFrame:
    """BARS up to the day `finished`, adjusted for splits; a day is stamped with an instant of it in New York."""
    rows = [
        {"symbol": symbol, "date": on, **_prices(bar)}
        for bar in _of(pages, theirs, "T")
        if (on := wire.exchange_day(_at(bar))) <= finished
    ]
    return wire.frame(rows, schemas.BARS)


def parse_minute_bars(pages: list[Any], symbol: str, theirs: str) -> pl.DataFrame:
    """MINUTE_BARS, adjusted for splits."""
    return wire.frame(
        ({"symbol": symbol, "at": _at(bar), **_prices(bar)} for bar in _of(pages, theirs, "T")), schemas.MINUTE_BARS
    )


def parse_splits(pages: list[Any], symbol: str, theirs: str) -> pl.DataFrame:
    """SPLITS: `split_from` old shares became `split_to` new ones."""
    found: dict[date, float] = {}
    for row in _of(pages, theirs, "ticker"):
        on, new, old = wire.day(row["execution_date"]), wire.number(row["split_to"]), wire.number(row["split_from"])
        if on is not None and new and old:
            found[on] = new / old
    return wire.frame(({"symbol": symbol, "ex_date": on, "ratio": ratio} for on, ratio in found.items()), schemas.SPLITS)


def parse_dividends(pages: list[Any], symbol: str, theirs: str, splits: pl.DataFrame, today: date) -> pl.DataFrame:
    """DIVIDENDS per share of `today`, from amounts per share of their own day; payments with one ex-date are one dividend."""
    ratios = list(zip(splits["ex_date"].to_list(), splits["ratio"].to_list(), strict=True))
    found: dict[date, dict[str, Any]] = {}
    for row in _of(pages, theirs, "ticker"):
        on, cash = wire.day(row["ex_dividend_date"]), wire.number(row["cash_amount"])
        if on is None or cash is None:
            continue
        currency = wire.text(row.get("currency"))
        dividend = found.setdefault(
            on,
            {
                "symbol": symbol,
                "ex_date": on,
                "amount": 0.0,
                "currency": currency.upper() if currency else "USD",
                "pay_date": wire.day(row.get("pay_date")),
            },
        )
        dividend["amount"] += cash / wire.split_factor(ratios, on, today)
    return wire.frame(found.values(), schemas.DIVIDENDS)


def parse_details(whole: Any, symbol: str, theirs: str) -> pl.DataFrame:
    """INSTRUMENTS: one row. The industry is the SEC's (SIC); a sector is not stated, nor where the company has its seat."""
    row = wire.mapping(_stated(whole).get("results"), TITLE, "description of the symbol")
    if wire.text(row["ticker"]) is None:
        raise BadPayload(f"{TITLE} described a symbol without saying which.", "Try again later.")
    if row["ticker"].upper() != theirs:
        raise BadPayload(f"{TITLE} described {row['ticker']} when asked for {symbol}.", "Try again later.")
    currency, industry, venue = (wire.text(row.get(name)) for name in ("currency_name", "sic_description", "primary_exchange"))
    described = {
        "symbol": symbol,
        "name": wire.text(row["name"]),
        "kind": _KINDS.get(str(row.get("type")), "index" if row.get("market") == "indices" else "other"),
        "exchange": _EXCHANGES.get(venue, venue) if venue else None,
        "currency": currency.upper() if currency else None,
        "industry": industry.capitalize() if industry else None,
        "website": wire.text(row.get("homepage_url")),
        "summary": wire.text(row.get("description")),
    }
    return wire.frame([described], schemas.INSTRUMENTS)


def _stated(whole: Any) -> Mapping[str, Any]:
    answer = wire.mapping(whole, TITLE, "answer")
    status = str(answer.get("status") or "OK").upper()
    told = (wire.text(answer.get("error")) or wire.text(answer.get("message")) or "").partition("http")[0].strip().rstrip(".")
    if "maximum requests" in told.lower():
        raise RateLimited(f"{TITLE} asks us to slow down.", "What is stored stays usable.")
    if status == "NOT_AUTHORIZED":
        raise NeedsKey(f"{TITLE} refused the request.", "Check the key and the plan it belongs to.", setting="massive")
    if status not in ("OK", "DELAYED"):
        raise BadPayload(f"{TITLE} refused{': ' + told if told else ''}.", "Try again later.")
    if answer.get("adjusted") is False:
        raise BadPayload(f"{TITLE} sent unadjusted prices when asked for adjusted ones.", "Try again later.")
    return answer


def _of(pages: list[Any], theirs: str, name: str) -> Iterator[Mapping[str, Any]]:
    """The rows of every page; those of another symbol are what was not asked for."""
    for row in (row for page in pages for row in page):
        if row.get(name, theirs) != theirs:
            raise BadPayload(f"{TITLE} sent data of another symbol when asked for {theirs}.", "Try again later.")
        yield row


def _prices(bar: Mapping[str, Any]) -> dict[str, float | None]:
    letters = (("open", "o"), ("high", "h"), ("low", "l"), ("close", "c"), ("volume", "v"))
    return {name: wire.number(bar[letter]) for name, letter in letters}


def _at(bar: Mapping[str, Any]) -> Any:
    at = wire.millis(bar["t"])
    if at is None:
        raise ValueError("a bar without a time")
    return at


def _unknown(body: bytes) -> bool:
    """Whether a 404 speaks of the symbol, and not of the address."""
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("status") == "NOT_FOUND"
