"""A nightly refresh beside its network: 600 symbols, a day after the first fill, from a server that answers after 50 ms.

The server speaks Yahoo Finance's shapes (invented figures, five years of bars at first, then the days since); our own limit
of requests is off. *Network time* is what the same requests must take whatever the program does: the number of requests
times 50 ms, divided by the most that were under way at once. `refresh.store_share` is the time the writer thread spends in
transactions as a part of the network time. `refresh.gap` is the longest pause between two beats of a 5 ms timer in the Qt
event loop of the process that refreshes. `refresh.memory` is the largest resident size of that process, seen ten times a second.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
LATENCY = 0.05
SYMBOLS = 600
FILLED = datetime(2026, 11, 19, 22, 0, tzinfo=UTC)
MEMORY_BUDGET, GAP_BUDGET, WALL_BUDGET, STORE_BUDGET = 350.0, 50.0, 1.3, 0.1


# -- the server, a process of its own ----------------------------------------------------------------------------------


class Company:
    """Invented figures of one symbol, the same every time."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self._dice = random.Random(symbol)
        self._level = self._dice.uniform(10, 400)

    def close(self, day: date) -> float:
        return round(self._level * (1 + 0.2 * random.Random(f"{self.symbol}{day.toordinal()}").uniform(-0.1, 0.1)), 4)

    def chart(self, first: date, last: date) -> Any:
        days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
        days = [day for day in days if day.weekday() < 5]
        closes = [self.close(day) for day in days]
        stamps = [_stamp(day, 14, 30) for day in days]
        quote = {
            "open": closes, "close": closes,
            "high": [price * 1.01 for price in closes], "low": [price * 0.99 for price in closes],
            "volume": [1_000_000 + day.toordinal() % 997 for day in days],
        }  # fmt: skip
        paid = [day for day in days[1:] if day.day == 15 and day.month % 3 == 0]
        factor, adjusted = 1.0, []
        for at in range(len(days) - 1, -1, -1):
            adjusted.append(round(closes[at] * factor, 6))
            if days[at] in paid:
                factor *= 1 - 0.25 / closes[at - 1]
        meta = {
            "currency": "USD", "symbol": self.symbol, "regularMarketTime": _stamp(last, 21, 0), "dataGranularity": "1d",
            "exchangeTimezoneName": "America/New_York",
            "currentTradingPeriod": {"regular": {"start": _stamp(last, 14, 30), "end": _stamp(last, 21, 0)}},
        }  # fmt: skip
        events = {"dividends": {str(_stamp(day, 14, 30)): {"amount": 0.25, "date": _stamp(day, 14, 30)} for day in paid}}
        found = {"meta": meta, "timestamp": stamps, "events": events,
                 "indicators": {"quote": [quote], "adjclose": [{"adjclose": adjusted[::-1]}]}}  # fmt: skip
        return {"chart": {"result": [found], "error": None}}

    def quote(self, now: int) -> Any:
        price = self.close(datetime.fromtimestamp(now, UTC).date())
        return {
            "symbol": self.symbol, "quoteType": "EQUITY", "longName": f"{self.symbol} Works", "fullExchangeName": "NasdaqGS",
            "currency": "USD", "exchangeTimezoneName": "America/New_York", "regularMarketTime": now, "regularMarketPrice": price,
            "regularMarketPreviousClose": price, "marketState": "CLOSED", "exchangeDataDelayedBy": 15,
            "marketCap": price * 1e7, "trailingPE": 20.0, "epsTrailingTwelveMonths": price / 20,
        }  # fmt: skip

    def summary(self, now: int) -> Any:
        from terminal.providers.yahoo_fields import POINTS

        modules: dict[str, dict[str, Any]] = {}
        for places in POINTS.values():
            for module, field in places:
                modules.setdefault(module, {})[field] = {"raw": round(random.Random(self.symbol + field).uniform(0.1, 90), 4)}
        price = self.close(datetime.fromtimestamp(now, UTC).date())
        modules.setdefault("price", {}).update(
            regularMarketTime={"raw": now}, regularMarketPrice={"raw": price}, currency="USD", quoteType="EQUITY",
            longName=f"{self.symbol} Works", exchangeName="NasdaqGS", marketCap={"raw": price * 1e7})  # fmt: skip
        modules.setdefault("financialData", {})["financialCurrency"] = "USD"
        modules.setdefault("defaultKeyStatistics", {})["mostRecentQuarter"] = {"raw": _stamp(date(2026, 9, 30), 0, 0)}
        modules["assetProfile"] = {"sector": "Industrials", "industry": "Works", "country": "United States",
                                   "longBusinessSummary": "Invented for a measurement. " * 20}  # fmt: skip
        modules["calendarEvents"] = {"earnings": {"earningsDate": [{"raw": _stamp(date(2027, 1, 28), 21, 0)}],
                                                  "isEarningsDateEstimate": True, "earningsAverage": {"raw": 1.5}}}  # fmt: skip
        modules.pop("topHoldings", None)
        modules.pop("fundProfile", None)
        return {"quoteSummary": {"result": [modules], "error": None}}

    def statements(self, kinds: list[str]) -> Any:
        result = []
        ends = {"quarterly": ["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30", "2026-09-30"],
                "annual": ["2022-12-31", "2023-12-31", "2024-12-31", "2025-12-31"]}  # fmt: skip
        for kind in kinds:
            frequency = "quarterly" if kind.startswith("quarterly") else "annual"
            rows = [
                {"asOfDate": day, "periodType": "3M" if frequency == "quarterly" else "12M", "currencyCode": "USD",
                 "reportedValue": {"raw": random.Random(self.symbol + kind + day).randrange(10**6, 10**9)}}
                for day in ends[frequency]
            ]  # fmt: skip
            result.append({"meta": {"symbol": [self.symbol], "type": [kind]}, "timestamp": [1], kind: rows})
        return {"timeseries": {"result": result, "error": None}}


