"""Screens of the user's own."""

from __future__ import annotations

from typing import Any

import pytest

from terminal.errors import UserError


def names(app: Any) -> list[str]:
    return [row["name"] for row in app.run("screener.saved").rows()]


def test_a_saved_screen_finds_what_was_saved(market: Any) -> None:
    market.run(
        "screener.save",
        {
            "name": "Cheap and good",
            "preset": "buy",
            "rule": "roe > 15%",
            "ranges": ["pe_ttm=5..20"],
            "columns": "valuation",
            "sort": "pe_ttm",
            "ascending": True,
        },
    )
    saved = market.run("screener.run", {"preset": "Cheap and good", "record": False})
    direct = market.run(
        "screener.run",
        {
            "preset": "buy",
            "rule": "roe > 15%",
            "ranges": ["pe_ttm=5..20"],
            "sort": "pe_ttm",
            "ascending": True,
            "record": False,
        },
    )
    assert saved.frame["symbol"].to_list() == direct.frame["symbol"].to_list() != []
    assert saved.detail["plan"]["columns"] == "valuation"
    (row,) = market.run("screener.saved", {"counts": True}).rows()
    assert row["matched"] == saved.frame.height and row["unknown"] == saved.detail["unknown"]


def test_delete_and_bring_back(market: Any) -> None:
    market.run("screener.save", {"name": "Mine", "rule": "roe > 15%"})
    market.run("screener.delete", {"name": "Mine"})
    assert names(market) == []
    with pytest.raises(UserError, match="There is no screen 'Mine'"):
        market.run("screener.run", {"preset": "Mine"})
    with pytest.raises(UserError, match="no saved screen"):
        market.run("screener.delete", {"name": "Mine"})
    market.run("screener.restore", {"name": "Mine"})
    assert market.run("screener.saved").rows()[0]["rule"] == "roe > 15%"
    with pytest.raises(UserError, match="no deleted screen"):
        market.run("screener.restore", {"name": "Mine"})


def test_a_new_name_takes_the_past_runs_along(market: Any) -> None:
    market.run("screener.save", {"name": "Mine", "rule": "roe > 15%"})
    market.run("screener.run", {"preset": "Mine"})
    market.run("screener.rename", {"name": "Mine", "new_name": "Yours"})
    assert names(market) == ["Yours"]
    market.run("screener.run", {"preset": "Yours"})
    assert [row["screen"] for row in market.run("screener.runs").rows()] == ["Yours", "Yours"]
    assert market.run("screener.diff", {"preset": "Yours"}).frame.is_empty()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Mine", "Other", "already a screen 'Other'"),
        ("Nobody", "New", "no saved screen 'Nobody'"),
        ("Mine", "Buy", "cannot be the name"),
        ("Mine", "  ", "cannot be the name"),
    ],
)
def test_names_that_cannot_be(market: Any, old: str, new: str, told: str) -> None:
    for name in ("Mine", "Other"):
        market.run("screener.save", {"name": name, "rule": "roe > 15%"})
    with pytest.raises(UserError, match=told):
        market.run("screener.rename", {"name": old, "new_name": new})
    assert names(market) == ["Mine", "Other"]


@pytest.mark.parametrize("name", ["", "all", "strong_buy", "Strong Buy"])
def test_a_preset_cannot_be_overwritten(market: Any, name: str) -> None:
    with pytest.raises(UserError, match="cannot be the name"):
        market.run("screener.save", {"name": name, "rule": "roe > 15%"})


def test_a_wrong_rule_is_not_saved(market: Any) -> None:
    with pytest.raises(UserError, match="Column 1"):
        market.run("screener.save", {"name": "Mine", "rule": "reo > 15%"})
    assert names(market) == []


def test_a_screen_whose_universe_is_gone_counts_as_unknown(market: Any) -> None:
    market.run("watchlist.create", {"name": "Tech", "symbols": ["SPY"]})
    market.run("screener.save", {"name": "Mine", "rule": "price > 1", "universe": "watchlist:Tech"})
    assert market.run("screener.saved", {"counts": True}).rows()[0]["matched"] == 1
    market.run("watchlist.delete", {"name": "Tech"})
    assert market.run("screener.saved", {"counts": True}).rows()[0]["matched"] is None
