"""The index of symbols: order of answers, and that ten thousand of them are searched at each letter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.shell.matching import SymbolIndex

ROWS = [("A", "Agil Inc", "Stock"), ("AA", "Alco Works", "Stock"), ("AAPX", "Orchard Computer", "Stock"),
        ("MSQ", "Microsoft Quay", "Stock"),
        ("PEAR", "The Orchard Company", "Stock"), ("BRK.B", "Berk Hath", "Stock"), ("ZZZ", "", "Fund")]


@pytest.mark.parametrize(("typed", "found"), [
    ("a", "A"), ("aa", "AA"), ("aap", "AAPX"), ("orchard", "AAPX"), ("company orch", "PEAR"), ("micro", "MSQ"),
    ("brk.b", "BRK.B"),
    ("soft", "MSQ"), ("apx", "AAPX"), ("par", "PEAR"), ("zzz", "ZZZ")])
def test_the_best_answer_comes_first(typed: str, found: str) -> None:
    assert SymbolIndex(ROWS).find(typed)[0][0] == found


def test_what_is_stored_comes_before_what_is_only_known() -> None:
    rows = [("ABA", "x", "Stock"), ("ABB", "y", "Stock")]
    assert [row[0] for row in SymbolIndex(rows, {"ABB": 1.0}).find("ab")] == ["ABB", "ABA"]


def test_nothing_is_found_in_nothing() -> None:
    assert SymbolIndex(()).find("a") == [] and SymbolIndex(ROWS).find("  ") == [] and SymbolIndex(ROWS).find("qqqq") == []
    assert SymbolIndex(()).exact("A") is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text("ABCDEF", min_size=1, max_size=4), st.text("abc de", max_size=12)), max_size=30),
       st.text("abcdef .*[", max_size=5))
def test_answers_are_known_rows_without_doubles(pairs: list[tuple[str, str]], typed: str) -> None:
    index = SymbolIndex([(symbol, name, "Stock") for symbol, name in pairs])
    found = index.find(typed, 8)
    assert len(found) == len({row[0] for row in found}) <= 8 and set(found) <= set(index.rows)
    for row in index.rows:
        assert index.find(row[0])[0] == row == index.exact(row[0].lower())
