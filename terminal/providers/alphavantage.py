"""Alpha Vantage: the tone of news, company overviews, earnings, daily prices and economic series; 25 requests a day.

It sends its errors as HTTP 200 with a text, and takes its key in the address. So that neither logs nor errors can show
it, the key is put there by the transport, below everything that tells of a request.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.schemas import DATASETS
from terminal.providers import alphavantage_parse as parse
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.http import CONNECT_SECONDS, Got, Http
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx
    import polars as pl

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.service import Surroundings

NEWS_DAYS = timedelta(days=7)
SERIES_DAYS = timedelta(days=800)
MOST_NEWS = "200"
# What the free plan gives of a price history, 100 sessions; to ask for more is refused.
COMPACT_DAYS = timedelta(days=140)
# Besides 5 a minute, more than one request a second is refused.
SPACING = 1.1


class AlphaVantageProvider(Service):
    """One request a symbol, two for bars: prices come as traded, so the splits are asked too.

    The free plan gives the last 100 sessions of a price history (`reach`), a paid one, set as `providers.alphavantage.plan`, all
    of it. Macro symbols are FRED's names of the series (`alphavantage_parse.SERIES`).
    """

    id = "alphavantage"
    title = "Alpha Vantage"
    address = "https://www.alphavantage.co"
    datasets = frozenset({"headlines", "news_sentiment", "facts", "instruments", "earnings", "bars", "macro"})
    windows = (Window(5, 60), Window(25, 86_400))
    needs_key = True
    cost = {"bars": 2}
    brings = {
        "headlines": frozenset({"news_sentiment"}),
        "news_sentiment": frozenset({"headlines"}),
        "facts": frozenset({"instruments"}),
        "instruments": frozenset({"facts"}),
        "bars": frozenset({"splits"}),
    }
    items = {"facts": parse.ITEMS}
    spacing = SPACING

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._base = ""

    @property
    def reach(self) -> Mapping[str, timedelta]:  # type: ignore[override]
        """How far back the user's plan goes."""
        return {} if self.around.setting("plan") == "paid" else {"bars": COMPACT_DAYS}

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive; the answer for the asked dataset is the last one. Raises ProviderError."""
        self.key()
        deliver = {
            "headlines": self._news,
            "news_sentiment": self._news,
            "facts": self._overview,
            "instruments": self._overview,
            "earnings": self._earnings,
            "bars": self._bars,
            "macro": self._series,
        }[request.dataset]
        for symbol in request.symbols:
            if request.dataset != "macro" and wire.dotted(symbol) is None:
                yield self.nothing(request.dataset, (symbol,))
                continue
            progress(None, f"{request.dataset} of {symbol} from {self.title}")
            yield from deliver(symbol, request)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Got:
        """One read, at most one a second. A changed address or key counts from the next read on."""
        base = (self.around.base_url() or self.address).rstrip("/")
        with self._lock:
            if self._http is None or self._base != base:
                if self._http is not None:
                    self._http.close()
                self._http = KeyedHttp(
                    self.title, base, self.key,
                    clock=self.around.clock, read_seconds=self.around.read_seconds, key_setting=self.id,
                    heard=self.heard)  # fmt: skip
                self._base = base
            http = self._http
        self.await_turn()
        return http.get(path, params)

    def _news(self, symbol: str, request: Request) -> Iterator[Answer]:
        start = request.start or wire.exchange_day(self.around.clock() - NEWS_DAYS)
        params = {"tickers": symbol, "time_from": f"{start:%Y%m%d}T0000", "sort": "LATEST", "limit": MOST_NEWS}
        if request.end is not None:
            params["time_to"] = f"{request.end:%Y%m%d}T2359"
        both, got = self._read(request.dataset, symbol, "NEWS_SENTIMENT", params, partial(parse.parse_news, symbol=symbol))
        frames = None if both is None else dict(zip(("headlines", "news_sentiment"), both, strict=True))
        yield from self._told(request.dataset, symbol, "NEWS_SENTIMENT", frames, got, newest="at")

    def _overview(self, symbol: str, request: Request) -> Iterator[Answer]:
        read = partial(parse.parse_overview, symbol=symbol, day=wire.exchange_day(self.around.clock()))
        both, got = self._read(request.dataset, symbol, "OVERVIEW", {"symbol": symbol}, read)
        frames = None if both is None else dict(zip(("instruments", "facts"), both, strict=True))
        yield from self._told(request.dataset, symbol, "OVERVIEW", frames, got)

    def _earnings(self, symbol: str, request: Request) -> Iterator[Answer]:
        frame, got = self._read(
            "earnings", symbol, "EARNINGS", {"symbol": symbol}, partial(parse.parse_earnings, symbol=symbol)
        )
        yield from self._told("earnings", symbol, "EARNINGS", None if frame is None else {"earnings": frame}, got)

    def _bars(self, symbol: str, request: Request) -> Iterator[Answer]:
        now, daily = self.around.clock(), "TIME_SERIES_DAILY"
        short = request.start is not None and wire.exchange_day(now) - request.start <= COMPACT_DAYS
        params = {"symbol": symbol, "outputsize": "compact" if short or self.reach else "full"}
        adjust, got = self._read("bars", symbol, daily, params, lambda answer: parse.daily_reader(answer, symbol, now))
        if adjust is None:
            yield from self._told("bars", symbol, daily, None, got)
            return
        splits, more = self._read("bars", symbol, "SPLITS", {"symbol": symbol}, partial(parse.parse_splits, symbol=symbol))
        if splits is None:
            splits = DATASETS["splits"].empty()  # the prices are known, so it is a company that never split
        yield self.answer("splits", splits, more, "SPLITS", symbol)
        frame = adjust(splits)
        first, last = request.start or date.min, request.end or date.max
        frame = frame.filter((frame["date"] >= first) & (frame["date"] <= last))
        yield self.answer("bars", frame, together((got, more)), f"{daily}, SPLITS", symbol)

    def _series(self, name: str, request: Request) -> Iterator[Answer]:
        today = wire.exchange_day(self.around.clock())
        asked = parse.SERIES.get(name)
        if asked is None:
            yield self.nothing("macro", (name,))
            return
        start, end = request.start or today - SERIES_DAYS, request.end or today
        read = partial(parse.parse_series, series=name, start=start, end=end, seen=today)
        function = asked["function"]
        frame, got = self._read("macro", name, function, asked, read)
        yield from self._told("macro", name, function, None if frame is None else {"macro": frame}, got)

    def _read(
        self, dataset: str, symbol: str, function: str, params: Mapping[str, str], parser: Callable[[Any], Any]
    ) -> tuple[Any, Got]:
        """What `parser` makes of the answer, None for a symbol that Alpha Vantage does not know."""

        def known(answer: Any) -> Any:
            try:
                refused = parse.refusal(answer, self.around.clock())
                if refused is None:
                    return parser(answer)
            except parse.UnknownSymbolError:
                return None
            raise refused

        return self.ask(dataset, symbol, function, "/query", {"function": function, **params}, known)

    def _told(
        self, dataset: str, symbol: str, function: str, frames: Mapping[str, pl.DataFrame] | None, got: Got, newest: str = ""
    ) -> Iterator[Answer]:
        """An answer for each frame, the one for the asked dataset last."""
        if frames is None:
            yield self.answer(dataset, DATASETS[dataset].empty(), got, function, symbol, missing=(symbol,))
            return
        for name in sorted(frames, key=lambda each: each == dataset):
            as_of: Any = frames[name][newest].max() if newest else None
            yield self.answer(name, frames[name], got, function, symbol, as_of=as_of)


class KeyedHttp(Http):
    """Adds the key to the address below everything that tells of a request, and only for the service's own host."""

    def __init__(self, title: str, base_url: str, key: Callable[[], str], **named: Any) -> None:
        super().__init__(title, base_url, **named)
        self._key = key

    def _open(self) -> httpx.Client:
        import httpx

        key, home = self._key, httpx.URL(self.base_url)

        class Keyed(httpx.HTTPTransport):
            def handle_request(self, request: httpx.Request) -> httpx.Response:
                if (request.url.scheme, request.url.host, request.url.port) != (home.scheme, home.host, home.port):
                    return super().handle_request(request)
                url = request.url.copy_set_param("apikey", key())
                sent = httpx.Request(
                    request.method, url, headers=request.headers, stream=request.stream, extensions=request.extensions
                )
                return super().handle_request(sent)

        with self._lock:
            if self._client is None:
                timeout = httpx.Timeout(self._read, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
                self._client = httpx.Client(transport=Keyed(proxy=_proxy(home)), timeout=timeout)
            return self._client


def _proxy(home: httpx.URL) -> str | None:
    """The proxy of the surroundings, which httpx looks for only where it makes the transport itself."""
    from urllib.request import getproxies, proxy_bypass

    known = getproxies()
    return None if proxy_bypass(home.host) else known.get(home.scheme) or known.get("all")
