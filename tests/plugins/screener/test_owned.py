"""What is owned beside what a screen finds: by symbol, with its source, after the rows, and nothing for an empty book."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import polars as pl

from plugins.screener.owned import COMMAND, joined, shown_among
from terminal.domain.sourced import Column, Source, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    Open = Callable[..., Any]
    Until = Callable[..., None]


def answer() -> Table:
    frame = pl.DataFrame({"symbol": ["B", "A", "C"], "verdict": ["Buy", None, "Hold"], "score": [7.0, 5.0, None]})
    columns = (Column("symbol", "Ticker"), Column("verdict", "Verdict"), Column("score", "Score", "number"))
    return Table("All", columns, frame, (Source("demo", "bars"),), origin=pl.DataFrame({"score": [0, 0, None]}))


def owned(**worth: float) -> Table:
    frame = pl.DataFrame({"symbol": list(worth), "own": [f"You own {each:.0f}" for each in worth.values()],
                          "own_weight": [0.1] * len(worth), "own_worth": list(worth.values()), "own_gain": [1.0] * len(worth)})
    columns = tuple(Column(name, name, "text" if name in ("symbol", "own") else "number") for name in frame.columns)
    return Table("Owned", columns, frame, (Source("your book", "bookings"),))


def test_rows_stay_in_order_and_what_is_not_owned_is_unknown() -> None:
    found = joined(answer(), owned(A=5.0, Z=9.0))
    assert found.frame["symbol"].to_list() == ["B", "A", "C"]
    assert found.frame["own_worth"].to_list() == [None, 5.0, None] and found.frame["score"].to_list() == [7.0, 5.0, None]
    names = [column.name for column in found.columns]
    assert names == ["symbol", "verdict", "own", "own_weight", "own_worth", "own_gain", "score"]
    assert found.origin is not None and found.origin["own"].to_list() == [None, 1, None]
    assert found.sources[1].provider == "your book"


def test_joining_again_replaces() -> None:
    twice = joined(joined(answer(), owned(A=5.0)), owned(B=7.0))
    assert twice.frame["own_worth"].to_list() == [7.0, None, None]
    assert len(twice.columns) == len({column.name for column in twice.columns}) == 7


def test_the_column_follows_the_verdict() -> None:
    assert shown_among(["symbol", "verdict", "score"]) == ["symbol", "verdict", "own", "score"]
    assert shown_among(["verdict", "position_52w"], room=False) == ["verdict", "own"]
    assert shown_among(["symbol"]) == ["symbol", "own"] and shown_among(["own", "symbol"]) == ["own", "symbol"]


def test_the_set_of_columns_says_so_when_nothing_is_booked(market: Any) -> None:
    table = market.run("screener.run", {"columns": "owned", "universe": "SPY", "record": False})
    assert table.notes[-1] == "Nothing is booked, so you own none of these." and "own" not in table.frame.columns


def test_the_panel_asks_after_the_rows_and_shows_the_column(market: Any, open_panel: Open, until: Until) -> None:
    panel = open_panel(market)
    assert COMMAND not in [command for command, _ in panel.host.ran], "never at the first sight"
    assert "own" not in panel.table.shown_columns
    try:
        market.run("portfolio.account_create", {"name": "Main"})
        market.run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "100000", "day": date(2026, 11, 2)})
        market.run("portfolio.add", {"account": "Main", "kind": "buy", "symbol": "SPY", "quantity": "10", "price": "600",
                                     "day": date(2026, 11, 2)})  # fmt: skip
        until(lambda: "own" in panel.table.shown_columns)
        rows = panel.table.symbols()
        row = panel.table.table.frame.filter(symbol="SPY").row(0, named=True)
        assert row["own"].startswith("You own ") and row["own_gain"] == round(row["own_worth"] - 6000, 2)
        assert panel.table.shown_columns.index("own") == panel.table.shown_columns.index("verdict") + 1
        assert rows == panel.table.symbols() and (panel.table.table.frame["own"] == "").sum() == len(rows) - 1
        panel.host.mode = "newbie"
        panel.set_mode("newbie")
        assert "own" in panel.table.shown_columns
        wanted = {"columns": "owned", "universe": "holdings", "record": False}
        assert market.run("screener.run", wanted).frame.select("symbol", "own").rows() == [("SPY", row["own"])]
    finally:
        empty_portfolio(market)
    panel.owned.expire()
    panel.owned.ask()
    until(lambda: "own" not in panel.table.shown_columns)


def empty_portfolio(market: Any) -> None:
    def clean(tx: Any) -> None:
        for table in ("held", "versions", "keys", "accounts"):
            tx.execute(f"DELETE FROM portfolio.{table}")

    market.store.book.write(clean)
