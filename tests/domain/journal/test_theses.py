"""How a thesis stands: true, near, unknown and false rules, joined as they are promised."""

from __future__ import annotations

import polars as pl
import pytest

from terminal.domain.journal.theses import Judged, judge, needs_everyone, thesis
from terminal.domain.rules import parse

FRAME = pl.DataFrame(
    {
        "symbol": ["GOOD", "NEAR", "BAD", "NONE"],
        "roe": [0.30, 0.123, 0.05, None],
        "revenue_growth_1y": [0.2, 0.005, -0.1, None],
        "price": [150.0, 103.0, 90.0, 50.0],
        "verdict": ["Buy", "Hold", "Avoid", None],
        "sector": ["Energy", "Energy", "Energy", "Energy"],
    }
)
SYMBOLS = ["GOOD", "NEAR", "BAD", "NONE"]


def words(rule: str, near: float = 0.05) -> list[str]:
    found = judge(parse(rule), FRAME, SYMBOLS, near=near)
    return [found[symbol].word for symbol in SYMBOLS]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("roe < 12%", ["working", "shaken", "broken", "unknown"]),
        ("revenue_growth_1y < 0%", ["working", "shaken", "broken", "unknown"]),  # of zero: one percentage point
        ("price < 100", ["working", "shaken", "broken", "broken"]),
        ('verdict == "Avoid"', ["working", "working", "broken", "unknown"]),
        ('sector == "Energy" and roe < 12%', ["working", "shaken", "broken", "unknown"]),
        ("not roe > 12%", ["working", "shaken", "broken", "unknown"]),
        ("roe between 0% and 12%", ["working", "shaken", "broken", "unknown"]),
        ("roe < 12% or price < 60", ["working", "shaken", "broken", "broken"]),
        ("roe < 1% and price < 60", ["working", "working", "working", "unknown"]),
        ("roe is unknown", ["working", "working", "working", "broken"]),
    ],
)
def test_each_word(rule: str, expected: list[str]) -> None:
    assert words(rule) == expected


def test_nearness_is_what_is_asked_for() -> None:
    assert words("roe < 12%", near=0.0)[1] == "working"
    assert words("roe < 12%", near=2.0)[0] == "shaken"


def test_a_symbol_that_is_not_stored_is_unknown() -> None:
    assert judge(parse("price < 1"), FRAME, ["GONE"])["GONE"].word == "unknown"


def test_readings_say_what_was_looked_at() -> None:
    found = judge(parse("roe < 12% and price < 100"), FRAME, ["NEAR"])["NEAR"]
    assert [(each.clause, each.value, each.limit, each.holds) for each in found.readings] == [
        ("roe < 12%", 0.123, 0.12, False), ("price < 100", 103.0, 100.0, False)]


def test_the_worst_rule_tells_and_no_rule_is_unknown() -> None:
    good, near, bad = Judged("a", False, False), Judged("b", False, True), Judged("c", True, False)
    dark = Judged("d", None, False)
    assert thesis([good, near, bad, dark]).status == "broken"
    assert thesis([good, near, dark]).status == "shaken"
    assert thesis([good, dark]).status == "unknown"
    assert thesis([good]).status == "working"
    assert thesis([]).status == "unknown"
    assert [each.rule for each in thesis([good, near, dark]).telling] == ["b"]


def test_rules_that_compare_with_others_are_known() -> None:
    assert needs_everyone(parse("roe > 1% and price > median(price)"))
    assert not needs_everyone(parse("roe < 12%"))
