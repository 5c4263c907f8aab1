"""Targets to trades: in the shell and in the panel, on the demo portfolio; never more than there is, and what binds is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.plugins.tearsheet.panel_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.app import App

SIXTY = ("stocks=60", "bonds=30", "cash=10")


@pytest.mark.slow
def test_from_the_shell(type_in: Callable[..., Any], portfolio_home: Any) -> None:
    def typed(*arguments: str) -> dict[str, Any]:
        done = type_in("--home", str(portfolio_home.path), "--demo", "portfolio", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    plain = typed("allocation", "--by", "sector")
    assert sum(row["weight"] for row in plain["rows"]) == pytest.approx(1)
    assert "target" not in [column["name"] for column in plain["columns"]]
    typed("target-set", "asset_class", *SIXTY, "--band", "4")
    found = {row["key"]: row for row in typed("allocation", "--by", "asset_class")["rows"]}
    assert found["bonds"]["state"] == "below" and found["bonds"]["low"] == pytest.approx(0.26)
    whole = sum(row["worth"] for row in found.values())
    assert found["bonds"]["money"] == pytest.approx(found["bonds"]["worth"] - 0.3 * whole, abs=0.02)
    assert found["bonds"]["drift"] == pytest.approx(found["bonds"]["weight"] - 0.3)
    first = typed("rebalance")
    assert {row["action"] for row in first["rows"]} == {"Buy"} and first["notes"][0].startswith("What binds: cash runs out.")
    spent = -sum(row["money"] for row in first["rows"])
    assert 0 < spent <= found["cash"]["worth"] - 0.1 * whole + 0.01
    both = typed("rebalance", "--sells", "--lots", "long_term_first", "--minimum", "500")
    assert all(abs(row["money"]) >= 500 and row["quantity"] == int(row["quantity"]) for row in both["rows"])
    weights = {row["key"]: row for row in typed("rebalance", "--sells", "--part", "weights")["rows"]}
    assert abs(weights["stocks"]["drift_after"]) < 0.01 and sum(row["after"] for row in weights.values()) == pytest.approx(1)
    typed("target-clear", "asset_class")
    assert typed("targets")["rows"] == []
    assert [row["key"] for row in typed("target-undo", "asset_class")["rows"]] == ["stocks", "bonds", "cash"]


def test_lots_sold_are_lots_owned(portfolio_app: App) -> None:
    """Each order to sell is made of lots that are there, as many as it says, with the gain that the lots' table says of them."""
    app = portfolio_app
    app.run("portfolio.target_set", {"by": "asset_class", "weights": SIXTY})
    owned = {row["lot"]: row for row in app.run("portfolio.lots").rows()}
    trades = {row["symbol"]: row for row in app.run("portfolio.rebalance", {"sells": True}).rows()}
    lots = app.run("portfolio.rebalance", {"sells": True, "part": "lots"}).rows()
    assert len(lots) > 5
    for row in lots:
        mine = owned[row["lot"]]
        assert row["quantity"] <= mine["quantity"] + 1e-9 and row["term"] == ("long" if mine["long_term"] else "short")
        assert row["gain"] == pytest.approx(mine["gain"] * row["quantity"] / mine["quantity"], abs=0.02)
    for symbol, trade in trades.items():
        if trade["action"] == "Sell":
            sold = [row for row in lots if row["symbol"] == symbol]
            assert sum(row["quantity"] for row in sold) == pytest.approx(trade["quantity"])
            gains = {term: sum(row["gain"] for row in sold if row["term"] == term) for term in ("short", "long")}
            assert trade["gain_short"] == pytest.approx(gains["short"], abs=0.05)
            assert trade["gain_long"] == pytest.approx(gains["long"], abs=0.05)
    covered = {row["symbol"]: row["quantity"] for row in app.run("portfolio.holdings").rows()}
    assert trades.get("LARN", {"quantity": 0})["quantity"] <= covered["LARN"] - 100 or "LARN" not in trades, "it covers a call"


@pytest.mark.slow
def test_booked_as_told_everything_lies_within_its_band(portfolio_app: App) -> None:
    """The list, booked trade by trade, brings the portfolio where it says; then there is nothing to do any more."""
    app = portfolio_app
    account = {"account": ("Demo Brokerage",)}
    app.run("portfolio.target_set", {"by": "asset_class", "weights": ("stocks=70", "cash=30"), "band": 3.0})
    orders = app.run("portfolio.rebalance", {"sells": True, **account})
    weights = app.run("portfolio.rebalance", {"sells": True, "part": "weights", **account})
    told = {row["key"]: row["after"] for row in weights.rows()}
    assert orders.rows()
    for row in orders.rows():
        app.run("portfolio.add", {
            "account": "Demo Brokerage", "kind": row["action"].lower(), "symbol": row["symbol"], "again": True,
            "quantity": str(row["quantity"]), "price": str(row["price"]), "amount": str(row["money"]), "day": "2026-11-20",
        })  # fmt: skip
    now = {row["key"]: row["weight"] for row in app.run("portfolio.allocation", account).rows()}
    assert now == pytest.approx(told, abs=1e-5)
    assert app.run("portfolio.rebalance", {"sells": True, **account}).detail["binding"].kind == "within the band"


