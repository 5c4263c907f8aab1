"""A replay that begins at a day: how many bars are shown then, by day and by minute of the exchange."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from plugins.chart.panel_replay import bars_until, begin_at
from plugins.chart.replay_commands import replay
from terminal.api import UserError

DAILY = pl.DataFrame({"date": [date(2026, 3, day) for day in (2, 3, 4, 5)]})


def test_bars_up_to_the_end_of_a_day_at_the_exchange() -> None:
    assert [bars_until(DAILY, date(2026, 3, day)) for day in (1, 3, 7)] == [0, 2, 4]
    times = [(3, 20, 59), (4, 3, 0), (4, 15, 0)]
    late = [datetime(2026, 3, day, hour, minute, tzinfo=UTC) for day, hour, minute in times]
    assert bars_until(pl.DataFrame({"at": late}), date(2026, 3, 3)) == 2  # ten in the evening in New York is the same day


@pytest.mark.parametrize(("day", "begun"), [(3, [2]), (1, []), (5, [])])
def test_it_begins_only_where_something_is_hidden(day: int, begun: list[int]) -> None:
    told: list[int] = []
    bar = SimpleNamespace(end=lambda: None, start=lambda shown, every: told.append(shown))
    chart = SimpleNamespace(series=range(4), show_places=lambda *_: None, setFocus=lambda: None)
    begin_at(bar, chart, DAILY, date(2026, 3, day))  # type: ignore[arg-type]
    assert told == begun


def test_without_a_window_it_says_so_and_with_one_it_opens_the_chart() -> None:
    context: Any = SimpleNamespace(window=None)
    with pytest.raises(UserError, match="window"):
        replay(context, "spy", day=date(2026, 3, 3))
    done: list[Any] = []
    panel = SimpleNamespace(replay_from=lambda *told: done.append(told))
    context.window = SimpleNamespace(open_panel=lambda *told: done.append(told), when_built=lambda _, call: call(panel))
    assert replay(context, " spy ", day=date(2026, 3, 3)).rows() == [{"symbol": "SPY", "day": "2026-03-03"}]
    assert done == [("chart", "SPY"), ("SPY", date(2026, 3, 3))]
