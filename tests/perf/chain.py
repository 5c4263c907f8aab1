"""A chain of 30,000 contracts in 13 MB, from the bytes of the answer to the frame that is stored.

The peer decodes the same bytes into typed objects of the same fields and stops there; ours also reads the contracts' names
and makes dates, rights and strikes of them. `chain.wait` is the longest that another thread had to wait for its turn
meanwhile, which is what a window's thread would feel.
"""

from __future__ import annotations

import json
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import msgspec

from terminal.providers import cboe_parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CONTRACTS = 30_000
EXPIRIES = 24
ROUNDS = 25


class Contract(msgspec.Struct):
    option: str
    bid: float
    ask: float
    iv: float
    open_interest: float
    volume: float
    delta: float
    last_trade_price: float
    bid_size: float
    ask_size: float
    last_trade_time: str | None


class Data(msgspec.Struct):
    symbol: str
    security_type: str
    current_price: float
    prev_day_close: float
    open: float
    high: float
    low: float
    volume: float
    iv30: float
    last_trade_time: str | None
    options: list[Contract]


class File(msgspec.Struct):
    timestamp: str
    data: Data


def payload(contracts: int = CONTRACTS, seed: int = 7) -> bytes:
    """An invented chain file of the real one's shape."""
    chance = random.Random(seed)
    strikes = contracts // EXPIRIES // 2
    options = [_contract(chance, number, strikes) for number in range(contracts)]
    data = {
        "options": options, "symbol": "^SPX", "security_type": "index", "exchange_id": 5, "current_price": 6800.25,
        "price_change": 12.5, "price_change_percent": 0.1842, "bid": 6799.9, "ask": 6800.6, "bid_size": 1, "ask_size": 1,
        "open": 6790.0, "high": 6811.5, "low": 6781.75, "close": 6800.25, "prev_day_close": 6787.75, "volume": 0, "iv30": 14.62,
        "iv30_change": -0.12, "iv30_change_percent": -0.8141, "seqno": 98765432109, "last_trade_time": "2026-11-20T16:15:01",
        "tick": "up",
    }  # fmt: skip
    return json.dumps({"timestamp": "2026-11-20 21:31:07", "data": data, "symbol": "_SPX"}, separators=(",", ":")).encode()


def _contract(chance: random.Random, number: int, strikes: int) -> dict[str, Any]:
    expiry, rest = divmod(number, strikes * 2)
    day, strike = f"{27 + expiry // 12:02d}{expiry % 12 + 1:02d}15", 2000 + rest // 2 * 5
    bid = round(chance.random() * 800, 2)
    traded = chance.random() < 0.4
    return {
        "option": f"SPXW{day}{'CP'[number % 2]}{strike * 1000:08d}", "bid": bid, "bid_size": float(chance.randrange(300)),
        "ask": round(bid + chance.random() * 4 + 0.05, 2), "ask_size": float(chance.randrange(300)),
        "iv": round(chance.random(), 4), "open_interest": float(chance.randrange(20000)),
        "volume": float(chance.randrange(3000)) if traded else 0.0, "delta": round(chance.random() * 2 - 1, 4),
        "gamma": round(chance.random() / 50, 4), "vega": round(chance.random() * 9, 4), "theta": -round(chance.random() * 3, 4),
        "rho": round(chance.random() * 9, 4), "theo": round(bid + 0.51, 4), "change": round(chance.random() * 9, 4),
        "open": 0.0, "high": 0.0, "low": 0.0, "tick": "no_change", "last_trade_price": bid if traded else 0.0,
        "last_trade_time": "2026-11-20T15:59:31" if traded else None, "percent_change": round(chance.random() * 9, 4),
        "prev_day_close": round(bid * 1.01, 12),
    }  # fmt: skip


def run() -> Iterator[dict[str, Any]]:
    body = payload()
    decode = msgspec.json.Decoder(File).decode

    def ours() -> int:
        return cboe_parse.parse_chain(body, "^GSPC", "_SPX").contracts.height

    assert ours() == len(decode(body).data.options) == CONTRACTS
    parsed, decoded = _alternating(ours, lambda: decode(body))
    yield _line("chain.parse", parsed * 1000, decoded * 1000, "typed msgspec decode")
    yield _line("chain.wait", _longest_wait(ours) * 1000, _longest_wait(lambda: decode(body)) * 1000, "typed msgspec decode")


def _line(bench: str, ours: float, peer: float, name: str) -> dict[str, Any]:
    return {
        "bench": bench, "ours": round(ours, 2), "peer": round(peer, 2), "peer_name": name, "ratio": round(ours / peer, 3),
        "unit": "ms",
    }  # fmt: skip


def _alternating(*works: Callable[[], Any]) -> list[float]:
    """The best time of each, taken in turns so that what else the machine does meets all alike."""
    best = [float("inf")] * len(works)
    for _ in range(ROUNDS):
        for place, work in enumerate(works):
            started = time.perf_counter()
            work()
            best[place] = min(best[place], time.perf_counter() - started)
    return best


def _longest_wait(work: Callable[[], Any]) -> float:
    """The longest a second thread went without its turn during `work`; the best of a few rounds."""
    best = float("inf")
    for _ in range(5):
        over, waits = threading.Event(), [0.0]

        def watch(over: threading.Event = over, waits: list[float] = waits) -> None:
            last = time.perf_counter()
            while not over.is_set():
                time.sleep(0.0005)
                now = time.perf_counter()
                waits.append(now - last)
                last = now

        thread = threading.Thread(target=watch)
        thread.start()
        time.sleep(0.02)
        waits.clear()
        work()
        over.set()
        thread.join()
        best = min(best, max(waits, default=0.0))
    return best
