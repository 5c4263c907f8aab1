"""The chart's commands over the demo market: bars, studies, comparisons, events, the past, and files."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from terminal.domain.indicators import INDICATORS, compute
from terminal.errors import UserError
from terminal.paths import Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INTERVALS = ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1wk", "1mo")


@pytest.fixture(scope="module")
def app(_demo_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One demo market for all tests of this file: they only read."""
    from terminal.app import App

    place = tmp_path_factory.mktemp("chart-commands") / "home"
    shutil.copytree(_demo_home, place)
    opened = App(Home(place), demo=True, clock=lambda: datetime(2026, 11, 20, 22, tzinfo=UTC))
    for running in [opened.start("watchlist.list") for _ in range(8)]:
        running.result(60)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def symbol(app: Any) -> str:
    """A stock of the demo market that pays dividends."""
    stocks = app.market.instruments().filter(pl.col("kind") == "stock").select("symbol")
    paid = app.market.dividends().join(stocks, on="symbol", how="semi").group_by("symbol").len().sort("len", "symbol")
    return str(paid["symbol"][-1])


def show(app: Any, symbol: str, as_of: date | None = None, **arguments: Any) -> Any:
    return app.run("chart.show", {"symbol": symbol, **arguments}, as_of=as_of)


def test_bars_with_studies_comparison_and_sources(app: Any, symbol: str) -> None:
    table = show(app, symbol.lower(), study=("sma(50)", "MACD", "bollinger(width=1.5)", "sma(50)"), compare=("SPY", symbol))
    stored = app.market.bars([symbol])
    names = [column.name for column in table.columns]
    assert names[:7] == ["date", "open", "high", "low", "close", "volume", "sma(50)"] and names[-2:] == ["SPY", "partial"]
    assert names[7:13] == [*(f"macd(12, 26, 9) {each}" for each in ("macd", "signal", "histogram")),
                           *(f"bollinger(20, 1.5) {each}" for each in ("upper", "lower", "middle"))]  # fmt: skip
    assert table.frame["close"].equals(stored["close"])
    assert table.frame["sma(50)"].null_count() == 49 and not table.frame["sma(50)"].is_nan().any()
    assert table.frame["sma(50)"][-1] == pytest.approx(stored["close"].tail(50).mean())
    assert table.simulated and table.sources[0].endpoint and table.origin["close"].null_count() == 0
    assert table.origin.height == table.frame.height and "SPY" in table.origin.columns
    spy = app.market.bars(["SPY"]).select("date", pl.col("close").alias("theirs"))
    both = table.frame.join(spy, on="date", how="left", maintain_order="left")
    assert both["SPY"].equals(both["theirs"].alias("SPY"))
    study = table.detail["studies"][1]
    assert study.indicator is INDICATORS["macd"] and study.label == "macd(12, 26, 9)"
    assert pl.Series(study.values["signal"]).fill_nan(None).equals(table.frame["macd(12, 26, 9) signal"])
    assert table.columns[6].unit == table.columns[1].unit == "USD"


def test_a_value_does_not_depend_on_the_range_shown(app: Any, symbol: str) -> None:
    whole = show(app, symbol, study=("ema(200)", "obv", "ichimoku"))
    part = show(app, symbol, study=("ema(200)", "obv", "ichimoku"), start=date(2026, 9, 1), end=date(2026, 9, 30))
    assert part.frame["date"].min() >= date(2026, 9, 1) and part.frame["date"].max() <= date(2026, 9, 30)
    assert part.frame.drop("partial").equals(whole.frame.drop("partial").join(part.frame.select("date"), on="date", how="semi"))
    assert part.detail["bars"].height == len(part.detail["studies"][0].values["ema"]) == part.frame.height
    with pytest.raises(UserError, match="no bars"):
        show(app, symbol, start=date(2030, 1, 1))


@pytest.mark.parametrize("interval", INTERVALS)
def test_every_interval(app: Any, symbol: str, interval: str) -> None:
    table = show(app, symbol, interval=interval, study=("rsi(2)", "hv(5)"), compare=("SPY",))
    time = table.columns[0].name
    assert time == ("at" if interval[-1] in "mh" else "date") and table.frame[time].is_sorted()
    assert table.frame["high"].ge(table.frame["low"]).all() and table.frame["SPY"].null_count() == 0
    assert table.detail["interval"] == interval and table.detail["studies"][0].label == "rsi(2)"
    year = {"1m": 98280, "1h": 1764, "1d": 252, "1wk": 52, "1mo": 12}.get(interval)
    assert year is None or table.detail["studies"][1].settings == (5, year)
    assert not table.frame["partial"][:-1].any() and table.frame["partial"][-1] == (interval == "1mo")


def test_the_past_shows_what_was_known_then(app: Any, symbol: str) -> None:
    day = date(2025, 3, 5)
    then, now = show(app, symbol, day, study=("sma(20)",)), show(app, symbol, study=("sma(20)",))
    assert then.frame["date"][-1] == day and now.frame["date"][-1] > day
    splits = app.market.splits([symbol]).filter(pl.col("ex_date") > day)
    if splits.is_empty():
        assert then.frame.drop("partial").equals(now.frame.filter(pl.col("date") <= day).drop("partial"))
    week = show(app, symbol, day, interval="1wk")
    assert week.frame["partial"][-1] and week.frame["date"][-1] == date(2025, 3, 3), "5 March 2025 is a Wednesday"
    with pytest.raises(UserError, match="known at the end of 1999"):
        show(app, symbol, date(1999, 1, 4))
    events = app.run("chart.events", {"symbol": symbol}, as_of=day).frame
    known = app.market.earnings([symbol], as_of=day)
    assert events.filter(pl.col("kind").is_in(["dividend", "split"]))["date"].max() <= day
    assert events.filter(pl.col("title") == "Results")["date"].max() <= day
    assert (events["kind"] == "earnings").sum() == known.height


