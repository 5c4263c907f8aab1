"""Tables as files of comma-separated values."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest

from terminal.domain.delimited import cell, to_csv
from terminal.domain.sourced import Column, Source, Table


@pytest.mark.parametrize(("value", "shown"), [
    ("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("@x", "'@x"), ("-2+3", "'-2+3"), ("-2.5", "-2.5"), ("a=b", "a=b"), (-3, -3),
    (None, None)])
def test_text_that_a_spreadsheet_would_run_is_quoted(value: object, shown: object) -> None:
    assert cell(value) == shown


def test_rows_come_back_as_they_were_and_comments_follow() -> None:
    frame = pl.DataFrame({"symbol": ["A", "=B()"], "price": [1.5, None], "flags": [["x", "y"], []]})
    columns = (Column("symbol", "Ticker"), Column("price", "Price", "number"), Column("flags", "Flags", "list"))
    table = Table("T", columns, frame, (Source("demo", "bars", simulated=True),), unknown=("price of B",), notes=("two\nlines",))
    text = to_csv(table)
    body = [line for line in text.splitlines() if not line.startswith("#")]
    assert list(csv.reader(io.StringIO("\n".join(body)))) == [
        ["symbol", "price", "flags", "simulated"], ["A", "1.5", "x; y", "yes"], ["'=B()", "", "", "yes"]]
    comments = [line for line in text.splitlines() if line.startswith("#")]
    assert comments[0] == "# SIMULATED: demo market, invented companies"
    assert comments[-2:] == ["# note: two lines", "# note: price of B"]
