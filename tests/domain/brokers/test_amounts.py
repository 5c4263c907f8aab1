"""Amounts, days and option symbols as brokers write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.domain.brokers.amounts import clock, day, derived, instant, maybe, moment, number, option
from terminal.domain.brokers.parsed import Unreadable


@pytest.mark.parametrize(
    ("text", "comma", "value"),
    [
        ("1,234.56", "group", "1234.56"),
        ("-$694.48", "group", "-694.48"),
        ("$-5", "group", "-5"),
        ("($69.13)", "group", "-69.13"),
        ("1.234,56", "decimal", "1234.56"),
        ("-79,35", "auto", "-79.35"),
        ("-97.93", "auto", "-97.93"),
        ("1.046,3825", "auto", "1046.3825"),
        ("1\u202f046,38", "auto", "1046.38"),
        ("€0.00", "group", "0"),
        ("-€597.49846", "group", "-597.49846"),
        ("100 EUR", "group", "100"),
        ("USD 12.5", "group", "12.5"),
        ("5-", "group", "-5"),
        ("\u22125", "group", "-5"),
        ("1'000.5", "group", "1000.5"),
        ("0.000037835729", "group", "0.000037835729"),
        ("4.5E-7", "group", "4.5E-7"),
        ("-0.00", "group", "0"),
        (".5", "group", "0.5"),
    ],
)
def test_an_amount_is_read_exactly(text: str, comma: str, value: str) -> None:
    assert number(text, comma) == Decimal(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text", ["", "abc", "1,2,3", "1.2.3", "NaN", "Infinity", "1e9999", "--5-5", "9" * 100, "12,34", "=1+1", "1_000", "٣"]
)
def test_what_is_no_amount_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(Unreadable):
        number(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6))
def test_an_amount_written_in_either_style_comes_back(value: Decimal) -> None:
    english = f"{value:,}"
    german = english.replace(",", " ").replace(".", ",").replace(" ", ".")
    assert number(english) == value
    assert number(german, "decimal") == value
    assert number(german, "auto") == value


def test_nothing_is_not_zero() -> None:
    assert maybe("--") is None and maybe("") is None and maybe("0") == 0
    assert derived(Decimal(1) / 3) == Decimal("0.3333333333") and str(derived(Decimal("60.000"))) == "60"


def test_days_and_times() -> None:
    assert (
        day("20180209;111929") == day("2018-02-09, 19:45:00") == day("02/09/2018") == day("9-2-2018", "day") == date(2018, 2, 9)
    )
    assert day("30-Dec-2024") == day("30-dez-2024") == day("Dec 30, 2024") == date(2024, 12, 30)
    assert day("16-jan-2025") == date(2025, 1, 16)
    for wrong in ("", "13/13/2024", "soon", "2024-02-30", "30-foo-2024"):
        with pytest.raises(Unreadable):
            day(wrong)
    assert clock("093406") == time(9, 34, 6) and clock("09:30") == time(9, 30)
    with pytest.raises(Unreadable):
        clock("25:99")


def test_the_same_wall_clock_is_another_moment_in_winter_and_summer() -> None:
    assert moment(date(2024, 1, 15), time(9, 30)) == datetime(2024, 1, 15, 14, 30, tzinfo=UTC)
    assert moment(date(2024, 7, 15), time(9, 30)) == datetime(2024, 7, 15, 13, 30, tzinfo=UTC)
    assert moment(date(2024, 7, 15)) == datetime(2024, 7, 15, tzinfo=UTC)
    assert instant("2025-01-17 16:57:02 UTC") == datetime(2025, 1, 17, 16, 57, 2, tzinfo=UTC)
    assert instant("2023-09-22T13:30:10.514Z") == datetime(2023, 9, 22, 13, 30, 10, 514000, tzinfo=UTC)
    assert instant("04/09/2026 17:14:44", "America/Chicago") == datetime(2026, 4, 9, 22, 14, 44, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "XYZ   240119C00012500",
        "XYZ240119C00012500",
        "-XYZ240119C12.5",
        " -XYZ240119C12.5",
        "XYZ 01/19/2024 12.50 C",
        "XYZ 1/19/2024 Call $12.50",
        "XYZ 19JAN24 12.5 C",
    ],
)
def test_every_spelling_of_an_option_is_the_same_contract(text: str) -> None:
    found = option(text)
    assert found is not None and found.symbol == "XYZ240119C00012500"


@pytest.mark.parametrize("text", ["AAPL", "BRK.B", "", "XYZ 241399C00012500", "XYZ 13/45/2024 Call $1", "Krispy Kreme"])
def test_what_is_no_option_is_none(text: str) -> None:
    assert option(text) is None
