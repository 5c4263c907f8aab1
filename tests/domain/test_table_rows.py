"""Filter, sort and group as row numbers, and what is honestly told of several rows."""

from __future__ import annotations

import polars as pl
import pytest

from terminal.domain.sourced import Column
from terminal.domain.table_rows import arrange, groupable, groups, summary

FRAME = pl.DataFrame({
    "symbol": ["A", "B", "C", "D", "E"],
    "sector": ["Tech", "energy", None, "Tech", "energy"],
    "verdict": ["Hold", "Strong Buy", "Unknown", "Avoid", "Buy"],
    "pe": [10.0, None, 5.0, 20.0, None],
    "price": [1.0, 2.0, 3.0, 4.0, 5.0],
    "cap": [1e9, 2e9, None, 4e9, 5e9],
    "paid": [True, None, False, True, True],
    "currency": ["USD", "USD", "USD", "USD", "EUR"],
})
PE, PRICE = Column("pe", "P/E", "number", "x"), Column("price", "Price", "number", "currency", decimals=2)
CAP, PAID = Column("cap", "Cap", "number", "currency", decimals=0), Column("paid", "Pays", "bool")


@pytest.mark.parametrize("down", [True, False])
def test_unknown_is_last_and_equal_rows_stay(down: bool) -> None:
    order = arrange(FRAME, [("pe", down)])
    assert order == ([3, 0, 2, 1, 4] if down else [2, 0, 3, 1, 4])


def test_several_keys_a_subset_and_a_condition() -> None:
    assert arrange(FRAME, [("sector", False), ("price", True)]) == [4, 1, 3, 0, 2]
    assert arrange(FRAME, [("price", True)], subset=[3, 0, 4], keep=[(pl.col("price") > 1).fill_null(False)]) == [4, 3]
    assert arrange(FRAME, subset=[4, 1, 0], keep=[(pl.col("price") < 4).fill_null(False)]) == [1, 0]
    assert arrange(FRAME, [("absent", True)]) == [0, 1, 2, 3, 4]
    assert arrange(FRAME, [("price", True)], keep=[pl.lit(False)]) == []


def test_groups_keep_the_order_inside_and_unknown_is_last() -> None:
    found = groups(FRAME, [4, 3, 2, 1, 0], Column("sector", "Sector"))
    assert [(group.title, group.ids) for group in found] == [("energy", [4, 1]), ("Tech", [3, 0]), ("Sector unknown", [2])]
    down = groups(FRAME, [0, 1, 2, 3, 4], Column("sector", "Sector"), descending=True)
    assert [group.value for group in down] == ["Tech", "energy", None]
    verdicts = groups(FRAME, [0, 1, 2, 3, 4], Column("verdict", "Verdict"))
    assert [group.title for group in verdicts] == ["Strong Buy", "Buy", "Hold", "Avoid", "Unknown"]
    assert [group.title for group in groups(FRAME, [0, 2], PAID)] == ["Pays: no", "Pays: yes"]
    assert groups(FRAME, [], PAID) == []


def test_what_can_be_grouped_by() -> None:
    assert groupable(Column("sector", "Sector"), FRAME["sector"])
    assert not groupable(Column("symbol", "Ticker"), FRAME["symbol"])
    assert not groupable(PE, FRAME["pe"])
    assert not groupable(Column("name", "Name"), pl.Series([str(each) for each in range(200)]))


def test_only_what_is_honest_is_told_of_several_rows() -> None:
    told = summary(FRAME, [0, 1, 2, 3], [PE, PRICE, CAP, PAID, Column("sector", "Sector")])
    assert told == {"pe": ("median", 10.0), "cap": ("median", 2e9), "paid": ("share", 2 / 3)}  # a price per share: nothing
    assert summary(FRAME, [1, 4], [PE]) == {}  # nothing is known
    assert "cap" not in summary(FRAME, [3, 4], [CAP])  # two currencies
    assert summary(FRAME, [0, 3], [CAP, PE], {"cap": "sum", "pe": "none"}) == {"cap": ("sum", 5e9)}
