"""Numbers and days by the conventions of places; whose clock a moment is told by; reading what people type."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal import commands, locales
from terminal.domain import format as fmt
from terminal.domain import table_filter
from terminal.domain.sourced import Column, Table
from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOSE = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    before = fmt.in_force()
    yield
    fmt.use(before)


@pytest.mark.parametrize(("name", "number", "money", "share", "day"), [
    ("standard", "−1\u202f234.50", "$69.76", "5.6\u202f%", "20 Nov 2026"),
    ("en-US", "−1,234.50", "$69.76", "5.6\u202f%", "Nov 20, 2026"),
    ("de-DE", "−1.234,50", "$69,76", "5,6\u202f%", "20.11.2026"),
    ("de-CH", "−1’234.50", "$69.76", "5.6\u202f%", "20.11.2026"),
    ("fr-FR", "−1\u202f234,50", "$69,76", "5,6\u202f%", "20/11/2026"),
    ("sv-SE", "−1\u202f234,50", "$69,76", "5,6\u202f%", "2026-11-20")])
def test_each_place_writes_in_its_own_way(name: str, number: str, money: str, share: str, day: str) -> None:
    fmt.use(fmt.CONVENTIONS[name])
    assert fmt.number(-1234.5) == number
    assert fmt.money(69.76, "USD") == money
    assert fmt.percent(0.056) == share
    assert fmt.day(date(2026, 11, 20)) == day
    assert fmt.compact(12.5) == fmt.number(12.5)
    assert fmt.compact(3_350_000_000) == fmt.number(3.35) + "B"
    assert fmt.day_of_year(date(2026, 11, 20)) == ("Nov 20" if name == "en-US" else "20 Nov")


@pytest.mark.parametrize(("text", "point", "comma"), [
    ("1.5", 1.5, 1.5), ("1,5", 1.5, 1.5), ("1,50", 1.5, 1.5), ("0.250", 0.25, 0.25), ("0,250", 0.25, 0.25),
    ("1,234", 1234.0, 1.234), ("1.234", 1.234, 1234.0), ("1,234.5", 1234.5, 1234.5), ("1.234,5", 1234.5, 1234.5),
    ("1,234,567", 1234567.0, 1234567.0), ("1.234.567", 1234567.0, 1234567.0), ("1 234,5", 1234.5, 1234.5),
    ("1’234.50", 1234.5, 1234.5), ("−3", -3.0, -3.0), ("+2", 2.0, 2.0), (".5", 0.5, 0.5), ("1e3", 1000.0, 1000.0),
    ("12345,678", 12345.678, 12345.678)])
def test_what_is_typed_is_read_by_the_convention(text: str, point: float, comma: float) -> None:
    for name, value in (("standard", point), ("en-US", point), ("de-DE", comma)):
        fmt.use(fmt.CONVENTIONS[name])
        assert fmt.read_number(text) == pytest.approx(value), name


@pytest.mark.parametrize("text", ["", "abc", "1,2,3", "1.2.3", "1,23.4.5", "12,34.5", "--1", "1-2", "nan", "inf", "1e999",
                                  "1,2.345,6"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        fmt.read_number(text)


@given(st.floats(-1e12, 1e12), st.sampled_from(sorted(fmt.CONVENTIONS)), st.integers(1, 2))
def test_what_is_written_is_read_again(value: float, name: str, decimals: int) -> None:
    before = fmt.in_force()
    try:
        fmt.use(fmt.CONVENTIONS[name])
        assert fmt.read_number(fmt.number(value, decimals)) == pytest.approx(round(value, decimals), abs=10.0 ** -decimals)
    finally:
        fmt.use(before)


@pytest.mark.parametrize(("clock", "zone", "told"), [
    ("exchange", BERLIN, "20 Nov 2026, 16:00 ET"), ("local", BERLIN, "20 Nov 2026, 22:00 CET"),
    ("both", BERLIN, "20 Nov 2026, 16:00 ET (22:00 CET)"), ("both", TOKYO, "20 Nov 2026, 16:00 ET (21 Nov, 06:00 JST)"),
    ("local", TOKYO, "21 Nov 2026, 06:00 JST"), ("both", ZoneInfo("America/New_York"), "20 Nov 2026, 16:00 ET")])
def test_a_moment_by_one_clock_or_both(clock: fmt.Clock, zone: ZoneInfo, told: str) -> None:
    fmt.use(replace(fmt.STANDARD, clock=clock, zone=zone))
    assert fmt.moment(CLOSE) == told
    assert fmt.clock(CLOSE) in told
    assert fmt.value(CLOSE) == told


def column(unit: str = "") -> Column:
    return Column("price", "Price", "number", unit)


@pytest.mark.parametrize(("name", "text", "passed"), [
    ("standard", ">1,5", [2.0, 1500.0]), ("standard", ">1,500", []), ("standard", ">=1,500", [1500.0]),
    ("standard", "1.5..2", [1.5, 2.0]), ("de-DE", ">1,5", [2.0, 1500.0]), ("de-DE", ">1.5", [2.0, 1500.0]),
    ("de-DE", "1,5..2", [1.5, 2.0]), ("de-DE", "=1500", [1500.0]), ("de-DE", ">=1.500,0", [1500.0])])
def test_a_filter_takes_either_decimal_sign(name: str, text: str, passed: list[float]) -> None:
    fmt.use(fmt.CONVENTIONS[name])
    frame = pl.DataFrame({"price": [1.0, 1.5, 2.0, 1500.0]})
    found = table_filter.parse(text, column(), pl.Float64())
    assert frame.filter(found.expression)["price"].to_list() == passed


@pytest.mark.parametrize("text", [">1.500", "<1,500", "1..1.234"])
def test_a_filter_that_two_people_would_read_differently_is_refused(text: str) -> None:
    fmt.use(fmt.CONVENTIONS["de-DE"])
    with pytest.raises(table_filter.FilterError, match="may mean"):
        table_filter.parse(text, column(), pl.Float64())


def test_what_is_typed_for_a_command_is_never_ten_times_as_much() -> None:
    def take(ctx: object, part: float = 0.0, whole: int = 0) -> Table:
        raise NotImplementedError

    fmt.use(fmt.CONVENTIONS["de-DE"])  # which a command line does not follow
    made = commands._build(commands.command(title="Take numbers")(take), "sample")
    assert made.bind({"part": "1.500"})["part"] == 1.5
    assert made.bind({"part": "1,5"})["part"] == 1.5
    assert made.bind({"whole": "1,500"})["whole"] == 1500
    with pytest.raises(UserError):
        made.bind({"whole": "1,5"})


def test_threads_never_see_half_a_convention() -> None:
    fmt.use(fmt.CONVENTIONS["en-US"])
    told: set[str] = set()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            told.add(fmt.number(1234.5))

    writers = [threading.Thread(target=write) for _ in range(3)]
    for each in writers:
        each.start()
    for turn in range(2000):
        fmt.use(fmt.CONVENTIONS["de-DE" if turn % 2 else "en-US"])
    stop.set()
    for each in writers:
        each.join()
    assert told <= {"1,234.50", "1.234,50"}


@pytest.mark.parametrize(("name", "known"), [
    ("de_DE.UTF-8", "de-DE"), ("de-DE", "de-DE"), ("de_LU", "de-DE"), ("en_US.UTF-8", "en-US"), ("en_AU", "en-US"),
    ("C.UTF-8", "standard"), ("POSIX", "standard"), ("", "standard"), ("xx_YY@euro", "standard"), ("fr", "fr-FR")])
def test_the_systems_names_of_places(name: str, known: str) -> None:
    assert locales.of(name) == fmt.CONVENTIONS[known]


def test_the_settings_choose_place_and_clock() -> None:
    chosen = {locales.LOCALE: "system", locales.CLOCK: "both"}
    found = locales.wanted(chosen.__getitem__, {"LANG": "en_GB.UTF-8", "LC_NUMERIC": "de_AT"})
    assert (found.decimal, found.clock) == (",", "both")
    chosen[locales.LOCALE] = "fr-FR"
    assert locales.wanted(chosen.__getitem__, {}).order == "dd/mm/y"
    assert locales.system_name({"LC_ALL": "", "LANG": "pl_PL"}) == "pl_PL"
