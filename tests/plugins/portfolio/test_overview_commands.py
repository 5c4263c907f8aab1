"""Commands of the first page, to the cent, and the watch over verdicts, which remembers over restarts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from plugins.portfolio.overview.owning import said
from terminal.app import App
from terminal.errors import UserError
from tests.plugins.portfolio.test_portfolio_commands import filled, live, run  # noqa: F401 - fixtures

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.paths import Home
    from tests.conftest import Clock


def test_worth_is_own_money_and_what_was_made(filled: Callable[..., Any]) -> None:  # noqa: F811
    filled("add", account="Main", kind="deposit", amount="500", day="2026-11-18")
    table = filled("curve")
    rows = {str(row["day"]): row for row in table.rows()}
    assert [rows[f"2026-11-{day}"]["worth"] for day in (16, 17, 18, 19, 20)] == [999.0, 1019.0, 1539.0, 1559.0, 1579.0]
    assert [rows[f"2026-11-{day}"]["put_in"] for day in (16, 18, 20)] == [1000.0, 1500.0, 1500.0]
    assert all(row["made"] == round(row["worth"] - row["put_in"], 2) for row in rows.values())
    assert [str(row["day"]) for row in filled("curve", points=2).rows()] == ["2026-11-16", "2026-11-20"]
    assert [str(row["day"]) for row in filled("curve", start="2026-11-19").rows()] == ["2026-11-19", "2026-11-20"]
    with pytest.raises(UserError, match="1 days cannot be shown"):
        filled("curve", points=1)


def test_an_unknown_price_is_a_band(filled: Callable[..., Any]) -> None:  # noqa: F811
    filled("add", account="Main", kind="buy", symbol="ZZZ", quantity="4", price="25", day="2026-11-18")
    table = filled("curve")
    last = table.rows()[-1]
    assert (last["worth"], last["low"], last["high"], last["made"]) == (None, 979.0, 1079.0, None)
    assert any("a price is not known" in text for text in table.unknown)


def test_what_is_owned_of_each_symbol(filled: Callable[..., Any], live: App) -> None:  # noqa: F811
    filled("add", account="Main", kind="short", symbol="BBB", quantity="2", price="60", day="2026-11-18")
    rows = {row["symbol"]: row for row in filled("owned").rows()}
    # worth 280 of 280 - 100 + 799 + 120
    assert rows["AAA"]["own"] == "You own 25\u202f%, +$79" and rows["AAA"]["own_gain"] == 79.0
    assert rows["BBB"]["own"] == "Short 9.1\u202f%, +$20" and rows["BBB"]["own_worth"] == -100.0
    assert said(None, None, None, "USD") == "You own some"


def test_nothing_is_worked_out_for_an_empty_book(live: App, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    from plugins.portfolio import gathering

    monkeypatch.setattr(gathering, "owned", lambda *_: pytest.fail("the book is empty"))
    assert live.run("portfolio.owned").rows() == []
    assert "nothing is watched" in live.run("portfolio.watch").notes[0]


def test_the_overview_says_what_is_not_known(filled: Callable[..., Any]) -> None:  # noqa: F811
    filled("add", account="Main", kind="buy", symbol="ZZZ", quantity="4", price="25", day="2026-11-18")
    table = filled("overview")
    rows = {row["key"]: row for row in table.rows()}
    assert rows["book"]["state"] == "warn" and "ZZZ: no price of it is stored" in str(rows["book"]["todo"])
    assert "of what has a price" in str(rows["cash"]["pro"]) and rows["verdicts"]["state"] == "unknown"
    assert [row["state"] for row in table.rows()] == sorted(
        (row["state"] for row in table.rows()), key=["error", "warn", "unknown", "ok"].index
    )
    assert table.notes[0] == f"{sum(bool(row['todo']) for row in table.rows())} of 8 need your attention."
    assert set(table.detail) == {"summary", "holdings", "signals", "regime", "lights"}


def test_lights_of_another_day_are_of_what_was_held_then(filled: Callable[..., Any]) -> None:  # noqa: F811
    filled("add", account="Main", kind="sell", symbol="AAA", quantity="20", price="14", day="2026-11-20")
    now = {row["key"]: row for row in filled("overview").rows()}
    then = {row["key"]: row for row in filled("overview", as_of=date(2026, 11, 18)).rows()}
    assert now["losses"]["state"] == "unknown" and then["losses"]["state"] == "ok"


def test_returns_of_the_last_time(filled: Callable[..., Any]) -> None:  # noqa: F811
    assert filled("returns", since="year").notes == filled("returns").notes, "everything happened this year"
    assert "2026-11-16 to 2026-11-20" in filled("returns", since="12m").notes[0]


def test_a_changed_verdict_is_told_once_and_never_forgotten(portfolio_home: Home, clock: Clock) -> None:
    app = App(portfolio_home, demo=True, clock=clock)
    first = app.run("portfolio.watch")
    assert first.rows() == [] and "Watched from now on" in first.notes[1]
    symbol, verdict = app.run("portfolio.signals").frame.filter(verdict="Hold").select("symbol", "verdict").row(0)
    better = "UPDATE portfolio.verdicts SET verdict = 'Strong Buy' WHERE symbol = ?"
    app.store.book.write(lambda tx: tx.execute(better, (symbol,)))
    app.close()
    app = App(portfolio_home, demo=True, clock=clock)
    told: list[Any] = []
    app.events.subscribe("notice.posted", told.append)
    changed = app.run("portfolio.watch", by_hand=False)
    assert [(row["symbol"], row["before"], row["verdict"]) for row in changed.rows()] == [(symbol, "Strong Buy", verdict)]
    assert told == [{"text": f"What you hold is judged anew: {symbol} from Strong Buy to Hold.", "level": "warn", "demo": True,
                     "panel": "portfolio"}]  # fmt: skip
    assert app.run("portfolio.watch", by_hand=False).rows() == [] and len(told) == 1
    row = app.run("portfolio.signals").frame.filter(symbol=symbol).row(0, named=True)
    assert (row["before"], str(row["changed"])) == ("Strong Buy", "2026-11-20")
    with pytest.raises(UserError, match="compares today"):
        app.run("portfolio.watch", as_of=date(2026, 6, 1))
    app.close()
