"""Strange files: dialects, half-written ones, percent and fractions, dates, decimals."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from terminal.domain import columns
from terminal.errors import UserError
from terminal.providers.files import read_file

if TYPE_CHECKING:
    from pathlib import Path


def write(folder: Path, text: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    ("data", "delimiter", "note"),
    [
        (b"a,b\n1,2\n", ",", "UTF-8"),
        ("\ufeffa;b\n1;2\n".encode(), ";", "UTF-8"),
        ("a\tb\nä\t2\n".encode("utf-16"), "\t", "UTF-16"),
        ("a|b\nMünchen|2\n".encode("cp1252"), "|", "Windows-1252"),
        (b"Report of the day\n\na,b\r\n1,2\r\n3,4\r\n", ",", "header in line 3"),
        (b'a,b\n"x, y",2\n', ",", "UTF-8"),
    ],
)
def test_dialects(data: bytes, delimiter: str, note: str, tmp_path: Path) -> None:
    file = read_file(write(tmp_path, data))
    assert file.delimiter == delimiter
    assert file.columns == ("a", "b")
    assert note in file.notes[0]
    assert file.refused == ()


def test_lines_of_another_width_are_listed_with_their_number(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, "a,b,c\n1,2,3\n4,5\n6,7,8,9\n7,8,9\n"))
    assert file.refused == ("line 3 has 2 of 3 fields", "line 4 has 4 of 3 fields")
    assert file.lines == (2, 5)


def test_a_half_written_last_line_is_said(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, "a,b,c\n1,2,3\n4,5"))
    assert file.refused == ("line 3 has 2 of 3 fields: the file breaks off there",)
    file = read_file(write(tmp_path, 'a,b,c\n1,2,3\n4,5,"un'))
    assert file.refused[-1].startswith("line 3")
    file = read_file(write(tmp_path, "a,b,c\n1,2,3\n4,5,6"))
    assert "no line end" in file.notes[1]


def test_a_character_cut_in_two_is_no_other_encoding(tmp_path: Path) -> None:
    file = read_file(write(tmp_path, "a,b\nMünchen,2\nKöln,3\nDüsseldorf,ü".encode()[:-1]))
    assert file.frame["a"][0] == "München"


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b"\n \n", "a.csv", "empty"),
        (b"just one column\nx\n", "a.csv", "no table"),
        (b"a,b\n", "a.csv", "no whole line"),
        (b"PK\x03\x04rest", "a.xlsx", "spreadsheet"),
        (b"\x00\x01\x02\x03", "a.csv", "not a text file"),
        (b"PAR1 and then nothing", "a.parquet", "not a whole Parquet"),
    ],
)
def test_what_is_no_table_is_one_sentence(data: bytes, name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=words) as caught:
        read_file(write(tmp_path, data, name))
    assert caught.value.hint


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no file"):
        read_file(tmp_path / "none.csv")
    with pytest.raises(UserError, match="is a folder"):
        read_file(tmp_path)


NUMBERS = [
    ("1,234.5", False, 1234.5), ("1.234,5", True, 1234.5), ("-3", False, -3.0), ("(3.5)", False, -3.5), ("$1.2B", False, 1.2e9),
    ("€ 5", False, 5.0), ("1.5e3", False, 1500.0), ("2,5", True, 2.5), ("−4", False, -4.0), ("1 000", False, 1000.0),
    ("", False, None),
    ("N/A", False, None), ("NaN", False, None), ("Infinity", False, None), ("12 mio", False, 12e6),
]  # fmt: skip


@pytest.mark.parametrize(("text", "comma", "value"), NUMBERS)
def test_numbers(text: str, comma: bool, value: float | None) -> None:
    assert columns.number(text, comma) == (value, False)


def test_percent_signs_and_what_is_no_number() -> None:
    assert columns.number("12.5%", False) == (12.5, True)
    for text in ("abc", "1.2.3x", "12 apples", "--5"):
        with pytest.raises(ValueError, match=r".*"):
            columns.number(text, False)


def test_decimal_commas_are_told_by_the_column() -> None:
    assert columns.decimal_comma(["1.234,56", "12"], False)
    assert not columns.decimal_comma(["1,234.56", "12"], True)
    assert columns.decimal_comma(["12,5", "3,25"], True)
    assert not columns.decimal_comma(["1,234", "5,678"], False)


def test_per_cent_or_fraction_is_judged_on_the_whole_column() -> None:
    assert not columns.is_percent([0.0175, 0.0221, 0.064], "dividend_yield")
    assert columns.is_percent([1.75, 2.21, 0.4], "dividend_yield")
    assert not columns.is_percent([0.3, -1.2, 1.4, 0.2], "roe")
    assert columns.is_percent([30, -120, 14, 20], "roe")
    assert not columns.is_percent([], "roe")


def test_dates() -> None:
    assert columns.day("2026-01-31 00:00:00+01:00", False) == date(2026, 1, 31)
    assert columns.day("20260131", False) == date(2026, 1, 31)
    assert columns.day("31.01.2026", True) == date(2026, 1, 31)
    assert columns.day("Jan 31, 2026", False) == date(2026, 1, 31)
    assert columns.day("", False) is None
    assert columns.day_first(["03/04/2024", "13/04/2024"]) is True
    assert columns.day_first(["03/04/2024", "04/13/2024"]) is False
    assert columns.day_first(["03/04/2024"]) is None
    with pytest.raises(ValueError, match=r".*"):
        columns.day("yesterday", False)


def test_columns_are_recognised_once_each() -> None:
    found = columns.guess(["Ticker", "P/E", "Fwd P/E", "Price", "52W High", "Mkt Cap", "Dividend Yield"], "fundamentals")
    assert found == {"Ticker": "symbol", "P/E": "pe_ttm", "Fwd P/E": "pe_forward", "Price": "price", "52W High": "high_52w",
                     "Mkt Cap": "market_cap", "Dividend Yield": "dividend_yield"}  # fmt: skip
    found = columns.guess(["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume", "Dividends", "Stock Splits"], "bars")
    assert set(found.values()) == {"date", "open", "high", "low", "close", "adjusted_close", "volume", "dividend", "split"}
