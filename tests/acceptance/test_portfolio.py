"""A portfolio by its commands: recorded, there the next time, explained to the last cash flow, and restored from a backup."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from terminal.app import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from terminal.paths import Home
    from tests.conftest import Clock


def test_a_year_of_bookings_survives_and_adds_up(demo_home: Home, clock: Clock) -> None:
    opened = App(demo_home, demo=True, clock=clock)

    def rows(verb: str, as_of: date | None = None, **arguments: Any) -> list[dict[str, Any]]:
        return opened.run(f"portfolio.{verb}", arguments, as_of=as_of).rows()

    rows("account_create", name="Main", broker="IBKR")
    rows("add", account="Main", kind="deposit", amount="10,000", day="2025-11-17")
    rows("add", account="Main", kind="buy", symbol="SPY", quantity="10", price="600.10", fees="1", day="2025-11-18")
    rows("add", account="Main", kind="dividend", symbol="SPY", amount="15.30", taxes="2.70", day="2026-03-20")
    rows("add", account="Main", kind="sell", symbol="SPY", quantity="4", price="650.25", fees="1", day="2026-06-15")
    opened.close()
    opened = App(demo_home, demo=True, clock=clock)
    held = rows("holdings")
    assert [(row["symbol"], row["quantity"], row["cost"]) for row in held] == [("SPY", 6.0, 3601.2)]
    assert held[0]["value"] == round(held[0]["price"] * 6, 2) and held[0]["gain"] == round(held[0]["value"] - 3601.2, 2)
    assert [(row["proceeds"], row["cost"], row["gain"]) for row in rows("lots", closed=True)] == [(2600.0, 2400.8, 199.2)]
    assert {row["symbol"]: row["total"] for row in rows("pnl")} == {"SPY": round(199.2 + held[0]["gain"] + 15.3, 2)}
    cash = rows("cash")[0]["amount"]
    assert cash == 10_000 - 6002 + 15.3 + 2600
    simple = rows("returns", ledger="simple")
    assert simple[-1]["amount"] == round(cash + held[0]["value"], 2) and simple[1]["amount"] == 10_000.0
    gain = simple[-1]["amount"] - 10_000
    by_way = {row["way"]: row for row in rows("returns")}
    assert abs(by_way["simple"]["return"] - gain / 10_000) < 1e-9
    assert abs(by_way["twr"]["return"] - gain / 10_000) < 1e-9, "one deposit: all three are the same"
    assert abs(by_way["mwr"]["return"] - gain / 10_000) < 1e-9
    assert [row["quantity"] for row in rows("holdings", as_of=date(2026, 5, 1))] == [10.0]
    assert opened.market.universe("holdings").symbols == ("SPY",)
    opened.close()


def test_a_backup_brings_the_book_back(app: Any) -> None:
    app.run("portfolio.account_create", {"name": "Main"})
    app.run("portfolio.add", {"account": "Main", "kind": "deposit", "amount": "500"})
    app.run("portfolio.correct", {"number": 1, "amount": "550"})
    app.run("store.backup")
    app.run("portfolio.remove", {"number": 1})
    assert app.run("portfolio.transactions").rows() == []
    app.run("store.restore")
    assert [row["amount"] for row in app.run("portfolio.transactions").rows()] == [550.0]
    assert [row["amount"] for row in app.run("portfolio.history", {"number": 1}).rows()] == [550.0, 500.0]


def test_a_wrong_word_is_told_in_one_line(type_in: Callable[..., Any], demo_home: Home) -> None:
    def typed(*arguments: str) -> Any:
        return type_in("--home", str(demo_home.path), "--demo", "portfolio", *arguments)

    assert typed("account-create", "Main").returncode == 0
    booked = typed("add", "Main", "buy", "SPY", "--quantity", "2", "--price", "600", "--day", "2026-11-02", "--json")
    assert booked.returncode == 0 and '"amount": -1200.0' in booked.stdout
    unknown = typed("add", "Nowhere", "buy", "SPY", "--quantity", "1", "--price", "2")
    assert unknown.returncode == 1 and "no account called 'Nowhere'" in unknown.stderr and "Traceback" not in unknown.stderr
    wrong = typed("add", "Main", "bye", "SPY")
    assert wrong.returncode == 2 and "buy" in wrong.stderr
