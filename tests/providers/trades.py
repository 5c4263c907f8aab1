"""A websocket server on loopback that speaks as Finnhub's stream of trades does."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

if TYPE_CHECKING:
    from websockets.http11 import Request, Response
    from websockets.sync.server import ServerConnection

AT = 1_763_676_000_123


class Market:
    """A websocket server: `said` is what clients sent, `connections` who is there now; `status` refuses newcomers.

    `answers`: what a plain request whose path contains the key gets, as JSON, as from Finnhub's other door.
    """

    def __init__(self) -> None:
        self.said: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.connections: list[ServerConnection] = []
        self.status: int | None = None
        self.answers: dict[str, Any] = {}
        quiet = logging.Logger("server", logging.CRITICAL + 1)
        self._server = serve(self._serve, "127.0.0.1", 0, process_request=self._judge, logger=quiet, close_timeout=0.1)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def send(self, message: Any) -> None:
        """Send it to everybody."""
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        for connection in list(self.connections):
            with contextlib.suppress(ConnectionClosed):
                connection.send(text)

    def trade(self, symbol: str, price: float, *, at: int = AT, after: int = 0, volume: float = 10) -> None:
        """One trade, `after` milliseconds after the moment `at`."""
        self.send({"data": [{"c": None, "p": price, "s": symbol, "t": at + after, "v": volume}], "type": "trade"})

    def hang_up(self) -> None:
        """End every connection without a word."""
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End the server."""
        self.hang_up()
        self._server.shutdown()
        self._thread.join(2)

    def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        for part, answer in self.answers.items():
            if part in request.path:
                return connection.respond(200, json.dumps(answer))
        return None if self.status is None else connection.respond(self.status, "no\n")

    def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                self.said.append(json.loads(message))
        self.connections.remove(connection)
