"""The HTTP client against a real server on loopback that misbehaves on request."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import stamina

from terminal.errors import BadPayload, NeedsKey, ProviderError, RateLimited, Unavailable
from terminal.providers import http as transport
from terminal.providers.http import Http, NotFound, read_json, retry_at
from tests.providers.loopback import Reply, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = b'{"price": 1.5}'


class Handler(BaseHTTPRequestHandler):
    answers: list[tuple[int, bytes, dict[str, str]]] = []
    asked = 0

    def do_GET(self) -> None:
        type(self).asked += 1
        status, body, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        time.sleep(float(headers.pop("X-Sleep", "0")))
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    handler = type("Own", (Handler,), {"answers": [], "asked": 0})
    served = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=served.serve_forever, args=(0.05,))
    thread.start()
    served.handler = handler  # type: ignore[attr-defined]
    yield served
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture
def http(server: Any) -> Iterator[Http]:
    client = Http("Acme Data", f"http://127.0.0.1:{server.server_address[1]}", read_seconds=4.0, key_setting="acme")
    yield client
    client.close()


def test_an_answer_is_recorded_with_times_size_and_checksum(server: Any, http: Http) -> None:
    server.handler.answers = [(302, b"", {"Location": "/new"}), (200, GOOD, {})]
    data, got = http.get_json("/old")
    assert data == {"price": 1.5}
    assert (got.status, len(got.body), got.sha256) == (200, len(GOOD), hashlib.sha256(GOOD).hexdigest())
    assert got.started_at <= got.finished_at
    assert got.seconds >= 0


def test_a_read_is_tried_again_when_the_server_is_overloaded(server: Any, http: Http) -> None:
    server.handler.answers = [(503, b"busy", {}), (429, b"slow", {"Retry-After": "0.2"}), (200, GOOD, {})]
    started = time.monotonic()
    assert http.get_json("/x")[0] == {"price": 1.5}
    assert time.monotonic() - started >= 0.2
    assert server.handler.asked == 3


CASES: list[tuple[int, dict[str, str], type[ProviderError], str, int]] = [
    (429, {"Retry-After": "120"}, RateLimited, "slow down", 1),
    (429, {}, RateLimited, "slow down", 1),
    (500, {}, Unavailable, "HTTP 500", 3),
    (503, {"Retry-After": "60"}, Unavailable, "HTTP 503", 1),
    (403, {}, NeedsKey, "HTTP 403", 1),
    (404, {}, BadPayload, "HTTP 404", 1),
]


@pytest.mark.parametrize(("status", "headers", "kind", "words", "requests"), CASES)
def test_an_error_is_one_sentence(
    status: int, headers: dict[str, str], kind: type[ProviderError], words: str, requests: int, server: Any, http: Http
) -> None:
    server.handler.answers = [(status, b"no", headers)]
    with pytest.raises(kind, match=words) as caught:
        http.get("/x")
    assert caught.value.message.startswith("Acme Data")
    assert caught.value.hint
    assert server.handler.asked == requests
    if headers and isinstance(caught.value, RateLimited):
        assert caught.value.retry_at is not None


def test_a_time_out_is_not_tried_again(server: Any, http: Http) -> None:
    http._read = 1.0
    server.handler.answers = [(200, GOOD, {"X-Sleep": "1.5"})]
    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        http.get("/x")
    assert time.monotonic() - started < 2.5
    assert server.handler.asked == 1


def test_nobody_there(server: Any) -> None:
    client = Http("Acme Data", "http://127.0.0.1:1", read_seconds=1.0)
    with pytest.raises(Unavailable, match="could not be reached"):
        client.get("/x")
    client.close()


@pytest.mark.parametrize(
    ("body", "words"),
    [(b" ", "empty answer"), (b"<html>", "web page"), (b'{"a": [1, 2', "broke off"), (b"\x80\x81\x82", "not text")],
)
def test_errors_sent_as_success_are_bad_payloads(body: bytes, words: str) -> None:
    with pytest.raises(BadPayload, match=words):
        read_json(body, "Acme Data")


def test_retry_after_is_seconds_or_a_date() -> None:
    now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert retry_at("90", now) == now + timedelta(seconds=90)
    assert retry_at("Fri, 20 Nov 2026 16:00:00 GMT", now) == now + timedelta(hours=1)
    assert retry_at("soon", now) is None
    assert [retry_at(text, now) for text in ("inf", "nan", "1e12", "Mon, 01 Jan 2035 00:00:00 GMT", "-1e300")] == [None] * 5
    assert retry_at(None, now) is None


def test_an_error_carries_the_services_own_answer(server: Any, http: Http) -> None:
    server.handler.answers = [(404, b'{"detail": "no such ticker"}', {})]
    with pytest.raises(NotFound) as caught:
        http.get("/x")
    assert caught.value.got.body == b'{"detail": "no such ticker"}'
    server.handler.answers = [(503, b"busy", {})]
    with stamina.set_testing(True, attempts=1), pytest.raises(Unavailable) as down:
        http.get("/x")
    assert down.value.got.status == 503  # type: ignore[attr-defined]


def test_a_service_without_a_key_does_not_ask_to_check_it(server: Any) -> None:
    server.handler.answers = [(403, b"no", {})]
    client = Http("Acme Data", f"http://127.0.0.1:{server.server_address[1]}")
    with pytest.raises(Unavailable, match="refused the request") as caught:
        client.get("/x")
    client.close()
    assert "key" not in caught.value.sentence()


SENT = {"X-Api-Key": "sk-secret-123", "Authorization": "Bearer sk-secret-123", "User-Agent": "tapeline"}


def test_on_the_way_to_another_host_the_key_stays_behind() -> None:
    with serving() as home, serving() as away:
        for server in (home, away):
            server.answer = lambda asked: Reply(b"{}") if asked.path == "/new" else Reply(b"", 307, {"Location": "/new"})
        client = Http("Acme Data", home.url, headers=SENT, key_setting="acme")
        client.get("/old")
        assert home.asked[1].headers["X-Api-Key"] == "sk-secret-123"
        home.answer = lambda _asked: Reply(b"", 302, {"Location": f"{away.url}/new"})
        client.get("/old")
        client.close()
    assert away.asked[0].headers["User-Agent"] == "tapeline"
    assert "sk-secret-123" not in repr(away.asked)


def test_an_answer_that_only_trickles_is_given_up() -> None:
    class Trickle(Handler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for _ in range(40):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)

    served = ThreadingHTTPServer(("127.0.0.1", 0), Trickle)
    thread = threading.Thread(target=served.serve_forever, args=(0.02,))
    thread.start()
    client = Http("Acme Data", f"http://127.0.0.1:{served.server_address[1]}", read_seconds=0.1)
    started = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        client.get("/x")
    assert time.monotonic() - started < 1.5
    client.close()
    served.shutdown()
    served.server_close()
    thread.join()


def test_an_answer_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LARGEST_ANSWER", 1000)
    with serving() as server:
        server.answer = lambda _asked: Reply(b"x" * 2000)
        client = Http("Acme Data", server.url)
        with pytest.raises(BadPayload, match="without an end"):
            client.get("/x")
        client.close()


@pytest.mark.parametrize(("address", "headers", "kind", "words"), [
    ("ftp://127.0.0.1", {}, Unavailable, "address"), ("http://[::1", {}, Unavailable, "address"),
    ("", {"X-Api-Key": "sk-secret-123\r\nX: 1"}, NeedsKey, "characters"),
    ("http://127.0.0.1:1", {"X-Api-Key": "sk-secret-123ï"}, NeedsKey, "characters"),
    ("http://127.0.0.1:1", {}, Unavailable, "reached")])  # fmt: skip
def test_what_cannot_be_sent_names_neither_key_nor_address(address: str, headers: Any, kind: Any, words: str) -> None:
    with serving() as server, stamina.set_testing(True, attempts=1):
        client = Http("Acme Data", address or server.url, headers=headers, key_setting="acme")
        with pytest.raises(kind, match=words) as caught:
            client.get("/x", {"api_key": "sk-secret-123"})
        client.close()
    error: BaseException | None = caught.value
    while error is not None:
        assert "sk-secret-123" not in f"{error!s} {error!r} {vars(error)!r}"
        error = error.__cause__ or error.__context__


def test_the_window_never_waits_for_a_service(qapp: object) -> None:
    from PySide6.QtCore import QEventLoop, QTimer

    told: list[str] = []
    loop = QEventLoop()

    def ask() -> None:
        try:
            transport._off_the_window()
        except RuntimeError as error:
            told.append(str(error))
        finally:
            loop.quit()

    QTimer.singleShot(0, ask)
    loop.exec()
    assert told == ["a provider was asked on the window's thread"]
