"""Finnhub: quotes, profiles, key figures, headlines, earnings dates, ratings and filings of companies listed in the US.

Asked through Finnhub's own SDK, which builds the requests. What it would do with an answer is not used: a hook on its
session takes the raw bytes, status and headers, so that the fetch record, the retries and the words of every error are
the same as for the services that are asked without an SDK. The key goes in a header; the SDK would put it in the
address, where logs and errors show it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from terminal.domain.schemas import DATASETS
from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited
from terminal.providers import finnhub_parse as parse
from terminal.providers import wire
from terminal.providers.budget import Window
from terminal.providers.counters import Counter, reset_at
from terminal.providers.http import CONNECT_SECONDS, LARGEST_ANSWER, MOST_REDIRECTS, WHOLE_ANSWER, Got, Http
from terminal.providers.service import Service, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    import polars as pl
    import requests
    from finnhub import Client  # type: ignore[import-untyped]

    from terminal.providers.base import Answer, Progress, Request
    from terminal.providers.service import Surroundings

KEY_HEADER = "X-Finnhub-Token"
COUNTER = Counter("x-ratelimit-remaining", "x-ratelimit-reset")
# How far back and ahead is asked when the request does not say. What the free plan shows of the calendar has changed over
# the years; to ask for more than it gives does no harm.
LOOKS = {
    "headlines": (timedelta(days=7), timedelta(0)),
    "earnings": (timedelta(days=365), timedelta(days=100)),
    "filings": (timedelta(days=365), timedelta(0)),
}


# Datasets of one request: the endpoint, the SDK's method, the parser, and the column whose newest value it speaks about.
PLAIN = {
    "quotes": ("quote", "quote", parse.parse_quote, "at"),
    "instruments": ("stock/profile2", "company_profile2", parse.parse_profile, ""),
    "headlines": ("company-news", "company_news", parse.parse_news, "at"),
    "ratings": ("stock/recommendation", "recommendation_trends", parse.parse_ratings, ""),
    "filings": ("stock/filings", "filings", parse.parse_filings, "filed_at"),
}
PROFILE, METRIC, CALENDAR, SURPRISES = "stock/profile2", "stock/metric", "calendar/earnings", "stock/earnings"


class FinnhubProvider(Service):
    """One request a symbol, two for facts (figures, and the profile that tells their currency) and for earnings."""

    id = "finnhub"
    title = "Finnhub"
    address = "https://finnhub.io"
    datasets = frozenset({"quotes", "instruments", "facts", "headlines", "earnings", "ratings", "filings"})
    windows = (Window(30, 1), Window(60, 60))
    needs_key = True
    cost = {"facts": 2, "earnings": 2}
    brings = {"facts": frozenset({"instruments"})}
    items = {"facts": parse.ITEMS}
    counters = (COUNTER,)

    def __init__(self, around: Surroundings) -> None:
        super().__init__(around)
        self._through = ("", "")

    def fetch(self, request: Request, progress: Progress) -> Iterator[Answer]:
        """Answers as they arrive; the answer for the asked dataset is the last one. Raises ProviderError."""
        self.key()
        for symbol in request.symbols:
            name = wire.dotted(symbol)
            if name is None:
                yield self.nothing(request.dataset, (symbol,))
                continue
            progress(None, f"{request.dataset} of {symbol} from {self.title}")
            if request.dataset == "facts":
                yield from self._facts(symbol, name)
            elif request.dataset == "earnings":
                yield from self._earnings(symbol, name, request)
            else:
                endpoint, method, parser, newest = PLAIN[request.dataset]
                frame, got = self._read(request.dataset, symbol, endpoint, method, self._arguments(name, request), parser)
                yield self._told(request.dataset, symbol, endpoint, frame, got, newest)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Got:
        """One read: `path` names a method of the SDK's client, `params` are its arguments."""
        wanted = ((self.around.base_url() or self.address).rstrip("/"), self.key())
        with self._lock:
            if self._http is None or self._through != wanted:
                if self._http is not None:
                    self._http.close()
                self._http = SdkHttp(
                    self.title, wanted[0], wanted[1],
                    clock=self.around.clock, read_seconds=self.around.read_seconds, key_setting=self.id,
                    heard=self.heard)  # fmt: skip
                self._through = wanted
            http = self._http
        return http.get(path, params)

    def _facts(self, symbol: str, name: str) -> Iterator[Answer]:
        profile: dict[str, Any] = {}

        def read_profile(answer: Any, asked: str) -> pl.DataFrame:
            frame = parse.parse_profile(answer, asked)
            profile.update(answer)
            return frame

        frame, about = self._read("instruments", symbol, PROFILE, "company_profile2", {"symbol": name}, read_profile)
        if frame is not None:
            yield self._told("instruments", symbol, PROFILE, frame, about)
        figures = partial(parse.parse_metric, profile=profile, day=self._today())
        arguments = {"symbol": name, "metric": "all"}
        frame, got = self._read("facts", symbol, METRIC, "company_basic_financials", arguments, figures)
        yield self._told("facts", symbol, f"{PROFILE}, {METRIC}", frame, together((about, got)))

    def _earnings(self, symbol: str, name: str, request: Request) -> Iterator[Answer]:
        today, arguments = self._today(), self._arguments(name, request)
        frame, got = self._read("earnings", symbol, CALENDAR, "earnings_calendar", arguments, parse.parse_calendar)
        if frame is None or frame.filter(frame["date"] <= today).is_empty():
            yield self._told("earnings", symbol, CALENDAR, frame, got)
            return
        try:
            past, more = self._read("earnings", symbol, SURPRISES, "company_earnings", {"symbol": name}, parse.parse_surprises)
        except ProviderError as error:
            # The calendar stands, only without the quarters that the surprises would name.
            told = self._told("earnings", symbol, CALENDAR, frame, got)
            yield replace(told, fetch=replace(told.fetch, error=f"{SURPRISES}: {error.message}"))
            if isinstance(error, RateLimited):
                raise
            return
        frame = parse.with_surprises(frame, past or [], today)
        yield self._told("earnings", symbol, f"{CALENDAR}, {SURPRISES}", frame, together((got, more)))

    def _arguments(self, name: str, request: Request) -> dict[str, str]:
        """What the SDK's method is called with."""
        if request.dataset not in LOOKS:
            return {"symbol": name}
        back, ahead = LOOKS[request.dataset]
        today = self._today()
        start, end = request.start or today - back, request.end or today + ahead
        return {"symbol": name, "_from": start.isoformat(), "to": max(start, end).isoformat()}

    def _read(
        self, dataset: str, symbol: str, endpoint: str, method: str, arguments: Mapping[str, str], parser: Callable[..., Any]
    ) -> tuple[Any, Got]:
        """What `parser` makes of the answer, None for a symbol that Finnhub does not know."""

        def known(answer: Any) -> Any:
            try:
                return parser(answer, symbol)
            except parse.UnknownSymbolError:
                return None

        try:
            return self.ask(dataset, symbol, endpoint, method, arguments, known)
        except ProviderError as error:
            self._explain(error, endpoint, symbol)
            raise

    def _explain(self, error: ProviderError, endpoint: str, symbol: str) -> None:
        """A plan's border names its endpoint; the hour of a limit is read where Finnhub tells it."""
        got = getattr(error, "got", None)
        if isinstance(error, NeedsKey) and got is not None and got.status == 403:
            error.message = f"Finnhub does not give {endpoint} of {symbol} to this key (HTTP 403): its plan is too small."
            error.hint = "The free plan knows companies listed in the US; the rest needs a paid plan."
            error.args = (error.message,)
            error.fetch = replace(error.fetch, error=error.message)  # type: ignore[attr-defined]
        if isinstance(error, RateLimited) and error.retry_at is None and got is not None:
            error.retry_at = reset_at(got.headers, COUNTER, got.finished_at, timedelta(hours=1))

    def _told(
        self, dataset: str, symbol: str, endpoint: str, frame: pl.DataFrame | None, got: Got, newest: str = ""
    ) -> Answer:
        if frame is None:
            return self.answer(dataset, DATASETS[dataset].empty(), got, endpoint, symbol, missing=(symbol,))
        as_of: Any = frame[newest].max() if newest else None
        return self.answer(dataset, frame, got, endpoint, symbol, as_of=as_of)

    def _today(self) -> date:
        return wire.exchange_day(self.around.clock())