def test_events_with_words_and_sources(app: Any, symbol: str) -> None:
    table = app.run("chart.events", {"symbol": symbol, "news": 3})
    frame = table.frame
    counts = dict(frame["kind"].value_counts().iter_rows())
    assert counts["dividend"] == app.market.dividends([symbol]).height and counts.get("news", 0) <= 3
    assert counts["earnings"] == app.market.earnings([symbol]).height
    assert frame["date"].null_count() == 0 and frame["date"].is_sorted() and frame["title"].str.len_chars().min() > 3
    told = frame.filter(pl.col("title") == "Results")["text"]
    assert told.str.contains("Earnings per share").any() and not told.str.contains("None|nan").any()
    assert table.origin["title"].null_count() == 0 and table.sources
    assert app.run("chart.events", {"symbol": "ZZZZ"}).notes == ("No events of ZZZZ are stored.",)


def test_mistakes_are_explained(app: Any, symbol: str) -> None:
    for arguments, words in (
        ({"study": ("smaa(50)",)}, "no indicator called 'smaa'"),
        ({"study": ("sma(0)",)}, "whole number"),
        ({"compare": tuple(f"A{n}" for n in range(7))}, "too many"),
        ({"compare": ("not a symbol",)}, "not a symbol"),
    ):
        with pytest.raises(UserError, match=words):
            show(app, symbol, **arguments)
    with pytest.raises(UserError, match="o prices of ZZZZ"):
        show(app, "ZZZZ")
    few = show(app, symbol, interval="1mo", study=("sma(2000)",), compare=("ZZZZ",))
    assert few.frame["sma(2000)"].null_count() == few.frame.height == few.frame["ZZZZ"].null_count()
    assert "sma(2000) is unknown" in few.unknown[0] and "ZZZZ" in few.unknown[1]


def test_the_catalogue_as_a_table(app: Any) -> None:
    table = app.run("chart.indicators", {})
    assert table.frame.height == len(INDICATORS) >= 35 and table.frame["name"].to_list() == list(INDICATORS)
    assert "from 1" not in table.frame["parameters"][0] and "1 to 2000" in table.frame["parameters"][0]
    assert set(app.run("chart.indicators", {"group": "volume"}).frame["group"]) == {"Volume"}
    with pytest.raises(UserError, match="no group"):
        app.run("chart.indicators", {"group": "Astrology"})


def test_export_says_where_the_numbers_come_from(app: Any, symbol: str, tmp_path: Any) -> None:
    file = tmp_path / "deep" / "chart.csv"
    arguments = {"symbol": symbol, "study": ("sma(50)",), "compare": ("SPY",)}
    told = app.run("chart.export", {**arguments, "csv": str(file)})
    text = file.read_bytes().decode("utf-8")
    assert told.frame.row(0) == ("csv", str(file), len(text.encode()))
    lines = text.split("\r\n")
    rows = list(csv.DictReader(io.StringIO("\n".join(line for line in lines if not line.startswith("#")))))
    table = show(app, symbol, study=("sma(50)",), compare=("SPY",))
    assert len(rows) == table.frame.height and rows[0]["sma(50)"] == "" and rows[0]["simulated"] == "yes"
    assert float(rows[-1]["sma(50)"]) == table.frame["sma(50)"][-1] and float(rows[-1]["SPY"]) == table.frame["SPY"][-1]
    comments = [line for line in lines if line.startswith("#")]
    assert any("SIMULATED" in line for line in comments) and any(line.startswith("# source: demo") for line in comments)
    assert any("formula of sma(50)" in line for line in comments)
    for wrong, words in (({}, "Nothing was asked"), ({"png": str(file), "width": 5}, "cannot be made")):
        with pytest.raises(UserError, match=words):
            app.run("chart.export", {**arguments, **wrong})
    with pytest.raises(UserError, match="cannot be written"):
        app.run("chart.export", {**arguments, "csv": str(file / "below")})


def test_a_picture_is_painted_from_any_thread(app: Any, symbol: str, tmp_path: Any, qtbot: Any) -> None:
    """Here in Qt's thread, then in a worker's while Qt's thread goes on."""
    from PySide6.QtGui import QColor, QImage

    first, second = tmp_path / "one.png", tmp_path / "two.png"
    arguments = {"symbol": symbol, "study": ("bollinger", "rsi"), "width": 640, "height": 400, "start": date(2026, 6, 1)}
    app.run("chart.export", {**arguments, "png": str(first)})
    running = app.start("chart.export", {**arguments, "png": str(second)})
    qtbot.waitUntil(running.done, timeout=60_000)
    assert running.result().frame["kind"].to_list() == ["png"]
    for file in (first, second):
        image = QImage(str(file))
        assert (image.width(), image.height()) == (640, 400)
        colours = {QColor(image.pixel(x, y)).name() for x in range(0, 640, 3) for y in range(0, 400, 3)}
        assert len(colours) > 20, "an empty picture has one colour"


def test_studies_are_the_same_as_the_catalogue_gives(app: Any, symbol: str) -> None:
    wanted = [name for name in INDICATORS if name not in ("avwap",)]
    table = show(app, symbol, study=tuple(wanted))
    bars = app.market.bars([symbol])
    for study in table.detail["studies"]:
        for output, values in compute(study.indicator.name, bars, study.settings).items():
            assert np.allclose(study.values[output], values, equal_nan=True)
            assert study.column(output) in table.frame.columns
