"""A server on loopback that answers as a test says, and remembers what it was asked."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Reply:
    """What to answer. `seconds`: wait before; `drop`: close without an answer, after that wait; `close`: no keep-alive."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    drop: bool = False
    close: bool = False


@dataclass
class Asked:
    """One request; `form`: what a POST sent."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    method: str = "GET"
    form: dict[str, str] = field(default_factory=dict)


class Loopback:
    """`answer(asked)` gives the reply; `asked` is everything since the last `clear`. `url` has no slash at its end."""

    def __init__(self) -> None:
        self.answer: Callable[[Asked], Reply] = lambda _asked: Reply(b"{}")
        self.asked: list[Asked] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.do_GET()

            def do_GET(self) -> None:
                there = urlsplit(self.path)
                sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                headers = dict(self.headers.items())
                asked = Asked(there.path, dict(parse_qsl(there.query)), headers, self.command, dict(parse_qsl(sent)))
                outer.asked.append(asked)
                reply = outer.answer(asked)
                time.sleep(reply.seconds)
                if reply.drop:
                    self.close_connection = True
                    return
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.send_response(reply.status)
                    for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(reply.body)))
                    if reply.close:
                        self.send_header("Connection", "close")
                    self.end_headers()
                    self.wfile.write(reply.body)
                    return
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def say(self, replies: dict[str, Any]) -> None:
        """Answer a path that contains a key with its value: bytes, a Reply, JSON, or a function of the request."""

        def answer(asked: Asked) -> Reply:
            for part, said in replies.items():
                if part in asked.path:
                    reply = said(asked) if callable(said) else said
                    if isinstance(reply, Reply):
                        return reply
                    return Reply(reply if isinstance(reply, bytes) else json.dumps(reply).encode())
            return Reply(b'{"message": "no such path"}', 404)

        self.answer = answer

    def clear(self) -> None:
        """Forget what was asked."""
        self.asked.clear()

    def close(self) -> None:
        """End the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)


@contextlib.contextmanager
def serving() -> Iterator[Loopback]:
    """A Loopback for the time of a `with`."""
    server = Loopback()
    try:
        yield server
    finally:
        server.close()
