"""Alpaca's market data over plain HTTP: bars and quotes of the IEX feed, headlines, corporate actions, option chains.

The key has two parts, kept as one secret `KEYID:SECRET`, and travels in two headers. Every answer may come in pages; one
request of ours is all of them or nothing.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.errors import BadPayload, NeedsKey
from terminal.providers import alpaca_parse as parse
from terminal.providers import alpaca_trades as trades
from terminal.providers import wire
from terminal.providers.base import quiet
from terminal.providers.budget import Window
from terminal.providers.counters import Counter
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.http import Got

HISTORY = timedelta(days=366 * 6)
MINUTES = timedelta(days=5)
AHEAD = timedelta(days=180)
FEED = "iex"
MOST_PAGES = 60
CONTRACTS = 100


class AlpacaProvider(Service):
    """Live prices of one exchange; option quotes lag by a quarter of an hour."""

    id = "alpaca"
    title = "Alpaca"
    address = "https://data.alpaca.markets"
    datasets = frozenset({"quotes", "bars", "minute_bars", "headlines", "dividends", "splits", "chains"})
    windows = (Window(200, 60),)
    needs_key = True
    counters = (Counter("x-ratelimit-remaining", "x-ratelimit-reset"),)
    brings = {"dividends": frozenset({"splits"}), "splits": frozenset({"dividends"})}
    # Ten thousand bars fit on a page: six years of six symbols.
    batch = {"quotes": 100, "bars": 24, "minute_bars": 6, "dividends": 50, "splits": 50}
    cost = {"bars": 4, "minute_bars": 2, "dividends": 2, "splits": 2, "chains": 4}

    def headers(self) -> dict[str, str]:
        """The two halves of the key."""
        first, colon, second = self.key().strip().partition(":")
        if not (first and colon and second):
            raise NeedsKey(
                "Alpaca needs both parts of its key.",
                "Enter them as one, KEYID:SECRET, with `tapeline preferences key-set alpaca`.",
                setting=self.id,
            )
        return {"APCA-API-KEY-ID": first, "APCA-API-SECRET-KEY": second}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive, the one for the asked dataset last. Raises ProviderError."""
        names = {theirs: symbol for symbol in request.symbols if (theirs := wire.dotted(symbol)) is not None}
        foreign = tuple(symbol for symbol in request.symbols if wire.dotted(symbol) is None)
        if not names:
            yield self.nothing(request.dataset, request.symbols)
            return
        ask = {
            "quotes": self._quotes,
            "bars": self._bars,
            "minute_bars": self._minute_bars,
            "headlines": self._headlines,
            "dividends": self._actions,
            "splits": self._actions,
            "chains": self._chains,
        }[request.dataset]
        yield from ask(request, names, foreign, progress)

    def _quotes(self, request: Request, names: Mapping[str, str], foreign: tuple[str, ...], _: Progress) -> Iterator[Answer]:
        (frame, missing), got = self.ask(
            "quotes",
            self.about(names.values()),
            "snapshots",
            "/v2/stocks/snapshots",
            {"symbols": ",".join(names), "feed": FEED},
            lambda whole: parse.parse_snapshots(whole, names),
        )
        yield self.answer(
            "quotes", frame, got, "snapshots", self.about(names.values()), as_of=frame["at"].max(), missing=missing + foreign
        )

    def _bars(self, request: Request, names: Mapping[str, str], foreign: tuple[str, ...], progress: Progress) -> Iterator[Answer]:
        now = self.around.clock()
        start = request.start or wire.exchange_day(now) - HISTORY
        params = {**self._span(names, start, request.end), "timeframe": "1Day", "adjustment": "split"}
        (frame, missing), got = self._pages(
            request.dataset,
            names,
            "bars",
            "/v2/stocks/bars",
            params,
            progress,
            lambda pages: parse.parse_bars(pages, names, wire.last_finished_day(now)),
        )
        yield self.answer("bars", frame, got, "bars", self.about(names.values()), missing=missing + foreign)

    def _minute_bars(
        self, request: Request, names: Mapping[str, str], foreign: tuple[str, ...], progress: Progress
    ) -> Iterator[Answer]:
        start = request.start or wire.exchange_day(self.around.clock()) - MINUTES
        params = {**self._span(names, start, request.end), "timeframe": "1Min", "adjustment": "split"}
        (frame, missing), got = self._pages(
            request.dataset,
            names,
            "bars",
            "/v2/stocks/bars",
            params,
            progress,
            lambda pages: parse.parse_minute_bars(pages, names),
        )
        yield self.answer(
            "minute_bars", frame, got, "bars", self.about(names.values()), as_of=frame["at"].max(), missing=missing + foreign
        )

    def _headlines(self, request: Request, names: Mapping[str, str], _foreign: tuple[str, ...], _: Progress) -> Iterator[Answer]:
        params = {"symbols": ",".join(names), "limit": "50", "sort": "desc", "include_content": "false"}
        if request.start:
            params["start"] = wire.day_begins(request.start)
        if request.end:
            params["end"] = wire.day_ends(request.end)
        frame, got = self.ask(
            "headlines",
            self.about(names.values()),
            "news",
            "/v1beta1/news",
            params,
            lambda whole: parse.parse_news(parse.page(whole, "news")[0], names),
        )
        yield self.answer("headlines", frame, got, "news", self.about(names.values()), as_of=frame["at"].max())

    def _actions(
        self, request: Request, names: Mapping[str, str], _foreign: tuple[str, ...], progress: Progress
    ) -> Iterator[Answer]:
        today = wire.exchange_day(self.around.clock())
        start = request.start or today - HISTORY
        params = {
            "symbols": ",".join(names),
            "types": "cash_dividend,forward_split,reverse_split",
            "start": start.isoformat(),
            # Up to now at least: a dividend is stated per share of today.
            "end": max(request.end or today + AHEAD, today).isoformat(),
            "limit": "1000",
        }
        (splits, dividends), got = self._pages(
            request.dataset,
            names,
            "corporate_actions",
            "/v1/corporate-actions",
            params,
            progress,
            lambda pages: parse.parse_actions(pages, names, today),
        )
        frames = {"splits": splits, "dividends": dividends}
        for name in sorted(frames, key=lambda name: name == request.dataset):
            yield self.answer(name, frames[name], got, "corporate-actions", self.about(names.values()))

    def _chains(
        self, request: Request, names: Mapping[str, str], foreign: tuple[str, ...], progress: Progress
    ) -> Iterator[Answer]:
        for theirs, symbol in names.items():
            last, _ = self.ask(
                "chains",
                symbol,
                "latest-trades",
                "/v2/stocks/trades/latest",
                {"symbols": theirs, "feed": FEED},
                partial(parse.parse_last_price, theirs=theirs),
            )
            params = {"feed": "indicative", "limit": "1000"}
            frame, got = self._pages(
                "chains",
                {theirs: symbol},
                "snapshots",
                f"/v1beta1/options/snapshots/{theirs}",
                params,
                progress,
                partial(parse.parse_chain, symbol=symbol, underlying=last),
            )
            missing = (symbol,) if frame.is_empty() else ()
            yield self.answer(
                "chains", frame, got, "option-snapshots", symbol, as_of=frame["at"].max(), missing=missing + foreign, delayed=True
            )
            foreign = ()

    def option_trades(
        self, contracts: Sequence[str], start: datetime | None = None, end: datetime | None = None, progress: Progress = quiet
    ) -> Iterator[Answer]:
        """OPTION_TRADES of contracts from one moment to another; without a start the latest of each. Raises ProviderError.

        A hundred contracts a request. The free plan gives nothing of the last quarter of an hour. Each request counts.
        """
        for at in range(0, len(contracts), CONTRACTS):
            asked = {name: name for name in contracts[at : at + CONTRACTS]}
            params = {"symbols": ",".join(asked)}
            if start is None:
                path, params["feed"] = "/v1beta1/options/trades/latest", "indicative"
            else:
                path = "/v1beta1/options/trades"
                params |= {"start": start.isoformat(), "limit": "10000", "sort": "asc"}
                params |= {} if end is None else {"end": end.isoformat()}
            read = partial(trades.parse_trades, asked=asked)
            (frame, missing), got = self._pages("option_trades", asked, "trades", path, params, progress, read, each_counts=True)
            newest = frame["at"].max() if frame.height else None
            yield self.answer(
                "option_trades", frame, got, "option-trades", as_of=newest, missing=missing, delayed=True)

    def _span(self, names: Mapping[str, str], start: date, end: date | None) -> dict[str, str]:
        params = {"symbols": ",".join(names), "feed": FEED, "limit": "10000", "start": wire.day_begins(start)}
        return {**params, "end": wire.day_ends(end)} if end else params

    def _pages(
        self,
        dataset: str,
        names: Mapping[str, str],
        root: str,
        path: str,
        params: Mapping[str, str],
        progress: Progress,
        parse_all: Any,
        *,
        each_counts: bool = False,
    ) -> tuple[Any, Got]:
        """Every page of an answer through `parse_all`, as if it were one. `each_counts`: the call's cost is that of no page."""
        about = self.about(names.values())
        pages: list[Any] = []
        gots: list[Got] = []
        seen: set[str] = set()
        token: str | None = None
        while True:
            asked = dict(params) if token is None else {**params, "page_token": token}
            if each_counts:
                self.around.spend(lambda seconds: progress(None, f"waiting {max(round(seconds), 1)} s for {self.title}"))

            def read(whole: Any) -> tuple[Any, str | None]:
                found, following = parse.page(whole, root)
                if following in seen or len(pages) >= MOST_PAGES:
                    raise BadPayload("Alpaca sent pages without an end.", "What is stored stays usable; try again later.")
                pages.append(found)
                return (None, following) if following else (parse_all(pages), None)

            (parsed, token), got = self.ask(dataset, about, root.replace("_", "-"), path, asked, read)
            gots.append(got)
            if token is None:
                return parsed, together(gots)
            seen.add(token)
            progress(None, f"{dataset} from {self.title}, page {len(pages) + 1}")