class SdkHttp(Http):
    """The HTTP door, with the requests made by Finnhub's SDK. A path is the name of one of its methods."""

    def __init__(self, title: str, base_url: str, key: str, **named: Any) -> None:
        super().__init__(title, base_url, **named)
        self._key = key
        self._sdk: Client | None = None
        self._came = threading.local()

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._sdk is not None:
                self._sdk.close()
                self._sdk = None

    def _read_all(self, path: str, params: Mapping[str, str] | None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body. What `requests` raises is told in the words that the base knows."""
        import httpx
        import requests

        sdk = self._client_of_the_sdk()
        self._came.answer = None
        self._came.deadline = time.monotonic() + self._read * WHOLE_ANSWER
        try:
            getattr(sdk, path)(**(params or {}))
        except requests.exceptions.InvalidHeader:
            raise httpx.LocalProtocolError("") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            raise httpx.InvalidURL("") from None
        except requests.exceptions.ContentDecodingError:
            raise httpx.DecodingError("") from None
        except requests.exceptions.TooManyRedirects:
            raise httpx.TooManyRedirects("") from None
        except requests.exceptions.RequestException as error:
            raise httpx.ReadTimeout("") if _timed_out(error) else httpx.ConnectError(type(error).__name__) from None
        except (httpx.HTTPError, ProviderError, UnicodeEncodeError):
            raise
        except Exception:
            # The SDK's own opinion of the answer: it is judged by its status and body instead.
            if self._came.answer is None:
                raise
        answer: tuple[int, dict[str, str], bytes] = self._came.answer
        return answer

    def _client_of_the_sdk(self) -> Client:
        import finnhub
        import requests

        took, key, connect, read = self._took, self._key, CONNECT_SECONDS, self._read

        class Session(requests.Session):
            """Leaves the key behind when it is sent on to another host."""

            def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
                super().rebuild_auth(prepared_request, response)
                if self.should_strip_auth(str(response.request.url), str(prepared_request.url)):
                    prepared_request.headers.pop(KEY_HEADER, None)

        class Sdk(finnhub.Client):  # type: ignore[misc]
            API_URL = f"{self.base_url}/api/v1"
            DEFAULT_TIMEOUT = (connect, read)

            @staticmethod
            def _init_session(_key: str, _proxies: Any) -> requests.Session:
                session = Session()
                session.max_redirects = MOST_REDIRECTS
                session.headers.update({"Accept": "application/json", "User-Agent": "finnhub/python", KEY_HEADER: key})
                session.hooks["response"].append(took)
                return session

        with self._lock:
            if self._sdk is None:
                self._sdk = Sdk(key)
            return self._sdk

    def _took(self, response: requests.Response, **_named: Any) -> requests.Response:
        """Read the answer within the limits of time and size, and keep it as it came."""
        import httpx

        body = bytearray()
        try:
            for chunk in response.iter_content(65536):
                body += chunk
                if time.monotonic() > self._came.deadline:
                    raise httpx.ReadTimeout("the whole answer took too long")
                if len(body) > LARGEST_ANSWER:
                    raise BadPayload(f"{self.title} sent an answer without an end.", "Try again later.")
        except BaseException:
            response.close()
            raise
        response._content = bytes(body)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._came.answer = (response.status_code, headers, bytes(body))
        return response


def _timed_out(error: requests.exceptions.RequestException) -> bool:
    """Also a connection that fell silent in the middle of an answer, which `requests` calls a lost one."""
    import requests
    from urllib3.exceptions import ReadTimeoutError

    return isinstance(error, requests.exceptions.Timeout) or any(isinstance(each, ReadTimeoutError) for each in error.args)
