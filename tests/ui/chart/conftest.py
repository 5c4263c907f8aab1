"""Charts with made bars, shown offscreen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.ui import theme
from terminal.ui.chart import Chart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def daily(count: int, start: date = date(2020, 1, 1), seed: int = 5) -> pl.DataFrame:
    """Bars of consecutive days that walk at random."""
    generator = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(generator.normal(0, 0.01, count)))
    opened = close * np.exp(generator.normal(0, 0.005, count))
    return pl.DataFrame({"date": [start + timedelta(days=day) for day in range(count)], "open": opened,
                         "high": np.maximum(opened, close) * 1.01, "low": np.minimum(opened, close) * 0.99, "close": close,
                         "volume": generator.uniform(1e6, 2e6, count)})


def minutes(days: tuple[int, ...] = (18, 19, 20), first: int = 9 * 60, last: int = 21 * 60 + 30) -> pl.DataFrame:
    """Minute bars of days in November 2026, from `first` to `last` minute of the day in UTC (New York is five hours behind)."""
    at = [datetime(2026, 11, day, tzinfo=UTC) + timedelta(minutes=minute) for day in days for minute in range(first, last)]
    return daily(len(at)).drop("date").with_columns(pl.Series("at", at))


@pytest.fixture(autouse=True)
def themed(request: pytest.FixtureRequest) -> Iterator[None]:
    """The theme for tests with widgets; the others need none."""
    if {"qtbot", "qapp"} & set(request.fixturenames):
        app = request.getfixturevalue("qapp")
        if theme.current() is None:
            theme.apply(app)
        yield
        if theme.tokens() != theme.load() or theme.scaled(12) != 12:  # it costs a moment, so only after a test that changed it
            theme.apply(app)
    else:
        yield


@pytest.fixture
def bars() -> Callable[..., pl.DataFrame]:
    return daily


@pytest.fixture
def minute_bars() -> Callable[..., pl.DataFrame]:
    return minutes


@pytest.fixture
def chart(qtbot: Any) -> Chart:
    made = Chart()
    qtbot.addWidget(made)
    made.resize(700, 400)
    made.show()
    return made