@pytest.fixture(params=["pro", "newbie"])
def page(request: pytest.FixtureRequest, portfolio_app: App, qtbot: Any) -> Iterator[Any]:
    """The page in either mode, without targets, with its answers there."""
    portfolio_app.run("portfolio.target_clear", {"by": "asset_class"})
    from plugins.portfolio.allocation.page import AllocationPage
    from plugins.portfolio.panel_head import Surroundings

    host = AppHost(portfolio_app, request.param)
    made = AllocationPage(host, Surroundings())  # type: ignore[arg-type]
    host.frame.layout().addWidget(made)  # type: ignore[union-attr]
    qtbot.addWidget(host.frame)
    host.frame.resize(1300, 900)
    host.frame.show()
    made.ask()
    qtbot.waitUntil(lambda: made.table.table is not None, timeout=60_000)
    yield made
    assert host.bugs == []


def test_targets_are_set_in_a_form_and_the_list_follows(page: Any, qtbot: Any) -> None:
    assert page.trades.isHidden() and page.table.shown_columns[:2] == ["key", "weight"]
    assert "No targets are set" in page.told.text.text()
    page.open_targets()
    form = page.form
    form.as_now.click()
    assert form.save.isEnabled() and form.sum.text() == "Together 100 %"
    by_key = {line.key.text(): line for line in form.lines}
    for key, part in (("stocks", 60.0), ("bonds", 30.0), ("cash", 11.0), ("options", None)):
        by_key[key].part.set_value(part)
        by_key[key].part.typed.emit()
    assert not form.save.isEnabled() and "too much" in form.sum.text()
    by_key["cash"].part.set_value(10.0)
    by_key["cash"].part.typed.emit()
    form.save.click()
    qtbot.waitUntil(lambda: page.form._gone, timeout=60_000)
    page.ask()
    qtbot.waitUntil(lambda: page.trades.table.table is not None, timeout=60_000)
    newbie = page._host.mode == "newbie"
    assert page.trades.binds._title.text() == "What binds: cash runs out" and not page.trades.isHidden()
    assert ("band" not in page.trades.question["to"]) and page.trades.lots.isVisible() != newbie
    told = {each.key: each.state for each in page.bars.slices}
    assert told["stocks"] == "above" and told["bonds"] == "below"
    page.trades.sells.changed.emit("sell")
    page.trades.sells.set_value("sell")
    page.trades.ask("asset_class")
    qtbot.waitUntil(lambda: "Sell" in page.trades.table.table.frame["action"].to_list(), timeout=60_000)
    for key, picture in (("rings", page.rings), ("map", page.map), ("bars", page.bars)):
        page.picture.set_value(key)
        page.picture.changed.emit(key)
        assert page._pictures.currentWidget() is picture and not picture.grab().isNull()
        assert "stocks" in picture.accessibleDescription()
    assert page.save_state()["sells"] == "sell"


@pytest.mark.slow
def test_tags_and_classes_are_said_in_a_form(page: Any, qtbot: Any) -> None:
    page.by.set_value("tag")
    page.ask()
    qtbot.waitUntil(lambda: [each.key for each in page.bars.slices] == ["untagged", "cash"], timeout=60_000)
    page.open_tags()
    page.form.edits["SPY"].setText("Core,  income ")
    page.form.edits["CBAK"].setText("safe")
    assert [command for command, _ in page.form.commands()] == ["portfolio.tag"] * 2
    page.form.save.click()
    qtbot.waitUntil(lambda: page.form._gone, timeout=60_000)
    page.ask()
    qtbot.waitUntil(lambda: {"core", "safe"} <= {each.key for each in page.bars.slices}, timeout=60_000)
    page.open_tags()
    page.form.edits["SPY"].setText("income")
    assert page.form.commands() == [("portfolio.untag", {"symbol": "SPY", "tags": ("core",)})]
    page.form.reject()
    page.by.set_value("asset_class")
    page.ask()
    qtbot.waitUntil(lambda: page.bars.slices[0].key == "stocks", timeout=60_000)
    page.open_tags()
    page.form.edits["ODVK"].setText("bonds")
    assert page.form.commands() == [("portfolio.tag", {"symbol": "ODVK", "asset_class": "bonds"})]
    page.form.reject()
