"""The chart in words: what is said of the bars, of an indicator's number and of what is missing. Pure; no Qt, no wording of
values that are not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from terminal.domain import format as fmt

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

YEAR = timedelta(days=365)
_NEAR = 0.005  # at the highest or lowest price as one sees it


@dataclass(frozen=True, slots=True)
class Reading:
    """What the bars shown say. Fractions; None is unknown. `days` is how far back they look, a year at most."""

    last: float | None = None
    before: float | None = None
    change: float | None = None
    over: float | None = None
    from_high: float | None = None
    from_low: float | None = None
    days: int = 0


def read(bars: pl.DataFrame) -> Reading:
    """A reading of bars (date or at, high, low, close), oldest first; of those of the last year."""
    import polars as pl

    time = "date" if "date" in bars.columns else "at"
    known = bars.filter(pl.col("close").is_finite()) if "close" in bars.columns else bars.clear()
    if known.is_empty():
        return Reading()
    closes = known["close"]
    last = float(closes[-1])
    before = float(closes[-2]) if len(closes) > 1 else None
    end = known[time][-1]
    recent = known.filter(pl.col(time) >= end - YEAR)
    earlier = known.filter(pl.col(time) < end - YEAR)
    start = float(earlier["close"][-1]) if not earlier.is_empty() else float(recent["close"][0])
    first = end - YEAR if not earlier.is_empty() else recent[time][0]
    high, low = _extreme(recent, "high", "max"), _extreme(recent, "low", "min")
    return Reading(
        last, before, _against(last, before), _against(last, start), _against(last, high), _against(last, low),
        _days(first, end),
    )  # fmt: skip


def _extreme(bars: pl.DataFrame, column: str, which: str) -> float | None:
    values = bars[column].fill_null(bars["close"]) if column in bars.columns else bars["close"]
    found = values.max() if which == "max" else values.min()
    return float(found) if isinstance(found, (int, float)) else None


def _against(value: float, base: float | None) -> float | None:
    return None if base is None or base <= 0 else value / base - 1


def _days(first: date, last: date) -> int:
    return (last - first).days


def sentence(reading: Reading) -> str:
    """`Up 12 % in a year; 4 % below its highest price of the year.` Empty when nothing is known."""
    if reading.over is None or reading.days < 2:
        return ""
    span = _span(reading.days)
    moved = "Unchanged" if round(abs(reading.over) * 100) == 0 else (
        f"{'Up' if reading.over > 0 else 'Down'} {fmt.percent(abs(reading.over), 0)}")
    return f"{moved} in {span[0]}; {_place(reading, span[1])}."


def _place(reading: Reading, span: str) -> str:
    if reading.from_high is None or reading.from_low is None:
        return "how it stands against its highest price is not known"
    if reading.from_high > -_NEAR:
        return f"at its highest price {span}"
    if reading.from_low < _NEAR:
        return f"at its lowest price {span}"
    return f"{fmt.percent(abs(reading.from_high), 0)} below its highest price {span}"


def _span(days: int) -> tuple[str, str]:
    """A stretch of time twice: "in ..." and "highest price ..."."""
    if days >= 360:
        return "a year", "of the year"
    if days >= 45:
        months = round(days / 30.44)
        return f"{months} months", f"of these {months} months"
    return f"{days} days", f"of these {days} days"


def price(value: float | None) -> str:
    """A price as it stands at the head of the chart."""
    return fmt.UNKNOWN if value is None else fmt.number(value, 2 if abs(value) >= 1 else 4)


def study_value(value: float | None, unit: str = "price") -> str:
    """A value of a study as its legend writes it."""
    if value is None or value != value:  # noqa: PLR0124 - not-a-number is a kernel's unknown
        return fmt.UNKNOWN
    if unit == "fraction":
        return fmt.percent(value, 2)
    if abs(value) >= 1e5:
        return fmt.compact(value)
    return fmt.number(value, 2 if abs(value) >= 1 or value == 0 else 4)


# What Newbie mode offers: a study, what it is called there over days, and over bars of another length, and its question.
PLAIN = (
    ("sma(50)", "Average price of 50 days", "Average price of 50 {bars}",
     "Is the price above or below what it cost on average lately?"),
    ("sma(200)", "Average price of 200 days", "Average price of 200 {bars}",
     "The long-term trend: many feel safer above this line."),
    ("bollinger(20, 2)", "Usual range of the price", "Usual range of the price",
     "Outside of the band the price moved unusually far."),
    ("highest(252)", "Highest price of the year", "Highest price of 252 {bars}", "How far is it from its best price?"),
    ("lowest(252)", "Lowest price of the year", "Lowest price of 252 {bars}", "How far is it from its worst price?"),
    ("rsi(14)", "Ran hot or cold?", "Ran hot or cold?", "From 0 to 100. Above 70 it rose fast lately, below 30 it fell fast."),
    ("relative_volume(20)", "More traded than usual?", "More traded than usual?", "2 means twice as many shares as usual."),
)  # fmt: skip
_BARS = {"1m": "minutes", "1h": "hours", "1wk": "weeks", "1mo": "months"}


def plain_title(study: str, interval: str = "1d") -> str:
    """What a study is called in Newbie mode; "" for one that has no plain name."""
    for each, days, bars, _ in PLAIN:
        if each == study:
            return days if interval == "1d" else bars.format(bars=_BARS.get(interval, f"bars of {interval}"))
    return ""


def understood(studies: Sequence[object]) -> tuple[str, ...]:
    """Those of some studies, as they were kept, that are known here."""
    from terminal.domain.indicators import read_study

    found = []
    for each in studies:
        try:
            read_study(str(each))
        except ValueError:
            continue
        found.append(str(each))
    return tuple(found)
