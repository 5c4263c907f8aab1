"""Delimited files: lines, quotes, headers, encodings."""

from __future__ import annotations

import pytest

from terminal.domain.brokers.text import decoded, grid, head, named


def test_a_row_knows_its_line_and_its_very_text() -> None:
    table = grid('junk\n\nA,B\n1,"two\nlines"\n\n3,4\n')
    assert [(row.line, row.text, row["B"]) for row in table.rows] == [(4, '1,"two\nlines"', "two\nlines"), (7, "3,4", "4")]


def test_a_quote_that_does_not_close_costs_one_line_and_not_the_file() -> None:
    table = grid("A,B\n1,2\n" + '3,"oops\n' + "".join(f"{n},x\n" for n in range(40)))
    assert [line.number for line in table.refused] == [3] and "quotation" in table.refused[0].reason
    assert len(table.rows) == 41


def test_too_many_cells_are_refused_and_too_few_are_empty() -> None:
    table = grid("A,B\n1,2,3\n1\n1,2,,\n")
    assert [line.number for line in table.refused] == [2] and "3 cells under 2 columns" in table.refused[0].reason
    assert [row.cells for row in table.rows] == [{"A": "1"}, {"A": "1", "B": "2"}]


def test_headers_that_repeat_or_are_missing_get_names_of_their_own() -> None:
    assert named(("Change", "", "Balance", "", "Amount", "Amount")) == (
        "Change",
        "Change+",
        "Balance",
        "Balance+",
        "Amount",
        "Amount (2)",
    )
    assert grid("A;B\n1;2\nA;B\n3;4\n").rows[1]["A"] == "3"  # a header met again is no row


def test_encodings_and_what_is_no_text() -> None:
    assert decoded("\ufeffé".encode()) == decoded("é".encode("cp1252")) == decoded("é".encode("utf-16")) == "é"
    for binary in (b"PK\x03\x04zip", b"\0\1\2", b"%PDF-1.7"):
        with pytest.raises(ValueError, match="not a text"):
            decoded(binary)
        assert head(binary) == []


def test_no_header_is_an_error() -> None:
    with pytest.raises(ValueError, match="names the columns"):
        grid("a,b\n1,2\n", ("Date",))
