"""Saved arrangements: there and back, from words, and what is of another shape."""

from __future__ import annotations

import json

import pytest

from terminal.domain.table_state import TableState, filters_of, sort_of
from terminal.errors import UserError


def test_there_and_back_through_json() -> None:
    state = TableState(("symbol", "pe"), (("pe", True), ("symbol", False)), {"pe": "<20"}, "sector", {"pe": "heat-low"})
    assert TableState.of(json.loads(json.dumps(state.to_json()))) == state
    assert sort_of(state.sort_words) == state.sort


@pytest.mark.parametrize("data", [{}, {"columns": 3, "sort": "pe", "filters": [], "group": None}, {"sort": [["pe"], 7]}])
def test_what_has_another_shape_is_left_out(data: dict[str, object]) -> None:
    assert TableState.of(data) == TableState()


def test_words_of_a_command_line() -> None:
    assert sort_of(["sector", "-price"]) == (("sector", False), ("price", True))
    assert filters_of(["pe_ttm: <20", "name: a: b"]) == {"pe_ttm": "<20", "name": "a: b"}
    for wrong in ("pe <20", ": 5", "pe:"):
        with pytest.raises(UserError):
            filters_of([wrong])
    with pytest.raises(UserError):
        sort_of(["--price"])
