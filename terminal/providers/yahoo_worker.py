"""The process that talks to Yahoo Finance: yfinance's session, cookie and crumb; our own parsing of the raw answers.

It runs beside the program at low priority because yfinance brings pandas, which must not live in the window's process.
Requests come over a pipe, answers go back as Arrow bytes. yfinance is used for what is hard to do oneself (a browser's
TLS, the cookie, the crumb); its `history()` and `info` are not, because they round, repair and rename silently.

One rate limit costs one request: yfinance would answer a 429 with six more (it changes its cookie strategy and tries
again), so the session stops it by raising first.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from terminal.errors import BadPayload, ProviderError, RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from terminal.providers.yahoo_parse import Parsed

IDLE_SECONDS = 120.0
CONNECT_SECONDS = 5.0
CALL_SECONDS = 12.0
DOOR_SECONDS = 4.0
DOOR_PAUSE = 600.0
MODULES = (
    "assetProfile",
    "summaryDetail",
    "defaultKeyStatistics",
    "financialData",
    "price",
    "quoteType",
    "calendarEvents",
    "earningsHistory",
    "earningsTrend",
    "fundProfile",
    "topHoldings",
)
_DATA_HOSTS = ("query1.finance.yahoo.com", "query2.finance.yahoo.com")
_COOKIE_HOST = "fc.yahoo.com"
_QUERY = "https://query2.finance.yahoo.com"


@dataclass(frozen=True, slots=True)
class Job:
    """What the parent asks. `base` "" means Yahoo's own addresses; `now` is the program's clock, which all times follow."""

    dataset: str
    symbols: tuple[str, ...]
    start: date | None
    end: date | None
    base: str
    cache: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it went over the wire."""

    endpoint: str
    started_at: datetime
    finished_at: datetime
    http_status: int | None = None
    bytes: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One dataset of an answer, as it crosses the pipe."""

    dataset: str
    arrow: bytes
    seen: Seen
    as_of: datetime | None
    delayed: bool
    missing: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error, as it crosses the pipe; `kind` is the name of a class of terminal.errors."""

    kind: str
    message: str
    hint: str
    retry_at: datetime | None
    seen: Seen | None


