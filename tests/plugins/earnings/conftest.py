"""A market in which services disagree about report dates, and the demo market, each made once."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from terminal.domain.fetch import Fetch
from terminal.domain.schemas import BARS, CHAINS, EARNINGS, FILINGS
from terminal.domain.sessions import NEW_YORK, Calendar
from terminal.paths import Home
from tests.conftest import NOW, Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

CALENDAR = Calendar.parse((Path(__file__).parents[3] / "data" / "sessions.csv").read_text(encoding="utf-8"))
# Reports of ACME: day, hour, expected, came, and how far the next close was from the one before.
PAST = (
    (date(2026, 8, 20), "amc", 1.00, 1.10, 0.06), (date(2026, 5, 21), "amc", 1.00, 1.05, 0.04),
    (date(2026, 2, 19), "amc", 1.00, 0.90, -0.08), (date(2025, 11, 20), "amc", 1.00, 1.02, 0.02),
)  # fmt: skip
NEXT, OTHER = date(2026, 11, 24), date(2026, 11, 25)


def fetch(provider: str, dataset: str, at: datetime, symbol: str = "ACME") -> Fetch:
    return Fetch(provider, f"{provider} {dataset}", dataset, symbol, at, at, as_of=at)


def earnings(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{"symbol": "ACME", **row} for row in rows], schema=dict(EARNINGS.columns))


def bars() -> pl.DataFrame:
    """100 a share until a report moves it."""
    jumps = {CALENDAR.next_session(day): move for day, _, _, _, move in PAST}
    rows, close = [], 100.0
    for day in CALENDAR.sessions(date(2025, 11, 3), date(2026, 11, 20)):
        close *= 1 + jumps.get(day, 0.0)
        prices = dict.fromkeys(("open", "high", "low", "close"), close)
        rows.append({"symbol": "ACME", "date": day, **prices, "volume": 1e6})
    return pl.DataFrame(rows, schema_overrides={"date": pl.Date}).select(
        pl.col(name) if name != "adjusted_close" else pl.lit(None, dtype=pl.Float64).alias(name) for name in BARS.columns
    )


def chain(at: datetime) -> pl.DataFrame:
    """Two expiries after the report, 4 and 9 sessions away: straddles of 8 and 9 at a price of 100."""
    rows = [
        {"symbol": "ACME", "at": at, "expiry": expiry, "strike": strike, "right": right, "contract": f"{expiry}{strike}{right}",
         "bid": half - 0.05, "ask": half + 0.05, "underlying_price": 100.0}
        for expiry, half in ((date(2026, 11, 27), 4.0), (date(2026, 12, 4), 4.5))
        for strike in (100.0, 105.0)
        for right in ("C", "P")
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=dict(CHAINS.columns))


def fill(app: Any) -> None:
    """Yahoo moved its date from the 19th to the 25th on 2 November; Finnhub says the 24th; the SEC has two filings."""
    market = app.store.market
    early, moved = datetime(2026, 10, 1, 12, tzinfo=UTC), datetime(2026, 11, 2, 12, tzinfo=UTC)
    market.save("bars", bars(), fetch("yahoo", "bars", NOW))
    past = [{"date": day, "time_of_day": hour, "confirmed": True, "eps_estimate": expected, "eps_actual": came}
            for day, hour, expected, came, _ in PAST]  # fmt: skip
    expected = {"confirmed": False, "period_end": date(2026, 10, 31), "eps_estimate": 1.2, "revenue_estimate": 5e9}
    market.save("earnings", earnings(*past, {"date": date(2026, 11, 19), **expected}), fetch("yahoo", "earnings", early))
    market.save("earnings", earnings(*past, {"date": OTHER, **expected}), fetch("yahoo", "earnings", moved))
    market.save(
        "earnings",
        earnings({"date": NEXT, "time_of_day": "amc", "period_end": date(2026, 10, 31), "eps_estimate": 1.25}),
        fetch("finnhub", "earnings", NOW - timedelta(hours=2)),
    )
    filed = [datetime.combine(day, time(16, 31), NEW_YORK).astimezone(UTC) for day in (date(2026, 8, 20), date(2026, 5, 20))]
    market.save(
        "filings",
        pl.DataFrame({"symbol": "ACME", "accession": ["1", "2"], "form": "8-K", "filed_at": filed, "items": "2.02,9.01"}).select(
            pl.col(name) if name in ("symbol", "accession", "form", "filed_at", "items") else pl.lit(None, dtype=kind).alias(name)
            for name, kind in FILINGS.columns.items()
        ),
        fetch("sec", "filings", NOW),
    )
    market.save("chains", chain(NOW - timedelta(hours=2)), fetch("cboe", "chains", NOW))
    market.save(
        "instruments",
        pl.DataFrame({"symbol": ["ACME"], "name": ["Acme"], "kind": ["stock"], "currency": ["USD"]}),
        fetch("yahoo", "instruments", NOW),
    )
    market.save(
        "dividends",
        pl.DataFrame({"symbol": ["ACME"], "ex_date": [date(2026, 11, 30)], "amount": [0.5], "currency": ["USD"]}),
        fetch("yahoo", "dividends", NOW),
    )


def pool(app: Any) -> None:
    """All of its threads now: one that came with a test would look as if that test had left it behind."""
    for running in [app.start("watchlist.list") for _ in range(8)]:
        running.result(60)


@pytest.fixture(scope="session")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A live App, frozen at 20 November 2026, that holds ACME and may ask nobody."""
    from terminal.app import App

    app = App(Home(tmp_path_factory.mktemp("disputed")), demo=False, clock=Clock())
    fill(app)
    pool(app)
    yield app
    app.close()


@pytest.fixture(scope="session")
def demo(_demo_home: Path, _empty_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The demo market with an empty book."""
    from terminal.app import App

    place = tmp_path_factory.mktemp("earnings") / "home"
    shutil.copytree(_demo_home, place)
    shutil.copy(Home(_empty_book).book(True), Home(place).book(True))
    app = App(Home(place), demo=True, clock=Clock())
    pool(app)
    yield app
    app.close()
