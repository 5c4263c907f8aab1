"""The rules commands: the list of fields, the check and the explanation."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from plugins.rules import commands
from terminal import paths
from terminal.domain.fields import FIELDS
from terminal.domain.rules import RuleError, parse
from terminal.errors import UserError
from terminal.services.explain import Explain


@pytest.fixture
def ctx() -> Any:
    return SimpleNamespace(explain=Explain(paths.resource("explain.toml")))


def test_fields_lists_all_with_words_for_both_modes(ctx: Any) -> None:
    rows = commands.fields(ctx).rows()
    assert [row["field"] for row in rows] == list(FIELDS) and len(rows) >= 80
    assert all(row["newbie"] and row["pro"] and row["newbie"] != row["pro"] for row in rows)
    assert {row["field"]: row["also"] for row in rows}["pe_ttm"].startswith("pe")


def test_fields_by_group_and_word(ctx: Any) -> None:
    assert {row["group"] for row in commands.fields(ctx, group="growth").rows()} == {"growth"}
    assert "altman_z" in {row["field"] for row in commands.fields(ctx, find="bankrupt").rows()}
    with pytest.raises(UserError, match="no group 'grwth'"):
        commands.fields(ctx, group="grwth")


def test_every_function_is_listed_with_a_readable_example(ctx: Any) -> None:
    for row in commands.functions(ctx).rows():
        example = row["example"]
        if "(" in example and not any(sign in example for sign in ("<", ">", " in ", "cross")):
            example += " > 0"
        assert parse(example)


def test_check(ctx: Any) -> None:
    table = commands.check(ctx, "PE<15 and rsi(14) < 30 within 5d")
    assert table.rows() == [
        {"clause": "pe_ttm < 15", "fields": "pe_ttm", "bars": False},
        {"clause": "rsi(14) < 30 within 5d", "fields": "", "bars": True},
    ]
    assert table.notes == ("Normal spelling: pe_ttm < 15 and rsi(14) < 30 within 5d",)
    with pytest.raises(RuleError) as caught:
        commands.check(ctx, "pee < 15")
    assert caught.value.column == 1 and "Did you mean pe_ttm?" in caught.value.sentence()


def test_explain_uses_the_words_of_both_modes(ctx: Any) -> None:
    [row] = commands.explain(ctx, "roe > 12%").rows()
    assert row["newbie"] == "Return on owners' money is above 12 %" and row["pro"] == "ROE is above 12 %"
    assert "above 15 % is good" in row["meaning"] and row["formula"].startswith("roe = net income")
