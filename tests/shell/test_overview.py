"""What the frame says about the market: values with their source, age in sessions, unknown when unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from terminal.shell.overview import _behind, _calendar, find, read

FRIDAY = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


@pytest.mark.parametrize(("day", "now", "said"), [
    (date(2026, 11, 20), FRIDAY, "up to date"),
    (date(2026, 11, 20), datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "up to date"),  # a Sunday
    (date(2026, 11, 19), FRIDAY, "1 trading day behind"),
    (date(2026, 11, 19), datetime(2026, 11, 20, 15, 0, tzinfo=UTC), "up to date"),  # Friday's is not over
    (date(2026, 11, 13), FRIDAY, "5 trading days behind"),
    (date(2026, 11, 25), datetime(2026, 11, 27, 10, 0, tzinfo=UTC), "up to date"),  # Thanksgiving between
    (date(1950, 1, 2), datetime(1950, 1, 4, tzinfo=UTC), "2 days old")])  # before the calendar begins
def test_the_age_is_counted_in_sessions(day: date, now: datetime, said: str) -> None:
    assert _behind(day, now, _calendar()) == said


def test_an_empty_market_is_unknown(sample_app: Any) -> None:
    found = read(sample_app)
    values = [(quote.symbol, quote.price, quote.change) for quote in found.quotes]
    assert values == [(name, None, None) for name in ("SPY", "QQQ", "IWM")]
    assert all("unknown" in quote.tooltip for quote in found.quotes)
    assert found.age == "No prices stored yet"
    assert find(sample_app, "spy") == []


def test_the_strip_equals_the_stored_bars(app: Any) -> None:
    found = read(app)
    for quote in found.quotes:
        bars = app.market.bars([quote.symbol]).sort("date")
        last, before = bars["close"].to_list()[-1], bars["close"].to_list()[-2]
        assert quote.price == last and quote.change == pytest.approx(last / before - 1)
        assert "SIMULATED" in quote.tooltip and "demo" in quote.tooltip
    assert found.age == "Prices of 20 Nov 2026, up to date"
    assert found.sources[1] == "Simulated market"
    assert find(app, "spy")[0][0] == "SPY"


@pytest.mark.slow
def test_the_window_shows_the_demo_market_as_simulated(open_window: Any, app: Any) -> None:
    window = open_window(app)
    assert window.notice.isVisible() and "No number here is real" in window.notice.accessibleName()
    assert window.topbar.indexes["SPY"].accessibleName().startswith("SPY ")
    assert "unknown" not in window.topbar.indexes["SPY"].accessibleName()
    assert window.statusbar.market.text() == "Prices of 20 Nov 2026, up to date"
    asked: list[bool] = []
    window.source_asked.connect(asked.append)
    window.notice.button.click()
    assert asked == [False]
