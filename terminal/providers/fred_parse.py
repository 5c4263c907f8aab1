"""FRED's answers as MACRO frames. Pure.

FRED states for each value the stretch of days in which it was the published one (`realtime_start` to `realtime_end`), cut
to the stretch that was asked for. A request may span at most 2,000 publications, which is why a daily series is asked for
five years at a time, always the same five: the days of publication then never depend on when it was asked. Of some series
FRED's archive (ALFRED) begins late or holds nothing; a daily one of those counts as published on the next working day.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from terminal.domain.schemas import MACRO
from terminal.errors import BadPayload
from terminal.providers import wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from terminal.providers.http import Got

TITLE = "FRED"
FIRST, LAST = date(1776, 7, 4), date(9999, 12, 31)
YEARS = 5
UNKNOWN = "."


@dataclass(frozen=True, slots=True)
class Series:
    """What a series is. `daily`: published each day (weekly ones count too), so asked for in stretches."""

    title: str
    unit: str
    daily: bool


SERIES: dict[str, Series] = {
    "DGS10": Series("10-year Treasury yield", "percent", True),
    "DGS1MO": Series("1-month Treasury yield", "percent", True),
    "DGS3MO": Series("3-month Treasury yield", "percent", True),
    "DGS6MO": Series("6-month Treasury yield", "percent", True),
    "DGS1": Series("1-year Treasury yield", "percent", True),
    "DGS2": Series("2-year Treasury yield", "percent", True),
    "T10Y2Y": Series("10-year minus 2-year Treasury yield", "percent", True),
    "T10Y3M": Series("10-year minus 3-month Treasury yield", "percent", True),
    "BAMLH0A0HYM2": Series("US high-yield spread over Treasuries", "percent", True),
    "VIXCLS": Series("VIX at the close", "index", True),
    "FEDFUNDS": Series("Federal funds rate, monthly mean", "percent", False),
    "CPIAUCSL": Series("Consumer prices, seasonally adjusted", "index", False),
    "UNRATE": Series("Unemployment rate", "percent", False),
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Publications and observations from one day to another, both included."""

    first: date
    last: date
    observed_from: date

    def parameters(self, end: date | None) -> dict[str, str]:
        """The request's parameters; `end` bounds the observations."""
        bounds = {
            "realtime_start": self.first.isoformat(),
            "realtime_end": self.last.isoformat(),
            "observation_start": self.observed_from.isoformat(),
        }
        return bounds if end is None else {**bounds, "observation_end": end.isoformat()}


def stretches(series: Series, start: date | None, today: date) -> tuple[Stretch, ...]:
    """What to ask for: everything published about a monthly series, five calendar years at a time about a daily one.

    Without a start: the stretch that holds today and the one before.
    """
    if not series.daily:
        return (Stretch(FIRST, LAST, start or FIRST),)
    newest = today.year - today.year % YEARS
    oldest = newest - YEARS if start is None else min(start.year - start.year % YEARS, newest)
    made = []
    for year in range(oldest, newest + 1, YEARS):
        first, last = date(year, 1, 1), LAST if year == newest else date(year + YEARS - 1, 12, 31)
        made.append(Stretch(first, last, first if year == oldest else date(year - 1, 11, 1)))
    return tuple(made)


def parse_observations(whole: Any, name: str, series: Series, stretch: Stretch) -> pl.DataFrame:
    """One row a value and publication; "." is unknown and left out.

    A value that was already published when the stretch began is left out too when the stretch before has its true day.
    """
    rows = wire.rows_of(wire.mapping(whole, TITLE, "observations").get("observations"), TITLE, "observations")
    if int(whole.get("count", len(rows))) > len(rows):
        raise BadPayload(f"{TITLE} sent only part of {name}.", "What is stored stays usable; try again later.")
    found = []
    for row in rows:
        day, published, value = wire.day(row["date"]), wire.day(row["realtime_start"]), row["value"]
        if value == UNKNOWN or day is None or published is None:
            continue
        number = wire.number(value)
        if number is None:
            raise BadPayload(f"{TITLE} sent a value of {name} that is no number.", "Try again later.")
        if published == stretch.first and day < stretch.first:
            continue
        found.append({
            "series": name, "date": day, "published_on": published, "value": number, "unit": series.unit,
            "title": series.title})  # fmt: skip
    return wire.frame(found, MACRO)


def parse_undated(whole: Any, name: str, series: Series) -> pl.DataFrame:
    """The present values of a daily series of which no days of publication are kept: the next working day each."""
    frame = parse_observations(whole, name, series, Stretch(LAST, LAST, FIRST))
    friday = pl.col("date").dt.weekday() >= 5
    days = pl.when(friday).then(8 - pl.col("date").dt.weekday()).otherwise(1)
    return frame.with_columns((pl.col("date") + pl.duration(days=days)).alias("published_on"))


def parse_series(whole: Any) -> Series:
    """The description of a series."""
    (row,) = wire.rows_of(wire.mapping(whole, TITLE, "series").get("seriess"), TITLE, "series")
    unit = str(row.get("units_short") or row["units"])
    return Series(str(row["title"]), {"%": "percent"}.get(unit, unit), str(row["frequency_short"]) in ("D", "W", "BW"))


def unknown_series(got: Got | None) -> bool:
    """Whether FRED's error says that there is no such series."""
    return "series does not exist" in _told(got) and not unarchived(got)


def unarchived(got: Got | None) -> bool:
    """Whether FRED's error says that its archive has nothing of the series in the stretch asked for."""
    return "does not exist in ALFRED" in _told(got)


def refused_key(got: Got | None) -> bool:
    """Whether FRED's error is about the key."""
    return "api_key" in _told(got)


def _told(got: Got | None) -> str:
    """FRED's own words in an error: {"error_code": 400, "error_message": "Bad Request.  ..."}."""
    if got is None or got.status < 400:
        return ""
    try:
        whole: Mapping[str, Any] = json.loads(got.body)
        return str(whole.get("error_message", ""))
    except (ValueError, AttributeError):
        return ""
