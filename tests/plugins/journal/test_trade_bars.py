"""Bars of trades: adjusted prices turned back, minutes where they tell the whole of a trade, reasons where they do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from plugins.journal.trades.bars import Bars
from terminal.domain.journal.trades import trades
from tests.domain.portfolio.bookings import D, booking

DAYS = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 4)]


def context(daily: list[tuple[Any, ...]], minutes: list[tuple[Any, ...]] = (), splits: list[tuple[date, float]] = ()) -> Any:  # type: ignore[assignment]
    names = ["symbol", "date", "open", "high", "low", "close", "fetch_id"]
    bars = pl.DataFrame([("XX", *row, 1) for row in daily], schema=names, orient="row")
    timed = pl.DataFrame([("XX", *row) for row in minutes],
                         schema={"symbol": pl.String, "at": pl.Datetime("us", "UTC"), "open": pl.Float64, "high": pl.Float64,
                                 "low": pl.Float64, "close": pl.Float64}, orient="row")  # fmt: skip
    ratios = pl.DataFrame([("XX", day, ratio) for day, ratio in splits],
                          schema={"symbol": pl.String, "ex_date": pl.Date, "ratio": pl.Float64}, orient="row")  # fmt: skip
    market = SimpleNamespace(bars=lambda *_, **__: bars, minute_bars=lambda *_: timed, splits=lambda *_: ratios,
                             sources=lambda fetches: dict.fromkeys(fetches, "source"))  # fmt: skip
    return SimpleNamespace(market=market, as_of=None)


DAILY = [(DAYS[0], 10.0, 11.0, 9.0, 10.0), (DAYS[1], 10.0, 14.0, 8.0, 12.0), (DAYS[2], 12.0, 13.0, 11.0, 13.0)]


def test_prices_adjusted_for_a_later_split_are_turned_back() -> None:
    """The trade was in shares before the 2 for 1 of which the stored prices know."""
    (one,) = trades([booking("buy", "2024-01-02", "XX", 10, 20), booking("sell", "2024-01-04", "XX", -10, 26)])
    bars = Bars(context(DAILY, splits=[(date(2024, 6, 3), 2.0)]), [one], date(2024, 12, 31))
    found, why = bars.excursion(one)
    assert found is not None and why == "" and (found.mfe, found.mae) == (80, -40)  # 28 and 16 on the third of January
    assert bars.sources() == ("source",)


def test_minutes_are_used_when_they_cover_the_whole_trade() -> None:
    start = datetime(2024, 1, 2, 15, 0, tzinfo=UTC)
    bought, sold = booking("buy", "2024-01-02", "XX", 10, 10), booking("sell", "2024-01-02", "XX", -10, 11)
    (one,) = trades([replace(bought, at=start), replace(sold, at=start + timedelta(minutes=3))])
    minutes = [(start + timedelta(minutes=at), 10.0, high, low, 10.0) for at, (high, low) in
               enumerate([(10.0, 10.0), (10.5, 9.5), (12.0, 10.0), (11.0, 11.0)])]  # fmt: skip
    found, _ = Bars(context(DAILY, minutes), [one], DAYS[2]).excursion(one)
    assert found is not None and found.resolution == "minute" and (found.mfe, found.mae) == (20, -5)
    late = [(at + timedelta(hours=1), *rest) for at, *rest in minutes]
    found, _ = Bars(context(DAILY, late), [one], DAYS[2]).excursion(one)
    assert found is not None and found.resolution == "day"


@pytest.mark.parametrize(("symbol", "why"), [("XX", "no bars of it"), ("XX240119C00010000", "no bars of options")])
def test_what_is_not_known_says_why(symbol: str, why: str) -> None:
    (one,) = trades([booking("buy", "2024-01-02", symbol, 1, 2), booking("sell", "2024-01-03", symbol, -1, D("2.5"))])
    found, reason = Bars(context([]), [one], DAYS[2]).excursion(one)
    assert found is None and why in reason
