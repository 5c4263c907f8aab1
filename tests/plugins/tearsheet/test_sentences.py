"""The sentences of the Newbie cards carry the figure's own value."""

from __future__ import annotations

import pytest

from plugins.tearsheet.sentences import sentence


@pytest.mark.parametrize(
    ("name", "value", "comparison", "text"),
    [
        ("pe_ttm", 18.4, 24.0, "You pay $18.40 for each $1 of yearly profit. Similar companies cost $24.00."),
        ("pe_ttm", 18.4, None, "You pay $18.40 for each $1 of yearly profit."),
        ("roe", 0.213, None, "Each $100 of the owners' money earns $21.30 a year."),
        ("roe", -0.05, 0.1, "It loses $5.00 a year on each $100 of the owners' money."),
        ("max_drawdown_5y", -0.38, None, "At the worst moment, $10 000 had become $6 200."),
        ("net_debt_ebitda", -0.4, None, "It has more cash than debt."),
        ("dividend_yield", 0.0, None, "It pays nothing out."),
        ("expense_ratio", 0.0009, None, "Holding $10 000 of it costs $9.00 a year."),
    ],
)
def test_a_sentence_says_the_value(name: str, value: float, comparison: float | None, text: str) -> None:
    assert sentence(name, {name: value, "currency": "USD"}, comparison).replace("\u202f", " ") == text


def test_unknown_has_no_sentence() -> None:
    assert not sentence("pe_ttm", {"pe_ttm": None, "currency": "USD"})
    assert not sentence("gross_margin", {"gross_margin": 0.4, "currency": "USD"})
