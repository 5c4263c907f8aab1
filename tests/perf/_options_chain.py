"""A chain of 30,000 contracts from the bytes of its answer to the priced, gated ladder on the screen.

`spx.chain` is the processor time of all threads together off the window's (parsing, forwards, the gate, volatilities of middle,
bid and ask, every Greek, the ladder); `spx.priced` the part from the stored rows. `spx.gap` is the longest the window's thread
was kept from its next turn while that ran beside it and the whole chain was then shown and painted. The peers are the budgets.
"""

from __future__ import annotations

import json
import math
import os
import random
import threading
import time
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from terminal.domain.options import price

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACTS, EXPIRIES = 30_000, 24
CPU_MS, GAP_MS = 400.0, 50.0
SPOT, RATE, DIVIDEND = 6800.25, 0.038, 0.012
AT = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
ROUNDS = 7


def payload(seed: int = 7) -> bytes:
    """An invented chain file of Cboe's shape whose prices are those of the model on a smile, a cent or more wide."""
    chance = random.Random(seed)
    half = CONTRACTS // EXPIRIES // 2
    options: list[dict[str, Any]] = []
    for number in range(EXPIRIES):
        day = date(2026 + (11 + number) // 12, (11 + number) % 12 + 1, 15)
        years = ((day - AT.date()).days + 1 / 48) / 365
        strike = SPOT * np.exp(np.linspace(-1, 1, half) * min(0.9, 0.12 + 0.9 * math.sqrt(years)))
        strike = np.unique(np.round(strike / 5) * 5)
        x = np.log(strike / SPOT) / math.sqrt(years)
        smile = np.clip(0.16 - 0.10 * x + 0.16 * x * x, 0.06, 1.2)
        for call in (True, False):
            worth = price(spot=SPOT, strike=strike, years=years, volatility=smile, rate=RATE, dividend=DIVIDEND, call=call)
            for each, value, level in zip(strike.tolist(), worth.tolist(), smile.tolist(), strict=True):
                options.append(_contract(chance, f"SPXW{day:%y%m%d}{'CP'[not call]}{round(each * 1000):08d}", value, level))
    data = {
        "options": options, "symbol": "^SPX", "security_type": "index", "exchange_id": 5, "current_price": SPOT,
        "price_change": 12.5, "price_change_percent": 0.1842, "bid": 6799.9, "ask": 6800.6, "bid_size": 1, "ask_size": 1,
        "open": 6790.0, "high": 6811.5, "low": 6781.75, "close": SPOT, "prev_day_close": 6787.75, "volume": 0, "iv30": 14.62,
        "iv30_change": -0.12, "iv30_change_percent": -0.8141, "seqno": 98765432109, "last_trade_time": "2026-11-20T15:15:01",
        "tick": "up",
    }  # fmt: skip
    return json.dumps({"timestamp": f"{AT:%Y-%m-%d %H:%M:%S}", "data": data, "symbol": "_SPX"}, separators=(",", ":")).encode()


def _contract(chance: random.Random, name: str, worth: float, level: float) -> dict[str, Any]:
    wide = 0.05 + 0.01 * worth * chance.random()
    bid = max(round((worth - wide / 2) * 20) / 20, 0.0)
    traded = chance.random() < 0.4
    return {
        "option": name, "bid": bid, "bid_size": float(chance.randrange(300)), "ask": round(max(worth + wide / 2, 0.05), 2),
        "ask_size": float(chance.randrange(300)), "iv": round(level, 4), "open_interest": float(chance.randrange(20000)),
        "volume": float(chance.randrange(3000)) if traded else 0.0, "delta": 0.5, "gamma": 0.0, "vega": 0.0, "theta": 0.0,
        "rho": 0.0, "theo": round(worth, 4), "change": 0.0, "open": 0.0, "high": 0.0, "low": 0.0, "tick": "no_change",
        "last_trade_price": round(worth, 2) if traded else 0.0, "last_trade_time": "2026-11-20T15:05:31" if traded else None,
        "percent_change": 0.0, "prev_day_close": round(worth * 1.01, 2),
    }  # fmt: skip


def shown(body: bytes) -> tuple[Any, Any, float]:
    """The priced chain, its ladder, and the processor time of what comes after parsing."""
    from plugins.options.chain import columns, model
    from terminal.domain.options.pricing import price_chain
    from terminal.domain.sessions import Calendar
    from terminal.paths import data_file
    from terminal.providers import cboe_parse

    calendar = Calendar.parse(data_file("sessions.csv").read_text(encoding="utf-8"))
    chain = cboe_parse.parse_chain(body, "^SPX", "_SPX").contracts
    began = time.process_time()
    priced = price_chain(chain, rate=RATE, calendar=calendar)
    rows = columns.rows(model.ladder(model.contracts(priced)), columns.STANDARD["pro"])
    return priced, rows, time.process_time() - began


def run() -> Iterator[dict[str, Any]]:
    body = payload()
    priced, rows, _ = shown(body)
    assert priced.frame.height > 0.95 * CONTRACTS
    assert rows.height >= priced.frame.height // 2
    assert priced.frame["usable"].mean() > 0.6
    whole, after = math.inf, math.inf
    for _ in range(ROUNDS):
        began = time.process_time()
        later = shown(body)[2]
        whole, after = min(whole, time.process_time() - began), min(after, later)
    yield _line("spx.chain", whole * 1000, CPU_MS, "budget of processor time")
    yield _line("spx.priced", after * 1000, CPU_MS, "budget of processor time")
    yield _line("spx.gap", min(_gap(body) for _ in range(7)) * 1000, GAP_MS, "budget of the window's thread")


def _gap(body: bytes) -> float:
    """The longest time between two turns of the window's thread."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    from plugins.options.chain import columns
    from plugins.options.chain.panel_ladder import Ladder
    from terminal.ui import theme

    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app)
    ladder = Ladder()
    ladder.resize(1720, 900)
    ladder.show()
    app.processEvents()
    made: list[Any] = []
    thread = threading.Thread(target=lambda: made.append(shown(body)[1]))
    longest, last, painted = 0.0, time.perf_counter(), False
    thread.start()
    while thread.is_alive() or not painted:
        if made and not painted:
            ladder.show_rows(made[0], columns.STANDARD["pro"], "pro", centre=True)
            ladder.repaint()
            painted = True
        app.processEvents()
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
        time.sleep(0.001)
    thread.join()
    ladder.close()
    return longest


def _line(bench: str, ours: float, peer: float, name: str) -> dict[str, Any]:
    return {"bench": bench, "ours": round(ours, 2), "peer": peer, "peer_name": name, "ratio": round(ours / peer, 3), "unit": "ms"}
