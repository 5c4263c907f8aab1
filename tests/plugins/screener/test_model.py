"""The screener's pure part: ranges, joining, and the difference of two runs."""

from __future__ import annotations

from importlib import resources

import polars as pl
import pytest

from plugins.screener.changes import flips
from plugins.screener.model import COLUMN_SETS, DEFAULT_COLUMNS, clause_of_range, joined, read_presets
from terminal.domain.fields import FIELDS
from terminal.errors import UserError

SCHEMA = {
    "symbol": pl.String,
    "matched": pl.Boolean,
    "verdict": pl.String,
    "score": pl.Float64,
    "price": pl.Float64,
    "outcomes": pl.List(pl.Boolean),
    "amounts": pl.List(pl.Float64),
}


def run(*rows: tuple[object, ...]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_a_range_becomes_rule_text() -> None:
    assert clause_of_range("pe_ttm=8..24.5") == "pe_ttm between 8 and 24.5"
    assert clause_of_range("roe=12%..") == "roe >= 12%"
    assert clause_of_range("debt_to_equity=..1.5") == "debt_to_equity <= 1.5"


@pytest.mark.parametrize("text", ["pe_ttm", "pe_ttm=8", "=1..2", "pe_ttm=..", "nonsense=1..2"])
def test_a_malformed_range_is_a_sentence(text: str) -> None:
    with pytest.raises(UserError) as caught:
        clause_of_range(text)
    assert caught.value.hint


def test_joining_keeps_an_or_together() -> None:
    assert joined("", "a > 1") == "a > 1"
    assert joined("a > 1 or b > 2", "c > 3") == "(a > 1 or b > 2) and c > 3"


def test_the_fifteen_presets_are_there_in_order() -> None:
    presets = read_presets(resources.files("plugins.screener").joinpath("presets.toml").read_text(encoding="utf-8"))
    assert [preset.title for preset in presets.values()] == [
        "All",
        "Strong Buy",
        "Buy",
        "Hold",
        "Avoid",
        "Solid at a good price",
        "Hot momentum",
        "Beaten-down value",
        "Value trap screen",
        "Growth at fair price",
        "Dip opportunity",
        "Dividend growers",
        "Low volatility",
        "Turnaround",
        "Breakout",
    ]
    assert all(
        preset.newbie and preset.why and preset.columns in COLUMN_SETS and preset.sort in FIELDS
        for preset in presets.values()
    )


def test_the_default_columns_with_the_row_menu_are_ten() -> None:
    assert [FIELDS[name].title for name in DEFAULT_COLUMNS] == [
        "Ticker",
        "Price",
        "Verdict",
        "Score",
        "P/E",
        "ROE",
        "52-week position",
        "DCF gap",
        "Flags",
    ]


def test_who_entered_who_left_and_which_clause_flipped_with_both_values() -> None:
    clauses = ("roe > 12%", "pe_ttm < 20")
    before = run(
        ("AAA", True, "Buy", 7.0, 10.0, [True, True], [0.15, 18.0]),
        ("BBB", False, "Hold", 5.0, 20.0, [True, False], [0.2, 22.0]),
        ("CCC", True, "Buy", 7.5, 30.0, [True, True], [0.3, 9.0]),
    )
    after = run(
        ("AAA", False, "Hold", 6.0, 12.0, [True, False], [0.15, 21.0]),
        ("BBB", True, "Buy", 6.5, 18.0, [True, True], [0.2, 19.5]),
        ("CCC", True, "Buy", 7.5, 30.0, [True, True], [0.3, 9.0]),
    )
    rows = flips(before, after, clauses, clauses)
    assert [(row["change"], row["symbol"], row["clause"], row["was"], row["now"]) for row in rows] == [
        ("entered", "BBB", "pe_ttm < 20", 22.0, 19.5),
        ("left", "AAA", "pe_ttm < 20", 18.0, 21.0),
    ]
    assert rows[1]["verdict_was"] == "Buy"
    assert rows[1]["verdict_now"] == "Hold"


def test_a_value_that_became_unknown_is_said_so() -> None:
    before = run(("AAA", True, "Buy", 7.0, 10.0, [True], [0.15]))
    after = run(("AAA", None, "Unknown", None, 10.0, [None], [None]))
    (row,) = flips(before, after, ("roe > 12%",), ("roe > 12%",))
    assert row["change"] == "left"
    assert row["reason"] == "roe > 12%: 15.0\u202f% → unknown"


def test_coming_and_going_of_the_universe_is_not_blamed_on_a_clause() -> None:
    before = run(("OLD", True, "Buy", 7.0, 10.0, [True], [1.0]))
    after = run(("NEW", True, "Buy", 7.0, 10.0, [True], [1.0]))
    rows = flips(before, after, ("roe > 0%",), ("roe > 0%",))
    assert [(row["symbol"], row["reason"]) for row in rows] == [
        ("NEW", "was not in the universe before"),
        ("OLD", "is no longer in the universe"),
    ]
