"""Watchlists: several, kept in order, undone, imported, exported, and used as a universe."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from terminal.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_life_of_a_watchlist(app: Any, tmp_path: Path) -> None:
    def symbols(name: str) -> list[str]:
        return [row["symbol"] for row in app.run("watchlist.show", {"name": name}).rows()]

    app.run("watchlist.create", {"name": "Core", "symbols": ["SPY", "QQQ"]})
    app.run("watchlist.create", {"name": "Ideas", "symbols": ["IWM"]})
    app.run("watchlist.add", {"name": "Core", "symbols": ["IWM", "spy"]})
    assert symbols("Core") == ["SPY", "QQQ", "IWM"]
    app.run("watchlist.remove", {"name": "Core", "symbols": ["QQQ"]})
    app.run("watchlist.reorder", {"names": ["IWM", "SPY"], "within": "Core"})
    assert symbols("Core") == ["IWM", "SPY"]
    app.run("watchlist.reorder", {"names": ["Ideas", "Core"]})
    assert [row["name"] for row in app.run("watchlist.list").rows()] == ["Ideas", "Core"]
    app.run("watchlist.rename", {"name": "Core", "new_name": "Heart"})
    screened = app.run("screener.run", {"universe": "watchlist:Heart"}).rows()
    assert sorted(row["symbol"] for row in screened) == ["IWM", "SPY"] and all(row["price"] > 0 for row in screened)
    app.run("watchlist.export", {"name": "Heart", "file": str(tmp_path / "heart.csv")})
    app.run("watchlist.import", {"file": str(tmp_path / "heart.csv"), "name": "Copy"})
    assert symbols("Copy") == ["IWM", "SPY"]
    app.run("watchlist.delete", {"name": "Heart"})
    with pytest.raises(UserError, match="Heart"):
        app.run("screener.run", {"universe": "watchlist:Heart"})
    app.run("watchlist.restore", {"name": "Heart"})
    assert symbols("Heart") == ["IWM", "SPY"]


def test_a_watchlist_made_in_the_shell_is_there_the_next_time(tapeline: Callable[..., Any]) -> None:
    assert tapeline("watchlist", "create", "Core", "SPY", "QQQ").returncode == 0
    shown = tapeline("watchlist", "show", "Core", "--json")
    assert [row["symbol"] for row in json.loads(shown.stdout)["rows"]] == ["SPY", "QQQ"]
    unknown = tapeline("watchlist", "show", "Nobody")
    assert unknown.returncode == 1 and "Nobody" in unknown.stderr and "Traceback" not in unknown.stderr


@pytest.mark.parametrize("day", [None, date(2025, 3, 14)])
def test_a_symbol_without_a_quote_shows_its_last_close(app: Any, day: date | None) -> None:
    """Its change is that of the closes, and on a past day both are of that day."""
    app.run("watchlist.create", {"name": "Closes", "symbols": ["IWM"]})
    row = app.run("watchlist.show", {"name": "Closes"}, as_of=day).rows()[0]
    closes = app.market.bars(["IWM"], as_of=day)["close"].to_list()
    assert row["price"] == closes[-1]
    assert row["change"] == pytest.approx(closes[-1] / closes[-2] - 1, abs=1e-12)
    assert row["at"] == ("2025-03-14T20:00:00+00:00" if day else "2026-11-20T21:00:00+00:00")
