"""The book: 100,000 bookings in 50 accounts over 20 years, all of it valued as of any day."""

from __future__ import annotations

import random
import statistics
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.perf._risk import risk
from tests.perf._whatif import whatif

if TYPE_CHECKING:
    from collections.abc import Iterator

    from terminal.app import App
    from terminal.domain.portfolio.transactions import Transaction

BOOKINGS, ACCOUNTS, SYMBOLS, YEARS = 100_000, 50, 200, 20
LAST = date(2026, 11, 20)
FIRST = LAST - timedelta(days=365 * YEARS)


def run() -> Iterator[dict[str, Any]]:
    """All benchmarks of the book."""
    for bench in (revaluation, risk, whatif):
        yield from bench()


def revaluation() -> Iterator[dict[str, Any]]:
    """Seconds until everything has a value (`portfolio holdings`), on any day; the peer reads and replays all bookings anew."""
    with tempfile.TemporaryDirectory() as folder:
        app = _book(Path(folder))
        try:
            cold = _timed(lambda: _valued(app, LAST))
            days = [LAST - timedelta(days=each) for each in (0, 30, 365, 2000, 4000, 6000)]
            warm = [_timed(lambda day=day: _valued(app, day)) for day in days for _ in range(3)]
            booked = []
            for number in range(4):
                one = {"account": "Account 01", "kind": "buy", "symbol": "S001", "quantity": "3", "price": str(100 + number),
                       "day": LAST - timedelta(days=number * 300)}  # fmt: skip
                app.run("portfolio.add", one)
                booked.append(_timed(lambda: _valued(app, LAST)))
            plain = [_timed(lambda day=day: _plainly(app, day)) for day in days[:3]]
        finally:
            app.close()
    peer = statistics.median(plain)
    found = {
        "revalue as of any day": statistics.median(warm),
        "revalue as of any day, slowest": max(warm),
        "revalue after a booking": statistics.median(booked),
        "revalue for the first time": cold,
    }
    for bench, ours in found.items():
        yield {"bench": bench, "ours": round(ours, 4), "peer": round(peer, 4), "peer_name": "nothing kept",
               "ratio": round(ours / peer, 3), "unit": "s"}  # fmt: skip


def history(bookings: int = BOOKINGS, accounts: int = ACCOUNTS, symbols: int = SYMBOLS, seed: int = 7) -> list[Transaction]:
    """Deposits, purchases, sales and dividends, evenly over the years."""
    from terminal.domain.portfolio.transactions import Kind, Transaction, midnight

    chance = random.Random(seed)
    held: dict[tuple[str, str], int] = {}
    made = []
    for number in range(bookings):
        account, symbol = f"Account {number % accounts:02d}", f"S{chance.randrange(symbols):03d}"
        day = FIRST + timedelta(days=number * 365 * YEARS // bookings)
        name = str(number)
        common: dict[str, Any] = {"id": name, "account": account, "at": midnight(day), "day": day, "source_id": name}
        price, roll, have = Decimal(chance.randrange(1000, 50_000)) / 100, chance.random(), held.get((account, symbol), 0)
        if roll < 0.03 or number < accounts:
            made.append(Transaction(kind=Kind.DEPOSIT, amount=Decimal(chance.randrange(100, 9000)), instrument="cash", **common))
        elif roll < 0.1:
            made.append(Transaction(kind=Kind.DIVIDEND, symbol=symbol, amount=price, **common))
        elif roll < 0.55 or have <= 1:
            count = chance.randrange(1, 100)
            held[account, symbol] = have + count
            made.append(Transaction(kind=Kind.BUY, symbol=symbol, quantity=Decimal(count), price=price, fees=Decimal(1),
                                    amount=-count * price - 1, **common))  # fmt: skip
        else:
            count = chance.randrange(1, have)
            held[account, symbol] = have - count
            made.append(Transaction(kind=Kind.SELL, symbol=symbol, quantity=Decimal(-count), price=price, fees=Decimal(1),
                                    amount=count * price - 1, **common))  # fmt: skip
    return made


def _book(folder: Path) -> App:
    """A live home with the bookings and twenty years of closes, written as rows: what is timed is reading them."""
    import numpy as np
    import polars as pl

    from plugins.portfolio import book
    from terminal.app import App
    from terminal.domain.fetch import Fetch
    from terminal.paths import Home

    now = datetime(2026, 11, 20, 22, tzinfo=UTC)
    app = App(Home(folder), demo=False, clock=lambda: now)
    rows = history()

    def write(tx: Any) -> None:
        made = {name: book.create_account(tx, name, "", "USD", "fifo", now) for name in sorted({one.account for one in rows})}
        tx.query("SELECT nextval('portfolio.booking_id') FROM range(?)", (len(rows) + 1,))
        frame = book._frame([book._row(one, made[one.account].id, 1, now) for one in rows])
        tx.insert("portfolio.versions", frame)

    app.store.book.write(write)
    days = [FIRST + timedelta(days=each) for each in range(365 * YEARS + 1)]
    days = [day for day in days if day.weekday() < 5]
    steps = np.random.default_rng(1).normal(0.0003, 0.015, (SYMBOLS, len(days)))
    closes = np.round(50 * np.exp(np.cumsum(steps, axis=1)), 2).clip(0.5)
    close = closes.ravel()
    names = np.repeat([f"S{number:03d}" for number in range(SYMBOLS)], len(days))
    bars = pl.DataFrame({"symbol": names, "date": pl.Series(days * SYMBOLS, dtype=pl.Date), "open": close, "high": close,
                         "low": close, "close": close, "volume": np.full(len(close), 1e6), "adjusted_close": close})  # fmt: skip
    app.store.market.save("bars", bars, Fetch("bench", "bars", "bars", "", now, now, "ok", as_of=now))
    return app


def _valued(app: App, day: date) -> None:
    """Every holding with its price, cost and gain, cash and what does not add up: `portfolio holdings`."""
    app.run("portfolio.holdings", as_of=day)


def _plainly(app: App, day: date) -> None:
    app.store.book.kept.clear()
    app.run("portfolio.holdings", as_of=day)


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
