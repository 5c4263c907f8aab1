"""What is typed into a filter cell: who passes, what is said of it, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terminal.domain.sourced import Column
from terminal.domain.table_filter import FilterError, choice_text, choices, chosen, hint, parse

FRAME = pl.DataFrame({
    "n": [5.0, 18.4, None, 25.0, -3.0],
    "p": [0.12, 0.05, None, 0.3, -0.1],
    "cap": [2.5e9, 4e8, None, 1e12, 2e9],
    "t": ["Tech Soft", "bank", "Bank | X", None, "known"],
    "flags": [["High debt", "Dilution"], [], None, ["Old debt"], ["Dilution"]],
    "trend": [[1.0, 2.0], [2.0, 1.0], None, [1.0], [None, 3.0, 4.0]],
    "b": [True, False, None, True, False],
    "d": [date(2026, 11, 20), date(2026, 11, 1), None, date(2025, 1, 1), date(2026, 12, 1)],
    "i": [1, 2, None, 10, 0],
    "at": [datetime(2026, 11, 21, 2, tzinfo=UTC), datetime(2026, 11, 21, 20, tzinfo=UTC), None, None, None],
})
COLUMNS = {
    "n": Column("n", "N", "number", "x"), "p": Column("p", "ROE", "number", "fraction"),
    "cap": Column("cap", "Market cap", "number", "currency", decimals=0), "t": Column("t", "Name"),
    "flags": Column("flags", "Flags", "list"), "trend": Column("trend", "Trend", "list"), "b": Column("b", "Paid", "bool"),
    "d": Column("d", "Day", "date"), "i": Column("i", "Count", "integer"), "at": Column("at", "Time", "datetime"),
}
TODAY = date(2026, 11, 20)


def passing(name: str, text: str) -> list[int]:
    found = parse(text, COLUMNS[name], FRAME.schema[name], TODAY)
    answer = FRAME.select(found.expression.alias("on"))["on"]
    assert answer.null_count() == 0
    return [row for row, on in enumerate(answer) if on]


@pytest.mark.parametrize(("name", "text", "rows"), [
    ("n", ">10", [1, 3]), ("n", "5..20", [0, 1]), ("n", "..20", [0, 1, 4]), ("n", "5..", [0, 1, 3]), ("n", "18.4", [1]),
    ("n", "18", [1]), ("n", "18.5", []), ("n", "!=5", [1, 3, 4]), ("n", "> 10 < 20", [1]), ("n", ">= −3", [0, 1, 3, 4]),
    ("n", "known", [0, 1, 3, 4]), ("n", "unknown", [2]), ("n", "unknown | >20", [2, 3]), ("n", "18.4×", [1]),
    ("p", ">12%", [3]), ("p", ">11", [0, 3]), ("p", "5%..20%", [0, 1]), ("p", "12 %", [0]), ("p", "<0", [4]),
    ("cap", ">2B", [0, 3]), ("cap", "2B", [4]), ("cap", "100M..1B", [1]), ("cap", "≥1T", [3]), ("cap", ">$1,000M", [0, 3, 4]),
    ("t", "bank", [1, 2]), ("t", "=BANK", [1]), ("t", "!bank", [0, 4]), ("t", '="Bank | X"', [2]), ("t", '"known"', [4]),
    ("t", "known", [0, 1, 2, 4]), ("t", "tech & soft", [0]), ("t", "tech | =bank", [0, 1]),
    ("flags", "debt", [0, 3]), ("flags", "=dilution", [0, 4]), ("flags", "!debt", [1, 4]), ("flags", "none", [1]),
    ("flags", "unknown", [2]), ("trend", "rising", [0, 4]), ("trend", "falling", [1]), ("b", "yes", [0, 3]), ("b", "No", [1, 4]),
    ("d", "2026-11", [0, 1]), ("d", "2026", [0, 1, 4]), ("d", ">2026-11-01", [0, 4]), ("d", "<= 2026-11-01", [1, 3]),
    ("d", "2026-01..2026-11", [0, 1]), ("d", "last 30d", [0, 1]), ("d", "next 20d", [0, 4]), ("d", "today", [0]),
    ("i", "1", [0]), ("i", "1..2", [0, 1]), ("at", "2026-11-20", [0]), ("at", "2026-11-21", [1]),
])
def test_who_passes(name: str, text: str, rows: list[int]) -> None:
    assert passing(name, text) == rows


@pytest.mark.parametrize(("name", "text", "told"), [
    ("n", "abc", "'abc' is not a number."), ("n", "20..5", "20 is more than 5."), ("n", ">", "'>' is not a number."),
    ("n", "12%", "N is not in per cent."), ("n", "> 5 |", "One side of | is empty."), ("n", "", "Nothing is typed."),
    ("t", "!", "There is no word."), ("trend", "up", "'up' is not a direction."), ("b", "perhaps", "'perhaps' is neither"),
    ("d", "2026-13", "'2026-13' is not a day"), ("d", "soon", "'soon' is not a day"),
])
def test_what_is_not_understood_is_said_with_examples(name: str, text: str, told: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse(text, COLUMNS[name], FRAME.schema[name], TODAY)
    assert refused.value.message.startswith(told)
    assert refused.value.hint == hint(COLUMNS[name], FRAME.schema[name]) != ""


def test_what_is_understood_is_said_in_words() -> None:
    def words(name: str, text: str) -> str:
        return parse(text, COLUMNS[name], FRAME.schema[name], TODAY).words

    assert words("n", ">10 <20") == "above 10 and below 20"
    assert words("p", ">12") == words("p", ">12%") == "above 12%"
    assert words("t", "!bank | unknown") == "does not contain bank or unknown"


def test_a_column_that_cannot_be_filtered_offers_nothing() -> None:
    column = Column("o", "Detail", "object")
    assert hint(column, pl.Struct({"a": pl.Int64})) == ""
    with pytest.raises(FilterError):
        parse("x", column, pl.Struct({"a": pl.Int64}))


@given(st.text(max_size=12), st.sampled_from(sorted(COLUMNS)))
def test_no_text_breaks_it(text: str, name: str) -> None:
    try:
        found = parse(text, COLUMNS[name], FRAME.schema[name], TODAY)
    except FilterError:
        return
    assert FRAME.select(found.expression).to_series().null_count() == 0


@given(st.floats(-1e6, 1e6).map(lambda value: round(value, 2)))
def test_a_number_as_it_is_shown_finds_itself(value: float) -> None:
    frame: Any = pl.DataFrame({"n": [value]})
    found = parse(f"{value:,.2f}", COLUMNS["n"], frame.schema["n"])
    assert frame.select(found.expression).item()


def test_few_words_can_be_chosen() -> None:
    assert choices(pl.Series(["a", "b", "a", None])) == [("a", 2), ("b", 1)]
    assert choices(FRAME["flags"]) == [("Dilution", 2), ("High debt", 1), ("Old debt", 1)]
    assert choices(FRAME["n"]) == choices(pl.Series([str(each) for each in range(100)])) == []
    text = choice_text(["a|b", "c"])
    assert chosen(text) == ["a|b", "c"]
    assert chosen(">10") == []