def _stamp(day: date, hour: int, minute: int) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp())


class Handler(BaseHTTPRequestHandler):
    """Answers after the latency; what it is told at /__set and asked at /__log is about the measurement itself."""

    protocol_version = "HTTP/1.1"
    # One packet an answer: headers and body sent apart would wait 40 ms for each other's acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    latency = 0.0
    count = busy = most = 0
    guard = threading.Lock()

    def do_GET(self) -> None:
        kind = Handler
        parts = urlsplit(self.path)
        if parts.path == "/__log":
            self._send(json.dumps({"count": kind.count, "most": kind.most}).encode())
            return
        if parts.path == "/__set":
            kind.latency, kind.count, kind.most = float(parse_qs(parts.query)["latency"][0]), 0, 0
            self._send(b"{}")
            return
        with kind.guard:
            kind.count += 1
            kind.busy += 1
            kind.most = max(kind.most, kind.busy)
        started = time.monotonic()
        body = json.dumps(_answer(parts.path, parse_qs(parts.query))).encode()
        time.sleep(max(kind.latency - (time.monotonic() - started), 0.0))
        with kind.guard:
            kind.busy -= 1
        self._send(body)

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_arguments: Any) -> None:
        pass


def _answer(path: str, asked: dict[str, list[str]]) -> Any:
    now = Serving.now
    symbol = path.rpartition("/")[2]
    if "/finance/chart/" in path:
        first = datetime.fromtimestamp(int(asked["period1"][0]), UTC).date()
        return Company(symbol).chart(first, datetime.fromtimestamp(now, UTC).date())
    if path.endswith("/finance/quote"):
        lines = [Company(each).quote(now) for each in asked["symbols"][0].split(",")]
        return {"quoteResponse": {"result": lines, "error": None}}
    if "/quoteSummary/" in path:
        return Company(symbol).summary(now)
    if "/timeseries/" in path:
        from terminal.providers.yahoo_fields import STATEMENTS

        known = {name for names in STATEMENTS.values() for name in names}
        return Company(symbol).statements([each for each in asked["type"][0].split(",") if re.sub("^[a-z]+", "", each) in known])
    return {}


class Serving:
    now = 0


def serve() -> None:
    """Until standard input closes."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    for line in sys.stdin:
        Serving.now = int(line)
        print("ok", flush=True)


class Server:
    """The server's process, seen from here."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.perf.refresh", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            cwd=ROOT)  # fmt: skip
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def set(self, now: datetime, latency: float) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{int(now.timestamp()) - 3600}\n")
        self._process.stdin.flush()
        self._process.stdout.readline()
        self.ask(f"/__set?latency={latency}")

    def ask(self, path: str) -> Any:
        import httpx

        return httpx.get(self.url + path, trust_env=False).json()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(5)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


# -- what is measured, in a process of its own --------------------------------------------------------------------------


