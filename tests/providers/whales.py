"""A websocket server on loopback that speaks as Unusual Whales' does: joins are acknowledged, frames go to who joined."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed

from tests.providers.trades import Market

if TYPE_CHECKING:
    from websockets.sync.server import ServerConnection

AT = 1_747_419_592_926


class Whales(Market):
    """`joined`: which channels were joined, one set for each connection there was. `answer`: channel to what a join of it gets
    instead of an acknowledgement (None: nothing at all)."""

    def __init__(self) -> None:
        self.joined: list[set[str]] = []
        self.answer: dict[str, Any] = {}
        super().__init__()

    def say(self, channel: str, payload: Any) -> None:
        """One frame to everybody."""
        self.send([channel, payload])

    def trade(self, symbol: str, price: float = 1.0, *, number: int = 0, **more: Any) -> None:  # type: ignore[override]
        """One option trade, its numbers written as the service writes them: some as text."""
        self.say(f"option_trades:{symbol}", trade(symbol, price, number=number, **more))

    def _serve(self, connection: ServerConnection) -> None:
        mine: set[str] = set()
        self.joined.append(mine)
        self.connections.append(connection)
        with contextlib.suppress(ConnectionClosed):
            for message in connection:
                told = json.loads(message)
                self.said.append(told)
                answer = self.answer.get(told["channel"], {"response": {}, "status": "ok"})
                if answer is not None:
                    mine.add(told["channel"])
                    connection.send(json.dumps([told["channel"], answer]))
        self.connections.remove(connection)


def trade(symbol: str = "ACME", price: float = 1.0, *, number: int = 0, **more: Any) -> dict[str, Any]:
    """The payload of one option trade."""
    return {
        "id": f"{symbol}-{number}",
        "underlying_symbol": symbol,
        "executed_at": AT + number,
        "nbbo_bid": "0.95",
        "nbbo_ask": "1.05",
        "size": 3,
        "price": f"{price:.2f}",
        "option_symbol": f"{symbol}250516C00012500",
        "created_at": AT + number + 40,
        "report_flags": [],
        "tags": ["bid_side", "bearish"],
        "expiry": "2025-05-16",
        "option_type": "call",
        "open_interest": 307,
        "strike": "12.5",
        "premium": "300.00",
        "volume": 1628 + number,
        "underlying_price": "12.17",
        "implied_volatility": "0.4788",
        "delta": "0.3977",
        "trade_code": "auto",
        "exchange": "GMNI",
        **more,
    }
