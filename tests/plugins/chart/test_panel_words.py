"""What the chart says of its bars: computed, and nothing where nothing is known."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from plugins.chart import panel_words as words
from plugins.chart.panel_words import Reading


def bars(*closes: float | None, end: date = date(2026, 11, 20), every: int = 1) -> pl.DataFrame:
    days = [end - timedelta(days=every * back) for back in reversed(range(len(closes)))]
    return pl.DataFrame({"date": days, "high": closes, "low": closes, "close": closes}, schema_overrides={"close": pl.Float64})


@pytest.mark.parametrize(("frame", "told"), [
    (bars(100.0, 90.0, *[150.0] * 44, 112.0, every=8), "Up 12\u202f% in a year; 25\u202f% below its highest price of the year."),
    (bars(100.0, *[90.0] * 45, 130.0, every=8), "Up 30\u202f% in a year; at its highest price of the year."),
    (bars(100.0, *[95.0] * 45, 80.0, every=8), "Down 20\u202f% in a year; at its lowest price of the year."),
    (bars(100.0, *[125.0] * 45, 100.1, every=8), "Unchanged in a year; at its lowest price of the year."),
    (bars(10.0, 12.0, 11.0), "Up 10\u202f% in 2 days; 8\u202f% below its highest price of these 2 days."),
    (bars(*[10.0] * 30, 11.0, every=4), "Up 10\u202f% in 4 months; at its highest price of these 4 months."),
])
def test_a_sentence_from_the_bars(frame: pl.DataFrame, told: str) -> None:
    assert words.sentence(words.read(frame)) == told


def test_a_year_begins_at_the_last_close_before_it() -> None:
    frame = pl.DataFrame({"date": [date(2024, 1, 2), date(2025, 11, 14), date(2025, 11, 24), date(2026, 11, 20)],
                          "high": [900.0, 80.0, 90.0, 120.0], "low": [1.0, 80.0, 90.0, 120.0], "close": [9.0, 80.0, 90.0, 120.0]})
    reading = words.read(frame)
    assert reading.over == pytest.approx(0.5) and reading.from_high == pytest.approx(0.0) and reading.days == 365


def test_minutes_have_a_reading_too() -> None:
    at = [datetime(2026, 11, 20, 15, tzinfo=UTC) + timedelta(minutes=number) for number in range(3)]
    reading = words.read(pl.DataFrame({"at": at, "high": [1.0, 2.0, 2.0], "low": [1.0, 1.0, 1.0], "close": [1.0, 2.0, 1.5]}))
    assert reading.last == 1.5 and reading.change == pytest.approx(-0.25)
    assert words.sentence(reading) == "", "of less than two days nothing is said"


@pytest.mark.parametrize("frame", [bars(), bars(None, None), pl.DataFrame({"date": [date(2026, 1, 1)]})])
def test_nothing_is_said_of_nothing(frame: pl.DataFrame) -> None:
    assert words.read(frame) == Reading() and words.sentence(Reading()) == ""


def test_unknown_parts_stay_unknown() -> None:
    assert words.read(bars(0.0, 5.0)).change is None, "no percent from zero"
    assert words.read(bars(5.0)).change is None
    assert words.read(bars(4.0, None, 5.0)).change == pytest.approx(0.25)


def test_every_plain_word_is_an_indicator() -> None:
    from plugins.chart.panel_indicators import title_of
    from terminal.domain.indicators import read_study

    for study, title, _, question in words.PLAIN:
        indicator, settings = read_study(study)
        assert indicator.label(settings) == study, "as commands spell it, so that ticks are found again"
        assert title and question and title_of(study, "newbie") == title
    assert title_of("sma(50)", "newbie", "1wk") == "Average price of 50 weeks", "fifty weeks are not fifty days"
    assert title_of("highest(252)", "newbie", "5m") == "Highest price of 252 bars of 5m"
    assert title_of("sma(50)", "pro") == "SMA 50" and title_of("obv", "pro") == "OBV"
    assert title_of("bollinger(20, 2)", "pro") == "Bollinger Bands 20, 2"


def test_indicators_are_found_by_any_word_the_best_first() -> None:
    from plugins.chart.panel_indicators import found
    from terminal.domain.indicators import INDICATORS

    assert found(["sma"])[0].name == "sma", "its own name before all"
    assert found(["bollinger", "bands"])[0].name == "bollinger" and found(["average"])[0].title.startswith("Average")
    assert "rsi" in [each.name for each in found(["oversold"])], "also by what it is for"
    assert found(["nonsense"]) == [] and [each.name for each in found([])] == list(INDICATORS)
