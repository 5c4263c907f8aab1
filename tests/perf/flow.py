"""Option trades on their way through: found from memory, and from a websocket's text to the archive and the screen's topic.

The peer of each line is what is allowed: the second in which so many trades come. `flow.detect` is processor time of all
threads, so that it is what one core would need. `flow.stream` is the processor time of a second of feed with 10,000 trades,
parsed, searched, judged and stored; `flow.delay` the longest from a print's own time to `flow.flagged`, at that pace in real
time, the feed's quarter of a second between batches included. `flow.delay_half` is the middle one.
"""

from __future__ import annotations

import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator

TRADES = 200_000
PACE = 10_000
SECONDS = 6
BEAT = 0.25
CONTRACTS = 5_000
ROUNDS = 5


def contracts() -> list[tuple[str, str, int]]:
    """Symbol, contract and strike: fifty symbols, which is as many channels as one connection of the service takes."""
    return [(f"T{chr(65 + place // 2600)}{chr(65 + place // 100 % 26)}", "", 50 + place % 100) for place in range(CONTRACTS)]


def prints(count: int, seconds: float, seed: int = 3) -> pl.DataFrame:
    """Invented prints: few contracts trade much, most prints are of a few contracts, one in a thousand is large."""
    from terminal.domain.flow.prints import OPTION_TRADES

    chance = np.random.default_rng(seed)
    which = chance.zipf(1.3, count) % CONTRACTS
    rows = contracts()
    names = np.array([f"{symbol}270115C{strike * 1000:08d}" for symbol, _, strike in rows])
    symbols = np.array([symbol for symbol, _, _ in rows])
    middle = 2 + (which % 37) / 10
    bid, ask = np.round(middle - 0.05, 2), np.round(middle + 0.05, 2)
    price = np.where(chance.random(count) < 0.4, ask, np.where(chance.random(count) < 0.6, bid, middle))
    began = int(datetime(2026, 11, 20, 15, tzinfo=UTC).timestamp() * 1e6)
    frame = pl.DataFrame({
        "id": np.arange(count).astype(str), "source": ["test"] * count, "symbol": symbols[which], "contract": names[which],
        "strike": 50.0 + which % 100, "right": ["C"] * count, "price": np.round(price, 2),
        "size": np.minimum(chance.zipf(1.7, count), 2000), "bid": bid, "ask": ask,
        "exchange": chance.choice(list("ABCDEFGH"), count),
        "conditions": chance.choice(["auto", "isoi", "mlet", "slan"], count), "underlying_price": [75.0] * count,
        "open_interest": [500.0] * count,
    }).with_columns(
        pl.lit(datetime(2027, 1, 15)).dt.date().alias("expiry"),
        pl.Series("at", began + np.sort(chance.integers(0, int(seconds * 1e6), count))).cast(pl.Datetime("us", "UTC")),
    )  # fmt: skip
    return OPTION_TRADES.validate(frame).good


def run() -> Iterator[dict[str, Any]]:
    yield _line("flow.detect", _detect() * 1000)
    work, delays = _stream()
    yield _line("flow.stream", work * 1000)
    yield _line("flow.delay", max(delays) * 1000)
    yield _line("flow.delay_half", float(np.median(delays)) * 1000)


def _line(bench: str, milliseconds: float) -> dict[str, Any]:
    return {"bench": bench, "ours": round(milliseconds, 1), "peer": 1000.0, "peer_name": "a second of feed",
            "ratio": round(milliseconds / 1000, 3), "unit": "ms"}  # fmt: skip