def measure(folder: str, url: str, moment: str) -> None:
    """Refresh the file's symbols once; prints wall, store, gap (s) and memory (bytes). `moment`: what the clock says at first."""
    from PySide6.QtCore import QCoreApplication, QTimer

    from terminal.app import App
    from terminal.paths import Home

    for name in ("sec", "cboe", "nasdaq"):
        os.environ[f"TAPELINE_{name.upper()}_URL"] = "http://127.0.0.1:9"
    os.environ["TAPELINE_YAHOO_URL"] = url
    shift = datetime.fromisoformat(moment) - datetime.now(UTC)
    app = App(Home(Path(folder) / "home"), demo=False, clock=lambda: datetime.now(UTC) + shift)
    app.market.router.budget.declare("yahoo", ())
    stored = _timed(app.store.market.database)
    qt = QCoreApplication([])
    beat = _Beat()
    timer = QTimer()
    timer.timeout.connect(beat)
    timer.start(5)
    result: dict[str, Any] = {}

    def work() -> None:
        started = time.monotonic()
        table = app.run("market.refresh", {"universe": "file:bench"}, by_hand=False)
        result.update(wall=time.monotonic() - started, unknown=list(table.unknown), rows=table.rows())
        qt.quit()

    memory = _Memory()
    worker = threading.Thread(target=work)
    QTimer.singleShot(200, lambda: (beat.reset(), worker.start()))
    qt.exec()
    worker.join()
    result.update(store=stored[0], writes=int(stored[1]), gap=beat.longest, memory=memory.stop())
    app.close()
    print(json.dumps(result, default=str), flush=True)


class _Beat:
    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        self.longest, self._last = max(self.longest, now - self._last), now

    def reset(self) -> None:
        self.longest, self._last = 0.0, time.monotonic()


class _Memory:
    """The largest resident size of this process while it runs."""

    def __init__(self) -> None:
        import psutil

        self._process, self._most, self._stop = psutil.Process(), 0, threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.1):
            self._most = max(self._most, self._process.memory_info().rss)

    def stop(self) -> int:
        self._stop.set()
        self._thread.join()
        return self._most


def _timed(database: Any) -> list[float]:
    """Seconds and number of the transactions from now on."""
    spent = [0.0, 0.0]
    transact = database._transact

    def timed(fn: Any) -> Any:
        started = time.monotonic()
        try:
            return transact(fn)
        finally:
            spent[0] += time.monotonic() - started
            spent[1] += 1

    database._transact = timed
    return spent


def refresh(folder: str, server: Server, moment: datetime, latency: float) -> dict[str, Any]:
    """One refresh in a fresh process, with what the server saw of it."""
    server.set(moment, latency)
    done = subprocess.run(
        [sys.executable, "-m", "tests.perf.refresh", "measure", folder, server.url, moment.isoformat()], capture_output=True,
        text=True, cwd=ROOT, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    found = dict(json.loads(done.stdout.splitlines()[-1]))
    seen = server.ask("/__log")
    return {**found, **seen, "network": seen["count"] * latency / max(seen["most"], 1)}


def run(symbols: int = SYMBOLS) -> Iterator[dict[str, Any]]:
    """Rows of bench, ours, peer, peer_name, ratio, unit."""
    with tempfile.TemporaryDirectory() as folder:
        listed(Path(folder), symbols)
        server = Server()
        try:
            filled = refresh(folder, server, FILLED, 0.0)
            nightly = refresh(folder, server, FILLED + timedelta(days=1, hours=1), LATENCY)
        finally:
            server.close()
    if filled["unknown"] or nightly["unknown"]:
        raise RuntimeError(f"not everything came: {filled['unknown'] or nightly['unknown']}")
    network = nightly["network"]
    yield _row("wall", nightly["wall"], network, "network time", "s")
    yield _row("store_share", nightly["store"], network, "network time", "s")
    yield _row("memory", nightly["memory"] / 2**20, MEMORY_BUDGET, "budget", "MB")
    yield _row("gap", nightly["gap"] * 1000, GAP_BUDGET, "budget", "ms")
    if os.environ.get("BENCH_VERBOSE"):
        print({key: nightly[key] for key in ("count", "most", "writes", "rows")}, file=sys.stderr)
        print({key: filled[key] for key in ("count", "most", "writes", "wall", "store", "memory", "gap")}, file=sys.stderr)


def listed(folder: Path, count: int) -> None:
    """A home in `folder` with the universe file:bench of so many symbols."""
    from terminal.app import App
    from terminal.paths import Home

    path = folder / "home"
    path.mkdir()
    symbols = [f"X{chr(65 + at // 26 % 26)}{chr(65 + at % 26)}{at // 676}".rstrip("0") for at in range(count)]
    app = App(Home(path), demo=False, clock=lambda: FILLED)
    app.store.book.save_universe("bench", symbols)
    app.close()


def _row(bench: str, ours: float, peer: float, name: str, unit: str) -> dict[str, Any]:
    return {"bench": f"refresh.{bench}", "ours": round(ours, 3), "peer": round(peer, 3), "peer_name": name,
            "ratio": round(ours / peer, 3), "unit": unit}  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        measure(*sys.argv[2:])
