"""Executions for the journal: what changes positions, and what foreign money was worth, unknown where nobody knows it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def booked(app: Any) -> Any:
    app.run("portfolio.account_create", {"name": "Main"})
    app.run("portfolio.account_create", {"name": "Paris", "currency": "EUR"})
    told = {"symbol": "SPY", "quantity": "10"}
    for account, buy, sell in (("Main", "500", "510"), ("Paris", "400", "390")):
        app.run("portfolio.add", {**told, "account": account, "kind": "buy", "price": buy, "day": "2026-03-02"})
        app.run("portfolio.add", {**told, "account": account, "kind": "sell", "price": sell, "day": "2026-03-04"})
    app.run("portfolio.add", {"account": "Main", "kind": "dividend", "symbol": "SPY", "amount": "5", "day": "2026-03-03"})
    return app


def test_only_what_changes_a_position_is_listed_and_all_is_handed_on(booked: Any) -> None:
    table = booked.run("portfolio.executions", {"account": ["Main"]})
    assert [(row["kind"], row["quantity"], row["amount"]) for row in table.rows()] == [("buy", 10, -5000), ("sell", -10, 5100)]
    assert table.detail["accounts"] == ("Main",) and len(table.detail["bookings"]) == 5
    assert table.detail["currency"] == "USD" and table.detail["prices"] == {}


def test_profits_in_money_nobody_knows_the_worth_of_are_told_and_not_counted(booked: Any) -> None:
    dollars, euros = booked.run("journal.trades", {}).rows()
    assert (dollars["profit"], dollars["currency"]) == (100, "USD") and (euros["profit"], euros["currency"]) == (-100, "EUR")
    table = booked.run("journal.stats", {})
    told = {row["what"]: row for row in table.rows()}
    rate = booked.run("portfolio.executions", {}).detail["rates"]
    known = [value for (currency, _), value in rate.items() if currency == "EUR" and value is not None]
    assert told["Profit"]["n"] == (2 if known else 1)
    assert known or any("EUR" in text for text in table.unknown)
    mine = {row["what"]: row for row in booked.run("journal.stats", {"account": ["Paris"], "currency": "EUR"}).rows()}
    assert (mine["Profit"]["value"], mine["Profit"]["n"]) == (-100, 1)