def _detect() -> float:
    """Processor seconds for 200,000 trades of one second, in batches as large as a quarter of it."""
    from terminal.domain.flow.detect import Detector

    feed = prints(TRADES, 1.0)
    best = float("inf")
    for _ in range(ROUNDS):
        detector, found = Detector(_settings()), 0
        began = time.process_time()
        for start in range(0, TRADES, TRADES // 4):
            found += detector.feed(feed[start : start + TRADES // 4]).height
        found += detector.finish().height
        best = min(best, time.process_time() - began)
        assert found > 1000 and detector.late == 0
    return best


def _settings() -> Any:
    from terminal.domain.flow.settings import load

    return load(Path(__file__).parents[2] / "data" / "flow" / "detection.toml")


def _stream() -> tuple[float, list[float]]:
    """Processor seconds a second of feed, and the delays from print to topic."""
    from concurrent.futures import ThreadPoolExecutor
    from queue import SimpleQueue

    from plugins.options.flow.inputs import listen
    from plugins.options.flow.session import Session
    from terminal.app import App
    from terminal.paths import Home

    feed = prints(PACE * SECONDS, SECONDS, seed=5)
    with tempfile.TemporaryDirectory() as folder:
        app = App(Home(Path(folder)), demo=False, clock=lambda: datetime.now(UTC))
        try:
            context: Any = app.context()
            storing = ThreadPoolExecutor(1)
            session = Session(context, storing=storing)
            delays: list[float] = []
            app.events.subscribe("flow.flagged", lambda payload: delays.extend(_delays(app, payload["ids"])))
            session.take_trades(feed[:30_000].with_columns(pl.col("at") - timedelta(days=1)))  # compiles, warms
            session.finish()
            delays.clear()
            waiting: SimpleQueue[Any] = SimpleQueue()
            texts = _frames(feed)
            after = (feed["at"] - feed["at"].to_list()[0]).dt.total_microseconds().to_numpy() / 1e6
            began, spent, place, used = datetime.now(UTC), 0.0, 0, time.process_time()
            first = began.timestamp()
            while place < feed.height or (datetime.now(UTC) - began).total_seconds() < SECONDS + 1.5:
                now = datetime.now(UTC)
                upto = int(np.searchsorted(after, now.timestamp() - first, side="right"))
                if upto > place:
                    times = zip(texts[place:upto], after[place:upto], strict=True)
                    waiting.put(_batch([text.replace('"@"', str(int((first + at) * 1000))) for text, at in times], now))
                    place = upto
                listen(context, session, waiting, 0.0001)
                spent = time.process_time() - used
                left = BEAT - (datetime.now(UTC) - now).total_seconds()
                time.sleep(max(left, 0.0))
            session.finish()
            storing.shutdown()
            assert session.trades == feed.height + 30_000 and delays
        finally:
            app.close()
    return spent / SECONDS, delays


def _delays(app: Any, ids: list[str]) -> list[float]:
    now = datetime.now(UTC)
    marks = ", ".join("?" for _ in ids)
    rows = app.store.book.read(f'select "at" from options.flow_events where id in ({marks})', ids)
    return [(now - at).total_seconds() for at in rows["at"]]


def _frames(feed: pl.DataFrame) -> list[str]:
    """The text of each print as the service sends it, numbers as strings among numbers; "@" stands for its time."""
    columns = ("id", "symbol", "contract", "price", "size", "bid", "ask", "exchange", "conditions", "open_interest")
    told = []
    for number, symbol, contract, price, size, bid, ask, exchange, code, interest in feed.select(columns).iter_rows():
        told.append(json.dumps([f"option_trades:{symbol}", {
            "id": number, "underlying_symbol": symbol, "executed_at": "@", "nbbo_bid": f"{bid:.2f}",
            "nbbo_ask": f"{ask:.2f}", "size": size, "price": f"{price:.2f}", "option_symbol": contract, "report_flags": [],
            "tags": ["ask_side"], "expiry": "2027-01-15", "option_type": "call", "open_interest": int(interest),
            "strike": str(int(contract[-8:]) / 1000), "premium": f"{price * size * 100:.2f}", "volume": 5000,
            "underlying_price": "75.00", "implied_volatility": "0.35", "delta": "0.4", "trade_code": code, "exchange": exchange,
        }]))  # fmt: skip
    return told


def _batch(frames: list[str], at: datetime) -> Any:
    from terminal.providers.unusualwhales_frames import parse_frames
    from terminal.providers.unusualwhales_stream import Batch

    return Batch(parse_frames(frames), at, at, len(frames))