class _Stopped(Exception):  # noqa: N818 - not an error of ours: it stops yfinance's own retries
    """The service answered so that asking again at once would be wrong."""

    def __init__(self, status: int, body: bytes, retry_after: str | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.body = body
        self.retry_after = retry_after


def serve(pipe: Connection) -> None:
    """Answer jobs until the parent closes the pipe or nothing was asked for two minutes."""
    from terminal.providers.service import MISSHAPEN

    _be_humble()
    client: Client | None = None
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while pipe.poll(IDLE_SECONDS):
            job = pipe.recv()
            if job is None:
                return
            if client is None or (client.base, client.cache) != (job.base, job.cache):
                client = Client(job.base, job.cache)
            try:
                for part in client.answer(job):
                    pipe.send(part)
                pipe.send(None)
            except ProviderError as error:
                pipe.send(Trouble(type(error).__name__, error.message, error.hint, getattr(error, "retry_at", None), client.seen))
            except MISSHAPEN:
                told = "Yahoo Finance sent an answer of an unexpected shape."
                pipe.send(Trouble("BadPayload", told, "What is stored stays usable; try again later.", None, client.seen))


class _Door:
    """Cookie and crumb are asked once in ten minutes, whether they were given or refused."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, Any]] = {}
        self._barred_until = 0.0

    def known(self, url: str) -> Any:
        """What was answered lately. Raises ConnectionError (yfinance then goes on without) where it was a refusal."""
        at, response = self._seen.get(url, (0.0, None))
        if url.endswith("getcrumb") and self.barred():
            raise ConnectionError("no crumb for now")
        return response if response is not None and time.monotonic() - at < DOOR_PAUSE and not url.endswith("getcrumb") else None

    def opened(self, url: str, response: Any, *, crumb: bool) -> Any:
        """Remember an answer; a refused crumb is not taken for a crumb."""
        self._seen[url] = (time.monotonic(), response)
        if crumb and (response.status_code == 429 or "Too Many Requests" in response.text):
            self._barred_until = time.monotonic() + DOOR_PAUSE
            raise ConnectionError("no crumb for now")
        return response

    def barred(self) -> bool:
        """Whether the crumb was refused lately."""
        return time.monotonic() < self._barred_until


class Client:
    """Yahoo Finance behind yfinance's session."""

    def __init__(self, base: str, cache: str) -> None:
        import yfinance
        from yfinance.data import YfData

        self.base = base.rstrip("/")
        self.cache = cache
        self.seen: Seen | None = None
        self.door = _Door()
        logging.getLogger("yfinance").setLevel(logging.CRITICAL + 1)
        yfinance.config.debug.hide_exceptions = False
        yfinance.config.network.retries = 0
        if cache:
            yfinance.set_tz_cache_location(cache)
        self._data = YfData(session=_session(self))
        self._deadline = 0.0
        self._shift = timedelta()

    def answer(self, job: Job) -> Iterator[Part]:
        """Everything the job's dataset brings, part by part. Raises ProviderError."""
        from terminal.providers import yahoo_parse as parse

        self._shift = job.now - datetime.now(UTC)
        now = job.now
        symbol = job.symbols[0]
        try:
            if job.dataset in ("bars", "dividends", "splits"):
                yield from self._parts(parse.parse_chart(self._chart(symbol, job, "1d"), symbol, now))
            elif job.dataset == "minute_bars":
                yield from self._parts(parse.parse_chart(self._chart(symbol, job, "1m"), symbol, now, "1m"))
            elif job.dataset == "quotes":
                body = self._get("quote", "/v7/finance/quote", {"symbols": ",".join(job.symbols)})
                parsed, missing = parse.parse_quotes(body, job.symbols)
                yield from self._parts(parsed, {"quotes": missing})
            elif job.dataset in ("facts", "instruments", "earnings"):
                yield from self._company(symbol, job.dataset, now)
            elif job.dataset == "chains":
                yield from self._options(symbol, job)
            elif job.dataset == "headlines":
                body = self._get("search", "/v1/finance/search", {"q": symbol, "quotesCount": "1", "newsCount": "20"})
                yield from self._parts([parse.parse_news(body, symbol)])
            else:
                raise BadPayload(f"Yahoo Finance has no {job.dataset}.")
        except parse.UnknownSymbolError as error:
            from terminal.domain.schemas import DATASETS

            yield self._part(parse.Parsed(job.dataset, DATASETS[job.dataset].empty()), (symbol,), str(error))

    def _options(self, symbol: str, job: Job) -> Iterator[Part]:
        """One expiry, `job.start`; without it the nearest one, after a part that lists all there are."""
        from terminal.providers import yahoo_options as options
        from terminal.providers import yahoo_parse as parse

        params = {} if job.start is None else {"date": options.epoch(job.start)}
        body = self._get("options", f"/v7/finance/options/{quote(options.asked_as(symbol))}", params)
        found = options.parse_options(body, symbol)
        if job.start is None:
            import polars as pl

            yield self._part(parse.Parsed("expiries", pl.DataFrame({"expiry": found.expiries}, schema={"expiry": pl.Date})))
        yield self._part(parse.Parsed("chains", found.contracts, found.at, delayed=True))

    def _company(self, symbol: str, dataset: str, now: datetime) -> Iterator[Part]:
        from terminal.providers import yahoo_parse as parse

        body = self._get(
            "quoteSummary", f"/v10/finance/quoteSummary/{quote(symbol)}", {"modules": ",".join(MODULES), "formatted": "false"}
        )
        summary = parse.parse_summary(body, symbol, now)
        order = [part for part in summary if part.dataset != dataset] + [part for part in summary if part.dataset == dataset]
        kind = next(part.frame["kind"][0] for part in summary if part.dataset == "instruments")
        yield from self._parts(order)
        if dataset != "facts" or kind != "stock":
            return
        for frequency in ("quarterly", "annual"):
            with contextlib.suppress(parse.UnknownSymbolError):
                yield from self._parts([parse.parse_statements(self._statements(symbol, frequency), symbol)])

    def _chart(self, symbol: str, job: Job, interval: str) -> bytes:
        end = job.now + timedelta(days=1)
        first = job.start or (end.date() - timedelta(days=366 * 6 if interval == "1d" else 2))
        start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        if job.end is not None:
            end = min(end, datetime(job.end.year, job.end.month, job.end.day, tzinfo=UTC) + timedelta(days=1))
        return self._get(
            "chart",
            f"/v8/finance/chart/{quote(symbol)}",
            {
                "period1": str(int(start.timestamp())),
                "period2": str(int(end.timestamp())),
                "interval": interval,
                "events": "div|split|earn",
            },
        )

    def _statements(self, symbol: str, frequency: str) -> bytes:
        """All items at once; a network that drops such a long address gets the short list of what we read."""
        from yfinance.const import fundamentals_keys

        from terminal.providers.yahoo_fields import STATEMENTS

        path = f"/ws/fundamentals-timeseries/v1/finance/timeseries/{quote(symbol)}"
        wanted = sorted({name for names in STATEMENTS.values() for name in names})
        every = list(dict.fromkeys([*wanted, *(name for names in fundamentals_keys.values() for name in names)]))
        span = {"symbol": symbol, "period1": "493590046", "period2": str(int(self._now().timestamp()))}
        try:
            return self._get("fundamentals-timeseries", path, {**span, "type": ",".join(frequency + name for name in every)})
        except Unavailable as error:
            if self.seen is not None and self.seen.http_status is not None and self.seen.http_status not in (413, 414):
                raise
            if "in time" in error.message:
                raise
            return self._get("fundamentals-timeseries", path, {**span, "type": ",".join(frequency + name for name in wanted)})

    def _get(self, endpoint: str, path: str, params: dict[str, str]) -> bytes:
        """The raw answer. Raises RateLimited, Unavailable, BadPayload; a 404 with JSON is left to the parser."""
        started = self._now()
        self.seen = Seen(endpoint, started, started)
        self._deadline = time.monotonic() + CALL_SECONDS
        try:
            response = self._data.get(_QUERY + path, params=params, timeout=CALL_SECONDS)
            status, body, wait = int(response.status_code), bytes(response.content), response.headers.get("Retry-After")
        except _Stopped as stop:
            status, body, wait = stop.status, stop.body, stop.retry_after
        except ProviderError:
            raise
        except Exception as error:
            self.seen = Seen(endpoint, started, self._now())
            raise _unreachable(error) from error
        finished = self._now()
        self.seen = Seen(endpoint, started, finished, status, len(body), hashlib.sha256(body).hexdigest())
        if status == 429:
            raise RateLimited(
                "Yahoo Finance asks us to slow down (HTTP 429).",
                "It is left alone for a while; what is stored stays usable.",
                retry_at=_retry_at(wait, finished),
            )
        if status == 404 and body.lstrip()[:1] == b"{":
            from terminal.providers.yahoo_parse import UnknownSymbolError

            raise UnknownSymbolError("not found")
        if status in (401, 403):
            raise Unavailable(
                f"Yahoo Finance refused the request (HTTP {status}).", "It may not serve this network; try again later."
            )
        if status >= 400:
            raise Unavailable(f"Yahoo Finance answered with an error (HTTP {status}).", "Try again in a few minutes.")
        return body

    def _parts(self, parsed: list[Parsed], missing: dict[str, tuple[str, ...]] | None = None) -> Iterator[Part]:
        for each in parsed:
            yield self._part(each, (missing or {}).get(each.dataset, ()))

    def _part(self, parsed: Parsed, missing: tuple[str, ...] = (), note: str = "") -> Part:
        assert self.seen is not None
        buffer = io.BytesIO()
        parsed.frame.write_ipc(buffer)
        return Part(parsed.dataset, buffer.getvalue(), self.seen, parsed.as_of, parsed.delayed, missing, note)

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def patience(self, longest: float) -> tuple[float, float]:
        """Time-outs for connecting and reading, which together end with the call (curl adds them up)."""
        whole = min(longest, self.left())
        connect = min(CONNECT_SECONDS, whole / 2)
        return connect, whole - connect

    def left(self) -> float:
        """Seconds this call may still take."""
        return max(self._deadline - time.monotonic(), 0.2)


def _session(client: Client) -> Any:
    """A browser-like session that maps Yahoo's hosts to the base address, keeps the deadline and stops retry storms."""
    backend: Any
    try:
        from curl_cffi import requests as backend

        options: dict[str, Any] = {"impersonate": "chrome"}
    except ImportError:
        import requests as backend

        options = {}

    class Session(backend.Session):  # type: ignore[misc]
        """Only `request` differs."""

        def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
            parts = urlsplit(url)
            crumb = parts.path.endswith("getcrumb")
            data = parts.hostname in _DATA_HOSTS and not crumb
            if (parts.hostname == _COOKIE_HOST or crumb) and (known := client.door.known(url)) is not None:
                return known
            if client.base:
                url = client.base + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            kwargs["timeout"] = client.patience(CALL_SECONDS if data else DOOR_SECONDS)
            response = super().request(method, url, *args, **kwargs)
            if not data:
                return client.door.opened(parts.geturl(), response, crumb=crumb)
            if response.status_code >= 500 and client.left() > 2 and not response.headers.get("Retry-After"):
                time.sleep(0.5)
                kwargs["timeout"] = client.patience(CALL_SECONDS)
                response = super().request(method, url, *args, **kwargs)
            status = response.status_code
            if status in (401, 403) and client.door.barred():
                status = 429
            if status >= 400 and status not in (401, 403):
                raise _Stopped(status, bytes(response.content), response.headers.get("Retry-After"))
            return response

    session = Session(**options)
    if client.base:
        session.trust_env = False
    return session


def _unreachable(error: BaseException) -> ProviderError:
    name = type(error).__name__
    if "Timeout" in name:
        return Unavailable("Yahoo Finance did not answer in time.", "Check the connection and try again.", error)
    if "JSON" in name:
        return BadPayload("Yahoo Finance's answer could not be read.", "Try again in a minute.", error)
    return Unavailable(
        "Yahoo Finance could not be reached.", "Check the connection; with none, what is stored stays usable.", error
    )


def _retry_at(text: str | None, now: datetime) -> datetime | None:
    from terminal.providers.http import retry_at

    return retry_at(text, now)


def _be_humble() -> None:
    """Low priority, so that the window stays smooth; an interrupt is the parent's business."""
    import signal

    with contextlib.suppress(OSError, ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError, AttributeError):
        if sys.platform == "win32":
            import ctypes

            ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), 0x4000)
        else:
            os.nice(10)
