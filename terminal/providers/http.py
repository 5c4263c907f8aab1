"""The one way our own providers speak HTTP: time-outs, redirects, retries of reads, and a record of each request.

Reads (GET) are retried when nothing came or the server was overloaded, waiting as long as `Retry-After` says; nothing
else is ever retried. An error that a service sends as HTTP 200 (a web page, nothing, half a JSON) is a BadPayload.
No error or log line of this module holds an address' query or a header, because a key may be part of either.
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

    # What a form is made of, and headers of this request alone.
    _Sent = tuple[Mapping[str, str], Mapping[str, str]]

CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
ATTEMPTS = 3
LONGEST_PAUSE = 5.0
# A service that sends a byte now and then never runs into the read time-out: a whole answer may take this many of them.
WHOLE_ANSWER = 4
LARGEST_ANSWER = 200_000_000
LONGEST_RETRY_AFTER = timedelta(days=31)
MOST_REDIRECTS = 6
# What still goes to another host that a service sends us on to. A key in any other header stays behind.
HARMLESS = ("user-agent", "accept", "accept-encoding", "accept-language", "connection", "host")


@dataclass(frozen=True, slots=True)
class Got:
    """One finished request: what came, when, and what is remembered of it in the fetch log."""

    body: bytes
    status: int
    started_at: datetime
    finished_at: datetime
    sha256: str
    headers: Mapping[str, str]

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished_at - self.started_at).total_seconds()


class NotFound(BadPayload):
    """HTTP 404. Some services say so of a symbol they do not know: `got.body` has their words."""

    got: Got


class Http:
    """One client for one provider. Must not be used on the window's thread; `clock` is wall time in UTC.

    `read_seconds`: how long to wait for the next bytes. `key_setting` names the key to check when we are refused, "" for
    a service that takes none. `heard` is told of every answer that came, also one that says no.
    """

    def __init__(
        self,
        title: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_seconds: float = READ_SECONDS,
        key_setting: str = "",
        heard: Callable[[Got], None] = lambda _got: None,
    ) -> None:
        self.title = title
        self.base_url = base_url.rstrip("/")
        self._heard = heard
        self._headers = dict(headers or {})
        self._clock = clock
        self._read = read_seconds
        self._key_setting = key_setting
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Got:
        """The answer to a read. Raises RateLimited, NeedsKey, Unavailable or BadPayload, each saying what to do.

        An error that the service itself sent carries its answer as `got`.
        """
        import stamina

        _off_the_window()
        last: list[ProviderError] = []

        def again(error: Exception) -> bool | float:
            if not isinstance(error, _Retry):
                return False
            last[:] = [error.error]
            return True if error.pause is None else error.pause

        try:
            for attempt in stamina.retry_context(
                on=again, attempts=ATTEMPTS, timeout=self._read * 2, wait_initial=0.2, wait_max=2.0
            ):
                with attempt:
                    return self._once(path, params)
        except _Retry as error:
            raise error.error from error.error.__cause__
        raise last[0] if last else Unavailable(f"{self.title} could not be reached.")

    def get_json(self, path: str, params: Mapping[str, str] | None = None) -> tuple[Any, Got]:
        """The answer as JSON. A web page, an empty or a broken-off answer is a BadPayload."""
        got = self.get(path, params)
        return read_json(got.body, self.title), got

    def post(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Got:
        """The answer to a form, which is sent once: it is never tried again, and never sent on to another address.

        Raises as `get` does.
        """
        _off_the_window()
        try:
            return self._once(path, None, (form, headers))
        except _Retry as error:
            raise error.error from error.error.__cause__

    def close(self) -> None:
        """Let go of the connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _once(self, path: str, params: Mapping[str, str] | None, sent: _Sent | None = None) -> Got:
        started = self._clock()
        failed: Exception | None = None
        try:
            status, headers, body = self._read_all(path, params) if sent is None else self._send(path, *sent)
        except Exception as error:
            failed = self._told(error)
            if failed is None:
                raise
        if failed is not None:
            # Not raised above: the error would keep what it follows, and with it the request, whose address may hold a key.
            raise failed
        got = Got(body, status, started, self._clock(), hashlib.sha256(body).hexdigest(), headers)
        self._heard(got)
        try:
            self._judge(got)
        except _Retry as retry:
            retry.error.got = got  # type: ignore[attr-defined]
            raise
        except ProviderError as error:
            error.got = got  # type: ignore[attr-defined]
            raise
        return got

    def _told(self, error: Exception) -> ProviderError | _Retry | None:
        """What the user is told when no answer came; None for what is a defect of ours."""
        import httpx

        title = self.title
        if isinstance(error, ProviderError):
            return error
        if isinstance(error, httpx.TimeoutException):
            return Unavailable(f"{title} did not answer in time.", "Check the connection and try again.", _nameless(error))
        if isinstance(error, httpx.DecodingError):
            return BadPayload(f"{title} sent an answer that cannot be unpacked.", "Try again in a minute.", _nameless(error))
        if isinstance(error, (httpx.LocalProtocolError, UnicodeEncodeError)):
            # Their texts quote the header, which is the key.
            return NeedsKey(
                f"The key kept for {title} holds characters that no key has.",
                "Enter it again, without blanks or line breaks.",
                setting=self._key_setting,
            )
        if isinstance(error, (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError)):
            return Unavailable(
                f"The address set for {title} is not one.",
                "An address looks like https://host; clear the setting for the service's own.",
            )
        if isinstance(error, httpx.TooManyRedirects):
            return Unavailable(f"{title} sends us round in circles.", "Check the address set for it.")
        if isinstance(error, httpx.HTTPError):
            hint = "Check the connection; what is stored stays usable."
            return _Retry(Unavailable(f"{title} could not be reached.", hint, _nameless(error)), None)
        return None

    def _read_all(self, path: str, params: Mapping[str, str] | None) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body, read within a limit of time and size."""
        import httpx

        deadline = time.monotonic() + self._read * WHOLE_ANSWER
        client = self._open()
        request = client.build_request("GET", self.base_url + path, params=params)
        for _ in range(MOST_REDIRECTS):
            response, body = self._answer(request, deadline)
            if response.next_request is None:
                return response.status_code, dict(response.headers), body
            request = _without_keys(response.next_request, httpx.URL(self.base_url))
        raise httpx.TooManyRedirects("", request=request)

    def _send(self, path: str, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        request = self._open().build_request("POST", self.base_url + path, data=dict(form), headers=dict(headers))
        response, body = self._answer(request, time.monotonic() + self._read * WHOLE_ANSWER)
        if response.next_request is not None:
            raise Unavailable(f"{self.title} asks for what we send elsewhere.", "Check the address set for it.")
        return response.status_code, dict(response.headers), body

    def _answer(self, request: httpx.Request, deadline: float) -> tuple[httpx.Response, bytes]:
        import httpx

        response = self._open().send(request, stream=True)
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the whole answer took too long")
                if len(body) > LARGEST_ANSWER:
                    raise BadPayload(f"{self.title} sent an answer without an end.", "Try again later.")
        finally:
            response.close()
        return response, bytes(body)

    def _judge(self, got: Got) -> None:
        status = got.status
        if status < 400:
            return
        until = retry_at(got.headers.get("retry-after"), got.finished_at)
        pause = None if until is None else max((until - got.finished_at).total_seconds(), 0.0)
        if status == 429:
            limited = RateLimited(
                f"{self.title} asks us to slow down (HTTP 429).", "What is stored stays usable.", retry_at=until
            )
            if pause is not None and pause <= LONGEST_PAUSE:
                raise _Retry(limited, pause)
            raise limited
        if status in (401, 403) and not self._key_setting:
            raise Unavailable(
                f"{self.title} refused the request (HTTP {status}).", "It may be asked too fast, or not from this network."
            )
        if status in (401, 403):
            raise NeedsKey(
                f"{self.title} refused the request (HTTP {status}).",
                "Check the key and the plan it belongs to.",
                setting=self._key_setting,
            )
        if status >= 500:
            down = Unavailable(f"{self.title} answered with an error (HTTP {status}).", "Try again in a few minutes.")
            if pause is not None and pause > LONGEST_PAUSE:
                raise down
            raise _Retry(down, pause)
        kind = NotFound if status == 404 else BadPayload
        raise kind(f"{self.title} does not know what was asked (HTTP {status}).", "Check the symbol and the service's address.")

    def _open(self) -> httpx.Client:
        import httpx

        with self._lock:
            if self._client is None:
                self._client = httpx.Client(
                    headers=self._headers,
                    timeout=httpx.Timeout(self._read, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
                )
            return self._client


class _Retry(Exception):  # noqa: N818 - carries the error that stands if no further try succeeds
    def __init__(self, error: ProviderError, pause: float | None) -> None:
        super().__init__(error.message)
        self.error = error
        self.pause = pause


def read_json(body: bytes, title: str) -> Any:
    """JSON, or BadPayload in words a user understands."""
    if not body.strip():
        raise BadPayload(f"{title} sent an empty answer.", "Try again in a minute.")
    if body.lstrip()[:1] == b"<":
        raise BadPayload(f"{title} sent a web page instead of data.", "Try again later or from another network.")
    try:
        return json.loads(body)
    except UnicodeDecodeError:
        raise BadPayload(f"{title} sent bytes that are not text.", "Try again in a minute.") from None
    except ValueError:
        raise BadPayload(f"{title}'s answer broke off or is not valid JSON.", "Try again in a minute.") from None


def retry_at(text: str | None, now: datetime) -> datetime | None:
    """The moment a `Retry-After` header names: seconds or an HTTP date; None for what is neither or beyond a month."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    else:
        if not math.isfinite(seconds) or abs(seconds) > LONGEST_RETRY_AFTER.total_seconds():
            return None
        moment = now + timedelta(seconds=seconds)
    return moment if moment - now <= LONGEST_RETRY_AFTER else None


def _nameless(error: Exception) -> Exception:
    """What went wrong, without the request that httpx keeps beside it: its address may hold a key."""
    text = str(error)
    return type(error)("" if "://" in text or "?" in text else text)


def _without_keys(request: httpx.Request, home: httpx.URL) -> httpx.Request:
    """The request that follows a redirect; to another host it takes nothing along that may be a key."""
    there = (request.url.scheme, request.url.host, request.url.port)
    if there in ((home.scheme, home.host, home.port), ("https", home.host, None if home.port in (None, 80) else home.port)):
        return request
    for name in [name for name in request.headers if name.lower() not in HARMLESS]:
        del request.headers[name]
    return request


def _off_the_window() -> None:
    """Waiting for a service on the thread that runs the window's event loop would freeze it."""
    import sys

    qt = sys.modules.get("PySide6.QtCore")
    if qt is not None and threading.current_thread() is threading.main_thread() and qt.QThread.currentThread().loopLevel() > 0:
        raise RuntimeError("a provider was asked on the window's thread")


__all__ = ["Got", "Http", "NotFound", "read_json", "retry_at"]
