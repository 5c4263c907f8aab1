"""A market with a small archive of invented chains, in which one contract was traded far beyond its open interest."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

EXPIRY = date(2026, 12, 18)
PLANTED_ON = date(2026, 11, 19)
PLANTED = "SPY261218C00620000"


def sessions() -> list[date]:
    """Fifteen weekdays up to the clock's day."""
    days = [date(2026, 11, 20) - timedelta(days=n) for n in range(30)]
    return sorted(day for day in days if day.weekday() < 5)[-15:]


def day_chain(day: date) -> pl.DataFrame:
    """CHAINS of one evening: eight contracts, of which one is planted."""
    from terminal.domain.schemas import CHAINS

    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=21)
    rows = []
    for strike in (580, 600, 620, 640):
        for right in "CP":
            name = f"SPY261218{right}{strike * 1000:08d}"
            volume, interest = 40.0 + day.day % 5, 500.0 + day.day
            if name == PLANTED and day == PLANTED_ON:
                volume = 5000.0
            if name == PLANTED and day > PLANTED_ON:
                interest += 4800.0
            rows.append({
                "symbol": "SPY", "at": at, "expiry": EXPIRY, "strike": float(strike), "right": right, "contract": name,
                "bid": 2.0, "ask": 2.1, "last": 2.1, "volume": volume, "open_interest": interest, "iv": 0.2, "delta": 0.3,
                "underlying_price": 600.0, "last_at": at - timedelta(minutes=3),
            })  # fmt: skip
    return CHAINS.validate(pl.DataFrame(rows)).good


@pytest.fixture(scope="session")
def _archived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from terminal.api import Source
    from terminal.app import App
    from terminal.paths import Home
    from tests.conftest import Clock

    folder = tmp_path_factory.mktemp("flow") / "home"
    app = App(Home(folder), False, Clock())
    app.store.archive.save_chain(pl.concat([day_chain(day) for day in sessions()]), Source("cboe", "chain", delayed=True))
    app.close()
    return folder


@pytest.fixture
def market(_archived: Path, tmp_path: Path, clock: Callable[[], datetime]) -> Iterator[Any]:
    """An App of a real home whose archive holds those evenings; its services answer nothing."""
    from terminal.app import App
    from terminal.paths import Home

    shutil.copytree(_archived, tmp_path / "flow-home")
    app = App(Home(tmp_path / "flow-home"), False, clock)
    yield app
    app.close()
